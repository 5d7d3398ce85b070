#include "core/ifname.h"

#include <stdint.h>
#include <string.h>

#include "core/ifname_head.h"
#include "util/ascii.h"

/* "Unit 1, Port 5" (EdgeCore) is Ethernet1/5. */
static bool
read_unit_port(struct slice name, struct slice *ret_unit, struct slice *ret_port)
{
	unsigned long long number = 0;

	if (!slice_case_eq_str(slice_first(name, 5), "unit "))
		return false;
	struct slice rest = slice_from(name, 5);
	struct slice unit = slice_trim(slice_cut(&rest, ','));
	rest = slice_trim(rest);
	if (!slice_case_eq_str(slice_first(rest, 5), "port "))
		return false;
	struct slice port = slice_trim(slice_from(rest, 5));
	if (!slice_to_uint(unit, UINT32_MAX, &number) || !slice_to_uint(port, UINT32_MAX, &number))
		return false;
	*ret_unit = unit;
	*ret_port = port;
	return true;
}

/* "Port 5" and "Port 1/5" are 5 and 1/5; "port5" is a name of its own. */
static struct slice
without_port(struct slice name)
{
	struct slice number = slice_trim(slice_from(name, 5));

	return slice_case_eq_str(slice_first(name, 5), "port ") && slice_digits(number) > 0 ? number
											    : name;
}

struct key {
	char *buf;
	size_t len; /* beyond IFNAME_MAX: too long, nothing more was written */
};

static void
add(struct key *key, struct slice text)
{
	for (size_t i = 0; i < text.len; i++, key->len++) {
		char c = text.data[i];

		if (key->len < IFNAME_MAX)
			key->buf[key->len] = to_lower(c);
	}
}

static bool
add_all(struct key *key, struct slice a, struct slice b, struct slice c, struct slice d)
{
	add(key, a);
	add(key, b);
	add(key, c);
	add(key, d);
	return key->len <= IFNAME_MAX;
}

/* Cuts a number off *rest, and the blanks behind it; empty: there is none. */
static struct slice
cut_digits(struct slice *rest)
{
	struct slice s = *rest;
	const size_t len = slice_digits(s);

	if (len < s.len && s.data[len] != ' ')
		return (struct slice){ 0 };
	*rest = slice_trim(slice_from(s, len));
	return slice_first(s, len);
}

/*
 * FASTPATH's ifDescr and its older log: "Unit: 1 Slot: 0 Port: 5 Gigabit - Level" is 1/0/5, and "Slot: 0 Port: 5" is 0/5. False,
 * and *key empty, for another name.
 */
static bool
add_slot_port(struct key *key, struct slice name)
{
	static const char *const labels[] = { "unit: ", "slot: ", "port: " };

	for (size_t i = 0; i < 3; i++) {
		if (slice_case_eq_str(slice_first(name, 6), labels[i])) {
			name = slice_from(name, 6);
			if (key->len > 0)
				add(key, SLICE("/"));
			struct slice number = cut_digits(&name);
			add(key, number);
			if (number.len > 0)
				continue;
		} else if (i == 0) {
			continue;
		}
		key->len = 0;
		return false;
	}
	return true;
}

static bool
has_control(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < 0x20 || name.data[i] == 0x7F)
			return true;
	return false;
}

static bool
write_key(enum os_family os, struct slice name, struct key *key)
{
	struct slice unit, port;
	struct ifname_parts parts = ifname_split(name);
	const char *class = ifname_class(os, &parts);
	static const struct slice none = { 0 };

	if (read_unit_port(name, &unit, &port))
		return add_all(key, SLICE("ethernet"), unit, SLICE("/"), port);
	if (add_slot_port(key, name))
		return true;
	if (class && add_all(key, slice_of(class), parts.tail, none, none))
		return true;
	key->len = 0;
	/* A type word is joined to its number; other names keep their blanks: "my port 5". */
	if (class || ifname_is_virtual(name) || parts.is_speed)
		return add_all(key, parts.head, parts.tail, none, none);
	return add_all(key, name, none, none, none);
}

size_t
ifname_key(enum os_family os, struct slice name, char *buf)
{
	struct key key = { buf, 0 };

	buf[0] = '\0';
	if (name.len > IFNAME_MAX || has_control(name))
		return 0;
	name = without_port(ifname_trim(name));
	if (name.len == 0 || !write_key(os, name, &key))
		return 0;
	buf[key.len] = '\0';
	return key.len;
}

static bool
is_digits_and_dots(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.data[i]) && s.data[i] != '.')
			return false;
	return s.len > 0 && is_digit(s.data[s.len - 1]) && s.data[0] != '.';
}

/*
 * "port1" of "port1.0.5", "P0" of "P0.2" (SCALANCE, of two digits at most): the dot parts the numbers of a place. "p1p1" is a Linux
 * interface.
 */
static bool
is_port_word(const struct ifname_parts *parts, struct slice unit)
{
	return slice_case_eq_str(parts->head, "port") ||
	       (slice_case_eq_str(parts->head, "p") && unit.len <= 2 &&
		   slice_digits(parts->tail) == parts->tail.len);
}

/* Whether the name before the dot of a switch of unknown family can have units at all. */
static bool
has_units(struct slice name, struct slice unit)
{
	struct ifname_parts parts = ifname_split(name);

	if (is_port_word(&parts, unit) || !is_digit(name.data[name.len - 1]))
		return false;
	return parts.head.len > 0 || memchr(name.data, '/', name.len) != NULL;
}

bool
ifname_unit_parent(enum os_family os, struct slice name, struct slice *ret_parent)
{
	if (!slice_has(name, '.') || os == OS_FTOS || os == OS_OS10 || os == OS_SMB)
		return false;
	name = ifname_trim(name);
	long dot = slice_find(name, SLICE("."));
	if (dot <= 0)
		return false;
	struct slice parent = slice_first(name, (size_t)dot);
	struct slice unit = slice_from(name, (size_t)dot + 1);
	if (!is_digits_and_dots(unit))
		return false;
	if ((os == OS_UNKNOWN || os == OS_OTHER) &&
	    (slice_find(unit, SLICE(".")) >= 0 || !has_units(parent, unit)))
		return false;
	*ret_parent = parent;
	return true;
}

struct os_name {
	const char *text;
	enum os_family os;
};

static const struct os_name os_names[] = {
	{ "ios", OS_IOS },
	{ "iosxe", OS_IOS },
	{ "ciscoios", OS_IOS },
	{ "ciscoiosxe", OS_IOS },
	{ "ciscoxe", OS_IOS },
	{ "catalyst", OS_IOS },
	{ "iosxr", OS_IOS_XR },
	{ "ciscoiosxr", OS_IOS_XR },
	{ "ciscoxr", OS_IOS_XR },
	{ "xr", OS_IOS_XR },
	{ "nxos", OS_NX_OS },
	{ "cisconxos", OS_NX_OS },
	{ "nexus", OS_NX_OS },
	{ "eos", OS_EOS },
	{ "aristaeos", OS_EOS },
	{ "arista", OS_EOS },
	{ "junos", OS_JUNOS },
	{ "junosevo", OS_JUNOS },
	{ "junosevolved", OS_JUNOS },
	{ "juniper", OS_JUNOS },
	{ "juniperjunos", OS_JUNOS },
	{ "ftos", OS_FTOS },
	{ "force10", OS_FTOS },
	{ "dellforce10", OS_FTOS },
	{ "dnos9", OS_FTOS },
	{ "os9", OS_FTOS },
	{ "dellos9", OS_FTOS },
	{ "os10", OS_OS10 },
	{ "dellos10", OS_OS10 },
	{ "smb", OS_SMB },
	{ "ciscosmb", OS_SMB },
	{ "ciscos300", OS_SMB },
	{ "eltexmes", OS_SMB },
	{ "comware", OS_COMWARE },
	{ "hpcomware", OS_COMWARE },
	{ "hpecomware", OS_COMWARE },
	{ "h3c", OS_COMWARE },
	{ "vrp", OS_VRP },
	{ "huawei", OS_VRP },
	{ "huaweivrp", OS_VRP },
	{ "huaweivrpv8", OS_VRP },
	{ "cloudengine", OS_VRP },
	{ "linux", OS_LINUX },
	{ "cumulus", OS_LINUX },
	{ "cumuluslinux", OS_LINUX },
	{ "sonic", OS_SONIC },
	{ "dellsonic", OS_SONIC },
	{ "enterprisesonic", OS_SONIC },
};

/* Equal without case, blanks, '-' and '_' of text. */
static bool
is_os_name(struct slice text, const char *name)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '-' || c == '_' || c == ' ')
			continue;
		if (*name == '\0' ||
		    !slice_case_eq((struct slice){ &c, 1 }, (struct slice){ name, 1 }))
			return false;
		name++;
	}
	return *name == '\0';
}

enum os_family
os_family_from(struct slice text)
{
	if (slice_trim(text).len == 0)
		return OS_UNKNOWN;
	for (size_t i = 0; i < sizeof(os_names) / sizeof(os_names[0]); i++)
		if (is_os_name(text, os_names[i].text))
			return os_names[i].os;
	return OS_OTHER;
}
