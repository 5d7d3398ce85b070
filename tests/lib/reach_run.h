/*
 * reach_run: two engines and lib/network, to which the same happens: what check_reach plays. Maps are taken by one engine in
 * slices, with events between them; its twin takes each in one step, at the moment in which the other has it in force.
 */
#ifndef DPWATCH_TESTS_LIB_REACH_RUN_H
#define DPWATCH_TESTS_LIB_REACH_RUN_H

#include <stdio.h>
#include <string.h>

#include "core/change_codec.h"
#include "core/engine.h"
#include "lib/model.h"
#include "lib/network.h"

/*
 * What one engine said, as bytes. Of one port the order counts; ports that one event moves, and interfaces, may be told in
 * any order: it hangs on how the reach came about, and extra interfaces have other numbers.
 */
#define RECORDS_MAX 2000
struct record {
	struct arg_buf bytes;
	uint8_t port_id[16]; /* all zero: of no port */
	unsigned place;      /* of a port: so many records were before it */
};
struct said {
	struct arg_buf keys;
	struct record records[RECORDS_MAX];
	unsigned n;
};

struct reach_run {
	struct network net;
	struct engine *engine, *twin;
	struct net_map next; /* what the engine is taking */
	bool taking;
	bool unsettled; /* it is in force, and not all is told yet that it changes; the twin told */
	struct said said, twin_said; /* since then */
	bool words_wait; /* lib/network is not asked: there each word counts when it comes */
	struct model model;
	struct config config;
	int64_t now_us;
	FILE *say;   /* NULL: silent */
	char *wrong; /* what was wrong first; NULL: nothing */
};

/* Notes what is wrong, as by printf. */
#define REACH_WRONG(run, ...)                                \
	do {                                                 \
		char text_[200];                             \
		snprintf(text_, sizeof(text_), __VA_ARGS__); \
		if (!(run)->wrong)                           \
			(run)->wrong = strdup(text_);        \
	} while (0)

/* ---- reach_event.c ---- */
struct engine_time reach_run_now(const struct reach_run *run);
__attribute__((format(printf, 2, 3))) void reach_run_say(
    struct reach_run *run, const char *format, ...);
/* One event, the seed says which; and everything is compared. */
void reach_run_event(struct reach_run *run, uint64_t seed);
/* What is in force has told all that it changes. */
void reach_run_settle(struct reach_run *run);
/* An engine that has the map in force, and is not started. */
struct engine *reach_run_start_anew(struct reach_run *run);

/* ---- reach_compare.c ---- */
void reach_said_clear(struct said *said);
/* Takes out what both say, and compares it. The number of toggles. The model fails where one says what is so already. */
unsigned reach_run_pump(struct reach_run *run);
/* Holds the engine against lib/network. */
void reach_run_compare(struct reach_run *run);

#endif
