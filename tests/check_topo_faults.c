/*
 * What a topology document may not say, and the JSON path and reason that tell it.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_codec.h"
#include "lib/guard.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

/* A document around one switch (and a second one), one host, one port; `more` begins with a comma. */
#define SWITCHES(list) "{'switches': [" list "]}"
#define SWITCH(more) SWITCHES("{'name': 'leaf1', 'addresses': ['192.0.2.1']" more "}")
#define INTERFACES(list) SWITCH(", 'interfaces': [" list "]")
#define TWO \
	"'switches': [{'name': 'leaf1', 'addresses': ['192.0.2.1']}, {'name': 'leaf2', 'addresses': ['192.0.2.2']}]"
#define LINKS(list) "{" TWO ", 'links': [" list "]}"
#define HOSTS(list) "{" TWO ", 'hosts': [" list "]}"
#define ID1 "'id': '11111111-1111-4111-8111-111111111111'"
#define HOST_A "{'name': 'a', 'attachments': ['leaf1:e1']}"
#define HOST_P "{'name': 'p', 'physnets': {'net1': ['leaf1:e2']}}"
#define PORTS(list) "{" TWO ", 'hosts': [" HOST_A ", " HOST_P "], 'ports': [" list "]}"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define NAME_256 HUNDRED HUNDRED TEN TEN TEN TEN TEN "012345"

#define NO_NAME "\" is no interface's name: 1 to 255 bytes without control characters"
#define NO_COLON " has no colon: an interface is named \"SWITCH:INTERFACE\""
#define NO_ENGINE_ID " is no engine id: 0x and 5 to 32 octets in hex, not all 0 or 255"
#define NO_UUID " is no UUID, such as 11111111-1111-4111-8111-111111111111"

static const struct {
	const char *document, *path, *reason;
} faults[] = {
	/* the text */
	{ "", "line 1, column 0", "'[' or '{' expected near end of file" },
	{ "{'ports': [\n}", "line 2, column 1", "unexpected token near '}'" },
	{ "{} x", "line 1, column 4", "end of file expected near 'x'" },
	{ "{'ports': [], 'ports': []}", "line 1, column 21",
	    "duplicate object key near '\"ports\"'" },
	{ "{'ports': ['\xff']}", "line 1, column 12", "unable to decode byte 0xff near '\"'" },
	{ "[]", "document", "must be an object, but is an array" },
	/* the document */
	{ "{'prots': []}", "prots", "unknown member; did you mean \"ports\"?" },
	{ "{'vlans': []}", "vlans",
	    "unknown member; here may stand switches, links, hosts or ports" },
	{ "{'ports': {}}", "ports", "must be an array, but is an object" },
	{ "{'switches': [null]}", "switches[0]", "must be an object, but is null" },
	{ "{'links': ['a']}", "links[0]", "must be an object, but is a string" },
	{ "{'hosts': [[]]}", "hosts[0]", "must be an object, but is an array" },
	{ "{'ports': [true]}", "ports[0]", "must be an object, but is true" },
	/* names */
	{ SWITCHES("{'addresses': ['192.0.2.1']}"), "switches[0].name", "is missing" },
	{ SWITCHES("{'name': '', 'addresses': ['192.0.2.1']}"), "switches[0].name", "is empty" },
	{ SWITCHES("{'name': 1.5, 'addresses': ['192.0.2.1']}"), "switches[0].name",
	    "must be a string, but is a fraction" },
	{ SWITCHES("{'name': 'a:b', 'addresses': ['192.0.2.1']}"), "switches[0].name",
	    "\"a:b\" has a colon, which ends a switch's name in \"SWITCH:INTERFACE\"" },
	{ SWITCHES("{'name': 'a\\u001b[2J', 'addresses': ['192.0.2.1']}"), "switches[0].name",
	    "\"a?[2J\" holds a control character" },
	{ SWITCHES("{'name': 'a\\u009b2J', 'addresses': ['192.0.2.1']}"), "switches[0].name",
	    "\"a?2J\" holds a control character" },
	{ SWITCHES("{'name': '" NAME_256 "', 'addresses': ['192.0.2.1']}"), "switches[0].name",
	    "\"" TEN TEN TEN TEN TEN TEN TEN TEN "...\" is longer than 255 characters" },
	{ SWITCHES(
	      "{'name': 'a', 'addresses': ['192.0.2.1']}, {'name': 'a', 'addresses': ['192.0.2.2']}"),
	    "switches[1].name", "duplicate: there is a switch \"a\" already" },
	{ HOSTS("{'attachments': []}"), "hosts[0].name", "is missing" },
	{ HOSTS(HOST_A ", {'name': 'a'}"), "hosts[1].name",
	    "duplicate: there is a host \"a\" already" },
	{ HOSTS("{'name': ''}"), "hosts[0].name", "is empty" },
	{ PORTS("{" ID1 ", 'name': 'a\\tb', 'host': 'a'}"), "ports[0].name",
	    "\"a?b\" holds a control character" },
	{ PORTS("{" ID1 ", 'project_id': 'a\\nb', 'host': 'a'}"), "ports[0].project_id",
	    "\"a?b\" holds a control character" },
	/* who a switch is */
	{ SWITCHES("{'name': 'a'}"), "switches[0]",
	    "needs addresses, hostnames or an engine_id: nothing could name it" },
	{ SWITCHES("{'name': 'a', 'addresses': [], 'hostnames': []}"), "switches[0]",
	    "needs addresses, hostnames or an engine_id: nothing could name it" },
	{ SWITCHES("{'name': 'a', 'addresses': '192.0.2.1'}"), "switches[0].addresses",
	    "must be an array, but is a string" },
	{ SWITCHES("{'name': 'a', 'addresses': ['192.0.2.1', 7]}"), "switches[0].addresses[1]",
	    "must be a string, but is a whole number" },
	{ SWITCHES("{'name': 'a', 'addresses': ['leaf1']}"), "switches[0].addresses[0]",
	    "\"leaf1\" is no IP address" },
	{ SWITCHES("{'name': 'a', 'addresses': ['192.0.2.0/24']}"), "switches[0].addresses[0]",
	    "\"192.0.2.0/24\" is no IP address" },
	{ SWITCHES("{'name': 'a', 'addresses': ['::']}"), "switches[0].addresses[0]",
	    "\"::\" is nobody's own address" },
	{ SWITCHES("{'name': 'a', 'addresses': ['224.0.0.5']}"), "switches[0].addresses[0]",
	    "\"224.0.0.5\" is nobody's own address" },
	{ SWITCHES("{'name': 'a', 'addresses': ['192.0.2.1', '::ffff:c000:201']}"),
	    "switches[0].addresses[1]",
	    "duplicate: ::ffff:c000:201 is already an address of \"a\"" },
	{ SWITCHES(
	      "{'name': 'a', 'addresses': ['192.0.2.1']}, {'name': 'b', 'addresses': ['192.0.2.1']}"),
	    "switches[1].addresses[0]", "duplicate: 192.0.2.1 is already an address of \"a\"" },
	{ SWITCH(", 'hostnames': ['leaf 1']"), "switches[0].hostnames[0]",
	    "\"leaf 1\" is no host name: it has a blank" },
	{ SWITCH(", 'engine_id': '0x80000000'"), "switches[0].engine_id",
	    "\"0x80000000\"" NO_ENGINE_ID },
	{ SWITCH(", 'engine_id': '8000000009'"), "switches[0].engine_id",
	    "\"8000000009\"" NO_ENGINE_ID },
	{ SWITCH(", 'engine_id': '0x800000000'"), "switches[0].engine_id",
	    "\"0x800000000\"" NO_ENGINE_ID },
	{ SWITCH(", 'engine_id': '0x800000000g'"), "switches[0].engine_id",
	    "\"0x800000000g\"" NO_ENGINE_ID },
	{ SWITCH(", 'engine_id': '0x0000000000'"), "switches[0].engine_id",
	    "\"0x0000000000\"" NO_ENGINE_ID },
	{ SWITCH(", 'engine_id': '0xffffffffff'"), "switches[0].engine_id",
	    "\"0xffffffffff\"" NO_ENGINE_ID },
	{ SWITCHES(
	      "{'name': 'a', 'engine_id': '0x80000009aa'}, {'name': 'b', 'engine_id': '0x80000009AA'}"),
	    "switches[1].engine_id", "duplicate: it is already the engine id of \"a\"" },
	/* how a switch is taken */
	{ SWITCH(", 'adresses': []"), "switches[0].adresses",
	    "unknown member; did you mean \"addresses\"?" },
	{ SWITCH(", 'root': 'yes'"), "switches[0].root", "must be true or false, but is a string" },
	{ SWITCH(", 'transit': 0"), "switches[0].transit",
	    "must be true or false, but is a whole number" },
	{ SWITCH(", 'os': null"), "switches[0].os", "must be a string, but is null" },
	{ SWITCH(", 'chassis_id': 5"), "switches[0].chassis_id",
	    "must be a string, but is a whole number" },
	{ SWITCH(", 'sources': 'trap'"), "switches[0].sources",
	    "must be an array, but is a string" },
	{ SWITCH(", 'sources': ['trap', 'email']"), "switches[0].sources[1]",
	    "\"email\" is wrong; right is trap or syslog" },
	{ SWITCH(", 'poll': {'community': ''}"), "switches[0].poll.community", "is empty" },
	{ SWITCH(", 'poll': {'community': '" NAME_256 "'}"), "switches[0].poll.community",
	    "is longer than 255 octets" },
	{ SWITCH(", 'poll': {'user': 'a\\nb'}"), "switches[0].poll.user",
	    "holds a control character" },
	{ SWITCH(", 'poll': {'user': 'monitor SHA \\u0022secret\\u0022'}"), "switches[0].poll.user",
	    "the authentication secret is shorter than 8 octets (RFC 3414 11.2)" },
	{ SWITCH(", 'min_level': 'authpriv'"), "switches[0].min_level",
	    "\"authpriv\" is wrong; right is noAuthNoPriv, authNoPriv or authPriv" },
	{ SWITCH(", 'boot_settle': '5m'"), "switches[0].boot_settle",
	    "\"5m\" is no duration up to a day, such as \"30s\" or \"2min\"" },
	{ SWITCH(", 'boot_settle': '25h'"), "switches[0].boot_settle",
	    "\"25h\" is no duration up to a day, such as \"30s\" or \"2min\"" },
	{ SWITCH(", 'boot_settle': 30"), "switches[0].boot_settle",
	    "must be a string, but is a whole number" },
	{ SWITCH(", 'poll': {'comunity': 'x'}"), "switches[0].poll.comunity",
	    "unknown member; did you mean \"community\"?" },
	{ SWITCH(", 'poll': {'port': 0}"), "switches[0].poll.port",
	    "0 is not between 1 and 65535" },
	{ SWITCH(", 'poll': {'user': ''}"), "switches[0].poll.user", "is empty" },
	{ SWITCH(", 'poll': 'public'"), "switches[0].poll", "must be an object, but is a string" },
	/* interfaces */
	{ INTERFACES("{'name': 'Gi1/0/1'}, {'name': 'GigabitEthernet1/0/1'}"),
	    "switches[0].interfaces[1].name",
	    "duplicate: \"GigabitEthernet1/0/1\" has an entry already, as \"leaf1:Gi1/0/1\"" },
	{ INTERFACES("{'if_index': 1}"), "switches[0].interfaces[0].name", "is missing" },
	{ INTERFACES("{'name': 'e1', 'speed': 1}"), "switches[0].interfaces[0].speed",
	    "unknown member; here may stand name, if_index, aliases, members, min_links or fallback" },
	{ INTERFACES("{'name': 'e1', 'if_index': 0}"), "switches[0].interfaces[0].if_index",
	    "0 is not between 1 and 2147483647" },
	{ INTERFACES("{'name': 'e1', 'if_index': 2147483648}"),
	    "switches[0].interfaces[0].if_index", "2147483648 is not between 1 and 2147483647" },
	{ INTERFACES("{'name': 'e1', 'if_index': -1}"), "switches[0].interfaces[0].if_index",
	    "-1 is not between 1 and 2147483647" },
	{ INTERFACES("{'name': 'e1', 'if_index': '1'}"), "switches[0].interfaces[0].if_index",
	    "must be a whole number, but is a string" },
	{ INTERFACES("{'name': 'e1', 'if_index': 7}, {'name': 'e2', 'if_index': 7}"),
	    "switches[0].interfaces[1].if_index",
	    "duplicate: 7 is already the index of \"leaf1:e1\"" },
	{ INTERFACES("{'name': 'e1', 'aliases': ['E2']}, {'name': 'e2'}"),
	    "switches[0].interfaces[0].aliases[0]",
	    "duplicate: \"E2\" already stands for \"leaf1:e2\"" },
	{ INTERFACES("{'name': 'e1', 'aliases': ['up']}, {'name': 'e2', 'aliases': ['up']}"),
	    "switches[0].interfaces[1].aliases[0]",
	    "duplicate: \"up\" already stands for \"leaf1:e1\"" },
	{ INTERFACES("{'name': 'e1', 'aliases': ['']}"), "switches[0].interfaces[0].aliases[0]",
	    "is empty" },
	/* aggregates */
	{ INTERFACES("{'name': 'po1', 'members': ['Eth1/1', 'Ethernet1/1']}"),
	    "switches[0].interfaces[0].members[1]", "duplicate: \"leaf1:Eth1/1\" is listed twice" },
	{ INTERFACES(
	      "{'name': 'po1', 'members': ['e1']}, {'name': 'po2', 'members': ['e2', 'e1']}"),
	    "switches[0].interfaces[1].members[1]",
	    "\"leaf1:e1\" is already a member of \"leaf1:po1\"" },
	{ INTERFACES("{'name': 'po1', 'members': ['po1']}"), "switches[0].interfaces[0].members[0]",
	    "\"leaf1:po1\" is a member of itself" },
	{ INTERFACES("{'name': 'po1', 'members': ['Po2']}, {'name': 'po2', 'members': ['e1']}"),
	    "switches[0].interfaces[0].members[0]",
	    "\"leaf1:po2\" has members of its own: aggregates do not nest" },
	{ INTERFACES("{'name': 'po2', 'members': ['e1']}, {'name': 'po1', 'members': ['Po2']}"),
	    "switches[0].interfaces[1].members[0]",
	    "\"leaf1:po2\" has members of its own: aggregates do not nest" },
	{ INTERFACES("{'name': 'po1', 'members': []}"), "switches[0].interfaces[0].members",
	    "is empty: name the members, or leave it out" },
	{ INTERFACES("{'name': 'po1', 'members': ['leaf1:e1']}"),
	    "switches[0].interfaces[0].members[0]",
	    "\"leaf1:e1\": members are interfaces of this switch, written without \"leaf1:\"" },
	{ INTERFACES("{'name': 'po1', 'members': ['e1', 'e2'], 'min_links': 3}"),
	    "switches[0].interfaces[0].min_links",
	    "3 is wrong; right is 1 up to the number of members, 2" },
	{ INTERFACES("{'name': 'po1', 'members': ['e1', 'e2'], 'min_links': 0}"),
	    "switches[0].interfaces[0].min_links",
	    "0 is wrong; right is 1 up to the number of members, 2" },
	{ INTERFACES("{'name': 'e1', 'min_links': 1}"), "switches[0].interfaces[0].min_links",
	    "means something only beside members" },
	{ INTERFACES("{'name': 'e1', 'fallback': true}"), "switches[0].interfaces[0].fallback",
	    "means something only beside members" },
	/* links */
	{ LINKS("{'a': 'leaf1:e1'}"), "links[0].b", "is missing" },
	{ LINKS("{'a': 'leaf1:e1', 'b': 'leaf2:e1', 'pear': true}"), "links[0].pear",
	    "unknown member; did you mean \"peer\"?" },
	{ LINKS("{'a': 'leaf1', 'b': 'leaf2:e1'}"), "links[0].a", "\"leaf1\"" NO_COLON },
	{ LINKS("{'a': 'leaf9:e1', 'b': 'leaf2:e1'}"), "links[0].a", "unknown switch \"leaf9\"" },
	{ LINKS("{'a': 'leaf1:', 'b': 'leaf2:e1'}"), "links[0].a", "\"" NO_NAME },
	{ LINKS("{'a': ':e1', 'b': 'leaf2:e1'}"), "links[0].a", "unknown switch \"\"" },
	{ LINKS("{'a': 'leaf1:e1', 'b': 'leaf1:E1'}"), "links[0]",
	    "\"leaf1:e1\" and \"leaf1:e1\" are on one switch: a link joins two" },
	{ LINKS("{'a': 'leaf1:e1', 'b': 'leaf1:e2'}"), "links[0]",
	    "\"leaf1:e1\" and \"leaf1:e2\" are on one switch: a link joins two" },
	{ LINKS(
	      "{'a': 'leaf1:Eth1/1', 'b': 'leaf2:e1'}, {'a': 'leaf2:e1', 'b': 'leaf1:Ethernet1/1'}"),
	    "links[1]", "duplicate: \"leaf2:e1\" and \"leaf1:Eth1/1\" are linked already" },
	/* hosts */
	{ HOSTS("{'name': 'a', 'attachments': ['e1']}"), "hosts[0].attachments[0]",
	    "\"e1\"" NO_COLON },
	{ HOSTS("{'name': 'a', 'attachments': ['leaf3:e1']}"), "hosts[0].attachments[0]",
	    "unknown switch \"leaf3\"" },
	{ HOSTS("{'name': 'a', 'attachments': ['leaf1:Eth1/1', 'leaf1:Ethernet1/1']}"),
	    "hosts[0].attachments[1]", "duplicate: \"leaf1:Eth1/1\" is listed twice" },
	{ HOSTS("{'name': 'a', 'physnets': []}"), "hosts[0].physnets",
	    "must be an object, but is an array" },
	{ HOSTS("{'name': 'a', 'physnets': {'net1': 'leaf1:e1'}}"), "hosts[0].physnets.net1",
	    "must be an array of \"SWITCH:INTERFACE\"" },
	{ HOSTS("{'name': 'a', 'physnets': {'': ['leaf1:e1']}}"), "hosts[0].physnets[\"\"]",
	    "a physnet's name has 1 to 255 characters, no control characters" },
	{ HOSTS("{'name': 'a', 'physnets': {'net 1': ['leaf1:e1', 'leaf1:e1']}}"),
	    "hosts[0].physnets[\"net 1\"][1]", "duplicate: \"leaf1:e1\" is listed twice" },
	{ HOSTS("{'name': 'a', 'stranded': 'up'}"), "hosts[0].stranded",
	    "\"up\" is wrong; right is degraded or down" },
	/* ports */
	{ PORTS("{'host': 'a'}"), "ports[0].id", "is missing" },
	{ PORTS("{'id': '', 'host': 'a'}"), "ports[0].id", "\"\"" NO_UUID },
	{ PORTS("{'id': 'port-1', 'host': 'a'}"), "ports[0].id", "\"port-1\"" NO_UUID },
	{ PORTS("{" ID1 ", 'host': 'a'}, {" ID1 ", 'host': 'a'}"), "ports[1].id",
	    "duplicate: there is a port 11111111-1111-4111-8111-111111111111 already" },
	{ PORTS("{" ID1 ", 'hots': 'a', 'host': 'a'}"), "ports[0].hots",
	    "unknown member; did you mean \"host\"?" },
	{ PORTS("{" ID1 ", 'host': 'b'}"), "ports[0].host", "unknown host \"b\"" },
	{ PORTS("{" ID1 ", 'host': null}"), "ports[0].host", "must be a string, but is null" },
	{ PORTS("{" ID1 ", 'host': 'p'}"), "ports[0].host",
	    "host \"p\" has no attachments: name one of its physnets, or give it some" },
	{ PORTS("{" ID1 ", 'host': 'p', 'physnet': 'net2'}"), "ports[0].physnet",
	    "unknown: host \"p\" has neither a physnet \"net2\" nor attachments" },
	{ PORTS("{" ID1 ", 'physnet': 'net1'}"), "ports[0].physnet",
	    "means something only beside a host" },
	{ PORTS("{" ID1 ", 'physnet': 'net1', 'attachments': ['leaf1:e1']}"), "ports[0].physnet",
	    "means something only beside a host" },
	{ PORTS("{" ID1 ", 'host': 'a', 'attachments': ['leaf1:e1']}"), "ports[0]",
	    "has both a host and attachments: one of them says where it is" },
	{ PORTS("{" ID1 ", 'attachments': ['leaf1:e1', 'leaf1:e2', 'leaf1:e1']}"),
	    "ports[0].attachments[2]", "duplicate: \"leaf1:e1\" is listed twice" },
	{ PORTS("{" ID1 ", 'attachments': ['leaf1-e1']}"), "ports[0].attachments[0]",
	    "\"leaf1-e1\"" NO_COLON },
	{ PORTS("{" ID1 ", 'attachments': ['leaf1:e\\u0001']}"), "ports[0].attachments[0]",
	    "\"leaf1:e?\" holds a control character" },
};

START_TEST(a_fault_is_told_with_its_json_path_and_reason_and_refuses_the_whole)
{
	struct guard guard = { 0 };
	struct topo *untouched = (struct topo *)&guard, *topo = untouched;
	struct topo_faults found = { 0 };
	char *text = json_text(faults[_i].document);
	size_t len = strlen(text);
	char *at = guard_put(&guard, text, len);

	ck_assert_int_eq(topo_from_text((struct slice){ at, len }, &topo, &found), -EINVAL);
	ck_assert_ptr_eq(topo, untouched);
	ck_assert_uint_eq(found.n_errors, 1);
	ck_assert_uint_eq(found.n_warnings, 0);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_str_eq(found.items[0].path, faults[_i].path);
	ck_assert_str_eq(found.items[0].reason, faults[_i].reason);
	ck_assert(!found.items[0].warning);
	topo_faults_release(&found);
	ck_assert_uint_eq(found.n, 0);
	guard_release(&guard);
	free(text);
}
END_TEST

static const struct {
	const char *document, *path, *reason;
} warnings[] = {
	{ PORTS("{" ID1 "}"), "ports[0]",
	    "has neither host nor attachments: it can never be seen down" },
	{ PORTS("{" ID1 ", 'attachments': []}"), "ports[0]",
	    "has neither host nor attachments: it can never be seen down" },
	{ HOSTS("{'name': 'a', 'attachments': []}"), "hosts[0].attachments",
	    "is empty: the ports behind it can never be seen down" },
	{ HOSTS("{'name': 'a', 'physnets': {'net1': []}}"), "hosts[0].physnets.net1",
	    "is empty: the ports behind it can never be seen down" },
	{ SWITCH(", 'sources': []"), "switches[0].sources",
	    "nothing may speak for this switch; only polling tells of it" },
	{ SWITCHES("{'name': 'a', 'hostnames': ['x']}, {'name': 'b', 'hostnames': ['X']}"),
	    "switches[1].hostnames[0]",
	    "\"X\" also stands for another switch, so in syslog it names neither" },
	{ SWITCH(", 'os': 'junos', 'interfaces': [{'name': 'xe-0/0/1.0'}]"),
	    "switches[0].interfaces[0].name",
	    "\"xe-0/0/1.0\" is a logical unit; its physical interface \"xe-0/0/1\" is taken" },
	{ PORTS("{" ID1 ", 'attachments': ['leaf1:Eth1/2.400']}"), "ports[0].attachments[0]",
	    "\"Eth1/2.400\" is a logical unit; its physical interface \"Eth1/2\" is taken" },
	{ PORTS("{" ID1 ", 'attachments': ['leaf1:Vlan100']}"), "ports[0].attachments[0]",
	    "\"Vlan100\" is no physical interface: what is told of it decides nothing" },
};

START_TEST(what_is_odd_but_harmless_is_a_warning_and_taken)
{
	struct topo *topo = NULL;
	struct topo_faults found = { 0 };
	char *text = json_text(warnings[_i].document);

	ck_assert_int_eq(topo_from_text(slice_of(text), &topo, &found), 0);
	ck_assert_ptr_nonnull(topo);
	ck_assert_uint_eq(found.n_errors, 0);
	ck_assert_uint_eq(found.n_warnings, 1);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_str_eq(found.items[0].path, warnings[_i].path);
	ck_assert_str_eq(found.items[0].reason, warnings[_i].reason);
	ck_assert(found.items[0].warning);
	topo_faults_release(&found);
	topo_free(topo);
	free(text);
}
END_TEST

START_TEST(a_copy_of_faults_outlives_them)
{
	struct topo *topo = NULL;
	struct topo_faults found = { 0 }, copy;
	char *text = json_text(warnings[0].document);

	ck_assert_int_eq(topo_from_text(slice_of(text), &topo, &found), 0);
	ck_assert_int_eq(topo_faults_copy(&found, &copy), 0);
	topo_faults_release(&found);
	ck_assert_uint_eq(copy.n_errors, 0);
	ck_assert_uint_eq(copy.n_warnings, 1);
	ck_assert_uint_eq(copy.n, 1);
	ck_assert_str_eq(copy.items[0].path, warnings[0].path);
	ck_assert_str_eq(copy.items[0].reason, warnings[0].reason);
	ck_assert(copy.items[0].warning);
	topo_faults_release(&copy);
	topo_free(topo);
	free(text);
}
END_TEST

/* Neither fault nor warning. */
static const char *const fine[] = {
	SWITCH(", 'os': 'an os of their own', 'poll': {'port': 65535}"),
	SWITCH(", 'chassis_id': '', 'os': '', 'interfaces': []"),
	SWITCH(", 'sources': ['syslog', 'trap', 'trap']"),
	SWITCHES(
	    "{'name': 'a', 'engine_id': '0x8000000901'}, {'name': 'b', 'hostnames': ['b.example.net']}"),
	SWITCHES("{'name': 'a', 'addresses': ['fe80::1', 'fe80::1%1']}"),
	INTERFACES(
	    "{'name': 'port1.0.5'}, {'name': 'Eth1/1'}, {'name': 'Eth1/1/1'}, {'name': 'Eth1/1:1'}"),
	INTERFACES("{'name': 'e1', 'aliases': ['e1', 'x', 'X', 'x']}"),
	INTERFACES("{'name': 'po1', 'members': ['one']}, {'name': 'e1', 'aliases': ['one']}"),
	INTERFACES("{'name': 'e1', 'if_index': 2147483647}"),
	LINKS("{'a': 'leaf1:e1', 'b': 'leaf2:e1'}, {'a': 'leaf1:e1', 'b': 'leaf2:e2'}"),
	LINKS("{'a': 'leaf1:Ethernet1/1:1', 'b': 'leaf2:e1'}"),
	HOSTS("{'name': 'a'}, {'name': 'b', 'physnets': {}}"),
	HOSTS(
	    "{'name': 'a', 'attachments': ['leaf1:e1']}, {'name': 'b', 'attachments': ['leaf1:e1']}"),
	PORTS("{" ID1 ", 'name': '', 'project_id': '', 'host': 'a', 'physnet': 'any'}"),
};

START_TEST(what_is_right_has_neither_fault_nor_warning)
{
	struct topo *topo = NULL;
	struct topo_faults found = { 0 };
	char *text = json_text(fine[_i]);
	int r = topo_from_text(slice_of(text), &topo, &found);

	ck_assert_msg(found.n == 0, "%s: %s", found.items[0].path, found.items[0].reason);
	ck_assert_int_eq(r, 0);
	topo_faults_release(&found);
	topo_free(topo);
	free(text);
}
END_TEST

START_TEST(every_fault_of_a_document_is_told)
{
	static const char *const paths[] = { "colour", "switches[0].root", "links[0].a",
		"links[0].b", "hosts[0].attachments[1]", "ports[0].host", "ports[1].id" };
	struct topo *topo = NULL;
	struct topo_faults found = { 0 };
	char *text = json_text(
	    "{'colour': 1, 'switches': [{'name': 's', 'addresses': ['192.0.2.1'], 'root': 2}],"
	    "'links': [{'a': 'x', 'b': 'y:z'}], 'hosts': [{'name': 'h', 'attachments': ['s:e1', 's:e1']}],"
	    "'ports': [{" ID1 ", 'host': 'g'}, {'id': 'x', 'host': 'h'}]}");

	ck_assert_int_eq(topo_from_text(slice_of(text), &topo, &found), -EINVAL);
	ck_assert_uint_eq(found.n, N(paths));
	for (int i = 0; i < N(paths); i++)
		ck_assert_str_eq(found.items[i].path, paths[i]);
	topo_faults_release(&found);
	free(text);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("topo faults");

	tcase_add_loop_test(
	    tc, a_fault_is_told_with_its_json_path_and_reason_and_refuses_the_whole, 0, N(faults));
	tcase_add_loop_test(tc, what_is_odd_but_harmless_is_a_warning_and_taken, 0, N(warnings));
	tcase_add_loop_test(tc, what_is_right_has_neither_fault_nor_warning, 0, N(fine));
	tcase_add_test(tc, a_copy_of_faults_outlives_them);
	tcase_add_test(tc, every_fault_of_a_document_is_told);
	return run_case("topo faults", tc);
}
