/*
 * What counts is applied to an interface, at once or when its delay or penalty is over; and what came of it: counted, queued,
 * and what hangs on it looked at again.
 */
#include "core/carry.h"
#include "core/engine_state.h"

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

struct before
engine_before(struct engine *engine, uint32_t interface)
{
	engine_step_end(engine);
	return (struct before){ engine->interfaces[interface], n_lifted(engine, interface) };
}

/*
 * Both ends of a link go together; where they do not within source_settle, one of them is mistaken. Of a member: those of its
 * aggregate's link.
 */
static void
watch_ends(struct engine *engine, uint32_t interface, int64_t now_ns)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);

	if (row->links.n == 0 &&
	    (row->aggregate == TOPO_NONE ||
		topo_interface_get(engine->topo, row->aggregate)->links.n == 0))
		return;
	struct watch *watch = engine_watch_need(engine, interface);
	if (!watch)
		return;
	watch->ends_ns = now_ns + engine->config.state.source_settle_ms * 1000000;
	engine_watch_settle(engine, interface);
}

/* An override of an aggregate wins over its members: it begins or ceases to carry, although it was up by its own word before. */
static bool
override_moves(const struct engine *engine, uint32_t interface)
{
	return interface < topo_n_interfaces(engine->topo) &&
	       carry_now(engine->topo, engine->interfaces, interface) !=
		   reach_carries(engine->reach, interface);
}

/*
 * What came of it: counted, queued, and what hangs on it looked at again. An aggregate's own up also lifts what its members'
 * lost linkUps held down, and a member's down, told again, takes that back: both change the paths, although the interface's
 * own state stays the same.
 */
enum engine_verdict
engine_settle(struct engine *engine, uint32_t interface, const struct before *before,
    enum engine_verdict verdict, enum damp_note note, const struct link_event *event,
    struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	const bool moved =
	    verdict == VERDICT_CHANGED || n_lifted(engine, interface) != before->lifted ||
	    (state->override != before->state.override && override_moves(engine, interface));

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
		engine_refine(engine, interface, (enum link_reason)before->state.reason, &decision);
	}
	fault_drop(engine, decision.fault);
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

enum engine_verdict
engine_apply(struct engine *engine, uint32_t interface, const struct link_event *event,
    int64_t order, struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	const struct before before = engine_before(engine, interface);
	enum damp_note note = DAMP_NONE;

	if (order == 0)
		order = next_order(engine, time.wall_us);
	enum engine_verdict verdict = interface_apply(state, event, &engine->config, time, order);

	if (interface_observed_up(state) != interface_observed_up(&before.state)) {
		if (!interface_observed_up(state))
			engine_doubt_explains(engine, interface, time.now_ns);
		if (is_flap(state))
			note = engine_damp_fall(engine, interface, time);
		set_delay(engine, interface, time);
	}
	return engine_settle(engine, interface, &before, verdict, note, event, time);
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
	const struct before before = engine_before(engine, interface);
	struct interface_state *state = &engine->interfaces[interface];
	struct watch *watch = engine_watch(engine, interface);
	const struct link_event event = own_event(state);
	struct engine_time then = time;

	then.turn_us = time.turn_us ? time.turn_us : time.wall_us;
	then.wall_us = watch->show_received_us;
	watch->show_ns = INT64_MAX;
	engine_settle(engine, interface, &before,
	    interface_show(state, then) ? VERDICT_CHANGED : VERDICT_LEARNT, DAMP_NONE, &event,
	    then);
}

/* It flaps no longer: what was observed last counts, once it has been so for its delay. */
static enum engine_verdict
show_released(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	struct watch *watch = engine_watch(engine, interface);
	const int64_t from_ns = state->changed_ns + engine->config.state.up_delay_ms * 1000000;

	if (!state->shown_down || !interface_observed_up(state))
		return VERDICT_NO_CHANGE;
	if (from_ns <= time.now_ns)
		return interface_show(state, time) ? VERDICT_CHANGED : VERDICT_NO_CHANGE;
	watch->show_ns = from_ns;
	watch->show_received_us = time.wall_us;
	engine_watch_settle(engine, interface);
	return VERDICT_NO_CHANGE;
}

static void
settle_penalty(struct engine *engine, uint32_t interface, const struct before *before,
    enum damp_note note, struct engine_time time)
{
	const struct link_event event = own_event(&engine->interfaces[interface]);
	const enum engine_verdict verdict =
	    note == DAMP_RELEASED ? show_released(engine, interface, time) : VERDICT_NO_CHANGE;

	engine_settle(engine, interface, before, verdict, note, &event, time);
}

static void
end_penalty(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct before before = engine_before(engine, interface);

	settle_penalty(engine, interface, &before, engine_damp_end(engine, interface, time), time);
}

void
engine_apply_adapt(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct before before = engine_before(engine, interface);
	const bool up = interface_observed_up(&before.state);
	const int64_t delay_ms =
	    up ? engine->config.state.up_delay_ms : engine->config.state.down_delay_ms;
	const int64_t latest_ns = time.now_ns + delay_ms * 1000000;
	struct watch *watch = engine_watch(engine, interface);

	if (watch->show_ns != INT64_MAX && watch->show_ns > latest_ns)
		watch->show_ns = latest_ns;
	const enum damp_note note = engine_damp_adapt(engine, interface, time);
	if (note != DAMP_NONE)
		settle_penalty(engine, interface, &before, note, time);
	engine_watch_settle(engine, interface);
}

/* The other end had its time. */
static void
end_ends(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct link_event event = own_event(&engine->interfaces[interface]);
	const struct decision decision = engine_decision_of(engine, interface, &event, time);

	engine_compare_ends(engine, interface, time.wall_us);
	/* It may have left the map since. */
	if (interface < topo_n_interfaces(engine->topo) &&
	    interface_is_up(&engine->interfaces[interface]))
		engine_reblame(engine, interface, NULL, &decision, REBLAME_NOW);
}

void
engine_apply_tick(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);

	if (watch && watch->show_ns <= time.now_ns)
		show(engine, interface, time);
	watch = engine_watch(engine, interface);
	if (watch && watch->penalty > 0 && watch->penalty_end_ns <= time.now_ns)
		end_penalty(engine, interface, time);
	watch = engine_watch(engine, interface);
	if (watch && watch->ends_ns <= time.now_ns) {
		watch->ends_ns = INT64_MAX;
		end_ends(engine, interface, time);
	}
	engine_watch_settle(engine, interface);
}
