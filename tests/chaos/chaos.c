/*
 * chaos: see chaos.h. Ends with status 0 when everything that was promised held, and leaves its folder (with both logs)
 * where it did not.
 */
#include "chaos/chaos.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define S UINT64_C(1000000000)
#define HEAL_S 90

static const char usage[] =
    "usage: chaos --build DIR [--seconds N] [--rate N] [--seed N] [--flushall | --both]\n"
    "Kills, stops and starves a dpwatchd and its redis-server while switches talk, and checks what came of it.\n"
    "--flushall: the daemon lives (and is stopped now and then), and Redis loses everything at times.\n"
    "--both: both are killed while the disk is full, too: what that may lose is counted, and has a bound.\n";

/* What each run is called. */
static const char *const mischief_names[] = {
	[KILL] = "kill -9",
	[KILL_BOTH] = "kill -9, of both while the disk is full",
	[FLUSHALL] = "FLUSHALL",
};

struct options {
	unsigned seconds, rate;
	uint64_t seed;
	enum mischief mischief;
	const char *build;
};

static uint64_t random_state;

unsigned
chance(unsigned n)
{
	/* xorshift64*: the same history for the same seed, as far as two processes can be told when to run. */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned)((random_state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static void
run(struct world *world, const struct options *options)
{
	const uint64_t end_ns = bench_now_ns() + options->seconds * S;

	while (bench_now_ns() < end_ns) {
		uint64_t until_ns = bench_now_ns() + (1 + chance(25)) * S / 10;
		switches_run(until_ns < end_ns ? until_ns : end_ns, options->rate);
		world_hurt(world);
	}
	world_heal(world);
}

/* Waits until every INFORM is answered, and Redis says what is true. */
static bool
settle(struct world *world)
{
	const uint64_t end_ns = bench_now_ns() + HEAL_S * S;

	while (switches_count.waiting > 0 && bench_now_ns() < end_ns)
		switches_run(bench_now_ns() + S / 10, 0);
	switches_say_all();
	while (switches_count.waiting > 0 && bench_now_ns() < end_ns)
		switches_run(bench_now_ns() + S / 10, 0);
	if (switches_count.waiting > 0)
		printf("WRONG %u INFORMs were never answered\n", switches_count.waiting);
	while (!world_agrees(world, false) && bench_now_ns() < end_ns)
		switches_run(bench_now_ns() + S / 10, 0);
	return world_agrees(world, true) && switches_count.waiting == 0;
}

/* What the kernel dropped must be what the daemon says that it dropped, once nothing comes any more. */
static bool
drops_agree(struct world *world)
{
	const uint64_t end_ns = bench_now_ns() + 10 * S;
	uint64_t told, dropped;

	do {
		dropped = world_dropped(world);
		told = world_counter(world, "trap.kernel-drops");
	} while (told != dropped && bench_now_ns() < end_ns &&
		 (switches_run(bench_now_ns() + S / 10, 0), true));
	printf("the kernel dropped %" PRIu64
	       " datagrams of the last dpwatchd, which reported %" PRIu64 "\n",
	    dropped, told);
	if (told != dropped)
		printf("WRONG dpwatchd reported other drops than the kernel\n");
	return told == dropped;
}

/* Redis acknowledges before its last write to disk is done, and puts that off by two seconds at most (redis.conf, appendfsync
 * everysec): so much may be gone when it dies. */
#define REDIS_MAY_LOSE_S 2

struct result {
	uint64_t expected, published, informed_expected, informed_published, gaps, doubles, repeats;
	uint64_t
	    lost; /* INFORMs without a toggle, revisions told twice, ports last told wrongly: where both died */
	unsigned wrong;
};

/* What only the death of both may do to a port. */
static uint64_t
lost_of(unsigned number, const struct world *world)
{
	const struct seen *one = &seen[number];
	uint64_t lost = one->doubles;

	if (world->mischief == FLUSHALL)
		return lost; /* what waited went along with it, and the last word is in the set (world_agrees) */
	if (tells_by_inform(number) && one->n < truth[number].n)
		lost += truth[number].n - one->n;
	return lost + (one->n > 0 && one->down != truth[number].down);
}

/* One port: what was seen against what is true. */
static void
judge_port(unsigned number, const struct world *world, struct result *result)
{
	const struct seen *one = &seen[number];
	const bool informs = tells_by_inform(number);
	const uint64_t lost = lost_of(number, world);
	/* After a FLUSHALL each port that is down is told once more, a repetition for who read before. */
	bool wrong = one->gaps > 0 || one->repeats > world->flushes ||
		     one->n > truth[number].n + one->repeats + one->doubles;

	result->expected += truth[number].n;
	result->published += one->n;
	result->informed_expected += informs ? truth[number].n : 0;
	result->informed_published += informs ? one->n : 0;
	result->gaps += one->gaps;
	result->doubles += one->doubles;
	result->repeats += one->repeats;
	result->lost += lost;
	if (!wrong && (lost == 0 || world->both_died > 0))
		return;
	result->wrong++;
	printf("WRONG switch %u interface %u (%s): %" PRIu64 " transitions, %" PRIu64
	       " toggles, %" PRIu64 " gaps, %" PRIu64 " doubles, %" PRIu64
	       " repeats, truly %s and last told %s\n",
	    number / N_INTERFACES + 1, number % N_INTERFACES + 1, informs ? "INFORM" : "trap",
	    truth[number].n, one->n, one->gaps, one->doubles, one->repeats,
	    truth[number].down ? "down" : "up", one->down ? "down" : "up");
}

/* Where both died, what may be lost has a bound. */
static bool
loss_is_bounded(const struct world *world, unsigned rate, uint64_t lost)
{
	const uint64_t most = (uint64_t)world->both_died * REDIS_MAY_LOSE_S * rate;

	if (world->mischief != KILL_BOTH)
		return true;
	printf("both died %u times about a full disk: %" PRIu64 " lost, at most %" PRIu64 "\n",
	    world->both_died, lost, most);
	if (lost > most)
		printf("WRONG more is lost than Redis may lose\n");
	return lost <= most;
}

static void
report(const struct world *world, const struct result *result, uint64_t folded)
{
	printf(
	    "killed: dpwatchd %u, redis %u; stopped: dpwatchd %u, redis %u; disk filled %u, FLUSHALL %u\n",
	    world->kills_daemon, world->kills_redis, world->daemon_stops, world->stops,
	    world->fills, world->flushes);
	printf("INFORMs %" PRIu64 ", answered %" PRIu64 ", repeated %" PRIu64 "; traps %" PRIu64
	       ", of them late %" PRIu64 ", twice %" PRIu64 "\n",
	    switches_count.informs, switches_count.answered, switches_count.repeated,
	    switches_count.traps, switches_count.delayed, switches_count.duplicated);
	printf("transitions %" PRIu64 ", toggles expected %" PRIu64 ", published %" PRIu64
	       ", folded %" PRIu64 "\n",
	    switches_count.transitions, result->expected, result->published, folded);
	/* A FLUSHALL takes away what the reader has not seen yet; and what is told again for it counts as published. */
	printf("%s: INFORM %" PRId64 ", trap %" PRId64 "; gaps %" PRIu64 ", doubles %" PRIu64
	       ", repeats %" PRIu64 "\n",
	    world->flushes > 0 ? "expected less published" : "lost",
	    (int64_t)(result->informed_expected - result->informed_published),
	    (int64_t)(result->expected - result->informed_expected) -
		(int64_t)(result->published - result->informed_published),
	    result->gaps, result->doubles, result->repeats);
}

static void
take_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "build", required_argument, NULL, 'b' },
		{ "seconds", required_argument, NULL, 's' },
		{ "rate", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 'S' },
		{ "flushall", no_argument, NULL, 'f' },
		{ "both", no_argument, NULL, '2' },
		{ NULL, 0, NULL, 0 },
	};

	for (int letter; (letter = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (letter == 'b')
			options->build = optarg;
		else if (letter == 's')
			options->seconds = (unsigned)bench_number("seconds", optarg, 1, 86400);
		else if (letter == 'r')
			options->rate = (unsigned)bench_number("rate", optarg, 1, 100000);
		else if (letter == 'S')
			options->seed = bench_number("seed", optarg, 1, INT64_MAX);
		else if (letter == 'f')
			options->mischief = FLUSHALL;
		else if (letter == '2')
			options->mischief = KILL_BOTH;
		else
			options->build = NULL, optind = argc + 1;
	}
	if (optind != argc || !options->build) {
		fputs(usage, stderr);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct options options = { .seconds = 40, .rate = 400, .seed = (uint64_t)time(NULL) };
	struct world world = { 0 };
	struct result result = { 0 };
	char command[120];

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN); /* hiredis writes to a Redis that was just killed */
	take_options(argc, argv, &options);
	random_state = options.seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	world.build = options.build;
	world.mischief = options.mischief;
	world_open(&world);
	printf("%s, %u s, about %u transitions a second, seed %" PRIu64 "\n",
	    mischief_names[options.mischief], options.seconds, options.rate, options.seed);
	switches_open(world.snmp_port);
	reader_start(world.redis);
	run(&world, &options);
	bool good = settle(&world);
	reader_stop();
	good = drops_agree(&world) && good;
	const uint64_t folded = world_counter(&world, "out.folded");
	int status = world_close(&world);
	if (status != 0)
		printf("WRONG dpwatchd ended with status %d\n", status);
	for (unsigned number = 0; number < N_PORTS; number++)
		judge_port(number, &world, &result);
	report(&world, &result, folded);
	good = loss_is_bounded(&world, options.rate, result.lost) && good;
	good = good && status == 0 && result.wrong == 0;
	snprintf(command, sizeof(command), "rm -rf '%s' 2>/dev/null", world.dir);
	if (!good)
		printf("the logs are in %s\n", world.dir);
	else if (system(command) != 0)
		printf("%s could not be removed\n", world.dir);
	printf("%d passed, %d failed\n", good, !good);
	return !good;
}
