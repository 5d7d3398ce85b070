/*
 * poll_plan: which switch is asked next, and how soon (core). Times in, decisions out; it sends nothing.
 *
 * Switches wait in two lines: those about which something is doubted, and those whose turn it is in the sweep. One switch has
 * one job under way at most, and all together no more than POLL_RUNNING_MAX. One that stays silent is asked at its next address,
 * if it has more; once it was silent at all of them, it is left alone for longer and longer. What was wanted of it stays wanted.
 * Silence is never down: the plan only says since when.
 */
#ifndef DPWATCH_CORE_POLL_PLAN_H
#define DPWATCH_CORE_POLL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/poll_job.h"
#include "core/topo.h"

#define POLL_RUNNING_MAX 64
/* Of these, switches that were silent the last time, so that a dead half of the network does not hold up the other. */
#define POLL_PROBED_MAX 32
/* A switch that was silent is asked again after 10 s, 20 s, ... at most 5 min. */
#define POLL_RETRY_NS INT64_C(10000000000)
#define POLL_RETRY_MAX_NS INT64_C(300000000000)
/* Switches that wait for their time are looked through so often. */
#define POLL_LOOK_NS INT64_C(500000000)

struct poll_plan;

/* For no switch yet. interval_ms: of the sweep; 0 is off. NULL: out of memory. */
struct poll_plan *poll_plan_new(int64_t interval_ms);
void poll_plan_free(struct poll_plan *plan);
void poll_plan_set_interval(struct poll_plan *plan, int64_t interval_ms);

/*
 * Another map is in force: what is known of a switch goes with its name, also that it is under way (the caller goes on with
 * that under the new number, or says poll_plan_give_up()). Switches that are new, or have more interfaces than before, are wanted whole, in the sweep's line, which
 * goes on where it was. `pollable` says of each switch whether there are credentials for it. 0 or -ENOMEM, and the plan then has
 * no switches at all.
 */
int poll_plan_set_topo(
    struct poll_plan *plan, const struct topo *now, const bool *pollable, int64_t now_ns);

/* No switches any more. */
void poll_plan_forget(struct poll_plan *plan);

/* By which a switch is found again in the next map. */
const char *poll_plan_name(const struct poll_plan *plan, uint32_t sw);

/* What is under way there was broken off: the whole table is wanted again, at once. */
void poll_plan_give_up(struct poll_plan *plan, uint32_t sw);

/* Whom silence (or wrong credentials) made wait need not any more: something changed that may help. */
void poll_plan_forgive(struct poll_plan *plan);

/*
 * An interface is doubted: its row is wanted (if_index 0: nobody knows it, so the whole table is). False where the switch
 * cannot be asked at all.
 */
bool poll_plan_want(struct poll_plan *plan, uint32_t sw, uint32_t if_index);

/* The whole table is wanted; `soon`: before the sweep's, and even if it was silent: somebody knows that it is there. */
bool poll_plan_want_all(struct poll_plan *plan, uint32_t sw, bool soon);

/* The whole table is wanted, before the sweep's, but not before at_ns (to POLL_LOOK_NS); the first that was said holds. */
bool poll_plan_want_later(struct poll_plan *plan, uint32_t sw, int64_t at_ns);

/* What is to be done with a switch. */
struct poll_task {
	uint32_t sw;
	bool walk;
	uint32_t address; /* which of its addresses, modulo their number */
	uint32_t if_indexes[POLL_GET_MAX];
	size_t n;
};

/* The next task at this time; the switch is under way from now on. False: none, for now. */
bool poll_plan_next(struct poll_plan *plan, int64_t now_ns, struct poll_task *ret_task);

enum poll_outcome {
	POLL_ANSWERED,
	POLL_SILENT, /* no answer, after all retries */
	POLL_CLOSED, /* no answer, and the network says that nothing listens there (ICMP) */
	POLL_REFUSED, /* an answer that says no: an SNMP error, or a Report that is none of those below */
	POLL_UNSENT, /* it could not be asked: no route, no memory */
	POLL_SLOW,   /* its answers came, but took too long in all */
	POLL_EMPTY, /* it answered, and tells of no interface at all: a view that leaves them out */
	/* SNMPv3: Reports (RFC 3414 3.2) */
	POLL_UNKNOWN_USER,
	POLL_WRONG_DIGEST,
	POLL_NOT_DECRYPTED,
	POLL_UNSUPPORTED_LEVEL,
	POLL_NOT_IN_TIME,
	POLL_UNKNOWN_ENGINE, /* it names another engine with every answer */
	POLL_NO_USER,        /* the configuration has no user for its engine */
	POLL_OUTCOME_MAX
};
extern const char *const poll_outcome_names[POLL_OUTCOME_MAX]; /* "answered", "no answer" ... */

/* The switch's task has ended. While there are addresses left to try, poll_plan_view() is as before. */
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
	uint32_t running, waiting;
};
void poll_plan_totals(const struct poll_plan *plan, struct poll_totals *ret_totals);

#endif
