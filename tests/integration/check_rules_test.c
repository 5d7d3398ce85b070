/*
 * dpwatch rules test: the shipped samples, an operator's own file, and lines that are brought. No daemon runs, but where a
 * test starts one.
 */
#include <stdio.h>
#include <string.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"

static const char acme_rules[] = "syslog acme-port\n"
				 "\tliteral acme: port\n"
				 "\tpattern acme: port {if} went {state}{end}\n"
				 "\tsample <14>acme: port 3 went down\n"
				 "\tyields whole down 3\n";

static const char lines_text[] =
    "<187>45: leaf1: *Mar  1 00:12:44.120: %LINK-3-UPDOWN: Interface Eth1/1, changed state to down\n"
    "%LINK-3-UPDOWN: Interface Vlan20, changed state to down\n"
    "<13>Mar  1 10:00:00 leaf1 ntpd[12]: clock set\n"
    "<13>Mar  1 10:00:00 leaf1 acmed[12]: link of port 7 lost\n"
    "\n"
    "<189>: 2025 Mar  1 10:00:00 UTC: %ETHPORT-5-IF_UP: Interface Ethernet1/9 is up in mode trunk\n";

static void
set_up(void)
{
	sandbox_init(&box);
}

static const char *
write_file(const char *name, const char *text)
{
	static char paths[4][SANDBOX_PATH + 32];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", box.dir, name);
	sandbox_write(path, text);
	return path;
}

/* dpwatch rules test with these arguments. */
static int
rules_test(const char *const *more)
{
	const char *argv[16] = { "rules", "test" };

	for (size_t n = 2; *more; more++)
		argv[n++] = *more;
	return run(argv);
}

START_TEST(the_shipped_samples_all_agree)
{
	ck_assert_int_eq(rules_test(ARGV("--rules", "conf/rules")), 0);
	expect_in("all agree");
	json_t *json = json_of(ARGV("rules", "test", "--rules", "conf/rules"));
	ck_assert(json_is_true(json_object_get(json, "good")));
	ck_assert_int_gt(json_integer_value(json_object_get(json, "samples")), 300);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "disagree")), 0);
	json_decref(json);
}
END_TEST

START_TEST(a_file_of_ones_own_is_tried_beside_the_others)
{
	const char *path = write_file("acme.rules", acme_rules);

	ck_assert_int_eq(rules_test(ARGV(path)), 0);
	ck_assert_int_eq(rules_test(ARGV("--rules", "conf/rules", path)), 0);
	expect_in("all agree");
	/* A file of the folder's name takes that one's place. */
	path = write_file("arista.rules", acme_rules);
	ck_assert_int_eq(rules_test(ARGV("--rules", "conf/rules", path)), 0);
	expect_in("all agree");
	path = write_file("twin.rules", "syslog eos-cause\n");
	ck_assert_int_eq(rules_test(ARGV("--rules", "conf/rules", path)), 1);
	expect_in("twin.rules:1: rule eos-cause stands already in conf/rules/arista.rules:");
}
END_TEST

START_TEST(a_sample_that_disagrees_is_named_and_is_exit_status_1)
{
	const char *path = write_file("acme.rules", "syslog acme-port\n"
						    "\tliteral acme: port\n"
						    "\tpattern acme: port {if} went {state}{end}\n"
						    "\tsample <14>acme: port 3 went down\n"
						    "\tyields whole up 3\n");

	ck_assert_int_eq(rules_test(ARGV(path)), 1);
	expect_in(
	    "acme.rules:4: rule acme-port: the sample yields whole down 3 by rule acme-port, not whole up 3");
	expect_in("1 disagrees");
	ck_assert_int_eq(rules_test(ARGV("--lines", write_file("lines", ""), path)), 1);
	expect_in("acme.rules:4:");
}
END_TEST

START_TEST(a_faulty_file_is_refused_with_its_line)
{
	ck_assert_int_eq(rules_test(ARGV(write_file("a.rules", "syslog a\n\tliteral acme\n"))), 1);
	expect_in("a.rules:1: rule a has no sample");
	ck_assert_int_eq(rules_test(ARGV(write_file("b.rules", "syslog b\n\tpattern (\n"))), 1);
	expect_in("b.rules:2: pattern: ");
	expect_in(" at offset 1");
	ck_assert_int_eq(rules_test(ARGV("/nonexistent.rules")), 1);
	expect_in("/nonexistent.rules: No such file");
	ck_assert_int_eq(rules_test(ARGV("--rules", "tests/lib")), 1);
	expect_in("holds no *.rules");
	ck_assert_int_eq(rules_test(ARGV("--os", "ios")), 2);
}
END_TEST

START_TEST(lines_are_told_one_by_one_and_summed_up)
{
	const char *path = write_file("lines", lines_text);

	ck_assert_int_eq(
	    rules_test(ARGV("--rules", "conf/rules", "--os", "nx-os", "--lines", path)), 0);
	expect_in("1: link down Eth1/1 (ethernet1/1), rule ios-link, host leaf1\n");
	expect_in("2: nothing (virtual), rule ios-link: lines about VLANs");
	expect_in("3: nothing (no-rule), host leaf1: lines that no rule knows\n");
	expect_in("4: nothing (suspect), host leaf1: lines that no rule knows, but");
	expect_in("5: nothing (empty): malformed, empty messages\n");
	expect_in("6: whole up Ethernet1/9 (ethernet1/9), rule nxos-");
	expect_in(
	    "6 lines: 2 events, 3 not ours, 1 malformed: 1 no-rule, 1 suspect, 1 virtual, 1 empty\n");
}
END_TEST

START_TEST(lines_come_from_standard_input_too)
{
	const char *program = sandbox_program("dpwatch");
	char command[400];

	snprintf(command, sizeof(command), "%s rules test --rules conf/rules --lines - < %s",
	    program, write_file("lines", lines_text));
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("sh", "-c", command)), 0);
	expect_in("6 lines: 2 events");
}
END_TEST

START_TEST(in_json_a_program_finds_everything_in_its_place)
{
	const char *path = write_file("lines", lines_text),
		   *map = write_file("map.json", SANDBOX_TOPOLOGY);
	json_t *json = json_of(
	    ARGV("rules", "test", "--rules", "conf/rules", "--topology", map, "--lines", path));
	const json_t *lines = json_object_get(json, "lines"), *first = json_array_get(lines, 0),
		     *last = json_array_get(lines, 5);
	const json_t *event = json_object_get(first, "event"),
		     *place = json_object_get(first, "map");

	ck_assert_uint_eq(json_array_size(lines), 6);
	ck_assert_str_eq(redis_text(first, "result"), "event");
	ck_assert_str_eq(redis_text(first, "rule"), "ios-link");
	ck_assert_str_eq(redis_text(first, "host"), "leaf1");
	ck_assert_str_eq(redis_text(event, "word"), "down");
	ck_assert_str_eq(redis_text(event, "layer"), "link");
	ck_assert_str_eq(redis_text(event, "interface"), "Eth1/1");
	ck_assert_str_eq(redis_text(event, "canonical"), "ethernet1/1");
	ck_assert_str_eq(redis_text(place, "switch"), "leaf1");
	ck_assert_str_eq(redis_text(place, "interface"), "Ethernet1/1");
	ck_assert(json_is_null(json_object_get(json_object_get(last, "map"), "switch")));
	ck_assert_str_eq(redis_text(json_array_get(lines, 1), "counter"), "syslog.virtual");
	ck_assert_str_eq(redis_text(json_array_get(lines, 4), "result"), "malformed");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json_object_get(json, "summary"), "not_in_map")), 1);
	json_decref(json);
}
END_TEST

START_TEST(the_switch_may_be_one_of_the_daemons_map)
{
	char api[SANDBOX_PATH + 8];
	const char *path = write_file("lines", lines_text);

	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	snprintf(api, sizeof(api), "unix:%s", box.api);
	ck_assert_int_eq(rules_test(ARGV("--api", api, "--rules", "conf/rules", "--switch", "leaf2",
			     "--lines", path)),
	    0);
	expect_in("1: link down Eth1/1 (ethernet1/1), which leaf2 lacks in the map, rule");
	ck_assert_int_eq(rules_test(ARGV("--api", api, "--rules", "conf/rules", "--switch",
			     "leaf77", "--lines", path)),
	    1);
	expect_in("no switch of the map is called 'leaf77'");
}
END_TEST

/* ---- lines that no rule knows, as the daemon keeps them ---- */

START_TEST(lines_of_known_switches_that_no_rule_knows_are_sampled)
{
	char api[SANDBOX_PATH + 8];

	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	snprintf(api, sizeof(api), "unix:%s", box.api);
	const char *program = sandbox_program("dpwatch");
	sandbox_line(&box, LEAF1, "<13>Mar  1 10:00:00 x portd: link of 7 lost \x1b[31m");
	sandbox_line(&box, LEAF1, "<13>Mar  1 10:00:01 x portd: link of 12 lost \x1b[32m");
	sandbox_line(&box, STRANGER, "<13>Mar  1 10:00:00 leaf1 portd: link of 9 lost");
	sandbox_line(&box, LEAF1, "<13>Mar  1 10:00:00 leaf1 ntpd[12]: clock set");
	WAIT_FOR(sandbox_counter(&box, "syslog.no-rule") == 1);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.suspect"), 3);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV(program, "--api", api, "unmapped")), 0);
	expect_in("Everybody who spoke is in the map.");
	expect_in("portd: link of 12 lost \\x1b[32m\n");
	ck_assert_ptr_null(strstr(out, "link of 7"));
	ck_assert_ptr_null(strstr(out, "link of 9"));
	json_t *json = sandbox_get(&box, "/v1/unmapped");
	const json_t *lines = json_object_get(json, "lines"), *line = json_array_get(lines, 0);
	ck_assert_uint_eq(json_array_size(lines), 1);
	ck_assert_str_eq(redis_text(line, "switch"), "leaf1");
	ck_assert_int_eq(json_integer_value(json_object_get(line, "count")), 2);
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rules_test");
	TCase *tc = tcase_create("rules_test");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, box_tear_down);
	tcase_add_test(tc, the_shipped_samples_all_agree);
	tcase_add_test(tc, a_file_of_ones_own_is_tried_beside_the_others);
	tcase_add_test(tc, a_sample_that_disagrees_is_named_and_is_exit_status_1);
	tcase_add_test(tc, a_faulty_file_is_refused_with_its_line);
	tcase_add_test(tc, lines_are_told_one_by_one_and_summed_up);
	tcase_add_test(tc, lines_come_from_standard_input_too);
	tcase_add_test(tc, in_json_a_program_finds_everything_in_its_place);
	tcase_add_test(tc, the_switch_may_be_one_of_the_daemons_map);
	tcase_add_test(tc, lines_of_known_switches_that_no_rule_knows_are_sampled);
	suite_add_tcase(suite, tc);
	return sandbox_main(suite);
}
