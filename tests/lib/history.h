/*
 * history: what truly happens to the interfaces of a small network, and who tells it, when and how badly: random, from a seed.
 * For the model check of "Which word to believe" (tests/check_histories.c).
 *
 * Two leaves with two access interfaces and up to two uplinks each; the uplinks are plain, or members of an aggregate that
 * needs one or two of them. Four ports, of which each has one or two access interfaces. Times are microseconds since the
 * start, in whole milliseconds.
 */
#ifndef DPWATCH_TESTS_LIB_HISTORY_H
#define DPWATCH_TESTS_LIB_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/config.h"
#include "core/link_event.h"

#define MS INT64_C(1000)
#define S INT64_C(1000000)

#define LEAVES 2
#define ACCESS 2
#define UPLINKS 2
#define BUNDLE (ACCESS + UPLINKS) /* the aggregate's place in its leaf */
#define PER_LEAF (BUNDLE + 1)
#define INTERFACES (LEAVES * PER_LEAF)
#define PORTS 4
#define TRANSITIONS_MAX 6 /* of one interface: fewer than the echoes that are kept */
#define OVERRIDES_MAX 3
#define RESTARTS_MAX 3
#define STEPS_MAX (INTERFACES * TRANSITIONS_MAX * 6)
#define TOGGLES_MAX (INTERFACES * TRANSITIONS_MAX)

/* Who tells what; see tests/check_histories.c. */
enum regime { REGIME_TRAPS, REGIME_SYSLOG, REGIME_RELAY, REGIME_LATE, REGIME_LOSSY, REGIME_MAX };
extern const char *const regime_names[REGIME_MAX];

enum step_kind {
	STEP_WORD,
	STEP_BOOT,    /* coldStart of a leaf's agent, its traps' sysUpTime begins anew */
	STEP_RESTART, /* of the daemon, from what Redis holds */
	STEP_OVERRIDE,
};

/* Something that the daemon hears, or that happens to it. */
struct step {
	int64_t at_us;
	enum step_kind kind;
	bool left_out;
	bool needed; /* a word of the source that tells it all */
	uint8_t interface, leaf, override;
	/* STEP_WORD */
	int64_t true_us; /* of what it tells */
	bool up, shut, syslog, stamped, relayed;
	enum link_layer layer;
	uint32_t uptime_cs;
	uint64_t digest; /* of a trap */
	/* STEP_RESTART: the engine's clock begins anew as well */
	bool reboot;
};

struct truth {
	int64_t at_us[TRANSITIONS_MAX]; /* down, up, down, ... */
	bool shut[TRANSITIONS_MAX];     /* of a down: an operator's */
	uint8_t n;
	bool left_out;
};

struct history {
	uint64_t seed;
	enum regime regime;
	bool uplink[LEAVES][UPLINKS]; /* which are there */
	uint8_t min_links[LEAVES];    /* 0: the uplinks are plain */
	int64_t aggregate_us[LEAVES]; /* how much later than its member an aggregate tells */
	uint8_t attached[PORTS][2];   /* interfaces; the same twice: one path */
	struct truth truth[INTERFACES];
	struct {
		int64_t boot_us;  /* of its agent; 0: it does not boot */
		int64_t began_us; /* before that: sysUpTime at the start */
		int64_t trap_lag_us;
	} leaf[LEAVES];
	struct {
		uint8_t interface;
		bool up;
		int64_t at_us, until_us;
		bool left_out;
	} overrides[OVERRIDES_MAX];
	unsigned n_overrides;
	struct step steps[STEPS_MAX];
	unsigned n_steps;
	int64_t latency_us, end_us;
	/* How the daemon is configured (design.md, [state]); only where all is told exactly. */
	int64_t down_delay_us, up_delay_us;
	bool dampening;   /* half-life 5 s, reuse 1000, suppress 2000, at most 20 s */
	bool ignore_shut; /* admin_down = ignore */
};

/* Who is told to be to blame: an interface's number, or one of these. */
enum { BLAMED_NOT_DOWN = -1, BLAMED_OTHER = -2 };

/* What ports and interfaces do. */
struct outcome {
	struct {
		int64_t at_us[TOGGLES_MAX];
		unsigned n;
	} ports[PORTS];
	unsigned changes[INTERFACES];
	bool is_down[INTERFACES]; /* as told last */
	bool down[PORTS];
	/* Whom the ports blame, between the steps. */
	struct {
		int64_t at_us;
		int8_t of_port[PORTS];
	} blames[STEPS_MAX];
	unsigned n_blames;
};

/* Whether the source that tells it all tells it in time, so that what is published is exactly what happens. */
bool history_is_exact(const struct history *history);
bool history_has(const struct history *history, unsigned interface);
const char *history_interface_name(unsigned interface);

/* ---- history_make.c ---- */
void history_make(struct history *history, uint64_t seed);
/* One that no trap had before. */
uint64_t history_new_digest(void);
/* A new number for each trap: what was heard in one playing is no duplicate in the next. */
void history_renumber(struct history *history);

/* ---- history_truth.c ---- */
/* What is published where every transition counts, latency_us after it. */
void history_evaluate(const struct history *history, struct outcome *ret_outcome);
/*
 * The same where the moments of reuse lie a little earlier (negative) or later: a history that then has another outcome hangs
 * on a rounding, and says nothing.
 */
void history_evaluate_shifted(
    const struct history *history, int64_t shift_us, struct outcome *ret_outcome);
/* Whether each port that was down blamed an interface that kept one of its paths down then. Where all is told exactly. */
bool history_blames_are_true(const struct history *history, const struct outcome *told);

/* ---- history_play.c ---- */
/*
 * What an engine publishes of it: before the switches are asked, and after. Fails the test where a toggle says what is so
 * already, or a restart has something to say.
 */
void history_play(const struct history *history, const struct config *config,
    struct outcome *ret_told, struct outcome *ret_asked);

/* ---- history_say.c ---- */
/* The topology document; with `shorthand`, ids as scenario files write them. */
void history_put_topology(const struct history *history, bool shorthand, FILE *out);
/* As a scenario file that fails as the history does. */
void history_put_scenario(const struct history *history, FILE *out);

#endif
