#include "admin/http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/config.h"
#include "util/addr.h"
#include "util/bind_advice.h"

#define BACKLOG 128

struct complaint {
	char *error;
	size_t size;
};

static bool __attribute__((format(printf, 2, 3)))
complain(const struct complaint *complaint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(complaint->error, complaint->size, format, args);
	va_end(args);
	return false;
}

/* ---- unix:PATH ---- */

/* Whether nobody answers on the socket file, so that it may be replaced. */
static bool
is_stale(const struct sockaddr_un *address)
{
	/* Non-blocking, because a daemon that hangs has a full backlog, and yet it is alive. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	int result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	bool refused = result < 0 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static bool
make_room(const struct sockaddr_un *address, const struct complaint *complaint)
{
	const char *path = address->sun_path;
	struct stat file;

	if (lstat(path, &file) < 0)
		return true; /* bind will say what else is wrong */
	if (!S_ISSOCK(file.st_mode))
		return complain(complaint,
		    "[api] listen unix:%s: a file that is no socket is in the way", path);
	if (!is_stale(address))
		return complain(complaint,
		    "[api] listen unix:%s: somebody answers there already: is another dpwatchd running?",
		    path);
	if (unlink(path) < 0)
		return complain(complaint,
		    "[api] listen unix:%s: cannot remove the socket that was left behind: %s", path,
		    strerror(errno));
	return true;
}

static bool
bind_unix(int fd, const struct sockaddr_un *address, const struct complaint *complaint)
{
	/* The file is born with mode 0660: a chmod afterwards would leave it open for a moment. */
	mode_t mask = umask(0117);
	int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	int problem = errno;

	umask(mask);
	if (result < 0)
		return complain(complaint, "[api] listen unix:%s: %s%s", address->sun_path,
		    strerror(problem), problem == ENOENT ? " (its folder must exist before)" : "");
	return true;
}

static bool
open_unix(const char *path, struct http_socket *socket_, const struct complaint *complaint)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat file;

	if (strlen(path) >= sizeof(address.sun_path))
		return complain(complaint,
		    "[api] listen unix:%s: the path is longer than %zu bytes", path,
		    sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (!make_room(&address, complaint))
		return false;
	socket_->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (socket_->fd < 0)
		return complain(complaint, "[api] listen unix:%s: %s", path, strerror(errno));
	if (!bind_unix(socket_->fd, &address, complaint))
		return false;
	/* From here on the file is ours, and closing removes it. */
	socket_->is_unix = true;
	socket_->path = strdup(path);
	if (socket_->path && stat(path, &file) == 0) {
		socket_->device = file.st_dev;
		socket_->inode = file.st_ino;
	}
	if (listen(socket_->fd, BACKLOG) < 0)
		return complain(complaint, "[api] listen unix:%s: %s", path, strerror(errno));
	snprintf(socket_->text, sizeof(socket_->text), "unix %s", path);
	return true;
}

/* ---- http:ADDR:PORT, https:ADDR:PORT ---- */

static int
bind_tcp(const struct addrinfo *address)
{
	int on = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int problem = errno;
	close(fd);
	return -problem;
}

static bool
is_loopback(const struct sockaddr *address)
{
	struct addr addr;

	return addr_from_sockaddr(address, &addr) && addr_is_loopback(&addr);
}

/* The address as bound: with port 0 the kernel chose one. */
static void
tcp_text(int fd, const char *kind, char *buf, size_t size)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	char host[80], port[8];

	if (getsockname(fd, (struct sockaddr *)&bound, &len) < 0 ||
	    getnameinfo((struct sockaddr *)&bound, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(buf, size, "%s ?", kind);
	else
		snprintf(
		    buf, size, strchr(host, ':') ? "%s [%s]:%s" : "%s %s:%s", kind, host, port);
}

static bool
open_tcp(const char *line, const struct config_endpoint *endpoint, struct http_socket *socket_,
    const struct complaint *complaint)
{
	/* Numeric only: a name could block on DNS, and mean another address tomorrow. */
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	char host[80], port[8];

	slice_copy(endpoint->host, host, sizeof(host));
	snprintf(port, sizeof(port), "%u", endpoint->port);
	if (getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found) != 0)
		return complain(
		    complaint, "[api] listen %s: '%s' is no numeric address", line, host);
	int fd = bind_tcp(found);
	socket_->is_tls = strcmp(endpoint->kind, "https") == 0;
	socket_->is_exposed = !socket_->is_tls && !is_loopback(found->ai_addr);
	freeaddrinfo(found);
	if (fd < 0)
		return complain(complaint, "[api] listen %s: %s%s", line, strerror(-fd),
		    bind_advice(-fd, endpoint->port, true));
	socket_->fd = fd;
	tcp_text(fd, endpoint->kind, socket_->text, sizeof(socket_->text));
	return true;
}

static bool
open_any(const char *line, struct http_socket *socket_, const struct complaint *complaint)
{
	struct config_endpoint endpoint;

	if (!config_endpoint_parse(line, &endpoint))
		return complain(complaint,
		    "[api] listen %s: none of unix:PATH, http:ADDR:PORT, https:ADDR:PORT", line);
	if (strcmp(endpoint.kind, "unix") == 0)
		return open_unix(line + strlen("unix:"), socket_, complaint);
	return open_tcp(line, &endpoint, socket_, complaint);
}

bool
http_socket_open(const char *line, struct http_socket *ret_socket, char *error, size_t size)
{
	struct complaint complaint = { error, size };
	struct http_socket socket_ = { .fd = -1 };

	if (!open_any(line, &socket_, &complaint)) {
		http_socket_close(&socket_);
		return false;
	}
	*ret_socket = socket_;
	return true;
}

void
http_socket_close(struct http_socket *socket_)
{
	struct stat file;

	if (socket_->fd >= 0)
		close(socket_->fd);
	if (socket_->path && stat(socket_->path, &file) == 0 && file.st_dev == socket_->device &&
	    file.st_ino == socket_->inode)
		unlink(socket_->path);
	free(socket_->path);
	*socket_ = (struct http_socket){ .fd = -1 };
}
