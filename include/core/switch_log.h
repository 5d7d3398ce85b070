/*
 * switch_log: what each switch of the map said last, and what was refused from it (core), for `dpwatch doctor`.
 *
 * Rows are kept by the switch's name, so that they outlive a new map; each is made when its switch first speaks. Times are
 * wall-clock labels, microseconds since 1970 UTC; 0 is never.
 */
#ifndef DPWATCH_CORE_SWITCH_LOG_H
#define DPWATCH_CORE_SWITCH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/link_event.h"
#include "core/stats.h"

/* So many switches are kept; of more nothing is noted, and they are counted. */
#define SWITCH_LOG_MAX 16384
#define SWITCH_LOG_TEXT 64
/* Kinds of refusals kept of one switch; there are fewer. */
#define SWITCH_LOG_REFUSALS 24

/* The last event of a source. */
struct switch_word {
	int64_t at_us;
	char rule[SWITCH_LOG_TEXT];      /* the rule or notification that spoke */
	char interface[SWITCH_LOG_TEXT]; /* "": it named none, or by index alone */
	uint32_t if_index;
	enum engine_verdict verdict;
};

struct switch_refusal {
	enum stats_counter why;
	uint64_t n;
	int64_t last_us;
};

struct switch_notes {
	struct switch_word trap, line;
	int trap_version;                     /* of the last trap: 1, 2 (v2c) or 3; 0: none yet */
	int64_t other_trap_us, other_line_us; /* the last that was no link event */
	/* Words that told their interface by ifIndex alone: a restart may move it. */
	uint64_t n_index_only;
	/* Words whose interface could not be found. */
	uint64_t n_no_interface;
	struct switch_word no_interface;
	/* Of the last line with a time that can be compared: how far it was ahead of its receipt. */
	int64_t clock_us; /* when; 0: no line had one */
	int64_t ahead_us;
	/* When it was last over its bucket (core/overload.h), and words of it that were not counted for that. */
	int64_t over_us;
	uint64_t n_folded, n_dropped;
	struct switch_refusal refusals[SWITCH_LOG_REFUSALS];
	size_t n_refusals;
};

struct switch_log;

struct switch_log *switch_log_new(void);
void switch_log_free(struct switch_log *log);

/* Of a switch that was never heard: NULL. */
const struct switch_notes *switch_log_get(const struct switch_log *log, const char *name);

/* An event of that switch and what became of it. `version` is the trap's, 0 for a line. */
void switch_log_event(struct switch_log *log, const char *name, int version,
    const struct link_event *event, enum engine_verdict verdict, int64_t wall_us);

/* A trap or line that is no link event. */
void switch_log_other(
    struct switch_log *log, const char *name, enum link_source source, int64_t wall_us);

/* A datagram or connection from one of its addresses that was refused, and the counter of why. */
void switch_log_refused(
    struct switch_log *log, const char *name, enum stats_counter why, int64_t wall_us);

/* It is over its bucket; and what that cost in the end. */
void switch_log_over(struct switch_log *log, const char *name, int64_t wall_us);
void switch_log_lost_words(
    struct switch_log *log, const char *name, uint64_t n_folded, uint64_t n_dropped);

/* Switches of which nothing could be kept. */
uint64_t switch_log_lost(const struct switch_log *log);

#endif
