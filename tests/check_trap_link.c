#include "core/trap_link.h"

#include <check.h>
#include <string.h>

#include "lib/guard.h"
#include "lib/run_suite.h"
#include "lib/trap_fixture.h"

static void
assert_slice(struct slice got, const char *expected)
{
	ck_assert_uint_eq(got.len, strlen(expected));
	ck_assert_mem_eq(got.data ? got.data : "", expected, got.len);
}

/* ---- IF-MIB ---- */

START_TEST(a_link_down_names_its_interface)
{
	ck_assert_int_eq(V2(UPTIME, LINK_DOWN, IF_INDEX(7), IF_ADMIN(7, 1), IF_OPER(7, 2),
			     IF_NAME(7, "Et7"), IF_DESCR(7, "Ethernet7")),
	    DECODE_EVENT);
	ck_assert_int_eq(event.kind, LINK_EVENT_WORD);
	ck_assert_int_eq(event.word, WORD_DOWN);
	ck_assert_int_eq(event.layer, LAYER_WHOLE);
	ck_assert_int_eq(event.source, SOURCE_TRAP);
	ck_assert_int_eq(event.reason, REASON_NONE);
	ck_assert_int_eq(event.bare_up, false);
	ck_assert_uint_eq(event.if_index, 7);
	assert_slice(event.name, "Et7");
	assert_slice(event.descr, "Ethernet7");
	ck_assert_int_eq(event.has_uptime, true);
	ck_assert_uint_eq(event.uptime_cs, 4294967295);
	ck_assert_int_eq(event.has_device_time, false);
	ck_assert_str_eq(event.rule, "linkDown");
}
END_TEST

/* ifOperStatus of a linkUp; 99: no such varbind. */
static const struct {
	int64_t oper;
	bool is_up, bare;
} up_statuses[] = {
	{ 1, true, false },
	{ 2, false, false },
	{ 3, false, false },
	{ 4, true, false },
	{ 5, false, false },
	{ 6, false, false },
	{ 7, false, false },
	{ 0, true, true },
	{ 8, true, true },
	{ -1, true, true },
	{ INT64_MAX, true, true },
	{ INT64_MIN, true, true },
	{ 4294967297, true, true },
	{ 99, true, true },
};

START_TEST(a_link_up_counts_by_the_status_that_it_entered)
{
	const struct trap_varbind varbinds[] = { UPTIME, LINK_UP, IF_INDEX(3),
		IF_OPER(3, up_statuses[_i].oper) };
	enum decode_result result = decode_v2(varbinds, up_statuses[_i].oper == 99 ? 3 : 4);

	ck_assert_int_eq(result, up_statuses[_i].is_up ? DECODE_EVENT : DECODE_NOT_OURS);
	if (!up_statuses[_i].is_up) {
		ck_assert_int_eq(miss, TRAP_MISS_NOT_UP);
		return;
	}
	ck_assert_int_eq(event.word, WORD_UP);
	ck_assert_int_eq(event.bare_up, up_statuses[_i].bare);
}
END_TEST

START_TEST(a_link_down_is_down_whatever_status_was_left)
{
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(3), IF_OPER(3, _i)), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_DOWN);
	ck_assert_int_eq(event.bare_up, false);
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(3), IF_ADMIN(3, 2), IF_OPER(3, _i)), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_ADMIN_DOWN);
}
END_TEST

START_TEST(only_admin_status_down_is_an_operators_word)
{
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(3), IF_ADMIN(3, _i)), DECODE_EVENT);
	ck_assert_int_eq(event.word, _i == 2 ? WORD_ADMIN_DOWN : WORD_DOWN);
	/* of a linkUp it says nothing */
	ck_assert_int_eq(V2(LINK_UP, IF_INDEX(3), IF_ADMIN(3, _i), IF_OPER(3, 1)), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_UP);
}
END_TEST

START_TEST(the_order_of_varbinds_means_nothing)
{
	ck_assert_int_eq(
	    V2(IF_OPER(9, 1), IF_NAME(9, "ge-0/0/1"), IF_ADMIN(9, 1), IF_INDEX(9), LINK_UP, UPTIME),
	    DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_UP);
	ck_assert_int_eq(event.bare_up, false);
	ck_assert_uint_eq(event.if_index, 9);
	assert_slice(event.name, "ge-0/0/1");
	ck_assert_int_eq(event.has_uptime, true);
}
END_TEST

START_TEST(cisco_ios_tells_the_operators_word_as_text)
{
	ck_assert_int_eq(
	    V2(LINK_DOWN, IF_INDEX(10001), IF_DESCR(10001, "GigabitEthernet1/0/1"),
		INTEGER(6, IF_ENTRY, 3, 10001), LOC_REASON(10001, "administratively down")),
	    DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_ADMIN_DOWN);
	assert_slice(event.descr, "GigabitEthernet1/0/1");

	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(1), LOC_REASON(1, "Lost Carrier")), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_DOWN);
	ck_assert_int_eq(
	    V2(LINK_DOWN, IF_INDEX(1), LOC_REASON(2, "administratively down")), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_DOWN);
	ck_assert_int_eq(V2(LINK_UP, IF_INDEX(1), LOC_REASON(1, "up")), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_UP);
	ck_assert_int_eq(event.bare_up, true);
}
END_TEST

/* ---- which interface ---- */

START_TEST(the_index_is_the_value_of_if_index)
{
	/* before the suffix of an earlier column, and without an instance of its own */
	ck_assert_int_eq(V2(LINK_DOWN, IF_ADMIN(4, 1), INTEGER(5, IF_ENTRY, 1, 5)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 5);
	ck_assert_int_eq(V2(LINK_DOWN, INTEGER(6, IF_ENTRY, 1)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 6);
	ck_assert_int_eq(V2(LINK_DOWN, INTEGER(6, IF_ENTRY, 1, 0)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 6);
	ck_assert_int_eq(V2(LINK_DOWN, INTEGER(2147483647, IF_ENTRY, 1)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 2147483647);
}
END_TEST

START_TEST(without_its_value_the_index_is_any_columns_instance)
{
	ck_assert_int_eq(V2(LINK_DOWN, IF_OPER(12, 2)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 12);
	ck_assert_int_eq(V2(LINK_DOWN, IF_ALIAS(13, "to spine")), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 13);
	ck_assert_int_eq(V2(LINK_DOWN, INTEGER(0, IF_ENTRY, 1, 14)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 14);
	ck_assert_int_eq(V2(LINK_DOWN, TEXT("x", IF_ENTRY, 1, 15)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 15);
	/* an instance of 0, of two numbers, or beyond 2^31 - 1 is none */
	ck_assert_int_eq(V2(LINK_DOWN, IF_OPER(0, 2), INTEGER(2, IF_ENTRY, 8, 7, 1),
			     INTEGER(2, IF_ENTRY, 8, 2147483648), IF_OPER(16, 2)),
	    DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 16);
}
END_TEST

START_TEST(if_alias_is_never_a_name)
{
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(7), IF_ALIAS(7, "Ethernet9")), DECODE_EVENT);
	ck_assert_uint_eq(event.name.len, 0);
	ck_assert_uint_eq(event.descr.len, 0);
}
END_TEST

START_TEST(of_doubled_varbinds_the_first_usable_one_counts)
{
	char too_long[257];

	memset(too_long, 'x', sizeof(too_long));
	const struct trap_varbind varbinds[] = {
		LINK_UP,
		INTEGER(-5, IF_ENTRY, 1),
		TEXT("7", IF_ENTRY, 1),
		IF_INDEX(7),
		IF_INDEX(8),
		INTEGER(0, IF_ENTRY, 8, 7),
		TEXT("1", IF_ENTRY, 8, 7),
		IF_OPER(7, 1),
		IF_OPER(7, 2),
		INTEGER(1, IFX_ENTRY, 1, 7),
		IF_NAME(7, ""),
		IF_NAME(7, " \r\n"),
		{ .name = IDS(IFX_ENTRY, 1, 7), .type = VALUE_BYTES, .bytes = { too_long, 256 } },
		IF_NAME(7, "Et7"),
		IF_NAME(7, "Et8"),
	};
	ck_assert_int_eq(decode_v2(varbinds, N(varbinds)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 7);
	ck_assert_int_eq(event.bare_up, false);
	assert_slice(event.name, "Et7");
}
END_TEST

START_TEST(what_another_interface_says_is_not_this_ones)
{
	ck_assert_int_eq(
	    V2(LINK_UP, IF_INDEX(7), IF_OPER(8, 2), IF_NAME(8, "Et8"), IF_DESCR(8, "Ethernet8")),
	    DECODE_EVENT);
	ck_assert_int_eq(event.bare_up, true);
	ck_assert_uint_eq(event.name.len, 0);
	ck_assert_uint_eq(event.descr.len, 0);
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(7), IF_ADMIN(8, 2)), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_DOWN);
	/* one that tells no instance, or 0, can only be this one's */
	ck_assert_int_eq(
	    V2(LINK_UP, IF_INDEX(7), INTEGER(7, IF_ENTRY, 8), IF_OPER(7, 1)), DECODE_NOT_OURS);
	ck_assert_int_eq(V2(LINK_UP, IF_INDEX(7), IF_OPER(0, 5)), DECODE_NOT_OURS);
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(7), TEXT("Et7", IFX_ENTRY, 1)), DECODE_EVENT);
	assert_slice(event.name, "Et7");
}
END_TEST

START_TEST(a_name_alone_names_an_interface)
{
	ck_assert_int_eq(V2(LINK_DOWN, TEXT("xe-0/0/1", IFX_ENTRY, 1)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 0);
	assert_slice(event.name, "xe-0/0/1");
	ck_assert_int_eq(
	    V2(LINK_DOWN, INTEGER(0, IF_ENTRY, 1), TEXT("23", IF_ENTRY, 2)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 0);
	assert_slice(event.descr, "23");
}
END_TEST

START_TEST(a_name_is_told_without_what_surrounds_it)
{
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(7), IF_NAME(7, " Et7 \0")), DECODE_EVENT);
	assert_slice(event.name, "Et7");
	ck_assert_int_eq(V2(LINK_DOWN, IF_INDEX(7), IF_NAME(7, "Et\0007")), DECODE_EVENT);
	ck_assert_uint_eq(event.name.len, 4);
	ck_assert_mem_eq(event.name.data, "Et\0007", 4);
}
END_TEST

START_TEST(a_link_trap_without_an_interface_is_malformed)
{
	ck_assert_int_eq(V2(UPTIME, LINK_DOWN), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_INTERFACE);
	ck_assert_int_eq(V2(LINK_UP, INTEGER(2, IF_ENTRY, 8), IF_NAME(0, "")), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_INTERFACE);
}
END_TEST

static const struct trap_varbind bad_indexes[] = {
	INTEGER(0, IF_ENTRY, 1),
	INTEGER(-1, IF_ENTRY, 1),
	INTEGER(2147483648, IF_ENTRY, 1),
	INTEGER(INT64_MAX, IF_ENTRY, 1),
	INTEGER(INT64_MIN, IF_ENTRY, 1),
	INTEGER(4294967297, IF_ENTRY, 1, 0),
	TICKS(7, IF_ENTRY, 1),
	TEXT("7", IF_ENTRY, 1),
	TEXT("", IF_ENTRY, 1, 0),
	{ .name = IDS(IF_ENTRY, 1), .type = VALUE_OTHER },
	{ .name = IDS(IF_ENTRY, 1), .type = VALUE_OID, .oid = IDS(1, 3) },
};

START_TEST(an_index_out_of_range_or_of_another_type_is_malformed)
{
	const struct trap_varbind varbinds[] = { LINK_DOWN, bad_indexes[_i] };

	ck_assert_int_eq(decode_v2(varbinds, N(varbinds)), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_BAD_INDEX);
}
END_TEST

START_TEST(varbinds_beyond_the_bound_are_not_read)
{
	const struct trap_varbind filler = IF_ALIAS(0, "x"), index = IF_INDEX(5);
	struct trap_varbind varbinds[TRAP_VARBINDS_MAX + 1] = { LINK_DOWN };

	for (int i = 1; i <= TRAP_VARBINDS_MAX; i++)
		varbinds[i] = filler;
	varbinds[TRAP_VARBINDS_MAX] = index;
	ck_assert_int_eq(decode_v2(varbinds, N(varbinds)), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_INTERFACE);
	varbinds[TRAP_VARBINDS_MAX - 1] = index;
	ck_assert_int_eq(decode_v2(varbinds, N(varbinds)), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 5);
}
END_TEST

/* ---- who and when ---- */

START_TEST(a_v1_trap_claims_its_agent_address)
{
	struct addr addr = { .scope = 77 };
	struct trap trap = { .version = 1, .agent_addr = { 192, 0, 2, 11 } };
	char text[ADDR_TEXT_MAX];

	ck_assert_int_eq(trap_claimed_sender(&trap, &addr), true);
	ck_assert_str_eq(addr_format(&addr, text), "192.0.2.11");
	ck_assert_uint_eq(addr.scope, 0);
	memset(trap.agent_addr, 0, 4);
	addr.scope = 77;
	ck_assert_int_eq(trap_claimed_sender(&trap, &addr), false);
	ck_assert_uint_eq(addr.scope, 77);
}
END_TEST

static const struct {
	struct trap_varbind varbind;
	const char *claim;
} claims[] = {
	{ ADDRESS("\xc6\x33\x64\x07", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0), "198.51.100.7" },
	{ ADDRESS("\0\0\0\0", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0), NULL },
	{ ADDRESS("\xc6\x33\x64", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0), NULL },
	{ ADDRESS("\xc6\x33\x64\x07\x01", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0), NULL },
	{ TEXT("\xc6\x33\x64\x07", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0), NULL },
	{ ADDRESS("\xc6\x33\x64\x07", 1, 3, 6, 1, 6, 3, 18, 1, 3), NULL },
	{ ADDRESS("\xc6\x33\x64\x07", 1, 3, 6, 1, 6, 3, 18, 1, 4, 0), NULL },
};

START_TEST(a_forwarded_trap_claims_the_address_in_its_varbind)
{
	struct addr addr;
	char text[ADDR_TEXT_MAX];

	for (int version = 1; version <= 3; version++) {
		struct trap trap = {
			.version = version,
			.varbinds = &claims[_i].varbind,
			.n_varbinds = 1,
		};
		bool claimed = trap_claimed_sender(&trap, &addr);
		ck_assert_int_eq(claimed, claims[_i].claim != NULL);
		if (claimed)
			ck_assert_str_eq(addr_format(&addr, text), claims[_i].claim);
	}
}
END_TEST

START_TEST(the_uptime_is_that_of_the_version)
{
	const struct trap_varbind varbinds[] = { TEXT("1", MIB2, 1, 3, 0),
		TICKS(99, MIB2, 1, 3, 0) };
	struct trap trap = {
		.version = 1, .timestamp_cs = 4294967295, .varbinds = varbinds, .n_varbinds = 2
	};
	uint32_t uptime = 7;

	ck_assert_int_eq(trap_uptime(&trap, &uptime), false);
	ck_assert_uint_eq(uptime, 7);
	trap.has_timestamp = true;
	ck_assert_int_eq(trap_uptime(&trap, &uptime), true);
	ck_assert_uint_eq(uptime, 4294967295);
	trap.version = 2;
	ck_assert_int_eq(trap_uptime(&trap, &uptime), true);
	ck_assert_uint_eq(uptime, 99);
	trap.n_varbinds = 1;
	ck_assert_int_eq(trap_uptime(&trap, &uptime), false);
}
END_TEST

static const int64_t bad_uptimes[] = { -1, 4294967296, INT64_MAX, INT64_MIN };

START_TEST(an_uptime_of_more_than_32_bits_is_none)
{
	const struct trap_varbind varbinds[] = { TICKS(bad_uptimes[_i], MIB2, 1, 3, 0), LINK_DOWN,
		IF_INDEX(7) };

	ck_assert_int_eq(decode_v2(varbinds, N(varbinds)), DECODE_EVENT);
	ck_assert_int_eq(event.has_uptime, false);
}
END_TEST

/* ---- nothing is read beyond its end, and nothing is touched without a result ---- */

START_TEST(names_and_values_are_not_read_beyond_their_end)
{
	const struct trap_varbind whole[] = { UPTIME, LINK_UP, IF_INDEX(7), IF_ADMIN(7, 1),
		IF_OPER(7, 1), IF_NAME(7, "Et7"), IF_DESCR(7, "Ethernet7"), LOC_REASON(7, "up"),
		ADDRESS("\x01\x02\x03\x04", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0) };
	struct trap_varbind varbinds[N(whole)];
	struct guard guards[N(whole)][3] = { 0 };

	for (int i = 0; i < N(whole); i++) {
		const size_t id = sizeof(unsigned long);
		varbinds[i] = whole[i];
		varbinds[i].name.ids = (const unsigned long *)(const void *)guard_put(
		    &guards[i][0], whole[i].name.ids, whole[i].name.n * id);
		varbinds[i].bytes.data =
		    guard_put(&guards[i][1], whole[i].bytes.data, whole[i].bytes.len);
		varbinds[i].oid.ids = (const unsigned long *)(const void *)guard_put(
		    &guards[i][2], whole[i].oid.ids, whole[i].oid.n * id);
	}
	for (int cut = 0; cut < 16; cut++) {
		for (int i = 0; i < N(whole) && cut > 0; i++) {
			/* the end stays at the guard */
			varbinds[i].name.ids += varbinds[i].name.n > 0;
			varbinds[i].name.n -= varbinds[i].name.n > 0;
			varbinds[i].bytes.data += varbinds[i].bytes.len > 0;
			varbinds[i].bytes.len -= varbinds[i].bytes.len > 0;
			varbinds[i].oid.ids += varbinds[i].oid.n > 0;
			varbinds[i].oid.n -= varbinds[i].oid.n > 0;
		}
		ck_assert_int_eq(
		    decode_v2(varbinds, N(whole)), cut == 0 ? DECODE_EVENT : DECODE_MALFORMED);
	}
	for (int i = 0; i < N(whole); i++)
		for (int j = 0; j < 3; j++)
			guard_release(&guards[i][j]);
}
END_TEST

START_TEST(without_an_event_nothing_of_it_is_touched)
{
	struct link_event before;

	memset(&before, 0x5a, sizeof(before));
	ck_assert_int_eq(V2(LINK_UP, IF_INDEX(7), IF_OPER(7, 2)), DECODE_NOT_OURS);
	ck_assert_mem_eq(&event, &before, sizeof(event));
	ck_assert_int_eq(V2(LINK_UP), DECODE_MALFORMED);
	ck_assert_mem_eq(&event, &before, sizeof(event));
	ck_assert_int_eq(V2(LINK_UP, IF_INDEX(7)), DECODE_EVENT);
	ck_assert_int_eq(miss, TRAP_MISS_MAX);
}
END_TEST

START_TEST(every_miss_has_a_name)
{
	for (int i = 0; i < TRAP_MISS_MAX; i++)
		ck_assert_ptr_nonnull(trap_miss_names[i]);
	ck_assert_str_eq(trap_miss_names[TRAP_MISS_NOT_UP], "not-up");
}
END_TEST

static TCase *
if_mib_case(void)
{
	TCase *tcase = tcase_create("IF-MIB");

	tcase_add_test(tcase, a_link_down_names_its_interface);
	tcase_add_loop_test(
	    tcase, a_link_up_counts_by_the_status_that_it_entered, 0, N(up_statuses));
	tcase_add_loop_test(tcase, a_link_down_is_down_whatever_status_was_left, 0, 10);
	tcase_add_loop_test(tcase, only_admin_status_down_is_an_operators_word, 0, 8);
	tcase_add_test(tcase, the_order_of_varbinds_means_nothing);
	tcase_add_test(tcase, cisco_ios_tells_the_operators_word_as_text);
	return tcase;
}

static TCase *
interface_case(void)
{
	TCase *tcase = tcase_create("interface");

	tcase_add_test(tcase, the_index_is_the_value_of_if_index);
	tcase_add_test(tcase, without_its_value_the_index_is_any_columns_instance);
	tcase_add_test(tcase, if_alias_is_never_a_name);
	tcase_add_test(tcase, of_doubled_varbinds_the_first_usable_one_counts);
	tcase_add_test(tcase, what_another_interface_says_is_not_this_ones);
	tcase_add_test(tcase, a_name_alone_names_an_interface);
	tcase_add_test(tcase, a_name_is_told_without_what_surrounds_it);
	tcase_add_test(tcase, a_link_trap_without_an_interface_is_malformed);
	tcase_add_loop_test(
	    tcase, an_index_out_of_range_or_of_another_type_is_malformed, 0, N(bad_indexes));
	tcase_add_test(tcase, varbinds_beyond_the_bound_are_not_read);
	return tcase;
}

static TCase *
origin_case(void)
{
	TCase *tcase = tcase_create("who, when, bounds");

	tcase_add_test(tcase, a_v1_trap_claims_its_agent_address);
	tcase_add_loop_test(
	    tcase, a_forwarded_trap_claims_the_address_in_its_varbind, 0, N(claims));
	tcase_add_test(tcase, the_uptime_is_that_of_the_version);
	tcase_add_loop_test(tcase, an_uptime_of_more_than_32_bits_is_none, 0, N(bad_uptimes));
	tcase_add_test(tcase, names_and_values_are_not_read_beyond_their_end);
	tcase_add_test(tcase, without_an_event_nothing_of_it_is_touched);
	tcase_add_test(tcase, every_miss_has_a_name);
	return tcase;
}

int
main(void)
{
	Suite *suite = suite_create("trap_link");

	shipped = shipped_rules();
	suite_add_tcase(suite, if_mib_case());
	suite_add_tcase(suite, interface_case());
	suite_add_tcase(suite, origin_case());

	int status = run_suite(suite);
	rules_free(shipped);
	return status;
}
