/*
 * Traps out and toggles in; see toggles.h.
 */
#include "toggles.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS 10000 /* more than Redis lets anybody wait */

redisContext *
redis_open(const char *path)
{
	redisContext *redis = redisConnectUnix(path);

	if (!redis || redis->err)
		bench_die("%s: %s", path, redis ? redis->errstr : "out of memory");
	return redis;
}

static redisReply *
good(redisContext *redis, redisReply *reply)
{
	if (!reply || reply->type == REDIS_REPLY_ERROR)
		bench_die("redis: %s", reply ? reply->str : redis->errstr);
	return reply;
}

redisReply *
redis_answer(redisContext *redis)
{
	redisReply *reply = NULL;

	if (redisGetReply(redis, (void **)&reply) != REDIS_OK)
		reply = NULL;
	return good(redis, reply);
}

redisReply *
redis_ask(redisContext *redis, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	redisReply *reply = redisvCommand(redis, format, args);
	va_end(args);
	return good(redis, reply);
}

void
redis_newest_id(redisContext *redis, const char *stream, char id[TOGGLES_ID])
{
	redisReply *reply = redis_ask(redis, "XREVRANGE %s + - COUNT 1", stream);

	snprintf(
	    id, TOGGLES_ID, "%s", reply->elements > 0 ? reply->element[0]->element[0]->str : "0-0");
	freeReplyObject(reply);
}

void
toggles_open(struct toggles *toggles, const char *redis_path, const char *target)
{
	*toggles =
	    (struct toggles){ .redis = redis_open(redis_path), .target = bench_address(target) };
	redis_newest_id(toggles->redis, "dpwatch:events", toggles->last_id);
}

void
toggles_close(struct toggles *toggles)
{
	redisFree(toggles->redis);
}

void
toggles_send(const struct toggles *toggles, unsigned sw, unsigned port, bool down)
{
	static const struct bench_shape shape = BENCH_SHAPE_DEFAULT;
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = bench_switch_address(sw) };
	uint8_t datagram[BENCH_DATAGRAM];
	size_t len = bench_trap(&shape, datagram, sw, port, down);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
	    sendto(fd, datagram, len, 0, (const struct sockaddr *)&toggles->target,
		sizeof(toggles->target)) != (ssize_t)len)
		bench_die("cannot send a trap: %s", strerror(errno));
	close(fd);
}

void
toggles_ask(struct toggles *toggles)
{
	int done = 0;

	if (redisAppendCommand(toggles->redis,
		"XREAD COUNT 1000 BLOCK 5000 STREAMS dpwatch:events %s",
		toggles->last_id) != REDIS_OK)
		bench_die("out of memory");
	while (!done)
		if (redisBufferWrite(toggles->redis, &done) != REDIS_OK)
			bench_die("redis: %s", toggles->redis->errstr);
	toggles->asked = true;
}

unsigned
toggles_read(struct toggles *toggles, unsigned n)
{
	struct pollfd answer = { .fd = toggles->redis->fd, .events = POLLIN };

	if (!toggles->asked)
		toggles_ask(toggles);
	toggles->asked = false;
	/* What an answer's thousands of texts cost this program is no delay of theirs. */
	(void)poll(&answer, 1, ANSWER_MS);
	toggles->read_ns = bench_now_ns();
	redisReply *reply = redis_answer(toggles->redis);
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0)
		bench_die("%u toggles did not come", n);
	const redisReply *entries = reply->element[0]->element[1];
	const unsigned came = (unsigned)entries->elements;
	snprintf(toggles->last_id, sizeof(toggles->last_id), "%s",
	    entries->element[came - 1]->element[0]->str);
	freeReplyObject(reply);
	return came;
}

int
compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(values[0]), compare_doubles);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}
