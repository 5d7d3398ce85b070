/*
 * Watches: what only few interfaces need at a time, beside their state. A row is made when it is needed and let go when
 * nothing is left in it, so there are at most as many as interfaces. state->watch is its number plus 1.
 *
 * Every row has at most one deadline; a binary heap of them makes the one timer that the engine asks for.
 */
#include <stdlib.h>

#include "core/engine_state.h"

/* ---- the heap ---- */

/* Deadlines that are the same are met in the order in which the interfaces changed last, then by number. */
static bool
comes_before(const struct watches *all, uint32_t a, uint32_t b)
{
	const struct watch *x = &all->rows[a], *y = &all->rows[b];

	if (x->deadline_ns != y->deadline_ns)
		return x->deadline_ns < y->deadline_ns;
	return x->interface < y->interface;
}

static void
heap_put(struct watches *all, uint32_t at, uint32_t row)
{
	all->heap[at] = row;
	all->rows[row].heap_at = at + 1;
}

static void
heap_up(struct watches *all, uint32_t at)
{
	const uint32_t row = all->heap[at];

	while (at > 0 && comes_before(all, row, all->heap[(at - 1) / 2])) {
		heap_put(all, at, all->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(all, at, row);
}

static void
heap_down(struct watches *all, uint32_t at)
{
	const uint32_t row = all->heap[at];

	for (uint32_t child; (child = 2 * at + 1) < all->n_heap; at = child) {
		if (child + 1 < all->n_heap &&
		    comes_before(all, all->heap[child + 1], all->heap[child]))
			child++;
		if (!comes_before(all, all->heap[child], row))
			break;
		heap_put(all, at, all->heap[child]);
	}
	heap_put(all, at, row);
}

static void
heap_take(struct watches *all, uint32_t row)
{
	const uint32_t at = all->rows[row].heap_at - 1, last = all->heap[--all->n_heap];

	all->rows[row].heap_at = 0;
	if (last == row)
		return;
	heap_put(all, at, last);
	heap_up(all, at);
	heap_down(all, all->rows[last].heap_at - 1);
}

static void
set_deadline(struct watches *all, uint32_t row, int64_t deadline_ns)
{
	struct watch *watch = &all->rows[row];

	if (watch->heap_at > 0)
		heap_take(all, row);
	watch->deadline_ns = deadline_ns;
	if (deadline_ns == INT64_MAX)
		return;
	/* The heap has room for every row. */
	all->heap[all->n_heap] = row;
	heap_up(all, all->n_heap++);
}

/* ---- rows ---- */

struct watch *
engine_watch(const struct engine *engine, uint32_t interface)
{
	const uint32_t watch = engine->interfaces[interface].watch;

	return watch == 0 ? NULL : &engine->watches.rows[watch - 1];
}

static bool
room_for_row(struct watches *all)
{
	if (all->n < all->room)
		return true;
	uint32_t room = all->room * 2 + 64;
	struct watch *rows = realloc(all->rows, room * sizeof(*rows));
	if (!rows)
		return false;
	all->rows = rows;
	uint32_t *heap = realloc(all->heap, room * sizeof(*heap));
	if (!heap)
		return false;
	all->heap = heap;
	all->room = room;
	return true;
}

struct watch *
engine_watch_need(struct engine *engine, uint32_t interface)
{
	struct watches *all = &engine->watches;
	struct watch *watch = engine_watch(engine, interface);
	uint32_t row = all->free;

	if (watch)
		return watch;
	if (row == 0 && !room_for_row(all))
		return NULL;
	if (row == 0)
		row = ++all->n;
	else
		all->free = all->rows[row - 1].interface;
	all->rows[row - 1] = (struct watch){ .interface = interface,
		.deadline_ns = INT64_MAX,
		.show_ns = INT64_MAX,
		.ends_ns = INT64_MAX };
	engine->interfaces[interface].watch = row;
	return &all->rows[row - 1];
}

static void
free_row(struct watches *all, uint32_t row)
{
	struct watch *watch = &all->rows[row];

	set_deadline(all, row, INT64_MAX);
	all->n_flapping -= watch->flaps;
	all->n_overrides -= watch->override != NULL;
	override_free(watch->override);
	all->rows[row] = (struct watch){ .interface = all->free, .is_free = true };
	all->free = row + 1;
}

void
engine_watch_settle(struct engine *engine, uint32_t interface)
{
	struct watches *all = &engine->watches;
	const struct watch *watch = engine_watch(engine, interface);
	int64_t deadline = INT64_MAX;

	if (!watch)
		return;
	if (watch->n_held > 0)
		deadline = watch->held_until_ns;
	if (watch->echoes.n > 0) {
		int64_t end = watch->echoes.items[watch->echoes.n - 1].at_ns +
			      engine->config.state.echo_window_ms * 1000000;
		deadline = end < deadline ? end : deadline;
	}
	if (watch->show_ns < deadline)
		deadline = watch->show_ns;
	if (watch->ends_ns < deadline)
		deadline = watch->ends_ns;
	if (watch->override && watch->override->until_ns < deadline)
		deadline = watch->override->until_ns;
	if (watch->penalty > 0 && watch->penalty_end_ns < deadline)
		deadline = watch->penalty_end_ns;
	const uint32_t row = engine->interfaces[interface].watch - 1;
	if (deadline != INT64_MAX || watch->override) {
		set_deadline(all, row, deadline);
		return;
	}
	free_row(all, row);
	engine->interfaces[interface].watch = 0;
}

void
engine_watch_forget(struct engine *engine, uint32_t interface)
{
	const struct watch *watch = engine_watch(engine, interface);

	if (!watch)
		return;
	free_row(&engine->watches, engine->interfaces[interface].watch - 1);
	engine->interfaces[interface].watch = 0;
}

int64_t
engine_watch_deadline(const struct engine *engine)
{
	const struct watches *all = &engine->watches;

	return all->n_heap == 0 ? INT64_MAX : all->rows[all->heap[0]].deadline_ns;
}

uint32_t
engine_watch_due(const struct engine *engine, int64_t now_ns)
{
	const struct watches *all = &engine->watches;

	return engine_watch_deadline(engine) > now_ns ? TOPO_NONE
						      : all->rows[all->heap[0]].interface;
}

void
engine_watches_moved(struct engine *engine, const uint32_t *new_interface)
{
	struct watches *all = &engine->watches;

	for (uint32_t row = 0; row < all->n; row++) {
		struct watch *watch = &all->rows[row];
		uint32_t now = watch->is_free ? TOPO_NONE : new_interface[watch->interface];
		if (watch->is_free)
			continue;
		if (now == TOPO_NONE || engine->interfaces[now].watch != row + 1) {
			free_row(all, row);
		} else {
			watch->interface = now;
		}
	}
	engine_asks_moved(engine);
	/* Equal deadlines are told apart by the numbers, which are others now. */
	for (uint32_t at = all->n_heap / 2; at > 0; at--)
		heap_down(all, at - 1);
}

size_t
engine_watches_bytes(const struct engine *engine)
{
	return engine->watches.room * (sizeof(struct watch) + sizeof(uint32_t));
}

void
engine_watches_release(struct engine *engine)
{
	for (uint32_t row = 0; row < engine->watches.n; row++)
		override_free(engine->watches.rows[row].override);
	free(engine->watches.rows);
	free(engine->watches.heap);
	engine->watches = (struct watches){ 0 };
}
