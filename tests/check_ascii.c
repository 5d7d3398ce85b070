#include "util/ascii.h"

#include <check.h>
#include <string.h>

#include "lib/run_suite.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_one_of(const char *set, int byte)
{
	return byte != 0 && strchr(set, byte) != NULL;
}

/* _i: each of the 256. */
START_TEST(every_byte_is_of_the_kinds_that_ascii_gives_it)
{
	const char c = (char)_i;

	ck_assert_int_eq(is_digit(c), is_one_of(DIGITS, _i));
	ck_assert_int_eq(is_upper(c), is_one_of(CAPITALS, _i));
	ck_assert_int_eq(is_alpha(c), is_one_of(CAPITALS LETTERS, _i));
	ck_assert_int_eq(is_hex(c), is_one_of(DIGITS "abcdefABCDEF", _i));
}
END_TEST

START_TEST(capitals_become_small_and_nothing_else_changes)
{
	const char *capital = _i != 0 ? strchr(CAPITALS, _i) : NULL;

	ck_assert_int_eq(to_lower((char)_i), capital ? LETTERS[capital - CAPITALS] : (char)_i);
}
END_TEST

START_TEST(a_hexadecimal_digit_has_its_value)
{
	static const char small[] = DIGITS "abcdef", large[] = DIGITS "ABCDEF";

	ck_assert_int_eq(hex_value(small[_i]), _i);
	ck_assert_int_eq(hex_value(large[_i]), _i);
	ck_assert_int_eq(hex_value('g'), -1);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("ascii");

	tcase_add_loop_test(tcase, every_byte_is_of_the_kinds_that_ascii_gives_it, 0, 256);
	tcase_add_loop_test(tcase, capitals_become_small_and_nothing_else_changes, 0, 256);
	tcase_add_loop_test(tcase, a_hexadecimal_digit_has_its_value, 0, 16);
	return run_case("ascii", tcase);
}
