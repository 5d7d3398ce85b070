/*
 * A model check of "Which word to believe" (design.md): random true histories of interfaces (tests/lib/history.h), told by traps
 * and by syslog with loss, duplication, reordering and delay, over random small networks with and without aggregates, with
 * agents that boot, a sysUpTime that wraps, overrides, and a daemon that restarts in the middle.
 *
 *   TRAPS   traps tell it all, at once; syslog lags up to 50 s and loses lines, perhaps through a relay: every port toggles as
 *           it truly did, and in the instant in which the trap came
 *   SYSLOG  the same the other way round: lines at once, traps late and lost
 *   RELAY   lines alone, through a relay that delays all by up to ten minutes, and sends old ones again: the same
 *   LATE    lines tell it all, but up to 50 s late; traps come at once and are lost: in the end all is as it truly is, and
 *           no interface changed more often (a flap that is over before a line at odds with a trap has settled is hidden)
 *   LOSSY   both lose, traps overtake each other and come twice: no interface changes more often than it truly did, and
 *           when the switches were asked, everything is as it is
 *
 * A failure prints its seed, and what is left of it after shrinking is a scenario file, which fails as it does:
 *   build/tests/check_scenarios FILE
 *   DPWATCH_SEED=n   that one history      DPWATCH_CASES=n   as many, from there on
 */
#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/history.h"
#include "lib/run_suite.h"

#define CASES 100000

static struct config config;

/* A moment of reuse is known to some milliseconds: Redis keeps penalties with one decimal. */
#define ROUNDING_US (5 * MS)

/* What differs, or NULL. */
static const char *
differing(const struct history *history, const struct outcome *truth, const struct outcome *told,
    const struct outcome *asked)
{
	const bool exact = history_is_exact(history);

	for (unsigned i = 0; i < INTERFACES; i++) {
		if (asked->changes[i] > truth->changes[i])
			return "an interface changed more often than it truly did";
		if (exact && told->changes[i] != truth->changes[i])
			return "an interface changed less often than it truly did";
	}
	if (exact && !history_blames_are_true(history, told))
		return "a port that is down blames what keeps none of its paths down";
	for (unsigned port = 0; port < PORTS; port++) {
		if (asked->down[port] != truth->down[port])
			return "a port is not as it truly is";
		if (history->regime != REGIME_LOSSY && told->down[port] != truth->down[port])
			return "a port is not as it truly is before anybody was asked";
		if (exact && told->ports[port].n != truth->ports[port].n)
			return "a port did not toggle as often as it truly did";
		for (unsigned i = 0; exact && i < truth->ports[port].n; i++)
			if (llabs(told->ports[port].at_us[i] - truth->ports[port].at_us[i]) >
			    (history->dampening ? ROUNDING_US : 0))
				return "a port toggled at another time";
	}
	return NULL;
}

static bool
hangs_on_a_rounding(const struct history *history, const struct outcome *truth)
{
	static struct outcome shifted;

	for (int64_t shift_us = -ROUNDING_US; shift_us <= ROUNDING_US;
	     shift_us += 2 * ROUNDING_US) {
		history_evaluate_shifted(history, shift_us, &shifted);
		if (memcmp(shifted.changes, truth->changes, sizeof(shifted.changes)) != 0)
			return true;
		for (unsigned port = 0; port < PORTS; port++)
			if (shifted.ports[port].n != truth->ports[port].n)
				return true;
	}
	return false;
}

static const char *
play(const struct history *history)
{
	static struct outcome truth, told, asked;

	history_evaluate(history, &truth);
	if (history->dampening && hangs_on_a_rounding(history, &truth))
		return NULL;
	history_play(history, &config, &told, &asked);
	return differing(history, &truth, &told, &asked);
}

/* What one playing heard is no duplicate in the next. */
static const char *
play_again(struct history *history)
{
	history_renumber(history);
	return play(history);
}

/* Tries to do without something. */
static void
leave_out(struct history *history, bool *left_out)
{
	*left_out = true;
	if (!play_again(history))
		*left_out = false;
}

/* Leaves out interfaces, overrides, and then whatever need not be told. */
static void
shrink(struct history *history)
{
	for (unsigned i = 0; i < INTERFACES; i++)
		if (history->min_links[i / PER_LEAF] == 0 || i % PER_LEAF < ACCESS)
			leave_out(history, &history->truth[i].left_out);
	for (unsigned i = 0; i < history->n_overrides; i++)
		leave_out(history, &history->overrides[i].left_out);
	for (unsigned i = 0; i < history->n_steps; i++)
		if (!history->steps[i].needed && history->steps[i].kind != STEP_OVERRIDE)
			leave_out(history, &history->steps[i].left_out);
}

/* Returns the name of the file, in static room. */
static const char *
write_scenario(const struct history *history)
{
	static char path[4096];
	const char *build = getenv("BUILD");

	snprintf(path, sizeof(path), "%s/tests/history-%llu.scn", build && *build ? build : "build",
	    (unsigned long long)history->seed);
	FILE *out = fopen(path, "we");
	ck_assert_msg(out != NULL, "%s cannot be written", path);
	history_put_scenario(history, out);
	ck_assert_int_eq(fclose(out), 0);
	return path;
}

static void
try_case(uint64_t seed, unsigned n_by_regime[REGIME_MAX])
{
	static struct history history;

	history_make(&history, seed);
	n_by_regime[history.regime]++;
	if (!play(&history))
		return;
	shrink(&history);
	ck_abort_msg("DPWATCH_SEED=%llu (%s): %s; see %s", (unsigned long long)seed,
	    regime_names[history.regime], play_again(&history), write_scenario(&history));
}

static unsigned long
from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

START_TEST(what_is_published_is_what_truly_happened)
{
	unsigned long seed = from_environment("DPWATCH_SEED", 1);
	unsigned long cases = from_environment("DPWATCH_CASES", getenv("DPWATCH_SEED") ? 1 : CASES);
	unsigned n_by_regime[REGIME_MAX] = { 0 };

	ck_assert_int_eq(config_defaults(&config), 0);
	/* Engines come and go: their larger parts are not to be mapped each time. */
	mallopt(M_MMAP_THRESHOLD, 64 * 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
	for (unsigned long i = 0; i < cases; i++)
		try_case(seed + i, n_by_regime);
	printf("%lu histories from seed %lu on:", cases, seed);
	for (int i = 0; i < REGIME_MAX; i++)
		printf(" %s %u", regime_names[i], n_by_regime[i]);
	putchar('\n');
	config_release(&config);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("model");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, what_is_published_is_what_truly_happened);
	return run_case("histories", tcase);
}
