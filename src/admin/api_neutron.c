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

/* ---- extensions ---- */

/* What neutron_lib.api.definitions.data_plane_status says of itself; dp_down is a view of the same. */
static json_t *
extension_json(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[]}", "alias", "data-plane-status", "name",
	    "Status of the underlying data plane", "description",
	    "Status of the underlying data plane.", "updated", "2017-01-01T00:00:00-00:00",
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

/* Another project's port is not there, as in Neutron: a reader is not told that it exists. */
static bool
may_see(const struct api_call *call, uint32_t port)
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
	return port == TOPO_NONE || may_see(call, port) ? port : TOPO_NONE;
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

	if (port == TOPO_NONE)
		port_refuse_not_found(call, call->args[0]);
	else
		port_reply(call, port);
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
		port_refuse_not_found(call, marker);
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
