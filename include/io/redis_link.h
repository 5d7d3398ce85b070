/*
 * redis_link: one connection to Redis that is always there or being made (io).
 *
 * States are explicit; connecting and answers have timers of their own (our hiredis has none): a Redis that leaves a command
 * unanswered for 15 seconds is connected anew. Names are resolved without waiting; retries are spaced with back-off. After
 * connecting it authenticates, selects the database and makes sure that it talks to a Redis that can take writes; only then
 * is it up. A connection that breaks gives every command under way a NULL reply, in order, before `down` is called.
 */
#ifndef DPWATCH_IO_REDIS_LINK_H
#define DPWATCH_IO_REDIS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "io/loop.h"
#include "util/slice.h"

struct redisReply;
struct redis_link;

enum redis_link_state { REDIS_DOWN, REDIS_CONNECTING, REDIS_GREETING, REDIS_UP };
extern const char *const redis_link_state_names[];

struct redis_link_handler {
	void *ctx;
	void (*up)(void *ctx);
	void (*down)(void *ctx, const char *why); /* was up, is not any more */
};

/* `name` is for logs ("redis", "redis watch"). Path and host come from config->redis. NULL: out of memory. */
struct redis_link *redis_link_new(struct loop *loop, const struct config *config, const char *name,
    const struct redis_link_handler *handler);

/* For the embedded Redis: the socket to use instead of the config's. Copied. */
void redis_link_use_path(struct redis_link *link, const char *path);

/* Its commands may take as long as they like (XREAD BLOCK). Call before redis_link_start. */
void redis_link_may_wait(struct redis_link *link);

/* Begins to connect, and keeps at it. */
void redis_link_start(struct redis_link *link);
/* Breaks the connection (for example: a reply that never comes); it will be made again. */
void redis_link_break(struct redis_link *link, const char *why);

/*
 * Sends a command; arguments are binary safe, or end with a NUL where `lens` is NULL. The reply (NULL when the connection
 * broke) is borrowed for the callback's call. Returns 0; or -ENOTCONN when the link is not up, and the callback is not called.
 */
typedef void redis_reply_fn(void *ctx, const struct redisReply *reply);
int redis_link_command(struct redis_link *link, redis_reply_fn *fn, void *ctx, size_t argc,
    const char **argv, const size_t *lens);
/* The same for one that is written as Redis reads it (RESP); it is copied. */
int redis_link_text(struct redis_link *link, redis_reply_fn *fn, void *ctx, struct slice command);
/* The same for a few NUL-terminated words, ended by NULL. */
int redis_link_words(struct redis_link *link, redis_reply_fn *fn, void *ctx, ...)
    __attribute__((sentinel));

/* What is wrong with an answer of a form that Redis does not give. */
#define ODD_REPLY "it answers as no Redis does: is [redis] server a Redis?"

/* Whether it is the answer to SCAN or HSCAN: a cursor and a list. */
bool redis_link_is_scan(const struct redisReply *reply);

/* Writes out what is buffered now rather than at the next turn of the loop. */
void redis_link_flush(struct redis_link *link);

enum redis_link_state redis_link_state(const struct redis_link *link);
const char *redis_link_error(const struct redis_link *link);  /* why it is not up; "" while it is */
const char *redis_link_server(const struct redis_link *link); /* "unix:build/run/redis.sock" */
const char *redis_link_warning(
    const struct redis_link *link); /* what is odd about this Redis, or "" */
void redis_link_free(struct redis_link *link);

#endif
