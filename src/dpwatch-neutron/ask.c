#include <hiredis/hiredis.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "forwarder.h"
#include "program.h"

#define PATIENCE_MS 5000

struct asker {
	struct loop *loop;
	struct redis_link *link;
	struct loop_timer *patience;
	json_t *answer;
	bool up, late;
};

static void
on_up(void *ctx)
{
	struct asker *asker = ctx;

	asker->up = true;
	loop_stop(asker->loop);
}

static void
on_down(void *ctx, const char *why)
{
	struct asker *asker = ctx;

	(void)why;
	asker->up = false;
	loop_stop(asker->loop);
}

static void
on_late(void *ctx)
{
	struct asker *asker = ctx;

	asker->late = true;
	loop_stop(asker->loop);
}

static void
wait(struct asker *asker)
{
	asker->late = false;
	loop_timer_arm(asker->patience, PATIENCE_MS);
	if (loop_run(asker->loop) != 0)
		asker->late = true;
	loop_timer_cancel(asker->patience);
}

static void
tell_unreachable(const struct asker *asker)
{
	const char *why = redis_link_error(asker->link);

	fprintf(stderr, "dpwatch-neutron: cannot reach Redis at %s: %s\n",
	    redis_link_server(asker->link), *why ? why : "it does not answer");
}

struct asker *
asker_new(const struct config *config)
{
	struct asker *asker = calloc(1, sizeof(*asker));

	if (!asker)
		return NULL;
	asker->loop = loop_new();
	if (asker->loop) {
		asker->patience = loop_timer_new(asker->loop, on_late, asker);
		asker->link = open_link(asker->loop, config, "redis",
		    &(const struct redis_link_handler){ asker, on_up, on_down });
	}
	if (!asker->patience || !asker->link) {
		fprintf(stderr, "dpwatch-neutron: out of memory\n");
		asker_free(asker);
		return NULL;
	}
	redis_link_start(asker->link);
	wait(asker);
	if (asker->up)
		return asker;
	tell_unreachable(asker);
	asker_free(asker);
	return NULL;
}

void
asker_free(struct asker *asker)
{
	if (!asker)
		return;
	redis_link_free(asker->link);
	loop_timer_free(asker->patience);
	loop_free(asker->loop);
	free(asker);
}

static json_t *
to_json(const redisReply *reply)
{
	json_t *list;

	switch (reply->type) {
	case REDIS_REPLY_ARRAY:
		list = json_array();
		for (size_t i = 0; list && i < reply->elements; i++)
			json_array_append_new(list, to_json(reply->element[i]));
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

static void
on_answer(void *ctx, const redisReply *reply)
{
	struct asker *asker = ctx;

	asker->answer = reply ? to_json(reply) : NULL;
	loop_stop(asker->loop);
}

json_t *
asker_ask(struct asker *asker, struct command *command)
{
	json_t *answer;

	asker->answer = NULL;
	if (command_send(command, asker->link, on_answer, asker) == 0)
		wait(asker);
	if (!asker->answer)
		tell_unreachable(asker);
	answer = asker->answer;
	asker->answer = NULL;
	return answer;
}
