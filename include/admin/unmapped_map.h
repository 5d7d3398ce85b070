/*
 * unmapped_map: the parts of a topology document that would map many senders, put together (admin).
 */
#ifndef DPWATCH_ADMIN_UNMAPPED_MAP_H
#define DPWATCH_ADMIN_UNMAPPED_MAP_H

#include <jansson.h>

/*
 * `senders` is an array of objects whose "map" is {"switches": [...]}, the last heard first. A new array of switches, one
 * object for each: senders with one name or one address are one switch, and an interface stands in it once, however it is
 * spelled. Where two say different things of one interface, the first is right. Owned by the caller.
 */
json_t *unmapped_map_merge(const json_t *senders);

#endif
