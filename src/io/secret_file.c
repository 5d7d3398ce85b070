#include "io/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/slice.h"

#define FILE_BYTES_MAX 1024

/* Whether this may hold a secret. */
static int
check_file(int fd, const char *path, char *error, size_t error_size)
{
	struct stat status;

	if (fstat(fd, &status) != 0) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(status.st_mode)) {
		snprintf(error, error_size, "%s: is no plain file", path);
		return -1;
	}
	if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		snprintf(error, error_size,
		    "%s: its group or everybody may read or write it (mode %04o): chmod 0600", path,
		    (unsigned)(status.st_mode & 07777));
		return -1;
	}
	return 0;
}

int
secret_file_read(const char *path, char *buf, size_t size, char *error, size_t error_size)
{
	char bytes[FILE_BYTES_MAX];
	int result = -1;
	/* not to wait for the other end of a FIFO */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (check_file(fd, path, error, error_size) != 0) {
		close(fd);
		return -1;
	}
	ssize_t len = read(fd, bytes, sizeof(bytes));
	struct slice text = { bytes, len > 0 ? (size_t)len : 0 };
	long end = slice_find(text, SLICE("\n"));
	text = slice_trim(end < 0 ? text : slice_first(text, (size_t)end));
	if (len < 0)
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
	else if (text.len == 0 || text.len >= size || memchr(text.data, '\0', text.len))
		snprintf(error, error_size, "%s: its first line is no secret of 1 to %zu octets",
		    path, size - 1);
	else
		result = (int)slice_copy(text, buf, size) > 0 ? 0 : -1;
	explicit_bzero(bytes, sizeof(bytes));
	close(fd);
	return result;
}
