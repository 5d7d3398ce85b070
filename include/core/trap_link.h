/*
 * trap_link: one trap -> one link event (core).
 *
 * Varbinds are found by OID, never by position; every OID is bounded before it is built upon. The trap's own OID says up or
 * down; ifOperStatus in a linkDown is the state that was left (RFC 2863), in a linkUp the state that was entered. OIDs are
 * compared whole, with and without the zero before the last number (RFC 3584 3.1). v1 generic 0 to 5 decide alone.
 */
#ifndef DPWATCH_CORE_TRAP_LINK_H
#define DPWATCH_CORE_TRAP_LINK_H

#include "core/link_event.h"
#include "core/trap.h"

struct trap_rules; /* core/trap_rules.h; those of a set: rules_traps() */

/* Why a trap gave no event; each is a counter. */
enum trap_miss {
	TRAP_MISS_NONE,
	TRAP_MISS_NOT_OURS,    /* some other notification, or a hint that names nothing */
	TRAP_MISS_NO_TRAP_OID, /* v2c or v3 without snmpTrapOID.0, or one that is no OID: malformed */
	TRAP_MISS_BAD_OID,     /* an OID beyond 128 sub-identifiers once mapped: malformed */
	TRAP_MISS_NO_INTERFACE, /* a link trap that names no interface: malformed */
	TRAP_MISS_BAD_INDEX, /* ifIndex out of 1..2147483647, or not a number, and no name either: malformed */
	TRAP_MISS_NOT_UP, /* linkUp whose ifOperStatus says that no traffic flows: not ours */
	TRAP_MISS_MAX
};
extern const char *const trap_miss_names[TRAP_MISS_MAX];

/*
 * Fills *ret_event (source trap) for DECODE_EVENT, *ret_miss otherwise. Restarts are events of kind LINK_EVENT_RESTART,
 * cards, optics, aggregates and last gasps LINK_EVENT_DOUBT or LINK_EVENT_HINT. Its texts point into the trap, or into
 * memory of the rules that the next call writes to; `rule` is the notification's name and lives as long as the rules.
 * A linkUp with ifAdminStatus down is believed for what its ifOperStatus says; linkDown with ifAdminStatus down is
 * WORD_ADMIN_DOWN.
 */
enum decode_result trap_link_decode(const struct trap_rules *rules, const struct trap *trap,
    struct link_event *ret_event, enum trap_miss *ret_miss);

/*
 * Who the trap says that it is from: the v1 agent-addr (unless 0.0.0.0), or snmpTrapAddress.0 (RFC 3584 3.1). Believed only
 * from a trusted relay. False when it says nothing.
 */
bool trap_claimed_sender(const struct trap *trap, struct addr *ret_addr);

/* sysName.0, which some vendors add: what the sender calls itself. Borrowed from the trap; empty: not told. */
struct slice trap_sys_name(const struct trap *trap);

/* sysUpTime.0 (v2c, v3) or the PDU's time-stamp (v1). */
bool trap_uptime(const struct trap *trap, uint32_t *ret_cs);

#endif
