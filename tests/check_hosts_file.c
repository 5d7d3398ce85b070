/*
 * Which interfaces a host hangs on, as people write it down.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "core/hosts_file.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct guard guard;
static struct hosts_file file;
static struct topo_faults faults;

static void
setup(void)
{
	guard = (struct guard){ 0 };
	file = (struct hosts_file){ 0 };
	faults = (struct topo_faults){ 0 };
}

static void
teardown(void)
{
	hosts_file_release(&file);
	topo_faults_release(&faults);
	guard_release(&guard);
}

/* The text ends right before an unreadable page. */
static int
parse(const char *text)
{
	size_t len = strlen(text);

	return hosts_file_parse(
	    &file, (struct slice){ guard_put(&guard, text, len), len }, "hosts.txt", &faults);
}

/* "1 h/physnet@pci: a b; ..." */
static const char *
dump(void)
{
	static char text[1024];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < file.n; i++) {
		const struct hosts_entry *entry = &file.entries[i];
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%zu %s%s%s%s%s:", i ? "; " : "", entry->line, entry->host,
		    entry->physnet ? "/" : "", entry->physnet ? entry->physnet : "",
		    entry->pci ? "@" : "", entry->pci ? entry->pci : "");
		for (size_t a = 0; a < entry->n_attachments; a++)
			used += (size_t)snprintf(
			    text + used, sizeof(text) - used, " %s", entry->attachments[a]);
	}
	return text;
}

static const struct {
	const char *text, *want;
} good[] = {
	{ "", "" },
	{ "\n  \n# nothing\n \t# nothing\n", "" },
	{ "c1 leaf1:Eth1", "1 c1: leaf1:Eth1" },
	{ "c1\tleaf1:Eth1  leaf2:Eth1 # two legs\r\n\r\nc2 leaf1:Eth2\r\n",
	    "1 c1: leaf1:Eth1 leaf2:Eth1; 3 c2: leaf1:Eth2" },
	{ "c1 physnet=p1 leaf1:Eth1\nc1 physnet=p2 leaf1:Eth2\nc1 leaf1:Eth3\n",
	    "1 c1/p1: leaf1:Eth1; 2 c1/p2: leaf1:Eth2; 3 c1: leaf1:Eth3" },
	/* Words in any order; slots in any case, with and without domain. */
	{ "c1 leaf1:Eth1 pci=0000:AB:00.1 physnet=p1\nc1 pci=05:00.0 leaf1:Eth2\nc1 pci=10000:e1:02.* leaf1:Eth3\n",
	    "1 c1/p1@0000:ab:00.1: leaf1:Eth1; 2 c1@0000:05:00.0: leaf1:Eth2; 3 c1@10000:e1:02.*: leaf1:Eth3" },
	{ "\"c 1\" \"leaf1:Unit 1, Port 5\" leaf1:a#b \"leaf1:#1\"",
	    "1 c 1: leaf1:Unit 1, Port 5 leaf1:a#b leaf1:#1" },
	{ "c1 leaf1:ge-0/0/1:2 leaf1:a=b", "1 c1: leaf1:ge-0/0/1:2 leaf1:a=b" },
	{ "\xef\xbb\xbf"
	  "c1 leaf1:Eth1\n",
	    "1 c1: leaf1:Eth1" },
};

START_TEST(a_line_names_a_host_and_its_interfaces)
{
	ck_assert_int_eq(parse(good[_i].text), 0);
	ck_assert_str_eq(dump(), good[_i].want);
	ck_assert_uint_eq(faults.n, 0);
}
END_TEST

static const struct {
	const char *text, *path, *reason;
} bad[] = {
	{ "c1", "hosts.txt:1", "host \"c1\" has no SWITCH:INTERFACE" },
	{ "\nc1 physnet=p1", "hosts.txt:2", "host \"c1\" has no SWITCH:INTERFACE" },
	{ "leaf1:Eth1", "hosts.txt:1",
	    "the line must begin with a host's name, and not \"leaf1:Eth1\"" },
	{ "physnet=p1 leaf1:Eth1", "hosts.txt:1",
	    "the line must begin with a host's name, and not \"physnet=p1\"" },
	{ "c1 leaf1", "hosts.txt:1",
	    "\"leaf1\" is neither SWITCH:INTERFACE nor physnet=NAME or pci=SLOT" },
	{ "c1 leaf1:", "hosts.txt:1", "a name is empty" },
	{ "c1 :Eth1", "hosts.txt:1", "a name is empty" },
	{ "c1 leaf1:Eth1 leaf1:Eth1", "hosts.txt:1", "\"leaf1:Eth1\" stands here twice" },
	{ "c1 physnte=p1 leaf1:Eth1", "hosts.txt:1",
	    "unknown key \"physnte\": there are physnet=NAME and pci=SLOT" },
	{ "c1 physnet= leaf1:Eth1", "hosts.txt:1", "a name is empty" },
	{ "c1 physnet=a physnet=b leaf1:Eth1", "hosts.txt:1", "a second physnet: b" },
	{ "c1 pci=05:00.0 pci=05:00.1 leaf1:Eth1", "hosts.txt:1", "a second pci slot: 05:00.1" },
	{ "c1 leaf1:Eth1\nc2 leaf1:Eth2\nc1 leaf1:Eth3\n", "hosts.txt:3",
	    "the same host, physnet and slot as in line 1" },
	{ "c1 physnet=p leaf1:Eth1\nc1 physnet=p leaf1:Eth3\n", "hosts.txt:2",
	    "the same host, physnet and slot as in line 1" },
	{ "c1 pci=5:0.0 physnet=p leaf1:Eth1\nc1 pci=5:0.0 leaf1:Eth3\n", "hosts.txt:2",
	    "the same host, physnet and slot as in line 1" },
	{ "c1 \"leaf1:Eth1", "hosts.txt:1", "the quote before leaf1:Eth1 is not closed" },
	{ "c1 leaf1:\x01", "hosts.txt:1", "\"?\" is no UTF-8, or holds a control character" },
	{ "c\xff leaf1:Eth1", "hosts.txt:1", "\"c?\" is no UTF-8, or holds a control character" },
};

START_TEST(a_line_that_is_wrong_is_named_with_its_number)
{
	ck_assert_int_eq(parse(bad[_i].text), -EINVAL);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_str_eq(faults.items[0].path, bad[_i].path);
	ck_assert_str_eq(faults.items[0].reason, bad[_i].reason);
	ck_assert_uint_eq(file.n, 0);
	ck_assert_ptr_null(file.entries);
}
END_TEST

static const char *const no_slots[] = { "", "0", "05", "05:00", "05:00.0.1", "a:b:c:d.0",
	"0000:05:00.g", "*", "05*", "00000000000000000:05:00.0", "05:00 .0" };

START_TEST(what_is_no_pci_slot_is_refused)
{
	char text[80];

	snprintf(text, sizeof(text), "c1 \"pci=%s\" leaf1:Eth1", no_slots[_i]);
	ck_assert_int_eq(parse(text), -EINVAL);
	ck_assert_uint_eq(faults.n_errors, 1);
	ck_assert_ptr_nonnull(strstr(faults.items[0].reason, "is no PCI slot"));
}
END_TEST

START_TEST(every_fault_of_a_file_is_told)
{
	ck_assert_int_eq(parse("c1\nc2 leaf1:Eth1\nc3 x y\n"), -EINVAL);
	ck_assert_uint_eq(faults.n, 3);
	ck_assert_str_eq(faults.items[0].path, "hosts.txt:1");
	ck_assert_str_eq(faults.items[2].path, "hosts.txt:3");
}
END_TEST

START_TEST(entries_of_a_host_are_found_one_after_the_other)
{
	ck_assert_int_eq(parse("c1 physnet=a l:1\nc2 l:2\nc1 physnet=b l:3\nc1 l:4\n"), 0);
	const struct hosts_entry *entry = hosts_file_find(&file, SLICE("c1"));
	unsigned lines = 0;
	for (; entry; entry = hosts_file_next(&file, entry)) {
		ck_assert_str_eq(entry->host, "c1");
		lines |= 1u << entry->line;
	}
	ck_assert_uint_eq(lines, 1u << 1 | 1u << 3 | 1u << 4);
	ck_assert_ptr_null(hosts_file_find(&file, SLICE("c")));
	ck_assert_ptr_null(hosts_file_find(&file, SLICE("")));
}
END_TEST

static const struct {
	const char *slot;
	size_t line; /* 0: none */
} slots[] = {
	{ "0000:05:00.0", 1 },
	{ "05:00.0", 1 },
	{ "0000:05:00.1", 2 },
	{ "0000:05:02.7", 3 },
	{ "0000:05:02.1", 4 },
	{ "0000:06:00.0", 0 },
	{ "0001:05:00.0", 0 },
	{ "", 0 },
	{ "0000:05:00.*", 0 },
	{ "nonsense", 0 },
};

START_TEST(a_pci_slot_finds_the_entry_that_fits_it_best)
{
	ck_assert_int_eq(
	    parse("c1 pci=0000:05:00.0 l:1\nc1 pci=0000:05:* l:2\nc1 pci=0000:05:02.* l:3\n"
		  "c1 pci=0000:05:02.1 l:4\nc1 l:5\nc2 pci=0000:06:00.0 l:6\n"),
	    0);
	const struct hosts_entry *entry =
	    hosts_file_by_pci(&file, SLICE("c1"), slice_of(slots[_i].slot));
	ck_assert_uint_eq(entry ? entry->line : 0, slots[_i].line);
	ck_assert_ptr_null(hosts_file_by_pci(&file, SLICE("c9"), slice_of(slots[_i].slot)));
}
END_TEST

START_TEST(a_long_file_is_read_in_a_moment)
{
	const size_t size = 4000000;
	char *text = malloc(size);
	size_t used = 0;

	ck_assert_ptr_nonnull(text);
	for (int i = 0; i < 100000; i++)
		used +=
		    (size_t)snprintf(text + used, size - used, "host%d leaf%d:e%d\n", i, i / 48, i);
	ck_assert_int_eq(
	    hosts_file_parse(&file, (struct slice){ text, used }, "hosts.txt", &faults), 0);
	ck_assert_uint_eq(file.n, 100000);
	ck_assert_uint_eq(hosts_file_find(&file, SLICE("host99999"))->line, 100000);
	free(text);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("hosts file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_line_names_a_host_and_its_interfaces, 0, N(good));
	tcase_add_loop_test(tc, a_line_that_is_wrong_is_named_with_its_number, 0, N(bad));
	tcase_add_loop_test(tc, what_is_no_pci_slot_is_refused, 0, N(no_slots));
	tcase_add_test(tc, every_fault_of_a_file_is_told);
	tcase_add_test(tc, entries_of_a_host_are_found_one_after_the_other);
	tcase_add_loop_test(tc, a_pci_slot_finds_the_entry_that_fits_it_best, 0, N(slots));
	tcase_add_test(tc, a_long_file_is_read_in_a_moment);
	return run_case("hosts file", tc);
}
