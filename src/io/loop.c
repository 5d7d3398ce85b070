#include "io/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

/* A delay beyond this is cut: nobody waits a hundred years, and time_t plus now must not overflow. */
#define DELAY_MAX_MS (100LL * 365 * 24 * 3600 * 1000)

struct loop_signal {
	struct loop_signal *next;
	struct event *event;
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop {
	struct event_base *base;
	struct loop_signal *signals; /* owned */
};

struct loop_timer {
	struct event *event;
	void (*fn)(void *ctx);
	void *ctx;
};

/*
 * Without libevent's cached time, so that a delay counts from when it is asked for and not from the wake-up. With its change
 * list: hiredis turns the wish to read and to write on and off with each batch, and what is off again by the next wake-up
 * costs no epoll_ctl. The list asks that no descriptor in the loop has a duplicate in this process: none has.
 */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	if (event_config_set_flag(
		config, EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->base = new_base();
	if (loop->base == NULL) {
		free(loop);
		return NULL;
	}
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	while (loop->signals != NULL) {
		struct loop_signal *signal = loop->signals;
		loop->signals = signal->next;
		event_free(signal->event);
		free(signal);
	}
	event_base_free(loop->base);
	free(loop);
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}

struct engine_time
loop_now(struct loop *loop)
{
	struct timespec boot, wall;

	(void)loop;
	/* CLOCK_BOOTTIME goes on while the machine is suspended, as the switches' clocks do. */
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	int64_t wall_us = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000;
	return (struct engine_time){
		.now_ns = (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec,
		.wall_us = wall_us,
		.turn_us = wall_us,
	};
}

int
loop_run(struct loop *loop)
{
	return event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0 ? -EIO : 0;
}

void
loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct loop_timer *timer = ctx;

	(void)fd;
	(void)what;
	timer->fn(timer->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *loop, void (*fn)(void *ctx), void *ctx)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	timer->fn = fn;
	timer->ctx = ctx;
	timer->event = evtimer_new(loop->base, on_timer, timer);
	if (timer->event == NULL) {
		free(timer);
		return NULL;
	}
	return timer;
}

void
loop_timer_arm(struct loop_timer *timer, int64_t delay_ms)
{
	if (delay_ms < 0)
		delay_ms = 0;
	if (delay_ms > DELAY_MAX_MS)
		delay_ms = DELAY_MAX_MS;
	const struct timeval delay = {
		.tv_sec = (time_t)(delay_ms / 1000),
		.tv_usec = (suseconds_t)(delay_ms % 1000 * 1000),
	};
	evtimer_add(timer->event, &delay);
}

void
loop_timer_cancel(struct loop_timer *timer)
{
	evtimer_del(timer->event);
}

bool
loop_timer_armed(const struct loop_timer *timer)
{
	return evtimer_pending(timer->event, NULL) != 0;
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

static void
on_signal(evutil_socket_t fd, short what, void *ctx)
{
	struct loop_signal *signal = ctx;

	(void)fd;
	(void)what;
	signal->fn(signal->ctx);
}

int
loop_on_signal(struct loop *loop, int signal, void (*fn)(void *ctx), void *ctx)
{
	struct loop_signal *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return -ENOMEM;
	entry->fn = fn;
	entry->ctx = ctx;
	entry->event = evsignal_new(loop->base, signal, on_signal, entry);
	if (entry->event == NULL || evsignal_add(entry->event, NULL) != 0) {
		if (entry->event != NULL)
			event_free(entry->event);
		free(entry);
		return -ENOMEM;
	}
	entry->next = loop->signals;
	loop->signals = entry;
	return 0;
}
