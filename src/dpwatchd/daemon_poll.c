/*
 * Between the engine, which knows what is doubted, and the poller, which asks: asks go there, answers come back as words.
 */
#include <stdlib.h>

#include "daemon.h"

/* What was asked too early is asked again so long after source_settle. */
#define AGAIN_MS 500
#define LOOK_MS 500

/* ---- asking ---- */

void
daemon_ask(struct daemon *daemon)
{
	struct engine_ask ask;

	while (engine_pop_ask(daemon->engine, &ask))
		poller_want(daemon->poller, ask.sw, ask.if_index);
}

/* The whole switch, at the earliest in so many milliseconds. */
static void
ask_later(struct daemon *daemon, uint32_t sw, int64_t delay_ms)
{
	struct poll_again *again = &daemon->poll_again;
	const int64_t due_ns = loop_now(daemon->loop).now_ns + delay_ms * 1000000;

	if (sw >= again->n || again->due_ns[sw] != 0)
		return;
	again->due_ns[sw] = due_ns;
	again->n_due++;
	if (!loop_timer_armed(again->timer))
		loop_timer_arm(again->timer, LOOK_MS);
}

void
daemon_poll_again(void *ctx)
{
	struct daemon *daemon = ctx;
	struct poll_again *again = &daemon->poll_again;
	const int64_t now_ns = loop_now(daemon->loop).now_ns;

	for (uint32_t sw = 0; sw < again->n && again->n_due > 0; sw++) {
		if (again->due_ns[sw] == 0 || again->due_ns[sw] > now_ns)
			continue;
		again->due_ns[sw] = 0;
		again->n_due--;
		poller_want_all(daemon->poller, sw, true);
	}
	if (again->n_due > 0)
		loop_timer_arm(again->timer, LOOK_MS);
}

/* poll_verify: a down that matters is looked at once more. */
void
daemon_verify_down(struct daemon *daemon, const struct dp_change *change)
{
	const int64_t delay_ms = daemon->config.snmp.poll_verify_ms;

	if (delay_ms == 0 || change->kind != CHANGE_TOGGLE || !change->dp_down ||
	    change->source == SOURCE_POLL)
		return;
	uint32_t sw = topo_switch_find(engine_topo(daemon->engine), slice_of(change->switch_name));
	if (sw != TOPO_NONE)
		ask_later(daemon, sw, delay_ms);
}

void
daemon_poll_topology(struct daemon *daemon)
{
	const struct topo *topo = engine_topo(daemon->engine);
	struct poll_again *again = &daemon->poll_again;
	struct poll_view view;

	free(again->due_ns);
	again->n = topo_n_switches(topo);
	again->n_due = 0;
	again->due_ns = calloc(again->n + 1, sizeof(*again->due_ns));
	if (!again->due_ns)
		again->n = 0;
	poller_set_topo(daemon->poller, topo);
	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++) {
		poll_plan_view(poller_plan(daemon->poller), sw, &view);
		engine_set_pollable(daemon->engine, sw, view.pollable && view.n_silent == 0);
	}
}

/* ---- answers ---- */

static void
learn_row(struct daemon *daemon, uint32_t sw, const struct poll_row *row)
{
	const struct link_event event = {
		.name = slice_of(row->name),
		.descr = slice_of(row->descr),
		.if_index = row->if_index,
	};

	engine_learn_index(daemon->engine, sw, &event);
}

static void
feed_row(struct daemon *daemon, uint32_t sw, const struct poll_job *job, const struct poll_row *row)
{
	struct link_event event;

	if (!poll_row_event(row, &event))
		return;
	event.asked_ns = row->asked_ns;
	event.has_uptime = poll_job_uptime(job, &event.uptime_cs);
	stats_add(&daemon->stats, STAT_POLL_EVENT, 1);
	enum engine_verdict verdict =
	    engine_feed(daemon->engine, sw, &event, loop_now(daemon->loop));
	/* Somebody spoke meanwhile, or only just: what the agent's table says then is worth more. */
	if (verdict == VERDICT_STALE)
		ask_later(daemon, sw, daemon->config.state.source_settle_ms + AGAIN_MS);
}

void
daemon_polled(void *ctx, uint32_t sw, const struct poll_job *job)
{
	struct daemon *daemon = ctx;

	/* Until Redis was read, words would be forgotten; the asks that follow the start come back to it. */
	if (daemon->phase != PHASE_RUNNING) {
		ask_later(daemon, sw, AGAIN_MS);
		return;
	}
	for (size_t i = 0; i < poll_job_n_rows(job); i++)
		learn_row(daemon, sw, poll_job_row(job, i));
	for (size_t i = 0; i < poll_job_n_rows(job); i++)
		feed_row(daemon, sw, job, poll_job_row(job, i));
	if (poll_job_is_walk(job))
		engine_polled(daemon->engine, sw);
	daemon_turn_end(daemon);
}

void
daemon_reachable(void *ctx, uint32_t sw, enum poll_outcome outcome, const char *why)
{
	struct daemon *daemon = ctx;
	const struct topo *topo = engine_topo(daemon->engine);
	const char *name = topo_text_get(topo, topo_switch_get(topo, sw)->name);

	engine_set_pollable(daemon->engine, sw, outcome == POLL_ANSWERED);
	if (outcome == POLL_ANSWERED) {
		log_info("polling: %s answers", name);
		return;
	}
	stats_add(&daemon->stats, STAT_POLL_SILENT, 1);
	log_warning("polling: %s: %s; its ports stay as they are", name, why);
}
