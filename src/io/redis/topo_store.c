#include "io/topo_store.h"

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/redis_link.h"

#define KEY 280
#define UNDER_WAY_MAX 16 /* commands that are not yet answered: some hundred kilobytes */
#define SCAN_COUNT "1000"

struct store {
	redisContext *redis;
	const char *prefix, *token;
	unsigned under_way; /* commands that are not yet answered */
	char *error;        /* "": no problem so far */
	size_t error_size;
	topo_progress_fn *progress;
	void *ctx;
	size_t done, all;
};

const char *
topo_store_staging_key(
    const char *prefix, const char *token, enum topo_kind kind, char *buf, size_t size)
{
	snprintf(buf, size, "%stopology:load:%s:%s", prefix, token, topo_kind_plurals[kind]);
	return buf;
}

/* ---- commands and their answers ---- */

/* Takes answers until only `most` are owed. False with the first problem, which stays. */
static bool
settle(struct store *store, unsigned most)
{
	while (store->under_way > most) {
		char error[300];
		redisReply *reply = redis_blocking_reply(store->redis, error, sizeof(error));
		store->under_way--;
		if (reply)
			freeReplyObject(reply);
		else if (store->error[0] == '\0')
			snprintf(store->error, store->error_size, "%s", error);
		if (store->redis->err)
			store->under_way = 0;
	}
	return store->error[0] == '\0';
}

static void send_words(struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
send_words(struct store *store, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (redisvAppendCommand(store->redis, format, args) == REDIS_OK)
		store->under_way++;
	else if (store->error[0] == '\0')
		snprintf(store->error, store->error_size, "out of memory");
	va_end(args);
}

/* ---- staging ---- */

/* One HSET of a run of records. */
struct run {
	const char *argv[2 + 2 * TOPO_STORE_FIELDS];
	size_t lens[2 + 2 * TOPO_STORE_FIELDS];
	size_t argc;
	char key[KEY];
};

static void
run_add(struct run *run, const char *text)
{
	run->argv[run->argc] = text;
	run->lens[run->argc++] = strlen(text);
}

/* Each sets the time anew: an HSET that comes after somebody removed the key must not leave one for ever. */
static bool
run_flush(struct store *store, struct run *run)
{
	if (run->argc > 2) {
		if (redisAppendCommandArgv(store->redis, (int)run->argc, run->argv, run->lens) ==
		    REDIS_OK)
			store->under_way++;
		else
			snprintf(store->error, store->error_size, "out of memory");
		send_words(store, "EXPIRE %s " TOPO_STORE_EXPIRE, run->key);
		store->done += (run->argc - 2) / 2;
	}
	for (size_t i = 2; i < run->argc; i++)
		free((void *)run->argv[i]);
	run->argc = 2;
	store->progress(store->ctx, store->done, store->all);
	return settle(store, UNDER_WAY_MAX);
}

static bool
stage_kind(struct store *store, enum topo_kind kind, const json_t *list)
{
	struct run run = { .argc = 0 };
	size_t i;
	json_t *value;

	topo_store_staging_key(store->prefix, store->token, kind, run.key, sizeof(run.key));
	run_add(&run, "HSET");
	run_add(&run, run.key);
	json_array_foreach((json_t *)list, i, value)
	{
		char *field = topo_record_key(kind, value);
		char *text = json_dumps(value, JSON_COMPACT);
		if (!field || !text) {
			free(field);
			free(text);
			snprintf(store->error, store->error_size, "out of memory");
			break;
		}
		run_add(&run, field);
		run_add(&run, text);
		if (run.argc == 2 + 2 * TOPO_STORE_FIELDS && !run_flush(store, &run))
			break;
	}
	return run_flush(store, &run);
}

static void
unstage(struct store *store)
{
	char key[KEY];

	if (store->redis->err)
		return;
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++)
		send_words(store, "UNLINK %s",
		    topo_store_staging_key(
			store->prefix, store->token, (enum topo_kind)kind, key, sizeof(key)));
	settle(store, 0);
}

/* ---- taking the old ones' places ---- */

/* Nothing is sent of the MULTI unless every staging key is there, and it does nothing if one is touched meanwhile. */
static bool
staged_whole(struct store *store, const json_t *document)
{
	char key[KEY];

	for (int kind = 0; kind < TOPO_KIND_MAX; kind++) {
		const json_t *list = json_object_get(document, topo_kind_plurals[kind]);
		if (json_array_size(list) == 0)
			continue;
		topo_store_staging_key(
		    store->prefix, store->token, (enum topo_kind)kind, key, sizeof(key));
		send_words(store, "WATCH %s", key);
		if (!settle(store, 0))
			return false;
		redisAppendCommand(store->redis, "HLEN %s", key);
		redisReply *reply =
		    redis_blocking_reply(store->redis, store->error, store->error_size);
		if (!reply)
			return false;
		bool whole = reply->integer == (long long)json_array_size(list);
		freeReplyObject(reply);
		if (!whole) {
			snprintf(store->error, store->error_size, "%s was changed by somebody else",
			    key);
			return false;
		}
	}
	return true;
}

static void
send_swap(struct store *store, const json_t *document)
{
	char from[KEY], to[KEY];

	send_words(store, "MULTI");
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++) {
		const json_t *list = json_object_get(document, topo_kind_plurals[kind]);
		topo_store_staging_key(
		    store->prefix, store->token, (enum topo_kind)kind, from, sizeof(from));
		snprintf(to, sizeof(to), "%stopology:%s", store->prefix, topo_kind_plurals[kind]);
		/* RENAME over a hash of a million fields would free it at once, and Redis would stand still. */
		send_words(store, "UNLINK %s", to);
		if (json_array_size(list) == 0)
			continue;
		send_words(store, "RENAME %s %s", from, to);
		send_words(store, "PERSIST %s", to);
	}
	send_words(
	    store, "XADD %stopology:changes MAXLEN ~ 100000 * kind all id %s", store->prefix, "");
}

/* The entry's id is EXEC's last answer. Any error among the answers is one that EXEC could not foresee. */
static bool
exec_went_well(struct store *store, const redisReply *reply, char ret_id[TOPO_STORE_ID])
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
		snprintf(
		    store->error, store->error_size, "a staging key was changed by somebody else");
		return false;
	}
	for (size_t i = 0; i < reply->elements; i++) {
		if (reply->element[i]->type != REDIS_REPLY_ERROR)
			continue;
		snprintf(store->error, store->error_size, "%s", reply->element[i]->str);
		return false;
	}
	snprintf(ret_id, TOPO_STORE_ID, "%s", reply->element[reply->elements - 1]->str);
	return true;
}

/* What MULTI cannot foresee: XADD would fail after the hashes have been replaced. */
static bool
changes_is_stream(struct store *store)
{
	redisAppendCommand(store->redis, "TYPE %stopology:changes", store->prefix);
	redisReply *reply = redis_blocking_reply(store->redis, store->error, store->error_size);
	if (!reply)
		return false;
	bool good = strcmp(reply->str, "stream") == 0 || strcmp(reply->str, "none") == 0;
	if (!good)
		snprintf(store->error, store->error_size,
		    "%stopology:changes in Redis is a %s and no stream: remove it", store->prefix,
		    reply->str);
	freeReplyObject(reply);
	return good;
}

static bool
swap(struct store *store, const json_t *document, char ret_id[TOPO_STORE_ID])
{
	if (!changes_is_stream(store) || !staged_whole(store, document))
		return false;
	send_swap(store, document);
	bool queued = settle(store, 0);
	redisAppendCommand(store->redis, queued ? "EXEC" : "DISCARD");
	char error[300];
	redisReply *reply = redis_blocking_reply(store->redis, error, sizeof(error));
	if (!reply && store->error[0] == '\0')
		snprintf(store->error, store->error_size, "%s", error);
	if (!reply)
		return false;
	bool done = queued && exec_went_well(store, reply, ret_id);
	freeReplyObject(reply);
	return done;
}

bool
topo_store(struct redisContext *redis, const char *prefix, const char *token,
    const json_t *document, topo_progress_fn *progress, void *ctx, char ret_id[TOPO_STORE_ID],
    char *error, size_t size)
{
	struct store store = { .redis = redis,
		.prefix = prefix,
		.token = token,
		.error = error,
		.error_size = size,
		.progress = progress,
		.ctx = ctx };
	bool good = true;

	error[0] = '\0';
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++)
		store.all += json_array_size(json_object_get(document, topo_kind_plurals[kind]));
	for (int kind = 0; kind < TOPO_KIND_MAX && good; kind++)
		good = stage_kind(&store, (enum topo_kind)kind,
		    json_object_get(document, topo_kind_plurals[kind]));
	if (settle(&store, 0) && good && swap(&store, document, ret_id))
		return true;
	unstage(&store);
	return false;
}

/* ---- reading ---- */

static bool
read_kind(struct redisContext *redis, const char *prefix, enum topo_kind kind,
    topo_record_fn *record, void *ctx, char *error, size_t size)
{
	char cursor[32] = "0";

	do {
		redisAppendCommand(redis, "HSCAN %stopology:%s %s COUNT " SCAN_COUNT, prefix,
		    topo_kind_plurals[kind], cursor);
		redisReply *reply = redis_blocking_reply(redis, error, size);
		if (!reply)
			return false;
		if (!redis_link_is_scan(reply)) {
			snprintf(error, size, ODD_REPLY);
			freeReplyObject(reply);
			return false;
		}
		snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
		const redisReply *items = reply->element[1];
		for (size_t i = 0; i + 1 < items->elements; i += 2) {
			const redisReply *key = items->element[i], *json = items->element[i + 1];
			record(ctx, kind, (struct slice){ key->str, (size_t)key->len },
			    (struct slice){ json->str, (size_t)json->len });
		}
		freeReplyObject(reply);
	} while (strcmp(cursor, "0") != 0);
	return true;
}

bool
topo_load(struct redisContext *redis, const char *prefix, topo_record_fn *record, void *ctx,
    char *error, size_t size)
{
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++)
		if (!read_kind(redis, prefix, (enum topo_kind)kind, record, ctx, error, size))
			return false;
	return true;
}
