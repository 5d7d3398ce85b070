/*
 * api_call: one request while it is being answered: its route, the decoded parts of its path, its query (admin layer).
 *
 * What the handlers of api_v1 and api_neutron have in common. Everything here lives until api_handle returns.
 */
#ifndef DPWATCH_ADMIN_API_CALL_H
#define DPWATCH_ADMIN_API_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/api.h"

/* A route has at most so many `*`, and a query so many parameters; more are answered 400. */
#define API_ARGS_MAX 2
#define API_PARAMS_MAX 512

/* No answer lists more objects than this: a longer list goes on at the `next` or `ports_links` that it gives. */
#define API_PAGE_MAX 1000

struct api_param {
	const char *name, *value; /* decoded */
};

struct api_call {
	struct api *api;
	const struct api_request *request;
	struct api_response *response;
	const char *path; /* normalised, still percent-encoded; while the route is looked for */
	const char *args[API_ARGS_MAX]; /* decoded: what each `*` of the pattern stands for */
	struct api_param params[API_PARAMS_MAX];
	size_t n_params;
};

typedef void api_handler(struct api_call *call);

/* 405, with the methods that the path does have. */
void api_refuse_method(struct api_call *call);

/* The value of the first parameter of that name, or NULL. */
const char *api_param_get(const struct api_call *call, const char *name);

/*
 * Each of these reads one parameter; where it is absent, *ret_value stays as it is. False when the request has been
 * answered 400.
 */
bool api_param_bool(struct api_call *call, const char *name, bool *ret_value);
bool api_param_number(
    struct api_call *call, const char *name, uint32_t low, uint32_t high, uint32_t *ret_value);

/* Neutron's converter: 1 t true on y yes / 0 f false off n no, in any case, blanks around ignored. */
bool api_bool_parse(const char *text, bool *ret_value);

/* Answers 400 and returns false where a parameter is not among the names (NULL ends the list), or given twice. */
bool api_params_known(struct api_call *call, const char *const *names);
/* The same beside `list`, which may be given any number of times. */
bool api_params_known_with(struct api_call *call, const char *list, const char *const *names);

/*
 * api_page.c: the query's `limit` and `marker` (`*ret_first`: the first row's number) for a list of the map's rows. False when
 * the request has been answered: 400, or 409 where the marker is one of another map.
 */
bool api_page_parse(struct api_call *call, uint32_t *ret_first, uint32_t *ret_limit);
/* The `next` of such a list of n rows: the marker of row `next`, or null where there is none. */
json_t *api_page_next(const struct api *api, size_t next, size_t n);

/* api_neutron.c: /, /v2.0 */
api_handler api_versions, api_version, api_extensions_list, api_extension_show, api_port_show;

/* api_ports_list.c */
api_handler api_ports_list;

/*
 * What an answer of API_SCAN goes on from, first member of a struct of its own. A step does a millisecond or three, and is true
 * when the response is complete. It must see for itself whether another map came in force (engine_n_topos).
 */
struct api_scan {
	bool (*step)(struct api_scan *scan, struct api_response *response);
	void (*free)(struct api_scan *scan);
};

/* api_neutron_put.c */
api_handler api_port_put, api_ports_post;

/* api_v1.c: /v1, /healthz, /readyz */
api_handler api_healthz, api_readyz, api_status_show, api_topology_get, api_topology_put,
    api_switches_list, api_switch_show, api_interfaces_list, api_links_list, api_events_get,
    api_unmapped_list;

/* api_doctor.c */
api_handler api_switch_doctor;
/* "v1", "v2c" or "v3", of a switch's last trap; "": none came since the start. */
const char *api_snmp_version(const struct api *api, const char *switch_name);

/* api_suspects.c: [{"switch", "line", "first_seen", "last_seen", "count"}], the newest first */
json_t *api_suspects_json(const struct suspects *suspects);

/* api_explain.c, api_simulate.c */
api_handler api_port_explain, api_simulate_get, api_simulate_post;

/* api_poll.c */
api_handler api_switch_poll;
/* {"state", "since", "asked_at", "failures"}: how polling the switch goes. */
json_t *api_poll_json(const struct api *api, uint32_t sw);

/* api_discover.c */
api_handler api_discovery_begin, api_discovery_fetch, api_discovery_end;

/* api_override.c */
api_handler api_interface_put;

/* api_maintenance.c */
api_handler api_maintenance_list, api_maintenance_add, api_maintenance_remove;

/* api_tokens.c */
api_handler api_tokens_list, api_token_add, api_token_remove;

/* api_engines.c */
api_handler api_engine_forget;
/* For n switches from `first` on (an index of the map) the engine of each, or NULL. */
void api_engines_of(
    const struct api *api, uint32_t first, uint32_t n, const struct usm_engine **ret_engines);
/* null for NULL. */
json_t *api_engine_json(const struct usm_engine *engine);

/* metrics.c */
api_handler api_metrics;

/* Why the daemon is not ready: fills up to `max` borrowed texts and returns how many there are. 0: ready. */
size_t api_not_ready(const struct api *api, const char **ret_reasons, size_t max);

/* How many senders are not in the map now, or spoke of interfaces that are not. */
size_t api_n_unmapped(const struct api *api);

/* An interface as /v1/interfaces lists it (api_views.c). */
json_t *api_interface_json(const struct engine *engine, uint32_t interface);

#endif
