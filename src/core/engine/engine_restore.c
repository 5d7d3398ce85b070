/*
 * What Redis still knew: at the start, and whenever it and the engine have parted. Down ports that are in no map are
 * orphans: they wait for their last toggle.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"
#include "util/timeutil.h"

/* ---- orphans ---- */

struct orphan *
engine_add_orphan(
    struct engine *engine, const uint8_t id[16], const char *name, const char *project_id)
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
	*orphan = (struct orphan){ .name = strdup(name), .project_id = strdup(project_id) };
	memcpy(orphan->id, id, sizeof(orphan->id));
	if (!orphan->name || !orphan->project_id)
		abort();
	return orphan;
}

void
engine_queue_removed(struct engine *engine, uint32_t orphan, struct engine_time time)
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

/* ---- interfaces ---- */

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
	return us == 0 ? 0 : time.now_ns - engine_span_ns(time.wall_us - us);
}

/* Words to come must be able to rise above it. */
static bool
is_order(json_int_t order)
{
	return order > 0 && order < INT64_MAX / 2;
}

/* Where it is missing, the last word is taken to be the one that changed it. */
static int64_t
order_from(const json_t *object, int64_t since_us)
{
	json_int_t order = json_integer_value(json_object_get(object, "order"));

	return is_order(order) ? order : since_us;
}

/* Of the word that counts while the last one waits. Where it is missing nothing waits, or an earlier version wrote it. */
static int64_t
shown_order_from(const json_t *object, int64_t otherwise)
{
	const json_t *order = json_object_get(object, "shown_order");
	const json_int_t value = json_integer_value(order);

	return json_is_integer(order) && (value == 0 || is_order(value)) ? value : otherwise;
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
	state->own_source = state->source;
	/* Why it is down below an override or dampening is not told: plainly. */
	state->own_reason = state->reason == REASON_FLAPPING || state->reason == REASON_OVERRIDE ||
				    (state->reason == REASON_NONE && !interface_observed_up(state))
				? REASON_LINK_DOWN
				: state->reason;
	state->shown_down = !interface_observed_up(state);
	/* One that somebody overrides may be one that nobody ever spoke of. */
	state->heard = state->link != SPOKEN_NONE || state->protocol != SPOKEN_NONE ||
		       state->admin != SPOKEN_NONE;
	state->heard_us = state->heard ? state->since_us : 0;
	state->changed_ns = engine_ns(state->since_us, time);
	/* An aggregate that nobody spoke of lifts no member, although the end of an override has a date. */
	state->order = state->heard ? order_from(object, state->since_us) : 0;
	state->shown_order = state->order;
	/* While this daemon was away anything may have happened. */
	state->certain = !state->heard;
}

static int64_t
time_from(const json_t *object, const char *member)
{
	int64_t us;

	return timeutil_parse(text_from(object, member), &us) ? us : 0;
}

static struct dp_marks
read_marks(const json_t *object)
{
	const json_t *uptime = json_object_get(object, "uptime");
	const json_int_t uptime_cs = json_integer_value(uptime);
	const char *trap_said = json_string_value(json_object_get(object, "trap_said")),
		   *line_said = json_string_value(json_object_get(object, "line_said")),
		   *echoes = json_string_value(json_object_get(object, "echoes"));

	return (struct dp_marks){
		.spoke_us = time_from(object, "spoke"),
		.booted_us = time_from(object, "booted"),
		.shut_us = time_from(object, "shut"),
		.ups_from_us = time_from(object, "ups_from"),
		.counts_us = time_from(object, "counts_from"),
		.has_uptime = json_is_integer(uptime) && uptime_cs >= 0 && uptime_cs <= UINT32_MAX,
		.uptime_cs = (uint32_t)uptime_cs,
		.trap_said = trap_said ? trap_said : "",
		.line_said = line_said ? line_said : "",
		.protocol_old = json_is_true(json_object_get(object, "protocol_old")),
		.echoes = echoes ? echoes : "",
		.tells_both = json_is_true(json_object_get(object, "tells_both")),
	};
}

/*
 * What is left of a delay that was to be over at `counts_us` (0: nobody knows). The switch is asked whether it is still so:
 * that has source_settle to be answered. More than the delay it is never, whatever a clock did meanwhile.
 */
static int64_t
delay_left_ns(const struct engine *engine, bool up, int64_t counts_us, struct engine_time time)
{
	const struct config *config = &engine->config;
	const int64_t most_ns =
	    (up ? config->state.up_delay_ms : config->state.down_delay_ms) * 1000000;
	const int64_t least_ns = config->state.source_settle_ms * 1000000;
	int64_t left_ns = counts_us == 0 ? most_ns : engine_span_ns(counts_us - time.wall_us);

	if (left_ns < least_ns)
		left_ns = least_ns;
	return left_ns < most_ns ? left_ns : most_ns;
}

/* What was observed, and did not count yet when it was written: its delay goes on. */
static void
restore_delay(struct engine *engine, uint32_t interface, const json_t *object, int64_t counts_us,
    struct engine_time time)
{
	const bool oper_up = strcmp(json_string_value(json_object_get(object, "oper")), "up") == 0;
	struct interface_state *state = &engine->interfaces[interface];
	const bool up = interface_observed_up(state);
	struct watch *watch;

	/* What is told as `oper` below an override is the override's. */
	if (state->override != SPOKEN_NONE) {
		state->shown_down = state->shown_down || state->suppressed;
		return;
	}
	if (oper_up == up || !interface_must_wait(state, &engine->config))
		return;
	state->shown_down = !oper_up;
	state->shown_order = shown_order_from(object, state->order);
	interface_suppress(state, state->suppressed);
	if (state->suppressed || !(watch = engine_watch_need(engine, interface)))
		return;
	watch->show_ns = time.now_ns + delay_left_ns(engine, up, counts_us, time);
	watch->show_received_us = state->heard_us != 0 ? state->heard_us : time.wall_us;
}

static void
restore_override(
    struct engine *engine, uint32_t interface, const json_t *object, struct engine_time time)
{
	struct engine_override override = {
		.by = json_string_value(json_object_get(object, "override_by")),
		.note = json_string_value(json_object_get(object, "override_note")),
	};

	if (!timeutil_parse(text_from(object, "override_at"), &override.at_us))
		override.at_us = engine->interfaces[interface].since_us;
	if (!timeutil_parse(text_from(object, "override_until"), &override.until_us))
		override.until_us = 0;
	engine_override_restore(engine, interface, &override, time);
}

/* Beside the state itself: who overrides it, the penalty of a flapping interface, and delays. */
static void
restore_watch(struct engine *engine, uint32_t interface, const json_t *object, int64_t counts_us,
    struct engine_time time)
{
	int64_t at_us;

	if (timeutil_parse(text_from(object, "penalty_at"), &at_us))
		engine_damp_restore(engine, interface,
		    json_number_value(json_object_get(object, "penalty")), at_us,
		    json_is_true(json_object_get(object, "suppressed")), time);
	if (engine->interfaces[interface].override != SPOKEN_NONE)
		restore_override(engine, interface, object, time);
	engine_waits_restore(engine, interface, text_from(object, "waits"), time);
	restore_delay(engine, interface, object, counts_us, time);
	engine_watch_settle(engine, interface);
}

/* One that was told under two names, before and after a map that calls it otherwise: the newer counts. */
static bool
is_older(const json_t *object, const struct interface_state *state)
{
	return state->heard && json_integer_value(json_object_get(object, "order")) < state->order;
}

bool
engine_restore_interface(struct engine *engine, struct slice sw_name, struct slice interface,
    struct slice json, struct engine_time time)
{
	uint32_t sw = topo_switch_find(engine->topo, sw_name);
	char key[IFNAME_MAX + 1];

	engine_compare_again(engine);
	if (sw == TOPO_NONE)
		return false;
	json_t *object = json_loadb(json.data, json.len, 0, NULL);
	if (!json_is_object(object) || !json_is_string(json_object_get(object, "oper"))) {
		json_decref(object);
		return false;
	}
	size_t len = ifname_key(topo_switch_get(engine->topo, sw)->os, interface, key);
	uint32_t found = len == 0 ? TOPO_NONE : topo_interface_named(engine->topo, sw, interface);
	if (found == TOPO_NONE && len > 0)
		found = engine_extra_find(engine, sw, (struct slice){ key, len });
	if (found == TOPO_NONE && len > 0)
		found = engine_extra_add(engine, sw, interface, (struct slice){ key, len });
	if (found != TOPO_NONE && !is_older(object, &engine->interfaces[found])) {
		engine_watch_forget(engine, found);
		read_state(object, &engine->interfaces[found], time);
		const struct dp_marks marks = read_marks(object);
		engine_marks_restore(engine, sw, found, &marks, time);
		restore_watch(engine, found, object, marks.counts_us, time);
		engine_note_teller(
		    &engine->switches[sw], (enum link_source)engine->interfaces[found].source);
		if (engine->interfaces[found].order > engine->last_order)
			engine->last_order = engine->interfaces[found].order;
	}
	json_decref(object);
	return found != TOPO_NONE;
}

/* ---- ports ---- */

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
		fault_drop(engine, engine->restored);
		engine->restored = fault_of(engine, text);
	}
	return fault_hold(engine->restored);
}

void
engine_restore_port(struct engine *engine, const struct engine_port_record *record)
{
	uint32_t port = topo_port_find(engine->topo, record->id);
	const bool was_removed = !record->dp_down && record->reason == REASON_REMOVED;

	engine_compare_again(engine);
	if (port == TOPO_NONE || was_removed)
		engine_note_gone(
		    engine, record->id, record->revision, was_removed || record->dp_down);
	if (port == TOPO_NONE) {
		if (!record->dp_down)
			return;
		struct orphan *orphan = engine_add_orphan(engine, record->id, "", "");
		orphan->revision = record->revision;
		orphan->cause = (uint8_t)record->cause;
		orphan->fault = fault_restored(engine, record->fault);
		return;
	}
	struct port_state *state = engine_port_for_change(engine, port);
	fault_drop(engine, state->fault);
	*state = (struct port_state){
		.flags = record->dp_down ? PORT_DOWN : 0,
		.cause = (uint8_t)record->cause,
		.reason = (uint8_t)(was_removed ? REASON_NONE : record->reason),
		.interface = interface_named(engine, record->switch_name, record->interface_name),
		.since_us = record->since_us,
		.fault = fault_restored(engine, record->fault),
	};
	engine_note_revision(state, record->revision);
	engine_restore_report(engine, port, &record->report);
}

/* ---- ports, when Redis and the engine have parted ---- */

/* Whether its hash tells of an earlier toggle, of a report that is over, or of what kept it down before. Where there is a report,
 * engine_reports_start tells. */
static bool
is_behind(const struct engine *engine, uint32_t port, const struct engine_port_record *record)
{
	const struct port_state *state = &engine->ports[port];
	struct dp_report report;

	engine_port_report(engine, port, &report);
	if (report.at_us != 0)
		return false;
	if (record->revision < state->revision || record->since_us < state->since_us ||
	    record->report.at_us != 0 || record->report.down)
		return true;
	return record->dp_down &&
	       (record->cause != state->cause || record->reason != state->reason ||
		   interface_named(engine, record->switch_name, record->interface_name) !=
		       state->interface);
}

void
engine_restore_published(struct engine *engine, const struct engine_port_record *record)
{
	const uint32_t port = topo_port_find(engine->topo, record->id);

	engine_compare_again(engine);
	if (port == TOPO_NONE) {
		if (record->dp_down)
			engine_add_orphan(engine, record->id, "", "")->revision = record->revision;
		return;
	}
	struct port_state *state = engine_port_for_change(engine, port);
	if (is_behind(engine, port, record))
		state->flags |= PORT_REWIRED;
	if (record->dp_down)
		state->flags |= PORT_DOWN;
	engine_note_revision(state, record->revision);
}
