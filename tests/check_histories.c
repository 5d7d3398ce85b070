/*
 * A model check of "Which word to believe" (design.md): random true histories of interfaces, told by traps and by syslog with
 * loss, duplication, reordering and delay, over random small networks.
 *
 *   TRAPS   traps tell it all, at once; syslog lags up to 50 s and loses lines: every port toggles as it truly did, and in
 *           the instant in which the trap came
 *   SYSLOG  the same the other way round: lines at once, traps late and lost
 *   LATE    lines tell it all, but up to 50 s late; traps come at once and are lost: in the end all is as it truly is, and
 *           no interface changed more often (a flap that is over before a line at odds with a trap has settled is hidden)
 *   LOSSY   both lose, traps overtake each other and come twice: no interface changes more often than it truly did, and
 *           when the switches were asked, everything is as it is
 *
 * A failure prints its seed, and what is left of it after shrinking as a scenario.
 *   DPWATCH_SEED=n   that one history      DPWATCH_CASES=n   as many, from there on
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dedup.h"
#include "core/engine.h"
#include "core/topo_codec.h"
#include "lib/network.h"
#include "lib/run_suite.h"

#define CASES 100000
/* 2024-05-01T00:00:00Z */
#define START_US INT64_C(1714521600000000)
#define MS INT64_C(1000)
#define S INT64_C(1000000)

#define LEAVES 2
#define ACCESS 2
#define UPLINKS 2
#define PER_LEAF (ACCESS + UPLINKS)
#define INTERFACES (LEAVES * PER_LEAF)
#define PORTS 4
#define TRANSITIONS_MAX 6 /* of one interface: fewer than the echoes that are kept */
#define WORDS_MAX (INTERFACES * TRANSITIONS_MAX * 6)

enum regime { REGIME_TRAPS, REGIME_SYSLOG, REGIME_LATE, REGIME_LOSSY, REGIME_MAX };

struct word {
	int64_t at_us;
	int64_t true_us; /* of what it tells */
	uint8_t interface;
	bool up, syslog, needed; /* needed: of the source that tells it all */
	bool left_out;
	enum link_layer layer;
	bool stamped;
	uint64_t digest; /* of a trap */
};

struct history {
	enum regime regime;
	bool uplink[LEAVES][UPLINKS]; /* which are there */
	uint8_t attached[PORTS][2];   /* interfaces; the same twice: one path */
	struct {
		int64_t at_us[TRANSITIONS_MAX]; /* down, up, down, ... */
		uint8_t n;
		bool left_out;
	} truth[INTERFACES];
	struct word words[WORDS_MAX];
	unsigned n_words;
	int64_t latency_us, end_us;
};

static struct config config;
static struct dedup *dedup;
static uint64_t last_digest;

/* ---- what truly happens ---- */

/* In whole milliseconds, as scenarios have them. */
static int64_t
between(struct random *random, int64_t low_us, int64_t high_us)
{
	return low_us + (int64_t)random_below(random, (unsigned)((high_us - low_us) / MS + 1)) * MS;
}

/* Some flap within milliseconds, some rest for long. */
static int64_t
dwell(struct random *random)
{
	switch (random_below(random, 3)) {
	case 0:
		return between(random, 5 * MS, 400 * MS);
	case 1:
		return between(random, 400 * MS, 5 * S);
	default:
		return between(random, 5 * S, 90 * S);
	}
}

static bool
is_there(const struct history *history, unsigned interface)
{
	unsigned i = interface % PER_LEAF;

	return i < ACCESS || history->uplink[interface / PER_LEAF][i - ACCESS];
}

static void
make_truth(struct history *history, struct random *random)
{
	for (unsigned i = 0; i < INTERFACES; i++) {
		int64_t at_us = 10 * S + between(random, 0, 20 * S);
		if (!is_there(history, i) || random_once_in(random, 2))
			continue;
		history->truth[i].n = (uint8_t)(1 + random_below(random, TRANSITIONS_MAX));
		for (unsigned t = 0; t < history->truth[i].n; t++) {
			history->truth[i].at_us[t] = at_us;
			if (at_us > history->end_us)
				history->end_us = at_us;
			at_us += dwell(random);
		}
	}
}

static void
make_network(struct history *history, struct random *random)
{
	for (unsigned leaf = 0; leaf < LEAVES; leaf++)
		for (unsigned i = 0; i < UPLINKS; i++)
			history->uplink[leaf][i] = i == 0 || random_once_in(random, 2);
	for (unsigned port = 0; port < PORTS; port++)
		for (unsigned i = 0; i < 2; i++)
			history->attached[port][i] =
			    (uint8_t)(random_below(random, LEAVES) * PER_LEAF +
				      random_below(random, ACCESS));
}

/* ---- who tells it ---- */

static struct word *
tell(struct history *history, unsigned interface, unsigned t, int64_t lag_us)
{
	struct word *word = &history->words[history->n_words++];

	*word = (struct word){
		.at_us = history->truth[interface].at_us[t] + lag_us,
		.true_us = history->truth[interface].at_us[t],
		.interface = (uint8_t)interface,
		.up = t % 2 == 1,
	};
	return word;
}

static struct word *
tell_trap(struct history *history, unsigned interface, unsigned t, int64_t lag_us)
{
	struct word *word = tell(history, interface, t, lag_us);

	word->digest = ++last_digest;
	return word;
}

/* IOS: the protocol falls before the link's line is written, and rises after it. */
static void
tell_lines(struct history *history, unsigned interface, unsigned t, int64_t lag_us, bool layers)
{
	struct word *link = tell(history, interface, t, lag_us);

	link->syslog = true;
	link->layer = layers ? LAYER_LINK : LAYER_WHOLE;
	if (!layers)
		return;
	struct word *protocol = tell(history, interface, t, lag_us + (t % 2 ? MS : -MS));
	protocol->syslog = true;
	protocol->layer = LAYER_PROTOCOL;
}

/* One source tells it all in order after a constant time; the other one lags, in order for each switch, and loses some. */
static void
tell_by_one(struct history *history, struct random *random)
{
	const bool traps = history->regime == REGIME_TRAPS;
	const bool layers = traps && random_once_in(random, 2);
	int64_t lag_us[LEAVES];

	history->latency_us =
	    history->regime == REGIME_LATE ? between(random, 1 * S, 50 * S) : 1 * MS;
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		int64_t most_us = random_once_in(random, 2) ? 3 * S : traps ? 50 * S : 10 * S;
		lag_us[leaf] = history->regime == REGIME_LATE
				   ? 1 * MS
				   : history->latency_us + 2 * MS + between(random, 0, most_us);
	}
	for (unsigned i = 0; i < INTERFACES; i++) {
		for (unsigned t = 0; t < history->truth[i].n; t++) {
			int64_t other_us = lag_us[i / PER_LEAF];
			if (traps) {
				tell_trap(history, i, t, history->latency_us)->needed = true;
				if (!random_once_in(random, 4))
					tell_lines(history, i, t, other_us, layers);
				continue;
			}
			tell_lines(history, i, t, history->latency_us, false);
			history->words[history->n_words - 1].needed = true;
			if (!random_once_in(random, 3))
				tell_trap(history, i, t, other_us);
		}
	}
}

/* Traps overtake each other and come twice; two lines may come the wrong way round, if their stamps tell. */
static void
tell_lossy(struct history *history, struct random *random)
{
	int64_t lag_us[LEAVES];

	for (unsigned leaf = 0; leaf < LEAVES; leaf++)
		lag_us[leaf] = between(random, 0, random_once_in(random, 2) ? 2 * S : 40 * S);
	for (unsigned i = 0; i < INTERFACES; i++) {
		for (unsigned t = 0; t < history->truth[i].n; t++) {
			if (!random_once_in(random, 3)) {
				struct word *trap =
				    tell_trap(history, i, t, between(random, 0, 50 * MS));
				struct word *again = &history->words[history->n_words];
				if (random_once_in(random, 4)) {
					*again = *trap;
					again->at_us += between(random, 0, 20 * S);
					history->n_words++;
				}
			}
			if (!random_once_in(random, 3)) {
				tell_lines(history, i, t,
				    lag_us[i / PER_LEAF] + between(random, 0, 10 * MS), false);
				history->words[history->n_words - 1].stamped = true;
			}
		}
	}
}

static int
compare_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return (x->true_us > y->true_us) - (x->true_us < y->true_us);
}

static void
make_history(struct history *history, uint64_t seed)
{
	struct random random = { seed };

	*history = (struct history){ .regime = (enum regime)random_below(&random, REGIME_MAX) };
	make_network(history, &random);
	make_truth(history, &random);
	if (history->regime == REGIME_LOSSY)
		tell_lossy(history, &random);
	else
		tell_by_one(history, &random);
	qsort(history->words, history->n_words, sizeof(history->words[0]), compare_words);
}

/* ---- what should be published ---- */

#define TOGGLES_MAX (INTERFACES * TRANSITIONS_MAX)

struct outcome {
	struct {
		int64_t at_us[TOGGLES_MAX];
		unsigned n;
	} ports[PORTS];
	unsigned changes[INTERFACES];
	bool down[PORTS];
};

static bool
path_is_up(const struct history *history, const bool *is_down, unsigned interface)
{
	unsigned leaf = interface / PER_LEAF;

	if (is_down[interface])
		return false;
	for (unsigned i = 0; i < UPLINKS; i++)
		if (history->uplink[leaf][i] && !is_down[leaf * PER_LEAF + ACCESS + i])
			return true;
	return false;
}

static void
look_at_ports(
    const struct history *history, const bool *is_down, int64_t at_us, struct outcome *outcome)
{
	for (unsigned port = 0; port < PORTS; port++) {
		bool down = !path_is_up(history, is_down, history->attached[port][0]) &&
			    !path_is_up(history, is_down, history->attached[port][1]);
		if (down == outcome->down[port])
			continue;
		outcome->down[port] = down;
		outcome->ports[port].at_us[outcome->ports[port].n++] = at_us;
	}
}

static void
evaluate(const struct history *history, struct outcome *ret_outcome)
{
	bool is_down[INTERFACES] = { false };
	unsigned next[INTERFACES] = { 0 };

	*ret_outcome = (struct outcome){ 0 };
	for (;;) {
		unsigned first = INTERFACES;
		for (unsigned i = 0; i < INTERFACES; i++)
			if (!history->truth[i].left_out && next[i] < history->truth[i].n &&
			    (first == INTERFACES || history->truth[i].at_us[next[i]] <
							history->truth[first].at_us[next[first]]))
				first = i;
		if (first == INTERFACES)
			return;
		int64_t at_us = history->truth[first].at_us[next[first]++];
		is_down[first] = !is_down[first];
		ret_outcome->changes[first]++;
		look_at_ports(history, is_down, at_us, ret_outcome);
	}
}

/* ---- the engine ---- */

static const char *
name_of(unsigned interface)
{
	static const char *const names[PER_LEAF] = { "Ethernet1/1", "Ethernet1/2", "Ethernet1/49",
		"Ethernet1/50" };

	return names[interface % PER_LEAF];
}

static void
put_topology(const struct history *history, FILE *out)
{
	const char *separator = "";

	fprintf(out,
	    "{\"switches\": [{\"name\": \"leaf0\", \"hostnames\": [\"leaf0\"]}, "
	    "{\"name\": \"leaf1\", \"hostnames\": [\"leaf1\"]}, "
	    "{\"name\": \"spine\", \"hostnames\": [\"spine\"], \"root\": true}],\n \"links\": [");
	for (unsigned i = 0; i < INTERFACES; i++) {
		if (i % PER_LEAF < ACCESS || !is_there(history, i))
			continue;
		fprintf(out, "%s{\"a\": \"leaf%u:%s\", \"b\": \"spine:Ethernet1/%u\"}", separator,
		    i / PER_LEAF, name_of(i), i);
		separator = ", ";
	}
	fprintf(out, "],\n \"ports\": [");
	for (unsigned port = 0; port < PORTS; port++) {
		const uint8_t *to = history->attached[port];
		fprintf(out, "%s{\"id\": \"%s%u\", \"attachments\": [\"leaf%u:%s\"",
		    port ? ",\n  " : "",
		    out == stderr ? "#" : "00000000-0000-4000-8000-00000000000", port + 1,
		    to[0] / PER_LEAF, name_of(to[0]));
		if (to[0] != to[1])
			fprintf(out, ", \"leaf%u:%s\"", to[1] / PER_LEAF, name_of(to[1]));
		fprintf(out, "]}");
	}
	fprintf(out, "]}\n");
}

static struct engine_time
at(int64_t us)
{
	return (struct engine_time){ .now_ns = us * 1000 + 1000000000, .wall_us = START_US + us };
}

static struct engine *
engine_of(const struct history *history)
{
	struct topo_faults faults = { 0 };
	struct engine *engine = engine_new(&config);
	struct topo *topo;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	put_topology(history, out);
	fclose(out);
	if (topo_from_text(slice_of(text), &topo, &faults) != 0)
		ck_abort_msg("%s: %s in %s", faults.items[0].path, faults.items[0].reason, text);
	topo_faults_release(&faults);
	free(text);
	ck_assert_int_eq(engine_set_topo(engine, topo, at(0)), 0);
	engine_start(engine, at(0));
	return engine;
}

static unsigned
interface_of(const struct dp_change *change)
{
	for (unsigned i = 0; i < INTERFACES; i++)
		if (change->switch_name[4] == (char)('0' + i / PER_LEAF) &&
		    strcmp(change->interface_name, name_of(i)) == 0)
			return i;
	ck_abort_msg("%s:%s is not ours", change->switch_name, change->interface_name);
}

static void
pump(struct engine *engine, int64_t us, struct outcome *outcome)
{
	struct dp_change change;

	while (engine_pop(engine, &change)) {
		if (change.kind == CHANGE_INTERFACE && change.transition)
			outcome->changes[interface_of(&change)]++;
		if (change.kind != CHANGE_TOGGLE)
			continue;
		unsigned port = (unsigned)change.port_id[15] - 1;
		if (change.dp_down == outcome->down[port])
			ck_abort_msg("a toggle to what is so");
		outcome->down[port] = change.dp_down;
		if (outcome->ports[port].n < TOGGLES_MAX)
			outcome->ports[port].at_us[outcome->ports[port].n] = us;
		outcome->ports[port].n++;
	}
}

static void
advance(struct engine *engine, int64_t us, struct outcome *outcome)
{
	int64_t deadline;

	while ((deadline = engine_next_deadline(engine)) <= at(us).now_ns) {
		int64_t then_us = (deadline - 1000000000 + 999) / 1000;
		engine_tick(engine, at(then_us));
		pump(engine, then_us, outcome);
	}
}

static void
hear(struct engine *engine, const struct word *word, struct outcome *outcome)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD,
		.word = word->up ? WORD_UP : WORD_DOWN,
		.layer = word->layer,
		.source = word->syslog ? SOURCE_SYSLOG : SOURCE_TRAP,
		.name = slice_of(name_of(word->interface)),
		.has_uptime = !word->syslog,
		/* The switch has run for an hour; a hundredth of a second is all that it tells. */
		.uptime_cs = (uint32_t)((word->true_us + 3600 * S) / 10000),
		.has_device_time = word->stamped,
		.device_time_us = START_US + word->true_us,
	};

	advance(engine, word->at_us, outcome);
	if (!word->syslog && dedup_seen(dedup, word->digest, at(word->at_us).now_ns))
		return;
	engine_feed(engine, word->interface / PER_LEAF, &event, at(word->at_us));
	pump(engine, word->at_us, outcome);
}

/* The switches are asked, about everything. */
static void
ask_all(struct engine *engine, const struct history *history, int64_t us, struct outcome *outcome)
{
	advance(engine, us, outcome);
	for (unsigned i = 0; i < INTERFACES; i++) {
		const struct link_event event = {
			.kind = LINK_EVENT_WORD,
			.word = !history->truth[i].left_out && history->truth[i].n % 2 ? WORD_DOWN
										       : WORD_UP,
			.source = SOURCE_POLL,
			.name = slice_of(name_of(i)),
		};
		if (is_there(history, i))
			engine_feed(engine, i / PER_LEAF, &event, at(us));
		pump(engine, us, outcome);
	}
	advance(engine, us + 10 * S, outcome);
}

/* ---- a case ---- */

/* Both sources have spoken of something before, so that echoes are known from the first transition on. */
static void
introduce(struct engine *engine, struct outcome *outcome)
{
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		for (int syslog = 0; syslog < 2; syslog++) {
			const struct word word = { .at_us = 1 * S,
				.true_us = 1 * S,
				.interface = (uint8_t)(leaf * PER_LEAF),
				.up = true,
				.syslog = syslog,
				.digest = ++last_digest };
			hear(engine, &word, outcome);
		}
	}
}

/* What differs, or NULL. */
static const char *
differing(const struct history *history, const struct outcome *truth, const struct outcome *told,
    const struct outcome *asked)
{
	const bool exact = history->regime == REGIME_TRAPS || history->regime == REGIME_SYSLOG;

	for (unsigned i = 0; i < INTERFACES; i++) {
		if (asked->changes[i] > truth->changes[i])
			return "an interface changed more often than it truly did";
		if (exact && told->changes[i] != truth->changes[i])
			return "an interface changed less often than it truly did";
	}
	for (unsigned port = 0; port < PORTS; port++) {
		if (asked->down[port] != truth->down[port])
			return "a port is not as it truly is";
		if (history->regime != REGIME_LOSSY && told->down[port] != truth->down[port])
			return "a port is not as it truly is before anybody was asked";
		if (exact && told->ports[port].n != truth->ports[port].n)
			return "a port did not toggle as often as it truly did";
		for (unsigned i = 0; exact && i < truth->ports[port].n; i++)
			if (told->ports[port].at_us[i] !=
			    truth->ports[port].at_us[i] + history->latency_us)
				return "a port toggled at another time";
	}
	return NULL;
}

static const char *
play(const struct history *history)
{
	struct engine *engine = engine_of(history);
	struct outcome truth, told = { 0 };

	evaluate(history, &truth);
	introduce(engine, &told);
	for (unsigned i = 0; i < history->n_words; i++)
		if (!history->words[i].left_out &&
		    !history->truth[history->words[i].interface].left_out)
			hear(engine, &history->words[i], &told);
	struct outcome asked = told;
	ask_all(engine, history, history->end_us + 150 * S, &asked);
	engine_free(engine);
	return differing(history, &truth, &told, &asked);
}

/* A new number for each trap: what was heard in one playing is no duplicate in the next. */
static const char *
play_again(struct history *history)
{
	static const uint64_t stride = 100000;

	for (unsigned i = 0; i < history->n_words; i++)
		history->words[i].digest += stride;
	last_digest += stride;
	return play(history);
}

static void
say_scenario(const struct history *history)
{
	fprintf(stderr, "ignore interface\nignore hash\nignore redundancy\ntopology\n");
	put_topology(history, stderr);
	fprintf(stderr, "end\nat 1s trap leaf0 up Ethernet1/1\nat 1s syslog leaf0 up Ethernet1/1\n"
			"at 1s trap leaf1 up Ethernet1/1\nat 1s syslog leaf1 up Ethernet1/1\n");
	for (unsigned i = 0; i < history->n_words; i++) {
		const struct word *word = &history->words[i];
		if (word->left_out || history->truth[word->interface].left_out)
			continue;
		fprintf(stderr, "at %.3fs %s leaf%u %s%s %s", (double)word->at_us / 1e6,
		    word->syslog ? "syslog" : "trap", word->interface / PER_LEAF,
		    word->layer == LAYER_LINK       ? "link "
		    : word->layer == LAYER_PROTOCOL ? "protocol "
						    : "",
		    word->up ? "up" : "down", name_of(word->interface));
		if (!word->syslog)
			fprintf(stderr, " uptime=%.2fs", (double)(word->true_us + 3600 * S) / 1e6);
		if (word->stamped)
			fprintf(stderr, " stamp=%.3fs", (double)word->true_us / 1e6);
		fprintf(stderr, "\n# true at %.3fs\n", (double)word->true_us / 1e6);
	}
}

/* Leaves out interfaces, then words that need not be told; what is left is said as a scenario. */
static void
shrink(struct history *history)
{
	for (unsigned i = 0; i < INTERFACES; i++) {
		history->truth[i].left_out = true;
		if (!play_again(history))
			history->truth[i].left_out = false;
	}
	for (unsigned i = 0; i < history->n_words; i++) {
		if (history->words[i].needed)
			continue;
		history->words[i].left_out = true;
		if (!play_again(history))
			history->words[i].left_out = false;
	}
	say_scenario(history);
}

static void
try_case(uint64_t seed)
{
	static struct history history;

	make_history(&history, seed);
	const char *wrong = play(&history);
	if (!wrong)
		return;
	shrink(&history);
	ck_abort_msg(
	    "DPWATCH_SEED=%llu (regime %d): %s", (unsigned long long)seed, history.regime, wrong);
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

	ck_assert_int_eq(config_defaults(&config), 0);
	dedup = dedup_new();
	ck_assert_ptr_nonnull(dedup);
	for (unsigned long i = 0; i < cases; i++)
		try_case(seed + i);
	printf("%lu histories from seed %lu on\n", cases, seed);
	dedup_free(dedup);
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
