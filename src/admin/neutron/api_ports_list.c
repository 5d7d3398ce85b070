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

/* What a slice may cost, in ports looked at (some 50 ns each): one or two milliseconds. */
#define SLICE_COST 20000
#define COST_OF_STATE 8 /* more, where a filter asks for the port's state */
#define COST_OF_ORDER 4 /* more, where ports are compared with each other */
#define COST_OF_LISTING 50
/* So many moves of the sorting by id are as much as one port looked at. */
#define MOVES_OF_ONE 4

/*
 * A list that is being made. By id it begins at its marker and ends with the limit-th port; in any other order every port is
 * looked at, and the best `limit` are kept: whenever there are twice as many, the worse half goes.
 */
struct page {
	struct port_filters filters;
	struct port_order order;
	uint32_t limit;
	bool has_marker;
	uint8_t marker_id[16];
	uint32_t marker;     /* its port; TOPO_NONE: there is none that the caller may see */
	bool placed;         /* by id: begin and end are known */
	uint32_t begin, end; /* places in the map's order by id */
	uint32_t looked;     /* so many ports were looked at */
	uint32_t *ports;     /* room for 2 * limit */
	uint32_t n;
	bool sorted;    /* the first `limit` are the best so far */
	bool found;     /* all: they stand as they are to be listed */
	json_t *listed; /* the first of them */
};

struct ports_scan {
	struct api_scan base;
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
page_links(const struct api_call *call, const struct page *page)
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

/*
 * Where the page begins, and nothing was looked at yet. By id, a port that has left still says where that is; in another order
 * nobody knows, and it is 404 as in Neutron, which answers that in either case.
 */
static bool
page_start(struct api_call *call, struct page *page)
{
	const char *marker = api_param_get(call, "marker");

	page->looked = page->n = 0;
	page->sorted = page->found = page->placed = false;
	json_array_clear(page->listed);
	page->has_marker = marker && marker[0] != '\0';
	page->marker = page->has_marker ? port_find(call, marker) : TOPO_NONE;
	if (!page->has_marker)
		return true;
	if (port_id_parse(slice_of(marker), page->marker_id) &&
	    (page->order.n == 0 || page->marker != TOPO_NONE))
		return true;
	port_refuse_not_found(call, marker);
	return false;
}

/* Goes on with the map's order by id. True when it is made; false with api->order NULL: out of memory. */
static bool
order_make(struct api *api, uint32_t *cost)
{
	const struct topo *topo = engine_topo(api->engine);
	uint32_t moves = SLICE_COST * MOVES_OF_ONE;

	if (!api->order || api->order_of != engine_n_topos(api->engine)) {
		topo_order_free(api->order);
		api->order = topo_order_new(topo);
		api->order_of = engine_n_topos(api->engine);
	}
	bool made = api->order && topo_order_step(api->order, topo, &moves);
	*cost += SLICE_COST - moves / MOVES_OF_ONE;
	return made;
}

/* Whether ports are looked at from the greatest id downwards. */
static bool
goes_down(const struct port_order *order)
{
	return order->descending != order->reverse;
}

/* The places, in the map's order by id, that a page may be of. */
static void
page_place(const struct api *api, struct page *page)
{
	const struct topo *topo = engine_topo(api->engine);

	page->placed = true;
	page->begin = 0;
	page->end = topo_n_ports(topo);
	if (!page->has_marker)
		return;
	uint32_t place = topo_order_place(api->order, topo, page->marker_id);
	if (goes_down(&page->order))
		page->end = place;
	else
		page->begin = place + (page->marker != TOPO_NONE);
}

/* The port to look at next; TOPO_NONE: there is none. */
static uint32_t
next_port(const struct api *api, const struct page *page)
{
	if (page->order.n > 0)
		return page->looked < topo_n_ports(engine_topo(api->engine)) ? page->looked
									     : TOPO_NONE;
	if (page->looked >= page->end - page->begin)
		return TOPO_NONE;
	return topo_order_port(api->order,
	    goes_down(&page->order) ? page->end - 1 - page->looked : page->begin + page->looked);
}

struct comparing {
	const struct port_order *order;
	const struct topo *topo;
};

static int
compare_ports(const void *a, const void *b, void *arg)
{
	const struct comparing *by = arg;

	return port_order_compare(by->order, by->topo, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* Only the best stay. */
static void
page_sort(const struct topo *topo, struct page *page)
{
	struct comparing by = { &page->order, topo };

	qsort_r(page->ports, page->n, sizeof(page->ports[0]), compare_ports, &by);
	if (page->n > page->limit)
		page->n = page->limit;
	page->sorted = page->n == page->limit;
}

static void
page_take(const struct topo *topo, struct page *page, uint32_t port)
{
	const struct port_order *order = &page->order;

	if (order->n > 0) {
		if (page->marker != TOPO_NONE &&
		    port_order_compare(order, topo, port, page->marker) <= 0)
			return;
		if (page->sorted &&
		    port_order_compare(order, topo, port, page->ports[page->limit - 1]) > 0)
			return;
		if (page->n == 2 * page->limit)
			page_sort(topo, page);
	}
	page->ports[page->n++] = port;
}

static void
page_turn(struct page *page)
{
	for (uint32_t i = 0; i < page->n / 2; i++) {
		uint32_t port = page->ports[i];
		page->ports[i] = page->ports[page->n - 1 - i];
		page->ports[page->n - 1 - i] = port;
	}
}

static void
page_found(const struct topo *topo, struct page *page)
{
	if (page->order.n > 0)
		page_sort(topo, page);
	if (page->order.reverse)
		page_turn(page);
	page->found = true;
}

/* Looks at more ports, and adds to *cost what that did. */
static void
page_fill(const struct api_call *call, struct page *page, uint32_t *cost)
{
	const struct topo *topo = engine_topo(call->api->engine);
	uint32_t cost_of_one = 1 + (port_filters_need_state(&page->filters) ? COST_OF_STATE : 0) +
			       (page->order.n > 0 ? COST_OF_ORDER : 0);

	port_filters_resolve(call, &page->filters);
	for (; *cost < SLICE_COST; *cost += cost_of_one, page->looked++) {
		uint32_t port = next_port(call->api, page);
		if (port == TOPO_NONE || (page->order.n == 0 && page->n == page->limit)) {
			page_found(topo, page);
			return;
		}
		if (port_may_see(call, port) && port_filters_match(call, &page->filters, port))
			page_take(topo, page, port);
	}
}

/* Does a slice's worth. True when the page is complete, or the map's order cannot be made. */
static bool
page_step(struct api_call *call, struct page *page)
{
	uint32_t cost = 0;

	if (page->order.n == 0 && !page->placed) {
		if (!order_make(call->api, &cost))
			return call->api->order == NULL;
		page_place(call->api, page);
	}
	if (!page->found)
		page_fill(call, page, &cost);
	for (; page->found && cost < SLICE_COST; cost += COST_OF_LISTING) {
		size_t i = json_array_size(page->listed);
		if (i == page->n)
			return true;
		json_array_append_new(page->listed, port_json(call, page->ports[i]));
	}
	return false;
}

static void
page_reply(struct api_call *call, const struct page *page)
{
	if (!page->found) {
		api_reply(call->response, 500, NULL);
		return;
	}
	api_reply(call->response, 200,
	    json_pack("{s:O, s:o}", "ports", page->listed, "ports_links", page_links(call, page)));
}

static void
page_release(struct page *page)
{
	free(page->ports);
	json_decref(page->listed);
	*page = (struct page){ 0 };
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

	page_release(&scan->page);
	free(scan->text);
	free(scan);
}

/* The map is another one, and so are its rows: from the beginning. False when the request has been answered. */
static bool
begin_again(struct ports_scan *scan)
{
	scan->n_topos = engine_n_topos(scan->call.api->engine);
	return page_start(&scan->call, &scan->page);
}

static bool
scan_step(struct api_scan *base, struct api_response *response)
{
	struct ports_scan *scan = (struct ports_scan *)base;

	scan->call.response = response;
	if (scan->n_topos != engine_n_topos(scan->call.api->engine) && !begin_again(scan))
		return true;
	if (!page_step(&scan->call, &scan->page))
		return false;
	page_reply(&scan->call, &scan->page);
	return true;
}

static void
defer(struct api_call *call, struct page *page)
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
	*page = (struct page){ 0 };
	call->response->scan = &scan->base;
	call->response->deferred = API_SCAN;
}

/* In Neutron's order: filters, sorting, paging. */
static bool
page_parse(struct api_call *call, struct page *page)
{
	return port_filters_parse(call, &page->filters) && port_order_parse(call, &page->order) &&
	       page_limit(call, &page->limit);
}

bool
port_query_check(struct api_call *call)
{
	struct page page;

	return page_parse(call, &page);
}

void
api_ports_list(struct api_call *call)
{
	struct page page = { 0 };

	if (!page_parse(call, &page) || !page_start(call, &page))
		return;
	page.ports = calloc(page.limit, 2 * sizeof(page.ports[0]));
	page.listed = json_array();
	if (!page.ports || !page.listed)
		api_reply(call->response, 500, NULL);
	else if (page_step(call, &page))
		page_reply(call, &page);
	else
		defer(call, &page);
	page_release(&page);
}
