/* suspects: lines that no rule knows, sampled. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_set.h"
#include "core/suspects.h"
#include "lib/run_suite.h"

static struct suspects *suspects;

static void
set_up(void)
{
	suspects = suspects_new();
	ck_assert_ptr_nonnull(suspects);
}

static void
tear_down(void)
{
	suspects_free(suspects);
}

static void
note(const char *sw, const char *line, int64_t wall_us)
{
	suspects_note(suspects, slice_of(sw), slice_of(line), wall_us);
}

START_TEST(a_line_is_kept_with_its_switch_and_times)
{
	note("leaf1", "<13>Mar  1 10:00:00 leaf1 portd: link of 7 lost\n", 1000);
	const struct suspect *suspect = suspects_get(suspects, 0);

	ck_assert_uint_eq(suspects_n(suspects), 1);
	ck_assert_str_eq(suspect->sw, "leaf1");
	ck_assert_str_eq(suspect->text, "<13>Mar  1 10:00:00 leaf1 portd: link of 7 lost");
	ck_assert_int_eq(suspect->first_us, 1000);
	ck_assert_int_eq(suspect->last_us, 1000);
	ck_assert_uint_eq(suspect->count, 1);
}
END_TEST

START_TEST(lines_that_differ_in_numbers_are_one_sample_and_the_last_is_shown)
{
	note("leaf1", "<13>Mar  1 10:00:00 leaf1 portd: link of 7 lost", 1000);
	note("leaf1", "<13>Mar 12 11:22:33 leaf1 portd: link of 1/12 lost", 2000);
	note("leaf2", "<13>Mar  1 10:00:00 leaf1 portd: link of 7 lost", 3000);
	note("leaf1", "<13>Mar  1 10:00:00 leaf1 portd: link of 7 gone", 4000);
	ck_assert_uint_eq(suspects_n(suspects), 3);
	ck_assert_str_eq(
	    suspects_get(suspects, 0)->text, "<13>Mar 12 11:22:33 leaf1 portd: link of 1/12 lost");
	ck_assert_uint_eq(suspects_get(suspects, 0)->count, 2);
	ck_assert_int_eq(suspects_get(suspects, 0)->first_us, 1000);
	ck_assert_int_eq(suspects_get(suspects, 0)->last_us, 2000);
}
END_TEST

/* What is shown can be put behind `sample` in a rules file, and is the same bytes there. */
START_TEST(control_characters_and_odd_bytes_are_escaped_as_in_a_rules_file)
{
	static const char line[] = "link \x1b[31m \\ \xff \xc2\x9b \xc3\xa9 down";
	struct rule_sample sample = { 0 };

	note("leaf1", line, 1);
	const char *text = suspects_get(suspects, 0)->text;
	ck_assert_str_eq(text, "link \\x1b[31m \\\\ \\xff \\xc2\\x9b \xc3\xa9 down");
	ck_assert_ptr_null(rule_sample_read_bytes(&sample, slice_of(text)));
	ck_assert_uint_eq(sample.len, sizeof(line) - 1);
	ck_assert_mem_eq(sample.bytes, line, sample.len);
	free(sample.bytes);
}
END_TEST

START_TEST(a_long_line_is_cut_between_two_characters)
{
	char line[2000];

	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = i % 2 ? '\x01' : 'a';
	line[sizeof(line) - 1] = '\0';
	note("leaf1", line, 1);
	const char *text = suspects_get(suspects, 0)->text;
	size_t len = strlen(text);
	ck_assert_uint_lt(len, SUSPECT_TEXT_MAX);
	ck_assert_uint_gt(len, SUSPECT_TEXT_MAX - 12);
	ck_assert_str_eq(text + len - 3, "...");
	ck_assert(text[len - 4] == 'a' || strncmp(text + len - 7, "\\x01", 4) == 0);
}
END_TEST

START_TEST(the_sample_that_has_not_come_for_longest_makes_room)
{
	char line[32];

	for (int i = 0; i < SUSPECTS_MAX; i++) {
		snprintf(line, sizeof(line), "link %c%c down", 'a' + i / 26, 'a' + i % 26);
		note("leaf1", line, 1000 + i);
	}
	note("leaf1", "link aa down", 5000);
	ck_assert_uint_eq(suspects_n(suspects), SUSPECTS_MAX);
	ck_assert_uint_eq(suspects_evicted(suspects), 0);
	note("leaf1", "another link down", 6000);
	ck_assert_uint_eq(suspects_n(suspects), SUSPECTS_MAX);
	ck_assert_uint_eq(suspects_evicted(suspects), 1);
	ck_assert_str_eq(suspects_get(suspects, 0)->text, "link aa down");
	ck_assert_str_eq(suspects_get(suspects, 1)->text, "another link down");
}
END_TEST

START_TEST(no_set_is_an_empty_one)
{
	ck_assert_uint_eq(suspects_n(NULL), 0);
	ck_assert_uint_eq(suspects_evicted(NULL), 0);
	suspects_free(NULL);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("suspects");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_line_is_kept_with_its_switch_and_times);
	tcase_add_test(tc, lines_that_differ_in_numbers_are_one_sample_and_the_last_is_shown);
	tcase_add_test(tc, control_characters_and_odd_bytes_are_escaped_as_in_a_rules_file);
	tcase_add_test(tc, a_long_line_is_cut_between_two_characters);
	tcase_add_test(tc, the_sample_that_has_not_come_for_longest_makes_room);
	tcase_add_test(tc, no_set_is_an_empty_one);
	return run_case("suspects", tc);
}
