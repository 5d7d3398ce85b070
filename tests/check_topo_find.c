/*
 * Every way to look something up in a snapshot.
 */
#include <string.h>

#include "lib/run_suite.h"
#include "lib/topo_fixture.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *sw, *name, *found; /* NULL: nothing */
} spellings[] = {
	{ "leaf1", "Ethernet1/1", "leaf1:Ethernet1/1" },
	{ "leaf1", "Eth1/1", "leaf1:Ethernet1/1" },
	{ "leaf1", "ETHERNET1/1", "leaf1:Ethernet1/1" },
	{ "leaf1", "Ethernet 1/1", "leaf1:Ethernet1/1" },
	{ "leaf1", "swp1", "leaf1:Ethernet1/1" },
	{ "leaf1", "to compute-7", "leaf1:Ethernet1/1" },
	{ "leaf1", "Po10", "leaf1:port-channel10" },
	{ "leaf1", "Port-Channel10", "leaf1:port-channel10" },
	{ "leaf2", "Gi1/0/1", "leaf2:GigabitEthernet1/0/1" },
	{ "leaf2", "gigabitethernet1/0/1", "leaf2:GigabitEthernet1/0/1" },
	{ "spine1", "Eth1/1", "spine1:Ethernet1/1" },
	{ "leaf1", "Ethernet1/11", NULL },
	{ "leaf1", "Ethernet1/1/1", NULL },
	{ "leaf1", "Ethernet1/1:1", NULL },
	{ "leaf2", "Ethernet1/1", NULL },
	{ "leaf2", "swp1", NULL },
	{ "leaf1", "", NULL },
	{ "leaf1", "Ethernet1/1\n", NULL },
};

START_TEST(an_interface_is_found_by_every_spelling_and_alias_of_its_own_switch)
{
	uint32_t found = interface_of(spellings[_i].sw, spellings[_i].name);

	if (spellings[_i].found) {
		ck_assert_uint_ne(found, TOPO_NONE);
		ck_assert_str_eq(interface_text(found), spellings[_i].found);
	} else {
		ck_assert_uint_eq(found, TOPO_NONE);
	}
}
END_TEST

#define PLACES                                                                                             \
	"{'switches': [{'name': 'icx', 'hostnames': ['icx'], 'os': 'fastiron', 'interfaces': ["            \
	"  {'name': 'GigabitEthernet1/1/5'}, {'name': '10GigabitEthernet1/2/1'}, {'name': '1/1/7'},"       \
	"  {'name': 'GigabitEthernet1/1/8'}, {'name': '10GigabitEthernet1/1/8'}, {'name': 'Ethernet1/5'}," \
	"  {'name': 'TenGigabitEthernet1/0/1'}, {'name': 'GigabitEthernet0/3'}, {'name': '6'}]},"          \
	" {'name': 'nx', 'hostnames': ['nx'], 'os': 'nx-os', 'interfaces': [{'name': 'Ethernet1/1/7'}]}]}"

static const struct {
	const char *sw, *name, *found; /* NULL: nothing */
} places[] = {
	{ "icx", "ethernet 1/1/5", "icx:GigabitEthernet1/1/5" },
	{ "icx", "1/1/5", "icx:GigabitEthernet1/1/5" },
	{ "icx", "ethernet1/2/1", "icx:10GigabitEthernet1/2/1" },
	{ "icx", "ethernet 1/1/7", "icx:1/1/7" },
	{ "icx", "GigabitEthernet1/1/7", "icx:1/1/7" },
	{ "icx", "2.5GigabitEthernet1/1/7", "icx:1/1/7" },
	{ "icx", "1/5", "icx:Ethernet1/5" },
	/* which of two? */
	{ "icx", "ethernet 1/1/8", NULL },
	/* a speed for another */
	{ "icx", "10GigabitEthernet1/1/5", NULL },
	{ "icx", "1/0/1", NULL },
	/* with two numbers, two speeds may be two ports */
	{ "icx", "ethernet 0/3", NULL },
	{ "icx", "ethernet 6", NULL },
	{ "icx", "ethernet 1/1/55", NULL },
	{ "icx", "ethernet 1/1/5.1", NULL },
	{ "icx", "ethernet 1//5", NULL },
	{ "icx", "", NULL },
	/* a family that has one spelling */
	{ "nx", "1/1/7", NULL },
};

START_TEST(an_interface_is_found_by_its_place_where_its_notation_is_another_one)
{
	teardown();
	topo = topo_of_text(PLACES);
	uint32_t found =
	    topo_interface_by_place(topo, switch_of(places[_i].sw), slice_of(places[_i].name));
	if (places[_i].found) {
		ck_assert_uint_ne(found, TOPO_NONE);
		ck_assert_str_eq(interface_text(found), places[_i].found);
	} else {
		ck_assert_uint_eq(found, TOPO_NONE);
	}
}
END_TEST

START_TEST(an_interface_is_found_by_its_index_on_its_own_switch)
{
	uint32_t leaf1 = switch_of("leaf1");

	ck_assert_uint_eq(
	    topo_interface_by_index(topo, leaf1, 436207616), interface_of("leaf1", "Eth1/1"));
	ck_assert_uint_eq(topo_interface_by_index(topo, leaf1, 1), TOPO_NONE);
	ck_assert_uint_eq(topo_interface_by_index(topo, leaf1, 0), TOPO_NONE);
	ck_assert_uint_eq(topo_interface_by_index(topo, switch_of("leaf2"), 436207616), TOPO_NONE);
}
END_TEST

static const struct {
	const char *addr, *sw; /* NULL: nobody's */
} addresses[] = {
	{ "192.0.2.11", "leaf1" },
	{ "::ffff:192.0.2.11", "leaf1" },
	{ "2001:db8::11", "leaf1" },
	{ "192.0.2.12", "leaf2" },
	{ "fe80::12", "leaf2" },
	{ "fe80::12%3", "leaf2" },
	{ "192.0.2.13", NULL },
	{ "::192.0.2.11", NULL },
	{ "fe80::13%3", NULL },
};

START_TEST(a_switch_is_found_by_each_of_its_addresses)
{
	struct addr addr;

	ck_assert(addr_parse(slice_of(addresses[_i].addr), &addr));
	uint32_t found = topo_switch_by_addr(topo, &addr);
	ck_assert_uint_eq(found, addresses[_i].sw ? switch_of(addresses[_i].sw) : TOPO_NONE);
}
END_TEST

static const struct {
	const char *hostname, *sw; /* NULL: nobody's */
} hostnames[] = {
	{ "leaf1", "leaf1" },
	{ "LEAF1", "leaf1" },
	{ "leaf1.dc1.example.net", "leaf1" },
	{ "Leaf1.DC1.Example.Net", "leaf1" },
	{ "spine1", "spine1" },
	{ "spine1.dc1.example.net", "spine1" },
	/* Only the short name of leaf2 is known. */
	{ "leaf2", "leaf2" },
	{ "leaf2.anywhere.example.org", "leaf2" },
	/* leaf1 is known to be in dc1. */
	{ "leaf1.dc2.example.net", NULL },
	{ "leaf3", NULL },
	{ "leaf1.", NULL },
	{ ".leaf2", NULL },
	{ "", NULL },
};

START_TEST(a_switch_is_found_by_its_host_name_short_or_full_in_any_case)
{
	uint32_t found = topo_switch_by_hostname(topo, slice_of(hostnames[_i].hostname));

	ck_assert_uint_eq(found, hostnames[_i].sw ? switch_of(hostnames[_i].sw) : TOPO_NONE);
}
END_TEST

START_TEST(a_host_name_that_fits_two_switches_names_neither)
{
	struct topo_faults faults = { 0 };
	char *twins = json_text("{'switches': [{'name': 'a', 'hostnames': ['sw.dc1', '10.1.2.3']},"
				"{'name': 'b', 'hostnames': ['sw.dc2', '10.9.9.9']}]}");

	teardown();
	ck_assert_int_eq(topo_from_text(slice_of(twins), &topo, &faults), 0);
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("sw")), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("sw.dc1")), switch_of("a"));
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("sw.dc2")), switch_of("b"));
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("sw.dc3")), TOPO_NONE);
	/* An address has no first label. */
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("10.1.2.3")), switch_of("a"));
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("10")), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("10.7.7.7")), TOPO_NONE);
	topo_faults_release(&faults);
	free(twins);
}
END_TEST

START_TEST(a_switch_is_found_by_its_whole_engine_id)
{
	static const uint8_t id[] = { 0x80, 0, 0, 9, 3, 1, 2, 3, 4, 5, 0 };

	ck_assert_uint_eq(topo_switch_by_engine_id(topo, id, 10), switch_of("leaf1"));
	ck_assert_uint_eq(topo_switch_by_engine_id(topo, id, 11), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_by_engine_id(topo, id, 9), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_by_engine_id(topo, id, 0), TOPO_NONE);
}
END_TEST

START_TEST(switches_and_hosts_are_found_by_their_exact_names)
{
	ck_assert_uint_eq(topo_switch_find(topo, SLICE("Leaf1")), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_find(topo, SLICE("leaf")), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_find(topo, SLICE("")), TOPO_NONE);
	ck_assert_str_eq(
	    text(topo_host_get(topo, topo_host_find(topo, SLICE("compute-8")))->name), "compute-8");
	ck_assert_uint_eq(topo_host_find(topo, SLICE("compute-9")), TOPO_NONE);
}
END_TEST

START_TEST(a_port_that_is_not_there_is_not_found)
{
	ck_assert_uint_eq(port_of("11111111-1111-4111-8111-111111111112"), TOPO_NONE);
}
END_TEST

static const char *const no_uuids[] = { "", "11111111-1111-4111-8111-11111111111",
	"11111111-1111-4111-8111-1111111111111", "11111111-1111-4111-8111-11111111111g",
	"111111111111-4111-8111-1111111111111", "11111111111141118111111111111111",
	"11111111-1111-4111-8111111111111111", "{1111111-1111-4111-8111-11111111111}",
	"1111111-11111-4111-8111-111111111111" };

START_TEST(what_is_no_uuid_is_refused_and_leaves_the_id_alone)
{
	uint8_t id[16], before[16];

	memset(id, 0xa5, sizeof(id));
	memcpy(before, id, sizeof(id));
	ck_assert(!port_id_parse(slice_of(no_uuids[_i]), id));
	ck_assert_mem_eq(id, before, sizeof(id));
}
END_TEST

START_TEST(a_uuid_is_read_in_any_case_and_written_in_lower_case)
{
	static const uint8_t want[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x4c, 0xde, 0x8f,
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd };
	char buf[PORT_ID_TEXT];
	uint8_t id[16];

	ck_assert(port_id_parse(SLICE("01234567-89AB-4cDE-8f01-23456789abCD"), id));
	ck_assert_mem_eq(id, want, sizeof(id));
	ck_assert_str_eq(port_id_format(id, buf), "01234567-89ab-4cde-8f01-23456789abcd");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("topo find");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, an_interface_is_found_by_every_spelling_and_alias_of_its_own_switch,
	    0, N(spellings));
	tcase_add_loop_test(
	    tc, an_interface_is_found_by_its_place_where_its_notation_is_another_one, 0, N(places));
	tcase_add_test(tc, an_interface_is_found_by_its_index_on_its_own_switch);
	tcase_add_loop_test(tc, a_switch_is_found_by_each_of_its_addresses, 0, N(addresses));
	tcase_add_loop_test(
	    tc, a_switch_is_found_by_its_host_name_short_or_full_in_any_case, 0, N(hostnames));
	tcase_add_test(tc, a_host_name_that_fits_two_switches_names_neither);
	tcase_add_test(tc, a_switch_is_found_by_its_whole_engine_id);
	tcase_add_test(tc, switches_and_hosts_are_found_by_their_exact_names);
	tcase_add_test(tc, a_port_that_is_not_there_is_not_found);
	tcase_add_loop_test(tc, what_is_no_uuid_is_refused_and_leaves_the_id_alone, 0, N(no_uuids));
	tcase_add_test(tc, a_uuid_is_read_in_any_case_and_written_in_lower_case);
	return run_case("topo find", tc);
}
