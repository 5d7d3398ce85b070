#include "io/publisher.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo.h"
#include "io/batch_command.h"
#include "io/redis_explain.h"
#include "util/log.h"

#define RETRY_MS 500
#define HEARTBEAT_MS 1000
#define MINUTE_NS 60000000000

enum publisher_state { IDLE, CLAIMING, CLAIMED, GOING };

/* What went wrong with a batch. Those behind it in the pipeline fail too; it is mended when the last of them answered. */
enum publisher_break {
	UNBROKEN,
	BROKEN_GAP,
	BROKEN_SCRIPT,
	BROKEN_LOST,   /* the publisher key is gone */
	BROKEN_PARTED, /* Redis counts batches that were never sent */
	BROKEN_ERROR,
};

/* How long Redis takes to answer: the last time, and the longest in this minute and the one before. */
struct round_trip {
	int64_t last_ns, max_ns[2], minute;
};

struct publisher {
	struct redis_link *link;
	struct outbox *outbox;
	struct stats *stats;
	struct publisher_handler handler;
	struct loop *loop;
	struct loop_timer *retry;
	enum publisher_state state;
	enum publisher_break broken;
	char broken_text[256];
	uint64_t gap_last;              /* BROKEN_GAP: Redis's last batch */
	size_t under_way;               /* batches sent and not answered */
	int64_t sent_ns[OUTBOX_WINDOW]; /* when each was sent, a ring; the oldest at sent_first */
	size_t sent_first;
	bool slow;                     /* the oldest is older than PUBLISHER_SLOW_MS */
	struct loop_timer *slow_timer; /* armed while anything is under way */
	bool
	    held; /* something is wrong that only time or an operator mends: retried by the timer */
	bool refused; /* the probe found a command that Redis refuses */
	uint64_t epoch, batch;
	uint64_t sent_number; /* the highest batch that was ever sent */
	struct loop_timer *heartbeat;
	int64_t active_ns,
	    heartbeat_ns; /* when the last batch was answered; when the heartbeat under way was sent, or 0 */
	struct round_trip trip;
	char prefix[128], instance[128], sha[48], error[256];
	struct log_rate rate;
	struct batch_command command; /* kept from batch to batch */
};

static void
hold(struct publisher *publisher, const char *why)
{
	uint64_t held_back;

	publisher->held = true;
	snprintf(publisher->error, sizeof(publisher->error), "%s", why);
	if (log_rate_take(&publisher->rate, &held_back))
		log_error("redis: nothing can be published: %s; trying again", why);
	loop_timer_arm(publisher->retry, RETRY_MS);
}

static void
hold_for_reply(struct publisher *publisher, const char *reply)
{
	char text[256];

	redis_explain(reply, text, sizeof(text));
	hold(publisher, text);
}

static uint64_t
number_of(const redisReply *reply)
{
	return reply->str           ? strtoull(reply->str, NULL, 10)
	       : reply->integer > 0 ? (uint64_t)reply->integer
				    : 0;
}

/* ---- claiming ---- */

static void
on_probe(void *ctx, const redisReply *reply)
{
	struct publisher *publisher = ctx;

	if (!reply)
		return;
	publisher->refused = !reply->str || strcmp(reply->str, "ok") != 0;
	if (publisher->refused)
		hold_for_reply(publisher, reply->str ? reply->str : "odd reply to the probe");
}

static void
on_script(void *ctx, const redisReply *reply)
{
	struct publisher *publisher = ctx;

	if (!reply || publisher->refused)
		return;
	if (reply->type != REDIS_REPLY_STRING || reply->len >= sizeof(publisher->sha)) {
		publisher->sha[0] = '\0';
		hold_for_reply(publisher, reply->str ? reply->str : "SCRIPT LOAD failed");
		return;
	}
	memcpy(publisher->sha, reply->str, reply->len + 1);
	if (!publisher->held)
		publisher->error[0] = '\0';
	publisher_flush(publisher);
}

static void
probe(struct publisher *publisher)
{
	static const char *const suffixes[] = { "probe", "publisher", "down", "events",
		"link-events", "redundancy", "port:probe", "interface:probe" };
	enum { N = sizeof(suffixes) / sizeof(suffixes[0]) };
	char keys[N][160], n[8];
	const char *argv[3 + N] = { "EVAL", REDIS_PROBE_SCRIPT, n };
	size_t lens[3 + N];

	snprintf(n, sizeof(n), "%d", N);
	for (size_t i = 0; i < N; i++) {
		snprintf(keys[i], sizeof(keys[i]), "%s%s", publisher->prefix, suffixes[i]);
		argv[3 + i] = keys[i];
	}
	for (size_t i = 0; i < 3 + N; i++)
		lens[i] = strlen(argv[i]);
	redis_link_command(publisher->link, on_probe, publisher, 3 + N, argv, lens);
}

static void
load_script(struct publisher *publisher)
{
	probe(publisher);
	redis_link_words(
	    publisher->link, on_script, publisher, "SCRIPT", "LOAD", REDIS_APPLY_SCRIPT, NULL);
}

static void
claimed(struct publisher *publisher, const redisReply *reply)
{
	publisher->epoch = number_of(reply->element[1]);
	publisher->batch = number_of(reply->element[2]);
	publisher->state = CLAIMED;
	publisher->error[0] = '\0';
	log_info("redis: publishing as epoch %llu, after batch %llu",
	    (unsigned long long)publisher->epoch, (unsigned long long)publisher->batch);
	publisher->handler.claimed(publisher->handler.ctx, reply->element[3]->str);
}

static void
on_claim(void *ctx, const redisReply *reply)
{
	struct publisher *publisher = ctx;
	char text[200];

	if (!reply) {
		publisher->state = IDLE;
		return;
	}
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 && reply->element[0]->str) {
		if (strcmp(reply->element[0]->str, "ok") == 0 && reply->elements == 4 &&
		    reply->element[3]->str) {
			claimed(publisher, reply);
			return;
		}
		if (strcmp(reply->element[0]->str, "schema") == 0) {
			snprintf(text, sizeof(text),
			    "this Redis holds version %.20s of the contract, this dpwatchd writes %d: it is too old for it",
			    reply->element[1]->str, REDIS_SCHEMA);
			publisher->handler.deposed(publisher->handler.ctx, text);
			return;
		}
		snprintf(text, sizeof(text),
		    "%.100s is not a hash: something else uses this key (see [redis] prefix)",
		    reply->element[1]->str);
		publisher->state = IDLE;
		hold(publisher, text);
		return;
	}
	publisher->state = IDLE;
	hold_for_reply(publisher, reply->str ? reply->str : "odd reply to the claim");
}

void
publisher_know(struct publisher *publisher, uint64_t batch)
{
	publisher->batch = batch;
}

void
publisher_claim(struct publisher *publisher)
{
	char key[160], schema[16], batch[24], epoch[24];

	publisher->state = CLAIMING;
	snprintf(key, sizeof(key), "%spublisher", publisher->prefix);
	snprintf(schema, sizeof(schema), "%d", REDIS_SCHEMA);
	snprintf(batch, sizeof(batch), "%llu", (unsigned long long)publisher->batch);
	snprintf(epoch, sizeof(epoch), "%llu", (unsigned long long)publisher->epoch);
	if (redis_link_words(publisher->link, on_claim, publisher, "EVAL", REDIS_CLAIM_SCRIPT, "1",
		key, publisher->instance, schema, batch, epoch, NULL) != 0)
		publisher->state = IDLE;
}

/* ---- how long Redis takes ---- */

static int64_t
oldest_ms(const struct publisher *publisher)
{
	return (loop_now(publisher->loop).now_ns - publisher->sent_ns[publisher->sent_first]) /
	       1000000;
}

static void
note_sent(struct publisher *publisher)
{
	publisher->sent_ns[(publisher->sent_first + publisher->under_way) % OUTBOX_WINDOW] =
	    loop_now(publisher->loop).now_ns;
	if (publisher->under_way++ == 0)
		loop_timer_arm(publisher->slow_timer, PUBLISHER_SLOW_MS);
}

static void
note_round_trip(struct publisher *publisher, int64_t sent_ns)
{
	struct round_trip *trip = &publisher->trip;
	const int64_t now_ns = loop_now(publisher->loop).now_ns, minute = now_ns / MINUTE_NS;

	if (minute != trip->minute) {
		trip->max_ns[1] = minute == trip->minute + 1 ? trip->max_ns[0] : 0;
		trip->max_ns[0] = 0;
		trip->minute = minute;
	}
	trip->last_ns = now_ns - sent_ns;
	if (trip->last_ns > trip->max_ns[0])
		trip->max_ns[0] = trip->last_ns;
	publisher->active_ns = now_ns;
}

static void
note_answered(struct publisher *publisher)
{
	note_round_trip(publisher, publisher->sent_ns[publisher->sent_first]);
	publisher->sent_first = (publisher->sent_first + 1) % OUTBOX_WINDOW;
	publisher->under_way--;
	publisher->slow = publisher->slow && publisher->under_way > 0 &&
			  oldest_ms(publisher) >= PUBLISHER_SLOW_MS;
}

/* Not armed anew for each batch: it looks at the oldest when it fires. */
static void
look_for_slow(void *ctx)
{
	struct publisher *publisher = ctx;

	if (publisher->under_way == 0)
		return;
	int64_t ms = oldest_ms(publisher);
	loop_timer_arm(publisher->slow_timer,
	    ms < PUBLISHER_SLOW_MS ? PUBLISHER_SLOW_MS - ms : PUBLISHER_SLOW_MS);
	if (ms < PUBLISHER_SLOW_MS || publisher->slow)
		return;
	publisher->slow = true;
	stats_add(publisher->stats, STAT_REDIS_SLOW, 1);
	publisher->handler.slow(publisher->handler.ctx);
}

bool
publisher_stuck(const struct publisher *publisher)
{
	return publisher->state != GOING || publisher->held || publisher->slow ||
	       publisher->broken != UNBROKEN || !publisher->sha[0] ||
	       redis_link_state(publisher->link) != REDIS_UP;
}

/* ---- sending ---- */

static void on_batch(void *ctx, const redisReply *reply);

static int
send_batch(struct publisher *publisher, const struct outbox_batch *batch)
{
	struct batch_command *command = &publisher->command;

	if (batch_command_make(command, publisher->sha, publisher->epoch, batch) != 0)
		return -ENOMEM;
	return redis_link_command(
	    publisher->link, on_batch, publisher, command->argc, command->argv, command->lens);
}

void
publisher_flush(struct publisher *publisher)
{
	const struct outbox_batch *batch;
	bool any = false;

	if (publisher->state != GOING || publisher->held || publisher->broken != UNBROKEN ||
	    !publisher->sha[0] || redis_link_state(publisher->link) != REDIS_UP)
		return;
	while (publisher->under_way < OUTBOX_WINDOW &&
	       (batch = outbox_next(publisher->outbox)) != NULL) {
		if (send_batch(publisher, batch) != 0) {
			outbox_rewind(publisher->outbox);
			hold(publisher, "out of memory, or the connection is going away");
			break;
		}
		stats_add(publisher->stats, STAT_OUT_BATCHES, 1);
		if (batch->number > publisher->sent_number)
			publisher->sent_number = batch->number;
		note_sent(publisher);
		any = true;
	}
	if (any)
		redis_link_flush(publisher->link);
}

void
publisher_go(struct publisher *publisher)
{
	publisher->state = GOING;
	publisher_flush(publisher);
}

/* ---- answers ---- */

static void
tell_revisions(
    struct publisher *publisher, const struct outbox_batch *batch, const redisReply *reply)
{
	struct slice id_text;
	uint8_t id[16];
	size_t at = 0;

	for (size_t i = 2; i < reply->elements && change_next_toggle(&batch->args, &at, &id_text);
	     i++) {
		uint64_t revision = number_of(reply->element[i]);
		if (revision == 0) {
			stats_add(publisher->stats, STAT_OUT_REFUSED_PORTS, 1);
			log_error("redis: %sport:%.*s is not a hash: its toggle was left out",
			    publisher->prefix, (int)id_text.len, id_text.data);
		} else if (port_id_parse(id_text, id)) {
			publisher->handler.revision(publisher->handler.ctx, id, revision);
		}
	}
}

/* The next batch in order is in Redis; `reply` holds the revisions of its toggles, NULL where they are not told. */
static bool
batch_done(struct publisher *publisher, const redisReply *reply)
{
	int64_t now_ns = loop_now(publisher->loop).now_ns;
	const struct outbox_batch *batch =
	    outbox_done(publisher->outbox, publisher->batch + 1, now_ns);

	if (!batch)
		return false;
	publisher->batch = batch->number;
	publisher->error[0] = '\0';
	stats_add(publisher->stats, STAT_OUT_TOGGLES, batch->n_toggles);
	if (reply)
		tell_revisions(publisher, batch, reply);
	publisher->handler.done(publisher->handler.ctx, batch);
	return true;
}

static void
set_broken(struct publisher *publisher, enum publisher_break broken, const char *text)
{
	publisher->broken = broken;
	snprintf(publisher->broken_text, sizeof(publisher->broken_text), "%s", text);
}

static void
deposed(struct publisher *publisher, uint64_t epoch)
{
	char text[256];

	snprintf(text, sizeof(text),
	    "another dpwatchd publishes to this Redis (epoch %llu, ours is %llu)",
	    (unsigned long long)epoch, (unsigned long long)publisher->epoch);
	publisher->handler.deposed(publisher->handler.ctx, text);
}

static void
on_status(struct publisher *publisher, const redisReply *reply)
{
	const char *status = reply->element[0]->str;
	uint64_t number = number_of(reply->element[1]);
	char text[256];

	if (strcmp(status, "ok") == 0) {
		batch_done(publisher, reply);
	} else if (strcmp(status, "done") == 0 && number > publisher->sent_number) {
		set_broken(publisher, BROKEN_PARTED, "");
	} else if (strcmp(status, "done") == 0) {
		while (publisher->batch < number && batch_done(publisher, NULL))
			;
	} else if (strcmp(status, "gap") == 0) {
		publisher->gap_last = number;
		set_broken(publisher, BROKEN_GAP, "");
	} else if (strcmp(status, "deposed") == 0) {
		deposed(publisher, number);
	} else if (strcmp(status, "lost") == 0) {
		set_broken(publisher, BROKEN_LOST, "");
	} else if (strcmp(status, "schema") == 0) {
		publisher->handler.deposed(
		    publisher->handler.ctx, "a newer dpwatchd was at this Redis");
	} else {
		snprintf(text, sizeof(text),
		    "%.150s: a key of dpwatch's holds something else (wrong type)", status);
		set_broken(publisher, BROKEN_ERROR, text);
	}
}

static void
on_error(struct publisher *publisher, const char *error)
{
	char text[256];

	if (strncmp(error, "NOSCRIPT", 8) == 0) {
		set_broken(publisher, BROKEN_SCRIPT, "");
		return;
	}
	redis_explain(error, text, sizeof(text));
	set_broken(publisher, BROKEN_ERROR, text);
}

/* Redis's last batch is behind ours: it lost its tail. What is still kept goes again. */
static void
fill_gap(struct publisher *publisher)
{
	log_warning("redis: it lost batches %llu to %llu",
	    (unsigned long long)publisher->gap_last + 1, (unsigned long long)publisher->batch);
	if (outbox_gap(publisher->outbox, publisher->gap_last)) {
		stats_add(
		    publisher->stats, STAT_OUT_RESENT, publisher->batch - publisher->gap_last);
		publisher->batch = publisher->gap_last;
		return;
	}
	publisher->state = CLAIMED;
	publisher->handler.lost(publisher->handler.ctx, false);
}

/* Nothing is under way any more. */
static void
mend(struct publisher *publisher)
{
	enum publisher_break broken = publisher->broken;

	publisher->broken = UNBROKEN;
	if (broken == BROKEN_GAP) {
		fill_gap(publisher);
		return;
	}
	outbox_rewind(publisher->outbox);
	if (broken == BROKEN_SCRIPT) {
		publisher->sha[0] = '\0';
		load_script(publisher);
	} else if (broken == BROKEN_LOST || broken == BROKEN_PARTED) {
		publisher->state = CLAIMED;
		publisher->handler.lost(publisher->handler.ctx, broken == BROKEN_LOST);
	} else {
		hold(publisher, publisher->broken_text);
	}
}

static void
on_batch(void *ctx, const redisReply *reply)
{
	struct publisher *publisher = ctx;

	note_answered(publisher);
	if (!reply || publisher->state != GOING)
		return;
	if (publisher->broken == UNBROKEN) {
		if (reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 &&
		    reply->element[0]->str)
			on_status(publisher, reply);
		else
			on_error(publisher, reply->str ? reply->str : "odd reply to a batch");
	}
	if (publisher->broken != UNBROKEN && publisher->under_way == 0)
		mend(publisher);
	publisher_flush(publisher);
}

/* ---- while nothing is sent ---- */

/* What is wrong with Redis, as far as the publisher key tells without a batch. */
static enum publisher_break
look_at_publisher(struct publisher *publisher, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return BROKEN_ERROR;
	if (!reply->element[0]->str)
		return BROKEN_LOST;
	const uint64_t epoch = number_of(reply->element[0]), batch = number_of(reply->element[1]);
	const char *instance = reply->element[2]->str;
	if (epoch > publisher->epoch ||
	    (epoch == publisher->epoch && instance && strcmp(instance, publisher->instance) != 0)) {
		deposed(publisher, epoch);
		return UNBROKEN;
	}
	publisher->gap_last = batch;
	return batch < publisher->batch   ? BROKEN_GAP
	       : batch > publisher->batch ? BROKEN_PARTED
					  : UNBROKEN;
}

static void
on_heartbeat(void *ctx, const redisReply *reply)
{
	struct publisher *publisher = ctx;
	const int64_t sent_ns = publisher->heartbeat_ns;
	char why[256], text[256];

	publisher->heartbeat_ns = 0;
	if (!reply)
		return;
	note_round_trip(publisher, sent_ns);
	/* What is under way tells the same, and later. */
	if (publisher->state != GOING || publisher->held || publisher->under_way > 0)
		return;
	enum publisher_break broken = look_at_publisher(publisher, reply);
	if (broken == UNBROKEN) {
		publisher->error[0] = '\0';
		return;
	}
	redis_explain(reply->str ? reply->str : "", why, sizeof(why));
	snprintf(text, sizeof(text), "%.100spublisher: %.120s", publisher->prefix, why);
	set_broken(publisher, broken, text);
	mend(publisher);
	publisher_flush(publisher);
}

/* A Redis that forgot everything, or that somebody else writes to, is noticed also while there is nothing to send. */
static void
beat(void *ctx)
{
	struct publisher *publisher = ctx;
	const int64_t now_ns = loop_now(publisher->loop).now_ns;
	char key[160];

	loop_timer_arm(publisher->heartbeat, HEARTBEAT_MS);
	if (publisher->state != GOING || publisher->under_way > 0 || publisher->heartbeat_ns != 0 ||
	    now_ns - publisher->active_ns < HEARTBEAT_MS * INT64_C(900000))
		return;
	snprintf(key, sizeof(key), "%spublisher", publisher->prefix);
	if (redis_link_words(publisher->link, on_heartbeat, publisher, "HMGET", key, "epoch",
		"batch", "instance", NULL) == 0)
		publisher->heartbeat_ns = now_ns;
}

static void
try_again(void *ctx)
{
	struct publisher *publisher = ctx;

	publisher->held = false;
	if (redis_link_state(publisher->link) != REDIS_UP)
		return;
	if (!publisher->sha[0])
		load_script(publisher);
	if (publisher->state == IDLE)
		publisher_claim(publisher);
	publisher_flush(publisher);
}

/* ---- life ---- */

void
publisher_up(struct publisher *publisher)
{
	publisher->held = false;
	publisher->sha[0] = '\0';
	load_script(publisher);
	if (publisher->state == IDLE)
		publisher_claim(publisher);
}

void
publisher_down(struct publisher *publisher)
{
	size_t n = outbox_rewind(publisher->outbox);

	stats_add(publisher->stats, STAT_OUT_RESENT, n);
	loop_timer_cancel(publisher->retry);
	publisher->held = false;
	publisher->broken = UNBROKEN;
	if (publisher->state == CLAIMING)
		publisher->state = IDLE;
}

struct publisher *
publisher_new(struct loop *loop, struct redis_link *link, struct outbox *outbox,
    const struct config *config, const char *instance, struct stats *stats,
    const struct publisher_handler *handler)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));

	if (!publisher)
		return NULL;
	*publisher = (struct publisher){
		.loop = loop,
		.link = link,
		.outbox = outbox,
		.stats = stats,
		.handler = *handler,
		.rate = { .interval_ms = 10000, .burst = 2 },
	};
	snprintf(publisher->prefix, sizeof(publisher->prefix), "%s", config->redis.prefix);
	snprintf(publisher->instance, sizeof(publisher->instance), "%s", instance);
	batch_command_init(&publisher->command, publisher->prefix, publisher->instance,
	    config->redis.events_max_length);
	publisher->retry = loop_timer_new(loop, try_again, publisher);
	publisher->slow_timer = loop_timer_new(loop, look_for_slow, publisher);
	publisher->heartbeat = loop_timer_new(loop, beat, publisher);
	if (publisher->retry && publisher->slow_timer && publisher->heartbeat) {
		loop_timer_arm(publisher->heartbeat, HEARTBEAT_MS);
		return publisher;
	}
	publisher_free(publisher);
	return NULL;
}

uint64_t
publisher_epoch(const struct publisher *publisher)
{
	return publisher->epoch;
}

uint64_t
publisher_batch(const struct publisher *publisher)
{
	return publisher->batch;
}

void
publisher_round_trip(const struct publisher *publisher, int64_t *ret_last_us, int64_t *ret_max_us)
{
	const struct round_trip *trip = &publisher->trip;
	int64_t max_ns = trip->max_ns[0] > trip->max_ns[1] ? trip->max_ns[0] : trip->max_ns[1];
	int64_t waited_ns = 0;

	/* One that does not come shows before it has come. */
	if (publisher->under_way > 0)
		waited_ns = oldest_ms(publisher) * 1000000;
	else if (publisher->heartbeat_ns != 0)
		waited_ns = loop_now(publisher->loop).now_ns - publisher->heartbeat_ns;
	*ret_last_us = (waited_ns > trip->last_ns ? waited_ns : trip->last_ns) / 1000;
	*ret_max_us = (waited_ns > max_ns ? waited_ns : max_ns) / 1000;
}

const char *
publisher_error(const struct publisher *publisher)
{
	return publisher->error;
}

void
publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	loop_timer_free(publisher->retry);
	loop_timer_free(publisher->slow_timer);
	loop_timer_free(publisher->heartbeat);
	batch_command_release(&publisher->command);
	free(publisher);
}
