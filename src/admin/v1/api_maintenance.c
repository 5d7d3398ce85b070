/*
 * /v1/maintenance: switches and hosts that somebody works on, until when, and why.
 */
#include <errno.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/config.h"
#include "core/maintenance.h"
#include "util/timeutil.h"

#define NOTE_MAX 255
#define WINDOW_MS_MAX INT64_C(31536000000) /* a year: what lasts longer is no maintenance */

void
api_maintenance_list(struct api_call *call)
{
	if (!api_params_known(call, (const char *const[]){ NULL }))
		return;
	api_reply(call->response, 200,
	    json_pack("{s:o}", "maintenance", maintenance_to_json(call->api->maintenance)));
}

static bool
is_in_map(const struct topo *topo, const char *name)
{
	return topo_switch_find(topo, slice_of(name)) != TOPO_NONE ||
	       topo_host_find(topo, slice_of(name)) != TOPO_NONE;
}

/* When it ends: `for` a duration, or `until` a time. False where neither can be taken. */
static bool
take_end(const char *span, const char *until, int64_t now_us, int64_t *ret_until_us)
{
	int64_t ms;

	if (!span == !until)
		return false;
	if (until)
		return timeutil_parse(slice_of(until), ret_until_us) && *ret_until_us > now_us &&
		       *ret_until_us - now_us <= WINDOW_MS_MAX * 1000;
	if (!config_duration_parse(slice_of(span), &ms) || ms <= 0 || ms > WINDOW_MS_MAX)
		return false;
	*ret_until_us = now_us + ms * 1000;
	return true;
}

/* What is wrong with what was asked for; NULL: nothing. */
static const char *
take_window(const struct api_call *call, const json_t *body, struct maintenance_window *ret_window)
{
	const char *span = NULL, *until = NULL;

	if (json_unpack((json_t *)body, "{s:s, s?s, s?s, s?s !}", "name", &ret_window->name, "for",
		&span, "until", &until, "note", &ret_window->note) != 0)
		return "the body must be {\"name\": SWITCH or HOST, \"for\": DURATION or \"until\": TIME, \"note\": TEXT}";
	if (!take_end(span, until, call->api->status.now_us, &ret_window->until_us))
		return "it needs an end within a year: \"for\" as 2h, or \"until\" as 2026-11-22T12:00:00Z";
	if (strlen(ret_window->note) > NOTE_MAX)
		return "a note has at most 255 bytes";
	return NULL;
}

static void
add(struct api_call *call, const struct maintenance_window *window)
{
	const struct api_status *now = &call->api->status;
	const struct engine_time time = { .now_ns = now->now_ns, .wall_us = now->now_us };
	int r = maintenance_add(call->api->maintenance, window, time);

	if (r == -ENOSPC)
		api_refuse(call->response, 409, "HTTPConflict",
		    "there are %d windows already: remove one first", MAINTENANCE_MAX);
	else if (r != 0)
		api_reply(call->response, 500, NULL);
	else
		api_reply(call->response, 201,
		    json_pack("{s:{s:o, s:o, s:o, s:o, s:o}}", "maintenance", "name",
			api_json_text(window->name), "by", api_json_text(window->by), "note",
			api_json_text(window->note), "since", api_json_time(window->at_us), "until",
			api_json_time(window->until_us)));
}

void
api_maintenance_add(struct api_call *call)
{
	struct maintenance_window window = {
		.by = call->request->who,
		.note = "",
		.at_us = call->api->status.now_us,
	};
	json_t *body = json_loadb(
	    call->request->body.data, call->request->body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *problem = take_window(call, body, &window);

	if (problem)
		api_refuse(call->response, 400, "HTTPBadRequest", "%s", problem);
	else if (!is_in_map(engine_topo(call->api->engine), window.name))
		api_refuse(call->response, 404, "HTTPNotFound",
		    "%s is neither a switch nor a host of the topology", window.name);
	else
		add(call, &window);
	json_decref(body);
}

void
api_maintenance_remove(struct api_call *call)
{
	if (maintenance_remove(call->api->maintenance, call->args[0]))
		api_reply(call->response, 200,
		    json_pack("{s:o}", "removed", api_json_text(call->args[0])));
	else
		api_refuse(call->response, 404, "MaintenanceNotFound",
		    "Maintenance of %s could not be found.", call->args[0]);
}
