#include "io/redis_link.h"

#include <errno.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <string.h>

#include "io/redis_link_state.h"

/* hiredis hands a callback one pointer: this one holds ours. */
struct call {
	redis_reply_fn *fn;
	void *ctx;
};

static void
note_command(struct redis_link *link)
{
	if (link->may_wait || link->under_way++ > 0)
		return;
	link->progress_ns = loop_now(link->loop).now_ns;
	if (!loop_timer_armed(link->deadline))
		loop_timer_arm(link->deadline, REDIS_REPLY_TIMEOUT_MS);
}

/* Only an answer is progress: a broken connection gives each command a NULL reply. */
static void
note_reply(struct redis_link *link, const void *reply)
{
	if (!reply || link->under_way == 0)
		return;
	link->under_way--;
	link->progress_ns = loop_now(link->loop).now_ns;
}

static void
on_reply(redisAsyncContext *context, void *reply, void *arg)
{
	struct redis_link *link = context->data;
	const struct call call = *(const struct call *)arg;

	spares_give(&link->spare_calls, arg, sizeof(call));
	note_reply(link, reply);
	call.fn(call.ctx, reply);
}

/* What a command's callback will get; NULL, with the reason: it cannot be sent. */
static struct call *
call_new(struct redis_link *link, redis_reply_fn *fn, void *ctx, int *ret_error)
{
	struct call *call = NULL;

	*ret_error = -ENOTCONN;
	if (link->state != REDIS_UP || !link->context)
		return NULL;
	*ret_error = -ENOMEM;
	if ((call = spares_take(&link->spare_calls, sizeof(*call))) != NULL)
		*call = (struct call){ fn, ctx };
	return call;
}

static int
called(struct redis_link *link, struct call *call, int status)
{
	if (status == REDIS_OK) {
		note_command(link);
		return 0;
	}
	spares_give(&link->spare_calls, call, sizeof(*call));
	return -ENOTCONN;
}

int
redis_link_command(struct redis_link *link, redis_reply_fn *fn, void *ctx, size_t argc,
    const char **argv, const size_t *lens)
{
	int error;
	struct call *call = call_new(link, fn, ctx, &error);

	if (!call)
		return error;
	return called(link, call,
	    redisAsyncCommandArgv(link->context, on_reply, call, (int)argc, argv, lens));
}

int
redis_link_text(struct redis_link *link, redis_reply_fn *fn, void *ctx, struct slice command)
{
	int error;
	struct call *call = call_new(link, fn, ctx, &error);

	if (!call)
		return error;
	return called(link, call,
	    redisAsyncFormattedCommand(link->context, on_reply, call, command.data, command.len));
}

int
redis_link_words(struct redis_link *link, redis_reply_fn *fn, void *ctx, ...)
{
	const char *argv[16];
	size_t lens[16], n = 0;
	va_list args;

	va_start(args, ctx);
	for (const char *word; n < 16 && (word = va_arg(args, const char *)) != NULL; n++) {
		argv[n] = word;
		lens[n] = strlen(word);
	}
	va_end(args);
	return redis_link_command(link, fn, ctx, n, argv, lens);
}

bool
redis_link_is_scan(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->str &&
	       reply->element[1]->type == REDIS_REPLY_ARRAY;
}

void
redis_link_flush(struct redis_link *link)
{
	/* Where the other end has gone, writing frees the context, which hiredis goes on to use when a callback returns. */
	link->flush_later = link->reading;
	if (link->context && link->state == REDIS_UP && !link->reading)
		redisAsyncHandleWrite(link->context);
}
