/*
 * What is wrong with Redis, while it is connected: named by itself, noticed without traffic, and over when its cause is.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/redis_client.h"

static void
set_up_nothing(void)
{
	sandbox_init(&box);
}

static bool
warned_of(const char *target, const char *text)
{
	json_t *answer = sandbox_get(&box, target);
	const json_t *warning;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(answer, "warnings"), i, warning) found |=
	    strstr(json_string_value(warning), text) != NULL;
	json_decref(answer);
	return found;
}

/* ---- noticed without traffic ---- */

static bool
has_copy(void)
{
	char path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/topology.json", box.dir);
	return access(path, R_OK) == 0;
}

START_TEST(a_map_that_redis_lost_is_stored_back)
{
	WAIT_FOR(has_copy());
	json_t *ports = redis_hash(box.redis, "dpwatch:topology:ports");
	json_t *switches = redis_hash(box.redis, "dpwatch:topology:switches");
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(sandbox_log_has(&box, "Redis lost the map; it was stored back from"));
	WAIT_FOR(!warned_of("/v1/status", "Redis lost the map"));
	json_t *ports_now = redis_hash(box.redis, "dpwatch:topology:ports");
	json_t *switches_now = redis_hash(box.redis, "dpwatch:topology:switches");
	ck_assert(json_equal(ports, ports_now));
	ck_assert(json_equal(switches, switches_now));
	ck_assert_uint_eq(json_object_size(ports), 4);
	json_decref(ports);
	json_decref(switches);
	json_decref(ports_now);
	json_decref(switches_now);
	/* It is in force as it was, and survives a restart. */
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
}
END_TEST

/* Where it cannot be stored back: here because somebody removed the copy. */
START_TEST(a_map_that_redis_lost_is_warned_of_until_it_is_loaded_again)
{
	char path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/topology.json", box.dir);
	WAIT_FOR(has_copy());
	ck_assert_int_eq(unlink(path), 0);
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(warned_of("/v1/status", "Redis lost the map"));
	WAIT_FOR(warned_of("/readyz", "Redis lost the map"));
	WAIT_FOR(sandbox_log_has(&box, "could not be stored back: the copy cannot be read"));
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	WAIT_FOR(!warned_of("/v1/status", "Redis lost the map"));
}
END_TEST

START_TEST(a_deposed_daemon_learns_it_without_a_batch)
{
	redis_do(box.redis, "HSET dpwatch:publisher epoch 9 instance other/1/1");
	ck_assert_int_eq(process_wait(&box.daemon), 1);
	ck_assert(sandbox_log_has(&box, "another dpwatchd publishes to this Redis (epoch 9"));
}
END_TEST

START_TEST(a_lost_tail_is_sent_again_without_a_batch)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_settled(&box));
	/* As a Redis looks whose last second was not on disk. */
	redis_do(box.redis, "DEL dpwatch:events dpwatch:down dpwatch:port:%s", VM1);
	redis_do(box.redis, "HINCRBY dpwatch:publisher batch -1");
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert_int_gt(sandbox_counter(&box, "out.batches-resent"), 0);
}
END_TEST

START_TEST(batches_that_somebody_else_counted_are_not_taken_for_ours)
{
	redis_do(box.redis, "HINCRBY dpwatch:publisher batch 100");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert(sandbox_log_has(&box, "have parted"));
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2");
}
END_TEST

/* ---- refusals ---- */

/* A Redis with a user "dpw" that may do what `rules` says; the daemon is configured to be that. */
static void
start_redis_with_user(const char *rules)
{
	char lines[2 * SANDBOX_PATH + 128], path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/password", box.dir);
	sandbox_write(path, "secret\n");
	snprintf(lines, sizeof(lines), "server = unix:%s\nusername = dpw\npassword_file = %s",
	    box.redis, path);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "ACL SETUSER dpw on >secret %s +@all", rules);
}

/* Commands of a batch's middle: the first of its writes would stay if they were refused there. */
static const char *const denied[] = { "xadd", "srem", "expire", "hset", "xlen", "sismember" };

START_TEST(a_command_that_an_acl_refuses_is_named_before_anything_is_written)
{
	start_redis_with_user("~dpwatch:*");
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	redis_do(box.redis, "ACL SETUSER dpw -%s", denied[_i]);
	redis_do(box.redis, "CLIENT KILL USER dpw");
	WAIT_FOR(sandbox_redis_says(&box, "(ACL)"));
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	ck_assert_int_eq(redis_number(box.redis, "EXISTS dpwatch:events dpwatch:port:%s", VM1), 0);
	redis_do(box.redis, "ACL SETUSER dpw +%s", denied[_i]);
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_redis_says(&box, NULL));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
}
END_TEST

/* The first command of a batch: nothing was written, and its key is not of a wrong type. */
START_TEST(a_command_that_an_acl_refuses_while_it_is_connected_is_told_as_that)
{
	start_redis_with_user("~dpwatch:*");
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	redis_do(box.redis, "ACL SETUSER dpw -hmget");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_redis_says(&box, "(ACL)"));
	ck_assert(!sandbox_log_has(&box, "wrong type"));
	redis_do(box.redis, "ACL SETUSER dpw +hmget");
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

/* What of the batch was written before it stays; the batch is tried no more until the command is allowed, which is named. */
START_TEST(a_command_that_an_acl_refuses_in_a_batch_is_probed_before_it_goes_again)
{
	start_redis_with_user("~dpwatch:*");
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	redis_do(box.redis, "ACL SETUSER dpw -sadd");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_redis_says(&box, "(SADD "));
	redis_do(box.redis, "ACL SETUSER dpw +sadd");
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 2);
	ck_assert_str_eq(redis_history(box.redis), "1 down 2");
}
END_TEST

/* "ACL SETUSER dpwatchd ..." as the manual has it, for this user; %s stands for the secret. */
static char *
acl_of_the_manual(void)
{
	char *page = process_read_file("src/dpwatchd/dpwatch-events.7");
	char *line = strstr(page, "ACL SETUSER dpwatchd on >SECRET "), *end = strstr(line, "\n.Ed");
	char *text = NULL;

	for (char *c = line; c < end; c++)
		if (*c == '\n')
			*c = ' ';
	*end = '\0';
	ck_assert_int_gt(asprintf(&text, "ACL SETUSER dpw reset on >%%s %s",
			     line + strlen("ACL SETUSER dpwatchd on >SECRET ")),
	    0);
	free(page);
	return text;
}

START_TEST(the_user_of_the_manual_may_do_all_that_is_needed)
{
	char *acl = acl_of_the_manual();

	start_redis_with_user("~dpwatch:*");
	redis_do(box.redis, acl, "secret");
	free(acl);
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_stop(&box);
	sandbox_start_ready(&box);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2");
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 2);
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(sandbox_log_has(&box, "it lost everything"));
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert(!sandbox_log_has(&box, "NOPERM"));
}
END_TEST

START_TEST(keys_that_an_acl_refuses_are_named)
{
	start_redis_with_user("~other:*");
	sandbox_start(&box);
	WAIT_FOR(sandbox_redis_says(&box, "(ACL)"));
	redis_do(box.redis, "ACL SETUSER dpw ~dpwatch:*");
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	WAIT_FOR(sandbox_redis_says(&box, NULL));
}
END_TEST

START_TEST(a_master_that_becomes_a_replica_is_named_and_gets_it_when_it_is_a_master_again)
{
	redis_do(box.redis, "CONFIG SET replica-serve-stale-data yes");
	redis_do(box.redis, "REPLICAOF 127.0.0.1 1");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_redis_says(&box, "read-only replica"));
	redis_do(box.redis, "REPLICAOF NO ONE");
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_redis_says(&box, NULL));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
}
END_TEST

/* ---- slow ---- */

START_TEST(how_long_redis_takes_is_told)
{
	WAIT_FOR(sandbox_status_number(&box, "redis.round_trip_us") > 0);
	process_signal(&box.server, SIGSTOP);
	/* Nothing is sent, and it shows all the same. */
	WAIT_FOR(sandbox_status_number(&box, "redis.round_trip_us") > 300000);
	process_signal(&box.server, SIGCONT);
	WAIT_FOR(sandbox_status_number(&box, "redis.round_trip_us") < 300000);
	ck_assert_int_gt(sandbox_status_number(&box, "redis.round_trip_max_us"), 300000);
}
END_TEST

START_TEST(a_redis_that_says_nothing_for_long_is_connected_anew)
{
	process_signal(&box.server, SIGSTOP);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_WITHIN(WAIT_MS + 15000, !sandbox_status_is(&box, "redis.state", "connected"));
	ck_assert(sandbox_log_has(&box, "it has not answered for 15 seconds"));
	sandbox_link_up(&box, LEAF1, 1);
	process_signal(&box.server, SIGCONT);
	WAIT_FOR(redis_events(box.redis) == 2);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2");
}
END_TEST

/* ---- names ---- */

static void
configure_host(const char *host)
{
	char server[160];

	snprintf(server, sizeof(server), "server = tcp:%s:%u", host, box.redis_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server });
}

START_TEST(a_redis_is_found_by_its_name)
{
	configure_host("localhost");
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	process_kill(&box.server);
	WAIT_FOR(!sandbox_status_is(&box, "redis.state", "connected"));
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
}
END_TEST

/* A name server that is there and says nothing, in a mount namespace of this test's. */
START_TEST(a_name_server_that_does_not_answer_stops_nothing)
{
	char path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/resolv.conf", box.dir);
	sandbox_write(path, "nameserver 127.0.0.77\noptions timeout:30\n");
	int silent = sandbox_socket("127.0.0.77", "127.0.0.1", 9);
	close(silent);
	struct sockaddr_in address = sandbox_address("127.0.0.77", 53);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) != 0) {
		printf("SKIPPED a name server that does not answer: needs root\n");
		close(fd);
		return;
	}
	configure_host("redis.example.net");
	sandbox_start(&box);
	/* All this while looks at the status are answered: one that waited for a name server would be the last. */
	int looks = 0;
	WAIT_FOR((looks++, sandbox_redis_says(&box, "cannot resolve")));
	ck_assert_int_gt(looks, 20);
	ck_assert(sandbox_redis_says(&box, "no name server answers"));
	close(fd);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	ck_assert_int_eq(umount("/etc/resolv.conf"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis health");
	TCase *running = tcase_create("running"), *start = tcase_create("start");

	tcase_set_timeout(running, 60);
	tcase_add_checked_fixture(running, box_set_up_external, box_tear_down);
	tcase_add_test(running, a_map_that_redis_lost_is_stored_back);
	tcase_add_test(running, a_map_that_redis_lost_is_warned_of_until_it_is_loaded_again);
	tcase_add_test(running, a_deposed_daemon_learns_it_without_a_batch);
	tcase_add_test(running, a_lost_tail_is_sent_again_without_a_batch);
	tcase_add_test(running, batches_that_somebody_else_counted_are_not_taken_for_ours);
	tcase_add_test(running,
	    a_master_that_becomes_a_replica_is_named_and_gets_it_when_it_is_a_master_again);
	tcase_add_test(running, how_long_redis_takes_is_told);
	tcase_add_test(running, a_redis_that_says_nothing_for_long_is_connected_anew);
	suite_add_tcase(suite, running);

	tcase_set_timeout(start, 60);
	tcase_add_checked_fixture(start, set_up_nothing, box_tear_down);
	tcase_add_loop_test(start,
	    a_command_that_an_acl_refuses_is_named_before_anything_is_written, 0,
	    sizeof(denied) / sizeof(denied[0]));
	tcase_add_test(start, a_command_that_an_acl_refuses_while_it_is_connected_is_told_as_that);
	tcase_add_test(
	    start, a_command_that_an_acl_refuses_in_a_batch_is_probed_before_it_goes_again);
	tcase_add_test(start, the_user_of_the_manual_may_do_all_that_is_needed);
	tcase_add_test(start, keys_that_an_acl_refuses_are_named);
	tcase_add_test(start, a_redis_is_found_by_its_name);
	tcase_add_test(start, a_name_server_that_does_not_answer_stops_nothing);
	suite_add_tcase(suite, start);
	return sandbox_main(suite);
}
