#include "io/topo_sync.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#define SCAN_COUNT "500"
#define STORE_FIELDS 200 /* fields per HSET while storing */
#define BUILD_ROWS 50000 /* rows per slice: one to three milliseconds */
#define WATCH_RETRY_MS 1000
#define ID_TEXT 48

/* Why a walk ended early, when it was nothing that Redis said. */
static const char broke[] = "the connection to Redis broke";

/* A walk over the four hashes with HSCAN; one record after the other goes to `each`. */
struct walk {
	struct topo_sync *sync;
	enum topo_kind kind;
	topo_record_fn *each;
	void *ctx;
};

struct topo_sync {
	struct loop *loop;
	struct redis_link *link, *watch;
	struct topo_sync_handler handler;
	char prefix[128];
	struct topo_builder *builder; /* a reading under way */
	struct loop_timer *slice, *watch_retry;
	bool again;          /* something changed while it was read */
	bool owed;           /* a reading was cut off by a broken connection */
	bool covered;        /* seen is set */
	char seen[ID_TEXT];  /* newest entry of topology:changes that a reading covers */
	char heard[ID_TEXT]; /* newest entry of topology:changes that was heard of */
	bool watching;
	bool storing;
	topo_stored_fn *stored;
	void *stored_ctx;
	struct log_rate rate;
};

static void
key_of(const struct topo_sync *sync, const char *suffix, char *buf, size_t size)
{
	snprintf(buf, size, "%stopology:%s", sync->prefix, suffix);
}

/* ---- walking the hashes ---- */

static void walk_scan(struct walk *walk, const char *cursor);

static void
walk_end(struct walk *walk, const char *error)
{
	walk->each(
	    walk->ctx, walk->kind, (struct slice){ NULL, 0 }, (struct slice){ NULL, 0 }, error);
	free(walk);
}

static void
on_scan(void *ctx, const redisReply *reply)
{
	struct walk *walk = ctx;

	if (!reply || !redis_link_is_scan(reply)) {
		walk_end(walk, !reply ? broke : reply->str ? reply->str : "odd reply to HSCAN");
		return;
	}
	const redisReply *items = reply->element[1];
	for (size_t i = 0; i + 1 < items->elements; i += 2) {
		const redisReply *key = items->element[i], *json = items->element[i + 1];
		walk->each(walk->ctx, walk->kind, (struct slice){ key->str, (size_t)key->len },
		    (struct slice){ json->str, (size_t)json->len }, NULL);
	}
	if (strcmp(reply->element[0]->str, "0") != 0) {
		walk_scan(walk, reply->element[0]->str);
		return;
	}
	walk->kind++;
	if (walk->kind < TOPO_KIND_MAX)
		walk_scan(walk, "0");
	else
		walk_end(walk, NULL);
}

static void
walk_scan(struct walk *walk, const char *cursor)
{
	char key[200];

	key_of(walk->sync, topo_kind_plurals[walk->kind], key, sizeof(key));
	if (redis_link_words(walk->sync->link, on_scan, walk, "HSCAN", key, cursor, "COUNT",
		SCAN_COUNT, NULL) != 0)
		walk_end(walk, broke);
}

static bool
walk_start(struct topo_sync *sync, topo_record_fn *each, void *ctx)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return false;
	*walk = (struct walk){ .sync = sync, .each = each, .ctx = ctx };
	walk_scan(walk, "0");
	return true;
}

bool
topo_sync_dump(struct topo_sync *sync, topo_record_fn *record, void *ctx)
{
	return redis_link_state(sync->link) == REDIS_UP && walk_start(sync, record, ctx);
}

/* ---- ids of changes ---- */

/* Whether stream id a ("milliseconds-sequence") comes after b. */
static bool
is_later(const char *a, const char *b)
{
	char *a_rest, *b_rest;
	unsigned long long a_ms = strtoull(a, &a_rest, 10), b_ms = strtoull(b, &b_rest, 10);

	if (a_ms != b_ms)
		return a_ms > b_ms;
	return strtoull(*a_rest ? a_rest + 1 : "0", NULL, 10) >
	       strtoull(*b_rest ? b_rest + 1 : "0", NULL, 10);
}

/* The newest of the entries that came; NULL where the reply holds none. */
static const char *
newest_entry(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1 ||
	    reply->element[0]->elements != 2)
		return NULL;
	const redisReply *entries = reply->element[0]->element[1];
	if (entries->elements == 0 || entries->element[entries->elements - 1]->elements == 0)
		return NULL;
	return entries->element[entries->elements - 1]->element[0]->str;
}

/* ---- reading ---- */

static void
end_reading(struct topo_sync *sync)
{
	topo_builder_free(sync->builder);
	sync->builder = NULL;
	if (!sync->again)
		return;
	sync->again = false;
	topo_sync_read(sync);
}

/* One slice of the work that makes a snapshot; the loop turns between two of them. */
static void
build_slice(void *ctx)
{
	struct topo_sync *sync = ctx;
	struct topo *topo = NULL;

	if (topo_builder_step(sync->builder, BUILD_ROWS) == 1) {
		loop_timer_arm(sync->slice, 0);
		return;
	}
	int error = topo_builder_finish(sync->builder, &topo);
	if (error == 0)
		sync->handler.loaded(sync->handler.ctx, topo, topo_builder_faults(sync->builder));
	else
		sync->handler.refused(sync->handler.ctx, topo_builder_faults(sync->builder));
	end_reading(sync);
}

static void
read_record(void *ctx, enum topo_kind kind, struct slice key, struct slice json, const char *error)
{
	struct topo_sync *sync = ctx;
	char path[64 + 300], field[300];

	if (key.len > 0) {
		slice_copy(key, field, sizeof(field));
		snprintf(path, sizeof(path), "topology:%s %s", topo_kind_plurals[kind], field);
		topo_builder_add_text(
		    sync->builder, kind, path, key.len < sizeof(field) ? field : NULL, json);
		return;
	}
	if (!error) {
		loop_timer_arm(sync->slice, 0);
		return;
	}
	if (error == broke) {
		sync->owed = true;
	} else {
		char where[] = "topology:";
		struct topo_fault fault = { .path = where, .reason = (char *)error };
		struct topo_faults faults = { .items = &fault, .n = 1, .n_errors = 1 };
		sync->handler.refused(sync->handler.ctx, &faults);
	}
	end_reading(sync);
}

static void watch_from_seen(struct topo_sync *sync);

/* The newest change is noted before the hashes are read, so that every later one is heard of. */
static void
on_newest(void *ctx, const redisReply *reply)
{
	struct topo_sync *sync = ctx;

	if (!reply) {
		sync->owed = true;
		end_reading(sync);
		return;
	}
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 &&
	    reply->element[0]->elements == 2 && reply->element[0]->element[0]->str)
		snprintf(sync->seen, sizeof(sync->seen), "%s", reply->element[0]->element[0]->str);
	else if (!sync->covered)
		snprintf(sync->seen, sizeof(sync->seen), "0-0");
	sync->covered = true;
	if (!is_later(sync->heard, sync->seen))
		sync->again = false;
	if (!walk_start(sync, read_record, sync))
		end_reading(sync);
	watch_from_seen(sync);
}

void
topo_sync_read(struct topo_sync *sync)
{
	char key[200];

	if (sync->builder) {
		sync->again = true;
		return;
	}
	sync->owed = false;
	sync->builder = topo_builder_new();
	key_of(sync, "changes", key, sizeof(key));
	if (!sync->builder || redis_link_words(sync->link, on_newest, sync, "XREVRANGE", key, "+",
				  "-", "COUNT", "1", NULL) != 0) {
		topo_builder_free(sync->builder);
		sync->builder = NULL;
		sync->owed = true;
	}
}

void
topo_sync_up(struct topo_sync *sync)
{
	if (sync->owed)
		topo_sync_read(sync);
}

/* ---- following changes ---- */

static void
on_change(void *ctx, const redisReply *reply)
{
	struct topo_sync *sync = ctx;
	uint64_t held_back;

	sync->watching = false;
	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		if (log_rate_take(&sync->rate, &held_back))
			log_error("redis: %stopology:changes cannot be followed: %s", sync->prefix,
			    reply->str);
		loop_timer_arm(sync->watch_retry, WATCH_RETRY_MS);
		return;
	}
	const char *newest = newest_entry(reply);
	if (newest)
		snprintf(sync->heard, sizeof(sync->heard), "%s", newest);
	/* Our own store is heard of as well; the reading that follows it covers it. */
	if (newest && (sync->builder || is_later(sync->heard, sync->seen)))
		topo_sync_read(sync);
	watch_from_seen(sync);
}

static void
watch_from_seen(struct topo_sync *sync)
{
	char key[200];

	if (sync->watching || !sync->covered)
		return;
	const char *from = is_later(sync->heard, sync->seen) ? sync->heard : sync->seen;
	key_of(sync, "changes", key, sizeof(key));
	sync->watching = redis_link_words(sync->watch, on_change, sync, "XREAD", "COUNT", "1000",
			     "BLOCK", "0", "STREAMS", key, from, NULL) == 0;
}

static void
on_watch_retry(void *ctx)
{
	watch_from_seen(ctx);
}

static void
on_watch_up(void *ctx)
{
	watch_from_seen(ctx);
}

static void
on_watch_down(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
}

/* ---- storing ---- */

static void
end_store(struct topo_sync *sync, const char *error)
{
	topo_stored_fn *stored = sync->stored;

	if (!sync->storing)
		return;
	sync->storing = false;
	if (!error)
		topo_sync_read(sync);
	stored(sync->stored_ctx, error);
}

static void
on_staged(void *ctx, const redisReply *reply)
{
	if (!reply)
		end_store(ctx, broke);
	else if (reply->type == REDIS_REPLY_ERROR)
		end_store(ctx, reply->str);
}

static void
on_stored(void *ctx, const redisReply *reply)
{
	struct topo_sync *sync = ctx;

	if (!reply || reply->type == REDIS_REPLY_ERROR) {
		on_staged(sync, reply);
		return;
	}
	for (size_t i = 0; i < reply->elements; i++) {
		if (reply->element[i]->type == REDIS_REPLY_ERROR) {
			end_store(sync, reply->element[i]->str);
			return;
		}
	}
	end_store(sync, NULL);
}

/* One HSET of a run of records into the staging key of their kind. */
struct staging {
	struct topo_sync *sync;
	const char *argv[2 + 2 * STORE_FIELDS];
	size_t lens[2 + 2 * STORE_FIELDS];
	size_t argc;
	char key[220];
};

static void
staging_start(struct staging *staging, enum topo_kind kind)
{
	char suffix[64];

	snprintf(suffix, sizeof(suffix), "load:%s", topo_kind_plurals[kind]);
	key_of(staging->sync, suffix, staging->key, sizeof(staging->key));
	staging->argv[0] = "HSET";
	staging->lens[0] = 4;
	staging->argv[1] = staging->key;
	staging->lens[1] = strlen(staging->key);
	staging->argc = 2;
}

static void
staging_flush(struct staging *staging)
{
	if (staging->argc > 2)
		redis_link_command(staging->sync->link, on_staged, staging->sync, staging->argc,
		    staging->argv, staging->lens);
	for (size_t i = 2; i < staging->argc; i++)
		free((void *)staging->argv[i]);
	staging->argc = 2;
}

static void
staging_add(struct staging *staging, enum topo_kind kind, const json_t *value)
{
	char *field = topo_record_key(kind, value), *text = json_dumps(value, JSON_COMPACT);

	if (!field || !text) {
		free(field);
		free(text);
		return;
	}
	staging->lens[staging->argc] = strlen(field);
	staging->argv[staging->argc++] = field;
	staging->lens[staging->argc] = strlen(text);
	staging->argv[staging->argc++] = text;
	if (staging->argc == 2 + 2 * STORE_FIELDS)
		staging_flush(staging);
}

/* Everything goes to staging keys first; then they take the places of the old ones in one MULTI. */
static void
stage(struct topo_sync *sync, const json_t *document, size_t n[TOPO_KIND_MAX])
{
	struct staging staging = { .sync = sync };
	size_t i;
	json_t *value;

	for (int kind = 0; kind < TOPO_KIND_MAX; kind++) {
		const json_t *list = json_object_get(document, topo_kind_plurals[kind]);
		staging_start(&staging, (enum topo_kind)kind);
		redis_link_words(sync->link, on_staged, sync, "UNLINK", staging.key, NULL);
		n[kind] = json_array_size(list);
		json_array_foreach((json_t *)list, i, value)
		    staging_add(&staging, (enum topo_kind)kind, value);
		staging_flush(&staging);
	}
}

bool
topo_sync_store(struct topo_sync *sync, const json_t *document, topo_stored_fn *done, void *ctx)
{
	size_t n[TOPO_KIND_MAX];
	char from[200], to[200], suffix[64];

	if (sync->storing || redis_link_state(sync->link) != REDIS_UP)
		return false;
	sync->storing = true;
	sync->stored = done;
	sync->stored_ctx = ctx;
	stage(sync, document, n);
	redis_link_words(sync->link, on_staged, sync, "MULTI", NULL);
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++) {
		snprintf(suffix, sizeof(suffix), "load:%s", topo_kind_plurals[kind]);
		key_of(sync, suffix, from, sizeof(from));
		key_of(sync, topo_kind_plurals[kind], to, sizeof(to));
		if (n[kind] > 0)
			redis_link_words(sync->link, on_staged, sync, "RENAME", from, to, NULL);
		else
			redis_link_words(sync->link, on_staged, sync, "UNLINK", to, NULL);
	}
	key_of(sync, "changes", to, sizeof(to));
	redis_link_words(sync->link, on_staged, sync, "XADD", to, "MAXLEN", "~", "100000", "*",
	    "kind", "all", "id", "", NULL);
	redis_link_words(sync->link, on_stored, sync, "EXEC", NULL);
	return true;
}

/* ---- life ---- */

struct topo_sync *
topo_sync_new(struct loop *loop, struct redis_link *link, const struct config *config,
    const char *path, const struct topo_sync_handler *handler)
{
	struct topo_sync *sync = calloc(1, sizeof(*sync));

	if (!sync)
		return NULL;
	*sync = (struct topo_sync){ .loop = loop,
		.link = link,
		.handler = *handler,
		.rate = { .interval_ms = 60000, .burst = 1 } };
	snprintf(sync->prefix, sizeof(sync->prefix), "%s", config->redis.prefix);
	const struct redis_link_handler watch_handler = { sync, on_watch_up, on_watch_down };
	sync->watch = redis_link_new(loop, config, "redis watch", &watch_handler);
	sync->slice = loop_timer_new(loop, build_slice, sync);
	sync->watch_retry = loop_timer_new(loop, on_watch_retry, sync);
	if (!sync->watch || !sync->slice || !sync->watch_retry) {
		topo_sync_free(sync);
		return NULL;
	}
	if (path)
		redis_link_use_path(sync->watch, path);
	redis_link_start(sync->watch);
	return sync;
}

void
topo_sync_down(struct topo_sync *sync)
{
	sync->again = false;
	end_store(sync, broke);
}

void
topo_sync_free(struct topo_sync *sync)
{
	if (!sync)
		return;
	redis_link_free(sync->watch);
	loop_timer_free(sync->slice);
	loop_timer_free(sync->watch_retry);
	topo_builder_free(sync->builder);
	free(sync);
}
