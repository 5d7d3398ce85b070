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

static struct slice
without_group(struct slice chain)
{
	struct slice rest = chain;

	slice_cut(&rest, '@');
	return rest.len > 0 ? rest : chain;
}

struct slice
sender_origin(struct slice chain)
{
	struct slice rest = without_group(chain);

	return slice_cut(&rest, '/');
}

/* FASTPATH writes the unit of the stack behind its address: "192.0.2.30-1". */
static bool
address_with_unit(struct slice host, struct addr *ret_addr)
{
	struct slice rest = host;
	const struct slice addr = slice_cut(&rest, '-');

	return rest.len > 0 && rest.len <= 2 && slice_digits(rest) == rest.len &&
	       addr_parse(addr, ret_addr);
}

struct claim {
	bool has_addr; /* addr is the first address that was named */
	struct addr addr;
};

/* The first host of a chain that names a switch; *ret_addr only where an address does. */
static uint32_t
switch_of_chain(
    const struct topo *topo, struct slice chain, struct claim *claim, struct addr *ret_addr)
{
	for (chain = without_group(chain); chain.len > 0;) {
		const struct slice one = slice_cut(&chain, '/');
		struct addr named;
		const bool is_plain = addr_parse(one, &named);
		const bool is_addr = is_plain || address_with_unit(one, &named);
		uint32_t sw = is_addr ? topo_switch_by_addr(topo, &named) : TOPO_NONE;
		/* An address is no name: its first number would be the short one of a host. */
		if (sw == TOPO_NONE && !is_plain)
			sw = topo_switch_by_hostname(topo, one);
		if (sw != TOPO_NONE) {
			if (is_addr)
				*ret_addr = named;
			return sw;
		}
		if (is_addr && !claim->has_addr)
			*claim = (struct claim){ true, named };
	}
	return TOPO_NONE;
}

/* A relay that is a switch of the map itself may put its own name in front of what others say: that names nobody. */
static uint32_t
switch_of_outer(const struct topo *topo, const struct addr *from, struct slice outer,
    struct claim *claim, struct addr *ret_addr)
{
	struct addr named = *ret_addr;
	uint32_t sw = switch_of_chain(topo, outer, claim, &named);

	if (sw != TOPO_NONE && from && sw == topo_switch_by_addr(topo, from))
		return TOPO_NONE;
	*ret_addr = named;
	return sw;
}

uint32_t
sender_of_syslog(const struct topo *topo, const struct config_nets *relays, const struct addr *from,
    struct slice host, struct slice outer, struct addr *ret_addr)
{
	struct claim claim = { 0 };

	*ret_addr = from ? *from : (struct addr){ 0 };
	if (host.len == 0 || (from && !sender_is_relay(relays, from)))
		return from ? topo_switch_by_addr(topo, from) : TOPO_NONE;
	uint32_t sw = switch_of_chain(topo, host, &claim, ret_addr);
	if (sw == TOPO_NONE && !slice_eq(host, outer))
		sw = switch_of_outer(topo, from, outer, &claim, ret_addr);
	if (sw == TOPO_NONE && claim.has_addr)
		*ret_addr = claim.addr;
	return sw;
}
