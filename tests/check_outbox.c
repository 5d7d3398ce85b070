/* outbox: numbered batches, in order, until Redis has them. */
#include "lib/outbox_fixture.h"
#include "lib/run_suite.h"

START_TEST(nothing_goes_before_its_turn_is_over)
{
	ck_assert_ptr_null(outbox_next(outbox));
	add(CHANGE_TOGGLE, 3);
	ck_assert_ptr_null(outbox_next(outbox));
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
	ck_assert_uint_eq(outbox_waiting_changes(outbox), 3);
	outbox_turn_end(outbox);
	expect_next(1, 3, 3);
	ck_assert_ptr_null(outbox_next(outbox));
}
END_TEST

START_TEST(a_turn_with_nothing_makes_no_batch)
{
	outbox_turn_end(outbox);
	outbox_turn_end(outbox);
	ck_assert_ptr_null(outbox_next(outbox));
	add(CHANGE_INTERFACE, 1);
	outbox_turn_end(outbox);
	expect_next(1, 0, 1);
}
END_TEST

START_TEST(a_batch_that_nothing_waits_in_front_of_has_64_toggles_and_the_others_256)
{
	add(CHANGE_TOGGLE, 64 + 256 + 10);
	/* Full batches need not wait for the end of the turn. */
	expect_next(1, 64, 64);
	expect_next(2, 256, 256);
	ck_assert_ptr_null(outbox_next(outbox));
	outbox_turn_end(outbox);
	expect_next(3, 10, 10);
	/* What is sent and not answered waits, too. */
	add(CHANGE_TOGGLE, 257);
	expect_next(4, 256, 256);
	for (uint64_t number = 1; number <= 4; number++)
		ck_assert_ptr_nonnull(outbox_done(outbox, number, 0));
	outbox_turn_end(outbox);
	expect_next(5, 1, 1);
	ck_assert_ptr_nonnull(outbox_done(outbox, 5, 0));
	add(CHANGE_TOGGLE, 65);
	expect_next(6, 64, 64);
}
END_TEST

START_TEST(a_batch_has_512_records_of_any_kind_at_most)
{
	add(CHANGE_REDUNDANCY, 600);
	outbox_turn_end(outbox);
	expect_next(1, 0, 512);
	expect_next(2, 0, 88);
	add(CHANGE_PORT, 500);
	add(CHANGE_TOGGLE, 20);
	outbox_turn_end(outbox);
	expect_next(3, 12, 512);
	expect_next(4, 8, 8);
}
END_TEST

START_TEST(no_more_than_the_window_is_under_way)
{
	add_turns(OUTBOX_WINDOW + 2);
	for (unsigned i = 1; i <= OUTBOX_WINDOW; i++)
		expect_next(i, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
	expect_done(1, SECOND);
	expect_next(OUTBOX_WINDOW + 1, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
}
END_TEST

START_TEST(batches_are_acknowledged_in_order_and_unknown_numbers_ignored)
{
	add_turns(3);
	ck_assert_ptr_null(outbox_done(outbox, 1, SECOND));
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	ck_assert_ptr_null(outbox_done(outbox, 2, SECOND));
	ck_assert_ptr_null(outbox_done(outbox, 3, SECOND));
	ck_assert_ptr_null(outbox_done(outbox, 0, SECOND));
	expect_done(1, SECOND);
	ck_assert_ptr_null(outbox_done(outbox, 1, SECOND));
	expect_done(2, SECOND);
	ck_assert_ptr_null(outbox_done(outbox, 3, SECOND));
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
}
END_TEST

START_TEST(a_ticket_is_done_when_its_batch_is)
{
	ck_assert_uint_eq(outbox_last_ticket(outbox), 0);
	ck_assert_uint_eq(add(CHANGE_INTERFACE, 1), 1);
	ck_assert_uint_eq(add(CHANGE_TOGGLE, 2), 3);
	outbox_turn_end(outbox);
	ck_assert_uint_eq(add(CHANGE_TOGGLE, 1), 4);
	outbox_turn_end(outbox);
	ck_assert_uint_eq(outbox_last_ticket(outbox), 4);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	expect_next(1, 2, 3);
	expect_next(2, 1, 1);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	expect_done(1, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 3);
	expect_done(2, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 4);
}
END_TEST

START_TEST(what_was_under_way_goes_again_with_the_same_numbers)
{
	add_turns(4);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	expect_next(3, 1, 1);
	expect_done(1, SECOND);
	ck_assert_uint_eq(outbox_rewind(outbox), 2);
	ck_assert_uint_eq(outbox_rewind(outbox), 0);
	expect_next(2, 1, 1);
	expect_next(3, 1, 1);
	expect_next(4, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
}
END_TEST

/* Redis lost its tail: what is still kept fills the gap, and tickets stay done. */
START_TEST(a_gap_inside_what_is_kept_is_filled)
{
	add_turns(5);
	for (unsigned i = 1; i <= 5; i++)
		expect_next(i, 1, 1);
	for (unsigned i = 1; i <= 3; i++)
		expect_done(i, SECOND);
	ck_assert_uint_eq(outbox_waiting(outbox), 2);
	ck_assert(outbox_gap(outbox, 1));
	ck_assert_uint_eq(outbox_waiting(outbox), 4);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 3);
	for (unsigned i = 2; i <= 5; i++)
		expect_next(i, 1, 1);
	expect_done(2, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 3);
	/* And once more, before the first gap is filled. */
	ck_assert(outbox_gap(outbox, 0));
	expect_next(1, 1, 1);
}
END_TEST

START_TEST(a_gap_beyond_what_is_kept_is_not)
{
	add_turns(4);
	for (unsigned i = 1; i <= 3; i++)
		expect_next(i, 1, 1);
	expect_done(1, SECOND);
	expect_done(2, 5 * SECOND);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert(!outbox_gap(outbox, 0));
	ck_assert(outbox_gap(outbox, 1));
	expect_next(2, 1, 1);
}
END_TEST

START_TEST(a_gap_that_is_none_is_refused)
{
	ck_assert(!outbox_gap(outbox, 0));
	add_turns(2);
	ck_assert(!outbox_gap(outbox, 0));
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	ck_assert(!outbox_gap(outbox, 7));
}
END_TEST

START_TEST(acknowledged_batches_are_kept_for_ten_seconds)
{
	add_turns(2);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	expect_done(1, SECOND);
	expect_done(2, 2 * SECOND);
	size_t both = outbox_bytes(outbox);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS);
	ck_assert_uint_eq(outbox_bytes(outbox), both);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_bytes(outbox), both / 2);
	outbox_proved(outbox, 2 * SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_bytes(outbox), 0);
}
END_TEST

START_TEST(after_a_claim_numbers_begin_behind_what_redis_has)
{
	add_turns(3);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	expect_next(2, 1, 1);
	add(CHANGE_TOGGLE, 1);
	outbox_number_from(outbox, 41);
	expect_next(42, 1, 1);
	expect_next(43, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
	/* The open batch got its number as well, and what follows comes after it. */
	outbox_turn_end(outbox);
	expect_next(44, 1, 1);
	add_turns(1);
	expect_next(45, 1, 1);
	/* What was acknowledged under the old numbers is not kept. */
	ck_assert(!outbox_gap(outbox, 0));
}
END_TEST

START_TEST(a_batch_keeps_the_moment_when_it_was_begun)
{
	const struct outbox_saved saved = { .moment_ms = 17 };

	ck_assert_int_eq(outbox_take_back(outbox, &saved), 0);
	outbox_set_moment(outbox, 1000);
	add_turns(1);
	outbox_set_moment(outbox, 2000);
	add_turns(1);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 17);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 1000);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 2000);
	outbox_rewind(outbox);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 17);
}
END_TEST

/* Entries of Redis's streams go up only; so does what the batches of an earlier start had. */
START_TEST(moments_stand_still_while_the_clock_steps_back)
{
	const struct outbox_saved saved = { .moment_ms = 1000 };

	ck_assert_int_eq(outbox_take_back(outbox, &saved), 0);
	outbox_set_moment(outbox, 900);
	add_turns(1);
	outbox_set_moment(outbox, 1001);
	add_turns(1);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 1000);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 1000);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 1001);
}
END_TEST

START_TEST(a_closed_batch_holds_no_room_in_reserve)
{
	add_turns(1);
	const struct outbox_batch *batch = outbox_next(outbox);
	ck_assert_uint_eq(batch->args.room, batch->args.len);
	ck_assert_uint_eq(batch->keys.room, batch->keys.len);
	ck_assert_uint_eq(outbox_bytes(outbox), sizeof(*batch) + batch->args.len + batch->keys.len);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("outbox");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, nothing_goes_before_its_turn_is_over);
	tcase_add_test(tcase, a_turn_with_nothing_makes_no_batch);
	tcase_add_test(
	    tcase, a_batch_that_nothing_waits_in_front_of_has_64_toggles_and_the_others_256);
	tcase_add_test(tcase, a_batch_has_512_records_of_any_kind_at_most);
	tcase_add_test(tcase, no_more_than_the_window_is_under_way);
	tcase_add_test(tcase, batches_are_acknowledged_in_order_and_unknown_numbers_ignored);
	tcase_add_test(tcase, a_ticket_is_done_when_its_batch_is);
	tcase_add_test(tcase, what_was_under_way_goes_again_with_the_same_numbers);
	tcase_add_test(tcase, a_gap_inside_what_is_kept_is_filled);
	tcase_add_test(tcase, a_gap_beyond_what_is_kept_is_not);
	tcase_add_test(tcase, a_gap_that_is_none_is_refused);
	tcase_add_test(tcase, acknowledged_batches_are_kept_for_ten_seconds);
	tcase_add_test(tcase, after_a_claim_numbers_begin_behind_what_redis_has);
	tcase_add_test(tcase, a_batch_keeps_the_moment_when_it_was_begun);
	tcase_add_test(tcase, moments_stand_still_while_the_clock_steps_back);
	tcase_add_test(tcase, a_closed_batch_holds_no_room_in_reserve);
	return run_case("outbox", tcase);
}
