/*
 * dpwatch-neutron where Neutron fails, a person must mend something, too much goes down at once, or Redis loses things.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/neutron_case.h"
#include "lib/redis_client.h"

/* ---- faults ---- */

static const struct {
	const char *fault, *text; /* text: of the last error, as the log has it */
} faults[] = {
	{ "429", "429: slow down" },
	{ "500", "500, Neutron itself fails" },
	{ "409", "409: somebody else is at it" },
	{ "html503", "503 without Neutron's JSON" },
	{ "html200", "something else answers at Neutron's address" },
	{ "half", "no answer: " },
	{ "redirect", "301 redirects to" },
	{ "drop", "no answer: " },
};
#define N_FAULTS ((int)(sizeof(faults) / sizeof(faults[0])))

START_TEST(a_fault_that_passes_is_only_a_delay)
{
	char told[64];

	snprintf(told, sizeof(told), "{'fault': '%s', 'times': 3}", faults[_i].fault);
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, told);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 3);
	ck_assert_msg(neutron_box_log_has(&box, faults[_i].text), "%s", faults[_i].text);
}
END_TEST

START_TEST(a_retry_after_that_is_a_date_is_waited_for)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'fault': 'date', 'times': 2, 'delay': 0.5}");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 2);
	/* Both ports were asked for before the first answer. */
	ck_assert_int_eq(neutron_box_number(&box, "hasty"), 0);
}
END_TEST

START_TEST(a_slow_answer_is_waited_for)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'hold': true}");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	/* Back before the first request has had its answer. */
	WAIT_FOR(neutron_box_number(&box, "most") == 2);
	sandbox_link_up(&box.sandbox, LEAF1, 2);
	WAIT_FOR(redis_down(box.sandbox.redis) == 0);
	neutron_box_tell(&box, "{'hold': false}");
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 2);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 4), 2);
}
END_TEST

static const struct {
	const char *fault, *text;
} mends[] = {
	{ "403", "a role is missing" },
	{ "unrecognized", "add data_plane_status to [ml2] extension_drivers" },
};

START_TEST(what_a_person_must_mend_is_said_and_holds_the_queue)
{
	char told[64];

	snprintf(told, sizeof(told), "{'fault': '%s'}", mends[_i].fault);
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, told);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_problem_has(&box, mends[_i].text));
	WAIT_FOR(neutron_box_state_is(&box, "held"));
	ck_assert_int_eq(redis_number(box.sandbox.redis, "HLEN dpwatch:neutron:sent"), 0);
	ck_assert_int_eq(neutron_box_puts(&box, 0), 0);
	/* Mended: nobody need wait for the next try. */
	neutron_box_tell(&box, "{'fault': null}");
	process_signal(&box.forwarders[0], SIGHUP);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
}
END_TEST

/* ---- the brake ---- */

/* All is on the stream before the forwarder reads on: what this machine puts in between is no matter. */
static void
fail_at_once(void)
{
	process_signal(&box.forwarders[0], SIGSTOP);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(redis_down(box.sandbox.redis) == 60);
	process_signal(&box.forwarders[0], SIGCONT);
}

START_TEST(a_mass_failure_is_held_until_somebody_releases_it)
{
	static char text[SANDBOX_TEXT];

	neutron_box_end(&box);
	neutron_box_begin(&box, 60, 10, "max_down = 20%\nreconcile_every = off\n");
	neutron_box_start(&box, 0);
	fail_at_once();
	WAIT_FOR(neutron_box_state_is(&box, "braked"));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 0);
	ck_assert_int_eq(
	    process_run(text, sizeof(text),
		ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "status")),
	    1);
	ck_assert_msg(strstr(text, "THE BRAKE IS ON") && strstr(text, "60 ports"), "%s", text);
	ck_assert_int_eq(
	    process_run(text, sizeof(text),
		ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "release")),
	    0);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 60);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(
	    process_run(text, sizeof(text),
		ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "release")),
	    1);
}
END_TEST

/* Whether the brake came before the first DOWN. */
static bool
is_held_whole(void)
{
	neutron_box_end(&box);
	neutron_box_begin(&box, 490, 10, "max_down = 20%\nreconcile_every = off\n");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_state_is(&box, "braked"));
	const bool whole = neutron_box_puts(&box, 0) == 0;
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 490);
	ck_assert_int_ge(neutron_box_puts(&box, 0), 490);
	return whole;
}

/*
 * The limit, 100 ports, is more than dpwatchd sends ahead and with its first batch: the brake must wait for the others. It does so
 * for 0.1 s, which may pass on a busy machine.
 */
START_TEST(a_failure_that_comes_in_several_batches_is_held_whole)
{
	WAIT_FOR(is_held_whole());
}
END_TEST

START_TEST(what_recovers_behind_the_brake_is_never_sent_down)
{
	neutron_box_end(&box);
	neutron_box_begin(&box, 60, 10, "reconcile_every = off\n");
	neutron_box_start(&box, 0);
	fail_at_once();
	WAIT_FOR(neutron_box_state_is(&box, "braked"));
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 60);
	json_t *seen = neutron_box_seen(&box), *put;
	size_t i;
	json_array_foreach(json_object_get(seen, "puts"), i, put)
	    ck_assert_str_eq(json_string_value(json_array_get(put, 1)), "ACTIVE");
	json_decref(seen);
}
END_TEST

/* ---- Redis ---- */

START_TEST(a_group_that_is_gone_is_made_again_and_nothing_is_missed)
{
	neutron_box_start(&box, 0);
	redis_do(box.sandbox.redis, "XGROUP DESTROY dpwatch:events neutron");
	WAIT_FOR(neutron_box_log_has(&box, "NOGROUP"));
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
}
END_TEST

/* PUTs that set this value. */
static int
puts_of(const char *value)
{
	json_t *seen = neutron_box_seen(&box), *put;
	size_t i;
	int n = 0;

	json_array_foreach(json_object_get(seen, "puts"), i, put) n +=
	    strcmp(json_string_value(json_array_get(put, 1)), value) == 0;
	json_decref(seen);
	return n;
}

START_TEST(a_redis_that_lost_everything_makes_no_port_flap)
{
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
	redis_do(box.sandbox.redis, "FLUSHALL");
	WAIT_FOR(redis_down(box.sandbox.redis) == 3);
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 5);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(puts_of("ACTIVE"), 0);
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 3);
	WAIT_FOR(neutron_box_settled(&box));
}
END_TEST

START_TEST(what_was_trimmed_away_before_it_was_sent_is_found_by_comparing)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'delay': 600}");
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_number(&box, "most") == 3);
	process_kill(&box.forwarders[0]);
	redis_do(box.sandbox.redis, "XTRIM dpwatch:events MAXLEN 0");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(redis_down(box.sandbox.redis) == 5);
	redis_do(box.sandbox.redis, "XTRIM dpwatch:events MAXLEN 0");
	neutron_box_tell(&box, "{'delay': 0}");
	neutron_box_start(&box, 0);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 5);
	WAIT_FOR(neutron_box_settled(&box));
}
END_TEST

START_TEST(a_redis_that_dies_and_comes_back_loses_no_toggle)
{
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	ck_assert_int_eq(kill(sandbox_embedded_redis(&box.sandbox), SIGKILL), 0);
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 2);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 3);
	WAIT_FOR(neutron_box_settled(&box));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("neutron faults");
	TCase *tcase = tcase_create("faults");

	tcase_add_checked_fixture(tcase, neutron_case_set_up, neutron_case_tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, a_fault_that_passes_is_only_a_delay, 0, N_FAULTS);
	tcase_add_test(tcase, a_retry_after_that_is_a_date_is_waited_for);
	tcase_add_test(tcase, a_slow_answer_is_waited_for);
	tcase_add_loop_test(tcase, what_a_person_must_mend_is_said_and_holds_the_queue, 0, 2);
	tcase_add_test(tcase, a_mass_failure_is_held_until_somebody_releases_it);
	tcase_add_test(tcase, a_failure_that_comes_in_several_batches_is_held_whole);
	tcase_add_test(tcase, what_recovers_behind_the_brake_is_never_sent_down);
	tcase_add_test(tcase, a_group_that_is_gone_is_made_again_and_nothing_is_missed);
	tcase_add_test(tcase, a_redis_that_lost_everything_makes_no_port_flap);
	tcase_add_test(tcase, what_was_trimmed_away_before_it_was_sent_is_found_by_comparing);
	tcase_add_test(tcase, a_redis_that_dies_and_comes_back_loses_no_toggle);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
