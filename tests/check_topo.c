/*
 * The snapshot: what stands where.
 */
#include <stdio.h>
#include <string.h>

#include "lib/run_suite.h"
#include "lib/topo_fixture.h"

START_TEST(everything_of_the_document_is_counted)
{
	ck_assert_uint_eq(topo_n_switches(topo), 3);
	ck_assert_uint_eq(topo_n_links(topo), 2);
	ck_assert_uint_eq(topo_n_hosts(topo), 2);
	ck_assert_uint_eq(topo_n_ports(topo), 4);
	/* leaf1: Po10, Eth1/1, 49, 50, 47, 2; leaf2: Gi1/0/47, 1/0/1; spine1: Eth1/1. */
	ck_assert_uint_eq(topo_n_interfaces(topo), 9);
	/* compute-7, two of compute-8, one of port 3. */
	ck_assert_uint_eq(topo_n_groups(topo), 4);
}
END_TEST

START_TEST(a_switch_keeps_all_that_the_document_says)
{
	static const uint8_t engine_id[] = { 0x80, 0, 0, 9, 3, 1, 2, 3, 4, 5 };
	const struct topo_switch *row = switch_row("leaf1");
	char buf[ADDR_TEXT_MAX];

	ck_assert_str_eq(text(row->name), "leaf1");
	ck_assert_str_eq(text(row->chassis_id), "00:1b:54:aa:bb:cc");
	ck_assert_str_eq(text(row->os_text), "nx-os");
	ck_assert_int_eq(row->os, OS_NX_OS);
	ck_assert(!row->root);
	ck_assert(!row->transit);
	ck_assert_uint_eq(row->sources, TOPO_SOURCE_TRAP);
	ck_assert_int_eq(row->min_level, 2);
	ck_assert_int_eq(row->boot_settle_ms, 90000);
	ck_assert_str_eq(text(row->poll), "{\"community\":\"file:/c\",\"port\":1161}");
	ck_assert_uint_eq(row->engine_id_len, sizeof(engine_id));
	ck_assert_mem_eq(row->engine_id, engine_id, sizeof(engine_id));
	ck_assert_uint_eq(row->addresses.n, 2);
	ck_assert_str_eq(addr_format(topo_address(topo, row->addresses.first), buf), "192.0.2.11");
	ck_assert_str_eq(
	    addr_format(topo_address(topo, row->addresses.first + 1), buf), "2001:db8::11");
	ck_assert_uint_eq(row->hostnames.n, 1);
	ck_assert_str_eq(text(topo_hostname(topo, row->hostnames.first)), "leaf1.dc1.example.net");
}
END_TEST

START_TEST(what_the_document_does_not_say_has_its_default)
{
	const struct topo_switch *row = switch_row("leaf2");
	const struct topo_interface *interface =
	    topo_interface_get(topo, interface_of("leaf2", "Gi1/0/1"));

	ck_assert(!row->root);
	ck_assert(row->transit);
	ck_assert_uint_eq(row->sources, TOPO_SOURCE_TRAP | TOPO_SOURCE_SYSLOG);
	ck_assert_int_eq(row->min_level, -1);
	ck_assert_int_eq(row->boot_settle_ms, 0);
	ck_assert_uint_eq(row->poll, 0);
	ck_assert_uint_eq(row->engine_id_len, 0);
	ck_assert_str_eq(text(row->chassis_id), "");
	ck_assert_int_eq(switch_row("spine1")->os, OS_UNKNOWN);
	ck_assert_uint_eq(interface->if_index, 0);
	ck_assert_uint_eq(interface->aggregate, TOPO_NONE);
	ck_assert_uint_eq(interface->members.n, 0);
	ck_assert_uint_eq(interface->min_links, 1);
	ck_assert(!interface->fallback);
	ck_assert(!topo_host_get(topo, topo_host_find(topo, SLICE("compute-8")))->stranded_down);
	ck_assert(!topo_link_get(topo, 0)->peer);
	ck_assert_str_eq(text(topo_port_get(topo, port_of(PORT3))->name), "");
}
END_TEST

START_TEST(the_interfaces_of_a_switch_stand_side_by_side_and_know_it)
{
	uint32_t n = 0;

	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++) {
		struct topo_range range = topo_switch_get(topo, sw)->interfaces;
		ck_assert_uint_eq(range.first, n);
		for (uint32_t i = 0; i < range.n; i++)
			ck_assert_uint_eq(topo_interface_get(topo, range.first + i)->sw, sw);
		n += range.n;
	}
	ck_assert_uint_eq(n, topo_n_interfaces(topo));
}
END_TEST

START_TEST(an_interface_is_written_as_its_entry_spells_it_or_as_it_was_first_referenced)
{
	ck_assert_str_eq(interface_text(interface_of("leaf1", "po10")), "leaf1:port-channel10");
	ck_assert_str_eq(interface_text(interface_of("leaf1", "eth1/1")), "leaf1:Ethernet1/1");
	ck_assert_str_eq(interface_text(interface_of("leaf1", "Ethernet1/50")), "leaf1:Eth1/50");
	/* The hosts come before the ports, and the links before both, however the document orders them. */
	ck_assert_str_eq(
	    interface_text(interface_of("leaf2", "Gi1/0/1")), "leaf2:GigabitEthernet1/0/1");
	ck_assert_str_eq(interface_text(interface_of("leaf1", "Ethernet1/2")), "leaf1:Eth1/2");
}
END_TEST

START_TEST(an_interface_text_that_does_not_fit_is_cut)
{
	char buf[8];

	ck_assert_str_eq(
	    topo_interface_text(topo, interface_of("leaf1", "po10"), buf, sizeof(buf)), "leaf1:p");
}
END_TEST

START_TEST(an_aggregate_and_its_members_know_each_other)
{
	uint32_t po10 = interface_of("leaf1", "po10");
	const struct topo_interface *row = topo_interface_get(topo, po10);

	ck_assert_uint_eq(row->members.n, 2);
	ck_assert_uint_eq(row->min_links, 2);
	ck_assert(row->fallback);
	ck_assert_str_eq(
	    interface_text(topo_member(topo, row->members.first)), "leaf1:Ethernet1/49");
	ck_assert_str_eq(
	    interface_text(topo_member(topo, row->members.first + 1)), "leaf1:Eth1/50");
	ck_assert_uint_eq(
	    topo_interface_get(topo, interface_of("leaf1", "Eth1/49"))->aggregate, po10);
	ck_assert_uint_eq(
	    topo_interface_get(topo, interface_of("leaf1", "Eth1/50"))->aggregate, po10);
	ck_assert_uint_eq(
	    topo_interface_get(topo, interface_of("leaf1", "Eth1/47"))->aggregate, TOPO_NONE);
}
END_TEST

START_TEST(a_link_is_known_at_both_its_ends)
{
	uint32_t a = interface_of("leaf1", "po10"), b = interface_of("spine1", "Eth1/1");
	const struct topo_interface *ends[] = { topo_interface_get(topo, a),
		topo_interface_get(topo, b) };

	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(ends[i]->links.n, 1);
		uint32_t link = topo_link_of_interface(topo, ends[i]->links.first);
		ck_assert_uint_eq(topo_link_get(topo, link)->a, a);
		ck_assert_uint_eq(topo_link_get(topo, link)->b, b);
	}
	const struct topo_interface *peer =
	    topo_interface_get(topo, interface_of("leaf2", "Gi1/0/47"));
	ck_assert(topo_link_get(topo, topo_link_of_interface(topo, peer->links.first))->peer);
}
END_TEST

/* The attachments of a port's group, as text, one after the other. */
static const char *
paths_of(uint32_t port)
{
	static char buf[256];
	const struct topo_group *group = topo_group_get(topo, topo_port_get(topo, port)->group);

	buf[0] = '\0';
	for (uint32_t i = 0; i < group->attachments.n; i++) {
		strcat(buf, interface_text(topo_attachment(topo, group->attachments.first + i)));
		strcat(buf, " ");
	}
	return buf;
}

START_TEST(a_port_takes_its_host_s_physnet_or_else_its_host_s_attachments_or_its_own)
{
	ck_assert_str_eq(paths_of(port_of(PORT1)), "leaf1:Ethernet1/1 leaf2:GigabitEthernet1/0/1 ");
	ck_assert_str_eq(paths_of(port_of(PORT2)), "leaf1:port-channel10 ");
	ck_assert_str_eq(paths_of(port_of(PORT3)), "leaf1:Eth1/2 leaf1:port-channel10 ");
	/* compute-7 has no physnet "other": its plain attachments. */
	ck_assert_str_eq(paths_of(port_of(PORT4)), "leaf1:Ethernet1/1 leaf2:GigabitEthernet1/0/1 ");
}
END_TEST

START_TEST(ports_of_one_host_share_a_group_that_knows_its_host)
{
	const struct topo_port *port = topo_port_get(topo, port_of(PORT1));
	const struct topo_group *group = topo_group_get(topo, port->group);

	ck_assert_str_eq(text(port->name), "vm1-eth0");
	ck_assert_str_eq(text(port->project_id), "p1");
	ck_assert_uint_eq(topo_port_get(topo, port_of(PORT4))->group, port->group);
	ck_assert_uint_eq(group->host, topo_host_find(topo, SLICE("compute-7")));
	ck_assert_uint_eq(group->physnet, 0);
	ck_assert(group->stranded_down);
	ck_assert_uint_eq(group->ports.n, 2);
	ck_assert_uint_eq(topo_port_of_group(topo, group->ports.first), port_of(PORT1));
	ck_assert_uint_eq(topo_port_of_group(topo, group->ports.first + 1), port_of(PORT4));
	group = topo_group_get(topo, topo_port_get(topo, port_of(PORT2))->group);
	ck_assert_str_eq(text(group->physnet), "physnet1");
	ck_assert(!group->stranded_down);
	group = topo_group_get(topo, topo_port_get(topo, port_of(PORT3))->group);
	ck_assert_uint_eq(group->host, TOPO_NONE);
	ck_assert_uint_eq(group->ports.n, 1);
}
END_TEST

START_TEST(an_interface_knows_every_group_that_is_attached_to_it)
{
	const struct topo_interface *po10 = topo_interface_get(topo, interface_of("leaf1", "po10"));

	ck_assert_uint_eq(po10->groups.n, 2);
	ck_assert_uint_eq(topo_group_of_interface(topo, po10->groups.first),
	    topo_port_get(topo, port_of(PORT2))->group);
	ck_assert_uint_eq(topo_group_of_interface(topo, po10->groups.first + 1),
	    topo_port_get(topo, port_of(PORT3))->group);
	ck_assert_uint_eq(topo_interface_get(topo, interface_of("leaf1", "Eth1/49"))->groups.n, 0);
}
END_TEST

START_TEST(an_empty_document_is_an_empty_snapshot)
{
	struct topo_faults faults = { 0 };
	uint8_t id[16] = { 0 };
	struct addr addr = { 0 };

	teardown();
	ck_assert_int_eq(topo_from_text(SLICE("{}"), &topo, &faults), 0);
	ck_assert_uint_eq(topo_n_switches(topo), 0);
	ck_assert_uint_eq(topo_n_ports(topo), 0);
	ck_assert_uint_eq(topo_port_find(topo, id), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_by_addr(topo, &addr), TOPO_NONE);
	ck_assert_uint_eq(topo_switch_by_hostname(topo, SLICE("x")), TOPO_NONE);
	ck_assert_str_eq(text(0), "");
	ck_assert_uint_eq(faults.n, 0);
}
END_TEST

/* Each may have 255 characters: together with the colon they are 511. */
START_TEST(a_reference_of_two_long_names_is_found)
{
	char sw[201], interface[TOPO_NAME_MAX + 1], reference[600], map[2048];

	memset(sw, 's', sizeof(sw) - 1);
	sw[sizeof(sw) - 1] = '\0';
	memset(interface, 'i', sizeof(interface) - 1);
	interface[sizeof(interface) - 1] = '\0';
	snprintf(reference, sizeof(reference), "%s:%s", sw, interface);
	snprintf(map, sizeof(map),
	    "{'switches': [{'name': '%s', 'addresses': ['192.0.2.1']}, {'name': 'b', 'addresses': "
	    "['192.0.2.2']}], 'links': [{'a': '%s', 'b': 'b:Eth1'}], 'hosts': [{'name': 'h', "
	    "'attachments': ['%s']}]}",
	    sw, reference, reference);
	teardown();
	topo = topo_of_text(map);
	const struct topo_interface *row = topo_interface_get(topo, interface_of(sw, interface));
	ck_assert_uint_eq(row->links.n, 1);
	ck_assert_uint_eq(row->groups.n, 1);
	ck_assert_str_eq(text(row->name), interface);
}
END_TEST

START_TEST(a_small_snapshot_is_small)
{
	ck_assert_uint_le(topo_bytes(topo), 16384);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("topo");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, everything_of_the_document_is_counted);
	tcase_add_test(tc, a_switch_keeps_all_that_the_document_says);
	tcase_add_test(tc, what_the_document_does_not_say_has_its_default);
	tcase_add_test(tc, the_interfaces_of_a_switch_stand_side_by_side_and_know_it);
	tcase_add_test(
	    tc, an_interface_is_written_as_its_entry_spells_it_or_as_it_was_first_referenced);
	tcase_add_test(tc, an_interface_text_that_does_not_fit_is_cut);
	tcase_add_test(tc, an_aggregate_and_its_members_know_each_other);
	tcase_add_test(tc, a_link_is_known_at_both_its_ends);
	tcase_add_test(
	    tc, a_port_takes_its_host_s_physnet_or_else_its_host_s_attachments_or_its_own);
	tcase_add_test(tc, ports_of_one_host_share_a_group_that_knows_its_host);
	tcase_add_test(tc, an_interface_knows_every_group_that_is_attached_to_it);
	tcase_add_test(tc, an_empty_document_is_an_empty_snapshot);
	tcase_add_test(tc, a_reference_of_two_long_names_is_found);
	tcase_add_test(tc, a_small_snapshot_is_small);
	return run_case("topo", tc);
}
