/* Trap stanzas of a rules file: what is refused and why, what a sample proves, and who has the last word. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules.h"
#include "core/trap_link.h"
#include "core/trap_rules.h"
#include "lib/data_file.h"
#include "lib/run_suite.h"
#include "lib/varbinds.h"

#define ACME "ACME-MIB::acmeDown 1.3.6.1.4.1.4242.0.1"
#define GOOD "trap acme\ndown " ACME "\nsample acmeDown ifIndex.7=7\nyields whole down ifIndex 7\n"

static const struct {
	const char *file, *fault;
} faults[] = {
	{ "trap\n", "f:1: a rule's name is 1 to 63 of a-z, 0-9 and '-'" },
	{ "trap Acme\n", "f:1: a rule's name is 1 to 63 of a-z, 0-9 and '-'" },
	{ "trap acme\n", "f:1: trap rule acme names no notification" },
	{ GOOD "trap acme\n", "f:5: trap rule acme stands already" },
	{ "trap a\nliteral abcd\n", "f:2: a trap rule has no key literal" },
	{ "trap a\nlatteral abcd\n", "f:2: a trap rule has no key latteral" },
	{ "trap a\ndown acmeDown 1.3.6.1.4.1.4242.0.1\n",
	    "f:2: down takes MODULE::name and its OID in numbers" },
	{ "trap a\ndown ACME-MIB::acmeDown\n",
	    "f:2: down takes MODULE::name and its OID in numbers" },
	{ "trap a\ndown ACME-MIB::acmeDown 1.3.6.1.4.1.x\n",
	    "f:2: down takes MODULE::name and its OID in numbers" },
	{ "trap a\nup ACME-MIB::acmeUp 1.3.6\n",
	    "f:2: up takes MODULE::name and its OID in numbers" },
	{ "trap a\ndown " ACME "\nup ACME-MIB::acmeUp 1.3.6.1.4.1.4242.1\n",
	    "f:3: acmeDown stands already in line 2" },
	{ "trap a\nobject ACME-MIB::ifName 1.3.6.1.4.1.4242.5\n",
	    "f:2: ifName is declared already, with another OID" },
	{ "trap a\nname acmePort\n", "f:2: name: no object acmePort is declared above" },
	{ "trap a\nname ifName 9\n", "f:2: name OBJECT N: the N-th varbind of that name, 1 to 8" },
	{ "trap a\nname ifName\nname ifName\n", "f:3: a second name" },
	{ "trap a\nname {ifName\n", "f:2: a name is put together as in {slot}/{port}" },
	{ "trap a\nname {}\n", "f:2: a name is put together as in {slot}/{port}" },
	{ "trap a\nname {ifIndex}{ifIndex}{ifIndex}{ifIndex}{ifIndex}\n",
	    "f:2: a name is put together of at most 4 objects" },
	{ "trap a\nindex ifIndex\nindex ifIndex\n", "f:3: a second index" },
	{ "trap a\noper ifOperStatus\n",
	    "f:2: oper takes an object and a table of values: if-mib, ciena, leos" },
	{ "trap a\nabout port\n", "f:2: about is one of interface, slot, switch, once" },
	{ "trap a\nlayer both\n", "f:2: layer is one of whole, link, protocol, once" },
	{ "trap a\nreason bored\n",
	    "f:2: reason is one of err-disabled, members, card, power ..., once" },
	{ "trap a\ndown " ACME "\n", "f:1: trap rule a has no sample" },
	{ "trap a\ndown " ACME "\nsample acmeDown ifIndex.7=7\n",
	    "f:1: trap rule a has a sample without yields" },
	{ "trap a\ndown " ACME "\nup ACME-MIB::acmeUp 1.3.6.1.4.1.4242.0.2\n"
	  "sample acmeDown ifIndex.7=7\nyields whole down ifIndex 7\n",
	    "f:1: trap rule a: acmeUp has no sample" },
	{ "trap a\nhint " ACME "\nsample acmeDown ifIndex.7=7\nyields hint ifIndex 7 (card)\n",
	    "f:1: trap rule a: acmeDown is a hint: it needs a reason, and is about an interface" },
	{ "trap a\nabout switch\ndown " ACME "\nsample acmeDown\nyields whole down x\n",
	    "f:1: trap rule a: acmeDown is about a slot or switch: only a doubt can be" },
	{ "trap a\nabout slot\ndoubt " ACME "\nsample acmeDown\nyields doubt switch\n",
	    "f:1: trap rule a is about a slot, and names no object for it" },
	{ "trap a\ndown " ACME "\nsample acmeUp ifIndex.7=7\n",
	    "f:3: a sample begins with a notification of its rule, and not acmeUp" },
	{ "trap a\ndown " ACME "\nsample acmeDown ifIndex.7\n",
	    "f:3: not a varbind (OBJECT.INSTANCE=NUMBER or =\"TEXT\"): ifIndex.7" },
	{ "trap a\ndown " ACME "\nsample acmeDown ifIndex.7=7 ifName.x=\"a\"\n",
	    "f:3: not a varbind (OBJECT.INSTANCE=NUMBER or =\"TEXT\"): ifName.x=\"a\"" },
	{ "trap a\ndown " ACME "\nsample acmeDown ifName.7=\"a\n",
	    "f:3: not a varbind (OBJECT.INSTANCE=NUMBER or =\"TEXT\"): \"a" },
	{ "trap a\ndown " ACME "\nsample acmeDown acmePort.7=1\n",
	    "f:3: not a varbind (OBJECT.INSTANCE=NUMBER or =\"TEXT\"): acmePort.7=1" },
	{ "trap a\ndown " ACME "\nyields whole down ifIndex 7\n",
	    "f:3: yields belongs behind a sample" },
	{ "trap a\ndown " ACME "\nsample acmeDown ifIndex.7=7\nsample acmeDown ifIndex.8=8\n",
	    "f:4: the sample before has no yields" },
	{ "trap a\ndown " ACME "\nsample acmeDown ifIndex.7=7\nyields down\n",
	    "f:4: yields is `LAYER WORD INTERFACE`, restart, boot, `doubt PLACE (REASON)`, "
	    "`hint INTERFACE (REASON)` or nothing (REASON)" },
};

START_TEST(a_faulty_stanza_is_refused_with_file_and_line_and_nothing_of_it_stays)
{
	struct rules *rules = rules_new();
	struct rules_fault fault = { "" };

	ck_assert_int_eq(rules_add_file(rules, "f", slice_of(faults[_i].file), &fault), -EINVAL);
	ck_assert_str_eq(fault.text, faults[_i].fault);
	ck_assert_uint_eq(rules_count(rules), 0);
	ck_assert_ptr_null(trap_rules_at(rules_traps(rules), 0));
	ck_assert_ptr_null(trap_rules_object(rules_traps(rules), 0));
	/* Its names are free again. */
	ck_assert_int_eq(rules_add_file(rules, "g", slice_of(GOOD), &fault), 0);
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_uint_eq(rules_check_samples(rules, NULL, NULL, NULL), 0);
	rules_free(rules);
}
END_TEST

static struct rules *
rules_of(const char *first, const char *second)
{
	struct rules *rules = rules_new();
	struct rules_fault fault = { "" };

	ck_assert_msg(rules_add_file(rules, "f", slice_of(first), &fault) == 0, "%s", fault.text);
	if (second)
		ck_assert_msg(
		    rules_add_file(rules, "g", slice_of(second), &fault) == 0, "%s", fault.text);
	ck_assert_int_eq(rules_finish(rules), 0);
	return rules;
}

static void
keep_report(void *ctx, const char *text)
{
	slice_copy(slice_of(text), ctx, 300);
}

static const struct {
	const char *sample, *report;
} disagreements[] = {
	{ "sample acmeDown ifIndex.7=7\nyields whole up ifIndex 7\n",
	    "f:3: trap rule a: the sample yields whole down ifIndex 7, not whole up ifIndex 7" },
	{ "sample acmeDown ifAlias.0=\"x\"\nyields whole down ifIndex 7\n",
	    "f:3: trap rule a: the sample yields nothing (no-interface), not whole down ifIndex 7" },
	{ "sample v1 acmeDown ifIndex.7=7 ifAdminStatus.7=2\nyields whole down ifIndex 7\n",
	    "f:3: trap rule a: the sample yields whole admin-down ifIndex 7, not whole down ifIndex 7" },
	{ "sample acmeDown ifIndex.7=7 ifName.7=\"a \\\" \\\\ b\"\nyields whole down ifIndex 7\n",
	    "f:3: trap rule a: the sample yields whole down a \" \\ b, not whole down ifIndex 7" },
	{ "sample acmeDown 1.3.6.1.2.1.2.2.1.1=-7\nyields whole down ifIndex 7\n",
	    "f:3: trap rule a: the sample yields nothing (bad-index), not whole down ifIndex 7" },
};

START_TEST(a_sample_that_disagrees_is_told_with_its_line)
{
	char file[400], report[300] = "";
	size_t n = 0;

	snprintf(file, sizeof(file), "trap a\ndown " ACME "\n%s", disagreements[_i].sample);
	struct rules *rules = rules_of(file, NULL);
	ck_assert_uint_eq(rules_check_samples(rules, keep_report, report, &n), 1);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(report, disagreements[_i].report);
	rules_free(rules);
}
END_TEST

static enum link_word
word_of(const struct rules *rules)
{
	const struct trap_varbind varbinds[] = { TRAP_OID(ENT, 4242, 0, 1), IF_INDEX(7) };
	struct trap trap = { .version = 2, .varbinds = varbinds, .n_varbinds = 2 };
	struct link_event event = { 0 };
	enum trap_miss miss;

	return trap_link_decode(rules_traps(rules), &trap, &event, &miss) == DECODE_EVENT
		   ? event.word
		   : WORD_NONE;
}

START_TEST(a_later_file_takes_a_notification_over)
{
	struct rules *rules = rules_of(GOOD, NULL);
	size_t n;

	ck_assert_int_eq(word_of(rules), WORD_DOWN);
	rules_free(rules);
	rules = rules_of(GOOD, "trap mine\nup ACME-MIB::acmeDown 1.3.6.1.4.1.4242.1\n"
			       "sample acmeDown ifIndex.7=7\nyields whole up ifIndex 7\n");
	ck_assert_int_eq(word_of(rules), WORD_UP);
	/* The first file's sample is not asked any more. */
	ck_assert_uint_eq(rules_check_samples(rules, NULL, NULL, &n), 0);
	ck_assert_uint_eq(n, 1);
	rules_free(rules);
	rules = rules_of(GOOD, "trap mine\nignore ACME-MIB::acmeDown 1.3.6.1.4.1.4242.0.1\n"
			       "sample acmeDown ifIndex.7=7\nyields nothing (not-ours)\n");
	ck_assert_int_eq(word_of(rules), WORD_NONE);
	rules_free(rules);
}
END_TEST

/* A faulty second file leaves what the first one brought. */
START_TEST(a_faulty_file_takes_nothing_of_others_along)
{
	struct rules *rules = rules_new();
	struct rules_fault fault;

	ck_assert_int_eq(rules_add_file(rules, "f", slice_of(GOOD), &fault), 0);
	ck_assert_int_eq(
	    rules_add_file(rules, "g",
		slice_of("trap b\nup ACME-MIB::acmeDown 1.3.6.1.4.1.4242.0.1\nobject "
			 "ACME-MIB::acmeX 1.3.6.1.4.1.4242.9\nsample acmeDown\nyields boot\nbad\n"),
		&fault),
	    -EINVAL);
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_int_eq(word_of(rules), WORD_DOWN);
	ck_assert_ptr_null(trap_rules_object(rules_traps(rules), 0));
	ck_assert_ptr_null(trap_rules_at(rules_traps(rules), 1));
	rules_free(rules);
}
END_TEST

START_TEST(a_name_is_put_together_of_what_the_trap_tells)
{
	struct rules *rules =
	    rules_of("trap a\nobject ACME-MIB::slot 1.3.6.1.4.1.4242.5\n"
		     "object ACME-MIB::port 1.3.6.1.4.1.4242.6\ndown " ACME "\n"
		     "name ge-{slot}/{port#}\n"
		     "sample acmeDown slot.0=2 port.1.9=1\nyields whole down ge-2/9\n"
		     "sample acmeDown port.9=1 slot.0=\" A\"\nyields whole down ge-A/9\n"
		     "sample acmeDown slot.0=2\nyields nothing (no-interface)\n"
		     "sample acmeDown slot.0=-2 port.9=1\nyields nothing (no-interface)\n"
		     "sample acmeDown slot.0=-2 slot.0=3 port.9=1\nyields whole down ge-3/9\n"
		     "sample acmeDown slot.0=2 port=1\nyields nothing (no-interface)\n"
		     "sample acmeDown ifIndex.7=7\nyields whole down ifIndex 7\n",
		NULL);
	char report[300] = "";
	size_t n;

	ck_assert_msg(rules_check_samples(rules, keep_report, report, &n) == 0, "%s", report);
	ck_assert_uint_eq(n, 7);
	rules_free(rules);
}
END_TEST

/* A name put together of texts too long for it is none; nothing is written beyond its room. */
START_TEST(a_name_that_does_not_fit_is_none)
{
	struct rules *rules =
	    rules_of("trap a\nobject ACME-MIB::port 1.3.6.1.4.1.4242.6\ndown " ACME
		     "\nname {port}{port}\nsample acmeDown port.1=1\n"
		     "yields whole down 11\n",
		NULL);
	char text[300];
	struct link_event event = { 0 };
	enum trap_miss miss;

	memset(text, 'x', sizeof(text));
	for (size_t len = 100; len < sizeof(text); len++) {
		const struct trap_varbind varbinds[] = { TRAP_OID(ENT, 4242, 0, 1),
			{ .name = IDS(ENT, 4242, 6, 0),
			    .type = VALUE_BYTES,
			    .bytes = { text, len } } };
		struct trap trap = { .version = 2, .varbinds = varbinds, .n_varbinds = 2 };
		enum decode_result result =
		    trap_link_decode(rules_traps(rules), &trap, &event, &miss);
		ck_assert_int_eq(result, len <= 127 ? DECODE_EVENT : DECODE_MALFORMED);
		if (result == DECODE_EVENT)
			ck_assert_uint_eq(event.name.len, 2 * len);
	}
	rules_free(rules);
}
END_TEST

/* The example of dpwatch-rules(5) works, and the page knows every key. */
START_TEST(the_manual_page_tells_the_truth)
{
	static const char *const keys[] = { "Ic trap ", "Ic down | up ", "Ic status ",
		"Ic restart | boot ", "Ic doubt ", "Ic hint ", "Ic ignore ", "Ic about ",
		"Ic reason ", "Ic layer ", "Ic object ", "Ic name ", "Ic index ", "Ic index-in ",
		"Ic slot ", "Ic admin ", "Ic oper ", "Ic sample Oo Cm v1 Oc ", "Ic yields " };
	struct slice page = data_file("src/dpwatchd/dpwatch-rules.5");
	char item[60];

	for (int i = 0; i < N(keys); i++) {
		snprintf(item, sizeof(item), "\n.It %s", keys[i]);
		ck_assert_msg(slice_find(page, slice_of(item)) > 0, "%s", keys[i]);
	}
	struct slice rest = slice_from(page, (size_t)slice_find(page, SLICE("trap acme-port")));
	char *example = strndup(rest.data, (size_t)slice_find(rest, SLICE("\n.Ed")));
	struct rules *rules = rules_of(example, NULL);
	char report[300] = "";
	size_t n;
	ck_assert_msg(rules_check_samples(rules, keep_report, report, &n) == 0, "%s", report);
	ck_assert_uint_eq(n, 2);
	rules_free(rules);
	free(example);
	free((void *)(uintptr_t)page.data);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("trap_rules_file");

	tcase_add_loop_test(tcase,
	    a_faulty_stanza_is_refused_with_file_and_line_and_nothing_of_it_stays, 0, N(faults));
	tcase_add_loop_test(
	    tcase, a_sample_that_disagrees_is_told_with_its_line, 0, N(disagreements));
	tcase_add_test(tcase, a_later_file_takes_a_notification_over);
	tcase_add_test(tcase, a_faulty_file_takes_nothing_of_others_along);
	tcase_add_test(tcase, a_name_is_put_together_of_what_the_trap_tells);
	tcase_add_test(tcase, a_name_that_does_not_fit_is_none);
	tcase_add_test(tcase, the_manual_page_tells_the_truth);

	return run_case("trap_rules_file", tcase);
}
