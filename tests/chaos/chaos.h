/*
 * The chaos run: a real dpwatchd and a real redis-server that are killed, stopped and starved while switches with a known
 * history talk, and a reader listens. Like the benchmark it uses nothing of the product: it looks at it from outside.
 *
 *   chaos.c     the command line, the run, and what is checked at its end
 *   world.c     the two servers, and what is done to them
 *   switches.c  who sends: the true history, traps and INFORMs
 *   reader.c    who listens: XREAD of the events stream
 */
#ifndef TESTS_CHAOS_CHAOS_H
#define TESTS_CHAOS_CHAOS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/bench.h"

enum {
	N_SWITCHES = 16,
	N_INTERFACES = 16, /* of each switch; one logical port on each */
	N_PORTS = N_SWITCHES * N_INTERFACES,
};

/* A port's number: of the interface with the number `port` (from 1) of switch `sw` (from 1). */
static inline unsigned
port_number(unsigned sw, unsigned port)
{
	return (sw - 1) * N_INTERFACES + port - 1;
}

/* Even ones tell each transition by an INFORM, the others by a trap. */
static inline bool
tells_by_inform(unsigned number)
{
	return number % 2 == 0;
}

/* ---- switches.c ---- */

struct switches_count {
	uint64_t transitions, informs, answered, repeated, traps, duplicated, delayed;
	unsigned waiting; /* INFORMs without an answer */
};
extern struct switches_count switches_count;

/* What is true: whether the interface is down, and how often it changed. */
struct truth {
	bool down;
	uint64_t n;
};
extern struct truth truth[N_PORTS];

void switches_open(uint16_t port);
/* Lets things happen until then: transitions at this rate (a second), repetitions, and late datagrams. */
void switches_run(uint64_t until_ns, unsigned rate);
/* Every interface says once more, by an INFORM, how it is: what traps lost is made good. */
void switches_say_all(void);

/* ---- reader.c ---- */

/* What the reader saw of a port. */
struct seen {
	uint64_t n, last_revision;
	bool down;
	uint64_t gaps, doubles; /* revisions left out, or told again */
	uint64_t repeats;       /* told the state that was told before */
};
extern struct seen seen[N_PORTS];

void reader_start(const char *socket_path);
/* FLUSHALL, in one step with reading what nobody has read yet: what is then missing was never there. Whether it was done. */
bool reader_flush(void);
/* Reads what is left, and ends. */
void reader_stop(void);

/* ---- world.c ---- */

/* What a run does beside stopping and starving. */
enum mischief {
	KILL,      /* daemon and Redis die, but not both about the time of a full disk */
	KILL_BOTH, /* ... also then: what Redis acknowledged last may be nowhere else */
	FLUSHALL, /* Redis loses everything at times; the daemon does not die, but is stopped until its small buffer drops */
};

struct world {
	enum mischief mischief;
	char dir[80], redis[100], api[100], state[100];
	uint16_t snmp_port;
	pid_t daemon, server; /* 0: not running */
	bool can_fill, filled;
	/* While the disk is full, and for two turns after, a Redis that loses what it acknowledged gets it from the daemon, or
	 * from its journal; where both have died nobody has it. `died`: who did meanwhile. */
	unsigned careful;
	enum { NOBODY, DAEMON, REDIS } died;
	const char *build;
	unsigned kills_daemon, kills_redis, stops, daemon_stops, fills, flushes;
	unsigned both_died; /* how often, then, the second of them died */
};

/* Makes the folder, starts both, and loads the map. */
void world_open(struct world *world);
/* Does something bad, and repairs something of what is broken. */
void world_hurt(struct world *world);
/* Everything runs again. */
void world_heal(struct world *world);
/* Whether exactly the ports that are truly down are in Redis's set, and their hashes say so too. */
bool world_agrees(struct world *world, bool say);
/* A counter of /v1/status; 0 where it is not told. */
uint64_t world_counter(struct world *world, const char *name);
/* What the kernel dropped of the daemon's traps, since it was started. */
uint64_t world_dropped(const struct world *world);
/* Stops both in good order; the daemon's exit status. */
int world_close(struct world *world);

/* A number below n (at least 1). The seed is printed by main. */
unsigned chance(unsigned n);

#endif
