/*
 * Sources that are in pages, cut or something else; ports that are odd; bases and hosts files that are wrong.
 */
#include <errno.h>

#include "lib/data_file.h"
#include "lib/import_fixture.h"
#include "lib/run_suite.h"

/* ---- forms of the source ---- */

#define P1 \
	"{'id':'00000001-0000-4000-8000-000000000001','binding:host_id':'c1','binding:profile':{}}"
#define P2 \
	"{'id':'00000002-0000-4000-8000-000000000002','binding:host_id':'c1','binding:profile':null}"

static const char *const forms[] = {
	"[" P1 "," P2 "]",
	"{'ports':[" P1 "," P2 "]}",
	"{'ports':[" P1 "]}{'ports':[" P2 "]}",
	" \n{'ports':[" P1 "],'ports_links':[{'rel':'next','href':'x'}]}\n\n[" P2 "]\n",
	"{'ports':[" P1 "," P2 "],'ports_links':[{'rel':'previous','href':'x'}]}",
	"[" P1 "][" P2 "][]",
	"{'ports':[" P1 "," P2 "]}\r\n",
};

START_TEST(a_source_is_pages_or_a_list)
{
	given(NULL, "c1 leaf1:Eth1\n");
	ck_assert_int_eq(import_text(forms[_i]), 0);
	ck_assert_str_eq(placed(1), "{'host':'c1'}");
	ck_assert_str_eq(placed(2), "{'host':'c1'}");
	ck_assert_uint_eq(report.n_rejects, 0);
}
END_TEST

static const struct {
	const char *source, *path, *reason;
} refused[] = {
	{ "", "ports.json: page 1", "is empty" },
	{ " \n ", "ports.json: page 1", "is empty" },
	{ "{'ports':[" P1 ",", "ports.json: page 1", "is cut or damaged: " },
	{ "{'ports':[" P1 "]}\n{'ports':[\n" P2 "\n", "ports.json: page 2", "(line 3," },
	{ "{'ports':[" P1 "]} x", "ports.json: page 2", "is cut or damaged: " },
	{ "{'ports':[" P1 "],'ports_links':[{'rel':'next','href':'x'}]}", "ports.json: page 1",
	    "has a next page (ports_links), which is missing: fetch all of them" },
	{ "[" P1 "]{'ports':[],'ports_links':[{'rel':'previous'},{'rel':'next','href':'x'}]}",
	    "ports.json: page 2", "has a next page" },
	{ "{}", "ports.json: page 1",
	    "is no list of ports: {\"ports\": [...]}, or the list alone" },
	{ "{'ports':{}}", "ports.json: page 1", "is no list of ports" },
	{ "5", "ports.json: page 1", "is cut or damaged: " },
	{ "{'NeutronError':{'type':'X','message':'no such thing','detail':''}}",
	    "ports.json: page 1", "is no list of ports, but an error: no such thing" },
	{ "{'error':{'code':401,'title':'Unauthorized','message':'The request you have made'}}",
	    "ports.json: page 1", "is no list of ports, but an error: The request you have made" },
	/* A member's list has no bindings. */
	{ "[{'id':'00000001-0000-4000-8000-000000000001','name':'x'}]", "ports.json: page 1",
	    "no port has binding:host_id: fetch the list as an administrator, with all fields" },
};

START_TEST(a_source_that_is_cut_or_something_else_loads_nothing)
{
	given(NULL, "c1 leaf1:Eth1\n");
	ck_assert_int_eq(import_text(refused[_i].source), -EINVAL);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_str_eq(faults.items[0].path, refused[_i].path);
	ck_assert_msg(strstr(faults.items[0].reason, refused[_i].reason) != NULL, "%s",
	    faults.items[0].reason);
	ck_assert_ptr_null(document);
	ck_assert_uint_eq(report.n_rejects, 0);
}
END_TEST

/* Wherever the file ends too early: nothing, or all of the pages that are there to the end. */
START_TEST(no_place_to_cut_a_source_yields_part_of_a_page)
{
	struct slice ports = data_file("tests/data/import/ports.json");
	size_t first = (size_t)slice_find(ports, SLICE("\n{\"ports\"")) + 1;

	given(NULL, "compute-7 leaf1:Eth1\n");
	for (size_t len = (size_t)_i; len + 2 < ports.len; len += 61) {
		int r = import((struct slice){ ports.data, len }, true);
		/* The first page says that there is a second one. */
		ck_assert_msg(r == -EINVAL, "%zu of %zu (page 2 at %zu)", len, ports.len, first);
		topo_faults_release(&faults);
	}
	free((void *)(uintptr_t)ports.data);
}
END_TEST

/* ---- odd ports ---- */

static const struct {
	const char *port, *placed, *reason; /* of port 1 */
} odd[] = {
	{ "'binding:host_id':'c1','binding:profile':'text'", "-", "binding:profile is no object" },
	{ "'binding:host_id':null", "-", "unbound: binding:host_id is empty" },
	{ "'binding:host_id':5", "-", "unbound: binding:host_id is empty" },
	{ "'binding:host_id':'c1','binding:profile':{'local_link_information':{}}", "-",
	    "local_link_information is no list" },
	{ "'binding:host_id':'c1','binding:profile':{'local_link_information':['x']}", "-",
	    "local_link_information holds no objects" },
	/* Entries that say nothing are not in the way of the host. */
	{ "'binding:host_id':'c1','binding:profile':{'local_link_information':[]}", "{'host':'c1'}",
	    "-" },
	{ "'binding:host_id':'c1','binding:profile':{'local_link_information':[{},{'network_type':'unmanaged'},"
	  "{'port_id':'rep0-0','hostname':'dpu'}]}",
	    "{'host':'c1'}", "-" },
	/* Enrolment's placeholder neither, where the hosts file knows better. */
	{ "'binding:host_id':'c1','binding:profile':{'local_link_information':[{'switch_id':'00:00:00:00:00:00',"
	  "'port_id':'Ethernet1','switch_info':null}]}",
	    "{'host':'c1'}", "-" },
	{ "'binding:host_id':'c9','binding:profile':{'local_link_information':[{'switch_id':'00:00:00:00:00:00',"
	  "'port_id':'Ethernet1','switch_info':'None'}]}",
	    "-",
	    "switch_id \"00:00:00:00:00:00\" is a placeholder, and host \"c9\" is in neither the hosts file nor the base" },
	/* One leg known, one not: half a map would raise false alarms. */
	{ "'binding:host_id':'c1','binding:profile':{'local_link_information':[{'switch_info':'leaf1','port_id':'e1'},"
	  "{'switch_info':'leaf1','port_id':'None'}]}",
	    "-", "port_id \"None\" is a placeholder" },
	{ "'binding:host_id':'c1','binding:profile':{'local_link_information':[{'switch_info':'leaf1','port_id':'e1'},"
	  "{'switch_info':'leaf9','port_id':'e1'}]}",
	    "-", "no switch is called \"leaf9\"" },
	/* The same interface twice, and a unit of it. */
	{ "'binding:host_id':'n','binding:profile':{'local_link_information':[{'switch_info':'leaf1','port_id':'Ethernet1/7'},"
	  "{'switch_info':'leaf1','port_id':'Eth1/7'},{'switch_info':'leaf1','port_id':'ethernet1/7.100'}]}",
	    "{'attachments':['leaf1:Ethernet1/7']}", "-" },
	{ "'binding:host_id':'n','binding:profile':{'local_link_information':[{'switch_info':'leaf1','port_id':'Vlan100'}]}",
	    "-", "port_id \"Vlan100\" of switch \"leaf1\" is no physical interface" },
	{ "'binding:host_id':'n','binding:profile':{'local_link_information':[{'vtep-physical-switch':'leaf1','port_id':'e1',"
	  "'vtep-logical-switch':'ls'}]}",
	    "{'attachments':['leaf1:e1']}", "-" },
	{ "'binding:host_id':'n','binding:profile':{'local_link_information':[{'switch_info':'leaf1','port_id':7}]}",
	    "-",
	    "port_id \"7\" of switch \"leaf1\" is a bare number, and neither a name nor an if_index that the base has" },
};

START_TEST(an_odd_port_is_left_out_rather_than_mapped_by_halves)
{
	char source[1024];

	snprintf(source, sizeof(source),
	    "[{'id':'00000001-0000-4000-8000-000000000001',%s},"
	    "{'id':'00000002-0000-4000-8000-000000000002','binding:host_id':'c1'}]",
	    odd[_i].port);
	given(NULL, "c1 leaf1:Eth1/1\n");
	ck_assert_int_eq(import_text(source), 0);
	ck_assert_str_eq(placed(1), odd[_i].placed);
	ck_assert_str_eq(rejected(1), odd[_i].reason);
	ck_assert_str_eq(placed(2), "{'host':'c1'}");
}
END_TEST

START_TEST(what_is_no_port_is_left_out_by_its_place)
{
	given(NULL, "c1 leaf1:Eth1\n");
	ck_assert_int_eq(
	    import_text("[5,{},{'id':'x','name':'y','binding:host_id':'c1'},null," P1 "]"), 0);
	ck_assert_uint_eq(report.n_rejects, 4);
	ck_assert_str_eq(report.rejects[0].where, "page 1, ports[0]");
	ck_assert_str_eq(report.rejects[2].where, "page 1, ports[2]");
	ck_assert_str_eq(report.rejects[2].name, "y");
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(report.rejects[i].reason, "its id is no UUID");
	ck_assert_str_eq(placed(1), "{'host':'c1'}");
}
END_TEST

START_TEST(trunks_that_bite_their_own_tail_do_no_harm)
{
	given(NULL, "c1 leaf1:Eth1\n");
	ck_assert_int_eq(
	    import_text(
		"[{'id':'00000001-0000-4000-8000-000000000001','binding:host_id':'c1','trunk_details':"
		"{'sub_ports':[{'port_id':'00000001-0000-4000-8000-000000000001'},"
		"{'port_id':'00000002-0000-4000-8000-000000000002'},{'port_id':'x'},5]}},"
		"{'id':'00000002-0000-4000-8000-000000000002','binding:host_id':'c1','trunk_details':"
		"{'sub_ports':[{'port_id':'00000001-0000-4000-8000-000000000001'}]}}]"),
	    0);
	ck_assert_str_eq(placed(1), "{'host':'c1'}");
	ck_assert_str_eq(placed(2), "{'host':'c1'}");
}
END_TEST

/* ---- base and hosts file ---- */

START_TEST(without_a_base_the_hosts_file_declares_its_switches)
{
	given(NULL, "c1 leaf1:Eth1 leaf2:Eth1\nc2 pci=05:00.0 leaf3:Eth1\n");
	ck_assert_int_eq(import_text("[" P1 "]"), 0);
	char *dump = json_dumps(json_object_get(document, "switches"), JSON_COMPACT);
	ck_assert_str_eq(dump,
	    "[{\"name\":\"leaf1\",\"hostnames\":[\"leaf1\"]},{\"name\":\"leaf2\",\"hostnames\":[\"leaf2\"]},"
	    "{\"name\":\"leaf3\",\"hostnames\":[\"leaf3\"]}]");
	free(dump);
	ck_assert_uint_eq(report.n_notes, 3);
	ck_assert_str_eq(
	    report.notes[0], "switch \"leaf1\": only the hosts file names it: give it addresses");
}
END_TEST

START_TEST(a_switch_of_the_hosts_file_must_be_in_the_base)
{
	given("{'switches':[{'name':'leaf1','hostnames':['leaf1']}]}",
	    "c1 leaf1:Eth1\nc2 leaf1:Eth2 leaf9:Eth2\n");
	ck_assert_int_eq(import_text("[" P1 "]"), -EINVAL);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_str_eq(faults.items[0].path, "hosts.txt:2");
	ck_assert_str_eq(
	    faults.items[0].reason, "unknown switch \"leaf9\": base.json has none of that name");
}
END_TEST

static const struct {
	const char *base, *hosts, *path, *reason;
} broken[] = {
	{ "{'switches':[{'name':'leaf1'}]}", NULL, "base.json: switches[0]",
	    "needs addresses, hostnames or an engine_id: nothing could name it" },
	{ "{'switches':{}}", NULL, "switches", "must be an array, but is an object" },
	{ "{'swiches':[]}", NULL, "swiches", "unknown member; did you mean \"switches\"?" },
	{ "{'switches':[{'name':'leaf1','hostnames':['leaf1']}]}",
	    "# c\nc1 leaf1:Eth1/1 leaf1:Ethernet1/1\n", "hosts.txt:2.attachments[1]",
	    "duplicate: \"leaf1:Eth1/1\" is listed twice" },
	{ "{'switches':[{'name':'leaf1','hostnames':['leaf1']}],'hosts':[{'name':'x','attachments':['l:e']}]}",
	    NULL, "base.json: hosts[0].attachments[0]", "unknown switch \"l\"" },
};

START_TEST(a_base_or_hosts_file_that_is_wrong_loads_nothing)
{
	given(broken[_i].base, broken[_i].hosts);
	ck_assert_int_eq(import_text("[" P1 "]"), -EINVAL);
	ck_assert_uint_ge(faults.n, 1);
	ck_assert_str_eq(faults.items[0].path, broken[_i].path);
	ck_assert_str_eq(faults.items[0].reason, broken[_i].reason);
	ck_assert_ptr_null(document);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("import odd");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_source_is_pages_or_a_list, 0, N(forms));
	tcase_add_loop_test(
	    tc, a_source_that_is_cut_or_something_else_loads_nothing, 0, N(refused));
	tcase_add_loop_test(tc, no_place_to_cut_a_source_yields_part_of_a_page, 0, 61);
	tcase_add_loop_test(tc, an_odd_port_is_left_out_rather_than_mapped_by_halves, 0, N(odd));
	tcase_add_test(tc, what_is_no_port_is_left_out_by_its_place);
	tcase_add_test(tc, trunks_that_bite_their_own_tail_do_no_harm);
	tcase_add_test(tc, without_a_base_the_hosts_file_declares_its_switches);
	tcase_add_test(tc, a_switch_of_the_hosts_file_must_be_in_the_base);
	tcase_add_loop_test(tc, a_base_or_hosts_file_that_is_wrong_loads_nothing, 0, N(broken));
	return run_case("import odd", tc);
}
