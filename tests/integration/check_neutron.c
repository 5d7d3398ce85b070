/*
 * dpwatch-neutron between a real daemon with its Redis, and a Neutron that fails as it is told (tests/lib/neutron_stub.py).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/neutron_box.h"
#include "lib/redis_client.h"

static struct neutron_box box;

/* All ports may go down at once: what is tested here is not the brake. */
#define NO_BRAKE "max_down = 100%\nreconcile_every = off\n"

static void
set_up(void)
{
	neutron_box_begin(&box, 3, 2, NO_BRAKE);
}

static void
set_up_many(void)
{
	neutron_box_begin(&box, 40, 40, NO_BRAKE);
}

static void
tear_down(void)
{
	neutron_box_end(&box);
}

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
	/* Killed before a word is acknowledged, as it were: everything is read again. */
	redis_do(box.sandbox.redis, "XGROUP SETID dpwatch:events neutron 0");
	WAIT_FOR(redis_number(box.sandbox.redis, "XLEN dpwatch:events") == 2);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 2);
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

/* ---- faults ---- */

static const struct {
	const char *fault, *text; /* text: of the last error, as the log has it */
} faults[] = {
	{ "429", "429: slow down" },
	{ "500", "500, Neutron itself fails" },
	{ "409", "409: somebody else is at it" },
	{ "html503", "503 without Neutron's JSON" },
	{ "html200", "something else answers at Neutron's address" },
	{ "half", "no answer: " },
	{ "redirect", "301 redirects to" },
	{ "drop", "no answer: " },
};
#define N_FAULTS ((int)(sizeof(faults) / sizeof(faults[0])))

START_TEST(a_fault_that_passes_is_only_a_delay)
{
	char told[64];

	snprintf(told, sizeof(told), "{'fault': '%s', 'times': 3}", faults[_i].fault);
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, told);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 3);
	ck_assert_msg(neutron_box_log_has(&box, faults[_i].text), "%s", faults[_i].text);
}
END_TEST

START_TEST(a_slow_answer_is_waited_for)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'delay': 10}");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	/* Back before the first request has had its answer. */
	WAIT_FOR(neutron_box_number(&box, "most") == 2);
	sandbox_link_up(&box.sandbox, LEAF1, 2);
	WAIT_FOR(redis_down(box.sandbox.redis) == 0);
	neutron_box_tell(&box, "{'delay': 0}");
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 2);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(neutron_box_puts(&box, 4), 2);
}
END_TEST

static const struct {
	const char *fault, *text;
} mends[] = {
	{ "403", "a role is missing" },
	{ "unrecognized", "add data_plane_status to [ml2] extension_drivers" },
};

START_TEST(what_a_person_must_mend_is_said_and_holds_the_queue)
{
	char told[64];

	snprintf(told, sizeof(told), "{'fault': '%s'}", mends[_i].fault);
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, told);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_problem_has(&box, mends[_i].text));
	ck_assert(neutron_box_state_is(&box, "held"));
	ck_assert_int_eq(redis_number(box.sandbox.redis, "HLEN dpwatch:neutron:sent"), 0);
	ck_assert_int_eq(neutron_box_puts(&box, 0), 0);
	/* Mended: nobody need wait for the next try. */
	neutron_box_tell(&box, "{'fault': null}");
	process_signal(&box.forwarders[0], SIGHUP);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
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
	ck_assert(neutron_box_log_has(&box, "Neutron does not have this port"));
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
	ck_assert_int_eq(redis_number(box.sandbox.redis,
			     "EXISTS dpwatch:neutron:lock:00000000-0000-4000-8000-000000000004"),
	    0);
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

START_TEST(a_token_is_renewed_before_it_expires)
{
	neutron_box_password(&box, "right");
	neutron_box_tell(&box, "{'life': 2}");
	neutron_box_start(&box, 0);
	int64_t until = process_clock_ms() + 1850;
	WAIT_FOR(process_clock_ms() >= until);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	ck_assert_int_ge(neutron_box_number(&box, "tokens"), 2);
	ck_assert(!neutron_box_log_has(&box, "401"));
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

/* ---- the brake ---- */

START_TEST(a_mass_failure_is_held_until_somebody_releases_it)
{
	static char text[SANDBOX_TEXT];

	neutron_box_end(&box);
	neutron_box_begin(&box, 60, 10, "max_down = 20%\nreconcile_every = off\n");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_state_is(&box, "braked"));
	ck_assert_int_eq(neutron_box_puts(&box, 0), 0);
	ck_assert_int_eq(
	    process_run(text, sizeof(text),
		ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "status")),
	    1);
	ck_assert_msg(strstr(text, "THE BRAKE IS ON") && strstr(text, "60 ports"), "%s", text);
	ck_assert_int_eq(
	    process_run(text, sizeof(text),
		ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "release")),
	    0);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 60);
	WAIT_FOR(neutron_box_settled(&box));
	ck_assert_int_eq(
	    process_run(text, sizeof(text),
		ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "release")),
	    1);
}
END_TEST

START_TEST(what_recovers_behind_the_brake_is_never_sent_down)
{
	neutron_box_end(&box);
	neutron_box_begin(&box, 60, 10, "reconcile_every = off\n");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_state_is(&box, "braked"));
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 60);
	json_t *seen = neutron_box_seen(&box), *put;
	size_t i;
	json_array_foreach(json_object_get(seen, "puts"), i, put)
	    ck_assert_str_eq(json_string_value(json_array_get(put, 1)), "ACTIVE");
	json_decref(seen);
}
END_TEST

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

START_TEST(metrics_say_what_status_says)
{
	static char text[SANDBOX_TEXT];
	char lines[128], url[64];

	snprintf(lines, sizeof(lines), "[neutron]\n%smetrics_listen = http:127.0.0.1:%u\n",
	    NO_BRAKE, box.sandbox.redis_port);
	sandbox_configure(&box.sandbox, &(struct sandbox_lines){ .api = lines });
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/metrics", box.sandbox.redis_port);
	ck_assert_int_eq(
	    process_run(text, sizeof(text), ARGV("curl", "-sf", "--noproxy", "*", url)), 0);
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_sent_down_total 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_sent_active_total 0\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_delay_seconds_count 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_braked 0\n"));
	ck_assert_ptr_nonnull(strstr(text, "\ndpwatch_neutron_redis_connected 1\n"));
}
END_TEST

START_TEST(a_lock_of_a_dead_instance_is_nobodys)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'delay': 600}");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_number(&box, "most") == 2);
	process_kill(&box.forwarders[0]);
	neutron_box_tell(&box, "{'delay': 0}");
	neutron_box_start(&box, 1);
	WAIT_WITHIN(40000, neutron_box_count(&box, "DOWN") == 2);
	WAIT_WITHIN(40000, neutron_box_settled(&box));
}
END_TEST

/* ---- storms ---- */

/* 200 toggles of 40 ports each, in pairs: at the end Ethernet1/1 is down, Ethernet1/2 up. */
static void
storm(int i)
{
	bool last = i == 199;

	if (last || i % 2 == 0)
		sandbox_link_down(&box.sandbox, LEAF1, 1);
	else
		sandbox_link_up(&box.sandbox, LEAF1, 1);
	if (i % 2 == 0 && !last)
		sandbox_link_down(&box.sandbox, LEAF1, 2);
	else
		sandbox_link_up(&box.sandbox, LEAF1, 2);
}

static void
expect_storm_settled(void)
{
	WAIT_FOR(sandbox_settled(&box.sandbox));
	ck_assert_int_eq(redis_down(box.sandbox.redis), 40);
	WAIT_WITHIN(120000, neutron_box_settled(&box));
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 40);
	ck_assert_int_eq(neutron_box_count(&box, "ACTIVE"), 40);
}

START_TEST(killed_and_started_again_during_a_storm_the_last_values_are_right)
{
	neutron_box_tell(&box, "{'delay': 0.02}");
	neutron_box_launch(&box, 0);
	for (int i = 0; i < 200; i++) {
		storm(i);
		if (i % 50 == 49) {
			process_kill(&box.forwarders[0]);
			neutron_box_launch(&box, 0);
		}
	}
	expect_storm_settled();
}
END_TEST

START_TEST(two_instances_share_a_slow_neutron_and_the_last_value_wins)
{
	neutron_box_tell(&box, "{'delay': 0.1}");
	neutron_box_start(&box, 0);
	neutron_box_start(&box, 1);
	for (int i = 0; i < 200; i++)
		storm(i);
	expect_storm_settled();
	json_t *consumers = redis_ask(box.sandbox.redis, "XINFO CONSUMERS dpwatch:events neutron");
	ck_assert_uint_eq(json_array_size(consumers), 2);
	json_decref(consumers);
}
END_TEST

START_TEST(a_neutron_that_is_away_during_a_storm_gets_the_last_values)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'fault': 'away'}");
	for (int i = 0; i < 200; i++)
		storm(i);
	WAIT_FOR(neutron_box_state_is(&box, "away"));
	neutron_box_tell(&box, "{'fault': null}");
	expect_storm_settled();
	/* A port's history is folded while it waits. */
	ck_assert_int_le(neutron_box_puts(&box, 0), 160);
}
END_TEST

START_TEST(no_more_requests_than_parallel_and_no_more_connections)
{
	neutron_box_end(&box);
	neutron_box_begin(&box, 40, 40, NO_BRAKE "parallel = 4\n");
	neutron_box_tell(&box, "{'delay': 0.05}");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 40);
	ck_assert_int_eq(neutron_box_number(&box, "most"), 4);
	ck_assert_int_le(neutron_box_number(&box, "connections"), 5);
}
END_TEST

/* ---- Redis ---- */

START_TEST(a_group_that_is_gone_is_made_again_and_nothing_is_missed)
{
	neutron_box_start(&box, 0);
	redis_do(box.sandbox.redis, "XGROUP DESTROY dpwatch:events neutron");
	WAIT_FOR(neutron_box_log_has(&box, "NOGROUP"));
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 3);
	WAIT_FOR(neutron_box_settled(&box));
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
	TCase *small = tcase_create("few ports"), *many = tcase_create("many ports");

	tcase_add_checked_fixture(small, set_up, tear_down);
	tcase_set_timeout(small, 120);
	tcase_add_test(small, a_toggle_arrives_and_so_does_the_recovery);
	tcase_add_test(small, what_is_so_already_is_not_sent_again);
	tcase_add_test(small, what_went_down_while_it_was_away_is_found_at_its_start);
	tcase_add_test(small, a_list_is_read_page_by_page);
	tcase_add_loop_test(small, a_fault_that_passes_is_only_a_delay, 0, N_FAULTS);
	tcase_add_test(small, a_slow_answer_is_waited_for);
	tcase_add_loop_test(small, what_a_person_must_mend_is_said_and_holds_the_queue, 0, 2);
	tcase_add_test(small, a_port_that_neutron_does_not_have_is_done_with);
	tcase_add_test(small, a_404_for_a_port_in_the_list_is_a_missing_role);
	tcase_add_test(small, a_404_for_another_projects_port_is_no_proof_that_it_is_gone);
	tcase_add_test(small, a_revoked_token_is_replaced_in_mid_run);
	tcase_add_test(small, a_token_is_renewed_before_it_expires);
	tcase_add_test(small, a_wrong_password_is_said_and_not_tried_in_a_row);
	tcase_add_test(small, a_mass_failure_is_held_until_somebody_releases_it);
	tcase_add_test(small, what_recovers_behind_the_brake_is_never_sent_down);
	tcase_add_test(small, a_dry_run_shows_and_sends_nothing);
	tcase_add_test(small, once_sends_the_differences_and_ends);
	tcase_add_test(small, metrics_say_what_status_says);
	tcase_add_test(small, a_lock_of_a_dead_instance_is_nobodys);
	tcase_add_test(small, a_group_that_is_gone_is_made_again_and_nothing_is_missed);
	tcase_add_test(small, check_says_that_everything_is_there);
	tcase_add_loop_test(small, check_says_what_is_missing, 0, N_LACKS);
	suite_add_tcase(suite, small);
	tcase_add_checked_fixture(many, set_up_many, tear_down);
	tcase_set_timeout(many, 180);
	tcase_add_test(many, killed_and_started_again_during_a_storm_the_last_values_are_right);
	tcase_add_test(many, two_instances_share_a_slow_neutron_and_the_last_value_wins);
	tcase_add_test(many, a_neutron_that_is_away_during_a_storm_gets_the_last_values);
	tcase_add_test(many, no_more_requests_than_parallel_and_no_more_connections);
	suite_add_tcase(suite, many);
	return sandbox_main(suite);
}
