/*
 * outbox_state: what the outbox's own files share (core, private to src/core/publish).
 *
 *   outbox.c        changes in, batches out to Redis
 *   outbox_fold.c   the same batches, shorter, when too much waits
 *   outbox_store.c  the same batches on disk
 *   outbox_list.c   the list of them
 */
#ifndef DPWATCH_CORE_OUTBOX_STATE_H
#define DPWATCH_CORE_OUTBOX_STATE_H

#include "core/outbox.h"
#include "util/byte_queue.h"

/*
 * The list is in order: [done ...][sent ...][waiting ...][open]. The open one, if any, is the last; its bytes are gathered
 * apart, and go to the others' when it is closed.
 */
struct outbox {
	struct outbox_batch *store;   /* allocated: `room` of them */
	struct outbox_batch *batches; /* the first one in use, in the store */
	struct byte_queue contents;   /* theirs, but for the open one's */
	size_t n, room;
	size_t n_done, n_sent; /* leading runs: done, then sent */
	bool open;             /* the last batch still takes changes: */
	struct arg_buf open_args, open_keys;
	uint64_t next_number;
	int64_t moment_ms;
	uint64_t last_serial, taken_serial; /* taken: handed out for storing, up to it */
	uint64_t stored_serial;
	uint64_t held_serial; /* from this one on nothing goes (outbox_let_go); 0: all may */
	uint64_t
	    settle_serial; /* tickets wait for this batch; 0: for none; UINT64_MAX: for outbox_settle */
	uint64_t last_ticket, done_ticket, stored_ticket;
	size_t bytes, max_bytes;
	size_t
	    unfolded_bytes; /* folding did not help when it had so many; 0: not tried since it did */
	bool overflowed;
	uint64_t folded;
};

/* ---- outbox_list.c ---- */
/* A new one at the end, with the next number. NULL: out of memory. */
struct outbox_batch *outbox_add_batch(struct outbox *outbox);
/* Gives the batch these bytes. False without memory. */
bool outbox_fill(struct outbox *outbox, struct outbox_batch *batch, const struct arg_buf *args,
    const struct arg_buf *keys);
/* Takes the first n batches out; the others stay where they are, because hours of them may wait. */
void outbox_cut_first(struct outbox *outbox, size_t n);
/* Takes the last ones out, from this one on. */
void outbox_cut_from(struct outbox *outbox, size_t first);
/* The first batch behind this serial. */
size_t outbox_index_after(const struct outbox *outbox, uint64_t serial);

/* ---- outbox_fold.c ---- */
/*
 * Folds what waits and was never sent; no batch may be open. False where that would not be enough, or was not possible: what
 * waits is then as it was or, where memory ran out in the middle, a part of what it should be, and has to be dropped.
 */
bool outbox_fold(struct outbox *outbox);

/* ---- outbox.c ---- */
/* The toggles of the batches from this one on are counted as folded. */
void outbox_count_folded(struct outbox *outbox, size_t first);
/* The numbers from this batch on are given up. True where what was stored under them has to be superseded first. */
bool outbox_gives_up(const struct outbox *outbox, size_t first);
/* The batch is done, or stored: so are its tickets, unless they stand for what a comparison has yet to find. */
void outbox_reach_ticket(
    const struct outbox *outbox, const struct outbox_batch *batch, uint64_t *ticket);

#endif
