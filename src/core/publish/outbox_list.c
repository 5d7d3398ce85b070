/*
 * The list of an outbox's batches, and the memory that they take.
 */
#include <stdlib.h>
#include <string.h>

#include "core/outbox_state.h"

/* The arguments, and behind them the keys. */
static size_t
contents_len(const struct outbox_batch *batch)
{
	return batch->args.len + batch->keys.len;
}

static size_t
batch_bytes(const struct outbox_batch *batch)
{
	return sizeof(*batch) + contents_len(batch);
}

void
outbox_cut_first(struct outbox *outbox, size_t n)
{
	for (; n > 0; n--, outbox->n--) {
		const struct outbox_batch *batch = outbox->batches++;
		outbox->bytes -= batch_bytes(batch);
		if (contents_len(batch) > 0)
			byte_queue_drop_first(&outbox->contents, contents_len(batch));
	}
}

void
outbox_cut_from(struct outbox *outbox, size_t first)
{
	while (outbox->n > first) {
		const struct outbox_batch *batch = &outbox->batches[--outbox->n];
		outbox->bytes -= batch_bytes(batch);
		if (contents_len(batch) > 0)
			byte_queue_drop_last(&outbox->contents, contents_len(batch));
	}
}

/* Room for one more at the end. */
static bool
make_room(struct outbox *outbox)
{
	const size_t gone = (size_t)(outbox->batches - outbox->store);

	if (gone + outbox->n < outbox->room)
		return true;
	if (gone > outbox->room / 2) {
		memmove(outbox->store, outbox->batches, outbox->n * sizeof(*outbox->store));
	} else {
		size_t room = outbox->room * 2 + 16;
		struct outbox_batch *store = realloc(outbox->store, room * sizeof(*store));
		if (!store)
			return false;
		memmove(store, store + gone, outbox->n * sizeof(*store));
		outbox->store = store;
		outbox->room = room;
	}
	outbox->batches = outbox->store;
	return true;
}

struct outbox_batch *
outbox_add_batch(struct outbox *outbox)
{
	if (!make_room(outbox))
		return NULL;
	struct outbox_batch *batch = &outbox->batches[outbox->n++];
	*batch = (struct outbox_batch){
		.number = outbox->next_number++,
		.serial = ++outbox->last_serial,
		.moment_ms = outbox->moment_ms,
	};
	outbox->bytes += batch_bytes(batch);
	return batch;
}

bool
outbox_fill(struct outbox *outbox, struct outbox_batch *batch, const struct arg_buf *args,
    const struct arg_buf *keys)
{
	const size_t len = args->len + keys->len;
	char *block = len > 0 ? byte_queue_add(&outbox->contents, len) : NULL;

	if (len > 0 && !block)
		return false;
	if (args->len > 0)
		memcpy(block, args->data, args->len);
	if (keys->len > 0)
		memcpy(block + args->len, keys->data, keys->len);
	batch->args = (struct arg_buf){ block, args->len, args->len, args->n_args };
	batch->keys = (struct arg_buf){ block ? block + args->len : NULL, keys->len, keys->len,
		keys->n_args };
	outbox->bytes += len;
	return true;
}

size_t
outbox_index_after(const struct outbox *outbox, uint64_t serial)
{
	size_t low = 0, high = outbox->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (outbox->batches[middle].serial <= serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
