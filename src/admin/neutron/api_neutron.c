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

/* ---- versions ---- */

char *
api_link_to(const struct api_call *call, const char *path)
{
	const char *host = call->request->host;
	const char *scheme = call->request->secure ? "https://" : "http://";
	char *href;

	if (asprintf(&href, "%s%s%s", host ? scheme : "", host ? host : "", path) < 0)
		return NULL;
	return href;
}

static json_t *
version_json(const struct api_call *call)
{
	char *href = api_link_to(call, "/v2.0/");
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

/* ---- extensions ---- */

/* What neutron_lib.api.definitions.data_plane_status says of itself; dp_down is a view of the same. */
static json_t *
extension_json(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[]}", "alias", "data-plane-status", "name",
	    "Port data plane status extension", "description",
	    "Expose status of underlying data plane", "updated", "2017-01-24T10:00:00-00:00",
	    "links");
}

void
api_extensions_list(struct api_call *call)
{
	api_reply(call->response, 200, json_pack("{s:[o]}", "extensions", extension_json()));
}

void
api_extension_show(struct api_call *call)
{
	if (strcmp(call->args[0], "data-plane-status") == 0)
		api_reply(call->response, 200, json_pack("{s:o}", "extension", extension_json()));
	else
		api_refuse(call->response, 404, "ExtensionNotFound",
		    "Extension with alias %s does not exist", call->args[0]);
}

/* ---- GET ---- */

void
port_refuse_not_found(struct api_call *call, const char *id)
{
	api_refuse(call->response, 404, "PortNotFound", "Port %s could not be found.", id);
}

bool
port_may_see(const struct api_call *call, uint32_t port)
{
	const struct topo *topo = engine_topo(call->api->engine);
	const char *project = call->request->project;

	return !project ||
	       strcmp(topo_text_get(topo, topo_port_get(topo, port)->project_id), project) == 0;
}

uint32_t
port_find(const struct api_call *call, const char *text)
{
	uint8_t id[16];

	if (!port_id_parse(slice_of(text), id))
		return TOPO_NONE;
	uint32_t port = topo_port_find(engine_topo(call->api->engine), id);
	return port == TOPO_NONE || port_may_see(call, port) ? port : TOPO_NONE;
}

void
port_reply(struct api_call *call, uint32_t port)
{
	api_reply(call->response, 200, json_pack("{s:o}", "port", port_json(call, port)));
}

void
api_port_show(struct api_call *call)
{
	uint32_t port = port_find(call, call->args[0]);

	/* As in Neutron, the query has to be good although only `fields` means something here. */
	if (!port_query_check(call))
		return;
	if (port == TOPO_NONE)
		port_refuse_not_found(call, call->args[0]);
	else
		port_reply(call, port);
}
