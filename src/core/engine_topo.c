/*
 * A new snapshot in place of the old: what was known carries over by name. And the start: what Redis still knew.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"
#include "util/timeutil.h"

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
		over->rows.switches[now].n_extra = 0;
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
		if (now != TOPO_NONE)
			over->rows.interfaces[now] = engine->interfaces[i];
	}
}

static struct orphan *
add_orphan(struct engine *engine)
{
	if (engine->n_orphans == engine->room_orphans) {
		uint32_t room = engine->room_orphans * 2 + 64;
		struct orphan *orphans = realloc(engine->orphans, room * sizeof(*orphans));
		if (!orphans)
			abort();
		engine->orphans = orphans;
		engine->room_orphans = room;
	}
	struct orphan *orphan = &engine->orphans[engine->n_orphans++];
	*orphan = (struct orphan){ 0 };
	return orphan;
}

static void
queue_removed(struct engine *engine, uint32_t orphan, struct engine_time time)
{
	struct queued *queued = engine_queue(engine, CHANGE_TOGGLE);

	queued->subject = orphan;
	queued->removed = true;
	queued->cause = engine->orphans[orphan].cause;
	queued->reason = REASON_REMOVED;
	queued->source = SOURCE_TOPOLOGY;
	queued->fault = fault_hold(engine->orphans[orphan].fault);
	queued->received_us = queued->occurred_us = time.turn_us ? time.turn_us : time.wall_us;
}

static void
let_go(struct change_over *over, uint32_t port, struct engine_time time)
{
	struct engine *engine = over->engine;
	struct port_state *state = &engine->ports[port];
	const struct topo_port *row = topo_port_get(over->old, port);

	if ((state->flags & PORT_DOWN) && engine->started) {
		struct orphan *orphan = add_orphan(engine);
		memcpy(orphan->id, row->id, sizeof(orphan->id));
		orphan->revision = state->revision;
		orphan->cause = state->cause;
		orphan->fault = fault_hold(state->fault);
		orphan->name = strdup(topo_text_get(over->old, row->name));
		orphan->project_id = strdup(topo_text_get(over->old, row->project_id));
		if (!orphan->name || !orphan->project_id)
			abort();
		queue_removed(engine, engine->n_orphans - 1, time);
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

static void
count_ports(struct engine *engine)
{
	engine->totals = (struct engine_totals){ 0 };
	for (uint32_t port = 0; port < topo_n_ports(engine->topo); port++) {
		engine->totals.ports_down += (engine->ports[port].flags & PORT_DOWN) != 0;
		engine->totals.ports_degraded += (engine->ports[port].flags & PORT_DEGRADED) != 0;
	}
	for (uint32_t i = 0; i < engine->n_interfaces; i++) {
		engine->totals.interfaces_down += !interface_is_up(&engine->interfaces[i]);
		engine->totals.interfaces_uncertain += !engine->interfaces[i].certain;
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
	reach_free(old_reach);
	topo_free(over.old);
	free(over.new_switch);
	free(over.new_interface);
	count_ports(engine);
	const struct decision decision = {
		.source = SOURCE_TOPOLOGY,
		.healed = REASON_TOPOLOGY,
		.reason = REASON_TOPOLOGY,
		.interface = TOPO_NONE,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
	};
	engine_settle_all(engine, &decision);
	return 0;
no_memory:
	if (result == 0)
		rows_release(&over.rows);
	free(over.new_switch);
	free(over.new_interface);
	topo_free(topo);
	return -ENOMEM;
}

/* ---- what Redis still knew ---- */

static uint8_t
spoken_from(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	for (int i = SPOKEN_UP; text && i < SPOKEN_MAX; i++)
		if (strcmp(text, spoken_names[i]) == 0)
			return (uint8_t)i;
	return SPOKEN_NONE;
}

static struct slice
text_from(const json_t *object, const char *member)
{
	return slice_of(json_string_value(json_object_get(object, member)));
}

/* Engine time of a wall-clock label from before this daemon, so that what was told later also compares as later. */
static int64_t
engine_ns(int64_t us, struct engine_time time)
{
	return us == 0 ? 0 : time.now_ns - (time.wall_us - us) * 1000;
}

static void
read_state(const json_t *object, struct interface_state *state, struct engine_time time)
{
	interface_state_init(state);
	state->link = spoken_from(object, "link");
	state->protocol = spoken_from(object, "protocol");
	state->admin = spoken_from(object, "admin");
	state->override = spoken_from(object, "override");
	state->source = (uint8_t)link_source_from(text_from(object, "source"));
	state->reason = (uint8_t)link_reason_from(text_from(object, "reason"));
	if (!timeutil_parse(text_from(object, "since"), &state->since_us))
		state->since_us = 0;
	state->heard = true;
	state->heard_us = state->since_us;
	state->changed_ns = engine_ns(state->since_us, time);
	if (interface_is_up(state))
		state->up_word_ns = state->changed_ns;
	/* While this daemon was away anything may have happened. */
	state->certain = false;
}

bool
engine_restore_interface(struct engine *engine, struct slice sw_name, struct slice interface,
    struct slice json, struct engine_time time)
{
	uint32_t sw = topo_switch_find(engine->topo, sw_name);
	char key[IFNAME_MAX + 1];

	if (sw == TOPO_NONE)
		return false;
	json_t *object = json_loadb(json.data, json.len, 0, NULL);
	if (!json_is_object(object) || !json_is_string(json_object_get(object, "oper"))) {
		json_decref(object);
		return false;
	}
	size_t len = ifname_key(topo_switch_get(engine->topo, sw)->os, interface, key);
	uint32_t found = len == 0 ? TOPO_NONE : topo_interface_find(engine->topo, sw, interface);
	if (found == TOPO_NONE && len > 0)
		found = engine_extra_find(engine, sw, (struct slice){ key, len });
	if (found == TOPO_NONE && len > 0)
		found = engine_extra_add(engine, sw, interface, (struct slice){ key, len });
	if (found != TOPO_NONE)
		read_state(object, &engine->interfaces[found], time);
	json_decref(object);
	return found != TOPO_NONE;
}

static uint32_t
interface_named(const struct engine *engine, const char *sw_name, const char *name)
{
	uint32_t sw = topo_switch_find(engine->topo, slice_of(sw_name));

	return sw == TOPO_NONE || !*name ? TOPO_NONE
					 : topo_interface_find(engine->topo, sw, slice_of(name));
}

/* Ports that one failure took down come back with one text again; Redis tells them mostly side by side. */
static struct fault *
fault_restored(struct engine *engine, const char *text)
{
	if (!engine->restored || strcmp(engine->restored->text, text) != 0) {
		fault_drop(engine->restored);
		engine->restored = fault_of(text);
	}
	return fault_hold(engine->restored);
}

void
engine_restore_port(struct engine *engine, const struct engine_port_record *record)
{
	uint32_t port = topo_port_find(engine->topo, record->id);

	if (port == TOPO_NONE) {
		if (!record->dp_down)
			return;
		struct orphan *orphan = add_orphan(engine);
		memcpy(orphan->id, record->id, sizeof(orphan->id));
		orphan->revision = record->revision;
		orphan->cause = (uint8_t)record->cause;
		orphan->fault = fault_restored(engine, record->fault);
		orphan->name = strdup("");
		orphan->project_id = strdup("");
		if (!orphan->name || !orphan->project_id)
			abort();
		return;
	}
	struct port_state *state = &engine->ports[port];
	fault_drop(state->fault);
	*state = (struct port_state){
		.flags = record->dp_down ? PORT_DOWN : 0,
		.cause = (uint8_t)record->cause,
		.reason = (uint8_t)record->reason,
		.revision = (uint32_t)record->revision,
		.interface = interface_named(engine, record->switch_name, record->interface_name),
		.since_us = record->since_us,
		.fault = fault_restored(engine, record->fault),
	};
	engine_keep_report(engine, record->id, &record->report);
}

void
engine_start(struct engine *engine, struct engine_time time)
{
	const struct decision decision = {
		.source = SOURCE_NONE,
		.interface = TOPO_NONE,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
		.quiet = true,
	};
	struct reach *reach = reach_new(engine->topo, engine->interfaces);

	if (!reach)
		abort();
	reach_free(engine->reach);
	engine->reach = reach;
	engine->started = true;
	for (uint32_t i = 0; engine->comparing && i < engine->n_interfaces; i++)
		if (engine->interfaces[i].heard)
			engine_queue_interface(engine, i, false, engine->interfaces[i].heard_us);
	engine->comparing = false;
	fault_drop(engine->restored);
	engine->restored = NULL;
	count_ports(engine);
	engine_reports_start(engine, time);
	for (uint32_t i = 0; i < engine->n_orphans; i++)
		queue_removed(engine, i, time);
	engine_settle_all(engine, &decision);
}

void
engine_compare_begin(struct engine *engine)
{
	engine->started = false;
	engine->comparing = true;
	for (uint32_t port = 0; port < topo_n_ports(engine->topo); port++)
		engine->ports[port].flags &= (uint8_t)~PORT_DOWN;
}

void
engine_restore_published(
    struct engine *engine, const uint8_t port_id[16], bool dp_down, uint64_t revision)
{
	uint32_t port = topo_port_find(engine->topo, port_id);

	if (port == TOPO_NONE)
		return;
	if (dp_down)
		engine->ports[port].flags |= PORT_DOWN;
	if (revision > engine->ports[port].revision)
		engine->ports[port].revision = (uint32_t)revision;
}
