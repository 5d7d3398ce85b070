#include "io/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/journal_state.h"

#define LOCK_WAIT_MS 10000
#define RETRY_MS 1000
/* One write for what comes in this time, and no wake-up of the thread for each turn: nobody waits for it but an INFORM. */
#define GATHER_MS 5
/* Bytes of one write, about: more would make the first of them wait, and less would sync too often. */
#define WRITE_BYTES ((size_t)256 * 1024)
/* A file that Redis keeps up with is ended here, so that the one before it goes ten seconds later. */
#define CALM_BYTES ((uint64_t)1024 * 1024)

const char *const journal_state_names[] = {
	[JOURNAL_IDLE] = "idle",
	[JOURNAL_WRITING] = "writing",
	[JOURNAL_FAILING] = "failing",
	[JOURNAL_FULL] = "full",
};

/* ---- what comes next ---- */

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

static void
empty_buf(struct journal *journal)
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
	empty_buf(journal);
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

static bool
is_full(const struct journal *journal)
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
	journal->full = is_full(journal) && journal->engaged;
	if (is_full(journal) || !is_gathered(journal))
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
	empty_buf(journal);
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

static enum journal_work
next_work(struct journal *journal)
{
	enum journal_work work = work_for(journal);

	while (work == JOURNAL_NO_WORK && journal->full && outbox_has_to_store(journal->outbox) &&
	       outbox_make_room(journal->outbox))
		work = work_for(journal);
	return work;
}

void
journal_go_on(struct journal *journal)
{
	if (journal->writer.busy)
		return;
	enum journal_work work = next_work(journal);
	if (work != JOURNAL_NO_WORK)
		journal_writer_give(
		    &journal->writer, work, (struct slice){ journal->buf.data, journal->buf.len });
}

static void
on_retry(void *ctx)
{
	journal_go_on(ctx);
}

static void
on_gathered(void *ctx)
{
	struct journal *journal = ctx;

	journal->due = true;
	journal_go_on(journal);
}

/* ---- what was done ---- */

static void
failed(struct journal *journal, int error)
{
	uint64_t held_back;

	stats_add(journal->stats, STAT_JOURNAL_FAILURES, 1);
	snprintf(journal->error, sizeof(journal->error), "%s", strerror(-error));
	if (log_rate_take(&journal->rate, &held_back))
		log_error(
		    "journal: %s: %s; what Redis does not take is in memory only, and no INFORM is answered for it; trying again",
		    journal->path, journal->error);
	loop_timer_arm(journal->retry, RETRY_MS);
}

static void
mended(struct journal *journal)
{
	if (journal->error[0])
		log_info("journal: %s: written again", journal->path);
	journal->error[0] = '\0';
}

static void
written(struct journal *journal)
{
	stats_add(journal->stats, STAT_JOURNAL_BATCHES, journal->n_batches);
	stats_add(journal->stats, STAT_JOURNAL_WRITES, 1);
	empty_buf(journal);
	mended(journal);
	if (journal->renewing)
		return;
	journal->written_ticket = journal->last_ticket;
	journal->stored(journal->ctx);
}

static void
synced(struct journal *journal)
{
	stats_add(journal->stats, STAT_JOURNAL_SYNCS, 1);
	journal->synced_serial = journal->last_serial;
	mended(journal);
	if (journal->renewing)
		return;
	outbox_stored(journal->outbox, journal->synced_serial);
	journal->stored(journal->ctx);
}

static void
adopted(struct journal *journal)
{
	journal->renewing = false;
	journal->old_serial = 0;
	journal->written_ticket = journal->last_ticket;
	mended(journal);
	outbox_stored(journal->outbox, journal->synced_serial);
	journal->stored(journal->ctx);
}

/* Until now the files are stale: where a new one could not be made, that is tried again. */
static void
renewal_began(struct journal *journal)
{
	journal->renewing = true;
	journal->renew_serial = outbox_last_serial(journal->outbox);
}

/* Nobody knows what of it is on disk: all that was not before is written again. */
static void
not_synced(struct journal *journal)
{
	journal->last_serial = journal->synced_serial;
	outbox_store_again(journal->outbox, journal->synced_serial);
	journal_disown(journal);
}

/* A piece of work that failed is tried again by the timer. */
static void
on_done(void *ctx, enum journal_work work, int result)
{
	struct journal *journal = ctx;

	journal->bytes = journal_files_bytes(&journal->writer.files);
	if (result != 0 && work == JOURNAL_SYNC)
		not_synced(journal);
	if ((result == -ENOSPC || result == -EDQUOT) &&
	    (work == JOURNAL_RENEW || (journal->renewing && work != JOURNAL_RESET))) {
		journal->no_room = true;
		result = 0;
		work = JOURNAL_NO_WORK;
	}
	if (result != 0) {
		failed(journal, result);
		return;
	}
	if (work == JOURNAL_WRITE)
		written(journal);
	else if (work == JOURNAL_SYNC)
		synced(journal);
	else if (work == JOURNAL_RENEW)
		renewal_began(journal);
	else if (work == JOURNAL_ADOPT)
		adopted(journal);
	else if (work == JOURNAL_RESET)
		journal->renewing = journal->no_room = false;
	else if (work == JOURNAL_SET_ASIDE)
		journal->set_aside = false;
	journal_go_on(journal);
}

/* ---- life ---- */

void
journal_turn_end(struct journal *journal, bool stuck)
{
	if (stuck && outbox_first_serial(journal->outbox) != 0)
		journal->engaged = true;
	journal_go_on(journal);
}

/* A batch that Redis may have but the file has not, though it can be written. */
static bool
is_behind(const struct journal *journal)
{
	return !journal->engaged && !journal->error[0] && !is_full(journal) &&
	       (journal->buf.len > 0 || journal->renewing || outbox_has_to_store(journal->outbox));
}

uint64_t
journal_safe_ticket(const struct journal *journal)
{
	const uint64_t safe = outbox_safe_ticket(journal->outbox);

	return is_behind(journal) && journal->written_ticket < safe ? journal->written_ticket
								    : safe;
}

struct journal *
journal_new(struct loop *loop, const char *state_dir, uint64_t max_bytes, const char *instance,
    struct outbox *outbox, struct stats *stats, void (*stored)(void *ctx), void *ctx, char *error,
    size_t size)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	snprintf(error, size, "out of memory");
	if (!journal)
		return NULL;
	*journal = (struct journal){
		.loop = loop,
		.outbox = outbox,
		.stats = stats,
		.stored = stored,
		.ctx = ctx,
		.max_bytes = max_bytes,
		.rate = { .interval_ms = 60000, .burst = 2 },
	};
	journal_writer_init(&journal->writer, on_done, journal);
	snprintf(journal->instance, sizeof(journal->instance), "%s", instance);
	snprintf(journal->path, sizeof(journal->path), "%s/journal", state_dir);
	journal->retry = loop_timer_new(loop, on_retry, journal);
	journal->gather = loop_timer_new(loop, on_gathered, journal);
	if (journal->retry && journal->gather &&
	    journal_files_open(&journal->writer.files, state_dir, &journal_system_calls,
		LOCK_WAIT_MS, error, size) == 0 &&
	    journal_writer_start(&journal->writer, loop)) {
		int result = journal_read_left(journal);
		journal->ready = result == 0;
		if (journal->ready)
			return journal;
		snprintf(error, size, "%s: %s", journal->path, strerror(-result));
	}
	journal_free(journal, false);
	return NULL;
}

void
journal_set_max(struct journal *journal, uint64_t max_bytes)
{
	journal->max_bytes = max_bytes;
}

void
journal_free(struct journal *journal, bool proved)
{
	if (!journal)
		return;
	journal_writer_stop(&journal->writer);
	/* A daemon that ends in good order, and owes nothing, leaves nothing. */
	if (journal->ready && journal->left.n == 0 &&
	    (proved ? outbox_first_serial(journal->outbox)
		    : outbox_oldest_serial(journal->outbox)) == 0)
		journal_files_reset(&journal->writer.files);
	journal_writer_release(&journal->writer);
	loop_timer_free(journal->retry);
	loop_timer_free(journal->gather);
	journal_left_release(&journal->left);
	journal_buf_release(&journal->buf);
	free(journal);
}

enum journal_state
journal_state(const struct journal *journal)
{
	if (journal->error[0])
		return JOURNAL_FAILING;
	if (journal->full)
		return JOURNAL_FULL;
	return journal->engaged ? JOURNAL_WRITING : JOURNAL_IDLE;
}

uint64_t
journal_bytes(const struct journal *journal)
{
	return journal->bytes;
}

const char *
journal_error(const struct journal *journal)
{
	return journal->error;
}

const char *
journal_path(const struct journal *journal)
{
	return journal->path;
}
