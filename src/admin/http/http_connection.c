#include "admin/http_connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/http_pending.h"
#include "admin/http_server.h"

/* What a request may bring beside its body. */
#define HEADERS_MAX 16384

/* ---- who it is ---- */

static void
identify_unix(struct http_connection *connection, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return;
	snprintf(connection->who, sizeof(connection->who), "uid %u", (unsigned)peer.uid);
	if (peer.uid == 0 || peer.uid == geteuid())
		connection->role = ROLE_ADMIN;
}

static void
identify_tcp(struct http_connection *connection, const struct sockaddr *sa)
{
	char text[ADDR_TEXT_MAX] = "";

	connection->has_addr = addr_from_sockaddr(sa, &connection->addr);
	if (connection->has_addr)
		addr_format(&connection->addr, text);
	snprintf(connection->who, sizeof(connection->who), "%.48s", text);
}

/*
 * Who the peer is: on a Unix socket root and our own user are admin and nobody else is anything (SO_PEERCRED); on TCP nobody
 * is anything by itself (http_identify knows `anonymous`, which a reload changes). Filled into role and who, once.
 */
static void
identify(struct http_connection *connection)
{
	union {
		struct sockaddr sa;
		struct sockaddr_storage storage;
	} peer;
	socklen_t len = sizeof(peer);
	int fd = bufferevent_getfd(connection->bev);

	if (connection->role_known)
		return;
	connection->role_known = true;
	connection->role = ROLE_NONE;
	if (getpeername(fd, &peer.sa, &len) < 0)
		return;
	if (peer.sa.sa_family == AF_UNIX)
		identify_unix(connection, fd);
	else
		identify_tcp(connection, &peer.sa);
}

/* ---- how much, how long ---- */

/* Ends a connection from outside of evhttp, which sees the end of the stream and tidies up. */
static void
hang_up(struct http_connection *connection)
{
	shutdown(bufferevent_getfd(connection->bev), SHUT_RDWR);
}

/* The last n bytes of the buffer, which evhttp has not seen yet. True when they end a head. */
static bool
feed_head(struct http_head *head, struct evbuffer *buffer, size_t n)
{
	struct evbuffer_ptr at;
	struct evbuffer_iovec piece;
	bool ended = false;

	evbuffer_ptr_set(buffer, &at, evbuffer_get_length(buffer) - n, EVBUFFER_PTR_SET);
	while (n > 0 && !head->ended && evbuffer_peek(buffer, (ev_ssize_t)n, &at, &piece, 1) > 0) {
		size_t len = piece.iov_len < n ? piece.iov_len : n;
		ended = http_head_feed(head, (struct slice){ piece.iov_base, len });
		n -= len;
		if (n > 0)
			evbuffer_ptr_set(buffer, &at, len, EVBUFFER_PTR_ADD);
	}
	return ended;
}

/* With the head, before evhttp holds the length of the body against its limit. */
static void
look_at_head(struct http_connection *connection, struct evbuffer *buffer, size_t n)
{
	struct http_head *head = &connection->head;

	if (connection->busy || head->ended || connection->trusted || !feed_head(head, buffer, n) ||
	    head->body <= connection->owner->body_max || head->token[0] == '\0')
		return;
	identify(connection);
	if (http_may_load(connection->owner->server, connection, head->token))
		http_connection_trust(connection);
}

static void
on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *connection = arg;

	if (info->n_added > 0)
		look_at_head(connection, buffer, info->n_added);
	connection->arrived += info->n_added;
	if (connection->arrived <= connection->owner->body_max + HEADERS_MAX)
		return;
	/* Only who may load a topology may send one; evhttp's own limit is one for all. */
	identify(connection);
	if (connection->role < ROLE_INTEGRATOR && !connection->trusted)
		hang_up(connection);
}

void
http_connection_trust(struct http_connection *connection)
{
	void *evcon = NULL;

	if (connection->trusted)
		return;
	connection->trusted = true;
	/* What evhttp's callbacks are called with is its connection, and there is no other way to that before a request is whole. */
	bufferevent_getcb(connection->bev, NULL, NULL, NULL, &evcon);
	if (evcon)
		evhttp_connection_set_max_body_size(
		    evcon, (ev_ssize_t)connection->owner->topology_max);
}

/* Our own answers are written while it is busy: what is written else is evhttp's. */
static void
on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	const struct http_connection *connection = arg;

	if (!connection->busy && info->n_added > 0)
		http_page_written(buffer);
}

void
http_connection_idle(struct http_connection *connection)
{
	connection->busy = false;
	connection->seconds = 0;
	connection->arrived = connection->arrived_before = 0;
	http_head_clear(&connection->head);
}

static void
span_passes(struct http_connection *connection)
{
	if (++connection->seconds < HTTP_ARRIVAL_SECONDS)
		return;
	if (connection->arrived - connection->arrived_before < HTTP_PROGRESS_MIN)
		hang_up(connection);
	connection->arrived_before = connection->arrived;
	connection->seconds = 0;
}

/*
 * A client that was killed while it waits for an answer: libevent does not look at the socket meanwhile. Only an end in both
 * directions counts, since a client may close its own half and still read.
 */
static bool
has_hung_up(const struct http_connection *connection)
{
	struct pollfd fd = { .fd = bufferevent_getfd(connection->bev) };

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR));
}

/* ---- places ---- */

static bool
is_done(const struct http_connection *connection)
{
	bufferevent_event_cb event_cb;

	bufferevent_getcb(connection->bev, NULL, NULL, &event_cb, NULL);
	return event_cb == NULL;
}

static void
place_free(struct http_connection *connection)
{
	evbuffer_remove_cb(bufferevent_get_input(connection->bev), on_input, connection);
	evbuffer_remove_cb(bufferevent_get_output(connection->bev), on_output, connection);
	bufferevent_decref(connection->bev);
	connection->bev = NULL;
	connection->owner->n--;
}

/* Collects what evhttp is done with. */
static void
sweep(struct http_connections *connections)
{
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct http_connection *connection = &connections->places[i];
		if (connection->bev && is_done(connection))
			place_free(connection);
	}
	if (connections->n < HTTP_CONNECTIONS_MAX)
		evconnlistener_enable(connections->listener);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_connections *connections = arg;

	(void)fd;
	(void)what;
	sweep(connections);
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct http_connection *connection = &connections->places[i];
		if (!connection->bev)
			continue;
		if (!connection->busy)
			span_passes(connection);
		else if (connection->pending && has_hung_up(connection))
			http_pending_abandon(connection->pending);
	}
	if (connections->n == 0)
		event_del(connections->tick);
}

static void
tick_start(struct http_connections *connections)
{
	const struct timeval second = { .tv_sec = 1 };

	if (!event_pending(connections->tick, EV_TIMEOUT, NULL))
		event_add(connections->tick, &second);
}

/* No descriptor is left: asking again at once would only spin. The next tick listens again. */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	evconnlistener_disable(listener);
	tick_start(arg);
}

static struct http_connection *
place_take(struct http_connections *connections)
{
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct http_connection *connection = &connections->places[i];
		if (connection->bev)
			continue;
		*connection = (struct http_connection){ .owner = connections };
		tick_start(connections);
		/* Most of a full house may be done already. */
		if (++connections->n == HTTP_CONNECTIONS_MAX)
			sweep(connections);
		if (connections->n == HTTP_CONNECTIONS_MAX)
			evconnlistener_disable(connections->listener);
		return connection;
	}
	return NULL;
}

/* Its handshake is part of the time that the first request may take to arrive. */
static struct bufferevent *
tls_bufferevent(struct event_base *base, struct ssl_ctx_st *context)
{
	SSL *ssl = context ? SSL_new(context) : NULL;
	struct bufferevent *bev = ssl ? bufferevent_openssl_socket_new(base, -1, ssl,
					    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
				      : NULL;

	if (!bev)
		SSL_free(ssl);
	else /* Many clients close without saying so in TLS; Content-Length tells what is whole. */
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

/* evhttp wants a bufferevent for a new connection; it sets the socket itself. */
static struct bufferevent *
on_connection(struct event_base *base, void *arg)
{
	struct http_connections *connections = arg;
	struct bufferevent *bev = connections->tls
				      ? tls_bufferevent(base, *connections->tls)
				      : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct http_connection *connection = bev ? place_take(connections) : NULL;

	/* Without a place (which the disabled listener prevents) evhttp gets one that is not watched. */
	if (!connection)
		return bev;
	connection->bev = bev;
	bufferevent_incref(bev);
	evbuffer_add_cb(bufferevent_get_input(bev), on_input, connection);
	evbuffer_add_cb(bufferevent_get_output(bev), on_output, connection);
	return bev;
}

int
http_connections_init(struct http_connections *connections, struct event_base *base,
    struct evhttp *evhttp, struct evconnlistener *listener)
{
	connections->base = base;
	connections->listener = listener;
	connections->tick = event_new(base, -1, EV_PERSIST, on_tick, connections);
	if (!connections->tick)
		return -ENOMEM;
	evhttp_set_bevcb(evhttp, on_connection, connections);
	evconnlistener_set_error_cb(listener, on_accept_error);
	return 0;
}

/* A record that the socket did not take whole is tried again with the bytes that it was made of: they are still in front. */
static void
flush_tls(SSL *ssl, struct evbuffer *output)
{
	size_t len;
	int n = 1;

	ERR_clear_error();
	while (n > 0 && (len = evbuffer_get_contiguous_space(output)) > 0) {
		n = SSL_write(ssl, evbuffer_pullup(output, 1), len > INT_MAX ? INT_MAX : (int)len);
		if (n > 0)
			evbuffer_drain(output, (size_t)n);
	}
	ERR_clear_error();
}

void
http_connections_flush(struct http_connections *connections)
{
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct bufferevent *bev = connections->places[i].bev;
		if (!bev || is_done(&connections->places[i]))
			continue;
		/* A bufferevent keeps others from draining its output; this is its end. */
		struct evbuffer *output = bufferevent_get_output(bev);
		SSL *ssl = bufferevent_openssl_get_ssl(bev);
		evbuffer_unfreeze(output, 1);
		/* What waits there is in clear. */
		if (ssl)
			flush_tls(ssl, output);
		else
			evbuffer_write(output, bufferevent_getfd(bev));
	}
}

void
http_connections_release(struct http_connections *connections)
{
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (connections->places[i].bev)
			place_free(&connections->places[i]);
	if (connections->tick)
		event_free(connections->tick);
	connections->tick = NULL;
}

struct http_connection *
http_connection_of(struct http_connections *connections, struct evhttp_request *request)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(request);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);

	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		if (connections->places[i].bev != bev)
			continue;
		connections->places[i].busy = true;
		identify(&connections->places[i]);
		return &connections->places[i];
	}
	return NULL;
}
