/*
 * network: random networks, and what design.md says of their ports, worked out the slow way.
 *
 * Written from design.md ("When is a port down", and rule 2 of "Which word to believe") and not from src/core: every answer
 * is searched anew from the words that were told, so that it can be held against the engine, which moves step by step.
 */
#ifndef DPWATCH_TESTS_LIB_NETWORK_H
#define DPWATCH_TESTS_LIB_NETWORK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define NET_SWITCHES 12
#define NET_INTERFACES 8 /* of a switch: 0 and 1 are port-channels, the others Ethernet */
#define NET_AGGREGATES 2
#define NET_LINKS 24
#define NET_GROUPS 16
#define NET_ATTACHMENTS 4
#define NET_PORTS 20
#define NET_NONE (-1)

struct random {
	uint64_t state;
};
/* 0 to n - 1. */
unsigned random_below(struct random *random, unsigned n);
/* True once in n. */
bool random_once_in(struct random *random, unsigned n);

struct net_end {
	int sw, interface;
};

/* A map. What a switch or port is called does not change from map to map. */
struct net_map {
	struct {
		bool there, root, transit;
		struct {
			int aggregate;      /* or NET_NONE */
			unsigned n_members; /* 0: no aggregate */
			unsigned min_links;
			bool fallback;
		} interfaces[NET_INTERFACES];
	} switches[NET_SWITCHES];
	struct {
		struct net_end a, b;
		bool peer;
	} links[NET_LINKS];
	unsigned n_links;
	struct {
		struct net_end attachments[NET_ATTACHMENTS];
		unsigned n_attachments;
		bool stranded_down, own; /* own: of one port, not of a host */
	} groups[NET_GROUPS];
	unsigned n_groups;
	int port_group[NET_PORTS]; /* or NET_NONE: the port is not there */
};

void net_map_random(struct net_map *map, struct random *random);

/* The topology document of it; the caller's. */
json_t *net_map_document(const struct net_map *map);

const char *net_switch_name(int sw);
const char *net_interface_name(int interface);
void net_port_id(unsigned port, uint8_t ret_id[16]);

enum net_word {
	NET_DOWN,
	NET_UP,
	NET_BARE_UP,
	NET_LINK_DOWN,
	NET_LINK_UP,
	NET_PROTOCOL_DOWN,
	NET_PROTOCOL_UP,
	NET_WORDS
};

/* What was told of an interface; all zero: nothing. */
struct net_told {
	enum { TOLD_NOTHING, TOLD_UP, TOLD_DOWN } link, protocol;
	bool protocol_in_this_boot;
	uint64_t up_at,
	    down_at; /* when an up word left it up, and a down word was told; 0: never */
};

struct network {
	struct net_map map;
	struct net_told told[NET_SWITCHES][NET_INTERFACES];
	bool reported[NET_PORTS];
	uint64_t now; /* rises with every word */
};

/* A switch that is not in the new map is forgotten, and so are the reports of ports that are not. */
void network_set_map(struct network *net, const struct net_map *map);
void network_tell(struct network *net, struct net_end end, enum net_word word);
void network_boot(struct network *net, int sw);

struct net_verdict {
	bool down;
	unsigned up, stranded, total;
};
bool network_carries(const struct network *net, struct net_end end);
bool network_reaches_root(const struct network *net, int sw);
struct net_verdict network_verdict(const struct network *net, unsigned port);

#endif
