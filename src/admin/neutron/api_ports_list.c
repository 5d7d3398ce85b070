/*
 * Lists of ports. A filter that no index answers has to look at every port, and a million of them are no matter of one turn of
 * the loop: what does not end within a slice goes on in later turns, from a copy of what was asked (struct api_scan).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "admin/api_ports.h"
#include "admin/api_ports_page.h"
#include "util/ascii.h"

struct ports_scan {
	struct api_scan base;
	struct api_call call; /* of `request`, with parameters of its own */
	struct api_request request;
	struct ports_page page;
	uint64_t n_topos;
	char *text; /* what call and request point to */
};

/* ---- pages ---- */

/* RFC 3986, 2.3: what needs no escape. */
static void
put_encoded(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (is_alpha(*text) || is_digit(*text) || strchr("-._~", *text))
			fputc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

/* The same query, but for where its page is. An empty page has no port to go on from. */
static char *
page_href(const struct api_call *call, uint32_t marker, bool reverse)
{
	char *query = NULL, *path, *href;
	const char *separator = "?";
	size_t len = 0;
	char id[PORT_ID_TEXT];
	FILE *out = open_memstream(&query, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < call->n_params; i++) {
		const struct api_param *param = &call->params[i];
		if (strcmp(param->name, "marker") == 0 || strcmp(param->name, "page_reverse") == 0)
			continue;
		fputs(separator, out);
		put_encoded(out, param->name);
		fputc('=', out);
		put_encoded(out, param->value);
		separator = "&";
	}
	if (marker != TOPO_NONE) {
		port_id_format(topo_port_get(engine_topo(call->api->engine), marker)->id, id);
		fprintf(out, "%smarker=%s", separator, id);
		separator = "&";
	}
	if (reverse)
		fprintf(out, "%spage_reverse=True", separator);
	if (fclose(out) != 0 || asprintf(&path, "/v2.0/ports%s", query) < 0)
		path = NULL;
	free(query);
	href = path ? api_link_to(call, path) : NULL;
	free(path);
	return href;
}

static void
put_link(const struct api_call *call, json_t *links, const char *rel, uint32_t marker, bool reverse)
{
	char *href = page_href(call, marker, reverse);

	json_array_append_new(
	    links, json_pack("{s:s, s:o}", "rel", rel, "href", api_json_text(href)));
	free(href);
}

/*
 * As Neutron does it (get_pagination_links), when its pagination_max_limit is our API_PAGE_MAX: a full page is followed by
 * another, which may be empty, and there may always be one on the side that the page was not reached from.
 */
static json_t *
page_links(const struct api_call *call, const struct ports_page *page)
{
	json_t *links = json_array();
	bool reverse = page->order.reverse, full = page->n == page->limit;
	uint32_t first = page->n > 0 ? page->ports[0] : TOPO_NONE;
	uint32_t last = page->n > 0 ? page->ports[page->n - 1] : TOPO_NONE;

	if (full || reverse)
		put_link(call, links, "next", last, false);
	if (full || !reverse)
		put_link(call, links, "previous", first, true);
	return links;
}

/* Neutron's wording for a limit that is none; 0 means as many as possible. The last one counts. */
static bool
page_limit(struct api_call *call, uint32_t *ret_limit)
{
	const char *text = NULL;
	unsigned long long limit = 0;

	for (size_t i = 0; i < call->n_params; i++)
		if (strcmp(call->params[i].name, "limit") == 0)
			text = call->params[i].value;
	if (text && !slice_to_uint(slice_of(text), UINT32_MAX, &limit)) {
		api_refuse(call->response, 400, "BadRequest",
		    "Bad limit request: Limit must be an integer 0 or greater and not '%s'.", text);
		return false;
	}
	*ret_limit = limit == 0 || limit > API_PAGE_MAX ? API_PAGE_MAX : (uint32_t)limit;
	return true;
}

static void
page_reply(struct api_call *call, const struct ports_page *page)
{
	if (!page->found) {
		api_reply(call->response, 500, NULL);
		return;
	}
	api_reply(call->response, 200,
	    json_pack("{s:O, s:o}", "ports", page->listed, "ports_links", page_links(call, page)));
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
call_copy(const struct api_call *call, struct ports_scan *scan)
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
scan_free(struct api_scan *base)
{
	struct ports_scan *scan = (struct ports_scan *)base;

	ports_page_release(&scan->page);
	free(scan->text);
	free(scan);
}

/* The map is another one, and so are its rows: from the beginning. False when the request has been answered. */
static bool
begin_again(struct ports_scan *scan)
{
	scan->n_topos = engine_n_topos(scan->call.api->engine);
	return ports_page_start(&scan->call, &scan->page);
}

static bool
scan_step(struct api_scan *base, struct api_response *response)
{
	struct ports_scan *scan = (struct ports_scan *)base;

	scan->call.response = response;
	if (scan->n_topos != engine_n_topos(scan->call.api->engine) && !begin_again(scan))
		return true;
	if (!ports_page_step(&scan->call, &scan->page))
		return false;
	page_reply(&scan->call, &scan->page);
	return true;
}

static void
defer(struct api_call *call, struct ports_page *page)
{
	struct ports_scan *scan = calloc(1, sizeof(*scan));

	if (scan)
		scan->text = malloc(call_text_size(call) + 1);
	if (!scan || !scan->text) {
		free(scan);
		api_reply(call->response, 500, NULL);
		return;
	}
	scan->base = (struct api_scan){ scan_step, scan_free };
	call_copy(call, scan);
	scan->n_topos = engine_n_topos(call->api->engine);
	scan->page = *page;
	/* Once more, so that the filters' texts are those of the copy. */
	scan->call.response = call->response;
	port_filters_parse(&scan->call, &scan->page.filters);
	*page = (struct ports_page){ 0 };
	call->response->scan = &scan->base;
	call->response->deferred = API_SCAN;
}

/* In Neutron's order: filters, sorting, paging. */
static bool
page_parse(struct api_call *call, struct ports_page *page)
{
	return port_filters_parse(call, &page->filters) && port_order_parse(call, &page->order) &&
	       page_limit(call, &page->limit);
}

bool
port_query_check(struct api_call *call)
{
	struct ports_page page;

	return page_parse(call, &page);
}

void
api_ports_list(struct api_call *call)
{
	struct ports_page page = { 0 };

	if (!page_parse(call, &page) || !ports_page_start(call, &page))
		return;
	page.ports = calloc(page.limit, 2 * sizeof(page.ports[0]));
	page.listed = json_array();
	if (!page.ports || !page.listed)
		api_reply(call->response, 500, NULL);
	else if (ports_page_step(call, &page))
		page_reply(call, &page);
	else
		defer(call, &page);
	ports_page_release(&page);
}
