#include "core/table_walk.h"

#include <stdlib.h>
#include <string.h>

/* So many answers in a row may bring nothing new. */
#define BARREN_MAX 8

void
table_walk_init(struct table_walk *walk, const struct table_shape *shape)
{
	*walk = (struct table_walk){ .shape = shape };
}

static void
free_row(struct table_row *row, size_t n_columns)
{
	for (size_t i = 0; i < n_columns; i++)
		free(row->cells[i].bytes);
	free(row);
}

void
table_walk_release(struct table_walk *walk)
{
	for (size_t i = 0; i < walk->n; i++)
		free_row(walk->rows[i], walk->shape->n_columns);
	free(walk->rows);
	*walk = (struct table_walk){ .shape = walk->shape };
}

void
table_walk_stop(struct table_walk *walk, enum table_end end)
{
	walk->end = end;
}

/* ---- asking ---- */

void
table_walk_request(const struct table_walk *walk, struct poll_request *request)
{
	for (size_t column = 0; column < walk->shape->n_columns; column++) {
		if (walk->cursor[column].ended)
			continue;
		const size_t n = walk->shape->columns[column].n;
		unsigned long *ids = request->oids[request->n].ids;
		memcpy(ids, walk->shape->columns[column].ids, n * sizeof(*ids));
		for (size_t i = 0; i < walk->cursor[column].n; i++)
			ids[n + i] = walk->cursor[column].index[i];
		request->oids[request->n++].n = n + walk->cursor[column].n;
	}
}

/* ---- rows ---- */

static int
compare(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && i < n_b; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return n_a < n_b ? -1 : n_a > n_b;
}

/* Where the row of that index is, or belongs. What a TimeFilter says is not what makes a row. */
static size_t
place(const struct table_walk *walk, const uint32_t *index, size_t n, bool *ret_found)
{
	const size_t from = walk->shape->time_filter ? 1 : 0;
	size_t low = 0, high = walk->n;

	*ret_found = false;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		const struct table_row *row = walk->rows[middle];
		const int order =
		    compare(row->index + from, row->n_index - from, index + from, n - from);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NULL: no more rows are kept. */
static struct table_row *
row_of(struct table_walk *walk, const uint32_t *index, size_t n)
{
	bool found;
	const size_t at = place(walk, index, n, &found);

	if (found)
		return walk->rows[at];
	if (walk->n == TABLE_ROWS_MAX)
		return NULL;
	if (walk->n == walk->room) {
		const size_t room = walk->room * 2 + 16;
		struct table_row **rows = realloc(walk->rows, room * sizeof(struct table_row *));
		if (!rows)
			return NULL;
		walk->rows = rows;
		walk->room = room;
	}
	struct table_row *row =
	    calloc(1, sizeof(*row) + walk->shape->n_columns * sizeof(row->cells[0]));
	if (!row)
		return NULL;
	memcpy(row->index, index, n * sizeof(*index));
	row->n_index = n;
	memmove(
	    &walk->rows[at + 1], &walk->rows[at], (walk->n++ - at) * sizeof(struct table_row *));
	walk->rows[at] = row;
	return row;
}

/* False where no more bytes are kept. */
static bool
set_cell(struct table_walk *walk, struct table_cell *cell, const struct trap_varbind *varbind)
{
	const struct slice bytes = varbind->bytes;

	if (varbind->type == VALUE_INTEGER) {
		cell->kind = CELL_NUMBER;
		cell->number = varbind->integer;
		return true;
	}
	if (varbind->type != VALUE_BYTES || bytes.len > TABLE_BYTES_MAX)
		return true;
	if (bytes.len > TABLE_TOTAL_MAX - walk->bytes)
		return false;
	cell->bytes = malloc(bytes.len + 1);
	if (!cell->bytes)
		return false;
	walk->bytes += bytes.len;
	slice_copy(bytes, cell->bytes, bytes.len + 1);
	cell->len = bytes.len;
	cell->kind = CELL_BYTES;
	return true;
}

/* ---- answers ---- */

/* Which column's object it is, and its index; n_columns: none of ours, or out of bounds. */
static size_t
column_of(const struct table_shape *shape, struct oid name, uint32_t index[TABLE_INDEX_MAX],
    size_t *ret_n)
{
	for (size_t column = 0; column < shape->n_columns; column++) {
		const struct oid base = { shape->columns[column].ids, shape->columns[column].n };
		if (!oid_starts(name, base) || name.n < base.n + shape->index_min ||
		    name.n > base.n + shape->index_max)
			continue;
		*ret_n = name.n - base.n;
		for (size_t i = 0; i < *ret_n; i++) {
			/* RFC 2578 3.5: a sub-identifier is at most 2^32 - 1. */
			if (name.ids[base.n + i] > UINT32_MAX)
				return shape->n_columns;
			index[i] = (uint32_t)name.ids[base.n + i];
		}
		return column;
	}
	return shape->n_columns;
}

struct taking {
	bool moved[TABLE_COLUMNS_MAX];
	bool fruitful, full;
};

/* What comes out of order is passed over; see poll_job.c: a column that is at its end goes on into the next one. */
static void
take_varbind(struct table_walk *walk, const struct trap_varbind *varbind, struct taking *taking)
{
	uint32_t index[TABLE_INDEX_MAX];
	size_t n = 0;
	const size_t column = column_of(walk->shape, varbind->name, index, &n);

	if (column == walk->shape->n_columns || walk->cursor[column].ended ||
	    compare(index, n, walk->cursor[column].index, walk->cursor[column].n) <= 0 ||
	    varbind->type == VALUE_OTHER)
		return;
	struct table_row *row = row_of(walk, index, n);
	if (!row) {
		taking->full = true;
		return;
	}
	if (row->cells[column].kind == CELL_NONE) {
		taking->full = taking->full || !set_cell(walk, &row->cells[column], varbind);
		taking->fruitful = taking->fruitful || row->cells[column].kind != CELL_NONE;
	}
	memcpy(walk->cursor[column].index, index, n * sizeof(*index));
	walk->cursor[column].n = n;
	taking->moved[column] = true;
}

/*
 * A column ends when the answer had room for it and it did not get on; a scalar with its value. An answer with room for none
 * ends them all.
 */
static bool
end_columns(struct table_walk *walk, size_t n, size_t skip, const struct taking *taking)
{
	bool more = false;
	size_t at = skip;

	for (size_t column = 0; column < walk->shape->n_columns; column++) {
		if (walk->cursor[column].ended)
			continue;
		const bool moved = taking->moved[column];
		walk->cursor[column].ended = moved ? walk->shape->scalars : at < n || n <= skip;
		more = more || !walk->cursor[column].ended;
		at++;
	}
	return more;
}

enum table_end
table_walk_take(struct table_walk *walk, const struct trap_varbind *varbinds, size_t n, size_t skip)
{
	struct taking taking = { .fruitful = false };

	for (size_t i = skip; i < n; i++)
		take_varbind(walk, &varbinds[i], &taking);
	walk->n_barren = taking.fruitful ? 0 : walk->n_barren + 1;
	if (taking.full || walk->n_barren > BARREN_MAX)
		walk->end = TABLE_TOO_BIG;
	else if (!end_columns(walk, n, skip, &taking))
		walk->end = walk->n > 0 ? TABLE_WHOLE : TABLE_ABSENT;
	return walk->end;
}

enum table_end
table_walk_no_such(struct table_walk *walk, size_t nth)
{
	size_t at = 0;
	bool found = false, more = false;

	for (size_t column = 0; column < walk->shape->n_columns; column++) {
		if (walk->cursor[column].ended)
			continue;
		const bool this_one = at++ == nth;
		walk->cursor[column].ended = this_one;
		found = found || this_one;
		more = more || !this_one;
	}
	if (!found || !more)
		walk->end = walk->n > 0 ? TABLE_WHOLE : TABLE_ABSENT;
	return walk->end;
}

const struct table_cell *
table_walk_cell(const struct table_walk *walk, size_t row, size_t column)
{
	return &walk->rows[row]->cells[column];
}
