/*
 * snmp_peek: the first two fields of an SNMP message, version and community, read without a library (core). RFC 1157 4,
 * RFC 1901, RFC 3412 6; BER as X.690 has it, definite lengths only.
 *
 * It lets a listener refuse strangers before the library allocates for what they sent: 64 KiB of empty varbinds cost
 * net-snmp 13 MB. What passes is not yet known to be well-formed.
 */
#ifndef DPWATCH_CORE_SNMP_PEEK_H
#define DPWATCH_CORE_SNMP_PEEK_H

#include <stdbool.h>
#include <stdint.h>

#include "util/slice.h"

/* The numbers on the wire. */
#define SNMP_WIRE_V1 0
#define SNMP_WIRE_V2C 1
#define SNMP_WIRE_V3 3

struct snmp_peek {
	int64_t version;
	struct slice
	    community; /* v1 and v2c; points into the datagram. Empty for any other version */
};

/*
 * False, and *ret_peek untouched, when the datagram does not begin as an SNMP message does: a sequence that lies within
 * the datagram, an integer, and for v1 and v2c an octet string.
 */
bool snmp_peek(struct slice datagram, struct snmp_peek *ret_peek);

/*
 * Whether the two secrets are equal. Takes as long wherever they differ, so that the time does not tell how much of a
 * guess was right; how long the guess is may show.
 */
bool snmp_secret_eq(struct slice secret, struct slice guess);

#endif
