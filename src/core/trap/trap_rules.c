/*
 * A set of trap rules: its life, what is built in, and finding a row.
 */
#include "core/trap_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/trap_rules_set.h"

/* ---- status values (facts/link-traps.md, section 1) ---- */

static const struct trap_status_table status_tables[] = {
	/* IF-MIB (RFC 2863), ifOperStatus. */
	{ .name = "if-mib",
	    .of = {
		[1] = STATUS_UP,
		[2] = STATUS_DOWN,
		[3] = STATUS_NOT_READY, /* testing: test packets only */
		[4] = STATUS_UNKNOWN,
		[5] = STATUS_NOT_READY, /* dormant: waits for an external event */
		[6] = STATUS_DOWN,      /* notPresent: hardware is missing */
		[7] = STATUS_DOWN,      /* lowerLayerDown */
	    } },
	/* Ciena CES: 1 invalid, 2 enabled, 3 disabled, 4 not authenticated, 5 and 6 loopbacks, 7 unequipped. */
	{ .name = "ciena",
	    .of = {
		[1] = STATUS_UNKNOWN,
		[2] = STATUS_UP,
		[3] = STATUS_DOWN,
		[4] = STATUS_NOT_READY,
		[5] = STATUS_NOT_READY,
		[6] = STATUS_NOT_READY,
		[7] = STATUS_DOWN,
	    } },
	/* Ciena LEOS: 1 up, 2 down, 3 not authenticated, 4 and 5 loopbacks; WWP-EXT-BRIDGE-MIB has the first two. */
	{ .name = "leos",
	    .of = {
		[1] = STATUS_UP,
		[2] = STATUS_DOWN,
		[3] = STATUS_NOT_READY,
		[4] = STATUS_NOT_READY,
		[5] = STATUS_NOT_READY,
	    } },
};
#define N_STATUS_TABLES (sizeof(status_tables) / sizeof(status_tables[0]))

const struct trap_status_table *
trap_status_find(struct slice name)
{
	for (size_t i = 0; i < N_STATUS_TABLES; i++)
		if (slice_eq_str(name, status_tables[i].name))
			return &status_tables[i];
	return NULL;
}

enum trap_status
trap_status_of(const struct trap_status_table *table, int64_t value)
{
	if (value < 0 || value >= TRAP_STATUS_VALUES)
		return STATUS_NONE;
	return table->of[value];
}

/* ---- life ---- */

struct trap_rules *
trap_rules_new(void)
{
	struct trap_rules *rules = calloc(1, sizeof(*rules));

	if (rules)
		rules->room = malloc(TRAP_NAME_ROOM);
	if (rules && rules->room)
		return rules;
	free(rules);
	return NULL;
}

static void
oid_release(struct oid oid)
{
	free((void *)(uintptr_t)oid.ids);
}

static void
row_release(struct trap_row *row)
{
	free(row->module);
	free(row->name);
	oid_release(row->base);
}

static void
family_free(struct trap_family *family)
{
	for (size_t i = 0; i < family->objects.n_parts; i++)
		free(family->objects.parts[i].text);
	free(family->name);
	free(family);
}

struct trap_mark
trap_rules_mark(const struct trap_rules *rules)
{
	return (struct trap_mark){ rules->n_rows, rules->n_families, rules->n_objects,
		rules->n_samples };
}

void
trap_rules_roll_back(struct trap_rules *rules, struct trap_mark mark)
{
	while (rules->n_samples > mark.samples) {
		free(rules->samples[--rules->n_samples].varbinds);
		free(rules->samples[rules->n_samples].yields);
	}
	while (rules->n_rows > mark.rows)
		row_release(&rules->rows[--rules->n_rows]);
	while (rules->n_families > mark.families)
		family_free(rules->families[--rules->n_families]);
	while (rules->n_objects > mark.objects) {
		struct trap_object *object = &rules->objects[--rules->n_objects];
		free(object->module);
		free(object->name);
		oid_release(object->oid);
	}
	rules->open = NULL;
}

void
trap_rules_free(struct trap_rules *rules)
{
	if (!rules)
		return;
	trap_rules_roll_back(rules, (struct trap_mark){ 0 });
	free(rules->rows);
	free(rules->families);
	free(rules->objects);
	free(rules->samples);
	free(rules->sorted);
	free(rules->room);
	free(rules);
}

/* ---- finding ---- */

/* By length, then by the numbers: any order will do. The number after a possible zero is compared first of all. */
static int
compare(struct oid base, unsigned long last, const struct trap_row *row)
{
	if (last != row->last)
		return last < row->last ? -1 : 1;
	if (base.n != row->base.n)
		return base.n < row->base.n ? -1 : 1;
	for (size_t i = base.n; i-- > 0;)
		if (base.ids[i] != row->base.ids[i])
			return base.ids[i] < row->base.ids[i] ? -1 : 1;
	return 0;
}

static const struct trap_row *
search(const struct trap_rules *rules, struct oid base, unsigned long last)
{
	size_t low = 0, high = rules->n_sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct trap_row *row = &rules->rows[rules->sorted[middle]];
		int order = compare(base, last, row);

		if (order == 0)
			return row;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Some modules register under a zero already: what is left without one zero may end in another. */
const struct trap_row *
trap_rules_find(const struct trap_rules *rules, struct oid notification)
{
	const struct trap_row *row = NULL;

	if (notification.n < 2)
		return NULL;
	unsigned long last = notification.ids[notification.n - 1];
	struct oid base = { notification.ids, notification.n - 1 };

	if (base.ids[base.n - 1] == 0)
		row = search(rules, (struct oid){ base.ids, base.n - 1 }, last);
	return row ? row : search(rules, base, last);
}

/* Insertion into what is sorted already: a few hundred rows, at start and reload. */
static void
sort_in(struct trap_rules *rules, uint16_t row)
{
	size_t at = rules->n_sorted;

	while (at > 0) {
		const struct trap_row *now = &rules->rows[row];
		int order = compare(now->base, now->last, &rules->rows[rules->sorted[at - 1]]);

		if (order == 0) {
			rules->sorted[at - 1] = row;
			/* Those that were moved to make room go back. */
			memmove(&rules->sorted[at], &rules->sorted[at + 1],
			    (rules->n_sorted - at) * sizeof(*rules->sorted));
			return;
		}
		if (order > 0)
			break;
		rules->sorted[at] = rules->sorted[at - 1];
		at--;
	}
	rules->sorted[at] = row;
	rules->n_sorted++;
}

int
trap_rules_finish(struct trap_rules *rules)
{
	rules->sorted = calloc(rules->n_rows + 1, sizeof(*rules->sorted));
	if (!rules->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < rules->n_rows; i++)
		sort_in(rules, (uint16_t)i);
	return 0;
}

const struct trap_row *
trap_rules_at(const struct trap_rules *rules, size_t i)
{
	return i < rules->n_rows ? &rules->rows[i] : NULL;
}

char *
trap_rules_room(const struct trap_rules *rules)
{
	return rules->room;
}
