/*
 * trap_interface: what the varbinds of a trap say of its interface (core; used by trap_link only).
 */
#ifndef DPWATCH_CORE_TRAP_INTERFACE_H
#define DPWATCH_CORE_TRAP_INTERFACE_H

#include "core/trap.h"
#include "core/trap_link.h"
#include "core/trap_rules.h"

/* IF-MIB: ifAdminStatus; the vendors' own columns have the same numbers. */
enum { ADMIN_UP = 1, ADMIN_DOWN = 2, ADMIN_TESTING = 3 };

/* What a link trap's varbinds say about which interface it is. */
struct trap_interface {
	uint32_t if_index; /* 0: not told */
	bool bad_index;    /* an ifIndex was there, but its value is none */
	struct slice name, descr;
};

/* Varbinds that are looked at. */
static inline size_t
trap_n_varbinds(const struct trap *trap)
{
	return trap->n_varbinds < TRAP_VARBINDS_MAX ? trap->n_varbinds : TRAP_VARBINDS_MAX;
}

/*
 * Which interface the trap is about. `room` holds TRAP_NAME_ROOM bytes for a name that is put together. TRAP_MISS_NONE,
 * TRAP_MISS_NO_INTERFACE or TRAP_MISS_BAD_INDEX.
 */
enum trap_miss trap_read_interface(const struct trap *trap, const struct trap_objects *objects,
    char *room, struct trap_interface *ret_ids);

/* What the operational status says: the first usable varbind of the column. */
enum trap_status trap_read_oper(
    const struct trap *trap, const struct trap_objects *objects, uint32_t if_index);

/* ifAdminStatus, or 0: not told (or not a value of it). */
int64_t trap_read_admin(
    const struct trap *trap, const struct trap_objects *objects, uint32_t if_index);

/* Whether an operator shut the interface: by the status column, or by the text that Cisco IOS sends instead. */
bool trap_is_admin_down(const struct trap *trap, int64_t admin, uint32_t if_index);

/*
 * What an object tells, as text: its first usable value, or the last number of its instance. Returns its length; -1 when
 * there is nothing, or it does not fit.
 */
int trap_write_value(
    const struct trap *trap, struct oid object, bool instance, char *buf, size_t size);

#endif
