#include "core/sender.h"

#include "core/trap_link.h"

bool
sender_is_relay(const struct config_nets *relays, const struct addr *from)
{
	for (size_t i = 0; i < relays->n; i++)
		if (addr_net_holds(&relays->items[i], from))
			return true;
	return false;
}

uint32_t
sender_of_trap(const struct topo *topo, const struct config_nets *relays, const struct addr *from,
    const struct trap *trap, struct addr *ret_addr)
{
	struct addr claimed;

	*ret_addr = *from;
	if (sender_is_relay(relays, from) && trap_claimed_sender(trap, &claimed))
		*ret_addr = claimed;
	return topo_switch_by_addr(topo, ret_addr);
}

uint32_t
sender_of_syslog(const struct topo *topo, const struct config_nets *relays, const struct addr *from,
    struct slice host, struct addr *ret_addr)
{
	struct addr named;

	*ret_addr = from ? *from : (struct addr){ 0 };
	if (host.len == 0 || (from && !sender_is_relay(relays, from)))
		return from ? topo_switch_by_addr(topo, from) : TOPO_NONE;
	if (!addr_parse(host, &named))
		return topo_switch_by_hostname(topo, host);
	*ret_addr = named;
	return topo_switch_by_addr(topo, &named);
}
