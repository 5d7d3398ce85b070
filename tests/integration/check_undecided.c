/*
 * What was heard and not decided yet when the daemon is killed and Redis is away: it is in the journal, the INFORM about it
 * was answered, and the next start decides it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/box.h"
#include "lib/redis_client.h"

#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"
#define COLD_START ".1.3.6.1.6.3.1.1.5.1"
#define DOWN_LINE "<189>28: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down"
#define IF_INDEX_1 ".1.3.6.1.2.1.2.2.1.1.1"
/* Longer than what the test does while the word waits. */
#define LONG "5s"
/* ... and before it comes. */
#define LONGER "12s"

static void
begin_with(const char *state)
{
	char server[SANDBOX_PATH + 32];

	sandbox_init(&box);
	snprintf(server, sizeof(server), "server = unix:%s", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = server, .state = state });
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* Without repetition; answered within `timeout` seconds: 0. */
static int
send_inform(const char *trap, const char *timeout)
{
	char agent[32], out[4096];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	return process_run(out, sizeof(out),
	    ARGV("snmpinform", "-v2c", "-c", "public", "-t", timeout, "-r", "0",
		"--clientaddr=" LEAF1, agent, "", trap, IF_INDEX_1, "i", "1"));
}

/* How many toggles the journal holds. */
static int
toggles_in_journal(void)
{
	static char out[SANDBOX_TEXT];
	char path[SANDBOX_PATH + 16];
	int n = 0;

	snprintf(path, sizeof(path), "%s/journal", box.dir);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "journal", "show", path)),
	    0);
	for (const char *at = out; (at = strstr(at, " toggle ")) != NULL; at++)
		n++;
	return n;
}

/* leaf1 with a boot_settle; a cold start of it, after which ups wait. */
static void
let_leaf1_boot(void)
{
	static const char head[] = "{\"switches\": [{\"name\": \"leaf1\",";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_int_eq(strncmp(SANDBOX_TOPOLOGY, head, sizeof(head) - 1), 0);
	fprintf(out, "%s \"boot_settle\": \"" LONGER "\",%s", head,
	    SANDBOX_TOPOLOGY + sizeof(head) - 1);
	fclose(out);
	sandbox_load(&box, text);
	free(text);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_trap(&box, LEAF1, ARGV("", COLD_START));
	WAIT_FOR(sandbox_counter(&box, "event.restart") == 1);
}

static void
trap_down(void)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
}

static void
line_down(void)
{
	sandbox_line(&box, LEAF1, DOWN_LINE);
	WAIT_FOR(redis_events(box.redis) == 1);
}

static void
nothing(void)
{
}

static const struct {
	const char *state;
	void (*before)(void);
	const char *word, *history, *wanted;
} waits[] = {
	{ "down_delay = " LONG, nothing, LINK_DOWN, "", "1 down 1" },
	{ "up_delay = " LONG, trap_down, LINK_UP, "1 down 1", "1 down 1, 1 up 2" },
	{ "source_settle = " LONGER, line_down, LINK_UP, "1 down 1", "1 down 1, 1 up 2" },
	{ "admin_down = ignore\nsource_settle = " LONG, nothing, LINK_DOWN, "", "1 down 1" },
	{ NULL, let_leaf1_boot, LINK_UP, "1 down 1", "1 down 1, 1 up 2" },
};

START_TEST(a_word_that_waits_survives_redis_and_daemon)
{
	begin_with(waits[_i].state);
	waits[_i].before();
	WAIT_FOR(sandbox_settled(&box));
	sandbox_redis_kill(&box);
	WAIT_FOR(!sandbox_status_is(&box, "redis.state", "connected"));
	ck_assert_int_eq(send_inform(waits[_i].word, "20"), 0);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	/* It was not decided. */
	ck_assert_str_eq(redis_history(box.redis), waits[_i].history);
	ck_assert_int_eq(toggles_in_journal(), *waits[_i].history ? 1 : 0);
	sandbox_start_ready(&box);
	WAIT_FOR(strcmp(redis_history(box.redis), waits[_i].wanted) == 0);
}
END_TEST

/* The same by a trap, which nobody answers. */
START_TEST(a_trap_that_waits_survives_redis_and_daemon)
{
	begin_with("down_delay = " LONG);
	WAIT_FOR(sandbox_journaled(&box));
	sandbox_redis_kill(&box);
	WAIT_FOR(!sandbox_status_is(&box, "redis.state", "connected"));
	const json_int_t n = sandbox_counter(&box, "journal.batches");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "journal.batches") > n);
	process_kill(&box.daemon);
	sandbox_redis_start(&box, NULL, NULL);
	ck_assert_int_eq(toggles_in_journal(), 0);
	sandbox_start_ready(&box);
	WAIT_FOR(strcmp(redis_history(box.redis), "1 down 1") == 0);
}
END_TEST

/* Nobody knows yet whose it is. It waits in the socket, and is taken when Redis was read. */
START_TEST(before_redis_was_read_no_inform_is_answered_and_none_is_lost)
{
	begin_with(NULL);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_redis_kill(&box);
	sandbox_start(&box);
	ck_assert_int_eq(send_inform(LINK_DOWN, "1"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 0);
	sandbox_redis_start(&box, NULL, NULL);
	WAIT_FOR(strcmp(redis_history(box.redis), "1 down 1") == 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("undecided");
	TCase *tcase = tcase_create("undecided");

	tcase_add_checked_fixture(tcase, NULL, box_tear_down);
	tcase_set_timeout(tcase, 90);
	tcase_add_loop_test(tcase, a_word_that_waits_survives_redis_and_daemon, 0,
	    sizeof(waits) / sizeof(waits[0]));
	tcase_add_test(tcase, a_trap_that_waits_survives_redis_and_daemon);
	tcase_add_test(tcase, before_redis_was_read_no_inform_is_answered_and_none_is_lost);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
