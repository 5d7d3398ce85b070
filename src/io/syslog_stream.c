#include "io/syslog_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "core/syslog_frame.h"
#include "io/listen_socket.h"
#include "util/log.h"

/* syslog_frame never keeps more than a message and this. */
#define FRAME_OVERHEAD 24

/* A buffer is at least this large, so that one call takes many short messages. */
#define BUFFER_MIN 16384

#define DRAIN_BYTES_MAX (1024 * 1024)

/* Out of descriptors: a pending connection stays readable, and would spin the loop. */
#define ACCEPT_PAUSE_MS 1000

struct connection {
	struct syslog_stream *stream;
	struct connection *next, *previous;
	int fd;
	struct event *readable;
	struct addr from;
	struct syslog_frame frame;
	size_t len, size;
	char buffer[];
};

struct stream_listener {
	struct syslog_stream *stream;
	int fd;
	struct event *readable;
	char name[LISTEN_SOCKET_NAME_MAX];
};

struct syslog_stream {
	struct loop *loop;
	struct stats *stats;
	struct syslog_stream_limits limits;
	struct syslog_stream_handler handler;
	struct stream_listener **listeners;
	size_t n_listeners;
	struct connection *connections;
	size_t n_connections;
	bool reading;
	struct loop_timer *accept_again;
	struct log_rate accept_rate, frame_rate;
};

/* ---- connections ---- */

static void
start_reading(struct connection *connection)
{
	int64_t idle_ms = connection->stream->limits.idle_ms;
	const struct timeval idle = {
		.tv_sec = (time_t)(idle_ms / 1000),
		.tv_usec = (suseconds_t)(idle_ms % 1000 * 1000),
	};

	event_add(connection->readable, idle_ms > 0 ? &idle : NULL);
}

static void
close_connection(struct connection *connection)
{
	struct syslog_stream *stream = connection->stream;

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
	struct syslog_stream *stream = connection->stream;
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	stats_add(stream->stats, STAT_SYSLOG_BAD_FRAME, 1);
	if (log_rate_take(&stream->frame_rate, &held_back))
		log_warning("syslog: closed a connection from %s: no message length where one must "
			    "stand, or one above max_message",
		    addr_format(&connection->from, text));
}

/* Cuts out every whole message of the buffer, and keeps the rest. False: the connection must be closed. */
static bool
take_messages(struct connection *connection, struct engine_time now)
{
	struct syslog_stream *stream = connection->stream;
	struct slice rest = { connection->buffer, connection->len };
	enum syslog_frame_result result;
	struct slice message;
	size_t used = 0;

	do {
		result = syslog_frame_next(&connection->frame, rest, &used, &message);
		if (result == FRAME_ERROR) {
			note_bad_frame(connection);
			return false;
		}
		if (result == FRAME_MESSAGE)
			stream->handler.message(
			    stream->handler.ctx, message, &connection->from, now);
		rest = slice_from(rest, used);
	} while (result == FRAME_MESSAGE && rest.len > 0);
	connection->len = rest.len;
	if (rest.len > 0)
		memmove(connection->buffer, rest.data, rest.len);
	return rest.len < connection->size;
}

/*
 * The sender has closed in order. A line needs no terminator then; a counted message that is not whole stays none. The
 * buffer has room: take_messages() left it less than full.
 */
static void
take_last_line(struct connection *connection, struct engine_time now)
{
	if (connection->frame.framing != FRAMING_LINES || connection->len == 0)
		return;
	connection->buffer[connection->len++] = '\n';
	(void)take_messages(connection, now);
}

/* Returns the bytes received, 0: nothing there now, -1: the connection is over. */
static long
receive(struct connection *connection, struct engine_time now)
{
	ssize_t n = recv(connection->fd, connection->buffer + connection->len,
	    connection->size - connection->len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0) {
		take_last_line(connection, now);
		return -1;
	}
	connection->len += (size_t)n;
	return take_messages(connection, now) ? (long)n : -1;
}

static void
on_connection(evutil_socket_t fd, short what, void *ctx)
{
	struct connection *connection = ctx;
	struct syslog_stream *stream = connection->stream;

	(void)fd;
	/* An idle connection ends without a last line: who knows what was still to come. */
	bool over = (what & EV_READ) == 0 || receive(connection, loop_now(stream->loop)) < 0;
	if (over)
		close_connection(connection);
	stream->handler.turn_end(stream->handler.ctx);
}

static struct connection *
new_connection(struct syslog_stream *stream, int fd, const struct addr *from)
{
	size_t size = stream->limits.max_message + FRAME_OVERHEAD + 1;

	size = size < BUFFER_MIN ? BUFFER_MIN : size;
	struct connection *connection = malloc(sizeof(*connection) + size);
	if (connection == NULL)
		return NULL;
	*connection = (struct connection){
		.stream = stream,
		.fd = fd,
		.from = *from,
		.size = size,
	};
	syslog_frame_init(&connection->frame, stream->limits.max_message);
	connection->readable =
	    event_new(loop_base(stream->loop), fd, EV_READ | EV_PERSIST, on_connection, connection);
	if (connection->readable == NULL) {
		free(connection);
		return NULL;
	}
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

/* ---- listeners ---- */

static void
listen_on(struct syslog_stream *stream, bool on)
{
	for (size_t i = 0; i < stream->n_listeners; i++) {
		if (on)
			event_add(stream->listeners[i]->readable, NULL);
		else
			event_del(stream->listeners[i]->readable);
	}
}

static void
on_accept_again(void *ctx)
{
	struct syslog_stream *stream = ctx;

	listen_on(stream, stream->reading);
}

static void
pause_accepting(struct syslog_stream *stream, const struct stream_listener *listener, int error)
{
	uint64_t held_back;

	listen_on(stream, false);
	loop_timer_arm(stream->accept_again, ACCEPT_PAUSE_MS);
	if (log_rate_take(&stream->accept_rate, &held_back))
		log_error(
		    "syslog %s: cannot accept a connection: %s", listener->name, strerror(error));
}

/* The connection is ours from now on: joined, or closed and counted. */
static void
accept_one(struct syslog_stream *stream, int fd, const struct addr *from)
{
	const int one = 1;

	if (!stream->handler.allows(stream->handler.ctx, from)) {
		stats_add(stream->stats, STAT_SYSLOG_NOT_ALLOWED, 1);
		close(fd);
		return;
	}
	struct connection *connection = NULL;
	if (stream->n_connections < stream->limits.max_connections)
		connection = new_connection(stream, fd, from);
	if (connection == NULL) {
		stats_add(stream->stats, STAT_SYSLOG_REFUSED_CONNECTIONS, 1);
		close(fd);
		return;
	}
	/* A switch that lost its power never says goodbye. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	join(stream, connection);
}

static void
on_listener(evutil_socket_t fd, short what, void *ctx)
{
	struct stream_listener *listener = ctx;
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct addr from;

	(void)what;
	int accepted = accept4(fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (accepted >= 0 && addr_from_sockaddr((const struct sockaddr *)&address, &from))
		accept_one(listener->stream, accepted, &from);
	else if (accepted >= 0)
		close(accepted);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(listener->stream, listener, errno);
}

static void
free_listener(struct stream_listener *listener)
{
	if (listener->readable != NULL)
		event_free(listener->readable);
	close(listener->fd);
	free(listener);
}

static struct stream_listener *
new_listener(struct syslog_stream *stream, int fd)
{
	struct stream_listener *listener = calloc(1, sizeof(*listener));
	struct stream_listener **all =
	    realloc(stream->listeners, (stream->n_listeners + 1) * sizeof(listener));

	if (all != NULL)
		stream->listeners = all;
	if (all == NULL || listener == NULL) {
		free(listener);
		close(fd);
		return NULL;
	}
	listener->stream = stream;
	listener->fd = fd;
	listen_socket_name(fd, listener->name, sizeof(listener->name));
	listener->readable =
	    event_new(loop_base(stream->loop), fd, EV_READ | EV_PERSIST, on_listener, listener);
	if (listener->readable == NULL) {
		free_listener(listener);
		return NULL;
	}
	stream->listeners[stream->n_listeners++] = listener;
	return listener;
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
	stream->accept_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	stream->frame_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	stream->accept_again = loop_timer_new(loop, on_accept_again, stream);
	if (stream->accept_again == NULL) {
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
	for (size_t i = 0; i < stream->n_listeners; i++)
		free_listener(stream->listeners[i]);
	loop_timer_free(stream->accept_again);
	free(stream->listeners);
	free(stream);
}

void
syslog_stream_configure(struct syslog_stream *stream, const struct syslog_stream_limits *limits)
{
	stream->limits = *limits;
}

int
syslog_stream_open(struct syslog_stream *stream, const char *kind, const char *host, uint16_t port,
    char *error, size_t size)
{
	int fd = listen_socket_open(kind, host, port, error, size);

	if (fd < 0)
		return -1;
	struct stream_listener *listener = new_listener(stream, fd);
	if (listener == NULL) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	if (stream->reading)
		event_add(listener->readable, NULL);
	return 0;
}

size_t
syslog_stream_count(const struct syslog_stream *stream)
{
	return stream->n_listeners;
}

const char *
syslog_stream_name(const struct syslog_stream *stream, size_t i)
{
	return stream->listeners[i]->name;
}

size_t
syslog_stream_connections(const struct syslog_stream *stream)
{
	return stream->n_connections;
}

void
syslog_stream_read(struct syslog_stream *stream, bool on)
{
	stream->reading = on;
	loop_timer_cancel(stream->accept_again);
	listen_on(stream, on);
	for (struct connection *each = stream->connections; each != NULL; each = each->next) {
		if (on)
			start_reading(each);
		else
			event_del(each->readable);
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
