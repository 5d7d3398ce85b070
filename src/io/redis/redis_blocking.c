#include "io/redis_blocking.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_S 3

int
redis_password_read(const char *path, char *ret_password, size_t size)
{
	ret_password[0] = '\0';
	if (!path)
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, ret_password, size - 1) : -1;
	int error = len < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	ret_password[len > 0 ? len : 0] = '\0';
	ret_password[strcspn(ret_password, "\r\n")] = '\0';
	return error;
}

struct redisReply *
redis_blocking_reply(redisContext *redis, char *error, size_t size)
{
	void *data = NULL;

	if (redisGetReply(redis, &data) != REDIS_OK) {
		snprintf(error, size, "the connection to Redis broke (%s)", redis->errstr);
		return NULL;
	}
	redisReply *reply = data;
	if (reply->type != REDIS_REPLY_ERROR)
		return reply;
	snprintf(error, size, "%s", reply->str);
	freeReplyObject(reply);
	return NULL;
}

/* Takes the answer to a command whose answer says nothing but that it went well. */
static bool
went_well(redisContext *redis, char *error, size_t size)
{
	redisReply *reply = redis_blocking_reply(redis, error, size);

	if (!reply)
		return false;
	freeReplyObject(reply);
	return true;
}

static bool
greet(redisContext *redis, const struct redis_place *place, char *error, size_t size)
{
	char password[REDIS_PASSWORD_MAX];

	if (redis_password_read(place->password_file, password, sizeof(password)) != 0)
		password[0] = '\0';
	bool has_password = password[0] != '\0';
	if (has_password && place->username)
		redisAppendCommand(redis, "AUTH %s %s", place->username, password);
	else if (has_password)
		redisAppendCommand(redis, "AUTH %s", password);
	explicit_bzero(password, sizeof(password));
	if (has_password && !went_well(redis, error, size))
		return false;
	if (place->database == 0)
		return true;
	redisAppendCommand(redis, "SELECT %u", place->database);
	return went_well(redis, error, size);
}

struct redisContext *
redis_blocking_open(const struct redis_place *place, char *error, size_t size)
{
	const struct timeval connect = { .tv_sec = CONNECT_S },
			     answer = { .tv_sec = REDIS_BLOCKING_S };
	redisContext *redis = place->path
				  ? redisConnectUnixWithTimeout(place->path, connect)
				  : redisConnectWithTimeout(place->host, place->port, connect);

	if (!redis || redis->err) {
		snprintf(error, size, "cannot connect to Redis at %.200s: %s",
		    place->path ? place->path : place->host,
		    redis ? redis->errstr : "out of memory");
		redisFree(redis);
		return NULL;
	}
	if (redisSetTimeout(redis, answer) == REDIS_OK && greet(redis, place, error, size))
		return redis;
	redisFree(redis);
	return NULL;
}
