/*
 * model: Redis as the daemon's records leave it, in memory, for tests without a server.
 *
 * Changes go in as core/change_codec encodes them and are applied as REDIS_APPLY_SCRIPT does (which has a test of its own
 * against a real server), so that what a restart reads back went through the same bytes. Every toggle must differ from what
 * the port's hash says: a test that breaks this fails at once.
 */
#ifndef DPWATCH_TESTS_LIB_MODEL_H
#define DPWATCH_TESTS_LIB_MODEL_H

#include <jansson.h>

#include "core/engine.h"

struct model {
	json_t *ports;      /* id -> { field: text } */
	json_t *interfaces; /* switch -> { interface: text } */
	uint64_t n_toggles;
};

void model_init(struct model *model);
void model_release(struct model *model);

/* What stands in it becomes what stands in the other: as it was saved, or as a Redis that was thrown back has it. */
void model_copy(struct model *model, const struct model *other);

/* Applies one change. The revision of a toggle, 0 for the others. */
uint64_t model_apply(struct model *model, const struct dp_change *change);

/* Gives the engine all that is here, as io/state_sync does. The engine is not started yet. */
void model_restore(const struct model *model, struct engine *engine, struct engine_time time);

/* The same between engine_compare_begin and engine_start. */
void model_restore_published(const struct model *model, struct engine *engine);

/* Every port of the engine's map is as its hash says. */
void model_check(const struct model *model, const struct engine *engine);

#endif
