/*
 * What snmpwalk printed -> interfaces with their ifIndex, and into a document.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "core/import_ifnames.h"
#include "lib/data_file.h"
#include "lib/guard.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))
#define IFNAME ".1.3.6.1.2.1.31.1.1.1.1."

static struct topo_faults faults;
static struct import_report report;
static json_t *interfaces;

static void
setup(void)
{
	faults = (struct topo_faults){ 0 };
	report = (struct import_report){ 0 };
	interfaces = NULL;
}

static void
teardown(void)
{
	json_decref(interfaces);
	topo_faults_release(&faults);
	import_report_release(&report);
}

static int
import(struct slice source)
{
	struct guard guard = { 0 };
	char *bytes = guard_put(&guard, source.data, source.len);
	int r = import_ifnames(
	    (struct slice){ bytes, source.len }, "walk", OS_NX_OS, &interfaces, &report, &faults);

	guard_release(&guard);
	return r;
}

/* "7 Gi1/0/7, 8 Gi1/0/8" */
static const char *
dump(void)
{
	static char text[1024];
	size_t used = 0, i;
	json_t *interface;

	text[0] = '\0';
	json_array_foreach(interfaces, i, interface)
	{
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d %s", i ? ", " : "",
		    (int)json_integer_value(json_object_get(interface, "if_index")),
		    json_string_value(json_object_get(interface, "name")));
	}
	return text;
}

static const struct {
	const char *text, *want;
} good[] = {
	{ IFNAME "7 = STRING: \"Gi1/0/7\"\n", "7 Gi1/0/7" },
	{ IFNAME "7 = STRING: Gi1/0/7\r\n", "7 Gi1/0/7" },
	{ IFNAME "7 = STRING: \"Gi1/0/7\" \n" IFNAME "8 = STRING: Unit 1, Port 8\n",
	    "7 Gi1/0/7, 8 Unit 1, Port 8" },
	{ "iso.3.6.1.2.1.31.1.1.1.1.7 = STRING: \"Gi1/0/7\"\n", "7 Gi1/0/7" },
	{ "1.3.6.1.2.1.31.1.1.1.1.7 = STRING: \"Gi1/0/7\"\n", "7 Gi1/0/7" },
	{ "IF-MIB::ifName.7 = STRING: Gi1/0/7\nIF-MIB::ifAlias.7 = STRING: x\n", "7 Gi1/0/7" },
	{ IFNAME "2147483647 = STRING: e1\n", "2147483647 e1" },
	{ IFNAME "7 = Hex-STRING: 47 69 31 2F 30 2F 37 00 \n", "7 Gi1/0/7" },
	{ IFNAME "7 = Hex-STRING: 47 69 31 \n2F 30 2f 37\n\n", "7 Gi1/0/7" },
	{ IFNAME "7 = STRING:\n\"Gi1/0/7\"\n", "7 Gi1/0/7" },
	{ IFNAME "7 = STRING: \"Gi1/\n0/7\"\n", "7 Gi1/0/7" },
	{ IFNAME "7 = STRING: \"a \\\"b\\\" \\\\c\"\n", "7 a \"b\" \\c" },
	{ ".1.3.6.1.2.1.2.2.1.2.7 = STRING: \"Timeless\nError-free\"\n" IFNAME
	  "7 = STRING: \"e7\"\n",
	    "7 e7" },
	{ IFNAME
	    "7 = STRING: \"e7\"\n" IFNAME
	    "8 = No more variables left in this MIB View (It is past the end of the MIB tree)\n",
	    "7 e7" },
	{ ".1.3.6.1.2.1.31.1.1.1.10.7 = Counter64: 5\n" IFNAME "7 = STRING: \"e7\"\n", "7 e7" },
};

START_TEST(a_line_is_an_interface_however_it_is_printed)
{
	ck_assert_int_eq(import(slice_of(good[_i].text)), 0);
	ck_assert_str_eq(dump(), good[_i].want);
	ck_assert_uint_eq(report.n_rejects, 0);
	ck_assert_uint_eq(report.n_mapped[IMPORT_BY_INDEX], json_array_size(interfaces));
}
END_TEST

static const struct {
	const char *line, *id, *name, *reason;
} left_out[] = {
	{ IFNAME "8 = STRING: \"Vlan10\"\n", "8", "Vlan10",
	    "a VLAN, loopback or other interface without a port of its own" },
	{ IFNAME "8 = STRING: \"Loopback0\"\n", "8", "Loopback0",
	    "a VLAN, loopback or other interface without a port of its own" },
	{ IFNAME "8 = STRING: \"Ethernet1/1.5\"\n", "8", "Ethernet1/1.5",
	    "a logical unit: its interface has an entry of its own" },
	{ IFNAME "8 = STRING: \"Eth1/7\"\n", "8", "Eth1/7", "the same name as ifIndex 7" },
	{ IFNAME "7 = STRING: \"Ethernet1/9\"\n", "7", "Ethernet1/9", "its ifIndex came before" },
	{ IFNAME "8 = \"\"\n", "8", "", "it has no name" },
	{ IFNAME "8 = STRING: \n", "8", "", "it has no name" },
	{ IFNAME "8 = Hex-STRING: 00 00\n", "8", "", "it has no name" },
	{ IFNAME "8 = Hex-STRING: FF FE\n", "8", "??",
	    "its name is no UTF-8, or holds control characters" },
	{ IFNAME "8 = Hex-STRING: 4G\n", "8", "4G", "its value is no text" },
	{ IFNAME "8 = INTEGER: 5\n", "8", "", "its value is no text" },
	{ IFNAME "8 = STRING: \"a\" b\n", "8", "a", "its value is no text" },
	{ IFNAME "8 = No Such Instance currently exists at this OID\n", "8", "",
	    "its value is no text" },
	{ IFNAME "0 = STRING: \"e0\"\n", "0", "e0", "its ifIndex is none" },
	{ IFNAME "2147483648 = STRING: \"e0\"\n", "2147483648", "e0", "its ifIndex is none" },
	{ IFNAME "7.1 = STRING: \"e0\"\n", "7.1", "e0", "its ifIndex is none" },
	{ IFNAME "99999999999999999999 = STRING: \"e0\"\n", "99999999999999999999", "e0",
	    "its ifIndex is none" },
	{ IFNAME "8 = STRING: \":\"\n", "8", ":", "its name is none that an interface can have" },
};

START_TEST(what_is_no_port_or_has_no_usable_name_is_left_out)
{
	char text[512];

	snprintf(text, sizeof(text), IFNAME "7 = STRING: \"Ethernet1/7\"\n%s", left_out[_i].line);
	ck_assert_int_eq(import(slice_of(text)), 0);
	ck_assert_str_eq(dump(), "7 Ethernet1/7");
	ck_assert_uint_eq(report.n_rejects, 1);
	ck_assert_str_eq(report.rejects[0].where, "walk:2");
	ck_assert_str_eq(report.rejects[0].id, left_out[_i].id);
	ck_assert_str_eq(report.rejects[0].name, left_out[_i].name);
	ck_assert_str_eq(report.rejects[0].reason, left_out[_i].reason);
}
END_TEST

static const struct {
	const char *text, *path, *reason;
} cut[] = {
	{ "", "walk:0", "there is no ifName of a port up to here" },
	{ ".1.3.6.1.2.1.2.2.1.2.7 = STRING: \"e7\"\n", "walk:1",
	    "there is no ifName of a port up to here" },
	{ ".1.3.6.1.2.1.31.1.1.1.1 = No Such Object available on this agent at this OID\n",
	    "walk:1", "there is no ifName of a port up to here" },
	{ IFNAME "7 = STRING: \"e7\"", "walk:1",
	    "the last line has no end: the walk is cut: \"" IFNAME "7 = STRING: \"e7\"\"" },
	{ IFNAME "7 = STRING: \"e7\"\n" IFNAME "8 = STRING: Ethernet1/1", "walk:2",
	    "the last line has no end: the walk is cut: \"1.2.1.31.1.1.1.1.8 = STRING: Ethernet1/1\"" },
	{ IFNAME "7 = STRING: \"e7\n", "walk:1",
	    "the quote is not closed: the walk is cut: \"e7\"" },
	{ IFNAME "7 = STRING: \"e7\n" IFNAME "8 = STRING: \"e8\"\n", "walk:1",
	    "the quote is not closed: the walk is cut: \"e7\"" },
	{ IFNAME "7 = STRING: \"e7\"\nTimeout: No Response from 192.0.2.1\n", "walk:2",
	    "the walk is cut: nothing is taken: \"Timeout: No Response from 192.0.2.1\"" },
	{ IFNAME
	    "7 = STRING: \"e7\"\nError in packet.\nReason: (genError) A general failure occured\n",
	    "walk:2", "the walk is cut: nothing is taken: \"Error in packet.\"" },
	{ IFNAME "7 = STRING: \"e7\"\nError: OID not increasing: .1.3.6.1.2.1.31.1.1.1.1.7\n",
	    "walk:2",
	    "the walk is cut: nothing is taken: \"Error: OID not increasing: .1.3.6.1.2.1.31.1.1.1.1.7\"" },
	{ "snmpwalk: Timeout\n" IFNAME "7 = STRING: \"e7\"\n", "walk:1",
	    "the walk is cut: nothing is taken: \"snmpwalk: Timeout\"" },
	{ IFNAME "7 = STRING: e7\nwhat is this\n", "walk:2",
	    "is no line of snmpwalk -On: \"what is this\"" },
	{ "$ snmpwalk -On leaf1 ifName\n" IFNAME "7 = STRING: e7\n", "walk:1",
	    "is no line of snmpwalk -On: \"$ snmpwalk -On leaf1 ifName\"" },
};

START_TEST(a_walk_that_is_cut_loads_nothing)
{
	ck_assert_int_eq(import(slice_of(cut[_i].text)), -EINVAL);
	ck_assert_uint_ge(faults.n, 1);
	ck_assert_str_eq(faults.items[0].path, cut[_i].path);
	ck_assert_str_eq(faults.items[0].reason, cut[_i].reason);
	ck_assert_ptr_null(interfaces);
	ck_assert_uint_eq(report.n_rejects, 0);
}
END_TEST

START_TEST(a_name_of_more_than_255_bytes_is_left_out)
{
	char text[3000], name[2000];

	memset(name, 'x', sizeof(name));
	for (int len = 255; len < 2000; len += 1744) {
		snprintf(text, sizeof(text),
		    IFNAME "6 = STRING: \"e6\"\n" IFNAME "7 = STRING: \"%.*s\"\n", len, name);
		ck_assert_int_eq(import(slice_of(text)), 0);
		ck_assert_uint_eq(report.n_rejects, len > 255);
		ck_assert_uint_eq(json_array_size(interfaces), len > 255 ? 1 : 2);
		json_decref(interfaces);
		interfaces = NULL;
		import_report_release(&report);
	}
}
END_TEST

START_TEST(a_real_walk_is_read_whole)
{
	struct slice text = data_file("tests/data/import/ifname.walk");

	ck_assert_int_eq(import(text), 0);
	ck_assert_str_eq(dump(),
	    "1 Ethernet1/1, 8 Eth1/8, 9 Ethernet1/9, 49 Ethernet1/49, 50 Ethernet1/50, 51 my \"odd\" \\port");
	ck_assert_uint_eq(report.n_rejects, 6);
	free((void *)(uintptr_t)text.data);
}
END_TEST

START_TEST(no_place_to_cut_a_walk_yields_half_a_name)
{
	struct slice text = data_file("tests/data/import/ifname.walk");

	for (size_t len = 0; len < text.len; len++) {
		int r = import(slice_first(text, len));
		bool at_a_line = len > 0 && text.data[len - 1] == '\n';
		ck_assert(r == -EINVAL || (r == 0 && at_a_line));
		json_decref(interfaces);
		interfaces = NULL;
		import_report_release(&report);
		topo_faults_release(&faults);
	}
	free((void *)(uintptr_t)text.data);
}
END_TEST

/* ---- into a document ---- */

#define DOCUMENT                                                                            \
	"{'switches':[{'name':'other','hostnames':['other']},{'name':'leaf1','hostnames':"  \
	"['leaf1.example.net'],'os':'nx-os','interfaces':["                                 \
	"{'name':'Ethernet1/1','aliases':['uplink-a'],'if_index':99},"                      \
	"{'name':'Po8','members':['Ethernet1/8']},{'name':'Ethernet1/30','if_index':7}]}]," \
	"'links':[{'a':'leaf1:Eth1/49','b':'other:1'}]}"

/* The merge of a walk into DOCUMENT: the switch's interfaces, with ' for ". */
static const char *
merged(const char *name, const char *walk, int want)
{
	static char text[1024];
	char *source = json_text(DOCUMENT);
	json_t *document = topo_document_parse(slice_of(source), &faults), *whole = NULL;

	ck_assert_int_eq(import(slice_of(walk)), 0);
	json_t *before = json_deep_copy(document);
	ck_assert_int_eq(
	    import_ifnames_merge(document, slice_of(name), interfaces, &whole, &report, &faults),
	    want);
	ck_assert(json_equal(document, before));
	text[0] = '\0';
	if (whole) {
		char *got = json_dumps(
		    json_object_get(
			json_array_get(json_object_get(whole, "switches"), 1), "interfaces"),
		    JSON_COMPACT | JSON_SORT_KEYS);
		for (char *at = got; *at; at++)
			if (*at == '"')
				*at = '\'';
		slice_copy(slice_of(got), text, sizeof(text));
		free(got);
	}
	json_decref(whole);
	json_decref(before);
	json_decref(document);
	free(source);
	return text;
}

START_TEST(a_walk_gives_entries_their_index_and_adds_the_others_as_the_document_spells_them)
{
	ck_assert_str_eq(
	    merged("leaf1",
		IFNAME "1 = STRING: Ethernet1/1\n" IFNAME "7 = STRING: Ethernet1/2\n" IFNAME
		       "8 = STRING: Ethernet1/8\n" IFNAME "49 = STRING: Ethernet1/49\n" IFNAME
		       "80 = STRING: port-channel8\n",
		0),
	    "[{'aliases':['uplink-a'],'if_index':1,'name':'Ethernet1/1'},"
	    "{'if_index':80,'members':['Ethernet1/8'],'name':'Po8'},{'name':'Ethernet1/30'},"
	    "{'if_index':7,'name':'Ethernet1/2'},{'if_index':8,'name':'Ethernet1/8'},"
	    "{'if_index':49,'name':'Eth1/49'}]");
	ck_assert_uint_eq(report.n_notes, 1);
	ck_assert_str_eq(
	    report.notes[0], "Ethernet1/30: the walk does not have it: its if_index is taken away");
}
END_TEST

START_TEST(an_alias_in_the_walk_is_the_interface_that_it_stands_for)
{
	ck_assert_str_eq(
	    merged("LEAF1", IFNAME "1 = STRING: uplink-a\n" IFNAME "7 = STRING: Eth1/30\n", 0),
	    "[{'aliases':['uplink-a'],'if_index':1,'name':'Ethernet1/1'},"
	    "{'members':['Ethernet1/8'],'name':'Po8'},{'if_index':7,'name':'Ethernet1/30'}]");
	ck_assert_uint_eq(report.n_notes, 0);
}
END_TEST

START_TEST(a_switch_that_the_document_does_not_have_is_refused)
{
	ck_assert_str_eq(merged("leaf7", IFNAME "1 = STRING: e1/1\n", -EINVAL), "");
	ck_assert_str_eq(faults.items[0].reason, "there is no switch \"leaf7\"");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("import ifnames");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_line_is_an_interface_however_it_is_printed, 0, N(good));
	tcase_add_loop_test(tc, what_is_no_port_or_has_no_usable_name_is_left_out, 0, N(left_out));
	tcase_add_loop_test(tc, a_walk_that_is_cut_loads_nothing, 0, N(cut));
	tcase_add_test(tc, a_name_of_more_than_255_bytes_is_left_out);
	tcase_add_test(tc, a_real_walk_is_read_whole);
	tcase_add_test(tc, no_place_to_cut_a_walk_yields_half_a_name);
	tcase_add_test(
	    tc, a_walk_gives_entries_their_index_and_adds_the_others_as_the_document_spells_them);
	tcase_add_test(tc, an_alias_in_the_walk_is_the_interface_that_it_stands_for);
	tcase_add_test(tc, a_switch_that_the_document_does_not_have_is_refused);
	return run_case("import ifnames", tc);
}
