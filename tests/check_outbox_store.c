/* outbox: the same batches on disk: handed out for storing, and taken back from there. */
#include "lib/outbox_fixture.h"
#include "lib/run_suite.h"

static void
expect_store(uint64_t number)
{
	ck_assert(outbox_has_to_store(outbox));
	const struct outbox_batch *batch = outbox_next_to_store(outbox);

	ck_assert_ptr_nonnull(batch);
	ck_assert_uint_eq(batch->number, number);
}

START_TEST(what_waits_or_is_kept_is_handed_out_for_storing_once_and_in_order)
{
	ck_assert(!outbox_has_to_store(outbox));
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	ck_assert(outbox_all_stored(outbox));
	ck_assert_uint_eq(outbox_first_serial(outbox), 0);
	add_turns(3);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	expect_next(2, 1, 1);
	/* So are what was sent, and what is done and kept. */
	expect_store(1);
	expect_store(2);
	expect_store(3);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	add(CHANGE_TOGGLE, 1);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	outbox_turn_end(outbox);
	expect_store(4);
	ck_assert_uint_eq(outbox_first_serial(outbox), 2);
	/* What did not stay on the disk is handed out again. */
	outbox_store_again(outbox, outbox_first_serial(outbox));
	expect_store(3);
	outbox_store_again(outbox, 0);
	expect_store(1);
}
END_TEST

START_TEST(a_ticket_is_safe_when_its_batch_is_stored)
{
	add(CHANGE_TOGGLE, 2);
	outbox_turn_end(outbox);
	add_turns(1);
	uint64_t first = outbox_next_to_store(outbox)->serial;
	uint64_t second = outbox_next_to_store(outbox)->serial;
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 0);
	outbox_stored(outbox, first);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 2);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	ck_assert(!outbox_all_stored(outbox));
	outbox_stored(outbox, second);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 3);
	ck_assert(outbox_all_stored(outbox));
	add_turns(1);
	ck_assert(!outbox_all_stored(outbox));
	/* Redis may be first. */
	for (unsigned i = 1; i <= 3; i++) {
		expect_next(i, i == 1 ? 2 : 1, i == 1 ? 2 : 1);
		expect_done(i, SECOND);
	}
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 4);
	ck_assert(outbox_all_stored(outbox));
	/* It is kept, and belongs into the file all the same. */
	expect_store(3);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
}
END_TEST

START_TEST(a_number_that_was_given_up_is_handed_out_again_with_its_new_batch)
{
	add_turns(2);
	expect_store(1);
	uint64_t serial = outbox_next_to_store(outbox)->serial;
	outbox_restart(outbox);
	/* Stored late: it stands for nothing any more. */
	outbox_stored(outbox, serial);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 0);
	add_turns(1);
	outbox_settle(outbox);
	expect_store(1);
	ck_assert_uint_gt(outbox_first_serial(outbox), serial);
}
END_TEST

/* Else a daemon that dies in between leaves the old ones to the next, which sends those behind the new ones. */
START_TEST(what_has_numbers_that_were_stored_is_held_until_it_is_stored)
{
	add_turns(3);
	for (unsigned i = 0; i < 3; i++)
		expect_store(i + 1);
	outbox_restart(outbox);
	ck_assert(outbox_is_held(outbox));
	add_turns(2);
	outbox_settle(outbox);
	ck_assert_ptr_null(outbox_next(outbox));
	const uint64_t first = outbox_next_to_store(outbox)->serial;
	/* What was stored before stands for nothing. */
	outbox_let_go(outbox, first - 1);
	ck_assert_ptr_null(outbox_next(outbox));
	outbox_let_go(outbox, first);
	ck_assert(!outbox_is_held(outbox));
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
}
END_TEST

START_TEST(what_was_given_up_and_never_stored_holds_nothing)
{
	add_turns(2);
	expect_store(1);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	outbox_restart(outbox);
	ck_assert(!outbox_is_held(outbox));
	add_turns(1);
	expect_next(2, 1, 1);
}
END_TEST

START_TEST(what_an_earlier_daemon_stored_goes_first_and_is_stored_already)
{
	struct outbox_saved saved = { .moment_ms = 17, .n_records = 1, .n_toggles = 1 };
	const struct outbox_saved none = { 0 };
	const struct dp_change change = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");

	ck_assert_int_eq(change_encode(&change, &saved.records, &saved.keys), 0);
	outbox_number_from(outbox, 41);
	ck_assert_int_eq(outbox_take_back(outbox, &saved), 0);
	ck_assert_int_eq(outbox_take_back(outbox, &none), 0);
	arg_buf_release(&saved.records);
	arg_buf_release(&saved.keys);
	ck_assert(outbox_all_stored(outbox));
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	add_turns(1);
	expect_store(44);
	expect_next(42, 1, 1);
	expect_next(43, 0, 0);
	expect_next(44, 1, 1);
	size_t bytes = outbox_bytes(outbox);
	for (unsigned i = 42; i <= 44; i++)
		expect_done(i, SECOND);
	ck_assert_uint_eq(outbox_bytes(outbox), bytes);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_bytes(outbox), 0);
}
END_TEST

/* Batches 39 to 41 are in Redis, which may yet lose them; 42 is owed. */
START_TEST(what_an_earlier_daemon_kept_is_kept_on)
{
	const struct outbox_saved saved = { .moment_ms = 17 };

	outbox_number_from(outbox, 41);
	for (uint64_t number = 39; number <= 41; number++)
		ck_assert_int_eq(outbox_take_kept(outbox, number, &saved, SECOND), 0);
	ck_assert_int_eq(outbox_take_back(outbox, &saved), 0);
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
	ck_assert_uint_eq(outbox_oldest_serial(outbox), 1);
	ck_assert_uint_eq(outbox_first_serial(outbox), 4);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	/* Claimed again: nothing is lost. */
	outbox_number_from(outbox, 41);
	ck_assert_uint_eq(outbox_oldest_serial(outbox), 1);
	ck_assert(outbox_gap(outbox, 39));
	for (unsigned i = 40; i <= 42; i++) {
		expect_next(i, 0, 0);
		expect_done(i, SECOND);
	}
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_oldest_serial(outbox), 0);
}
END_TEST

/* ... and are written again under them. */
START_TEST(what_gets_other_numbers_is_handed_out_for_storing_again)
{
	add_turns(2);
	expect_store(1);
	expect_store(2);
	outbox_number_from(outbox, 0);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	outbox_number_from(outbox, 7);
	expect_store(8);
	expect_store(9);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("outbox_store");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, what_waits_or_is_kept_is_handed_out_for_storing_once_and_in_order);
	tcase_add_test(tcase, a_ticket_is_safe_when_its_batch_is_stored);
	tcase_add_test(tcase, a_number_that_was_given_up_is_handed_out_again_with_its_new_batch);
	tcase_add_test(tcase, what_has_numbers_that_were_stored_is_held_until_it_is_stored);
	tcase_add_test(tcase, what_was_given_up_and_never_stored_holds_nothing);
	tcase_add_test(tcase, what_an_earlier_daemon_stored_goes_first_and_is_stored_already);
	tcase_add_test(tcase, what_an_earlier_daemon_kept_is_kept_on);
	tcase_add_test(tcase, what_gets_other_numbers_is_handed_out_for_storing_again);
	return run_case("outbox_store", tcase);
}
