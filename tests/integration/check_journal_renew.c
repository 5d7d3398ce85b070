/*
 * The journal at its bound: what was folded goes to a file of its own, and takes the old ones' place when it is whole. A daemon
 * that is killed at any step of that has lost nothing of which it said that it was safe.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/journal_box.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))
#define LINES_MAX 20000
#define ROUNDS 3

static void
set_up(void)
{
	box_set_up_bounded();
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* What happens to a file, in the order of a renewal. */
static const struct {
	const char *name;
	uint32_t what;
} steps[] = {
	{ "journal.new", IN_CREATE },
	{ "journal.new", IN_MODIFY },
	{ "journal.new", IN_MOVED_FROM },
	{ "journal.next", IN_MOVED_TO },
	{ "journal", IN_MOVED_TO },
};

/* Of a child: waits for the step, and kills the daemon. Never returns. */
static void
kill_at(int fd, int step)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len;

	while ((len = read(fd, events, sizeof(events))) > 0) {
		const struct inotify_event *event;
		for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const struct inotify_event *)(events + at);
			if ((event->mask & steps[step].what) == 0 || event->len == 0 ||
			    strcmp(event->name, steps[step].name) != 0)
				continue;
			kill(box.daemon.pid, SIGKILL);
			_exit(0);
		}
	}
	_exit(1);
}

/* leaf1's first interface goes down and up, until a renewal comes to that step, at which the daemon is killed. */
static void
flap_until_killed(int step)
{
	static const char *const words[] = { "down", "up" };
	const int fd = inotify_init1(IN_CLOEXEC);
	int status;
	char line[128];

	ck_assert_int_ge(
	    inotify_add_watch(fd, box.dir, IN_CREATE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO), 0);
	const pid_t killer = fork();
	if (killer == 0)
		kill_at(fd, step);
	for (int n = 0; !process_ended(&box.daemon, &status); n++) {
		ck_assert_int_lt(n, LINES_MAX);
		snprintf(line, sizeof(line),
		    "<187>%%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to %s",
		    words[n % 2]);
		sandbox_line(&box, LEAF1, line);
		/* No faster than they are decided and written. */
		if (n % 100 == 99)
			process_nap();
	}
	ck_assert_int_eq(waitpid(killer, &status, 0), killer);
	ck_assert_int_eq(status, 0);
	close(fd);
}

START_TEST(a_daemon_that_is_killed_at_any_step_of_a_renewal_loses_nothing)
{
	int said = 0;

	for (int round = 0; round < ROUNDS; round++) {
		kill_redis();
		/* It is answered when it is on disk, and the next ones are about another port. */
		ck_assert_int_eq(inform_of(round % 2 ? LINK_UP : LINK_DOWN, "2"), 0);
		flap_until_killed(_i);
		sandbox_redis_start(&box, NULL, NULL);
		sandbox_start_ready(&box);
		ck_assert_int_eq(redis_is_down(box.redis, VM2), round % 2 == 0);
		json_t *port = redis_hash(box.redis, "dpwatch:port:" VM2);
		ck_assert_int_eq(atoll(redis_text(port, "revision")), ++said);
		json_decref(port);
		/* What was left of a renewal that was cut short is gone. */
		ck_assert_int_eq(journal_size("journal.new"), -1);
		WAIT_FOR(sandbox_settled(&box));
	}
}
END_TEST

/* leaf1's first interface goes down and up, until what is begun at the bound has failed as often. */
static void
flap_until_failures(json_int_t failures)
{
	for (int n = 0; sandbox_counter(&box, "journal.failures") < failures; n += 100) {
		ck_assert_int_lt(n, LINES_MAX);
		flap_lines(100);
	}
}

START_TEST(a_renewal_that_cannot_begin_is_tried_again_and_loses_nothing)
{
	kill_redis();
	ck_assert_int_eq(inform_of(LINK_DOWN, "2"), 0);
	ck_assert_int_eq(mkdir(journal_path("journal.new"), 0755), 0);
	flap_until_failures(1);
	/* Without anything else that asks for it. */
	const json_int_t failures = sandbox_counter(&box, "journal.failures");
	WAIT_FOR(sandbox_counter(&box, "journal.failures") > failures);
	ck_assert_int_eq(rmdir(journal_path("journal.new")), 0);
	/* It takes the place of both files. */
	WAIT_FOR(journal_size("journal.next") == -1);
	ck_assert_int_eq(inform_of(LINK_DOWN, "1"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert(redis_is_down(box.redis, VM2));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal renew");
	TCase *tcase = tcase_create("journal renew");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_loop_test(
	    tcase, a_daemon_that_is_killed_at_any_step_of_a_renewal_loses_nothing, 0, N(steps));
	tcase_add_test(tcase, a_renewal_that_cannot_begin_is_tried_again_and_loses_nothing);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
