/*
 * engine_start: verdicts are compared with what Redis said in slices, and the outcome is that of one step.
 */
#include "lib/engine_fixture.h"
#include "lib/run_suite.h"

#define N_PORTS 6
#define STEPS_MAX 100

/* Two interfaces; ports 1 to 3 on the first, 4 and 5 on the second, 6 on both. */
static void
load_six(void)
{
	char document[2000];
	size_t len = (size_t)snprintf(document, sizeof(document), "{%s, 'ports': [", SWITCHES);

	for (int i = 1; i <= N_PORTS; i++)
		len += (size_t)snprintf(document + len, sizeof(document) - len,
		    "%s{'id': '00000000-0000-4000-8000-%012d', 'attachments': [%s]}",
		    i > 1 ? "," : "", i,
		    i <= 3   ? "'leaf1:Ethernet1/1'"
		    : i <= 5 ? "'leaf1:Ethernet1/2'"
			     : "'leaf1:Ethernet1/1', 'leaf1:Ethernet1/2'");
	snprintf(document + len, sizeof(document) - len, "]}");
	load(document);
}

static void
set_up_six(void)
{
	set_up();
	load_six();
}

static void
restore_down(int port)
{
	struct engine_port_record record = { .dp_down = true,
		.revision = 1,
		.switch_name = "leaf1",
		.interface_name = "Ethernet1/1",
		.fault = "",
		.report = { .by = "", .note = "" } };

	memcpy(record.id, id, sizeof(id));
	record.id[15] = (uint8_t)port;
	engine_restore_port(engine, &record);
}

/* Ethernet1/1 is down, and Redis knows it of port 1 alone; and it holds port 4, which is up, as down. */
static void
restore_all(void)
{
	ck_assert(engine_restore_interface(engine, SLICE("leaf1"), SLICE("Ethernet1/1"),
	    SLICE("{\"oper\": \"down\", \"link\": \"down\"}"), now()));
	restore_down(1);
	restore_down(4);
}

/* The rest of a start, each step as small as can be. How many steps it took. */
static unsigned
start_in_steps(void)
{
	unsigned n = 1;

	for (; engine_start_step(engine, 1, now()); n++) {
		struct dp_change change;
		ck_assert(!engine_pop(engine, &change));
		ck_assert_uint_lt(n, STEPS_MAX);
	}
	return n;
}

static void
expect_outcome(void)
{
	struct engine_totals totals;
	struct dp_change change;
	bool toggled[N_PORTS + 1] = { false };

	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.ports_down, 3);
	ck_assert_uint_eq(totals.ports_degraded, 1);
	ck_assert_uint_eq(totals.interfaces_down, 1);
	ck_assert_uint_eq(totals.interfaces_uncertain, 1);
	while (engine_pop(engine, &change)) {
		if (change.kind != CHANGE_TOGGLE)
			continue;
		int port = change.port_id[15];
		ck_assert_int_eq(change.dp_down, port != 4);
		ck_assert(!toggled[port]);
		toggled[port] = true;
	}
	for (int port = 1; port <= N_PORTS; port++)
		ck_assert_int_eq(toggled[port], port >= 2 && port <= 4);
}

START_TEST(a_start_in_small_steps_tells_what_a_start_at_once_tells)
{
	restore_all();
	if (_i == 0)
		engine_start(engine, now());
	else
		ck_assert_uint_gt(start_in_steps(), N_PORTS);
	expect_outcome();
}
END_TEST

START_TEST(what_is_restored_between_two_steps_has_it_begin_anew)
{
	/* As often as there are steps: after the first, the second ... */
	for (int n = 0; n < _i; n++)
		ck_assert(engine_start_step(engine, 1, now()));
	restore_all();
	start_in_steps();
	expect_outcome();
}
END_TEST

START_TEST(a_map_that_comes_between_two_steps_has_it_begin_anew)
{
	restore_all();
	for (int n = 0; n < _i; n++)
		ck_assert(engine_start_step(engine, 1, now()));
	load_six();
	start_in_steps();
	expect_outcome();
}
END_TEST

START_TEST(a_report_between_two_steps_counts)
{
	const struct dp_report report = { .down = true, .by = "joe", .note = "" };
	struct dp_change change;
	unsigned n = 0;

	for (int steps = 0; steps < _i; steps++)
		ck_assert(engine_start_step(engine, 1, now()));
	ck_assert(engine_report(engine, id, &report, now()));
	start_in_steps();
	while (engine_pop(engine, &change))
		if (change.kind == CHANGE_TOGGLE) {
			ck_assert_mem_eq(change.port_id, id, sizeof(id));
			ck_assert(change.dp_down);
			ck_assert_int_eq(change.cause, CAUSE_REPORTED);
			n++;
		}
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(a_comparison_in_small_steps_tells_every_down_port_that_redis_lost)
{
	struct dp_change last;

	engine_start(engine, now());
	say(SLICE("Ethernet1/1"), WORD_DOWN);
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 3);
	engine_compare_begin(engine);
	ck_assert(engine_start_step(engine, 1, now()));
	/* Begun too early: what Redis holds is told now. */
	restore_published(id, true, 1);
	start_in_steps();
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &last), 2);
	ck_assert(last.dp_down);
}
END_TEST

START_TEST(an_engine_is_freed_in_the_middle_of_a_start)
{
	for (int n = 0; n < _i; n++)
		ck_assert(engine_start_step(engine, 1, now()));
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("engine start");

	tcase_add_checked_fixture(tcase, set_up_six, tear_down);
	tcase_add_loop_test(tcase, a_start_in_small_steps_tells_what_a_start_at_once_tells, 0, 2);
	tcase_add_loop_test(tcase, what_is_restored_between_two_steps_has_it_begin_anew, 0, 8);
	tcase_add_loop_test(tcase, a_map_that_comes_between_two_steps_has_it_begin_anew, 0, 8);
	tcase_add_loop_test(tcase, a_report_between_two_steps_counts, 0, 8);
	tcase_add_test(tcase, a_comparison_in_small_steps_tells_every_down_port_that_redis_lost);
	tcase_add_loop_test(tcase, an_engine_is_freed_in_the_middle_of_a_start, 0, 8);
	return run_case("engine start", tcase);
}
