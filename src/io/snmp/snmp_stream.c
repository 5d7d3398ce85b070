#include "io/snmp_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "core/ber.h"
#include "io/stream_listeners.h"
#include "util/log.h"

#define DRAIN_BYTES_MAX (1024 * 1024)

struct connection {
	struct snmp_stream *stream;
	struct connection *next, *previous;
	uint64_t id;
	int fd;
	struct event *readable;
	struct addr from;
	struct sockaddr_storage address;
	socklen_t address_len;
	size_t len;
	char bytes[SNMP_STREAM_MESSAGE_MAX];
};

struct snmp_stream {
	struct loop *loop;
	struct stats *stats;
	struct snmp_stream_handler handler;
	struct stream_listeners *listeners;
	struct connection *connections;
	size_t n_connections;
	uint64_t last_id;
	bool reading;
	struct log_rate frame_rate, full_rate;
};

static void
start_reading(struct connection *connection)
{
	const struct timeval idle = { .tv_sec = (time_t)(SNMP_STREAM_IDLE_MS / 1000) };

	event_add(connection->readable, &idle);
}

static void
close_connection(struct connection *connection)
{
	struct snmp_stream *stream = connection->stream;

	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		stream->connections = connection->next;
	stream->n_connections--;
	event_free(connection->readable);
	close(connection->fd);
	free(connection);
}

static void
note_bad_frame(struct connection *connection)
{
	struct snmp_stream *stream = connection->stream;
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	stats_add(stream->stats, STAT_TRAP_BAD_FRAME, 1);
	if (log_rate_take(&stream->frame_rate, &held_back))
		log_warning(
		    "snmp: closed a connection from %s: no message begins where one must, or "
		    "one longer than %d bytes",
		    addr_format(&connection->from, text), SNMP_STREAM_MESSAGE_MAX);
}

/* Hands over every whole message, and keeps what follows. False: the connection is over. */
static bool
take_messages(struct connection *connection, struct engine_time now)
{
	struct snmp_stream *stream = connection->stream;
	struct snmp_stream_message message = {
		.connection = connection->id,
		.from = &connection->address,
		.from_len = connection->address_len,
	};
	size_t used = 0;

	for (;;) {
		struct slice rest = { connection->bytes + used, connection->len - used };
		size_t len;
		enum ber_frame frame =
		    ber_frame(rest, BER_SEQUENCE, sizeof(connection->bytes), &len);
		if (frame == BER_FRAME_ERROR) {
			note_bad_frame(connection);
			return false;
		}
		if (frame == BER_FRAME_MORE)
			break;
		message.bytes = slice_first(rest, len);
		stream->handler.message(stream->handler.ctx, &message, now);
		used += len;
	}
	connection->len -= used;
	memmove(connection->bytes, connection->bytes + used, connection->len);
	return true;
}

/* The bytes received; 0: nothing there now; -1: the connection is over. */
static long
receive(struct connection *connection, struct engine_time now)
{
	/* There is room: a full buffer is a message or a bad frame. */
	ssize_t n = recv(connection->fd, connection->bytes + connection->len,
	    sizeof(connection->bytes) - connection->len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	connection->len += (size_t)n;
	return take_messages(connection, now) ? (long)n : -1;
}

static void
on_connection(evutil_socket_t fd, short what, void *ctx)
{
	struct connection *connection = ctx;
	struct snmp_stream *stream = connection->stream;

	(void)fd;
	if ((what & EV_READ) == 0 || receive(connection, loop_now(stream->loop)) < 0)
		close_connection(connection);
	stream->handler.turn_end(stream->handler.ctx);
}

static struct connection *
new_connection(struct snmp_stream *stream, int fd, const struct addr *from)
{
	struct connection *connection = malloc(sizeof(*connection));

	if (connection == NULL)
		return NULL;
	connection->stream = stream;
	connection->next = stream->connections;
	connection->previous = NULL;
	connection->id = ++stream->last_id;
	connection->fd = fd;
	connection->from = *from;
	connection->len = 0;
	connection->address_len = sizeof(connection->address);
	connection->readable =
	    event_new(loop_base(stream->loop), fd, EV_READ | EV_PERSIST, on_connection, connection);
	if (connection->readable == NULL || getpeername(fd, (struct sockaddr *)&connection->address,
						&connection->address_len) != 0) {
		if (connection->readable != NULL)
			event_free(connection->readable);
		free(connection);
		return NULL;
	}
	return connection;
}

static void
note_full(struct snmp_stream *stream, const struct addr *from)
{
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	stats_add(stream->stats, STAT_TRAP_REFUSED_CONNECTIONS, 1);
	if (log_rate_take(&stream->full_rate, &held_back))
		log_warning(
		    "snmp: refused a connection from %s: %zu are open (%llu more were refused without a line)",
		    addr_format(from, text), stream->n_connections, (unsigned long long)held_back);
}

static void
on_accepted(void *ctx, int fd, const struct addr *from, bool tls)
{
	struct snmp_stream *stream = ctx;
	struct connection *connection = NULL;
	const int one = 1;

	(void)tls;
	if (!stream->handler.allows(stream->handler.ctx, from)) {
		stats_add(stream->stats, STAT_TRAP_NOT_ALLOWED, 1);
		close(fd);
		return;
	}
	if (stream->n_connections < SNMP_STREAM_CONNECTIONS_MAX)
		connection = new_connection(stream, fd, from);
	if (connection == NULL) {
		note_full(stream, from);
		close(fd);
		return;
	}
	/* A switch that lost its power never says goodbye. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connection->next != NULL)
		connection->next->previous = connection;
	stream->connections = connection;
	stream->n_connections++;
	stats_add(stream->stats, STAT_TRAP_CONNECTIONS, 1);
	start_reading(connection);
}

/* ---- what the header promises ---- */

struct snmp_stream *
snmp_stream_new(struct loop *loop, struct stats *stats, const struct snmp_stream_handler *handler)
{
	struct snmp_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return NULL;
	stream->loop = loop;
	stream->stats = stats;
	stream->handler = *handler;
	stream->frame_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	stream->full_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	stream->listeners = stream_listeners_new(
	    loop, &(struct stream_listeners_handler){ stream, "snmp", on_accepted });
	if (stream->listeners == NULL) {
		free(stream);
		return NULL;
	}
	return stream;
}

void
snmp_stream_free(struct snmp_stream *stream)
{
	if (stream == NULL)
		return;
	while (stream->connections != NULL)
		close_connection(stream->connections);
	stream_listeners_free(stream->listeners);
	free(stream);
}

int
snmp_stream_open(struct snmp_stream *stream, const char *kind, const char *host, uint16_t port,
    char *error, size_t size)
{
	return stream_listeners_open(stream->listeners, kind, host, port, error, size);
}

size_t
snmp_stream_count(const struct snmp_stream *stream)
{
	return stream_listeners_count(stream->listeners);
}

const char *
snmp_stream_name(const struct snmp_stream *stream, size_t i)
{
	return stream_listeners_name(stream->listeners, i);
}

void
snmp_stream_read(struct snmp_stream *stream, bool on)
{
	stream->reading = on;
	stream_listeners_read(stream->listeners, on);
	for (struct connection *each = stream->connections; each != NULL; each = each->next) {
		if (on)
			start_reading(each);
		else
			event_del(each->readable);
	}
}

int
snmp_stream_send(struct snmp_stream *stream, uint64_t connection, struct slice bytes)
{
	struct connection *each = stream->connections;

	while (each != NULL && each->id != connection)
		each = each->next;
	if (each == NULL)
		return -ENOTCONN;
	ssize_t n = send(each->fd, bytes.data, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == (ssize_t)bytes.len)
		return 0;
	int error = n < 0 ? -errno : -ENOBUFS;
	/* A part of a message would spoil what follows. Its end is noticed by the event: its messages may be under way. */
	shutdown(each->fd, SHUT_RDWR);
	return error;
}

void
snmp_stream_drain(struct snmp_stream *stream)
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
