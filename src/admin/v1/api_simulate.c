/*
 * /v1/simulate: what would happen if something failed. It only reads; in a large map in steps (struct api_scan).
 */
#include <stdlib.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/what_if.h"

/* So many things may fail at once. */
#define FAILURES_MAX 1000

/* ---- what is to fail ---- */

struct failures {
	struct failure items[FAILURES_MAX];
	size_t n;
};

/* False when the request has been answered. */
static bool
add_failure(struct api_call *call, struct failures *failures, struct slice text)
{
	if (failures->n == FAILURES_MAX) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "at most %d things can fail at once", FAILURES_MAX);
		return false;
	}
	enum failure_name found =
	    failure_parse(engine_topo(call->api->engine), text, &failures->items[failures->n]);
	if (found == FAILURE_FOUND) {
		failures->n++;
		return true;
	}
	if (found == FAILURE_NO_SWITCH) {
		long colon = slice_find(text, SLICE(":"));
		text = colon < 0 ? text : slice_first(text, (size_t)colon);
	}
	api_refuse(call->response, 404,
	    found == FAILURE_NO_SWITCH ? "SwitchNotFound" : "InterfaceNotFound",
	    "%s %.*s could not be found.", found == FAILURE_NO_SWITCH ? "Switch" : "Interface",
	    (int)text.len, text.data);
	return false;
}

/* {"down": ["SWITCH", "SWITCH:INTERFACE"]} */
static bool
failures_of_body(struct api_call *call, struct failures *failures)
{
	json_t *body = json_loadb(
	    call->request->body.data, call->request->body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(body, "down");
	bool good = json_is_array(list) && json_object_size(body) == 1;

	for (size_t i = 0; good && i < json_array_size(list); i++)
		good = json_is_string(json_array_get(list, i));
	if (!good)
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "the body must be {\"down\": [\"SWITCH\" or \"SWITCH:INTERFACE\", ...]}");
	for (size_t i = 0; good && i < json_array_size(list); i++) {
		const json_t *text = json_array_get(list, i);
		good = add_failure(call, failures,
		    (struct slice){ json_string_value(text), json_string_length(text) });
	}
	json_decref(body);
	return good;
}

/* ?down=SWITCH&down=SWITCH:INTERFACE */
static bool
failures_of_query(struct api_call *call, struct failures *failures)
{
	for (size_t i = 0; i < call->n_params; i++)
		if (slice_eq_str(SLICE("down"), call->params[i].name) &&
		    !add_failure(call, failures, slice_of(call->params[i].value)))
			return false;
	return true;
}

/* ---- what that does ---- */

static json_t *
names_json(const struct topo *topo, const struct failures *failures)
{
	json_t *list = json_array();
	char name[FAILURE_TEXT_MAX];

	for (size_t i = 0; i < failures->n; i++)
		json_array_append_new(list,
		    api_json_text(failure_text(topo, &failures->items[i], name, sizeof(name))));
	return list;
}

static json_t *
touched_json(const struct engine *engine, const struct what_if_port *touched)
{
	const struct topo *topo = engine_topo(engine);
	const struct topo_port *row = topo_port_get(topo, touched->port);
	const struct topo_group *group = topo_group_get(topo, row->group);
	const char *host = "";
	char id[PORT_ID_TEXT];

	if (group->host != TOPO_NONE)
		host = topo_text_get(topo, topo_host_get(topo, group->host)->name);
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I}", "id",
	    port_id_format(row->id, id), "name", api_json_text(topo_text_get(topo, row->name)),
	    "project_id", api_json_text(topo_text_get(topo, row->project_id)), "host",
	    api_json_text_or_null(host), "outcome", what_if_outcome_names[touched->outcome],
	    "cause", api_json_text_or_null(dp_cause_names[touched->cause]), "paths_up_now",
	    (json_int_t)touched->before.up, "paths_stranded_now",
	    (json_int_t)touched->before.stranded, "paths_up", (json_int_t)touched->after.up,
	    "paths_stranded", (json_int_t)touched->after.stranded, "paths_total",
	    (json_int_t)touched->after.total);
}

static json_t *
counts_json(const struct what_if *found)
{
	json_t *counts = json_object();

	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++)
		json_object_set_new(
		    counts, what_if_outcome_names[outcome], json_integer(found->n[outcome]));
	return counts;
}

/* Takes over the names. */
static void
reply_found(struct api_response *response, const struct api *api, json_t *names,
    const struct what_if *found, size_t first, size_t limit)
{
	json_t *ports = json_array();
	size_t i = first, n = 0;

	for (int outcome = 0; outcome < WHAT_IF_MAX; outcome++)
		n += found->n[outcome];

	for (; i < found->n_ports && i - first < limit; i++)
		json_array_append_new(ports, touched_json(api->engine, &found->ports[i]));
	api_reply(response, 200,
	    json_pack("{s:o, s:o, s:o, s:o}", "failures", names, "counts", counts_json(found),
		"ports", ports, "next", api_page_next(api, i, n)));
}

/* ---- in steps ---- */

struct simulation {
	struct api_scan base;
	const struct api *api;
	uint64_t n_topos;
	json_t *names; /* of what fails */
	uint32_t limit, marker;
	struct what_if_run *run;
};

static void
simulation_free(struct api_scan *base)
{
	struct simulation *simulation = (struct simulation *)base;

	what_if_end(simulation->run);
	json_decref(simulation->names);
	free(simulation);
}

static void
simulation_reply(struct simulation *simulation, struct api_response *response)
{
	struct what_if found;

	if (what_if_found(simulation->run, &found) != 0) {
		api_reply(response, 500, NULL);
		return;
	}
	reply_found(response, simulation->api, simulation->names, &found, simulation->marker,
	    simulation->limit);
	simulation->names = NULL;
	what_if_release(&found);
}

static bool
simulation_step(struct api_scan *base, struct api_response *response)
{
	struct simulation *simulation = (struct simulation *)base;
	int r;

	if (simulation->n_topos != engine_n_topos(simulation->api->engine)) {
		/* Its rows are gone. A person asks again; a forecast that began anew each time might never end. */
		api_refuse(response, 409, "TopologyChanged",
		    "another topology came in force meanwhile: ask again");
		return true;
	}
	r = what_if_step(simulation->run);
	if (r > 0)
		simulation_reply(simulation, response);
	else if (r < 0)
		api_reply(response, 500, NULL);
	return r != 0;
}

/* In a map so small that they cost nothing so many steps are done at once: without very many groups it is answered then. */
#define AT_ONCE_INTERFACES 20000
#define AT_ONCE_STEPS 4

static void
simulation_start(struct api_call *call, struct simulation *simulation)
{
	bool small = topo_n_interfaces(engine_topo(simulation->api->engine)) <= AT_ONCE_INTERFACES;

	for (int i = 0; small && i < AT_ONCE_STEPS; i++) {
		if (simulation_step(&simulation->base, call->response)) {
			simulation_free(&simulation->base);
			return;
		}
	}
	call->response->scan = &simulation->base;
	call->response->deferred = API_SCAN;
}

static void
simulate(struct api_call *call, const struct failures *failures)
{
	const struct engine *engine = call->api->engine;
	uint32_t limit, marker;
	struct simulation *simulation;

	if (!api_page_parse(call, &marker, &limit))
		return;
	if (failures->n == 0) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "nothing is to fail: name a switch or an interface in \"down\"");
		return;
	}
	simulation = calloc(1, sizeof(*simulation));
	if (!simulation) {
		api_reply(call->response, 500, NULL);
		return;
	}
	*simulation = (struct simulation){
		.base = { simulation_step, simulation_free },
		.api = call->api,
		.n_topos = engine_n_topos(engine),
		.names = names_json(engine_topo(engine), failures),
		.limit = limit,
		.marker = marker,
		.run = what_if_begin(engine, failures->items, failures->n, (size_t)marker + limit),
	};
	if (simulation->run) {
		simulation_start(call, simulation);
		return;
	}
	simulation_free(&simulation->base);
	api_reply(call->response, 500, NULL);
}

void
api_simulate_get(struct api_call *call)
{
	struct failures failures = { .n = 0 };

	if (api_params_known_with(call, "down", (const char *const[]){ "limit", "marker", NULL }) &&
	    failures_of_query(call, &failures))
		simulate(call, &failures);
}

void
api_simulate_post(struct api_call *call)
{
	struct failures failures = { .n = 0 };

	if (api_params_known(call, (const char *const[]){ "limit", "marker", NULL }) &&
	    failures_of_body(call, &failures))
		simulate(call, &failures);
}
