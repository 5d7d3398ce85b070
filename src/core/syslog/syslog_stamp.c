/*
 * Every form is a row of a table, written in a language of single letters:
 *
 *	b  month name      e  day, blank padded or not      Y  year, 4 digits      y  year, 2 digits
 *	m  month, d  day, 1 or 2 digits      T  hour:minute:second[.fraction]      t  'T' or blanks
 *	' '  one blank or more      anything else  itself
 */
#include "core/syslog_stamp.h"

#include <string.h>

#include "util/ascii.h"

static const char *const forms[] = {
	"b e Y T",   /* Mar  1 2025 10:00:00 */
	"b e T Y",   /* Mar  1 10:00:00 2025 (Comware) */
	"b e T",     /* Mar  1 10:00:00.120 (RFC 3164) */
	"Y b e T",   /* 2025 Mar  1 10:00:00 (NX-OS) */
	"Y-m-dtT",   /* 2025-03-01T10:00:00.1 (RFC 3339), also with a blank */
	"d-b-Y T",   /* 01-Mar-2025 10:00:01 (Small Business) */
	"m/d/Y T",   /* 03/01/2025 10:00:00.12 */
	"[m/d/y T]", /* [03/01/10 10:00:03] (Passport) */
};
#define N_FORMS (sizeof(forms) / sizeof(forms[0]))

/* Names of zones that a switch may print behind its time, each between blanks. They are no hosts,
 * and tell no offset. */
static const char zone_names[] =
    " CET CEST MET MEST EET EEST WET WEST BST IST MSK/MSD MSK MSD EST EDT CST CDT MST MDT PST PDT"
    " AKST AKDT HST AST ADT NST NDT BRT BRST ART CLT SAST EAT WAT CAT GST PKT NPT ICT WIB HKT SGT"
    " MYT PHT JST KST AWST ACST ACDT AEST AEDT NZST NZDT YEKT NOVT KRAT IRKT VLAT ";
#define ZONE_NAME_MIN 3
#define ZONE_NAME_MAX 7

struct reader {
	struct slice rest;
	int year, month, day, hour, minute, second; /* 0: not told */
	int32_t micros;
};

static char
peek(const struct reader *r)
{
	return r->rest.len > 0 ? r->rest.data[0] : '\0';
}

static void
skip(struct reader *r, size_t n)
{
	r->rest = slice_from(r->rest, n);
}

static bool
is_word(char c)
{
	return is_digit(c) || is_alpha(c) || c == '_' || c == '-';
}

static bool
read_blanks(struct reader *r, size_t min)
{
	size_t n = 0;

	while (peek(r) == ' ') {
		skip(r, 1);
		n++;
	}
	return n >= min;
}

/* A number of min to max digits that no further digit follows. */
static bool
read_number(struct reader *r, size_t min, size_t max, int *ret_value)
{
	size_t n = 0;
	int value = 0;

	while (n < max && n < r->rest.len && is_digit(r->rest.data[n]))
		value = value * 10 + (r->rest.data[n++] - '0');
	if (n < min || (n < r->rest.len && is_digit(r->rest.data[n])))
		return false;
	skip(r, n);
	*ret_value = value;
	return true;
}

static bool
read_literal(struct reader *r, char c)
{
	if (r->rest.len == 0 || peek(r) != c)
		return false;
	skip(r, 1);
	return true;
}

/* The number of the month whose name begins text, 0: none. */
static int
month_of(struct slice text)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char name[3];

	if (text.len < 3)
		return 0;
	for (int i = 0; i < 3; i++)
		name[i] = (char)(text.data[i] | 0x20);
	for (int i = 0; i < 12; i++)
		if (memcmp(name, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

static bool
read_month_name(struct reader *r)
{
	r->month = month_of(r->rest);
	if (r->month == 0)
		return false;
	skip(r, 3);
	return true;
}

/* Microseconds of ".120" or ".12.34" (a second fraction is read over). */
static void
read_fraction(struct reader *r)
{
	int32_t unit = 100000;
	bool first = true;

	while (peek(r) == '.' && r->rest.len > 1 && is_digit(r->rest.data[1])) {
		skip(r, 1);
		while (r->rest.len > 0 && is_digit(peek(r))) {
			if (first)
				r->micros += (peek(r) - '0') * unit;
			unit /= 10;
			skip(r, 1);
		}
		first = false;
	}
}

/* "10:00:00.120", unpadded "9:0:5" and blank padded "0: 1:40". */
static bool
read_time(struct reader *r)
{
	if (!read_number(r, 1, 2, &r->hour) || !read_literal(r, ':'))
		return false;
	read_blanks(r, 0);
	if (!read_number(r, 1, 2, &r->minute) || !read_literal(r, ':'))
		return false;
	read_blanks(r, 0);
	if (!read_number(r, 1, 2, &r->second))
		return false;
	read_fraction(r);
	return true;
}

static bool
read_item(struct reader *r, char item)
{
	switch (item) {
	case 'b':
		return read_month_name(r);
	case 'e':
	case 'd':
		return read_number(r, 1, 2, &r->day);
	case 'm':
		return read_number(r, 1, 2, &r->month);
	case 'Y':
		return read_number(r, 4, 4, &r->year);
	case 'y':
		return read_number(r, 2, 2, &r->year);
	case 'T':
		return read_time(r);
	case 't':
		return read_literal(r, 'T') || read_blanks(r, 1);
	case ' ':
		return read_blanks(r, 1);
	default:
		return read_literal(r, item);
	}
}

/* Whether a year that ends a form was one: "2025: " and "2025 h3c", but no "2001:db8::1" or
 * "2960-sw1", which are hosts. */
static bool
is_year_end(const struct reader *r)
{
	char next = peek(r), after = r->rest.len > 1 ? r->rest.data[1] : ' ';

	return r->year >= 1970 && r->year < 2100 &&
	       (r->rest.len == 0 || next == ' ' || (next == ':' && after == ' '));
}

static bool
read_form(struct reader *r, const char *form)
{
	char last = '\0';

	for (; *form; last = *form++)
		if (!read_item(r, *form))
			return false;
	return last == 'Y' ? is_year_end(r) : !is_digit(peek(r));
}

/* "+01:00", "-0500", "+06". */
static bool
read_offset(struct reader *r, int *ret_minutes)
{
	struct reader at = *r;
	int sign = peek(&at) == '-' ? -1 : 1, hours = 0, minutes = 0;

	if (peek(&at) != '+' && peek(&at) != '-')
		return false;
	skip(&at, 1);
	if (read_number(&at, 4, 4, &hours)) {
		minutes = hours % 100;
		hours /= 100;
	} else if (!read_number(&at, 1, 2, &hours)) {
		return false;
	} else if (peek(&at) == ':') {
		struct reader after = at;

		skip(&after, 1);
		if (read_number(&after, 2, 2, &minutes))
			at = after;
	}
	if (hours > 18 || minutes > 59 || is_word(peek(&at)))
		return false;
	*ret_minutes = sign * (hours * 60 + minutes);
	*r = at;
	return true;
}

static void
read_zone_name(struct reader *r)
{
	char name[ZONE_NAME_MAX + 3] = " ";
	size_t len = 0;

	while (len < r->rest.len && (is_word(r->rest.data[len]) || r->rest.data[len] == '/'))
		if (++len > ZONE_NAME_MAX)
			return;
	if (len < ZONE_NAME_MIN)
		return;
	for (size_t i = 0; i < len; i++) {
		char c = r->rest.data[i];

		name[i + 1] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	name[len + 1] = ' ';
	if (slice_find(SLICE(zone_names), (struct slice){ name, len + 2 }) >= 0)
		skip(r, len);
}

/* "UTC", "UTC+05:30", "GMT", "Z". Where '+' or '-' follows it must be an offset. */
static bool
read_utc(struct reader *r, int *ret_minutes)
{
	static const char *const names[] = { "UTC", "GMT", "Z" };

	for (size_t i = 0; i < 3; i++) {
		struct reader at = *r;
		size_t len = strlen(names[i]);

		if (!slice_case_eq(slice_first(r->rest, len), slice_of(names[i])))
			continue;
		skip(&at, len);
		if (!read_offset(&at, ret_minutes)) {
			if (is_word(peek(&at)))
				return false;
			*ret_minutes = 0;
		}
		*r = at;
		return true;
	}
	return false;
}

/*
 * The zone behind a time, glued to it or after blanks. True when it tells the offset; a zone that
 * doesn't is read over.
 */
static bool
read_zone(struct reader *r, int *ret_minutes)
{
	struct reader at = *r;

	read_blanks(&at, 0);
	if (read_offset(&at, ret_minutes) || read_utc(&at, ret_minutes)) {
		*r = at;
		return true;
	}
	size_t before = at.rest.len;
	read_zone_name(&at);
	if (at.rest.len < before)
		*r = at;
	return false;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar (years from March, so that the leap day
 * comes last). */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = y / 400, year_of_era = y % 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static bool
in_range(const struct reader *r)
{
	static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return r->year >= 1970 && r->month >= 1 && r->month <= 12 && r->day >= 1 &&
	       r->day <= month_days[r->month - 1] && r->hour < 24 && r->minute < 60 &&
	       r->second <= 60;
}

static void
set_time(struct syslog_stamp *stamp, const struct reader *r, int offset_minutes)
{
	if (!in_range(r))
		return;
	int64_t minutes =
	    days_of(r->year, r->month, r->day) * 1440 + r->hour * 60 + r->minute - offset_minutes;
	stamp->has_time = true;
	stamp->time_us = (minutes * 60 + r->second) * 1000000 + r->micros;
}

/* "1740823200.100200300" (Meraki): seconds of this century so far, a dot and a fraction. */
static size_t
read_epoch(struct slice text, struct syslog_stamp *stamp)
{
	struct reader r = { .rest = text };
	unsigned long long seconds = 0;

	if (text.len < 12 || !slice_to_uint(slice_first(text, 10), 9999999999ull, &seconds) ||
	    text.data[10] != '.' || !is_digit(text.data[11]))
		return 0;
	skip(&r, 10);
	read_fraction(&r);
	if (is_word(peek(&r)))
		return 0;
	stamp->has_time = true;
	stamp->time_us = (int64_t)seconds * 1000000 + r.micros;
	return text.len - r.rest.len;
}

/* What a form begins with that does not begin with a month's name. */
static bool
begins_number(struct slice text)
{
	return text.len > 0 && (is_digit(text.data[0]) || text.data[0] == '[');
}

size_t
syslog_stamp_read(struct slice text, struct syslog_stamp *ret_stamp)
{
	struct syslog_stamp stamp = { 0 };
	bool marked = text.len > 0 && (text.data[0] == '*' || text.data[0] == '.');
	bool console = text.len > 0 && text.data[0] == '%'; /* Comware, as on its console */
	size_t epoch = read_epoch(text, &stamp);

	if (epoch > 0) {
		*ret_stamp = stamp;
		return epoch;
	}
	struct slice bare = slice_from(text, marked || console ? 1 : 0);
	/* Most words of a header are no stamp, and the first bytes tell. */
	const bool by_name = month_of(bare) > 0;
	if (!by_name && (console || !begins_number(bare)))
		return 0;
	for (size_t i = 0; i < N_FORMS; i++) {
		struct reader r = { .rest = bare };
		int offset = 0;

		if ((forms[i][0] == 'b') != by_name || !read_form(&r, forms[i]))
			continue;
		if (read_zone(&r, &offset) && !marked)
			set_time(&stamp, &r, offset);
		*ret_stamp = stamp;
		return text.len - r.rest.len;
	}
	return 0;
}
