#include "util/slice.h"

#include <stdlib.h>
#include <string.h>

#include "util/ascii.h"

bool
slice_case_eq(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (to_lower(a.data[i]) != to_lower(b.data[i]))
			return false;
	return true;
}

static bool
is_padding(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

struct slice
slice_cut(struct slice *rest, char mark)
{
	const char *at = rest->len > 0 ? memchr(rest->data, mark, rest->len) : NULL;
	const size_t len = at ? (size_t)(at - rest->data) : rest->len;
	const struct slice part = slice_first(*rest, len);

	*rest = slice_from(*rest, at ? len + 1 : len);
	return part;
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && is_padding(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len > 0 && is_padding(s.data[s.len - 1]))
		s.len--;
	return s;
}

long
slice_find(struct slice s, struct slice needle)
{
	if (needle.len == 0)
		return 0;
	if (needle.len > s.len)
		return -1;
	const char *at = memmem(s.data, s.len, needle.data, needle.len);
	return at ? at - s.data : -1;
}

size_t
slice_copy(struct slice s, char *buf, size_t size)
{
	size_t len = s.len < size - 1 ? s.len : size - 1;

	if (len > 0)
		memcpy(buf, s.data, len);
	buf[len] = '\0';
	return len;
}

struct slice
slice_decimal(uint64_t value, char buf[SLICE_DECIMAL])
{
	char *const end = buf + SLICE_DECIMAL, *at = end;

	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	return (struct slice){ at, (size_t)(end - at) };
}

bool
slice_to_uint(struct slice s, unsigned long long max, unsigned long long *ret_value)
{
	unsigned long long value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		unsigned digit = (unsigned)(s.data[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

size_t
slice_digits(struct slice s)
{
	size_t n = 0;

	while (n < s.len && is_digit(s.data[n]))
		n++;
	return n;
}

char *
slice_dup(struct slice s)
{
	char *copy = malloc(s.len + 1);

	if (copy)
		slice_copy(s, copy, s.len + 1);
	return copy;
}
