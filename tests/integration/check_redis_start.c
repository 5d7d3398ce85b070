/*
 * What Redis may be at a start, or hold under our keys, and should not: it is named, and what can wait waits.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/redis_client.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

/* Configured for a Redis on box.redis that does not run yet. */
static void
set_up_nothing(void)
{
	char server[SANDBOX_PATH + 16];

	sandbox_init(&box);
	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
}

/* ---- something else under our keys ---- */

static const char *const shared_keys[] = { "dpwatch:events", "dpwatch:down",
	"dpwatch:link-events" };

START_TEST(a_shared_key_of_the_wrong_type_is_named_and_nothing_is_lost)
{
	json_t *before = redis_hash(box.redis, "dpwatch:publisher");

	redis_do(box.redis, "SET %s mine", shared_keys[_i]);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_redis_says(&box, shared_keys[_i]));
	ck_assert_int_eq(redis_number(box.redis, "EXISTS dpwatch:port:%s", VM1), 0);
	json_t *after = redis_hash(box.redis, "dpwatch:publisher");
	ck_assert(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 2);
	redis_do(box.redis, "DEL %s", shared_keys[_i]);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2");
	WAIT_FOR(sandbox_redis_says(&box, NULL));
}
END_TEST

/* The last daemon's clock was ahead: what is published now comes behind it all the same. */
START_TEST(entries_go_on_from_the_moment_that_redis_knows)
{
	char wanted[64];

	ck_assert_int_eq(sandbox_stop(&box), 0);
	redis_do(box.redis, "HSET dpwatch:publisher moment 1900000000000");
	redis_do(box.redis, "XADD dpwatch:events 1900000000000-1 port none");
	sandbox_start_ready(&box);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	json_t *entry = redis_ask(box.redis, "XREVRANGE dpwatch:events + - COUNT 1");
	const char *id = json_string_value(json_array_get(json_array_get(entry, 0), 0));
	json_t *publisher = redis_hash(box.redis, "dpwatch:publisher");
	snprintf(wanted, sizeof(wanted), "1900000000000-%s0007", redis_text(publisher, "batch"));
	ck_assert_str_eq(id, wanted);
	json_decref(publisher);
	json_decref(entry);
}
END_TEST

START_TEST(a_publisher_of_the_wrong_type_while_running_is_mended_by_its_removal)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	redis_do(box.redis, "SET dpwatch:publisher mine");
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_redis_says(&box, "dpwatch:publisher"));
	ck_assert_int_eq(redis_events(box.redis), 1);
	redis_do(box.redis, "DEL dpwatch:publisher");
	WAIT_FOR(redis_is_down(box.redis, VM2));
	WAIT_FOR(sandbox_settled(&box));
	/* VM1 may be told a second time: without its publisher key a Redis counts as one that lost everything. */
	json_int_t n = redis_events(box.redis);
	ck_assert_int_ge(n, 2);
	ck_assert_int_le(n, 3);
	ck_assert_int_eq(redis_down(box.redis), 2);
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
	ck_assert_str_eq(redis_history(box.redis), "2 down 1");
	WAIT_FOR(sandbox_counter(&box, "out.refused-ports") == 1);
	ck_assert(sandbox_log_has(&box, "dpwatch:port:" VM1 " is not a hash"));
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
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2");
	sandbox_release(&second);
}
END_TEST

/* ---- at the start ---- */

START_TEST(without_a_redis_at_start_the_daemon_runs_says_so_and_takes_over_later)
{
	sandbox_start(&box);
	ck_assert_int_eq(http_client(box.api, "GET", "/healthz", NULL, NULL), 200);
	ck_assert_int_eq(http_client(box.api, "GET", "/readyz", NULL, NULL), 503);
	ck_assert_int_eq(http_client(box.api, "GET", "/v2.0/ports", NULL, NULL), 503);
	WAIT_FOR(sandbox_redis_says(&box, "cannot connect"));
	WAIT_FOR(sandbox_log_has(&box, "cannot connect"));
	ck_assert_int_eq(
	    http_client(box.api, "PUT", "/v1/topology?force=1", SANDBOX_TOPOLOGY, NULL), 503);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	ck_assert_int_eq(http_client(box.api, "GET", "/v2.0/ports", NULL, NULL), 200);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	ck_assert_int_eq(http_client(box.api, "GET", "/readyz", NULL, NULL), 200);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

START_TEST(a_trap_that_came_before_redis_was_there_is_not_lost)
{
	/* A first life, so that there is a map. */
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
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 2 down 1");
}
END_TEST

START_TEST(a_redis_that_may_evict_keys_is_warned_of)
{
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
	sandbox_redis_start(&box, "--replicaof", "127.0.0.1 1");
	sandbox_start(&box);
	WAIT_FOR(sandbox_redis_says(&box, "read-only"));
	redis_do(box.redis, "REPLICAOF NO ONE");
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
}
END_TEST

START_TEST(a_publisher_of_the_wrong_type_at_start_is_named_and_waited_for)
{
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "SADD dpwatch:publisher mine");
	sandbox_start(&box);
	WAIT_FOR(sandbox_redis_says(&box, "dpwatch:publisher is not a hash"));
	redis_do(box.redis, "DEL dpwatch:publisher");
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
}
END_TEST

START_TEST(a_newer_contract_in_redis_is_respected)
{
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "HSET dpwatch:publisher epoch 7 batch 99 schema 2");
	process_start(&box.daemon, box.log, ARGV(sandbox_program("dpwatchd"), "-c", box.config));
	ck_assert_int_eq(process_wait(&box.daemon), 1);
	ck_assert(sandbox_log_has(&box, "written by a newer dpwatchd"));
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:publisher"), 3);
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
		WAIT_FOR(sandbox_redis_says(&box, impostors[_i].error));
	else
		WAIT_FOR(!sandbox_redis_says(&box, NULL));
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
	/* With a database to select, which is refused as well: what is told is the first refusal. */
	snprintf(lines, sizeof(lines),
	    "server = tcp:127.0.0.1:%u\npassword_file = %s\ndatabase = 3", box.redis_port, path);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_redis_start(&box, "--requirepass", "correct horse");
	sandbox_write(path, "wrong\n");
	sandbox_start(&box);
	WAIT_FOR(sandbox_redis_says(&box, "AUTH refused"));
	WAIT_FOR(sandbox_log_has(&box, "AUTH refused"));
	ck_assert(!sandbox_log_has(&box, "SELECT refused"));
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
	WAIT_FOR(sandbox_redis_says(&box, "NOAUTH"));
	ck_assert_int_eq(sandbox_stop(&box), 0);
	snprintf(lines, sizeof(lines), "server = tcp:127.0.0.1:%u\npassword_file = %s/none",
	    box.redis_port, box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_start(&box);
	WAIT_FOR(sandbox_redis_says(&box, "No such file"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis start");
	TCase *keys = tcase_create("keys"), *start = tcase_create("start");

	tcase_set_timeout(keys, 60);
	tcase_add_checked_fixture(keys, box_set_up_external, box_tear_down);
	tcase_add_loop_test(
	    keys, a_shared_key_of_the_wrong_type_is_named_and_nothing_is_lost, 0, N(shared_keys));
	tcase_add_test(keys, entries_go_on_from_the_moment_that_redis_knows);
	tcase_add_test(keys, a_publisher_of_the_wrong_type_while_running_is_mended_by_its_removal);
	tcase_add_test(keys, a_port_key_of_the_wrong_type_costs_that_port_alone);
	tcase_add_test(keys, a_second_daemon_on_the_same_redis_deposes_the_first);
	suite_add_tcase(suite, keys);

	tcase_set_timeout(start, 60);
	tcase_add_checked_fixture(start, set_up_nothing, box_tear_down);
	tcase_add_test(
	    start, without_a_redis_at_start_the_daemon_runs_says_so_and_takes_over_later);
	tcase_add_test(start, a_trap_that_came_before_redis_was_there_is_not_lost);
	tcase_add_test(start, a_redis_that_may_evict_keys_is_warned_of);
	tcase_add_test(start, a_replica_is_refused_and_its_promotion_noticed);
	tcase_add_test(start, a_publisher_of_the_wrong_type_at_start_is_named_and_waited_for);
	tcase_add_test(start, a_newer_contract_in_redis_is_respected);
	tcase_add_loop_test(
	    start, a_server_that_is_no_redis_is_named_and_the_daemon_goes_on, 0, N(impostors));
	tcase_add_test(start, a_wrong_password_is_named_and_a_right_one_works);
	tcase_add_test(start, a_missing_password_and_a_missing_password_file_are_named);
	suite_add_tcase(suite, start);
	return sandbox_main(suite);
}
