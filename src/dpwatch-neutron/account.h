/*
 * account: finds the OpenStack account as openstack clients do: OS_* variables, and clouds.yaml.
 */
#ifndef DPWATCH_NEUTRON_ACCOUNT_H
#define DPWATCH_NEUTRON_ACCOUNT_H

#include "core/config.h"
#include "core/neutron_auth.h"
#include "web.h"

/*
 * A cloud is named by OS_CLOUD; without it variables alone do, or a clouds.yaml that has only one cloud. What a variable says
 * is over what the cloud says. 0, and the account is the caller's, settled; -1 with `error` for people.
 */
int account_find(struct neutron_auth *ret_auth, char error[NEUTRON_TEXT_MAX]);

/*
 * Requests with the account's certificates, or those of [neutron], which come first; a warning where none are checked. NULL:
 * out of memory.
 */
struct web *account_web(struct loop *loop, const struct config *config,
    const struct neutron_auth *auth, uint32_t parallel);

#endif
