/*
 * Uplinks: switches that speak from addresses of their own, and what hangs behind them, as a consumer of the stream sees it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"

#define IF_NAME ".1.3.6.1.2.1.31.1.1.1.1.1"
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"
#define SPINE1 "127.1.0.3"
#define SPINE2 "127.1.0.4"

static void
say(const char *from, const char *trap, const char *interface)
{
	sandbox_trap(&box, from, ARGV("", trap, IF_NAME, "s", interface));
}

/* What redis-cli prints of the stream, as an operator would look at it. The caller's. */
static char *
events_as_text(void)
{
	char *text = malloc(SANDBOX_TEXT);

	ck_assert_int_eq(
	    process_run(text, SANDBOX_TEXT,
		ARGV("redis-cli", "-s", box.redis, "XRANGE", "dpwatch:events", "-", "+")),
	    0);
	return text;
}

static const char THREE_SWITCHES[] =
    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"]},"
    " {\"name\": \"leaf2\", \"addresses\": [\"" LEAF2 "\"]},"
    " {\"name\": \"spine1\", \"addresses\": [\"" SPINE1 "\"], \"root\": true}],"
    " \"links\": [{\"a\": \"leaf1:Ethernet1/49\", \"b\": \"spine1:Ethernet1/1\"},"
    " {\"a\": \"leaf2:Ethernet1/49\", \"b\": \"spine1:Ethernet1/2\"}],"
    " \"hosts\": [{\"name\": \"both\", \"attachments\": [\"leaf1:Ethernet1/1\", \"leaf2:Ethernet1/1\"]},"
    " {\"name\": \"one\", \"attachments\": [\"leaf1:Ethernet1/2\"]}],"
    " \"ports\": [{\"id\": \"" VM1 "\", \"host\": \"both\"}, {\"id\": \"" VM2
    "\", \"host\": \"one\"}]}";

START_TEST(three_switches_that_speak_for_themselves_take_a_port_down_with_its_last_path)
{
	sandbox_load(&box, THREE_SWITCHES);
	say(LEAF1, LINK_DOWN, "Ethernet1/49");
	WAIT_FOR(redis_events(box.redis) == 1);
	char *text = events_as_text();
	ck_assert_ptr_nonnull(strstr(text, VM2));
	ck_assert_ptr_null(strstr(text, VM1));
	ck_assert_ptr_nonnull(strstr(text, "uplink"));
	free(text);
	/* The same failure, told by the other end: nothing new. Then the last path of the other one, told by the spine. */
	say(SPINE1, LINK_DOWN, "Ethernet1/1");
	say(SPINE1, LINK_DOWN, "Ethernet1/2");
	WAIT_FOR(redis_events(box.redis) == 2);
	say(SPINE1, LINK_UP, "Ethernet1/2");
	WAIT_FOR(redis_events(box.redis) == 3);
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	const json_t *down = json_array_get(events, 1), *up = json_array_get(events, 2);
	ck_assert_str_eq(redis_text(down, "port"), VM1);
	ck_assert_str_eq(redis_text(down, "dp_down"), "true");
	ck_assert_str_eq(redis_text(down, "cause"), "uplink");
	ck_assert_str_eq(redis_text(down, "switch"), "spine1");
	ck_assert_str_eq(redis_text(down, "interface"), "Ethernet1/2");
	ck_assert_str_eq(redis_text(down, "paths_up"), "0");
	ck_assert_str_eq(redis_text(down, "paths_stranded"), "2");
	ck_assert_str_eq(redis_text(down, "paths_total"), "2");
	ck_assert_str_eq(redis_text(up, "dp_down"), "false");
	ck_assert_str_eq(redis_text(up, "fault"), redis_text(down, "fault"));
	json_decref(events);
	/* The first link has two ends, and both said down: one up is not enough. */
	say(LEAF1, LINK_UP, "Ethernet1/49");
	say(SPINE1, LINK_UP, "Ethernet1/1");
	WAIT_FOR(redis_events(box.redis) == 4);
	events = redis_stream(box.redis, "dpwatch:events");
	ck_assert_str_eq(redis_text(json_array_get(events, 3), "switch"), "spine1");
	ck_assert_str_eq(redis_text(json_array_get(events, 3), "port"), VM2);
	json_decref(events);
	ck_assert_int_eq(redis_down(box.redis), 0);
}
END_TEST

#define LEAVES 24

/* A rack of leaves, two uplinks and a port each. The caller's. */
static char *
rack(void)
{
	char *text = NULL;
	size_t len;
	FILE *map = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(map);
	fputs("{\"switches\": [{\"name\": \"spine1\", \"addresses\": [\"" SPINE1
	      "\"], \"root\": true},"
	      " {\"name\": \"spine2\", \"addresses\": [\"" SPINE2 "\"], \"root\": true}",
	    map);
	for (int i = 1; i <= LEAVES; i++)
		fprintf(map, ", {\"name\": \"leaf%d\", \"addresses\": [\"127.2.0.%d\"]}", i, i);
	fputs("], \"links\": [", map);
	for (int i = 1; i <= LEAVES; i++)
		fprintf(map,
		    "%s{\"a\": \"leaf%d:Ethernet1/49\", \"b\": \"spine1:Ethernet1/%d\"},"
		    " {\"a\": \"leaf%d:Ethernet1/50\", \"b\": \"spine2:Ethernet1/%d\"}",
		    i > 1 ? ", " : "", i, i, i, i);
	fputs("], \"ports\": [", map);
	for (int i = 1; i <= LEAVES; i++)
		fprintf(map,
		    "%s{\"id\": \"11111111-1111-4111-8111-%012d\", \"attachments\": [\"leaf%d:Ethernet1/1\"]}",
		    i > 1 ? ", " : "", i, i);
	fputs("]}", map);
	ck_assert_int_eq(fclose(map), 0);
	return text;
}

struct captured {
	uint8_t bytes[512];
	size_t len;
};

static void
capture(struct captured *captured, int interface)
{
	char name[32];

	snprintf(name, sizeof(name), "Ethernet1/%d", interface);
	captured->len = sandbox_capture(captured->bytes, sizeof(captured->bytes),
	    ARGV("snmptrap", "-v2c", "-c", "public", "AGENT", "", LINK_DOWN, IF_NAME, "s", name));
}

START_TEST(a_racks_power_cut_is_one_toggle_per_port_and_one_fault)
{
	struct captured traps[LEAVES];
	char *map = rack();

	sandbox_load(&box, map);
	free(map);
	for (int i = 0; i < LEAVES; i++)
		capture(&traps[i], i + 1);
	/* All at once, as it is in a rack. */
	process_signal(&box.daemon, SIGSTOP);
	for (int i = 0; i < LEAVES; i++)
		sandbox_send(SPINE1, box.snmp_port, traps[i].bytes, traps[i].len);
	for (int i = 0; i < LEAVES; i++)
		sandbox_send(SPINE2, box.snmp_port, traps[i].bytes, traps[i].len);
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(redis_events(box.redis) == LEAVES);
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	const char *fault = redis_text(json_array_get(events, 0), "fault");
	ck_assert_int_eq(strncmp(fault, "spine2:Ethernet1/1@", 19), 0);
	for (int i = 0; i < LEAVES; i++) {
		const json_t *event = json_array_get(events, (size_t)i);
		char port[40], interface[32];
		snprintf(port, sizeof(port), "11111111-1111-4111-8111-%012d", i + 1);
		snprintf(interface, sizeof(interface), "Ethernet1/%d", i + 1);
		ck_assert_str_eq(redis_text(event, "port"), port);
		ck_assert_str_eq(redis_text(event, "fault"), fault);
		ck_assert_str_eq(redis_text(event, "switch"), "spine2");
		ck_assert_str_eq(redis_text(event, "interface"), interface);
	}
	json_decref(events);
	ck_assert_int_eq(redis_down(box.redis), LEAVES);
}
END_TEST

START_TEST(what_is_announced_is_marked_also_after_a_restart)
{
	sandbox_load(&box, THREE_SWITCHES);
	ck_assert_int_eq(
	    run(ARGV("maintenance", "add", "spine1", "--for", "2h", "--note", "optics")), 0);
	ck_assert_int_eq(run(ARGV("maintenance", "add", "nobody", "--for", "2h")), 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	say(LEAF1, LINK_DOWN, "Ethernet1/49");
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(run(ARGV("maintenance", "remove", "spine1")), 0);
	say(LEAF1, LINK_UP, "Ethernet1/49");
	WAIT_FOR(redis_events(box.redis) == 2);
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	ck_assert_str_eq(redis_text(json_array_get(events, 0), "dp_down"), "true");
	ck_assert_str_eq(redis_text(json_array_get(events, 0), "maintenance"), "true");
	ck_assert_str_eq(redis_text(json_array_get(events, 1), "maintenance"), "false");
	json_decref(events);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("uplinks");
	TCase *tcase = tcase_create("uplinks");

	tcase_add_checked_fixture(tcase, box_set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(
	    tcase, three_switches_that_speak_for_themselves_take_a_port_down_with_its_last_path);
	tcase_add_test(tcase, what_is_announced_is_marked_also_after_a_restart);
	tcase_add_test(tcase, a_racks_power_cut_is_one_toggle_per_port_and_one_fault);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
