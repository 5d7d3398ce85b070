/*
 * import_ifnames: what `snmpwalk -On SWITCH ifName` printed -> the `interfaces` of that switch, each with its if_index (core).
 *
 *   .1.3.6.1.2.1.31.1.1.1.1.7 = STRING: "Gi1/0/7"
 *
 * Values come with and without quotes, as Hex-STRING, and wrapped over several lines; the column may also be written as
 * iso.3.6..., or IF-MIB::ifName.7. Other columns are skipped (a walk of the whole table will do). Where snmpwalk says that it
 * could not go on (a timeout, an error), or the last line has no end, the walk is cut, and nothing is taken.
 */
#ifndef DPWATCH_CORE_IMPORT_IFNAMES_H
#define DPWATCH_CORE_IMPORT_IFNAMES_H

#include <jansson.h>

#include "core/ifname.h"
#include "core/import_report.h"
#include "core/topo_codec.h"
#include "util/slice.h"

/*
 * `path` names the source in faults ("walk.txt:12"). Names are compared as those of a switch of family `os`. What has no port
 * of its own (a VLAN, a loopback, a logical unit), has no usable name, or has that of another, is left out and reported.
 *
 * 0: *ret_interfaces is a new reference to [{"name", "if_index"}], and *ret_report the caller's to release. -EINVAL: nothing
 * was made, *faults says why. -ENOMEM. On failure both are untouched.
 */
int import_ifnames(struct slice source, const char *path, enum os_family os,
    json_t **ret_interfaces, struct import_report *ret_report, struct topo_faults *faults)
    __attribute__((warn_unused_result));

/*
 * A copy of a topology document in which the switch has these interfaces: an entry that names one of them gets its if_index,
 * others of them are added, spelled as the document refers to them; an entry that the walk does not have loses its if_index,
 * which the report notes. `name` is the switch's, or a host name of it.
 *
 * 0 and *ret_document, a new reference; -EINVAL with faults (the document is wrong, or has no such switch; so would the result
 * be); -ENOMEM. On failure *ret_document is untouched.
 */
int import_ifnames_merge(const json_t *document, struct slice name, const json_t *interfaces,
    json_t **ret_document, struct import_report *report, struct topo_faults *faults)
    __attribute__((warn_unused_result));

#endif
