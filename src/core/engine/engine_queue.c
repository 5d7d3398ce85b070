/*
 * What was decided and waits to be popped; of a failure with very many ports behind it, the first ones. A queued change holds
 * numbers; the names are looked up when it is popped, so that 20,000 toggles of one spine cost no text. The queue is empty
 * whenever a snapshot is replaced.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

const char *const dp_cause_names[CAUSE_MAX] = {
	[CAUSE_NONE] = "",
	[CAUSE_ACCESS] = "access",
	[CAUSE_UPLINK] = "uplink",
	[CAUSE_REPORTED] = "reported",
};

const char *const redundancy_kind_names[REDUNDANCY_MAX] = {
	[REDUNDANCY_DEGRADED] = "degraded",
	[REDUNDANCY_RESTORED] = "restored",
	[REDUNDANCY_STRANDED] = "stranded",
	[REDUNDANCY_REFINED] = "refined",
};

/* The text of the change popped last was borrowed from its fault; now it may go. */
void
engine_drop_popped(struct engine *engine)
{
	if (engine->head == 0)
		return;
	fault_drop(engine, engine->queue[engine->head - 1].fault);
	engine->queue[engine->head - 1].fault = NULL;
}

struct queued *
engine_queue(struct engine *engine, enum dp_change_kind kind)
{
	if (engine->head == engine->n_queue) {
		engine_drop_popped(engine);
		engine->head = engine->n_queue = 0;
	}
	if (engine->n_queue == engine->room_queue) {
		size_t room = engine->room_queue * 2 + 256;
		struct queued *queue = realloc(engine->queue, room * sizeof(*queue));
		if (!queue)
			abort(); /* a change that cannot be kept would be a lie for ever: better to restart from Redis */
		engine->queue = queue;
		engine->room_queue = room;
	}
	struct queued *queued = &engine->queue[engine->n_queue++];
	*queued = (struct queued){ .kind = (uint8_t)kind, .interface = TOPO_NONE };
	return queued;
}

void
engine_queue_interface(
    struct engine *engine, uint32_t interface, bool transition, int64_t received_us)
{
	if (!engine->started)
		return;
	struct queued *queued = engine_queue(engine, CHANGE_INTERFACE);
	queued->subject = queued->interface = interface;
	queued->state = engine->interfaces[interface];
	queued->source = queued->state.source;
	queued->reason = queued->state.reason;
	queued->transition = transition;
	queued->received_us = received_us;
	const struct watch *watch = engine_watch(engine, interface);
	if (watch && watch->penalty > 0) {
		queued->penalty = (float)watch->penalty;
		queued->penalty_us = watch->penalty_us;
	}
}

void
engine_tell_interface(struct engine *engine, uint32_t interface)
{
	const struct interface_state *state = &engine->interfaces[interface];

	if (state->heard || state->override != SPOKEN_NONE)
		engine_queue_interface(engine, interface, false, state->heard_us);
}

void
engine_queue_damping(struct engine *engine, uint32_t interface, bool transition,
    enum damp_note note, int64_t received_us)
{
	engine_queue_interface(engine, interface, transition, received_us);
	if (engine->started)
		engine->queue[engine->n_queue - 1].damping = (uint8_t)note;
}

static void
fill_interface(struct engine *engine, const struct queued *queued, struct dp_change *change)
{
	const struct interface_state *state = &queued->state;

	if (queued->subject < topo_n_interfaces(engine->topo))
		change->if_index = topo_interface_get(engine->topo, queued->subject)->if_index;
	change->oper_up = interface_is_up(state);
	change->admin = spoken_names[state->admin];
	change->link = spoken_names[state->link];
	change->protocol = spoken_names[state->protocol];
	change->override = spoken_names[state->override];
	change->since_us = state->since_us;
	change->certain = state->certain;
	change->transition = queued->transition;
	change->order = state->order;
	change->shown_order = state->shown_order;
	engine_waits_text(engine, queued->subject, engine->waits_text);
	change->waits = engine->waits_text;
	change->marks = engine_marks(engine, queued->subject, state);
	struct engine_override now;
	engine_override_view(engine, queued->subject, &now);
	change->overridden =
	    (struct dp_report){ now.to == WORD_DOWN, now.by, now.note, now.at_us, now.until_us };
	change->damping = (enum damp_note)queued->damping;
	change->penalty = (double)queued->penalty;
	change->penalty_us = queued->penalty_us;
	change->suppressed = state->suppressed;
}

/* Whether its hash was written; from now on it is. What goes to redundancy writes not all of it. */
static bool
note_written(struct port_state *state, const struct dp_change *change)
{
	const bool was = state->flags & PORT_WRITTEN;

	if (change->kind != CHANGE_REDUNDANCY && change->report.at_us == 0)
		state->flags |= PORT_WRITTEN;
	return was && change->report.at_us == 0;
}

static void
fill_port(struct engine *engine, const struct queued *queued, struct dp_change *change)
{
	if (queued->removed) {
		const struct orphan *orphan = &engine->orphans[queued->subject];
		memcpy(change->port_id, orphan->id, sizeof(change->port_id));
		change->port_name = orphan->name;
		change->project_id = orphan->project_id;
		change->known_revision = orphan->revision;
		return;
	}
	const struct topo_port *row = topo_port_get(engine->topo, queued->subject);
	memcpy(change->port_id, row->id, sizeof(change->port_id));
	change->port_name = topo_text_get(engine->topo, row->name);
	change->project_id = topo_text_get(engine->topo, row->project_id);
	change->known_revision = engine->ports[queued->subject].revision;
	engine_port_report(engine, queued->subject, &change->report);
	change->written = note_written(&engine->ports[queued->subject], change);
}

void
engine_forget_orphans(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->n_orphans; i++) {
		fault_drop(engine, engine->orphans[i].fault);
		free(engine->orphans[i].name);
		free(engine->orphans[i].project_id);
	}
	engine->n_orphans = 0;
}

/* What every kind of change has; what a kind does not have is empty. */
static struct dp_change
change_of(const struct queued *queued)
{
	return (struct dp_change){
		.kind = (enum dp_change_kind)queued->kind,
		.switch_name = "",
		.interface_name = "",
		.source = (enum link_source)queued->source,
		.reason = (enum link_reason)queued->reason,
		.received_us = queued->received_us,
		.occurred_us = queued->occurred_us,
		.port_name = "",
		.project_id = "",
		.dp_down = queued->dp_down,
		.cause = (enum dp_cause)queued->cause,
		.fault = queued->fault ? queued->fault->text : "",
		.paths = queued->paths,
		.report = { .by = "", .note = "" },
		.overridden = { .by = "", .note = "" },
		.waits = "",
		.marks = { .echoes = "" },
		.removed = queued->removed,
		.redundancy = (enum redundancy_kind)queued->redundancy,
		.admin = "",
		.link = "",
		.protocol = "",
		.override = "",
	};
}

bool
engine_pop(struct engine *engine, struct dp_change *ret_change)
{
	engine_drop_popped(engine);
	if (engine->head == engine->n_queue)
		engine_step_on(engine, ENGINE_STEP_AT_ONCE);
	if (engine->head == engine->n_queue) {
		if (engine->started)
			engine_forget_orphans(engine);
		return false;
	}
	const struct queued *queued = &engine->queue[engine->head++];
	*ret_change = change_of(queued);
	if (queued->interface != TOPO_NONE) {
		uint32_t sw = engine_interface_switch(engine, queued->interface);
		ret_change->switch_name =
		    topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name);
		ret_change->interface_name = engine_interface_name(engine, queued->interface);
	}
	if (queued->kind == CHANGE_FORGET)
		ret_change->switch_name = topo_text_get(
		    engine->topo, topo_switch_get(engine->topo, queued->subject)->name);
	else if (queued->kind == CHANGE_INTERFACE)
		fill_interface(engine, queued, ret_change);
	else
		fill_port(engine, queued, ret_change);
	return true;
}

/* 32 bits are a toggle a second for 136 years; beyond them, Redis alone counts on. */
void
engine_note_revision(struct port_state *state, uint64_t revision)
{
	if (revision > UINT32_MAX)
		revision = UINT32_MAX;
	if (revision > state->revision)
		state->revision = (uint32_t)revision;
}

void
engine_published(struct engine *engine, const uint8_t port_id[16], uint64_t revision)
{
	uint32_t port = topo_port_find(engine->topo, port_id);

	if (port != TOPO_NONE)
		engine_note_revision(engine_port_for_change(engine, port), revision);
	else
		engine_gone_published(engine, port_id, revision);
}
