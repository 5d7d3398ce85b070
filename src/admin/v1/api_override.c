/*
 * PUT /v1/interfaces/<switch>/<interface>: a person's or a controller's word about an interface, until when, and why.
 */
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/config.h"
#include "util/timeutil.h"

#define NOTE_MAX 255
#define OVERRIDE_MS_MAX INT64_C(315360000000) /* 3650d, as for reports */

/* When it ends: `for` a duration, `until` a time, or neither: never. False where that cannot be taken. */
static bool
take_end(const char *span, const char *until, int64_t now_us, int64_t *ret_until_us)
{
	int64_t ms;

	*ret_until_us = 0;
	if (span && until)
		return false;
	if (until)
		return timeutil_parse(slice_of(until), ret_until_us) && *ret_until_us > now_us;
	if (!span)
		return true;
	if (!config_duration_parse(slice_of(span), &ms) || ms <= 0 || ms > OVERRIDE_MS_MAX)
		return false;
	*ret_until_us = now_us + ms * 1000;
	return true;
}

static bool
take_word(const char *text, enum link_word *ret_to)
{
	static const struct {
		const char *name;
		enum link_word to;
	} words[] = { { "up", WORD_UP }, { "down", WORD_DOWN }, { "auto", WORD_NONE } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i].name) != 0)
			continue;
		*ret_to = words[i].to;
		return true;
	}
	return false;
}

/* What is wrong with what is asked for; NULL: nothing. */
static const char *
take_override(const struct api_call *call, const json_t *body, struct engine_override *ret_override)
{
	const char *to, *span = NULL, *until = NULL;

	if (json_unpack((json_t *)body, "{s:s, s?s, s?s, s?s !}", "override", &to, "for", &span,
		"until", &until, "note", &ret_override->note) != 0 ||
	    !take_word(to, &ret_override->to))
		return "the body must be {\"override\": \"up\", \"down\" or \"auto\", \"for\": DURATION or \"until\": TIME, \"note\": TEXT}";
	if (!take_end(span, until, call->api->status.now_us, &ret_override->until_us))
		return "it may end: \"for\" as 2h (at most 3650d), or \"until\" as 2026-11-22T12:00:00Z";
	if (ret_override->to == WORD_NONE && (span || until))
		return "\"auto\" has no end";
	if (strlen(ret_override->note) > NOTE_MAX)
		return "a note has at most 255 bytes";
	return NULL;
}

void
api_interface_put(struct api_call *call)
{
	const struct api_status *now = &call->api->status;
	const struct topo *topo = engine_topo(call->api->engine);
	const struct engine_time time = { .now_ns = now->now_ns, .wall_us = now->now_us };
	struct engine_override override = { .by = call->request->who, .note = "" };
	uint32_t sw = topo_switch_find(topo, slice_of(call->args[0])), interface = TOPO_NONE;

	if (sw != TOPO_NONE)
		interface = engine_interface_find(call->api->engine, sw, slice_of(call->args[1]));
	json_t *body = json_loadb(
	    call->request->body.data, call->request->body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *problem = take_override(call, body, &override);
	if (problem)
		api_refuse(call->response, 400, "HTTPBadRequest", "%s", problem);
	else if (interface == TOPO_NONE)
		api_refuse(call->response, 404, "InterfaceNotFound",
		    "Interface %s:%s could not be found.", call->args[0], call->args[1]);
	else if (!engine_override(call->api->engine, interface, &override, time))
		api_refuse(call->response, 503, "HTTPServiceUnavailable",
		    "The states of interfaces are being read from Redis; try again.");
	else
		api_reply(call->response, 200,
		    json_pack(
			"{s:o}", "interface", api_interface_json(call->api->engine, interface)));
	json_decref(body);
}
