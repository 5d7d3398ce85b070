/*
 * hosts_file: which switch interfaces a host hangs on, as people write it down (core). For `topology import neutron`.
 *
 *   # comment, to the end of the line
 *   HOST [physnet=NAME] [pci=SLOT] SWITCH:INTERFACE ...
 *
 * HOST is Neutron's binding:host_id. One line for all networks of a host; or one per physical network; or one per PCI
 * function, for ports that are handed through (SR-IOV): SLOT as in binding:profile.pci_slot ("0000:05:00.1"; without domain
 * "0000:" is meant), or its beginning and a star ("0000:05:02.*": all functions of that device). Words are separated by
 * blanks; one that holds blanks itself, or begins with #, is put in double quotes: "leaf1:Unit 1, Port 5".
 */
#ifndef DPWATCH_CORE_HOSTS_FILE_H
#define DPWATCH_CORE_HOSTS_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/topo_codec.h"
#include "util/htab.h"
#include "util/slice.h"

/* Room for a PCI slot, DOMAIN:BUS:DEVICE.FUNCTION with a domain of up to 8 digits, a star and a NUL. */
#define HOSTS_SLOT_MAX 24

struct hosts_entry {
	char *host;
	char *physnet; /* NULL: not told */
	char *
	    pci; /* NULL: not told; lower case with domain, a star at its end where it is a beginning */
	char **attachments; /* "SWITCH:INTERFACE" each, as written; at least one */
	size_t n_attachments;
	size_t line;   /* from 1 */
	uint32_t next; /* private */
};

struct hosts_file {
	struct hosts_entry *entries; /* in the order of the file */
	uint32_t n, room;
	struct htab by_host; /* private; it knows where the struct is, which must not move */
};

/*
 * Reads a whole file; `path` names it in faults ("hosts.txt:12"). *file is overwritten. 0; -EINVAL when there is any fault,
 * all of which are added to *faults; -ENOMEM. On failure *file is empty, and need not be released.
 */
int hosts_file_parse(struct hosts_file *file, struct slice text, const char *path,
    struct topo_faults *faults) __attribute__((warn_unused_result));
void hosts_file_release(struct hosts_file *file);

/* An entry about a host, and the next one about the same host. NULL: there is none. */
const struct hosts_entry *hosts_file_find(const struct hosts_file *file, struct slice host);
const struct hosts_entry *hosts_file_next(
    const struct hosts_file *file, const struct hosts_entry *entry);

/* The host's entry for a PCI slot: the one that fits with the longest text. NULL: none fits. */
const struct hosts_entry *hosts_file_by_pci(
    const struct hosts_file *file, struct slice host, struct slice slot);

#endif
