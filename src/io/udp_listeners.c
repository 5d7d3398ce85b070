#include "io/udp_listeners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "util/log.h"

/* How often drops are asked for while nothing comes. */
#define DROPS_EVERY_MS 1000

/* A full batch says that more is queued; one so long ago says nothing. */
#define BEHIND_NS 20000000

/* An end for a drain whose sender's clock is ours and stepped back meanwhile: more than any buffer holds. */
#define DRAIN_TURNS_MAX 8192

struct listener {
	struct udp_listeners *all;
	size_t i;
	struct udp_batch *batch;
	struct event *readable;
	int64_t full_ns; /* engine time of its last batch, where that was full; else 0 */
};

struct udp_listeners {
	struct loop *loop;
	const char *input;
	struct stats *stats;
	enum stats_counter drops_stat;
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

/* One batch. Returns the number of datagrams; 0: nothing there. */
static int
take_turn(struct listener *listener)
{
	struct udp_listeners *all = listener->all;
	int n = udp_batch_receive(listener->batch);

	if (n < 0)
		log_receive_error(listener, -n);
	if (n <= 0)
		return 0;
	struct engine_time now = loop_now(all->loop);
	listener->full_ns = n == UDP_BATCH_MAX ? now.now_ns : 0;
	count_drops(listener);
	for (int i = 0; i < n; i++)
		all->handler.datagram(
		    all->handler.ctx, listener->i, udp_batch_get(listener->batch, i), now);
	all->handler.turn_end(all->handler.ctx);
	return n;
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct listener *listener = ctx;

	(void)fd;
	(void)what;
	for (int turn = 0; turn < UDP_LISTENERS_TURNS && listener->all->reading; turn++)
		if (take_turn(listener) < UDP_BATCH_MAX)
			return;
}

struct udp_listeners *
udp_listeners_new(struct loop *loop, const char *input, struct stats *stats,
    enum stats_counter drops_stat, const struct udp_listeners_handler *handler)
{
	struct udp_listeners *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->input = input;
	all->stats = stats;
	all->drops_stat = drops_stat;
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
new_listener(struct udp_listeners *all, struct udp_batch *batch)
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
	struct listener **items = realloc(all->items, (all->n + 1) * sizeof(struct listener *));
	if (items != NULL)
		all->items = items;
	if (items == NULL || listener->readable == NULL) {
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
	struct listener *listener = new_listener(listeners, batch);
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
		if (on)
			event_add(listeners->items[i]->readable, NULL);
		else
			event_del(listeners->items[i]->readable);
	}
}

bool
udp_listeners_behind(const struct udp_listeners *listeners, int64_t now_ns)
{
	for (size_t i = 0; i < listeners->n; i++)
		if (listeners->items[i]->full_ns != 0 &&
		    now_ns - listeners->items[i]->full_ns < BEHIND_NS)
			return true;
	return false;
}

static void
drain(struct listener *listener, int64_t until_us)
{
	for (int turn = 0; turn < DRAIN_TURNS_MAX; turn++) {
		int n = take_turn(listener);
		if (n == 0 || udp_batch_get(listener->batch, n - 1)->received_us > until_us)
			return;
	}
}

void
udp_listeners_drain(struct udp_listeners *listeners)
{
	struct engine_time now = loop_now(listeners->loop);

	for (size_t i = 0; i < listeners->n; i++)
		drain(listeners->items[i], now.wall_us);
}
