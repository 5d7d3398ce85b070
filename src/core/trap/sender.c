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

struct sender
sender_of_trap(const struct topo *topo, const struct config_nets *relays, const struct addr *from,
    const struct trap *trap)
{
	struct sender sender = { .addr = *from };
	uint32_t by_engine = TOPO_NONE;
	struct addr claimed;

	if (sender_is_relay(relays, from) && trap_claimed_sender(trap, &claimed))
		sender.addr = claimed;
	sender.sw = topo_switch_by_addr(topo, &sender.addr);
	if (trap->engine_id.len > 0)
		by_engine = topo_switch_by_engine_id(
		    topo, (const uint8_t *)trap->engine_id.data, trap->engine_id.len);
	if (by_engine == TOPO_NONE)
		return sender;
	sender.mismatch = sender.sw != TOPO_NONE && sender.sw != by_engine;
	sender.sw = by_engine;
	return sender;
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
