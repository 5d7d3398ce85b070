/*
 * Whether two names of one notation are two interfaces.
 */
#include "core/ifname.h"

bool
ifname_keys_differ_in_number(struct slice a, struct slice b)
{
	bool differ = false;

	while (a.len > 0 && b.len > 0) {
		size_t n_a = slice_digits(a), n_b = slice_digits(b);

		if (n_a > 0 && n_b > 0) {
			differ |= !slice_eq(slice_first(a, n_a), slice_first(b, n_b));
		} else if (a.data[0] == b.data[0]) {
			n_a = n_b = 1;
		} else {
			return false;
		}
		a = slice_from(a, n_a);
		b = slice_from(b, n_b);
	}
	return differ && a.len == 0 && b.len == 0;
}
