/*
 * floor: the least that a receiver with dpwatch's contract can do, to hold the
 * daemon against. recvmmsg, take switch, interface and direction from fixed places,
 * and write it (floor_writes.h); one MULTI/EXEC for each received batch. No decoding, no
 * topology, no state, no decision; times are formatted once for a batch.
 * With --behind N a datagram stands for N logical ports, as an uplink does.
 *
 * One thread and one poll over {UDP, Redis}. What is under way to Redis is
 * bounded: past the window the kernel's receive buffer is the queue. Replies are
 * only counted, never built (hiredis does that if it is given no functions).
 */
#include "floor_writes.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	WANT_BUFFER = 32 << 20,  /* bytes asked for; the kernel doubles it */
	MAX_BATCHES = 2048,      /* under way; each is at least 2 commands */
	TOGGLES_PER_BATCH = 256, /* of one datagram: dpwatchd's */
	MAX_BEHIND = 100000,
	DRAIN_NS = 2000000000, /* for the last replies at the end */
};

/* Sent with one EXEC. */
struct batch {
	unsigned toggles, commands;
};

struct floor {
	int udp;
	redisContext *redis;
	const char *prefix;
	unsigned batch_max, window;
	unsigned behind; /* logical ports behind an interface */
	bool receive_only;

	struct writer writer;
	struct names *names[BENCH_MAX_SWITCHES + 1][BENCH_MAX_PORTS + 1];
	struct mmsghdr messages[BENCH_BATCH];
	struct iovec iov[BENCH_BATCH];
	struct sockaddr_in from[BENCH_BATCH];
	uint8_t bytes[BENCH_BATCH][BENCH_DATAGRAM];

	struct toggle many; /* the datagram whose ports are being written ... */
	unsigned left;      /* ... and how many of them are not yet */

	struct batch batches[MAX_BATCHES]; /* ring: those under way */
	unsigned first_batch, n_batches;
	unsigned replies;   /* had of the first batch */
	unsigned under_way; /* commands */

	uint64_t received, written, strange;
};

static volatile sig_atomic_t stop;

static void
on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

/* --- from datagrams to toggles --- */

static struct names *
names_new(const struct floor *floor, unsigned sw, unsigned port)
{
	struct names *names = calloc(floor->behind, sizeof(*names));

	if (!names)
		bench_die("out of memory");
	for (unsigned nth = 0; nth < floor->behind; nth++)
		names_fill(&floor->writer, sw, port, nth, &names[nth]);
	return names;
}

static bool
read_toggle(struct floor *floor, unsigned i, struct toggle *ret)
{
	unsigned sw = bench_switch_of(floor->from[i].sin_addr.s_addr), port;

	if (sw == 0 || !bench_read(floor->bytes[i], floor->messages[i].msg_len, &port, &ret->down))
		return false;
	if (!floor->names[sw][port])
		floor->names[sw][port] = names_new(floor, sw, port);
	ret->names = floor->names[sw][port];
	ret->source = floor->bytes[i][0] == '<' ? "syslog" : "trap";
	return true;
}

static void
format_now(char *text, size_t size)
{
	struct timespec ts;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, size, "%s.%06ldZ", date, ts.tv_nsec / 1000);
}

static void
end_batch(struct floor *floor)
{
	const struct writer *writer = &floor->writer;

	writer_end(&floor->writer);
	floor->batches[(floor->first_batch + floor->n_batches++) % MAX_BATCHES] =
	    (struct batch){ writer->toggles, writer->commands };
	floor->under_way += writer->commands;
}

static void
write_batch(struct floor *floor, unsigned n)
{
	struct toggle toggle;
	char now[64];

	format_now(now, sizeof(now));
	writer_begin(&floor->writer);
	for (unsigned i = 0; i < n; i++) {
		floor->received++;
		if (!read_toggle(floor, i, &toggle)) {
			floor->strange++;
			continue;
		}
		writer_add_interface(&floor->writer, &toggle, now);
		writer_add_toggle(&floor->writer, &toggle, now, floor->received);
		floor->many = toggle;
		floor->left = floor->behind - 1;
	}
	end_batch(floor);
}

/* The next of the ports behind an interface. */
static void
write_more(struct floor *floor)
{
	char now[64];

	format_now(now, sizeof(now));
	writer_begin(&floor->writer);
	for (unsigned i = 0; i < TOGGLES_PER_BATCH && floor->left > 0; i++, floor->left--) {
		floor->many.names++;
		writer_add_toggle(&floor->writer, &floor->many, now, floor->received);
	}
	end_batch(floor);
}

/* Returns how many datagrams were there; a wake-up without any is no error. */
static unsigned
receive(struct floor *floor, int flags)
{
	int n;

	for (unsigned i = 0; i < floor->batch_max; i++)
		floor->messages[i].msg_hdr.msg_namelen = sizeof(floor->from[i]);
	n = recvmmsg(floor->udp, floor->messages, floor->batch_max, flags, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		bench_die("recvmmsg: %s", strerror(errno));
	return n > 0 ? (unsigned)n : 0;
}

/* --- Redis --- */

/* The only thing looked at in a reply: error or not, also inside an EXEC's array. */
static uint64_t reply_errors;

static void *
count_reply(const redisReadTask *task, char *text, size_t len)
{
	if (task->type == REDIS_REPLY_ERROR && reply_errors++ == 0)
		fprintf(stderr, "floor: redis answers: %.*s\n", (int)len, text);
	return (void *)(uintptr_t)task->type;
}

static redisReplyObjectFunctions count_only = { .createString = count_reply };

static void
take_reply(struct floor *floor)
{
	const struct batch *batch = &floor->batches[floor->first_batch];

	floor->under_way--;
	if (++floor->replies < batch->commands)
		return;
	floor->replies = 0;
	floor->written += batch->toggles;
	floor->first_batch = (floor->first_batch + 1) % MAX_BATCHES;
	floor->n_batches--;
}

static void
read_replies(struct floor *floor)
{
	void *reply = NULL;

	if (redisBufferRead(floor->redis) != REDIS_OK)
		bench_die("redis: %s", floor->redis->errstr);
	while (redisGetReplyFromReader(floor->redis, &reply) == REDIS_OK && reply)
		take_reply(floor);
}

/* Returns true when all was written. */
static bool
flush(struct floor *floor)
{
	int done = 0;

	if (redisBufferWrite(floor->redis, &done) != REDIS_OK)
		bench_die("redis: %s", floor->redis->errstr);
	return done;
}

static void
connect_redis(struct floor *floor, const char *path)
{
	floor->redis = redisConnectUnixNonBlock(path);
	if (!floor->redis || floor->redis->err)
		bench_die("%s: %s", path, floor->redis ? floor->redis->errstr : "out of memory");
	floor->redis->reader->fn = &count_only;
	writer_init(&floor->writer, floor->redis, floor->prefix);
}

/* --- loops --- */

static void
run(struct floor *floor)
{
	bool flushed = true;
	uint64_t give_up = 0;

	while (!stop || floor->under_way > 0) {
		bool room = !stop && floor->under_way < floor->window;
		struct pollfd fds[] = {
			{ .fd = floor->udp, .events = room && floor->left == 0 ? POLLIN : 0 },
			{ .fd = floor->redis->fd, .events = flushed ? POLLIN : POLLIN | POLLOUT },
		};
		unsigned n;

		if (stop && give_up == 0)
			give_up = bench_now_ns() + DRAIN_NS;
		if (stop && bench_now_ns() > give_up)
			break;
		if (poll(fds, 2, 100) <= 0)
			continue;
		if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
			read_replies(floor);
		if ((fds[0].revents & POLLIN) && (n = receive(floor, MSG_DONTWAIT)) > 0) {
			write_batch(floor, n);
			flushed = false;
		}
		for (; floor->left > 0 && floor->under_way < floor->window; flushed = false)
			write_more(floor);
		if (!flushed)
			flushed = flush(floor);
	}
}

static void
run_receive_only(struct floor *floor)
{
	while (!stop)
		floor->received += receive(floor, MSG_WAITFORONE);
}

/* --- the socket --- */

static void
open_udp(struct floor *floor, const char *listen)
{
	struct sockaddr_in address = bench_address(listen);
	struct timeval timeout = { .tv_usec = 100000 }; /* to see `stop` */
	int want = WANT_BUFFER;

	floor->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (floor->udp < 0 ||
	    bind(floor->udp, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(floor->udp, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		bench_die("%s: %s", listen, strerror(errno));
	if (setsockopt(floor->udp, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof(want)) < 0)
		(void)setsockopt(floor->udp, SOL_SOCKET, SO_RCVBUF, &want, sizeof(want));
	for (unsigned i = 0; i < BENCH_BATCH; i++) {
		floor->iov[i] = (struct iovec){ floor->bytes[i], sizeof(floor->bytes[i]) };
		floor->messages[i].msg_hdr = (struct msghdr){
			.msg_iov = &floor->iov[i],
			.msg_iovlen = 1,
			.msg_name = &floor->from[i],
		};
	}
}

static unsigned
buffer_size(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len);
	return (unsigned)size;
}

static unsigned
kernel_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_DROPS];
}

static void
print_result(const struct floor *floor)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("received=%" PRIu64 " written=%" PRIu64 " strange=%" PRIu64 " errors=%" PRIu64
	       " drops=%u cpu=%.3f\n",
	    floor->received, floor->written, floor->strange, reply_errors, kernel_drops(floor->udp),
	    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static const char usage_text[] =
    "usage: floor --listen ADDR:PORT (--redis PATH [--prefix P] | --receive-only) [--batch N] [--window N] [--behind N]\n"
    "Until SIGTERM; then prints what it received and wrote as name=value.\n";

static void
parse_options(
    struct floor *floor, int argc, char **argv, const char **ret_listen, const char **ret_redis)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "redis", required_argument, NULL, 'r' },
		{ "prefix", required_argument, NULL, 'p' },
		{ "receive-only", no_argument, NULL, 'o' },
		{ "batch", required_argument, NULL, 'b' },
		{ "window", required_argument, NULL, 'w' },
		{ "behind", required_argument, NULL, 'B' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'l')
			*ret_listen = optarg;
		else if (letter == 'r')
			*ret_redis = optarg;
		else if (letter == 'p' && strlen(optarg) <= MAX_PREFIX)
			floor->prefix = optarg;
		else if (letter == 'o')
			floor->receive_only = true;
		else if (letter == 'b')
			floor->batch_max = (unsigned)bench_number("batch", optarg, 1, BENCH_BATCH);
		else if (letter == 'w')
			floor->window = (unsigned)bench_number("window", optarg, 1, 8192);
		else if (letter == 'B')
			floor->behind = (unsigned)bench_number("behind", optarg, 1, MAX_BEHIND);
		else
			goto bad;
	}
	/* Each datagram is written out before the next is read. */
	if (floor->behind > 1)
		floor->batch_max = 1;
	if (optind == argc && *ret_listen && (*ret_redis || floor->receive_only))
		return;
bad:
	fputs(usage_text, stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	static struct floor floor = {
		.prefix = "dpwatch:", .batch_max = BENCH_BATCH, .window = 1024, .behind = 1
	};
	struct sigaction action = { .sa_handler = on_signal };
	const char *listen = NULL, *redis = NULL;

	parse_options(&floor, argc, argv, &listen, &redis);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	open_udp(&floor, listen);
	if (!floor.receive_only)
		connect_redis(&floor, redis);
	printf("ready buffer=%u\n", buffer_size(floor.udp));
	fflush(stdout);
	if (floor.receive_only)
		run_receive_only(&floor);
	else
		run(&floor);
	print_result(&floor);
	redisFree(floor.redis);
	return 0;
}
