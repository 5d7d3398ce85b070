#include "io/journal_writer.h"

#include <event2/event.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int
do_work(struct journal_writer *writer, enum journal_work work)
{
	switch (work) {
	case JOURNAL_WRITE:
		return journal_files_write(&writer->files, writer->bytes.data, writer->bytes.len);
	case JOURNAL_SYNC:
		return journal_files_sync(&writer->files);
	case JOURNAL_SWITCH:
		return journal_files_switch(&writer->files);
	case JOURNAL_RENEW:
		return journal_files_renew(&writer->files);
	case JOURNAL_ADOPT:
		return journal_files_adopt(&writer->files);
	case JOURNAL_DROP_OLD:
		return journal_files_drop_old(&writer->files);
	case JOURNAL_RESET:
		return journal_files_reset(&writer->files);
	case JOURNAL_SET_ASIDE:
		return journal_files_set_aside(&writer->files);
	case JOURNAL_NO_WORK:
	case JOURNAL_STOP:
		break;
	}
	return 0;
}

static void *
work_loop(void *ctx)
{
	struct journal_writer *writer = ctx;
	const uint64_t one = 1;

	pthread_mutex_lock(&writer->mutex);
	for (;;) {
		while (writer->work == JOURNAL_NO_WORK)
			pthread_cond_wait(&writer->wake, &writer->mutex);
		enum journal_work work = writer->work;
		if (work == JOURNAL_STOP)
			break;
		pthread_mutex_unlock(&writer->mutex);
		int result = do_work(writer, work);
		pthread_mutex_lock(&writer->mutex);
		writer->result = result;
		writer->ended = work;
		writer->work = JOURNAL_NO_WORK;
		pthread_cond_signal(&writer->rest);
		/* Not while it is locked: the loop's thread would wake up to wait for it. */
		pthread_mutex_unlock(&writer->mutex);
		if (write(writer->event_fd, &one, sizeof(one)) < 0)
			abort(); /* an eventfd of ours that holds at most 1 */
		pthread_mutex_lock(&writer->mutex);
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

void
journal_writer_give(struct journal_writer *writer, enum journal_work work, struct slice bytes)
{
	writer->busy = true;
	writer->bytes = bytes;
	pthread_mutex_lock(&writer->mutex);
	writer->work = work;
	pthread_mutex_unlock(&writer->mutex);
	pthread_cond_signal(&writer->wake);
}

static void
on_event(evutil_socket_t fd, short what, void *ctx)
{
	struct journal_writer *writer = ctx;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	pthread_mutex_lock(&writer->mutex);
	enum journal_work work = writer->ended;
	int result = writer->result;
	writer->ended = JOURNAL_NO_WORK;
	pthread_mutex_unlock(&writer->mutex);
	writer->busy = false;
	writer->done(writer->ctx, work, result);
}

/* With all signals blocked: they are the loop's. */
static bool
start_thread(struct journal_writer *writer)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	writer->has_thread = pthread_create(&writer->thread, NULL, work_loop, writer) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return writer->has_thread;
}

void
journal_writer_init(struct journal_writer *writer,
    void (*done)(void *ctx, enum journal_work work, int result), void *ctx)
{
	*writer = (struct journal_writer){
		.done = done,
		.ctx = ctx,
		.event_fd = -1,
		.files = { .dir_fd = -1, .lock_fd = -1 },
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.wake = PTHREAD_COND_INITIALIZER,
		.rest = PTHREAD_COND_INITIALIZER,
	};
}

bool
journal_writer_start(struct journal_writer *writer, struct loop *loop)
{
	writer->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (writer->event_fd < 0)
		return false;
	writer->event =
	    event_new(loop_base(loop), writer->event_fd, EV_READ | EV_PERSIST, on_event, writer);
	return writer->event && event_add(writer->event, NULL) == 0 && start_thread(writer);
}

void
journal_writer_stop(struct journal_writer *writer)
{
	if (!writer->has_thread)
		return;
	writer->has_thread = false;
	pthread_mutex_lock(&writer->mutex);
	while (writer->work != JOURNAL_NO_WORK)
		pthread_cond_wait(&writer->rest, &writer->mutex);
	writer->work = JOURNAL_STOP;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
}

void
journal_writer_release(struct journal_writer *writer)
{
	journal_writer_stop(writer);
	if (writer->event)
		event_free(writer->event);
	if (writer->event_fd >= 0)
		close(writer->event_fd);
	journal_files_close(&writer->files);
	pthread_cond_destroy(&writer->wake);
	pthread_cond_destroy(&writer->rest);
	pthread_mutex_destroy(&writer->mutex);
}
