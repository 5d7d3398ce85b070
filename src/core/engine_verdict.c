/*
 * Verdicts. An interface's change moves the reach; what moved names the groups to look at; a group whose paths changed
 * tells its ports. Work is in proportion to what hangs on the change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"
#include "util/timeutil.h"

/* ---- faults ---- */

struct fault *
fault_of(const char *text)
{
	size_t len = strlen(text);
	struct fault *fault = len > 0 ? malloc(sizeof(*fault) + len + 1) : NULL;

	if (!fault)
		return NULL;
	fault->refs = 1;
	memcpy(fault->text, text, len + 1);
	return fault;
}

struct fault *
fault_hold(struct fault *fault)
{
	if (fault)
		fault->refs++;
	return fault;
}

void
fault_drop(struct fault *fault)
{
	if (fault && --fault->refs == 0)
		free(fault);
}

static struct fault *
fault_of_interface(const struct engine *engine, uint32_t interface)
{
	char text[FAULT_TEXT_MAX], since[TIMEUTIL_TEXT];
	uint32_t sw = engine_interface_switch(engine, interface);

	timeutil_format(engine->interfaces[interface].since_us, since);
	snprintf(text, sizeof(text), "%s:%s@%s",
	    topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name),
	    engine_interface_name(engine, interface), since);
	return fault_of(text);
}

/* ---- who is to blame, when no single event is ---- */

/* Of two interfaces, the one that changed last. */
static uint32_t
later(const struct engine *engine, uint32_t a, uint32_t b)
{
	if (a == TOPO_NONE)
		return b;
	return b != TOPO_NONE && engine->interfaces[b].changed_ns > engine->interfaces[a].changed_ns
		   ? b
		   : a;
}

static uint32_t
down_or_none(const struct engine *engine, uint32_t interface)
{
	return interface_is_up(&engine->interfaces[interface]) ? TOPO_NONE : interface;
}

/* The interface whose word keeps this one from carrying traffic: itself, its aggregate, or the last member that fell. */
static uint32_t
culprit_of_interface(const struct engine *engine, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);
	uint32_t culprit = down_or_none(engine, interface);

	if (culprit == TOPO_NONE && row->aggregate != TOPO_NONE)
		culprit = down_or_none(engine, row->aggregate);
	for (uint32_t i = 0; culprit == TOPO_NONE && i < row->members.n; i++)
		culprit = later(engine, culprit,
		    down_or_none(engine, topo_member(engine->topo, row->members.first + i)));
	return culprit;
}

/* The last link end that fell at a switch, on either side of its links. */
static uint32_t
culprit_of_switch(const struct engine *engine, uint32_t sw)
{
	struct topo_range interfaces = topo_switch_get(engine->topo, sw)->interfaces;
	uint32_t culprit = TOPO_NONE;

	for (uint32_t i = 0; i < interfaces.n; i++) {
		struct topo_range links =
		    topo_interface_get(engine->topo, interfaces.first + i)->links;
		for (uint32_t l = 0; l < links.n; l++) {
			const struct topo_link *link = topo_link_get(
			    engine->topo, topo_link_of_interface(engine->topo, links.first + l));
			culprit = later(engine, culprit, culprit_of_interface(engine, link->a));
			culprit = later(engine, culprit, culprit_of_interface(engine, link->b));
		}
	}
	return culprit;
}

static uint32_t
culprit_of_group(const struct engine *engine, uint32_t group, enum dp_cause *ret_cause)
{
	const struct topo_group *row = topo_group_get(engine->topo, group);
	uint32_t culprit = TOPO_NONE;

	*ret_cause = CAUSE_ACCESS;
	for (uint32_t i = 0; i < row->attachments.n; i++) {
		uint32_t interface = topo_attachment(engine->topo, row->attachments.first + i);
		uint32_t sw = topo_interface_get(engine->topo, interface)->sw;
		bool stranded = reach_carries(engine->reach, interface);
		uint32_t found = stranded ? culprit_of_switch(engine, sw)
					  : culprit_of_interface(engine, interface);
		if (stranded && reach_switch(engine->reach, sw))
			continue;
		culprit = later(engine, culprit, found);
		if (culprit == found)
			*ret_cause = stranded ? CAUSE_UPLINK : CAUSE_ACCESS;
	}
	return culprit;
}

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
	queued->interface = decision->interface;
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

/* The port's fault: this step's while going down, kept while coming up, so that both toggles carry the same text. */
static void
set_fault(struct engine *engine, struct port_state *state, struct decision *decision)
{
	if (state->cause == CAUSE_REPORTED || decision->interface == TOPO_NONE) {
		fault_drop(state->fault);
		state->fault = NULL;
		return;
	}
	if (!decision->fault)
		decision->fault = fault_of_interface(engine, decision->interface);
	struct fault *old = state->fault;
	state->fault = fault_hold(decision->fault);
	fault_drop(old);
}

/*
 * A port that stays down because one of its two causes is left when the other goes: what was observed, or what was
 * reported. No toggle, but its hash names the cause that holds.
 */
static void
recast(struct engine *engine, uint32_t port, const struct decision *why)
{
	struct port_state *state = &engine->ports[port];
	struct decision decision = *why;
	enum dp_cause cause = CAUSE_REPORTED;

	if (state->cause == CAUSE_REPORTED ? state->flags & PORT_REPORTED
					   : state->flags & PORT_OBSERVED)
		return;
	decision.fault = NULL;
	decision.interface = TOPO_NONE;
	decision.reason = REASON_REPORTED;
	if (state->cause == CAUSE_REPORTED) {
		decision.interface =
		    culprit_of_group(engine, topo_port_get(engine->topo, port)->group, &cause);
		decision.reason =
		    decision.interface == TOPO_NONE
			? REASON_TOPOLOGY
			: (enum link_reason)engine->interfaces[decision.interface].reason;
	}
	state->cause = (uint8_t)cause;
	state->reason = (uint8_t)decision.reason;
	state->interface = decision.interface;
	set_fault(engine, state, &decision);
	fault_drop(decision.fault);
	queue_port(engine, CHANGE_PORT, port, &decision);
}

void
engine_port_decide(
    struct engine *engine, uint32_t port, enum dp_cause cause, struct decision *decision)
{
	struct port_state *state = &engine->ports[port];
	bool want = state->flags & (PORT_OBSERVED | PORT_REPORTED);

	if (!engine->started)
		return;
	if (want == (bool)(state->flags & PORT_DOWN)) {
		if (want)
			recast(engine, port, decision);
		return;
	}
	state->flags ^= PORT_DOWN;
	state->since_us = decision->occurred_us;
	state->interface = decision->interface;
	if (want) {
		state->cause = (uint8_t)cause;
		state->reason = (uint8_t)decision->reason;
		set_fault(engine, state, decision);
		engine->totals.ports_down++;
	} else {
		state->reason = (uint8_t)decision->healed;
		engine->totals.ports_down--;
	}
	queue_port(engine, CHANGE_TOGGLE, port, decision);
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

/* `before` is NULL where the paths before are not known, or were those of another map. */
static void
settle_port(struct engine *engine, uint32_t port, const struct group_state *before,
    const struct group_state *now, enum dp_cause cause, struct decision *decision)
{
	struct port_state *state = &engine->ports[port];
	uint32_t total =
	    topo_group_get(engine->topo, topo_port_get(engine->topo, port)->group)->attachments.n;
	const uint8_t was = state->flags;

	state->flags = (uint8_t)((was & ~PORT_OBSERVED) | (now->down ? PORT_OBSERVED : 0));
	engine_port_decide(engine, port, cause, decision);
	bool down = state->flags & PORT_DOWN;
	bool degraded = !down && now->up < total, stranded = !down && now->stranded > 0;
	state->flags = (uint8_t)((state->flags & ~(PORT_DEGRADED | PORT_STRANDED)) |
				 (degraded ? PORT_DEGRADED : 0) | (stranded ? PORT_STRANDED : 0));
	engine->totals.ports_degraded += (uint32_t)(degraded - (bool)(was & PORT_DEGRADED));
	if (!engine->started || down || decision->quiet)
		return;
	bool moved = before && !(was & PORT_DOWN) &&
		     (before->up != now->up || before->stranded != now->stranded);
	if (!moved && ((was ^ state->flags) & (PORT_DEGRADED | PORT_STRANDED)) == 0)
		return;
	struct queued *queued = queue_port(engine, CHANGE_REDUNDANCY, port, decision);
	queued->reason = (uint8_t)decision->reason;
	queued->redundancy = (uint8_t)redundancy_of(state,
	    stranded && (!(was & PORT_STRANDED) || (before && now->stranded > before->stranded)));
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

static void
settle_group(struct engine *engine, uint32_t group, enum dp_cause cause, struct decision *decision)
{
	struct group_state *state = &engine->groups[group];

	if (state->seen == engine->step)
		return;
	state->seen = engine->step;
	const struct group_state before = *state;
	engine_count_paths(engine, group, state);
	if (state->up != before.up || state->stranded != before.stranded ||
	    state->down != before.down)
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

static void
refine_ports_at(struct engine *engine, uint32_t interface, const struct decision *decision)
{
	struct topo_range groups = topo_interface_get(engine->topo, interface)->groups;

	for (uint32_t i = 0; i < groups.n; i++) {
		const struct topo_group *group = topo_group_get(
		    engine->topo, topo_group_of_interface(engine->topo, groups.first + i));
		for (uint32_t p = 0; p < group->ports.n; p++) {
			uint32_t port = topo_port_of_group(engine->topo, group->ports.first + p);
			struct port_state *state = &engine->ports[port];
			if (!(state->flags & PORT_DOWN) ||
			    state->interface != decision->interface ||
			    state->reason != REASON_LINK_DOWN)
				continue;
			state->reason = (uint8_t)decision->reason;
			queue_port(engine, CHANGE_REDUNDANCY, port, decision)->redundancy =
			    REDUNDANCY_REFINED;
		}
	}
}

void
engine_refine(struct engine *engine, uint32_t interface, const struct decision *decision)
{
	refine_ports_at(engine, interface, decision);
	if (topo_interface_get(engine->topo, interface)->links.n == 0)
		return;
	/* An uplink: the ports that it took down are behind switches that reach no root. */
	for (uint32_t sw = 0; sw < topo_n_switches(engine->topo); sw++) {
		struct topo_range interfaces = topo_switch_get(engine->topo, sw)->interfaces;
		for (uint32_t i = 0; i < interfaces.n && !reach_switch(engine->reach, sw); i++)
			refine_ports_at(engine, interfaces.first + i, decision);
	}
}

/* ---- everything at once ---- */

static void
settle_whole_group(
    struct engine *engine, uint32_t group, const struct decision *why, struct fault **faults)
{
	struct decision decision = *why;
	enum dp_cause cause = CAUSE_ACCESS;

	engine_count_paths(engine, group, &engine->groups[group]);
	if (engine->groups[group].down) {
		decision.interface = culprit_of_group(engine, group, &cause);
		decision.reason = REASON_TOPOLOGY;
	}
	if (decision.interface != TOPO_NONE) {
		const struct interface_state *state = &engine->interfaces[decision.interface];
		decision.reason = (enum link_reason)state->reason;
		decision.received_us = state->since_us;
		if (decision.source == SOURCE_NONE)
			decision.source = (enum link_source)state->source;
		decision.fault = faults[decision.interface];
	}
	settle_ports(engine, group, NULL, cause, &decision);
	if (decision.interface != TOPO_NONE)
		faults[decision.interface] = decision.fault;
	else
		fault_drop(decision.fault);
}

void
engine_settle_all(struct engine *engine, const struct decision *decision)
{
	uint32_t n_groups = topo_n_groups(engine->topo);
	struct fault **faults = calloc(engine->n_interfaces + 1, sizeof(*faults));

	if (!faults)
		abort();
	engine->step++;
	for (uint32_t group = 0; group < n_groups; group++)
		settle_whole_group(engine, group, decision, faults);
	for (uint32_t i = 0; i < engine->n_interfaces; i++)
		fault_drop(faults[i]);
	free(faults);
}
