/*
 * Asking agents of all kinds: snmpsim's, which tell what a recording of the test's own says. Each test has addresses of its own in
 * 127/8. Where snmpsim is not installed, the tests say SKIPPED.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/agents_box.h"
#include "lib/redis_client.h"

/* Two interfaces: addresses (more than one with their inner quotation marks), community, port. */
#define TWO                                                                                       \
	"{\"switches\": [{\"name\": \"sw1\", \"addresses\": [\"%s\"], \"poll\": {\"community\": " \
	"\"%s\", \"port\": %d}, \"interfaces\": [{\"name\": \"Ethernet1\", \"if_index\": 1},"     \
	" {\"name\": \"Ethernet2\", \"if_index\": 2}]}], \"ports\": [{\"id\": \"" VM1             \
	"\", \"attachments\": [\"sw1:Ethernet1\"]}, {\"id\": \"" VM2                              \
	"\", \"attachments\": [\"sw1:Ethernet2\"]}]}"

static char here[32], dead[32];

/* ---- agents ---- */

/* What sw1 tells from its next start on. */
static void
tell(const char *lines)
{
	agents_tell(&agents, "sw1", lines);
}

/* Answers at `here` and at ::1, community sw1. */
static void
agent_start(void)
{
	agents_start(&agents, "sw1");
}

static void
set_up(void)
{
	if (!agents_box_init())
		return;
	snprintf(here, sizeof(here), "%s", agents_box_add("sw1"));
	snprintf(dead, sizeof(dead), "%.*s.2", (int)(strrchr(here, '.') - here), here);
	agents.v6_port = 20000 + (int)getpid() % 12000;
	agents_box_start();
}

static void load(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
load(const char *format, ...)
{
	char map[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(map, sizeof(map), format, args);
	va_end(args);
	sandbox_load(&box, map);
}

static bool
polling_is(const char *state)
{
	return sandbox_polling_is(&box, "sw1", state);
}

static int
poll(void)
{
	return run(ARGV("switch", "poll", "sw1"));
}

static void
trap(const char *oid, const char *const *more)
{
	const char *argv[8] = { "", oid };

	for (size_t n = 2; *more; more++)
		argv[n++] = *more;
	sandbox_trap(&box, here, argv);
}

/* A linkDown that names its interface by index alone. */
static void
link_down(const char *if_index)
{
	trap(".1.3.6.1.6.3.1.1.5.3", ARGV(".1.3.6.1.2.1.2.2.1.1", "i", if_index));
}

/* Both interfaces are up, and the switch has told so. */
static void
begin_two_up(void)
{
	tell(IF_DESCR "1|4|Ethernet1\n" IF_DESCR "2|4|Ethernet2\n" IF_ADMIN "1|2|1\n" IF_ADMIN
		      "2|2|1\n" IF_OPER "1|2|1\n" IF_OPER "2|2|1\n" IF_NAME
		      "1|4|Ethernet1\n" IF_NAME "2|4|Ethernet2\n");
	agent_start();
	load(TWO, here, "sw1", AGENTS_PORT);
	WAIT_FOR(polling_is("answered"));
}

/* ---- tests ---- */

START_TEST(without_if_x_table_interfaces_are_known_by_their_descriptions)
{
	if (skipped)
		return;
	tell(IF_DESCR "1|4|Ethernet1\n" IF_DESCR "2|4|Ethernet2\n" IF_ADMIN "1|2|1\n" IF_ADMIN
		      "2|2|1\n" IF_OPER "1|2|1\n" IF_OPER "2|2|2\n");
	agent_start();
	load(TWO, here, "sw1", AGENTS_PORT);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	ck_assert(!redis_is_down(box.redis, VM1));
}
END_TEST

START_TEST(where_the_first_address_is_dead_the_second_is_asked)
{
	char addresses[80];

	if (skipped)
		return;
	tell(IF_DESCR "1|4|Ethernet1\n" IF_OPER "1|2|2\n");
	agent_start();
	snprintf(addresses, sizeof(addresses), "%s\", \"%s", dead, here);
	load(TWO, addresses, "sw1", AGENTS_PORT);
	WAIT_FOR(redis_is_down(box.redis, VM1));
	ck_assert(polling_is("answered"));
	ck_assert(!sandbox_log_has(&box, "its ports stay as they are"));
}
END_TEST

START_TEST(a_switch_is_asked_over_ipv6)
{
	if (skipped)
		return;
	tell(IF_DESCR "1|4|Ethernet1\n" IF_OPER "1|2|2\n");
	agent_start();
	load(TWO, "::1", "sw1", agents.v6_port);
	WAIT_FOR(redis_is_down(box.redis, VM1));
}
END_TEST

/* Index 1 is Ethernet2 after the boot, whatever the topology says. */
START_TEST(indexes_that_moved_with_a_boot_are_found_before_a_wrong_port_is_touched)
{
	if (skipped)
		return;
	begin_two_up();
	agents_stop(&agents);
	tell(IF_DESCR "1|4|Ethernet2\n" IF_DESCR "2|4|Ethernet1\n" IF_OPER "1|2|1\n" IF_OPER
		      "2|2|1\n" IF_NAME "1|4|Ethernet2\n" IF_NAME "2|4|Ethernet1\n");
	/* It is silent at first: what it says by index alone waits. */
	trap(".1.3.6.1.6.3.1.1.5.1", ARGV(NULL));
	link_down("1");
	agent_start();
	/* The agent says up: asked long after the trap, as on a busy machine, it is believed, and the port is not down for long. */
	redis_expect_nth(box.redis, 1, ARGV("port", VM2, "dp_down", "true", "source", "trap"));
	ck_assert(!redis_is_down(box.redis, VM1));
	/* Also after a map that has one port more. */
	load("{\"switches\": [{\"name\": \"sw1\", \"addresses\": [\"%s\"], \"interfaces\": "
	     "[{\"name\": \"Ethernet1\", \"if_index\": 1}, {\"name\": \"Ethernet2\", "
	     "\"if_index\": 2}]}], \"ports\": [{\"id\": \"" VM1
	     "\", \"attachments\": [\"sw1:Ethernet1\"]}, {\"id\": \"" VM2
	     "\", \"attachments\": [\"sw1:Ethernet2\"]}, {\"id\": \"" VM3
	     "\", \"attachments\": [\"sw1:Ethernet1\"]}]}",
	    here);
	link_down("2");
	WAIT_FOR(redis_is_down(box.redis, VM1) && redis_is_down(box.redis, VM3));
}
END_TEST

START_TEST(a_slow_agent_is_waited_for)
{
	if (skipped)
		return;
	tell(IF_DESCR "1|4:delay|value=Ethernet1,wait=700\n" IF_DESCR "2|4|Ethernet2\n" IF_OPER
		      "1|2|1\n" IF_OPER "2|2|2\n");
	agent_start();
	load(TWO, here, "sw1", AGENTS_PORT);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	ck_assert(polling_is("answered"));
}
END_TEST

/* Its switch has another number then. Only where it has another address, it is asked anew, and there. */
START_TEST(a_map_that_comes_while_a_switch_is_asked_does_not_break_that_off)
{
	if (skipped)
		return;
	tell(IF_DESCR "1|4|Ethernet1\n" IF_DESCR "2|4|Ethernet2\n" IF_OPER "1|2|1\n" IF_OPER
		      "2|2|2\n");
	agent_start();
	process_signal(&agents.process, SIGSTOP);
	load(TWO, here, "sw1", AGENTS_PORT);
	WAIT_FOR(sandbox_counter(&box, "poll.requests") >= 1);
	load("{\"switches\": [{\"name\": \"sw0\", \"addresses\": [\"192.0.2.1\"]}, {\"name\": "
	     "\"sw1\", \"addresses\": [\"%s\"], \"poll\": {\"community\": \"sw1\", "
	     "\"port\": 16161}}], \"ports\": [{\"id\": \"" VM2
	     "\", \"attachments\": [\"sw1:Ethernet2\"]}]}",
	    here);
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 0);
	process_signal(&agents.process, SIGCONT);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	ck_assert_int_eq(
	    sandbox_counter(&box, "poll.requests"), sandbox_counter(&box, "poll.answers"));
	json_int_t requests = sandbox_counter(&box, "poll.requests");
	ck_assert_int_eq(poll(), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.requests"), 2 * requests);
	/* Asked at an address that is not its own any more. */
	load(TWO, dead, "sw1", AGENTS_PORT);
	WAIT_FOR(polling_is("nothing listens at its SNMP port"));
	ck_assert(redis_is_down(box.redis, VM2));
}
END_TEST

/* Three days and half an hour ago by its own clock, of which ifLastChange and sysUpTime are numbers; 0 is no date. */
START_TEST(an_interface_is_as_it_is_since_its_switch_says)
{
	static const char *const commands[][3] = { { "interface", "list" },
		{ "switch", "show", "sw1" } };

	if (skipped)
		return;
	tell(IF_DESCR "1|4|Ethernet1\n" IF_DESCR "2|4|Ethernet2\n" IF_OPER "1|2|1\n" IF_OPER
		      "2|2|2\n" IF_LAST_CHANGE "1|67|40000000\n" IF_LAST_CHANGE
		      "2|67|65740000\n" UPTIME "65920000\n");
	agent_start();
	load(TWO, here, "sw1", AGENTS_PORT);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(run(ARGV(commands[i][0], commands[i][1], commands[i][2])), 0);
		ck_assert_msg(strstr(out, "3d0h ago") && strstr(out, "30m0"), "%s", out);
	}
	ck_assert_int_eq(run(ARGV("port", "explain", VM2)), 0);
	ck_assert_msg(strstr(out, "down for 30m0"), "%s", out);
}
END_TEST

/* A view without ifTable; and an agent that answers a table which it cannot read with the question. */
static const char *const broken[] = {
	"1.3.6.1.2.1.1.1.0|4|sw1\n",
	IF_DESCR "1|4|Ethernet1\n" IF_DESCR "2|4:error|op=get,status=generror\n" IF_OPER "1|2|2\n",
};

START_TEST(an_agent_that_tells_of_no_interface_says_nothing_about_ports)
{
	if (skipped)
		return;
	tell(broken[_i]);
	agent_start();
	load(TWO, here, "sw1", AGENTS_PORT);
	WAIT_FOR(polling_is("tells of no interface"));
	ck_assert(sandbox_log_has(&box, "tells of no interface; its ports stay as they are"));
	ck_assert_int_eq(redis_down(box.redis), 0);
	ck_assert_int_eq(poll(), 1);
}
END_TEST

static void
write_secret(const char *path, const char *text)
{
	sandbox_write(path, text);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

START_TEST(a_wrong_community_is_silence_and_another_one_is_tried_at_once)
{
	char path[160], setting[200];

	if (skipped)
		return;
	tell(IF_DESCR "1|4|Ethernet1\n" IF_OPER "1|2|2\n");
	agent_start();
	snprintf(path, sizeof(path), "%s/community", box.dir);
	snprintf(setting, sizeof(setting), "file:%s", path);
	write_secret(path, "wrong\n");
	load(TWO, here, setting, AGENTS_PORT);
	WAIT_FOR(polling_is("no answer"));
	ck_assert(!redis_is_down(box.redis, VM1));
	/* The file is gone; then it is back, and right. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(poll(), 1);
	WAIT_FOR(polling_is("cannot be asked"));
	write_secret(path, "sw1\n");
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(redis_is_down(box.redis, VM1));
	ck_assert(!sandbox_log_has(&box, "wrong"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_agents");
	TCase *tcase = tcase_create("poll_agents");

	tcase_add_checked_fixture(tcase, set_up, agents_box_tear_down);
	tcase_set_timeout(tcase, 90);
	tcase_add_test(tcase, without_if_x_table_interfaces_are_known_by_their_descriptions);
	tcase_add_test(tcase, where_the_first_address_is_dead_the_second_is_asked);
	tcase_add_test(tcase, a_switch_is_asked_over_ipv6);
	tcase_add_test(
	    tcase, indexes_that_moved_with_a_boot_are_found_before_a_wrong_port_is_touched);
	tcase_add_test(tcase, a_slow_agent_is_waited_for);
	tcase_add_test(tcase, a_map_that_comes_while_a_switch_is_asked_does_not_break_that_off);
	tcase_add_test(tcase, an_interface_is_as_it_is_since_its_switch_says);
	tcase_add_loop_test(
	    tcase, an_agent_that_tells_of_no_interface_says_nothing_about_ports, 0, 2);
	tcase_add_test(tcase, a_wrong_community_is_silence_and_another_one_is_tried_at_once);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
