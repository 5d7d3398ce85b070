#include "io/journal.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/journal_left.h"
#include "util/log.h"

#define LOCK_WAIT_MS 10000
#define RETRY_MS 1000
/* Bytes of one append, about: more would make the first of them wait, and less would sync too often. */
#define APPEND_BYTES ((size_t)256 * 1024)
/* Batches that are missing between two are replaced by empty ones, so that numbers stay; more than these are no hole. */
#define HOLE_MAX 100000

enum work {
	WORK_NONE,
	WORK_APPEND,
	WORK_SWITCH,
	WORK_DROP_OLD,
	WORK_RESET,
	WORK_SET_ASIDE,
	WORK_STOP,
};

const char *const journal_state_names[] = {
	[JOURNAL_IDLE] = "idle",
	[JOURNAL_WRITING] = "writing",
	[JOURNAL_FAILING] = "failing",
	[JOURNAL_FULL] = "full",
};

struct journal {
	struct loop *loop;
	struct outbox *outbox;
	struct stats *stats;
	void (*stored)(void *ctx);
	void *ctx;
	char instance[JOURNAL_OWNER_MAX + 1], line[JOURNAL_OWNER_MAX + 1], path[512], error[200];
	char origin[JOURNAL_OWNER_MAX +
		    1];   /* of what Redis held when it was claimed; "": it was not yet */
	uint64_t written; /* ... and how far */
	uint64_t max_bytes;
	struct journal_left left;
	bool engaged; /* what waits goes to the disk */
	bool owned;   /* the last file says that it is ours, or will: it stands in buf */
	bool told;    /* ... and what the claim found */
	bool full;
	bool set_aside;         /* to be done next */
	uint64_t last_serial;   /* the last batch that is in the last file, or on its way there */
	uint64_t old_serial;    /* ... in the older of two files */
	size_t n_batches;       /* in buf */
	struct journal_buf buf; /* under way, or to be tried again */
	uint64_t bytes;         /* on disk */
	struct loop_timer *retry;
	struct log_rate rate;

	/* The thread's while `work` is something; the loop's while it is not. */
	struct journal_files files;

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake, rest; /* there is work; there is none any more */
	enum work work;            /* guarded by mutex */
	enum work done;            /* guarded by mutex: what was done, until the loop has seen it */
	int result;                /* guarded by mutex */
	int event_fd;
	struct event *event;
	bool busy; /* the loop's: work was given and not seen done */
};

/* ---- the thread ---- */

static int
do_work(struct journal *journal, enum work work)
{
	switch (work) {
	case WORK_APPEND:
		return journal_files_append(&journal->files, journal->buf.data, journal->buf.len);
	case WORK_SWITCH:
		return journal_files_switch(&journal->files);
	case WORK_DROP_OLD:
		return journal_files_drop_old(&journal->files);
	case WORK_RESET:
		return journal_files_reset(&journal->files);
	case WORK_SET_ASIDE:
		return journal_files_set_aside(&journal->files);
	case WORK_NONE:
	case WORK_STOP:
		break;
	}
	return 0;
}

static void *
work_loop(void *ctx)
{
	struct journal *journal = ctx;
	const uint64_t one = 1;

	pthread_mutex_lock(&journal->mutex);
	for (;;) {
		while (journal->work == WORK_NONE)
			pthread_cond_wait(&journal->wake, &journal->mutex);
		enum work work = journal->work;
		if (work == WORK_STOP)
			break;
		pthread_mutex_unlock(&journal->mutex);
		int result = do_work(journal, work);
		pthread_mutex_lock(&journal->mutex);
		journal->result = result;
		journal->done = work;
		journal->work = WORK_NONE;
		pthread_cond_signal(&journal->rest);
		if (write(journal->event_fd, &one, sizeof(one)) < 0)
			abort(); /* an eventfd of ours that holds at most 1 */
	}
	pthread_mutex_unlock(&journal->mutex);
	return NULL;
}

static void
give(struct journal *journal, enum work work)
{
	journal->busy = true;
	pthread_mutex_lock(&journal->mutex);
	journal->work = work;
	pthread_cond_signal(&journal->wake);
	pthread_mutex_unlock(&journal->mutex);
}

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

/* What comes next begins with who writes it. */
static void
disown(struct journal *journal)
{
	journal->owned = journal->told = false;
}

/* Puts the next batches into the buffer. False where there are none. */
static bool
collect(struct journal *journal)
{
	const struct outbox_batch *batch;

	while (journal->buf.len < APPEND_BYTES &&
	       (batch = outbox_next_to_store(journal->outbox)) != NULL) {
		put_owner(journal);
		if (journal_put_batch(&journal->buf, batch->number, batch->moment_ms, &batch->keys,
			&batch->args) != 0)
			abort(); /* out of memory: what is kept would have a hole */
		journal->n_batches++;
		journal->last_serial = batch->serial;
	}
	return journal->buf.len > 0;
}

static void
empty_buf(struct journal *journal)
{
	journal->buf.len = 0;
	journal->n_batches = 0;
}

static void
say_over(struct journal *journal)
{
	if (journal->error[0])
		log_info("journal: %s: Redis has everything; the journal is not needed now",
		    journal->path);
	journal->error[0] = '\0';
	journal->full = false;
}

/* Redis has everything. */
static enum work
when_nothing_waits(struct journal *journal)
{
	say_over(journal);
	loop_timer_cancel(journal->retry);
	journal->engaged = false;
	/* Also what was never written, a disk being full: who we are may have stood in it. */
	if (journal->bytes > 0 || journal->buf.len > 0)
		disown(journal);
	empty_buf(journal);
	outbox_store_anew(journal->outbox);
	return journal->bytes > 0 ? WORK_RESET : WORK_NONE;
}

static enum work
when_engaged(struct journal *journal)
{
	const struct journal_files *files = &journal->files;
	const bool half_full = files->n > 0 && files->lens[files->n - 1] >= journal->max_bytes / 2;

	if (half_full && files->n == 1) {
		journal->old_serial = journal->last_serial;
		disown(journal);
		return WORK_SWITCH;
	}
	if (half_full) {
		journal->full = true;
		return WORK_NONE;
	}
	journal->full = false;
	return collect(journal) ? WORK_APPEND : WORK_NONE;
}

static enum work
next_work(struct journal *journal)
{
	const uint64_t first = outbox_first_serial(journal->outbox);

	if (journal->set_aside)
		return WORK_SET_ASIDE;
	if (journal->left.n > 0)
		return WORK_NONE; /* nobody knows yet what of it Redis has */
	if (first == 0)
		return when_nothing_waits(journal);
	if (loop_timer_armed(journal->retry))
		return WORK_NONE;
	if (journal->buf.len > 0)
		return WORK_APPEND;
	if (journal->files.n == 2 && first > journal->old_serial)
		return WORK_DROP_OLD;
	return journal->engaged ? when_engaged(journal) : WORK_NONE;
}

static void
go_on(struct journal *journal)
{
	if (journal->busy)
		return;
	enum work work = next_work(journal);
	if (work != WORK_NONE)
		give(journal, work);
}

static void
on_retry(void *ctx)
{
	go_on(ctx);
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
		    "journal: %s: %s; what waits for Redis is in memory only, and no INFORM is answered for it; trying again",
		    journal->path, journal->error);
	loop_timer_arm(journal->retry, RETRY_MS);
}

static void
appended(struct journal *journal)
{
	stats_add(journal->stats, STAT_JOURNAL_BATCHES, journal->n_batches);
	stats_add(journal->stats, STAT_JOURNAL_WRITES, 1);
	empty_buf(journal);
	if (journal->error[0])
		log_info("journal: %s: written again", journal->path);
	journal->error[0] = '\0';
	outbox_stored(journal->outbox, journal->last_serial);
	journal->stored(journal->ctx);
}

static void
finish(struct journal *journal, enum work work, int result)
{
	journal->busy = false;
	journal->bytes = journal_files_bytes(&journal->files);
	if (result != 0)
		failed(journal, result);
	else if (work == WORK_APPEND)
		appended(journal);
	else if (work == WORK_SET_ASIDE)
		journal->set_aside = false;
}

static void
on_event(evutil_socket_t fd, short what, void *ctx)
{
	struct journal *journal = ctx;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	pthread_mutex_lock(&journal->mutex);
	enum work work = journal->done;
	int result = journal->result;
	journal->done = WORK_NONE;
	pthread_mutex_unlock(&journal->mutex);
	finish(journal, work, result);
	/* A piece of work that failed is tried again by the timer. */
	if (result == 0)
		go_on(journal);
}

/* ---- what an earlier daemon left ---- */

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
	disown(journal);
	snprintf(journal->line, sizeof(journal->line), "%s", journal->instance);
	go_on(journal);
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

static int64_t
take_frames(struct journal *journal, uint64_t last)
{
	uint64_t next = last + 1;
	int64_t n = 0;

	for (size_t i = 0; i < journal->left.n; i++) {
		const struct journal_frame *frame = &journal->left.frames[i];
		if (frame->number < next)
			continue;
		const struct outbox_saved saved = { frame->moment_ms, frame->records, frame->keys,
			frame->n_records, frame->n_toggles };
		if (fill_hole(journal, next, frame->number) != 0 ||
		    outbox_take_back(journal->outbox, &saved) != 0)
			return -ENOMEM;
		next = frame->number + 1;
		n++;
	}
	return n;
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
	int64_t n = 0;

	if (journal->left.n > 0 && !journal_left_continues(&journal->left, history)) {
		set_aside(journal, history);
	} else if (journal->left.n > 0) {
		n = take_frames(journal, last);
		log_info("journal: %lld of its %zu batches are not in Redis yet, and go first",
		    (long long)n, journal->left.n);
		stats_add(journal->stats, STAT_JOURNAL_RECOVERED, n > 0 ? (uint64_t)n : 0);
		/* All that were taken back are in these files. */
		journal->last_serial = journal->old_serial = outbox_last_serial(journal->outbox);
		journal->engaged = n > 0;
	}
	journal_left_release(&journal->left);
	go_on(journal);
	return n;
}

/* ---- life ---- */

void
journal_turn_end(struct journal *journal, bool stuck)
{
	if (stuck && outbox_first_serial(journal->outbox) != 0)
		journal->engaged = true;
	if (journal->engaged || journal->bytes > 0 || journal->buf.len > 0)
		go_on(journal);
}

/* With all signals blocked: they are the loop's. */
static bool
start_thread(struct journal *journal)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	journal->has_thread = pthread_create(&journal->thread, NULL, work_loop, journal) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return journal->has_thread;
}

static bool
make_parts(struct journal *journal)
{
	journal->retry = loop_timer_new(journal->loop, on_retry, journal);
	journal->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!journal->retry || journal->event_fd < 0)
		return false;
	journal->event = event_new(
	    loop_base(journal->loop), journal->event_fd, EV_READ | EV_PERSIST, on_event, journal);
	return journal->event && event_add(journal->event, NULL) == 0 && start_thread(journal);
}

static int
read_left(struct journal *journal)
{
	int error = journal_left_read(&journal->left, &journal->files, journal->stats);

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
	journal->bytes = journal_files_bytes(&journal->files);
	return 0;
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
		.event_fd = -1,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.wake = PTHREAD_COND_INITIALIZER,
		.rest = PTHREAD_COND_INITIALIZER,
	};
	snprintf(journal->instance, sizeof(journal->instance), "%s", instance);
	snprintf(journal->path, sizeof(journal->path), "%s/journal", state_dir);
	if (journal_files_open(&journal->files, state_dir, &journal_system_calls, LOCK_WAIT_MS,
		error, size) == 0 &&
	    make_parts(journal)) {
		int result = read_left(journal);
		if (result == 0)
			return journal;
		snprintf(error, size, "%s: %s", journal->path, strerror(-result));
	}
	journal_free(journal);
	return NULL;
}

/* The work under way ends first. */
static void
stop_thread(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	while (journal->work != WORK_NONE)
		pthread_cond_wait(&journal->rest, &journal->mutex);
	journal->work = WORK_STOP;
	pthread_cond_signal(&journal->wake);
	pthread_mutex_unlock(&journal->mutex);
	pthread_join(journal->thread, NULL);
}

void
journal_free(struct journal *journal)
{
	if (!journal)
		return;
	if (journal->has_thread)
		stop_thread(journal);
	if (journal->event)
		event_free(journal->event);
	if (journal->event_fd >= 0)
		close(journal->event_fd);
	loop_timer_free(journal->retry);
	journal_files_close(&journal->files);
	journal_left_release(&journal->left);
	journal_buf_release(&journal->buf);
	pthread_cond_destroy(&journal->wake);
	pthread_cond_destroy(&journal->rest);
	pthread_mutex_destroy(&journal->mutex);
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
