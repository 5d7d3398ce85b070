/*
 * outbox: what goes to Redis, in order, in numbered batches, until Redis has it (core). design.md, "Numbered batches".
 *
 * A change is encoded when it is added, so it needs nothing of the engine or the topology any more. Each gets a *ticket*
 * (1, 2, 3 ...): an INFORM is answered when the ticket of its last change is done. Batches that Redis acknowledged are *kept*
 * for ten seconds, for a Redis that lost its tail. What waits or is kept also goes to a file (io/journal); what is *stored*
 * on disk there has a safe ticket. Memory is bounded: at the bound what was never sent is *folded*, of each port and interface
 * to what is so now. Where that leaves more than half of the bound, the outbox *overflows*, drops what was not sent yet, takes
 * nothing more, and waits for outbox_restart (the program then compares Redis with the engine, and calls outbox_settle).
 */
#ifndef DPWATCH_CORE_OUTBOX_H
#define DPWATCH_CORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/change_codec.h"
#include "core/dp_change.h"

/* Toggles in one batch: one that nothing waits in front of is small, so that a storm's first verdicts are out early. */
#define OUTBOX_FIRST_TOGGLES 64
#define OUTBOX_BATCH_TOGGLES 256
/* Records in one batch, of any kind. */
#define OUTBOX_BATCH_RECORDS 512
/* Batches under way at once. */
#define OUTBOX_WINDOW 6
#define OUTBOX_KEEP_NS 10000000000

struct outbox_batch {
	uint64_t number;
	uint64_t serial;   /* of all batches ever made here, also where a number was used again */
	int64_t moment_ms; /* the wall clock when it was begun: a label of its entries in Redis */
	uint64_t last_ticket;
	struct arg_buf args, keys;
	uint32_t n_toggles, n_records;
	bool sent, done;
	bool was_sent; /* also where it goes again: Redis may have it, although it did not say so */
	int64_t done_ns;
};

struct outbox;

struct outbox *outbox_new(size_t max_bytes);
void outbox_free(struct outbox *outbox);

/* From now on; what is above it already stays until the next change comes. */
void outbox_set_max(struct outbox *outbox, size_t max_bytes);

/*
 * The wall clock, for the batches that are begun from now on (struct outbox_batch), or a moment that theirs may not be before:
 * ids of stream entries only go up. While the clock steps back, it stands still.
 */
void outbox_set_moment(struct outbox *outbox, int64_t wall_ms);

/*
 * Takes a change. 0; or -ENOSPC when the outbox overflowed: it is dropped, and counted as folded if it is a toggle. It gets
 * a ticket in either case: what overflowed is done with what the comparison finds (outbox_settle).
 */
int outbox_add(struct outbox *outbox, const struct dp_change *change, uint64_t *ret_ticket);

/* The turn is over: what was added may go. */
void outbox_turn_end(struct outbox *outbox);

/*
 * The next batch that may be sent, marked as sent; NULL when there is none, the window is full, or it is held (outbox_let_go).
 * Owned by the outbox.
 */
const struct outbox_batch *outbox_next(struct outbox *outbox);

/*
 * Redis has this batch (ok, or done before). Batches are acknowledged in order; an unknown number is ignored. Returns the
 * batch (valid until the next call), or NULL.
 */
const struct outbox_batch *outbox_done(struct outbox *outbox, uint64_t number, int64_t now_ns);

/* The connection broke: what was sent and not acknowledged goes again. Returns how many batches that are. */
size_t outbox_rewind(struct outbox *outbox);

/*
 * Redis says that its last batch is `last`, less than what was acknowledged: it lost its tail. True when the batches after
 * it are still kept, and will go again; false when they are not (the program must compare anew).
 */
bool outbox_gap(struct outbox *outbox, uint64_t last);

/*
 * Numbers begin after `last`: what waits is renumbered, and handed out for storing again where its number was another; what is
 * kept and ends before `last` is forgotten. Call when the publisher was claimed.
 */
void outbox_number_from(struct outbox *outbox, uint64_t last);

/* Forgets everything that waits (which is counted as folded) or is kept, also an overflow. No ticket becomes done or safe before outbox_settle. */
void outbox_restart(struct outbox *outbox);

/*
 * What the comparison after outbox_restart found was added, and stands for everything that was forgotten: the tickets of
 * that are done, or safe, with the last batch that waits now; at once where nothing does. Does nothing without a restart, and
 * after another overflow.
 */
void outbox_settle(struct outbox *outbox);

/* ---- storing what waits ---- */

/* The next batch that was not handed out for storing, oldest first; NULL: none. Valid until the next call. */
const struct outbox_batch *outbox_next_to_store(struct outbox *outbox);
/* Whether there is one. */
bool outbox_has_to_store(const struct outbox *outbox);

/* What was handed out for storing, up to this serial, is on disk. */
void outbox_stored(struct outbox *outbox, uint64_t serial);

/*
 * Where numbers were given up after their batches were handed out for storing, what has them now is held: a daemon that died
 * before that is stored would find the others, and send them behind it. What was handed out up to this serial is where the next
 * daemon finds it, or no file holds what was given up: what is held for that may go.
 */
void outbox_let_go(struct outbox *outbox, uint64_t serial);
bool outbox_is_held(const struct outbox *outbox);

/* What is behind this serial did not stay: it will be handed out again. */
void outbox_store_again(struct outbox *outbox, uint64_t serial);

/* A batch that an earlier daemon stored; the buffers are borrowed. */
struct outbox_saved {
	int64_t moment_ms;
	struct arg_buf records, keys;
	uint32_t n_records, n_toggles;
};

/* Takes it back as the next batch; its bytes are copied. Only while nothing else was added. 0 or -ENOMEM. */
int outbox_take_back(struct outbox *outbox, const struct outbox_saved *saved);

/*
 * The same as one that Redis has, kept from now on. Only before outbox_take_back, in order, and up to the number before the
 * next: `number` is its own. 0 or -ENOMEM.
 */
int outbox_take_kept(
    struct outbox *outbox, uint64_t number, const struct outbox_saved *saved, int64_t now_ns);

/*
 * The disk has no room for what waits, although memory may have: what is only kept goes, and the next time what waits is
 * folded. True where that changed anything; not while a turn is under way.
 */
bool outbox_make_room(struct outbox *outbox);

uint64_t outbox_oldest_serial(const struct outbox *outbox); /* that waits or is kept; 0: none */
/* The oldest batch that waits; 0: none. All with a lower serial are in Redis, or were given up. */
uint64_t outbox_first_serial(const struct outbox *outbox);
uint64_t outbox_last_serial(const struct outbox *outbox); /* of all that were ever made; 0: none */
bool outbox_all_stored(
    const struct outbox *outbox); /* whatever waits is on disk; true where nothing does */

/*
 * Redis has just shown, at this engine time, that it has all that it acknowledged: what it acknowledged more than ten seconds
 * before is not kept any longer. (While it is away nothing is let go: it may come back without its tail.)
 */
void outbox_proved(struct outbox *outbox, int64_t proved_ns);

uint64_t outbox_last_ticket(const struct outbox *outbox); /* the newest handed out; 0: none */
uint64_t outbox_done_ticket(const struct outbox *outbox); /* all up to it are in Redis */
uint64_t outbox_safe_ticket(const struct outbox *outbox); /* all up to it are in Redis or on disk */
bool outbox_overflowed(const struct outbox *outbox);
uint64_t outbox_folded(const struct outbox *outbox); /* toggles forgotten or folded, ever */
size_t outbox_waiting(const struct outbox *outbox);  /* batches not yet acknowledged */
size_t outbox_waiting_changes(const struct outbox *outbox);
size_t outbox_bytes(const struct outbox *outbox);
/* Half of it is free, or nothing waits: room for what can wait elsewhere. */
bool outbox_has_room(const struct outbox *outbox);

#endif
