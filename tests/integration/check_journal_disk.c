/*
 * The journal on a disk that is full: what was not written is said, no INFORM is answered for it, and nothing else is lost.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/journal_box.h"

#define SMALL_DISK "size=192k"

/*
 * A state_dir of its own on a tmpfs with these options, in a mount namespace that ends with this test; `redis` is added to that
 * section. False where that is not allowed.
 */
static bool
mount_disk(const char *options, const char *redis)
{
	char dir[SANDBOX_PATH], text[4096];

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		printf("SKIPPED a full disk: mounting needs root\n");
		return false;
	}
	sandbox_init(&box);
	snprintf(dir, sizeof(dir), "%s/small", box.dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(mount("tmpfs", dir, "tmpfs", 0, options), 0);
	snprintf(text, sizeof(text), "server = unix:%s\n%s", box.redis, redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = text });
	char *config = process_read_file(box.config);
	snprintf(text, sizeof(text), "[daemon]\nstate_dir = %s\n%s", dir, strstr(config, "[snmp]"));
	sandbox_write(box.config, text);
	free(config);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	return true;
}

static bool
mount_small(void)
{
	return mount_disk(SMALL_DISK, "");
}

static void
release_small(void)
{
	char dir[SANDBOX_PATH];

	if (box.daemon.pid != 0)
		ck_assert_int_eq(sandbox_stop(&box), 0);
	snprintf(dir, sizeof(dir), "%s/small", box.dir);
	ck_assert_int_eq(umount(dir), 0);
	sandbox_release(&box);
}

/* Takes all the room that is left, that in the journal's last page too. Nothing that it takes is a toggle. */
static void
fill_disk(void)
{
	static const char *const words[] = { "down", "up" };
	char block[4096] = { 0 }, line[128];
	int fd = open(journal_path("small/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
	for (int i = 0; !sandbox_status_is(&box, "journal.state", "failing"); i++) {
		ck_assert_int_lt(i, 1000);
		snprintf(line, sizeof(line),
		    "<187>%%LINK-3-UPDOWN: Interface Ethernet1/40, changed state to %s",
		    words[i % 2]);
		sandbox_line(&box, LEAF1, line);
		process_nap();
	}
}

START_TEST(with_a_full_disk_no_inform_is_answered_until_there_is_room_and_nothing_is_lost)
{
	struct process sender;
	int status;

	if (!mount_small())
		return;
	fill_disk();
	kill_redis();
	start_inform(&sender, LINK_DOWN, "20");
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "failing"));
	WAIT_FOR(sandbox_counter(&box, "journal.failures") >= 2);
	ck_assert(sandbox_status_is(&box, "journal.error", "No space left on device"));
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 0);
	ck_assert(!process_ended(&sender, &status));
	flap(2);
	ck_assert_int_eq(unlink(journal_path("small/filler")), 0);
	ck_assert_int_eq(process_wait(&sender), 0);
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "writing"));
	WAIT_FOR(toggles_in("small/journal") == 4);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4");
	release_small();
}
END_TEST

START_TEST(with_a_full_disk_redis_gets_everything_when_it_is_back)
{
	if (!mount_small())
		return;
	fill_disk();
	kill_redis();
	flap(3);
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "failing"));
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(sandbox_settled(&box));
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "idle"));
	ck_assert_str_eq(
	    redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5, 1 up 6");
	release_small();
}
END_TEST

/* What the full disk did not take was the journal's beginning, which says whose it is. */
START_TEST(a_journal_begun_on_a_full_disk_is_sent_on_by_the_next_start)
{
	if (!mount_small())
		return;
	fill_disk();
	kill_redis();
	flap(1);
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "failing"));
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(sandbox_settled(&box));
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "idle"));
	ck_assert_int_eq(unlink(journal_path("small/filler")), 0);
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_counter(&box, "journal.foreign"), 0);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3");
	release_small();
}
END_TEST

START_TEST(a_daemon_that_is_killed_on_a_full_disk_comes_back_with_what_was_written)
{
	if (!mount_small())
		return;
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	fill_disk();
	/* More than what is left of the last page. */
	flap(20);
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "failing"));
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert_int_eq(strncmp(redis_history(box.redis), "1 down 1", 8), 0);
	ck_assert_int_lt(redis_events(box.redis), 40);
	WAIT_FOR(sandbox_settled(&box));
	release_small();
}
END_TEST

/* Not one more file can be made: neither, then, one beside the old ones for what is folded. */
static void
take_all_files(void)
{
	char name[32];
	int fd = 0;

	for (int i = 0; fd >= 0; i++) {
		snprintf(name, sizeof(name), "small/filler.%d", i);
		fd = open(journal_path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
	}
}

START_TEST(what_is_folded_takes_the_old_ones_place_where_the_disk_has_no_room_beside_them)
{
	if (!mount_disk("size=8m,nr_inodes=64", "journal_max = 1MiB"))
		return;
	kill_redis();
	for (int i = 0; journal_size("small/journal.next") <= 0; i++) {
		flap_lines(100);
		ck_assert_int_lt(i, 200);
	}
	take_all_files();
	for (int i = 0; sandbox_counter(&box, "out.folded") == 0; i++) {
		flap_lines(100);
		ck_assert_int_lt(i, 200);
	}
	ck_assert_int_eq(inform_of(LINK_DOWN, "2"), 0);
	ck_assert(sandbox_status_is(&box, "journal.state", "writing"));
	ck_assert_int_eq(journal_size("small/journal.next"), -1);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	ck_assert(redis_is_down(box.redis, VM2));
	release_small();
}
END_TEST

START_TEST(neither_redis_nor_disk_a_stop_waits_and_a_later_sigterm_does_not)
{
	if (!mount_small())
		return;
	fill_disk();
	process_signal(&box.server, SIGSTOP);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "failing"));
	process_signal(&box.daemon, SIGTERM);
	WAIT_FOR(sandbox_log_has(&box, "stopping"));
	/* What comes within half a second is the same stop. */
	for (int i = 0; i < 60; i++)
		process_nap();
	process_signal(&box.daemon, SIGTERM);
	ck_assert_int_eq(process_wait(&box.daemon), 1);
	ck_assert(sandbox_log_has(&box, "without having published"));
	process_signal(&box.server, SIGCONT);
	release_small();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal disk");
	TCase *tcase = tcase_create("journal disk");

	tcase_set_timeout(tcase, 90);
	tcase_add_test(
	    tcase, with_a_full_disk_no_inform_is_answered_until_there_is_room_and_nothing_is_lost);
	tcase_add_test(tcase, with_a_full_disk_redis_gets_everything_when_it_is_back);
	tcase_add_test(tcase, a_journal_begun_on_a_full_disk_is_sent_on_by_the_next_start);
	tcase_add_test(
	    tcase, a_daemon_that_is_killed_on_a_full_disk_comes_back_with_what_was_written);
	tcase_add_test(
	    tcase, what_is_folded_takes_the_old_ones_place_where_the_disk_has_no_room_beside_them);
	tcase_add_test(tcase, neither_redis_nor_disk_a_stop_waits_and_a_later_sigterm_does_not);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
