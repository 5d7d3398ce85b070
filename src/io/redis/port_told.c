#include "io/port_told.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo.h"

struct asking {
	struct redis_link *link;
	port_told_fn *fn;
	void *ctx;
	char down_key[160];
	uint8_t id[16];
	struct port_told told;
};

static void
answer(struct asking *asking, const struct port_told *told)
{
	asking->fn(asking->ctx, asking->id, told);
	free(asking);
}

static void
on_down(void *ctx, const redisReply *reply)
{
	struct asking *asking = ctx;

	if (reply && reply->type == REDIS_REPLY_INTEGER)
		asking->told.in_down = reply->integer == 1;
	answer(asking, reply ? &asking->told : NULL);
}

static void
read_hash(struct port_told *told, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return;
	const char *dp_down = reply->element[0]->str, *revision = reply->element[1]->str;
	told->usable = true;
	told->is_there = dp_down != NULL;
	told->dp_down = told->in_down = dp_down && strcmp(dp_down, "true") == 0;
	told->revision = revision ? strtoull(revision, NULL, 10) : 0;
}

static void
on_hash(void *ctx, const redisReply *reply)
{
	struct asking *asking = ctx;
	char id[PORT_ID_TEXT];

	if (reply)
		read_hash(&asking->told, reply);
	if (!reply || !asking->told.usable)
		answer(asking, reply ? &asking->told : NULL);
	else if (redis_link_words(asking->link, on_down, asking, "SISMEMBER", asking->down_key,
		     port_id_format(asking->id, id), NULL) != 0)
		answer(asking, NULL);
}

int
port_told_read(struct redis_link *link, const char *prefix, const uint8_t port_id[16],
    port_told_fn *fn, void *ctx)
{
	struct asking *asking = calloc(1, sizeof(*asking));
	char id[PORT_ID_TEXT], key[200];

	if (!asking)
		return -ENOMEM;
	*asking = (struct asking){ .link = link, .fn = fn, .ctx = ctx };
	memcpy(asking->id, port_id, sizeof(asking->id));
	snprintf(asking->down_key, sizeof(asking->down_key), "%sdown", prefix);
	snprintf(key, sizeof(key), "%sport:%s", prefix, port_id_format(port_id, id));
	int error =
	    redis_link_words(link, on_hash, asking, "HMGET", key, "dp_down", "revision", NULL);
	if (error != 0)
		free(asking);
	return error;
}
