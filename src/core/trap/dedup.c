#include "core/dedup.h"

#include <stdlib.h>

#define SETS 65536
#define WAYS 4

struct entry {
	uint64_t digest;
	int64_t at_ns; /* 0: free */
};

/* A set is one cache line: with each datagram another one is looked at, and it comes from memory. */
#define LINE 64
_Static_assert(sizeof(struct entry[WAYS]) == LINE, "a set is a cache line");

struct dedup {
	uint64_t evicted;
	struct entry (*sets)[WAYS]; /* in `memory`, at the first line */
	char memory[SETS * LINE + LINE];
};

struct dedup *
dedup_new(void)
{
	struct dedup *dedup = calloc(1, sizeof(*dedup));

	if (dedup)
		dedup->sets =
		    (void *)(dedup->memory + (LINE - (uintptr_t)dedup->memory % LINE) % LINE);
	return dedup;
}

void
dedup_free(struct dedup *dedup)
{
	free(dedup);
}

void
dedup_prefetch(const struct dedup *dedup, uint64_t digest)
{
	__builtin_prefetch(dedup->sets[digest % SETS], 1);
}

bool
dedup_seen(struct dedup *dedup, uint64_t digest, int64_t now_ns)
{
	struct entry *set = dedup->sets[digest % SETS], *oldest = &set[0];

	for (int i = 0; i < WAYS; i++) {
		if (set[i].digest == digest && set[i].at_ns != 0 &&
		    now_ns - set[i].at_ns < DEDUP_NS)
			return true;
		if (set[i].at_ns < oldest->at_ns)
			oldest = &set[i];
	}
	dedup->evicted += oldest->at_ns != 0 && now_ns - oldest->at_ns < DEDUP_NS;
	*oldest = (struct entry){ digest, now_ns };
	return false;
}

uint64_t
dedup_evicted(const struct dedup *dedup)
{
	return dedup->evicted;
}
