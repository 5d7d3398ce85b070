/*
 * poll_rows: the interface table of one switch, as far as it was told (core). A table of rows in the order of their ifIndex; and
 * what a row says as a word.
 */
#ifndef DPWATCH_CORE_POLL_ROWS_H
#define DPWATCH_CORE_POLL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ifname.h"
#include "core/link_event.h"
#include "core/trap.h"

/* A table that is longer is read up to here, and the rest stays unasked. */
#define POLL_ROWS_MAX 8192

/* What is known of one interface. */
struct poll_row {
	uint32_t if_index;
	uint8_t oper, admin; /* ifOperStatus, ifAdminStatus; 0: not told */
	int64_t asked_ns;    /* engine time of the request that told oper */
	int64_t age_ns;      /* for how long oper had been so by then; 0: not told, or only just */
	char *name, *descr;  /* NULL: not told, or longer than IFNAME_MAX */
	bool lag_told;       /* whether it is in an aggregate was told */
	uint32_t aggregate;  /* the aggregate's ifIndex, of whatever interface that is; 0: none */
};

/* The columns that a row is read from. */
enum poll_column {
	POLL_COLUMN_NAME,
	POLL_COLUMN_DESCR,
	POLL_COLUMN_OPER,
	POLL_COLUMN_ADMIN,
	POLL_COLUMN_CHANGE,
	POLL_COLUMN_MAX
};

/* One answer: when it was asked for, and its sysUpTime. */
struct poll_answer {
	int64_t asked_ns;
	bool has_uptime;
	uint32_t uptime_cs;
};

/* All zero is an empty table. */
struct poll_rows {
	struct poll_row *rows;
	size_t n, room;
};

void poll_rows_clear(struct poll_rows *rows); /* it keeps its room */
void poll_rows_release(struct poll_rows *rows);

/* The row of that index; NULL: there is none. Valid until the next row is added. */
struct poll_row *poll_rows_find(const struct poll_rows *rows, uint32_t if_index);
/* The same, added where there is none; NULL: the table is full, or memory is out. */
struct poll_row *poll_rows_get(struct poll_rows *rows, uint32_t if_index);

/*
 * Takes a column's value in an answer; one of a wrong type is as if not told.
 *
 * ifLastChange (RFC 2863) is what sysUpTime was when ifOperStatus became what it is; 0 where that was before the agent began, which
 * tells no date. One above sysUpTime is of before a wrap (497 days) or of another clock, and tells none either. Where the two
 * objects come with different answers, it counts unless the interface changed in between.
 */
void poll_row_take(struct poll_row *row, enum poll_column column,
    const struct trap_varbind *varbind, const struct poll_answer *answer);

/*
 * What a row says, as a word of source poll about the whole interface (names, request and age are the row's): up where ifOperStatus is
 * up(1); down where it is down(2), testing(3), dormant(5), notPresent(6) or lowerLayerDown(7), admin-down where ifAdminStatus
 * is down(2) besides. False where it says nothing: unknown(4), or not told.
 */
bool poll_row_event(const struct poll_row *row, struct link_event *ret_event);

#endif
