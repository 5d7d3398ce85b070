#include "core/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* RFC 3629, section 4: the first byte says how many follow, and bounds the second one. */
static const struct utf8_form {
	uint8_t first_low, first_high, second_low, second_high;
	size_t len;
} utf8_forms[] = {
	{ 0x00, 0x7f, 0, 0, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },                                /* not overlong */
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
	{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 }, /* not overlong */
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 }, /* up to U+10FFFF */
};

static const struct utf8_form *
form_of(uint8_t first)
{
	for (size_t i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++)
		if (first >= utf8_forms[i].first_low && first <= utf8_forms[i].first_high)
			return &utf8_forms[i];
	return NULL;
}

size_t
text_char(struct slice text)
{
	const uint8_t *bytes = (const uint8_t *)text.data;

	if (text.len == 0)
		return 0;
	const struct utf8_form *form = form_of(bytes[0]);
	if (!form || text.len < form->len)
		return 0;
	if (form->len > 1 && (bytes[1] < form->second_low || bytes[1] > form->second_high))
		return 0;
	for (size_t i = 2; i < form->len; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return form->len;
}

bool
text_is_utf8(struct slice text)
{
	while (text.len > 0) {
		size_t len = text_char(text);
		if (len == 0)
			return false;
		text = slice_from(text, len);
	}
	return true;
}

/* C1 (U+0080 to U+009F) moves a terminal's cursor as C0 does. */
static bool
is_control(const uint8_t *bytes, size_t len)
{
	if (bytes[0] < 0x20 || bytes[0] == 0x7f)
		return true;
	return len > 1 && bytes[0] == 0xc2 && bytes[1] < 0xa0;
}

bool
text_has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (is_control((const uint8_t *)text.data + i, text.len - i))
			return true;
	return false;
}

size_t
text_n_chars(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		if (((uint8_t)text.data[i] & 0xc0) != 0x80)
			n++;
	return n;
}

const char *
text_quote(struct slice text, char *buf, size_t size)
{
	size_t at = 0, room = size - 1, mark = 0;

	while (text.len > 0) {
		size_t len = text_char(text);
		bool odd = len == 0 || is_control((const uint8_t *)text.data, len);
		size_t taken = len > 0 ? len : 1, written = odd ? 1 : len;
		if (at + written > room) {
			memcpy(buf + mark, "...", 4);
			return buf;
		}
		memcpy(buf + at, odd ? "?" : text.data, written);
		at += written;
		/* The last place where dots would still fit. */
		if (at + 3 <= room)
			mark = at;
		text = slice_from(text, taken);
	}
	buf[at] = '\0';
	return buf;
}

const char *
text_join(const char *const *names, size_t n, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *between = i == 0 ? "" : i + 1 == n ? " or " : ", ";
		int len = snprintf(buf + used, size - used, "%s%s", between, names[i]);
		if (len < 0 || (size_t)len >= size - used) {
			buf[used] = '\0';
			break;
		}
		used += (size_t)len;
	}
	return buf;
}

#define NEAR_MAX 40

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
same(char a, char b)
{
	return slice_case_eq((struct slice){ &a, 1 }, (struct slice){ &b, 1 });
}

/* Optimal string alignment distance; both at most NEAR_MAX long. */
static size_t
distance(struct slice a, struct slice b)
{
	size_t rows[3][NEAR_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t swap = same(a.data[i - 1], b.data[j - 1]) ? 0 : 1;
			now[j] = least(last[j - 1] + swap, least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a.data[i - 1], b.data[j - 2]) &&
			    same(a.data[i - 2], b.data[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		size_t *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b.len];
}

/* A third of the word may be wrong, but never all of a short one. */
const char *
text_nearest(struct slice text, const char *const *names, size_t n)
{
	const char *nearest = NULL;
	size_t limit = least(text.len / 3 + 1, 3);

	if (text.len > NEAR_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct slice name = slice_of(names[i]);
		if (name.len > NEAR_MAX || name.len <= 1)
			continue;
		size_t far = distance(text, name);
		if (far > limit || far >= name.len)
			continue;
		nearest = names[i];
		if (far == 0)
			break;
		limit = far - 1;
	}
	return nearest;
}
