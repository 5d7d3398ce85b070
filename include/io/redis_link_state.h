/*
 * redis_link_state: what the files of redis_link share (io, private to src/io/redis/redis_*.c).
 *
 *   redis_link.c     connecting, and its life
 *   redis_command.c  commands, and their answers
 *   redis_greet.c    what is said first: who we are, which database, and whether this is a Redis that we can use
 */
#ifndef DPWATCH_IO_REDIS_LINK_STATE_H
#define DPWATCH_IO_REDIS_LINK_STATE_H

#include <hiredis/async.h>

#include "io/redis_link.h"
#include "util/log.h"
#include "util/spares.h"

/* Redis may stand still for seconds (somebody's script, a fork, a slow disk); a host that is gone says nothing for ever. */
#define REDIS_REPLY_TIMEOUT_MS 15000

struct redis_link {
	struct loop *loop;
	struct redis_link_handler handler;
	const char *name;
	char server[300];
	char *path, *host, *username, *password_file;
	uint16_t port;
	uint32_t database;
	redisAsyncContext *context; /* NULL while down */
	struct resolve *resolve;    /* NULL: there is a path */
	bool resolving;
	bool may_wait;       /* its commands wait: no answer is no fault */
	bool reading;        /* within hiredis, which runs callbacks */
	bool flush_later;    /* one of them wants to write: after them */
	size_t under_way;    /* commands without an answer, while it is up */
	int64_t progress_ns; /* since when that is so, or the last answer */
	struct spares spare_calls;
	struct loop_timer *retry, *deadline;
	int64_t retry_ms;
	enum redis_link_state state;
	char error[200], warning[200];
	bool freeing;
	struct log_rate rate;
};

/* ---- redis_link.c ---- */
void redis_link_set_error(struct redis_link *link, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The greeting is over: its commands may come. */
void redis_link_came_up(struct redis_link *link);

/* ---- redis_greet.c ---- */
/* Connected: ends in redis_link_came_up, or with an error and the connection closed. */
void redis_link_greet(struct redis_link *link);
/* False with an error: there is a password file, and it cannot be read. */
bool redis_link_has_password(struct redis_link *link);

#endif
