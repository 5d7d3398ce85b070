/*
 * The daemon's end and its return: killed or stopped, with the Redis of its own or another; nothing is told twice, nothing
 * is left running.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/redis_client.h"

/* VM1 and VM2 go down and VM2 heals: three toggles. */
static void
some_history(void)
{
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	sandbox_link_up(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 3);
	WAIT_FOR(sandbox_settled(&box));
}

/* A field of the newest event. In static room. */
static const char *
newest(const char *field)
{
	static char text[600];
	json_t *events = redis_stream(box.redis, "dpwatch:events");

	snprintf(text, sizeof(text), "%s",
	    redis_text(json_array_get(events, json_array_size(events) - 1), field));
	json_decref(events);
	return text;
}

/* What the API says of a port: its revision, negative where it is down. */
static json_int_t
port_state(const char *id)
{
	char target[80];

	snprintf(target, sizeof(target), "/v2.0/ports/%s", id);
	json_t *answer = sandbox_get(&box, target);
	const json_t *port = json_object_get(answer, "port");
	ck_assert_ptr_nonnull(port);
	bool down = json_is_true(json_object_get(port, "dp_down"));
	json_t *hash =
	    redis_hash(box.redis, strcmp(id, VM1) == 0 ? "dpwatch:port:" VM1 : "dpwatch:port:" VM2);
	json_int_t revision = atoll(redis_text(hash, "revision"));
	json_decref(hash);
	json_decref(answer);
	return down ? -revision : revision;
}

/* ---- killed ---- */

START_TEST(a_daemon_that_was_killed_comes_back_and_tells_nothing_twice)
{
	some_history();
	pid_t redis = sandbox_embedded_redis(&box);
	ck_assert_int_gt(redis, 0);
	process_kill(&box.daemon);
	/* Its Redis dies with it, however it dies. */
	WAIT_FOR(!process_lives(redis));
	sandbox_start_ready(&box);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 3);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 3);
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert_int_eq(port_state(VM1), -1);
	ck_assert_int_eq(port_state(VM2), 2);
	ck_assert_int_eq(sandbox_status_number(&box, "redis.epoch"), 2);
	ck_assert_int_eq(sandbox_status_number(&box, "ports.down"), 1);
}
END_TEST

START_TEST(revisions_go_on_after_a_restart)
{
	some_history();
	json_int_t batch = sandbox_status_number(&box, "redis.batch");
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_status_number(&box, "redis.batch"), batch);
	/* The same word again is no change. */
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 3);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 4);
	ck_assert_str_eq(newest("port"), VM1);
	ck_assert_str_eq(newest("dp_down"), "false");
	ck_assert_str_eq(newest("revision"), "2");
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 5);
	ck_assert_str_eq(newest("revision"), "3");
}
END_TEST

START_TEST(a_recovery_after_a_restart_names_the_fault_from_before_it)
{
	char fault[600];

	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	snprintf(fault, sizeof(fault), "%s", newest("fault"));
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(newest("fault"), fault);
}
END_TEST

START_TEST(what_changed_while_the_daemon_was_away_is_told)
{
	some_history();
	process_kill(&box.daemon);
	/* Somebody moves VM1 away from the dead interface, and VM2 onto it. */
	redis_do(box.redis, "HSET dpwatch:topology:ports %s %s %s %s", VM1,
	    "{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:Ethernet1/2\"]}", VM2,
	    "{\"id\": \"" VM2 "\", \"attachments\": [\"leaf1:Ethernet1/1\"]}");
	sandbox_start_ready(&box);
	WAIT_FOR(redis_events(box.redis) == 5);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 5);
	ck_assert_int_eq(port_state(VM1), 2);
	ck_assert_int_eq(port_state(VM2), -3);
	ck_assert_int_eq(redis_down(box.redis), 1);
}
END_TEST

START_TEST(a_port_that_left_the_map_meanwhile_is_let_go)
{
	some_history();
	process_kill(&box.daemon);
	redis_do(box.redis, "HDEL dpwatch:topology:ports %s", VM1);
	sandbox_start_ready(&box);
	WAIT_FOR(redis_events(box.redis) == 4);
	ck_assert_str_eq(newest("port"), VM1);
	ck_assert_str_eq(newest("dp_down"), "false");
	ck_assert_str_eq(newest("reason"), "removed");
	ck_assert_str_eq(newest("source"), "topology");
	ck_assert_str_eq(newest("revision"), "2");
	ck_assert_int_eq(redis_down(box.redis), 0);
	/* Its hash stays for a week, so that revisions go on. */
	json_int_t seconds = redis_number(box.redis, "TTL dpwatch:port:%s", VM1);
	ck_assert_int_gt(seconds, 7 * 86400 - 60);
	ck_assert_int_le(seconds, 7 * 86400);
}
END_TEST

START_TEST(traps_that_wait_in_the_kernel_when_the_daemon_is_killed_do_no_harm)
{
	process_signal(&box.daemon, SIGSTOP);
	sandbox_link_down(&box, LEAF1, 1);
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 0);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

/* ---- stopped ---- */

START_TEST(sigterm_ends_everything_in_good_order)
{
	some_history();
	pid_t redis = sandbox_embedded_redis(&box);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	ck_assert(!process_lives(redis));
	ck_assert_int_ne(access(box.api, F_OK), 0);
	ck_assert_int_ne(access(box.redis, F_OK), 0);
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_events(box.redis), 3);
	ck_assert_int_eq(redis_down(box.redis), 1);
}
END_TEST

START_TEST(sigint_does_the_same)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	process_signal(&box.daemon, SIGINT);
	ck_assert_int_eq(process_wait(&box.daemon), 0);
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

START_TEST(two_signals_at_once_are_one_stop)
{
	/* A Ctrl-C that reaches the whole process group, and a script that passes it on. */
	process_signal(&box.daemon, SIGSTOP);
	sandbox_link_down(&box, LEAF1, 1);
	process_signal(&box.daemon, SIGINT);
	process_signal(&box.daemon, SIGTERM);
	process_signal(&box.daemon, SIGCONT);
	ck_assert_int_eq(process_wait(&box.daemon), 0);
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

START_TEST(sigterm_takes_what_waits_in_the_kernel_and_publishes_it)
{
	process_signal(&box.daemon, SIGSTOP);
	for (int i = 0; i < 20; i++) {
		sandbox_link_down(&box, LEAF1, 1);
		sandbox_link_up(&box, LEAF1, 1);
	}
	sandbox_link_down(&box, LEAF1, 2);
	sandbox_line(
	    &box, LEAF2, "<187>%LINK-3-UPDOWN: Interface Ethernet1/3, changed state to down");
	process_signal(&box.daemon, SIGTERM);
	process_signal(&box.daemon, SIGCONT);
	ck_assert_int_eq(process_wait(&box.daemon), 0);
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_events(box.redis), 41);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 42);
	ck_assert_int_eq(redis_down(box.redis), 1);
}
END_TEST

START_TEST(a_stop_waits_a_moment_for_a_slow_redis_and_leaves_the_rest_to_the_journal)
{
	process_signal(&box.server, SIGSTOP);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_status_number(&box, "redis.changes_waiting") > 0);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	ck_assert(sandbox_log_has(&box, "the next start publishes them"));
	process_signal(&box.server, SIGCONT);
	sandbox_start_ready(&box);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
}
END_TEST

START_TEST(a_stop_publishes_what_redis_takes_late)
{
	process_signal(&box.server, SIGSTOP);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_status_number(&box, "redis.changes_waiting") > 0);
	const int64_t asked_ms = process_clock_ms();
	process_signal(&box.daemon, SIGTERM);
	WAIT_FOR(sandbox_log_has(&box, "stopping"));
	process_signal(&box.server, SIGCONT);
	/* It waits for two seconds. Where this machine was busy for as long, the journal has it; Redis takes it all the same. */
	const bool in_time = process_clock_ms() - asked_ms < 1000;
	ck_assert_int_eq(process_wait(&box.daemon), 0);
	ck_assert(!in_time || !sandbox_log_has(&box, "the next start publishes them"));
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

/* ---- two at once ---- */

START_TEST(a_second_daemon_on_the_same_state_dir_is_refused_and_the_first_goes_on)
{
	struct sandbox second;
	char text[4096];
	int status;

	sandbox_init(&second);
	char *config = process_read_file(second.config);
	snprintf(
	    text, sizeof(text), "[daemon]\nstate_dir = %s\n%s", box.dir, strstr(config, "[snmp]"));
	sandbox_write(second.config, text);
	free(config);
	process_start(
	    &second.daemon, second.log, ARGV(sandbox_program("dpwatchd"), "-c", second.config));
	WAIT_FOR(process_ended(&second.daemon, &status));
	ck_assert_int_eq(status, 1);
	ck_assert(sandbox_log_has(&second, "another dpwatchd runs with state_dir"));
	ck_assert(sandbox_log_has(&second, box.dir));
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_release(&second);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("restart");
	TCase *embedded = tcase_create("embedded"), *external = tcase_create("external");

	tcase_set_timeout(embedded, 60);
	tcase_add_checked_fixture(embedded, box_set_up, box_tear_down);
	tcase_add_test(embedded, a_daemon_that_was_killed_comes_back_and_tells_nothing_twice);
	tcase_add_test(embedded, revisions_go_on_after_a_restart);
	tcase_add_test(embedded, a_recovery_after_a_restart_names_the_fault_from_before_it);
	tcase_add_test(
	    embedded, traps_that_wait_in_the_kernel_when_the_daemon_is_killed_do_no_harm);
	tcase_add_test(embedded, sigterm_ends_everything_in_good_order);
	tcase_add_test(embedded, sigint_does_the_same);
	tcase_add_test(embedded, two_signals_at_once_are_one_stop);
	tcase_add_test(embedded, sigterm_takes_what_waits_in_the_kernel_and_publishes_it);
	tcase_add_test(
	    embedded, a_second_daemon_on_the_same_state_dir_is_refused_and_the_first_goes_on);
	suite_add_tcase(suite, embedded);

	tcase_set_timeout(external, 60);
	tcase_add_checked_fixture(external, box_set_up_external, box_tear_down);
	tcase_add_test(external, what_changed_while_the_daemon_was_away_is_told);
	tcase_add_test(external, a_port_that_left_the_map_meanwhile_is_let_go);
	tcase_add_test(
	    external, a_stop_waits_a_moment_for_a_slow_redis_and_leaves_the_rest_to_the_journal);
	tcase_add_test(external, a_stop_publishes_what_redis_takes_late);
	suite_add_tcase(suite, external);
	return sandbox_main(suite);
}
