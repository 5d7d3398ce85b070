/*
 * Loading and dumping by a process of its own: what the client is told, what Redis holds, and what is left behind when it
 * goes wrong.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/redis_client.h"

#define MANY 20000 /* ports: a document of two megabytes */
#define WORKER "dpwatchd-topo"
#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

/* A document of `n` ports on one switch, whose name tells documents apart. The caller frees it. */
static char *
make_map(const char *switch_name, int n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	fprintf(out,
	    "{\"switches\": [{\"name\": \"%s\", \"addresses\": [\"" LEAF1 "\"]}], \"ports\": [",
	    switch_name);
	for (int i = 0; i < n; i++)
		fprintf(out,
		    "%s{\"id\": \"99999999-9999-4999-8999-%012d\", \"name\": \"vm%d\", \"attachments\": [\"%s:Ethernet1/%d\"]}",
		    i > 0 ? ",\n" : "", i, i, switch_name, i % 48 + 1);
	fputs("]}", out);
	fclose(out);
	return text;
}

static int
load(const char *document, json_t **ret_answer)
{
	return http_client(box.api, "PUT", "/v1/topology?force=1", document, ret_answer);
}

static const char *
message_of(const json_t *answer)
{
	return redis_text(json_object_get(answer, "NeutronError"), "message");
}

/*
 * Starts `dpwatch OPTION topology load --force` of a document, on a terminal or not (script makes one); what it says goes to the
 * file load.out.
 */
static void
start_load_as(struct process *cli, const char *document, const char *option, bool terminal)
{
	char command[4 * SANDBOX_PATH], path[SANDBOX_PATH + 16], out[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/map.json", box.dir);
	snprintf(out, sizeof(out), "%s/load.out", box.dir);
	sandbox_write(path, document);
	unlink(out);
	snprintf(command, sizeof(command), "exec %s %s --api unix:%s topology load --force %s",
	    sandbox_program("dpwatch"), option, box.api, path);
	process_start(cli, out,
	    terminal ? ARGV("script", "-qefc", command, "/dev/null") : ARGV("sh", "-c", command));
}

static void
start_load(struct process *cli, const char *document)
{
	start_load_as(cli, document, "", false);
}

static bool
load_is_at(const char *phase)
{
	json_t *status = sandbox_get(&box, "/v1/status");
	const char *is = json_string_value(json_object_get(
	    json_object_get(json_object_get(status, "topology"), "loading"), "phase"));
	const bool same = is && strcmp(is, phase) == 0;

	json_decref(status);
	return same;
}

/* Whether its worker was stopped before it had stored the map. Else the map before is in force again. */
static bool
is_caught(
    struct process *cli, const char *document, const char *option, bool terminal, pid_t *ret_worker)
{
	const json_int_t n = redis_number(box.redis, "HLEN dpwatch:topology:ports");
	int status;

	start_load_as(cli, document, option, terminal);
	WAIT_FOR(process_children(box.daemon.pid, WORKER, ret_worker) == 1 ||
		 process_ended(cli, &status));
	if (*ret_worker != 0 && kill(*ret_worker, SIGSTOP) == 0 &&
	    (load_is_at("checking") || load_is_at("storing")) &&
	    redis_number(box.redis, "HLEN dpwatch:topology:ports") == n)
		return true;
	if (*ret_worker != 0)
		kill(*ret_worker, SIGCONT);
	if (cli->pid != 0)
		process_wait(cli);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	return false;
}

/* The worker that reads this map, stopped in the middle of its work, however quick it is and however slow this test. */
static pid_t
start_and_stop(struct process *cli, const char *document)
{
	pid_t worker;

	WAIT_FOR(is_caught(cli, document, "", false, &worker));
	return worker;
}

static bool
load_said(const char *text)
{
	char path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/load.out", box.dir);
	char *said = process_read_file(path);
	bool found = strstr(said, text) != NULL;
	free(said);
	return found;
}

/* Whether no staging key is there that would stay for ever. */
static bool
nothing_stays_behind(void)
{
	json_t *keys = redis_ask(box.redis, "KEYS dpwatch:topology:load:*");
	size_t i;
	json_t *key;
	bool clean = json_is_array(keys);

	json_array_foreach(keys, i, key)
	{
		clean = clean && redis_number(box.redis, "TTL %s", json_string_value(key)) >= 0;
	}
	json_decref(keys);
	return clean;
}

static bool
nothing_is_left(void)
{
	json_t *keys = redis_ask(box.redis, "KEYS dpwatch:topology:load:*");
	bool none = json_is_array(keys) && json_array_size(keys) == 0;

	json_decref(keys);
	return none;
}

START_TEST(a_large_map_is_taken_dumped_and_replaced_whole)
{
	char *first = make_map("leaf1", MANY), *second = make_map("leaf2", MANY);
	json_t *answer;

	ck_assert_int_eq(load(first, &answer), 200);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json_object_get(answer, "topology"), "ports")),
	    MANY);
	json_decref(answer);
	json_t *dumped = sandbox_get(&box, "/v1/topology");
	ck_assert_uint_eq(json_array_size(json_object_get(dumped, "ports")), MANY);
	json_decref(dumped);
	ck_assert_int_eq(load(second, NULL), 200);
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:topology:ports"), MANY);
	ck_assert_int_eq(redis_number(box.redis, "HEXISTS dpwatch:topology:switches leaf1"), 0);
	ck_assert_int_eq(redis_number(box.redis, "TTL dpwatch:topology:ports"), -1);
	ck_assert(nothing_is_left());
	/* The same again, as it was dumped. */
	dumped = sandbox_get(&box, "/v1/topology");
	char *text = json_dumps(dumped, 0);
	ck_assert_int_eq(load(text, NULL), 200);
	json_t *again = sandbox_get(&box, "/v1/topology");
	ck_assert(json_equal(dumped, again));
	json_decref(again);
	json_decref(dumped);
	free(text);
	free(first);
	free(second);
}
END_TEST

START_TEST(the_daemon_answers_others_while_a_map_is_loaded)
{
	char *map = make_map("leaf1", MANY);
	struct process cli;
	pid_t worker = start_and_stop(&cli, map);

	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	json_t *answer;
	ck_assert_int_eq(load(SANDBOX_TOPOLOGY, &answer), 409);
	ck_assert_str_eq(
	    message_of(answer), "another topology is being loaded; try again when it is done");
	/* TopologyLoss would ask for force. */
	ck_assert_str_eq(
	    redis_text(json_object_get(answer, "NeutronError"), "type"), "HTTPConflict");
	json_decref(answer);
	/* A change by hand meanwhile is followed, and does not answer the load. */
	redis_do(box.redis, "HDEL dpwatch:topology:ports " VM6);
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id " VM6);
	WAIT_FOR(sandbox_status_number(&box, "topology.ports") == 3);
	int status;
	ck_assert(!process_ended(&cli, &status));
	ck_assert_int_eq(kill(worker, SIGCONT), 0);
	ck_assert_int_eq(process_wait(&cli), 0);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), MANY);
	free(map);
}
END_TEST

static void
newest_change(char id[48])
{
	json_t *newest = redis_ask(box.redis, "XREVRANGE dpwatch:topology:changes + - COUNT 1");

	snprintf(id, 48, "%s", json_string_value(json_array_get(json_array_get(newest, 0), 0)));
	json_decref(newest);
}

/* A load whose map must be read once. Whether its worker was stopped after it had stored, and before it said so. */
static bool
load_with_a_slow_worker(const char *document)
{
	const json_int_t before = sandbox_counter(&box, "topology.loads");
	struct process cli;
	char id[48];
	pid_t worker;
	int status;

	newest_change(id);
	start_load(&cli, document);
	WAIT_FOR(
	    process_children(box.daemon.pid, WORKER, &worker) == 1 || process_ended(&cli, &status));
	json_decref(
	    redis_ask(box.redis, "XREAD BLOCK 10000 STREAMS dpwatch:topology:changes %s", id));
	const bool stopped = worker != 0 && kill(worker, SIGSTOP) == 0;
	WAIT_FOR(sandbox_counter(&box, "topology.loads") == before + 1);
	const bool is_slow = load_is_at("storing");
	if (stopped)
		kill(worker, SIGCONT);
	if (cli.pid != 0)
		ck_assert_int_eq(process_wait(&cli), 0);
	ck_assert_int_eq(sandbox_counter(&box, "topology.loads"), before + 1);
	return is_slow;
}

/* Redis tells the daemon of a map that was stored, and may be quicker than the worker that stored it. */
START_TEST(a_map_is_read_once_also_where_its_worker_is_slow_to_say_that_it_is_stored)
{
	char *map = make_map("leaf1", 2000);

	WAIT_FOR(load_with_a_slow_worker(map));
	free(map);
}
END_TEST

/* How it is run, and what tells that it was. On a terminal (script makes one) lines are written over. */
static const struct {
	const char *option, *told;
	bool terminal;
} watched[] = {
	{ "", NULL, false },
	{ "-v", "dpwatch: checking 2.", false },
	{ "", "\r\033[Kdpwatch: ", true },
};

START_TEST(a_load_tells_how_far_it_is_on_a_terminal_or_when_asked)
{
	char *map = make_map("leaf1", MANY);
	struct process cli;
	pid_t worker;

	WAIT_FOR(is_caught(&cli, map, watched[_i].option, watched[_i].terminal, &worker));
	const bool checks = load_is_at("checking");
	if (watched[_i].told)
		WAIT_FOR(load_said(checks ? "the daemon checks it" : "storing it in Redis"));
	ck_assert_int_eq(kill(worker, SIGCONT), 0);
	ck_assert_int_eq(process_wait(&cli), 0);
	ck_assert(load_said("in force: 1 switches"));
	ck_assert(watched[_i].told ? load_said(watched[_i].told) : !load_said("daemon"));
	json_t *status = sandbox_get(&box, "/v1/status");
	ck_assert(json_is_null(json_object_get(json_object_get(status, "topology"), "loading")));
	json_decref(status);
	free(map);
}
END_TEST

START_TEST(a_worker_that_is_killed_changes_nothing_and_leaves_nothing)
{
	char *map = make_map("leaf1", MANY);
	struct process cli;
	pid_t worker;

	process_signal(&box.server, SIGSTOP);
	start_load(&cli, map);
	WAIT_FOR(process_children(box.daemon.pid, WORKER, &worker) == 1);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	ck_assert_int_eq(process_wait(&cli), 1);
	process_signal(&box.server, SIGCONT);
	ck_assert(load_said("signal 9"));
	ck_assert_int_eq(sandbox_counter(&box, "topology.worker-failed"), 1);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:topology:ports"), 4);
	WAIT_FOR(nothing_stays_behind());
	ck_assert_int_eq(load(map, NULL), 200);
	free(map);
}
END_TEST

START_TEST(a_redis_without_room_keeps_the_old_map)
{
	char *map = make_map("leaf1", MANY);
	json_t *answer;

	json_int_t used = redis_number(box.redis, "DBSIZE");
	redis_do(box.redis, "CONFIG SET maxmemory 3mb");
	ck_assert_int_eq(load(map, &answer), 503);
	ck_assert_msg(strstr(message_of(answer), "OOM") != NULL, "%s", message_of(answer));
	json_decref(answer);
	redis_do(box.redis, "CONFIG SET maxmemory 0");
	WAIT_FOR(nothing_is_left());
	ck_assert_int_eq(redis_number(box.redis, "DBSIZE"), used);
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:topology:ports"), 4);
	ck_assert_int_eq(load(map, NULL), 200);
	free(map);
}
END_TEST

START_TEST(a_changes_key_that_is_no_stream_refuses_a_load_before_anything_is_changed)
{
	json_t *answer;

	redis_do(box.redis, "DEL dpwatch:topology:changes");
	redis_do(box.redis, "SET dpwatch:topology:changes mine");
	ck_assert_int_eq(load("{\"switches\": []}", &answer), 503);
	ck_assert_str_eq(message_of(answer),
	    "dpwatch:topology:changes in Redis is a string and no stream: remove it");
	json_decref(answer);
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:topology:ports"), 4);
	ck_assert(nothing_is_left());
}
END_TEST

START_TEST(a_redis_that_breaks_while_a_map_is_loaded_is_told)
{
	char *map = make_map("leaf1", MANY);
	struct process cli;
	pid_t worker = start_and_stop(&cli, map);

	sandbox_redis_kill(&box);
	ck_assert_int_eq(process_wait(&cli), 1);
	WAIT_FOR(!process_lives(worker));
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:topology:ports"), 4);
	WAIT_FOR(nothing_stays_behind());
	ck_assert_int_eq(load(map, NULL), 200);
	free(map);
}
END_TEST

/* Asks for a dump, takes the beginning of the answer, and leaves. */
static void
leave_a_dump(void)
{
	static const char request[] = "GET /v1/topology HTTP/1.1\r\nHost: x\r\n\r\n";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char piece[64];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", box.api);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(send(fd, request, sizeof(request) - 1, 0), sizeof(request) - 1);
	ck_assert_int_gt(recv(fd, piece, sizeof(piece), 0), 0);
	close(fd);
}

START_TEST(a_client_that_leaves_a_dump_in_the_middle_costs_nothing_further)
{
	char *map = make_map("leaf1", MANY);
	pid_t worker;

	ck_assert_int_eq(load(map, NULL), 200);
	for (int i = 0; i < 10; i++)
		leave_a_dump();
	WAIT_FOR(process_children(box.daemon.pid, WORKER, &worker) == 0);
	json_t *dumped = sandbox_get(&box, "/v1/topology");
	ck_assert_uint_eq(json_array_size(json_object_get(dumped, "ports")), MANY);
	json_decref(dumped);
	free(map);
}
END_TEST

START_TEST(a_record_that_is_no_json_is_named_by_a_dump)
{
	json_t *answer;

	redis_do(box.redis, "HSET dpwatch:topology:ports %s {", VM2);
	ck_assert_int_eq(http_client(box.api, "GET", "/v1/topology", NULL, &answer), 500);
	ck_assert_str_eq(message_of(answer),
	    "Redis holds no JSON object at topology:ports " VM2 ": write it again, or remove it");
	json_decref(answer);
}
END_TEST

START_TEST(only_a_topology_may_be_large)
{
	char *map = make_map("leaf1", 2000);

	ck_assert_int_eq(http_client(box.api, "PUT", "/v2.0/ports/" VM1, map, NULL), 413);
	ck_assert_int_eq(http_client(box.api, "POST", "/v1/simulate", map, NULL), 413);
	ck_assert_int_eq(load(map, NULL), 200);
	free(map);
}
END_TEST

START_TEST(a_daemon_that_stops_takes_its_workers_with_it)
{
	char *map = make_map("leaf1", MANY);
	struct process cli;
	pid_t worker = start_and_stop(&cli, map);

	if (_i == 0)
		ck_assert_int_eq(sandbox_stop(&box), 0);
	else
		process_kill(&box.daemon);
	WAIT_FOR(!process_lives(worker));
	ck_assert_int_eq(process_wait(&cli), 1);
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
	free(map);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("topology load");
	TCase *tcase = tcase_create("topology load");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, box_set_up_external, box_tear_down);
	tcase_add_test(tcase, a_large_map_is_taken_dumped_and_replaced_whole);
	tcase_add_test(tcase, the_daemon_answers_others_while_a_map_is_loaded);
	tcase_add_test(
	    tcase, a_map_is_read_once_also_where_its_worker_is_slow_to_say_that_it_is_stored);
	tcase_add_loop_test(
	    tcase, a_load_tells_how_far_it_is_on_a_terminal_or_when_asked, 0, N(watched));
	tcase_add_test(tcase, a_worker_that_is_killed_changes_nothing_and_leaves_nothing);
	tcase_add_test(tcase, a_redis_without_room_keeps_the_old_map);
	tcase_add_test(
	    tcase, a_changes_key_that_is_no_stream_refuses_a_load_before_anything_is_changed);
	tcase_add_test(tcase, a_redis_that_breaks_while_a_map_is_loaded_is_told);
	tcase_add_test(tcase, a_client_that_leaves_a_dump_in_the_middle_costs_nothing_further);
	tcase_add_test(tcase, a_record_that_is_no_json_is_named_by_a_dump);
	tcase_add_test(tcase, only_a_topology_may_be_large);
	tcase_add_loop_test(tcase, a_daemon_that_stops_takes_its_workers_with_it, 0, 2);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
