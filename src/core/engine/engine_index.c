/*
 * The index map: which interface an ifIndex means, as the switch itself told when it was polled. It holds for one boot of the
 * switch (RFC 2863, 3.1.5: an ifIndex need not survive a re-initialization), and goes before what the topology says.
 *
 * Between a boot and the next reading of the whole table, an index alone means nothing where the switch can be asked: the last
 * word per index waits for the answer, which tells what the index means. Where none comes, the topology's indexes are the best
 * that is known.
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
	for (int i = 0; i < 2 && interface == TOPO_NONE; i++)
		interface = topo_interface_by_place(engine->topo, sw, names[i]);
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

/* ---- words that wait ---- */

/* A boot may be told twice, by sysUpTime and by a coldStart, within this; older words are of the boot before. */
#define ONE_BOOT_NS INT64_C(60000000000)

struct index_word {
	uint32_t sw;
	struct link_event event;
	struct engine_time time; /* when it came */
};

static void
drop_word(struct engine *engine, uint32_t at)
{
	engine->index_words[at] = engine->index_words[--engine->n_index_words];
}

static bool
make_room(struct engine *engine)
{
	if (engine->n_index_words < engine->room_index_words)
		return true;
	uint32_t room = engine->room_index_words * 2 + 64;
	if (room > ENGINE_INDEX_WORDS_MAX)
		room = ENGINE_INDEX_WORDS_MAX;
	struct index_word *words = room > engine->n_index_words
				       ? realloc(engine->index_words, room * sizeof(*words))
				       : NULL;
	if (!words)
		return false;
	engine->index_words = words;
	engine->room_index_words = room;
	return true;
}

/* TOPO_NONE: none waits. They are few, and only between a boot and its answer. */
static uint32_t
waiting_word(const struct engine *engine, uint32_t sw, uint32_t if_index)
{
	for (uint32_t i = 0; i < engine->n_index_words; i++)
		if (engine->index_words[i].sw == sw &&
		    engine->index_words[i].event.if_index == if_index)
			return i;
	return TOPO_NONE;
}

bool
engine_index_hold(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	uint32_t at = waiting_word(engine, sw, event->if_index);

	if (at == TOPO_NONE && !make_room(engine))
		return false;
	if (at == TOPO_NONE)
		at = engine->n_index_words++;
	engine->index_words[at] = (struct index_word){ sw, *event, time };
	/* Rules may be others when it counts; and its age was looked at when it came. */
	engine->index_words[at].event.rule = "index";
	engine->index_words[at].event.has_uptime = false;
	return true;
}

/*
 * It counts as of when it came, so that the answer is weighed against it; what was said with a name since is newer. The time
 * of an interface never goes back by it, and that of the verdict is now. Where the switch did not tell what the index means,
 * it is to be asked.
 */
static void
say_word(struct engine *engine, const struct index_word *word, struct engine_time time)
{
	const uint32_t interface = engine_index_find(engine, word->sw, word->event.if_index);

	if (interface == TOPO_NONE || engine->interfaces[interface].spoke_ns > word->time.now_ns)
		return;
	struct engine_time then = word->time;
	then.turn_us = time.turn_us ? time.turn_us : time.wall_us;
	engine_word(engine, word->sw, interface, &word->event, then);
	if (known(engine, (struct learnt_key){ word->sw, BY_INDEX, word->event.if_index }) ==
	    TOPO_NONE)
		engine_make_uncertain(engine, interface, time.wall_us);
}

/* Waiting is over. */
static void
say_words(struct engine *engine, uint32_t sw, struct engine_time time)
{
	for (uint32_t i = 0; i < engine->n_index_words;) {
		const struct index_word word = engine->index_words[i];
		if (word.sw != sw) {
			i++;
			continue;
		}
		drop_word(engine, i);
		say_word(engine, &word, time);
	}
}

void
engine_index_boot(struct engine *engine, uint32_t sw, int64_t now_ns)
{
	engine->switches[sw].boot++;
	engine->switches[sw].index_pending = engine->switches[sw].pollable;
	for (uint32_t i = 0; i < engine->n_index_words;) {
		const struct index_word *word = &engine->index_words[i];
		if (word->sw == sw && now_ns - word->time.now_ns > ONE_BOOT_NS)
			drop_word(engine, i);
		else
			i++;
	}
}

/* ---- another map ---- */

static bool
renumber(const struct engine *engine, struct learnt *row, const uint32_t *new_switch,
    const uint32_t *new_interface)
{
	uint32_t *interface = row->key.direction == BY_INDEX ? &row->is : &row->key.number;

	row->key.sw = new_switch[row->key.sw];
	*interface = new_interface[*interface];
	return row->key.sw != TOPO_NONE && *interface != TOPO_NONE &&
	       row->boot == engine->switches[row->key.sw].boot;
}

/* What was learnt of this boot goes on with its interfaces; of earlier boots, nothing needs to be kept. */
void
engine_indexes_moved(
    struct engine *engine, const uint32_t *new_switch, const uint32_t *new_interface)
{
	const uint32_t n = engine->n_learnt;

	htab_release(&engine->learnt_index);
	engine->n_learnt = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct learnt row = engine->learnt[i];
		/* Two that are one in the new map: the first holds. */
		if (renumber(engine, &row, new_switch, new_interface) && !find(engine, row.key))
			learn(engine, row.key, row.is);
	}
	for (uint32_t i = 0; i < engine->n_index_words;) {
		struct index_word *word = &engine->index_words[i];
		word->sw = new_switch[word->sw];
		if (word->sw == TOPO_NONE)
			drop_word(engine, i);
		else
			i++;
	}
}

void
engine_indexes_release(struct engine *engine)
{
	htab_release(&engine->learnt_index);
	free(engine->learnt);
	free(engine->index_words);
}

/* ---- what the poller tells ---- */

void
engine_set_pollable(struct engine *engine, uint32_t sw, bool pollable, struct engine_time time)
{
	engine->switches[sw].pollable = pollable;
	if (!pollable)
		engine_polled(engine, sw, time);
}

void
engine_polled(struct engine *engine, uint32_t sw, struct engine_time time)
{
	if (!engine->switches[sw].index_pending)
		return;
	engine->switches[sw].index_pending = false;
	say_words(engine, sw, time);
}
