#include "core/engine_state.h"
#include "core/explain.h"
#include "core/text.h"
#include "util/timeutil.h"

/* Reports come from outside and may hold any bytes, which JSON may not. */
static json_t *
text_json(const char *text)
{
	json_t *json = json_string(text ? text : "");

	return json ? json : json_string(TEXT_QUOTE(slice_of(text)));
}

static json_t *
text_or_null(const char *text)
{
	return text && text[0] != '\0' ? text_json(text) : json_null();
}

static json_t *
time_json(int64_t us)
{
	char buf[TIMEUTIL_TEXT];

	if (us == 0)
		return json_null();
	timeutil_format(us, buf);
	return json_string(buf);
}

/* ---- interfaces ---- */

/* By whom, why and until when; not there where nobody overrides it. */
static void
add_override(const struct engine *engine, uint32_t interface, json_t *object)
{
	struct engine_override override;

	engine_override_view(engine, interface, &override);
	if (override.to == WORD_NONE)
		return;
	json_object_set_new(object, "override_by", text_json(override.by));
	json_object_set_new(object, "override_note", text_json(override.note));
	json_object_set_new(object, "override_until", time_json(override.until_us));
}

static json_t *
plain_interface_json(const struct engine *engine, uint32_t interface)
{
	struct engine_interface_view view;

	engine_interface_view(engine, interface, &view);
	json_t *object = json_pack(
	    "{s:o, s:o, s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "switch",
	    text_json(view.switch_name), "name", text_json(view.name), "oper",
	    view.oper_up ? "up" : "down", "carries", view.carries, "certain", view.certain, "heard",
	    view.heard, "since", time_json(view.since_us), "heard_at", time_json(view.heard_us),
	    "source", text_or_null(link_source_names[view.source]), "reason",
	    text_or_null(link_reason_names[view.reason]), "override", text_or_null(view.override),
	    "dampening", text_or_null(view.dampening), "waiting", text_or_null(view.waiting));
	add_override(engine, interface, object);
	return object;
}

/* Of an aggregate: how many members count as up, and those that are down or uncertain. */
static void
add_members(const struct engine *engine, const struct topo_interface *row, json_t *object)
{
	json_t *members = json_array();
	uint32_t up = 0;

	for (uint32_t i = 0; i < row->members.n; i++) {
		uint32_t member = topo_member(engine->topo, row->members.first + i);
		bool is_up = interface_is_up(&engine->interfaces[member]);
		bool is_lifted = reach_member_lifted(engine->reach, member);
		up += is_up || is_lifted;
		if (is_up && engine->interfaces[member].certain)
			continue;
		json_t *object_of_member = plain_interface_json(engine, member);
		json_object_set_new(object_of_member, "lifted", json_boolean(is_lifted));
		json_array_append_new(members, object_of_member);
	}
	json_object_set_new(object, "members", members);
	json_object_set_new(object, "members_up", json_integer(up));
	json_object_set_new(object, "members_total", json_integer(row->members.n));
	json_object_set_new(object, "min_links", json_integer(row->min_links));
}

/* With what else decides over it: its members, or its aggregate when that is down by its own word. */
static json_t *
interface_json(const struct engine *engine, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(engine->topo, interface);
	json_t *object = plain_interface_json(engine, interface);

	if (row->members.n > 0)
		add_members(engine, row, object);
	if (row->aggregate != TOPO_NONE && !interface_is_up(&engine->interfaces[row->aggregate]))
		json_object_set_new(
		    object, "aggregate", plain_interface_json(engine, row->aggregate));
	return object;
}

/* ---- paths ---- */

static json_t *
links_json(const struct engine *engine, const struct explain *explain, struct topo_range range)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < range.n; i++) {
		const struct explain_link *link = &explain->links[range.first + i];
		json_array_append_new(
		    list, json_pack("{s:o, s:o, s:b}", "from", interface_json(engine, link->from),
			      "to", interface_json(engine, link->to), "peer",
			      topo_link_get(engine->topo, link->link)->peer));
	}
	return list;
}

static const char *
switch_name(const struct engine *engine, uint32_t sw)
{
	return sw == TOPO_NONE
		   ? NULL
		   : topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name);
}

static json_t *
path_json(
    const struct engine *engine, const struct explain *explain, const struct explain_path *path)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "state",
	    path_state_names[path->state], "root", path_root_names[path->root], "root_switch",
	    text_or_null(switch_name(engine, path->root_switch)), "interface",
	    interface_json(engine, path->interface), "hops",
	    links_json(engine, explain, path->hops), "cuts",
	    links_json(engine, explain, path->cuts), "cuts_total", (json_int_t)path->n_cuts);
}

static json_t *
paths_json(const struct engine *engine, const struct explain *explain)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < explain->n_paths; i++)
		json_array_append_new(list, path_json(engine, explain, &explain->paths[i]));
	return list;
}

static json_t *
singles_json(const struct engine *engine, const struct explain *explain)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < explain->n_singles; i++) {
		const struct failure *failure = &explain->singles[i];
		const char *name = NULL;
		if (failure->interface != TOPO_NONE)
			name = topo_text_get(engine->topo,
			    topo_interface_get(engine->topo, failure->interface)->name);
		json_array_append_new(list,
		    json_pack("{s:o, s:o}", "switch", text_json(switch_name(engine, failure->sw)),
			"interface", text_or_null(name)));
	}
	return list;
}

/* ---- the port ---- */

static json_t *
report_json(const struct engine_port_view *view)
{
	if (view->report.at_us == 0)
		return json_null();
	return json_pack("{s:b, s:o, s:o, s:o, s:o}", "down", view->report.down, "by",
	    text_json(view->report.by), "note", text_json(view->report.note), "at",
	    time_json(view->report.at_us), "until", time_json(view->report.until_us));
}

static json_t *
port_json(const struct engine *engine, uint32_t port)
{
	const struct topo_group *group =
	    topo_group_get(engine->topo, topo_port_get(engine->topo, port)->group);
	struct engine_port_view view;
	char id[PORT_ID_TEXT];

	engine_port_view(engine, port, &view);
	/* What decided is told while it holds: of a port that is up again, it would be what healed it. */
	bool down = view.dp_down;
	return json_pack(
	    "{s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:s, s:o}",
	    "id", port_id_format(view.id, id), "name", text_json(view.name), "project_id",
	    text_json(view.project_id), "host", text_or_null(view.host), "physnet",
	    text_or_null(topo_text_get(engine->topo, group->physnet)), "dp_down", down, "since",
	    time_json(view.since_us), "cause",
	    text_or_null(down ? dp_cause_names[view.cause] : NULL), "reason",
	    text_or_null(down ? link_reason_names[view.reason] : NULL), "switch",
	    text_or_null(down ? view.switch_name : NULL), "interface",
	    text_or_null(down ? view.interface_name : NULL), "fault",
	    text_or_null(down ? view.fault : NULL), "heard_at", time_json(view.heard_us),
	    "paths_up", (int)view.paths.up, "paths_stranded", (int)view.paths.stranded,
	    "paths_total", (int)view.paths.total, "stranded",
	    group->stranded_down ? "down" : "degraded", "report", report_json(&view));
}

json_t *
explain_json(const struct engine *engine, const struct explain *explain)
{
	json_t *object = port_json(engine, explain->port);

	json_object_set_new(object, "paths", paths_json(engine, explain));
	json_object_set_new(object, "single_failures", singles_json(engine, explain));
	json_object_set_new(object, "single_failures_total", json_integer(explain->n_singles_all));
	return object;
}
