/* Datagrams (udp_listeners) and streams (stream_set), brought to one shape. */
#include "io/syslog_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/syslog_frame.h"
#include "io/stream_set.h"
#include "io/udp_listeners.h"
#include "util/log.h"

/* As for traps: there is no key of its own for it. */
#define RECEIVE_BUFFER (32 * 1024 * 1024)

static const struct stream_protocol protocol = {
	.input = "syslog",
	.bad_frame = "no message length where one must stand, or an absurd one",
	.bound = "max_connections",
	.accepted = STAT_SYSLOG_CONNECTIONS,
	.refused = STAT_SYSLOG_REFUSED_CONNECTIONS,
	.displaced = STAT_SYSLOG_DISPLACED_CONNECTIONS,
	.not_allowed = STAT_SYSLOG_NOT_ALLOWED,
	.bad_frames = STAT_SYSLOG_BAD_FRAME,
	.half_messages = STAT_SYSLOG_HALF_MESSAGE,
	.tls_refused = STAT_SYSLOG_TLS_REFUSED,
	.cut = syslog_frame_next,
};

struct syslog_input {
	struct stats *stats;
	struct syslog_input_handler handler;
	struct addr_net *allow; /* n_allow = 0: everybody */
	size_t n_allow;
	size_t max_message;
	struct input_sockets sockets;
};

static bool
allows(void *ctx, const struct addr *from)
{
	const struct syslog_input *input = ctx;

	for (size_t i = 0; i < input->n_allow; i++)
		if (addr_net_holds(&input->allow[i], from))
			return true;
	return input->n_allow == 0;
}

static void
hand_over(
    struct syslog_input *input, struct slice bytes, const struct input_origin *origin, bool stream)
{
	stats_add(input->stats, STAT_SYSLOG_RECEIVED, 1);
	input->handler.message(input->handler.ctx, bytes, origin, stream);
}

/* A sender on a Unix socket has no address, and its origin is all zeros; the socket's mode says who may send. */
static void
on_datagram(void *ctx, size_t i, const struct udp_datagram *datagram, struct engine_time now)
{
	struct syslog_input *input = ctx;
	struct input_origin origin = { .time = now };

	(void)i;
	origin.time.wall_us = datagram->received_us;
	if (addr_from_sockaddr((const struct sockaddr *)&datagram->from, &origin.from) &&
	    !allows(input, &origin.from)) {
		stats_add(input->stats, STAT_SYSLOG_RECEIVED, 1);
		stats_add(input->stats, STAT_SYSLOG_NOT_ALLOWED, 1);
		input->handler.refused(input->handler.ctx, &origin, STAT_SYSLOG_NOT_ALLOWED);
		return;
	}
	hand_over(input, slice_first(datagram->bytes, input->max_message), &origin, false);
}

static void
on_stream_message(void *ctx, const struct stream_message *message, struct engine_time time)
{
	const struct input_origin origin = { .from = message->peer->from, .time = time };

	hand_over(ctx, message->bytes, &origin, true);
}

static void
on_stream_refused(
    void *ctx, const struct addr *from, enum stats_counter why, struct engine_time time)
{
	const struct syslog_input *input = ctx;
	const struct input_origin origin = { .from = *from, .time = time };

	input->handler.refused(input->handler.ctx, &origin, why);
}

static void
on_turn_end(void *ctx)
{
	struct syslog_input *input = ctx;

	input->handler.turn_end(input->handler.ctx);
}

static struct stream_limits
stream_limits(const struct config *config)
{
	return (struct stream_limits){
		.max_connections = config->syslog.max_connections,
		.max_message = (size_t)config->syslog.max_message,
		.idle_ms = config->syslog.idle_timeout_ms,
	};
}

/* Takes over what may change while listening. -ENOMEM: nothing changed. */
static int
configure(struct syslog_input *input, const struct config *config)
{
	size_t n = config->syslog.allow.n;
	struct addr_net *allow = calloc(n + 1, sizeof(*allow));

	if (allow == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		allow[i] = config->syslog.allow.items[i];
	free(input->allow);
	input->allow = allow;
	input->n_allow = n;
	input->max_message = (size_t)config->syslog.max_message;
	return 0;
}

static bool
set_up(struct syslog_input *input, struct loop *loop, const struct config *config)
{
	const struct udp_listeners_handler datagrams = { input, on_datagram, on_turn_end };
	const struct stream_set_handler streams = { input, allows, on_stream_message,
		on_stream_refused, on_turn_end };
	const struct stream_limits limits = stream_limits(config);

	input->sockets.datagrams = udp_listeners_new(
	    loop, "syslog", input->stats, STAT_SYSLOG_KERNEL_DROPS, STAT_SYSLOG_AHEAD, &datagrams);
	input->sockets.streams = stream_set_new(loop, &protocol, input->stats, &limits, &streams);
	return input->sockets.datagrams != NULL && input->sockets.streams != NULL &&
	       configure(input, config) == 0;
}

struct syslog_input *
syslog_input_new(struct loop *loop, const struct config *config, struct stats *stats,
    const struct syslog_input_handler *handler, char *error, size_t size)
{
	struct syslog_input *input = calloc(1, sizeof(*input));

	if (input == NULL) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	input->stats = stats;
	input->handler = *handler;
	snprintf(error, size, "out of memory");
	if (set_up(input, loop, config) &&
	    input_sockets_open(
		&input->sockets, &config->syslog.listen, RECEIVE_BUFFER, error, size) == 0)
		return input;
	syslog_input_free(input);
	return NULL;
}

const struct input_sockets *
syslog_input_sockets(const struct syslog_input *input)
{
	return &input->sockets;
}

void
syslog_input_configure(struct syslog_input *input, const struct config *config)
{
	const struct stream_limits limits = stream_limits(config);

	if (configure(input, config) != 0) {
		log_error("syslog: out of memory: limits and networks stay as they were");
		return;
	}
	stream_set_configure(input->sockets.streams, &limits);
}

void
syslog_input_set_tls(struct syslog_input *input, struct ssl_ctx_st *context)
{
	stream_set_tls(input->sockets.streams, context);
}

struct ssl_ctx_st *
syslog_input_tls(const struct syslog_input *input)
{
	return stream_set_tls_in_use(input->sockets.streams);
}

void
syslog_input_free(struct syslog_input *input)
{
	if (input == NULL)
		return;
	input_sockets_release(&input->sockets);
	free(input->allow);
	free(input);
}
