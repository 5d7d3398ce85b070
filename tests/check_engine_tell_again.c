/* engine_tell_again: what Redis does not hold of one port is told as what decided it. */
#include "lib/engine_fixture.h"
#include "lib/run_suite.h"

static uint32_t
ports_down(void)
{
	struct engine_totals totals;

	engine_totals(engine, &totals);
	return totals.ports_down;
}

START_TEST(a_fall_is_told_with_what_took_it_down)
{
	struct dp_change toggle;

	say(SLICE("Ethernet1/1"), WORD_DOWN);
	count(CHANGE_TOGGLE);
	engine_tell_again(engine, id, 7, now());
	ck_assert_uint_eq(ports_down(), 1);
	ck_assert(engine_pop(engine, &toggle));
	ck_assert_int_eq(toggle.kind, CHANGE_TOGGLE);
	ck_assert(toggle.dp_down);
	ck_assert_int_eq(toggle.cause, CAUSE_ACCESS);
	ck_assert_int_eq(toggle.reason, REASON_LINK_DOWN);
	ck_assert_int_eq(toggle.source, SOURCE_TRAP);
	ck_assert_str_eq(toggle.interface_name, "Ethernet1/1");
	ck_assert_str_ne(toggle.fault, "");
	ck_assert_uint_eq(toggle.known_revision, 7);
	ck_assert(!engine_pop(engine, &toggle));
	ck_assert(view().dp_down);
}
END_TEST

START_TEST(a_rise_is_told_with_what_healed_it)
{
	struct dp_change toggle;

	say(SLICE("Ethernet1/1"), WORD_DOWN);
	say(SLICE("Ethernet1/1"), WORD_UP);
	count(CHANGE_TOGGLE);
	engine_tell_again(engine, id, 1, now());
	ck_assert_uint_eq(ports_down(), 0);
	ck_assert(engine_pop(engine, &toggle));
	ck_assert(!toggle.dp_down);
	ck_assert_int_eq(toggle.source, SOURCE_TRAP);
	ck_assert_str_eq(toggle.interface_name, "Ethernet1/1");
	ck_assert(!engine_pop(engine, &toggle));
	ck_assert(!view().dp_down);
}
END_TEST

START_TEST(a_port_that_is_reported_down_is_told_as_reported)
{
	const struct dp_report report = { .down = true, .by = "joe", .note = "" };
	struct dp_change toggle;

	ck_assert(engine_report(engine, id, &report, now()));
	count(CHANGE_TOGGLE);
	engine_tell_again(engine, id, 0, now());
	ck_assert(engine_pop(engine, &toggle));
	ck_assert(toggle.dp_down);
	ck_assert_int_eq(toggle.cause, CAUSE_REPORTED);
	ck_assert_str_eq(toggle.report.by, "joe");
}
END_TEST

START_TEST(a_port_that_left_the_map_is_let_go)
{
	struct dp_change toggle;

	load(WITHOUT_PORT);
	count(CHANGE_TOGGLE);
	engine_tell_again(engine, id, 4, now());
	ck_assert(engine_pop(engine, &toggle));
	ck_assert(!toggle.dp_down);
	ck_assert(toggle.removed);
	ck_assert_int_eq(toggle.reason, REASON_REMOVED);
	ck_assert_uint_eq(toggle.known_revision, 4);
	ck_assert(!engine_pop(engine, &toggle));
}
END_TEST

START_TEST(a_report_is_told_without_a_toggle_where_the_verdict_is_known)
{
	const struct dp_report report = { .down = false, .by = "joe", .note = "sees it up" };
	struct dp_change hash;

	ck_assert(engine_report(engine, id, &report, now()));
	ck_assert_uint_eq(count(CHANGE_PORT), 1);
	ck_assert(engine_tell_hash(engine, id, 3, now()));
	ck_assert(engine_pop(engine, &hash));
	ck_assert_int_eq(hash.kind, CHANGE_PORT);
	ck_assert(!hash.dp_down);
	ck_assert_str_eq(hash.report.by, "joe");
	ck_assert_uint_eq(hash.known_revision, 3);
	ck_assert(!engine_pop(engine, &hash));
}
END_TEST

START_TEST(of_a_port_that_left_the_map_no_hash_is_told)
{
	struct dp_change change;

	load(WITHOUT_PORT);
	count(CHANGE_TOGGLE);
	ck_assert(!engine_tell_hash(engine, id, 4, now()));
	ck_assert(!engine_pop(engine, &change));
}
END_TEST

START_TEST(before_the_start_nothing_is_told)
{
	ck_assert(!engine_tell_hash(engine, id, 4, now()));
	engine_tell_again(engine, id, 4, now());
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
	engine_start(engine, now());
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
}
END_TEST

/* ---- whether Redis's hash was written ---- */

static bool
next_is_written(enum link_word word)
{
	struct dp_change toggle;

	say(SLICE("Ethernet1/1"), word);
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &toggle), 1);
	return toggle.written;
}

START_TEST(behind_a_toggle_the_hash_is_written_until_somebody_reports_the_port)
{
	struct dp_report report = { .by = "joe", .note = "", .at_us = 1 };

	ck_assert(!next_is_written(WORD_DOWN));
	ck_assert(next_is_written(WORD_UP));
	ck_assert(engine_report(engine, id, &report, now()));
	ck_assert(!next_is_written(WORD_DOWN));
	ck_assert(!next_is_written(WORD_UP));
	/* It ends at once; its hash is told without it. */
	report.until_us = 2;
	ck_assert(engine_report(engine, id, &report, now()));
	engine_tick(engine, now());
	count(CHANGE_PORT);
	ck_assert(next_is_written(WORD_DOWN));
}
END_TEST

START_TEST(what_redis_may_not_hold_is_not_written)
{
	next_is_written(WORD_DOWN);
	engine_tell_again(engine, id, 7, now());
	struct dp_change toggle;
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &toggle), 1);
	ck_assert(!toggle.written);
	ck_assert(next_is_written(WORD_UP));
	engine_compare_begin(engine);
	engine_start(engine, now());
	ck_assert(!next_is_written(WORD_DOWN));
	ck_assert(next_is_written(WORD_UP));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine tell again");
	TCase *started = tcase_create("started"), *before = tcase_create("before the start");

	tcase_add_checked_fixture(started, set_up_started, tear_down);
	tcase_add_test(started, a_fall_is_told_with_what_took_it_down);
	tcase_add_test(started, a_rise_is_told_with_what_healed_it);
	tcase_add_test(started, a_port_that_is_reported_down_is_told_as_reported);
	tcase_add_test(started, a_port_that_left_the_map_is_let_go);
	tcase_add_test(started, a_report_is_told_without_a_toggle_where_the_verdict_is_known);
	tcase_add_test(started, of_a_port_that_left_the_map_no_hash_is_told);
	tcase_add_test(
	    started, behind_a_toggle_the_hash_is_written_until_somebody_reports_the_port);
	tcase_add_test(started, what_redis_may_not_hold_is_not_written);
	suite_add_tcase(suite, started);
	tcase_add_checked_fixture(before, set_up, tear_down);
	tcase_add_test(before, before_the_start_nothing_is_told);
	suite_add_tcase(suite, before);
	return run_suite(suite);
}
