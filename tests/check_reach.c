/*
 * reach and the verdicts above it, held against lib/network: random maps, random events, and after each event everything
 * compared. Maps are taken in slices with events between them; a twin, which takes each map in one step at the moment in
 * which the other has it in force, must say the same, byte by byte. A failure prints the seed and the events that are left
 * after shrinking.
 *   DPWATCH_SEED=n   runs the one case of that seed      DPWATCH_CASES=n   as many cases of 100 events, from there on
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/reach_run.h"
#include "lib/run_suite.h"

#define EVENTS 100
#define CASES 1000

/* Plays the events that are not left out; what was wrong (the caller's), or NULL. */
static char *
play(uint64_t seed, const bool *left_out, FILE *out)
{
	struct reach_run run = { .say = out };
	struct random random = { seed };
	struct net_map map;

	ck_assert_int_eq(config_defaults(&run.config), 0);
	/* Which word to believe is not the question here, but what waits carries over from map to map as well. */
	run.words_wait = seed % 4 == 3;
	if (!run.words_wait)
		run.config.state.source_settle_ms = run.config.state.echo_window_ms = 0;
	model_init(&run.model);
	net_map_random(&map, &random);
	network_set_map(&run.net, &map);
	run.engine = reach_run_start_anew(&run);
	run.twin = reach_run_start_anew(&run);
	engine_start(run.engine, reach_run_now(&run));
	engine_start(run.twin, reach_run_now(&run));
	for (unsigned i = 0; i < EVENTS && !run.wrong; i++)
		if (!left_out[i])
			reach_run_event(&run, seed * EVENTS + i);
	reach_run_settle(&run);
	if (!run.wrong)
		model_check(&run.model, run.engine);
	if (out && run.wrong) {
		json_t *document = net_map_document(&run.net.map);
		json_dumpf(document, out, JSON_INDENT(1));
		fprintf(out, "\n%s\n", run.wrong);
		json_decref(document);
	}
	engine_free(run.engine);
	engine_free(run.twin);
	reach_said_clear(&run.said);
	reach_said_clear(&run.twin_said);
	model_release(&run.model);
	config_release(&run.config);
	return run.wrong;
}

/* Leaves out whatever can be, and plays what remains aloud. */
static void
shrink(uint64_t seed)
{
	bool left_out[EVENTS] = { false };

	for (unsigned run = EVENTS / 2; run > 0; run /= 2) {
		for (unsigned i = 0; i + run <= EVENTS; i++) {
			bool saved[EVENTS];
			memcpy(saved, left_out, sizeof(saved));
			memset(left_out + i, true, run);
			char *wrong = play(seed, left_out, NULL);
			if (!wrong)
				memcpy(left_out, saved, sizeof(saved));
			free(wrong);
		}
	}
	free(play(seed, left_out, stderr));
}

static void
try_case(uint64_t seed)
{
	static const bool left_out[EVENTS];
	char *wrong = play(seed, left_out, NULL);

	if (!wrong)
		return;
	shrink(seed);
	ck_abort_msg("DPWATCH_SEED=%llu: %s", (unsigned long long)seed, wrong);
}

static unsigned long
from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

START_TEST(after_every_event_the_verdicts_are_those_of_design_md)
{
	unsigned long seed = from_environment("DPWATCH_SEED", 0);
	unsigned long cases = from_environment("DPWATCH_CASES", getenv("DPWATCH_SEED") ? 1 : CASES);

	for (unsigned long i = 0; i < cases; i++)
		try_case(seed + i);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("property");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, after_every_event_the_verdicts_are_those_of_design_md);
	return run_case("reach", tcase);
}
