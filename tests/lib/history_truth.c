/*
 * What should be published: the true history, worked out event by event as design.md has it ("When is a port down"). An
 * aggregate tells a little before or after its members, and a member's down that is older than its aggregate's up no longer
 * counts.
 */
#include <math.h>
#include <stdlib.h>

#include "history.h"

enum event_kind { EVENT_OVERRIDE_ENDS, EVENT_FLIP, EVENT_OVERRIDE };

struct event {
	int64_t at_us;
	enum event_kind kind;
	unsigned interface, number;
	bool down, shut;
};

#define EVENTS_MAX (TOGGLES_MAX + 2 * OVERRIDES_MAX)

static int
compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* With admin_down = ignore so long a plain down waits, for the word that somebody shut it. */
#define SETTLE_US (2 * S)

/* Whether the t-th transition counts at all: with admin_down = ignore neither a shut nor what ends it, nor a short down. */
static bool
counts(const struct history *history, const struct truth *truth, unsigned t)
{
	const unsigned down = t - t % 2;

	if (!history->ignore_shut)
		return true;
	return !truth->shut[down] &&
	       (down + 1 >= truth->n || truth->at_us[down + 1] - truth->at_us[down] >= SETTLE_US);
}

static unsigned
list_events(const struct history *history, struct event *events)
{
	unsigned n = 0;

	for (unsigned i = 0; i < INTERFACES; i++) {
		const struct truth *truth = &history->truth[i];
		int64_t later_us = history->latency_us;
		if (i % PER_LEAF == BUNDLE)
			later_us += history->aggregate_us[i / PER_LEAF];
		for (unsigned t = 0; !truth->left_out && t < truth->n; t++) {
			const bool down = t % 2 == 0;
			if (!counts(history, truth, t))
				continue;
			events[n] = (struct event){ truth->at_us[t] + later_us, EVENT_FLIP, i, n,
				down, truth->shut[t] };
			events[n++].at_us += down && history->ignore_shut ? SETTLE_US : 0;
		}
	}
	for (unsigned i = 0; i < history->n_overrides; i++) {
		const unsigned interface = history->overrides[i].interface;
		if (history->overrides[i].left_out)
			continue;
		events[n] = (struct event){ history->overrides[i].at_us, EVENT_OVERRIDE, interface,
			n, !history->overrides[i].up, false };
		n++;
		events[n] = (struct event){ history->overrides[i].until_us, EVENT_OVERRIDE_ENDS,
			interface, n, false, false };
		n++;
	}
	qsort(events, n, sizeof(events[0]), compare_events);
	return n;
}

#define NEVER INT64_MAX

struct state {
	bool own_down;   /* as it truly is, but for what somebody shut, if that is ignored */
	bool shown_down; /* what counts of that: after its delay, and not while it flaps */
	bool is_overridden, override_down;
	unsigned told; /* number of its last event; 0: there was none */
	unsigned
	    shown; /* of the last that says what counts: while one waits, it is an earlier one */
	int64_t show_us; /* when what is counts; NEVER: it does */
	double penalty;  /* of dampening, as of penalty_us */
	int64_t penalty_us;
	int64_t reuse_us; /* it flaps until then; NEVER: it does not */
	int64_t up_us;    /* when it came up last */
};

/* What is so, and what will be. */
struct world {
	const struct history *history;
	struct event events[EVENTS_MAX];
	unsigned n, next; /* events; and of these the next one */
	int64_t shift_us;
	struct state states[INTERFACES];
};

static bool
is_down(const struct state *state)
{
	return state->is_overridden ? state->override_down : state->shown_down;
}

static bool
aggregate_carries(const struct history *history, const struct state *states, unsigned leaf)
{
	const struct state *aggregate = &states[leaf * PER_LEAF + BUNDLE];
	const struct state *members = &states[leaf * PER_LEAF + ACCESS];
	unsigned n_up = 0;

	for (unsigned i = 0; i < UPLINKS; i++)
		n_up += !is_down(&members[i]) || members[i].shown < aggregate->shown;
	return !is_down(aggregate) && n_up >= history->min_links[leaf];
}

static bool
reaches_spine(const struct history *history, const struct state *states, unsigned leaf)
{
	const unsigned first = leaf * PER_LEAF + ACCESS;

	if (history->min_links[leaf] > 0)
		return aggregate_carries(history, states, leaf);
	for (unsigned i = 0; i < UPLINKS; i++)
		if (history->uplink[leaf][i] && !is_down(&states[first + i]))
			return true;
	return false;
}

static bool
path_is_up(const struct history *history, const struct state *states, unsigned interface)
{
	return !is_down(&states[interface]) && reaches_spine(history, states, interface / PER_LEAF);
}

static void
look_at_ports(const struct history *history, const struct state *states, int64_t at_us,
    struct outcome *outcome)
{
	for (unsigned port = 0; port < PORTS; port++) {
		bool down = !path_is_up(history, states, history->attached[port][0]) &&
			    !path_is_up(history, states, history->attached[port][1]);
		if (down == outcome->down[port])
			continue;
		outcome->down[port] = down;
		outcome->ports[port].at_us[outcome->ports[port].n++] = at_us;
	}
}

/* ---- one interface ---- */

#define HALF_LIFE_US 5e6
#define PENALTY 1000.0
#define REUSE 1000.0
#define SUPPRESS 2000.0
#define PENALTY_MOST 16000.0 /* what decays to REUSE in 20 s */

static void
flap(struct world *world, struct state *state, int64_t at_us)
{
	state->penalty *= exp2((double)(state->penalty_us - at_us) / HALF_LIFE_US);
	/* As routers have it: below half of `reuse` nothing is remembered. */
	if (state->reuse_us == NEVER && state->penalty < REUSE / 2)
		state->penalty = 0;
	state->penalty_us = at_us;
	state->penalty += PENALTY;
	if (state->penalty > PENALTY_MOST)
		state->penalty = PENALTY_MOST;
	if (state->penalty > SUPPRESS || state->reuse_us != NEVER)
		state->reuse_us = at_us + world->shift_us +
				  (int64_t)(HALF_LIFE_US * log2(state->penalty / REUSE));
}

/* What is counts after its delay, if it is still so; an up never while it flaps. */
static void
wait_to_show(const struct world *world, struct state *state, int64_t at_us)
{
	const struct history *history = world->history;

	state->show_us = NEVER;
	if (state->own_down != state->shown_down && (state->own_down || state->reuse_us == NEVER))
		state->show_us =
		    at_us + (state->own_down ? history->down_delay_us : history->up_delay_us);
}

static void
happen(struct world *world, const struct event *event, unsigned number)
{
	struct state *state = &world->states[event->interface];

	if (event->kind == EVENT_FLIP) {
		state->own_down = event->down;
		state->told = number;
		if (state->own_down == state->shown_down)
			state->shown = number;
		if (!event->down)
			state->up_us = event->at_us;
		if (event->down && !event->shut && world->history->dampening)
			flap(world, state, event->at_us);
		wait_to_show(world, state, event->at_us);
	} else {
		state->is_overridden = event->kind == EVENT_OVERRIDE;
	}
	if (event->kind == EVENT_OVERRIDE)
		state->override_down = event->down;
}

/* The interface that changes next by itself, or INTERFACES; and when. */
static unsigned
next_deadline(const struct world *world, int64_t *ret_us)
{
	unsigned first = INTERFACES;

	*ret_us = NEVER;
	for (unsigned i = 0; i < INTERFACES; i++) {
		const struct state *state = &world->states[i];
		const int64_t us =
		    state->show_us < state->reuse_us ? state->show_us : state->reuse_us;
		if (us >= *ret_us)
			continue;
		*ret_us = us;
		first = i;
	}
	return first;
}

static void
pass_deadline(const struct world *world, struct state *state, int64_t us)
{
	if (state->show_us == us) {
		state->show_us = NEVER;
		state->shown_down = state->own_down;
		state->shown = state->told;
		return;
	}
	/* It flaps no longer: what came up meanwhile counts once it has been up for its delay. */
	state->reuse_us = NEVER;
	if (state->own_down || !state->shown_down)
		return;
	state->show_us = state->up_us + world->history->up_delay_us;
	if (state->show_us < us)
		state->show_us = us;
}

/* ---- all of them ---- */

static void
world_begin(struct world *world, const struct history *history, int64_t shift_us)
{
	*world = (struct world){ .history = history, .shift_us = shift_us };
	world->n = list_events(history, world->events);
	for (unsigned i = 0; i < INTERFACES; i++)
		world->states[i].show_us = world->states[i].reuse_us = NEVER;
}

/* Lets happen what happens next, if it does before until_us. False: nothing does. */
static bool
world_step(struct world *world, int64_t until_us, struct outcome *outcome)
{
	int64_t at_us;
	unsigned interface = next_deadline(world, &at_us);
	const struct event *event = world->next < world->n ? &world->events[world->next] : NULL;

	if (event && event->at_us < at_us) {
		at_us = event->at_us;
		interface = event->interface;
	} else {
		event = NULL;
	}
	if (at_us >= until_us)
		return false;
	struct state *state = &world->states[interface];
	const bool was = is_down(state);
	if (event)
		happen(world, event, ++world->next);
	else
		pass_deadline(world, state, at_us);
	/* A delay of none is over at once. */
	if (state->show_us == at_us)
		pass_deadline(world, state, at_us);
	if (outcome) {
		outcome->changes[interface] += is_down(state) != was;
		look_at_ports(world->history, world->states, at_us, outcome);
	}
	return true;
}

void
history_evaluate_shifted(
    const struct history *history, int64_t shift_us, struct outcome *ret_outcome)
{
	struct world world;

	*ret_outcome = (struct outcome){ 0 };
	world_begin(&world, history, shift_us);
	while (world_step(&world, NEVER, ret_outcome))
		continue;
}

void
history_evaluate(const struct history *history, struct outcome *ret_outcome)
{
	history_evaluate_shifted(history, 0, ret_outcome);
}

/* ---- who is to blame ---- */

/* Whether the failure of `blamed` keeps the path over `interface` down. */
static bool
keeps_down(
    const struct history *history, const struct state *states, unsigned blamed, unsigned interface)
{
	const unsigned leaf = interface / PER_LEAF;
	const struct state *aggregate = &states[leaf * PER_LEAF + BUNDLE];

	if (!is_down(&states[blamed]))
		return false;
	if (blamed == interface)
		return true;
	if (reaches_spine(history, states, leaf))
		return false;
	if (blamed / PER_LEAF != leaf || blamed % PER_LEAF < ACCESS ||
	    !history_has(history, blamed))
		return false;
	/* An uplink; of an aggregate's members those that count. */
	return history->min_links[leaf] == 0 || blamed % PER_LEAF == BUNDLE || is_down(aggregate) ||
	       states[blamed].shown > aggregate->shown;
}

bool
history_blames_are_true(const struct history *history, const struct outcome *told)
{
	const struct state *states;
	struct world world;

	world_begin(&world, history, 0);
	states = world.states;
	for (unsigned i = 0; i < told->n_blames; i++) {
		while (world_step(&world, told->blames[i].at_us, NULL))
			continue;
		for (unsigned port = 0; port < PORTS; port++) {
			const int blamed = told->blames[i].of_port[port];
			const uint8_t *to = history->attached[port];
			if (blamed == BLAMED_NOT_DOWN)
				continue;
			if (blamed == BLAMED_OTHER ||
			    (!keeps_down(history, states, (unsigned)blamed, to[0]) &&
				!keeps_down(history, states, (unsigned)blamed, to[1])))
				return false;
		}
	}
	return true;
}
