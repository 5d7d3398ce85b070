/*
 * /v1: the daemon itself: how it is, and the topology as a whole. What lists objects is in api_views.c.
 */
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"

#define REASONS_MAX 4

/* ---- health ---- */

size_t
api_not_ready(const struct api *api, const char **ret_reasons, size_t max)
{
	const struct api_status *status = &api->status;
	size_t n = 0;

	if (strcmp(status->redis_state, "loading") == 0 && n < max)
		ret_reasons[n++] =
		    status->starting && status->topology_error && *status->topology_error
			? "the topology in Redis is refused"
			: "Redis is being read";
	else if (strcmp(status->redis_state, "connected") != 0 && n < max)
		ret_reasons[n++] = "Redis is not connected";
	else if (status->redis_error && *status->redis_error && n < max)
		ret_reasons[n++] = "Redis refuses what is published";
	if (!status->topology_loaded && n < max)
		ret_reasons[n++] = "no topology is loaded";
	return n;
}

static json_t *
not_ready_json(const struct api *api)
{
	const char *reasons[REASONS_MAX];
	size_t n = api_not_ready(api, reasons, REASONS_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(reasons[i]));
	return list;
}

void
api_healthz(struct api_call *call)
{
	api_reply(call->response, 200, json_pack("{s:b}", "alive", 1));
}

static json_t *
texts_json(const char *const *texts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, api_json_text(texts[i]));
	return list;
}

void
api_readyz(struct api_call *call)
{
	json_t *reasons = not_ready_json(call->api);
	bool ready = json_array_size(reasons) == 0;

	api_reply(call->response, ready ? 200 : 503,
	    json_pack("{s:b, s:o, s:o}", "ready", ready, "reasons", reasons, "warnings",
		texts_json(call->api->status.warnings, call->api->status.n_warnings)));
}

/* ---- status ---- */

static json_t *
redis_json(const struct api_status *status)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "state",
	    api_json_text(status->redis_state), "server", api_json_text(status->redis_server),
	    "error", api_json_text_or_null(status->redis_error), "epoch", (json_int_t)status->epoch,
	    "batch", (json_int_t)status->batch, "batches_waiting",
	    (json_int_t)status->batches_waiting, "changes_waiting",
	    (json_int_t)status->changes_waiting, "round_trip_us", (json_int_t)status->round_trip_us,
	    "round_trip_max_us", (json_int_t)status->round_trip_max_us);
}

static json_t *
journal_json(const struct api_status *status)
{
	return json_pack("{s:o, s:o, s:o, s:I}", "state", api_json_text(status->journal_state),
	    "path", api_json_text(status->journal_path), "error",
	    api_json_text_or_null(status->journal_error), "bytes",
	    (json_int_t)status->journal_bytes);
}

static json_t *
topo_counts_json(const struct topo *topo)
{
	uint32_t roots = 0;

	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++)
		roots += topo_switch_get(topo, sw)->root;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "switches",
	    (json_int_t)topo_n_switches(topo), "roots", (json_int_t)roots, "interfaces",
	    (json_int_t)topo_n_interfaces(topo), "links", (json_int_t)topo_n_links(topo), "hosts",
	    (json_int_t)topo_n_hosts(topo), "ports", (json_int_t)topo_n_ports(topo));
}

static json_t *
loading_json(const struct api_status *status)
{
	if (!status->loading)
		return json_null();
	return json_pack("{s:s, s:I, s:I}", "phase", status->loading, "done",
	    (json_int_t)status->loading_done, "all", (json_int_t)status->loading_all);
}

static json_t *
topology_json(const struct api *api)
{
	const struct api_status *status = &api->status;
	json_t *topology = topo_counts_json(engine_topo(api->engine));

	json_object_set_new(topology, "loaded", json_boolean(status->topology_loaded));
	json_object_set_new(topology, "loaded_at", api_json_time(status->topology_loaded_us));
	json_object_set_new(topology, "stored", json_boolean(!status->map_lost));
	json_object_set_new(topology, "error", api_json_text_or_null(status->topology_error));
	json_object_set_new(topology, "loading", loading_json(status));
	return topology;
}

static json_t *
counters_json(const struct stats *stats)
{
	json_t *counters = json_object();

	for (size_t i = 0; i < STAT_MAX; i++)
		json_object_set_new(counters, stat_names[i], json_integer((json_int_t)stats->n[i]));
	return counters;
}

void
api_status_show(struct api_call *call)
{
	const struct api *api = call->api;
	const struct api_status *status = &api->status;
	struct engine_totals totals;

	if (!api_params_known(call, (const char *const[]){ NULL }))
		return;
	engine_totals(api->engine, &totals);
	json_t *reasons = not_ready_json(api);
	json_t *answer = json_pack("{s:o, s:o, s:o, s:o, s:b, s:o}", "version",
	    api_json_text(status->version), "instance", api_json_text(status->instance), "now",
	    api_json_time(status->now_us), "started_at", api_json_time(status->started_us), "ready",
	    json_array_size(reasons) == 0, "reasons", reasons);
	json_object_set_new(answer, "redis", redis_json(status));
	json_object_set_new(answer, "journal", journal_json(status));
	json_object_set_new(answer, "topology", topology_json(api));
	json_object_set_new(answer, "ports",
	    json_pack("{s:I, s:I}", "down", (json_int_t)totals.ports_down, "degraded",
		(json_int_t)totals.ports_degraded));
	json_object_set_new(answer, "interfaces",
	    json_pack("{s:I, s:I, s:I, s:I, s:I}", "known",
		(json_int_t)engine_n_interfaces(api->engine), "down",
		(json_int_t)totals.interfaces_down, "uncertain",
		(json_int_t)totals.interfaces_uncertain, "flapping",
		(json_int_t)totals.interfaces_flapping, "overridden",
		(json_int_t)totals.overrides));
	json_object_set_new(answer, "engine",
	    json_pack("{s:I, s:I}", "queued", (json_int_t)totals.queued, "bytes",
		(json_int_t)engine_bytes(api->engine)));
	json_object_set_new(
	    answer, "maintenance", json_integer((json_int_t)maintenance_n(api->maintenance)));
	json_object_set_new(answer, "unmapped",
	    json_pack("{s:I, s:I}", "senders", (json_int_t)api_n_unmapped(api), "evicted",
		(json_int_t)unmapped_evicted(api->unmapped)));
	json_object_set_new(answer, "rules", json_integer((json_int_t)status->rules));
	json_object_set_new(
	    answer, "listeners", texts_json(status->listeners, status->n_listeners));
	json_object_set_new(answer, "warnings", texts_json(status->warnings, status->n_warnings));
	json_object_set_new(answer, "counters", counters_json(api->stats));
	api_reply(call->response, 200, answer);
}

/* ---- topology ---- */

void
api_topology_get(struct api_call *call)
{
	if (api_params_known(call, (const char *const[]){ NULL }))
		call->response->deferred = API_TOPOLOGY_DUMP;
}

/* The document itself is a worker's matter (admin/api_load.h). */
void
api_topology_put(struct api_call *call)
{
	bool force = false;

	if (!api_params_known(call, (const char *const[]){ "force", NULL }) ||
	    !api_param_bool(call, "force", &force))
		return;
	call->response->deferred = API_TOPOLOGY_LOAD;
	call->response->force = force;
}
