/*
 * Redis goes away, comes back, hangs, forgets or is full: nothing is lost, nothing is told twice, the order stays, and
 * status says what is wrong.
 */
#include <signal.h>
#include <stdio.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/redis_client.h"

static void
set_up_bounded(void)
{
	box_set_up_bounded();
	sandbox_load(&box, SANDBOX_TOPOLOGY);
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
	ck_assert_str_eq(redis_history(box.redis),
	    "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6, 2 down 1");
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
	ck_assert_str_eq(redis_history(box.redis),
	    "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6, 1 down 7, 1 up 8");
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
	ck_assert_str_eq(redis_history(box.redis),
	    "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6, 1 down 7, 1 up 8, 1 down 9, "
	    "1 up 10");
	ck_assert_int_gt(sandbox_counter(&box, "redis.connects"), 1);
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
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4");
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
	/* It is noticed without a batch. */
	WAIT_FOR(redis_events(box.redis) >= 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_str_eq(redis_history(box.redis), "1 down 2");
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert(sandbox_log_has(&box, "lost everything"));
	/* Interfaces were told again too, and what comes next goes on. */
	ck_assert_int_eq(redis_number(box.redis, "HEXISTS dpwatch:interface:leaf1 Ethernet1/1"), 1);
	sandbox_link_up(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 3);
	ck_assert_str_eq(redis_history(box.redis), "1 down 2, 1 up 3, 2 down 3");
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
}
END_TEST

/* Of a port that is up there is no hash then; what is reported of it makes one. */
START_TEST(after_flushall_a_hash_still_says_since_when_its_port_is_up)
{
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	json_t *event = redis_nth_event(box.redis, 2);
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(sandbox_log_has(&box, "it lost everything"));
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(http_client(box.api, "PUT", "/v2.0/ports/" VM1,
			     "{\"port\": {\"data_plane_status\": \"ACTIVE\"}}", NULL),
	    200);
	WAIT_FOR(sandbox_settled(&box));
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_str_eq(redis_text(port, "dp_down"), "false");
	ck_assert_str_eq(redis_text(port, "since"), redis_text(event, "occurred_at"));
	json_decref(port);
	json_decref(event);
}
END_TEST

START_TEST(what_waits_at_a_flushall_is_folded_and_counted)
{
	json_int_t n = 0;

	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 1);
	n++;
	redis_do(box.redis, "SET dpwatch:down mine");
	flap(1, &n);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == n + 1);
	WAIT_FOR(sandbox_redis_says(&box, "dpwatch:down"));
	ck_assert_int_eq(sandbox_counter(&box, "out.folded"), 0);
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(redis_down(box.redis) == 2);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 2);
	ck_assert_int_eq(sandbox_counter(&box, "out.folded"), 3);
	ck_assert(sandbox_log_has(&box, "3 toggles that waited are folded"));
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
	ck_assert_str_eq(
	    redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6");
	ck_assert_int_gt(sandbox_counter(&box, "out.batches-resent"), 0);
}
END_TEST

START_TEST(a_redis_that_lost_more_than_is_kept_is_compared_with_what_is_known)
{
	char out[256], files[SANDBOX_PATH + 32], copy[SANDBOX_PATH + 32];

	snprintf(files, sizeof(files), "%s/appendonlydir", box.dir);
	snprintf(copy, sizeof(copy), "%s/copy", box.dir);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("cp", "-r", files, copy)), 0);
	sandbox_link_up(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 3);
	WAIT_FOR(sandbox_journaled(&box));
	/* Acknowledged batches are kept until Redis has shown for ten seconds that it has them; the journal tells when they go. */
	WAIT_FOR(sandbox_status_number(&box, "journal.bytes") == 0);
	sandbox_redis_kill(&box);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("rm", "-r", files)), 0);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("mv", copy, files)), 0);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_link_down(&box, LEAF1, 3);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	WAIT_FOR(sandbox_settled(&box));
	ck_assert(sandbox_log_has(&box, "have parted"));
	ck_assert_int_eq(redis_down(box.redis), 1);
	/* Revisions that were told once are not told again. */
	json_t *first = redis_hash(box.redis, "dpwatch:port:" VM1);
	json_t *second = redis_hash(box.redis, "dpwatch:port:" VM2);
	ck_assert_str_eq(redis_text(first, "dp_down"), "false");
	ck_assert_str_eq(redis_text(first, "revision"), "3");
	ck_assert_str_eq(redis_text(second, "revision"), "2");
	ck_assert_int_eq(redis_events(box.redis), 3);
	json_decref(first);
	json_decref(second);
}
END_TEST

START_TEST(beyond_its_bound_what_waits_is_folded_and_the_last_state_is_told)
{
	static const char *const words[] = { "down", "up" };
	char line[128];

	sandbox_redis_kill(&box);
	json_int_t n = 0;
	while (sandbox_counter(&box, "out.folded") == 0) {
		for (int i = 0; i < 100; i++, n++) {
			snprintf(line, sizeof(line),
			    "<187>%%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to %s",
			    words[n % 2]);
			sandbox_line(&box, LEAF1, line);
		}
		WAIT_FOR(sandbox_counter(&box, "syslog.event") == n);
		ck_assert_int_lt(n, 20000);
	}
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 2);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(redis_down(box.redis) == 2);
	WAIT_FOR(sandbox_settled(&box));
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	const json_t *last = json_array_get(events, json_array_size(events) - 1);
	ck_assert_str_eq(redis_text(last, "dp_down"), "true");
	/* Each of them was told, or counted as folded. */
	ck_assert_int_eq(
	    (json_int_t)json_array_size(events) + sandbox_counter(&box, "out.folded"), n + 2);
	json_decref(events);
	ck_assert(sandbox_log_has(&box, "toggles that waited are folded"));
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_down(box.redis) == 1);
}
END_TEST

START_TEST(a_redis_that_forgot_the_script_is_taught_it_again)
{
	redis_do(box.redis, "SCRIPT FLUSH");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
}
END_TEST

/* ---- full ---- */

START_TEST(a_full_redis_is_named_and_gets_it_later)
{
	redis_do(box.redis, "CONFIG SET maxmemory 1");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_redis_says(&box, "out of memory"));
	ck_assert_int_eq(redis_events(box.redis), 0);
	redis_do(box.redis, "CONFIG SET maxmemory 0");
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_redis_says(&box, NULL));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis faults");
	TCase *external = tcase_create("external"), *embedded = tcase_create("embedded");
	TCase *bounded = tcase_create("bounded");

	tcase_set_timeout(external, 60);
	tcase_add_checked_fixture(external, box_set_up_external, box_tear_down);
	tcase_add_test(external, what_happens_while_redis_is_away_arrives_in_order_and_once);
	tcase_add_test(external, a_redis_that_hangs_with_batches_under_way_gets_each_once);
	tcase_add_test(external, a_broken_connection_is_made_again_and_nothing_is_sent_twice);
	tcase_add_test(external, after_flushall_each_down_port_is_told_once);
	tcase_add_test(external, after_flushall_a_hash_still_says_since_when_its_port_is_up);
	tcase_add_test(external, what_waits_at_a_flushall_is_folded_and_counted);
	tcase_add_test(external, a_redis_that_lost_its_tail_gets_it_again_with_the_same_revisions);
	tcase_add_test(
	    external, a_redis_that_lost_more_than_is_kept_is_compared_with_what_is_known);
	tcase_add_test(external, a_redis_that_forgot_the_script_is_taught_it_again);
	tcase_add_test(external, a_full_redis_is_named_and_gets_it_later);
	suite_add_tcase(suite, external);

	tcase_set_timeout(embedded, 60);
	tcase_add_checked_fixture(embedded, box_set_up, box_tear_down);
	tcase_add_test(embedded, an_embedded_redis_that_is_killed_is_started_again);
	suite_add_tcase(suite, embedded);

	tcase_set_timeout(bounded, 60);
	tcase_add_checked_fixture(bounded, set_up_bounded, box_tear_down);
	tcase_add_test(bounded, beyond_its_bound_what_waits_is_folded_and_the_last_state_is_told);
	suite_add_tcase(suite, bounded);
	return sandbox_main(suite);
}
