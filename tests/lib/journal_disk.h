/*
 * journal_disk: a journal in a folder of its own, on system calls that fail when they are told to. State is static: each test
 * program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_JOURNAL_DISK_H
#define DPWATCH_TESTS_LIB_JOURNAL_DISK_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/journal_files.h"
#include "io/journal_left.h"
#include "lib/changes.h"
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

static inline ssize_t
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

static inline int
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

static inline int
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

static inline void
open_files(void)
{
	char error[256];

	ck_assert_msg(
	    journal_files_open(&files, dir, &calls, 0, error, sizeof(error)) == 0, "%s", error);
}

static inline void
set_up(void)
{
	const struct dp_change toggle = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");

	log_setup("journal", LEVEL_ERROR, TO_STDERR);
	fault = (typeof(fault)){ .room = SIZE_MAX, .syncs = -1 };
	snprintf(dir, sizeof(dir), "/tmp/check-journal.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	buf = (struct journal_buf){ 0 };
	records = keys = (struct arg_buf){ 0 };
	stats = (struct stats){ 0 };
	ck_assert_int_eq(change_encode(&toggle, &records, &keys), 0);
	open_files();
}

static inline void
remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static inline void
tear_down(void)
{
	journal_files_close(&files);
	journal_left_release(&left);
	journal_buf_release(&buf);
	arg_buf_release(&records);
	arg_buf_release(&keys);
	remove_file("journal");
	remove_file("journal.next");
	remove_file("journal.new");
	remove_file("journal.aside");
	remove_file("journal.aside.next");
	remove_file("journal.lock");
	ck_assert_int_eq(rmdir(dir), 0);
}

static inline void
fill(uint64_t from, uint64_t to)
{
	buf.len = 0;
	for (uint64_t number = from; number <= to; number++)
		ck_assert_int_eq(journal_put_batch(&buf, number, MOMENT_MS, &keys, &records), 0);
}

static inline int
append(uint64_t from, uint64_t to)
{
	fill(from, to);
	int error = journal_files_write(&files, buf.data, buf.len);
	return error != 0 ? error : journal_files_sync(&files);
}

static inline size_t
frame_len(void)
{
	fill(1, 1);
	return buf.len;
}

/* The machine, or the daemon, died: the files are opened and read as the next start does. */
static inline void
start_again(void)
{
	journal_files_close(&files);
	journal_left_release(&left);
	fault = (typeof(fault)){ .room = SIZE_MAX, .syncs = -1 };
	open_files();
	ck_assert_int_eq(journal_left_read(&left, &files, &stats), 0);
}

static inline void
expect_left(uint64_t from, uint64_t to)
{
	ck_assert_uint_eq(left.n, to - from + 1);
	for (size_t i = 0; i < left.n; i++)
		ck_assert_uint_eq(left.frames[i].number, from + i);
}

#endif
