/*
 * Verdicts: whether a port is down, why, and what is told of it when that changes.
 */
#include "core/engine_state.h"

void
engine_port_paths(const struct engine *engine, uint32_t port, struct dp_paths *ret_paths)
{
	uint32_t group = topo_port_get(engine->topo, port)->group;
	const struct group_state *state = &engine->groups[group];

	*ret_paths = (struct dp_paths){ state->up, state->stranded,
		topo_group_get(engine->topo, group)->attachments.n };
}

static struct queued *
queue_port(
    struct engine *engine, enum dp_change_kind kind, uint32_t port, const struct decision *decision)
{
	const struct port_state *state = &engine->ports[port];
	struct queued *queued = engine_queue(engine, kind);

	queued->subject = port;
	/* A hash without a toggle goes on to name what decided the last one. */
	queued->interface = kind == CHANGE_PORT ? state->interface : decision->interface;
	queued->source = (uint8_t)decision->source;
	queued->received_us = decision->received_us;
	queued->occurred_us = decision->occurred_us;
	queued->dp_down = state->flags & PORT_DOWN;
	queued->cause = state->cause;
	queued->reason = state->reason;
	queued->fault = fault_hold(state->fault);
	engine_port_paths(engine, port, &queued->paths);
	return queued;
}

void
engine_queue_port(struct engine *engine, uint32_t port, const struct decision *decision)
{
	queue_port(engine, CHANGE_PORT, port, decision)->occurred_us = engine->ports[port].since_us;
}

void
engine_queue_redundancy(struct engine *engine, uint32_t port, const struct decision *decision,
    enum redundancy_kind kind)
{
	queue_port(engine, CHANGE_REDUNDANCY, port, decision)->redundancy = (uint8_t)kind;
}

/*
 * The port's fault: this step's while going down, or where an uplink took it down, that of the incident; kept while coming
 * up, so that both toggles carry the same text.
 */
static void
set_fault(struct engine *engine, struct port_state *state, struct decision *decision)
{
	if (state->cause == CAUSE_REPORTED || decision->interface == TOPO_NONE) {
		fault_drop(engine, state->fault);
		state->fault = NULL;
		return;
	}
	struct fault **fault = state->cause == CAUSE_UPLINK && decision->incident
				   ? &decision->incident->fault
				   : &decision->fault;
	if (!*fault)
		*fault = fault_of_interface(engine, decision->interface);
	struct fault *old = state->fault;
	state->fault = fault_hold(*fault);
	fault_drop(engine, old);
}

/*
 * A port that stays down because one of its two causes is left when the other goes: what was observed, or what was
 * reported. No toggle, but its hash names the cause that holds, and the redundancy stream tells. Its fault stays: that is
 * the failure that took it down, and its recovery will carry the same.
 */
static bool
recast(struct engine *engine, uint32_t port, const struct decision *why)
{
	struct port_state *state = &engine->ports[port];
	struct blame blame = { TOPO_NONE, CAUSE_REPORTED, REASON_REPORTED };
	struct decision decision = *why;

	if (state->cause == CAUSE_REPORTED ? state->flags & PORT_REPORTED
					   : state->flags & PORT_OBSERVED)
		return false;
	if (state->cause == CAUSE_REPORTED) {
		struct blame_search search;
		blame_search_init(&search, engine);
		blame = blame_of_group(&search, topo_port_get(engine->topo, port)->group);
		blame_search_release(&search);
	}
	decision.fault = NULL;
	decision.incident = NULL;
	decision.interface = blame.interface;
	state->cause = (uint8_t)blame.cause;
	state->reason = (uint8_t)blame.reason;
	state->interface = blame.interface;
	engine_note_blame(engine, state);
	if (!state->fault)
		set_fault(engine, state, &decision);
	fault_drop(engine, decision.fault);
	engine_queue_port(engine, port, &decision);
	if (!why->quiet)
		engine_queue_redundancy(engine, port, &decision, REDUNDANCY_REFINED);
	return true;
}

/* Only what was reported keeps it down: so it is at the start, whatever else was looked at. */
static struct decision
reported_decision(const struct decision *why)
{
	struct decision decision = *why;

	decision.source = SOURCE_API;
	decision.reason = REASON_REPORTED;
	decision.interface = TOPO_NONE;
	decision.fault = NULL;
	return decision;
}

/*
 * Redis holds it as down, and it is not: what decided the port last has healed since, or else the map is another.
 */
static struct decision
healed_decision(const struct engine *engine, uint32_t port, const struct decision *why)
{
	const uint32_t interface = engine->ports[port].interface;
	struct decision decision = *why;

	if (interface != TOPO_NONE && interface_is_up(&engine->interfaces[interface])) {
		decision.interface = interface;
		decision.source = (enum link_source)engine->interfaces[interface].source;
	}
	if (decision.source == SOURCE_NONE) {
		decision.interface = TOPO_NONE;
		decision.source = SOURCE_TOPOLOGY;
		decision.healed = REASON_TOPOLOGY;
	}
	return decision;
}

static void
toggle(
    struct engine *engine, uint32_t port, bool down, enum dp_cause cause, struct decision *decision)
{
	struct port_state *state = &engine->ports[port];

	state->flags ^= PORT_DOWN;
	state->since_us = decision->occurred_us;
	state->interface = decision->interface;
	state->reason = (uint8_t)(down ? decision->reason : decision->healed);
	if (down) {
		state->cause = (uint8_t)cause;
		set_fault(engine, state, decision);
		engine_note_blame(engine, state);
	}
	engine->totals.ports_down += down ? 1u : -1u;
	queue_port(engine, CHANGE_TOGGLE, port, decision);
}

/* Sets a port's dp_down from its flags, and queues the toggle if it changed. True when it queued anything. */
static bool
decide(struct engine *engine, uint32_t port, enum dp_cause cause, struct decision *decision)
{
	const uint8_t flags = engine->ports[port].flags;
	struct decision other;

	if (!engine->started)
		return false;
	bool want = flags & (PORT_OBSERVED | PORT_REPORTED);
	if (want == (bool)(flags & PORT_DOWN))
		return want && recast(engine, port, decision);
	if (want && !(flags & PORT_OBSERVED)) {
		other = reported_decision(decision);
		toggle(engine, port, true, CAUSE_REPORTED, &other);
	} else if (!want && decision->source == SOURCE_NONE) {
		other = healed_decision(engine, port, decision);
		toggle(engine, port, false, cause, &other);
	} else {
		toggle(engine, port, want, cause, decision);
	}
	return true;
}

/* ---- what its group says ---- */

static enum redundancy_kind
redundancy_of(const struct port_state *state, bool more_stranded)
{
	if (more_stranded)
		return REDUNDANCY_STRANDED;
	return state->flags & PORT_DEGRADED ? REDUNDANCY_DEGRADED : REDUNDANCY_RESTORED;
}

bool
engine_settle_port(struct engine *engine, uint32_t port, const struct group_state *before,
    const struct group_state *now, enum dp_cause cause, struct decision *decision)
{
	struct port_state *state = engine_port_for_change(engine, port);
	uint32_t total =
	    topo_group_get(engine->topo, topo_port_get(engine->topo, port)->group)->attachments.n;
	const uint8_t was = state->flags;
	bool moved = before && (before->up != now->up || before->stranded != now->stranded);

	/* Before the start nothing is told, and what is to be told then stays. */
	state->flags = (uint8_t)((was & ~(PORT_OBSERVED | (engine->started ? PORT_REWIRED : 0))) |
				 (now->down ? PORT_OBSERVED : 0));
	bool told = decide(engine, port, cause, decision);
	bool down = state->flags & PORT_DOWN;
	bool degraded = !down && now->up < total, stranded = !down && now->stranded > 0;
	state->flags = (uint8_t)((state->flags & ~(PORT_DEGRADED | PORT_STRANDED)) |
				 (degraded ? PORT_DEGRADED : 0) | (stranded ? PORT_STRANDED : 0));
	engine->totals.ports_degraded += (uint32_t)(degraded - (bool)(was & PORT_DEGRADED));
	if (engine->started && decision->quiet && !told && was & PORT_REWIRED)
		engine_queue_port(engine, port, decision);
	if (!engine->started || decision->quiet)
		return told;
	if (down || (((was ^ state->flags) & (PORT_DEGRADED | PORT_STRANDED)) == 0 &&
			(!moved || (was & PORT_DOWN)))) {
		/* A port that stays as it is has no news for anybody, but its hash tells its paths. */
		if (!told && ((down && moved) || was & PORT_REWIRED))
			engine_queue_port(engine, port, decision);
		return told;
	}
	struct queued *queued = queue_port(engine, CHANGE_REDUNDANCY, port, decision);
	queued->reason = (uint8_t)decision->reason;
	queued->redundancy = (uint8_t)redundancy_of(state,
	    stranded && (!(was & PORT_STRANDED) || (before && now->stranded > before->stranded)));
	return told;
}

bool
engine_port_is_settled(
    const struct port_state *port, const struct group_state *group, uint32_t total, bool started)
{
	const bool down = port->flags & PORT_DOWN;
	const uint8_t holds = port->cause == CAUSE_REPORTED ? PORT_REPORTED : PORT_OBSERVED;
	const uint8_t now = (uint8_t)((group->down ? PORT_OBSERVED : 0) |
				      (!down && group->up < total ? PORT_DEGRADED : 0) |
				      (!down && group->stranded > 0 ? PORT_STRANDED : 0));

	if ((port->flags & (PORT_OBSERVED | PORT_DEGRADED | PORT_STRANDED)) != now)
		return false;
	if (!started)
		return true;
	if ((bool)(port->flags & (PORT_OBSERVED | PORT_REPORTED)) != down)
		return false;
	return !down || port->flags & holds;
}

bool
engine_settle_reported(struct engine *engine, uint32_t port, struct decision *decision)
{
	const struct group_state *group = &engine->groups[topo_port_get(engine->topo, port)->group];

	return engine_settle_port(engine, port, NULL, group, CAUSE_REPORTED, decision);
}
