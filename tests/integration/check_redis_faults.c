/*
 * Redis goes away, comes back, hangs, forgets, is full, holds something else under our keys, or is no Redis: nothing is
 * lost, nothing is told twice, the order stays, and status says what is wrong.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/http_client.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

static struct sandbox box;

static void
set_up(void)
{
	sandbox_begin_external(&box);
}

static void
set_up_embedded(void)
{
	sandbox_begin(&box);
}

static void
set_up_nothing(void)
{
	sandbox_init(&box);
}

static void
tear_down(void)
{
	sandbox_release(&box);
}

/* "1 down 1, 1 up 2": port number, state and revision of every event, in order. In static room. */
static const char *
history(void)
{
	static char text[2048];
	json_t *events = redis_stream(box.redis, "dpwatch:events"), *event;
	size_t i, at = 0;

	text[0] = '\0';
	json_array_foreach(events, i, event)
	{
		bool down = strcmp(redis_text(event, "dp_down"), "true") == 0;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%c %s %s",
		    i > 0 ? ", " : "", redis_text(event, "port")[0], down ? "down" : "up",
		    redis_text(event, "revision"));
		ck_assert_uint_lt(at, sizeof(text));
	}
	json_decref(events);
	return text;
}

/* A text of status, in static room: what it says is wrong with Redis. */
static const char *
redis_error(void)
{
	static char text[512];
	json_t *status = sandbox_get(&box, "/v1/status");
	const char *error =
	    json_string_value(json_object_get(json_object_get(status, "redis"), "error"));

	snprintf(text, sizeof(text), "%s", error ? error : "");
	json_decref(status);
	return text;
}

static void
flap(int times, json_int_t *n_traps)
{
	for (int i = 0; i < times; i++) {
		sandbox_link_down(&box, LEAF1, 1);
		sandbox_link_up(&box, LEAF1, 1);
	}
	*n_traps += 2 * times;
	WAIT_FOR(sandbox_counter(&box, "trap.event") == *n_traps);
}

/* ---- away ---- */

START_TEST(what_happens_while_redis_is_away_arrives_in_order_and_once)
{
	json_int_t n = 0;

	flap(1, &n);
	WAIT_FOR(redis_events(box.redis) == 2);
	sandbox_redis_kill(&box);
	WAIT_FOR(!sandbox_status_is(&box, "redis.state", "connected"));
	flap(2, &n);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 7);
	ck_assert_int_gt(sandbox_status_number(&box, "redis.changes_waiting"), 0);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(redis_events(box.redis) == 7);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(
	    history(), "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6, 2 down 1");
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert_int_eq(sandbox_status_number(&box, "redis.epoch"), 1);
	ck_assert(sandbox_status_is(&box, "redis.state", "connected"));
}
END_TEST

START_TEST(a_redis_that_hangs_with_batches_under_way_gets_each_once)
{
	json_int_t n = 0;

	process_signal(&box.server, SIGSTOP);
	flap(3, &n);
	/* Killed while it holds what it never answered. */
	sandbox_redis_kill(&box);
	flap(1, &n);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(redis_events(box.redis) == 8);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(
	    history(), "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6, 1 down 7, 1 up 8");
}
END_TEST

START_TEST(a_broken_connection_is_made_again_and_nothing_is_sent_twice)
{
	json_int_t n = 0;

	for (int i = 0; i < 5; i++) {
		redis_do(box.redis, "CLIENT KILL TYPE normal SKIPME yes");
		flap(1, &n);
	}
	WAIT_FOR(redis_events(box.redis) == 10);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(history(),
	    "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6, 1 down 7, 1 up 8, 1 down 9, "
	    "1 up 10");
	ck_assert_int_gt(sandbox_counter(&box, "redis.connects"), 1);
}
END_TEST

START_TEST(without_a_redis_at_start_the_daemon_runs_says_so_and_takes_over_later)
{
	char server[SANDBOX_PATH + 16];

	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
	sandbox_start(&box);
	ck_assert_int_eq(http_client(box.api, "GET", "/healthz", NULL, NULL), 200);
	ck_assert_int_eq(http_client(box.api, "GET", "/readyz", NULL, NULL), 503);
	WAIT_FOR(strstr(redis_error(), "cannot connect") != NULL);
	WAIT_FOR(sandbox_log_has(&box, "cannot connect"));
	ck_assert_int_eq(
	    http_client(box.api, "PUT", "/v1/topology?force=1", SANDBOX_TOPOLOGY, NULL), 503);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	ck_assert_int_eq(http_client(box.api, "GET", "/readyz", NULL, NULL), 200);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

START_TEST(a_trap_that_came_before_redis_was_there_is_not_lost)
{
	char server[SANDBOX_PATH + 16];

	/* A first life, so that there is a map. */
	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_redis_kill(&box);
	sandbox_start(&box);
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(history(), "1 down 1, 2 down 1");
}
END_TEST

/* ---- embedded ---- */

START_TEST(an_embedded_redis_that_is_killed_is_started_again)
{
	json_int_t n = 0;

	flap(1, &n);
	WAIT_FOR(redis_events(box.redis) == 2);
	/* appendfsync everysec: what was acknowledged in the last second can go with the machine, not with the process, because
	 * Redis hands it to the kernel before it answers. */
	pid_t first = sandbox_embedded_redis(&box), second = 0;
	ck_assert_int_gt(first, 0);
	ck_assert_int_eq(kill(first, SIGKILL), 0);
	WAIT_FOR((second = sandbox_embedded_redis(&box)) != 0 && second != first);
	ck_assert(sandbox_log_has(&box, "killed by signal 9"));
	flap(1, &n);
	WAIT_FOR(redis_events(box.redis) == 4);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(history(), "1 down 1, 1 up 2, 1 down 3, 1 up 4");
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
}
END_TEST

/* ---- forgetful ---- */

START_TEST(after_flushall_each_down_port_is_told_once)
{
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	sandbox_link_up(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 3);
	redis_do(box.redis, "FLUSHALL");
	/* It shows with the next batch. */
	sandbox_link_down(&box, LEAF2, 3);
	WAIT_FOR(redis_events(box.redis) >= 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(history(), "1 down 2");
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert(sandbox_log_has(&box, "lost everything"));
	/* Interfaces were told again too, and what comes next goes on. */
	ck_assert_int_eq(redis_number(box.redis, "HEXISTS dpwatch:interface:leaf1 Ethernet1/1"), 1);
	sandbox_link_up(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 3);
	ck_assert_str_eq(history(), "1 down 2, 1 up 3, 2 down 3");
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
}
END_TEST

START_TEST(a_redis_that_lost_its_tail_gets_it_again_with_the_same_revisions)
{
	char out[256], files[SANDBOX_PATH + 32], copy[SANDBOX_PATH + 32];
	json_int_t n = 0;

	snprintf(files, sizeof(files), "%s/appendonlydir", box.dir);
	snprintf(copy, sizeof(copy), "%s/copy", box.dir);
	flap(1, &n);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("cp", "-r", files, copy)), 0);
	flap(1, &n);
	WAIT_FOR(redis_events(box.redis) == 4);
	sandbox_redis_kill(&box);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("rm", "-r", files)), 0);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("mv", copy, files)), 0);
	sandbox_redis_start(&box, NULL, NULL);
	flap(1, &n);
	WAIT_FOR(redis_events(box.redis) == 6);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(history(), "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6");
	ck_assert_int_gt(sandbox_counter(&box, "out.batches-resent"), 0);
}
END_TEST

START_TEST(a_redis_that_forgot_the_script_is_taught_it_again)
{
	redis_do(box.redis, "SCRIPT FLUSH");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_str_eq(history(), "1 down 1");
}
END_TEST

/* ---- full ---- */

START_TEST(a_full_redis_is_named_and_gets_it_later)
{
	redis_do(box.redis, "CONFIG SET maxmemory 1");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(strstr(redis_error(), "out of memory") != NULL);
	ck_assert_int_eq(redis_events(box.redis), 0);
	redis_do(box.redis, "CONFIG SET maxmemory 0");
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(redis_error()[0] == '\0');
	ck_assert_str_eq(history(), "1 down 1");
}
END_TEST

START_TEST(a_redis_that_may_evict_keys_is_warned_of)
{
	char server[SANDBOX_PATH + 16];

	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
	sandbox_redis_start(&box, "--maxmemory-policy", "allkeys-lru");
	sandbox_start_ready(&box);
	json_t *status = sandbox_get(&box, "/v1/status");
	char *warnings = json_dumps(json_object_get(status, "warnings"), 0);
	ck_assert_ptr_nonnull(strstr(warnings, "allkeys-lru"));
	free(warnings);
	json_decref(status);
}
END_TEST

START_TEST(a_replica_is_refused_and_its_promotion_noticed)
{
	char server[SANDBOX_PATH + 16];

	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
	sandbox_redis_start(&box, "--replicaof", "127.0.0.1 1");
	sandbox_start(&box);
	WAIT_FOR(strstr(redis_error(), "read-only") != NULL);
	redis_do(box.redis, "REPLICAOF NO ONE");
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
}
END_TEST

/* ---- something else under our keys ---- */

static const char *const shared_keys[] = { "dpwatch:events", "dpwatch:down",
	"dpwatch:link-events" };

START_TEST(a_shared_key_of_the_wrong_type_is_named_and_nothing_is_lost)
{
	redis_do(box.redis, "SET %s mine", shared_keys[_i]);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(strstr(redis_error(), shared_keys[_i]) != NULL);
	ck_assert_int_eq(redis_number(box.redis, "EXISTS dpwatch:port:%s", VM1), 0);
	ck_assert_int_eq(redis_number(box.redis, "HGET dpwatch:publisher batch"), -1);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 2);
	redis_do(box.redis, "DEL %s", shared_keys[_i]);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(history(), "1 down 1, 1 up 2");
	WAIT_FOR(redis_error()[0] == '\0');
}
END_TEST

START_TEST(a_publisher_of_the_wrong_type_while_running_is_mended_by_its_removal)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	redis_do(box.redis, "SET dpwatch:publisher mine");
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(strstr(redis_error(), "dpwatch:publisher") != NULL);
	ck_assert_int_eq(redis_events(box.redis), 1);
	redis_do(box.redis, "DEL dpwatch:publisher");
	WAIT_FOR(redis_number(box.redis, "SISMEMBER dpwatch:down %s", VM2) == 1);
	WAIT_FOR(sandbox_settled(&box));
	/* VM1 may be told a second time: without its publisher key a Redis counts as one that lost everything. */
	json_int_t n = redis_events(box.redis);
	ck_assert_int_ge(n, 2);
	ck_assert_int_le(n, 3);
	ck_assert_int_eq(redis_down(box.redis), 2);
}
END_TEST

START_TEST(a_publisher_of_the_wrong_type_at_start_is_named_and_waited_for)
{
	char server[SANDBOX_PATH + 16];

	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "SADD dpwatch:publisher mine");
	sandbox_start(&box);
	WAIT_FOR(strstr(redis_error(), "dpwatch:publisher is not a hash") != NULL);
	redis_do(box.redis, "DEL dpwatch:publisher");
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
}
END_TEST

START_TEST(a_port_key_of_the_wrong_type_costs_that_port_alone)
{
	redis_do(box.redis, "SET dpwatch:port:%s mine", VM1);
	process_signal(&box.server, SIGSTOP);
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 2);
	process_signal(&box.server, SIGCONT);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_str_eq(history(), "2 down 1");
	WAIT_FOR(sandbox_counter(&box, "out.refused-ports") == 1);
	ck_assert(sandbox_log_has(&box, "dpwatch:port:" VM1 " is not a hash"));
	/* Once the key is gone, the next toggle of that port is told. */
	redis_do(box.redis, "DEL dpwatch:port:%s", VM1);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
}
END_TEST

START_TEST(a_newer_contract_in_redis_is_respected)
{
	char server[SANDBOX_PATH + 16];

	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "HSET dpwatch:publisher epoch 7 batch 99 schema 2");
	process_start(&box.daemon, box.log, ARGV(sandbox_program("dpwatchd"), "-c", box.config));
	ck_assert_int_eq(process_wait(&box.daemon), 1);
	ck_assert(sandbox_log_has(&box, "too old"));
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:publisher"), 3);
}
END_TEST

START_TEST(a_second_daemon_on_the_same_redis_deposes_the_first)
{
	struct sandbox second;
	char server[SANDBOX_PATH + 16];

	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_init(&second);
	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&second, &(struct sandbox_lines){ .redis = server });
	sandbox_start_ready(&second);
	/* The first learns of it with its next batch. */
	sandbox_link_down(&box, LEAF1, 2);
	ck_assert_int_eq(process_wait(&box.daemon), 1);
	ck_assert(sandbox_log_has(&box, "another dpwatchd publishes to this Redis"));
	ck_assert_int_eq(redis_events(box.redis), 1);
	sandbox_link_up(&second, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(history(), "1 down 1, 1 up 2");
	sandbox_release(&second);
}
END_TEST

/* ---- no Redis at all ---- */

/* A listener on box.redis_port that answers every connection with `answer` (NULL: never) until it is killed. */
static pid_t
impostor(const char *answer)
{
	struct sockaddr_in address = sandbox_address("127.0.0.1", box.redis_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	char buf[512];

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	pid_t pid = fork();
	if (pid != 0) {
		close(fd);
		return pid;
	}
	for (;;) {
		int client = accept(fd, NULL, NULL);
		if (answer && read(client, buf, sizeof(buf)) > 0 &&
		    write(client, answer, strlen(answer)) > 0)
			close(client);
	}
}

static const struct {
	const char *answer, *error;
} impostors[] = {
	{ "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "Protocol error" },
	{ "-ERR unknown command\r\n-ERR unknown command\r\n", NULL },
	{ "+OK\r\n+OK\r\n", NULL },
	{ NULL, "does not answer" },
};

START_TEST(a_server_that_is_no_redis_is_named_and_the_daemon_goes_on)
{
	char server[64];

	snprintf(server, sizeof(server), "server = tcp:127.0.0.1:%u", box.redis_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
	struct process other = { impostor(impostors[_i].answer) };
	sandbox_start(&box);
	if (impostors[_i].error)
		WAIT_FOR(strstr(redis_error(), impostors[_i].error) != NULL);
	else
		WAIT_FOR(redis_error()[0] != '\0');
	ck_assert(!sandbox_status_is(&box, "redis.state", "connected"));
	ck_assert_int_eq(http_client(box.api, "GET", "/healthz", NULL, NULL), 200);
	process_kill(&other);
	/* A real one in its place is taken. */
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
}
END_TEST

/* ---- over TCP, with a password ---- */

START_TEST(a_wrong_password_is_named_and_a_right_one_works)
{
	char lines[SANDBOX_PATH + 96], path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/password", box.dir);
	snprintf(lines, sizeof(lines), "server = tcp:127.0.0.1:%u\npassword_file = %s",
	    box.redis_port, path);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_redis_start(&box, "--requirepass", "correct horse");
	sandbox_write(path, "wrong\n");
	sandbox_start(&box);
	WAIT_FOR(strstr(redis_error(), "AUTH refused") != NULL);
	ck_assert(!sandbox_log_has(&box, "wrong\n"));
	/* The file is read at each try. */
	sandbox_write(path, "correct horse\n");
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "out.toggles") == 1);
	ck_assert(!sandbox_log_has(&box, "correct horse"));
}
END_TEST

START_TEST(a_missing_password_and_a_missing_password_file_are_named)
{
	char lines[SANDBOX_PATH + 96];

	snprintf(lines, sizeof(lines), "server = tcp:127.0.0.1:%u", box.redis_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_redis_start(&box, "--requirepass", "secret");
	sandbox_start(&box);
	WAIT_FOR(strstr(redis_error(), "NOAUTH") != NULL);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	snprintf(lines, sizeof(lines), "server = tcp:127.0.0.1:%u\npassword_file = %s/none",
	    box.redis_port, box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_start(&box);
	WAIT_FOR(strstr(redis_error(), "No such file") != NULL);
}
END_TEST

static void
add_all(TCase *tcase, const TTest *const *tests, int n)
{
	for (int i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
}

int
main(void)
{
	const TTest *const running[] = {
		what_happens_while_redis_is_away_arrives_in_order_and_once,
		a_redis_that_hangs_with_batches_under_way_gets_each_once,
		a_broken_connection_is_made_again_and_nothing_is_sent_twice,
		after_flushall_each_down_port_is_told_once,
		a_redis_that_lost_its_tail_gets_it_again_with_the_same_revisions,
		a_redis_that_forgot_the_script_is_taught_it_again,
		a_full_redis_is_named_and_gets_it_later,
		a_publisher_of_the_wrong_type_while_running_is_mended_by_its_removal,
		a_port_key_of_the_wrong_type_costs_that_port_alone,
		a_second_daemon_on_the_same_redis_deposes_the_first,
	};
	const TTest *const starting[] = {
		without_a_redis_at_start_the_daemon_runs_says_so_and_takes_over_later,
		a_trap_that_came_before_redis_was_there_is_not_lost,
		a_redis_that_may_evict_keys_is_warned_of,
		a_replica_is_refused_and_its_promotion_noticed,
		a_publisher_of_the_wrong_type_at_start_is_named_and_waited_for,
		a_newer_contract_in_redis_is_respected,
		a_wrong_password_is_named_and_a_right_one_works,
		a_missing_password_and_a_missing_password_file_are_named,
	};
	Suite *suite = suite_create("redis faults");
	TCase *external = tcase_create("external"), *embedded = tcase_create("embedded");
	TCase *nothing = tcase_create("from the start");

	tcase_set_timeout(external, 60);
	tcase_add_checked_fixture(external, set_up, tear_down);
	add_all(external, running, N(running));
	tcase_add_loop_test(external, a_shared_key_of_the_wrong_type_is_named_and_nothing_is_lost,
	    0, N(shared_keys));
	suite_add_tcase(suite, external);

	tcase_set_timeout(embedded, 60);
	tcase_add_checked_fixture(embedded, set_up_embedded, tear_down);
	tcase_add_test(embedded, an_embedded_redis_that_is_killed_is_started_again);
	suite_add_tcase(suite, embedded);

	tcase_set_timeout(nothing, 60);
	tcase_add_checked_fixture(nothing, set_up_nothing, tear_down);
	add_all(nothing, starting, N(starting));
	tcase_add_loop_test(
	    nothing, a_server_that_is_no_redis_is_named_and_the_daemon_goes_on, 0, N(impostors));
	suite_add_tcase(suite, nothing);
	return sandbox_main(suite);
}
