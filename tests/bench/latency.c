/*
 * latency: the clock beside the benchmark. Two jobs:
 *
 * - The time from sending a datagram to being woken by its toggle on the events
 *   stream. Sender and reader are threads of one process, so that no time stamp
 *   has to travel: the reader knows from a toggle's port, its direction and how
 *   often that port was seen before which datagram it answers (see bench.h).
 * - --drain: how long a receiver takes for a burst that is already in its socket
 *   buffer. Wakes the receiver (--resume PID: it was stopped while the burst came)
 *   and watches the stream's length or the socket's queue until all is done.
 */
#include "toggles.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_PREFIX = 64,
	MAX_COUNT = 10000000,
	WARM_UP = 200, /* first datagrams, not counted: caches, lazy set-up */
};

#define NS_PER_S 1000000000u
#define QUIET_NS (2ull * NS_PER_S) /* no news for so long: the rest is lost */
#define DRAIN_POLL_NS 1000000u

enum drain { DRAIN_NONE, DRAIN_STREAM, DRAIN_QUEUE };

struct plan {
	struct bench_shape shape;
	const char *target, *redis, *prefix;
	uint64_t rate, count;
	enum drain drain;
	unsigned udp_port; /* 0: don't look at a socket */
	pid_t resume;      /* 0: nobody to wake */
	uint64_t since_ns; /* 0: counts from the wake-up */
	char events_key[MAX_PREFIX + 16];
};

/* --- latency --- */

static _Atomic uint64_t *sent_ns; /* [count]; 0: not sent yet */
static _Atomic bool all_sent;
static struct bench_sender sender;

struct reader {
	const struct plan *plan;
	redisContext *redis;
	char last_id[TOGGLES_ID];
	uint32_t *rounds; /* of each interface: the next round to be answered */
	double *us;
	uint64_t n_us, received, unmatched;
};

static void *
send_paced(void *arg)
{
	const struct plan *plan = arg;
	uint64_t start = bench_now_ns();

	while (sender.sent < plan->count) {
		bench_sleep_until(
		    start + (uint64_t)((double)sender.sent * 1e9 / (double)plan->rate));
		atomic_store(&sent_ns[sender.sent], bench_now_ns());
		bench_sender_send(&sender, 1);
	}
	atomic_store(&all_sent, true);
	return NULL;
}

static const redisReply *
field(const redisReply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->elements; i += 2)
		if (strcmp(fields->element[i]->str, name) == 0)
			return fields->element[i + 1];
	return NULL;
}

/* A lost datagram leaves a gap: step on to the next round of this direction. */
static void
match(struct reader *reader, unsigned interface, bool down, uint64_t woken_ns)
{
	unsigned interfaces = bench_interfaces(&reader->plan->shape);
	uint32_t *round = &reader->rounds[interface];
	uint64_t n, sent;

	if ((*round % 2 == 0) != down)
		++*round;
	n = (uint64_t)(*round)++ * interfaces + interface;
	sent = n < reader->plan->count ? atomic_load(&sent_ns[n]) : 0;
	if (sent == 0) {
		reader->unmatched++;
		return;
	}
	reader->received++;
	if (n >= WARM_UP)
		reader->us[reader->n_us++] = (double)(woken_ns - sent) / 1e3;
}

static void
take_entry(struct reader *reader, const redisReply *entry, uint64_t woken_ns)
{
	const struct bench_shape *shape = &reader->plan->shape;
	const redisReply *port, *dp_down;
	unsigned sw, interface, nth;

	snprintf(reader->last_id, sizeof(reader->last_id), "%s", entry->element[0]->str);
	port = field(entry->element[1], "port");
	dp_down = field(entry->element[1], "dp_down");
	if (!port || !dp_down || !bench_uuid_parse(port->str, port->len, &sw, &interface, &nth) ||
	    sw < 1 || sw > shape->switches || interface < 1 || interface > shape->ports)
		reader->unmatched++;
	else if (nth == 0)
		match(reader, (sw - 1) * shape->ports + interface - 1,
		    strcmp(dp_down->str, "true") == 0, woken_ns);
}

/* Returns false if nothing came within 200 ms. */
static bool
read_some(struct reader *reader)
{
	redisReply *reply = redis_ask(reader->redis, "XREAD BLOCK 200 COUNT 1000 STREAMS %s %s",
	    reader->plan->events_key, reader->last_id);
	uint64_t woken_ns = bench_now_ns();
	bool some = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;

	if (some) {
		const redisReply *entries = reply->element[0]->element[1];

		for (size_t i = 0; i < entries->elements; i++)
			take_entry(reader, entries->element[i], woken_ns);
	}
	freeReplyObject(reply);
	return some;
}

static double
percentile(const struct reader *reader, double part)
{
	return reader->us[(uint64_t)((double)(reader->n_us - 1) * part)];
}

static void
print_latency(struct reader *reader)
{
	printf("sent=%" PRIu64 " received=%" PRIu64 " lost=%" PRIu64 " unmatched=%" PRIu64,
	    reader->plan->count, reader->received, reader->plan->count - reader->received,
	    reader->unmatched);
	qsort(reader->us, reader->n_us, sizeof(*reader->us), compare_doubles);
	if (reader->n_us > 0)
		printf(" p50_us=%.1f p99_us=%.1f max_us=%.1f", percentile(reader, 0.5),
		    percentile(reader, 0.99), percentile(reader, 1));
	printf("\n");
}

static int
measure_latency(struct plan *plan)
{
	struct sockaddr_in target = bench_address(plan->target);
	struct reader reader = { .plan = plan, .redis = redis_open(plan->redis) };
	uint64_t last_news = bench_now_ns();
	pthread_t thread;

	sent_ns = calloc(plan->count, sizeof(*sent_ns));
	reader.rounds = calloc(bench_interfaces(&plan->shape), sizeof(*reader.rounds));
	reader.us = calloc(plan->count, sizeof(*reader.us));
	if (!sent_ns || !reader.rounds || !reader.us)
		bench_die("out of memory");
	redis_newest_id(reader.redis, plan->events_key, reader.last_id);
	bench_sender_open(&sender, &plan->shape, &target);
	if (pthread_create(&thread, NULL, send_paced, plan) != 0)
		bench_die("cannot start a thread");
	while (reader.received < plan->count) {
		if (read_some(&reader))
			last_news = bench_now_ns();
		else if (atomic_load(&all_sent) && bench_now_ns() - last_news > QUIET_NS)
			break;
	}
	pthread_join(thread, NULL);
	print_latency(&reader);
	bench_sender_close(&sender);
	redisFree(reader.redis);
	free(reader.us);
	free(reader.rounds);
	free((void *)sent_ns);
	return 0;
}

/* --- drain --- */

struct progress {
	uint64_t entries; /* on the stream */
	uint64_t queued;  /* bytes in the socket's buffer */
	uint64_t drops;
};

/*
 * Adds up the sockets on this port. The columns are those of Linux's
 * net/ipv4/udp.c udp4_seq_show(); rx_queue is hexadecimal.
 */
static void
read_sockets(const char *path, unsigned port, struct progress *progress)
{
	FILE *file = fopen(path, "re");
	unsigned local, queued;
	unsigned long drops;
	char line[512];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line,
			" %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %*x %*x:%x %*x:%*x %*x %*u %*u %*u %*u %*s %lu",
			&local, &queued, &drops) != 3 ||
		    local != port)
			continue;
		progress->queued += queued;
		progress->drops += drops;
	}
	fclose(file);
}

static struct progress
look(const struct plan *plan, redisContext *redis)
{
	struct progress progress = { 0 };

	if (plan->udp_port) {
		read_sockets("/proc/net/udp", plan->udp_port, &progress);
		read_sockets("/proc/net/udp6", plan->udp_port, &progress);
	}
	if (redis) {
		redisReply *reply = redis_ask(redis, "XLEN %s", plan->events_key);

		progress.entries = (uint64_t)reply->integer;
		freeReplyObject(reply);
	}
	return progress;
}

static bool
drained(const struct plan *plan, const struct progress *progress)
{
	if (plan->drain == DRAIN_QUEUE)
		return progress->queued == 0;
	return progress->entries >= plan->count;
}

/* Time counts up to the last news, so that a loss does not look like slowness. */
static int
drain(const struct plan *plan)
{
	redisContext *redis = plan->drain == DRAIN_STREAM ? redis_open(plan->redis) : NULL;
	uint64_t start, now, last_news, done;
	struct progress progress = look(plan, redis), before;
	double seconds;

	if (plan->resume && kill(plan->resume, SIGCONT) < 0)
		bench_die("cannot wake process %d: %s", (int)plan->resume, strerror(errno));
	last_news = start = now = bench_now_ns();
	if (plan->since_ns)
		start = plan->since_ns;
	while (!drained(plan, &progress) && now - last_news < QUIET_NS) {
		before = progress;
		bench_sleep_until(now + DRAIN_POLL_NS);
		progress = look(plan, redis);
		now = bench_now_ns();
		if (progress.entries != before.entries || progress.queued != before.queued)
			last_news = now;
	}
	done = plan->drain == DRAIN_STREAM    ? progress.entries
	       : plan->count > progress.drops ? plan->count - progress.drops
					      : 0;
	seconds = (double)(last_news - start) / 1e9;
	printf("taken=%" PRIu64 " seconds=%.3f rate=%.0f drops=%" PRIu64 " complete=%d\n", done,
	    seconds, seconds > 0 ? (double)done / seconds : 0, progress.drops,
	    drained(plan, &progress));
	redisFree(redis);
	return 0;
}

/* --- options --- */

static const char usage[] =
    "usage: latency --redis PATH --target ADDR:PORT [--prefix P] [--rate N] [--count N]\n"
    "               [--kind K] [--switches N] [--ports N] [--community TEXT]\n"
    "       latency --drain stream --redis PATH --count N [--prefix P] [--udp PORT] [--resume PID] [--since NS]\n"
    "       latency --drain queue --udp PORT --count N [--resume PID] [--since NS]\n"
    "--count is the length of the stream to wait for, or what the burst held. NS is loadgen's start_ns.\n";

static void
bad_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static enum drain
read_drain(const char *text)
{
	if (strcmp(text, "stream") == 0)
		return DRAIN_STREAM;
	if (strcmp(text, "queue") != 0)
		bad_usage();
	return DRAIN_QUEUE;
}

static void
set_option(struct plan *plan, int letter)
{
	switch (letter) {
	case 't':
		plan->target = optarg;
		return;
	case 'R':
		plan->redis = optarg;
		return;
	case 'P':
		plan->prefix = optarg;
		return;
	case 'r':
		plan->rate = bench_number("rate", optarg, 1, 1000000);
		return;
	case 'n':
		plan->count = bench_number("count", optarg, 1, MAX_COUNT);
		return;
	case 'd':
		plan->drain = read_drain(optarg);
		return;
	case 'u':
		plan->udp_port = (unsigned)bench_number("udp", optarg, 1, 65535);
		return;
	case 'o':
		plan->resume = (pid_t)bench_number("resume", optarg, 2, INT32_MAX);
		return;
	case 'S':
		plan->since_ns = bench_number("since", optarg, 1, UINT64_MAX);
		return;
	}
	if (!bench_shape_option(&plan->shape, letter, optarg))
		bad_usage();
}

static bool
complete(const struct plan *plan)
{
	if (strlen(plan->prefix) > MAX_PREFIX)
		return false;
	if (plan->drain == DRAIN_QUEUE)
		return plan->udp_port != 0;
	return plan->redis && (plan->drain == DRAIN_STREAM || plan->target);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		BENCH_SHAPE_OPTIONS,
		{ "target", required_argument, NULL, 't' },
		{ "redis", required_argument, NULL, 'R' },
		{ "prefix", required_argument, NULL, 'P' },
		{ "rate", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'n' },
		{ "drain", required_argument, NULL, 'd' },
		{ "udp", required_argument, NULL, 'u' },
		{ "resume", required_argument, NULL, 'o' },
		{ "since", required_argument, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan plan = {
		.shape = BENCH_SHAPE_DEFAULT, .prefix = "dpwatch:", .rate = 1000, .count = 3000
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(&plan, letter);
	if (optind != argc || !complete(&plan))
		bad_usage();
	snprintf(plan.events_key, sizeof(plan.events_key), "%sevents", plan.prefix);
	return plan.drain == DRAIN_NONE ? measure_latency(&plan) : drain(&plan);
}
