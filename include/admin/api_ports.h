/*
 * api_ports: which ports a list shows, and how a port looks as JSON (admin layer, private to api_neutron*.c).
 */
#ifndef DPWATCH_ADMIN_API_PORTS_H
#define DPWATCH_ADMIN_API_PORTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "admin/api_call.h"

/* Links follow the Host header, as in Neutron: what the client reached us by, it can reach again. The caller frees it. */
char *api_link_to(const struct api_call *call, const char *path);

/* Another project's port is not there, as in Neutron: a reader is not told that it exists. */
bool port_may_see(const struct api_call *call, uint32_t port);

/* The port of that id, where the caller may see it; else TOPO_NONE. */
uint32_t port_find(const struct api_call *call, const char *text);

/* Neutron's 404, and its answer with a whole port. */
void port_refuse_not_found(struct api_call *call, const char *id);
void port_reply(struct api_call *call, uint32_t port);

/* What a client may do with an attribute of a port. */
enum port_attribute_use {
	ATTRIBUTE_UNKNOWN,
	ATTRIBUTE_READ_ONLY,
	ATTRIBUTE_WRITABLE,
};
enum port_attribute_use port_attribute_use(const char *name);

/* Of a body's members the first that is read-only, in Neutron's order; NULL: none is. */
const char *port_attribute_read_only(const json_t *object);

/* The port as the caller's role sees it, with only the `fields` of the query if there are any. */
json_t *port_json(const struct api_call *call, uint32_t port);

/* The conditions of a query, those of one name side by side. They are alternatives; all names must be met. */
struct port_filter {
	const struct port_filter_kind *kind;
	const char *text;
	uint8_t id[16]; /* of `id`: parsed */
	bool flag;      /* of `dp_down`: parsed; of `id`: whether it is one at all */
	uint32_t host;  /* of `binding:host_id`: its row, or TOPO_NONE; by port_filters_resolve() */
};
struct port_filters {
	struct port_filter items[API_PARAMS_MAX];
	size_t n;
};

/* Reads them. False when the request has been answered 400: a name that is no filter, a value that is no boolean. */
bool port_filters_parse(struct api_call *call, struct port_filters *ret_filters);

/* Whether few ports will meet them: they ask for names, or for those that are down, and few are. */
bool port_filters_are_rare(const struct engine *engine, const struct port_filters *filters);

/* Whether they ask for ports by their ids; then only these need to be looked at. */
bool port_filters_are_ids(const struct port_filters *filters);
/* The port that the i-th of them names by its id. TOPO_NONE: none, or one that an earlier one names. */
uint32_t port_filter_named(const struct topo *topo, const struct port_filters *filters, size_t i);

/* Whether they ask for more of a port than its own row and state hold. */
bool port_filters_need_status(const struct port_filters *filters);

/* Looks up what filters name in the map in force; to be called before matching, and after another map came in force. */
void port_filters_resolve(const struct api_call *call, struct port_filters *filters);

bool port_filters_match(
    const struct api_call *call, const struct port_filters *filters, uint32_t port);

/* ---- api_order.c: sort_key, sort_dir, page_reverse ---- */

#define PORT_ORDER_KEYS 4

/*
 * The order of a list. Without keys it is by id, as in Neutron. With keys, which
 * come in pairs with a direction, ports that are equal in all of them stand by id.
 */
struct port_order {
	struct {
		const struct port_order_key *key;
		bool descending;
	} by[PORT_ORDER_KEYS];
	size_t n;        /* 0: by id */
	bool descending; /* with n = 0 */
	bool reverse;    /* the page is the one that ends before the marker */
};

/* False when the request has been answered 400, in Neutron's words. */
bool port_order_parse(struct api_call *call, struct port_order *ret_order);

/* Negative, 0 or positive, as `a` stands before or behind `b`; with `reverse` the other way round. */
int port_order_compare(
    const struct port_order *order, const struct topo *topo, uint32_t a, uint32_t b);

/* ---- api_ports_list.c ---- */

/* Whether a query is one that a list could be asked with. False when the request has been answered. */
bool port_query_check(struct api_call *call);

/* ---- api_python.c ---- */

/* A value as Python's str() shows it, because Neutron's messages do. The caller frees it; NULL: out of memory. */
char *python_text(const json_t *value);

#endif
