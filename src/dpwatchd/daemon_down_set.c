/*
 * The `down` set, which a consumer reads first: where somebody else changed or deleted it, it is written anew.
 *
 * Once a second its number is held against that of the ports that are down. The two tell of the same moment only where
 * nothing was on its way when Redis was asked, nor is when it has answered.
 */
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "io/down_set.h"

static bool
is_quiet(const struct daemon *daemon)
{
	return daemon_may_compare(daemon) && daemon->left_out.n == 0 &&
	       outbox_done_ticket(daemon->outbox) == outbox_last_ticket(daemon->outbox);
}

/* The ids of all ports that are down, one behind the other. The caller's; NULL: out of memory. */
static char *
ids_down(const struct daemon *daemon, uint32_t n, size_t *ret_len)
{
	const struct topo *topo = engine_topo(daemon->engine);
	char *ids = malloc((size_t)n * (PORT_ID_TEXT - 1) + 1), text[PORT_ID_TEXT];
	size_t len = 0;

	for (uint32_t port = 0; ids && port < topo_n_ports(topo); port++) {
		if (!engine_port_is_down(daemon->engine, port) ||
		    len == (size_t)n * (PORT_ID_TEXT - 1))
			continue;
		memcpy(ids + len, port_id_format(topo_port_get(topo, port)->id, text),
		    PORT_ID_TEXT - 1);
		len += PORT_ID_TEXT - 1;
	}
	*ret_len = len;
	return ids;
}

static void
say_error(const struct daemon *daemon, const char *what, const redisReply *reply)
{
	static struct log_rate rate = { .interval_ms = 60000, .burst = 1 };
	uint64_t held_back;

	if (log_rate_take(&rate, &held_back))
		log_error("redis: %sdown %s: %s", daemon->config.redis.prefix, what,
		    reply->str ? reply->str : ODD_REPLY);
}

static void
on_written(void *ctx, const redisReply *reply)
{
	static struct log_rate rate = { .interval_ms = 60000, .burst = 1 };
	struct daemon *daemon = ctx;
	uint64_t held_back;

	if (!reply || (reply->type == REDIS_REPLY_INTEGER && reply->integer == 0))
		return;
	if (reply->type != REDIS_REPLY_INTEGER) {
		say_error(daemon, "does not hold as many ports as are down", reply);
		return;
	}
	stats_add(&daemon->stats, STAT_OUT_DOWN_SETS, 1);
	if (log_rate_take(&rate, &held_back))
		log_warning(
		    "redis: somebody else changed %sdown, which did not hold as many ports as are down: it was written anew",
		    daemon->config.redis.prefix);
}

static void
write_anew(struct daemon *daemon, uint32_t n)
{
	const struct down_set_writer writer = { daemon->instance,
		publisher_batch(daemon->publisher) };
	size_t len = 0;
	char *ids = ids_down(daemon, n, &len);

	if (ids)
		down_set_write(daemon->link, daemon->config.redis.prefix, &writer,
		    (struct slice){ ids, len }, on_written, daemon);
	free(ids);
}

static void
on_count(void *ctx, const redisReply *reply)
{
	struct daemon *daemon = ctx;
	struct engine_totals totals;

	daemon->down_set.asked = false;
	if (reply && reply->type == REDIS_REPLY_ERROR)
		say_error(daemon, "cannot be counted", reply);
	if (!reply || reply->type != REDIS_REPLY_INTEGER || !is_quiet(daemon) ||
	    daemon->down_set.ticket != outbox_last_ticket(daemon->outbox))
		return;
	engine_totals(daemon->engine, &totals);
	if (reply->integer != totals.ports_down)
		write_anew(daemon, totals.ports_down);
}

void
daemon_look_at_down_set(struct daemon *daemon)
{
	if (daemon->down_set.asked || !is_quiet(daemon))
		return;
	daemon->down_set.ticket = outbox_last_ticket(daemon->outbox);
	daemon->down_set.asked =
	    down_set_count(daemon->link, daemon->config.redis.prefix, on_count, daemon) == 0;
}
