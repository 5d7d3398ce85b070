#include <check.h>
#include <string.h>

#include "core/syslog_link.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define N(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* 2025-03-01T10:00:00Z */
#define T0 1740823200000000ll

static const char rules_text[] =
    "syslog link\nliteral %LINK-\n"
    "pattern %LINK-[0-7]-UPDOWN: Interface {if}, changed state to {state}\nlayer link\n"
    "sample <187>%LINK-3-UPDOWN: Interface Gi1/0/1, changed state to down\n"
    "yields link down Gi1/0/1\n"
    "syslog named\nliteral SWITCH=\npattern SWITCH=(?<host>[a-z0-9]+) {if} {state}\n"
    "sample SWITCH=a e1 up\nyields whole up e1\n"
    "syslog start\nliteral STARTED\npattern STARTED\nkind boot\n"
    "sample STARTED\nyields boot\n";

#define BODY "%LINK-3-UPDOWN: Interface Gi1/0/1, changed state to down"

static struct rules *
build(void)
{
	struct rules *rules = rules_new();
	struct rules_fault fault;

	ck_assert_int_eq(rules_add_file(rules, "t", slice_of(rules_text), &fault), 0);
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_uint_eq(rules_check_samples(rules, NULL, NULL, NULL), 0);
	return rules;
}

static const struct {
	struct slice datagram;
	const char *host, *app;
	bool has_time;
	int64_t time_us;
} lines[] = {
	{ SLICE("<187>" BODY), "", "", false, 0 },
	{ SLICE("<187>45: sw1: Mar  1 2025 10:00:00.5 UTC: " BODY), "sw1", "", true, T0 + 500000 },
	{ SLICE("<187>45: sw1: *Mar  1 2025 10:00:00.5 UTC: " BODY), "sw1", "", false, 0 },
	{ SLICE("<187>1 2025-03-01T10:00:00Z sw1 app 7 - - " BODY), "sw1", "app", true, T0 },
	{ SLICE("<187>1 2025-03-01T10:00:01Z relay - - - - 2025 Mar  1 10:00:00 UTC sw1 " BODY),
	    "sw1", "", true, T0 },
	{ SLICE("<187>2025-03-01T10:00:00Z relay 45: sw1: Mar  1 10:00:00: " BODY), "sw1", "",
	    false, 0 },
	{ SLICE("\0<187>Mar  1 10:00:00 sw1 ifmgr[2]: " BODY "\r\n\0"), "sw1", "ifmgr", false, 0 },
};

START_TEST(a_datagram_becomes_an_event_with_its_host_and_time)
{
	struct rules *rules = build();
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss = MISS_MAX;

	ck_assert_int_eq(
	    syslog_link_decode(rules, lines[_i].datagram, &event, &msg, &miss), DECODE_EVENT);
	ck_assert_int_eq(miss, MISS_NONE);
	ck_assert_int_eq(event.kind, LINK_EVENT_WORD);
	ck_assert_int_eq(event.word, WORD_DOWN);
	ck_assert_int_eq(event.layer, LAYER_LINK);
	ck_assert_int_eq(event.source, SOURCE_SYSLOG);
	ck_assert_str_eq(event.rule, "link");
	ck_assert(slice_eq_str(event.name, "Gi1/0/1"));
	ck_assert(slice_eq_str(msg.host, lines[_i].host));
	ck_assert(slice_eq_str(msg.app, lines[_i].app));
	ck_assert_int_eq(event.has_device_time, lines[_i].has_time);
	ck_assert_int_eq(event.device_time_us, lines[_i].time_us);
	rules_free(rules);
}
END_TEST

START_TEST(the_names_point_into_the_datagram)
{
	struct rules *rules = build();
	const struct slice line = lines[_i].datagram;
	struct guard guard;
	struct slice bytes = { guard_put(&guard, line.data, line.len), line.len };
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss;

	ck_assert_int_eq(syslog_link_decode(rules, bytes, &event, &msg, &miss), DECODE_EVENT);
	ck_assert(event.name.data > bytes.data);
	ck_assert(event.name.data + event.name.len <= bytes.data + bytes.len);
	ck_assert(msg.text.data + msg.text.len <= bytes.data + bytes.len);
	guard_release(&guard);
	rules_free(rules);
}
END_TEST

START_TEST(a_host_that_the_rule_finds_wins_over_the_header)
{
	struct rules *rules = build();
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss;

	ck_assert_int_eq(
	    syslog_link_decode(
		rules, SLICE("<1>Mar  1 10:00:00 relay SWITCH=sw7 e1 up"), &event, &msg, &miss),
	    DECODE_EVENT);
	ck_assert(slice_eq_str(msg.host, "sw7"));
	rules_free(rules);
}
END_TEST

START_TEST(a_restart_names_no_interface)
{
	struct rules *rules = build();
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss;

	ck_assert_int_eq(
	    syslog_link_decode(rules, SLICE("<1>sw1: STARTED\nagain"), &event, &msg, &miss),
	    DECODE_EVENT);
	ck_assert_int_eq(event.kind, LINK_EVENT_RESTART);
	ck_assert_int_eq(event.word, WORD_NONE);
	ck_assert(event.new_boot);
	ck_assert_uint_eq(event.name.len, 0);
	ck_assert(slice_eq_str(msg.host, "sw1"));
	rules_free(rules);
}
END_TEST

/* Their host is needed all the same where a relay sent them. */
START_TEST(lines_that_are_no_events_say_why_and_who)
{
	static const struct {
		struct slice datagram;
		enum decode_result result;
		enum rules_miss miss;
		const char *host, *rule;
	} rows[] = {
		{ SLICE("<1>Mar  1 10:00:00 sw1 app[1]: hello"), DECODE_NOT_OURS, MISS_NO_RULE, "",
		    NULL },
		{ SLICE("<1>1 - sw1 app - - - hello"), DECODE_NOT_OURS, MISS_NO_RULE, "sw1", NULL },
		{ SLICE("<1>Mar  1 10:00:00 sw1 app[1]: new link state"), DECODE_NOT_OURS,
		    MISS_SUSPECT, "sw1", NULL },
		{ SLICE("<1>sw1: %LINK-3-UPDOWN: Interface Vlan1, changed state to down"),
		    DECODE_NOT_OURS, MISS_VIRTUAL, "sw1", "link" },
		{ SLICE("<1>Mar  1 10:00:00 sw1 app[1]: he said " BODY), DECODE_NOT_OURS,
		    MISS_QUOTED, "sw1", "link" },
		{ SLICE(" \n"), DECODE_MALFORMED, MISS_EMPTY, "", NULL },
	};
	struct rules *rules = build();

	for (int i = 0; i < N(rows); i++) {
		struct link_event event = { .word = WORD_UP, .rule = "stale" };
		struct syslog_msg msg;
		enum rules_miss miss = MISS_MAX;

		ck_assert_int_eq(syslog_link_decode(rules, rows[i].datagram, &event, &msg, &miss),
		    rows[i].result);
		ck_assert_int_eq(miss, rows[i].miss);
		ck_assert(slice_eq_str(msg.host, rows[i].host));
		ck_assert_int_eq(event.word, WORD_NONE);
		ck_assert_int_eq(event.rule != NULL, rows[i].rule != NULL);
		if (rows[i].rule)
			ck_assert_str_eq(event.rule, rows[i].rule);
	}
	rules_free(rules);
}
END_TEST

START_TEST(every_reason_has_a_name_of_its_own)
{
	ck_assert_str_eq(rules_miss_names[MISS_NONE], "");
	for (int i = 1; i < MISS_MAX; i++) {
		ck_assert_ptr_nonnull(rules_miss_names[i]);
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(rules_miss_names[i], rules_miss_names[k]);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("syslog_link");

	tcase_add_loop_test(tc, a_datagram_becomes_an_event_with_its_host_and_time, 0, N(lines));
	tcase_add_loop_test(tc, the_names_point_into_the_datagram, 0, N(lines));
	tcase_add_test(tc, a_host_that_the_rule_finds_wins_over_the_header);
	tcase_add_test(tc, a_restart_names_no_interface);
	tcase_add_test(tc, lines_that_are_no_events_say_why_and_who);
	tcase_add_test(tc, every_reason_has_a_name_of_its_own);

	return run_case("syslog_link", tc);
}
