/*
 * Dampening, as network people know it from IP event dampening: every fall adds 1000 to a penalty that halves in half_life;
 * above `suppress` the interface is held down, until the penalty has decayed to `reuse`. It never exceeds what decays to
 * `reuse` in max_suppress. Nothing is polled: the moment of reuse follows from the penalty, and is a deadline.
 */
#include <math.h>

#include "core/engine_state.h"

#define PENALTY_PER_FALL 1000.0

/* The penalty as it has decayed up to now; 0 without a watch. */
static double
penalty_now(const struct engine *engine, const struct watch *watch, int64_t now_ns)
{
	const double half_life_ns = (double)engine->config.state.dampening_half_life_ms * 1e6;

	if (!watch || watch->penalty <= 0)
		return 0;
	return watch->penalty * exp2((double)(watch->penalty_ns - now_ns) / half_life_ns);
}

/* From now until the penalty has decayed to `level`; rounded up, so that it has. */
static int64_t
decay_ns(const struct engine *engine, double penalty, double level)
{
	const double half_life_ns = (double)engine->config.state.dampening_half_life_ms * 1e6;

	return penalty <= level ? 0 : (int64_t)(half_life_ns * log2(penalty / level)) + 1;
}

static double
most(const struct config *config)
{
	return config->state.dampening_reuse *
	       exp2((double)config->state.dampening_max_suppress_ms /
		    (double)config->state.dampening_half_life_ms);
}

static void
set_penalty(struct engine *engine, struct watch *watch, double penalty, struct engine_time time)
{
	const double at_most = most(&engine->config);

	watch->penalty = penalty < at_most ? penalty : at_most;
	watch->penalty_ns = time.now_ns;
	watch->penalty_us = time.turn_us ? time.turn_us : time.wall_us;
}

/* Until it may be reused; or, where it is not suppressed, until there is nothing left to remember. */
static void
set_end(struct engine *engine, struct watch *watch, int64_t now_ns)
{
	const double reuse = engine->config.state.dampening_reuse;
	const double level = watch->flaps ? reuse : reuse / 2;

	watch->penalty_end_ns = now_ns + decay_ns(engine, watch->penalty, level);
}

enum damp_note
engine_damp_fall(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct config *config = &engine->config;
	struct watch *watch = NULL;

	if (config->state.dampening != DAMPENING_OFF)
		watch = engine_watch_need(engine, interface);
	if (!watch)
		return DAMP_NONE;
	const double penalty = penalty_now(engine, watch, time.now_ns) + PENALTY_PER_FALL;
	set_penalty(engine, watch, penalty, time);
	const bool begins =
	    !watch->flaps && watch->penalty > (double)config->state.dampening_suppress;
	watch->flaps = watch->flaps || begins;
	set_end(engine, watch, time.now_ns);
	if (!begins)
		return DAMP_NONE;
	engine->watches.n_flapping++;
	if (config->state.dampening == DAMPENING_OBSERVE)
		return DAMP_WOULD_SUPPRESS;
	interface_suppress(&engine->interfaces[interface], true);
	return DAMP_SUPPRESSED;
}

/* It flaps no longer. */
static enum damp_note
release(struct engine *engine, uint32_t interface)
{
	struct interface_state *state = &engine->interfaces[interface];

	engine_watch(engine, interface)->flaps = false;
	engine->watches.n_flapping--;
	if (!state->suppressed)
		return DAMP_WOULD_RELEASE;
	interface_suppress(state, false);
	return DAMP_RELEASED;
}

enum damp_note
engine_damp_end(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);

	if (!watch->flaps) {
		watch->penalty = 0;
		return DAMP_NONE;
	}
	set_penalty(engine, watch, penalty_now(engine, watch, time.now_ns), time);
	const enum damp_note note = release(engine, interface);
	set_end(engine, watch, time.now_ns);
	return note;
}

void
engine_damp_settle(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);

	if (watch && watch->penalty > 0)
		set_penalty(engine, watch, penalty_now(engine, watch, time.now_ns), time);
}

/*
 * What observed only begins to hold with the next fall; what held and only observes now goes on to say so, until the moment of
 * reuse.
 */
static enum damp_note
adapt(struct engine *engine, uint32_t interface)
{
	const struct watch *watch = engine_watch(engine, interface);
	struct interface_state *state = &engine->interfaces[interface];
	const enum config_dampening mode = engine->config.state.dampening;

	if (mode == DAMPENING_OFF || watch->penalty <= engine->config.state.dampening_reuse ||
	    (mode == DAMPENING_ON && !state->suppressed))
		return release(engine, interface);
	if (mode == DAMPENING_ON || !state->suppressed)
		return DAMP_NONE;
	interface_suppress(state, false);
	return DAMP_RELEASED;
}

enum damp_note
engine_damp_adapt(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);

	if (watch->penalty <= 0)
		return DAMP_NONE;
	set_penalty(engine, watch, watch->penalty, time);
	const enum damp_note note = watch->flaps ? adapt(engine, interface) : DAMP_NONE;
	if (engine->config.state.dampening == DAMPENING_OFF)
		watch->penalty = 0;
	else
		set_end(engine, watch, time.now_ns);
	return note;
}

void
engine_damp_restore(struct engine *engine, uint32_t interface, double penalty, int64_t at_us,
    bool suppressed, struct engine_time time)
{
	const bool on = engine->config.state.dampening != DAMPENING_OFF;
	struct watch *watch = on && penalty > 0 ? engine_watch_need(engine, interface) : NULL;
	const int64_t ago_ns = engine_span_ns(time.wall_us - at_us);

	if (!watch)
		return;
	watch->penalty = penalty;
	watch->penalty_ns = time.now_ns - (ago_ns > 0 ? ago_ns : 0);
	set_penalty(engine, watch, penalty_now(engine, watch, time.now_ns), time);
	watch->flaps = suppressed && engine->config.state.dampening == DAMPENING_ON &&
		       watch->penalty > engine->config.state.dampening_reuse;
	if (watch->flaps) {
		engine->watches.n_flapping++;
		interface_suppress(&engine->interfaces[interface], true);
	}
	set_end(engine, watch, time.now_ns);
}
