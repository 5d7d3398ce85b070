/*
 * design.md, "When is a port down", sentence by sentence.
 */
#include <string.h>

#include "network.h"

/* ---- words: "Which word to believe", 2 ---- */

static bool
is_up(const struct net_told *told)
{
	return told->link != TOLD_DOWN && told->protocol != TOLD_DOWN;
}

static const struct net_told *
told_of(const struct network *net, struct net_end end)
{
	return &net->told[end.sw][end.interface];
}

void
network_tell(struct network *net, struct net_end end, enum net_word word)
{
	struct net_told *told = &net->told[end.sw][end.interface];
	bool up =
	    word == NET_UP || word == NET_BARE_UP || word == NET_LINK_UP || word == NET_PROTOCOL_UP;

	net->now++;
	switch (word) {
	case NET_DOWN:
	case NET_LINK_DOWN:
		told->link = TOLD_DOWN;
		break;
	case NET_PROTOCOL_DOWN:
		told->protocol = TOLD_DOWN;
		told->protocol_in_this_boot = true;
		break;
	case NET_LINK_UP:
		told->link = TOLD_UP;
		break;
	case NET_UP:
		told->link = TOLD_UP;
		if (told->protocol != TOLD_NOTHING)
			told->protocol = TOLD_UP;
		break;
	case NET_PROTOCOL_UP:
		told->link = told->protocol = TOLD_UP;
		told->protocol_in_this_boot = true;
		break;
	case NET_BARE_UP:
		told->link = TOLD_UP;
		if (told->protocol != TOLD_NOTHING && !told->protocol_in_this_boot)
			told->protocol = TOLD_UP;
		break;
	case NET_WORDS:
		break;
	}
	if (up && is_up(told))
		told->up_at = net->now;
	if (!up)
		told->down_at = net->now;
}

void
network_boot(struct network *net, int sw)
{
	for (int i = 0; i < NET_INTERFACES; i++)
		net->told[sw][i].protocol_in_this_boot = false;
}

void
network_set_map(struct network *net, const struct net_map *map)
{
	net->map = *map;
	for (int sw = 0; sw < NET_SWITCHES; sw++)
		if (!map->switches[sw].there)
			memset(net->told[sw], 0, sizeof(net->told[sw]));
	for (unsigned port = 0; port < NET_PORTS; port++)
		if (map->port_group[port] == NET_NONE)
			net->reported[port] = false;
}

/* ---- "A member carries traffic when ... An aggregate carries traffic when ..." ---- */

static unsigned
members_up(const struct network *net, struct net_end aggregate)
{
	unsigned n = 0;

	for (int i = 0; i < NET_INTERFACES; i++) {
		const struct net_told *member = &net->told[aggregate.sw][i];
		if (net->map.switches[aggregate.sw].interfaces[i].aggregate != aggregate.interface)
			continue;
		n += is_up(member) || member->down_at < told_of(net, aggregate)->up_at;
	}
	return n;
}

bool
network_carries(const struct network *net, struct net_end end)
{
	int aggregate = net->map.switches[end.sw].interfaces[end.interface].aggregate;

	if (!is_up(told_of(net, end)))
		return false;
	if (net->map.switches[end.sw].interfaces[end.interface].n_members > 0)
		return members_up(net, end) >=
		       net->map.switches[end.sw].interfaces[end.interface].min_links;
	if (aggregate == NET_NONE)
		return true;
	return is_up(&net->told[end.sw][aggregate]) ||
	       net->map.switches[end.sw].interfaces[aggregate].fallback;
}

/* ---- "A switch reaches a root over links ..." ---- */

/* The map alone (`everything`), or as it is. */
static bool
link_works(const struct network *net, unsigned link, bool everything)
{
	return everything || (network_carries(net, net->map.links[link].a) &&
				 network_carries(net, net->map.links[link].b));
}

/* Where a link leads from here, or NET_NONE. */
static int
other_side(const struct network *net, unsigned link, int sw)
{
	if (net->map.links[link].a.sw == sw)
		return net->map.links[link].b.sw;
	return net->map.links[link].b.sw == sw ? net->map.links[link].a.sw : NET_NONE;
}

/* By itself: passing only through switches with transit. */
static bool
reaches_alone(const struct network *net, int sw, bool everything)
{
	bool seen[NET_SWITCHES] = { false };
	bool more = true;

	seen[sw] = true;
	while (more) {
		more = false;
		for (int from = 0; from < NET_SWITCHES; from++) {
			if (!seen[from] || (from != sw && !net->map.switches[from].transit))
				continue;
			for (unsigned link = 0; link < net->map.n_links; link++) {
				int to = other_side(net, link, from);
				if (to == NET_NONE || seen[to] ||
				    !link_works(net, link, everything))
					continue;
				seen[to] = more = true;
			}
		}
	}
	for (int i = 0; i < NET_SWITCHES; i++)
		if (seen[i] && net->map.switches[i].root)
			return true;
	return false;
}

/* "a peer link may be the last hop through a non-transit switch" */
static bool
reaches(const struct network *net, int sw, bool everything)
{
	if (reaches_alone(net, sw, everything))
		return true;
	for (unsigned link = 0; link < net->map.n_links; link++) {
		int to = other_side(net, link, sw);
		if (to != NET_NONE && net->map.links[link].peer &&
		    link_works(net, link, everything) && reaches_alone(net, to, everything))
			return true;
	}
	return false;
}

/* "With no root configured, every switch counts as reaching one; so does a switch that the map joins to no root" */
bool
network_reaches_root(const struct network *net, int sw)
{
	return !reaches(net, sw, true) || reaches(net, sw, false);
}

/* ---- "A port is down when ..." ---- */

struct net_verdict
network_verdict(const struct network *net, unsigned port)
{
	unsigned group = (unsigned)net->map.port_group[port];
	struct net_verdict verdict = { .total = net->map.groups[group].n_attachments };

	for (unsigned i = 0; i < verdict.total; i++) {
		struct net_end end = net->map.groups[group].attachments[i];
		if (!network_carries(net, end))
			continue;
		if (network_reaches_root(net, end.sw))
			verdict.up++;
		else
			verdict.stranded++;
	}
	verdict.down = net->reported[port] || (verdict.total > 0 && verdict.up == 0) ||
		       (net->map.groups[group].stranded_down && verdict.stranded > 0);
	return verdict;
}
