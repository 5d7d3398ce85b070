/*
 * embedded_redis: a Redis of our own as a child process (io): `server = embedded`.
 *
 * It listens on <state_dir>/redis.sock only, keeps an append-only file in state_dir, and dies with the daemon, however
 * that dies. A lock that the child inherits keeps two of them off one directory. Its death is noticed and mended.
 */
#ifndef DPWATCH_IO_EMBEDDED_REDIS_H
#define DPWATCH_IO_EMBEDDED_REDIS_H

#include <stddef.h>

#include "io/loop.h"

struct embedded_redis;

/*
 * Starts it. NULL with a message for people in error: no redis-server, no usable state_dir, or another daemon's Redis still
 * there (it is waited for, up to ten seconds, because one that is just stopping is no fault).
 */
struct embedded_redis *embedded_redis_start(
    struct loop *loop, const char *state_dir, unsigned database, char *error, size_t size);

const char *embedded_redis_path(const struct embedded_redis *redis); /* of its socket */

/* Call once in a while: a log of its that has grown beyond a megabyte becomes redis.log.old. NULL: does nothing. */
void embedded_redis_trim_log(const struct embedded_redis *redis);

/* Call on SIGCHLD. */
void embedded_redis_reap(struct embedded_redis *redis);

/* Stops it in good order, and waits until it has written everything (bounded). */
void embedded_redis_stop(struct embedded_redis *redis);

#endif
