/*
 * The engine's life, and words: which of them may count.
 */
#include "core/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"
#include "core/topo_codec.h"

const char *const engine_verdict_names[VERDICT_MAX] = {
	[VERDICT_CHANGED] = "changed",
	[VERDICT_LEARNT] = "learnt",
	[VERDICT_NO_CHANGE] = "no-change",
	[VERDICT_NO_INTERFACE] = "no-interface",
	[VERDICT_VIRTUAL] = "virtual",
	[VERDICT_SOURCE_REFUSED] = "source-refused",
	[VERDICT_IGNORED_ADMIN] = "ignored-admin",
	[VERDICT_RESTART] = "restart",
	[VERDICT_DOUBT] = "doubt",
	[VERDICT_STALE] = "stale",
	[VERDICT_ECHO] = "echo",
	[VERDICT_WAITS] = "waits",
	[VERDICT_LATE] = "late",
};

/* ---- words ---- */

/*
 * Whether a later trap about this very interface came before it. One that only traps about other interfaces have overtaken is
 * late, and still the last word: an INFORM that was lost, and is repeated with the sysUpTime of its first time, is one.
 */
static bool
is_overtaken(struct interface_state *state, const struct link_event *event, bool older)
{
	if (older && state->has_trap_cs && (int32_t)(event->uptime_cs - state->trap_cs) < 0)
		return true;
	state->has_trap_cs = true;
	state->trap_cs = event->uptime_cs;
	return false;
}

/*
 * Whether the last trap about it came again, which was heard by an earlier daemon; one that this daemon heard is known by its
 * bytes (core/dedup.h), but for v1, whose bytes tell nothing. An INFORM that was not answered for a restart is one, after a
 * line has said otherwise meanwhile.
 */
static bool
is_repeated(const struct engine *engine, const struct interface_state *state,
    const struct link_event *event)
{
	return event->source == SOURCE_TRAP && state->said[0] != SPOKEN_NONE &&
	       state->said_ns[0] == 0 && state->has_trap_cs && state->trap_cs == event->uptime_cs &&
	       interface_direction(event, &engine->config) == (enum spoken)state->said[0];
}

static void
note_heard(struct engine *engine, uint32_t sw, const struct link_event *event, int64_t wall_us)
{
	struct switch_state *state = &engine->switches[sw];

	if (event->source == SOURCE_TRAP) {
		state->heard_trap_us = wall_us;
		state->n_traps++;
	} else if (event->source == SOURCE_SYSLOG) {
		state->heard_syslog_us = wall_us;
		state->n_syslog++;
	}
}

static bool
may_speak(const struct engine *engine, uint32_t sw, enum link_source source)
{
	uint8_t sources = topo_switch_get(engine->topo, sw)->sources;

	if (source == SOURCE_TRAP)
		return sources & TOPO_SOURCE_TRAP;
	return source != SOURCE_SYSLOG || (sources & TOPO_SOURCE_SYSLOG);
}

/*
 * After a boot, an index alone may mean another interface than before; until somebody names it with its index. What it says
 * holds, and the switch is asked.
 */
static void
check_index(
    struct engine *engine, uint32_t interface, const struct link_event *event, int64_t wall_us)
{
	struct interface_state *state = &engine->interfaces[interface];
	const bool named = event->name.len > 0 || event->descr.len > 0;

	if (!state->index_old || event->if_index == 0)
		return;
	if (!named)
		engine_make_uncertain(engine, interface, wall_us);
	else if (engine_index_of(engine, interface) == event->if_index)
		state->index_old = false;
}

static bool
is_index_only(const struct link_event *event)
{
	return event->if_index != 0 && event->name.len == 0 && event->descr.len == 0;
}

/*
 * What somebody said of the interface so shortly before it was asked may not have reached its agent's table yet. Some agents
 * keep that table for long; then its ifLastChange lies before what was said, and by more than words are late.
 */
static bool
is_too_fresh(const struct engine *engine, const struct interface_state *state,
    const struct link_event *event)
{
	const int64_t settle_ns = engine->config.state.source_settle_ms * 1000000;
	const bool same = interface_observed_up(state) == (event->word == WORD_UP);
	const int64_t said_ns =
	    state->said_ns[0] > state->said_ns[1] ? state->said_ns[0] : state->said_ns[1];
	const bool kept =
	    event->age_ns > 0 && event->asked_ns - event->age_ns + settle_ns < said_ns;

	return !same && said_ns != 0 &&
	       event->asked_ns - said_ns < (kept ? ENGINE_KEPT_NS : settle_ns);
}

/*
 * An answer is believed unless somebody spoke of the interface since it was asked for, or says otherwise and only just: then
 * it is asked again later.
 */
static bool
is_believed(const struct engine *engine, uint32_t interface, const struct link_event *event)
{
	const struct interface_state *state = &engine->interfaces[interface];

	return event->asked_ns == 0 ||
	       (state->spoke_ns <= event->asked_ns && !is_too_fresh(engine, state, event));
}

enum engine_verdict
engine_feed(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	bool is_virtual = false, older = false;

	engine_note_clock(engine, time);
	engine_settle_pending(engine);
	if (!may_speak(engine, sw, event->source))
		return VERDICT_SOURCE_REFUSED;
	note_heard(engine, sw, event, time.wall_us);
	if (event->kind == LINK_EVENT_RESTART)
		return engine_restart(engine, sw, event, time);
	if (event->has_uptime)
		older = engine_is_older(engine, sw, event, time);
	if (event->kind != LINK_EVENT_WORD)
		return older ? VERDICT_STALE : engine_doubt(engine, sw, event, time);
	if (is_index_only(event) && engine_index_pending(engine, sw))
		return engine_index_hold(engine, sw, event, time) ? VERDICT_DOUBT
								  : VERDICT_NO_INTERFACE;
	uint32_t interface = engine_find_interface(engine, sw, event, &is_virtual);
	if (interface == TOPO_NONE)
		return is_virtual ? VERDICT_VIRTUAL : VERDICT_NO_INTERFACE;
	if (event->has_uptime && (is_repeated(engine, &engine->interfaces[interface], event) ||
				     is_overtaken(&engine->interfaces[interface], event, older)))
		return VERDICT_STALE;
	if (event->source == SOURCE_POLL && !is_believed(engine, interface, event))
		return VERDICT_STALE;
	enum engine_verdict verdict = engine_word(engine, sw, interface, event, time);
	check_index(engine, interface, event, time.wall_us);
	return verdict;
}

bool
engine_event_interface(
    struct engine *engine, uint32_t sw, const struct link_event *event, uint32_t *ret_interface)
{
	bool is_virtual;

	if (is_index_only(event) && engine_index_pending(engine, sw))
		return false;
	*ret_interface = engine_find_known(engine, sw, event, &is_virtual);
	return true;
}

/* ---- time ---- */

void
engine_tick(struct engine *engine, struct engine_time time)
{
	engine_note_clock(engine, time);
	/* What ends while nothing is decided ends at the first tick after the start. */
	if (!engine->started || time.now_ns < engine_next_deadline(engine))
		return;
	engine_settle_pending(engine);
	engine_reports_tick(engine, time);
	for (uint32_t i; (i = engine_watch_due(engine, time.now_ns)) != TOPO_NONE;) {
		engine_override_tick(engine, i, time);
		engine_apply_tick(engine, i, time);
		if (engine_watch(engine, i))
			engine_word_tick(engine, i, time);
	}
}

int64_t
engine_next_deadline(const struct engine *engine)
{
	if (!engine->started)
		return INT64_MAX;
	int64_t deadline = engine_watch_deadline(engine);
	return engine->report_deadline < deadline ? engine->report_deadline : deadline;
}

/* ---- life ---- */

static struct topo *
empty_topo(void)
{
	struct topo_builder *builder = topo_builder_new();
	struct topo *topo = NULL;

	if (builder && topo_builder_finish(builder, &topo) != 0)
		topo = NULL;
	topo_builder_free(builder);
	return topo;
}

static void
take_config(struct engine *engine, const struct config *config)
{
	memset(&engine->config, 0, sizeof(engine->config));
	engine->config.state = config->state;
}

struct engine *
engine_new(const struct config *config)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	take_config(engine, config);
	htab_init(&engine->extra_index, &engine_extra_type, engine);
	htab_init(&engine->report_index, &engine_report_type, engine);
	htab_init(&engine->learnt_index, &engine_learnt_type, engine);
	engine->report_deadline = INT64_MAX;
	engine->spare_faults.max_bytes = ENGINE_SPARE_FAULTS;
	engine->topo = empty_topo();
	if (engine->topo)
		engine->reach = reach_new(engine->topo, engine->interfaces);
	if (engine->reach)
		return engine;
	engine_free(engine);
	return NULL;
}

/* A release may end a watch, and its row is then another's: interfaces are what is walked. */
void
engine_configure(struct engine *engine, const struct config *config, struct engine_time time)
{
	engine_settle_pending(engine);
	for (uint32_t i = 0; i < engine->n_interfaces; i++)
		engine_damp_settle(engine, i, time);
	take_config(engine, config);
	for (uint32_t i = 0; i < engine->n_interfaces; i++)
		if (engine_watch(engine, i))
			engine_apply_adapt(engine, i, time);
}

void
engine_free(struct engine *engine)
{
	if (!engine)
		return;
	engine_takes_free(engine);
	engine_compare_again(engine);
	engine_drop_popped(engine);
	if (engine->rest.waits)
		fault_drop(engine, engine->rest.decision.fault);
	for (size_t i = engine->head; i < engine->n_queue; i++)
		fault_drop(engine, engine->queue[i].fault);
	for (uint32_t i = 0; engine->topo && i < topo_n_ports(engine->topo) && engine->ports; i++)
		fault_drop(engine, engine->ports[i].fault);
	for (uint32_t i = 0; i < engine->n_extras; i++) {
		free(engine->extras[i].name);
		free(engine->extras[i].key);
	}
	for (uint32_t i = 0; i < engine->n_reports; i++) {
		free(engine->reports[i].by);
		free(engine->reports[i].note);
	}
	engine_forget_orphans(engine);
	engine_incidents_release(engine);
	engine_indexes_release(engine);
	engine_watches_release(engine);
	engine_asks_release(engine);
	fault_drop(engine, engine->restored);
	spares_release(&engine->spare_faults);
	htab_release(&engine->extra_index);
	htab_release(&engine->report_index);
	reach_free(engine->reach);
	free(engine->interfaces);
	free(engine->extras);
	free(engine->switches);
	free(engine->groups);
	free(engine->ports);
	free(engine->reports);
	free(engine->orphans);
	free(engine->gone);
	free(engine->queue);
	topo_free(engine->topo);
	free(engine);
}

uint64_t
engine_n_topos(const struct engine *engine)
{
	return engine->n_topos;
}

const struct topo *
engine_topo(const struct engine *engine)
{
	return engine->topo;
}
