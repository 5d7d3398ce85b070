/*
 * What becomes of the words of switches that are over their bucket while work is queued. A bucket gives 10 words a second, 20
 * at once.
 */
#include <check.h>
#include <stdlib.h>

#include "core/overload.h"
#include "core/topo.h"
#include "lib/run_suite.h"

#define MS INT64_C(1000000)
#define RATE 10
#define BURST 20
#define SWITCHES 3

static struct overload *overload;
static int64_t now_ns;
static bool begins;

static void
set_up(void)
{
	overload = overload_new();
	ck_assert_ptr_nonnull(overload);
	overload_configure(overload, RATE, BURST);
	ck_assert_int_eq(overload_set_switches(overload, SWITCHES), 0);
	now_ns = 1000000 * MS;
}

static void
tear_down(void)
{
	overload_free(overload);
}

static struct overload_word
trap_word(uint32_t sw, uint32_t interface, enum link_word word)
{
	return (struct overload_word){
		.sw = sw,
		.interface = interface,
		.event = { .kind = LINK_EVENT_WORD, .word = word, .source = SOURCE_TRAP },
	};
}

static enum overload_fate
take(const struct overload_word *word, bool busy)
{
	begins = false;
	return overload_take(overload, word, busy, now_ns, &begins);
}

static enum overload_fate
say(uint32_t sw, uint32_t interface, enum link_word what, bool busy)
{
	const struct overload_word word = trap_word(sw, interface, what);

	return take(&word, busy);
}

/* Of a switch, about as many interfaces as its bucket gives at once. */
static void
use_up(uint32_t sw)
{
	for (uint32_t i = 0; i < BURST; i++)
		ck_assert_int_eq(say(sw, i, WORD_DOWN, true), OVERLOAD_PASS);
}

/* The next one that counts is this. */
static void
check_next(bool busy, uint32_t sw, uint32_t interface, enum link_word what)
{
	struct overload_word word;

	ck_assert(overload_next(overload, busy, now_ns, &word));
	ck_assert_uint_eq(word.sw, sw);
	ck_assert_uint_eq(word.interface, interface);
	ck_assert_int_eq(word.event.word, what);
}

static void
check_none(bool busy)
{
	struct overload_word word;

	ck_assert(!overload_next(overload, busy, now_ns, &word));
}

/* ---- who is held ---- */

START_TEST(without_a_rate_nothing_is_held)
{
	overload_configure(overload, 0, 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_PASS);
}
END_TEST

START_TEST(a_switch_over_its_bucket_is_heard_as_usual_while_nothing_is_queued)
{
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(say(0, 1, WORD_DOWN, false), OVERLOAD_PASS);
	ck_assert(!overload_is_over(overload, 0));
}
END_TEST

START_TEST(while_work_is_queued_words_beyond_the_burst_are_held)
{
	use_up(0);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_HELD);
	ck_assert(begins);
	ck_assert(overload_is_over(overload, 0));
	ck_assert_int_eq(say(0, 2, WORD_DOWN, true), OVERLOAD_HELD);
	ck_assert(!begins);
	ck_assert_uint_eq(overload_n_held_of(overload, 0), 2);
}
END_TEST

START_TEST(a_bucket_fills_at_its_rate_and_not_beyond_its_burst)
{
	use_up(0);
	now_ns += 99 * MS;
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_HELD);
	now_ns += 1 * MS;
	check_next(true, 0, 1, WORD_DOWN);
	now_ns += 3600000 * MS;
	use_up(0);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_HELD);
}
END_TEST

START_TEST(what_comes_behind_a_held_word_is_held_too_though_nothing_is_queued_any_more)
{
	use_up(0);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_HELD);
	now_ns += 10000 * MS;
	ck_assert_int_eq(say(0, 1, WORD_UP, false), OVERLOAD_FOLDED);
	ck_assert_int_eq(say(0, 2, WORD_UP, false), OVERLOAD_HELD);
	check_next(false, 0, 1, WORD_UP);
	check_next(false, 0, 2, WORD_UP);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, false), OVERLOAD_PASS);
}
END_TEST

START_TEST(a_quiet_switch_beside_it_is_heard_at_once)
{
	use_up(0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_ne(say(0, 1, WORD_DOWN, true), OVERLOAD_PASS);
	ck_assert_int_eq(say(1, 7, WORD_DOWN, true), OVERLOAD_PASS);
}
END_TEST

/* ---- what is folded ---- */

START_TEST(of_each_interface_the_last_word_is_kept_in_the_order_of_the_last_words)
{
	use_up(0);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_HELD);
	ck_assert_int_eq(say(0, 2, WORD_DOWN, true), OVERLOAD_HELD);
	ck_assert_int_eq(say(0, 3, WORD_UP, true), OVERLOAD_HELD);
	ck_assert_int_eq(say(0, 1, WORD_UP, true), OVERLOAD_FOLDED);
	ck_assert_int_eq(say(0, 2, WORD_UP, true), OVERLOAD_FOLDED);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_FOLDED);
	ck_assert_uint_eq(overload_n_held(overload), 3);
	check_next(false, 0, 3, WORD_UP);
	check_next(false, 0, 2, WORD_UP);
	check_next(false, 0, 1, WORD_DOWN);
	check_none(false);
}
END_TEST

START_TEST(sources_and_layers_are_kept_apart)
{
	struct overload_word word = trap_word(0, 1, WORD_DOWN);

	use_up(0);
	ck_assert_int_eq(take(&word, true), OVERLOAD_HELD);
	word.event.source = SOURCE_SYSLOG;
	word.event.layer = LAYER_LINK;
	ck_assert_int_eq(take(&word, true), OVERLOAD_HELD);
	word.event.layer = LAYER_PROTOCOL;
	ck_assert_int_eq(take(&word, true), OVERLOAD_HELD);
	ck_assert_int_eq(take(&word, true), OVERLOAD_FOLDED);
	ck_assert_uint_eq(overload_n_held_of(overload, 0), 3);
}
END_TEST

START_TEST(a_trap_that_a_later_one_has_overtaken_does_not_take_its_place)
{
	struct overload_word word = trap_word(0, 1, WORD_UP);

	use_up(0);
	word.event.has_uptime = true;
	word.event.uptime_cs = 5; /* wrapped just before it */
	ck_assert_int_eq(take(&word, true), OVERLOAD_HELD);
	word.event.word = WORD_DOWN;
	word.event.uptime_cs = UINT32_MAX - 10;
	ck_assert_int_eq(take(&word, true), OVERLOAD_FOLDED);
	check_next(false, 0, 1, WORD_UP);
	/* One that is far behind is of a new boot. */
	now_ns += 1 * MS;
	use_up(1);
	word = trap_word(1, 1, WORD_UP);
	word.event.has_uptime = true;
	word.event.uptime_cs = 900000;
	ck_assert_int_eq(take(&word, true), OVERLOAD_HELD);
	word.event.word = WORD_DOWN;
	word.event.uptime_cs = 100;
	ck_assert_int_eq(take(&word, true), OVERLOAD_FOLDED);
	check_next(false, 1, 1, WORD_DOWN);
}
END_TEST

START_TEST(restarts_are_one_word_that_still_opens_a_boot)
{
	struct overload_word word = { .sw = 0,
		.interface = TOPO_NONE,
		.event = { .kind = LINK_EVENT_RESTART, .new_boot = true } };

	use_up(0);
	ck_assert_int_eq(take(&word, true), OVERLOAD_HELD);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_HELD);
	word.event.new_boot = false;
	ck_assert_int_eq(take(&word, true), OVERLOAD_FOLDED);
	check_next(false, 0, 1, WORD_DOWN);
	ck_assert(overload_next(overload, false, now_ns, &word));
	ck_assert_int_eq(word.event.kind, LINK_EVENT_RESTART);
	ck_assert(word.event.new_boot);
}
END_TEST

START_TEST(what_is_about_no_known_interface_is_dropped_and_so_are_doubts_and_hints)
{
	struct overload_word hint = { .interface = 1, .event = { .kind = LINK_EVENT_HINT } };

	use_up(0);
	ck_assert_int_eq(say(0, TOPO_NONE, WORD_DOWN, true), OVERLOAD_DROPPED);
	ck_assert_int_eq(take(&hint, true), OVERLOAD_DROPPED);
	ck_assert_uint_eq(overload_n_held(overload), 0);
	ck_assert_int_eq(take(&hint, false), OVERLOAD_PASS);
}
END_TEST

START_TEST(a_held_word_points_nowhere)
{
	struct overload_word word = trap_word(0, 1, WORD_DOWN);

	use_up(0);
	word.event.name = SLICE("Ethernet1/1");
	word.received_us = 77;
	word.trap_version = 2;
	ck_assert_int_eq(take(&word, true), OVERLOAD_HELD);
	ck_assert(overload_next(overload, false, now_ns, &word));
	ck_assert(word.named);
	ck_assert_uint_eq(word.event.name.len, 0);
	ck_assert_int_eq(word.received_us, 77);
	ck_assert_int_eq(word.trap_version, 2);
}
END_TEST

/* ---- what comes out, and when ---- */

START_TEST(while_work_is_queued_what_is_held_counts_at_the_rate)
{
	use_up(0);
	for (uint32_t i = 1; i <= 3; i++)
		ck_assert_int_eq(say(0, i, WORD_DOWN, true), OVERLOAD_HELD);
	check_none(true);
	now_ns += 100 * MS;
	check_next(true, 0, 1, WORD_DOWN);
	check_none(true);
	/* What comes meanwhile takes nothing of it. */
	now_ns += 100 * MS;
	ck_assert_int_eq(say(0, 1, WORD_UP, true), OVERLOAD_HELD);
	check_next(true, 0, 2, WORD_DOWN);
	check_none(true);
	check_next(false, 0, 3, WORD_DOWN);
	check_next(false, 0, 1, WORD_UP);
	check_none(false);
}
END_TEST

START_TEST(switches_take_turns)
{
	use_up(0);
	use_up(1);
	use_up(2);
	for (uint32_t i = 1; i <= 2; i++)
		for (uint32_t sw = 0; sw < SWITCHES; sw++)
			ck_assert_int_eq(say(sw, i, WORD_DOWN, true), OVERLOAD_HELD);
	for (uint32_t i = 1; i <= 2; i++)
		for (uint32_t sw = 0; sw < SWITCHES; sw++)
			check_next(false, sw, i, WORD_DOWN);
	check_none(false);
}
END_TEST

START_TEST(what_is_held_counts_also_when_the_bucket_is_switched_off)
{
	use_up(0);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_HELD);
	overload_configure(overload, 0, 0);
	ck_assert_int_eq(say(0, 1, WORD_UP, true), OVERLOAD_FOLDED);
	check_next(true, 0, 1, WORD_UP);
	ck_assert_int_eq(say(0, 1, WORD_DOWN, true), OVERLOAD_PASS);
}
END_TEST

START_TEST(beyond_the_bound_words_are_heard_as_usual)
{
	use_up(0);
	for (uint32_t i = 0; i < OVERLOAD_HELD_MAX; i++)
		ck_assert_int_eq(say(0, i, WORD_DOWN, true), OVERLOAD_HELD);
	ck_assert_int_eq(say(0, OVERLOAD_HELD_MAX, WORD_DOWN, true), OVERLOAD_PASS);
	ck_assert_int_eq(say(0, 5, WORD_UP, true), OVERLOAD_FOLDED);
	check_next(false, 0, 0, WORD_DOWN);
	ck_assert_int_eq(say(0, OVERLOAD_HELD_MAX, WORD_DOWN, true), OVERLOAD_HELD);
	ck_assert_uint_eq(overload_n_held(overload), OVERLOAD_HELD_MAX);
}
END_TEST

/* ---- numbers, for INFORMs ---- */

START_TEST(a_number_is_done_when_its_word_or_the_one_it_was_folded_into_came_out)
{
	struct overload_word word;

	use_up(0);
	ck_assert_uint_eq(overload_done_number(overload), 0);
	say(0, 1, WORD_DOWN, true); /* number 1 */
	say(0, 2, WORD_DOWN, true); /* 2 */
	say(0, 1, WORD_UP, true);   /* 3, now behind 2 */
	ck_assert_uint_eq(overload_last_number(overload), 3);
	ck_assert_uint_eq(overload_done_number(overload), 0);
	ck_assert(overload_next(overload, false, now_ns, &word));
	ck_assert_uint_eq(word.interface, 2);
	ck_assert_uint_eq(overload_done_number(overload), 0);
	ck_assert(overload_next(overload, false, now_ns, &word));
	ck_assert_uint_eq(overload_done_number(overload), 3);
}
END_TEST

/* ---- episodes ---- */

START_TEST(an_episode_ends_when_nothing_is_held_and_nothing_was_for_a_second)
{
	struct overload_episode episode;

	use_up(0);
	say(0, 1, WORD_DOWN, true);
	say(0, 1, WORD_UP, true);
	say(0, TOPO_NONE, WORD_UP, true);
	now_ns += 5000 * MS;
	ck_assert(!overload_end(overload, now_ns, &episode));
	check_next(false, 0, 1, WORD_UP);
	now_ns += 999 * MS;
	ck_assert(!overload_end(overload, now_ns, &episode));
	now_ns += 1 * MS;
	ck_assert(overload_end(overload, now_ns, &episode));
	ck_assert_uint_eq(episode.sw, 0);
	ck_assert_uint_eq(episode.n_held, 1);
	ck_assert_uint_eq(episode.n_folded, 1);
	ck_assert_uint_eq(episode.n_dropped, 1);
	ck_assert_int_eq(episode.ended_ns - episode.begun_ns, 5000 * MS);
	ck_assert(!overload_is_over(overload, 0));
	ck_assert(!overload_end(overload, now_ns, &episode));
	/* The next one counts anew. */
	use_up(0);
	say(0, 1, WORD_DOWN, true);
	ck_assert(begins);
	check_next(false, 0, 1, WORD_DOWN);
	now_ns += 1000 * MS;
	ck_assert(overload_end(overload, now_ns, &episode));
	ck_assert_uint_eq(episode.n_folded, 0);
}
END_TEST

START_TEST(with_another_map_every_bucket_is_full)
{
	struct overload_episode episode;

	use_up(0);
	say(0, TOPO_NONE, WORD_UP, true);
	ck_assert_int_eq(overload_set_switches(overload, 1), 0);
	ck_assert(!overload_end(overload, now_ns + 10000 * MS, &episode));
	use_up(0);
	/* A switch that is not there has none. */
	ck_assert_int_eq(say(1, 1, WORD_DOWN, true), OVERLOAD_PASS);
	ck_assert_uint_eq(overload_n_held_of(overload, 1), 0);
}
END_TEST

/* ---- all together ---- */

/* Whatever comes in which order: the last word of each interface comes out last, nothing stays, and numbers are right. */
START_TEST(whatever_comes_the_last_word_of_each_interface_comes_out_last)
{
	enum link_word told[SWITCHES][8] = { 0 }, came[SWITCHES][8] = { 0 };
	struct overload_word word;

	srand((unsigned)_i + 1);
	for (int step = 0; step < 3000; step++) {
		uint32_t sw = (uint32_t)rand() % SWITCHES, interface = (uint32_t)rand() % 8;
		enum link_word what = rand() % 2 ? WORD_UP : WORD_DOWN;
		bool busy = rand() % 3 > 0;
		now_ns += rand() % 20 * MS;
		told[sw][interface] = what;
		if (say(sw, interface, what, busy) == OVERLOAD_PASS)
			came[sw][interface] = what;
		if (rand() % 4 == 0 && overload_next(overload, busy, now_ns, &word))
			came[word.sw][word.interface] = word.event.word;
	}
	while (overload_next(overload, false, now_ns, &word))
		came[word.sw][word.interface] = word.event.word;
	ck_assert_mem_eq(came, told, sizeof(told));
	ck_assert_uint_eq(overload_n_held(overload), 0);
	ck_assert_uint_eq(overload_done_number(overload), overload_last_number(overload));
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("overload");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, without_a_rate_nothing_is_held);
	tcase_add_test(tcase, a_switch_over_its_bucket_is_heard_as_usual_while_nothing_is_queued);
	tcase_add_test(tcase, while_work_is_queued_words_beyond_the_burst_are_held);
	tcase_add_test(tcase, a_bucket_fills_at_its_rate_and_not_beyond_its_burst);
	tcase_add_test(
	    tcase, what_comes_behind_a_held_word_is_held_too_though_nothing_is_queued_any_more);
	tcase_add_test(tcase, a_quiet_switch_beside_it_is_heard_at_once);
	tcase_add_test(
	    tcase, of_each_interface_the_last_word_is_kept_in_the_order_of_the_last_words);
	tcase_add_test(tcase, sources_and_layers_are_kept_apart);
	tcase_add_test(tcase, a_trap_that_a_later_one_has_overtaken_does_not_take_its_place);
	tcase_add_test(tcase, restarts_are_one_word_that_still_opens_a_boot);
	tcase_add_test(
	    tcase, what_is_about_no_known_interface_is_dropped_and_so_are_doubts_and_hints);
	tcase_add_test(tcase, a_held_word_points_nowhere);
	tcase_add_test(tcase, while_work_is_queued_what_is_held_counts_at_the_rate);
	tcase_add_test(tcase, switches_take_turns);
	tcase_add_test(tcase, what_is_held_counts_also_when_the_bucket_is_switched_off);
	tcase_add_test(tcase, beyond_the_bound_words_are_heard_as_usual);
	tcase_add_test(
	    tcase, a_number_is_done_when_its_word_or_the_one_it_was_folded_into_came_out);
	tcase_add_test(tcase, an_episode_ends_when_nothing_is_held_and_nothing_was_for_a_second);
	tcase_add_test(tcase, with_another_map_every_bucket_is_full);
	tcase_add_loop_test(
	    tcase, whatever_comes_the_last_word_of_each_interface_comes_out_last, 0, 20);
	return run_case("overload", tcase);
}
