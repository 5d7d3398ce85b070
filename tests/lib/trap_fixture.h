/*
 * trap_fixture: a trap decoded by the shipped rules, as the daemon asks (trap_link_decode), and what came of it. The test loads
 * `shipped` first.
 */
#ifndef DPWATCH_TESTS_LIB_TRAP_FIXTURE_H
#define DPWATCH_TESTS_LIB_TRAP_FIXTURE_H

#include <string.h>

#include "core/trap_link.h"
#include "lib/shipped_rules.h"
#include "lib/varbinds.h"

static struct rules *shipped;
static struct link_event event;
static enum trap_miss miss;

static enum decode_result
decode_trap(const struct trap *trap)
{
	memset(&event, 0x5a, sizeof(event));
	miss = TRAP_MISS_MAX;
	return trap_link_decode(rules_traps(shipped), trap, &event, &miss);
}

static enum decode_result
decode_v2(const struct trap_varbind *varbinds, size_t n)
{
	return decode_trap(&(struct trap){ .version = 2, .varbinds = varbinds, .n_varbinds = n });
}

#define V2(...)                                                 \
	decode_v2((const struct trap_varbind[]){ __VA_ARGS__ }, \
	    sizeof((const struct trap_varbind[]){ __VA_ARGS__ }) / sizeof(struct trap_varbind))

#endif
