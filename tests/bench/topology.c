/*
 * topology: a made-up network of any size, and how long dpwatchd takes with it. scripts/bench-topology runs it.
 *
 * The network: switch 1 is the core, the only root. Below it stand spines, each joined to the core by its Ethernet1/81; below
 * each spine at most 40 leaves, joined by two links (Ethernet1/49 and 1/50). A leaf has 48 hosts on Ethernet1/1 to 1/48 and
 * 500 logical ports on them. So a million ports are 2,000 leaves, 50 spines and 104,100 interfaces. Names and addresses of
 * switches and interfaces are those of bench.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	PORTS_PER_LEAF = 500,
	HOSTS_PER_LEAF = 48,
	LEAVES_PER_SPINE = 40,
	LEAF_UPLINK = 49, /* and the next */
	SPINE_UPLINK = 81,
	PORTS_MAX = 5000000,
	REPLY = 1 << 20,
	PROBES_MAX = 1000000,
};

struct plan {
	unsigned ports;
	const char *api, *redis, *target;
	const char *failure; /* NULL: all of them */
	unsigned repeat;
	uint64_t since_ns; /* 0: from now */
};

static const struct bench_shape shape = BENCH_SHAPE_DEFAULT;

static unsigned
n_leaves(const struct plan *plan)
{
	return (plan->ports + PORTS_PER_LEAF - 1) / PORTS_PER_LEAF;
}

static unsigned
n_spines(const struct plan *plan)
{
	return (n_leaves(plan) + LEAVES_PER_SPINE - 1) / LEAVES_PER_SPINE;
}

/* Numbers of switches: leaf and spine count from 0. */
static unsigned
spine_switch(unsigned spine)
{
	return 2 + spine;
}

static unsigned
leaf_switch(const struct plan *plan, unsigned leaf)
{
	return 2 + n_spines(plan) + leaf;
}

/* --- the document --- */

static void
print_switch(unsigned sw, unsigned interfaces)
{
	struct in_addr address = { .s_addr = bench_switch_address(sw) };
	char name[BENCH_NAME], text[INET_ADDRSTRLEN];

	bench_switch_name(sw, name);
	printf("%s\n  {\"name\": \"%s\", \"addresses\": [\"%s\"], %s\"interfaces\": [",
	    sw > 1 ? "," : "", name, inet_ntop(AF_INET, &address, text, sizeof(text)),
	    sw == 1 ? "\"root\": true, " : "");
	for (unsigned i = 1; i <= interfaces; i++) {
		bench_interface_name(i, name);
		printf("%s{\"name\": \"%s\", \"if_index\": %u}", i > 1 ? ", " : "", name, i);
	}
	printf("]}");
}

static void
print_link(bool first, unsigned a, unsigned a_port, unsigned b, unsigned b_port)
{
	char a_name[BENCH_NAME], b_name[BENCH_NAME], a_if[BENCH_NAME], b_if[BENCH_NAME];

	bench_switch_name(a, a_name);
	bench_switch_name(b, b_name);
	bench_interface_name(a_port, a_if);
	bench_interface_name(b_port, b_if);
	printf("%s\n  {\"a\": \"%s:%s\", \"b\": \"%s:%s\"}", first ? "" : ",", a_name, a_if, b_name,
	    b_if);
}

static void
print_links(const struct plan *plan)
{
	for (unsigned spine = 0; spine < n_spines(plan); spine++)
		print_link(spine == 0, spine_switch(spine), SPINE_UPLINK, 1, spine + 1);
	for (unsigned leaf = 0; leaf < n_leaves(plan); leaf++)
		for (unsigned i = 0; i < 2; i++)
			print_link(false, leaf_switch(plan, leaf), LEAF_UPLINK + i,
			    spine_switch(leaf / LEAVES_PER_SPINE),
			    leaf % LEAVES_PER_SPINE * 2 + 1 + i);
}

static void
print_hosts(const struct plan *plan)
{
	char name[BENCH_NAME], interface[BENCH_NAME];

	for (unsigned leaf = 0; leaf < n_leaves(plan); leaf++) {
		bench_switch_name(leaf_switch(plan, leaf), name);
		for (unsigned host = 1; host <= HOSTS_PER_LEAF; host++) {
			bench_interface_name(host, interface);
			printf("%s\n  {\"name\": \"compute-%u-%u\", \"attachments\": [\"%s:%s\"]}",
			    leaf + host > 1 ? "," : "", leaf, host, name, interface);
		}
	}
}

static void
print_ports(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->ports; i++) {
		unsigned leaf = i / PORTS_PER_LEAF, nth = i % PORTS_PER_LEAF;
		char uuid[BENCH_UUID];
		bench_uuid(leaf, nth, 0, uuid);
		printf(
		    "%s\n  {\"id\": \"%s\", \"name\": \"vm-%u-%u-eth0\", \"project_id\": \"%032x\", \"host\": \"compute-%u-%u\"}",
		    i > 0 ? "," : "", uuid, leaf, nth, i % 1000, leaf, nth % HOSTS_PER_LEAF + 1);
	}
}

static int
make(const struct plan *plan)
{
	printf("{\"switches\": [");
	print_switch(1, n_spines(plan));
	for (unsigned spine = 0; spine < n_spines(plan); spine++)
		print_switch(spine_switch(spine), SPINE_UPLINK);
	for (unsigned leaf = 0; leaf < n_leaves(plan); leaf++)
		print_switch(leaf_switch(plan, leaf), LEAF_UPLINK + 1);
	printf("],\n\"links\": [");
	print_links(plan);
	printf("],\n\"hosts\": [");
	print_hosts(plan);
	printf("],\n\"ports\": [");
	print_ports(plan);
	printf("]}\n");
	return fflush(stdout) == 0 ? 0 : 1;
}

/* --- Redis --- */

static redisContext *
open_redis(const struct plan *plan)
{
	redisContext *redis = redisConnectUnix(plan->redis);

	if (!redis || redis->err)
		bench_die("%s: %s", plan->redis, redis ? redis->errstr : "out of memory");
	return redis;
}

__attribute__((format(printf, 2, 3))) static redisReply *
ask(redisContext *redis, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	redisReply *reply = redisvCommand(redis, format, args);
	va_end(args);
	if (!reply || reply->type == REDIS_REPLY_ERROR)
		bench_die("redis: %s", reply ? reply->str : redis->errstr);
	return reply;
}

/* What reading the map costs a client that does nothing with it. */
static int
hscan(const struct plan *plan)
{
	static const char *const kinds[] = { "switches", "links", "hosts", "ports" };
	redisContext *redis = open_redis(plan);
	uint64_t start = bench_now_ns(), fields = 0;

	for (unsigned kind = 0; kind < 4; kind++) {
		char cursor[32] = "0";
		do {
			redisReply *reply = ask(
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

/* --- HTTP over the daemon's socket, one request after the other --- */

static int
open_api(const struct plan *plan)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", plan->api);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* The whole answer, with its headers. False when the connection ended. */
static bool
get(int fd, const char *path, char reply[REPLY])
{
	char request[128];
	size_t len = 0, whole = REPLY;
	int n =
	    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);

	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	while (len < whole) {
		ssize_t got = recv(fd, reply + len, REPLY - 1 - len, 0);
		if (got <= 0)
			return false;
		len += (size_t)got;
		reply[len] = '\0';
		const char *body = strstr(reply, "\r\n\r\n");
		const char *field = strcasestr(reply, "content-length:");
		if (body && field)
			whole = (size_t)(body + 4 - reply) + strtoul(field + 15, NULL, 10);
	}
	return true;
}

/* The number behind a name in /v1/status; -1: not there, or nobody answers. */
static long long
status_number(int fd, const char *name)
{
	static char reply[REPLY];

	if (!get(fd, "/v1/status", reply))
		return -1;
	const char *at = strstr(reply, name);
	return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static volatile sig_atomic_t ended;

static void
on_term(int signal)
{
	(void)signal;
	ended = 1;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Asks /healthz a thousand times a second until SIGTERM: how long the loop lets others wait. */
static int
probe(const struct plan *plan)
{
	static char reply[REPLY];
	static double ms[PROBES_MAX];
	int fd = open_api(plan);
	size_t n = 0, over_5 = 0, over_10 = 0;

	signal(SIGTERM, on_term);
	/* So that it is the daemon that is measured, where it may. */
	setpriority(PRIO_PROCESS, 0, -10);
	if (fd < 0)
		bench_die("%s: %s", plan->api, strerror(errno));
	for (uint64_t next = bench_now_ns(); !ended && n < PROBES_MAX; next += 1000000) {
		bench_sleep_until(next);
		uint64_t start = bench_now_ns();
		if (!get(fd, "/healthz", reply))
			bench_die("no answer to /healthz");
		ms[n] = (double)(bench_now_ns() - start) / 1e6;
		over_5 += ms[n] > 5;
		over_10 += ms[n++] > 10;
		/* Whoever waits for this line may end it at any time. */
		if (n == 1) {
			puts("probing");
			fflush(stdout);
		}
		if (next + 1000000 < bench_now_ns())
			next = bench_now_ns();
	}
	qsort(ms, n, sizeof(ms[0]), compare);
	if (n > 0)
		printf("probes=%zu p50_ms=%.3f p99_ms=%.3f max_ms=%.3f over_5=%zu over_10=%zu\n", n,
		    ms[n / 2], ms[n * 99 / 100], ms[n - 1], over_5, over_10);
	close(fd);
	return n > 0 ? 0 : 1;
}

/* --- from a start, or from a change in Redis, to a map in force --- */

static int
await_loads(const struct plan *plan, int fd, long long loads, uint64_t start)
{
	while (status_number(fd, "\"topology.loads\":") < loads ||
	       status_number(fd, "\"ports\":") < 0) {
		if (bench_now_ns() - start > 120000000000u)
			bench_die("the map is not in force after 120 s");
		bench_sleep_until(bench_now_ns() + 2000000);
	}
	printf("ms=%.1f\n", (double)(bench_now_ns() - start) / 1e6);
	(void)plan;
	close(fd);
	return 0;
}

static int
await_start(const struct plan *plan)
{
	uint64_t start = plan->since_ns ? plan->since_ns : bench_now_ns();
	int fd;

	while ((fd = open_api(plan)) < 0) {
		if (bench_now_ns() - start > 20000000000u)
			bench_die("%s: %s", plan->api, strerror(errno));
		bench_sleep_until(bench_now_ns() + 2000000);
	}
	return await_loads(plan, fd, 1, start);
}

static int
replace(const struct plan *plan)
{
	redisContext *redis = open_redis(plan);
	int fd = open_api(plan);
	long long loads = status_number(fd, "\"topology.loads\":");
	uint64_t start = bench_now_ns();

	if (loads < 0)
		bench_die("%s: no status", plan->api);
	freeReplyObject(ask(redis, "XADD dpwatch:topology:changes * kind all id all"));
	redisFree(redis);
	return await_loads(plan, fd, loads + 1, start);
}

/* --- from a trap to its toggles --- */

struct clocked {
	const struct plan *plan;
	redisContext *redis;
	struct sockaddr_in target;
	char last_id[48];
};

static void
send_trap(const struct clocked *clocked, unsigned sw, unsigned port, bool down)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = bench_switch_address(sw) };
	uint8_t datagram[BENCH_DATAGRAM];
	size_t len = bench_trap(&shape, datagram, sw, port, down);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
	    sendto(fd, datagram, len, 0, (const struct sockaddr *)&clocked->target,
		sizeof(clocked->target)) != (ssize_t)len)
		bench_die("cannot send a trap: %s", strerror(errno));
	close(fd);
}

/* Waits for n toggles; the times of the first and of the last since the start, in ms. */
static void
await_toggles(
    struct clocked *clocked, unsigned n, uint64_t start, double *ret_first, double *ret_last)
{
	for (unsigned got = 0; got < n;) {
		redisReply *reply = ask(clocked->redis,
		    "XREAD COUNT 1000 BLOCK 5000 STREAMS dpwatch:events %s", clocked->last_id);
		double ms = (double)(bench_now_ns() - start) / 1e6;
		if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0)
			bench_die("only %u of %u toggles came", got, n);
		const redisReply *entries = reply->element[0]->element[1];
		if (got == 0)
			*ret_first = ms;
		*ret_last = ms;
		got += (unsigned)entries->elements;
		snprintf(clocked->last_id, sizeof(clocked->last_id), "%s",
		    entries->element[entries->elements - 1]->element[0]->str);
		freeReplyObject(reply);
	}
}

static double
median(double *values, unsigned n)
{
	qsort(values, n, sizeof(values[0]), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* One interface goes down and up again, several times; what stands behind it is `n` ports. */
static void
clock_failure(struct clocked *clocked, const char *name, unsigned sw, unsigned port, unsigned n)
{
	double first[100], last[100], ignored;

	for (unsigned i = 0; i < clocked->plan->repeat; i++) {
		uint64_t start = bench_now_ns();
		send_trap(clocked, sw, port, true);
		await_toggles(clocked, n, start, &first[i], &last[i]);
		send_trap(clocked, sw, port, false);
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

	send_trap(clocked, sw, LEAF_UPLINK, true);
	clock_failure(clocked, "leaf", sw, LEAF_UPLINK + 1, of_leaf);
	send_trap(clocked, sw, LEAF_UPLINK, false);
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
	struct clocked clocked = { .plan = plan,
		.redis = open_redis(plan),
		.target = bench_address(plan->target),
		.last_id = "$" };
	unsigned leaf = n_leaves(plan) / 2;
	unsigned of_leaf = least(PORTS_PER_LEAF, plan->ports - leaf * PORTS_PER_LEAF);
	redisReply *newest = ask(clocked.redis, "XREVRANGE dpwatch:events + - COUNT 1");

	snprintf(clocked.last_id, sizeof(clocked.last_id), "%s",
	    newest->elements > 0 ? newest->element[0]->element[0]->str : "0-0");
	freeReplyObject(newest);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (!plan->failure || strcmp(plan->failure, failures[i].name) == 0)
			failures[i].play(&clocked, leaf, of_leaf);
	printf("\n");
	redisFree(clocked.redis);
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
	{ "make", make, .ports = true },
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
