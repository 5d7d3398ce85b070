/*
 * What is known of asking a switch, and asking one now.
 */
#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/poll_plan.h"

json_t *
api_poll_json(const struct api *api, uint32_t sw)
{
	struct poll_view view;

	if (!api->poll_plan)
		return json_null();
	poll_plan_view(api->poll_plan, sw, &view);
	const char *state = !view.pollable                     ? "off"
			    : view.outcome == POLL_OUTCOME_MAX ? "not asked yet"
							       : poll_outcome_names[view.outcome];
	return json_pack("{s:s, s:o, s:o, s:I}", "state", state, "since",
	    api_json_time(view.since_us), "asked_at", api_json_time(view.asked_us), "failures",
	    (json_int_t)view.n_silent);
}

void
api_switch_poll(struct api_call *call)
{
	uint32_t sw = topo_switch_find(engine_topo(call->api->engine), slice_of(call->args[0]));

	if (sw == TOPO_NONE)
		api_refuse(call->response, 404, "SwitchNotFound", "Switch %s could not be found.",
		    call->args[0]);
	else if (!call->api->poll_plan || !poll_plan_want_all(call->api->poll_plan, sw, true))
		api_refuse(call->response, 409, "HTTPConflict",
		    "Switch %s cannot be polled: there is no [snmp] poll_community or poll_user, and no \"poll\" in the topology.",
		    call->args[0]);
	else
		api_reply(
		    call->response, 202, json_pack("{s:o}", "poll", api_poll_json(call->api, sw)));
}
