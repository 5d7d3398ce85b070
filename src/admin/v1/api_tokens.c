/*
 * /v1/tokens: who may use the API over the network. Only for who is on this machine, through the Unix socket: a token cannot
 * make another.
 */
#include <errno.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "admin/auth.h"

static bool
may_manage(struct api_call *call)
{
	if (!call->request->local)
		api_refuse(call->response, 403, "PolicyNotAuthorized",
		    "tokens are managed through the Unix socket only");
	else if (!call->api->auth)
		api_reply(call->response, 500, NULL);
	return call->request->local && call->api->auth;
}

/* Never the digest. */
static json_t *
token_json(const struct token *token)
{
	return json_pack("{s:s, s:s, s:o, s:o}", "name", token->name, "role",
	    token_role_name(token->role), "project_id", api_json_text_or_null(token->project),
	    "created_at", api_json_time(token->created_us));
}

void
api_tokens_list(struct api_call *call)
{
	json_t *list = json_array();

	if (may_manage(call) && api_params_known(call, (const char *const[]){ NULL })) {
		const struct token_list *tokens = auth_tokens(call->api->auth);
		for (size_t i = 0; i < tokens->n; i++)
			json_array_append_new(list, token_json(&tokens->items[i]));
		api_reply(call->response, 200, json_pack("{s:O}", "tokens", list));
	}
	json_decref(list);
}

/* What is wrong with what was asked for; NULL: nothing. */
static const char *
take_wanted(const json_t *body, struct token *ret_token)
{
	const char *name = NULL, *role = NULL, *project = NULL;

	if (json_unpack((json_t *)body, "{s:s, s:s, s?s !}", "name", &name, "role", &role,
		"project_id", &project) != 0)
		return "the body must be {\"name\": NAME, \"role\": ROLE, \"project_id\": ID}";
	if (!token_name_good(slice_of(name)))
		return "a name is at most 63 letters, digits, '.', '_' and '-'";
	ret_token->role = token_role_from(slice_of(role));
	if (ret_token->role == ROLE_NONE)
		return "the role must be admin, integrator or reader";
	if (ret_token->role == ROLE_READER && !project)
		return "a reader sees the ports of one project: name its project_id";
	if (ret_token->role != ROLE_READER && project)
		return "only a reader has a project: the others see every port";
	if (project && !token_project_good(slice_of(project)))
		return "a project_id is at most 255 printable characters without blanks";
	slice_copy(slice_of(name), ret_token->name, sizeof(ret_token->name));
	slice_copy(slice_of(project), ret_token->project, sizeof(ret_token->project));
	return NULL;
}

static void
refuse_file(struct api_call *call, int problem)
{
	if (problem == -ENOENT)
		api_refuse(call->response, 409, "HTTPConflict",
		    "no [api] token_file is configured: set one, and send SIGHUP");
	else
		api_refuse(call->response, 500, "HTTPInternalServerError",
		    "the token file cannot be written: %s", strerror(-problem));
}

static void
add(struct api_call *call, const struct token *wanted)
{
	char text[AUTH_TOKEN_TEXT];
	int r = auth_add(call->api->auth, wanted, text);

	if (r == -EEXIST || r == -ENOSPC) {
		api_refuse(call->response, 409, "HTTPConflict",
		    r == -EEXIST ? "there is a token named %s: remove it first"
				 : "there are too many tokens for %s",
		    wanted->name);
		return;
	}
	if (r != 0) {
		refuse_file(call, r);
		return;
	}
	json_t *token = token_json(wanted);
	json_object_set_new(token, "token", json_string(text));
	api_reply(call->response, 201, json_pack("{s:o}", "token", token));
	explicit_bzero(text, sizeof(text));
}

void
api_token_add(struct api_call *call)
{
	struct token wanted = { .created_us = call->api->status.now_us };
	json_t *body;

	if (!may_manage(call))
		return;
	body = json_loadb(
	    call->request->body.data, call->request->body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *problem = take_wanted(body, &wanted);
	if (problem)
		api_refuse(call->response, 400, "HTTPBadRequest", "%s", problem);
	else
		add(call, &wanted);
	json_decref(body);
}

void
api_token_remove(struct api_call *call)
{
	if (!may_manage(call))
		return;
	int r = auth_remove(call->api->auth, slice_of(call->args[0]));
	if (r == -ESRCH)
		api_refuse(call->response, 404, "TokenNotFound", "Token %s could not be found.",
		    call->args[0]);
	else if (r != 0)
		refuse_file(call, r);
	else
		api_reply(call->response, 200, json_pack("{s:s}", "removed", call->args[0]));
}
