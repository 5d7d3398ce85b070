/*
 * Lists that come in pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* How often a list begins again: maps that come one after the other are somebody's script. */
#define BEGIN_AGAIN 2

static const char *
next_link(const json_t *page)
{
	size_t i;
	json_t *link;

	json_array_foreach(json_object_get(page, "ports_links"), i, link)
	{
		const char *rel = json_string_value(json_object_get(link, "rel"));
		if (rel && strcmp(rel, "next") == 0)
			return json_string_value(json_object_get(link, "href"));
	}
	return NULL;
}

/* The next page's target, or NULL after the last: a link (its path and query), or a marker for the same list. */
static char *
next_target(const json_t *page, const char *target)
{
	const char *href = next_link(page);
	const char *marker = json_string_value(json_object_get(page, "next"));
	size_t len = strcspn(target, "?");
	char *next = NULL;

	if (href && (href = strstr(href, "/v2.0/")))
		return strdup(href);
	if (!marker)
		return NULL;
	/* The filters stay; a marker that is there already is replaced. */
	const char *query = target[len] == '?' ? target + len + 1 : "";
	const char *old = strstr(query, "marker=");
	size_t keep = old ? (size_t)(old - query) : strlen(query);
	if (keep > 0 && query[keep - 1] == '&')
		keep--;
	if (asprintf(&next, "%.*s?%.*s%smarker=%s", (int)len, target, (int)keep, query,
		keep > 0 ? "&" : "", marker) < 0)
		return NULL;
	return next;
}

/* The list once from its beginning. */
static enum client_result
each_page(
    struct client *client, const char *target, const char *name, client_page_fn *fn, void *ctx)
{
	enum client_result result = CLIENT_OK;
	char *at = strdup(target);

	while (at && result == CLIENT_OK) {
		struct client_reply reply;
		result = client_get(client, at, &reply);
		if (result != CLIENT_OK)
			break;
		fn(ctx, json_object_get(reply.json, name));
		char *next = next_target(reply.json, at);
		client_reply_release(&reply);
		free(at);
		at = next;
	}
	free(at);
	return result;
}

enum client_result
client_each_page(
    struct client *client, const char *target, const char *name, client_page_fn *fn, void *ctx)
{
	enum client_result result = CLIENT_CHANGED;

	for (int left = BEGIN_AGAIN; result == CLIENT_CHANGED; left--) {
		client_set_patient(client, left > 0);
		result = each_page(client, target, name, fn, ctx);
		if (result == CLIENT_CHANGED)
			fn(ctx, NULL);
	}
	client_set_patient(client, false);
	return result;
}

static void
extend(void *ctx, const json_t *list)
{
	if (list)
		json_array_extend(ctx, (json_t *)list);
	else
		json_array_clear(ctx);
}

enum client_result
client_get_list(struct client *client, const char *target, const char *name, json_t **ret_list)
{
	json_t *list = json_array();
	enum client_result result = client_each_page(client, target, name, extend, list);

	if (result == CLIENT_OK)
		*ret_list = list;
	else
		json_decref(list);
	return result;
}
