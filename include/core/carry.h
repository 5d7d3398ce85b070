/*
 * carry: whether an interface carries traffic (core). design.md, "When is a port down", first paragraph, and nothing else: what
 * is kept up to date step by step (core/reach) and what is tried out (core/trial) both ask here.
 */
#ifndef DPWATCH_CORE_CARRY_H
#define DPWATCH_CORE_CARRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/interface_fsm.h"
#include "core/topo.h"

/*
 * An interface carries traffic when it is up, as its own words or an override say, and
 *   - a member: its aggregate is not down by its own word, or has `fallback`;
 *   - an aggregate: at least min_links of its members are up or lifted, or an override says up.
 */
bool carry_now(const struct topo *topo, const struct interface_state *states, uint32_t interface);

/* A member that is down by its own word, but counts as up: its aggregate's own up is newer, so its linkUp was lost. */
bool carry_member_lifted(
    const struct topo *topo, const struct interface_state *states, uint32_t interface);

#endif
