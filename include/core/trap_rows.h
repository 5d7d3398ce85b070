/*
 * trap_rows: which notifications say something about an interface, and where each of them says it (core). Private to
 * trap_link.
 *
 * One row a notification, one set of objects a family: a table of values, so that it can be moved into a rules file as it
 * stands. What has no row is not ours, however much it looks like a link trap.
 */
#ifndef DPWATCH_CORE_TRAP_ROWS_H
#define DPWATCH_CORE_TRAP_ROWS_H

#include "core/link_event.h"
#include "core/oid.h"

/* What a status value says about traffic. */
enum trap_status {
	STATUS_NONE,     /* no such value: as if the varbind were not there */
	STATUS_UP,       /* usable */
	STATUS_UNKNOWN,  /* cannot be told: the notification's OID decides */
	STATUS_DOWN,     /* not usable */
	STATUS_NOT_READY /* not usable yet, or for tests only; says nothing of a loss */
};

/* The numbers of one status column and what they mean. Numbers beyond the table are STATUS_NONE. */
#define TRAP_STATUS_VALUES 8
struct trap_status_table {
	enum trap_status of[TRAP_STATUS_VALUES];
};

/*
 * The columns in which a family of notifications tells of its interface. n = 0: it has none. The instance of an ifTable or
 * ifXTable column is the ifIndex; a vendor's own columns have instances of their own.
 */
struct trap_objects {
	struct oid name; /* an octet string: the interface's name */
	struct oid descr;
	struct oid admin; /* 1 up, 2 down, 3 testing in every family */
	struct oid oper;
	bool instance_is_index; /* of name, descr, admin and oper */
	const struct trap_status_table *status;
};

enum trap_meaning {
	MEANS_DOWN,
	MEANS_UP,      /* unless the status varbind contradicts */
	MEANS_STATUS,  /* the status varbind is the new state */
	MEANS_RESTART, /* the agent restarted, its configuration is the same */
	MEANS_NEW_BOOT,
	MEANS_POWER /* power is going: no linkDown will come */
};

struct trap_row {
	const char *name;
	/* The notification's OID is base.last or base.0.last: both are the same one (RFC 3584 3.1). */
	struct oid base;
	unsigned long last;
	enum trap_meaning meaning;
	enum link_layer layer;
	const struct trap_objects *objects; /* NULL: restarts and power */
};

/* The row of a notification, NULL when it is not ours. */
const struct trap_row *trap_row_find(struct oid notification);

/* The i-th row; NULL beyond the last. For tests. */
const struct trap_row *trap_row_at(size_t i);

/* What `value` of the family's status column says. */
enum trap_status trap_status_of(const struct trap_status_table *table, int64_t value);

/* ifIndex, and the entries whose columns have the ifIndex as their instance (IF-MIB). */
extern const struct oid trap_if_index, trap_if_entry, trap_ifx_entry;

/* CISCO: locIfReason, the text that IOS sends instead of a status. */
extern const struct oid trap_loc_if_reason;

#endif
