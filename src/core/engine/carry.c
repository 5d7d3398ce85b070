#include "core/carry.h"

/*
 * A member's down that is older than the aggregate's own up no longer counts: the switch would not have called the
 * aggregate up otherwise, so the member's linkUp was lost.
 */
bool
carry_member_lifted(
    const struct topo *topo, const struct interface_state *states, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(topo, interface);
	const struct interface_state *member = &states[interface];

	if (row->aggregate == TOPO_NONE || interface_is_up(member) ||
	    member->override != SPOKEN_NONE)
		return false;
	const struct interface_state *aggregate = &states[row->aggregate];
	return interface_is_up(aggregate) && aggregate->override == SPOKEN_NONE &&
	       aggregate->shown_order > member->shown_order;
}

static bool
enough_members(const struct topo *topo, const struct interface_state *states,
    const struct topo_interface *aggregate)
{
	uint32_t up = 0;

	for (uint32_t i = 0; i < aggregate->members.n; i++) {
		uint32_t member = topo_member(topo, aggregate->members.first + i);
		up += interface_is_up(&states[member]) || carry_member_lifted(topo, states, member);
	}
	return up >= aggregate->min_links;
}

bool
carry_now(const struct topo *topo, const struct interface_state *states, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(topo, interface);
	const struct interface_state *state = &states[interface];

	if (!interface_is_up(state))
		return false;
	if (row->members.n > 0)
		return state->override == SPOKEN_UP || enough_members(topo, states, row);
	if (row->aggregate == TOPO_NONE)
		return true;
	return interface_is_up(&states[row->aggregate]) ||
	       topo_interface_get(topo, row->aggregate)->fallback;
}
