/*
 * trap_same: two readers' views of one trap, field by field, without digest.
 */
#ifndef DPWATCH_TESTS_LIB_TRAP_SAME_H
#define DPWATCH_TESTS_LIB_TRAP_SAME_H

#include <string.h>

#include "core/trap.h"

static inline bool
varbind_same(const struct trap_varbind *a, const struct trap_varbind *b)
{
	return oid_eq(a->name, b->name) && a->type == b->type && a->integer == b->integer &&
	       slice_eq(a->bytes, b->bytes) && oid_eq(a->oid, b->oid);
}

static inline bool
trap_same(const struct trap *a, const struct trap *b)
{
	if (a->version != b->version || a->inform != b->inform || a->generic != b->generic ||
	    a->specific != b->specific || a->has_timestamp != b->has_timestamp ||
	    a->timestamp_cs != b->timestamp_cs || a->level != b->level ||
	    a->n_varbinds != b->n_varbinds || !oid_eq(a->enterprise, b->enterprise) ||
	    !slice_eq(a->engine_id, b->engine_id) ||
	    memcmp(a->agent_addr, b->agent_addr, sizeof(a->agent_addr)) != 0)
		return false;
	for (size_t i = 0; i < a->n_varbinds; i++)
		if (!varbind_same(&a->varbinds[i], &b->varbinds[i]))
			return false;
	return true;
}

#endif
