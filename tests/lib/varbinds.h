/*
 * varbinds: what a trap holds, short to write, for tests of trap_link.
 *
 * The macros are initialisers of struct trap_varbind; the last arguments are the OID's numbers.
 */
#ifndef DPWATCH_TESTS_LIB_VARBINDS_H
#define DPWATCH_TESTS_LIB_VARBINDS_H

#include "core/trap.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

#define IDS(...)                                                                           \
	{                                                                                  \
		(const unsigned long[]){ __VA_ARGS__ },                                    \
		    sizeof((const unsigned long[]){ __VA_ARGS__ }) / sizeof(unsigned long) \
	}
#define MIB2 1, 3, 6, 1, 2, 1
#define ENT 1, 3, 6, 1, 4, 1
#define IF_ENTRY MIB2, 2, 2, 1
#define IFX_ENTRY MIB2, 31, 1, 1, 1
#define SNMP_TRAPS 1, 3, 6, 1, 6, 3, 1, 1, 5

#define INTEGER(value, ...)                                                         \
	{                                                                           \
		.name = IDS(__VA_ARGS__), .type = VALUE_INTEGER, .integer = (value) \
	}
#define TICKS(value, ...)                                                             \
	{                                                                             \
		.name = IDS(__VA_ARGS__), .type = VALUE_TIMETICKS, .integer = (value) \
	}
#define TEXT(text, ...)                                                   \
	{                                                                 \
		.name = IDS(__VA_ARGS__), .type = VALUE_BYTES, .bytes = { \
			(text),                                           \
			sizeof(text) - 1                                  \
		}                                                         \
	}
#define ADDRESS(text, ...)                                                  \
	{                                                                   \
		.name = IDS(__VA_ARGS__), .type = VALUE_ADDRESS, .bytes = { \
			(text),                                             \
			sizeof(text) - 1                                    \
		}                                                           \
	}
#define TRAP_OID(...)                                                            \
	{                                                                        \
		.name = IDS(1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), .type = VALUE_OID, \
		.oid = IDS(__VA_ARGS__)                                          \
	}

#define UPTIME TICKS(4294967295, MIB2, 1, 3, 0)
#define LINK_DOWN TRAP_OID(SNMP_TRAPS, 3)
#define LINK_UP TRAP_OID(SNMP_TRAPS, 4)
#define IF_INDEX(i) INTEGER(i, IF_ENTRY, 1, i)
#define IF_ADMIN(i, v) INTEGER(v, IF_ENTRY, 7, i)
#define IF_OPER(i, v) INTEGER(v, IF_ENTRY, 8, i)
#define IF_DESCR(i, text) TEXT(text, IF_ENTRY, 2, i)
#define IF_NAME(i, text) TEXT(text, IFX_ENTRY, 1, i)
#define IF_ALIAS(i, text) TEXT(text, IFX_ENTRY, 18, i)
#define LOC_REASON(i, text) TEXT(text, ENT, 9, 2, 2, 1, 1, 20, i)

#endif
