#include "io/stream_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/stream_tls.h"

/* A buffer is at least this large, so that one call takes many short messages, and a whole record of TLS. */
#define BUFFER_MIN 16384

struct stream_connection {
	int fd;
	struct stream_tls *tls; /* NULL: a plain stream */
	struct stream_connection_handler handler;
	struct stream_frame frame;
	size_t len, size;
	char buffer[];
};

struct stream_connection *
stream_connection_new(int fd, size_t max_message, struct ssl_ctx_st *tls,
    const struct stream_connection_handler *handler)
{
	size_t size = max_message + STREAM_FRAME_OVERHEAD + 1;

	size = size < BUFFER_MIN ? BUFFER_MIN : size;
	struct stream_connection *connection = malloc(sizeof(*connection) + size);
	if (connection == NULL)
		return NULL;
	*connection = (struct stream_connection){
		.fd = fd,
		.handler = *handler,
		.frame = { .max_message = max_message },
		.size = size,
	};
	if (tls == NULL)
		return connection;
	connection->tls = stream_tls_new(tls, fd);
	if (connection->tls != NULL)
		return connection;
	free(connection);
	return NULL;
}

void
stream_connection_free(struct stream_connection *connection)
{
	if (connection == NULL)
		return;
	stream_tls_free(connection->tls);
	close(connection->fd);
	free(connection);
}

/* ---- messages ---- */

/* Cuts out every whole message of the buffer, and keeps the rest. */
static enum stream_connection_result
take_messages(struct stream_connection *connection, struct engine_time now)
{
	struct slice rest = { connection->buffer, connection->len };
	enum frame_result result;
	struct slice message;
	size_t used = 0;

	do {
		result = connection->handler.cut(&connection->frame, rest, &used, &message);
		if (result == FRAME_ERROR)
			return CONNECTION_BAD_FRAME;
		if (result == FRAME_MESSAGE)
			connection->handler.message(connection->handler.ctx, message, now);
		rest = slice_from(rest, used);
	} while (result == FRAME_MESSAGE && rest.len > 0);
	connection->len = rest.len;
	if (rest.len > 0)
		memmove(connection->buffer, rest.data, rest.len);
	return rest.len < connection->size ? CONNECTION_DATA : CONNECTION_OVER;
}

/*
 * The sender has closed in order. A line needs no terminator then; a counted message that is not whole stays none. The
 * buffer has room: take_messages() left it less than full.
 */
static enum stream_connection_result
end_in_order(struct stream_connection *connection, struct engine_time now)
{
	if (connection->frame.framing == FRAMING_LINES && connection->len > 0) {
		connection->buffer[connection->len++] = '\n';
		(void)take_messages(connection, now);
	}
	return CONNECTION_OVER;
}

/* ---- bytes ---- */

static enum stream_connection_result
read_plain(struct stream_connection *connection, char *buf, size_t size, struct engine_time now,
    size_t *ret_n)
{
	ssize_t n = recv(connection->fd, buf, size, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? CONNECTION_NOTHING : CONNECTION_OVER;
	if (n == 0)
		return end_in_order(connection, now);
	*ret_n = (size_t)n;
	return CONNECTION_DATA;
}

static enum stream_connection_result
read_tls(struct stream_connection *connection, char *buf, size_t size, struct engine_time now,
    size_t *ret_n)
{
	switch (stream_tls_read(connection->tls, buf, size, ret_n)) {
	case STREAM_TLS_DATA:
		return CONNECTION_DATA;
	case STREAM_TLS_NOTHING:
		return CONNECTION_NOTHING;
	case STREAM_TLS_BLOCKED:
		return CONNECTION_BLOCKED;
	case STREAM_TLS_END:
		return end_in_order(connection, now);
	case STREAM_TLS_REFUSED:
		return CONNECTION_REFUSED;
	case STREAM_TLS_BROKEN:
		break;
	}
	return CONNECTION_OVER;
}

static enum stream_connection_result
receive_once(struct stream_connection *connection, struct engine_time now, size_t *ret_n)
{
	char *room = connection->buffer + connection->len;
	size_t size = connection->size - connection->len, n = 0;
	enum stream_connection_result result = connection->tls
						   ? read_tls(connection, room, size, now, &n)
						   : read_plain(connection, room, size, now, &n);

	if (result != CONNECTION_DATA)
		return result;
	connection->len += n;
	*ret_n += n;
	return take_messages(connection, now);
}

enum stream_connection_result
stream_connection_receive(
    struct stream_connection *connection, struct engine_time now, size_t *ret_n)
{
	enum stream_connection_result result;

	*ret_n = 0;
	/* What TLS has read and not handed over does not make the socket readable. */
	do
		result = receive_once(connection, now, ret_n);
	while (result == CONNECTION_DATA && connection->tls != NULL &&
	       stream_tls_has_more(connection->tls));
	return result;
}

size_t
stream_connection_left(const struct stream_connection *connection)
{
	return connection->len;
}

bool
stream_connection_is_opening(const struct stream_connection *connection)
{
	return connection->tls != NULL && !stream_tls_is_open(connection->tls);
}

const char *
stream_connection_failure(const struct stream_connection *connection)
{
	return connection->tls ? stream_tls_failure(connection->tls) : "";
}
