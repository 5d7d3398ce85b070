/*
 * poll_target: where and with what a switch is asked (io). What its `poll` object in the topology says, else `[snmp]
 * poll_user`, else `[snmp] poll_community`; at one of the switch's addresses, port 161 if nothing is said.
 *
 * A user is the name of a `[snmp] user`, or a whole line as one has it (core/usm_user).
 */
#ifndef DPWATCH_IO_POLL_TARGET_H
#define DPWATCH_IO_POLL_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/config.h"
#include "core/topo.h"
#include "core/usm_user.h"

#define POLL_COMMUNITY_MAX 255

struct poll_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	char community[POLL_COMMUNITY_MAX + 1];
	size_t community_len;
	char *user;                      /* owned; NULL: the community counts */
	const struct config_list *users; /* borrowed: those of `[snmp] user` */
};

/*
 * `address` says which of its addresses, modulo their number. False where it cannot be asked: no credentials, no address, or a
 * file that cannot be read. Then `why` (size bytes) says so for people, or is "" where nobody wants it to be asked. The caller
 * releases *ret_target where it is true; the configuration must outlive it.
 */
bool poll_target_make(const struct topo *topo, uint32_t sw, uint32_t address,
    const struct config *config, struct poll_target *ret_target, char *why, size_t size);

/* Wipes and frees what it holds. */
void poll_target_release(struct poll_target *target);

/*
 * Its user for an engine, with the secrets; of several lines of one name, the one for this very engine goes before one for all.
 * An engine that is empty is not known yet: any line serves then. False where there is none, and why says so. The caller wipes
 * *ret_user.
 */
bool poll_target_user(const struct poll_target *target, struct slice engine_id,
    struct usm_user *ret_user, char *why, size_t size);

/*
 * Whether poll_user and poll_community are usable: the user is there, and the files of the secrets. False, and why names the key
 * and says so.
 */
bool poll_target_check(const struct config *config, char *why, size_t size);

/* Whether the switch can still be asked there. */
bool poll_target_is_of(
    const struct topo *topo, uint32_t sw, const struct sockaddr_storage *address);

/* Whether there are credentials at all, without reading files. */
bool poll_target_wanted(const struct topo *topo, uint32_t sw, const struct config *config);

#endif
