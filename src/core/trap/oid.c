#include "core/oid.h"

/* RFC 2578 3.5: a sub-identifier is at most 2^32 - 1. */
#define SUB_ID_MAX 4294967295ULL

/* X.660: the first arc is 0 to 2, and under 0 and 1 the second is at most 39. */
static bool
has_known_arcs(const unsigned long *ids, size_t n)
{
	return ids[0] <= 2 && (n < 2 || ids[0] == 2 || ids[1] < 40);
}

size_t
oid_parse(struct slice text, unsigned long *ids, size_t max)
{
	struct slice rest = slice_starts(text, ".") ? slice_from(text, 1) : text;
	bool more = true;
	size_t n = 0;

	while (more) {
		long dot = slice_find(rest, SLICE("."));
		unsigned long long id;

		more = dot >= 0;
		if (n == max ||
		    !slice_to_uint(more ? slice_first(rest, (size_t)dot) : rest, SUB_ID_MAX, &id))
			return 0;
		ids[n++] = (unsigned long)id;
		rest = more ? slice_from(rest, (size_t)dot + 1) : rest;
	}
	return has_known_arcs(ids, n) ? n : 0;
}
