/*
 * Asks: which interfaces somebody should ask their switches about. Those that are down go first: a port may be held down by
 * a word that is out of date. An interface waits in a queue at most once; what a full queue refuses is marked, and taken in
 * when it is empty, so that nothing is forgotten. Who is asked and never answers stays uncertain, and nothing else happens.
 */
#include <stdlib.h>

#include "core/engine_state.h"

static struct ask_queue *
queue_for(struct engine *engine, uint32_t interface)
{
	return &engine->asks[interface_is_up(&engine->interfaces[interface])];
}

static bool
push(struct ask_queue *queue, uint32_t interface)
{
	if (queue->n == ENGINE_ASKS_MAX)
		return false;
	if (!queue->items)
		queue->items = malloc(ENGINE_ASKS_MAX * sizeof(*queue->items));
	if (!queue->items)
		return false;
	queue->items[(queue->head + queue->n++) % ENGINE_ASKS_MAX] = interface;
	return true;
}

void
engine_ask(struct engine *engine, uint32_t interface)
{
	struct interface_state *state = &engine->interfaces[interface];

	if (state->ask_waits)
		return;
	state->ask_waits = push(queue_for(engine, interface), interface);
	if (state->ask_waits || state->ask_missed)
		return;
	state->ask_missed = true;
	engine->n_asks_missed++;
	engine->n_asks_refused++;
}

/* What was refused, now that there is room. */
static void
take_missed(struct engine *engine)
{
	engine->n_asks_missed = 0;
	for (uint32_t i = 0; i < engine->n_interfaces; i++) {
		if (!engine->interfaces[i].ask_missed)
			continue;
		engine->interfaces[i].ask_missed = false;
		if (!engine->interfaces[i].certain)
			engine_ask(engine, i);
	}
}

/* The next that is still uncertain, or TOPO_NONE. */
static uint32_t
take(struct engine *engine)
{
	for (int up = 0; up < 2; up++) {
		struct ask_queue *queue = &engine->asks[up];
		while (queue->n > 0) {
			uint32_t interface = queue->items[queue->head];
			queue->head = (queue->head + 1) % ENGINE_ASKS_MAX;
			queue->n--;
			engine->interfaces[interface].ask_waits = false;
			if (!engine->interfaces[interface].certain)
				return interface;
		}
	}
	return TOPO_NONE;
}

bool
engine_pop_ask(struct engine *engine, struct engine_ask *ret_ask)
{
	uint32_t interface = engine->started ? take(engine) : TOPO_NONE;

	if (interface == TOPO_NONE && engine->started && engine->n_asks_missed > 0) {
		take_missed(engine);
		interface = take(engine);
	}
	if (interface == TOPO_NONE)
		return false;
	const uint32_t sw = engine_interface_switch(engine, interface);
	*ret_ask = (struct engine_ask){
		.sw = sw,
		.interface = interface,
		.switch_name = topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name),
		.interface_name = engine_interface_name(engine, interface),
		.if_index = engine_index_of(engine, interface),
	};
	return true;
}

/* The numbers are others now, so both queues are filled anew from the states. */
void
engine_asks_moved(struct engine *engine)
{
	engine->asks[0].n = engine->asks[1].n = 0;
	engine->n_asks_missed = 0;
	for (uint32_t i = 0; i < engine->n_interfaces; i++) {
		struct interface_state *state = &engine->interfaces[i];
		const bool wanted = (state->ask_waits || state->ask_missed) && !state->certain;
		state->ask_waits = state->ask_missed = false;
		if (wanted)
			engine_ask(engine, i);
	}
}

void
engine_asks_start(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->n_interfaces; i++)
		if (!engine->interfaces[i].certain)
			engine_ask(engine, i);
}

void
engine_asks_release(struct engine *engine)
{
	free(engine->asks[0].items);
	free(engine->asks[1].items);
}

/* ---- doubts from outside ---- */

void
engine_doubt_switch(struct engine *engine, uint32_t sw, struct engine_time time)
{
	engine_doubt_all(engine, sw, time.wall_us);
}

void
engine_doubt_source(struct engine *engine, enum link_source source, struct engine_time time)
{
	for (uint32_t sw = 0; sw < topo_n_switches(engine->topo); sw++) {
		const struct switch_state *state = &engine->switches[sw];
		int64_t heard_us =
		    source == SOURCE_TRAP ? state->heard_trap_us : state->heard_syslog_us;
		if (heard_us != 0)
			engine_doubt_all(engine, sw, time.wall_us);
	}
}

/* ---- the two ends of a link ---- */

static bool
is_at_odds(const struct engine *engine, uint32_t a, uint32_t b)
{
	const struct interface_state *one = &engine->interfaces[a], *other = &engine->interfaces[b];

	return one->heard && other->heard && one->override == SPOKEN_NONE &&
	       other->override == SPOKEN_NONE && interface_is_up(one) != interface_is_up(other);
}

void
engine_compare_ends(struct engine *engine, uint32_t interface, int64_t wall_us)
{
	if (interface >= topo_n_interfaces(engine->topo))
		return;
	struct topo_range links = topo_interface_get(engine->topo, interface)->links;
	for (uint32_t i = 0; i < links.n; i++) {
		const struct topo_link *link = topo_link_get(
		    engine->topo, topo_link_of_interface(engine->topo, links.first + i));
		uint32_t far = link->a == interface ? link->b : link->a;
		if (!is_at_odds(engine, interface, far))
			continue;
		engine_make_uncertain(engine, interface, wall_us);
		engine_make_uncertain(engine, far, wall_us);
	}
}
