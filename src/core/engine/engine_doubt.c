/*
 * What decides nothing: a card, slot, interface or switch that may be about to change, and a better name for what happened.
 *
 * A doubt makes its interfaces uncertain; a hint does so where the interface is up, and refines the reason where it is
 * down. A reason that came first is remembered for as long as a reason that comes later would count (source_settle): of an
 * err-disabled port or a pulled card, hint and linkDown come in either order.
 */
#include "core/engine_state.h"
#include "core/ifname.h"

enum doubt_scope { SCOPE_SWITCH, SCOPE_SLOT, SCOPE_INTERFACE };

void
engine_make_uncertain(struct engine *engine, uint32_t interface, int64_t wall_us)
{
	if (!engine->interfaces[interface].heard)
		return;
	engine_ask(engine, interface);
	if (!engine->interfaces[interface].certain)
		return;
	engine->interfaces[interface].certain = false;
	engine->totals.interfaces_uncertain++;
	engine_queue_interface(engine, interface, false, wall_us);
}

/* ---- scopes ---- */

static struct slice
name_of(const struct engine *engine, uint32_t interface)
{
	return slice_of(engine_interface_name(engine, interface));
}

void
engine_doubt_all(struct engine *engine, uint32_t sw, int64_t wall_us)
{
	struct switch_walk walk = engine_walk_begin(engine, sw);

	for (uint32_t i; (i = engine_walk_next(engine, &walk)) != TOPO_NONE;)
		engine_make_uncertain(engine, i, wall_us);
}

/* ---- reasons ---- */

static void
refine(struct engine *engine, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	const enum link_reason was = (enum link_reason)engine->interfaces[interface].reason;

	if (!interface_refine(
		&engine->interfaces[interface], event->reason, &engine->config, time.now_ns))
		return;
	engine_queue_interface(engine, interface, false, time.wall_us);
	if (interface < topo_n_interfaces(engine->topo)) {
		struct decision decision = engine_decision_of(engine, interface, event, time);
		engine_refine(engine, interface, was, &decision);
	}
}

static uint64_t
hash_of(const struct engine *engine, uint32_t interface)
{
	struct slice name = name_of(engine, interface);

	return hash_bytes(name.data, name.len, 0);
}

static void
note(struct engine *engine, uint32_t sw, struct doubt_note note, enum link_reason reason,
    int64_t now_ns)
{
	if (reason == REASON_NONE)
		return;
	note.reason = (uint8_t)reason;
	note.at_ns = now_ns;
	engine->switches[sw].doubt = note;
}

static bool
is_in_scope(const struct engine *engine, const struct doubt_note *doubt, uint32_t interface)
{
	switch (doubt->scope) {
	case SCOPE_SLOT:
		return ifname_may_be_in_slot(name_of(engine, interface), doubt->slot);
	case SCOPE_INTERFACE:
		return hash_of(engine, interface) == doubt->name_hash;
	default:
		return true;
	}
}

void
engine_doubt_explains(struct engine *engine, uint32_t interface, int64_t now_ns)
{
	const struct doubt_note *doubt =
	    &engine->switches[engine_interface_switch(engine, interface)].doubt;
	struct interface_state *state = &engine->interfaces[interface];

	if (doubt->reason != REASON_NONE && state->own_reason == REASON_LINK_DOWN &&
	    now_ns - doubt->at_ns <= engine->config.state.source_settle_ms * 1000000 &&
	    is_in_scope(engine, doubt, interface))
		interface_refine(state, (enum link_reason)doubt->reason, &engine->config, now_ns);
}

/* ---- events ---- */

static void
doubt_one(struct engine *engine, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	bool down = !interface_is_up(&engine->interfaces[interface]);

	if (down)
		refine(engine, interface, event, time);
	if (!down || event->kind == LINK_EVENT_DOUBT)
		engine_make_uncertain(engine, interface, time.wall_us);
}

/* The interfaces of a slot, or (with no slot) all. False when there is none. */
static bool
doubt_many(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	struct switch_walk walk = engine_walk_begin(engine, sw);
	bool any = false;

	for (uint32_t i; (i = engine_walk_next(engine, &walk)) != TOPO_NONE;) {
		if (event->has_slot && !ifname_may_be_in_slot(name_of(engine, i), event->slot))
			continue;
		doubt_one(engine, i, event, time);
		any = true;
	}
	return any;
}

/* Of a slot that no name tells, any interface may be meant. */
static enum engine_verdict
doubt_place(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	struct link_event whole = *event;
	bool by_slot = event->has_slot && doubt_many(engine, sw, event, time);

	whole.has_slot = false;
	if (!by_slot)
		doubt_many(engine, sw, &whole, time);
	note(engine, sw,
	    (struct doubt_note){
		.scope = by_slot ? SCOPE_SLOT : SCOPE_SWITCH, .slot = event->slot },
	    event->reason, time.now_ns);
	return VERDICT_DOUBT;
}

enum engine_verdict
engine_doubt(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	bool is_virtual = false;

	if (event->name.len == 0 && event->descr.len == 0 && event->if_index == 0)
		return doubt_place(engine, sw, event, time);
	uint32_t interface = engine_find_interface(engine, sw, event, &is_virtual);
	if (interface == TOPO_NONE)
		return is_virtual ? VERDICT_VIRTUAL : VERDICT_NO_INTERFACE;
	doubt_one(engine, interface, event, time);
	note(engine, sw,
	    (struct doubt_note){
		.scope = SCOPE_INTERFACE, .name_hash = hash_of(engine, interface) },
	    event->reason, time.now_ns);
	return VERDICT_DOUBT;
}
