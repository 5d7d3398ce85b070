/*
 * Groups: ports that share their paths. An interface's change moves the reach; what moved names the groups to look at; a
 * group whose paths changed tells its ports. Work is in proportion to what hangs on the change.
 */
#include <stdlib.h>

#include "core/engine_state.h"

#define PREFETCH_MAX 32 /* more than a processor fetches at once */

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

/* The ports of a host are anywhere in memory: they are fetched together, not one after the other. */
static void
prefetch_ports(const struct engine *engine, struct topo_range ports)
{
	for (uint32_t i = 0; i < ports.n && i < PREFETCH_MAX; i++) {
		uint32_t port = topo_port_of_group(engine->topo, ports.first + i);
		__builtin_prefetch(&engine->ports[port], 1);
		__builtin_prefetch(topo_port_get(engine->topo, port));
	}
}

static void
settle_ports(struct engine *engine, uint32_t group, const struct group_state *before,
    enum dp_cause cause, struct decision *decision)
{
	struct topo_range ports = topo_group_get(engine->topo, group)->ports;

	prefetch_ports(engine, ports);
	for (uint32_t i = 0; i < ports.n; i++)
		engine_settle_port(engine, topo_port_of_group(engine->topo, ports.first + i),
		    before, &engine->groups[group], cause, decision);
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

static bool
may_decide_more(const struct engine *engine, size_t n_changes)
{
	return engine->n_queue - engine->head < n_changes;
}

/*
 * The groups of one interface from *at_group on, until so many changes wait. True when all were looked at; *at_group is 0
 * again then.
 */
static bool
settle_interface(struct engine *engine, uint32_t interface, uint32_t *at_group, enum dp_cause cause,
    struct decision *decision, size_t n_changes)
{
	struct topo_range groups = topo_interface_get(engine->topo, interface)->groups;

	for (; *at_group < groups.n; ++*at_group) {
		if (!may_decide_more(engine, n_changes))
			return false;
		settle_group(engine,
		    topo_group_of_interface(engine->topo, groups.first + *at_group), cause,
		    decision);
	}
	*at_group = 0;
	return true;
}

/* The same for all interfaces of a switch that lost every root, or found one. */
static bool
settle_switch(struct engine *engine, uint32_t sw, struct step_rest *rest, size_t n_changes)
{
	struct topo_range interfaces = topo_switch_get(engine->topo, sw)->interfaces;

	for (; rest->at_interface < interfaces.n; rest->at_interface++)
		if (!settle_interface(engine, interfaces.first + rest->at_interface,
			&rest->at_group, CAUSE_UPLINK, &rest->decision, n_changes))
			return false;
	rest->at_interface = 0;
	return true;
}

void
engine_step_on(struct engine *engine, size_t n_changes)
{
	struct step_rest *rest = &engine->rest;
	const uint32_t interface = rest->decision.interface;

	if (!rest->waits)
		return;
	for (; rest->at_switch < rest->switches->n; rest->at_switch++)
		if (!settle_switch(engine, rest->switches->items[rest->at_switch], rest, n_changes))
			return;
	rest->waits = false;
	if (interface_is_up(&engine->interfaces[interface]))
		engine_reblame(engine, interface, rest->switches, &rest->decision, REBLAME_SOON);
	fault_drop(engine, rest->decision.fault);
}

void
engine_step_end(struct engine *engine)
{
	engine_step_on(engine, SIZE_MAX);
}

void
engine_step(struct engine *engine, uint32_t interface, const struct decision *why)
{
	const struct index_list *interfaces, *switches;
	uint32_t at_group = 0;
	bool members = false;

	if (reach_update(engine->reach, interface, &interfaces, &switches) != 0)
		abort(); /* out of memory half-way: the verdicts would be wrong for ever */
	engine->step++;
	engine->rest = (struct step_rest){
		.waits = true,
		.decision = *why,
		.switches = switches,
	};
	struct decision *decision = &engine->rest.decision;
	for (size_t i = 0; i < interfaces->n; i++) {
		bool short_of_members = reach_members_short(engine->reach, interfaces->items[i]);
		members = members || short_of_members;
		decision->reason = short_of_members ? REASON_MEMBERS : why->reason;
		settle_interface(
		    engine, interfaces->items[i], &at_group, CAUSE_ACCESS, decision, SIZE_MAX);
	}
	decision->reason = members ? REASON_MEMBERS : why->reason;
	engine_step_on(engine, ENGINE_STEP_AT_ONCE);
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
	if (engine->started)
		engine_reblame_group(engine, group, &settling->search, &decision);
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
		settle_whole_group(engine, groups[i], decision, &settling);
	for (uint32_t i = 0; i < engine->n_interfaces; i++)
		fault_drop(engine, settling.faults[i]);
	blame_search_release(&settling.search);
	free(settling.faults);
}

void
engine_observe_group(struct engine *engine, uint32_t group)
{
	struct decision decision = { .interface = TOPO_NONE, .quiet = true };

	engine_count_paths(engine, group, &engine->groups[group]);
	settle_ports(engine, group, NULL, CAUSE_ACCESS, &decision);
}
