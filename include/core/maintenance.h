/*
 * maintenance: switches and hosts that somebody works on (core). Verdicts and toggles stay what they are; entries of the events
 * stream say maintenance=true, so that nobody is paged for what was announced.
 *
 * A toggle is covered when the port's host is, or a switch of one of its attachments, or the switch of the interface that
 * decided it, or a switch at the other end of that interface's links. Windows go by names, so they outlive a change of the
 * map; a name that is both a switch and a host stands for both.
 */
#ifndef DPWATCH_CORE_MAINTENANCE_H
#define DPWATCH_CORE_MAINTENANCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dp_change.h"
#include "core/engine.h"
#include "core/topo.h"

#define MAINTENANCE_MAX 1000

struct maintenance_window {
	const char *name;        /* of a switch or a host */
	const char *by, *note;   /* "" where nothing was said */
	int64_t at_us, until_us; /* wall clock */
};

struct maintenance;

struct maintenance *maintenance_new(void); /* NULL: out of memory */
void maintenance_free(struct maintenance *maintenance);

/*
 * Begins a window, or replaces the one of that name. Texts are copied. 0, -EINVAL (it would be over already), -ENOSPC or
 * -ENOMEM; nothing has changed then.
 */
int maintenance_add(struct maintenance *maintenance, const struct maintenance_window *window,
    struct engine_time time);

/* Ends one. False where there is none of that name. */
bool maintenance_remove(struct maintenance *maintenance, const char *name);

/* Ends what is over. Windows end by the engine's clock, so a step of the wall clock moves none. */
void maintenance_expire(struct maintenance *maintenance, int64_t now_ns);

/* Whether there are other windows than at the last call. */
bool maintenance_take_changed(struct maintenance *maintenance);

/* Ordered by name. Texts are borrowed until the next change. */
size_t maintenance_n(const struct maintenance *maintenance);
void maintenance_get(
    const struct maintenance *maintenance, size_t i, struct maintenance_window *ret_window);

/* Whether a toggle, a switch, or a port of the map is covered. */
bool maintenance_covers(
    const struct maintenance *maintenance, const struct topo *topo, const struct dp_change *change);
bool maintenance_covers_switch(
    const struct maintenance *maintenance, const struct topo *topo, uint32_t sw);
/* ... as it would be told now: while it is down, what took it down counts as well. */
bool maintenance_covers_port(const struct maintenance *maintenance, const struct topo *topo,
    const struct engine_port_view *port);

/* As a document: [{"name", "by", "note", "since", "until"}], times RFC 3339. NULL: out of memory. */
json_t *maintenance_to_json(const struct maintenance *maintenance);
/* Adds what a document holds; what is over by now is left out. False, with nothing added, where it is no such document. */
bool maintenance_from_json(
    struct maintenance *maintenance, const json_t *document, struct engine_time time);

#endif
