/*
 * Much at once: a burst that fills most of the kernel's buffer is received ahead of being acted on, and nothing of it is lost
 * or comes in another order; and a whole network that is told anew goes out as Redis takes it. The bench's generator sends,
 * a toggle with each trap.
 */
#include <signal.h>
#include <stdio.h>

#include "lib/box.h"
#include "lib/redis_client.h"

/* 64 switches x 4 interfaces, 16 times over: less than 4 MiB (2 MiB asked for, doubled) hold, and more than half of that. */
#define N_TRAPS 4096
#define SWITCHES "64"
#define PORTS "4"

static char map[1048576];

static void
set_up_with(const char *redis_line, const char *ports)
{
	char server[SANDBOX_PATH + 64];

	sandbox_init(&box);
	snprintf(server, sizeof(server), "server = unix:%s\n%s", box.redis, redis_line);
	sandbox_configure(
	    &box, &(struct sandbox_lines){ .redis = server, .snmp = "receive_buffer = 2MiB\n" });
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_eq(process_run(map, sizeof(map),
			     ARGV(sandbox_program("bench/loadgen"), "--topology", "--switches",
				 SWITCHES, "--ports", ports)),
	    0);
	sandbox_load(&box, map);
}

static void
set_up(void)
{
	set_up_with("", PORTS);
}

/* As many ports as traps: each goes down, and what is told of them is four times what the outbox holds. */
static void
set_up_bounded(void)
{
	set_up_with("journal_max = 1MiB", "64");
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
	ck_assert_int_gt(sandbox_counter(&box, "trap.received-ahead"), N_TRAPS / 4);
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

START_TEST(a_network_that_is_told_anew_goes_out_as_redis_takes_it)
{
	char target[32], out[256];

	snprintf(target, sizeof(target), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("bench/loadgen"), "--target", target, "--count", "4096",
		    "--switches", SWITCHES, "--ports", "64", "--rate", "4000")),
	    0);
	WAIT_FOR(redis_down(box.redis) == N_TRAPS);
	WAIT_FOR(sandbox_settled(&box));
	/* A busy machine may have folded some already: its Redis takes less than the traps tell. */
	const json_int_t folded = sandbox_counter(&box, "out.folded"),
			 epoch = sandbox_status_number(&box, "redis.epoch");
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(redis_down(box.redis) == N_TRAPS);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), N_TRAPS);
	ck_assert_int_eq(sandbox_counter(&box, "out.folded"), folded);
	/* One comparison was enough. */
	ck_assert_int_eq(sandbox_status_number(&box, "redis.epoch"), epoch + 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("burst");
	TCase *tcase = tcase_create("burst"), *bounded = tcase_create("bounded");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_burst_is_received_ahead_and_acted_on_in_order);
	tcase_add_test(tcase, a_daemon_that_is_stopped_in_a_burst_acts_on_all_that_it_received);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(bounded, set_up_bounded, box_tear_down);
	tcase_set_timeout(bounded, 60);
	tcase_add_test(bounded, a_network_that_is_told_anew_goes_out_as_redis_takes_it);
	suite_add_tcase(suite, bounded);
	return sandbox_main(suite);
}
