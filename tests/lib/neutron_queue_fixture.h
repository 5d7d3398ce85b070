/*
 * neutron_queue_fixture: a queue of ports whose numbers are their ids, and a clock that the test sets. State is static.
 */
#ifndef DPWATCH_TESTS_LIB_NEUTRON_QUEUE_FIXTURE_H
#define DPWATCH_TESTS_LIB_NEUTRON_QUEUE_FIXTURE_H

#include <check.h>
#include <string.h>

#include "core/neutron_queue.h"

#define PARALLEL 4

static struct neutron_queue *queue;
static int64_t now;

static inline void
set_up(void)
{
	queue = neutron_queue_new(PARALLEL, 1);
	ck_assert_ptr_nonnull(queue);
	now = 1000000;
}

static inline void
tear_down(void)
{
	neutron_queue_free(queue);
}

static inline struct neutron_change
change_of(unsigned port, bool down, uint64_t seq)
{
	struct neutron_change change = {
		.entry = { seq > 0, seq }, .since_us = 500 + (int64_t)seq, .down = down
	};

	memcpy(change.id, &port, sizeof(port));
	return change;
}

/* Adds, and gives the sequence number of the entry that is to be acknowledged; 0: none. */
static inline uint64_t
add(unsigned port, bool down, uint64_t seq)
{
	const struct neutron_change change = change_of(port, down, seq);
	struct neutron_entry ack;

	ck_assert_int_eq(neutron_queue_add(queue, &change, &ack), 0);
	return ack.seq;
}

static inline unsigned
port_of(const uint8_t id[16])
{
	unsigned port;

	memcpy(&port, id, sizeof(port));
	return port;
}

/* The port of the next job; 0: there is none. */
static inline unsigned
next(void)
{
	struct neutron_job job;

	return neutron_queue_next(queue, now, &job) ? port_of(job.id) : 0;
}

static inline uint64_t
done_after(unsigned port, enum neutron_outcome outcome, bool down, int64_t retry_after_ms)
{
	uint8_t id[16] = { 0 };
	struct neutron_entry ack;

	memcpy(id, &port, sizeof(port));
	neutron_queue_done(queue, id, outcome, down, retry_after_ms, now, &ack);
	return ack.seq;
}

static inline uint64_t
done(unsigned port, enum neutron_outcome outcome, bool down)
{
	return done_after(port, outcome, down, 0);
}

static inline struct neutron_queue_view
view(void)
{
	struct neutron_queue_view result;

	neutron_queue_view(queue, now, &result);
	return result;
}

#endif
