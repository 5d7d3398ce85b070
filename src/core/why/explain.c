/*
 * Ways are searched from the port's switch outwards, breadth first, by the rule of core/reach seen from the other side: on
 * from roots and transit switches, and once, as the first hop, over a peer link into a switch without transit.
 */
#include "core/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

const char *const path_state_names[PATH_STATE_MAX] = {
	[PATH_UP] = "up",
	[PATH_STRANDED] = "stranded",
	[PATH_DOWN] = "down",
};

const char *const path_root_names[PATH_ROOT_MAX] = {
	[PATH_TO_ROOT] = "root",
	[PATH_CUT_OFF] = "cut-off",
	[PATH_NO_ROOTS] = "no-roots",
	[PATH_NOT_JOINED] = "not-joined",
};

/* A search over switches. */
struct search {
	const struct engine *engine;
	const struct topo *topo;
	struct explain *explain;
	uint32_t room_links;
	uint32_t start;
	uint32_t *queue; /* switches in the order of their distance from `start` */
	uint32_t n_queue;
	struct explain_link *way; /* per switch that is in the queue: how it was entered */
	uint8_t *seen;            /* per switch: enum seen */
	bool has_roots;
};

enum seen { SEEN_NOT, SEEN_NEAR, SEEN_BEHIND /* joined to a root without what is near */ };

/* ---- the switches around one ---- */

static uint32_t
switch_of(const struct topo *topo, uint32_t interface)
{
	return topo_interface_get(topo, interface)->sw;
}

static bool
passes(const struct topo *topo, uint32_t sw)
{
	const struct topo_switch *row = topo_switch_get(topo, sw);

	return row->root || row->transit;
}

static bool
link_is_up(const struct engine *engine, uint32_t link)
{
	const struct topo_link *row = topo_link_get(engine->topo, link);

	return reach_carries(engine->reach, row->a) && reach_carries(engine->reach, row->b);
}

typedef bool visit_link(struct search *search, const struct explain_link *link);

/* Every link at a switch, `from` being its own end there; until one visit returns false. */
static void
each_link(struct search *search, uint32_t sw, visit_link *visit)
{
	struct topo_range interfaces = topo_switch_get(search->topo, sw)->interfaces;

	for (uint32_t i = 0; i < interfaces.n; i++) {
		uint32_t from = interfaces.first + i;
		struct topo_range links = topo_interface_get(search->topo, from)->links;
		for (uint32_t l = 0; l < links.n; l++) {
			uint32_t link = topo_link_of_interface(search->topo, links.first + l);
			const struct topo_link *row = topo_link_get(search->topo, link);
			uint32_t to = row->a == from ? row->b : row->a;
			if (!visit(search, &(struct explain_link){ link, from, to }))
				return;
		}
	}
}

/* ---- the way that works ---- */

/* Whether a way from `start` may go over this link. */
static bool
may_take(const struct search *search, const struct explain_link *link)
{
	return passes(search->topo, switch_of(search->topo, link->to)) ||
	       (switch_of(search->topo, link->from) == search->start &&
		   topo_link_get(search->topo, link->link)->peer);
}

static void
enter(struct search *search, uint32_t sw, const struct explain_link *link)
{
	search->seen[sw] = SEEN_NEAR;
	search->queue[search->n_queue++] = sw;
	if (link)
		search->way[sw] = *link;
}

static bool
visit_near(struct search *search, const struct explain_link *link)
{
	uint32_t to = switch_of(search->topo, link->to);

	if (search->seen[to] == SEEN_NOT && link_is_up(search->engine, link->link) &&
	    may_take(search, link))
		enter(search, to, link);
	return true;
}

/* The nearest root that traffic from `start` gets to, or TOPO_NONE: then the queue is all that it gets to. */
static uint32_t
search_root(struct search *search)
{
	memset(search->seen, SEEN_NOT, topo_n_switches(search->topo));
	search->n_queue = 0;
	enter(search, search->start, NULL);
	for (uint32_t i = 0; i < search->n_queue; i++) {
		uint32_t sw = search->queue[i];
		if (topo_switch_get(search->topo, sw)->root)
			return sw;
		each_link(search, sw, visit_near);
	}
	return TOPO_NONE;
}

static int
add_link(struct search *search, const struct explain_link *link)
{
	struct explain *explain = search->explain;

	if (explain->n_links == search->room_links) {
		uint32_t room = search->room_links * 2 + 32;
		struct explain_link *links = realloc(explain->links, room * sizeof(*links));
		if (!links)
			return -ENOMEM;
		explain->links = links;
		search->room_links = room;
	}
	explain->links[explain->n_links++] = *link;
	return 0;
}

/* From the root back to the start, then turned round. */
static int
note_hops(struct search *search, struct explain_path *path)
{
	struct explain_link *links;
	uint32_t sw = path->root_switch;

	path->hops.first = search->explain->n_links;
	while (sw != search->start) {
		const struct explain_link *link = &search->way[sw];
		if (add_link(search, link) != 0)
			return -ENOMEM;
		sw = switch_of(search->topo, link->from);
	}
	path->hops.n = search->explain->n_links - path->hops.first;
	links = search->explain->links + path->hops.first;
	for (uint32_t i = 0; i < path->hops.n / 2; i++) {
		struct explain_link link = links[i];
		links[i] = links[path->hops.n - 1 - i];
		links[path->hops.n - 1 - i] = link;
	}
	return 0;
}

/* ---- where it is cut ---- */

static bool
visit_behind(struct search *search, const struct explain_link *link)
{
	uint32_t to = switch_of(search->topo, link->to);

	if (search->seen[to] == SEEN_NOT) {
		search->seen[to] = SEEN_BEHIND;
		search->queue[search->n_queue++] = to;
	}
	return true;
}

/* What the map joins to a root without going through what is near: looked for from the roots, behind the near ones' queue. */
static void
mark_behind(struct search *search)
{
	uint32_t first = search->n_queue;

	for (uint32_t sw = 0; sw < topo_n_switches(search->topo); sw++) {
		if (!topo_switch_get(search->topo, sw)->root || search->seen[sw] != SEEN_NOT)
			continue;
		search->seen[sw] = SEEN_BEHIND;
		search->queue[search->n_queue++] = sw;
	}
	for (uint32_t i = first; i < search->n_queue; i++)
		if (passes(search->topo, search->queue[i]))
			each_link(search, search->queue[i], visit_behind);
}

static bool
visit_cut(struct search *search, const struct explain_link *link)
{
	struct explain_path *path = &search->explain->paths[search->explain->n_paths];

	if (search->seen[switch_of(search->topo, link->to)] != SEEN_BEHIND ||
	    !may_take(search, link))
		return true;
	path->n_cuts++;
	if (path->cuts.n == EXPLAIN_CUTS_MAX)
		return true;
	if (add_link(search, link) != 0)
		return false;
	path->cuts.n++;
	return true;
}

static int
note_cuts(struct search *search, struct explain_path *path)
{
	uint32_t n_near = search->n_queue;

	mark_behind(search);
	path->cuts.first = search->explain->n_links;
	for (uint32_t i = 0; i < n_near; i++)
		each_link(search, search->queue[i], visit_cut);
	uint32_t listed = path->n_cuts < EXPLAIN_CUTS_MAX ? path->n_cuts : EXPLAIN_CUTS_MAX;
	return path->cuts.n < listed ? -ENOMEM : 0;
}

/* ---- paths ---- */

static enum path_root
root_of(const struct search *search, uint32_t sw)
{
	if (!search->has_roots)
		return PATH_NO_ROOTS;
	return reach_joined(search->engine->reach, sw) ? PATH_TO_ROOT : PATH_NOT_JOINED;
}

/* The path is filled in its place, behind explain->n_paths. */
static int
follow(struct search *search, uint32_t interface)
{
	struct explain_path *path = &search->explain->paths[search->explain->n_paths];
	uint32_t sw = switch_of(search->topo, interface);

	*path = (struct explain_path){
		.interface = interface,
		.state = PATH_DOWN,
		.root = root_of(search, sw),
		.root_switch = TOPO_NONE,
	};
	if (reach_carries(search->engine->reach, interface))
		path->state = reach_switch(search->engine->reach, sw) ? PATH_UP : PATH_STRANDED;
	if (path->root != PATH_TO_ROOT)
		return 0;
	search->start = sw;
	path->root_switch = search_root(search);
	if (path->root_switch != TOPO_NONE)
		return note_hops(search, path);
	path->root = PATH_CUT_OFF;
	return note_cuts(search, path);
}

static int
follow_all(struct search *search, const struct topo_group *group)
{
	for (uint32_t i = 0; i < group->attachments.n; i++) {
		if (follow(search, topo_attachment(search->topo, group->attachments.first + i)) !=
		    0)
			return -ENOMEM;
		search->explain->n_paths++;
	}
	return 0;
}

static int
search_init(struct search *search)
{
	size_t n = topo_n_switches(search->topo);

	search->queue = calloc(n + 1, sizeof(*search->queue));
	search->way = calloc(n + 1, sizeof(*search->way));
	search->seen = calloc(n + 1, 1);
	for (uint32_t sw = 0; sw < n && !search->has_roots; sw++)
		search->has_roots = topo_switch_get(search->topo, sw)->root;
	return search->queue && search->way && search->seen ? 0 : -ENOMEM;
}

static void
search_release(struct search *search)
{
	free(search->queue);
	free(search->way);
	free(search->seen);
}

/* ---- what alone would take it down ---- */

/* What a single failure may be: each thing on a path that is up. */
struct candidates {
	const struct topo *topo;
	uint8_t *interfaces, *switches; /* marks */
};

/* An interface on the way, and whatever is at the other end of its cable. */
static void
consider(struct candidates *candidates, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(candidates->topo, interface);

	candidates->interfaces[interface] = 1;
	candidates->switches[row->sw] = 1;
	for (uint32_t i = 0; i < row->links.n; i++) {
		const struct topo_link *link = topo_link_get(candidates->topo,
		    topo_link_of_interface(candidates->topo, row->links.first + i));
		uint32_t far = link->a == interface ? link->b : link->a;
		candidates->interfaces[far] = 1;
		candidates->switches[switch_of(candidates->topo, far)] = 1;
	}
}

static void
consider_with_members(struct candidates *candidates, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(candidates->topo, interface);

	consider(candidates, interface);
	for (uint32_t i = 0; i < row->members.n; i++)
		consider(candidates, topo_member(candidates->topo, row->members.first + i));
}

static void
consider_paths(struct candidates *candidates, const struct explain *explain)
{
	for (uint32_t p = 0; p < explain->n_paths; p++) {
		const struct explain_path *path = &explain->paths[p];
		if (path->state != PATH_UP)
			continue;
		consider_with_members(candidates, path->interface);
		for (uint32_t h = 0; h < path->hops.n; h++) {
			const struct explain_link *hop = &explain->links[path->hops.first + h];
			consider_with_members(candidates, hop->from);
			consider_with_members(candidates, hop->to);
		}
	}
}

static int
try_single(
    struct explain *explain, struct trial *trial, uint32_t group, const struct failure *failure)
{
	struct group_state then;

	if (trial_fail(trial, failure, 1) != 0)
		return -ENOMEM;
	trial_paths(trial, group, &then);
	if (then.down) {
		explain->n_singles_all++;
		if (explain->n_singles < EXPLAIN_SINGLES_MAX)
			explain->singles[explain->n_singles++] = *failure;
	}
	return trial_undo(trial);
}

static int
try_candidates(struct explain *explain, struct trial *trial, uint32_t group,
    const struct candidates *candidates)
{
	const struct topo *topo = candidates->topo;
	int r = 0;

	for (uint32_t sw = 0; sw < topo_n_switches(topo) && r == 0; sw++)
		if (candidates->switches[sw])
			r = try_single(explain, trial, group, &(struct failure){ sw, TOPO_NONE });
	for (uint32_t i = 0; i < topo_n_interfaces(topo) && r == 0; i++)
		if (candidates->interfaces[i] && failure_is_physical(topo, i))
			r = try_single(
			    explain, trial, group, &(struct failure){ switch_of(topo, i), i });
	return r;
}

static int
find_singles(const struct engine *engine, struct explain *explain)
{
	const struct topo *topo = engine->topo;
	struct candidates candidates = {
		.topo = topo,
		.interfaces = calloc((size_t)topo_n_interfaces(topo) + 1, 1),
		.switches = calloc((size_t)topo_n_switches(topo) + 1, 1),
	};
	struct trial *trial = trial_new(topo, engine->interfaces);
	int r = -ENOMEM;

	explain->singles = calloc(EXPLAIN_SINGLES_MAX, sizeof(*explain->singles));
	if (candidates.interfaces && candidates.switches && trial && explain->singles) {
		consider_paths(&candidates, explain);
		r = try_candidates(
		    explain, trial, topo_port_get(topo, explain->port)->group, &candidates);
	}
	trial_free(trial);
	free(candidates.interfaces);
	free(candidates.switches);
	return r;
}

/* ---- the whole ---- */

int
explain_port(const struct engine *engine, uint32_t port, struct explain *ret_explain)
{
	const struct topo_group *group =
	    topo_group_get(engine->topo, topo_port_get(engine->topo, port)->group);
	struct explain explain = {
		.port = port,
		.paths = calloc((size_t)group->attachments.n + 1, sizeof(*explain.paths)),
	};
	struct search search = { .engine = engine, .topo = engine->topo, .explain = &explain };
	int r = search_init(&search);

	if (r == 0)
		r = explain.paths ? follow_all(&search, group) : -ENOMEM;
	if (r == 0 && group->attachments.n > 0 && !(engine->ports[port].flags & PORT_DOWN))
		r = find_singles(engine, &explain);
	search_release(&search);
	if (r == 0)
		*ret_explain = explain;
	else
		explain_release(&explain);
	return r;
}

void
explain_release(struct explain *explain)
{
	free(explain->paths);
	free(explain->links);
	free(explain->singles);
	*explain = (struct explain){ 0 };
}
