/*
 * Another user is configured while an agent is asked: what was begun as the old one is begun anew. The test stands between
 * dpwatchd and a real agent, and sees who asks.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/poll_between.h"

/* Hands on what is asked, which is by this user alone, until it is over. */
static void
serve(const char *user, bool (*is_over)(void))
{
	static struct talk talk;

	for (int64_t until = process_clock_ms() + WAIT_MS; !is_over();) {
		ck_assert_int_lt(process_clock_ms(), until);
		if (!overhear(&talk))
			continue;
		const struct slice by = security(talk.question, USER);
		ck_assert(by.len == 0 || slice_eq_str(by, user));
		hand_on(&talk);
	}
}

static bool
is_answered(void)
{
	return polling_is("answered");
}

static struct process discovery;

static bool
is_discovered(void)
{
	int status = -1;

	if (!process_ended(&discovery, &status))
		return false;
	char path[SANDBOX_PATH + 16];
	snprintf(path, sizeof(path), "%s/document", box.dir);
	char *told = process_read_file(path);
	/* There is no LLDP here, which is told. */
	ck_assert_msg(strstr(told, "\"engine_id\": \"0x"), "%s", told);
	free(told);
	return true;
}

static void
discover(void)
{
	char api[SANDBOX_PATH + 8], document[SANDBOX_PATH + 16];

	snprintf(api, sizeof(api), "unix:%s", box.api);
	snprintf(document, sizeof(document), "%s/document", box.dir);
	process_start(&discovery, document,
	    ARGV(sandbox_program("dpwatch"), "--api", api, "topology", "discover"));
}

/* A poll, or a discovery, is under way when another user is configured: it is begun anew, with that one. */
START_TEST(after_a_reload_nobody_is_asked_by_the_old_user)
{
	static struct talk old;

	load("");
	if (_i == 1) {
		serve("monitor", is_answered);
		discover();
	}
	overhear_table(&old);
	ck_assert(slice_eq_str(security(old.question, USER), "monitor"));
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = POLLED_BY("second") });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	forget_questions();
	hand_on(&old);
	serve("second", _i == 1 ? is_discovered : is_answered);
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_reload");
	TCase *tcase = tcase_create("poll_reload");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, after_a_reload_nobody_is_asked_by_the_old_user, 0, 2);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
