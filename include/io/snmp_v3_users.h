/*
 * snmp_v3_users: the configured SNMPv3 users, with their passwords as keys (io). For snmp_v3; the poller reads its users' lines
 * with it.
 *
 * A password is hashed once (a megabyte, RFC 3414 A.2) and then forgotten; what is kept is wiped when it goes.
 */
#ifndef DPWATCH_IO_SNMP_V3_USERS_H
#define DPWATCH_IO_SNMP_V3_USERS_H

#include <stddef.h>

#include "core/config.h"
#include "core/usm_engines.h"
#include "core/usm_user.h"
#include "io/usm_library.h"
#include "util/slice.h"

struct snmp_v3_user {
	struct usm_user conf; /* its secrets are wiped */
	struct usm_master master;
	struct usm_keys own_keys; /* for our own engine */
};

/* Zeroed: none. */
struct snmp_v3_users {
	struct snmp_v3_user *items;
	size_t n;
};

/*
 * One line as a user, with the secrets themselves where it names files. `key` is what the line belongs to, for messages. 0, or
 * -1 with a message in error and *ret_user untouched. Who takes the user wipes it.
 */
int snmp_v3_user_read(
    const char *key, const char *line, struct usm_user *ret_user, char *error, size_t error_size);

/* Whether the lines are usable, files of secrets included. 0, or -1 with a message in error. */
int snmp_v3_users_check(const struct config_list *lines, char *error, size_t error_size);

/* Makes the keys, also those for our own engine. 0, or -1 with a message in error and *ret_users untouched. */
int snmp_v3_users_make(const struct config_list *lines, struct slice own_engine,
    struct snmp_v3_users *ret_users, char *error, size_t error_size);
void snmp_v3_users_release(struct snmp_v3_users *users);

/* The user of that name for an engine: a line for this very engine goes before one for all. NULL: none. */
const struct snmp_v3_user *snmp_v3_users_find(
    const struct snmp_v3_users *users, struct slice name, struct slice engine_id);

#endif
