/*
 * reach: which interfaces carry traffic, and which switches reach a root (core). design.md, "When is a port down".
 *
 * Kept up to date step by step: an interface that changes costs work in proportion to what its change moves. A switch
 * reaches a root over links whose two ends carry traffic, passing only through switches with `transit`; a `peer` link may
 * be the last hop (from a non-transit switch that reaches one by itself). Seen from the roots: a search that goes on only
 * from roots and transit switches, and then one hop more over peer links.
 *
 * A switch that the map joins to no root even with everything up counts as reaching one, and so does every switch when no
 * root is configured: an incomplete map raises no alarm.
 */
#ifndef DPWATCH_CORE_REACH_H
#define DPWATCH_CORE_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/index_list.h"
#include "core/interface_fsm.h"
#include "core/topo.h"

struct reach;

/* Borrows the topo and the states (one per topo interface, in their order); both outlive it. NULL: out of memory. */
struct reach *reach_new(const struct topo *topo, const struct interface_state *states);
/*
 * The same in slices: reach_begin() takes memory alone (NULL: there is none), reach_step() does what is left of the work.
 * `budget` (at least 1) bounds the interfaces that one step looks at; links and switches, which are far fewer, it takes in
 * one go. 1: there is more to do, 0: done, -ENOMEM. Nothing else may be asked before it is done.
 */
struct reach *reach_begin(const struct topo *topo, const struct interface_state *states);
int reach_step(struct reach *reach, unsigned budget);
/* NULL is fine. */
void reach_free(struct reach *reach);

/* The states moved to another place in memory (same content). */
void reach_move_states(struct reach *reach, const struct interface_state *states);

/*
 * The state of this interface changed: works out what else changed. *ret_interfaces gets every interface that began or
 * ceased to carry traffic (itself, its aggregate, its members), *ret_switches every switch that won or lost the roots.
 * Both lists are cleared first, belong to reach and are valid until the next call. 0 or -ENOMEM.
 */
int reach_update(struct reach *reach, uint32_t interface, const struct index_list **ret_interfaces,
    const struct index_list **ret_switches);

bool reach_carries(const struct reach *reach, uint32_t interface);
bool reach_switch(const struct reach *reach, uint32_t sw);

/* Whether the map joins the switch to a root when everything is up (false where no root is configured). */
bool reach_joined(const struct reach *reach, uint32_t sw);

/*
 * A member that is down by its own word, but counts as up: its aggregate said up after it, so its own up was lost. Read from
 * the states as they are, not as of the last reach_update().
 */
bool reach_member_lifted(const struct reach *reach, uint32_t interface);

/* An aggregate that is down although its own last word is not: too few of its members are up. */
bool reach_members_short(const struct reach *reach, uint32_t interface);

size_t reach_bytes(const struct reach *reach);

#endif
