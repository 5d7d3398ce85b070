#include "core/neutron_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_snapshot.h"

#define ROOM_FIRST 64u

/* ---- the two lists ---- */

static void
list_push(struct neutron_rows *all, struct neutron_row_list *list, uint32_t i)
{
	struct neutron_row *row = &all->rows[i];

	row->state = NEUTRON_ROW_READY;
	row->next = NEUTRON_ROW_NONE;
	row->prev = list->last;
	if (list->last != NEUTRON_ROW_NONE)
		all->rows[list->last].next = i;
	else
		list->first = i;
	list->last = i;
	list->n++;
}

static void
list_remove(struct neutron_rows *all, struct neutron_row_list *list, uint32_t i)
{
	const struct neutron_row *row = &all->rows[i];

	if (row->prev != NEUTRON_ROW_NONE)
		all->rows[row->prev].next = row->next;
	else
		list->first = row->next;
	if (row->next != NEUTRON_ROW_NONE)
		all->rows[row->next].prev = row->prev;
	else
		list->last = row->prev;
	list->n--;
}

void
neutron_rows_ready(struct neutron_rows *all, uint32_t i)
{
	list_push(all, &all->ready[all->rows[i].down], i);
}

void
neutron_rows_unlist(struct neutron_rows *all, uint32_t i)
{
	list_remove(all, &all->ready[all->rows[i].down], i);
}

/* ---- the heap of those that are delayed ---- */

static int64_t
heap_due(const struct neutron_rows *all, uint32_t at)
{
	return all->rows[all->heap[at]].due_ms;
}

static void
heap_swap(struct neutron_rows *all, uint32_t a, uint32_t b)
{
	uint32_t row = all->heap[a];

	all->heap[a] = all->heap[b];
	all->heap[b] = row;
	all->rows[all->heap[a]].heap_at = a;
	all->rows[all->heap[b]].heap_at = b;
}

static void
heap_settle(struct neutron_rows *all, uint32_t at)
{
	for (; at > 0 && heap_due(all, at) < heap_due(all, (at - 1) / 2); at = (at - 1) / 2)
		heap_swap(all, at, (at - 1) / 2);
	for (uint32_t child; (child = 2 * at + 1) < all->n_heap; at = child) {
		if (child + 1 < all->n_heap && heap_due(all, child + 1) < heap_due(all, child))
			child++;
		if (heap_due(all, at) <= heap_due(all, child))
			return;
		heap_swap(all, at, child);
	}
}

void
neutron_rows_delay(struct neutron_rows *all, uint32_t i, int64_t due_ms)
{
	struct neutron_row *row = &all->rows[i];

	row->state = NEUTRON_ROW_DELAYED;
	row->due_ms = due_ms;
	row->heap_at = all->n_heap;
	all->heap[all->n_heap++] = i;
	heap_settle(all, row->heap_at);
}

static void
heap_remove(struct neutron_rows *all, uint32_t at)
{
	all->n_heap--;
	if (at == all->n_heap)
		return;
	heap_swap(all, at, all->n_heap);
	heap_settle(all, at);
}

void
neutron_rows_wake(struct neutron_rows *all, int64_t now_ms)
{
	while (all->n_heap > 0 && heap_due(all, 0) <= now_ms) {
		uint32_t i = all->heap[0];
		heap_remove(all, 0);
		neutron_rows_ready(all, i);
	}
}

int64_t
neutron_rows_due(const struct neutron_rows *all)
{
	return all->n_heap > 0 ? heap_due(all, 0) : INT64_MAX;
}

/* ---- rows by port ---- */

static uint64_t
row_hash(const void *owner, uint32_t value)
{
	return topo_hash_port(((const struct neutron_rows *)owner)->rows[value].id);
}

static bool
row_eq(const void *owner, uint32_t value, const void *key)
{
	return memcmp(((const struct neutron_rows *)owner)->rows[value].id, key, 16) == 0;
}

static const struct htab_type row_type = { .hash = row_hash, .eq = row_eq };

void
neutron_rows_init(struct neutron_rows *all)
{
	*all = (struct neutron_rows){ 0 };
	htab_init(&all->by_id, &row_type, all);
	for (int i = 0; i < 2; i++)
		all->ready[i] = (struct neutron_row_list){ NEUTRON_ROW_NONE, NEUTRON_ROW_NONE, 0 };
}

void
neutron_rows_release(struct neutron_rows *all)
{
	htab_release(&all->by_id);
	free(all->rows);
	free(all->heap);
}

uint32_t
neutron_rows_find(const struct neutron_rows *all, const uint8_t id[16])
{
	return htab_find(&all->by_id, topo_hash_port(id), id);
}

/* Puts rows that have moved, place[i] being the new number of row i, back into their list and the heap. */
static void
relink(struct neutron_rows *all, const uint32_t *place)
{
#define MOVED(at) ((at) == NEUTRON_ROW_NONE ? NEUTRON_ROW_NONE : place[at])
	for (uint32_t i = 0; i < all->n_rows; i++) {
		struct neutron_row *row = &all->rows[i];
		if (row->state != NEUTRON_ROW_READY)
			continue;
		row->next = MOVED(row->next);
		row->prev = MOVED(row->prev);
	}
	for (int i = 0; i < 2; i++) {
		all->ready[i].first = MOVED(all->ready[i].first);
		all->ready[i].last = MOVED(all->ready[i].last);
	}
	for (uint32_t i = 0; i < all->n_heap; i++)
		all->heap[i] = place[all->heap[i]];
#undef MOVED
}

/* Fills an empty array and an empty table with the rows that are not idle. The number of rows, or -ENOMEM. */
static int64_t
copy_busy(
    struct neutron_rows *all, const struct neutron_row *from, struct htab *by_id, uint32_t *place)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < all->n_rows; i++) {
		place[i] = NEUTRON_ROW_NONE;
		if (from[i].state == NEUTRON_ROW_IDLE)
			continue;
		all->rows[n] = from[i];
		if (htab_add(by_id, topo_hash_port(from[i].id), n) != 0)
			return -ENOMEM;
		place[i] = n++;
	}
	return n;
}

/* Idle rows go. 0, or -ENOMEM with everything as it was. */
static int
drop_idle(struct neutron_rows *all)
{
	uint32_t *place = calloc(all->n_rows, sizeof(*place));
	struct neutron_row *old = all->rows, *rows = calloc(all->room, sizeof(*rows));
	struct htab by_id;
	int64_t n = -ENOMEM;

	htab_init(&by_id, &row_type, all);
	/* The table looks at the rows when it grows, so that they stand in their place already. */
	all->rows = rows;
	if (place && rows)
		n = copy_busy(all, old, &by_id, place);
	if (n < 0) {
		all->rows = old;
		htab_release(&by_id);
		free(rows);
		free(place);
		return -ENOMEM;
	}
	all->n_rows = (uint32_t)n;
	all->n_idle = 0;
	relink(all, place);
	htab_release(&all->by_id);
	all->by_id = by_id;
	free(old);
	free(place);
	return 0;
}

static int
grow(struct neutron_rows *all, uint32_t most)
{
	uint32_t room = all->room ? all->room * 2 : ROOM_FIRST;

	if (all->n_rows < all->room)
		return 0;
	if (all->n_rows > 0 && all->n_idle >= all->n_rows / 2)
		return drop_idle(all);
	if (all->n_rows - all->n_idle >= most)
		return -ENOSPC;
	uint32_t *heap = reallocarray(all->heap, room, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	all->heap = heap;
	struct neutron_row *rows = reallocarray(all->rows, room, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	all->rows = rows;
	all->room = room;
	return 0;
}

int
neutron_rows_get(struct neutron_rows *all, const uint8_t id[16], uint32_t most, uint32_t *ret_row)
{
	uint32_t i = neutron_rows_find(all, id);

	if (i == HTAB_NONE) {
		int r = grow(all, most);
		if (r == 0)
			r = htab_add(&all->by_id, topo_hash_port(id), all->n_rows);
		if (r != 0)
			return r;
		i = all->n_rows++;
		all->rows[i] = (struct neutron_row){ .state = NEUTRON_ROW_IDLE };
		memcpy(all->rows[i].id, id, 16);
		all->n_idle++;
	}
	*ret_row = i;
	return 0;
}
