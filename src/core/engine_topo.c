/*
 * A new snapshot in place of the old: what was known carries over by name.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "core/engine_state.h"

static const char *
switch_name(const struct topo *topo, uint32_t sw)
{
	return topo_text_get(topo, topo_switch_get(topo, sw)->name);
}

/* ---- what the engine keeps per row of a snapshot, made anew ---- */

/* The parts that belong to one snapshot. */
struct rows {
	struct interface_state *interfaces;
	struct switch_state *switches;
	struct group_state *groups;
	struct port_state *ports;
	uint32_t room_interfaces;
};

static void
rows_release(struct rows *rows)
{
	free(rows->interfaces);
	free(rows->switches);
	free(rows->groups);
	free(rows->ports);
}

static int
rows_make(struct rows *rows, const struct topo *topo, uint32_t n_extras)
{
	rows->room_interfaces = topo_n_interfaces(topo) + n_extras + 64;
	rows->interfaces = calloc(rows->room_interfaces, sizeof(*rows->interfaces));
	rows->switches = calloc(topo_n_switches(topo) + 1, sizeof(*rows->switches));
	rows->groups = calloc(topo_n_groups(topo) + 1, sizeof(*rows->groups));
	rows->ports = calloc(topo_n_ports(topo) + 1, sizeof(*rows->ports));
	if (!rows->interfaces || !rows->switches || !rows->groups || !rows->ports) {
		rows_release(rows);
		return -ENOMEM;
	}
	for (uint32_t port = 0; port < topo_n_ports(topo); port++)
		rows->ports[port].interface = TOPO_NONE;
	return 0;
}

/* What one engine_set_topo works on. */
struct change_over {
	struct engine *engine; /* still with the old snapshot's rows, until they are swapped */
	struct topo *old, *now;
	struct rows rows;
	uint32_t *new_switch;    /* old switch -> new, or TOPO_NONE */
	uint32_t *new_interface; /* old interface (extras too) -> new, or TOPO_NONE */
};

static void
map_switches(struct change_over *over)
{
	for (uint32_t sw = 0; sw < topo_n_switches(over->old); sw++) {
		uint32_t now = topo_switch_find(over->now, slice_of(switch_name(over->old, sw)));
		over->new_switch[sw] = now;
		if (now == TOPO_NONE)
			continue;
		over->rows.switches[now] = over->engine->switches[sw];
		over->rows.switches[now].n_extra = over->rows.switches[now].first_extra = 0;
	}
}

static void
map_interfaces(struct change_over *over)
{
	struct engine *engine = over->engine;

	for (uint32_t i = 0; i < topo_n_interfaces(over->now); i++)
		interface_state_init(&over->rows.interfaces[i]);
	for (uint32_t i = 0; i < engine->n_interfaces; i++) {
		uint32_t sw = over->new_switch[engine_interface_switch(engine, i)];
		struct slice name = slice_of(engine_interface_name(engine, i));
		uint32_t now =
		    sw == TOPO_NONE ? TOPO_NONE : topo_interface_find(over->now, sw, name);
		over->new_interface[i] = now;
		/* Two that are one now (an alias): the one that was heard last knows best. */
		if (now != TOPO_NONE &&
		    engine->interfaces[i].heard_us >= over->rows.interfaces[now].heard_us)
			over->rows.interfaces[now] = engine->interfaces[i];
	}
}

static void
let_go(struct change_over *over, uint32_t port, struct engine_time time)
{
	struct engine *engine = over->engine;
	struct port_state *state = &engine->ports[port];
	const struct topo_port *row = topo_port_get(over->old, port);

	if ((state->flags & PORT_DOWN) && (engine->started || engine->comparing)) {
		struct orphan *orphan = engine_add_orphan(engine, row->id,
		    topo_text_get(over->old, row->name), topo_text_get(over->old, row->project_id));
		orphan->revision = state->revision;
		orphan->cause = state->cause;
		orphan->fault = fault_hold(state->fault);
		if (engine->started)
			engine_queue_removed(engine, engine->n_orphans - 1, time);
	}
	fault_drop(state->fault);
	state->fault = NULL;
}

static void
map_ports(struct change_over *over, struct engine_time time)
{
	struct engine *engine = over->engine;

	for (uint32_t port = 0; port < topo_n_ports(over->old); port++) {
		uint32_t now = topo_port_find(over->now, topo_port_get(over->old, port)->id);
		if (now == TOPO_NONE) {
			let_go(over, port, time);
			continue;
		}
		struct port_state *state = &over->rows.ports[now];
		*state = engine->ports[port];
		if (state->interface != TOPO_NONE)
			state->interface = over->new_interface[state->interface];
	}
}

/* Extras whose switch stays and that the new snapshot does not name, and rows that it no longer names but that were heard. */
static void
keep_extras(struct change_over *over, struct extra *old_extras, uint32_t n_old_topo, uint32_t n_old,
    struct interface_state *old_states)
{
	struct engine *engine = over->engine;
	char key[IFNAME_MAX + 1];

	for (uint32_t i = 0; i < n_old; i++) {
		uint32_t old_sw = i < n_old_topo ? topo_interface_get(over->old, i)->sw
						 : old_extras[i - n_old_topo].sw;
		uint32_t sw = over->new_switch[old_sw];
		if (sw == TOPO_NONE || over->new_interface[i] != TOPO_NONE || !old_states[i].heard)
			continue;
		struct slice name =
		    slice_of(i < n_old_topo
				 ? topo_text_get(over->old, topo_interface_get(over->old, i)->name)
				 : old_extras[i - n_old_topo].name);
		size_t len = ifname_key(topo_switch_get(over->now, sw)->os, name, key);
		uint32_t now = len == 0
				   ? TOPO_NONE
				   : engine_extra_add(engine, sw, name, (struct slice){ key, len });
		if (now != TOPO_NONE)
			engine->interfaces[now] = old_states[i];
		over->new_interface[i] = now;
	}
}

/*
 * A switch that was not in the map is as if never heard of, also where it was in an earlier map; so must be what a restart
 * reads back.
 */
static void
forget_new_switches(const struct change_over *over)
{
	struct engine *engine = over->engine;

	for (uint32_t sw = 0; sw < topo_n_switches(over->now); sw++)
		if (topo_switch_find(over->old, slice_of(switch_name(over->now, sw))) == TOPO_NONE)
			engine_queue(engine, CHANGE_FORGET)->subject = sw;
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

static void
swap_rows(struct change_over *over)
{
	struct engine *engine = over->engine;
	struct interface_state *old_states = engine->interfaces;
	struct extra *old_extras = engine->extras;
	uint32_t n_old = engine->n_interfaces, n_old_extras = engine->n_extras;

	free(engine->switches);
	free(engine->groups);
	engine->topo = over->now;
	engine->interfaces = over->rows.interfaces;
	engine->room_interfaces = over->rows.room_interfaces;
	engine->n_interfaces = topo_n_interfaces(over->now);
	engine->switches = over->rows.switches;
	engine->groups = over->rows.groups;
	engine->extras = NULL;
	engine->n_extras = engine->room_extras = 0;
	htab_release(&engine->extra_index);
	keep_extras(over, old_extras, n_old - n_old_extras, n_old, old_states);
	engine_watches_moved(engine, over->new_interface);
	for (uint32_t i = 0; i < n_old_extras; i++) {
		free(old_extras[i].name);
		free(old_extras[i].key);
	}
	free(old_extras);
	free(old_states);
}

int
engine_set_topo(struct engine *engine, struct topo *topo, struct engine_time time)
{
	struct change_over over = { .engine = engine, .old = engine->topo, .now = topo };
	struct reach *old_reach = engine->reach;
	int result = rows_make(&over.rows, topo, engine->n_interfaces);

	/* What waits names rows of the old snapshot. */
	assert(engine->head == engine->n_queue);
	over.new_switch = calloc(topo_n_switches(over.old) + 1, sizeof(*over.new_switch));
	over.new_interface = calloc(engine->n_interfaces + 1, sizeof(*over.new_interface));
	if (result != 0 || !over.new_switch || !over.new_interface)
		goto no_memory;
	/* Before the start, orphans are only what Redis told: a new snapshot means that it will tell again. */
	if (!engine->started && !engine->comparing)
		engine_forget_orphans(engine);
	map_switches(&over);
	map_interfaces(&over);
	engine->reach = reach_new(topo, over.rows.interfaces);
	if (!engine->reach) {
		engine->reach = old_reach;
		goto no_memory;
	}
	swap_rows(&over);
	map_ports(&over, time);
	free(engine->ports);
	engine->ports = over.rows.ports;
	reach_move_states(engine->reach, engine->interfaces);
	if (engine->started || engine->comparing)
		forget_new_switches(&over);
	reach_free(old_reach);
	topo_free(over.old);
	free(over.new_switch);
	free(over.new_interface);
	engine_reports_sweep(engine);
	engine_count(engine);
	const struct decision decision = {
		.source = SOURCE_TOPOLOGY,
		.healed = REASON_TOPOLOGY,
		.reason = REASON_TOPOLOGY,
		.interface = TOPO_NONE,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
	};
	engine_settle_all(engine, &decision);
	for (uint32_t i = 0; i < topo_n_interfaces(engine->topo); i++)
		if (topo_interface_get(engine->topo, i)->members.n > 0)
			tell_order(engine, i, time.wall_us);
	return 0;
no_memory:
	if (result == 0)
		rows_release(&over.rows);
	free(over.new_switch);
	free(over.new_interface);
	topo_free(topo);
	return -ENOMEM;
}
