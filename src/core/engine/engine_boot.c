/*
 * A switch that begins anew: told by itself, or found out from sysUpTime; and what from before it is no longer to be trusted.
 */
#include "core/engine_state.h"

/*
 * A protocol word from before the boot says nothing of what a linkUp after it means; and indexes may have moved. What is
 * uncertain already is not told again for the boot, so it is told here where a restart must know it.
 */
static void
boot_of_interface(struct engine *engine, uint32_t interface, int64_t wall_us)
{
	struct interface_state *state = &engine->interfaces[interface];
	const bool grows_old = !state->protocol_old && state->protocol == SPOKEN_DOWN;

	state->protocol_old = state->index_old = true;
	state->has_trap_cs = false;
	if (grows_old && !state->certain)
		engine_queue_interface(engine, interface, false, wall_us);
}

static void
boot_of_interfaces(struct engine *engine, uint32_t sw, int64_t wall_us)
{
	struct switch_walk walk = engine_walk_begin(engine, sw);

	for (uint32_t i; (i = engine_walk_next(engine, &walk)) != TOPO_NONE;)
		boot_of_interface(engine, i, wall_us);
}

static void
restarted(struct engine *engine, uint32_t sw, bool new_boot, struct engine_time time)
{
	const int64_t settle_ms = topo_switch_get(engine->topo, sw)->boot_settle_ms;

	engine->switches[sw].n_restarts++;
	engine->switches[sw].restarted_us = time.wall_us;
	engine->switches[sw].ups_from_ns = settle_ms == 0 ? 0 : time.now_ns + settle_ms * 1000000;
	if (new_boot)
		boot_of_interfaces(engine, sw, time.wall_us);
	if (new_boot)
		engine_index_boot(engine, sw, time.now_ns);
	engine_doubt_all(engine, sw, time.wall_us);
}

static void
note_uptime(struct switch_state *state, const struct link_event *event, struct engine_time time)
{
	state->has_uptime = true;
	state->uptime_cs = event->uptime_cs;
	state->uptime_ns = time.now_ns;
}

/* A new boot begins this long after the last one at the least: below it, a lower sysUpTime is an old trap. */
#define BOOT_SLACK_CS 6000

enum boot { BOOT_SAME, BOOT_SAME_BUT_OLDER, BOOT_NEW };

/*
 * design.md, rule 5. The boot instant is the receive time minus sysUpTime, which wraps after 497 days (RFC 3418,
 * TimeTicks), so two boot instants are compared modulo 2^32. Near each other they are one boot; how far sysUpTime really
 * went on since the last trap is then what the clock went on, less their difference.
 */
static enum boot
boot_of(const struct switch_state *state, uint32_t uptime_cs, int64_t now_ns)
{
	int64_t elapsed_cs = (now_ns - state->uptime_ns) / 10000000;
	uint32_t later_cs = (uint32_t)elapsed_cs - (uptime_cs - state->uptime_cs);

	if (later_cs + BOOT_SLACK_CS <= 2 * BOOT_SLACK_CS)
		return elapsed_cs - (int32_t)later_cs < 0 ? BOOT_SAME_BUT_OLDER : BOOT_SAME;
	return uptime_cs < state->uptime_cs ? BOOT_NEW : BOOT_SAME;
}

bool
engine_is_older(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	struct switch_state *state = &engine->switches[sw];

	if (state->has_uptime && event->uptime_cs != state->uptime_cs) {
		enum boot boot = boot_of(state, event->uptime_cs, time.now_ns);
		if (boot == BOOT_SAME_BUT_OLDER)
			return true;
		if (boot == BOOT_NEW)
			restarted(engine, sw, true, time);
	}
	note_uptime(state, event, time);
	return false;
}

enum engine_verdict
engine_restart(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	if (event->has_uptime)
		note_uptime(&engine->switches[sw], event, time);
	restarted(engine, sw, event->new_boot, time);
	return VERDICT_RESTART;
}

bool
engine_answer_uptime(
    struct engine *engine, uint32_t sw, uint32_t uptime_cs, struct engine_time time)
{
	const struct link_event event = { .has_uptime = true, .uptime_cs = uptime_cs };
	const uint32_t boot = engine->switches[sw].boot;

	engine_is_older(engine, sw, &event, time);
	return engine->switches[sw].boot != boot;
}
