/*
 * account: finds the OpenStack account as openstack clients do: OS_* variables, and clouds.yaml.
 */
#ifndef DPWATCH_NEUTRON_ACCOUNT_H
#define DPWATCH_NEUTRON_ACCOUNT_H

#include "core/neutron_auth.h"

/*
 * A cloud is named by OS_CLOUD; without it variables alone do, or a clouds.yaml that has only one cloud. What a variable says
 * is over what the cloud says. 0, and the account is the caller's, settled; -1 with `error` for people.
 */
int account_find(struct neutron_auth *ret_auth, char error[NEUTRON_TEXT_MAX]);

#endif
