/*
 * When switches are asked: snmpsim's agents change their mind, and the daemon finds out by itself. Each test has addresses of its
 * own in 127/8. Where snmpsim is not installed, the tests say SKIPPED.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agents_box.h"
#include "lib/redis_client.h"
#include "util/timeutil.h"

#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define COLD_START ".1.3.6.1.6.3.1.1.5.1"
#define IF_INDEX ".1.3.6.1.2.1.2.2.1.1"

/* Two interfaces, and what ifOperStatus says of them. */
#define TWO(oper1, oper2)                                                               \
	UPTIME "360000\n" IF_DESCR "1|4|Ethernet1\n" IF_DESCR "2|4|Ethernet2\n" IF_OPER \
	       "1|2|" oper1 "\n" IF_OPER "2|2|" oper2 "\n"

#define SWITCH \
	"{\"name\": \"%s\", \"addresses\": [\"%s\"], \"poll\": {\"community\": \"%s\", \"port\": 16161}}"
#define PORT "{\"id\": \"%s\", \"attachments\": [\"sw1:%s\"]}"

static const char *here;

static void
set_up(void)
{
	if (agents_box_init())
		here = agents_box_add("sw1");
}

static void
tell(const char *lines)
{
	agents_stop(&agents);
	agents_tell(&agents, "sw1", lines);
	agents_start(&agents, "sw1");
}

/* VM1 on sw1:Ethernet1, VM2 on sw1:Ethernet2; `more`: further ports. */
static void
load(const char *more)
{
	char map[1024];

	snprintf(map, sizeof(map),
	    "{\"switches\": [" SWITCH "], \"ports\": [" PORT ", " PORT "%s]}", "sw1", here, "sw1",
	    VM1, "Ethernet1", VM2, "Ethernet2", more);
	sandbox_load(&box, map);
}

/* A daemon with such lines, whose map is loaded; both interfaces are up, and were told so by the switch. */
static void
begin(const struct sandbox_lines *lines)
{
	sandbox_configure(&box, lines);
	sandbox_start_ready(&box);
	tell(TWO("1", "1"));
	load("");
	WAIT_FOR(sandbox_polling_is(&box, "sw1", "answered"));
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 0);
}

static const struct sandbox_lines no_sweep = { .snmp = "poll_interval = off" };

/* The n-th toggle has this source; there are no more. */
static void
expect_last_toggle(json_int_t n, const char *dp_down, const char *source)
{
	redis_expect_newest(box.redis, n, ARGV("dp_down", dp_down, "source", source));
}

/* The same; more may follow by themselves. */
static void
expect_toggle(json_int_t n, const char *dp_down, const char *source)
{
	redis_expect_nth(box.redis, n, ARGV("dp_down", dp_down, "source", source));
}

/* ---- tests ---- */

START_TEST(at_the_start_what_changed_meanwhile_is_found)
{
	if (skipped)
		return;
	begin(&no_sweep);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	tell(TWO("1", "2"));
	sandbox_start_ready(&box);
	expect_last_toggle(1, "true", "poll");
	ck_assert(redis_is_down(box.redis, VM2));
}
END_TEST

START_TEST(after_a_cold_start_what_was_lost_with_it_is_found)
{
	if (skipped)
		return;
	begin(&no_sweep);
	tell(TWO("2", "1"));
	sandbox_trap(&box, here, ARGV("", COLD_START));
	expect_last_toggle(1, "true", "poll");
	ck_assert(redis_is_down(box.redis, VM1));
}
END_TEST

/* The trap says down, and the line up; the line counts when nobody takes it back, and the switch has the last word. */
START_TEST(two_sources_that_stay_at_odds_make_it_be_asked)
{
	if (skipped)
		return;
	/* Longer than what comes between the two. */
	begin(&(struct sandbox_lines){
	    .snmp = "poll_interval = off", .state = "source_settle = 6s" });
	tell(TWO("2", "1"));
	sandbox_trap(&box, here, ARGV("", LINK_DOWN, IF_INDEX, "i", "1"));
	expect_toggle(1, "true", "trap");
	sandbox_line(
	    &box, here, "<189>26: %LINK-3-UPDOWN: Interface Ethernet1, changed state to up");
	expect_toggle(2, "false", "syslog");
	expect_last_toggle(3, "true", "poll");
}
END_TEST

/* It is asked long after source_settle, and its ifLastChange shows that it knows nothing of the trap yet; then it does. */
START_TEST(an_agent_that_keeps_its_table_for_seconds_heals_nothing)
{
	if (skipped)
		return;
	begin(&(struct sandbox_lines){
	    .snmp = "poll_interval = off\npoll_verify = 1s", .state = "source_settle = 500ms" });
	tell(TWO("1", "1") IF_LAST_CHANGE "1|67|1000\n");
	sandbox_trap(&box, here, ARGV("", LINK_DOWN, IF_INDEX, "i", "1"));
	expect_last_toggle(1, "true", "trap");
	WAIT_FOR(sandbox_counter(&box, "poll.stale") >= 2);
	ck_assert(redis_is_down(box.redis, VM1));
	agents_stop(&agents);
	const json_int_t stale = sandbox_counter(&box, "poll.stale");
	const json_int_t answers = sandbox_counter(&box, "poll.answers");
	tell(TWO("2", "1") IF_LAST_CHANGE "1|67|359000\n");
	WAIT_FOR(sandbox_counter(&box, "poll.answers") >= answers + 2);
	ck_assert_int_eq(sandbox_counter(&box, "poll.stale"), stale);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

START_TEST(an_interface_that_a_map_names_first_is_asked_about)
{
	if (skipped)
		return;
	begin(&no_sweep);
	tell(TWO("1", "1") IF_DESCR "3|4|Ethernet3\n" IF_OPER "3|2|2\n");
	const json_int_t before = sandbox_counter(&box, "poll.requests");
	/* The same once more is no reason. */
	load("");
	load(", {\"id\": \"" VM3 "\", \"attachments\": [\"sw1:Ethernet3\"]}");
	expect_last_toggle(1, "true", "poll");
	ck_assert(redis_is_down(box.redis, VM3));
	ck_assert_int_eq(sandbox_counter(&box, "poll.requests"), before + 2);
}
END_TEST

/* Wall time of the end of a switch's last job; 0: there was none. */
static int64_t
asked_at_us(const char *name)
{
	char target[64];
	int64_t at_us = 0;

	snprintf(target, sizeof(target), "/v1/switches/%s", name);
	json_t *answer = sandbox_get(&box, target);
	const json_t *poll = json_object_get(json_object_get(answer, "switch"), "poll");
	timeutil_parse(slice_of(json_string_value(json_object_get(poll, "asked_at"))), &at_us);
	json_decref(answer);
	return at_us;
}

#define SWEPT 4
#define INTERVAL_US 4000000

static int
compare_times(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* When each was asked last, in order; false: one of them not since then. */
static bool
asked_since(int64_t since_us, int64_t at_us[SWEPT])
{
	bool all = true;

	for (int i = 0; i < SWEPT; i++) {
		at_us[i] = asked_at_us(((const char *const[]){ "sw1", "sw2", "sw3", "sw4" })[i]);
		all = all && at_us[i] > since_us;
	}
	qsort(at_us, SWEPT, sizeof(*at_us), compare_times);
	return all;
}

static bool
are_even(const int64_t at_us[SWEPT])
{
	bool even = true;

	for (int i = 1; i < SWEPT; i++)
		even = even && at_us[i] - at_us[i - 1] >= INTERVAL_US / SWEPT / 3;
	return even;
}

/* Four switches once in four seconds; not all at once, as after the load. */
START_TEST(the_sweep_is_slow_and_even_and_leaves_out_who_has_no_credentials)
{
	static const char map[] =
	    "{\"switches\": [" SWITCH ", " SWITCH ", " SWITCH ", " SWITCH
	    ", {\"name\": \"sw5\", \"addresses\": [\"%s\"]}], \"ports\": [" PORT "]}";
	const char *at[SWEPT + 1] = { here };
	struct recording nothing = { .n = 0 };
	int64_t first_us[SWEPT], last_us[SWEPT];
	char text[1024];

	if (skipped)
		return;
	for (int i = 1; i <= SWEPT; i++) {
		const char *name = ((const char *const[]){ "", "sw2", "sw3", "sw4", "sw5" })[i];
		at[i] = agents_add(&agents, name, &nothing);
		agents_tell(&agents, name, TWO("1", "1"));
	}
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = "poll_interval = 4s" });
	sandbox_start_ready(&box);
	tell(TWO("1", "1"));
	snprintf(text, sizeof(text), map, "sw1", at[0], "sw1", "sw2", at[1], "sw2", "sw3", at[2],
	    "sw3", "sw4", at[3], "sw4", at[4], VM1, "Ethernet1");
	sandbox_load(&box, text);
	WAIT_FOR(asked_since(0, first_us));
	/* A machine that was busy makes one late, and the next comes close behind it; but not for ever. */
	WAIT_FOR(asked_since(first_us[SWEPT - 1] + INTERVAL_US, last_us) && are_even(last_us));
	ck_assert(sandbox_polling_is(&box, "sw5", "off"));
	ck_assert_int_eq(asked_at_us("sw5"), 0);
	/* What nobody told is found by it. */
	tell(TWO("2", "1"));
	expect_last_toggle(1, "true", "poll");
}
END_TEST

/* What is doubted is listed until it is answered. */
START_TEST(what_is_uncertain_is_listed_until_it_was_answered)
{
	if (skipped)
		return;
	begin(&no_sweep);
	agents_stop(&agents);
	sandbox_trap(&box, here, ARGV("", COLD_START));
	const char *const list[] = { "interface", "list", "--uncertain", NULL };
	WAIT_FOR(run(list) == 0 && strstr(out, "Ethernet1") && strstr(out, "Ethernet2"));
	WAIT_FOR(sandbox_polling_is(&box, "sw1", "nothing listens at its SNMP port"));
	/* Since when, and why. */
	ck_assert_int_eq(run(ARGV("switch", "show", "sw1")), 0);
	ck_assert_msg(strstr(out, "nothing listens at its SNMP port, since "), "%s", out);
	agents_start(&agents, "sw1");
	WAIT_FOR(run(list) == 0 && !strstr(out, "Ethernet"));
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_when");
	TCase *tcase = tcase_create("poll_when");

	tcase_add_checked_fixture(tcase, set_up, agents_box_tear_down);
	tcase_set_timeout(tcase, 90);
	tcase_add_test(tcase, at_the_start_what_changed_meanwhile_is_found);
	tcase_add_test(tcase, after_a_cold_start_what_was_lost_with_it_is_found);
	tcase_add_test(tcase, two_sources_that_stay_at_odds_make_it_be_asked);
	tcase_add_test(tcase, an_agent_that_keeps_its_table_for_seconds_heals_nothing);
	tcase_add_test(tcase, an_interface_that_a_map_names_first_is_asked_about);
	tcase_add_test(tcase, the_sweep_is_slow_and_even_and_leaves_out_who_has_no_credentials);
	tcase_add_test(tcase, what_is_uncertain_is_listed_until_it_was_answered);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
