/*
 * The start: every verdict is compared with what Redis said, in slices, and from then on the engine decides.
 *
 * First the reach is made; then group by group the paths are counted, and the ports get what is observed of them. A group
 * with a port of which Redis says otherwise is listed. Nothing is decided yet, and nothing is queued. The last slice settles
 * the listed groups: those alone have news. Whatever changes what is compared meanwhile has it begin anew; of a port that
 * was reported, its group is listed.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

/* Of a group and of each of its ports, in some 20 ns. */
#define GROUP_COST 10
#define PORT_COST 5

static int
compare_orphans(const void *a, const void *b)
{
	const struct orphan *x = a, *y = b;
	int order = memcmp(x->id, y->id, sizeof(x->id));

	/* Of two records of one port, the one that knows its name comes first. */
	return order != 0 ? order : strcmp(y->name, x->name);
}

/* A SCAN may tell a key twice, and a port that left while Redis was read may be told as well: one toggle each. */
static void
queue_orphans(struct engine *engine, struct engine_time time)
{
	if (engine->n_orphans > 0)
		qsort(
		    engine->orphans, engine->n_orphans, sizeof(*engine->orphans), compare_orphans);
	for (uint32_t i = 0; i < engine->n_orphans; i++)
		if (i == 0 || memcmp(engine->orphans[i].id, engine->orphans[i - 1].id,
				  sizeof(engine->orphans[i].id)) != 0)
			engine_queue_removed(engine, i, time);
}

/* ---- comparing ---- */

void
engine_compare_again(struct engine *engine)
{
	struct comparison *comparison = &engine->comparison;

	reach_free(comparison->reach);
	free(comparison->groups.items);
	*comparison = (struct comparison){ .reach = NULL };
}

static void
list_group(struct engine *engine, uint32_t group)
{
	if (index_list_add(&engine->comparison.groups, group) != 0)
		abort();
}

void
engine_compare_port(struct engine *engine, uint32_t port)
{
	if (engine->comparison.has_reach)
		list_group(engine, topo_port_get(engine->topo, port)->group);
}

/* A part of the reach as the interfaces are now. */
static void
make_reach(struct engine *engine, unsigned budget)
{
	struct comparison *comparison = &engine->comparison;

	if (!comparison->reach) {
		engine_settle_pending(engine);
		comparison->reach = reach_begin(engine->topo, engine->interfaces);
	}
	int r = comparison->reach ? reach_step(comparison->reach, budget) : -1;
	if (r < 0)
		abort();
	if (r > 0)
		return;
	reach_free(engine->reach);
	engine->reach = comparison->reach;
	comparison->reach = NULL;
	comparison->has_reach = true;
}

static void
compare_group(struct engine *engine, uint32_t group)
{
	const struct topo_group *row = topo_group_get(engine->topo, group);
	struct engine_totals *totals = &engine->comparison.totals;
	bool settled = true;

	engine_observe_group(engine, group);
	for (uint32_t i = 0; i < row->ports.n; i++) {
		uint32_t port = topo_port_of_group(engine->topo, row->ports.first + i);
		const struct port_state *state = &engine->ports[port];
		totals->ports_down += (state->flags & PORT_DOWN) != 0;
		totals->ports_degraded += (state->flags & PORT_DEGRADED) != 0;
		engine_note_blame(engine, state);
		settled =
		    settled && !engine_blame_is_over(engine, state) &&
		    !(state->flags & PORT_REWIRED) &&
		    engine_port_is_settled(state, &engine->groups[group], row->attachments.n, true);
	}
	if (!settled)
		list_group(engine, group);
}

/* True while there are more. */
static bool
compare_groups(struct engine *engine, unsigned budget)
{
	const uint32_t n_groups = topo_n_groups(engine->topo);
	uint32_t *group = &engine->comparison.group;

	for (unsigned spent = 0; *group < n_groups && spent < budget;) {
		spent += GROUP_COST + PORT_COST * topo_group_get(engine->topo, *group)->ports.n;
		compare_group(engine, (*group)++);
	}
	return *group < n_groups;
}

static void
count_interfaces(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->n_interfaces; i++) {
		engine->totals.interfaces_down += !interface_is_up(&engine->interfaces[i]);
		engine->totals.interfaces_uncertain += !engine->interfaces[i].certain;
	}
}

/* ---- deciding ---- */

/*
 * All of each switch, in the place of what Redis holds of it: that may be a word, or an override, of an interface of which
 * nothing is to be said any more.
 */
static void
tell_interfaces(struct engine *engine)
{
	for (uint32_t sw = 0; sw < topo_n_switches(engine->topo); sw++) {
		struct switch_walk walk = engine_walk_begin(engine, sw);
		engine_queue(engine, CHANGE_FORGET)->subject = sw;
		for (uint32_t i; (i = engine_walk_next(engine, &walk)) != TOPO_NONE;)
			engine_tell_interface(engine, i);
	}
}

/* What differs is told as what decided it, which is looked for then. */
static struct decision
decision_of(struct engine_time time)
{
	return (struct decision){
		.source = SOURCE_NONE,
		.interface = TOPO_NONE,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
		.quiet = true,
	};
}

static void
begin_to_decide(struct engine *engine, struct engine_time time)
{
	const struct decision decision = decision_of(time);
	struct comparison *comparison = &engine->comparison;
	const bool compared = engine->comparing;

	engine_note_clock(engine, time);
	engine_settle_pending(engine);
	engine_take_again(engine);
	engine->started = true;
	if (compared)
		tell_interfaces(engine);
	engine->comparing = false;
	fault_drop(engine, engine->restored);
	engine->restored = NULL;
	engine->totals = comparison->totals;
	count_interfaces(engine);
	queue_orphans(engine, time);
	engine_settle_groups(
	    engine, comparison->groups.items, (uint32_t)comparison->groups.n, &decision);
	engine_tell_returned(engine, &decision);
	engine_asks_start(engine);
	engine_reports_start(engine, compared, time);
	engine_compare_again(engine);
}

bool
engine_start_step(struct engine *engine, unsigned budget, struct engine_time time)
{
	assert(!engine->started);
	if (!engine->comparison.has_reach) {
		make_reach(engine, budget);
		return true;
	}
	if (compare_groups(engine, budget))
		return true;
	begin_to_decide(engine, time);
	return false;
}

void
engine_start(struct engine *engine, struct engine_time time)
{
	while (engine_start_step(engine, UINT32_MAX, time))
		;
}

/* ---- Redis and the engine have parted ---- */

void
engine_compare_begin(struct engine *engine)
{
	engine_take_again(engine);
	engine_compare_again(engine);
	engine->started = false;
	engine->comparing = true;
	/* Quietly: nobody is told anything before the comparison. */
	engine_settle_pending(engine);
	for (uint32_t port = 0; port < topo_n_ports(engine->topo); port++)
		engine->ports[port].flags &= (uint8_t) ~(PORT_DOWN | PORT_WRITTEN);
}

/* ---- one port of which Redis does not hold what was decided ---- */

void
engine_tell_again(
    struct engine *engine, const uint8_t port_id[16], uint64_t revision, struct engine_time time)
{
	const struct decision decision = decision_of(time);
	const uint32_t port = topo_port_find(engine->topo, port_id);

	if (!engine->started)
		return;
	engine_settle_pending(engine);
	if (port == TOPO_NONE) {
		engine_add_orphan(engine, port_id, "", "")->revision = revision;
		engine_queue_removed(engine, engine->n_orphans - 1, time);
		return;
	}
	/* As if Redis had been told otherwise: what is so is then a toggle. */
	struct port_state *state = engine_port_for_change(engine, port);
	state->flags ^= PORT_DOWN;
	state->flags &= (uint8_t)~PORT_WRITTEN;
	engine->totals.ports_down += state->flags & PORT_DOWN ? 1u : -1u;
	engine_note_revision(state, revision);
	engine_settle_groups(engine, &topo_port_get(engine->topo, port)->group, 1, &decision);
}

bool
engine_tell_hash(
    struct engine *engine, const uint8_t port_id[16], uint64_t revision, struct engine_time time)
{
	const struct decision decision = decision_of(time);
	const uint32_t port = topo_port_find(engine->topo, port_id);

	if (!engine->started || port == TOPO_NONE)
		return false;
	engine_note_revision(engine_port_for_change(engine, port), revision);
	engine_queue_port(engine, port, &decision);
	return true;
}
