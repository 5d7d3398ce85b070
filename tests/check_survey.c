/*
 * What switches tell, put together: cables told from both ends, from one, in every kind of port id; aggregates; hosts.
 */
#include "lib/run_suite.h"
#include "lib/survey_fixture.h"

#define N(table) ((int)(sizeof(table) / sizeof((table)[0])))

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

/* A spine that nobody wrote down, or a compute node with a bridge: LLDP tells no difference. One that the map knows is told. */
START_TEST(a_bridge_that_the_map_does_not_know_is_a_host_and_told_of)
{
	json_t *facts, *neighbour;

	set_map("{'switches': [{'name': 'a', 'addresses': ['192.0.2.1']}], 'hosts': [{'name': "
		"'compute-1', 'attachments': ['a:Eth1']}]}");
	facts = tell("a", 10, NAMES("Eth1", "Eth2"));
	json_object_set_new(hear(facts, 1, 98, "name", "eth0", "compute-1"), "bridge", json_true());
	neighbour = hear(facts, 2, 99, "name", "Eth7", "spine9");
	json_object_set_new(neighbour, "bridge", json_true());
	json_array_append_new(json_object_get(neighbour, "addresses"), json_string("192.0.2.9"));
	begin();
	expect_drawn("[]", "[{'name': 'compute-1', 'attachments': ['a:Eth1']}, {'name': 'spine9', "
			   "'attachments': ['a:Eth2']}]");
	ck_assert_uint_eq(json_array_size(survey_notes(survey)), 1);
	expect_note("a", "spine9 is a bridge or router by its own account (address 192.0.2.9)");
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

/* SnmpAdminString has 255 octets: twice as many characters, where they are no text. */
START_TEST(a_port_whose_name_is_unusable_goes_by_its_description_or_has_no_cable)
{
	char text[512];
	json_t *a;

	memset(text, 'f', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	set_map(BARE);
	a = tell("a", 10, NAMES("Eth1", "Eth2"));
	set(a, 1, "name", json_string(text));
	set(a, 1, "descr", json_string(text));
	set(a, 2, "name", json_string(text));
	set(a, 2, "descr", json_string("Ethernet2"));
	hear(a, 1, 99, "name", "ens1", "h1");
	hear(a, 2, 99, "name", "ens1", "h2");
	begin();
	expect_drawn("[]", "[{'name': 'h2', 'attachments': ['a:Ethernet2']}]");
	expect_note("a", "the interface with index 1 is left out");
	expect_note("a", "LLDP port 1 is no interface that it tells of");
}
END_TEST

START_TEST(a_port_without_a_name_is_no_far_end)
{
	json_t *b;

	set_map(BARE);
	hear(tell("a", 10, NAMES("Eth1")), 1, 11, "local", "0x0102", "b");
	b = tell("b", 11, NAMES(""));
	json_array_append_new(json_object_get(b, "lldp_ports"),
	    json_pack("{s:i, s:{s:s, s:s}, s:s}", "number", 1, "id", "kind", "local", "text",
		"0x0102", "descr", ""));
	begin();
	expect_drawn("[]", "[]");
	expect_note("a", "which interface that is cannot be told");
}
END_TEST

START_TEST(a_switch_that_was_not_asked_has_no_interface_by_an_unusable_name)
{
	char text[512];

	memset(text, 'f', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	set_map(BARE);
	hear(tell("a", 10, NAMES("Eth1")), 1, 11, "name", text, "b");
	begin();
	expect_drawn("[]", "[]");
	expect_note("a", "which interface that is cannot be told");
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
	tcase_add_test(tcase, a_bridge_that_the_map_does_not_know_is_a_host_and_told_of);
	tcase_add_test(tcase, a_switch_that_hears_itself_has_no_link_to_itself);
	tcase_add_test(tcase, only_ports_and_aggregates_are_drawn_and_as_the_map_calls_them);
	tcase_add_test(tcase, names_that_are_one_are_drawn_once);
	tcase_add_test(
	    tcase, a_port_whose_name_is_unusable_goes_by_its_description_or_has_no_cable);
	tcase_add_test(tcase, a_port_without_a_name_is_no_far_end);
	tcase_add_test(tcase, a_switch_that_was_not_asked_has_no_interface_by_an_unusable_name);
	tcase_add_test(tcase, a_chassis_id_that_is_too_long_for_a_map_is_left_out);
	tcase_add_test(tcase, what_a_stack_puts_above_is_an_aggregate_unless_it_is_a_vlan);
	tcase_add_test(tcase, an_aggregate_stands_for_members_that_all_lead_to_one);
	tcase_add_test(tcase, members_stand_for_themselves_where_the_far_ends_are_no_aggregate);
	tcase_add_test(tcase, an_aggregate_stands_for_members_that_lead_to_one_host);
	return run_case("survey", tcase);
}
