#include "io/poll_asking.h"

/* RFC 3416 3, error-status */
enum { NO_SUCH_NAME = 2, NO_ACCESS = 6, AUTHORIZATION_ERROR = 16 };

static void
finish(struct asking *asking, enum poll_outcome outcome)
{
	asking->over = true;
	asking->outcome = outcome;
}

/* Sends the job's next request, or holds it back until the next tick where enough has been sent. */
static void
send_next(struct asking *asking)
{
	struct poll_request request;

	asking->held = asking->shared->budget <= asking->terms.leave;
	if (asking->held)
		return;
	asking->shared->budget--;
	poll_job_request(asking->job, &request);
	if (poll_session_ask(asking->session, &request))
		stats_add(asking->shared->stats, STAT_POLL_REQUESTS, 1);
	else
		finish(asking, POLL_UNSENT);
}

/* ---- what the session tells: notes are taken, and followed in on_settled ---- */

static void
end_walk(struct asking *asking)
{
	const bool nothing = poll_job_is_walk(asking->job) && poll_job_n_rows(asking->job) == 0;

	finish(asking, nothing ? POLL_EMPTY : POLL_ANSWERED);
}

static void
on_answered(void *ctx, const struct trap_varbind *varbinds, size_t n, int64_t asked_ns)
{
	struct asking *asking = ctx;

	stats_add(asking->shared->stats, STAT_POLL_ANSWERS, 1);
	if (poll_job_take(asking->job, varbinds, n, asked_ns) == POLL_STEP_DONE)
		end_walk(asking);
}

/* tooBig, genErr and the like: some agents cannot do GETBULK, or not so much at a time. */
static void
on_refused(void *ctx, long status, long index)
{
	struct asking *asking = ctx;

	stats_add(asking->shared->stats, STAT_POLL_ANSWERS, 1);
	if (status == NO_SUCH_NAME && poll_session_is_v1(asking->session)) {
		if (poll_job_no_such(asking->job, index) == POLL_STEP_DONE)
			end_walk(asking);
	} else if (status == AUTHORIZATION_ERROR || status == NO_ACCESS ||
		   !poll_job_refused(asking->job)) {
		finish(asking, POLL_REFUSED);
	}
}

static void
on_failed(void *ctx, enum poll_outcome outcome)
{
	finish(ctx, outcome);
}

static void
on_older(void *ctx)
{
	struct asking *asking = ctx;

	poll_job_use_v1(asking->job);
}

static void
on_booted(void *ctx)
{
	struct asking *asking = ctx;

	poll_job_booted(asking->job);
	stats_add(asking->shared->stats, STAT_POLL_BOOTS, 1);
}

static void
on_stray(void *ctx)
{
	const struct asking *asking = ctx;

	stats_add(asking->shared->stats, STAT_POLL_STRAY, 1);
}

static void
on_settled(void *ctx)
{
	struct asking *asking = ctx;

	if (!asking->over)
		send_next(asking);
	if (asking->over)
		asking->shared->over(asking->shared->ctx, asking);
}

/* ---- life ---- */

bool
asking_begin(struct asking *asking, struct asking_shared *shared, const struct asking_terms *terms,
    struct poll_target *target, const struct poll_agent *agent, struct poll_job *job, char *why,
    size_t size)
{
	const struct poll_session_handler handler = {
		.ctx = asking,
		.answered = on_answered,
		.refused = on_refused,
		.failed = on_failed,
		.older = on_older,
		.stray = on_stray,
		.booted = on_booted,
		.settled = on_settled,
	};

	*asking = (struct asking){
		.shared = shared,
		.terms = *terms,
		.job = job,
		.held = terms->later,
		.began_ns = loop_now(shared->loop).now_ns,
	};
	asking->session =
	    poll_session_open(shared->loop, target, agent, shared->keys, &handler, why, size);
	if (asking->session && job) {
		if (poll_session_is_v1(asking->session))
			poll_job_use_v1(job);
		if (!terms->later)
			send_next(asking);
		if (!asking->over)
			return true;
	}
	asking_close(asking);
	return false;
}

void
asking_tick(struct asking *asking)
{
	if (loop_now(asking->shared->loop).now_ns - asking->began_ns > asking->terms.most_ns)
		finish(asking, POLL_SLOW);
	else if (asking->held)
		send_next(asking);
	else {
		poll_session_tick(asking->session);
		return;
	}
	if (asking->over)
		asking->shared->over(asking->shared->ctx, asking);
}

void
asking_agent(const struct asking *asking, struct poll_agent *ret_agent)
{
	if (asking->outcome == POLL_ANSWERED || asking->outcome == POLL_EMPTY)
		*ret_agent = *poll_session_agent(asking->session);
	else
		poll_agent_forget(ret_agent);
}

void
asking_break_off(struct asking *asking, enum poll_outcome outcome)
{
	finish(asking, outcome);
}

void
asking_close(struct asking *asking)
{
	poll_session_close(asking->session);
	poll_job_free(asking->job);
	*asking = (struct asking){ .shared = asking->shared };
}
