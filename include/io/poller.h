/*
 * poller: asks switches over SNMP, and hands on what they answer (io). core/poll_plan says whom, core/poll_job what; a switch
 * that is being asked has a talk of its own (io/poll_session), which ends with its job. Nothing blocks.
 *
 * An answer counts only from the address that was asked (the socket is connected) and with the number of the request; over
 * SNMPv3 only if it is authentic, and as secret as the user of the configuration wants it. It is
 * stamped with the time of the *request*, so that it never beats a word that came meanwhile.
 */
#ifndef DPWATCH_IO_POLLER_H
#define DPWATCH_IO_POLLER_H

#include "core/config.h"
#include "core/poll_job.h"
#include "core/poll_plan.h"
#include "core/stats.h"
#include "core/topo.h"
#include "io/loop.h"

/* Not more packets a second than this, apart from repetitions and the first meeting with an engine of SNMPv3. */
#define POLLER_RATE 2000
/* One job may take so long in all, or slow switches would keep the others from being asked. */
#define POLLER_JOB_MS 120000
/* The same of a discovery, and so many of them may be under way. */
#define POLLER_DISCOVERY_MS 60000
#define POLLER_DISCOVERIES 8

struct poller_handler {
	void *ctx;
	/* What a switch answered; `whole` is false where it fell silent in mid-walk: these are the rows so far. */
	void (*answered)(void *ctx, uint32_t sw, const struct poll_job *job, bool whole);
	/* A switch answers again, or ceased to (a change, not each time). `why` is for people. */
	void (*reachable)(void *ctx, uint32_t sw, enum poll_outcome outcome, const char *why);
};

struct poller;

/* Whether the credentials of the configuration are usable. 0, or -1 with a message in error. Nothing is kept. */
int poller_check(const struct config *config, char *error, size_t error_size);

/* NULL: out of memory. */
struct poller *poller_new(struct loop *loop, const struct config *config, struct stats *stats,
    const struct poller_handler *handler);
void poller_free(struct poller *poller);

/*
 * Another interval, and other credentials: which switches can be asked is seen at poller_set_topo(), which must follow. Who was
 * silent is asked again at once.
 */
void poller_configure(struct poller *poller, const struct config *config);

/*
 * Another map is in force, borrowed until the next call. Jobs under way go on where the switch is still there and still has the
 * address that is being asked.
 */
void poller_set_topo(struct poller *poller, const struct topo *now);

/* Something may have been wanted of its plan by others: it is looked at in the loop's next turn. */
void poller_kick(struct poller *poller);

/* What is wanted; see poll_plan_want() and poll_plan_want_all(). It is asked in the loop's next turn. */
bool poller_want(struct poller *poller, uint32_t sw, uint32_t if_index);
bool poller_want_all(struct poller *poller, uint32_t sw, bool soon);
/* The whole switch, at the earliest in so many milliseconds; see poll_plan_want_later(). */
bool poller_want_later(struct poller *poller, uint32_t sw, int64_t delay_ms);

/*
 * A discovery (core/discover_job.h) of a switch at one of its addresses, modulo their number: it ends in one call of `ended`,
 * in a later turn, whatever becomes of the map; `job` is borrowed then, and has what was told so far. POLL_OUTCOME_MAX: it was
 * broken off for another configuration, and may be begun anew. It is no poll: what is known of polling stays as it is. False
 * where it cannot be begun; then `why` (size bytes) says so, or is "" where as many as may be are under way.
 */
struct poller_discovery {
	void *ctx;
	void (*ended)(void *ctx, enum poll_outcome outcome, const struct poll_job *job);
};
bool poller_discover(struct poller *poller, uint32_t sw, uint32_t address,
    const struct poller_discovery *discovery, char *why, size_t size);

/* For views, and for who wants something of it: poller_kick() then. */
struct poll_plan *poller_plan(struct poller *poller);

#endif
