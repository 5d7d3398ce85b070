#include "util/timeutil.h"

#include <stdio.h>
#include <string.h>

#define US_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY INT64_C(86400)
/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970. */
#define FIRST_SECOND INT64_C(-62167219200)
#define LAST_SECOND INT64_C(253402300799)

/*
 * Days between 1970-01-01 and a date of the Gregorian calendar, and back. Years are counted from March, so that the leap
 * day is a year's last day, and in eras of 400 years (146,097 days), after which the calendar repeats.
 */
static int64_t
days_from_date(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void
date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
	    day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;

	*ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	*ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	*ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

/* Digits are written by hand: this runs for every record of the stream, and snprintf costs several times as much. */
static char *
put_digits(char *p, int64_t value, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + n;
}

size_t
timeutil_format(int64_t us, char buf[TIMEUTIL_TEXT])
{
	int64_t second = us / US_PER_SECOND, fraction = us % US_PER_SECOND;
	int year, month, day;
	char *p = buf;

	if (fraction < 0) {
		fraction += US_PER_SECOND;
		second--;
	}
	if (second < FIRST_SECOND) {
		second = FIRST_SECOND;
		fraction = 0;
	}
	if (second > LAST_SECOND) {
		second = LAST_SECOND;
		fraction = US_PER_SECOND - 1;
	}
	int64_t days = (second - FIRST_SECOND) / SECONDS_PER_DAY;
	int64_t rest = (second - FIRST_SECOND) % SECONDS_PER_DAY;
	date_from_days(days + FIRST_SECOND / SECONDS_PER_DAY, &year, &month, &day);

	p = put_digits(p, year, 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	p = put_digits(p, day, 2);
	*p++ = 'T';
	p = put_digits(p, rest / 3600, 2);
	*p++ = ':';
	p = put_digits(p, rest / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, rest % 60, 2);
	*p++ = '.';
	p = put_digits(p, fraction, 6);
	*p++ = 'Z';
	*p = '\0';
	return (size_t)(p - buf);
}

/* Takes exactly n digits, a number from low to high, off the front. */
static bool
take_number(struct slice *text, size_t n, int low, int high, int *ret_value)
{
	unsigned long long value;

	if (text->len < n || !slice_to_uint(slice_first(*text, n), (unsigned)high, &value))
		return false;
	if ((int)value < low)
		return false;
	*ret_value = (int)value;
	*text = slice_from(*text, n);
	return true;
}

/* Takes one character that is among `chars` off the front. */
static bool
take_char(struct slice *text, const char *chars, char *ret_char)
{
	if (text->len == 0 || text->data[0] == '\0' || !strchr(chars, text->data[0]))
		return false;
	*ret_char = text->data[0];
	*text = slice_from(*text, 1);
	return true;
}

static bool
take_fraction(struct slice *text, int64_t *ret_us)
{
	int64_t us = 0, unit = US_PER_SECOND / 10;
	size_t n = 0;

	for (; n < text->len && text->data[n] >= '0' && text->data[n] <= '9'; n++) {
		us += (text->data[n] - '0') * unit;
		unit /= 10;
	}
	if (n == 0)
		return false;
	*ret_us = us;
	*text = slice_from(*text, n);
	return true;
}

/* "Z" or "+hh:mm": seconds to subtract from the local time. */
static bool
take_offset(struct slice *text, int64_t *ret_seconds)
{
	char sign, colon;
	int hours, minutes;

	if (!take_char(text, "Zz+-", &sign))
		return false;
	if (sign == 'Z' || sign == 'z') {
		*ret_seconds = 0;
		return true;
	}
	if (!take_number(text, 2, 0, 23, &hours) || !take_char(text, ":", &colon) ||
	    !take_number(text, 2, 0, 59, &minutes))
		return false;
	*ret_seconds = (hours * 60 + minutes) * (sign == '-' ? INT64_C(-60) : INT64_C(60));
	return true;
}

static bool
take_date(struct slice *text, int64_t *ret_days)
{
	int year, month, day, y, m, d;
	char dash;

	if (!take_number(text, 4, 0, 9999, &year) || !take_char(text, "-", &dash) ||
	    !take_number(text, 2, 1, 12, &month) || !take_char(text, "-", &dash) ||
	    !take_number(text, 2, 1, 31, &day))
		return false;
	/* A day that the month has not comes back as another one. */
	int64_t days = days_from_date(year, month, day);
	date_from_days(days, &y, &m, &d);
	if (y != year || m != month || d != day)
		return false;
	*ret_days = days;
	return true;
}

bool
timeutil_parse(struct slice text, int64_t *ret_us)
{
	int64_t days, fraction = 0, offset;
	int hour, minute, second;
	char mark;

	if (!take_date(&text, &days) || !take_char(&text, "Tt ", &mark) ||
	    !take_number(&text, 2, 0, 23, &hour) || !take_char(&text, ":", &mark) ||
	    !take_number(&text, 2, 0, 59, &minute) || !take_char(&text, ":", &mark) ||
	    !take_number(&text, 2, 0, 60, &second))
		return false;
	if (take_char(&text, ".", &mark) && !take_fraction(&text, &fraction))
		return false;
	if (!take_offset(&text, &offset) || text.len > 0)
		return false;
	int64_t seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
	*ret_us = seconds * US_PER_SECOND + fraction;
	return true;
}

size_t
timeutil_duration(int64_t us, char buf[TIMEUTIL_RELATIVE])
{
	/* Unsigned, because the lowest int64_t has no positive counterpart. */
	uint64_t span = us < 0 ? -(uint64_t)us : (uint64_t)us;
	uint64_t seconds = span / US_PER_SECOND;
	int len;

	if (seconds >= 86400)
		len = snprintf(buf, TIMEUTIL_RELATIVE, "%llud%lluh",
		    (unsigned long long)(seconds / 86400),
		    (unsigned long long)(seconds / 3600 % 24));
	else if (seconds >= 3600)
		len = snprintf(buf, TIMEUTIL_RELATIVE, "%uh%02um", (unsigned)seconds / 3600,
		    (unsigned)seconds / 60 % 60);
	else if (seconds >= 60)
		len = snprintf(buf, TIMEUTIL_RELATIVE, "%um%02us", (unsigned)seconds / 60,
		    (unsigned)seconds % 60);
	else if (seconds > 0 || span < 1000)
		len = snprintf(buf, TIMEUTIL_RELATIVE, "%us", (unsigned)seconds);
	else
		len = snprintf(buf, TIMEUTIL_RELATIVE, "%ums", (unsigned)(span / 1000));
	return (size_t)len;
}

size_t
timeutil_relative(int64_t at_us, int64_t now_us, char buf[TIMEUTIL_RELATIVE])
{
	char span[TIMEUTIL_RELATIVE];
	bool future = at_us > now_us;
	/* The difference in unsigned arithmetic cannot overflow; what does not fit is cut to the longest span. */
	uint64_t diff =
	    future ? (uint64_t)at_us - (uint64_t)now_us : (uint64_t)now_us - (uint64_t)at_us;
	timeutil_duration(diff > INT64_MAX ? INT64_MAX : (int64_t)diff, span);
	int len = future ? snprintf(buf, TIMEUTIL_RELATIVE, "in %s", span)
			 : snprintf(buf, TIMEUTIL_RELATIVE, "%s ago", span);
	return (size_t)len;
}
