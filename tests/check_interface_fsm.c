/* interface_fsm: words about one interface. Sequences and their sentences are in tests/scenarios; here is each single step. */
#include "lib/interface_fixture.h"
#include "lib/run_suite.h"

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
	return run_case("interface_fsm", tcase);
}
