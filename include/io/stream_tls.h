/*
 * stream_tls: TLS on one accepted socket, receiving only (io). Private to stream_connection.
 *
 * OpenSSL itself and no bufferevent: the connection's one bounded buffer is filled as from a plain socket, so that limits,
 * pausing and draining are the same for both. (evhttp needs bufferevents: admin/http.)
 */
#ifndef DPWATCH_IO_STREAM_TLS_H
#define DPWATCH_IO_STREAM_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct ssl_ctx_st;
struct stream_tls;

enum stream_tls_result {
	STREAM_TLS_DATA,    /* *ret_n bytes are in the buffer */
	STREAM_TLS_NOTHING, /* nothing now: wait until the socket can be read */
	STREAM_TLS_BLOCKED, /* nothing now: wait until the socket can be written */
	STREAM_TLS_END,     /* the peer has said that this was all (close_notify) */
	STREAM_TLS_BROKEN,  /* the connection broke off behind the handshake */
	STREAM_TLS_REFUSED, /* the handshake failed: see stream_tls_failure() */
};

/* A server's side of a non-blocking socket, which stays the caller's. NULL: out of memory. */
struct stream_tls *stream_tls_new(struct ssl_ctx_st *context, int fd);
/* Says goodbye, as far as the socket takes it at once. NULL is fine. */
void stream_tls_free(struct stream_tls *tls);

/* Goes on with the handshake, and then with the data. */
enum stream_tls_result stream_tls_read(
    struct stream_tls *tls, char *buf, size_t size, size_t *ret_n);

/* Whether the handshake is over. */
bool stream_tls_is_open(const struct stream_tls *tls);

/* Whether bytes wait here that the socket will not be readable for. */
bool stream_tls_has_more(const struct stream_tls *tls);

/* Why the handshake failed, for people. Valid until stream_tls_free(). */
const char *stream_tls_failure(const struct stream_tls *tls);

#endif
