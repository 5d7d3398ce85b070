/*
 * Words about one interface: heard (core/interface_fsm), kept waiting where they must, applied, and what came of it.
 */
#include <string.h>

#include "core/engine_state.h"

/* ---- applying ---- */

static void
count_state(
    struct engine *engine, const struct interface_state *before, const struct interface_state *now)
{
	engine->totals.interfaces_down +=
	    (uint32_t)(!interface_is_up(now) - !interface_is_up(before));
	engine->totals.interfaces_uncertain += (uint32_t)(!now->certain - !before->certain);
}

/* Members of this aggregate that only its own up lets count; of a member: whether it is one. */
static uint32_t
n_lifted(const struct engine *engine, uint32_t interface)
{
	if (interface >= topo_n_interfaces(engine->topo))
		return 0;
	struct topo_range members = topo_interface_get(engine->topo, interface)->members;
	uint32_t n = reach_member_lifted(engine->reach, interface);

	for (uint32_t i = 0; i < members.n; i++)
		n += reach_member_lifted(
		    engine->reach, topo_member(engine->topo, members.first + i));
	return n;
}

void
engine_doubt_lifted(struct engine *engine, uint32_t aggregate, int64_t wall_us)
{
	struct topo_range members = topo_interface_get(engine->topo, aggregate)->members;

	for (uint32_t i = 0; i < members.n; i++) {
		uint32_t member = topo_member(engine->topo, members.first + i);
		if (reach_member_lifted(engine->reach, member))
			engine_make_uncertain(engine, member, wall_us);
	}
}

/* Words rise in order with time, and go on to rise where the clock steps back or stands still for a turn. */
static int64_t
next_order(struct engine *engine, int64_t wall_us)
{
	engine->last_order = wall_us > engine->last_order ? wall_us : engine->last_order + 1;
	return engine->last_order;
}

struct decision
engine_decision_of(const struct engine *engine, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	return (struct decision){
		.source = event->source,
		.reason = (enum link_reason)engine->interfaces[interface].reason,
		.interface = interface,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
	};
}

/* An interface before something is done to it. */
struct before {
	struct interface_state state;
	uint32_t lifted;
};

static struct before
before_of(const struct engine *engine, uint32_t interface)
{
	return (struct before){ engine->interfaces[interface], n_lifted(engine, interface) };
}

/* Both ends of a link go together; where they do not within source_settle, one of them is mistaken. */
static void
watch_ends(struct engine *engine, uint32_t interface, int64_t now_ns)
{
	if (topo_interface_get(engine->topo, interface)->links.n == 0)
		return;
	struct watch *watch = engine_watch_need(engine, interface);
	if (!watch)
		return;
	watch->ends_ns = now_ns + engine->config.state.source_settle_ms * 1000000;
	engine_watch_settle(engine, interface);
}

/*
 * What came of it: counted, queued, and what hangs on it looked at again. An aggregate's own up also lifts what its members'
 * lost linkUps held down, and a member's down, told again, takes that back: both change the paths, although the interface's
 * own state stays the same.
 */
static enum engine_verdict
settle(struct engine *engine, uint32_t interface, const struct before *before,
    enum engine_verdict verdict, enum damp_note note, const struct link_event *event,
    struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	const bool moved =
	    verdict == VERDICT_CHANGED || n_lifted(engine, interface) != before->lifted;

	count_state(engine, &before->state, state);
	if (moved && verdict != VERDICT_CHANGED)
		verdict = VERDICT_LEARNT;
	if (verdict == VERDICT_CHANGED || verdict == VERDICT_LEARNT || note != DAMP_NONE)
		engine_queue_damping(engine, interface,
		    verdict == VERDICT_CHANGED || note == DAMP_SUPPRESSED || note == DAMP_RELEASED,
		    note, time.wall_us);
	if (interface >= topo_n_interfaces(engine->topo))
		return verdict;
	struct decision decision = engine_decision_of(engine, interface, event, time);
	if (moved) {
		if (interface_is_up(state))
			engine_incident_end(engine, interface);
		else
			decision.incident = engine_incident_join(engine, interface, time.now_ns);
		engine_doubt_lifted(engine, interface, time.wall_us);
		watch_ends(engine, interface, time.now_ns);
		engine_step(engine, interface, &decision);
	} else if (before->state.reason != state->reason && state->reason != REASON_NONE) {
		engine_refine(engine, interface, &decision);
	}
	fault_drop(decision.fault);
	return verdict;
}

/* What is observed counts at once, or after its delay, or not at all where it was so before. */
static void
set_delay(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct interface_state *state = &engine->interfaces[interface];
	const bool up = interface_observed_up(state);
	const bool waits = state->shown_down == up && !(up && state->suppressed);
	struct watch *watch =
	    waits ? engine_watch_need(engine, interface) : engine_watch(engine, interface);

	if (!watch)
		return;
	watch->show_ns = INT64_MAX;
	if (waits) {
		int64_t delay_ms =
		    up ? engine->config.state.up_delay_ms : engine->config.state.down_delay_ms;
		watch->show_ns = time.now_ns + delay_ms * 1000000;
		watch->show_received_us = time.wall_us;
	}
	engine_watch_settle(engine, interface);
}

/* An operator who shuts it does not flap. */
static bool
is_flap(const struct interface_state *state)
{
	return !interface_observed_up(state) && state->own_reason != REASON_ADMIN_DOWN;
}

static enum engine_verdict
apply(struct engine *engine, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	const struct before before = before_of(engine, interface);
	enum damp_note note = DAMP_NONE;
	enum engine_verdict verdict =
	    interface_apply(state, event, &engine->config, time, next_order(engine, time.wall_us));

	if (interface_observed_up(state) != interface_observed_up(&before.state)) {
		if (!interface_observed_up(state))
			engine_doubt_explains(engine, interface, time.now_ns);
		if (is_flap(state))
			note = engine_damp_fall(engine, interface, time);
		set_delay(engine, interface, time);
	}
	return settle(engine, interface, &before, verdict, note, event, time);
}

/* Who is told as the source of what counts only now. */
static struct link_event
own_event(const struct interface_state *state)
{
	return (struct link_event){ .source = (enum link_source)state->own_source };
}

/* Its delay is over. */
static void
show(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct before before = before_of(engine, interface);
	struct interface_state *state = &engine->interfaces[interface];
	struct watch *watch = engine_watch(engine, interface);
	const struct link_event event = own_event(state);
	struct engine_time then = time;

	then.turn_us = time.turn_us ? time.turn_us : time.wall_us;
	then.wall_us = watch->show_received_us;
	watch->show_ns = INT64_MAX;
	settle(engine, interface, &before,
	    interface_show(state, then) ? VERDICT_CHANGED : VERDICT_LEARNT, DAMP_NONE, &event,
	    then);
}

/* The penalty has decayed: what was observed last counts again. */
static void
end_penalty(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct before before = before_of(engine, interface);
	struct interface_state *state = &engine->interfaces[interface];
	const struct link_event event = own_event(state);
	enum engine_verdict verdict = VERDICT_NO_CHANGE;
	const enum damp_note note = engine_damp_end(engine, interface, time);

	if (note == DAMP_RELEASED && state->shown_down && interface_observed_up(state) &&
	    interface_show(state, time))
		verdict = VERDICT_CHANGED;
	settle(engine, interface, &before, verdict, note, &event, time);
}

/* ---- words that wait ---- */

static enum spoken
observed(const struct interface_state *state)
{
	return interface_observed_up(state) ? SPOKEN_UP : SPOKEN_DOWN;
}

static struct link_event
event_of(const struct held_word *held)
{
	return (struct link_event){
		.kind = LINK_EVENT_WORD,
		.word = (enum link_word)held->word,
		.layer = (enum link_layer)held->layer,
		.source = (enum link_source)held->source,
		.reason = (enum link_reason)held->reason,
		.bare_up = held->bare_up,
		.admin_up = held->admin_up,
	};
}

/* A word about the whole tells the link too; of both layers, a word of its own each. */
static bool
is_same_teller(const struct held_word *held, const struct link_event *event)
{
	return held->source == event->source &&
	       (held->layer == LAYER_PROTOCOL) == (event->layer == LAYER_PROTOCOL);
}

/* False when memory is out. */
static bool
hold(struct engine *engine, uint32_t interface, const struct link_event *event,
    const struct hearing *hearing, struct engine_time time)
{
	struct watch *watch = engine_watch_need(engine, interface);
	uint8_t i = 0;

	if (!watch)
		return false;
	while (i < watch->n_held && !is_same_teller(&watch->held[i], event))
		i++;
	if (i == watch->n_held) {
		if (i == HELD_MAX)
			return true; /* five tellers say the same already */
		watch->n_held++;
		watch->held[i].received_us = time.wall_us;
	}
	if (watch->n_held == 1)
		watch->held_until_ns = hearing->until_ns;
	watch->held_contradicts = watch->held_contradicts || hearing->contradicts;
	watch->held[i].word = (uint8_t)event->word;
	watch->held[i].layer = (uint8_t)event->layer;
	watch->held[i].source = (uint8_t)event->source;
	watch->held[i].reason = (uint8_t)event->reason;
	watch->held[i].bare_up = event->bare_up;
	watch->held[i].admin_up = event->admin_up;
	engine_watch_settle(engine, interface);
	return true;
}

/* Takes what waits out of the watch. */
static uint8_t
take_held(struct engine *engine, uint32_t interface, struct held_word ret_held[HELD_MAX])
{
	struct watch *watch = engine_watch(engine, interface);
	uint8_t n = watch ? watch->n_held : 0;

	if (n == 0)
		return 0;
	memcpy(ret_held, watch->held, n * sizeof(watch->held[0]));
	watch->n_held = 0;
	watch->held_contradicts = false;
	engine_watch_settle(engine, interface);
	return n;
}

/*
 * Something says that it is as it is, after a word that waits said the opposite. Where that is another source than the
 * word's own, and not an answer, the two still differ.
 */
static void
take_back(struct engine *engine, uint32_t interface, enum link_source source, int64_t wall_us)
{
	struct held_word held[HELD_MAX];
	const uint8_t n = take_held(engine, interface, held);
	bool differ = false;

	for (uint8_t i = 0; i < n; i++)
		differ = differ || (held[i].source != source && source != SOURCE_POLL);
	if (differ)
		engine_make_uncertain(engine, interface, wall_us);
}

/* The word counts: what it changes is told by its source, and what waits and says the same has nothing to wait for. */
static enum engine_verdict
count_word(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	const enum spoken before = observed(state);
	const enum engine_verdict verdict = apply(engine, interface, event, time);
	struct held_word held[HELD_MAX];

	if (observed(state) == before) {
		if (interface_direction(event, &engine->config) == before)
			take_back(engine, interface, event->source, time.wall_us);
		return verdict;
	}
	if (engine->switches[sw].tells_both) {
		struct watch *watch = engine_watch_need(engine, interface);
		if (watch)
			echoes_add(&watch->echoes, event, observed(state), time.now_ns);
		engine_watch_settle(engine, interface);
	}
	const uint8_t n = take_held(engine, interface, held);
	for (uint8_t i = 0; i < n; i++) {
		const struct link_event waited = event_of(&held[i]);
		engine_word(engine, sw, interface, &waited, time);
	}
	return verdict;
}

/* Nobody took back what waits. Two sources that still differ then are asked about. */
static void
release_held(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const uint32_t sw = engine_interface_switch(engine, interface);
	const bool contradicts = engine_watch(engine, interface)->held_contradicts;
	struct held_word held[HELD_MAX];
	const uint8_t n = take_held(engine, interface, held);

	for (uint8_t i = 0; i < n; i++) {
		const struct link_event event = event_of(&held[i]);
		struct engine_time then = time;
		then.turn_us = time.turn_us ? time.turn_us : time.wall_us;
		then.wall_us = held[i].received_us;
		if (i == 0)
			count_word(engine, sw, interface, &event, then);
		else
			engine_word(engine, sw, interface, &event, then);
	}
	if (contradicts)
		engine_make_uncertain(engine, interface, time.wall_us);
}

/* ---- hearing ---- */

void
engine_note_teller(struct switch_state *sw, enum link_source source)
{
	sw->tells_trap = sw->tells_trap || source == SOURCE_TRAP;
	sw->tells_syslog = sw->tells_syslog || source == SOURCE_SYSLOG;
	sw->tells_both = sw->tells_trap && sw->tells_syslog;
}

/* The admin status, where it says nothing about traffic. A plain down that waited for it was an operator's work. */
static enum engine_verdict
admin_word(struct engine *engine, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	struct held_word held[HELD_MAX];

	if (event->word == WORD_ADMIN_DOWN && interface_observed_up(&engine->interfaces[interface]))
		take_held(engine, interface, held);
	return apply(engine, interface, event, time);
}

/*
 * The engine time at which a relayed line was said; now, where that is not more than LATE_NS ago. Stamps are compared with
 * the wall clock, which may step: then the line must be late by the clock as it is and as it was.
 */
static int64_t
said_at(const struct engine *engine, const struct link_event *event, struct engine_time time)
{
	if (!event->relayed || !event->has_device_time)
		return time.now_ns;
	const int64_t late_ns = engine_span_ns(time.wall_us - event->device_time_us);
	const int64_t then_ns = late_ns - engine_span_ns(engine->clock.step_us);
	const bool stepped =
	    engine->clock.step_us != 0 && time.now_ns - engine->clock.stepped_ns < CLOCK_TRIAL_NS;
	const int64_t least_ns = stepped && then_ns < late_ns ? then_ns : late_ns;

	return least_ns > LATE_NS ? time.now_ns - least_ns : time.now_ns;
}

enum engine_verdict
engine_word(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	struct watch *watch = engine_watch(engine, interface);
	struct hearing hearing;

	if (interface_direction(event, &engine->config) == SPOKEN_NONE)
		return admin_word(engine, interface, event, time);
	const int64_t event_ns = said_at(engine, event, time);
	if (interface_is_late(state, event, &engine->config, event_ns, time.now_ns)) {
		/* Where it was a device's clock that stepped, it is news after all: so the switch is asked. */
		if (interface_direction(event, &engine->config) != observed(state))
			engine_make_uncertain(engine, interface, time.wall_us);
		return VERDICT_LATE;
	}
	if (watch)
		echoes_expire(&watch->echoes, &engine->config, time.now_ns);
	interface_hear(state, watch ? &watch->echoes : NULL, event, &engine->config,
	    engine->switches[sw].ups_from_ns, event_ns, time.now_ns, &hearing);
	engine_note_teller(&engine->switches[sw], event->source);
	switch (hearing.fate) {
	case FATE_ECHO:
		if (hearing.unexplained)
			engine_make_uncertain(engine, interface, time.wall_us);
		return VERDICT_ECHO;
	case FATE_IGNORED:
		return VERDICT_IGNORED_ADMIN;
	case FATE_WAIT:
		if (hold(engine, interface, event, &hearing, time))
			return VERDICT_WAITS;
		break;
	default:
		break;
	}
	const enum engine_verdict verdict = count_word(engine, sw, interface, event, time);
	return hearing.echo == ECHO_CURRENT && verdict == VERDICT_NO_CHANGE ? VERDICT_ECHO
									    : verdict;
}

/* ---- time ---- */

/*
 * The echoes run out. A source that told one of them, and after it not what the interface is now, has lost a word, or knows
 * better.
 */
static void
end_echoes(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);
	const struct interface_state *state = &engine->interfaces[interface];
	const struct echoes before = watch->echoes;

	echoes_expire(&watch->echoes, &engine->config, time.now_ns);
	if (before.n == 0 || watch->echoes.n > 0)
		return;
	for (int i = 0; i < 2; i++)
		if (state->said[i] != SPOKEN_NONE && state->said[i] != observed(state) &&
		    state->said_ns[i] >= before.items[0].at_ns)
			engine_make_uncertain(engine, interface, time.wall_us);
}

void
engine_watch_tick(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);

	if (watch->n_held > 0 && watch->held_until_ns <= time.now_ns)
		release_held(engine, interface, time);
	watch = engine_watch(engine, interface);
	if (watch && watch->show_ns <= time.now_ns)
		show(engine, interface, time);
	watch = engine_watch(engine, interface);
	if (watch && watch->penalty > 0 && watch->penalty_end_ns <= time.now_ns)
		end_penalty(engine, interface, time);
	watch = engine_watch(engine, interface);
	if (watch && watch->ends_ns <= time.now_ns) {
		watch->ends_ns = INT64_MAX;
		engine_compare_ends(engine, interface, time.wall_us);
	}
	if (engine_watch(engine, interface))
		end_echoes(engine, interface, time);
	engine_watch_settle(engine, interface);
}
