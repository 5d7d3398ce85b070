/*
 * api_world: a small network with a real engine behind the API's handlers, for tests/check_api_*.c. Functions are static,
 * because tests/lib is linked into tests that know nothing of admin.
 *
 *   spine1 (root) -- leaf1 -- Ethernet1/1 -- compute-7 (vm1, vm2; its other leg is leaf2)
 *                    leaf1 -- Ethernet1/2 -- vm3 (single)
 */
#ifndef DPWATCH_TESTS_LIB_API_WORLD_H
#define DPWATCH_TESTS_LIB_API_WORLD_H

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api.h"

#define VM1 "11111111-1111-1111-1111-111111111111"
#define VM2 "22222222-2222-2222-2222-222222222222"
#define VM3 "33333333-3333-3333-3333-333333333333"

#define WORLD_TOPOLOGY                                                               \
	"{\"switches\": ["                                                           \
	"{\"name\": \"spine1\", \"addresses\": [\"192.0.2.1\"], \"root\": true},"    \
	"{\"name\": \"leaf1\", \"addresses\": [\"192.0.2.11\", \"2001:db8::11\"],"   \
	" \"hostnames\": [\"leaf1.example.net\"], \"os\": \"nx-os\"},"               \
	"{\"name\": \"leaf2\", \"addresses\": [\"192.0.2.12\"]}],"                   \
	"\"links\": ["                                                               \
	"{\"a\": \"leaf1:Ethernet1/49\", \"b\": \"spine1:Ethernet1/1\"},"            \
	"{\"a\": \"leaf2:Ethernet1/49\", \"b\": \"spine1:Ethernet1/2\"}],"           \
	"\"hosts\": [{\"name\": \"compute-7\","                                      \
	" \"attachments\": [\"leaf1:Ethernet1/1\", \"leaf2:Ethernet1/1\"]}],"        \
	"\"ports\": ["                                                               \
	"{\"id\": \"" VM1                                                            \
	"\", \"name\": \"vm1\", \"project_id\": \"blue\", \"host\": \"compute-7\"}," \
	"{\"id\": \"" VM2                                                            \
	"\", \"name\": \"vm2\", \"project_id\": \"red\", \"host\": \"compute-7\"},"  \
	"{\"id\": \"" VM3 "\", \"name\": \"vm3\", \"project_id\": \"red\","          \
	" \"attachments\": [\"leaf1:Ethernet1/2\"]}]}"

/* 2024-05-01T12:00:00Z */
#define WORLD_NOW INT64_C(1714564800000000)

struct world {
	struct config config;
	struct stats stats;
	struct api api;
	struct unmapped *unmapped;
	struct switch_log *switch_log;
	struct maintenance *maintenance;
	struct discoveries *discoveries;
	struct usm_engines *engines;
};

static struct world world;

static struct engine_time
world_time(void)
{
	return (struct engine_time){ .now_ns = 1000000000, .wall_us = WORLD_NOW };
}

static void
world_load(const char *text)
{
	struct topo_faults faults = { 0 };
	struct topo *topo;

	ck_assert_int_eq(topo_from_text(slice_of(text), &topo, &faults), 0);
	topo_faults_release(&faults);
	ck_assert_int_eq(engine_set_topo(world.api.engine, topo, world_time()), 0);
}

static void
world_set_up(void)
{
	world = (struct world){ 0 };
	ck_assert_int_eq(config_defaults(&world.config), 0);
	world.unmapped = unmapped_new();
	world.switch_log = switch_log_new();
	world.maintenance = maintenance_new();
	world.discoveries = discoveries_new();
	world.engines = usm_engines_new(16, 1);
	world.api = (struct api){
		.engine = engine_new(&world.config),
		.stats = &world.stats,
		.unmapped = world.unmapped,
		.switch_log = world.switch_log,
		.maintenance = world.maintenance,
		.discoveries = world.discoveries,
		.engines = world.engines,
		.status = {
			.version = "0.1.0",
			.instance = "test/1",
			.started_us = WORLD_NOW - 60000000,
			.now_us = WORLD_NOW,
			.now_ns = 1000000000,
			.redis_state = "connected",
			.journal_state = "idle",
			.journal_path = "/var/lib/dpwatch/journal",
			.journal_error = "",
			.redis_server = "embedded",
			.redis_error = "",
			.topology_loaded = true,
			.topology_loaded_us = WORLD_NOW - 30000000,
			.topology_error = "",
		},
	};
	world_load(WORLD_TOPOLOGY);
	engine_start(world.api.engine, world_time());
}

static void
world_tear_down(void)
{
	api_release(&world.api);
	engine_free(world.api.engine);
	unmapped_free(world.unmapped);
	switch_log_free(world.switch_log);
	maintenance_free(world.maintenance);
	discoveries_free(world.discoveries);
	usm_engines_free(world.engines);
	config_release(&world.config);
}

static inline void
world_word(const char *sw_name, const char *interface, enum link_word word)
{
	struct link_event event = {
		.kind = LINK_EVENT_WORD,
		.word = word,
		.source = SOURCE_TRAP,
		.name = slice_of(interface),
	};
	uint32_t sw = topo_switch_find(engine_topo(world.api.engine), slice_of(sw_name));

	ck_assert_uint_ne(sw, TOPO_NONE);
	engine_feed(world.api.engine, sw, &event, world_time());
}

/* What came back: the response, and its body where it is JSON. */
struct reply {
	struct api_response response;
	json_t *json;
};

static inline void
reply_release(struct reply *reply)
{
	json_decref(reply->json);
	api_response_release(&reply->response);
}

static inline void
reply_read(struct reply *reply)
{
	if (reply->response.body && strcmp(reply->response.content_type, "application/json") == 0) {
		reply->json = json_loadb(reply->response.body, reply->response.len, 0, NULL);
		ck_assert_msg(reply->json != NULL, "no JSON: %s", reply->response.body);
	}
}

static inline struct reply
ask_request(const struct api_request *request)
{
	struct reply reply = { .json = NULL };

	api_handle(&world.api, request, &reply.response);
	reply_read(&reply);
	return reply;
}

/* One request; `target` is path[?query]. */
static inline struct reply
ask(const char *method, const char *target, const char *body, enum api_role role)
{
	char *path = strdup(target), *query = strchr(path, '?');

	if (query)
		*query++ = '\0';
	struct api_request request = {
		.method = method,
		.path = path,
		.query = query,
		.body = slice_of(body),
		.role = role,
		.who = "uid 0",
		.host = "api.example.net:9797",
	};
	struct reply reply = ask_request(&request);
	free(path);
	return reply;
}

static inline struct reply
get(const char *target)
{
	return ask("GET", target, NULL, ROLE_ADMIN);
}

/* The value at "a.b.0.c", which must be there. */
static inline json_t *
at(const json_t *json, const char *path)
{
	char buf[256];
	const char *rest = path;

	while (*rest) {
		size_t len = strcspn(rest, ".");
		slice_copy((struct slice){ rest, len }, buf, sizeof(buf));
		json = json_is_array(json) ? json_array_get(json, (size_t)strtoul(buf, NULL, 10))
					   : json_object_get(json, buf);
		ck_assert_msg(json != NULL, "no %s in the answer", path);
		rest += len + (rest[len] == '.');
	}
	return (json_t *)json;
}

static inline const char *
text_at(const struct reply *reply, const char *path)
{
	const char *text = json_string_value(at(reply->json, path));

	ck_assert_msg(text != NULL, "%s is no string", path);
	return text;
}

static inline json_int_t
number_at(const struct reply *reply, const char *path)
{
	ck_assert_msg(json_is_integer(at(reply->json, path)), "%s is no number", path);
	return json_integer_value(at(reply->json, path));
}

static inline bool
flag_at(const struct reply *reply, const char *path)
{
	ck_assert_msg(json_is_boolean(at(reply->json, path)), "%s is no boolean", path);
	return json_is_true(at(reply->json, path));
}

static inline bool
is_null_at(const struct reply *reply, const char *path)
{
	return json_is_null(at(reply->json, path));
}

/* The answer is this NeutronError. */
static inline void
expect_error(const struct reply *reply, int status, const char *type, const char *message)
{
	ck_assert_int_eq(reply->response.status, status);
	ck_assert_str_eq(text_at(reply, "NeutronError.type"), type);
	ck_assert_str_eq(text_at(reply, "NeutronError.message"), message);
	ck_assert_str_eq(text_at(reply, "NeutronError.detail"), "");
}

#endif
