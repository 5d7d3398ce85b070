/*
 * Marks: what a restart must know of an interface and of its switch, beside its state, to tell old news from new. They are
 * written with the interface, whenever that is, and so are never newer than its state; times are turned from the engine's
 * clock into labels and back by how both clocks stand to each other.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

/* A step of the wall clock larger than this is noticed, and remembered for a while; see said_at() in engine_word.c. */
#define CLOCK_STEP_US 1000000
/* Boot instants that are not further apart are one boot; see boot_of() in engine.c. */
#define BOOT_SLACK_NS INT64_C(60000000000)
#define CS_NS INT64_C(10000000)

void
engine_note_clock(struct engine *engine, struct engine_time time)
{
	struct wall_clock *clock = &engine->clock;
	const int64_t offset_us = (time.turn_us ? time.turn_us : time.wall_us) - time.now_ns / 1000;
	const int64_t step_us = offset_us - clock->offset_us;

	if (clock->offset_us != 0 && (step_us > CLOCK_STEP_US || step_us < -CLOCK_STEP_US)) {
		clock->step_us = step_us;
		clock->stepped_ns = time.now_ns;
	}
	clock->offset_us = offset_us;
	clock->now_ns = time.now_ns;
}

static int64_t
label(const struct engine *engine, int64_t ns)
{
	return ns / 1000 + engine->clock.offset_us;
}

/* Engine time of its boot, by the last trap; a sysUpTime that has wrapped tells it as later than it was, always the same. */
static int64_t
booted_ns(const struct switch_state *sw)
{
	return sw->uptime_ns - sw->uptime_cs * CS_NS;
}

/* How long ago it was shut, in milliseconds; more than source_settle: it does not matter. */
static uint32_t
shut_ago_ms(const struct engine *engine, const struct interface_state *state)
{
	return state->admin == SPOKEN_DOWN
		   ? (uint32_t)(engine->clock.now_ns / 1000000) - state->shut_ms
		   : UINT32_MAX;
}

struct dp_marks
engine_marks(struct engine *engine, uint32_t interface, const struct interface_state *state)
{
	const struct switch_state *sw =
	    &engine->switches[engine_interface_switch(engine, interface)];
	const struct watch *watch = engine_watch(engine, interface);
	struct dp_marks marks = {
		.has_uptime = state->has_trap_cs && sw->has_uptime,
		.uptime_cs = state->trap_cs,
		.trap_said = spoken_names[state->said[0]],
		.line_said = spoken_names[state->said[1]],
		.protocol_old = state->protocol_old && state->protocol == SPOKEN_DOWN,
		.echoes = engine->echoes_text,
		.tells_both = sw->tells_both,
	};

	engine_echoes_text(engine, interface, engine->echoes_text);
	if (engine->clock.offset_us == 0)
		return marks;
	marks.spoke_us = state->spoke_ns == 0 ? 0 : label(engine, state->spoke_ns);
	const uint32_t ago_ms = shut_ago_ms(engine, state);
	if (ago_ms < engine->config.state.source_settle_ms)
		marks.shut_us = label(engine, engine->clock.now_ns) - (int64_t)ago_ms * 1000;
	marks.booted_us = marks.has_uptime ? label(engine, booted_ns(sw)) : 0;
	marks.ups_from_us =
	    sw->ups_from_ns > engine->clock.now_ns ? label(engine, sw->ups_from_ns) : 0;
	if (watch && watch->show_ns != INT64_MAX)
		marks.counts_us = label(engine, watch->show_ns);
	return marks;
}

/* Whether boot instants so far apart are of one boot: sysUpTime may have wrapped between the traps that told them. */
static bool
is_one_boot(int64_t apart_ns)
{
	const int64_t wrap_ns = (INT64_C(1) << 32) * CS_NS;
	const int64_t rest_ns = llabs(apart_ns) % wrap_ns;

	return rest_ns <= BOOT_SLACK_NS || wrap_ns - rest_ns <= BOOT_SLACK_NS;
}

/* Of all interfaces of a switch the newest trap counts, of the newest boot. */
static void
restore_uptime(struct engine *engine, uint32_t sw, struct interface_state *state,
    const struct dp_marks *marks, struct engine_time time)
{
	struct switch_state *of = &engine->switches[sw];
	const int64_t boot_ns = time.now_ns - engine_span_ns(time.wall_us - marks->booted_us);
	const int64_t later_ns = of->has_uptime ? boot_ns - booted_ns(of) : 0;
	const bool one_boot = is_one_boot(later_ns);

	if (!one_boot && later_ns < 0)
		return;
	state->has_trap_cs = true;
	state->trap_cs = marks->uptime_cs;
	if (of->has_uptime && one_boot && (int32_t)(marks->uptime_cs - of->uptime_cs) <= 0)
		return;
	of->has_uptime = true;
	of->uptime_cs = marks->uptime_cs;
	of->uptime_ns = boot_ns + marks->uptime_cs * CS_NS;
}

static uint8_t
spoken_from(const char *text)
{
	return strcmp(text, spoken_names[SPOKEN_UP]) == 0     ? SPOKEN_UP
	       : strcmp(text, spoken_names[SPOKEN_DOWN]) == 0 ? SPOKEN_DOWN
							      : SPOKEN_NONE;
}

/* Ups wait no longer than the whole of boot_settle, whatever a clock did meanwhile. */
static void
restore_settle(struct engine *engine, uint32_t sw, int64_t ups_from_us, struct engine_time time)
{
	const int64_t most_ns = topo_switch_get(engine->topo, sw)->boot_settle_ms * 1000000;
	const int64_t left_ns = engine_span_ns(ups_from_us - time.wall_us);

	if (left_ns > 0)
		engine->switches[sw].ups_from_ns =
		    time.now_ns + (left_ns < most_ns ? left_ns : most_ns);
}

void
engine_marks_restore(struct engine *engine, uint32_t sw, uint32_t interface,
    const struct dp_marks *marks, struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];

	/* What is said from now on is newer than it, also where a clock was set back. */
	if (marks->spoke_us != 0)
		state->heard_us = marks->spoke_us;
	if (marks->spoke_us != 0 && marks->spoke_us < time.wall_us)
		state->spoke_ns = time.now_ns - engine_span_ns(time.wall_us - marks->spoke_us);
	if (marks->shut_us != 0)
		state->shut_ms =
		    (uint32_t)((time.now_ns - engine_span_ns(time.wall_us - marks->shut_us)) /
			       1000000);
	state->protocol_old = marks->protocol_old;
	/* When is left at 0: nothing lies within source_settle of it. */
	state->said[0] = spoken_from(marks->trap_said);
	state->said[1] = spoken_from(marks->line_said);
	if (marks->has_uptime && marks->booted_us != 0)
		restore_uptime(engine, sw, state, marks, time);
	if (marks->ups_from_us != 0)
		restore_settle(engine, sw, marks->ups_from_us, time);
	if (marks->tells_both) {
		engine_note_teller(&engine->switches[sw], SOURCE_TRAP);
		engine_note_teller(&engine->switches[sw], SOURCE_SYSLOG);
	}
	engine_echoes_restore(engine, interface, slice_of(marks->echoes), time);
}
