/*
 * Who is asked when: doubts before the sweep, one job per switch, patience with the silent, and what outlives another map.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/poll_plan.h"
#include "lib/run_suite.h"
#include "lib/topo_text.h"

#define SECOND INT64_C(1000000000)
#define NOW (1000 * SECOND)

static struct topo *map;
static struct poll_plan *plan;
static bool pollable[256];

static struct topo *
switches(unsigned n)
{
	char *text = malloc(64 * (n + 1));
	size_t len = (size_t)sprintf(text, "{\"switches\": [");

	for (unsigned i = 0; i < n; i++)
		len += (size_t)sprintf(text + len,
		    "%s{\"name\": \"sw%u\", \"addresses\": [\"192.0.2.%u\"]}", i > 0 ? ", " : "", i,
		    i + 1);
	sprintf(text + len, "]}");
	struct topo *topo = topo_of_text(text);
	free(text);
	return topo;
}

static void
begin(unsigned n, int64_t interval_ms)
{
	map = switches(n);
	plan = poll_plan_new(interval_ms);
	memset(pollable, true, sizeof(pollable));
	ck_assert_int_eq(poll_plan_set_topo(plan, map, pollable, NOW), 0);
}

static void
tear_down(void)
{
	poll_plan_free(plan);
	topo_free(map);
}

/* The next task must be about that switch. */
static struct poll_task
expect_next(int64_t now_ns, uint32_t sw)
{
	struct poll_task task;

	ck_assert(poll_plan_next(plan, now_ns, &task));
	ck_assert_uint_eq(task.sw, sw);
	return task;
}

static void
expect_none(int64_t now_ns)
{
	struct poll_task task;

	ck_assert(!poll_plan_next(plan, now_ns, &task));
}

/* Every switch is read once at the start. */
static void
read_all(unsigned n)
{
	for (uint32_t sw = 0; sw < n; sw++) {
		ck_assert(expect_next(NOW, sw).walk);
		poll_plan_done(plan, sw, POLL_ANSWERED, NOW, 1);
	}
	expect_none(NOW);
}

START_TEST(new_switches_are_read_whole_and_then_left_alone)
{
	begin(3, 0);
	read_all(3);
	expect_none(NOW + 3600 * SECOND);
}
END_TEST

START_TEST(a_doubted_row_is_asked_before_the_sweep_and_a_row_that_nobody_knows_is_a_whole_table)
{
	begin(3, 0);
	ck_assert(poll_plan_want_all(plan, 1, false));
	ck_assert(poll_plan_want(plan, 2, 7));
	struct poll_task task = expect_next(NOW, 2);
	ck_assert(task.walk); /* it was wanted whole, because it is new */
	poll_plan_done(plan, 2, POLL_ANSWERED, NOW, 1);
	expect_next(NOW, 0);
	expect_next(NOW, 1);
	ck_assert(poll_plan_want(plan, 2, 7));
	ck_assert(poll_plan_want(plan, 2, 9));
	ck_assert(poll_plan_want(plan, 2, 7));
	task = expect_next(NOW, 2);
	ck_assert(!task.walk);
	ck_assert_uint_eq(task.n, 2);
	ck_assert_uint_eq(task.if_indexes[0], 7);
	ck_assert_uint_eq(task.if_indexes[1], 9);
	poll_plan_done(plan, 2, POLL_ANSWERED, NOW, 1);
	ck_assert(poll_plan_want(plan, 2, 0));
	ck_assert(expect_next(NOW, 2).walk);
}
END_TEST

START_TEST(many_doubted_rows_are_a_whole_table)
{
	begin(1, 0);
	read_all(1);
	for (uint32_t i = 1; i <= POLL_GET_MAX + 1; i++)
		ck_assert(poll_plan_want(plan, 0, i));
	ck_assert(expect_next(NOW, 0).walk);
}
END_TEST

START_TEST(a_switch_that_is_being_asked_is_asked_again_when_that_is_over)
{
	begin(1, 0);
	expect_next(NOW, 0);
	ck_assert(poll_plan_want(plan, 0, 3));
	expect_none(NOW);
	poll_plan_done(plan, 0, POLL_ANSWERED, NOW, 1);
	ck_assert(!expect_next(NOW, 0).walk);
}
END_TEST

/* Of a job that is over, or was never begun. */
START_TEST(an_end_that_comes_again_or_late_changes_nothing)
{
	struct poll_totals totals;
	struct poll_view view;

	begin(1, 0);
	poll_plan_done(plan, 0, POLL_SILENT, NOW, 1);
	expect_next(NOW, 0);
	poll_plan_done(plan, 0, POLL_ANSWERED, NOW, 2);
	poll_plan_done(plan, 0, POLL_SILENT, NOW, 3);
	poll_plan_give_up(plan, 0);
	poll_plan_view(plan, 0, &view);
	ck_assert_int_eq(view.outcome, POLL_ANSWERED);
	ck_assert_int_eq(view.since_us, 2);
	ck_assert_uint_eq(view.n_silent, 0);
	poll_plan_totals(plan, &totals);
	ck_assert_uint_eq(totals.running, 0);
	expect_none(NOW);
}
END_TEST

START_TEST(no_more_than_so_many_are_asked_at_a_time)
{
	struct poll_task task;
	struct poll_totals totals;

	begin(200, 0);
	for (int i = 0; i < POLL_RUNNING_MAX; i++)
		ck_assert(poll_plan_next(plan, NOW, &task));
	expect_none(NOW);
	poll_plan_totals(plan, &totals);
	ck_assert_uint_eq(totals.running, POLL_RUNNING_MAX);
	ck_assert_uint_eq(totals.waiting, 200 - POLL_RUNNING_MAX);
	poll_plan_done(plan, 5, POLL_ANSWERED, NOW, 1);
	ck_assert(poll_plan_next(plan, NOW, &task));
	expect_none(NOW);
}
END_TEST

START_TEST(the_silent_are_left_alone_for_longer_and_longer_and_nothing_is_forgotten)
{
	int64_t now_ns = NOW;
	struct poll_view view;

	begin(1, 0);
	for (unsigned tries = 1; tries <= 8; tries++) {
		int64_t wait_ns = POLL_RETRY_NS << (tries - 1);
		expect_next(now_ns, 0);
		poll_plan_done(plan, 0, POLL_SILENT, now_ns, (int64_t)tries);
		poll_plan_view(plan, 0, &view);
		ck_assert_uint_eq(view.n_silent, tries);
		ck_assert_int_eq(view.outcome, POLL_SILENT);
		ck_assert_int_eq(view.since_us, 1);
		ck_assert_int_eq(view.asked_us, (int64_t)tries);
		wait_ns = wait_ns > POLL_RETRY_MAX_NS ? POLL_RETRY_MAX_NS : wait_ns;
		expect_none(now_ns + wait_ns - SECOND);
		now_ns += wait_ns + SECOND;
	}
	ck_assert(expect_next(now_ns, 0).walk);
	poll_plan_done(plan, 0, POLL_ANSWERED, now_ns, 99);
	poll_plan_view(plan, 0, &view);
	ck_assert_uint_eq(view.n_silent, 0);
	ck_assert_int_eq(view.since_us, 99);
}
END_TEST

START_TEST(the_sweep_reads_each_switch_once_per_interval_and_evenly)
{
	unsigned n_read[10] = { 0 };

	begin(10, 300000);
	read_all(10);
	for (int s = 1; s <= 3000; s++) {
		struct poll_task task;
		int64_t now_ns = NOW + s * SECOND;
		int n = 0;
		while (poll_plan_next(plan, now_ns, &task)) {
			poll_plan_done(plan, task.sw, POLL_ANSWERED, now_ns, 1);
			n_read[task.sw]++;
			n++;
		}
		ck_assert_int_le(n, 1);
		ck_assert_int_le(poll_plan_deadline(plan, now_ns), now_ns + 31 * SECOND);
	}
	for (int sw = 0; sw < 10; sw++)
		ck_assert_uint_eq(n_read[sw], 10 - (sw == 9));
}
END_TEST

START_TEST(who_has_no_credentials_is_not_asked)
{
	struct poll_view view;

	begin(2, 1000);
	pollable[0] = false;
	ck_assert_int_eq(poll_plan_set_topo(plan, map, pollable, NOW), 0);
	ck_assert(!poll_plan_want(plan, 0, 3));
	ck_assert(!poll_plan_want_all(plan, 0, true));
	ck_assert(!poll_plan_want_all(plan, 7, true));
	expect_next(NOW, 1);
	expect_none(NOW);
	poll_plan_view(plan, 0, &view);
	ck_assert(!view.pollable);
	ck_assert_int_eq(view.outcome, POLL_OUTCOME_MAX);
}
END_TEST

START_TEST(what_is_known_of_a_switch_goes_on_with_its_name)
{
	struct poll_view view;

	begin(3, 0);
	expect_next(NOW, 0);
	poll_plan_done(plan, 0, POLL_SILENT, NOW, 5);
	expect_next(NOW, 1); /* under way when the map changes, and after it */
	expect_next(NOW, 2);
	poll_plan_done(plan, 2, POLL_ANSWERED, NOW, 6);
	struct topo *next =
	    topo_of_text("{\"switches\": [{\"name\": \"sw9\", \"addresses\": [\"192.0.2.9\"]},"
			 " {\"name\": \"sw2\", \"addresses\": [\"192.0.2.2\"]},"
			 " {\"name\": \"sw1\", \"addresses\": [\"192.0.2.1\"]},"
			 " {\"name\": \"sw0\", \"addresses\": [\"192.0.2.3\"]}]}");
	ck_assert_int_eq(poll_plan_set_topo(plan, next, pollable, NOW), 0);
	topo_free(map);
	map = next;
	poll_plan_view(plan, 3, &view);
	ck_assert_int_eq(view.outcome, POLL_SILENT);
	ck_assert_int_eq(view.since_us, 5);
	poll_plan_view(plan, 1, &view);
	ck_assert_int_eq(view.outcome, POLL_ANSWERED);
	struct poll_totals totals;
	poll_plan_totals(plan, &totals);
	ck_assert_uint_eq(totals.running, 1);
	expect_next(NOW, 0); /* the new one */
	expect_none(NOW);
	poll_plan_done(plan, 1, POLL_ANSWERED, NOW, 7); /* nobody asked it: nothing happens */
	poll_plan_view(plan, 1, &view);
	ck_assert_int_eq(view.asked_us, 6);
	/* What was under way ends under its new number, or is broken off and asked again. */
	ck_assert_str_eq(poll_plan_name(plan, 2), "sw1");
	poll_plan_give_up(plan, 2);
	ck_assert(expect_next(NOW, 2).walk);
	poll_plan_done(plan, 2, POLL_ANSWERED, NOW, 8);
	poll_plan_done(plan, 0, POLL_ANSWERED, NOW, 8);
	poll_plan_totals(plan, &totals);
	ck_assert_uint_eq(totals.running, 0);
	expect_none(NOW);
}
END_TEST

START_TEST(maps_that_follow_each_other_do_not_keep_the_sweep_at_its_beginning)
{
	unsigned n_read[10] = { 0 };

	begin(10, 100000);
	read_all(10);
	for (int s = 1; s <= 100; s++) {
		struct poll_task task;
		int64_t now_ns = NOW + s * SECOND;
		ck_assert_int_eq(poll_plan_set_topo(plan, map, pollable, now_ns), 0);
		while (poll_plan_next(plan, now_ns, &task)) {
			poll_plan_done(plan, task.sw, POLL_ANSWERED, now_ns, 1);
			n_read[task.sw]++;
		}
	}
	for (int sw = 0; sw < 9; sw++)
		ck_assert_uint_eq(n_read[sw], 1);
}
END_TEST

START_TEST(a_sweep_that_was_late_does_not_catch_up_all_at_once)
{
	struct poll_task task;

	begin(10, 300000);
	read_all(10);
	expect_next(NOW + 3600 * SECOND, 0);
	expect_none(NOW + 3600 * SECOND);
	ck_assert(poll_plan_next(plan, NOW + 3631 * SECOND, &task));
}
END_TEST

static void
begin_two_addresses(void)
{
	map = topo_of_text("{\"switches\": [{\"name\": \"sw0\", \"addresses\": [\"192.0.2.1\","
			   " \"192.0.2.2\"]}]}");
	plan = poll_plan_new(0);
	memset(pollable, true, sizeof(pollable));
	ck_assert_int_eq(poll_plan_set_topo(plan, map, pollable, NOW), 0);
}

START_TEST(where_one_address_is_silent_the_next_is_asked_at_once_and_stays)
{
	struct poll_view view;

	begin_two_addresses();
	ck_assert_uint_eq(expect_next(NOW, 0).address, 0);
	poll_plan_done(plan, 0, POLL_SILENT, NOW, 1);
	poll_plan_view(plan, 0, &view);
	ck_assert_int_eq(view.outcome, POLL_OUTCOME_MAX);
	ck_assert_uint_eq(expect_next(NOW, 0).address, 1);
	poll_plan_done(plan, 0, POLL_ANSWERED, NOW, 2);
	poll_plan_view(plan, 0, &view);
	ck_assert_int_eq(view.outcome, POLL_ANSWERED);
	ck_assert(poll_plan_want_all(plan, 0, false));
	ck_assert_uint_eq(expect_next(NOW, 0).address, 1);
}
END_TEST

START_TEST(a_switch_is_silent_once_all_its_addresses_were)
{
	struct poll_view view;

	begin_two_addresses();
	for (int i = 0; i < 2; i++) {
		expect_next(NOW, 0);
		poll_plan_done(plan, 0, i == 0 ? POLL_UNSENT : POLL_SILENT, NOW, i + 1);
	}
	poll_plan_view(plan, 0, &view);
	ck_assert_int_eq(view.outcome, POLL_SILENT);
	ck_assert_uint_eq(view.n_silent, 1);
	expect_none(NOW + POLL_RETRY_NS - SECOND);
	ck_assert_uint_eq(expect_next(NOW + POLL_RETRY_NS + SECOND, 0).address, 0);
}
END_TEST

START_TEST(a_wrong_community_is_no_reason_to_try_another_address)
{
	begin_two_addresses();
	expect_next(NOW, 0);
	poll_plan_done(plan, 0, POLL_REFUSED, NOW, 1);
	expect_none(NOW);
}
END_TEST

/* It was silent while it booted; the coldStart says that it is back. */
START_TEST(a_silent_switch_of_which_somebody_knows_better_is_asked_at_once)
{
	begin(1, 0);
	for (int i = 0; i < 4; i++) {
		expect_next(NOW + i * 1000 * SECOND, 0);
		poll_plan_done(plan, 0, POLL_SILENT, NOW + i * 1000 * SECOND, 1);
	}
	expect_none(NOW + 3001 * SECOND);
	ck_assert(poll_plan_want_all(plan, 0, true));
	expect_next(NOW + 3001 * SECOND, 0);
	poll_plan_done(plan, 0, POLL_SILENT, NOW + 3001 * SECOND, 1);
	/* It is still booting: patience begins anew. */
	expect_next(NOW + 3001 * SECOND + POLL_RETRY_NS, 0);
}
END_TEST

START_TEST(those_that_seem_dead_do_not_hold_up_the_others)
{
	const int64_t later_ns = NOW + POLL_RETRY_NS + SECOND;
	struct poll_task task;
	int n = 0;

	begin(200, 0);
	for (uint32_t sw = 0; sw < 200; sw++) {
		expect_next(NOW, sw);
		poll_plan_done(plan, sw, sw < 100 ? POLL_SILENT : POLL_ANSWERED, NOW, 1);
	}
	/* Doubted, too: that brings nobody before one that answers. */
	for (uint32_t sw = 0; sw < 100; sw++)
		ck_assert(poll_plan_want(plan, sw, 3));
	while (poll_plan_next(plan, later_ns, &task)) {
		ck_assert_uint_lt(task.sw, 100);
		n++;
	}
	ck_assert_int_eq(n, POLL_PROBED_MAX);
	ck_assert(poll_plan_want(plan, 150, 3));
	expect_next(later_ns, 150);
	/* One that is known to be back is no probe. */
	ck_assert(poll_plan_want_all(plan, 99, true));
	expect_next(later_ns, 99);
	/* The others get their turn. */
	poll_plan_done(plan, task.sw, POLL_SILENT, later_ns, 1);
	ck_assert(poll_plan_next(plan, later_ns + POLL_LOOK_NS, &task));
	ck_assert_uint_lt(task.sw, 100);
}
END_TEST

START_TEST(other_credentials_are_tried_at_once)
{
	begin(1, 0);
	expect_next(NOW, 0);
	poll_plan_done(plan, 0, POLL_REFUSED, NOW, 1);
	expect_none(NOW + SECOND);
	poll_plan_forgive(plan);
	expect_next(NOW + SECOND, 0);
}
END_TEST

START_TEST(what_is_wanted_later_comes_when_it_is_due_also_after_another_map)
{
	begin(2, 0);
	read_all(2);
	ck_assert(poll_plan_want_later(plan, 1, NOW + 3 * SECOND));
	ck_assert(poll_plan_want_later(plan, 1, NOW + 9 * SECOND));
	expect_none(NOW + 2 * SECOND);
	ck_assert_int_eq(poll_plan_set_topo(plan, map, pollable, NOW + 2 * SECOND), 0);
	expect_none(NOW + 2 * SECOND);
	ck_assert(expect_next(NOW + 3 * SECOND, 1).walk);
	poll_plan_done(plan, 1, POLL_ANSWERED, NOW + 3 * SECOND, 1);
	expect_none(NOW + 10 * SECOND);
}
END_TEST

START_TEST(a_switch_that_has_more_interfaces_in_the_next_map_is_read)
{
	begin(2, 0);
	read_all(2);
	struct topo *next =
	    topo_of_text("{\"switches\": [{\"name\": \"sw0\", \"addresses\": [\"192.0.2.1\"]},"
			 " {\"name\": \"sw1\", \"addresses\": [\"192.0.2.2\"],"
			 " \"interfaces\": [{\"name\": \"Ethernet1\"}]}]}");
	ck_assert_int_eq(poll_plan_set_topo(plan, next, pollable, NOW), 0);
	topo_free(map);
	map = next;
	ck_assert(expect_next(NOW, 1).walk);
	poll_plan_done(plan, 1, POLL_ANSWERED, NOW, 1);
	ck_assert_int_eq(poll_plan_set_topo(plan, next, pollable, NOW), 0);
	expect_none(NOW);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("poll_plan");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, new_switches_are_read_whole_and_then_left_alone);
	tcase_add_test(tcase,
	    a_doubted_row_is_asked_before_the_sweep_and_a_row_that_nobody_knows_is_a_whole_table);
	tcase_add_test(tcase, many_doubted_rows_are_a_whole_table);
	tcase_add_test(tcase, a_switch_that_is_being_asked_is_asked_again_when_that_is_over);
	tcase_add_test(tcase, an_end_that_comes_again_or_late_changes_nothing);
	tcase_add_test(tcase, no_more_than_so_many_are_asked_at_a_time);
	tcase_add_test(
	    tcase, the_silent_are_left_alone_for_longer_and_longer_and_nothing_is_forgotten);
	tcase_add_test(tcase, the_sweep_reads_each_switch_once_per_interval_and_evenly);
	tcase_add_test(tcase, who_has_no_credentials_is_not_asked);
	tcase_add_test(tcase, what_is_known_of_a_switch_goes_on_with_its_name);
	tcase_add_test(tcase, maps_that_follow_each_other_do_not_keep_the_sweep_at_its_beginning);
	tcase_add_test(tcase, a_sweep_that_was_late_does_not_catch_up_all_at_once);
	tcase_add_test(tcase, where_one_address_is_silent_the_next_is_asked_at_once_and_stays);
	tcase_add_test(tcase, a_switch_is_silent_once_all_its_addresses_were);
	tcase_add_test(tcase, a_wrong_community_is_no_reason_to_try_another_address);
	tcase_add_test(tcase, a_silent_switch_of_which_somebody_knows_better_is_asked_at_once);
	tcase_add_test(tcase, those_that_seem_dead_do_not_hold_up_the_others);
	tcase_add_test(tcase, other_credentials_are_tried_at_once);
	tcase_add_test(tcase, what_is_wanted_later_comes_when_it_is_due_also_after_another_map);
	tcase_add_test(tcase, a_switch_that_has_more_interfaces_in_the_next_map_is_read);
	return run_case("poll_plan", tcase);
}
