/*
 * Whose the journal is: what continues what Redis holds is sent on, whatever Redis lost; what another daemon went beyond is not.
 */
#include <stdio.h>

#include "lib/http_client.h"
#include "lib/journal_box.h"

START_TEST(a_redis_that_lost_everything_gets_what_is_owed)
{
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "FLUSHALL");
	sandbox_start_ready(&box);
	ck_assert_int_eq(strncmp(redis_history(box.redis), "1 down 1", 8), 0);
	ck_assert_int_eq(sandbox_counter(&box, "journal.foreign"), 0);
	ck_assert_int_ge(sandbox_counter(&box, "journal.recovered"), 1);
	wait_for_idle();
}
END_TEST

static void
copy_file(const char *from, const char *to)
{
	char source[SANDBOX_PATH + 32];

	snprintf(source, sizeof(source), "%s", journal_path(from));
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("cp", source, journal_path(to))), 0);
}

/* What is on disk now is what Redis is thrown back to. */
static void
remember_redis(void)
{
	redis_do(box.redis, "SAVE");
	copy_file("dump.rdb", "before.rdb");
}

/* Redis was killed, lost what came since, and is back. */
static void
throw_redis_back(void)
{
	copy_file("before.rdb", "dump.rdb");
	ck_assert_int_eq(
	    process_run(out, sizeof(out), ARGV("rm", "-rf", journal_path("appendonlydir"))), 0);
	sandbox_redis_start(&box, "--appendonly", "no");
}

/* _i: how many daemons claimed since what Redis still knows. */
START_TEST(a_redis_that_lost_the_claim_gets_what_is_owed)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	for (int i = 0; i < _i; i++) {
		process_kill(&box.daemon);
		sandbox_start_ready(&box);
	}
	kill_redis();
	/* Answered: on disk. */
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	ck_assert_int_eq(send_inform(LINK_UP, "20"), 0);
	process_kill(&box.daemon);
	throw_redis_back();
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_counter(&box, "journal.foreign"), 0);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4");
	wait_for_idle();
}
END_TEST

/* Who reads on from the last entry that it saw is told each revision once. */
START_TEST(what_a_redis_lost_comes_again_under_the_ids_that_it_had)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	flap(2);
	WAIT_FOR(redis_events(box.redis) == 6);
	json_t *had = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	kill_redis();
	throw_redis_back();
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 7);
	json_t *has = redis_ask(box.redis, "XRANGE dpwatch:events - + COUNT 6");
	ck_assert(json_equal(had, has));
	json_decref(had);
	json_decref(has);
}
END_TEST

/* Four toggles, of which the Redis that is remembered has two. */
static void
publish_and_remember_half(void)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 4);
	WAIT_FOR(toggles_in("journal") == 4);
}

/* The stream holds exactly these entries, with their ids; they are released. */
static void
expect_events(json_t *had)
{
	json_t *has = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	ck_assert(json_equal(had, has));
	json_decref(had);
	json_decref(has);
}

/* Both died at once: the next daemon has what Redis had acknowledged and lost. */
START_TEST(what_a_redis_had_and_lost_when_the_daemon_died_too_comes_again)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 4);
	WAIT_FOR(toggles_in("journal") == 4);
	json_t *had = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	process_kill(&box.daemon);
	sandbox_redis_kill(&box);
	throw_redis_back();
	ck_assert_int_eq(redis_events(box.redis), 2);
	sandbox_start_ready(&box);
	WAIT_FOR(redis_events(box.redis) == 4);
	expect_events(had);
}
END_TEST

/* _i: whether Redis is back when the daemon is told to stop, or is not. */
START_TEST(what_a_redis_had_and_lost_just_before_a_stop_comes_again)
{
	publish_and_remember_half();
	json_t *had = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	kill_redis();
	if (_i == 1) {
		const json_int_t connects = sandbox_counter(&box, "redis.connects");
		throw_redis_back();
		WAIT_FOR(sandbox_counter(&box, "redis.connects") == connects + 1);
	}
	ck_assert_int_eq(sandbox_stop(&box), 0);
	if (_i == 0)
		throw_redis_back();
	sandbox_start_ready(&box);
	WAIT_FOR(redis_events(box.redis) == 4);
	expect_events(had);
}
END_TEST

/* A daemon that was just started has what the one before it published, should Redis lose it only now. */
START_TEST(what_an_earlier_daemon_published_is_kept_by_the_next)
{
	publish_and_remember_half();
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	json_t *had = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	kill_redis();
	throw_redis_back();
	WAIT_FOR(redis_events(box.redis) == 4);
	ck_assert(sandbox_log_has(&box, "it lost batches"));
	expect_events(had);
}
END_TEST

/*
 * A Redis that was thrown back beyond the journal's first batch: nobody knows the toggle between the two any more. What Redis
 * holds as the journal's next toggle says is no toggle, and a report that was taken back between them is over.
 */
START_TEST(what_a_redis_holds_already_is_no_toggle_where_batches_before_it_are_lost)
{
	static const char *const bodies[] = { "{\"port\": {\"dp_down\": true}}",
		"{\"port\": {\"data_plane_status\": null}}" };

	for (int i = 0; i < 2; i++) {
		(i == 0 ? sandbox_link_down : sandbox_link_up)(&box, LEAF1, 1);
		ck_assert_int_eq(
		    http_client(box.api, "PUT", "/v2.0/ports/" VM1, bodies[i], NULL), 200);
		WAIT_FOR(redis_events(box.redis) == i + 1);
		WAIT_FOR(sandbox_settled(&box));
		if (i == 0)
			remember_redis();
	}
	WAIT_FOR(journal_size("journal") == 0);
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	throw_redis_back();
	sandbox_start_ready(&box);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
	ck_assert_int_eq(redis_down(box.redis), 1);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_str_eq(redis_text(port, "reported"), "false");
	json_decref(port);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(redis_down(box.redis), 0);
	wait_for_idle();
}
END_TEST

/* Somebody brings back what a FLUSHALL took. _i: the daemon dies meanwhile. */
START_TEST(what_was_told_after_a_flushall_is_not_told_to_a_redis_that_has_all_again)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_settled(&box));
	remember_redis();
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(sandbox_log_has(&box, "it lost everything"));
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_settled(&box));
	WAIT_FOR(toggles_in("journal") == 2);
	if (_i == 1)
		process_kill(&box.daemon);
	sandbox_redis_kill(&box);
	throw_redis_back();
	if (_i == 1)
		sandbox_start_ready(&box);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) >= 2);
	WAIT_FOR(redis_down(box.redis) == 0);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 3");
}
END_TEST

START_TEST(where_another_daemon_published_since_the_journal_is_set_aside)
{
	struct sandbox second;
	char server[SANDBOX_PATH + 32];

	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_init(&second);
	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&second, &(struct sandbox_lines){ .redis = server });
	sandbox_start_ready(&second);
	sandbox_link_down(&second, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_release(&second);
	sandbox_start_ready(&box);
	WAIT_FOR(sandbox_log_has(&box, "do not continue what this Redis holds (batch "));
	ck_assert_str_eq(redis_history(box.redis), "2 down 1");
	WAIT_FOR(journal_size("journal.aside") > 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal owner");
	TCase *tcase = tcase_create("journal owner");

	tcase_set_timeout(tcase, 90);
	tcase_add_checked_fixture(tcase, box_set_up_external, box_tear_down);
	tcase_add_test(tcase, a_redis_that_lost_everything_gets_what_is_owed);
	tcase_add_loop_test(tcase, a_redis_that_lost_the_claim_gets_what_is_owed, 0, 3);
	tcase_add_test(tcase, what_a_redis_lost_comes_again_under_the_ids_that_it_had);
	tcase_add_test(tcase, what_a_redis_had_and_lost_when_the_daemon_died_too_comes_again);
	tcase_add_loop_test(tcase, what_a_redis_had_and_lost_just_before_a_stop_comes_again, 0, 2);
	tcase_add_test(tcase, what_an_earlier_daemon_published_is_kept_by_the_next);
	tcase_add_test(
	    tcase, what_a_redis_holds_already_is_no_toggle_where_batches_before_it_are_lost);
	tcase_add_loop_test(
	    tcase, what_was_told_after_a_flushall_is_not_told_to_a_redis_that_has_all_again, 0, 2);
	tcase_add_test(tcase, where_another_daemon_published_since_the_journal_is_set_aside);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
