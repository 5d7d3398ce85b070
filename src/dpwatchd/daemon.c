/*
 * The daemon's life: its parts, its timers, and its end. How it comes to run is told in daemon_redis.c.
 */
#include "daemon.h"

#include <stdio.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "io/worker.h"

#define TICK_MS 1000
/* A stop waits so long for a Redis that is there and slow: where all is on disk, and where it is not. */
#define STOP_SAFE_MS 2000
#define STOP_MS 10000
#define IMPATIENCE_NS 500000000
#define COMMUNITY_LINE_TICKS 60

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

/* What is told of each port when Redis is back is right all the same, if this daemon lives until then. */
static void
say_overflow(struct daemon *daemon)
{
	const bool overflowed = outbox_overflowed(daemon->outbox);

	if (overflowed && !daemon->overflow_said)
		log_error("redis: %s", OVERFLOW);
	daemon->overflow_said = overflowed;
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
	daemon_say_folded(daemon);
	say_overflow(daemon);
	if (outbox_overflowed(daemon->outbox) && outbox_waiting(daemon->outbox) == 0 &&
	    redis_link_state(daemon->link) == REDIS_UP)
		daemon_compare(daemon, false);
	daemon_look_at_left_out(daemon);
	daemon_look_at_down_set(daemon);
	daemon_keep_maintenance(daemon);
	embedded_redis_trim_log(daemon->embedded);
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
	daemon_say_lost(daemon);
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

/* ---- starting and stopping ---- */

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
	daemon->folded_rate = (struct log_rate){ .interval_ms = 60000, .burst = 2 };
	daemon->sender_rate = (struct log_rate){ .interval_ms = 10000, .burst = 5 };
	daemon->started = loop_now(daemon->loop);
	const struct poller_handler poller_handler = { daemon, daemon_polled, daemon_reachable };
	daemon->poller = poller_new(daemon->loop, &daemon->config, &daemon->stats, &poller_handler);
	if (!daemon->poller || !daemon_discover_start(daemon))
		return -1;
	if (daemon_open_overload(daemon) != 0 || !daemon_pump_init(daemon))
		return -1;
	daemon->tick = loop_timer_new(daemon->loop, on_tick, daemon);
	daemon->deadline = loop_timer_new(daemon->loop, on_deadline, daemon);
	daemon->stop = loop_timer_new(daemon->loop, on_stop_deadline, daemon);
	daemon->map_copy = daemon_map_copy_new(daemon);
	daemon->taking.slice = loop_timer_new(daemon->loop, daemon_topology_slice, daemon);
	daemon->comparing.slice = loop_timer_new(daemon->loop, daemon_compare_slice, daemon);
	return daemon->map_copy && daemon->tick && daemon->deadline && daemon->stop &&
		       daemon->taking.slice && daemon->comparing.slice
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
	    daemon_open_redis(daemon, error, sizeof(error)) != 0 ||
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
	daemon_tell_rest(daemon);
	if (daemon->phase == PHASE_RUNNING) {
		input_sockets_drain(snmp_input_sockets(daemon->snmp));
		input_sockets_drain(syslog_input_sockets(daemon->syslog));
		daemon_flush_held(daemon);
		daemon_pump_all(daemon);
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

/* Not one that is away, or has only just come back: it may have lost what it acknowledged. */
static bool
redis_has_proved(const struct daemon *daemon)
{
	return daemon->publisher && redis_link_state(daemon->link) == REDIS_UP &&
	       publisher_proved_ns(daemon->publisher) > daemon->connected_ns;
}

void
daemon_release(struct daemon *daemon)
{
	const bool proved = redis_has_proved(daemon);

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
	journal_free(daemon->journal, proved);
	embedded_redis_stop(daemon->embedded);
	if (daemon->loop) {
		loop_timer_free(daemon->tick);
		loop_timer_free(daemon->deadline);
		loop_timer_free(daemon->stop);
		loop_timer_free(daemon->pump_on);
		loop_timer_free(daemon->taking.slice);
		loop_timer_free(daemon->comparing.slice);
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
