/*
 * http: evhttp glue around admin/api (admin layer): listeners, limits, and answers that come later.
 */
#ifndef DPWATCH_ADMIN_HTTP_H
#define DPWATCH_ADMIN_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/api.h"
#include "core/config.h"

struct evbuffer;
struct event_base;
struct http;
struct http_pending;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/*
 * How the program does what a handler deferred. It must end in exactly one http_finish(pending), now or later, also when
 * the client has gone meanwhile.
 */
struct http_backend {
	void *ctx;
	void (*refresh_status)(void *ctx, struct api_status *status); /* before each request */
	void (*deferred)(void *ctx, struct http_pending *pending, struct api_response *response);
	void (*log_write)(
	    void *ctx, const char *who, const char *method, const char *path, int status);
};

/* Listens as config->api says. NULL with a message for people in `error` (size bytes) when it cannot. */
struct http *http_new(struct event_base *base, const struct config *config, struct api *api,
    struct stats *stats, const struct http_backend *backend, char *error, size_t size);

/*
 * The certificate of https: listeners (tls_server_context()), which it owns from now on; NULL where there are none. Connections
 * that are there keep theirs. Until it is given, https: listeners refuse everybody.
 */
void http_set_tls(struct http *http, struct ssl_ctx_st *context);
struct ssl_ctx_st *http_tls(const struct http *http);

/*
 * Takes over what may change while listening: `anonymous`, at once and for those who are connected; `max_body`: a lower one at once, a
 * higher one for connections to come.
 */
void http_configure(struct http *http, const struct config *config);

/* Sends the response that was handed to `deferred` (filled by an api_finish_* function) and frees both. */
void http_finish(struct http_pending *pending);

/* Whether the client still waits for it. Where it does not, http_finish is owed all the same. */
bool http_is_wanted(const struct http_pending *pending);

/* The body of a deferred request that api_takes_stream: the caller's to free. NULL when it was taken before, or is empty. */
struct evbuffer *http_take_body(struct http_pending *pending);

/*
 * An answer that is sent piece by piece, as fast as the client reads: begin with status, type and length; then send, and
 * after each send that returned false wait for `drained`; then http_finish, which is also what ends it before its time (the
 * client sees that it is not whole). `gone`: the client went away, nobody waits any more. Both may be called from within
 * the loop only, never from within these functions.
 */
struct http_stream {
	void *ctx;
	void (*drained)(void *ctx);
	void (*gone)(void *ctx);
};
void http_stream_begin(struct http_pending *pending, const struct http_stream *stream, int status,
    const char *content_type, size_t len);
bool http_stream_send(struct http_pending *pending, struct slice bytes);

/* What it listens on, for the start-up message: "http 127.0.0.1:9797", "unix build/run/api.sock". */
size_t http_n_listeners(const struct http *http);
const char *http_listener(const struct http *http, size_t i);

/* Whether tokens may pass other hosts in clear: a listener is http: and not on loopback. */
bool http_is_exposed(const struct http *http);

/* Closes listeners and connections, removes the Unix socket's file. Pending answers are dropped by their http_finish. */
void http_free(struct http *http);

#endif
