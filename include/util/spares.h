/*
 * spares: memory that was given back is kept for the next that asks for as much (util).
 *
 * For what is small, and comes and goes with every datagram: in steady state nothing is allocated. Sizes are rounded up to
 * 64 bytes, and each has a list. What would exceed the bound, and blocks of more than SPARES_SIZE_MAX, go back to the system.
 * Spares that are all zeros with a bound set are empty, and ready.
 */
#ifndef DPWATCH_UTIL_SPARES_H
#define DPWATCH_UTIL_SPARES_H

#include <stddef.h>

#define SPARES_STEP 64
#define SPARES_LISTS 32
#define SPARES_SIZE_MAX (SPARES_STEP * SPARES_LISTS)

struct spare;

struct spares {
	size_t max_bytes; /* kept, at most */
	size_t bytes;     /* kept now */
	struct spare *lists[SPARES_LISTS];
};

/* A block of at least `size` bytes, with whatever stands in them; the caller's. NULL without memory. */
void *spares_take(struct spares *spares, size_t size) __attribute__((warn_unused_result));

/* Gives a block back that was taken with this size. NULL is fine. */
void spares_give(struct spares *spares, void *block, size_t size);

/* Frees what is kept. Blocks that were taken stay their takers'. */
void spares_release(struct spares *spares);

#endif
