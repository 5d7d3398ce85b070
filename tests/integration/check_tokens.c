/*
 * Who may what, over the network: tokens made with the command line, used by it and by curl.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/token_box.h"

/* What curl gets: the status as text. `header` may be NULL. */
static const char *
status_of(const char *method, const char *path, const char *header, const char *body)
{
	static char status[256];
	char target[160];
	const char *argv[16] = { "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X",
		method, target };
	size_t n = 9;

	snprintf(target, sizeof(target), "%s%s", url, path);
	if (header) {
		argv[n++] = "-H";
		argv[n++] = header;
	}
	if (body) {
		argv[n++] = "-d";
		argv[n++] = body;
	}
	ck_assert_int_eq(process_run(status, sizeof(status), argv), 0);
	return status;
}

static const char *
get(const char *path, const char *header)
{
	return status_of("GET", path, header, NULL);
}

START_TEST(without_a_token_only_the_open_paths_answer)
{
	ck_assert_str_eq(get("/healthz", NULL), "200");
	ck_assert_str_eq(get("/metrics", NULL), "200");
	ck_assert_str_eq(get("/", NULL), "200");
	ck_assert_str_eq(get("/v2.0/ports", NULL), "401");
	ck_assert_str_eq(get("/v2.0/ports", "X-Auth-Token: notused"), "401");
	ck_assert_str_eq(get("/v1/status", "X-Auth-Token: wrong"), "401");
	ck_assert_str_eq(get("/healthz", "X-Auth-Token: wrong"), "200");
}
END_TEST

START_TEST(each_role_may_what_it_may)
{
	static const char down[] = "{\"port\": {\"dp_down\": true}}";
	char admin[64], integrator[64], reader[64], header[96];

	make_token(admin, sizeof(admin), "root", "admin", NULL);
	make_token(integrator, sizeof(integrator), "sdn", "integrator", NULL);
	make_token(reader, sizeof(reader), "tenant", "reader", "nobodys-project");
	snprintf(header, sizeof(header), "X-Auth-Token: %s", reader);
	ck_assert_str_eq(get("/v2.0/ports", header), "200");
	ck_assert_str_eq(get("/v2.0/ports/" VM1, header), "404");
	ck_assert_str_eq(get("/v1/status", header), "403");
	snprintf(header, sizeof(header), "Authorization: Bearer %s", integrator);
	ck_assert_str_eq(get("/v2.0/ports/" VM1, header), "200");
	ck_assert_str_eq(status_of("PUT", "/v2.0/ports/" VM1, header, down), "200");
	ck_assert_str_eq(get("/v1/tokens", header), "403");
	WAIT_FOR(sandbox_log_has(&box, "PUT /v2.0/ports/" VM1 " by sdn: 200"));
	snprintf(header, sizeof(header), "X-Auth-Token: %s", admin);
	ck_assert_str_eq(get("/v1/status", header), "200");
	ck_assert_str_eq(get("/v1/tokens", header), "403");
	/* Taken away, it is wrong at once. */
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "--api", unix_api, "token", "remove", "root")),
	    0);
	ck_assert_str_eq(get("/v1/status", header), "401");
	/* Nothing secret has been written anywhere. */
	ck_assert(!sandbox_log_has(&box, "dpw_"));
	ck_assert_int_ne(process_run(out, sizeof(out), ARGV("grep", "-r", "dpw_", box.dir)), 0);
}
END_TEST

START_TEST(the_command_line_uses_a_token_from_a_file_and_tokens_outlive_a_restart)
{
	char token[64], file[SANDBOX_PATH];

	make_token(token, sizeof(token), "ops", "admin", NULL);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	snprintf(file, sizeof(file), "%s/ops.token", box.dir);
	snprintf(out, sizeof(out), "%s\n", token);
	sandbox_write(file, out);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "--api", url, "--token-file", file, "status")),
	    0);
	ck_assert_ptr_nonnull(strstr(out, "connected"));
	ck_assert_int_eq(
	    process_run(out, sizeof(out), ARGV(sandbox_program("dpwatch"), "--api", url, "status")),
	    1);
	ck_assert_ptr_nonnull(strstr(out, "token"));
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "--api", unix_api, "token", "list")),
	    0);
	ck_assert_ptr_nonnull(strstr(out, "ops"));
}
END_TEST

START_TEST(an_address_with_too_many_wrong_tokens_has_to_wait_and_a_right_one_goes_on)
{
	char token[64], header[96];

	make_token(token, sizeof(token), "ops", "admin", NULL);
	for (int i = 0; i < 10; i++)
		ck_assert_str_eq(get("/v1/status", "X-Auth-Token: wrong"), "401");
	ck_assert_str_eq(get("/v1/status", "X-Auth-Token: wrong"), "429");
	snprintf(header, sizeof(header), "X-Auth-Token: %s", token);
	ck_assert_str_eq(get("/v1/status", header), "200");
	ck_assert_int_eq(sandbox_counter(&box, "http.wrong-tokens"), 10);
	ck_assert_int_eq(sandbox_counter(&box, "http.impatient"), 1);
}
END_TEST

START_TEST(a_faulty_file_is_refused_at_a_reload_and_at_the_start)
{
	char file[SANDBOX_PATH], token[64], header[96];

	make_token(token, sizeof(token), "ops", "admin", NULL);
	snprintf(header, sizeof(header), "X-Auth-Token: %s", token);
	snprintf(file, sizeof(file), "%s/tokens", box.dir);
	sandbox_write(file, "ops root\n");
	ck_assert_int_eq(kill(box.daemon.pid, SIGHUP), 0);
	WAIT_FOR(sandbox_log_has(&box, "line 1: a line has five fields"));
	ck_assert_str_eq(get("/v1/status", header), "200");
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatchd"), "-t", "-c", box.config)),
	    1);
	ck_assert_ptr_nonnull(strstr(out, "line 1: a line has five fields"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tokens");
	TCase *tcase = tcase_create("tokens");

	tcase_add_checked_fixture(tcase, token_box_set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, without_a_token_only_the_open_paths_answer);
	tcase_add_test(tcase, each_role_may_what_it_may);
	tcase_add_test(
	    tcase, the_command_line_uses_a_token_from_a_file_and_tokens_outlive_a_restart);
	tcase_add_test(
	    tcase, an_address_with_too_many_wrong_tokens_has_to_wait_and_a_right_one_goes_on);
	tcase_add_test(tcase, a_faulty_file_is_refused_at_a_reload_and_at_the_start);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
