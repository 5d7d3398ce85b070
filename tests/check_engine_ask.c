/* engine: asks. Sequences are in tests/scenarios; here are the bounds. */
#include <check.h>
#include <stdio.h>

#include "core/engine.h"
#include "core/topo_codec.h"
#include "lib/run_suite.h"

#define SWITCHES 3
#define PER_SWITCH 3000 /* in all more than ENGINE_ASKS_MAX */

static struct config config;
static struct engine *engine;

static struct engine_time
at(int64_t s)
{
	return (struct engine_time){ .now_ns = s * 1000000000, .wall_us = s * 1000000 };
}

static void
set_up(void)
{
	struct topo_faults faults = { 0 };
	struct topo *topo;

	ck_assert_int_eq(config_defaults(&config), 0);
	engine = engine_new(&config);
	ck_assert_int_eq(topo_from_text(SLICE("{\"switches\": ["
					      "{\"name\": \"s0\", \"hostnames\": [\"s0\"]},"
					      "{\"name\": \"s1\", \"hostnames\": [\"s1\"]},"
					      "{\"name\": \"s2\", \"hostnames\": [\"s2\"]}]}"),
			     &topo, &faults),
	    0);
	topo_faults_release(&faults);
	ck_assert_int_eq(engine_set_topo(engine, topo, at(1)), 0);
	engine_start(engine, at(1));
}

static void
tear_down(void)
{
	engine_free(engine);
	config_release(&config);
}

static void
say(uint32_t sw, unsigned number, enum link_word word)
{
	char name[32];
	int len = snprintf(name, sizeof(name), "Ethernet1/%u", number);
	const struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = word,
		.source = SOURCE_TRAP,
		.name = { name, (size_t)len } };

	if (engine_feed(engine, sw, &event, at(2)) == VERDICT_NO_INTERFACE)
		ck_abort_msg("%s is not kept", name);
}

static struct engine_totals
totals(void)
{
	struct engine_totals now;

	engine_totals(engine, &now);
	return now;
}

START_TEST(what_a_full_queue_refuses_is_asked_about_when_there_is_room)
{
	static bool asked[SWITCHES * PER_SWITCH];
	struct engine_ask ask;
	unsigned n = 0;

	for (uint32_t sw = 0; sw < SWITCHES; sw++)
		for (unsigned i = 0; i < PER_SWITCH; i++)
			say(sw, i, WORD_UP);
	engine_doubt_source(engine, SOURCE_SYSLOG, at(3));
	ck_assert_uint_eq(totals().asks_waiting, 0);
	engine_doubt_source(engine, SOURCE_TRAP, at(3));
	ck_assert_uint_eq(totals().asks_waiting, SWITCHES * PER_SWITCH);
	ck_assert_uint_eq(totals().asks_refused, SWITCHES * PER_SWITCH - ENGINE_ASKS_MAX);
	ck_assert_uint_eq(totals().interfaces_uncertain, SWITCHES * PER_SWITCH);
	for (; engine_pop_ask(engine, &ask); n++) {
		if (asked[ask.interface])
			ck_abort_msg("%s:%s is asked twice", ask.switch_name, ask.interface_name);
		asked[ask.interface] = true;
	}
	ck_assert_uint_eq(n, SWITCHES * PER_SWITCH);
	ck_assert_uint_eq(totals().asks_waiting, 0);
	ck_assert_uint_eq(totals().interfaces_uncertain, SWITCHES * PER_SWITCH);
}
END_TEST

START_TEST(what_became_certain_meanwhile_is_not_asked_about)
{
	struct engine_ask ask;

	say(0, 1, WORD_UP);
	say(0, 2, WORD_UP);
	engine_doubt_switch(engine, 0, at(3));
	say(0, 1, WORD_UP);
	ck_assert(engine_pop_ask(engine, &ask));
	ck_assert_str_eq(ask.switch_name, "s0");
	ck_assert_str_eq(ask.interface_name, "Ethernet1/2");
	ck_assert_uint_eq(ask.if_index, 0);
	ck_assert(!engine_pop_ask(engine, &ask));
}
END_TEST

START_TEST(nobody_is_asked_before_the_start)
{
	struct engine_ask ask;

	ck_assert(engine_restore_interface(engine, SLICE("s1"), SLICE("Ethernet1/1"),
	    SLICE("{\"oper\": \"up\", \"link\": \"up\"}"), at(2)));
	engine_compare_begin(engine);
	engine_doubt_switch(engine, 1, at(3));
	ck_assert(!engine_pop_ask(engine, &ask));
	engine_start(engine, at(4));
	ck_assert(engine_pop_ask(engine, &ask));
	ck_assert_str_eq(ask.switch_name, "s1");
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("bounds");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_a_full_queue_refuses_is_asked_about_when_there_is_room);
	tcase_add_test(tcase, what_became_certain_meanwhile_is_not_asked_about);
	tcase_add_test(tcase, nobody_is_asked_before_the_start);
	return run_case("engine asks", tcase);
}
