/*
 * journal_left: which of the files count that an earlier daemon left, in which order, and whether they continue what Redis holds.
 */
#include <string.h>

#include "lib/journal_disk.h"
#include "lib/run_suite.h"

/* ---- two files ---- */

START_TEST(two_files_are_read_in_order_and_the_older_goes)
{
	ck_assert_int_eq(append(1, 3), 0);
	ck_assert_int_eq(journal_files_switch(&files), 0);
	ck_assert_int_eq(append(4, 5), 0);
	start_again();
	expect_left(1, 5);
	ck_assert_uint_eq(files.n, 2);
	ck_assert_int_eq(journal_files_drop_old(&files), 0);
	ck_assert_int_eq(append(6, 6), 0);
	start_again();
	expect_left(4, 6);
	ck_assert_uint_eq(files.n, 1);
	ck_assert_int_eq(journal_files_switch(&files), 0);
	ck_assert_int_eq(append(7, 7), 0);
	ck_assert_int_eq(journal_files_reset(&files), 0);
	start_again();
	ck_assert_uint_eq(left.n, 0);
	ck_assert_uint_eq(files.n, 1);
}
END_TEST

START_TEST(a_file_that_a_failed_write_left_longer_is_cut_before_the_next_one_begins)
{
	ck_assert_int_eq(append(1, 1), 0);
	fault.room = frame_len() + 7;
	ck_assert_int_eq(append(2, 3), -ENOSPC);
	fault.room = SIZE_MAX;
	ck_assert_int_eq(journal_files_switch(&files), 0);
	ck_assert_int_eq(append(2, 3), 0);
	start_again();
	expect_left(1, 3);
	ck_assert_uint_eq(stats.n[STAT_JOURNAL_TORN], 0);
}
END_TEST

START_TEST(a_newer_file_without_its_older_one_is_the_journal)
{
	char from[128], to[128];

	ck_assert_int_eq(append(1, 2), 0);
	snprintf(from, sizeof(from), "%s/journal", dir);
	snprintf(to, sizeof(to), "%s/journal.next", dir);
	ck_assert_int_eq(rename(from, to), 0);
	start_again();
	expect_left(1, 2);
	ck_assert_uint_eq(files.n, 1);
	ck_assert_int_eq(append(3, 3), 0);
	start_again();
	expect_left(1, 3);
}
END_TEST

START_TEST(what_is_set_aside_stays_and_is_read_no_more)
{
	char path[128];
	struct stat info;

	ck_assert_int_eq(append(1, 2), 0);
	ck_assert_int_eq(journal_files_switch(&files), 0);
	ck_assert_int_eq(append(3, 3), 0);
	ck_assert_int_eq(journal_files_set_aside(&files), 0);
	ck_assert_int_eq(append(9, 9), 0);
	start_again();
	expect_left(9, 9);
	snprintf(path, sizeof(path), "%s/journal.aside", dir);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_int_eq(info.st_size, (off_t)(2 * frame_len()));
	snprintf(path, sizeof(path), "%s/journal.aside.next", dir);
	ck_assert_int_eq(stat(path, &info), 0);
	/* The next one takes its place, as a whole. */
	ck_assert_int_eq(journal_files_set_aside(&files), 0);
	ck_assert_int_ne(stat(path, &info), 0);
}
END_TEST

/* ---- a renewal ---- */

static bool
is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

/* Two files of 1 to 9, and a renewal in which 2 to 9 are folded to 2 and 3. */
static void
write_renewal(void)
{
	ck_assert_int_eq(append(1, 3), 0);
	ck_assert_int_eq(journal_files_switch(&files), 0);
	ck_assert_int_eq(append(4, 9), 0);
	ck_assert_int_eq(journal_files_renew(&files), 0);
	ck_assert_uint_eq(journal_files_bytes(&files), 0);
	ck_assert_int_eq(append(2, 3), 0);
	ck_assert_uint_eq(journal_files_bytes(&files), 2 * frame_len());
}

START_TEST(a_renewal_that_is_cut_short_has_changed_nothing)
{
	write_renewal();
	start_again();
	expect_left(1, 9);
	ck_assert_uint_eq(files.n, 2);
	ck_assert(!is_there("journal.new"));
	ck_assert_int_eq(append(10, 10), 0);
	start_again();
	expect_left(1, 10);
}
END_TEST

START_TEST(a_renewal_that_was_adopted_counts_also_beside_the_old_file)
{
	write_renewal();
	ck_assert_int_eq(journal_files_adopt(&files), 0);
	ck_assert_int_eq(journal_files_adopt(&files), 0);
	start_again();
	expect_left(1, 3);
	ck_assert_uint_eq(files.n, 2);
	ck_assert_int_eq(journal_files_drop_old(&files), 0);
	ck_assert_int_eq(append(4, 4), 0);
	start_again();
	expect_left(2, 4);
	ck_assert_uint_eq(stats.n[STAT_JOURNAL_TORN], 0);
}
END_TEST

START_TEST(a_renewal_of_one_file_is_the_second)
{
	ck_assert_int_eq(append(1, 9), 0);
	ck_assert_int_eq(journal_files_renew(&files), 0);
	ck_assert_int_eq(append(5, 6), 0);
	ck_assert_int_eq(journal_files_adopt(&files), 0);
	ck_assert_int_eq(append(7, 7), 0);
	start_again();
	expect_left(1, 7);
}
END_TEST

START_TEST(a_renewal_that_begins_anew_holds_nothing_of_the_one_before)
{
	write_renewal();
	ck_assert_int_eq(journal_files_renew(&files), 0);
	ck_assert_int_eq(append(4, 4), 0);
	ck_assert_int_eq(journal_files_adopt(&files), 0);
	start_again();
	expect_left(1, 4);
}
END_TEST

START_TEST(a_renewal_for_which_there_is_no_room_leaves_the_files_and_can_be_given_up)
{
	write_renewal();
	fault.room = 7;
	ck_assert_int_eq(append(4, 4), -ENOSPC);
	fault.room = SIZE_MAX;
	ck_assert_int_eq(journal_files_reset(&files), 0);
	ck_assert(!is_there("journal.new"));
	ck_assert_int_eq(append(2, 4), 0);
	start_again();
	expect_left(2, 4);
	ck_assert_uint_eq(stats.n[STAT_JOURNAL_TORN], 0);
}
END_TEST

/* ---- what counts ---- */

START_TEST(a_number_that_was_used_again_gives_up_all_from_it_on)
{
	ck_assert_int_eq(append(10, 15), 0);
	ck_assert_int_eq(append(13, 14), 0);
	start_again();
	expect_left(10, 14);
	ck_assert_int_eq(append(10, 10), 0);
	start_again();
	expect_left(10, 10);
}
END_TEST

/* ---- whose it is ---- */

/*
 * The journal of host/2, which claimed a Redis that was at batch 20 of the count that host/0 began, and of host/3, which
 * found neither Redis nor claim, and then claimed at 35.
 */
static void
put_lineage(void)
{
	buf.len = 0;
	ck_assert_int_eq(journal_put_owner(&buf, SLICE("host/2")), 0);
	ck_assert_int_eq(journal_put_claim(&buf, 20, SLICE("host/0")), 0);
	ck_assert_int_eq(journal_put_batch(&buf, 30, MOMENT_MS, &keys, &records), 0);
	ck_assert_int_eq(journal_put_owner(&buf, SLICE("host/3")), 0);
	ck_assert_int_eq(journal_put_claim(&buf, 35, SLICE("host/0")), 0);
	ck_assert_int_eq(journal_put_batch(&buf, 36, MOMENT_MS, &keys, &records), 0);
	ck_assert_int_eq(journal_files_write(&files, buf.data, buf.len), 0);
	start_again();
}

static const struct {
	const char *what;
	struct redis_history history;
	bool continues;
} histories[] = {
	{ "a Redis that lost everything", { "host/4", "", 0 }, true },
	{ "one that was only ever claimed", { "host/0", "", 0 }, true },
	{ "Redis has what the owner wrote", { "host/0", "host/3", 36 }, true },
	{ "it lost the owner's last batches", { "host/0", "host/3", 35 }, true },
	{ "it lost the second owner's claim", { "host/0", "host/2", 30 }, true },
	{ "it lost the first owner's claim too: who was before", { "host/0", "host/1", 20 }, true },
	{ "... and some of theirs", { "host/0", "host/1", 17 }, true },
	{ "... and several claims before", { "host/0", "host/0", 3 }, true },
	{ "another one had it between the owners", { "host/0", "other/1", 35 }, true },
	{ "another one wrote since", { "host/0", "other/1", 36 }, false },
	{ "another one wrote much since", { "host/0", "other/1", 5000 }, false },
	{ "another Redis, which is less far", { "other/0", "other/1", 5 }, false },
	{ "another Redis, of a daemon whose name begins like ours", { "host", "host/", 5 }, false },
};

START_TEST(a_journal_continues_a_redis_beyond_which_nobody_else_published)
{
	put_lineage();
	ck_assert_msg(
	    journal_left_continues(&left, &histories[_i].history) == histories[_i].continues, "%s",
	    histories[_i].what);
}
END_TEST

/* As an earlier version wrote them, or a disk that was full when the daemon began. */
START_TEST(a_journal_without_claims_continues_what_its_owner_wrote)
{
	buf.len = 0;
	ck_assert_int_eq(journal_put_owner(&buf, SLICE("host/2")), 0);
	ck_assert_int_eq(journal_put_batch(&buf, 30, MOMENT_MS, &keys, &records), 0);
	ck_assert_int_eq(journal_files_write(&files, buf.data, buf.len), 0);
	start_again();
	ck_assert(journal_left_continues(&left, &(struct redis_history){ "host/0", "host/2", 30 }));
	ck_assert(!journal_left_continues(&left, &(struct redis_history){ "host/0", "host/1", 3 }));
	ck_assert(journal_left_continues(&left, &(struct redis_history){ "host/1", "", 0 }));
}
END_TEST

START_TEST(a_second_one_is_kept_out)
{
	struct journal_files second;
	char error[256];

	ck_assert_int_eq(
	    journal_files_open(&second, dir, &calls, 40, error, sizeof(error)), -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(error, "another dpwatchd runs with state_dir"));
	journal_files_close(&second);
	ck_assert_int_eq(append(1, 1), 0);
}
END_TEST

START_TEST(a_folder_that_cannot_be_is_named)
{
	struct journal_files second;
	char error[256];

	ck_assert_int_eq(
	    journal_files_open(&second, "/proc/none/x", &calls, 0, error, sizeof(error)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "/proc/none/x: No such file"));
	journal_files_close(&second);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("left");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, two_files_are_read_in_order_and_the_older_goes);
	tcase_add_test(
	    tcase, a_file_that_a_failed_write_left_longer_is_cut_before_the_next_one_begins);
	tcase_add_test(tcase, a_newer_file_without_its_older_one_is_the_journal);
	tcase_add_test(tcase, what_is_set_aside_stays_and_is_read_no_more);
	tcase_add_test(tcase, a_renewal_that_is_cut_short_has_changed_nothing);
	tcase_add_test(tcase, a_renewal_that_was_adopted_counts_also_beside_the_old_file);
	tcase_add_test(tcase, a_renewal_of_one_file_is_the_second);
	tcase_add_test(tcase, a_renewal_that_begins_anew_holds_nothing_of_the_one_before);
	tcase_add_test(
	    tcase, a_renewal_for_which_there_is_no_room_leaves_the_files_and_can_be_given_up);
	tcase_add_test(tcase, a_number_that_was_used_again_gives_up_all_from_it_on);
	tcase_add_loop_test(tcase, a_journal_continues_a_redis_beyond_which_nobody_else_published,
	    0, sizeof(histories) / sizeof(histories[0]));
	tcase_add_test(tcase, a_journal_without_claims_continues_what_its_owner_wrote);
	tcase_add_test(tcase, a_second_one_is_kept_out);
	tcase_add_test(tcase, a_folder_that_cannot_be_is_named);
	return run_case("journal left", tcase);
}
