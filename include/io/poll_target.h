/*
 * poll_target: where and with what a switch is asked (io). What its `poll` object in the topology says, else `[snmp]
 * poll_community`; at one of the switch's addresses, port 161 if nothing is said.
 */
#ifndef DPWATCH_IO_POLL_TARGET_H
#define DPWATCH_IO_POLL_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/config.h"
#include "core/topo.h"

#define POLL_COMMUNITY_MAX 255

struct poll_target {
	char peer[96]; /* net-snmp's name of it: "udp:192.0.2.11:161", "udp6:[2001:db8::11]:161" */
	struct sockaddr_storage address;
	socklen_t address_len;
	char community[POLL_COMMUNITY_MAX + 1];
	size_t community_len;
};

/*
 * `address` says which of its addresses, modulo their number. False where it cannot be asked: no credentials, no address, or a file that cannot be read. Then `why` (size bytes) says so
 * for people, or is "" where nobody wants it to be asked.
 */
bool poll_target_make(const struct topo *topo, uint32_t sw, uint32_t address,
    const struct config *config, struct poll_target *ret_target, char *why, size_t size);

/* Whether the switch can still be asked there. */
bool poll_target_is_of(
    const struct topo *topo, uint32_t sw, const struct sockaddr_storage *address);

/* Whether there are credentials at all, without reading files. */
bool poll_target_wanted(const struct topo *topo, uint32_t sw, const struct config *config);

#endif
