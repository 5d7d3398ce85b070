/*
 * trial: what a failure would do, tried on a copy of the network's state (core).
 *
 * simulate, explain and topology check all ask the same question: if these interfaces and switches failed, which groups
 * would have which paths? A trial holds a copy of the interfaces' states and a reach over it; failing and undoing cost what
 * reach_update() costs, so that every switch and interface of a large map can be tried one after the other. The verdict on a
 * group is the engine's own (engine_count_paths), so that a forecast cannot differ from what would be decided.
 *
 * A failure is physical. A switch that fails takes all its interfaces down. A cable has two ends: an interface at the other
 * end goes down as well when every link that ends at it has a failed far end (a port-channel to an MLAG pair stays up while
 * one of the pair is left). Aggregates are not failed by this, but by too few members, as in the engine.
 */
#ifndef DPWATCH_CORE_TRIAL_H
#define DPWATCH_CORE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/reach.h"
#include "core/topo.h"
#include "util/slice.h"

struct group_state; /* core/engine_state.h */

/* One thing that fails. */
struct failure {
	uint32_t sw;
	uint32_t interface; /* of that switch; TOPO_NONE: the whole switch */
};

enum failure_name { FAILURE_FOUND, FAILURE_NO_SWITCH, FAILURE_NO_INTERFACE };

/*
 * Reads "SWITCH" or "SWITCH:INTERFACE" (split at the first colon): the switch by its name, or else by a host name of it; the
 * interface by any spelling. *ret_failure is set only with FAILURE_FOUND.
 */
enum failure_name failure_parse(
    const struct topo *topo, struct slice text, struct failure *ret_failure);

/* "SWITCH" or "SWITCH:INTERFACE" as the document spells them; what does not fit is cut. Returns buf. */
#define FAILURE_TEXT_MAX \
	1284 /* a switch's name (255 characters of up to 4 bytes), a colon, an ifName (255 bytes) */
const char *failure_text(
    const struct topo *topo, const struct failure *failure, char *buf, size_t size);

/*
 * Whether the interface can fail by itself: an aggregate whose members are known is not a thing that breaks, its members
 * are.
 */
bool failure_is_physical(const struct topo *topo, uint32_t interface);

struct trial;

/*
 * `states` are those of the topology's interfaces, in their order, and are copied; NULL: nobody has spoken of any, so that
 * all are up. The topo is borrowed until trial_free(). NULL: out of memory. Time and memory in proportion to the map.
 */
struct trial *trial_new(const struct topo *topo, const struct interface_state *states);
void trial_free(struct trial *trial);

/* Another one that begins where this one did, which has nothing failed now. NULL: out of memory. */
struct trial *trial_copy(const struct trial *trial);

/*
 * All of these fail at once, where nothing has failed yet (or all was undone). 0, or -ENOMEM: the trial is then of no more
 * use but to be freed.
 */
int trial_fail(struct trial *trial, const struct failure *failures, size_t n)
    __attribute__((warn_unused_result));

/* Takes back every failure. 0, or -ENOMEM as above. */
int trial_undo(struct trial *trial) __attribute__((warn_unused_result));

/*
 * The groups whose paths may be others than without the failures, each once, in no order. Belongs to the trial, valid until
 * the next trial_fail() or trial_undo().
 */
const struct index_list *trial_groups(const struct trial *trial);

/* A group's paths as they are now, failures included, and whether that is down. */
void trial_paths(const struct trial *trial, uint32_t group, struct group_state *ret_state);

/* Interfaces and switches as they are now. */
const struct reach *trial_reach(const struct trial *trial);

#endif
