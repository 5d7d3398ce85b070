/*
 * topo: an immutable snapshot of the physical network and the logical ports on it (core). design.md, "Topology document".
 *
 * Built whole (core/topo_codec fills a topo_builder), checked whole, replaced whole. Objects are rows of arrays and name
 * each other by index, so that a million ports on hosts cost some 68 bytes each (with attachments of their own some 104),
 * names and look-up tables included. Everything that the engine asks on an event is one look-up: sender -> switch ->
 * interface -> groups -> ports. Indexes are those of one snapshot: what must outlive it is kept by name.
 *
 * A *group* is a set of attachments that ports share: the ports of one host (and physnet), or one port with attachments of
 * its own. Verdicts are reached once per group.
 */
#ifndef DPWATCH_CORE_TOPO_H
#define DPWATCH_CORE_TOPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ifname.h"
#include "util/addr.h"
#include "util/slice.h"

#define TOPO_NONE UINT32_MAX

/* The longest name (of a switch, interface, host, port ...), in characters; of an interface also in bytes (IF-MIB ifName). */
#define TOPO_NAME_MAX 255

struct topo;

/* A run of rows in one of the arrays. */
struct topo_range {
	uint32_t first, n;
};

/* Text of the snapshot: NUL-terminated, as the document spells it, valid as long as the topo. Ref 0 is "". */
typedef uint32_t topo_text;
const char *topo_text_get(const struct topo *topo, topo_text text);

/* SnmpEngineID of RFC 3411 is 5 to 32 octets. */
#define TOPO_ENGINE_ID_MAX 32

#define TOPO_SOURCE_TRAP 1u
#define TOPO_SOURCE_SYSLOG 2u

struct topo_switch {
	topo_text name;
	topo_text chassis_id;
	topo_text os_text;
	enum os_family os;
	bool root, transit;
	uint8_t sources;  /* TOPO_SOURCE_*: who may speak for it */
	int8_t min_level; /* enum config_min_level, -1: that of [snmp] */
	int64_t boot_settle_ms;
	topo_text poll;              /* the "poll" object as JSON; 0: none */
	struct topo_range addresses; /* topo_address() */
	struct topo_range hostnames; /* topo_hostname() */
	uint8_t engine_id[TOPO_ENGINE_ID_MAX];
	uint8_t engine_id_len;        /* 0: none */
	struct topo_range interfaces; /* rows of topo_interface, one switch's side by side */
};

struct topo_interface {
	uint32_t sw;        /* its switch */
	topo_text name;     /* as the topology document spells it; `interfaces` before references */
	topo_text key;      /* ifname_key() of it */
	uint32_t if_index;  /* 0: not told */
	uint32_t aggregate; /* the interface it is a member of, or TOPO_NONE */
	struct topo_range members; /* topo_member(); n = 0: not an aggregate */
	uint32_t min_links;        /* of an aggregate; 1 by default */
	bool fallback;
	bool is_virtual; /* ifname_is_virtual() of its name: what is told of it decides nothing */
	struct topo_range
	    groups; /* topo_group_of_interface(): groups with an attachment to it, each once */
	struct topo_range links; /* topo_link_of_interface(): links that end here */
};

struct topo_link {
	uint32_t a, b; /* interfaces */
	bool peer;
};

struct topo_group {
	uint32_t host;     /* or TOPO_NONE for a port's own attachments */
	topo_text physnet; /* 0: the host's plain attachments */
	struct topo_range
	    attachments; /* topo_attachment(), no interface twice; n = 0: never down by observation */
	struct topo_range ports; /* topo_port_of_group() */
	bool stranded_down;
};

struct topo_host {
	topo_text name;
	uint32_t group; /* of its plain attachments; TOPO_NONE: it has physnets alone */
	bool stranded_down;
};

struct topo_port {
	uint8_t id[16];
	topo_text name, project_id;
	uint32_t group;
};

/* How many rows there are of each. */
uint32_t topo_n_switches(const struct topo *topo);
uint32_t topo_n_interfaces(const struct topo *topo);
uint32_t topo_n_links(const struct topo *topo);
uint32_t topo_n_hosts(const struct topo *topo);
uint32_t topo_n_groups(const struct topo *topo);
uint32_t topo_n_ports(const struct topo *topo);

/* A row; the index must be below the number of rows. */
const struct topo_switch *topo_switch_get(const struct topo *topo, uint32_t sw);
const struct topo_interface *topo_interface_get(const struct topo *topo, uint32_t interface);
const struct topo_link *topo_link_get(const struct topo *topo, uint32_t link);
const struct topo_host *topo_host_get(const struct topo *topo, uint32_t host);
const struct topo_group *topo_group_get(const struct topo *topo, uint32_t group);
const struct topo_port *topo_port_get(const struct topo *topo, uint32_t port);

/* Element i of a range of the row above it: an index of the kind that the name says. */
uint32_t topo_member(const struct topo *topo, uint32_t i);             /* an interface */
uint32_t topo_attachment(const struct topo *topo, uint32_t i);         /* an interface */
uint32_t topo_group_of_interface(const struct topo *topo, uint32_t i); /* a group */
uint32_t topo_link_of_interface(const struct topo *topo, uint32_t i);  /* a link */
uint32_t topo_port_of_group(const struct topo *topo, uint32_t i);      /* a port */
const struct addr *topo_address(const struct topo *topo, uint32_t i);
topo_text topo_hostname(const struct topo *topo, uint32_t i);

/* Look-ups: an index, or TOPO_NONE. Each costs one hash. */
uint32_t topo_switch_find(const struct topo *topo, struct slice name);
/* A link-local address without scope in the document fits every scope. */
uint32_t topo_switch_by_addr(const struct topo *topo, const struct addr *addr);
/*
 * By one of its hostnames, its name, or either's first label, without regard to case; TOPO_NONE too where two switches fit.
 * "leaf1.example.net" also fits a switch of which only the short "leaf1" is known (no hostname says another domain).
 */
uint32_t topo_switch_by_hostname(const struct topo *topo, struct slice hostname);
uint32_t topo_switch_by_engine_id(const struct topo *topo, const uint8_t *id, size_t len);
/* By any spelling of its name, or of one of its aliases. */
uint32_t topo_interface_find(const struct topo *topo, uint32_t sw, struct slice name);
/*
 * Where no spelling fits: the only interface at the same place, of a switch whose family is unknown or has no short forms of its
 * own. "ethernet 1/5" and "1/5" are one; so are "ethernet 1/1/5" and GigabitEthernet1/1/5 or 10GigabitEthernet1/1/5, which is what
 * FastIron's log and its SNMP call a port. Speeds only with three numbers or more, and never for one another.
 */
uint32_t topo_interface_by_place(const struct topo *topo, uint32_t sw, struct slice name);
/* By any spelling; else by its place. */
uint32_t topo_interface_named(const struct topo *topo, uint32_t sw, struct slice name);
uint32_t topo_interface_by_index(const struct topo *topo, uint32_t sw, uint32_t if_index);
uint32_t topo_port_find(const struct topo *topo, const uint8_t id[16]);
uint32_t topo_host_find(const struct topo *topo, struct slice name);

/* "SWITCH:INTERFACE" as the document spells both; what does not fit is cut. Returns buf. */
const char *topo_interface_text(
    const struct topo *topo, uint32_t interface, char *buf, size_t size);

/* Bytes that the snapshot holds, all told. */
size_t topo_bytes(const struct topo *topo);

/* NULL is fine. */
void topo_free(struct topo *topo);

/*
 * The same in slices: frees at most n (at least 1) pieces of memory of at most 1 MiB, and with the last of them the look-up
 * tables. True while there is more to free, which only this function may be given to then; a million ports are some 500.
 */
bool topo_free_step(struct topo *topo, unsigned n);

/* UUID text (8-4-4-4-12 hex digits, any case) <-> 16 bytes; text is written in lower case, 37 bytes with the NUL. */
#define PORT_ID_TEXT 37
bool port_id_parse(struct slice text, uint8_t ret_id[16]);
const char *port_id_format(const uint8_t id[16], char buf[PORT_ID_TEXT]);

#endif
