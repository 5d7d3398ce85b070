/*
 * topology: a made-up network of any size (topology.h), and how long dpwatchd takes with it. scripts/bench-topology runs it.
 */
#include "topology.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "toggles.h"

enum {
	PORTS_MAX = 5000000,
};

/* What reading the map costs a client that does nothing with it. */
static int
hscan(const struct plan *plan)
{
	static const char *const kinds[] = { "switches", "links", "hosts", "ports" };
	redisContext *redis = redis_open(plan->redis);
	uint64_t start = bench_now_ns(), fields = 0;

	for (unsigned kind = 0; kind < 4; kind++) {
		char cursor[32] = "0";
		do {
			redisReply *reply = redis_ask(
			    redis, "HSCAN dpwatch:topology:%s %s COUNT 500", kinds[kind], cursor);
			snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
			fields += reply->element[1]->elements / 2;
			freeReplyObject(reply);
		} while (strcmp(cursor, "0") != 0);
	}
	printf("records=%" PRIu64 " ms=%.1f\n", fields, (double)(bench_now_ns() - start) / 1e6);
	redisFree(redis);
	return 0;
}

/* --- from a trap to its toggles --- */

struct clocked {
	const struct plan *plan;
	struct toggles toggles;
};

/* Waits for n toggles; the times of the first and of the last since the start, in ms. */
static void
await_toggles(
    struct clocked *clocked, unsigned n, uint64_t start, double *ret_first, double *ret_last)
{
	for (unsigned got = 0; got < n;) {
		unsigned came = toggles_read(&clocked->toggles, n - got);
		*ret_last = (double)(clocked->toggles.read_ns - start) / 1e6;
		if (got == 0)
			*ret_first = *ret_last;
		got += came;
	}
}

/* One interface goes down and up again, several times; what stands behind it is `n` ports. */
static void
clock_failure(struct clocked *clocked, const char *name, unsigned sw, unsigned port, unsigned n)
{
	double first[100], last[100], ignored;

	for (unsigned i = 0; i < clocked->plan->repeat; i++) {
		toggles_ask(&clocked->toggles);
		uint64_t start = bench_now_ns();
		toggles_send(&clocked->toggles, sw, port, true);
		await_toggles(clocked, n, start, &first[i], &last[i]);
		toggles_send(&clocked->toggles, sw, port, false);
		await_toggles(clocked, n, start, &ignored, &ignored);
	}
	printf("%s_ports=%u %s_first_ms=%.3f %s_last_ms=%.3f ", name, n, name,
	    median(first, clocked->plan->repeat), name, median(last, clocked->plan->repeat));
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void
fail_access(struct clocked *clocked, unsigned leaf, unsigned of_leaf)
{
	unsigned on_host = (of_leaf + HOSTS_PER_LEAF - 1) / HOSTS_PER_LEAF;

	clock_failure(clocked, "access", leaf_switch(clocked->plan, leaf), 1, on_host);
}

/* The first of the two uplinks goes without a toggle, as it comes back. */
static void
fail_leaf(struct clocked *clocked, unsigned leaf, unsigned of_leaf)
{
	unsigned sw = leaf_switch(clocked->plan, leaf);

	toggles_send(&clocked->toggles, sw, LEAF_UPLINK, true);
	clock_failure(clocked, "leaf", sw, LEAF_UPLINK + 1, of_leaf);
	toggles_send(&clocked->toggles, sw, LEAF_UPLINK, false);
}

static void
fail_spine(struct clocked *clocked, unsigned leaf, unsigned of_leaf)
{
	const struct plan *plan = clocked->plan;
	unsigned spine = n_spines(plan) / 2, before = spine * LEAVES_PER_SPINE * PORTS_PER_LEAF;

	(void)leaf, (void)of_leaf;
	clock_failure(clocked, "spine", spine_switch(spine), SPINE_UPLINK,
	    least(LEAVES_PER_SPINE * PORTS_PER_LEAF, plan->ports - before));
}

static const struct {
	const char *name;
	void (*play)(struct clocked *clocked, unsigned leaf, unsigned of_leaf);
} failures[] = { { "access", fail_access }, { "leaf", fail_leaf }, { "spine", fail_spine } };

static int
events(const struct plan *plan)
{
	struct clocked clocked = { .plan = plan };
	unsigned leaf = n_leaves(plan) / 2;
	unsigned of_leaf = least(PORTS_PER_LEAF, plan->ports - leaf * PORTS_PER_LEAF);

	toggles_open(&clocked.toggles, plan->redis, plan->target);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (!plan->failure || strcmp(plan->failure, failures[i].name) == 0)
			failures[i].play(&clocked, leaf, of_leaf);
	printf("\n");
	toggles_close(&clocked.toggles);
	return 0;
}

/* --- options --- */

static const char usage[] =
    "usage: topology make --ports N                        the document, on stdout\n"
    "       topology hscan --redis PATH                    a bare client reads the hashes\n"
    "       topology start --api PATH [--since NS]         until a map is in force\n"
    "       topology replace --api PATH --redis PATH       until the map was read again\n"
    "       topology probe --api PATH                      /healthz at 1 kHz, until SIGTERM\n"
    "       topology events --redis PATH --target ADDR:PORT --ports N [--repeat N]\n"
    "         [--failure access|leaf|spine]                all of them by default\n"
    "       topology clock                                 the clock of --since, in ns\n";

static int
print_clock(const struct plan *plan)
{
	(void)plan;
	printf("%" PRIu64 "\n", bench_now_ns());
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(const struct plan *plan);
	bool ports, api, redis, target;
} commands[] = {
	{ "make", make_map, .ports = true },
	{ "hscan", hscan, .redis = true },
	{ "start", await_start, .api = true },
	{ "replace", replace, .api = true, .redis = true },
	{ "probe", probe, .api = true },
	{ "events", events, .redis = true, .target = true, .ports = true },
	{ "clock", print_clock, .ports = false },
};

static void
set_option(struct plan *plan, int letter)
{
	switch (letter) {
	case 'p':
		plan->ports = (unsigned)bench_number("ports", optarg, 1, PORTS_MAX);
		return;
	case 'a':
		plan->api = optarg;
		return;
	case 'R':
		plan->redis = optarg;
		return;
	case 't':
		plan->target = optarg;
		return;
	case 'n':
		plan->repeat = (unsigned)bench_number("repeat", optarg, 1, 100);
		return;
	case 'f':
		plan->failure = optarg;
		return;
	case 'S':
		plan->since_ns = bench_number("since", optarg, 1, UINT64_MAX);
		return;
	}
	fputs(usage, stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ports", required_argument, NULL, 'p' },
		{ "api", required_argument, NULL, 'a' },
		{ "redis", required_argument, NULL, 'R' },
		{ "target", required_argument, NULL, 't' },
		{ "repeat", required_argument, NULL, 'n' },
		{ "failure", required_argument, NULL, 'f' },
		{ "since", required_argument, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan plan = { .repeat = 5 };
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(&plan, letter);
	for (size_t i = 0; optind + 1 == argc && i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *command = &commands[i];
		if (strcmp(argv[optind], command->name) == 0 && (!command->ports || plan.ports) &&
		    (!command->api || plan.api) && (!command->redis || plan.redis) &&
		    (!command->target || plan.target))
			return command->run(&plan);
	}
	fputs(usage, stderr);
	return 2;
}
