/*
 * Incidents: failures of uplinks that belong together, so that what they take down is one page. design.md, `fault` ("20,000
 * toggles from one spine are one page") and rule 10 ("a rack's power cut is one evaluation").
 *
 * Every word is evaluated by itself, as soon as it comes: each port names the interface that took its own last path. But a
 * rack that loses its power, or a spine, is told by many switches in many datagrams; so a link end that falls within
 * INCIDENT_NS of another one's fall, with a switch in common with it, carries on the incident, and what hangs on any of
 * them is given the fault that the incident's first toggle was given. A link end that comes up ends it for its switches.
 */
#include "core/engine_state.h"

#define INCIDENT_NS 1000000000

typedef void each_switch_fn(struct engine *engine, uint32_t sw, void *ctx);

static void
each_end(struct engine *engine, uint32_t interface, each_switch_fn *each, void *ctx)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);

	for (uint32_t i = 0; i < row->links.n; i++) {
		const struct topo_link *link = topo_link_get(
		    engine->topo, topo_link_of_interface(engine->topo, row->links.first + i));
		each(engine, topo_interface_get(engine->topo, link->a)->sw, ctx);
		each(engine, topo_interface_get(engine->topo, link->b)->sw, ctx);
	}
}

/* The switches at both ends of every link that this interface, its aggregate or its members are an end of. */
static void
each_switch(struct engine *engine, uint32_t interface, each_switch_fn *each, void *ctx)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);

	each_end(engine, interface, each, ctx);
	if (row->aggregate != TOPO_NONE)
		each_end(engine, row->aggregate, each, ctx);
	for (uint32_t i = 0; i < row->members.n; i++)
		each_end(engine, topo_member(engine->topo, row->members.first + i), each, ctx);
}

static struct incident *
slot_of(struct engine *engine, uint32_t number)
{
	return &engine->incidents[number % ENGINE_INCIDENTS];
}

struct search {
	int64_t now_ns;
	bool is_link_end;
	uint32_t number; /* of the incident that goes on; 0: none found */
};

static void
look_for(struct engine *engine, uint32_t sw, void *ctx)
{
	struct search *search = ctx;
	const uint32_t number = engine->switches[sw].incident;
	const struct incident *incident = slot_of(engine, number);

	search->is_link_end = true;
	if (search->number == 0 && number != 0 && incident->number == number &&
	    search->now_ns - incident->last_ns <= INCIDENT_NS)
		search->number = number;
}

static void
mark(struct engine *engine, uint32_t sw, void *ctx)
{
	engine->switches[sw].incident = *(const uint32_t *)ctx;
}

static uint32_t
begin(struct engine *engine)
{
	/* A number is never 0; after four thousand million of them, an old mark may be taken for a new one's. */
	engine->last_incident += engine->last_incident == UINT32_MAX ? 2 : 1;
	struct incident *incident = slot_of(engine, engine->last_incident);

	fault_drop(engine, incident->fault);
	*incident = (struct incident){ .number = engine->last_incident };
	return engine->last_incident;
}

struct incident *
engine_incident_join(struct engine *engine, uint32_t interface, int64_t now_ns)
{
	struct search search = { .now_ns = now_ns };

	each_switch(engine, interface, look_for, &search);
	if (!search.is_link_end)
		return NULL;
	if (search.number == 0)
		search.number = begin(engine);
	each_switch(engine, interface, mark, &search.number);
	struct incident *incident = slot_of(engine, search.number);
	incident->last_ns = now_ns;
	return incident;
}

void
engine_incident_end(struct engine *engine, uint32_t interface)
{
	uint32_t none = 0;

	each_switch(engine, interface, mark, &none);
}

void
engine_incidents_release(struct engine *engine)
{
	for (int i = 0; i < ENGINE_INCIDENTS; i++)
		fault_drop(engine, engine->incidents[i].fault);
}
