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

#define PROGRESS_NS 100000000

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
	json_t *document = take_document(head);
	char error[300], id[TOPO_STORE_ID];

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
	/* The document is left to the end of the process: taking a million objects apart would only take time. */
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

static void
dump(const json_t *head)
{
	struct dump dump = { 0 };
	struct api_response response = { 0 };
	char error[300] = "out of memory";
	redisContext *redis = open_redis(head, error, sizeof(error));
	bool read = redis && topo_load(redis, text_of(head, "prefix"), on_record, &dump, error,
				 sizeof(error));

	redisFree(redis);
	if (!read || dump.no_memory) {
		put_error(503, error);
	} else {
		api_finish_dump(&response, dump.records, dump.n);
		put_answer(&response);
	}
	for (size_t i = 0; i < dump.n; i++)
		free((char *)dump.records[i].key.data);
	free(dump.records);
}

/* ---- the whole ---- */

int
topology_worker(void)
{
	/* It does not outlive the daemon; and where memory is short, it is the one to go. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, TOPOLOGY_WORKER_NAME);
	FILE *score = fopen("/proc/self/oom_score_adj", "w");
	if (score) {
		fputs("500", score);
		fclose(score);
	}
	json_t *head = read_head();
	const char *job = text_of(head, "job");
	bool is_load = job && strcmp(job, TOPOLOGY_JOB_LOAD) == 0;
	bool is_dump = job && strcmp(job, TOPOLOGY_JOB_DUMP) == 0;

	if (is_load)
		load(head);
	if (is_dump)
		dump(head);
	json_decref(head);
	return (is_load || is_dump) && fflush(stdout) == 0 ? 0 : 1;
}
