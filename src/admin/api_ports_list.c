/*
 * Lists of ports. A filter that no index answers has to look at every port, and a million of them are no matter of one turn of
 * the loop: what does not end within a slice goes on in later turns, from a copy of what was asked (api_scan_step).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "admin/api_ports.h"

/* What a slice may cost, in ports looked at (some 50 ns each): one or two milliseconds. */
#define SLICE_COST 20000
#define COST_OF_STATE 8    /* more, where a filter asks for the port's state */
#define COST_OF_LISTING 50 /* more, where it is listed */

/* A list that is being made. */
struct page {
	struct port_filters filters;
	uint32_t limit, port; /* the next port to look at */
	json_t *ports;
};

struct api_scan {
	struct api_call call; /* of `request`, with parameters of its own */
	struct api_request request;
	struct page page;
	uint64_t n_topos;
	char *text; /* what call and request point to */
};

/* ---- pages ---- */

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
	href = path ? api_link_to(call, path) : NULL;
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

/* Looks at more ports. True when the page is full, or no port is left. */
static bool
page_fill(const struct api_call *call, struct page *page)
{
	uint32_t n_ports = topo_n_ports(engine_topo(call->api->engine));
	uint32_t cost_of_one = port_filters_need_state(&page->filters) ? 1 + COST_OF_STATE : 1;

	port_filters_resolve(call, &page->filters);
	for (uint32_t cost = 0; cost < SLICE_COST; cost += cost_of_one, page->port++) {
		if (page->port >= n_ports || json_array_size(page->ports) == page->limit)
			return true;
		if (!port_may_see(call, page->port) ||
		    !port_filters_match(call, &page->filters, page->port))
			continue;
		json_array_append_new(page->ports, port_json(call, page->port));
		cost += COST_OF_LISTING;
	}
	return false;
}

/* Takes over the ports. As Neutron does it: a full page is followed by another, which may be empty. */
static void
page_reply(struct api_call *call, struct page *page)
{
	json_t *answer = json_pack("{s:o}", "ports", page->ports);

	if (page->port > 0 && json_array_size(page->ports) == page->limit)
		json_object_set_new(
		    answer, "ports_links", next_page_links(call, page->port - 1, page->limit));
	page->ports = NULL;
	api_reply(call->response, 200, answer);
}

/* ---- what goes on later ---- */

/* Copies text, which may be NULL, to *to, and moves that behind it. */
static const char *
put_text(char **to, const char *text)
{
	char *copy = *to;

	if (!text)
		return NULL;
	*to = stpcpy(copy, text) + 1;
	return copy;
}

static size_t
text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static size_t
call_text_size(const struct api_call *call)
{
	size_t size = text_size(call->request->project) + text_size(call->request->host);

	for (size_t i = 0; i < call->n_params; i++)
		size += text_size(call->params[i].name) + text_size(call->params[i].value);
	return size;
}

/* A call of which nothing is borrowed but the api. */
static void
call_copy(const struct api_call *call, struct api_scan *scan)
{
	char *to = scan->text;

	scan->request = (struct api_request){
		.role = call->request->role,
		.project = put_text(&to, call->request->project),
		.host = put_text(&to, call->request->host),
		.secure = call->request->secure,
	};
	scan->call = (struct api_call){
		.api = call->api,
		.request = &scan->request,
		.n_params = call->n_params,
	};
	for (size_t i = 0; i < call->n_params; i++)
		scan->call.params[i] = (struct api_param){
			put_text(&to, call->params[i].name),
			put_text(&to, call->params[i].value),
		};
}

static void
defer(struct api_call *call, struct page *page)
{
	struct api_scan *scan = calloc(1, sizeof(*scan));

	if (scan)
		scan->text = malloc(call_text_size(call) + 1);
	if (!scan || !scan->text) {
		free(scan);
		api_reply(call->response, 500, NULL);
		return;
	}
	call_copy(call, scan);
	scan->n_topos = engine_n_topos(call->api->engine);
	scan->page = *page;
	/* Once more, so that the filters' texts are those of the copy. */
	scan->call.response = call->response;
	port_filters_parse(&scan->call, &scan->page.filters);
	page->ports = NULL;
	call->response->scan = scan;
	call->response->deferred = API_PORTS_SCAN;
}

void
api_scan_free(struct api_scan *scan)
{
	if (!scan)
		return;
	json_decref(scan->page.ports);
	free(scan->text);
	free(scan);
}

/* The map is another one, and so are its rows: from the beginning. False when the request has been answered. */
static bool
begin_again(struct api_scan *scan)
{
	scan->n_topos = engine_n_topos(scan->call.api->engine);
	json_array_clear(scan->page.ports);
	return page_start(&scan->call, &scan->page.port);
}

bool
api_scan_step(struct api_response *response)
{
	struct api_scan *scan = response->scan;

	scan->call.response = response;
	if (scan->n_topos != engine_n_topos(scan->call.api->engine) && !begin_again(scan))
		return true;
	if (!page_fill(&scan->call, &scan->page))
		return false;
	page_reply(&scan->call, &scan->page);
	return true;
}

void
api_ports_list(struct api_call *call)
{
	struct page page;

	if (!port_filters_parse(call, &page.filters) || !page_limit(call, &page.limit) ||
	    !page_start(call, &page.port))
		return;
	page.ports = json_array();
	if (page_fill(call, &page))
		page_reply(call, &page);
	else
		defer(call, &page);
	json_decref(page.ports);
}
