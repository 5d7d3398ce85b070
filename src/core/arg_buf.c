#include "core/arg_buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How MessagePack begins a text: the length in the byte itself, or 1, 2 or 4 bytes of it behind, high byte first. */
#define TEXT_SHORT 0xa0
#define TEXT_SHORT_MAX 31
#define TEXT_8 0xd9
#define TEXT_16 0xda
#define TEXT_32 0xdb
#define HEAD_MAX 5
#define NIL 0xc0

/* Writes the head of a text of this length; returns its bytes. */
static size_t
put_head(uint8_t head[HEAD_MAX], uint32_t len)
{
	if (len <= TEXT_SHORT_MAX) {
		head[0] = (uint8_t)(TEXT_SHORT | len);
		return 1;
	}
	const size_t n = len <= UINT8_MAX ? 1 : len <= UINT16_MAX ? 2 : 4;
	head[0] = n == 1 ? TEXT_8 : n == 2 ? TEXT_16 : TEXT_32;
	for (size_t i = 0; i < n; i++)
		head[1 + i] = (uint8_t)(len >> 8 * (n - 1 - i));
	return 1 + n;
}

/* The length of the text that begins with `first`, or of the length that follows: *ret_n bytes of it. False: no text. */
static bool
read_first(uint8_t first, uint32_t *ret_len, size_t *ret_n)
{
	*ret_len = 0;
	*ret_n = first == TEXT_8 ? 1 : first == TEXT_16 ? 2 : first == TEXT_32 ? 4 : 0;
	if ((first & ~TEXT_SHORT_MAX) == TEXT_SHORT)
		*ret_len = first & TEXT_SHORT_MAX;
	else if (*ret_n == 0)
		return false;
	return true;
}

static bool
make_room(struct arg_buf *buf, size_t need)
{
	if (need <= buf->room)
		return true;
	const size_t room = need * 2 + 4096;
	char *data = realloc(buf->data, room);
	if (!data)
		return false;
	buf->data = data;
	buf->room = room;
	return true;
}

int
arg_buf_add(struct arg_buf *buf, struct slice arg)
{
	uint8_t head[HEAD_MAX];
	const size_t head_len = put_head(head, (uint32_t)arg.len);

	if (!make_room(buf, buf->len + head_len + arg.len))
		return -ENOMEM;
	memcpy(buf->data + buf->len, head, head_len);
	if (arg.len > 0)
		memcpy(buf->data + buf->len + head_len, arg.data, arg.len);
	buf->len += head_len + arg.len;
	buf->n_args++;
	return 0;
}

int
arg_buf_add_nil(struct arg_buf *buf)
{
	if (!make_room(buf, buf->len + 1))
		return -ENOMEM;
	buf->data[buf->len++] = (char)NIL;
	buf->n_args++;
	return 0;
}

bool
arg_buf_next(const struct arg_buf *buf, size_t *offset, struct slice *ret_arg)
{
	size_t at = *offset, n;
	uint32_t len;

	if (at >= buf->len || !read_first((uint8_t)buf->data[at++], &len, &n) || n > buf->len - at)
		return false;
	for (; n > 0; n--)
		len = len << 8 | (uint8_t)buf->data[at++];
	if (len > buf->len - at)
		return false;
	*ret_arg = (struct slice){ buf->data + at, len };
	*offset = at + len;
	return true;
}

void
arg_buf_clear(struct arg_buf *buf)
{
	buf->len = 0;
	buf->n_args = 0;
}

void
arg_buf_release(struct arg_buf *buf)
{
	free(buf->data);
	*buf = (struct arg_buf){ 0 };
}
