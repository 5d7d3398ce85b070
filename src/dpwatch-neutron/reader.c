/*
 * The events stream into the queue. Entries come in batches; before a batch is queued, the ports in it that go DOWN are
 * counted for the brake, over all instances, and none of them is sent for a moment: so a mass failure is held before its
 * first port is sent, although it comes in several batches.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder.h"
#include "util/timeutil.h"

#define BATCH "512"
#define BLOCK_MS "5000"
#define READ_AGAIN_MS 1000

struct batch {
	struct forwarder *fw;
	struct neutron_change *changes;
	size_t n, n_down;
	noted_fn *done;
	void *ctx;
};

/* ---- the brake's count ---- */

struct note {
	struct forwarder *fw;
	noted_fn *done;
	void *ctx;
};

static void
on_noted(void *ctx, const redisReply *reply)
{
	struct note note = *(struct note *)ctx;
	struct forwarder *fw = note.fw;

	free(ctx);
	if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	    reply->element[0]->integer > 0) {
		neutron_queue_brake(fw->queue, true);
		if (reply->element[0]->integer == 2)
			log_error(
			    "the brake is on: %lld ports go DOWN within %d s, more than %lld (max_down): no DOWN is sent until "
			    "somebody looked and said 'dpwatch-neutron release'",
			    reply->element[1]->integer, BRAKE_WINDOW_MS / 1000,
			    reply->element[2]->integer);
	} else if (reply && reply->type == REDIS_REPLY_ERROR) {
		/* Better held than let go uncounted. */
		neutron_queue_brake(fw->queue, true);
		forwarder_error(fw, reply->str);
		log_error("ports that go DOWN cannot be counted, so they are held: %s", reply->str);
	}
	note.done(note.ctx);
}

void
brake_note(
    struct forwarder *fw, const char (*ids)[PORT_ID_TEXT], size_t n, noted_fn *done, void *ctx)
{
	const char *prefix = forwarder_prefix(fw);
	struct command command = { 0 };
	struct note *note = malloc(sizeof(*note));

	if (n == 0 || fw->dry_run || !note) {
		free(note);
		done(ctx);
		return;
	}
	*note = (struct note){ fw, done, ctx };
	command_script(&command, SCRIPT_NOTE, 4);
	command_key(&command, prefix, "neutron:downs", "");
	command_key(&command, prefix, "neutron:hold", "");
	command_key(&command, prefix, "topology:ports", "");
	command_key(&command, prefix, "neutron:sent", "");
	command_number(&command, BRAKE_WINDOW_MS);
	command_number(&command, fw->config->neutron.max_down_percent);
	command_number(&command, BRAKE_LEAST);
	command_word(&command, fw->name);
	for (size_t i = 0; i < n; i++)
		command_word(&command, ids[i]);
	if (command_send(&command, fw->commands, on_noted, note) != 0)
		on_noted(note, NULL);
}

/* ---- a batch ---- */

static void
batch_queue(void *ctx)
{
	struct batch *batch = ctx;
	struct forwarder *fw = batch->fw;
	const int64_t look_until_ms =
	    forwarder_now_ms(fw) + (batch->n_down > BRAKE_FEW ? BRAKE_LOOK_MS : BRAKE_LOOK_FEW_MS);
	bool room = true;

	for (size_t i = 0; i < batch->n && room; i++) {
		if (batch->changes[i].down)
			batch->changes[i].not_before_ms = look_until_ms;
		room = forwarder_add(fw, &batch->changes[i]);
	}
	if (!room) {
		/* What was left out is still pending in the group. */
		log_warning("too many ports wait: reading on when some are done");
		snprintf(fw->cursor, sizeof(fw->cursor), "0");
	}
	batch->done(batch->ctx);
	free(batch->changes);
	free(batch);
	forwarder_go(fw);
}

static struct slice
field(const redisReply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->elements; i += 2)
		if (fields->element[i]->str && strcmp(fields->element[i]->str, name) == 0)
			return (struct slice){ fields->element[i + 1]->str,
				(size_t)fields->element[i + 1]->len };
	return (struct slice){ 0 };
}

/* An entry that says nothing (trimmed away, or not dpwatchd's) is done with. */
static bool
take_entry(struct forwarder *fw, const redisReply *entry, struct neutron_change *ret_change)
{
	struct neutron_change change = { 0 };

	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || !entry->element[0]->str ||
	    !neutron_entry_parse(
		entry->element[0]->str, (size_t)entry->element[0]->len, &change.entry))
		return false;
	const redisReply *fields = entry->element[1];
	if (fields->type != REDIS_REPLY_ARRAY || !port_id_parse(field(fields, "port"), change.id)) {
		forwarder_ack(fw, change.entry);
		return false;
	}
	change.down = slice_eq_str(field(fields, "dp_down"), "true");
	if (!timeutil_parse(field(fields, "occurred_at"), &change.since_us))
		change.since_us = (int64_t)change.entry.ms * 1000;
	*ret_change = change;
	return true;
}

/* Whether a later entry of the batch is about the same port. */
static bool
is_overtaken(const struct batch *batch, size_t at)
{
	for (size_t i = at + 1; i < batch->n; i++)
		if (memcmp(batch->changes[i].id, batch->changes[at].id, 16) == 0)
			return true;
	return false;
}

static void
batch_note(struct batch *batch)
{
	char(*ids)[PORT_ID_TEXT] = calloc(batch->n + 1, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; ids && i < batch->n; i++)
		if (batch->changes[i].down && !is_overtaken(batch, i))
			port_id_format(batch->changes[i].id, ids[n++]);
	batch->n_down = n;
	brake_note(batch->fw, (const char(*)[PORT_ID_TEXT])ids, n, batch_queue, batch);
	free(ids);
}

void
reader_take(struct forwarder *fw, const redisReply *entries, noted_fn *done, void *ctx)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (batch)
		batch->changes = calloc(entries->elements + 1, sizeof(*batch->changes));
	if (!batch || !batch->changes) {
		free(batch);
		done(ctx);
		return;
	}
	batch->fw = fw;
	batch->done = done;
	batch->ctx = ctx;
	for (size_t i = 0; i < entries->elements; i++)
		if (take_entry(fw, entries->element[i], &batch->changes[batch->n]))
			batch->n++;
	forwarder_count(fw, COUNT_EVENTS, batch->n);
	batch_note(batch);
}

/* ---- reading ---- */

static void read_next(void *ctx);

static void
read_later(struct forwarder *fw)
{
	loop_timer_arm(fw->read_again, READ_AGAIN_MS);
}

static void
after_batch(void *ctx)
{
	struct forwarder *fw = ctx;

	if (strcmp(fw->cursor, "0") == 0)
		read_later(fw);
	else
		read_next(fw);
}

/* The last entry's id is where reading goes on, except for what is new to the group. */
static void
advance(struct forwarder *fw, const redisReply *entries)
{
	if (strcmp(fw->cursor, ">") == 0)
		return;
	if (entries->elements == 0) {
		/* Everything that was owed from before is queued. */
		snprintf(fw->cursor, sizeof(fw->cursor), ">");
		return;
	}
	const redisReply *last = entries->element[entries->elements - 1];
	if (last->type == REDIS_REPLY_ARRAY && last->elements > 0 && last->element[0]->str)
		snprintf(fw->cursor, sizeof(fw->cursor), "%s", last->element[0]->str);
}

static void make_group(struct forwarder *fw);

static void
on_read_error(struct forwarder *fw, const redisReply *reply)
{
	uint64_t held_back;

	forwarder_error(fw, reply->str);
	if (log_rate_take(&fw->rate, &held_back))
		log_warning("reading events: %s", reply->str);
	fw->reading = false;
	fw->cursor[0] = '\0';
	/* FLUSHALL took the group away: it is made again. */
	read_later(fw);
}

static void
on_entries(void *ctx, const redisReply *reply)
{
	struct forwarder *fw = ctx;

	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		on_read_error(fw, reply);
		return;
	}
	fw->reading = true;
	/* [[stream, entries]], or nil when nothing came. */
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1 ||
	    reply->element[0]->elements != 2) {
		read_next(fw);
		return;
	}
	const redisReply *entries = reply->element[0]->element[1];
	advance(fw, entries);
	if (entries->elements == 0)
		read_next(fw);
	else
		reader_take(fw, entries, after_batch, fw);
}

static void
read_next(void *ctx)
{
	struct forwarder *fw = ctx;
	struct command command = { 0 };

	if (fw->stopping)
		return;
	if (fw->dry_run) {
		command_word(&command, "XREAD");
	} else {
		command_word(&command, "XREADGROUP");
		command_word(&command, "GROUP");
		command_word(&command, GROUP);
		command_word(&command, fw->name);
	}
	command_word(&command, "COUNT");
	command_word(&command, BATCH);
	command_word(&command, "BLOCK");
	command_word(&command, BLOCK_MS);
	command_word(&command, "STREAMS");
	command_key(&command, forwarder_prefix(fw), "events", "");
	command_word(&command, fw->cursor);
	if (command_send(&command, fw->reader, on_entries, fw) != 0)
		read_later(fw);
}

/* ---- where to begin ---- */

/* "BUSYGROUP ..." says that the group is there already. */
static void
on_group(void *ctx, const redisReply *reply)
{
	struct forwarder *fw = ctx;

	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "BUSYGROUP", 9) != 0) {
		on_read_error(fw, reply);
		return;
	}
	/* What came before the group was made is found by comparing, which must begin after it. */
	if (reply->type == REDIS_REPLY_STATUS || !reconcile_done(fw->reconcile))
		reconcile_soon(fw->reconcile, 0);
	/* First what an earlier run of this instance was given and did not get done. */
	snprintf(fw->cursor, sizeof(fw->cursor), "0");
	read_next(fw);
}

static void
make_group(struct forwarder *fw)
{
	struct command command = { 0 };

	/* A new group begins with what is new: what is down already, comparing finds. */
	command_word(&command, "XGROUP");
	command_word(&command, "CREATE");
	command_key(&command, forwarder_prefix(fw), "events", "");
	command_word(&command, GROUP);
	command_word(&command, "$");
	command_word(&command, "MKSTREAM");
	if (command_send(&command, fw->reader, on_group, fw) != 0)
		read_later(fw);
}

/* Dry run: from the last entry on, without a group. */
static void
on_newest(void *ctx, const redisReply *reply)
{
	struct forwarder *fw = ctx;
	const redisReply *entry = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1
				      ? reply->element[0]
				      : NULL;

	if (!reply)
		return;
	snprintf(fw->cursor, sizeof(fw->cursor), "%s",
	    entry && entry->elements > 0 && entry->element[0]->str ? entry->element[0]->str
								   : "0-0");
	reconcile_soon(fw->reconcile, 0);
	read_next(fw);
}

static void
find_newest(struct forwarder *fw)
{
	struct command command = { 0 };

	command_word(&command, "XREVRANGE");
	command_key(&command, forwarder_prefix(fw), "events", "");
	command_word(&command, "+");
	command_word(&command, "-");
	command_word(&command, "COUNT");
	command_word(&command, "1");
	if (command_send(&command, fw->reader, on_newest, fw) != 0)
		read_later(fw);
}

void
reader_read_again(void *ctx)
{
	struct forwarder *fw = ctx;

	if (redis_link_state(fw->reader) != REDIS_UP)
		return;
	if (fw->cursor[0])
		read_next(fw);
	else
		reader_up(fw);
}

void
reader_up(void *ctx)
{
	struct forwarder *fw = ctx;

	loop_timer_cancel(fw->read_again);
	if (!fw->dry_run)
		make_group(fw);
	else if (fw->cursor[0])
		read_next(fw);
	else
		find_newest(fw);
}

void
reader_down(void *ctx, const char *why)
{
	struct forwarder *fw = ctx;

	(void)why;
	fw->reading = false;
}
