/*
 * INFORMs: answered when their event is in Redis (or in the journal, see check_journal) and not before, once, and from the
 * address that was asked.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/redis_client.h"

#define IF_INDEX ".1.3.6.1.2.1.2.2.1.1."
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define RESPONSE_PDU 0xa2
#define PDU_OFFSET 13 /* SEQUENCE, version, community "public" */

/* snmpinform's arguments, in static room. */
static const char *const *
inform(const char *timeout, const char *retries, const char *agent, const char *index)
{
	static char oid[64];
	static const char *argv[] = { "snmpinform", "-v2c", "-c", "public", "-t", NULL, "-r", NULL,
		"--clientaddr=" LEAF1, NULL, "", LINK_DOWN, oid, "i", NULL, NULL };

	snprintf(oid, sizeof(oid), IF_INDEX "%s", index);
	argv[5] = timeout;
	argv[7] = retries;
	argv[9] = agent;
	argv[14] = index;
	return argv;
}

static const char *
agent_of(uint16_t port)
{
	static char agent[32];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", port);
	return agent;
}

/* The bytes of a real INFORM about an ifIndex. */
static size_t
capture(const char *index, uint8_t *bytes, size_t size)
{
	size_t len = sandbox_capture(bytes, size, inform("0.01", "0", "AGENT", index));

	ck_assert_uint_gt(len, PDU_OFFSET);
	return len;
}

/* ---- tests ---- */

START_TEST(snmpinform_returns_success_when_the_event_is_in_redis)
{
	char out[256];

	ck_assert_int_eq(
	    process_run(out, sizeof(out), inform("20", "0", agent_of(box.snmp_port), "1")), 0);
	ck_assert_str_eq(out, "");
	box_expect_stored(1);
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 1);
}
END_TEST

START_TEST(an_inform_that_changes_nothing_is_answered_at_once)
{
	char out[256];

	ck_assert_int_eq(
	    process_run(out, sizeof(out), inform("20", "0", agent_of(box.snmp_port), "1")), 0);
	ck_assert_int_eq(
	    process_run(out, sizeof(out), inform("20", "0", agent_of(box.snmp_port), "1")), 0);
	box_expect_stored(1);
	ck_assert_int_eq(sandbox_counter(&box, "event.no-change"), 1);
}
END_TEST

START_TEST(an_inform_of_an_unknown_sender_with_the_right_community_is_answered)
{
	char out[256], agent[32];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("snmpinform", "-v2c", "-c", "public", "-t", "20", "-r", "0",
		    "--clientaddr=" STRANGER, agent, "", LINK_DOWN, IF_INDEX "1", "i", "1")),
	    0);
	ck_assert_int_eq(sandbox_counter(&box, "event.unknown-sender"), 1);
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

START_TEST(an_inform_with_a_wrong_community_is_never_answered)
{
	char out[256], agent[32];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("snmpinform", "-v2c", "-c", "wrong", "-t", "0.3", "-r", "0",
		    "--clientaddr=" LEAF1, agent, "", LINK_DOWN, IF_INDEX "1", "i", "1")),
	    1);
	WAIT_FOR(sandbox_counter(&box, "trap.bad-community") == 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 0);
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

START_TEST(a_datagram_that_comes_again_counts_once_and_is_answered_again)
{
	uint8_t bytes[2048], first[2048], second[2048];
	size_t len = capture("1", bytes, sizeof(bytes));
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);

	ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	size_t n_first = sandbox_receive(fd, WAIT_MS, first, sizeof(first));
	ck_assert_uint_gt(n_first, PDU_OFFSET);
	ck_assert_uint_eq(first[PDU_OFFSET], RESPONSE_PDU);
	box_expect_stored(1);
	ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	size_t n_second = sandbox_receive(fd, WAIT_MS, second, sizeof(second));
	ck_assert_uint_eq(n_second, n_first);
	ck_assert_mem_eq(second, first, n_first);
	ck_assert_int_eq(sandbox_counter(&box, "trap.duplicate"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 1);
	box_expect_stored(1);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 1);
	close(fd);
}
END_TEST

START_TEST(the_answer_carries_the_request_id_and_the_varbinds)
{
	uint8_t bytes[2048], answer[2048];
	size_t len = capture("1", bytes, sizeof(bytes));
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);

	ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	/* RFC 3416 4.2.7: the PDU's type differs, and nothing else. */
	ck_assert_uint_eq(sandbox_receive(fd, WAIT_MS, answer, sizeof(answer)), len);
	ck_assert_uint_eq(bytes[PDU_OFFSET], 0xa6);
	bytes[PDU_OFFSET] = RESPONSE_PDU;
	ck_assert_mem_eq(answer, bytes, len);
	close(fd);
}
END_TEST

START_TEST(repetitions_while_redis_hangs_are_answered_once)
{
	uint8_t bytes[2048], answer[2048];
	size_t len = capture("1", bytes, sizeof(bytes));
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);

	process_signal(&box.server, SIGSTOP);
	/* All before the first is answered. */
	process_signal(&box.daemon, SIGSTOP);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(sandbox_counter(&box, "trap.inform") == 5);
	/* From the journal, when Redis has kept it waiting for 100 ms; and once. */
	ck_assert_uint_eq(sandbox_receive(fd, WAIT_MS, answer, sizeof(answer)), len);
	ck_assert_int_gt(sandbox_counter(&box, "journal.batches"), 0);
	process_signal(&box.server, SIGCONT);
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_uint_eq(sandbox_receive(fd, 100, answer, sizeof(answer)), 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.duplicate"), 4);
	box_expect_stored(1);
	close(fd);
}
END_TEST

/* Bound to any address, and to that one. By itself, the kernel would answer from the address that is nearest to the sender. */
static const char *const bound_to[] = { "0.0.0.0", "127.77.7.7" };

START_TEST(the_answer_leaves_from_the_address_that_was_asked)
{
	uint8_t bytes[2048], answer[2048];
	char lines[64];
	size_t len = capture("1", bytes, sizeof(bytes));

	sandbox_init(&box);
	/* A port of its own: the sandbox's listener has the same one on 127.0.0.1. */
	snprintf(lines, sizeof(lines), "listen = udp:%s:%u", bound_to[_i], box.redis_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	int fd = sandbox_socket(LEAF1, "127.77.7.7", box.redis_port);
	ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	ck_assert_uint_eq(sandbox_receive(fd, WAIT_MS, answer, sizeof(answer)), len);
	close(fd);
	sandbox_release(&box);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("informs");
	TCase *plain = tcase_create("informs"), *external = tcase_create("redis that hangs");
	TCase *addresses = tcase_create("addresses");

	tcase_set_timeout(plain, 60);
	tcase_add_checked_fixture(plain, box_set_up, box_tear_down);
	tcase_add_test(plain, snmpinform_returns_success_when_the_event_is_in_redis);
	tcase_add_test(plain, an_inform_that_changes_nothing_is_answered_at_once);
	tcase_add_test(plain, an_inform_of_an_unknown_sender_with_the_right_community_is_answered);
	tcase_add_test(plain, an_inform_with_a_wrong_community_is_never_answered);
	tcase_add_test(plain, a_datagram_that_comes_again_counts_once_and_is_answered_again);
	tcase_add_test(plain, the_answer_carries_the_request_id_and_the_varbinds);
	suite_add_tcase(suite, plain);

	tcase_set_timeout(external, 60);
	tcase_add_checked_fixture(external, box_set_up_external, box_tear_down);
	tcase_add_test(external, repetitions_while_redis_hangs_are_answered_once);
	suite_add_tcase(suite, external);

	tcase_set_timeout(addresses, 60);
	tcase_add_loop_test(addresses, the_answer_leaves_from_the_address_that_was_asked, 0,
	    sizeof(bound_to) / sizeof(bound_to[0]));
	suite_add_tcase(suite, addresses);
	return sandbox_main(suite);
}
