/* interface_hear: which words count at once, which wait, and which are echoes: design.md, rules 3, 4 and 7. */
#include "lib/interface_fixture.h"
#include "lib/run_suite.h"

/*
 * The table of rules 3 and 4: how a word stands to what is known, whether it would change the interface, and whether
 * another source said the opposite. Each cell is brought about by words, in milliseconds: the state, the word, the fate.
 * T and S: trap and syslog; P: an answer. D and U. "S" told it and trap did not, unless both are given.
 */
struct told {
	char source, word;
	int64_t ms;
};
static const struct {
	const char *what;
	struct told before[4];
	struct told word;
	enum fate fate;
	enum echo_of echo;
	int64_t until_ms; /* FATE_WAIT */
} hearings[] = {
	/* ECHO_NONE, NEWS_SAME: silent, behind, contradicts */
	{ "said again", { { 'T', 'D', 1000 } }, { 'T', 'D', 5000 }, FATE_APPLY, ECHO_NONE, 0 },
	{ "said by both, and again", { { 'T', 'D', 1000 }, { 'S', 'D', 1100 } }, { 'S', 'D', 1200 },
	    FATE_APPLY, ECHO_NONE, 0 },
	{ "up while the other's down waits", { { 'T', 'U', 1000 }, { 'S', 'D', 1100 } },
	    { 'T', 'U', 1200 }, FATE_APPLY, ECHO_NONE, 0 },
	/* ECHO_NONE, NEWS_CHANGE */
	{ "the first down", { { 0 } }, { 'T', 'D', 1000 }, FATE_APPLY, ECHO_NONE, 0 },
	{ "one source alone, a millisecond later", { { 'T', 'D', 1000 } }, { 'T', 'U', 1001 },
	    FATE_APPLY, ECHO_NONE, 0 },
	{ "the other source, when the word has settled", { { 'T', 'D', 1000 } }, { 'S', 'U', 3000 },
	    FATE_APPLY, ECHO_NONE, 0 },
	{ "a source that had told the same", { { 'T', 'D', 1000 }, { 'S', 'D', 1100 } },
	    { 'S', 'U', 1200 }, FATE_APPLY, ECHO_NONE, 0 },
	{ "the other source, just before", { { 'T', 'D', 1000 } }, { 'S', 'U', 2999 }, FATE_WAIT,
	    ECHO_NONE, 3000 },
	{ "the first down of one, just after the other's up", { { 'S', 'U', 1000 } },
	    { 'T', 'D', 1500 }, FATE_WAIT, ECHO_NONE, 3000 },
	{ "an answer at odds with a fresh word", { { 'T', 'D', 1000 } }, { 'P', 'U', 1500 },
	    FATE_WAIT, ECHO_NONE, 3000 },
	{ "a word at odds with a fresh answer", { { 'P', 'U', 1000 } }, { 'T', 'D', 1500 },
	    FATE_APPLY, ECHO_NONE, 0 },
	/* ECHO_CURRENT */
	{ "the other source's word for it", { { 'T', 'D', 1000 } }, { 'S', 'D', 1100 }, FATE_APPLY,
	    ECHO_CURRENT, 0 },
	{ "at the end of echo_window", { { 'T', 'D', 1000 } }, { 'S', 'D', 60999 }, FATE_APPLY,
	    ECHO_CURRENT, 0 },
	{ "after echo_window", { { 'T', 'D', 1000 } }, { 'S', 'D', 61000 }, FATE_APPLY, ECHO_NONE,
	    0 },
	{ "of what an answer has mended since", { { 'T', 'D', 1000 }, { 'P', 'U', 9000 } },
	    { 'S', 'D', 9100 }, FATE_ECHO, ECHO_CURRENT, 0 },
	/* ECHO_OLD */
	{ "the first half of a flap", { { 'T', 'D', 1000 }, { 'T', 'U', 1100 } },
	    { 'S', 'D', 1200 }, FATE_ECHO, ECHO_OLD, 0 },
	{ "its second half", { { 'T', 'D', 1000 }, { 'T', 'U', 1100 }, { 'S', 'D', 1200 } },
	    { 'S', 'U', 1300 }, FATE_APPLY, ECHO_CURRENT, 0 },
	{ "the down of down-up-down",
	    { { 'T', 'D', 1000 }, { 'T', 'U', 1100 }, { 'T', 'D', 1200 } }, { 'S', 'D', 1300 },
	    FATE_ECHO, ECHO_OLD, 0 },
	{ "the up of down-up-down, whose first down's line was lost",
	    { { 'T', 'D', 1000 }, { 'T', 'U', 1100 }, { 'T', 'D', 1200 } }, { 'S', 'U', 1300 },
	    FATE_ECHO, ECHO_OLD, 0 },
	{ "a third word of a flap that two were told of",
	    { { 'T', 'D', 1000 }, { 'T', 'U', 1100 }, { 'S', 'D', 1200 }, { 'S', 'U', 1300 } },
	    { 'S', 'D', 1400 }, FATE_APPLY, ECHO_NONE, 0 },
};

static struct link_event
told_event(const struct told *told)
{
	struct link_event event = event_of(told->word == 'D' ? WORD_DOWN : WORD_UP, LAYER_WHOLE);

	event.source = told->source == 'T'   ? SOURCE_TRAP
		       : told->source == 'S' ? SOURCE_SYSLOG
					     : SOURCE_POLL;
	return event;
}

/* Hears it, and applies what counts, as the engine does. */
static struct hearing
hear(struct echoes *echoes, const struct told *told)
{
	const struct link_event event = told_event(told);
	const bool was = interface_observed_up(&state);
	struct hearing hearing;

	echoes_expire(echoes, &config, told->ms * 1000000);
	interface_hear(
	    &state, echoes, &event, &config, 0, told->ms * 1000000, told->ms * 1000000, &hearing);
	if (hearing.fate != FATE_APPLY)
		return hearing;
	interface_apply(&state, &event, &config, at(told->ms), ++order);
	if (interface_observed_up(&state) != was)
		echoes_add(echoes, &event, told->word == 'D' ? SPOKEN_DOWN : SPOKEN_UP,
		    (struct engine_time){ .now_ns = told->ms * 1000000 });
	return hearing;
}

START_TEST(each_word_has_its_fate)
{
	struct echoes echoes = { 0 };

	for (size_t i = 0; i < 4 && hearings[_i].before[i].source != 0; i++)
		hear(&echoes, &hearings[_i].before[i]);
	const struct hearing hearing = hear(&echoes, &hearings[_i].word);
	ck_assert_msg(
	    hearing.fate == hearings[_i].fate, "%s: fate %d", hearings[_i].what, hearing.fate);
	ck_assert_msg(
	    hearing.echo == hearings[_i].echo, "%s: echo %d", hearings[_i].what, hearing.echo);
	if (hearing.fate == FATE_WAIT) {
		ck_assert_int_eq(hearing.until_ns, hearings[_i].until_ms * 1000000);
		ck_assert(hearing.contradicts);
	}
}
END_TEST

/* Every cell, so that none is left to chance. */
START_TEST(the_table_of_fates_is_that_of_rules_3_and_4)
{
	for (int other = 0; other < OTHER_MAX; other++) {
		const enum fate change = other == OTHER_CONTRADICTS ? FATE_WAIT : FATE_APPLY;
		ck_assert_int_eq(fate_table[ECHO_NONE][NEWS_SAME][other], FATE_APPLY);
		ck_assert_int_eq(fate_table[ECHO_NONE][NEWS_CHANGE][other], change);
		ck_assert_int_eq(fate_table[ECHO_CURRENT][NEWS_SAME][other], FATE_APPLY);
		ck_assert_int_eq(fate_table[ECHO_CURRENT][NEWS_CHANGE][other], FATE_ECHO);
		ck_assert_int_eq(fate_table[ECHO_OLD][NEWS_SAME][other], FATE_ECHO);
		ck_assert_int_eq(fate_table[ECHO_OLD][NEWS_CHANGE][other], FATE_ECHO);
	}
}
END_TEST

START_TEST(of_more_than_8_transitions_the_oldest_gives_way)
{
	struct echoes echoes = { 0 };

	for (int64_t i = 0; i < 9; i++)
		hear(&echoes, &(struct told){ 'T', i % 2 ? 'U' : 'D', 1000 + i });
	ck_assert_int_eq(echoes.n, ECHOES_MAX);
	ck_assert_int_eq(echoes.items[0].at_ns, 1001000000);
	/* The first down is forgotten, so the line for it is taken for the next one's: still an echo. */
	ck_assert_int_eq(hear(&echoes, &(struct told){ 'S', 'D', 2000 }).echo, ECHO_OLD);
	for (int64_t i = 2; i < 8; i++)
		ck_assert_int_eq(
		    hear(&echoes, &(struct told){ 'S', i % 2 ? 'D' : 'U', 2000 + i }).fate,
		    i == 7 ? FATE_APPLY : FATE_ECHO);
}
END_TEST

START_TEST(an_up_waits_for_boot_settle_and_a_down_does_not)
{
	struct link_event up = event_of(WORD_UP, LAYER_WHOLE),
			  down = event_of(WORD_DOWN, LAYER_WHOLE);
	struct hearing hearing;

	say(WORD_DOWN, LAYER_WHOLE, 1000);
	interface_hear(&state, NULL, &up, &config, 30000000000, 2000000000, 2000000000, &hearing);
	ck_assert_int_eq(hearing.fate, FATE_WAIT);
	ck_assert_int_eq(hearing.until_ns, 30000000000);
	ck_assert(!hearing.contradicts);
	interface_hear(&state, NULL, &up, &config, 30000000000, 30000000000, 30000000000, &hearing);
	ck_assert_int_eq(hearing.fate, FATE_APPLY);
	say(WORD_UP, LAYER_WHOLE, 30000);
	interface_hear(
	    &state, NULL, &down, &config, 60000000000, 31000000000, 31000000000, &hearing);
	ck_assert_int_eq(hearing.fate, FATE_APPLY);
}
END_TEST

START_TEST(with_admin_down_ignored_a_plain_down_waits_and_an_explained_one_does_not)
{
	struct link_event down = event_of(WORD_DOWN, LAYER_WHOLE);
	struct hearing hearing;

	config.state.admin_down = ADMIN_DOWN_IGNORE;
	interface_hear(&state, NULL, &down, &config, 0, 1000000000, 1000000000, &hearing);
	ck_assert_int_eq(hearing.fate, FATE_WAIT);
	ck_assert_int_eq(hearing.until_ns, 3000000000);
	down.reason = REASON_ERR_DISABLED;
	interface_hear(&state, NULL, &down, &config, 0, 1000000000, 1000000000, &hearing);
	ck_assert_int_eq(hearing.fate, FATE_APPLY);
	down.reason = REASON_NONE;
	say(WORD_ADMIN_DOWN, LAYER_WHOLE, 5000);
	interface_hear(&state, NULL, &down, &config, 0, 6999999999, 6999999999, &hearing);
	ck_assert_int_eq(hearing.fate, FATE_IGNORED);
	interface_hear(&state, NULL, &down, &config, 0, 7000000000, 7000000000, &hearing);
	ck_assert_int_eq(hearing.fate, FATE_WAIT);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("words");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
	    tcase, each_word_has_its_fate, 0, sizeof(hearings) / sizeof(hearings[0]));
	tcase_add_test(tcase, the_table_of_fates_is_that_of_rules_3_and_4);
	tcase_add_test(tcase, of_more_than_8_transitions_the_oldest_gives_way);
	tcase_add_test(tcase, an_up_waits_for_boot_settle_and_a_down_does_not);
	tcase_add_test(
	    tcase, with_admin_down_ignored_a_plain_down_waits_and_an_explained_one_does_not);
	return run_case("interface_hear", tcase);
}
