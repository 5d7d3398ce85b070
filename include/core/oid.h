/*
 * oid: object identifiers as values (core). RFC 2578: at most 128 sub-identifiers.
 *
 * A sub-identifier is an unsigned long because the SNMP library's is: traps are looked at where they lie, without a copy.
 */
#ifndef DPWATCH_CORE_OID_H
#define DPWATCH_CORE_OID_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "util/slice.h"

#define OID_MAX 128

struct oid {
	const unsigned long *ids; /* borrowed */
	size_t n;
};

/* What a static one is set to. */
#define OID_IDS(...)                                                                       \
	{                                                                                  \
		(const unsigned long[]){ __VA_ARGS__ },                                    \
		    sizeof((const unsigned long[]){ __VA_ARGS__ }) / sizeof(unsigned long) \
	}

#define OID(...)                                               \
	((struct oid){ (const unsigned long[]){ __VA_ARGS__ }, \
	    sizeof((const unsigned long[]){ __VA_ARGS__ }) / sizeof(unsigned long) })

/*
 * Whether oid begins with prefix (and may be equal to it). Inline: each varbind of a trap is held against each object that
 * its rule wants, and the last number of these tells nearly all of them apart.
 */
static inline bool
oid_starts(struct oid oid, struct oid prefix)
{
	if (prefix.n == 0)
		return true;
	return oid.n >= prefix.n && oid.ids[prefix.n - 1] == prefix.ids[prefix.n - 1] &&
	       memcmp(oid.ids, prefix.ids, prefix.n * sizeof(*oid.ids)) == 0;
}

static inline bool
oid_eq(struct oid a, struct oid b)
{
	return a.n == b.n && oid_starts(a, b);
}

/* Dotted text, with a leading dot or without. Returns the number of sub-identifiers, 0 when it is no OID or has more than
 * max. */
size_t oid_parse(struct slice text, unsigned long *ids, size_t max);

#endif
