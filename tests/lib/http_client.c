#include "lib/http_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/process.h"

static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = process_patience_ms() / 1000 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return fd;
	memcpy(address.sun_path, path, strlen(path) + 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Everything until the other end closes, NUL-terminated; NULL when that did not come about. */
static char *
receive_all(int fd)
{
	char *text = NULL, buf[8192];
	size_t size;
	ssize_t n;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	/* One with a time limit is interrupted where the test's process was stopped and goes on. */
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0 || (n < 0 && errno == EINTR))
		fwrite(buf, 1, n > 0 ? (size_t)n : 0, out);
	fclose(out);
	if (n == 0)
		return text;
	free(text);
	return NULL;
}

/* HTTP/1.0, so that the answer is neither chunked nor followed by another. */
static char *
exchange(int fd, const char *method, const char *target, const char *body)
{
	char head[1024];
	size_t len = body ? strlen(body) : 0;
	int n = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.0\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    method, target, len);

	if (n < 0 || (size_t)n >= sizeof(head) || send_all(fd, head, (size_t)n) != 0 ||
	    (len > 0 && send_all(fd, body, len) != 0))
		return NULL;
	return receive_all(fd);
}

int
http_client(const char *socket_path, const char *method, const char *target, const char *body,
    json_t **ret_json)
{
	int fd = connect_to(socket_path), status;
	char *answer = fd >= 0 ? exchange(fd, method, target, body) : NULL;
	const char *content = answer ? strstr(answer, "\r\n\r\n") : NULL;

	if (ret_json)
		*ret_json = NULL;
	if (fd >= 0)
		close(fd);
	if (!content || sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
		status = -1;
	else if (ret_json)
		*ret_json = json_loads(content + 4, 0, NULL);
	free(answer);
	return status;
}
