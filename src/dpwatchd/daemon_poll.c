/*
 * Between the engine, which knows what is doubted, and the poller, which asks: asks go there, answers come back as words.
 */
#include "daemon.h"

/* What was asked too early is asked again so long after source_settle. */
#define AGAIN_MS 500

/* ---- asking ---- */

void
daemon_ask(struct daemon *daemon)
{
	struct engine_ask ask;

	while (engine_pop_ask(daemon->engine, &ask))
		poller_want(daemon->poller, ask.sw, ask.if_index);
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
		poller_want_later(daemon->poller, sw, delay_ms);
}

void
daemon_poll_topology(struct daemon *daemon)
{
	const struct topo *topo = engine_topo(daemon->engine);
	struct poll_view view;

	poller_set_topo(daemon->poller, topo);
	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++) {
		/* Whoever mends the map wants to see at once whether it agrees now. */
		if (lag_view_differs(
			daemon->lags, topo_text_get(topo, topo_switch_get(topo, sw)->name)))
			poller_want_all(daemon->poller, sw, false);
		poll_plan_view(poller_plan(daemon->poller), sw, &view);
		engine_set_pollable(daemon->engine, sw, view.pollable && view.n_silent == 0,
		    loop_now(daemon->loop));
	}
	lag_view_clear(daemon->lags);
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
	event.has_uptime = poll_job_uptime(job, &event.uptime_cs);
	stats_add(&daemon->stats, STAT_POLL_EVENT, 1);
	enum engine_verdict verdict =
	    engine_feed(daemon->engine, sw, &event, loop_now(daemon->loop));
	/* Somebody spoke meanwhile, or only just: what the agent's table says then is worth more. */
	if (verdict != VERDICT_STALE)
		return;
	stats_add(&daemon->stats, STAT_POLL_STALE, 1);
	poller_want_later(daemon->poller, sw, daemon->config.state.source_settle_ms + AGAIN_MS);
}

/* Who is a member of what decides nothing; where the switch says otherwise than the map, somebody should look. */
static void
note_lags(struct daemon *daemon, uint32_t sw, const struct poll_job *job)
{
	const struct topo *topo = engine_topo(daemon->engine);
	const char *name = topo_text_get(topo, topo_switch_get(topo, sw)->name);
	size_t before;
	const size_t n = lag_view_note(daemon->lags, topo, sw, job, &before);

	if (n > 0 && before == 0)
		log_warning("polling: %s: %zu interface%s in another aggregate than the map says, "
			    "or in none: dpwatch switch show %s",
		    name, n, n == 1 ? " is" : "s are", name);
}

/* A restart is noted so long before or after the instant at which sysUpTime began. */
#define BOOT_SLACK_US INT64_C(60000000)

/* Whether a restart was noted since sysUpTime began: the engine's boots tell of that one. */
static bool
is_known_boot(struct daemon *daemon, uint32_t sw, uint32_t uptime_cs, int64_t now_us)
{
	struct engine_switch_view view;

	engine_switch_view(daemon->engine, sw, &view);
	return view.restarted_us != 0 &&
	       view.restarted_us >= now_us - INT64_C(10000) * uptime_cs - BOOT_SLACK_US;
}

/* A boot that nobody told comes before what it makes of the indexes. True: there was one. */
static bool
tell_boot(struct daemon *daemon, uint32_t sw, const struct poll_job *job)
{
	const struct engine_time now = loop_now(daemon->loop);
	const struct link_event restart = {
		.kind = LINK_EVENT_RESTART, .source = SOURCE_POLL, .new_boot = true, .rule = "poll"
	};
	uint32_t uptime_cs = 0;

	if (poll_job_uptime(job, &uptime_cs) &&
	    engine_answer_uptime(daemon->engine, sw, uptime_cs, now))
		return true;
	if (!poll_job_has_booted(job) || is_known_boot(daemon, sw, uptime_cs, now.wall_us))
		return false;
	engine_feed(daemon->engine, sw, &restart, now);
	return true;
}

void
daemon_polled(void *ctx, uint32_t sw, const struct poll_job *job, bool whole)
{
	struct daemon *daemon = ctx;

	/* Until Redis was read, words would be forgotten; the asks that follow the start come back to it. */
	if (daemon->phase != PHASE_RUNNING) {
		poller_want_later(daemon->poller, sw, AGAIN_MS);
		return;
	}
	const bool booted = tell_boot(daemon, sw, job);
	for (size_t i = 0; i < poll_job_n_rows(job); i++)
		learn_row(daemon, sw, poll_job_row(job, i));
	if (poll_job_is_walk(job) && whole) {
		engine_polled(daemon->engine, sw, loop_now(daemon->loop));
		note_lags(daemon, sw, job);
	}
	for (size_t i = 0; i < poll_job_n_rows(job); i++)
		feed_row(daemon, sw, job, poll_job_row(job, i));
	/* Indexes that mean something else now, or nothing: the whole table tells. */
	if (!poll_job_is_walk(job) && (booted || !poll_job_complete(job)))
		poller_want_all(daemon->poller, sw, false);
	daemon_turn_end(daemon);
}

void
daemon_reachable(void *ctx, uint32_t sw, enum poll_outcome outcome, const char *why)
{
	struct daemon *daemon = ctx;
	const struct topo *topo = engine_topo(daemon->engine);
	const char *name = topo_text_get(topo, topo_switch_get(topo, sw)->name);

	engine_set_pollable(daemon->engine, sw, outcome == POLL_ANSWERED, loop_now(daemon->loop));
	if (outcome == POLL_ANSWERED) {
		log_info("polling: %s answers", name);
		return;
	}
	log_warning("polling: %s: %s; its ports stay as they are", name, why);
}
