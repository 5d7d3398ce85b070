/*
 * One cable as Ironic or a person wrote it down in binding:profile: which switch and interface that is here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chassis_id.h"
#include "core/import_map.h"
#include "core/text.h"

/* A switch by its chassis id. */
struct import_chassis {
	char key[CHASSIS_KEY_MAX];
	uint32_t sw; /* TOPO_NONE: two switches have it */
};

/* ---- chassis ids ---- */

static int
compare_chassis(const void *a, const void *b)
{
	const struct import_chassis *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Of equal keys one is left, which names nobody. */
static size_t
fold_doubles(struct import_chassis *chassis, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && strcmp(chassis[kept - 1].key, chassis[i].key) == 0)
			chassis[kept - 1].sw = TOPO_NONE;
		else
			chassis[kept++] = chassis[i];
	}
	return kept;
}

int
import_map_index(struct import_map *map)
{
	uint32_t n = topo_n_switches(map->topo);

	map->chassis = calloc((size_t)n + 1, sizeof(*map->chassis));
	if (!map->chassis)
		return -ENOMEM;
	for (uint32_t sw = 0; sw < n; sw++) {
		const char *id =
		    topo_text_get(map->topo, topo_switch_get(map->topo, sw)->chassis_id);
		if (chassis_key(slice_of(id), map->chassis[map->n_chassis].key))
			map->chassis[map->n_chassis++].sw = sw;
	}
	if (map->n_chassis > 0)
		qsort(map->chassis, map->n_chassis, sizeof(*map->chassis), compare_chassis);
	map->n_chassis = fold_doubles(map->chassis, map->n_chassis);
	return 0;
}

static const struct import_chassis *
chassis_find(const struct import_map *map, const char *key)
{
	struct import_chassis wanted = { .sw = TOPO_NONE };

	slice_copy(slice_of(key), wanted.key, sizeof(wanted.key));
	if (map->n_chassis == 0)
		return NULL;
	return bsearch(&wanted, map->chassis, map->n_chassis, sizeof(wanted), compare_chassis);
}

static uint32_t
switch_by_chassis(const struct import_map *map, struct slice id)
{
	char key[CHASSIS_KEY_MAX];
	const struct import_chassis *found;

	if (!chassis_key(id, key))
		return TOPO_NONE;
	found = chassis_find(map, key);
	if (!found && chassis_mac_digits(slice_of(key), key) == DATAPATH_DIGITS)
		found = chassis_find(map, key + DATAPATH_DIGITS - MAC_DIGITS);
	return found ? found->sw : TOPO_NONE;
}

/* ---- placeholders ---- */

/* What enrolment writes before it knows better: "None" as Python prints it, null, nothing, and a MAC of zeros. */
static bool
is_placeholder(struct slice text)
{
	char digits[DATAPATH_DIGITS + 1];

	text = slice_trim(text);
	if (text.len == 0 || slice_case_eq_str(text, "none") || slice_case_eq_str(text, "null") ||
	    slice_case_eq_str(text, "unknown"))
		return true;
	return chassis_mac_digits(text, digits) > 0 && strspn(digits, "0") == strlen(digits);
}

/* A member as text: "" where it is absent or null. Numbers are what some scripts write for a port. */
static struct slice
text_of(const json_t *entry, const char *member, char buf[32])
{
	const json_t *value = json_object_get(entry, member);

	if (json_is_integer(value))
		return (struct slice){ buf, (size_t)snprintf(buf, 32, "%" JSON_INTEGER_FORMAT,
						json_integer_value(value)) };
	return (struct slice){ json_string_value(value), json_string_length(value) };
}

/* ---- switches ---- */

static uint32_t
switch_by_name(const struct import_map *map, struct slice name)
{
	name = slice_trim(name);
	uint32_t sw = topo_switch_find(map->topo, name);

	return sw != TOPO_NONE ? sw : topo_switch_by_hostname(map->topo, name);
}

static enum import_link
find_switch(const struct import_map *map, const json_t *entry, uint32_t *ret_sw,
    char reason[IMPORT_REASON_MAX])
{
	char id_buf[32], info_buf[32];
	struct slice id = text_of(entry, "switch_id", id_buf);
	struct slice info = text_of(entry, "switch_info", info_buf);
	bool no_id = is_placeholder(id);
	uint32_t sw = no_id ? TOPO_NONE : switch_by_chassis(map, id);

	/* An OVN VTEP gateway is named outright (Ironic, local_link_connection). */
	if (is_placeholder(info))
		info = text_of(entry, "vtep-physical-switch", info_buf);
	bool no_info = is_placeholder(info);
	if (sw == TOPO_NONE && !no_info)
		sw = switch_by_name(map, info);
	if (sw != TOPO_NONE) {
		*ret_sw = sw;
		return IMPORT_LINK_FOUND;
	}
	if (no_id && no_info) {
		snprintf(
		    reason, IMPORT_REASON_MAX, "switch_id \"%s\" is a placeholder", TEXT_QUOTE(id));
		return IMPORT_LINK_PLACEHOLDER;
	}
	if (no_id)
		snprintf(reason, IMPORT_REASON_MAX, "no switch is called \"%s\"", TEXT_QUOTE(info));
	else if (no_info)
		snprintf(reason, IMPORT_REASON_MAX, "no switch has the chassis_id \"%s\"",
		    TEXT_QUOTE(id));
	else
		snprintf(reason, IMPORT_REASON_MAX,
		    "no switch has the chassis_id \"%s\" or is called \"%s\"", TEXT_QUOTE(id),
		    TEXT_QUOTE(info));
	return IMPORT_LINK_UNKNOWN;
}

/* ---- interfaces ---- */

static bool
is_number(struct slice text, uint32_t *ret_number)
{
	unsigned long long number;

	if (!slice_to_uint(text, UINT32_MAX, &number))
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static const char *
switch_name(const struct import_map *map, uint32_t sw)
{
	return topo_text_get(map->topo, topo_switch_get(map->topo, sw)->name);
}

/*
 * LLDP's port id may be the interface's name, or its number in some sense, or the MAC of the port: only a name, and an
 * ifIndex that the base knows, say which one it is.
 */
static bool
find_interface(const struct import_map *map, uint32_t sw, struct slice text,
    struct import_interface *ret_interface, char reason[IMPORT_REASON_MAX])
{
	char key[IFNAME_MAX + 1], digits[DATAPATH_DIGITS + 1];
	uint32_t interface = topo_interface_find(map->topo, sw, text), number;
	const char *why = NULL;

	if (interface == TOPO_NONE && is_number(text, &number)) {
		interface = topo_interface_by_index(map->topo, sw, number);
		why = "is a bare number, and neither a name nor an if_index that the base has";
	} else if (interface == TOPO_NONE && chassis_mac_digits(text, digits) > 0) {
		why = "is a MAC address and no interface's name";
	} else if (ifname_key(topo_switch_get(map->topo, sw)->os, text, key) == 0) {
		why = "is no interface's name";
	} else if (interface == TOPO_NONE && ifname_is_virtual(text)) {
		why = "is no physical interface";
	}
	if (interface == TOPO_NONE && why) {
		snprintf(reason, IMPORT_REASON_MAX, "port_id \"%s\" of switch \"%s\" %s",
		    TEXT_QUOTE(text), TEXT_QUOTE(slice_of(switch_name(map, sw))), why);
		return false;
	}
	*ret_interface = (struct import_interface){ .sw = sw, .interface = interface };
	slice_copy(text, ret_interface->name, sizeof(ret_interface->name));
	return true;
}

/* Neither a cable to a switch nor a claim to be one. */
static bool
says_nothing(const json_t *entry)
{
	const char *network = json_string_value(json_object_get(entry, "network_type"));

	if (json_object_size(entry) == 0 || (network && strcmp(network, "unmanaged") == 0))
		return true;
	return json_object_get(entry, "hostname") && !json_object_get(entry, "switch_id");
}

enum import_link
import_map_link(const struct import_map *map, const json_t *entry, bool lag,
    struct import_interface *ret_interface, char reason[IMPORT_REASON_MAX])
{
	struct import_interface found;
	char port_buf[32];
	uint32_t sw;

	if (!json_is_object(entry)) {
		snprintf(reason, IMPORT_REASON_MAX, "local_link_information holds no objects");
		return IMPORT_LINK_UNKNOWN;
	}
	if (says_nothing(entry))
		return IMPORT_LINK_NONE;
	struct slice port_id = slice_trim(text_of(entry, "port_id", port_buf));
	if (is_placeholder(port_id)) {
		snprintf(reason, IMPORT_REASON_MAX, "port_id \"%s\" is a placeholder",
		    TEXT_QUOTE(port_id));
		return IMPORT_LINK_PLACEHOLDER;
	}
	enum import_link result = find_switch(map, entry, &sw, reason);
	if (result != IMPORT_LINK_FOUND)
		return result;
	if (!find_interface(map, sw, port_id, &found, reason))
		return IMPORT_LINK_UNKNOWN;
	if (lag && found.interface != TOPO_NONE) {
		uint32_t aggregate = topo_interface_get(map->topo, found.interface)->aggregate;
		if (aggregate != TOPO_NONE)
			found.interface = aggregate;
	}
	*ret_interface = found;
	return IMPORT_LINK_FOUND;
}

/* ---- as attachments ---- */

/* As the loader sees it: a logical unit stands for the interface that it is on. */
static size_t
key_of(const struct import_map *map, const struct import_interface *interface, char *key)
{
	enum os_family os = topo_switch_get(map->topo, interface->sw)->os;
	struct slice name = slice_of(interface->name), parent;

	return ifname_key(os, ifname_unit_parent(os, name, &parent) ? parent : name, key);
}

bool
import_interface_eq(const struct import_map *map, const struct import_interface *a,
    const struct import_interface *b)
{
	char a_key[IFNAME_MAX + 1], b_key[IFNAME_MAX + 1];

	if (a->sw != b->sw)
		return false;
	if (a->interface != TOPO_NONE || b->interface != TOPO_NONE)
		return a->interface == b->interface;
	return key_of(map, a, a_key) == key_of(map, b, b_key) && strcmp(a_key, b_key) == 0;
}

json_t *
import_interface_json(const struct import_map *map, const struct import_interface *interface)
{
	const char *name = interface->name;

	if (interface->interface != TOPO_NONE)
		name = topo_text_get(
		    map->topo, topo_interface_get(map->topo, interface->interface)->name);
	return json_sprintf("%s:%s", switch_name(map, interface->sw), name);
}
