/*
 * Thousands of SNMPv3 engines with one user, and floods of those that are none: what is known stays known, and what proves
 * nothing leaves nothing behind.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/redis_client.h"
#include "lib/trap_message.h"
#include "lib/v3_sender.h"

#define N_ENGINES 5000
#define N_FLOOD 20000
#define N_TRAPS 50000

static struct v3_user user;
static struct v3_engine engines[N_ENGINES];

static void
set_up(void)
{
	sandbox_init(&box);
	sandbox_configure(
	    &box, &(struct sandbox_lines){
		      .snmp = "user = monitor SHA \"auth secret\" AES \"priv secret\"\n" });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	user = v3_user("monitor", "auth secret", "priv secret");
}

static int
received_is(json_int_t n)
{
	return sandbox_counter(&box, "trap.received") == n;
}

/* Sends without ever having more on the way than the smallest receive buffer holds; `so_far` came before. */
static void
send_paced(int fd, const void *bytes, size_t len, json_int_t so_far)
{
	ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	if (so_far % 100 == 99)
		WAIT_FOR(received_is(so_far + 1));
}

/* A set of four remembers its newest: where so many traps came, some sets had five. */
START_TEST(traps_whose_repetition_would_not_be_noticed_are_counted)
{
	struct trap_message message;
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);

	trap_message_capture(&message, "snmptrap", "public", TRAP_LINK_DOWN, "1");
	for (uint32_t i = 0; i < N_TRAPS; i++) {
		trap_message_send(fd, &message, i);
		if (i % 100 == 99)
			WAIT_FOR(received_is(i + 1));
	}
	json_int_t forgotten = sandbox_counter(&box, "trap.forgotten");
	ck_assert_int_gt(forgotten, 0);
	ck_assert_int_lt(forgotten, N_TRAPS / 100);
	ck_assert_int_eq(sandbox_counter(&box, "trap.duplicate"), 0);
	close(fd);
}
END_TEST

/* A trap of each engine; linkDown and linkUp by turns, so that nobody's word is the last one again. */
static void
speak(uint32_t boots, uint32_t time, json_int_t so_far)
{
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);

	for (uint32_t i = 0; i < N_ENGINES; i++) {
		struct v3_trap trap = { .time = time,
			.msg_id = i + 1,
			.uptime_cs = 1234,
			.if_index = 1,
			.up = i % 2 == 1 };
		engines[i].boots = boots;
		struct v3_writer message = v3_trap_message(&user, &engines[i], &trap);
		send_paced(fd, message.bytes, message.len, so_far + i);
	}
	WAIT_FOR(received_is(so_far + N_ENGINES));
	close(fd);
}

START_TEST(five_thousand_engines_with_one_user_become_known_and_stay_known)
{
	for (uint32_t i = 0; i < N_ENGINES; i++)
		engines[i] = v3_engine(&user, i + 1, 1);
	speak(7, 100, 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), N_ENGINES);
	speak(7, 101, N_ENGINES);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 2 * N_ENGINES);
	speak(6, 102, 2 * N_ENGINES);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 2 * N_ENGINES);
	ck_assert_int_eq(sandbox_counter(&box, "trap.not-in-time"), N_ENGINES);
	ck_assert_int_eq(sandbox_counter(&box, "trap.engines-evicted"), 0);
	/* In another life of the daemon as well. */
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	speak(6, 103, 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.not-in-time"), N_ENGINES);
	speak(7, 102, N_ENGINES);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), N_ENGINES);
}
END_TEST

static size_t
lines_of(const char *path)
{
	char *text = process_read_file(path);
	size_t n = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	free(text);
	return n;
}

/* Random engine ids, right user, wrong digest; random users; random octets behind a header that looks right. */
START_TEST(a_flood_of_strangers_leaves_nothing_behind_and_pushes_nobody_out)
{
	struct v3_engine good = v3_engine(&user, 1, 7), bad;
	struct v3_trap trap = { .time = 100, .msg_id = 1, .uptime_cs = 1234, .if_index = 1 };
	struct v3_writer message = v3_trap_message(&user, &good, &trap);
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);
	int flood = sandbox_socket(STRANGER, "127.0.0.1", box.snmp_port);
	char path[SANDBOX_PATH + 16];

	ck_assert_int_eq(send(fd, message.bytes, message.len, 0), (ssize_t)message.len);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	srand(1);
	for (int i = 0; i < N_FLOOD; i++) {
		bad = good;
		for (int j = 5; j < V3_ENGINE_ID; j++)
			bad.id[j] = (uint8_t)rand();
		trap.msg_id = (uint32_t)i + 2;
		message = v3_trap_message(&user, &bad, &trap);
		send_paced(flood, message.bytes, message.len, i + 1);
	}
	WAIT_FOR(received_is(1 + N_FLOOD));
	/* Most are not even looked at: their source has used up what it may ask for. */
	json_int_t limited = sandbox_counter(&box, "trap.limited");
	ck_assert_int_gt(limited, 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.wrong-digest") + limited, N_FLOOD);
	ck_assert_int_eq(sandbox_counter(&box, "trap.reports"), 0);
	trap =
	    (struct v3_trap){ .time = 101, .msg_id = 2, .uptime_cs = 1234, .if_index = 1, .up = 1 };
	message = v3_trap_message(&user, &good, &trap);
	ck_assert_int_eq(send(fd, message.bytes, message.len, 0), (ssize_t)message.len);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 2);
	/* Another source's new engine is still looked at. */
	struct v3_engine late = v3_engine(&user, 2, 1);
	message = v3_trap_message(&user, &late, &trap);
	ck_assert_int_eq(send(fd, message.bytes, message.len, 0), (ssize_t)message.len);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 3);
	ck_assert_int_eq(sandbox_counter(&box, "trap.limited"), limited);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	snprintf(path, sizeof(path), "%s/snmp-engines", box.dir);
	ck_assert_uint_eq(lines_of(path), 2);
	close(fd);
	close(flood);
}
END_TEST

START_TEST(reports_are_limited_and_cost_no_keys)
{
	/* A discovery, as snmpinform sends it, with another message id each time. */
	uint8_t bytes[512];
	size_t len = sandbox_capture(bytes, sizeof(bytes),
	    ARGV("snmpinform", "-v3", "-l", "authPriv", "-u", "monitor", "-a", "SHA", "-A",
		"auth secret", "-x", "AES", "-X", "priv secret", "-t", "0.01", "-r", "0", "AGENT",
		"", ".1.3.6.1.6.3.1.1.5.3"));
	int flood = sandbox_socket(STRANGER, "127.0.0.1", box.snmp_port);

	for (int i = 0; i < N_FLOOD; i++) {
		bytes[11] = (uint8_t)i;
		bytes[12] = (uint8_t)(i >> 8);
		send_paced(flood, bytes, len, i);
	}
	WAIT_FOR(received_is(N_FLOOD));
	json_int_t reports = sandbox_counter(&box, "trap.reports");
	ck_assert_int_gt(reports, 0);
	ck_assert_int_lt(reports, N_FLOOD);
	ck_assert_int_eq(reports + sandbox_counter(&box, "trap.limited"), N_FLOOD);
	close(flood);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snmp flood");
	TCase *tcase = tcase_create("flood");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_test(tcase, five_thousand_engines_with_one_user_become_known_and_stay_known);
	tcase_add_test(tcase, a_flood_of_strangers_leaves_nothing_behind_and_pushes_nobody_out);
	tcase_add_test(tcase, reports_are_limited_and_cost_no_keys);
	tcase_add_test(tcase, traps_whose_repetition_would_not_be_noticed_are_counted);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
