/*
 * import_neutron: Neutron's list of ports -> a topology document (core). facts: openstack.md, section 2.
 *
 * The source is what GET /v2.0/ports answers to an administrator: {"ports": [...]}, several pages of it one behind the other
 * as they came, or a bare list. A port finds its place by, in this order:
 *   its trunk's parent, if it is a subport;
 *   binding:profile.local_link_information (a bare-metal port: its own cables);
 *   binding:profile.pci_slot, on a line of the hosts file;
 *   binding:host_id, with binding:profile.physical_network where the host has that physnet.
 * A port that is bound nowhere, or of whose cables not every one is known, is left out and reported: half a map would raise
 * false alarms. A source that is cut loads nothing.
 */
#ifndef DPWATCH_CORE_IMPORT_NEUTRON_H
#define DPWATCH_CORE_IMPORT_NEUTRON_H

#include <jansson.h>

#include "core/import_map.h"
#include "core/import_report.h"
#include "core/topo_codec.h"
#include "util/slice.h"

/*
 * Makes one document of Neutron's ports, the base and the hosts file. `path` names the source in faults. Ports of the base
 * are not taken over: the list is all there is.
 *
 * 0: *ret_document is a new reference to a document that the loader takes, and *ret_report (the caller's to release) says
 * what became of every port; *faults may have warnings. -EINVAL: nothing was made, *faults says why (source cut or no list of
 * ports; base or hosts file wrong). -ENOMEM. On failure *ret_document and *ret_report are untouched.
 */
int import_neutron(struct slice source, const char *path, const struct import_base *base,
    json_t **ret_document, struct import_report *ret_report, struct topo_faults *faults)
    __attribute__((warn_unused_result));

#endif
