/*
 * Changes in, batches out to Redis; see core/outbox_state.h for the list of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/outbox_state.h"

struct outbox *
outbox_new(size_t max_bytes)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));

	if (outbox) {
		outbox->max_bytes = max_bytes;
		outbox->next_number = 1;
	}
	return outbox;
}

void
outbox_set_max(struct outbox *outbox, size_t max_bytes)
{
	outbox->max_bytes = max_bytes;
}

void
outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	byte_queue_release(&outbox->contents);
	arg_buf_release(&outbox->open_args);
	arg_buf_release(&outbox->open_keys);
	free(outbox->store);
	free(outbox);
}

static size_t
open_bytes(const struct outbox *outbox)
{
	return outbox->open_args.len + outbox->open_keys.len;
}

static void
forget_open(struct outbox *outbox)
{
	outbox->bytes -= open_bytes(outbox);
	arg_buf_clear(&outbox->open_args);
	arg_buf_clear(&outbox->open_keys);
	outbox->open = false;
}

static struct outbox_batch *
open_batch(struct outbox *outbox)
{
	if (outbox->open)
		return &outbox->batches[outbox->n - 1];
	struct outbox_batch *batch = outbox_add_batch(outbox);
	outbox->open = batch != NULL;
	return batch;
}

void
outbox_count_folded(struct outbox *outbox, size_t first)
{
	for (size_t i = first; i < outbox->n; i++)
		outbox->folded += outbox->batches[i].n_toggles;
}

bool
outbox_gives_up(const struct outbox *outbox, size_t first)
{
	return outbox->held_serial != 0 ||
	       (first < outbox->n && outbox->batches[first].serial <= outbox->taken_serial);
}

/* All from this batch on goes; their numbers are used again. */
static void
give_up(struct outbox *outbox, size_t first)
{
	if (outbox->held_serial == 0 && outbox_gives_up(outbox, first))
		outbox->held_serial = outbox->last_serial + 1;
	if (first < outbox->n)
		outbox->next_number = outbox->batches[first].number;
	outbox_cut_from(outbox, first);
}

/* Drops what was not sent: the program will compare Redis with the engine instead, which gives each port's last state. */
static void
overflow(struct outbox *outbox)
{
	size_t first = outbox->n_done + outbox->n_sent;

	outbox_count_folded(outbox, first);
	give_up(outbox, first);
	forget_open(outbox);
	outbox->overflowed = true;
}

/* The open batch takes no more. */
static void
close_batch(struct outbox *outbox)
{
	if (!outbox->open)
		return;
	if (outbox_fill(
		outbox, &outbox->batches[outbox->n - 1], &outbox->open_args, &outbox->open_keys))
		forget_open(outbox);
	else
		overflow(outbox);
}

static bool
is_full(const struct outbox *outbox, const struct outbox_batch *batch)
{
	const bool first = outbox->n - outbox->n_done == 1;
	const uint32_t toggles = first ? OUTBOX_FIRST_TOGGLES : OUTBOX_BATCH_TOGGLES;

	return batch->n_toggles >= toggles || batch->n_records >= OUTBOX_BATCH_RECORDS;
}

void
outbox_set_moment(struct outbox *outbox, int64_t wall_ms)
{
	if (wall_ms > outbox->moment_ms)
		outbox->moment_ms = wall_ms;
}

int
outbox_add(struct outbox *outbox, const struct dp_change *change, uint64_t *ret_ticket)
{
	struct outbox_batch *batch = outbox->overflowed ? NULL : open_batch(outbox);

	if (batch) {
		size_t before = open_bytes(outbox);
		int error = change_encode(change, &outbox->open_args, &outbox->open_keys);
		outbox->bytes += open_bytes(outbox) - before;
		if (error != 0)
			batch = NULL;
	}
	if (!batch && !outbox->overflowed)
		overflow(outbox);
	*ret_ticket = ++outbox->last_ticket;
	if (!batch) {
		outbox->folded += change->kind == CHANGE_TOGGLE;
		return -ENOSPC;
	}
	batch->last_ticket = outbox->last_ticket;
	batch->n_records++;
	batch->n_toggles += change->kind == CHANGE_TOGGLE;
	if (is_full(outbox, batch))
		close_batch(outbox);
	if (outbox->overflowed)
		return -ENOSPC;
	if (outbox->bytes <= outbox->max_bytes)
		return 0;
	/* What is kept for a Redis that lost its tail goes before anything that waits. */
	outbox_cut_first(outbox, outbox->n_done);
	outbox->n_done = 0;
	if (outbox->bytes <= outbox->max_bytes)
		return 0;
	close_batch(outbox);
	if (!outbox->overflowed && outbox_fold(outbox))
		return 0;
	overflow(outbox);
	return -ENOSPC;
}

void
outbox_turn_end(struct outbox *outbox)
{
	close_batch(outbox);
}

const struct outbox_batch *
outbox_next(struct outbox *outbox)
{
	size_t next = outbox->n_done + outbox->n_sent;

	if (outbox->n_sent >= OUTBOX_WINDOW || next >= outbox->n ||
	    (outbox->open && next == outbox->n - 1) ||
	    (outbox->held_serial != 0 && outbox->batches[next].serial >= outbox->held_serial))
		return NULL;
	outbox->n_sent++;
	outbox->batches[next].sent = outbox->batches[next].was_sent = true;
	return &outbox->batches[next];
}

void
outbox_reach_ticket(const struct outbox *outbox, const struct outbox_batch *batch, uint64_t *ticket)
{
	if (batch->serial >= outbox->settle_serial && batch->last_ticket > *ticket)
		*ticket = batch->last_ticket;
}

const struct outbox_batch *
outbox_done(struct outbox *outbox, uint64_t number, int64_t now_ns)
{
	if (outbox->n_sent == 0 || outbox->batches[outbox->n_done].number != number)
		return NULL;
	struct outbox_batch *batch = &outbox->batches[outbox->n_done];
	batch->done = true;
	batch->done_ns = now_ns;
	outbox->n_done++;
	outbox->n_sent--;
	outbox_reach_ticket(outbox, batch, &outbox->done_ticket);
	/* What is only kept in case must not crowd out what may still have to wait. */
	if (outbox->n_done > 1 && outbox->bytes > outbox->max_bytes / 4) {
		outbox_cut_first(outbox, 1);
		outbox->n_done--;
	}
	return batch;
}

size_t
outbox_rewind(struct outbox *outbox)
{
	size_t n = outbox->n_sent;

	for (size_t i = 0; i < n; i++)
		outbox->batches[outbox->n_done + i].sent = false;
	outbox->n_sent = 0;
	return n;
}

bool
outbox_gap(struct outbox *outbox, uint64_t last)
{
	size_t first = 0;

	while (first < outbox->n_done && outbox->batches[first].number <= last)
		first++;
	if (outbox->n_done + outbox->n_sent == 0 || first >= outbox->n ||
	    outbox->batches[first].number != last + 1)
		return false;
	for (size_t i = first; i < outbox->n_done + outbox->n_sent; i++)
		outbox->batches[i].sent = outbox->batches[i].done = false;
	outbox->n_done = first;
	outbox->n_sent = 0;
	return true;
}

void
outbox_number_from(struct outbox *outbox, uint64_t last)
{
	if (outbox->n_done > 0 && outbox->batches[outbox->n_done - 1].number != last) {
		outbox_cut_first(outbox, outbox->n_done);
		outbox->n_done = 0;
	}
	outbox->n_sent = 0;
	for (size_t i = outbox->n_done; i < outbox->n; i++) {
		struct outbox_batch *batch = &outbox->batches[i];
		const uint64_t number = last + 1 + i - outbox->n_done;
		if (batch->number != number)
			outbox_store_again(outbox, 0);
		batch->number = number;
		batch->sent = batch->was_sent = false;
	}
	outbox->next_number = last + 1 + outbox->n - outbox->n_done;
}

void
outbox_restart(struct outbox *outbox)
{
	outbox_count_folded(outbox, outbox->n_done);
	give_up(outbox, outbox->n_done);
	outbox_cut_first(outbox, outbox->n);
	forget_open(outbox);
	outbox->n_done = outbox->n_sent = 0;
	outbox->overflowed = false;
	outbox->settle_serial = UINT64_MAX;
}

void
outbox_settle(struct outbox *outbox)
{
	if (outbox->settle_serial != UINT64_MAX || outbox->overflowed)
		return;
	outbox->settle_serial = 0;
	if (outbox->n == outbox->n_done) {
		outbox->done_ticket = outbox->last_ticket;
		return;
	}
	struct outbox_batch *last = &outbox->batches[outbox->n - 1];
	outbox->settle_serial = last->serial;
	last->last_ticket = outbox->last_ticket;
}

void
outbox_proved(struct outbox *outbox, int64_t proved_ns)
{
	size_t n = 0;

	while (n < outbox->n_done && proved_ns - outbox->batches[n].done_ns > OUTBOX_KEEP_NS)
		n++;
	outbox_cut_first(outbox, n);
	outbox->n_done -= n;
}

uint64_t
outbox_last_ticket(const struct outbox *outbox)
{
	return outbox->last_ticket;
}

uint64_t
outbox_done_ticket(const struct outbox *outbox)
{
	return outbox->done_ticket;
}

uint64_t
outbox_safe_ticket(const struct outbox *outbox)
{
	return outbox->stored_ticket > outbox->done_ticket ? outbox->stored_ticket
							   : outbox->done_ticket;
}

bool
outbox_overflowed(const struct outbox *outbox)
{
	return outbox->overflowed;
}

uint64_t
outbox_folded(const struct outbox *outbox)
{
	return outbox->folded;
}

size_t
outbox_waiting(const struct outbox *outbox)
{
	return outbox->n - outbox->n_done;
}

size_t
outbox_waiting_changes(const struct outbox *outbox)
{
	size_t n = 0;

	for (size_t i = outbox->n_done; i < outbox->n; i++)
		n += outbox->batches[i].n_records;
	return n;
}

size_t
outbox_bytes(const struct outbox *outbox)
{
	return outbox->bytes;
}

bool
outbox_has_room(const struct outbox *outbox)
{
	return outbox->n == outbox->n_done || outbox->bytes <= outbox->max_bytes / 2;
}
