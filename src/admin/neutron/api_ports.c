/*
 * Two tables: what a port shows to whom, and by what a list can be filtered. Filters that the topology alone can answer are
 * tried before those that need the port's state.
 */
#include "admin/api_ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_json.h"

/* ---- a port as JSON ---- */

static json_t *
show_id(const struct engine_port_view *port)
{
	char text[PORT_ID_TEXT];

	return json_string(port_id_format(port->id, text));
}

static json_t *
show_name(const struct engine_port_view *port)
{
	return api_json_text(port->name);
}

static json_t *
show_project(const struct engine_port_view *port)
{
	return api_json_text(port->project_id);
}

static json_t *
show_dp_down(const struct engine_port_view *port)
{
	return json_boolean(port->dp_down);
}

static json_t *
show_data_plane_status(const struct engine_port_view *port)
{
	return port->data_plane_status ? json_string(port->data_plane_status) : json_null();
}

static json_t *
show_since(const struct engine_port_view *port)
{
	return api_json_time(port->since_us);
}

static json_t *
show_paths_up(const struct engine_port_view *port)
{
	return json_integer(port->paths.up);
}

static json_t *
show_paths_stranded(const struct engine_port_view *port)
{
	return json_integer(port->paths.stranded);
}

static json_t *
show_paths_total(const struct engine_port_view *port)
{
	return json_integer(port->paths.total);
}

static json_t *
show_revision(const struct engine_port_view *port)
{
	return json_integer((json_int_t)port->revision);
}

static json_t *
show_host(const struct engine_port_view *port)
{
	return api_json_text(port->host);
}

static json_t *
show_heard(const struct engine_port_view *port)
{
	return api_json_time(port->heard_us);
}

static json_t *
observed_cause(const struct engine_port_view *port)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "cause", dp_cause_names[port->cause],
	    "reason", link_reason_names[port->reason], "switch", api_json_text(port->switch_name),
	    "interface", api_json_text(port->interface_name), "fault", api_json_text(port->fault));
}

static json_t *
reported_cause(const struct engine_port_view *port)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "cause", dp_cause_names[CAUSE_REPORTED],
	    "reason", link_reason_names[REASON_REPORTED], "by", api_json_text(port->report.by),
	    "at", api_json_time(port->report.at_us), "until", api_json_time(port->report.until_us),
	    "note", api_json_text(port->report.note));
}

static json_t *
show_causes(const struct engine_port_view *port)
{
	json_t *causes = json_array();

	if (port->observed_down)
		json_array_append_new(causes, observed_cause(port));
	if (port->reported)
		json_array_append_new(causes, reported_cause(port));
	return causes;
}

struct attribute {
	const char *name;
	enum api_role least; /* who may read it: no switch names and nobody's notes for tenants */
	bool writable;
	json_t *(*show)(const struct engine_port_view *port); /* NULL: not shown */
};

/* In the order in which Neutron looks at them, and names the first that cannot be set. */
static const struct attribute attributes[] = {
	{ "id", ROLE_READER, false, show_id },
	{ "name", ROLE_READER, false, show_name },
	/* Known to Neutron and not ours to tell or set: such a name is read-only, and no spelling mistake. */
	{ "network_id", ROLE_READER, false, NULL },
	{ "admin_state_up", ROLE_READER, false, NULL },
	{ "mac_address", ROLE_READER, false, NULL },
	{ "fixed_ips", ROLE_READER, false, NULL },
	{ "device_id", ROLE_READER, false, NULL },
	{ "device_owner", ROLE_READER, false, NULL },
	{ "tenant_id", ROLE_READER, false, show_project },
	{ "project_id", ROLE_READER, false, show_project },
	{ "status", ROLE_READER, false, NULL },
	{ "description", ROLE_READER, false, NULL },
	{ "created_at", ROLE_READER, false, NULL },
	{ "updated_at", ROLE_READER, false, NULL },
	{ "dp_down", ROLE_READER, true, show_dp_down },
	{ "data_plane_status", ROLE_READER, true, show_data_plane_status },
	{ "dp_down_since", ROLE_READER, false, show_since },
	{ "dp_down_causes", ROLE_INTEGRATOR, false, show_causes },
	{ "paths_up", ROLE_READER, false, show_paths_up },
	{ "paths_stranded", ROLE_READER, false, show_paths_stranded },
	{ "paths_total", ROLE_READER, false, show_paths_total },
	{ "revision_number", ROLE_READER, false, show_revision },
	{ "binding:host_id", ROLE_INTEGRATOR, false, show_host },
	{ "heard_at", ROLE_INTEGRATOR, false, show_heard },
	{ "dp_down_maintenance", ROLE_READER, false, NULL }, /* not of the engine: see port_json */
	/* Shown among the causes. */
	{ "dp_down_note", ROLE_ADMIN, true, NULL },
	{ "dp_down_until", ROLE_ADMIN, true, NULL },
	{ "dp_down_for", ROLE_ADMIN, true, NULL },
};
#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

enum port_attribute_use
port_attribute_use(const char *name)
{
	for (size_t i = 0; i < N_ATTRIBUTES; i++)
		if (strcmp(attributes[i].name, name) == 0)
			return attributes[i].writable ? ATTRIBUTE_WRITABLE : ATTRIBUTE_READ_ONLY;
	return ATTRIBUTE_UNKNOWN;
}

const char *
port_attribute_read_only(const json_t *object)
{
	for (size_t i = 0; i < N_ATTRIBUTES; i++)
		if (!attributes[i].writable && json_object_get(object, attributes[i].name))
			return attributes[i].name;
	return NULL;
}

/* Who may not read an attribute cannot ask for it either: a list would tell it, guess by guess. */
static bool
may_read(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < N_ATTRIBUTES; i++)
		if (strcmp(attributes[i].name, name) == 0)
			return call->request->role >= attributes[i].least;
	return true;
}

static bool
is_wanted(const struct api_call *call, const char *name)
{
	bool any = false;

	for (size_t i = 0; i < call->n_params; i++) {
		if (strcmp(call->params[i].name, "fields") != 0)
			continue;
		if (strcmp(call->params[i].value, name) == 0)
			return true;
		any = true;
	}
	return !any;
}

json_t *
port_json(const struct api_call *call, uint32_t port)
{
	struct engine_port_view view;
	json_t *object = json_object();

	engine_port_view(call->api->engine, port, &view);
	/* As its toggle said: of what was told, before what is observed takes its place. */
	const bool tells_maintenance = is_wanted(call, "dp_down_maintenance");
	const bool maintained = tells_maintenance && maintenance_covers_port(call->api->maintenance,
							 engine_topo(call->api->engine), &view);
	/* It may have to search the map. */
	if (may_read(call, "dp_down_causes") && is_wanted(call, "dp_down_causes"))
		engine_port_view_observed(call->api->engine, port, &view);
	for (const struct attribute *a = attributes; a < attributes + N_ATTRIBUTES; a++)
		if (a->show && call->request->role >= a->least && is_wanted(call, a->name))
			json_object_set_new(object, a->name, a->show(&view));
	if (tells_maintenance)
		json_object_set_new(object, "dp_down_maintenance", json_boolean(maintained));
	return object;
}

/* ---- filters ---- */

/* Fewer than one in so many ports are few. */
#define RARE 8

/* A port while it is held against the filters. */
struct candidate {
	const struct engine *engine;
	const struct topo *topo;
	const struct topo_port *row;
	uint32_t port;
	char id[PORT_ID_TEXT]; /* "": nobody has asked for it yet */
};

static bool
fits_id(struct candidate *candidate, const struct port_filter *filter)
{
	return filter->flag && memcmp(candidate->row->id, filter->id, sizeof(filter->id)) == 0;
}

static bool
fits_name(struct candidate *candidate, const struct port_filter *filter)
{
	return strcmp(topo_text_get(candidate->topo, candidate->row->name), filter->text) == 0;
}

static bool
fits_project(struct candidate *candidate, const struct port_filter *filter)
{
	return strcmp(topo_text_get(candidate->topo, candidate->row->project_id), filter->text) ==
	       0;
}

static bool
fits_host(struct candidate *candidate, const struct port_filter *filter)
{
	uint32_t host = topo_group_get(candidate->topo, candidate->row->group)->host;

	/* A port with attachments of its own has no host: "". */
	return host == filter->host && (host != TOPO_NONE || filter->text[0] == '\0');
}

/* The beginning of an id or name: how the command line finds what somebody typed. */
static bool
fits_match(struct candidate *candidate, const struct port_filter *filter)
{
	size_t len = strlen(filter->text);

	if (strncmp(topo_text_get(candidate->topo, candidate->row->name), filter->text, len) == 0)
		return true;
	if (candidate->id[0] == '\0')
		port_id_format(candidate->row->id, candidate->id);
	return len < sizeof(candidate->id) && strncasecmp(candidate->id, filter->text, len) == 0;
}

static bool
fits_dp_down(struct candidate *candidate, const struct port_filter *filter)
{
	return engine_port_is_down(candidate->engine, candidate->port) == filter->flag;
}

static bool
fits_data_plane_status(struct candidate *candidate, const struct port_filter *filter)
{
	const char *status = engine_port_status(candidate->engine, candidate->port);

	return strcmp(status ? status : "null", filter->text) == 0;
}

typedef bool filter_fn(struct candidate *candidate, const struct port_filter *filter);

struct port_filter_kind {
	const char *name;
	bool boolean;
	filter_fn *fits;
};

static const struct port_filter_kind filter_kinds[] = {
	{ "id", false, fits_id },
	{ "name", false, fits_name },
	{ "project_id", false, fits_project },
	{ "tenant_id", false, fits_project },
	{ "binding:host_id", false, fits_host },
	{ "match", false, fits_match },
	{ "dp_down", true, fits_dp_down },
	{ "data_plane_status", false, fits_data_plane_status },
};
#define N_FILTER_KINDS (sizeof(filter_kinds) / sizeof(filter_kinds[0]))

static const struct port_filter_kind *
filter_kind(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < N_FILTER_KINDS; i++)
		if (strcmp(filter_kinds[i].name, name) == 0)
			return may_read(call, name) ? &filter_kinds[i] : NULL;
	return NULL;
}

static bool
is_list_option(const char *name)
{
	static const char *const names[] = { "fields", "limit", "marker", "page_reverse",
		"sort_key", "sort_dir" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Neutron names all that it does not know, as Python prints a list. */
static void
refuse_filters(struct api_call *call)
{
	char *list = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&list, &len);
	const char *separator = "";

	if (!out) {
		api_reply(call->response, 500, NULL);
		return;
	}
	for (size_t i = 0; i < call->n_params; i++) {
		const char *name = call->params[i].name;
		if (is_list_option(name) || filter_kind(call, name))
			continue;
		fprintf(out, "%s'%s'", separator, name);
		separator = ", ";
	}
	fclose(out);
	api_refuse(call->response, 400, "HTTPBadRequest", "[%s] is invalid attribute for filtering",
	    list ? list : "");
	free(list);
}

static int
compare_kinds(const void *a, const void *b)
{
	const struct port_filter *left = a, *right = b;

	return (left->kind > right->kind) - (left->kind < right->kind);
}

bool
port_filters_parse(struct api_call *call, struct port_filters *ret_filters)
{
	ret_filters->n = 0;
	for (size_t i = 0; i < call->n_params; i++) {
		const struct api_param *param = &call->params[i];
		if (is_list_option(param->name))
			continue;
		struct port_filter filter = {
			.kind = filter_kind(call, param->name),
			.text = param->value,
		};
		if (!filter.kind) {
			refuse_filters(call);
			return false;
		}
		if (filter.kind->boolean && !api_bool_parse(param->value, &filter.flag)) {
			api_refuse(call->response, 400, "InvalidInput",
			    "Invalid input for operation: '%s' cannot be converted to boolean.",
			    param->value);
			return false;
		}
		if (filter.kind->fits == fits_id)
			filter.flag = port_id_parse(slice_of(param->value), filter.id);
		ret_filters->items[ret_filters->n++] = filter;
	}
	qsort(ret_filters->items, ret_filters->n, sizeof(ret_filters->items[0]), compare_kinds);
	return true;
}

void
port_filters_resolve(const struct api_call *call, struct port_filters *filters)
{
	const struct topo *topo = engine_topo(call->api->engine);

	for (size_t i = 0; i < filters->n; i++)
		if (filters->items[i].kind->fits == fits_host)
			filters->items[i].host =
			    topo_host_find(topo, slice_of(filters->items[i].text));
}

static bool
has_filter(const struct port_filters *filters, filter_fn *fits)
{
	for (size_t i = 0; i < filters->n; i++)
		if (filters->items[i].kind->fits == fits)
			return true;
	return false;
}

bool
port_filters_need_status(const struct port_filters *filters)
{
	return has_filter(filters, fits_data_plane_status);
}

bool
port_filters_are_rare(const struct engine *engine, const struct port_filters *filters)
{
	struct engine_totals totals;

	if (has_filter(filters, fits_name))
		return true;
	engine_totals(engine, &totals);
	if (totals.ports_down > topo_n_ports(engine_topo(engine)) / RARE)
		return false;
	for (size_t i = 0; i < filters->n; i++)
		if (filters->items[i].kind->fits == fits_dp_down && filters->items[i].flag)
			return true;
	return false;
}

bool
port_filters_are_ids(const struct port_filters *filters)
{
	return has_filter(filters, fits_id);
}

uint32_t
port_filter_named(const struct topo *topo, const struct port_filters *filters, size_t i)
{
	const struct port_filter *filter = &filters->items[i];

	if (filter->kind->fits != fits_id || !filter->flag)
		return TOPO_NONE;
	for (size_t k = 0; k < i; k++)
		if (filters->items[k].kind == filter->kind && filters->items[k].flag &&
		    memcmp(filters->items[k].id, filter->id, sizeof(filter->id)) == 0)
			return TOPO_NONE;
	return topo_port_find(topo, filter->id);
}

bool
port_filters_match(const struct api_call *call, const struct port_filters *filters, uint32_t port)
{
	struct candidate candidate = {
		.engine = call->api->engine,
		.topo = engine_topo(call->api->engine),
		.port = port,
	};

	candidate.row = topo_port_get(candidate.topo, port);
	for (size_t i = 0; i < filters->n;) {
		const struct port_filter_kind *kind = filters->items[i].kind;
		bool met = false;
		for (; i < filters->n && filters->items[i].kind == kind; i++)
			met = met || kind->fits(&candidate, &filters->items[i]);
		if (!met)
			return false;
	}
	return true;
}
