#include "core/what_if.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

const char *const what_if_outcome_names[WHAT_IF_MAX] = {
	[WHAT_IF_DOWN] = "down",
	[WHAT_IF_DEGRADED] = "degraded",
	[WHAT_IF_RECOVERED] = "recovered",
};

/* What a step may cost, in groups looked at (some 0.4 us each). */
#define STEP_GROUPS 5000
#define PORTS_OF_A_GROUP 16 /* so many ports looked at one by one are another group */

/* The ports found so far, by outcome: all are counted, and the first `most` are kept. */
struct what_if_run {
	const struct engine *engine;
	struct trial *now, *then; /* copies: what is heard meanwhile changes neither */
	struct failure *failures;
	size_t n_failures;
	bool failed;  /* `then` has the failures */
	size_t group; /* the next of those that they touch */
	size_t most;
	struct {
		struct what_if_port *ports;
		size_t n, room;
	} lists[WHAT_IF_MAX];
};

static int
add(struct what_if_run *run, const struct what_if_port *port)
{
	size_t n = run->lists[port->outcome].n, room = run->lists[port->outcome].room;

	if (n == room) {
		room = room * 2 + 256;
		struct what_if_port *ports =
		    realloc(run->lists[port->outcome].ports, room * sizeof(*ports));
		if (!ports)
			return -ENOMEM;
		run->lists[port->outcome].ports = ports;
		run->lists[port->outcome].room = room;
	}
	run->lists[port->outcome].ports[n] = *port;
	return 0;
}

/* Its own interfaces, unless one of the paths that were up still carries traffic, but into a switch without a root. */
static enum dp_cause
cause_of(const struct what_if_run *run, uint32_t group)
{
	const struct topo *topo = run->engine->topo;
	const struct topo_group *row = topo_group_get(topo, group);
	const struct reach *now = trial_reach(run->now), *then = trial_reach(run->then);

	for (uint32_t i = 0; i < row->attachments.n; i++) {
		uint32_t interface = topo_attachment(topo, row->attachments.first + i);
		uint32_t sw = topo_interface_get(topo, interface)->sw;
		if (reach_carries(then, interface) && !reach_switch(then, sw) &&
		    reach_switch(now, sw))
			return CAUSE_UPLINK;
	}
	return CAUSE_ACCESS;
}

/* False where the failure does not touch the port. */
static bool
outcome_of(const struct port_state *port, const struct group_state *now,
    const struct group_state *then, enum what_if_outcome *ret_outcome)
{
	bool reported = port->flags & PORT_REPORTED;
	bool down_now = now->down || reported, down_then = then->down || reported;

	if (!down_now && down_then)
		*ret_outcome = WHAT_IF_DOWN;
	else if (down_now && !down_then)
		*ret_outcome = WHAT_IF_RECOVERED;
	else if (!down_then && then->up < now->up)
		*ret_outcome = WHAT_IF_DEGRADED;
	else
		return false;
	return true;
}

static int
look_at(struct what_if_run *run, uint32_t group)
{
	const struct engine *engine = run->engine;
	const struct topo_group *row = topo_group_get(engine->topo, group);
	const uint32_t total = row->attachments.n;
	struct group_state now, then;
	enum what_if_outcome outcome;
	int r = 0;

	trial_paths(run->now, group, &now);
	trial_paths(run->then, group, &then);
	if (now.up == then.up && now.stranded == then.stranded && now.down == then.down)
		return 0;
	enum dp_cause cause = cause_of(run, group);
	for (uint32_t i = 0; i < row->ports.n && r == 0; i++) {
		uint32_t port = topo_port_of_group(engine->topo, row->ports.first + i);
		if (!outcome_of(&engine->ports[port], &now, &then, &outcome))
			continue;
		if (run->lists[outcome].n >= run->most) {
			/* Only reports tell ports of one group apart; without them none of the rest is looked at. */
			const bool all_alike = engine->n_reports == 0;
			run->lists[outcome].n += all_alike ? row->ports.n - i : 1;
			if (all_alike)
				break;
			continue;
		}
		const struct what_if_port touched = {
			.port = port,
			.outcome = (uint8_t)outcome,
			.cause = (uint8_t)(outcome == WHAT_IF_DOWN ? cause : CAUSE_NONE),
			.before = { now.up, now.stranded, total },
			.after = { then.up, then.stranded, total },
		};
		r = add(run, &touched);
		run->lists[outcome].n++;
	}
	return r;
}

static int
look_at_some(struct what_if_run *run)
{
	const struct index_list *groups = trial_groups(run->then);
	const struct topo *topo = run->engine->topo;

	for (size_t cost = 0; cost < STEP_GROUPS && run->group < groups->n; run->group++, cost++) {
		uint32_t group = groups->items[run->group];
		if (look_at(run, group) != 0)
			return -ENOMEM;
		if (run->engine->n_reports > 0)
			cost += topo_group_get(topo, group)->ports.n / PORTS_OF_A_GROUP;
	}
	return run->group < groups->n ? 0 : 1;
}

struct what_if_run *
what_if_begin(const struct engine *engine, const struct failure *failures, size_t n, size_t most)
{
	struct what_if_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->engine = engine;
	run->most = most;
	run->n_failures = n;
	run->failures = calloc(n + 1, sizeof(*failures));
	if (!run->failures) {
		free(run);
		return NULL;
	}
	if (n > 0)
		memcpy(run->failures, failures, n * sizeof(*failures));
	return run;
}

/* Each of the first three is as much as a step may be, in a large map. */
int
what_if_step(struct what_if_run *run)
{
	const struct engine *engine = run->engine;

	if (!run->now) {
		run->now = trial_new(engine->topo, engine->interfaces);
		return run->now ? 0 : -ENOMEM;
	}
	if (!run->then) {
		run->then = trial_copy(run->now);
		return run->then ? 0 : -ENOMEM;
	}
	if (run->failed)
		return look_at_some(run);
	run->failed = true;
	return trial_fail(run->then, run->failures, run->n_failures);
}

void
what_if_end(struct what_if_run *run)
{
	if (!run)
		return;
	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++)
		free(run->lists[outcome].ports);
	trial_free(run->now);
	trial_free(run->then);
	free(run->failures);
	free(run);
}

/* The lists one behind the other. */
int
what_if_found(const struct what_if_run *run, struct what_if *ret_what_if)
{
	struct what_if joined = { 0 };
	size_t n = 0;

	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++)
		n += run->lists[outcome].n;
	if (n > run->most)
		n = run->most;
	joined.ports = calloc(n + 1, sizeof(*joined.ports));
	if (!joined.ports)
		return -ENOMEM;
	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++) {
		size_t room = n - joined.n_ports, some = run->lists[outcome].n;
		joined.n[outcome] = (uint32_t)some;
		if (some > room)
			some = room;
		if (some > 0)
			memcpy(joined.ports + joined.n_ports, run->lists[outcome].ports,
			    some * sizeof(*joined.ports));
		joined.n_ports += some;
	}
	*ret_what_if = joined;
	return 0;
}

int
what_if(const struct engine *engine, const struct failure *failures, size_t n, size_t most,
    struct what_if *ret_what_if)
{
	struct what_if_run *run = what_if_begin(engine, failures, n, most);
	int r = run ? 0 : -ENOMEM;

	while (r == 0)
		r = what_if_step(run);
	if (r > 0)
		r = what_if_found(run, ret_what_if);
	what_if_end(run);
	return r;
}

void
what_if_release(struct what_if *what_if)
{
	free(what_if->ports);
	*what_if = (struct what_if){ 0 };
}
