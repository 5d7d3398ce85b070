#include "io/poller.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/poll_target.h"
#include "io/snmp_varbinds.h"
#include "util/log.h"

#define TICK_MS 100
#define BURST (POLLER_RATE / (1000 / TICK_MS)) /* packets at once */

/* Polls take the first ones, discoveries the others. */
#define PLACES (POLL_RUNNING_MAX + POLLER_DISCOVERIES)
/* Discoveries leave this much of the budget to polls. */
#define BUDGET_OF_POLLS (BURST / 2)

/* One switch that is being asked. */
struct asking {
	struct poller *poller;
	uint32_t sw;
	struct poll_job *job;
	void *session; /* net-snmp's; NULL: this place is free */
	struct event *readable;
	struct sockaddr_storage address;
	int64_t began_ns;
	int64_t asked_ns; /* when the request under way was sent */
	bool held;        /* its next request waits for the next tick */
	bool over;        /* to be closed: a session must not be closed by its own callback */
	enum poll_outcome outcome;
	struct poller_discovery discovery; /* ended: NULL: this is a poll, and the plan's */
};

struct poller {
	struct loop *loop;
	struct stats *stats;
	struct poller_handler handler;
	const struct config *config; /* borrowed until poller_configure */
	const struct topo *topo;     /* NULL: none yet */
	struct poll_plan *plan;
	struct asking places[PLACES];
	unsigned n_asking;
	unsigned budget;   /* packets that may be sent now */
	int64_t filled_ns; /* when something was added to it last */
	struct loop_timer *tick, *start;
};

static void begin_jobs(struct poller *poller);

/* ---- one switch ---- */

static void
close_asking(struct asking *asking)
{
	struct poller *poller = asking->poller;

	if (asking->readable)
		event_free(asking->readable);
	snmp_sess_close(asking->session);
	poll_job_free(asking->job);
	*asking = (struct asking){ .poller = poller };
	poller->n_asking--;
}

static bool
is_silent(const struct poll_view *view)
{
	return view->outcome != POLL_ANSWERED && view->outcome != POLL_OUTCOME_MAX;
}

static bool
is_discovery(const struct asking *asking)
{
	return asking->discovery.ended != NULL;
}

static void
end_discovery(struct asking *asking)
{
	asking->discovery.ended(asking->discovery.ctx, asking->outcome, asking->job);
	close_asking(asking);
}

/* The job is over: what it told goes to the handler, also where the switch fell silent in the middle. */
static void
end_job(struct asking *asking)
{
	struct poller *poller = asking->poller;
	const uint32_t sw = asking->sw;
	struct poll_view before, after;

	if (is_discovery(asking)) {
		end_discovery(asking);
		return;
	}
	const struct engine_time now = loop_now(poller->loop);
	poll_plan_view(poller->plan, sw, &before);
	poll_plan_done(poller->plan, sw, asking->outcome, now.now_ns, now.wall_us);
	poll_plan_view(poller->plan, sw, &after);
	stats_add(poller->stats, STAT_POLL_SILENT, asking->outcome != POLL_ANSWERED);
	stats_add(poller->stats, STAT_POLL_FULL, poll_job_n_rows(asking->job) == POLL_ROWS_MAX);
	if (poll_job_n_rows(asking->job) > 0)
		poller->handler.answered(
		    poller->handler.ctx, sw, asking->job, asking->outcome == POLL_ANSWERED);
	if (is_silent(&before) != is_silent(&after))
		poller->handler.reachable(
		    poller->handler.ctx, sw, asking->outcome, poll_outcome_names[asking->outcome]);
	close_asking(asking);
}

static void
finish(struct asking *asking, enum poll_outcome outcome)
{
	asking->over = true;
	asking->outcome = outcome;
}

static netsnmp_pdu *
make_pdu(const struct poll_request *request)
{
	netsnmp_pdu *pdu = snmp_pdu_create(request->bulk   ? SNMP_MSG_GETBULK
					   : request->next ? SNMP_MSG_GETNEXT
							   : SNMP_MSG_GET);

	if (!pdu)
		return NULL;
	if (request->bulk) {
		pdu->non_repeaters = 1;
		pdu->max_repetitions = request->repetitions;
	}
	for (size_t i = 0; i < request->n; i++) {
		oid name[POLL_OID_LEN];
		for (size_t k = 0; k < request->oids[i].n; k++)
			name[k] = request->oids[i].ids[k];
		snmp_add_null_var(pdu, name, request->oids[i].n);
	}
	return pdu;
}

/* Sends the job's next request, or holds it back until the next tick where enough has been sent. */
static void
send_next(struct asking *asking)
{
	struct poller *poller = asking->poller;
	struct poll_request request;

	asking->held = poller->budget <= (is_discovery(asking) ? BUDGET_OF_POLLS : 0);
	if (asking->held)
		return;
	poller->budget--;
	poll_job_request(asking->job, &request);
	netsnmp_pdu *pdu = make_pdu(&request);
	asking->asked_ns = loop_now(poller->loop).now_ns;
	if (pdu && snmp_sess_send(asking->session, pdu) != 0) {
		stats_add(poller->stats, STAT_POLL_REQUESTS, 1);
		return;
	}
	snmp_free_pdu(pdu);
	finish(asking, POLL_UNSENT);
}

/* tooBig, genErr and the like: some agents cannot do GETBULK, or not so much at a time. */
static void
take_refusal(struct asking *asking, const netsnmp_pdu *pdu)
{
	const bool may_not = pdu->command != SNMP_MSG_RESPONSE ||
			     pdu->errstat == SNMP_ERR_AUTHORIZATIONERROR ||
			     pdu->errstat == SNMP_ERR_NOACCESS;

	if (!may_not && poll_job_refused(asking->job))
		send_next(asking);
	else
		finish(asking, POLL_REFUSED);
}

static void
take_answer(struct asking *asking, const netsnmp_pdu *pdu)
{
	struct trap_varbind varbinds[TRAP_VARBINDS_MAX];

	stats_add(asking->poller->stats, STAT_POLL_ANSWERS, 1);
	if (pdu->command != SNMP_MSG_RESPONSE || pdu->errstat != SNMP_ERR_NOERROR) {
		take_refusal(asking, pdu);
		return;
	}
	size_t n = snmp_varbinds_read(pdu, varbinds, TRAP_VARBINDS_MAX);
	if (poll_job_take(asking->job, varbinds, n, asking->asked_ns) == POLL_STEP_MORE)
		send_next(asking);
	else if (poll_job_is_walk(asking->job) && poll_job_n_rows(asking->job) == 0)
		finish(asking, POLL_EMPTY);
	else
		finish(asking, POLL_ANSWERED);
}

static int
on_message(int operation, netsnmp_session *session, int request_id, netsnmp_pdu *pdu, void *magic)
{
	struct asking *asking = magic;

	(void)session;
	(void)request_id;
	if (asking->over)
		return 1;
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu)
		take_answer(asking, pdu);
	else if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT)
		finish(asking, POLL_SILENT);
	else if (operation == NETSNMP_CALLBACK_OP_SEND_FAILED ||
		 operation == NETSNMP_CALLBACK_OP_DISCONNECT)
		finish(asking, POLL_UNSENT);
	return 1;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct asking *asking = arg;
	struct poller *poller = asking->poller;
	netsnmp_large_fd_set fds;

	(void)what;
	netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
	netsnmp_large_fd_setfd(fd, &fds);
	snmp_sess_read2(asking->session, &fds);
	netsnmp_large_fd_set_cleanup(&fds);
	if (!asking->over)
		return;
	end_job(asking);
	begin_jobs(poller);
}

/* net-snmp's socket hears anybody; a connected one hears the switch alone. */
static bool
watch(struct asking *asking, const struct poll_target *target)
{
	netsnmp_transport *transport = snmp_sess_transport(asking->session);

	if (!transport || connect(transport->sock, (const struct sockaddr *)&target->address,
			      target->address_len) < 0)
		return false;
	asking->readable = event_new(loop_base(asking->poller->loop), transport->sock,
	    EV_READ | EV_PERSIST, on_readable, asking);
	return asking->readable && event_add(asking->readable, NULL) == 0;
}

static bool
open_session(struct asking *asking, struct poll_target *target)
{
	netsnmp_session wanted;

	snmp_sess_init(&wanted);
	wanted.version = SNMP_VERSION_2c;
	wanted.peername = target->peer;
	wanted.community = (u_char *)target->community;
	wanted.community_len = target->community_len;
	wanted.timeout = POLLER_TIMEOUT_MS * 1000L;
	wanted.retries = POLLER_RETRIES;
	wanted.callback = on_message;
	wanted.callback_magic = asking;
	asking->session = snmp_sess_open(&wanted);
	if (!asking->session)
		return false;
	asking->poller->n_asking++;
	asking->address = target->address;
	if (watch(asking, target))
		return true;
	close_asking(asking);
	return false;
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
	struct poll_target target;

	snprintf(why, size, "%s", poll_outcome_names[POLL_UNSENT]);
	if (!asking || !poll_target_make(poller->topo, task->sw, task->address, poller->config,
			   &target, why, size))
		return false;
	*asking = (struct asking){
		.poller = poller, .sw = task->sw, .began_ns = loop_now(poller->loop).now_ns
	};
	bool good = open_session(asking, &target);
	explicit_bzero(&target, sizeof(target));
	if (!good)
		return false;
	asking->job = task->walk ? poll_job_walk() : poll_job_get(task->if_indexes, task->n);
	if (asking->job && task->walk && has_aggregates(poller->topo, task->sw))
		poll_job_want_lags(asking->job);
	if (asking->job)
		send_next(asking);
	if (asking->job && !asking->over)
		return true;
	close_asking(asking);
	return false;
}

bool
poller_discover(struct poller *poller, uint32_t sw, uint32_t address,
    const struct poller_discovery *discovery, char *why, size_t size)
{
	struct asking *asking = free_place(poller, POLL_RUNNING_MAX, POLLER_DISCOVERIES);
	struct poll_target target;

	why[0] = '\0';
	if (!asking || !poller->topo ||
	    !poll_target_make(poller->topo, sw, address, poller->config, &target, why, size))
		return false;
	*asking = (struct asking){
		.poller = poller,
		.sw = sw,
		.began_ns = loop_now(poller->loop).now_ns,
		.discovery = *discovery,
		.held =
		    true, /* its first request goes with the next tick: it must not end in this call */
	};
	bool good = open_session(asking, &target);
	explicit_bzero(&target, sizeof(target));
	asking->job = good ? poll_job_discover() : NULL;
	if (asking->job) {
		loop_timer_arm(poller->tick, 0);
		return true;
	}
	snprintf(why, size, "%s", poll_outcome_names[POLL_UNSENT]);
	if (good)
		close_asking(asking);
	return false;
}

static void
begin_jobs(struct poller *poller)
{
	struct poll_task task;
	struct poll_view before, after;
	char why[320];

	while (poller->topo && poller->budget > 0 &&
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

/* Time-outs and repetitions of what is under way, and what was held back. */
static void
look_at(struct asking *asking)
{
	const int64_t most_ms = is_discovery(asking) ? POLLER_DISCOVERY_MS : POLLER_JOB_MS;

	if (loop_now(asking->poller->loop).now_ns - asking->began_ns > most_ms * INT64_C(1000000))
		finish(asking, POLL_SLOW);
	else if (asking->held)
		send_next(asking);
	else
		snmp_sess_timeout(asking->session);
	if (asking->over)
		end_job(asking);
}

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
	poller->budget = more > BURST - poller->budget ? BURST : poller->budget + (unsigned)more;
	poller->filled_ns = now_ns;
}

static void
on_tick(void *ctx)
{
	struct poller *poller = ctx;

	fill_budget(poller);
	for (size_t i = 0; i < PLACES; i++)
		if (poller->places[i].session)
			look_at(&poller->places[i]);
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

/* ---- life ---- */

static void
give_up(struct poller *poller)
{
	for (size_t i = 0; i < POLL_RUNNING_MAX; i++)
		if (poller->places[i].session)
			close_asking(&poller->places[i]);
}

static void
give_up_discoveries(struct poller *poller)
{
	for (size_t i = POLL_RUNNING_MAX; i < PLACES; i++) {
		if (!poller->places[i].session)
			continue;
		finish(&poller->places[i], POLL_UNSENT);
		end_discovery(&poller->places[i]);
	}
}

/* The switch of each job, in the next map; TOPO_NONE: it is not there. */
static void
find_anew(const struct poller *poller, const struct topo *now, uint32_t to[POLL_RUNNING_MAX])
{
	for (size_t i = 0; i < POLL_RUNNING_MAX; i++)
		to[i] = poller->places[i].session
			    ? topo_switch_find(
				  now, slice_of(poll_plan_name(poller->plan, poller->places[i].sw)))
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
		const bool good = to[i] != TOPO_NONE && pollable[to[i]] &&
				  poll_target_is_of(poller->topo, to[i], &asking->address);
		if (good)
			asking->sw = to[i];
		else if (to[i] != TOPO_NONE)
			poll_plan_give_up(poller->plan, to[i]);
		if (!good)
			close_asking(asking);
	}
}

void
poller_set_topo(struct poller *poller, const struct topo *now)
{
	const uint32_t n = topo_n_switches(now);
	bool *pollable = calloc(n + 1, sizeof(*pollable));
	uint32_t to[POLL_RUNNING_MAX];

	find_anew(poller, now, to);
	poller->topo = now;
	for (uint32_t sw = 0; pollable && sw < n; sw++)
		pollable[sw] = poll_target_wanted(now, sw, poller->config);
	if (pollable &&
	    poll_plan_set_topo(poller->plan, now, pollable, loop_now(poller->loop).now_ns) == 0) {
		go_on(poller, pollable, to);
	} else {
		log_error("poller: out of memory: no switch is asked until the next map");
		give_up(poller);
		poll_plan_forget(poller->plan);
	}
	free(pollable);
	loop_timer_arm(poller->start, 0);
}

/* What is under way has the old credentials. */
void
poller_configure(struct poller *poller, const struct config *config)
{
	for (size_t i = 0; i < POLL_RUNNING_MAX; i++)
		if (poller->places[i].session)
			poll_plan_give_up(poller->plan, poller->places[i].sw);
	give_up(poller);
	poller->config = config;
	poll_plan_set_interval(poller->plan, config->snmp.poll_interval_ms);
	poll_plan_forgive(poller->plan);
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
	poller->budget = BURST;
	poller->plan = poll_plan_new(config->snmp.poll_interval_ms);
	poller->tick = loop_timer_new(loop, on_tick, poller);
	poller->start = loop_timer_new(loop, on_start, poller);
	if (poller->plan && poller->tick && poller->start)
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
	give_up_discoveries(poller);
	loop_timer_free(poller->tick);
	loop_timer_free(poller->start);
	poll_plan_free(poller->plan);
	free(poller);
}
