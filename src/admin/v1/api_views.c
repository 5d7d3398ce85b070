/*
 * /v1: lists of switches, interfaces, events and senders that are not in the map. A list is cut at `limit`; its `next` is
 * the `marker` (for events: the `since`) that goes on behind it, or null.
 */
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/config.h"
#include "core/overload.h"

#define EVENTS_DEFAULT 100
#define EVENTS_WAIT_MAX_MS 60000

/* ---- switches ---- */

/* What its token bucket did (core/overload.h). */
static json_t *
bucket_json(const struct api *api, uint32_t sw, const char *name)
{
	const struct switch_notes *notes = switch_log_get(api->switch_log, name);

	return json_pack("{s:b, s:I, s:o, s:I, s:I}", "over",
	    api->overload && overload_is_over(api->overload, sw), "held",
	    (json_int_t)(api->overload ? overload_n_held_of(api->overload, sw) : 0), "over_at",
	    api_json_time(notes ? notes->over_us : 0), "folded",
	    (json_int_t)(notes ? notes->n_folded : 0), "dropped",
	    (json_int_t)(notes ? notes->n_dropped : 0));
}

static json_t *
switch_json(const struct api *api, uint32_t sw, const struct usm_engine *engine)
{
	const struct topo *topo = engine_topo(api->engine);
	const struct topo_switch *row = topo_switch_get(topo, sw);
	struct engine_switch_view view;
	json_t *addresses = json_array();

	engine_switch_view(api->engine, sw, &view);
	for (uint32_t i = 0; i < row->addresses.n; i++) {
		char text[ADDR_TEXT_MAX];
		json_array_append_new(addresses,
		    json_string(addr_format(topo_address(topo, row->addresses.first + i), text)));
	}
	return json_pack(
	    "{s:o, s:o, s:o, s:b, s:b, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:b}",
	    "name", api_json_text(view.name), "addresses", addresses, "os",
	    api_json_text_or_null(topo_text_get(topo, row->os_text)), "root", view.root, "transit",
	    row->transit, "reaches_root", view.reaches_root, "interfaces",
	    (json_int_t)view.n_interfaces, "down", (json_int_t)view.n_down, "uncertain",
	    (json_int_t)view.n_uncertain, "heard_trap", api_json_time(view.heard_trap_us),
	    "heard_syslog", api_json_time(view.heard_syslog_us), "restarted_at",
	    api_json_time(view.restarted_us), "traps", (json_int_t)view.n_traps, "syslog",
	    (json_int_t)view.n_syslog, "restarts", (json_int_t)view.n_restarts, "engine",
	    api_engine_json(engine), "snmp_version",
	    api_json_text_or_null(api_snmp_version(api, view.name)), "poll", api_poll_json(api, sw),
	    "bucket", bucket_json(api, sw, view.name), "lag_differences",
	    api->lags ? lag_view_json(api->lags, view.name) : json_array(), "maintenance",
	    maintenance_covers_switch(api->maintenance, topo, sw));
}

static void
reply_page(struct api_call *call, const char *name, json_t *list, uint32_t next, uint32_t n)
{
	api_reply(call->response, 200,
	    json_pack("{s:o, s:o}", name, list, "next", api_page_next(call->api, next, n)));
}

void
api_switches_list(struct api_call *call)
{
	uint32_t n = topo_n_switches(engine_topo(call->api->engine)), sw, limit;

	if (!api_params_known(call, (const char *const[]){ "limit", "marker", NULL }) ||
	    !api_page_parse(call, &sw, &limit))
		return;
	const struct usm_engine *engines[API_PAGE_MAX];
	uint32_t first = sw;
	json_t *list = json_array();
	api_engines_of(call->api, first, limit, engines);
	for (; sw < n && sw - first < limit; sw++)
		json_array_append_new(list, switch_json(call->api, sw, engines[sw - first]));
	reply_page(call, "switches", list, sw, n);
}

static uint32_t
switch_find(struct api_call *call, const char *name)
{
	uint32_t sw = topo_switch_find(engine_topo(call->api->engine), slice_of(name));

	if (sw == TOPO_NONE)
		api_refuse(
		    call->response, 404, "SwitchNotFound", "Switch %s could not be found.", name);
	return sw;
}

void
api_switch_show(struct api_call *call)
{
	const struct topo *topo = engine_topo(call->api->engine);

	if (!api_params_known(call, (const char *const[]){ NULL }))
		return;
	uint32_t sw = switch_find(call, call->args[0]);
	if (sw == TOPO_NONE)
		return;
	const struct topo_switch *row = topo_switch_get(topo, sw);
	const struct usm_engine *engine;
	api_engines_of(call->api, sw, 1, &engine);
	json_t *object = switch_json(call->api, sw, engine), *hostnames = json_array();
	for (uint32_t i = 0; i < row->hostnames.n; i++)
		json_array_append_new(hostnames,
		    api_json_text(
			topo_text_get(topo, topo_hostname(topo, row->hostnames.first + i))));
	json_object_set_new(object, "hostnames", hostnames);
	json_object_set_new(
	    object, "chassis_id", api_json_text_or_null(topo_text_get(topo, row->chassis_id)));
	api_reply(call->response, 200, json_pack("{s:o}", "switch", object));
}

/* ---- interfaces ---- */

json_t *
api_interface_json(const struct engine *engine, uint32_t interface)
{
	struct engine_interface_view view;
	struct engine_override override;

	engine_interface_view(engine, interface, &view);
	engine_override_view(engine, interface, &override);
	json_t *object = json_pack(
	    "{s:o, s:o, s:o, s:s, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}",
	    "switch", api_json_text(view.switch_name), "name", api_json_text(view.name), "if_index",
	    api_json_number_or_null(view.if_index), "oper", view.oper_up ? "up" : "down", "carries",
	    view.carries, "certain", view.certain, "heard", view.heard, "mapped", view.mapped,
	    "admin", api_json_text_or_null(view.admin), "link", api_json_text_or_null(view.link),
	    "protocol", api_json_text_or_null(view.protocol), "override",
	    api_json_text_or_null(view.override), "dampening",
	    api_json_text_or_null(view.dampening), "source",
	    api_json_text_or_null(link_source_names[view.source]), "reason",
	    api_json_text_or_null(link_reason_names[view.reason]), "since",
	    api_json_time(view.since_us), "heard_at", api_json_time(view.heard_us), "ports",
	    (json_int_t)view.n_ports);
	json_object_set_new(object, "waiting", api_json_text_or_null(view.waiting));
	json_object_set_new(object, "override_by", api_json_text_or_null(override.by));
	json_object_set_new(object, "override_note", api_json_text_or_null(override.note));
	json_object_set_new(object, "override_at", api_json_time(override.at_us));
	json_object_set_new(object, "override_until", api_json_time(override.until_us));
	return object;
}

/* What a list of interfaces is asked for. */
struct interface_filter {
	uint32_t sw; /* TOPO_NONE: any */
	bool by_down, down, by_uncertain, uncertain, by_heard, heard, by_overridden, overridden;
};

/* No page looks at more than so many, however few fit: some two milliseconds. */
#define INTERFACES_LOOKED_AT 20000

static bool
interface_filter_parse(struct api_call *call, struct interface_filter *ret_filter)
{
	const char *name = api_param_get(call, "switch");

	*ret_filter = (struct interface_filter){
		.sw = TOPO_NONE,
		.by_down = api_param_get(call, "down") != NULL,
		.by_uncertain = api_param_get(call, "uncertain") != NULL,
		.by_heard = api_param_get(call, "heard") != NULL,
		.by_overridden = api_param_get(call, "overridden") != NULL,
	};
	if (!api_param_bool(call, "down", &ret_filter->down) ||
	    !api_param_bool(call, "uncertain", &ret_filter->uncertain) ||
	    !api_param_bool(call, "heard", &ret_filter->heard) ||
	    !api_param_bool(call, "overridden", &ret_filter->overridden))
		return false;
	return !name || (ret_filter->sw = switch_find(call, name)) != TOPO_NONE;
}

static bool
interface_fits(const struct engine_interface_view *view, const struct interface_filter *filter)
{
	/* An aggregate without enough members is up by its own word, and yet nothing goes through it. */
	bool down = !view->oper_up || !view->carries;

	return (filter->sw == TOPO_NONE || view->sw == filter->sw) &&
	       (!filter->by_down || down == filter->down) &&
	       (!filter->by_uncertain || !view->certain == filter->uncertain) &&
	       (!filter->by_heard || view->heard == filter->heard) &&
	       (!filter->by_overridden || (*view->override != '\0') == filter->overridden);
}

void
api_interfaces_list(struct api_call *call)
{
	static const char *const known[] = { "switch", "down", "uncertain", "heard", "overridden",
		"limit", "marker", NULL };
	uint32_t n = engine_n_interfaces(call->api->engine), i, limit;
	struct interface_filter filter;

	if (!api_params_known(call, known) || !interface_filter_parse(call, &filter) ||
	    !api_page_parse(call, &i, &limit))
		return;
	json_t *list = json_array();
	uint32_t end = n - i < INTERFACES_LOOKED_AT || i > n ? n : i + INTERFACES_LOOKED_AT;
	for (; i < end && json_array_size(list) < limit; i++) {
		struct engine_interface_view view;
		engine_interface_view(call->api->engine, i, &view);
		if (interface_fits(&view, &filter))
			json_array_append_new(list, api_interface_json(call->api->engine, i));
	}
	reply_page(call, "interfaces", list, i, n);
}

/* ---- links ---- */

/* What a list of links is asked for. */
struct link_filter {
	uint32_t sw; /* TOPO_NONE: any */
	bool by_up, up, by_peer, peer;
};

/* No page looks at more than so many, however few fit: some milliseconds. */
#define LINKS_LOOKED_AT 20000

static json_t *
link_end_json(const struct engine_interface_view *view)
{
	return json_pack("{s:o, s:o, s:s, s:b, s:b, s:b}", "switch",
	    api_json_text(view->switch_name), "interface", api_json_text(view->name), "oper",
	    view->oper_up ? "up" : "down", "carries", view->carries, "certain", view->certain,
	    "heard", view->heard);
}

static bool
link_filter_parse(struct api_call *call, struct link_filter *ret_filter)
{
	const char *name = api_param_get(call, "switch");

	*ret_filter = (struct link_filter){
		.sw = TOPO_NONE,
		.by_up = api_param_get(call, "up") != NULL,
		.by_peer = api_param_get(call, "peer") != NULL,
	};
	if (!api_param_bool(call, "up", &ret_filter->up) ||
	    !api_param_bool(call, "peer", &ret_filter->peer))
		return false;
	return !name || (ret_filter->sw = switch_find(call, name)) != TOPO_NONE;
}

/* The link as JSON, or NULL where it does not fit. */
static json_t *
link_json(const struct engine *engine, uint32_t link, const struct link_filter *filter)
{
	const struct topo_link *row = topo_link_get(engine_topo(engine), link);
	struct engine_interface_view a, b;

	engine_interface_view(engine, row->a, &a);
	engine_interface_view(engine, row->b, &b);
	bool up = a.carries && b.carries;
	if ((filter->sw != TOPO_NONE && a.sw != filter->sw && b.sw != filter->sw) ||
	    (filter->by_up && up != filter->up) || (filter->by_peer && row->peer != filter->peer))
		return NULL;
	return json_pack("{s:b, s:b, s:o, s:o}", "up", up, "peer", row->peer, "a",
	    link_end_json(&a), "b", link_end_json(&b));
}

void
api_links_list(struct api_call *call)
{
	static const char *const known[] = { "switch", "up", "peer", "limit", "marker", NULL };
	uint32_t n = topo_n_links(engine_topo(call->api->engine)), i, limit;
	struct link_filter filter;

	if (!api_params_known(call, known) || !link_filter_parse(call, &filter) ||
	    !api_page_parse(call, &i, &limit))
		return;
	json_t *list = json_array();
	uint32_t end = i > n || n - i < LINKS_LOOKED_AT ? n : i + LINKS_LOOKED_AT;
	for (; i < end && json_array_size(list) < limit; i++) {
		json_t *object = link_json(call->api->engine, i, &filter);
		if (object)
			json_array_append_new(list, object);
	}
	reply_page(call, "links", list, i, n);
}

/* ---- events ---- */

/* MILLISECONDS, or MILLISECONDS-SEQUENCE (Redis streams), or "$". */
static bool
is_stream_id(struct slice text)
{
	unsigned long long number;
	long dash = slice_find(text, SLICE("-"));

	if (slice_eq_str(text, "$"))
		return true;
	if (dash >= 0 && !slice_to_uint(slice_from(text, (size_t)dash + 1), UINT64_MAX, &number))
		return false;
	return slice_to_uint(
	    dash >= 0 ? slice_first(text, (size_t)dash) : text, UINT64_MAX, &number);
}

static bool
take_wait(struct api_call *call, int64_t *ret_ms)
{
	const char *text = api_param_get(call, "wait");

	*ret_ms = 0;
	if (text && !config_duration_parse(slice_of(text), ret_ms)) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "wait must be a duration such as 20s and not '%s'", text);
		return false;
	}
	if (*ret_ms > EVENTS_WAIT_MAX_MS)
		*ret_ms = EVENTS_WAIT_MAX_MS;
	return true;
}

void
api_events_get(struct api_call *call)
{
	static const char *const known[] = { "since", "limit", "wait", NULL };
	struct api_response *response = call->response;
	const char *since = api_param_get(call, "since");
	uint32_t limit = EVENTS_DEFAULT;
	int64_t wait_ms;

	if (!api_params_known(call, known) ||
	    !api_param_number(call, "limit", 1, API_PAGE_MAX, &limit) || !take_wait(call, &wait_ms))
		return;
	if (since && (!is_stream_id(slice_of(since)) || strlen(since) >= sizeof(response->since))) {
		api_refuse(response, 400, "HTTPBadRequest",
		    "since must be the id of an entry, 0 for the beginning, or $ for what comes now, and not '%s'",
		    since);
		return;
	}
	slice_copy(slice_of(since ? since : "0"), response->since, sizeof(response->since));
	response->newest = !since;
	response->limit = limit;
	response->wait_ms = since ? wait_ms : 0;
	response->deferred = API_EVENTS_READ;
}
