/*
 * Neutron's own shapes, so that its unmodified client can read and set a port's data plane status. Wording, types and codes
 * are those that a real Neutron 21 answers (its api-ref, and measured: openstack.md 1.4); dp_down is the boolean of the
 * specification that data_plane_status grew out of, and both are views of one state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "admin/api_ports.h"

/* Neutron's limit for a text that people write (db.constants.NAME_FIELD_SIZE). */
#define NOTE_MAX 255

/* ---- versions ---- */

/* Links follow the Host header, as in Neutron: what the client reached us by, it can reach again. */
static char *
link_to(const struct api_call *call, const char *path)
{
	const char *host = call->request->host;
	char *href;

	if (asprintf(&href, "%s%s%s", host ? "http://" : "", host ? host : "", path) < 0)
		return NULL;
	return href;
}

static json_t *
version_json(const struct api_call *call)
{
	char *href = link_to(call, "/v2.0/");
	json_t *version = json_pack("{s:s, s:s, s:[{s:s, s:o}]}", "id", "v2.0", "status", "CURRENT",
	    "links", "rel", "self", "href", api_json_text(href));

	free(href);
	return version;
}

void
api_versions(struct api_call *call)
{
	api_reply(call->response, 200, json_pack("{s:[o]}", "versions", version_json(call)));
}

void
api_version(struct api_call *call)
{
	api_reply(call->response, 200, json_pack("{s:o}", "version", version_json(call)));
}

/* ---- GET ---- */

static void
refuse_port_not_found(struct api_call *call, const char *id)
{
	api_refuse(call->response, 404, "PortNotFound", "Port %s could not be found.", id);
}

/* Another project's port is not there, as in Neutron: a reader is not told that it exists. */
static bool
may_see(const struct api_call *call, uint32_t port)
{
	const struct topo *topo = engine_topo(call->api->engine);
	const char *project = call->request->project;

	return !project ||
	       strcmp(topo_text_get(topo, topo_port_get(topo, port)->project_id), project) == 0;
}

static uint32_t
port_find(const struct api_call *call, const char *text)
{
	uint8_t id[16];

	if (!port_id_parse(slice_of(text), id))
		return TOPO_NONE;
	uint32_t port = topo_port_find(engine_topo(call->api->engine), id);
	return port == TOPO_NONE || may_see(call, port) ? port : TOPO_NONE;
}

static void
reply_port(struct api_call *call, uint32_t port)
{
	api_reply(call->response, 200, json_pack("{s:o}", "port", port_json(call, port)));
}

void
api_port_show(struct api_call *call)
{
	uint32_t port = port_find(call, call->args[0]);

	if (port == TOPO_NONE)
		refuse_port_not_found(call, call->args[0]);
	else
		reply_port(call, port);
}

/* RFC 3986, 2.3: what needs no escape. */
static void
put_encoded(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

/* The same list behind its last port. */
static char *
next_page_href(const struct api_call *call, uint32_t last, uint32_t limit)
{
	char *query = NULL, *path, *href;
	size_t len = 0;
	char id[PORT_ID_TEXT];
	FILE *out = open_memstream(&query, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < call->n_params; i++) {
		const struct api_param *param = &call->params[i];
		if (strcmp(param->name, "limit") == 0 || strcmp(param->name, "marker") == 0)
			continue;
		put_encoded(out, param->name);
		fputc('=', out);
		put_encoded(out, param->value);
		fputc('&', out);
	}
	port_id_format(topo_port_get(engine_topo(call->api->engine), last)->id, id);
	fprintf(out, "limit=%u&marker=%s", limit, id);
	if (fclose(out) != 0 || asprintf(&path, "/v2.0/ports?%s", query) < 0)
		path = NULL;
	free(query);
	href = path ? link_to(call, path) : NULL;
	free(path);
	return href;
}

static json_t *
next_page_links(const struct api_call *call, uint32_t last, uint32_t limit)
{
	char *href = next_page_href(call, last, limit);
	json_t *links = json_pack("[{s:s, s:o}]", "rel", "next", "href", api_json_text(href));

	free(href);
	return links;
}

/* Neutron's wording for a limit that is none; 0 means as many as possible. */
static bool
page_limit(struct api_call *call, uint32_t *ret_limit)
{
	const char *text = api_param_get(call, "limit");
	unsigned long long limit = 0;

	if (text && !slice_to_uint(slice_of(text), UINT32_MAX, &limit)) {
		api_refuse(call->response, 400, "BadRequest",
		    "Bad limit request: Limit must be an integer 0 or greater and not '%s'.", text);
		return false;
	}
	*ret_limit = limit == 0 || limit > API_PAGE_MAX ? API_PAGE_MAX : (uint32_t)limit;
	return true;
}

static bool
page_start(struct api_call *call, uint32_t *ret_port)
{
	const char *marker = api_param_get(call, "marker");
	uint32_t port;

	*ret_port = 0;
	if (!marker)
		return true;
	port = port_find(call, marker);
	if (port == TOPO_NONE) {
		refuse_port_not_found(call, marker);
		return false;
	}
	*ret_port = port + 1;
	return true;
}

void
api_ports_list(struct api_call *call)
{
	uint32_t n_ports = topo_n_ports(engine_topo(call->api->engine));
	uint32_t limit, port;
	struct port_filters filters;

	if (!port_filters_parse(call, &filters) || !page_limit(call, &limit) ||
	    !page_start(call, &port))
		return;
	json_t *ports = json_array();
	json_t *answer = json_pack("{s:o}", "ports", ports);
	for (; port < n_ports && json_array_size(ports) < limit; port++)
		if (may_see(call, port) && port_filters_match(call, &filters, port))
			json_array_append_new(ports, port_json(call, port));
	/* As Neutron does it: a full page is followed by another, which may be empty. */
	if (port > 0 && json_array_size(ports) == limit)
		json_object_set_new(answer, "ports_links", next_page_links(call, port - 1, limit));
	api_reply(call->response, 200, answer);
}

/* ---- PUT ---- */

/* What a body asks for. */
struct port_update {
	bool has_dp_down, dp_down;
	bool has_status;
	const char *status; /* ACTIVE, DOWN; NULL: null */
	const char *note;   /* NULL: none */
};

/* A value as Python's str() shows it, because Neutron's messages do. The caller frees it. */
static char *
python_text(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_null(value))
		return strdup("None");
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "True" : "False");
	return json_dumps(value, JSON_ENCODE_ANY);
}

static bool
refuse_value(struct api_call *call, const json_t *value, const char *type, const char *before,
    const char *after)
{
	char *text = python_text(value);

	api_refuse(call->response, 400, type, "%s%s%s", before, text ? text : "", after);
	free(text);
	return false;
}

/* neutron_lib.api.converters.convert_to_boolean: JSON booleans, 0 and 1, and the usual words. */
static bool
take_dp_down(struct api_call *call, const json_t *value, struct port_update *update)
{
	update->has_dp_down = true;
	if (json_is_boolean(value)) {
		update->dp_down = json_is_true(value);
		return true;
	}
	if (json_is_integer(value) &&
	    (json_integer_value(value) == 0 || json_integer_value(value) == 1)) {
		update->dp_down = json_integer_value(value) == 1;
		return true;
	}
	if (json_is_string(value) && api_bool_parse(json_string_value(value), &update->dp_down))
		return true;
	return refuse_value(call, value, "InvalidInput", "Invalid input for operation: '",
	    "' cannot be converted to boolean.");
}

static bool
take_status(struct api_call *call, const json_t *value, struct port_update *update)
{
	const char *text = json_string_value(value);

	if (!json_is_null(value) &&
	    (!text || (strcmp(text, "ACTIVE") != 0 && strcmp(text, "DOWN") != 0)))
		return refuse_value(call, value, "HTTPBadRequest",
		    "Invalid input for data_plane_status. Reason: ", " is not in valid_values.");
	update->has_status = true;
	update->status = text;
	return true;
}

static bool
take_note(struct api_call *call, const json_t *value, struct port_update *update)
{
	if (!json_is_string(value))
		return refuse_value(call, value, "HTTPBadRequest",
		    "Invalid input for dp_down_note. Reason: '", "' is not a valid string.");
	if (json_string_length(value) > NOTE_MAX)
		return refuse_value(call, value, "HTTPBadRequest",
		    "Invalid input for dp_down_note. Reason: '",
		    "' exceeds maximum length of 255.");
	update->note = json_string_value(value);
	return true;
}

/* Neutron's order: names that it does not know (all in one message), names that cannot be set, values. */
static bool
check_attributes(struct api_call *call, json_t *port)
{
	char *unknown = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&unknown, &len);
	const char *name, *read_only = NULL;
	json_t *value;

	if (!out) {
		api_reply(call->response, 500, NULL);
		return false;
	}
	json_object_foreach(port, name, value)
	{
		enum port_attribute_use use = port_attribute_use(name);
		if (use == ATTRIBUTE_UNKNOWN)
			fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", name);
		if (use == ATTRIBUTE_READ_ONLY && !read_only)
			read_only = name;
	}
	fclose(out);
	if (len > 0)
		api_refuse(call->response, 400, "HTTPBadRequest", "Unrecognized attribute(s) '%s'",
		    unknown);
	else if (read_only)
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "Cannot update read-only attribute %s", read_only);
	free(unknown);
	return len == 0 && !read_only;
}

static bool
check_agreement(struct api_call *call, const struct port_update *update)
{
	bool status_down = update->status && strcmp(update->status, "DOWN") == 0;

	if (update->has_dp_down && update->has_status && status_down != update->dp_down) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "Invalid input for data_plane_status. Reason: it contradicts dp_down.");
		return false;
	}
	if (update->note && !update->has_dp_down && !update->has_status) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "Invalid input for dp_down_note. Reason: it needs dp_down beside it.");
		return false;
	}
	return true;
}

static bool
take_update(struct api_call *call, json_t *port, struct port_update *ret_update)
{
	static const struct {
		const char *name;
		bool (*take)(struct api_call *, const json_t *, struct port_update *);
	} takers[] = {
		{ "dp_down", take_dp_down },
		{ "data_plane_status", take_status },
		{ "dp_down_note", take_note },
	};

	if (!check_attributes(call, port))
		return false;
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		const json_t *value = json_object_get(port, takers[i].name);
		if (value && !takers[i].take(call, value, ret_update))
			return false;
	}
	return check_agreement(call, ret_update);
}

/* Existence and then the role, which is Neutron's order. */
static bool
may_update(struct api_call *call, const struct port_update *update, uint32_t port)
{
	if (port == TOPO_NONE) {
		refuse_port_not_found(call, call->args[0]);
		return false;
	}
	if (call->request->role < ROLE_INTEGRATOR) {
		api_refuse(call->response, 403, "PolicyNotAuthorized",
		    "(rule:update_port and rule:update_port:%s) is disallowed by policy",
		    update->has_status || !update->has_dp_down ? "data_plane_status" : "dp_down");
		return false;
	}
	return true;
}

/*
 * dp_down false says ACTIVE, unless null beside it says that nobody knows. Null is a word that ends at once: it takes away
 * what was said before, and leaves nothing.
 */
static void
report(struct api_call *call, const struct port_update *update, uint32_t port)
{
	struct engine *engine = call->api->engine;
	const struct api_status *now = &call->api->status;
	struct engine_time time = { .now_ns = now->now_ns, .wall_us = now->now_us };
	bool forget = update->has_status && !update->status;
	struct dp_report word = {
		.down = update->has_status ? !forget && strcmp(update->status, "DOWN") == 0
					   : update->dp_down,
		.by = call->request->who,
		.note = update->note ? update->note : "",
		.at_us = now->now_us,
		.until_us = forget ? now->now_us : 0,
	};
	uint8_t id[16];

	/* A copy: what the engine hands out is good only until it is told something. */
	memcpy(id, topo_port_get(engine_topo(engine), port)->id, sizeof(id));
	engine_report(engine, id, &word, time);
	if (forget)
		engine_tick(engine, time);
}

static void
port_put(struct api_call *call, json_t *body)
{
	json_t *object = json_object_get(body, "port");
	struct port_update update = { 0 };
	uint32_t port = port_find(call, call->args[0]);

	if (!object) {
		api_refuse(
		    call->response, 400, "HTTPBadRequest", "Unable to find 'port' in request body");
		return;
	}
	if (!json_is_object(object)) {
		api_refuse(
		    call->response, 400, "HTTPBadRequest", "Object 'port' contains invalid data");
		return;
	}
	if (!take_update(call, object, &update) || !may_update(call, &update, port))
		return;
	if (update.has_dp_down || update.has_status)
		report(call, &update, port);
	reply_port(call, port);
}

void
api_port_put(struct api_call *call)
{
	struct slice text = slice_trim(call->request->body);

	/* Neutron takes no body for {}. */
	json_t *body = text.len == 0
			   ? json_object()
			   : json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(body))
		port_put(call, body);
	else
		api_refuse(call->response, 400, "HTTPBadRequest", "Body contains invalid data");
	json_decref(body);
}
