/*
 * Neutron's ports, a base and a hosts file -> a topology document.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "core/import_neutron.h"
#include "lib/data_file.h"
#include "lib/guard.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct hosts_file hosts;
static struct topo_faults faults;
static struct import_report report;
static json_t *base, *document;

static void
setup(void)
{
	hosts = (struct hosts_file){ 0 };
	faults = (struct topo_faults){ 0 };
	report = (struct import_report){ 0 };
	base = document = NULL;
}

static void
teardown(void)
{
	json_decref(base);
	json_decref(document);
	hosts_file_release(&hosts);
	topo_faults_release(&faults);
	import_report_release(&report);
}

/* Texts with ' for "; NULL: none. */
static void
given(const char *base_text, const char *hosts_text)
{
	char *text = base_text ? json_text(base_text) : NULL;

	if (text) {
		base = topo_document_parse(slice_of(text), &faults);
		ck_assert_ptr_nonnull(base);
	}
	if (hosts_text)
		ck_assert_int_eq(
		    hosts_file_parse(&hosts, slice_of(hosts_text), "hosts.txt", &faults), 0);
	free(text);
}

static int
import(struct slice source, bool with_hosts)
{
	struct guard guard = { 0 };
	const struct import_base with = {
		.document = base,
		.path = base ? "base.json" : NULL,
		.hosts = with_hosts ? &hosts : NULL,
		.hosts_path = "hosts.txt",
	};
	/* The source ends right before an unreadable page. */
	char *bytes = guard_put(&guard, source.data, source.len);
	int r = import_neutron(
	    (struct slice){ bytes, source.len }, "ports.json", &with, &document, &report, &faults);

	guard_release(&guard);
	return r;
}

static int
import_text(const char *source_text)
{
	char *text = json_text(source_text);
	int r = import(slice_of(text), hosts.n > 0);

	free(text);
	return r;
}

/* Everything of the document's member, without id, project and name: "{'host':'c1'}" with ' for ". */
static const char *
placed(uint32_t number)
{
	static char text[512];
	char id[40];
	json_t *port;
	size_t i;

	snprintf(id, sizeof(id), "%08x-0000-4000-8000-%012x", number, number);
	slice_copy(SLICE("-"), text, sizeof(text));
	json_array_foreach(json_object_get(document, "ports"), i, port)
	{
		if (strcmp(json_string_value(json_object_get(port, "id")), id) != 0)
			continue;
		json_t *copy = json_copy(port);
		json_object_del(copy, "id");
		json_object_del(copy, "name");
		json_object_del(copy, "project_id");
		char *dump = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
		for (char *at = dump; *at; at++)
			if (*at == '"')
				*at = '\'';
		slice_copy(slice_of(dump), text, sizeof(text));
		free(dump);
		json_decref(copy);
	}
	return text;
}

static const char *
rejected(uint32_t number)
{
	char id[40];

	snprintf(id, sizeof(id), "%08x-0000-4000-8000-%012x", number, number);
	for (size_t i = 0; i < report.n_rejects; i++)
		if (strcmp(report.rejects[i].id, id) == 0)
			return report.rejects[i].reason;
	return "-";
}

/* ---- a real list ---- */

static void
import_data(void)
{
	struct slice base_text = data_file("tests/data/import/base.json");
	struct slice hosts_text = data_file("tests/data/import/hosts.txt");
	struct slice ports = data_file("tests/data/import/ports.json");

	base = topo_document_parse(base_text, &faults);
	ck_assert_ptr_nonnull(base);
	ck_assert_int_eq(hosts_file_parse(&hosts, hosts_text, "hosts.txt", &faults), 0);
	int r = import(ports, true);
	ck_assert_msg(r == 0, "%s: %s", faults.n ? faults.items[0].path : "",
	    faults.n ? faults.items[0].reason : "");
	free((void *)(uintptr_t)base_text.data);
	free((void *)(uintptr_t)hosts_text.data);
	free((void *)(uintptr_t)ports.data);
}

/* Numbers of tests/data/import/ports.json; each is placed, or left out with a reason. */
static const struct {
	uint32_t port;
	const char *placed, *reason;
} expected[] = {
	{ 1, "{'host':'compute-7'}", "-" },
	{ 2, "{'host':'compute-8','physnet':'physnet2'}", "-" },
	{ 3, "{'host':'compute-base','physnet':'physnet1'}", "-" },
	{ 4, "-", "unbound: it is on no host yet" },
	{ 5, "-", "binding_failed: Neutron could not bind it to its host" },
	{ 6, "-", "distributed: it is on every host" },
	{ 7, "-", "unbound: binding:host_id is empty" },
	{ 8, "-", "host \"compute-99\" is in neither the hosts file nor the base" },
	{ 9, "-", "host \"compute-8\" has 2 physnets, and the port does not say which" },
	/* By chassis MAC in any spelling, the interface as written where the base does not list it. */
	{ 10, "{'attachments':['leaf1:Eth1/5']}", "-" },
	/* A bond: member or port-channel, it is the port-channel; without LACP the members themselves. */
	{ 11, "{'attachments':['leaf1:port-channel8','leaf2:port-channel8']}", "-" },
	{ 12, "{'attachments':['leaf1:Ethernet1/8','leaf2:Ethernet1/8']}", "-" },
	{ 13, "{'attachments':['leaf3:Ethernet3']}", "-" },
	{ 14, "{'attachments':['leaf1:Ethernet1/1']}", "-" },
	{ 15, "-",
	    "port_id \"None\" is a placeholder, and host \"node\" is in neither the hosts file nor the base" },
	{ 16, "-", "no switch has the chassis_id \"00:1b:54:aa:bb:77\"" },
	{ 17, "-",
	    "port_id \"00:1b:54:aa:bb:cc\" of switch \"leaf1\" is a MAC address and no interface's name" },
	{ 18, "-",
	    "port_id \"17\" of switch \"leaf1\" is a bare number, and neither a name nor an if_index that the base has" },
	{ 19, "{'attachments':['leaf1:Ethernet1/7']}", "-" },
	{ 20, "{'attachments':['twin-b:Ethernet1']}", "-" },
	{ 21, "{'attachments':['leaf3:Ethernet1']}", "-" },
	/* SR-IOV. */
	{ 22, "{'attachments':['leaf1:Ethernet1/3']}", "-" },
	{ 23, "{'attachments':['leaf2:Ethernet1/3']}", "-" },
	{ 24, "-",
	    "pci_slot 0000:05:02.3 is on physnet \"physnet2\" in the hosts file (line 6), and on \"physnet9\" here" },
	{ 25, "-", "pci_slot 0000:81:00.1 of host \"compute-9\" is on no line of the hosts file" },
	{ 26, "{'host':'compute-9','physnet':'physnet3'}", "-" },
	/* Trunks: a subport is where its parent is, whatever its own binding says. */
	{ 27, "{'attachments':['leaf2:Ethernet1/20']}", "-" },
	{ 28, "{'attachments':['leaf2:Ethernet1/20']}", "-" },
	{ 29, "-", "host \"compute-99\" is in neither the hosts file nor the base" },
	{ 30, "-",
	    "its trunk's parent 0000001d-0000-4000-8000-00000000001d is left out: host \"compute-99\" is in neither the "
	    "hosts file nor the base" },
	{ 31, "{'host':'compute-10'}", "-" },
	{ 77, "-",
	    "subport of trunk port 0000001b-0000-4000-8000-00000000001b, but not in the list" },
	/* The base's own port is not Neutron's. */
	{ 0x99999999, "-", "-" },
};

START_TEST(each_port_of_a_list_is_placed_or_left_out_with_a_reason)
{
	import_data();
	ck_assert_str_eq(placed(expected[_i].port), expected[_i].placed);
	if (expected[_i].port != 1)
		ck_assert_str_eq(rejected(expected[_i].port), expected[_i].reason);
}
END_TEST

START_TEST(a_list_is_counted_by_how_its_ports_found_their_place)
{
	import_data();
	ck_assert_uint_eq(report.n_mapped[IMPORT_BY_HOST], 2);
	ck_assert_uint_eq(report.n_mapped[IMPORT_BY_PHYSNET], 3);
	ck_assert_uint_eq(report.n_mapped[IMPORT_BY_LINK], 9);
	ck_assert_uint_eq(report.n_mapped[IMPORT_BY_PCI], 2);
	ck_assert_uint_eq(report.n_mapped[IMPORT_BY_TRUNK], 1);
	ck_assert_uint_eq(import_report_n_mapped(&report), 17);
	/* 32 ports, one of them twice, and a subport that is not among them. */
	ck_assert_uint_eq(report.n_rejects, 32 - 17 + 1);
	ck_assert_str_eq(
	    report.rejects[report.n_rejects - 1].reason, "listed twice: the first one counts");
	ck_assert_str_eq(report.rejects[report.n_rejects - 1].where, "page 2, ports[15]");
	ck_assert_str_eq(report.rejects[report.n_rejects - 1].name, "again");
}
END_TEST

START_TEST(hosts_of_the_file_replace_those_of_the_base_which_keep_what_else_was_said)
{
	import_data();
	char *dump = json_dumps(json_object_get(document, "hosts"), JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(dump,
	    "[{\"attachments\":[\"leaf1:Ethernet1/1\",\"leaf2:Ethernet1/1\"],\"name\":\"compute-7\",\"stranded\":\"down\"},"
	    "{\"name\":\"compute-base\",\"physnets\":{\"physnet1\":[\"leaf3:Ethernet7\"]}},"
	    "{\"name\":\"compute-8\",\"physnets\":{\"physnet1\":[\"leaf1:Ethernet1/2\"],\"physnet2\":[\"leaf2:Ethernet1/2\"]}},"
	    "{\"name\":\"compute-9\",\"physnets\":{\"physnet3\":[\"leaf1:Ethernet1/4\"]}},"
	    "{\"attachments\":[\"leaf3:Unit 1, Port 5\"],\"name\":\"compute-10\"}]");
	free(dump);
	ck_assert(
	    json_equal(json_object_get(document, "switches"), json_object_get(base, "switches")));
	ck_assert(json_equal(json_object_get(document, "links"), json_object_get(base, "links")));
}
END_TEST

START_TEST(the_document_is_one_that_the_loader_takes)
{
	struct topo *topo = NULL;

	import_data();
	char *dump = json_dumps(document, 0);
	topo_faults_release(&faults);
	ck_assert_int_eq(topo_from_text(slice_of(dump), &topo, &faults), 0);
	ck_assert_uint_eq(topo_n_ports(topo), 17);
	free(dump);
	uint8_t id[16];
	ck_assert(port_id_parse(SLICE("0000001f-0000-4000-8000-00000000001f"), id));
	uint32_t port = topo_port_find(topo, id);
	ck_assert_uint_ne(port, TOPO_NONE);
	ck_assert_str_eq(
	    topo_text_get(topo, topo_port_get(topo, port)->name), "caf\xc3\xa9 \xe2\x98\x83?");
	ck_assert_str_eq(topo_text_get(topo, topo_port_get(topo, port)->project_id), "p1");
	topo_free(topo);
}
END_TEST

START_TEST(the_report_is_json_too)
{
	import_data();
	json_t *json = import_report_json(&report);
	char *dump = json_dumps(json_object_get(json, "mapped"), JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(dump, "{\"host\":2,\"link\":9,\"pci\":2,\"physnet\":3,\"trunk\":1}");
	free(dump);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "rejects")), report.n_rejects);
	json_decref(json);
}
END_TEST

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

START_TEST(a_base_is_left_as_it_was)
{
	import_data();
	struct slice text = data_file("tests/data/import/base.json");
	json_t *again = json_loadb(text.data, text.len, 0, NULL);
	ck_assert(json_equal(base, again));
	json_decref(again);
	free((void *)(uintptr_t)text.data);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("import neutron");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, each_port_of_a_list_is_placed_or_left_out_with_a_reason, 0, N(expected));
	tcase_add_test(tc, a_list_is_counted_by_how_its_ports_found_their_place);
	tcase_add_test(
	    tc, hosts_of_the_file_replace_those_of_the_base_which_keep_what_else_was_said);
	tcase_add_test(tc, the_document_is_one_that_the_loader_takes);
	tcase_add_test(tc, the_report_is_json_too);
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
	tcase_add_test(tc, a_base_is_left_as_it_was);
	return run_case("import neutron", tc);
}
