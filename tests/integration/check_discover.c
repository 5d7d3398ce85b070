/*
 * `topology discover`, against agents that tell what recordings say: switches with LAGs and neighbours, without ifXTable, with
 * another numbering than the map's, with broken answers. Where snmpsim is not installed, the tests say SKIPPED.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/agents_box.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define LEAF1_MAC "001b21000001"
#define LEAF2_MAC "001b21000002"
#define SPINE1_MAC "001b21000003"
#define HOST_MAC "525400000007"

enum { ETHERNET = 6, LOOPBACK = 24, VIRTUAL = 53, LAG = 161, VLAN = 135 };
enum { KIND_ALIAS = 1, KIND_MAC = 3, KIND_NAME = 5, KIND_LOCAL = 7 };

static struct recording recording;
static char map[4096];
static const char *leaf1, *leaf2, *spine1;

/* ---- the network: spine1 above leaf1 (two cables, a LAG) and leaf2 (one), compute-7 below both ---- */

static void
record_leaf1(void)
{
	record_identity(&recording, "leaf1.example.net", LEAF1_MAC);
	record_interface(&recording, 1, "Ethernet1/1", "Ethernet1/1", ETHERNET);
	record_interface(&recording, 49, "Ethernet1/49", "Ethernet1/49", ETHERNET);
	record_interface(&recording, 50, "Ethernet1/50", "Ethernet1/50", ETHERNET);
	record_interface(&recording, 1010, "port-channel10", "port-channel10", LAG);
	record_interface(&recording, 2000, "Vlan100", "Vlan100", VIRTUAL);
	record_interface(&recording, 3000, "loopback0", "loopback0", LOOPBACK);
	record(&recording, "1.3.6.1.2.1.31.1.1.1.18.1|4|compute-7 left");
	record_lag_member(&recording, 49, 1010);
	record_lag_member(&recording, 50, 1010);
	record_local_port(&recording, 101, "Ethernet1/1");
	record_local_port(&recording, 149, "Ethernet1/49");
	record_local_port(&recording, 150, "Ethernet1/50");
	record_neighbour(
	    &recording, &(struct recorded_neighbour){ 101, HOST_MAC, "4x", "525400000107", "eth0",
			    "compute-7.example.net", KIND_MAC });
	record_neighbour(&recording, &(struct recorded_neighbour){
					 149, SPINE1_MAC, "4", "Eth1/1", "", "spine1", KIND_NAME });
	record_neighbour(&recording, &(struct recorded_neighbour){ 150, SPINE1_MAC, "4",
					 "to leaf1, second", "", "spine1", KIND_ALIAS });
	leaf1 = agents_add(&agents, "leaf1", &recording);
}

/* An old one: no ifXTable, no LLDP port table; LLDP's ports are its ifIndexes. */
static void
record_leaf2(void)
{
	record_identity(&recording, "leaf2", LEAF2_MAC);
	record_interface(&recording, 5, "GigabitEthernet0/1", NULL, ETHERNET);
	record_interface(&recording, 6, "GigabitEthernet0/2", NULL, ETHERNET);
	record_neighbour(
	    &recording, &(struct recorded_neighbour){ 5, HOST_MAC, "4x", "525400000207", "eth1",
			    "compute-7.example.net", KIND_MAC });
	record_neighbour(&recording,
	    &(struct recorded_neighbour){ 6, SPINE1_MAC, "4", "3", "", "spine1", KIND_LOCAL });
	leaf2 = agents_add(&agents, "leaf2", &recording);
}

static void
record_spine1(void)
{
	record_identity(&recording, "spine1", SPINE1_MAC);
	record_interface(&recording, 1, "Ethernet1/1", "Ethernet1/1", ETHERNET);
	record_interface(&recording, 2, "Ethernet1/2", "Ethernet1/2", ETHERNET);
	record_interface(&recording, 3, "Ethernet1/3", "Ethernet1/3", ETHERNET);
	record_interface(&recording, 1001, "port-channel1", "port-channel1", LAG);
	record(&recording, "1.3.6.1.2.1.31.1.1.1.18.2|4|to leaf1, second");
	/* Its LAGs are in ifStackTable alone. */
	record(&recording, "1.3.6.1.2.1.31.1.2.1.3.0.1001|2|1");
	record(&recording, "1.3.6.1.2.1.31.1.2.1.3.1001.1|2|1");
	record(&recording, "1.3.6.1.2.1.31.1.2.1.3.1001.2|2|1");
	record(&recording, "1.3.6.1.2.1.31.1.2.1.3.1.0|2|1");
	record_neighbour(&recording, &(struct recorded_neighbour){ 1, LEAF1_MAC, "4",
					 "Ethernet1/49", "", "leaf1.example.net", KIND_NAME });
	record_neighbour(&recording, &(struct recorded_neighbour){ 3, LEAF2_MAC, "4",
					 "GigabitEthernet0/2", "", "leaf2", KIND_NAME });
	spine1 = agents_add(&agents, "spine1", &recording);
}

/* All that a person has to write down first. */
static const char *
bare_map(void)
{
	snprintf(map, sizeof(map),
	    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"%s\"], \"poll\": "
	    "{\"community\": \"leaf1\", \"port\": %d}}, {\"name\": \"leaf2\", \"addresses\": "
	    "[\"%s\"], \"poll\": {\"community\": \"leaf2\", \"port\": %d}}, {\"name\": \"spine1\", "
	    "\"addresses\": [\"%s\"], \"root\": true, \"poll\": {\"community\": \"spine1\", "
	    "\"port\": %d}}]}",
	    leaf1, AGENTS_PORT, leaf2, AGENTS_PORT, spine1, AGENTS_PORT);
	return map;
}

static void
set_up(void)
{
	if (agents_box_init())
		agents_box_start();
}

static void
begin(void)
{
	record_leaf1();
	record_leaf2();
	record_spine1();
	agents_start(&agents, "leaf1");
	sandbox_load(&box, bare_map());
}

/* ---- asking ---- */

static int
dpwatch_once(const char *words, char *err, size_t size)
{
	char line[512], path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/err", box.dir);
	snprintf(line, sizeof(line), "(%s --api unix:%s %s) 2>%s", sandbox_program("dpwatch"),
	    box.api, words, path);
	int status = process_run(out, sizeof(out), ARGV("sh", "-c", line));
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	err[fread(err, 1, size - 1, file)] = '\0';
	fclose(file);
	return status;
}

/*
 * dpwatch with these words; what it prints goes to out, what it says to err. An agent that this machine gave no time to for
 * seconds is silent as if it were gone: then it is asked once more.
 */
static int
dpwatch(const char *words, char *err, size_t size)
{
	int status;

	WAIT_FOR((status = dpwatch_once(words, err, size), !strstr(err, ": no answer\n")));
	return status;
}

static json_t *
printed(void)
{
	json_error_t error;
	json_t *json = json_loads(out, 0, &error);

	ck_assert_msg(json != NULL, "%s in %s", error.text, out);
	return json;
}

/* A list of the document as text, without blanks. */
static void
expect_list(const json_t *document, const char *list, const char *text)
{
	json_t *wanted = json_loads(text, 0, NULL);
	json_t *have = json_object_get(document, list);

	ck_assert_ptr_nonnull(wanted);
	if (!json_equal(wanted, have)) {
		char *dump = json_dumps(have, JSON_SORT_KEYS);
		ck_abort_msg("%s: %s", list, dump);
	}
	json_decref(wanted);
}

static const json_t *
switch_named(const json_t *document, const char *name)
{
	const json_t *sw;
	size_t i;

	json_array_foreach(json_object_get(document, "switches"), i, sw)
	{
		if (strcmp(json_string_value(json_object_get(sw, "name")), name) == 0)
			return sw;
	}
	ck_abort_msg("no switch %s", name);
	return NULL;
}

#define LINKS                                                                           \
	"[{\"a\": \"leaf1:port-channel10\", \"b\": \"spine1:port-channel1\"}, {\"a\": " \
	"\"leaf2:GigabitEthernet0/2\", \"b\": \"spine1:Ethernet1/3\"}]"
#define HOSTS                                                                              \
	"[{\"name\": \"compute-7.example.net\", \"attachments\": [\"leaf1:Ethernet1/1\", " \
	"\"leaf2:GigabitEthernet0/1\"]}]"

START_TEST(a_list_of_switches_becomes_a_map)
{
	char err[4096];

	if (skipped)
		return;
	begin();
	ck_assert_int_eq(dpwatch("topology discover", err, sizeof(err)), 0);
	json_t *document = printed();
	expect_list(document, "links", LINKS);
	expect_list(document, "hosts", HOSTS);
	const json_t *sw = switch_named(document, "leaf1");
	expect_list(sw, "interfaces",
	    "[{\"name\": \"Ethernet1/1\", \"if_index\": 1}, {\"name\": \"Ethernet1/49\", "
	    "\"if_index\": 49}, {\"name\": \"Ethernet1/50\", \"if_index\": 50}, {\"name\": "
	    "\"port-channel10\", \"if_index\": 1010, \"members\": [\"Ethernet1/49\", "
	    "\"Ethernet1/50\"]}]");
	ck_assert_str_eq(json_string_value(json_object_get(sw, "chassis_id")), "00:1b:21:00:00:01");
	expect_list(switch_named(document, "leaf2"), "interfaces",
	    "[{\"name\": \"GigabitEthernet0/1\", \"if_index\": 5}, {\"name\": "
	    "\"GigabitEthernet0/2\", \"if_index\": 6}]");
	/* Written out in the map, the communities are not repeated. */
	ck_assert(json_is_true(json_object_get(switch_named(document, "spine1"), "root")));
	ck_assert_ptr_nonnull(strstr(
	    err, "dpwatch: the document: the \"poll\" communities of 3 switches are left out"));
	json_decref(document);
}
END_TEST

START_TEST(what_is_printed_loads_into_an_empty_daemon)
{
	struct sandbox other;
	char err[4096], line[600];

	if (skipped)
		return;
	begin();
	sandbox_init(&other);
	sandbox_configure(&other, &(struct sandbox_lines){ .snmp = "poll_interval = off" });
	sandbox_start_ready(&other);
	snprintf(line, sizeof(line), "topology discover | %s --api unix:%s topology load -",
	    sandbox_program("dpwatch"), other.api);
	ck_assert_int_eq(dpwatch(line, err, sizeof(err)), 0);
	ck_assert_str_eq(out, "in force: 3 switches, 10 interfaces, 2 links, 1 hosts, 0 ports\n");
	sandbox_release(&other);
}
END_TEST

START_TEST(a_map_as_the_switches_say_differs_in_nothing)
{
	char err[4096];

	if (skipped)
		return;
	begin();
	ck_assert_int_eq(dpwatch("topology discover", err, sizeof(err)), 0);
	/* The communities come back in, as a person would put them. */
	json_t *document = printed(), *sw;
	size_t i;
	json_array_foreach(json_object_get(document, "switches"), i, sw)
	{
		json_object_set_new(json_object_get(sw, "poll"), "community",
		    json_string(json_string_value(json_object_get(sw, "name"))));
	}
	char *text = json_dumps(document, 0);
	sandbox_load(&box, text);
	ck_assert_int_eq(dpwatch("topology discover --diff", err, sizeof(err)), 0);
	ck_assert_str_eq(out, "the map is as the switches say\n");
	free(text);
	json_decref(document);
}
END_TEST

/* ---- what a person has to be told ---- */

/* A map whose LAG lacks a member, whose indexes are of before a boot, and whose host is on the wrong port. */
static const char *
wrong_map(void)
{
	snprintf(map, sizeof(map),
	    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"%s\"], \"poll\": "
	    "{\"community\": \"leaf1\", \"port\": %d}, \"interfaces\": [{\"name\": \"Eth1/1\", "
	    "\"if_index\": 7}, {\"name\": \"port-channel10\", \"members\": [\"Eth1/49\"]}]}, "
	    "{\"name\": \"leaf2\", \"addresses\": [\"%s\"], \"poll\": {\"community\": "
	    "\"leaf2\", \"port\": %d}}, {\"name\": \"spine1\", \"addresses\": [\"%s\"], "
	    "\"root\": true, \"poll\": {\"community\": \"spine1\", \"port\": %d}}], \"links\": "
	    "[{\"a\": \"leaf1:port-channel10\", \"b\": \"spine1:Ethernet1/1\"}, {\"a\": "
	    "\"leaf2:Gi0/1\", \"b\": \"spine1:Ethernet1/3\"}], \"hosts\": [{\"name\": "
	    "\"compute-7\", \"attachments\": [\"leaf1:Eth1/1\", \"leaf2:Gi0/2\"]}]}",
	    leaf1, AGENTS_PORT, leaf2, AGENTS_PORT, spine1, AGENTS_PORT);
	return map;
}

static bool
has_finding(const json_t *findings, const char *text)
{
	const json_t *finding;
	size_t i;

	json_array_foreach((json_t *)findings, i, finding)
	{
		char line[512];
		snprintf(line, sizeof(line), "%s %s %s:%s %s>%s",
		    json_string_value(json_object_get(finding, "kind")),
		    json_string_value(json_object_get(finding, "what")),
		    json_string_value(json_object_get(finding, "switch")),
		    json_string_value(json_object_get(finding, "interface")),
		    json_string_value(json_object_get(finding, "map")),
		    json_string_value(json_object_get(finding, "seen")));
		if (strcmp(line, text) == 0)
			return true;
	}
	return false;
}

static const char *const wrongs[] = {
	"different if_index leaf1:Eth1/1 7>1",
	"missing member leaf1:Ethernet1/50 >port-channel10",
	"missing member spine1:Ethernet1/1 >port-channel1",
	"different cable leaf1:Ethernet1/50 spine1:Ethernet1/1>spine1:Ethernet1/2",
	"different cable leaf2:Gi0/1 spine1:Ethernet1/3>compute-7",
	"different cable leaf2:Gi0/2 compute-7>spine1:Ethernet1/3",
	"different cable spine1:Ethernet1/3 leaf2:Gi0/1>leaf2:Gi0/2",
};
#define N_WRONGS (sizeof(wrongs) / sizeof(wrongs[0]))

START_TEST(a_check_beside_the_switches_finds_what_a_map_says_wrongly)
{
	char err[4096];

	if (skipped)
		return;
	begin();
	sandbox_load(&box, wrong_map());
	ck_assert_int_eq(dpwatch("topology check --live -o json", err, sizeof(err)), 1);
	json_t *answer = printed();
	const json_t *findings = json_object_get(answer, "findings");
	for (size_t i = 0; i < N_WRONGS; i++)
		ck_assert_msg(has_finding(findings, wrongs[i]), "%s: %s", wrongs[i], out);
	ck_assert_uint_eq(json_array_size(findings), N_WRONGS);
	json_decref(answer);
	ck_assert_int_eq(dpwatch("topology discover --diff", err, sizeof(err)), 0);
	ck_assert_msg(strstr(out, "leaf1:Ethernet1/50") != NULL, "%s", out);
}
END_TEST

/* One is silent, one tells of no interface, one breaks off in the middle, one has no LLDP. */
START_TEST(what_cannot_be_read_is_told_and_the_rest_is_printed)
{
	char err[4096];

	if (skipped)
		return;
	record_leaf1();
	record(&recording, "1.3.6.1.2.1.1.5.0|4|leaf2");
	leaf2 = agents_add(&agents, "leaf2", &recording);
	record_interface(&recording, 1, "Ethernet1/1", "Ethernet1/1", ETHERNET);
	spine1 = agents_add(&agents, "spine1", &recording);
	agents_start(&agents, "leaf1");
	bare_map();
	char *text = strstr(map, "{\"switches\": [") + strlen("{\"switches\": [");
	char *whole;
	ck_assert_int_gt(
	    asprintf(&whole,
		"{\"switches\": [{\"name\": \"dead\", \"addresses\": [\"127.99.99.98\", "
		"\"127.99.99.99\"], \"poll\": {\"community\": \"x\", \"port\": 16161}}, "
		"{\"name\": \"mute\", \"addresses\": [\"192.0.2.1\"]}, %s",
		text),
	    0);
	sandbox_load(&box, whole);
	free(whole);
	ck_assert_int_eq(dpwatch("topology discover", err, sizeof(err)), 1);
	json_t *document = printed();
	ck_assert_uint_eq(
	    json_array_size(json_object_get(switch_named(document, "leaf1"), "interfaces")), 4);
	ck_assert_uint_eq(
	    json_array_size(json_object_get(switch_named(document, "spine1"), "interfaces")), 1);
	ck_assert_msg(
	    strstr(err, "dpwatch: mute: there are no credentials for it") &&
		strstr(err, "dpwatch: leaf2: tells of no interface\n") &&
		strstr(err, "dpwatch: spine1: LLDP-MIB lldpLocPortTable: no such object\n") &&
		strstr(err, "dpwatch: dead: nothing listens at its SNMP port\n"),
	    "%s", err);
	json_decref(document);
}
END_TEST

/* Membership decides nothing; polls tell of it. */
START_TEST(a_member_that_a_switch_has_elsewhere_is_shown_and_changes_nothing)
{
	char err[4096];

	if (skipped)
		return;
	begin();
	/* Loaded again, which forgets what was told: whoever differed is asked again at once. */
	for (int i = 0; i < 2; i++) {
		sandbox_load(&box, wrong_map());
		/* A walk that began under the map before does not tell of it; the next one does. */
		WAIT_FOR(dpwatch("switch show leaf1", err, sizeof(err)) == 0 &&
			 strstr(out, "LAG DIFFERS   Ethernet1/50: the map says in no aggregate, "
				     "the switch says port-channel10\n"));
	}
	ck_assert(sandbox_log_has(&box, "polling: leaf1: 1 interface is in another aggregate"));
	ck_assert_int_eq(sandbox_status_number(&box, "ports.down"), 0);
	ck_assert_int_eq(sandbox_status_number(&box, "interfaces.down"), 0);
}
END_TEST

START_TEST(names_that_are_no_switch_are_refused)
{
	char err[4096];

	if (skipped)
		return;
	begin();
	ck_assert_int_eq(dpwatch("topology discover leaf1 leaf9", err, sizeof(err)), 1);
	ck_assert_str_eq(out, "");
	ck_assert_str_eq(err, "dpwatch: Switch leaf9 could not be found.\n"
			      "  dpwatch switch list shows what there is\n");
	ck_assert_int_eq(dpwatch("topology discover leaf1", err, sizeof(err)), 0);
	json_t *document = printed();
	/* spine1 was not asked, and stands there as what leaf1 is cabled to. */
	ck_assert_uint_eq(json_array_size(json_object_get(document, "switches")), 2);
	ck_assert_ptr_null(json_object_get(switch_named(document, "spine1"), "interfaces"));
	json_decref(document);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("discover");
	TCase *tcase = tcase_create("discover");

	tcase_add_checked_fixture(tcase, set_up, agents_box_tear_down);
	tcase_set_timeout(tcase, 90);
	tcase_add_test(tcase, a_list_of_switches_becomes_a_map);
	tcase_add_test(tcase, what_is_printed_loads_into_an_empty_daemon);
	tcase_add_test(tcase, a_map_as_the_switches_say_differs_in_nothing);
	tcase_add_test(tcase, a_check_beside_the_switches_finds_what_a_map_says_wrongly);
	tcase_add_test(tcase, what_cannot_be_read_is_told_and_the_rest_is_printed);
	tcase_add_test(tcase, a_member_that_a_switch_has_elsewhere_is_shown_and_changes_nothing);
	tcase_add_test(tcase, names_that_are_no_switch_are_refused);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
