/*
 * toggles: what the benchmark's programs need that send a trap and read its toggles off the events stream: a connection to
 * Redis over its socket, one trap of one switch, the stream from where it ended, and the middle of what was measured.
 * Each of them ends the program (bench_die) where it cannot go on.
 */
#ifndef TESTS_BENCH_TOGGLES_H
#define TESTS_BENCH_TOGGLES_H

#include <hiredis/hiredis.h>

#include "bench.h"

enum {
	TOGGLES_ID = 48, /* an entry's id: two 20-digit numbers and a dash */
};

/* A connection to the Redis at this socket; redisFree() ends it. */
redisContext *redis_open(const char *path);

/* The answer to the oldest command that was appended and has none yet; the caller's. An error is none. */
redisReply *redis_answer(redisContext *redis);

/* Asks one command (hiredis format), while none is under way, and waits for its answer; the caller's. */
__attribute__((format(printf, 2, 3))) redisReply *redis_ask(
    redisContext *redis, const char *format, ...);

/* The id of a stream's newest entry; "0-0" where it has none. */
void redis_newest_id(redisContext *redis, const char *stream, char id[TOGGLES_ID]);

/* Where traps go to, and toggles come from. */
struct toggles {
	redisContext *redis;
	struct sockaddr_in target;
	char last_id[TOGGLES_ID]; /* the entry that was read last */
	uint64_t read_ns;         /* when its answer began to come (bench_now_ns) */
	bool asked;               /* toggles_ask(), and nothing was read since */
};

/* Toggles count from here on: what the stream has already is passed over. target is "ADDR:PORT". */
void toggles_open(struct toggles *toggles, const char *redis_path, const char *target);
void toggles_close(struct toggles *toggles);

/* Sends one trap of a switch of bench.h about its interface; community "public". */
void toggles_send(const struct toggles *toggles, unsigned sw, unsigned port, bool down);

/* Waits in Redis from now on, as a consumer does when something happens; toggles_read() takes the answer. */
void toggles_ask(struct toggles *toggles);

/* Waits for the next toggles, and asks where nobody did: at least 1, at most 1000; how many came. Dies after 5 s without any, saying that n are missing. */
unsigned toggles_read(struct toggles *toggles, unsigned n);

/* Of qsort: doubles, the least first. */
int compare_doubles(const void *a, const void *b);

/* Sorts them; n is at least 1. */
double median(double *values, size_t n);

#endif
