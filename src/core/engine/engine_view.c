/*
 * Reading the engine, for the API. Nothing here changes anything.
 */
#include <string.h>

#include "core/engine_state.h"

uint32_t
engine_n_interfaces(const struct engine *engine)
{
	return engine->n_interfaces;
}

static uint32_t
ports_at(const struct engine *engine, const struct topo_interface *row)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < row->groups.n; i++)
		n += topo_group_get(
		    engine->topo, topo_group_of_interface(engine->topo, row->groups.first + i))
			 ->ports.n;
	return n;
}

static const char *
dampening_of(const struct engine *engine, uint32_t interface)
{
	const struct watch *watch = engine_watch(engine, interface);

	if (engine->interfaces[interface].suppressed)
		return "suppressed";
	return watch && watch->flaps ? "would-suppress" : "";
}

/* Held words say what the interface is not; a delay shows later what was observed already. */
static const char *
waiting_of(const struct engine *engine, uint32_t interface)
{
	const struct watch *watch = engine_watch(engine, interface);
	bool up = interface_observed_up(&engine->interfaces[interface]);

	if (watch && watch->n_held > 0)
		return spoken_names[up ? SPOKEN_DOWN : SPOKEN_UP];
	if (watch && watch->show_ns != INT64_MAX)
		return spoken_names[up ? SPOKEN_UP : SPOKEN_DOWN];
	return "";
}

void
engine_interface_view(
    const struct engine *engine, uint32_t interface, struct engine_interface_view *ret_view)
{
	const struct interface_state *state = &engine->interfaces[interface];
	uint32_t sw = engine_interface_switch(engine, interface);
	bool mapped = interface < topo_n_interfaces(engine->topo);
	const struct topo_interface *row =
	    mapped ? topo_interface_get(engine->topo, interface) : NULL;

	*ret_view = (struct engine_interface_view){
		.sw = sw,
		.switch_name = topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name),
		.name = engine_interface_name(engine, interface),
		.if_index = row ? row->if_index : 0,
		.mapped = mapped,
		.oper_up = interface_is_up(state),
		.carries = row ? reach_carries(engine->reach, interface) : interface_is_up(state),
		.certain = state->certain,
		.heard = state->heard,
		.admin = spoken_names[state->admin],
		.link = spoken_names[state->link],
		.protocol = spoken_names[state->protocol],
		.override = spoken_names[state->override],
		.dampening = dampening_of(engine, interface),
		.waiting = waiting_of(engine, interface),
		.source = (enum link_source)state->source,
		.reason = (enum link_reason)state->reason,
		.since_us = state->since_us,
		.heard_us = state->heard_us,
		.n_ports = row ? ports_at(engine, row) : 0,
	};
}

static void
count_interface(const struct interface_state *state, struct engine_switch_view *view)
{
	view->n_interfaces++;
	view->n_down += !interface_is_up(state);
	view->n_uncertain += !state->certain;
}

void
engine_switch_heard(
    const struct engine *engine, uint32_t sw, int64_t *ret_trap_us, int64_t *ret_syslog_us)
{
	*ret_trap_us = engine->switches[sw].heard_trap_us;
	*ret_syslog_us = engine->switches[sw].heard_syslog_us;
}

void
engine_switch_view(const struct engine *engine, uint32_t sw, struct engine_switch_view *ret_view)
{
	const struct topo_switch *row = topo_switch_get(engine->topo, sw);
	const struct switch_state *state = &engine->switches[sw];

	*ret_view = (struct engine_switch_view){
		.name = topo_text_get(engine->topo, row->name),
		.reaches_root = reach_switch(engine->reach, sw),
		.root = row->root,
		.heard_trap_us = state->heard_trap_us,
		.heard_syslog_us = state->heard_syslog_us,
		.restarted_us = state->restarted_us,
		.n_traps = state->n_traps,
		.n_syslog = state->n_syslog,
		.n_restarts = state->n_restarts,
	};
	struct switch_walk walk = engine_walk_begin(engine, sw);
	for (uint32_t i; (i = engine_walk_next(engine, &walk)) != TOPO_NONE;)
		count_interface(&engine->interfaces[i], ret_view);
}

/*
 * Whether something on the port's paths was ever heard: its own interfaces; and when, which is 0 where that was before this
 * daemon and changed nothing.
 */
static bool
was_heard(const struct engine *engine, const struct topo_group *group, int64_t *ret_heard_us)
{
	bool heard = false;

	*ret_heard_us = 0;
	for (uint32_t i = 0; i < group->attachments.n; i++) {
		const struct interface_state *state =
		    &engine
			 ->interfaces[topo_attachment(engine->topo, group->attachments.first + i)];
		heard = heard || state->heard;
		if (state->heard_us > *ret_heard_us)
			*ret_heard_us = state->heard_us;
	}
	return heard;
}

/* While Redis is compared, PORT_DOWN says what Redis holds and not what is so. */
static bool
is_down(const struct engine *engine, const struct port_state *state)
{
	return state->flags & (engine->comparing ? PORT_OBSERVED | PORT_REPORTED : PORT_DOWN);
}

bool
engine_port_is_down(const struct engine *engine, uint32_t port)
{
	return is_down(engine, &engine->ports[port]);
}

/* NULL: what was told of the port itself says nothing, so whether its interfaces were heard decides. */
static const char *
told_status(const struct engine *engine, const struct port_state *state)
{
	if (is_down(engine, state))
		return "DOWN";
	return state->revision >= 1 || (state->flags & PORT_REPORTED_ACTIVE) ? "ACTIVE" : NULL;
}

const char *
engine_port_status(const struct engine *engine, uint32_t port)
{
	const char *told = told_status(engine, &engine->ports[port]);
	const uint32_t group = topo_port_get(engine->topo, port)->group;
	int64_t heard_us;

	if (told)
		return told;
	return was_heard(engine, topo_group_get(engine->topo, group), &heard_us) ? "ACTIVE" : NULL;
}

static void
name_interface(const struct engine *engine, uint32_t interface, struct engine_port_view *view)
{
	if (interface == TOPO_NONE)
		return;
	uint32_t sw = engine_interface_switch(engine, interface);
	view->switch_name = topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name);
	view->interface_name = engine_interface_name(engine, interface);
}

void
engine_port_view(const struct engine *engine, uint32_t port, struct engine_port_view *ret_view)
{
	const struct topo_port *row = topo_port_get(engine->topo, port);
	const struct topo_group *group = topo_group_get(engine->topo, row->group);
	const struct port_state *state = &engine->ports[port];

	*ret_view = (struct engine_port_view){
		.name = topo_text_get(engine->topo, row->name),
		.project_id = topo_text_get(engine->topo, row->project_id),
		.host = group->host == TOPO_NONE
			    ? ""
			    : topo_text_get(
				  engine->topo, topo_host_get(engine->topo, group->host)->name),
		.dp_down = is_down(engine, state),
		.reported = state->flags & PORT_REPORTED,
		.observed_down = state->flags & PORT_OBSERVED,
		.cause = (enum dp_cause)state->cause,
		.reason = (enum link_reason)state->reason,
		.switch_name = "",
		.interface_name = "",
		.fault = state->fault ? state->fault->text : "",
		.revision = state->revision,
		.since_us = state->since_us,
	};
	memcpy(ret_view->id, row->id, sizeof(ret_view->id));
	engine_port_paths(engine, port, &ret_view->paths);
	const bool heard = was_heard(engine, group, &ret_view->heard_us);
	const char *told = told_status(engine, state);
	ret_view->data_plane_status = told || !heard ? told : "ACTIVE";
	name_interface(engine, state->interface, ret_view);
	engine_port_report(engine, port, &ret_view->report);
}

void
engine_port_view_observed(const struct engine *engine, uint32_t port, struct engine_port_view *view)
{
	struct blame_search search;

	if (!view->observed_down || view->cause != CAUSE_REPORTED)
		return;
	blame_search_init(&search, engine);
	const struct blame blame =
	    blame_of_group(&search, topo_port_get(engine->topo, port)->group);
	blame_search_release(&search);
	view->cause = blame.cause;
	view->reason = blame.reason;
	name_interface(engine, blame.interface, view);
}

void
engine_totals(const struct engine *engine, struct engine_totals *ret_totals)
{
	*ret_totals = engine->totals;
	ret_totals->interfaces_flapping = engine->watches.n_flapping;
	ret_totals->overrides = engine->watches.n_overrides;
	ret_totals->asks_waiting = engine->asks[0].n + engine->asks[1].n + engine->n_asks_missed;
	ret_totals->asks_refused = engine->n_asks_refused;
	ret_totals->queued = engine->n_queue - engine->head;
}

size_t
engine_bytes(const struct engine *engine)
{
	return sizeof(*engine) + topo_bytes(engine->topo) + reach_bytes(engine->reach) +
	       engine_watches_bytes(engine) + engine_take_bytes(engine) +
	       engine->room_interfaces * sizeof(*engine->interfaces) +
	       engine->room_extras * sizeof(*engine->extras) + htab_bytes(&engine->extra_index) +
	       topo_n_groups(engine->topo) * sizeof(*engine->groups) +
	       topo_n_ports(engine->topo) * sizeof(*engine->ports) +
	       engine->room_queue * sizeof(*engine->queue);
}
