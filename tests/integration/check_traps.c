/*
 * Real traps of snmptrap, and what a consumer then reads in Redis: every field of the contract (design.md).
 */
#include <stdio.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/redis_client.h"
#include "util/timeutil.h"

#define IF_ENTRY ".1.3.6.1.2.1.2.2.1"
#define IF_NAME ".1.3.6.1.2.1.31.1.1.1.1"
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static int64_t
time_at(const json_t *object, const char *name)
{
	int64_t us = 0;
	const char *text = redis_text(object, name);

	ck_assert_msg(timeutil_parse(slice_of(text), &us), "%s is no time: %s", name, text);
	ck_assert_uint_eq(strlen(text), TIMEUTIL_TEXT - 1);
	return us;
}

/* The entry `i` of a stream of n entries; waits for it. The caller's. */
static json_t *
entry(const char *key, size_t i, json_int_t n)
{
	WAIT_FOR(redis_number(box.redis, "XLEN %s", key) >= n);
	json_t *entries = redis_stream(box.redis, key);
	ck_assert_int_eq((json_int_t)json_array_size(entries), n);
	json_t *found = json_incref(json_array_get(entries, i));
	json_decref(entries);
	return found;
}

START_TEST(a_link_down_makes_an_entry_with_exactly_the_fields_of_the_contract)
{
	sandbox_link_down(&box, LEAF1, 1);
	json_t *event = entry("dpwatch:events", 0, 1);
	redis_expect(
	    event, FIELDS("port", VM1, "dp_down", "true", "revision", "1", "project_id", "blue",
		       "name", "vm1-eth0", "cause", "access", "reason", "link-down", "switch",
		       "leaf1", "interface", "Ethernet1/1", "fault", NULL, "source", "trap",
		       "occurred_at", NULL, "received_at", NULL, "paths_up", "0", "paths_stranded",
		       "0", "paths_total", "1", "reported_by", "", "maintenance", "false"));
	ck_assert_uint_eq(json_object_size(event), 18);
	int64_t received = time_at(event, "received_at"), occurred = time_at(event, "occurred_at");
	ck_assert_int_le(received, occurred);
	ck_assert_int_lt(occurred - received, WAIT_MS * INT64_C(1000));
	ck_assert_int_eq(strncmp(redis_text(event, "fault"), "leaf1:Ethernet1/1@", 18), 0);
	ck_assert_str_eq(redis_text(event, "fault") + 18, redis_text(event, "received_at"));
	json_decref(event);
}
END_TEST

START_TEST(a_link_down_fills_the_port_the_down_set_and_the_interface)
{
	sandbox_link_down(&box, LEAF1, 1);
	json_t *event = entry("dpwatch:events", 0, 1);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	redis_expect(port,
	    FIELDS("revision", "1", "dp_down", "true", "since", redis_text(event, "occurred_at"),
		"cause", "access", "reason", "link-down", "switch", "leaf1", "interface",
		"Ethernet1/1", "fault", redis_text(event, "fault"), "paths_up", "0",
		"paths_stranded", "0", "paths_total", "1", "reported", "false", "reported_by", "",
		"reported_at", "", "reported_note", "", "reported_until", ""));
	ck_assert(redis_is_down(box.redis, VM1));
	ck_assert_int_eq(redis_down(box.redis), 1);
	json_t *interfaces = redis_hash(box.redis, "dpwatch:interface:leaf1");
	json_t *state = json_loads(redis_text(interfaces, "Ethernet1/1"), 0, NULL);
	ck_assert_str_eq(redis_text(state, "oper"), "down");
	ck_assert_str_eq(redis_text(state, "reason"), "link-down");
	ck_assert_str_eq(redis_text(state, "source"), "trap");
	ck_assert_str_eq(redis_text(state, "since"), redis_text(event, "received_at"));
	ck_assert(json_is_true(json_object_get(state, "certain")));
	json_decref(state);
	json_decref(interfaces);
	json_decref(port);
	json_decref(event);
}
END_TEST

START_TEST(a_link_down_is_on_the_audit_trail)
{
	sandbox_link_down(&box, LEAF1, 1);
	json_t *event = entry("dpwatch:events", 0, 1);
	json_t *link = entry("dpwatch:link-events", 0, 1);
	/* ifAdminStatus up(1) in a linkDown fills in `admin`, which nobody told before. */
	redis_expect(link, FIELDS("switch", "leaf1", "interface", "Ethernet1/1", "if_index", "1",
			       "oper", "down", "admin", "up", "reason", "link-down", "source",
			       "trap", "received_at", redis_text(event, "received_at")));
	json_decref(link);
	json_decref(event);
}
END_TEST

START_TEST(a_link_up_heals_the_port_and_names_the_same_fault)
{
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_up(&box, LEAF1, 1);
	json_t *down = entry("dpwatch:events", 0, 2), *up = entry("dpwatch:events", 1, 2);
	redis_expect(up,
	    FIELDS("port", VM1, "dp_down", "false", "revision", "2", "project_id", "blue", "name",
		"vm1-eth0", "cause", "access", "reason", "", "switch", "leaf1", "interface",
		"Ethernet1/1", "fault", redis_text(down, "fault"), "source", "trap", "occurred_at",
		NULL, "received_at", NULL, "paths_up", "1", "paths_stranded", "0", "paths_total",
		"1", "reported_by", "", "maintenance", "false"));
	ck_assert_int_gt(time_at(up, "received_at"), time_at(down, "received_at"));
	ck_assert_int_eq(redis_down(box.redis), 0);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_str_eq(redis_text(port, "dp_down"), "false");
	ck_assert_str_eq(redis_text(port, "revision"), "2");
	json_decref(port);
	json_decref(down);
	json_decref(up);
}
END_TEST

/* A v1 trap of the whole of RFC 1157, section 4.1.6: generic 2 is linkDown, 3 is linkUp; uptime is in hundredths. */
static void
send_v1(const char *generic, const char *uptime)
{
	char out[512], agent[32];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV("snmptrap", "-v1", "-c", "public", "--clientaddr=" LEAF1, agent,
				 ".1.3.6.1.4.1.9.1.1", LEAF1, generic, "0", uptime, IF_ENTRY ".1.2",
				 "i", "2", IF_ENTRY ".2.2", "s", "Ethernet1/2")),
	    0);
	ck_assert_str_eq(out, "");
}

START_TEST(an_snmpv1_trap_counts_as_its_v2_form_does)
{
	send_v1("2", "");
	json_t *event = entry("dpwatch:events", 0, 1);
	ck_assert_str_eq(redis_text(event, "port"), VM2);
	ck_assert_str_eq(redis_text(event, "dp_down"), "true");
	ck_assert_str_eq(redis_text(event, "interface"), "Ethernet1/2");
	json_decref(event);
}
END_TEST

/* They have no request-id, so the third has the bytes of the first. */
START_TEST(snmpv1_traps_of_a_flap_within_one_tick_all_count)
{
	static const char *const generic[] = { "2", "3", "2" };

	for (int i = 0; i < 3; i++) {
		send_v1(generic[i], "500");
		json_t *event = entry("dpwatch:events", i, i + 1);
		ck_assert_str_eq(redis_text(event, "dp_down"), i == 1 ? "false" : "true");
		json_decref(event);
	}
	/* What the network doubles, or delays past a later one, is none. */
	send_v1("2", "500");
	WAIT_FOR(sandbox_counter(&box, "event.no-change") == 1);
	send_v1("3", "600");
	json_decref(entry("dpwatch:events", 3, 4));
	send_v1("2", "500");
	WAIT_FOR(sandbox_counter(&box, "event.stale") == 1);
	ck_assert_int_eq(redis_down(box.redis), 0);
}
END_TEST

START_TEST(names_work_with_the_modules_of_this_project_and_print_nothing)
{
	char mibs[4096];

	ck_assert_ptr_nonnull(getcwd(mibs, sizeof(mibs) - 8));
	strcat(mibs, "/mibs");
	setenv("MIBDIRS", mibs, 1);
	setenv("MIBS", "ALL", 1);
	sandbox_trap(&box, LEAF1,
	    ARGV("", "IF-MIB::linkDown", "ifIndex.1", "i", "1", "ifAdminStatus.1", "i", "1",
		"ifOperStatus.1", "i", "2"));
	json_t *event = entry("dpwatch:events", 0, 1);
	ck_assert_str_eq(redis_text(event, "port"), VM1);
	json_decref(event);
}
END_TEST

/* How a switch may say which interface it is; all of them mean leaf1:Ethernet1/1. */
static const char *const *const ways[] = {
	ARGV("", LINK_DOWN, IF_ENTRY ".1.1", "i", "1"),
	ARGV("", LINK_DOWN, IF_ENTRY ".7.1", "i", "1"), /* the index stands in the OID only */
	ARGV("", LINK_DOWN, IF_NAME ".91", "s", "Ethernet1/1"),
	ARGV("", LINK_DOWN, IF_NAME ".91", "s", "Eth1/1"), /* NX-OS's short form */
	ARGV("", LINK_DOWN, IF_ENTRY ".2.91", "s", "Ethernet1/1"),
	/* The first that finds one: a name nobody knows, then the index. */
	ARGV("", LINK_DOWN, IF_NAME ".1", "s", "no such name", IF_ENTRY ".1.1", "i", "1"),
	/* The name wins over an index that means another. */
	ARGV("", LINK_DOWN, IF_ENTRY ".1.2", "i", "2", IF_NAME ".2", "s", "Ethernet1/1"),
	/* In a linkDown ifOperStatus is the state that was left (RFC 2863). */
	ARGV("", LINK_DOWN, IF_ENTRY ".1.1", "i", "1", IF_ENTRY ".8.1", "i", "1"),
};

START_TEST(the_interface_is_found_by_name_description_or_index)
{
	sandbox_trap(&box, LEAF1, ways[_i]);
	json_t *event = entry("dpwatch:events", 0, 1);
	ck_assert_str_eq(redis_text(event, "port"), VM1);
	ck_assert_str_eq(redis_text(event, "interface"), "Ethernet1/1");
	json_decref(event);
}
END_TEST

/* A trap of sysUpTime, its OID, the interface and `fillers` varbinds before or behind that. */
static void
send_long(int fillers, bool first)
{
	const char *const index[] = { IF_ENTRY ".1.1", "i", "1", NULL };
	const char *argv[3 * 200 + 10] = { "", LINK_DOWN };
	size_t n = 2;

	ck_assert_int_le(fillers, 200);
	if (first)
		for (size_t i = 0; index[i]; i++)
			argv[n++] = index[i];
	for (int i = 0; i < fillers; i++) {
		argv[n++] = ".1.3.6.1.2.1.1.4.0";
		argv[n++] = "s";
		argv[n++] = "x";
	}
	if (!first)
		for (size_t i = 0; index[i]; i++)
			argv[n++] = index[i];
	sandbox_trap(&box, LEAF1, argv);
}

START_TEST(of_a_trap_with_very_many_varbinds_the_first_128_are_read_and_that_is_counted)
{
	send_long(125, true);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.varbinds-cut"), 0);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	send_long(126, true);
	WAIT_FOR(redis_events(box.redis) == 3);
	ck_assert_int_eq(sandbox_counter(&box, "trap.varbinds-cut"), 1);
	send_long(126, false);
	WAIT_FOR(sandbox_counter(&box, "trap.varbinds-cut") == 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.no-interface"), 1);
}
END_TEST

START_TEST(an_administrative_down_has_a_reason_of_its_own)
{
	sandbox_trap(&box, LEAF1,
	    ARGV("", LINK_DOWN, IF_ENTRY ".1.1", "i", "1", IF_ENTRY ".7.1", "i", "2",
		IF_ENTRY ".8.1", "i", "2"));
	json_t *event = entry("dpwatch:events", 0, 1);
	ck_assert_str_eq(redis_text(event, "dp_down"), "true");
	ck_assert_str_eq(redis_text(event, "reason"), "admin-down");
	json_decref(event);
}
END_TEST

START_TEST(a_port_with_two_paths_is_down_when_the_last_is_gone)
{
	sandbox_link_down(&box, LEAF1, 3);
	json_t *degraded = entry("dpwatch:redundancy", 0, 1);
	redis_expect(
	    degraded, FIELDS("kind", "degraded", "port", VM3, "paths_up", "1", "paths_stranded",
			  "0", "paths_total", "2", "reason", "link-down", "switch", "leaf1",
			  "interface", "Ethernet1/3", "received_at", NULL));
	ck_assert_int_eq(redis_events(box.redis), 0);
	sandbox_link_down(&box, LEAF2, 3);
	json_t *event = entry("dpwatch:events", 0, 1);
	redis_expect(
	    event, FIELDS("port", VM3, "dp_down", "true", "revision", "1", "project_id", "", "name",
		       "", "cause", "access", "reason", "link-down", "switch", "leaf2", "interface",
		       "Ethernet1/3", "fault", NULL, "source", "trap", "occurred_at", NULL,
		       "received_at", NULL, "paths_up", "0", "paths_stranded", "0", "paths_total",
		       "2", "reported_by", "", "maintenance", "false"));
	json_decref(event);
	json_decref(degraded);
}
END_TEST

/* Redis lists two clients that wait in XREAD BLOCK: the daemon, which follows the topology, and somebody else. */
static bool
somebody_blocks(void)
{
	json_t *info = redis_ask(box.redis, "CLIENT LIST");
	const char *text = json_string_value(info);
	int n = 0;

	while (text && (text = strstr(text, "flags=b")) != NULL) {
		text++;
		n++;
	}
	json_decref(info);
	return n == 2;
}

START_TEST(a_consumer_that_blocks_on_the_stream_is_woken)
{
	struct process consumer;
	char output[SANDBOX_PATH + 16];

	snprintf(output, sizeof(output), "%s/consumer", box.dir);
	process_start(&consumer, output,
	    ARGV("redis-cli", "-s", box.redis, "XREAD", "BLOCK", "20000", "STREAMS",
		"dpwatch:events", "$"));
	WAIT_FOR(somebody_blocks());
	sandbox_link_down(&box, LEAF1, 1);
	ck_assert_int_eq(process_wait(&consumer), 0);
	char *text = process_read_file(output);
	ck_assert_ptr_nonnull(strstr(text, VM1));
	ck_assert_ptr_nonnull(strstr(text, "leaf1:Ethernet1/1@"));
	free(text);
}
END_TEST

static void
set_up_listeners(void)
{
	char lines[160];

	sandbox_init(&box);
	snprintf(lines, sizeof(lines),
	    "listen = udp:127.0.0.2:%u\nlisten = udp:127.0.0.3:%u\nlisten = udp6:[::1]:%u",
	    box.snmp_port, box.snmp_port, box.snmp_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

static void
trap_to(const char *agent, const char *from, const char *index)
{
	char out[512], client[64], oid[48];

	snprintf(client, sizeof(client), "--clientaddr=%s", from);
	snprintf(oid, sizeof(oid), IF_ENTRY ".1.%s", index);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV("snmptrap", "-v2c", "-c", "public", client, agent, "", LINK_DOWN,
				 oid, "i", index)),
	    0);
	ck_assert_str_eq(out, "");
}

START_TEST(every_listener_listens)
{
	char agent[64];

	snprintf(agent, sizeof(agent), "127.0.0.2:%u", box.snmp_port);
	trap_to(agent, LEAF1, "1");
	WAIT_FOR(redis_events(box.redis) == 1);
	snprintf(agent, sizeof(agent), "127.0.0.3:%u", box.snmp_port);
	trap_to(agent, LEAF1, "2");
	WAIT_FOR(redis_events(box.redis) == 2);
	sandbox_link_down(&box, LEAF1, 3);
	sandbox_link_down(&box, LEAF2, 3);
	WAIT_FOR(redis_events(box.redis) == 3);
}
END_TEST

START_TEST(a_trap_over_ipv6_names_its_switch)
{
	char agent[64];

	snprintf(agent, sizeof(agent), "udp6:[::1]:%u", box.snmp_port);
	trap_to(agent, "::1", "1");
	json_t *event = entry("dpwatch:events", 0, 1);
	ck_assert_str_eq(redis_text(event, "port"), VM6);
	ck_assert_str_eq(redis_text(event, "switch"), "leaf6");
	json_decref(event);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("traps");
	TCase *contract = tcase_create("contract"), *listeners = tcase_create("listeners");

	tcase_set_timeout(contract, 60);
	tcase_add_checked_fixture(contract, box_set_up, box_tear_down);
	tcase_add_test(
	    contract, a_link_down_makes_an_entry_with_exactly_the_fields_of_the_contract);
	tcase_add_test(contract, a_link_down_fills_the_port_the_down_set_and_the_interface);
	tcase_add_test(contract, a_link_down_is_on_the_audit_trail);
	tcase_add_test(contract, a_link_up_heals_the_port_and_names_the_same_fault);
	tcase_add_test(contract, an_snmpv1_trap_counts_as_its_v2_form_does);
	tcase_add_test(contract, snmpv1_traps_of_a_flap_within_one_tick_all_count);
	tcase_add_test(contract, names_work_with_the_modules_of_this_project_and_print_nothing);
	tcase_add_loop_test(contract, the_interface_is_found_by_name_description_or_index, 0,
	    (int)(sizeof(ways) / sizeof(ways[0])));
	tcase_add_test(
	    contract, of_a_trap_with_very_many_varbinds_the_first_128_are_read_and_that_is_counted);
	tcase_add_test(contract, an_administrative_down_has_a_reason_of_its_own);
	tcase_add_test(contract, a_port_with_two_paths_is_down_when_the_last_is_gone);
	tcase_add_test(contract, a_consumer_that_blocks_on_the_stream_is_woken);
	suite_add_tcase(suite, contract);

	tcase_set_timeout(listeners, 60);
	tcase_add_checked_fixture(listeners, set_up_listeners, box_tear_down);
	tcase_add_test(listeners, every_listener_listens);
	if (access("/proc/net/if_inet6", R_OK) == 0)
		tcase_add_test(listeners, a_trap_over_ipv6_names_its_switch);
	else
		puts("SKIPPED: this machine has no IPv6");
	suite_add_tcase(suite, listeners);
	return sandbox_main(suite);
}
