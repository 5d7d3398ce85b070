#include <check.h>
#include <string.h>

#include "core/ifname.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define N(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const char *
key_of(enum os_family os, const char *name, char *buf)
{
	size_t len = ifname_key(os, slice_of(name), buf);

	ck_assert_uint_eq(strlen(buf), len);
	return buf;
}

/* Spellings of one interface. */
static const struct {
	enum os_family os;
	const char *a, *b;
} same[] = {
	{ OS_UNKNOWN, "Gi1/0/1", "GigabitEthernet1/0/1" },
	{ OS_UNKNOWN, "GigabitEthernet 1/0/1", "gigabitethernet1/0/1" },
	{ OS_UNKNOWN, "GE1/0/1", "GigabitEthernet1/0/1" },
	{ OS_UNKNOWN, "Gig1/0/1", "Gi1/0/1" },
	{ OS_UNKNOWN, "Fa0/1", "FastEthernet0/1" },
	{ OS_UNKNOWN, "Te1/1/4", "TenGigabitEthernet1/1/4" },
	{ OS_UNKNOWN, "Te0/0/0/1", "TenGigE0/0/0/1" },
	{ OS_UNKNOWN, "TenGigabitEthernet 1/5", "TenGigabitEthernet1/5" },
	{ OS_UNKNOWN, "Ten-GigabitEthernet1/0/3", "XGE1/0/3" },
	{ OS_UNKNOWN, "XGigabitEthernet0/0/3", "XGE0/0/3" },
	{ OS_UNKNOWN, "Twe1/0/1", "TwentyFiveGigE1/0/1" },
	{ OS_UNKNOWN, "Tw1/0/1", "TwoGigabitEthernet1/0/1" },
	{ OS_OTHER, "Fo1/1/1", "FortyGigabitEthernet1/1/1" },
	{ OS_UNKNOWN, "Fo 1/49", "fortyGigE 1/49" },
	{ OS_UNKNOWN, "Fi1/0/1", "FiveGigabitEthernet1/0/1" },
	{ OS_OTHER, "Fi0/0/0/1", "FiftyGigE0/0/0/1" },
	{ OS_UNKNOWN, "Fi 1/5", "fiftyGigE 1/5" },
	{ OS_UNKNOWN, "TFGigabitEthernet 0/1", "TFGigabitEthernet0/1" },
	{ OS_UNKNOWN, "AggregatePort 1", "Ag1" },
	{ OS_UNKNOWN, "lag 5", "lag5" },
	{ OS_OS10, "Mgmt 1/1/1", "mgmt1/1/1" },
	{ OS_UNKNOWN, "Port 26", "26" },
	{ OS_UNKNOWN, "port 1/5", "1/5" },
	{ OS_UNKNOWN, "WGE1/0/1", "Twenty-FiveGigE1/0/1" },
	{ OS_UNKNOWN, "FGE1/0/1", "FortyGigE1/0/1" },
	{ OS_UNKNOWN, "Hu0/0/0/9", "HundredGigE0/0/0/9" },
	{ OS_UNKNOWN, "HundredGigabitEthernet 1/0/9", "HundredGigE1/0/9" },
	{ OS_UNKNOWN, "HGE1/0/9", "HundredGigE1/0/9" },
	{ OS_UNKNOWN, "FH0/0/0/1", "FourHundredGigE0/0/0/1" },
	{ OS_UNKNOWN, "Eth1/1", "Ethernet1/1" },
	{ OS_UNKNOWN, "eth1/1", "Ethernet1/1" },
	{ OS_UNKNOWN, "Eth7", "Ethernet7" },
	{ OS_UNKNOWN, "Et7", "Ethernet7" },
	{ OS_UNKNOWN, "Eth1/1/1", "Et1/1/1" },
	{ OS_UNKNOWN, "ethernet 1/1/5", "ethernet1/1/5" },
	{ OS_UNKNOWN, "Po10", "port-channel10" },
	{ OS_UNKNOWN, "Port-Channel10", "Port-channel10" },
	{ OS_UNKNOWN, "po 10", "PortChannel10" },
	{ OS_UNKNOWN, "BE7", "Bundle-Ether7" },
	{ OS_UNKNOWN, "BundleEther7", "bundle-ether7" },
	{ OS_UNKNOWN, "BAGG10", "Bridge-Aggregation10" },
	{ OS_UNKNOWN, "RAGG10", "Route-Aggregation10" },
	{ OS_UNKNOWN, "Ma1", "Management1" },
	{ OS_UNKNOWN, "Unit 1, Port  5", "Ethernet1/5" },
	{ OS_UNKNOWN, "Unit: 1 Slot: 0 Port: 5 Gigabit - Level", "1/0/5" },
	{ OS_OTHER, "Slot: 0 Port: 15", "0/15" },
	{ OS_UNKNOWN, "unit 1, port 5", "Unit 1, Port 5." },
	{ OS_UNKNOWN, " Gi1/0/1. ", "Gi1/0/1" },
	{ OS_UNKNOWN, "Gi1/0/1,", "Gi1/0/1:" },
	{ OS_UNKNOWN, "vlan 20", "Vlan20" },
	{ OS_UNKNOWN, "10GE 1/0/2", "10GE1/0/2" },
	{ OS_UNKNOWN, "XE-0/0/1:2", "xe-0/0/1:2" },
	{ OS_UNKNOWN, "Swp5", "swp5" },
	{ OS_IOS, "Fi1/0/1", "FiveGigabitEthernet1/0/1" },
	{ OS_IOS, "Tw1/0/1", "TwoGigabitEthernet1/0/1" },
	{ OS_IOS, "Two1/0/1", "Tw1/0/1" },
	{ OS_IOS, "Fo1/1/1", "FortyGigabitEthernet1/1/1" },
	{ OS_IOS, "Fou1/1/1", "FourHundredGigE1/1/1" },
	{ OS_IOS, "Ap1/0/1", "AppGigabitEthernet1/0/1" },
	{ OS_IOS_XR, "Fi0/0/0/1", "FiftyGigE0/0/0/1" },
	{ OS_IOS_XR, "TF0/0/0/1", "TwentyFiveGigE0/0/0/1" },
	{ OS_IOS_XR, "Mg0/RP0/CPU0/0", "MgmtEth0/RP0/CPU0/0" },
	{ OS_FTOS, "Te 0/5", "TenGigabitEthernet 0/5" },
	{ OS_FTOS, "Fi 1/5", "FiftyGigE 1/5" },
	{ OS_FTOS, "Ma 0/0", "ManagementEthernet 0/0" },
	{ OS_SMB, "ch1", "Po1" },
	{ OS_SMB, "gi1/0/7", "GigabitEthernet1/0/7" },
	{ OS_SMB, "tw1/0/7", "TwoGigabitEthernet1/0/7" },
	{ OS_COMWARE, "XGE1/0/3", "Ten-GigabitEthernet1/0/3" },
	{ OS_COMWARE, "MGE0/0/0", "M-GigabitEthernet0/0/0" },
	{ OS_VRP, "XGE0/0/3", "XGigabitEthernet0/0/3" },
	{ OS_VRP, "Eth0/0/1", "Ethernet0/0/1" },
	{ OS_NX_OS, "Eth1/1", "Ethernet1/1" },
	{ OS_NX_OS, "po10", "port-channel10" },
	{ OS_EOS, "Et7/1", "Ethernet7/1" },
	{ OS_EOS, "eth7", "Ethernet7" },
	{ OS_OS10, "Eth 1/1/5", "ethernet1/1/5" },
	{ OS_OTHER, "Gi1/0/1", "GigabitEthernet1/0/1" },
};

START_TEST(spellings_of_one_interface_meet)
{
	char a[IFNAME_MAX + 1], b[IFNAME_MAX + 1];

	ck_assert_str_eq(key_of(same[_i].os, same[_i].a, a), key_of(same[_i].os, same[_i].b, b));
	ck_assert_str_ne(a, "");
}
END_TEST

/* Names that are, or could be, two interfaces of one switch. */
static const struct {
	enum os_family os;
	const char *a, *b;
} different[] = {
	{ OS_UNKNOWN, "Eth1/1", "Et1/1/1" },
	{ OS_UNKNOWN, "Ethernet1/1", "Ethernet1/1/1" },
	{ OS_UNKNOWN, "Ethernet1/1", "Ethernet1/12" },
	{ OS_UNKNOWN, "Gi1/0/1", "Te1/0/1" },
	{ OS_UNKNOWN, "Gi1/0/1", "Gi1/0/1.100" },
	{ OS_UNKNOWN, "xe-0/0/1", "xe-0/0/1:1" },
	{ OS_UNKNOWN, "xe-0/0/1", "ge-0/0/1" },
	{ OS_UNKNOWN, "xe-0/0/1", "et-0/0/1" },
	{ OS_UNKNOWN, "Tw1/0/1", "Twe1/0/1" },
	{ OS_UNKNOWN, "Tw1/0/1", "TwentyFiveGigE1/0/1" },
	{ OS_UNKNOWN, "Fi1/0/1", "FiftyGigE1/0/1" },
	{ OS_UNKNOWN, "Fo1/0/1", "FourHundredGigE1/0/1" },
	{ OS_UNKNOWN, "eth0", "Ethernet0" }, /* SONiC: the management port and the first port */
	{ OS_OTHER, "eth0", "Ethernet0" },
	{ OS_SONIC, "eth0", "Ethernet0" },
	{ OS_SONIC, "Eth1/1", "Ethernet1/1" }, /* an alias of another number */
	{ OS_LINUX, "eth0", "Ethernet0" },
	{ OS_UNKNOWN, "Po4/0", "Port-channel4/0" }, /* packet over SONET */
	{ OS_UNKNOWN, "PortChannel0001", "PortChannel1" },
	{ OS_UNKNOWN, "lag-1", "lag-11" },
	{ OS_UNKNOWN, "ch1", "Po1" },
	{ OS_UNKNOWN, "e0/5", "Ethernet0/5" },
	{ OS_UNKNOWN, "g5", "GigabitEthernet5" },
	{ OS_UNKNOWN, "GigabitEthernet0/0/0", "M-GigabitEthernet0/0/0" },
	{ OS_UNKNOWN, "mge-0/0/0", "ge-0/0/0" },
	{ OS_UNKNOWN, "Fi0/0/0/1", "FiveGigabitEthernet0/0/0/1" },
	{ OS_UNKNOWN, "Fi 1/5", "FiveGigabitEthernet1/5" },
	{ OS_UNKNOWN, "port5", "5" },
	{ OS_UNKNOWN, "port1.0.5", "1.0.5" },
	{ OS_UNKNOWN, "Port x5", "x5" },
	{ OS_UNKNOWN, "lag-5", "lag5" },
	{ OS_UNKNOWN, "my port 5", "myport5" },
	{ OS_UNKNOWN, "uplink 1", "uplink1" },
	{ OS_UNKNOWN, "1/1/5", "1/1/1/5" },
	{ OS_UNKNOWN, "A5", "B5" },
	{ OS_UNKNOWN, "10GE1/0/2", "GE1/0/2" },
	{ OS_UNKNOWN, "10GE1/0/2", "100GE1/0/2" },
	{ OS_UNKNOWN, "10GE1/0/2", "40GE1/0/2" },
	{ OS_UNKNOWN, "ethernet-1/5", "ethernet1/5" },
	{ OS_UNKNOWN, "Unit 1, Port 5", "Unit 2, Port 5" },
	{ OS_UNKNOWN, "Unit 1, Port 5", "Unit 15, Port" },
	{ OS_UNKNOWN, "Slot: 0 Port: 5", "Slot: 0 Port: 5x" },
	{ OS_UNKNOWN, "Slot: 0 Port: 5", "CPU Interface for Slot: 0 Port: 5" },
	{ OS_UNKNOWN, "Unit: 1 Slot: 0 Port: 5", "Unit: 1 Port: 5" },
	{ OS_UNKNOWN, "Slot: 0 Port: 5", "Slot: 0 Port: " },
	{ OS_UNKNOWN, "Vlan2", "Vlan20" },
	{ OS_IOS, "Tw1/0/1", "Twe1/0/1" },
	{ OS_IOS, "Fi1/0/1", "FiftyGigE1/0/1" },
	{ OS_IOS_XR, "Fi0/0/0/1", "FiveGigabitEthernet0/0/0/1" },
	{ OS_JUNOS, "ge-0/0/1", "Gi0/0/1" },
	{ OS_NX_OS, "Ethernet1/1", "Ethernet101/1/1" },
};

START_TEST(different_interfaces_do_not_meet)
{
	char a[IFNAME_MAX + 1], b[IFNAME_MAX + 1];

	ck_assert_str_ne(key_of(different[_i].os, different[_i].a, a),
	    key_of(different[_i].os, different[_i].b, b));
	ck_assert_str_ne(a, "");
	ck_assert_str_ne(b, "");
}
END_TEST

START_TEST(a_key_is_its_own_key_in_every_family)
{
	char key[IFNAME_MAX + 1], again[IFNAME_MAX + 1];
	const char *names[2] = { same[_i].a, same[_i].b };

	for (int os = 0; os < OS_MAX; os++) {
		for (int i = 0; i < 2; i++) {
			key_of((enum os_family)os, names[i], key);
			ck_assert_str_eq(key_of((enum os_family)os, key, again), key);
		}
	}
}
END_TEST

START_TEST(names_without_a_key_are_refused)
{
	static const struct slice bad[] = { SLICE(""), SLICE("   "), SLICE(" .,: "),
		SLICE("Gi1\n/0/1"), SLICE("Gi1/0/1\0x"), SLICE("Gi\x7F"), SLICE("\x01Gi1") };
	char long_name[IFNAME_MAX + 2], key[IFNAME_MAX + 1];

	for (int i = 0; i < N(bad); i++) {
		memcpy(key, "old", 4);
		ck_assert_uint_eq(ifname_key(OS_UNKNOWN, bad[i], key), 0);
		ck_assert_str_eq(key, "");
	}
	memset(long_name, 'x', sizeof(long_name));
	ck_assert_uint_eq(
	    ifname_key(OS_UNKNOWN, (struct slice){ long_name, IFNAME_MAX + 1 }, key), 0);
	ck_assert_uint_eq(
	    ifname_key(OS_UNKNOWN, (struct slice){ long_name, IFNAME_MAX }, key), IFNAME_MAX);
}
END_TEST

START_TEST(a_name_whose_long_form_has_no_room_keeps_its_own)
{
	char name[IFNAME_MAX + 1] = "Gi", key[IFNAME_MAX + 1];

	memset(name + 2, '1', IFNAME_MAX - 2);
	name[IFNAME_MAX] = '\0';
	ck_assert_uint_eq(ifname_key(OS_IOS, slice_of(name), key), IFNAME_MAX);
	ck_assert_int_eq(key[0], 'g');
	ck_assert_int_eq(key[2], '1');
}
END_TEST

static const struct {
	const char *name;
	bool is_virtual;
} kinds[] = {
	{ "Vlan20", true },
	{ "Vl 20", true },
	{ "vlan.20", true },
	{ "Vlanif20", true },
	{ "Vlan-interface20", true },
	{ "BVI1", true },
	{ "BV1", true },
	{ "BDI100", true },
	{ "irb.20", true },
	{ "irb", true },
	{ "ve 10", true },
	{ "ve10", true },
	{ "Loopback0", true },
	{ "lo", true },
	{ "lo0.16384", true },
	{ "Lo 0", true },
	{ "InLoopBack0", true },
	{ "NULL0", true },
	{ "Tunnel1", true },
	{ "Tu1", true },
	{ "tunnel-te1", true },
	{ "tunnel-ip1", true },
	{ "nve1", true },
	{ "Vxlan1", true },
	{ "Virtual-Access2.1", true },
	{ "Virtual-Template1", true },
	{ "Dialer1", true },
	{ "Async1", true },
	{ "Embedded-Service-Engine0/0", true },
	{ "Dot11Radio0", true },
	{ "Wlan0", true },
	{ "WLAN-Radio1/0/1", true },
	{ "AccessTunnel5", true },
	{ "pseudowire100001", true },
	{ "L2LISP0.101", true },
	{ "VirtualPortGroup0", true },
	{ "Bluetooth0/4", true },
	{ "Control-plane", true },
	{ "Cable3/0-upstream2", true },
	{ "st0.1", true },
	{ "gr-0/0/0", true },
	{ "lt-0/0/0.1", true },
	{ "vt-0/0/0", true },
	{ "docker0", true },
	{ "veth1a2b", true },
	{ "virbr0-nic", true },
	{ "br0", true },
	{ "br-lan", true },
	{ "brq0a1b", true },
	{ "bridge1", true },
	{ "dummy0", true },
	{ "tap0f3c", true },
	{ "tun0", true },
	{ "vmbr0", true },
	{ "demux0.100", true },
	{ "cbp0", true },
	{ "pip0", true },
	{ "pp0.1", true },
	{ "fti0", true },
	{ "dsc", true },
	{ "gre", true },
	{ "ipip", true },
	{ "mtun", true },
	{ "pimd", true },
	{ "pime", true },
	{ "Register-Tunnel0", true },
	{ "system0", true },
	{ "wg0", true },
	{ "ovs-system", true },
	{ "sit0", true },
	{ "ip6tnl0", true },
	{ "ppp0", true },
	{ "vnet7", true },
	{ "fwpr100p0", true },
	{ "macvtap0", true },
	{ "flannel.1", true },
	{ "cni0", true },
	{ "cali0a1b2c3d4e5", true },
	{ "calibf12c", true },
	{ "lxc1a2b", true },
	{ "lxcbr0", true },
	{ "lxc-host2", false },
	{ "california1", false },
	{ "cilium_host", true },
	{ "genev_sys_6081", true },
	{ "kube-ipvs0", true },
	{ "podman0", true },
	{ "lxdbr0", true },
	{ "tailscale0", true },
	{ "team0", false },
	{ "usb0", false },
	{ "ib0", false },
	{ "enx00e04c680001", false },
	{ "can0", false },
	{ "hsr0", false },
	{ "cnic1", false },
	{ "wgn1", false },
	{ "branch1", false },
	{ "tunis", false },
	{ "GigabitEthernet1/0/1", false },
	{ "Eth-Trunk5", false },
	{ "Bridge-Aggregation10", false },
	{ "Route-Aggregation10", false },
	{ "BRI0/0", false },
	{ "Port-channel1", false },
	{ "Bundle-Ether7", false },
	{ "lag10", false },
	{ "mgmt0", false },
	{ "Management1", false },
	{ "MEth0/0/1", false },
	{ "Serial0/0/0", false },
	{ "POS4/0", false },
	{ "ATM0/1", false },
	{ "fc1/2", false },
	{ "ge-0/0/5", false },
	{ "vme", false },
	{ "ae3", false },
	{ "swp5", false },
	{ "eth0", false },
	{ "bond0", false },
	{ "port1.0.5", false },
	{ "1/1/5", false },
	{ "5", false },
	{ "Cable3/0", false },
	{ "", false },
};

START_TEST(interfaces_without_a_port_are_virtual)
{
	ck_assert_int_eq(ifname_is_virtual(slice_of(kinds[_i].name)), kinds[_i].is_virtual);
}
END_TEST

static const struct {
	enum os_family os;
	const char *name, *parent; /* NULL: no unit */
} units[] = {
	{ OS_UNKNOWN, "xe-0/0/1.0", "xe-0/0/1" },
	{ OS_UNKNOWN, "xe-0/0/1:2.0", "xe-0/0/1:2" },
	{ OS_UNKNOWN, "ae3.100", "ae3" },
	{ OS_UNKNOWN, "Eth1/2.400", "Eth1/2" },
	{ OS_UNKNOWN, "TenGigE0/2/1/0.60", "TenGigE0/2/1/0" },
	{ OS_UNKNOWN, "ethernet-1/5.0", "ethernet-1/5" },
	{ OS_UNKNOWN, "eth0.100", "eth0" },
	{ OS_UNKNOWN, "1/1/5.100", "1/1/5" },
	{ OS_UNKNOWN, "Eth1/2.400.", "Eth1/2" },
	{ OS_UNKNOWN, "port1.0.5", NULL },
	{ OS_UNKNOWN, "P0.2", NULL },
	{ OS_UNKNOWN, "p1.100", "p1" },
	{ OS_OTHER, "P1.3", NULL },
	{ OS_UNKNOWN, "p1p1.100", "p1p1" },
	{ OS_LINUX, "p4.100", "p4" },
	{ OS_UNKNOWN, "port1.5", NULL },
	{ OS_UNKNOWN, "1.5", NULL },
	{ OS_UNKNOWN, "Gi1/0/1", NULL },
	{ OS_UNKNOWN, "Gi1/0/1.", NULL },
	{ OS_UNKNOWN, "my.5", NULL },
	{ OS_UNKNOWN, "eth0.v5", NULL },
	{ OS_UNKNOWN, "eth0.1.2", NULL },
	{ OS_UNKNOWN, ".5", NULL },
	{ OS_UNKNOWN, "", NULL },
	{ OS_OTHER, "port1.0.5", NULL },
	{ OS_OTHER, "1/1/c1/1", NULL },
	{ OS_OTHER, "ethernet-1/5.0", "ethernet-1/5" },
	{ OS_JUNOS, "irb.20", "irb" },
	{ OS_JUNOS, "ge-0/0/1.32767", "ge-0/0/1" },
	{ OS_LINUX, "eth0.100.200", "eth0" },
	{ OS_LINUX, "bond0.100", "bond0" },
	{ OS_IOS, "Gi0/0/1.100", "Gi0/0/1" },
	{ OS_FTOS, "Te 0/5.1", NULL },
	{ OS_SMB, "gi1.5", NULL },
	{ OS_OS10, "ethernet1/1/5.1", NULL },
};

START_TEST(a_unit_stands_on_its_physical_interface)
{
	struct slice parent = SLICE("old");
	char text[64];
	bool is_unit = ifname_unit_parent(units[_i].os, slice_of(units[_i].name), &parent);

	slice_copy(parent, text, sizeof(text));
	ck_assert_int_eq(is_unit, units[_i].parent != NULL);
	ck_assert_str_eq(text, units[_i].parent ? units[_i].parent : "old");
}
END_TEST

static const struct {
	const char *text;
	enum os_family os;
} families[] = {
	{ "", OS_UNKNOWN },
	{ "  ", OS_UNKNOWN },
	{ "ios", OS_IOS },
	{ "IOS-XE", OS_IOS },
	{ "ios_xr", OS_IOS_XR },
	{ "Cisco IOS XR", OS_IOS_XR },
	{ "nx-os", OS_NX_OS },
	{ "nxos", OS_NX_OS },
	{ "eos", OS_EOS },
	{ "arista_eos", OS_EOS },
	{ "junos", OS_JUNOS },
	{ "os9", OS_FTOS },
	{ "dell-os10", OS_OS10 },
	{ "cisco-smb", OS_SMB },
	{ "cisco_xe", OS_IOS },
	{ "huawei_vrpv8", OS_VRP },
	{ "comware", OS_COMWARE },
	{ "huawei-vrp", OS_VRP },
	{ "linux", OS_LINUX },
	{ "cumulus", OS_LINUX },
	{ "SONiC", OS_SONIC },
	{ "routeros", OS_OTHER },
	{ "iosx", OS_OTHER },
	{ "io", OS_OTHER },
};

static const struct {
	const char *name;
	uint32_t slot;
	bool may;
} slots[] = {
	{ "xe-2/0/1", 2, true },
	{ "xe-2/0/1", 0, true },
	{ "xe-2/0/1", 1, false },
	{ "et-0/0/3:2", 0, true },
	{ "et-0/0/3:2", 3, false },
	{ "GigabitEthernet1/3/7", 3, true },
	{ "GigabitEthernet1/3/7", 7, false },
	{ "10GE1/0/2", 1, true },
	{ "10GE1/0/2", 10, false },
	{ "port2.0.5", 2, true },
	{ "Ethernet49", 49, false },
	{ "3/7", 3, true },
	{ "", 0, false },
	{ "Gi1/", 1, false },
	{ "Gi4294967295/1", 4294967295, true },
	{ "Gi4294967296/1", 0, false },
};

static const struct {
	const char *a, *b;
	bool differ;
} numbers[] = {
	{ "ethernet1/7", "ethernet1/12", true },
	{ "ethernet1/7", "ethernet2/7", true },
	{ "xe-0/0/7:1", "xe-0/0/7:2", true },
	{ "23", "24", true },
	{ "ethernet1/7", "ethernet1/7", false },
	{ "ethernet1/7", "ethernet1/7/1", false },
	{ "ethernet1/7", "gigabitethernet1/8", false },
	{ "ethernet1/7", "8", false },
	{ "mgmt", "mgmt0", false },
	{ "outside", "inside", false },
	{ "", "", false },
	{ "", "7", false },
};

START_TEST(names_of_one_notation_with_other_numbers_are_two_interfaces)
{
	struct slice a = slice_of(numbers[_i].a), b = slice_of(numbers[_i].b);

	ck_assert_int_eq(ifname_keys_differ_in_number(a, b), numbers[_i].differ);
	ck_assert_int_eq(ifname_keys_differ_in_number(b, a), numbers[_i].differ);
}
END_TEST

START_TEST(an_interface_may_be_in_a_slot_that_its_place_names)
{
	ck_assert_int_eq(
	    ifname_may_be_in_slot(slice_of(slots[_i].name), slots[_i].slot), slots[_i].may);
}
END_TEST

START_TEST(an_os_text_names_its_family)
{
	ck_assert_int_eq(os_family_from(slice_of(families[_i].text)), families[_i].os);
}
END_TEST

START_TEST(no_byte_behind_a_name_is_read)
{
	const char *names[2] = { same[_i].a, same[_i].b };
	char key[IFNAME_MAX + 1];

	for (int i = 0; i < 2; i++) {
		for (size_t len = 0; len <= strlen(names[i]); len++) {
			struct guard guard;
			struct slice parent, name = { guard_put(&guard, names[i], len), len };

			ck_assert_uint_le(ifname_key(same[_i].os, name, key), IFNAME_MAX);
			ifname_is_virtual(name);
			if (ifname_unit_parent(same[_i].os, name, &parent))
				ck_assert_uint_lt(parent.len, len);
			guard_release(&guard);
		}
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("ifname");

	tcase_add_loop_test(tc, spellings_of_one_interface_meet, 0, N(same));
	tcase_add_loop_test(tc, different_interfaces_do_not_meet, 0, N(different));
	tcase_add_loop_test(tc, a_key_is_its_own_key_in_every_family, 0, N(same));
	tcase_add_test(tc, names_without_a_key_are_refused);
	tcase_add_test(tc, a_name_whose_long_form_has_no_room_keeps_its_own);
	tcase_add_loop_test(tc, interfaces_without_a_port_are_virtual, 0, N(kinds));
	tcase_add_loop_test(tc, a_unit_stands_on_its_physical_interface, 0, N(units));
	tcase_add_loop_test(
	    tc, names_of_one_notation_with_other_numbers_are_two_interfaces, 0, N(numbers));
	tcase_add_loop_test(tc, an_interface_may_be_in_a_slot_that_its_place_names, 0, N(slots));
	tcase_add_loop_test(tc, an_os_text_names_its_family, 0, N(families));
	tcase_add_loop_test(tc, no_byte_behind_a_name_is_read, 0, N(same));

	return run_case("ifname", tc);
}
