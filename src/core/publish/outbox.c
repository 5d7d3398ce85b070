/*
 * A list of batches in order: [done ...][sent ...][waiting ...][open]. The open one, if any, is the last; its bytes are
 * gathered apart, and go to the others' when it is closed.
 */
#include "core/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/byte_queue.h"

struct outbox {
	struct outbox_batch *store;   /* allocated: `room` of them */
	struct outbox_batch *batches; /* the first one in use, in the store */
	struct byte_queue contents;   /* theirs, but for the open one's */
	size_t n, room;
	size_t n_done, n_sent; /* leading runs: done, then sent */
	bool open;             /* the last batch still takes changes: */
	struct arg_buf open_args, open_keys;
	bool later_in_turn; /* the turn's first batch is full */
	uint64_t next_number;
	int64_t moment_ms;
	uint64_t last_serial, taken_serial; /* taken: handed out for storing, up to it */
	uint64_t stored_serial;
	uint64_t
	    settle_serial; /* tickets wait for this batch; 0: for none; UINT64_MAX: for outbox_settle */
	uint64_t last_ticket, done_ticket, stored_ticket;
	size_t bytes, max_bytes;
	bool overflowed;
	uint64_t folded;
};

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

/* Takes the first n batches out; the others stay where they are, because hours of them may wait. */
static void
cut_first(struct outbox *outbox, size_t n)
{
	for (; n > 0; n--, outbox->n--) {
		const struct outbox_batch *batch = outbox->batches++;
		outbox->bytes -= batch_bytes(batch);
		if (contents_len(batch) > 0)
			byte_queue_drop_first(&outbox->contents, contents_len(batch));
	}
}

/* Takes the last ones out, from this one on. */
static void
cut_from(struct outbox *outbox, size_t first)
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

static struct outbox_batch *
add_batch(struct outbox *outbox)
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

static struct outbox_batch *
open_batch(struct outbox *outbox)
{
	if (outbox->open)
		return &outbox->batches[outbox->n - 1];
	struct outbox_batch *batch = add_batch(outbox);
	outbox->open = batch != NULL;
	return batch;
}

/* Gives the batch these bytes. False without memory. */
static bool
fill(struct outbox *outbox, struct outbox_batch *batch, const struct arg_buf *args,
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

/* Drops what was not sent: the program will compare Redis with the engine instead, which gives each port's last state. */
static void
overflow(struct outbox *outbox)
{
	size_t first = outbox->n_done + outbox->n_sent;

	for (size_t i = first; i < outbox->n; i++)
		outbox->folded += outbox->batches[i].n_toggles;
	if (first < outbox->n)
		outbox->next_number = outbox->batches[first].number;
	cut_from(outbox, first);
	forget_open(outbox);
	outbox->overflowed = true;
}

/* The open batch takes no more. */
static void
close_batch(struct outbox *outbox)
{
	if (!outbox->open)
		return;
	if (fill(outbox, &outbox->batches[outbox->n - 1], &outbox->open_args, &outbox->open_keys))
		forget_open(outbox);
	else
		overflow(outbox);
}

static bool
is_full(const struct outbox *outbox, const struct outbox_batch *batch)
{
	uint32_t toggles = outbox->later_in_turn ? OUTBOX_BATCH_TOGGLES : OUTBOX_FIRST_TOGGLES;

	return batch->n_toggles >= toggles || batch->n_records >= OUTBOX_BATCH_RECORDS;
}

void
outbox_set_moment(struct outbox *outbox, int64_t wall_ms)
{
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
	if (is_full(outbox, batch)) {
		close_batch(outbox);
		outbox->later_in_turn = true;
	}
	if (outbox->overflowed)
		return -ENOSPC;
	if (outbox->bytes <= outbox->max_bytes)
		return 0;
	/* What is kept for a Redis that lost its tail goes before anything that waits. */
	cut_first(outbox, outbox->n_done);
	outbox->n_done = 0;
	if (outbox->bytes <= outbox->max_bytes)
		return 0;
	overflow(outbox);
	return -ENOSPC;
}

void
outbox_turn_end(struct outbox *outbox)
{
	close_batch(outbox);
	outbox->later_in_turn = false;
}

const struct outbox_batch *
outbox_next(struct outbox *outbox)
{
	size_t next = outbox->n_done + outbox->n_sent;

	if (outbox->n_sent >= OUTBOX_WINDOW || next >= outbox->n ||
	    (outbox->open && next == outbox->n - 1))
		return NULL;
	outbox->n_sent++;
	outbox->batches[next].sent = true;
	return &outbox->batches[next];
}

/* The batch is done, or stored: so are its tickets, unless they stand for what a comparison has yet to find. */
static void
reach_ticket(const struct outbox *outbox, const struct outbox_batch *batch, uint64_t *ticket)
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
	reach_ticket(outbox, batch, &outbox->done_ticket);
	/* What is only kept in case must not crowd out what may still have to wait. */
	if (outbox->n_done > 1 && outbox->bytes > outbox->max_bytes / 4) {
		cut_first(outbox, 1);
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
		cut_first(outbox, outbox->n_done);
		outbox->n_done = 0;
	}
	outbox->n_sent = 0;
	for (size_t i = outbox->n_done; i < outbox->n; i++) {
		struct outbox_batch *batch = &outbox->batches[i];
		const uint64_t number = last + 1 + i - outbox->n_done;
		if (batch->number != number)
			outbox_store_again(outbox, 0);
		batch->number = number;
		batch->sent = false;
	}
	outbox->next_number = last + 1 + outbox->n - outbox->n_done;
}

void
outbox_restart(struct outbox *outbox)
{
	if (outbox->n > outbox->n_done)
		outbox->next_number = outbox->batches[outbox->n_done].number;
	cut_first(outbox, outbox->n);
	forget_open(outbox);
	outbox->n_done = outbox->n_sent = 0;
	outbox->overflowed = false;
	outbox->later_in_turn = false;
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

/* The first batch behind this serial. */
static size_t
index_after(const struct outbox *outbox, uint64_t serial)
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

/* The first that was not handed out for storing. False: there is none, or it still takes changes. */
static bool
find_to_store(const struct outbox *outbox, size_t *ret_index)
{
	*ret_index = index_after(outbox, outbox->taken_serial);
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
	size_t after = index_after(outbox, serial);

	if (serial > outbox->stored_serial)
		outbox->stored_serial = serial;
	if (after > 0)
		reach_ticket(outbox, &outbox->batches[after - 1], &outbox->stored_ticket);
}

void
outbox_store_again(struct outbox *outbox, uint64_t serial)
{
	if (outbox->taken_serial > serial)
		outbox->taken_serial = serial;
	if (outbox->stored_serial > serial)
		outbox->stored_serial = serial;
}

static struct outbox_batch *
take_saved(struct outbox *outbox, const struct outbox_saved *saved)
{
	struct outbox_batch *batch = add_batch(outbox);

	if (!batch)
		return NULL;
	if (!fill(outbox, batch, &saved->records, &saved->keys)) {
		outbox->next_number = batch->number;
		cut_from(outbox, outbox->n - 1);
		return NULL;
	}
	batch->moment_ms = saved->moment_ms;
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

void
outbox_proved(struct outbox *outbox, int64_t proved_ns)
{
	size_t n = 0;

	while (n < outbox->n_done && proved_ns - outbox->batches[n].done_ns > OUTBOX_KEEP_NS)
		n++;
	cut_first(outbox, n);
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
