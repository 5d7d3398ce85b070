/* timeutil: RFC 3339 both ways, and spans for people. */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/guard.h"
#include "lib/run_suite.h"
#include "util/timeutil.h"

#define S INT64_C(1000000)

static const struct {
	int64_t us;
	const char *text;
} formats[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ 1, "1970-01-01T00:00:00.000001Z" },
	{ -1, "1969-12-31T23:59:59.999999Z" },
	{ 951782399 * S, "2000-02-28T23:59:59.000000Z" },
	{ 951782400 * S, "2000-02-29T00:00:00.000000Z" },
	{ 951868800 * S, "2000-03-01T00:00:00.000000Z" },
	{ 4107542400 * S, "2100-03-01T00:00:00.000000Z" },
	{ 1714566896123456, "2024-05-01T12:34:56.123456Z" },
	{ 2147483648 * S, "2038-01-19T03:14:08.000000Z" },
	{ -62135596800 * S, "0001-01-01T00:00:00.000000Z" },
	{ INT64_MIN, "0000-01-01T00:00:00.000000Z" },
	{ INT64_MAX, "9999-12-31T23:59:59.999999Z" },
};

START_TEST(a_time_is_written_as_rfc_3339_with_microseconds)
{
	char buf[TIMEUTIL_TEXT];

	ck_assert_uint_eq(timeutil_format(formats[_i].us, buf), TIMEUTIL_TEXT - 1);
	ck_assert_str_eq(buf, formats[_i].text);
}
END_TEST

START_TEST(the_calendar_is_that_of_the_C_library)
{
	/* Every 9,973,001 s from 0000 to 9999 meets every month and leap year rule. */
	for (int64_t second = -62167219200; second <= 253402300799; second += 9973001) {
		char mine[TIMEUTIL_TEXT], theirs[TIMEUTIL_TEXT + 16];
		struct tm tm;
		time_t t = second;
		int64_t back;

		gmtime_r(&t, &tm);
		timeutil_format(second * S, mine);
		snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02d.000000Z",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		ck_assert_str_eq(mine, theirs);
		ck_assert(timeutil_parse(slice_of(mine), &back));
		ck_assert_int_eq(back, second * S);
	}
}
END_TEST

static const struct {
	const char *text;
	int64_t us;
} reads[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01t00:00:00z", 0 },
	{ "1970-01-01 00:00:00Z", 0 },
	{ "2024-05-01T12:34:56.123456Z", 1714566896123456 },
	{ "2024-05-01T12:34:56.1Z", 1714566896100000 },
	{ "2024-05-01T12:34:56.1234569999Z", 1714566896123456 },
	{ "2024-05-01T14:34:56.123456+02:00", 1714566896123456 },
	{ "2024-05-01T02:04:56.123456-10:30", 1714566896123456 },
	{ "1970-01-01T00:00:00+00:01", -60 * S },
	{ "2016-12-31T23:59:60Z", 1483228800 * S },
	{ "2000-02-29T00:00:00Z", 951782400 * S },
	{ "0000-01-01T00:00:00Z", -62167219200 * S },
};

START_TEST(every_form_of_rfc_3339_is_read)
{
	int64_t us = 7;

	ck_assert(timeutil_parse(slice_of(reads[_i].text), &us));
	ck_assert_int_eq(us, reads[_i].us);
}
END_TEST

static const char *const not_times[] = { "", "2024", "2024-05-01", "2024-05-01T12:34:56",
	"2024-05-01T12:34Z", "2024-05-01T12:34:56.Z", "2024-05-01T12:34:56,5Z",
	"2024-13-01T12:34:56Z", "2024-00-01T12:34:56Z", "2024-02-30T12:34:56Z",
	"2023-02-29T12:34:56Z", "2100-02-29T12:34:56Z", "2024-05-00T12:34:56Z",
	"2024-05-32T12:34:56Z", "2024-05-01T24:00:00Z", "2024-05-01T12:60:56Z",
	"2024-05-01T12:34:61Z", "2024-05-01T12:34:56Zx", " 2024-05-01T12:34:56Z",
	"2024-05-01T12:34:56+0200", "2024-05-01T12:34:56+24:00", "2024-05-01T12:34:56+02:60",
	"+024-05-01T12:34:56Z", "2024-5-01T12:34:56Z", "2024/05/01T12:34:56Z",
	"2024-05-01X12:34:56Z", "20240501T123456Z" };

START_TEST(what_is_no_rfc_3339_time_is_refused_and_changes_nothing)
{
	int64_t us = 7;

	ck_assert_msg(!timeutil_parse(slice_of(not_times[_i]), &us), "%s", not_times[_i]);
	ck_assert_int_eq(us, 7);
}
END_TEST

START_TEST(a_time_cut_anywhere_is_refused_and_nothing_behind_it_is_read)
{
	static const char text[] = "2024-05-01T12:34:56.123456+02:00";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct guard guard = { 0 };
		int64_t us = 7;
		char *bytes = guard_put(&guard, text, len);

		ck_assert(!timeutil_parse((struct slice){ bytes, len }, &us));
		ck_assert_int_eq(us, 7);
		guard_release(&guard);
	}
}
END_TEST

static const struct {
	int64_t us;
	const char *text;
} spans[] = {
	{ 0, "0s" },
	{ 999, "0s" },
	{ 1000, "1ms" },
	{ 999999, "999ms" },
	{ S, "1s" },
	{ 12 * S, "12s" },
	{ 59999999, "59s" },
	{ 60 * S, "1m00s" },
	{ 192 * S, "3m12s" },
	{ 3600 * S, "1h00m" },
	{ 7500 * S, "2h05m" },
	{ 86400 * S, "1d0h" },
	{ (5 * 86400 + 3 * 3600 + 59) * S, "5d3h" },
	{ -192 * S, "3m12s" },
	{ INT64_MAX, "106751991d4h" },
	{ INT64_MIN, "106751991d4h" },
};

START_TEST(a_span_is_told_in_its_two_largest_units)
{
	char buf[TIMEUTIL_RELATIVE];

	ck_assert_uint_eq(timeutil_duration(spans[_i].us, buf), strlen(spans[_i].text));
	ck_assert_str_eq(buf, spans[_i].text);
}
END_TEST

START_TEST(a_time_is_told_relative_to_now)
{
	char buf[TIMEUTIL_RELATIVE];

	ck_assert_uint_eq(timeutil_relative(100 * S, 292 * S, buf), 9);
	ck_assert_str_eq(buf, "3m12s ago");
	timeutil_relative(292 * S, 100 * S, buf);
	ck_assert_str_eq(buf, "in 3m12s");
	timeutil_relative(100 * S, 100 * S, buf);
	ck_assert_str_eq(buf, "0s ago");
	timeutil_relative(INT64_MAX, INT64_MIN, buf);
	ck_assert_str_eq(buf, "in 106751991d4h");
	timeutil_relative(INT64_MIN, INT64_MAX, buf);
	ck_assert_str_eq(buf, "106751991d4h ago");
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	TCase *tcase = tcase_create("timeutil");

	tcase_add_loop_test(
	    tcase, a_time_is_written_as_rfc_3339_with_microseconds, 0, ROWS(formats));
	tcase_add_test(tcase, the_calendar_is_that_of_the_C_library);
	tcase_add_loop_test(tcase, every_form_of_rfc_3339_is_read, 0, ROWS(reads));
	tcase_add_loop_test(
	    tcase, what_is_no_rfc_3339_time_is_refused_and_changes_nothing, 0, ROWS(not_times));
	tcase_add_test(tcase, a_time_cut_anywhere_is_refused_and_nothing_behind_it_is_read);
	tcase_add_loop_test(tcase, a_span_is_told_in_its_two_largest_units, 0, ROWS(spans));
	tcase_add_test(tcase, a_time_is_told_relative_to_now);
	return run_case("timeutil", tcase);
}
