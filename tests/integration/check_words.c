/*
 * Which word to believe, in a daemon that runs: echoes, contradictions, flapping, and what people hold by hand.
 */
#include <signal.h>
#include <string.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"

static void
begin_with(const char *state)
{
	sandbox_init(&box);
	sandbox_configure(&box, &(struct sandbox_lines){ .state = state });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* A trap, and the counter that says that it was decided on. */
static void
trap(bool up, json_int_t n)
{
	if (up)
		sandbox_link_up(&box, LEAF1, 1);
	else
		sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == n);
}

START_TEST(the_line_of_a_transition_that_a_trap_told_is_its_echo)
{
	begin_with(NULL);
	sandbox_line(
	    &box, LEAF1, "<189>26: %LINK-3-UPDOWN: Interface Ethernet1/2, changed state to up");
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == 1);
	trap(false, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	trap(true, 2);
	WAIT_FOR(redis_events(box.redis) == 2);
	sandbox_line(
	    &box, LEAF1, "<189>27: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	sandbox_line(
	    &box, LEAF1, "<189>28: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	WAIT_FOR(sandbox_counter(&box, "event.echo") == 2);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 2);
	ck_assert_int_eq(redis_down(box.redis), 0);
}
END_TEST

/* The lines lag behind the traps, and the daemon is killed in between. */
START_TEST(an_echo_is_one_over_a_restart_as_well)
{
	begin_with(NULL);
	sandbox_line(
	    &box, LEAF1, "<189>26: %LINK-3-UPDOWN: Interface Ethernet1/2, changed state to up");
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == 1);
	trap(false, 1);
	trap(true, 2);
	WAIT_FOR(redis_events(box.redis) == 2 && sandbox_settled(&box));
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	sandbox_line(
	    &box, LEAF1, "<189>27: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	sandbox_line(
	    &box, LEAF1, "<189>28: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	/* The second is the echo of what is so: it also makes the interface certain. */
	WAIT_FOR(
	    sandbox_counter(&box, "event.echo") == 1 && sandbox_counter(&box, "event.learnt") == 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 2);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 2);
}
END_TEST

START_TEST(what_is_held_by_hand_for_a_time_ends_then_over_a_restart)
{
	begin_with(NULL);
	ck_assert_int_eq(
	    run(ARGV("interface", "set", "leaf1:Ethernet1/1", "down", "--for", "4s")), 0);
	WAIT_FOR(redis_events(box.redis) >= 1);
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(redis_down(box.redis), 0);
	ck_assert_int_eq(run(ARGV("interface", "list", "leaf1", "--uncertain")), 0);
	ck_assert_ptr_null(strstr(out, "Ethernet1/1"));
}
END_TEST

START_TEST(a_contradiction_waits_for_source_settle_and_not_longer)
{
	/* Longer than what comes before the line, and the look at Redis behind it. */
	begin_with("source_settle = 6s");
	trap(false, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_line(
	    &box, LEAF1, "<189>28: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	WAIT_FOR(sandbox_counter(&box, "event.waits") == 1);
	ck_assert_int_eq(redis_down(box.redis), 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(redis_down(box.redis), 0);
	ck_assert_int_eq(run(ARGV("interface", "list", "--uncertain")), 0);
	expect_in("Ethernet1/1");
}
END_TEST

START_TEST(a_flapping_interface_is_held_down_says_so_and_is_let_go)
{
	begin_with("dampening = 5s 1000 2000 20s");
	/* All at once, however long this machine takes to send them. */
	process_signal(&box.daemon, SIGSTOP);
	for (int i = 0; i < 5; i++)
		if (i % 2 == 0)
			sandbox_link_down(&box, LEAF1, 1);
		else
			sandbox_link_up(&box, LEAF1, 1);
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 5);
	WAIT_FOR(sandbox_log_has(&box, "flaps: held down until it has been quiet"));
	trap(true, 6);
	WAIT_FOR(redis_events(box.redis) == 5);
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert_int_eq(run(ARGV("interface", "list", "leaf1")), 0);
	expect_in("down, held");
	expect_in("flapping");
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	ck_assert_str_eq(redis_text(json_array_get(events, 4), "reason"), "flapping");
	json_decref(events);
	json_t *links = redis_stream(box.redis, "dpwatch:link-events");
	ck_assert_str_eq(redis_text(json_array_get(links, 4), "reason"), "flapping");
	json_decref(links);
	/* What is left of the penalty outlives the daemon. */
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	WAIT_FOR(redis_events(box.redis) == 6);
	ck_assert_int_eq(redis_down(box.redis), 0);
}
END_TEST

START_TEST(an_interface_is_held_by_hand_also_over_a_restart)
{
	begin_with(NULL);
	ck_assert_int_eq(run(ARGV("interface", "set", "leaf1:Ethernet1/1", "down", "--note",
			     "drain \"rack\" 7", "--for", "1h")),
	    0);
	expect_in("leaf1:Ethernet1/1: held down by ");
	WAIT_FOR(redis_events(box.redis) == 1);
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	ck_assert_str_eq(redis_text(json_array_get(events, 0), "reason"), "override");
	ck_assert_str_eq(redis_text(json_array_get(events, 0), "source"), "api");
	json_decref(events);
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	ck_assert_int_eq(run(ARGV("status")), 0);
	expect_in("overrides   leaf1:Ethernet1/1: held down by ");
	expect_in(": drain \"rack\" 7");
	ck_assert_int_eq(run(ARGV("port", "explain", "vm1-eth0")), 0);
	expect_in(", held down by ");
	ck_assert_int_eq(run(ARGV("interface", "list", "--overridden")), 0);
	expect_in("down, by hand");
	ck_assert_int_eq(redis_events(box.redis), 1);
	ck_assert_int_eq(run(ARGV("interface", "set", "leaf1:Ethernet1/1", "auto")), 0);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(redis_down(box.redis), 0);
	ck_assert_int_eq(run(ARGV("interface", "set", "leaf1:Ethernet9/9", "down")), 1);
	ck_assert_int_eq(run(ARGV("interface", "set", "leaf1:Ethernet1/1", "sideways")), 2);
	ck_assert_int_eq(run(ARGV("interface", "set", "leaf1", "down")), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("words");
	TCase *tcase = tcase_create("words");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, box_tear_down);
	tcase_add_test(tcase, the_line_of_a_transition_that_a_trap_told_is_its_echo);
	tcase_add_test(tcase, an_echo_is_one_over_a_restart_as_well);
	tcase_add_test(tcase, what_is_held_by_hand_for_a_time_ends_then_over_a_restart);
	tcase_add_test(tcase, a_contradiction_waits_for_source_settle_and_not_longer);
	tcase_add_test(tcase, a_flapping_interface_is_held_down_says_so_and_is_let_go);
	tcase_add_test(tcase, an_interface_is_held_by_hand_also_over_a_restart);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
