/*
 * A real list of Neutron's ports, a base and a hosts file -> a topology document.
 */
#include "lib/data_file.h"
#include "lib/import_fixture.h"
#include "lib/run_suite.h"

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
	tcase_add_test(tc, a_base_is_left_as_it_was);
	return run_case("import neutron", tc);
}
