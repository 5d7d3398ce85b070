/*
 * Merging from below: runs of 1, 2, 4 ... ports that are in order become runs of twice as many, between two arrays that take
 * turns. Ids are copied beside the numbers, so that memory is only read in one direction; and it can stop at every port.
 */
#include "core/topo_order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* An id as two numbers that compare as its bytes do. */
struct item {
	uint64_t high, low;
	uint32_t port;
};

enum stage { STAGE_COPY, STAGE_MERGE, STAGE_EXTRACT, STAGE_DONE };

struct topo_order {
	uint32_t *ports; /* by id */
	uint32_t n;
	enum stage stage;
	uint32_t at;               /* so many ports are through this stage, or this merging */
	struct item *items, *room; /* NULL when done */
	/* Of the merging in hand (no map is near 2^31 ports: ROWS_MAX): how long runs are, and what is left of two of them. */
	uint32_t width, left, left_end, right, right_end;
};

struct topo_order *
topo_order_new(const struct topo *topo)
{
	struct topo_order *order = calloc(1, sizeof(*order));
	size_t n = topo_n_ports(topo);

	if (!order)
		return NULL;
	order->n = (uint32_t)n;
	order->ports = malloc((n + 1) * sizeof(*order->ports));
	order->items = malloc((n + 1) * sizeof(*order->items));
	order->room = malloc((n + 1) * sizeof(*order->room));
	if (order->ports && order->items && order->room)
		return order;
	topo_order_free(order);
	return NULL;
}

void
topo_order_free(struct topo_order *order)
{
	if (!order)
		return;
	free(order->ports);
	free(order->items);
	free(order->room);
	free(order);
}

static uint64_t
big_endian(const uint8_t bytes[8])
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static struct item
item_of(const uint8_t id[16], uint32_t port)
{
	return (struct item){ big_endian(id), big_endian(id + 8), port };
}

static bool
is_less(const struct item *a, const struct item *b)
{
	return a->high != b->high ? a->high < b->high : a->low < b->low;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void
copy_some(struct topo_order *order, const struct topo *topo, uint32_t n)
{
	for (; n > 0; n--, order->at++)
		order->items[order->at] = item_of(topo_port_get(topo, order->at)->id, order->at);
}

/* The two runs that begin where the merging is. */
static void
take_runs(struct topo_order *order)
{
	order->left = order->at;
	order->left_end = least(order->left + order->width, order->n);
	order->right = order->left_end;
	order->right_end = least(order->right + order->width, order->n);
}

static void
merge_some(struct topo_order *order, uint32_t n)
{
	for (; n > 0; n--) {
		if (order->left == order->left_end && order->right == order->right_end)
			take_runs(order);
		bool from_left =
		    order->right == order->right_end ||
		    (order->left < order->left_end &&
			is_less(&order->items[order->left], &order->items[order->right]));
		order->room[order->at++] = order->items[from_left ? order->left++ : order->right++];
	}
}

static void
extract_some(struct topo_order *order, uint32_t n)
{
	for (; n > 0; n--, order->at++)
		order->ports[order->at] = order->items[order->at].port;
}

/* One array at a time: to give back 24 MB is a millisecond or two. */
static void
drop(struct item **items)
{
	free(*items);
	*items = NULL;
}

static void
merge_or_extract(struct topo_order *order, uint32_t width)
{
	order->width = width;
	order->stage = width < order->n ? STAGE_MERGE : STAGE_EXTRACT;
	if (order->stage == STAGE_EXTRACT)
		drop(&order->room);
	take_runs(order);
}

/* All ports are through the stage in hand. */
static void
end_stage(struct topo_order *order)
{
	struct item *merged = order->room;

	order->at = 0;
	switch (order->stage) {
	case STAGE_COPY:
		merge_or_extract(order, 1);
		return;
	case STAGE_MERGE:
		order->room = order->items;
		order->items = merged;
		merge_or_extract(order, order->width * 2);
		return;
	case STAGE_EXTRACT:
		drop(&order->items);
		order->stage = STAGE_DONE;
		return;
	case STAGE_DONE:
		return;
	}
}

bool
topo_order_step(struct topo_order *order, const struct topo *topo, uint32_t *budget)
{
	while (order->stage != STAGE_DONE && *budget > 0) {
		uint32_t n = least(*budget, order->n - order->at);
		if (order->stage == STAGE_COPY)
			copy_some(order, topo, n);
		else if (order->stage == STAGE_MERGE)
			merge_some(order, n);
		else
			extract_some(order, n);
		*budget -= n;
		if (order->at == order->n)
			end_stage(order);
	}
	return order->stage == STAGE_DONE;
}

uint32_t
topo_order_port(const struct topo_order *order, uint32_t place)
{
	assert(order->stage == STAGE_DONE && place < order->n);
	return order->ports[place];
}

uint32_t
topo_order_place(const struct topo_order *order, const struct topo *topo, const uint8_t id[16])
{
	uint32_t begin = 0, end = order->n;

	assert(order->stage == STAGE_DONE);
	while (begin < end) {
		uint32_t middle = begin + (end - begin) / 2;
		if (memcmp(topo_port_get(topo, order->ports[middle])->id, id, 16) < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}
