/*
 * Reports: what somebody outside says of a port. Few ports have one, so they are rows beside the ports. A row that is over
 * stays for the port's next report, until they are many when a new snapshot comes.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

static uint64_t
id_hash(const uint8_t id[16])
{
	return hash_bytes(id, 16, 0);
}

static uint64_t
report_hash(const void *owner, uint32_t value)
{
	return id_hash(((const struct engine *)owner)->reports[value].port_id);
}

static bool
report_eq(const void *owner, uint32_t value, const void *key)
{
	return memcmp(((const struct engine *)owner)->reports[value].port_id, key, 16) == 0;
}

const struct htab_type engine_report_type = { .hash = report_hash, .eq = report_eq };

static struct report *
find(const struct engine *engine, const uint8_t id[16])
{
	uint32_t found = htab_find(&engine->report_index, id_hash(id), id);

	return found == HTAB_NONE ? NULL : &engine->reports[found];
}

void
engine_port_report(const struct engine *engine, uint32_t port, struct dp_report *ret_report)
{
	const struct report *report = NULL;

	if (engine->ports[port].flags & (PORT_REPORTED | PORT_REPORTED_ACTIVE))
		report = find(engine, topo_port_get(engine->topo, port)->id);
	*ret_report = report ? (struct dp_report){ report->down, report->by, report->note,
		report->at_us, report->until_us }
			     : (struct dp_report){ .by = "", .note = "" };
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
	report = &engine->reports[engine->n_reports];
	*report = (struct report){ 0 };
	memcpy(report->port_id, id, sizeof(report->port_id));
	if (htab_add(&engine->report_index, id_hash(id), engine->n_reports) != 0)
		return NULL;
	engine->n_reports++;
	return report;
}

static void
release(struct report *report)
{
	free(report->by);
	free(report->note);
	report->by = report->note = NULL;
	report->live = report->untold = false;
}

/* The port's report from now on, without an end yet. NULL: out of memory. */
static struct report *
keep(struct engine *engine, uint32_t port, const struct dp_report *given)
{
	struct report *report = find_or_add(engine, topo_port_get(engine->topo, port)->id);

	if (!report)
		return NULL;
	/* What is given may be what is kept. */
	char *by = strdup(given->by ? given->by : ""),
	     *note = strdup(given->note ? given->note : "");
	if (!by || !note)
		abort();
	release(report);
	report->live = true;
	report->by = by;
	report->note = note;
	report->down = given->down;
	report->at_us = given->at_us;
	report->until_us = given->until_us;
	report->until_ns = INT64_MAX;
	uint8_t *flags = &engine_port_for_change(engine, port)->flags;
	*flags &= (uint8_t) ~(PORT_REPORTED | PORT_REPORTED_ACTIVE | PORT_WRITTEN);
	*flags |= given->down ? PORT_REPORTED : PORT_REPORTED_ACTIVE;
	return report;
}

void
engine_restore_report(struct engine *engine, uint32_t port, const struct dp_report *given)
{
	const struct report *report = find(engine, topo_port_get(engine->topo, port)->id);

	/* Somebody spoke while Redis was read: that is newer than what Redis holds. */
	if (report && report->untold)
		engine_port_for_change(engine, port)->flags |=
		    report->down ? PORT_REPORTED : PORT_REPORTED_ACTIVE;
	else if (given->at_us != 0)
		keep(engine, port, given);
}

static void
set_expiry(struct engine *engine, struct report *report, struct engine_time time)
{
	if (report->until_us == 0)
		return;
	report->until_ns = time.now_ns + engine_span_ns(report->until_us - time.wall_us);
	if (report->until_ns < engine->report_deadline)
		engine->report_deadline = report->until_ns;
}

static struct decision
decision_of(struct engine_time time)
{
	return (struct decision){
		.source = SOURCE_API,
		.reason = REASON_REPORTED,
		.healed = REASON_REPORTED,
		.interface = TOPO_NONE,
		.received_us = time.wall_us,
		.occurred_us = time.turn_us ? time.turn_us : time.wall_us,
	};
}

void
engine_reports_start(struct engine *engine, bool all, struct engine_time time)
{
	const struct decision decision = decision_of(time);

	for (uint32_t i = 0; i < engine->n_reports; i++) {
		struct report *report = &engine->reports[i];
		uint32_t port = topo_port_find(engine->topo, report->port_id);
		if (!report->live)
			continue;
		set_expiry(engine, report, time);
		if ((all || report->untold) && port != TOPO_NONE)
			engine_queue_port(engine, port, &decision);
		report->untold = false;
	}
}

/* Takes out the rows that are over. */
static void
compact(struct engine *engine)
{
	uint32_t n = 0;

	htab_release(&engine->report_index);
	for (uint32_t i = 0; i < engine->n_reports; i++) {
		const struct report *report = &engine->reports[i];
		if (!report->live)
			continue;
		engine->reports[n] = *report;
		if (htab_add(&engine->report_index, id_hash(report->port_id), n) != 0)
			abort(); /* a report that cannot be found again would hold for ever */
		n++;
	}
	engine->n_reports = n;
}

static uint32_t
n_over(const struct engine *engine)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < engine->n_reports; i++)
		n += !engine->reports[i].live;
	return n;
}

bool
engine_reports_sweep(struct engine *engine, uint32_t *cursor, unsigned budget)
{
	for (; *cursor < engine->n_reports && budget > 0; ++*cursor, budget--) {
		struct report *report = &engine->reports[*cursor];
		if (report->live && topo_port_find(engine->topo, report->port_id) == TOPO_NONE)
			release(report);
	}
	if (*cursor < engine->n_reports)
		return true;
	if (n_over(engine) > engine->n_reports / 2)
		compact(engine);
	return false;
}

/* The verdict after a report came or went, and the port's hash where nothing else told of it. */
static void
decide(struct engine *engine, uint32_t port, struct engine_time time)
{
	struct decision decision = decision_of(time);

	if (!engine->started)
		engine_compare_port(engine, port);
	else if (!engine_settle_reported(engine, port, &decision))
		engine_queue_port(engine, port, &decision);
}

bool
engine_report(struct engine *engine, const uint8_t port_id[16], const struct dp_report *given,
    struct engine_time time)
{
	uint32_t port = topo_port_find(engine->topo, port_id);
	struct dp_report word = *given;

	if (port == TOPO_NONE)
		return false;
	engine_settle_pending(engine);
	if (word.at_us == 0)
		word.at_us = time.wall_us;
	struct report *report = keep(engine, port, &word);
	if (!report)
		return false;
	report->untold = !engine->started;
	set_expiry(engine, report, time);
	decide(engine, port, time);
	return true;
}

/* A report that ends leaves nothing behind: not even that somebody said ACTIVE. */
static void
end_report(struct engine *engine, struct report *report, struct engine_time time)
{
	uint32_t port = topo_port_find(engine->topo, report->port_id);

	release(report);
	if (port == TOPO_NONE)
		return;
	engine_port_for_change(engine, port)->flags &=
	    (uint8_t) ~(PORT_REPORTED | PORT_REPORTED_ACTIVE | PORT_WRITTEN);
	decide(engine, port, time);
}

void
engine_reports_tick(struct engine *engine, struct engine_time time)
{
	int64_t deadline = INT64_MAX;

	if (time.now_ns < engine->report_deadline)
		return;
	for (uint32_t i = 0; i < engine->n_reports; i++) {
		struct report *report = &engine->reports[i];
		if (!report->live)
			continue;
		if (report->until_ns <= time.now_ns)
			end_report(engine, report, time);
		else if (report->until_ns < deadline)
			deadline = report->until_ns;
	}
	engine->report_deadline = deadline;
}
