/*
 * What of an outbox is on disk, and what comes back from there.
 */
#include <errno.h>

#include "core/outbox_state.h"

/* The first that was not handed out for storing. False: there is none, or it still takes changes. */
static bool
find_to_store(const struct outbox *outbox, size_t *ret_index)
{
	*ret_index = outbox_index_after(outbox, outbox->taken_serial);
	return *ret_index < outbox->n && !(outbox->open && *ret_index == outbox->n - 1);
}

const struct outbox_batch *
outbox_next_to_store(struct outbox *outbox)
{
	size_t next;

	if (!find_to_store(outbox, &next))
		return NULL;
	outbox->taken_serial = outbox->batches[next].serial;
	return &outbox->batches[next];
}

bool
outbox_has_to_store(const struct outbox *outbox)
{
	size_t next;

	return find_to_store(outbox, &next);
}

void
outbox_stored(struct outbox *outbox, uint64_t serial)
{
	size_t after = outbox_index_after(outbox, serial);

	if (serial > outbox->stored_serial)
		outbox->stored_serial = serial;
	if (after > 0)
		outbox_reach_ticket(outbox, &outbox->batches[after - 1], &outbox->stored_ticket);
}

void
outbox_let_go(struct outbox *outbox, uint64_t serial)
{
	if (serial >= outbox->held_serial)
		outbox->held_serial = 0;
}

bool
outbox_is_held(const struct outbox *outbox)
{
	return outbox->held_serial != 0;
}

void
outbox_store_again(struct outbox *outbox, uint64_t serial)
{
	if (outbox->taken_serial > serial)
		outbox->taken_serial = serial;
	if (outbox->stored_serial > serial)
		outbox->stored_serial = serial;
}

bool
outbox_make_room(struct outbox *outbox)
{
	if (outbox->open || outbox->overflowed)
		return false;
	if (outbox->n_done > 0) {
		outbox_cut_first(outbox, outbox->n_done);
		outbox->n_done = 0;
		return true;
	}
	/* It costs a walk over all that waits. */
	if (outbox->unfolded_bytes > 0 &&
	    outbox->bytes < outbox->unfolded_bytes + outbox->max_bytes / 8)
		return false;
	const bool folded = outbox_fold(outbox);
	outbox->unfolded_bytes = folded ? 0 : outbox->bytes;
	return folded;
}

static struct outbox_batch *
take_saved(struct outbox *outbox, const struct outbox_saved *saved)
{
	struct outbox_batch *batch = outbox_add_batch(outbox);

	if (!batch)
		return NULL;
	if (!outbox_fill(outbox, batch, &saved->records, &saved->keys)) {
		outbox->next_number = batch->number;
		outbox_cut_from(outbox, outbox->n - 1);
		return NULL;
	}
	/* What fills a hole has no moment of its own. */
	if (saved->moment_ms > 0) {
		batch->moment_ms = saved->moment_ms;
		outbox_set_moment(outbox, saved->moment_ms);
	}
	batch->n_records = saved->n_records;
	batch->n_toggles = saved->n_toggles;
	outbox->taken_serial = outbox->stored_serial = batch->serial;
	return batch;
}

int
outbox_take_back(struct outbox *outbox, const struct outbox_saved *saved)
{
	return take_saved(outbox, saved) ? 0 : -ENOMEM;
}

int
outbox_take_kept(
    struct outbox *outbox, uint64_t number, const struct outbox_saved *saved, int64_t now_ns)
{
	const uint64_t next = outbox->next_number;
	struct outbox_batch *batch = take_saved(outbox, saved);

	if (!batch)
		return -ENOMEM;
	batch->number = number;
	batch->done = true;
	batch->done_ns = now_ns;
	outbox->n_done++;
	outbox->next_number = next;
	return 0;
}

uint64_t
outbox_oldest_serial(const struct outbox *outbox)
{
	return outbox->n > 0 ? outbox->batches[0].serial : 0;
}

uint64_t
outbox_first_serial(const struct outbox *outbox)
{
	return outbox->n > outbox->n_done ? outbox->batches[outbox->n_done].serial : 0;
}

uint64_t
outbox_last_serial(const struct outbox *outbox)
{
	return outbox->last_serial;
}

bool
outbox_all_stored(const struct outbox *outbox)
{
	return outbox->n == outbox->n_done ||
	       outbox->batches[outbox->n - 1].serial <= outbox->stored_serial;
}
