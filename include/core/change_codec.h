/*
 * change_codec: what was decided -> the records of a batch, which change_pack makes what the Redis script reads (core).
 *
 * A record is a run of arguments: a letter, then its values in a fixed order. Some records also name one key, told by its
 * suffix ("port:<id>"); the prefix is put before it when the batch is sent. The script (REDIS_APPLY_SCRIPT) is the other
 * half of this contract and stands here, so that writer and reader are read side by side.
 */
#ifndef DPWATCH_CORE_CHANGE_CODEC_H
#define DPWATCH_CORE_CHANGE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arg_buf.h"
#include "core/dp_change.h"

/* The version of the Redis contract that this build writes; `schema` of the publisher hash. */
#define REDIS_SCHEMA 1

/*
 * Appends the record of one change to `args`, and the suffix of its key to `keys`. 0; or -ENOMEM, with both as they were.
 * A change makes one record; an interface change that is a transition also makes its link-events entry in the same record.
 */
int change_encode(const struct dp_change *change, struct arg_buf *args, struct arg_buf *keys);

/* What the script must know of a batch beside its records. Texts are borrowed. */
struct script_head {
	uint64_t epoch, number;
	int64_t moment_ms;
	const char *instance;
	const char *line; /* the line it writes as (struct redis_history) */
	/* The batch before was made by the same daemon, in the same epoch and line: `publisher` is as that left it. */
	bool follows;
	uint64_t events_max_length, others_max_length; /* of the streams */
	const struct arg_buf *records;
};

/*
 * Appends it: ten texts, in front of the records; the last one is "IT" where the records are an interface's and a toggle, and
 * empty for all others. 0; or -ENOMEM, with `args` as far as there was room.
 */
int script_head_encode(const struct script_head *head, struct arg_buf *args);

/* Values of a record behind its letter, at most. */
#define CHANGE_FIELDS_MAX 23

/* Places among the values: of a toggle's or port's record, and of an interface's. */
enum {
	RECORD_PORT_ID,
	RECORD_DOWN = 3,
	RECORD_KNOWN_REVISION,
	RECORD_REPORTED_AT = 18,
	RECORD_REMOVED = 22
};
enum { RECORD_TRANSITION, RECORD_INTERFACE = 2 };
/* At RECORD_REMOVED beside "true" and "false": the port stays, and an earlier record wrote all of its hash (struct dp_change). */
#define RECORD_WRITTEN "written"
/* ... the port stays, and batches before this one are lost (io/journal.h): Redis may hold another verdict than what this one was
 * a change of. A toggle to what Redis holds is told in the hash alone, and a hash without a toggle keeps Redis's verdict. */
#define RECORD_UNSURE "unsure"

struct change_record {
	const char *kind;          /* "toggle", "port", "interface", "redundancy", "forget" */
	const char *const *fields; /* the names of its values, ended by NULL */
	struct slice values[CHANGE_FIELDS_MAX]; /* borrowed from the buffer */
	char letter;                            /* of its kind: T, P, I, R, F */
};

/* The records of a buffer, in order: walk with *offset = 0. False at the end, and at bytes that are no record. */
bool change_next(const struct arg_buf *args, size_t *offset, struct change_record *ret_record);

/*
 * The toggles of encoded records, in order: walk with *offset = 0. False at the end (or at bytes that are no records). The port's
 * id and the revision that was known of it are borrowed from the buffer.
 */
bool change_next_toggle(const struct arg_buf *args, size_t *offset, struct slice *ret_port_id,
    struct slice *ret_known_revision);

/*
 * Applies one batch as one atomic step. KEYS: publisher, down, events, link-events, redundancy, then one for each record
 * that names a key, in order, all with one prefix. ARGV: the bytes of script_head_encode() and behind them all records as
 * core/change_pack.h packs them, as one argument, which the script takes apart with cmsgpack; then each state. Stream entries
 * have the id moment-n: n is the batch's number and four digits of the place in it, and its maker's moment never goes back. So
 * a batch that comes again to a Redis that lost its tail has the ids that it had, and a reader who had it is not told again. An
 * epoch is one instance's: another one that holds the same number (after a FLUSHALL two may) is deposed.
 * Reply: the text "ok", last batch, revisions of the toggles in order (0: refused) ..., ids of ports whose hash without a
 * toggle was refused ..., with a blank between each; or { status, last batch }, where nothing was changed: status is done, gap,
 * deposed, lost, schema, or "type KEY" for a shared key of the wrong type. An epoch in Redis that is older than ours is what a
 * Redis that lost its tail knows: ours is written again with the next batch that fits.
 */
extern const char REDIS_APPLY_SCRIPT[];

/*
 * Tries every command that REDIS_APPLY_SCRIPT uses, because one that an ACL refuses in its middle would leave half a batch.
 * KEYS: a key of dpwatch's prefix that nobody uses (it is gone again afterwards), then those of every batch in their order,
 * and one of each other kind.
 * Reply: "ok", or the error of the first command that an ACL refused, with the command.
 */
extern const char REDIS_PROBE_SCRIPT[];

/*
 * Becomes the publisher. KEYS: publisher. ARGV: instance, schema, the last batch that the caller knows (0: none), the epoch
 * that it had (0: none). Reply: { "ok", epoch, batch, origin, writer, written, moment }: three as struct redis_history has
 * them, and of the last batch in milliseconds (0: none); { "schema", version } where a newer daemon was here; { "type" }. A
 * claim writes no batch: however often it is repeated, it finds the same history.
 */
extern const char REDIS_CLAIM_SCRIPT[];

/* What a claim found: which run of batches Redis holds, and how far. All texts are borrowed. */
struct redis_history {
	/* The instance that claimed a Redis without `publisher` key, with which all that came after it began. */
	const char *origin;
	/* The line that wrote the last batch; "": nobody ever wrote one. Daemons that hand on one journal are one line, with the
	 * name of the first instance of them: a new one has the journal's before it could write to a disk that may be full. */
	const char *writer;
	/* Its number; 0: none. `batch` may be higher: a claim counts on from what its caller knows. */
	uint64_t written;
};

#endif
