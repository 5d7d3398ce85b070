/* Varbinds in any order, missing, doubled, and added by relays: what a link trap says stays the same. */
#include "core/trap_link.h"

#include <check.h>
#include <string.h>

#include "lib/run_suite.h"
#include "lib/trap_fixture.h"

static void
assert_slice(struct slice got, const char *expected)
{
	ck_assert_uint_eq(got.len, strlen(expected));
	ck_assert_mem_eq(got.data ? got.data : "", expected, got.len);
}

/* Every order of what a link trap holds. */
static const struct trap_varbind in_any_order[] = { LINK_UP, IF_INDEX(9), IF_ADMIN(9, 1),
	IF_OPER(9, 1), IF_NAME(9, "ge-0/0/1"), IF_DESCR(9, "ge 0/0/1") };
#define N_IN_ANY_ORDER N(in_any_order)
#define N_ORDERS 720

/* The n-th permutation, by its factorial digits. */
static void
permute(int n, struct trap_varbind *ret_varbinds)
{
	struct trap_varbind left[N_IN_ANY_ORDER];

	memcpy(left, in_any_order, sizeof(left));
	for (int i = 0, rest = N_IN_ANY_ORDER; rest > 0; i++, rest--) {
		int pick = n % rest;
		n /= rest;
		ret_varbinds[i] = left[pick];
		memmove(&left[pick], &left[pick + 1], (size_t)(rest - pick - 1) * sizeof(left[0]));
	}
}

START_TEST(every_order_of_the_varbinds_says_the_same)
{
	struct trap_varbind varbinds[N_IN_ANY_ORDER];

	for (int n = 0; n < N_ORDERS; n++) {
		permute(n, varbinds);
		ck_assert_int_eq(decode_v2(varbinds, N_IN_ANY_ORDER), DECODE_EVENT);
		ck_assert_int_eq(event.word, WORD_UP);
		ck_assert_int_eq(event.bare_up, false);
		ck_assert_int_eq(event.admin_up, true);
		ck_assert_uint_eq(event.if_index, 9);
		assert_slice(event.name, "ge-0/0/1");
		assert_slice(event.descr, "ge 0/0/1");
	}
}
END_TEST

/* Bit i of the loop's number: varbind i + 1 is missing. Only without any of them is there no interface. */
START_TEST(what_is_missing_takes_only_itself_away)
{
	struct trap_varbind varbinds[N_IN_ANY_ORDER] = { LINK_UP };
	int n = 1;

	for (int i = 1; i < N_IN_ANY_ORDER; i++)
		if (!(_i >> (i - 1) & 1))
			varbinds[n++] = in_any_order[i];
	if (n == 1) {
		ck_assert_int_eq(decode_v2(varbinds, (size_t)n), DECODE_MALFORMED);
		ck_assert_int_eq(miss, TRAP_MISS_NO_INTERFACE);
		return;
	}
	ck_assert_int_eq(decode_v2(varbinds, (size_t)n), DECODE_EVENT);
	ck_assert_uint_eq(event.if_index, 9);
	ck_assert_int_eq(event.admin_up, !(_i & 2));
	ck_assert_int_eq(event.bare_up, (_i & 4) != 0);
	assert_slice(event.name, _i & 8 ? "" : "ge-0/0/1");
	assert_slice(event.descr, _i & 16 ? "" : "ge 0/0/1");
}
END_TEST

static const struct trap_varbind others[] = { LINK_DOWN, IF_INDEX(10), IF_ADMIN(9, 2),
	IF_OPER(9, 2), IF_NAME(9, "ge-0/0/2"), IF_DESCR(9, "ge 0/0/2") };

/* Each varbind twice, the second time with what another interface would say; the first counts. */
START_TEST(a_doubled_varbind_counts_once)
{
	struct trap_varbind varbinds[2 * N_IN_ANY_ORDER];

	memcpy(varbinds, in_any_order, sizeof(in_any_order));
	memcpy(varbinds + N_IN_ANY_ORDER, others, sizeof(others));
	ck_assert_int_eq(decode_v2(varbinds, 2 * N_IN_ANY_ORDER), DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_UP);
	ck_assert_uint_eq(event.if_index, 9);
	ck_assert_int_eq(event.admin_up, true);
	assert_slice(event.name, "ge-0/0/1");
	assert_slice(event.descr, "ge 0/0/1");
}
END_TEST

/* What relays add at the end (facts, section 1, 10): skipped, known or not. */
START_TEST(what_a_relay_adds_changes_nothing)
{
	ck_assert_int_eq(V2(UPTIME, LINK_DOWN, IF_INDEX(7), IF_NAME(7, "Et7"),
			     ADDRESS("\xc6\x33\x64\x07", 1, 3, 6, 1, 6, 3, 18, 1, 3, 0),
			     TEXT("public", 1, 3, 6, 1, 6, 3, 18, 1, 4, 0),
			     { .name = IDS(1, 3, 6, 1, 6, 3, 1, 1, 4, 3, 0),
				 .type = VALUE_OID,
				 .oid = IDS(SNMP_TRAPS, 4) },
			     INTEGER(1, ENT, 733, 6, 3, 18, 1, 5, 0),
			     TEXT("\xc0\x00\x02\x0b", ENT, 733, 6, 3, 18, 1, 6, 0)),
	    DECODE_EVENT);
	ck_assert_int_eq(event.word, WORD_DOWN);
	ck_assert_uint_eq(event.if_index, 7);
	assert_slice(event.name, "Et7");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trap_varbinds");
	TCase *tcase = tcase_create("trap_varbinds");

	shipped = shipped_rules();
	tcase_add_test(tcase, every_order_of_the_varbinds_says_the_same);
	tcase_add_loop_test(tcase, what_is_missing_takes_only_itself_away, 0, 32);
	tcase_add_test(tcase, a_doubled_varbind_counts_once);
	tcase_add_test(tcase, what_a_relay_adds_changes_nothing);
	suite_add_tcase(suite, tcase);

	int status = run_suite(suite);
	rules_free(shipped);
	return status;
}
