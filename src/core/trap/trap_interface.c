/*
 * What the varbinds of a trap say: which interface it is about, and the status of it. Found by OID, never by position.
 */
#include "core/trap_interface.h"

#include <stdio.h>

/* IF-MIB: ifName and ifDescr are at most 255 octets; a longer "name" is none. */
#define NAME_MAX_LEN 255

/* IF-MIB (RFC 2863): ifEntry, ifXEntry and ifIndex. The instance of their columns is the ifIndex. */
static const struct oid if_entry = OID_IDS(1, 3, 6, 1, 2, 1, 2, 2, 1);
static const struct oid ifx_entry = OID_IDS(1, 3, 6, 1, 2, 1, 31, 1, 1, 1);
static const struct oid if_index_column = OID_IDS(1, 3, 6, 1, 2, 1, 2, 2, 1, 1);
/* OLD-CISCO-INTERFACES-MIB: locIfReason, the text that IOS sends instead of a status. */
static const struct oid loc_if_reason = OID_IDS(1, 3, 6, 1, 4, 1, 9, 2, 2, 1, 1, 20);

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
	const struct oid *entry = oid_starts(name, if_entry) ? &if_entry : &ifx_entry;

	if (!oid_starts(name, *entry) || name.n != entry->n + 2)
		return 0;
	unsigned long instance = name.ids[name.n - 1];
	return instance <= INT32_MAX ? (uint32_t)instance : 0;
}

/* The value of ifIndex, or of a vendor's object that is one. False: there is none. */
static bool
read_index_value(
    const struct trap *trap, struct oid column, bool one_number, struct trap_interface *ret_ids)
{
	for (size_t i = 0; i < trap_n_varbinds(trap) && column.n > 0; i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (one_number ? !is_column(vb->name, column) : !oid_starts(vb->name, column))
			continue;
		if (vb->type == VALUE_INTEGER && is_index(vb->integer)) {
			ret_ids->if_index = (uint32_t)vb->integer;
			return true;
		}
		ret_ids->bad_index = true;
	}
	return false;
}

/* The first number behind a column whose instance begins with the ifIndex; 0: none. */
static uint32_t
index_behind(struct oid name, struct oid column)
{
	if (column.n == 0 || !oid_starts(name, column) || name.n == column.n ||
	    name.ids[column.n] > INT32_MAX)
		return 0;
	return (uint32_t)name.ids[column.n];
}

/*
 * Order of trust: the value of ifIndex or of the vendor's object for it, then the instance of another column. The first
 * that is usable.
 */
static void
read_index(
    const struct trap *trap, const struct trap_objects *objects, struct trap_interface *ret_ids)
{
	if (read_index_value(trap, if_index_column, true, ret_ids) ||
	    read_index_value(trap, objects->index, false, ret_ids))
		return;
	for (size_t i = 0; i < trap_n_varbinds(trap) && ret_ids->if_index == 0; i++) {
		ret_ids->if_index = index_behind(trap->varbinds[i].name, objects->index_in);
		if (ret_ids->if_index == 0)
			ret_ids->if_index = index_of_instance(trap->varbinds[i].name);
	}
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

/* The nth usable text in that column: 1 to 255 octets without blanks around them. Empty: none. */
static struct slice
read_text(const struct trap *trap, struct oid column, unsigned nth, bool instance_is_index,
    uint32_t if_index)
{
	for (size_t i = 0; i < trap_n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (vb->type != VALUE_BYTES || !is_cell(vb, column, instance_is_index, if_index))
			continue;
		struct slice text = slice_trim(vb->bytes);
		if (text.len > 0 && text.len <= NAME_MAX_LEN && --nth == 0)
			return text;
	}
	return (struct slice){ NULL, 0 };
}

/* What that varbind's value is as text. -1: nothing, or it does not fit. */
static int
write_varbind(const struct trap_varbind *vb, bool instance, char *buf, size_t size)
{
	struct slice text = slice_trim(vb->bytes);
	int len = -1;

	if (instance)
		len = snprintf(buf, size, "%lu", vb->name.ids[vb->name.n - 1]);
	else if (vb->type == VALUE_INTEGER && vb->integer >= 0)
		len = snprintf(buf, size, "%lld", (long long)vb->integer);
	else if (vb->type == VALUE_BYTES && text.len > 0 && text.len < size)
		len = (int)slice_copy(text, buf, size);
	return len < 0 || (size_t)len >= size ? -1 : len;
}

/* What an object tells, as text: its first usable value, or the last number of its instance. -1: nothing. */
int
trap_write_value(const struct trap *trap, struct oid object, bool instance, char *buf, size_t size)
{
	for (size_t i = 0; i < trap_n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];

		if (!oid_starts(vb->name, object) || (instance && vb->name.n == object.n))
			continue;
		int len = write_varbind(vb, instance, buf, size);
		if (len > 0)
			return len;
	}
	return -1;
}

/* "1/0/7" of slot, card and port. Empty unless every part is there. */
static struct slice
join_name(const struct trap *trap, const struct trap_objects *objects, char *room)
{
	size_t used = 0;

	for (size_t i = 0; i < objects->n_parts; i++) {
		const struct trap_name_part *part = &objects->parts[i];

		used += slice_copy(slice_of(part->text), room + used, TRAP_NAME_ROOM - used);
		if (part->object.n == 0)
			continue;
		int len = trap_write_value(
		    trap, part->object, part->instance, room + used, TRAP_NAME_ROOM - used);
		if (len < 0)
			return (struct slice){ NULL, 0 };
		used += (size_t)len;
	}
	return (struct slice){ room, used };
}

/* "OSTATE_DN: Changed interface state to down: Te 0/5": what stands behind the last ": " of a text. Empty: nothing. */
static struct slice
read_tail(const struct trap *trap, struct oid column)
{
	struct slice text = read_text(trap, column, 1, false, 0);

	for (size_t i = text.len; i >= 2; i--)
		if (text.data[i - 2] == ':' && text.data[i - 1] == ' ')
			return slice_trim(slice_from(text, i));
	return (struct slice){ NULL, 0 };
}

enum trap_miss
trap_read_interface(const struct trap *trap, const struct trap_objects *objects, char *room,
    struct trap_interface *ret_ids)
{
	bool by_index = objects->instance_is_index;

	*ret_ids = (struct trap_interface){ 0 };
	read_index(trap, objects, ret_ids);
	/* The instance of the first name is another interface's, where the second is meant. */
	if (objects->nth > 1)
		ret_ids->if_index = 0;
	ret_ids->name = objects->n_parts > 0 ? join_name(trap, objects, room)
					     : read_text(trap, objects->name, objects->nth,
						   by_index, ret_ids->if_index);
	ret_ids->descr = read_text(trap, objects->descr, 1, by_index, ret_ids->if_index);
	if (ret_ids->descr.len == 0)
		ret_ids->descr = read_tail(trap, objects->tail);
	if (ret_ids->if_index != 0 || ret_ids->name.len > 0 || ret_ids->descr.len > 0)
		return TRAP_MISS_NONE;
	return ret_ids->bad_index ? TRAP_MISS_BAD_INDEX : TRAP_MISS_NO_INTERFACE;
}

/* What the operational status says: the first usable varbind of the column. */
enum trap_status
trap_read_oper(const struct trap *trap, const struct trap_objects *objects, uint32_t if_index)
{
	for (size_t i = 0; i < trap_n_varbinds(trap); i++) {
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
int64_t
trap_read_admin(const struct trap *trap, const struct trap_objects *objects, uint32_t if_index)
{
	for (size_t i = 0; i < trap_n_varbinds(trap); i++) {
		const struct trap_varbind *vb = &trap->varbinds[i];
		if (vb->type == VALUE_INTEGER && vb->integer >= ADMIN_UP &&
		    vb->integer <= ADMIN_TESTING &&
		    is_cell(vb, objects->admin, objects->instance_is_index, if_index))
			return vb->integer;
	}
	return 0;
}

/* Whether an operator shut the interface: by the status column, or by the text that Cisco IOS sends instead. */
bool
trap_is_admin_down(const struct trap *trap, int64_t admin, uint32_t if_index)
{
	if (admin != 0)
		return admin == ADMIN_DOWN;
	return slice_case_eq_str(
	    read_text(trap, loc_if_reason, 1, true, if_index), "administratively down");
}
