/*
 * poll_lags: which aggregate each row of a switch is in, from the tables that tell it (core).
 *
 * dot3adAggPortAttachedAggID of IEEE8023-LAG-MIB (IEEE 802.1AX); ifStackTable (RFC 2863) for agents without it.
 */
#ifndef DPWATCH_CORE_POLL_LAGS_H
#define DPWATCH_CORE_POLL_LAGS_H

#include "core/poll_rows.h"
#include "core/table_walk.h"

extern const struct table_shape poll_lag_shape, poll_stack_shape;

/* Takes what a walk of one of the two read. */
void poll_lags_take(struct poll_rows *rows, const struct table_walk *walk);

#endif
