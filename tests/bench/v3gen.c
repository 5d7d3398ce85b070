/*
 * v3gen: the traffic of loadgen as SNMPv3 (SHA, AES-128, user "bench"), from one engine or thousands; or a flood of messages
 * that prove nothing: random communities, and random engines with a digest that is not theirs.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/v3_sender.h"

#define ENGINES_MAX 32768
#define FLOOD_SOURCES 64
#define CHUNK 64

static const char usage[] =
    "usage: v3gen --target ADDR:PORT --count N [--rate N] [--engines N] [--flood] [--repeat-state]\n"
    "             [--switches N] [--ports N]\n"
    "Sends as user \"bench\", SHA \"bench auth\", AES \"bench priv\". --rate 0 (the default) sends as fast as it goes.\n";

struct plan {
	struct bench_shape shape;
	struct sockaddr_in target;
	uint64_t count, rate;
	unsigned engines;
	bool flood;
};

static struct v3_user user;
static struct v3_engine engines[ENGINES_MAX];
static int sockets[BENCH_MAX_SWITCHES + 1]; /* by switch, or by flood source */

static int
open_socket(in_addr_t from, const struct sockaddr_in *target)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = from };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	    connect(fd, (const struct sockaddr *)target, sizeof(*target)) < 0)
		bench_die("socket: %s", strerror(errno));
	return fd;
}

static void
open_sockets(const struct plan *plan)
{
	if (plan->flood)
		for (unsigned i = 0; i < FLOOD_SOURCES; i++)
			sockets[i] = open_socket(htonl(0x7fc80001 + i), &plan->target);
	else
		for (unsigned sw = 1; sw <= plan->shape.switches; sw++)
			sockets[sw] = open_socket(bench_switch_address(sw), &plan->target);
}

/* The PDU of a v2c trap of loadgen's, in a scope. */
static struct v3_writer
scoped_pdu(const struct bench_shape *shape, const struct v3_engine *engine, unsigned sw,
    unsigned port, bool down)
{
	uint8_t datagram[BENCH_DATAGRAM];
	size_t len = bench_trap(shape, datagram, sw, port, down);
	const uint8_t *pdu = memchr(datagram, 0xa7, len);
	struct v3_writer scoped = { .len = 0 };
	size_t at = v3_begin(&scoped, 0x30);

	v3_put_element(&scoped, 0x04, engine->id, sizeof(engine->id));
	v3_put_element(&scoped, 0x04, "", 0);
	v3_put(&scoped, pdu, len - (size_t)(pdu - datagram));
	v3_end(&scoped, at);
	return scoped;
}

static uint32_t
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec;
}

static void
send_one(int fd, const void *bytes, size_t len)
{
	if (send(fd, bytes, len, 0) < 0 && errno != ECONNREFUSED && errno != ENOBUFS)
		bench_die("send: %s", strerror(errno));
}

static void
send_trap(const struct plan *plan, uint64_t nth)
{
	const struct v3_engine *engine = &engines[nth % plan->engines];
	static uint32_t first_id;
	struct v3_trap trap = { .time = seconds_now() };
	unsigned sw, port;
	bool down;

	if (first_id == 0)
		first_id = (uint32_t)(bench_now_ns() / 1000) & 0x3fffffff;
	trap.msg_id = (first_id + (uint32_t)nth) & 0x7fffffff;
	bench_nth(&plan->shape, nth, &sw, &port, &down);
	struct v3_writer message =
	    v3_wrap(&user, engine, &trap, scoped_pdu(&plan->shape, engine, sw, port, down));
	send_one(sockets[sw], message.bytes, message.len);
}

/* Four octets of it are random: cheap to make, and new each time. By turns a community and an engine. */
static void
send_stranger(const struct plan *plan, uint64_t nth)
{
	static struct v3_writer message;
	static uint8_t trap[BENCH_DATAGRAM], *id;
	static size_t trap_len;
	uint32_t random = (uint32_t)(nth * 2654435761u);
	int fd = sockets[nth / 2 % FLOOD_SOURCES];

	if (message.len == 0) {
		struct v3_trap first = { .time = 1, .msg_id = 1 };
		message = v3_wrap(
		    &user, &engines[0], &first, scoped_pdu(&plan->shape, &engines[0], 1, 1, true));
		id = memmem(message.bytes, message.len, engines[0].id, V3_ENGINE_ID);
		trap_len = bench_trap(&plan->shape, trap, 1, 1, true);
	}
	if (nth % 2 == 0) {
		v3_put_be32(trap + BENCH_TRAP_COMMUNITY_LEN + 1, random);
		send_one(fd, trap, trap_len);
	} else {
		v3_put_be32(id + V3_ENGINE_ID - 4, random);
		send_one(fd, message.bytes, message.len);
	}
}

static void
run(const struct plan *plan)
{
	uint64_t start = bench_now_ns(), sent = 0;

	while (sent < plan->count) {
		for (unsigned i = 0; i < CHUNK && sent < plan->count; i++, sent++) {
			if (plan->flood)
				send_stranger(plan, sent);
			else
				send_trap(plan, sent);
		}
		if (plan->rate > 0)
			bench_sleep_until(
			    start + (uint64_t)((double)sent * 1e9 / (double)plan->rate));
	}
	double seconds = (double)(bench_now_ns() - start) / 1e9;
	printf("sent=%" PRIu64 " seconds=%.3f rate=%.0f start_ns=%" PRIu64 "\n", sent, seconds,
	    (double)sent / seconds, start);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		BENCH_SHAPE_OPTIONS,
		{ "target", required_argument, NULL, 't' },
		{ "rate", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'n' },
		{ "engines", required_argument, NULL, 'e' },
		{ "flood", no_argument, NULL, 'f' },
		{ "repeat-state", no_argument, NULL, 'R' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan plan = { .shape = BENCH_SHAPE_DEFAULT, .engines = 1 };
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 't')
			plan.target = bench_address(optarg);
		else if (letter == 'r')
			plan.rate = bench_number("rate", optarg, 0, 100000000);
		else if (letter == 'n')
			plan.count = bench_number("count", optarg, 1, UINT32_MAX);
		else if (letter == 'e')
			plan.engines = (unsigned)bench_number("engines", optarg, 1, ENGINES_MAX);
		else if (letter == 'f')
			plan.flood = true;
		else if (letter == 'R')
			plan.shape.repeat_state = true;
		else if (!bench_shape_option(&plan.shape, letter, optarg))
			break;
	}
	if (letter != -1 || optind != argc || plan.count == 0 || plan.target.sin_port == 0) {
		fputs(usage, stderr);
		return 2;
	}
	user = v3_user("bench", "bench auth", "bench priv");
	for (unsigned i = 0; i < plan.engines; i++)
		engines[i] = v3_engine(&user, i + 1, 1);
	open_sockets(&plan);
	run(&plan);
	return 0;
}
