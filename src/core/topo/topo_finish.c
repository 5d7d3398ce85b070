/*
 * topo_finish: from what was declared to a snapshot.
 *
 * Interfaces were numbered as the document first named them; in the snapshot those of one switch stand side by side. So
 * they get new numbers, whatever names an interface is renumbered, and the lists "groups of an interface", "links of an
 * interface" and "ports of a group" are laid out: their lengths were counted while reading, so each takes one pass to
 * place and one to fill. Every phase is a loop over rows that can stop anywhere (topo_builder_step).
 */
#include <assert.h>
#include <errno.h>

#include "core/topo_build.h"

/* Work on row `i`; what the phase is for. */
typedef void row_work(struct topo_builder *b, uint32_t i);

static struct topo_interface *
placed(struct topo_builder *b, uint32_t i)
{
	return rows_at(&b->placed, i);
}

/* The number in the snapshot of what was declared as interface i. */
static uint32_t
renumbered(const struct topo_builder *b, uint32_t i)
{
	return ((const struct declared *)rows_at(&b->interfaces, i))->place;
}

/* Gives a list its place in `rows`, behind the one before; its length is counted anew while it is filled. */
static void
lay_out(struct topo_builder *b, struct topo_range *range, struct rows *rows)
{
	range->first = rows->n;
	b->spent += range->n;
	if (rows_extend(rows, rows->n + range->n) != 0)
		b->no_memory = true;
	range->n = 0;
}

static void
lay_out_switch(struct topo_builder *b, uint32_t i)
{
	struct topo_switch *row = rows_at(&b->topo->switches, i);

	lay_out(b, &row->interfaces, &b->placed);
}

static void
place_interface(struct topo_builder *b, uint32_t i)
{
	const struct topo_interface *row = rows_at(&b->topo->interfaces, i);
	struct topo_switch *sw = rows_at(&b->topo->switches, row->sw);
	uint32_t place = sw->interfaces.first + sw->interfaces.n++;

	((struct declared *)rows_at(&b->interfaces, i))->place = place;
	*placed(b, place) = *row;
}

/* The tables are filled anew, because their numbers changed. From here on topo->interfaces is in the final order. */
static void
swap_interfaces(struct topo_builder *b)
{
	struct rows declared_order = b->topo->interfaces;

	b->topo->interfaces = b->placed;
	b->placed = declared_order;
	rows_release(&b->placed);
	htab_release(&b->topo->by_key);
	htab_release(&b->topo->by_if_index);
}

static void
index_interface(struct topo_builder *b, uint32_t i)
{
	struct topo_interface *row = rows_at(&b->topo->interfaces, i);
	struct slice name = slice_of(topo_text_get(b->topo, row->key));
	struct topo_key_in_switch key = { row->sw, name };
	struct topo_key_index index = { row->sw, row->if_index };

	/* Two hashes, and cold memory: some ten times what a number costs. */
	b->spent += 10;
	build_index(b, &b->topo->by_key, topo_hash_key(&key), i);
	if (row->if_index != 0)
		build_index(b, &b->topo->by_if_index, topo_hash_index(&index), i);
	if (row->aggregate != TOPO_NONE)
		row->aggregate = renumbered(b, row->aggregate);
}

static void
lay_out_groups_of(struct topo_builder *b, uint32_t i)
{
	struct topo_interface *row = rows_at(&b->topo->interfaces, i);

	lay_out(b, &row->groups, &b->topo->groups_of_interface);
}

static void
lay_out_links_of(struct topo_builder *b, uint32_t i)
{
	struct topo_interface *row = rows_at(&b->topo->interfaces, i);

	lay_out(b, &row->links, &b->topo->links_of_interface);
}

static void
renumber_member(struct topo_builder *b, uint32_t i)
{
	uint32_t *member = rows_u32(&b->topo->members, i);

	*member = renumbered(b, *member);
}

static void
renumber_alias(struct topo_builder *b, uint32_t i)
{
	struct topo_alias_row *alias = rows_at(&b->topo->aliases, i);

	alias->interface = renumbered(b, alias->interface);
}

static void
add_link_to(struct topo_builder *b, uint32_t interface, uint32_t link)
{
	struct topo_interface *row = rows_at(&b->topo->interfaces, interface);

	*rows_u32(&b->topo->links_of_interface, row->links.first + row->links.n++) = link;
}

static void
fill_link(struct topo_builder *b, uint32_t i)
{
	struct topo_link *link = rows_at(&b->topo->links, i);

	link->a = renumbered(b, link->a);
	link->b = renumbered(b, link->b);
	add_link_to(b, link->a, i);
	add_link_to(b, link->b, i);
}

/* Attachments stand in the order of their groups, so the group in hand only ever moves forward. */
static void
fill_attachment(struct topo_builder *b, uint32_t i)
{
	uint32_t *attachment = rows_u32(&b->topo->attachments, i);
	const struct topo_group *group = topo_group_get(b->topo, b->group);

	while (i >= group->attachments.first + group->attachments.n)
		group = topo_group_get(b->topo, ++b->group);
	*attachment = renumbered(b, *attachment);
	struct topo_interface *row = rows_at(&b->topo->interfaces, *attachment);
	*rows_u32(&b->topo->groups_of_interface, row->groups.first + row->groups.n++) = b->group;
}

static void
lay_out_ports_of(struct topo_builder *b, uint32_t i)
{
	struct topo_group *row = rows_at(&b->topo->groups, i);

	lay_out(b, &row->ports, &b->topo->ports_of_group);
}

static void
fill_port(struct topo_builder *b, uint32_t i)
{
	const struct topo_port *port = topo_port_get(b->topo, i);
	struct topo_group *group = rows_at(&b->topo->groups, port->group);

	*rows_u32(&b->topo->ports_of_group, group->ports.first + group->ports.n++) = i;
}

/* What a phase goes over. */
enum span {
	OVER_SWITCHES,
	OVER_INTERFACES,
	OVER_LINKS,
	OVER_GROUPS,
	OVER_PORTS,
	OVER_MEMBERS,
	OVER_ALIASES,
	OVER_ATTACHMENTS
};

static uint32_t
n_rows(const struct topo *topo, enum span span)
{
	switch (span) {
	case OVER_SWITCHES:
		return topo->switches.n;
	case OVER_INTERFACES:
		return topo->interfaces.n;
	case OVER_LINKS:
		return topo->links.n;
	case OVER_GROUPS:
		return topo->groups.n;
	case OVER_PORTS:
		return topo->ports.n;
	case OVER_MEMBERS:
		return topo->members.n;
	case OVER_ALIASES:
		return topo->aliases.n;
	case OVER_ATTACHMENTS:
		return topo->attachments.n;
	}
	return 0;
}

static const struct phase {
	enum span span;
	void (*prepare)(struct topo_builder *b); /* once, before the first row; NULL: nothing */
	row_work *work;
} phases[] = {
	{ OVER_SWITCHES, NULL, lay_out_switch },
	{ OVER_INTERFACES, NULL, place_interface },
	{ OVER_INTERFACES, swap_interfaces, index_interface },
	{ OVER_ALIASES, NULL, renumber_alias },
	{ OVER_MEMBERS, NULL, renumber_member },
	{ OVER_INTERFACES, NULL, lay_out_groups_of },
	{ OVER_ATTACHMENTS, NULL, fill_attachment },
	{ OVER_INTERFACES, NULL, lay_out_links_of },
	{ OVER_LINKS, NULL, fill_link },
	{ OVER_GROUPS, NULL, lay_out_ports_of },
	{ OVER_PORTS, NULL, fill_port },
};
#define N_PHASES (sizeof(phases) / sizeof(phases[0]))

static int
refusal(const struct topo_builder *b)
{
	if (b->faults.n_errors > 0)
		return -EINVAL;
	return b->no_memory ? -ENOMEM : 0;
}

/* The phase in hand, for at most *budget and the rest of one row. */
static void
run_phase(struct topo_builder *b, unsigned *budget)
{
	const struct phase *phase = &phases[b->phase];

	if (b->cursor == 0 && phase->prepare)
		phase->prepare(b);
	uint32_t n = n_rows(b->topo, phase->span);
	b->spent = 0;
	while (b->cursor < n && b->spent < *budget && !b->no_memory) {
		b->spent++;
		phase->work(b, b->cursor++);
	}
	*budget -= b->spent < *budget ? b->spent : *budget;
	if (b->cursor < n)
		return;
	b->phase++;
	b->cursor = 0;
}

int
topo_builder_step(struct topo_builder *b, unsigned budget)
{
	assert(budget > 0);
	while (refusal(b) == 0 && budget > 0 && b->phase < N_PHASES)
		run_phase(b, &budget);
	if (refusal(b) != 0)
		return refusal(b);
	if (b->phase < N_PHASES)
		return 1;
	if (b->phase == N_PHASES) {
		if (topo_settle(b->topo, budget))
			return 1;
		b->phase++;
		topo_trim(b->topo);
		build_release(b);
	}
	return 0;
}

int
topo_builder_finish(struct topo_builder *b, struct topo **ret_topo)
{
	int r;

	do
		r = topo_builder_step(b, UINT32_MAX);
	while (r > 0);
	if (r != 0)
		return r;
	*ret_topo = b->topo;
	b->topo = NULL;
	return 0;
}
