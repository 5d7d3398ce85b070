#include "core/ifname_head.h"

#include "util/ascii.h"

#define BIT(os) (1u << (os))
#define ANY (BIT(OS_MAX) - 1)
/* Nobody uses the head for anything else: it is taken where the family is not known, too. */
#define SAFE (BIT(OS_UNKNOWN) | BIT(OS_OTHER))
#define CISCO (BIT(OS_IOS) | BIT(OS_IOS_XR) | BIT(OS_SMB) | BIT(OS_FTOS))

struct head_row {
	const char *head; /* lower case, without hyphens */
	const char *class;
	unsigned families; /* BIT(os) of those that print it */
};

static const struct head_row rows[] = {
	{ "ethernet", "ethernet", ANY },
	{ "eth", "ethernet",
	    BIT(OS_NX_OS) | BIT(OS_VRP) | BIT(OS_EOS) | BIT(OS_IOS) | BIT(OS_OS10) | SAFE },
	{ "et", "ethernet", BIT(OS_EOS) | BIT(OS_IOS) | BIT(OS_NX_OS) | SAFE },
	{ "fastethernet", "fastethernet", ANY },
	{ "fa", "fastethernet", CISCO | SAFE },
	{ "fas", "fastethernet", BIT(OS_IOS) | SAFE },
	{ "gigabitethernet", "gigabitethernet", ANY },
	{ "gi", "gigabitethernet", CISCO | SAFE },
	{ "gig", "gigabitethernet", BIT(OS_IOS) | SAFE },
	{ "ge", "gigabitethernet", BIT(OS_COMWARE) | BIT(OS_VRP) | SAFE },
	{ "twogigabitethernet", "twogigabitethernet", ANY },
	{ "two", "twogigabitethernet", BIT(OS_IOS) | SAFE },
	{ "tw", "twogigabitethernet", BIT(OS_IOS) | BIT(OS_SMB) | SAFE },
	{ "fivegigabitethernet", "fivegigabitethernet", ANY },
	{ "five", "fivegigabitethernet", BIT(OS_IOS) | SAFE },
	{ "fi", "fivegigabitethernet", BIT(OS_IOS) },
	{ "tengigabitethernet", "tengigabitethernet", ANY },
	{ "tengige", "tengigabitethernet", ANY },
	{ "xgigabitethernet", "tengigabitethernet", ANY },
	{ "te", "tengigabitethernet", CISCO | SAFE },
	{ "ten", "tengigabitethernet", BIT(OS_IOS) | SAFE },
	/* Comware's Ten-GigabitEthernet or Huawei's XGigabitEthernet: one class, whose it is. */
	{ "xge", "tengigabitethernet", BIT(OS_COMWARE) | BIT(OS_VRP) | SAFE },
	{ "twentyfivegige", "twentyfivegige", ANY },
	{ "twentyfivegigabitethernet", "twentyfivegige", ANY },
	{ "twe", "twentyfivegige", BIT(OS_IOS) | SAFE },
	{ "tfgigabitethernet", "twentyfivegige", ANY }, /* Ruijie */
	{ "tf", "twentyfivegige", BIT(OS_IOS_XR) | BIT(OS_FTOS) | SAFE },
	{ "wge", "twentyfivegige", BIT(OS_COMWARE) | SAFE },
	{ "fortygige", "fortygige", ANY },
	{ "fortygigabitethernet", "fortygige", ANY },
	{ "fo", "fortygige", CISCO | SAFE },
	{ "fge", "fortygige", BIT(OS_COMWARE) | SAFE },
	{ "fiftygige", "fiftygige", ANY },
	{ "fiftygigabitethernet", "fiftygige", ANY },
	{ "fi", "fiftygige", BIT(OS_IOS_XR) | BIT(OS_FTOS) },
	{ "hundredgige", "hundredgige", ANY },
	{ "hundredgigabitethernet", "hundredgige", ANY }, /* Brocade NOS */
	{ "hu", "hundredgige", CISCO | SAFE },
	{ "hge", "hundredgige", BIT(OS_COMWARE) | SAFE },
	{ "twohundredgige", "twohundredgige", ANY },
	{ "twohundredgigabitethernet", "twohundredgige", ANY },
	{ "th", "twohundredgige", BIT(OS_IOS_XR) | SAFE },
	{ "fourhundredgige", "fourhundredgige", ANY },
	{ "fourhundredgigabitethernet", "fourhundredgige", ANY },
	{ "fou", "fourhundredgige", BIT(OS_IOS) | SAFE },
	{ "fh", "fourhundredgige", BIT(OS_IOS_XR) | SAFE },
	{ "portchannel", "port-channel", ANY },
	{ "po", "port-channel",
	    BIT(OS_IOS) | BIT(OS_NX_OS) | BIT(OS_EOS) | BIT(OS_SMB) | BIT(OS_FTOS) | BIT(OS_OS10) |
		SAFE },
	{ "ch", "port-channel", BIT(OS_SMB) },
	{ "bundleether", "bundle-ether", ANY },
	{ "be", "bundle-ether", BIT(OS_IOS_XR) | SAFE },
	{ "bridgeaggregation", "bridge-aggregation", ANY },
	{ "bagg", "bridge-aggregation", BIT(OS_COMWARE) | SAFE },
	{ "routeaggregation", "route-aggregation", ANY },
	{ "ragg", "route-aggregation", BIT(OS_COMWARE) | SAFE },
	{ "ethtrunk", "eth-trunk", ANY },
	{ "aggregateport", "aggregateport", ANY }, /* Ruijie */
	{ "ag", "aggregateport", SAFE },
	{ "lag", "lag", ANY },
	{ "mgmteth", "mgmteth", ANY },
	{ "mg", "mgmteth", BIT(OS_IOS_XR) | SAFE },
	{ "mgmt", "mgmt", ANY },
	{ "management", "management", ANY },
	{ "managementethernet", "management", ANY },
	{ "ma", "management", BIT(OS_EOS) | BIT(OS_FTOS) | SAFE },
	{ "mgigabitethernet", "m-gigabitethernet", ANY },
	{ "mge", "m-gigabitethernet", BIT(OS_COMWARE) | SAFE },
	{ "appgigabitethernet", "appgigabitethernet", ANY },
	{ "ap", "appgigabitethernet", BIT(OS_IOS) },
	{ "serial", "serial", ANY },
	{ "se", "serial", BIT(OS_IOS) },
	{ "pos", "pos", ANY },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* By the first letter: each name that is heard is held against these. An empty one ends those of a letter. */
#define LETTERS 26
#define LETTER(c) ((c) - 'a')
#define HEADS_PER_LETTER 20
#define PREFIXES_PER_LETTER 4

/* Heads of interfaces without a port of their own, as they are; with their hyphens. */
static const struct slice virtual_heads[LETTERS][HEADS_PER_LETTER] = {
	[LETTER('a')] = { SLICE("async"), SLICE("accesstunnel") },
	[LETTER('b')] = { SLICE("bvi"), SLICE("bv"), SLICE("bdi"), SLICE("bluetooth"), SLICE("br"),
	    SLICE("bridge") },
	[LETTER('c')] = { SLICE("control-plane"), SLICE("capwap"), SLICE("cbp"), SLICE("cni") },
	[LETTER('d')] = { SLICE("dialer"), SLICE("di"), SLICE("demux"), SLICE("dsc") },
	[LETTER('e')] = { SLICE("embedded-service-engine"), SLICE("erspan") },
	[LETTER('f')] = { SLICE("fti"), SLICE("flannel"), SLICE("fwbr"), SLICE("fwln"),
	    SLICE("fwpr") },
	[LETTER('g')] = { SLICE("gr-"), SLICE("gre"), SLICE("gretap"), SLICE("geneve") },
	[LETTER('i')] = { SLICE("irb"), SLICE("inloopback"), SLICE("ip-"), SLICE("ipip"),
	    SLICE("ifb"), SLICE("ipvlan") },
	[LETTER('l')] = { SLICE("loopback"), SLICE("lo"), SLICE("lt-"), SLICE("lsi"), SLICE("lisp"),
	    SLICE("lxdbr") },
	[LETTER('m')] = { SLICE("mt-"), SLICE("mtun"), SLICE("macvlan"), SLICE("macvtap") },
	[LETTER('n')] = { SLICE("null"), SLICE("nu"), SLICE("nve"), SLICE("nvi") },
	[LETTER('o')] = { SLICE("ovs-system") },
	[LETTER('p')] = { SLICE("pd-"), SLICE("pe-"), SLICE("pseudowire"), SLICE("pimd"),
	    SLICE("pime"), SLICE("pip"), SLICE("pp"), SLICE("ppp"), SLICE("podman") },
	[LETTER('r')] = { SLICE("register-tunnel") },
	[LETTER('s')] = { SLICE("service-engine"), SLICE("st"), SLICE("sit"), SLICE("system") },
	[LETTER('t')] = { SLICE("tunnel"), SLICE("tu"), SLICE("tunnel-te"), SLICE("tunnel-tp"),
	    SLICE("tunnel-ip"), SLICE("tun"), SLICE("tunl"), SLICE("tailscale") },
	[LETTER('v')] = { SLICE("vlan"), SLICE("vl"), SLICE("vlanif"), SLICE("vlan-interface"),
	    SLICE("vbdif"), SLICE("ve"), SLICE("vxlan"), SLICE("vx"), SLICE("virtual-access"),
	    SLICE("vi"), SLICE("virtual-template"), SLICE("vt"), SLICE("virtual-ppp"),
	    SLICE("virtual-network"), SLICE("vsi-interface"), SLICE("vt-"), SLICE("vtep"),
	    SLICE("virtualportgroup"), SLICE("vnet") },
	[LETTER('w')] = { SLICE("wlan"), SLICE("wlan-radio"), SLICE("wg") },
};

/* Beginnings of names: Linux's own, and what holds a digit. A bare "br" would take "branch1", too. */
static const struct slice virtual_prefixes[LETTERS][PREFIXES_PER_LETTER] = {
	[LETTER('b')] = { SLICE("br-"), SLICE("br_"), SLICE("brq") },
	[LETTER('c')] = { SLICE("cilium_") },
	[LETTER('d')] = { SLICE("docker"), SLICE("dummy"), SLICE("dot11radio") },
	[LETTER('g')] = { SLICE("genev_sys_") },
	[LETTER('i')] = { SLICE("ip6tnl") },
	[LETTER('k')] = { SLICE("kube-") },
	[LETTER('l')] = { SLICE("l2lisp"), SLICE("lxcbr"), SLICE("lxc_health") },
	[LETTER('t')] = { SLICE("tap") },
	[LETTER('v')] = { SLICE("veth"), SLICE("virbr"), SLICE("vmbr") },
};

static bool
is_punctuation(char c)
{
	return c == ' ' || c == '\t' || c == '.' || c == ',' || c == ':';
}

struct slice
ifname_trim(struct slice name)
{
	name = slice_trim(name);
	while (name.len > 0 && is_punctuation(name.data[name.len - 1]))
		name.len--;
	return name;
}

struct ifname_parts
ifname_split(struct slice name)
{
	struct ifname_parts parts = { 0 };
	size_t speed = slice_digits(name), len = 0;

	if (speed > 0 && slice_case_eq_str(slice_first(slice_from(name, speed), 2), "ge")) {
		parts.is_speed = true;
		len = speed + 2;
	}
	while (len < name.len && !is_digit(name.data[len]))
		len++;
	parts.head = slice_trim(slice_first(name, len));
	parts.tail = slice_from(name, len);
	return parts;
}

/* Nearly every row is out by its first letter (a digit or a hyphen keeps itself); for the rest a closer look. */
static bool
may_begin(struct slice head, char letter)
{
	return head.len > 0 && ((head.data[0] ^ letter) & ~0x20) == 0;
}

/* Which letter it begins with, of either case. False: with none. */
static bool
first_letter(struct slice text, size_t *ret_letter)
{
	const unsigned char letter = text.len > 0 ? (unsigned char)(text.data[0] | 0x20) : 0;

	*ret_letter = (size_t)LETTER(letter);
	return letter >= 'a' && letter <= 'z';
}

/* Whether head is text when neither case nor hyphens count. A hyphen right before the number is part
 * of the name ("ge-0/0/1", "ethernet-1/5"): such a head is none of ours. */
static bool
is_head(struct slice head, const char *text)
{
	if (head.len == 0 || head.data[head.len - 1] == '-')
		return false;
	for (size_t i = 0; i < head.len; i++) {
		if (head.data[i] == '-')
			continue;
		if (*text == '\0' || to_lower(head.data[i]) != *text)
			return false;
		text++;
	}
	return *text == '\0';
}

/* "eth0" is the management port where the ports are called Ethernet0 (SONiC); "Eth7" and "eth1/7"
 * are short for Ethernet. */
static bool
is_linux_eth(struct ifname_parts parts)
{
	return slice_eq_str(parts.head, "eth") && !slice_has(parts.tail, '/');
}

/*
 * "Fi" where the family is not known: FTOS puts a blank behind it and IOS-XR has four numbers, both of FiftyGigE; IOS has three
 * numbers, of FiveGigabitEthernet.
 */
static enum os_family
family_of_fi(struct ifname_parts parts)
{
	const bool blank = parts.tail.data != parts.head.data + parts.head.len;
	size_t slashes = 0;

	for (size_t i = 0; i < parts.tail.len; i++)
		slashes += parts.tail.data[i] == '/';
	return blank || slashes == 3 ? OS_FTOS : OS_IOS;
}

const char *
ifname_class(enum os_family os, const struct ifname_parts *parts)
{
	if (parts->tail.len == 0 || parts->is_speed)
		return NULL;
	if ((os == OS_UNKNOWN || os == OS_OTHER) && is_linux_eth(*parts))
		return NULL;
	if ((os == OS_UNKNOWN || os == OS_OTHER) && slice_case_eq_str(parts->head, "fi"))
		os = family_of_fi(*parts);
	/* PO4/0 is packet over SONET; a port-channel has no slot. */
	if (slice_case_eq_str(parts->head, "po") && slice_has(parts->tail, '/'))
		return NULL;
	for (size_t i = 0; i < N_ROWS; i++)
		if ((rows[i].families & BIT(os)) && may_begin(parts->head, rows[i].head[0]) &&
		    is_head(parts->head, rows[i].head))
			return rows[i].class;
	return NULL;
}

static bool
begins_with(struct slice name, struct slice text)
{
	return slice_case_eq(slice_first(name, text.len), text);
}

/* Of a name that begins with it: whether that is all of its head. A unit of a virtual interface ("irb.20") is one, too. */
static bool
is_whole_head(struct slice name, struct slice text)
{
	struct slice interface = slice_cut(&name, '.');

	return ifname_split(interface).head.len == text.len;
}

/* Calico's and Cilium's ends of a container's cable: the rest is a number in hex. "lxc-host2" is a name that somebody gave. */
static bool
is_container_end(struct slice name)
{
	const size_t head = begins_with(name, SLICE("cali"))  ? 4
			    : begins_with(name, SLICE("lxc")) ? 3
							      : name.len;

	for (size_t i = head; i < name.len; i++)
		if (!is_hex(name.data[i]))
			return false;
	return head < name.len;
}

bool
ifname_is_virtual(struct slice name)
{
	size_t letter;

	name = ifname_trim(name);
	if (!first_letter(name, &letter))
		return false;
	for (const struct slice *is = virtual_heads[letter]; is->len > 0; is++)
		if (begins_with(name, *is) && is_whole_head(name, *is))
			return true;
	for (const struct slice *is = virtual_prefixes[letter]; is->len > 0; is++)
		if (begins_with(name, *is))
			return true;
	return is_container_end(name) ||
	       (begins_with(name, SLICE("cable")) && slice_find(name, SLICE("upstream")) >= 0);
}
