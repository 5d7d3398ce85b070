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
	return state_b->order > state_a->order ? b : a;
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
	};
	if (!search->of_switch || !search->island || !search->mark)
		abort();
}

void
blame_search_release(struct blame_search *search)
{
	free(search->of_switch);
	free(search->island);
	free(search->mark);
}

/* A walk over the switches that this one still sees, and the broken links at their edge. */
struct walk {
	struct blame_search *search;
	uint32_t n, i;       /* in the island: seen, and done */
	struct blame broken; /* the last link that broke, of those behind which is a root */
	struct blame any;    /* of all */
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

static void
look_at_end(struct walk *walk, const struct topo_link *link, uint32_t own, uint32_t far)
{
	const struct engine *engine = walk->search->engine;
	uint32_t other = topo_interface_get(engine->topo, far)->sw;
	const struct topo_switch *row = topo_switch_get(engine->topo, other);
	bool passes = row->root || row->transit || (link->peer && walk->i == 0);
	struct blame blame = nobody;

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

static struct blame
blame_of_switch(struct blame_search *search, uint32_t sw)
{
	struct walk walk = { .search = search, .broken = nobody, .any = nobody };

	if (search->of_switch[sw].cause != CAUSE_NONE)
		return search->of_switch[sw];
	search->round++;
	for (see(&walk, sw); walk.i < walk.n; walk.i++)
		look_at_links(&walk, search->island[walk.i]);
	struct blame blame = walk.broken.interface != TOPO_NONE ? walk.broken : walk.any;
	blame.cause = CAUSE_UPLINK;
	search->of_switch[sw] = blame;
	return blame;
}

/* ---- a group ---- */

struct blame
blame_of_group(struct blame_search *search, uint32_t group)
{
	const struct engine *engine = search->engine;
	const struct topo_group *row = topo_group_get(engine->topo, group);
	bool stranding = row->stranded_down && engine->groups[group].stranded > 0;
	struct blame blame = nobody;

	for (uint32_t i = 0; i < row->attachments.n; i++) {
		uint32_t interface = topo_attachment(engine->topo, row->attachments.first + i);
		uint32_t sw = topo_interface_get(engine->topo, interface)->sw;
		bool carries = reach_carries(engine->reach, interface);
		if (stranding ? !carries || reach_switch(engine->reach, sw)
			      : carries && reach_switch(engine->reach, sw))
			continue;
		struct blame found =
		    carries ? blame_of_switch(search, sw) : blame_of_interface(engine, interface);
		/* Where nobody is to blame, the cause is told all the same. */
		blame = blame.interface == TOPO_NONE && found.interface == TOPO_NONE
			    ? found
			    : later(engine, blame, found);
	}
	return blame;
}
