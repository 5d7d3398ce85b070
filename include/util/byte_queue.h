/*
 * byte_queue: runs of bytes that come at one end and go at the other, each in one piece (util).
 *
 * They lie in segments of BYTE_QUEUE_SEGMENT bytes (a longer run has one of its own), so that nothing ever moves. A segment
 * that is empty is kept for what comes, up to BYTE_QUEUE_SPARES of them: a queue that stays about as long as it is allocates
 * nothing. Pages of a segment that nothing was ever put in cost no memory. A queue of zeros is empty, and ready.
 */
#ifndef DPWATCH_UTIL_BYTE_QUEUE_H
#define DPWATCH_UTIL_BYTE_QUEUE_H

#include <stddef.h>

#define BYTE_QUEUE_SEGMENT ((size_t)4 << 20)
#define BYTE_QUEUE_SPARES 2

struct segment;

struct byte_queue {
	struct segment *first, *last; /* NULL: empty */
	struct segment *spares;
	unsigned n_spares;
};

/* Room for a run of `len` bytes (at least 1), behind all others; valid until it is taken off. NULL without memory. */
char *byte_queue_add(struct byte_queue *queue, size_t len) __attribute__((warn_unused_result));

/* Takes the oldest run off, or the newest, which has this length. */
void byte_queue_drop_first(struct byte_queue *queue, size_t len);
void byte_queue_drop_last(struct byte_queue *queue, size_t len);

/* Frees everything. The queue is empty. */
void byte_queue_release(struct byte_queue *queue);

#endif
