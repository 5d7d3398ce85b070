/*
 * topo_snapshot: what a struct topo is made of (core; private to topo*.c).
 *
 * Rows name texts by ref and other rows by number. Each look-up table (util/htab) keeps row numbers, and has the snapshot
 * for its owner. The hashes here are those that the tables are filled with and asked by.
 */
#ifndef DPWATCH_CORE_TOPO_SNAPSHOT_H
#define DPWATCH_CORE_TOPO_SNAPSHOT_H

#include "core/topo.h"
#include "core/topo_rows.h"
#include "util/htab.h"

struct topo_address_row {
	struct addr addr;
	uint32_t sw;
};

/* Another spelling of an interface (`aliases`): its key leads to the interface. */
struct topo_alias_row {
	topo_text key;
	uint32_t interface;
};

/*
 * A name by which a syslog line may call its sender: the first `len` bytes of text (a name, a hostname, or the first label
 * of one).
 */
struct topo_sender_row {
	topo_text text;
	uint32_t len;
	uint32_t sw;     /* TOPO_NONE: two switches are called so */
	bool has_domain; /* it is the first label of a longer name */
};

struct topo {
	struct text_pool texts;
	struct rows switches, interfaces, links, hosts, groups, ports; /* struct topo_switch ... */
	struct rows addresses, aliases, senders; /* struct topo_address_row ... */
	struct rows hostnames;                   /* topo_text */
	struct rows members, attachments;        /* interfaces */
	struct rows groups_of_interface, links_of_interface, ports_of_group;
	struct htab by_name;     /* switches */
	struct htab by_addr;     /* addresses */
	struct htab by_sender;   /* senders */
	struct htab by_engine;   /* switches */
	struct htab by_key;      /* interfaces */
	struct htab by_alias;    /* aliases */
	struct htab by_if_index; /* interfaces */
	struct htab by_host;     /* hosts */
	struct htab by_port;     /* ports */
};

/* An empty snapshot; NULL: out of memory. */
struct topo *topo_new(void);

/* Its look-up tables, empty. */
void topo_index_init(struct topo *topo);

/* Moves on a table that is still growing, n slots of it at most. True while there is more to do. */
bool topo_settle(struct topo *topo, uint32_t n);

/* Gives back what the arrays hold in reserve. */
void topo_trim(struct topo *topo);

/* The keys that tables compare with. */
struct topo_key_in_switch {
	uint32_t sw;
	struct slice key; /* ifname_key() */
};
struct topo_key_index {
	uint32_t sw, if_index;
};

uint64_t topo_hash_text(struct slice text);
uint64_t topo_hash_text_case(struct slice text); /* equal where only A-Z and a-z differ */
uint64_t topo_hash_addr(const struct addr *addr);
uint64_t topo_hash_key(const struct topo_key_in_switch *key);
uint64_t topo_hash_index(const struct topo_key_index *key);
uint64_t topo_hash_port(const uint8_t id[16]);

/* The row of the senders that is called so, or TOPO_NONE. */
uint32_t topo_sender_find(const struct topo *topo, struct slice text);

/* As topo_interface_find(), with the key made already. */
uint32_t topo_interface_by_key(const struct topo *topo, const struct topo_key_in_switch *key);

#endif
