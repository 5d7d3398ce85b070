/*
 * evhttp on one side, admin/api on the other. Each listener has an evhttp and connections of its own.
 *
 * A deferred answer and its client end in any order. While an answer is pending, evhttp owns the request; when the
 * connection ends first, evhttp either frees the request with it or lets go of it (its connection is NULL then, and it is
 * ours to free): on_close tells the two apart. After that the answer is only thrown away.
 */
#include "admin/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_json.h"
#include "admin/auth.h"
#include "admin/http_connection.h"
#include "admin/http_listen.h"
#include "admin/http_pending.h"
#include "tls/tls_context.h"

#define HEADERS_MAX 16384
#define TOPOLOGY_MAX (INT64_C(256) << 20)
#define WRITE_SECONDS 30

struct http_server {
	struct http *http;
	struct http_socket socket;
	struct evhttp *evhttp;
	struct http_connections connections;
};

struct http {
	struct event_base *base;
	struct api *api;
	struct stats *stats;
	struct auth *auth;
	struct ssl_ctx_st *tls; /* of https listeners; NULL: none */
	struct http_backend backend;
	struct http_server *servers;
	size_t n_servers;
	struct http_pending *pending; /* a list, so that http_free can let go of them */
};

struct http_pending {
	struct http *http; /* NULL: it is gone */
	struct http_pending *next, **at;
	struct http_connection *connection; /* NULL: the client is gone */
	struct evhttp_request *request;     /* NULL: nobody waits any more */
	struct api_response response;
	struct evbuffer
	    *body; /* of a request that api_takes_stream, until it is taken; else NULL */
	struct http_stream stream;
	size_t left; /* bytes that a streamed answer still owes; its headers are sent */
	bool streams, is_head;
	const char *method;
	char *path;
	char who[64];
};

/* ---- answers ---- */

static void
put_request_id(struct evhttp_request *request)
{
	uint8_t id[16];
	char uuid[PORT_ID_TEXT], header[sizeof("req-") + PORT_ID_TEXT];

	/* RFC 9562, 5.4: a random UUID. */
	evutil_secure_rng_get_bytes(id, sizeof(id));
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	snprintf(header, sizeof(header), "req-%s", port_id_format(id, uuid));
	evhttp_add_header(
	    evhttp_request_get_output_headers(request), "X-Openstack-Request-Id", header);
}

static void
put_length(struct evhttp_request *request, const char *content_type, size_t len)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	char text[24];

	if (content_type)
		evhttp_add_header(headers, "Content-Type", content_type);
	snprintf(text, sizeof(text), "%zu", len);
	evhttp_add_header(headers, "Content-Length", text);
}

static void
put_headers(struct evhttp_request *request, const struct api_response *response)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	put_request_id(request);
	if (response->allow[0] != '\0')
		evhttp_add_header(headers, "Allow", response->allow);
	if (response->status == 401)
		evhttp_add_header(headers, "WWW-Authenticate", "Bearer realm=\"dpwatch\"");
	put_length(request, response->body ? response->content_type : NULL, response->len);
}

static void
free_body(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	free(arg);
}

static void
on_sent(struct evhttp_request *request, void *arg)
{
	(void)request;
	http_connection_idle(arg);
}

/* Sends the response, and takes its body out of it. */
static void
send_response(struct evhttp_request *request, struct http_connection *connection,
    struct api_response *response)
{
	struct evbuffer *body = evbuffer_new();

	put_headers(request, response);
	if (body && response->len > 0 && evhttp_request_get_command(request) != EVHTTP_REQ_HEAD &&
	    evbuffer_add_reference(
		body, response->body, response->len, free_body, response->body) == 0)
		response->body = NULL;
	/* Until then the client may take its time to read: evhttp's own time-out is for one that stands still. */
	evhttp_request_set_on_complete_cb(request, on_sent, connection);
	evhttp_send_reply(request, response->status, NULL, body);
	if (body)
		evbuffer_free(body);
}

static void
log_write(
    const struct http *http, const char *who, const char *method, const char *path, int status)
{
	if (http->backend.log_write && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		http->backend.log_write(http->backend.ctx, who, method, path, status);
}

/* ---- answers that come later ---- */

/* The connection ends while an answer is pending. */
static void
on_close(struct evhttp_connection *evcon, void *arg)
{
	struct http_connection *connection = arg;
	struct http_pending *pending = connection->pending;

	(void)evcon;
	if (!pending)
		return;
	/* Still with its connection: evhttp frees it in a moment. Without: it has been left to us. */
	if (evhttp_request_get_connection(pending->request) == NULL)
		evhttp_request_free(pending->request);
	pending->request = NULL;
	pending->connection = NULL;
	connection->pending = NULL;
	if (pending->stream.gone)
		pending->stream.gone(pending->stream.ctx);
}

void
http_pending_abandon(struct http_pending *pending)
{
	evhttp_connection_free(evhttp_request_get_connection(pending->request));
}

static void
pending_link(struct http_pending *pending, struct http *http)
{
	pending->http = http;
	pending->next = http->pending;
	pending->at = &http->pending;
	if (pending->next)
		pending->next->at = &pending->next;
	http->pending = pending;
}

static void
pending_unlink(struct http_pending *pending)
{
	if (!pending->http)
		return;
	*pending->at = pending->next;
	if (pending->next)
		pending->next->at = pending->at;
	pending->http = NULL;
}

/* Hands a deferred response to the program. False, with the response untouched, when out of memory. */
static bool
defer(struct http_server *server, struct evhttp_request *request,
    struct http_connection *connection, const struct api_request *asked,
    struct api_response *response)
{
	struct http *http = server->http;
	struct http_pending *pending = calloc(1, sizeof(*pending));

	if (pending)
		pending->path = strdup(asked->path);
	if (!pending || !pending->path) {
		free(pending);
		return false;
	}
	pending_link(pending, http);
	pending->request = request;
	pending->connection = connection;
	pending->method = asked->method;
	slice_copy(slice_of(asked->who), pending->who, sizeof(pending->who));
	pending->response = *response;
	pending->is_head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
	pending->body = evbuffer_new();
	if (pending->body)
		evbuffer_add_buffer(pending->body, evhttp_request_get_input_buffer(request));
	connection->pending = pending;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, connection);
	http->backend.deferred(http->backend.ctx, pending, &pending->response);
	return true;
}

struct evbuffer *
http_take_body(struct http_pending *pending)
{
	struct evbuffer *body = pending->body;

	pending->body = NULL;
	return body;
}

/* ---- answers that are sent piece by piece ---- */

void
http_stream_begin(struct http_pending *pending, const struct http_stream *stream, int status,
    const char *content_type, size_t len)
{
	pending->response.status = status;
	pending->streams = true;
	pending->left = pending->is_head ? 0 : len;
	if (!pending->request)
		return;
	pending->stream = *stream;
	put_request_id(pending->request);
	put_length(pending->request, content_type, len);
	evhttp_request_set_on_complete_cb(pending->request, on_sent, pending->connection);
	evhttp_send_reply_start(pending->request, status, NULL);
}

static void
on_drained(struct evhttp_connection *evcon, void *arg)
{
	struct http_pending *pending = arg;

	(void)evcon;
	pending->stream.drained(pending->stream.ctx);
}

bool
http_stream_send(struct http_pending *pending, struct slice bytes)
{
	struct evbuffer *piece;

	if (!pending->request || bytes.len > pending->left || bytes.len == 0)
		return true;
	piece = evbuffer_new();
	/* What cannot be sent whole ends with its connection (stream_end). */
	if (!piece || evbuffer_add(piece, bytes.data, bytes.len) != 0) {
		if (piece)
			evbuffer_free(piece);
		return true;
	}
	pending->left -= bytes.len;
	evhttp_send_reply_chunk_with_cb(pending->request, piece, on_drained, pending);
	evbuffer_free(piece);
	return false;
}

static void
stream_end(struct http_pending *pending)
{
	pending->stream = (struct http_stream){ 0 };
	if (pending->left > 0)
		http_pending_abandon(pending);
	else
		evhttp_send_reply_end(pending->request);
}

void
http_finish(struct http_pending *pending)
{
	if (pending->connection)
		pending->connection->pending = NULL;
	if (pending->http) {
		stats_add(pending->http->stats, STAT_HTTP_REQUESTS, 1);
		log_write(pending->http, pending->who, pending->method, pending->path,
		    pending->response.status);
	}
	if (pending->request && pending->streams)
		stream_end(pending);
	else if (pending->request)
		send_response(pending->request, pending->connection, &pending->response);
	pending_unlink(pending);
	api_response_release(&pending->response);
	if (pending->body)
		evbuffer_free(pending->body);
	free(pending->path);
	free(pending);
}

/* ---- requests ---- */

static const char *
method_name(enum evhttp_cmd_type type)
{
	static const struct {
		enum evhttp_cmd_type type;
		const char *name;
	} methods[] = {
		{ EVHTTP_REQ_GET, "GET" },
		{ EVHTTP_REQ_HEAD, "HEAD" },
		{ EVHTTP_REQ_PUT, "PUT" },
		{ EVHTTP_REQ_POST, "POST" },
		{ EVHTTP_REQ_DELETE, "DELETE" },
		{ EVHTTP_REQ_PATCH, "PATCH" },
		{ EVHTTP_REQ_OPTIONS, "OPTIONS" },
		{ EVHTTP_REQ_TRACE, "TRACE" },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].type == type)
			return methods[i].name;
	return "?";
}

/* All but CONNECT, which is for proxies: api answers 405 itself, with Neutron's body. */
#define EVERY_METHOD                                                                               \
	(EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_POST | EVHTTP_REQ_DELETE | \
	    EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE)

/* In one piece; of one beyond `max`, which is refused, only the length. */
static struct slice
request_body(struct evhttp_request *request, uint64_t max)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(input);
	const char *data = len > 0 && len <= max ? (const char *)evbuffer_pullup(input, -1) : NULL;

	return (struct slice){ data, data || len > max ? len : 0 };
}

/* Only a topology may be larger than the rest: evhttp's own limit is one for all. */
static bool
is_too_large(const struct http_server *server, const struct api_request *asked,
    struct api_response *ret_response)
{
	*ret_response = (struct api_response){ 0 };
	if (asked->body.len <= server->connections.body_max)
		return false;
	api_finish_error(ret_response, 413, "the body is too large", NULL);
	return true;
}

static void
answer(struct http_server *server, struct evhttp_request *request,
    struct http_connection *connection, const struct api_request *asked)
{
	struct http *http = server->http;
	struct api_response response;

	if (!is_too_large(server, asked, &response))
		api_handle(http->api, asked, &response);
	if (response.deferred != API_DONE) {
		if (defer(server, request, connection, asked, &response))
			return;
		api_finish_error(&response, 500, "out of memory", NULL);
	}
	stats_add(http->stats, STAT_HTTP_REQUESTS, 1);
	log_write(http, asked->who, asked->method, asked->path, response.status);
	send_response(request, connection, &response);
	api_response_release(&response);
}

/* The token that a request shows; an empty slice: none. "notused" is what openstack's client says when it has none. */
static struct slice
token_of(struct evhttp_request *request)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	struct slice token = slice_trim(slice_of(evhttp_find_header(headers, "X-Auth-Token")));

	if (token.len == 0) {
		struct slice bearer =
		    slice_trim(slice_of(evhttp_find_header(headers, "Authorization")));
		if (bearer.len > 7 && slice_case_eq_str(slice_first(bearer, 7), "Bearer "))
			token = slice_trim(slice_from(bearer, 7));
	}
	return slice_eq_str(token, "notused") ? SLICE("") : token;
}

/*
 * Who asks: who the token names, else who the connection is. False where an address has sent too many wrong ones.
 */
static bool
identify(struct http_server *server, struct evhttp_request *request,
    struct http_connection *connection, struct api_request *asked)
{
	struct slice text = token_of(request);
	const struct token *token;

	asked->role = connection->role;
	asked->who = connection->who;
	asked->local = server->socket.is_unix && connection->role == ROLE_ADMIN;
	if (text.len == 0 || !server->http->auth)
		return true;
	asked->local = false;
	asked->role = ROLE_NONE;
	switch (
	    auth_check(server->http->auth, text, connection->has_addr ? &connection->addr : NULL,
		server->http->api->status.now_ns, &token)) {
	case AUTH_TOO_MANY:
		return false;
	case AUTH_WRONG:
		stats_add(server->http->stats, STAT_HTTP_WRONG_TOKENS, 1);
		return true;
	case AUTH_GOOD:
		break;
	}
	asked->role = token->role;
	asked->who = token->name;
	asked->project = token->role == ROLE_READER ? token->project : NULL;
	/* From now on this client may send more than a stranger: a topology. */
	if (token->role >= ROLE_INTEGRATOR)
		http_connection_trust(connection, request, TOPOLOGY_MAX);
	return true;
}

static void
refuse_impatient(
    struct http_server *server, struct evhttp_request *request, struct http_connection *connection)
{
	struct api_response response = { 0 };

	stats_add(server->http->stats, STAT_HTTP_IMPATIENT, 1);
	api_refuse(&response, 429, "HTTPTooManyRequests",
	    "too many wrong tokens from this address: try again in a minute");
	evhttp_add_header(evhttp_request_get_output_headers(request), "Retry-After", "60");
	send_response(request, connection, &response);
	api_response_release(&response);
}

static void
on_request(struct evhttp_request *request, void *arg)
{
	struct http_server *server = arg;
	struct http_connection *connection = http_connection_of(&server->connections, request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

	if (!connection) {
		evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	struct api_request asked = {
		.method = method_name(evhttp_request_get_command(request)),
		.path = path && path[0] != '\0' ? path : "/",
		.query = uri ? evhttp_uri_get_query(uri) : NULL,
		.if_match =
		    evhttp_find_header(evhttp_request_get_input_headers(request), "If-Match"),
		.host = evhttp_find_header(evhttp_request_get_input_headers(request), "Host"),
	};
	if (!api_takes_stream(asked.method, asked.path))
		asked.body = request_body(request, server->connections.body_max);
	if (server->http->backend.refresh_status)
		server->http->backend.refresh_status(
		    server->http->backend.ctx, &server->http->api->status);
	if (identify(server, request, connection, &asked))
		answer(server, request, connection, &asked);
	else
		refuse_impatient(server, request, connection);
}

/* ---- life ---- */

static int
server_start(struct http_server *server, const struct config *config)
{
	struct http *http = server->http;
	struct evconnlistener *listener;
	bool is_unix = server->socket.is_unix;
	uint64_t body_max =
	    config->api.max_body < TOPOLOGY_MAX ? config->api.max_body : TOPOLOGY_MAX;

	/* The listener's socket is closed by http_socket_close, which also removes its file. */
	listener =
	    evconnlistener_new(http->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, server->socket.fd);
	server->evhttp = evhttp_new(http->base);
	if (!listener || !server->evhttp || !evhttp_bind_listener(server->evhttp, listener)) {
		if (listener)
			evconnlistener_free(listener);
		return -ENOMEM;
	}
	server->connections.body_max = body_max;
	server->connections.tls = server->socket.is_tls ? &http->tls : NULL;
	server->connections.anonymous_reads = config->api.anonymous == ANONYMOUS_READ;
	evhttp_set_allowed_methods(server->evhttp, EVERY_METHOD);
	evhttp_set_max_headers_size(server->evhttp, HEADERS_MAX);
	/* Only the Unix socket's administrators can load a topology; http_connection holds the others to body_max. */
	evhttp_set_max_body_size(
	    server->evhttp, (ev_ssize_t)(is_unix ? (uint64_t)TOPOLOGY_MAX : body_max));
	evhttp_set_timeout(server->evhttp, WRITE_SECONDS);
	evhttp_set_gencb(server->evhttp, on_request, server);
	return http_connections_init(&server->connections, http->base, server->evhttp, listener);
}

static void
server_stop(struct http_server *server)
{
	http_connections_flush(&server->connections);
	if (server->evhttp)
		evhttp_free(server->evhttp);
	http_connections_release(&server->connections);
	http_socket_close(&server->socket);
}

static bool
servers_open(struct http *http, const struct config *config, char *error, size_t size)
{
	const struct config_list *lines = &config->api.listen;

	/* Never moved: evhttp and the connections point into them. */
	http->servers = calloc(lines->n + 1, sizeof(*http->servers));
	if (!http->servers) {
		snprintf(error, size, "out of memory");
		return false;
	}
	for (size_t i = 0; i < lines->n; i++) {
		struct http_server *server = &http->servers[i];
		server->http = http;
		if (!http_socket_open(lines->items[i], &server->socket, error, size))
			return false;
		http->n_servers++;
		if (server_start(server, config) != 0) {
			snprintf(error, size, "[api] listen %s: out of memory", lines->items[i]);
			return false;
		}
	}
	return true;
}

struct http *
http_new(struct event_base *base, const struct config *config, struct api *api, struct stats *stats,
    const struct http_backend *backend, char *error, size_t size)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	http->base = base;
	http->api = api;
	http->auth = api->auth;
	http->stats = stats;
	http->backend = *backend;
	if (!servers_open(http, config, error, size)) {
		http_free(http);
		return NULL;
	}
	return http;
}

void
http_set_tls(struct http *http, struct ssl_ctx_st *context)
{
	tls_context_free(http->tls);
	http->tls = context;
}

size_t
http_n_listeners(const struct http *http)
{
	return http->n_servers;
}

const char *
http_listener(const struct http *http, size_t i)
{
	return http->servers[i].socket.text;
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	for (size_t i = 0; i < http->n_servers; i++)
		server_stop(&http->servers[i]);
	while (http->pending)
		pending_unlink(http->pending);
	tls_context_free(http->tls);
	free(http->servers);
	free(http);
}
