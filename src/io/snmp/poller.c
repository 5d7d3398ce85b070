#include "io/poller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/poll_agents.h"
#include "io/poll_asking.h"
#include "io/poll_target.h"
#include "util/log.h"

#define TICK_MS 100
#define BURST (POLLER_RATE / (1000 / TICK_MS)) /* packets at once */

/* Polls take the first ones, discoveries the others. */
#define PLACES (POLL_RUNNING_MAX + POLLER_DISCOVERIES)
/* Discoveries leave this much of the budget to polls. */
#define BUDGET_OF_POLLS (BURST / 2)

struct poller {
	struct loop *loop;
	struct stats *stats;
	struct poller_handler handler;
	const struct config *config; /* borrowed until poller_configure */
	const struct topo *topo;     /* NULL: none yet */
	struct poll_plan *plan;
	struct asking places[PLACES];
	struct poller_discovery discoveries[POLLER_DISCOVERIES];
	unsigned n_asking;
	struct poll_agents agents;
	struct asking_shared shared;
	int64_t filled_ns; /* when something was added to its budget last */
	struct loop_timer *tick, *start;
};

/* ---- the end of a job ---- */

static void begin_jobs(struct poller *poller);

static bool
is_silent(const struct poll_view *view)
{
	return view->outcome != POLL_ANSWERED && view->outcome != POLL_OUTCOME_MAX;
}

static void
count_outcome(struct poller *poller, enum poll_outcome outcome)
{
	static const enum stats_counter counters[POLL_OUTCOME_MAX] = {
		[POLL_CLOSED] = STAT_POLL_CLOSED,
		[POLL_UNKNOWN_USER] = STAT_POLL_UNKNOWN_USER,
		[POLL_WRONG_DIGEST] = STAT_POLL_WRONG_DIGEST,
		[POLL_NOT_DECRYPTED] = STAT_POLL_NOT_DECRYPTED,
		[POLL_UNSUPPORTED_LEVEL] = STAT_POLL_UNSUPPORTED_LEVEL,
		[POLL_NOT_IN_TIME] = STAT_POLL_NOT_IN_TIME,
		[POLL_UNKNOWN_ENGINE] = STAT_POLL_UNKNOWN_ENGINE,
	};

	if (outcome == POLL_ANSWERED)
		return;
	stats_add(poller->stats, STAT_POLL_SILENT, 1);
	if (counters[outcome] != 0)
		stats_add(poller->stats, counters[outcome], 1);
}

static void
close_asking(struct poller *poller, struct asking *asking)
{
	asking_close(asking);
	poller->n_asking--;
}

/* What the job told goes to the handler, also where the switch fell silent in the middle. */
static void
tell(struct poller *poller, const struct asking *asking)
{
	stats_add(poller->stats, STAT_POLL_FULL, poll_job_n_rows(asking->job) == POLL_ROWS_MAX);
	if (poll_job_n_rows(asking->job) > 0)
		poller->handler.answered(poller->handler.ctx, asking->terms.sw, asking->job,
		    asking->outcome == POLL_ANSWERED);
}

static void
end_poll(struct poller *poller, struct asking *asking)
{
	const uint32_t sw = asking->terms.sw;
	const enum poll_outcome outcome = asking->outcome;
	const struct engine_time now = loop_now(poller->loop);
	struct poll_view before, after;

	asking_agent(asking, &poller->agents.of[sw]);
	poll_plan_view(poller->plan, sw, &before);
	poll_plan_done(poller->plan, sw, outcome, now.now_ns, now.wall_us);
	poll_plan_view(poller->plan, sw, &after);
	count_outcome(poller, outcome);
	tell(poller, asking);
	if (is_silent(&before) != is_silent(&after))
		poller->handler.reachable(
		    poller->handler.ctx, sw, outcome, poll_outcome_names[outcome]);
	close_asking(poller, asking);
}

static void
end_discovery(struct poller *poller, struct asking *asking)
{
	const struct poller_discovery *discovery =
	    &poller->discoveries[asking - poller->places - POLL_RUNNING_MAX];

	discovery->ended(discovery->ctx, asking->outcome, asking->job);
	close_asking(poller, asking);
}

static void
on_over(void *ctx, struct asking *asking)
{
	struct poller *poller = ctx;

	if (asking >= &poller->places[POLL_RUNNING_MAX])
		end_discovery(poller, asking);
	else
		end_poll(poller, asking);
	begin_jobs(poller);
}

/* ---- jobs ---- */

static struct asking *
free_place(struct poller *poller, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++)
		if (!poller->places[i].session)
			return &poller->places[i];
	return NULL;
}

/* Whether the map says of any interface that it is a member. */
static bool
has_aggregates(const struct topo *topo, uint32_t sw)
{
	const struct topo_range rows = topo_switch_get(topo, sw)->interfaces;

	for (uint32_t i = 0; i < rows.n; i++)
		if (topo_interface_get(topo, rows.first + i)->members.n > 0)
			return true;
	return false;
}

/* False where the switch cannot be asked; then why (size bytes) says so. */
static bool
begin_job(struct poller *poller, const struct poll_task *task, char *why, size_t size)
{
	struct asking *asking = free_place(poller, 0, POLL_RUNNING_MAX);
	const struct asking_terms terms = { .sw = task->sw,
		.most_ns = POLLER_JOB_MS * INT64_C(1000000) };
	struct poll_target target;

	snprintf(why, size, "%s", poll_outcome_names[POLL_UNSENT]);
	if (!asking || !poll_target_make(poller->topo, task->sw, task->address, poller->config,
			   &target, why, size))
		return false;
	struct poll_job *job =
	    task->walk ? poll_job_walk() : poll_job_get(task->if_indexes, task->n);
	if (job && task->walk && has_aggregates(poller->topo, task->sw))
		poll_job_want_lags(job);
	if (!asking_begin(asking, &poller->shared, &terms, &target, &poller->agents.of[task->sw],
		job, why, size))
		return false;
	poller->n_asking++;
	return true;
}

bool
poller_discover(struct poller *poller, uint32_t sw, uint32_t address,
    const struct poller_discovery *discovery, char *why, size_t size)
{
	struct asking *asking = free_place(poller, POLL_RUNNING_MAX, POLLER_DISCOVERIES);
	const struct asking_terms terms = {
		.sw = sw,
		.most_ns = POLLER_DISCOVERY_MS * INT64_C(1000000),
		.leave = BUDGET_OF_POLLS,
		.later = true,
	};
	struct poll_target target;

	why[0] = '\0';
	if (!asking || sw >= poller->agents.n ||
	    !poll_target_make(poller->topo, sw, address, poller->config, &target, why, size) ||
	    !asking_begin(asking, &poller->shared, &terms, &target, &poller->agents.of[sw],
		poll_job_discover(), why, size))
		return false;
	poller->discoveries[asking - poller->places - POLL_RUNNING_MAX] = *discovery;
	poller->n_asking++;
	loop_timer_arm(poller->tick, 0);
	return true;
}

static void
begin_jobs(struct poller *poller)
{
	struct poll_task task;
	struct poll_view before, after;
	char why[320];

	while (poller->topo && poller->shared.budget > 0 &&
	       poll_plan_next(poller->plan, loop_now(poller->loop).now_ns, &task)) {
		poll_plan_view(poller->plan, task.sw, &before);
		if (begin_job(poller, &task, why, sizeof(why)))
			continue;
		const struct engine_time now = loop_now(poller->loop);
		poll_plan_done(poller->plan, task.sw, POLL_UNSENT, now.now_ns, now.wall_us);
		poll_plan_view(poller->plan, task.sw, &after);
		stats_add(poller->stats, STAT_POLL_SILENT, 1);
		if (before.outcome != POLL_UNSENT && after.outcome == POLL_UNSENT)
			poller->handler.reachable(poller->handler.ctx, task.sw, POLL_UNSENT, why);
	}
}

/* ---- time ---- */

/* Ticks while something is under way or waits for its turn; else at the plan's next deadline. */
static void
arm(struct poller *poller)
{
	const int64_t now_ns = loop_now(poller->loop).now_ns;
	int64_t at_ns = poll_plan_deadline(poller->plan, now_ns);

	if (poller->n_asking > 0)
		loop_timer_arm(poller->tick, TICK_MS);
	else if (at_ns != INT64_MAX)
		loop_timer_arm(poller->tick,
		    at_ns - now_ns < 1000000 ? TICK_MS : (at_ns - now_ns) / 1000000 + 1);
}

static void
fill_budget(struct poller *poller)
{
	const int64_t now_ns = loop_now(poller->loop).now_ns;
	const int64_t more = (now_ns - poller->filled_ns) / (INT64_C(1000000000) / POLLER_RATE);

	if (more == 0)
		return;
	const unsigned budget = poller->shared.budget;
	poller->shared.budget = more > BURST - budget ? BURST : budget + (unsigned)more;
	poller->filled_ns = now_ns;
}

static void
on_tick(void *ctx)
{
	struct poller *poller = ctx;

	fill_budget(poller);
	for (size_t i = 0; i < PLACES; i++)
		if (poller->places[i].session)
			asking_tick(&poller->places[i]);
	begin_jobs(poller);
	arm(poller);
}

/* What is wanted in one turn is begun together, after it. */
static void
on_start(void *ctx)
{
	struct poller *poller = ctx;

	fill_budget(poller);
	begin_jobs(poller);
	arm(poller);
}

/* ---- what is wanted ---- */

void
poller_kick(struct poller *poller)
{
	if (!loop_timer_armed(poller->start))
		loop_timer_arm(poller->start, 0);
}

bool
poller_want(struct poller *poller, uint32_t sw, uint32_t if_index)
{
	if (!poll_plan_want(poller->plan, sw, if_index))
		return false;
	poller_kick(poller);
	return true;
}

bool
poller_want_later(struct poller *poller, uint32_t sw, int64_t delay_ms)
{
	const int64_t at_ns = loop_now(poller->loop).now_ns + delay_ms * 1000000;

	if (!poll_plan_want_later(poller->plan, sw, at_ns))
		return false;
	poller_kick(poller);
	return true;
}

bool
poller_want_all(struct poller *poller, uint32_t sw, bool soon)
{
	if (!poll_plan_want_all(poller->plan, sw, soon))
		return false;
	poller_kick(poller);
	return true;
}

struct poll_plan *
poller_plan(struct poller *poller)
{
	return poller->plan;
}

/* ---- another map ---- */

static void
give_up(struct poller *poller)
{
	for (size_t i = 0; i < POLL_RUNNING_MAX; i++)
		if (poller->places[i].session)
			close_asking(poller, &poller->places[i]);
}

static void
give_up_discoveries(struct poller *poller, enum poll_outcome outcome)
{
	for (size_t i = POLL_RUNNING_MAX; i < PLACES; i++) {
		if (!poller->places[i].session)
			continue;
		asking_break_off(&poller->places[i], outcome);
		end_discovery(poller, &poller->places[i]);
	}
}

/* The switch of each job, in the next map; TOPO_NONE: it is not there. */
static void
find_anew(const struct poller *poller, const struct topo *now, uint32_t to[POLL_RUNNING_MAX])
{
	for (size_t i = 0; i < POLL_RUNNING_MAX; i++)
		to[i] =
		    poller->places[i].session
			? topo_switch_find(now,
			      slice_of(poll_plan_name(poller->plan, poller->places[i].terms.sw)))
			: TOPO_NONE;
}

/* The plan knows the new numbers; jobs go on under theirs. */
static void
go_on(struct poller *poller, const bool *pollable, const uint32_t to[POLL_RUNNING_MAX])
{
	for (size_t i = 0; i < POLL_RUNNING_MAX; i++) {
		struct asking *asking = &poller->places[i];
		if (!asking->session)
			continue;
		const bool good =
		    to[i] != TOPO_NONE && pollable[to[i]] &&
		    poll_target_is_of(poller->topo, to[i], poll_session_address(asking->session));
		if (good)
			asking->terms.sw = to[i];
		else if (to[i] != TOPO_NONE)
			poll_plan_give_up(poller->plan, to[i]);
		if (!good)
			close_asking(poller, asking);
	}
}

void
poller_set_topo(struct poller *poller, const struct topo *now)
{
	const uint32_t n = topo_n_switches(now);
	bool *pollable = calloc(n + 1, sizeof(*pollable));
	uint32_t to[POLL_RUNNING_MAX];

	find_anew(poller, now, to);
	const bool carried = poll_agents_carry(&poller->agents, poller->plan, now);
	poller->topo = now;
	for (uint32_t sw = 0; pollable && sw < n; sw++)
		pollable[sw] = poll_target_wanted(now, sw, poller->config);
	if (carried && pollable &&
	    poll_plan_set_topo(poller->plan, now, pollable, loop_now(poller->loop).now_ns) == 0) {
		go_on(poller, pollable, to);
	} else {
		log_error("poller: out of memory: no switch is asked until the next map");
		give_up(poller);
		poll_plan_forget(poller->plan);
		poll_agents_release(&poller->agents);
	}
	free(pollable);
	loop_timer_arm(poller->start, 0);
}

/* ---- life ---- */

/* What is under way has the old credentials: it begins anew. */
void
poller_configure(struct poller *poller, const struct config *config)
{
	for (size_t i = 0; i < POLL_RUNNING_MAX; i++)
		if (poller->places[i].session)
			poll_plan_give_up(poller->plan, poller->places[i].terms.sw);
	give_up(poller);
	give_up_discoveries(poller, POLL_OUTCOME_MAX);
	poller->config = config;
	poll_plan_set_interval(poller->plan, config->snmp.poll_interval_ms);
	poll_plan_forgive(poller->plan);
}

int
poller_check(const struct config *config, char *error, size_t error_size)
{
	return poll_target_check(config, error, error_size) ? 0 : -1;
}

struct poller *
poller_new(struct loop *loop, const struct config *config, struct stats *stats,
    const struct poller_handler *handler)
{
	struct poller *poller = calloc(1, sizeof(*poller));

	if (!poller)
		return NULL;
	poller->loop = loop;
	poller->config = config;
	poller->stats = stats;
	poller->handler = *handler;
	poller->shared = (struct asking_shared){
		.loop = loop,
		.stats = stats,
		.keys = poll_keys_new(),
		.budget = BURST,
		.ctx = poller,
		.over = on_over,
	};
	poller->plan = poll_plan_new(config->snmp.poll_interval_ms);
	poller->tick = loop_timer_new(loop, on_tick, poller);
	poller->start = loop_timer_new(loop, on_start, poller);
	if (poller->shared.keys && poller->plan && poller->tick && poller->start)
		return poller;
	poller_free(poller);
	return NULL;
}

void
poller_free(struct poller *poller)
{
	if (!poller)
		return;
	give_up(poller);
	give_up_discoveries(poller, POLL_UNSENT);
	loop_timer_free(poller->tick);
	loop_timer_free(poller->start);
	poll_plan_free(poller->plan);
	poll_agents_release(&poller->agents);
	poll_keys_free(poller->shared.keys);
	free(poller);
}
