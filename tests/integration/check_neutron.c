/*
 * dpwatch-neutron between a real daemon with its Redis, and a Neutron that does as it is told (tests/lib/neutron_stub.py).
 */
#include <stdio.h>
#include <string.h>

#include "lib/neutron_case.h"
#include "lib/page.h"
#include "lib/redis_client.h"

/* ---- what it is for ---- */

START_TEST(a_toggle_arrives_and_so_does_the_recovery)
{
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	ck_assert_int_eq(neutron_box_count(&box, NULL), 2);
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 3);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 6);
}
END_TEST

START_TEST(what_is_so_already_is_not_sent_again)
{
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 2);
	WAIT_FOR(neutron_box_settled(&box));
	/* Killed before a word is acknowledged, as it were: everything is read again, with the next entry. */
	redis_do(box.sandbox.redis, "XGROUP SETID dpwatch:events neutron 0");
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 5);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 5);
}
END_TEST

START_TEST(what_went_down_while_it_was_away_is_found_at_its_start)
{
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(redis_down(box.sandbox.redis) == 3);
	/* Of ports that dpwatch does not know nothing is said, whatever they are. */
	neutron_box_tell(&box, "{'ports': {'99999999-0000-4000-8000-000000000001': 'DOWN',"
			       " '00000000-0000-4000-8000-000000000005': 'DOWN'}}");
	neutron_box_start(&box, 0);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 4);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 1);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 5), 1);
}
END_TEST

START_TEST(a_list_is_read_page_by_page)
{
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(redis_down(box.sandbox.redis) == 5);
	neutron_box_tell(&box, "{'page': 2}");
	neutron_box_start(&box, 0);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 5);
	ck_assert_int_eq(neutron_box_number(&box, "lists"), 3);
}
END_TEST

/* ---- 404 ---- */

START_TEST(a_port_that_neutron_does_not_have_is_done_with)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'gone': ['00000000-0000-4000-8000-000000000004']}");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 1);
	WAIT_FOR(neutron_box_settled(&box));
	WAIT_FOR(neutron_box_log_has(&box, "Neutron does not have this port"));
}
END_TEST

START_TEST(a_404_for_a_port_in_the_list_is_a_missing_role)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'hidden': ['00000000-0000-4000-8000-000000000004']}");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 1);
	WAIT_FOR(
	    neutron_box_log_has(&box, "404 for a port that is in the list: a role is missing"));
	WAIT_FOR(redis_number(box.sandbox.redis,
		     "EXISTS dpwatch:neutron:lock:00000000-0000-4000-8000-000000000004") == 0);
	ck_assert(!neutron_box_settled(&box));
}
END_TEST

START_TEST(a_404_for_another_projects_port_is_no_proof_that_it_is_gone)
{
	neutron_box_password(&box, "right");
	neutron_box_tell(&box, "{'roles': ['data_plane_integrator', 'member'],"
			       " 'gone': ['00000000-0000-4000-8000-000000000004']}");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_log_has(&box, "give it advsvc beside data_plane_integrator"));
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 1);
	ck_assert(!neutron_box_settled(&box));
}
END_TEST

/* ---- tokens ---- */

START_TEST(a_revoked_token_is_replaced_in_mid_run)
{
	neutron_box_password(&box, "right");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	neutron_box_tell(&box, "{'revoke': true}");
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 3);
	ck_assert_int_eq(neutron_box_number(&box, "tokens"), 2);
}
END_TEST

START_TEST(a_token_is_renewed_before_it_expires_also_while_nothing_is_sent)
{
	neutron_box_password(&box, "right");
	neutron_box_tell(&box, "{'life': 4}");
	neutron_box_start(&box, 0);
	WAIT_FOR(neutron_box_number(&box, "tokens") >= 2);
	const json_int_t tokens = neutron_box_number(&box, "tokens");
	neutron_box_tell(&box, "{'life': 3600}");
	WAIT_FOR(neutron_box_number(&box, "tokens") > tokens);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	/* One more may have been short-lived: given before the stub was told. */
	ck_assert_int_le(neutron_box_number(&box, "tokens"), tokens + 2);
	ck_assert_int_eq(neutron_box_number(&box, "refused"), 0);
}
END_TEST

START_TEST(a_wrong_password_is_said_and_not_tried_in_a_row)
{
	neutron_box_password(&box, "wrong");
	neutron_box_launch(&box, 0);
	WAIT_FOR(neutron_box_problem_has(&box, "Keystone refuses user dpwatch: 401"));
	ck_assert(!neutron_box_log_has(&box, "wrong"));
	ck_assert_int_eq(neutron_box_number(&box, "tokens"), 0);
}
END_TEST

/* ---- ways to run it ---- */

START_TEST(a_dry_run_shows_and_sends_nothing)
{
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(redis_down(box.sandbox.redis) == 2);
	process_start(&box.forwarders[0], box.log,
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "--dry-run"));
	WAIT_FOR(neutron_box_log_has(&box, "00000000-0000-4000-8000-000000000004 DOWN"));
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_log_has(&box, "00000000-0000-4000-8000-000000000003 DOWN"));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 0);
	ck_assert_int_eq(redis_number(box.sandbox.redis, "EXISTS dpwatch:neutron:sent"), 0);
	json_t *groups = redis_ask(box.sandbox.redis, "XINFO GROUPS dpwatch:events");
	ck_assert_uint_eq(json_array_size(groups), 0);
	json_decref(groups);
}
END_TEST

START_TEST(once_sends_the_differences_and_ends)
{
	static char text[SANDBOX_TEXT];

	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(redis_down(box.sandbox.redis) == 2);
	ck_assert_int_eq(
	    process_run(text, sizeof(text),
		ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "--once")),
	    0);
	ck_assert_int_eq(neutron_box_count(&box, "DOWN"), 2);
}
END_TEST

static void
serve_metrics(char *url, size_t size)
{
	char lines[160];

	snprintf(lines, sizeof(lines), "[neutron]\n%smetrics_listen = http:127.0.0.1:%u\n",
	    NO_BRAKE, box.sandbox.redis_port);
	sandbox_configure(&box.sandbox, &(struct sandbox_lines){ .api = lines });
	neutron_box_start(&box, 0);
	snprintf(url, size, "http://127.0.0.1:%u/metrics", box.sandbox.redis_port);
}

START_TEST(metrics_say_what_status_says)
{
	static char text[SANDBOX_TEXT];
	char url[64];

	serve_metrics(url, sizeof(url));
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(
	    process_run(text, sizeof(text), ARGV("curl", "-sf", "--noproxy", "*", url)), 0);
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_sent_down_total 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_sent_active_total 0\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_delay_seconds_count 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_braked 0\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_redis_connected 1\n"));
}
END_TEST

static bool
is_counters(const char *name)
{
	return strcmp(name, "counters") == 0;
}

START_TEST(the_manual_has_each_member_of_status)
{
	static char text[SANDBOX_TEXT];
	char *page = data_text("src/dpwatch-neutron/dpwatch-neutron.8");

	neutron_box_start(&box, 0);
	WAIT_FOR(neutron_box_state_is(&box, "forwarding"));
	ck_assert_int_eq(process_run(text, sizeof(text),
			     ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config,
				 "status", "-o", "json")),
	    0);
	json_t *status = json_loads(text, 0, NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(status, "instances")), 1);
	page_has_members(page, status, is_counters, "status");
	json_decref(status);
	free(page);
}
END_TEST

START_TEST(promtool_takes_the_metrics_and_the_alert_rules_use_no_others)
{
	static const char rules[] = "conf/prometheus-alerts-neutron.yml";
	static char text[SANDBOX_TEXT], names[4096];
	char url[64], command[160], line[128];
	int n = 0;

	serve_metrics(url, sizeof(url));
	snprintf(
	    command, sizeof(command), "curl -sf --noproxy '*' %s | promtool check metrics", url);
	ck_assert_msg(
	    process_run(text, sizeof(text), ARGV("sh", "-c", command)) == 0, "promtool: %s", text);
	ck_assert_msg(
	    process_run(text, sizeof(text), ARGV("promtool", "check", "rules", rules)) == 0, "%s",
	    text);
	ck_assert_int_eq(
	    process_run(text, sizeof(text), ARGV("curl", "-sf", "--noproxy", "*", url)), 0);
	ck_assert_int_eq(process_run(names, sizeof(names),
			     ARGV("grep", "-oE", "dpwatch_neutron_[a-z_]+", rules)),
	    0);
	for (char *rest = names, *name; (name = strsep(&rest, "\n")) && *name; n++) {
		snprintf(line, sizeof(line), "\n# TYPE %s ", name);
		ck_assert_msg(strstr(text, line) != NULL, "no metric %s", name);
	}
	ck_assert_int_eq(n, 5);
}
END_TEST

/* ---- check ---- */

static int
run_check(char *text, size_t size)
{
	return process_run(text, size,
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "--check"));
}

START_TEST(check_says_that_everything_is_there)
{
	static char text[SANDBOX_TEXT];

	neutron_box_password(&box, "right");
	ck_assert_msg(run_check(text, sizeof(text)) == 0, "%s", text);
	ck_assert_msg(strstr(text, "everything is there") != NULL, "%s", text);
	ck_assert_int_eq(neutron_box_puts(&box, 0), 0);
}
END_TEST

static const struct {
	const char *told, *text, *password;
} lacks[] = {
	{ "{'without': true}", "MISSING extension  Neutron has no data-plane-status", "right" },
	{ "{'roles': ['member']}", "data_plane_integrator is missing", "right" },
	{ "{'roles': ['data_plane_integrator']}", "advsvc is missing", "right" },
	{ "{'roles': ['advsvc']}", "data_plane_integrator is missing", "right" },
	{ "{}", "MISSING token      Keystone refuses user dpwatch: 401", "other" },
	{ "{'fault': 'away'}", "MISSING Neutron", "right" },
};
#define N_LACKS ((int)(sizeof(lacks) / sizeof(lacks[0])))

START_TEST(check_says_what_is_missing)
{
	static char text[SANDBOX_TEXT];

	neutron_box_password(&box, lacks[_i].password);
	neutron_box_tell(&box, lacks[_i].told);
	ck_assert_msg(run_check(text, sizeof(text)) == 1, "%s", text);
	ck_assert_msg(strstr(text, lacks[_i].text) != NULL, "%s", text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("neutron");
	TCase *tcase = tcase_create("few ports");

	tcase_add_checked_fixture(tcase, neutron_case_set_up, neutron_case_tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_toggle_arrives_and_so_does_the_recovery);
	tcase_add_test(tcase, what_is_so_already_is_not_sent_again);
	tcase_add_test(tcase, what_went_down_while_it_was_away_is_found_at_its_start);
	tcase_add_test(tcase, a_list_is_read_page_by_page);
	tcase_add_test(tcase, a_port_that_neutron_does_not_have_is_done_with);
	tcase_add_test(tcase, a_404_for_a_port_in_the_list_is_a_missing_role);
	tcase_add_test(tcase, a_404_for_another_projects_port_is_no_proof_that_it_is_gone);
	tcase_add_test(tcase, a_revoked_token_is_replaced_in_mid_run);
	tcase_add_test(tcase, a_token_is_renewed_before_it_expires_also_while_nothing_is_sent);
	tcase_add_test(tcase, a_wrong_password_is_said_and_not_tried_in_a_row);
	tcase_add_test(tcase, a_dry_run_shows_and_sends_nothing);
	tcase_add_test(tcase, once_sends_the_differences_and_ends);
	tcase_add_test(tcase, metrics_say_what_status_says);
	tcase_add_test(tcase, the_manual_has_each_member_of_status);
	tcase_add_test(tcase, promtool_takes_the_metrics_and_the_alert_rules_use_no_others);
	tcase_add_test(tcase, check_says_that_everything_is_there);
	tcase_add_loop_test(tcase, check_says_what_is_missing, 0, N_LACKS);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
