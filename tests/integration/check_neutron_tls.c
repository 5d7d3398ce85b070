/*
 * dpwatch-neutron and certificates: a Keystone and a Neutron (stubs) behind TLS with an authority of our own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/neutron_case.h"
#include "lib/pki.h"

static char out[SANDBOX_TEXT];

/* TLS, and [neutron] with one more line: `key` = a file of the sandbox's folder, or a word. */
static void
secure(const char *key, const char *value)
{
	char lines[512];

	snprintf(
	    lines, sizeof(lines), "[neutron]\n%s%s%s%s", NO_BRAKE, key, *key ? " = " : "", value);
	neutron_box_secure(&box, lines);
}

static const char *
file(const char *name)
{
	return pki_path(box.sandbox.dir, name);
}

static int
run_check(void)
{
	return process_run(out, sizeof(out),
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "--check"));
}

static void
expect_down(void)
{
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
}

static void
expect_refused(const char *why)
{
	ck_assert_int_eq(run_check(), 1);
	ck_assert_msg(strstr(out, "MISSING token      Keystone cannot be trusted") != NULL &&
			  strstr(out, why) != NULL && strstr(out, "set [neutron] ca") != NULL,
	    "%s", out);
	ck_assert_int_eq(neutron_box_number(&box, "tokens"), 0);
}

START_TEST(a_certificate_of_the_authority_in_ca_is_good)
{
	secure("ca", file("ca.pem"));
	expect_down();
	ck_assert(!neutron_box_log_has(&box, "certificates are not checked"));
	ck_assert_int_eq(run_check(), 0);
}
END_TEST

START_TEST(so_it_is_with_the_accounts_own_authority)
{
	secure("", "");
	setenv("OS_CACERT", file("ca.pem"), 1);
	expect_down();
}
END_TEST

START_TEST(a_certificate_of_another_authority_is_refused_and_told_and_holds_everything)
{
	secure("ca", file("other-ca.pem"));
	expect_refused("certificate");
	neutron_box_launch(&box, 0);
	WAIT_FOR(neutron_box_problem_has(&box, "Keystone cannot be trusted"));
	WAIT_FOR(neutron_box_state_is(&box, "held"));
}
END_TEST

START_TEST(the_systems_authorities_do_not_know_it)
{
	secure("", "");
	expect_refused("certificate");
}
END_TEST

START_TEST(a_name_that_is_not_in_the_certificate_is_refused)
{
	char url[96];

	secure("ca", file("ca.pem"));
	snprintf(url, sizeof(url), "https://localhost%s/v3", strrchr(box.url, ':'));
	setenv("OS_AUTH_URL", url, 1);
	expect_refused("localhost");
}
END_TEST

START_TEST(a_ca_that_is_no_file_is_told)
{
	secure("ca", file("nowhere.pem"));
	expect_refused("nowhere.pem");
}
END_TEST

START_TEST(insecure_takes_any_certificate_and_warns)
{
	secure("insecure", "yes");
	expect_down();
	ck_assert(neutron_box_log_has(&box, "warning: certificates are not checked"));
}
END_TEST

START_TEST(a_cloud_that_says_verify_false_takes_any_and_warns)
{
	char path[SANDBOX_PATH + 16], yaml[512];

	secure("", "");
	snprintf(path, sizeof(path), "%s/clouds.yaml", box.sandbox.dir);
	snprintf(yaml, sizeof(yaml),
	    "clouds:\n  lab:\n    verify: false\n    region_name: RegionOne\n    auth:\n      auth_url: %s\n"
	    "      username: dpwatch\n      password: right\n      project_name: monitoring\n",
	    box.url);
	sandbox_write(path, yaml);
	unsetenv("OS_AUTH_URL");
	setenv("OS_CLIENT_CONFIG_FILE", path, 1);
	setenv("OS_CLOUD", "lab", 1);
	ck_assert_msg(run_check() == 0, "%s", out);
	ck_assert_msg(strstr(out, "certificates are not checked") != NULL, "%s", out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("neutron tls");
	TCase *tcase = tcase_create("tls");

	tcase_add_checked_fixture(tcase, neutron_case_set_up, neutron_case_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_certificate_of_the_authority_in_ca_is_good);
	tcase_add_test(tcase, so_it_is_with_the_accounts_own_authority);
	tcase_add_test(
	    tcase, a_certificate_of_another_authority_is_refused_and_told_and_holds_everything);
	tcase_add_test(tcase, the_systems_authorities_do_not_know_it);
	tcase_add_test(tcase, a_name_that_is_not_in_the_certificate_is_refused);
	tcase_add_test(tcase, a_ca_that_is_no_file_is_told);
	tcase_add_test(tcase, insecure_takes_any_certificate_and_warns);
	tcase_add_test(tcase, a_cloud_that_says_verify_false_takes_any_and_warns);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
