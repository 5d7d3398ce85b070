/* switch_log: what each switch said last, bounded. */
#include <check.h>
#include <stdio.h>

#include "core/switch_log.h"
#include "lib/run_suite.h"

static struct switch_log *notes_log;

static void
set_up(void)
{
	notes_log = switch_log_new();
	ck_assert_ptr_nonnull(notes_log);
}

static void
tear_down(void)
{
	switch_log_free(notes_log);
}

static struct link_event
word(enum link_source source, const char *interface, uint32_t if_index)
{
	return (struct link_event){ .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = source,
		.name = slice_of(interface),
		.if_index = if_index,
		.rule = "linkDown" };
}

START_TEST(the_last_word_of_each_source_is_kept)
{
	struct link_event trap = word(SOURCE_TRAP, "Et1", 1), line = word(SOURCE_SYSLOG, "Et2", 0);

	ck_assert_ptr_null(switch_log_get(notes_log, "leaf1"));
	switch_log_event(notes_log, "leaf1", 2, &trap, VERDICT_CHANGED, 1000);
	line.has_device_time = true;
	line.device_time_us = 500;
	switch_log_event(notes_log, "leaf1", 0, &line, VERDICT_NO_CHANGE, 2000);
	const struct switch_notes *notes = switch_log_get(notes_log, "leaf1");
	ck_assert_int_eq(notes->trap_version, 2);
	ck_assert_int_eq(notes->trap.at_us, 1000);
	ck_assert_str_eq(notes->trap.rule, "linkDown");
	ck_assert_str_eq(notes->trap.interface, "Et1");
	ck_assert_uint_eq(notes->trap.if_index, 1);
	ck_assert_int_eq(notes->trap.verdict, VERDICT_CHANGED);
	ck_assert_int_eq(notes->line.at_us, 2000);
	ck_assert_str_eq(notes->line.interface, "Et2");
	ck_assert_int_eq(notes->clock_us, 2000);
	ck_assert_int_eq(notes->ahead_us, -1500);
	ck_assert_uint_eq(notes->n_index_only, 0);
	ck_assert_ptr_null(switch_log_get(notes_log, "leaf2"));
}
END_TEST

START_TEST(a_word_by_index_alone_and_one_that_finds_nothing_are_counted)
{
	struct link_event bare = word(SOURCE_TRAP, NULL, 7);

	switch_log_event(notes_log, "leaf1", 1, &bare, VERDICT_CHANGED, 1000);
	switch_log_event(notes_log, "leaf1", 1, &bare, VERDICT_NO_INTERFACE, 2000);
	const struct switch_notes *notes = switch_log_get(notes_log, "leaf1");
	ck_assert_uint_eq(notes->n_index_only, 2);
	ck_assert_uint_eq(notes->n_no_interface, 1);
	ck_assert_uint_eq(notes->no_interface.if_index, 7);
	/* A restart names no interface, and needs none. */
	bare.kind = LINK_EVENT_RESTART;
	bare.if_index = 0;
	switch_log_event(notes_log, "leaf1", 1, &bare, VERDICT_RESTART, 3000);
	ck_assert_uint_eq(notes->n_index_only, 2);
}
END_TEST

START_TEST(refusals_are_counted_by_their_reason)
{
	struct link_event line = word(SOURCE_SYSLOG, "Et1", 0);

	for (int i = 1; i <= 3; i++)
		switch_log_refused(notes_log, "leaf1", STAT_TRAP_BAD_COMMUNITY, i);
	switch_log_event(notes_log, "leaf1", 0, &line, VERDICT_SOURCE_REFUSED, 9);
	const struct switch_notes *notes = switch_log_get(notes_log, "leaf1");
	ck_assert_uint_eq(notes->n_refusals, 2);
	ck_assert_int_eq(notes->refusals[0].why, STAT_TRAP_BAD_COMMUNITY);
	ck_assert_uint_eq(notes->refusals[0].n, 3);
	ck_assert_int_eq(notes->refusals[0].last_us, 3);
	ck_assert_int_eq(notes->refusals[1].why, STAT_EVENT_SOURCE_REFUSED);
	/* More kinds than there is room for change nothing. */
	for (int why = 0; why < STAT_MAX; why++)
		switch_log_refused(notes_log, "leaf1", (enum stats_counter)why, 10);
	ck_assert_uint_eq(notes->n_refusals, SWITCH_LOG_REFUSALS);
}
END_TEST

START_TEST(what_is_no_link_event_leaves_its_time)
{
	switch_log_other(notes_log, "leaf1", SOURCE_TRAP, 5);
	switch_log_other(notes_log, "leaf1", SOURCE_SYSLOG, 6);
	const struct switch_notes *notes = switch_log_get(notes_log, "leaf1");
	ck_assert_int_eq(notes->other_trap_us, 5);
	ck_assert_int_eq(notes->other_line_us, 6);
	ck_assert_int_eq(notes->trap.at_us, 0);
}
END_TEST

START_TEST(beyond_the_bound_nothing_is_kept_and_that_is_counted)
{
	char name[24];

	for (int i = 0; i < SWITCH_LOG_MAX + 3; i++) {
		snprintf(name, sizeof(name), "sw%d", i);
		switch_log_other(notes_log, name, SOURCE_TRAP, i + 1);
	}
	ck_assert_uint_eq(switch_log_lost(notes_log), 3);
	ck_assert_int_eq(switch_log_get(notes_log, "sw0")->other_trap_us, 1);
	ck_assert_int_eq(switch_log_get(notes_log, "sw16383")->other_trap_us, 16384);
	ck_assert_ptr_null(switch_log_get(notes_log, "sw16384"));
	/* Those that are there go on. */
	switch_log_other(notes_log, "sw0", SOURCE_TRAP, 99);
	ck_assert_int_eq(switch_log_get(notes_log, "sw0")->other_trap_us, 99);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("switch_log");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_last_word_of_each_source_is_kept);
	tcase_add_test(tcase, a_word_by_index_alone_and_one_that_finds_nothing_are_counted);
	tcase_add_test(tcase, refusals_are_counted_by_their_reason);
	tcase_add_test(tcase, what_is_no_link_event_leaves_its_time);
	tcase_add_test(tcase, beyond_the_bound_nothing_is_kept_and_that_is_counted);

	return run_case("switch_log", tcase);
}
