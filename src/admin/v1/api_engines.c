/*
 * The SNMPv3 engines of switches, in /v1/switches; and forgetting one whose boots went backwards.
 */
#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/config.h"

/* Whose engine it is: as a trap of it would be taken. */
static uint32_t
switch_of(const struct topo *topo, const struct usm_engine *engine)
{
	uint32_t sw = topo_switch_by_engine_id(topo, engine->id, engine->id_len);

	return sw != TOPO_NONE ? sw : topo_switch_by_addr(topo, &engine->from);
}

void
api_engines_of(
    const struct api *api, uint32_t first, uint32_t n, const struct usm_engine **ret_engines)
{
	const struct topo *topo = engine_topo(api->engine);

	for (uint32_t i = 0; i < n; i++)
		ret_engines[i] = NULL;
	if (!api->engines)
		return;
	for (const struct usm_engine *engine = NULL;
	     (engine = usm_engines_next(api->engines, engine));) {
		uint32_t sw = switch_of(topo, engine);
		if (sw == TOPO_NONE || sw < first || sw - first >= n)
			continue;
		const struct usm_engine **of = &ret_engines[sw - first];
		/* Of several the newest, or one of which there is something to say. */
		if (!*of || ((*of)->problem == USM_TIMELY && engine->problem != USM_TIMELY))
			*of = engine;
	}
}

json_t *
api_engine_json(const struct usm_engine *engine)
{
	static const char *const levels[] = { [MIN_LEVEL_NO_AUTH_NO_PRIV] = "",
		[MIN_LEVEL_AUTH_NO_PRIV] = "authNoPriv",
		[MIN_LEVEL_AUTH_PRIV] = "authPriv" };
	char id[USM_ENGINE_TEXT], address[ADDR_TEXT_MAX];

	if (!engine)
		return json_null();
	json_t *json = json_pack("{s:s, s:I, s:I, s:o, s:o, s:s, s:o, s:s, s:I}", "id",
	    usm_engine_id_format(engine->id, engine->id_len, id), "boots",
	    (json_int_t)engine->boots, "time", (json_int_t)engine->time, "user",
	    api_json_text_or_null(engine->user), "level",
	    api_json_text_or_null(levels[engine->level]), "address",
	    addr_format(&engine->from, address), "heard_at", api_json_time(engine->heard_us),
	    "problem", usm_timeliness_names[engine->problem], "refused",
	    (json_int_t)engine->refused);
	const bool timely = engine->problem == USM_TIMELY;
	json_object_set_new(json, "problem_boots",
	    timely ? json_null() : json_integer((json_int_t)engine->problem_boots));
	json_object_set_new(json, "problem_time",
	    timely ? json_null() : json_integer((json_int_t)engine->problem_time));
	return json;
}

void
api_engine_forget(struct api_call *call)
{
	const struct topo *topo = engine_topo(call->api->engine);
	uint32_t sw = topo_switch_find(topo, slice_of(call->args[0]));
	struct usm_engine *engine = NULL;
	json_t *forgotten = json_array();
	char id[USM_ENGINE_TEXT];

	if (sw != TOPO_NONE && call->api->engines)
		engine = usm_engines_next(call->api->engines, NULL);
	while (engine) {
		struct usm_engine *next = usm_engines_next(call->api->engines, engine);
		if (switch_of(topo, engine) == sw) {
			usm_engine_id_format(engine->id, engine->id_len, id);
			json_array_append_new(forgotten, json_string(id));
			usm_engines_forget(call->api->engines, engine);
		}
		engine = next;
	}
	if (json_array_size(forgotten) > 0) {
		api_reply(call->response, 200, json_pack("{s:o}", "forgotten", forgotten));
		return;
	}
	json_decref(forgotten);
	if (sw == TOPO_NONE)
		api_refuse(call->response, 404, "SwitchNotFound", "Switch %s could not be found.",
		    call->args[0]);
	else
		api_refuse(call->response, 404, "EngineNotFound",
		    "No SNMPv3 engine of switch %s is known.", call->args[0]);
}
