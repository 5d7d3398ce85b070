/*
 * Rows of a fixed array; chains over them by the hash of the engine id, and a list of them by when they were heard last.
 */
#include "core/usm_engines.h"

#include <stdlib.h>
#include <string.h>

#include "util/htab.h"

#define NO_ROW UINT32_MAX
#define NS INT64_C(1000000000)

/* RFC 3414 2.2.2: an engine that has booted so often can no longer be told from its past. */
#define BOOTS_LATCHED 2147483647u

/* Seconds of silence for which the clocks may have drifted apart by one. */
#define DRIFT_SECONDS 1000

const char *const usm_timeliness_names[] = {
	[USM_TIMELY] = "",
	[USM_TOO_OLD] = "engine time went backwards",
	[USM_BOOTS_BACK] = "engine boots went backwards",
};

struct usm_engines {
	struct usm_engine *rows; /* max; untouched pages cost nothing */
	uint32_t *chains;        /* max */
	uint32_t max, n;
	uint32_t touched; /* rows at and above were never used */
	uint32_t free;    /* chain of rows that were used */
	uint32_t newest, oldest;
	uint64_t seed, evicted, changes;
};

/* ---- rows, chains and the list ---- */

static uint32_t
row_of(const struct usm_engines *engines, const struct usm_engine *engine)
{
	return (uint32_t)(engine - engines->rows);
}

static uint32_t *
chain_of(const struct usm_engines *engines, struct slice id)
{
	return &engines->chains[hash_bytes(id.data, id.len, engines->seed) % engines->max];
}

static struct slice
id_of(const struct usm_engine *engine)
{
	return (struct slice){ (const char *)engine->id, engine->id_len };
}

static void
list_remove(struct usm_engines *engines, struct usm_engine *engine)
{
	if (engine->newer == NO_ROW)
		engines->newest = engine->older;
	else
		engines->rows[engine->newer].older = engine->older;
	if (engine->older == NO_ROW)
		engines->oldest = engine->newer;
	else
		engines->rows[engine->older].newer = engine->newer;
}

static void
list_add_newest(struct usm_engines *engines, struct usm_engine *engine)
{
	uint32_t row = row_of(engines, engine);

	engine->newer = NO_ROW;
	engine->older = engines->newest;
	if (engines->newest != NO_ROW)
		engines->rows[engines->newest].newer = row;
	else
		engines->oldest = row;
	engines->newest = row;
}

static void
chain_remove(struct usm_engines *engines, struct usm_engine *engine)
{
	uint32_t *link = chain_of(engines, id_of(engine));

	while (*link != row_of(engines, engine))
		link = &engines->rows[*link].chain;
	*link = engine->chain;
}

/* Takes a row out; it is zero and used by nobody. */
static uint32_t
release_row(struct usm_engines *engines, struct usm_engine *engine)
{
	chain_remove(engines, engine);
	list_remove(engines, engine);
	explicit_bzero(engine, sizeof(*engine));
	engines->n--;
	return row_of(engines, engine);
}

/* ---- what the header promises ---- */

struct usm_engines *
usm_engines_new(size_t max, uint64_t seed)
{
	struct usm_engines *engines = calloc(1, sizeof(*engines));

	if (!engines)
		return NULL;
	*engines = (struct usm_engines){
		.rows = calloc(max, sizeof(*engines->rows)),
		.chains = malloc(max * sizeof(*engines->chains)),
		.max = (uint32_t)max,
		.free = NO_ROW,
		.newest = NO_ROW,
		.oldest = NO_ROW,
		.seed = seed,
	};
	if (!engines->rows || !engines->chains) {
		usm_engines_free(engines);
		return NULL;
	}
	memset(engines->chains, 0xff, max * sizeof(*engines->chains));
	return engines;
}

void
usm_engines_free(struct usm_engines *engines)
{
	if (!engines)
		return;
	if (engines->rows)
		explicit_bzero(engines->rows, engines->touched * sizeof(*engines->rows));
	free(engines->rows);
	free(engines->chains);
	free(engines);
}

struct usm_engine *
usm_engines_find(const struct usm_engines *engines, struct slice id)
{
	uint32_t row = *chain_of(engines, id);

	while (row != NO_ROW && !slice_eq(id_of(&engines->rows[row]), id))
		row = engines->rows[row].chain;
	return row == NO_ROW ? NULL : &engines->rows[row];
}

static uint32_t
take_row(struct usm_engines *engines)
{
	uint32_t row = engines->free;

	if (row != NO_ROW) {
		engines->free = engines->rows[row].chain;
		return row;
	}
	if (engines->touched < engines->max)
		return engines->touched++;
	engines->evicted++;
	return release_row(engines, &engines->rows[engines->oldest]);
}

struct usm_engine *
usm_engines_add(struct usm_engines *engines, struct slice id)
{
	uint32_t row = take_row(engines), *chain = chain_of(engines, id);
	struct usm_engine *engine = &engines->rows[row];

	*engine = (struct usm_engine){ .id_len = id.len, .chain = *chain, .used = true };
	memcpy(engine->id, id.data, id.len);
	*chain = row;
	list_add_newest(engines, engine);
	engines->n++;
	engines->changes++;
	return engine;
}

static enum usm_timeliness
judge(const struct usm_engine *engine, uint32_t boots, uint32_t time, int64_t now_ns)
{
	int64_t elapsed = engine->at_ns > 0 ? (now_ns - engine->at_ns) / NS : 0;
	int64_t oldest = engine->time + elapsed - USM_TIME_WINDOW - elapsed / DRIFT_SECONDS;

	if (boots < engine->boots || boots >= BOOTS_LATCHED)
		return USM_BOOTS_BACK;
	return boots == engine->boots && time < oldest ? USM_TOO_OLD : USM_TIMELY;
}

enum usm_timeliness
usm_engines_hear(struct usm_engines *engines, struct usm_engine *engine, uint32_t boots,
    uint32_t time, int64_t now_ns)
{
	enum usm_timeliness timeliness = judge(engine, boots, time, now_ns);

	if (timeliness != USM_TIMELY) {
		engine->problem = timeliness;
		engine->problem_boots = boots;
		engine->problem_time = time;
		engine->refused++;
		return timeliness;
	}
	if (boots > engine->boots || time > engine->time) {
		engines->changes += boots > engine->boots;
		engine->boots = boots;
		engine->time = time;
		engine->at_ns = now_ns;
	}
	engine->problem = USM_TIMELY;
	engine->refused = 0;
	list_remove(engines, engine);
	list_add_newest(engines, engine);
	return USM_TIMELY;
}

void
usm_engines_forget(struct usm_engines *engines, struct usm_engine *engine)
{
	uint32_t row = release_row(engines, engine);

	engines->rows[row].chain = engines->free;
	engines->free = row;
	engines->changes++;
}

/* ---- users and keys ---- */

/* USM_ENGINE_USERS: not known. */
static size_t
user_find(const struct usm_engine *engine, const char *user)
{
	size_t i = 0;

	while (i < USM_ENGINE_USERS && strcmp(engine->users[i].name, user) != 0)
		i++;
	return i;
}

bool
usm_engine_has_user(const struct usm_engine *engine, const char *user)
{
	return user_find(engine, user) < USM_ENGINE_USERS;
}

const struct usm_keys *
usm_engine_keys(const struct usm_engine *engine, const char *user)
{
	size_t i = user_find(engine, user);

	return i < USM_ENGINE_USERS && engine->users[i].has_keys ? &engine->users[i].keys : NULL;
}

/* The row of a user, who may take another's place. */
static size_t
user_take(struct usm_engines *engines, struct usm_engine *engine, const char *user)
{
	size_t i = user_find(engine, user);

	if (i < USM_ENGINE_USERS)
		return i;
	i = engine->next_user++ % USM_ENGINE_USERS;
	explicit_bzero(&engine->users[i], sizeof(engine->users[i]));
	slice_copy(slice_of(user), engine->users[i].name, sizeof(engine->users[i].name));
	engines->changes++;
	return i;
}

const struct usm_keys *
usm_engine_keep_keys(struct usm_engines *engines, struct usm_engine *engine, const char *user,
    const struct usm_keys *keys)
{
	size_t i = user_take(engines, engine, user);

	engine->users[i].keys = *keys;
	engine->users[i].has_keys = true;
	return &engine->users[i].keys;
}

void
usm_engines_drop_keys(struct usm_engines *engines)
{
	for (struct usm_engine *engine = NULL; (engine = usm_engines_next(engines, engine));) {
		for (size_t i = 0; i < USM_ENGINE_USERS; i++) {
			engine->users[i].has_keys = false;
			explicit_bzero(&engine->users[i].keys, sizeof(engine->users[i].keys));
		}
	}
}

/* ---- all of them ---- */

size_t
usm_engines_count(const struct usm_engines *engines)
{
	return engines->n;
}

uint64_t
usm_engines_evicted(const struct usm_engines *engines)
{
	return engines->evicted;
}

uint64_t
usm_engines_changes(const struct usm_engines *engines)
{
	return engines->changes;
}

struct usm_engine *
usm_engines_next(const struct usm_engines *engines, const struct usm_engine *engine)
{
	uint32_t row = engine ? engine->older : engines->newest;

	return row == NO_ROW ? NULL : &engines->rows[row];
}

struct usm_engine *
usm_engines_previous(const struct usm_engines *engines, const struct usm_engine *engine)
{
	uint32_t row = engine ? engine->newer : engines->oldest;

	return row == NO_ROW ? NULL : &engines->rows[row];
}
