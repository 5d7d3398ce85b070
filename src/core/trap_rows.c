#include "core/trap_rows.h"

#define IDS(...)                                                                           \
	{                                                                                  \
		(const unsigned long[]){ __VA_ARGS__ },                                    \
		    sizeof((const unsigned long[]){ __VA_ARGS__ }) / sizeof(unsigned long) \
	}
#define MIB2(...) IDS(1, 3, 6, 1, 2, 1, __VA_ARGS__)
#define ENT(...) IDS(1, 3, 6, 1, 4, 1, __VA_ARGS__)
#define IF_COLUMN(column) MIB2(2, 2, 1, column)
#define IFX_COLUMN(column) MIB2(31, 1, 1, 1, column)

const struct oid trap_if_entry = MIB2(2, 2, 1);
const struct oid trap_ifx_entry = MIB2(31, 1, 1, 1);
const struct oid trap_if_index = IF_COLUMN(1);
const struct oid trap_loc_if_reason = ENT(9, 2, 2, 1, 1, 20);

/* IF-MIB (RFC 2863), ifOperStatus and ifAdminStatus. */
static const struct trap_status_table if_status = {
	.of = {
		[1] = STATUS_UP,
		[2] = STATUS_DOWN,
		[3] = STATUS_NOT_READY, /* testing: test packets only */
		[4] = STATUS_UNKNOWN,
		[5] = STATUS_NOT_READY, /* dormant: waits for an external event */
		[6] = STATUS_DOWN,      /* notPresent: hardware is missing */
		[7] = STATUS_DOWN,      /* lowerLayerDown */
	},
};

/* Ciena CES: 1 invalid, 2 enabled, 3 disabled, 4 not authenticated, 5 and 6 loopbacks, 7 unequipped. */
static const struct trap_status_table ciena_status = {
	.of = {
		[1] = STATUS_UNKNOWN,
		[2] = STATUS_UP,
		[3] = STATUS_DOWN,
		[4] = STATUS_NOT_READY,
		[5] = STATUS_NOT_READY,
		[6] = STATUS_NOT_READY,
		[7] = STATUS_DOWN,
	},
};

/* Ciena LEOS: 1 up, 2 down, 3 not authenticated, 4 and 5 loopbacks; WWP-EXT-BRIDGE-MIB has the first two. */
static const struct trap_status_table leos_status = {
	.of = {
		[1] = STATUS_UP,
		[2] = STATUS_DOWN,
		[3] = STATUS_NOT_READY,
		[4] = STATUS_NOT_READY,
		[5] = STATUS_NOT_READY,
	},
};

/* ifAlias is an operator's free text and is never taken for a name. */
static const struct trap_objects if_mib = {
	.name = IFX_COLUMN(1),
	.descr = IF_COLUMN(2),
	.admin = IF_COLUMN(7),
	.oper = IF_COLUMN(8),
	.instance_is_index = true,
	.status = &if_status,
};

/*
 * HUAWEI-ENTITY-TRAP-MIB: the port's name is entPhysicalName, whose instance is a physical index, and the status columns
 * come with either. hwEntityPhysicalIndex is no ifIndex.
 */
static const struct trap_objects huawei_entity = {
	.name = MIB2(47, 1, 1, 1, 1, 7),
	.descr = IF_COLUMN(2),
	.admin = IF_COLUMN(7),
	.oper = IF_COLUMN(8),
	.status = &if_status,
};

/* The port number of Ciena's notifications is dot1dBasePort, not ifIndex: only the name serves. */
static const struct trap_objects ciena_port = {
	.name = ENT(1271, 2, 1, 1, 1, 1, 1, 1, 7),
	.admin = ENT(1271, 2, 1, 1, 1, 1, 1, 1, 2),
	.oper = ENT(1271, 2, 1, 1, 1, 1, 1, 1, 3),
	.status = &ciena_status,
};

static const struct trap_objects leos_port = {
	.name = ENT(6141, 2, 60, 2, 1, 1, 1, 1, 2),
	.admin = ENT(6141, 2, 60, 2, 1, 1, 1, 1, 7),
	.oper = ENT(6141, 2, 60, 2, 1, 1, 1, 1, 8),
	.status = &leos_status,
};

static const struct trap_objects wwp_port = {
	.name = ENT(6141, 2, 4, 1, 1, 1, 1, 3),
	.admin = ENT(6141, 2, 4, 1, 1, 1, 1, 6),
	.oper = ENT(6141, 2, 4, 1, 1, 1, 1, 7),
	.status = &leos_status,
};

#define SNMP_TRAPS IDS(1, 3, 6, 1, 6, 3, 1, 1, 5)
#define CIE ENT(9, 9, 276)
#define COMWARE ENT(25506, 2, 40, 3)
#define HUAWEI_PORT ENT(2011, 5, 25, 219, 2, 12)
#define HUAWEI_IF ENT(2011, 5, 25, 41, 3)
#define RUIJIE ENT(4881, 1, 1, 10, 2, 10, 2)
#define ALLIED ENT(207, 8, 4, 4, 3, 25)
#define CIENA ENT(1271, 2, 2, 2)
#define LEOS ENT(6141, 2, 60, 2, 2)
#define WWP ENT(6141, 2, 41, 2)
#define REDBACK ENT(2352, 2, 36)
#define ERICSSON ENT(193, 218, 2, 36)

#define LINK(name, base, last, meaning, objects)                   \
	{                                                          \
		name, base, last, meaning, LAYER_WHOLE, &(objects) \
	}
#define AGENT(name, base, last, meaning)                     \
	{                                                    \
		name, base, last, meaning, LAYER_WHOLE, NULL \
	}

/* facts/link-traps.md, sections 2, 3 and 7, with the MIB module that each comes from. */
static const struct trap_row rows[] = {
	/* SNMPv2-MIB and IF-MIB; v1 generic 0 to 3 */
	LINK("linkDown", SNMP_TRAPS, 3, MEANS_DOWN, if_mib),
	LINK("linkUp", SNMP_TRAPS, 4, MEANS_UP, if_mib),
	AGENT("coldStart", SNMP_TRAPS, 1, MEANS_NEW_BOOT),
	AGENT("warmStart", SNMP_TRAPS, 2, MEANS_RESTART),
	/* CISCO-IF-EXTENSION-MIB. The third is sent minutes late, and its ifOperStatus is the new state. */
	LINK("cieLinkDown", CIE, 1, MEANS_DOWN, if_mib),
	LINK("cieLinkUp", CIE, 2, MEANS_UP, if_mib),
	LINK("cieDelayedLinkUpDownNotif", CIE, 3, MEANS_STATUS, if_mib),
	/* H3C, HPE Comware: the physical state; up comes first */
	LINK("hh3cIfPortUp", COMWARE, 5, MEANS_UP, if_mib),
	LINK("hh3cIfPortDown", COMWARE, 6, MEANS_DOWN, if_mib),
	/* HUAWEI-ENTITY-TRAP-MIB, HUAWEI-IF-EXT-MIB. hwExtLink* is a trunk member's link *protocol*. */
	LINK("hwPortDown", HUAWEI_PORT, 1, MEANS_DOWN, huawei_entity),
	LINK("hwPortUp", HUAWEI_PORT, 2, MEANS_UP, huawei_entity),
	{ "hwExtLinkDown", HUAWEI_IF, 9, MEANS_DOWN, LAYER_PROTOCOL, &if_mib },
	{ "hwExtLinkUp", HUAWEI_IF, 10, MEANS_UP, LAYER_PROTOCOL, &if_mib },
	LINK("hwPhysicalAdminIfDown", HUAWEI_IF, 49, MEANS_DOWN, if_mib),
	LINK("hwPhysicalAdminIfUp", HUAWEI_IF, 50, MEANS_UP, if_mib),
	/* Ruijie */
	LINK("ruijieIfLinkDown", RUIJIE, 12, MEANS_DOWN, if_mib),
	LINK("ruijieIfLinkUp", RUIJIE, 13, MEANS_UP, if_mib),
	/* AT-LINKTRAP-MIB */
	LINK("atLinkDown", ALLIED, 1, MEANS_DOWN, if_mib),
	LINK("atLinkUp", ALLIED, 2, MEANS_UP, if_mib),
	/* Ciena CES; LEOS, where up comes first */
	LINK("cienaCesPortNotificationPortDown", CIENA, 1, MEANS_DOWN, ciena_port),
	LINK("cienaCesPortNotificationPortUp", CIENA, 2, MEANS_UP, ciena_port),
	LINK("wwpLeosEthLinkUp", LEOS, 3, MEANS_UP, leos_port),
	LINK("wwpLeosEthLinkDown", LEOS, 4, MEANS_DOWN, leos_port),
	/* WWP-EXT-BRIDGE-TRAP-MIB: up comes first */
	LINK("wwpLinkUp", WWP, 1, MEANS_UP, wwp_port),
	LINK("wwpLinkDown", WWP, 2, MEANS_DOWN, wwp_port),
	/* Redback and its successor Ericsson */
	LINK("rbnNElinkDown", REDBACK, 3, MEANS_DOWN, if_mib),
	LINK("rbnNElinkUp", REDBACK, 4, MEANS_UP, if_mib),
	LINK("eriRouterNElinkDown", ERICSSON, 3, MEANS_DOWN, if_mib),
	LINK("eriRouterNElinkUp", ERICSSON, 4, MEANS_UP, if_mib),
	/* RiverDelta, Benu: up comes first in both */
	LINK("rdnLinkUpTrap", ENT(4981, 1), 8, MEANS_UP, if_mib),
	LINK("rdnLinkDownTrap", ENT(4981, 1), 9, MEANS_DOWN, if_mib),
	LINK("benuLinkUpTrap", ENT(39406, 1, 1), 3, MEANS_UP, if_mib),
	LINK("benuLinkDownTrap", ENT(39406, 1, 1), 4, MEANS_DOWN, if_mib),
	/* Cadant: no "down" of it is known */
	LINK("cadLinkUp", ENT(4998, 1, 1, 6, 1, 1), 10, MEANS_UP, if_mib),
	/* XKL */
	LINK("xklLinkDown", ENT(21150, 1), 13, MEANS_DOWN, if_mib),
	LINK("xklLinkUp", ENT(21150, 1), 14, MEANS_UP, if_mib),
	/* CISCOTRAP-MIB: about to restart */
	AGENT("reload", ENT(9), 0, MEANS_NEW_BOOT),
	/* every port of the device is about to die */
	AGENT("jnxDyingGasp", ENT(2636, 4, 1), 30, MEANS_POWER),
	AGENT("hwEntityDyingGaspEvent", ENT(2011, 5, 25, 219, 2, 10), 25, MEANS_POWER),
	AGENT("alaDyingGaspTrap", ENT(6486, 800, 1, 3, 2, 6), 3, MEANS_POWER),
	AGENT("cienaDyingGasp", ENT(1271, 2, 2, 4), 28, MEANS_POWER),
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

const struct trap_row *
trap_row_find(struct oid notification)
{
	if (notification.n < 2)
		return NULL;
	unsigned long last = notification.ids[notification.n - 1];
	struct oid base = { notification.ids, notification.n - 1 };

	if (base.ids[base.n - 1] == 0)
		base.n--;
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].last == last && oid_eq(rows[i].base, base))
			return &rows[i];
	return NULL;
}

const struct trap_row *
trap_row_at(size_t i)
{
	return i < N_ROWS ? &rows[i] : NULL;
}

enum trap_status
trap_status_of(const struct trap_status_table *table, int64_t value)
{
	if (value < 0 || value >= TRAP_STATUS_VALUES)
		return STATUS_NONE;
	return table->of[value];
}
