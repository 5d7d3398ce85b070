/*
 * What Redis tells the daemon, and the way to RUNNING.
 *
 * STARTING: Redis comes up -> the publisher key is claimed -> the map is read -> interface and port states are read ->
 * they are compared in slices -> RUNNING. Until then datagrams wait in the kernel's buffers: nobody knows yet whose they are.
 * COMPARING: Redis lost data, or too much waited for it: the same way, without the map, and what is known stays.
 * Then what differs is told, as fast as Redis takes it, before datagrams are read: of a whole network it is more than the
 * outbox may hold.
 */
#include "daemon.h"

#include <signal.h>
#include <systemd/sd-daemon.h>

#include "io/state_sync.h"

#define SLICE_NS 1000000 /* what one turn of the loop gives to comparing */
#define STEP_BUDGET 4000 /* of it: some 0.1 ms */

/* ---- the way to RUNNING ---- */

static void
on_interface(void *ctx, struct slice switch_name, struct slice interface, struct slice json)
{
	struct daemon *daemon = ctx;

	if (!engine_restore_interface(
		daemon->engine, switch_name, interface, json, loop_now(daemon->loop)))
		log_warning(
		    "redis: interface:%.*s %.*s holds no state that dpwatch wrote; taken as never heard of",
		    (int)switch_name.len, switch_name.data, (int)interface.len, interface.data);
}

static void
on_port(void *ctx, const struct engine_port_record *record)
{
	struct daemon *daemon = ctx;

	if (daemon->phase == PHASE_COMPARING)
		engine_restore_published(daemon->engine, record);
	else
		engine_restore_port(daemon->engine, record);
}

/* All that the comparison found is on its way. */
static void
end_telling(struct daemon *daemon)
{
	struct engine_totals totals;

	daemon->comparing.telling = false;
	loop_timer_cancel(daemon->comparing.slice);
	outbox_settle(daemon->outbox);
	daemon_keep_owed(daemon);
	engine_totals(daemon->engine, &totals);
	log_info(
	    "running: %u switches, %u ports, %u of them down (compared in %.0f ms, no more than %.1f ms at a time)",
	    topo_n_switches(engine_topo(daemon->engine)), topo_n_ports(engine_topo(daemon->engine)),
	    totals.ports_down,
	    (double)(loop_now(daemon->loop).now_ns - daemon->comparing.begun_ns) / 1e6,
	    (double)daemon->comparing.longest_ns / 1e6);
	daemon_read_inputs(daemon, true);
	sd_notify(0, "STATUS=running");
	if (daemon->map_lost)
		daemon_map_lost(daemon);
	/* Else it is answered when the map that is being taken is in force. */
	if (!daemon->taking.under_way)
		daemon_load_done(daemon, 200, NULL, &daemon->taking.warnings);
}

static void
tell_more(struct daemon *daemon)
{
	struct engine_totals totals;

	daemon_turn_end(daemon);
	engine_totals(daemon->engine, &totals);
	if (totals.queued == 0)
		end_telling(daemon);
}

void
daemon_tell_rest(struct daemon *daemon)
{
	if (!daemon->comparing.telling)
		return;
	daemon->comparing.telling = false;
	daemon_pump_all(daemon);
	daemon_turn_end(daemon);
	end_telling(daemon);
}

static void
go(struct daemon *daemon)
{
	daemon->phase = PHASE_RUNNING;
	daemon->comparing.telling = true;
	publisher_go(daemon->publisher);
	tell_more(daemon);
}

void
daemon_compare_slice(void *ctx)
{
	struct daemon *daemon = ctx;
	struct engine_time time = loop_now(daemon->loop);
	const int64_t began_ns = time.now_ns;
	bool more = true;

	if (daemon->phase == PHASE_STOPPING)
		return;
	if (daemon->comparing.telling) {
		/* What switches say must not wait for Redis in the kernel's buffers. */
		if (redis_link_state(daemon->link) == REDIS_UP)
			tell_more(daemon);
		else
			daemon_tell_rest(daemon);
		return;
	}
	while (more && time.now_ns - began_ns < SLICE_NS) {
		more = engine_start_step(daemon->engine, STEP_BUDGET, time);
		time = loop_now(daemon->loop);
	}
	if (time.now_ns - began_ns > daemon->comparing.longest_ns)
		daemon->comparing.longest_ns = time.now_ns - began_ns;
	if (more)
		loop_timer_arm(daemon->comparing.slice, 0);
	else
		go(daemon);
}

static void
on_state_read(void *ctx, const char *error)
{
	struct daemon *daemon = ctx;

	bool stale = daemon->state_stale;

	daemon->state_reading = daemon->state_stale = false;
	if (daemon->phase == PHASE_STOPPING)
		return;
	if (!error && stale) {
		daemon_read_state(daemon);
		return;
	}
	if (!error) {
		daemon->comparing.begun_ns = loop_now(daemon->loop).now_ns;
		daemon->comparing.longest_ns = 0;
		loop_timer_arm(daemon->comparing.slice, 0);
		return;
	}
	log_error("redis: the state could not be read: %s", error);
	/* When the connection broke, its coming back begins anew; else Redis refused, and is asked again. */
	if (redis_link_state(daemon->link) == REDIS_UP)
		redis_link_break(daemon->link, error);
}

void
daemon_read_state(struct daemon *daemon)
{
	const struct state_sync_handler handler = { daemon, on_interface, on_port, daemon_left_out,
		on_state_read };

	loop_timer_cancel(daemon->comparing.slice);
	/* Another map came while the state was read: what was told does not belong to it, so it is read again. */
	if (daemon->state_reading) {
		daemon->state_stale = true;
		return;
	}
	daemon->state_reading = true;
	if (state_sync_read(daemon->link, &daemon->config, engine_topo(daemon->engine),
		daemon->phase == PHASE_STARTING, &handler) != 0)
		daemon_fail(daemon, "out of memory");
}

static void
on_claimed(void *ctx, const struct redis_history *history)
{
	struct daemon *daemon = ctx;

	/* While starting, a Redis that lost its tail since it was first claimed gets it again before it is read. */
	if (daemon->phase != PHASE_STARTING ||
	    !outbox_gap(daemon->outbox, publisher_batch(daemon->publisher)))
		outbox_number_from(daemon->outbox, publisher_batch(daemon->publisher));
	journal_claimed(daemon->journal, history);
	if (daemon->phase == PHASE_COMPARING)
		daemon_read_state(daemon);
	else if (daemon_owes_journal(daemon, history))
		publisher_go(daemon->publisher); /* on_done reads the map when all of it is there */
	else
		topo_sync_read(daemon->topo_sync);
}

/* ---- comparing anew ---- */

/* As much as it is since the last line: at the bound, of an overflow, and what waited when Redis lost its data. */
void
daemon_say_folded(struct daemon *daemon)
{
	const uint64_t folded = outbox_folded(daemon->outbox);
	uint64_t held_back;

	if (folded == daemon->folded_said || !log_rate_take(&daemon->folded_rate, &held_back))
		return;
	log_warning(
	    "redis: %llu toggles that waited are folded: of each port what is so now is told",
	    (unsigned long long)(folded - daemon->folded_said));
	daemon->folded_said = folded;
}

void
daemon_compare(struct daemon *daemon, bool everything)
{
	if (daemon->phase == PHASE_STARTING) {
		/* There is nothing to compare it with yet. What is owed still is. */
		log_warning("redis: it lost data while dpwatchd started; beginning anew");
		loop_timer_cancel(daemon->comparing.slice);
		publisher_claim(daemon->publisher);
		return;
	}
	if (daemon->phase != PHASE_RUNNING)
		return;
	log_warning("redis: %s; comparing what it holds with what is known",
	    everything ? "it lost everything" : "it and dpwatch have parted");
	daemon->map_lost = daemon->map_lost || (everything && daemon->topology_loaded);
	if (daemon->map_lost)
		log_error("topology: %s", MAP_LOST);
	daemon_tell_rest(daemon);
	daemon->phase = PHASE_COMPARING;
	daemon_read_inputs(daemon, false);
	daemon_flush_held(daemon);
	daemon_pump_all(daemon);
	daemon_forget_left_out(daemon);
	engine_compare_begin(daemon->engine);
	outbox_restart(daemon->outbox);
	daemon_say_folded(daemon);
	/* What is told to a Redis that holds nothing does not continue what it held, should somebody bring that back. */
	if (everything)
		publisher_know(daemon->publisher, publisher_batch(daemon->publisher) + 1);
	publisher_claim(daemon->publisher);
}

static void
on_lost(void *ctx, bool everything)
{
	daemon_compare(ctx, everything);
}

static void
on_done(void *ctx, const struct outbox_batch *batch)
{
	struct daemon *daemon = ctx;

	if (batch->n_toggles > 0)
		daemon_events_published(daemon);
	/* The batch may be gone after it: a full journal makes room. */
	daemon_keep_owed(daemon);
	if (daemon->comparing.telling)
		loop_timer_arm(daemon->comparing.slice, 0);
	if (daemon->phase == PHASE_STOPPING)
		daemon_stop_when_safe(daemon);
	else if (daemon->phase == PHASE_STARTING && outbox_waiting(daemon->outbox) == 0)
		topo_sync_read(daemon->topo_sync);
}

static void
on_slow(void *ctx)
{
	struct daemon *daemon = ctx;

	daemon_keep_owed(daemon);
	if (daemon->phase == PHASE_STOPPING)
		daemon_stop_when_safe(daemon);
}

static void
on_revision(void *ctx, const uint8_t port_id[16], uint64_t revision)
{
	engine_published(((struct daemon *)ctx)->engine, port_id, revision);
}

static void
on_deposed(void *ctx, const char *why)
{
	daemon_fail(ctx, why);
}

static void
on_link_up(void *ctx)
{
	struct daemon *daemon = ctx;

	stats_add(&daemon->stats, STAT_REDIS_CONNECTS, 1);
	daemon->connected_ns = loop_now(daemon->loop).now_ns;
	publisher_up(daemon->publisher);
	/* A start or a comparison that the broken connection cut short begins anew: Redis may have been thrown back. */
	if (publisher_epoch(daemon->publisher) != 0 && daemon->phase == PHASE_STARTING &&
	    outbox_waiting(daemon->outbox) == 0)
		publisher_claim(daemon->publisher);
	else if (daemon->phase == PHASE_COMPARING)
		publisher_claim(daemon->publisher);
	else
		topo_sync_up(daemon->topo_sync);
	daemon_turn_end(daemon);
}

static void
on_link_down(void *ctx, const char *why)
{
	struct daemon *daemon = ctx;

	(void)why;
	stats_add(&daemon->stats, STAT_REDIS_FAILURES, 1);
	publisher_down(daemon->publisher);
	/* This may be told in the middle of telling. */
	if (daemon->comparing.telling)
		loop_timer_arm(daemon->comparing.slice, 0);
	else
		loop_timer_cancel(daemon->comparing.slice);
	/* The next claim is to tell how far Redis then is, not how far it was. */
	if (daemon->phase == PHASE_STARTING && publisher_epoch(daemon->publisher) != 0 &&
	    outbox_waiting(daemon->outbox) == 0)
		publisher_know(daemon->publisher, 0);
	topo_sync_down(daemon->topo_sync);
	/* A map that is being taken already needs Redis no more. */
	if (!daemon->taking.under_way || !daemon_load_is_read(daemon))
		daemon_load_done(daemon, 503, "the connection to Redis broke", NULL);
	daemon_keep_owed(daemon);
	if (daemon->phase == PHASE_STOPPING)
		daemon_stop_when_safe(daemon);
}

/* ---- opening ---- */

static void
on_child(void *ctx)
{
	struct daemon *daemon = ctx;

	if (daemon->embedded)
		embedded_redis_reap(daemon->embedded);
}

int
daemon_open_redis(struct daemon *daemon, char *error, size_t size)
{
	const struct redis_link_handler link_handler = { daemon, on_link_up, on_link_down };
	const struct publisher_handler publisher_handler = { daemon, on_claimed, on_done,
		on_revision, daemon_left_out, on_lost, on_slow, on_deposed };
	const struct topo_sync_handler topo_handler = { daemon, daemon_topology_loaded,
		daemon_topology_refused };
	const char *path = NULL;

	if (daemon->config.redis.kind == REDIS_EMBEDDED) {
		loop_on_signal(daemon->loop, SIGCHLD, on_child, daemon);
		daemon->embedded =
		    embedded_redis_start(daemon->loop, daemon->config.daemon.state_dir,
			(unsigned)daemon->config.redis.database, error, size);
		if (!daemon->embedded)
			return -1;
		path = embedded_redis_path(daemon->embedded);
	}
	daemon->link = redis_link_new(daemon->loop, &daemon->config, "redis", &link_handler);
	if (!daemon->link)
		return -1;
	if (path)
		redis_link_use_path(daemon->link, path);
	daemon->publisher = publisher_new(daemon->loop, daemon->link, daemon->outbox,
	    &daemon->config, daemon->instance, &daemon->stats, &publisher_handler);
	if (daemon->publisher)
		publisher_know(daemon->publisher, journal_left_after(daemon->journal));
	daemon->topo_sync =
	    topo_sync_new(daemon->loop, daemon->link, &daemon->config, path, &topo_handler);
	return daemon->publisher && daemon->topo_sync ? 0 : -1;
}
