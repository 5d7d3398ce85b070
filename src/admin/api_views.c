/*
 * /v1: lists of switches, interfaces, events and senders that are not in the map. A list is cut at `limit`; its `next` is
 * the `marker` (for events: the `since`) that goes on behind it, or null.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/config.h"

#define EVENTS_DEFAULT 100
#define EVENTS_WAIT_MAX_MS 60000

/* ---- switches ---- */

static json_t *
switch_json(const struct api *api, uint32_t sw)
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
	    "{s:o, s:o, s:o, s:b, s:b, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I}", "name",
	    api_json_text(view.name), "addresses", addresses, "os",
	    api_json_text_or_null(topo_text_get(topo, row->os_text)), "root", view.root, "transit",
	    row->transit, "reaches_root", view.reaches_root, "interfaces",
	    (json_int_t)view.n_interfaces, "down", (json_int_t)view.n_down, "uncertain",
	    (json_int_t)view.n_uncertain, "heard_trap", api_json_time(view.heard_trap_us),
	    "heard_syslog", api_json_time(view.heard_syslog_us), "restarted_at",
	    api_json_time(view.restarted_us), "traps", (json_int_t)view.n_traps, "syslog",
	    (json_int_t)view.n_syslog, "restarts", (json_int_t)view.n_restarts);
}

/* `limit` and `marker` of a list that counts its rows; the marker is the number of the first row. */
static bool
page_of(struct api_call *call, uint32_t *ret_first, uint32_t *ret_limit)
{
	*ret_first = 0;
	*ret_limit = API_PAGE_MAX;
	return api_param_number(call, "limit", 1, API_PAGE_MAX, ret_limit) &&
	       api_param_number(call, "marker", 0, UINT32_MAX, ret_first);
}

static void
reply_page(struct api_call *call, const char *name, json_t *list, uint32_t next, uint32_t n)
{
	char marker[16];

	snprintf(marker, sizeof(marker), "%u", next);
	api_reply(call->response, 200,
	    json_pack(
		"{s:o, s:o}", name, list, "next", next < n ? json_string(marker) : json_null()));
}

void
api_switches_list(struct api_call *call)
{
	uint32_t n = topo_n_switches(engine_topo(call->api->engine)), sw, limit;

	if (!api_params_known(call, (const char *const[]){ "limit", "marker", NULL }) ||
	    !page_of(call, &sw, &limit))
		return;
	json_t *list = json_array();
	for (; sw < n && json_array_size(list) < limit; sw++)
		json_array_append_new(list, switch_json(call->api, sw));
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
	json_t *object = switch_json(call->api, sw), *hostnames = json_array();
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

static json_t *
interface_json(const struct engine_interface_view *view)
{
	return json_pack(
	    "{s:o, s:o, s:o, s:s, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}",
	    "switch", api_json_text(view->switch_name), "name", api_json_text(view->name),
	    "if_index", api_json_number_or_null(view->if_index), "oper",
	    view->oper_up ? "up" : "down", "carries", view->carries, "certain", view->certain,
	    "heard", view->heard, "mapped", view->mapped, "admin",
	    api_json_text_or_null(view->admin), "link", api_json_text_or_null(view->link),
	    "protocol", api_json_text_or_null(view->protocol), "override",
	    api_json_text_or_null(view->override), "dampening",
	    api_json_text_or_null(view->dampening), "source",
	    api_json_text_or_null(link_source_names[view->source]), "reason",
	    api_json_text_or_null(link_reason_names[view->reason]), "since",
	    api_json_time(view->since_us), "heard_at", api_json_time(view->heard_us), "ports",
	    (json_int_t)view->n_ports);
}

/* What a list of interfaces is asked for. */
struct interface_filter {
	uint32_t sw; /* TOPO_NONE: any */
	bool by_down, down, by_uncertain, uncertain;
};

static bool
interface_filter_parse(struct api_call *call, struct interface_filter *ret_filter)
{
	const char *name = api_param_get(call, "switch");

	*ret_filter = (struct interface_filter){
		.sw = TOPO_NONE,
		.by_down = api_param_get(call, "down") != NULL,
		.by_uncertain = api_param_get(call, "uncertain") != NULL,
	};
	if (!api_param_bool(call, "down", &ret_filter->down) ||
	    !api_param_bool(call, "uncertain", &ret_filter->uncertain))
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
	       (!filter->by_uncertain || !view->certain == filter->uncertain);
}

void
api_interfaces_list(struct api_call *call)
{
	static const char *const known[] = { "switch", "down", "uncertain", "limit", "marker",
		NULL };
	uint32_t n = engine_n_interfaces(call->api->engine), i, limit;
	struct interface_filter filter;

	if (!api_params_known(call, known) || !interface_filter_parse(call, &filter) ||
	    !page_of(call, &i, &limit))
		return;
	json_t *list = json_array();
	for (; i < n && json_array_size(list) < limit; i++) {
		struct engine_interface_view view;
		engine_interface_view(call->api->engine, i, &view);
		if (interface_fits(&view, &filter))
			json_array_append_new(list, interface_json(&view));
	}
	reply_page(call, "interfaces", list, i, n);
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

/* ---- who is not in the map ---- */

/* A name for a switch that told none: its address, in which a colon would end the name. */
static void
name_for(const struct unmapped_sender *sender, char *buf, size_t size)
{
	char address[ADDR_TEXT_MAX];

	addr_format(&sender->addr, address);
	slice_copy(slice_of(sender->host[0] != '\0' ? sender->host : address), buf, size);
	for (char *p = buf; *p; p++)
		if (*p == ':' || *p == '%')
			*p = '-';
}

/*
 * The part of a topology document that would map the sender: a new switch, or more interfaces for one that is in the map
 * already.
 */
static json_t *
map_json(const struct api *api, const struct unmapped_sender *sender)
{
	const struct topo *topo = engine_topo(api->engine);
	uint32_t sw = topo_switch_by_addr(topo, &sender->addr);
	char name[UNMAPPED_TEXT], address[ADDR_TEXT_MAX];
	json_t *object = json_object(), *interface = json_object();

	if (sw == TOPO_NONE) {
		name_for(sender, name, sizeof(name));
		json_object_set_new(object, "name", api_json_text(name));
		json_object_set_new(
		    object, "addresses", json_pack("[s]", addr_format(&sender->addr, address)));
	} else {
		json_object_set_new(object, "name",
		    api_json_text(topo_text_get(topo, topo_switch_get(topo, sw)->name)));
	}
	if (sender->interface[0] != '\0')
		json_object_set_new(interface, "name", api_json_text(sender->interface));
	else if (sender->if_index > 0)
		json_object_set_new(interface, "name", json_sprintf("ifIndex%u", sender->if_index));
	if (sender->if_index > 0)
		json_object_set_new(interface, "if_index", json_integer(sender->if_index));
	if (json_object_size(interface) > 0)
		json_object_set_new(object, "interfaces", json_pack("[O]", interface));
	json_decref(interface);
	return json_pack("{s:[o]}", "switches", object);
}

static json_t *
sender_json(const struct api *api, const struct unmapped_sender *sender)
{
	char address[ADDR_TEXT_MAX];

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:o}", "address",
	    addr_format(&sender->addr, address), "source", link_source_names[sender->source],
	    "host", api_json_text_or_null(sender->host), "interface",
	    api_json_text_or_null(sender->interface), "if_index",
	    api_json_number_or_null(sender->if_index), "word",
	    api_json_text_or_null(link_word_names[sender->word]), "first_seen",
	    api_json_time(sender->first_us), "last_seen", api_json_time(sender->last_us), "count",
	    (json_int_t)sender->count, "switch_is_mapped",
	    topo_switch_by_addr(engine_topo(api->engine), &sender->addr) != TOPO_NONE, "map",
	    map_json(api, sender));
}

static int
compare_last_seen(const void *a, const void *b)
{
	const struct unmapped_sender *x = *(const struct unmapped_sender *const *)a;
	const struct unmapped_sender *y = *(const struct unmapped_sender *const *)b;

	return (x->last_us < y->last_us) - (x->last_us > y->last_us);
}

void
api_unmapped_list(struct api_call *call)
{
	const struct unmapped *unmapped = call->api->unmapped;
	const struct unmapped_sender *senders[UNMAPPED_MAX];
	size_t n = unmapped_n(unmapped);
	json_t *list;

	if (!api_params_known(call, (const char *const[]){ NULL }))
		return;
	for (size_t i = 0; i < n && i < UNMAPPED_MAX; i++)
		senders[i] = unmapped_get(unmapped, i);
	qsort(senders, n, sizeof(senders[0]), compare_last_seen);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, sender_json(call->api, senders[i]));
	api_reply(call->response, 200,
	    json_pack(
		"{s:o, s:I}", "unmapped", list, "evicted", (json_int_t)unmapped_evicted(unmapped)));
}
