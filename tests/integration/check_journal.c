/*
 * The journal: what is owed to a Redis that is away or slow outlives the daemon, INFORMs are answered once it is on disk,
 * and a torn tail does no harm.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/journal_box.h"

/* ---- answers ---- */

START_TEST(an_inform_is_answered_when_its_event_is_on_disk)
{
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	ck_assert_int_eq(toggles_in("journal"), 1);
	ck_assert_ptr_nonnull(strstr(out, VM1));
	ck_assert(sandbox_status_is(&box, "journal.state", "writing"));
	ck_assert_int_eq(sandbox_status_number(&box, "journal.bytes"), journal_size("journal"));
	ck_assert_int_ge(sandbox_counter(&box, "journal.batches"), 1);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(redis_events(box.redis) == 1);
	wait_for_idle();
}
END_TEST

START_TEST(a_redis_that_hangs_is_slow_and_the_inform_is_answered_from_the_disk)
{
	const json_int_t slow = sandbox_counter(&box, "redis.slow");

	process_signal(&box.server, SIGSTOP);
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	ck_assert_int_eq(toggles_in("journal"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "redis.slow"), slow + 1);
	flap(2);
	process_signal(&box.server, SIGCONT);
	WAIT_FOR(sandbox_settled(&box));
	/* The port was down already when it flapped. */
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4");
	wait_for_idle();
}
END_TEST

START_TEST(while_redis_is_there_and_quick_nothing_is_synced_and_all_is_gone_in_the_end)
{
	flap(3);
	WAIT_FOR(redis_events(box.redis) == 6);
	WAIT_FOR(toggles_in("journal") == 6);
	/* On a machine that is busy Redis may be slow: then, and only then, something was synced. */
	if (sandbox_counter(&box, "redis.slow") == 0)
		ck_assert_int_eq(sandbox_counter(&box, "journal.syncs"), 0);
	wait_for_idle();
	/* Ten seconds later Redis will not lose it any more. */
	WAIT_FOR(sandbox_status_number(&box, "journal.bytes") == 0);
	ck_assert_int_eq(journal_size("journal"), 0);
	ck_assert_int_eq(journal_size("journal.next"), -1);
}
END_TEST

/* ---- crashes ---- */

START_TEST(a_daemon_that_is_killed_while_redis_is_away_loses_nothing)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	kill_redis();
	flap(2);
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	/* The two that Redis had just got are among them. */
	ck_assert_int_eq(toggles_in("journal"), 7);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_str_eq(redis_history(box.redis),
	    "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6, 1 down 7");
	ck_assert_int_ge(sandbox_counter(&box, "journal.recovered"), 1);
	ck_assert_int_eq(redis_down(box.redis), 1);
	wait_for_idle();
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 8);
}
END_TEST

START_TEST(killed_again_and_again_before_redis_is_back_it_still_loses_nothing)
{
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	for (int i = 0; i < 3; i++) {
		process_kill(&box.daemon);
		sandbox_start(&box);
		ck_assert(sandbox_log_has(&box, "of an earlier start"));
	}
	/* This one claims and is killed: the next must know that it was one of us. */
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "CONFIG SET maxmemory 1");
	sandbox_start(&box);
	WAIT_FOR(sandbox_redis_says(&box, "out of memory"));
	redis_do(box.redis, "CONFIG SET maxmemory 0");
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
	wait_for_idle();
}
END_TEST

START_TEST(killed_while_the_journal_is_sent_the_next_one_goes_on)
{
	kill_redis();
	flap(20);
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	/* The claim gets through, and what follows does not. */
	redis_do(box.redis, "SET dpwatch:down x");
	sandbox_start(&box);
	WAIT_FOR(sandbox_redis_says(&box, "wrong type"));
	process_kill(&box.daemon);
	redis_do(box.redis, "DEL dpwatch:down");
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_events(box.redis), 41);
	ck_assert_int_eq(redis_down(box.redis), 1);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_str_eq(redis_text(port, "revision"), "41");
	json_decref(port);
	wait_for_idle();
}
END_TEST

START_TEST(what_redis_had_already_is_not_sent_again)
{
	/* Redis hangs with the batch in its socket, takes it when it goes on, and nobody hears its answer. */
	process_signal(&box.server, SIGSTOP);
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	process_signal(&box.server, SIGCONT);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_start_ready(&box);
	wait_for_idle();
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
	ck_assert_int_eq(sandbox_counter(&box, "journal.recovered"), 0);
}
END_TEST

START_TEST(a_torn_tail_is_cut_and_counted)
{
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	FILE *file = fopen(journal_path("journal"), "ae");
	ck_assert_ptr_nonnull(file);
	/* The first bytes of a frame, as a write leaves them that was cut. */
	ck_assert_int_eq(fprintf(file, "dpwJ%cx", 1), 6);
	ck_assert_int_eq(fclose(file), 0);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_counter(&box, "journal.torn-bytes"), 6);
	ck_assert(sandbox_log_has(&box, "the last 6 bytes are a torn tail"));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
	wait_for_idle();
}
END_TEST

START_TEST(damage_in_the_middle_costs_its_batch_and_says_so)
{
	WAIT_FOR(sandbox_journaled(&box));
	kill_redis();
	const json_int_t n = sandbox_counter(&box, "journal.batches");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "journal.batches") == n + 1);
	const off_t first = journal_size("journal");
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_counter(&box, "journal.batches") == n + 2);
	ck_assert_int_eq(send_inform(LINK_UP, "20"), 0);
	process_kill(&box.daemon);
	int fd = open(journal_path("journal"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "XXXX", 4, first + 30), 4);
	close(fd);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_gt(sandbox_counter(&box, "journal.corrupt-bytes"), 0);
	ck_assert(sandbox_log_has(&box, "the checksum of the frame is wrong"));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2");
	wait_for_idle();
}
END_TEST

/* ---- stopping ---- */

START_TEST(a_stop_while_redis_is_away_leaves_it_to_the_next_start)
{
	kill_redis();
	flap(1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 3);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	ck_assert(sandbox_log_has(&box, "the next start publishes them"));
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 2 down 1");
}
END_TEST

/* ---- the bound ---- */

START_TEST(the_files_stay_within_journal_max_and_both_are_read_again)
{
	char lines[SANDBOX_PATH + 48], line[128];
	static const char *const words[] = { "down", "up" };
	struct process sender;

	sandbox_stop(&box);
	snprintf(lines, sizeof(lines), "server = unix:%s\njournal_max = 1MiB", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_start_ready(&box);
	kill_redis();
	json_int_t n = 0;
	for (; journal_size("journal.next") < 100000; n += 100) {
		const json_int_t bytes = sandbox_status_number(&box, "journal.bytes");
		for (int i = 0; i < 100; i++) {
			snprintf(line, sizeof(line),
			    "<187>%%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to %s",
			    words[i % 2]);
			sandbox_line(&box, LEAF1, line);
		}
		WAIT_FOR(sandbox_counter(&box, "syslog.event") == n + 100);
		/* The disk may be slower than the words, and memory has the same bound. */
		WAIT_FOR(sandbox_status_number(&box, "journal.bytes") > bytes);
		ck_assert_int_lt(n, 20000);
	}
	ck_assert_int_eq(sandbox_counter(&box, "out.folded"), 0);
	start_inform_of(&sender, LINK_DOWN, "2", "20");
	ck_assert_int_eq(process_wait(&sender), 0);
	ck_assert_int_le(sandbox_status_number(&box, "journal.bytes"), 1024 * 1024);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_events(box.redis), n + 1);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_int_eq(atoll(redis_text(port, "revision")), n);
	ck_assert_int_eq(redis_down(box.redis), 1);
	json_decref(port);
	wait_for_idle();
}
END_TEST

/*
 * Of the ports the last state is what a restart must know, however much was in between. What Redis just got, and what was
 * folded, takes no room from what waits.
 */
START_TEST(what_was_folded_at_the_bound_outlives_the_daemon)
{
	char lines[SANDBOX_PATH + 48];

	sandbox_stop(&box);
	snprintf(lines, sizeof(lines), "server = unix:%s\njournal_max = 1MiB", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_start_ready(&box);
	json_int_t n = 0;
	do {
		flap_lines(100);
		n += 100;
		WAIT_FOR(redis_events(box.redis) == n);
		ck_assert_int_lt(n, 5000);
	} while (sandbox_status_number(&box, "journal.bytes") < 350000);
	kill_redis();
	/* More than there is room for behind that. An INFORM is answered when all that came before it is on disk. */
	flap_lines(1300);
	ck_assert_int_eq(inform_of(LINK_DOWN, "2"), 0);
	for (int i = 0; sandbox_counter(&box, "out.folded") < 5000; i++) {
		flap_lines(100);
		ck_assert_int_lt(i, 200);
	}
	flap_lines(1400);
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	WAIT_FOR(sandbox_status_number(&box, "ports.down") == 2);
	ck_assert_int_eq(inform_of(LINK_UP, "2"), 0);
	WAIT_FOR(sandbox_log_has(&box, "toggles that waited are folded"));
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_down(box.redis), 1);
	json_t *one = redis_hash(box.redis, "dpwatch:port:" VM1),
	       *two = redis_hash(box.redis, "dpwatch:port:" VM2);
	ck_assert_str_eq(redis_text(one, "dp_down"), "true");
	/* Each is told once, and none as what it was; that VM2 was down is folded, or told and over. */
	const json_int_t revisions =
	    atoll(redis_text(one, "revision")) +
	    (json_object_size(two) > 0 ? atoll(redis_text(two, "revision")) : 0);
	ck_assert_int_eq(redis_events(box.redis), revisions);
	ck_assert_int_eq(revisions % 2, 1);
	json_decref(one);
	json_decref(two);
	wait_for_idle();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tcase = tcase_create("journal");

	tcase_set_timeout(tcase, 90);
	tcase_add_checked_fixture(tcase, box_set_up_external, box_tear_down);
	tcase_add_test(tcase, an_inform_is_answered_when_its_event_is_on_disk);
	tcase_add_test(tcase, a_redis_that_hangs_is_slow_and_the_inform_is_answered_from_the_disk);
	tcase_add_test(
	    tcase, while_redis_is_there_and_quick_nothing_is_synced_and_all_is_gone_in_the_end);
	tcase_add_test(tcase, a_daemon_that_is_killed_while_redis_is_away_loses_nothing);
	tcase_add_test(tcase, killed_again_and_again_before_redis_is_back_it_still_loses_nothing);
	tcase_add_test(tcase, killed_while_the_journal_is_sent_the_next_one_goes_on);
	tcase_add_test(tcase, what_redis_had_already_is_not_sent_again);
	tcase_add_test(tcase, a_torn_tail_is_cut_and_counted);
	tcase_add_test(tcase, damage_in_the_middle_costs_its_batch_and_says_so);
	tcase_add_test(tcase, a_stop_while_redis_is_away_leaves_it_to_the_next_start);
	tcase_add_test(tcase, the_files_stay_within_journal_max_and_both_are_read_again);
	tcase_add_test(tcase, what_was_folded_at_the_bound_outlives_the_daemon);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
