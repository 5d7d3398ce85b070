/*
 * Once a beat: is the brake still on? Every few beats: that we are here, and how we do; how far behind the group is;
 * what we were given and still owe stays ours, what belonged to an instance that is gone becomes ours.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "forwarder.h"

/*
 * In beats. A beat is a twentieth of take_over, and at most a second: what its owner has not touched for take_over belonged to
 * an instance that is gone, which is thrice TOUCH_EVERY, and a little.
 */
#define BEATS 20
#define BEAT_MAX_MS 1000
#define SHOW_EVERY 2
#define TOUCH_EVERY 6
#define CLAIM_EVERY 5
#define TOUCH_AT_ONCE 256
#define CLAIM_AT_ONCE "256"

#define NAMES_MAX 64

int64_t
heartbeat_beat_ms(const struct forwarder *fw)
{
	int64_t ms = fw->config->neutron.take_over_ms / BEATS;

	return ms < BEAT_MAX_MS ? ms : BEAT_MAX_MS;
}

int64_t
heartbeat_shown_ms(const struct forwarder *fw)
{
	return fw->config->neutron.take_over_ms * 3 / 4;
}

/* ---- the name ---- */

static void
name_of(const struct forwarder *fw, int number, char *buf)
{
	if (number == 1)
		snprintf(buf, NAME_ROOM, "%s", fw->base);
	else
		snprintf(buf, NAME_ROOM, "%.88s-%d", fw->base, number);
}

static void
begin(struct forwarder *fw)
{
	log_info("%s: this instance is called %s", fw->dry_run ? "dry run" : "ready", fw->name);
	if (redis_link_state(fw->reader) == REDIS_DOWN)
		redis_link_start(fw->reader);
	forwarder_go(fw);
}

static void
on_name(void *ctx, const redisReply *reply)
{
	struct forwarder *fw = ctx;
	char name[NAME_ROOM];
	bool first = fw->name[0] == '\0';

	/* The one that we have is the first to choose. */
	if (!first && reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1)
		return;
	if (!reply || reply->type != REDIS_REPLY_INTEGER || reply->integer < 1) {
		if (reply)
			log_error("no name for this instance: %s",
			    reply->type == REDIS_REPLY_ERROR ? reply->str : "all are taken");
		return;
	}
	name_of(fw, (int)reply->integer - !first, name);
	snprintf(fw->name, sizeof(fw->name), "%s", name);
	if (first)
		begin(fw);
	else
		log_warning("another instance has taken our name: we are %s now", fw->name);
}

/* Our locks hold while this is there. */
static void
say_alive(struct forwarder *fw)
{
	struct command command = { 0 };

	command_word(&command, "SET");
	command_key(&command, forwarder_prefix(fw), "neutron:alive:", fw->token);
	command_word(&command, fw->base);
	command_word(&command, "PX");
	command_number(&command, heartbeat_shown_ms(fw));
	if (command_send(&command, fw->commands, command_ignore, NULL) != 0)
		log_debug("cannot say that we are alive now");
}

/* Takes a name, or keeps the one that is ours. */
static void
claim_name(struct forwarder *fw)
{
	struct command command = { 0 };
	char name[NAME_ROOM];

	command_script(&command, SCRIPT_NAME, NAMES_MAX + (fw->name[0] != '\0'));
	if (fw->name[0])
		command_key(&command, forwarder_prefix(fw), "neutron:name:", fw->name);
	for (int i = 1; i <= NAMES_MAX; i++) {
		name_of(fw, i, name);
		command_key(&command, forwarder_prefix(fw), "neutron:name:", name);
	}
	command_word(&command, fw->token);
	command_number(&command, heartbeat_shown_ms(fw));
	if (command_send(&command, fw->commands, on_name, fw) != 0)
		log_debug("no name now");
}

void
heartbeat_up(void *ctx)
{
	struct forwarder *fw = ctx;

	if (fw->dry_run && fw->name[0] == '\0') {
		snprintf(fw->name, sizeof(fw->name), "%s", fw->base);
		begin(fw);
		return;
	}
	if (!fw->dry_run) {
		say_alive(fw);
		claim_name(fw);
	}
	forwarder_go(fw);
}

void
heartbeat_down(void *ctx, const char *why)
{
	forwarder_error(ctx, why);
}

/* ---- the brake ---- */

static void
on_hold(void *ctx, const redisReply *reply)
{
	struct forwarder *fw = ctx;
	struct neutron_queue_view view;

	if (!reply || reply->type != REDIS_REPLY_INTEGER)
		return;
	neutron_queue_view(fw->queue, forwarder_now_ms(fw), &view);
	if (view.braked && reply->integer == 0)
		log_info("the brake is off");
	neutron_queue_brake(fw->queue, reply->integer > 0);
	if (view.braked != (reply->integer > 0))
		forwarder_go(fw);
}

static void
look_at_brake(struct forwarder *fw)
{
	struct command command = { 0 };

	command_word(&command, "EXISTS");
	command_key(&command, forwarder_prefix(fw), "neutron:hold", "");
	if (command_send(&command, fw->commands, on_hold, fw) != 0)
		log_debug("the brake cannot be looked at now");
}

/* ---- how far behind ---- */

static void
on_lag(void *ctx, const redisReply *reply)
{
	struct forwarder *fw = ctx;

	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	fw->behind = reply->element[0]->integer;
	fw->pending = reply->element[1]->integer;
}

static void
look_at_group(struct forwarder *fw)
{
	struct command command = { 0 };

	command_script(&command, SCRIPT_LAG, 1);
	command_key(&command, forwarder_prefix(fw), "events", "");
	command_word(&command, GROUP);
	if (command_send(&command, fw->commands, on_lag, fw) != 0)
		log_debug("the group cannot be looked at now");
}

/* ---- entries that are owed ---- */

/* XCLAIM with JUSTID: they stay ours, and their idle time begins anew. */
static void
touch_some(struct forwarder *fw, const struct neutron_entry *entries, size_t n)
{
	struct command command = { 0 };
	char text[NEUTRON_ENTRY_TEXT];

	command_word(&command, "XCLAIM");
	command_key(&command, forwarder_prefix(fw), "events", "");
	command_word(&command, GROUP);
	command_word(&command, fw->name);
	command_word(&command, "0");
	for (size_t i = 0; i < n; i++)
		command_word(&command, neutron_entry_format(entries[i], text));
	command_word(&command, "JUSTID");
	if (command_send(&command, fw->commands, command_ignore, NULL) != 0)
		log_debug("entries cannot be touched now");
}

static void
touch(struct forwarder *fw)
{
	struct neutron_entry entries[TOUCH_AT_ONCE];
	uint32_t cursor = 0;
	size_t n = 0;

	while (neutron_queue_entry(fw->queue, &cursor, &entries[n])) {
		if (++n < TOUCH_AT_ONCE)
			continue;
		touch_some(fw, entries, n);
		n = 0;
	}
	if (n > 0)
		touch_some(fw, entries, n);
}

static void claim(struct forwarder *fw);

/* There may be more. */
static void
after_taken(void *ctx)
{
	forwarder_go(ctx);
	claim(ctx);
}

/* [next, entries, deleted ids] */
static void
on_claimed(void *ctx, const redisReply *reply)
{
	struct forwarder *fw = ctx;

	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
		return;
	const redisReply *entries = reply->element[1];
	if (entries->elements == 0)
		return;
	log_info("took over %zu entries of an instance that is gone", entries->elements);
	forwarder_count(fw, COUNT_TAKEN_OVER, entries->elements);
	reader_take(fw, entries, after_taken, fw);
}

static void
claim(struct forwarder *fw)
{
	struct command command = { 0 };

	command_word(&command, "XAUTOCLAIM");
	command_key(&command, forwarder_prefix(fw), "events", "");
	command_word(&command, GROUP);
	command_word(&command, fw->name);
	command_number(&command, fw->config->neutron.take_over_ms);
	command_word(&command, "0");
	command_word(&command, "COUNT");
	command_word(&command, CLAIM_AT_ONCE);
	if (command_send(&command, fw->commands, on_claimed, fw) != 0)
		log_debug("nothing can be taken over now");
}

/* ---- the beat ---- */

void
heartbeat_beat(void *ctx)
{
	struct forwarder *fw = ctx;
	uint64_t beat = fw->beats++;

	if (redis_link_state(fw->commands) != REDIS_UP || fw->stopping || fw->dry_run)
		return;
	look_at_brake(fw);
	if (beat % SHOW_EVERY == 0) {
		say_alive(fw);
		claim_name(fw);
		if (fw->name[0])
			show_instance(fw);
		look_at_group(fw);
	}
	if (fw->name[0] && beat % TOUCH_EVERY == TOUCH_EVERY - 1)
		touch(fw);
	if (fw->name[0] && fw->reading && beat % CLAIM_EVERY == CLAIM_EVERY - 1)
		claim(fw);
}

void
heartbeat_farewell(struct forwarder *fw)
{
	struct command command = { 0 };

	if (fw->dry_run || fw->name[0] == '\0')
		return;
	command_word(&command, "DEL");
	command_key(&command, forwarder_prefix(fw), "neutron:name:", fw->name);
	command_key(&command, forwarder_prefix(fw), "neutron:instance:", fw->name);
	if (command_send(&command, fw->commands, command_ignore, NULL) == 0)
		redis_link_flush(fw->commands);
}
