#include "core/import_place.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* While one port is looked at. */
struct placing {
	const struct import_map *map;
	const json_t *port, *profile;
	struct slice host, physnet, slot; /* empty: not told */
	char *reason;
};

static struct slice
text_at(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	return (struct slice){ json_string_value(value), json_string_length(value) };
}

static int refuse(struct placing *placing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
refuse(struct placing *placing, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(placing->reason, IMPORT_REASON_MAX, format, args);
	va_end(args);
	return -ENOENT;
}

/* `members` is taken; NULL: memory ran out. */
static int
place(struct import_place *ret_place, enum import_way way, json_t *members)
{
	if (!members)
		return -ENOMEM;
	*ret_place = (struct import_place){ way, members };
	return 0;
}

/* ---- is it bound at all? ---- */

static const struct {
	const char *vif_type, *why;
} nowhere[] = {
	{ "unbound", "unbound: it is on no host yet" },
	{ "binding_failed", "binding_failed: Neutron could not bind it to its host" },
	{ "distributed", "distributed: it is on every host" },
};

static int
check_binding(struct placing *placing)
{
	struct slice vif_type = text_at(placing->port, "binding:vif_type");

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		if (slice_eq_str(vif_type, nowhere[i].vif_type))
			return refuse(placing, "%s", nowhere[i].why);
	if (!json_object_get(placing->port, "binding:host_id"))
		return refuse(placing,
		    "binding:host_id is missing: was the list fetched by an administrator?");
	if (placing->host.len == 0)
		return refuse(placing, "unbound: binding:host_id is empty");
	if (placing->profile && !json_is_object(placing->profile) &&
	    !json_is_null(placing->profile))
		return refuse(placing, "binding:profile is no object");
	return 0;
}

/* ---- by its own cables ---- */

/* The interfaces found so far. */
struct found {
	struct import_interface *items;
	size_t n;
};

/* Each once; and of an aggregate and its member, both written down, the aggregate alone. */
static void
add_found(
    const struct import_map *map, struct found *found, const struct import_interface *interface)
{
	uint32_t aggregate = TOPO_NONE;

	if (interface->interface != TOPO_NONE)
		aggregate = topo_interface_get(map->topo, interface->interface)->aggregate;
	for (size_t i = 0; i < found->n; i++) {
		struct import_interface *other = &found->items[i];
		if (import_interface_eq(map, other, interface) ||
		    (aggregate != TOPO_NONE && other->interface == aggregate))
			return;
	}
	if (interface->interface != TOPO_NONE) {
		size_t kept = 0;
		for (size_t i = 0; i < found->n; i++) {
			uint32_t other = found->items[i].interface;
			if (other == TOPO_NONE ||
			    topo_interface_get(map->topo, other)->aggregate != interface->interface)
				found->items[kept++] = found->items[i];
		}
		found->n = kept;
	}
	found->items[found->n++] = *interface;
}

/* 802.3ad by number or name, as Ironic has it (networking-generic-switch utils.py). */
static bool
is_lag(const json_t *profile)
{
	const json_t *group = json_object_get(profile, "local_group_information");
	const json_t *mode = json_object_get(group, "bond_mode");

	if (json_is_integer(mode))
		return json_integer_value(mode) == 4;
	return json_is_string(mode) && (strcmp(json_string_value(mode), "4") == 0 ||
					   strcmp(json_string_value(mode), "802.3ad") == 0);
}

static json_t *
attachments_json(const struct import_map *map, const struct found *found)
{
	json_t *list = json_array();

	for (size_t i = 0; i < found->n; i++) {
		if (json_array_append_new(list, import_interface_json(map, &found->items[i])) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return json_pack("{s:o}", "attachments", list);
}

/*
 * Fills `found` from the list. 0; -ENOENT with a reason where a cable is not known: with one of two legs missing, the port
 * would be called down while the other carries its traffic. *ret_placeholder: an entry is still to be filled in.
 */
static int
find_links(struct placing *placing, const json_t *links, struct found *found, bool *ret_placeholder)
{
	bool lag = is_lag(placing->profile);
	struct import_interface interface;

	for (size_t i = 0; i < json_array_size(links); i++) {
		switch (import_map_link(
		    placing->map, json_array_get(links, i), lag, &interface, placing->reason)) {
		case IMPORT_LINK_FOUND:
			add_found(placing->map, found, &interface);
			break;
		case IMPORT_LINK_NONE:
			break;
		case IMPORT_LINK_PLACEHOLDER:
			*ret_placeholder = true;
			break;
		case IMPORT_LINK_UNKNOWN:
			return -ENOENT;
		}
	}
	return *ret_placeholder && found->n > 0 ? -ENOENT : 0;
}

/* -EAGAIN: the profile has no cables, so look elsewhere; with a reason where it has placeholders. */
static int
place_by_links(struct placing *placing, struct import_place *ret_place)
{
	const json_t *links = json_object_get(placing->profile, "local_link_information");
	struct found found = { 0 };
	bool placeholder = false;

	if (!links || json_is_null(links))
		return -EAGAIN;
	if (!json_is_array(links))
		return refuse(placing, "local_link_information is no list");
	found.items = calloc(json_array_size(links) + 1, sizeof(*found.items));
	if (!found.items)
		return -ENOMEM;
	int r = find_links(placing, links, &found, &placeholder);
	if (r == 0)
		r = found.n == 0
			? -EAGAIN
			: place(ret_place, IMPORT_BY_LINK, attachments_json(placing->map, &found));
	free(found.items);
	return r;
}

/* ---- by its host ---- */

static bool
has_pci_lines(const struct import_map *map, struct slice host)
{
	const struct hosts_entry *entry =
	    map->hosts_file ? hosts_file_find(map->hosts_file, host) : NULL;

	while (entry && !entry->pci)
		entry = hosts_file_next(map->hosts_file, entry);
	return entry != NULL;
}

/* -EAGAIN: the hosts file says nothing of this slot. */
static int
place_by_pci(struct placing *placing, struct import_place *ret_place)
{
	const struct hosts_file *file = placing->map->hosts_file;
	const struct hosts_entry *entry =
	    file && placing->slot.len > 0 ? hosts_file_by_pci(file, placing->host, placing->slot)
					  : NULL;

	if (!entry)
		return -EAGAIN;
	if (entry->physnet && placing->physnet.len > 0 &&
	    !slice_eq_str(placing->physnet, entry->physnet))
		return refuse(placing,
		    "pci_slot %s is on physnet \"%s\" in the hosts file (line %zu), and on \"%s\" here",
		    TEXT_QUOTE(placing->slot), TEXT_QUOTE(slice_of(entry->physnet)), entry->line,
		    TEXT_QUOTE(placing->physnet));
	json_t *list = json_array();
	for (size_t i = 0; i < entry->n_attachments; i++) {
		if (json_array_append_new(list, json_string(entry->attachments[i])) != 0) {
			json_decref(list);
			return -ENOMEM;
		}
	}
	return place(ret_place, IMPORT_BY_PCI, json_pack("{s:o}", "attachments", list));
}

static int
place_on_physnet(const char *host, const char *physnet, struct import_place *ret_place)
{
	return place(ret_place, IMPORT_BY_PHYSNET,
	    json_pack("{s:s, s:s}", "host", host, "physnet", physnet));
}

/* The host's only physnet, or NULL. */
static const char *
only_physnet(json_t *physnets)
{
	return json_object_size(physnets) == 1 ? json_object_iter_key(json_object_iter(physnets))
					       : NULL;
}

static int
place_by_host(struct placing *placing, struct import_place *ret_place)
{
	const char *name = json_string_value(json_object_get(placing->port, "binding:host_id"));
	const char *physnet =
	    json_string_value(json_object_get(placing->profile, "physical_network"));
	json_t *host = json_object_get(placing->map->hosts, name);
	json_t *physnets = json_object_get(host, "physnets");

	if (!host)
		return refuse(placing, "host \"%s\" is in neither the hosts file nor the base",
		    TEXT_QUOTE(placing->host));
	if (physnet && json_object_get(physnets, physnet))
		return place_on_physnet(name, physnet, ret_place);
	if (placing->slot.len > 0 && has_pci_lines(placing->map, placing->host))
		return refuse(placing, "pci_slot %s of host \"%s\" is on no line of the hosts file",
		    TEXT_QUOTE(placing->slot), TEXT_QUOTE(placing->host));
	if (json_object_get(host, "attachments"))
		return place(ret_place, IMPORT_BY_HOST, json_pack("{s:s}", "host", name));
	if (physnet)
		return refuse(placing, "host \"%s\" has no physnet \"%s\"",
		    TEXT_QUOTE(placing->host), TEXT_QUOTE(placing->physnet));
	if (only_physnet(physnets))
		return place_on_physnet(name, only_physnet(physnets), ret_place);
	return refuse(placing, "host \"%s\" has %zu physnets, and the port does not say which",
	    TEXT_QUOTE(placing->host), json_object_size(physnets));
}

int
import_place_find(const struct import_map *map, const json_t *port, struct import_place *ret_place,
    char reason[IMPORT_REASON_MAX])
{
	const json_t *profile = json_object_get(port, "binding:profile");
	struct placing placing = {
		.map = map,
		.port = port,
		.profile = profile,
		.host = text_at(port, "binding:host_id"),
		.physnet = text_at(profile, "physical_network"),
		.slot = text_at(profile, "pci_slot"),
		.reason = reason,
	};
	char placeholder[IMPORT_REASON_MAX / 2] = "";

	reason[0] = '\0';
	int r = check_binding(&placing);
	if (r != 0)
		return r;
	r = place_by_links(&placing, ret_place);
	if (r == -EAGAIN) {
		slice_copy(slice_of(reason), placeholder, sizeof(placeholder));
		r = place_by_pci(&placing, ret_place);
	}
	if (r == -EAGAIN)
		r = place_by_host(&placing, ret_place);
	if (r == -ENOENT && placeholder[0] != '\0') {
		char host[IMPORT_REASON_MAX / 2];
		slice_copy(slice_of(reason), host, sizeof(host));
		snprintf(reason, IMPORT_REASON_MAX, "%s, and %s", placeholder, host);
	}
	return r;
}
