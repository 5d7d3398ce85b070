/*
 * After a 404: the port is gone, or not for our eyes. Gone is what is not in the list either; but a role that sees only the ports
 * of its own project gets a 404 for the others', and does not find them in the list (facts: real-neutron.md). So the list's
 * word counts only for an account that sees all, or for a port of its project.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "job.h"

static void
gone(struct job *job)
{
	log_info("%s: Neutron does not have this port", job->id);
	job->outcome = NEUTRON_GONE;
	job_end(job, "");
}

static void
on_project(void *ctx, const redisReply *reply)
{
	struct job *job = ctx;
	const struct neutron_token *token = session_token(job->fw->session);
	json_t *port = reply && reply->type == REDIS_REPLY_STRING
			   ? json_loadb(reply->str, (size_t)reply->len, 0, NULL)
			   : NULL;
	const char *project = json_string_value(json_object_get(port, "project_id"));
	char text[NEUTRON_TEXT_MAX];

	if (!reply) {
		job_fail(job, NEUTRON_UNDONE, "Redis is away");
	} else if (!port ||
		   (project && token->project_id && strcmp(project, token->project_id) == 0)) {
		gone(job);
	} else {
		snprintf(text, sizeof(text),
		    "404, and the account sees only the ports of its own project (its roles: %.100s): give it advsvc beside "
		    "data_plane_integrator, or admin",
		    token->roles && *token->roles ? token->roles : "none");
		job_tell_problem(job->fw, job, text);
		job_fail(job, NEUTRON_STUCK, text);
	}
	json_decref(port);
}

static void
ask_project(struct job *job)
{
	struct command command = { 0 };

	command_word(&command, "HGET");
	command_key(&command, forwarder_prefix(job->fw), "topology:ports", "");
	command_word(&command, job->id);
	if (command_send(&command, job->fw->commands, on_project, job) != 0)
		on_project(job, NULL);
}

static void
on_list(void *ctx, const struct session_reply *reply)
{
	struct job *job = ctx;
	struct neutron_page page = { 0 };
	struct neutron_answer answer;

	if (reply->refusal) {
		job_fail_account(job, reply->refusal);
		return;
	}
	neutron_answer_list(&reply->reply, false, &answer);
	job->retry_after_ms = answer.retry_after_ms;
	if (answer.verdict != NEUTRON_OK) {
		job_fail_answer(job, &answer);
		return;
	}
	if (neutron_page_parse(reply->reply.body, &page) != 0) {
		job_fail(job, NEUTRON_AWAY, "out of memory");
		return;
	}
	bool listed = page.n > 0;
	neutron_page_release(&page);
	if (listed)
		job_fail(job, NEUTRON_STUCK,
		    "404 for a port that is in the list: a role is missing, give the account data_plane_integrator and advsvc, "
		    "or admin");
	else if (session_token(job->fw->session)->narrow)
		ask_project(job);
	else
		gone(job);
}

void
job_look_in_list(struct job *job)
{
	char target[TARGET_ROOM];

	snprintf(target, sizeof(target), "/v2.0/ports?id=%s&fields=id", job->id);
	if (session_send(job->fw->session,
		&(const struct session_request){ .method = "GET",
		    .target = target,
		    .timeout_ms = PUT_TIMEOUT_MS,
		    .most = PUT_MOST },
		on_list, job) != 0)
		job_fail(job, NEUTRON_AWAY, "out of memory");
}
