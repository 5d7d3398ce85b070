/*
 * A burst that fills most of the kernel's buffer: it is received ahead of being acted on, and nothing of it is lost or comes
 * in another order. The bench's generator sends it, a toggle with each trap.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/box.h"
#include "lib/redis_client.h"

/* 64 switches x 4 interfaces, 16 times over: less than 4 MiB (2 MiB asked for, doubled) hold, and more than half of that. */
#define N_TRAPS 4096
#define SWITCHES "64"
#define PORTS "4"

static char map[262144];

static void
set_up(void)
{
	char server[SANDBOX_PATH + 32];

	sandbox_init(&box);
	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(
	    &box, &(struct sandbox_lines){ .redis = server, .snmp = "receive_buffer = 2MiB\n" });
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_eq(process_run(map, sizeof(map),
			     ARGV(sandbox_program("bench/loadgen"), "--topology", "--switches",
				 SWITCHES, "--ports", PORTS)),
	    0);
	sandbox_load(&box, map);
}

/* To a daemon that stands still, so that all of it waits in the kernel. */
static void
send_burst(void)
{
	char target[32], out[256];

	process_signal(&box.daemon, SIGSTOP);
	snprintf(target, sizeof(target), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("bench/loadgen"), "--target", target, "--count",
				 "4096", "--switches", SWITCHES, "--ports", PORTS)),
	    0);
}

/*
 * An interface's traps say down and up by turns: one that is missing, or in another place, makes the next one change
 * nothing. So as many toggles as traps means that all came in order.
 */
START_TEST(a_burst_is_received_ahead_and_acted_on_in_order)
{
	send_burst();
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(redis_events(box.redis) == N_TRAPS);
	ck_assert_int_eq(redis_down(box.redis), 0);
	ck_assert_int_gt(sandbox_counter(&box, "trap.received-ahead"), N_TRAPS / 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.received"), N_TRAPS);
	ck_assert_int_eq(sandbox_counter(&box, "trap.kernel-drops"), 0);
}
END_TEST

START_TEST(a_daemon_that_is_stopped_in_a_burst_acts_on_all_that_it_received)
{
	send_burst();
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(redis_events(box.redis) > 0);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	ck_assert_int_eq(redis_events(box.redis), N_TRAPS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("burst");
	TCase *tcase = tcase_create("burst");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_burst_is_received_ahead_and_acted_on_in_order);
	tcase_add_test(tcase, a_daemon_that_is_stopped_in_a_burst_acts_on_all_that_it_received);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
