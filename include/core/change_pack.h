/*
 * change_pack: the records of a batch as they go to the Redis script (core).
 *
 * Redis's Lua hashes every byte of every text that it is handed, one by one: a tenth of a toggle's time. So what a record says as
 * the one before it did is a nil, which the script fills in, and the longest value, an interface's JSON, is an argument of its
 * own instead of a part of the one that all records are.
 */
#ifndef DPWATCH_CORE_CHANGE_PACK_H
#define DPWATCH_CORE_CHANGE_PACK_H

#include <stddef.h>

#include "core/arg_buf.h"

struct change_pack {
	struct arg_buf records; /* owned */
	struct slice *states;   /* owned; they are borrowed from the records that were packed */
	size_t n_states, room;
};

/*
 * Packs the records behind what pack->records holds already. 0; or -ENOMEM, with as much as there was room for. Of a record's
 * values these are nil where the last record in this call that had one had the same: switch, interface, reason, source,
 * received_at; and occurred_at where it is that record's received_at. `state` is left out, and one more of the states, in
 * the records' order.
 */
int change_pack(struct change_pack *pack, const struct arg_buf *records);

void change_pack_clear(struct change_pack *pack);
void change_pack_release(struct change_pack *pack);

#endif
