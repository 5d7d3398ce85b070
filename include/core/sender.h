/*
 * sender: which switch a datagram speaks for (core). design.md, "Who sent it".
 *
 * The source address names the switch. Only a trusted relay is believed when it says that somebody else spoke: the v1
 * agent-addr or snmpTrapAddress.0, or the syslog HOSTNAME.
 */
#ifndef DPWATCH_CORE_SENDER_H
#define DPWATCH_CORE_SENDER_H

#include "core/config.h"
#include "core/topo.h"
#include "core/trap.h"
#include "util/addr.h"

bool sender_is_relay(const struct config_nets *relays, const struct addr *from);

struct sender {
	uint32_t sw;      /* TOPO_NONE: nobody's */
	struct addr addr; /* the address that was believed, for `unmapped` */
	bool mismatch; /* its authenticated engine is that of another switch than the address's */
};

/*
 * An authenticated engine id that is in the map names the switch, wherever its trap came from. Else the address does: the
 * source's, or the one that a trusted relay tells.
 */
struct sender sender_of_trap(const struct topo *topo, const struct config_nets *relays,
    const struct addr *from, const struct trap *trap);

/*
 * `host` is the innermost host of the header, or the chain that syslog-ng makes of several (its option chain_hostnames):
 * "group@sw1/192.0.2.11/relay1", of which the first that names a switch counts. Where none does, `outer` is looked at in the
 * same way: a relay writes the address there that the line came from, and the device a name behind it that the map need not
 * have. `from` NULL: a local socket, which is as good as a relay. "192.0.2.30-1" is 192.0.2.30: FASTPATH writes the unit of
 * the stack behind its address.
 */
uint32_t sender_of_syslog(const struct topo *topo, const struct config_nets *relays,
    const struct addr *from, struct slice host, struct slice outer, struct addr *ret_addr);

/* The first host of such a chain, without the group; of a plain host itself. */
struct slice sender_origin(struct slice chain);

#endif
