#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/guard.h"
#include "lib/run_suite.h"
#include "util/slice.h"

static const struct slice nothing = { 0 };

START_TEST(a_null_string_is_the_empty_slice)
{
	ck_assert_uint_eq(slice_of(NULL).len, 0);
	ck_assert_uint_eq(slice_of("").len, 0);
	ck_assert_uint_eq(slice_of("abc").len, 3);
	ck_assert(slice_eq(slice_of(NULL), nothing));
}
END_TEST

START_TEST(equality_wants_the_same_length_and_bytes)
{
	ck_assert(slice_eq(SLICE("ab"), SLICE("ab")));
	ck_assert(!slice_eq(SLICE("ab"), SLICE("abc")));
	ck_assert(!slice_eq(SLICE("ab"), SLICE("aB")));
	ck_assert(slice_eq(SLICE("a\0b"), SLICE("a\0b")));
	ck_assert(!slice_eq(SLICE("a\0b"), SLICE("a\0c")));
	ck_assert(slice_eq_str(SLICE("up"), "up"));
	ck_assert(!slice_eq_str(SLICE("up\0"), "up"));
	ck_assert(slice_eq_str(nothing, ""));
}
END_TEST

START_TEST(case_is_folded_for_ascii_letters_only)
{
	ck_assert(slice_case_eq_str(SLICE("LinkDown"), "linkDOWN"));
	ck_assert(!slice_case_eq_str(SLICE("LinkDown"), "linkDow"));
	ck_assert(!slice_case_eq(SLICE("\xC4"), SLICE("\xE4")));
	ck_assert(!slice_case_eq(SLICE("@["), SLICE("`{")));
	ck_assert(slice_case_eq(nothing, SLICE("")));
}
END_TEST

START_TEST(from_and_first_stay_inside)
{
	ck_assert(slice_eq_str(slice_from(SLICE("abc"), 1), "bc"));
	ck_assert_uint_eq(slice_from(SLICE("abc"), 3).len, 0);
	ck_assert_uint_eq(slice_from(SLICE("abc"), 99).len, 0);
	ck_assert(slice_eq_str(slice_first(SLICE("abc"), 2), "ab"));
	ck_assert(slice_eq_str(slice_first(SLICE("abc"), 99), "abc"));
	ck_assert_uint_eq(slice_first(nothing, 5).len, 0);
}
END_TEST

START_TEST(cut_takes_what_stands_before_the_mark_and_the_mark)
{
	struct slice rest = SLICE("a//bc/");

	ck_assert(slice_eq_str(slice_cut(&rest, '/'), "a"));
	ck_assert(slice_eq_str(slice_cut(&rest, '/'), ""));
	ck_assert(slice_eq_str(slice_cut(&rest, '/'), "bc"));
	ck_assert(slice_eq_str(rest, ""));
	ck_assert(slice_eq_str(slice_cut(&rest, '/'), ""));
	rest = SLICE("whole");
	ck_assert(slice_eq_str(slice_cut(&rest, '/'), "whole"));
	ck_assert_uint_eq(rest.len, 0);
	rest = nothing;
	ck_assert_uint_eq(slice_cut(&rest, '/').len, 0);
}
END_TEST

START_TEST(trim_takes_blanks_and_line_ends_off_both_ends)
{
	ck_assert(slice_eq_str(slice_trim(SLICE(" \t\r\n a b \0\r\n")), "a b"));
	ck_assert(slice_eq(slice_trim(SLICE("a\0b")), SLICE("a\0b")));
	ck_assert_uint_eq(slice_trim(SLICE(" \0 ")).len, 0);
	ck_assert_uint_eq(slice_trim(nothing).len, 0);
}
END_TEST

START_TEST(starts_compares_a_whole_prefix)
{
	ck_assert(slice_starts(SLICE("%LINK-3"), "%LINK-"));
	ck_assert(slice_starts(SLICE("%LINK-"), "%LINK-"));
	ck_assert(!slice_starts(SLICE("%LINK"), "%LINK-"));
	ck_assert(slice_starts(SLICE("x"), ""));
}
END_TEST

START_TEST(find_gives_the_first_place_or_minus_one)
{
	ck_assert_int_eq(slice_find(SLICE("abcabc"), SLICE("c")), 2);
	ck_assert_int_eq(slice_find(SLICE("abcabc"), SLICE("ca")), 2);
	ck_assert_int_eq(slice_find(SLICE("abc"), SLICE("abcd")), -1);
	ck_assert_int_eq(slice_find(SLICE("abc"), SLICE("x")), -1);
	ck_assert_int_eq(slice_find(SLICE("abc"), SLICE("")), 0);
	ck_assert_int_eq(slice_find(SLICE("a\0b"), SLICE("\0b")), 1);
	ck_assert_int_eq(slice_find(nothing, SLICE("a")), -1);
}
END_TEST

START_TEST(has_tells_whether_a_byte_stands_in_it)
{
	ck_assert(slice_has(SLICE("a.b"), '.'));
	ck_assert(slice_has(SLICE("a\0b"), '\0'));
	ck_assert(!slice_has(SLICE("ab"), '\0'));
	ck_assert(!slice_has(slice_first(SLICE("a.b"), 1), '.'));
	ck_assert(!slice_has(nothing, '.'));
}
END_TEST

START_TEST(copy_cuts_what_does_not_fit_and_adds_a_nul)
{
	char buf[4] = "xxx";

	ck_assert_uint_eq(slice_copy(SLICE("abcdef"), buf, sizeof(buf)), 3);
	ck_assert_str_eq(buf, "abc");
	ck_assert_uint_eq(slice_copy(SLICE("a"), buf, sizeof(buf)), 1);
	ck_assert_str_eq(buf, "a");
	ck_assert_uint_eq(slice_copy(nothing, buf, 1), 0);
	ck_assert_str_eq(buf, "");
}
END_TEST

static const struct {
	const char *text;
	unsigned long long max;
	bool ok;
	unsigned long long value;
} numbers[] = {
	{ "0", 0, true, 0 },
	{ "191", 191, true, 191 },
	{ "192", 191, false, 0 },
	{ "007", 9, true, 7 },
	{ "18446744073709551615", ~0ull, true, ~0ull },
	{ "18446744073709551616", ~0ull, false, 0 },
	{ "99999999999999999999999", ~0ull, false, 0 },
	{ "5", 3, false, 0 },
	{ "", 9, false, 0 },
	{ "-1", 9, false, 0 },
	{ "+1", 9, false, 0 },
	{ " 1", 9, false, 0 },
	{ "1 ", 9, false, 0 },
	{ "1a", 99, false, 0 },
};

START_TEST(a_number_fills_the_slice_and_is_in_range)
{
	unsigned long long value = 4711;

	ck_assert_int_eq(
	    slice_to_uint(slice_of(numbers[_i].text), numbers[_i].max, &value), numbers[_i].ok);
	ck_assert_uint_eq(value, numbers[_i].ok ? numbers[_i].value : 4711);
}
END_TEST

START_TEST(no_byte_behind_a_slice_is_read)
{
	struct guard guard;
	char *bytes = guard_put(&guard, " 123x", 5);
	unsigned long long value = 0;
	char buf[16];

	for (size_t len = 0; len <= 5; len++) {
		struct slice s = { bytes + 5 - len, len };

		ck_assert_uint_eq(slice_copy(s, buf, sizeof(buf)), len);
		ck_assert(!slice_to_uint(s, 999, &value));
		ck_assert_int_eq(slice_find(s, SLICE("x!")), -1);
		ck_assert(!slice_starts(s, " 123x!"));
		ck_assert_int_eq(slice_trim(s).len, len == 5 ? 4 : len);
	}
	guard_release(&guard);
}
END_TEST

START_TEST(digits_are_counted_up_to_what_is_none)
{
	ck_assert_uint_eq(slice_digits(SLICE("042/1")), 3);
	ck_assert_uint_eq(slice_digits(SLICE("7")), 1);
	ck_assert_uint_eq(slice_digits(SLICE("x1")), 0);
	ck_assert_uint_eq(slice_digits((struct slice){ NULL, 0 }), 0);
}
END_TEST

START_TEST(a_copy_is_as_long_and_ends_in_a_nul)
{
	static const char bytes[] = "a\0b!";
	char *copy = slice_dup((struct slice){ bytes, 3 }), *empty = slice_dup((struct slice){ 0 });

	ck_assert_mem_eq(copy, "a\0b", 4);
	ck_assert_str_eq(empty, "");
	free(copy);
	free(empty);
}
END_TEST

START_TEST(a_number_has_the_digits_that_printf_gives_it)
{
	static const uint64_t values[] = { 0, 9, 10, 99, 100, 1234567890, UINT64_MAX - 1,
		UINT64_MAX };
	char digits[SLICE_DECIMAL], wanted[32];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(wanted, sizeof(wanted), "%" PRIu64, values[i]);
		ck_assert(slice_eq_str(slice_decimal(values[i], digits), wanted));
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("slice");

	tcase_add_test(tc, a_number_has_the_digits_that_printf_gives_it);
	tcase_add_test(tc, a_null_string_is_the_empty_slice);
	tcase_add_test(tc, equality_wants_the_same_length_and_bytes);
	tcase_add_test(tc, case_is_folded_for_ascii_letters_only);
	tcase_add_test(tc, from_and_first_stay_inside);
	tcase_add_test(tc, cut_takes_what_stands_before_the_mark_and_the_mark);
	tcase_add_test(tc, trim_takes_blanks_and_line_ends_off_both_ends);
	tcase_add_test(tc, starts_compares_a_whole_prefix);
	tcase_add_test(tc, find_gives_the_first_place_or_minus_one);
	tcase_add_test(tc, has_tells_whether_a_byte_stands_in_it);
	tcase_add_test(tc, copy_cuts_what_does_not_fit_and_adds_a_nul);
	tcase_add_loop_test(tc, a_number_fills_the_slice_and_is_in_range, 0,
	    (int)(sizeof(numbers) / sizeof(numbers[0])));
	tcase_add_test(tc, digits_are_counted_up_to_what_is_none);
	tcase_add_test(tc, a_copy_is_as_long_and_ends_in_a_nul);
	tcase_add_test(tc, no_byte_behind_a_slice_is_read);

	return run_case("slice", tc);
}
