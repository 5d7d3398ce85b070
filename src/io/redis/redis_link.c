#include "io/redis_link.h"

#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/redis_link_state.h"
#include "io/resolve.h"

#define CONNECT_TIMEOUT_MS 3000
#define RETRY_FIRST_MS 50
/* Bytes: all batches that may be under way, so that each is one write, and hiredis moves no rest of one. */
#define SEND_BUFFER (2 * 1024 * 1024)
#define SPARE_CALLS 4096 /* bytes: there are seldom more than OUTBOX_WINDOW under way */
#define RETRY_MAX_MS 2000

const char *const redis_link_state_names[] = {
	[REDIS_DOWN] = "down",
	[REDIS_CONNECTING] = "connecting",
	[REDIS_GREETING] = "greeting",
	[REDIS_UP] = "connected",
};

static void
free_strings(struct redis_link *link)
{
	free(link->path);
	free(link->host);
	free(link->username);
	free(link->password_file);
}

void
redis_link_set_error(struct redis_link *link, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(link->error, sizeof(link->error), fmt, args);
	va_end(args);
}

static void
try_later(struct redis_link *link)
{
	loop_timer_arm(link->retry, link->retry_ms);
	link->retry_ms = link->retry_ms * 2 < RETRY_MAX_MS ? link->retry_ms * 2 : RETRY_MAX_MS;
}

static void
say_failed(struct redis_link *link)
{
	uint64_t held_back;

	/* The first tries of a start are quiet: an embedded Redis needs a moment. */
	if (link->retry_ms > 2 * RETRY_FIRST_MS && log_rate_take(&link->rate, &held_back))
		log_warning("%s: %s: %s; trying again", link->name, link->server, link->error);
}

/* The context is gone (or about to be, in its own callback): tell, and try again. */
static void
lost(struct redis_link *link)
{
	bool was_up = link->state == REDIS_UP;

	link->context = NULL;
	link->state = REDIS_DOWN;
	link->under_way = 0;
	loop_timer_cancel(link->deadline);
	if (link->freeing)
		return;
	if (was_up)
		log_warning("%s: %s: %s; connecting again", link->name, link->server, link->error);
	else
		say_failed(link);
	try_later(link);
	if (was_up)
		link->handler.down(link->handler.ctx, link->error);
}

void
redis_link_came_up(struct redis_link *link)
{
	loop_timer_cancel(link->deadline);
	link->state = REDIS_UP;
	link->retry_ms = RETRY_FIRST_MS;
	link->error[0] = '\0';
	log_info("%s: connected to %s", link->name, link->server);
	link->handler.up(link->handler.ctx);
}

/* ---- connecting ---- */

/* A Unix socket: TCP sizes its buffer by itself. What the kernel does not grant is not needed, but costs turns. */
static void
widen(int fd)
{
	const int size = SEND_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void
on_connect(const redisAsyncContext *context, int status)
{
	struct redis_link *link = context->data;

	if (status == REDIS_OK) {
		if (link->path)
			widen(context->c.fd);
		else
			redisEnableKeepAlive(&link->context->c);
		redis_link_greet(link);
		return;
	}
	redis_link_set_error(link, "cannot connect: %s", context->errstr);
	lost(link);
}

static void
on_disconnect(const redisAsyncContext *context, int status)
{
	struct redis_link *link = context->data;

	if (status != REDIS_OK)
		redis_link_set_error(link, "connection lost: %s", context->errstr);
	lost(link);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct redis_link *link = ctx;

	(void)fd;
	(void)what;
	link->reading = true;
	redisAsyncHandleRead(link->context);
	link->reading = false;
	if (link->flush_later)
		redis_link_flush(link);
}

/* hiredis's own read event ends with each answer and is added again, which is a system call each time: this one stays. */
static void
keep_reading(struct redis_link *link, struct event_base *base)
{
	redisLibeventEvents *events = link->context->ev.data;

	event_del(events->rev);
	event_assign(
	    events->rev, base, link->context->c.fd, EV_READ | EV_PERSIST, on_readable, link);
	event_add(events->rev, NULL);
}

/* Not even tried: the reason is in link->error. */
static void
not_tried(struct redis_link *link)
{
	say_failed(link);
	try_later(link);
}

/* To the socket's path, or a numeric address. */
static void
connect_to(struct redis_link *link, const char *address)
{
	redisAsyncContext *context =
	    link->path ? redisAsyncConnectUnix(link->path) : redisAsyncConnect(address, link->port);

	if (!context || context->err) {
		redis_link_set_error(
		    link, "cannot connect: %s", context ? context->errstr : "out of memory");
		if (context)
			redisAsyncFree(context);
		loop_timer_cancel(link->deadline);
		not_tried(link);
		return;
	}
	context->data = link;
	link->context = context;
	link->state = REDIS_CONNECTING;
	redisLibeventAttach(context, loop_base(link->loop));
	keep_reading(link, loop_base(link->loop));
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	loop_timer_arm(link->deadline, CONNECT_TIMEOUT_MS);
}

static void
on_address(void *ctx, const char *address, const char *error)
{
	struct redis_link *link = ctx;

	link->resolving = false;
	if (address) {
		connect_to(link, address);
		return;
	}
	loop_timer_cancel(link->deadline);
	redis_link_set_error(link, "cannot resolve %.100s: %.80s", link->host, error);
	not_tried(link);
}

static void
connect_now(void *ctx)
{
	struct redis_link *link = ctx;

	if (link->context || link->resolving)
		return;
	if (!redis_link_has_password(link)) {
		not_tried(link);
		return;
	}
	if (link->path) {
		connect_to(link, NULL);
		return;
	}
	link->resolving = true;
	loop_timer_arm(link->deadline, CONNECT_TIMEOUT_MS);
	resolve_ask(link->resolve, link->host);
}

/* redisAsyncFree runs the callbacks of commands under way (with NULL), but for a context that never connected no other. */
void
redis_link_break(struct redis_link *link, const char *why)
{
	redisAsyncContext *context = link->context;

	if (!context)
		return;
	redis_link_set_error(link, "%s", why);
	link->context = NULL;
	context->data = link;
	bool connected = context->c.flags & REDIS_CONNECTED;
	redisAsyncFree(context);
	if (!connected)
		lost(link);
}

/* While it is up: how long the oldest command has been without an answer. */
static void
look_at_answers(struct redis_link *link)
{
	const int64_t ms = (loop_now(link->loop).now_ns - link->progress_ns) / 1000000;

	if (link->under_way == 0)
		return;
	if (ms < REDIS_REPLY_TIMEOUT_MS)
		loop_timer_arm(link->deadline, REDIS_REPLY_TIMEOUT_MS - ms);
	else
		redis_link_break(link, "it has not answered for 15 seconds");
}

static void
took_too_long(void *ctx)
{
	struct redis_link *link = ctx;

	if (link->resolving) {
		link->resolving = false;
		resolve_cancel(link->resolve);
		redis_link_set_error(
		    link, "cannot resolve %.100s: no name server answers", link->host);
		not_tried(link);
	} else if (link->state == REDIS_UP) {
		look_at_answers(link);
	} else {
		redis_link_break(link, "it does not answer");
	}
}

struct redis_link *
redis_link_new(struct loop *loop, const struct config *config, const char *name,
    const struct redis_link_handler *handler)
{
	struct redis_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->loop = loop;
	link->handler = *handler;
	link->name = name;
	link->retry_ms = RETRY_FIRST_MS;
	link->spare_calls.max_bytes = SPARE_CALLS;
	link->rate = (struct log_rate){ .interval_ms = 10000, .burst = 3 };
	link->port = config->redis.port;
	link->database = config->redis.database;
	link->host = config->redis.host ? strdup(config->redis.host) : NULL;
	link->username = config->redis.username ? strdup(config->redis.username) : NULL;
	link->password_file =
	    config->redis.password_file ? strdup(config->redis.password_file) : NULL;
	if (link->host)
		snprintf(link->server, sizeof(link->server), "tcp:%s:%u", link->host, link->port);
	if (config->redis.path)
		redis_link_use_path(link, config->redis.path);
	link->retry = loop_timer_new(loop, connect_now, link);
	link->deadline = loop_timer_new(loop, took_too_long, link);
	link->resolve = link->host ? resolve_new(loop, on_address, link) : NULL;
	if (link->retry && link->deadline && (!link->host || link->resolve))
		return link;
	redis_link_free(link);
	return NULL;
}

void
redis_link_use_path(struct redis_link *link, const char *path)
{
	free(link->path);
	link->path = strdup(path);
	snprintf(link->server, sizeof(link->server), "unix:%s", path);
}

void
redis_link_may_wait(struct redis_link *link)
{
	link->may_wait = true;
}

void
redis_link_start(struct redis_link *link)
{
	connect_now(link);
}

/* ---- what it is like ---- */

enum redis_link_state
redis_link_state(const struct redis_link *link)
{
	return link->state;
}

const char *
redis_link_error(const struct redis_link *link)
{
	return link->error;
}

const char *
redis_link_server(const struct redis_link *link)
{
	return link->server;
}

const char *
redis_link_warning(const struct redis_link *link)
{
	return link->warning;
}

void
redis_link_free(struct redis_link *link)
{
	if (!link)
		return;
	link->freeing = true;
	if (link->context) {
		redisAsyncContext *context = link->context;
		link->context = NULL;
		link->state = REDIS_DOWN;
		redisAsyncFree(context);
	}
	resolve_free(link->resolve);
	loop_timer_free(link->retry);
	loop_timer_free(link->deadline);
	spares_release(&link->spare_calls);
	free_strings(link);
	free(link);
}
