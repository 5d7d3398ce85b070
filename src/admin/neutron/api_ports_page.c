#include "admin/api_ports_page.h"

#include <stdlib.h>
#include <string.h>

/* What a slice may cost, in ports looked at (some 50 ns each): one or two milliseconds. */
#define SLICE_COST 20000
#define COST_OF_STATUS 2 /* more, where a filter asks for what its interfaces said */
#define COST_OF_ORDER 4  /* more, where ports are compared with each other */
#define COST_OF_PLACE 4  /* more, where each is looked for in memory */
#define COST_OF_LISTING 50
#define COST_OF_PARAM 2  /* more for each that is listed: all are looked through for fields */
#define FEW_FILTERS 4    /* so many are part of looking at a port */
#define FILTERS_OF_ONE 2 /* and so many more are as much as another */
/* So many moves of the sorting by id are as much as one port looked at. */
#define MOVES_OF_ONE 4

/* A page by id that does not fill within so much of the map is looked for row by row. */
#define FILLS_WITHIN 8

static enum ports_walk
first_walk(const struct engine *engine, const struct ports_page *page)
{
	if (port_filters_are_ids(&page->filters))
		return WALK_NAMED;
	return page->order.n > 0 || port_filters_are_rare(engine, &page->filters) ? WALK_ROWS
										  : WALK_BY_ID;
}

bool
ports_page_start(struct api_call *call, struct ports_page *page)
{
	const char *marker = api_param_get(call, "marker");

	page->looked = page->n = 0;
	page->sorted = page->found = page->placed = false;
	json_array_clear(page->listed);
	page->walk = first_walk(call->api->engine, page);
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
page_place(const struct api *api, struct ports_page *page)
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

static uint32_t
next_named(const struct api *api, struct ports_page *page)
{
	for (; page->looked < page->filters.n; page->looked++) {
		uint32_t port =
		    port_filter_named(engine_topo(api->engine), &page->filters, page->looked);
		if (port != TOPO_NONE)
			return port;
	}
	return TOPO_NONE;
}

static uint32_t
next_by_id(const struct api *api, const struct ports_page *page)
{
	if (page->looked >= page->end - page->begin || page->n == page->limit)
		return TOPO_NONE;
	return topo_order_port(api->order,
	    goes_down(&page->order) ? page->end - 1 - page->looked : page->begin + page->looked);
}

/* The port to look at next; TOPO_NONE: there is none, or no need. */
static uint32_t
next_port(const struct api *api, struct ports_page *page)
{
	if (page->walk == WALK_NAMED)
		return next_named(api, page);
	if (page->walk == WALK_BY_ID)
		return next_by_id(api, page);
	return page->looked < topo_n_ports(engine_topo(api->engine)) ? page->looked : TOPO_NONE;
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
page_sort(const struct topo *topo, struct ports_page *page)
{
	struct comparing by = { &page->order, topo };

	qsort_r(page->ports, page->n, sizeof(page->ports[0]), compare_ports, &by);
	if (page->n > page->limit)
		page->n = page->limit;
	page->sorted = page->n == page->limit;
}

/* Whether it stands behind the marker; by id, that may be one of a port that has left. */
static bool
is_behind_marker(const struct topo *topo, const struct ports_page *page, uint32_t port)
{
	if (!page->has_marker)
		return true;
	if (page->order.n > 0)
		return port_order_compare(&page->order, topo, port, page->marker) > 0;
	const int apart =
	    memcmp(topo_port_get(topo, port)->id, page->marker_id, sizeof(page->marker_id));
	return goes_down(&page->order) ? apart < 0 : apart > 0;
}

/* Whether it stands behind all that the page may list. */
static bool
is_too_late(const struct topo *topo, const struct ports_page *page, uint32_t port)
{
	return page->sorted &&
	       port_order_compare(&page->order, topo, port, page->ports[page->limit - 1]) > 0;
}

static void
page_take(const struct topo *topo, struct ports_page *page, uint32_t port)
{
	if (page->walk != WALK_BY_ID) {
		if (!is_behind_marker(topo, page, port) || is_too_late(topo, page, port))
			return;
		if (page->n == 2 * page->limit)
			page_sort(topo, page);
	}
	page->ports[page->n++] = port;
}

static void
page_turn(struct ports_page *page)
{
	for (uint32_t i = 0; i < page->n / 2; i++) {
		uint32_t port = page->ports[i];
		page->ports[i] = page->ports[page->n - 1 - i];
		page->ports[page->n - 1 - i] = port;
	}
}

static void
page_found(const struct topo *topo, struct ports_page *page)
{
	if (page->walk != WALK_BY_ID)
		page_sort(topo, page);
	if (page->order.reverse)
		page_turn(page);
	page->found = true;
}

static uint32_t
cost_of_one(const struct ports_page *page)
{
	const size_t n = page->filters.n;
	const uint32_t more = n > FEW_FILTERS ? (uint32_t)(n - FEW_FILTERS) / FILTERS_OF_ONE : 0;

	return 1 + more + (port_filters_need_status(&page->filters) ? COST_OF_STATUS : 0) +
	       (page->order.n > 0 ? COST_OF_ORDER : 0) +
	       (page->walk == WALK_BY_ID ? COST_OF_PLACE : 0);
}

/* Looks at more ports, and adds to *cost what that did. */
static void
page_fill(const struct api_call *call, struct ports_page *page, uint32_t *cost)
{
	const uint32_t each = cost_of_one(page);

	port_filters_resolve(call, &page->filters);
	for (; *cost < SLICE_COST; *cost += each, page->looked++) {
		uint32_t port = next_port(call->api, page);
		if (port == TOPO_NONE) {
			page_found(engine_topo(call->api->engine), page);
			return;
		}
		if (port_may_see(call, port) && port_filters_match(call, &page->filters, port))
			page_take(engine_topo(call->api->engine), page, port);
	}
}

/* At this pace a page by id would take more than looking at all rows as they stand: then that. */
static void
turn_to_rows(const struct topo *topo, struct ports_page *page)
{
	const uint32_t all = page->end - page->begin, enough = topo_n_ports(topo) / FILLS_WITHIN;

	if (page->walk != WALK_BY_ID || page->found || all - page->looked <= enough ||
	    (uint64_t)page->limit * page->looked <= ((uint64_t)page->n + 1) * enough)
		return;
	page->walk = WALK_ROWS;
	page->looked = page->n = 0;
}

bool
ports_page_step(struct api_call *call, struct ports_page *page)
{
	const uint32_t listing = COST_OF_LISTING + COST_OF_PARAM * (uint32_t)call->n_params;
	uint32_t cost = 0;

	if (page->walk == WALK_BY_ID && !page->placed) {
		if (!order_make(call->api, &cost))
			return call->api->order == NULL;
		page_place(call->api, page);
	}
	if (!page->found) {
		page_fill(call, page, &cost);
		turn_to_rows(engine_topo(call->api->engine), page);
	}
	for (; page->found && cost < SLICE_COST; cost += listing) {
		size_t i = json_array_size(page->listed);
		if (i == page->n)
			return true;
		json_array_append_new(page->listed, port_json(call, page->ports[i]));
	}
	return false;
}

void
ports_page_release(struct ports_page *page)
{
	free(page->ports);
	json_decref(page->listed);
	*page = (struct ports_page){ 0 };
}
