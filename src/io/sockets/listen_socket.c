#include "io/listen_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/passed_sockets.h"
#include "util/addr.h"
#include "util/bind_advice.h"

/* A host as getaddrinfo takes it: an IPv6 address with a scope is the longest. */
#define HOST_MAX 128

/* The host without brackets. False: empty or too long. */
static bool
strip_brackets(const char *host, char *buf, size_t size)
{
	size_t len = strlen(host);

	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len == 0 || len >= size)
		return false;
	memcpy(buf, host, len);
	buf[len] = '\0';
	return true;
}

/* An address, never a name: nothing here may wait for DNS. */
static bool
parse_host(
    const char *host, uint16_t port, struct sockaddr_storage *ret_address, socklen_t *ret_len)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *info = NULL;
	char bare[HOST_MAX], service[8];

	snprintf(service, sizeof(service), "%u", port);
	if (!strip_brackets(host, bare, sizeof(bare)) ||
	    getaddrinfo(bare, service, &hints, &info) != 0)
		return false;
	memset(ret_address, 0, sizeof(*ret_address));
	memcpy(ret_address, info->ai_addr, info->ai_addrlen);
	*ret_len = info->ai_addrlen;
	freeaddrinfo(info);
	return true;
}

static int
open_socket(int family, int type, char *error, size_t size)
{
	const int one = 1;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		snprintf(error, size, "cannot make a socket to listen: %s", strerror(errno));
		return -1;
	}
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	/* TCP only: past connections that linger on the port are no reason to refuse it. */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

static int
bind_and_listen(int fd, int type, const struct sockaddr_storage *address, socklen_t address_len)
{
	if (bind(fd, (const struct sockaddr *)address, address_len) != 0)
		return -errno;
	if (type == SOCK_STREAM && listen(fd, SOMAXCONN) != 0)
		return -errno;
	return 0;
}

static int
open_ip(const char *kind, int type, const char *host, uint16_t port, char *error, size_t size)
{
	struct sockaddr_storage address;
	socklen_t len;

	if (!parse_host(host, port, &address, &len)) {
		snprintf(error, size, "%s:%s:%u: not an address (names are not looked up)", kind,
		    host, port);
		return -1;
	}
	if (kind[strlen(kind) - 1] == '6' && address.ss_family != AF_INET6) {
		snprintf(error, size, "%s:%s:%u: not an IPv6 address", kind, host, port);
		return -1;
	}
	int fd = passed_sockets_claim(type, (const struct sockaddr *)&address);
	if (fd >= 0)
		return fd;
	fd = open_socket(address.ss_family, type, error, size);
	if (fd < 0)
		return -1;
	int failure = bind_and_listen(fd, type, &address, len);
	if (failure != 0) {
		snprintf(error, size, "%s:%s:%u: %s%s", kind, host, port, strerror(-failure),
		    bind_advice(-failure, port, type == SOCK_STREAM));
		close(fd);
		return -1;
	}
	return fd;
}

/* Removes a socket that nobody listens on any more, and nothing else. */
static void
remove_stale(const struct sockaddr_un *address)
{
	struct stat st;

	if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int
open_unix(const char *path, char *error, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(address.sun_path)) {
		snprintf(error, size, "unix:%s: a socket's path has 1 to %zu bytes", path,
		    sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, path, len);
	int fd = passed_sockets_claim(SOCK_DGRAM, (const struct sockaddr *)&address);
	if (fd >= 0)
		return fd;
	fd = open_socket(AF_UNIX, SOCK_DGRAM, error, size);
	if (fd < 0)
		return -1;
	remove_stale(&address);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int saved = errno;
		snprintf(error, size, "unix:%s: %s%s", path, strerror(saved),
		    saved == EADDRINUSE ? " (another program listens there, or it is no socket)"
					: "");
		close(fd);
		return -1;
	}
	/* Whoever may write here may say that a link is down: not everybody. */
	(void)chmod(path, 0660);
	return fd;
}

int
listen_socket_open(const char *kind, const char *host, uint16_t port, char *error, size_t size)
{
	if (strcmp(kind, "unix") == 0)
		return open_unix(host, error, size);
	if (strcmp(kind, "udp") == 0 || strcmp(kind, "udp6") == 0)
		return open_ip(kind, SOCK_DGRAM, host, port, error, size);
	if (strcmp(kind, "tcp") == 0 || strcmp(kind, "tcp6") == 0 || strcmp(kind, "tls") == 0)
		return open_ip(kind, SOCK_STREAM, host, port, error, size);
	snprintf(error, size, "%s:%s: no transport to listen on", kind, host);
	return -1;
}

static int
get_int(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, option, &value, &len) == 0 ? value : -1;
}

static void
set_receive_buffer(int fd, size_t bytes)
{
	/* The kernel doubles what is asked for, and keeps it in an int. */
	const int want = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;

	if (want > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof(want)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof(want));
}

/* Bound to one address of its own, it is asked at no other, and answers from there by itself. */
static bool
may_be_asked_at_several(int fd)
{
	struct sockaddr_storage bound;
	struct addr addr;

	listen_socket_address(fd, &bound);
	return addr_from_sockaddr((const struct sockaddr *)&bound, &addr) &&
	       (addr_is_any(&addr) || addr_is_multicast(&addr));
}

int
listen_socket_set_up(int fd, size_t receive_buffer, char *error, size_t size)
{
	const int one = 1;
	int family = get_int(fd, SOL_SOCKET, SO_DOMAIN);

	if (get_int(fd, SOL_SOCKET, SO_TYPE) != SOCK_DGRAM ||
	    (family != AF_INET && family != AF_INET6 && family != AF_UNIX)) {
		snprintf(error, size, "descriptor %d is no UDP or Unix datagram socket", fd);
		return -1;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	set_receive_buffer(fd, receive_buffer);
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
	if (!may_be_asked_at_several(fd))
		return family;
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	else if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
	return family;
}

size_t
listen_socket_receive_buffer(int fd)
{
	int bytes = get_int(fd, SOL_SOCKET, SO_RCVBUF);

	return bytes > 0 ? (size_t)bytes : 0;
}

void
listen_socket_address(int fd, struct sockaddr_storage *ret_address)
{
	socklen_t len = sizeof(*ret_address);

	memset(ret_address, 0, sizeof(*ret_address));
	if (getsockname(fd, (struct sockaddr *)ret_address, &len) != 0)
		ret_address->ss_family = AF_UNSPEC;
}

static const char *
name_ip6(const char *kind, const struct sockaddr_in6 *sin6, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "", interface[IF_NAMESIZE] = "";

	inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
	bool scoped = sin6->sin6_scope_id != 0 && if_indextoname(sin6->sin6_scope_id, interface);
	snprintf(buf, size, "%s:[%s%s%s]:%u", kind, host, scoped ? "%" : "", interface,
	    ntohs(sin6->sin6_port));
	return buf;
}

const char *
listen_socket_name(int fd, char *buf, size_t size)
{
	const char *kind = get_int(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM ? "tcp" : "udp";
	struct sockaddr_storage address;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&address;
	const struct sockaddr_un *sun = (const struct sockaddr_un *)&address;
	char host[INET_ADDRSTRLEN] = "";

	listen_socket_address(fd, &address);
	switch (address.ss_family) {
	case AF_INET:
		inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host));
		snprintf(buf, size, "%s:%s:%u", kind, host, ntohs(sin->sin_port));
		return buf;
	case AF_INET6:
		return name_ip6(kind, (const struct sockaddr_in6 *)&address, buf, size);
	case AF_UNIX:
		snprintf(buf, size, "unix:%.*s", (int)sizeof(sun->sun_path), sun->sun_path);
		return buf;
	default:
		snprintf(buf, size, "a socket without a name");
		return buf;
	}
}
