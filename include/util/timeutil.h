/*
 * timeutil: times as text (layer 0). No clock is read here; every time is microseconds since 1970-01-01 UTC.
 *
 * RFC 3339 is the one form that streams, the API and logs write: "2024-05-01T12:34:56.123456Z".
 */
#ifndef DPWATCH_UTIL_TIMEUTIL_H
#define DPWATCH_UTIL_TIMEUTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/* "2024-05-01T12:34:56.123456Z" and a NUL. */
#define TIMEUTIL_TEXT 28

/* The longest that timeutil_duration and timeutil_relative write: "in 106751991d4h" and a NUL. */
#define TIMEUTIL_RELATIVE 24

/*
 * Writes UTC with six decimals. A time outside the years 0000 to 9999 is written as the nearest one inside. Returns the
 * length without the NUL, always TIMEUTIL_TEXT - 1.
 */
size_t timeutil_format(int64_t us, char buf[TIMEUTIL_TEXT]);

/*
 * Reads an RFC 3339 date-time that fills the whole slice (section 5.6): any offset, `T` and `Z` in either case, a blank
 * instead of `T`, a fraction of any length (digits beyond the sixth are cut), second 60 as the second after 59. False, and
 * *ret_us untouched, for anything else, also for a date that no calendar has.
 */
bool timeutil_parse(struct slice text, int64_t *ret_us);

/*
 * A span of time for people, in its two largest units: "0s", "12s", "3m12s", "2h05m", "5d3h"; below a second "120ms". The
 * sign is ignored. Returns the length.
 */
size_t timeutil_duration(int64_t us, char buf[TIMEUTIL_RELATIVE]);

/* "3m12s ago", or "in 2h05m" where at_us lies after now_us. Returns the length. */
size_t timeutil_relative(int64_t at_us, int64_t now_us, char buf[TIMEUTIL_RELATIVE]);

#endif
