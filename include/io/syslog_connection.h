/*
 * syslog_connection: one connection of a stream: bytes in, messages out (io). Private to syslog_stream.
 *
 * One buffer of a fixed size, filled from a plain socket or through TLS, out of which one message at a time is cut
 * (core/syslog_frame). What was sent without a terminator before an orderly end (FIN, close_notify) is a message; what was
 * there when it broke off is not, and neither is a counted message that is not complete.
 */
#ifndef DPWATCH_IO_SYSLOG_CONNECTION_H
#define DPWATCH_IO_SYSLOG_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "core/engine.h"
#include "util/slice.h"

struct ssl_ctx_st;
struct syslog_connection;

/* What one reading came to. All from CONNECTION_OVER on: it must be freed. */
enum syslog_connection_result {
	CONNECTION_DATA,      /* there may be more */
	CONNECTION_NOTHING,   /* wait until the socket can be read */
	CONNECTION_BLOCKED,   /* wait until it can be written: TLS has something to say */
	CONNECTION_OVER,      /* closed or broken off */
	CONNECTION_BAD_FRAME, /* no message length where one must stand, or one above max_message */
	CONNECTION_REFUSED,   /* its TLS handshake failed: see syslog_connection_failure() */
};

struct syslog_connection_handler {
	void *ctx;
	/* The bytes are valid during the call. */
	void (*message)(void *ctx, struct slice bytes, struct engine_time now);
};

/* Takes over a non-blocking socket, except where it fails (NULL: out of memory). `tls` NULL: a plain stream. */
struct syslog_connection *syslog_connection_new(int fd, size_t max_message, struct ssl_ctx_st *tls,
    const struct syslog_connection_handler *handler);
void syslog_connection_free(struct syslog_connection *connection);

/* Takes what is there, at most a buffer full. *ret_n: the bytes that came. */
enum syslog_connection_result syslog_connection_receive(
    struct syslog_connection *connection, struct engine_time now, size_t *ret_n);

/* The bytes of a message that has not come whole. */
size_t syslog_connection_left(const struct syslog_connection *connection);

/* A TLS handshake is still under way. */
bool syslog_connection_is_opening(const struct syslog_connection *connection);

/* Why the handshake failed; valid until the connection is freed. */
const char *syslog_connection_failure(const struct syslog_connection *connection);

#endif
