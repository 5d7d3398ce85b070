/*
 * scenario_play: what the files of the scenario runner share; private to them.
 */
#ifndef DPWATCH_TESTS_LIB_SCENARIO_PLAY_H
#define DPWATCH_TESTS_LIB_SCENARIO_PLAY_H

#include <check.h>
#include <jansson.h>

#include "core/dedup.h"
#include "core/engine.h"
#include "core/overload.h"
#include "model.h"

#define SCENARIO_WORDS 24
/* 2024-05-01T00:00:00Z */
#define SCENARIO_START_US INT64_C(1714521600000000)

struct scenario {
	const char *path;
	unsigned line,
	    action_line; /* of what is read, and of what brought forth the pending changes */
	struct config config;
	struct engine *engine;
	struct model model, saved;
	char *topology; /* the document in force; NULL: none yet */
	char *coming;   /* the one that is being taken; NULL: none */
	unsigned slices,
	    n_slices;    /* of it that are done before the next action; and that it took */
	bool too_far;    /* so many that it was in force before that */
	int64_t now_us;  /* since the start */
	int64_t boot_us; /* added to it: the engine's clock */
	int64_t wall_us; /* added to it: the wall clock */
	const char *words[SCENARIO_WORDS]; /* of the line, ended by NULL */
	json_t *pending;           /* changes: { "head": "toggle vm1 true", "fields": { ... } } */
	struct overload *overload; /* NULL: without buckets */
	bool busy;
	struct dedup *dedup; /* of words with a digest; NULL: there were none */
	json_t *changes;     /* "SWITCH:INTERFACE" -> how often it changed */
	bool ignore_interface, ignore_hash, ignore_redundancy, ignore_toggle;
};

/* Fails the test, naming file and line. */
#define SCENARIO_FAIL(s, format, ...) \
	ck_abort_msg("%s:%u: " format, (s)->path, (s)->line, __VA_ARGS__)

struct engine_time scenario_time(const struct scenario *s);

/* "10s" of a wall-clock label; "" for 0. */
const char *scenario_when(const struct scenario *s, int64_t us, char buf[40]);

/* The value of KEY=VALUE among the words, or NULL. */
const char *scenario_option(const struct scenario *s, const char *key);
bool scenario_flag(const struct scenario *s, const char *word);
int64_t scenario_duration_us(const struct scenario *s, const char *text);
uint32_t scenario_port(const struct scenario *s, const char *name);

/* Takes the line's KEY=VALUE into s->config. */
void scenario_config(struct scenario *s);

/* ---- scenario_act.c: lines that do something; words[0] says what ---- */
void scenario_act(struct scenario *s);
void scenario_set_topology(struct scenario *s, const char *document);
/* A fresh engine from what Redis holds. */
void scenario_start_engine(struct scenario *s);

/* ---- scenario_expect.c ---- */
/* Takes out what the engine decided, into Redis and into `pending`. */
void scenario_pump(struct scenario *s);
void scenario_expect(struct scenario *s);
void scenario_view(struct scenario *s);
void scenario_changes(const struct scenario *s);
void scenario_check_nothing_pending(struct scenario *s);

#endif
