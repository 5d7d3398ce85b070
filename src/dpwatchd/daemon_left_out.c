/*
 * Ports of which Redis was not told, because somebody else made their keys something else: when a key is of use again, what
 * is so then is told.
 *
 * Once a second some of them are looked at in Redis, and compared with the engine. That compares the same moment only where
 * nothing about the port is on its way: so all that was decided when it was noted must be in Redis, and it must not have
 * toggled since.
 */
#include <string.h>

#include "daemon.h"
#include "io/port_told.h"

#define LOOKS_PER_TICK 16

static struct left_out_port *
find(struct left_out *left_out, const uint8_t port_id[16])
{
	for (size_t i = 0; i < left_out->n; i++)
		if (memcmp(left_out->ports[i].id, port_id, sizeof(left_out->ports[i].id)) == 0)
			return &left_out->ports[i];
	return NULL;
}

static void
drop(struct left_out *left_out, struct left_out_port *port)
{
	*port = left_out->ports[--left_out->n];
}

/* What is so of the port now; a port that is in no map is not down. */
static struct engine_port_view
view_of(const struct daemon *daemon, const uint8_t port_id[16])
{
	const uint32_t port = topo_port_find(engine_topo(daemon->engine), port_id);
	struct engine_port_view view = { .dp_down = false };

	if (port != TOPO_NONE)
		engine_port_view(daemon->engine, port, &view);
	return view;
}

static void
note(struct daemon *daemon, struct left_out_port *port)
{
	struct engine_totals totals;

	engine_totals(daemon->engine, &totals);
	port->since_us = view_of(daemon, port->id).since_us;
	/* What is decided and still waits in the engine gets the next tickets. */
	port->ticket = outbox_last_ticket(daemon->outbox) + totals.queued;
	port->asked = false;
}

void
daemon_left_out(void *ctx, const uint8_t port_id[16], uint64_t known_revision)
{
	struct daemon *daemon = ctx;
	struct left_out *left_out = &daemon->left_out;
	struct left_out_port *port = find(left_out, port_id);

	if (!port && left_out->n == LEFT_OUT_MAX) {
		stats_add(&daemon->stats, STAT_OUT_REFUSED_UNWATCHED, 1);
		return;
	}
	if (!port) {
		port = &left_out->ports[left_out->n++];
		port->revision = 0;
		memcpy(port->id, port_id, sizeof(port->id));
	}
	if (known_revision > port->revision)
		port->revision = known_revision;
	note(daemon, port);
}

/* Nothing about it was on its way since it was noted, nor is. */
static bool
is_quiet(const struct daemon *daemon, const struct left_out_port *port)
{
	return view_of(daemon, port->id).since_us == port->since_us &&
	       outbox_done_ticket(daemon->outbox) >= port->ticket;
}

/* What Redis does not hold of the port; where it holds the verdict, the rest of its hash. False: there is nothing to tell. */
static bool
tell(struct daemon *daemon, const uint8_t port_id[16], const struct port_told *told,
    uint64_t revision)
{
	const struct engine_port_view view = view_of(daemon, port_id);
	const struct engine_time now = loop_now(daemon->loop);

	if (told->dp_down != view.dp_down || told->in_down != view.dp_down) {
		engine_tell_again(daemon->engine, port_id, revision, now);
		return true;
	}
	/* A port that nobody ever heard of stays without a hash. */
	if (!told->is_there && view.revision == 0 && view.report.at_us == 0)
		return false;
	return engine_tell_hash(daemon->engine, port_id, revision, now);
}

bool
daemon_may_compare(const struct daemon *daemon)
{
	struct engine_totals totals;

	engine_totals(daemon->engine, &totals);
	return daemon->phase == PHASE_RUNNING && !daemon->comparing.telling && totals.queued == 0;
}

static void
on_told(void *ctx, const uint8_t port_id[16], const struct port_told *told)
{
	struct daemon *daemon = ctx;
	struct left_out_port *port = find(&daemon->left_out, port_id);

	/* A comparison came between, or it was left out once more. */
	if (!port || !port->asked)
		return;
	port->asked = false;
	if (!told || !told->usable || !daemon_may_compare(daemon) || !is_quiet(daemon, port))
		return;
	const uint64_t revision = told->revision > port->revision ? told->revision : port->revision;
	drop(&daemon->left_out, port);
	if (!tell(daemon, port_id, told, revision))
		return;
	stats_add(&daemon->stats, STAT_OUT_TOLD_LATE, 1);
	daemon_turn_end(daemon);
}

void
daemon_look_at_left_out(struct daemon *daemon)
{
	struct left_out *left_out = &daemon->left_out;

	if (!daemon_may_compare(daemon))
		return;
	for (size_t i = 0; i < LOOKS_PER_TICK && i < left_out->n; i++) {
		struct left_out_port *port = &left_out->ports[left_out->next++ % left_out->n];
		if (port->asked)
			continue;
		if (!is_quiet(daemon, port))
			note(daemon, port);
		else if (port_told_read(daemon->link, daemon->config.redis.prefix, port->id,
			     on_told, daemon) == 0)
			port->asked = true;
	}
}

void
daemon_forget_left_out(struct daemon *daemon)
{
	daemon->left_out.n = 0;
}
