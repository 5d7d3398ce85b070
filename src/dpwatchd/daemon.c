/*
 * The daemon's life.
 *
 * STARTING: Redis comes up -> the publisher key is claimed -> the map is read -> interface and port states are read ->
 * engine_start compares -> RUNNING. Until then datagrams wait in the kernel's buffers: nobody knows yet whose they are.
 * COMPARING: Redis lost data, or too much waited for it: the same way, without the map, and what is known stays.
 */
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "io/state_sync.h"
#include "io/worker.h"

#define TICK_MS 1000
/* A stop waits so long for a Redis that is there and slow: where all is on disk, and where it is not. */
#define STOP_SAFE_MS 2000
#define STOP_MS 10000
#define IMPATIENCE_NS 500000000
#define COMMUNITY_LINE_TICKS 60

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
		engine_restore_published(
		    daemon->engine, record->id, record->dp_down, record->revision);
	else
		engine_restore_port(daemon->engine, record);
}

static void
go(struct daemon *daemon)
{
	struct engine_totals totals;

	engine_start(daemon->engine, loop_now(daemon->loop));
	daemon->phase = PHASE_RUNNING;
	publisher_go(daemon->publisher);
	daemon_turn_end(daemon);
	outbox_settle(daemon->outbox);
	daemon_keep_owed(daemon);
	engine_totals(daemon->engine, &totals);
	log_info("running: %u switches, %u ports, %u of them down",
	    topo_n_switches(engine_topo(daemon->engine)), topo_n_ports(engine_topo(daemon->engine)),
	    totals.ports_down);
	daemon_read_inputs(daemon, true);
	sd_notify(0, "STATUS=running");
	if (daemon->map_lost)
		daemon_map_lost(daemon);
	/* Else it is answered when the map that is being taken is in force. */
	if (!daemon->taking.under_way)
		daemon_load_done(daemon, 200, NULL, &daemon->taking.warnings);
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
		go(daemon);
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
	const struct state_sync_handler handler = { daemon, on_interface, on_port, on_state_read };

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

void
daemon_compare(struct daemon *daemon, bool everything)
{
	if (daemon->phase == PHASE_STARTING) {
		/* There is nothing to compare it with yet. What is owed still is. */
		log_warning("redis: it lost data while dpwatchd started; beginning anew");
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
	daemon->phase = PHASE_COMPARING;
	daemon_read_inputs(daemon, false);
	daemon_flush_held(daemon);
	daemon_pump(daemon);
	engine_compare_begin(daemon->engine);
	outbox_restart(daemon->outbox);
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

	daemon_keep_owed(daemon);
	if (batch->n_toggles > 0)
		daemon_events_published(daemon);
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

/* ---- timers ---- */

static void
say_refused_communities(struct daemon *daemon)
{
	uint64_t refused = daemon->stats.n[STAT_TRAP_BAD_COMMUNITY];

	if (refused > daemon->refused_communities)
		log_warning("%llu traps were refused in the last minute: %s",
		    (unsigned long long)(refused - daemon->refused_communities),
		    daemon->config.snmp.community.n == 0
			? "no [snmp] community is configured"
			: "their community is not configured in [snmp] community");
	daemon->refused_communities = refused;
}

/* Words may have been among what the kernel dropped: whoever speaks on that socket is asked. */
static void
doubt_dropped(
    struct daemon *daemon, enum link_source source, enum stats_counter stat, uint64_t *seen)
{
	const uint64_t now = daemon->stats.n[stat];

	if (now == *seen || daemon->phase != PHASE_RUNNING)
		return;
	*seen = now;
	engine_doubt_source(daemon->engine, source, loop_now(daemon->loop));
	daemon_turn_end(daemon);
}

static void
on_tick(void *ctx)
{
	struct daemon *daemon = ctx;
	static unsigned ticks;

	outbox_proved(daemon->outbox, publisher_proved_ns(daemon->publisher));
	daemon_keep_owed(daemon);
	doubt_dropped(daemon, SOURCE_TRAP, STAT_TRAP_KERNEL_DROPS, &daemon->doubted_drops.trap);
	doubt_dropped(
	    daemon, SOURCE_SYSLOG, STAT_SYSLOG_KERNEL_DROPS, &daemon->doubted_drops.syslog);
	daemon_end_overloads(daemon);
	if (++ticks % COMMUNITY_LINE_TICKS == 0)
		say_refused_communities(daemon);
	if (outbox_overflowed(daemon->outbox) && outbox_waiting(daemon->outbox) == 0 &&
	    redis_link_state(daemon->link) == REDIS_UP)
		daemon_compare(daemon, false);
	daemon_keep_maintenance(daemon);
	loop_timer_arm(daemon->tick, TICK_MS);
}

static void
on_deadline(void *ctx)
{
	struct daemon *daemon = ctx;

	engine_tick(daemon->engine, loop_now(daemon->loop));
	daemon_turn_end(daemon);
}

/* Patience is over: for good, or because everything is on disk. */
static void
stop_now(struct daemon *daemon)
{
	const size_t n = outbox_waiting_changes(daemon->outbox);

	if (outbox_all_stored(daemon->outbox)) {
		log_warning(
		    "stopping with %zu changes in the journal: the next start publishes them", n);
	} else {
		log_error(
		    "stopping without having published %zu changes: Redis did not take them, and they are not in the journal",
		    n);
		daemon->exit_status = 1;
	}
	loop_stop(daemon->loop);
}

static void
on_stop_deadline(void *ctx)
{
	struct daemon *daemon = ctx;
	const int64_t ms = (loop_now(daemon->loop).now_ns - daemon->stopping_ns) / 1000000;

	if (outbox_all_stored(daemon->outbox) || ms >= STOP_MS)
		stop_now(daemon);
	else
		loop_timer_arm(
		    daemon->stop, STOP_MS - ms < STOP_SAFE_MS ? STOP_MS - ms : STOP_SAFE_MS);
}

static void
on_child(void *ctx)
{
	struct daemon *daemon = ctx;

	if (daemon->embedded)
		embedded_redis_reap(daemon->embedded);
}

/* ---- starting and stopping ---- */

static int
open_redis(struct daemon *daemon, char *error, size_t size)
{
	const struct redis_link_handler link_handler = { daemon, on_link_up, on_link_down };
	const struct publisher_handler publisher_handler = { daemon, on_claimed, on_done,
		on_revision, on_lost, on_slow, on_deposed };
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

/* A host and a process id may come again, and be the same in two containers; Redis and the journal need to tell who it was. */
static void
name_instance(struct daemon *daemon)
{
	char host[64] = "";
	uint64_t token = (uint64_t)loop_now(daemon->loop).wall_us;

	gethostname(host, sizeof(host) - 1);
	if (getrandom(&token, sizeof(token), GRND_NONBLOCK) < 0)
		log_debug("no random number for the instance's name; the time must do");
	snprintf(daemon->instance, sizeof(daemon->instance), "%s/%d/%016llx", host, (int)getpid(),
	    (unsigned long long)token);
}

static int
make_parts(struct daemon *daemon)
{
	daemon->loop = loop_new();
	daemon->engine = engine_new(&daemon->config);
	daemon->outbox = outbox_new(daemon->config.redis.journal_max);
	daemon->dedup = dedup_new();
	daemon->unmapped = unmapped_new();
	daemon->switch_log = switch_log_new();
	daemon->suspects = suspects_new();
	daemon->lags = lag_view_new();
	daemon->maintenance = maintenance_new();
	if (!daemon->loop || !daemon->engine || !daemon->outbox || !daemon->dedup ||
	    !daemon->unmapped || !daemon->switch_log || !daemon->suspects || !daemon->lags ||
	    !daemon->maintenance)
		return -1;
	name_instance(daemon);
	daemon->toggle_rate = (struct log_rate){ .interval_ms = 1000, .burst = 20 };
	daemon->damping_rate = daemon->toggle_rate;
	daemon->sender_rate = (struct log_rate){ .interval_ms = 10000, .burst = 5 };
	daemon->started = loop_now(daemon->loop);
	const struct poller_handler poller_handler = { daemon, daemon_polled, daemon_reachable };
	daemon->poller = poller_new(daemon->loop, &daemon->config, &daemon->stats, &poller_handler);
	if (!daemon->poller || !daemon_discover_start(daemon))
		return -1;
	if (daemon_open_overload(daemon) != 0)
		return -1;
	daemon->tick = loop_timer_new(daemon->loop, on_tick, daemon);
	daemon->deadline = loop_timer_new(daemon->loop, on_deadline, daemon);
	daemon->stop = loop_timer_new(daemon->loop, on_stop_deadline, daemon);
	daemon->map_copy = daemon_map_copy_new(daemon);
	daemon->taking.slice = loop_timer_new(daemon->loop, daemon_topology_slice, daemon);
	return daemon->map_copy && daemon->tick && daemon->deadline && daemon->stop &&
		       daemon->taking.slice
		   ? 0
		   : -1;
}

int
daemon_start(struct daemon *daemon)
{
	char error[512] = "out of memory";

	daemon->rules = daemon_load_rules(&daemon->config);
	if (!daemon->rules)
		return 1;
	if (make_parts(daemon) != 0 || daemon_open_journal(daemon, error, sizeof(error)) != 0 ||
	    daemon_open_inputs(daemon, error, sizeof(error)) != 0 ||
	    open_redis(daemon, error, sizeof(error)) != 0 ||
	    daemon_open_http(daemon, error, sizeof(error)) != 0) {
		log_error("%s", error);
		return 1;
	}
	daemon_load_maintenance(daemon);
	loop_timer_arm(daemon->tick, TICK_MS);
	redis_link_start(daemon->link);
	/* Ready means that it listens: a Redis that is away must not make systemd stop it. */
	sd_notify(0, "READY=1\nSTATUS=waiting for Redis");
	return 0;
}

void
daemon_stop(struct daemon *daemon)
{
	int64_t now_ns = loop_now(daemon->loop).now_ns;

	if (daemon->phase == PHASE_STOPPING) {
		/* One Ctrl-C may come twice: to the process group, and passed on by a script. */
		if (now_ns - daemon->stopping_ns >= IMPATIENCE_NS)
			stop_now(daemon);
		return;
	}
	log_info("stopping");
	daemon->stopping_ns = now_ns;
	sd_notify(0, "STOPPING=1");
	if (daemon->phase == PHASE_RUNNING) {
		input_sockets_drain(snmp_input_sockets(daemon->snmp));
		input_sockets_drain(syslog_input_sockets(daemon->syslog));
		daemon_flush_held(daemon);
		daemon_turn_end(daemon);
	}
	daemon_read_inputs(daemon, false);
	daemon->phase = PHASE_STOPPING;
	loop_timer_arm(daemon->stop, STOP_SAFE_MS);
	daemon_keep_owed(daemon);
	daemon_stop_when_safe(daemon);
}

void
daemon_fail(struct daemon *daemon, const char *why)
{
	log_error("giving up: %s", why);
	daemon->phase = PHASE_STOPPING;
	daemon->exit_status = 1;
	loop_stop(daemon->loop);
}

void
daemon_release(struct daemon *daemon)
{
	if (daemon->http)
		daemon_close_http(daemon);
	daemon_map_copy_free(daemon->map_copy);
	worker_wait_dying();
	poller_free(daemon->poller);
	daemon_discover_end(daemon);
	lag_view_free(daemon->lags);
	snmp_input_free(daemon->snmp);
	syslog_input_free(daemon->syslog);
	redis_link_free(daemon->link);
	topo_sync_free(daemon->topo_sync);
	publisher_free(daemon->publisher);
	journal_free(daemon->journal);
	embedded_redis_stop(daemon->embedded);
	if (daemon->loop) {
		loop_timer_free(daemon->tick);
		loop_timer_free(daemon->deadline);
		loop_timer_free(daemon->stop);
		loop_timer_free(daemon->taking.slice);
		loop_timer_free(daemon->overload_turn);
		loop_free(daemon->loop);
	}
	engine_free(daemon->engine);
	topo_faults_release(&daemon->taking.warnings);
	outbox_free(daemon->outbox);
	dedup_free(daemon->dedup);
	unmapped_free(daemon->unmapped);
	switch_log_free(daemon->switch_log);
	overload_free(daemon->overload);
	suspects_free(daemon->suspects);
	maintenance_free(daemon->maintenance);
	rules_free(daemon->rules);
	config_release(&daemon->config);
}
