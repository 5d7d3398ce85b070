/*
 * journal_writer: the thread that does the journal's file work (io). Private to io/journal.
 *
 * It is given one piece of work at a time, and answers through the loop. While it works, the files and the bytes that it was
 * given are its own; nothing else is shared.
 */
#ifndef DPWATCH_IO_JOURNAL_WRITER_H
#define DPWATCH_IO_JOURNAL_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "io/journal_files.h"
#include "io/loop.h"
#include "util/slice.h"

struct event;

/* As the functions of journal_files. */
enum journal_work {
	JOURNAL_NO_WORK,
	JOURNAL_WRITE,
	JOURNAL_SYNC,
	JOURNAL_SWITCH,
	JOURNAL_RENEW,
	JOURNAL_ADOPT,
	JOURNAL_DROP_OLD,
	JOURNAL_RESET,
	JOURNAL_SET_ASIDE,
	JOURNAL_STOP, /* ends the thread */
};

struct journal_writer {
	struct journal_files files; /* the thread's while busy */
	struct slice bytes;         /* the same */
	bool busy;                  /* the loop's: work was given and not seen done */
	/* Called in the loop when work was done: 0 or a negative errno. It may give the next. */
	void (*done)(void *ctx, enum journal_work work, int result);
	void *ctx;

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake, rest; /* there is work; there is none any more */
	enum journal_work work;    /* guarded by mutex */
	enum journal_work ended;   /* guarded by mutex: what was done, until the loop has seen it */
	int result;                /* guarded by mutex */
	int event_fd;
	struct event *event;
};

/* Fills an empty writer. journal_writer_release() is fine from here on; the files are not opened by any of these. */
void journal_writer_init(struct journal_writer *writer,
    void (*done)(void *ctx, enum journal_work work, int result), void *ctx);
/* Starts the thread. False where there is no memory or no thread for it. */
bool journal_writer_start(struct journal_writer *writer, struct loop *loop);
/* Only while not busy. `bytes` are borrowed until it is done; only JOURNAL_WRITE has any. */
void journal_writer_give(struct journal_writer *writer, enum journal_work work, struct slice bytes);
/* Ends the thread, after the work under way. The files are the caller's from then on. */
void journal_writer_stop(struct journal_writer *writer);
/* The same, and closes the files. */
void journal_writer_release(struct journal_writer *writer);

#endif
