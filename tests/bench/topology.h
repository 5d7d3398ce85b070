/*
 * topology: the made-up network of the program of this name, and the parts it consists of: topology_map.c prints the map,
 * topology_api.c asks the daemon over HTTP, topology.c plays failures and reads options.
 *
 * The network: switch 1 is the core, the only root. Below it stand spines, each joined to the core by its Ethernet1/81; below
 * each spine at most 40 leaves, joined by two links (Ethernet1/49 and 1/50). A leaf has 48 hosts on Ethernet1/1 to 1/48 and
 * 500 logical ports on them. So a million ports are 2,000 leaves, 50 spines and 104,100 interfaces. Names and addresses of
 * switches and interfaces are those of bench.h.
 */
#ifndef TESTS_BENCH_TOPOLOGY_H
#define TESTS_BENCH_TOPOLOGY_H

#include <stdint.h>

enum {
	PORTS_PER_LEAF = 500,
	HOSTS_PER_LEAF = 48,
	LEAVES_PER_SPINE = 40,
	LEAF_UPLINK = 49, /* and the next */
	SPINE_UPLINK = 81,
};

/* What the command line says; a text that it does not name is NULL. */
struct plan {
	unsigned ports;
	const char *api, *redis, *target;
	const char *failure; /* NULL: all of them */
	unsigned repeat;
	uint64_t since_ns; /* 0: from now */
};

/* topology_map.c: leaves and spines count from 0, switches from 1. */
unsigned n_leaves(const struct plan *plan);
unsigned n_spines(const struct plan *plan);
unsigned spine_switch(unsigned spine);
unsigned leaf_switch(const struct plan *plan, unsigned leaf);

/* Commands of the program; each returns its exit status. */
int make_map(const struct plan *plan);    /* topology_map.c */
int probe(const struct plan *plan);       /* topology_api.c, as the next two */
int await_start(const struct plan *plan); /* the map that the daemon starts with */
int replace(const struct plan *plan);

#endif
