/*
 * A new snapshot in place of the old, in slices: the phases, in their order. See core/engine_take.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/engine_take.h"

/* With more ports than this to catch up with, the swap waits for another slice. */
#define CHANGED_MAX 4096

void
take_list(struct take *take, struct index_list *list, uint32_t item)
{
	if (index_list_add(list, item) != 0)
		take->no_memory = true;
}

/* ---- beginning ---- */

/*
 * Memory alone: what there is a row of for each interface, group or port is first written to in its phase, because clearing
 * 40 MB would be a stall.
 */
static bool
make_rows(struct take *take, const struct engine *engine)
{
	struct engine *next = &take->next;

	next->n_interfaces = topo_n_interfaces(next->topo);
	next->room_interfaces = next->n_interfaces + engine->n_extras + 64;
	next->interfaces = malloc(next->room_interfaces * sizeof(*next->interfaces));
	next->switches = calloc(topo_n_switches(next->topo) + 1, sizeof(*next->switches));
	next->groups = malloc((topo_n_groups(next->topo) + 1) * sizeof(*next->groups));
	next->ports = malloc((topo_n_ports(next->topo) + 1) * sizeof(*next->ports));
	take->new_switch = calloc(topo_n_switches(engine->topo) + 1, sizeof(*take->new_switch));
	take->is_changed = calloc(topo_n_ports(engine->topo) / 8 + 1, 1);
	htab_init(&next->extra_index, &engine_extra_type, next);
	return next->interfaces && next->switches && next->groups && next->ports &&
	       take->new_switch && take->is_changed;
}

/* It is freed in slices, also its topo. */
static void
discard(struct engine *engine, struct take *take)
{
	take->phase = take->cursor = 0;
	take->link = engine->discarded;
	engine->discarded = take;
}

/* Begins to take what is in `topo`; -ENOMEM with the topo to be freed in slices. */
static int
begin(struct engine *engine, struct topo *topo)
{
	struct take *take = calloc(1, sizeof(*take));

	if (!take) {
		topo_free(topo);
		return -ENOMEM;
	}
	take->engine = engine;
	take->next.topo = topo;
	if (!make_rows(take, engine)) {
		discard(engine, take);
		return -ENOMEM;
	}
	engine->take = take;
	return 0;
}

/* What is being taken is not. Returns its topo where that is still wanted. */
static struct topo *
abandon(struct engine *engine, bool keep_topo)
{
	struct take *take = engine->take;
	struct topo *topo = NULL;

	if (!take)
		return NULL;
	engine->take = NULL;
	if (keep_topo) {
		topo = take->next.topo;
		take->next.topo = NULL;
	}
	discard(engine, take);
	return topo;
}

/* What the map in force has changed is decided. */
static void
end_settling(struct engine *engine)
{
	struct take *take = engine->unsettled;

	engine->unsettled = NULL;
	discard(engine, take);
}

int
engine_topo_begin(struct engine *engine, struct topo *topo)
{
	engine_settle_pending(engine);
	if (engine->unsettled)
		end_settling(engine);
	abandon(engine, false);
	return begin(engine, topo);
}

void
engine_settle_pending(struct engine *engine)
{
	engine_step_end(engine);
	if (engine->unsettled)
		take_settle(engine->unsettled, UINT32_MAX);
}

/* ---- what goes on meanwhile ---- */

void
engine_note_port(struct engine *engine, uint32_t port)
{
	struct take *take = engine->take;

	if (take->is_changed[port / 8] & 1u << port % 8)
		return;
	take->is_changed[port / 8] |= (uint8_t)(1u << port % 8);
	take_list(take, &take->changed, port);
}

void
engine_take_again(struct engine *engine)
{
	if (engine->take)
		engine->take->again = true;
}

/* ---- the phases ---- */

static uint32_t
n_switches(const struct take *take)
{
	return topo_n_switches(take->engine->topo);
}

static uint32_t
n_next_switches(const struct take *take)
{
	return topo_n_switches(take->next.topo);
}

static uint32_t
n_next_interfaces(const struct take *take)
{
	return topo_n_interfaces(take->next.topo);
}

/* The extra ones too, which may become more meanwhile. */
static uint32_t
n_interfaces(const struct take *take)
{
	return take->engine->n_interfaces;
}

static uint32_t
n_next_groups(const struct take *take)
{
	return topo_n_groups(take->next.topo);
}

static uint32_t
n_next_ports(const struct take *take)
{
	return topo_n_ports(take->next.topo);
}

static uint32_t
n_ports(const struct take *take)
{
	return topo_n_ports(take->engine->topo);
}

static void
pay(unsigned *budget, unsigned cost)
{
	*budget -= *budget < cost ? *budget : cost;
}

/* Each returns true while there is more to do. */
static bool
make_reach(struct take *take, unsigned *budget)
{
	struct engine *next = &take->next;

	if (!next->reach)
		next->reach = reach_begin(next->topo, next->interfaces);
	int r = next->reach ? reach_step(next->reach, *budget) : -ENOMEM;
	*budget = 0;
	if (r < 0)
		take->no_memory = true;
	return r > 0;
}

static bool
catch_up(struct take *take, unsigned *budget)
{
	for (; take->changed.n > 0 && *budget > 0 && !take->no_memory; pay(budget, 10))
		carry_changed(take);
	return take->changed.n > 0;
}

/* A phase goes over rows, one after the other, or does its work by itself. `cost`: of a row, in some 20 ns. */
static const struct phase {
	uint32_t (*n)(const struct take *take);
	void (*work)(struct take *take, uint32_t row);
	unsigned cost;
	bool (*step)(struct take *take, unsigned *budget);
} phases[] = {
	{ n_switches, carry_switch, 10, NULL },
	{ n_next_switches, find_new_switch, 10, NULL },
	{ n_next_interfaces, make_interface, 2, NULL },
	{ n_interfaces, carry_interface, 15, NULL },
	{ NULL, NULL, 0, make_reach },
	{ n_next_groups, make_group, 3, NULL },
	{ n_next_ports, make_port, 5, NULL },
	{ n_ports, find_leaving, 1, NULL },
	{ n_interfaces, carry_interface, 2, NULL },
	{ NULL, NULL, 0, catch_up },
};
#define N_PHASES (sizeof(phases) / sizeof(phases[0]))

/* The phase in hand, for at most *budget and the rest of one row. */
static void
run_phase(struct take *take, unsigned *budget)
{
	const struct phase *phase = &phases[take->phase];
	bool more;

	if (phase->step) {
		more = phase->step(take, budget);
	} else {
		for (; take->cursor < phase->n(take) && *budget > 0 && !take->no_memory;
		     pay(budget, phase->cost))
			phase->work(take, take->cursor++);
		more = take->cursor < phase->n(take);
	}
	if (more)
		return;
	take->phase++;
	take->cursor = 0;
}

/* ---- one slice ---- */

static int
discard_some(struct engine *engine, unsigned budget)
{
	while (engine->discarded && budget > 0) {
		struct take *rest = engine->discarded->link;
		if (take_discard(engine->discarded, &budget))
			break;
		engine->discarded = rest;
	}
	return engine->discarded || engine->take;
}

static int
give_up(struct engine *engine)
{
	abandon(engine, false);
	return -ENOMEM;
}

/* A step of preparing; 1, or -ENOMEM when it was given up. */
static int
prepare(struct engine *engine, struct take *take, unsigned budget, struct engine_time time)
{
	while (budget > 0 && take->phase < N_PHASES && !take->no_memory)
		run_phase(take, &budget);
	if (take->no_memory)
		return give_up(engine);
	if (take->phase < N_PHASES)
		return 1;
	if (take->changed.n > CHANGED_MAX) {
		take->phase = N_PHASES - 1;
		return 1;
	}
	return take_swap(take, time) == 0 ? 1 : give_up(engine);
}

int
engine_topo_step(
    struct engine *engine, unsigned budget, struct engine_time time, bool *ret_in_force)
{
	struct take *take = engine->take;

	*ret_in_force = false;
	engine_step_end(engine);
	if (engine->unsettled) {
		*ret_in_force = !take_settle(engine->unsettled, budget / 2 + 1);
		if (*ret_in_force)
			end_settling(engine);
		return 1;
	}
	if (engine->discarded)
		return discard_some(engine, budget);
	if (!take)
		return 0;
	if (take->again)
		return begin(engine, abandon(engine, true)) == 0 ? 1 : -ENOMEM;
	return prepare(engine, take, budget, time);
}

int
engine_set_topo(struct engine *engine, struct topo *topo, struct engine_time time)
{
	bool in_force;
	int r = engine_topo_begin(engine, topo);

	if (r != 0)
		return r;
	do
		r = engine_topo_step(engine, UINT32_MAX, time, &in_force);
	while (r > 0);
	return r;
}

void
engine_takes_free(struct engine *engine)
{
	bool in_force;

	if (engine->unsettled)
		end_settling(engine);
	abandon(engine, false);
	while (engine->discarded)
		engine_topo_step(engine, UINT32_MAX, (struct engine_time){ 0 }, &in_force);
}

size_t
engine_take_bytes(const struct engine *engine)
{
	const struct take *take = engine->take;

	if (!take)
		return 0;
	const struct engine *next = &take->next;
	return topo_bytes(next->topo) + next->room_interfaces * sizeof(*next->interfaces) +
	       topo_n_groups(next->topo) * sizeof(*next->groups) +
	       topo_n_ports(next->topo) * sizeof(*next->ports) +
	       next->room_extras * sizeof(*next->extras);
}
