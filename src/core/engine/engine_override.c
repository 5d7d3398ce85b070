/*
 * Overrides: a person's or a controller's word about an interface. It wins over whatever is observed, which goes on below it
 * and counts again when the override is taken back or ends.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

uint32_t
engine_interface_find(const struct engine *engine, uint32_t sw, struct slice name)
{
	uint32_t found = topo_interface_find(engine->topo, sw, name);
	char key[IFNAME_MAX + 1];
	size_t len = ifname_key(topo_switch_get(engine->topo, sw)->os, name, key);

	if (found != TOPO_NONE || len == 0)
		return found;
	return engine_extra_find(engine, sw, (struct slice){ key, len });
}

void
override_free(struct override *override)
{
	if (!override)
		return;
	free(override->by);
	free(override->note);
	free(override);
}

/* NULL: out of memory. */
static struct override *
override_of(const struct engine_override *given, struct engine_time time)
{
	struct override *override = calloc(1, sizeof(*override));

	if (!override)
		return NULL;
	override->by = strdup(given->by ? given->by : "");
	override->note = strdup(given->note ? given->note : "");
	override->at_us = given->at_us != 0 ? given->at_us : time.wall_us;
	override->until_us = given->until_us;
	override->until_ns = given->until_us == 0
				 ? INT64_MAX
				 : time.now_ns + engine_span_ns(given->until_us - time.wall_us);
	if (override->by && override->note)
		return override;
	override_free(override);
	return NULL;
}

/* Puts it in the place of what was there. The caller settles the watch. */
static void
replace(struct watch *watch, struct override *override)
{
	override_free(watch->override);
	watch->override = override;
}

static void
set(struct engine *engine, uint32_t interface, enum spoken to, struct engine_time time)
{
	static const struct link_event event = { .source = SOURCE_API };
	const struct before before = engine_before(engine, interface);
	bool moved = interface_override(&engine->interfaces[interface], to, time);

	engine_settle(engine, interface, &before, moved ? VERDICT_CHANGED : VERDICT_LEARNT,
	    DAMP_NONE, &event, time);
}

/* What is true of the interface without it counts again. */
static void
end(struct engine *engine, uint32_t interface, struct engine_time time)
{
	struct watch *watch = engine_watch(engine, interface);

	if (!watch || !watch->override)
		return;
	replace(watch, NULL);
	engine->watches.n_overrides--;
	engine_watch_settle(engine, interface);
	set(engine, interface, SPOKEN_NONE, time);
}

bool
engine_override(struct engine *engine, uint32_t interface, const struct engine_override *given,
    struct engine_time time)
{
	if (!engine->started || interface >= engine->n_interfaces)
		return false;
	if (given->to == WORD_NONE) {
		end(engine, interface, time);
		return true;
	}
	struct override *override = override_of(given, time);
	struct watch *watch = override ? engine_watch_need(engine, interface) : NULL;
	if (!watch) {
		override_free(override);
		return false;
	}
	engine->watches.n_overrides += watch->override == NULL;
	replace(watch, override);
	engine_watch_settle(engine, interface);
	set(engine, interface, given->to == WORD_UP ? SPOKEN_UP : SPOKEN_DOWN, time);
	return true;
}

void
engine_override_restore(struct engine *engine, uint32_t interface,
    const struct engine_override *given, struct engine_time time)
{
	struct override *override = override_of(given, time);
	struct watch *watch = override ? engine_watch_need(engine, interface) : NULL;

	if (!watch) {
		override_free(override);
		return;
	}
	engine->watches.n_overrides += watch->override == NULL;
	replace(watch, override);
}

void
engine_override_tick(struct engine *engine, uint32_t interface, struct engine_time time)
{
	const struct watch *watch = engine_watch(engine, interface);

	if (watch && watch->override && watch->override->until_ns <= time.now_ns)
		end(engine, interface, time);
}

void
engine_override_view(
    const struct engine *engine, uint32_t interface, struct engine_override *ret_override)
{
	const struct watch *watch = engine_watch(engine, interface);
	const uint8_t to = engine->interfaces[interface].override;

	*ret_override = (struct engine_override){ .by = "", .note = "" };
	if (to == SPOKEN_NONE)
		return;
	ret_override->to = to == SPOKEN_UP ? WORD_UP : WORD_DOWN;
	if (!watch || !watch->override)
		return;
	ret_override->by = watch->override->by;
	ret_override->note = watch->override->note;
	ret_override->at_us = watch->override->at_us;
	ret_override->until_us = watch->override->until_us;
}
