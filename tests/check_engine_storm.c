/* engine: a failure with very many ports behind it is decided as it is popped, and whoever comes in between finds it decided. */
#include <stdio.h>

#include "core/engine_state.h"
#include "lib/engine_fixture.h"
#include "lib/run_suite.h"

#define N_PORTS 1000
#define UPLINK SLICE("Ethernet1/49")

/* One leaf, whose only uplink goes to the root; each port has an interface of its own on it. */
static void
set_up_fabric(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	set_up();
	fputs("{'switches': [{'name': 'leaf1', 'hostnames': ['leaf1']},"
	      " {'name': 'spine1', 'hostnames': ['spine1'], 'root': true}],"
	      " 'links': [{'a': 'leaf1:Ethernet1/49', 'b': 'spine1:Ethernet1/1'}], 'ports': [",
	    out);
	for (int i = 0; i < N_PORTS; i++)
		fprintf(out,
		    "%s{'id': '00000000-0000-4000-8000-%012d', 'attachments': ['leaf1:Ethernet2/%d']}",
		    i == 0 ? "" : ", ", i, i);
	fputs("]}", out);
	fclose(out);
	load(text);
	free(text);
	engine_start(engine, now());
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
}

/* Takes at most n changes out. Of the toggles, all are to `down`, with one fault. Returns how many they were. */
static unsigned
pop_toggles(unsigned n, bool down, char *fault)
{
	struct dp_change change;
	unsigned toggles = 0;

	while (n-- > 0 && engine_pop(engine, &change)) {
		if (change.kind != CHANGE_TOGGLE)
			continue;
		ck_assert_int_eq(change.dp_down, down);
		ck_assert_int_eq(change.cause, CAUSE_UPLINK);
		if (fault[0] == '\0')
			snprintf(fault, FAULT_TEXT_MAX, "%s", change.fault);
		ck_assert_str_eq(change.fault, fault);
		toggles++;
	}
	return toggles;
}

START_TEST(the_first_can_be_popped_before_the_last_are_decided)
{
	struct engine_totals totals;
	char fault[FAULT_TEXT_MAX] = "";

	say(UPLINK, WORD_DOWN);
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.queued, ENGINE_STEP_AT_ONCE);
	ck_assert_uint_eq(pop_toggles(UINT32_MAX, true, fault), N_PORTS);
	ck_assert_str_eq(fault, "leaf1:Ethernet1/49@2024-05-01T12:00:01.000000Z");
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.ports_down, N_PORTS);
}
END_TEST

START_TEST(the_next_word_finds_all_of_it_decided)
{
	char fault[FAULT_TEXT_MAX] = "";

	say(UPLINK, WORD_DOWN);
	unsigned told = pop_toggles(300, true, fault);
	ck_assert_uint_eq(told, 299); /* the first change was the interface's own */
	say(UPLINK, WORD_UP);
	/* Behind them is the interface's, and then the ups. */
	ck_assert_uint_eq(pop_toggles(N_PORTS - told, true, fault), N_PORTS - told);
	ck_assert_uint_eq(pop_toggles(UINT32_MAX, false, fault), N_PORTS);
}
END_TEST

START_TEST(what_is_reported_meanwhile_comes_behind_it)
{
	struct dp_report report = { .down = true, .by = "test", .note = "" };
	char fault[FAULT_TEXT_MAX] = "";
	uint8_t last[16];

	ck_assert(port_id_parse(SLICE("00000000-0000-4000-8000-000000000999"), last));
	say(UPLINK, WORD_DOWN);
	report.at_us = now().wall_us;
	ck_assert(engine_report(engine, last, &report, now()));
	ck_assert_uint_eq(pop_toggles(UINT32_MAX, true, fault), N_PORTS);
	say(UPLINK, WORD_UP);
	ck_assert_uint_eq(pop_toggles(UINT32_MAX, false, fault), N_PORTS - 1);
}
END_TEST

START_TEST(a_new_map_finds_all_of_it_decided)
{
	char fault[FAULT_TEXT_MAX] = "";

	say(UPLINK, WORD_DOWN);
	ck_assert_uint_eq(pop_toggles(UINT32_MAX, true, fault), N_PORTS);
	load(WITHOUT_PORT);
	/* Each leaves the map, and says so. */
	ck_assert_uint_eq(count(CHANGE_TOGGLE), N_PORTS);
}
END_TEST

START_TEST(an_engine_that_ends_in_the_middle_frees_all)
{
	char fault[FAULT_TEXT_MAX] = "";

	say(UPLINK, WORD_DOWN);
	ck_assert_uint_eq(pop_toggles(100, true, fault), 99);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("engine_storm");

	tcase_add_checked_fixture(tcase, set_up_fabric, tear_down);
	tcase_add_test(tcase, the_first_can_be_popped_before_the_last_are_decided);
	tcase_add_test(tcase, the_next_word_finds_all_of_it_decided);
	tcase_add_test(tcase, what_is_reported_meanwhile_comes_behind_it);
	tcase_add_test(tcase, a_new_map_finds_all_of_it_decided);
	tcase_add_test(tcase, an_engine_that_ends_in_the_middle_frees_all);
	return run_case("engine_storm", tcase);
}
