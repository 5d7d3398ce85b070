#include "io/syslog_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/stream_listeners.h"
#include "io/syslog_connection.h"
#include "tls/tls_context.h"
#include "util/log.h"

#define DRAIN_BYTES_MAX (1024 * 1024)

/* A TLS handshake takes two round trips. Who trickles bytes must not hold a place for the whole idle time. */
#define HANDSHAKE_MS_MAX 30000

struct connection {
	struct syslog_stream *stream;
	struct connection *next, *previous;
	struct syslog_connection *bytes;
	struct event *readable, *writable;
	struct addr from;
	int64_t handshake_until_ns; /* INT64_MAX: none is under way */
};

struct syslog_stream {
	struct loop *loop;
	struct stats *stats;
	struct syslog_stream_limits limits;
	struct syslog_stream_handler handler;
	struct ssl_ctx_st *tls; /* NULL: no TLS listener may accept */
	struct stream_listeners *listeners;
	struct connection *connections;
	size_t n_connections;
	bool reading;
	struct log_rate frame_rate, tls_rate, full_rate;
};

/* ---- connections ---- */

/* How long a connection may be silent, ms; 0: for ever. */
static int64_t
patience_ms(const struct connection *connection)
{
	int64_t idle_ms = connection->stream->limits.idle_ms;

	if (!syslog_connection_is_opening(connection->bytes))
		return idle_ms;
	return idle_ms > 0 && idle_ms < HANDSHAKE_MS_MAX ? idle_ms : HANDSHAKE_MS_MAX;
}

static void
start_reading(struct connection *connection)
{
	int64_t ms = patience_ms(connection);
	const struct timeval patience = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};

	event_add(connection->readable, ms > 0 ? &patience : NULL);
}

static void
free_connection(struct connection *connection)
{
	if (connection->readable != NULL)
		event_free(connection->readable);
	if (connection->writable != NULL)
		event_free(connection->writable);
	syslog_connection_free(connection->bytes);
	free(connection);
}

static void
close_connection(struct connection *connection)
{
	struct syslog_stream *stream = connection->stream;

	if (syslog_connection_left(connection->bytes) > 0)
		stats_add(stream->stats, STAT_SYSLOG_HALF_MESSAGE, 1);
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		stream->connections = connection->next;
	stream->n_connections--;
	free_connection(connection);
}

static void
note_bad_frame(struct connection *connection)
{
	struct syslog_stream *stream = connection->stream;
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	stats_add(stream->stats, STAT_SYSLOG_BAD_FRAME, 1);
	if (log_rate_take(&stream->frame_rate, &held_back))
		log_warning("syslog: closed a connection from %s: no message length where one must "
			    "stand, or one above max_message",
		    addr_format(&connection->from, text));
}

static void
note_refused(struct connection *connection, const char *why)
{
	struct syslog_stream *stream = connection->stream;
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	stats_add(stream->stats, STAT_SYSLOG_TLS_REFUSED, 1);
	if (log_rate_take(&stream->tls_rate, &held_back))
		log_warning(
		    "syslog: no TLS with %s: %s", addr_format(&connection->from, text), why);
}

/* The handshake has taken as long as it may; false where none is under way, or there is time left. */
static bool
is_too_slow(const struct connection *connection, struct engine_time now)
{
	return now.now_ns >= connection->handshake_until_ns &&
	       syslog_connection_is_opening(connection->bytes);
}

/* Returns the bytes received, 0: nothing there now, -1: the connection is over. */
static long
receive(struct connection *connection, struct engine_time now)
{
	size_t n = 0;

	switch (syslog_connection_receive(connection->bytes, now, &n)) {
	case CONNECTION_DATA:
		return (long)n;
	case CONNECTION_NOTHING:
		return 0;
	case CONNECTION_BLOCKED:
		event_add(connection->writable, NULL);
		return 0;
	case CONNECTION_BAD_FRAME:
		note_bad_frame(connection);
		return -1;
	case CONNECTION_REFUSED:
		note_refused(connection, syslog_connection_failure(connection->bytes));
		return -1;
	case CONNECTION_OVER:
		break;
	}
	return -1;
}

/* Once the handshake is over, the idle time counts and no longer its own. */
static void
note_opened(struct connection *connection)
{
	if (connection->handshake_until_ns == INT64_MAX ||
	    syslog_connection_is_opening(connection->bytes))
		return;
	connection->handshake_until_ns = INT64_MAX;
	if (connection->stream->reading)
		start_reading(connection);
}

static void
on_connection(evutil_socket_t fd, short what, void *ctx)
{
	struct connection *connection = ctx;
	struct syslog_stream *stream = connection->stream;
	struct engine_time now = loop_now(stream->loop);
	/* An idle connection ends without a last line: who knows what was still to come. */
	bool silent = (what & EV_TIMEOUT) != 0;

	(void)fd;
	bool over = silent || receive(connection, now) < 0;
	bool late = !over && is_too_slow(connection, now);
	if (late || (silent && syslog_connection_is_opening(connection->bytes)))
		note_refused(connection, "it did not finish its handshake in time");
	if (over || late)
		close_connection(connection);
	else
		note_opened(connection);
	stream->handler.turn_end(stream->handler.ctx);
}

static void
on_message(void *ctx, struct slice bytes, struct engine_time now)
{
	struct connection *connection = ctx;
	struct syslog_stream *stream = connection->stream;

	stream->handler.message(stream->handler.ctx, bytes, &connection->from, now);
}

/* NULL: out of memory; the socket is closed then. */
static struct connection *
new_connection(struct syslog_stream *stream, int fd, const struct addr *from, bool tls)
{
	struct event_base *base = loop_base(stream->loop);
	struct connection *connection = calloc(1, sizeof(*connection));
	const struct syslog_connection_handler handler = { connection, on_message };

	if (connection == NULL) {
		close(fd);
		return NULL;
	}
	*connection = (struct connection){ .stream = stream, .from = *from };
	connection->bytes = syslog_connection_new(
	    fd, stream->limits.max_message, tls ? stream->tls : NULL, &handler);
	if (connection->bytes == NULL) {
		close(fd);
		free(connection);
		return NULL;
	}
	connection->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_connection, connection);
	connection->writable = event_new(base, fd, EV_WRITE, on_connection, connection);
	if (connection->readable == NULL || connection->writable == NULL) {
		free_connection(connection);
		return NULL;
	}
	connection->handshake_until_ns = INT64_MAX;
	if (tls)
		connection->handshake_until_ns =
		    loop_now(stream->loop).now_ns + patience_ms(connection) * 1000000;
	return connection;
}

static void
join(struct syslog_stream *stream, struct connection *connection)
{
	connection->next = stream->connections;
	if (connection->next != NULL)
		connection->next->previous = connection;
	stream->connections = connection;
	stream->n_connections++;
	stats_add(stream->stats, STAT_SYSLOG_CONNECTIONS, 1);
	start_reading(connection);
}

static void
note_full(struct syslog_stream *stream, const struct addr *from)
{
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	stats_add(stream->stats, STAT_SYSLOG_REFUSED_CONNECTIONS, 1);
	if (log_rate_take(&stream->full_rate, &held_back))
		log_warning(
		    "syslog: refused a connection from %s: %zu are open, which is max_connections "
		    "(%llu more were refused without a line)",
		    addr_format(from, text), stream->n_connections, (unsigned long long)held_back);
}

/* The connection is ours from now on: joined, or closed and counted. */
static void
on_accepted(void *ctx, int fd, const struct addr *from, bool tls)
{
	struct syslog_stream *stream = ctx;
	const int one = 1;

	if (!stream->handler.allows(stream->handler.ctx, from)) {
		stats_add(stream->stats, STAT_SYSLOG_NOT_ALLOWED, 1);
		close(fd);
		return;
	}
	if (stream->n_connections >= stream->limits.max_connections) {
		note_full(stream, from);
		close(fd);
		return;
	}
	if (tls && stream->tls == NULL) {
		stats_add(stream->stats, STAT_SYSLOG_REFUSED_CONNECTIONS, 1);
		close(fd);
		return;
	}
	/* A switch that lost its power never says goodbye. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	struct connection *connection = new_connection(stream, fd, from, tls);
	if (connection != NULL)
		join(stream, connection);
	else
		stats_add(stream->stats, STAT_SYSLOG_REFUSED_CONNECTIONS, 1);
}

/* ---- what the header promises ---- */

struct syslog_stream *
syslog_stream_new(struct loop *loop, struct stats *stats, const struct syslog_stream_limits *limits,
    const struct syslog_stream_handler *handler)
{
	struct syslog_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return NULL;
	stream->loop = loop;
	stream->stats = stats;
	stream->limits = *limits;
	stream->handler = *handler;
	stream->frame_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	stream->tls_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	stream->full_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	stream->listeners = stream_listeners_new(
	    loop, &(struct stream_listeners_handler){ stream, "syslog", on_accepted });
	if (stream->listeners == NULL) {
		free(stream);
		return NULL;
	}
	return stream;
}

void
syslog_stream_free(struct syslog_stream *stream)
{
	if (stream == NULL)
		return;
	while (stream->connections != NULL)
		close_connection(stream->connections);
	stream_listeners_free(stream->listeners);
	tls_context_free(stream->tls);
	free(stream);
}

void
syslog_stream_configure(struct syslog_stream *stream, const struct syslog_stream_limits *limits)
{
	stream->limits = *limits;
}

void
syslog_stream_set_tls(struct syslog_stream *stream, struct ssl_ctx_st *context)
{
	tls_context_free(stream->tls);
	stream->tls = context;
}

int
syslog_stream_open(struct syslog_stream *stream, const char *kind, const char *host, uint16_t port,
    char *error, size_t size)
{
	return stream_listeners_open(stream->listeners, kind, host, port, error, size);
}

size_t
syslog_stream_count(const struct syslog_stream *stream)
{
	return stream_listeners_count(stream->listeners);
}

const char *
syslog_stream_name(const struct syslog_stream *stream, size_t i)
{
	return stream_listeners_name(stream->listeners, i);
}

void
syslog_stream_read(struct syslog_stream *stream, bool on)
{
	stream->reading = on;
	stream_listeners_read(stream->listeners, on);
	for (struct connection *each = stream->connections; each != NULL; each = each->next) {
		if (on) {
			start_reading(each);
			event_add(each->writable, NULL); /* once: TLS may have something to say */
		} else {
			event_del(each->readable);
			event_del(each->writable);
		}
	}
}

void
syslog_stream_drain(struct syslog_stream *stream)
{
	struct engine_time now = loop_now(stream->loop);
	struct connection *next;

	for (struct connection *each = stream->connections; each != NULL; each = next) {
		long n = 0;
		next = each->next;
		for (long sum = 0; sum < DRAIN_BYTES_MAX; sum += n) {
			n = receive(each, now);
			if (n <= 0)
				break;
		}
		if (n < 0)
			close_connection(each);
	}
	stream->handler.turn_end(stream->handler.ctx);
}
