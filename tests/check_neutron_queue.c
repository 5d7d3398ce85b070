#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/neutron_queue_fixture.h"
#include "lib/run_suite.h"

/* ---- order ---- */

START_TEST(ports_that_go_down_come_first_and_then_the_oldest)
{
	ck_assert_uint_eq(add(1, false, 1), 0);
	ck_assert_uint_eq(add(2, true, 2), 0);
	ck_assert_uint_eq(add(3, false, 3), 0);
	ck_assert_uint_eq(add(4, true, 4), 0);
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 4);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(next(), 3);
}
END_TEST

START_TEST(no_more_than_parallel_at_a_time)
{
	for (unsigned i = 1; i <= PARALLEL + 1; i++)
		add(i, true, i);
	for (unsigned i = 1; i <= PARALLEL; i++)
		ck_assert_uint_eq(next(), i);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(neutron_queue_deadline(queue, now), INT64_MAX);
	ck_assert_uint_eq(done(2, NEUTRON_SENT, true), 2);
	ck_assert_uint_eq(next(), PARALLEL + 1);
}
END_TEST

/* ---- folding ---- */

START_TEST(a_newer_entry_takes_the_place_of_an_older_one_which_is_acknowledged)
{
	add(1, true, 1);
	add(2, true, 2);
	ck_assert_uint_eq(add(1, false, 3), 1);
	/* Not DOWN any more, so behind the other. */
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(next(), 0);
	ck_assert_uint_eq(done(1, NEUTRON_SENT, false), 3);
}
END_TEST

START_TEST(an_entry_that_comes_while_its_port_is_sent_makes_it_wait_again)
{
	add(1, true, 1);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(add(1, false, 2), 1);
	ck_assert_uint_eq(next(), 0);
	ck_assert_uint_eq(done(1, NEUTRON_SENT, true), 0);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(done(1, NEUTRON_SENT, false), 2);
	ck_assert_uint_eq(next(), 0);
}
END_TEST

START_TEST(an_older_entry_that_comes_late_is_acknowledged_and_the_same_is_no_news)
{
	add(1, true, 5);
	ck_assert_uint_eq(add(1, false, 4), 4);
	ck_assert_uint_eq(add(1, true, 5), 0);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(done(1, NEUTRON_EQUAL, true), 5);
	/* Nothing waits: even an old one is looked at, for its port may have been given to nobody else. */
	ck_assert_uint_eq(add(1, false, 3), 0);
	ck_assert_uint_eq(next(), 1);
}
END_TEST

START_TEST(what_comparing_found_has_no_entry_and_forces)
{
	struct neutron_change change = change_of(1, true, 0);
	struct neutron_entry ack;
	struct neutron_job job;

	change.force = true;
	add(1, true, 7);
	ck_assert_int_eq(neutron_queue_add(queue, &change, &ack), 0);
	ck_assert_uint_eq(ack.seq, 0);
	ck_assert(neutron_queue_next(queue, now, &job));
	ck_assert(job.force);
	ck_assert_int_eq(job.since_us, 507);
	ck_assert_uint_eq(done(1, NEUTRON_SENT, true), 7);
	ck_assert_uint_eq(add(1, false, 8), 0);
	ck_assert(neutron_queue_next(queue, now, &job));
	ck_assert(!job.force);
}
END_TEST

START_TEST(a_port_whose_state_moved_on_comes_again_as_what_it_is_now)
{
	add(1, true, 1);
	add(2, false, 2);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(done(1, NEUTRON_MOVED, false), 0);
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(done(1, NEUTRON_SENT, false), 1);
}
END_TEST

/* ---- trouble ---- */

START_TEST(one_port_that_is_refused_waits_alone_and_longer_each_time)
{
	int64_t waited = 0;

	add(1, true, 1);
	for (int i = 0; i < 12; i++) {
		ck_assert_uint_eq(next(), 1);
		done(1, NEUTRON_LATER, true);
		ck_assert_uint_eq(next(), 0);
		int64_t due = neutron_queue_deadline(queue, now);
		ck_assert_int_gt(due - now, waited / 2);
		ck_assert_int_le(due - now, 75000);
		waited = due - now;
		/* Others go on. */
		add(2, false, 2 + (uint64_t)i);
		ck_assert_uint_eq(next(), 2);
		ck_assert_uint_ne(done(2, NEUTRON_SENT, false), 0);
		now = due;
	}
	ck_assert_int_ge(waited, 45000);
}
END_TEST

START_TEST(when_neutron_is_away_everything_pauses_and_one_request_tries)
{
	for (unsigned i = 1; i <= 8; i++)
		add(i, true, i);
	for (unsigned i = 1; i <= PARALLEL; i++)
		ck_assert_uint_eq(next(), i);
	/* They fail together: that is one failure. */
	for (unsigned i = 1; i <= PARALLEL; i++)
		ck_assert_uint_eq(done(i, NEUTRON_AWAY, true), 0);
	ck_assert_uint_eq(view().failures, 1);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_gt(neutron_queue_deadline(queue, now), now + 180);
	ck_assert_int_le(neutron_queue_deadline(queue, now), now + 320);
	now = neutron_queue_deadline(queue, now);
	ck_assert_uint_eq(next(), 5);
	ck_assert_uint_eq(next(), 0);
	done(5, NEUTRON_AWAY, true);
	ck_assert_uint_eq(view().failures, 2);
	ck_assert_int_gt(view().paused_ms, 350);
	/* Back: all at once again. */
	now += 1000;
	ck_assert_uint_eq(next(), 6);
	ck_assert_uint_eq(done(6, NEUTRON_SENT, true), 6);
	ck_assert_uint_eq(view().failures, 0);
	for (unsigned i = 0; i < PARALLEL; i++)
		ck_assert_uint_ne(next(), 0);
}
END_TEST

START_TEST(a_pause_grows_to_half_a_minute_and_not_beyond)
{
	add(1, true, 1);
	for (int i = 0; i < 20; i++) {
		ck_assert_uint_eq(next(), 1);
		done(1, NEUTRON_AWAY, true);
		ck_assert_int_le(view().paused_ms, 37500);
		now = neutron_queue_deadline(queue, now);
	}
	ck_assert_uint_eq(next(), 1);
	done(1, NEUTRON_AWAY, true);
	ck_assert_int_ge(view().paused_ms, 22500);
}
END_TEST

START_TEST(what_neutron_asks_for_is_granted_within_bounds)
{
	add(1, true, 1);
	ck_assert_uint_eq(next(), 1);
	done_after(1, NEUTRON_AWAY, true, 60000);
	ck_assert_int_eq(view().paused_ms, 60000);
	now += 60000;
	ck_assert_uint_eq(next(), 1);
	done_after(1, NEUTRON_AWAY, true, 86400000);
	ck_assert_int_eq(view().paused_ms, 300000);
}
END_TEST

START_TEST(what_a_person_must_mend_holds_all_and_each_try_is_another_port)
{
	add(1, true, 1);
	add(2, true, 2);
	ck_assert_uint_eq(next(), 1);
	done(1, NEUTRON_HELD, true);
	ck_assert(view().held);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(neutron_queue_deadline(queue, now), now + 30000);
	now += 30000;
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 0);
	ck_assert_uint_eq(done(2, NEUTRON_SENT, true), 2);
	ck_assert(!view().held);
	now += 100000;
	ck_assert_uint_eq(next(), 1);
}
END_TEST

START_TEST(somebody_who_mended_it_need_not_wait)
{
	add(1, true, 1);
	ck_assert_uint_eq(next(), 1);
	done(1, NEUTRON_HELD, true);
	ck_assert_uint_eq(next(), 0);
	neutron_queue_wake(queue, now);
	ck_assert_uint_eq(next(), 1);
}
END_TEST

START_TEST(a_port_that_another_instance_is_at_is_tried_soon)
{
	add(1, true, 1);
	ck_assert_uint_eq(next(), 1);
	done(1, NEUTRON_ELSEWHERE, true);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_le(neutron_queue_deadline(queue, now), now + 250);
	now += 250;
	ck_assert_uint_eq(next(), 1);
}
END_TEST

START_TEST(what_was_not_tried_is_ready_again)
{
	add(1, true, 1);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(done(1, NEUTRON_UNDONE, true), 0);
	ck_assert_uint_eq(next(), 1);
}
END_TEST

/* ---- the whole ---- */

START_TEST(the_view_counts_and_knows_the_oldest)
{
	add(1, true, 1);
	add(2, true, 2);
	add(3, false, 3);
	add(4, true, 4);
	ck_assert_uint_eq(next(), 1);
	done(1, NEUTRON_LATER, true);
	ck_assert_uint_eq(next(), 2);
	struct neutron_queue_view result = view();
	ck_assert_uint_eq(result.waiting_down, 1);
	ck_assert_uint_eq(result.waiting_active, 1);
	ck_assert_uint_eq(result.delayed, 1);
	ck_assert_uint_eq(result.busy, 1);
	ck_assert_int_eq(neutron_queue_oldest_us(queue), 501);
}
END_TEST

START_TEST(entries_that_are_owed_can_be_walked)
{
	struct neutron_entry entry;
	uint32_t cursor = 0;
	uint64_t sum = 0;

	for (unsigned i = 1; i <= 5; i++)
		add(i, true, i);
	add(6, true, 0);
	ck_assert_uint_eq(next(), 1);
	done(1, NEUTRON_SENT, true);
	while (neutron_queue_entry(queue, &cursor, &entry))
		sum += entry.seq;
	ck_assert_uint_eq(sum, 2 + 3 + 4 + 5);
}
END_TEST

/* Every entry is acknowledged once, and every port's last one last, whatever becomes of the jobs. */
START_TEST(nothing_is_lost_over_many_random_steps)
{
	enum { PORTS = 500, STEPS = 40000 };
	static uint64_t newest[PORTS + 1], acknowledged;
	static unsigned busy[PARALLEL];
	unsigned n_busy = 0, port;
	uint64_t seq = 0, acks = 0;

	srand(1);
	for (int step = 0; step < STEPS || n_busy > 0 || acks < seq; step++) {
		ck_assert_int_lt(step, 10 * STEPS);
		now += rand() % 50;
		if (step < STEPS && rand() % 2 == 0) {
			port = 1 + (unsigned)rand() % (step < STEPS / 2 ? PORTS : 20);
			acks += add(port, rand() % 2, ++seq) != 0;
			newest[port] = seq;
		}
		if ((port = next()) != 0)
			busy[n_busy++] = port;
		if (n_busy == 0 || (n_busy < PARALLEL && rand() % 3 == 0)) {
			if (n_busy == 0 && step >= STEPS)
				now += 700000;
			continue;
		}
		port = busy[0];
		memmove(busy, busy + 1, --n_busy * sizeof(busy[0]));
		enum neutron_outcome outcome = (enum neutron_outcome)(rand() % NEUTRON_OUTCOME_MAX);
		if (outcome == NEUTRON_BRAKED || step >= STEPS)
			outcome = NEUTRON_SENT;
		acknowledged = done(port, outcome, rand() % 2);
		acks += acknowledged != 0;
		if (acknowledged != 0)
			ck_assert_uint_eq(acknowledged, newest[port]);
	}
	ck_assert_uint_eq(acks, seq);
	ck_assert_int_eq(neutron_queue_oldest_us(queue), 0);
}
END_TEST

/* ---- ids of entries ---- */

static const struct {
	const char *text;
	uint64_t ms, seq;
	bool good;
} ids[] = {
	{ "1714564800000-0", 1714564800000, 0, true },
	{ "0-1", 0, 1, true },
	{ "18446744073709551615-18446744073709551615", UINT64_MAX, UINT64_MAX, true },
	{ "18446744073709551616-0", 0, 0, false },
	{ "1", 0, 0, false },
	{ "-1", 0, 0, false },
	{ "1-", 0, 0, false },
	{ "1-2-3", 0, 0, false },
	{ "", 0, 0, false },
};

START_TEST(an_id_is_two_numbers)
{
	struct neutron_entry entry = { 7, 7 };
	char buf[NEUTRON_ENTRY_TEXT];

	ck_assert(neutron_entry_parse(ids[_i].text, strlen(ids[_i].text), &entry) == ids[_i].good);
	if (!ids[_i].good) {
		ck_assert_uint_eq(entry.ms, 7);
		return;
	}
	ck_assert_uint_eq(entry.ms, ids[_i].ms);
	ck_assert_uint_eq(entry.seq, ids[_i].seq);
	ck_assert_str_eq(neutron_entry_format(entry, buf), ids[_i].text);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("queue");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, ports_that_go_down_come_first_and_then_the_oldest);
	tcase_add_test(tcase, no_more_than_parallel_at_a_time);
	tcase_add_test(tcase, a_newer_entry_takes_the_place_of_an_older_one_which_is_acknowledged);
	tcase_add_test(tcase, an_entry_that_comes_while_its_port_is_sent_makes_it_wait_again);
	tcase_add_test(
	    tcase, an_older_entry_that_comes_late_is_acknowledged_and_the_same_is_no_news);
	tcase_add_test(tcase, what_comparing_found_has_no_entry_and_forces);
	tcase_add_test(tcase, a_port_whose_state_moved_on_comes_again_as_what_it_is_now);
	tcase_add_test(tcase, one_port_that_is_refused_waits_alone_and_longer_each_time);
	tcase_add_test(tcase, when_neutron_is_away_everything_pauses_and_one_request_tries);
	tcase_add_test(tcase, a_pause_grows_to_half_a_minute_and_not_beyond);
	tcase_add_test(tcase, what_neutron_asks_for_is_granted_within_bounds);
	tcase_add_test(tcase, what_a_person_must_mend_holds_all_and_each_try_is_another_port);
	tcase_add_test(tcase, somebody_who_mended_it_need_not_wait);
	tcase_add_test(tcase, a_port_that_another_instance_is_at_is_tried_soon);
	tcase_add_test(tcase, what_was_not_tried_is_ready_again);
	tcase_add_test(tcase, the_view_counts_and_knows_the_oldest);
	tcase_add_test(tcase, entries_that_are_owed_can_be_walked);
	tcase_add_test(tcase, nothing_is_lost_over_many_random_steps);
	tcase_add_loop_test(tcase, an_id_is_two_numbers, 0, (int)(sizeof(ids) / sizeof(ids[0])));
	return run_case("neutron_queue", tcase);
}
