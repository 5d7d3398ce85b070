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

/* A table that is longer is read up to here, and the rest stays unasked. */
#define POLL_ROWS_MAX 8192

/* What is known of one interface. */
struct poll_row {
	uint32_t if_index;
	uint8_t oper, admin; /* ifOperStatus, ifAdminStatus; 0: not told */
	int64_t asked_ns;    /* engine time of the request that told oper */
	char *name, *descr;  /* NULL: not told, or longer than IFNAME_MAX */
	bool lag_told;       /* whether it is in an aggregate was told */
	uint32_t aggregate;  /* the aggregate's ifIndex, of whatever interface that is; 0: none */
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
 * What a row says, as a word of source poll about the whole interface (names borrowed from the row): up where ifOperStatus is
 * up(1); down where it is down(2), testing(3), dormant(5), notPresent(6) or lowerLayerDown(7), admin-down where ifAdminStatus
 * is down(2) besides. False where it says nothing: unknown(4), or not told.
 */
bool poll_row_event(const struct poll_row *row, struct link_event *ret_event);

#endif
