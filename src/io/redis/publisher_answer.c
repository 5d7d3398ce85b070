/*
 * What Redis answers: to batches, and to the heartbeat while there are none.
 */
#include <stdio.h>
#include <string.h>

#include "io/port_told.h"
#include "io/publisher_state.h"
#include "io/redis_explain.h"

static void
left_out(struct publisher *publisher, const uint8_t id[16], const char *what, uint64_t known)
{
	char text[PORT_ID_TEXT];

	stats_add(publisher->stats, STAT_OUT_REFUSED_PORTS, 1);
	log_error("redis: %sport:%s is not a hash: %s was left out", publisher->prefix,
	    port_id_format(id, text), what);
	publisher->handler.left_out(publisher->handler.ctx, id, known);
}

/* The next number of an answer; 0 where there is none. */
static uint64_t
cut_number(struct slice *answer)
{
	unsigned long long number = 0;

	slice_to_uint(slice_cut(answer, ' '), UINT64_MAX, &number);
	return number;
}

/* `ports`: revisions of toggles, then ids of ports. */
static void
tell_ports(struct publisher *publisher, const struct outbox_batch *batch, struct slice ports)
{
	struct slice id_text, known;
	uint8_t id[16];
	size_t at = 0;

	while (ports.len > 0 && change_next_toggle(&batch->args, &at, &id_text, &known)) {
		const uint64_t revision = cut_number(&ports);
		unsigned long long last = 0;
		if (!port_id_parse(id_text, id))
			continue;
		slice_to_uint(known, UINT64_MAX, &last);
		if (revision == 0)
			left_out(publisher, id, "its toggle", last);
		else
			publisher->handler.revision(publisher->handler.ctx, id, revision);
	}
	while (ports.len > 0)
		if (port_id_parse(slice_cut(&ports, ' '), id))
			left_out(publisher, id, "what is reported of it", 0);
}

static void
on_told(void *ctx, const uint8_t id[16], const struct port_told *told)
{
	struct publisher *publisher = ctx;

	if (told && told->revision > 0)
		publisher->handler.revision(publisher->handler.ctx, id, told->revision);
}

/* Of a batch whose answer was lost with its connection: the revisions of its toggles stand in the ports' hashes. */
static void
ask_for_ports(struct publisher *publisher, const struct outbox_batch *batch)
{
	struct slice id_text, known;
	uint8_t id[16];
	size_t at = 0;

	while (change_next_toggle(&batch->args, &at, &id_text, &known))
		if (port_id_parse(id_text, id))
			port_told_read(publisher->link, publisher->prefix, id, on_told, publisher);
}

/* The next batch in order is in Redis; `ports` is what became of them, empty where nobody told. */
static bool
batch_done(struct publisher *publisher, struct slice ports)
{
	int64_t now_ns = loop_now(publisher->loop).now_ns;
	const struct outbox_batch *batch =
	    outbox_done(publisher->outbox, publisher->batch + 1, now_ns);

	if (!batch)
		return false;
	publisher->batch = batch->number;
	publisher->error[0] = '\0';
	stats_add(publisher->stats, STAT_OUT_TOGGLES, batch->n_toggles);
	if (ports.len > 0)
		tell_ports(publisher, batch, ports);
	else if (batch->n_toggles > 0)
		ask_for_ports(publisher, batch);
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
	    "another dpwatchd publishes to this Redis (epoch %llu, ours is %llu): run one of the two, or give each a [redis] prefix of its own",
	    (unsigned long long)epoch, (unsigned long long)publisher->epoch);
	publisher->handler.deposed(publisher->handler.ctx, text);
}

/* What it says behind "ok ". */
static void
on_ok(struct publisher *publisher, struct slice answer)
{
	publisher->proved_ns = loop_now(publisher->loop).now_ns;
	cut_number(&answer);
	batch_done(publisher, answer);
}

/* The batch was not applied. */
static void
on_status(struct publisher *publisher, const redisReply *reply)
{
	const char *status = reply->element[0]->str;
	uint64_t number = publisher_number_of(reply->element[1]);
	char text[256];

	if (strcmp(status, "done") == 0 && number > publisher->sent_number) {
		set_broken(publisher, BROKEN_PARTED, "");
	} else if (strcmp(status, "done") == 0) {
		while (publisher->batch < number && batch_done(publisher, (struct slice){ 0 }))
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
		const size_t word = strcspn(status, " "); /* "type", and the key */
		snprintf(text, sizeof(text),
		    "%.120s holds something else (wrong type): delete or rename it, or set another [redis] prefix",
		    status + word + (status[word] == ' '));
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
	/* What the batch wrote before stays, each time: it does not go again before a probe has found that it may. */
	if (redis_is_acl(error))
		publisher->sha[0] = '\0';
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
		publisher_load_script(publisher);
	} else if (broken == BROKEN_LOST || broken == BROKEN_PARTED) {
		publisher->state = CLAIMED;
		publisher->handler.lost(publisher->handler.ctx, broken == BROKEN_LOST);
	} else {
		publisher_hold(publisher, publisher->broken_text);
	}
}

void
publisher_on_batch(void *ctx, const redisReply *reply)
{
	struct publisher *publisher = ctx;

	publisher_note_answered(publisher);
	if (!reply || publisher->state != GOING)
		return;
	if (publisher->broken == UNBROKEN) {
		if (reply->type == REDIS_REPLY_STRING && strncmp(reply->str, "ok ", 3) == 0)
			on_ok(publisher, slice_from((struct slice){ reply->str, reply->len }, 3));
		else if (reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 &&
			 reply->element[0]->str)
			on_status(publisher, reply);
		else
			on_error(publisher, reply->str ? reply->str : ODD_REPLY);
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
	const uint64_t epoch = publisher_number_of(reply->element[0]),
		       batch = publisher_number_of(reply->element[1]);
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
	publisher_note_round_trip(publisher, sent_ns);
	/* What is under way tells the same, and later. */
	if (publisher->state != GOING || publisher->held || publisher->under_way > 0)
		return;
	enum publisher_break broken = look_at_publisher(publisher, reply);
	if (broken == UNBROKEN) {
		publisher->proved_ns = loop_now(publisher->loop).now_ns;
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
void
publisher_beat(void *ctx)
{
	struct publisher *publisher = ctx;
	const int64_t now_ns = loop_now(publisher->loop).now_ns;
	char key[160];

	loop_timer_arm(publisher->heartbeat, PUBLISHER_HEARTBEAT_MS);
	if (publisher->state != GOING || publisher->under_way > 0 || publisher->heartbeat_ns != 0 ||
	    now_ns - publisher->active_ns < PUBLISHER_HEARTBEAT_MS * INT64_C(900000))
		return;
	snprintf(key, sizeof(key), "%spublisher", publisher->prefix);
	if (redis_link_words(publisher->link, on_heartbeat, publisher, "HMGET", key, "epoch",
		"batch", "instance", NULL) == 0)
		publisher->heartbeat_ns = now_ns;
}

void
publisher_try_again(void *ctx)
{
	struct publisher *publisher = ctx;

	publisher->held = false;
	if (redis_link_state(publisher->link) != REDIS_UP)
		return;
	if (!publisher->sha[0])
		publisher_load_script(publisher);
	if (publisher->state == IDLE)
		publisher_claim(publisher);
	publisher_flush(publisher);
}
