/*
 * The index map: which interface an ifIndex means, as the switch itself told when it was polled. It holds for one boot of the
 * switch (RFC 2863, 3.1.5: an ifIndex need not survive a re-initialization), and goes before what the topology says.
 *
 * Between a boot and the next reading of the whole table, an index alone means nothing where the switch can be asked: the
 * word is passed over, because the answer will tell the state of every interface, by name.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

#define LEARNT_MAX \
	4000000 /* of all switches; what is above is not learnt, and the topology's indexes hold */

/* Both ways: from an index to an interface, and back. */
enum direction { BY_INDEX, BY_INTERFACE };

struct learnt_key {
	uint32_t sw, direction, number;
};

struct learnt {
	struct learnt_key key;
	uint32_t is;   /* the interface, or its index */
	uint32_t boot; /* of the switch, as engine->switches[sw].boot counts */
};

static uint64_t
key_hash(struct learnt_key key)
{
	return hash_bytes((const char *)&key, sizeof(key), 0);
}

static uint64_t
learnt_hash(const void *owner, uint32_t value)
{
	return key_hash(((const struct engine *)owner)->learnt[value].key);
}

static bool
learnt_eq(const void *owner, uint32_t value, const void *key)
{
	return memcmp(&((const struct engine *)owner)->learnt[value].key, key,
		   sizeof(struct learnt_key)) == 0;
}

const struct htab_type engine_learnt_type = { learnt_hash, learnt_eq };

static struct learnt *
find(const struct engine *engine, struct learnt_key key)
{
	uint32_t row = htab_find(&engine->learnt_index, key_hash(key), &key);

	return row == HTAB_NONE ? NULL : &engine->learnt[row];
}

static struct learnt *
add(struct engine *engine, struct learnt_key key)
{
	if (engine->n_learnt == engine->room_learnt) {
		uint32_t room = engine->room_learnt * 2 + 256;
		struct learnt *rows =
		    room <= LEARNT_MAX ? realloc(engine->learnt, room * sizeof(*rows)) : NULL;
		if (!rows)
			return NULL;
		engine->learnt = rows;
		engine->room_learnt = room;
	}
	engine->learnt[engine->n_learnt].key = key;
	if (htab_add(&engine->learnt_index, key_hash(key), engine->n_learnt) != 0)
		return NULL;
	return &engine->learnt[engine->n_learnt++];
}

static void
learn(struct engine *engine, struct learnt_key key, uint32_t is)
{
	struct learnt *row = find(engine, key);

	if (!row)
		row = add(engine, key);
	if (!row)
		return;
	row->is = is;
	row->boot = engine->switches[key.sw].boot;
}

/* What was learnt in this boot, or TOPO_NONE. */
static uint32_t
known(const struct engine *engine, struct learnt_key key)
{
	const struct learnt *row = find(engine, key);

	return row && row->boot == engine->switches[key.sw].boot ? row->is : TOPO_NONE;
}

void
engine_learn_index(struct engine *engine, uint32_t sw, const struct link_event *event)
{
	const struct slice names[] = { event->name, event->descr };
	uint32_t interface = TOPO_NONE;

	for (int i = 0; i < 2 && interface == TOPO_NONE; i++)
		interface = topo_interface_find(engine->topo, sw, names[i]);
	if (interface == TOPO_NONE || event->if_index == 0)
		return;
	learn(engine, (struct learnt_key){ sw, BY_INDEX, event->if_index }, interface);
	learn(engine, (struct learnt_key){ sw, BY_INTERFACE, interface }, event->if_index);
}

uint32_t
engine_index_find(const struct engine *engine, uint32_t sw, uint32_t if_index)
{
	uint32_t interface = known(engine, (struct learnt_key){ sw, BY_INDEX, if_index });

	if (interface != TOPO_NONE)
		return interface;
	interface = topo_interface_by_index(engine->topo, sw, if_index);
	if (interface == TOPO_NONE)
		return TOPO_NONE;
	/* The interface that had this index once has another one now. */
	uint32_t index_now = known(engine, (struct learnt_key){ sw, BY_INTERFACE, interface });
	return index_now == TOPO_NONE || index_now == if_index ? interface : TOPO_NONE;
}

uint32_t
engine_index_of(const struct engine *engine, uint32_t interface)
{
	const uint32_t sw = engine_interface_switch(engine, interface);
	uint32_t index_now = known(engine, (struct learnt_key){ sw, BY_INTERFACE, interface });

	if (index_now != TOPO_NONE)
		return index_now;
	return interface < topo_n_interfaces(engine->topo)
		   ? topo_interface_get(engine->topo, interface)->if_index
		   : 0;
}

bool
engine_index_pending(const struct engine *engine, uint32_t sw)
{
	return engine->switches[sw].index_pending;
}

void
engine_index_boot(struct engine *engine, uint32_t sw)
{
	engine->switches[sw].boot++;
	engine->switches[sw].index_pending = engine->switches[sw].pollable;
}

void
engine_indexes_moved(struct engine *engine)
{
	htab_release(&engine->learnt_index);
	engine->n_learnt = 0;
}

void
engine_indexes_release(struct engine *engine)
{
	htab_release(&engine->learnt_index);
	free(engine->learnt);
}

/* ---- what the poller tells ---- */

void
engine_set_pollable(struct engine *engine, uint32_t sw, bool pollable)
{
	engine->switches[sw].pollable = pollable;
	engine->switches[sw].index_pending = engine->switches[sw].index_pending && pollable;
}

void
engine_polled(struct engine *engine, uint32_t sw)
{
	engine->switches[sw].index_pending = false;
}
