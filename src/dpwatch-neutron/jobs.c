/*
 * One port at a time: lock and state from Redis, PUT, state again, unlock. What the port's hash says when the lock is taken
 * is sent; if it says something else afterwards, the port's turn comes once more.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

/* Longer than a request for a token and a PUT together. */
#define LOCK_MS 90000

/* After a request that may or may not have been acted on, the lists are compared. */
#define DOUBT_MS 60000

/* ---- the end ---- */

static void
count_outcome(struct forwarder *fw, const struct job *job)
{
	static const enum counter counters[NEUTRON_OUTCOME_MAX] = {
		[NEUTRON_EQUAL] = COUNT_EQUAL,
		[NEUTRON_GONE] = COUNT_GONE,
		[NEUTRON_MOVED] = COUNT_MOVED,
		[NEUTRON_LATER] = COUNT_CONFLICTS,
		[NEUTRON_STUCK] = COUNT_STUCK,
		[NEUTRON_AWAY] = COUNT_AWAY,
		[NEUTRON_HELD] = COUNT_HELD,
	};

	if (job->sent)
		forwarder_count(
		    fw, strcmp(job->value, "DOWN") == 0 ? COUNT_SENT_DOWN : COUNT_SENT_ACTIVE, 1);
	/* COUNT_EVENTS is 0, which stands for none here. */
	if (counters[job->outcome] != 0)
		forwarder_count(fw, counters[job->outcome], 1);
}

static void
tell_sent(struct forwarder *fw, const struct job *job)
{
	double delay = (double)(forwarder_wall_us(fw) - job->port.since_us) / 1e6;

	log_info("%s is %s in Neutron, %.3f s after the toggle", job->id, job->value, delay);
	fw->delay_sum += delay > 0 ? delay : 0;
	fw->delay_n++;
}

/* Neutron takes what it is sent (again). */
static void
note_success(struct forwarder *fw)
{
	struct neutron_queue_view view;

	neutron_queue_view(fw->queue, forwarder_now_ms(fw), &view);
	if (view.failures > 0 || view.held)
		log_info("Neutron takes it again");
	fw->problem[0] = '\0';
}

static void
finish(struct job *job)
{
	struct forwarder *fw = job->fw;
	struct neutron_entry ack;

	if (job->sent) {
		note_success(fw);
		tell_sent(fw, job);
	}
	count_outcome(fw, job);
	neutron_queue_done(fw->queue, job->port.id, job->outcome, job->down, job->retry_after_ms,
	    forwarder_now_ms(fw), &ack);
	forwarder_ack(fw, ack);
	fw->jobs--;
	free(job);
	forwarder_go(fw);
}

static bool
is_pair(const redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	       reply->element[0]->str && reply->element[1]->str;
}

/* ---- after the request ---- */

static void
on_end(void *ctx, const redisReply *reply)
{
	struct job *job = ctx;
	const struct neutron_change again = { .force = true };
	struct neutron_change change = again;
	bool lost = is_pair(reply) && strcmp(reply->element[0]->str, "lost") == 0;

	/* Redis broke: the lock expires, and the entry is read again. */
	if (!is_pair(reply)) {
		job->outcome = job->sent ? NEUTRON_MOVED : job->outcome;
		finish(job);
		return;
	}
	job->down = strcmp(reply->element[1]->str, "DOWN") == 0;
	if (job->sent && (lost || strcmp(reply->element[1]->str, job->value) != 0))
		job->outcome = NEUTRON_MOVED;
	if (lost) {
		/* It took longer than the lock lasts: somebody else may have sent something before us. */
		struct neutron_entry none;
		memcpy(change.id, job->port.id, 16);
		change.down = job->down;
		change.since_us = job->port.since_us;
		struct forwarder *fw = job->fw;
		finish(job);
		if (neutron_queue_add(fw->queue, &change, &none) != 0)
			log_warning("out of memory: the next comparison mends it");
		return;
	}
	finish(job);
}

void
job_end(struct job *job, const char *value)
{
	const char *prefix = forwarder_prefix(job->fw);
	struct command command = { 0 };

	command_script(&command, SCRIPT_END, 3);
	command_key(&command, prefix, "neutron:lock:", job->id);
	command_key(&command, prefix, "port:", job->id);
	command_key(&command, prefix, "neutron:sent", "");
	command_word(&command, job->fw->token);
	command_word(&command, job->id);
	command_word(&command, value);
	if (command_send(&command, job->fw->commands, on_end, job) != 0)
		on_end(job, NULL);
}

void
job_tell_problem(struct forwarder *fw, const struct job *job, const char *text)
{
	if (strcmp(fw->problem, text) == 0)
		return;
	snprintf(fw->problem, sizeof(fw->problem), "%s", text);
	log_error("%s: %s", job->id, text);
}

void
job_fail(struct job *job, enum neutron_outcome outcome, const char *text)
{
	struct forwarder *fw = job->fw;
	uint64_t held_back;

	job->outcome = outcome;
	forwarder_error(fw, text);
	if (outcome == NEUTRON_HELD)
		job_tell_problem(fw, job, text);
	else if (log_rate_take(&fw->rate, &held_back))
		log_warning("%s %s: %s%s", job->id, job->value, text,
		    outcome == NEUTRON_STUCK ? "" : "; trying again");
	job_end(job, "");
}

static enum neutron_outcome
outcome_of(enum neutron_verdict verdict)
{
	switch (verdict) {
	case NEUTRON_NO_TRUST:
	case NEUTRON_NO_TOKEN:
	case NEUTRON_NO_ROLE:
	case NEUTRON_NO_EXTENSION:
		return NEUTRON_HELD;
	case NEUTRON_CONFLICT:
	case NEUTRON_FAULT:
		return NEUTRON_LATER;
	case NEUTRON_REFUSED:
		return NEUTRON_STUCK;
	default:
		return NEUTRON_AWAY;
	}
}

void
job_fail_answer(struct job *job, const struct neutron_answer *answer)
{
	job_fail(job, outcome_of(answer->verdict), answer->text);
}

void
job_fail_account(struct job *job, const struct neutron_answer *refusal)
{
	job_fail(job, refusal->verdict == NEUTRON_UNREACHABLE ? NEUTRON_AWAY : NEUTRON_HELD,
	    refusal->text);
}

/* ---- the request ---- */

static void
on_answer(void *ctx, const struct session_reply *reply)
{
	struct job *job = ctx;
	struct neutron_answer answer;

	if (reply->refusal) {
		job_fail_account(job, reply->refusal);
		return;
	}
	neutron_answer_put(&reply->reply, job->value, &answer);
	job->retry_after_ms = answer.retry_after_ms;
	if (answer.verdict == NEUTRON_OK) {
		job->sent = true;
		job->outcome = NEUTRON_SENT;
		job_end(job, job->value);
		return;
	}
	if (answer.verdict == NEUTRON_NOT_FOUND) {
		job_look_in_list(job);
		return;
	}
	if (reply->sent || answer.verdict == NEUTRON_UNREACHABLE)
		reconcile_soon(job->fw->reconcile, DOUBT_MS);
	job_fail_answer(job, &answer);
}

static void
put(struct job *job)
{
	char target[TARGET_ROOM], body[64];

	snprintf(target, sizeof(target), "/v2.0/ports/%s", job->id);
	snprintf(body, sizeof(body), "{\"port\": {\"data_plane_status\": \"%s\"}}", job->value);
	if (session_send(job->fw->session,
		&(const struct session_request){ .method = "PUT",
		    .target = target,
		    .body = slice_of(body),
		    .timeout_ms = PUT_TIMEOUT_MS,
		    .most = PUT_MOST },
		on_answer, job) != 0)
		job_fail(job, NEUTRON_AWAY, "out of memory");
}

/* ---- before it ---- */

/* Nothing is sent: what would be goes to standard output, once. */
static void
show(struct job *job)
{
	struct forwarder *fw = job->fw;
	const char *shown = json_string_value(json_object_get(fw->shown, job->id));

	if (!shown || strcmp(shown, job->value) != 0) {
		printf("%s %s\n", job->id, job->value);
		fflush(stdout);
		json_object_set_new(fw->shown, job->id, json_string(job->value));
	}
	job->outcome = NEUTRON_EQUAL;
	finish(job);
}

static void
on_shown(void *ctx, const redisReply *reply)
{
	struct job *job = ctx;

	job->outcome = NEUTRON_UNDONE;
	if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL)) {
		finish(job);
		return;
	}
	job->down = reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "true") == 0;
	snprintf(job->value, sizeof(job->value), "%s", job->down ? "DOWN" : "ACTIVE");
	show(job);
}

static void
on_begin(void *ctx, const redisReply *reply)
{
	struct job *job = ctx;
	const char *state = is_pair(reply) ? reply->element[0]->str : "";

	if (reply && reply->type == REDIS_REPLY_ERROR)
		forwarder_error(job->fw, reply->str);
	job->outcome = reply ? NEUTRON_LATER : NEUTRON_UNDONE;
	if (is_pair(reply)) {
		job->down = strcmp(reply->element[1]->str, "DOWN") == 0;
		snprintf(job->value, sizeof(job->value), "%s", reply->element[1]->str);
	}
	/* What a dead instance sent may still arrive. */
	if (strcmp(state, "inherit") == 0)
		reconcile_soon(job->fw->reconcile, DOUBT_MS);
	if (strcmp(state, "send") == 0 || strcmp(state, "inherit") == 0) {
		put(job);
		return;
	}
	if (strcmp(state, "elsewhere") == 0)
		job->outcome = NEUTRON_ELSEWHERE;
	else if (strcmp(state, "equal") == 0)
		job->outcome = NEUTRON_EQUAL;
	else if (strcmp(state, "braked") == 0)
		job->outcome = NEUTRON_BRAKED;
	finish(job);
}

static int
ask_state(struct job *job)
{
	const char *prefix = forwarder_prefix(job->fw);
	struct command command = { 0 };

	if (job->fw->dry_run) {
		command_word(&command, "HGET");
		command_key(&command, prefix, "port:", job->id);
		command_word(&command, "dp_down");
		return command_send(&command, job->fw->commands, on_shown, job);
	}
	command_script(&command, SCRIPT_BEGIN, 4);
	command_key(&command, prefix, "neutron:lock:", job->id);
	command_key(&command, prefix, "port:", job->id);
	command_key(&command, prefix, "neutron:sent", "");
	command_key(&command, prefix, "neutron:hold", "");
	command_word(&command, job->fw->token);
	command_number(&command, LOCK_MS);
	command_word(&command, job->id);
	command_word(&command, job->port.force ? "1" : "0");
	command_key(&command, prefix, "neutron:alive:", "");
	return command_send(&command, job->fw->commands, on_begin, job);
}

void
job_begin(struct forwarder *fw, const struct neutron_job *port)
{
	struct neutron_entry none;
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		neutron_queue_done(
		    fw->queue, port->id, NEUTRON_LATER, port->down, 0, forwarder_now_ms(fw), &none);
		return;
	}
	job->fw = fw;
	job->port = *port;
	job->down = port->down;
	port_id_format(port->id, job->id);
	fw->jobs++;
	if (ask_state(job) == 0)
		return;
	/* The link is going down in this very turn. */
	fw->jobs--;
	neutron_queue_done(
	    fw->queue, port->id, NEUTRON_LATER, port->down, 0, forwarder_now_ms(fw), &none);
	free(job);
}
