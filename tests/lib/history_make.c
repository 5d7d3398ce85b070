#include <stdlib.h>

#include "history.h"
#include "network.h"

const char *const regime_names[REGIME_MAX] = {
	[REGIME_TRAPS] = "TRAPS",
	[REGIME_SYSLOG] = "SYSLOG",
	[REGIME_RELAY] = "RELAY",
	[REGIME_LATE] = "LATE",
	[REGIME_LOSSY] = "LOSSY",
};

static uint64_t last_digest;

bool
history_is_exact(const struct history *history)
{
	return history->regime == REGIME_TRAPS || history->regime == REGIME_SYSLOG ||
	       history->regime == REGIME_RELAY;
}

bool
history_has(const struct history *history, unsigned interface)
{
	const unsigned leaf = interface / PER_LEAF, i = interface % PER_LEAF;

	if (i == BUNDLE)
		return history->min_links[leaf] > 0;
	return i < ACCESS || history->uplink[leaf][i - ACCESS];
}

const char *
history_interface_name(unsigned interface)
{
	static const char *const names[PER_LEAF] = { "Ethernet1/1", "Ethernet1/2", "Ethernet1/49",
		"Ethernet1/50", "port-channel1" };

	return names[interface % PER_LEAF];
}

uint64_t
history_new_digest(void)
{
	return ++last_digest;
}

/* In whole milliseconds, as scenarios have them. */
static int64_t
between(struct random *random, int64_t low_us, int64_t high_us)
{
	return low_us + (int64_t)random_below(random, (unsigned)((high_us - low_us) / MS + 1)) * MS;
}

/* ---- what truly happens ---- */

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

static void
make_network(struct history *history, struct random *random)
{
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		const bool bundle = random_once_in(random, 2);
		for (unsigned i = 0; i < UPLINKS; i++)
			history->uplink[leaf][i] = i == 0 || bundle || random_once_in(random, 2);
		if (bundle)
			history->min_links[leaf] = (uint8_t)(1 + random_below(random, UPLINKS));
	}
	for (unsigned port = 0; port < PORTS; port++)
		for (unsigned i = 0; i < 2; i++)
			history->attached[port][i] =
			    (uint8_t)(random_below(random, LEAVES) * PER_LEAF +
				      random_below(random, ACCESS));
}

static void
make_truth(struct history *history, struct random *random)
{
	for (unsigned i = 0; i < INTERFACES; i++) {
		int64_t at_us = 10 * S + between(random, 0, 20 * S);
		if (i % PER_LEAF == BUNDLE || !history_has(history, i) || random_once_in(random, 2))
			continue;
		/* Both members' together are their aggregate's. */
		const bool member = i % PER_LEAF >= ACCESS && history->min_links[i / PER_LEAF] > 0;
		history->truth[i].n =
		    (uint8_t)(1 + random_below(random,
				      member ? TRANSITIONS_MAX / UPLINKS : TRANSITIONS_MAX));
		for (unsigned t = 0; t < history->truth[i].n; t++) {
			history->truth[i].at_us[t] = at_us;
			if (at_us > history->end_us)
				history->end_us = at_us;
			at_us += dwell(random);
		}
	}
}

/* How the daemon is configured; and some downs are an operator's, of which a bundle has none. */
static void
make_state(struct history *history, struct random *random)
{
	const bool bundled = history->min_links[0] > 0 || history->min_links[1] > 0;

	if (!history_is_exact(history))
		return;
	if (random_once_in(random, 4))
		history->down_delay_us = between(random, 0, 1 * S);
	if (random_once_in(random, 4))
		history->up_delay_us = between(random, 0, 3 * S);
	history->dampening = random_once_in(random, 4);
	history->ignore_shut = !bundled && random_once_in(random, 3);
	for (unsigned i = 0; i < INTERFACES; i++)
		for (unsigned t = 0; history->min_links[i / PER_LEAF] == 0 && t < TRANSITIONS_MAX;
		     t += 2)
			history->truth[i].shut[t] = random_once_in(random, 4);
}

/* Its members' transitions in turn; it is down while fewer than min_links are up. */
static void
make_aggregate(struct history *history, struct random *random, unsigned leaf)
{
	struct truth *truth = &history->truth[leaf * PER_LEAF + BUNDLE];
	const struct truth *members = &history->truth[leaf * PER_LEAF + ACCESS];
	unsigned next[UPLINKS] = { 0 }, n_up = UPLINKS;

	for (;;) {
		unsigned first = UPLINKS;
		for (unsigned i = 0; i < UPLINKS; i++)
			if (next[i] < members[i].n &&
			    (first == UPLINKS ||
				members[i].at_us[next[i]] < members[first].at_us[next[first]]))
				first = i;
		if (first == UPLINKS)
			break;
		const int64_t at_us = members[first].at_us[next[first]];
		n_up += next[first]++ % 2 == 0 ? -1U : 1;
		if ((n_up < history->min_links[leaf]) == (truth->n % 2 == 1))
			continue;
		truth->at_us[truth->n++] = at_us;
	}
	history->aggregate_us[leaf] = between(random, 1 * MS, 2 * MS);
	if (random_once_in(random, 2))
		history->aggregate_us[leaf] = -history->aggregate_us[leaf];
}

/* Whether one of its interfaces changes about then: a trap from before the boot may come after one from after it. */
static bool
is_quiet(const struct history *history, unsigned leaf, int64_t us)
{
	for (unsigned i = leaf * PER_LEAF; i < (leaf + 1) * PER_LEAF; i++)
		for (unsigned t = 0; t < history->truth[i].n; t++)
			if (llabs(history->truth[i].at_us[t] - us) < 200 * MS)
				return false;
	return true;
}

/* sysUpTime is an hour, or about to wrap; some agents boot. */
static void
make_boots(struct history *history, struct random *random)
{
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		history->leaf[leaf].began_us = 3600 * S;
		if (random_once_in(random, 4))
			history->leaf[leaf].began_us =
			    INT64_C(42949672960000) - between(random, 20 * S, 60 * S);
		else if (random_once_in(random, 3))
			history->leaf[leaf].boot_us = between(random, 12 * S, 120 * S);
		if (!is_quiet(history, leaf, history->leaf[leaf].boot_us))
			history->leaf[leaf].boot_us = 0;
	}
}

/* An access interface that no port has is not in the map, and nobody knows it before it speaks. */
static bool
is_mapped(const struct history *history, unsigned interface)
{
	if (interface % PER_LEAF >= ACCESS)
		return history_has(history, interface);
	for (unsigned port = 0; port < PORTS; port++)
		if (history->attached[port][0] == interface ||
		    history->attached[port][1] == interface)
			return true;
	return false;
}

static void
make_overrides(struct history *history, struct random *random)
{
	if (!history_is_exact(history) || !random_once_in(random, 4))
		return;
	for (unsigned i = 0; i < 1 + random_below(random, OVERRIDES_MAX); i++) {
		const unsigned leaf = random_below(random, LEAVES);
		const unsigned at =
		    random_below(random, history->min_links[leaf] > 0 ? ACCESS : BUNDLE);
		const unsigned interface = leaf * PER_LEAF + at;
		bool is_free = is_mapped(history, interface);
		for (unsigned other = 0; other < history->n_overrides; other++)
			is_free = is_free && history->overrides[other].interface != interface;
		if (!is_free)
			continue;
		int64_t at_us = 5 * S + between(random, 0, 60 * S);
		history->overrides[history->n_overrides].interface = (uint8_t)interface;
		history->overrides[history->n_overrides].up = random_once_in(random, 2);
		history->overrides[history->n_overrides].at_us = at_us;
		history->overrides[history->n_overrides].until_us =
		    at_us + between(random, 50 * MS, 40 * S);
		history->n_overrides++;
	}
}

/* ---- who tells it ---- */

/* sysUpTime of the leaf's agent, which was started anew in between or wrapped. */
static uint32_t
uptime_cs(const struct history *history, unsigned leaf, int64_t us)
{
	const int64_t boot_us = history->leaf[leaf].boot_us;

	if (boot_us != 0 && us > boot_us)
		return (uint32_t)((us - boot_us) / 10000);
	return (uint32_t)((us + history->leaf[leaf].began_us) / 10000);
}

static struct step *
add_step(struct history *history, enum step_kind kind, int64_t at_us)
{
	struct step *step = &history->steps[history->n_steps++];

	if (history->n_steps == STEPS_MAX)
		abort();
	*step = (struct step){ .kind = kind, .at_us = at_us };
	return step;
}

/* An aggregate tells a little before or after its member. */
static struct step *
tell(struct history *history, unsigned interface, unsigned t, int64_t lag_us)
{
	const unsigned leaf = interface / PER_LEAF;
	const int64_t later_us = interface % PER_LEAF == BUNDLE ? history->aggregate_us[leaf] : 0;
	const int64_t true_us = history->truth[interface].at_us[t] + later_us;
	struct step *step = add_step(history, STEP_WORD, true_us + lag_us);

	step->true_us = true_us;
	step->interface = (uint8_t)interface;
	step->leaf = (uint8_t)leaf;
	step->up = t % 2 == 1;
	step->shut = history->truth[interface].shut[t];
	return step;
}

static struct step *
tell_trap(struct history *history, unsigned interface, unsigned t, int64_t lag_us)
{
	struct step *step = tell(history, interface, t, lag_us);

	step->digest = history_new_digest();
	step->uptime_cs = uptime_cs(history, step->leaf, step->true_us);
	return step;
}

static struct step *
tell_line(struct history *history, unsigned interface, unsigned t, int64_t lag_us)
{
	struct step *step = tell(history, interface, t, lag_us);

	step->syslog = true;
	return step;
}

/* IOS: the protocol falls before the link's line is written, and rises after it. */
static void
tell_lines(struct history *history, unsigned interface, unsigned t, int64_t lag_us, bool layers,
    bool relayed)
{
	const unsigned n = layers ? 2 : 1;

	for (unsigned i = 0; i < n; i++) {
		struct step *step = tell_line(history, interface, t,
		    lag_us + (i == 0     ? 0
				 : t % 2 ? MS
					 : -MS));
		step->layer = !layers ? LAYER_WHOLE : i == 0 ? LAYER_LINK : LAYER_PROTOCOL;
		step->relayed = step->stamped = relayed;
	}
}

/*
 * The network delivers it twice; it was told by then, and not again in the same hundredth of a second. A member's down that is
 * told again after a restart is one that counts beside its aggregate's up, which is right, and another story.
 */
static void
tell_again(struct history *history, struct random *random, const struct step *trap, unsigned t)
{
	const struct truth *truth = &history->truth[trap->interface];
	const int64_t boot_us = history->leaf[trap->leaf].boot_us;
	const int64_t at_us = trap->at_us + between(random, 0, 20 * S);

	if (!random_once_in(random, 8) ||
	    (trap->interface % PER_LEAF >= ACCESS && history->min_links[trap->leaf] > 0) ||
	    (t + 1 < truth->n && truth->at_us[t + 1] - truth->at_us[t] < 20 * MS) ||
	    (trap->true_us <= boot_us && at_us >= boot_us))
		return;
	const struct step again = *trap;
	struct step *step = add_step(history, STEP_WORD, at_us);
	*step = again;
	step->at_us = at_us;
	step->needed = false;
}

/* One source tells it all in order after a constant time; the other one lags, in order for each switch, and loses some. */
static void
tell_by_one(struct history *history, struct random *random)
{
	const bool traps = history->regime == REGIME_TRAPS;
	const bool layers = traps && random_once_in(random, 2);
	const bool relayed = traps && random_once_in(random, 3);
	int64_t lag_us[LEAVES];

	history->latency_us =
	    history->regime == REGIME_LATE ? between(random, 1 * S, 50 * S) : 3 * MS;
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		int64_t most_us = random_once_in(random, 2) ? 3 * S : traps ? 50 * S : 10 * S;
		lag_us[leaf] = history->regime == REGIME_LATE
				   ? 3 * MS
				   : history->latency_us + 2 * MS + between(random, 0, most_us);
		history->leaf[leaf].trap_lag_us = traps ? history->latency_us : lag_us[leaf];
	}
	for (unsigned i = 0; i < INTERFACES; i++) {
		for (unsigned t = 0; t < history->truth[i].n; t++) {
			int64_t other_us = lag_us[i / PER_LEAF];
			if (traps) {
				struct step *trap = tell_trap(history, i, t, history->latency_us);
				trap->needed = true;
				tell_again(history, random, trap, t);
				if (!random_once_in(random, 4))
					tell_lines(history, i, t, other_us, layers, relayed);
				continue;
			}
			tell_line(history, i, t, history->latency_us)->needed = true;
			if (!random_once_in(random, 3))
				tell_trap(history, i, t, other_us);
		}
	}
}

/* Lines alone, through a relay that keeps them for up to ten minutes, and that sends old ones again. */
static void
tell_by_relay(struct history *history, struct random *random)
{
	history->latency_us = between(random, 3 * MS, random_once_in(random, 2) ? 20 * S : 600 * S);
	for (unsigned i = 0; i < INTERFACES; i++) {
		for (unsigned t = 0; t < history->truth[i].n; t++) {
			struct step *line = tell_line(history, i, t, history->latency_us);
			line->needed = line->relayed = line->stamped = true;
			if (!random_once_in(random, 4))
				continue;
			const struct step again = *line;
			int64_t lag_us =
			    history->latency_us > 31 * S ? history->latency_us : 31 * S;
			int64_t at_us = line->true_us + lag_us + between(random, 1 * MS, 90 * S);
			line = add_step(history, STEP_WORD, at_us);
			*line = again;
			line->at_us = at_us;
			line->needed = false;
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
			if (!random_once_in(random, 3))
				tell_again(history, random,
				    tell_trap(history, i, t, between(random, 0, 50 * MS)), t);
			if (random_once_in(random, 3))
				continue;
			tell_line(history, i, t, lag_us[i / PER_LEAF] + between(random, 0, 10 * MS))
			    ->stamped = true;
		}
	}
}

/* Half of the coldStarts are lost. */
static void
tell_boots(struct history *history, struct random *random)
{
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		if (history->leaf[leaf].boot_us == 0 || history->regime == REGIME_RELAY ||
		    random_once_in(random, 2))
			continue;
		struct step *step = add_step(history, STEP_BOOT,
		    history->leaf[leaf].boot_us + history->leaf[leaf].trap_lag_us + 60 * MS);
		step->leaf = (uint8_t)leaf;
		step->uptime_cs = 6;
	}
}

static void
add_others(struct history *history, struct random *random)
{
	for (unsigned i = 0; i < history->n_overrides; i++)
		add_step(history, STEP_OVERRIDE, history->overrides[i].at_us)->override =
		    (uint8_t)i;
	/* What waits, for the word that it was shut or for a delay, begins to wait anew with the daemon: longer than it should. */
	if (history->ignore_shut || history->down_delay_us > 0 || history->up_delay_us > 0 ||
	    !random_once_in(random, 5))
		return;
	for (unsigned i = 0; i < 1 + random_below(random, RESTARTS_MAX); i++)
		add_step(history, STEP_RESTART,
		    between(random, 8 * S, history->end_us + history->latency_us + 20 * S))
		    ->reboot = random_once_in(random, 2);
}

static int
compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->true_us > y->true_us) - (x->true_us < y->true_us);
}

void
history_make(struct history *history, uint64_t seed)
{
	struct random random = { seed };

	*history = (struct history){ .seed = seed,
		.regime = (enum regime)random_below(&random, REGIME_MAX) };
	make_network(history, &random);
	make_truth(history, &random);
	for (unsigned leaf = 0; leaf < LEAVES; leaf++)
		if (history->min_links[leaf] > 0)
			make_aggregate(history, &random, leaf);
	make_state(history, &random);
	make_boots(history, &random);
	make_overrides(history, &random);
	if (history->regime == REGIME_LOSSY)
		tell_lossy(history, &random);
	else if (history->regime == REGIME_RELAY)
		tell_by_relay(history, &random);
	else
		tell_by_one(history, &random);
	tell_boots(history, &random);
	add_others(history, &random);
	qsort(history->steps, history->n_steps, sizeof(history->steps[0]), compare_steps);
}

void
history_renumber(struct history *history)
{
	static const uint64_t stride = 100000;

	for (unsigned i = 0; i < history->n_steps; i++)
		history->steps[i].digest += stride;
	last_digest += stride;
}
