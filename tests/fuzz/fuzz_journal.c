/* The journal: whatever the bytes, reading covers them once and in order, stays inside them, and what was read is written
 * the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/journal_codec.h"

static int
put_again(const struct journal_frame *frame, struct journal_buf *buf)
{
	switch (frame->kind) {
	case JOURNAL_OWNER:
		return journal_put_owner(buf, frame->owner);
	case JOURNAL_CLAIM:
		return journal_put_claim(buf, frame->written, frame->owner);
	case JOURNAL_BATCH:
		return journal_put_batch(
		    buf, frame->number, frame->moment_ms, &frame->keys, &frame->records);
	}
	abort();
}

static void
check_same(const struct journal_frame *frame, const uint8_t *data)
{
	struct journal_buf buf = { 0 };
	int error = put_again(frame, &buf);

	if (error != 0 || buf.len != frame->len ||
	    memcmp(buf.data, data + frame->offset, buf.len) != 0)
		abort();
	journal_buf_release(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice file = { (const char *)data, size };
	struct journal_frame frame;
	const char *why = NULL;
	uint64_t offset = 0, end = 0;
	enum journal_read read;

	while ((read = journal_next(file, &offset, &frame, &why)) != JOURNAL_END) {
		if (frame.offset != end || frame.len == 0 || offset != end + frame.len ||
		    offset > size || (read == JOURNAL_BAD && !why))
			abort();
		end = offset;
		if (read == JOURNAL_FRAME)
			check_same(&frame, data);
	}
	if (end != size)
		abort();
	return 0;
}
