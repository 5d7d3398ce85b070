/*
 * Where each value of an account stands, and how the environment and clouds.yaml are taken over. As openstacksdk
 * (openstack/config/loader.py) and keystoneauth's loading options name them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/neutron_auth.h"
#include "core/text.h"

#define ENV(...) .env = { __VA_ARGS__ }
#define CLOUD(...) .cloud = { __VA_ARGS__ }
#define IN_AUTH .in_auth = true
#define SECRET .secret = true

const struct neutron_auth_name neutron_auth_names[AUTH_KEY_MAX] = {
	[AUTH_TYPE] = { ENV("OS_AUTH_TYPE", "OS_AUTH_PLUGIN"), CLOUD("auth_type", "auth_plugin") },
	[AUTH_URL] = { ENV("OS_AUTH_URL"), CLOUD("auth_url"), IN_AUTH },
	[AUTH_USERNAME] = { ENV("OS_USERNAME", "OS_USER_NAME"), CLOUD("username", "user_name"),
	    IN_AUTH },
	[AUTH_USER_ID] = { ENV("OS_USER_ID"), CLOUD("user_id"), IN_AUTH },
	[AUTH_PASSWORD] = { ENV("OS_PASSWORD"), CLOUD("password"), IN_AUTH, SECRET },
	[AUTH_USER_DOMAIN_ID] = { ENV("OS_USER_DOMAIN_ID"), CLOUD("user_domain_id"), IN_AUTH },
	[AUTH_USER_DOMAIN_NAME] = { ENV("OS_USER_DOMAIN_NAME"), CLOUD("user_domain_name"),
	    IN_AUTH },
	[AUTH_PROJECT_ID] = { ENV("OS_PROJECT_ID", "OS_TENANT_ID"),
	    CLOUD("project_id", "tenant_id"), IN_AUTH },
	[AUTH_PROJECT_NAME] = { ENV("OS_PROJECT_NAME", "OS_TENANT_NAME"),
	    CLOUD("project_name", "tenant_name"), IN_AUTH },
	[AUTH_PROJECT_DOMAIN_ID] = { ENV("OS_PROJECT_DOMAIN_ID"), CLOUD("project_domain_id"),
	    IN_AUTH },
	[AUTH_PROJECT_DOMAIN_NAME] = { ENV("OS_PROJECT_DOMAIN_NAME"), CLOUD("project_domain_name"),
	    IN_AUTH },
	[AUTH_DOMAIN_ID] = { ENV("OS_DOMAIN_ID"), CLOUD("domain_id"), IN_AUTH },
	[AUTH_DOMAIN_NAME] = { ENV("OS_DOMAIN_NAME"), CLOUD("domain_name"), IN_AUTH },
	[AUTH_SYSTEM_SCOPE] = { ENV("OS_SYSTEM_SCOPE"), CLOUD("system_scope"), IN_AUTH },
	[AUTH_DEFAULT_DOMAIN] = { ENV("OS_DEFAULT_DOMAIN", "OS_DEFAULT_DOMAIN_ID"),
	    CLOUD("default_domain", "default_domain_id"), IN_AUTH },
	[AUTH_CREDENTIAL_ID] = { ENV("OS_APPLICATION_CREDENTIAL_ID"),
	    CLOUD("application_credential_id"), IN_AUTH },
	[AUTH_CREDENTIAL_NAME] = { ENV("OS_APPLICATION_CREDENTIAL_NAME"),
	    CLOUD("application_credential_name"), IN_AUTH },
	[AUTH_CREDENTIAL_SECRET] = { ENV("OS_APPLICATION_CREDENTIAL_SECRET"),
	    CLOUD("application_credential_secret"), IN_AUTH, SECRET },
	[AUTH_TOKEN] = { ENV("OS_TOKEN", "OS_AUTH_TOKEN"), CLOUD("token", "auth_token"), IN_AUTH,
	    SECRET },
	[AUTH_ENDPOINT] = { ENV("OS_ENDPOINT", "OS_URL"), CLOUD("endpoint", "url"), IN_AUTH },
	[AUTH_ENDPOINT_OVERRIDE] = { ENV("OS_NETWORK_ENDPOINT_OVERRIDE", "OS_ENDPOINT_OVERRIDE"),
	    CLOUD("network_endpoint_override", "network_endpoint") },
	[AUTH_REGION] = { ENV("OS_REGION_NAME"), CLOUD("region_name") },
	[AUTH_INTERFACE] = { ENV("OS_NETWORK_INTERFACE", "OS_INTERFACE", "OS_ENDPOINT_TYPE"),
	    CLOUD("network_interface", "interface") },
	[AUTH_CACERT] = { ENV("OS_CACERT"), CLOUD("cacert") },
	[AUTH_CERT] = { ENV("OS_CERT"), CLOUD("cert") },
	[AUTH_KEY] = { ENV("OS_KEY"), CLOUD("key") },
	[AUTH_VERIFY] = { CLOUD("verify") },
	[AUTH_INSECURE] = { ENV("OS_INSECURE"), CLOUD("insecure") },
};

static void
wipe(char *value)
{
	if (!value)
		return;
	explicit_bzero(value, strlen(value));
	free(value);
}

void
neutron_auth_release(struct neutron_auth *auth)
{
	for (int key = 0; key < AUTH_KEY_MAX; key++)
		wipe(auth->values[key]);
	*auth = (struct neutron_auth){ 0 };
}

static int
set(struct neutron_auth *auth, int key, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	wipe(auth->values[key]);
	auth->values[key] = copy;
	return 0;
}

static const char *
env_value(int key, neutron_auth_lookup *lookup, void *ctx)
{
	const struct neutron_auth_name *name = &neutron_auth_names[key];

	for (int i = 0; i < 3 && name->env[i]; i++) {
		const char *value = lookup(ctx, name->env[i]);
		if (value && *value)
			return value;
	}
	return NULL;
}

int
neutron_auth_from_env(struct neutron_auth *auth, neutron_auth_lookup *lookup, void *ctx)
{
	for (int key = 0; key < AUTH_KEY_MAX; key++) {
		const char *value = env_value(key, lookup, ctx);
		if (value && set(auth, key, value) != 0)
			return -ENOMEM;
	}
	return 0;
}

bool
neutron_auth_in_env(neutron_auth_lookup *lookup, void *ctx)
{
	static const int tell[] = { AUTH_TYPE, AUTH_URL, AUTH_TOKEN, AUTH_ENDPOINT,
		AUTH_ENDPOINT_OVERRIDE };

	for (size_t i = 0; i < sizeof(tell) / sizeof(tell[0]); i++)
		if (env_value(tell[i], lookup, ctx))
			return true;
	return false;
}

/* ---- clouds.yaml ---- */

static const char *
cloud_value(int key, const json_t *cloud)
{
	const struct neutron_auth_name *name = &neutron_auth_names[key];
	const json_t *object = name->in_auth ? json_object_get(cloud, "auth") : cloud;

	for (int i = 0; i < 2 && name->cloud[i]; i++) {
		const char *value = json_string_value(json_object_get(object, name->cloud[i]));
		if (value && *value)
			return value;
	}
	return NULL;
}

int
neutron_auth_from_cloud(
    struct neutron_auth *auth, const json_t *cloud, char error[NEUTRON_TEXT_MAX])
{
	const char *version = json_string_value(json_object_get(cloud, "identity_api_version"));
	const char *profile = json_string_value(json_object_get(cloud, "profile"));

	if (version && *version != '3') {
		snprintf(error, NEUTRON_TEXT_MAX, "identity_api_version is %s: only 3 is supported",
		    TEXT_QUOTE(slice_of(version)));
		return -EINVAL;
	}
	if (profile && !cloud_value(AUTH_URL, cloud) && !cloud_value(AUTH_ENDPOINT, cloud)) {
		snprintf(error, NEUTRON_TEXT_MAX,
		    "profile %s is not supported: write its auth_url into the cloud itself",
		    TEXT_QUOTE(slice_of(profile)));
		return -EINVAL;
	}
	for (int key = 0; key < AUTH_KEY_MAX; key++) {
		const char *value = cloud_value(key, cloud);
		if (value && set(auth, key, value) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- what kind it is, and what is missing ---- */

static const struct {
	const char *name;
	enum neutron_auth_type type;
} types[] = {
	{ "password", NEUTRON_AUTH_PASSWORD },
	{ "v3password", NEUTRON_AUTH_PASSWORD },
	{ "v3applicationcredential", NEUTRON_AUTH_CREDENTIAL },
	{ "token", NEUTRON_AUTH_TOKEN },
	{ "v3token", NEUTRON_AUTH_TOKEN },
	{ "admin_token", NEUTRON_AUTH_ADMIN_TOKEN },
	{ "token_endpoint", NEUTRON_AUTH_ADMIN_TOKEN },
	{ "none", NEUTRON_AUTH_NONE },
	{ "noauth", NEUTRON_AUTH_NONE },
};

static bool
has(const struct neutron_auth *auth, enum neutron_auth_key key)
{
	return auth->values[key] != NULL;
}

static bool
has_endpoint(const struct neutron_auth *auth)
{
	return has(auth, AUTH_ENDPOINT) || has(auth, AUTH_ENDPOINT_OVERRIDE);
}

/* The type that is named, or what the other values fit. */
static bool
find_type(struct neutron_auth *auth)
{
	const char *name = auth->values[AUTH_TYPE];

	for (size_t i = 0; name && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		auth->type = types[i].type;
		return true;
	}
	if (name)
		return false;
	if (has(auth, AUTH_CREDENTIAL_ID) || has(auth, AUTH_CREDENTIAL_SECRET))
		auth->type = NEUTRON_AUTH_CREDENTIAL;
	else if (has(auth, AUTH_TOKEN))
		auth->type = has(auth, AUTH_URL) ? NEUTRON_AUTH_TOKEN : NEUTRON_AUTH_ADMIN_TOKEN;
	else
		auth->type = NEUTRON_AUTH_PASSWORD;
	return true;
}

/* What is missing, as "OS_A and OS_B"; NULL: nothing. */
static const char *
missing_user(const struct neutron_auth *auth)
{
	if (!has(auth, AUTH_PASSWORD))
		return "OS_PASSWORD";
	return has(auth, AUTH_USERNAME) || has(auth, AUTH_USER_ID) ? NULL : "OS_USERNAME";
}

static const char *
missing_credential(const struct neutron_auth *auth)
{
	if (!has(auth, AUTH_CREDENTIAL_SECRET))
		return "OS_APPLICATION_CREDENTIAL_SECRET";
	if (has(auth, AUTH_CREDENTIAL_ID))
		return NULL;
	if (!has(auth, AUTH_CREDENTIAL_NAME))
		return "OS_APPLICATION_CREDENTIAL_ID";
	return has(auth, AUTH_USERNAME) || has(auth, AUTH_USER_ID)
		   ? NULL
		   : "OS_USERNAME (whose application credential it is)";
}

static const char *
missing_scope(const struct neutron_auth *auth)
{
	if (has(auth, AUTH_PROJECT_ID) || has(auth, AUTH_PROJECT_NAME) ||
	    has(auth, AUTH_DOMAIN_ID) || has(auth, AUTH_DOMAIN_NAME) ||
	    has(auth, AUTH_SYSTEM_SCOPE))
		return NULL;
	return "OS_PROJECT_NAME (the project of the account)";
}

static const char *
missing(const struct neutron_auth *auth)
{
	const char *what = NULL;

	if (auth->type == NEUTRON_AUTH_NONE || auth->type == NEUTRON_AUTH_ADMIN_TOKEN) {
		if (!has_endpoint(auth))
			return "OS_ENDPOINT (Neutron's URL)";
		return auth->type == NEUTRON_AUTH_ADMIN_TOKEN && !has(auth, AUTH_TOKEN) ? "OS_TOKEN"
											: NULL;
	}
	if (!has(auth, AUTH_URL))
		return "OS_AUTH_URL (Keystone's URL; or OS_CLOUD with a clouds.yaml)";
	if (auth->type == NEUTRON_AUTH_CREDENTIAL)
		return missing_credential(auth);
	if (auth->type == NEUTRON_AUTH_TOKEN)
		what = has(auth, AUTH_TOKEN) ? NULL : "OS_TOKEN";
	else
		what = missing_user(auth);
	return what ? what : missing_scope(auth);
}

int
neutron_auth_settle(struct neutron_auth *auth, char error[NEUTRON_TEXT_MAX])
{
	const char *what;

	if (!find_type(auth)) {
		snprintf(error, NEUTRON_TEXT_MAX,
		    "auth type %s is not supported: password, v3applicationcredential, token, admin_token and none are",
		    TEXT_QUOTE(slice_of(auth->values[AUTH_TYPE])));
		return -EINVAL;
	}
	what = missing(auth);
	if (what)
		snprintf(error, NEUTRON_TEXT_MAX, "the account lacks %s", what);
	return what ? -EINVAL : 0;
}

static bool
says(const char *value, const char *const *words, size_t n)
{
	for (size_t i = 0; value && i < n; i++)
		if (slice_case_eq_str(slice_trim(slice_of(value)), words[i]))
			return true;
	return false;
}

bool
neutron_auth_verifies(const struct neutron_auth *auth)
{
	static const char *const no[] = { "false", "no", "off", "0" };
	static const char *const yes[] = { "true", "yes", "on", "1" };

	return !says(auth->values[AUTH_VERIFY], no, 4) &&
	       !says(auth->values[AUTH_INSECURE], yes, 4);
}

bool
neutron_auth_asks(const struct neutron_auth *auth)
{
	return auth->type != NEUTRON_AUTH_NONE && auth->type != NEUTRON_AUTH_ADMIN_TOKEN;
}
