/*
 * port explain: the sentence that answers "why?", for each cause and reason that the example topology can come to, and what went
 * before.
 */
#include "lib/cli_box.h"

#define SWITCH1 "127.0.0.1"
#define SWITCH2 "127.0.0.2"

static void
set_up(void)
{
	sandbox_init(&box);
	sandbox_configure(
	    &box, &(struct sandbox_lines){
		      /* Long enough for what programs do one after the other on a busy machine. */
		      .state = "dampening = 60s 1000 2000 240s\nsource_settle = 15s",
		  });
	sandbox_start_ready(&box);
	ck_assert_msg(
	    run(ARGV("topology", "load", "--force", "conf/topology.example.json")) == 0, "%s", out);
}

/* Asks until the explanation has this line. */
static void
explain(const char *port, const char *line)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	WAIT_FOR(run(ARGV("port", "explain", port)) == 0 && strstr(out, whole) != NULL);
}

START_TEST(an_interface_that_went_down)
{
	sandbox_link_down(&box, SWITCH1, 1);
	explain("vm1-eth0", "Why: leaf1:Ethernet1/1 went down, and no path is left.");
	expect_in("\n\nBefore:\n");
	/* How long, and since when: both are in the first line. */
	const char *since = strstr(out, "s, since ");
	ck_assert_msg(since && since < strchr(out, '\n'), "%s", out);
	ck_assert_int_eq(run(ARGV("port", "show", "vm1-eth0")), 0);
	ck_assert_msg(strstr(out, "s ago (20") && strstr(out, "Z)\n"), "%s", out);
	sandbox_link_up(&box, SWITCH1, 1);
	WAIT_FOR(run(ARGV("port", "explain", "vm1-eth0")) == 0 && strstr(out, ": up for"));
	ck_assert_ptr_null(strstr(out, "Why:"));
	/* What went before, the oldest first. */
	const char *down = strstr(out, "DOWN  0/1  trap  access link-down leaf1:Ethernet1/1\n");
	const char *up = strstr(out, "up    1/1  trap  access leaf1:Ethernet1/1\n");
	ck_assert_msg(down && up && down < up, "%s", out);
	json_t *json = json_of(ARGV("port", "explain", "vm1-eth0"));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "history")), 2);
	json_decref(json);
}
END_TEST

START_TEST(an_interface_that_was_shut_down)
{
	sandbox_trap(&box, SWITCH1,
	    ARGV("", ".1.3.6.1.6.3.1.1.5.3", ".1.3.6.1.2.1.2.2.1.1.1", "i", "1",
		".1.3.6.1.2.1.2.2.1.7.1", "i", "2", ".1.3.6.1.2.1.2.2.1.8.1", "i", "2"));
	explain("vm1-eth0",
	    "Why: leaf1:Ethernet1/1 was shut down by an administrator, and no path is left.");
}
END_TEST

#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define INDEX_1 ".1.3.6.1.2.1.2.2.1.1.1", "i", "1"
#define ERR_DISABLED "was switched off by its switch (err-disabled)"
#define CARD "went down with its card"
#define POWER "went down when its switch lost power"

/* Traps in turn, the arguments of snmptrap behind the agent; or a line. What follows of them. */
static const struct {
	const char *traps[2][8], *line, *did;
} causes[] = {
	{ .line = "<189>: 2025 Mar  1 10:00:00 UTC: %ETHPORT-5-IF_DOWN_ERROR_DISABLED: "
		  "Interface Ethernet1/1 is down (Error disabled. Reason:BPDUGuard)",
	    .did = ERR_DISABLED },
	{ .line = "<189>: 2025 Mar  1 10:00:00 UTC: %ETHPORT-5-IF_DOWN_MODULE_REMOVED: "
		  "Interface Ethernet1/1 is down (module removed)",
	    .did = CARD },
	/* CISCO-ERR-DISABLE-MIB::cErrDisableInterfaceEvent, after the link's trap and before it */
	{ .traps = { { "", LINK_DOWN, INDEX_1 },
	      { "", ".1.3.6.1.4.1.9.9.548.0.1.1", ".1.3.6.1.4.1.9.9.548.1.3.1.1.2.1.0", "i",
		  "9" } },
	    .did = ERR_DISABLED },
	{ .traps = { { "", ".1.3.6.1.4.1.9.9.548.0.1.1", ".1.3.6.1.4.1.9.9.548.1.3.1.1.2.1.0", "i",
			 "9" },
	      { "", LINK_DOWN, INDEX_1 } },
	    .did = ERR_DISABLED },
	/* CISCO-ENTITY-FRU-CONTROL-MIB::cefcModuleStatusChange */
	{ .traps = { { "", ".1.3.6.1.4.1.9.9.117.2.0.1", ".1.3.6.1.4.1.9.9.117.1.2.1.1.2.22", "i",
			 "7" },
	      { "", LINK_DOWN, INDEX_1 } },
	    .did = CARD },
	{ .traps = { { "", LINK_DOWN, INDEX_1 },
	      { "", ".1.3.6.1.4.1.9.9.117.2.0.1", ".1.3.6.1.4.1.9.9.117.1.2.1.1.2.22", "i", "7" } },
	    .did = CARD },
	/* JUNIPER-MIB::jnxDyingGasp */
	{ .traps = { { "", ".1.3.6.1.4.1.2636.4.1.30" }, { "", LINK_DOWN, INDEX_1 } },
	    .did = POWER },
	{ .traps = { { "", LINK_DOWN, INDEX_1 }, { "", ".1.3.6.1.4.1.2636.4.1.30" } },
	    .did = POWER },
};

START_TEST(an_interface_whose_switch_tells_why)
{
	char line[200];

	if (causes[_i].line)
		sandbox_line(&box, SWITCH1, causes[_i].line);
	for (int i = 0; i < 2 && causes[_i].traps[i][0]; i++)
		sandbox_trap(&box, SWITCH1, causes[_i].traps[i]);
	snprintf(
	    line, sizeof(line), "Why: leaf1:Ethernet1/1 %s, and no path is left.", causes[_i].did);
	explain("vm1-eth0", line);
}
END_TEST

START_TEST(an_interface_that_is_held_by_hand)
{
	ck_assert_int_eq(
	    run(ARGV("interface", "set", "leaf1:Ethernet1/1", "down", "--note", "test")), 0);
	explain("vm1-eth0", "Why: leaf1:Ethernet1/1 is held down by hand, and no path is left.");
	expect_in("held down by uid ");
	expect_in(": test");
}
END_TEST

START_TEST(an_interface_that_flaps)
{
	/* Three downs within a minute pass the threshold of 2000. */
	for (int i = 0; i < 3; i++) {
		sandbox_link_down(&box, SWITCH1, 1);
		explain("vm1-eth0",
		    i < 2 ? "Why: leaf1:Ethernet1/1 went down, and no path is left."
			  : "Why: leaf1:Ethernet1/1 goes up and down too often, and "
			    "is held down until it has been quiet, and no path is left.");
		sandbox_link_up(&box, SWITCH1, 1);
		if (i < 2)
			WAIT_FOR(run(ARGV("port", "explain", "vm1-eth0")) == 0 &&
				 strstr(out, ": up for"));
	}
}
END_TEST

START_TEST(uplinks_that_are_gone_and_what_is_left_of_a_port_with_two_paths)
{
	sandbox_link_down(&box, SWITCH2, 49);
	sandbox_link_down(&box, SWITCH2, 50);
	explain("vm5-eth0",
	    "Why: leaf2:Ethernet1/50 went down, and behind it no way to a root is left.");
	explain("vm2-eth0",
	    "Degraded: some of its paths are gone, and what is left carries its traffic.");
	expect_in("compute-7: up, degraded\n");
	/* And somebody says so besides. */
	ck_assert_int_eq(run(ARGV("port", "set", "vm5-eth0", "--dp-down", "true")), 0);
	WAIT_FOR(run(ARGV("port", "explain", "vm5-eth0")) == 0 && strstr(out, "\nBesides, uid "));
}
END_TEST

START_TEST(a_report_alone_and_one_that_its_paths_agree_with)
{
	ck_assert_int_eq(run(ARGV("port", "set", "vm1-eth0", "--dp-down", "true", "--for", "2h",
			     "--note", "cable 7")),
	    0);
	WAIT_FOR(run(ARGV("port", "explain", "vm1-eth0")) == 0 &&
		 strstr(out, " reports it down, whatever its paths are.\n"));
	expect_in("reported DOWN by uid ");
	expect_in(": cable 7\n");
	sandbox_link_down(&box, SWITCH1, 1);
	WAIT_FOR(run(ARGV("port", "explain", "vm1-eth0")) == 0 &&
		 strstr(out, " reports it down; its paths would not be up either.\n"));
}
END_TEST

START_TEST(what_one_has_to_know_besides)
{
	ck_assert_int_eq(run(ARGV("maintenance", "add", "leaf1", "--for", "2h")), 0);
	explain("vm1-eth0", "In maintenance: its toggles say so (dpwatch maintenance list).");
	ck_assert_int_eq(run(ARGV("port", "show", "vm1-eth0")), 0);
	expect_in("maintenance yes");
	ck_assert_int_eq(run(ARGV("switch", "list")), 0);
	expect_in("in maintenance");
	/* coldStart: what was heard may be out of date. */
	sandbox_link_up(&box, SWITCH1, 1);
	sandbox_trap(&box, SWITCH1, ARGV("", ".1.3.6.1.6.3.1.1.5.1"));
	WAIT_FOR(run(ARGV("port", "explain", "vm1-eth0")) == 0 &&
		 strstr(out, "\nA \"?\" marks what may be out of date:"));
	expect_in("leaf1:Ethernet1/1: up?");
}
END_TEST

START_TEST(a_word_that_waits)
{
	sandbox_link_down(&box, SWITCH1, 1);
	explain("vm1-eth0", "Why: leaf1:Ethernet1/1 went down, and no path is left.");
	/* The other source contradicts within source_settle. */
	sandbox_line(
	    &box, SWITCH1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	explain(
	    "vm1-eth0", "A word about one of its interfaces was heard, and is not counted yet.");
	expect_in(", a word that says up waits");
	/* And then it counts. */
	WAIT_FOR(run(ARGV("port", "explain", "vm1-eth0")) == 0 && strstr(out, ": up for"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("explain_why");
	TCase *tcase = tcase_create("why");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, an_interface_that_went_down);
	tcase_add_test(tcase, an_interface_that_was_shut_down);
	tcase_add_loop_test(tcase, an_interface_whose_switch_tells_why, 0,
	    (int)(sizeof(causes) / sizeof(causes[0])));
	tcase_add_test(tcase, an_interface_that_is_held_by_hand);
	tcase_add_test(tcase, an_interface_that_flaps);
	tcase_add_test(tcase, uplinks_that_are_gone_and_what_is_left_of_a_port_with_two_paths);
	tcase_add_test(tcase, a_report_alone_and_one_that_its_paths_agree_with);
	tcase_add_test(tcase, what_one_has_to_know_besides);
	tcase_add_test(tcase, a_word_that_waits);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
