/*
 * Answers: sent at once, later, or piece by piece.
 *
 * A deferred answer and its client end in any order. While an answer is pending, evhttp owns the request; when the connection
 * ends first, evhttp either frees the request with it or lets go of it (its connection is NULL then, and it is ours to free):
 * on_close tells the two apart. After that the answer is only thrown away.
 */
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http_pending.h"
#include "admin/http_server.h"

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

void
http_send(struct evhttp_request *request, struct http_connection *connection,
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

void
http_log_write(
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

void
http_forget(struct http_pending *pending)
{
	if (!pending->http)
		return;
	*pending->at = pending->next;
	if (pending->next)
		pending->next->at = pending->at;
	pending->http = NULL;
}

bool
http_defer(struct http_server *server, struct evhttp_request *request,
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

bool
http_is_wanted(const struct http_pending *pending)
{
	return pending->request != NULL;
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
		http_log_write(pending->http, pending->who, pending->method, pending->path,
		    pending->response.status);
	}
	if (pending->request && pending->streams)
		stream_end(pending);
	else if (pending->request)
		http_send(pending->request, pending->connection, &pending->response);
	http_forget(pending);
	api_response_release(&pending->response);
	if (pending->body)
		evbuffer_free(pending->body);
	free(pending->path);
	free(pending);
}
