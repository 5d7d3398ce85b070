#include "io/topo_sync.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#define WATCH_RETRY_MS 1000
#define SLICE_NS 1000000 /* what one turn of the loop gives to reading */
#define SCAN_COUNT "250"
#define BUILD_ROWS 5000 /* rows per step of building: less than a millisecond */
#define ID_TEXT 48
#define FIELD_MAX 4200 /* a link names two switches and two interfaces, of 255 characters each */

/*
 * The records of one answer to HSCAN, copied: a switch may list a thousand interfaces, and an answer a thousand switches, so
 * they are taken one by one as time allows, and meanwhile Redis makes the next answer ready.
 */
struct batch {
	struct batch *next;
	enum topo_kind kind;
	size_t n, at; /* records, and how many of them are taken */
	const char *bytes;
	struct {
		size_t key_len, json_len;
	} records[];
};

struct topo_sync {
	struct loop *loop;
	struct redis_link *link, *watch;
	struct topo_sync_handler handler;
	char prefix[128];
	struct topo_builder *builder; /* a reading under way */
	uint64_t reading;             /* its number: an answer to another one is no matter */
	struct batch *waiting;        /* at most two, in the order in which they came */
	char cursor[32];              /* what to ask next; "": nothing, or it is asked already */
	enum topo_kind kind;          /* of which hash */
	bool all_came;
	int64_t begun_ns, longest_ns; /* of this reading, and of a slice of it */
	size_t n_records;
	struct loop_timer *slice, *watch_retry;
	bool again;          /* something changed while it was read */
	bool owed;           /* a reading was cut off by a broken connection */
	bool covered;        /* seen is set */
	char seen[ID_TEXT];  /* newest entry of topology:changes that a reading covers */
	char heard[ID_TEXT]; /* newest entry of topology:changes that was heard of */
	bool watching;
	struct log_rate rate;
};

static void
key_of(const struct topo_sync *sync, const char *suffix, char *buf, size_t size)
{
	snprintf(buf, size, "%stopology:%s", sync->prefix, suffix);
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
	while (sync->waiting) {
		struct batch *next = sync->waiting->next;
		free(sync->waiting);
		sync->waiting = next;
	}
	loop_timer_cancel(sync->slice);
	if (!sync->again)
		return;
	sync->again = false;
	topo_sync_read(sync);
}

static void
cut_off(struct topo_sync *sync)
{
	sync->owed = true;
	end_reading(sync);
}

static void
refuse(struct topo_sync *sync, const char *error)
{
	char where[] = "topology:";
	struct topo_fault fault = { .path = where, .reason = (char *)error };
	const struct topo_faults faults = { .items = &fault, .n = 1, .n_errors = 1 };

	sync->handler.refused(sync->handler.ctx, &faults);
	end_reading(sync);
}

static void
finish_reading(struct topo_sync *sync)
{
	struct topo *topo = NULL;

	log_info("topology: read %zu records in %.0f ms, no more than %.1f ms at a time",
	    sync->n_records, (double)(loop_now(sync->loop).now_ns - sync->begun_ns) / 1e6,
	    (double)sync->longest_ns / 1e6);

	if (topo_builder_finish(sync->builder, &topo) == 0)
		sync->handler.loaded(sync->handler.ctx, topo, topo_builder_faults(sync->builder));
	else
		sync->handler.refused(sync->handler.ctx, topo_builder_faults(sync->builder));
	end_reading(sync);
}

static void
take_record(struct topo_sync *sync, const struct batch *batch, struct slice key, struct slice json)
{
	char field[FIELD_MAX];

	slice_copy(key, field, sizeof(field));
	topo_builder_add_text(sync->builder, batch->kind, field, json);
	sync->n_records++;
}

/* The next record; a batch that is done is freed. */
static void
take_next(struct topo_sync *sync)
{
	struct batch *batch = sync->waiting;

	if (batch->at < batch->n) {
		size_t key_len = batch->records[batch->at].key_len;
		size_t json_len = batch->records[batch->at++].json_len;
		struct slice key = { batch->bytes, key_len };
		struct slice json = { batch->bytes + key_len, json_len };
		batch->bytes += key_len + json_len;
		take_record(sync, batch, key, json);
	}
	if (batch->at == batch->n) {
		sync->waiting = batch->next;
		free(batch);
	}
}

static void ask(struct topo_sync *sync);

/* One slice of the work; the loop turns between two of them. */
static void
on_slice(void *ctx)
{
	struct topo_sync *sync = ctx;
	const int64_t began_ns = loop_now(sync->loop).now_ns;
	int64_t now_ns = began_ns;
	int more = 1;

	do {
		/* First, so that Redis is at it meanwhile. */
		ask(sync);
		if (!sync->builder)
			return;
		if (sync->waiting)
			take_next(sync);
		else if (sync->all_came)
			more = topo_builder_step(sync->builder, BUILD_ROWS);
		else
			return;
		now_ns = loop_now(sync->loop).now_ns;
		if (now_ns - began_ns > sync->longest_ns)
			sync->longest_ns = now_ns - began_ns;
	} while (more == 1 && now_ns - began_ns < SLICE_NS);
	if (more == 1)
		loop_timer_arm(sync->slice, 0);
	else
		finish_reading(sync);
}

/* ---- asking ---- */

static struct batch *
batch_of(enum topo_kind kind, const redisReply *items)
{
	size_t n = items->elements / 2, bytes = 0;

	for (size_t i = 0; i < 2 * n; i++)
		bytes += (size_t)items->element[i]->len;
	struct batch *batch = malloc(sizeof(*batch) + n * sizeof(batch->records[0]) + bytes);
	if (!batch)
		return NULL;
	char *to = (char *)&batch->records[n];
	*batch = (struct batch){ .kind = kind, .n = n, .bytes = to };
	for (size_t i = 0; i < n; i++) {
		const redisReply *key = items->element[2 * i], *json = items->element[2 * i + 1];
		batch->records[i].key_len = (size_t)key->len;
		batch->records[i].json_len = (size_t)json->len;
		memcpy(to, key->str, (size_t)key->len);
		memcpy(to + key->len, json->str, (size_t)json->len);
		to += key->len + json->len;
	}
	return batch;
}

/* What a reply is the answer to. */
struct question {
	struct topo_sync *sync;
	uint64_t reading;
};

static void
next_cursor(struct topo_sync *sync, const char *cursor)
{
	snprintf(sync->cursor, sizeof(sync->cursor), "%s", cursor);
	if (strcmp(cursor, "0") != 0)
		return;
	sync->kind++;
	if (sync->kind < TOPO_KIND_MAX)
		return;
	sync->all_came = true;
	sync->cursor[0] = '\0';
}

static void
on_scan(void *ctx, const redisReply *reply)
{
	struct question question = *(struct question *)ctx;
	struct topo_sync *sync = question.sync;

	free(ctx);
	if (!sync->builder || sync->reading != question.reading)
		return;
	if (!reply) {
		cut_off(sync);
		return;
	}
	if (!redis_link_is_scan(reply)) {
		refuse(sync, reply->str ? reply->str : "odd reply to HSCAN");
		return;
	}
	struct batch *batch = batch_of(sync->kind, reply->element[1]), **at = &sync->waiting;
	if (!batch) {
		refuse(sync, "out of memory");
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = batch;
	next_cursor(sync, reply->element[0]->str);
	loop_timer_arm(sync->slice, 0);
}

/* Asks for the next records, unless two answers wait already. */
static void
ask(struct topo_sync *sync)
{
	char key[200];

	if (sync->cursor[0] == '\0' || (sync->waiting && sync->waiting->next))
		return;
	struct question *question = malloc(sizeof(*question));
	if (!question) {
		refuse(sync, "out of memory");
		return;
	}
	*question = (struct question){ sync, sync->reading };
	key_of(sync, topo_kind_plurals[sync->kind], key, sizeof(key));
	if (redis_link_words(sync->link, on_scan, question, "HSCAN", key, sync->cursor, "COUNT",
		SCAN_COUNT, NULL) != 0) {
		free(question);
		cut_off(sync);
		return;
	}
	sync->cursor[0] = '\0';
	redis_link_flush(sync->link);
}

static void watch_from_seen(struct topo_sync *sync);

/* The newest change is noted before the hashes are read, so that every later one is heard of. */
static void
on_newest(void *ctx, const redisReply *reply)
{
	struct topo_sync *sync = ctx;

	if (!reply) {
		cut_off(sync);
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
	watch_from_seen(sync);
	ask(sync);
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
	sync->reading++;
	sync->n_records = 0;
	sync->longest_ns = 0;
	sync->begun_ns = loop_now(sync->loop).now_ns;
	sync->all_came = false;
	sync->kind = TOPO_SWITCH;
	snprintf(sync->cursor, sizeof(sync->cursor), "0");
	key_of(sync, "changes", key, sizeof(key));
	if (!sync->builder || redis_link_words(sync->link, on_newest, sync, "XREVRANGE", key, "+",
				  "-", "COUNT", "1", NULL) != 0) {
		topo_builder_free(sync->builder);
		sync->builder = NULL;
		sync->owed = true;
	}
}

bool
topo_sync_covers(const struct topo_sync *sync, const char *id)
{
	return sync->covered && !is_later(id, sync->seen);
}

void
topo_sync_read_past(struct topo_sync *sync, const char *id)
{
	if (is_later(id, sync->heard))
		snprintf(sync->heard, sizeof(sync->heard), "%s", id);
	if (!sync->builder || !topo_sync_covers(sync, id))
		topo_sync_read(sync);
}

size_t
topo_sync_n_read(const struct topo_sync *sync)
{
	return sync->builder ? sync->n_records : 0;
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
	sync->slice = loop_timer_new(loop, on_slice, sync);
	sync->watch_retry = loop_timer_new(loop, on_watch_retry, sync);
	if (!sync->watch || !sync->slice || !sync->watch_retry) {
		topo_sync_free(sync);
		return NULL;
	}
	if (path)
		redis_link_use_path(sync->watch, path);
	redis_link_may_wait(sync->watch);
	redis_link_start(sync->watch);
	return sync;
}

void
topo_sync_down(struct topo_sync *sync)
{
	sync->again = false;
}

void
topo_sync_free(struct topo_sync *sync)
{
	if (!sync)
		return;
	sync->again = false;
	if (sync->slice)
		end_reading(sync);
	redis_link_free(sync->watch);
	loop_timer_free(sync->slice);
	loop_timer_free(sync->watch_retry);
	free(sync);
}
