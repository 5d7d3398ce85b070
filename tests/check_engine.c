/*
 * engine: its life, its bounds, and what strangers write. What it decides is in tests/scenarios, one sentence each, and in
 * check_reach, held against a slow evaluation.
 */
#include <stdio.h>

#include "lib/engine_fixture.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

/* ---- life ---- */

START_TEST(a_new_engine_has_an_empty_map_and_nothing_to_say)
{
	struct engine *fresh = engine_new(&config);
	struct dp_change change;

	ck_assert_uint_eq(topo_n_switches(engine_topo(fresh)), 0);
	engine_start(fresh, now());
	ck_assert(!engine_pop(fresh, &change));
	ck_assert_int_eq(engine_next_deadline(fresh), INT64_MAX);
	engine_tick(fresh, now());
	engine_free(fresh);
	engine_free(NULL);
}
END_TEST

START_TEST(before_the_start_nothing_is_told)
{
	say(SLICE("Ethernet1/1"), WORD_DOWN);
	struct dp_change change;
	ck_assert(!engine_pop(engine, &change));
	ck_assert(!view().dp_down);
	engine_start(engine, now());
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 1);
	ck_assert(change.dp_down);
	ck_assert(view().dp_down);
}
END_TEST

START_TEST(a_popped_changes_strings_are_its_own_until_the_next_call)
{
	struct dp_change change;

	say(SLICE("Ethernet1/1"), WORD_DOWN);
	struct engine_totals totals;
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.queued, 2);
	ck_assert(engine_pop(engine, &change));
	ck_assert_int_eq(change.kind, CHANGE_INTERFACE);
	ck_assert(engine_pop(engine, &change));
	ck_assert_int_eq(change.kind, CHANGE_TOGGLE);
	ck_assert_str_eq(change.port_name, "vm1");
	ck_assert_str_eq(change.project_id, "blue");
	ck_assert_str_eq(change.fault, "leaf1:Ethernet1/1@2024-05-01T12:00:01.000000Z");
	ck_assert_mem_eq(change.port_id, id, sizeof(id));
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.queued, 0);
	ck_assert(!engine_pop(engine, &change));
}
END_TEST

START_TEST(a_new_configuration_counts_from_the_next_word_on)
{
	say(SLICE("Ethernet1/1"), WORD_ADMIN_DOWN);
	ck_assert(view().dp_down);
	say(SLICE("Ethernet1/1"), WORD_UP);
	config.state.admin_down = ADMIN_DOWN_IGNORE;
	engine_configure(engine, &config, now());
	say(SLICE("Ethernet1/1"), WORD_ADMIN_DOWN);
	ck_assert(!view().dp_down);
}
END_TEST

START_TEST(the_turns_clock_labels_what_is_decided_and_the_datagrams_what_came_in)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD, .word = WORD_DOWN, .source = SOURCE_SYSLOG, .if_index = 1
	};
	struct engine_time time = now();
	struct dp_change change;

	time.turn_us = NOON + 77;
	ck_assert_int_eq(engine_feed(engine, 0, &event, time), VERDICT_CHANGED);
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 1);
	ck_assert_int_eq(change.received_us, NOON);
	ck_assert_int_eq(change.occurred_us, NOON + 77);
}
END_TEST

/* ---- what strangers write ---- */

static const struct {
	struct slice name;
	enum engine_verdict verdict;
} names[] = {
	{ { "", 0 }, VERDICT_NO_INTERFACE },
	{ { "   ", 3 }, VERDICT_NO_INTERFACE },
	{ { "Ether\0net", 9 }, VERDICT_NO_INTERFACE },
	{ { "Ethernet1/1\n", 12 }, VERDICT_NO_INTERFACE },
	{ { "\x7f", 1 }, VERDICT_NO_INTERFACE },
	{ { "Ethernet1/1", 11 }, VERDICT_CHANGED },
	{ { "ETH1/1", 6 }, VERDICT_CHANGED },
	{ { "Ethernet1/1.", 12 }, VERDICT_CHANGED },
	{ { "Ethernet1/1.1", 13 }, VERDICT_VIRTUAL },
	{ { "Vlan1", 5 }, VERDICT_VIRTUAL },
	{ { "\xff\xfe", 2 }, VERDICT_CHANGED },
	{ { "nobody", 6 }, VERDICT_CHANGED },
};

START_TEST(a_name_is_read_to_its_end_and_no_further)
{
	struct guard guard = { 0 };
	const char *text = guard_put(&guard, names[_i].name.data, names[_i].name.len);

	ck_assert_int_eq(
	    say((struct slice){ text, names[_i].name.len }, WORD_DOWN), names[_i].verdict);
	guard_release(&guard);
	/* It does not live on in the datagram. */
	engine_tick(engine, now());
	ck_assert_uint_eq(count(CHANGE_INTERFACE), names[_i].verdict == VERDICT_CHANGED);
}
END_TEST

START_TEST(a_name_longer_than_an_if_name_can_be_is_no_interface)
{
	char name[300];

	memset(name, 'x', sizeof(name));
	ck_assert_int_eq(say((struct slice){ name, 255 }, WORD_DOWN), VERDICT_CHANGED);
	ck_assert_int_eq(say((struct slice){ name, 256 }, WORD_DOWN), VERDICT_NO_INTERFACE);
	ck_assert_int_eq(say((struct slice){ name, 300 }, WORD_DOWN), VERDICT_NO_INTERFACE);
}
END_TEST

START_TEST(a_switch_cannot_grow_beyond_its_bound)
{
	char name[32];
	unsigned wrong = 0;

	for (unsigned i = 0; i < ENGINE_EXTRA_PER_SWITCH; i++) {
		int len = snprintf(name, sizeof(name), "extra%u", i);
		wrong += say((struct slice){ name, (size_t)len }, WORD_DOWN) != VERDICT_CHANGED;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(engine_n_interfaces(engine), 1 + ENGINE_EXTRA_PER_SWITCH);
	ck_assert_int_eq(say(SLICE("onemore"), WORD_DOWN), VERDICT_NO_INTERFACE);
	/* Those that are known, and those of the map, go on. */
	ck_assert_int_eq(say(SLICE("extra7"), WORD_UP), VERDICT_CHANGED);
	ck_assert_int_eq(say(SLICE("Ethernet1/1"), WORD_DOWN), VERDICT_CHANGED);
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 1);
	/* They outlive a new map, by name and within the bound. */
	load(WITH_PORT);
	ck_assert_uint_eq(engine_n_interfaces(engine), 1 + ENGINE_EXTRA_PER_SWITCH);
	ck_assert_int_eq(say(SLICE("extra7"), WORD_UP), VERDICT_NO_CHANGE);
}
END_TEST

/* ---- size ---- */

/* One spine, n ports behind each of its two leaves. */
static void
load_fabric(unsigned n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out,
	    "{'switches': [{'name': 'spine1', 'hostnames': ['spine1'], 'root': true},"
	    "{'name': 'leaf1', 'hostnames': ['leaf1']}, {'name': 'leaf2', 'hostnames': ['leaf2']}],"
	    "'links': [{'a': 'leaf1:Ethernet1/49', 'b': 'spine1:Ethernet1/1'},"
	    "{'a': 'leaf2:Ethernet1/49', 'b': 'spine1:Ethernet1/2'}], 'ports': [");
	for (unsigned i = 0; i < 2 * n; i++)
		fprintf(out,
		    "%s{'id': '00000000-0000-4000-8000-%012x', 'attachments': ['leaf%u:Ethernet1/%u']}",
		    i ? "," : "", i, 1 + i % 2, 1 + i / 2 % 40);
	fprintf(out, "]}");
	fclose(out);
	load(text);
	free(text);
}

START_TEST(an_uplink_with_ten_thousand_ports_is_one_fault_and_a_toggle_each)
{
	enum { N = 10000 };
	unsigned n = 0, wrong = 0;
	struct dp_change change;
	const char *fault = NULL;

	load_fabric(N);
	count(CHANGE_TOGGLE);
	uint32_t leaf = topo_switch_find(engine_topo(engine), SLICE("leaf1"));
	const struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.name = SLICE("Ethernet1/49") };
	ck_assert_int_eq(engine_feed(engine, leaf, &event, now()), VERDICT_CHANGED);
	while (engine_pop(engine, &change)) {
		if (change.kind != CHANGE_TOGGLE)
			continue;
		n++;
		/* Not only equal: the same bytes. */
		wrong += !change.dp_down || change.cause != CAUSE_UPLINK ||
			 (fault && change.fault != fault);
		fault = change.fault;
	}
	ck_assert_uint_eq(n, N);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_gt(engine_bytes(engine), 2 * N * 40);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine");
	TCase *life = tcase_create("life"), *before = tcase_create("before the start");

	tcase_add_checked_fixture(life, set_up_started, tear_down);
	tcase_set_timeout(life, 30);
	tcase_add_test(life, a_new_engine_has_an_empty_map_and_nothing_to_say);
	tcase_add_test(life, a_popped_changes_strings_are_its_own_until_the_next_call);
	tcase_add_test(life, a_new_configuration_counts_from_the_next_word_on);
	tcase_add_test(life, the_turns_clock_labels_what_is_decided_and_the_datagrams_what_came_in);
	tcase_add_loop_test(
	    life, a_name_is_read_to_its_end_and_no_further, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(life, a_name_longer_than_an_if_name_can_be_is_no_interface);
	tcase_add_test(life, a_switch_cannot_grow_beyond_its_bound);
	tcase_add_test(life, an_uplink_with_ten_thousand_ports_is_one_fault_and_a_toggle_each);
	suite_add_tcase(suite, life);
	tcase_add_checked_fixture(before, set_up, tear_down);
	tcase_add_test(before, before_the_start_nothing_is_told);
	suite_add_tcase(suite, before);
	return run_suite(suite);
}
