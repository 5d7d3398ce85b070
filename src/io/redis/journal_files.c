#include "io/journal_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW 2
static const char *const names[] = { "journal", "journal.next", [NEW] = "journal.new" };
static const char *const aside_names[] = { "journal.aside", "journal.aside.next" };

const struct journal_calls journal_system_calls = { pwrite, fdatasync, ftruncate };

/* The one that is written. There must be one. */
static size_t
last_of(const struct journal_files *files)
{
	return files->renewing ? NEW : files->n - 1;
}

/* ---- opening ---- */

static int
sync_dir(const struct journal_files *files)
{
	return fsync(files->dir_fd) == 0 ? 0 : -errno;
}

static int
take_lock(struct journal_files *files, int wait_ms)
{
	files->lock_fd = openat(files->dir_fd, "journal.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (files->lock_fd < 0)
		return -errno;
	for (int waited = 0; flock(files->lock_fd, LOCK_EX | LOCK_NB) != 0; waited += 20) {
		if (waited >= wait_ms)
			return -EWOULDBLOCK;
		poll(NULL, 0, 20);
	}
	return 0;
}

/* Opens file i. 0, -ENOENT where there is none and it is not to be made, or another negative errno. */
static int
open_file(struct journal_files *files, size_t i, int flags)
{
	struct stat info;
	int fd = openat(files->dir_fd, names[i], O_RDWR | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) != 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	files->fds[i] = fd;
	files->lens[i] = files->synced = (uint64_t)info.st_size;
	if (i != NEW)
		files->n = i + 1;
	return 0;
}

static int
open_all(struct journal_files *files)
{
	int error = open_file(files, 0, 0);

	/* A switch that was cut short between dropping the old file and renaming the new one. */
	if (error == -ENOENT && renameat(files->dir_fd, names[1], files->dir_fd, names[0]) != 0 &&
	    errno != ENOENT)
		return -errno;
	if (error == -ENOENT)
		error = open_file(files, 0, O_CREAT);
	if (error != 0)
		return error;
	error = open_file(files, 1, 0);
	if (error != 0 && error != -ENOENT)
		return error;
	/* A renewal that was cut short. */
	if (unlinkat(files->dir_fd, names[NEW], 0) != 0 && errno != ENOENT)
		return -errno;
	return sync_dir(files);
}

/* A full or failing disk is no reason not to start: later writes try to make the file again. */
static bool
may_mend(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EIO || error == -EROFS;
}

int
journal_files_open(struct journal_files *files, const char *dir, const struct journal_calls *calls,
    int lock_wait_ms, char *error, size_t size)
{
	int result = 0;

	*files = (struct journal_files){
		.calls = *calls, .dir_fd = -1, .lock_fd = -1, .fds = { -1, -1, -1 }
	};
	if (mkdir(dir, 0750) != 0 && errno != EEXIST)
		result = -errno;
	if (result == 0) {
		files->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		result = files->dir_fd < 0 ? -errno : take_lock(files, lock_wait_ms);
	}
	if (result == -EWOULDBLOCK)
		snprintf(error, size,
		    "another dpwatchd runs with state_dir %s: stop it first, or set another state_dir",
		    dir);
	else if (result != 0 || ((result = open_all(files)) != 0 && !may_mend(result)))
		snprintf(error, size, "no journal can be kept in state_dir %s: %s", dir,
		    strerror(-result));
	else
		result = 0;
	return result;
}

void
journal_files_close(struct journal_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		close(files->fds[i]);
	if (files->renewing)
		close(files->fds[NEW]);
	if (files->lock_fd >= 0)
		close(files->lock_fd);
	if (files->dir_fd >= 0)
		close(files->dir_fd);
	*files = (struct journal_files){ .dir_fd = -1, .lock_fd = -1 };
}

/* ---- reading ---- */

int
journal_files_read(const struct journal_files *files, size_t i, char **ret_bytes)
{
	const size_t len = (size_t)files->lens[i];
	char *bytes = malloc(len + 1);

	if (!bytes)
		return -ENOMEM;
	for (size_t at = 0; at < len;) {
		ssize_t n = pread(files->fds[i], bytes + at, len - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n < 0 ? -errno : -EIO;
			free(bytes);
			return error;
		}
		at += (size_t)n;
	}
	*ret_bytes = bytes;
	return 0;
}

/* ---- writing ---- */

static int
truncate_file(struct journal_files *files, size_t i, uint64_t len)
{
	return files->calls.ftruncate(files->fds[i], (off_t)len) == 0 ? 0 : -errno;
}

int
journal_files_cut(struct journal_files *files, size_t i, uint64_t len)
{
	int error = truncate_file(files, i, len);

	if (error == 0 && files->calls.fdatasync(files->fds[i]) != 0)
		error = -errno;
	if (error != 0)
		return error;
	files->lens[i] = len;
	if (i == files->n - 1)
		files->synced = len;
	return 0;
}

static int
write_all(struct journal_files *files, size_t i, const char *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = files->calls.pwrite(
		    files->fds[i], bytes + at, len - at, (off_t)(files->lens[i] + at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (size_t)n;
	}
	return 0;
}

int
journal_files_write(struct journal_files *files, const char *bytes, size_t len)
{
	int error = files->n == 0 ? open_all(files) : 0;

	if (error != 0)
		return error;
	const size_t last = last_of(files);
	if (files->dirty)
		error = truncate_file(files, last, files->lens[last]);
	if (error == 0) {
		files->dirty = true;
		error = write_all(files, last, bytes, len);
	}
	if (error != 0)
		return error;
	files->dirty = false;
	files->lens[last] += len;
	return 0;
}

int
journal_files_sync(struct journal_files *files)
{
	if (files->n == 0)
		return 0;
	const size_t last = last_of(files);
	if (files->calls.fdatasync(files->fds[last]) != 0) {
		int error = -errno;
		files->dirty = true;
		files->lens[last] = files->synced;
		return error;
	}
	files->synced = files->lens[last];
	return 0;
}

int
journal_files_switch(struct journal_files *files)
{
	int error = files->dirty ? truncate_file(files, 0, files->lens[0]) : 0;

	if (error == 0)
		error = open_file(files, 1, O_CREAT | O_TRUNC);
	if (error != 0)
		return error;
	files->dirty = false;
	return sync_dir(files);
}

int
journal_files_renew(struct journal_files *files)
{
	const int before = files->renewing ? files->fds[NEW] : -1;
	const int error = open_file(files, NEW, O_CREAT | O_TRUNC);

	if (error != 0)
		return error;
	if (before >= 0)
		close(before);
	files->renewing = true;
	files->dirty = false;
	return 0;
}

int
journal_files_adopt(struct journal_files *files)
{
	if (!files->renewing)
		return sync_dir(files);
	if (renameat(files->dir_fd, names[NEW], files->dir_fd, names[1]) != 0)
		return -errno;
	if (files->n == 2)
		close(files->fds[1]);
	files->fds[1] = files->fds[NEW];
	files->lens[1] = files->lens[NEW];
	files->fds[NEW] = -1;
	files->n = 2;
	files->renewing = false;
	return sync_dir(files);
}

/* What was written of it is gone; the others are as they were. */
static int
end_renewal(struct journal_files *files)
{
	if (!files->renewing)
		return 0;
	if (unlinkat(files->dir_fd, names[NEW], 0) != 0 && errno != ENOENT)
		return -errno;
	close(files->fds[NEW]);
	files->fds[NEW] = -1;
	files->renewing = false;
	return 0;
}

int
journal_files_drop_old(struct journal_files *files)
{
	if (renameat(files->dir_fd, names[1], files->dir_fd, names[0]) != 0)
		return -errno;
	close(files->fds[0]);
	files->fds[0] = files->fds[1];
	files->lens[0] = files->lens[1];
	files->fds[1] = -1;
	files->n = 1;
	return sync_dir(files);
}

int
journal_files_reset(struct journal_files *files)
{
	if (files->n == 0)
		return 0;
	int error = end_renewal(files);
	if (error != 0)
		return error;
	/* The newer one goes first: what it holds continues the older one. Not one of them is needed any more, so that nothing
	 * has to be on disk before what comes next. */
	if (files->n == 2) {
		if (unlinkat(files->dir_fd, names[1], 0) != 0)
			return -errno;
		close(files->fds[1]);
		files->fds[1] = -1;
		files->n = 1;
	}
	error = truncate_file(files, 0, 0);
	if (error != 0)
		return error;
	files->lens[0] = files->synced = 0;
	files->dirty = false;
	return 0;
}

int
journal_files_set_aside(struct journal_files *files)
{
	const size_t n = files->n;

	if (n == 1 && unlinkat(files->dir_fd, aside_names[1], 0) != 0 && errno != ENOENT)
		return -errno;
	for (size_t i = n; i-- > 0;) {
		if (renameat(files->dir_fd, names[i], files->dir_fd, aside_names[i]) != 0)
			return -errno;
		close(files->fds[i]);
		files->fds[i] = -1;
		files->n = i;
	}
	files->dirty = false;
	return open_all(files);
}

uint64_t
journal_files_bytes(const struct journal_files *files)
{
	uint64_t bytes = 0;

	if (files->renewing)
		return files->lens[NEW];
	for (size_t i = 0; i < files->n; i++)
		bytes += files->lens[i];
	return bytes;
}
