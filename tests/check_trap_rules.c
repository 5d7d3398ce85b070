/* Which notifications are link events, of the shipped rules: through trap_link_decode, as the daemon asks. */
#include "core/trap_rules.h"

#include <check.h>
#include <string.h>

#include "core/trap_link.h"
#include "lib/run_suite.h"
#include "lib/trap_fixture.h"

static enum decode_result
decode_v1(struct oid enterprise, int generic, int specific, uint32_t if_index)
{
	const struct trap_varbind varbinds[] = { IF_INDEX(if_index) };

	return decode_trap(&(struct trap){ .version = 1,
	    .enterprise = enterprise,
	    .generic = generic,
	    .specific = specific,
	    .varbinds = varbinds,
	    .n_varbinds = if_index ? 1 : 0 });
}

static void
assert_slice(struct slice got, const char *expected)
{
	ck_assert_uint_eq(got.len, strlen(expected));
	ck_assert_mem_eq(got.data ? got.data : "", expected, got.len);
}

/* ---- which notification ---- */

static const struct {
	int generic;
	enum decode_result result;
	enum link_event_kind kind;
	enum link_word word;
	bool new_boot;
} generics[] = {
	{ 0, DECODE_EVENT, LINK_EVENT_RESTART, WORD_NONE, true },
	{ 1, DECODE_EVENT, LINK_EVENT_RESTART, WORD_NONE, false },
	{ 2, DECODE_EVENT, LINK_EVENT_WORD, WORD_DOWN, false },
	{ 3, DECODE_EVENT, LINK_EVENT_WORD, WORD_UP, false },
	{ 4, DECODE_NOT_OURS, LINK_EVENT_WORD, WORD_NONE, false },
	{ 5, DECODE_NOT_OURS, LINK_EVENT_WORD, WORD_NONE, false },
	{ 6, DECODE_NOT_OURS, LINK_EVENT_WORD, WORD_NONE, false },
	{ 7, DECODE_NOT_OURS, LINK_EVENT_WORD, WORD_NONE, false },
	{ -1, DECODE_NOT_OURS, LINK_EVENT_WORD, WORD_NONE, false },
	{ INT32_MAX, DECODE_NOT_OURS, LINK_EVENT_WORD, WORD_NONE, false },
};

START_TEST(a_v1_generic_number_decides_alone)
{
	/* whatever enterprise and specific say; 2 and 3 under generic 6 are nothing */
	for (int specific = 0; specific < 5; specific++) {
		enum decode_result result =
		    decode_v1(OID(ENT, 4458, 1000), generics[_i].generic, specific, 7);
		ck_assert_int_eq(result, generics[_i].result);
		if (result != DECODE_EVENT) {
			ck_assert_int_eq(miss, TRAP_MISS_NOT_OURS);
			continue;
		}
		ck_assert_int_eq(event.kind, generics[_i].kind);
		ck_assert_int_eq(event.word, generics[_i].word);
		ck_assert_int_eq(event.new_boot, generics[_i].new_boot);
		ck_assert_int_eq(event.bare_up, generics[_i].word == WORD_UP);
	}
}
END_TEST

START_TEST(a_v1_enterprise_trap_is_mapped_with_one_zero)
{
	ck_assert_int_eq(decode_v1(OID(ENT, 9, 9, 276), 6, 1, 7), DECODE_EVENT);
	ck_assert_str_eq(event.rule, "cieLinkDown");
	ck_assert_int_eq(decode_v1(OID(ENT, 9, 9, 276, 0), 6, 2, 7), DECODE_EVENT);
	ck_assert_str_eq(event.rule, "cieLinkUp");
	ck_assert_int_eq(decode_v1(OID(ENT, 9, 9, 276, 0, 0), 6, 2, 7), DECODE_NOT_OURS);
	ck_assert_int_eq(decode_v1(OID(ENT, 9, 9, 276), 6, -1, 7), DECODE_NOT_OURS);
	ck_assert_int_eq(decode_v1((struct oid){ NULL, 0 }, 6, 1, 7), DECODE_NOT_OURS);
	ck_assert_int_eq(miss, TRAP_MISS_NOT_OURS);
}
END_TEST

START_TEST(an_enterprise_too_long_to_build_upon_is_malformed)
{
	unsigned long ids[OID_MAX + 8] = { 1, 3 };

	for (size_t i = 2; i < sizeof(ids) / sizeof(ids[0]); i++)
		ids[i] = i;
	ck_assert_int_eq(decode_v1((struct oid){ ids, OID_MAX - 2 }, 6, 1, 7), DECODE_NOT_OURS);
	for (size_t n = OID_MAX - 1; n <= OID_MAX + 8; n++) {
		ck_assert_int_eq(decode_v1((struct oid){ ids, n }, 6, 1, 7), DECODE_MALFORMED);
		ck_assert_int_eq(miss, TRAP_MISS_BAD_OID);
	}
	/* one that ends in the zero needs only one more number */
	ids[OID_MAX - 2] = ids[OID_MAX - 1] = 0;
	ck_assert_int_eq(decode_v1((struct oid){ ids, OID_MAX - 1 }, 6, 1, 7), DECODE_NOT_OURS);
	ck_assert_int_eq(decode_v1((struct oid){ ids, OID_MAX }, 6, 1, 7), DECODE_MALFORMED);
	ck_assert_int_eq(decode_v1((struct oid){ ids, SIZE_MAX }, 6, 1, 7), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_BAD_OID);
}
END_TEST

START_TEST(a_v2_notification_without_a_usable_trap_oid_is_malformed)
{
	unsigned long ids[OID_MAX + 1] = { 1, 3, 6 };
	struct trap_varbind varbinds[] = { UPTIME, LINK_DOWN, IF_INDEX(7) };

	ck_assert_int_eq(V2(UPTIME, IF_INDEX(7)), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_TRAP_OID);
	ck_assert_int_eq(decode_v2(NULL, 0), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_TRAP_OID);
	varbinds[1].type = VALUE_BYTES;
	ck_assert_int_eq(decode_v2(varbinds, 3), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_TRAP_OID);
	varbinds[1].type = VALUE_OID;
	varbinds[1].oid = (struct oid){ NULL, 0 };
	ck_assert_int_eq(decode_v2(varbinds, 3), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_TRAP_OID);
	varbinds[1].oid = (struct oid){ ids, OID_MAX + 1 };
	ck_assert_int_eq(decode_v2(varbinds, 3), DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_BAD_OID);
	varbinds[1].oid.n = OID_MAX;
	ck_assert_int_eq(decode_v2(varbinds, 3), DECODE_NOT_OURS);
	varbinds[1].oid.n = 1;
	ck_assert_int_eq(decode_v2(varbinds, 3), DECODE_NOT_OURS);
	ck_assert_int_eq(miss, TRAP_MISS_NOT_OURS);
}
END_TEST

/* A trap with every object that any family looks for, all of them saying "up". */
static enum decode_result
decode_row(const struct trap_row *row, bool with_zero, bool v1)
{
	unsigned long ids[OID_MAX];
	size_t n = row->base.n;
	struct trap_varbind varbinds[] = { LINK_DOWN, IF_INDEX(7), IF_OPER(7, 1), IF_NAME(7, "p7"),
		TEXT("p7", MIB2, 47, 1, 1, 1, 1, 7, 67371017),
		INTEGER(2, ENT, 1271, 2, 1, 1, 1, 1, 1, 1, 3, 1, 7),
		TEXT("p7", ENT, 1271, 2, 1, 1, 1, 1, 1, 1, 7, 1, 7),
		INTEGER(1, ENT, 6141, 2, 60, 2, 1, 1, 1, 1, 8, 7),
		TEXT("p7", ENT, 6141, 2, 60, 2, 1, 1, 1, 1, 2, 7),
		INTEGER(1, ENT, 6141, 2, 4, 1, 1, 1, 1, 7, 7),
		TEXT("p7", ENT, 6141, 2, 4, 1, 1, 1, 1, 3, 7),
		INTEGER(1, ENT, 14823, 2, 3, 1, 11, 1, 1, 25, 0),
		TEXT("p", ENT, 14823, 2, 3, 1, 11, 1, 1, 28, 0),
		INTEGER(7, ENT, 14823, 2, 3, 1, 11, 1, 1, 59, 0),
		INTEGER(7, ENT, 3181, 10, 3, 3, 10, 1, 1, 7),
		INTEGER(1, ENT, 3181, 10, 3, 3, 10, 1, 3, 7) };

	memcpy(ids, row->base.ids, n * sizeof(*ids));
	if (with_zero)
		ids[n++] = 0;
	if (v1)
		return decode_trap(&(struct trap){ .version = 1,
		    .enterprise = { ids, n },
		    .generic = 6,
		    .specific = (int)row->last,
		    .varbinds = varbinds + 1,
		    .n_varbinds = N(varbinds) - 1 });
	ids[n++] = row->last;
	varbinds[0].oid = (struct oid){ ids, n };
	return decode_v2(varbinds, N(varbinds));
}

static void
assert_row_event(const struct trap_row *row)
{
	static const struct {
		enum link_event_kind kind;
		enum link_word word;
	} expected[] = {
		[MEANS_DOWN] = { LINK_EVENT_WORD, WORD_DOWN },
		[MEANS_UP] = { LINK_EVENT_WORD, WORD_UP },
		[MEANS_STATUS] = { LINK_EVENT_WORD, WORD_UP },
		[MEANS_RESTART] = { LINK_EVENT_RESTART, WORD_NONE },
		[MEANS_NEW_BOOT] = { LINK_EVENT_RESTART, WORD_NONE },
		[MEANS_DOUBT] = { LINK_EVENT_DOUBT, WORD_NONE },
		[MEANS_HINT] = { LINK_EVENT_HINT, WORD_NONE },
	};
	ck_assert_str_eq(event.rule, row->name);
	ck_assert_int_eq(event.kind, expected[row->meaning].kind);
	ck_assert_int_eq(event.word, expected[row->meaning].word);
	ck_assert_int_eq(event.bare_up, false);
	if (row->meaning <= MEANS_STATUS)
		assert_slice(event.name, "p7");
}

/* What is not about one interface: these rows' samples tell what they read. */
static bool
is_plain(const struct trap_row *row)
{
	return row->meaning <= MEANS_NEW_BOOT && row->family->objects.n_parts == 0;
}

START_TEST(every_link_notification_is_known_with_and_without_the_zero)
{
	size_t n = 0;

	for (size_t i = 0; trap_rules_at(rules_traps(shipped), i); i++) {
		const struct trap_row *row = trap_rules_at(rules_traps(shipped), i);
		for (int form = 0; form < 4 && is_plain(row); form++, n++) {
			ck_assert_msg(decode_row(row, form & 1, form & 2) == DECODE_EVENT,
			    "%s, form %d", row->name, form);
			assert_row_event(row);
		}
	}
	ck_assert_uint_eq(n, 4 * 48);
}
END_TEST

START_TEST(the_catalogue_of_the_facts_is_whole)
{
	static const size_t expected[MEANS_MAX] = { [MEANS_DOWN] = 23,
		[MEANS_UP] = 23,
		[MEANS_STATUS] = 2,
		[MEANS_RESTART] = 1,
		[MEANS_NEW_BOOT] = 2,
		[MEANS_DOUBT] = 113,
		[MEANS_HINT] = 15,
		[MEANS_IGNORE] = 71 };
	size_t n[MEANS_MAX] = { 0 };

	for (size_t i = 0; trap_rules_at(rules_traps(shipped), i); i++)
		n[trap_rules_at(rules_traps(shipped), i)->meaning]++;
	for (int meaning = 0; meaning < MEANS_MAX; meaning++)
		ck_assert_msg(
		    n[meaning] == expected[meaning], "meaning %d: %zu", meaning, n[meaning]);
}
END_TEST

START_TEST(every_row_of_the_table_is_found_and_no_two_are_the_same)
{
	const struct trap_rules *rules = rules_traps(shipped);

	for (size_t i = 0; trap_rules_at(rules, i) != NULL; i++) {
		const struct trap_row *row = trap_rules_at(rules, i);
		unsigned long ids[OID_MAX];
		memcpy(ids, row->base.ids, row->base.n * sizeof(*ids));
		ids[row->base.n] = row->last;
		ck_assert_ptr_eq(trap_rules_find(rules, (struct oid){ ids, row->base.n + 1 }), row);
		/* shorter, longer or another number: not ours */
		ids[row->base.n + 1] = 4000;
		ck_assert_ptr_null(trap_rules_find(rules, (struct oid){ ids, row->base.n + 2 }));
		ids[row->base.n] = 4000;
		ck_assert_ptr_null(trap_rules_find(rules, (struct oid){ ids, row->base.n + 1 }));
	}
}
END_TEST

/* However much a hint, card or look-alike looks like a link trap, it decides nothing. */
START_TEST(only_link_notifications_are_words)
{
	const struct trap_rules *rules = rules_traps(shipped);

	for (size_t i = 0; trap_rules_at(rules, i) != NULL; i++) {
		const struct trap_row *row = trap_rules_at(rules, i);
		for (int form = 0; form < 4; form++) {
			enum decode_result result = decode_row(row, form & 1, form & 2);

			if (row->meaning == MEANS_IGNORE)
				ck_assert_msg(result == DECODE_NOT_OURS, "%s", row->name);
			else if (row->meaning == MEANS_DOUBT || row->meaning == MEANS_HINT)
				ck_assert_msg(
				    result == DECODE_NOT_OURS ||
					(result == DECODE_EVENT && event.word == WORD_NONE),
				    "%s", row->name);
			else
				ck_assert_msg(result == DECODE_EVENT, "%s", row->name);
		}
	}
}
END_TEST

/* facts/link-traps.md, section 9 and neighbours: all of them carry words like "link", "up" or ifIndex */
static const struct trap_varbind look_alikes[] = {
	TRAP_OID(SNMP_TRAPS, 5),
	TRAP_OID(SNMP_TRAPS, 6),
	TRAP_OID(SNMP_TRAPS),
	TRAP_OID(SNMP_TRAPS, 3, 1),
	TRAP_OID(SNMP_TRAPS, 0, 0, 3),
	TRAP_OID(1, 3, 6, 1, 6, 3, 1, 1, 6, 3),
	TRAP_OID(ENT, 2636, 3, 26, 0, 1),
	TRAP_OID(ENT, 9, 9, 711, 0, 2),
	TRAP_OID(ENT, 9, 9, 184, 2, 0, 1),
	TRAP_OID(MIB2, 14, 16, 2, 16),
	TRAP_OID(ENT, 14823, 2, 3, 1, 11, 1, 2, 1000),
	TRAP_OID(ENT, 9, 9, 289, 1, 3, 0, 1),
	TRAP_OID(ENT, 1991, 0, 120),
	TRAP_OID(ENT, 5951, 1, 1, 0, 4),
	TRAP_OID(ENT, 9, 9, 315, 0, 0, 1),
	TRAP_OID(ENT, 259, 10, 1, 24, 2, 1, 0, 96),
	TRAP_OID(ENT, 9, 9, 41, 2, 0, 1),
	TRAP_OID(MIB2, 88, 2, 0, 1),
	TRAP_OID(ENT, 8072, 4, 0, 1),
	TRAP_OID(ENT, 8072, 4, 0, 2),
	TRAP_OID(ENT, 8072, 4, 0, 3),
	TRAP_OID(ENT, 9, 9, 276, 0, 4),
};

START_TEST(a_look_alike_is_not_ours)
{
	const struct trap_varbind varbinds[] = { UPTIME, look_alikes[_i], IF_INDEX(7),
		IF_ADMIN(7, 1), IF_OPER(7, 2), IF_NAME(7, "Et7") };

	ck_assert_int_eq(decode_v2(varbinds, N(varbinds)), DECODE_NOT_OURS);
	ck_assert_int_eq(miss, TRAP_MISS_NOT_OURS);
}
END_TEST

START_TEST(a_restart_needs_no_interface)
{
	ck_assert_int_eq(V2(TICKS(12, MIB2, 1, 3, 0), TRAP_OID(SNMP_TRAPS, 1)), DECODE_EVENT);
	ck_assert_int_eq(event.kind, LINK_EVENT_RESTART);
	ck_assert_int_eq(event.new_boot, true);
	ck_assert_int_eq(event.word, WORD_NONE);
	ck_assert_int_eq(event.source, SOURCE_TRAP);
	ck_assert_uint_eq(event.name.len, 0);
	ck_assert_uint_eq(event.if_index, 0);
	ck_assert_uint_eq(event.uptime_cs, 12);
	ck_assert_int_eq(V2(TRAP_OID(SNMP_TRAPS, 2)), DECODE_EVENT);
	ck_assert_int_eq(event.kind, LINK_EVENT_RESTART);
	ck_assert_int_eq(event.new_boot, false);
	ck_assert_int_eq(event.has_uptime, false);
}
END_TEST

START_TEST(a_last_gasp_makes_every_interface_uncertain)
{
	ck_assert_int_eq(V2(TRAP_OID(ENT, 2636, 4, 1, 30)), DECODE_EVENT);
	ck_assert_int_eq(event.kind, LINK_EVENT_DOUBT);
	ck_assert_int_eq(event.reason, REASON_POWER);
	ck_assert_uint_eq(event.name.len, 0);
	ck_assert_uint_eq(event.if_index, 0);
}
END_TEST

/* ---- vendors ---- */

/* cieDelayedLinkUpDownNotif: the status *is* the new state. 99: no such varbind. */
static const struct {
	int64_t oper, admin;
	enum link_word word;
} delayed[] = {
	{ 1, 1, WORD_UP },
	{ 2, 1, WORD_DOWN },
	{ 2, 2, WORD_ADMIN_DOWN },
	{ 6, 1, WORD_DOWN },
	{ 7, 1, WORD_DOWN },
	{ 3, 1, WORD_NONE },
	{ 4, 1, WORD_NONE },
	{ 5, 1, WORD_NONE },
	{ 99, 1, WORD_NONE },
};

START_TEST(ciscos_delayed_notification_tells_the_state_that_was_entered)
{
	enum decode_result result =
	    V2(TRAP_OID(ENT, 9, 9, 276, 0, 3), IF_ADMIN(436207616, delayed[_i].admin),
		IF_OPER(436207616, delayed[_i].oper), IF_NAME(436207616, "Ethernet1/1"));

	if (delayed[_i].word == WORD_NONE) {
		ck_assert_int_eq(result, DECODE_NOT_OURS);
		ck_assert_int_eq(miss, TRAP_MISS_NOT_UP);
		return;
	}
	ck_assert_int_eq(result, DECODE_EVENT);
	ck_assert_int_eq(event.word, delayed[_i].word);
	ck_assert_int_eq(event.bare_up, false);
	ck_assert_uint_eq(event.if_index, 436207616);
	assert_slice(event.name, "Ethernet1/1");
}
END_TEST

START_TEST(huaweis_port_is_named_by_its_physical_entity)
{
	ck_assert_int_eq(V2(TRAP_OID(ENT, 2011, 5, 25, 219, 2, 12, 1),
			     INTEGER(67371017, ENT, 2011, 5, 25, 219, 1, 1, 67371017),
			     TEXT("GigabitEthernet0/0/1", MIB2, 47, 1, 1, 1, 1, 7, 67371017),
			     IF_OPER(6, 2), IF_ADMIN(6, 2)),
	    DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_ADMIN_DOWN);
	ck_assert_uint_eq(event.if_index, 6);
	assert_slice(event.name, "GigabitEthernet0/0/1");
}
END_TEST

START_TEST(cienas_port_number_is_no_index)
{
	ck_assert_int_eq(V2(TRAP_OID(ENT, 1271, 2, 2, 2, 0, 2),
			     INTEGER(3, ENT, 1271, 2, 1, 1, 1, 2, 1, 1, 9, 1, 3),
			     INTEGER(1, ENT, 1271, 2, 1, 1, 1, 1, 1, 1, 2, 1, 3),
			     INTEGER(3, ENT, 1271, 2, 1, 1, 1, 1, 1, 1, 3, 1, 3),
			     TEXT("3", ENT, 1271, 2, 1, 1, 1, 1, 1, 1, 7, 1, 3)),
	    DECODE_NOT_OURS);
	ck_assert_int_eq(miss, TRAP_MISS_NOT_UP);
	ck_assert_int_eq(V2(TRAP_OID(ENT, 1271, 2, 2, 2, 0, 1),
			     INTEGER(3, ENT, 1271, 2, 1, 1, 1, 2, 1, 1, 9, 1, 3)),
	    DECODE_MALFORMED);
	ck_assert_int_eq(miss, TRAP_MISS_NO_INTERFACE);
	ck_assert_int_eq(V2(TRAP_OID(ENT, 1271, 2, 2, 2, 0, 1),
			     INTEGER(2, ENT, 1271, 2, 1, 1, 1, 1, 1, 1, 2, 1, 3),
			     TEXT("3", ENT, 1271, 2, 1, 1, 1, 1, 1, 1, 7, 1, 3)),
	    DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_ADMIN_DOWN);
	ck_assert_uint_eq(event.if_index, 0);
	assert_slice(event.name, "3");
}
END_TEST

START_TEST(huaweis_trunk_member_traps_speak_of_the_protocol)
{
	ck_assert_int_eq(
	    V2(TRAP_OID(ENT, 2011, 5, 25, 41, 3, 9), IF_INDEX(7), IF_DESCR(7, "GE0/0/1")),
	    DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_DOWN);
	ck_assert_int_eq(event.layer, LAYER_PROTOCOL);
}
END_TEST

static TCase *
notification_case(void)
{
	TCase *tcase = tcase_create("notification");

	tcase_add_loop_test(tcase, a_v1_generic_number_decides_alone, 0, N(generics));
	tcase_add_test(tcase, a_v1_enterprise_trap_is_mapped_with_one_zero);
	tcase_add_test(tcase, an_enterprise_too_long_to_build_upon_is_malformed);
	tcase_add_test(tcase, a_v2_notification_without_a_usable_trap_oid_is_malformed);
	tcase_add_test(tcase, every_link_notification_is_known_with_and_without_the_zero);
	tcase_add_test(tcase, the_catalogue_of_the_facts_is_whole);
	tcase_add_test(tcase, only_link_notifications_are_words);
	tcase_add_test(tcase, every_row_of_the_table_is_found_and_no_two_are_the_same);
	tcase_add_loop_test(tcase, a_look_alike_is_not_ours, 0, N(look_alikes));
	tcase_add_test(tcase, a_restart_needs_no_interface);
	tcase_add_test(tcase, a_last_gasp_makes_every_interface_uncertain);
	return tcase;
}

static TCase *
vendor_case(void)
{
	TCase *tcase = tcase_create("vendors");

	tcase_add_loop_test(
	    tcase, ciscos_delayed_notification_tells_the_state_that_was_entered, 0, N(delayed));
	tcase_add_test(tcase, huaweis_port_is_named_by_its_physical_entity);
	tcase_add_test(tcase, cienas_port_number_is_no_index);
	tcase_add_test(tcase, huaweis_trunk_member_traps_speak_of_the_protocol);
	return tcase;
}

int
main(void)
{
	Suite *suite = suite_create("trap_rules");

	shipped = shipped_rules();
	suite_add_tcase(suite, notification_case());
	suite_add_tcase(suite, vendor_case());

	int status = run_suite(suite);
	rules_free(shipped);
	return status;
}
