/* allowances: a bucket for each source, and who shares with whom. */
#include <check.h>

#include "core/allowances.h"
#include "lib/run_suite.h"

#define S INT64_C(1000000000)
#define RATE 64
#define BURST 512
#define N_SOURCES 1000

static struct allowances allowances;

static void
set_up(void)
{
	allowances_init(&allowances, RATE, BURST, 7);
}

/* An IPv4 address by its number. */
static struct addr
source(uint32_t number)
{
	struct addr addr = { .ip = { [10] = 0xff, 0xff, 10 } };

	for (int i = 0; i < 3; i++)
		addr.ip[15 - i] = (uint8_t)(number >> 8 * i);
	return addr;
}

static bool
ask(uint32_t number, int64_t now_ns)
{
	struct addr from = source(number);

	return allowance_take(allowances_of(&allowances, &from, now_ns));
}

/* How many of n questions are allowed. */
static uint32_t
ask_often(uint32_t number, uint32_t n, int64_t now_ns)
{
	uint32_t allowed = 0;

	while (n-- > 0)
		allowed += ask(number, now_ns);
	return allowed;
}

START_TEST(a_source_has_so_much_at_once_and_so_much_a_second)
{
	ck_assert_uint_eq(ask_often(1, 2 * BURST, 5 * S), BURST);
	ck_assert_uint_eq(ask_often(1, 2 * BURST, 6 * S), RATE);
	ck_assert_uint_eq(ask_often(1, 2 * BURST, 3600 * S), BURST);
}
END_TEST

START_TEST(what_is_given_back_may_be_taken_again)
{
	struct addr from = source(1);

	for (int i = 0; i < 2 * BURST; i++) {
		struct allowance *allowance = allowances_of(&allowances, &from, 5 * S);
		ck_assert(allowance_take(allowance));
		allowance_give_back(allowance);
	}
	ck_assert_uint_eq(ask_often(1, 2 * BURST, 5 * S), BURST);
}
END_TEST

/* Whoever decides who shares a set with whom. */
START_TEST(beside_a_flooder_none_of_a_thousand_sources_is_limited)
{
	uint32_t flood = 0;

	allowances_init(&allowances, RATE, BURST, (uint64_t)_i);
	for (int64_t second = 1; second <= 10; second++) {
		for (uint32_t i = 1; i <= N_SOURCES; i++) {
			flood += ask_often(0, 10, second * S);
			ck_assert(ask(i, second * S));
		}
	}
	/* It is limited as if it were alone. */
	ck_assert_uint_eq(flood, BURST + 9 * RATE);
}
END_TEST

START_TEST(floods_from_any_number_of_addresses_get_what_all_buckets_give_and_no_more)
{
	uint32_t allowed = 0;

	for (uint32_t i = 0; i < 10 * ALLOWANCES_MAX * BURST; i++)
		allowed += ask(i, 5 * S);
	ck_assert_uint_eq(allowed, ALLOWANCES_MAX * BURST);
	for (uint32_t i = 0; i < 10 * ALLOWANCES_MAX * RATE; i++)
		allowed += ask(i, 6 * S);
	ck_assert_uint_eq(allowed, ALLOWANCES_MAX * (BURST + RATE));
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("allowances");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, a_source_has_so_much_at_once_and_so_much_a_second);
	tcase_add_test(tcase, what_is_given_back_may_be_taken_again);
	tcase_add_loop_test(tcase, beside_a_flooder_none_of_a_thousand_sources_is_limited, 0, 20);
	tcase_add_test(
	    tcase, floods_from_any_number_of_addresses_get_what_all_buckets_give_and_no_more);
	return run_case("allowances", tcase);
}
