/*
 * suspects: lines from switches of the map that no rule knows although they hold "link" or "down" (core): that is how new
 * firmware shows itself. A bounded sample of them, for `dpwatch unmapped`.
 *
 * Lines of one switch that differ only in digits and what is around them are one sample with a count.
 */
#ifndef DPWATCH_CORE_SUSPECTS_H
#define DPWATCH_CORE_SUSPECTS_H

#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/* So many samples are kept; the one that has not come for longest makes room. */
#define SUSPECTS_MAX 128
#define SUSPECT_SWITCH_MAX 256
/* Room for a line as it is kept. A longer one is cut, and "..." tells so. */
#define SUSPECT_TEXT_MAX 512

struct suspect {
	char sw[SUSPECT_SWITCH_MAX]; /* the switch, as the map spells it */
	/* The last such line with the escapes of a rules file's `sample`: nothing in it can do anything to a terminal. */
	char text[SUSPECT_TEXT_MAX];
	int64_t first_us, last_us; /* wall clock */
	uint64_t count;
	uint64_t shape; /* what the lines have in common */
};

struct suspects;

struct suspects *suspects_new(void); /* NULL: out of memory */
void suspects_free(struct suspects *suspects);

/* Allocates nothing. */
void suspects_note(struct suspects *suspects, struct slice sw, struct slice line, int64_t wall_us);

/* How many are kept, and each (in no promised order). A NULL set is empty. */
size_t suspects_n(const struct suspects *suspects);
const struct suspect *suspects_get(const struct suspects *suspects, size_t i);

/* Samples that had to make room. */
uint64_t suspects_evicted(const struct suspects *suspects);

#endif
