/*
 * Any request, as admin/http hands it on: it is answered, in JSON that can be read, never with 500; and afterwards the ports
 * can still be listed. Input: a line "METHOD ROLE TARGET" (ROLE is a digit, enum api_role), then the body.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api.h"
#include "admin/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOPOLOGY                                                                               \
	"{\"switches\": [{\"name\": \"spine1\", \"hostnames\": [\"spine1\"], \"root\": true}," \
	"{\"name\": \"leaf1\", \"addresses\": [\"192.0.2.11\"]}],"                             \
	"\"links\": [{\"a\": \"leaf1:e49\", \"b\": \"spine1:e1\"}],"                           \
	"\"hosts\": [{\"name\": \"c7\", \"attachments\": [\"leaf1:e1\"]}],"                    \
	"\"ports\": [{\"id\": \"11111111-1111-1111-1111-111111111111\", \"name\": \"vm1\","    \
	" \"project_id\": \"blue\", \"host\": \"c7\"},"                                        \
	"{\"id\": \"22222222-2222-2222-2222-222222222222\", \"attachments\": [\"leaf1:e2\"]}]}"

#define NOW_US INT64_C(1714564800000000)

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- a small network ---- */

struct world {
	struct config config;
	struct stats stats;
	struct api api;
};

static void
set_up(struct world *world)
{
	const struct engine_time time = { .now_ns = 1000000000, .wall_us = NOW_US };
	struct topo_faults faults = { 0 };
	struct topo *topo;
	char error[64];

	must(config_defaults(&world->config) == 0);
	world->api = (struct api){
		.engine = engine_new(&world->config),
		.stats = &world->stats,
		.unmapped = unmapped_new(),
		.switch_log = switch_log_new(),
		.maintenance = maintenance_new(),
		.engines = usm_engines_new(16, 1),
		.auth = auth_new(NULL, error, sizeof(error)),
		.status = { .version = "0",
		    .instance = "fuzz",
		    .now_us = NOW_US,
		    .now_ns = time.now_ns,
		    .redis_state = "connected",
		    .redis_server = "",
		    .redis_error = "",
		    .journal_state = "idle",
		    .journal_path = "",
		    .journal_error = "",
		    .topology_loaded = true,
		    .topology_error = "" },
	};
	must(topo_from_text(slice_of(TOPOLOGY), &topo, &faults) == 0);
	topo_faults_release(&faults);
	must(engine_set_topo(world->api.engine, topo, time) == 0);
	engine_start(world->api.engine, time);
}

static void
tear_down(struct world *world)
{
	api_release(&world->api);
	engine_free(world->api.engine);
	unmapped_free((struct unmapped *)world->api.unmapped);
	switch_log_free((struct switch_log *)world->api.switch_log);
	maintenance_free(world->api.maintenance);
	usm_engines_free(world->api.engines);
	auth_free(world->api.auth);
	config_release(&world->config);
}

/* ---- a request ---- */

static void
check_response(const struct api_response *response)
{
	if (response->deferred != API_DONE) {
		must(response->status == 0 && !response->body);
		return;
	}
	must(response->status >= 200 && response->status != 500 && response->status < 600);
	must(response->body && strlen(response->body) == response->len);
	must((response->status == 405) == (response->allow[0] != '\0'));
	if (strcmp(response->content_type, "application/json") != 0)
		return;
	json_t *json = json_loadb(response->body, response->len, 0, NULL);
	must(json_is_object(json));
	must(response->status < 400 || response->status == 503 ||
	     json_object_get(json, "NeutronError") || json_object_get(json, "error"));
	json_decref(json);
}

static void
check_request(struct world *world, const struct api_request *request)
{
	struct api_response response;

	api_handle(&world->api, request, &response);
	check_response(&response);
	api_response_release(&response);
}

/* Cuts the word off `text`; what is left of it is behind the blank. The caller frees it. */
static char *
take_word(struct slice *text)
{
	long blank = slice_find(*text, SLICE(" "));
	size_t len = blank < 0 ? text->len : (size_t)blank;
	char *word = malloc(len + 1);

	must(word != NULL);
	slice_copy(*text, word, len + 1);
	*text = slice_from(*text, blank < 0 ? len : len + 1);
	return word;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	long end = slice_find(text, SLICE("\n"));

	if (end < 0)
		return 0;
	struct slice line = slice_first(text, (size_t)end);
	char *method = take_word(&line), *role = take_word(&line), *target = take_word(&line);
	char *query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	struct api_request request = {
		.method = method,
		.path = target,
		.query = query,
		.body = slice_from(text, (size_t)end + 1),
		.role = (enum api_role)(role[0] & 3),
		.project = (role[0] & 3) == ROLE_READER ? "blue" : NULL,
		.local = role[0] != '\0' && role[1] == 'l',
		.who = "uid 0",
		.host = "api.example.net",
	};
	struct api_request list = {
		.method = "GET", .path = "/v2.0/ports", .role = ROLE_ADMIN, .who = "uid 0"
	};
	struct world world = { 0 };
	set_up(&world);
	check_request(&world, &request);
	check_request(&world, &list);
	tear_down(&world);
	free(method);
	free(role);
	free(target);
	return 0;
}
