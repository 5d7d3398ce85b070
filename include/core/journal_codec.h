/*
 * journal_codec: what the journal on disk looks like (core). No file is touched here.
 *
 * A journal is a run of frames, only ever appended to. A frame is a head of 20 bytes and a payload:
 *
 *   magic "dpwJ" | version u8 | kind u8 | 0 u16 | payload length u32 | CRC-32 of the payload u32 | CRC-32 of the 16 before u32
 *
 * Numbers are in the byte order of the machine that wrote it; on another one no frame begins with the magic. Three kinds:
 *
 *   owner  the line (struct redis_history) of the daemon that writes from here on.
 *   claim  written u64 | origin: what that daemon found when it claimed Redis (struct redis_history). Owners and claims tell
 *          whether a journal continues what a Redis holds (io/journal.h).
 *   batch  number u64 | moment (Unix ms) i64 | keys: arguments u32, bytes u32 | records: arguments u32, bytes u32 | keys | records,
 *          both as struct arg_buf holds them.
 *
 * A batch whose number is not above the one before it supersedes all from that number on: they were given up (folded), and
 * the number was used again. What was not written to its end (a torn tail) has no good frame behind it.
 */
#ifndef DPWATCH_CORE_JOURNAL_CODEC_H
#define DPWATCH_CORE_JOURNAL_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/change_codec.h"
#include "util/slice.h"

#define JOURNAL_VERSION 3
#define JOURNAL_HEAD 20
/* A payload; a batch has 512 records at most, of some 4 KiB at the very most. */
#define JOURNAL_PAYLOAD_MAX (16 * 1024 * 1024)
#define JOURNAL_OWNER_MAX 255

enum journal_kind { JOURNAL_OWNER = 1, JOURNAL_BATCH = 2, JOURNAL_CLAIM = 3 };

/* Bytes to be written. */
struct journal_buf {
	char *data;
	size_t len, room;
};
void journal_buf_release(struct journal_buf *buf);

/* Append a frame. 0; or -ENOMEM or -EMSGSIZE (beyond the bounds above), with the buffer as it was. */
int journal_put_owner(struct journal_buf *buf, struct slice instance);
int journal_put_claim(struct journal_buf *buf, uint64_t written, struct slice origin);
int journal_put_batch(struct journal_buf *buf, uint64_t number, int64_t moment_ms,
    const struct arg_buf *keys, const struct arg_buf *records);

struct journal_frame {
	uint64_t offset, len; /* in the file, its head included */
	enum journal_kind kind;
	struct slice owner; /* JOURNAL_OWNER; JOURNAL_CLAIM: the origin */
	uint64_t written;   /* JOURNAL_CLAIM */
	/* JOURNAL_BATCH; data points into the file, room is 0 */
	uint64_t number;
	int64_t moment_ms;
	struct arg_buf keys, records;
	uint32_t n_records, n_toggles;
};

enum journal_read {
	JOURNAL_END,   /* *offset is the end of the file */
	JOURNAL_FRAME, /* *ret_frame is filled */
	JOURNAL_BAD, /* offset and len of *ret_frame say which bytes are no good frame, *ret_why why */
};

/*
 * Reads on from *offset (0 to begin), which then stands behind what was read. After bytes that are no good frame it goes on
 * with the next head that is one; there is none when offset + len of the bad ones is the end of the file: a torn tail.
 * The frame borrows from the file.
 */
enum journal_read journal_next(
    struct slice file, uint64_t *offset, struct journal_frame *ret_frame, const char **ret_why);

#endif
