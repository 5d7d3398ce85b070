/*
 * evhttp on one side, admin/api on the other. Each listener has an evhttp and connections of its own.
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
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "admin/api_json.h"
#include "admin/http_server.h"
#include "tls/tls_context.h"

#define HEADERS_MAX 16384
#define WRITE_SECONDS 30

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
	char message[120];
	snprintf(message, sizeof(message),
	    "the body is too large: at most %" PRIu64 " bytes ([api] max_body)",
	    server->connections.body_max);
	api_finish_error(ret_response, 413, message, NULL);
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
		if (http_defer(server, request, connection, asked, &response))
			return;
		api_finish_error(&response, 500, "out of memory", NULL);
	}
	stats_add(http->stats, STAT_HTTP_REQUESTS, 1);
	http_log_write(http, asked->who, asked->method, asked->path, response.status);
	http_send(request, connection, &response);
	api_response_release(&response);
}

/* Before any handler sees it; with one more header. */
static void
refuse(struct evhttp_request *request, struct http_connection *connection,
    struct api_response *response, const char *header, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), header, value);
	http_send(request, connection, response);
	api_response_release(response);
}

static void
refuse_impatient(
    struct http_server *server, struct evhttp_request *request, struct http_connection *connection)
{
	struct api_response response = { 0 };

	stats_add(server->http->stats, STAT_HTTP_IMPATIENT, 1);
	api_refuse(&response, 429, "HTTPTooManyRequests",
	    "too many wrong tokens from this address: try again in a minute");
	refuse(request, connection, &response, "Retry-After", "60");
}

/*
 * Two lengths: some proxy may see the other end of the body, and another request behind it (RFC 9112, 6.3 and 11.2). One beside
 * a Transfer-Encoding evhttp refuses by itself.
 */
static bool
has_two_lengths(struct evhttp_request *request)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	const char *length = evhttp_find_header(headers, "Content-Length");

	for (const struct evkeyval *header = TAILQ_FIRST(headers); header;
	     header = TAILQ_NEXT(header, next))
		if (evutil_ascii_strcasecmp(header->key, "Content-Length") == 0 &&
		    strcmp(header->value, length) != 0)
			return true;
	return false;
}

/* evhttp takes a body in another coding for none, and what stands in it for the next request (RFC 9112, 6.1 and 11.2). */
static bool
has_other_coding(struct evhttp_request *request)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);

	for (const struct evkeyval *header = TAILQ_FIRST(headers); header;
	     header = TAILQ_NEXT(header, next))
		if (evutil_ascii_strcasecmp(header->key, "Transfer-Encoding") == 0 &&
		    !slice_case_eq_str(slice_trim(slice_of(header->value)), "chunked"))
			return true;
	return false;
}

/* True where nobody can tell where the body ends. It has been answered then, and the connection ends. */
static bool
refuse_length(struct evhttp_request *request, struct http_connection *connection)
{
	struct api_response response = { 0 };

	if (has_two_lengths(request))
		api_refuse(&response, 400, "HTTPBadRequest",
		    "two different Content-Length headers: which one is the length of the body?");
	else if (has_other_coding(request))
		api_refuse(&response, 501, "HTTPNotImplemented",
		    "no Transfer-Encoding is known here but chunked");
	else
		return false;
	refuse(request, connection, &response, "Connection", "close");
	return true;
}

/* Through a proxy that speaks TLS for us: links lead back there, as in Neutron. It decides nothing else. */
static bool
came_by_https(struct evhttp_request *request)
{
	const char *protocol =
	    evhttp_find_header(evhttp_request_get_input_headers(request), "X-Forwarded-Proto");

	return protocol && strcmp(protocol, "https") == 0;
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
	if (refuse_length(request, connection))
		return;
	struct api_request asked = {
		.method = method_name(evhttp_request_get_command(request)),
		.path = path && path[0] != '\0' ? path : "/",
		.query = uri ? evhttp_uri_get_query(uri) : NULL,
		.if_match =
		    evhttp_find_header(evhttp_request_get_input_headers(request), "If-Match"),
		.host = evhttp_find_header(evhttp_request_get_input_headers(request), "Host"),
		.secure = server->socket.is_tls || came_by_https(request),
	};
	if (!api_takes_stream(asked.method, asked.path))
		asked.body = request_body(request, server->connections.body_max);
	if (server->http->backend.refresh_status)
		server->http->backend.refresh_status(
		    server->http->backend.ctx, &server->http->api->status);
	if (http_identify(server, request, connection, &asked))
		answer(server, request, connection, &asked);
	else
		refuse_impatient(server, request, connection);
}

/* ---- life ---- */

static void
server_configure(struct http_server *server, const struct config *config)
{
	const uint64_t body_max =
	    config->api.max_body < HTTP_TOPOLOGY_MAX ? config->api.max_body : HTTP_TOPOLOGY_MAX;

	server->connections.body_max = body_max;
	server->connections.anonymous_reads = config->api.anonymous == ANONYMOUS_READ;
	/* Only the Unix socket's administrators can load a topology; http_connection holds the others to body_max. */
	evhttp_set_max_body_size(server->evhttp,
	    (ev_ssize_t)(server->socket.is_unix ? (uint64_t)HTTP_TOPOLOGY_MAX : body_max));
}

static int
server_start(struct http_server *server, const struct config *config)
{
	struct http *http = server->http;
	struct evconnlistener *listener;

	/* The listener's socket is closed by http_socket_close, which also removes its file. */
	listener =
	    evconnlistener_new(http->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, server->socket.fd);
	server->evhttp = evhttp_new(http->base);
	if (!listener || !server->evhttp || !evhttp_bind_listener(server->evhttp, listener)) {
		if (listener)
			evconnlistener_free(listener);
		return -ENOMEM;
	}
	server->connections.server = server;
	server->connections.topology_max = HTTP_TOPOLOGY_MAX;
	server->connections.tls = server->socket.is_tls ? &http->tls : NULL;
	evhttp_set_allowed_methods(server->evhttp, EVERY_METHOD);
	evhttp_set_max_headers_size(server->evhttp, HEADERS_MAX);
	server_configure(server, config);
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
http_configure(struct http *http, const struct config *config)
{
	for (size_t i = 0; i < http->n_servers; i++)
		server_configure(&http->servers[i], config);
}

void
http_set_tls(struct http *http, struct ssl_ctx_st *context)
{
	tls_context_free(http->tls);
	http->tls = context;
}

struct ssl_ctx_st *
http_tls(const struct http *http)
{
	return http->tls;
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

bool
http_is_exposed(const struct http *http)
{
	for (size_t i = 0; i < http->n_servers; i++)
		if (http->servers[i].socket.is_exposed)
			return true;
	return false;
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	for (size_t i = 0; i < http->n_servers; i++)
		server_stop(&http->servers[i]);
	while (http->pending)
		http_forget(http->pending);
	tls_context_free(http->tls);
	free(http->servers);
	free(http);
}
