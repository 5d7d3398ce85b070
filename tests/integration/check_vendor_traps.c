/*
 * Vendors' own traps of snmptrap: link traps, err-disables, cards and look-alikes, through the shipped rules.
 */
#include <signal.h>
#include <stdio.h>

#include "lib/box.h"
#include "lib/redis_client.h"

#define ENT ".1.3.6.1.4.1"
#define IF_NAME ".1.3.6.1.2.1.31.1.1.1.1"

/* A hint counts for source_settle: so long that the next trap is sent in time on a busy machine. */
static void
set_up(void)
{
	sandbox_init(&box);
	sandbox_configure(&box, &(struct sandbox_lines){ .state = "source_settle = 60s" });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* The reason of the n-th toggle; waits for it. */
static void
expect_reason(json_int_t n, const char *reason)
{
	redis_expect_newest(box.redis, n, ARGV("reason", reason));
}

START_TEST(an_err_disable_told_first_is_the_reason_of_the_down)
{
	sandbox_trap(
	    &box, LEAF1, ARGV("", ENT ".9.9.548.0.1.1", ENT ".9.9.548.1.3.1.1.2.1.0", "i", "9"));
	WAIT_FOR(sandbox_counter(&box, "event.doubt") == 1);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:events"), 0);
	sandbox_link_down(&box, LEAF1, 1);
	expect_reason(1, "err-disabled");
}
END_TEST

START_TEST(a_vendors_link_trap_is_a_word)
{
	sandbox_trap(
	    &box, LEAF1, ARGV("", ENT ".25506.2.40.3.0.6", IF_NAME ".1", "s", "Ethernet1/1"));
	expect_reason(1, "link-down");
	sandbox_trap(
	    &box, LEAF1, ARGV("", ENT ".25506.2.40.3.5", IF_NAME ".1", "s", "Ethernet1/1"));
	expect_reason(2, "");
}
END_TEST

START_TEST(a_card_trap_makes_the_interfaces_of_its_slot_uncertain)
{
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "event.learnt") == 1);
	sandbox_trap(&box, LEAF1, ARGV("", ENT ".9.5.0.4", ENT ".9.5.1.3.1.1.1.1", "i", "1"));
	WAIT_FOR(sandbox_counter(&box, "event.doubt") == 1);
	ck_assert_int_eq(sandbox_status_number(&box, "interfaces.uncertain"), 1);
	sandbox_trap(&box, LEAF1, ARGV("", ENT ".9.5.0.4", ENT ".9.5.1.3.1.1.1.1", "i", "1"));
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:events"), 0);
}
END_TEST

START_TEST(a_look_alike_is_counted_and_nothing_else)
{
	sandbox_trap(&box, LEAF1, ARGV("", ENT ".9.9.711.0.2", IF_NAME ".1", "s", "Ethernet1/1"));
	WAIT_FOR(sandbox_counter(&box, "trap.not-ours") == 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 0);
}
END_TEST

#define ACME_DOWN ENT ".4242.0.1"

static const char acme_rule[] = "trap acme\n"
				"\tdown ACME-MIB::acmeDown 1.3.6.1.4.1.4242.0.1\n"
				"\tsample acmeDown ifIndex.7=7\n"
				"\tyields whole down ifIndex 7\n";

/* Beside the shipped rules, which the sandbox configures. */
static void
use_own_rules(const char *text)
{
	char lines[SANDBOX_PATH + 48], path[SANDBOX_PATH + 32];

	snprintf(path, sizeof(path), "%s/own.rules", box.dir);
	sandbox_write(path, text);
	snprintf(lines, sizeof(lines), "rules_dir = %s", box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	process_signal(&box.daemon, SIGHUP);
}

START_TEST(a_faulty_trap_rule_is_refused_with_its_line_and_a_mended_one_taken)
{
	use_own_rules("trap acme\n\tdown ACME-MIB::acmeDown 1.3.6.1.4.1.4242.0.1\n");
	WAIT_FOR(sandbox_log_has(&box, "own.rules:1: trap rule acme has no sample"));
	WAIT_FOR(sandbox_log_has(&box, "reload: refused"));
	/* The old set goes on. */
	sandbox_trap(&box, LEAF1, ARGV("", ACME_DOWN, IF_NAME ".1", "s", "Ethernet1/1"));
	WAIT_FOR(sandbox_counter(&box, "trap.not-ours") == 1);
	sandbox_link_down(&box, LEAF1, 1);
	expect_reason(1, "link-down");
	sandbox_link_up(&box, LEAF1, 1);
	expect_reason(2, "");

	use_own_rules(acme_rule);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	sandbox_trap(&box, LEAF1, ARGV("", ACME_DOWN, IF_NAME ".1", "s", "Ethernet1/1"));
	expect_reason(3, "link-down");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vendor_traps");
	TCase *tcase = tcase_create("vendor_traps");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_test(tcase, an_err_disable_told_first_is_the_reason_of_the_down);
	tcase_add_test(tcase, a_vendors_link_trap_is_a_word);
	tcase_add_test(tcase, a_card_trap_makes_the_interfaces_of_its_slot_uncertain);
	tcase_add_test(tcase, a_look_alike_is_counted_and_nothing_else);
	tcase_add_test(tcase, a_faulty_trap_rule_is_refused_with_its_line_and_a_mended_one_taken);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
