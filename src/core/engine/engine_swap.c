/*
 * The moment in which a new snapshot comes in force, and freeing what was there before.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "core/engine_take.h"

/* ---- the last look ---- */

static int
compare_numbers(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* In the order of the map, each once. */
static void
sort(struct index_list *list)
{
	size_t n = 0;

	if (list->n == 0)
		return;
	qsort(list->items, list->n, sizeof(*list->items), compare_numbers);
	for (size_t i = 1; i < list->n; i++)
		if (list->items[i] != list->items[n])
			list->items[++n] = list->items[i];
	list->n = n + 1;
}

static void
list_aggregate_of_down(struct take *take, uint32_t interface)
{
	uint32_t now = take->new_interface.items[interface];

	if (now == TOPO_NONE || now >= topo_n_interfaces(take->next.topo) ||
	    interface_is_up(&take->next.interfaces[now]))
		return;
	uint32_t aggregate = topo_interface_get(take->next.topo, now)->aggregate;
	if (aggregate != TOPO_NONE)
		take_list(take, &take->aggregates, aggregate);
}

static void
look_once_more(struct take *take)
{
	take->aggregates.n = 0;
	for (uint32_t i = 0; i < take->engine->n_interfaces && !take->no_memory; i++) {
		carry_interface(take, i);
		if (!take->no_memory)
			list_aggregate_of_down(take, i);
	}
	for (size_t i = 0; i < take->unresolved.n; i++)
		engine_note_port(take->engine, take->unresolved.items[i]);
	while (take->changed.n > 0 && !take->no_memory)
		carry_changed(take);
	sort(&take->groups);
	sort(&take->aggregates);
}

/* ---- ports that leave ---- */

static void
let_go(struct engine *engine, uint32_t port, struct engine_time time)
{
	struct port_state *state = &engine->ports[port];
	const struct topo_port *row = topo_port_get(engine->topo, port);

	if (engine->started || engine->comparing)
		engine_note_gone(engine, row->id, state->revision, state->flags & PORT_DOWN);
	if ((state->flags & PORT_DOWN) && (engine->started || engine->comparing)) {
		struct orphan *orphan =
		    engine_add_orphan(engine, row->id, topo_text_get(engine->topo, row->name),
			topo_text_get(engine->topo, row->project_id));
		orphan->revision = state->revision;
		orphan->cause = state->cause;
		orphan->fault = fault_hold(state->fault);
		if (engine->started)
			engine_queue_removed(engine, engine->n_orphans - 1, time);
	}
	fault_drop(engine, state->fault);
	state->fault = NULL;
}

/* ---- the swap ---- */

static void
carry_switch_states(struct take *take)
{
	for (uint32_t sw = 0; sw < topo_n_switches(take->engine->topo); sw++) {
		uint32_t now = take->new_switch[sw];
		if (now == TOPO_NONE)
			continue;
		const struct switch_state extras = take->next.switches[now];
		struct switch_state *state = &take->next.switches[now];
		*state = take->engine->switches[sw];
		state->n_extra = extras.n_extra;
		state->first_extra = extras.first_extra;
	}
}

#define SWAP(field)                                               \
	do {                                                      \
		__typeof__(engine->field) field_ = engine->field; \
		engine->field = next->field;                      \
		next->field = field_;                             \
	} while (0)

static void
swap_rows(struct take *take)
{
	struct engine *engine = take->engine, *next = &take->next;
	const struct engine_totals totals = next->totals;

	SWAP(topo);
	engine->n_topos++;
	SWAP(interfaces);
	SWAP(n_interfaces);
	SWAP(room_interfaces);
	SWAP(extras);
	SWAP(n_extras);
	SWAP(room_extras);
	SWAP(extra_index);
	htab_set_owner(&engine->extra_index, engine);
	SWAP(switches);
	SWAP(groups);
	SWAP(ports);
	SWAP(reach);
	engine_watches_moved(engine, take->new_interface.items);
	engine_indexes_moved(engine, take->new_switch, take->new_interface.items);
	engine->totals = totals;
	for (size_t i = 0; i < take->groups.n; i++)
		engine->groups[take->groups.items[i]].seen = 0;
}

/*
 * A switch that was not in the map is as if never heard of, also where it was in an earlier map; so must be what a restart
 * reads back. One that was renamed has told what it told, but not under that name.
 */
static void
forget_new_switches(const struct take *take)
{
	struct engine *engine = take->engine;

	if (!engine->started && !engine->comparing)
		return;
	for (size_t i = 0; i < take->new_switches.n; i++)
		engine_queue(engine, CHANGE_FORGET)->subject = take->new_switches.items[i];
}

/*
 * Where a member is down, it matters whether its word or its aggregate's is newer; a restart must find both in Redis, which
 * was not told of words that changed nothing under the old map.
 */
static void
tell_order(struct engine *engine, uint32_t aggregate, int64_t wall_us)
{
	struct topo_range members = topo_interface_get(engine->topo, aggregate)->members;
	bool any_down = false;

	engine_doubt_lifted(engine, aggregate, wall_us);
	for (uint32_t i = 0; i < members.n; i++) {
		uint32_t member = topo_member(engine->topo, members.first + i);
		if (interface_is_up(&engine->interfaces[member]))
			continue;
		engine_queue_interface(engine, member, false, wall_us);
		any_down = true;
	}
	if (any_down && engine->interfaces[aggregate].heard)
		engine_queue_interface(engine, aggregate, false, wall_us);
}

/* What a restart looks for by the name that the switch has now. */
static uint32_t
tell_renamed(struct engine *engine, uint32_t sw)
{
	struct switch_walk walk = engine_walk_begin(engine, sw);
	uint32_t n = 1;

	for (uint32_t i; (i = engine_walk_next(engine, &walk)) != TOPO_NONE; n++)
		engine_tell_interface(engine, i);
	return n;
}

bool
take_has_hash(const struct engine *engine, uint32_t port)
{
	struct dp_report report;

	if (engine->ports[port].revision > 0)
		return true;
	engine_port_report(engine, port, &report);
	return report.at_us != 0;
}

/* The hash of a port tells its paths: where the map alone changed them, that must be told, too. */
static void
mark_rewired(struct take *take, uint32_t group)
{
	struct engine *engine = take->engine;
	const struct topo_range ports = topo_group_get(engine->topo, group)->ports;

	for (uint32_t i = 0; i < ports.n; i++) {
		const uint32_t port = topo_port_of_group(engine->topo, ports.first + i);
		if (!take_has_hash(engine, port))
			continue;
		const uint32_t old =
		    topo_port_find(take->next.topo, topo_port_get(engine->topo, port)->id);
		if (old != TOPO_NONE && take_is_rewired(&take->next, old, engine, port))
			engine->ports[port].flags |= PORT_REWIRED;
	}
}

bool
take_settle(struct take *take, uint32_t n_ports)
{
	const struct decision decision = {
		.source = SOURCE_TOPOLOGY,
		.healed = REASON_TOPOLOGY,
		.reason = REASON_TOPOLOGY,
		.interface = TOPO_NONE,
		.received_us = take->time.wall_us,
		.occurred_us = take->time.turn_us ? take->time.turn_us : take->time.wall_us,
	};
	const struct index_list *groups = &take->groups, *aggregates = &take->aggregates;
	const size_t first = take->n_settled;

	while (take->n_renamed < take->renamed.n && n_ports > 0) {
		uint32_t n = tell_renamed(take->engine, take->renamed.items[take->n_renamed++]);
		n_ports -= n < n_ports ? n : n_ports;
	}
	while (take->n_settled < groups->n && n_ports > 0) {
		uint32_t group = groups->items[take->n_settled++];
		uint32_t n = topo_group_get(take->engine->topo, group)->ports.n;
		n_ports -= n < n_ports ? n : n_ports;
		mark_rewired(take, group);
	}
	engine_settle_groups(take->engine, groups->items ? groups->items + first : NULL,
	    (uint32_t)(take->n_settled - first), &decision);
	if (take->n_settled < groups->n || take->n_renamed < take->renamed.n)
		return true;
	for (; take->n_told < aggregates->n; take->n_told++)
		tell_order(take->engine, aggregates->items[take->n_told], take->time.wall_us);
	if (take->engine->started)
		engine_tell_returned(take->engine, &decision);
	return false;
}

int
take_swap(struct take *take, struct engine_time time)
{
	struct engine *engine = take->engine;

	/* What waits names rows of the old snapshot. */
	assert(engine->head == engine->n_queue);
	look_once_more(take);
	if (take->no_memory)
		return -ENOMEM;
	/* Before the start, orphans are only what Redis told: a new snapshot means that it will tell again. */
	if (!engine->started && !engine->comparing)
		engine_forget_orphans(engine);
	sort(&take->leaving);
	for (size_t i = 0; i < take->leaving.n; i++)
		let_go(engine, take->leaving.items[i], time);
	carry_switch_states(take);
	engine_compare_again(engine);
	engine->take = NULL;
	swap_rows(take);
	take->in_force = true;
	take->phase = 0;
	take->cursor = 0;
	take->time = time;
	engine->unsettled = take;
	forget_new_switches(take);
	engine_know_returned(engine);
	return 0;
}

/* ---- what is left ---- */

enum {
	DISCARD_REPORTS,
	DISCARD_EXTRAS,
	DISCARD_PORTS,
	DISCARD_INTERFACES,
	DISCARD_TOPO,
	DISCARD_ROWS
};

/* Pages go back to the system at some 0.8 us each: all of a million ports at once would take 8 ms. */
#define FREED_AT_ONCE (2u << 20) /* bytes */

/* Reports of ports that left are no part of the swap: nobody can tell them from none. */
static bool
sweep_reports(struct take *take, unsigned *budget)
{
	unsigned n = *budget / 10 + 1;

	if (!take->in_force)
		return false;
	*budget -= *budget < 10 * n ? *budget : 10 * n;
	return engine_reports_sweep(take->engine, &take->cursor, n);
}

static bool
free_extras(struct take *take, unsigned *budget)
{
	struct engine *next = &take->next;

	for (; next->n_extras > 0 && *budget > 0; *budget -= *budget < 5 ? *budget : 5) {
		free(next->extras[--next->n_extras].name);
		free(next->extras[next->n_extras].key);
	}
	return next->n_extras > 0;
}

/* Cuts off the end of n rows, of which *cursor are gone already. Returns what is left of them; NULL: nothing. */
static void *
free_end(void *rows, uint32_t n, size_t row_size, uint32_t *cursor)
{
	const uint32_t left = n - *cursor, some = (uint32_t)(FREED_AT_ONCE / row_size);

	if (!rows || left <= some) {
		free(rows);
		return NULL;
	}
	*cursor += some;
	void *rest = realloc(rows, (left - some) * row_size);
	return rest ? rest : rows;
}

static bool
free_ports(struct take *take, unsigned *budget)
{
	struct engine *next = &take->next;
	/* Of one that began anew the topo was kept, and what was made so far is little. */
	const uint32_t n_ports = next->topo ? topo_n_ports(next->topo) : 0;

	*budget = 0;
	next->ports = free_end(next->ports, n_ports, sizeof(*next->ports), &take->cursor);
	return next->ports != NULL;
}

static bool
free_interfaces(struct take *take, unsigned *budget)
{
	struct engine *next = &take->next;

	*budget = 0;
	next->interfaces = free_end(
	    next->interfaces, next->room_interfaces, sizeof(*next->interfaces), &take->cursor);
	return next->interfaces != NULL;
}

/* Each a piece that one slice is enough for. */
static bool
free_topo(struct take *take, unsigned *budget)
{
	bool more = topo_free_step(take->next.topo, *budget / 1000 + 1);

	*budget = 0;
	if (!more)
		take->next.topo = NULL;
	return more;
}

static bool
free_rows(struct take *take, unsigned *budget)
{
	struct engine *next = &take->next;
	void *pieces[] = { next->extras, next->switches, next->groups, take->new_switch,
		take->new_interface.items, take->from.items, take->new_switches.items,
		take->renamed.items, take->groups.items, take->aggregates.items,
		take->leaving.items, take->changed.items, take->is_changed,
		take->unresolved.items };
	const uint32_t n = sizeof(pieces) / sizeof(pieces[0]);

	if (take->cursor == n) {
		htab_release(&next->extra_index);
		reach_free(next->reach);
		free(take);
		return false;
	}
	free(pieces[take->cursor++]);
	*budget -= *budget < 2000 ? *budget : 2000;
	return true;
}

bool
take_discard(struct take *take, unsigned *budget)
{
	static bool (*const steps[])(struct take * take, unsigned *budget) = {
		[DISCARD_REPORTS] = sweep_reports,
		[DISCARD_EXTRAS] = free_extras,
		[DISCARD_PORTS] = free_ports,
		[DISCARD_INTERFACES] = free_interfaces,
		[DISCARD_TOPO] = free_topo,
		[DISCARD_ROWS] = free_rows,
	};

	while (*budget > 0) {
		unsigned phase = take->phase;
		if (steps[phase](take, budget))
			continue;
		if (phase == DISCARD_ROWS)
			return false;
		take->phase++;
		take->cursor = 0;
	}
	return true;
}
