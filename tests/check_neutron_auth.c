#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/neutron_auth.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

static struct neutron_auth auth;
static char error[NEUTRON_TEXT_MAX];

static void
set_up(void)
{
	auth = (struct neutron_auth){ 0 };
	*error = '\0';
}

static void
tear_down(void)
{
	neutron_auth_release(&auth);
}

/* An environment as "NAME=VALUE NAME=VALUE". */
static const char *
lookup(void *ctx, const char *name)
{
	static char value[128];
	size_t len = strlen(name);

	for (const char *at = ctx; *at; at += strcspn(at, " "), at += *at == ' ') {
		if (strncmp(at, name, len) != 0 || at[len] != '=')
			continue;
		slice_copy((struct slice){ at + len + 1, strcspn(at + len + 1, " ") }, value,
		    sizeof(value));
		return value;
	}
	return NULL;
}

static void
take_env(const char *text)
{
	ck_assert_int_eq(neutron_auth_from_env(&auth, lookup, (void *)(uintptr_t)text), 0);
}

#define USER "OS_AUTH_URL=http://k:5000/v3 OS_USERNAME=u OS_PASSWORD=s3cret "
#define SCOPE "OS_PROJECT_NAME=p "
#define DEFAULT_USER "'user': {'name': 'u', 'domain': {'id': 'default'}, 'password': 's3cret'}"
#define DEFAULT_SCOPE "'scope': {'project': {'name': 'p', 'domain': {'id': 'default'}}}"
#define PASSWORD(user, scope) \
	"{'auth': {'identity': {'methods': ['password'], 'password': {" user "}}, " scope "}}"

/* ---- what is asked of Keystone (Identity API v3, "Password authentication with scoped authorization" and others) ---- */

static const struct {
	const char *env, *url, *body;
} requests[] = {
	{ USER SCOPE, "http://k:5000/v3/auth/tokens", PASSWORD(DEFAULT_USER, DEFAULT_SCOPE) },
	{ "OS_AUTH_URL=https://k/identity OS_USERNAME=u OS_PASSWORD=s3cret " SCOPE,
	    "https://k/identity/v3/auth/tokens", PASSWORD(DEFAULT_USER, DEFAULT_SCOPE) },
	{ "OS_AUTH_URL=https://k/identity/v3/ OS_USERNAME=u OS_PASSWORD=s3cret OS_TENANT_NAME=p",
	    "https://k/identity/v3/auth/tokens", PASSWORD(DEFAULT_USER, DEFAULT_SCOPE) },
	{ USER "OS_USER_DOMAIN_NAME=d OS_PROJECT_NAME=p OS_PROJECT_DOMAIN_ID=e",
	    "http://k:5000/v3/auth/tokens",
	    PASSWORD("'user': {'name': 'u', 'domain': {'name': 'd'}, 'password': 's3cret'}",
		"'scope': {'project': {'name': 'p', 'domain': {'id': 'e'}}}") },
	{ USER "OS_DEFAULT_DOMAIN=d OS_PROJECT_NAME=p", "http://k:5000/v3/auth/tokens",
	    PASSWORD("'user': {'name': 'u', 'domain': {'id': 'd'}, 'password': 's3cret'}",
		"'scope': {'project': {'name': 'p', 'domain': {'id': 'd'}}}") },
	{ USER "OS_USER_ID=7 OS_PROJECT_ID=8", "http://k:5000/v3/auth/tokens",
	    PASSWORD(
		"'user': {'id': '7', 'password': 's3cret'}", "'scope': {'project': {'id': '8'}}") },
	{ USER "OS_SYSTEM_SCOPE=all", "http://k:5000/v3/auth/tokens",
	    PASSWORD(DEFAULT_USER, "'scope': {'system': {'all': true}}") },
	{ USER "OS_DOMAIN_NAME=d", "http://k:5000/v3/auth/tokens",
	    PASSWORD(DEFAULT_USER, "'scope': {'domain': {'name': 'd'}}") },
	{ USER "OS_AUTH_TYPE=v3password OS_DOMAIN_ID=d", "http://k:5000/v3/auth/tokens",
	    PASSWORD(DEFAULT_USER, "'scope': {'domain': {'id': 'd'}}") },
	{ "OS_AUTH_URL=http://k OS_AUTH_TYPE=v3applicationcredential OS_APPLICATION_CREDENTIAL_ID=1"
	  " OS_APPLICATION_CREDENTIAL_SECRET=s3cret OS_PROJECT_NAME=ignored",
	    "http://k/v3/auth/tokens",
	    "{'auth': {'identity': {'methods': ['application_credential'],"
	    " 'application_credential': {'id': '1', 'secret': 's3cret'}}}}" },
	{ "OS_AUTH_URL=http://k OS_APPLICATION_CREDENTIAL_NAME=c OS_APPLICATION_CREDENTIAL_SECRET=s3cret"
	  " OS_USERNAME=u OS_USER_DOMAIN_NAME=d",
	    "http://k/v3/auth/tokens",
	    "{'auth': {'identity': {'methods': ['application_credential'],"
	    " 'application_credential': {'name': 'c', 'secret': 's3cret',"
	    " 'user': {'name': 'u', 'domain': {'name': 'd'}}}}}}" },
	{ "OS_AUTH_URL=http://k OS_TOKEN=s3cret OS_PROJECT_NAME=p", "http://k/v3/auth/tokens",
	    "{'auth': {'identity': {'methods': ['token'], 'token': {'id': 's3cret'}}, " DEFAULT_SCOPE
	    "}}" },
};

START_TEST(the_request_is_what_openstack_clients_send)
{
	char *url, *body, *text = json_text(requests[_i].body);
	json_t *want = json_loads(text, 0, NULL), *got;

	ck_assert_ptr_nonnull(want);
	take_env(requests[_i].env);
	ck_assert_msg(neutron_auth_settle(&auth, error) == 0, "%s", error);
	ck_assert(neutron_auth_asks(&auth));
	ck_assert_int_eq(neutron_auth_request(&auth, &url, &body), 0);
	ck_assert_str_eq(url, requests[_i].url);
	got = json_loads(body, 0, NULL);
	ck_assert_msg(json_equal(got, want), "%s", body);
	json_decref(got);
	json_decref(want);
	free(text);
	free(url);
	free(body);
}
END_TEST

static const struct {
	const char *env, *says;
} lacking[] = {
	{ "", "OS_AUTH_URL" },
	{ "OS_AUTH_URL=http://k", "OS_PASSWORD" },
	{ "OS_AUTH_URL=http://k OS_PASSWORD=s3cret", "OS_USERNAME" },
	{ USER, "OS_PROJECT_NAME" },
	{ "OS_AUTH_URL=http://k OS_APPLICATION_CREDENTIAL_ID=1",
	    "OS_APPLICATION_CREDENTIAL_SECRET" },
	{ "OS_AUTH_URL=http://k OS_APPLICATION_CREDENTIAL_SECRET=s3cret",
	    "OS_APPLICATION_CREDENTIAL_ID" },
	{ "OS_AUTH_URL=http://k OS_APPLICATION_CREDENTIAL_SECRET=s3cret OS_APPLICATION_CREDENTIAL_NAME=c",
	    "OS_USERNAME" },
	{ "OS_AUTH_TYPE=none", "OS_ENDPOINT" },
	{ "OS_AUTH_TYPE=admin_token OS_TOKEN=s3cret", "OS_ENDPOINT" },
	{ "OS_AUTH_TYPE=admin_token OS_ENDPOINT=http://n", "OS_TOKEN" },
	{ "OS_AUTH_TYPE=token OS_AUTH_URL=http://k OS_PROJECT_NAME=p", "OS_TOKEN" },
	{ "OS_AUTH_TYPE=v2password", "auth type v2password is not supported" },
	{ "OS_AUTH_TYPE=v3oidcpassword", "v3applicationcredential" },
};

START_TEST(what_is_missing_is_named)
{
	take_env(lacking[_i].env);
	ck_assert_int_eq(neutron_auth_settle(&auth, error), -EINVAL);
	ck_assert_msg(strstr(error, lacking[_i].says) != NULL, "%s", error);
	ck_assert_ptr_null(strstr(error, "s3cret"));
}
END_TEST

static const struct {
	const char *env, *endpoint, *token;
} given[] = {
	{ "OS_AUTH_TYPE=none OS_ENDPOINT=http://n:9696", "http://n:9696", NULL },
	{ "OS_AUTH_TYPE=none OS_ENDPOINT=http://n:9696/ OS_TOKEN=x", "http://n:9696", NULL },
	{ "OS_AUTH_TYPE=none OS_NETWORK_ENDPOINT_OVERRIDE=http://n/network/v2.0/",
	    "http://n/network", NULL },
	{ "OS_AUTH_TYPE=admin_token OS_TOKEN=x OS_ENDPOINT=http://n/v2.0", "http://n", "x" },
	{ "OS_TOKEN=x OS_URL=http://n", "http://n", "x" },
};

START_TEST(an_account_that_asks_nobody_has_its_endpoint)
{
	struct neutron_token token;

	take_env(given[_i].env);
	ck_assert_int_eq(neutron_auth_settle(&auth, error), 0);
	ck_assert(!neutron_auth_asks(&auth));
	ck_assert_int_eq(neutron_auth_given(&auth, &token), 0);
	ck_assert_str_eq(token.endpoint, given[_i].endpoint);
	if (given[_i].token)
		ck_assert_str_eq(token.token, given[_i].token);
	else
		ck_assert_ptr_null(token.token);
	ck_assert_int_eq(token.life_ms, 0);
	ck_assert(!token.narrow);
	neutron_token_release(&token);
}
END_TEST

/* ---- clouds.yaml ---- */

static int
take_cloud(const char *cloud)
{
	char *text = json_text(cloud);
	json_t *json = json_loads(text, 0, NULL);
	int r = neutron_auth_from_cloud(&auth, json, error);

	ck_assert_ptr_nonnull(json);
	json_decref(json);
	free(text);
	return r;
}

START_TEST(a_cloud_has_its_account_under_auth_and_the_environment_is_over_it)
{
	ck_assert_int_eq(
	    take_cloud("{'auth': {'auth_url': 'http://k', 'username': 'u', 'password': 's3cret',"
		       " 'project_name': 'p', 'user_domain_name': 'd'}, 'region_name': 'R',"
		       " 'interface': 'internal', 'cacert': '/ca.pem', 'verify': 'False',"
		       " 'identity_api_version': '3'}"),
	    0);
	take_env("OS_REGION_NAME=S");
	ck_assert_int_eq(neutron_auth_settle(&auth, error), 0);
	ck_assert_int_eq(auth.type, NEUTRON_AUTH_PASSWORD);
	ck_assert_str_eq(auth.values[AUTH_USER_DOMAIN_NAME], "d");
	ck_assert_str_eq(auth.values[AUTH_REGION], "S");
	ck_assert_str_eq(auth.values[AUTH_INTERFACE], "internal");
	ck_assert_str_eq(auth.values[AUTH_CACERT], "/ca.pem");
	ck_assert(!neutron_auth_verifies(&auth));
}
END_TEST

START_TEST(what_is_not_supported_of_a_cloud_is_said)
{
	ck_assert_int_eq(take_cloud("{'identity_api_version': '2.0'}"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "identity_api_version is 2.0"));
	ck_assert_int_eq(take_cloud("{'profile': 'vexxhost'}"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "profile vexxhost"));
}
END_TEST

static const struct {
	const char *env;
	bool verifies;
} trusts[] = {
	{ "", true },
	{ "OS_INSECURE=true", false },
	{ "OS_INSECURE=1", false },
	{ "OS_INSECURE=false", true },
	{ "OS_INSECURE=0", true },
};

START_TEST(certificates_are_checked_unless_it_says_not_to)
{
	take_env(trusts[_i].env);
	ck_assert(neutron_auth_verifies(&auth) == trusts[_i].verifies);
}
END_TEST

START_TEST(variables_that_tell_an_account_are_known)
{
	ck_assert(
	    !neutron_auth_in_env(lookup, (void *)(uintptr_t) "OS_REGION_NAME=x OS_PASSWORD=y"));
	ck_assert(neutron_auth_in_env(lookup, (void *)(uintptr_t) "OS_AUTH_URL=x"));
	ck_assert(neutron_auth_in_env(lookup, (void *)(uintptr_t) "OS_ENDPOINT=x"));
}
END_TEST

START_TEST(an_account_has_a_name_without_its_secret)
{
	char who[120];

	take_env(USER SCOPE);
	ck_assert_int_eq(neutron_auth_settle(&auth, error), 0);
	ck_assert_str_eq(neutron_auth_who(&auth, who, sizeof(who)), "user u");
	take_env("OS_AUTH_TYPE=v3applicationcredential OS_APPLICATION_CREDENTIAL_ID=c1"
		 " OS_APPLICATION_CREDENTIAL_SECRET=s3cret");
	ck_assert_int_eq(neutron_auth_settle(&auth, error), 0);
	ck_assert_str_eq(neutron_auth_who(&auth, who, sizeof(who)), "application credential c1");
	take_env("OS_AUTH_TYPE=none OS_ENDPOINT=http://n");
	ck_assert_int_eq(neutron_auth_settle(&auth, error), 0);
	ck_assert_str_eq(neutron_auth_who(&auth, who, sizeof(who)), "nobody (auth type none)");
}
END_TEST

/* ---- what Keystone answers ---- */

#define ENDPOINT(interface, region, url)                                               \
	"{'interface': '" interface "', 'region': '" region "', 'region_id': '" region \
	"', 'url': '" url "'}"
#define TOKEN(roles, catalog)                                                                                 \
	"{'token': {'issued_at': '2026-11-22T10:00:00.000000Z', 'expires_at': '2026-11-22T11:00:00.000000Z'," \
	" 'roles': [" roles "], 'project': {'id': 'p1', 'name': 'p'}, 'catalog': [" catalog "]}}"
#define ROLE(name) "{'id': '1', 'name': '" name "'}"
#define NETWORK                                                                            \
	"{'type': 'compute', 'endpoints': [" ENDPOINT("public", "R1",                      \
	    "http://nova") "]},"                                                           \
			   "{'type': 'network', 'endpoints': [" ENDPOINT(                  \
			       "admin", "R1", "http://admin") "," ENDPOINT("public", "R2", \
			       "http://two:9696/") "," ENDPOINT("public", "R1",            \
			       "http://one/network/") "," ENDPOINT("internal", "R1",       \
			       "http://internal/v2.0") "]}"

static struct neutron_answer answer;

/* Reads it, with a header X-Subject-Token. */
static bool
read_answer(long status, const char *body, const char *header, struct neutron_token *token)
{
	char *text = json_text(body);
	const struct neutron_reply reply = { .status = status,
		.body = slice_of(text),
		.trouble = status == 0 ? "Connection refused" : NULL };

	ck_assert_msg(neutron_auth_settle(&auth, error) == 0, "%s", error);
	neutron_auth_answer(&auth, &reply, header, token, &answer);
	free(text);
	return answer.verdict == NEUTRON_OK;
}

static const struct {
	const char *env, *endpoint;
} catalogues[] = {
	{ "", "http://two:9696" }, /* the first that fits */
	{ "OS_REGION_NAME=R1", "http://one/network" },
	{ "OS_REGION_NAME=R1 OS_INTERFACE=internal", "http://internal" },
	{ "OS_REGION_NAME=R1 OS_INTERFACE=internalURL", "http://internal" },
	{ "OS_REGION_NAME=R1 OS_ENDPOINT_TYPE=adminURL", "http://admin" },
	{ "OS_REGION_NAME=R9 OS_NETWORK_ENDPOINT_OVERRIDE=http://mine/", "http://mine" },
};

START_TEST(neutron_is_found_in_the_catalogue_by_interface_and_region)
{
	struct neutron_token token;

	take_env(USER SCOPE);
	take_env(catalogues[_i].env);
	ck_assert_msg(
	    read_answer(201, TOKEN(ROLE("admin"), NETWORK), "t1", &token), "%s", answer.text);
	ck_assert_str_eq(token.endpoint, catalogues[_i].endpoint);
	ck_assert_str_eq(token.token, "t1");
	ck_assert_str_eq(token.project_id, "p1");
	ck_assert_int_eq(token.life_ms, 3600000);
	neutron_token_release(&token);
}
END_TEST

START_TEST(where_there_is_no_endpoint_it_says_which_there_are)
{
	struct neutron_token token;

	take_env(USER SCOPE "OS_REGION_NAME=R9");
	ck_assert(!read_answer(201, TOKEN("", NETWORK), "t1", &token));
	ck_assert_int_eq(answer.verdict, NEUTRON_REFUSED);
	ck_assert_msg(
	    strstr(answer.text, "interface public in region R9") != NULL, "%s", answer.text);
	ck_assert_msg(strstr(answer.text, "public in R2") != NULL, "%s", answer.text);
}
END_TEST

static const struct {
	const char *roles, *text;
	bool narrow;
} role_sets[] = {
	{ ROLE("admin"), "admin", false },
	{ ROLE("member") "," ROLE("reader"), "member, reader", true },
	{ ROLE("data_plane_integrator"), "data_plane_integrator", true },
	{ ROLE("data_plane_integrator") "," ROLE("advsvc"), "data_plane_integrator, advsvc",
	    false },
	{ "", "", true },
};

START_TEST(roles_tell_whether_the_ports_of_all_projects_are_seen)
{
	struct neutron_token token;

	take_env(USER SCOPE);
	ck_assert(read_answer(201, "", "t1", &token) == false);
	char *body;
	ck_assert_int_ge(asprintf(&body, TOKEN("%s", NETWORK), role_sets[_i].roles), 0);
	ck_assert(read_answer(201, body, "t1", &token));
	ck_assert_str_eq(token.roles, role_sets[_i].text);
	ck_assert(token.narrow == role_sets[_i].narrow);
	neutron_token_release(&token);
	free(body);
}
END_TEST

static const struct {
	long status;
	const char *body, *header, *says;
	enum neutron_verdict verdict;
} refusals[] = {
	{ 401,
	    "{'error': {'code': 401, 'message': 'The request you have made requires authentication.'}}",
	    NULL, "Keystone refuses user u: 401: The request", NEUTRON_NO_TOKEN },
	{ 403, "{'error': {'code': 403, 'message': 'no'}}", NULL, "403: no", NEUTRON_REFUSED },
	{ 400, "{'error': {'code': 400, 'message': 'bad'}}", NULL, "400: bad", NEUTRON_REFUSED },
	{ 404, "<html>", NULL, "is OS_AUTH_URL right?", NEUTRON_UNREACHABLE },
	{ 429, "{'error': {'message': 'slow'}}", NULL, "429: slow", NEUTRON_UNREACHABLE },
	{ 500, "{'error': {'message': 'broken'}}", NULL, "500: broken", NEUTRON_UNREACHABLE },
	{ 503, "<html>", NULL, "503", NEUTRON_UNREACHABLE },
	{ 302, "", NULL, "redirects", NEUTRON_UNREACHABLE },
	{ 0, "", NULL, "no answer from Keystone: Connection refused", NEUTRON_UNREACHABLE },
	{ 201, TOKEN("", NETWORK), NULL, "without a token", NEUTRON_UNREACHABLE },
	{ 201, "{'token': {", "t1", "without a token", NEUTRON_UNREACHABLE },
	{ 200, "<html>", "t1", "without a token", NEUTRON_UNREACHABLE },
};

START_TEST(what_keystone_does_not_grant_is_said)
{
	struct neutron_token token = { .life_ms = 77 };

	take_env(USER SCOPE);
	ck_assert(
	    !read_answer(refusals[_i].status, refusals[_i].body, refusals[_i].header, &token));
	ck_assert_int_eq(answer.verdict, refusals[_i].verdict);
	ck_assert_msg(strstr(answer.text, refusals[_i].says) != NULL, "%s", answer.text);
	ck_assert_ptr_null(strstr(answer.text, "s3cret"));
	ck_assert_int_eq(token.life_ms, 77);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("auth");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_request_is_what_openstack_clients_send, 0, N(requests));
	tcase_add_loop_test(tcase, what_is_missing_is_named, 0, N(lacking));
	tcase_add_loop_test(tcase, an_account_that_asks_nobody_has_its_endpoint, 0, N(given));
	tcase_add_test(tcase, a_cloud_has_its_account_under_auth_and_the_environment_is_over_it);
	tcase_add_test(tcase, what_is_not_supported_of_a_cloud_is_said);
	tcase_add_loop_test(tcase, certificates_are_checked_unless_it_says_not_to, 0, N(trusts));
	tcase_add_test(tcase, variables_that_tell_an_account_are_known);
	tcase_add_test(tcase, an_account_has_a_name_without_its_secret);
	tcase_add_loop_test(
	    tcase, neutron_is_found_in_the_catalogue_by_interface_and_region, 0, N(catalogues));
	tcase_add_test(tcase, where_there_is_no_endpoint_it_says_which_there_are);
	tcase_add_loop_test(
	    tcase, roles_tell_whether_the_ports_of_all_projects_are_seen, 0, N(role_sets));
	tcase_add_loop_test(tcase, what_keystone_does_not_grant_is_said, 0, N(refusals));
	return run_case("neutron_auth", tcase);
}
