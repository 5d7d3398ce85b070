/*
 * SNMP over TCP, over IPv6, on several listeners, and who is allowed to send at all.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/redis_client.h"
#include "lib/snmp_samples.h"

#define IF_INDEX ".1.3.6.1.2.1.2.2.1.1.1"
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"
#define MESSAGE_MAX 65536

static uint16_t tcp_port; /* on 127.0.0.1 */
static char tcp_agent[40], tcp6_agent[40], udp6_agent[40];

static const char topology[] =
    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"127.0.0.1\", \"" LEAF1 "\"],"
    " \"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1}]},"
    " {\"name\": \"leaf6\", \"addresses\": [\"::1\"],"
    " \"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1}]}],"
    " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:Ethernet1/1\"]},"
    " {\"id\": \"" VM6 "\", \"attachments\": [\"leaf6:Ethernet1/1\"]}]}";

/* The sandbox's UDP listener, and one of each other kind; `more` are lines of [snmp]. */
static void
start_with(const char *more)
{
	char lines[512];

	sandbox_init(&box);
	tcp_port = box.redis_port; /* no Redis stands there: it is the daemon's child */
	snprintf(tcp_agent, sizeof(tcp_agent), "tcp:127.0.0.1:%u", tcp_port);
	snprintf(tcp6_agent, sizeof(tcp6_agent), "tcp6:[::1]:%u", tcp_port);
	snprintf(udp6_agent, sizeof(udp6_agent), "udp6:[::1]:%u", tcp_port);
	snprintf(lines, sizeof(lines),
	    "listen = tcp:127.0.0.1:%u, tcp6:[::1]:%u, udp6:[::1]:%u\n"
	    "user = monitor SHA \"auth secret\" AES \"priv secret\"\n%s",
	    tcp_port, tcp_port, tcp_port, more);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, topology);
}

static void
set_up(void)
{
	start_with("");
}

static int
down(const char *id)
{
	return (int)redis_number(box.redis, "SISMEMBER dpwatch:down %s", id);
}

static void
put(int fd, const void *bytes, size_t len)
{
	ck_assert_int_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Whether the daemon closes the connection within the usual time. */
static void
expect_closed(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	uint8_t byte;

	ck_assert_int_eq(poll(&readable, 1, WAIT_MS), 1);
	/* in order, or by a reset where there was more to read */
	ck_assert_int_le(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
}

/* ---- real programs ---- */

static const struct {
	const char *agent, *vm;
} agents[] = { { tcp_agent, VM1 }, { tcp6_agent, VM6 }, { udp6_agent, VM6 } };

START_TEST(a_trap_and_an_inform_come_over_every_transport)
{
	const char *agent = agents[_i].agent;
	char out[512];

	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("snmptrap", "-v2c", "-c", "public", agent, "", LINK_DOWN, IF_INDEX, "i", "1")),
	    0);
	WAIT_FOR(down(agents[_i].vm) == 1);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV("snmpinform", "-v2c", "-c", "public", "-t", "20", "-r", "0",
				 agent, "", LINK_UP, IF_INDEX, "i", "1")),
	    0);
	WAIT_FOR(down(agents[_i].vm) == 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 1);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV("snmpinform", "-v3", "-l", "authPriv", "-u", "monitor", "-a",
				 "SHA", "-A", "auth secret", "-x", "AES", "-X", "priv secret", "-t",
				 "20", "-r", "0", agent, "", LINK_DOWN, IF_INDEX, "i", "1")),
	    0);
	WAIT_FOR(down(agents[_i].vm) == 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 2);
}
END_TEST

/* ---- streams ---- */

START_TEST(messages_are_cut_out_of_the_stream_wherever_it_breaks)
{
	const struct slice v1 = SAMPLE_V1, v2c = SAMPLE_V2C;
	char bytes[512];
	int fd = sandbox_connect(LEAF1, tcp_port);

	/* Both at once, then octet by octet; then both again with a cut in the middle of the second. */
	memcpy(bytes, v1.data, v1.len);
	memcpy(bytes + v1.len, v2c.data, v2c.len);
	put(fd, bytes, v1.len + v2c.len);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 2);
	for (size_t i = 0; i < v1.len; i++)
		put(fd, v1.data + i, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 3);
	put(fd, bytes, v1.len + 5);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 4);
	put(fd, bytes + v1.len + 5, v2c.len - 5);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 5);
	ck_assert_int_eq(sandbox_counter(&box, "trap.malformed"), 0);
	/* The same v1 bytes may be another event each time; those of v2c, with their request-id, are not. */
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 4);
	ck_assert_int_eq(sandbox_counter(&box, "trap.duplicate"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.connections"), 1);
	close(fd);
}
END_TEST

START_TEST(a_message_that_is_not_finished_is_none)
{
	const struct slice v2c = SAMPLE_V2C;
	int fd = sandbox_connect(LEAF1, tcp_port);

	put(fd, v2c.data, v2c.len - 1);
	shutdown(fd, SHUT_WR);
	expect_closed(fd);
	ck_assert_int_eq(sandbox_counter(&box, "trap.received"), 0);
}
END_TEST

static const struct {
	const char *what;
	struct slice bytes;
} bad_frames[] = {
	{ "no sequence", SLICE("GET / HTTP/1.1\r\n\r\n") },
	{ "an indefinite length", SLICE("\x30\x80\x02\x01\x01") },
	{ "a length of five octets", SLICE("\x30\x85\x00\x00\x00\x00\x05") },
	{ "a message longer than 65536", SLICE("\x30\x83\x01\x00\x00") },
	{ "four gigabytes", SLICE("\x30\x84\xff\xff\xff\xff") },
};

START_TEST(what_is_no_message_ends_the_connection)
{
	int fd = sandbox_connect(LEAF1, tcp_port);

	put(fd, bad_frames[_i].bytes.data, bad_frames[_i].bytes.len);
	expect_closed(fd);
	ck_assert_int_eq(sandbox_counter(&box, "trap.bad-frame"), 1);
}
END_TEST

START_TEST(a_message_of_the_largest_size_is_looked_at_and_the_stream_goes_on)
{
	static char bytes[MESSAGE_MAX];
	const struct slice v2c = SAMPLE_V2C;
	int fd = sandbox_connect(LEAF1, tcp_port);

	memcpy(bytes, "\x30\x83\x00\xff\xfb\x02\x01\x01\x04\x06public", 16);
	for (size_t sent = 0; sent < sizeof(bytes);) {
		ssize_t n = send(fd, bytes + sent, sizeof(bytes) - sent, MSG_NOSIGNAL);
		ck_assert_int_gt(n, 0);
		sent += (size_t)n;
	}
	WAIT_FOR(sandbox_counter(&box, "trap.malformed") == 1);
	put(fd, v2c.data, v2c.len);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	close(fd);
}
END_TEST

START_TEST(connections_are_bounded)
{
	static int fds[512];
	struct rlimit limit;

	/* The daemon needs as many descriptors as well. */
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 600) {
		printf("SKIPPED: only %lu descriptors\n", (unsigned long)limit.rlim_cur);
		return;
	}
	for (int i = 0; i < 512; i++)
		fds[i] = sandbox_connect(LEAF1, tcp_port);
	WAIT_FOR(sandbox_counter(&box, "trap.connections") == 512);
	expect_closed(sandbox_connect(LEAF1, tcp_port));
	ck_assert_int_eq(sandbox_counter(&box, "trap.connections-refused"), 1);
	ck_assert(sandbox_log_has(&box, "512 are open"));
	for (int i = 0; i < 512; i++)
		close(fds[i]);
	/* And they are free again. */
	WAIT_FOR(({
		int fd = sandbox_connect(LEAF1, tcp_port);
		struct slice v2c = SAMPLE_V2C;
		send(fd, v2c.data, v2c.len, MSG_NOSIGNAL);
		close(fd);
		sandbox_counter(&box, "trap.event") == 1;
	}));
}
END_TEST

/* ---- who is allowed ---- */

START_TEST(a_sender_outside_allow_is_refused_on_every_transport)
{
	start_with("allow = 127.1.0.0/16\n");
	const struct slice v2c = SAMPLE_V2C;
	int fd = sandbox_connect(LEAF1, tcp_port);
	char out[256];

	sandbox_send(STRANGER, box.snmp_port, v2c.data, v2c.len);
	expect_closed(sandbox_connect(STRANGER, tcp_port));
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV("snmptrap", "-v2c", "-c", "public", udp6_agent, "", LINK_DOWN,
				 IF_INDEX, "i", "1")),
	    0);
	WAIT_FOR(sandbox_counter(&box, "trap.not-allowed") == 3);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 0);
	put(fd, v2c.data, v2c.len);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	close(fd);
	box_tear_down();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snmp transports");
	TCase *tcase = tcase_create("transports"), *own = tcase_create("allow");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_loop_test(tcase, a_trap_and_an_inform_come_over_every_transport, 0, 3);
	tcase_add_test(tcase, messages_are_cut_out_of_the_stream_wherever_it_breaks);
	tcase_add_test(tcase, a_message_that_is_not_finished_is_none);
	tcase_add_loop_test(tcase, what_is_no_message_ends_the_connection, 0, 5);
	tcase_add_test(tcase, a_message_of_the_largest_size_is_looked_at_and_the_stream_goes_on);
	tcase_add_test(tcase, connections_are_bounded);
	suite_add_tcase(suite, tcase);

	tcase_set_timeout(own, 60);
	tcase_add_test(own, a_sender_outside_allow_is_refused_on_every_transport);
	suite_add_tcase(suite, own);
	return sandbox_main(suite);
}
