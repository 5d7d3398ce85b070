/*
 * What comes in and should not: each kind has a counter with a name, changes nothing, and the daemon goes on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/http_client.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))
#define IF_ENTRY ".1.3.6.1.2.1.2.2.1"
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"
#define UDP_MAX 65507 /* of IPv4: 65,535 less two headers */

static struct sandbox box;
static json_int_t first_batch;

static void
set_up(void)
{
	sandbox_begin(&box);
	first_batch = sandbox_status_number(&box, "redis.batch");
}

static json_int_t
changes(void)
{
	return redis_events(box.redis) + redis_number(box.redis, "XLEN dpwatch:link-events") +
	       redis_number(box.redis, "XLEN dpwatch:redundancy");
}

/* Whatever a test did: nothing came of it, and the daemon still does its work. */
static void
tear_down(void)
{
	ck_assert_int_eq(sandbox_status_number(&box, "redis.batch"), first_batch);
	ck_assert_int_eq(changes(), 0);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_release(&box);
}

/* The counter stands at 1; the test fails with all that stand at something else than 0. */
static void
expect_counted(const char *counter)
{
	json_t *status = sandbox_get(&box, "/v1/status");
	json_t *counters = json_object_get(status, "counters"), *value;
	const char *name;
	void *next;

	json_object_foreach_safe(counters, next, name, value)
	{
		if (json_integer_value(value) == 0)
			json_object_del(counters, name);
	}
	char *text = json_dumps(counters, 0);
	ck_assert_msg(json_integer_value(json_object_get(counters, counter)) == 1,
	    "%s is not 1: %s", counter, text);
	free(text);
	json_decref(status);
}

/* ---- traps ---- */

/* Arguments of an SNMP program; "AGENT" stands for the daemon. */
struct bad_trap {
	const char *counter;
	const char *const *argv;
};

#define SNMPTRAP(community, from, ...) \
	ARGV("snmptrap", "-v2c", "-c", community, "--clientaddr=" from, "AGENT", "", __VA_ARGS__)

static const struct bad_trap bad_traps[] = {
	{ "trap.bad-community", SNMPTRAP("Public", LEAF1, LINK_DOWN, IF_ENTRY ".1.1", "i", "1") },
	{ "trap.bad-community", SNMPTRAP("publi", LEAF1, LINK_DOWN, IF_ENTRY ".1.1", "i", "1") },
	{ "trap.bad-community", SNMPTRAP("publicx", LEAF1, LINK_DOWN, IF_ENTRY ".1.1", "i", "1") },
	{ "trap.bad-community", SNMPTRAP("", LEAF1, LINK_DOWN, IF_ENTRY ".1.1", "i", "1") },
	{ "event.unknown-sender",
	    SNMPTRAP("public", STRANGER, LINK_DOWN, IF_ENTRY ".1.1", "i", "1") },
	{ "event.no-interface", SNMPTRAP("public", LEAF1, LINK_DOWN, IF_ENTRY ".1.77", "i", "77") },
	{ "trap.no-interface", SNMPTRAP("public", LEAF1, LINK_DOWN) },
	{ "trap.no-interface",
	    SNMPTRAP("public", LEAF1, LINK_DOWN, ".1.3.6.1.2.1.1.1.0", "s", "Ethernet1/1") },
	{ "trap.bad-varbind", SNMPTRAP("public", LEAF1, LINK_DOWN, IF_ENTRY ".1.0", "i", "-1") },
	{ "trap.not-ours", SNMPTRAP("public", LEAF1, ".1.3.6.1.6.3.1.1.5.5") },
	{ "trap.not-ours", SNMPTRAP("public", LEAF1, ".1.3.6.1.4.1.99999.1") },
	{ "trap.not-up", SNMPTRAP("public", LEAF1, LINK_UP, IF_ENTRY ".1.1", "i", "1",
			     IF_ENTRY ".8.1", "i", "2") },
	{ "event.restart", SNMPTRAP("public", LEAF1, ".1.3.6.1.6.3.1.1.5.1") },
	/* Without users SNMPv3 is refused. */
	{ "trap.bad-version", ARGV("snmptrap", "-v3", "-u", "nobody", "-l", "noAuthNoPriv", "-e",
				  "0x8000000001020304", "--clientaddr=" LEAF1, "AGENT", "",
				  LINK_DOWN, IF_ENTRY ".1.1", "i", "1") },
	{ "trap.not-a-trap", ARGV("snmpget", "-v2c", "-c", "public", "-t", "0.05", "-r", "0",
				 "--clientaddr=" LEAF1, "AGENT", ".1.3.6.1.2.1.1.1.0") },
};

START_TEST(a_trap_that_says_nothing_useful_is_counted_by_its_kind)
{
	const struct bad_trap *bad = &bad_traps[_i];
	uint8_t bytes[2048];
	size_t len = sandbox_capture(bytes, sizeof(bytes), bad->argv);
	bool stranger = strcmp(bad->counter, "event.unknown-sender") == 0;

	sandbox_send(stranger ? STRANGER : LEAF1, box.snmp_port, bytes, len);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 1);
	expect_counted(bad->counter);
}
END_TEST

/* A real linkDown; cut or spoilt it must do no harm. */
static size_t
real_trap(uint8_t *bytes, size_t size)
{
	return sandbox_capture(bytes, size,
	    SNMPTRAP("public", LEAF1, LINK_DOWN, IF_ENTRY ".1.1", "i", "1", IF_ENTRY ".7.1", "i",
		"1", IF_ENTRY ".8.1", "i", "2"));
}

START_TEST(a_trap_cut_at_any_length_is_malformed)
{
	uint8_t bytes[2048];
	size_t len = real_trap(bytes, sizeof(bytes));

	for (size_t cut = 0; cut < len; cut++)
		sandbox_send(LEAF1, box.snmp_port, bytes, cut);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == (json_int_t)len);
	ck_assert_int_eq(sandbox_counter(&box, "trap.malformed"), (json_int_t)len);
}
END_TEST

START_TEST(a_trap_with_any_bit_flipped_does_no_harm)
{
	uint8_t bytes[2048];
	size_t len = real_trap(bytes, sizeof(bytes));

	/* From a stranger: a flipped ifIndex is a good trap about another interface. */
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		sandbox_send(STRANGER, box.snmp_port, bytes, len);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (bit % 64 == 63)
			WAIT_FOR(sandbox_counter(&box, "trap.received") == (json_int_t)bit + 1);
	}
	WAIT_FOR(sandbox_counter(&box, "trap.received") == (json_int_t)len * 8);
	ck_assert_int_gt(sandbox_counter(&box, "trap.malformed"), 0);
}
END_TEST

START_TEST(garbage_of_every_size_up_to_the_largest_datagram_does_no_harm)
{
	static const size_t sizes[] = { 0, 1, 2, 100, 1472, 9000, UDP_MAX };
	uint8_t *bytes = malloc(UDP_MAX);

	srand(1);
	for (size_t i = 0; i < UDP_MAX; i++)
		bytes[i] = (uint8_t)rand();
	for (int i = 0; i < N(sizes); i++) {
		sandbox_send(LEAF1, box.snmp_port, bytes, sizes[i]);
		WAIT_FOR(sandbox_counter(&box, "trap.received") == i + 1);
	}
	ck_assert_int_eq(sandbox_counter(&box, "trap.malformed"), N(sizes));
	for (int i = 0; i < N(sizes); i++) {
		sandbox_send(LEAF1, box.syslog_port, bytes, sizes[i]);
		WAIT_FOR(sandbox_counter(&box, "syslog.received") == i + 1);
	}
	free(bytes);
}
END_TEST

START_TEST(a_largest_datagram_whose_lengths_promise_more_is_malformed)
{
	uint8_t *bytes = calloc(1, UDP_MAX);
	size_t len = real_trap(bytes, UDP_MAX);

	/* The outer SEQUENCE in the long form, of four gigabytes. */
	memmove(bytes + 6, bytes + 2, len - 2);
	memcpy(bytes + 1, "\x84\xff\xff\xff\xff", 5);
	sandbox_send(LEAF1, box.snmp_port, bytes, UDP_MAX);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.malformed"), 1);
	free(bytes);
}
END_TEST

/* ---- who sent it ---- */

START_TEST(a_stranger_is_listed_with_what_would_map_it)
{
	sandbox_link_down(&box, STRANGER, 5);
	WAIT_FOR(sandbox_counter(&box, "event.unknown-sender") == 1);
	json_t *answer = sandbox_get(&box, "/v1/unmapped");
	const json_t *list = json_object_get(answer, "unmapped"), *first = json_array_get(list, 0);
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_str_eq(redis_text(first, "address"), STRANGER);
	ck_assert_str_eq(redis_text(first, "source"), "trap");
	ck_assert_int_eq(json_integer_value(json_object_get(first, "if_index")), 5);
	char *map = json_dumps(json_object_get(first, "map"), JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(map,
	    "{\"switches\":[{\"addresses\":[\"" STRANGER "\"],\"interfaces\":[{\"if_index\":5,"
	    "\"name\":\"ifIndex5\"}],\"name\":\"" STRANGER "\"}]}");
	free(map);
	json_decref(answer);
}
END_TEST

START_TEST(an_interface_that_nobody_knows_is_listed_with_its_switch)
{
	sandbox_link_down(&box, LEAF1, 77);
	WAIT_FOR(sandbox_counter(&box, "event.no-interface") == 1);
	json_t *answer = sandbox_get(&box, "/v1/unmapped");
	const json_t *first = json_array_get(json_object_get(answer, "unmapped"), 0);
	ck_assert_str_eq(redis_text(first, "address"), LEAF1);
	ck_assert_int_eq(json_integer_value(json_object_get(first, "if_index")), 77);
	ck_assert(json_is_true(json_object_get(first, "switch_is_mapped")));
	json_decref(answer);
}
END_TEST

START_TEST(a_relay_that_is_not_trusted_speaks_for_itself_only)
{
	char out[256], agent[32];

	/* The v1 agent-addr says leaf1, the datagram comes from a stranger. */
	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("snmptrap", "-v1", "-c", "public", "--clientaddr=" STRANGER, agent,
		    ".1.3.6.1.4.1.9.1.1", LEAF1, "2", "0", "", IF_ENTRY ".1.1", "i", "1")),
	    0);
	WAIT_FOR(sandbox_counter(&box, "event.unknown-sender") == 1);
}
END_TEST

/* ---- syslog ---- */

static const struct {
	const char *counter, *from, *line;
} bad_lines[] = {
	{ "syslog.empty", LEAF1, "" },
	{ "syslog.empty", LEAF1, "<189>" },
	{ "syslog.no-rule", LEAF1, "<189>1 2026-01-01T00:00:00Z leaf1 app - - - hello" },
	{ "syslog.no-rule", LEAF1, "<99999>x" },
	{ "syslog.suspect", LEAF1, "<189>the link of Ethernet1/1 is perhaps down" },
	{ "event.unknown-sender", STRANGER,
	    "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down" },
	{ "syslog.suspect", LEAF1, "\x80\xff\xfe\x01%LINK\n\n\r\t%s%n" },
};

START_TEST(a_line_that_says_nothing_useful_is_counted_by_its_kind)
{
	sandbox_line(&box, bad_lines[_i].from, bad_lines[_i].line);
	WAIT_FOR(sandbox_counter(&box, "syslog.received") == 1);
	expect_counted(bad_lines[_i].counter);
}
END_TEST

/* ---- topology ---- */

/* A document, and what its refusal names. */
static const struct {
	const char *document, *path, *reason;
} bad_documents[] = {
	{ "{\"switches\": [\n  {\"name\" \"leaf1\"}]}", "line 2", NULL },
	{ "{\"switches\": [], \"swtiches\": []}", "swtiches", NULL },
	{ "{\"switches\": [{\"name\": \"a\", \"addresses\": [\"192.0.2.1\"]}],"
	  " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"b:Ethernet1/1\"]}]}",
	    "ports[0].attachments[0]", "b" },
	{ "{\"ports\": [{\"id\": \"" VM1 "\", \"host\": \"nowhere\"}]}", "ports[0].host",
	    "nowhere" },
	{ "{\"ports\": [{\"id\": \"no uuid\", \"attachments\": []}]}", "ports[0].id", NULL },
	{ "{\"switches\": [{\"name\": \"a\", \"addresses\": [\"192.0.2.1\"]},"
	  " {\"name\": \"b\", \"addresses\": [\"192.0.2.1\"]}]}",
	    "switches[1].addresses[0]", "192.0.2.1" },
	{ "[]", "", NULL },
	{ "", "line", NULL },
};

START_TEST(a_faulty_topology_is_refused_whole_and_says_where)
{
	json_t *answer;

	ck_assert_int_eq(http_client(box.api, "PUT", "/v1/topology?force=1",
			     bad_documents[_i].document, &answer),
	    400);
	const json_t *fault = json_array_get(json_object_get(answer, "faults"), 0);
	ck_assert_ptr_nonnull(strstr(redis_text(fault, "path"), bad_documents[_i].path));
	if (bad_documents[_i].reason)
		ck_assert_ptr_nonnull(
		    strstr(redis_text(fault, "reason"), bad_documents[_i].reason));
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:topology:ports"), 4);
	json_decref(answer);
}
END_TEST

START_TEST(every_fault_of_a_topology_is_told)
{
	json_t *answer;

	ck_assert_int_eq(
	    http_client(box.api, "PUT", "/v1/topology",
		"{\"switches\": [{\"name\": \"a:b\"}, {\"name\": \"c\", \"addresses\": [\"x\"]}],"
		" \"links\": [{\"a\": \"p:1\", \"b\": \"q:1\"}],"
		" \"ports\": [{\"id\": \"1\"}]}",
		&answer),
	    400);
	char *text = json_dumps(answer, JSON_INDENT(1));
	ck_assert_msg(json_array_size(json_object_get(answer, "faults")) == 5, "%s", text);
	free(text);
	json_decref(answer);
}
END_TEST

START_TEST(a_load_that_would_lose_many_ports_needs_force)
{
	static const char empty[] = "{\"switches\": [], \"ports\": []}";
	json_t *answer;

	ck_assert_int_eq(http_client(box.api, "PUT", "/v1/topology", empty, &answer), 409);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
	json_decref(answer);
}
END_TEST

/* ---- HTTP ---- */

static const struct {
	const char *method, *target;
	int status;
} bad_requests[] = {
	{ "GET", "/v1/nothing", 404 },
	{ "GET", "/../etc/passwd", 404 },
	{ "GET", "/v1/events?since=x", 400 },
	{ "GET", "/v1/events?limit=0", 400 },
	{ "GET", "/v1/interfaces?switch=nobody", 404 },
	{ "GET", "/v2.0/ports/no-uuid", 404 },
	{ "GET", "/v2.0/ports/%00%ff", 400 },
	{ "DELETE", "/v1/topology", 405 },
	{ "PUT", "/v1/topology", 400 },
};

START_TEST(a_request_for_what_is_not_there_is_refused)
{
	ck_assert_int_eq(
	    http_client(box.api, bad_requests[_i].method, bad_requests[_i].target, NULL, NULL),
	    bad_requests[_i].status);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bad input");
	TCase *tcase = tcase_create("bad input");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
	    tcase, a_trap_that_says_nothing_useful_is_counted_by_its_kind, 0, N(bad_traps));
	tcase_add_test(tcase, a_trap_cut_at_any_length_is_malformed);
	tcase_add_test(tcase, a_trap_with_any_bit_flipped_does_no_harm);
	tcase_add_test(tcase, garbage_of_every_size_up_to_the_largest_datagram_does_no_harm);
	tcase_add_test(tcase, a_largest_datagram_whose_lengths_promise_more_is_malformed);
	tcase_add_test(tcase, a_stranger_is_listed_with_what_would_map_it);
	tcase_add_test(tcase, an_interface_that_nobody_knows_is_listed_with_its_switch);
	tcase_add_test(tcase, a_relay_that_is_not_trusted_speaks_for_itself_only);
	tcase_add_loop_test(
	    tcase, a_line_that_says_nothing_useful_is_counted_by_its_kind, 0, N(bad_lines));
	tcase_add_loop_test(
	    tcase, a_faulty_topology_is_refused_whole_and_says_where, 0, N(bad_documents));
	tcase_add_test(tcase, every_fault_of_a_topology_is_told);
	tcase_add_test(tcase, a_load_that_would_lose_many_ports_needs_force);
	tcase_add_loop_test(tcase, a_request_for_what_is_not_there_is_refused, 0, N(bad_requests));
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
