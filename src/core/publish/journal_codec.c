#include "core/journal_codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char magic[4] = { 'd', 'p', 'w', 'J' };

struct head {
	char magic[4];
	uint8_t version, kind;
	uint16_t zero;
	uint32_t len, payload_crc, head_crc;
};
_Static_assert(sizeof(struct head) == JOURNAL_HEAD, "as on disk");

/* Before the keys and records of a batch. */
struct batch_head {
	uint64_t number;
	int64_t moment_ms;
	uint32_t n_keys, keys_len, n_records, records_len;
};
_Static_assert(sizeof(struct batch_head) == 32, "as on disk");

static uint32_t
crc_of(const void *bytes, size_t len)
{
	return (uint32_t)crc32(0, bytes, (uInt)len);
}

/* ---- writing ---- */

void
journal_buf_release(struct journal_buf *buf)
{
	free(buf->data);
	*buf = (struct journal_buf){ 0 };
}

static int
make_room(struct journal_buf *buf, size_t more)
{
	size_t need = buf->len + more;

	if (need <= buf->room)
		return 0;
	size_t room = need + need / 2 + 4096;
	char *data = realloc(buf->data, room);
	if (!data)
		return -ENOMEM;
	buf->data = data;
	buf->room = room;
	return 0;
}

static void
put(struct journal_buf *buf, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
}

/* The head of the frame whose payload is the last `len` bytes of the buffer, and whose room is before it. */
static void
seal(struct journal_buf *buf, enum journal_kind kind, size_t len)
{
	char *at = buf->data + buf->len - len - JOURNAL_HEAD;
	struct head head = {
		.version = JOURNAL_VERSION,
		.kind = (uint8_t)kind,
		.len = (uint32_t)len,
		.payload_crc = crc_of(at + JOURNAL_HEAD, len),
	};

	memcpy(head.magic, magic, sizeof(magic));
	head.head_crc = crc_of(&head, offsetof(struct head, head_crc));
	memcpy(at, &head, sizeof(head));
}

int
journal_put_owner(struct journal_buf *buf, struct slice instance)
{
	if (instance.len > JOURNAL_OWNER_MAX)
		return -EMSGSIZE;
	if (make_room(buf, JOURNAL_HEAD + instance.len) != 0)
		return -ENOMEM;
	buf->len += JOURNAL_HEAD;
	put(buf, instance.data, instance.len);
	seal(buf, JOURNAL_OWNER, instance.len);
	return 0;
}

int
journal_put_claim(struct journal_buf *buf, uint64_t written, struct slice origin)
{
	const size_t len = sizeof(written) + origin.len;

	if (origin.len > JOURNAL_OWNER_MAX)
		return -EMSGSIZE;
	if (make_room(buf, JOURNAL_HEAD + len) != 0)
		return -ENOMEM;
	buf->len += JOURNAL_HEAD;
	put(buf, &written, sizeof(written));
	put(buf, origin.data, origin.len);
	seal(buf, JOURNAL_CLAIM, len);
	return 0;
}

int
journal_put_batch(struct journal_buf *buf, uint64_t number, int64_t moment_ms,
    const struct arg_buf *keys, const struct arg_buf *records)
{
	size_t len = sizeof(struct batch_head) + keys->len + records->len;

	if (len > JOURNAL_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (make_room(buf, JOURNAL_HEAD + len) != 0)
		return -ENOMEM;
	const struct batch_head head = { number, moment_ms, keys->n_args, (uint32_t)keys->len,
		records->n_args, (uint32_t)records->len };
	buf->len += JOURNAL_HEAD;
	put(buf, &head, sizeof(head));
	put(buf, keys->data, keys->len);
	put(buf, records->data, records->len);
	seal(buf, JOURNAL_BATCH, len);
	return 0;
}

/* ---- reading ---- */

static bool
read_head(struct slice bytes, struct head *ret_head)
{
	if (bytes.len < JOURNAL_HEAD || memcmp(bytes.data, magic, sizeof(magic)) != 0)
		return false;
	memcpy(ret_head, bytes.data, sizeof(*ret_head));
	return ret_head->head_crc == crc_of(bytes.data, offsetof(struct head, head_crc));
}

static const char *
why_no_head(struct slice bytes)
{
	size_t n = bytes.len < sizeof(magic) ? bytes.len : sizeof(magic);

	if (memcmp(bytes.data, magic, n) != 0)
		return "no frame begins here";
	return bytes.len < JOURNAL_HEAD ? "it ends inside the head of a frame"
					: "the checksum of the frame's head is wrong";
}

/* Exactly n arguments in exactly these bytes. */
static bool
args_fill(const struct arg_buf *args)
{
	struct slice arg;
	size_t at = 0;
	uint32_t n = 0;

	while (arg_buf_next(args, &at, &arg))
		n++;
	return at == args->len && n == args->n_args;
}

/* Nothing but records, and a key for each. */
static bool
records_fill(struct journal_frame *frame)
{
	struct change_record record;
	size_t at = 0;

	while (change_next(&frame->records, &at, &record)) {
		frame->n_records++;
		frame->n_toggles += record.letter == 'T';
	}
	return at == frame->records.len && frame->n_records == frame->keys.n_args;
}

static bool
read_batch(struct slice payload, struct journal_frame *frame)
{
	struct batch_head head;

	if (payload.len < sizeof(head))
		return false;
	memcpy(&head, payload.data, sizeof(head));
	if ((uint64_t)head.keys_len + head.records_len != payload.len - sizeof(head))
		return false;
	char *keys = (char *)(uintptr_t)payload.data + sizeof(head);
	frame->number = head.number;
	frame->moment_ms = head.moment_ms;
	frame->keys = (struct arg_buf){ keys, head.keys_len, 0, head.n_keys };
	frame->records =
	    (struct arg_buf){ keys + head.keys_len, head.records_len, 0, head.n_records };
	return head.number > 0 && args_fill(&frame->keys) && args_fill(&frame->records) &&
	       records_fill(frame);
}

static bool
read_owner(struct slice payload, struct journal_frame *frame)
{
	frame->owner = payload;
	return payload.len <= JOURNAL_OWNER_MAX;
}

static bool
read_claim(struct slice payload, struct journal_frame *frame)
{
	if (payload.len < sizeof(frame->written))
		return false;
	memcpy(&frame->written, payload.data, sizeof(frame->written));
	return read_owner(slice_from(payload, sizeof(frame->written)), frame);
}

static bool
read_payload(struct slice payload, struct journal_frame *frame)
{
	switch (frame->kind) {
	case JOURNAL_OWNER:
		return read_owner(payload, frame);
	case JOURNAL_CLAIM:
		return read_claim(payload, frame);
	case JOURNAL_BATCH:
		return read_batch(payload, frame);
	}
	return false;
}

/* NULL; or why what begins there is no good frame. */
static const char *
read_frame(struct slice bytes, struct journal_frame *frame)
{
	struct head head;

	if (!read_head(bytes, &head))
		return why_no_head(bytes);
	if (head.version != JOURNAL_VERSION)
		return "the frame is of another version of dpwatch";
	if (head.len > JOURNAL_PAYLOAD_MAX)
		return "the frame is longer than any that dpwatch writes";
	if (head.len > bytes.len - JOURNAL_HEAD)
		return "it ends inside a frame";
	struct slice payload = { bytes.data + JOURNAL_HEAD, head.len };
	if (head.payload_crc != crc_of(payload.data, payload.len))
		return "the checksum of the frame is wrong";
	frame->kind = (enum journal_kind)head.kind;
	frame->len = JOURNAL_HEAD + payload.len;
	if (!read_payload(payload, frame))
		return "the frame holds what this version of dpwatch does not write";
	return NULL;
}

/* Where the next head begins after the first byte, or the end. */
static size_t
next_head(struct slice bytes)
{
	struct head head;

	for (size_t at = 1; at < bytes.len;) {
		const char *found = memmem(bytes.data + at, bytes.len - at, magic, sizeof(magic));
		if (!found)
			break;
		at = (size_t)(found - bytes.data);
		if (read_head(slice_from(bytes, at), &head))
			return at;
		at++;
	}
	return bytes.len;
}

enum journal_read
journal_next(
    struct slice file, uint64_t *offset, struct journal_frame *ret_frame, const char **ret_why)
{
	struct slice rest = slice_from(file, (size_t)*offset);
	struct journal_frame frame = { .offset = *offset };

	if (rest.len == 0)
		return JOURNAL_END;
	const char *why = read_frame(rest, &frame);
	if (why) {
		frame = (struct journal_frame){ .offset = *offset, .len = next_head(rest) };
		*ret_why = why;
	}
	*offset += frame.len;
	*ret_frame = frame;
	return why ? JOURNAL_BAD : JOURNAL_FRAME;
}
