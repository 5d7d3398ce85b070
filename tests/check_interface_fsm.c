/* interface_fsm: words about one interface. Sequences and their sentences are in tests/scenarios; here is each single step. */
#include <check.h>
#include <stdlib.h>

#include "core/interface_fsm.h"
#include "lib/run_suite.h"

static struct config config;
static struct interface_state state;
static int64_t order;

static void
set_up(void)
{
	ck_assert_int_eq(config_defaults(&config), 0);
	interface_state_init(&state);
	order = 0;
}

static void
tear_down(void)
{
	config_release(&config);
}

static struct engine_time
at(int64_t ms)
{
	return (struct engine_time){ .now_ns = ms * 1000000, .wall_us = ms * 1000 };
}

static struct link_event
event_of(enum link_word word, enum link_layer layer)
{
	return (struct link_event){
		.kind = LINK_EVENT_WORD, .word = word, .layer = layer, .source = SOURCE_TRAP
	};
}

static enum engine_verdict
say(enum link_word word, enum link_layer layer, int64_t ms)
{
	const struct link_event event = event_of(word, layer);

	return interface_apply(&state, &event, &config, at(ms), ++order);
}

START_TEST(an_interface_nobody_spoke_of_is_up_certain_and_unheard)
{
	ck_assert(interface_is_up(&state));
	ck_assert(state.certain);
	ck_assert(!state.heard);
	ck_assert_int_eq(state.since_us, 0);
	ck_assert_int_eq(state.order, 0);
}
END_TEST

/* Every pair of layers as they may stand, and every word: what becomes of them. N: never spoken of. */
static const struct {
	const char *before; /* link, protocol */
	enum link_word word;
	enum link_layer layer;
	bool bare;
	const char *after;
	enum engine_verdict verdict;
} cells[] = {
	{ "NN", WORD_DOWN, LAYER_WHOLE, false, "DN", VERDICT_CHANGED },
	{ "NN", WORD_DOWN, LAYER_LINK, false, "DN", VERDICT_CHANGED },
	{ "NN", WORD_DOWN, LAYER_PROTOCOL, false, "ND", VERDICT_CHANGED },
	{ "NN", WORD_UP, LAYER_WHOLE, false, "UN", VERDICT_LEARNT },
	{ "NN", WORD_UP, LAYER_LINK, false, "UN", VERDICT_LEARNT },
	{ "NN", WORD_UP, LAYER_PROTOCOL, false, "UU", VERDICT_LEARNT },
	{ "NN", WORD_UP, LAYER_WHOLE, true, "UN", VERDICT_LEARNT },
	{ "UN", WORD_UP, LAYER_WHOLE, false, "UN", VERDICT_NO_CHANGE },
	{ "UN", WORD_DOWN, LAYER_WHOLE, false, "DN", VERDICT_CHANGED },
	{ "UU", WORD_DOWN, LAYER_LINK, false, "DU", VERDICT_CHANGED },
	{ "UU", WORD_DOWN, LAYER_PROTOCOL, false, "UD", VERDICT_CHANGED },
	{ "UU", WORD_UP, LAYER_PROTOCOL, false, "UU", VERDICT_NO_CHANGE },
	{ "DN", WORD_DOWN, LAYER_WHOLE, false, "DN", VERDICT_NO_CHANGE },
	{ "DN", WORD_DOWN, LAYER_PROTOCOL, false, "DD", VERDICT_LEARNT },
	{ "DN", WORD_UP, LAYER_LINK, false, "UN", VERDICT_CHANGED },
	{ "DN", WORD_UP, LAYER_WHOLE, true, "UN", VERDICT_CHANGED },
	{ "DN", WORD_UP, LAYER_PROTOCOL, false, "UU", VERDICT_CHANGED },
	{ "ND", WORD_UP, LAYER_LINK, false, "UD", VERDICT_LEARNT },
	{ "ND", WORD_UP, LAYER_WHOLE, true, "UD", VERDICT_LEARNT },
	{ "ND", WORD_UP, LAYER_WHOLE, false, "UU", VERDICT_CHANGED },
	{ "DD", WORD_UP, LAYER_LINK, false, "UD", VERDICT_LEARNT },
	{ "DD", WORD_UP, LAYER_PROTOCOL, false, "UU", VERDICT_CHANGED },
	{ "DD", WORD_UP, LAYER_WHOLE, false, "UU", VERDICT_CHANGED },
	{ "DD", WORD_DOWN, LAYER_WHOLE, false, "DD", VERDICT_NO_CHANGE },
	{ "DU", WORD_UP, LAYER_LINK, false, "UU", VERDICT_CHANGED },
	{ "DU", WORD_UP, LAYER_WHOLE, true, "UU", VERDICT_CHANGED },
	{ "UD", WORD_UP, LAYER_LINK, false, "UD", VERDICT_NO_CHANGE },
	{ "UD", WORD_UP, LAYER_WHOLE, true, "UD", VERDICT_NO_CHANGE },
	{ "UD", WORD_DOWN, LAYER_WHOLE, false, "DD", VERDICT_LEARNT },
	{ "UD", WORD_UP, LAYER_WHOLE, false, "UU", VERDICT_CHANGED },
	{ "UU", WORD_ADMIN_DOWN, LAYER_WHOLE, false, "DU", VERDICT_CHANGED },
	{ "UU", WORD_ADMIN_UP, LAYER_WHOLE, false, "UU", VERDICT_LEARNT },
	{ "DN", WORD_ADMIN_UP, LAYER_WHOLE, false, "DN", VERDICT_LEARNT },
	{ "DN", WORD_ADMIN_DOWN, LAYER_WHOLE, false, "DN", VERDICT_LEARNT },
};

static uint8_t
spoken_of(char letter)
{
	return letter == 'N' ? SPOKEN_NONE : letter == 'U' ? SPOKEN_UP : SPOKEN_DOWN;
}

START_TEST(each_word_moves_the_layers_that_it_speaks_of)
{
	struct link_event event = event_of(cells[_i].word, cells[_i].layer);

	event.bare_up = cells[_i].bare;
	state.link = spoken_of(cells[_i].before[0]);
	state.protocol = spoken_of(cells[_i].before[1]);
	state.shown_down = !interface_observed_up(&state);
	state.heard = cells[_i].before[0] != 'N' || cells[_i].before[1] != 'N';
	ck_assert_int_eq(interface_apply(&state, &event, &config, at(1000), 1), cells[_i].verdict);
	ck_assert_int_eq(state.link, spoken_of(cells[_i].after[0]));
	ck_assert_int_eq(state.protocol, spoken_of(cells[_i].after[1]));
	ck_assert_int_eq(
	    interface_is_up(&state), cells[_i].after[0] != 'D' && cells[_i].after[1] != 'D');
}
END_TEST

/* All of them, each state by each word: link and protocol, as above. */
static const struct {
	const char *before, *down, *link_down, *protocol_down, *up, *link_up, *protocol_up,
	    *bare_up, *admin_down, *admin_up;
} all_cells[] = {
	{ "NN", "DN", "DN", "ND", "UN", "UN", "UU", "UN", "DN", "NN" },
	{ "NU", "DU", "DU", "ND", "UU", "UU", "UU", "UU", "DU", "NU" },
	{ "ND", "DD", "DD", "ND", "UU", "UD", "UU", "UD", "DD", "ND" },
	{ "UN", "DN", "DN", "UD", "UN", "UN", "UU", "UN", "DN", "UN" },
	{ "UU", "DU", "DU", "UD", "UU", "UU", "UU", "UU", "DU", "UU" },
	{ "UD", "DD", "DD", "UD", "UU", "UD", "UU", "UD", "DD", "UD" },
	{ "DN", "DN", "DN", "DD", "UN", "UN", "UU", "UN", "DN", "DN" },
	{ "DU", "DU", "DU", "DD", "UU", "UU", "UU", "UU", "DU", "DU" },
	{ "DD", "DD", "DD", "DD", "UU", "UD", "UU", "UD", "DD", "DD" },
};

static void
check_cell(
    const char *before, enum link_word word, enum link_layer layer, bool bare, const char *after)
{
	struct link_event event = event_of(word, layer);

	event.bare_up = bare;
	interface_state_init(&state);
	state.link = spoken_of(before[0]);
	state.protocol = spoken_of(before[1]);
	interface_apply(&state, &event, &config, at(1000), 1);
	ck_assert_msg(state.link == spoken_of(after[0]) && state.protocol == spoken_of(after[1]),
	    "%s by %s of %s%s is %u/%u and not %s", before, link_word_names[word],
	    link_layer_names[layer], bare ? ", bare" : "", state.link, state.protocol, after);
}

START_TEST(each_state_by_each_word_is_written_down)
{
	const char *before = all_cells[_i].before;

	check_cell(before, WORD_DOWN, LAYER_WHOLE, false, all_cells[_i].down);
	check_cell(before, WORD_DOWN, LAYER_LINK, false, all_cells[_i].link_down);
	check_cell(before, WORD_DOWN, LAYER_PROTOCOL, false, all_cells[_i].protocol_down);
	check_cell(before, WORD_UP, LAYER_WHOLE, false, all_cells[_i].up);
	check_cell(before, WORD_UP, LAYER_LINK, false, all_cells[_i].link_up);
	check_cell(before, WORD_UP, LAYER_PROTOCOL, false, all_cells[_i].protocol_up);
	check_cell(before, WORD_UP, LAYER_WHOLE, true, all_cells[_i].bare_up);
	check_cell(before, WORD_ADMIN_DOWN, LAYER_WHOLE, false, all_cells[_i].admin_down);
	check_cell(before, WORD_ADMIN_UP, LAYER_WHOLE, false, all_cells[_i].admin_up);
}
END_TEST

START_TEST(a_change_notes_when_who_and_why)
{
	struct link_event event = event_of(WORD_DOWN, LAYER_WHOLE);

	event.source = SOURCE_SYSLOG;
	interface_apply(&state, &event, &config, at(5000), 7);
	ck_assert_int_eq(state.since_us, 5000000);
	ck_assert_int_eq(state.changed_ns, 5000000000);
	ck_assert_int_eq(state.source, SOURCE_SYSLOG);
	ck_assert_int_eq(state.reason, REASON_LINK_DOWN);
	ck_assert_int_eq(state.order, 7);
	say(WORD_UP, LAYER_WHOLE, 6000);
	ck_assert_int_eq(state.reason, REASON_NONE);
	ck_assert_int_eq(state.since_us, 6000000);
	ck_assert_int_eq(state.source, SOURCE_TRAP);
}
END_TEST

START_TEST(a_word_that_changes_nothing_leaves_when_who_and_why)
{
	say(WORD_DOWN, LAYER_WHOLE, 1000);
	struct link_event event = event_of(WORD_DOWN, LAYER_WHOLE);
	event.source = SOURCE_SYSLOG;
	interface_apply(&state, &event, &config, at(9000), 2);
	ck_assert_int_eq(state.since_us, 1000000);
	ck_assert_int_eq(state.source, SOURCE_TRAP);
	ck_assert_int_eq(state.heard_us, 9000000);
}
END_TEST

START_TEST(the_order_is_that_of_the_last_word_that_says_what_is_so)
{
	say(WORD_DOWN, LAYER_PROTOCOL, 1000);
	ck_assert_int_eq(state.order, 1);
	say(WORD_UP, LAYER_LINK, 2000);
	ck_assert_int_eq(state.order, 1);
	say(WORD_DOWN, LAYER_LINK, 3000);
	ck_assert_int_eq(state.order, 3);
	say(WORD_ADMIN_UP, LAYER_WHOLE, 4000);
	ck_assert_int_eq(state.order, 3);
	say(WORD_UP, LAYER_WHOLE, 5000);
	ck_assert_int_eq(state.order, 5);
	say(WORD_UP, LAYER_LINK, 6000);
	ck_assert_int_eq(state.order, 6);
}
END_TEST

START_TEST(an_override_wins_over_what_is_heard)
{
	state.override = SPOKEN_DOWN;
	ck_assert(!interface_is_up(&state));
	state.override = SPOKEN_UP;
	ck_assert_int_eq(say(WORD_DOWN, LAYER_WHOLE, 1000), VERDICT_LEARNT);
	ck_assert(interface_is_up(&state));
	ck_assert_int_eq(state.link, SPOKEN_DOWN);
	state.override = SPOKEN_NONE;
	ck_assert(!interface_is_up(&state));
}
END_TEST

START_TEST(the_next_word_makes_it_certain_again)
{
	say(WORD_UP, LAYER_WHOLE, 1000);
	state.certain = false;
	ck_assert_int_eq(say(WORD_ADMIN_UP, LAYER_WHOLE, 2000), VERDICT_LEARNT);
	ck_assert(!state.certain);
	ck_assert_int_eq(say(WORD_UP, LAYER_WHOLE, 3000), VERDICT_LEARNT);
	ck_assert(state.certain);
	ck_assert_int_eq(say(WORD_UP, LAYER_WHOLE, 4000), VERDICT_NO_CHANGE);
}
END_TEST

START_TEST(a_link_that_rises_cannot_be_shut)
{
	say(WORD_ADMIN_DOWN, LAYER_WHOLE, 1000);
	ck_assert_int_eq(state.admin, SPOKEN_DOWN);
	ck_assert_int_eq(state.reason, REASON_ADMIN_DOWN);
	say(WORD_UP, LAYER_WHOLE, 2000);
	ck_assert_int_eq(state.admin, SPOKEN_UP);
}
END_TEST

/* source_settle is 2 s: to the millisecond. */
START_TEST(a_plain_down_takes_a_better_reason_within_source_settle)
{
	say(WORD_DOWN, LAYER_WHOLE, 1000);
	ck_assert(!interface_refine(&state, REASON_LINK_DOWN, &config, 1500000000));
	ck_assert(!interface_refine(&state, REASON_NONE, &config, 1500000000));
	ck_assert(!interface_refine(&state, REASON_CARD, &config, INT64_C(3000000001)));
	ck_assert_int_eq(state.reason, REASON_LINK_DOWN);
	ck_assert(interface_refine(&state, REASON_CARD, &config, INT64_C(3000000000)));
	ck_assert_int_eq(state.reason, REASON_CARD);
	ck_assert(!interface_refine(&state, REASON_POWER, &config, INT64_C(3000000000)));
	ck_assert_int_eq(state.reason, REASON_CARD);
}
END_TEST

START_TEST(an_interface_that_is_up_has_no_reason)
{
	ck_assert(!interface_refine(&state, REASON_CARD, &config, 1));
	say(WORD_UP, LAYER_WHOLE, 1000);
	ck_assert(!interface_refine(&state, REASON_CARD, &config, 1000000001));
	ck_assert_int_eq(state.reason, REASON_NONE);
}
END_TEST

START_TEST(with_admin_down_ignored_the_layers_stay)
{
	config.state.admin_down = ADMIN_DOWN_IGNORE;
	ck_assert_int_eq(say(WORD_ADMIN_DOWN, LAYER_WHOLE, 1000), VERDICT_LEARNT);
	ck_assert(interface_is_up(&state));
	ck_assert_int_eq(state.link, SPOKEN_NONE);
	ck_assert_int_eq(state.admin, SPOKEN_DOWN);
	ck_assert_int_eq(say(WORD_ADMIN_DOWN, LAYER_WHOLE, 2000), VERDICT_IGNORED_ADMIN);
	ck_assert_int_eq(say(WORD_ADMIN_UP, LAYER_WHOLE, 3000), VERDICT_LEARNT);
	ck_assert_int_eq(say(WORD_ADMIN_UP, LAYER_WHOLE, 4000), VERDICT_NO_CHANGE);
	ck_assert_int_eq(say(WORD_DOWN, LAYER_WHOLE, 5000), VERDICT_CHANGED);
}
END_TEST

/* A port that LACP suspended, and one whose protocol word is from before a boot. */
START_TEST(a_protocol_word_from_before_the_boot_does_not_bind_a_bare_up)
{
	struct link_event event = event_of(WORD_UP, LAYER_WHOLE);

	event.bare_up = true;
	say(WORD_DOWN, LAYER_PROTOCOL, 1000);
	ck_assert_int_eq(interface_apply(&state, &event, &config, at(2000), 2), VERDICT_LEARNT);
	state.protocol_old = true;
	ck_assert_int_eq(interface_apply(&state, &event, &config, at(3000), 3), VERDICT_CHANGED);
	ck_assert_int_eq(state.protocol, SPOKEN_UP);
	say(WORD_DOWN, LAYER_PROTOCOL, 4000);
	ck_assert(!state.protocol_old);
	ck_assert_int_eq(interface_apply(&state, &event, &config, at(5000), 5), VERDICT_NO_CHANGE);
	ck_assert(!interface_is_up(&state));
}
END_TEST

START_TEST(a_down_may_bring_its_reason_along)
{
	struct link_event event = event_of(WORD_DOWN, LAYER_WHOLE);

	event.reason = REASON_ERR_DISABLED;
	ck_assert_int_eq(interface_apply(&state, &event, &config, at(1000), 1), VERDICT_CHANGED);
	ck_assert_int_eq(state.reason, REASON_ERR_DISABLED);
}
END_TEST

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
	tcase_add_test(tcase, an_interface_nobody_spoke_of_is_up_certain_and_unheard);
	tcase_add_loop_test(tcase, each_state_by_each_word_is_written_down, 0,
	    sizeof(all_cells) / sizeof(all_cells[0]));
	tcase_add_loop_test(tcase, each_word_moves_the_layers_that_it_speaks_of, 0,
	    sizeof(cells) / sizeof(cells[0]));
	tcase_add_test(tcase, a_change_notes_when_who_and_why);
	tcase_add_test(tcase, a_word_that_changes_nothing_leaves_when_who_and_why);
	tcase_add_test(tcase, the_order_is_that_of_the_last_word_that_says_what_is_so);
	tcase_add_test(tcase, an_override_wins_over_what_is_heard);
	tcase_add_test(tcase, the_next_word_makes_it_certain_again);
	tcase_add_test(tcase, a_link_that_rises_cannot_be_shut);
	tcase_add_test(tcase, a_plain_down_takes_a_better_reason_within_source_settle);
	tcase_add_test(tcase, an_interface_that_is_up_has_no_reason);
	tcase_add_test(tcase, with_admin_down_ignored_the_layers_stay);
	tcase_add_test(tcase, a_protocol_word_from_before_the_boot_does_not_bind_a_bare_up);
	tcase_add_test(tcase, a_down_may_bring_its_reason_along);
	tcase_add_loop_test(
	    tcase, each_word_has_its_fate, 0, sizeof(hearings) / sizeof(hearings[0]));
	tcase_add_test(tcase, the_table_of_fates_is_that_of_rules_3_and_4);
	tcase_add_test(tcase, of_more_than_8_transitions_the_oldest_gives_way);
	tcase_add_test(tcase, an_up_waits_for_boot_settle_and_a_down_does_not);
	tcase_add_test(
	    tcase, with_admin_down_ignored_a_plain_down_waits_and_an_explained_one_does_not);
	return run_case("interface_fsm", tcase);
}
