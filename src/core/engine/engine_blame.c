/*
 * Who is to blame for a port that is down, when it was no single event that took it down: at the start, after a new
 * snapshot, and when one of two causes goes and the other stays. Of several failures it is the last: until then there was
 * still a path.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

/* ---- one interface ---- */

static const struct blame nobody = { TOPO_NONE, CAUSE_ACCESS, REASON_TOPOLOGY };

/* Of two failures, the one that came last. */
static struct blame
later(const struct engine *engine, struct blame a, struct blame b)
{
	if (a.interface == TOPO_NONE || b.interface == TOPO_NONE)
		return a.interface == TOPO_NONE ? b : a;
	const struct interface_state *state_a = &engine->interfaces[a.interface],
				     *state_b = &engine->interfaces[b.interface];
	if (state_a->changed_ns != state_b->changed_ns)
		return state_a->changed_ns > state_b->changed_ns ? a : b;
	return state_b->shown_order > state_a->shown_order ? b : a;
}

static struct blame
blame_if_down(const struct engine *engine, uint32_t interface)
{
	const struct interface_state *state = &engine->interfaces[interface];

	return interface_is_up(state)
		   ? nobody
		   : (struct blame){ interface, CAUSE_ACCESS, (enum link_reason)state->reason };
}

/* What keeps it from carrying traffic: its own word, its aggregate's, or the last member that an aggregate lost. */
static struct blame
blame_of_interface(const struct engine *engine, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);
	struct blame blame = blame_if_down(engine, interface);

	if (blame.interface == TOPO_NONE && row->aggregate != TOPO_NONE)
		blame = blame_if_down(engine, row->aggregate);
	if (blame.interface != TOPO_NONE)
		return blame;
	for (uint32_t i = 0; i < row->members.n; i++) {
		uint32_t member = topo_member(engine->topo, row->members.first + i);
		if (!reach_member_lifted(engine->reach, member))
			blame = later(engine, blame, blame_if_down(engine, member));
	}
	if (blame.interface != TOPO_NONE)
		blame.reason = REASON_MEMBERS;
	return blame;
}

/* ---- a switch that reaches no root ---- */

void
blame_search_init(struct blame_search *search, const struct engine *engine)
{
	uint32_t n = topo_n_switches(engine->topo) + 1;

	*search = (struct blame_search){
		.engine = engine,
		.of_switch = calloc(n, sizeof(*search->of_switch)),
		.island = calloc(n, sizeof(*search->island)),
		.mark = calloc(n, sizeof(*search->mark)),
		.kept = calloc(n, sizeof(*search->kept)),
	};
	if (!search->of_switch || !search->island || !search->mark || !search->kept)
		abort();
}

void
blame_search_release(struct blame_search *search)
{
	free(search->of_switch);
	free(search->island);
	free(search->mark);
	free(search->kept);
}

/* A walk over the switches that this one still sees, and the broken links at their edge. */
struct walk {
	struct blame_search *search;
	uint32_t n, i;       /* in the island: seen, and done */
	struct blame broken; /* the last link that broke, of those behind which is a root */
	struct blame any;    /* of all */
	uint32_t sought;     /* TOPO_NONE: none; an interface of which is asked whether it */
	bool found;          /* is to blame for one of them */
};

static void
see(struct walk *walk, uint32_t sw)
{
	struct blame_search *search = walk->search;

	if (search->mark[sw] == search->round)
		return;
	search->mark[sw] = search->round;
	search->island[walk->n++] = sw;
}

/* Whether the interface's failure is one that keeps `end` from carrying traffic. */
static bool
keeps_down(const struct engine *engine, uint32_t end, uint32_t interface)
{
	if (reach_carries(engine->reach, end) || interface_is_up(&engine->interfaces[interface]))
		return false;
	return interface == end || topo_interface_get(engine->topo, end)->aggregate == interface ||
	       (topo_interface_get(engine->topo, interface)->aggregate == end &&
		   !reach_member_lifted(engine->reach, interface));
}

static void
look_at_end(struct walk *walk, const struct topo_link *link, uint32_t own, uint32_t far)
{
	const struct engine *engine = walk->search->engine;
	uint32_t other = topo_interface_get(engine->topo, far)->sw;
	const struct topo_switch *row = topo_switch_get(engine->topo, other);
	bool passes = row->root || row->transit || (link->peer && walk->i == 0);
	struct blame blame = nobody;

	if (walk->sought != TOPO_NONE)
		walk->found = walk->found || keeps_down(engine, own, walk->sought) ||
			      keeps_down(engine, far, walk->sought);
	if (!reach_carries(engine->reach, own))
		blame = later(engine, blame, blame_of_interface(engine, own));
	if (!reach_carries(engine->reach, far))
		blame = later(engine, blame, blame_of_interface(engine, far));
	if (blame.interface == TOPO_NONE) {
		if (passes)
			see(walk, other);
		return;
	}
	walk->any = later(engine, walk->any, blame);
	if (passes && reach_joined(engine->reach, other) && reach_switch(engine->reach, other))
		walk->broken = later(engine, walk->broken, blame);
}

static void
look_at_links(struct walk *walk, uint32_t sw)
{
	const struct topo *topo = walk->search->engine->topo;
	struct topo_range interfaces = topo_switch_get(topo, sw)->interfaces;

	for (uint32_t i = interfaces.first; i < interfaces.first + interfaces.n; i++) {
		struct topo_range links = topo_interface_get(topo, i)->links;
		for (uint32_t l = 0; l < links.n; l++) {
			const struct topo_link *link =
			    topo_link_get(topo, topo_link_of_interface(topo, links.first + l));
			look_at_end(walk, link, i, link->a == i ? link->b : link->a);
		}
	}
}

static struct walk
walk_of(struct blame_search *search, uint32_t sought)
{
	return (struct walk){ .search = search, .broken = nobody, .any = nobody, .sought = sought };
}

static void
walk_from(struct walk *walk, uint32_t sw)
{
	walk->search->round++;
	for (see(walk, sw); walk->i < walk->n; walk->i++)
		look_at_links(walk, walk->search->island[walk->i]);
}

static struct blame
blame_of_switch(struct blame_search *search, uint32_t sw)
{
	struct walk walk = walk_of(search, TOPO_NONE);

	if (search->of_switch[sw].cause != CAUSE_NONE)
		return search->of_switch[sw];
	walk_from(&walk, sw);
	struct blame blame = walk.broken.interface != TOPO_NONE ? walk.broken : walk.any;
	blame.cause = CAUSE_UPLINK;
	search->of_switch[sw] = blame;
	return blame;
}

/* Whether the interface's failure is one that cuts the switch off. */
static bool
cuts_off(struct blame_search *search, uint32_t sw, uint32_t interface)
{
	struct walk walk = walk_of(search, interface);

	if (search->kept[sw].interface != interface + 1) {
		walk_from(&walk, sw);
		search->kept[sw].interface = interface + 1;
		search->kept[sw].cuts_off = walk.found;
	}
	return search->kept[sw].cuts_off;
}

/* ---- a group ---- */

/* Whether the path over an interface is one that the group would need. */
static bool
is_lost(const struct engine *engine, uint32_t group, uint32_t interface)
{
	const bool carries = reach_carries(engine->reach, interface);
	const bool reached =
	    reach_switch(engine->reach, topo_interface_get(engine->topo, interface)->sw);

	/* With stranded: "down" only a stranded path counts, where there is one. */
	if (topo_group_get(engine->topo, group)->stranded_down &&
	    engine->groups[group].stranded > 0)
		return carries && !reached;
	return !carries || !reached;
}

bool
blame_is_of_group(struct blame_search *search, uint32_t group, uint32_t interface)
{
	const struct engine *engine = search->engine;
	const struct topo_range attachments = topo_group_get(engine->topo, group)->attachments;

	for (uint32_t i = 0; i < attachments.n; i++) {
		uint32_t at = topo_attachment(engine->topo, attachments.first + i);
		if (!is_lost(engine, group, at))
			continue;
		const uint32_t sw = topo_interface_get(engine->topo, at)->sw;
		/* A switch that is cut off stays so, whatever its own interfaces do. */
		if (keeps_down(engine, at, interface) ||
		    (!reach_switch(engine->reach, sw) && cuts_off(search, sw, interface)))
			return true;
	}
	return false;
}

struct blame
blame_of_group(struct blame_search *search, uint32_t group)
{
	const struct engine *engine = search->engine;
	const struct topo_range attachments = topo_group_get(engine->topo, group)->attachments;
	struct blame blame = nobody;

	for (uint32_t i = 0; i < attachments.n; i++) {
		uint32_t interface = topo_attachment(engine->topo, attachments.first + i);
		if (!is_lost(engine, group, interface))
			continue;
		struct blame found =
		    reach_carries(engine->reach, interface)
			? blame_of_switch(search, topo_interface_get(engine->topo, interface)->sw)
			: blame_of_interface(engine, interface);
		/* Where nobody is to blame, the cause is told all the same. */
		blame = blame.interface == TOPO_NONE && found.interface == TOPO_NONE
			    ? found
			    : later(engine, blame, found);
	}
	return blame;
}
