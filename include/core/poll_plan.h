/*
 * poll_plan: which switch is asked next, and how soon (core). Times in, decisions out; it sends nothing.
 *
 * Switches wait in two lines: those about which something is doubted, and those whose turn it is in the sweep. One switch has
 * one job under way at most, and all together no more than POLL_RUNNING_MAX. One that stays silent is left alone for longer and
 * longer; what was wanted of it stays wanted. Silence is never down: the plan only says since when.
 */
#ifndef DPWATCH_CORE_POLL_PLAN_H
#define DPWATCH_CORE_POLL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/poll_job.h"
#include "core/topo.h"

#define POLL_RUNNING_MAX 64
/* A switch that was silent is asked again after 10 s, 20 s, ... at most 5 min. */
#define POLL_RETRY_NS INT64_C(10000000000)
#define POLL_RETRY_MAX_NS INT64_C(300000000000)

struct poll_plan;

/* For no switch yet. interval_ms: of the sweep; 0 is off. NULL: out of memory. */
struct poll_plan *poll_plan_new(int64_t interval_ms);
void poll_plan_free(struct poll_plan *plan);
void poll_plan_set_interval(struct poll_plan *plan, int64_t interval_ms);

/*
 * Another map is in force: what is known of a switch goes with its name; what is under way is forgotten (the caller gives it
 * up). Switches that are new are wanted whole, in the sweep's line. `pollable` says of each switch whether there are
 * credentials for it. 0 or -ENOMEM, and the plan then has no switches at all.
 */
int poll_plan_set_topo(
    struct poll_plan *plan, const struct topo *now, const bool *pollable, int64_t now_ns);

/*
 * An interface is doubted: its row is wanted (if_index 0: nobody knows it, so the whole table is). False where the switch
 * cannot be asked at all.
 */
bool poll_plan_want(struct poll_plan *plan, uint32_t sw, uint32_t if_index);

/* The whole table is wanted; `soon`: before the sweep's. */
bool poll_plan_want_all(struct poll_plan *plan, uint32_t sw, bool soon);

/* What is to be done with a switch. */
struct poll_task {
	uint32_t sw;
	bool walk;
	uint32_t if_indexes[POLL_GET_MAX];
	size_t n;
};

/* The next task at this time; the switch is under way from now on. False: none, for now. */
bool poll_plan_next(struct poll_plan *plan, int64_t now_ns, struct poll_task *ret_task);

enum poll_outcome {
	POLL_ANSWERED,
	POLL_SILENT, /* no answer, after all retries */
	POLL_REFUSED, /* an answer that says no: an SNMP error, or a Report (unknown user, wrong digest) */
	POLL_UNSENT, /* it could not be asked: no route, no memory */
	POLL_OUTCOME_MAX
};
extern const char *const poll_outcome_names[POLL_OUTCOME_MAX]; /* "answered", "no answer" ... */

/* The switch's task has ended. */
void poll_plan_done(struct poll_plan *plan, uint32_t sw, enum poll_outcome outcome, int64_t now_ns,
    int64_t wall_us);

/* When poll_plan_next may have something at the latest, if nothing is wanted before; INT64_MAX: never. */
int64_t poll_plan_deadline(const struct poll_plan *plan, int64_t now_ns);

/* What is known of polling a switch. */
struct poll_view {
	bool pollable;
	enum poll_outcome outcome; /* of the last task; POLL_OUTCOME_MAX: there was none yet */
	int64_t since_us;          /* wall time since when it is so */
	int64_t asked_us;          /* wall time of the last end; 0: never */
	unsigned n_silent;         /* in a row */
};
void poll_plan_view(const struct poll_plan *plan, uint32_t sw, struct poll_view *ret_view);

struct poll_totals {
	uint32_t pollable, unreachable, running, waiting;
};
void poll_plan_totals(const struct poll_plan *plan, struct poll_totals *ret_totals);

#endif
