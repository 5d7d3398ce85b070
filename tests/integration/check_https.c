/*
 * The API over TLS: with curl, with the command line, with what is no TLS, and with another certificate after a reload.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/box.h"
#include "lib/pki.h"

static char out[SANDBOX_TEXT], url[64], ca[256], unix_api[SANDBOX_PATH + 8];

static void
set_up(void)
{
	char lines[1024];

	sandbox_init(&box);
	pki_make(box.dir);
	snprintf(lines, sizeof(lines),
	    "listen = https:127.0.0.1:%u\ntls_cert = %s\ntls_key = %s\ntoken_file = %s/tokens",
	    box.redis_port, pki_path(box.dir, "server.pem"), pki_path(box.dir, "server.key"),
	    box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .api = lines });
	snprintf(ca, sizeof(ca), "%s", pki_path(box.dir, "ca.pem"));
	snprintf(url, sizeof(url), "https://127.0.0.1:%u", box.redis_port);
	snprintf(unix_api, sizeof(unix_api), "unix:%s", box.api);
	sandbox_start_ready(&box);
}

static int
curl(const char *authority, const char *target)
{
	return process_run(out, sizeof(out), ARGV("curl", "-sS", "--cacert", authority, target));
}

START_TEST(curl_is_answered_and_believes_the_certificate)
{
	char target[96];

	snprintf(target, sizeof(target), "%s/healthz", url);
	ck_assert_msg(curl(ca, target) == 0, "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "alive"));
	/* Of another authority it is not: curl's own exit status 60. */
	ck_assert_int_eq(curl(pki_path(box.dir, "other-ca.pem"), target), 60);
	ck_assert_int_eq(curl(ca, target), 0);
	/* What it lists can be reached the way that it was asked. */
	snprintf(target, sizeof(target), "%s/", url);
	ck_assert_int_eq(curl(ca, target), 0);
	snprintf(target, sizeof(target), "\"href\":\"%s/v2.0/\"", url);
	ck_assert_msg(strstr(out, target) != NULL, "%s", out);
}
END_TEST

START_TEST(the_command_line_uses_a_token_over_tls)
{
	char token[64], file[SANDBOX_PATH];

	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "--api", unix_api, "token", "add",
				 "ops", "--role", "admin")),
	    0);
	snprintf(token, sizeof(token), "%s", strrchr(out, ' ') + 1);
	snprintf(file, sizeof(file), "%s/ops.token", box.dir);
	sandbox_write(file, token);
	ck_assert_msg(process_run(out, sizeof(out),
			  ARGV(sandbox_program("dpwatch"), "--api", url, "--ca", ca, "--token-file",
			      file, "status")) == 0,
	    "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "connected"));
	/* Without the authority it does not send its token anywhere. */
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "--api", url, "--token-file", file, "status")),
	    1);
	ck_assert_ptr_nonnull(strstr(out, "certificate"));
}
END_TEST

START_TEST(who_names_no_authority_or_the_wrong_scheme_is_told_what_to_do)
{
	char plain[64];
	const struct {
		const char *api, *authority, *says;
	} tries[] = {
		{ url, pki_path(box.dir, "other-ca.pem"), "with --ca or DPWATCH_CA" },
		{ url, "/nonexistent", "take a PEM file of authorities" },
		{ plain, ca, "is it an https:// address?" },
	};

	snprintf(plain, sizeof(plain), "http%s", url + strlen("https"));
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		ck_assert_int_eq(process_run(out, sizeof(out),
				     ARGV(sandbox_program("dpwatch"), "--api", tries[i].api, "--ca",
					 tries[i].authority, "status")),
		    1);
		ck_assert_msg(strstr(out, tries[i].says) != NULL, "%s", out);
	}
}
END_TEST

START_TEST(what_is_no_tls_is_let_go_and_the_others_are_served)
{
	char target[96], plain[96];

	snprintf(plain, sizeof(plain), "http://127.0.0.1:%u/healthz", box.redis_port);
	ck_assert_int_ne(process_run(out, sizeof(out), ARGV("curl", "-sS", "-m", "10", plain)), 0);
	snprintf(target, sizeof(target), "%s/healthz", url);
	ck_assert_int_eq(curl(ca, target), 0);
}
END_TEST

START_TEST(a_reload_takes_another_certificate_and_refuses_a_faulty_one)
{
	char target[96];

	snprintf(target, sizeof(target), "%s/healthz", url);
	pki_sign(box.dir, "other-ca", "server", 30);
	ck_assert_int_eq(kill(box.daemon.pid, SIGHUP), 0);
	WAIT_FOR(curl(pki_path(box.dir, "other-ca.pem"), target) == 0);
	sandbox_write(pki_path(box.dir, "server.pem"), "nothing");
	ck_assert_int_eq(kill(box.daemon.pid, SIGHUP), 0);
	WAIT_FOR(sandbox_log_has(&box, "reload: refused"));
	ck_assert(sandbox_log_has(&box, "[api] tls_cert "));
	ck_assert_int_eq(curl(pki_path(box.dir, "other-ca.pem"), target), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("https");
	TCase *tcase = tcase_create("https");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, curl_is_answered_and_believes_the_certificate);
	tcase_add_test(tcase, the_command_line_uses_a_token_over_tls);
	tcase_add_test(tcase, who_names_no_authority_or_the_wrong_scheme_is_told_what_to_do);
	tcase_add_test(tcase, what_is_no_tls_is_let_go_and_the_others_are_served);
	tcase_add_test(tcase, a_reload_takes_another_certificate_and_refuses_a_faulty_one);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
