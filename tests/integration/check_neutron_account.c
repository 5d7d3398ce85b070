/*
 * How dpwatch-neutron finds its account: OS_* variables, clouds.yaml and secure.yaml, the catalogue. The whole way is tried
 * with --check, against a Keystone and a Neutron (stubs); where something is wrong, what it says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/neutron_case.h"

static char out[SANDBOX_TEXT], folder[SANDBOX_PATH + 16];

/* Once for all rows. */
static void
set_up(void)
{
	neutron_box_begin(&box, 3, 2, NO_BRAKE);
	snprintf(folder, sizeof(folder), "%s/config", box.sandbox.dir);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	snprintf(out, sizeof(out), "%s/openstack", folder);
	ck_assert_int_eq(mkdir(out, 0700), 0);
	setenv("XDG_CONFIG_HOME", folder, 1);
}

/* ~ is the stub's URL. */
static char *
with_url(const char *text)
{
	char *filled = NULL;
	size_t size;
	FILE *file = open_memstream(&filled, &size);

	ck_assert_ptr_nonnull(file);
	for (; *text; text++)
		if (*text == '~')
			fputs(box.url, file);
		else
			fputc(*text, file);
	fclose(file);
	return filled;
}

/* Into the folder where openstack clients look. */
static void
write_file(const char *name, const char *text)
{
	char path[SANDBOX_PATH + 64], *filled = text ? with_url(text) : NULL;

	snprintf(path, sizeof(path), "%s/openstack/%s", folder, name);
	remove(path);
	if (filled)
		sandbox_write(path, filled);
	free(filled);
}

/* "A=x B=y" */
static void
set_variables(const char *words)
{
	char *all = with_url(words), *next = all, *word;

	unsetenv("OS_AUTH_TYPE");
	unsetenv("OS_ENDPOINT");
	while ((word = strsep(&next, " ")) != NULL) {
		char *value = strchr(word, '=');
		if (!value)
			continue;
		*value = '\0';
		setenv(word, value + 1, 1);
	}
	free(all);
}

#define CLOUD(lines) "clouds:\n  lab:\n    region_name: RegionOne\n" lines
#define AUTH \
	"    auth:\n      auth_url: ~\n      project_name: monitoring\n      username: dpwatch\n"
#define USER "OS_AUTH_URL=~/v3 OS_USERNAME=dpwatch OS_PROJECT_NAME=monitoring "
#define GOOD "everything is there"

static const struct {
	const char *variables, *clouds, *secure;
	int status;
	const char *text;
} rows[] = {
	/* variables */
	{ USER "OS_PASSWORD=right OS_REGION_NAME=RegionOne", NULL, NULL, 0, GOOD },
	{ "OS_AUTH_URL=~ OS_USERNAME=dpwatch OS_PROJECT_NAME=monitoring OS_PASSWORD=right OS_REGION_NAME=RegionOne",
	    NULL, NULL, 0, GOOD },
	{ "OS_AUTH_URL=~/v3/ OS_USERNAME=dpwatch OS_PROJECT_NAME=monitoring OS_PASSWORD=right OS_REGION_NAME=RegionOne",
	    NULL, NULL, 0, GOOD },
	{ "OS_AUTH_TYPE=v3applicationcredential OS_AUTH_URL=~ OS_APPLICATION_CREDENTIAL_ID=credential"
	  " OS_APPLICATION_CREDENTIAL_SECRET=right OS_REGION_NAME=RegionOne",
	    NULL, NULL, 0, "application credential credential" },
	{ "OS_AUTH_TYPE=token OS_AUTH_URL=~ OS_TOKEN=right OS_PROJECT_NAME=monitoring OS_REGION_NAME=RegionOne",
	    NULL, NULL, 0, GOOD },
	{ "OS_AUTH_TYPE=admin_token OS_TOKEN=any OS_ENDPOINT=~", NULL, NULL, 0,
	    "only a PUT will show" },
	{ "OS_AUTH_TYPE=none OS_ENDPOINT=~/v2.0/", NULL, NULL, 0, GOOD },
	{ USER "OS_PASSWORD=right OS_NETWORK_ENDPOINT_OVERRIDE=~/network/v2.0", NULL, NULL, 0,
	    GOOD },
	{ USER "OS_PASSWORD=wrong OS_REGION_NAME=RegionOne", NULL, NULL, 1,
	    "MISSING token      Keystone refuses user dpwatch: 401" },
	{ USER, NULL, NULL, 1, "the account lacks OS_PASSWORD" },
	{ "", NULL, NULL, 1, "OS_AUTH_URL" },
	{ "OS_AUTH_TYPE=v3kerberos OS_AUTH_URL=~", NULL, NULL, 1,
	    "auth type v3kerberos is not supported" },
	/* catalogue */
	{ USER "OS_PASSWORD=right OS_REGION_NAME=RegionFour", NULL, NULL, 1,
	    "no endpoint of type network with interface public in region RegionFour" },
	{ USER "OS_PASSWORD=right OS_REGION_NAME=RegionOne OS_INTERFACE=internal", NULL, NULL, 1,
	    "no endpoint of type network with interface internal in region RegionOne" },
	{ USER "OS_PASSWORD=right OS_REGION_NAME=RegionOne OS_INTERFACE=publicURL", NULL, NULL, 0,
	    GOOD },
	{ USER "OS_PASSWORD=right OS_REGION_NAME=RegionOne OS_INTERFACE=admin", NULL, NULL, 1,
	    "MISSING Neutron    no answer: Failed to connect" },
	/* clouds.yaml */
	{ "OS_CLOUD=lab", CLOUD(AUTH "      password: right\n"), NULL, 0, GOOD },
	{ "", CLOUD(AUTH "      password: right\n"), NULL, 0, GOOD },
	{ "OS_CLOUD=lab", CLOUD(AUTH), "clouds: {lab: {auth: {password: right}}}", 0, GOOD },
	{ "OS_CLOUD=lab", CLOUD(AUTH "      password: right\n"),
	    "clouds: {lab: {auth: {password: wrong}}}", 1, "refuses user dpwatch" },
	{ "OS_CLOUD=lab OS_PASSWORD=right", CLOUD(AUTH "      password: wrong\n"), NULL, 0, GOOD },
	{ "OS_CLOUD=lab OS_REGION_NAME=RegionFour", CLOUD(AUTH "      password: right\n"), NULL, 1,
	    "in region RegionFour" },
	{ "OS_CLOUD=lab",
	    CLOUD(
		"    auth_type: v3applicationcredential\n    auth: {auth_url: ~/v3, application_credential_id: "
		"credential, application_credential_secret: right}\n"),
	    NULL, 0, "application credential credential" },
	{ "OS_CLOUD=lab",
	    CLOUD("    network_endpoint_override: ~/network\n" AUTH "      password: right\n"),
	    NULL, 0, GOOD },
	{ "OS_CLOUD=lab", CLOUD("    interface: internal\n" AUTH "      password: right\n"), NULL,
	    1, "with interface internal" },
	{ "OS_CLOUD=lab", CLOUD("    auth_type: none\n    auth: {endpoint: ~}\n"), NULL, 0, GOOD },
	{ "OS_CLOUD=other", CLOUD(AUTH "      password: right\n"), NULL, 1,
	    "OS_CLOUD names a cloud that clouds.yaml does not have" },
	{ "OS_CLOUD=lab", NULL, NULL, 1, "there is no clouds.yaml" },
	{ "OS_CLOUD=lab", "clouds:\n  lab: [\n", NULL, 1, "clouds.yaml:3: " },
	{ "OS_CLOUD=lab", CLOUD("    identity_api_version: 2\n" AUTH), NULL, 1,
	    "identity_api_version is 2: only 3 is supported" },
};
#define N_ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

START_TEST(an_account_is_found_as_openstack_clients_find_it)
{
	write_file("clouds.yaml", rows[_i].clouds);
	write_file("secure.yaml", rows[_i].secure);
	set_variables(rows[_i].variables);
	int status = process_run(out, sizeof(out),
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "--check"));
	ck_assert_msg(status == rows[_i].status && strstr(out, rows[_i].text) != NULL,
	    "%s: %d and \"%s\" expected, %d:\n%s", rows[_i].variables, rows[_i].status,
	    rows[_i].text, status, out);
	/* The password is in nothing that is said. */
	ck_assert(!strstr(out, "right") && !strstr(out, "wrong"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("neutron account");
	TCase *tcase = tcase_create("accounts");

	tcase_add_unchecked_fixture(tcase, set_up, neutron_case_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, an_account_is_found_as_openstack_clients_find_it, 0, N_ROWS);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
