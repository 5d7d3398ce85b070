#include "io/udp_listeners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "io/datagram_queue.h"
#include "util/log.h"

/* How often drops are asked for while nothing comes. */
#define DROPS_EVERY_MS 1000

/* A full batch says that more is queued; one so long ago says nothing. */
#define BEHIND_NS 20000000

/* An end for a drain whose sender's clock is ours and stepped back meanwhile: more than any buffer holds. */
#define DRAIN_TURNS_MAX 8192

/* Received ahead in one wake-up, at most: some 2 ms, half of a turn. In the other half Redis gets enough to be busy with. */
#define AHEAD_BATCHES 8

/*
 * So long in one turn, and what is left waits for the next: most datagrams take microseconds, but a coldStart doubts all
 * interfaces of its switch. The clock is looked at with every LOOK_EVERY datagrams.
 */
#define TURN_NS INT64_C(4000000)
#define LOOK_EVERY 8

/* What is to be acted on comes from the queue first, then from the batch, then from the kernel: that is its order. */
struct listener {
	struct udp_listeners *all;
	size_t i;
	struct udp_batch *batch;
	int at, n; /* of the batch: up to here it was handed over, or queued; what it holds */
	struct datagram_queue *ahead;
	int64_t full_ns; /* engine time of the last hand-over, where it left something; else 0 */
	struct event *readable;    /* waited for while nothing is left to be handed over */
	struct loop_timer *resume; /* else this one, which leaves room for the loop's others */
};

struct udp_listeners {
	struct loop *loop;
	const char *input;
	struct stats *stats;
	enum stats_counter drops_stat, ahead_stat;
	struct udp_listeners_handler handler;
	struct listener **items; /* each of its own: events point to them */
	size_t n;
	bool reading;
	struct loop_timer *drops_timer;
	struct log_rate drops_rate, error_rate;
};

static void
count_drops(struct listener *listener)
{
	struct udp_listeners *all = listener->all;
	uint64_t drops = udp_batch_drops(listener->batch);
	uint64_t held_back;

	if (drops == 0)
		return;
	stats_add(all->stats, all->drops_stat, drops);
	if (log_rate_take(&all->drops_rate, &held_back))
		log_warning("%s %s: the kernel dropped %llu datagrams, %llu in all: more came than "
			    "its buffer of %zu bytes holds",
		    all->input, udp_batch_name(listener->batch), (unsigned long long)drops,
		    (unsigned long long)all->stats->n[all->drops_stat],
		    udp_batch_receive_buffer(listener->batch));
}

static void
on_drops_timer(void *ctx)
{
	struct udp_listeners *all = ctx;

	for (size_t i = 0; i < all->n; i++)
		count_drops(all->items[i]);
	loop_timer_arm(all->drops_timer, DROPS_EVERY_MS);
}

static void
log_receive_error(struct listener *listener, int error)
{
	uint64_t held_back;

	if (log_rate_take(&listener->all->error_rate, &held_back))
		log_warning("%s %s: cannot receive: %s (%llu times before)", listener->all->input,
		    udp_batch_name(listener->batch), strerror(error),
		    (unsigned long long)held_back);
}

/* False: nothing there now. */
static bool
receive(struct listener *listener)
{
	int n = udp_batch_receive(listener->batch);

	if (n < 0)
		log_receive_error(listener, -n);
	listener->at = 0;
	listener->n = n > 0 ? n : 0;
	if (n > 0)
		count_drops(listener);
	return n > 0;
}

/* Moves what the batch holds to the queue. False: not all of it fits. */
static bool
queue_batch(struct listener *listener)
{
	const int from = listener->at;

	while (listener->at < listener->n &&
	       datagram_queue_put(listener->ahead, udp_batch_get(listener->batch, listener->at)))
		listener->at++;
	stats_add(listener->all->stats, listener->all->ahead_stat, (uint64_t)(listener->at - from));
	return listener->at == listener->n;
}

/* A burst that the kernel's buffer has no room for: to receive is faster than to act. */
static void
receive_ahead(struct listener *listener)
{
	if (!udp_batch_fills_up(listener->batch))
		return;
	for (int i = 0; i < AHEAD_BATCHES; i++)
		if (!queue_batch(listener) || !receive(listener))
			return;
}

/* Something was received and not handed over. */
static bool
is_behind(const struct listener *listener)
{
	return datagram_queue_count(listener->ahead) > 0 || listener->at < listener->n;
}

static bool
next_datagram(
    struct listener *listener, struct udp_datagram *room, const struct udp_datagram **ret_datagram)
{
	*ret_datagram = room;
	if (datagram_queue_take(listener->ahead, room))
		return true;
	if (listener->at == listener->n && !receive(listener))
		return false;
	*ret_datagram = udp_batch_get(listener->batch, listener->at++);
	return true;
}

static bool
is_long(const struct listener *listener, int64_t began_ns)
{
	return loop_now(listener->all->loop).now_ns - began_ns > TURN_NS;
}

/*
 * Hands over as many as one batch may hold, or as there is time for in the turn that began so. Returns their number;
 * *ret_last_us is when the last one was received.
 */
static int
hand_over(struct listener *listener, int64_t began_ns, int64_t *ret_last_us)
{
	struct udp_listeners *all = listener->all;
	const struct udp_datagram *datagram;
	struct udp_datagram room;
	int n = 0;

	if (!next_datagram(listener, &room, &datagram))
		return 0;
	const struct engine_time now = loop_now(all->loop);
	do {
		*ret_last_us = datagram->received_us;
		all->handler.datagram(all->handler.ctx, listener->i, datagram, now);
	} while (++n < UDP_BATCH_MAX && is_behind(listener) &&
		 (n % LOOK_EVERY != 0 || !is_long(listener, began_ns)) &&
		 next_datagram(listener, &room, &datagram));
	listener->full_ns = n == UDP_BATCH_MAX || is_behind(listener) ? now.now_ns : 0;
	return n;
}

static void
wait_for_more(struct listener *listener)
{
	if (is_behind(listener)) {
		event_del(listener->readable);
		loop_timer_arm(listener->resume, 0);
	} else {
		event_add(listener->readable, NULL);
	}
}

static void
take_turn(void *ctx)
{
	struct listener *listener = ctx;
	struct udp_listeners *all = listener->all;
	const int64_t began_ns = loop_now(all->loop).now_ns;
	int64_t last_us;
	int n = 0, batches = 0;

	if (listener->full_ns != 0)
		receive_ahead(listener);
	do {
		n = hand_over(listener, began_ns, &last_us);
	} while (n == UDP_BATCH_MAX && ++batches < UDP_LISTENERS_TURNS && all->reading);
	if (n > 0 || batches > 0)
		all->handler.turn_end(all->handler.ctx);
	if (all->reading)
		wait_for_more(listener);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	take_turn(ctx);
}

struct udp_listeners *
udp_listeners_new(struct loop *loop, const char *input, struct stats *stats,
    enum stats_counter drops_stat, enum stats_counter ahead_stat,
    const struct udp_listeners_handler *handler)
{
	struct udp_listeners *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->input = input;
	all->stats = stats;
	all->drops_stat = drops_stat;
	all->ahead_stat = ahead_stat;
	all->handler = *handler;
	all->drops_rate = (struct log_rate){ .interval_ms = 10000, .burst = 1 };
	all->error_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	all->drops_timer = loop_timer_new(loop, on_drops_timer, all);
	if (all->drops_timer == NULL) {
		free(all);
		return NULL;
	}
	loop_timer_arm(all->drops_timer, DROPS_EVERY_MS);
	return all;
}

static void
free_listener(struct listener *listener)
{
	if (listener == NULL)
		return;
	if (listener->readable != NULL)
		event_free(listener->readable);
	loop_timer_free(listener->resume);
	datagram_queue_free(listener->ahead);
	udp_batch_close(listener->batch);
	free(listener);
}

void
udp_listeners_free(struct udp_listeners *listeners)
{
	if (listeners == NULL)
		return;
	for (size_t i = 0; i < listeners->n; i++)
		free_listener(listeners->items[i]);
	loop_timer_free(listeners->drops_timer);
	free(listeners->items);
	free(listeners);
}

/* A Unix socket loses nothing: its sender waits. */
static void
warn_of_small_buffer(const struct udp_listeners *all, const struct udp_batch *batch, size_t wanted)
{
	size_t got = udp_batch_receive_buffer(batch);

	/* the kernel tells twice what it grants */
	if (got / 2 < wanted && strncmp(udp_batch_name(batch), "unix:", 5) != 0)
		log_warning(
		    "%s %s: the kernel granted a receive buffer of %zu bytes instead of %zu: "
		    "a burst may be lost (needs CAP_NET_ADMIN, or net.core.rmem_max=%zu)",
		    all->input, udp_batch_name(batch), got / 2, wanted, wanted);
}

static struct listener *
new_listener(struct udp_listeners *all, struct udp_batch *batch, size_t ahead_bytes)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL) {
		udp_batch_close(batch);
		return NULL;
	}
	listener->all = all;
	listener->i = all->n;
	listener->batch = batch;
	listener->readable = event_new(
	    loop_base(all->loop), udp_batch_fd(batch), EV_READ | EV_PERSIST, on_readable, listener);
	listener->resume = loop_timer_new(all->loop, take_turn, listener);
	listener->ahead = datagram_queue_new(ahead_bytes);
	struct listener **items = realloc(all->items, (all->n + 1) * sizeof(struct listener *));
	if (items != NULL)
		all->items = items;
	if (items == NULL || listener->readable == NULL || listener->resume == NULL ||
	    listener->ahead == NULL) {
		free_listener(listener);
		return NULL;
	}
	all->items[all->n++] = listener;
	return listener;
}

int
udp_listeners_open(struct udp_listeners *listeners, const char *kind, const char *host,
    uint16_t port, size_t receive_buffer, char *error, size_t size)
{
	struct udp_batch *batch = udp_batch_open(kind, host, port, receive_buffer, error, size);

	if (batch == NULL)
		return -1;
	struct listener *listener = new_listener(listeners, batch, receive_buffer);
	if (listener == NULL) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	warn_of_small_buffer(listeners, batch, receive_buffer);
	if (listeners->reading)
		event_add(listener->readable, NULL);
	return 0;
}

size_t
udp_listeners_count(const struct udp_listeners *listeners)
{
	return listeners->n;
}

struct udp_batch *
udp_listeners_batch(const struct udp_listeners *listeners, size_t i)
{
	return listeners->items[i]->batch;
}

void
udp_listeners_read(struct udp_listeners *listeners, bool on)
{
	listeners->reading = on;
	for (size_t i = 0; i < listeners->n; i++) {
		struct listener *listener = listeners->items[i];
		if (on) {
			wait_for_more(listener);
		} else {
			event_del(listener->readable);
			loop_timer_cancel(listener->resume);
		}
	}
}

bool
udp_listeners_behind(const struct udp_listeners *listeners, int64_t now_ns)
{
	for (size_t i = 0; i < listeners->n; i++) {
		const struct listener *listener = listeners->items[i];
		if (is_behind(listener) ||
		    (listener->full_ns != 0 && now_ns - listener->full_ns < BEHIND_NS))
			return true;
	}
	return false;
}

static void
drain(struct listener *listener, int64_t until_us)
{
	const struct udp_listeners_handler *handler = &listener->all->handler;
	int64_t last_us = INT64_MIN;

	for (int turn = 0; turn < DRAIN_TURNS_MAX && last_us <= until_us; turn++) {
		if (hand_over(listener, loop_now(listener->all->loop).now_ns, &last_us) == 0)
			return;
		handler->turn_end(handler->ctx);
	}
}

void
udp_listeners_drain(struct udp_listeners *listeners)
{
	struct engine_time now = loop_now(listeners->loop);

	for (size_t i = 0; i < listeners->n; i++)
		drain(listeners->items[i], now.wall_us);
}
