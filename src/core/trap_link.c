/*
 * One trap -> one link event: identify the notification (its OID, v1 mapped to v2), find its row (core/trap_rows), read
 * the interface, read the status. Each step either goes on or gives its miss.
 */
#include "core/trap_link.h"

#include <string.h>

#include "core/trap_rows.h"

/* IF-MIB: ifName and ifDescr are at most 255 octets; a longer "name" is none. */
#define NAME_MAX_LEN 255

/* RFC 1157 4.1.6: generic-trap. */
#define GENERIC_LAST_STANDARD 5
#define GENERIC_ENTERPRISE 6

/* IF-MIB: ifAdminStatus; the vendors' own columns have the same numbers. */
enum { ADMIN_UP = 1, ADMIN_DOWN = 2, ADMIN_TESTING = 3 };

const char *const trap_miss_names[TRAP_MISS_MAX] = {
	[TRAP_MISS_NONE] = "",
	[TRAP_MISS_NOT_OURS] = "not-ours",
	[TRAP_MISS_NO_TRAP_OID] = "no-trap-oid",
	[TRAP_MISS_BAD_OID] = "bad-oid",
	[TRAP_MISS_NO_INTERFACE] = "no-interface",
	[TRAP_MISS_BAD_INDEX] = "bad-index",
	[TRAP_MISS_NOT_UP] = "not-up",
};

/* What a link trap's varbinds say about which interface it is. */
struct interface_ids {
	uint32_t if_index; /* 0: not told */
	bool bad_index;    /* an ifIndex was there, but its value is none */
	struct slice name, descr;
};

static size_t
n_varbinds(const struct trap *trap)
{
	return trap->n_varbinds < TRAP_VARBINDS_MAX ? trap->n_varbinds : TRAP_VARBINDS_MAX;
}

/* The first varbind of that name and type; NULL: none. */
static const struct trap_varbind *
find_scalar(const struct trap *trap, struct oid name, enum trap_value_type type)
{
	for (size_t i = 0; i < n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (vb->type == type && oid_eq(vb->name, name))
			return vb;
	}
	return NULL;
}

/* RFC 3584 3.1: generic traps have OIDs of their own; others are enterprise.0.specific. */
static enum trap_miss
map_v1_oid(const struct trap *trap, unsigned long ids[OID_MAX], struct oid *ret_oid)
{
	static const unsigned long snmp_traps[] = { 1, 3, 6, 1, 6, 3, 1, 1, 5 };
	const struct oid *enterprise = &trap->enterprise;
	size_t n = sizeof(snmp_traps) / sizeof(snmp_traps[0]);

	if (trap->generic >= 0 && trap->generic <= GENERIC_LAST_STANDARD) {
		memcpy(ids, snmp_traps, sizeof(snmp_traps));
		ids[n] = (unsigned long)trap->generic + 1;
		*ret_oid = (struct oid){ ids, n + 1 };
		return TRAP_MISS_NONE;
	}
	if (trap->generic != GENERIC_ENTERPRISE || trap->specific < 0)
		return TRAP_MISS_NOT_OURS;

	n = enterprise->n;
	if (n > OID_MAX)
		return TRAP_MISS_BAD_OID;
	/* Some enterprises end in the zero already, and get no second one. */
	bool add_zero = n == 0 || enterprise->ids[n - 1] != 0;
	if (n + add_zero + 1 > OID_MAX)
		return TRAP_MISS_BAD_OID;
	if (n > 0)
		memcpy(ids, enterprise->ids, n * sizeof(*ids));
	if (add_zero)
		ids[n++] = 0;
	ids[n++] = (unsigned long)trap->specific;
	*ret_oid = (struct oid){ ids, n };
	return TRAP_MISS_NONE;
}

/* RFC 3416 4.2.6: the value of snmpTrapOID.0; found by name, since not every agent puts it second. */
static enum trap_miss
read_v2_oid(const struct trap *trap, struct oid *ret_oid)
{
	const struct trap_varbind *vb =
	    find_scalar(trap, OID(1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), VALUE_OID);

	if (vb == NULL || vb->oid.n == 0)
		return TRAP_MISS_NO_TRAP_OID;
	if (vb->oid.n > OID_MAX)
		return TRAP_MISS_BAD_OID;
	*ret_oid = vb->oid;
	return TRAP_MISS_NONE;
}

/* Some agents leave out the instance; one sub-identifier is that of a row of ifTable. */
static bool
is_column(struct oid name, struct oid column)
{
	return oid_starts(name, column) && name.n <= column.n + 1;
}

/* RFC 2863: InterfaceIndex is 1..2147483647. */
static bool
is_index(int64_t value)
{
	return value >= 1 && value <= INT32_MAX;
}

/*
 * The instance of any ifTable or ifXTable column: both entries are followed by column and ifIndex.
 */
static uint32_t
index_of_instance(struct oid name)
{
	const struct oid *entry =
	    oid_starts(name, trap_if_entry) ? &trap_if_entry : &trap_ifx_entry;

	if (!oid_starts(name, *entry) || name.n != entry->n + 2)
		return 0;
	unsigned long instance = name.ids[name.n - 1];
	return instance <= INT32_MAX ? (uint32_t)instance : 0;
}

/* Order of trust: the value of ifIndex, then the instance of another column. The first that is usable. */
static void
read_index(const struct trap *trap, struct interface_ids *ret_ids)
{
	for (size_t i = 0; i < n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (!is_column(vb->name, trap_if_index))
			continue;
		if (vb->type == VALUE_INTEGER && is_index(vb->integer)) {
			ret_ids->if_index = (uint32_t)vb->integer;
			return;
		}
		ret_ids->bad_index = true;
	}
	for (size_t i = 0; i < n_varbinds(trap) && ret_ids->if_index == 0; i++)
		ret_ids->if_index = index_of_instance(trap->varbinds[i].name);
}

/*
 * Whether a column's varbind speaks of the trap's interface: an instance that is another ifIndex is another interface's.
 * Without an instance, with 0, or where the trap tells no ifIndex, it can only be this one's.
 */
static bool
belongs(struct oid name, struct oid column, uint32_t if_index)
{
	if (name.n == column.n || if_index == 0)
		return true;
	unsigned long instance = name.ids[name.n - 1];
	return instance == 0 || instance == if_index;
}

/* Whether the varbind is that column of the trap's interface. */
static bool
is_cell(const struct trap_varbind *vb, struct oid column, bool instance_is_index, uint32_t if_index)
{
	if (column.n == 0 || !oid_starts(vb->name, column))
		return false;
	return !instance_is_index ||
	       (is_column(vb->name, column) && belongs(vb->name, column, if_index));
}

/* The first usable text in that column: 1 to 255 octets without blanks around them. Empty: none. */
static struct slice
read_text(const struct trap *trap, struct oid column, bool instance_is_index, uint32_t if_index)
{
	for (size_t i = 0; i < n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (vb->type != VALUE_BYTES || !is_cell(vb, column, instance_is_index, if_index))
			continue;
		struct slice text = slice_trim(vb->bytes);
		if (text.len > 0 && text.len <= NAME_MAX_LEN)
			return text;
	}
	return (struct slice){ NULL, 0 };
}

static enum trap_miss
read_interface(
    const struct trap *trap, const struct trap_objects *objects, struct interface_ids *ret_ids)
{
	bool by_index = objects->instance_is_index;

	*ret_ids = (struct interface_ids){ 0 };
	read_index(trap, ret_ids);
	ret_ids->name = read_text(trap, objects->name, by_index, ret_ids->if_index);
	ret_ids->descr = read_text(trap, objects->descr, by_index, ret_ids->if_index);
	if (ret_ids->if_index != 0 || ret_ids->name.len > 0 || ret_ids->descr.len > 0)
		return TRAP_MISS_NONE;
	return ret_ids->bad_index ? TRAP_MISS_BAD_INDEX : TRAP_MISS_NO_INTERFACE;
}

/* What the operational status says: the first usable varbind of the column. */
static enum trap_status
read_oper(const struct trap *trap, const struct trap_objects *objects, uint32_t if_index)
{
	for (size_t i = 0; i < n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (vb->type != VALUE_INTEGER ||
		    !is_cell(vb, objects->oper, objects->instance_is_index, if_index))
			continue;
		enum trap_status status = trap_status_of(objects->status, vb->integer);
		if (status != STATUS_NONE)
			return status;
	}
	return STATUS_NONE;
}

/* ifAdminStatus, or 0: not told (or not a value of it). */
static int64_t
read_admin(const struct trap *trap, const struct trap_objects *objects, uint32_t if_index)
{
	for (size_t i = 0; i < n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (vb->type == VALUE_INTEGER && vb->integer >= ADMIN_UP &&
		    vb->integer <= ADMIN_TESTING &&
		    is_cell(vb, objects->admin, objects->instance_is_index, if_index))
			return vb->integer;
	}
	return 0;
}

/* Whether an operator shut the interface: by the status column, or by the text that Cisco IOS sends instead. */
static bool
is_admin_down(const struct trap *trap, int64_t admin, uint32_t if_index)
{
	if (admin != 0)
		return admin == ADMIN_DOWN;
	return slice_case_eq_str(
	    read_text(trap, trap_loc_if_reason, true, if_index), "administratively down");
}

/*
 * The word, by the notification's meaning and the status. linkDown's status is the one that was left (RFC 2863) and says
 * nothing; linkUp's is the one that was entered, and must be up.
 */
static enum link_word
read_word(enum trap_meaning meaning, enum trap_status oper, bool admin_down)
{
	enum link_word down = admin_down ? WORD_ADMIN_DOWN : WORD_DOWN;

	switch (meaning) {
	case MEANS_DOWN:
		return down;
	case MEANS_UP:
		return oper == STATUS_DOWN || oper == STATUS_NOT_READY ? WORD_NONE : WORD_UP;
	case MEANS_STATUS:
		return oper == STATUS_UP ? WORD_UP : oper == STATUS_DOWN ? down : WORD_NONE;
	default:
		return WORD_NONE;
	}
}

static enum trap_miss
decode_link(const struct trap *trap, const struct trap_row *row, struct link_event *ret_event)
{
	struct interface_ids ids;
	enum trap_miss miss = read_interface(trap, row->objects, &ids);

	if (miss != TRAP_MISS_NONE)
		return miss;
	enum trap_status oper = read_oper(trap, row->objects, ids.if_index);
	int64_t admin = read_admin(trap, row->objects, ids.if_index);
	enum link_word word =
	    read_word(row->meaning, oper, is_admin_down(trap, admin, ids.if_index));
	if (word == WORD_NONE)
		return TRAP_MISS_NOT_UP;
	ret_event->kind = LINK_EVENT_WORD;
	ret_event->word = word;
	ret_event->layer = row->layer;
	ret_event->bare_up = word == WORD_UP && oper == STATUS_NONE;
	ret_event->admin_up = admin == ADMIN_UP;
	ret_event->name = ids.name;
	ret_event->descr = ids.descr;
	ret_event->if_index = ids.if_index;
	return TRAP_MISS_NONE;
}

static enum trap_miss
decode_row(const struct trap *trap, const struct trap_row *row, struct link_event *ret_event)
{
	switch (row->meaning) {
	case MEANS_RESTART:
	case MEANS_NEW_BOOT:
		ret_event->kind = LINK_EVENT_RESTART;
		ret_event->new_boot = row->meaning == MEANS_NEW_BOOT;
		return TRAP_MISS_NONE;
	case MEANS_POWER:
		ret_event->kind = LINK_EVENT_DOUBT;
		ret_event->reason = REASON_POWER;
		return TRAP_MISS_NONE;
	default:
		return decode_link(trap, row, ret_event);
	}
}

static enum trap_miss
decode(const struct trap *trap, struct link_event *ret_event)
{
	unsigned long ids[OID_MAX];
	struct oid notification;
	enum trap_miss miss = trap->version == 1 ? map_v1_oid(trap, ids, &notification)
						 : read_v2_oid(trap, &notification);

	if (miss != TRAP_MISS_NONE)
		return miss;
	const struct trap_row *row = trap_row_find(notification);
	if (row == NULL)
		return TRAP_MISS_NOT_OURS;
	*ret_event = (struct link_event){ .source = SOURCE_TRAP, .rule = row->name };
	ret_event->has_uptime = trap_uptime(trap, &ret_event->uptime_cs);
	return decode_row(trap, row, ret_event);
}

enum decode_result
trap_link_decode(const struct trap *trap, struct link_event *ret_event, enum trap_miss *ret_miss)
{
	struct link_event event;
	enum trap_miss miss = decode(trap, &event);

	switch (miss) {
	case TRAP_MISS_NONE:
		*ret_event = event;
		return DECODE_EVENT;
	case TRAP_MISS_NOT_OURS:
	case TRAP_MISS_NOT_UP:
		*ret_miss = miss;
		return DECODE_NOT_OURS;
	default:
		*ret_miss = miss;
		return DECODE_MALFORMED;
	}
}

static bool
claim(const uint8_t octets[4], struct addr *ret_addr)
{
	static const uint8_t any[4];

	if (memcmp(octets, any, sizeof(any)) == 0)
		return false;
	*ret_addr = (struct addr){ .ip = { [10] = 0xff, [11] = 0xff } };
	memcpy(ret_addr->ip + 12, octets, 4);
	return true;
}

bool
trap_claimed_sender(const struct trap *trap, struct addr *ret_addr)
{
	if (trap->version == 1 && claim(trap->agent_addr, ret_addr))
		return true;
	const struct trap_varbind *vb =
	    find_scalar(trap, OID(1, 3, 6, 1, 6, 3, 18, 1, 3, 0), VALUE_ADDRESS);
	return vb != NULL && vb->bytes.len == 4 && claim((const uint8_t *)vb->bytes.data, ret_addr);
}

bool
trap_uptime(const struct trap *trap, uint32_t *ret_cs)
{
	if (trap->version == 1) {
		if (trap->has_timestamp)
			*ret_cs = trap->timestamp_cs;
		return trap->has_timestamp;
	}
	const struct trap_varbind *vb =
	    find_scalar(trap, OID(1, 3, 6, 1, 2, 1, 1, 3, 0), VALUE_TIMETICKS);
	if (vb == NULL || vb->integer < 0 || vb->integer > UINT32_MAX)
		return false;
	*ret_cs = (uint32_t)vb->integer;
	return true;
}
