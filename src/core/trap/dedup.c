#include "core/dedup.h"

#include <stdlib.h>

#define SETS 65536
#define WAYS 4

struct entry {
	uint64_t digest;
	int64_t at_ns; /* 0: free */
};

struct dedup {
	uint64_t evicted;
	struct entry entries[SETS][WAYS];
};

struct dedup *
dedup_new(void)
{
	return calloc(1, sizeof(struct dedup));
}

void
dedup_free(struct dedup *dedup)
{
	free(dedup);
}

bool
dedup_seen(struct dedup *dedup, uint64_t digest, int64_t now_ns)
{
	struct entry *set = dedup->entries[digest % SETS], *oldest = &set[0];

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
