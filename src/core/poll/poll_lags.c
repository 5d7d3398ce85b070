#include "core/poll_lags.h"

const struct table_shape poll_lag_shape = {
	.name = "IEEE8023-LAG-MIB dot3adAggPortTable",
	.columns = { { { 1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 13 }, 11 } },
	.n_columns = 1,
	.index_min = 1,
	.index_max = 1,
};
const struct table_shape poll_stack_shape = {
	.name = "IF-MIB ifStackTable",
	.columns = { { { 1, 3, 6, 1, 2, 1, 31, 1, 2, 1, 3 }, 11 } },
	.n_columns = 1,
	.index_min = 2,
	.index_max = 2,
};

/* dot3adAggPortAttachedAggID. One that is its own aggregate is in none. */
static void
take_lags(struct poll_rows *rows, const struct table_walk *walk)
{
	for (size_t i = 0; i < walk->n; i++) {
		const struct table_cell *cell = table_walk_cell(walk, i, 0);
		struct poll_row *row = poll_rows_find(rows, walk->rows[i]->index[0]);
		if (!row || cell->kind != CELL_NUMBER || cell->number < 0 ||
		    cell->number > UINT32_MAX)
			continue;
		row->lag_told = true;
		row->aggregate = cell->number == row->if_index ? 0 : (uint32_t)cell->number;
	}
}

/* Above an interface may be an aggregate, VLANs and units. */
static bool
may_aggregate(const struct poll_row *row)
{
	const struct slice name = slice_of(row->name ? row->name : row->descr);
	struct slice parent;

	return name.len > 0 && !ifname_is_virtual(name) &&
	       !ifname_unit_parent(OS_UNKNOWN, name, &parent);
}

/* HIGHER.LOWER; 0 is what is above the highest, and below the lowest. */
static void
take_stack(struct poll_rows *rows, const struct table_walk *walk)
{
	for (size_t i = 0; i < walk->n; i++) {
		const uint32_t *index = walk->rows[i]->index;
		const struct poll_row *higher = poll_rows_find(rows, index[0]);
		struct poll_row *lower = poll_rows_find(rows, index[1]);
		if (lower)
			lower->lag_told = true;
		if (higher && lower && higher != lower && lower->aggregate == 0 &&
		    may_aggregate(higher))
			lower->aggregate = higher->if_index;
	}
}

void
poll_lags_take(struct poll_rows *rows, const struct table_walk *walk)
{
	if (walk->shape == &poll_lag_shape)
		take_lags(rows, walk);
	else if (walk->shape == &poll_stack_shape)
		take_stack(rows, walk);
}
