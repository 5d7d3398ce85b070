/*
 * neutron_queue: which port's state dpwatch-neutron sends next, and when it tries again (core).
 *
 * State, not history: what waits is folded to one row per port, and what is sent is what the port's hash says at that
 * moment, not what an event said. An event only makes its port wait. Ports that go DOWN come before those that go ACTIVE,
 * within these the one that waits longest. Time goes in, jobs come out: the caller sends a job, and tells what became of it.
 *
 * Two kinds of trouble are kept apart. Neutron is away (no answer, 429, 503): everything pauses with growing back-off, and
 * then a single request tries whether it is back. One port is refused (409, 500): it alone is tried again later.
 */
#ifndef DPWATCH_CORE_NEUTRON_QUEUE_H
#define DPWATCH_CORE_NEUTRON_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/neutron_entry.h"

/* Why a port is to be looked at. */
struct neutron_change {
	uint8_t id[16];
	struct neutron_entry entry;
	int64_t since_us;      /* wall clock: since when Neutron does not know it */
	int64_t not_before_ms; /* it is not given out sooner; 0: at once */
	bool down;             /* as far as is known; decides only about the order */
	bool force;            /* send it, also if it is what was sent last */
};

/* What to do now: send the state of this port. */
struct neutron_job {
	uint8_t id[16];
	bool down, force;
	int64_t since_us;
};

/* What became of a job. */
enum neutron_outcome {
	NEUTRON_SENT,      /* Neutron took it, and it is still the port's state */
	NEUTRON_EQUAL,     /* it was what had been sent last: nothing was sent */
	NEUTRON_GONE,      /* Neutron does not have that port (any more) */
	NEUTRON_MOVED,     /* Neutron took it, but the port's state has moved on meanwhile */
	NEUTRON_ELSEWHERE, /* another instance is at this port */
	NEUTRON_BRAKED,    /* it would go DOWN, and the brake is on */
	NEUTRON_UNDONE,    /* nothing was tried (Redis is away) */
	NEUTRON_LATER,     /* this port was refused for now (409, 412, 500) */
	NEUTRON_STUCK,     /* this port was refused for a reason that only a person can mend */
	NEUTRON_AWAY,      /* Neutron, or the way to it, is away or wants less */
	NEUTRON_HELD,      /* everything is refused until a person has mended it */
	NEUTRON_OUTCOME_MAX
};

struct neutron_queue;

/* No more than so many ports wait; beyond, neutron_queue_add says so. */
#define NEUTRON_QUEUE_MAX 1000000u

/* `parallel` (at least 1) jobs at a time; `seed` is for the jitter. NULL: out of memory. */
struct neutron_queue *neutron_queue_new(uint32_t parallel, uint64_t seed);
void neutron_queue_free(struct neutron_queue *queue);

/*
 * A port is to be looked at. 0; -ENOMEM, or -ENOSPC where NEUTRON_QUEUE_MAX ports wait, and nothing is changed: whoever
 * reads the stream leaves the entry unacknowledged. In *ret_ack an entry that now need not be acknowledged later, because a newer
 * one of its port stands in its place ({0, 0}: none).
 */
int neutron_queue_add(struct neutron_queue *queue, const struct neutron_change *change,
    struct neutron_entry *ret_ack) __attribute__((warn_unused_result));

/* The next job, if there is one for now. Each ends in one call of neutron_queue_done. */
bool neutron_queue_next(struct neutron_queue *queue, int64_t now_ms, struct neutron_job *ret_job);

/*
 * What became of a job that neutron_queue_next() gave out. `down` is what the port's state is as far as is known now;
 * `retry_after_ms` what Neutron asked for (0: nothing). *ret_ack is the entry to be acknowledged ({0, 0}: none).
 */
void neutron_queue_done(struct neutron_queue *queue, const uint8_t id[16],
    enum neutron_outcome outcome, bool down, int64_t retry_after_ms, int64_t now_ms,
    struct neutron_entry *ret_ack);

/* While the brake is on no port that goes DOWN is given out. */
void neutron_queue_brake(struct neutron_queue *queue, bool on);

/* Ends a pause: somebody has mended something. */
void neutron_queue_wake(struct neutron_queue *queue, int64_t now_ms);

/* When neutron_queue_next() may have something without a call of add, done or brake; INT64_MAX: never. */
int64_t neutron_queue_deadline(const struct neutron_queue *queue, int64_t now_ms);

struct neutron_queue_view {
	uint32_t waiting_down, waiting_active; /* for their turn */
	uint32_t delayed;                      /* to be tried again later */
	uint32_t busy;                         /* given out */
	bool braked;                           /* neutron_queue_brake() */
	bool held;                             /* the last outcome was NEUTRON_HELD */
	uint32_t failures;                     /* NEUTRON_AWAY in a row; 0: Neutron answers */
	int64_t paused_ms;                     /* how long nothing is given out; 0: not paused */
};
void neutron_queue_view(
    const struct neutron_queue *queue, int64_t now_ms, struct neutron_queue_view *ret_view);

/* since_us of the port that waits longest; 0: nothing waits. Looks at all of them. */
int64_t neutron_queue_oldest_us(const struct neutron_queue *queue);

/*
 * Walks the entries of the stream that are owed an acknowledgement; start with *cursor = 0. False at the end. The queue must
 * not change on the way.
 */
bool neutron_queue_entry(
    const struct neutron_queue *queue, uint32_t *cursor, struct neutron_entry *ret_entry);

#endif
