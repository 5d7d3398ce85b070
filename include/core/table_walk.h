/*
 * table_walk: reads one conceptual table of an SNMP agent, column beside column (core). RFC 2578 7.7, RFC 3416 4.2.3.
 *
 * What was asked for comes back as rows ordered by their index, whatever the agent leaves out. Nothing makes it go on for
 * ever: in each column only what lies behind its last index counts; rows, bytes, and answers that bring nothing are bounded.
 */
#ifndef DPWATCH_CORE_TABLE_WALK_H
#define DPWATCH_CORE_TABLE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/poll_job.h"
#include "core/trap.h"
#include "util/slice.h"

#define TABLE_ROWS_MAX 8192
#define TABLE_COLUMNS_MAX 8
/* The longest index of the tables that are read: four numbers, a kind, a length and an IPv6 address (LLDP-V2-MIB). */
#define TABLE_INDEX_MAX 24
/* DisplayString, LldpPortId and the like end at 255 octets; longer values are taken as not told. */
#define TABLE_BYTES_MAX 255
/* Of all values of one table. */
#define TABLE_TOTAL_MAX (1u << 20)

/* A table to be read; static. */
struct table_shape {
	const char *name; /* of the object, for people */
	struct {
		unsigned long ids[14];
		size_t n;
	} columns[TABLE_COLUMNS_MAX];
	size_t n_columns;
	size_t index_min, index_max; /* numbers of an index; other rows are passed over */
	/*
	 * Columns are scalars, whose index is 0: one answer, or with an agent that has less room a few, tells them all.
	 */
	bool scalars;
	/* The first number of the index is a TimeFilter (RFC 4502): the same row may come again under each time. */
	bool time_filter;
};

struct table_cell {
	enum { CELL_NONE, CELL_NUMBER, CELL_BYTES } kind;
	int64_t number;
	char *bytes; /* len bytes, and a NUL */
	size_t len;
};

struct table_row {
	uint32_t index[TABLE_INDEX_MAX];
	size_t n_index;
	struct table_cell cells[]; /* one for each column of the shape */
};

enum table_end {
	TABLE_GOES_ON,
	TABLE_WHOLE,   /* all that the agent tells */
	TABLE_ABSENT,  /* it tells nothing of it: no such object, or no rows */
	TABLE_TOO_BIG, /* more rows or bytes than are kept; or the same again and again */
	TABLE_REFUSED, /* an SNMP error, however little was asked for */
};

/* Fields are private. */
struct table_walk {
	const struct table_shape *shape;
	struct {
		uint32_t index[TABLE_INDEX_MAX];
		size_t n;
		bool ended;
	} cursor[TABLE_COLUMNS_MAX];
	struct table_row **rows;
	size_t n, room, bytes;
	unsigned n_barren; /* answers in a row that brought nothing new */
	enum table_end end;
};

/* From the beginning; the shape is borrowed. */
void table_walk_init(struct table_walk *walk, const struct table_shape *shape);
void table_walk_release(struct table_walk *walk);

/* Adds the cursors of all columns that go on to a request that has room for them; there is one at least. */
void table_walk_request(const struct table_walk *walk, struct poll_request *request);

/* Takes the varbinds of an answer, of which the first `skip` belong to others. */
enum table_end table_walk_take(
    struct table_walk *walk, const struct trap_varbind *varbinds, size_t n, size_t skip);

/*
 * An agent of SNMPv1 has nothing behind the nth cursor of the last request, counted from 0: that column has ended. Beyond those
 * that were asked: all have.
 */
enum table_end table_walk_no_such(struct table_walk *walk, size_t nth);

/* Ends it as it is. */
void table_walk_stop(struct table_walk *walk, enum table_end end);

/* The cell; of kind CELL_NONE where it was not told. */
const struct table_cell *table_walk_cell(const struct table_walk *walk, size_t row, size_t column);

#endif
