/*
 * What is told of a port that stays down while that changes: the reason of the failure that is to blame, and which failure that
 * is. The one that decided the toggle is to blame as long as it is there and keeps a path down; after that the last of those
 * that do. Never a toggle; the port's hash and the redundancy stream hear of it.
 */
#include "core/engine_state.h"

/* ---- another reason ---- */

/*
 * A port has the reason that its interface had, or a plainer one. What was held down for flapping, and is released while it is
 * down, is down for its own reason from then on. One that lost too many members keeps saying so.
 */
static bool
may_be_refined(enum link_reason reason, enum link_reason was)
{
	return reason == was || reason == REASON_LINK_DOWN || reason == REASON_FLAPPING;
}

static void
refine_ports_at(struct engine *engine, uint32_t interface, enum link_reason was,
    const struct decision *decision)
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
			    !may_be_refined((enum link_reason)state->reason, was))
				continue;
			engine_port_for_change(engine, port)->reason = (uint8_t)decision->reason;
			engine_queue_redundancy(engine, port, decision, REDUNDANCY_REFINED);
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
engine_refine(struct engine *engine, uint32_t interface, enum link_reason was,
    const struct decision *decision)
{
	struct topo_range members = topo_interface_get(engine->topo, interface)->members;

	refine_ports_at(engine, interface, was, decision);
	for (uint32_t i = 0; i < members.n; i++)
		refine_ports_at(
		    engine, topo_member(engine->topo, members.first + i), was, decision);
	if (!is_link_end(engine, interface))
		return;
	/* An uplink: the ports that it took down are behind switches that reach no root. */
	for (uint32_t sw = 0; sw < topo_n_switches(engine->topo); sw++) {
		struct topo_range interfaces = topo_switch_get(engine->topo, sw)->interfaces;
		for (uint32_t i = 0; i < interfaces.n && !reach_switch(engine->reach, sw); i++)
			refine_ports_at(engine, interfaces.first + i, was, decision);
	}
}

/* ---- another failure ---- */

/*
 * Whether its end of a link carries again and the other end does not. They go together: what would be told now would be taken
 * back in a moment, for every port behind it.
 */
static bool
waits_for_far_end(const struct engine *engine, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);
	uint32_t end =
	    row->links.n == 0 && row->aggregate != TOPO_NONE ? row->aggregate : interface;
	struct topo_range links = topo_interface_get(engine->topo, end)->links;

	for (uint32_t i = 0; reach_carries(engine->reach, end) && i < links.n; i++) {
		const struct topo_link *link = topo_link_get(
		    engine->topo, topo_link_of_interface(engine->topo, links.first + i));
		if (!reach_carries(engine->reach, link->a == end ? link->b : link->a))
			return true;
	}
	return false;
}

/* Whether the failure that a port names still keeps a path down. What was reported down names none. */
static bool
blame_holds(struct blame_search *search, const struct port_state *port, uint32_t group,
    enum reblame_mode mode, bool reach_moved)
{
	const struct engine *engine = search->engine;

	if (!(port->flags & PORT_DOWN) || !(port->flags & PORT_OBSERVED) ||
	    port->cause == CAUSE_REPORTED)
		return true;
	if (port->interface == TOPO_NONE)
		return false;
	const bool is_up = interface_is_up(&engine->interfaces[port->interface]);
	const bool is_mapped = port->interface < topo_n_interfaces(engine->topo);
	if (mode != REBLAME_NOW && port->cause == CAUSE_UPLINK && is_up && is_mapped &&
	    waits_for_far_end(engine, port->interface))
		return true;
	/* As long as no switch is reached that was not, a cut remains one. */
	if (mode == REBLAME_START ||
	    (port->cause == CAUSE_UPLINK && is_mapped && !is_up && !reach_moved))
		return !is_up;
	return is_mapped && blame_is_of_group(search, group, port->interface);
}

void
engine_note_blame(struct engine *engine, const struct port_state *port)
{
	if (port->flags & PORT_DOWN && port->cause == CAUSE_UPLINK && port->interface != TOPO_NONE)
		engine->interfaces[port->interface].is_blamed = true;
}

bool
engine_blame_is_over(const struct engine *engine, const struct port_state *port)
{
	return port->flags & PORT_DOWN && port->cause != CAUSE_REPORTED &&
	       port->interface != TOPO_NONE &&
	       interface_is_up(&engine->interfaces[port->interface]);
}

/* Whether it is, or its aggregate or one of its members; with REBLAME_NOW not any more then. */
static bool
take_blame(struct engine *engine, uint32_t interface, enum reblame_mode mode)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);
	bool is_blamed = false;

	for (uint32_t i = 0; i < row->members.n + 2; i++) {
		const uint32_t at = i == 0   ? interface
				    : i == 1 ? row->aggregate
					     : topo_member(engine->topo, row->members.first + i - 2);
		if (at == TOPO_NONE)
			continue;
		is_blamed = is_blamed || engine->interfaces[at].is_blamed;
		if (mode == REBLAME_NOW && interface_is_up(&engine->interfaces[at]))
			engine->interfaces[at].is_blamed = false;
	}
	return is_blamed;
}

/* Its fault stays: that is the failure that took it down, and its recovery will carry the same. */
static void
blame_port(
    struct engine *engine, uint32_t port, const struct blame *blame, const struct decision *why)
{
	struct port_state *state = engine_port_for_change(engine, port);
	struct decision decision = *why;

	state->cause = (uint8_t)blame->cause;
	state->reason = (uint8_t)blame->reason;
	state->interface = decision.interface = blame->interface;
	engine_note_blame(engine, state);
	engine_queue_port(engine, port, &decision);
	if (!why->quiet)
		engine_queue_redundancy(engine, port, &decision, REDUNDANCY_REFINED);
}

static void
reblame_group(struct engine *engine, uint32_t group, struct blame_search *search,
    const struct decision *why, enum reblame_mode mode, bool reach_moved)
{
	struct topo_range ports = topo_group_get(engine->topo, group)->ports;
	struct blame blame = { .cause = CAUSE_NONE };

	if (!engine->groups[group].down)
		return;
	for (uint32_t i = 0; i < ports.n; i++) {
		uint32_t port = topo_port_of_group(engine->topo, ports.first + i);
		if (blame_holds(search, &engine->ports[port], group, mode, reach_moved))
			continue;
		if (blame.cause == CAUSE_NONE)
			blame = blame_of_group(search, group);
		if (blame.interface != engine->ports[port].interface)
			blame_port(engine, port, &blame, why);
	}
}

void
engine_reblame_group(
    struct engine *engine, uint32_t group, struct blame_search *search, const struct decision *why)
{
	reblame_group(engine, group, search, why, REBLAME_START, true);
}

/* Looked for only where something is down. */
struct reblaming {
	struct engine *engine;
	const struct decision *why;
	enum reblame_mode mode;
	bool reach_moved;
	struct blame_search search;
	bool searching;
};

static void
reblame_at(struct reblaming *reblaming, uint32_t interface)
{
	struct engine *engine = reblaming->engine;
	struct topo_range groups = topo_interface_get(engine->topo, interface)->groups;

	for (uint32_t i = 0; i < groups.n; i++) {
		uint32_t group = topo_group_of_interface(engine->topo, groups.first + i);
		if (!engine->groups[group].down)
			continue;
		if (!reblaming->searching)
			blame_search_init(&reblaming->search, engine);
		reblaming->searching = true;
		reblame_group(engine, group, &reblaming->search, reblaming->why, reblaming->mode,
		    reblaming->reach_moved);
	}
}

static void
reblame_switch(struct reblaming *reblaming, uint32_t sw)
{
	struct topo_range interfaces = topo_switch_get(reblaming->engine->topo, sw)->interfaces;

	for (uint32_t i = 0; i < interfaces.n; i++)
		reblame_at(reblaming, interfaces.first + i);
}

void
engine_reblame(struct engine *engine, uint32_t interface, const struct index_list *switches,
    const struct decision *why, enum reblame_mode mode)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);
	struct reblaming reblaming = {
		.engine = engine,
		.why = why,
		.mode = mode,
		.reach_moved = switches && switches->n > 0,
	};

	if (!engine->started || engine->totals.ports_down == 0)
		return;
	reblame_at(&reblaming, interface);
	if (row->aggregate != TOPO_NONE)
		reblame_at(&reblaming, row->aggregate);
	for (uint32_t i = 0; i < row->members.n; i++)
		reblame_at(&reblaming, topo_member(engine->topo, row->members.first + i));
	for (size_t i = 0; switches && i < switches->n; i++)
		reblame_switch(&reblaming, switches->items[i]);
	/* What is still cut off may be so for another reason now. */
	const uint32_t n_switches =
	    take_blame(engine, interface, mode) ? topo_n_switches(engine->topo) : 0;
	for (uint32_t sw = 0; sw < n_switches; sw++)
		if (!reach_switch(engine->reach, sw))
			reblame_switch(&reblaming, sw);
	if (reblaming.searching)
		blame_search_release(&reblaming.search);
}
