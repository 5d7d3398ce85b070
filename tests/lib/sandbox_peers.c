/*
 * What stands around the daemon: a Redis that is not its child, and the switches that send to it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/sandbox.h"

/* ---- a Redis beside the daemon ---- */

/* Whether something there answers PING as a Redis does that is not loading. */
static bool
redis_answers(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[16] = "";

	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6)
		recv(fd, answer, sizeof(answer) - 1, 0);
	close(fd);
	return strncmp(answer, "+PONG", 5) == 0 || strncmp(answer, "-NOAUTH", 7) == 0;
}

void
sandbox_redis_start(struct sandbox *box, const char *option, const char *argument)
{
	char port[8];

	snprintf(port, sizeof(port), "%u", box->redis_port);
	unlink(box->redis);
	process_start(&box->server, box->redis_log,
	    ARGV("redis-server", "--port", port, "--bind", "127.0.0.1", "--unixsocket", box->redis,
		"--dir", box->dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
		option, argument));
	WAIT_FOR(redis_answers(box->redis));
}

void
sandbox_redis_kill(struct sandbox *box)
{
	process_kill(&box->server);
}

/* ---- senders ---- */

void
sandbox_trap(const struct sandbox *box, const char *from, const char *const *more)
{
	char out[4096], agent[32], client[64];
	const char *argv[1024] = { "snmptrap", "-v2c", "-c", "public", client, agent };
	size_t n = 6;

	snprintf(client, sizeof(client), "--clientaddr=%s", from);
	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box->snmp_port);
	for (; *more; more++) {
		ck_assert_uint_lt(n, sizeof(argv) / sizeof(argv[0]) - 1);
		argv[n++] = *more;
	}
	argv[n] = NULL;
	int status = process_run(out, sizeof(out), argv);
	ck_assert_msg(status == 0 && out[0] == '\0', "snmptrap: %d %s", status, out);
}

static void
link_trap(const struct sandbox *box, const char *from, int if_index, int generic, const char *oper)
{
	char trap[32], index[40], admin[40], status[40], number[16];

	snprintf(trap, sizeof(trap), ".1.3.6.1.6.3.1.1.5.%d", generic);
	snprintf(number, sizeof(number), "%d", if_index);
	snprintf(index, sizeof(index), ".1.3.6.1.2.1.2.2.1.1.%d", if_index);
	snprintf(admin, sizeof(admin), ".1.3.6.1.2.1.2.2.1.7.%d", if_index);
	snprintf(status, sizeof(status), ".1.3.6.1.2.1.2.2.1.8.%d", if_index);
	sandbox_trap(
	    box, from, ARGV("", trap, index, "i", number, admin, "i", "1", status, "i", oper));
}

void
sandbox_link_down(const struct sandbox *box, const char *from, int if_index)
{
	link_trap(box, from, if_index, 3, "2");
}

void
sandbox_link_up(const struct sandbox *box, const char *from, int if_index)
{
	link_trap(box, from, if_index, 4, "1");
}

struct sockaddr_in
sandbox_address(const char *text, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	ck_assert_msg(inet_pton(AF_INET, text, &address.sin_addr) == 1, "%s", text);
	return address;
}

int
sandbox_socket(const char *from, const char *to, uint16_t port)
{
	struct sockaddr_in source = sandbox_address(from, 0), target = sandbox_address(to, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&source, sizeof(source)), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&target, sizeof(target)), 0);
	return fd;
}

int
sandbox_connect(const char *from, uint16_t port)
{
	const struct sockaddr_in source = sandbox_address(from, 0);
	const struct sockaddr_in target = sandbox_address("127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&source, sizeof(source)), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&target, sizeof(target)), 0);
	return fd;
}

size_t
sandbox_receive(int fd, int ms, uint8_t *bytes, size_t size)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	if (poll(&entry, 1, ms) != 1)
		return 0;
	ssize_t len = recv(fd, bytes, size, 0);
	ck_assert_msg(len > 0, "recv: %s", strerror(errno));
	return (size_t)len;
}

size_t
sandbox_capture(uint8_t *bytes, size_t size, const char *const *argv)
{
	struct sockaddr_in here = sandbox_address("127.0.0.1", 0);
	socklen_t len = sizeof(here);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char out[256], agent[32];
	const char *copy[48];
	size_t n = 0;

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&here, sizeof(here)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &len), 0);
	snprintf(agent, sizeof(agent), "127.0.0.1:%u", ntohs(here.sin_port));
	for (; argv[n] && n < 47; n++)
		copy[n] = strcmp(argv[n], "AGENT") == 0 ? agent : argv[n];
	copy[n] = NULL;
	process_run(out, sizeof(out), copy);
	size_t got = sandbox_receive(fd, 0, bytes, size);
	ck_assert_msg(got > 0, "%s sent nothing: %s", argv[0], out);
	close(fd);
	return got;
}

void
sandbox_send(const char *from, uint16_t port, const void *bytes, size_t len)
{
	int fd = sandbox_socket(from, "127.0.0.1", port);

	ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	close(fd);
}

void
sandbox_line(const struct sandbox *box, const char *from, const char *line)
{
	sandbox_send(from, box->syslog_port, line, strlen(line));
}
