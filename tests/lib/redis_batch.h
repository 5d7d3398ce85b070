/*
 * redis_batch: batches as the publisher sends them, to a Redis that a test has for itself; for tests of the two scripts of
 * core/change_script.c. Functions and state are static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_REDIS_BATCH_H
#define DPWATCH_TESTS_LIB_REDIS_BATCH_H

#include <check.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/change_codec.h"
#include "core/change_pack.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define ID "11223344-5566-4788-99aa-bbccddeeff00"
#define PORT_KEY "dpwatch:port:" ID
/* 2024-05-01T12:00:00.000000Z */
#define NOON INT64_C(1714564800000000)
#define T0 "2024-05-01T12:00:00.000000Z"
#define T1 "2024-05-01T12:00:00.000001Z"
#define T2 "2024-05-01T12:00:00.000002Z"
#define FAULT "leaf1:Ethernet1/1@" T0
#define WEEK_S 604800
/* Commands of a test go through one connection; this many arguments at most. */
#define ARGS_MAX 16000

static struct sandbox box;
static redisContext *redis;
static struct arg_buf args, keys;
static char sha[64];
static const char *instance = "host/1"; /* who sends batches */
static const char *line = "host/0";     /* ... and as what */
static const char *moment = "1700000000000";
static bool follows; /* whether batches are told to follow those before them */

/* ---- talking to it ---- */

__attribute__((format(printf, 1, 2))) static inline redisReply *
command(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	redisReply *reply = redisvCommand(redis, format, list);
	va_end(list);
	ck_assert_msg(reply != NULL, "%s: %s", format, redis->errstr);
	return reply;
}

/* A command that must succeed. */
__attribute__((format(printf, 1, 2))) static inline void
run(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	redisReply *reply = redisvCommand(redis, format, list);
	va_end(list);
	ck_assert_msg(reply && reply->type != REDIS_REPLY_ERROR, "%s: %s", format,
	    reply ? reply->str : redis->errstr);
	freeReplyObject(reply);
}

static inline void
load_script(void)
{
	redisReply *reply = command("SCRIPT LOAD %s", REDIS_APPLY_SCRIPT);

	ck_assert_int_eq(reply->type, REDIS_REPLY_STRING);
	snprintf(sha, sizeof(sha), "%s", reply->str);
	freeReplyObject(reply);
}

static inline void
set_up(void)
{
	sandbox_init(&box);
	sandbox_redis_start(&box, NULL, NULL);
	redis = redisConnectUnix(box.redis);
	ck_assert(redis != NULL && !redis->err);
	args = keys = (struct arg_buf){ 0 };
	load_script();
}

static inline void
tear_down(void)
{
	arg_buf_release(&args);
	arg_buf_release(&keys);
	redisFree(redis);
	sandbox_release(&box);
}

/* ---- batches ---- */

static inline struct dp_change
toggle(bool down)
{
	return (struct dp_change){
		.kind = CHANGE_TOGGLE,
		.switch_name = "leaf1",
		.interface_name = "Ethernet1/1",
		.source = SOURCE_TRAP,
		.reason = down ? REASON_LINK_DOWN : REASON_NONE,
		.received_us = NOON,
		.port_id = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x47, 0x88, 0x99, 0xaa, 0xbb, 0xcc,
		    0xdd, 0xee, 0xff, 0x00 },
		.port_name = "vm1-eth0",
		.project_id = "blue",
		.dp_down = down,
		.cause = CAUSE_ACCESS,
		.fault = FAULT,
		.occurred_us = NOON + 1,
		.paths = { 0, 1, 2 },
		.report = { .by = "", .note = "" },
	};
}

static inline struct dp_change
other(enum dp_change_kind kind)
{
	struct dp_change change = toggle(true);

	change.kind = kind;
	change.admin = change.link = change.protocol = change.override = "";
	return change;
}

static inline void
add(const struct dp_change *change)
{
	ck_assert_int_eq(change_encode(change, &args, &keys), 0);
}

/* Three states of other interfaces, so that the script takes the batch for one of many records. */
static inline void
add_others(void)
{
	struct dp_change state = other(CHANGE_INTERFACE);

	state.switch_name = "leaf9";
	for (int i = 0; i < 3; i++)
		add(&state);
}

/* The command as the publisher sends it. */
struct sending {
	const char *argv[ARGS_MAX];
	size_t lens[ARGS_MAX];
	int argc;
	char names[ARGS_MAX][80];
};

static inline void
put(struct sending *sending, struct slice arg)
{
	ck_assert_int_lt(sending->argc, ARGS_MAX);
	sending->argv[sending->argc] = arg.data;
	sending->lens[sending->argc++] = arg.len;
}

static inline void
put_key(struct sending *sending, struct slice suffix)
{
	char *name = sending->names[sending->argc];

	snprintf(name, sizeof(sending->names[0]), "dpwatch:%.*s", (int)suffix.len, suffix.data);
	put(sending, slice_of(name));
}

static inline redisReply *
send_raw(const char *epoch, const char *batch, uint64_t events_max)
{
	static const char *const shared[] = { "publisher", "down", "events", "link-events",
		"redundancy" };
	static struct sending sending;
	const struct script_head head = {
		.epoch = strtoull(epoch, NULL, 10),
		.number = strtoull(batch, NULL, 10),
		.moment_ms = strtoll(moment, NULL, 10),
		.instance = instance,
		.line = line,
		.follows = follows,
		.events_max_length = events_max,
		.others_max_length = 100000,
		.records = &args,
	};
	struct change_pack pack = { .n_states = 0 };
	char n_keys[16];
	struct slice arg;

	sending.argc = 0;
	snprintf(n_keys, sizeof(n_keys), "%u", 5 + keys.n_args);
	put(&sending, SLICE("EVALSHA"));
	put(&sending, slice_of(sha));
	put(&sending, slice_of(n_keys));
	for (size_t i = 0; i < 5; i++)
		put_key(&sending, slice_of(shared[i]));
	for (size_t at = 0; arg_buf_next(&keys, &at, &arg);)
		put_key(&sending, arg);
	ck_assert_int_eq(script_head_encode(&head, &pack.records), 0);
	ck_assert_int_eq(change_pack(&pack, &args), 0);
	put(&sending, (struct slice){ pack.records.data, pack.records.len });
	for (size_t i = 0; i < pack.n_states; i++)
		put(&sending, pack.states[i]);
	redisReply *reply = redisCommandArgv(redis, sending.argc, sending.argv, sending.lens);
	change_pack_release(&pack);
	ck_assert_msg(reply != NULL, "%s", redis->errstr);
	return reply;
}

/* Its first elements are exactly these texts, ended by NULL; `more` others follow. */
static inline void
expect_elements(const redisReply *reply, const char *const *wanted, size_t more)
{
	size_t n = 0;

	ck_assert_msg(reply->type == REDIS_REPLY_ARRAY, "%s", reply->str ? reply->str : "no array");
	for (; wanted[n]; n++) {
		ck_assert_uint_lt(n, reply->elements);
		ck_assert_str_eq(reply->element[n]->str, wanted[n]);
	}
	ck_assert_uint_eq(reply->elements, n + more);
}

/* The answer to a batch, after which what was added is forgotten: "ok" is a text, the others are arrays. */
static inline void
expect_reply(redisReply *reply, const char *const *wanted)
{
	char text[ARGS_MAX] = "";

	if (strcmp(wanted[0], "ok") == 0) {
		for (size_t n = 0; wanted[n]; n++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			    n > 0 ? " " : "", wanted[n]);
		ck_assert_msg(reply->type == REDIS_REPLY_STRING, "%s",
		    reply->elements > 0 ? reply->element[0]->str : reply->str);
		ck_assert_str_eq(reply->str, text);
	} else {
		expect_elements(reply, wanted, 0);
	}
	freeReplyObject(reply);
	arg_buf_clear(&args);
	arg_buf_clear(&keys);
}

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SEND(epoch, batch, ...) \
	expect_reply(send_raw((epoch), (batch), 1000000), TEXTS(__VA_ARGS__))

/* Behind an "ok" also comes the moment that was claimed. */
static char claimed_moment[24];

static inline void
expect_claim(redisReply *reply, const char *const *wanted)
{
	const bool ok = strcmp(wanted[0], "ok") == 0;

	expect_elements(reply, wanted, ok);
	if (ok)
		snprintf(claimed_moment, sizeof(claimed_moment), "%s",
		    reply->element[reply->elements - 1]->str);
	freeReplyObject(reply);
}

#define CLAIM(instance, schema, batch, epoch, ...)                                          \
	expect_claim(command("EVAL %s 1 dpwatch:publisher %s %s %s %s", REDIS_CLAIM_SCRIPT, \
			 (instance), (schema), (batch), (epoch)),                           \
	    TEXTS(__VA_ARGS__))

/* ---- all that Redis holds ---- */

static inline int
compare_names(const void *a, const void *b)
{
	const redisReply *const *x = a, *const *y = b;

	return strcmp((*x)->str, (*y)->str);
}

/* Every key with its DUMP and time to live, as one run of bytes (the caller's). */
static inline char *
snapshot(size_t *ret_len)
{
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, ret_len);
	redisReply *names = command("KEYS *");

	if (names->elements > 0)
		qsort(names->element, names->elements, sizeof(*names->element), compare_names);
	for (size_t i = 0; i < names->elements; i++) {
		redisReply *dump = command("DUMP %s", names->element[i]->str);
		redisReply *ttl = command("EXPIRETIME %s", names->element[i]->str);
		fprintf(out, "%s %lld ", names->element[i]->str, ttl->integer);
		fwrite(dump->str, 1, (size_t)dump->len, out);
		freeReplyObject(dump);
		freeReplyObject(ttl);
	}
	freeReplyObject(names);
	fclose(out);
	return bytes;
}

static char *before;
static size_t before_len;

static inline void
remember(void)
{
	free(before);
	before = snapshot(&before_len);
}

static inline void
expect_nothing_changed(void)
{
	size_t len;
	char *now = snapshot(&len);

	ck_assert_uint_eq(len, before_len);
	ck_assert_mem_eq(now, before, len);
	free(now);
	free(before);
	before = NULL;
}

static inline json_int_t
ttl_of(const char *key)
{
	return redis_number(box.redis, "TTL %s", key);
}

static inline void
expect_field(const char *key, const char *field, const char *wanted)
{
	json_t *hash = redis_hash(box.redis, key);

	ck_assert_str_eq(redis_text(hash, field), wanted);
	json_decref(hash);
}

/* Exactly these fields, in this order. */
static inline void
expect_hash(const char *key, const char *const *pairs)
{
	json_t *hash = redis_hash(box.redis, key);

	redis_expect(hash, pairs);
	json_decref(hash);
}

/* One toggle as batch 1 of epoch 1. */
static inline void
begin(void)
{
	const struct dp_change change = toggle(true);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	add(&change);
	SEND("1", "1", "ok", "1", "1");
}

#endif
