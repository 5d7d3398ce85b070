#include "core/poll_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A sweep that is later than this does not catch up. */
#define LATE_NS INT64_C(10000000000)

const char *const poll_outcome_names[POLL_OUTCOME_MAX] = {
	[POLL_ANSWERED] = "answered",
	[POLL_SILENT] = "no answer",
	[POLL_CLOSED] = "nothing listens at its SNMP port",
	[POLL_REFUSED] = "refused",
	[POLL_UNSENT] = "cannot be asked",
	[POLL_SLOW] = "too slow",
	[POLL_EMPTY] = "tells of no interface",
	[POLL_UNKNOWN_USER] = "unknown user",
	[POLL_WRONG_DIGEST] = "wrong authentication secret or protocol",
	[POLL_NOT_DECRYPTED] = "wrong privacy secret or protocol",
	[POLL_UNSUPPORTED_LEVEL] = "its user has not this security level",
	[POLL_NOT_IN_TIME] = "not in its time window",
	[POLL_UNKNOWN_ENGINE] = "names another engine with every answer",
	[POLL_NO_USER] = "no user is configured for its engine",
};

enum line { LINE_SOON, LINE_SWEEP, LINE_MAX };

/* What is planned with one switch. */
struct planned {
	char *name; /* by which it is found in the next map */
	bool pollable, running, whole;
	bool probed; /* it is running, and was silent before */
	bool waits[LINE_MAX];
	uint8_t n_rows;
	uint8_t outcome; /* enum poll_outcome */
	uint8_t n_addresses, address,
	    n_tried;      /* address: the one to ask; n_tried: silent ones before it */
	uint8_t patience; /* how often it was silent since somebody knew better */
	uint16_t n_silent;
	uint32_t rows[POLL_GET_MAX], n_interfaces; /* n_interfaces: in the map */
	int64_t not_before_ns;                     /* it was silent */
	int64_t later_ns; /* when its whole table is wanted; 0: not later */
	int64_t since_us, asked_us;
};

/* Switches that wait, each once: a ring with room for all. */
struct ring {
	uint32_t *items;
	uint32_t head, n;
};

struct poll_plan {
	struct planned *switches;
	uint32_t n;
	struct ring lines[LINE_MAX];
	uint32_t n_running, n_probed;
	/* The sweep: each switch once per interval, evenly. */
	int64_t interval_ns, sweep_ns;
	uint32_t sweep_at;
	int64_t look_ns;
};

struct poll_plan *
poll_plan_new(int64_t interval_ms)
{
	struct poll_plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		poll_plan_set_interval(plan, interval_ms);
	return plan;
}

void
poll_plan_set_interval(struct poll_plan *plan, int64_t interval_ms)
{
	plan->interval_ns = interval_ms * 1000000;
}

void
poll_plan_forget(struct poll_plan *plan)
{
	for (uint32_t sw = 0; sw < plan->n; sw++)
		free(plan->switches[sw].name);
	free(plan->switches);
	for (int line = 0; line < LINE_MAX; line++)
		free(plan->lines[line].items);
	memset(plan->lines, 0, sizeof(plan->lines));
	plan->switches = NULL;
	plan->n = plan->n_running = plan->n_probed = plan->sweep_at = 0;
}

void
poll_plan_free(struct poll_plan *plan)
{
	if (!plan)
		return;
	poll_plan_forget(plan);
	free(plan);
}

/* ---- lines ---- */

static void
stand_in(struct poll_plan *plan, uint32_t sw, enum line line)
{
	struct ring *ring = &plan->lines[line];

	if (plan->switches[sw].waits[line])
		return;
	plan->switches[sw].waits[line] = true;
	ring->items[(ring->head + ring->n++) % plan->n] = sw;
}

static bool
is_wanted(const struct planned *planned)
{
	return planned->whole || planned->n_rows > 0;
}

/* It was silent, and nobody knows better. */
static bool
seems_dead(const struct planned *planned)
{
	return planned->patience > 0;
}

/* Whom nobody expects to answer waits behind the others, and for half of the places. */
static enum line
line_of(const struct planned *planned)
{
	return planned->n_rows > 0 && !seems_dead(planned) ? LINE_SOON : LINE_SWEEP;
}

static bool
may_be_asked(const struct poll_plan *plan, const struct planned *planned, int64_t now_ns)
{
	return is_wanted(planned) && !planned->running && planned->not_before_ns <= now_ns &&
	       (!seems_dead(planned) || plan->n_probed < POLL_PROBED_MAX);
}

/* The first that can be asked now; who is passed over (silent, under way) comes back by look_through or poll_plan_done. */
static bool
take_first(struct poll_plan *plan, enum line line, int64_t now_ns, uint32_t *ret_sw)
{
	struct ring *ring = &plan->lines[line];

	while (ring->n > 0) {
		const uint32_t sw = ring->items[ring->head];
		struct planned *planned = &plan->switches[sw];
		ring->head = (ring->head + 1) % plan->n;
		ring->n--;
		planned->waits[line] = false;
		if (may_be_asked(plan, planned, now_ns)) {
			*ret_sw = sw;
			return true;
		}
	}
	return false;
}

/* ---- what is wanted ---- */

static bool
can_be_asked(const struct poll_plan *plan, uint32_t sw)
{
	return sw < plan->n && plan->switches[sw].pollable;
}

bool
poll_plan_want_all(struct poll_plan *plan, uint32_t sw, bool soon)
{
	if (!can_be_asked(plan, sw))
		return false;
	plan->switches[sw].whole = true;
	if (soon)
		plan->switches[sw].not_before_ns = plan->switches[sw].patience = 0;
	stand_in(plan, sw, soon ? LINE_SOON : LINE_SWEEP);
	return true;
}

bool
poll_plan_want_later(struct poll_plan *plan, uint32_t sw, int64_t at_ns)
{
	if (!can_be_asked(plan, sw))
		return false;
	if (plan->switches[sw].later_ns == 0)
		plan->switches[sw].later_ns = at_ns;
	return true;
}

void
poll_plan_forgive(struct poll_plan *plan)
{
	for (uint32_t sw = 0; sw < plan->n; sw++)
		plan->switches[sw].not_before_ns = plan->switches[sw].patience = 0;
	plan->look_ns = 0;
}

bool
poll_plan_want(struct poll_plan *plan, uint32_t sw, uint32_t if_index)
{
	if (!can_be_asked(plan, sw))
		return false;
	struct planned *planned = &plan->switches[sw];
	const enum line line = seems_dead(planned) ? LINE_SWEEP : LINE_SOON;
	if (if_index == 0 || planned->n_rows == POLL_GET_MAX) {
		planned->whole = true;
		stand_in(plan, sw, line);
		return true;
	}
	for (uint8_t i = 0; i < planned->n_rows; i++)
		if (planned->rows[i] == if_index)
			return true;
	planned->rows[planned->n_rows++] = if_index;
	stand_in(plan, sw, line);
	return true;
}

/* ---- another map ---- */

static bool
make_room(struct poll_plan *plan, uint32_t n, struct planned **ret_switches)
{
	bool good = true;

	*ret_switches = calloc(n + 1, sizeof(**ret_switches));
	for (int line = 0; line < LINE_MAX; line++) {
		free(plan->lines[line].items);
		plan->lines[line] =
		    (struct ring){ .items = calloc(n + 1, sizeof(*plan->lines[line].items)) };
		good = good && plan->lines[line].items;
	}
	return good && *ret_switches;
}

/* What is known goes on with its name; rows are numbers of the switch's own, and stay. */
static void
carry_over(struct poll_plan *plan, const struct topo *now, struct planned *switches)
{
	for (uint32_t sw = 0; sw < plan->n; sw++) {
		struct planned *old = &plan->switches[sw];
		uint32_t to = topo_switch_find(now, slice_of(old->name));
		if (to == TOPO_NONE)
			continue;
		const struct planned fresh = switches[to];
		switches[to] = *old;
		switches[to].name = fresh.name;
		switches[to].n_addresses = fresh.n_addresses;
		/* Nobody has told yet how the new ones are. */
		switches[to].n_interfaces = fresh.n_interfaces;
		switches[to].whole |= fresh.n_interfaces > old->n_interfaces;
		memset(switches[to].waits, 0, sizeof(switches[to].waits));
	}
}

static bool
name_all(const struct topo *now, struct planned *switches)
{
	bool good = true;

	for (uint32_t sw = 0; sw < topo_n_switches(now); sw++) {
		const uint32_t n_addresses = topo_switch_get(now, sw)->addresses.n;
		switches[sw] = (struct planned){
			.n_interfaces = topo_switch_get(now, sw)->interfaces.n,
			.n_addresses = (uint8_t)(n_addresses < UINT8_MAX ? n_addresses : UINT8_MAX),
			.name = strdup(topo_text_get(now, topo_switch_get(now, sw)->name)),
			.outcome = POLL_OUTCOME_MAX,
			.whole = true, /* it is new, unless it is known */
		};
		good = good && switches[sw].name;
	}
	return good;
}

int
poll_plan_set_topo(
    struct poll_plan *plan, const struct topo *now, const bool *pollable, int64_t now_ns)
{
	const uint32_t n = topo_n_switches(now);
	struct planned *switches;

	if (!make_room(plan, n, &switches) || !name_all(now, switches)) {
		for (uint32_t sw = 0; switches && sw < n; sw++)
			free(switches[sw].name);
		free(switches);
		poll_plan_forget(plan);
		return -ENOMEM;
	}
	carry_over(plan, now, switches);
	for (uint32_t sw = 0; sw < plan->n; sw++)
		free(plan->switches[sw].name);
	free(plan->switches);
	plan->switches = switches;
	plan->n = n;
	plan->n_running = plan->n_probed = 0;
	/* The sweep goes on where it was: maps that follow each other must not keep it at the first switches. */
	plan->sweep_at = n > 0 ? plan->sweep_at % n : 0;
	if (plan->sweep_ns == 0 || plan->sweep_ns > now_ns + plan->interval_ns)
		plan->sweep_ns = now_ns + (n > 0 ? plan->interval_ns / n : 0);
	for (uint32_t sw = 0; sw < n; sw++) {
		switches[sw].pollable = pollable[sw];
		plan->n_running += switches[sw].running;
		plan->n_probed += switches[sw].running && switches[sw].probed;
		if (switches[sw].pollable && is_wanted(&switches[sw]))
			stand_in(plan, sw, line_of(&switches[sw]));
	}
	return 0;
}

/* ---- what is next ---- */

/* The next switches of the sweep, as many as are due. */
static void
sweep(struct poll_plan *plan, int64_t now_ns)
{
	const int64_t step_ns = plan->interval_ns / plan->n + 1;

	/* After a suspend, or a sweep that was off: from now on, and not all at once. */
	if (now_ns - plan->sweep_ns > step_ns + LATE_NS)
		plan->sweep_ns = now_ns;
	for (uint32_t i = 0; i < plan->n && plan->sweep_ns <= now_ns; i++) {
		poll_plan_want_all(plan, plan->sweep_at, false);
		plan->sweep_at = (plan->sweep_at + 1) % plan->n;
		plan->sweep_ns += step_ns;
	}
}

/* Those that were silent, and have been left alone long enough; and those that were wanted for now. */
static void
look_through(struct poll_plan *plan, int64_t now_ns)
{
	for (uint32_t sw = 0; sw < plan->n; sw++) {
		struct planned *planned = &plan->switches[sw];
		const bool due = planned->later_ns != 0 && planned->later_ns <= now_ns;
		if (due) {
			planned->later_ns = 0;
			planned->whole = planned->whole || planned->pollable;
		}
		if (planned->running || !planned->pollable || !is_wanted(planned) ||
		    planned->not_before_ns > now_ns)
			continue;
		stand_in(plan, sw, due && !seems_dead(planned) ? LINE_SOON : line_of(planned));
	}
}

bool
poll_plan_next(struct poll_plan *plan, int64_t now_ns, struct poll_task *ret_task)
{
	uint32_t sw;

	if (plan->n == 0)
		return false;
	if (plan->interval_ns > 0)
		sweep(plan, now_ns);
	if (now_ns >= plan->look_ns) {
		look_through(plan, now_ns);
		plan->look_ns = now_ns + POLL_LOOK_NS;
	}
	if (plan->n_running >= POLL_RUNNING_MAX || (!take_first(plan, LINE_SOON, now_ns, &sw) &&
						       !take_first(plan, LINE_SWEEP, now_ns, &sw)))
		return false;
	struct planned *planned = &plan->switches[sw];
	*ret_task =
	    (struct poll_task){ .sw = sw, .walk = planned->whole, .address = planned->address };
	if (!planned->whole) {
		ret_task->n = planned->n_rows;
		memcpy(
		    ret_task->if_indexes, planned->rows, planned->n_rows * sizeof(*planned->rows));
	}
	planned->whole = false;
	planned->n_rows = 0;
	planned->running = true;
	planned->probed = seems_dead(planned);
	plan->n_running++;
	plan->n_probed += planned->probed;
	return true;
}

static int64_t
patience_ns(unsigned n_silent)
{
	int64_t ns = POLL_RETRY_NS;

	for (unsigned i = 1; i < n_silent && ns < POLL_RETRY_MAX_NS; i++)
		ns *= 2;
	return ns < POLL_RETRY_MAX_NS ? ns : POLL_RETRY_MAX_NS;
}

/* It may be silent because that address is dead, and others are not: they come at once, each once. */
static bool
has_another_address(struct planned *planned, enum poll_outcome outcome)
{
	if (outcome != POLL_SILENT && outcome != POLL_CLOSED && outcome != POLL_UNSENT)
		return false;
	if (planned->n_addresses < 2)
		return false;
	planned->n_tried++;
	planned->address = (uint8_t)((planned->address + 1) % planned->n_addresses);
	return planned->n_tried < planned->n_addresses;
}

static void
note_outcome(struct planned *planned, enum poll_outcome outcome, int64_t now_ns, int64_t wall_us)
{
	if (planned->outcome != outcome)
		planned->since_us = wall_us;
	planned->outcome = (uint8_t)outcome;
	planned->asked_us = wall_us;
	planned->n_tried = 0;
	if (outcome == POLL_ANSWERED) {
		planned->n_silent = planned->patience = 0;
		planned->not_before_ns = 0;
		return;
	}
	planned->n_silent += planned->n_silent < UINT16_MAX;
	planned->patience += planned->patience < UINT8_MAX;
	planned->not_before_ns = now_ns + patience_ns(planned->patience);
	planned->whole = true;
}

static void
stop_running(struct poll_plan *plan, struct planned *planned)
{
	planned->running = false;
	plan->n_running--;
	plan->n_probed -= planned->probed;
}

void
poll_plan_done(
    struct poll_plan *plan, uint32_t sw, enum poll_outcome outcome, int64_t now_ns, int64_t wall_us)
{
	if (sw >= plan->n || !plan->switches[sw].running)
		return;
	struct planned *planned = &plan->switches[sw];
	stop_running(plan, planned);
	if (has_another_address(planned, outcome))
		planned->whole = true;
	else
		note_outcome(planned, outcome, now_ns, wall_us);
	if (is_wanted(planned) && planned->not_before_ns <= now_ns)
		stand_in(plan, sw, line_of(planned));
}

void
poll_plan_give_up(struct poll_plan *plan, uint32_t sw)
{
	if (sw >= plan->n || !plan->switches[sw].running)
		return;
	stop_running(plan, &plan->switches[sw]);
	plan->switches[sw].whole = true;
	if (plan->switches[sw].pollable)
		stand_in(plan, sw, LINE_SOON);
}

int64_t
poll_plan_deadline(const struct poll_plan *plan, int64_t now_ns)
{
	int64_t at_ns = INT64_MAX;

	if (plan->n == 0)
		return at_ns;
	if (plan->n_running < POLL_RUNNING_MAX &&
	    plan->lines[LINE_SOON].n + plan->lines[LINE_SWEEP].n > 0)
		return now_ns;
	if (plan->interval_ns > 0)
		at_ns = plan->sweep_ns;
	return at_ns < plan->look_ns ? at_ns : plan->look_ns;
}

/* ---- views ---- */

const char *
poll_plan_name(const struct poll_plan *plan, uint32_t sw)
{
	return plan->switches[sw].name;
}

void
poll_plan_view(const struct poll_plan *plan, uint32_t sw, struct poll_view *ret_view)
{
	static const struct planned nothing = { .outcome = POLL_OUTCOME_MAX };
	const struct planned *planned = sw < plan->n ? &plan->switches[sw] : &nothing;

	*ret_view = (struct poll_view){ planned->pollable, (enum poll_outcome)planned->outcome,
		planned->since_us, planned->asked_us, planned->n_silent };
}

void
poll_plan_totals(const struct poll_plan *plan, struct poll_totals *ret_totals)
{
	*ret_totals = (struct poll_totals){ .running = plan->n_running };
	for (uint32_t sw = 0; sw < plan->n; sw++) {
		const struct planned *planned = &plan->switches[sw];
		ret_totals->waiting += planned->pollable && is_wanted(planned);
	}
}
