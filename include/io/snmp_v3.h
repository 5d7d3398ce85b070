/*
 * snmp_v3: which SNMPv3 messages are let through to the library, and what they are worth (io). Private to snmp_input.
 * RFC 3414; design.md, "Who sent it".
 *
 * One configured user serves every switch: an engine comes into being (core/usm_engines) with its first authentic message.
 * Until then its message costs two short hashes and one over the message, and that only so often per source. Time windows of
 * switches are judged here; those of INFORMs, for which our own engine counts, by the library, which also makes the Reports.
 */
#ifndef DPWATCH_IO_SNMP_V3_H
#define DPWATCH_IO_SNMP_V3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/stats.h"
#include "core/usm_engines.h"
#include "core/usm_header.h"
#include "io/loop.h"
#include "util/addr.h"

struct snmp_v3;
struct snmp_v3_user;

/*
 * Whether the users of the configuration are usable: the files of their secrets are there, private, and long enough. 0, or -1
 * with a message in error. Nothing is kept.
 */
int snmp_v3_check(const struct config *config, char *error, size_t error_size);

/* Without users until it is configured. NULL: out of memory. stats is borrowed. */
struct snmp_v3 *snmp_v3_new(struct loop *loop, const struct config *config, struct stats *stats);

/* Writes what must outlive us, and wipes every key. */
void snmp_v3_free(struct snmp_v3 *v3);

/*
 * Takes the users. With the first of them our engine begins a life (io/usm_store). Engines stay known; their keys are made
 * anew. 0, or -1 with a message in error; the old users stay then.
 */
int snmp_v3_configure(
    struct snmp_v3 *v3, const struct config *config, char *error, size_t error_size);

bool snmp_v3_has_users(const struct snmp_v3 *v3);

/* Whom we have heard: for views, and for forgetting. Never NULL; empty without users. */
struct usm_engines *snmp_v3_engines(const struct snmp_v3 *v3);

/* One message on its way through. Private to snmp_v3 but for `header`. */
struct snmp_v3_pass {
	struct usm_header header;
	const struct snmp_v3_user *user; /* NULL: none fits; the library makes a Report */
	struct usm_keys keys;
	bool own;              /* for our own engine: an INFORM, a request or discovery */
	bool authentic_before; /* keys are new, and the digest was checked with them */
};

/*
 * Looks at a message before the library does. STAT_MAX: feed it, then call snmp_v3_leave(); else it is refused, and that is
 * the counter.
 */
enum stats_counter snmp_v3_enter(struct snmp_v3 *v3, struct slice datagram, const struct addr *from,
    int64_t now_ns, struct snmp_v3_pass *ret_pass);
void snmp_v3_leave(struct snmp_v3 *v3, struct snmp_v3_pass *pass);

/*
 * The library found the message right. `level`: as it says. Remembers a switch's engine, and judges its time. STAT_MAX: the
 * notification counts; else it is refused, and that is the counter.
 */
enum stats_counter snmp_v3_accept(struct snmp_v3 *v3, const struct snmp_v3_pass *pass, int level,
    const struct addr *from, const struct engine_time *time);

/* Whether a Report may go to this source now: it is an answer to somebody who proved nothing. */
bool snmp_v3_may_report(struct snmp_v3 *v3, const struct addr *from, int64_t now_ns);

#endif
