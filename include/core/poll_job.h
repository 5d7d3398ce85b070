/*
 * poll_job: one round of questions to one switch, and what it answered (core). Bytes and times go in, requests and rows come
 * out; who sends them is io/poller.
 *
 * A *walk* reads the whole interface table with GETBULK (RFC 3416 4.2.3), column beside column; a *get* reads single rows whose
 * index is known. Asked for is what IF-MIB (RFC 2863) says of an interface: ifName (ifXTable; missing on old agents), ifDescr,
 * ifOperStatus, ifAdminStatus, ifLastChange; and sysUpTime.0 in each request, which tells a reboot. The instance of each column is the
 * ifIndex, so rows are put together by it, whatever an agent leaves out. Where it is wanted, a walk then reads
 * which aggregate an interface is in: dot3adAggPortAttachedAggID of IEEE8023-LAG-MIB; where no row has it, ifStackTable. An agent to which a request is too much is asked for
 * less (GETBULK of one row, then GETNEXT; a row at a time); one that restarts in mid-walk is read from the beginning.
 */
#ifndef DPWATCH_CORE_POLL_JOB_H
#define DPWATCH_CORE_POLL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/oid.h"
#include "core/poll_rows.h"
#include "core/trap.h"

/* A get asks for so many rows at most. */
#define POLL_GET_MAX 10

/* sysUpTime.0, and each column's cursor or each row's objects. */
#define POLL_OIDS_MAX (1 + POLL_COLUMN_MAX * POLL_GET_MAX)
#define POLL_OID_LEN 48

struct poll_request {
	bool bulk;        /* GETBULK with one non-repeater */
	bool next;        /* GETNEXT; neither: GET */
	long repetitions; /* of a GETBULK */
	size_t n;
	struct {
		unsigned long ids[POLL_OID_LEN];
		size_t n;
	} oids[POLL_OIDS_MAX];
};

struct poll_job;

struct discover_job;

struct poll_job *poll_job_walk(void); /* NULL: out of memory */
/* Not for words: all that core/discover_job.h reads. It has no rows. */
struct poll_job *poll_job_discover(void);
/* To a walk that has not begun: which aggregates its interfaces are in is worth reading. */
void poll_job_want_lags(struct poll_job *job);
/* n is 1 to POLL_GET_MAX. */
struct poll_job *poll_job_get(const uint32_t *if_indexes, size_t n);
void poll_job_free(struct poll_job *job);
bool poll_job_is_walk(const struct poll_job *job);
const struct discover_job *poll_job_discovery(const struct poll_job *job); /* NULL: it is none */

/* The next request: the first, or after POLL_STEP_MORE. */
void poll_job_request(const struct poll_job *job, struct poll_request *ret_request);

enum poll_step {
	POLL_STEP_MORE, /* ask on */
	POLL_STEP_DONE, /* that is all that the switch tells */
};
/*
 * Takes the varbinds of the answer to the last request, which was sent at asked_ns. What was not asked for, or comes out of
 * order, is passed over: no agent can keep a job going for ever.
 */
enum poll_step poll_job_take(
    struct poll_job *job, const struct trap_varbind *varbinds, size_t n, int64_t asked_ns);

/*
 * The switch answered the last request with an error-status (tooBig, genErr ...). True: less is asked now, with the next
 * poll_job_request(); false: there is no less.
 */
bool poll_job_refused(struct poll_job *job);

/*
 * From now on, and from the beginning, in the form that an agent of SNMPv1 (RFC 1157) takes: GETNEXT, a row at a time. Such an
 * agent refuses the whole request for one object that it has not (noSuchName).
 */
void poll_job_use_v1(struct poll_job *job);

/* It did so for the index-th varbind, counted from 1 (0: nobody knows which): that column, or row, is asked no more. */
enum poll_step poll_job_no_such(struct poll_job *job, long index);

/* Of a get: whether each of its rows was told by the switch, with ifOperStatus. True of a walk. */
bool poll_job_complete(const struct poll_job *job);

/* The rows so far, ordered by ifIndex; borrowed until the next call. */
size_t poll_job_n_rows(const struct poll_job *job);
const struct poll_row *poll_job_row(const struct poll_job *job, size_t i);

/* sysUpTime of the last answer that told one. False: none did. */
bool poll_job_uptime(const struct poll_job *job, uint32_t *ret_uptime_cs);

/* The switch's SNMP engine has booted since it was asked before (SNMPv3's snmpEngineBoots), and whether that was said. */
void poll_job_booted(struct poll_job *job);
bool poll_job_has_booted(const struct poll_job *job);

#endif
