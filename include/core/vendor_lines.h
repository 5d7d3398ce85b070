/*
 * vendor_lines: what to configure on a switch so that it tells its links (core). A table of text for `dpwatch doctor`.
 *
 * Trap and syslog targets, where both leave from, the level that lets link lines pass, and link traps on. A comment beside
 * each family names the chapter of its vendor's guide where these commands stand. They were tried on no device, and versions
 * differ: the doctor says so to who pastes them.
 */
#ifndef DPWATCH_CORE_VENDOR_LINES_H
#define DPWATCH_CORE_VENDOR_LINES_H

#include <stddef.h>

#include "util/slice.h"

/* What stands in the lines for what only the operator knows. */
#define VENDOR_ADDRESS "ADDRESS"     /* of dpwatch, as the switch reaches it */
#define VENDOR_COMMUNITY "COMMUNITY" /* as [snmp] community has it */

struct vendor_lines {
	const char *family; /* "nx-os": what a topology's `os` may say */
	const char *title;  /* "Cisco NX-OS" */
	const char
	    *lines; /* to be pasted; lines end in LF; '!' and '#' begin the vendor's comments */
};

/* The i-th family; NULL beyond the last. */
const struct vendor_lines *vendor_lines_at(size_t i);

/* The family that `os` names, in any case, with or without '-', '_' and blanks; NULL: none. */
const struct vendor_lines *vendor_lines_find(struct slice os);

#endif
