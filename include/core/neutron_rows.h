/*
 * neutron_rows: the ports that neutron_queue knows, one row each (core). Private to neutron_queue.
 *
 * Rows are found by port id. Those that are ready stand in two lists, those that are delayed in a heap by the time when they
 * are due; those that nothing is owed to stay in the table as idle, until the rows are full and at least half of them are idle:
 * then the others move together. A row's number holds until neutron_rows_get() is called.
 */
#ifndef DPWATCH_CORE_NEUTRON_ROWS_H
#define DPWATCH_CORE_NEUTRON_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/neutron_entry.h"
#include "util/htab.h"

#define NEUTRON_ROW_NONE UINT32_MAX

enum neutron_row_state {
	NEUTRON_ROW_IDLE,
	NEUTRON_ROW_READY,
	NEUTRON_ROW_DELAYED,
	NEUTRON_ROW_BUSY /* given out: in neither list nor heap */
};

struct neutron_row {
	uint8_t id[16];
	struct neutron_entry entry; /* the newest of this port, owed an acknowledgement */
	int64_t since_us, due_ms;   /* due_ms: while delayed */
	int64_t not_before_ms;      /* while ready: not given out sooner; 0: at once */
	uint32_t next, prev;        /* in its list, while ready */
	uint32_t heap_at;           /* while delayed */
	uint8_t state, attempts;
	bool down, force;
	bool again; /* while busy: a newer change came */
};

struct neutron_row_list {
	uint32_t first, last, n;
};

struct neutron_rows {
	struct neutron_row *rows;
	uint32_t n_rows, room, n_idle;
	struct htab by_id;
	struct neutron_row_list ready[2]; /* [1]: going DOWN */
	uint32_t *heap, n_heap;
};

void neutron_rows_init(struct neutron_rows *rows);
void neutron_rows_release(struct neutron_rows *rows);

/* The number of a port's row, or HTAB_NONE. */
uint32_t neutron_rows_find(const struct neutron_rows *rows, const uint8_t id[16]);

/*
 * The port's row; an idle one where it had none. 0; -ENOSPC where `most` rows are not idle; -ENOMEM; and then everything is
 * as it was, but rows may have moved.
 */
int neutron_rows_get(struct neutron_rows *rows, const uint8_t id[16], uint32_t most,
    uint32_t *ret_row) __attribute__((warn_unused_result));

/* An idle, delayed (taken out of the heap) or busy row becomes ready, last in the list of its direction. */
void neutron_rows_ready(struct neutron_rows *rows, uint32_t row);
/* A ready row leaves its list; its state is the caller's to set. */
void neutron_rows_unlist(struct neutron_rows *rows, uint32_t row);
/* A row that is in no list is to be ready at due_ms. */
void neutron_rows_delay(struct neutron_rows *rows, uint32_t row, int64_t due_ms);
/* Delayed rows whose time has come become ready. */
void neutron_rows_wake(struct neutron_rows *rows, int64_t now_ms);
/* When the first of the delayed is due; INT64_MAX: none is delayed. */
int64_t neutron_rows_due(const struct neutron_rows *rows);

#endif
