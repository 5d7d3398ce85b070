/*
 * One trap -> one link event: identify the notification (its OID, v1 mapped to v2), find its row (core/trap_rules), read
 * the interface, read the status. Each step either goes on or gives its miss.
 */
#include "core/trap_link.h"

#include <string.h>

#include "core/trap_interface.h"
#include "core/trap_rules.h"

/* RFC 1157 4.1.6: generic-trap. */
#define GENERIC_LAST_STANDARD 5
#define GENERIC_ENTERPRISE 6

static const struct oid sys_up_time = OID_IDS(1, 3, 6, 1, 2, 1, 1, 3, 0);
static const struct oid sys_name = OID_IDS(1, 3, 6, 1, 2, 1, 1, 5, 0);
static const struct oid snmp_trap_oid = OID_IDS(1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0);
static const struct oid snmp_trap_address = OID_IDS(1, 3, 6, 1, 6, 3, 18, 1, 3, 0);

const char *const trap_miss_names[TRAP_MISS_MAX] = {
	[TRAP_MISS_NONE] = "",
	[TRAP_MISS_NOT_OURS] = "not-ours",
	[TRAP_MISS_NO_TRAP_OID] = "no-trap-oid",
	[TRAP_MISS_BAD_OID] = "bad-oid",
	[TRAP_MISS_NO_INTERFACE] = "no-interface",
	[TRAP_MISS_BAD_INDEX] = "bad-index",
	[TRAP_MISS_NOT_UP] = "not-up",
};

/* The first varbind of that name and type; NULL: none. */
static const struct trap_varbind *
find_scalar(const struct trap *trap, struct oid name, enum trap_value_type type)
{
	for (size_t i = 0; i < trap_n_varbinds(trap); i++) {
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
	const struct trap_varbind *vb = find_scalar(trap, snmp_trap_oid, VALUE_OID);

	if (vb == NULL || vb->oid.n == 0)
		return TRAP_MISS_NO_TRAP_OID;
	if (vb->oid.n > OID_MAX)
		return TRAP_MISS_BAD_OID;
	*ret_oid = vb->oid;
	return TRAP_MISS_NONE;
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

static void
set_interface(const struct trap_interface *ids, struct link_event *event)
{
	event->name = ids->name;
	event->descr = ids->descr;
	event->if_index = ids->if_index;
}

static enum trap_miss
decode_link(
    const struct trap *trap, const struct trap_row *row, char *room, struct link_event *ret_event)
{
	const struct trap_objects *objects = &row->family->objects;
	struct trap_interface ids;
	enum trap_miss miss = trap_read_interface(trap, objects, room, &ids);

	if (miss != TRAP_MISS_NONE)
		return miss;
	enum trap_status oper = trap_read_oper(trap, objects, ids.if_index);
	int64_t admin = trap_read_admin(trap, objects, ids.if_index);
	enum link_word word =
	    read_word(row->meaning, oper, trap_is_admin_down(trap, admin, ids.if_index));
	if (word == WORD_NONE)
		return TRAP_MISS_NOT_UP;
	ret_event->kind = LINK_EVENT_WORD;
	ret_event->word = word;
	ret_event->layer = row->family->layer;
	ret_event->bare_up = word == WORD_UP && oper == STATUS_NONE;
	ret_event->admin_up = admin == ADMIN_UP;
	set_interface(&ids, ret_event);
	return TRAP_MISS_NONE;
}

/* The number of a slot, told as a number or as the text of one. Where none is told, the whole switch is meant. */
static void
read_slot(const struct trap *trap, struct oid object, struct link_event *event)
{
	char text[24];
	unsigned long long slot;
	int len = trap_write_value(trap, object, false, text, sizeof(text));

	if (len < 0 || !slice_to_uint((struct slice){ text, (size_t)len }, UINT32_MAX, &slot))
		return;
	event->has_slot = true;
	event->slot = (uint32_t)slot;
}

/* What decides nothing. One about an interface that names none says nothing at all. */
static enum trap_miss
decode_doubt(
    const struct trap *trap, const struct trap_row *row, char *room, struct link_event *ret_event)
{
	const struct trap_family *family = row->family;
	struct trap_interface ids;

	ret_event->kind = row->meaning == MEANS_HINT ? LINK_EVENT_HINT : LINK_EVENT_DOUBT;
	ret_event->reason = family->reason;
	if (family->about == ABOUT_SLOT)
		read_slot(trap, family->objects.slot, ret_event);
	if (family->about != ABOUT_INTERFACE)
		return TRAP_MISS_NONE;
	if (trap_read_interface(trap, &family->objects, room, &ids) != TRAP_MISS_NONE)
		return TRAP_MISS_NOT_OURS;
	set_interface(&ids, ret_event);
	return TRAP_MISS_NONE;
}

static enum trap_miss
decode_row(
    const struct trap *trap, const struct trap_row *row, char *room, struct link_event *ret_event)
{
	switch (row->meaning) {
	case MEANS_IGNORE:
		return TRAP_MISS_NOT_OURS;
	case MEANS_RESTART:
	case MEANS_NEW_BOOT:
		ret_event->kind = LINK_EVENT_RESTART;
		ret_event->new_boot = row->meaning == MEANS_NEW_BOOT;
		return TRAP_MISS_NONE;
	case MEANS_DOUBT:
	case MEANS_HINT:
		return decode_doubt(trap, row, room, ret_event);
	default:
		return decode_link(trap, row, room, ret_event);
	}
}

static enum trap_miss
decode(const struct trap_rules *rules, const struct trap *trap, struct link_event *ret_event)
{
	unsigned long ids[OID_MAX];
	struct oid notification;
	enum trap_miss miss = trap->version == 1 ? map_v1_oid(trap, ids, &notification)
						 : read_v2_oid(trap, &notification);

	if (miss != TRAP_MISS_NONE)
		return miss;
	const struct trap_row *row = trap_rules_find(rules, notification);
	if (row == NULL)
		return TRAP_MISS_NOT_OURS;
	*ret_event = (struct link_event){ .source = SOURCE_TRAP, .rule = row->name };
	ret_event->has_uptime = trap_uptime(trap, &ret_event->uptime_cs);
	return decode_row(trap, row, trap_rules_room(rules), ret_event);
}

enum decode_result
trap_link_decode(const struct trap_rules *rules, const struct trap *trap,
    struct link_event *ret_event, enum trap_miss *ret_miss)
{
	struct link_event event;
	enum trap_miss miss = decode(rules, trap, &event);

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
	const struct trap_varbind *vb = find_scalar(trap, snmp_trap_address, VALUE_ADDRESS);
	return vb != NULL && vb->bytes.len == 4 && claim((const uint8_t *)vb->bytes.data, ret_addr);
}

struct slice
trap_sys_name(const struct trap *trap)
{
	const struct trap_varbind *vb = find_scalar(trap, sys_name, VALUE_BYTES);

	return vb ? slice_trim(vb->bytes) : (struct slice){ NULL, 0 };
}

bool
trap_uptime(const struct trap *trap, uint32_t *ret_cs)
{
	if (trap->version == 1) {
		if (trap->has_timestamp)
			*ret_cs = trap->timestamp_cs;
		return trap->has_timestamp;
	}
	const struct trap_varbind *vb = find_scalar(trap, sys_up_time, VALUE_TIMETICKS);
	if (vb == NULL || vb->integer < 0 || vb->integer > UINT32_MAX)
		return false;
	*ret_cs = (uint32_t)vb->integer;
	return true;
}
