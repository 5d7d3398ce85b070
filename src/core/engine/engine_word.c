/*
 * Words about one interface: heard (core/interface_fsm), and kept waiting where they must. What counts goes to engine_apply.c.
 */
#include <stdio.h>
#include <string.h>

#include "core/engine_state.h"

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
	const bool is_new = i == watch->n_held;
	if (is_new) {
		if (i == HELD_MAX)
			return true; /* five tellers say the same already */
		watch->n_held++;
		watch->held[i].received_us = time.wall_us;
	}
	/* Who says the same again waits no longer for it; who is contradicted again does. */
	if (watch->n_held == 1 && (is_new || hearing->contradicts))
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

void
engine_waits_text(const struct engine *engine, uint32_t interface, char buf[WAITS_TEXT_MAX])
{
	const struct watch *watch = engine_watch(engine, interface);
	size_t len = 0;

	buf[0] = '\0';
	for (uint8_t i = 0; watch && i < watch->n_held && len < WAITS_TEXT_MAX; i++) {
		const struct held_word *held = &watch->held[i];
		len += (size_t)snprintf(buf + len, WAITS_TEXT_MAX - len, "%s%s/%s/%s/%s/%s",
		    i > 0 ? "," : "", link_word_names[held->word], link_layer_names[held->layer],
		    link_source_names[held->source], link_reason_names[held->reason],
		    held->bare_up ? "bare" : "");
	}
}

static uint8_t
number_of(const char *const *names, int n, struct slice name)
{
	for (int i = 0; i < n; i++)
		if (names[i] && slice_eq_str(name, names[i]))
			return (uint8_t)i;
	return 0;
}

void
engine_waits_restore(
    struct engine *engine, uint32_t interface, struct slice text, struct engine_time time)
{
	const struct interface_state *state = &engine->interfaces[interface];
	struct hearing hearing = { .contradicts = true };

	const int64_t until_ns = time.now_ns + engine->config.state.source_settle_ms * 1000000;
	const int64_t ups_from_ns =
	    engine->switches[engine_interface_switch(engine, interface)].ups_from_ns;
	while (text.len > 0) {
		struct slice word = slice_cut(&text, ',');
		struct link_event event = { .kind = LINK_EVENT_WORD };
		event.word =
		    (enum link_word)number_of(link_word_names, WORD_MAX, slice_cut(&word, '/'));
		event.layer =
		    (enum link_layer)number_of(link_layer_names, LAYER_MAX, slice_cut(&word, '/'));
		event.source = link_source_from(slice_cut(&word, '/'));
		event.reason = link_reason_from(slice_cut(&word, '/'));
		event.bare_up = slice_eq_str(word, "bare");
		enum spoken direction = interface_direction(&event, &engine->config);
		hearing.until_ns =
		    direction == SPOKEN_UP && ups_from_ns > until_ns ? ups_from_ns : until_ns;
		if (direction != SPOKEN_NONE && direction != observed(state))
			hold(engine, interface, &event, &hearing, time);
	}
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

/* A transition that the other sources will tell too. */
static void
expect_echo(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    enum spoken direction, struct engine_time time)
{
	if (!engine->switches[sw].tells_both || engine->config.state.echo_window_ms == 0)
		return;
	struct watch *watch = engine_watch_need(engine, interface);
	if (watch)
		echoes_add(&watch->echoes, event, direction, time);
	engine_watch_settle(engine, interface);
}

/*
 * Something says that it is as it is, after a word that waits said the opposite. Where that is another source than the
 * word's own, and not an answer, the two still differ. The echo of what another source told before takes back only what its
 * own source said.
 */
static void
take_back(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    bool echo, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);
	uint8_t n = 0, n_before = watch ? watch->n_held : 0;
	bool differ = false, both = false;

	for (uint8_t i = 0; i < n_before; i++) {
		const bool own = watch->held[i].source == event->source;
		if (echo && !own)
			watch->held[n++] = watch->held[i];
		else
			differ = differ || (!own && event->source != SOURCE_POLL);
		both = both || own;
	}
	if (n == n_before)
		return;
	watch->n_held = n;
	watch->held_contradicts = watch->held_contradicts && n > 0;
	engine_watch_settle(engine, interface);
	/* With admin_down = ignore it was down, if too short to count. */
	if (both && engine->config.state.admin_down == ADMIN_DOWN_IGNORE) {
		enum spoken now = observed(&engine->interfaces[interface]);
		expect_echo(
		    engine, sw, interface, event, now == SPOKEN_UP ? SPOKEN_DOWN : SPOKEN_UP, time);
		expect_echo(engine, sw, interface, event, now, time);
	}
	engine_queue_interface(engine, interface, false, time.wall_us);
	if (differ)
		engine_make_uncertain(engine, interface, time.wall_us);
}

/* The word counts: what it changes is told by its source, and what waits and says the same has nothing to wait for. */
static enum engine_verdict
count_word(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    bool echo, int64_t order, struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	const enum spoken before = observed(state);
	const bool was_shut = state->admin == SPOKEN_DOWN;
	const enum engine_verdict verdict = engine_apply(engine, interface, event, order, time);
	struct held_word held[HELD_MAX];

	if (observed(state) == before) {
		if (interface_direction(event, &engine->config) == before)
			take_back(engine, sw, interface, event, echo, time);
		/* With admin_down = ignore: what ends a shut is a transition too. */
		if (before == SPOKEN_UP && was_shut && state->admin == SPOKEN_UP)
			expect_echo(engine, sw, interface, event, SPOKEN_UP, time);
		return verdict;
	}
	expect_echo(engine, sw, interface, event, observed(state), time);
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
			count_word(engine, sw, interface, &event, false, 0, then);
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

/* That it tells over both is stored with this interface, also where nothing else is new. */
static void
note_teller(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	const bool before = engine->switches[sw].tells_both;

	engine_note_teller(&engine->switches[sw], event->source);
	if (engine->switches[sw].tells_both && !before)
		engine_queue_interface(engine, interface, false, time.wall_us);
}

/*
 * With admin_down = ignore, an interface is shut: to whoever tells it later it is no news, also where he tells it as a plain
 * down. A plain down that waited for it was an operator's work, and is told with it.
 */
static void
shut(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	struct held_word held[HELD_MAX];
	const uint8_t n = take_held(engine, interface, held);

	if (n > 0)
		engine_queue_interface(engine, interface, false, time.wall_us);
	expect_echo(engine, sw, interface, event, SPOKEN_DOWN, time);
	struct watch *watch = engine_watch(engine, interface);
	for (uint8_t i = 0; watch && i < n; i++) {
		const struct link_event told = event_of(&held[i]);
		(void)echoes_take(&watch->echoes, &told, SPOKEN_DOWN);
	}
}

/* The admin status, where it says nothing about traffic. */
static enum engine_verdict
admin_word(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	const struct interface_state *state = &engine->interfaces[interface];
	struct watch *watch = engine_watch(engine, interface);

	if (event->word == WORD_ADMIN_DOWN && interface_observed_up(state)) {
		if (watch && echoes_take(&watch->echoes, event, SPOKEN_DOWN) >= 0) {
			engine_queue_interface(engine, interface, false, time.wall_us);
			return VERDICT_ECHO;
		}
		if (state->admin != SPOKEN_DOWN)
			shut(engine, sw, interface, event, time);
	}
	return engine_apply(engine, interface, event, 0, time);
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

/*
 * Where a word stands among those of all interfaces. One that tells more of what another source told already is no newer than
 * that, and one that was kept for long is as old as it is.
 */
static int64_t
order_of(const struct interface_state *state, const struct hearing *hearing, int64_t event_ns,
    struct engine_time time)
{
	const int64_t said_us = time.wall_us - (time.now_ns - event_ns) / 1000;

	if (hearing->echo == ECHO_CURRENT)
		return state->order;
	if (event_ns == time.now_ns)
		return 0;
	return said_us > state->order ? said_us : state->order;
}

enum engine_verdict
engine_word(struct engine *engine, uint32_t sw, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	struct watch *watch = engine_watch(engine, interface);
	struct hearing hearing;

	const enum spoken direction = interface_direction(event, &engine->config);
	const int64_t event_ns = said_at(engine, event, time);
	if (interface_is_late(state, event, &engine->config, event_ns, time.now_ns)) {
		/* Where it was a device's clock that stepped, it is news after all: so the switch is asked. */
		if (direction != SPOKEN_NONE && direction != observed(state))
			engine_make_uncertain(engine, interface, time.wall_us);
		return VERDICT_LATE;
	}
	if (direction == SPOKEN_NONE)
		return admin_word(engine, sw, interface, event, time);
	if (watch)
		echoes_expire(&watch->echoes, &engine->config, time.now_ns);
	interface_hear(state, watch ? &watch->echoes : NULL, event, &engine->config,
	    engine->switches[sw].ups_from_ns, event_ns, time.now_ns, &hearing);
	note_teller(engine, sw, interface, event, time);
	switch (hearing.fate) {
	case FATE_ECHO:
		if (hearing.unexplained)
			engine_make_uncertain(engine, interface, time.wall_us);
		engine_queue_interface(engine, interface, false, time.wall_us);
		return VERDICT_ECHO;
	case FATE_IGNORED:
		return VERDICT_IGNORED_ADMIN;
	case FATE_WAIT:
		if (!hold(engine, interface, event, &hearing, time))
			break;
		/* It is stored, so that a restart does not lose it, and an INFORM may be answered. */
		engine_queue_interface(engine, interface, false, time.wall_us);
		return VERDICT_WAITS;
	default:
		break;
	}
	const enum engine_verdict verdict = count_word(engine, sw, interface, event,
	    hearing.echo == ECHO_CURRENT, order_of(state, &hearing, event_ns, time), time);
	if (hearing.echo != ECHO_CURRENT || verdict != VERDICT_NO_CHANGE)
		return verdict;
	engine_queue_interface(engine, interface, false, time.wall_us);
	return VERDICT_ECHO;
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
engine_word_tick(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct watch *watch = engine_watch(engine, interface);

	if (watch->n_held > 0 && watch->held_until_ns <= time.now_ns)
		release_held(engine, interface, time);
	if (engine_watch(engine, interface))
		end_echoes(engine, interface, time);
	engine_watch_settle(engine, interface);
}
