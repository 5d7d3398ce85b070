#include "util/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

/* Appends what can be read at once. The number of bytes, 0 at the end, or a negative errno. */
static ssize_t
read_more(int fd, size_t max, char **bytes, size_t *len, size_t *size)
{
	if (*len + 1 >= *size) {
		char *more = realloc(*bytes, *size + CHUNK);
		if (more == NULL)
			return -ENOMEM;
		*bytes = more;
		*size += CHUNK;
	}
	ssize_t n = read(fd, *bytes + *len, *size - *len - 1);
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	*len += (size_t)n;
	return *len > max ? -EFBIG : n;
}

int
files_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;
	size_t len = 0, size = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read_more(fd, max, &bytes, &len, &size);
	while (n > 0);
	close(fd);
	if (n < 0) {
		free(bytes);
		return (int)n;
	}
	bytes[len] = '\0';
	*ret_bytes = bytes;
	*ret_len = len;
	return 0;
}

static int
write_all(int fd, const char *text)
{
	for (size_t len = strlen(text); len > 0;) {
		ssize_t n = write(fd, text, len);
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int
files_replace(const char *path, const char *text, unsigned mode)
{
	char *beside;

	if (asprintf(&beside, "%s.new", path) < 0)
		return -ENOMEM;
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	int r = fd < 0 ? -errno : write_all(fd, text);
	if (fd >= 0 && fchmod(fd, mode) < 0 && r == 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r != 0 && fd >= 0)
		unlink(beside);
	free(beside);
	return r;
}

static bool
is_wanted(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return name[0] != '.' && len > end && strcmp(name + len - end, suffix) == 0;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
files_list_free(char **paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}

/* 0 or -ENOMEM. */
static int
add_path(const char *folder, const char *name, char ***paths, size_t *n)
{
	char **more = realloc(*paths, (*n + 1) * sizeof(*more));

	if (more == NULL)
		return -ENOMEM;
	*paths = more;
	if (asprintf(&more[*n], "%s/%s", folder, name) < 0)
		return -ENOMEM;
	(*n)++;
	return 0;
}

int
files_list(const char *folder, const char *suffix, char ***ret_paths, size_t *ret_n)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char **paths = NULL;
	size_t n = 0;
	int r = 0;

	if (dir == NULL)
		return -errno;
	while (r == 0 && (entry = readdir(dir)) != NULL)
		if (is_wanted(entry->d_name, suffix))
			r = add_path(folder, entry->d_name, &paths, &n);
	closedir(dir);
	if (r != 0) {
		files_list_free(paths, n);
		return r;
	}
	if (n > 0)
		qsort(paths, n, sizeof(*paths), by_bytes);
	*ret_paths = paths;
	*ret_n = n;
	return 0;
}
