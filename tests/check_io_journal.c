/*
 * journal_files: whatever write is cut at whatever byte, whatever sync fails: what was promised is read again, nothing is read
 * twice, and what comes next is written behind it.
 */

#include "lib/journal_disk.h"
#include "lib/run_suite.h"

/* ---- cut writes ---- */

START_TEST(a_write_cut_at_any_byte_leaves_what_was_promised_and_whole_batches)
{
	const size_t len = frame_len();

	/* Two batches are promised; a write of three more is cut at each byte of it. */
	for (size_t at = 0; at < 3 * len; at++) {
		fault.room = SIZE_MAX;
		ck_assert_int_eq(append(1, 2), 0);
		fault.room = at;
		ck_assert_int_eq(append(3, 5), -ENOSPC);
		start_again();
		expect_left(1, 2 + at / len);
		ck_assert_uint_eq(journal_files_bytes(&files), (2 + at / len) * len);
		/* What comes next is behind it, and nothing of the cut one shows. */
		ck_assert_int_eq(append(3 + at / len, 6), 0);
		start_again();
		expect_left(1, 6);
		ck_assert_int_eq(journal_files_reset(&files), 0);
	}
}
END_TEST

START_TEST(a_write_that_failed_at_any_byte_is_done_again_in_its_place)
{
	const size_t len = frame_len();

	for (size_t at = 0; at < 3 * len; at++) {
		ck_assert_int_eq(append(1, 2), 0);
		fault.room = at;
		ck_assert_int_eq(append(3, 5), -ENOSPC);
		ck_assert_uint_eq(journal_files_bytes(&files), 2 * len);
		/* Fewer bytes than before: what was left of them must be cut off. */
		fault.room = SIZE_MAX;
		ck_assert_int_eq(append(3, 3), 0);
		start_again();
		expect_left(1, 3);
		ck_assert_uint_eq(journal_files_bytes(&files), 3 * len);
		ck_assert_int_eq(journal_files_reset(&files), 0);
	}
	ck_assert_uint_eq(stats.n[STAT_JOURNAL_TORN], 0);
	ck_assert_uint_eq(stats.n[STAT_JOURNAL_CORRUPT], 0);
}
END_TEST

START_TEST(a_write_in_small_pieces_with_interruptions_is_one_write)
{
	fault.most = 1;
	fault.interrupts = 3;
	ck_assert_int_eq(append(1, 3), 0);
	start_again();
	expect_left(1, 3);
}
END_TEST

START_TEST(while_what_a_write_left_cannot_be_cut_off_nothing_is_written)
{
	ck_assert_int_eq(append(1, 1), 0);
	fault.room = 10;
	ck_assert_int_eq(append(2, 2), -ENOSPC);
	fault.room = SIZE_MAX;
	fault.truncates = 2;
	ck_assert_int_eq(append(2, 2), -EIO);
	ck_assert_int_eq(append(2, 2), -EIO);
	ck_assert_int_eq(append(2, 2), 0);
	start_again();
	expect_left(1, 2);
}
END_TEST

/* ---- syncs that fail ---- */

/* _i: whether the kernel forgets what it could not write. Each sync of ten fails once, and the write is done again. */
START_TEST(a_sync_that_fails_promises_nothing_and_the_write_is_done_again)
{
	for (int nth = 0; nth < 10; nth++) {
		fault.syncs = nth;
		fault.sync_forgets = _i == 1;
		fault.synced = 0;
		int failures = 0;
		for (uint64_t number = 1; number <= 10; number++) {
			while (append(number, number) != 0) {
				failures++;
				ck_assert_uint_eq(
				    journal_files_bytes(&files), (number - 1) * frame_len());
			}
		}
		ck_assert_int_eq(failures, 1);
		start_again();
		expect_left(1, 10);
		ck_assert_int_eq(journal_files_reset(&files), 0);
	}
}
END_TEST

START_TEST(after_a_sync_that_failed_and_a_crash_what_was_promised_is_there)
{
	for (int forgets = 0; forgets < 2; forgets++) {
		fault.synced = 0;
		ck_assert_int_eq(append(1, 4), 0);
		fault.syncs = 0;
		fault.sync_forgets = forgets;
		ck_assert_int_eq(append(5, 6), -EIO);
		start_again();
		expect_left(1, forgets ? 4 : 6);
		ck_assert_int_eq(journal_files_reset(&files), 0);
	}
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_write_cut_at_any_byte_leaves_what_was_promised_and_whole_batches);
	tcase_add_test(tcase, a_write_that_failed_at_any_byte_is_done_again_in_its_place);
	tcase_add_test(tcase, a_write_in_small_pieces_with_interruptions_is_one_write);
	tcase_add_test(tcase, while_what_a_write_left_cannot_be_cut_off_nothing_is_written);
	tcase_add_loop_test(
	    tcase, a_sync_that_fails_promises_nothing_and_the_write_is_done_again, 0, 2);
	tcase_add_test(tcase, after_a_sync_that_failed_and_a_crash_what_was_promised_is_there);
	return run_case("journal files", tcase);
}
