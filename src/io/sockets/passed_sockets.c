#include "io/passed_sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "io/listen_socket.h"
#include "util/log.h"

static struct {
	int fd;
	bool claimed;
	char unit_name[64];
} passed[PASSED_SOCKETS_MAX];
static size_t n_passed;

size_t
passed_sockets_take(void)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);

	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		if (n_passed == PASSED_SOCKETS_MAX) {
			log_warning("systemd passed more than %d sockets: the others are closed",
			    PASSED_SOCKETS_MAX);
			for (; i < n; i++)
				close(SD_LISTEN_FDS_START + i);
			break;
		}
		passed[n_passed].fd = fd;
		snprintf(passed[n_passed].unit_name, sizeof(passed[n_passed].unit_name), "%.60s",
		    names && names[i] ? names[i] : "");
		n_passed++;
	}
	for (int i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
	return n_passed;
}

static bool
same_address(const struct sockaddr_storage *bound, const struct sockaddr *address)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)bound,
				 *b4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)bound,
				  *b6 = (const struct sockaddr_in6 *)address;

	if (bound->ss_family != address->sa_family)
		return false;
	switch (address->sa_family) {
	case AF_INET:
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	case AF_INET6:
		return a6->sin6_port == b6->sin6_port && a6->sin6_scope_id == b6->sin6_scope_id &&
		       memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
	case AF_UNIX:
		return strncmp(((const struct sockaddr_un *)bound)->sun_path,
			   ((const struct sockaddr_un *)address)->sun_path,
			   sizeof(((const struct sockaddr_un *)bound)->sun_path)) == 0;
	default:
		return false;
	}
}

/* A stream socket must listen already: one that is connected (Accept=yes) is none of ours. */
static bool
is_of_type(int fd, int type)
{
	return sd_is_socket(fd, AF_UNSPEC, type, type == SOCK_STREAM ? 1 : -1) > 0;
}

int
passed_sockets_claim(int type, const struct sockaddr *address)
{
	struct sockaddr_storage bound;
	char name[LISTEN_SOCKET_NAME_MAX];

	for (size_t i = 0; i < n_passed; i++) {
		int fd = passed[i].fd;
		if (passed[i].claimed || !is_of_type(fd, type))
			continue;
		listen_socket_address(fd, &bound);
		if (!same_address(&bound, address))
			continue;
		passed[i].claimed = true;
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		log_info("listening on a socket of systemd's (%s): %s", passed[i].unit_name,
		    listen_socket_name(fd, name, sizeof(name)));
		return fd;
	}
	return -1;
}

bool
passed_sockets_has(int fd)
{
	for (size_t i = 0; i < n_passed; i++)
		if (passed[i].fd == fd)
			return true;
	return false;
}

void
passed_sockets_close_rest(void)
{
	char name[LISTEN_SOCKET_NAME_MAX];
	size_t n = 0;

	for (size_t i = 0; i < n_passed; i++) {
		if (passed[i].claimed) {
			passed[n++] = passed[i];
			continue;
		}
		log_warning(
		    "systemd passed a socket (%s) that no `listen` of [snmp] or [syslog] names: %s; closed",
		    passed[i].unit_name, listen_socket_name(passed[i].fd, name, sizeof(name)));
		close(passed[i].fd);
	}
	n_passed = n;
}
