/*
 * What switches tell, put together: cables told from both ends, from one, in every kind of port id; aggregates; hosts; and how a
 * map differs from that.
 */
#include <stdio.h>

#include "core/survey.h"
#include "core/topo_codec.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"

static json_t *results, *document;
static struct topo *topo;
static struct survey *survey;

static json_t *
parse(const char *text)
{
	char *quoted = json_text(text);
	json_error_t error;
	json_t *json = json_loads(quoted, JSON_DECODE_ANY, &error);

	ck_assert_msg(json != NULL, "%s: %s", error.text, quoted);
	free(quoted);
	return json;
}

static void
set_map(const char *text)
{
	struct topo_faults faults = { 0 };
	char *quoted = json_text(text);

	document = parse(text);
	int error = topo_from_text(slice_of(quoted), &topo, &faults);
	ck_assert_msg(error == 0, "%s", faults.n > 0 ? faults.items[0].reason : "");
	topo_faults_release(&faults);
	free(quoted);
}

static void
set_up(void)
{
	results = json_array();
	document = NULL;
	topo = NULL;
	survey = NULL;
}

static void
tear_down(void)
{
	survey_free(survey);
	topo_free(topo);
	json_decref(document);
	json_decref(results);
}

/* ---- switches ---- */

/* A switch with a chassis id 00:...:NN and its interfaces, "NAME" in order: indexes from 1. */
static json_t *
tell(const char *name, int number, const char *const *interfaces)
{
	json_t *rows = json_array();
	char mac[24];

	for (json_int_t i = 0; interfaces[i]; i++)
		json_array_append_new(
		    rows, json_pack("{s:s, s:s, s:s, s:I, s:i, s:s, s:i, s:[]}", "name",
			      interfaces[i], "descr", "", "alias", "", "if_index", i + 1, "type", 6,
			      "mac", "", "aggregate", 0, "aggregates"));
	snprintf(mac, sizeof(mac), "00:00:00:00:00:%02x", number);
	json_t *facts = json_pack("{s:s, s:n, s:{s:s, s:s}, s:o, s:[], s:[], s:s, s:s, s:[]}",
	    "sys_name", name, "engine_id", "chassis", "kind", "mac", "text", mac, "interfaces",
	    rows, "lldp_ports", "neighbours", "lags", "IEEE8023-LAG-MIB", "lldp", "LLDP-MIB",
	    "unread");
	json_array_append_new(results,
	    json_pack("{s:s, s:s, s:o}", "switch", name, "outcome", "answered", "facts", facts));
	return facts;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Sets a member of the interface with that index. */
static void
set(json_t *facts, json_int_t if_index, const char *member, json_t *value)
{
	json_t *row = json_array_get(json_object_get(facts, "interfaces"), (size_t)(if_index - 1));

	json_object_set_new(row, member, value);
}

/* At the port with that number: who has chassis 00:...:NN, with this port id. */
static json_t *
hear(json_t *facts, int port, int number, const char *kind, const char *id, const char *sys_name)
{
	char mac[24];

	snprintf(mac, sizeof(mac), "00:00:00:00:00:%02x", number);
	json_t *neighbour = json_pack("{s:i, s:{s:s, s:s}, s:{s:s, s:s}, s:s, s:s, s:b, s:[]}",
	    "port", port, "chassis", "kind", "mac", "text", mac, "port_id", "kind", kind, "text",
	    id, "port_descr", "", "sys_name", sys_name, "bridge", 0, "addresses");
	json_array_append_new(json_object_get(facts, "neighbours"), neighbour);
	return neighbour;
}

static void
begin(void)
{
	survey = survey_new(results, document, topo);
	ck_assert_ptr_nonnull(survey);
}

/* ---- what is expected ---- */

static void
expect_equal(const json_t *have, const char *text)
{
	json_t *wanted = parse(text);

	if (!json_equal(wanted, have)) {
		char *dump = json_dumps(have, JSON_SORT_KEYS | JSON_ENCODE_ANY);
		ck_abort_msg("%s", dump);
	}
	json_decref(wanted);
}

/* The document has these, and loads. */
static void
expect_drawn(const char *links, const char *hosts)
{
	struct topo_faults faults = { 0 };
	struct topo *seen = NULL;
	json_t *drawn = survey_document(survey);
	char *text = json_dumps(drawn, 0);

	expect_equal(json_object_get(drawn, "links"), links);
	expect_equal(json_object_get(drawn, "hosts"), hosts);
	ck_assert_int_eq(topo_from_text(slice_of(text), &seen, &faults), 0);
	topo_free(seen);
	topo_faults_release(&faults);
	free(text);
	json_decref(drawn);
}

static void
expect_findings(const char *text)
{
	json_t *findings = survey_findings(survey);

	expect_equal(findings, text);
	json_decref(findings);
}

static void
expect_note(const char *sw, const char *part)
{
	const json_t *note;
	size_t i;

	json_array_foreach((json_t *)survey_notes(survey), i, note)
	{
		if (strcmp(json_string_value(json_object_get(note, "switch")), sw) == 0 &&
		    strstr(json_string_value(json_object_get(note, "text")), part))
			return;
	}
	char *dump = json_dumps(survey_notes(survey), 0);
	ck_abort_msg("no note '%s' among %s", part, dump);
}

#define BARE                                                                        \
	"{'switches': [{'name': 'a', 'addresses': ['192.0.2.1']}, {'name': 'b', "   \
	"'addresses': ['192.0.2.2'], 'chassis_id': '0000.0000.000B', 'hostnames': " \
	"['b.example.net']}]}"

/* ---- cables ---- */

START_TEST(a_cable_told_from_both_ends_is_one_link)
{
	set_map(BARE);
	hear(tell("a", 10, NAMES("Eth1", "Eth2")), 2, 11, "name", "Eth5", "b");
	hear(tell("b", 11, NAMES("x", "y", "z", "q", "Eth5")), 5, 10, "name", "Ethernet2", "a");
	begin();
	expect_drawn("[{'a': 'a:Eth2', 'b': 'b:Eth5'}]", "[]");
	ck_assert_uint_eq(json_array_size(survey_notes(survey)), 0);
}
END_TEST

/* Ways to name port 2 of b, whose ifAlias, MAC and LLDP port are told. */
static const struct {
	const char *kind, *id, *descr;
	bool found;
} ids[] = {
	{ "name", "Ethernet2", "", true },
	{ "name", "Eth2", "", true },
	{ "local", "Ethernet2", "", true },
	{ "local", "2", "", true },
	{ "mac", "00:00:00:00:00:22", "", true },
	{ "alias", "to a", "", true },
	{ "local", "0x0102", "", true },
	{ "component", "whatever", "Ethernet2", true },
	{ "other", "", "to a", true },
	{ "name", "to a", "", false },
	{ "mac", "00:00:00:00:00:99", "", false },
	{ "address", "192.0.2.2", "", false },
	{ "circuit", "Ethernet2", "", false },
};

START_TEST(a_port_is_found_by_what_its_id_says)
{
	json_t *b;

	set_map(BARE);
	json_t *neighbour =
	    hear(tell("a", 10, NAMES("Eth1")), 1, 11, ids[_i].kind, ids[_i].id, "b");
	json_object_set_new(neighbour, "port_descr", json_string(ids[_i].descr));
	b = tell("b", 11, NAMES("Ethernet1", "Ethernet2"));
	set(b, 2, "alias", json_string("to a"));
	set(b, 2, "mac", json_string("00:00:00:00:00:22"));
	json_array_append_new(json_object_get(b, "lldp_ports"),
	    json_pack("{s:i, s:{s:s, s:s}, s:s}", "number", 2, "id", "kind", "local", "text",
		"0x0102", "descr", "Ethernet2"));
	begin();
	expect_drawn(ids[_i].found ? "[{'a': 'a:Eth1', 'b': 'b:Ethernet2'}]" : "[]", "[]");
	if (!ids[_i].found)
		expect_note("a", "which interface that is cannot be told");
}
END_TEST

START_TEST(what_one_end_cannot_tell_the_other_may)
{
	set_map(BARE);
	hear(tell("a", 10, NAMES("Eth1")), 1, 11, "mac", "00:00:00:00:00:99", "b");
	hear(tell("b", 11, NAMES("Eth7")), 1, 10, "name", "Eth1", "a");
	begin();
	expect_drawn("[{'a': 'a:Eth1', 'b': 'b:Eth7'}]", "[]");
	ck_assert_uint_eq(json_array_size(survey_notes(survey)), 0);
}
END_TEST

START_TEST(what_two_interfaces_have_names_neither)
{
	json_t *b;

	set_map(BARE);
	hear(tell("a", 10, NAMES("Eth1")), 1, 11, "mac", "00:00:00:00:00:22", "b");
	b = tell("b", 11, NAMES("Ethernet1", "Ethernet2"));
	set(b, 1, "mac", json_string("00:00:00:00:00:22"));
	set(b, 2, "mac", json_string("00:00:00:00:00:22"));
	begin();
	expect_drawn("[]", "[]");
	expect_note("a", "which interface that is cannot be told");
}
END_TEST

/* Chassis id of the map; system name with its domain; management address; none of them. */
static const struct {
	int chassis;
	const char *sys_name, *address;
	bool is_b;
} identities[] = {
	{ 11, "", "", true },
	{ 99, "b.example.net", "", true },
	{ 99, "b", "", true },
	{ 99, "", "192.0.2.2", true },
	{ 99, "c", "192.0.2.9", false },
};

START_TEST(a_neighbour_is_a_switch_by_chassis_name_or_address)
{
	set_map(BARE);
	json_t *neighbour = hear(tell("a", 10, NAMES("Eth1")), 1, identities[_i].chassis, "name",
	    "Eth7", identities[_i].sys_name);
	json_array_append_new(
	    json_object_get(neighbour, "addresses"), json_string(identities[_i].address));
	begin();
	expect_drawn(identities[_i].is_b ? "[{'a': 'a:Eth1', 'b': 'b:Eth7'}]" : "[]",
	    identities[_i].is_b ? "[]" : "[{'name': 'c', 'attachments': ['a:Eth1']}]");
}
END_TEST

START_TEST(a_neighbour_without_a_name_is_left_out_and_told_of)
{
	set_map(BARE);
	hear(tell("a", 10, NAMES("Eth1")), 1, 99, "name", "eth0", "");
	begin();
	expect_drawn("[]", "[]");
	expect_note("a", "a neighbour without a system name is left out");
}
END_TEST

START_TEST(a_switch_that_hears_itself_has_no_link_to_itself)
{
	set_map(BARE);
	hear(tell("a", 10, NAMES("Eth1", "Eth2")), 1, 10, "name", "Eth2", "a");
	begin();
	expect_drawn("[]", "[]");
	expect_note("a", "it hears itself");
}
END_TEST

/* ---- interfaces ---- */

START_TEST(only_ports_and_aggregates_are_drawn_and_as_the_map_calls_them)
{
	json_t *a;

	set_map("{'switches': [{'name': 'a', 'addresses': ['192.0.2.1'], 'interfaces': "
		"[{'name': 'GigabitEthernet1/0/1'}, {'name': 'Port-channel1', 'members': "
		"['GigabitEthernet1/0/1', 'Gi1/0/9'], 'min_links': 2, 'fallback': true}]}]}");
	a = tell("a", 10,
	    NAMES("Gi1/0/1", "Gi1/0/2", "Po1", "Vlan10", "Loopback0", "Gi1/0/3.400", "Nu0", ""));
	set(a, 3, "type", json_integer(161));
	set(a, 4, "type", json_integer(53));
	set(a, 1, "aggregate", json_integer(3));
	set(a, 2, "aggregate", json_integer(3));
	begin();
	json_t *drawn = survey_document(survey);
	expect_equal(json_object_get(drawn, "switches"),
	    "[{'name': 'a', 'addresses': ['192.0.2.1'], 'chassis_id': '00:00:00:00:00:0a', "
	    "'interfaces': [{'name': 'GigabitEthernet1/0/1', 'if_index': 1}, {'name': 'Gi1/0/2', "
	    "'if_index': 2}, {'name': 'Port-channel1', 'if_index': 3, 'members': "
	    "['GigabitEthernet1/0/1', 'Gi1/0/2'], 'min_links': 2, 'fallback': true}]}]");
	json_decref(drawn);
}
END_TEST

START_TEST(names_that_are_one_are_drawn_once)
{
	set_map(BARE);
	tell("a", 10, NAMES("Eth1", "Ethernet1", "bad\anone"));
	begin();
	json_t *drawn = survey_document(survey);
	const json_t *rows =
	    json_object_get(json_array_get(json_object_get(drawn, "switches"), 0), "interfaces");
	ck_assert_uint_eq(json_array_size(rows), 1);
	expect_note("a", "\"Ethernet1\" is the name of another one");
	expect_note("a", "\"bad?none\" can be no interface's name");
	json_decref(drawn);
}
END_TEST

/* LldpChassisId may have 255 octets, which are 512 characters. */
START_TEST(a_chassis_id_that_is_too_long_for_a_map_is_left_out)
{
	char text[600];

	set_map(BARE);
	json_t *a = tell("a", 10, NAMES("Eth1"));
	memset(text, 'f', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	json_object_set_new(a, "chassis", json_pack("{s:s, s:s}", "kind", "mac", "text", text));
	begin();
	expect_drawn("[]", "[]");
}
END_TEST

START_TEST(what_a_stack_puts_above_is_an_aggregate_unless_it_is_a_vlan)
{
	json_t *a;

	set_map(BARE);
	a = tell("a", 10, NAMES("Gi1", "Vlan10", "Po1"));
	set(a, 2, "type", json_integer(53));
	set(a, 3, "type", json_integer(53));
	set(a, 1, "aggregates", parse("[2, 3]"));
	begin();
	json_t *drawn = survey_document(survey);
	expect_equal(
	    json_object_get(json_array_get(json_object_get(drawn, "switches"), 0), "interfaces"),
	    "[{'name': 'Gi1', 'if_index': 1}, {'name': 'Po1', 'if_index': 3, 'members': ['Gi1']}]");
	json_decref(drawn);
}
END_TEST

/* ---- aggregates at the ends of cables ---- */

/* a's members 1 and 2 are in 3; b's 1 and 2 in 3. */
static void
tell_aggregates(bool b_too)
{
	json_t *a = tell("a", 10, NAMES("Eth1", "Eth2", "Po1"));
	json_t *b = tell("b", 11, NAMES("Eth1", "Eth2", "Po9"));

	for (int i = 1; i <= 2; i++) {
		set(a, i, "aggregate", json_integer(3));
		if (b_too)
			set(b, i, "aggregate", json_integer(3));
		hear(a, i, 11, "name", i == 1 ? "Eth1" : "Eth2", "b");
	}
}

START_TEST(an_aggregate_stands_for_members_that_all_lead_to_one)
{
	set_map(BARE);
	tell_aggregates(true);
	begin();
	expect_drawn("[{'a': 'a:Po1', 'b': 'b:Po9'}]", "[]");
}
END_TEST

START_TEST(members_stand_for_themselves_where_the_far_ends_are_no_aggregate)
{
	set_map(BARE);
	tell_aggregates(false);
	begin();
	expect_drawn("[{'a': 'a:Eth1', 'b': 'b:Eth1'}, {'a': 'a:Eth2', 'b': 'b:Eth2'}]", "[]");
}
END_TEST

START_TEST(an_aggregate_stands_for_members_that_lead_to_one_host)
{
	json_t *a;

	set_map(BARE);
	a = tell("a", 10, NAMES("Eth1", "Eth2", "Po1", "Eth4", "Eth5", "Po2"));
	for (int i = 1; i <= 2; i++) {
		set(a, i, "aggregate", json_integer(3));
		set(a, i + 3, "aggregate", json_integer(6));
	}
	hear(a, 1, 90, "mac", "", "one");
	hear(a, 2, 90, "mac", "", "one");
	hear(a, 4, 91, "mac", "", "two");
	hear(a, 5, 92, "mac", "", "three");
	begin();
	expect_drawn("[]",
	    "[{'name': 'one', 'attachments': ['a:Po1']}, {'name': 'two', "
	    "'attachments': ['a:Eth4']}, {'name': 'three', 'attachments': ['a:Eth5']}]");
}
END_TEST

/* ---- findings ---- */

#define CABLED                                                                                     \
	"{'switches': [{'name': 'a', 'addresses': ['192.0.2.1'], 'interfaces': [{'name': 'Eth1', " \
	"'if_index': 1}, {'name': 'Po1', 'members': ['Eth2', 'Eth3']}]}, {'name': 'b', "           \
	"'addresses': ['192.0.2.2']}], 'links': [{'a': 'a:Po1', 'b': 'b:Eth2'}], 'hosts': "        \
	"[{'name': 'h', 'attachments': ['a:Eth1', 'b:Eth1']}]}"

/* The network of CABLED. */
static json_t *
tell_cabled(json_t **ret_b)
{
	json_t *a = tell("a", 10, NAMES("Eth1", "Eth2", "Eth3", "Po1", "Eth5"));
	json_t *b = tell("b", 11, NAMES("Eth1", "Eth2", "Eth3"));

	set(a, 2, "aggregate", json_integer(4));
	set(a, 3, "aggregate", json_integer(4));
	*ret_b = b;
	return a;
}

START_TEST(a_map_that_is_right_has_no_findings)
{
	json_t *a, *b;

	set_map(CABLED);
	a = tell_cabled(&b);
	hear(a, 1, 90, "mac", "", "h.example.net");
	hear(b, 1, 90, "mac", "", "h.example.net");
	hear(a, 2, 11, "name", "Eth2", "b");
	begin();
	expect_findings("[]");
}
END_TEST

START_TEST(cables_that_are_missing_gone_or_elsewhere_are_found)
{
	json_t *a, *b;

	set_map(CABLED);
	a = tell_cabled(&b);
	hear(a, 1, 91, "mac", "", "other");
	hear(b, 3, 90, "mac", "", "h");
	hear(a, 5, 92, "mac", "", "new");
	begin();
	expect_findings(
	    "[{'kind': 'different', 'what': 'cable', 'switch': 'a', 'interface': 'Eth1', 'map': "
	    "'h', 'seen': 'other'}, {'kind': 'missing', 'what': 'host', 'switch': 'a', "
	    "'interface': 'Eth5', 'map': '', 'seen': 'new'}, {'kind': 'missing', 'what': "
	    "'attachment', 'switch': 'b', 'interface': 'Eth3', 'map': '', 'seen': 'h'}, {'kind': "
	    "'gone', 'what': 'link', 'switch': 'a', 'interface': 'Po1', 'map': 'b:Eth2', 'seen': "
	    "''}, {'kind': 'gone', 'what': 'attachment', 'switch': 'b', 'interface': 'Eth1', "
	    "'map': 'h', 'seen': ''}]");
}
END_TEST

START_TEST(a_link_that_leads_elsewhere_is_told_at_the_ends_that_the_map_knows)
{
	json_t *a, *b;

	set_map(CABLED);
	a = tell_cabled(&b);
	hear(a, 2, 11, "name", "Eth3", "b");
	begin();
	expect_findings("[{'kind': 'different', 'what': 'cable', 'switch': 'a', 'interface': "
			"'Eth2', 'map': 'b:Eth2', 'seen': 'b:Eth3'}]");
}
END_TEST

START_TEST(members_and_indexes_that_differ_are_found)
{
	json_t *a, *b;

	set_map(CABLED);
	a = tell_cabled(&b);
	set(a, 1, "if_index", json_integer(17));
	set(a, 3, "aggregate", json_integer(0));
	set(a, 5, "aggregate", json_integer(4));
	begin();
	expect_findings(
	    "[{'kind': 'different', 'what': 'if_index', 'switch': 'a', 'interface': 'Eth1', "
	    "'map': '1', 'seen': '17'}, {'kind': 'gone', 'what': 'member', 'switch': 'a', "
	    "'interface': 'Eth3', 'map': 'Po1', 'seen': ''}, {'kind': 'missing', 'what': 'member', "
	    "'switch': 'a', 'interface': 'Eth5', 'map': '', 'seen': 'Po1'}]");
}
END_TEST

START_TEST(interfaces_and_identities_that_are_not_the_switchs_are_found)
{
	json_t *a;

	set_map("{'switches': [{'name': 'a', 'addresses': ['192.0.2.1'], 'chassis_id': "
		"'00:00:00:00:00:77', 'engine_id': '0x8000000001', 'interfaces': [{'name': "
		"'Eth9'}]}]}");
	a = tell("a", 10, NAMES("Eth1"));
	json_object_set_new(a, "engine_id", json_string("0x8000000002"));
	begin();
	expect_findings(
	    "[{'kind': 'different', 'what': 'chassis_id', 'switch': 'a', 'interface': '', 'map': "
	    "'00:00:00:00:00:77', 'seen': '00:00:00:00:00:0a'}, {'kind': 'different', 'what': "
	    "'engine_id', 'switch': 'a', 'interface': '', 'map': 'another one', 'seen': "
	    "'0x8000000002'}, {'kind': 'gone', 'what': 'interface', 'switch': 'a', 'interface': "
	    "'Eth9', 'map': 'Eth9', 'seen': ''}]");
}
END_TEST

START_TEST(of_a_switch_that_told_nothing_there_is_no_finding)
{
	set_map(CABLED);
	json_array_append_new(
	    results, parse("{'switch': 'a', 'outcome': 'no answer', 'facts': null}"));
	json_array_append_new(
	    results, parse("{'switch': 'b', 'outcome': 'answered', 'facts': {}}"));
	begin();
	expect_findings("[]");
	expect_drawn("[]", "[]");
}
END_TEST

#define N(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	TCase *tcase = tcase_create("survey");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_cable_told_from_both_ends_is_one_link);
	tcase_add_loop_test(tcase, a_port_is_found_by_what_its_id_says, 0, N(ids));
	tcase_add_test(tcase, what_one_end_cannot_tell_the_other_may);
	tcase_add_test(tcase, what_two_interfaces_have_names_neither);
	tcase_add_loop_test(
	    tcase, a_neighbour_is_a_switch_by_chassis_name_or_address, 0, N(identities));
	tcase_add_test(tcase, a_neighbour_without_a_name_is_left_out_and_told_of);
	tcase_add_test(tcase, a_switch_that_hears_itself_has_no_link_to_itself);
	tcase_add_test(tcase, only_ports_and_aggregates_are_drawn_and_as_the_map_calls_them);
	tcase_add_test(tcase, names_that_are_one_are_drawn_once);
	tcase_add_test(tcase, a_chassis_id_that_is_too_long_for_a_map_is_left_out);
	tcase_add_test(tcase, what_a_stack_puts_above_is_an_aggregate_unless_it_is_a_vlan);
	tcase_add_test(tcase, an_aggregate_stands_for_members_that_all_lead_to_one);
	tcase_add_test(tcase, members_stand_for_themselves_where_the_far_ends_are_no_aggregate);
	tcase_add_test(tcase, an_aggregate_stands_for_members_that_lead_to_one_host);
	tcase_add_test(tcase, a_map_that_is_right_has_no_findings);
	tcase_add_test(tcase, cables_that_are_missing_gone_or_elsewhere_are_found);
	tcase_add_test(tcase, a_link_that_leads_elsewhere_is_told_at_the_ends_that_the_map_knows);
	tcase_add_test(tcase, members_and_indexes_that_differ_are_found);
	tcase_add_test(tcase, interfaces_and_identities_that_are_not_the_switchs_are_found);
	tcase_add_test(tcase, of_a_switch_that_told_nothing_there_is_no_finding);
	return run_case("survey", tcase);
}
