/*
 * topo_lint: what a map that is formally right does not protect or does not say (core). For `dpwatch topology check`.
 *
 * Everything is taken as up. Single points of failure are found by failing each switch and each physical interface in turn
 * (core/trial.h), so that aggregates, min_links, transit, peers and `stranded` count as they do in the engine.
 */
#ifndef DPWATCH_CORE_TOPO_LINT_H
#define DPWATCH_CORE_TOPO_LINT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/reach.h"
#include "core/topo.h"
#include "core/trial.h"

/* One switch or interface whose failure alone takes ports down. */
struct lint_single {
	struct failure failure;
	uint32_t n_ports;
};

struct topo_lint {
	struct lint_single *
	    singles; /* most ports first; then switches before interfaces, in the order of the map */
	size_t n_singles;
	uint32_t n_ports_single;    /* ports that some single failure takes down */
	uint32_t n_ports_interface; /* of those, the ports that a single interface takes down */
	uint32_t n_ports_unwatched; /* ports without attachments: never down by observation */
	struct index_list unlinked; /* switches without a link: nobody would see their power go */
	struct index_list
	    unrooted; /* switches with links that are joined to no root, though there are roots */
	struct index_list idle_hosts; /* hosts without ports */
	bool has_roots;
};

/*
 * 0 or -ENOMEM, *ret_lint is untouched then; it is the caller's to release. Takes time in proportion to the map and to the
 * ports that each failure touches: a million ports behind two thousand switches, some seconds at most.
 */
int topo_lint(const struct topo *topo, struct topo_lint *ret_lint)
    __attribute__((warn_unused_result));
void topo_lint_release(struct topo_lint *lint);

/*
 * A new reference, or NULL when out of memory: {has_roots, ports, ports_single_failure, ports_single_interface,
 * ports_unwatched, single_failures: [{switch, interface (null: the whole switch), ports}], unlinked_switches,
 * unrooted_switches, idle_hosts: [name]}.
 */
json_t *topo_lint_json(const struct topo *topo, const struct topo_lint *lint);

#endif
