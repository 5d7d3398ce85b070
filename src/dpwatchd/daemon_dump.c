/*
 * Dumping the topology, which an HTTP handler deferred: a worker reads Redis and sorts, and what it prints is passed on as
 * fast as the client reads.
 */
#include <jansson.h>
#include <stdlib.h>

#include "daemon.h"
#include "topology_talk.h"

#define DUMPS_MAX 4

/* An API request that dumps the topology. */
struct dump {
	struct daemon *daemon;
	struct dump *next;
	struct http_pending *pending;
	struct api_response *response;
	struct worker *worker; /* NULL: it has ended */
	struct worker_answer answer;
	bool waits; /* for the client to read */
};

static void
end_dump(struct dump *dump)
{
	struct dump **at = &dump->daemon->dumps;

	while (*at != dump)
		at = &(*at)->next;
	*at = dump->next;
	worker_free(dump->worker);
	http_finish(dump->pending);
	free(dump);
}

static void
on_client_read(void *ctx)
{
	struct dump *dump = ctx;

	dump->waits = false;
	if (dump->worker)
		worker_read(dump->worker, true);
	else
		end_dump(dump);
}

static void
on_client_gone(void *ctx)
{
	end_dump(ctx);
}

static void
on_dump_output(void *ctx, struct slice bytes)
{
	struct dump *dump = ctx;
	const struct http_stream stream = { dump, on_client_read, on_client_gone };
	const char *line = worker_answer_line(&dump->answer, &bytes);

	if (line && worker_answer_begins(&dump->answer, line))
		http_stream_begin(dump->pending, &stream, dump->answer.status, "application/json",
		    dump->answer.len);
	if (dump->answer.status == 0 || http_stream_send(dump->pending, bytes))
		return;
	dump->waits = true;
	worker_read(dump->worker, false);
}

static void
on_dump_ended(void *ctx, int status)
{
	struct dump *dump = ctx;
	char message[200];

	dump->worker = NULL;
	if (dump->answer.status == 0) {
		worker_say_ended(message, sizeof(message), status);
		stats_add(&dump->daemon->stats, STAT_TOPOLOGY_WORKER_FAILED, 1);
		log_error("topology: dump: %s", message);
		api_finish_error(dump->response, 503, message, NULL);
	}
	if (!dump->waits)
		end_dump(dump);
}

static void
on_dump_hungry(void *ctx)
{
	worker_end_input(((struct dump *)ctx)->worker);
}

static size_t
n_dumps(const struct daemon *daemon)
{
	size_t n = 0;

	for (const struct dump *dump = daemon->dumps; dump; dump = dump->next)
		n++;
	return n;
}

void
daemon_dump_start(
    struct daemon *daemon, struct http_pending *pending, struct api_response *response)
{
	struct dump *dump = n_dumps(daemon) < DUMPS_MAX ? calloc(1, sizeof(*dump)) : NULL;
	const struct worker_handler handler = { dump, on_dump_hungry, on_dump_output,
		on_dump_ended };

	if (!dump) {
		daemon_refuse(pending, response, 503,
		    "too many dumps are under way; try again when they are done");
		return;
	}
	*dump = (struct dump){ .daemon = daemon, .pending = pending, .response = response };
	dump->worker = worker_start(daemon->loop, TOPOLOGY_WORKER, &handler);
	if (!dump->worker ||
	    !worker_give_head(daemon, dump->worker, json_pack("{s:s}", "job", TOPOLOGY_JOB_DUMP))) {
		worker_free(dump->worker);
		free(dump);
		daemon_refuse(pending, response, 503, "out of memory");
		return;
	}
	dump->next = daemon->dumps;
	daemon->dumps = dump;
}

void
daemon_dumps_end(struct daemon *daemon)
{
	while (daemon->dumps) {
		struct dump *dump = daemon->dumps;
		if (dump->answer.status == 0)
			api_finish_error(dump->response, 503, "dpwatchd is stopping", NULL);
		end_dump(dump);
	}
}
