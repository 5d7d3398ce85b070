/*
 * /v1/discoveries: what switches tell of their interfaces, aggregates and neighbours when they are asked. A discovery is begun,
 * and its results are fetched as they come.
 */
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/discoveries.h"

/* NULL where none is asked for by name: every switch of the map. The caller's. */
static json_t *
all_switches(const struct topo *topo)
{
	json_t *names = json_array();

	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++)
		json_array_append_new(
		    names, json_string(topo_text_get(topo, topo_switch_get(topo, sw)->name)));
	return names;
}

/* The names that were asked for, each once; the caller's. NULL when the request has been answered. */
static json_t *
take_names(struct api_call *call, const json_t *list)
{
	const struct topo *topo = engine_topo(call->api->engine);
	json_t *names = json_array(), *known = json_object();
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item)
	{
		const char *name = json_string_value(item);
		if (!name || topo_switch_find(topo, slice_of(name)) == TOPO_NONE) {
			api_refuse(call->response, name ? 404 : 400,
			    name ? "SwitchNotFound" : "HTTPBadRequest",
			    name ? "Switch %s could not be found." : "a switch's name is a text%s",
			    name ? name : "");
			json_decref(names);
			names = NULL;
			break;
		}
		if (!json_object_get(known, name))
			json_array_append_new(names, json_string(name));
		json_object_set_new(known, name, json_true());
	}
	json_decref(known);
	return names;
}

static void
begin(struct api_call *call, json_t *taken_names)
{
	const size_t n = json_array_size(taken_names);

	if (n == 0) {
		json_decref(taken_names);
		api_refuse(call->response, 409, "HTTPConflict",
		    "there is no switch in the map: load one with the switches' names and addresses first");
		return;
	}
	const uint64_t number =
	    discoveries_begin(call->api->discoveries, taken_names, call->api->status.now_ns);
	if (number == 0)
		api_refuse(call->response, 409, "HTTPConflict",
		    "%d discoveries are under way already: try again when one is done",
		    DISCOVERIES_MAX);
	else
		api_reply(call->response, 202,
		    json_pack("{s:{s:I, s:I}}", "discovery", "id", (json_int_t)number, "switches",
			(json_int_t)n));
}

void
api_discovery_begin(struct api_call *call)
{
	const struct slice text = call->request->body;
	json_t *body = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL), *list = NULL;

	if (json_unpack(body, "{s?o !}", "switches", &list) != 0 || (list && !json_is_array(list)))
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "the body must be {} or {\"switches\": [NAME, ...]}");
	else if (list && json_array_size(list) == 0)
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "no switch is named: leave \"switches\" out to ask all of the map");
	else if (!call->api->discoveries)
		api_refuse(call->response, 409, "HTTPConflict", "nothing can be asked here");
	else {
		json_t *names =
		    list ? take_names(call, list) : all_switches(engine_topo(call->api->engine));
		if (names)
			begin(call, names);
	}
	json_decref(body);
}

/* False when there is no such discovery, and the request has been answered. */
static bool
take_number(struct api_call *call, uint64_t *ret_number)
{
	unsigned long long number;

	if (call->api->discoveries && slice_to_uint(slice_of(call->args[0]), INT64_MAX, &number)) {
		*ret_number = number;
		return true;
	}
	api_refuse(call->response, 404, "DiscoveryNotFound", "Discovery %s could not be found.",
	    call->args[0]);
	return false;
}

void
api_discovery_fetch(struct api_call *call)
{
	uint32_t after = 0;
	uint64_t number;

	if (!api_params_known(call, (const char *const[]){ "after", NULL }) ||
	    !api_param_number(call, "after", 0, UINT32_MAX, &after) || !take_number(call, &number))
		return;
	json_t *page =
	    discoveries_fetch(call->api->discoveries, number, after, call->api->status.now_ns);
	if (page)
		api_reply(call->response, 200, json_pack("{s:o}", "discovery", page));
	else
		api_refuse(call->response, 404, "DiscoveryNotFound",
		    "Discovery %s could not be found: its results were not fetched for too long.",
		    call->args[0]);
}

void
api_discovery_end(struct api_call *call)
{
	uint64_t number;

	if (!take_number(call, &number))
		return;
	if (discoveries_end(call->api->discoveries, number))
		api_reply(call->response, 200, json_pack("{s:I}", "ended", (json_int_t)number));
	else
		api_refuse(call->response, 404, "DiscoveryNotFound",
		    "Discovery %s could not be found.", call->args[0]);
}
