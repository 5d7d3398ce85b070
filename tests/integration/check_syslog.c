/*
 * Syslog as switches and util-linux's logger send it, and two sources that tell the same.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/redis_client.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

/* conf/topology.example.json: 127.0.0.1 is its leaf1, and this port hangs on leaf1:Ethernet1/1 alone. */
#define EXAMPLE_PORT "11111111-1111-4111-8111-111111111111"

/* The last of n entries on the events stream says this. */
static void
expect_last(json_int_t n, const char *port, const char *down, const char *reason)
{
	char revision[24];

	snprintf(revision, sizeof(revision), "%d", (int)n);
	redis_expect_newest(box.redis, n,
	    ARGV("port", port, "dp_down", down, "reason", reason, "revision", revision, "source",
		"syslog", "received_at", NULL));
}

/* ---- lines of switches ---- */

/* Each takes leaf1:Ethernet1/1 down; leaf1 is an NX-OS switch, but its lines may look like any vendor's. */
static const struct {
	const char *line, *reason;
} down_lines[] = {
	{ "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down", "link-down" },
	{ "<187>45: leaf1: *Mar  1 00:01:02.003: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down",
	    "link-down" },
	{ "<189>: 2026 Jan  5 11:22:33 UTC: %ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface Ethernet1/1 is down (Link failure)",
	    "link-down" },
	{ "<189>: 2026 Jan  5 11:22:33 UTC: %ETHPORT-5-IF_DOWN_ADMIN_DOWN: Interface Ethernet1/1 is down (Administratively down)",
	    "admin-down" },
	{ "<187>1 2026-01-05T11:22:33.444Z leaf1 - - - - %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down",
	    "link-down" },
	{ "<187>%LINK-3-UPDOWN: Interface Eth1/1, changed state to down\n", "link-down" },
};

START_TEST(a_line_as_a_switch_sends_it_takes_the_port_down)
{
	sandbox_line(&box, LEAF1, down_lines[_i].line);
	expect_last(1, VM1, "true", down_lines[_i].reason);
}
END_TEST

START_TEST(an_up_line_heals_the_port)
{
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_last(1, VM1, "true", "link-down");
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	expect_last(2, VM1, "false", "");
	ck_assert_int_eq(redis_down(box.redis), 0);
}
END_TEST

/* ---- two sources ---- */

START_TEST(a_second_source_that_says_the_same_toggles_nothing)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 1);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 1);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == 2);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 2);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 2);
}
END_TEST

START_TEST(the_first_source_wins_also_when_it_is_syslog)
{
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_last(1, VM1, "true", "link-down");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

/* ---- logger, and the map that comes with the source ---- */

static void
set_up_example(void)
{
	char lines[64];

	sandbox_init(&box);
	snprintf(lines, sizeof(lines), "listen = tcp:127.0.0.1:%u", box.syslog_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	sandbox_start_ready(&box);
	char *topology = process_read_file("conf/topology.example.json");
	sandbox_load(&box, topology);
	free(topology);
}

/* Its options for the header and the transport; the first two are the README's. */
static const char *const forms[][3] = {
	{ "--udp", "--rfc3164" },
	{ "--udp", "--rfc5424" },
	{ "--tcp", "--rfc3164" },
	{ "--tcp", "--rfc5424" },
	{ "--tcp", "--rfc3164", "--octet-count" },
	{ "--tcp", "--rfc5424", "--octet-count" },
	{ "--udp", "--rfc5424=notime,nohost" },
};

/* logger as the README has it. It must print nothing. */
static void
logger(const char *const form[3], const char *line)
{
	char out[256], port[8];
	const char *argv[] = { "logger", "-n", "127.0.0.1", "-P", port, form[0], form[1],
		form[2] ? form[2] : line, form[2] ? line : NULL, NULL };

	snprintf(port, sizeof(port), "%u", box.syslog_port);
	ck_assert_int_eq(process_run(out, sizeof(out), argv), 0);
	ck_assert_str_eq(out, "");
}

START_TEST(the_line_of_the_readme_works_in_every_form)
{
	logger(forms[_i], "%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_last(1, EXAMPLE_PORT, "true", "link-down");
	logger(forms[_i], "%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	expect_last(2, EXAMPLE_PORT, "false", "");
}
END_TEST

START_TEST(a_trap_takes_it_down_and_logger_heals_it)
{
	sandbox_link_down(&box, "127.0.0.1", 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	logger(forms[0], "%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	/* What contradicts a trap waits until that is source_settle (2 s) old. */
	expect_last(2, EXAMPLE_PORT, "false", "");
}
END_TEST

/* ---- streams ---- */

static void
set_up_streams(void)
{
	char lines[160];

	sandbox_init(&box);
	snprintf(lines, sizeof(lines),
	    "listen = tcp:127.0.0.1:%u\nlisten = unix:%s/log\nmax_connections = 4", box.syslog_port,
	    box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* A connection from LEAF1 that writes these bytes and closes. */
static void
stream(const char *bytes, size_t len)
{
	int fd = sandbox_connect(LEAF1, box.syslog_port);

	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

START_TEST(a_stream_carries_lines_and_counted_frames)
{
	static const char lines[] =
	    "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down\n"
	    "<187>%LINK-3-UPDOWN: Interface Ethernet1/2, changed state to down\n";
	static const char frames[] =
	    "63 <187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up"
	    "63 <187>%LINK-3-UPDOWN: Interface Ethernet1/2, changed state to up";

	stream(lines, sizeof(lines) - 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(redis_down(box.redis), 2);
	stream(frames, sizeof(frames) - 1);
	WAIT_FOR(redis_events(box.redis) == 4);
	ck_assert_int_eq(redis_down(box.redis), 0);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.connections"), 2);
}
END_TEST

START_TEST(a_frame_with_an_absurd_count_ends_its_connection_alone)
{
	static const char absurd[] = "99999999999 <187>x";
	static const char good[] =
	    "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down\n";

	stream(absurd, sizeof(absurd) - 1);
	WAIT_FOR(sandbox_counter(&box, "syslog.bad-frame") == 1);
	stream(good, sizeof(good) - 1);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

static bool
is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* The one that was silent for longest: of four the second, because the first still speaks. */
START_TEST(a_host_with_all_connections_makes_room_for_another)
{
	static const char good[] =
	    "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down\n";
	int held[4];

	for (int i = 0; i < 4; i++) {
		held[i] = sandbox_connect("127.0.0.9", box.syslog_port);
		WAIT_FOR(sandbox_counter(&box, "syslog.connections") == i + 1);
	}
	ck_assert_int_eq(write(held[0], "<187>hello\n", 11), 11);
	WAIT_FOR(sandbox_counter(&box, "syslog.received") == 1);
	int fifth = sandbox_connect("127.0.0.9", box.syslog_port);
	WAIT_FOR(sandbox_counter(&box, "syslog.connections-refused") == 1);
	WAIT_FOR(is_closed(fifth));
	ck_assert_int_eq(sandbox_counter(&box, "syslog.connections-displaced"), 0);
	stream(good, sizeof(good) - 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.connections-displaced"), 1);
	ck_assert(sandbox_log_has(&box, "127.0.0.9 has more than half of all connections"));
	ck_assert(!is_closed(held[0]) && is_closed(held[1]) && !is_closed(held[2]));
	close(fifth);
	for (int i = 0; i < 4; i++)
		close(held[i]);
}
END_TEST

/* ---- several listeners ---- */

static const char ipv6_topology[] =
    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"::1\"], \"os\": \"nx-os\"}],"
    " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:Ethernet1/1\"]}]}";

static void
set_up_listeners(void)
{
	char lines[300];

	sandbox_init(&box);
	snprintf(lines, sizeof(lines),
	    "listen = tcp:127.0.0.1:%u, udp:[::1]:%u, tcp:[::1]:%u\nlisten = unix:%s/log",
	    box.syslog_port, box.syslog_port, box.syslog_port, box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, ipv6_topology);
}

/* One write to ::1 over this kind of socket. */
static void
send_ipv6(int type, const char *line)
{
	struct sockaddr_in6 target = { .sin6_family = AF_INET6,
		.sin6_port = htons(box.syslog_port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&target, sizeof(target)), 0);
	ck_assert_int_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	close(fd);
}

/* One datagram to the Unix socket, whose sender has no address. */
static void
send_unix(const char *line)
{
	struct sockaddr_un target = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(target.sun_path, sizeof(target.sun_path), "%s/log", box.dir);
	ck_assert_int_eq(
	    sendto(fd, line, strlen(line), 0, (const struct sockaddr *)&target, sizeof(target)),
	    (ssize_t)strlen(line));
	close(fd);
}

START_TEST(every_listener_hears_and_ipv6_senders_are_switches_too)
{
	send_ipv6(SOCK_DGRAM, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_last(1, VM1, "true", "link-down");
	send_ipv6(SOCK_STREAM, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up\n");
	expect_last(2, VM1, "false", "");
	/* On the local socket the host name tells, in any case and fully qualified too. */
	send_unix(
	    "<187>Mar  1 10:00:00 LEAF1.example.net %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_last(3, VM1, "true", "link-down");
	send_unix(
	    "<187>1 - ::1 - - - - %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	expect_last(4, VM1, "false", "");
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	WAIT_FOR(sandbox_counter(&box, "event.unknown-sender") == 1);
}
END_TEST

/* A name that is not on a local socket, or not from a trusted relay, is nobody's. */
START_TEST(a_host_name_over_the_network_is_not_believed)
{
	send_ipv6(SOCK_DGRAM,
	    "<187>Mar  1 10:00:00 leaf9 %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_last(1, VM1, "true", "link-down");
	sandbox_line(&box, STRANGER,
	    "<187>Mar  1 10:00:00 leaf1 %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	WAIT_FOR(sandbox_counter(&box, "event.unknown-sender") == 1);
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("syslog");
	TCase *lines = tcase_create("lines"), *example = tcase_create("logger");
	TCase *streams = tcase_create("streams"), *listeners = tcase_create("listeners");

	tcase_set_timeout(lines, 60);
	tcase_add_checked_fixture(lines, box_set_up, box_tear_down);
	tcase_add_loop_test(
	    lines, a_line_as_a_switch_sends_it_takes_the_port_down, 0, N(down_lines));
	tcase_add_test(lines, an_up_line_heals_the_port);
	tcase_add_test(lines, a_second_source_that_says_the_same_toggles_nothing);
	tcase_add_test(lines, the_first_source_wins_also_when_it_is_syslog);
	suite_add_tcase(suite, lines);

	tcase_set_timeout(example, 60);
	tcase_add_checked_fixture(example, set_up_example, box_tear_down);
	tcase_add_loop_test(example, the_line_of_the_readme_works_in_every_form, 0, N(forms));
	tcase_add_test(example, a_trap_takes_it_down_and_logger_heals_it);
	suite_add_tcase(suite, example);

	tcase_set_timeout(streams, 60);
	tcase_add_checked_fixture(streams, set_up_streams, box_tear_down);
	tcase_add_test(streams, a_stream_carries_lines_and_counted_frames);
	tcase_add_test(streams, a_frame_with_an_absurd_count_ends_its_connection_alone);
	tcase_add_test(streams, a_host_with_all_connections_makes_room_for_another);
	suite_add_tcase(suite, streams);

	tcase_set_timeout(listeners, 60);
	tcase_add_checked_fixture(listeners, set_up_listeners, box_tear_down);
	tcase_add_test(listeners, every_listener_hears_and_ipv6_senders_are_switches_too);
	tcase_add_test(listeners, a_host_name_over_the_network_is_not_believed);
	suite_add_tcase(suite, listeners);
	return sandbox_main(suite);
}
