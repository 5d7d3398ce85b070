/*
 * trap: one notification as a value, whatever library decoded it (core). RFC 1157 4.1.6, RFC 3416 4.2.6, RFC 3584 3.1.
 *
 * All pointers are borrowed from the decoder and valid during the call that hands the trap over. Everything in it was sent
 * by a stranger: nothing is checked yet.
 */
#ifndef DPWATCH_CORE_TRAP_H
#define DPWATCH_CORE_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/oid.h"
#include "util/addr.h"
#include "util/slice.h"

/* Varbinds looked at; a trap with more is read up to here. */
#define TRAP_VARBINDS_MAX 128

enum trap_value_type {
	VALUE_OTHER,
	VALUE_INTEGER,
	VALUE_BYTES,
	VALUE_OID,
	VALUE_TIMETICKS,
	VALUE_ADDRESS
};

struct trap_varbind {
	struct oid name;
	enum trap_value_type type;
	int64_t integer;    /* INTEGER, TIMETICKS (and Counter32, Gauge32 as INTEGER) */
	struct slice bytes; /* BYTES; ADDRESS: four octets */
	struct oid oid;     /* OID */
};

struct trap {
	int version; /* 1, 2 (v2c) or 3 */
	bool inform;
	/* version 1 */
	struct oid enterprise;
	int generic, specific;
	uint8_t agent_addr[4];
	bool has_timestamp;
	uint32_t timestamp_cs; /* the PDU's time-stamp */
	/* every version */
	const struct trap_varbind *varbinds;
	size_t n_varbinds;
	/* who is sure to have sent it: v3 only */
	int level;              /* enum config_min_level; v1 and v2c: MIN_LEVEL_NO_AUTH_NO_PRIV */
	struct slice engine_id; /* the sender's, authenticated; else empty */
	/*
	 * identity of the datagram, for rule 5 (duplicates): a hash over sender and bytes; v3: over what was authenticated. Of
	 * a v1 trap it tells nothing: without a request-id two events may have the same bytes
	 */
	uint64_t digest;
};

#endif
