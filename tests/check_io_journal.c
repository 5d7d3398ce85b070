/*
 * journal_files and journal_left: whatever write is cut at whatever byte, whatever sync fails: what was promised is read
 * again, nothing is read twice, and what comes next is written behind it.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/journal_files.h"
#include "io/journal_left.h"
#include "lib/changes.h"
#include "lib/run_suite.h"
#include "util/log.h"

#define MOMENT_MS INT64_C(1714564800123)

/* ---- system calls that fail when told to ---- */

static struct {
	size_t room;       /* bytes that can still be written; then ENOSPC */
	size_t most;       /* bytes of one write at most; 0: any */
	int syncs;         /* this many more succeed, then one fails; -1: all succeed */
	bool sync_forgets; /* a sync that fails takes with it what was not synced before */
	int truncates;     /* this many fail */
	int interrupts;    /* writes that are interrupted first */
	off_t synced;      /* length at the last sync that went well */
} fault;

static ssize_t
faulty_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	if (fault.interrupts > 0) {
		fault.interrupts--;
		errno = EINTR;
		return -1;
	}
	if (fault.most > 0 && len > fault.most)
		len = fault.most;
	if (len > fault.room)
		len = fault.room;
	if (len == 0) {
		errno = ENOSPC;
		return -1;
	}
	fault.room -= len;
	return pwrite(fd, bytes, len, offset);
}

static int
faulty_fdatasync(int fd)
{
	struct stat info;

	if (fault.syncs == 0) {
		fault.syncs = -1;
		/* As a kernel does that dropped the pages it could not write. */
		if (fault.sync_forgets)
			ck_assert_int_eq(ftruncate(fd, fault.synced), 0);
		errno = EIO;
		return -1;
	}
	fault.syncs -= fault.syncs > 0;
	ck_assert_int_eq(fstat(fd, &info), 0);
	fault.synced = info.st_size;
	return 0;
}

static int
faulty_ftruncate(int fd, off_t len)
{
	if (fault.truncates > 0) {
		fault.truncates--;
		errno = EIO;
		return -1;
	}
	return ftruncate(fd, len);
}

static const struct journal_calls calls = { faulty_pwrite, faulty_fdatasync, faulty_ftruncate };

/* ---- a journal in a folder of its own ---- */

static char dir[64];
static struct journal_files files;
static struct journal_left left;
static struct journal_buf buf;
static struct arg_buf records, keys;
static struct stats stats;

static void
open_files(void)
{
	char error[256];

	ck_assert_msg(
	    journal_files_open(&files, dir, &calls, 0, error, sizeof(error)) == 0, "%s", error);
}

static void
set_up(void)
{
	const struct dp_change toggle = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");

	log_setup("check_io_journal", LEVEL_ERROR, TO_STDERR);
	fault = (typeof(fault)){ .room = SIZE_MAX, .syncs = -1 };
	snprintf(dir, sizeof(dir), "/tmp/check-journal.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	buf = (struct journal_buf){ 0 };
	records = keys = (struct arg_buf){ 0 };
	stats = (struct stats){ 0 };
	ck_assert_int_eq(change_encode(&toggle, &records, &keys), 0);
	open_files();
}

static void
remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static void
tear_down(void)
{
	journal_files_close(&files);
	journal_left_release(&left);
	journal_buf_release(&buf);
	arg_buf_release(&records);
	arg_buf_release(&keys);
	remove_file("journal");
	remove_file("journal.next");
	remove_file("journal.aside");
	remove_file("journal.aside.next");
	remove_file("journal.lock");
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
fill(uint64_t from, uint64_t to)
{
	buf.len = 0;
	for (uint64_t number = from; number <= to; number++)
		ck_assert_int_eq(journal_put_batch(&buf, number, MOMENT_MS, &keys, &records), 0);
}

static int
append(uint64_t from, uint64_t to)
{
	fill(from, to);
	int error = journal_files_write(&files, buf.data, buf.len);
	return error != 0 ? error : journal_files_sync(&files);
}

static size_t
frame_len(void)
{
	fill(1, 1);
	return buf.len;
}

/* The machine, or the daemon, died: the files are opened and read as the next start does. */
static void
start_again(void)
{
	journal_files_close(&files);
	journal_left_release(&left);
	fault = (typeof(fault)){ .room = SIZE_MAX, .syncs = -1 };
	open_files();
	ck_assert_int_eq(journal_left_read(&left, &files, &stats), 0);
}

static void
expect_left(uint64_t from, uint64_t to)
{
	ck_assert_uint_eq(left.n, to - from + 1);
	for (size_t i = 0; i < left.n; i++)
		ck_assert_uint_eq(left.frames[i].number, from + i);
}

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
	tcase_add_test(tcase, two_files_are_read_in_order_and_the_older_goes);
	tcase_add_test(
	    tcase, a_file_that_a_failed_write_left_longer_is_cut_before_the_next_one_begins);
	tcase_add_test(tcase, a_newer_file_without_its_older_one_is_the_journal);
	tcase_add_test(tcase, what_is_set_aside_stays_and_is_read_no_more);
	tcase_add_test(tcase, a_number_that_was_used_again_gives_up_all_from_it_on);
	tcase_add_loop_test(tcase, a_journal_continues_a_redis_beyond_which_nobody_else_published,
	    0, sizeof(histories) / sizeof(histories[0]));
	tcase_add_test(tcase, a_journal_without_claims_continues_what_its_owner_wrote);
	tcase_add_test(tcase, a_second_one_is_kept_out);
	tcase_add_test(tcase, a_folder_that_cannot_be_is_named);
	return run_case("journal files", tcase);
}
