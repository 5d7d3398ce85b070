/*
 * floor_writes: what design.md ("Redis contract") asks for one access toggle, as commands of one MULTI/EXEC, without any
 * thought: the port's hash, the `down` set, the interface's hash, an `events` and a `link-events` entry.
 */
#ifndef TESTS_BENCH_FLOOR_WRITES_H
#define TESTS_BENCH_FLOOR_WRITES_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench.h"

enum {
	MAX_PREFIX = 64,
};

/* Texts of one logical port, made when its interface is first heard of. */
struct names {
	char port_key[MAX_PREFIX + 48];
	char interface_key[MAX_PREFIX + 48];
	char uuid[BENCH_UUID];
	char port_name[BENCH_NAME];
	char project_id[BENCH_UUID];
	char sw[BENCH_NAME];
	char interface[BENCH_NAME];
	char if_index[BENCH_NAME];
};

/* What a datagram says: of the ports behind an interface, in a row. */
struct toggle {
	const struct names *names;
	bool down;
	const char *source;
};

/* Where commands are appended to. Dies when there is no memory. */
struct writer {
	redisContext *redis;
	const char *prefix; /* borrowed; of at most MAX_PREFIX bytes */
	char down_key[MAX_PREFIX + 16], events_key[MAX_PREFIX + 16],
	    link_events_key[MAX_PREFIX + 16];
	unsigned commands, toggles; /* since writer_begin(), MULTI and EXEC included */
};

void writer_init(struct writer *writer, redisContext *redis, const char *prefix);

void names_fill(
    const struct writer *writer, unsigned sw, unsigned port, unsigned nth, struct names *names);

void writer_begin(struct writer *writer);
void writer_end(struct writer *writer);

/* Of the interface, once for all ports behind it; and of a port alone. `now` is the time as RFC 3339 text. */
void writer_add_interface(struct writer *writer, const struct toggle *toggle, const char *now);
void writer_add_toggle(
    struct writer *writer, const struct toggle *toggle, const char *now, uint64_t revision);

#endif
