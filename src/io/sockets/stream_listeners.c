#include "io/stream_listeners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/listen_socket.h"
#include "util/log.h"

#define ACCEPT_PAUSE_MS 1000

struct listener {
	struct stream_listeners *all;
	int fd;
	bool tls;
	struct event *readable;
	char name[LISTEN_SOCKET_NAME_MAX];
};

struct stream_listeners {
	struct loop *loop;
	struct stream_listeners_handler handler;
	struct listener **items;
	size_t n;
	bool reading;
	struct loop_timer *accept_again;
	struct log_rate accept_rate;
};

static void
listen_on(struct stream_listeners *listeners, bool on)
{
	for (size_t i = 0; i < listeners->n; i++) {
		if (on)
			event_add(listeners->items[i]->readable, NULL);
		else
			event_del(listeners->items[i]->readable);
	}
}

static void
on_accept_again(void *ctx)
{
	struct stream_listeners *listeners = ctx;

	listen_on(listeners, listeners->reading);
}

static void
pause_accepting(const struct listener *listener, int error)
{
	struct stream_listeners *listeners = listener->all;
	uint64_t held_back;

	listen_on(listeners, false);
	loop_timer_arm(listeners->accept_again, ACCEPT_PAUSE_MS);
	if (log_rate_take(&listeners->accept_rate, &held_back))
		log_error("%s %s: cannot accept a connection: %s", listeners->handler.input,
		    listener->name, strerror(error));
}

static void
on_listener(evutil_socket_t fd, short what, void *ctx)
{
	const struct listener *listener = ctx;
	const struct stream_listeners_handler *handler = &listener->all->handler;
	struct stream_peer peer = { .tls = listener->tls };
	struct sockaddr *address = (struct sockaddr *)&peer.address;

	(void)what;
	peer.address_len = sizeof(peer.address);
	int accepted = accept4(fd, address, &peer.address_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (accepted >= 0 && addr_from_sockaddr(address, &peer.from))
		handler->accepted(handler->ctx, accepted, &peer);
	else if (accepted >= 0)
		close(accepted);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(listener, errno);
}

static void
free_listener(struct listener *listener)
{
	if (listener->readable != NULL)
		event_free(listener->readable);
	close(listener->fd);
	free(listener);
}

static struct listener *
new_listener(struct stream_listeners *listeners, int fd, bool tls)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	struct listener **items = realloc(listeners->items, (listeners->n + 1) * sizeof(listener));

	if (items != NULL)
		listeners->items = items;
	if (items == NULL || listener == NULL) {
		free(listener);
		close(fd);
		return NULL;
	}
	*listener = (struct listener){ .all = listeners, .fd = fd, .tls = tls };
	listen_socket_name(fd, listener->name, sizeof(listener->name));
	if (tls)
		memcpy(listener->name, "tls", 3); /* where "tcp" stands */
	listener->readable =
	    event_new(loop_base(listeners->loop), fd, EV_READ | EV_PERSIST, on_listener, listener);
	if (listener->readable == NULL) {
		free_listener(listener);
		return NULL;
	}
	listeners->items[listeners->n++] = listener;
	return listener;
}

/* ---- what the header promises ---- */

struct stream_listeners *
stream_listeners_new(struct loop *loop, const struct stream_listeners_handler *handler)
{
	struct stream_listeners *listeners = calloc(1, sizeof(*listeners));

	if (listeners == NULL)
		return NULL;
	listeners->loop = loop;
	listeners->handler = *handler;
	listeners->accept_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	listeners->accept_again = loop_timer_new(loop, on_accept_again, listeners);
	if (listeners->accept_again == NULL) {
		free(listeners);
		return NULL;
	}
	return listeners;
}

void
stream_listeners_free(struct stream_listeners *listeners)
{
	if (listeners == NULL)
		return;
	for (size_t i = 0; i < listeners->n; i++)
		free_listener(listeners->items[i]);
	loop_timer_free(listeners->accept_again);
	free(listeners->items);
	free(listeners);
}

int
stream_listeners_open(struct stream_listeners *listeners, const char *kind, const char *host,
    uint16_t port, char *error, size_t size)
{
	int fd = listen_socket_open(kind, host, port, error, size);

	if (fd < 0)
		return -1;
	const struct listener *listener = new_listener(listeners, fd, strcmp(kind, "tls") == 0);
	if (listener == NULL) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	if (listeners->reading)
		event_add(listener->readable, NULL);
	return 0;
}

size_t
stream_listeners_count(const struct stream_listeners *listeners)
{
	return listeners->n;
}

const char *
stream_listeners_name(const struct stream_listeners *listeners, size_t i)
{
	return listeners->items[i]->name;
}

void
stream_listeners_read(struct stream_listeners *listeners, bool on)
{
	listeners->reading = on;
	loop_timer_cancel(listeners->accept_again);
	listen_on(listeners, on);
}
