#include "core/poll_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Silent switches are looked through so often. */
#define LOOK_NS INT64_C(1000000000)

const char *const poll_outcome_names[POLL_OUTCOME_MAX] = {
	[POLL_ANSWERED] = "answered",
	[POLL_SILENT] = "no answer",
	[POLL_REFUSED] = "refused",
	[POLL_UNSENT] = "cannot be asked",
};

enum line { LINE_SOON, LINE_SWEEP, LINE_MAX };

/* What is planned with one switch. */
struct planned {
	char *name; /* by which it is found in the next map */
	bool pollable, running, whole;
	bool waits[LINE_MAX];
	uint8_t n_rows;
	uint8_t outcome; /* enum poll_outcome */
	uint16_t n_silent;
	uint32_t rows[POLL_GET_MAX];
	int64_t not_before_ns; /* it was silent */
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
	uint32_t n_running;
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

static void
forget(struct poll_plan *plan)
{
	for (uint32_t sw = 0; sw < plan->n; sw++)
		free(plan->switches[sw].name);
	free(plan->switches);
	for (int line = 0; line < LINE_MAX; line++)
		free(plan->lines[line].items);
	memset(plan->lines, 0, sizeof(plan->lines));
	plan->switches = NULL;
	plan->n = plan->n_running = plan->sweep_at = 0;
}

void
poll_plan_free(struct poll_plan *plan)
{
	if (!plan)
		return;
	forget(plan);
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
		if (is_wanted(planned) && !planned->running && planned->not_before_ns <= now_ns) {
			*ret_sw = sw;
			return true;
		}
	}
	return false;
}

/* ---- what is wanted ---- */

bool
poll_plan_want_all(struct poll_plan *plan, uint32_t sw, bool soon)
{
	if (sw >= plan->n || !plan->switches[sw].pollable)
		return false;
	plan->switches[sw].whole = true;
	stand_in(plan, sw, soon ? LINE_SOON : LINE_SWEEP);
	return true;
}

bool
poll_plan_want(struct poll_plan *plan, uint32_t sw, uint32_t if_index)
{
	if (sw >= plan->n || !plan->switches[sw].pollable)
		return false;
	struct planned *planned = &plan->switches[sw];
	if (if_index == 0 || planned->n_rows == POLL_GET_MAX)
		return poll_plan_want_all(plan, sw, true);
	for (uint8_t i = 0; i < planned->n_rows; i++)
		if (planned->rows[i] == if_index)
			return true;
	planned->rows[planned->n_rows++] = if_index;
	stand_in(plan, sw, LINE_SOON);
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

/* What is known goes on with its name. What was under way is asked again; rows are numbers of the switch's own, and stay. */
static void
carry_over(struct poll_plan *plan, const struct topo *now, struct planned *switches)
{
	for (uint32_t sw = 0; sw < plan->n; sw++) {
		struct planned *old = &plan->switches[sw];
		uint32_t to = topo_switch_find(now, slice_of(old->name));
		if (to == TOPO_NONE)
			continue;
		char *name = switches[to].name;
		switches[to] = *old;
		switches[to].name = name;
		switches[to].whole = old->whole || old->running;
		switches[to].running = false;
		memset(switches[to].waits, 0, sizeof(switches[to].waits));
	}
}

static bool
name_all(const struct topo *now, struct planned *switches)
{
	bool good = true;

	for (uint32_t sw = 0; sw < topo_n_switches(now); sw++) {
		switches[sw] = (struct planned){
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
		forget(plan);
		return -ENOMEM;
	}
	carry_over(plan, now, switches);
	for (uint32_t sw = 0; sw < plan->n; sw++)
		free(plan->switches[sw].name);
	free(plan->switches);
	plan->switches = switches;
	plan->n = n;
	plan->n_running = plan->sweep_at = 0;
	plan->sweep_ns = now_ns + (n > 0 ? plan->interval_ns / n : 0);
	for (uint32_t sw = 0; sw < n; sw++) {
		switches[sw].pollable = pollable[sw];
		if (switches[sw].pollable && is_wanted(&switches[sw]))
			stand_in(plan, sw, switches[sw].n_rows > 0 ? LINE_SOON : LINE_SWEEP);
	}
	return 0;
}

/* ---- what is next ---- */

/* The next switches of the sweep, as many as are due. */
static void
sweep(struct poll_plan *plan, int64_t now_ns)
{
	const int64_t step_ns = plan->interval_ns / plan->n + 1;

	for (uint32_t i = 0; i < plan->n && plan->sweep_ns <= now_ns; i++) {
		poll_plan_want_all(plan, plan->sweep_at, false);
		plan->sweep_at = (plan->sweep_at + 1) % plan->n;
		plan->sweep_ns += step_ns;
	}
	/* After a suspend, or a sweep that was off: from now on. */
	if (plan->sweep_ns <= now_ns)
		plan->sweep_ns = now_ns + step_ns;
}

/* Those that were silent, and have been left alone long enough. */
static void
look_through(struct poll_plan *plan, int64_t now_ns)
{
	for (uint32_t sw = 0; sw < plan->n; sw++) {
		struct planned *planned = &plan->switches[sw];
		if (planned->n_silent == 0 || planned->running || !is_wanted(planned) ||
		    planned->not_before_ns > now_ns)
			continue;
		stand_in(plan, sw, planned->n_rows > 0 ? LINE_SOON : LINE_SWEEP);
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
		plan->look_ns = now_ns + LOOK_NS;
	}
	if (plan->n_running >= POLL_RUNNING_MAX || (!take_first(plan, LINE_SOON, now_ns, &sw) &&
						       !take_first(plan, LINE_SWEEP, now_ns, &sw)))
		return false;
	struct planned *planned = &plan->switches[sw];
	*ret_task = (struct poll_task){ .sw = sw, .walk = planned->whole };
	if (!planned->whole) {
		ret_task->n = planned->n_rows;
		memcpy(
		    ret_task->if_indexes, planned->rows, planned->n_rows * sizeof(*planned->rows));
	}
	planned->whole = false;
	planned->n_rows = 0;
	planned->running = true;
	plan->n_running++;
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

void
poll_plan_done(
    struct poll_plan *plan, uint32_t sw, enum poll_outcome outcome, int64_t now_ns, int64_t wall_us)
{
	if (sw >= plan->n || !plan->switches[sw].running)
		return;
	struct planned *planned = &plan->switches[sw];
	planned->running = false;
	plan->n_running--;
	if (planned->outcome != outcome)
		planned->since_us = wall_us;
	planned->outcome = (uint8_t)outcome;
	planned->asked_us = wall_us;
	if (outcome == POLL_ANSWERED) {
		planned->n_silent = 0;
		planned->not_before_ns = 0;
	} else {
		planned->n_silent += planned->n_silent < UINT16_MAX;
		planned->not_before_ns = now_ns + patience_ns(planned->n_silent);
		planned->whole = true;
	}
	if (is_wanted(planned) && planned->not_before_ns <= now_ns)
		stand_in(plan, sw, planned->n_rows > 0 ? LINE_SOON : LINE_SWEEP);
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
		ret_totals->pollable += planned->pollable;
		ret_totals->unreachable += planned->pollable && planned->n_silent > 0;
		ret_totals->waiting += planned->pollable && is_wanted(planned);
	}
}
