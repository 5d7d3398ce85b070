/*
 * A worker: checks and stores a topology, or dumps the one that Redis holds. It may wait, and may take a gigabyte: when it
 * ends, all of that is given back.
 */
#include "topology_worker.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "admin/api_load.h"
#include "io/topo_store.h"
#include "util/files.h"

#define PROGRESS_NS 100000000
#define COPY_MAX ((size_t)4 << 30) /* bytes of a copy of the map; a million ports take 200 MB */

/* ---- what it is told ---- */

static json_t *
read_head(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len = getline(&line, &room, stdin);
	json_t *head = len > 0 ? json_loadb(line, (size_t)len, 0, NULL) : NULL;

	free(line);
	return head;
}

static const char *
text_of(const json_t *head, const char *name)
{
	return json_string_value(json_object_get(head, name));
}

static json_int_t
number_of(const json_t *head, const char *name)
{
	return json_integer_value(json_object_get(head, name));
}

static struct redisContext *
open_redis(const json_t *head, char *error, size_t size)
{
	const struct redis_place place = {
		.path = text_of(head, "path"),
		.host = text_of(head, "host"),
		.port = (uint16_t)number_of(head, "port"),
		.username = text_of(head, "username"),
		.password_file = text_of(head, "password_file"),
		.database = (uint32_t)number_of(head, "database"),
		.prefix = text_of(head, "prefix"),
	};

	return redis_blocking_open(&place, error, size);
}

/* ---- what it answers ---- */

static void
put_answer(struct api_response *response)
{
	printf("answer %d %zu\n", response->status, response->len);
	fwrite(response->body ? response->body : "", 1, response->len, stdout);
	api_response_release(response);
}

static void
put_error(int status, const char *message)
{
	struct api_response response = { 0 };

	api_finish_error(&response, status, message, NULL);
	put_answer(&response);
}

static void
put_progress(const char *what, size_t done, size_t all)
{
	static int64_t told_ns;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	if (done > 0 && now_ns - told_ns < PROGRESS_NS)
		return;
	told_ns = now_ns;
	printf("progress %s %zu %zu\n", what, done, all);
	fflush(stdout);
}

/* ---- a load ---- */

/* Reads stdin to its end. NULL when memory is out. */
static char *
read_rest(size_t *ret_len)
{
	size_t room = 1 << 20, len = 0;
	char *bytes = malloc(room);

	while (bytes) {
		len += fread(bytes + len, 1, room - len, stdin);
		if (len < room) {
			*ret_len = len;
			return bytes;
		}
		char *more = realloc(bytes, room * 2);
		if (!more)
			free(bytes);
		bytes = more;
		room *= 2;
	}
	return NULL;
}

static const char **
roots_of(const json_t *head, struct topo_outline *outline)
{
	const json_t *list = json_object_get(head, "roots"), *root;
	const char **roots = calloc(json_array_size(list) + 1, sizeof(*roots));
	size_t i;

	if (!roots)
		return NULL;
	json_array_foreach(list, i, root) roots[outline->n_roots++] = json_string_value(root);
	outline->roots = roots;
	return roots;
}

/* Takes the document as its text, and gives it back parsed and good; or NULL, and the answer was given. */
static json_t *
take_document(const json_t *head)
{
	struct topo_outline outline = { .n_ports = (uint32_t)number_of(head, "ports") };
	uint8_t(*ids)[16] = calloc((size_t)outline.n_ports + 1, sizeof(*ids));
	const char **roots = roots_of(head, &outline);
	struct api_response response = { 0 };
	json_t *document = NULL;
	char *bytes = NULL;
	size_t len = 0;

	if (ids && roots && fread(ids, sizeof(*ids), outline.n_ports, stdin) == outline.n_ports)
		bytes = read_rest(&len);
	outline.port_ids = (const uint8_t(*)[16])ids;
	put_progress("checking", 0, 0);
	if (bytes)
		document = api_load_check((struct slice){ bytes, len }, &outline,
		    json_is_true(json_object_get(head, "force")), &response);
	else
		api_finish_error(&response, 503, "out of memory", NULL);
	if (!document)
		put_answer(&response);
	free(bytes);
	free(ids);
	free(roots);
	return document;
}

static void
on_stored(void *ctx, size_t done, size_t all)
{
	(void)ctx;
	put_progress("storing", done, all);
}

static void
load(const json_t *head)
{
	/*
	 * Left to the end of the process: taking a million objects apart would only take time. Static, so that a leak checker
	 * need not search for it there.
	 */
	static json_t *document;
	char error[300], id[TOPO_STORE_ID];

	document = take_document(head);
	if (!document)
		return;
	redisContext *redis = open_redis(head, error, sizeof(error));
	put_progress("storing", 0, 0);
	if (redis && topo_store(redis, text_of(head, "prefix"), text_of(head, "token"), document,
			 on_stored, NULL, id, error, sizeof(error)))
		printf("stored %s\n", id);
	else
		put_error(503, error);
	redisFree(redis);
}

/* ---- a dump ---- */

struct dump {
	struct api_topology_record *records;
	size_t n, room;
	bool no_memory;
};

static bool
make_room(struct dump *dump)
{
	if (dump->n < dump->room)
		return true;
	size_t room = dump->room * 2 + 256;
	struct api_topology_record *records = realloc(dump->records, room * sizeof(*records));
	if (!records)
		return false;
	dump->records = records;
	dump->room = room;
	return true;
}

static void
on_record(void *ctx, enum topo_kind kind, struct slice key, struct slice json)
{
	struct dump *dump = ctx;
	char *copy = make_room(dump) ? malloc(key.len + json.len + 1) : NULL;

	if (!copy) {
		dump->no_memory = true;
		return;
	}
	memcpy(copy, key.data, key.len);
	memcpy(copy + key.len, json.data, json.len);
	dump->records[dump->n++] =
	    (struct api_topology_record){ kind, { copy, key.len }, { copy + key.len, json.len } };
}

/* The map that Redis holds, as a document, and how many records of each kind it has. False with a message. */
static bool
read_document(const json_t *head, struct api_response *response, json_int_t ret_n[TOPO_KIND_MAX],
    char *error, size_t size)
{
	struct dump dump = { 0 };
	redisContext *redis = open_redis(head, error, sizeof(error));
	bool read =
	    redis && topo_load(redis, text_of(head, "prefix"), on_record, &dump, error, size);

	redisFree(redis);
	read = read && !dump.no_memory;
	for (size_t i = 0; i < dump.n; i++)
		ret_n[dump.records[i].kind]++;
	if (read)
		api_finish_dump(response, dump.records, dump.n);
	for (size_t i = 0; i < dump.n; i++)
		free((char *)dump.records[i].key.data);
	free(dump.records);
	return read;
}

static void
dump(const json_t *head)
{
	struct api_response response = { 0 };
	json_int_t n[TOPO_KIND_MAX] = { 0 };
	char error[300] = "out of memory";

	if (read_document(head, &response, n, error, sizeof(error)))
		put_answer(&response);
	else
		put_error(503, error);
}

/* ---- a copy, and storing it back ---- */

/* A Redis that has just lost its map is not to be copied as if that were one. */
static bool
is_in_force(const json_t *head, const json_int_t n[TOPO_KIND_MAX])
{
	return n[TOPO_SWITCH] == number_of(head, "switches") &&
	       n[TOPO_HOST] == number_of(head, "hosts") && n[TOPO_PORT] == number_of(head, "ports");
}

static void
copy(const json_t *head)
{
	struct api_response response = { 0 };
	json_int_t n[TOPO_KIND_MAX] = { 0 };
	char error[300] = "out of memory";
	char *text = NULL;
	int r = -ENOMEM;

	bool read = read_document(head, &response, n, error, sizeof(error));
	if (read && !is_in_force(head, n)) {
		read = false;
		snprintf(error, sizeof(error), "Redis does not hold the map in force");
	}
	if (!read) {
		printf("failed %s\n", error);
		api_response_release(&response);
		return;
	}
	if (response.status == 200 && response.body)
		text = strndup(response.body, response.len);
	if (text)
		r = files_replace(text_of(head, "file"), text, 0600);
	if (r == 0)
		printf("copied\n");
	else
		printf("failed %s: %s\n", text_of(head, "file"), strerror(-r));
	free(text);
	api_response_release(&response);
}

/* Whether Redis holds a map: then nothing is put in its place. */
static bool
holds_map(struct redisContext *redis, const char *prefix)
{
	redisReply *reply = redisCommand(redis,
	    "EXISTS %stopology:switches %stopology:links %stopology:hosts %stopology:ports", prefix,
	    prefix, prefix, prefix);
	const bool holds = !reply || reply->type != REDIS_REPLY_INTEGER || reply->integer != 0;

	freeReplyObject(reply);
	return holds;
}

static void
store_back(const json_t *head)
{
	struct topo_faults faults = { 0 };
	char error[300] = "the copy cannot be read", id[TOPO_STORE_ID];
	const char *prefix = text_of(head, "prefix");
	static json_t *document; /* as in load() */
	char *bytes = NULL;
	size_t len = 0;

	if (files_read(text_of(head, "file"), COPY_MAX, &bytes, &len) == 0)
		document = topo_document_parse((struct slice){ bytes, len }, &faults);
	if (json_array_size(json_object_get(document, "switches")) == 0) {
		json_decref(document);
		document = NULL;
	}
	redisContext *redis = document ? open_redis(head, error, sizeof(error)) : NULL;
	if (redis && holds_map(redis, prefix))
		printf("failed Redis holds another map by now\n");
	else if (redis && topo_store(redis, prefix, text_of(head, "token"), document, on_stored,
			      NULL, id, error, sizeof(error)))
		printf("stored %s\n", id);
	else
		printf("failed %s\n", error);
	redisFree(redis);
}

/* ---- the whole ---- */

static const struct {
	const char *name, *process;
	void (*work)(const json_t *head);
} jobs[] = {
	{ TOPOLOGY_JOB_LOAD, TOPOLOGY_WORKER_NAME, load },
	{ TOPOLOGY_JOB_DUMP, TOPOLOGY_WORKER_NAME, dump },
	{ TOPOLOGY_JOB_COPY, TOPOLOGY_COPY_NAME, copy },
	{ TOPOLOGY_JOB_STORE_BACK, TOPOLOGY_COPY_NAME, store_back },
};

int
topology_worker(void)
{
	/* It does not outlive the daemon; and where memory is short, it is the one to go. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	FILE *score = fopen("/proc/self/oom_score_adj", "w");
	if (score) {
		fputs("500", score);
		fclose(score);
	}
	json_t *head = read_head();
	const char *job = text_of(head, "job");
	void (*work)(const json_t *head) = NULL;

	for (size_t i = 0; job && i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (strcmp(job, jobs[i].name) != 0)
			continue;
		prctl(PR_SET_NAME, jobs[i].process);
		work = jobs[i].work;
	}
	if (work)
		work(head);
	json_decref(head);
	return work && fflush(stdout) == 0 ? 0 : 1;
}
