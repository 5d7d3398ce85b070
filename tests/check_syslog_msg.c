#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/syslog_msg.h"
#include "core/syslog_stamp.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define BODY "%LINK-3-UPDOWN: x"
#define N(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* 2025-03-01T10:00:00Z */
#define T0 1740823200000000ll

#define ck_assert_slice_eq(slice, text)                  \
	do {                                             \
		char copy_[600];                         \
		slice_copy(slice, copy_, sizeof(copy_)); \
		ck_assert_str_eq(copy_, text);           \
	} while (0)

static struct syslog_msg
parse(struct slice datagram)
{
	struct syslog_msg msg;

	ck_assert(syslog_msg_parse(datagram, &msg));
	return msg;
}

/* Parses, and anchors at BODY. */
static struct syslog_msg
anchored(struct slice datagram)
{
	struct syslog_msg msg = parse(datagram);
	long body = slice_find(msg.text, SLICE(BODY));

	ck_assert_int_ge(body, 0);
	syslog_msg_anchor(&msg, (size_t)body);
	return msg;
}

static const struct {
	struct slice datagram;
	int pri;
	const char *text;
} pris[] = {
	{ SLICE("<0>x"), 0, "x" },
	{ SLICE("<191>x"), 191, "x" },
	{ SLICE("<192>x"), -1, "x" },
	{ SLICE("<999>x"), -1, "x" },
	{ SLICE("<013>x"), 13, "x" },
	{ SLICE("<187> : x"), 187, ": x" },
	{ SLICE("\0 <187>x\r\n\0"), 187, "x" },
	{ SLICE("\xEF\xBB\xBF<187>x"), 187, "x" },
	{ SLICE("x"), -1, "x" },
	{ SLICE("<>x"), -1, "<>x" },
	{ SLICE("<1234>x"), -1, "<1234>x" },
	{ SLICE("<18"), -1, "<18" },
	{ SLICE("<187"), -1, "<187" },
	{ SLICE("<-1>x"), -1, "<-1>x" },
	{ SLICE("<1 >x"), -1, "<1 >x" },
	{ SLICE("<Info:vlan> x"), -1, "<Info:vlan> x" },
};

START_TEST(a_priority_is_taken_off_or_left_as_text)
{
	struct syslog_msg msg = parse(pris[_i].datagram);

	ck_assert_int_eq(msg.pri, pris[_i].pri);
	ck_assert_slice_eq(msg.text, pris[_i].text);
	ck_assert(!msg.rfc5424);
}
END_TEST

START_TEST(only_an_empty_message_is_refused)
{
	static const struct slice empty[] = { SLICE(""), SLICE("<187>"), SLICE("<999> \r\n"),
		SLICE("\0\0"), SLICE("\xEF\xBB\xBF"), SLICE(" \n") };
	struct syslog_msg msg = { .pri = 4711 };

	for (int i = 0; i < N(empty); i++)
		ck_assert(!syslog_msg_parse(empty[i], &msg));
	ck_assert_int_eq(msg.pri, 4711);
}
END_TEST

START_TEST(an_rfc5424_header_is_split)
{
	struct syslog_msg msg = parse(SLICE("<28>1 2025-03-01T11:00:00.25+01:00 mx1 mib2d 1200 "
					    "TRAP [a@1 b=\"]\\\"\"][c] \xEF\xBB\xBFhello \n"));

	ck_assert(msg.rfc5424);
	ck_assert_int_eq(msg.pri, 28);
	ck_assert_slice_eq(msg.host, "mx1");
	ck_assert_slice_eq(msg.app, "mib2d");
	ck_assert_slice_eq(msg.msgid, "TRAP");
	ck_assert_slice_eq(msg.sd, "[a@1 b=\"]\\\"\"][c]");
	ck_assert_slice_eq(msg.structured, "TRAP [a@1 b=\"]\\\"\"][c] \xEF\xBB\xBFhello");
	ck_assert_slice_eq(msg.text, "hello");
	ck_assert(msg.has_time);
	ck_assert_int_eq(msg.time_us, T0 + 250000);
}
END_TEST

static const struct {
	struct slice datagram;
	bool rfc5424;
	const char *host, *app, *msgid, *sd, *text;
} headers[] = {
	{ SLICE("<1>1 - - - - - -"), true, "", "", "", "", "" },
	{ SLICE("<1>1 - h a p m - x"), true, "h", "a", "m", "", "x" },
	{ SLICE("<1>1 - h a p m -"), true, "h", "a", "m", "", "" },
	{ SLICE("<1>1 - h a p m x y"), true, "h", "a", "m", "", "x y" },
	{ SLICE("<1>1 - h a p m [i x=\"1\"]"), true, "h", "a", "m", "[i x=\"1\"]", "" },
	{ SLICE("<1>1 - h a p m [i x=\"1\""), true, "h", "a", "m", "", "[i x=\"1\"" },
	{ SLICE("<1>1 2025-03-01T10:00:00 h a p m - x"), true, "h", "a", "m", "", "x" },
	{ SLICE("<1>1 2025-99-99T99:99:99Z h a p m - x"), true, "h", "a", "m", "", "x" },
	/* Not its header: all of it is text. */
	{ SLICE("<1>1 2025-03-01T10:00:00Z h a"), false, "", "", "", "",
	    "1 2025-03-01T10:00:00Z h a" },
	{ SLICE("<1>1 yesterday h a p m - x"), false, "", "", "", "", "1 yesterday h a p m - x" },
	{ SLICE("<1>2 - h a p m - x"), false, "", "", "", "", "2 - h a p m - x" },
	{ SLICE("<1>1 1740823200.1 h events x y z"), false, "", "", "", "",
	    "1 1740823200.1 h events x y z" },
};

START_TEST(missing_and_broken_fields_of_rfc5424_are_borne)
{
	struct syslog_msg msg = parse(headers[_i].datagram);

	ck_assert_int_eq(msg.rfc5424, headers[_i].rfc5424);
	ck_assert_slice_eq(msg.host, headers[_i].host);
	ck_assert_slice_eq(msg.app, headers[_i].app);
	ck_assert_slice_eq(msg.msgid, headers[_i].msgid);
	ck_assert_slice_eq(msg.sd, headers[_i].sd);
	ck_assert_slice_eq(msg.text, headers[_i].text);
}
END_TEST

static const struct {
	const char *header, *host, *app;
	bool foreign;
} atoms[] = {
	{ "", "", "", false },
	{ "45: sw1: *Mar  1 00:12:44.120: ", "sw1", "", false },
	{ "45: Mar  1 00:12:44: ", "", "", false },
	{ "45: sw1: Mar  1 00:12:44.120 ABC: ", "sw1", "", false },
	{ "Mar  1 00:12:44 ABC: ", "ABC", "", false },
	{ ": Mar  1 00:12:44 UTC: ", "", "", false },
	{ ": sw1: 2025 Mar  1 00:12:44 UTC: ", "sw1", "", false },
	{ "45: 000046: Mar  1 00:12:44: ", "", "", false },
	{ "45: 192.0.2.7 46: Mar  1 00:12:44: ", "192.0.2.7", "", false },
	{ "45: Mar  1 00:12:44 192.0.2.7 sw1: 46: Mar  1 00:12:44: ", "sw1", "", false },
	{ "Mar  1 00:12:44 sw1 ", "sw1", "", false },
	{ "Mar  1 00:12:44 relay sw1 ", "sw1", "", false },
	{ "Mar  1 00:12:44 relay Mar  1 00:12:44 sw1 ", "sw1", "", false },
	{ "Mar  1 00:12:44 sw1 : 2025 Mar  1 00:12:44.1 UTC: ", "sw1", "", false },
	{ "Mar  1 00:12:44 sw1, ", "sw1", "", false },
	{ "Mar  1 00:12:44 sw1/relay-1/192.0.2.7 Ebra: ", "sw1/relay-1/192.0.2.7", "Ebra", false },
	{ "Mar  1 00:12:44 s_net@sw1/relay1 45: ", "s_net@sw1/relay1", "", false },
	{ "Mar  1 00:12:44 s_net@sw1 ", "s_net@sw1", "", false },
	{ "Mar  1 00:12:44 sw1 LC/0/0/CPU0 ", "sw1", "", false },
	{ "Mar  1 00:12:44 RP/0/RSP0/CPU0 sw1 ", "sw1", "", false },
	{ "Mar  1 00:12:44 0/RP0/ADMIN0 ", "", "", false },
	{ "Mar  1 00:12:44 sw1 Ebra: ", "sw1", "Ebra", false },
	{ "Mar  1 00:12:44 sw1 mib2d[1200]: ", "sw1", "mib2d", false },
	{ "Mar  1 00:12:44  re0.sw1 mib2d[1200]: ", "re0.sw1", "mib2d", false },
	{ "Mar  1 00:12:44 mib2d[1200]: ", "", "mib2d", false },
	{ "Mar  1 00:12:44 dl1: ", "dl1", "", false },
	{ "kernel: [ 100.5] ", "", "kernel", false },
	{ "Mar  1 00:12:44 sw1 kernel: [ 100.5] ", "sw1", "kernel", false },
	{ "77: pe1 LC/0/0/CPU0:Mar  1 00:12:44.1 : ifmgr[210]: ", "pe1", "ifmgr", false },
	{ "78: RP/0/RP0/CPU0:2025 Mar  1 00:12:44.1 UTC: ifmgr[210]: ", "", "ifmgr", false },
	{ "Mar  1 00:12:44 UTC %STKUNIT0-M:CP ", "", "", false },
	{ "Mar  1 00:12:44 UTC %RPM0-P:CP ", "", "", false },
	{ "CPU5 [03/01/10 10:00:03] ", "", "", false },
	{ " Mar  1 10:00:00 192.0.2.20 AM1: ", "192.0.2.20", "", false },
	{ "Mar  1 10:00:00 2025 3Com Switch 4500 ", "Switch", "", false },
	{ "Mar  1 10:00:00 2025 h3c1 (Stack) ", "h3c1", "", false },
	{ "Mar  1 10:00:00 local7.err sw1 ", "sw1", "", false },
	{ "Mar  1 10:00:00 relay Original Address=192.0.2.7 45: ", "192.0.2.7", "", false },
	{ "2025-03-01T10:00:00Z son1  SONiC.2023 NOTICE swss#orchagent: :- ", "son1", "orchagent",
	    false },
	{ "Mar  1 10:00:00 usw1 001122334455,USW-24-7.0+1: ", "usw1", "", false },
	{ "Mar  1 10:00:00 US24,001122334455,v4 ", "", "", false },
	{ "Mar  1 10:00:00 192.0.2.30-1 ", "192.0.2.30-1", "", false },
	{ "45: 2001:db8::7: Mar  1 00:12:44: ", "2001:db8::7", "", false },
	{ "45: 2001:db8::: Mar  1 00:12:44: ", "2001:db8::", "", false },
	{ "Mar  1 10:00:00 ap1 AP:00:11:22:33:44:55: ", "ap1", "", false },
	{ "1d02h: ", "", "", false },
	{ "3y02w: ", "", "", false },
	{ "0: 1:41 ", "", "", false },
	{ "45: sw1: Foo 99 99:99:99: ", "Foo", "", false },
	{ "Jan  1  0: 1:40 zy1 ", "zy1", "", false },
	{ "1 1740823200.100200300 MS-1 ", "MS-1", "", false },
	/* No header: somebody quotes. */
	{ "45: sw1: %PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:", "sw1", "", true },
	{ "Mar  1 10:00:00 h1 sshd[9]: Failed password for invalid user ", "h1", "sshd", true },
	{ "Mar  1 10:00:00 h1 app[9]: warning: ", "h1", "app", true },
	{ "Mar  1 10:00:00 h1 app[9]: text=", "h1", "app", true },
	{ "Mar  1 10:00:00 h1 said \"", "said", "", true },
	{ "Mar  1 10:00:00 h1 <187>", "h1", "", false }, /* a relay's header in front of it all */
	{ "Mar  1 10:00:00 h1 <187>45: sw1: ", "sw1", "", false },
	{ "Mar  1 10:00:00 h1 <187>Mar  1 10:00:00 sw1 app: ", "sw1", "app", false },
	{ "Mar  1 10:00:00 h1 app: <187>", "h1", "app", true },
	{ "Mar  1 10:00:00 h1 two <187>", "two", "", true },
	{ "Mar  1 10:00:00 h1 <192>", "h1", "", true },
	{ "Mar  1 10:00:00 h1 one two three four five ", "four", "", true },
	{ "Mar  1 10:00:00 hw1 %%01FOO/4/BAR(l): ", "hw1", "", true },
	{ "first line\n", "first", "", true },
	{ "times: [ ", "times", "", true },
};

START_TEST(a_legacy_header_is_a_list_of_atoms)
{
	char datagram[300];

	snprintf(datagram, sizeof(datagram), "<187>%s%s", atoms[_i].header, BODY);
	struct syslog_msg msg = anchored(slice_of(datagram));
	ck_assert_slice_eq(msg.host, atoms[_i].host);
	ck_assert_slice_eq(msg.app, atoms[_i].app);
	ck_assert_int_eq(msg.foreign, atoms[_i].foreign);
	ck_assert_uint_eq(msg.header.len + strlen(BODY), msg.text.len);
}
END_TEST

/* What a real rsyslog makes of lines of switches, and the two hosts that are in them then. */
static const struct {
	const char *header, *host, *outer_host;
} relayed[] = {
	{ "<187>Nov 24 00:30:37 192.0.2.7 45: core-7: *Mar  1 10:00:00.123: ", "core-7",
	    "192.0.2.7" },
	{ "<180>Mar  1 10:00:02 srl-1 sr_chassis_mgr ", "sr_chassis_mgr", "srl-1" },
	{ "<13>2025-03-01T10:00:00.1+00:00 son-1 orchagent :- ", "orchagent", "son-1" },
	{ "<187>Mar  1 10:00:00 sw1 ", "sw1", "sw1" },
	{ "<187>1 2026-11-24T00:30:37.3+00:00 192.0.2.7 45 - - -  core-7: *Mar  1 10:00:00.123: ",
	    "core-7", "192.0.2.7" },
	{ "<187>1 2026-11-24T00:30:37.3+00:00 relay - - - - <187>1 2026-11-24T00:30:37Z sw1 a - - - ",
	    "sw1", "relay" },
	{ "<187>1 2026-11-24T00:30:37.3+00:00 sw1 a - - - ", "sw1", "" },
	/* It took the year for the host, or the month. */
	{ "<190>1 2026-03-01T10:00:00+00:00 2025 h3c-1 - - -  ", "h3c-1", "2025" },
	{ "<188>1 2026-11-24T00:31:19+00:00 Mar - - - -  1 2025 10:00:00+08:00 ce-1 ", "ce-1",
	    "Mar" },
	{ "<184>1 2026-11-24T00:31:19+00:00 Apr 30 - - -  2023 04:54:41-08:00 ne-1 ", "ne-1",
	    "Apr" },
	{ "<187>1 2026-11-24T00:31:19+00:00 Nov 23 - - -  10:00:00:123 2026 h3c-1 ", "h3c-1",
	    "Nov" },
	/* A program speaks there, or nobody. */
	{ "<190>1 2026-03-01T10:00:00+00:00 2025 app 17 - -  ", "2025", "" },
	{ "<190>1 2026-03-01T10:00:00+00:00 2025 - - - -  ", "2025", "" },
};

START_TEST(a_relay_and_the_device_behind_it_each_name_a_host)
{
	char datagram[300];

	snprintf(datagram, sizeof(datagram), "%s%s", relayed[_i].header, BODY);
	struct syslog_msg msg = anchored(slice_of(datagram));
	ck_assert_slice_eq(msg.host, relayed[_i].host);
	ck_assert_slice_eq(msg.outer_host, relayed[_i].outer_host);
}
END_TEST

static const struct {
	const char *stamp;
	size_t len; /* of what is read; 0: no stamp */
	bool has_time;
	int64_t time_us;
} stamps[] = {
	{ "2025-03-01T10:00:00Z", 20, true, T0 },
	{ "2025-03-01T10:00:00.123456Z", 27, true, T0 + 123456 },
	{ "2025-03-01T10:00:00.1234567891Z", 31, true, T0 + 123456 },
	{ "2025-03-01T11:30:00+01:30", 25, true, T0 },
	{ "2025-03-01T04:47:00-0513", 24, true, T0 },
	{ "2025-03-01T16:00:00+06", 22, true, T0 },
	{ "2025-3-1 10:00:00 UTC", 21, true, T0 },
	{ "Mar  1 2025 10:00:00 UTC: x", 24, true, T0 },
	{ "Mar 01 2025 15:30:00 UTC+05:30 x", 30, true, T0 },
	{ "MAR 01 2025 10:00:00.5 gmt", 26, true, T0 + 500000 },
	{ "Mar  1 10:00:00 2025 x", 20, false, 0 },
	{ "2025 Mar  1 10:00:00 UTC: x", 24, true, T0 },
	{ "2025 Mar  1 10:00:00 +00:00 mds", 27, true, T0 },
	{ "01-Mar-2025 10:00:00 x", 20, false, 0 },
	{ "03/01/2025 10:00:00.12 x", 22, false, 0 },
	{ "[03/01/25 10:00:00] x", 19, false, 0 },
	{ "1740823200.100200300 x", 20, true, T0 + 100200 },
	{ "Mar  1 10:00:00 x", 15, false, 0 },
	{ "Mar  1 9:0:5 x", 12, false, 0 },
	{ "Mar  1  0: 1:40 x", 15, false, 0 },
	/* A zone that tells no offset, and what only looks like one. */
	{ "Mar  1 2025 10:00:00 CEST: x", 25, false, 0 },
	{ "Mar  1 2025 10:00:00 msk/msd x", 28, false, 0 },
	{ "Mar  1 2025 10:00:00 est-sw1 x", 20, false, 0 },
	{ "Mar  1 2025 10:00:00 sw1", 20, false, 0 },
	{ "Mar  1 10:00:00 2001:db8::1 x", 15, false, 0 },
	{ "Mar  1 10:00:00 2960-sw1 x", 15, false, 0 },
	/* A clock that is not set, or not in sync. */
	{ "*Mar  1 2025 10:00:00 UTC: x", 25, false, 0 },
	{ ".Mar  1 2025 10:00:00 UTC: x", 25, false, 0 },
	/* Numbers out of range. */
	{ "2025-02-30T10:00:00Z", 20, false, 0 },
	{ "2025-13-01T10:00:00Z", 20, false, 0 },
	{ "2025-03-01T24:00:00Z", 20, false, 0 },
	{ "2025-00-00T10:00:00Z", 20, false, 0 },
	{ "1969-03-01T10:00:00Z", 20, false, 0 },
	{ "2024-02-29T10:00:00Z", 20, true, 1709200800000000ll },
	{ "2100-03-01T00:00:00Z", 20, true, 4107542400000000ll },
	/* No stamps. */
	{ "", 0, false, 0 },
	{ "sw1", 0, false, 0 },
	{ "Mar", 0, false, 0 },
	{ "March 1 10:00:00", 0, false, 0 },
	{ "2025", 0, false, 0 },
	{ "2025-03-01", 0, false, 0 },
	{ "10:00:00", 0, false, 0 },
	{ "*", 0, false, 0 },
	{ "1740823200", 0, false, 0 },
};

START_TEST(a_stamp_is_read_in_every_form)
{
	struct syslog_stamp stamp = { false, 4711 };
	size_t len = strlen(stamps[_i].stamp);
	struct guard guard;
	char *bytes = guard_put(&guard, stamps[_i].stamp, len);

	ck_assert_uint_eq(syslog_stamp_read((struct slice){ bytes, len }, &stamp), stamps[_i].len);
	ck_assert_int_eq(stamp.has_time, stamps[_i].has_time);
	ck_assert_int_eq(stamp.time_us, stamps[_i].len ? stamps[_i].time_us : 4711);
	guard_release(&guard);
}
END_TEST

/* 29 February 2024 is on a Thursday of a leap year; 2100 is none. */
START_TEST(the_stamp_nearest_to_the_body_gives_the_time)
{
	struct syslog_msg msg;

	msg = anchored(SLICE("<1>2025-03-01T10:00:01Z relay 2025 Mar  1 10:00:00 UTC: " BODY));
	ck_assert(msg.has_time);
	ck_assert_int_eq(msg.time_us, T0);
	msg = anchored(SLICE("<1>2025-03-01T10:00:01Z relay *Mar  1 00:00:00: " BODY));
	ck_assert(!msg.has_time);
	ck_assert_int_eq(msg.time_us, 0);
	msg = anchored(
	    SLICE("<1>1 2025-03-01T10:00:01Z relay - - - - 45: sw1: *Mar  1 00:00:00: " BODY));
	ck_assert(!msg.has_time);
	ck_assert_slice_eq(msg.host, "sw1");
	msg = anchored(SLICE("<1>1 2025-03-01T10:00:00Z sw1 app - - - " BODY));
	ck_assert(msg.has_time);
	ck_assert_int_eq(msg.time_us, T0);
	ck_assert_slice_eq(msg.app, "app");
}
END_TEST

START_TEST(a_sender_that_doubts_its_clock_gives_no_time)
{
	ck_assert(!parse(SLICE("<1>1 2025-03-01T10:00:00Z h a - - [timeQuality isSynced=\"0\"] x"))
		       .has_time);
	ck_assert(!parse(SLICE("<1>1 2025-03-01T10:00:00Z h a - - [timeQuality tzKnown=\"0\"] x"))
		       .has_time);
	ck_assert(parse(SLICE("<1>1 2025-03-01T10:00:00Z h a - - [timeQuality isSynced=\"1\"] x"))
		      .has_time);
}
END_TEST

static const struct {
	const char *datagram, *host, *app;
} guesses[] = {
	{ "<187>45: sw1: *Mar  1 00:12:44.120: %FOO-3-BAR: link down", "sw1", "" },
	{ "<187>Mar  1 10:00:00 sw1 app[5]: Failed thing: link down", "sw1", "app" },
	{ "<187>Mar  1 10:00:00 sw1 app: link down", "sw1", "app" },
	{ "<187>Mar  1 10:00:00 192.0.2.7 %FOO-3-BAR: x", "192.0.2.7", "" },
	{ "<187>Mar  1 10:00:00 app[5]: x", "", "app" },
	{ "<187>%FOO-3-BAR: x", "", "" },
	{ "<187>1 2025-03-01T10:00:00Z sw1 app 5 - - link down", "sw1", "app" },
};

START_TEST(the_host_of_an_unknown_line_is_guessed)
{
	struct syslog_msg msg = parse(slice_of(guesses[_i].datagram));

	syslog_msg_guess(&msg);
	ck_assert_slice_eq(msg.host, guesses[_i].host);
	ck_assert_slice_eq(msg.app, guesses[_i].app);
}
END_TEST

START_TEST(a_long_message_without_terminator_may_be_cut)
{
	char bytes[SYSLOG_MSG_CUT_MIN + 1];

	memset(bytes, 'x', sizeof(bytes));
	ck_assert(!parse((struct slice){ bytes, SYSLOG_MSG_CUT_MIN - 1 }).maybe_cut);
	ck_assert(parse((struct slice){ bytes, SYSLOG_MSG_CUT_MIN }).maybe_cut);
	bytes[SYSLOG_MSG_CUT_MIN] = '\n';
	ck_assert(!parse((struct slice){ bytes, SYSLOG_MSG_CUT_MIN + 1 }).maybe_cut);
}
END_TEST

/* Whatever is cut off or put in, every slice stays inside the datagram. */
START_TEST(no_byte_outside_the_datagram_is_read)
{
	char text[300];

	snprintf(text, sizeof(text), "<187>%s%s", atoms[_i].header, BODY);
	for (size_t len = 0; len <= strlen(text); len++) {
		struct guard guard;
		char *bytes = guard_put(&guard, text, len);
		struct syslog_msg msg;

		if (syslog_msg_parse((struct slice){ bytes, len }, &msg)) {
			syslog_msg_guess(&msg);
			syslog_msg_anchor(&msg, msg.text.len);
			ck_assert(
			    msg.host.len == 0 || (msg.host.data >= bytes &&
						     msg.host.data + msg.host.len <= bytes + len));
			ck_assert(
			    msg.app.len == 0 ||
			    (msg.app.data >= bytes && msg.app.data + msg.app.len <= bytes + len));
		}
		guard_release(&guard);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("syslog_msg");

	tcase_add_loop_test(tc, a_priority_is_taken_off_or_left_as_text, 0, N(pris));
	tcase_add_test(tc, only_an_empty_message_is_refused);
	tcase_add_test(tc, an_rfc5424_header_is_split);
	tcase_add_loop_test(tc, missing_and_broken_fields_of_rfc5424_are_borne, 0, N(headers));
	tcase_add_loop_test(tc, a_legacy_header_is_a_list_of_atoms, 0, N(atoms));
	tcase_add_loop_test(tc, a_relay_and_the_device_behind_it_each_name_a_host, 0, N(relayed));
	tcase_add_loop_test(tc, a_stamp_is_read_in_every_form, 0, N(stamps));
	tcase_add_test(tc, the_stamp_nearest_to_the_body_gives_the_time);
	tcase_add_test(tc, a_sender_that_doubts_its_clock_gives_no_time);
	tcase_add_loop_test(tc, the_host_of_an_unknown_line_is_guessed, 0, N(guesses));
	tcase_add_test(tc, a_long_message_without_terminator_may_be_cut);
	tcase_add_loop_test(tc, no_byte_outside_the_datagram_is_read, 0, N(atoms));

	return run_case("syslog_msg", tc);
}
