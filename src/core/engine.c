/*
 * The engine's life, and words: finding the interface that a word is about, applying it, and what came of it.
 */
#include "core/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"
#include "core/topo_codec.h"

const char *const engine_verdict_names[VERDICT_MAX] = {
	[VERDICT_CHANGED] = "changed",
	[VERDICT_LEARNT] = "learnt",
	[VERDICT_NO_CHANGE] = "no-change",
	[VERDICT_NO_INTERFACE] = "no-interface",
	[VERDICT_VIRTUAL] = "virtual",
	[VERDICT_SOURCE_REFUSED] = "source-refused",
	[VERDICT_IGNORED_ADMIN] = "ignored-admin",
	[VERDICT_RESTART] = "restart",
	[VERDICT_DOUBT] = "doubt",
	[VERDICT_STALE] = "stale",
};

/* ---- words ---- */

/* By the first of the names that finds an interface; *ret_virtual when a name says that it is none of ours. */
static uint32_t
find_by_name(const struct engine *engine, uint32_t sw, struct slice name, bool *ret_virtual)
{
	enum os_family os = topo_switch_get(engine->topo, sw)->os;
	char key[IFNAME_MAX + 1];
	struct slice parent;

	size_t len = ifname_key(os, name, key);
	if (len == 0)
		return TOPO_NONE;
	if (ifname_is_virtual(name) || ifname_unit_parent(os, name, &parent)) {
		*ret_virtual = true;
		return TOPO_NONE;
	}
	uint32_t found = topo_interface_find(engine->topo, sw, name);
	return found != TOPO_NONE ? found
				  : engine_extra_find(engine, sw, (struct slice){ key, len });
}

static uint32_t
add_by_name(struct engine *engine, uint32_t sw, struct slice name)
{
	char key[IFNAME_MAX + 1];
	size_t len = ifname_key(topo_switch_get(engine->topo, sw)->os, name, key);

	return len == 0 ? TOPO_NONE
			: engine_extra_add(engine, sw, name, (struct slice){ key, len });
}

/* The first of ifName, ifDescr, ifIndex that finds one; a name that finds none makes an extra interface. */
static uint32_t
find_interface(
    struct engine *engine, uint32_t sw, const struct link_event *event, bool *ret_virtual)
{
	uint32_t found = find_by_name(engine, sw, event->name, ret_virtual);

	if (found == TOPO_NONE && !*ret_virtual)
		found = find_by_name(engine, sw, event->descr, ret_virtual);
	if (found == TOPO_NONE && !*ret_virtual && event->if_index != 0)
		found = topo_interface_by_index(engine->topo, sw, event->if_index);
	if (found != TOPO_NONE || *ret_virtual || event->kind != LINK_EVENT_WORD)
		return found;
	return add_by_name(engine, sw, event->name.len > 0 ? event->name : event->descr);
}

static void
make_uncertain(struct engine *engine, uint32_t interface, int64_t wall_us)
{
	if (!engine->interfaces[interface].certain || !engine->interfaces[interface].heard)
		return;
	engine->interfaces[interface].certain = false;
	engine->totals.interfaces_uncertain++;
	engine_queue_interface(engine, interface, false, wall_us);
}

static void
make_all_uncertain(struct engine *engine, uint32_t sw, int64_t wall_us)
{
	struct topo_range range = topo_switch_get(engine->topo, sw)->interfaces;

	for (uint32_t i = 0; i < range.n; i++)
		make_uncertain(engine, range.first + i, wall_us);
	for (uint32_t i = 0; i < engine->n_extras && engine->switches[sw].n_extra > 0; i++)
		if (engine->extras[i].sw == sw)
			make_uncertain(engine, topo_n_interfaces(engine->topo) + i, wall_us);
}

static void
restarted(struct engine *engine, uint32_t sw, int64_t wall_us)
{
	engine->switches[sw].n_restarts++;
	engine->switches[sw].restarted_us = wall_us;
	make_all_uncertain(engine, sw, wall_us);
}

/* A new boot begins this long after the last one at the least: below it, a lower sysUpTime is an old trap. */
#define BOOT_SLACK_CS 6000

/*
 * RFC 3418 sysUpTime wraps after 497 days, so two readings are compared modulo 2^32: what the clock should have advanced
 * since the last accepted trap against what the reading did. Equal is not stale.
 */
static bool
is_stale(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	struct switch_state *state = &engine->switches[sw];

	if (state->has_uptime && event->uptime_cs != state->uptime_cs) {
		uint32_t elapsed_cs = (uint32_t)((time.now_ns - state->uptime_ns) / 10000000);
		uint32_t forward = event->uptime_cs - state->uptime_cs;
		uint32_t ahead = forward - elapsed_cs; /* near 0 (either side) for the same boot */
		bool lower = event->uptime_cs < state->uptime_cs;
		bool same_boot = ahead + BOOT_SLACK_CS <= 2 * BOOT_SLACK_CS;

		if (lower && same_boot && (int32_t)forward < 0)
			return true;
		if (lower && !same_boot)
			restarted(engine, sw, time.wall_us);
	}
	state->has_uptime = true;
	state->uptime_cs = event->uptime_cs;
	state->uptime_ns = time.now_ns;
	return false;
}

static void
note_heard(struct engine *engine, uint32_t sw, const struct link_event *event, int64_t wall_us)
{
	struct switch_state *state = &engine->switches[sw];

	if (event->source == SOURCE_TRAP) {
		state->heard_trap_us = wall_us;
		state->n_traps++;
	} else if (event->source == SOURCE_SYSLOG) {
		state->heard_syslog_us = wall_us;
		state->n_syslog++;
	}
}

static bool
may_speak(const struct engine *engine, uint32_t sw, enum link_source source)
{
	uint8_t sources = topo_switch_get(engine->topo, sw)->sources;

	if (source == SOURCE_TRAP)
		return sources & TOPO_SOURCE_TRAP;
	return source != SOURCE_SYSLOG || (sources & TOPO_SOURCE_SYSLOG);
}

static void
count_state(
    struct engine *engine, const struct interface_state *before, const struct interface_state *now)
{
	engine->totals.interfaces_down +=
	    (uint32_t)(!interface_is_up(now) - !interface_is_up(before));
	engine->totals.interfaces_uncertain += (uint32_t)(!now->certain - !before->certain);
}

static enum engine_verdict
apply_word(struct engine *engine, uint32_t interface, const struct link_event *event,
    struct engine_time time)
{
	struct interface_state *state = &engine->interfaces[interface];
	const struct interface_state before = *state;
	enum engine_verdict verdict = interface_apply(state, event, &engine->config, time);
	bool mapped = interface < topo_n_interfaces(engine->topo);

	count_state(engine, &before, state);
	if (verdict == VERDICT_CHANGED || verdict == VERDICT_LEARNT)
		engine_queue_interface(engine, interface, verdict == VERDICT_CHANGED, time.wall_us);
	if (!mapped)
		return verdict;
	struct decision decision = {
		.source = event->source,
		.reason = (enum link_reason)state->reason,
		.interface = interface,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
	};
	/* An aggregate's own up also lifts what its members' lost linkUps held down, although its own state is the same. */
	if (verdict == VERDICT_CHANGED ||
	    (event->word == WORD_UP && topo_interface_get(engine->topo, interface)->members.n > 0))
		engine_step(engine, interface, &decision);
	else if (before.reason != state->reason && state->reason != REASON_NONE)
		engine_refine(engine, interface, &decision);
	fault_drop(decision.fault);
	return verdict;
}

/* What decides nothing: a card, slot or interface that may be about to change, or a better name for what happened. */
static enum engine_verdict
apply_doubt(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	bool is_virtual = false;

	if (event->name.len == 0 && event->descr.len == 0 && event->if_index == 0) {
		make_all_uncertain(engine, sw, time.wall_us);
		return VERDICT_DOUBT;
	}
	uint32_t interface = find_interface(engine, sw, event, &is_virtual);
	if (interface == TOPO_NONE)
		return is_virtual ? VERDICT_VIRTUAL : VERDICT_NO_INTERFACE;
	make_uncertain(engine, interface, time.wall_us);
	return VERDICT_DOUBT;
}

enum engine_verdict
engine_feed(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time)
{
	bool is_virtual = false;

	if (!may_speak(engine, sw, event->source))
		return VERDICT_SOURCE_REFUSED;
	note_heard(engine, sw, event, time.wall_us);
	if (event->has_uptime && is_stale(engine, sw, event, time))
		return VERDICT_STALE;
	if (event->kind == LINK_EVENT_RESTART) {
		restarted(engine, sw, time.wall_us);
		return VERDICT_RESTART;
	}
	if (event->kind != LINK_EVENT_WORD)
		return apply_doubt(engine, sw, event, time);
	uint32_t interface = find_interface(engine, sw, event, &is_virtual);
	if (interface == TOPO_NONE)
		return is_virtual ? VERDICT_VIRTUAL : VERDICT_NO_INTERFACE;
	return apply_word(engine, interface, event, time);
}

/* ---- life ---- */

static struct topo *
empty_topo(void)
{
	struct topo_builder *builder = topo_builder_new();
	struct topo *topo = NULL;

	if (builder && topo_builder_finish(builder, &topo) != 0)
		topo = NULL;
	topo_builder_free(builder);
	return topo;
}

struct engine *
engine_new(const struct config *config)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine_configure(engine, config);
	htab_init(&engine->extra_index, &engine_extra_type, engine);
	engine->topo = empty_topo();
	if (engine->topo)
		engine->reach = reach_new(engine->topo, engine->interfaces);
	if (engine->reach)
		return engine;
	engine_free(engine);
	return NULL;
}

void
engine_configure(struct engine *engine, const struct config *config)
{
	memset(&engine->config, 0, sizeof(engine->config));
	engine->config.state = config->state;
}

void
engine_free(struct engine *engine)
{
	if (!engine)
		return;
	engine_drop_popped(engine);
	for (size_t i = engine->head; i < engine->n_queue; i++)
		fault_drop(engine->queue[i].fault);
	for (uint32_t i = 0; engine->topo && i < topo_n_ports(engine->topo) && engine->ports; i++)
		fault_drop(engine->ports[i].fault);
	for (uint32_t i = 0; i < engine->n_extras; i++) {
		free(engine->extras[i].name);
		free(engine->extras[i].key);
	}
	for (uint32_t i = 0; i < engine->n_reports; i++) {
		free(engine->reports[i].by);
		free(engine->reports[i].note);
	}
	engine_forget_orphans(engine);
	fault_drop(engine->restored);
	htab_release(&engine->extra_index);
	reach_free(engine->reach);
	free(engine->interfaces);
	free(engine->extras);
	free(engine->switches);
	free(engine->groups);
	free(engine->ports);
	free(engine->reports);
	free(engine->orphans);
	free(engine->queue);
	topo_free(engine->topo);
	free(engine);
}

const struct topo *
engine_topo(const struct engine *engine)
{
	return engine->topo;
}
