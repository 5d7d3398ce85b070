/*
 * A map that was read, on its way into force: the engine takes it a slice a turn, and inputs are read in between.
 */
#include <malloc.h>
#include <stdio.h>

#include "daemon.h"

#define SLICE_NS 1000000 /* what one turn of the loop gives to it */
#define TELLING_MS 5
#define STEP_BUDGET 4000 /* of it: some 0.2 ms */

static void
log_faults(const char *what, const struct topo_faults *faults)
{
	static const size_t most = 10;

	for (size_t i = 0; i < faults->n && i < most; i++)
		log_warning("%s: %s: %s", what, faults->items[i].path, faults->items[i].reason);
	if (faults->n_errors + faults->n_warnings > most)
		log_warning("%s: %zu more", what, faults->n_errors + faults->n_warnings - most);
}

static void
no_memory(struct daemon *daemon)
{
	daemon->taking.under_way = false;
	stats_add(&daemon->stats, STAT_TOPOLOGY_REFUSED, 1);
	log_error("topology: out of memory; the old map stays");
	daemon_load_done(daemon, 503, "out of memory; the old map stays", NULL);
}

void
daemon_topology_loaded(void *ctx, struct topo *topo, const struct topo_faults *warnings)
{
	struct daemon *daemon = ctx;
	struct taking *taking = &daemon->taking;
	struct topo_faults copy;

	daemon_load_note_read(daemon);
	if (topo_faults_copy(warnings, &copy) != 0) {
		topo_free(topo);
		no_memory(daemon);
		return;
	}
	daemon->topology_error[0] = '\0';
	topo_faults_release(&taking->warnings);
	taking->warnings = copy;
	taking->under_way = true;
	taking->begun_ns = loop_now(daemon->loop).now_ns;
	taking->longest_ns = 0;
	loop_timer_arm(taking->slice, 0);
	if (engine_topo_begin(daemon->engine, topo) != 0)
		no_memory(daemon);
}

static void
say_taken(struct daemon *daemon)
{
	const struct topo *topo = engine_topo(daemon->engine);
	const struct taking *taking = &daemon->taking;

	log_info(
	    "topology: %u switches, %u links, %u hosts, %u ports (taken in %.0f ms, no more than %.1f ms at a time)",
	    topo_n_switches(topo), topo_n_links(topo), topo_n_hosts(topo), topo_n_ports(topo),
	    (double)(loop_now(daemon->loop).now_ns - taking->begun_ns) / 1e6,
	    (double)taking->longest_ns / 1e6);
	log_faults("topology", &taking->warnings);
}

static void
in_force(struct daemon *daemon)
{
	daemon->taking.under_way = false;
	daemon->topology_loaded = topo_n_switches(engine_topo(daemon->engine)) > 0;
	daemon->topology_loaded_us = loop_now(daemon->loop).wall_us;
	daemon->map_lost = false;
	stats_add(&daemon->stats, STAT_TOPOLOGY_LOADS, 1);
	say_taken(daemon);
	daemon_map_in_force(daemon);
	daemon_poll_topology(daemon);
	daemon_overload_topology(daemon);
	if (daemon->phase == PHASE_STARTING) {
		/* Where Redis is away, its coming back reads the map anew, and then the states. */
		if (redis_link_state(daemon->link) == REDIS_UP)
			daemon_read_state(daemon);
		return;
	}
	daemon_turn_end(daemon);
	daemon_load_done(daemon, 200, NULL, &daemon->taking.warnings);
}

void
daemon_topology_slice(void *ctx)
{
	struct daemon *daemon = ctx;
	struct taking *taking = &daemon->taking;
	struct engine_time time = loop_now(daemon->loop);
	struct engine_totals totals = { .queued = 0 };
	const int64_t began_ns = time.now_ns;
	bool is_in_force;
	int r;

	if (daemon->phase == PHASE_STOPPING)
		return;
	/* What waits in the engine is of the map in force. */
	if (daemon->comparing.telling) {
		loop_timer_arm(taking->slice, TELLING_MS);
		return;
	}
	daemon_flush_held(daemon);
	daemon_pump_all(daemon);
	do {
		r = engine_topo_step(daemon->engine, STEP_BUDGET, time, &is_in_force);
		/* What was freed goes back to the system as it comes, which is the larger part of the work. */
		if (!taking->under_way || r == 0)
			malloc_trim(0);
		time = loop_now(daemon->loop);
		engine_totals(daemon->engine, &totals);
	} while (r > 0 && !is_in_force && totals.queued == 0 && time.now_ns - began_ns < SLICE_NS);
	if (time.now_ns - began_ns > taking->longest_ns)
		taking->longest_ns = time.now_ns - began_ns;
	if (r != 0)
		loop_timer_arm(taking->slice, 0);
	if (totals.queued > 0)
		daemon_turn_end(daemon);
	if (is_in_force)
		in_force(daemon);
	else if (r < 0)
		no_memory(daemon);
}

void
daemon_topology_refused(void *ctx, const struct topo_faults *faults)
{
	struct daemon *daemon = ctx;

	daemon_load_note_read(daemon);
	stats_add(&daemon->stats, STAT_TOPOLOGY_REFUSED, 1);
	snprintf(daemon->topology_error, sizeof(daemon->topology_error),
	    "%zu fault%s; the first: %s: %s", faults->n_errors, faults->n_errors == 1 ? "" : "s",
	    faults->n > 0 ? faults->items[0].path : "",
	    faults->n > 0 ? faults->items[0].reason : "");
	log_faults("topology refused", faults);
	log_error("topology: the map in Redis is refused (%s)%s", daemon->topology_error,
	    daemon->phase == PHASE_STARTING
		? "; nothing is decided until it is mended (dpwatch topology load FILE replaces it)"
		: "; the old map stays");
	daemon_load_done(daemon, 400, "the map in Redis is refused", faults);
}
