/*
 * What should be published: the true history, worked out event by event as design.md has it ("When is a port down"). An
 * aggregate tells a little before or after its members, and a member's down that is older than its aggregate's up no longer
 * counts.
 */
#include <stdlib.h>

#include "history.h"

enum event_kind { EVENT_OVERRIDE_ENDS, EVENT_FLIP, EVENT_OVERRIDE };

struct event {
	int64_t at_us;
	enum event_kind kind;
	unsigned interface, number;
	bool down;
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

static unsigned
list_events(const struct history *history, struct event *events)
{
	unsigned n = 0;

	for (unsigned i = 0; i < INTERFACES; i++) {
		const int64_t later_us =
		    i % PER_LEAF == BUNDLE ? history->aggregate_us[i / PER_LEAF] : 0;
		for (unsigned t = 0; !history->truth[i].left_out && t < history->truth[i].n; t++) {
			const bool down = t % 2 == 0;
			events[n] =
			    (struct event){ history->truth[i].at_us[t] + history->latency_us,
				    EVENT_FLIP, i, n, down };
			events[n++].at_us += later_us;
		}
	}
	for (unsigned i = 0; i < history->n_overrides; i++) {
		const unsigned interface = history->overrides[i].interface;
		if (history->overrides[i].left_out)
			continue;
		events[n] = (struct event){ history->overrides[i].at_us, EVENT_OVERRIDE, interface,
			n, !history->overrides[i].up };
		n++;
		events[n] = (struct event){ history->overrides[i].until_us, EVENT_OVERRIDE_ENDS,
			interface, n, false };
		n++;
	}
	qsort(events, n, sizeof(events[0]), compare_events);
	return n;
}

struct state {
	bool own_down, is_overridden, override_down;
	unsigned told; /* number of its last event; 0: there was none */
};

static bool
is_down(const struct state *state)
{
	return state->is_overridden ? state->override_down : state->own_down;
}

static bool
aggregate_carries(const struct history *history, const struct state *states, unsigned leaf)
{
	const struct state *aggregate = &states[leaf * PER_LEAF + BUNDLE];
	const struct state *members = &states[leaf * PER_LEAF + ACCESS];
	unsigned n_up = 0;

	for (unsigned i = 0; i < UPLINKS; i++)
		n_up += !is_down(&members[i]) || members[i].told < aggregate->told;
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

static void
happen(const struct event *event, unsigned number, struct state *states)
{
	struct state *state = &states[event->interface];

	if (event->kind == EVENT_FLIP) {
		state->own_down = event->down;
		state->told = number;
	} else {
		state->is_overridden = event->kind == EVENT_OVERRIDE;
	}
	if (event->kind == EVENT_OVERRIDE)
		state->override_down = event->down;
}

void
history_evaluate(const struct history *history, struct outcome *ret_outcome)
{
	struct state states[INTERFACES] = { 0 };
	struct event events[EVENTS_MAX];
	const unsigned n = list_events(history, events);

	*ret_outcome = (struct outcome){ 0 };
	for (unsigned i = 0; i < n; i++) {
		struct state *state = &states[events[i].interface];
		const bool was = is_down(state);
		happen(&events[i], i + 1, states);
		ret_outcome->changes[events[i].interface] += is_down(state) != was;
		look_at_ports(history, states, events[i].at_us, ret_outcome);
	}
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
	       states[blamed].told > aggregate->told;
}

bool
history_blames_are_true(const struct history *history, const struct outcome *told)
{
	struct state states[INTERFACES] = { 0 };
	struct event events[EVENTS_MAX];
	const unsigned n = list_events(history, events);

	for (unsigned i = 0, at = 0; i < told->n_blames; i++) {
		for (; at < n && events[at].at_us < told->blames[i].at_us; at++)
			happen(&events[at], at + 1, states);
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
