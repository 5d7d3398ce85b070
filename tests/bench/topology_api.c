/*
 * The daemon as its HTTP socket shows it: how long others wait, and when a map is in force.
 */
#include "topology.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "toggles.h"

enum {
	REPLY = 1 << 20,
	PROBES_MAX = 1000000,
};

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

/* Asks /healthz a thousand times a second until SIGTERM: how long the loop lets others wait. */
int
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
	qsort(ms, n, sizeof(ms[0]), compare_doubles);
	if (n > 0)
		printf("probes=%zu p50_ms=%.3f p99_ms=%.3f max_ms=%.3f over_5=%zu over_10=%zu\n", n,
		    ms[n / 2], ms[n * 99 / 100], ms[n - 1], over_5, over_10);
	close(fd);
	return n > 0 ? 0 : 1;
}

/* --- from a start, or from a change in Redis, to a map in force --- */

static int
await_loads(int fd, long long loads, uint64_t start)
{
	while (status_number(fd, "\"topology.loads\":") < loads ||
	       status_number(fd, "\"ports\":") < 0) {
		if (bench_now_ns() - start > 120000000000u)
			bench_die("the map is not in force after 120 s");
		bench_sleep_until(bench_now_ns() + 2000000);
	}
	printf("ms=%.1f\n", (double)(bench_now_ns() - start) / 1e6);
	close(fd);
	return 0;
}

int
await_start(const struct plan *plan)
{
	uint64_t start = plan->since_ns ? plan->since_ns : bench_now_ns();
	int fd;

	while ((fd = open_api(plan)) < 0) {
		if (bench_now_ns() - start > 20000000000u)
			bench_die("%s: %s", plan->api, strerror(errno));
		bench_sleep_until(bench_now_ns() + 2000000);
	}
	return await_loads(fd, 1, start);
}

int
replace(const struct plan *plan)
{
	redisContext *redis = redis_open(plan->redis);
	int fd = open_api(plan);
	long long loads = status_number(fd, "\"topology.loads\":");
	uint64_t start = bench_now_ns();

	if (loads < 0)
		bench_die("%s: no status", plan->api);
	freeReplyObject(redis_ask(redis, "XADD dpwatch:topology:changes * kind all id all"));
	redisFree(redis);
	return await_loads(fd, loads + 1, start);
}
