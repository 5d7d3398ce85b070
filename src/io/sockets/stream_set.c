#include "io/stream_set.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/stream_connection.h"
#include "io/turn_budget.h"
#include "tls/tls_context.h"
#include "util/log.h"

#define DRAIN_BYTES_MAX (1024 * 1024)

/* A TLS handshake takes two round trips. Who trickles bytes must not hold a place for the whole idle time. */
#define HANDSHAKE_MS_MAX 30000

/* Each costs up to some milliseconds of a processor, and after a restart all switches begin theirs at once. */
#define HANDSHAKES_NS_A_TURN 1000000

struct connection {
	struct stream_set *set;
	struct connection *next, *previous;
	uint64_t id;
	int fd; /* owned by `bytes` */
	struct stream_connection *bytes;
	struct event *readable, *writable;
	struct stream_peer peer;
	int64_t handshake_until_ns; /* INT64_MAX: none is under way */
	int64_t heard_ns;           /* when it last said something, or came */
};

struct stream_set {
	struct loop *loop;
	const struct stream_protocol *protocol;
	struct stats *stats;
	struct stream_limits limits;
	struct stream_set_handler handler;
	struct ssl_ctx_st *tls; /* NULL: no TLS listener may accept */
	struct stream_listeners *listeners;
	struct connection *connections;
	size_t n_connections;
	uint64_t last_id;
	bool reading;
	struct turn_budget *handshakes;
	struct log_rate frame_rate, tls_rate, full_rate, room_rate;
};

static void
count(struct stream_set *set, enum stats_counter counter)
{
	if (counter != STAT_MAX)
		stats_add(set->stats, counter, 1);
}

static void
count_refusal(struct stream_set *set, const struct addr *from, enum stats_counter why)
{
	count(set, why);
	if (why != STAT_MAX)
		set->handler.refused(set->handler.ctx, from, why, loop_now(set->loop));
}

/* ---- connections ---- */

/* How long a connection may be silent, ms; 0: for ever. */
static int64_t
patience_ms(const struct connection *connection)
{
	int64_t idle_ms = connection->set->limits.idle_ms;

	if (!stream_connection_is_opening(connection->bytes))
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
	stream_connection_free(connection->bytes);
	free(connection);
}

static void
close_connection(struct connection *connection)
{
	struct stream_set *set = connection->set;

	if (stream_connection_left(connection->bytes) > 0)
		count(set, set->protocol->half_messages);
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		set->connections = connection->next;
	set->n_connections--;
	free_connection(connection);
}

static void
note_bad_frame(struct connection *connection)
{
	struct stream_set *set = connection->set;
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	count_refusal(set, &connection->peer.from, set->protocol->bad_frames);
	if (log_rate_take(&set->frame_rate, &held_back))
		log_warning("%s: closed a connection from %s: %s", set->protocol->input,
		    addr_format(&connection->peer.from, text), set->protocol->bad_frame);
}

static void
note_refused(struct connection *connection, const char *why)
{
	struct stream_set *set = connection->set;
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	count_refusal(set, &connection->peer.from, set->protocol->tls_refused);
	if (log_rate_take(&set->tls_rate, &held_back))
		log_warning("%s: no TLS with %s: %s", set->protocol->input,
		    addr_format(&connection->peer.from, text), why);
}

/* The handshake has taken as long as it may; false where none is under way, or there is time left. */
static bool
is_too_slow(const struct connection *connection, struct engine_time now)
{
	return now.now_ns >= connection->handshake_until_ns &&
	       stream_connection_is_opening(connection->bytes);
}

/* Returns the bytes received, 0: nothing there now, -1: the connection is over. */
static long
receive(struct connection *connection, struct engine_time now)
{
	size_t n = 0;

	switch (stream_connection_receive(connection->bytes, now, &n)) {
	case CONNECTION_DATA:
		connection->heard_ns = now.now_ns;
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
		note_refused(connection, stream_connection_failure(connection->bytes));
		return -1;
	case CONNECTION_OVER:
		break;
	}
	return -1;
}

static long
receive_in_turn(struct connection *connection, struct engine_time now)
{
	struct stream_set *set = connection->set;
	const bool opening = stream_connection_is_opening(connection->bytes);
	const long n = receive(connection, now);

	if (opening)
		turn_budget_spend(set->handshakes, loop_now(set->loop).now_ns - now.now_ns);
	return n;
}

/* Handshakes have had their part of this turn: what is ready for it now will be so in the next one. */
static bool
is_put_off(struct connection *connection, short what, struct engine_time now)
{
	if (!turn_budget_is_spent(connection->set->handshakes) || (what & EV_TIMEOUT) ||
	    !stream_connection_is_opening(connection->bytes) || is_too_slow(connection, now))
		return false;
	if (what & EV_WRITE)
		event_add(connection->writable, NULL);
	return true;
}

/* Once the handshake is over, the idle time counts and no longer its own. */
static void
note_opened(struct connection *connection)
{
	if (connection->handshake_until_ns == INT64_MAX ||
	    stream_connection_is_opening(connection->bytes))
		return;
	connection->handshake_until_ns = INT64_MAX;
	if (connection->set->reading)
		start_reading(connection);
}

static void
on_connection(evutil_socket_t fd, short what, void *ctx)
{
	struct connection *connection = ctx;
	struct stream_set *set = connection->set;
	struct engine_time now = loop_now(set->loop);
	/* An idle connection ends without a last line: who knows what was still to come. */
	bool silent = (what & EV_TIMEOUT) != 0;

	(void)fd;
	if (is_put_off(connection, what, now))
		return;
	bool over = silent || receive_in_turn(connection, now) < 0;
	bool late = !over && is_too_slow(connection, now);
	if (late || (silent && stream_connection_is_opening(connection->bytes)))
		note_refused(connection, "it did not finish its handshake in time");
	if (over || late)
		close_connection(connection);
	else
		note_opened(connection);
	set->handler.turn_end(set->handler.ctx);
}

static void
on_message(void *ctx, struct slice bytes, struct engine_time now)
{
	const struct connection *connection = ctx;
	const struct stream_set_handler *handler = &connection->set->handler;

	handler->message(handler->ctx,
	    &(struct stream_message){ bytes, connection->id, &connection->peer }, now);
}

/* NULL: out of memory; the socket is closed then. */
static struct connection *
new_connection(struct stream_set *set, int fd, const struct stream_peer *peer)
{
	struct event_base *base = loop_base(set->loop);
	struct connection *connection = calloc(1, sizeof(*connection));
	const struct stream_connection_handler handler = { connection, set->protocol->cut,
		on_message };

	if (connection == NULL) {
		close(fd);
		return NULL;
	}
	*connection = (struct connection){ .set = set, .fd = fd, .peer = *peer };
	connection->bytes = stream_connection_new(
	    fd, set->limits.max_message, peer->tls ? set->tls : NULL, &handler);
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
	if (peer->tls)
		connection->handshake_until_ns =
		    loop_now(set->loop).now_ns + patience_ms(connection) * 1000000;
	return connection;
}

static void
join(struct stream_set *set, struct connection *connection)
{
	connection->id = ++set->last_id;
	connection->heard_ns = loop_now(set->loop).now_ns;
	connection->next = set->connections;
	if (connection->next != NULL)
		connection->next->previous = connection;
	set->connections = connection;
	set->n_connections++;
	count(set, set->protocol->accepted);
	start_reading(connection);
}

static void
note_full(struct stream_set *set, const struct addr *from)
{
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	if (log_rate_take(&set->full_rate, &held_back))
		log_warning("%s: refused a connection from %s: %zu are open, which is %s "
			    "(%llu more were refused without a line)",
		    set->protocol->input, addr_format(from, text), set->n_connections,
		    set->protocol->bound, (unsigned long long)held_back);
}

/* Who has more than half of the connections; NULL: nobody. Of all addresses that one is left when others are set off. */
static const struct addr *
holder_of_most(const struct stream_set *set)
{
	const struct addr *holder = NULL;
	size_t lead = 0, n = 0;

	for (const struct connection *each = set->connections; each != NULL; each = each->next) {
		if (lead == 0)
			holder = &each->peer.from;
		lead += addr_eq(holder, &each->peer.from) ? 1 : (size_t)-1;
	}
	for (const struct connection *each = set->connections; each != NULL; each = each->next)
		n += addr_eq(holder, &each->peer.from);
	return n > set->n_connections / 2 ? holder : NULL;
}

static void
note_displaced(struct stream_set *set, const struct addr *holder, const struct addr *from)
{
	char holder_text[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX];
	uint64_t held_back;

	count(set, set->protocol->displaced);
	if (log_rate_take(&set->room_rate, &held_back))
		log_warning("%s: %s has more than half of all connections; its most silent one "
			    "makes room for %s (%llu more did without a line)",
		    set->protocol->input, addr_format(holder, holder_text), addr_format(from, text),
		    (unsigned long long)held_back);
}

/* One host cannot shut the others out: who holds most gives a place up, if it is not itself that asks. */
static bool
make_room(struct stream_set *set, const struct addr *from)
{
	const struct addr *holder = holder_of_most(set);
	struct connection *silent = NULL;

	if (holder == NULL || addr_eq(holder, from))
		return false;
	for (struct connection *each = set->connections; each != NULL; each = each->next)
		if (addr_eq(holder, &each->peer.from) &&
		    (silent == NULL || each->heard_ns < silent->heard_ns))
			silent = each;
	note_displaced(set, holder, from);
	close_connection(silent);
	return true;
}

/* Whether there is room for it, and what it needs. */
static bool
may_join(struct stream_set *set, const struct stream_peer *peer)
{
	if (set->n_connections < set->limits.max_connections || make_room(set, &peer->from))
		return !peer->tls || set->tls != NULL;
	note_full(set, &peer->from);
	return false;
}

/* The connection is ours from now on: joined, or closed and counted. */
static void
on_accepted(void *ctx, int fd, const struct stream_peer *peer)
{
	struct stream_set *set = ctx;
	const int one = 1;

	if (!set->handler.allows(set->handler.ctx, &peer->from)) {
		count_refusal(set, &peer->from, set->protocol->not_allowed);
		close(fd);
		return;
	}
	if (!may_join(set, peer)) {
		count_refusal(set, &peer->from, set->protocol->refused);
		close(fd);
		return;
	}
	/* A switch that lost its power never says goodbye. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	struct connection *connection = new_connection(set, fd, peer);
	if (connection != NULL)
		join(set, connection);
	else
		count(set, set->protocol->refused);
}

/* ---- what the header promises ---- */

struct stream_set *
stream_set_new(struct loop *loop, const struct stream_protocol *protocol, struct stats *stats,
    const struct stream_limits *limits, const struct stream_set_handler *handler)
{
	struct stream_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->loop = loop;
	set->protocol = protocol;
	set->stats = stats;
	set->limits = *limits;
	set->handler = *handler;
	set->frame_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	set->tls_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	set->full_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	set->room_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	set->listeners = stream_listeners_new(
	    loop, &(struct stream_listeners_handler){ set, protocol->input, on_accepted });
	set->handshakes = turn_budget_new(loop, HANDSHAKES_NS_A_TURN);
	if (set->listeners != NULL && set->handshakes != NULL)
		return set;
	stream_set_free(set);
	return NULL;
}

void
stream_set_free(struct stream_set *set)
{
	if (set == NULL)
		return;
	while (set->connections != NULL)
		close_connection(set->connections);
	stream_listeners_free(set->listeners);
	turn_budget_free(set->handshakes);
	tls_context_free(set->tls);
	free(set);
}

void
stream_set_configure(struct stream_set *set, const struct stream_limits *limits)
{
	set->limits = *limits;
}

void
stream_set_tls(struct stream_set *set, struct ssl_ctx_st *context)
{
	tls_context_free(set->tls);
	set->tls = context;
}

struct ssl_ctx_st *
stream_set_tls_in_use(const struct stream_set *set)
{
	return set->tls;
}

int
stream_set_open(struct stream_set *set, const char *kind, const char *host, uint16_t port,
    char *error, size_t size)
{
	return stream_listeners_open(set->listeners, kind, host, port, error, size);
}

size_t
stream_set_count(const struct stream_set *set)
{
	return stream_listeners_count(set->listeners);
}

const char *
stream_set_name(const struct stream_set *set, size_t i)
{
	return stream_listeners_name(set->listeners, i);
}

void
stream_set_read(struct stream_set *set, bool on)
{
	set->reading = on;
	stream_listeners_read(set->listeners, on);
	for (struct connection *each = set->connections; each != NULL; each = each->next) {
		if (on) {
			start_reading(each);
			event_add(each->writable, NULL); /* once: TLS may have something to say */
		} else {
			event_del(each->readable);
			event_del(each->writable);
		}
	}
}

int
stream_set_send(struct stream_set *set, uint64_t connection, struct slice bytes)
{
	struct connection *each = set->connections;

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
stream_set_drain(struct stream_set *set)
{
	struct engine_time now = loop_now(set->loop);
	struct connection *next;

	for (struct connection *each = set->connections; each != NULL; each = next) {
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
	set->handler.turn_end(set->handler.ctx);
}
