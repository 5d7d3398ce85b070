/*
 * topo_fixture: a small topology with a bit of everything, loaded before each test, and short ways to ask it.
 */
#ifndef DPWATCH_TESTS_LIB_TOPO_FIXTURE_H
#define DPWATCH_TESTS_LIB_TOPO_FIXTURE_H

#include <check.h>

#include "core/topo.h"
#include "lib/topo_text.h"

#define PORT1 "11111111-1111-4111-8111-111111111111"
#define PORT2 "22222222-2222-4222-8222-222222222222"
#define PORT3 "33333333-3333-4333-8333-333333333333"
#define PORT4 "44444444-4444-4444-8444-444444444444"

static const char document[] =
    "{'ports': ["
    "  {'id': '" PORT1 "', 'name': 'vm1-eth0', 'project_id': 'p1', 'host': 'compute-7'},"
    "  {'id': '" PORT2 "', 'host': 'compute-8', 'physnet': 'physnet1'},"
    "  {'id': '" PORT3 "', 'attachments': ['leaf1:Eth1/2', 'leaf1:port-channel10']},"
    "  {'id': '" PORT4
    "', 'name': 'vm4-eth0', 'project_id': 'p1', 'host': 'compute-7', 'physnet': 'other'}],"
    " 'hosts': ["
    "  {'name': 'compute-7', 'attachments': ['leaf1:Ethernet1/1', 'leaf2:GigabitEthernet1/0/1'],"
    "   'stranded': 'down'},"
    "  {'name': 'compute-8', 'physnets': {'physnet1': ['leaf1:Po10'], 'physnet2': ['leaf2:Gi1/0/1']}}],"
    " 'links': ["
    "  {'a': 'leaf1:port-channel10', 'b': 'spine1:Ethernet1/1'},"
    "  {'a': 'leaf1:Ethernet1/47', 'b': 'leaf2:Gi1/0/47', 'peer': true}],"
    " 'switches': ["
    "  {'name': 'leaf1', 'addresses': ['192.0.2.11', '2001:db8::11'], 'hostnames': ['leaf1.dc1.example.net'],"
    "   'engine_id': '0x80000009030102030405', 'chassis_id': '00:1b:54:aa:bb:cc', 'os': 'nx-os',"
    "   'transit': false, 'sources': ['trap'], 'min_level': 'authPriv', 'boot_settle': '90s',"
    "   'poll': {'port': 1161, 'community': 'file:/c'},"
    "   'interfaces': ["
    "     {'name': 'port-channel10', 'members': ['Ethernet1/49', 'Eth1/50'], 'min_links': 2, 'fallback': true},"
    "     {'name': 'Ethernet1/1', 'if_index': 436207616, 'aliases': ['to compute-7', 'swp1']}]},"
    "  {'name': 'leaf2', 'addresses': ['192.0.2.12', 'fe80::12'], 'os': 'ios-xe'},"
    "  {'name': 'spine1', 'hostnames': ['SPINE1.dc1.example.net'], 'root': true}]}";

static struct topo *topo;

static inline void
setup(void)
{
	topo = topo_of_text(document);
}

static inline void
teardown(void)
{
	topo_free(topo);
	topo = NULL;
}

static inline uint32_t
switch_of(const char *name)
{
	uint32_t sw = topo_switch_find(topo, slice_of(name));

	ck_assert_uint_ne(sw, TOPO_NONE);
	return sw;
}

static inline const struct topo_switch *
switch_row(const char *name)
{
	return topo_switch_get(topo, switch_of(name));
}

static inline uint32_t
interface_of(const char *sw, const char *name)
{
	return topo_interface_find(topo, switch_of(sw), slice_of(name));
}

static inline uint32_t
port_of(const char *text)
{
	uint8_t id[16];

	ck_assert(port_id_parse(slice_of(text), id));
	return topo_port_find(topo, id);
}

static inline const char *
text(topo_text ref)
{
	return topo_text_get(topo, ref);
}

static inline const char *
interface_text(uint32_t interface)
{
	static char buf[64];

	return topo_interface_text(topo, interface, buf, sizeof(buf));
}

#endif
