/*
 * redis_blocking: a connection to Redis that waits for its answers (io). For workers (io/worker.h) alone: nothing here may
 * be called from the daemon's loop.
 */
#ifndef DPWATCH_IO_REDIS_BLOCKING_H
#define DPWATCH_IO_REDIS_BLOCKING_H

#include <stddef.h>
#include <stdint.h>

struct redisContext;
struct redisReply;

/* Where Redis is, and as whom; borrowed. Either path or host. */
struct redis_place {
	const char *path, *host;
	uint16_t port;
	const char *username, *password_file; /* NULL: none */
	uint32_t database;
	const char *prefix;
};

/*
 * Connects, authenticates and selects the database. NULL with a message for people in `error`. Redis answers within
 * REDIS_BLOCKING_S seconds, or the connection is taken as broken.
 */
#define REDIS_BLOCKING_S 30
struct redisContext *redis_blocking_open(const struct redis_place *place, char *error, size_t size);

/* Like redisGetReply, for a reply that must not be an error: NULL with a message in `error`. The caller frees it. */
struct redisReply *redis_blocking_reply(struct redisContext *redis, char *error, size_t size);

/*
 * The first line of a password file (NULL: none) without its end, "" where there is none; at most size - 1 bytes. Returns 0
 * or a negative errno.
 */
#define REDIS_PASSWORD_MAX 512 /* with its NUL */
int redis_password_read(const char *path, char *ret_password, size_t size);

#endif
