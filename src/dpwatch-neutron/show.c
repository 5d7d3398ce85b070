/*
 * What `status` shows of this instance: a JSON text in Redis that expires. Written every few seconds, and at once when the
 * state is another.
 */
#include <stdlib.h>
#include <unistd.h>

#include "admin/api_json.h"
#include "forwarder.h"

/* Changes of state are not written more often. */
#define SHOW_AGAIN_MS 100

static json_t *
counters_json(const struct forwarder *fw)
{
	json_t *counters = json_object();

	for (int i = 0; i < COUNT_MAX; i++)
		json_object_set_new(
		    counters, counter_names[i], json_integer((json_int_t)fw->counters[i]));
	return counters;
}

static json_t *
instance_json(struct forwarder *fw)
{
	const struct neutron_token *token = session_token(fw->session);
	struct neutron_queue_view view;
	char who[120];

	neutron_queue_view(fw->queue, forwarder_now_ms(fw), &view);
	neutron_auth_who(session_auth(fw->session), who, sizeof(who));
	return json_pack(
	    "{s:s, s:i, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o}",
	    "name", fw->name, "pid", (int)getpid(), "version", DPWATCH_VERSION, "state",
	    forwarder_state(fw), "started_at", api_json_time(fw->started_us), "account", who,
	    "endpoint", token->endpoint ? token->endpoint : "", "roles",
	    api_json_text_or_null(token->roles ? token->roles : ""), "problem",
	    api_json_text_or_null(fw->problem), "last_error", api_json_text_or_null(fw->last_error),
	    "last_error_at", api_json_time(fw->last_error_us), "reconciled_at",
	    api_json_time(reconcile_at_us(fw->reconcile)), "oldest_unsent_since",
	    api_json_time(neutron_queue_oldest_us(fw->queue)), "waiting_down",
	    (json_int_t)view.waiting_down, "waiting_active", (json_int_t)view.waiting_active,
	    "delayed", (json_int_t)view.delayed, "under_way", (json_int_t)view.busy, "counters",
	    counters_json(fw));
}

void
show_instance(struct forwarder *fw)
{
	json_t *instance = instance_json(fw);
	char *text = instance ? json_dumps(instance, JSON_COMPACT) : NULL;
	struct command command = { 0 };

	json_decref(instance);
	fw->shown_state = forwarder_state(fw);
	fw->shown_ms = forwarder_now_ms(fw);
	command_word(&command, "SET");
	command_key(&command, forwarder_prefix(fw), "neutron:instance:", fw->name);
	command_word(&command, text ? text : "{}");
	command_word(&command, "PX");
	command_number(&command, heartbeat_shown_ms(fw));
	free(text);
	if (command_send(&command, fw->commands, command_ignore, NULL) != 0)
		log_debug("nothing can be shown now");
}

void
show_changes(struct forwarder *fw)
{
	if (fw->name[0] == '\0' || fw->dry_run || fw->stopping ||
	    redis_link_state(fw->commands) != REDIS_UP || fw->shown_state == forwarder_state(fw) ||
	    forwarder_now_ms(fw) - fw->shown_ms < SHOW_AGAIN_MS)
		return;
	show_instance(fw);
}
