/*
 * Sockets that systemd opened and keeps: taken over by their address, and what the kernel queued in them while no daemon ran
 * is not lost. The test is systemd: it holds the sockets, and passes them as sd_listen_fds(3) has it.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/http_client.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"

static struct sandbox box;
static int snmp_fd, syslog_fd, stream_fd, unix_fd, other_fd;
static char unix_path[SANDBOX_PATH];

/* Bound to 127.0.0.1; not close-on-exec, so that the daemon gets it. */
static int
bound_socket(int type, uint16_t port)
{
	struct sockaddr_in address = sandbox_address("127.0.0.1", port);
	int fd = socket(AF_INET, type, 0), one = 1;

	ck_assert_int_ge(fd, 0);
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

/* LISTEN_PID must be the daemon's: the shell tells its own and becomes the daemon. */
static void
start_passed(void)
{
	char command[1200];

	snprintf(command, sizeof(command),
	    "LISTEN_PID=$$ LISTEN_FDS=5 LISTEN_FDNAMES=traps:lines:stream:local:other exec %s -c %s "
	    "3<&%d 4<&%d 5<&%d 6<&%d 7<&%d",
	    sandbox_program("dpwatchd"), box.config, snmp_fd, syslog_fd, stream_fd, unix_fd,
	    other_fd);
	process_start(&box.daemon, box.log, ARGV("bash", "-c", command));
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
}

static void
set_up(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char redis[SANDBOX_PATH + 32], syslog[SANDBOX_PATH + 64];

	sandbox_init(&box);
	snprintf(redis, sizeof(redis), "server = unix:%s", box.redis);
	snprintf(unix_path, sizeof(unix_path), "%s/log.sock", box.dir);
	snprintf(syslog, sizeof(syslog), "listen = tcp:127.0.0.1:%u, unix:%s", box.syslog_port,
	    unix_path);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = redis, .syslog = syslog });
	/* The numbers 3 to 7 are the daemon's: ours must be others. */
	for (int fd = 0; fd < 10; fd = dup(0))
		ck_assert_int_ge(fd, 0);
	snmp_fd = bound_socket(SOCK_DGRAM, box.snmp_port);
	syslog_fd = bound_socket(SOCK_DGRAM, box.syslog_port);
	stream_fd = bound_socket(SOCK_STREAM, box.syslog_port);
	other_fd = bound_socket(SOCK_DGRAM, box.redis_port);
	unix_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	memcpy(address.sun_path, unix_path, strlen(unix_path) + 1);
	ck_assert_int_eq(bind(unix_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	sandbox_redis_start(&box, NULL, NULL);
	start_passed();
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

static void
tear_down(void)
{
	close(snmp_fd);
	close(syslog_fd);
	close(stream_fd);
	close(unix_fd);
	close(other_fd);
	sandbox_release(&box);
}

START_TEST(passed_sockets_are_listened_on)
{
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/2, changed state to down");
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert(sandbox_log_has(&box, "listening on a socket of systemd's (traps): udp:"));
	ck_assert(sandbox_log_has(&box, "listening on a socket of systemd's (lines): udp:"));
	ck_assert(sandbox_log_has(&box, "listening on a socket of systemd's (stream): tcp:"));
	ck_assert(sandbox_log_has(&box, "listening on a socket of systemd's (local): unix:"));
}
END_TEST

START_TEST(one_that_no_listen_names_is_closed_and_said_so)
{
	char text[128];

	snprintf(text, sizeof(text),
	    "(other) that no `listen` of [snmp] or [syslog] names: udp:127.0.0.1:%u",
	    box.redis_port);
	ck_assert(sandbox_log_has(&box, text));
}
END_TEST

/* A connection that waits to be accepted, with a line in it. */
static int
connect_and_send(const char *line)
{
	struct sockaddr_in from = sandbox_address(LEAF1, 0),
			   to = sandbox_address("127.0.0.1", box.syslog_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&from, sizeof(from)), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(send(fd, line, strlen(line), 0), (ssize_t)strlen(line));
	return fd;
}

static void
send_some(void)
{
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_up(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_line(
	    &box, LEAF2, "<187>%LINK-3-UPDOWN: Interface Ethernet1/3, changed state to down");
}

START_TEST(what_came_while_the_daemon_was_dead_is_not_lost)
{
	process_kill(&box.daemon);
	send_some();
	int fd =
	    connect_and_send("<187>%LINK-3-UPDOWN: Interface Ethernet1/3, changed state to down\n");
	start_passed();
	WAIT_FOR(redis_events(box.redis) == 4);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_down(box.redis), 2);
	ck_assert(redis_is_down(box.redis, VM1));
	ck_assert(redis_is_down(box.redis, VM3));
	close(fd);
}
END_TEST

START_TEST(what_came_over_a_restart_in_good_order_is_not_lost)
{
	ck_assert_int_eq(sandbox_stop(&box), 0);
	/* The path is systemd's, and stays. */
	ck_assert_int_eq(access(unix_path, F_OK), 0);
	send_some();
	start_passed();
	WAIT_FOR(redis_events(box.redis) == 3);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3");
}
END_TEST

/* What queued before anybody asked for the address that was asked has it all the same. */
START_TEST(an_inform_that_waited_in_the_kernel_is_answered)
{
	struct process sender;
	char agent[32], output[SANDBOX_PATH + 16];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	snprintf(output, sizeof(output), "%s/inform", box.dir);
	process_kill(&box.daemon);
	process_start(&sender, output,
	    ARGV("snmpinform", "-v2c", "-c", "public", "-t", "20", "-r", "0", "--clientaddr=" LEAF1,
		agent, "", LINK_DOWN, ".1.3.6.1.2.1.2.2.1.1.1", "i", "1"));
	/* It is in the socket, which this test can look into. */
	char byte;
	WAIT_FOR(recv(snmp_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
	start_passed();
	ck_assert_int_eq(process_wait(&sender), 0);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sockets");
	TCase *tcase = tcase_create("passed");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, passed_sockets_are_listened_on);
	tcase_add_test(tcase, one_that_no_listen_names_is_closed_and_said_so);
	tcase_add_test(tcase, what_came_while_the_daemon_was_dead_is_not_lost);
	tcase_add_test(tcase, what_came_over_a_restart_in_good_order_is_not_lost);
	tcase_add_test(tcase, an_inform_that_waited_in_the_kernel_is_answered);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
