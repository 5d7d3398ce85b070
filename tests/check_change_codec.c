/* change_codec: each record's arguments, in the order in which the script of change_script.c takes them. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/change_codec.h"
#include "lib/changes.h"
#include "lib/run_suite.h"

#define PORT_TEXT "11223344-5566-4788-99aa-bbccddeeff00"
/* 2024-05-01T12:00:00.000000Z */
#define NOON INT64_C(1714564800000000)

static struct arg_buf args, keys;

static void
set_up(void)
{
	args = keys = (struct arg_buf){ 0 };
}

static void
tear_down(void)
{
	arg_buf_release(&args);
	arg_buf_release(&keys);
}

/* A huge allocation is to fail here, and not to end the program, in a sanitizer's build too. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* A toggle with every field of its own. */
static struct dp_change
full_change(void)
{
	return (struct dp_change){
		.kind = CHANGE_TOGGLE,
		.switch_name = "leaf1",
		.interface_name = "Ethernet1/1",
		.source = SOURCE_TRAP,
		.reason = REASON_LINK_DOWN,
		.received_us = NOON,
		.port_id = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x47, 0x88, 0x99, 0xaa, 0xbb, 0xcc,
		    0xdd, 0xee, 0xff, 0x00 },
		.port_name = "vm1-eth0",
		.project_id = "blue",
		.dp_down = true,
		.cause = CAUSE_ACCESS,
		.fault = "leaf1:Ethernet1/1@2024-05-01T12:00:00.000000Z",
		.occurred_us = NOON + 1,
		.paths = { 1, 2, 3 },
		.report = { true, "joe", "a note", NOON + 2, NOON + 3 },
		.maintenance = true,
		.removed = true,
		.known_revision = UINT64_C(12345678901234567),
	};
}

/* Exactly these arguments, ended by NULL. */
static void
expect(const struct arg_buf *buf, const char *const *wanted)
{
	struct slice arg;
	size_t at = 0;
	uint32_t n = 0;

	for (; wanted[n]; n++) {
		ck_assert_msg(arg_buf_next(buf, &at, &arg), "argument %u is missing", n);
		ck_assert_msg(slice_eq_str(arg, wanted[n]), "argument %u is \"%.*s\", not \"%s\"",
		    n, (int)arg.len, arg.data, wanted[n]);
	}
	ck_assert(!arg_buf_next(buf, &at, &arg));
	ck_assert_uint_eq(buf->n_args, n);
}

START_TEST(a_toggle_has_all_its_fields_in_order)
{
	static const char *const wanted[] = { "T", PORT_TEXT, "vm1-eth0", "blue", "true",
		"12345678901234567", "2024-05-01T12:00:00.000001Z", "access", "link-down", "leaf1",
		"Ethernet1/1", "leaf1:Ethernet1/1@2024-05-01T12:00:00.000000Z", "trap",
		"2024-05-01T12:00:00.000000Z", "1", "2", "3", "true", "joe",
		"2024-05-01T12:00:00.000002Z", "a note", "2024-05-01T12:00:00.000003Z", "true",
		"true", NULL };
	static const char *const key[] = { "port:" PORT_TEXT, NULL };
	const struct dp_change change = full_change();

	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
	expect(&keys, key);
}
END_TEST

START_TEST(a_field_that_does_not_apply_is_there_and_empty)
{
	static const char *const wanted[] = { "T", "00000000-0000-0000-0000-000000000000", "", "",
		"false", "0", "", "", "", "", "", "", "", "", "0", "0", "0", "false", "", "", "",
		"", "false", "false", NULL };
	struct dp_change change = change_about(CHANGE_TOGGLE, "", "");

	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
}
END_TEST

START_TEST(a_hash_without_a_toggle_has_the_fields_of_a_toggle)
{
	struct dp_change change = full_change();
	struct slice letter;
	size_t at = 0;

	change.kind = CHANGE_PORT;
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	ck_assert_uint_eq(args.n_args, 24);
	ck_assert(arg_buf_next(&args, &at, &letter));
	ck_assert(slice_eq_str(letter, "P"));
	ck_assert_uint_eq(keys.n_args, 1);
}
END_TEST

START_TEST(an_interface_has_its_json_and_its_link_event)
{
	static const char *const wanted[] = { "I", "true", "leaf1", "Ethernet1/1",
		"{\"oper\":\"down\",\"admin\":\"down\",\"since\":\"2024-05-01T12:00:00.000005Z\","
		"\"source\":\"syslog\",\"reason\":\"admin-down\",\"certain\":true,\"link\":\"down\","
		"\"protocol\":\"up\",\"override\":\"up\",\"order\":77}",
		"436207616", "down", "down", "admin-down", "syslog", "2024-05-01T12:00:00.000000Z",
		NULL };
	static const char *const key[] = { "interface:leaf1", NULL };
	struct dp_change change = full_change();

	change.kind = CHANGE_INTERFACE;
	change.source = SOURCE_SYSLOG;
	change.reason = REASON_ADMIN_DOWN;
	change.admin = "down";
	change.link = "down";
	change.protocol = "up";
	change.override = "up";
	change.since_us = NOON + 5;
	change.certain = true;
	change.transition = true;
	change.if_index = 436207616;
	change.order = change.shown_order = 77;
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
	expect(&keys, key);
}
END_TEST

START_TEST(an_interface_of_which_little_is_known_has_empty_members)
{
	static const char *const wanted[] = { "I", "false", "", "",
		"{\"oper\":\"up\",\"admin\":\"\",\"since\":\"\",\"source\":\"\",\"reason\":\"\","
		"\"certain\":false,\"link\":\"\",\"protocol\":\"\",\"override\":\"\",\"order\":0}",
		"", "up", "", "", "", "", NULL };
	struct dp_change change = change_about(CHANGE_INTERFACE, "", "");

	change.oper_up = true;
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
}
END_TEST

/* Of the word in force too, 0 as well: nobody had spoken before the one that waits. */
START_TEST(an_interface_with_a_word_that_waits_for_its_delay_has_two_orders)
{
	static const char *const wanted[] = { "I", "false", "", "",
		"{\"oper\":\"up\",\"admin\":\"\",\"since\":\"\",\"source\":\"\",\"reason\":\"\","
		"\"certain\":false,\"link\":\"\",\"protocol\":\"\",\"override\":\"\",\"order\":77,"
		"\"shown_order\":0}",
		"", "up", "", "", "", "", NULL };
	struct dp_change change = change_about(CHANGE_INTERFACE, "", "");

	change.oper_up = true;
	change.order = 77;
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
}
END_TEST

START_TEST(what_a_restart_must_know_is_there_only_while_it_is)
{
	static const char *const wanted[] = { "I", "false", "", "",
		"{\"oper\":\"up\",\"admin\":\"\",\"since\":\"\",\"source\":\"\",\"reason\":\"\","
		"\"certain\":false,\"link\":\"\",\"protocol\":\"\",\"override\":\"\",\"order\":0,"
		"\"penalty\":1500.0,\"penalty_at\":\"2024-05-01T12:00:00.000000Z\","
		"\"suppressed\":true,\"waits\":\"up/link/syslog//\","
		"\"spoke\":\"2024-05-01T12:00:00.000001Z\",\"booted\":\"2024-05-01T12:00:00.000002Z\","
		"\"shut\":\"2024-05-01T12:00:00.000004Z\","
		"\"ups_from\":\"2024-05-01T12:00:00.000003Z\","
		"\"counts_from\":\"2024-05-01T12:00:00.000005Z\",\"uptime\":4294967295,"
		"\"trap_said\":\"down\",\"line_said\":\"up\","
		"\"echoes\":\"down/trap/2024-05-01T12:00:00.000000Z/tT\","
		"\"protocol_old\":true,\"tells_both\":true}",
		"", "up", "", "", "", "", NULL };
	struct dp_change change = change_about(CHANGE_INTERFACE, "", "");

	change.oper_up = true;
	change.penalty = 1500;
	change.penalty_us = NOON;
	change.suppressed = true;
	change.waits = "up/link/syslog//";
	change.marks = (struct dp_marks){ .spoke_us = NOON + 1,
		.booted_us = NOON + 2,
		.shut_us = NOON + 4,
		.ups_from_us = NOON + 3,
		.counts_us = NOON + 5,
		.has_uptime = true,
		.uptime_cs = UINT32_MAX,
		.trap_said = "down",
		.line_said = "up",
		.protocol_old = true };
	change.marks.echoes = "down/trap/2024-05-01T12:00:00.000000Z/tT";
	change.marks.tells_both = true;
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
}
END_TEST

static const char *const kinds[] = { "degraded", "restored", "stranded", "refined" };

START_TEST(redundancy_says_its_kind_and_paths)
{
	const char *const wanted[] = { "R", kinds[_i], PORT_TEXT, "1", "2", "3", "link-down",
		"leaf1", "Ethernet1/1", "2024-05-01T12:00:00.000000Z", NULL };
	static const char *const key[] = { "port:" PORT_TEXT, NULL };
	struct dp_change change = full_change();

	change.kind = CHANGE_REDUNDANCY;
	change.redundancy = (enum redundancy_kind)_i;
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
	expect(&keys, key);
}
END_TEST

START_TEST(a_switch_that_is_forgotten_names_its_hash_alone)
{
	static const char *const wanted[] = { "F", NULL }, *const key[] = { "interface:leaf1",
		NULL };
	struct dp_change change = change_about(CHANGE_FORGET, "", "");

	change.switch_name = "leaf1";
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	expect(&args, wanted);
	expect(&keys, key);
}
END_TEST

/* 255 characters of four bytes each: the longest name that a topology document may give a switch. */
START_TEST(the_longest_switch_name_fits_its_key)
{
	char name[255 * 4 + 1], key[sizeof(name) + 10];
	struct dp_change change = change_about(CHANGE_INTERFACE, "", "");
	struct slice arg;
	size_t at = 0;

	for (size_t i = 0; i < 255; i++)
		memcpy(name + 4 * i, "\xF0\x9F\x90\x8C", 4);
	name[sizeof(name) - 1] = '\0';
	change.switch_name = name;
	ck_assert_int_eq(change_encode(&change, &args, &keys), 0);
	ck_assert(arg_buf_next(&keys, &at, &arg));
	snprintf(key, sizeof(key), "interface:%s", name);
	ck_assert(slice_eq_str(arg, key));
}
END_TEST

START_TEST(toggles_are_found_among_other_records)
{
	struct dp_change toggle = full_change(), other = full_change();
	unsigned long long revision;
	struct slice id, known;
	size_t at = 0;

	for (int kind = CHANGE_PORT; kind <= CHANGE_FORGET; kind++) {
		other.kind = (enum dp_change_kind)kind;
		other.admin = other.link = other.protocol = other.override = "";
		ck_assert_int_eq(change_encode(&other, &args, &keys), 0);
		toggle.port_id[15] = (uint8_t)kind;
		toggle.known_revision = 40 + (uint64_t)kind;
		ck_assert_int_eq(change_encode(&toggle, &args, &keys), 0);
	}
	for (int kind = CHANGE_PORT; kind <= CHANGE_FORGET; kind++) {
		char wanted[] = PORT_TEXT;
		wanted[35] = (char)('0' + kind);
		ck_assert(change_next_toggle(&args, &at, &id, &known));
		ck_assert(slice_eq_str(id, wanted));
		ck_assert(slice_to_uint(known, UINT64_MAX, &revision));
		ck_assert_uint_eq(revision, 40 + (uint64_t)kind);
	}
	ck_assert(!change_next_toggle(&args, &at, &id, &known));
}
END_TEST

START_TEST(what_are_no_records_holds_no_toggle)
{
	struct slice id, known;
	size_t at = 0;

	ck_assert(!change_next_toggle(&args, &at, &id, &known));
	ck_assert_int_eq(arg_buf_add(&args, SLICE("X")), 0);
	ck_assert(!change_next_toggle(&args, &at, &id, &known));
	arg_buf_clear(&args);
	at = 0;
	/* A toggle that is cut off. */
	ck_assert_int_eq(arg_buf_add(&args, SLICE("T")), 0);
	ck_assert_int_eq(arg_buf_add(&args, SLICE(PORT_TEXT)), 0);
	ck_assert(!change_next_toggle(&args, &at, &id, &known));
}
END_TEST

/* A buffer that says it is full, and so large that no memory can follow. */
static struct arg_buf
full_buffer(void)
{
	return (struct arg_buf){ .len = SIZE_MAX / 8, .room = SIZE_MAX / 8, .n_args = 5 };
}

START_TEST(without_memory_both_buffers_are_as_they_were)
{
	const struct dp_change change = full_change();
	struct arg_buf full = full_buffer();

	ck_assert_int_eq(arg_buf_add(&full, SLICE("x")), -ENOMEM);
	ck_assert_int_eq(change_encode(&change, &full, &keys), -ENOMEM);
	ck_assert_uint_eq(full.len, SIZE_MAX / 8);
	ck_assert_uint_eq(full.n_args, 5);
	ck_assert_uint_eq(keys.len, 0);
	ck_assert_uint_eq(keys.n_args, 0);
	/* The last step fails: the record is there by then. */
	ck_assert_int_eq(arg_buf_add(&args, SLICE("before")), 0);
	const struct arg_buf before = args;
	ck_assert_int_eq(change_encode(&change, &args, &full), -ENOMEM);
	ck_assert_uint_eq(args.len, before.len);
	ck_assert_uint_eq(args.n_args, 1);
	ck_assert_uint_eq(full.len, SIZE_MAX / 8);
	ck_assert_uint_eq(full.n_args, 5);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("records");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_toggle_has_all_its_fields_in_order);
	tcase_add_test(tcase, a_field_that_does_not_apply_is_there_and_empty);
	tcase_add_test(tcase, a_hash_without_a_toggle_has_the_fields_of_a_toggle);
	tcase_add_test(tcase, an_interface_has_its_json_and_its_link_event);
	tcase_add_test(tcase, an_interface_of_which_little_is_known_has_empty_members);
	tcase_add_test(tcase, an_interface_with_a_word_that_waits_for_its_delay_has_two_orders);
	tcase_add_test(tcase, what_a_restart_must_know_is_there_only_while_it_is);
	tcase_add_loop_test(tcase, redundancy_says_its_kind_and_paths, 0, REDUNDANCY_MAX);
	tcase_add_test(tcase, a_switch_that_is_forgotten_names_its_hash_alone);
	tcase_add_test(tcase, the_longest_switch_name_fits_its_key);
	tcase_add_test(tcase, toggles_are_found_among_other_records);
	tcase_add_test(tcase, what_are_no_records_holds_no_toggle);
	tcase_add_test(tcase, without_memory_both_buffers_are_as_they_were);
	return run_case("change_codec", tcase);
}
