/*
 * journal_left: what an earlier daemon left in the journal's files: read once, at the start (io). Private to io/journal.
 */
#ifndef DPWATCH_IO_JOURNAL_LEFT_H
#define DPWATCH_IO_JOURNAL_LEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/journal_codec.h"
#include "core/stats.h"
#include "io/journal_files.h"

/* What a daemon found in Redis when it claimed it, as its journal tells. */
struct journal_claim {
	uint64_t written;
	char origin[JOURNAL_OWNER_MAX + 1];
};

struct journal_left {
	struct journal_frame *frames; /* the batches that count, in order, by number */
	size_t n, room;
	size_t n_old; /* those of them that stand in the older of two files; 0 where there is one */
	char *bytes[2]; /* the files, which the frames borrow from */
	char (*owners)[JOURNAL_OWNER_MAX + 1];
	size_t n_owners;
	struct journal_claim *claims;
	size_t n_claims;
};

/*
 * Reads all files, cuts off torn tails, and counts and logs what is no good. 0; or a negative errno where a file could not
 * be read, or memory is out.
 */
int journal_left_read(struct journal_left *left, struct journal_files *files, struct stats *stats);
/* Whether its batches continue what Redis holds: io/journal.h, "Whose it is". */
bool journal_left_continues(const struct journal_left *left, const struct redis_history *history);
void journal_left_release(struct journal_left *left);

#endif
