/*
 * growth: what an event costs dpwatchd on networks of any size. scripts/bench-topology --growth runs it.
 *
 * The network: switch 1 is the core, the only root, and every other switch a leaf with a link to it and eight hosts. A port
 * stands alone on each of the hosts 1 to 7, leaf after leaf, as long as there are any; the others are spread over the hosts
 * number 8. An event is about one of the former: exactly one toggle, however large the network is. Events go round over at
 * most PLAYED of them, from one end of the network to the other, each of which has been spoken of before it is measured.
 *
 * The map is written to Redis as its hashes; the daemon reads it when it starts.
 */
#include "toggles.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	HOSTS = 8, /* of a leaf; the last has no port of its own */
	UPLINK = 9,
	LEAVES_MAX = 20000,
	PORTS_MAX = 5000000,
	UNDER_WAY = 500, /* commands that are not yet answered, and events that have not yet come */
	PLAYED = 5000,
	SINGLES = 500,
};

struct plan {
	const char *redis_path, *target;
	unsigned leaves, ports, count;
	pid_t pid; /* of the daemon */
};

/* --- the map --- */

static unsigned
n_singles(const struct plan *plan)
{
	const unsigned most = plan->leaves * (HOSTS - 1);

	return plan->ports < most ? plan->ports : most;
}

static unsigned
n_played(const struct plan *plan)
{
	return n_singles(plan) < PLAYED ? n_singles(plan) : PLAYED;
}

/* Where port number i stands. */
static void
place(const struct plan *plan, unsigned i, unsigned *ret_leaf, unsigned *ret_host)
{
	*ret_leaf = 2 + i % plan->leaves;
	*ret_host = i < n_singles(plan) ? 1 + i / plan->leaves : HOSTS;
}

struct fill {
	redisContext *redis;
	unsigned under_way;
};

static void
settle(struct fill *fill)
{
	for (; fill->under_way > 0; fill->under_way--)
		freeReplyObject(redis_answer(fill->redis));
}

__attribute__((format(printf, 4, 5))) static void
put(struct fill *fill, const char *kind, const char *field, const char *format, ...)
{
	char json[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(json, sizeof(json), format, args);
	va_end(args);
	redisAppendCommand(fill->redis, "HSET dpwatch:topology:%s %s %s", kind, field, json);
	if (++fill->under_way == UNDER_WAY)
		settle(fill);
}

/* Its field names the ends in the order of their bytes: "bench-sw-10:" comes before "bench-sw-1:". */
static void
put_link(struct fill *fill, unsigned sw, const char *name)
{
	char core[BENCH_NAME * 2], leaf[BENCH_NAME * 2], field[BENCH_NAME * 4 + 1];

	snprintf(core, sizeof(core), "bench-sw-1:Ethernet1/%u", sw);
	snprintf(leaf, sizeof(leaf), "%s:Ethernet1/%d", name, UPLINK);
	const bool core_first = strcmp(core, leaf) < 0;
	snprintf(field, sizeof(field), "%s|%s", core_first ? core : leaf, core_first ? leaf : core);
	put(fill, "links", field, "{\"a\":\"%s\",\"b\":\"%s\"}", core, leaf);
}

static void
put_leaf(struct fill *fill, unsigned sw)
{
	struct in_addr address = { .s_addr = bench_switch_address(sw) };
	char name[BENCH_NAME], text[INET_ADDRSTRLEN], interfaces[600], host[40];
	size_t len = 0;

	bench_switch_name(sw, name);
	for (unsigned i = 1; i <= UPLINK; i++)
		len += (size_t)snprintf(interfaces + len, sizeof(interfaces) - len,
		    "%s{\"name\":\"Ethernet1/%u\",\"if_index\":%u}", i > 1 ? "," : "", i, i);
	put(fill, "switches", name, "{\"name\":\"%s\",\"addresses\":[\"%s\"],\"interfaces\":[%s]}",
	    name, inet_ntop(AF_INET, &address, text, sizeof(text)), interfaces);
	put_link(fill, sw, name);
	for (unsigned i = 1; i <= HOSTS; i++) {
		snprintf(host, sizeof(host), "compute-%u-%u", sw, i);
		put(fill, "hosts", host, "{\"name\":\"%s\",\"attachments\":[\"%s:Ethernet1/%u\"]}",
		    host, name, i);
	}
}

static void
put_port(struct fill *fill, const struct plan *plan, unsigned i)
{
	unsigned leaf, host;
	char id[BENCH_UUID];

	place(plan, i, &leaf, &host);
	snprintf(id, sizeof(id), "be5c0001-0000-4000-8000-%012x", i);
	put(fill, "ports", id,
	    "{\"id\":\"%s\",\"name\":\"vm-%u-eth0\",\"project_id\":\"%032x\",\"host\":\"compute-%u-%u\"}",
	    id, i, i % 1000, leaf, host);
}

static int
fill_redis(const struct plan *plan)
{
	struct fill fill = { .redis = redis_open(plan->redis_path) };

	redisAppendCommand(fill.redis, "FLUSHALL");
	fill.under_way++;
	put(&fill, "switches", "bench-sw-1",
	    "{\"name\":\"bench-sw-1\",\"addresses\":[\"127.1.0.1\"],\"root\":true}");
	for (unsigned leaf = 0; leaf < plan->leaves; leaf++)
		put_leaf(&fill, 2 + leaf);
	for (unsigned i = 0; i < plan->ports; i++)
		put_port(&fill, plan, i);
	settle(&fill);
	redisFree(fill.redis);
	return 0;
}

/* --- events --- */

struct events {
	const struct plan *plan;
	struct toggles toggles;
	unsigned sent;
};

static void
send_next(struct events *events)
{
	const unsigned singles = n_singles(events->plan), n = n_played(events->plan);
	unsigned leaf, host;

	place(events->plan, events->sent % n * (singles / n), &leaf, &host);
	toggles_send(&events->toggles, leaf, host, events->sent / n % 2 == 0);
	events->sent++;
}

static void
await(struct events *events, unsigned n)
{
	while (n > 0) {
		unsigned came = toggles_read(&events->toggles, n);
		if (came > n)
			bench_die("more toggles than events");
		n -= came;
	}
}

/* The median of the times from a trap to its toggle, one after the other, in us. */
static double
one_by_one(struct events *events)
{
	static double us[SINGLES];

	for (unsigned i = 0; i < SINGLES; i++) {
		uint64_t start = bench_now_ns();
		send_next(events);
		await(events, 1);
		us[i] = (double)(events->toggles.read_ns - start) / 1e3;
	}
	return median(us, SINGLES);
}

static double
cpu_us(pid_t pid)
{
	char path[64];
	double ns = 0;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	FILE *file = fopen(path, "r");
	if (!file || fscanf(file, "%lf", &ns) != 1)
		bench_die("%s: %s", path, strerror(errno));
	fclose(file);
	return ns / 1e3;
}

static void
play_round(struct events *events, unsigned count)
{
	for (unsigned n; count > 0; count -= n) {
		n = count < UNDER_WAY ? count : UNDER_WAY;
		for (unsigned i = 0; i < n; i++)
			send_next(events);
		await(events, n);
	}
}

static int
play(const struct plan *plan)
{
	struct events events = { .plan = plan };

	toggles_open(&events.toggles, plan->redis_path, plan->target);
	play_round(&events, n_played(plan));
	double p50_us = one_by_one(&events), before_us = cpu_us(plan->pid);
	play_round(&events, plan->count);
	printf("p50_us=%.0f cpu_us=%.2f\n", p50_us, (cpu_us(plan->pid) - before_us) / plan->count);
	toggles_close(&events.toggles);
	return 0;
}

/* --- options --- */

static const char usage[] =
    "usage: growth fill --redis PATH --leaves N --ports N\n"
    "       growth play --redis PATH --leaves N --ports N --target ADDR:PORT --pid PID [--count N]\n"
    "fill writes a map; play prints p50_us, trap to toggle one by one, and cpu_us of the daemon for a toggle.\n";

static void
set_option(struct plan *plan, int letter)
{
	switch (letter) {
	case 'r':
		plan->redis_path = optarg;
		return;
	case 't':
		plan->target = optarg;
		return;
	case 'l':
		plan->leaves = (unsigned)bench_number("leaves", optarg, 1, LEAVES_MAX);
		return;
	case 'p':
		plan->ports = (unsigned)bench_number("ports", optarg, 1, PORTS_MAX);
		return;
	case 'n':
		plan->count = (unsigned)bench_number("count", optarg, 1, 1000000);
		return;
	case 'P':
		plan->pid = (pid_t)bench_number("pid", optarg, 1, INT32_MAX);
		return;
	}
	fputs(usage, stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "redis", required_argument, NULL, 'r' },
		{ "target", required_argument, NULL, 't' },
		{ "leaves", required_argument, NULL, 'l' },
		{ "ports", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'n' },
		{ "pid", required_argument, NULL, 'P' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan plan = { .count = 10000 };
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(&plan, letter);
	const char *command = optind + 1 == argc ? argv[optind] : "";
	const bool whole = plan.redis_path && plan.leaves && plan.ports;
	if (whole && strcmp(command, "fill") == 0)
		return fill_redis(&plan);
	if (whole && plan.target && plan.pid && strcmp(command, "play") == 0)
		return play(&plan);
	fputs(usage, stderr);
	return 2;
}
