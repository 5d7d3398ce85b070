#include "core/suspects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "util/ascii.h"

/* Of a line that is as long as it likes, so much makes its shape. */
#define SHAPE_BYTES 512

struct suspects {
	size_t n;
	uint64_t evicted;
	struct suspect items[SUSPECTS_MAX];
};

struct suspects *
suspects_new(void)
{
	return calloc(1, sizeof(struct suspects));
}

void
suspects_free(struct suspects *suspects)
{
	free(suspects);
}

static uint64_t
hash_byte(uint64_t hash, char c)
{
	return (hash ^ (uint8_t)c) * 1099511628211ULL; /* FNV-1a */
}

/* Letters alone: stamps, counters and ports differ from line to line, and so does how they are padded. */
static uint64_t
shape_of(struct slice sw, struct slice line)
{
	uint64_t hash = 14695981039346656037ULL;

	for (size_t i = 0; i < sw.len; i++)
		hash = hash_byte(hash, sw.data[i]);
	for (size_t i = 0; i < line.len && i < SHAPE_BYTES; i++) {
		if (is_alpha(line.data[i]))
			hash = hash_byte(hash, line.data[i]);
	}
	return hash;
}

/* One character as a rules file's `sample` writes it. Returns the length of the text; *ret_taken: bytes of line. */
static size_t
escape(struct slice line, char out[8], size_t *ret_taken)
{
	size_t len = text_char(line);
	struct slice one = slice_first(line, len);

	*ret_taken = len > 0 ? len : 1;
	if (line.data[0] == '\\') {
		memcpy(out, "\\\\", 2);
		return 2;
	}
	if (len > 0 && !text_has_control(one)) {
		memcpy(out, one.data, one.len);
		return one.len;
	}
	*ret_taken = 1;
	return (size_t)snprintf(out, 8, "\\x%02x", (unsigned)(uint8_t)line.data[0]);
}

static void
escape_all(struct slice line, char *buf, size_t size)
{
	size_t at = 0, taken;
	char one[8];

	while (line.len > 0) {
		size_t len = escape(line, one, &taken);
		if (at + len + 4 > size) {
			memcpy(buf + at, "...", 3);
			at += 3;
			break;
		}
		memcpy(buf + at, one, len);
		at += len;
		line = slice_from(line, taken);
	}
	buf[at] = '\0';
}

/* The sample of this shape, or the place for a new one. */
static struct suspect *
place_for(struct suspects *suspects, uint64_t shape)
{
	struct suspect *oldest = &suspects->items[0];

	for (size_t i = 0; i < suspects->n; i++) {
		struct suspect *each = &suspects->items[i];
		if (each->shape == shape)
			return each;
		if (each->last_us < oldest->last_us)
			oldest = each;
	}
	if (suspects->n < SUSPECTS_MAX)
		oldest = &suspects->items[suspects->n++];
	else
		suspects->evicted++;
	*oldest = (struct suspect){ .shape = shape };
	return oldest;
}

void
suspects_note(struct suspects *suspects, struct slice sw, struct slice line, int64_t wall_us)
{
	struct suspect *suspect = place_for(suspects, shape_of(sw, line));

	if (suspect->count++ == 0)
		suspect->first_us = wall_us;
	suspect->last_us = wall_us;
	slice_copy(sw, suspect->sw, sizeof(suspect->sw));
	escape_all(slice_trim(line), suspect->text, sizeof(suspect->text));
}

size_t
suspects_n(const struct suspects *suspects)
{
	return suspects ? suspects->n : 0;
}

const struct suspect *
suspects_get(const struct suspects *suspects, size_t i)
{
	return &suspects->items[i];
}

uint64_t
suspects_evicted(const struct suspects *suspects)
{
	return suspects ? suspects->evicted : 0;
}
