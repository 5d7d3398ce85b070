/*
 * topo_switch: one switch of the topology document.
 */
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/text.h"
#include "core/topo_build.h"
#include "core/usm_user.h"
#include "util/ascii.h"

/* A boot takes minutes; beyond a day it is a slip of the unit. */
#define BOOT_SETTLE_MAX_MS INT64_C(86400000)
#define ENGINE_ID_MIN 5 /* RFC 3411, SnmpEngineID */

enum {
	SWITCH_NAME,
	SWITCH_ADDRESSES,
	SWITCH_HOSTNAMES,
	SWITCH_ENGINE_ID,
	SWITCH_CHASSIS_ID,
	SWITCH_OS,
	SWITCH_ROOT,
	SWITCH_TRANSIT,
	SWITCH_SOURCES,
	SWITCH_MIN_LEVEL,
	SWITCH_BOOT_SETTLE,
	SWITCH_POLL,
	SWITCH_INTERFACES,
	SWITCH_N
};
static const struct member switch_members[SWITCH_N] = {
	[SWITCH_NAME] = { "name", MEMBER_STRING, true },
	[SWITCH_ADDRESSES] = { "addresses", MEMBER_LIST, false },
	[SWITCH_HOSTNAMES] = { "hostnames", MEMBER_LIST, false },
	[SWITCH_ENGINE_ID] = { "engine_id", MEMBER_STRING, false },
	[SWITCH_CHASSIS_ID] = { "chassis_id", MEMBER_STRING, false },
	[SWITCH_OS] = { "os", MEMBER_STRING, false },
	[SWITCH_ROOT] = { "root", MEMBER_BOOL, false },
	[SWITCH_TRANSIT] = { "transit", MEMBER_BOOL, false },
	[SWITCH_SOURCES] = { "sources", MEMBER_LIST, false },
	[SWITCH_MIN_LEVEL] = { "min_level", MEMBER_STRING, false },
	[SWITCH_BOOT_SETTLE] = { "boot_settle", MEMBER_STRING, false },
	[SWITCH_POLL] = { "poll", MEMBER_OBJECT, false },
	[SWITCH_INTERFACES] = { "interfaces", MEMBER_LIST, false },
};

#define COMMUNITY_MAX 255
/* A user's line at its longest: a name and two secrets of 255 octets in quotes, and what stands between. */
#define USER_LINE_MAX 1023

enum { POLL_COMMUNITY, POLL_USER, POLL_PORT, POLL_N };
static const struct member poll_members[POLL_N] = {
	[POLL_COMMUNITY] = { "community", MEMBER_STRING, false },
	[POLL_USER] = { "user", MEMBER_STRING, false },
	[POLL_PORT] = { "port", MEMBER_INT, false },
};

static const char *
switch_name(const struct topo_builder *b, uint32_t sw)
{
	return topo_text_get(b->topo, topo_switch_get(b->topo, sw)->name);
}

/* ---- who it is: addresses, hostnames, engine id ---- */

static bool
address_parse(struct topo_builder *b, const struct at *at, struct slice text, struct addr *ret_addr)
{
	if (!addr_parse(text, ret_addr)) {
		FAULT(b, at, "\"%s\" is no IP address", TEXT_QUOTE(text));
		return false;
	}
	if (addr_is_any(ret_addr) || addr_is_multicast(ret_addr)) {
		FAULT(b, at, "\"%s\" is nobody's own address", TEXT_QUOTE(text));
		return false;
	}
	return true;
}

static void
add_address(struct topo_builder *b, const struct at *at, uint32_t sw, struct slice text)
{
	struct topo_switch *row = rows_at(&b->topo->switches, sw);
	struct addr addr;

	if (!address_parse(b, at, text, &addr))
		return;
	uint64_t hash = topo_hash_addr(&addr);
	uint32_t known = htab_find(&b->topo->by_addr, hash, &addr);
	if (known != HTAB_NONE) {
		const struct topo_address_row *other = rows_at(&b->topo->addresses, known);
		FAULT(b, at, "duplicate: %s is already an address of \"%s\"", TEXT_QUOTE(text),
		    TEXT_QUOTE(slice_of(switch_name(b, other->sw))));
		return;
	}
	struct topo_address_row *address = build_row(b, &b->topo->addresses);
	if (!address)
		return;
	*address = (struct topo_address_row){ addr, sw };
	build_index(b, &b->topo->by_addr, hash, b->topo->addresses.n - 1);
	row->addresses.n++;
}

static void
add_hostname(struct topo_builder *b, const struct at *at, uint32_t sw, struct slice text)
{
	struct topo_switch *row = rows_at(&b->topo->switches, sw);

	if (memchr(text.data, ' ', text.len)) {
		FAULT(b, at, "\"%s\" is no host name: it has a blank", TEXT_QUOTE(text));
		return;
	}
	topo_text *hostname = build_row(b, &b->topo->hostnames);
	if (!hostname)
		return;
	*hostname = build_text(b, text, true);
	row->hostnames.n++;
	build_sender(b, at, sw, *hostname);
}

/* "0x" and 5 to 32 octets, RFC 3411: not all zero, not all 255. */
static bool
engine_id_parse(struct slice text, uint8_t ret_id[TOPO_ENGINE_ID_MAX], uint8_t *ret_len)
{
	struct slice hex = slice_from(text, 2);
	unsigned all_or = 0, all_and = 255;

	if (!slice_starts(text, "0x") || hex.len % 2 != 0 || hex.len < 2 * ENGINE_ID_MIN ||
	    hex.len > 2 * TOPO_ENGINE_ID_MAX)
		return false;
	for (size_t i = 0; i < hex.len; i += 2) {
		int high = hex_value(hex.data[i]), low = hex_value(hex.data[i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret_id[i / 2] = (uint8_t)(high << 4 | low);
		all_or |= ret_id[i / 2];
		all_and &= ret_id[i / 2];
	}
	*ret_len = (uint8_t)(hex.len / 2);
	return all_or != 0 && all_and != 255;
}

static void
set_engine_id(struct topo_builder *b, const struct at *at, uint32_t sw, const json_t *value)
{
	struct topo_switch *row = rows_at(&b->topo->switches, sw);
	uint8_t id[TOPO_ENGINE_ID_MAX] = { 0 }, len = 0;

	if (!engine_id_parse(member_text(value), id, &len)) {
		FAULT(b, at,
		    "\"%s\" is no engine id: 0x and %d to %d octets in hex, not all 0 or 255",
		    TEXT_QUOTE(member_text(value)), ENGINE_ID_MIN, TOPO_ENGINE_ID_MAX);
		return;
	}
	uint32_t known = topo_switch_by_engine_id(b->topo, id, len);
	if (known != TOPO_NONE) {
		FAULT(b, at, "duplicate: it is already the engine id of \"%s\"",
		    TEXT_QUOTE(slice_of(switch_name(b, known))));
		return;
	}
	memcpy(row->engine_id, id, sizeof(id));
	row->engine_id_len = len;
	build_index(
	    b, &b->topo->by_engine, topo_hash_text((struct slice){ (const char *)id, len }), sw);
}

/* Whether it says who it is at all, if only with the wrong type (which has been told). */
static bool
names_itself(const json_t *value)
{
	static const int identities[] = { SWITCH_ADDRESSES, SWITCH_HOSTNAMES, SWITCH_ENGINE_ID };

	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		const json_t *member = json_object_get(value, switch_members[identities[i]].name);
		if (member && !(json_is_array(member) && json_array_size(member) == 0))
			return true;
	}
	return false;
}

static void
set_identity(
    struct topo_builder *b, const struct at *at, uint32_t sw, const json_t *value, json_t **got)
{
	struct topo_switch *row = rows_at(&b->topo->switches, sw);

	row->addresses.first = b->topo->addresses.n;
	row->hostnames.first = b->topo->hostnames.n;
	build_sender(b, AT_MEMBER(at, "name"), sw, row->name);
	element_each_name(b, AT_MEMBER(at, "addresses"), got[SWITCH_ADDRESSES], sw, add_address);
	element_each_name(b, AT_MEMBER(at, "hostnames"), got[SWITCH_HOSTNAMES], sw, add_hostname);
	if (got[SWITCH_ENGINE_ID])
		set_engine_id(b, AT_MEMBER(at, "engine_id"), sw, got[SWITCH_ENGINE_ID]);
	if (!names_itself(value))
		FAULT(b, at, "needs addresses, hostnames or an engine_id: nothing could name it");
}

/* ---- how it is to be taken ---- */

static void
set_sources(
    struct topo_builder *b, const struct at *at, struct topo_switch *row, const json_t *list)
{
	static const char *const names[] = { "trap", "syslog" };
	static const uint8_t bits[] = { TOPO_SOURCE_TRAP, TOPO_SOURCE_SYSLOG };
	struct slice name;

	row->sources = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!element_name(b, AT_ELEMENT(at, i), list, i, &name))
			continue;
		int source = member_choice(b, AT_ELEMENT(at, i), name, names, 2);
		if (source >= 0)
			row->sources |= bits[source];
	}
	if (json_array_size(list) == 0)
		WARNING(b, at, "nothing may speak for this switch; only polling tells of it");
}

static void
set_min_level(
    struct topo_builder *b, const struct at *at, struct topo_switch *row, const json_t *value)
{
	/* In the order of enum config_min_level. */
	static const char *const names[] = { "noAuthNoPriv", "authNoPriv", "authPriv" };
	int level = member_choice(b, at, member_text(value), names, 3);

	if (level >= 0)
		row->min_level = (int8_t)level;
}

static void
set_boot_settle(
    struct topo_builder *b, const struct at *at, struct topo_switch *row, const json_t *value)
{
	int64_t ms;

	if (config_duration_parse(member_text(value), &ms) && ms <= BOOT_SETTLE_MAX_MS)
		row->boot_settle_ms = ms;
	else
		FAULT(b, at, "\"%s\" is no duration up to a day, such as \"30s\" or \"2min\"",
		    TEXT_QUOTE(member_text(value)));
}

/* What is wrong with it is told without it. */
static bool
check_credential(struct topo_builder *b, const struct at *at, const json_t *value, size_t max)
{
	const struct slice text = member_text(value);

	if (text.len == 0)
		FAULT(b, at, "is empty");
	else if (text_has_control(text))
		FAULT(b, at, "holds a control character");
	else if (text.len > max)
		FAULT(b, at, "is longer than %zu octets", max);
	else
		return true;
	return false;
}

/* One word is the name of a `[snmp] user`; more is a line as that has it. */
static void
check_poll_user(struct topo_builder *b, const struct at *at, const json_t *value)
{
	const struct slice text = member_text(value);
	char why[USM_USER_WHY_MAX];
	struct usm_user user;

	if (slice_find(text, SLICE(" ")) < 0)
		return;
	if (usm_user_parse(text, &user, why))
		explicit_bzero(&user, sizeof(user));
	else
		FAULT(b, at, "%s", why);
}

/* Kept as text for the poller: it is read once per poll session, and its secrets stay out of the rows. */
static void
set_poll(struct topo_builder *b, const struct at *at, struct topo_switch *row, const json_t *value)
{
	json_t *got[POLL_N];
	uint32_t port;
	size_t n_faults = b->faults.n_errors;

	members_read(b, at, value, poll_members, POLL_N, got);
	if (got[POLL_PORT])
		member_int(b, AT_MEMBER(at, "port"), got[POLL_PORT], 1, 65535, &port);
	if (got[POLL_COMMUNITY])
		check_credential(b, AT_MEMBER(at, "community"), got[POLL_COMMUNITY], COMMUNITY_MAX);
	if (got[POLL_USER] &&
	    check_credential(b, AT_MEMBER(at, "user"), got[POLL_USER], USER_LINE_MAX))
		check_poll_user(b, AT_MEMBER(at, "user"), got[POLL_USER]);
	if (b->faults.n_errors > n_faults)
		return;
	char *json = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
	if (json)
		row->poll = build_text(b, slice_of(json), true);
	else
		b->no_memory = true;
	free(json);
}

static void
set_settings(struct topo_builder *b, const struct at *at, uint32_t sw, json_t **got)
{
	struct topo_switch *row = rows_at(&b->topo->switches, sw);
	struct slice text;

	if (got[SWITCH_CHASSIS_ID] &&
	    member_label(b, AT_MEMBER(at, "chassis_id"), got[SWITCH_CHASSIS_ID], &text))
		row->chassis_id = build_text(b, text, true);
	if (got[SWITCH_OS] && member_label(b, AT_MEMBER(at, "os"), got[SWITCH_OS], &text)) {
		row->os_text = build_text(b, text, true);
		row->os = text.len > 0 ? os_family_from(text) : OS_UNKNOWN;
	}
	row->root = json_is_true(got[SWITCH_ROOT]);
	row->transit = !json_is_false(got[SWITCH_TRANSIT]);
	if (got[SWITCH_SOURCES])
		set_sources(b, AT_MEMBER(at, "sources"), row, got[SWITCH_SOURCES]);
	if (got[SWITCH_MIN_LEVEL])
		set_min_level(b, AT_MEMBER(at, "min_level"), row, got[SWITCH_MIN_LEVEL]);
	if (got[SWITCH_BOOT_SETTLE])
		set_boot_settle(b, AT_MEMBER(at, "boot_settle"), row, got[SWITCH_BOOT_SETTLE]);
	if (got[SWITCH_POLL])
		set_poll(b, AT_MEMBER(at, "poll"), row, got[SWITCH_POLL]);
}

void
record_switch(struct topo_builder *b, const struct at *at, const char *key, json_t *value)
{
	json_t *got[SWITCH_N];
	struct slice name;

	if (!members_read(b, at, value, switch_members, SWITCH_N, got) || !got[SWITCH_NAME] ||
	    !member_name(b, AT_MEMBER(at, "name"), got[SWITCH_NAME], &name))
		return;
	uint32_t known = topo_switch_find(b->topo, name);
	if (known != TOPO_NONE) {
		if (!record_is_again(b, TOPO_SWITCH, known, key))
			FAULT(b, AT_MEMBER(at, "name"),
			    "duplicate: there is a switch \"%s\" already", TEXT_QUOTE(name));
		return;
	}
	if (memchr(name.data, ':', name.len)) {
		FAULT(b, AT_MEMBER(at, "name"),
		    "\"%s\" has a colon, which ends a switch's name in \"SWITCH:INTERFACE\"",
		    TEXT_QUOTE(name));
		return;
	}
	record_check_key(b, TOPO_SWITCH, at, key, value);
	uint32_t sw = build_switch(b, name);
	if (sw == TOPO_NONE)
		return;
	set_settings(b, at, sw, got);
	set_identity(b, at, sw, value, got);
	if (got[SWITCH_INTERFACES])
		record_interfaces(b, AT_MEMBER(at, "interfaces"), sw, got[SWITCH_INTERFACES]);
}
