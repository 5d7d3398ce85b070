/*
 * A switch that floods the daemon beside one that does not: the quiet one's toggles are prompt, the other one ends as it says
 * last, and its INFORMs are answered when that is stored. The daemon is stopped (SIGSTOP) where work must be queued.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"
#include "lib/trap_message.h"

static const char topology[] =
    "{\"switches\": ["
    "{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"], \"interfaces\": ["
    "{\"name\": \"Ethernet1/1\", \"if_index\": 1}]},"
    "{\"name\": \"leaf2\", \"addresses\": [\"" LEAF2 "\"], \"interfaces\": ["
    "{\"name\": \"Ethernet1/1\", \"if_index\": 1}]}],"
    "\"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:Ethernet1/1\"]},"
    "{\"id\": \"" VM2 "\", \"attachments\": [\"leaf2:Ethernet1/1\"]}]}";

static struct trap_message down, up;
static uint32_t last_id;

/* None is a duplicate of another one. */
static void
send_one(int fd, struct trap_message *message)
{
	trap_message_send(fd, message, ++last_id);
}

/* Down and up by turns, n times; an odd n ends down. */
static void
flood(int fd, int n)
{
	for (int i = 0; i < n; i++)
		send_one(fd, i % 2 == 0 ? &down : &up);
}

static void
set_up_with(const char *program)
{
	sandbox_init(&box);
	sandbox_configure(
	    &box, &(struct sandbox_lines){ .snmp = "bucket = 50 50\nreceive_buffer = 32MiB\n" });
	sandbox_start_ready(&box);
	sandbox_load(&box, topology);
	trap_message_capture(&down, program, "public", TRAP_LINK_DOWN, "1");
	trap_message_capture(&up, program, "public", TRAP_LINK_UP, "1");
}

static void
set_up(void)
{
	set_up_with("snmptrap");
}

static void
set_up_informs(void)
{
	set_up_with("snmpinform");
}

static bool
port_is(const char *id, const char *dp_down)
{
	char key[80];

	snprintf(key, sizeof(key), "dpwatch:port:%s", id);
	json_t *hash = redis_hash(box.redis, key);
	bool is =
	    json_object_get(hash, "dp_down") && strcmp(redis_text(hash, "dp_down"), dp_down) == 0;
	json_decref(hash);
	return is;
}

#define N_FLOOD 20001

START_TEST(a_backlog_of_one_switch_is_folded_and_ends_as_its_last_word_says)
{
	int leaf1 = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);
	int leaf2 = sandbox_socket(LEAF2, "127.0.0.1", box.snmp_port);

	process_signal(&box.daemon, SIGSTOP);
	flood(leaf1, 10000);
	send_one(leaf2, &down);
	flood(leaf1, N_FLOOD - 10000);
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == N_FLOOD + 1);
	WAIT_FOR(sandbox_log_has(&box, "leaf1 is no longer over its bucket"));
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(sandbox_counter(&box, "trap.kernel-drops"), 0);
	ck_assert(port_is(VM1, "true"));
	ck_assert(port_is(VM2, "true"));
	/* Every word is accounted for, and most of them cost nothing. */
	ck_assert_int_eq(
	    sandbox_counter(&box, "bucket.folded") + sandbox_counter(&box, "event.changed") +
		sandbox_counter(&box, "event.no-change") + sandbox_counter(&box, "event.learnt"),
	    N_FLOOD + 1);
	ck_assert_int_gt(sandbox_counter(&box, "bucket.folded"), N_FLOOD / 2);
	ck_assert_int_lt(redis_number(box.redis, "XLEN dpwatch:link-events"), N_FLOOD / 2);
	ck_assert_int_eq(sandbox_counter(&box, "bucket.dropped"), 0);
	/* The switch is uncertain and says why; its neighbour is not. */
	json_t *leaf = sandbox_get(&box, "/v1/switches/leaf1");
	json_t *row = json_object_get(leaf, "switch"), *bucket = json_object_get(row, "bucket");
	ck_assert_int_eq(json_integer_value(json_object_get(row, "uncertain")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(bucket, "folded")),
	    sandbox_counter(&box, "bucket.folded"));
	ck_assert(json_is_false(json_object_get(bucket, "over")));
	json_decref(leaf);
	leaf = sandbox_get(&box, "/v1/switches/leaf2");
	row = json_object_get(leaf, "switch");
	ck_assert_int_eq(json_integer_value(json_object_get(row, "uncertain")), 0);
	ck_assert(json_is_null(json_object_get(json_object_get(row, "bucket"), "over_at")));
	json_decref(leaf);
	int status = run(ARGV("switch", "show", "leaf1"));
	ck_assert_msg(status == 0, "%s", out);
	ck_assert_msg(strstr(out, "words folded, 0 dropped") != NULL, "%s", out);
	close(leaf1);
	close(leaf2);
}
END_TEST

#define ROUNDS 20
#define N_ROUND 1000
#define PROMPT_MS 1000

static int
compare_times(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

START_TEST(a_quiet_switch_is_heard_promptly_beside_one_that_floods)
{
	int leaf1 = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);
	int leaf2 = sandbox_socket(LEAF2, "127.0.0.1", box.snmp_port);
	int64_t ms[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		const bool is_down = round % 2 == 0;
		flood(leaf1, N_ROUND);
		int64_t begun_ms = process_clock_ms();
		send_one(leaf2, is_down ? &down : &up);
		flood(leaf1, N_ROUND);
		WAIT_FOR(port_is(VM2, is_down ? "true" : "false"));
		ms[round] = process_clock_ms() - begun_ms;
	}
	qsort(ms, ROUNDS, sizeof(*ms), compare_times);
	printf("the quiet switch's toggles took %lld ms in the middle, %lld ms at most\n",
	    (long long)ms[ROUNDS / 2], (long long)ms[ROUNDS - 1]);
	/* Not the longest: a machine puts a process aside now and then. */
	ck_assert_int_lt(ms[ROUNDS / 2], PROMPT_MS);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == (json_int_t)ROUNDS * 2 * N_ROUND + ROUNDS);
	WAIT_FOR(sandbox_settled(&box) && port_is(VM1, "false"));
	ck_assert_int_gt(sandbox_counter(&box, "bucket.folded"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.kernel-drops"), 0);
	/* Its own history is whole. */
	json_t *hash = redis_hash(box.redis, "dpwatch:port:" VM2);
	ck_assert_str_eq(redis_text(hash, "revision"), "20");
	json_decref(hash);
	close(leaf1);
	close(leaf2);
}
END_TEST

#define N_INFORMS 3001

START_TEST(informs_that_were_folded_are_answered_when_what_came_of_them_is_stored)
{
	int leaf1 = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port), size = 16 * 1024 * 1024;
	uint8_t answer[512];
	static bool answered[N_INFORMS + 1];

	setsockopt(leaf1, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	process_signal(&box.daemon, SIGSTOP);
	flood(leaf1, N_INFORMS);
	process_signal(&box.daemon, SIGCONT);
	for (int i = 0; i < N_INFORMS; i++) {
		ck_assert_uint_eq(
		    sandbox_receive(leaf1, WAIT_MS, answer, sizeof(answer)), down.len);
		uint32_t id = (uint32_t)answer[down.id_at + 1] << 16 |
			      (uint32_t)answer[down.id_at + 2] << 8 | answer[down.id_at + 3];
		ck_assert_uint_le(id, N_INFORMS);
		ck_assert_msg(!answered[id], "INFORM %u is answered twice", id);
		answered[id] = true;
		/* The last one said down: once it is answered, that is in Redis. */
		if (id == N_INFORMS)
			ck_assert(port_is(VM1, "true"));
	}
	ck_assert(port_is(VM1, "true"));
	ck_assert_int_gt(sandbox_counter(&box, "bucket.folded"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), N_INFORMS);
	ck_assert_uint_eq(sandbox_receive(leaf1, 50, answer, sizeof(answer)), 0);
	close(leaf1);
}
END_TEST

#define N_PACED 6001

/* No datagram waits in a socket then: it is Redis that does not keep up. */
START_TEST(work_is_queued_also_while_redis_is_slow)
{
	int leaf1 = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);
	pid_t redis = sandbox_embedded_redis(&box);

	ck_assert_int_gt(redis, 0);
	ck_assert_int_eq(kill(redis, SIGSTOP), 0);
	for (int i = 0; i < N_PACED; i++) {
		send_one(leaf1, i % 2 == 0 ? &down : &up);
		if (i % 50 == 49)
			WAIT_FOR(sandbox_counter(&box, "trap.event") == i + 1);
	}
	WAIT_FOR(sandbox_counter(&box, "trap.event") == N_PACED);
	ck_assert_int_gt(sandbox_counter(&box, "bucket.folded"), N_PACED / 2);
	ck_assert_int_eq(kill(redis, SIGCONT), 0);
	WAIT_FOR(port_is(VM1, "true") && sandbox_settled(&box));
	ck_assert_int_lt(redis_number(box.redis, "XLEN dpwatch:events"), N_PACED / 2);
	WAIT_FOR(sandbox_log_has(&box, "leaf1 is no longer over its bucket"));
	close(leaf1);
}
END_TEST

/* Held words are part of what SIGTERM drains. */
START_TEST(what_is_held_when_the_daemon_stops_counts_before_it_ends)
{
	int leaf1 = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);

	process_signal(&box.daemon, SIGSTOP);
	flood(leaf1, N_INFORMS);
	process_signal(&box.daemon, SIGTERM);
	process_signal(&box.daemon, SIGCONT);
	ck_assert_int_eq(process_wait(&box.daemon), 0);
	sandbox_start_ready(&box);
	ck_assert(port_is(VM1, "true"));
	close(leaf1);
}
END_TEST

/* Lines and traps draw on one bucket, and a bucket may be set while the daemon runs. */
START_TEST(a_bucket_set_by_sighup_holds_lines_as_well)
{
	static const char *const lines[] = {
		"<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down",
		"<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up",
	};
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.syslog_port);

	sandbox_configure(
	    &box, &(struct sandbox_lines){ .snmp = "bucket = off\nreceive_buffer = 32MiB\n" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	sandbox_configure(
	    &box, &(struct sandbox_lines){ .snmp = "bucket = 20 20\nreceive_buffer = 32MiB\n" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_counter(&box, "syslog.received") == 0);
	process_signal(&box.daemon, SIGSTOP);
	for (int i = 0; i < N_INFORMS; i++) {
		const size_t len = strlen(lines[i % 2]);
		ck_assert_int_eq(send(fd, lines[i % 2], len, 0), (ssize_t)len);
	}
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == N_INFORMS);
	WAIT_FOR(sandbox_settled(&box) && port_is(VM1, "true"));
	ck_assert_int_gt(sandbox_counter(&box, "bucket.folded"), 0);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("overload");
	TCase *traps = tcase_create("traps"), *informs = tcase_create("informs");

	tcase_set_timeout(traps, 120);
	tcase_add_checked_fixture(traps, set_up, box_tear_down);
	tcase_add_test(traps, a_backlog_of_one_switch_is_folded_and_ends_as_its_last_word_says);
	tcase_add_test(traps, a_quiet_switch_is_heard_promptly_beside_one_that_floods);
	tcase_add_test(traps, work_is_queued_also_while_redis_is_slow);
	tcase_add_test(traps, what_is_held_when_the_daemon_stops_counts_before_it_ends);
	tcase_add_test(traps, a_bucket_set_by_sighup_holds_lines_as_well);
	suite_add_tcase(suite, traps);

	tcase_set_timeout(informs, 60);
	tcase_add_checked_fixture(informs, set_up_informs, box_tear_down);
	tcase_add_test(
	    informs, informs_that_were_folded_are_answered_when_what_came_of_them_is_stored);
	suite_add_tcase(suite, informs);
	return sandbox_main(suite);
}
