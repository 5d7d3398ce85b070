#include "core/vendor_lines.h"

#include <stdbool.h>

#include "util/ascii.h"

static const struct vendor_lines families[] = {
	/* Cisco, "Configuring SNMP Support" and "System Message Logging"; LINEPROTO has level 5 */
	{ "ios", "Cisco IOS",
	    "snmp-server enable traps snmp linkdown linkup coldstart warmstart\n"
	    "snmp-server host ADDRESS version 2c COMMUNITY snmp\n"
	    "snmp-server trap-source Loopback0\n"
	    "snmp-server ifindex persist\n"
	    "! with ifOperStatus and ifAdminStatus, as IF-MIB has them\n"
	    "snmp-server trap link ietf\n"
	    "service timestamps log datetime msec year show-timezone\n"
	    "logging host ADDRESS\n"
	    "logging trap notifications\n"
	    "logging source-interface Loopback0\n"
	    "! on every interface that matters (both are the default)\n"
	    "interface range GigabitEthernet1/0/1 - 48\n"
	    " snmp trap link-status\n"
	    " logging event link-status\n" },
	{ "ios-xe", "Cisco IOS XE",
	    "snmp-server enable traps snmp linkdown linkup coldstart warmstart\n"
	    "snmp-server host ADDRESS version 2c COMMUNITY snmp\n"
	    "snmp-server trap-source Loopback0\n"
	    "snmp ifmib ifindex persist\n"
	    "snmp-server trap link ietf\n"
	    "service timestamps log datetime msec year show-timezone\n"
	    "logging host ADDRESS\n"
	    "logging trap notifications\n"
	    "logging source-interface Loopback0\n"
	    "! on every interface that matters (both are the default)\n"
	    "interface range GigabitEthernet1/0/1 - 48\n"
	    " snmp trap link-status\n"
	    " logging event link-status\n" },
	/* Cisco, "Implementing SNMP" and "Implementing Logging Services" */
	{ "ios-xr", "Cisco IOS XR",
	    "snmp-server traps snmp linkdown\n"
	    "snmp-server traps snmp linkup\n"
	    "snmp-server traps snmp coldstart\n"
	    "snmp-server traps snmp warmstart\n"
	    "snmp-server host ADDRESS traps version 2c COMMUNITY\n"
	    "snmp-server trap-source Loopback0\n"
	    "logging ADDRESS vrf default severity notifications\n"
	    "logging source-interface Loopback0\n"
	    "logging events link-status\n"
	    "! the lines carry no host unless they are told to\n"
	    "logging hostnameprefix HOSTNAME\n" },
	/* Cisco, "Configuring SNMP" and "Configuring System Message Logging" */
	{ "nx-os", "Cisco NX-OS",
	    "snmp-server enable traps link linkDown\n"
	    "snmp-server enable traps link linkUp\n"
	    "snmp-server host ADDRESS traps version 2c COMMUNITY\n"
	    "snmp-server source-interface traps loopback0\n"
	    "logging server ADDRESS 5\n"
	    "logging source-interface loopback0\n"
	    "logging level ethpm 5\n"
	    "logging event link-status default\n"
	    "logging timestamp milliseconds\n"
	    "! through the management interface: append `use-vrf management` to host and server\n" },
	/* Cisco, 300/500/550 series CLI guide */
	{ "smb", "Cisco Small Business",
	    "snmp-server enable traps\n"
	    "snmp-server host ADDRESS traps version 2 COMMUNITY\n"
	    "logging host ADDRESS severity informational\n" },
	/* Arista, EOS user manual, "SNMP" and "System Logging" */
	{ "eos", "Arista EOS",
	    "snmp-server enable traps snmp link-down\n"
	    "snmp-server enable traps snmp link-up\n"
	    "snmp-server host ADDRESS version 2c COMMUNITY\n"
	    "snmp-server local-interface Loopback0\n"
	    "logging host ADDRESS\n"
	    "logging trap notifications\n"
	    "logging source-interface Loopback0\n"
	    "logging format timestamp traditional year timezone\n"
	    "logging event link-status global\n" },
	/* Juniper, "Configuring SNMP Trap Groups" and "syslog"; the group's name is the community */
	{ "junos", "Juniper Junos",
	    "set snmp trap-group COMMUNITY version v2\n"
	    "set snmp trap-group COMMUNITY targets ADDRESS\n"
	    "set snmp trap-group COMMUNITY categories link\n"
	    "set snmp trap-group COMMUNITY categories startup\n"
	    "set snmp trap-group COMMUNITY categories chassis\n"
	    "set snmp trap-options source-address lo0\n"
	    "set system syslog host ADDRESS daemon info\n"
	    "set system syslog host ADDRESS kernel info\n"
	    "set system syslog time-format year millisecond\n"
	    "# and no interface may say `no-traps`\n" },
	/* Huawei, "SNMP Configuration" and "Information Center Configuration" */
	{ "vrp", "Huawei VRP",
	    "snmp-agent trap enable feature-name ifnet\n"
	    "snmp-agent target-host trap address udp-domain ADDRESS params securityname COMMUNITY v2c\n"
	    "snmp-agent trap source LoopBack0\n"
	    "info-center enable\n"
	    "info-center loghost ADDRESS\n"
	    "info-center loghost source LoopBack0\n"
	    "info-center source default channel loghost log level informational state on\n" },
	/* H3C, HPE: "Configuring SNMP" and "Configuring the information center" */
	{ "comware", "H3C, HPE Comware",
	    "snmp-agent trap enable standard coldstart linkdown linkup warmstart\n"
	    "snmp-agent target-host trap address udp-domain ADDRESS params securityname COMMUNITY v2c\n"
	    "snmp-agent trap source LoopBack 0\n"
	    "info-center enable\n"
	    "info-center loghost ADDRESS\n"
	    "info-center loghost source LoopBack 0\n"
	    "info-center source default loghost level informational\n"
	    "# on every interface that matters (the default): enable snmp trap updown\n" },
	/* Dell, "SNMP" and "System Log" of the OS9 configuration guides */
	{ "os9", "Dell OS9, Force10 FTOS",
	    "snmp-server enable traps snmp coldstart linkdown linkup\n"
	    "snmp-server host ADDRESS traps version 2c COMMUNITY\n"
	    "snmp-server trap-source loopback 0\n"
	    "logging ADDRESS\n"
	    "logging trap informational\n"
	    "logging source-interface loopback 0\n" },
	/* Dell, OS10 user guide */
	{ "os10", "Dell OS10",
	    "snmp-server enable traps snmp linkdown\n"
	    "snmp-server enable traps snmp linkup\n"
	    "snmp-server host ADDRESS traps version 2c COMMUNITY\n"
	    "logging server ADDRESS\n" },
	/* HPE Aruba Networking, AOS-CX "SNMP/MIB" and "Monitoring" guides */
	{ "aos-cx", "Aruba CX",
	    "snmp-server vrf default\n"
	    "snmp-server host ADDRESS trap version v2c community COMMUNITY\n"
	    "logging ADDRESS severity info\n"
	    "! through the management interface: append `vrf mgmt`\n" },
	/* HPE Aruba, ArubaOS-Switch "Management and Configuration" */
	{ "procurve", "HPE ProCurve, ArubaOS-Switch",
	    "snmp-server host ADDRESS community COMMUNITY\n"
	    "snmp-server enable traps link-change all\n"
	    "logging ADDRESS\n"
	    "logging severity info\n" },
	/* Nokia, "Event and Accounting Logs": the port's events are on the main stream */
	{ "sr-os", "Nokia SR OS",
	    "configure log snmp-trap-group 98 trap-target \"dpwatch\" address ADDRESS snmpv2c notify-community \"COMMUNITY\"\n"
	    "configure log log-id 98 from main\n"
	    "configure log log-id 98 to snmp\n"
	    "configure log syslog 1 address ADDRESS\n"
	    "configure log log-id 97 from main\n"
	    "configure log log-id 97 to syslog 1\n" },
	/* Extreme, "ExtremeXOS Command Reference" */
	{ "exos", "Extreme EXOS",
	    "configure snmp add trapreceiver ADDRESS community COMMUNITY\n"
	    "enable snmp traps\n"
	    "enable snmp traps port-up-down ports all\n"
	    "configure syslog add ADDRESS local0\n"
	    "configure log target syslog ADDRESS local0 severity info\n"
	    "enable log target syslog ADDRESS local0\n"
	    "enable syslog\n" },
	/* Brocade, Ruckus: "FastIron Management" */
	{ "icx", "Brocade, Ruckus ICX (FastIron)",
	    "snmp-server enable traps link-down\n"
	    "snmp-server enable traps link-up\n"
	    "snmp-server host ADDRESS version v2c COMMUNITY\n"
	    "snmp-server trap-source loopback 1\n"
	    "logging on\n"
	    "logging host ADDRESS\n" },
	/* MikroTik, "SNMP" and "Log" of the RouterOS documentation */
	{ "routeros", "MikroTik RouterOS",
	    "/snmp set enabled=yes trap-target=ADDRESS trap-community=COMMUNITY trap-version=2 trap-generators=interfaces,start-trap trap-interfaces=all\n"
	    "/system logging action add name=dpwatch target=remote remote=ADDRESS remote-port=514\n"
	    "/system logging add topics=interface action=dpwatch\n" },
	/* snmpd.conf(5), rsyslog.conf(5); by itself the agent looks once a minute only */
	{ "cumulus", "Cumulus, Linux with net-snmp",
	    "# /etc/snmp/snmpd.conf\n"
	    "trap2sink ADDRESS COMMUNITY\n"
	    "createUser dpwatchlocal\n"
	    "rouser dpwatchlocal noauth\n"
	    "agentSecName dpwatchlocal\n"
	    "notificationEvent linkUpTrap linkUp ifIndex ifAdminStatus ifOperStatus\n"
	    "notificationEvent linkDownTrap linkDown ifIndex ifAdminStatus ifOperStatus\n"
	    "monitor -r 1 -e linkUpTrap \"Generate linkUp\" ifOperStatus != 2\n"
	    "monitor -r 1 -e linkDownTrap \"Generate linkDown\" ifOperStatus == 2\n"
	    "# /etc/rsyslog.d/dpwatch.conf: what tells a link at once\n"
	    "*.info @ADDRESS:514;RSYSLOG_SyslogProtocol23Format\n" },
	/* SONiC, "Command Reference": its agent sends no link traps */
	{ "sonic", "SONiC",
	    "# the agent sends no link traps: the lines are what counts\n"
	    "sudo config syslog add ADDRESS\n"
	    "sudo config snmptrap modify 2 ADDRESS -p 162 -v None -c COMMUNITY\n"
	    "sudo config save -y\n" },
};
#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

/* Other names of a family. */
static const struct {
	const char *name, *family;
} aliases[] = {
	{ "cisco", "ios" },
	{ "nxos", "nx-os" },
	{ "arista", "eos" },
	{ "juniper", "junos" },
	{ "huawei", "vrp" },
	{ "h3c", "comware" },
	{ "ftos", "os9" },
	{ "force10", "os9" },
	{ "dnos9", "os9" },
	{ "arubacx", "aos-cx" },
	{ "arubaos-switch", "procurve" },
	{ "timos", "sr-os" },
	{ "fastiron", "icx" },
	{ "mikrotik", "routeros" },
	{ "linux", "cumulus" },
	{ "net-snmp", "cumulus" },
};

const struct vendor_lines *
vendor_lines_at(size_t i)
{
	return i < N_FAMILIES ? &families[i] : NULL;
}

static bool
is_filler(char c)
{
	return c == ' ' || c == '-' || c == '_';
}

/* Whether they are the same without case and filler. */
static bool
same_name(struct slice os, const char *name)
{
	size_t i = 0;

	for (;; i++, name++) {
		while (i < os.len && is_filler(os.data[i]))
			i++;
		while (is_filler(*name))
			name++;
		if (i == os.len || *name == '\0')
			return i == os.len && *name == '\0';
		if (to_lower(os.data[i]) != *name)
			return false;
	}
}

const struct vendor_lines *
vendor_lines_find(struct slice os)
{
	for (size_t i = 0; i < N_FAMILIES; i++)
		if (same_name(os, families[i].family))
			return &families[i];
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (same_name(os, aliases[i].name))
			return vendor_lines_find(slice_of(aliases[i].family));
	return NULL;
}
