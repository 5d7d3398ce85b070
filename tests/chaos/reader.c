#include "chaos/chaos.h"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct seen seen[N_PORTS];

static pthread_t thread;
static const char *path;
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static char last_id[64] = "0";
static atomic_bool stopping;

static const char *
field(const redisReply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->elements; i += 2)
		if (strcmp(fields->element[i]->str, name) == 0)
			return fields->element[i + 1]->str;
	bench_die("an event without %s", name);
}

static void
note(const redisReply *fields)
{
	const char *id = field(fields, "port");
	const uint64_t revision = strtoull(field(fields, "revision"), NULL, 10);
	const bool down = strcmp(field(fields, "dp_down"), "true") == 0;
	unsigned sw, port, nth;

	if (!bench_uuid_parse(id, strlen(id), &sw, &port, &nth) || sw > N_SWITCHES ||
	    port > N_INTERFACES)
		bench_die("an event of a port that nobody knows: %s", id);
	struct seen *one = &seen[port_number(sw, port)];
	if (revision <= one->last_revision)
		one->doubles++;
	else if (revision != one->last_revision + 1)
		one->gaps++;
	else if (one->n > 0 && down == one->down)
		one->repeats++;
	one->n++;
	one->last_revision = revision;
	one->down = down;
}

static void
note_all(const redisReply *entries)
{
	for (size_t i = 0; i < entries->elements; i++) {
		const redisReply *entry = entries->element[i];
		snprintf(last_id, sizeof(last_id), "%s", entry->element[0]->str);
		note(entry->element[1]);
	}
}

/* Returns whether there was anything. */
static bool
read_some(redisContext *redis)
{
	redisReply *reply =
	    redisCommand(redis, "XREAD COUNT 1000 BLOCK 100 STREAMS dpwatch:events %s", last_id);
	const bool any = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1;

	if (any)
		note_all(reply->element[0]->element[1]);
	if (reply)
		freeReplyObject(reply);
	return any;
}

bool
reader_flush(void)
{
	const struct timeval patience = { .tv_sec = 10 };
	redisContext *redis = redisConnectUnixWithTimeout(path, patience);
	redisReply *reply = NULL;

	pthread_mutex_lock(&reading);
	if (redis && !redis->err) {
		redisSetTimeout(redis, patience);
		freeReplyObject(redisCommand(redis, "MULTI"));
		freeReplyObject(redisCommand(redis, "XRANGE dpwatch:events (%s +", last_id));
		freeReplyObject(redisCommand(redis, "FLUSHALL"));
		reply = redisCommand(redis, "EXEC");
	}
	const bool done = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
	if (done) {
		note_all(reply->element[0]);
		/* The new stream's ids may be lower than the old one's, within a millisecond. */
		snprintf(last_id, sizeof(last_id), "0");
	}
	pthread_mutex_unlock(&reading);
	if (reply)
		freeReplyObject(reply);
	if (redis)
		redisFree(redis);
	return done;
}

static void *
run(void *ctx)
{
	const struct timeval patience = { .tv_sec = 10 };
	const struct timespec pause = { .tv_nsec = 20000000 };
	redisContext *redis = NULL;
	bool any = true;

	(void)ctx;
	while (!stopping || any) {
		if (!redis || redis->err) {
			if (redis)
				redisFree(redis);
			redis = redisConnectUnixWithTimeout(path, patience);
			if (!redis || redis->err) {
				nanosleep(&pause, NULL);
				continue;
			}
			redisSetTimeout(redis, patience);
		}
		pthread_mutex_lock(&reading);
		any = read_some(redis) || redis->err;
		pthread_mutex_unlock(&reading);
	}
	redisFree(redis);
	return NULL;
}

void
reader_start(const char *socket_path)
{
	path = socket_path;
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		bench_die("no thread for the reader");
}

void
reader_stop(void)
{
	stopping = true;
	pthread_join(thread, NULL);
}
