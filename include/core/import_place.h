/*
 * import_place: where one of Neutron's ports is attached (core, private to import_*.c).
 */
#ifndef DPWATCH_CORE_IMPORT_PLACE_H
#define DPWATCH_CORE_IMPORT_PLACE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/import_map.h"
#include "core/import_report.h"

struct import_place {
	enum import_way way;
	json_t *members; /* of the port in the document: host, physnet or attachments; owned */
};

/*
 * 0 and *ret_place; -ENOENT with a reason why it has no place; -ENOMEM. Trunks are not looked at. *ret_place is untouched on
 * failure.
 */
int import_place_find(const struct import_map *map, const json_t *port,
    struct import_place *ret_place, char reason[IMPORT_REASON_MAX])
    __attribute__((warn_unused_result));

#endif
