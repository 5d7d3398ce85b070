/*
 * trap_wire: a v1 or v2c trap read where it lies, without a library (core). RFC 1157 4, RFC 1901, RFC 3416 3; X.690.
 *
 * The library needs 1.5 us and eight allocations for what a storm consists of, and this a tenth of it. It reads plain traps
 * only, in the encoding that agents use: what is unusual (an INFORM, v3, an Opaque, a number padded to more octets than it
 * needs, an OID that is too long, more varbinds than TRAP_VARBINDS_MAX) it declines, and the library has the word. What it
 * reads, it reads as snmp_shape and the library do: fuzz_snmp and check_io_trap_wire hold them against each other.
 */
#ifndef DPWATCH_CORE_TRAP_WIRE_H
#define DPWATCH_CORE_TRAP_WIRE_H

#include "core/trap.h"

/* Sub-identifiers of all OIDs of one trap. A link trap with six varbinds has some 90. */
#define TRAP_WIRE_IDS_MAX 2048

/* Room for what a struct trap points to. */
struct trap_wire {
	size_t n_ids;
	unsigned long ids[TRAP_WIRE_IDS_MAX];
	struct trap_varbind varbinds[TRAP_VARBINDS_MAX];
};

/*
 * False: declined, and *ret_trap untouched; it need not be malformed. Else the trap, without digest, is valid as long as the
 * datagram is and the room isn't used again.
 */
bool trap_wire_read(struct slice datagram, struct trap_wire *room, struct trap *ret_trap);

#endif
