/*
 * SNMPv3 engines with real snmptrap: what a replay and a reset switch do, what outlives a restart, and for whom an engine
 * speaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"
#include "lib/v3_box.h"

/* ---- times ---- */

START_TEST(a_captured_trap_sent_again_is_a_duplicate_wherever_it_comes_from)
{
	uint8_t bytes[2048];
	size_t len = sandbox_capture(bytes, sizeof(bytes), arguments(&monitor, "AGENT"));

	sandbox_send(LEAF1, box.snmp_port, bytes, len);
	expect("trap.event", 1);
	sandbox_send(LEAF1, box.snmp_port, bytes, len);
	sandbox_send(STRANGER, box.snmp_port, bytes, len);
	expect("trap.duplicate", 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "event.unknown-sender"), 0);
}
END_TEST

START_TEST(a_captured_trap_sent_after_its_time_is_refused)
{
	uint8_t old[2048];
	size_t len = sandbox_capture(old, sizeof(old), arguments(&monitor, "AGENT"));
	struct v3 later = monitor;

	later.boots = "1,251";
	ck_assert_int_eq(send_v3(&later), 0);
	expect("trap.event", 1);
	sandbox_send(LEAF1, box.snmp_port, old, len);
	expect("trap.not-in-time", 1);
	/* The window is 150 s wide, and moves on while this test runs. */
	later.boots = "1,121";
	later.oid = LINK_UP;
	ck_assert_int_eq(send_v3(&later), 0);
	expect("trap.event", 2);
}
END_TEST

static const char *
engine_problem(void)
{
	static char text[128];
	json_t *answer = sandbox_get(&box, "/v1/switches/leaf1");
	const json_t *engine = json_object_get(json_object_get(answer, "switch"), "engine");

	snprintf(text, sizeof(text), "%s",
	    json_is_object(engine) ? redis_text(engine, "problem") : "no engine");
	json_decref(answer);
	return text;
}

START_TEST(boots_that_went_backwards_are_named_and_mended_by_forget_engine)
{
	struct v3 v3 = monitor;

	v3.boots = "7,5000";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 1);
	ck_assert_str_eq(engine_problem(), "");
	/* The switch is replaced: the same name and engine id, and a first boot. */
	v3.boots = "1,20";
	v3.oid = LINK_UP;
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.not-in-time", 1);
	ck_assert_str_eq(engine_problem(), "engine boots went backwards");
	ck_assert_int_eq(run(ARGV("switch", "list")), 0);
	ck_assert_msg(strstr(out, "engine boots went backwards") != NULL, "%s", out);
	ck_assert_int_eq(run(ARGV("switch", "show", "leaf1")), 0);
	expect_in("boots 7, time 5000,");
	expect_in(
	    "engine boots went backwards: 1 messages refused, the last with boots 1, time 20;");
	ck_assert_int_eq(run(ARGV("switch", "forget-engine", "leaf1")), 0);
	ck_assert_msg(strstr(out, ENGINE1) != NULL, "%s", out);
	v3.boots = "1,21";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 2);
	ck_assert_str_eq(engine_problem(), "");
	/* There is nothing to forget at another one. */
	ck_assert_int_eq(run(ARGV("switch", "forget-engine", "leaf2")), 1);
	ck_assert_int_eq(run(ARGV("switch", "forget-engine", "nobody")), 1);
}
END_TEST

START_TEST(engines_and_boots_outlive_a_restart)
{
	struct v3 v3 = monitor;
	uint8_t old[2048];
	size_t len = sandbox_capture(old, sizeof(old), arguments(&monitor, "AGENT"));

	v3.boots = "7,5000";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	sandbox_send(LEAF1, box.snmp_port, old, len);
	expect("trap.not-in-time", 1);
	v3.boots = "7,4000";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.not-in-time", 2);
	v3.boots = "7,5001";
	v3.oid = LINK_UP;
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 1);
}
END_TEST

START_TEST(our_own_engine_has_one_boot_more_with_each_start)
{
	char path[SANDBOX_PATH + 32], id[80], id_after[80];
	unsigned boots = 0, boots_after = 0;

	snprintf(path, sizeof(path), "%s/snmp-engine", box.dir);
	char *text = process_read_file(path);
	ck_assert_int_eq(sscanf(text, "%79s %u", id, &boots), 2);
	free(text);
	ck_assert_uint_eq(boots, 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	text = process_read_file(path);
	ck_assert_int_eq(sscanf(text, "%79s %u", id_after, &boots_after), 2);
	free(text);
	ck_assert_str_eq(id_after, id);
	ck_assert_uint_eq(boots_after, 2);
	struct v3 v3 = monitor;
	v3.program = "snmpinform";
	v3.engine = v3.boots = NULL;
	ck_assert_int_eq(send_v3(&v3), 0);
}
END_TEST

/* ---- who sent it ---- */

START_TEST(an_authenticated_engine_of_the_map_names_its_switch_wherever_it_comes_from)
{
	struct v3 v3 = monitor;

	sandbox_load(&box, "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"]},"
			   " {\"name\": \"leaf2\", \"engine_id\": \"" ENGINE2 "\","
			   " \"interfaces\": [{\"name\": \"1\", \"if_index\": 1}]}],"
			   " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:1\"]},"
			   " {\"id\": \"" VM2 "\", \"attachments\": [\"leaf2:1\"]}]}");
	v3.engine = ENGINE2;
	v3.from = STRANGER;
	ck_assert_int_eq(send_v3(&v3), 0);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	ck_assert_int_eq(sandbox_counter(&box, "trap.engine-mismatch"), 0);
	/* From the address of another switch: the engine is believed, and that is counted. */
	v3.from = LEAF1;
	v3.oid = LINK_UP;
	v3.boots = "1,101";
	ck_assert_int_eq(send_v3(&v3), 0);
	WAIT_FOR(!redis_is_down(box.redis, VM2));
	ck_assert_int_eq(sandbox_counter(&box, "trap.engine-mismatch"), 1);
	ck_assert(!redis_is_down(box.redis, VM1));
}
END_TEST

START_TEST(an_engine_without_authentication_names_nobody)
{
	start_with("user = open\n");
	sandbox_load(&box, "{\"switches\": [{\"name\": \"leaf2\", \"engine_id\": \"" ENGINE2
			   "\", \"interfaces\": [{\"name\": \"1\", \"if_index\": 1}]}],"
			   " \"ports\": [{\"id\": \"" VM2 "\", \"attachments\": [\"leaf2:1\"]}]}");
	struct v3 v3 = monitor;
	v3.user = "open";
	v3.auth = v3.auth_secret = v3.priv = v3.priv_secret = NULL;
	v3.engine = ENGINE2;
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("event.unknown-sender", 1);
	box_tear_down();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snmpv3_engines");
	TCase *one = tcase_create("one user"), *own = tcase_create("configurations");

	tcase_set_timeout(one, 60);
	tcase_add_checked_fixture(one, set_up, box_tear_down);
	tcase_add_test(one, a_captured_trap_sent_again_is_a_duplicate_wherever_it_comes_from);
	tcase_add_test(one, a_captured_trap_sent_after_its_time_is_refused);
	tcase_add_test(one, boots_that_went_backwards_are_named_and_mended_by_forget_engine);
	tcase_add_test(one, engines_and_boots_outlive_a_restart);
	tcase_add_test(one, our_own_engine_has_one_boot_more_with_each_start);
	tcase_add_test(
	    one, an_authenticated_engine_of_the_map_names_its_switch_wherever_it_comes_from);
	suite_add_tcase(suite, one);

	tcase_set_timeout(own, 60);
	tcase_add_test(own, an_engine_without_authentication_names_nobody);
	suite_add_tcase(suite, own);

	return sandbox_main(suite);
}
