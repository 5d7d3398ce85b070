/*
 * neutron_queue, the brake: what goes down is held until somebody looked, and what recovers is not.
 */
#include "lib/neutron_queue_fixture.h"
#include "lib/run_suite.h"

START_TEST(the_brake_keeps_what_goes_down_and_lets_recoveries_go)
{
	add(1, true, 1);
	add(2, false, 2);
	neutron_queue_brake(queue, true);
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(neutron_queue_deadline(queue, now), INT64_MAX);
	/* It recovers behind the brake. */
	ck_assert_uint_eq(add(1, false, 3), 1);
	ck_assert_uint_eq(next(), 1);
	done(1, NEUTRON_SENT, false);
	add(4, true, 4);
	ck_assert_uint_eq(next(), 0);
	neutron_queue_brake(queue, false);
	ck_assert_uint_eq(next(), 4);
}
END_TEST

/* As it is read from the stream: it goes DOWN at 20. */
static void
add_later(unsigned port, uint64_t seq)
{
	struct neutron_change change = change_of(port, true, seq);
	struct neutron_entry ack;

	change.not_before_ms = now + 20;
	ck_assert_int_eq(neutron_queue_add(queue, &change, &ack), 0);
}

START_TEST(a_port_is_not_given_out_before_its_time_and_holds_no_recovery_back)
{
	add_later(1, 1);
	add(2, false, 2);
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(neutron_queue_deadline(queue, now), now + 20);
	now += 19;
	ck_assert_uint_eq(next(), 0);
	now++;
	ck_assert_int_eq(neutron_queue_deadline(queue, now), now);
	ck_assert_uint_eq(next(), 1);
}
END_TEST

START_TEST(a_port_that_is_busy_or_waits_to_recover_has_its_time_too)
{
	add(1, false, 1);
	add(2, false, 2);
	ck_assert_uint_eq(next(), 1);
	add_later(1, 3);
	add_later(2, 4);
	done(1, NEUTRON_MOVED, true);
	ck_assert_uint_eq(next(), 0);
	now += 20;
	ck_assert_uint_eq(next(), 2);
	ck_assert_uint_eq(next(), 1);
}
END_TEST

START_TEST(the_brake_that_comes_in_time_meets_all_of_a_failure)
{
	add_later(1, 1);
	now += 10;
	neutron_queue_brake(queue, true);
	now += 10;
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(neutron_queue_deadline(queue, now), INT64_MAX);
	neutron_queue_brake(queue, false);
	ck_assert_uint_eq(next(), 1);
}
END_TEST

START_TEST(a_job_that_met_the_brake_waits_and_turns_it_on)
{
	add(1, false, 1);
	ck_assert_uint_eq(next(), 1);
	ck_assert_uint_eq(done(1, NEUTRON_BRAKED, true), 0);
	ck_assert(view().braked);
	ck_assert_uint_eq(view().waiting_down, 1);
	ck_assert_uint_eq(next(), 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("brake");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_brake_keeps_what_goes_down_and_lets_recoveries_go);
	tcase_add_test(tcase, a_port_is_not_given_out_before_its_time_and_holds_no_recovery_back);
	tcase_add_test(tcase, a_port_that_is_busy_or_waits_to_recover_has_its_time_too);
	tcase_add_test(tcase, the_brake_that_comes_in_time_meets_all_of_a_failure);
	tcase_add_test(tcase, a_job_that_met_the_brake_waits_and_turns_it_on);
	return run_case("neutron_brake", tcase);
}
