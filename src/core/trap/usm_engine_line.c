/*
 * usm_engines: an engine as a line of text, "0xID BOOTS TIME HEARD ADDRESS USER ...": HEARD in microseconds since 1970, the
 * users' names have no blanks (usm_user).
 */
#include <stdio.h>
#include <string.h>

#include "core/usm_engines.h"

#include "util/ascii.h"

const char *
usm_engine_id_format(const uint8_t *id, size_t len, char *buf)
{
	static const char digits[] = "0123456789abcdef";
	char *to = buf;

	*to++ = '0';
	*to++ = 'x';
	for (size_t i = 0; i < len && i < USM_ENGINE_ID_MAX; i++) {
		*to++ = digits[id[i] >> 4];
		*to++ = digits[id[i] & 15];
	}
	*to = '\0';
	return buf;
}

bool
usm_engine_id_parse(struct slice text, uint8_t *ret_id, size_t *ret_len)
{
	uint8_t id[USM_ENGINE_ID_MAX];

	if (slice_starts(text, "0x"))
		text = slice_from(text, 2);
	if (text.len == 0 || text.len % 2 != 0 || text.len > sizeof(id) * 2)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_value(text.data[i]), low = hex_value(text.data[i + 1]);
		if (high < 0 || low < 0)
			return false;
		id[i / 2] = (uint8_t)(high * 16 + low);
	}
	*ret_len = text.len / 2;
	memcpy(ret_id, id, *ret_len);
	return true;
}

size_t
usm_engine_line(const struct usm_engine *engine, char *buf)
{
	char id[USM_ENGINE_TEXT], address[ADDR_TEXT_MAX];
	int n = snprintf(buf, USM_ENGINE_LINE_MAX, "%s %u %u %lld %s",
	    usm_engine_id_format(engine->id, engine->id_len, id), engine->boots, engine->time,
	    (long long)engine->heard_us, addr_format(&engine->from, address));

	for (size_t i = 0; i < USM_ENGINE_USERS; i++)
		if (engine->users[i].name[0] != '\0')
			n += snprintf(
			    buf + n, USM_ENGINE_LINE_MAX - (size_t)n, " %s", engine->users[i].name);
	return (size_t)n;
}

static struct slice
take_word(struct slice *line)
{
	size_t len = 0;

	while (len < line->len && line->data[len] != ' ')
		len++;
	struct slice word = slice_first(*line, len);
	*line = slice_from(*line, len + 1);
	return word;
}

bool
usm_engines_take_line(struct usm_engines *engines, struct slice line)
{
	struct usm_engine read = { .at_ns = 0 };
	unsigned long long boots, time, heard;

	if (!usm_engine_id_parse(take_word(&line), read.id, &read.id_len) ||
	    read.id_len < USM_ENGINE_ID_MIN ||
	    !slice_to_uint(take_word(&line), INT32_MAX, &boots) ||
	    !slice_to_uint(take_word(&line), INT32_MAX, &time) ||
	    !slice_to_uint(take_word(&line), INT64_MAX, &heard) ||
	    !addr_parse(take_word(&line), &read.from))
		return false;
	for (size_t i = 0; i < USM_ENGINE_USERS && line.len > 0; i++) {
		struct slice name = take_word(&line);
		if (name.len == 0 || name.len > USM_USER_MAX)
			return false;
		slice_copy(name, read.users[i].name, sizeof(read.users[i].name));
		read.next_user++;
	}
	struct slice id = { (const char *)read.id, read.id_len };
	if (line.len > 0 || usm_engines_find(engines, id))
		return false;
	struct usm_engine *engine = usm_engines_add(engines, id);
	engine->boots = (uint32_t)boots;
	engine->time = (uint32_t)time;
	engine->heard_us = (int64_t)heard;
	engine->from = read.from;
	memcpy(engine->users, read.users, sizeof(engine->users));
	engine->next_user = read.next_user;
	return true;
}
