/*
 * Every element of a message, found by walking it: a constructed one's content is elements again, and so is that of an
 * OCTET STRING that begins with a sequence (msgSecurityParameters). Each has one length field, and each kind of mutation is
 * done to each of them.
 */
#include "lib/mutate.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ELEMENTS_MAX 512

struct element {
	size_t at;  /* of its length field */
	size_t n;   /* octets of that */
	size_t len; /* what it says */
};

/* What the length field becomes; the rest of the message moves behind it. */
struct kind {
	const char *name;
	/* Writes the new field (at most 16 octets) for a length; returns its size, 0: there is no such one here. */
	size_t (*write)(size_t len, unsigned char *field);
};

static size_t
write_definite(size_t len, unsigned char *field)
{
	if (len < 0x80) {
		field[0] = (unsigned char)len;
		return 1;
	}
	if (len < 0x100) {
		field[0] = 0x81;
		field[1] = (unsigned char)len;
		return 2;
	}
	field[0] = 0x82;
	field[1] = (unsigned char)(len >> 8);
	field[2] = (unsigned char)len;
	return 3;
}

#define SHIFTED(name, condition, new_len)                                  \
	static size_t name(size_t len, unsigned char *field)               \
	{                                                                  \
		return (condition) ? write_definite((new_len), field) : 0; \
	}
SHIFTED(cut_by_one, len > 0, len - 1)
SHIFTED(cut_by_two, len > 1, len - 2)
SHIFTED(halved, len > 1, len / 2)
SHIFTED(emptied, len > 0, 0)
SHIFTED(grown_by_one, true, len + 1)
SHIFTED(grown_by_two, true, len + 2)
SHIFTED(grown_by_seven, true, len + 7)
SHIFTED(doubled, len > 0, len * 2)
SHIFTED(largest_short, len != 127, 127)
SHIFTED(largest_of_two, len != 65535, 65535)

#define FIXED(name, bytes)                                   \
	static size_t name(size_t len, unsigned char *field) \
	{                                                    \
		(void)len;                                   \
		memcpy(field, bytes, sizeof(bytes) - 1);     \
		return sizeof(bytes) - 1;                    \
	}
FIXED(indefinite, "\x80")
FIXED(reserved, "\xff")
FIXED(negative_one, "\x81\xff")
FIXED(negative, "\x84\xff\xff\xff\xff")
FIXED(most_negative, "\x84\x80\x00\x00\x00")
FIXED(largest, "\x84\x7f\xff\xff\xff")
FIXED(of_64_bits, "\x88\xff\xff\xff\xff\xff\xff\xff\xff")
FIXED(one_beyond, "\x84\x00\x01\x00\x00")

/* The right number in more octets than a length can have: the parents do not know of them either. */
static size_t
overlong(size_t len, unsigned char *field)
{
	memset(field, 0, 10);
	field[0] = 0x89;
	field[8] = (unsigned char)(len >> 8);
	field[9] = (unsigned char)len;
	return 10;
}

/* Another element begins where the length should end. */
static size_t
nested(size_t len, unsigned char *field)
{
	size_t n = write_definite(len, field);

	field[n] = 0x30;
	return n + 1 + write_definite(len, field + n + 1);
}

/* End-of-contents octets at once. */
static size_t
indefinite_and_ended(size_t len, unsigned char *field)
{
	(void)len;
	memcpy(field, "\x80\x00\x00", 3);
	return 3;
}

static const struct kind kinds[] = {
	{ "cut by one", cut_by_one },
	{ "cut by two", cut_by_two },
	{ "halved", halved },
	{ "emptied", emptied },
	{ "grown by one", grown_by_one },
	{ "grown by two", grown_by_two },
	{ "grown by seven", grown_by_seven },
	{ "doubled", doubled },
	{ "127", largest_short },
	{ "65535", largest_of_two },
	{ "indefinite", indefinite },
	{ "indefinite and ended at once", indefinite_and_ended },
	{ "reserved", reserved },
	{ "-1 in one octet", negative_one },
	{ "-1", negative },
	{ "-2147483648", most_negative },
	{ "2147483647", largest },
	{ "64 bits", of_64_bits },
	{ "65536", one_beyond },
	{ "overlong", overlong },
	{ "nested", nested },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- the elements ---- */

struct walk {
	const unsigned char *base;
	struct element elements[ELEMENTS_MAX];
	size_t n;
};

static size_t
read_length(const unsigned char *field, size_t *ret_n)
{
	size_t len = 0;

	*ret_n = 1;
	if (field[0] < 0x80)
		return field[0];
	*ret_n += field[0] & 0x7f;
	for (size_t i = 1; i < *ret_n; i++)
		len = len << 8 | field[i];
	return len;
}

static void
walk(struct walk *walk_, size_t from, size_t to)
{
	while (from < to) {
		unsigned char tag = walk_->base[from];
		struct element element = { .at = from + 1 };
		element.len = read_length(walk_->base + from + 1, &element.n);
		size_t content = from + 1 + element.n;
		ck_assert_uint_le(content + element.len, to);
		ck_assert_uint_lt(walk_->n, ELEMENTS_MAX);
		walk_->elements[walk_->n++] = element;
		bool holds_sequence = tag == 0x04 && element.len > 2 &&
				      walk_->base[content] == 0x30 &&
				      walk_->base[content + 1] == element.len - 2;
		if ((tag & 0x20) != 0 || holds_sequence)
			walk(walk_, content, content + element.len);
		from = content + element.len;
	}
}

/* Number `wanted` of the mutations; false, and how many there are, when there is no such one. */
static bool
find(struct slice message, size_t wanted, struct element *ret_element, const struct kind **ret_kind,
    size_t *ret_count)
{
	struct walk all = { .base = (const unsigned char *)message.data };
	unsigned char field[24];
	size_t i = 0;

	walk(&all, 0, message.len);
	for (size_t e = 0; e < all.n; e++) {
		for (size_t k = 0; k < N_KINDS; k++) {
			if (kinds[k].write(all.elements[e].len, field) == 0)
				continue;
			if (i++ != wanted)
				continue;
			*ret_element = all.elements[e];
			*ret_kind = &kinds[k];
			return true;
		}
	}
	*ret_count = i;
	return false;
}

size_t
mutate_count(struct slice message)
{
	struct element element;
	const struct kind *kind;
	size_t count = 0;

	ck_assert(!find(message, SIZE_MAX, &element, &kind, &count));
	return count;
}

struct slice
mutate(struct slice message, size_t i, char *buf, size_t size)
{
	struct element element;
	const struct kind *kind;
	unsigned char field[24];
	size_t count;

	ck_assert(find(message, i, &element, &kind, &count));
	ck_assert_uint_ge(size, message.len + 16);
	size_t n = kind->write(element.len, field), rest = element.at + element.n;
	memcpy(buf, message.data, element.at);
	memcpy(buf + element.at, field, n);
	memcpy(buf + element.at + n, message.data + rest, message.len - rest);
	return (struct slice){ buf, element.at + n + message.len - rest };
}

const char *
mutate_text(struct slice message, size_t i)
{
	static char text[80];
	struct element element;
	const struct kind *kind;
	size_t count;

	ck_assert(find(message, i, &element, &kind, &count));
	snprintf(text, sizeof(text), "the element at %zu: %s", element.at - 1, kind->name);
	return text;
}
