#include "io/poll_target.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/secret_file.h"

#define SNMP_PORT 161

/* What the topology says of polling this switch. The caller frees it; NULL: nothing. */
static json_t *
own_settings(const struct topo *topo, uint32_t sw)
{
	const topo_text text = topo_switch_get(topo, sw)->poll;

	return text == 0 ? NULL : json_loads(topo_text_get(topo, text), 0, NULL);
}

bool
poll_target_wanted(const struct topo *topo, uint32_t sw, const struct config *config)
{
	json_t *own = own_settings(topo, sw);
	bool wanted = json_object_get(own, "community") || config->snmp.poll_community;

	json_decref(own);
	return wanted;
}

/* A community, or the file that holds it. */
static bool
take_community(const char *text, struct poll_target *target, char *why, size_t size)
{
	if (strncmp(text, "file:", 5) != 0)
		slice_copy(slice_of(text), target->community, sizeof(target->community));
	else if (secret_file_read(
		     text + 5, target->community, sizeof(target->community), why, size) != 0)
		return false;
	target->community_len = strlen(target->community);
	return true;
}

static void
set_ipv4(struct poll_target *target, const struct addr *addr, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&target->address;
	char text[ADDR_TEXT_MAX];

	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	memcpy(&in->sin_addr, addr->ip + 12, sizeof(in->sin_addr));
	target->address_len = sizeof(*in);
	snprintf(target->peer, sizeof(target->peer), "udp:%s:%u", addr_format(addr, text), port);
}

static void
set_ipv6(struct poll_target *target, const struct addr *addr, uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&target->address;
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE];

	*in6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_scope_id = addr->scope,
	};
	memcpy(&in6->sin6_addr, addr->ip, sizeof(in6->sin6_addr));
	target->address_len = sizeof(*in6);
	/* With the scope of a link-local one: "fe80::1%eth0". */
	if (getnameinfo((const struct sockaddr *)in6, sizeof(*in6), text, sizeof(text), NULL, 0,
		NI_NUMERICHOST) != 0)
		text[0] = '\0';
	snprintf(target->peer, sizeof(target->peer), "udp6:[%s]:%u", text, port);
}

static bool
is_ipv4(const struct addr *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(addr->ip, mapped, sizeof(mapped)) == 0;
}

static void
set_address(struct poll_target *target, const struct addr *addr, json_int_t port)
{
	const uint16_t to = port > 0 && port <= UINT16_MAX ? (uint16_t)port : SNMP_PORT;

	if (is_ipv4(addr))
		set_ipv4(target, addr, to);
	else
		set_ipv6(target, addr, to);
}

bool
poll_target_is_of(const struct topo *topo, uint32_t sw, const struct sockaddr_storage *address)
{
	const struct topo_range addresses = topo_switch_get(topo, sw)->addresses;
	json_t *own = own_settings(topo, sw);
	json_int_t port = json_integer_value(json_object_get(own, "port"));
	bool found = false;

	json_decref(own);
	for (uint32_t i = 0; i < addresses.n && !found; i++) {
		struct poll_target target = { .address_len = 0 };
		set_address(&target, topo_address(topo, addresses.first + i), port);
		found = memcmp(&target.address, address, sizeof(*address)) == 0;
	}
	return found;
}

bool
poll_target_make(const struct topo *topo, uint32_t sw, uint32_t address,
    const struct config *config, struct poll_target *ret_target, char *why, size_t size)
{
	const struct topo_switch *row = topo_switch_get(topo, sw);
	json_t *own = own_settings(topo, sw);
	const char *community = json_string_value(json_object_get(own, "community"));
	json_int_t port = json_integer_value(json_object_get(own, "port"));
	bool good = false;

	*ret_target = (struct poll_target){ .address_len = 0 };
	why[0] = '\0';
	if (!community)
		community = config->snmp.poll_community;
	if (community && row->addresses.n == 0)
		snprintf(why, size, "the topology has no address of it");
	else if (community)
		good = take_community(community, ret_target, why, size);
	json_decref(own);
	if (!good)
		return false;
	set_address(ret_target,
	    topo_address(topo, row->addresses.first + address % row->addresses.n), port);
	return true;
}
