#include "core/neutron_auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "util/timeutil.h"

/* Roles that see the ports of every project (neutron/conf/policies; facts: real-neutron.md, "Which account may do it"). */
static const char *const wide_roles[] = { "admin", "advsvc", "service" };

void
neutron_token_release(struct neutron_token *token)
{
	if (token->token)
		explicit_bzero(token->token, strlen(token->token));
	free(token->token);
	free(token->endpoint);
	free(token->roles);
	free(token->project_id);
	*token = (struct neutron_token){ 0 };
}

static const char *
value(const struct neutron_auth *auth, enum neutron_auth_key key)
{
	return auth->values[key];
}

const char *
neutron_auth_who(const struct neutron_auth *auth, char *buf, size_t size)
{
	static const struct {
		enum neutron_auth_key key;
		const char *what;
	} names[] = { { AUTH_CREDENTIAL_NAME, "application credential" },
		{ AUTH_CREDENTIAL_ID, "application credential" }, { AUTH_USERNAME, "user" },
		{ AUTH_USER_ID, "user" } };
	const char *no_name =
	    auth->type == NEUTRON_AUTH_NONE ? "nobody (auth type none)" : "the given token";
	/* A password's user is no application credential, whatever else is set. */
	size_t first = auth->type == NEUTRON_AUTH_PASSWORD ? 2 : 0;
	bool named = auth->type == NEUTRON_AUTH_PASSWORD || auth->type == NEUTRON_AUTH_CREDENTIAL;

	snprintf(buf, size, "%s", no_name);
	for (size_t i = first; named && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = value(auth, names[i].key);
		if (!name)
			continue;
		snprintf(buf, size, "%s %s", names[i].what, TEXT_QUOTE(slice_of(name)));
		break;
	}
	return buf;
}

/* ---- the request ---- */

/* {"id": ID} or {"name": NAME, "domain": {...}}; NULL: out of memory. */
static json_t *
owner_json(const struct neutron_auth *auth, enum neutron_auth_key id, enum neutron_auth_key name,
    enum neutron_auth_key domain_id, enum neutron_auth_key domain_name)
{
	const char *fallback = value(auth, AUTH_DEFAULT_DOMAIN);

	if (value(auth, id))
		return json_pack("{s:s}", "id", value(auth, id));
	if (!value(auth, domain_id) && value(auth, domain_name))
		return json_pack("{s:s, s:{s:s}}", "name", value(auth, name), "domain", "name",
		    value(auth, domain_name));
	return json_pack("{s:s, s:{s:s}}", "name", value(auth, name), "domain", "id",
	    value(auth, domain_id) ? value(auth, domain_id)
	    : fallback             ? fallback
				   : "default");
}

static json_t *
user_json(const struct neutron_auth *auth)
{
	return owner_json(
	    auth, AUTH_USER_ID, AUTH_USERNAME, AUTH_USER_DOMAIN_ID, AUTH_USER_DOMAIN_NAME);
}

static json_t *
identity_json(const struct neutron_auth *auth)
{
	json_t *user;

	if (auth->type == NEUTRON_AUTH_TOKEN)
		return json_pack(
		    "{s:[s], s:{s:s}}", "methods", "token", "token", "id", value(auth, AUTH_TOKEN));
	if (auth->type == NEUTRON_AUTH_PASSWORD) {
		user = user_json(auth);
		if (!user || json_object_set_new(
				 user, "password", json_string(value(auth, AUTH_PASSWORD))) != 0) {
			json_decref(user);
			return NULL;
		}
		return json_pack(
		    "{s:[s], s:{s:o}}", "methods", "password", "password", "user", user);
	}
	if (value(auth, AUTH_CREDENTIAL_ID))
		return json_pack("{s:[s], s:{s:s, s:s}}", "methods", "application_credential",
		    "application_credential", "id", value(auth, AUTH_CREDENTIAL_ID), "secret",
		    value(auth, AUTH_CREDENTIAL_SECRET));
	return json_pack("{s:[s], s:{s:s, s:s, s:o}}", "methods", "application_credential",
	    "application_credential", "name", value(auth, AUTH_CREDENTIAL_NAME), "secret",
	    value(auth, AUTH_CREDENTIAL_SECRET), "user", user_json(auth));
}

/* An application credential has its project already; NULL with true: no scope is sent. */
static bool
scope_json(const struct neutron_auth *auth, json_t **ret_scope)
{
	*ret_scope = NULL;
	if (auth->type == NEUTRON_AUTH_CREDENTIAL)
		return true;
	if (value(auth, AUTH_SYSTEM_SCOPE))
		*ret_scope = json_pack("{s:{s:b}}", "system", "all", 1);
	else if (value(auth, AUTH_PROJECT_ID) || value(auth, AUTH_PROJECT_NAME))
		*ret_scope = json_pack("{s:o}", "project",
		    owner_json(auth, AUTH_PROJECT_ID, AUTH_PROJECT_NAME, AUTH_PROJECT_DOMAIN_ID,
			AUTH_PROJECT_DOMAIN_NAME));
	else if (value(auth, AUTH_DOMAIN_ID))
		*ret_scope = json_pack("{s:{s:s}}", "domain", "id", value(auth, AUTH_DOMAIN_ID));
	else
		*ret_scope =
		    json_pack("{s:{s:s}}", "domain", "name", value(auth, AUTH_DOMAIN_NAME));
	return *ret_scope != NULL;
}

/* A text of its own without slashes at the end, and without `suffix` before them. */
static char *
without(const char *url, const char *suffix)
{
	struct slice text = slice_trim(slice_of(url)), end = slice_of(suffix);

	for (int i = 0; i < 2; i++) {
		while (text.len > 0 && text.data[text.len - 1] == '/')
			text.len--;
		if (i == 0 && text.len > end.len &&
		    slice_eq(slice_from(text, text.len - end.len), end))
			text.len -= end.len;
	}
	return strndup(text.data, text.len);
}

/* Keystone's v3, whether the URL names it or not. */
static char *
tokens_url(const char *auth_url)
{
	static const char path[] = "/v3/auth/tokens";
	char *base = without(auth_url, "/v3"), *url;

	if (!base)
		return NULL;
	url = malloc(strlen(base) + sizeof(path));
	if (url)
		snprintf(url, strlen(base) + sizeof(path), "%s%s", base, path);
	free(base);
	return url;
}

int
neutron_auth_request(const struct neutron_auth *auth, char **ret_url, char **ret_body)
{
	json_t *scope, *request = NULL;
	char *url = tokens_url(value(auth, AUTH_URL)), *body = NULL;

	if (scope_json(auth, &scope))
		request = json_pack(
		    "{s:{s:o, s:o*}}", "auth", "identity", identity_json(auth), "scope", scope);
	if (request)
		body = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!url || !body) {
		free(url);
		free(body);
		return -ENOMEM;
	}
	*ret_url = url;
	*ret_body = body;
	return 0;
}

/* ---- the answer ---- */

/* "https://h:9696/v2.0/" -> a new "https://h:9696"; NULL: out of memory. */
static char *
endpoint_of(const char *url)
{
	return without(url, "/v2.0");
}

/* public, internal, admin, also written publicURL. */
static struct slice
interface_of(const struct neutron_auth *auth)
{
	struct slice name = slice_of(value(auth, AUTH_INTERFACE));

	if (name.len == 0)
		return SLICE("public");
	if (name.len > 3 && slice_eq_str(slice_from(name, name.len - 3), "URL"))
		name.len -= 3;
	return name;
}

static bool
is_network(const json_t *service)
{
	const char *type = json_string_value(json_object_get(service, "type"));

	return type && strcmp(type, "network") == 0;
}

static const char *
text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}

/* Whether an endpoint is the one that is asked for; `regions` gets what there is, for a message. */
static bool
endpoint_fits(const struct neutron_auth *auth, const json_t *endpoint)
{
	const char *region = value(auth, AUTH_REGION);

	if (!slice_eq_str(interface_of(auth), text_of(endpoint, "interface")))
		return false;
	return !region || strcmp(region, text_of(endpoint, "region_id")) == 0 ||
	       strcmp(region, text_of(endpoint, "region")) == 0;
}

/* "public in RegionOne, admin in RegionOne" */
static void
list_endpoint(const json_t *endpoint, char *buf, size_t size)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s in %s", len > 0 ? ", " : "",
	    TEXT_QUOTE(slice_of(text_of(endpoint, "interface"))),
	    TEXT_QUOTE(slice_of(text_of(endpoint, "region_id"))));
}

/* Neutron's URL in the catalogue, borrowed; NULL with a text for people. */
static const char *
find_endpoint(const struct neutron_auth *auth, const json_t *token, struct neutron_answer *answer)
{
	const json_t *services = json_object_get(token, "catalog"), *service, *endpoint;
	const char *region = value(auth, AUTH_REGION);
	char there[120] = "";
	size_t i, j;

	json_array_foreach(services, i, service)
	{
		if (!is_network(service))
			continue;
		json_array_foreach(json_object_get(service, "endpoints"), j, endpoint)
		{
			const char *url = text_of(endpoint, "url");
			if (endpoint_fits(auth, endpoint) && *url)
				return url;
			if (strlen(there) < sizeof(there) - 1)
				list_endpoint(endpoint, there, sizeof(there));
		}
	}
	neutron_answer_set(answer, NEUTRON_REFUSED,
	    "the catalogue has no endpoint of type network with interface %s in region %s (it has: %s): set OS_INTERFACE, "
	    "OS_REGION_NAME or OS_NETWORK_ENDPOINT_OVERRIDE",
	    TEXT_QUOTE(interface_of(auth)), region ? TEXT_QUOTE(slice_of(region)) : "(any)",
	    *there ? there : "none");
	return NULL;
}

static bool
is_wide(const char *role)
{
	for (size_t i = 0; i < sizeof(wide_roles) / sizeof(wide_roles[0]); i++)
		if (strcmp(wide_roles[i], role) == 0)
			return true;
	return false;
}

/* "member, reader" and whether none of them is wide. NULL: out of memory; "" for no role. */
static char *
join_roles(const json_t *roles, bool *ret_narrow)
{
	char text[256] = "", clean[sizeof(text)];
	const json_t *role;
	size_t i;

	*ret_narrow = true;
	json_array_foreach(roles, i, role)
	{
		const char *name = text_of(role, "name");
		size_t len = strlen(text);
		*ret_narrow = *ret_narrow && !is_wide(name);
		if (len < sizeof(text) - 1)
			snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? ", " : "",
			    TEXT_QUOTE(slice_of(name)));
	}
	return strdup(text_quote(slice_of(text), clean, sizeof(clean)));
}

static int64_t
life_ms(const json_t *token)
{
	int64_t issued, expires;

	if (!timeutil_parse(slice_of(text_of(token, "issued_at")), &issued) ||
	    !timeutil_parse(slice_of(text_of(token, "expires_at")), &expires) || expires <= issued)
		return 0;
	return (expires - issued) / 1000;
}

static void
out_of_memory(struct neutron_answer *answer)
{
	neutron_answer_set(answer, NEUTRON_UNREACHABLE, "out of memory");
}

static void
read_token(const struct neutron_auth *auth, const json_t *body, const char *header,
    struct neutron_token *ret_token, struct neutron_answer *answer)
{
	const json_t *object = json_object_get(body, "token");
	const json_t *roles = json_object_get(object, "roles");
	const char *project = text_of(json_object_get(object, "project"), "id");
	const char *override = value(auth, AUTH_ENDPOINT_OVERRIDE);
	struct neutron_token token = { .life_ms = life_ms(object) };

	if (!header || *header == '\0' || !json_is_object(object)) {
		neutron_answer_set(answer, NEUTRON_UNREACHABLE,
		    "an answer without a token: is OS_AUTH_URL a Keystone?");
		return;
	}
	const char *url = override ? override : find_endpoint(auth, object, answer);
	if (!url)
		return;
	token.token = strdup(header);
	token.endpoint = endpoint_of(url);
	token.roles = roles ? join_roles(roles, &token.narrow) : NULL;
	token.project_id = *project ? strdup(project) : NULL;
	if (token.token && token.endpoint && (token.roles || !roles)) {
		*ret_token = token;
		return;
	}
	neutron_token_release(&token);
	out_of_memory(answer);
}

/* What Keystone did not grant. Everything that is not its own JSON may pass. */
static void
read_refusal(const struct neutron_auth *auth, const struct neutron_reply *reply, const json_t *body,
    struct neutron_answer *answer)
{
	const char *message = text_of(json_object_get(body, "error"), "message");
	char who[120];

	neutron_auth_who(auth, who, sizeof(who));
	if (reply->status == 0 && reply->untrusted)
		neutron_answer_untrusted(reply, "Keystone", answer);
	else if (reply->status == 0)
		neutron_answer_set(answer, NEUTRON_UNREACHABLE, "no answer from Keystone: %s",
		    reply->trouble ? reply->trouble : "unknown");
	else if (reply->status >= 300 && reply->status < 400)
		neutron_answer_set(answer, NEUTRON_UNREACHABLE,
		    "Keystone redirects (%ld) to %s: set OS_AUTH_URL to where it is", reply->status,
		    reply->location ? reply->location : "nowhere");
	else if (*message == '\0' || reply->status >= 500 || reply->status == 429)
		neutron_answer_set(answer, NEUTRON_UNREACHABLE, "Keystone: %ld%s%s", reply->status,
		    *message ? ": " : " without its JSON: is OS_AUTH_URL right?", message);
	else
		neutron_answer_set(answer,
		    reply->status == 401 ? NEUTRON_NO_TOKEN : NEUTRON_REFUSED,
		    "Keystone refuses %s: %ld: %s", who, reply->status, message);
}

void
neutron_auth_answer(const struct neutron_auth *auth, const struct neutron_reply *reply,
    const char *header, struct neutron_token *ret_token, struct neutron_answer *answer)
{
	json_t *body =
	    reply->body.len > 0 ? json_loadb(reply->body.data, reply->body.len, 0, NULL) : NULL;

	*answer = (struct neutron_answer){ .verdict = NEUTRON_OK };
	if (reply->status == 201 || reply->status == 200)
		read_token(auth, body, header, ret_token, answer);
	else
		read_refusal(auth, reply, body, answer);
	json_decref(body);
}

int
neutron_auth_given(const struct neutron_auth *auth, struct neutron_token *ret_token)
{
	const char *url = value(auth, AUTH_ENDPOINT_OVERRIDE) ? value(auth, AUTH_ENDPOINT_OVERRIDE)
							      : value(auth, AUTH_ENDPOINT);
	struct neutron_token token = { .endpoint = endpoint_of(url) };

	if (auth->type == NEUTRON_AUTH_ADMIN_TOKEN)
		token.token = strdup(value(auth, AUTH_TOKEN));
	if (!token.endpoint || (auth->type == NEUTRON_AUTH_ADMIN_TOKEN && !token.token)) {
		neutron_token_release(&token);
		return -ENOMEM;
	}
	*ret_token = token;
	return 0;
}
