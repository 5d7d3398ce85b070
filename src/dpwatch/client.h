/*
 * client: requests to the daemon's API, over its Unix socket or HTTP (libcurl).
 *
 * What goes wrong on the way is told here, on standard error and with what to do about it, so that a command only has to
 * return. Replies are JSON; one that is not comes from something else than dpwatchd.
 */
#ifndef DPWATCH_CLIENT_H
#define DPWATCH_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/slice.h"

struct client;

/* Whether client_new() takes it. */
bool client_knows(const char *api);

/*
 * `api` is unix:PATH or http[s]://HOST[:PORT]; `token` and `ca` (a PEM file of authorities, in place of the system's) may be
 * NULL. All are copied. NULL when memory is out.
 */
struct client *client_new(const char *api, const char *token, const char *ca);
void client_free(struct client *client);

struct client_reply {
	long status;
	char *body; /* NUL-terminated */
	size_t len;
	json_t *json; /* NULL unless it is JSON */
};
void client_reply_release(struct client_reply *reply);

/* What became of a request. */
enum client_result {
	CLIENT_OK,
	CLIENT_REFUSED,     /* the daemon said no; told */
	CLIENT_UNREACHABLE, /* no answer, or that it cannot at present (5xx); told, unless quiet */
	CLIENT_CHANGED,     /* another map came in force; not told (client_set_patient) */
};

/*
 * Asks for `target`, path and query as they go over the wire. On CLIENT_OK the reply is the caller's; otherwise it is
 * empty.
 */
enum client_result client_get(
    struct client *client, const char *target, struct client_reply *ret_reply);
enum client_result client_put(
    struct client *client, const char *target, struct slice body, struct client_reply *ret_reply);
enum client_result client_post(
    struct client *client, const char *target, struct slice body, struct client_reply *ret_reply);
enum client_result client_delete(
    struct client *client, const char *target, struct client_reply *ret_reply);

/* The same as client_get, but the body of a 200 goes to `out` as it comes; *ret_reply then holds only the status. */
enum client_result client_copy(
    struct client *client, const char *target, FILE *out, struct client_reply *ret_reply);

/* Another client of the same daemon, a quiet one, for use while this one waits. NULL: out of memory. */
struct client *client_twin(const struct client *client);

/*
 * Called again and again, at least once a second, while a body is sent and its answer is waited for: how many of its bytes
 * are sent.
 */
typedef void client_progress_fn(void *ctx, size_t sent, size_t all);
void client_set_progress(struct client *client, client_progress_fn *fn, void *ctx);

/* No messages about CLIENT_UNREACHABLE while set: for who tries again. */
void client_set_quiet(struct client *client, bool quiet);

/*
 * While set, an answer that another map came in force since the page before (409) is CLIENT_CHANGED, and not CLIENT_REFUSED:
 * for who begins the list again.
 */
void client_set_patient(struct client *client, bool patient);

/* Percent-encoded for a path or a query. The caller frees it; ends the program when memory is out. */
char *client_escape(const char *text);

/*
 * A list page by page: follows `next` (for ports: ports_links) to its end, and calls fn with the array `name` of each page,
 * borrowed. `target` is the first page. Where another map comes in force in between, the list begins again, twice at most:
 * fn is called with NULL, and what it was told before is void.
 */
typedef void client_page_fn(void *ctx, const json_t *list);
enum client_result client_each_page(
    struct client *client, const char *target, const char *name, client_page_fn *fn, void *ctx);

/*
 * A list whole: follows `next` (for ports: ports_links) to its end. `target` is the first page. *ret_list is an array of
 * the member `name` of every page, and is the caller's.
 */
enum client_result client_get_list(
    struct client *client, const char *target, const char *name, json_t **ret_list);

#endif
