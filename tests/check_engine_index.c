/*
 * The index map, and answers of polled switches: what an index means in this boot, and which answers are believed.
 */
#include "lib/engine_fixture.h"
#include "lib/run_suite.h"

#define THREE                                                                                                            \
	"{'switches': [{'name': 'leaf1', 'hostnames': ['leaf1'], 'interfaces': [{'name': 'Ethernet1/1', 'if_index': 1}," \
	" {'name': 'Ethernet1/2', 'if_index': 2}, {'name': 'Ethernet1/3'}]}],"                                           \
	" 'ports': [{'id': '" ID_TEXT "', 'attachments': ['leaf1:Ethernet1/1']}]}"

static void
set_up_three(void)
{
	set_up();
	load(THREE);
	engine_start(engine, now());
}

static void
learn(const char *name, uint32_t if_index)
{
	const struct link_event row = { .name = slice_of(name), .if_index = if_index };

	engine_learn_index(engine, 0, &row);
}

static enum engine_verdict
say_by_index(uint32_t if_index, enum link_word word)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD, .word = word, .source = SOURCE_TRAP, .if_index = if_index
	};

	now_us += 1000000;
	return engine_feed(engine, 0, &event, now());
}

/* An answer to a question of `ago_us` ago. */
static enum engine_verdict
answer(const char *name, uint32_t if_index, enum link_word word, int64_t ago_us)
{
	const struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = word,
		.source = SOURCE_POLL,
		.name = slice_of(name),
		.if_index = if_index,
		.asked_ns = now().now_ns - ago_us * 1000 };

	return engine_feed(engine, 0, &event, now());
}

static void
boot(void)
{
	const struct link_event event = {
		.kind = LINK_EVENT_RESTART, .source = SOURCE_TRAP, .new_boot = true
	};

	now_us += 1000000;
	ck_assert_int_eq(engine_feed(engine, 0, &event, now()), VERDICT_RESTART);
}

static bool
is_down(const char *name)
{
	const struct topo *topo = engine_topo(engine);
	struct engine_interface_view interface;

	engine_interface_view(engine, topo_interface_find(topo, 0, slice_of(name)), &interface);
	return !interface.oper_up;
}

START_TEST(what_a_switch_told_of_its_indexes_goes_before_the_topology)
{
	learn("Ethernet1/3", 2);
	ck_assert_int_eq(say_by_index(2, WORD_DOWN), VERDICT_CHANGED);
	ck_assert(is_down("Ethernet1/3"));
	ck_assert(!is_down("Ethernet1/2"));
	/* An index that it did not tell is the topology's. */
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_CHANGED);
	ck_assert(is_down("Ethernet1/1"));
}
END_TEST

START_TEST(an_interface_that_has_another_index_now_is_not_found_by_its_old_one)
{
	learn("Ethernet1/1", 101);
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_NO_INTERFACE);
	ck_assert(!is_down("Ethernet1/1"));
	ck_assert_int_eq(say_by_index(101, WORD_DOWN), VERDICT_CHANGED);
	ck_assert(is_down("Ethernet1/1"));
}
END_TEST

/* Spelt as the map does or not, with its index or another's: the name is the interface's. */
START_TEST(a_name_goes_before_the_index_beside_it)
{
	static const struct {
		const char *name, *descr;
		uint32_t if_index;
	} told[] = {
		{ "Ethernet1/2", "", 2 },
		{ "", "Ethernet1/2", 2 },
		{ "Ethernet1/2", "Ethernet1/1", 1 },
		{ "", "Ethernet1/2", 1 },
		{ "Eth1/2", "", 2 },
		{ "Ethernet1/2", "", 99 },
	};
	const struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.name = slice_of(told[_i].name),
		.descr = slice_of(told[_i].descr),
		.if_index = told[_i].if_index };

	now_us += 1000000;
	ck_assert_int_eq(engine_feed(engine, 0, &event, now()), VERDICT_CHANGED);
	ck_assert(is_down("Ethernet1/2"));
	ck_assert(!is_down("Ethernet1/1"));
}
END_TEST

START_TEST(an_interface_without_a_port_of_its_own_is_none_also_where_the_map_names_it)
{
	load(
	    "{'switches': [{'name': 'leaf1', 'hostnames': ['leaf1'], 'interfaces': [{'name': 'Vlan7', 'if_index': 7}]}]}");
	const struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.name = SLICE("Vlan7"),
		.if_index = 7 };

	ck_assert_int_eq(engine_feed(engine, 0, &event, now()), VERDICT_VIRTUAL);
}
END_TEST

START_TEST(what_was_learnt_holds_for_one_boot)
{
	learn("Ethernet1/3", 2);
	boot();
	ck_assert_int_eq(say_by_index(2, WORD_DOWN), VERDICT_CHANGED);
	ck_assert(is_down("Ethernet1/2"));
	ck_assert(!is_down("Ethernet1/3"));
}
END_TEST

/* Renumbered after a reboot: index 1 is Ethernet1/3's now. */
START_TEST(after_a_boot_an_index_alone_waits_for_the_answer_of_a_switch_that_can_be_asked)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_DOUBT);
	ck_assert(!is_down("Ethernet1/1"));
	learn("Ethernet1/3", 1);
	learn("Ethernet1/1", 3);
	ck_assert_int_eq(answer("Ethernet1/3", 1, WORD_DOWN, 0), VERDICT_CHANGED);
	ck_assert_int_eq(answer("Ethernet1/1", 3, WORD_UP, 0), VERDICT_LEARNT);
	engine_polled(engine, 0, now());
	ck_assert(is_down("Ethernet1/3"));
	ck_assert(!view().dp_down);
	ck_assert_int_eq(say_by_index(3, WORD_DOWN), VERDICT_CHANGED);
	ck_assert(view().dp_down);
}
END_TEST

/* It was asked before the word came: the word is newer, and the row is not believed. */
START_TEST(what_came_by_index_while_it_was_asked_counts_by_its_answers_map)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	ck_assert_int_eq(say_by_index(1, WORD_UP), VERDICT_DOUBT);
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_DOUBT);
	ck_assert_int_eq(say_by_index(77, WORD_DOWN), VERDICT_DOUBT);
	now_us += 200000;
	learn("Ethernet1/3", 1);
	learn("Ethernet1/1", 3);
	engine_polled(engine, 0, now());
	ck_assert(is_down("Ethernet1/3"));
	ck_assert(!is_down("Ethernet1/1"));
	ck_assert_int_eq(answer("Ethernet1/3", 1, WORD_UP, 2000000), VERDICT_STALE);
	ck_assert_int_eq(answer("Ethernet1/1", 3, WORD_UP, 2000000), VERDICT_LEARNT);
	ck_assert(is_down("Ethernet1/3"));
}
END_TEST

START_TEST(an_answer_to_a_question_long_after_the_word_beats_it_as_ever)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_DOUBT);
	now_us += 3000000;
	learn("Ethernet1/3", 1);
	engine_polled(engine, 0, now());
	ck_assert_int_eq(answer("Ethernet1/3", 1, WORD_UP, 0), VERDICT_CHANGED);
	ck_assert(!is_down("Ethernet1/3"));
}
END_TEST

START_TEST(what_waited_counts_by_the_topologys_indexes_when_no_answer_comes)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_DOUBT);
	ck_assert(!view().dp_down);
	engine_set_pollable(engine, 0, false, now());
	ck_assert(view().dp_down);
}
END_TEST

START_TEST(what_was_said_with_a_name_meanwhile_is_newer_than_what_waited)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_DOUBT);
	now_us += 1000000;
	say(SLICE("Ethernet1/1"), WORD_UP);
	engine_set_pollable(engine, 0, false, now());
	ck_assert(!is_down("Ethernet1/1"));
}
END_TEST

START_TEST(words_of_the_boot_before_the_last_are_forgotten)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_DOUBT);
	now_us += 61000000;
	boot();
	engine_set_pollable(engine, 0, false, now());
	ck_assert(!is_down("Ethernet1/1"));
}
END_TEST

/* sysUpTime and the coldStart tell of one boot. */
START_TEST(words_of_a_boot_that_is_told_twice_are_kept)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_DOUBT);
	boot();
	engine_set_pollable(engine, 0, false, now());
	ck_assert(is_down("Ethernet1/1"));
}
END_TEST

/* As many indexes as an outsider likes to make up: none beyond the bound is kept, and that is told. */
START_TEST(many_words_wait_and_the_last_per_index_counts)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	for (uint32_t i = 1; i <= ENGINE_INDEX_WORDS_MAX; i++)
		ck_assert_int_eq(say_by_index(i, WORD_DOWN), VERDICT_DOUBT);
	ck_assert_int_eq(say_by_index(ENGINE_INDEX_WORDS_MAX + 1, WORD_DOWN), VERDICT_NO_INTERFACE);
	ck_assert_int_eq(say_by_index(1, WORD_UP), VERDICT_DOUBT);
	engine_set_pollable(engine, 0, false, now());
	ck_assert(!is_down("Ethernet1/1"));
	ck_assert(is_down("Ethernet1/2"));
}
END_TEST

#define FOUR                                                                                                                         \
	"{'switches': [{'name': 'leaf0', 'hostnames': ['leaf0'], 'interfaces': [{'name': 'Ethernet1/1', 'if_index': 1}]},"           \
	" {'name': 'leaf1', 'hostnames': ['leaf1'], 'interfaces': [{'name': 'Ethernet0/1'}, {'name': 'Ethernet1/1', 'if_index': 1}," \
	" {'name': 'Ethernet1/2', 'if_index': 2}, {'name': 'Ethernet1/3'}]}],"                                                       \
	" 'ports': [{'id': '" ID_TEXT "', 'attachments': ['leaf1:Ethernet1/1']}]}"

/* A port more in the map must not bring back the indexes of the boot before. */
START_TEST(what_was_learnt_and_what_waits_outlive_another_map)
{
	const struct link_event down = {
		.kind = LINK_EVENT_WORD, .word = WORD_DOWN, .source = SOURCE_TRAP, .if_index = 2
	};

	learn("Ethernet1/3", 1);
	learn("Ethernet1/1", 3);
	load(FOUR);
	ck_assert_int_eq(engine_feed(engine, 1, &down, now()), VERDICT_CHANGED);
	now_us += 1000000;
	ck_assert_int_eq(engine_feed(engine, 1,
			     &(struct link_event){ .kind = LINK_EVENT_WORD,
				 .word = WORD_DOWN,
				 .source = SOURCE_TRAP,
				 .if_index = 1 },
			     now()),
	    VERDICT_CHANGED);
	struct engine_interface_view interface;
	engine_interface_view(
	    engine, topo_interface_find(engine_topo(engine), 1, SLICE("Ethernet1/3")), &interface);
	ck_assert(!interface.oper_up);
	ck_assert(!view().dp_down);
}
END_TEST

/* The whole table of a Juniper has its units, too. */
START_TEST(a_logical_unit_teaches_no_index)
{
	learn("Ethernet1/1", 101);
	learn("Ethernet1/1.400", 102);
	ck_assert_int_eq(say_by_index(101, WORD_DOWN), VERDICT_CHANGED);
	ck_assert_int_eq(say_by_index(102, WORD_UP), VERDICT_NO_INTERFACE);
	ck_assert(is_down("Ethernet1/1"));
}
END_TEST

START_TEST(a_boot_is_told_by_an_answers_sys_up_time)
{
	ck_assert(!engine_answer_uptime(engine, 0, 5000000, now()));
	learn("Ethernet1/3", 2);
	now_us += 100000000;
	ck_assert(engine_answer_uptime(engine, 0, 500, now()));
	ck_assert_int_eq(say_by_index(2, WORD_DOWN), VERDICT_CHANGED);
	ck_assert(is_down("Ethernet1/2"));
}
END_TEST

START_TEST(one_that_does_not_answer_is_believed_by_the_topologys_indexes)
{
	engine_set_pollable(engine, 0, true, now());
	boot();
	engine_set_pollable(engine, 0, false, now());
	ck_assert_int_eq(say_by_index(1, WORD_DOWN), VERDICT_CHANGED);
	ck_assert(view().dp_down);
}
END_TEST

START_TEST(an_answer_never_beats_a_word_that_came_after_its_question)
{
	say(SLICE("Ethernet1/1"), WORD_DOWN);
	ck_assert(view().dp_down);
	ck_assert_int_eq(answer("Ethernet1/1", 1, WORD_UP, 1), VERDICT_STALE);
	ck_assert(view().dp_down);
}
END_TEST

/* Its agent's table may be seconds behind its own trap. */
START_TEST(an_answer_that_contradicts_a_fresh_word_is_not_believed_yet)
{
	say(SLICE("Ethernet1/1"), WORD_DOWN);
	now_us += 1999999;
	ck_assert_int_eq(answer("Ethernet1/1", 1, WORD_UP, 0), VERDICT_STALE);
	ck_assert_int_eq(answer("Ethernet1/1", 1, WORD_DOWN, 0), VERDICT_NO_CHANGE);
	now_us += 1;
	ck_assert_int_eq(answer("Ethernet1/1", 1, WORD_UP, 0), VERDICT_CHANGED);
	ck_assert(!view().dp_down);
}
END_TEST

START_TEST(an_answer_after_an_answer_is_believed_at_once)
{
	now_us += 5000000;
	ck_assert_int_eq(answer("Ethernet1/1", 1, WORD_DOWN, 0), VERDICT_CHANGED);
	now_us += 1000;
	ck_assert_int_eq(answer("Ethernet1/1", 1, WORD_UP, 0), VERDICT_CHANGED);
}
END_TEST

START_TEST(a_table_adds_no_interface_that_the_map_does_not_name)
{
	const uint32_t before = engine_n_interfaces(engine);

	ck_assert_int_eq(answer("Vlan7", 7, WORD_DOWN, 0), VERDICT_VIRTUAL);
	ck_assert_int_eq(answer("Ethernet1/9", 9, WORD_DOWN, 0), VERDICT_NO_INTERFACE);
	ck_assert_uint_eq(engine_n_interfaces(engine), before);
}
END_TEST

START_TEST(a_sys_up_time_that_began_anew_in_an_answer_is_a_boot)
{
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_UP,
		.source = SOURCE_POLL,
		.name = SLICE("Ethernet1/1"),
		.has_uptime = true,
		.uptime_cs = 5000000 };
	struct engine_switch_view sw;

	ck_assert_int_eq(engine_feed(engine, 0, &event, now()), VERDICT_LEARNT);
	now_us += 100000000;
	event.uptime_cs = 500;
	engine_feed(engine, 0, &event, now());
	engine_switch_view(engine, 0, &sw);
	ck_assert_uint_eq(sw.n_restarts, 1);
}
END_TEST

/* The log and the map of one switch may write its ports in two ways. */
START_TEST(a_word_in_another_notation_is_of_the_interface_at_that_place)
{
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_SYSLOG,
		.name = SLICE("1/2") };

	now_us += 1000000;
	ck_assert_int_eq(engine_feed(engine, 0, &event, now()), VERDICT_CHANGED);
	ck_assert(is_down("Ethernet1/2"));
	ck_assert(!is_down("Ethernet1/1"));
	event.name = SLICE("1/22");
	engine_feed(engine, 0, &event, now());
	ck_assert(!is_down("Ethernet1/1"));
	ck_assert(!is_down("Ethernet1/3"));
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("engine_index");

	tcase_add_checked_fixture(tcase, set_up_three, tear_down);
	tcase_add_test(tcase, what_a_switch_told_of_its_indexes_goes_before_the_topology);
	tcase_add_test(tcase, an_interface_that_has_another_index_now_is_not_found_by_its_old_one);
	tcase_add_loop_test(tcase, a_name_goes_before_the_index_beside_it, 0, 6);
	tcase_add_test(
	    tcase, an_interface_without_a_port_of_its_own_is_none_also_where_the_map_names_it);
	tcase_add_test(tcase, what_was_learnt_holds_for_one_boot);
	tcase_add_test(
	    tcase, after_a_boot_an_index_alone_waits_for_the_answer_of_a_switch_that_can_be_asked);
	tcase_add_test(tcase, what_came_by_index_while_it_was_asked_counts_by_its_answers_map);
	tcase_add_test(tcase, an_answer_to_a_question_long_after_the_word_beats_it_as_ever);
	tcase_add_test(tcase, what_waited_counts_by_the_topologys_indexes_when_no_answer_comes);
	tcase_add_test(tcase, what_was_said_with_a_name_meanwhile_is_newer_than_what_waited);
	tcase_add_test(tcase, words_of_the_boot_before_the_last_are_forgotten);
	tcase_add_test(tcase, words_of_a_boot_that_is_told_twice_are_kept);
	tcase_add_test(tcase, many_words_wait_and_the_last_per_index_counts);
	tcase_add_test(tcase, what_was_learnt_and_what_waits_outlive_another_map);
	tcase_add_test(tcase, a_logical_unit_teaches_no_index);
	tcase_add_test(tcase, a_boot_is_told_by_an_answers_sys_up_time);
	tcase_add_test(tcase, one_that_does_not_answer_is_believed_by_the_topologys_indexes);
	tcase_add_test(tcase, an_answer_never_beats_a_word_that_came_after_its_question);
	tcase_add_test(tcase, an_answer_that_contradicts_a_fresh_word_is_not_believed_yet);
	tcase_add_test(tcase, an_answer_after_an_answer_is_believed_at_once);
	tcase_add_test(tcase, a_table_adds_no_interface_that_the_map_does_not_name);
	tcase_add_test(tcase, a_sys_up_time_that_began_anew_in_an_answer_is_a_boot);
	tcase_add_test(tcase, a_word_in_another_notation_is_of_the_interface_at_that_place);
	return run_case("engine_index", tcase);
}
