/*
 * Asking a real agent: Debian's snmpd in a network namespace of the test's own, whose interfaces are veth ends that really go
 * down and up. Without the right to make one, the tests say SKIPPED.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"

static struct process agent;
static char net[32], here[32], there[32], near_end[16], agent_config[160];
static bool skipped;

/* ---- a switch of one's own ---- */

/* Runs a shell command line; its exit status. */
static int
shell(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return process_run(out, sizeof(out), ARGV("sh", "-c", command));
}

/* The far end of Ethernet1: what happens to it is what Ethernet1's agent tells. */
static void
cable(const char *state)
{
	ck_assert_msg(shell("ip -n %s link set far1 %s", net, state) == 0, "%s", out);
}

static void
agent_start(void)
{
	char log[160], listen[64];

	snprintf(log, sizeof(log), "%s/snmpd.log", box.dir);
	snprintf(listen, sizeof(listen), "udp:%s:161", there);
	process_start(&agent, log,
	    ARGV("ip", "netns", "exec", net, "snmpd", "-f", "-Lo", "-C", "-c", agent_config, "-I",
		"-smux", listen));
	WAIT_FOR(shell("snmpget -v2c -c secret -t 1 -r 0 %s .1.3.6.1.2.1.1.3.0", there) == 0);
}

/* Names that two runs at a time do not share. */
static void
name_net(void)
{
	const unsigned n = (unsigned)getpid() % 250 + 1;

	snprintf(net, sizeof(net), "dpw%d", (int)getpid());
	snprintf(near_end, sizeof(near_end), "dpw%d", (int)getpid());
	snprintf(here, sizeof(here), "10.199.%u.1", n);
	snprintf(there, sizeof(there), "10.199.%u.2", n);
}

/* Also outside of a test. A namespace takes its interfaces, and their other ends, with it; but not at once. */
static void
drop_net(void)
{
	char command[128];

	snprintf(command, sizeof(command), "{ ip netns del %s; ip link del %s; } >/dev/null 2>&1",
	    net, near_end);
	if (system(command) == -1)
		perror("ip netns del");
}

static void
make_net(void)
{
	if (shell("ip netns add %s", net) != 0) {
		skipped = true;
		printf("SKIPPED: no network namespace can be made here: %s", out);
		return;
	}
	ck_assert_msg(
	    shell(
		"set -e; ip link add %s type veth peer name mgmt0 netns %s; ip addr add %s/30 dev %s;"
		" ip link set %s up; ip -n %s addr add %s/30 dev mgmt0; ip -n %s link set mgmt0 up;"
		" ip -n %s link add Ethernet1 type veth peer name far1;"
		" ip -n %s link set Ethernet1 up; ip -n %s link set far1 up",
		near_end, net, here, near_end, near_end, net, there, net, net, net, net) == 0,
	    "%s", out);
}

static void
set_up(void)
{
	char lines[256], map[512];

	make_net();
	if (skipped)
		return;
	sandbox_init(&box);
	snprintf(agent_config, sizeof(agent_config), "%s/snmpd.conf", box.dir);
	sandbox_write(agent_config, "rocommunity secret\n");
	agent_start();
	snprintf(lines, sizeof(lines),
	    "listen = udp:%s:%u\npoll_community = secret\npoll_interval = off\npoll_verify = 500ms",
	    here, box.snmp_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = lines });
	sandbox_start_ready(&box);
	snprintf(map, sizeof(map),
	    "{\"switches\": [{\"name\": \"sw1\", \"addresses\": [\"%s\"]}], \"ports\": [{\"id\": \"" VM1
	    "\", \"attachments\": [\"sw1:Ethernet1\"]}]}",
	    there);
	sandbox_load(&box, map);
	WAIT_FOR(sandbox_counter(&box, "poll.answers") >= 1);
}

static void
tear_down(void)
{
	if (skipped)
		return;
	process_kill(&agent);
	sandbox_release(&box);
	drop_net();
}

/* snmpd keeps its interface table for some seconds: asks until the port is as it should be. */
static void
poll_until(json_int_t down)
{
	WAIT_FOR(run(ARGV("switch", "poll", "sw1")) == 0 && redis_down(box.redis) == down);
}

static void
trap(const char *oid)
{
	ck_assert_msg(shell("ip netns exec %s snmptrap -v2c -c public %s:%u '' %s "
			    ".1.3.6.1.2.1.31.1.1.1.1.1 s Ethernet1",
			  net, here, box.snmp_port, oid) == 0,
	    "%s", out);
}

/* ---- tests ---- */

START_TEST(what_nobody_told_is_found_by_asking)
{
	if (skipped)
		return;
	cable("down");
	poll_until(1);
	redis_expect_newest(box.redis, 1,
	    ARGV("source", "poll", "switch", "sw1", "interface", "Ethernet1", "reason",
		"link-down"));
	cable("up");
	poll_until(0);
	redis_expect_newest(box.redis, 2, ARGV("dp_down", "false"));
}
END_TEST

START_TEST(a_down_that_is_none_is_healed_by_looking_at_it_once_more)
{
	if (skipped)
		return;
	trap(".1.3.6.1.6.3.1.1.5.3");
	json_decref(redis_nth_event(box.redis, 1));
	/* Nobody says up again; poll_verify asks. */
	redis_expect_newest(box.redis, 2, ARGV("dp_down", "false", "source", "poll"));
}
END_TEST

START_TEST(a_restart_of_the_switch_makes_it_be_asked)
{
	if (skipped)
		return;
	json_int_t before = sandbox_counter(&box, "poll.answers");
	/* An interface that was spoken of is doubted after a cold start, and asked about. */
	trap(".1.3.6.1.6.3.1.1.5.4");
	WAIT_FOR(sandbox_counter(&box, "trap.event") >= 1);
	ck_assert_msg(
	    shell("ip netns exec %s snmptrap -v2c -c public %s:%u '' .1.3.6.1.6.3.1.1.5.1", net,
		here, box.snmp_port) == 0,
	    "%s", out);
	WAIT_FOR(sandbox_counter(&box, "poll.answers") > before);
	json_t *interfaces;
	WAIT_FOR((interfaces = sandbox_get(&box, "/v1/interfaces?switch=sw1")) &&
		 json_is_true(json_object_get(
		     json_array_get(json_object_get(interfaces, "interfaces"), 0), "certain")));
	json_decref(interfaces);
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

START_TEST(silence_is_never_down)
{
	if (skipped)
		return;
	process_kill(&agent);
	ck_assert_int_eq(run(ARGV("switch", "poll", "sw1")), 1);
	ck_assert_msg(strstr(out, "nothing listens at its SNMP port"), "%s", out);
	ck_assert_int_eq(run(ARGV("switch", "list")), 0);
	ck_assert_msg(strstr(out, "nothing listens at its SNMP port"), "%s", out);
	WAIT_FOR(sandbox_log_has(&box, "its ports stay as they are"));
	ck_assert_int_eq(redis_events(box.redis), 0);
	ck_assert(!sandbox_log_has(&box, "secret"));
	agent_start();
	/* It is left alone for ten seconds; then it answers. */
	WAIT_FOR(sandbox_log_has(&box, "polling: sw1 answers"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poller");
	TCase *tcase = tcase_create("poller");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 90);
	tcase_add_test(tcase, what_nobody_told_is_found_by_asking);
	tcase_add_test(tcase, a_down_that_is_none_is_healed_by_looking_at_it_once_more);
	tcase_add_test(tcase, a_restart_of_the_switch_makes_it_be_asked);
	tcase_add_test(tcase, silence_is_never_down);
	suite_add_tcase(suite, tcase);
	name_net();
	int status = sandbox_main(suite);
	/* What a test that failed left behind. */
	drop_net();
	return status;
}
