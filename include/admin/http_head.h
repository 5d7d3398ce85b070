/*
 * http_head: two lines of a request's head, looked at before evhttp reads them (admin layer, private to http*.c; no socket).
 *
 * evhttp refuses a body that is too long when it reads the head, and shows nobody that head: who may load a topology would be
 * refused before anybody asked for the token. So the bytes of a head pass by here first.
 */
#ifndef DPWATCH_ADMIN_HTTP_HEAD_H
#define DPWATCH_ADMIN_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/* Longer lines are none of those that matter here: "Authorization: Bearer " and a token have 70 bytes. */
#define HTTP_HEAD_LINE 160

struct http_head {
	char line
	    [HTTP_HEAD_LINE]; /* the line that is arriving, as much of it as there is room for */
	size_t len;           /* of the line, also beyond that room */
	bool begun, ended;
	uint64_t body; /* Content-Length; UINT64_MAX: in chunks, or a number that is none */
	char token[HTTP_HEAD_LINE]; /* "": none was shown */
};

/* Before the first byte of a request; all zero is the same. */
void http_head_clear(struct http_head *head);

/* Takes the next bytes of the request. True with the bytes that end the head; what follows is not looked at. */
bool http_head_feed(struct http_head *head, struct slice bytes);

/* The token in the value of X-Auth-Token or, with that empty, of Authorization. Empty: there is none. */
struct slice http_token_of(struct slice auth_token, struct slice authorization);

#endif
