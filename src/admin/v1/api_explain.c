/*
 * /v1: why a port is as it is.
 */

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/explain.h"

/* ---- explain ---- */

void
api_port_explain(struct api_call *call)
{
	const struct engine *engine = call->api->engine;
	uint32_t port = TOPO_NONE;
	struct engine_port_view view;
	struct explain explain;
	uint8_t id[16];

	if (!api_params_known(call, (const char *const[]){ NULL }))
		return;
	if (port_id_parse(slice_of(call->args[0]), id))
		port = topo_port_find(engine_topo(engine), id);
	if (port == TOPO_NONE) {
		api_refuse(call->response, 404, "PortNotFound", "Port %s could not be found.",
		    call->args[0]);
		return;
	}
	if (explain_port(engine, port, &explain) != 0) {
		api_reply(call->response, 500, NULL);
		return;
	}
	json_t *object = explain_json(engine, &explain);
	engine_port_view(engine, port, &view);
	json_object_set_new(object, "maintenance",
	    json_boolean(
		maintenance_covers_port(call->api->maintenance, engine_topo(engine), &view)));
	api_reply(call->response, 200, json_pack("{s:o}", "explanation", object));
	explain_release(&explain);
}
