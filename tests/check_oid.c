#include "core/oid.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/guard.h"
#include "lib/run_suite.h"

static const struct {
	const char *text;
	size_t n;
	unsigned long ids[8];
} good[] = {
	{ ".1.3.6.1", 4, { 1, 3, 6, 1 } },
	{ "1.3.6.1", 4, { 1, 3, 6, 1 } },
	{ "0", 1, { 0 } },
	{ "2.999.4294967295", 3, { 2, 999, 4294967295UL } },
	{ "0.39", 2, { 0, 39 } },
	{ "1.3.6.1.6.3.1.1", 8, { 1, 3, 6, 1, 6, 3, 1, 1 } },
};

START_TEST(dotted_text_becomes_its_numbers)
{
	unsigned long ids[8];

	ck_assert_uint_eq(oid_parse(slice_of(good[_i].text), ids, 8), good[_i].n);
	ck_assert_mem_eq(ids, good[_i].ids, good[_i].n * sizeof(*ids));
}
END_TEST

static const char *const bad[] = {
	"",
	".",
	"..1",
	"1.",
	"1..3",
	"1.3.",
	" 1.3",
	"1.3 ",
	"1.-3",
	"1.+3",
	"1.3a",
	"iso.3",
	"1.3.4294967296",
	"1.3.99999999999999999999",
	"3.1",
	"1.40",
	"0.40",
};

START_TEST(text_that_is_no_oid_has_no_numbers)
{
	unsigned long ids[8];

	ck_assert_uint_eq(oid_parse(slice_of(bad[_i]), ids, 8), 0);
}
END_TEST

START_TEST(more_numbers_than_there_is_room_for_are_no_oid)
{
	unsigned long ids[5] = { 0, 0, 0, 0, 77 };

	ck_assert_uint_eq(oid_parse(SLICE("1.3.6.1"), ids, 4), 4);
	ck_assert_uint_eq(oid_parse(SLICE("1.3.6.1.2"), ids, 4), 0);
	ck_assert_uint_eq(ids[4], 77);
}
END_TEST

START_TEST(the_text_is_not_read_beyond_its_end)
{
	struct guard guard = { 0 };
	unsigned long ids[8];
	char *text = guard_put(&guard, ".1.3.61", 7);

	ck_assert_uint_eq(oid_parse((struct slice){ text, 6 }, ids, 8), 3);
	ck_assert_uint_eq(ids[2], 6);
	ck_assert_uint_eq(oid_parse((struct slice){ text, 7 }, ids, 8), 3);
	ck_assert_uint_eq(ids[2], 61);
	guard_release(&guard);
}
END_TEST

START_TEST(equal_means_the_same_numbers_and_as_many)
{
	ck_assert_int_eq(oid_eq(OID(1, 3, 6), OID(1, 3, 6)), true);
	ck_assert_int_eq(oid_eq(OID(1, 3, 6), OID(1, 3)), false);
	ck_assert_int_eq(oid_eq(OID(1, 3), OID(1, 3, 6)), false);
	ck_assert_int_eq(oid_eq(OID(1, 3, 6), OID(1, 3, 7)), false);
	ck_assert_int_eq(oid_eq((struct oid){ NULL, 0 }, (struct oid){ NULL, 0 }), true);
	ck_assert_int_eq(oid_eq((struct oid){ NULL, 0 }, OID(1)), false);
}
END_TEST

START_TEST(every_oid_begins_with_itself_and_its_prefixes)
{
	struct oid oid = OID(1, 3, 6, 1);

	for (size_t n = 0; n <= oid.n; n++)
		ck_assert_int_eq(oid_starts(oid, (struct oid){ oid.ids, n }), true);
	ck_assert_int_eq(oid_starts(oid, OID(1, 3, 6, 1, 2)), false);
	ck_assert_int_eq(oid_starts(oid, OID(1, 3, 7)), false);
	ck_assert_int_eq(oid_starts((struct oid){ NULL, 0 }, OID(1)), false);
}
END_TEST

START_TEST(the_longest_oid_is_read_whole)
{
	unsigned long ids[OID_MAX], back[OID_MAX];
	char text[OID_MAX * 11 + 1];
	size_t len = 0;

	for (size_t i = 0; i < OID_MAX; i++) {
		ids[i] = i < 2 ? 1 : 4294967295UL - i;
		len += (size_t)snprintf(text + len, sizeof(text) - len, ".%lu", ids[i]);
	}
	ck_assert_uint_eq(oid_parse(slice_of(text), back, OID_MAX), OID_MAX);
	ck_assert_mem_eq(ids, back, sizeof(ids));
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

int
main(void)
{
	TCase *tcase = tcase_create("oid");

	tcase_add_loop_test(tcase, dotted_text_becomes_its_numbers, 0, N(good));
	tcase_add_loop_test(tcase, text_that_is_no_oid_has_no_numbers, 0, N(bad));
	tcase_add_test(tcase, more_numbers_than_there_is_room_for_are_no_oid);
	tcase_add_test(tcase, the_text_is_not_read_beyond_its_end);
	tcase_add_test(tcase, equal_means_the_same_numbers_and_as_many);
	tcase_add_test(tcase, every_oid_begins_with_itself_and_its_prefixes);
	tcase_add_test(tcase, the_longest_oid_is_read_whole);

	return run_case("oid", tcase);
}
