#include "io/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/journal_state.h"

#define LOCK_WAIT_MS 10000
#define RETRY_MS 1000

const char *const journal_state_names[] = {
	[JOURNAL_IDLE] = "idle",
	[JOURNAL_WRITING] = "writing",
	[JOURNAL_FAILING] = "failing",
	[JOURNAL_FULL] = "full",
};

/* ---- what comes next ---- */

/* Up to this serial the files hold what a restart is to find. */
static void
let_go(struct journal *journal, uint64_t serial)
{
	if (!outbox_is_held(journal->outbox))
		return;
	outbox_let_go(journal->outbox, serial);
	journal->stored(journal->ctx);
}

void
journal_go_on(struct journal *journal)
{
	if (journal->writer.busy)
		return;
	enum journal_work work = journal_next_work(journal);
	if (work != JOURNAL_NO_WORK)
		journal_writer_give(
		    &journal->writer, work, (struct slice){ journal->buf.data, journal->buf.len });
	else if (!loop_timer_armed(journal->gather))
		let_go(journal, UINT64_MAX); /* nothing more will come of it */
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
	let_go(journal, UINT64_MAX); /* Redis does not wait for a disk */
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
	journal_empty_buf(journal);
	mended(journal);
	if (journal->renewing)
		return;
	journal->written_ticket = journal->last_ticket;
	outbox_let_go(journal->outbox, journal->last_serial);
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
	outbox_let_go(journal->outbox, UINT64_MAX);
	journal->stored(journal->ctx);
}

/* Until now the files are stale: where a new one could not be made, that is tried again. */
static void
renewal_began(struct journal *journal)
{
	journal->renewing = true;
	journal->renew_serial = outbox_last_serial(journal->outbox);
}

static void
was_reset(struct journal *journal)
{
	journal->renewing = journal->no_room = false;
	let_go(journal, UINT64_MAX);
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
		was_reset(journal);
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
	return !journal->engaged && !journal->error[0] && !journal_is_full(journal) &&
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
