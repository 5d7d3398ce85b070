/* Who we are, which database, and whether this is a Redis that we can use. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "io/redis_blocking.h"
#include "io/redis_explain.h"
#include "io/redis_link_state.h"

static bool
greeting_failed(struct redis_link *link, const redisReply *reply, const char *what)
{
	if (reply && reply->type != REDIS_REPLY_ERROR)
		return false;
	/* What is refused after the first only follows from it: a SELECT from a refused AUTH. */
	if (reply && !link->freeing && !(link->context->c.flags & REDIS_DISCONNECTING)) {
		redis_link_set_error(link, "%s: %.150s", what, reply->str);
		redisAsyncDisconnect(link->context);
	}
	return true;
}

static void
greeted_auth(redisAsyncContext *context, void *reply, void *arg)
{
	(void)arg;
	greeting_failed(context->data, reply, "AUTH refused (see [redis] username, password_file)");
}

static void
greeted_select(redisAsyncContext *context, void *reply, void *arg)
{
	(void)arg;
	greeting_failed(context->data, reply, "SELECT refused (see [redis] database)");
}

/* A Redis that may evict keys could forget a port: allowed, but said. Not every Redis lets us look. */
static void
greeted_policy(redisAsyncContext *context, void *data, void *arg)
{
	struct redis_link *link = context->data;
	const redisReply *reply = data;

	(void)arg;
	link->warning[0] = '\0';
	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    !reply->element[1]->str || strcmp(reply->element[1]->str, "noeviction") == 0 ||
	    strncmp(reply->element[1]->str, "volatile", 8) == 0)
		return;
	snprintf(link->warning, sizeof(link->warning),
	    "Redis has maxmemory-policy %.40s: it may evict dpwatch's keys; set noeviction",
	    reply->element[1]->str);
	log_warning("%s: %s", link->name, link->warning);
}

static void
greeted_role(redisAsyncContext *context, void *data, void *arg)
{
	struct redis_link *link = context->data;
	const redisReply *reply = data;

	(void)arg;
	if (!reply || link->freeing || (context->c.flags & REDIS_DISCONNECTING))
		return;
	if (reply->type == REDIS_REPLY_ERROR &&
	    (strncmp(reply->str, "LOADING", 7) == 0 || strncmp(reply->str, "NOAUTH", 6) == 0)) {
		char text[200];
		redis_explain(reply->str, text, sizeof(text));
		redis_link_set_error(link, "%s", text);
		redisAsyncDisconnect(context);
		return;
	}
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 && reply->element[0]->str &&
	    strcmp(reply->element[0]->str, "master") != 0) {
		redis_link_set_error(link,
		    "it is a read-only %.20s: point [redis] server at the master",
		    reply->element[0]->str);
		redisAsyncDisconnect(context);
		return;
	}
	redis_link_came_up(link);
}

/* False with an error when there is a password file that cannot be read. */
static bool
read_password(struct redis_link *link, char *ret_password)
{
	int error = redis_password_read(link->password_file, ret_password, REDIS_PASSWORD_MAX);

	if (error != 0)
		redis_link_set_error(
		    link, "password_file %.100s: %s", link->password_file, strerror(-error));
	return error == 0;
}

bool
redis_link_has_password(struct redis_link *link)
{
	char password[REDIS_PASSWORD_MAX];
	bool readable = read_password(link, password);

	explicit_bzero(password, sizeof(password));
	return readable;
}

void
redis_link_greet(struct redis_link *link)
{
	char password[REDIS_PASSWORD_MAX], database[16];

	link->state = REDIS_GREETING;
	/* One that cannot be read any more is none: Redis refuses then (NOAUTH). A context that is still in its connect
	 * callback must not be disconnected. */
	if (!read_password(link, password))
		password[0] = '\0';
	if (password[0] && link->username)
		redisAsyncCommand(
		    link->context, greeted_auth, NULL, "AUTH %s %s", link->username, password);
	else if (password[0])
		redisAsyncCommand(link->context, greeted_auth, NULL, "AUTH %s", password);
	explicit_bzero(password, sizeof(password));
	if (link->database != 0) {
		snprintf(database, sizeof(database), "%u", link->database);
		redisAsyncCommand(link->context, greeted_select, NULL, "SELECT %s", database);
	}
	redisAsyncCommand(link->context, greeted_policy, NULL, "CONFIG GET maxmemory-policy");
	redisAsyncCommand(link->context, greeted_role, NULL, "ROLE");
}
