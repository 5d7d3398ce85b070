/*
 * stream_connection: one connection of a stream: bytes in, messages out (io). Private to stream_set.
 *
 * One buffer of a fixed size, filled from a plain socket or through TLS, out of which one message at a time is cut
 * (core/stream_frame). A line that was sent without a terminator before an orderly end (FIN, close_notify) is a message; what
 * was there when it broke off is not, and neither is what tells its length and is not complete.
 */
#ifndef DPWATCH_IO_STREAM_CONNECTION_H
#define DPWATCH_IO_STREAM_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "core/engine.h"
#include "core/stream_frame.h"
#include "util/slice.h"

struct ssl_ctx_st;
struct stream_connection;

/* What one reading came to. All from CONNECTION_OVER on: it must be freed. */
enum stream_connection_result {
	CONNECTION_DATA,      /* there may be more */
	CONNECTION_NOTHING,   /* wait until the socket can be read */
	CONNECTION_BLOCKED,   /* wait until it can be written: TLS has something to say */
	CONNECTION_OVER,      /* closed or broken off */
	CONNECTION_BAD_FRAME, /* what begins is no message, or an absurdly long one */
	CONNECTION_REFUSED,   /* its TLS handshake failed: see stream_connection_failure() */
};

struct stream_connection_handler {
	void *ctx;
	/*
	 * Finds the next message of the protocol in bytes received and not yet used, as core/syslog_frame does: a slice of
	 * them. After FRAME_MESSAGE and FRAME_MORE *ret_used bytes are done with.
	 */
	enum frame_result (*cut)(struct stream_frame *frame, struct slice bytes, size_t *ret_used,
	    struct slice *ret_message);
	/* The bytes are valid during the call. */
	void (*message)(void *ctx, struct slice bytes, struct engine_time now);
};

/* Takes over a non-blocking socket, except where it fails (NULL: out of memory). `tls` NULL: a plain stream. */
struct stream_connection *stream_connection_new(int fd, size_t max_message, struct ssl_ctx_st *tls,
    const struct stream_connection_handler *handler);
void stream_connection_free(struct stream_connection *connection);

/* Takes what is there, at most a buffer full. *ret_n: the bytes that came. */
enum stream_connection_result stream_connection_receive(
    struct stream_connection *connection, struct engine_time now, size_t *ret_n);

/* The bytes of a message that has not come whole. */
size_t stream_connection_left(const struct stream_connection *connection);

/* A TLS handshake is still under way. */
bool stream_connection_is_opening(const struct stream_connection *connection);

/* Why the handshake failed; valid until the connection is freed. */
const char *stream_connection_failure(const struct stream_connection *connection);

#endif
