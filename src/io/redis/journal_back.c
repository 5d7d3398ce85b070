/* What an earlier daemon left, and whose it is: io/journal.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/journal_state.h"

/* Batches that are missing between two are replaced by empty ones, so that numbers stay; more than these are no hole. */
#define HOLE_MAX 100000
/* What is kept of what Redis has: begun at most so long before the last of it. Else a daemon that is started again and again
 * would keep all of it for ever. */
#define KEPT_MS 60000

const char *
journal_line(const struct journal *journal)
{
	return journal->line;
}

size_t
journal_left(const struct journal *journal)
{
	return journal->left.n;
}

uint64_t
journal_left_after(const struct journal *journal)
{
	return journal->left.n > 0 ? journal->left.frames[0].number - 1 : 0;
}

static void
set_aside(struct journal *journal, const struct redis_history *history)
{
	stats_add(journal->stats, STAT_JOURNAL_FOREIGN, journal->left.n);
	log_error(
	    "journal: %s holds %zu batches that do not continue what this Redis holds (batch %llu, published by %s): set aside as %s.aside",
	    journal->path, journal->left.n, (unsigned long long)history->written, history->writer,
	    journal->path);
	journal->set_aside = true;
	journal_disown(journal);
	snprintf(journal->line, sizeof(journal->line), "%s", journal->instance);
	journal_go_on(journal);
}

/* Batches that the file lost in its middle: empty ones keep the numbers in step with the file's. */
static int
fill_hole(struct journal *journal, uint64_t from, uint64_t to)
{
	const struct outbox_saved none = { 0 };

	if (to - from >= HOLE_MAX)
		return 0;
	for (; from < to; from++)
		if (outbox_take_back(journal->outbox, &none) != 0)
			return -ENOMEM;
	return 0;
}

static struct outbox_saved
saved_of(const struct journal_frame *frame)
{
	return (struct outbox_saved){ frame->moment_ms, frame->records, frame->keys,
		frame->n_records, frame->n_toggles };
}

/* A frame was taken into the outbox. The older file is needed for as long as anything of it is there. */
static void
note_taken(struct journal *journal, size_t frame)
{
	if (frame < journal->left.n_old)
		journal->old_serial = outbox_last_serial(journal->outbox);
}

/* The frames that end with Redis's last batch: it may lose its tail yet. `n`: those up to that number. */
static int
take_kept(struct journal *journal, size_t n, uint64_t last)
{
	const struct journal_frame *frames = journal->left.frames;
	size_t first = n;

	while (first > 0 && frames[first - 1].number == last - (n - first) &&
	       frames[n - 1].moment_ms - frames[first - 1].moment_ms <= KEPT_MS)
		first--;
	for (size_t i = first; i < n; i++) {
		const struct outbox_saved saved = saved_of(&frames[i]);
		if (outbox_take_kept(journal->outbox, frames[i].number, &saved,
			loop_now(journal->loop).now_ns) != 0)
			return -ENOMEM;
		note_taken(journal, i);
	}
	return 0;
}

/* The record as it is to be where Redis lost what came before it. */
static int
put_unsure(struct change_record *record, struct arg_buf *ret_records)
{
	int error = arg_buf_add(ret_records, (struct slice){ &record->letter, 1 });

	if ((record->letter == 'T' || record->letter == 'P') &&
	    !slice_eq_str(record->values[RECORD_REMOVED], "true"))
		record->values[RECORD_REMOVED] = SLICE(RECORD_UNSURE);
	for (size_t i = 0; error == 0 && record->fields[i]; i++)
		error = arg_buf_add(ret_records, record->values[i]);
	return error;
}

/* Takes the frame where batches before it are missing: what it changes may be otherwise in Redis, or so already. */
static int
take_unsure(struct journal *journal, const struct journal_frame *frame)
{
	struct outbox_saved saved = saved_of(frame);
	struct arg_buf records = { 0 };
	struct change_record record;
	size_t at = 0;
	int error = 0;

	while (error == 0 && change_next(&frame->records, &at, &record))
		error = put_unsure(&record, &records);
	saved.records = records;
	if (error == 0)
		error = outbox_take_back(journal->outbox, &saved);
	arg_buf_release(&records);
	return error;
}

static int
take_one(struct journal *journal, const struct journal_frame *frame, bool unsure)
{
	const struct outbox_saved saved = saved_of(frame);

	return unsure ? take_unsure(journal, frame) : outbox_take_back(journal->outbox, &saved);
}

/* `written`: the last batch that Redis has; up to `last` it counts them as accounted for. */
static int64_t
take_frames(struct journal *journal, uint64_t written, uint64_t last)
{
	const struct journal_frame *frames = journal->left.frames;
	uint64_t next = last + 1;
	size_t n = 0;

	while (n < journal->left.n && frames[n].number <= last)
		n++;
	if (take_kept(journal, n, last) != 0)
		return -ENOMEM;
	bool unsure = n < journal->left.n && frames[n].number > written + 1;
	for (size_t i = n; i < journal->left.n; i++) {
		unsure = unsure || frames[i].number > next;
		if (fill_hole(journal, next, frames[i].number) != 0 ||
		    take_one(journal, &frames[i], unsure) != 0)
			return -ENOMEM;
		note_taken(journal, i);
		next = frames[i].number + 1;
	}
	return (int64_t)(journal->left.n - n);
}

void
journal_claimed(struct journal *journal, const struct redis_history *history)
{
	snprintf(journal->origin, sizeof(journal->origin), "%s", history->origin);
	journal->written = history->written;
	journal->told = false;
}

int64_t
journal_take_back(struct journal *journal, const struct redis_history *history, uint64_t last)
{
	int64_t n;

	if (journal->left.n > 0 && !journal_left_continues(&journal->left, history)) {
		set_aside(journal, history);
	} else if (journal->left.n > 0) {
		n = take_frames(journal, history->written, last);
		if (n < 0)
			return n;
		log_info("journal: %lld of its %zu batches are not in Redis yet, and go first",
		    (long long)n, journal->left.n);
		stats_add(journal->stats, STAT_JOURNAL_RECOVERED, (uint64_t)n);
		/* All that were taken back are in these files. */
		journal->last_serial = journal->synced_serial = outbox_last_serial(journal->outbox);
		journal->engaged = n > 0;
	}
	journal_left_release(&journal->left);
	journal_go_on(journal);
	return (int64_t)outbox_waiting(journal->outbox);
}

int
journal_read_left(struct journal *journal)
{
	int error = journal_left_read(&journal->left, &journal->writer.files, journal->stats);

	snprintf(journal->line, sizeof(journal->line), "%s", journal->instance);
	if (error != 0)
		return error;
	if (journal->left.n > 0) {
		log_info("journal: %s holds batches %llu to %llu of an earlier start",
		    journal->path, (unsigned long long)journal->left.frames[0].number,
		    (unsigned long long)journal->left.frames[journal->left.n - 1].number);
		if (journal->left.n_owners > 0)
			snprintf(journal->line, sizeof(journal->line), "%s",
			    journal->left.owners[journal->left.n_owners - 1]);
	}
	journal->bytes = journal_files_bytes(&journal->writer.files);
	return 0;
}
