/*
 * What Neutron's clients write: PUT of a port, and POST, which is refused in Neutron's words. Order and wording of the checks are
 * those that a real Neutron 21 answers (its api-ref, and measured: openstack.md 1.4).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "admin/api_ports.h"
#include "util/timeutil.h"

/* Neutron's limit for a text that people write (db.constants.NAME_FIELD_SIZE). */
#define NOTE_MAX 255
#define REPORT_MS_MAX INT64_C(315360000000) /* ten years */

/* What a body asks for. */
struct port_update {
	bool has_dp_down, dp_down;
	bool has_status;
	const char *status; /* ACTIVE, DOWN; NULL: null */
	const char *note;   /* NULL: none */
	int64_t until_us;   /* when it ends by itself; 0: never */
};

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

/* `dp_down_until`: a time; `dp_down_for`: from now on. A report that ends before it begins would be none. */
static bool
take_until(struct api_call *call, const json_t *value, struct port_update *update)
{
	const char *text = json_string_value(value);
	int64_t until_us;

	if (!text || !timeutil_parse(slice_of(text), &until_us) ||
	    until_us <= call->api->status.now_us)
		return refuse_value(call, value, "HTTPBadRequest",
		    "Invalid input for dp_down_until. Reason: '",
		    "' is no time to come, as 2026-11-22T12:00:00Z.");
	update->until_us = until_us;
	return true;
}

static bool
take_for(struct api_call *call, const json_t *value, struct port_update *update)
{
	const char *text = json_string_value(value);
	int64_t ms;

	if (!text || !config_duration_parse(slice_of(text), &ms) || ms <= 0 || ms > REPORT_MS_MAX)
		return refuse_value(call, value, "HTTPBadRequest",
		    "Invalid input for dp_down_for. Reason: '",
		    "' is no duration of at most 3650d, as 2h or 30min.");
	if (update->until_us != 0) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "Invalid input for dp_down_for. Reason: dp_down_until tells the end already.");
		return false;
	}
	update->until_us = call->api->status.now_us + ms * 1000;
	return true;
}

/* Neutron's order: names that it does not know (all in one message), names that cannot be set, values. */
static bool
check_attributes(struct api_call *call, json_t *port)
{
	char *unknown = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&unknown, &len);
	const char *name, *read_only = port_attribute_read_only(port);
	json_t *value;

	if (!out) {
		api_reply(call->response, 500, NULL);
		return false;
	}
	json_object_foreach(port, name, value)
	{
		if (port_attribute_use(name) == ATTRIBUTE_UNKNOWN)
			fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", name);
	}
	fclose(out);
	if (len > 0)
		api_refuse(call->response, 400, "HTTPBadRequest", "Unrecognized attribute(s) '%s'",
		    unknown);
	else if (read_only)
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "Cannot update read-only attribute %s",
		    strcmp(read_only, "project_id") == 0 ? "tenant_id" : read_only);
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
	if ((update->note || update->until_us != 0) && !update->has_dp_down &&
	    !update->has_status) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "Invalid input for %s. Reason: it needs dp_down beside it.",
		    update->note ? "dp_down_note" : "dp_down_until");
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
		{ "dp_down_until", take_until },
		{ "dp_down_for", take_for },
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

/* The rule that says no, as Neutron's policy names it: one for the port, and one for each attribute that has its own. */
static void
refuse_role(struct api_call *call, const struct port_update *update)
{
	bool status = update->has_status, dp_down = update->has_dp_down;

	api_refuse(call->response, 403, "PolicyNotAuthorized",
	    "%srule:update_port%s%s%s is disallowed by policy", status || dp_down ? "(" : "",
	    status ? " and rule:update_port:data_plane_status" : "",
	    dp_down ? " and rule:update_port:dp_down" : "", status || dp_down ? ")" : "");
}

/* Existence and then the role, which is Neutron's order. */
static bool
may_update(struct api_call *call, const struct port_update *update, uint32_t port)
{
	if (port == TOPO_NONE) {
		port_refuse_not_found(call, call->args[0]);
		return false;
	}
	if (call->request->role < ROLE_INTEGRATOR) {
		refuse_role(call, update);
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
		.until_us = forget ? now->now_us : update->until_us,
	};
	uint8_t id[16];

	/* A copy: what the engine hands out is good only until it is told something. */
	memcpy(id, topo_port_get(engine_topo(engine), port)->id, sizeof(id));
	engine_report(engine, id, &word, time);
	if (forget)
		engine_tick(engine, time);
}

/*
 * If-Match: revision_number=N (RFC 9110 section 13.1.1, in Neutron's own syntax); another kind of condition is ignored, as there.
 * *ret_wanted stays as it is without one. False when the request has been answered.
 */
static bool
take_condition(struct api_call *call, const char **ret_wanted)
{
	const char *text = call->request->if_match;
	static const char name[] = "revision_number=";

	if (!text || strncmp(text, name, strlen(name)) != 0)
		return true;
	text += strlen(name);
	size_t digits = strspn(text + (text[0] == '-'), "0123456789");
	if (digits == 0 || text[(text[0] == '-') + digits] != '\0') {
		api_refuse(call->response, 400, "BadRequest",
		    "Bad if-match request: Revision number etag must be in the format of "
		    "revision_number=<int>.");
		return false;
	}
	*ret_wanted = text;
	return true;
}

static bool
revision_fits(struct api_call *call, const char *wanted, uint32_t port)
{
	unsigned long long revision;
	struct engine_port_view view;

	if (!wanted)
		return true;
	engine_port_view(call->api->engine, port, &view);
	if (slice_to_uint(slice_of(wanted), INT64_MAX, &revision) && view.revision == revision)
		return true;
	api_refuse(call->response, 412, "RevisionNumberConstraintFailed",
	    "Constrained to %s, but current revision is %llu", wanted,
	    (unsigned long long)view.revision);
	return false;
}

/* A body that speaks of no port at all: Neutron sees that last, and what is wrong with one that does first. */
static bool
check_body(struct api_call *call, const json_t *body)
{
	const json_t *object = json_object_get(body, "port");

	if (json_object_get(body, "ports"))
		api_refuse(call->response, 400, "HTTPBadRequest", "Bulk operation not supported");
	else if (json_is_null(object))
		api_refuse(
		    call->response, 400, "HTTPBadRequest", "Unable to find 'port' in request body");
	else if (object && !json_is_object(object))
		api_refuse(
		    call->response, 400, "HTTPBadRequest", "Object 'port' contains invalid data");
	else
		return true;
	return false;
}

static void
port_put(struct api_call *call, json_t *body)
{
	json_t *object = json_object_get(body, "port");
	struct port_update update = { 0 };
	const char *wanted = NULL;
	uint32_t port = port_find(call, call->args[0]);

	if (!check_body(call, body) || (object && !take_update(call, object, &update)) ||
	    !take_condition(call, &wanted) || !may_update(call, &update, port))
		return;
	if (!object) {
		api_refuse(
		    call->response, 400, "HTTPBadRequest", "Unable to find 'port' in request body");
		return;
	}
	if (!revision_fits(call, wanted, port))
		return;
	if (update.has_dp_down || update.has_status)
		report(call, &update, port);
	port_reply(call, port);
}

/* A body as Neutron takes it: a JSON object, or none at all. NULL when the request has been answered. */
static json_t *
body_object(struct api_call *call)
{
	struct slice text = call->request->body;
	json_t *body = text.len == 0
			   ? json_object()
			   : json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(body))
		return body;
	api_refuse(call->response, 400, "HTTPBadRequest", "Body contains invalid data");
	json_decref(body);
	return NULL;
}

void
api_port_put(struct api_call *call)
{
	json_t *body = body_object(call);

	if (body)
		port_put(call, body);
	json_decref(body);
}

/* Ports are those of the topology: nobody makes one here, and a status never belonged to the making of one. */
void
api_ports_post(struct api_call *call)
{
	static const char *const statuses[] = { "data_plane_status", "dp_down" };
	json_t *body = body_object(call);
	const json_t *port = json_object_get(body, "port");

	if (!body)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (!json_object_get(port, statuses[i]))
			continue;
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "Attribute '%s' not allowed in POST", statuses[i]);
		json_decref(body);
		return;
	}
	if (json_is_object(port))
		api_refuse_method(call);
	else
		api_refuse(call->response, 400, "HTTPBadRequest",
		    port ? "Object 'port' contains invalid data"
			 : "Unable to find 'port' in request body");
	json_decref(body);
}
