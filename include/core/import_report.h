/*
 * import_report: what an importer took, and what it left out and why (core).
 */
#ifndef DPWATCH_CORE_IMPORT_REPORT_H
#define DPWATCH_CORE_IMPORT_REPORT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/* By what a port (or interface) found its place. */
enum import_way {
	IMPORT_BY_HOST, /* binding:host_id */
	IMPORT_BY_PHYSNET, /* that and binding:profile.physical_network, or the only one that the host has */
	IMPORT_BY_LINK,  /* binding:profile.local_link_information */
	IMPORT_BY_PCI,   /* binding:profile.pci_slot */
	IMPORT_BY_TRUNK, /* its trunk's parent */
	IMPORT_BY_INDEX, /* an interface: its ifIndex */
	IMPORT_WAY_MAX
};
extern const char
    *const import_way_names[IMPORT_WAY_MAX]; /* host, physnet, link, pci, trunk, if-index */

/* What was left out. All texts are UTF-8 without control characters, "" where there is none. */
struct import_reject {
	char *where;  /* "page 1, ports[17]", "line 12" */
	char *id;     /* the port's id, the interface's ifIndex */
	char *name;   /* the port's, the interface's */
	char *reason; /* why */
};

struct import_report {
	uint32_t n_mapped[IMPORT_WAY_MAX];
	struct import_reject *rejects; /* in the order of the source */
	size_t n_rejects, room;
	char **notes; /* what was taken, but should be looked at */
	size_t n_notes, room_notes;
};

/* Leaves an empty report; a zeroed one is empty. */
void import_report_release(struct import_report *report);

/* Everything is copied (foreign bytes quoted) and cut where it is very long. 0 or -ENOMEM. */
int import_report_reject(struct import_report *report, const char *where, struct slice id,
    struct slice name, const char *reason) __attribute__((warn_unused_result));
int import_report_note(struct import_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* How many of all ways. */
uint32_t import_report_n_mapped(const struct import_report *report);

/*
 * {"mapped": {WAY: n ...}, "rejects": [{"where", "id", "name", "reason"}], "notes": [text]}: a new reference, or NULL when
 * out of memory. Ways that mapped nothing are left out.
 */
json_t *import_report_json(const struct import_report *report);

#endif
