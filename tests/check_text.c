#include <check.h>
#include <string.h>

#include "core/text.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text;
	size_t len;
	bool utf8;
} texts[] = {
	{ "", 0, true },
	{ "leaf1", 5, true },
	{ "\xc3\xa9", 2, true },         /* e acute */
	{ "\xe2\x82\xac", 3, true },     /* euro */
	{ "\xf0\x9f\x98\x80", 4, true }, /* U+1F600 */
	{ "\xf4\x8f\xbf\xbf", 4, true }, /* U+10FFFF */
	{ "\xf4\x90\x80\x80", 4, false },
	{ "\xed\x9f\xbf", 3, true },  /* U+D7FF */
	{ "\xed\xa0\x80", 3, false }, /* a surrogate */
	{ "\xc0\xaf", 2, false },     /* overlong '/' */
	{ "\xe0\x9f\xbf", 3, false },
	{ "\xf0\x8f\xbf\xbf", 4, false },
	{ "\x80", 1, false },
	{ "\xff", 1, false },
	{ "\xc3", 1, false },
	{ "\xe2\x82", 2, false },
	{ "a\xe2\x82z", 4, false },
	{ "\xf0\x9f\x98", 3, false },
};

START_TEST(utf8_is_what_rfc_3629_says_to_the_last_byte)
{
	struct guard guard = { 0 };
	char *at = guard_put(&guard, texts[_i].text, texts[_i].len);

	ck_assert_int_eq(text_is_utf8((struct slice){ at, texts[_i].len }), texts[_i].utf8);
	guard_release(&guard);
}
END_TEST

START_TEST(control_characters_are_seen_in_both_ranges)
{
	ck_assert(!text_has_control(SLICE("leaf1 \xc2\xa0 \xc3\xa9")));
	ck_assert(text_has_control(SLICE("a\tb")));
	ck_assert(text_has_control(SLICE("a\0b")));
	ck_assert(text_has_control(SLICE("a\x7f")));
	ck_assert(text_has_control(SLICE("\x1b[2J")));
	ck_assert(text_has_control(SLICE("a\xc2\x9b")));
}
END_TEST

START_TEST(characters_are_counted_not_bytes)
{
	ck_assert_uint_eq(text_n_chars(SLICE("")), 0);
	ck_assert_uint_eq(text_n_chars(SLICE("abc")), 3);
	ck_assert_uint_eq(text_n_chars(SLICE("\xe2\x82\xac\xc3\xa9z")), 3);
}
END_TEST

static const struct {
	struct slice text;
	const char *quoted; /* in 12 bytes */
} quotes[] = {
	{ { "", 0 }, "" },
	{ { "short", 5 }, "short" },
	{ { "elevenbytes", 11 }, "elevenbytes" },
	{ { "twelve bytes", 12 }, "twelve b..." },
	{ { "a\nb\0c", 5 }, "a?b?c" },
	{ { "\xff\xc3", 2 }, "??" },
	{ { "\xc2\x9b", 2 }, "?" },
	{ { "1234567\xe2\x82\xac 10", 13 }, "1234567..." },
	{ { "12345678\xe2\x82\xac", 11 }, "12345678\xe2\x82\xac" },
	{ { "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 12 },
	    "\xe2\x82\xac\xe2\x82\xac..." },
};

START_TEST(foreign_text_is_quoted_harmless_and_cut_between_characters)
{
	struct guard guard = { 0 };
	char buf[12], *at = guard_put(&guard, quotes[_i].text.data, quotes[_i].text.len);

	text_quote((struct slice){ at, quotes[_i].text.len }, buf, sizeof(buf));
	ck_assert_str_eq(buf, quotes[_i].quoted);
	guard_release(&guard);
}
END_TEST

START_TEST(names_are_joined_as_far_as_they_fit)
{
	static const char *const names[] = { "trap", "syslog", "poll" };
	char buf[32];

	ck_assert_str_eq(text_join(names, 3, buf, sizeof(buf)), "trap, syslog or poll");
	ck_assert_str_eq(text_join(names, 2, buf, sizeof(buf)), "trap or syslog");
	ck_assert_str_eq(text_join(names, 1, buf, sizeof(buf)), "trap");
	ck_assert_str_eq(text_join(names, 0, buf, sizeof(buf)), "");
	ck_assert_str_eq(text_join(names, 3, buf, 14), "trap, syslog");
}
END_TEST

static const struct {
	const char *text, *near; /* NULL: nothing is meant */
} misses[] = {
	{ "listen", "listen" },
	{ "lisen", "listen" },
	{ "lsiten", "listen" },
	{ "Listen", "listen" },
	{ "listens", "listen" },
	{ "comunity", "community" },
	{ "recieve_buffer", "receive_buffer" },
	{ "receivebuffer", "receive_buffer" },
	{ "usr", "user" },
	{ "x", NULL },
	{ "", NULL },
	{ "frobnicate", NULL },
	{ "a-key-that-is-much-longer-than-any-key-there-is", NULL },
};

START_TEST(a_near_miss_of_a_name_is_found_and_a_far_one_is_not)
{
	static const char *const names[] = { "listen", "community", "user", "receive_buffer",
		"id" };
	const char *near = text_nearest(slice_of(misses[_i].text), names, 5);

	if (misses[_i].near)
		ck_assert_str_eq(near, misses[_i].near);
	else
		ck_assert_ptr_null(near);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("text");

	tcase_add_loop_test(tc, utf8_is_what_rfc_3629_says_to_the_last_byte, 0, N(texts));
	tcase_add_test(tc, control_characters_are_seen_in_both_ranges);
	tcase_add_test(tc, characters_are_counted_not_bytes);
	tcase_add_loop_test(
	    tc, foreign_text_is_quoted_harmless_and_cut_between_characters, 0, N(quotes));
	tcase_add_test(tc, names_are_joined_as_far_as_they_fit);
	tcase_add_loop_test(tc, a_near_miss_of_a_name_is_found_and_a_far_one_is_not, 0, N(misses));
	return run_case("text", tc);
}
