/*
 * loop: the one event loop, and the only place that reads the clock (io).
 *
 * The clock is read once per wake-up of an input; everything handled in that turn carries that time.
 */
#ifndef DPWATCH_IO_LOOP_H
#define DPWATCH_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"

struct event_base;
struct loop;

/* NULL: out of memory or no usable kernel interface. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);
struct event_base *loop_base(struct loop *loop);

/* Reads the clocks and returns them: engine clock (CLOCK_BOOTTIME) and wall clock. */
struct engine_time loop_now(struct loop *loop);

/* Runs until loop_stop. 0, or -EIO when the kernel interface failed. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/*
 * A timer: calls fn(ctx) once, delay_ms from now (again only if armed again). Arming an armed timer moves it.
 */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *ctx), void *ctx);
void loop_timer_arm(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_cancel(struct loop_timer *timer);
bool loop_timer_armed(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

/* Calls fn(ctx) for a signal. Freed with loop_free. 0 or -ENOMEM. */
int loop_on_signal(struct loop *loop, int signal, void (*fn)(void *ctx), void *ctx);

#endif
