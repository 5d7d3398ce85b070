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
	for (uint32_t i = 0; i < row->interfaces.n; i++)
		count_interface(&engine->interfaces[row->interfaces.first + i], ret_view);
	for (uint32_t i = 0; i < engine->n_extras && state->n_extra > 0; i++)
		if (engine->extras[i].sw == sw)
			count_interface(
			    &engine->interfaces[topo_n_interfaces(engine->topo) + i], ret_view);
}

/* When something on the port's paths was last heard: its own interfaces. 0: never. */
static int64_t
heard_us(const struct engine *engine, const struct topo_group *group)
{
	int64_t heard = 0;

	for (uint32_t i = 0; i < group->attachments.n; i++) {
		uint32_t interface = topo_attachment(engine->topo, group->attachments.first + i);
		if (engine->interfaces[interface].heard_us > heard)
			heard = engine->interfaces[interface].heard_us;
	}
	return heard;
}

static const char *
data_plane_status(const struct port_state *state, int64_t heard)
{
	if (state->flags & PORT_DOWN)
		return "DOWN";
	if (state->revision >= 1 || (state->flags & PORT_REPORTED_ACTIVE) || heard != 0)
		return "ACTIVE";
	return NULL;
}

void
engine_port_view(const struct engine *engine, uint32_t port, struct engine_port_view *ret_view)
{
	const struct topo_port *row = topo_port_get(engine->topo, port);
	const struct topo_group *group = topo_group_get(engine->topo, row->group);
	const struct port_state *state = &engine->ports[port];
	const struct report *report = engine_report_of(engine, row->id);

	*ret_view = (struct engine_port_view){
		.name = topo_text_get(engine->topo, row->name),
		.project_id = topo_text_get(engine->topo, row->project_id),
		.host = group->host == TOPO_NONE
			    ? ""
			    : topo_text_get(
				  engine->topo, topo_host_get(engine->topo, group->host)->name),
		.dp_down = state->flags & PORT_DOWN,
		.reported = state->flags & PORT_REPORTED,
		.observed_down = state->flags & PORT_OBSERVED,
		.cause = (enum dp_cause)state->cause,
		.reason = (enum link_reason)state->reason,
		.switch_name = "",
		.interface_name = "",
		.fault = state->fault ? state->fault->text : "",
		.revision = state->revision,
		.since_us = state->since_us,
		.heard_us = heard_us(engine, group),
		.report = { .by = "", .note = "" },
	};
	memcpy(ret_view->id, row->id, sizeof(ret_view->id));
	engine_port_paths(engine, port, &ret_view->paths);
	ret_view->data_plane_status = data_plane_status(state, ret_view->heard_us);
	if (state->interface != TOPO_NONE) {
		uint32_t sw = engine_interface_switch(engine, state->interface);
		ret_view->switch_name =
		    topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name);
		ret_view->interface_name = engine_interface_name(engine, state->interface);
	}
	if (report)
		ret_view->report = (struct dp_report){ report->down, report->by, report->note,
			report->at_us, report->until_us };
}

void
engine_totals(const struct engine *engine, struct engine_totals *ret_totals)
{
	*ret_totals = engine->totals;
	ret_totals->queued = engine->n_queue - engine->head;
}

size_t
engine_bytes(const struct engine *engine)
{
	return sizeof(*engine) + topo_bytes(engine->topo) + reach_bytes(engine->reach) +
	       engine->room_interfaces * sizeof(*engine->interfaces) +
	       engine->room_extras * sizeof(*engine->extras) + htab_bytes(&engine->extra_index) +
	       topo_n_groups(engine->topo) * sizeof(*engine->groups) +
	       topo_n_ports(engine->topo) * sizeof(*engine->ports) +
	       engine->room_queue * sizeof(*engine->queue);
}
