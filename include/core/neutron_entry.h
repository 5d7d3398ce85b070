/*
 * neutron_entry: the id of an entry of a Redis stream, "MS-SEQ" (core).
 */
#ifndef DPWATCH_CORE_NEUTRON_ENTRY_H
#define DPWATCH_CORE_NEUTRON_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both 0: no entry (a difference that reconciling found). */
struct neutron_entry {
	uint64_t ms, seq;
};

bool neutron_entry_is_none(struct neutron_entry entry);

/* Negative: a came before b; 0: they are the same. */
int neutron_entry_order(struct neutron_entry a, struct neutron_entry b);

/* "MS-SEQ" <-> entry. The buffer holds NEUTRON_ENTRY_TEXT bytes. False: the text is none, and *ret_entry is untouched. */
#define NEUTRON_ENTRY_TEXT 44
const char *neutron_entry_format(struct neutron_entry entry, char buf[NEUTRON_ENTRY_TEXT]);
bool neutron_entry_parse(const char *text, size_t len, struct neutron_entry *ret_entry);

#endif
