#include "core/allowances.h"

#include "util/htab.h"

void
allowances_init(struct allowances *allowances, double rate, double burst, uint64_t seed)
{
	*allowances = (struct allowances){ .rate = rate, .burst = burst, .seed = seed };
	for (size_t i = 0; i < ALLOWANCES_MAX; i++)
		allowances->rows[i / ALLOWANCES_WAYS][i % ALLOWANCES_WAYS].spare = burst;
}

static void
fill_up(const struct allowances *allowances, struct allowance *row, int64_t now_ns)
{
	row->spare += (double)(now_ns - row->at_ns) / 1e9 * allowances->rate;
	if (row->spare > allowances->burst)
		row->spare = allowances->burst;
	row->at_ns = now_ns;
}

struct allowance *
allowances_of(struct allowances *allowances, const struct addr *from, int64_t now_ns)
{
	uint64_t hash = hash_bytes(from->ip, sizeof(from->ip), allowances->seed);
	struct allowance *set = allowances->rows[hash % ALLOWANCES_SETS], *fullest = set;

	for (struct allowance *row = set; row < set + ALLOWANCES_WAYS; row++) {
		fill_up(allowances, row, now_ns);
		if (addr_eq(&row->from, from))
			return row;
		if (row->spare > fullest->spare)
			fullest = row;
	}
	fullest->from = *from;
	return fullest;
}

bool
allowance_take(struct allowance *allowance)
{
	if (allowance->spare < 1)
		return false;
	allowance->spare -= 1;
	return true;
}

void
allowance_give_back(struct allowance *allowance)
{
	allowance->spare += 1;
}
