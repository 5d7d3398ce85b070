/*
 * http_server: what the files of http share (admin layer, private to src/admin/http).
 */
#ifndef DPWATCH_ADMIN_HTTP_SERVER_H
#define DPWATCH_ADMIN_HTTP_SERVER_H

#include "admin/auth.h"
#include "admin/http.h"
#include "admin/http_connection.h"
#include "admin/http_listen.h"

/* The longest body of who may load a topology. */
#define HTTP_TOPOLOGY_MAX (INT64_C(256) << 20)

/* A listener with its evhttp and connections. */
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

/* ---- http_answer.c ---- */

/* Sends the response, and takes its body out of it. */
void http_send(struct evhttp_request *request, struct http_connection *connection,
    struct api_response *response);

/* What was written is told to the program, by whom and with what status. */
void http_log_write(
    const struct http *http, const char *who, const char *method, const char *path, int status);

/* Hands a deferred response to the program. False, with the response untouched, when out of memory. */
bool http_defer(struct http_server *server, struct evhttp_request *request,
    struct http_connection *connection, const struct api_request *asked,
    struct api_response *response);

/* It goes on without its http: what is sent for it is only thrown away. */
void http_forget(struct http_pending *pending);

/* ---- http_page.c ---- */

/* Something was added to a connection's output that is no answer of ours. */
void http_page_written(struct evbuffer *output);

/* ---- http_identify.c ---- */

/*
 * Whether a token that came with a head may bring a body beyond max_body: it may load a topology. A wrong one is counted here,
 * because evhttp then refuses the request and nobody else sees it.
 */
bool http_may_load(
    struct http_server *server, struct http_connection *connection, const char *token);

/*
 * Who asks: who the token names, else who the connection is; filled into role, project, local and who of the request. False
 * where its address has sent too many wrong tokens: it is to be refused for a minute.
 */
bool http_identify(struct http_server *server, struct evhttp_request *request,
    struct http_connection *connection, struct api_request *asked);

#endif
