/*
 * Reports: what somebody outside says of a port. They are few, so they are a plain list beside the ports.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

static struct report *
find(const struct engine *engine, const uint8_t id[16])
{
	for (uint32_t i = 0; i < engine->n_reports; i++)
		if (memcmp(engine->reports[i].port_id, id, sizeof(engine->reports[i].port_id)) == 0)
			return &engine->reports[i];
	return NULL;
}

const struct report *
engine_report_of(const struct engine *engine, const uint8_t id[16])
{
	return find(engine, id);
}

static struct report *
find_or_add(struct engine *engine, const uint8_t id[16])
{
	struct report *report = find(engine, id);

	if (report)
		return report;
	if (engine->n_reports == engine->room_reports) {
		uint32_t room = engine->room_reports * 2 + 16;
		struct report *reports = realloc(engine->reports, room * sizeof(*reports));
		if (!reports)
			return NULL;
		engine->reports = reports;
		engine->room_reports = room;
	}
	report = &engine->reports[engine->n_reports++];
	*report = (struct report){ 0 };
	memcpy(report->port_id, id, sizeof(report->port_id));
	return report;
}

void
engine_keep_report(struct engine *engine, const uint8_t id[16], const struct dp_report *given)
{
	uint32_t port = topo_port_find(engine->topo, id);

	if (given->at_us == 0 || port == TOPO_NONE)
		return;
	struct report *report = find_or_add(engine, id);
	if (!report)
		return;
	char *by = strdup(given->by ? given->by : ""),
	     *note = strdup(given->note ? given->note : "");
	if (!by || !note)
		abort();
	free(report->by);
	free(report->note);
	report->by = by;
	report->note = note;
	report->down = given->down;
	report->at_us = given->at_us;
	report->until_us = given->until_us;
	report->until_ns = INT64_MAX;
	uint8_t *flags = &engine->ports[port].flags;
	*flags &= (uint8_t) ~(PORT_REPORTED | PORT_REPORTED_ACTIVE);
	*flags |= given->down ? PORT_REPORTED : PORT_REPORTED_ACTIVE;
}

static void
set_expiry(struct report *report, struct engine_time time)
{
	if (report->until_us != 0)
		report->until_ns = time.now_ns + (report->until_us - time.wall_us) * 1000;
}

void
engine_reports_start(struct engine *engine, struct engine_time time)
{
	for (uint32_t i = 0; i < engine->n_reports; i++)
		set_expiry(&engine->reports[i], time);
}

/* The verdict after a report came or went, and the port's hash where there was no toggle. */
static void
decide(struct engine *engine, uint32_t port, struct engine_time time)
{
	struct port_state *state = &engine->ports[port];
	const uint8_t was = state->flags & PORT_DOWN;
	struct decision decision = {
		.source = SOURCE_API,
		.reason = REASON_REPORTED,
		.healed = REASON_REPORTED,
		.interface = TOPO_NONE,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
	};

	engine_port_decide(engine, port, CAUSE_REPORTED, &decision);
	if ((state->flags & PORT_DOWN) == was)
		engine_queue_port(engine, port, &decision);
}

bool
engine_report(struct engine *engine, const uint8_t port_id[16], const struct dp_report *given,
    struct engine_time time)
{
	uint32_t port = topo_port_find(engine->topo, port_id);

	if (port == TOPO_NONE)
		return false;
	struct dp_report report = *given;
	if (report.at_us == 0)
		report.at_us = time.wall_us;
	engine_keep_report(engine, port_id, &report);
	struct report *kept = find(engine, port_id);
	if (!kept)
		return false;
	set_expiry(kept, time);
	decide(engine, port, time);
	return true;
}

/* A report that ends leaves nothing behind: not even that somebody said ACTIVE. */
void
engine_tick(struct engine *engine, struct engine_time time)
{
	for (uint32_t i = 0; i < engine->n_reports;) {
		struct report *report = &engine->reports[i];
		if (report->until_ns > time.now_ns) {
			i++;
			continue;
		}
		uint32_t port = topo_port_find(engine->topo, report->port_id);
		free(report->by);
		free(report->note);
		*report = engine->reports[--engine->n_reports];
		if (port == TOPO_NONE)
			continue;
		engine->ports[port].flags &= (uint8_t) ~(PORT_REPORTED | PORT_REPORTED_ACTIVE);
		decide(engine, port, time);
	}
}

int64_t
engine_next_deadline(const struct engine *engine)
{
	int64_t deadline = INT64_MAX;

	for (uint32_t i = 0; i < engine->n_reports; i++)
		if (engine->reports[i].until_ns < deadline)
			deadline = engine->reports[i].until_ns;
	return deadline;
}
