/*
 * import_map: the switches and hosts that an import refers to, and how foreign names find them (core).
 *
 * Neutron names a switch by chassis MAC or system name and an interface by whatever LLDP or a person wrote; the order of
 * search is that of networking-generic-switch (get_switch_device: MAC first, then switch_info), so that both see the same
 * cable. facts: openstack.md, 2.1.
 */
#ifndef DPWATCH_CORE_IMPORT_MAP_H
#define DPWATCH_CORE_IMPORT_MAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/hosts_file.h"
#include "core/import_report.h"
#include "core/topo.h"
#include "core/topo_codec.h"

struct import_chassis;

struct import_map {
	json_t *document; /* switches, links and hosts, base and hosts file merged; without ports */
	json_t *hosts;    /* name -> host object of the document */
	struct topo *topo;              /* of the document */
	struct import_chassis *chassis; /* private */
	size_t n_chassis;
	const struct hosts_file *hosts_file; /* borrowed; NULL: none */
};

/* What an import is given beside its source. All borrowed for as long as the import_map lives. */
struct import_base {
	const json_t
	    *document;    /* a topology document, of which the ports do not matter; NULL: none */
	const char *path; /* its name, for faults; NULL: none */
	const struct hosts_file *hosts; /* NULL: none */
	const char *hosts_path;         /* its name, for faults; NULL: none */
};

/*
 * Merges a base document with a hosts file. A host of the file takes the place of the base's attachments and physnets of that
 * name; what else the base says of it (`stranded`) stays. Without a base each switch of the file is declared with its own name
 * as its host name, which the report notes. With a base, a switch that it does not have is a fault with the file's line.
 *
 * 0; -EINVAL with faults (of the base, of the file), where *faults also gets the warnings; -ENOMEM. On failure *map is empty.
 */
int import_map_init(struct import_map *map, const struct import_base *base,
    struct import_report *report, struct topo_faults *faults) __attribute__((warn_unused_result));
void import_map_release(struct import_map *map);

/* Why something is left out, for people. */
#define IMPORT_REASON_MAX 400

enum import_link {
	IMPORT_LINK_FOUND,
	IMPORT_LINK_NONE, /* says nothing: an empty object, an unmanaged network, a smart NIC */
	IMPORT_LINK_PLACEHOLDER, /* "None", or a MAC of zeros: not known yet; reason is set */
	IMPORT_LINK_UNKNOWN      /* reason is set */
};

/* An interface that a link named. */
struct import_interface {
	uint32_t sw;        /* of map->topo */
	uint32_t interface; /* of map->topo; TOPO_NONE: the base does not list it */
	char name[IFNAME_MAX + 1];
};

/*
 * One entry of binding:profile.local_link_information. With `lag` (802.3ad) a member of an aggregate that the base knows
 * stands for the aggregate, because some write the member there and some the port-channel.
 */
enum import_link import_map_link(const struct import_map *map, const json_t *entry, bool lag,
    struct import_interface *ret_interface, char reason[IMPORT_REASON_MAX]);

/* Whether two links name the same interface. */
bool import_interface_eq(const struct import_map *map, const struct import_interface *a,
    const struct import_interface *b);

/* "SWITCH:INTERFACE": a new reference, or NULL when out of memory. */
json_t *import_interface_json(
    const struct import_map *map, const struct import_interface *interface);

/*
 * Private to import_*.c: the snapshot of a document, or its faults and warnings added to *faults. As topo_builder_finish(),
 * and -ENOMEM where it could not begin.
 */
int import_build(const json_t *document, struct topo **ret_topo, struct topo_faults *faults)
    __attribute__((warn_unused_result));

/*
 * Private to import_*.c: whether the loader takes what an import made, which is loaded unseen, by a timer or through a pipe. 0;
 * -EINVAL, where *faults is replaced by what it says; -ENOMEM.
 */
int import_check(const json_t *document, struct topo_faults *faults)
    __attribute__((warn_unused_result));

/* Private to import_*.c: a whole shallow copy, or NULL. */
json_t *import_copy(const json_t *value);

/* Private to import_*.c: fills the index of chassis ids. 0 or -ENOMEM. */
int import_map_index(struct import_map *map) __attribute__((warn_unused_result));

#endif
