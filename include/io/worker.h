/*
 * worker: another process of this very program, for work that would hold up the loop (io).
 *
 * It runs this program's file with one argument that says what it is for, with nothing inherited but its stdin (what it is
 * given), its stdout (what it answers) and stderr, in a process group of its own and with less of a claim to the CPU. Nothing
 * here waits: what is given is written, and what it prints is read, as the pipes allow, in pieces that take well under a
 * millisecond.
 */
#ifndef DPWATCH_IO_WORKER_H
#define DPWATCH_IO_WORKER_H

#include <stddef.h>

#include "io/loop.h"
#include "util/slice.h"

struct evbuffer;
struct worker;

/* Its niceness, where the daemon's is 0. */
#define WORKER_NICE 5

struct worker_handler {
	void *ctx;
	/* All that was given is written: time for worker_give or worker_give_buffer, or else worker_end_input. */
	void (*hungry)(void *ctx);
	/* A piece of what it prints, borrowed. */
	void (*output)(void *ctx, struct slice bytes);
	/*
	 * It has ended, and all that it printed was handed over: its exit status, or 128 + the signal that ended it. The worker
	 * is gone after this call: it must not be freed any more.
	 */
	void (*ended)(void *ctx, int status);
};

/* Starts one, with `mode` as its only argument. NULL with errno set when there is no process or descriptor to be had. */
struct worker *worker_start(
    struct loop *loop, const char *mode, const struct worker_handler *handler);

/* Gives it bytes (copied), or a whole buffer (taken over, and freed piece by piece as it is written). */
void worker_give(struct worker *worker, const void *bytes, size_t len);
void worker_give_buffer(struct worker *worker, struct evbuffer *taken);
/* That was all: it reads an end of file once everything is written. */
void worker_end_input(struct worker *worker);

/* Stops and goes on reading what it prints: for a reader further on that is slower. */
void worker_read(struct worker *worker, bool on);

/* Kills it; no handler is called any more. It is waited for in the background. NULL is fine. */
void worker_free(struct worker *worker);

/* Waits for all that were killed: before the loop is freed. */
void worker_wait_dying(void);

#endif
