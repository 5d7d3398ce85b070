/*
 * addr: an IP address as a value (layer 0): what names a sender.
 *
 * IPv4 is kept as v4-mapped IPv6 (::ffff:a.b.c.d), so that both spellings of one sender are equal.
 * A link-local address keeps its scope (interface index); every other address has scope 0.
 */
#ifndef DPWATCH_UTIL_ADDR_H
#define DPWATCH_UTIL_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct sockaddr;

struct addr {
	uint8_t ip[16];
	uint32_t scope; /* 0: none */
};

/* The longest text addr_format writes: an IPv6 address, '%', a scope number and a NUL. */
#define ADDR_TEXT_MAX 64

/* A network: an address of which the first `bits` (of 128; an IPv4 /24 is 120) count. */
struct addr_net {
	struct addr addr;
	uint8_t bits;
};

/* From AF_INET or AF_INET6. False, and *ret_addr untouched, for any other family. sa need not be aligned. */
bool addr_from_sockaddr(const struct sockaddr *sa, struct addr *ret_addr);

/*
 * Parses IPv4 or IPv6 text, with an optional "%NUMBER" or "%INTERFACE" (of this machine; the system is asked) on a
 * link-local one. False, and *ret_addr untouched, if it is neither.
 */
bool addr_parse(struct slice text, struct addr *ret_addr);

/*
 * Parses "ADDRESS" or "ADDRESS/BITS". Address bits beyond the prefix are cleared. False, and *ret_net untouched, if it is
 * neither. (0.0.0.0/0 is every IPv4 address; ::/0 is every address, IPv4 as well.)
 */
bool addr_net_parse(struct slice text, struct addr_net *ret_net);

bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_is_any(const struct addr *a);      /* :: or 0.0.0.0 */
bool addr_is_loopback(const struct addr *a); /* ::1 or 127/8 */
/* A multicast group, or 255.255.255.255: never a sender. */
bool addr_is_multicast(const struct addr *a);

/* Whether the network holds the address. A network without scope holds an address of any scope. */
bool addr_net_holds(const struct addr_net *net, const struct addr *a);

/* Writes the usual text (v4-mapped as IPv4); buf holds at least ADDR_TEXT_MAX. Returns buf. */
const char *addr_format(const struct addr *a, char *buf);

#endif
