/*
 * topo_order: the ports of a map by id (core).
 *
 * A map's own order is as Redis handed its records out, and another one after every load: nothing to page by. This is the
 * order of the ids, of which a place is the same in every map. It is made when somebody asks, because most maps are replaced
 * before anybody has listed them: some 100 ms for a million ports, in slices; it then holds 4 bytes a port, and while it is
 * made another 48.
 */
#ifndef DPWATCH_CORE_TOPO_ORDER_H
#define DPWATCH_CORE_TOPO_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/topo.h"

struct topo_order;

/* An order that is not made yet; NULL: out of memory. */
struct topo_order *topo_order_new(const struct topo *topo);
void topo_order_free(struct topo_order *order); /* NULL is fine; at any time */

/*
 * Makes it, at most *budget moves of a port at once, which it counts down; a move is some 5 ns, of the first 20, and n ports take
 * n * (2 + log2 n). True when it is made; nothing is done then. topo is the one that it was begun with, in all calls.
 */
bool topo_order_step(struct topo_order *order, const struct topo *topo, uint32_t *budget);

/* Once it is made: the port (a row of the map) at a place, which is less than topo_n_ports(). */
uint32_t topo_order_port(const struct topo_order *order, uint32_t place);

/* Once it is made: how many ports have a lesser id, so the place of that port, or where it would stand. */
uint32_t topo_order_place(
    const struct topo_order *order, const struct topo *topo, const uint8_t id[16]);

#endif
