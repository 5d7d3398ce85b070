/*
 * redis_client: what a consumer sees in Redis, as JSON values, for integration tests.
 *
 * Functions are static, because tests/lib is also linked into tests without hiredis. Each opens a connection of its own, so
 * that a Redis that was killed and started again is no matter.
 */
#ifndef DPWATCH_TESTS_LIB_REDIS_CLIENT_H
#define DPWATCH_TESTS_LIB_REDIS_CLIENT_H

#include <check.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/process.h"

/* A reply as JSON: arrays, strings, integers, null; a status is a string, an error {"error": text}. */
static inline json_t *
redis_json(const redisReply *reply)
{
	json_t *list;

	switch (reply->type) {
	case REDIS_REPLY_ARRAY:
		list = json_array();
		for (size_t i = 0; i < reply->elements; i++)
			json_array_append_new(list, redis_json(reply->element[i]));
		return list;
	case REDIS_REPLY_INTEGER:
		return json_integer(reply->integer);
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		return json_stringn(reply->str, (size_t)reply->len);
	case REDIS_REPLY_ERROR:
		return json_pack("{s:s}", "error", reply->str);
	default:
		return json_null();
	}
}

/* Runs one command (hiredis format). NULL where Redis cannot be reached; else the caller's. */
static inline json_t *redis_ask(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline json_t *
redis_ask(const char *path, const char *format, ...)
{
	const struct timeval patience = { .tv_sec = WAIT_MS / 1000 };
	redisContext *context = redisConnectUnixWithTimeout(path, patience);
	json_t *answer = NULL;
	va_list args;

	if (context && !context->err) {
		redisSetTimeout(context, patience);
		va_start(args, format);
		redisReply *reply = redisvCommand(context, format, args);
		va_end(args);
		if (reply)
			answer = redis_json(reply);
		freeReplyObject(reply);
	}
	if (context)
		redisFree(context);
	return answer;
}

/* A command that must succeed, and whose answer does not matter. */
#define redis_do(path, ...)                                                               \
	do {                                                                              \
		json_t *answer_ = redis_ask(path, __VA_ARGS__);                           \
		ck_assert_msg(answer_ != NULL, "no answer to %s", #__VA_ARGS__);          \
		ck_assert_msg(!json_object_get(answer_, "error"), "%s: %s", #__VA_ARGS__, \
		    json_string_value(json_object_get(answer_, "error")));                \
		json_decref(answer_);                                                     \
	} while (0)

/* The integer that a command answers; -1 for anything else (also for no answer). */
#define redis_number(path, ...) redis_take_number(redis_ask(path, __VA_ARGS__))

static inline json_int_t
redis_take_number(json_t *answer)
{
	json_int_t n = json_is_integer(answer) ? json_integer_value(answer) : -1;

	json_decref(answer);
	return n;
}

/* Names and values in turns -> object. */
static inline json_t *
redis_pairs(const json_t *list)
{
	json_t *object = json_object();

	for (size_t i = 0; i + 1 < json_array_size(list); i += 2)
		json_object_set(object, json_string_value(json_array_get(list, i)),
		    json_array_get(list, i + 1));
	return object;
}

/* A hash as an object; {} where it is not there. */
static inline json_t *
redis_hash(const char *path, const char *key)
{
	json_t *list = redis_ask(path, "HGETALL %s", key), *object = redis_pairs(list);

	ck_assert_msg(json_is_array(list), "%s is no hash", key);
	json_decref(list);
	return object;
}

/* A whole stream: an object per entry, in order; the order of the fields is kept. */
static inline json_t *
redis_stream(const char *path, const char *key)
{
	json_t *list = redis_ask(path, "XRANGE %s - +", key), *entries = json_array();

	ck_assert_msg(json_is_array(list), "%s is no stream", key);
	for (size_t i = 0; i < json_array_size(list); i++)
		json_array_append_new(
		    entries, redis_pairs(json_array_get(json_array_get(list, i), 1)));
	json_decref(list);
	return entries;
}

/* The text of a member; the test fails where there is none. */
static inline const char *
redis_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	ck_assert_msg(text != NULL, "there is no text %s", name);
	return text;
}

/* The object has exactly these members, in this order: pairs of name and text, ended by NULL. A text of NULL: any. */
static inline void
redis_expect(json_t *object, const char *const *pairs)
{
	void *at = json_object_iter(object);

	for (; *pairs; pairs += 2, at = json_object_iter_next(object, at)) {
		ck_assert_msg(at != NULL, "there is no %s", pairs[0]);
		ck_assert_str_eq(json_object_iter_key(at), pairs[0]);
		const char *text = json_string_value(json_object_iter_value(at));
		if (pairs[1])
			ck_assert_msg(strcmp(text, pairs[1]) == 0, "%s is \"%s\" and not \"%s\"",
			    pairs[0], text, pairs[1]);
	}
	ck_assert_msg(at == NULL, "%s was not expected", at ? json_object_iter_key(at) : "");
}

/* Entries on the events stream; 0 before the first, -1 while Redis does not answer. */
static inline json_int_t
redis_events(const char *path)
{
	return redis_number(path, "XLEN dpwatch:events");
}

/* Ports in the set of those that are down. */
static inline json_int_t
redis_down(const char *path)
{
	return redis_number(path, "SCARD dpwatch:down");
}

/* Whether a port is among them. */
static inline bool
redis_is_down(const char *path, const char *port)
{
	return redis_number(path, "SISMEMBER dpwatch:down %s", port) == 1;
}

/* Waits for the n-th toggle (from 1); more may come by themselves. The caller's. */
static inline json_t *
redis_nth_event(const char *path, json_int_t n)
{
	WAIT_FOR(redis_events(path) >= n);
	json_t *events = redis_stream(path, "dpwatch:events");
	json_t *event = json_incref(json_array_get(events, (size_t)n - 1));
	json_decref(events);
	return event;
}

/* ... and has these among its fields: pairs of name and text, ended by NULL (ARGV). A text of NULL: any but the empty one. */
static inline void
redis_expect_nth(const char *path, json_int_t n, const char *const *pairs)
{
	json_t *event = redis_nth_event(path, n);

	for (; *pairs; pairs += 2) {
		const char *text = redis_text(event, pairs[0]);
		ck_assert_msg(pairs[1] ? strcmp(text, pairs[1]) == 0 : *text != '\0',
		    "%s of toggle %d is \"%s\" and not \"%s\"", pairs[0], (int)n, text,
		    pairs[1] ? pairs[1] : "something");
	}
	json_decref(event);
}

/* The same where nothing comes behind the n-th one before somebody says something: it must be the newest. */
static inline void
redis_expect_newest(const char *path, json_int_t n, const char *const *pairs)
{
	redis_expect_nth(path, n, pairs);
	ck_assert_int_eq(redis_events(path), n);
}

/* "1 down 1, 1 up 2": the first character of the port, state and revision of every event, in order. In static room. */
static inline const char *
redis_history(const char *path)
{
	static char text[2048];
	json_t *events = redis_stream(path, "dpwatch:events"), *event;
	size_t i, at = 0;

	text[0] = '\0';
	json_array_foreach(events, i, event)
	{
		bool down = strcmp(redis_text(event, "dp_down"), "true") == 0;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%c %s %s",
		    i > 0 ? ", " : "", redis_text(event, "port")[0], down ? "down" : "up",
		    redis_text(event, "revision"));
		ck_assert_uint_lt(at, sizeof(text));
	}
	json_decref(events);
	return text;
}

#endif
