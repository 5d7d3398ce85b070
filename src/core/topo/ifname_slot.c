/*
 * Which card an interface sits on, as far as its name tells.
 */
#include <stdint.h>

#include "core/ifname.h"
#include "core/ifname_head.h"

/* Cuts the leading number off *rest. False when it does not begin with one, or it is absurdly large. */
static bool
cut_number(struct slice *rest, unsigned long long *ret_number)
{
	const size_t len = slice_digits(*rest);
	bool ok = slice_to_uint(slice_first(*rest, len), UINT32_MAX, ret_number);
	*rest = slice_from(*rest, len);
	return ok;
}

/* Cuts what stands between two numbers of a place. */
static bool
cut_separator(struct slice *rest)
{
	if (rest->len < 2 || (rest->data[0] != '/' && rest->data[0] != '.'))
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

bool
ifname_may_be_in_slot(struct slice name, uint32_t slot)
{
	struct slice rest = ifname_split(ifname_trim(name)).tail;
	unsigned long long number;

	/* A number counts once another one follows it. */
	while (cut_number(&rest, &number) && cut_separator(&rest))
		if (number == slot)
			return true;
	return false;
}
