/* The machinery: what a rules file may hold, and which rule decides. The shipped rules are tested in
 * check_rules_shipped. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/rules_set.h"
#include "core/syslog_link.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define N(table) ((int)(sizeof(table) / sizeof((table)[0])))

static struct rules *
build(const char *text)
{
	struct rules *rules = rules_new();
	struct rules_fault fault = { "" };

	ck_assert_ptr_nonnull(rules);
	int r = rules_add_file(rules, "test.rules", slice_of(text), &fault);
	ck_assert_msg(r == 0, "%s", fault.text);
	ck_assert_int_eq(rules_finish(rules), 0);
	return rules;
}

/* What a line yields, in the words of a `yields` line and with the rule's name in front. */
static const char *
outcome(const struct rules *rules, struct slice line, char *buf, size_t size)
{
	struct link_event event = { .rule = "stale" };
	struct syslog_msg msg;
	enum rules_miss miss = MISS_MAX;
	enum decode_result result = syslog_link_decode(rules, line, &event, &msg, &miss);
	const char *rule = event.rule ? event.rule : "-";

	if (result != DECODE_EVENT)
		snprintf(buf, size, "%s: nothing (%s)", rule, rules_miss_names[miss]);
	else if (event.kind != LINK_EVENT_WORD)
		snprintf(buf, size, "%s: kind %d%s", rule, (int)event.kind,
		    event.new_boot ? " boot" : "");
	else
		snprintf(buf, size, "%s: %s %s %.*s", rule, link_layer_names[event.layer],
		    link_word_names[event.word], (int)event.name.len, event.name.data);
	if (result == DECODE_EVENT)
		ck_assert_int_eq(miss, MISS_NONE);
	return buf;
}

#define ck_assert_outcome(rules, line, wanted)                                      \
	do {                                                                        \
		char buf_[400];                                                     \
		ck_assert_str_eq(outcome(rules, line, buf_, sizeof(buf_)), wanted); \
	} while (0)

#define SAMPLE "\tsample x\n\tyields nothing (no-rule)\n"

/* Two rules at one place, one further right, one that is ignored, one bound to a program. */
static const char set[] = "# comment\n"
			  "syslog first\n"
			  "\tliteral PORT\n"
			  "\tpattern PORT {if} {state}\n" SAMPLE "\n"
			  "syslog second\n"
			  "\tliteral PORT\n"
			  "\tpattern PORT {if} (?<state>closed|open|half)\n"
			  "\tword down closed\n"
			  "\tword up open\n"
			  "\tlayer protocol\n" SAMPLE "syslog override\n"
			  "  literal PORT e7\n"
			  "  pattern PORT (?<interface>e7) up\n"
			  "  word admin-down\n"
			  "  layer link\n"
			  "  reason power\n" SAMPLE "syslog quoted\r\n"
			  "literal CMD:\r\n"
			  "ignore quoted\r\n" SAMPLE "syslog bound\n"
			  "literal BOUND\n"
			  "pattern BOUND {if} {state} idx=(?<index>[0-9]+) on (?<host>[a-z]+)\n"
			  "app prog\n"
			  "app other\n" SAMPLE "syslog boot\n"
			  "literal BOOT\n"
			  "pattern BOOT(ED)?\n"
			  "kind boot\n" SAMPLE "syslog restart\n"
			  "literal RESTART\n"
			  "pattern RESTART\n"
			  "kind restart\n" SAMPLE "syslog doubt\n"
			  "literal CARD\n"
			  "pattern CARD( {if})?\n"
			  "kind doubt\n" SAMPLE "syslog sd\n"
			  "literal SDWORD\n"
			  "in structured-data\n"
			  "pattern ^SDWORD \\[x n=\"{if}\"\\]\n"
			  "word down\n" SAMPLE "syslog lax\n"
			  "literal LAX=\n"
			  "pattern LAX=(?<interface>[^!]*)!\n"
			  "word down\n" SAMPLE;

static const struct {
	struct slice line;
	const char *outcome;
} decisions[] = {
	{ SLICE("PORT e1 up"), "first: whole up e1" },
	{ SLICE("PORT e1 DOWN"), "first: whole down e1" },
	{ SLICE("PORT e1 closed"), "second: protocol down e1" },
	{ SLICE("PORT e1 open"), "second: protocol up e1" },
	/* A state that no line maps decides nothing. */
	{ SLICE("PORT e1 half"), "second: nothing (ignored)" },
	{ SLICE("PORT e1 sideways"), "-: nothing (no-rule)" },
	{ SLICE("port e1 up"), "-: nothing (no-rule)" },
	/* Of two at one place the later one wins. */
	{ SLICE("PORT e7 up"), "override: link admin-down e7" },
	{ SLICE("PORT e7 down"), "first: whole down e7" },
	/* The body that begins first decides, and what stands left of it must be header. */
	{ SLICE("CMD: PORT e1 up"), "quoted: nothing (quoted)" },
	{ SLICE("PORT e1 up CMD: x"), "first: whole up e1" },
	{ SLICE("PORT e1 up PORT e2 down"), "first: whole up e1" },
	{ SLICE("say 'PORT e1 up'"), "first: nothing (quoted)" },
	{ SLICE("<1>Mar  1 10:00:00 h1 PORT e1 up"), "first: whole up e1" },
	{ SLICE("PORT Vlan20 up"), "first: nothing (virtual)" },
	{ SLICE("PORT e1/1.100 up"), "first: nothing (virtual)" },
	{ SLICE("PORT Te 0/5 up"), "first: whole up Te 0/5" },
	{ SLICE("PORT e1. up"), "-: nothing (no-rule)" },
	{ SLICE("PORT \xFFport up"), "-: nothing (no-rule)" },
	/* Bound to a program: its tag or APP-NAME. */
	{ SLICE("<1>Mar  1 10:00:00 h1 prog[7]: BOUND e1 down idx=9 on sw"),
	    "bound: whole down e1" },
	{ SLICE("<1>Mar  1 10:00:00 h1 other: BOUND e1 down idx=9 on sw"), "bound: whole down e1" },
	{ SLICE("<1>1 - h1 prog 7 - - BOUND e1 down idx=9 on sw"), "bound: whole down e1" },
	{ SLICE("<1>Mar  1 10:00:00 h1 prog2[7]: BOUND e1 down idx=9 on sw"),
	    "-: nothing (suspect)" },
	{ SLICE("BOUND e1 up idx=9 on sw"), "-: nothing (no-rule)" },
	{ SLICE("BOOTED"), "boot: kind 1 boot" },
	{ SLICE("RESTART"), "restart: kind 1" },
	{ SLICE("CARD"), "doubt: kind 2" },
	/* MSGID and structured data only where there are any. */
	{ SLICE("<1>1 - h a p SDWORD [x n=\"e5\"]"), "sd: whole down e5" },
	{ SLICE("<1>1 - h a p SDWORD [x n=\"e5\"] PORT e1 up"), "sd: whole down e5" },
	{ SLICE("<1>1 - h a p - [x n=\"PORT e1 up\"] y"), "-: nothing (no-rule)" },
	{ SLICE("<1>1 - h a p - [x n=\"CMD:\"] PORT e1 up"), "first: whole up e1" },
	{ SLICE("SDWORD [x n=\"e5\"]"), "-: nothing (no-rule)" },
	/* What can't be a name is none, whatever a pattern takes. */
	{ SLICE("LAX=my port 5!"), "lax: whole down my port 5" },
	{ SLICE("LAX=!"), "lax: nothing (suspect)" },
	{ SLICE("LAX=a\nb!"), "lax: nothing (suspect)" },
	{ SLICE("LAX=a\x7F!"), "lax: nothing (suspect)" },
	{ SLICE("uplink"), "-: nothing (suspect)" },
	{ SLICE("it went Down"), "-: nothing (suspect)" },
	{ SLICE("nothing of interest"), "-: nothing (no-rule)" },
	{ SLICE("<1>"), "-: nothing (empty)" },
};

START_TEST(the_right_rule_decides)
{
	struct rules *rules = build(set);

	ck_assert_outcome(rules, decisions[_i].line, decisions[_i].outcome);
	rules_free(rules);
}
END_TEST

START_TEST(no_byte_outside_a_line_is_read)
{
	struct rules *rules = build(set);

	for (size_t len = 0; len <= decisions[_i].line.len; len++) {
		struct guard guard;
		struct slice line = { guard_put(&guard, decisions[_i].line.data, len), len };
		struct link_event event;
		struct syslog_msg msg;
		enum rules_miss miss;

		if (syslog_link_decode(rules, line, &event, &msg, &miss) == DECODE_EVENT &&
		    event.name.len > 0)
			ck_assert(event.name.data >= line.data &&
				  event.name.data + event.name.len <= line.data + len);
		guard_release(&guard);
	}
	rules_free(rules);
}
END_TEST

START_TEST(reason_index_and_host_come_with_the_event)
{
	struct rules *rules = build(set);
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss;

	ck_assert_int_eq(
	    syslog_link_decode(rules, SLICE("PORT e7 up"), &event, &msg, &miss), DECODE_EVENT);
	ck_assert_int_eq(event.reason, REASON_POWER);
	ck_assert_int_eq(event.source, SOURCE_SYSLOG);
	ck_assert_uint_eq(event.if_index, 0);
	ck_assert_int_eq(syslog_link_decode(rules,
			     SLICE("<1>Mar  1 10:00:00 h1 prog[7]: BOUND e1 down idx=9 on sw"),
			     &event, &msg, &miss),
	    DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 9);
	ck_assert(slice_eq_str(msg.host, "sw"));
	ck_assert(slice_eq_str(msg.app, "prog"));
	ck_assert_int_eq(event.reason, REASON_NONE);
	rules_free(rules);
}
END_TEST

/* A file in `rules_dir` that is read later may override one that is shipped. */
START_TEST(a_rule_of_a_later_file_wins_at_the_same_place)
{
	struct rules *rules = rules_new();
	struct rules_fault fault;

	ck_assert_int_eq(
	    rules_add_file(rules, "a.rules",
		SLICE("syslog a\nliteral PORT\npattern PORT {if} {state}\n" SAMPLE), &fault),
	    0);
	ck_assert_int_eq(rules_add_file(rules, "b.rules",
			     SLICE("syslog b\nliteral PORT\nignore cause\n" SAMPLE), &fault),
	    0);
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_uint_eq(rules_count(rules), 2);
	ck_assert_outcome(rules, SLICE("PORT e1 up"), "b: nothing (cause)");
	rules_free(rules);
}
END_TEST

START_TEST(a_set_that_is_empty_or_unfinished_decodes_nothing)
{
	struct rules *rules = rules_new();

	ck_assert_outcome(rules, SLICE("PORT e1 up link"), "-: nothing (no-rule)");
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_outcome(rules, SLICE("PORT e1 up link"), "-: nothing (suspect)");
	rules_free(rules);
	rules_free(NULL);
}
END_TEST

static const struct {
	const char *file, *fault;
} faults[] = {
	{ "literal abcd\n", "f:1: literal outside a rule" },
	{ "\n# x\nfoo bar\n", "f:3: unknown key foo" },
	{ "snmp x\n", "f:1: unknown key snmp" },
	{ "syslog\n", "f:1: a rule's name is 1 to 63 of a-z, 0-9 and '-'" },
	{ "syslog A\n", "f:1: a rule's name is 1 to 63 of a-z, 0-9 and '-'" },
	{ "syslog a b\n", "f:1: a rule's name is 1 to 63 of a-z, 0-9 and '-'" },
	{ "syslog a\n", "f:1: rule a has no literal" },
	{ "syslog a\nliteral abc\n", "f:2: a literal has 4 to 64 bytes" },
	{ "syslog a\nliteral\n", "f:2: a literal has 4 to 64 bytes" },
	{ "syslog a\nliteral abcd\n", "f:1: rule a has no sample" },
	{ "syslog a\nliteral abcd\nsample x\n", "f:1: rule a has a sample without yields" },
	{ "syslog a\nliteral abcd\nsample x\nsample y\n", "f:4: the sample before has no yields" },
	{ "syslog a\nliteral abcd\nyields restart\n", "f:3: yields belongs behind a sample" },
	{ "syslog a\nsample\n", "f:2: a sample has 1 to 2048 bytes" },
	{ "syslog a\nsample \\q\n", "f:2: unknown escape (there are \\\\ \\n \\r \\t \\0 \\xHH)" },
	{ "syslog a\nsample \\x4\n", "f:2: unknown escape (there are \\\\ \\n \\r \\t \\0 \\xHH)" },
	{ "syslog a\nsample x\nyields up\n",
	    "f:3: yields is `LAYER WORD INTERFACE`, restart, boot, doubt, or nothing (REASON)" },
	{ "syslog a\nsample x\nyields whole up\n",
	    "f:3: yields is `LAYER WORD INTERFACE`, restart, boot, doubt, or nothing (REASON)" },
	{ "syslog a\nsample x\nyields nothing\n",
	    "f:3: nothing needs its reason, as in `yields nothing (virtual)`" },
	{ "syslog a\nsample x\nyields nothing (bored)\n",
	    "f:3: nothing needs its reason, as in `yields nothing (virtual)`" },
	{ "syslog a\nsample x\nyields restart now\n", "f:3: a restart names no interface" },
	{ "syslog a\nliteral abcd\n" SAMPLE, "f:1: rule a has no pattern" },
	{ "syslog a\nliteral abcd\npattern abcd\n" SAMPLE,
	    "f:1: rule a names no interface: its pattern has neither {if} nor (?<interface>...)" },
	{ "syslog a\nliteral abcd\npattern abcd {if}\n" SAMPLE,
	    "f:1: rule a has no word, and no state in its pattern" },
	{ "syslog a\nliteral abcd\npattern abcd {if} {state}\nword up\n" SAMPLE,
	    "f:1: rule a has a fixed word and a state in its pattern" },
	{ "syslog a\nliteral abcd\npattern abcd {if}\nword up\nword down x\n" SAMPLE,
	    "f:1: rule a maps texts of a state that its pattern lacks" },
	{ "syslog a\nliteral abcd\npattern abcd\nkind boot\nlayer link\n" SAMPLE,
	    "f:1: rule a has a kind or is ignored: word, layer and reason do not go with it" },
	{ "syslog a\nliteral abcd\nkind boot\n" SAMPLE, "f:1: rule a has no pattern" },
	{ "syslog a\nliteral abcd\nignore\nin structured-data\n" SAMPLE,
	    "f:1: rule a is in structured-data without a pattern" },
	{ "syslog a\nkind boot\nignore\n",
	    "f:3: ignore is one of ignored, virtual, membership, cause, neighbour, quoted, repeat, "
	    "once, and not with kind" },
	{ "syslog a\nignore suspect\n",
	    "f:2: ignore is one of ignored, virtual, membership, cause, neighbour, quoted, repeat, "
	    "once, and not with kind" },
	{ "syslog a\nkind link\n",
	    "f:2: kind is one of restart, boot, doubt, once, and not with ignore" },
	{ "syslog a\nlayer both\n", "f:2: layer is one of whole, link, protocol, once" },
	{ "syslog a\nlayer link\nlayer link\n",
	    "f:3: layer is one of whole, link, protocol, once" },
	{ "syslog a\nword dead\n", "f:2: word is one of up, down, admin-up, admin-down" },
	{ "syslog a\nword up\nword down\n",
	    "f:3: a second word without a text of the state group" },
	{ "syslog a\nreason bored\n",
	    "f:2: reason is one of link-down, err-disabled, members, card, power ..., once" },
	{ "syslog a\nin text\n", "f:2: in is structured-data, once" },
	{ "syslog a\napp\n", "f:2: app needs a name, and comes at most 8 times" },
	{ "syslog a\npattern (\npattern x\n",
	    "f:2: pattern: missing closing parenthesis at offset 1" },
	{ "syslog a\npattern x\npattern x\n", "f:3: a second pattern" },
	/* Offsets count bytes of the pattern as it is written, short forms and all. */
	{ "syslog a\npattern {if} [z-a]\n",
	    "f:2: pattern: range out of order in character class at offset 8" },
	{ "syslog a\npattern {if} {state} {end}(\n",
	    "f:2: pattern: missing closing parenthesis at offset 19" },
	{ "syslog a\npattern {if} {if}\n",
	    "f:2: pattern: two named subpatterns have the same name (PCRE2_DUPNAMES not set) at offset 5" },
	{ "syslog a\npattern (*UTF)x\n",
	    "f:2: pattern: using UTF is disabled by the application at offset 6" },
	{ "syslog a\nliteral abcd\nignore\n" SAMPLE "syslog a\n",
	    "f:6: rule a stands already in f:1" },
};

START_TEST(a_fault_tells_file_line_and_offset)
{
	struct rules *rules = rules_new();
	struct rules_fault fault = { "" };

	ck_assert_int_eq(rules_add_file(rules, "f", slice_of(faults[_i].file), &fault), -EINVAL);
	ck_assert_str_eq(fault.text, faults[_i].fault);
	ck_assert_uint_eq(rules_count(rules), 0);
	rules_free(rules);
}
END_TEST

START_TEST(a_faulty_file_leaves_the_set_as_it_was)
{
	struct rules *rules = rules_new();
	struct rules_fault fault;
	static const char good[] = "syslog a\nliteral PORT\npattern PORT {if} {state}\n" SAMPLE;
	static const char bad[] = "syslog b\nliteral PORT\nignore cause\n" SAMPLE "syslog c\nfoo\n";

	ck_assert_int_eq(rules_add_file(rules, "good", slice_of(good), &fault), 0);
	ck_assert_int_eq(rules_add_file(rules, "bad", slice_of(bad), &fault), -EINVAL);
	ck_assert_str_eq(fault.text, "bad:7: unknown key foo");
	ck_assert_uint_eq(rules_count(rules), 1);
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_outcome(rules, SLICE("PORT e1 up"), "a: whole up e1");
	rules_free(rules);
}
END_TEST

START_TEST(a_nul_byte_in_a_file_is_a_fault)
{
	struct rules *rules = rules_new();
	struct rules_fault fault;

	ck_assert_int_eq(
	    rules_add_file(rules, "f", SLICE("syslog a\nliteral ab\0cd\n"), &fault), -EINVAL);
	ck_assert_str_eq(fault.text, "f:2: a NUL byte");
	rules_free(rules);
}
END_TEST

/* (a+)+$ takes exponential time without a limit. */
START_TEST(a_runaway_pattern_is_stopped_and_refused)
{
	struct rules *rules =
	    build("syslog a\nliteral aaaa\npattern (a+)+$ {if}\nword up\n" SAMPLE);
	char line[2000];

	memset(line, 'a', sizeof(line));
	ck_assert_outcome(rules, ((struct slice){ line, sizeof(line) }), "-: nothing (no-rule)");
	rules_free(rules);
	rules = build("syslog a\nliteral aaaa\npattern ^(a+)+!(?<interface>b)?\nword up\n" SAMPLE);
	line[1000] = '?';
	line[1999] = '!';
	ck_assert_outcome(rules, ((struct slice){ line, sizeof(line) }), "-: nothing (limit)");
	rules_free(rules);
}
END_TEST

START_TEST(more_candidates_than_a_real_line_has_are_refused)
{
	struct rules *rules = rules_new();
	struct rules_fault fault;
	char text[200], line[1000] = "";
	size_t len = 0;

	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text),
		    "syslog r%d\nliteral <%03d>\npattern <%03d>{if} {state}\n" SAMPLE, i, i, i);
		ck_assert_int_eq(rules_add_file(rules, "f", slice_of(text), &fault), 0);
		len += (size_t)snprintf(line + len, sizeof(line) - len, "<%03d> ", i);
	}
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_outcome(rules, slice_of(line), "-: nothing (limit)");
	rules_free(rules);
}
END_TEST

START_TEST(a_sample_that_disagrees_is_reported)
{
	struct rules *rules =
	    build("syslog a\nliteral PORT\npattern PORT {if} {state}\nsample PORT e1 up\n"
		  "yields whole up e1\nsample PORT e1 up\nyields link up e1\n"
		  "sample PORT e1 \\x75p\nyields whole up e2\nsample PORT e1\\0 up\nyields boot\n");
	size_t n = 0;

	ck_assert_uint_eq(rules_check_samples(rules, NULL, NULL, &n), 3);
	ck_assert_uint_eq(n, 4);
	rules_free(rules);
}
END_TEST

static void
keep_report(void *ctx, const char *text)
{
	snprintf(ctx, 200, "%s", text);
}

START_TEST(a_report_names_file_line_rule_and_both_outcomes)
{
	struct rules *rules = build("syslog a\nliteral PORT\npattern PORT {if} {state}\n"
				    "sample PORT Vlan1 up\nyields whole up Vlan1\n");
	char text[200] = "";

	ck_assert_uint_eq(rules_check_samples(rules, keep_report, text, NULL), 1);
	ck_assert_str_eq(text, "test.rules:4: rule a: the sample yields nothing (virtual) by rule "
			       "a, not whole up Vlan1");
	rules_free(rules);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("rules");

	tcase_add_loop_test(tc, the_right_rule_decides, 0, N(decisions));
	tcase_add_loop_test(tc, no_byte_outside_a_line_is_read, 0, N(decisions));
	tcase_add_test(tc, reason_index_and_host_come_with_the_event);
	tcase_add_test(tc, a_rule_of_a_later_file_wins_at_the_same_place);
	tcase_add_test(tc, a_set_that_is_empty_or_unfinished_decodes_nothing);
	tcase_add_loop_test(tc, a_fault_tells_file_line_and_offset, 0, N(faults));
	tcase_add_test(tc, a_faulty_file_leaves_the_set_as_it_was);
	tcase_add_test(tc, a_nul_byte_in_a_file_is_a_fault);
	tcase_add_test(tc, a_runaway_pattern_is_stopped_and_refused);
	tcase_add_test(tc, more_candidates_than_a_real_line_has_are_refused);
	tcase_add_test(tc, a_sample_that_disagrees_is_reported);
	tcase_add_test(tc, a_report_names_file_line_rule_and_both_outcomes);

	return run_case("rules", tc);
}
