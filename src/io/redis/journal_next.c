/* What the journal does next: io/journal.h. */
#include <stdlib.h>

#include "io/journal_state.h"

/* Bytes of one write, about: more would make the first of them wait, and less would sync too often. */
#define WRITE_BYTES ((size_t)256 * 1024)
/* One write for what comes in this time, and no wake-up of the thread for each turn: nobody waits for it but an INFORM. */
#define GATHER_MS 5
/* A file that Redis keeps up with is ended here, so that the one before it goes ten seconds later. */
#define CALM_BYTES ((uint64_t)1024 * 1024)

static void
put_owner(struct journal *journal)
{
	if (!journal->owned)
		journal->owned = journal_put_owner(&journal->buf, slice_of(journal->line)) == 0;
	if (!journal->told && *journal->origin)
		journal->told = journal_put_claim(&journal->buf, journal->written,
				    slice_of(journal->origin)) == 0;
}

void
journal_disown(struct journal *journal)
{
	journal->owned = journal->told = false;
}

/* Puts the next batches into the buffer. False where there are none. */
static bool
collect(struct journal *journal)
{
	const struct outbox_batch *batch;

	while (journal->buf.len < WRITE_BYTES &&
	       (batch = outbox_next_to_store(journal->outbox)) != NULL) {
		put_owner(journal);
		if (journal_put_batch(&journal->buf, batch->number, batch->moment_ms, &batch->keys,
			&batch->args) != 0)
			abort(); /* out of memory: what is kept would have a hole */
		journal->n_batches++;
		journal->last_serial = batch->serial;
		journal->last_ticket = batch->last_ticket;
	}
	journal->due = outbox_has_to_store(journal->outbox);
	return journal->buf.len > 0;
}

void
journal_empty_buf(struct journal *journal)
{
	journal->buf.len = 0;
	journal->n_batches = 0;
}

/* Redis has everything that it is to have. */
static void
nothing_waits(struct journal *journal)
{
	journal->engaged = journal->full = false;
}

/* ... and has had it for so long that it will not lose it any more. */
static enum journal_work
when_empty(struct journal *journal)
{
	loop_timer_cancel(journal->retry);
	journal->error[0] = '\0';
	/* Also what was never written, a disk being full: who we are may have stood in it. */
	if (journal->bytes > 0 || journal->buf.len > 0)
		journal_disown(journal);
	journal_empty_buf(journal);
	return journal->bytes > 0 || journal->renewing ? JOURNAL_RESET : JOURNAL_NO_WORK;
}

static bool
is_synced(const struct journal *journal)
{
	return journal->synced_serial >= journal->last_serial;
}

/* The last file is as long as it is to be, and there is no second one yet. */
static bool
is_file_long(const struct journal *journal)
{
	const struct journal_files *files = &journal->writer.files;
	const uint64_t half = journal->max_bytes / 2;

	return files->n == 1 &&
	       files->lens[0] >= (journal->engaged || half < CALM_BYTES ? half : CALM_BYTES);
}

bool
journal_is_full(const struct journal *journal)
{
	return journal->bytes >= journal->max_bytes;
}

/* What waits for Redis is written at once; what Redis takes at once is gathered first. */
static bool
is_gathered(struct journal *journal)
{
	if (journal->engaged || journal->due)
		return true;
	if (!loop_timer_armed(journal->gather) && outbox_has_to_store(journal->outbox))
		loop_timer_arm(journal->gather, GATHER_MS);
	return false;
}

static enum journal_work
when_something_is_kept(struct journal *journal)
{
	if (!is_synced(journal) && (journal->engaged || is_file_long(journal)))
		return JOURNAL_SYNC;
	if (is_file_long(journal)) {
		journal->old_serial = journal->last_serial;
		journal_disown(journal);
		return JOURNAL_SWITCH;
	}
	journal->full = journal_is_full(journal) && journal->engaged;
	if (journal_is_full(journal) || !is_gathered(journal))
		return JOURNAL_NO_WORK;
	return collect(journal) ? JOURNAL_WRITE : JOURNAL_NO_WORK;
}

/* What is in the files is to be superseded: the outbox was folded, or Redis has all of it. */
static bool
is_stale(const struct journal *journal, uint64_t oldest)
{
	return journal->engaged && (journal->bytes > 0 || journal->renewing) &&
	       oldest > journal->last_serial && oldest > journal->renew_serial;
}

/*
 * What is there now goes to a new file, which takes the others' places when it is whole: a daemon that is killed meanwhile
 * leaves them as they were.
 */
static enum journal_work
renew(struct journal *journal)
{
	journal->full = false;
	journal_disown(journal);
	return JOURNAL_RENEW;
}

static enum journal_work
when_renewing(struct journal *journal)
{
	const bool more = outbox_has_to_store(journal->outbox);

	if (journal->last_serial < journal->renew_serial && more)
		return collect(journal) ? JOURNAL_WRITE : JOURNAL_NO_WORK;
	if (journal->bytes == 0)
		return JOURNAL_NO_WORK;
	return is_synced(journal) ? JOURNAL_ADOPT : JOURNAL_SYNC;
}

/* The old ones make room for the new, and a daemon that is killed meanwhile leaves a part of it. */
static enum journal_work
renew_in_place(struct journal *journal)
{
	journal->last_serial = journal->synced_serial = 0;
	outbox_store_again(journal->outbox, 0);
	journal_disown(journal);
	journal_empty_buf(journal);
	return JOURNAL_RESET;
}

static enum journal_work
work_for(struct journal *journal)
{
	const uint64_t oldest = outbox_oldest_serial(journal->outbox);

	if (journal->set_aside)
		return JOURNAL_SET_ASIDE;
	if (journal->left.n > 0)
		return JOURNAL_NO_WORK; /* nobody knows yet what of it Redis has */
	if (outbox_first_serial(journal->outbox) == 0)
		nothing_waits(journal);
	if (oldest == 0)
		return when_empty(journal);
	if (loop_timer_armed(journal->retry))
		return JOURNAL_NO_WORK;
	if (journal->no_room)
		return renew_in_place(journal);
	if (journal->buf.len > 0)
		return JOURNAL_WRITE;
	if (is_stale(journal, oldest))
		return renew(journal);
	if (journal->renewing)
		return when_renewing(journal);
	if (journal->writer.files.n == 2 && oldest > journal->old_serial)
		return JOURNAL_DROP_OLD;
	return when_something_is_kept(journal);
}

enum journal_work
journal_next_work(struct journal *journal)
{
	enum journal_work work = work_for(journal);

	while (work == JOURNAL_NO_WORK && journal->full && outbox_has_to_store(journal->outbox) &&
	       outbox_make_room(journal->outbox))
		work = work_for(journal);
	return work;
}
