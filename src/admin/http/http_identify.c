/*
 * Who sends a request: a token's name and role, or what the connection itself says (admin/http_connection).
 */
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "admin/http_server.h"

static struct slice
token_of(struct evhttp_request *request)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);

	return http_token_of(slice_of(evhttp_find_header(headers, "X-Auth-Token")),
	    slice_of(evhttp_find_header(headers, "Authorization")));
}

bool
http_may_load(struct http_server *server, struct http_connection *connection, const char *text)
{
	struct http *http = server->http;
	const struct token *token;

	if (!http->auth)
		return false;
	if (http->backend.refresh_status)
		http->backend.refresh_status(http->backend.ctx, &http->api->status);
	if (auth_check(http->auth, slice_of(text), connection->has_addr ? &connection->addr : NULL,
		http->api->status.now_ns, &token) == AUTH_GOOD)
		return token->role >= ROLE_INTEGRATOR;
	stats_add(http->stats, STAT_HTTP_WRONG_TOKENS, 1);
	return false;
}

bool
http_identify(struct http_server *server, struct evhttp_request *request,
    struct http_connection *connection, struct api_request *asked)
{
	struct slice text = token_of(request);
	const struct token *token;

	asked->role = connection->has_addr && connection->owner->anonymous_reads ? ROLE_READER
										 : connection->role;
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
		http_connection_trust(connection);
	return true;
}
