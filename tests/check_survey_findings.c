/*
 * How a map differs from what switches tell.
 */
#include "lib/run_suite.h"
#include "lib/survey_fixture.h"

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

int
main(void)
{
	TCase *tcase = tcase_create("survey_findings");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_map_that_is_right_has_no_findings);
	tcase_add_test(tcase, cables_that_are_missing_gone_or_elsewhere_are_found);
	tcase_add_test(tcase, a_link_that_leads_elsewhere_is_told_at_the_ends_that_the_map_knows);
	tcase_add_test(tcase, members_and_indexes_that_differ_are_found);
	tcase_add_test(tcase, interfaces_and_identities_that_are_not_the_switchs_are_found);
	tcase_add_test(tcase, of_a_switch_that_told_nothing_there_is_no_finding);
	return run_case("survey_findings", tcase);
}
