#include "core/neutron_entry.h"

#include <stdio.h>

#include "util/slice.h"

const char *
neutron_entry_format(struct neutron_entry entry, char buf[NEUTRON_ENTRY_TEXT])
{
	snprintf(buf, NEUTRON_ENTRY_TEXT, "%llu-%llu", (unsigned long long)entry.ms,
	    (unsigned long long)entry.seq);
	return buf;
}

bool
neutron_entry_parse(const char *text, size_t len, struct neutron_entry *ret_entry)
{
	const struct slice all = { text, len };
	long dash = slice_find(all, SLICE("-"));
	unsigned long long ms, seq;

	if (dash < 0 || !slice_to_uint(slice_first(all, (size_t)dash), UINT64_MAX, &ms) ||
	    !slice_to_uint(slice_from(all, (size_t)dash + 1), UINT64_MAX, &seq))
		return false;
	*ret_entry = (struct neutron_entry){ ms, seq };
	return true;
}

bool
neutron_entry_is_none(struct neutron_entry entry)
{
	return entry.ms == 0 && entry.seq == 0;
}

int
neutron_entry_order(struct neutron_entry a, struct neutron_entry b)
{
	if (a.ms != b.ms)
		return a.ms < b.ms ? -1 : 1;
	return a.seq < b.seq ? -1 : a.seq > b.seq;
}
