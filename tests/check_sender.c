/* sender: for which switch a datagram speaks, and whom to believe about that. */
#include <check.h>

#include "core/sender.h"
#include "lib/net.h"
#include "lib/run_suite.h"
#include "lib/topo_fixture.h"
#include "lib/varbinds.h"

static struct addr_net relay_net;
static struct config_nets relays;

static struct addr
addr_of(const char *text)
{
	struct addr addr;

	ck_assert(addr_parse(slice_of(text), &addr));
	return addr;
}

static void
set_up(void)
{
	setup();
	ck_assert(addr_net_parse(SLICE("198.51.100.0/24"), &relay_net));
	relays = (struct config_nets){ &relay_net, 1 };
}

/* Switches of the fixture: leaf1 192.0.2.11 and 2001:db8::11, leaf2 192.0.2.12, spine1 by name alone. NULL: none. */
static const struct {
	const char *from, *agent, *named; /* v1 agent-addr; snmpTrapAddress.0; NULL: none */
	const char *sw, *believed;
} traps[] = {
	{ "192.0.2.11", NULL, NULL, "leaf1", "192.0.2.11" },
	{ "2001:db8::11", NULL, NULL, "leaf1", "2001:db8::11" },
	{ "192.0.2.99", NULL, NULL, NULL, "192.0.2.99" },
	{ "::ffff:192.0.2.11", NULL, NULL, "leaf1", "192.0.2.11" },
	/* Several addresses; a link-local one without a scope in the map fits every scope. */
	{ "fe80::12%3", NULL, NULL, "leaf2", "fe80::12%3" },
	{ "198.51.100.7", "0.0.0.0", "192.0.2.12", "leaf2", "192.0.2.12" },
	/* Anybody can write anything into a trap. */
	{ "192.0.2.11", "192.0.2.12", NULL, "leaf1", "192.0.2.11" },
	{ "192.0.2.99", "192.0.2.12", NULL, NULL, "192.0.2.99" },
	{ "192.0.2.99", NULL, "192.0.2.12", NULL, "192.0.2.99" },
	/* A relay is believed; what it names must be in the map all the same. */
	{ "198.51.100.7", "192.0.2.12", NULL, "leaf2", "192.0.2.12" },
	{ "198.51.100.7", NULL, "192.0.2.12", "leaf2", "192.0.2.12" },
	{ "198.51.100.7", "192.0.2.99", NULL, NULL, "192.0.2.99" },
	{ "198.51.100.7", "0.0.0.0", NULL, NULL, "198.51.100.7" },
	{ "198.51.100.7", "0.0.0.0", "192.0.2.12", "leaf2", "192.0.2.12" },
	{ "198.51.100.7", NULL, NULL, NULL, "198.51.100.7" },
};

static void
expect(uint32_t sw, const char *name, const struct addr *believed, const char *believed_text)
{
	char buf[ADDR_TEXT_MAX];

	ck_assert_str_eq(addr_format(believed, buf), believed_text);
	if (!name) {
		ck_assert_uint_eq(sw, TOPO_NONE);
		return;
	}
	ck_assert_uint_ne(sw, TOPO_NONE);
	ck_assert_str_eq(text(topo_switch_get(topo, sw)->name), name);
}

START_TEST(a_trap_speaks_for_its_source_unless_a_relay_sent_it)
{
	struct addr from = addr_of(traps[_i].from);
	struct trap trap = { .version = traps[_i].agent ? 1 : 2 };
	struct trap_varbind named = ADDRESS("", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0);

	if (traps[_i].agent) {
		struct addr agent = addr_of(traps[_i].agent);
		memcpy(trap.agent_addr, agent.ip + 12, 4);
	}
	if (traps[_i].named) {
		static struct addr address;
		address = addr_of(traps[_i].named);
		named.bytes = (struct slice){ (const char *)address.ip + 12, 4 };
		trap.varbinds = &named;
		trap.n_varbinds = 1;
	}
	struct sender sender = sender_of_trap(topo, &relays, &from, &trap);
	expect(sender.sw, traps[_i].sw, &sender.addr, traps[_i].believed);
	ck_assert(!sender.mismatch);
}
END_TEST

/* leaf1 of the fixture has no engine; the map here gives leaf2 one. */
#define ENGINE "\x80\x00\x1f\x88\x04\xc0\xff\xee\x01"

static const struct {
	const char *from;
	struct slice engine_id;
	const char *sw;
	bool mismatch;
} engines[] = {
	{ "192.0.2.99", SLICE(ENGINE), "leaf2", false },
	{ "192.0.2.12", SLICE(ENGINE), "leaf2", false },
	{ "192.0.2.11", SLICE(ENGINE), "leaf2", true },
	/* An engine that is not in the map says nothing: the address does. */
	{ "192.0.2.11", SLICE("\x80\x00\x1f\x88\x04\xc0\xff\xee\x02"), "leaf1", false },
	{ "192.0.2.99", SLICE("\x80\x00\x1f\x88\x04\xc0\xff\xee\x02"), NULL, false },
	{ "192.0.2.99", { NULL, 0 }, NULL, false },
};

START_TEST(an_authenticated_engine_of_the_map_goes_before_the_address)
{
	struct topo *map =
	    topo_of_text("{'switches': [{'name': 'leaf1', 'addresses': ['192.0.2.11']},"
			 "{'name': 'leaf2', 'addresses': ['192.0.2.12'],"
			 " 'engine_id': '0x80001f8804c0ffee01'}]}");
	struct addr from = addr_of(engines[_i].from);
	struct trap trap = { .version = 3, .engine_id = engines[_i].engine_id };
	struct sender sender = sender_of_trap(map, &relays, &from, &trap);

	ck_assert_int_eq(sender.mismatch, engines[_i].mismatch);
	if (engines[_i].sw == NULL)
		ck_assert_uint_eq(sender.sw, TOPO_NONE);
	else
		ck_assert_str_eq(
		    topo_text_get(map, topo_switch_get(map, sender.sw)->name), engines[_i].sw);
	topo_free(map);
}
END_TEST

static const struct {
	const char *from; /* NULL: a local socket */
	const char *host;
	const char *sw, *believed;
} lines[] = {
	{ "192.0.2.11", "", "leaf1", "192.0.2.11" },
	{ "192.0.2.11", "leaf2", "leaf1", "192.0.2.11" },
	{ "192.0.2.99", "leaf2", NULL, "192.0.2.99" },
	{ "198.51.100.7", "leaf2", "leaf2", "198.51.100.7" },
	{ "198.51.100.7", "LEAF1.dc1.example.net", "leaf1", "198.51.100.7" },
	{ "198.51.100.7", "192.0.2.12", "leaf2", "192.0.2.12" },
	{ "198.51.100.7", "192.0.2.99", NULL, "192.0.2.99" },
	/* FASTPATH, with the unit of the stack */
	{ "198.51.100.7", "192.0.2.12-1", "leaf2", "192.0.2.12" },
	{ "198.51.100.7", "192.0.2.12-111", NULL, "198.51.100.7" },
	{ "198.51.100.7", "192.0.2.12-x", NULL, "198.51.100.7" },
	{ "198.51.100.7", "leaf2-1", NULL, "198.51.100.7" },
	{ "198.51.100.7", "stranger", NULL, "198.51.100.7" },
	{ "198.51.100.7", "", NULL, "198.51.100.7" },
	/* syslog-ng's chain_hostnames: who said it, and who handed it on */
	{ "198.51.100.7", "leaf1/relay1", "leaf1", "198.51.100.7" },
	{ "198.51.100.7", "group@leaf1/relay1/relay2", "leaf1", "198.51.100.7" },
	{ "198.51.100.7", "group@192.0.2.12", "leaf2", "192.0.2.12" },
	{ "198.51.100.7", "mgmt0/192.0.2.12/relay1", "leaf2", "192.0.2.12" },
	{ "198.51.100.7", "2001:db8::11/relay1", "leaf1", "2001:db8::11" },
	{ "198.51.100.7", "stranger/192.0.2.99", NULL, "192.0.2.99" },
	{ "198.51.100.7", "192.0.2.98/192.0.2.99", NULL, "192.0.2.98" },
	{ "198.51.100.7", "192.0.2.98/leaf1", "leaf1", "198.51.100.7" },
	{ "198.51.100.7", "stranger/relay1", NULL, "198.51.100.7" },
	{ "198.51.100.7", "/@", NULL, "198.51.100.7" },
	{ "192.0.2.11", "leaf2/relay1", "leaf1", "192.0.2.11" },
	{ NULL, "spine1", "spine1", "::" },
	{ NULL, "2001:db8::11", "leaf1", "2001:db8::11" },
	{ NULL, "", NULL, "::" },
};

START_TEST(a_line_speaks_for_its_source_unless_a_relay_or_a_local_socket_names_another)
{
	struct addr from = addr_of(lines[_i].from ? lines[_i].from : "::"), believed;

	uint32_t sw = sender_of_syslog(topo, &relays, lines[_i].from ? &from : NULL,
	    slice_of(lines[_i].host), SLICE(""), &believed);
	expect(sw, lines[_i].sw, &believed, lines[_i].believed);
}
END_TEST

/* What the device calls itself, which need not be in the map, and what the relay calls it. */
static const struct {
	const char *from; /* NULL: a local socket */
	const char *host, *outer;
	const char *sw, *believed;
} named_twice[] = {
	{ "198.51.100.7", "core-7", "192.0.2.12", "leaf2", "192.0.2.12" },
	{ "198.51.100.7", "orchagent", "leaf1", "leaf1", "198.51.100.7" },
	{ "198.51.100.7", "192.0.2.98", "leaf1/relay1", "leaf1", "198.51.100.7" },
	{ NULL, "core-7", "192.0.2.12", "leaf2", "192.0.2.12" },
	/* The device goes before the relay. */
	{ "198.51.100.7", "leaf1", "192.0.2.12", "leaf1", "198.51.100.7" },
	/* Both are strangers: the first address is the one to map. */
	{ "198.51.100.7", "core-7", "192.0.2.99", NULL, "192.0.2.99" },
	{ "198.51.100.7", "192.0.2.98", "192.0.2.99", NULL, "192.0.2.98" },
	{ "198.51.100.7", "core-7", "core-7", NULL, "198.51.100.7" },
	{ "198.51.100.7", "", "leaf1", NULL, "198.51.100.7" },
	{ "192.0.2.99", "core-7", "192.0.2.12", NULL, "192.0.2.99" },
};

START_TEST(where_a_device_names_itself_as_nobody_its_relay_is_asked)
{
	struct addr from = addr_of(named_twice[_i].from ? named_twice[_i].from : "::"), believed;

	uint32_t sw = sender_of_syslog(topo, &relays, named_twice[_i].from ? &from : NULL,
	    slice_of(named_twice[_i].host), slice_of(named_twice[_i].outer), &believed);
	expect(sw, named_twice[_i].sw, &believed, named_twice[_i].believed);
}
END_TEST

START_TEST(a_relay_that_is_a_switch_does_not_take_for_its_own_what_others_say)
{
	struct config_nets all = { &relay_net, 1 };
	struct addr from = addr_of("192.0.2.11"), believed;

	ck_assert(addr_net_parse(SLICE("192.0.2.0/24"), &relay_net));
	uint32_t sw =
	    sender_of_syslog(topo, &all, &from, SLICE("core-7"), SLICE("leaf1"), &believed);
	expect(sw, NULL, &believed, "192.0.2.11");
	sw = sender_of_syslog(topo, &all, &from, SLICE("core-7"), SLICE("192.0.2.12"), &believed);
	expect(sw, "leaf2", &believed, "192.0.2.12");
}
END_TEST

START_TEST(the_origin_of_a_chain_of_hosts_is_its_first)
{
	ck_assert(slice_eq_str(sender_origin(SLICE("group@sw1/192.0.2.7/relay1")), "sw1"));
	ck_assert(slice_eq_str(sender_origin(SLICE("2001:db8::7")), "2001:db8::7"));
	ck_assert_uint_eq(sender_origin(SLICE("")).len, 0);
}
END_TEST

START_TEST(without_relays_nobody_speaks_for_others)
{
	struct config_nets none = { 0 };
	struct addr from = addr_of("198.51.100.7"), believed;

	ck_assert_uint_eq(
	    sender_of_syslog(topo, &none, &from, SLICE("leaf1"), SLICE("leaf2"), &believed),
	    TOPO_NONE);
}
END_TEST

/* Its first number would be the short name of this one. */
START_TEST(an_address_that_is_in_no_map_is_no_host_name)
{
	struct topo *map =
	    topo_of_text("{'switches': [{'name': '203', 'addresses': ['192.0.2.11']}]}");
	const struct addr from = addr_of("198.51.100.7");
	struct addr believed;

	ck_assert_uint_eq(
	    sender_of_syslog(map, &relays, &from, SLICE("203.0.113.9"), SLICE(""), &believed),
	    TOPO_NONE);
	ck_assert_uint_eq(
	    sender_of_syslog(map, &relays, &from, SLICE("203"), SLICE(""), &believed), 0);
	topo_free(map);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("sender");

	tcase_add_checked_fixture(tcase, set_up, teardown);
	tcase_add_loop_test(tcase, an_authenticated_engine_of_the_map_goes_before_the_address, 0,
	    sizeof(engines) / sizeof(engines[0]));
	tcase_add_loop_test(tcase, a_trap_speaks_for_its_source_unless_a_relay_sent_it, 0,
	    sizeof(traps) / sizeof(traps[0]));
	tcase_add_test(tcase, an_address_that_is_in_no_map_is_no_host_name);
	tcase_add_loop_test(tcase,
	    a_line_speaks_for_its_source_unless_a_relay_or_a_local_socket_names_another, 0,
	    sizeof(lines) / sizeof(lines[0]));
	tcase_add_loop_test(tcase, where_a_device_names_itself_as_nobody_its_relay_is_asked, 0,
	    sizeof(named_twice) / sizeof(named_twice[0]));
	tcase_add_test(tcase, a_relay_that_is_a_switch_does_not_take_for_its_own_what_others_say);
	tcase_add_test(tcase, the_origin_of_a_chain_of_hosts_is_its_first);
	tcase_add_test(tcase, without_relays_nobody_speaks_for_others);
	return run_case("sender", tcase);
}
