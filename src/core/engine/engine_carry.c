/*
 * What carries over from the map in force to one that is being taken: by name, row by row.
 */
#include <string.h>

#include "core/engine_take.h"

static const char *
switch_name(const struct topo *topo, uint32_t sw)
{
	return topo_text_get(topo, topo_switch_get(topo, sw)->name);
}

/* ---- switches ---- */

/* What names a switch to us beside the map's name for it: TOPO_NONE, or the switch of `other` that its i-th such mark is of. */
static uint32_t
marked_alike(const struct topo *topo, uint32_t sw, uint32_t i, const struct topo *other)
{
	const struct topo_switch *row = topo_switch_get(topo, sw);

	if (i < row->addresses.n)
		return topo_switch_by_addr(other, topo_address(topo, row->addresses.first + i));
	i -= row->addresses.n;
	if (i < row->hostnames.n)
		return topo_switch_by_hostname(other,
		    slice_of(topo_text_get(topo, topo_hostname(topo, row->hostnames.first + i))));
	if (i == row->hostnames.n)
		return topo_switch_by_hostname(other, slice_of(switch_name(topo, sw)));
	return topo_switch_by_engine_id(other, row->engine_id, row->engine_id_len);
}

/* The first that has a mark of it, and a name that its own map has not. */
static uint32_t
counterpart(const struct topo *topo, uint32_t sw, const struct topo *other)
{
	const struct topo_switch *row = topo_switch_get(topo, sw);

	for (uint32_t i = 0; i < row->addresses.n + row->hostnames.n + 2; i++) {
		const uint32_t found = marked_alike(topo, sw, i, other);
		if (found != TOPO_NONE &&
		    topo_switch_find(topo, slice_of(switch_name(other, found))) == TOPO_NONE)
			return found;
	}
	return TOPO_NONE;
}

/* The one that sends from where it sent, and is called otherwise. Each is the other's first, so no two become one. */
static uint32_t
renamed(struct take *take, uint32_t sw)
{
	const struct topo *was = take->engine->topo, *is = take->next.topo;
	const uint32_t now = counterpart(was, sw, is);

	if (now == TOPO_NONE || counterpart(is, now, was) != sw)
		return TOPO_NONE;
	take_list(take, &take->renamed, now);
	return now;
}

/* Its state follows when the rows are swapped. */
void
carry_switch(struct take *take, uint32_t sw)
{
	const uint32_t now =
	    topo_switch_find(take->next.topo, slice_of(switch_name(take->engine->topo, sw)));

	take->new_switch[sw] = now != TOPO_NONE ? now : renamed(take, sw);
}

void
find_new_switch(struct take *take, uint32_t sw)
{
	struct slice name = slice_of(switch_name(take->next.topo, sw));

	if (topo_switch_find(take->engine->topo, name) == TOPO_NONE)
		take_list(take, &take->new_switches, sw);
}

/* ---- groups ---- */

static void
list_group(struct take *take, uint32_t group)
{
	if (take->next.groups[group].seen)
		return;
	take->next.groups[group].seen = 1;
	take_list(take, &take->groups, group);
}

static void
count_group(struct take *take, uint32_t group)
{
	engine_count_paths(&take->next, group, &take->next.groups[group]);
}

void
make_group(struct take *take, uint32_t group)
{
	take->next.groups[group] = (struct group_state){ .seen = 0 };
	count_group(take, group);
}

static void
count_groups_at(struct take *take, uint32_t interface)
{
	const struct topo *topo = take->next.topo;
	struct topo_range groups = topo_interface_get(topo, interface)->groups;

	for (uint32_t i = 0; i < groups.n; i++) {
		uint32_t group = topo_group_of_interface(topo, groups.first + i);
		count_group(take, group);
		list_group(take, group);
	}
}

/* ---- interfaces ---- */

void
make_interface(struct take *take, uint32_t interface)
{
	interface_state_init(&take->next.interfaces[interface]);
	take_list(take, &take->from, TOPO_NONE);
}

/* One that the new map does not name, of a switch that it names: kept, where somebody spoke of it. */
static uint32_t
keep_extra(struct take *take, uint32_t interface)
{
	uint32_t sw = take->new_switch[engine_interface_switch(take->engine, interface)];
	struct slice name = slice_of(engine_interface_name(take->engine, interface));
	char key[IFNAME_MAX + 1];

	if (sw == TOPO_NONE || !take->engine->interfaces[interface].heard)
		return TOPO_NONE;
	size_t len = ifname_key(topo_switch_get(take->next.topo, sw)->os, name, key);
	if (len == 0)
		return TOPO_NONE;
	uint32_t now = engine_extra_find(&take->next, sw, (struct slice){ key, len });
	if (now != TOPO_NONE)
		return now;
	now = engine_extra_add(&take->next, sw, name, (struct slice){ key, len });
	if (now != TOPO_NONE)
		take_list(take, &take->from, TOPO_NONE);
	return now;
}

static uint32_t
place_interface(struct take *take, uint32_t interface)
{
	uint32_t sw = take->new_switch[engine_interface_switch(take->engine, interface)];

	if (sw == TOPO_NONE)
		return TOPO_NONE;
	uint32_t now = topo_interface_named(
	    take->next.topo, sw, slice_of(engine_interface_name(take->engine, interface)));
	return now != TOPO_NONE ? now : keep_extra(take, interface);
}

static void
tally_interface(struct take *take, const struct interface_state *state, uint32_t one)
{
	take->next.totals.interfaces_down += interface_is_up(state) ? 0 : one;
	take->next.totals.interfaces_uncertain += state->certain ? 0 : one;
}

/* What hangs on an interface of the new map whose state changed after its reach was made. */
static void
follow(struct take *take, uint32_t interface)
{
	const struct index_list *interfaces, *switches;

	if (reach_update(take->next.reach, interface, &interfaces, &switches) != 0) {
		take->no_memory = true;
		return;
	}
	for (size_t i = 0; i < interfaces->n; i++)
		count_groups_at(take, interfaces->items[i]);
	for (size_t s = 0; s < switches->n; s++) {
		struct topo_range range =
		    topo_switch_get(take->next.topo, switches->items[s])->interfaces;
		for (uint32_t i = 0; i < range.n; i++)
			count_groups_at(take, range.first + i);
	}
}

/* Of two that are one in the new map (an alias), the one that was heard last knows best. */
static bool
knows_better(const struct take *take, uint32_t interface, uint32_t other)
{
	int64_t heard_us = take->engine->interfaces[interface].heard_us,
		other_us = take->engine->interfaces[other].heard_us;

	return heard_us != other_us ? heard_us > other_us : interface > other;
}

void
carry_interface(struct take *take, uint32_t interface)
{
	if (interface == take->new_interface.n)
		take_list(take, &take->new_interface, place_interface(take, interface));
	else if (take->new_interface.items[interface] == TOPO_NONE)
		take->new_interface.items[interface] = keep_extra(take, interface);
	if (take->no_memory)
		return;
	uint32_t now = take->new_interface.items[interface];
	if (now == TOPO_NONE)
		return;
	uint32_t *from = &take->from.items[now];
	if (*from != interface && *from != TOPO_NONE && !knows_better(take, interface, *from))
		return;
	*from = interface;
	const struct interface_state *state = &take->engine->interfaces[interface];
	struct interface_state *copy = &take->next.interfaces[now];
	if (memcmp(copy, state, sizeof(*copy)) == 0)
		return;
	tally_interface(take, copy, -1u);
	*copy = *state;
	tally_interface(take, copy, 1);
	if (take->next.reach && now < topo_n_interfaces(take->next.topo))
		follow(take, now);
}

/* ---- ports ---- */

static void
tally_port(struct take *take, const struct port_state *state, uint32_t one)
{
	take->next.totals.ports_down += state->flags & PORT_DOWN ? one : 0;
	take->next.totals.ports_degraded += state->flags & PORT_DEGRADED ? one : 0;
}

static void
list_if_unsettled(struct take *take, uint32_t port)
{
	uint32_t number = topo_port_get(take->next.topo, port)->group;
	uint32_t total = topo_group_get(take->next.topo, number)->attachments.n;

	if (!engine_port_is_settled(
		&take->next.ports[port], &take->next.groups[number], total, take->engine->started))
		list_group(take, number);
}

bool
take_is_rewired(const struct engine *was, uint32_t port, const struct engine *is, uint32_t now)
{
	struct dp_paths before, after;

	engine_port_paths(was, port, &before);
	engine_port_paths(is, now, &after);
	return before.up != after.up || before.stranded != after.stranded ||
	       before.total != after.total;
}

/* The interface that decided a port's last toggle may have no number yet: nobody spoke of it, or it is new in force. */
static uint32_t
renumbered(struct take *take, uint32_t port, uint32_t interface)
{
	uint32_t now = TOPO_NONE;

	if (interface < take->new_interface.n)
		now = take->new_interface.items[interface];
	if (now == TOPO_NONE &&
	    take->new_switch[engine_interface_switch(take->engine, interface)] != TOPO_NONE)
		take_list(take, &take->unresolved, port);
	return now;
}

/* The failure that a down port names left the map, or is over: it stays down for another one, which is looked for. */
static bool
has_lost_blame(const struct engine *engine, const struct port_state *port)
{
	return engine_blame_is_over(engine, port) ||
	       (port->flags & PORT_DOWN && port->flags & PORT_OBSERVED &&
		   port->cause != CAUSE_REPORTED && port->interface == TOPO_NONE);
}

static void
carry_port(struct take *take, uint32_t port, uint32_t now)
{
	struct port_state *copy = &take->next.ports[now];

	tally_port(take, copy, -1u);
	*copy = take->engine->ports[port];
	tally_port(take, copy, 1);
	if (copy->interface != TOPO_NONE)
		copy->interface = renumbered(take, port, copy->interface);
	if (has_lost_blame(&take->next, copy) ||
	    (take_has_hash(take->engine, port) &&
		take_is_rewired(take->engine, port, &take->next, now)))
		list_group(take, topo_port_get(take->next.topo, now)->group);
	list_if_unsettled(take, now);
}

/* Two maps tell their ports mostly in the same order, so the one after the last found is looked at first. */
static uint32_t
port_in_force(struct take *take, const uint8_t id[16])
{
	const struct topo *topo = take->engine->topo;
	uint32_t port = take->near;

	if (port >= topo_n_ports(topo) || memcmp(topo_port_get(topo, port)->id, id, 16) != 0)
		port = topo_port_find(topo, id);
	if (port != TOPO_NONE)
		take->near = port + 1;
	return port;
}

void
make_port(struct take *take, uint32_t port)
{
	uint32_t old = port_in_force(take, topo_port_get(take->next.topo, port)->id);

	take->next.ports[port] = (struct port_state){ .interface = TOPO_NONE };
	if (old == TOPO_NONE)
		list_if_unsettled(take, port);
	else
		carry_port(take, old, port);
}

void
find_leaving(struct take *take, uint32_t port)
{
	const struct port_state *state = &take->engine->ports[port];

	if ((state->flags & PORT_DOWN || state->fault || state->revision > 0) &&
	    topo_port_find(take->next.topo, topo_port_get(take->engine->topo, port)->id) ==
		TOPO_NONE)
		take_list(take, &take->leaving, port);
}

void
carry_changed(struct take *take)
{
	uint32_t port = take->changed.items[--take->changed.n];
	uint32_t now = topo_port_find(take->next.topo, topo_port_get(take->engine->topo, port)->id);

	take->is_changed[port / 8] &= (uint8_t) ~(1u << port % 8);
	if (now == TOPO_NONE)
		take_list(take, &take->leaving, port);
	else
		carry_port(take, port, now);
}
