/*
 * Loading a topology, which an HTTP handler deferred. A worker (topology_worker.c) does the work on a document of any size;
 * here it is only fed and listened to, in pieces.
 *
 * The worker is told which ports and roots are in force, gets the body, checks it, stores it. Then the map is read
 * back as at a start, and when a snapshot that holds it is in force, the request is answered.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "admin/api_json.h"
#include "daemon.h"
#include "io/topo_store.h"
#include "io/worker.h"
#include "topology_talk.h"

#define IDS_PER_PIECE 2048
#define REFUSAL_MAX (16u << 20) /* bytes of a refusal's body: a thousand faults take less */

/* An API request that loads a topology. */
struct load {
	struct daemon *daemon;
	struct http_pending *pending;
	struct api_response *response;
	struct worker *worker; /* NULL: it has ended */
	struct worker_answer answer;
	char *body; /* of the refusal; NULL: none yet */
	size_t body_len;
	char token[20];
	/* The map that it is told of: a newer one makes it begin anew, unless the document is on its way already. */
	const struct topo *topo;
	uint64_t generation;
	uint32_t next_port;
	bool body_given;
	char phase[16];                /* of the worker, as it tells */
	size_t done, all;              /* records of it; all 0: not known */
	char stored_id[TOPO_STORE_ID]; /* "": not stored yet */
	bool is_read;                  /* the snapshot that is read, or being taken, holds it */
};

/* ---- its end ---- */

static void
on_unlinked(void *ctx, const struct redisReply *reply)
{
	(void)ctx;
	(void)reply;
}

/* What a worker that was ended may have left behind; what cannot be removed now expires. */
static void
remove_staging(struct daemon *daemon, const char *token)
{
	char key[280];

	for (int kind = 0; kind < TOPO_KIND_MAX; kind++)
		redis_link_words(daemon->link, on_unlinked, NULL, "UNLINK",
		    topo_store_staging_key(
			daemon->config.redis.prefix, token, (enum topo_kind)kind, key, sizeof(key)),
		    NULL);
}

void
daemon_load_done(
    struct daemon *daemon, int status, const char *message, const struct topo_faults *faults)
{
	struct load *load = daemon->load;

	if (!load || (status < 500 && !load->is_read))
		return;
	daemon->load = NULL;
	if (load->worker) {
		worker_free(load->worker);
		remove_staging(daemon, load->token);
	}
	if (status == 200)
		api_finish_load(load->response, engine_topo(daemon->engine), faults);
	else
		api_finish_error(load->response, status, message, faults);
	http_finish(load->pending);
	free(load->body);
	free(load);
}

/* The worker refused it, or Redis did. */
static void
refuse(struct load *load)
{
	load->daemon->load = NULL;
	api_reply_text(
	    load->response, load->answer.status, "application/json", load->body, load->body_len);
	http_finish(load->pending);
	free(load);
}

/*
 * The watch may have heard of it first: then it was read, and what is under way still, taking it or reading the states beside
 * it, ends in daemon_load_done().
 */
static void
read_what_is_stored(struct load *load)
{
	struct daemon *daemon = load->daemon;

	if (!topo_sync_has_read(daemon->topo_sync, load->stored_id) ||
	    daemon->topology_error[0] != '\0') {
		topo_sync_read_past(daemon->topo_sync, load->stored_id);
		return;
	}
	load->is_read = true;
	if (daemon->phase == PHASE_RUNNING && !daemon->comparing.telling &&
	    !daemon->taking.under_way)
		daemon_load_done(daemon, 200, NULL, &daemon->taking.warnings);
}

static void
on_load_ended(void *ctx, int status)
{
	struct load *load = ctx;
	struct daemon *daemon = load->daemon;
	char message[200];

	load->worker = NULL;
	if (load->stored_id[0] != '\0') {
		read_what_is_stored(load);
		return;
	}
	if (load->answer.status != 0 && load->body_len == load->answer.len) {
		refuse(load);
		return;
	}
	worker_say_ended(message, sizeof(message), status);
	stats_add(&daemon->stats, STAT_TOPOLOGY_WORKER_FAILED, 1);
	log_error("topology: load: %s", message);
	remove_staging(daemon, load->token);
	daemon_load_done(daemon, 503, message, NULL);
}

void
daemon_load_note_read(struct daemon *daemon)
{
	struct load *load = daemon->load;

	if (load && load->stored_id[0] != '\0')
		load->is_read = topo_sync_covers(daemon->topo_sync, load->stored_id);
}

bool
daemon_load_is_read(const struct daemon *daemon)
{
	return daemon->load && daemon->load->is_read;
}

/* ---- feeding the worker, and listening to it ---- */

static void
take_line(struct load *load, const char *line)
{
	if (worker_answer_begins(&load->answer, line)) {
		load->body = load->answer.len < REFUSAL_MAX ? malloc(load->answer.len + 1) : NULL;
		return;
	}
	if (sscanf(line, "stored %47[0-9-]", load->stored_id) == 0)
		sscanf(line, "progress %15[a-z] %zu %zu", load->phase, &load->done, &load->all);
}

void
daemon_load_progress(const struct daemon *daemon, struct api_status *status)
{
	const struct load *load = daemon->load;

	if (!load)
		return;
	status->loading_all = load->all;
	if (load->is_read) {
		status->loading = "taking";
		status->loading_done = load->all;
	} else if (load->stored_id[0] != '\0') {
		status->loading = "reading";
		status->loading_done = topo_sync_n_read(daemon->topo_sync);
	} else {
		status->loading = load->phase;
		status->loading_done = load->done;
	}
}

static void
on_load_output(void *ctx, struct slice bytes)
{
	struct load *load = ctx;
	const char *line;

	while ((line = worker_answer_line(&load->answer, &bytes)) != NULL)
		take_line(load, line);
	if (!load->body || bytes.len > load->answer.len - load->body_len)
		return;
	memcpy(load->body + load->body_len, bytes.data, bytes.len);
	load->body_len += bytes.len;
	load->body[load->body_len] = '\0';
}

static json_t *
roots_json(const struct topo *topo)
{
	json_t *roots = json_array();

	for (uint32_t i = 0; i < topo_n_switches(topo); i++) {
		const struct topo_switch *sw = topo_switch_get(topo, i);
		if (sw->root)
			json_array_append_new(roots, json_string(topo_text_get(topo, sw->name)));
	}
	return roots;
}

static bool start_load_worker(struct load *load);

/* The next ids of the ports in force. */
static void
give_ids(struct load *load)
{
	static uint8_t ids[IDS_PER_PIECE][16];
	uint32_t left = topo_n_ports(load->topo) - load->next_port;
	uint32_t n = left < IDS_PER_PIECE ? left : IDS_PER_PIECE;

	for (uint32_t i = 0; i < n; i++)
		memcpy(ids[i], topo_port_get(load->topo, load->next_port + i)->id, 16);
	load->next_port += n;
	worker_give(load->worker, ids, (size_t)n * 16);
}

static bool
map_has_changed(const struct load *load)
{
	const struct daemon *daemon = load->daemon;

	return load->topo != engine_topo(daemon->engine) ||
	       load->generation != daemon->stats.n[STAT_TOPOLOGY_LOADS];
}

static void
on_load_hungry(void *ctx)
{
	struct load *load = ctx;
	struct daemon *daemon = load->daemon;

	if (load->body_given) {
		worker_end_input(load->worker);
		return;
	}
	if (map_has_changed(load)) {
		worker_free(load->worker);
		load->worker = NULL;
		if (!start_load_worker(load))
			daemon_load_done(daemon, 503, strerror(errno), NULL);
		return;
	}
	if (load->next_port < topo_n_ports(load->topo)) {
		give_ids(load);
		return;
	}
	struct evbuffer *body = http_take_body(load->pending);
	load->body_given = true;
	if (body)
		worker_give_buffer(load->worker, body);
}

static void
make_token(char token[20])
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint64_t)(uintptr_t)token;
	snprintf(token, 20, "%016llx", (unsigned long long)number);
}

static bool
start_load_worker(struct load *load)
{
	struct daemon *daemon = load->daemon;
	const struct worker_handler handler = { load, on_load_hungry, on_load_output,
		on_load_ended };

	load->topo = engine_topo(daemon->engine);
	load->generation = daemon->stats.n[STAT_TOPOLOGY_LOADS];
	load->next_port = 0;
	load->answer = (struct worker_answer){ .status = 0 };
	make_token(load->token);
	load->worker = worker_start(daemon->loop, TOPOLOGY_WORKER, &handler);
	return load->worker &&
	       worker_give_head(daemon, load->worker,
		   json_pack("{s:s, s:s, s:b, s:o, s:I}", "job", TOPOLOGY_JOB_LOAD, "token",
		       load->token, "force", load->response->force, "roots", roots_json(load->topo),
		       "ports", (json_int_t)topo_n_ports(load->topo)));
}

void
daemon_load_start(
    struct daemon *daemon, struct http_pending *pending, struct api_response *response)
{
	struct load *load;

	if (daemon->load) {
		daemon_refuse(pending, response, 409,
		    "another topology is being loaded; try again when it is done");
		return;
	}
	if (redis_link_state(daemon->link) != REDIS_UP) {
		daemon_refuse(pending, response, 503, NOT_CONNECTED);
		return;
	}
	load = calloc(1, sizeof(*load));
	if (!load) {
		daemon_refuse(pending, response, 503, "out of memory");
		return;
	}
	*load = (struct load){
		.daemon = daemon, .pending = pending, .response = response, .phase = "checking"
	};
	daemon->load = load;
	if (!start_load_worker(load))
		daemon_load_done(daemon, 503, strerror(errno), NULL);
}
