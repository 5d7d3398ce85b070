/*
 * ifname: one canonical form for the many spellings of an interface's name (core).
 *
 * Gi1/0/1, GigabitEthernet1/0/1, GigabitEthernet 1/0/1 and gigabitethernet1/0/1 are one interface;
 * Eth1/1 and Et1/1/1 are two. A name is split into head (letters and hyphens) and tail (from the
 * first digit). A head that some vendor's table knows becomes its class; by the switch's `os` where
 * a short form is ambiguous (Fi, Tw, Fo, Po with a slash). What no table knows is kept, in lower
 * case. Breakout lanes (":1", "/1") are never stripped. The tables are facts of the vendors (IOS,
 * IOS-XR, NX-OS, EOS, FTOS, SMB, Comware, VRP, Junos ...): facts/link-syslog.md 5.
 *
 * The rule behind the tables: two names that could be two interfaces of one switch never meet, and
 * two spellings of one do. Where the family is not known the first half wins, save where all tables
 * agree (Fo: forty, Tw: two and a half) or the form tells (Fi: FTOS has a blank behind it, IOS-XR four
 * numbers). "Port 5" is 5.
 */
#ifndef DPWATCH_CORE_IFNAME_H
#define DPWATCH_CORE_IFNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/* Longest name that is looked at: IF-MIB ifName and ifDescr are DisplayString (0..255). A key needs
 * no more room. */
#define IFNAME_MAX 255

/* The family of a switch's operating system; it settles ambiguous short forms. */
enum os_family {
	OS_UNKNOWN,
	OS_IOS, /* IOS and IOS-XE */
	OS_IOS_XR,
	OS_NX_OS,
	OS_EOS,
	OS_JUNOS,
	OS_FTOS, /* Dell OS9, Force10 */
	OS_OS10,
	OS_SMB, /* Cisco Small Business and its relatives */
	OS_COMWARE,
	OS_VRP,
	OS_LINUX, /* Linux, Cumulus */
	OS_SONIC,
	OS_OTHER, /* named in the topology, but without ambiguous names of its own */
	OS_MAX
};

/* The family of a topology document's "os" text: ios, ios-xe, ios-xr, nx-os, eos, junos, ... Case,
 * blanks, '-' and '_' don't count. OS_UNKNOWN for empty, OS_OTHER for other text. */
enum os_family os_family_from(struct slice text);

/*
 * Writes the look-up key of a name: equal for every spelling of one interface of a switch of that
 * family. buf holds IFNAME_MAX + 1 bytes and gets a NUL behind the key. Returns the key's length; 0,
 * and "" in buf, when the name is longer than IFNAME_MAX, holds a control character, or nothing is
 * left without blanks in front and blanks, '.', ',' and ':' behind. The key is for comparing, never
 * for showing. A key is its own key, for every family.
 */
size_t ifname_key(enum os_family os, struct slice name, char *buf);

/* A VLAN, loopback, tunnel, null or other interface without a port of its own: never an event.
 * Logical units are another matter, see ifname_unit_parent(). */
bool ifname_is_virtual(struct slice name);

/*
 * The physical interface that a logical unit stands on: "xe-0/0/1.0" and "Eth1/2.400" give the part
 * before the dot and true; "port1.0.5", "P0.2", "Gi1/0/1" and names without a unit give false, *ret_parent
 * untouched. Families without units (FTOS, OS10, SMB) always give false; where the family is not
 * known, a unit is one dot behind a digit of a name with a slash, or with letters other than "port" and "P".
 * The slice points into name.
 */
bool ifname_unit_parent(enum os_family os, struct slice name, struct slice *ret_parent);

/*
 * Whether two keys (of ifname_key(), for one family) are of two interfaces that are numbered in the same way: equal but for their
 * numbers ("ethernet1/7" and "ethernet1/12"). False for equal keys, and for two notations ("ethernet1/7" and "7"), which may
 * mean one interface.
 */
bool ifname_keys_differ_in_number(struct slice a, struct slice b);

/*
 * Whether the interface may sit on the card in that slot: one of the numbers of its place before the port's own is the
 * slot's. Vendors put chassis, member, slot and module in different orders ("xe-SLOT/pic/port", "Gi<member>/<slot>/<port>",
 * "port<stack>.<module>.<port>"), so it may be true for a card too many, never for one too few. A breakout lane (":1") is no
 * place. False for a name with one number.
 */
bool ifname_may_be_in_slot(struct slice name, uint32_t slot);

#endif
