#include "network.h"

#include <stdio.h>
#include <string.h>

/* ---- chance: splitmix64 ---- */

unsigned
random_below(struct random *random, unsigned n)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (unsigned)((z ^ (z >> 31)) % n);
}

bool
random_once_in(struct random *random, unsigned n)
{
	return random_below(random, n) == 0;
}

/* ---- names ---- */

const char *
net_switch_name(int sw)
{
	static const char *const names[NET_SWITCHES] = { "s0", "s1", "s2", "s3", "s4", "s5", "s6",
		"s7", "s8", "s9", "s10", "s11" };

	return names[sw];
}

const char *
net_interface_name(int interface)
{
	static const char *const names[NET_INTERFACES] = { "port-channel1", "port-channel2",
		"Ethernet1/1", "Ethernet1/2", "Ethernet1/3", "Ethernet1/4", "Ethernet1/5",
		"Ethernet1/6" };

	return names[interface];
}

void
net_port_id(unsigned port, uint8_t ret_id[16])
{
	memset(ret_id, 0, 16);
	ret_id[6] = 0x40;
	ret_id[8] = 0x80;
	ret_id[15] = (uint8_t)port;
}

/* ---- random maps ---- */

/* Some of the Ethernet interfaces become members, each of one aggregate at most. */
static void
make_aggregates(struct net_map *map, int sw, struct random *random)
{
	for (int i = 0; i < NET_INTERFACES; i++)
		map->switches[sw].interfaces[i].aggregate = NET_NONE;
	for (int i = NET_AGGREGATES; i < NET_INTERFACES; i++) {
		int aggregate = (int)random_below(random, NET_AGGREGATES);
		if (!random_once_in(random, 3))
			continue;
		map->switches[sw].interfaces[i].aggregate = aggregate;
		map->switches[sw].interfaces[aggregate].n_members++;
	}
	for (int i = 0; i < NET_AGGREGATES; i++) {
		unsigned n = map->switches[sw].interfaces[i].n_members;
		if (n == 0)
			continue;
		map->switches[sw].interfaces[i].min_links = 1 + random_below(random, n);
		map->switches[sw].interfaces[i].fallback = random_once_in(random, 3);
	}
}

static struct net_end
random_end(const struct net_map *map, struct random *random)
{
	struct net_end end;

	do
		end.sw = (int)random_below(random, NET_SWITCHES);
	while (!map->switches[end.sw].there);
	end.interface = (int)random_below(random, NET_INTERFACES);
	return end;
}

static bool
same_end(struct net_end a, struct net_end b)
{
	return a.sw == b.sw && a.interface == b.interface;
}

static void
add_link(struct net_map *map, struct random *random)
{
	struct net_end a = random_end(map, random), b = random_end(map, random);

	if (a.sw == b.sw)
		return;
	for (unsigned i = 0; i < map->n_links; i++)
		if ((same_end(map->links[i].a, a) && same_end(map->links[i].b, b)) ||
		    (same_end(map->links[i].a, b) && same_end(map->links[i].b, a)))
			return;
	map->links[map->n_links].a = a;
	map->links[map->n_links].b = b;
	map->links[map->n_links++].peer = random_once_in(random, 4);
}

static void
add_attachment(struct net_map *map, unsigned group, struct net_end end)
{
	unsigned n = map->groups[group].n_attachments;

	for (unsigned i = 0; i < n; i++)
		if (same_end(map->groups[group].attachments[i], end))
			return;
	map->groups[group].attachments[n] = end;
	map->groups[group].n_attachments++;
}

static void
add_ports(struct net_map *map, struct random *random)
{
	bool taken[NET_GROUPS] = { false };

	for (int port = 0; port < NET_PORTS; port++) {
		unsigned group = random_below(random, map->n_groups);
		map->port_group[port] = NET_NONE;
		if (random_once_in(random, 5) || (map->groups[group].own && taken[group]))
			continue;
		map->port_group[port] = (int)group;
		taken[group] = true;
	}
}

void
net_map_random(struct net_map *map, struct random *random)
{
	unsigned n_switches = 2 + random_below(random, NET_SWITCHES - 1);
	unsigned n_links =
	    random_below(random, 2 * n_switches < NET_LINKS ? 2 * n_switches : NET_LINKS);
	unsigned roots = random_below(random, 4); /* 0: none; 3: many */

	*map = (struct net_map){ .n_groups = 2 + random_below(random, NET_GROUPS - 1) };
	for (unsigned i = 0; i < n_switches; i++) {
		map->switches[i].there = !random_once_in(random, 10) || i < 2;
		map->switches[i].root = roots > 0 && (i == 0 || random_once_in(random, 8 / roots));
		map->switches[i].transit = !random_once_in(random, 3);
		make_aggregates(map, (int)i, random);
	}
	for (unsigned i = 0; i < n_links; i++)
		add_link(map, random);
	for (unsigned group = 0; group < map->n_groups; group++) {
		unsigned n = random_below(random, NET_ATTACHMENTS + 1);
		map->groups[group].own = random_once_in(random, 3);
		map->groups[group].stranded_down =
		    !map->groups[group].own && random_once_in(random, 3);
		for (unsigned i = 0; i < n; i++)
			add_attachment(map, group, random_end(map, random));
	}
	add_ports(map, random);
}

/* ---- maps as documents ---- */

static json_t *
end_json(struct net_end end)
{
	return json_sprintf("%s:%s", net_switch_name(end.sw), net_interface_name(end.interface));
}

static json_t *
aggregate_json(const struct net_map *map, int sw, int aggregate)
{
	json_t *members = json_array();

	for (int i = 0; i < NET_INTERFACES; i++)
		if (map->switches[sw].interfaces[i].aggregate == aggregate)
			json_array_append_new(members, json_string(net_interface_name(i)));
	return json_pack("{s:s, s:o, s:i, s:b}", "name", net_interface_name(aggregate), "members",
	    members, "min_links", (int)map->switches[sw].interfaces[aggregate].min_links,
	    "fallback", map->switches[sw].interfaces[aggregate].fallback);
}

static json_t *
switch_json(const struct net_map *map, int sw)
{
	json_t *interfaces = json_array();

	for (int i = 0; i < NET_AGGREGATES; i++)
		if (map->switches[sw].interfaces[i].n_members > 0)
			json_array_append_new(interfaces, aggregate_json(map, sw, i));
	return json_pack("{s:s, s:[s], s:b, s:b, s:o}", "name", net_switch_name(sw), "hostnames",
	    net_switch_name(sw), "root", map->switches[sw].root, "transit",
	    map->switches[sw].transit, "interfaces", interfaces);
}

static json_t *
attachments_json(const struct net_map *map, unsigned group)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < map->groups[group].n_attachments; i++)
		json_array_append_new(list, end_json(map->groups[group].attachments[i]));
	return list;
}

/* Every other host has a physnet instead of plain attachments. */
static json_t *
host_json(const struct net_map *map, unsigned group)
{
	json_t *host = json_pack("{s:o, s:s}", "name", json_sprintf("h%u", group), "stranded",
	    map->groups[group].stranded_down ? "down" : "degraded");

	if (group % 2)
		json_object_set_new(
		    host, "physnets", json_pack("{s:o}", "blue", attachments_json(map, group)));
	else
		json_object_set_new(host, "attachments", attachments_json(map, group));
	return host;
}

static json_t *
port_json(const struct net_map *map, unsigned port)
{
	unsigned group = (unsigned)map->port_group[port];
	json_t *object = json_pack("{s:o, s:o}", "id",
	    json_sprintf("00000000-0000-4000-8000-0000000000%02x", port), "name",
	    json_sprintf("p%u", port));

	if (map->groups[group].own) {
		json_object_set_new(object, "attachments", attachments_json(map, group));
		return object;
	}
	json_object_set_new(object, "host", json_sprintf("h%u", group));
	if (group % 2)
		json_object_set_new(object, "physnet", json_string("blue"));
	return object;
}

json_t *
net_map_document(const struct net_map *map)
{
	json_t *switches = json_array(), *links = json_array(), *hosts = json_array(),
	       *ports = json_array();

	for (int sw = 0; sw < NET_SWITCHES; sw++)
		if (map->switches[sw].there)
			json_array_append_new(switches, switch_json(map, sw));
	for (unsigned i = 0; i < map->n_links; i++)
		json_array_append_new(
		    links, json_pack("{s:o, s:o, s:b}", "a", end_json(map->links[i].a), "b",
			       end_json(map->links[i].b), "peer", map->links[i].peer));
	for (unsigned group = 0; group < map->n_groups; group++)
		if (!map->groups[group].own)
			json_array_append_new(hosts, host_json(map, group));
	for (unsigned port = 0; port < NET_PORTS; port++)
		if (map->port_group[port] != NET_NONE)
			json_array_append_new(ports, port_json(map, port));
	return json_pack("{s:o, s:o, s:o, s:o}", "switches", switches, "links", links, "hosts",
	    hosts, "ports", ports);
}
