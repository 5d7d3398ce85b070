/*
 * Verdicts. An interface's change moves the reach; what moved names the groups to look at; a group whose paths changed
 * tells its ports. Work is in proportion to what hangs on the change.
 */
#include <stdlib.h>

#include "core/engine_state.h"

/* ---- ports ---- */

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
	queue_port(engine, CHANGE_PORT, port, decision);
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
 * reported. No toggle, but its hash names the cause that holds.
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
	set_fault(engine, state, &decision);
	fault_drop(engine, decision.fault);
	queue_port(engine, CHANGE_PORT, port, &decision);
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

/* ---- groups ---- */

void
engine_count_paths(const struct engine *engine, uint32_t group, struct group_state *ret_state)
{
	const struct topo_group *row = topo_group_get(engine->topo, group);
	uint32_t up = 0, stranded = 0;

	for (uint32_t i = 0; i < row->attachments.n; i++) {
		uint32_t interface = topo_attachment(engine->topo, row->attachments.first + i);
		if (!reach_carries(engine->reach, interface))
			continue;
		if (reach_switch(engine->reach, topo_interface_get(engine->topo, interface)->sw))
			up++;
		else
			stranded++;
	}
	ret_state->up = up;
	ret_state->stranded = stranded;
	ret_state->down =
	    row->attachments.n > 0 && (up == 0 || (row->stranded_down && stranded > 0));
}

static enum redundancy_kind
redundancy_of(const struct port_state *state, bool more_stranded)
{
	if (more_stranded)
		return REDUNDANCY_STRANDED;
	return state->flags & PORT_DEGRADED ? REDUNDANCY_DEGRADED : REDUNDANCY_RESTORED;
}

/*
 * `before` is NULL where the paths before are not known, or were those of another map. False where the port's hash has not
 * been queued.
 */
static bool
settle_port(struct engine *engine, uint32_t port, const struct group_state *before,
    const struct group_state *now, enum dp_cause cause, struct decision *decision)
{
	struct port_state *state = engine_port_for_change(engine, port);
	uint32_t total =
	    topo_group_get(engine->topo, topo_port_get(engine->topo, port)->group)->attachments.n;
	const uint8_t was = state->flags;
	bool moved = before && (before->up != now->up || before->stranded != now->stranded);

	state->flags = (uint8_t)((was & ~PORT_OBSERVED) | (now->down ? PORT_OBSERVED : 0));
	bool told = decide(engine, port, cause, decision);
	bool down = state->flags & PORT_DOWN;
	bool degraded = !down && now->up < total, stranded = !down && now->stranded > 0;
	state->flags = (uint8_t)((state->flags & ~(PORT_DEGRADED | PORT_STRANDED)) |
				 (degraded ? PORT_DEGRADED : 0) | (stranded ? PORT_STRANDED : 0));
	engine->totals.ports_degraded += (uint32_t)(degraded - (bool)(was & PORT_DEGRADED));
	if (!engine->started || decision->quiet)
		return told;
	/* A port that stays down has no news for anybody, but its hash tells its paths. */
	if (down && moved && !told)
		engine_queue_port(engine, port, decision);
	if (down || (((was ^ state->flags) & (PORT_DEGRADED | PORT_STRANDED)) == 0 &&
			(!moved || (was & PORT_DOWN))))
		return told;
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

	return settle_port(engine, port, NULL, group, CAUSE_REPORTED, decision);
}

static void
settle_ports(struct engine *engine, uint32_t group, const struct group_state *before,
    enum dp_cause cause, struct decision *decision)
{
	struct topo_range ports = topo_group_get(engine->topo, group)->ports;

	for (uint32_t i = 0; i < ports.n; i++)
		settle_port(engine, topo_port_of_group(engine->topo, ports.first + i), before,
		    &engine->groups[group], cause, decision);
}

/*
 * With stranded: "down", an interface that comes up can take a port down (behind a switch that reaches no root), and one
 * that goes down can heal it (its path is no longer one that traffic is sent into).
 */
static bool
turned_by_stranding(
    const struct engine *engine, const struct group_state *now, const struct decision *decision)
{
	return decision->interface != TOPO_NONE &&
	       interface_is_up(&engine->interfaces[decision->interface]) == now->down;
}

/* Not who came up is to blame, but who broke what is behind it; and what heals by going down says why it went. */
static void
settle_stranded(struct engine *engine, uint32_t group, const struct group_state *before,
    enum dp_cause cause, const struct decision *why)
{
	struct decision decision = *why;

	decision.fault = NULL;
	decision.healed = why->reason;
	if (engine->groups[group].down) {
		struct blame_search search;
		blame_search_init(&search, engine);
		struct blame blame = blame_of_group(&search, group);
		blame_search_release(&search);
		decision.interface = blame.interface;
		decision.reason = blame.reason;
		decision.incident = NULL;
		cause = blame.cause;
	}
	settle_ports(engine, group, before, cause, &decision);
	fault_drop(engine, decision.fault);
}

static void
settle_group(struct engine *engine, uint32_t group, enum dp_cause cause, struct decision *decision)
{
	struct group_state *state = &engine->groups[group];

	if (state->seen == engine->step)
		return;
	state->seen = engine->step;
	const struct group_state before = *state;
	engine_count_paths(engine, group, state);
	if (state->up == before.up && state->stranded == before.stranded &&
	    state->down == before.down)
		return;
	if (state->down != before.down && turned_by_stranding(engine, state, decision))
		settle_stranded(engine, group, &before, cause, decision);
	else
		settle_ports(engine, group, &before, cause, decision);
}

static void
settle_interface(
    struct engine *engine, uint32_t interface, enum dp_cause cause, struct decision *decision)
{
	struct topo_range groups = topo_interface_get(engine->topo, interface)->groups;

	for (uint32_t i = 0; i < groups.n; i++)
		settle_group(engine, topo_group_of_interface(engine->topo, groups.first + i), cause,
		    decision);
}

static void
settle_switch(struct engine *engine, uint32_t sw, struct decision *decision)
{
	struct topo_range interfaces = topo_switch_get(engine->topo, sw)->interfaces;

	for (uint32_t i = 0; i < interfaces.n; i++)
		settle_interface(engine, interfaces.first + i, CAUSE_UPLINK, decision);
}

/* An aggregate that fell because too few of its members are left, not by its own word. */
static bool
fell_by_members(const struct engine *engine, uint32_t interface, const struct decision *decision)
{
	return interface != decision->interface && reach_members_short(engine->reach, interface);
}

void
engine_step(struct engine *engine, uint32_t interface, struct decision *decision)
{
	const struct index_list *interfaces, *switches;
	const enum link_reason own_reason = decision->reason;
	bool members = false;

	if (reach_update(engine->reach, interface, &interfaces, &switches) != 0)
		abort(); /* out of memory half-way: the verdicts would be wrong for ever */
	engine->step++;
	for (size_t i = 0; i < interfaces->n; i++) {
		bool short_of_members = fell_by_members(engine, interfaces->items[i], decision);
		members = members || short_of_members;
		decision->reason = short_of_members ? REASON_MEMBERS : own_reason;
		settle_interface(engine, interfaces->items[i], CAUSE_ACCESS, decision);
	}
	decision->reason = members ? REASON_MEMBERS : own_reason;
	for (size_t i = 0; i < switches->n; i++)
		settle_switch(engine, switches->items[i], decision);
	decision->reason = own_reason;
}

/* ---- a better reason, without a toggle ---- */

/* What was held down for flapping, and is released while it is down, is down for its own reason from then on. */
static bool
may_be_refined(enum link_reason reason)
{
	return reason == REASON_LINK_DOWN || reason == REASON_FLAPPING;
}

static void
refine_ports_at(struct engine *engine, uint32_t interface, const struct decision *decision)
{
	struct topo_range groups = topo_interface_get(engine->topo, interface)->groups;

	for (uint32_t i = 0; i < groups.n; i++) {
		const struct topo_group *group = topo_group_get(
		    engine->topo, topo_group_of_interface(engine->topo, groups.first + i));
		for (uint32_t p = 0; p < group->ports.n; p++) {
			uint32_t port = topo_port_of_group(engine->topo, group->ports.first + p);
			const struct port_state *state = &engine->ports[port];
			if (!(state->flags & PORT_DOWN) ||
			    state->interface != decision->interface ||
			    !may_be_refined((enum link_reason)state->reason))
				continue;
			engine_port_for_change(engine, port)->reason = (uint8_t)decision->reason;
			queue_port(engine, CHANGE_REDUNDANCY, port, decision)->redundancy =
			    REDUNDANCY_REFINED;
		}
	}
}

/* Whether it, or an aggregate or member that it decides over, is the end of a link. */
static bool
is_link_end(const struct engine *engine, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);
	bool is =
	    row->links.n > 0 || (row->aggregate != TOPO_NONE &&
				    topo_interface_get(engine->topo, row->aggregate)->links.n > 0);

	for (uint32_t i = 0; i < row->members.n; i++)
		is = is || topo_interface_get(
			       engine->topo, topo_member(engine->topo, row->members.first + i))
				   ->links.n > 0;
	return is;
}

void
engine_refine(struct engine *engine, uint32_t interface, const struct decision *decision)
{
	struct topo_range members = topo_interface_get(engine->topo, interface)->members;

	refine_ports_at(engine, interface, decision);
	for (uint32_t i = 0; i < members.n; i++)
		refine_ports_at(engine, topo_member(engine->topo, members.first + i), decision);
	if (!is_link_end(engine, interface))
		return;
	/* An uplink: the ports that it took down are behind switches that reach no root. */
	for (uint32_t sw = 0; sw < topo_n_switches(engine->topo); sw++) {
		struct topo_range interfaces = topo_switch_get(engine->topo, sw)->interfaces;
		for (uint32_t i = 0; i < interfaces.n && !reach_switch(engine->reach, sw); i++)
			refine_ports_at(engine, interfaces.first + i, decision);
	}
}

/* ---- everything at once ---- */

/* What is found out once for all groups. */
struct settling {
	struct blame_search search;
	struct fault **faults; /* per interface */
};

static void
settle_whole_group(
    struct engine *engine, uint32_t group, const struct decision *why, struct settling *settling)
{
	struct decision decision = *why;
	struct blame blame = { TOPO_NONE, CAUSE_ACCESS, decision.reason };

	engine_count_paths(engine, group, &engine->groups[group]);
	if (engine->started && engine->groups[group].down)
		blame = blame_of_group(&settling->search, group);
	decision.interface = blame.interface;
	decision.reason = blame.reason;
	if (blame.interface != TOPO_NONE) {
		const struct interface_state *state = &engine->interfaces[blame.interface];
		decision.received_us = state->since_us;
		if (decision.source == SOURCE_NONE)
			decision.source = (enum link_source)state->source;
		decision.fault = settling->faults[blame.interface];
	}
	settle_ports(engine, group, NULL, blame.cause, &decision);
	if (blame.interface != TOPO_NONE)
		settling->faults[blame.interface] = decision.fault;
}

void
engine_settle_groups(struct engine *engine, const uint32_t *groups, uint32_t n_groups,
    const struct decision *decision)
{
	if (n_groups == 0)
		return;
	struct settling settling = { .faults = calloc(
					 engine->n_interfaces + 1, sizeof(*settling.faults)) };

	if (!settling.faults)
		abort();
	blame_search_init(&settling.search, engine);
	engine->step++;
	for (uint32_t i = 0; i < n_groups; i++)
		settle_whole_group(engine, groups ? groups[i] : i, decision, &settling);
	for (uint32_t i = 0; i < engine->n_interfaces; i++)
		fault_drop(engine, settling.faults[i]);
	blame_search_release(&settling.search);
	free(settling.faults);
}

void
engine_settle_all(struct engine *engine, const struct decision *decision)
{
	engine_settle_groups(engine, NULL, topo_n_groups(engine->topo), decision);
}
