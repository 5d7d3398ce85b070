/*
 * The journal: what is owed to a Redis that is away or slow outlives the daemon, INFORMs are answered once it is on disk,
 * and a disk that is full, a torn tail or another Redis do no harm.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"

static struct sandbox box;
static char out[SANDBOX_TEXT];

static void
set_up(void)
{
	sandbox_begin_external(&box);
}

static void
tear_down(void)
{
	sandbox_release(&box);
}

/* Starts an INFORM about an ifIndex of leaf1, which is answered within `timeout` seconds; without repetition. */
static void
start_inform_of(struct process *sender, const char *trap, const char *index, const char *timeout)
{
	char agent[32], output[SANDBOX_PATH + 16], oid[40];

	snprintf(oid, sizeof(oid), ".1.3.6.1.2.1.2.2.1.1.%s", index);
	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	snprintf(output, sizeof(output), "%s/inform", box.dir);
	process_start(sender, output,
	    ARGV("snmpinform", "-v2c", "-c", "public", "-t", timeout, "-r", "0",
		"--clientaddr=" LEAF1, agent, "", trap, oid, "i", index));
}

static void
start_inform(struct process *sender, const char *trap, const char *timeout)
{
	start_inform_of(sender, trap, "1", timeout);
}

static int
send_inform(const char *trap, const char *timeout)
{
	struct process sender;

	start_inform(&sender, trap, timeout);
	return process_wait(&sender);
}

static const char *
journal_path(const char *name)
{
	static char path[SANDBOX_PATH + 32];

	snprintf(path, sizeof(path), "%s/%s", box.dir, name);
	return path;
}

static off_t
journal_size(const char *name)
{
	struct stat info;

	return stat(journal_path(name), &info) == 0 ? info.st_size : -1;
}

/* How many toggles `dpwatch journal show` finds. */
static int
toggles_in(const char *name)
{
	int n = 0;

	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "journal", "show", journal_path(name))),
	    0);
	for (const char *at = out; (at = strstr(at, " toggle ")) != NULL; at++)
		n++;
	return n;
}

static void
kill_redis(void)
{
	sandbox_redis_kill(&box);
	WAIT_FOR(!sandbox_status_is(&box, "redis.state", "connected"));
}

static void
flap(int times)
{
	json_int_t n = sandbox_counter(&box, "trap.event");

	for (int i = 0; i < times; i++) {
		sandbox_link_down(&box, LEAF1, 1);
		sandbox_link_up(&box, LEAF1, 1);
	}
	WAIT_FOR(sandbox_counter(&box, "trap.event") == n + 2 * times);
}

static void
wait_for_idle(void)
{
	WAIT_FOR(sandbox_settled(&box));
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "idle"));
}

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
	process_signal(&box.server, SIGSTOP);
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	ck_assert_int_eq(toggles_in("journal"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "redis.slow"), 1);
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

/* ---- whose it is ---- */

START_TEST(a_redis_that_lost_everything_gets_what_is_owed)
{
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	redis_do(box.redis, "FLUSHALL");
	sandbox_start_ready(&box);
	ck_assert_int_eq(strncmp(redis_history(box.redis), "1 down 1", 8), 0);
	ck_assert_int_eq(sandbox_counter(&box, "journal.foreign"), 0);
	ck_assert_int_ge(sandbox_counter(&box, "journal.recovered"), 1);
	wait_for_idle();
}
END_TEST

static void
copy_file(const char *from, const char *to)
{
	char source[SANDBOX_PATH + 32];

	snprintf(source, sizeof(source), "%s", journal_path(from));
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("cp", source, journal_path(to))), 0);
}

/* What is on disk now is what Redis is thrown back to. */
static void
remember_redis(void)
{
	redis_do(box.redis, "SAVE");
	copy_file("dump.rdb", "before.rdb");
}

/* Redis was killed, lost what came since, and is back. */
static void
throw_redis_back(void)
{
	copy_file("before.rdb", "dump.rdb");
	ck_assert_int_eq(
	    process_run(out, sizeof(out), ARGV("rm", "-rf", journal_path("appendonlydir"))), 0);
	sandbox_redis_start(&box, "--appendonly", "no");
}

/* _i: how many daemons claimed since what Redis still knows. */
START_TEST(a_redis_that_lost_the_claim_gets_what_is_owed)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	for (int i = 0; i < _i; i++) {
		process_kill(&box.daemon);
		sandbox_start_ready(&box);
	}
	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	flap(1);
	WAIT_FOR(toggles_in("journal") >= 2);
	process_kill(&box.daemon);
	throw_redis_back();
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_counter(&box, "journal.foreign"), 0);
	/* The port was down already when it flapped. */
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4");
	wait_for_idle();
}
END_TEST

/* Who reads on from the last entry that it saw is told each revision once. */
START_TEST(what_a_redis_lost_comes_again_under_the_ids_that_it_had)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	flap(2);
	WAIT_FOR(redis_events(box.redis) == 6);
	json_t *had = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	kill_redis();
	throw_redis_back();
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 7);
	json_t *has = redis_ask(box.redis, "XRANGE dpwatch:events - + COUNT 6");
	ck_assert(json_equal(had, has));
	json_decref(had);
	json_decref(has);
}
END_TEST

/* Both died at once: the next daemon has what Redis had acknowledged and lost. */
START_TEST(what_a_redis_had_and_lost_when_the_daemon_died_too_comes_again)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 4);
	WAIT_FOR(toggles_in("journal") == 4);
	json_t *had = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	process_kill(&box.daemon);
	sandbox_redis_kill(&box);
	throw_redis_back();
	ck_assert_int_eq(redis_events(box.redis), 2);
	sandbox_start_ready(&box);
	WAIT_FOR(redis_events(box.redis) == 4);
	json_t *has = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	ck_assert(json_equal(had, has));
	json_decref(had);
	json_decref(has);
}
END_TEST

/* A daemon that was just started has what the one before it published, should Redis lose it only now. */
START_TEST(what_an_earlier_daemon_published_is_kept_by_the_next)
{
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 2);
	remember_redis();
	flap(1);
	WAIT_FOR(redis_events(box.redis) == 4);
	WAIT_FOR(toggles_in("journal") == 4);
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	json_t *had = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	kill_redis();
	throw_redis_back();
	WAIT_FOR(redis_events(box.redis) == 4);
	ck_assert(sandbox_log_has(&box, "it lost batches"));
	json_t *has = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	ck_assert(json_equal(had, has));
	json_decref(had);
	json_decref(has);
}
END_TEST

START_TEST(where_another_daemon_published_since_the_journal_is_set_aside)
{
	struct sandbox second;
	char server[SANDBOX_PATH + 32];

	kill_redis();
	ck_assert_int_eq(send_inform(LINK_DOWN, "20"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_init(&second);
	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&second, &(struct sandbox_lines){ .redis = server });
	sandbox_start_ready(&second);
	sandbox_link_down(&second, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_release(&second);
	sandbox_start_ready(&box);
	WAIT_FOR(sandbox_log_has(&box, "do not continue what this Redis holds (batch "));
	ck_assert_str_eq(redis_history(box.redis), "2 down 1");
	WAIT_FOR(journal_size("journal.aside") > 0);
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

/* ---- a small disk ---- */

#define SMALL_DISK "size=192k"

/* A state_dir of its own on a tmpfs, in a mount namespace that ends with this test. False where that is not allowed. */
static bool
mount_small(void)
{
	char dir[SANDBOX_PATH], text[4096];

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		printf("SKIPPED a full disk: mounting needs root\n");
		return false;
	}
	sandbox_init(&box);
	snprintf(dir, sizeof(dir), "%s/small", box.dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(mount("tmpfs", dir, "tmpfs", 0, SMALL_DISK), 0);
	snprintf(text, sizeof(text), "server = unix:%s", box.redis);
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

int
main(void)
{
	Suite *suite = suite_create("journal");
	TCase *plain = tcase_create("journal"), *small = tcase_create("small disk");

	tcase_set_timeout(plain, 90);
	tcase_add_checked_fixture(plain, set_up, tear_down);
	tcase_add_test(plain, an_inform_is_answered_when_its_event_is_on_disk);
	tcase_add_test(plain, a_redis_that_hangs_is_slow_and_the_inform_is_answered_from_the_disk);
	tcase_add_test(
	    plain, while_redis_is_there_and_quick_nothing_is_synced_and_all_is_gone_in_the_end);
	tcase_add_test(plain, a_daemon_that_is_killed_while_redis_is_away_loses_nothing);
	tcase_add_test(plain, killed_again_and_again_before_redis_is_back_it_still_loses_nothing);
	tcase_add_test(plain, killed_while_the_journal_is_sent_the_next_one_goes_on);
	tcase_add_test(plain, what_redis_had_already_is_not_sent_again);
	tcase_add_test(plain, a_torn_tail_is_cut_and_counted);
	tcase_add_test(plain, damage_in_the_middle_costs_its_batch_and_says_so);
	tcase_add_test(plain, a_redis_that_lost_everything_gets_what_is_owed);
	tcase_add_loop_test(plain, a_redis_that_lost_the_claim_gets_what_is_owed, 0, 3);
	tcase_add_test(plain, what_a_redis_lost_comes_again_under_the_ids_that_it_had);
	tcase_add_test(plain, what_a_redis_had_and_lost_when_the_daemon_died_too_comes_again);
	tcase_add_test(plain, what_an_earlier_daemon_published_is_kept_by_the_next);
	tcase_add_test(plain, where_another_daemon_published_since_the_journal_is_set_aside);
	tcase_add_test(plain, a_stop_while_redis_is_away_leaves_it_to_the_next_start);
	tcase_add_test(plain, the_files_stay_within_journal_max_and_both_are_read_again);
	suite_add_tcase(suite, plain);

	tcase_set_timeout(small, 90);
	tcase_add_test(
	    small, with_a_full_disk_no_inform_is_answered_until_there_is_room_and_nothing_is_lost);
	tcase_add_test(small, with_a_full_disk_redis_gets_everything_when_it_is_back);
	tcase_add_test(
	    small, a_daemon_that_is_killed_on_a_full_disk_comes_back_with_what_was_written);
	tcase_add_test(small, a_journal_begun_on_a_full_disk_is_sent_on_by_the_next_start);
	tcase_add_test(small, neither_redis_nor_disk_a_stop_waits_and_a_later_sigterm_does_not);
	suite_add_tcase(suite, small);
	return sandbox_main(suite);
}
