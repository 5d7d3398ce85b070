/*
 * Answers that are none: the test stands between dpwatchd and a real agent, and hands on answers with another request-id, from
 * another port or address, altered after they were signed, twice, or too late. Until it hands one on as it is, nothing is known.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/poll_between.h"
#include "lib/redis_client.h"

/* What becomes of it while the trick is played; then the same without. */
static void
play_until_given_up(enum trick trick)
{
	json_int_t in_time = 0;

	for (int64_t until = process_clock_ms() + WAIT_MS; !polling_is("no answer");
	     stand_between(trick)) {
		ck_assert_int_lt(process_clock_ms(), until);
		in_time = n_tricks;
	}
	ck_assert_int_ge(in_time, 1);
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.event"), 0);
	/* Those from elsewhere never reach the daemon: its socket hears the agent alone. A late one finds nobody. */
	const bool elsewhere = trick == OTHER_PORT || trick == OTHER_ADDRESS;
	ck_assert_int_ge(sandbox_counter(&box, "poll.stray"), elsewhere ? 0 : in_time);
	ck_assert_int_le(sandbox_counter(&box, "poll.stray"), elsewhere ? 0 : n_tricks);
	forget_questions();
	process_signal(&box.daemon, SIGHUP);
	stand_until_answered(HANDED_ON);
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), 1);
}

static const enum trick tricks_of_v2c[] = { OTHER_REQUEST, OTHER_PORT, OTHER_ADDRESS, CUT,
	QUESTION };

START_TEST(an_answer_over_snmpv2c_that_is_not_the_agents_changes_nothing)
{
	load("\"community\": \"public\", ");
	play_until_given_up(tricks_of_v2c[_i]);
}
END_TEST

static const enum trick tricks_of_v3[] = { OTHER_REQUEST, OTHER_PORT, OTHER_ADDRESS, ALTERED, CUT,
	QUESTION };

START_TEST(an_answer_over_snmpv3_that_is_not_the_agents_changes_nothing)
{
	load("\"user\": \"monitor\", ");
	play_until_given_up(tricks_of_v3[_i]);
}
END_TEST

static const char *const credentials[] = { "\"community\": \"public\", ",
	"\"user\": \"monitor\", " };

START_TEST(an_answer_that_comes_twice_counts_once)
{
	load(credentials[_i]);
	stand_until_answered(TWICE);
	ck_assert_int_ge(n_tricks, 2);
	ck_assert_int_eq(
	    sandbox_counter(&box, "poll.requests"), sandbox_counter(&box, "poll.answers"));
	/* That of the last one finds nobody any more; of a question that came again, because this was slow, both are one too many. */
	WAIT_FOR(sandbox_counter(&box, "poll.stray") >= 1);
}
END_TEST

/* The job was given up long ago, and another one is under way, when the first one's answer comes. */
START_TEST(an_answer_to_a_job_that_is_over_changes_nothing)
{
	static struct talk old, now;

	load(credentials[_i]);
	overhear_table(&old);
	for (int64_t until = process_clock_ms() + WAIT_MS; !polling_is("no answer"); overhear(&now))
		ck_assert_int_lt(process_clock_ms(), until);
	forget_questions();
	hand_on(&old);
	ck_assert(polling_is("no answer"));
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 0);
	process_signal(&box.daemon, SIGHUP);
	overhear_table(&now);
	old.from = now.from;
	hand_on(&old);
	WAIT_FOR(sandbox_counter(&box, "poll.stray") == 1);
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.event"), 0);
	hand_on(&now);
	stand_until_answered(HANDED_ON);
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), 1);
}
END_TEST

static bool
is_down(void)
{
	return redis_is_down(box.redis, VM1);
}

/*
 * An answer is as old as its question, also where it comes after that was asked again: a trap that came in between wins, and what
 * is asked anew a little later decides.
 */
START_TEST(a_trap_between_question_and_answer_wins)
{
	static struct talk first, second;

	load(credentials[_i]);
	if (!interface[0]) {
		printf("SKIPPED: this machine has no interface that is up\n");
		return;
	}
	overhear_table(&first);
	sandbox_trap(&box, SWITCH,
	    ARGV("", ".1.3.6.1.6.3.1.1.5.3", ".1.3.6.1.2.1.31.1.1.1.1.1", "s", interface));
	WAIT_FOR(is_down());
	/* The library has asked again by now. SNMPv3's are told apart; of SNMPv2c the first one's answer is as good. */
	overhear_table(&second);
	hand_on(&first);
	hand_on(&second);
	for (int64_t until = process_clock_ms() + WAIT_MS; sandbox_counter(&box, "poll.stale") == 0;
	     stand_between(HANDED_ON))
		ck_assert_int_lt(process_clock_ms(), until);
	WAIT_FOR(sandbox_counter(&box, "poll.stray") >= 1);
	ck_assert(is_down());
	ck_assert_int_eq(redis_events(box.redis), 1);
	/* It lies, or its linkUp was lost: asked after source_settle, it is believed. */
	for (int64_t until = process_clock_ms() + WAIT_MS; is_down(); stand_between(HANDED_ON))
		ck_assert_int_lt(process_clock_ms(), until);
	ck_assert_int_eq(redis_events(box.redis), 2);
}
END_TEST

/* An initialization vector of AES is made of boots, time and salt: the same three must not come again (RFC 3826 3.1.2.1). */
START_TEST(each_start_encrypts_with_salts_of_its_own)
{
	char first[20];

	load("\"user\": \"monitor\", ");
	for (int start = 0; start < 2; start++) {
		salt[0] = '\0';
		for (int64_t until = process_clock_ms() + WAIT_MS; !salt[0];
		     stand_between(HANDED_ON))
			ck_assert_int_lt(process_clock_ms(), until);
		ck_assert_uint_eq(strlen(salt), 16);
		ck_assert_str_ne(salt, start == 0 ? "0000000000000000" : first);
		snprintf(first, sizeof(first), "%s", salt);
		stand_until_answered(HANDED_ON);
		if (start == 0) {
			ck_assert_int_eq(sandbox_stop(&box), 0);
			sandbox_start_ready(&box);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_spoof");
	TCase *tcase = tcase_create("poll_spoof");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, an_answer_over_snmpv2c_that_is_not_the_agents_changes_nothing, 0, 5);
	tcase_add_loop_test(
	    tcase, an_answer_over_snmpv3_that_is_not_the_agents_changes_nothing, 0, 6);
	tcase_add_loop_test(tcase, an_answer_that_comes_twice_counts_once, 0, 2);
	tcase_add_loop_test(tcase, an_answer_to_a_job_that_is_over_changes_nothing, 0, 2);
	tcase_add_loop_test(tcase, a_trap_between_question_and_answer_wins, 0, 2);
	tcase_add_test(tcase, each_start_encrypts_with_salts_of_its_own);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
