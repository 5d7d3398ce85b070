#!/bin/bash
# mibs.sh: the MIB modules in mibs/ give every name its number and number its name, and the commands that a reader of
# the README types print no warning. The numbers below are written out, not computed from mibs/: they come from the
# RFCs and the vendors' own modules. No daemon of ours is needed. The last line says `N passed, N failed`.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
tmp=$(mktemp -d) || exit 1
passed=0 failed=0 skipped=0 receiver=
mkdir -p "$tmp/persistent/cert_indexes" "$tmp/persistent/mib_indexes" # else net-snmp tells that it made them

finish() {
	[ -n "$receiver" ] && kill "$receiver" 2>/dev/null && wait "$receiver" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*"; }
skip() { skipped=$((skipped + 1)); echo "SKIPPED: $*"; }

summary() {
	if [ "$skipped" -gt 0 ]; then
		echo "$passed passed, $failed failed, $skipped skipped"
	else
		echo "$passed passed, $failed failed"
	fi
	[ "$failed" -eq 0 ]
	exit
}

# A net-snmp command as a user has it, with our modules and nothing of the caller's own configuration.
tool() {
	env -i PATH="$PATH" HOME="$tmp" LC_ALL=C SNMP_PERSISTENT_DIR="$tmp/persistent" \
		MIBDIRS="$root/mibs" MIBS=ALL "$@" >"$tmp/out" 2>"$tmp/err"
}

# quiet WHAT COMMAND...: it succeeds and prints nothing at all.
quiet() {
	local what=$1
	shift
	if ! tool "$@"; then
		fail "$what: exit status not 0: $(head -c 300 "$tmp/err")"
	elif [ -s "$tmp/out" ] || [ -s "$tmp/err" ]; then
		fail "$what: prints: $(head -c 300 "$tmp/out" "$tmp/err")"
	else
		pass
	fi
}

# translates NAME OID: forth and back, without a word on stderr.
translates() {
	local name=$1 oid=$2 got
	tool snmptranslate -On "$name"
	got=$(cat "$tmp/out")
	if [ "$got" = "$oid" ] && [ ! -s "$tmp/err" ]; then
		pass
	else
		fail "$name is ${got:-nothing}, not $oid; stderr: $(head -c 300 "$tmp/err")"
	fi
	tool snmptranslate "$oid"
	got=$(cat "$tmp/out")
	if [ "$got" = "$name" ] && [ ! -s "$tmp/err" ]; then
		pass
	else
		fail "$oid is ${got:-nothing}, not $name; stderr: $(head -c 300 "$tmp/err")"
	fi
}

# name oid
cat >"$tmp/names" <<'END'
SNMPv2-MIB::sysDescr                                            .1.3.6.1.2.1.1.1
SNMPv2-MIB::sysObjectID                                         .1.3.6.1.2.1.1.2
SNMPv2-MIB::sysUpTime                                           .1.3.6.1.2.1.1.3
SNMPv2-MIB::sysContact                                          .1.3.6.1.2.1.1.4
SNMPv2-MIB::sysName                                             .1.3.6.1.2.1.1.5
SNMPv2-MIB::sysLocation                                         .1.3.6.1.2.1.1.6
SNMPv2-MIB::sysServices                                         .1.3.6.1.2.1.1.7
SNMPv2-MIB::snmpTrapOID                                         .1.3.6.1.6.3.1.1.4.1
SNMPv2-MIB::snmpTrapEnterprise                                  .1.3.6.1.6.3.1.1.4.3
SNMPv2-MIB::coldStart                                           .1.3.6.1.6.3.1.1.5.1
SNMPv2-MIB::warmStart                                           .1.3.6.1.6.3.1.1.5.2
SNMPv2-MIB::authenticationFailure                               .1.3.6.1.6.3.1.1.5.5
IF-MIB::ifNumber                                                .1.3.6.1.2.1.2.1
IF-MIB::ifTableLastChange                                       .1.3.6.1.2.1.31.1.5
IF-MIB::ifStackLastChange                                       .1.3.6.1.2.1.31.1.6
IF-MIB::ifIndex                                                 .1.3.6.1.2.1.2.2.1.1
IF-MIB::ifDescr                                                 .1.3.6.1.2.1.2.2.1.2
IF-MIB::ifType                                                  .1.3.6.1.2.1.2.2.1.3
IF-MIB::ifMtu                                                   .1.3.6.1.2.1.2.2.1.4
IF-MIB::ifSpeed                                                 .1.3.6.1.2.1.2.2.1.5
IF-MIB::ifPhysAddress                                           .1.3.6.1.2.1.2.2.1.6
IF-MIB::ifAdminStatus                                           .1.3.6.1.2.1.2.2.1.7
IF-MIB::ifOperStatus                                            .1.3.6.1.2.1.2.2.1.8
IF-MIB::ifLastChange                                            .1.3.6.1.2.1.2.2.1.9
IF-MIB::ifName                                                  .1.3.6.1.2.1.31.1.1.1.1
IF-MIB::ifLinkUpDownTrapEnable                                  .1.3.6.1.2.1.31.1.1.1.14
IF-MIB::ifHighSpeed                                             .1.3.6.1.2.1.31.1.1.1.15
IF-MIB::ifConnectorPresent                                      .1.3.6.1.2.1.31.1.1.1.17
IF-MIB::ifAlias                                                 .1.3.6.1.2.1.31.1.1.1.18
IF-MIB::ifStackHigherLayer                                      .1.3.6.1.2.1.31.1.2.1.1
IF-MIB::ifStackLowerLayer                                       .1.3.6.1.2.1.31.1.2.1.2
IF-MIB::ifStackStatus                                           .1.3.6.1.2.1.31.1.2.1.3
IF-MIB::linkDown                                                .1.3.6.1.6.3.1.1.5.3
IF-MIB::linkUp                                                  .1.3.6.1.6.3.1.1.5.4
SNMP-FRAMEWORK-MIB::snmpEngineID                                .1.3.6.1.6.3.10.2.1.1
SNMP-FRAMEWORK-MIB::snmpEngineBoots                             .1.3.6.1.6.3.10.2.1.2
SNMP-FRAMEWORK-MIB::snmpEngineTime                              .1.3.6.1.6.3.10.2.1.3
SNMP-FRAMEWORK-MIB::snmpEngineMaxMessageSize                    .1.3.6.1.6.3.10.2.1.4
SNMP-COMMUNITY-MIB::snmpTrapAddress                             .1.3.6.1.6.3.18.1.3
SNMP-COMMUNITY-MIB::snmpTrapCommunity                           .1.3.6.1.6.3.18.1.4
ENTITY-MIB::entPhysicalIndex                                    .1.3.6.1.2.1.47.1.1.1.1.1
ENTITY-MIB::entPhysicalDescr                                    .1.3.6.1.2.1.47.1.1.1.1.2
ENTITY-MIB::entPhysicalName                                     .1.3.6.1.2.1.47.1.1.1.1.7
IEEE8023-LAG-MIB::dot3adAggPortIndex                            .1.2.840.10006.300.43.1.2.1.1.1
IEEE8023-LAG-MIB::dot3adAggPortSelectedAggID                    .1.2.840.10006.300.43.1.2.1.1.12
IEEE8023-LAG-MIB::dot3adAggPortAttachedAggID                    .1.2.840.10006.300.43.1.2.1.1.13
IEEE8023-LAG-MIB::dot3adAggLinkUpNotification                   .1.2.840.10006.300.43.0.1
IEEE8023-LAG-MIB::dot3adAggLinkDownNotification                 .1.2.840.10006.300.43.0.2
CISCO-IF-EXTENSION-MIB::cieIfStateChangeReason                  .1.3.6.1.4.1.9.9.276.1.1.2.1.3
CISCO-IF-EXTENSION-MIB::cieIfOperStatusCause                    .1.3.6.1.4.1.9.9.276.1.1.2.1.9
CISCO-IF-EXTENSION-MIB::cieLinkDown                             .1.3.6.1.4.1.9.9.276.0.1
CISCO-IF-EXTENSION-MIB::cieLinkUp                               .1.3.6.1.4.1.9.9.276.0.2
CISCO-IF-EXTENSION-MIB::cieDelayedLinkUpDownNotif               .1.3.6.1.4.1.9.9.276.0.3
OLD-CISCO-INTERFACES-MIB::locIfReason                           .1.3.6.1.4.1.9.2.2.1.1.20
OLD-CISCO-SYS-MIB::whyReload                                    .1.3.6.1.4.1.9.2.1.2
CISCOTRAP-MIB::reload                                           .1.3.6.1.4.1.9.0.0
HH3C-IF-EXT-MIB::hh3cIfPortUp                                   .1.3.6.1.4.1.25506.2.40.3.0.5
HH3C-IF-EXT-MIB::hh3cIfPortDown                                 .1.3.6.1.4.1.25506.2.40.3.0.6
HUAWEI-ENTITY-TRAP-MIB::hwEntityPhysicalIndex                   .1.3.6.1.4.1.2011.5.25.219.1.1
HUAWEI-ENTITY-TRAP-MIB::hwEntityTrapFaultID                     .1.3.6.1.4.1.2011.5.25.219.1.3
HUAWEI-ENTITY-TRAP-MIB::hwPortDownReason                        .1.3.6.1.4.1.2011.5.25.219.1.11
HUAWEI-ENTITY-TRAP-MIB::hwEntityTrapRelativeResource            .1.3.6.1.4.1.2011.5.25.219.1.12
HUAWEI-ENTITY-TRAP-MIB::hwEntityTrapReasonDescr                 .1.3.6.1.4.1.2011.5.25.219.1.13
HUAWEI-ENTITY-TRAP-MIB::hwPortDown                              .1.3.6.1.4.1.2011.5.25.219.2.12.1
HUAWEI-ENTITY-TRAP-MIB::hwPortUp                                .1.3.6.1.4.1.2011.5.25.219.2.12.2
HUAWEI-BASE-TRAP-MIB::hwPortPhysicalDown                        .1.3.6.1.4.1.2011.5.25.129.2.5.1
HUAWEI-BASE-TRAP-MIB::hwPortPhysicalUp                          .1.3.6.1.4.1.2011.5.25.129.2.5.2
HUAWEI-ENTITY-TRAP-MIB::hwEntityDyingGaspEvent                  .1.3.6.1.4.1.2011.5.25.219.2.10.25
HUAWEI-IF-EXT-MIB::hwIFExtPhyStatus                             .1.3.6.1.4.1.2011.5.25.41.1.1.2
HUAWEI-IF-EXT-MIB::hwIFExtMemberOf                              .1.3.6.1.4.1.2011.5.25.41.1.1.3
HUAWEI-IF-EXT-MIB::hwExtLinkDown                                .1.3.6.1.4.1.2011.5.25.41.3.9
HUAWEI-IF-EXT-MIB::hwExtLinkUp                                  .1.3.6.1.4.1.2011.5.25.41.3.10
HUAWEI-IF-EXT-MIB::hwPhysicalAdminIfDown                        .1.3.6.1.4.1.2011.5.25.41.3.49
HUAWEI-IF-EXT-MIB::hwPhysicalAdminIfUp                          .1.3.6.1.4.1.2011.5.25.41.3.50
RUIJIE-INTERFACE-MIB::ruijieIfLinkDown                          .1.3.6.1.4.1.4881.1.1.10.2.10.2.12
RUIJIE-INTERFACE-MIB::ruijieIfLinkUp                            .1.3.6.1.4.1.4881.1.1.10.2.10.2.13
AT-LINKTRAP-MIB::atLinkDown                                     .1.3.6.1.4.1.207.8.4.4.3.25.1
AT-LINKTRAP-MIB::atLinkUp                                       .1.3.6.1.4.1.207.8.4.4.3.25.2
CIENA-GLOBAL-MIB::cienaGlobalSeverity                           .1.3.6.1.4.1.1271.1.3.1
CIENA-GLOBAL-MIB::cienaGlobalMacAddress                         .1.3.6.1.4.1.1271.1.3.2
CIENA-CES-CHASSIS-MIB::cienaCesChassisMacAddress                .1.3.6.1.4.1.1271.2.1.5.1.1.1
CIENA-CES-CHASSIS-MIB::cienaCesChassisDeviceId                  .1.3.6.1.4.1.1271.2.1.5.1.1.2
CIENA-CES-CHASSIS-MIB::cienaCesChassisSerialNumber              .1.3.6.1.4.1.1271.2.1.5.1.1.4
CIENA-CES-CHASSIS-MIB::cienaCesChassisMfgDate                   .1.3.6.1.4.1.1271.2.1.5.1.1.5
CIENA-CES-CHASSIS-MIB::cienaCesChassisParamVersion              .1.3.6.1.4.1.1271.2.1.5.1.1.6
CIENA-CES-CHASSIS-MIB::cienaCesChassisSystemId                  .1.3.6.1.4.1.1271.2.1.5.1.1.11
CIENA-CES-CHASSIS-MIB::cienaCesChassisDyingGaspNotification     .1.3.6.1.4.1.1271.2.2.4.0.28
CIENA-CES-PORT-MIB::cienaCesLogicalPortConfigPgId               .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.1
CIENA-CES-PORT-MIB::cienaCesLogicalPortConfigPortAdminState     .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.2
CIENA-CES-PORT-MIB::cienaCesLogicalPortConfigPortOperState      .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.3
CIENA-CES-PORT-MIB::cienaCesLogicalPortConfigPortName           .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.7
CIENA-CES-PORT-MIB::cienaCesLogicalPortConfigPortDesc           .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.8
CIENA-CES-PORT-MIB::cienaCesLogicalPortConfigPortType           .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.9
CIENA-CES-PORT-MIB::cienaCesLogicalPortConfigEttpAid            .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.14
CIENA-CES-PORT-MIB::cienaCesLogicalPortLastDownReason1          .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.15
CIENA-CES-PORT-MIB::cienaCesLogicalPortLastDownReason2          .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.16
CIENA-CES-PORT-MIB::cienaCesLogicalPortLastDownReason3          .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.17
CIENA-CES-PORT-MIB::cienaCesLogicalPortMaskedDownReason         .1.3.6.1.4.1.1271.2.1.1.1.1.1.1.18
CIENA-CES-PORT-MIB::cienaCesPortPgIdMappingNotifChassisIndex    .1.3.6.1.4.1.1271.2.1.1.1.2.1.1.6
CIENA-CES-PORT-MIB::cienaCesPortPgIdMappingNotifShelfIndex      .1.3.6.1.4.1.1271.2.1.1.1.2.1.1.7
CIENA-CES-PORT-MIB::cienaCesPortPgIdMappingNotifSlotIndex       .1.3.6.1.4.1.1271.2.1.1.1.2.1.1.8
CIENA-CES-PORT-MIB::cienaCesPortPgIdMappingNotifPortNumber      .1.3.6.1.4.1.1271.2.1.1.1.2.1.1.9
CIENA-CES-PORT-MIB::cienaCesChPortPgIdMappingNotifChassisIndex  .1.3.6.1.4.1.1271.2.1.1.1.5.1.1.7
CIENA-CES-PORT-MIB::cienaCesChPortPgIdMappingNotifShelfIndex    .1.3.6.1.4.1.1271.2.1.1.1.5.1.1.8
CIENA-CES-PORT-MIB::cienaCesChPortPgIdMappingNotifSlotIndex     .1.3.6.1.4.1.1271.2.1.1.1.5.1.1.9
CIENA-CES-PORT-MIB::cienaCesChPortPgIdMappingNotifPortNumber    .1.3.6.1.4.1.1271.2.1.1.1.5.1.1.10
CIENA-CES-PORT-MIB::cienaCesChPortPgIdMappingNotifChannelNumber .1.3.6.1.4.1.1271.2.1.1.1.5.1.1.11
CIENA-CES-PORT-MIB::cienaCesPortNotificationPortDown            .1.3.6.1.4.1.1271.2.2.2.0.1
CIENA-CES-PORT-MIB::cienaCesPortNotificationPortUp              .1.3.6.1.4.1.1271.2.2.2.0.2
CIENA-CES-PORT-MIB::cienaCesChPortNotificationPortUp            .1.3.6.1.4.1.1271.2.2.2.0.3
CIENA-CES-PORT-MIB::cienaCesChPortNotificationPortDown          .1.3.6.1.4.1.1271.2.2.2.0.4
WWP-LEOS-PORT-MIB::wwpLeosEtherPortId                           .1.3.6.1.4.1.6141.2.60.2.1.1.1.1.1
WWP-LEOS-PORT-MIB::wwpLeosEtherPortName                         .1.3.6.1.4.1.6141.2.60.2.1.1.1.1.2
WWP-LEOS-PORT-MIB::wwpLeosEtherPortDesc                         .1.3.6.1.4.1.6141.2.60.2.1.1.1.1.3
WWP-LEOS-PORT-MIB::wwpLeosEtherPortType                         .1.3.6.1.4.1.6141.2.60.2.1.1.1.1.4
WWP-LEOS-PORT-MIB::wwpLeosEtherPortAdminStatus                  .1.3.6.1.4.1.6141.2.60.2.1.1.1.1.7
WWP-LEOS-PORT-MIB::wwpLeosEtherPortOperStatus                   .1.3.6.1.4.1.6141.2.60.2.1.1.1.1.8
WWP-LEOS-PORT-MIB::wwpLeosEthLinkUp                             .1.3.6.1.4.1.6141.2.60.2.2.0.3
WWP-LEOS-PORT-MIB::wwpLeosEthLinkDown                           .1.3.6.1.4.1.6141.2.60.2.2.0.4
WWP-EXT-BRIDGE-MIB::wwpPortId                                   .1.3.6.1.4.1.6141.2.4.1.1.1.1.1
WWP-EXT-BRIDGE-MIB::wwpPortType                                 .1.3.6.1.4.1.6141.2.4.1.1.1.1.2
WWP-EXT-BRIDGE-MIB::wwpPortName                                 .1.3.6.1.4.1.6141.2.4.1.1.1.1.3
WWP-EXT-BRIDGE-MIB::wwpPortAdminStatus                          .1.3.6.1.4.1.6141.2.4.1.1.1.1.6
WWP-EXT-BRIDGE-MIB::wwpPortOperStatus                           .1.3.6.1.4.1.6141.2.4.1.1.1.1.7
WWP-EXT-BRIDGE-TRAP-MIB::wwpLinkUp                              .1.3.6.1.4.1.6141.2.41.2.0.1
WWP-EXT-BRIDGE-TRAP-MIB::wwpLinkDown                            .1.3.6.1.4.1.6141.2.41.2.0.2
RBN-NOTIFY-ENHANCE-MIB::rbnNECircuitId                          .1.3.6.1.4.1.2352.2.36.1.1.4
RBN-NOTIFY-ENHANCE-MIB::rbnNEGroupName                          .1.3.6.1.4.1.2352.2.36.1.1.5
RBN-NOTIFY-ENHANCE-MIB::rbnNElinkDown                           .1.3.6.1.4.1.2352.2.36.0.3
RBN-NOTIFY-ENHANCE-MIB::rbnNElinkUp                             .1.3.6.1.4.1.2352.2.36.0.4
ERICSSON-ROUTER-NOTIFY-ENHANCE-MIB::eriRouterNECircuitId        .1.3.6.1.4.1.193.218.2.36.1.1.4
ERICSSON-ROUTER-NOTIFY-ENHANCE-MIB::eriRouterNEGroupName        .1.3.6.1.4.1.193.218.2.36.1.1.5
ERICSSON-ROUTER-NOTIFY-ENHANCE-MIB::eriRouterNElinkDown         .1.3.6.1.4.1.193.218.2.36.0.3
ERICSSON-ROUTER-NOTIFY-ENHANCE-MIB::eriRouterNElinkUp           .1.3.6.1.4.1.193.218.2.36.0.4
WLSX-TRAP-MIB::wlsxTrapAdminStatus                              .1.3.6.1.4.1.14823.2.3.1.11.1.1.24
WLSX-TRAP-MIB::wlsxTrapOperStatus                               .1.3.6.1.4.1.14823.2.3.1.11.1.1.25
WLSX-TRAP-MIB::wlsxTrapCardSlot                                 .1.3.6.1.4.1.14823.2.3.1.11.1.1.28
WLSX-TRAP-MIB::wlsxTrapPortNumber                               .1.3.6.1.4.1.14823.2.3.1.11.1.1.59
WLSX-TRAP-MIB::wlsxTrapTime                                     .1.3.6.1.4.1.14823.2.3.1.11.1.1.60
WLSX-TRAP-MIB::wlsxPortUp                                       .1.3.6.1.4.1.14823.2.3.1.11.1.2.1107
WLSX-TRAP-MIB::wlsxPortDown                                     .1.3.6.1.4.1.14823.2.3.1.11.1.2.1108
RDN-CHASSIS-MIB::rdnLinkUpTrap                                  .1.3.6.1.4.1.4981.1.0.8
RDN-CHASSIS-MIB::rdnLinkDownTrap                                .1.3.6.1.4.1.4981.1.0.9
BENU-CHASSIS-MIB::benuLinkUpTrap                                .1.3.6.1.4.1.39406.1.1.0.3
BENU-CHASSIS-MIB::benuLinkDownTrap                              .1.3.6.1.4.1.39406.1.1.0.4
CADANT-CMTS-NOTIFICATION-MIB::cadLinkUp                         .1.3.6.1.4.1.4998.1.1.6.1.1.0.10
XKL-MIB::xklLinkDown                                            .1.3.6.1.4.1.21150.1.0.13
XKL-MIB::xklLinkUp                                              .1.3.6.1.4.1.21150.1.0.14
JUNIPER-MIB::jnxDyingGasp                                       .1.3.6.1.4.1.2636.4.1.30
ALCATEL-IND1-PORT-MIB::alaDyingGaspSlot                         .1.3.6.1.4.1.6486.800.1.2.1.5.1.1.1.2
ALCATEL-IND1-PORT-MIB::alaDyingGaspPowerSupplyType              .1.3.6.1.4.1.6486.800.1.2.1.5.1.1.1.3
ALCATEL-IND1-PORT-MIB::alaDyingGaspTime                         .1.3.6.1.4.1.6486.800.1.2.1.5.1.1.1.4
ALCATEL-IND1-PORT-MIB::alaDyingGaspTrap                         .1.3.6.1.4.1.6486.800.1.3.2.6.0.3
NET-SNMP-AGENT-MIB::nsNotifyStart                               .1.3.6.1.4.1.8072.4.0.1
NET-SNMP-AGENT-MIB::nsNotifyShutdown                            .1.3.6.1.4.1.8072.4.0.2
NET-SNMP-AGENT-MIB::nsNotifyRestart                             .1.3.6.1.4.1.8072.4.0.3
END

# What mibs/ defines, and neither the table above nor a rule has: scripts/check-oids holds the rules against mibs/.
not_listed() {
	local file name
	for file in "$root"/mibs/*.txt; do
		grep -oE '^[a-z][A-Za-z0-9-]* +(OBJECT|NOTIFICATION|TRAP)-TYPE' "$file" | grep -vE '^[A-Za-z0-9]+(Table|Entry) ' |
			while read -r name _; do
				grep -q "^$(basename "$file" .txt)::$name " "$tmp/names" ||
					grep -qsE "[[:space:]]$(basename "$file" .txt)::$name [0-9.]+$" "$root"/conf/rules/*.rules || echo "$name"
			done
	done
}

if command -v snmptranslate >/dev/null; then
	while read -r name oid; do
		translates "$name" "$oid"
	done <"$tmp/names"
	missing=$(not_listed)
	if [ -z "$missing" ]; then pass; else fail "not in the table: ${missing//$'\n'/ }"; fi
else
	skip "names: no snmptranslate (Debian: snmp)"
fi

# Port 1 is closed; a trap is sent and forgotten.
if command -v snmptrap >/dev/null; then
	to=127.0.0.1:1
	quiet "linkDown, v2c" snmptrap -v2c -c public $to '' IF-MIB::linkDown ifIndex.1 i 1 ifAdminStatus.1 i 1 ifOperStatus.1 i 2
	quiet "linkDown, short names" snmptrap -v2c -c public $to '' linkDown ifIndex.1 i 1 ifOperStatus.1 i lowerLayerDown
	quiet "linkUp with names of interfaces" snmptrap -v2c -c public $to '' IF-MIB::linkUp ifIndex.1 i 1 ifDescr.1 s Ethernet1/1 \
		ifName.1 s Eth1/1 ifAlias.1 s 'to compute-7' ifType.1 i 6 ifHighSpeed.1 u 10000 ifLastChange.1 t 100 snmpTrapAddress.0 a 192.0.2.11
	quiet "linkDown, v1" snmptrap -v1 -c public $to '' '' 2 0 '' ifIndex.1 i 1 ifDescr.1 s GigabitEthernet0/1 locIfReason.1 s 'Lost Carrier'
	quiet "reload, v1" snmptrap -v1 -c public $to CISCO-SMI::cisco 192.0.2.11 6 0 '' whyReload.0 s reload
	quiet "linkDown, v3" snmptrap -v3 -e 0x80000000017f000001 -u dpwatch -l noAuthNoPriv $to '' IF-MIB::linkDown ifIndex.1 i 1
	quiet "linkDown with odd values" snmptrap -v2c -c public $to '' IF-MIB::linkDown ifIndex.1 i -1 ifName.1 s "$(printf '%0300d' 0)"
	quiet "cieLinkDown" snmptrap -v2c -c public $to '' CISCO-IF-EXTENSION-MIB::cieLinkDown ifIndex.1 i 1 ifAdminStatus.1 i up \
		ifOperStatus.1 i down ifName.1 s Ethernet1/1 ifType.1 i ethernetCsmacd
	quiet "hwPortDown" snmptrap -v2c -c public $to '' HUAWEI-ENTITY-TRAP-MIB::hwPortDown hwEntityPhysicalIndex.0 i 16850958 \
		entPhysicalName.16850958 s GigabitEthernet0/0/1 hwPortDownReason.0 s 'link loss' ifOperStatus.1 i down ifAdminStatus.1 i up
	quiet "cienaCesPortNotificationPortDown" snmptrap -v2c -c public $to '' CIENA-CES-PORT-MIB::cienaCesPortNotificationPortDown \
		cienaCesPortPgIdMappingNotifPortNumber.1.1.1.3 u 3 cienaCesLogicalPortConfigPortOperState.3 i disabled cienaCesLogicalPortConfigPortName.3 s 3
	quiet "nsNotifyShutdown" snmptrap -v2c -c public $to '' NET-SNMP-AGENT-MIB::nsNotifyShutdown
	# And with the caller's own environment, the way the README has it (but for the directory where net-snmp keeps its
	# state: what it says of that one is not about modules).
	out=$(MIBDIRS="$root/mibs" MIBS=ALL SNMP_PERSISTENT_DIR="$tmp/persistent" \
		snmptrap -v2c -c public $to '' IF-MIB::linkDown ifIndex.1 i 1 ifAdminStatus.1 i 1 ifOperStatus.1 i 2 2>&1) ||
		out="exit status not 0: $out"
	if [ -z "$out" ]; then pass; else fail "the README's snmptrap prints: $out"; fi
else
	skip "traps: no snmptrap (Debian: snmp)"
fi

# An INFORM wants an answer: snmptrapd gives it, and writes down what it understood.
if command -v snmptrapd >/dev/null && command -v snmpinform >/dev/null; then
	to=127.0.0.1:$((20000 + $$ % 20000))
	env -i PATH="$PATH" HOME="$tmp" LC_ALL=C SNMP_PERSISTENT_DIR="$tmp/persistent" MIBDIRS="$root/mibs" MIBS=ALL \
		snmptrapd -f -C --disableAuthorization=yes -Lf "$tmp/log" "udp:$to" >"$tmp/receiver" 2>&1 &
	receiver=$!
	deadline=$((SECONDS + 60))
	until grep -qs 'NET-SNMP version' "$tmp/log" || [ $SECONDS -ge $deadline ]; do sleep 0.05; done
	quiet "linkDown as an INFORM" snmpinform -v2c -c public $to '' IF-MIB::linkDown ifIndex.1 i 1 ifAdminStatus.1 i 1 \
		ifOperStatus.1 i 2 ifName.1 s Eth1/1 ifType.1 i 161 ifStackStatus.10.1 i 1
	until grep -qsF 'ifStackStatus' "$tmp/log" || [ $SECONDS -ge $deadline ]; do sleep 0.05; done
	for words in 'IF-MIB::linkDown' 'IF-MIB::ifAdminStatus.1 = INTEGER: up(1)' 'IF-MIB::ifOperStatus.1 = INTEGER: down(2)' \
		'IF-MIB::ifName.1 = STRING: Eth1/1' 'IF-MIB::ifType.1 = INTEGER: ieee8023adLag(161)' 'IF-MIB::ifStackStatus.10.1 = INTEGER: active(1)'; do
		if grep -qsF "$words" "$tmp/log"; then pass; else fail "the receiver did not write \"$words\""; fi
	done
	warnings=$(grep -hE 'Cannot find module|Did not find|Cannot adopt|Unlinked OID|Undefined' "$tmp/receiver" "$tmp/log")
	if [ -z "$warnings" ]; then pass; else fail "the receiver warns: ${warnings:0:300}"; fi
else
	skip "informs: no snmptrapd or snmpinform (Debian: snmptrapd, snmp)"
fi

summary
