#include "io/topo_sync.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/topo_reader.h"
#include "util/log.h"

#define WATCH_RETRY_MS 1000
#define ID_TEXT 48

struct topo_sync {
	struct loop *loop;
	struct redis_link *link, *watch;
	struct topo_sync_handler handler;
	char prefix[128];
	struct topo_reader *reader;
	struct loop_timer *watch_retry;
	bool reading; /* from the question for the newest change to the end of the reader's work */
	bool again;   /* something changed while it was read */
	bool owed;    /* a reading was cut off by a broken connection */
	bool covered; /* seen is set */
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
	sync->reading = false;
	if (!sync->again)
		return;
	sync->again = false;
	topo_sync_read(sync);
}

static void
on_cut_off(void *ctx)
{
	struct topo_sync *sync = ctx;

	sync->owed = true;
	end_reading(sync);
}

static void
on_loaded(void *ctx, struct topo *topo, const struct topo_faults *warnings)
{
	struct topo_sync *sync = ctx;

	sync->handler.loaded(sync->handler.ctx, topo, warnings);
	end_reading(sync);
}

static void
on_refused(void *ctx, const struct topo_faults *faults)
{
	struct topo_sync *sync = ctx;

	sync->handler.refused(sync->handler.ctx, faults);
	end_reading(sync);
}

static void watch_from_seen(struct topo_sync *sync);

/* The newest change is noted before the hashes are read, so that every later one is heard of. */
static void
on_newest(void *ctx, const redisReply *reply)
{
	struct topo_sync *sync = ctx;

	if (!reply) {
		on_cut_off(sync);
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
	if (!topo_reader_start(sync->reader))
		on_cut_off(sync);
}

void
topo_sync_read(struct topo_sync *sync)
{
	char key[200];

	if (sync->reading) {
		sync->again = true;
		return;
	}
	key_of(sync, "changes", key, sizeof(key));
	sync->reading = redis_link_words(sync->link, on_newest, sync, "XREVRANGE", key, "+", "-",
			    "COUNT", "1", NULL) == 0;
	sync->owed = !sync->reading;
}

bool
topo_sync_covers(const struct topo_sync *sync, const char *id)
{
	return sync->covered && !is_later(id, sync->seen);
}

bool
topo_sync_has_read(const struct topo_sync *sync, const char *id)
{
	return !sync->reading && !sync->owed && topo_sync_covers(sync, id);
}

void
topo_sync_read_past(struct topo_sync *sync, const char *id)
{
	if (is_later(id, sync->heard))
		snprintf(sync->heard, sizeof(sync->heard), "%s", id);
	if (!sync->reading || !topo_sync_covers(sync, id))
		topo_sync_read(sync);
}

size_t
topo_sync_n_read(const struct topo_sync *sync)
{
	return topo_reader_n_records(sync->reader);
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
	/* Our own store is heard of as well, also when the reading that covers it is under way or over. */
	if (newest && is_later(sync->heard, sync->seen))
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
	const struct topo_reader_handler reader_handler = { sync, on_loaded, on_refused,
		on_cut_off };
	const struct redis_link_handler watch_handler = { sync, on_watch_up, on_watch_down };
	sync->watch = redis_link_new(loop, config, "redis watch", &watch_handler);
	sync->reader = topo_reader_new(loop, link, sync->prefix, &reader_handler);
	sync->watch_retry = loop_timer_new(loop, on_watch_retry, sync);
	if (!sync->watch || !sync->reader || !sync->watch_retry) {
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
	topo_reader_free(sync->reader);
	redis_link_free(sync->watch);
	loop_timer_free(sync->watch_retry);
	free(sync);
}
