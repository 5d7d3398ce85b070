/*
 * Switches that are over their bucket while work is queued: their words are held (core/overload.h), and counted when there
 * is time. Work is queued while datagrams wait in a socket, or many changes for Redis.
 */
#include <limits.h>

#include "daemon.h"

/* Changes that wait for Redis; a spine that takes 20,000 ports down at once is over this for some milliseconds. */
#define QUEUED_CHANGES 1024
/* So many held words are counted in one turn, and so long after it the next ones, if no turn comes before. */
#define WORDS_A_TURN 512
#define NEXT_TURN_MS 5

static bool
is_busy(const struct daemon *daemon, int64_t now_ns)
{
	return input_sockets_behind(snmp_input_sockets(daemon->snmp), now_ns) ||
	       input_sockets_behind(syslog_input_sockets(daemon->syslog), now_ns) ||
	       outbox_waiting_changes(daemon->outbox) > QUEUED_CHANGES;
}

static const char *
switch_name(const struct daemon *daemon, uint32_t sw)
{
	const struct topo *topo = engine_topo(daemon->engine);

	return topo_text_get(topo, topo_switch_get(topo, sw)->name);
}

/* ---- words in ---- */

static void
say_begins(struct daemon *daemon, uint32_t sw, const struct engine_time *time)
{
	uint64_t held_back;

	stats_add(&daemon->stats, STAT_BUCKET_OVER, 1);
	switch_log_over(daemon->switch_log, switch_name(daemon, sw), time->wall_us);
	engine_doubt_switch(daemon->engine, sw, *time);
	if (!log_rate_take(&daemon->overload_rate, &held_back))
		return;
	log_warning(
	    "switch %s sends more than its bucket gives while work is queued: of each of its interfaces the last word will count%s",
	    switch_name(daemon, sw), held_back > 0 ? " (and others before it)" : "");
}

bool
daemon_holds(struct daemon *daemon, uint32_t sw, const struct link_event *event, int trap_version,
    const struct engine_time *time, enum input_answer *ret_answer, uint64_t *ret_number)
{
	struct overload_word word = {
		.sw = sw,
		.interface = TOPO_NONE,
		.event = *event,
		.trap_version = trap_version,
		.received_us = time->wall_us,
	};
	bool begins = false;

	if (daemon->config.snmp.bucket_rate == 0 && overload_n_held(daemon->overload) == 0)
		return false;
	if (event->kind == LINK_EVENT_WORD &&
	    !engine_event_interface(daemon->engine, sw, event, &word.interface))
		return false;
	enum overload_fate fate = overload_take(
	    daemon->overload, &word, is_busy(daemon, time->now_ns), time->now_ns, &begins);
	if (fate == OVERLOAD_PASS)
		return false;
	static const enum stats_counter stats[] = { [OVERLOAD_HELD] = STAT_BUCKET_HELD,
		[OVERLOAD_FOLDED] = STAT_BUCKET_FOLDED,
		[OVERLOAD_DROPPED] = STAT_BUCKET_DROPPED };
	stats_add(&daemon->stats, stats[fate], 1);
	if (begins)
		say_begins(daemon, sw, time);
	*ret_answer = fate == OVERLOAD_DROPPED ? ANSWER_NOW : ANSWER_WHEN_FED;
	*ret_number = overload_last_number(daemon->overload);
	return true;
}

bool
daemon_holds_any(const struct daemon *daemon, uint32_t sw, uint64_t *ret_number)
{
	*ret_number = overload_last_number(daemon->overload);
	return sw != TOPO_NONE && overload_n_held_of(daemon->overload, sw) > 0;
}

/* ---- words out ---- */

/* It keeps the time of its receipt as a label; to the engine it is news of this moment. */
static void
count_held(struct daemon *daemon, struct overload_word *word, struct engine_time now)
{
	struct engine_interface_view view;

	if (word->named) {
		engine_interface_view(daemon->engine, word->interface, &view);
		word->event.name = slice_of(view.name);
	}
	now.turn_us = now.wall_us;
	now.wall_us = word->received_us;
	daemon_count_event(daemon, word->sw, &word->event, word->trap_version, &now);
}

/* What is fed is told to Redis with everything up to the last ticket. */
static void
answer_fed(struct daemon *daemon)
{
	if (snmp_input_held(daemon->snmp) == 0)
		return;
	daemon_pump_all(daemon);
	snmp_input_fed(daemon->snmp, overload_done_number(daemon->overload),
	    outbox_last_ticket(daemon->outbox));
	snmp_input_answer(daemon->snmp, daemon_safe_ticket(daemon));
}

static void
feed(struct daemon *daemon, bool busy, struct engine_time now, unsigned most)
{
	struct overload_word word;

	for (unsigned n = 0; n < most && overload_next(daemon->overload, busy, now.now_ns, &word);
	     n++)
		count_held(daemon, &word, now);
	answer_fed(daemon);
}

void
daemon_feed_held(struct daemon *daemon)
{
	if (overload_n_held(daemon->overload) == 0)
		return;
	struct engine_time now = loop_now(daemon->loop);
	feed(daemon, is_busy(daemon, now.now_ns), now, WORDS_A_TURN);
	if (overload_n_held(daemon->overload) > 0)
		loop_timer_arm(daemon->overload_turn, NEXT_TURN_MS);
}

void
daemon_flush_held(struct daemon *daemon)
{
	if (overload_n_held(daemon->overload) > 0)
		feed(daemon, false, loop_now(daemon->loop), UINT_MAX);
}

/* ---- time ---- */

static void
on_turn(void *ctx)
{
	daemon_turn_end(ctx);
}

/* What was folded or dropped is asked about: its last words may not be all that there is to know. */
static void
say_over(struct daemon *daemon, const struct overload_episode *episode)
{
	const char *name = switch_name(daemon, episode->sw);

	switch_log_lost_words(daemon->switch_log, name, episode->n_folded, episode->n_dropped);
	if (episode->n_folded + episode->n_dropped > 0)
		engine_doubt_switch(daemon->engine, episode->sw, loop_now(daemon->loop));
	log_info(
	    "switch %s is no longer over its bucket: for %.1f s, %llu words counted later, %llu were folded into these, %llu dropped",
	    name, (double)(episode->ended_ns - episode->begun_ns) / 1e9,
	    (unsigned long long)episode->n_held, (unsigned long long)episode->n_folded,
	    (unsigned long long)episode->n_dropped);
}

void
daemon_end_overloads(struct daemon *daemon)
{
	struct overload_episode episode;
	bool any = false;

	if (daemon->phase != PHASE_RUNNING)
		return;
	while (overload_end(daemon->overload, loop_now(daemon->loop).now_ns, &episode)) {
		say_over(daemon, &episode);
		any = true;
	}
	if (any)
		daemon_turn_end(daemon);
}

void
daemon_overload_topology(struct daemon *daemon)
{
	if (overload_set_switches(daemon->overload, topo_n_switches(engine_topo(daemon->engine))) !=
	    0)
		log_error("out of memory: no bucket of a switch is in force");
}

int
daemon_open_overload(struct daemon *daemon)
{
	daemon->overload = overload_new();
	daemon->overload_turn = loop_timer_new(daemon->loop, on_turn, daemon);
	if (!daemon->overload || !daemon->overload_turn)
		return -1;
	daemon->overload_rate = (struct log_rate){ .interval_ms = 10000, .burst = 5 };
	overload_configure(
	    daemon->overload, daemon->config.snmp.bucket_rate, daemon->config.snmp.bucket_burst);
	return 0;
}
