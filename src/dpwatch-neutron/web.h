/*
 * web: HTTP requests, many at a time (libcurl's multi interface on the event loop).
 *
 * Connections are kept and used again. Redirects are not followed: a token belongs to the address that it was meant for.
 * A body always goes with its Content-Length (Neutron reads no chunks).
 */
#ifndef DPWATCH_NEUTRON_WEB_H
#define DPWATCH_NEUTRON_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"
#include "util/slice.h"

struct web;

struct web_options {
	uint32_t parallel; /* connections to one host */
	const char *ca, *cert,
	    *key; /* PEM files; NULL: the system's authorities, no certificate of ours */
	bool insecure;
};

/* Borrows nothing but the loop. NULL: out of memory. */
struct web *web_new(struct loop *loop, const struct web_options *options);

/* Requests under way end without an answer. */
void web_free(struct web *web);

struct web_request {
	const char *method; /* GET, PUT, POST: the last two with a body */
	const char *url;
	const char *socket_path; /* a Unix socket instead of the URL's host; NULL: none */
	const char *token;       /* X-Auth-Token; NULL: none */
	struct slice body;       /* copied */
	int64_t timeout_ms;      /* for the whole */
	size_t most;             /* bytes of an answer; one that is longer is a failure */
};

/* Everything is borrowed for the callback's call. */
struct web_result {
	long status; /* 0: no whole answer */
	char *body;  /* NUL-terminated */
	size_t len;
	const char *trouble; /* why there is no answer; NULL where there is one */
	bool untrusted;      /* without an answer: because of certificates */
	bool sent;           /* without an answer: the request may have arrived all the same */
	const char *location, *retry_after, *subject_token; /* headers; NULL: not there */
};
typedef void web_done_fn(void *ctx, const struct web_result *result);

/* Calls `fn` once, later. 0, or -ENOMEM or -EINVAL (a URL that is none), and it is not called. */
int web_send(struct web *web, const struct web_request *request, web_done_fn *fn, void *ctx)
    __attribute__((warn_unused_result));

#endif
