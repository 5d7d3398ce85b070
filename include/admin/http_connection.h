/*
 * http_connection: how many clients a listener has, and how long each may take (admin layer, private to http.c).
 *
 * evhttp has neither a limit on connections nor one on the time that a request takes to arrive: a client that never sends
 * one reaches no handler, and one that sends a byte a second never times out. So every connection's bufferevent is made
 * here (evhttp_set_bevcb) and one more reference to it is kept. That evhttp is done with it shows in its callbacks, which
 * are gone then; such connections are collected once a second, and at once when room is needed.
 */
#ifndef DPWATCH_ADMIN_HTTP_CONNECTION_H
#define DPWATCH_ADMIN_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/api.h"
#include "admin/http_head.h"
#include "util/addr.h"

struct bufferevent;
struct event;
struct event_base;
struct evconnlistener;
struct evhttp;
struct evhttp_connection;
struct evhttp_request;
struct http_pending;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* Per listener, so that strangers on TCP cannot take the administrator's place on the Unix socket. */
#define HTTP_CONNECTIONS_MAX 256

/* A request must arrive within so many seconds; a longer one must bring at least HTTP_PROGRESS_MIN bytes in each such span. */
#define HTTP_ARRIVAL_SECONDS 30
#define HTTP_PROGRESS_MIN 65536

struct http_connection {
	struct http_connections *owner;
	struct bufferevent *bev; /* NULL: this place is free */
	bool busy;               /* a whole request is being answered */
	uint64_t arrived;        /* bytes since the last request was whole */
	uint64_t arrived_before; /* when the span began */
	int seconds;             /* of the span */
	bool role_known;
	enum api_role role;
	bool trusted;          /* it showed a good token: see http_connection_trust */
	struct http_head head; /* of the request that is arriving */
	bool has_addr;
	struct addr addr; /* of a client on TCP */
	char who[64];
	struct http_pending *pending; /* the answer that this client waits for; NULL: none */
};

struct http_server;

struct http_connections {
	struct http_server *server;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *tick;
	size_t n;
	uint64_t body_max;             /* for those who may not load a topology */
	uint64_t topology_max;         /* for those who may */
	bool anonymous_reads;          /* on TCP */
	struct ssl_ctx_st *const *tls; /* for connections to come; NULL: they are in clear */
	struct http_connection places[HTTP_CONNECTIONS_MAX];
};

/* Takes charge of an evhttp's connections; the listener is borrowed. 0 or -ENOMEM. */
int http_connections_init(struct http_connections *connections, struct event_base *base,
    struct evhttp *evhttp, struct evconnlistener *listener);

/* A last attempt to send what is ready, without waiting: clients that are told that the daemon stops. Over TLS as TLS. */
void http_connections_flush(struct http_connections *connections);

/* After evhttp_free. */
void http_connections_release(struct http_connections *connections);

/* The connection that a request came in by: whole now, and busy until http_connection_idle. */
struct http_connection *http_connection_of(
    struct http_connections *connections, struct evhttp_request *request);

/* Its answer is on its way: the span for the next request begins. */
void http_connection_idle(struct http_connection *connection);

/* Its token may load a topology: from now on it may send as much. */
void http_connection_trust(struct http_connection *connection);

#endif
