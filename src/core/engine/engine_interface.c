/*
 * Interfaces by number: the snapshot's own, and the extra ones that no topology names but whose switch it knows.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

struct extra_key {
	uint32_t sw;
	struct slice key;
};

static uint64_t
extra_key_hash(uint32_t sw, struct slice key)
{
	return hash_bytes(key.data, key.len, sw);
}

static uint64_t
extra_hash(const void *owner, uint32_t value)
{
	const struct extra *extra = &((const struct engine *)owner)->extras[value];

	return extra_key_hash(extra->sw, slice_of(extra->key));
}

static bool
extra_eq(const void *owner, uint32_t value, const void *key)
{
	const struct extra *extra = &((const struct engine *)owner)->extras[value];
	const struct extra_key *wanted = key;

	return extra->sw == wanted->sw && slice_eq_str(wanted->key, extra->key);
}

const struct htab_type engine_extra_type = { .hash = extra_hash, .eq = extra_eq };

uint32_t
engine_extra_find(const struct engine *engine, uint32_t sw, struct slice key)
{
	struct extra_key wanted = { sw, key };
	uint32_t found = htab_find(&engine->extra_index, extra_key_hash(sw, key), &wanted);

	return found == HTAB_NONE ? TOPO_NONE : topo_n_interfaces(engine->topo) + found;
}

static bool
room_for_extra(struct engine *engine)
{
	if (engine->n_interfaces == engine->room_interfaces) {
		uint32_t room = engine->room_interfaces + engine->room_interfaces / 2 + 64;
		struct interface_state *states =
		    realloc(engine->interfaces, room * sizeof(*states));
		if (!states)
			return false;
		engine->interfaces = states;
		engine->room_interfaces = room;
		engine_compare_again(engine);
		if (engine->reach)
			reach_move_states(engine->reach, states);
	}
	if (engine->n_extras == engine->room_extras) {
		uint32_t room = engine->room_extras * 2 + 64;
		struct extra *extras = realloc(engine->extras, room * sizeof(*extras));
		if (!extras)
			return false;
		engine->extras = extras;
		engine->room_extras = room;
	}
	return true;
}

uint32_t
engine_extra_add(struct engine *engine, uint32_t sw, struct slice name, struct slice key)
{
	if (engine->switches[sw].n_extra >= ENGINE_EXTRA_PER_SWITCH ||
	    engine->n_extras >= ENGINE_EXTRA_MAX || !room_for_extra(engine))
		return TOPO_NONE;
	struct extra extra = { sw, engine->switches[sw].first_extra, strndup(name.data, name.len),
		strndup(key.data, key.len) };
	engine->extras[engine->n_extras] = extra;
	if (!extra.name || !extra.key ||
	    htab_add(&engine->extra_index, extra_key_hash(sw, key), engine->n_extras) != 0) {
		free(extra.name);
		free(extra.key);
		return TOPO_NONE;
	}
	engine->switches[sw].first_extra = ++engine->n_extras;
	engine->switches[sw].n_extra++;
	interface_state_init(&engine->interfaces[engine->n_interfaces]);
	return engine->n_interfaces++;
}

struct switch_walk
engine_walk_begin(const struct engine *engine, uint32_t sw)
{
	struct topo_range range = topo_switch_get(engine->topo, sw)->interfaces;

	return (struct switch_walk){ range.first, range.first + range.n,
		engine->switches[sw].first_extra };
}

uint32_t
engine_walk_next(const struct engine *engine, struct switch_walk *walk)
{
	if (walk->in_map < walk->end)
		return walk->in_map++;
	if (walk->extra == 0)
		return TOPO_NONE;
	uint32_t extra = walk->extra - 1;
	walk->extra = engine->extras[extra].next;
	return topo_n_interfaces(engine->topo) + extra;
}

uint32_t
engine_interface_switch(const struct engine *engine, uint32_t interface)
{
	uint32_t n = topo_n_interfaces(engine->topo);

	return interface < n ? topo_interface_get(engine->topo, interface)->sw
			     : engine->extras[interface - n].sw;
}

const char *
engine_interface_name(const struct engine *engine, uint32_t interface)
{
	uint32_t n = topo_n_interfaces(engine->topo);

	if (interface < n)
		return topo_text_get(
		    engine->topo, topo_interface_get(engine->topo, interface)->name);
	return engine->extras[interface - n].name;
}

/* ---- by what an event says ---- */

/* A name that says that the interface is none of ours. */
static bool
names_virtual(const struct engine *engine, uint32_t sw, struct slice name)
{
	struct slice parent;

	return ifname_is_virtual(name) ||
	       ifname_unit_parent(topo_switch_get(engine->topo, sw)->os, name, &parent);
}

/* The extra interface of that name; with `add`, a new one where there is none. */
static uint32_t
extra_by_name(struct engine *engine, uint32_t sw, struct slice name, bool add)
{
	char key[IFNAME_MAX + 1];
	struct slice wanted = { key, ifname_key(topo_switch_get(engine->topo, sw)->os, name, key) };

	if (wanted.len == 0)
		return TOPO_NONE;
	uint32_t found = engine_extra_find(engine, sw, wanted);
	return found != TOPO_NONE || !add ? found : engine_extra_add(engine, sw, name, wanted);
}

/*
 * An index may have moved (a map that is older than the switch's last restart), or be that of an interface which the map does
 * not name. So where the event's own name is of the interface's notation, and numbers another one, it is not the interface.
 */
static bool
names_another(const struct engine *engine, uint32_t sw, uint32_t interface, struct slice name)
{
	const enum os_family os = topo_switch_get(engine->topo, sw)->os;
	char mine[IFNAME_MAX + 1], told[IFNAME_MAX + 1];

	if (name.len == 0)
		return false;
	struct slice is = slice_of(engine_interface_name(engine, interface));

	return ifname_keys_differ_in_number((struct slice){ told, ifname_key(os, name, told) },
	    (struct slice){ mine, ifname_key(os, is, mine) });
}

static uint32_t
find_by_index(const struct engine *engine, uint32_t sw, const struct link_event *event)
{
	uint32_t found = engine_index_find(engine, sw, event->if_index);

	if (found == TOPO_NONE || names_another(engine, sw, found, event->name) ||
	    names_another(engine, sw, found, event->descr))
		return TOPO_NONE;
	return found;
}

/* Most switches tell index and name as the map spells them: no key need be made of this name. */
static uint32_t
find_as_spelt(const struct engine *engine, uint32_t sw, const struct link_event *event)
{
	const struct slice name = event->name.len > 0 ? event->name : event->descr;

	if (event->if_index == 0 || name.len == 0)
		return TOPO_NONE;
	const uint32_t found = topo_interface_by_index(engine->topo, sw, event->if_index);
	if (found == TOPO_NONE)
		return TOPO_NONE;
	const struct topo_interface *row = topo_interface_get(engine->topo, found);
	const bool same = slice_eq_str(name, topo_text_get(engine->topo, row->name));
	return same && !row->is_virtual ? found : TOPO_NONE;
}

uint32_t
engine_find_known(
    struct engine *engine, uint32_t sw, const struct link_event *event, bool *ret_virtual)
{
	const struct slice names[] = { event->name, event->descr };
	uint32_t found = find_as_spelt(engine, sw, event);

	*ret_virtual = false;
	for (int i = 0; i < 2 && found == TOPO_NONE; i++) {
		*ret_virtual = names_virtual(engine, sw, names[i]);
		if (*ret_virtual)
			return TOPO_NONE;
		found = topo_interface_find(engine->topo, sw, names[i]);
	}
	if (found == TOPO_NONE && event->if_index != 0)
		found = find_by_index(engine, sw, event);
	for (int i = 0; i < 2 && found == TOPO_NONE; i++)
		found = topo_interface_by_place(engine->topo, sw, names[i]);
	for (int i = 0; i < 2 && found == TOPO_NONE; i++)
		found = extra_by_name(engine, sw, names[i], false);
	return found;
}

uint32_t
engine_find_interface(
    struct engine *engine, uint32_t sw, const struct link_event *event, bool *ret_virtual)
{
	const struct slice names[] = { event->name, event->descr };
	uint32_t found = engine_find_known(engine, sw, event, ret_virtual);

	if (found != TOPO_NONE || *ret_virtual)
		return found;
	/* A poll tells of everything that a switch has; only what the map names is wanted. */
	const bool make = event->kind == LINK_EVENT_WORD && event->source != SOURCE_POLL;
	for (int i = 0; i < 2 && found == TOPO_NONE && make; i++)
		found = extra_by_name(engine, sw, names[i], true);
	return found;
}
