/*
 * http_client: one request over a Unix socket, and its answer, for integration tests. Blocking; gives up after 20 s.
 */
#ifndef DPWATCH_TESTS_LIB_HTTP_CLIENT_H
#define DPWATCH_TESTS_LIB_HTTP_CLIENT_H

#include <jansson.h>

/*
 * Sends the request (`body` may be NULL). Returns the status, and in *ret_json the body, owned by the caller (NULL where it
 * is no JSON; ret_json may be NULL). Returns -1 where nobody listens, or the connection breaks before a whole answer.
 */
int http_client(const char *socket_path, const char *method, const char *target, const char *body,
    json_t **ret_json);

#endif
