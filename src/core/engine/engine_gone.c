/*
 * Ports that left the map: what Redis holds of them, so that one that comes back goes on with its revision, and with a hash that
 * no longer says that it left. The last GONE_MAX are remembered; the hash of any other is put right by its next toggle.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

#define GONE_MAX 1024

/* All zero: none. */
struct gone {
	uint8_t id[16];
	uint64_t revision;
	bool was_down; /* its hash says that it was removed, and ends */
};

void
engine_note_gone(struct engine *engine, const uint8_t id[16], uint64_t revision, bool was_down)
{
	if (revision == 0 && !was_down)
		return;
	if (!engine->gone)
		engine->gone = calloc(GONE_MAX, sizeof(*engine->gone));
	if (!engine->gone)
		return;
	struct gone *gone = &engine->gone[engine->n_gone++ % GONE_MAX];
	*gone = (struct gone){ .revision = revision, .was_down = was_down };
	memcpy(gone->id, id, sizeof(gone->id));
}

void
engine_gone_published(struct engine *engine, const uint8_t id[16], uint64_t revision)
{
	for (size_t i = 0; engine->gone && i < GONE_MAX; i++) {
		struct gone *gone = &engine->gone[i];
		if (memcmp(gone->id, id, sizeof(gone->id)) == 0 && gone->revision < revision)
			gone->revision = revision;
	}
}

/* TOPO_NONE: it is not back, or there is none. */
static uint32_t
port_of(const struct engine *engine, const struct gone *gone)
{
	return gone->revision > 0 || gone->was_down ? topo_port_find(engine->topo, gone->id)
						    : TOPO_NONE;
}

void
engine_know_returned(struct engine *engine)
{
	for (size_t i = 0; engine->gone && i < GONE_MAX; i++) {
		const uint32_t port = port_of(engine, &engine->gone[i]);
		if (port != TOPO_NONE)
			engine_note_revision(
			    engine_port_for_change(engine, port), engine->gone[i].revision);
	}
}

void
engine_tell_returned(struct engine *engine, const struct decision *decision)
{
	for (size_t i = 0; engine->gone && i < GONE_MAX; i++) {
		struct gone *gone = &engine->gone[i];
		const uint32_t port = port_of(engine, gone);
		if (port == TOPO_NONE)
			continue;
		/* Its toggle told the hash of one that is down again. */
		if (gone->was_down && !(engine->ports[port].flags & PORT_DOWN))
			engine_queue_port(engine, port, decision);
		*gone = (struct gone){ .revision = 0 };
	}
}
