/*
 * discover_job: what one switch tells of itself: its interfaces, aggregates and neighbours (core). Answers go in, requests and
 * then JSON come out; who sends them is io/poller.
 *
 * Read are, with table_walk: sysName, snmpEngineID; ifTable and ifXTable (RFC 2863); LAG membership from IEEE8023-LAG-MIB, or
 * ifStackTable where that tells none; LLDP-MIB (IEEE 802.1AB-2005), or LLDP-V2-MIB (802.1AB-2009) where that tells no
 * neighbour. All of it was sent by a stranger, and neighbours by strangers to that: texts that are no UTF-8, or hold control
 * characters, are written in hexadecimal.
 */
#ifndef DPWATCH_CORE_DISCOVER_JOB_H
#define DPWATCH_CORE_DISCOVER_JOB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/poll_job.h"
#include "core/trap.h"

struct discover_job;

struct discover_job *discover_job_new(void); /* NULL: out of memory */
void discover_job_free(struct discover_job *job);

/* As their namesakes of poll_job. */
void discover_job_request(const struct discover_job *job, struct poll_request *ret_request);
enum poll_step discover_job_take(
    struct discover_job *job, const struct trap_varbind *varbinds, size_t n);
bool discover_job_refused(struct discover_job *job);
void discover_job_use_v1(struct discover_job *job);
enum poll_step discover_job_no_such(struct discover_job *job, long index);

/*
 * What was told so far, a new reference, or NULL when out of memory:
 * {"sys_name": "leaf1" or null, "engine_id": "0x..." or null, "chassis": id or null,
 *  "interfaces": [{"name", "descr", "alias" (each "" where not told), "if_index", "type" (0: not told), "mac" or null,
 *                  "aggregate": ifIndex, 0: in none; "aggregates": [ifIndex ...] where ifStackTable names several}],
 *  "lldp_ports": [{"number", "id": id, "descr"}],
 *  "neighbours": [{"port": number of lldp_ports, "chassis": id, "port_id": id, "port_descr", "sys_name", "bridge": bool,
 *                  "addresses": [text]}],
 *  "lags": where membership was read: "IEEE8023-LAG-MIB", "ifStackTable", or null,
 *  "lldp": "LLDP-MIB", "LLDP-V2-MIB", or null where it tells of neither,
 *  "unread": [{"what", "why"}]}: tables that ought to be there.
 * An id is {"kind": "mac", "text": "00:1b:21:aa:bb:cc"}; kinds are those of LldpChassisIdSubtype and LldpPortIdSubtype.
 */
json_t *discover_job_facts(const struct discover_job *job);

#endif
