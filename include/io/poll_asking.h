/*
 * poll_asking: one switch that is being asked: a job (core/poll_job) and the talk that it needs (io). Private to poller.
 */
#ifndef DPWATCH_IO_POLL_ASKING_H
#define DPWATCH_IO_POLL_ASKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/poll_job.h"
#include "core/poll_plan.h"
#include "core/stats.h"
#include "io/loop.h"
#include "io/poll_session.h"

struct asking;

/* What all of them share; the poller's. */
struct asking_shared {
	struct loop *loop;
	struct stats *stats;
	struct poll_keys *keys;
	unsigned budget; /* requests that may be sent now */
	void *ctx;
	/* The job is over, as asking->outcome says; asking_close() comes next. */
	void (*over)(void *ctx, struct asking *asking);
};

/* Of which switch, and how. */
struct asking_terms {
	uint32_t sw;
	int64_t most_ns; /* longer in all is POLL_SLOW */
	unsigned leave;  /* so much of the budget it leaves to others */
	bool later; /* the first request waits for the next tick: `over` is not called before */
};

struct asking {
	struct asking_shared *shared;
	struct poll_session *session; /* NULL: this place is free */
	struct poll_job *job;         /* owned */
	struct asking_terms terms;
	int64_t began_ns;
	bool held; /* its next request waits for more budget */
	bool over;
	enum poll_outcome outcome;
};

/*
 * Begins at a free place. Takes the target and the job over, also where it fails; `agent` is what is known of it, and copied.
 * False: the switch cannot be asked; why (size bytes) says so, and the place is free.
 */
bool asking_begin(struct asking *asking, struct asking_shared *shared,
    const struct asking_terms *terms, struct poll_target *target, const struct poll_agent *agent,
    struct poll_job *job, char *why, size_t size);

/* Each tick: time-outs, repetitions, and what was held back. May call `over`. */
void asking_tick(struct asking *asking);

/* What is known of its agent now; nothing, where it did not answer. */
void asking_agent(const struct asking *asking, struct poll_agent *ret_agent);

/* As if it had ended so. */
void asking_break_off(struct asking *asking, enum poll_outcome outcome);

/* The place is free then. */
void asking_close(struct asking *asking);

#endif
