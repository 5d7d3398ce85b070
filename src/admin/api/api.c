#include "admin/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "util/ascii.h"

struct route {
	/* `*` stands for one part of the path; one behind another for the rest of it, slashes and all, as in Ethernet1/1. */
	const char *method, *pattern;
	enum api_role least;
	bool
	    role_last; /* Neutron asks for the role after body and existence: the handler does it */
	api_handler *handler;
	bool never;  /* it is refused in words of its own, and is no method that the path has */
	bool of_map; /* what it tells or takes is of the map: not before that was read from Redis */
};

/* Every path there is. dpwatch.1 has the same table, section HTTP API. */
static const struct route routes[] = {
	{ "GET", "/", ROLE_NONE, false, api_versions, false, false },
	{ "GET", "/healthz", ROLE_NONE, false, api_healthz, false, false },
	{ "GET", "/readyz", ROLE_NONE, false, api_readyz, false, false },
	{ "GET", "/metrics", ROLE_NONE, false, api_metrics, false, false },
	{ "GET", "/v2.0", ROLE_READER, false, api_version, false, false },
	{ "GET", "/v2.0/extensions", ROLE_READER, false, api_extensions_list, false, false },
	{ "GET", "/v2.0/extensions/*", ROLE_READER, false, api_extension_show, false, false },
	{ "GET", "/v2.0/ports", ROLE_READER, false, api_ports_list, false, true },
	{ "POST", "/v2.0/ports", ROLE_READER, false, api_ports_post, true, false },
	{ "GET", "/v2.0/ports/*", ROLE_READER, false, api_port_show, false, true },
	{ "PUT", "/v2.0/ports/*", ROLE_INTEGRATOR, true, api_port_put, false, true },
	{ "GET", "/v1/status", ROLE_INTEGRATOR, false, api_status_show, false, false },
	{ "GET", "/v1/topology", ROLE_INTEGRATOR, false, api_topology_get, false, false },
	{ "PUT", "/v1/topology", ROLE_INTEGRATOR, false, api_topology_put, false, false },
	{ "GET", "/v1/switches", ROLE_INTEGRATOR, false, api_switches_list, false, true },
	{ "GET", "/v1/switches/*", ROLE_INTEGRATOR, false, api_switch_show, false, true },
	{ "GET", "/v1/switches/*/doctor", ROLE_INTEGRATOR, false, api_switch_doctor, false, true },
	{ "DELETE", "/v1/switches/*/engine", ROLE_ADMIN, false, api_engine_forget, false, true },
	{ "POST", "/v1/switches/*/poll", ROLE_INTEGRATOR, false, api_switch_poll, false, true },
	{ "GET", "/v1/interfaces", ROLE_INTEGRATOR, false, api_interfaces_list, false, true },
	{ "GET", "/v1/links", ROLE_INTEGRATOR, false, api_links_list, false, true },
	{ "PUT", "/v1/interfaces/*/*", ROLE_INTEGRATOR, false, api_interface_put, false, true },
	{ "GET", "/v1/ports/*/explain", ROLE_INTEGRATOR, false, api_port_explain, false, true },
	{ "GET", "/v1/simulate", ROLE_INTEGRATOR, false, api_simulate_get, false, true },
	{ "POST", "/v1/simulate", ROLE_INTEGRATOR, false, api_simulate_post, false, true },
	{ "GET", "/v1/events", ROLE_INTEGRATOR, false, api_events_get, false, false },
	{ "GET", "/v1/unmapped", ROLE_INTEGRATOR, false, api_unmapped_list, false, false },
	{ "POST", "/v1/discoveries", ROLE_INTEGRATOR, false, api_discovery_begin, false, true },
	{ "GET", "/v1/discoveries/*", ROLE_INTEGRATOR, false, api_discovery_fetch, false, false },
	{ "DELETE", "/v1/discoveries/*", ROLE_INTEGRATOR, false, api_discovery_end, false, false },
	{ "GET", "/v1/maintenance", ROLE_INTEGRATOR, false, api_maintenance_list, false, false },
	{ "POST", "/v1/maintenance", ROLE_INTEGRATOR, false, api_maintenance_add, false, true },
	{ "DELETE", "/v1/maintenance/*", ROLE_INTEGRATOR, false, api_maintenance_remove, false,
	    false },
	{ "GET", "/v1/tokens", ROLE_ADMIN, false, api_tokens_list, false, false },
	{ "POST", "/v1/tokens", ROLE_ADMIN, false, api_token_add, false, false },
	{ "DELETE", "/v1/tokens/*", ROLE_ADMIN, false, api_token_remove, false, false },
};
#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

size_t
api_n_routes(void)
{
	return N_ROUTES;
}

void
api_route_get(size_t i, struct api_route_view *ret_view)
{
	*ret_view = (struct api_route_view){ routes[i].method, routes[i].pattern, routes[i].least };
}

/* ---- the request's text ---- */

/*
 * Decodes %XX in place (and '+' in a query). False for %00, which would hide what follows it; a '%' that starts no escape
 * stands for itself.
 */
static bool
percent_decode(char *text, bool plus_is_blank)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high, low;
		if (*from == '%' && (high = hex_value(from[1])) >= 0 &&
		    (low = hex_value(from[2])) >= 0) {
			if (high == 0 && low == 0)
				return false;
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = *from == '+' && plus_is_blank ? ' ' : *from;
		}
	}
	*to = '\0';
	return true;
}

/* Cuts the query, which is written to, into parameters. False when it cannot be taken. */
static bool
params_split(struct api_call *call, char *query)
{
	for (char *next; query && *query; query = next) {
		next = strchr(query, '&');
		if (next)
			*next++ = '\0';
		if (*query == '\0')
			continue;
		if (call->n_params == API_PARAMS_MAX)
			return false;
		char *value = strchr(query, '=');
		if (value)
			*value++ = '\0';
		if (!percent_decode(query, true) || (value && !percent_decode(value, true)))
			return false;
		call->params[call->n_params++] = (struct api_param){ query, value ? value : "" };
	}
	return true;
}

/* The part of a path up to the next '/'; *path goes on behind it, NULL after the last. */
static struct slice
part_take(const char **path)
{
	const char *start = *path, *slash = strchr(start, '/');

	*path = slash ? slash + 1 : NULL;
	return (struct slice){ start, slash ? (size_t)(slash - start) : strlen(start) };
}

/*
 * A path as Neutron reads it, copied to `room`: several slashes are one, one at the end does not count, and neither does the
 * format's name under /v2.0.
 */
static void
path_normalise(const char *path, char *room)
{
	char *to = room;
	static const char suffix[] = ".json";

	for (const char *from = path; *from; from++)
		if (*from != '/' || to == room || to[-1] != '/')
			*to++ = *from;
	if (to - room > 1 && to[-1] == '/')
		to--;
	*to = '\0';
	if (strncmp(room, "/v2.0/", 6) == 0 && (size_t)(to - room) > 6 + strlen(suffix) &&
	    strcmp(to - strlen(suffix), suffix) == 0)
		to[-(ptrdiff_t)strlen(suffix)] = '\0';
}

static struct slice
rest_take(const char **path)
{
	const struct slice rest = slice_of(*path);

	*path = NULL;
	return rest;
}

/* Whether a normalised path fits a pattern. */
static bool
path_matches(const char *pattern, const char *path, struct slice ret_args[API_ARGS_MAX])
{
	size_t n_args = 0;
	struct slice want = SLICE("");

	while (pattern && path) {
		const bool rest = slice_eq_str(want, "*") && strcmp(pattern, "*") == 0;
		struct slice have = rest ? rest_take(&path) : part_take(&path);
		want = part_take(&pattern);
		if (slice_eq_str(want, "*") && have.len > 0 && n_args < API_ARGS_MAX)
			ret_args[n_args++] = have;
		else if (!slice_eq(want, have))
			return false;
	}
	return !pattern && !path;
}

const char *
api_param_get(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < call->n_params; i++)
		if (strcmp(call->params[i].name, name) == 0)
			return call->params[i].value;
	return NULL;
}

bool
api_bool_parse(const char *text, bool *ret_value)
{
	static const char *const words[2][6] = {
		{ "0", "f", "false", "off", "n", "no" },
		{ "1", "t", "true", "on", "y", "yes" },
	};
	struct slice word = slice_trim(slice_of(text));

	for (size_t i = 0; i < 12; i++) {
		if (slice_case_eq_str(word, words[i / 6][i % 6])) {
			*ret_value = i >= 6;
			return true;
		}
	}
	return false;
}

bool
api_param_bool(struct api_call *call, const char *name, bool *ret_value)
{
	const char *text = api_param_get(call, name);

	if (!text || api_bool_parse(text, ret_value))
		return true;
	api_refuse(call->response, 400, "InvalidInput",
	    "Invalid input for operation: '%s' cannot be converted to boolean.", text);
	return false;
}

bool
api_param_number(
    struct api_call *call, const char *name, uint32_t low, uint32_t high, uint32_t *ret_value)
{
	const char *text = api_param_get(call, name);
	unsigned long long value;

	if (!text)
		return true;
	if (!slice_to_uint(slice_of(text), high, &value) || value < low) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "%s must be a number from %u to %u and not '%s'", name, low, high, text);
		return false;
	}
	*ret_value = (uint32_t)value;
	return true;
}

bool
api_params_known(struct api_call *call, const char *const *names)
{
	return api_params_known_with(call, NULL, names);
}

bool
api_params_known_with(struct api_call *call, const char *list, const char *const *names)
{
	for (size_t i = 0; i < call->n_params; i++) {
		const struct api_param *param = &call->params[i];
		const char *const *known = names;
		if (list && strcmp(param->name, list) == 0)
			continue;
		while (*known && strcmp(*known, param->name) != 0)
			known++;
		/* The first is what a handler takes: the others would be left out without a word. */
		if (*known && param->value == api_param_get(call, param->name))
			continue;
		api_refuse(call->response, 400, "HTTPBadRequest",
		    *known ? "the parameter '%s' is given twice"
			   : "there is no parameter '%s' here",
		    param->name);
		return false;
	}
	return true;
}

/* ---- the way through ---- */

static bool
method_fits(const struct route *route, const char *method)
{
	/* HEAD is GET without a body (RFC 9110 section 9.3.2); whoever sends the answer leaves the body out. */
	return strcmp(route->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

void
api_refuse_method(struct api_call *call)
{
	struct slice args[API_ARGS_MAX];
	size_t used = 0;

	api_refuse(call->response, 405, "HTTPMethodNotAllowed",
	    "The method %s is not allowed for this resource.", call->request->method);
	for (const struct route *route = routes; route < routes + N_ROUTES; route++) {
		if (!path_matches(route->pattern, call->path, args) || route->never ||
		    used >= sizeof(call->response->allow))
			continue;
		const char *also = strcmp(route->method, "GET") == 0 ? ", HEAD" : "";
		used += (size_t)snprintf(call->response->allow + used,
		    sizeof(call->response->allow) - used, "%s%s%s", used > 0 ? ", " : "",
		    route->method, also);
	}
}

static bool
role_suffices(struct api_call *call, const struct route *route)
{
	static const char *const role_names[] = {
		[ROLE_NONE] = "none",
		[ROLE_READER] = "reader",
		[ROLE_INTEGRATOR] = "integrator",
		[ROLE_ADMIN] = "admin",
	};

	if (route->least != ROLE_NONE && call->request->role == ROLE_NONE) {
		api_refuse_unauthenticated(call->response);
		return false;
	}
	if (call->request->role < route->least && !route->role_last) {
		api_refuse(call->response, 403, "PolicyNotAuthorized",
		    "%s %s is disallowed by policy: it needs the role %s", route->method,
		    route->pattern, role_names[route->least]);
		return false;
	}
	return true;
}

/* Copies and decodes the parts of the path that the pattern left open. `room` holds at least the path. */
static bool
args_decode(struct api_call *call, const struct slice *args, char *room)
{
	for (size_t i = 0; i < API_ARGS_MAX && args[i].len > 0; i++) {
		slice_copy(args[i], room, args[i].len + 1);
		call->args[i] = room;
		room += args[i].len + 1;
		if (!percent_decode((char *)call->args[i], false))
			return false;
	}
	return true;
}

bool
api_takes_stream(const char *method, const char *path)
{
	struct slice args[API_ARGS_MAX];
	char *normal = strcmp(method, "PUT") == 0 ? malloc(strlen(path) + 1) : NULL;

	if (!normal)
		return false;
	path_normalise(path, normal);
	bool matches = path_matches("/v1/topology", normal, args);
	free(normal);
	return matches;
}

/* Hands the call to its route's handler; `room` holds copies of path and query. */
static void
route_call(struct api_call *call, const struct route *route, const struct slice *args, char *room)
{
	const struct api_request *request = call->request;
	char *query = room + strlen(request->path) + API_ARGS_MAX;

	if (!role_suffices(call, route))
		return;
	if (route->of_map && call->api->status.starting) {
		api_refuse(call->response, 503, "HTTPServiceUnavailable",
		    "The map and the states were not read from Redis yet; try again, dpwatch status tells why.");
		return;
	}
	slice_copy(
	    slice_of(request->query), query, (request->query ? strlen(request->query) : 0) + 1);
	if (!args_decode(call, args, room) || !params_split(call, query)) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "the path or query holds %%00 or more than %d parameters", API_PARAMS_MAX);
		return;
	}
	route->handler(call);
}

static void
dispatch(struct api_call *call, char *room)
{
	const struct api_request *request = call->request;
	const struct route *on_path = NULL;

	for (const struct route *route = routes; route < routes + N_ROUTES; route++) {
		struct slice args[API_ARGS_MAX] = { 0 };
		if (!path_matches(route->pattern, call->path, args))
			continue;
		if (method_fits(route, request->method)) {
			route_call(call, route, args, room);
			return;
		}
		on_path = route;
	}
	/* Who may see nothing is not told either what there is. */
	if (request->role == ROLE_NONE && (!on_path || on_path->least != ROLE_NONE))
		api_refuse_unauthenticated(call->response);
	else if (on_path)
		api_refuse_method(call);
	else
		api_refuse(call->response, 404, "HTTPNotFound", "The resource could not be found.");
}

void
api_handle(struct api *api, const struct api_request *request, struct api_response *ret_response)
{
	struct api_call call = { .api = api, .request = request, .response = ret_response };
	size_t query_len = request->query ? strlen(request->query) : 0;
	size_t path_len = strlen(request->path);
	char *path = malloc(path_len + 1);
	char *room = malloc(path_len + API_ARGS_MAX + query_len + 1);

	*ret_response = (struct api_response){ 0 };
	if (path && room) {
		path_normalise(request->path, path);
		call.path = path;
		dispatch(&call, room);
	} else {
		api_reply(ret_response, 500, NULL);
	}
	free(path);
	free(room);
}

bool
api_scan_step(struct api_response *response)
{
	return response->scan->step(response->scan, response);
}

void
api_response_release(struct api_response *response)
{
	free(response->body);
	if (response->scan)
		response->scan->free(response->scan);
	*response = (struct api_response){ 0 };
}

void
api_release(struct api *api)
{
	topo_order_free(api->order);
	api->order = NULL;
}
