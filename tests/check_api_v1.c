/* The API's own half: /v1, health and metrics. */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

/* ---- health, status, metrics ---- */

START_TEST(alive_is_all_that_healthz_says)
{
	struct reply reply = ask("GET", "/healthz", NULL, ROLE_NONE);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert(flag_at(&reply, "alive"));
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *redis;
	bool topology;
	int status;
	const char *body;
} ready_rows[] = {
	{ "connected", true, 200, "{\"ready\":true,\"reasons\":[],\"warnings\":[]}" },
	{ "connecting", true, 503,
	    "{\"ready\":false,\"reasons\":[\"Redis is not connected\"],\"warnings\":[]}" },
	{ "loading", true, 503,
	    "{\"ready\":false,\"reasons\":[\"Redis is being read\"],\"warnings\":[]}" },
	{ "connected", false, 503,
	    "{\"ready\":false,\"reasons\":[\"no topology is loaded\"],\"warnings\":[]}" },
	{ "down", false, 503,
	    "{\"ready\":false,\"reasons\":[\"Redis is not connected\",\"no topology is loaded\"],\"warnings\":[]}" },
};

START_TEST(ready_needs_redis_and_a_topology)
{
	world.api.status.redis_state = ready_rows[_i].redis;
	world.api.status.topology_loaded = ready_rows[_i].topology;
	struct reply reply = ask("GET", "/readyz", NULL, ROLE_NONE);
	ck_assert_int_eq(reply.response.status, ready_rows[_i].status);
	ck_assert_str_eq(reply.response.body, ready_rows[_i].body);
	reply_release(&reply);
}
END_TEST

START_TEST(a_daemon_that_met_a_faulty_map_at_its_start_says_so)
{
	world.api.status.redis_state = "loading";
	world.api.status.starting = true;
	world.api.status.topology_error = "1 fault";
	struct reply reply = ask("GET", "/readyz", NULL, ROLE_NONE);
	ck_assert_int_eq(reply.response.status, 503);
	ck_assert_str_eq(text_at(&reply, "reasons.0"), "the topology in Redis is refused");
	reply_release(&reply);
}
END_TEST

START_TEST(who_is_refused_by_redis_is_not_ready)
{
	world.api.status.redis_state = "connected";
	world.api.status.topology_loaded = true;
	world.api.status.redis_error = "MISCONF";
	struct reply reply = ask("GET", "/readyz", NULL, ROLE_NONE);
	ck_assert_int_eq(reply.response.status, 503);
	ck_assert_str_eq(text_at(&reply, "reasons.0"), "Redis refuses what is published");
	reply_release(&reply);
}
END_TEST

/* An empty list would say that all ports healed, and a 404 that there is no such port. */
static const struct {
	const char *method, *path, *body;
	int status;
} starting_rows[] = {
	{ "GET", "/v2.0/ports", NULL, 503 },
	{ "GET", "/v2.0/ports/" VM1, NULL, 503 },
	{ "PUT", "/v2.0/ports/" VM1, "{\"port\": {\"dp_down\": true}}", 503 },
	{ "GET", "/v1/switches", NULL, 503 },
	{ "GET", "/v1/switches/leaf1", NULL, 503 },
	{ "GET", "/v1/switches/leaf1/doctor", NULL, 503 },
	{ "GET", "/v1/interfaces", NULL, 503 },
	{ "PUT", "/v1/interfaces/leaf1/Ethernet1/1", "{\"override\": \"down\"}", 503 },
	{ "GET", "/v1/links", NULL, 503 },
	{ "GET", "/v1/ports/" VM1 "/explain", NULL, 503 },
	{ "GET", "/v1/simulate?down=leaf1", NULL, 503 },
	{ "POST", "/v1/maintenance", "{\"name\": \"leaf1\", \"for\": \"1h\"}", 503 },
	{ "POST", "/v1/discoveries", "{}", 503 },
	{ "GET", "/v1/status", NULL, 200 },
	{ "GET", "/v1/maintenance", NULL, 200 },
	{ "GET", "/v2.0/extensions", NULL, 200 },
	{ "GET", "/healthz", NULL, 200 },
};

START_TEST(before_redis_was_read_nobody_is_told_of_a_map_or_a_state)
{
	world.api.status.starting = true;
	struct reply reply = ask(
	    starting_rows[_i].method, starting_rows[_i].path, starting_rows[_i].body, ROLE_ADMIN);
	ck_assert_int_eq(reply.response.status, starting_rows[_i].status);
	if (starting_rows[_i].status == 503)
		ck_assert_str_eq(text_at(&reply, "NeutronError.type"), "HTTPServiceUnavailable");
	reply_release(&reply);
	ck_assert_uint_eq(maintenance_n(world.maintenance), 0);
}
END_TEST

START_TEST(status_tells_all_that_an_operator_asks_first)
{
	const char *listeners[] = { "snmp udp:127.0.0.1:10162", "syslog udp:127.0.0.1:10514" };
	const char *warnings[] = { "no community is configured" };
	struct api_status *status = &world.api.status;

	status->listeners = listeners;
	status->n_listeners = 2;
	status->warnings = warnings;
	status->n_warnings = 1;
	status->epoch = 3;
	status->batch = 17;
	status->batches_waiting = 2;
	status->changes_waiting = 40;
	status->round_trip_us = 700;
	status->round_trip_max_us = 1900;
	status->map_lost = true;
	status->journal_state = "writing";
	status->journal_bytes = 4711;
	status->rules = 24;
	status->topology_error = "bad \xff byte";
	world.stats.n[STAT_TRAP_RECEIVED] = 7;
	world_word("leaf1", "Ethernet1/1", WORD_DOWN);
	world_word("leaf1", "Ethernet1/2", WORD_DOWN);
	struct reply reply = get("/v1/status");
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "version"), "0.1.0");
	ck_assert_str_eq(text_at(&reply, "instance"), "test/1");
	ck_assert_str_eq(text_at(&reply, "started_at"), "2024-05-01T11:59:00.000000Z");
	ck_assert(flag_at(&reply, "ready"));
	ck_assert_str_eq(text_at(&reply, "redis.state"), "connected");
	ck_assert(is_null_at(&reply, "redis.error"));
	ck_assert_int_eq(number_at(&reply, "redis.epoch"), 3);
	ck_assert_int_eq(number_at(&reply, "redis.batch"), 17);
	ck_assert_int_eq(number_at(&reply, "redis.batches_waiting"), 2);
	ck_assert_int_eq(number_at(&reply, "redis.changes_waiting"), 40);
	ck_assert_int_eq(number_at(&reply, "redis.round_trip_us"), 700);
	ck_assert_int_eq(number_at(&reply, "redis.round_trip_max_us"), 1900);
	ck_assert(!flag_at(&reply, "topology.stored"));
	ck_assert_str_eq(text_at(&reply, "journal.state"), "writing");
	ck_assert_str_eq(text_at(&reply, "journal.path"), "/var/lib/dpwatch/journal");
	ck_assert_int_eq(number_at(&reply, "journal.bytes"), 4711);
	ck_assert(is_null_at(&reply, "journal.error"));
	ck_assert_int_eq(number_at(&reply, "topology.switches"), 3);
	ck_assert_int_eq(number_at(&reply, "topology.roots"), 1);
	ck_assert_int_eq(number_at(&reply, "topology.ports"), 3);
	ck_assert_str_eq(text_at(&reply, "topology.loaded_at"), "2024-05-01T11:59:30.000000Z");
	ck_assert_str_eq(text_at(&reply, "topology.error"), "bad \xef\xbf\xbd byte");
	ck_assert_int_eq(number_at(&reply, "ports.down"), 1);
	ck_assert_int_eq(number_at(&reply, "ports.degraded"), 2);
	ck_assert_int_eq(number_at(&reply, "interfaces.down"), 2);
	ck_assert_int_eq(number_at(&reply, "rules"), 24);
	ck_assert_str_eq(text_at(&reply, "listeners.1"), "syslog udp:127.0.0.1:10514");
	ck_assert_str_eq(text_at(&reply, "warnings.0"), "no community is configured");
	ck_assert_uint_eq(json_object_size(at(reply.json, "counters")), STAT_MAX);
	json_t *received = json_object_get(at(reply.json, "counters"), "trap.received");
	ck_assert_int_eq(json_integer_value(received), 7);
	reply_release(&reply);
}
END_TEST

START_TEST(every_counter_is_a_metric)
{
	for (size_t i = 0; i < STAT_MAX; i++)
		world.stats.n[i] = 1000 + i;
	struct reply reply = ask("GET", "/metrics", NULL, ROLE_NONE);
	ck_assert_str_eq(reply.response.content_type, "text/plain; version=0.0.4; charset=utf-8");
	for (size_t i = 0; i < STAT_MAX; i++) {
		char line[160], name[96];
		slice_copy(slice_of(stat_names[i]), name, sizeof(name));
		for (char *p = name; *p; p++)
			*p = *p == '.' || *p == '-' ? '_' : *p;
		snprintf(line, sizeof(line), "\ndpwatch_%s_total %zu\n", name, 1000 + i);
		ck_assert_msg(strstr(reply.response.body, line) != NULL, "no %s", line);
		snprintf(line, sizeof(line), "# TYPE dpwatch_%s_total counter\n", name);
		ck_assert_msg(strstr(reply.response.body, line) != NULL, "no %s", line);
	}
	reply_release(&reply);
}
END_TEST

static const char *const gauge_lines[] = { "dpwatch_ports 3", "dpwatch_ports_down 1",
	"dpwatch_ports_degraded 0", "dpwatch_switches 3", "dpwatch_interfaces_down 1",
	"dpwatch_ready 1", "dpwatch_redis_connected 1", "dpwatch_outbox_batches 0",
	"dpwatch_start_time_seconds 1714564740", "dpwatch_build_info{version=\"0.1.0\"} 1" };

START_TEST(the_engines_totals_are_metrics)
{
	char line[96];

	world_word("leaf1", "Ethernet1/2", WORD_DOWN);
	struct reply reply = ask("GET", "/metrics", NULL, ROLE_NONE);
	snprintf(line, sizeof(line), "\n%s\n", gauge_lines[_i]);
	ck_assert_msg(
	    strstr(reply.response.body, line) != NULL, "no %s in %s", line, reply.response.body);
	reply_release(&reply);
}
END_TEST

START_TEST(no_metric_is_listed_twice_and_each_line_ends)
{
	struct reply reply = ask("GET", "/metrics", NULL, ROLE_NONE);
	const char *body = reply.response.body;

	ck_assert_int_eq(body[reply.response.len - 1], '\n');
	for (const char *line = strstr(body, "# TYPE "); line; line = strstr(line + 1, "# TYPE ")) {
		char text[160];
		slice_copy((struct slice){ line, strcspn(line, "\n") }, text, sizeof(text));
		ck_assert_msg(strstr(line + 1, text) == NULL, "twice: %s", text);
	}
	reply_release(&reply);
}
END_TEST

/* ---- the route table ---- */

/* ".It GET Ta /v1/status Ta reader" becomes "GET /v1/status reader", and <id> an asterisk. False for any other line. */
static bool
man_page_route(const char *line, char *buf, size_t size)
{
	char method[8], path[64], role[16], *open = NULL, *end = NULL;

	if (sscanf(line, ".It %7s Ta %63s Ta %15s", method, path, role) != 3 || path[0] != '/')
		return false;
	while ((open = strchr(path, '<')) != NULL && (end = strchr(open, '>')) != NULL) {
		*open = '*';
		memmove(open + 1, end + 1, strlen(end + 1) + 1);
	}
	snprintf(buf, size, "%s %s %s", method, path, role);
	return true;
}

START_TEST(the_man_page_lists_every_route_in_order)
{
	static const char *const roles[] = { "none", "reader", "integrator", "admin" };
	FILE *page = fopen("src/dpwatch/dpwatch.1", "r");
	char line[256], listed[128], have[128];
	size_t n = 0;

	ck_assert_msg(page != NULL, "run from the top of the source tree");
	while (fgets(line, sizeof(line), page)) {
		struct api_route_view route;
		if (!man_page_route(line, listed, sizeof(listed)))
			continue;
		ck_assert_uint_lt(n, api_n_routes());
		api_route_get(n++, &route);
		snprintf(have, sizeof(have), "%s %s %s", route.method, route.pattern,
		    roles[route.least]);
		ck_assert_str_eq(listed, have);
	}
	fclose(page);
	ck_assert_uint_eq(n, api_n_routes());
}
END_TEST

/* ---- events ---- */

static const struct {
	const char *query, *since;
	bool newest;
	uint32_t limit;
	int64_t wait_ms;
} events_rows[] = {
	{ "", "0", true, 100, 0 }, { "?limit=7", "0", true, 7, 0 },
	{ "?since=0", "0", false, 100, 0 }, { "?since=$&wait=20s", "$", false, 100, 20000 },
	{ "?since=1714564800000-3&limit=1000&wait=500ms", "1714564800000-3", false, 1000, 500 },
	{ "?since=18446744073709551615-18446744073709551615",
	    "18446744073709551615-18446744073709551615", false, 100, 0 },
	{ "?since=0&wait=1h", "0", false, 100, 60000 },
	{ "?wait=10s", "0", true, 100, 0 }, /* there is nothing to wait for */
};

START_TEST(events_are_deferred_with_what_to_read)
{
	char target[160];

	snprintf(target, sizeof(target), "/v1/events%s", events_rows[_i].query);
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.deferred, API_EVENTS_READ);
	ck_assert_str_eq(reply.response.since, events_rows[_i].since);
	ck_assert(reply.response.newest == events_rows[_i].newest);
	ck_assert_uint_eq(reply.response.limit, events_rows[_i].limit);
	ck_assert_int_eq(reply.response.wait_ms, events_rows[_i].wait_ms);
	reply_release(&reply);
}
END_TEST

static const char *const bad_events[] = { "?since=", "?since=x", "?since=-", "?since=1-",
	"?since=1-2-3", "?since=-1", "?since=99999999999999999999", "?since=1%201", "?limit=0",
	"?limit=1001", "?limit=x", "?wait=20", "?wait=-1s", "?wait=x", "?from=0" };

START_TEST(events_refuse_what_is_no_id_number_or_duration)
{
	char target[160];

	snprintf(target, sizeof(target), "/v1/events%s", bad_events[_i]);
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 400);
	ck_assert_str_eq(text_at(&reply, "NeutronError.type"), "HTTPBadRequest");
	reply_release(&reply);
}
END_TEST

START_TEST(entries_of_a_stream_become_typed_json)
{
	const struct slice fields[] = { SLICE("port"), SLICE(VM1), SLICE("dp_down"), SLICE("true"),
		SLICE("revision"), SLICE("7"), SLICE("paths_up"), SLICE("0"), SLICE("paths_total"),
		SLICE("two"), SLICE("maintenance"), SLICE("false"), SLICE("reported_by"), SLICE(""),
		SLICE("name"), SLICE("\xc3\xa4\xff"), SLICE("invented_later"), SLICE("x") };
	const struct api_stream_entry entries[] = {
		{ SLICE("5-1"), NULL, 0 },
		{ SLICE("9-0"), fields, sizeof(fields) / sizeof(fields[0]) / 2 },
	};
	struct reply reply = get("/v1/events?since=0");

	api_finish_events(&reply.response, entries, 2);
	reply_read(&reply);
	ck_assert_str_eq(text_at(&reply, "next"), "9-0");
	ck_assert_str_eq(text_at(&reply, "events.0.id"), "5-1");
	ck_assert_str_eq(text_at(&reply, "events.1.port"), VM1);
	ck_assert(flag_at(&reply, "events.1.dp_down"));
	ck_assert(!flag_at(&reply, "events.1.maintenance"));
	ck_assert_int_eq(number_at(&reply, "events.1.revision"), 7);
	ck_assert_int_eq(number_at(&reply, "events.1.paths_up"), 0);
	ck_assert_str_eq(text_at(&reply, "events.1.paths_total"), "two");
	ck_assert(is_null_at(&reply, "events.1.reported_by"));
	ck_assert_str_eq(text_at(&reply, "events.1.name"), "\xc3\xa4\xef\xbf\xbd");
	ck_assert_str_eq(text_at(&reply, "events.1.invented_later"), "x");
	reply_release(&reply);
}
END_TEST

START_TEST(no_entries_leave_the_reader_where_it_was)
{
	struct reply reply = get("/v1/events?since=5-1&wait=1s");

	api_finish_events(&reply.response, NULL, 0);
	reply_read(&reply);
	ck_assert_str_eq(reply.response.body, "{\"events\":[],\"next\":\"5-1\"}");
	reply_release(&reply);
	reply = get("/v1/events");
	api_finish_events(&reply.response, NULL, 0);
	reply_read(&reply);
	ck_assert_str_eq(text_at(&reply, "next"), "0");
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void
add_daemon(TCase *tcase)
{
	tcase_add_test(tcase, alive_is_all_that_healthz_says);
	tcase_add_loop_test(tcase, ready_needs_redis_and_a_topology, 0, ROWS(ready_rows));
	tcase_add_test(tcase, a_daemon_that_met_a_faulty_map_at_its_start_says_so);
	tcase_add_test(tcase, who_is_refused_by_redis_is_not_ready);
	tcase_add_loop_test(tcase, before_redis_was_read_nobody_is_told_of_a_map_or_a_state, 0,
	    ROWS(starting_rows));
	tcase_add_test(tcase, status_tells_all_that_an_operator_asks_first);
	tcase_add_test(tcase, every_counter_is_a_metric);
	tcase_add_loop_test(tcase, the_engines_totals_are_metrics, 0, ROWS(gauge_lines));
	tcase_add_test(tcase, no_metric_is_listed_twice_and_each_line_ends);
	tcase_add_test(tcase, the_man_page_lists_every_route_in_order);
}

static void
add_events(TCase *tcase)
{
	tcase_add_loop_test(tcase, events_are_deferred_with_what_to_read, 0, ROWS(events_rows));
	tcase_add_loop_test(
	    tcase, events_refuse_what_is_no_id_number_or_duration, 0, ROWS(bad_events));
	tcase_add_test(tcase, entries_of_a_stream_become_typed_json);
	tcase_add_test(tcase, no_entries_leave_the_reader_where_it_was);
}

int
main(void)
{
	TCase *tcase = tcase_create("api_v1");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	add_daemon(tcase);
	add_events(tcase);
	return run_case("api_v1", tcase);
}
