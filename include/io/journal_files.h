/*
 * journal_files: the one or two files of the journal, and what is done to them (io). Private to io/journal.
 *
 * <dir>/journal is the older, <dir>/journal.next, where there is one, what was written after it; <dir>/journal.lock keeps a
 * second daemon out. <dir>/journal.new is what is to take the place of both, and counts for nothing until it does: a renewal,
 * in which one rename puts it in the place of journal.next. What it holds continues, or supersedes by its numbers
 * (core/journal_codec.h), what is in journal, so that this can go later. Everything here blocks; io/journal calls it from a thread of its own. What was written survives the
 * daemon, and what was synced the machine. A write that failed leaves no trace: the next one begins where it began, and cuts
 * off what it left. After a sync that failed nobody knows what is on disk: the file ends where the last one that went well
 * left it, and what was behind is to be written again.
 */
#ifndef DPWATCH_IO_JOURNAL_FILES_H
#define DPWATCH_IO_JOURNAL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The system calls that can fail half-way, for tests that make them. */
struct journal_calls {
	ssize_t (*pwrite)(int fd, const void *bytes, size_t len, off_t offset);
	int (*fdatasync)(int fd);
	int (*ftruncate)(int fd, off_t len);
};

struct journal_files {
	struct journal_calls calls;
	int dir_fd, lock_fd;
	int fds[3];       /* the last of them: journal.new */
	uint64_t lens[3]; /* what was written */
	uint64_t synced;  /* of the one that is written; of an older one all is */
	size_t n;         /* 1 or 2, appends go to the last; 0: they could not be made yet */
	bool renewing;    /* appends go to journal.new */
	bool dirty;       /* the one that is written may be longer than its len */
};

/* All system calls as they are. */
extern const struct journal_calls journal_system_calls;

/*
 * Opens, or makes, the files in dir (which is made if need be, with mode 0750), and takes the lock, for which it waits up to
 * lock_wait_ms. 0 (also where only a full or failing disk is in the way: appending tries again); or a negative errno with a
 * message for people in error. -EWOULDBLOCK: another daemon has the lock.
 */
int journal_files_open(struct journal_files *files, const char *dir,
    const struct journal_calls *calls, int lock_wait_ms, char *error, size_t size);
/* Also of one that could not be opened. */
void journal_files_close(struct journal_files *files);

/* The whole of file i (0 is the older), to be freed by the caller. 0 or a negative errno. */
int journal_files_read(const struct journal_files *files, size_t i, char **ret_bytes);
/* Cuts file i at len, which is less than its length. 0 or a negative errno. */
int journal_files_cut(struct journal_files *files, size_t i, uint64_t len);

/* At the end of the last file. 0, or a negative errno, and then nothing was written. */
int journal_files_write(struct journal_files *files, const char *bytes, size_t len);
/* What was written is on disk: 0; or a negative errno, and then what was not before is gone. */
int journal_files_sync(struct journal_files *files);
/* A new file: writes go there. Only where there is one, and all of it is synced. 0 or a negative errno. */
int journal_files_switch(struct journal_files *files);
/*
 * A renewal: writes go to a new file from here on; what another renewal has written is gone. 0 or a negative errno, and then
 * nothing has changed.
 */
int journal_files_renew(struct journal_files *files);
/*
 * The new file is whole, and all of it is synced: it is the second one now, in one step, and the older is not needed any more.
 * 0 or a negative errno; then try again.
 */
int journal_files_adopt(struct journal_files *files);
/* The older of two is not needed any more. 0 or a negative errno. */
int journal_files_drop_old(struct journal_files *files);
/* Nothing is needed any more, nor a renewal: one empty file. 0 or a negative errno. */
int journal_files_reset(struct journal_files *files);
/* The same, but what there was stays as journal.aside (and journal.aside.next), in place of what was set aside before. */
int journal_files_set_aside(struct journal_files *files);

/* Of a renewal, those of the new file: the others are to go. */
uint64_t journal_files_bytes(const struct journal_files *files);

#endif
