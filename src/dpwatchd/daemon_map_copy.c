/*
 * The daemon's own copy of the map: <state_dir>/topology.json. Whenever another map is in force a worker copies it there from
 * Redis; should Redis lose everything, a worker stores it back. Only a copy of the map that is in force counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon.h"
#include "io/topo_store.h"
#include "io/worker.h"
#include "topology_talk.h"

/* Many changes in a row are copied once; a storing back that failed is tried again. */
#define COPY_DELAY_MS 1000
#define RETRY_MS 5000

struct map_copy {
	struct daemon *daemon;
	struct worker *worker; /* NULL: none is under way */
	struct loop_timer *timer;
	bool storing_back; /* what the worker does; else it copies */
	bool is_good;      /* the file holds the map in force */
	uint64_t generation;
	struct worker_answer answer;
	char path[512], stored_id[TOPO_STORE_ID], failure[160];
};

static void on_timer(void *ctx);

struct map_copy *
daemon_map_copy_new(struct daemon *daemon)
{
	struct map_copy *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	copy->daemon = daemon;
	snprintf(
	    copy->path, sizeof(copy->path), "%s/topology.json", daemon->config.daemon.state_dir);
	copy->timer = loop_timer_new(daemon->loop, on_timer, copy);
	if (copy->timer)
		return copy;
	free(copy);
	return NULL;
}

void
daemon_map_copy_free(struct map_copy *copy)
{
	if (!copy)
		return;
	worker_free(copy->worker);
	loop_timer_free(copy->timer);
	free(copy);
}

/* ---- a worker ---- */

static void
on_hungry(void *ctx)
{
	worker_end_input(((struct map_copy *)ctx)->worker);
}

static void
on_output(void *ctx, struct slice bytes)
{
	struct map_copy *copy = ctx;
	const char *line;

	while ((line = worker_answer_line(&copy->answer, &bytes)) != NULL) {
		if (strcmp(line, "copied") == 0)
			copy->is_good =
			    copy->generation == copy->daemon->stats.n[STAT_TOPOLOGY_LOADS];
		else if (sscanf(line, "stored %47[0-9-]", copy->stored_id) == 0)
			sscanf(line, "failed %159[^\n]", copy->failure);
	}
}

static void
on_ended(void *ctx, int status)
{
	struct map_copy *copy = ctx;
	struct daemon *daemon = copy->daemon;

	copy->worker = NULL;
	if (!copy->failure[0] && status != 0)
		worker_say_ended(copy->failure, sizeof(copy->failure), status);
	if (copy->stored_id[0]) {
		log_warning("topology: Redis lost the map; it was stored back from %s", copy->path);
		topo_sync_read_past(daemon->topo_sync, copy->stored_id);
	} else if (copy->failure[0]) {
		log_error("topology: %s: %s",
		    copy->storing_back ? "Redis lost the map, and it could not be stored back"
				       : "the map could not be copied",
		    copy->failure);
	}
	/* It failed, or another map came meanwhile. */
	if (!copy->stored_id[0] && !copy->is_good)
		loop_timer_arm(copy->timer, RETRY_MS);
	else if (!copy->stored_id[0] && daemon->map_lost)
		loop_timer_arm(copy->timer, copy->storing_back ? RETRY_MS : 0);
}

static void
start(struct map_copy *copy, bool storing_back)
{
	const struct worker_handler handler = { copy, on_hungry, on_output, on_ended };
	struct daemon *daemon = copy->daemon;
	const struct topo *topo = engine_topo(daemon->engine);
	uint64_t token = (uint64_t)loop_now(daemon->loop).wall_us;
	char text[20];

	if (getrandom(&token, sizeof(token), GRND_NONBLOCK) < 0)
		log_debug("no random number for a staging key; the time must do");
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)token);
	copy->storing_back = storing_back;
	copy->stored_id[0] = copy->failure[0] = '\0';
	copy->answer = (struct worker_answer){ .status = 0 };
	copy->generation = daemon->stats.n[STAT_TOPOLOGY_LOADS];
	copy->worker = worker_start(daemon->loop, TOPOLOGY_WORKER, &handler);
	if (copy->worker &&
	    worker_give_head(daemon, copy->worker,
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "job",
		    storing_back ? TOPOLOGY_JOB_STORE_BACK : TOPOLOGY_JOB_COPY, "file", copy->path,
		    "token", text, "switches", (json_int_t)topo_n_switches(topo), "hosts",
		    (json_int_t)topo_n_hosts(topo), "ports", (json_int_t)topo_n_ports(topo))))
		return;
	worker_free(copy->worker);
	copy->worker = NULL;
	loop_timer_arm(copy->timer, RETRY_MS);
}

/* ---- when ---- */

static void
on_timer(void *ctx)
{
	struct map_copy *copy = ctx;
	struct daemon *daemon = copy->daemon;

	/* A load that is under way brings a map of its own. What Redis may lose when it is back is to be copied soon. */
	if (copy->worker || daemon->load || daemon->phase != PHASE_RUNNING ||
	    redis_link_state(daemon->link) != REDIS_UP) {
		loop_timer_arm(copy->timer, COPY_DELAY_MS);
		return;
	}
	/* What Redis holds now is no map to copy. */
	if (daemon->map_lost && copy->is_good)
		start(copy, true);
	else if (!daemon->map_lost && !copy->is_good)
		start(copy, false);
}

void
daemon_map_in_force(struct daemon *daemon)
{
	daemon->map_copy->is_good = false;
	if (daemon->topology_loaded)
		loop_timer_arm(daemon->map_copy->timer, COPY_DELAY_MS);
}

void
daemon_map_lost(struct daemon *daemon)
{
	if (daemon->map_copy->is_good)
		loop_timer_arm(daemon->map_copy->timer, 0);
}
