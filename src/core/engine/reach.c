/*
 * Reachability is a forest that hangs from the roots: parent[s] is the link over which switch s was reached. A link that
 * dies matters only if it is somebody's parent; then what hung from that switch is taken off, and hung up again wherever a
 * neighbour outside still reaches a root. So the cost is that of the part that may have changed, not that of the map.
 */
#include "core/reach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/carry.h"

#define PARENT_NONE UINT32_MAX       /* not reached */
#define PARENT_ROOT (UINT32_MAX - 1) /* a root itself */

/* One end of a link, seen from the other end's switch. */
struct edge {
	uint32_t link, other;
};

/* What reach_step() does next. */
enum making { MAKING_EDGES, MAKING_JOINED, MAKING_CARRIES, MAKING_LINKS, MAKING_DONE };

struct reach {
	const struct topo *topo;
	const struct interface_state *states;
	uint8_t *carries;  /* per interface */
	uint8_t *link_up;  /* per link: both ends carry */
	uint32_t *parent;  /* per switch */
	uint8_t *via_peer; /* per switch: reached over a peer link */
	uint8_t *joined;   /* per switch: reached when everything is up */
	uint8_t *
	    before; /* per switch: what reach_switch() said before the step; only read for those in `touched` */
	uint8_t *mark;   /* per switch: in `touched` */
	uint32_t *first; /* per switch, and one more: where its edges begin */
	struct edge *edges;
	struct index_list interfaces, switches, touched, work, cut;
	enum making making;
	uint32_t made; /* rows of MAKING_CARRIES that are done */
	bool no_memory;
};

static void
list_add(struct reach *reach, struct index_list *list, uint32_t item)
{
	if (index_list_add(list, item) != 0)
		reach->no_memory = true;
}

/* ---- which interfaces carry traffic ---- */

bool
reach_member_lifted(const struct reach *reach, uint32_t interface)
{
	return carry_member_lifted(reach->topo, reach->states, interface);
}

bool
reach_carries(const struct reach *reach, uint32_t interface)
{
	return reach->carries[interface];
}

bool
reach_members_short(const struct reach *reach, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(reach->topo, interface);

	return row->members.n > 0 && !reach->carries[interface] &&
	       interface_is_up(&reach->states[interface]);
}

/* ---- which switches reach a root ---- */

static uint32_t
end_switch(const struct reach *reach, uint32_t interface)
{
	return topo_interface_get(reach->topo, interface)->sw;
}

/* The search may go on from here. */
static bool
expands(const struct reach *reach, uint32_t sw)
{
	const struct topo_switch *row = topo_switch_get(reach->topo, sw);

	return reach->parent[sw] != PARENT_NONE && (row->root || row->transit);
}

bool
reach_joined(const struct reach *reach, uint32_t sw)
{
	return reach->joined[sw];
}

bool
reach_switch(const struct reach *reach, uint32_t sw)
{
	return !reach->joined[sw] || reach->parent[sw] != PARENT_NONE || reach->via_peer[sw];
}

/* Remembers what was said of a switch before this step, once. */
static void
touch(struct reach *reach, uint32_t sw)
{
	if (reach->mark[sw])
		return;
	reach->mark[sw] = 1;
	reach->before[sw] = reach_switch(reach, sw);
	list_add(reach, &reach->touched, sw);
}

static void
hang(struct reach *reach, uint32_t sw, uint32_t link)
{
	touch(reach, sw);
	reach->parent[sw] = link;
	list_add(reach, &reach->work, sw);
}

/* Goes on from everything in `work`. */
static void
spread(struct reach *reach)
{
	while (reach->work.n > 0) {
		uint32_t sw = reach->work.items[--reach->work.n];
		if (!expands(reach, sw))
			continue;
		for (uint32_t e = reach->first[sw]; e < reach->first[sw + 1]; e++) {
			const struct edge *edge = &reach->edges[e];
			if (reach->link_up[edge->link] && reach->parent[edge->other] == PARENT_NONE)
				hang(reach, edge->other, edge->link);
		}
	}
}

static void
cut_one(struct reach *reach, uint32_t sw)
{
	touch(reach, sw);
	reach->parent[sw] = PARENT_NONE;
	list_add(reach, &reach->cut, sw);
}

static void
cut_children(struct reach *reach, uint32_t sw)
{
	for (uint32_t e = reach->first[sw]; e < reach->first[sw + 1]; e++)
		if (reach->parent[reach->edges[e].other] == reach->edges[e].link)
			cut_one(reach, reach->edges[e].other);
}

/* Over any link to a switch that still hangs from a root and lets traffic through. */
static void
hang_up_again(struct reach *reach, uint32_t sw)
{
	for (uint32_t e = reach->first[sw]; e < reach->first[sw + 1]; e++) {
		const struct edge *edge = &reach->edges[e];
		if (reach->link_up[edge->link] && expands(reach, edge->other)) {
			hang(reach, sw, edge->link);
			return;
		}
	}
}

/* Takes off a switch with all that hangs from it, and hangs up again what can be. */
static void
cut_off(struct reach *reach, uint32_t sw)
{
	reach->cut.n = 0;
	cut_one(reach, sw);
	for (size_t i = 0; i < reach->cut.n; i++)
		cut_children(reach, reach->cut.items[i]);
	for (size_t i = 0; i < reach->cut.n; i++)
		if (reach->parent[reach->cut.items[i]] == PARENT_NONE)
			hang_up_again(reach, reach->cut.items[i]);
	spread(reach);
}

static void
update_peer(struct reach *reach, uint32_t sw)
{
	bool gives = false;

	for (uint32_t e = reach->first[sw]; e < reach->first[sw + 1] && !gives; e++) {
		const struct edge *edge = &reach->edges[e];
		gives = topo_link_get(reach->topo, edge->link)->peer &&
			reach->link_up[edge->link] && reach->parent[edge->other] != PARENT_NONE;
	}
	if (reach->via_peer[sw] == gives)
		return;
	touch(reach, sw);
	reach->via_peer[sw] = gives;
}

/* The peers of every switch that the step moved may see the roots now, or no more. */
static void
update_peers_of_touched(struct reach *reach)
{
	size_t n = reach->touched.n;

	for (size_t i = 0; i < n; i++) {
		uint32_t sw = reach->touched.items[i];
		for (uint32_t e = reach->first[sw]; e < reach->first[sw + 1]; e++)
			if (topo_link_get(reach->topo, reach->edges[e].link)->peer)
				update_peer(reach, reach->edges[e].other);
	}
}

static void
link_changed(struct reach *reach, uint32_t link)
{
	const struct topo_link *row = topo_link_get(reach->topo, link);
	uint32_t a = end_switch(reach, row->a), b = end_switch(reach, row->b);
	bool up = reach->carries[row->a] && reach->carries[row->b];

	if (reach->link_up[link] == up)
		return;
	reach->link_up[link] = up;
	if (!up && reach->parent[a] == link)
		cut_off(reach, a);
	else if (!up && reach->parent[b] == link)
		cut_off(reach, b);
	else if (up && reach->parent[a] == PARENT_NONE && expands(reach, b))
		hang(reach, a, link);
	else if (up && reach->parent[b] == PARENT_NONE && expands(reach, a))
		hang(reach, b, link);
	spread(reach);
	if (row->peer) {
		update_peer(reach, a);
		update_peer(reach, b);
	}
}

/* ---- one step ---- */

static void
recheck(struct reach *reach, uint32_t interface)
{
	bool now = carry_now(reach->topo, reach->states, interface);

	if (reach->carries[interface] == now)
		return;
	reach->carries[interface] = now;
	list_add(reach, &reach->interfaces, interface);
}

/* An interface's own word also decides over its aggregate, or over its members. */
static void
recheck_around(struct reach *reach, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(reach->topo, interface);

	recheck(reach, interface);
	if (row->aggregate != TOPO_NONE)
		recheck(reach, row->aggregate);
	for (uint32_t i = 0; i < row->members.n; i++)
		recheck(reach, topo_member(reach->topo, row->members.first + i));
}

static void
collect_switches(struct reach *reach)
{
	for (size_t i = 0; i < reach->touched.n; i++) {
		uint32_t sw = reach->touched.items[i];
		reach->mark[sw] = 0;
		if (reach_switch(reach, sw) != reach->before[sw])
			list_add(reach, &reach->switches, sw);
	}
	reach->touched.n = 0;
}

int
reach_update(struct reach *reach, uint32_t interface, const struct index_list **ret_interfaces,
    const struct index_list **ret_switches)
{
	reach->interfaces.n = reach->switches.n = 0;
	recheck_around(reach, interface);
	for (size_t i = 0; i < reach->interfaces.n; i++) {
		struct topo_range links =
		    topo_interface_get(reach->topo, reach->interfaces.items[i])->links;
		for (uint32_t l = 0; l < links.n; l++)
			link_changed(reach, topo_link_of_interface(reach->topo, links.first + l));
	}
	update_peers_of_touched(reach);
	collect_switches(reach);
	*ret_interfaces = &reach->interfaces;
	*ret_switches = &reach->switches;
	return reach->no_memory ? -ENOMEM : 0;
}

/* ---- the whole, when a snapshot comes ---- */

static void
search_from_roots(struct reach *reach)
{
	uint32_t n = topo_n_switches(reach->topo);

	for (uint32_t sw = 0; sw < n; sw++) {
		reach->parent[sw] = PARENT_NONE;
		reach->via_peer[sw] = 0;
	}
	for (uint32_t sw = 0; sw < n; sw++) {
		if (topo_switch_get(reach->topo, sw)->root)
			hang(reach, sw, PARENT_ROOT);
	}
	spread(reach);
	for (uint32_t sw = 0; sw < n; sw++)
		update_peer(reach, sw);
	for (size_t i = 0; i < reach->touched.n; i++)
		reach->mark[reach->touched.items[i]] = 0;
	reach->touched.n = 0;
}

/* With everything up, to know which switches the map joins to a root at all. */
static void
find_joined(struct reach *reach)
{
	memset(reach->link_up, 1, topo_n_links(reach->topo));
	search_from_roots(reach);
	for (uint32_t sw = 0; sw < topo_n_switches(reach->topo); sw++)
		reach->joined[sw] = reach->parent[sw] != PARENT_NONE || reach->via_peer[sw];
}

/* As it is. */
static void
find_links_up(struct reach *reach)
{
	for (uint32_t l = 0; l < topo_n_links(reach->topo); l++) {
		const struct topo_link *link = topo_link_get(reach->topo, l);
		reach->link_up[l] = reach->carries[link->a] && reach->carries[link->b];
	}
	search_from_roots(reach);
}

static void
find_carrying(struct reach *reach, unsigned budget)
{
	uint32_t n = topo_n_interfaces(reach->topo);

	for (; reach->made < n && budget > 0; reach->made++, budget--)
		reach->carries[reach->made] = carry_now(reach->topo, reach->states, reach->made);
	if (reach->made == n)
		reach->making++;
}

/* Edges by switch: counted first, then laid side by side. */
static void
lay_edges(struct reach *reach)
{
	uint32_t n_links = topo_n_links(reach->topo), n_switches = topo_n_switches(reach->topo);

	for (uint32_t l = 0; l < n_links; l++) {
		const struct topo_link *link = topo_link_get(reach->topo, l);
		reach->first[end_switch(reach, link->a) + 1]++;
		reach->first[end_switch(reach, link->b) + 1]++;
	}
	for (uint32_t sw = 0; sw < n_switches; sw++)
		reach->first[sw + 1] += reach->first[sw];
	/* Each start is pushed forward while its edges are laid, and ends up where the next one's began. */
	for (uint32_t l = 0; l < n_links; l++) {
		const struct topo_link *link = topo_link_get(reach->topo, l);
		uint32_t a = end_switch(reach, link->a), b = end_switch(reach, link->b);
		reach->edges[reach->first[a]++] = (struct edge){ l, b };
		reach->edges[reach->first[b]++] = (struct edge){ l, a };
	}
	memmove(reach->first + 1, reach->first, n_switches * sizeof(*reach->first));
	reach->first[0] = 0;
}

struct reach *
reach_begin(const struct topo *topo, const struct interface_state *states)
{
	struct reach *reach = calloc(1, sizeof(*reach));
	uint32_t n_switches = topo_n_switches(topo), n_links = topo_n_links(topo);

	if (!reach)
		return NULL;
	reach->topo = topo;
	reach->states = states;
	reach->carries = calloc(topo_n_interfaces(topo) + 1, 1);
	reach->link_up = calloc(n_links + 1, 1);
	reach->parent = calloc(n_switches + 1, sizeof(*reach->parent));
	reach->via_peer = calloc(n_switches + 1, 1);
	reach->joined = calloc(n_switches + 1, 1);
	reach->before = calloc(n_switches + 1, 1);
	reach->mark = calloc(n_switches + 1, 1);
	reach->first = calloc(n_switches + 2, sizeof(*reach->first));
	reach->edges = calloc(2 * (size_t)n_links + 1, sizeof(*reach->edges));
	if (!reach->carries || !reach->link_up || !reach->parent || !reach->via_peer ||
	    !reach->joined || !reach->before || !reach->mark || !reach->first || !reach->edges) {
		reach_free(reach);
		return NULL;
	}
	return reach;
}

int
reach_step(struct reach *reach, unsigned budget)
{
	switch (reach->making) {
	case MAKING_EDGES:
		lay_edges(reach);
		reach->making++;
		break;
	case MAKING_JOINED:
		find_joined(reach);
		reach->making++;
		break;
	case MAKING_CARRIES:
		find_carrying(reach, budget);
		break;
	case MAKING_LINKS:
		find_links_up(reach);
		reach->making++;
		break;
	case MAKING_DONE:
		break;
	}
	if (reach->no_memory)
		return -ENOMEM;
	return reach->making != MAKING_DONE;
}

struct reach *
reach_new(const struct topo *topo, const struct interface_state *states)
{
	struct reach *reach = reach_begin(topo, states);
	int r = 1;

	while (reach && r > 0)
		r = reach_step(reach, UINT32_MAX);
	if (r == 0)
		return reach;
	reach_free(reach);
	return NULL;
}

void
reach_move_states(struct reach *reach, const struct interface_state *states)
{
	reach->states = states;
}

void
reach_free(struct reach *reach)
{
	if (!reach)
		return;
	free(reach->carries);
	free(reach->link_up);
	free(reach->parent);
	free(reach->via_peer);
	free(reach->joined);
	free(reach->before);
	free(reach->mark);
	free(reach->first);
	free(reach->edges);
	free(reach->interfaces.items);
	free(reach->switches.items);
	free(reach->touched.items);
	free(reach->work.items);
	free(reach->cut.items);
	free(reach);
}

size_t
reach_bytes(const struct reach *reach)
{
	size_t n_switches = topo_n_switches(reach->topo), n_links = topo_n_links(reach->topo);

	return sizeof(*reach) + topo_n_interfaces(reach->topo) +
	       n_links * (1 + 2 * sizeof(struct edge)) + n_switches * (4 + 2 * sizeof(uint32_t));
}
