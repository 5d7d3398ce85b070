/*
 * slice: a run of bytes that somebody else owns (layer 0).
 *
 * No NUL is promised, and the bytes may be anything. A slice with len 0 is empty; its data may then
 * be NULL. Whoever hands out a slice says in its own header how long the bytes stay valid.
 */
#ifndef DPWATCH_UTIL_SLICE_H
#define DPWATCH_UTIL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *data;
	size_t len;
};

/* A slice of a string literal. */
#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* A slice of a NUL-terminated string; NULL gives the empty slice. Inline, as all that every decoder asks of most words. */
static inline struct slice
slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

/* Same length and bytes. */
static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool
slice_eq_str(struct slice a, const char *text)
{
	return slice_eq(a, slice_of(text));
}

/* The same with the letters A-Z and a-z taken as equal (no locale). */
bool slice_case_eq(struct slice a, struct slice b);

static inline bool
slice_case_eq_str(struct slice a, const char *text)
{
	const struct slice b = slice_of(text);

	return a.len == b.len && slice_case_eq(a, b);
}

/* The slice without its first n bytes (without all of them where it is shorter). */
static inline struct slice
slice_from(struct slice s, size_t n)
{
	if (n >= s.len)
		return (struct slice){ NULL, 0 };
	return (struct slice){ s.data + n, s.len - n };
}

/* The first n bytes (all of them where it is shorter). */
static inline struct slice
slice_first(struct slice s, size_t n)
{
	return (struct slice){ s.data, n < s.len ? n : s.len };
}

/* Cuts what stands before the first `mark` off *rest, and the mark; all of it where there is none. Returns it. */
struct slice slice_cut(struct slice *rest, char mark);

/* Without blanks, tabs, CR, LF and NUL at both ends. */
struct slice slice_trim(struct slice s);

static inline bool
slice_starts(struct slice s, const char *prefix)
{
	const size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.data, prefix, len) == 0;
}

/* Behind UTF-8's byte order mark, where it begins with one (RFC 3629 6). */
static inline struct slice
slice_without_bom(struct slice s)
{
	return slice_starts(s, "\xEF\xBB\xBF") ? slice_from(s, 3) : s;
}

/* Whether that byte stands in it. */
static inline bool
slice_has(struct slice s, char c)
{
	return s.len > 0 && memchr(s.data, c, s.len) != NULL;
}

/* Where needle begins in s, or -1. An empty needle is found at 0. */
long slice_find(struct slice s, struct slice needle);

/*
 * Copies into a buffer of size bytes (at least 1) and adds a NUL; what does not fit is cut. Returns
 * the number of bytes copied without the NUL.
 */
size_t slice_copy(struct slice s, char *buf, size_t size);

/* A copy with a NUL, the caller's (free); NULL: out of memory. */
char *slice_dup(struct slice s);

/* How many decimal digits it begins with. */
size_t slice_digits(struct slice s);

/* Digits of the longest number. */
#define SLICE_DECIMAL 20

/* The number in decimal; the digits are in buf. */
struct slice slice_decimal(uint64_t value, char buf[SLICE_DECIMAL]);

/*
 * An unsigned decimal number that fills the whole slice and is at most max. False, and *ret_value
 * untouched, for anything else (empty, sign, blank, letter, overflow).
 */
bool slice_to_uint(struct slice s, unsigned long long max, unsigned long long *ret_value);

#endif
