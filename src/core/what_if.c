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

/* The ports found so far, by outcome: all are counted, and the first `most` are kept. */
struct finding {
	const struct engine *engine;
	struct trial *trial;
	size_t most;
	struct {
		struct what_if_port *ports;
		size_t n, room;
	} lists[WHAT_IF_MAX];
};

static int
add(struct finding *finding, const struct what_if_port *port)
{
	size_t n = finding->lists[port->outcome].n, room = finding->lists[port->outcome].room;

	if (n == room) {
		room = room * 2 + 256;
		struct what_if_port *ports =
		    realloc(finding->lists[port->outcome].ports, room * sizeof(*ports));
		if (!ports)
			return -ENOMEM;
		finding->lists[port->outcome].ports = ports;
		finding->lists[port->outcome].room = room;
	}
	finding->lists[port->outcome].ports[n] = *port;
	return 0;
}

/* Its own interfaces, unless one of the paths that were up still carries traffic, but into a switch without a root. */
static enum dp_cause
cause_of(const struct engine *engine, const struct reach *then, uint32_t group)
{
	const struct topo_group *row = topo_group_get(engine->topo, group);

	for (uint32_t i = 0; i < row->attachments.n; i++) {
		uint32_t interface = topo_attachment(engine->topo, row->attachments.first + i);
		uint32_t sw = topo_interface_get(engine->topo, interface)->sw;
		if (reach_carries(then, interface) && !reach_switch(then, sw) &&
		    reach_switch(engine->reach, sw))
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
look_at(struct finding *finding, uint32_t group)
{
	const struct engine *engine = finding->engine;
	const struct topo_group *row = topo_group_get(engine->topo, group);
	const uint32_t total = row->attachments.n;
	struct group_state now = { 0 }, then;
	enum what_if_outcome outcome;
	int r = 0;

	engine_count_paths(engine, group, &now);
	trial_paths(finding->trial, group, &then);
	if (now.up == then.up && now.stranded == then.stranded && now.down == then.down)
		return 0;
	enum dp_cause cause = cause_of(engine, trial_reach(finding->trial), group);
	for (uint32_t i = 0; i < row->ports.n && r == 0; i++) {
		uint32_t port = topo_port_of_group(engine->topo, row->ports.first + i);
		if (!outcome_of(&engine->ports[port], &now, &then, &outcome))
			continue;
		if (finding->lists[outcome].n >= finding->most) {
			/* Only reports tell ports of one group apart; without them none of the rest is looked at. */
			const bool all_alike = engine->n_reports == 0;
			finding->lists[outcome].n += all_alike ? row->ports.n - i : 1;
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
		r = add(finding, &touched);
		finding->lists[outcome].n++;
	}
	return r;
}

static int
look_at_all(struct finding *finding, const struct failure *failures, size_t n)
{
	int r = trial_fail(finding->trial, failures, n);
	const struct index_list *groups = trial_groups(finding->trial);

	for (size_t i = 0; i < groups->n && r == 0; i++)
		r = look_at(finding, groups->items[i]);
	return r;
}

/* The lists one behind the other. */
static int
join(const struct finding *finding, struct what_if *ret_what_if)
{
	struct what_if joined = { 0 };
	size_t n = 0;

	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++)
		n += finding->lists[outcome].n;
	if (n > finding->most)
		n = finding->most;
	joined.ports = calloc(n + 1, sizeof(*joined.ports));
	if (!joined.ports)
		return -ENOMEM;
	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++) {
		size_t room = n - joined.n_ports, some = finding->lists[outcome].n;
		joined.n[outcome] = (uint32_t)some;
		if (some > room)
			some = room;
		if (some > 0)
			memcpy(joined.ports + joined.n_ports, finding->lists[outcome].ports,
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
	struct finding finding = {
		.engine = engine,
		.most = most,
		.trial = trial_new(engine->topo, engine->interfaces),
	};
	int r = finding.trial ? look_at_all(&finding, failures, n) : -ENOMEM;

	if (r == 0)
		r = join(&finding, ret_what_if);
	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++)
		free(finding.lists[outcome].ports);
	trial_free(finding.trial);
	return r;
}

void
what_if_release(struct what_if *what_if)
{
	free(what_if->ports);
	*what_if = (struct what_if){ 0 };
}
