#include "io/publisher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo.h"
#include "io/publisher_state.h"
#include "io/redis_explain.h"

#define RETRY_MS 500
#define MINUTE_NS 60000000000
/* Redis wakes those who read its streams when it has done all that it was sent. So where nothing is under way or waits, the
 * first batch, a small one, is ahead of the next by this, or by its answer. */
#define OPENING_MS 1
#define OPENING_NS (OPENING_MS * INT64_C(1000000))

void
publisher_hold(struct publisher *publisher, const char *why)
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
	publisher_hold(publisher, text);
}

uint64_t
publisher_number_of(const redisReply *reply)
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
		hold_for_reply(publisher, reply->str ? reply->str : ODD_REPLY);
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

void
publisher_load_script(struct publisher *publisher)
{
	probe(publisher);
	redis_link_words(
	    publisher->link, on_script, publisher, "SCRIPT", "LOAD", REDIS_APPLY_SCRIPT, NULL);
}

static void
claimed(struct publisher *publisher, const redisReply *reply)
{
	publisher->epoch = publisher_number_of(reply->element[1]);
	publisher->batch = publisher_number_of(reply->element[2]);
	publisher->state = CLAIMED;
	publisher->error[0] = '\0';
	log_info("redis: publishing as epoch %llu, after batch %llu",
	    (unsigned long long)publisher->epoch, (unsigned long long)publisher->batch);
	const struct redis_history history = { reply->element[3]->str, reply->element[4]->str,
		publisher_number_of(reply->element[5]) };
	outbox_set_moment(publisher->outbox, (int64_t)publisher_number_of(reply->element[6]));
	publisher->handler.claimed(publisher->handler.ctx, &history);
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
		if (strcmp(reply->element[0]->str, "ok") == 0 && reply->elements == 7 &&
		    reply->element[3]->str && reply->element[4]->str) {
			claimed(publisher, reply);
			return;
		}
		if (strcmp(reply->element[0]->str, "schema") == 0) {
			snprintf(text, sizeof(text),
			    "this Redis was written by a newer dpwatchd (version %.20s of its keys, ours is %d): start that one, or set another [redis] prefix",
			    reply->element[1]->str, REDIS_SCHEMA);
			publisher->handler.deposed(publisher->handler.ctx, text);
			return;
		}
		snprintf(text, sizeof(text),
		    "%.100s is not a hash: something else uses this key (see [redis] prefix)",
		    reply->element[1]->str);
		publisher->state = IDLE;
		publisher_hold(publisher, text);
		return;
	}
	publisher->state = IDLE;
	hold_for_reply(publisher, reply->str ? reply->str : ODD_REPLY);
}

void
publisher_know(struct publisher *publisher, uint64_t batch)
{
	publisher->batch = batch;
}

void
publisher_set_events_max(struct publisher *publisher, uint64_t events_max_length)
{
	publisher->command.events_max_length = events_max_length;
}

void
publisher_write_as(struct publisher *publisher, const char *line)
{
	publisher->command.line = line;
}

void
publisher_claim(struct publisher *publisher)
{
	char key[160], schema[16], batch[24], epoch[24];

	if (publisher->state == CLAIMING)
		return;
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
	const int64_t now_ns = loop_now(publisher->loop).now_ns;

	publisher->sent_ns[(publisher->sent_first + publisher->under_way) % OUTBOX_WINDOW] = now_ns;
	if (publisher->drained)
		publisher->opened_ns = now_ns;
	publisher->drained = false;
	publisher->under_way++;
	if (!loop_timer_armed(publisher->slow_timer))
		loop_timer_arm(publisher->slow_timer, PUBLISHER_SLOW_MS);
}

void
publisher_note_round_trip(struct publisher *publisher, int64_t sent_ns)
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

void
publisher_note_answered(struct publisher *publisher)
{
	publisher_note_round_trip(publisher, publisher->sent_ns[publisher->sent_first]);
	publisher->sent_first = (publisher->sent_first + 1) % OUTBOX_WINDOW;
	publisher->under_way--;
	publisher->opened_ns = 0;
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

static int
send_batch(struct publisher *publisher, const struct outbox_batch *batch)
{
	struct batch_command *command = &publisher->command;

	if (batch_command_make(command, publisher->sha, publisher->epoch, batch) != 0)
		return -ENOMEM;
	return redis_link_text(publisher->link, publisher_on_batch, publisher,
	    (struct slice){ command->text, command->len });
}

bool
publisher_is_opening(struct publisher *publisher)
{
	if (publisher->opened_ns != 0 &&
	    loop_now(publisher->loop).now_ns - publisher->opened_ns >= OPENING_NS)
		publisher->opened_ns = 0;
	return publisher->opened_ns != 0;
}

static void
flush_later(void *ctx)
{
	publisher_flush(ctx);
}

void
publisher_flush(struct publisher *publisher)
{
	const struct outbox_batch *batch;
	bool any = false;

	if (publisher->state != GOING || publisher->held || publisher->broken != UNBROKEN ||
	    !publisher->sha[0] || redis_link_state(publisher->link) != REDIS_UP)
		return;
	while (publisher->under_way < OUTBOX_WINDOW && !publisher_is_opening(publisher) &&
	       (batch = outbox_next(publisher->outbox)) != NULL) {
		if (send_batch(publisher, batch) != 0) {
			outbox_rewind(publisher->outbox);
			publisher_hold(publisher, "out of memory, or the connection is going away");
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
	if (publisher->opened_ns != 0 && outbox_waiting(publisher->outbox) > publisher->under_way &&
	    !loop_timer_armed(publisher->opening))
		loop_timer_arm(publisher->opening, OPENING_MS);
	if (outbox_waiting(publisher->outbox) == 0)
		publisher->drained = true;
}

void
publisher_go(struct publisher *publisher)
{
	publisher->state = GOING;
	publisher_flush(publisher);
}

/* ---- life ---- */

void
publisher_up(struct publisher *publisher)
{
	publisher->held = false;
	publisher->sha[0] = '\0';
	publisher_load_script(publisher);
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
	publisher->opened_ns = 0;
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
	publisher->retry = loop_timer_new(loop, publisher_try_again, publisher);
	publisher->slow_timer = loop_timer_new(loop, look_for_slow, publisher);
	publisher->heartbeat = loop_timer_new(loop, publisher_beat, publisher);
	publisher->opening = loop_timer_new(loop, flush_later, publisher);
	if (publisher->retry && publisher->slow_timer && publisher->heartbeat &&
	    publisher->opening) {
		loop_timer_arm(publisher->heartbeat, PUBLISHER_HEARTBEAT_MS);
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

int64_t
publisher_proved_ns(const struct publisher *publisher)
{
	return publisher->proved_ns;
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
	loop_timer_free(publisher->opening);
	batch_command_release(&publisher->command);
	free(publisher);
}
