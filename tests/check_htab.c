#include <check.h>
#include <errno.h>

#include "lib/guard.h"
#include "lib/run_suite.h"
#include "util/htab.h"

/* Rows are numbers here: row i holds the number numbers[i]. */
#define N_NUMBERS 100000u
static uint64_t numbers[N_NUMBERS];

static uint64_t
hash_number(uint64_t number)
{
	return hash_bytes(&number, sizeof(number), 1);
}

static uint64_t
row_hash(const void *owner, uint32_t value)
{
	return hash_number(((const uint64_t *)owner)[value]);
}

static bool
row_eq(const void *owner, uint32_t value, const void *key)
{
	return ((const uint64_t *)owner)[value] == *(const uint64_t *)key;
}

/* The worst hash: all rows in one run of slots. */
static uint64_t
same_hash(const void *owner, uint32_t value)
{
	(void)owner;
	(void)value;
	return 7;
}

static const struct htab_type number_type = { row_hash, row_eq };
static const struct htab_type colliding_type = { same_hash, row_eq };

static void
fill_numbers(void)
{
	for (uint32_t i = 0; i < N_NUMBERS; i++)
		numbers[i] = (uint64_t)i * 3 + 1;
}

static uint32_t
find(const struct htab *table, uint64_t number)
{
	return htab_find(table, hash_number(number), &number);
}

START_TEST(an_empty_table_finds_nothing_and_holds_no_memory)
{
	struct htab table;

	htab_init(&table, &number_type, numbers);
	ck_assert_uint_eq(find(&table, 1), HTAB_NONE);
	ck_assert_uint_eq(htab_bytes(&table), 0);
	ck_assert(!htab_step(&table, 100));
	htab_release(&table);
}
END_TEST

START_TEST(a_table_with_room_for_all_never_grows)
{
	struct htab table;

	fill_numbers();
	htab_init(&table, &number_type, numbers);
	ck_assert_int_eq(htab_reserve(&table, N_NUMBERS), 0);
	const size_t bytes = htab_bytes(&table);
	for (uint32_t i = 0; i < N_NUMBERS; i++) {
		htab_prefetch(&table, hash_number(numbers[i]));
		ck_assert_int_eq(htab_add(&table, hash_number(numbers[i]), i), 0);
	}
	ck_assert_uint_eq(htab_bytes(&table), bytes);
	for (uint32_t i = 0; i < N_NUMBERS; i++)
		ck_assert_uint_eq(find(&table, numbers[i]), i);
	htab_release(&table);
}
END_TEST

START_TEST(more_than_a_table_can_hold_is_no_room_for_it)
{
	struct htab table;

	htab_init(&table, &number_type, numbers);
	ck_assert_int_eq(htab_reserve(&table, UINT32_MAX), -ENOMEM);
	ck_assert_uint_eq(htab_bytes(&table), 0);
	ck_assert_int_eq(htab_reserve(&table, 0), 0);
	ck_assert_int_eq(htab_reserve(&table, 100), 0);
	ck_assert_int_eq(htab_reserve(&table, 10), 0);
	fill_numbers();
	ck_assert_int_eq(htab_add(&table, hash_number(numbers[0]), 0), 0);
	ck_assert_uint_eq(find(&table, numbers[0]), 0);
	htab_release(&table);
}
END_TEST

START_TEST(every_row_is_found_at_any_moment_while_the_table_grows)
{
	struct htab table;

	fill_numbers();
	htab_init(&table, &number_type, numbers);
	for (uint32_t i = 0; i < 3000; i++) {
		ck_assert_int_eq(htab_add(&table, hash_number(numbers[i]), i), 0);
		for (uint32_t j = 0; j <= i; j += 1 + i / 50)
			ck_assert_uint_eq(find(&table, numbers[j]), j);
		ck_assert_uint_eq(find(&table, numbers[i] + 1), HTAB_NONE);
	}
	htab_release(&table);
	ck_assert_uint_eq(find(&table, numbers[0]), HTAB_NONE);
}
END_TEST

START_TEST(a_hundred_thousand_rows_cost_at_most_fourteen_bytes_each_once_settled)
{
	struct htab table;

	fill_numbers();
	htab_init(&table, &number_type, numbers);
	for (uint32_t i = 0; i < N_NUMBERS; i++)
		ck_assert_int_eq(htab_add(&table, hash_number(numbers[i]), i), 0);
	while (htab_step(&table, 1000))
		;
	for (uint32_t i = 0; i < N_NUMBERS; i++)
		ck_assert_uint_eq(find(&table, numbers[i]), i);
	ck_assert_uint_le(htab_bytes(&table), N_NUMBERS * 14);
	htab_release(&table);
}
END_TEST

START_TEST(rows_with_one_hash_are_all_found)
{
	struct htab table;
	uint64_t absent = 2;

	fill_numbers();
	htab_init(&table, &colliding_type, numbers);
	for (uint32_t i = 0; i < 500; i++)
		ck_assert_int_eq(htab_add(&table, 7, i), 0);
	for (uint32_t i = 0; i < 500; i++)
		ck_assert_uint_eq(htab_find(&table, 7, &numbers[i]), i);
	ck_assert_uint_eq(htab_find(&table, 7, &absent), HTAB_NONE);
	htab_release(&table);
}
END_TEST

START_TEST(row_zero_and_the_highest_number_are_rows_like_any_other)
{
	/* Never compared: the hashes lead to different slots. */
	static const struct htab_type type = { same_hash, row_eq };
	struct htab table;
	uint64_t zero = 0;

	fill_numbers();
	htab_init(&table, &type, numbers);
	ck_assert_int_eq(htab_add(&table, 1, 0), 0);
	ck_assert_int_eq(htab_add(&table, 9, HTAB_NONE - 1), 0);
	ck_assert_uint_eq(htab_find(&table, 1, &numbers[0]), 0);
	ck_assert_uint_eq(htab_find(&table, 5, &zero), HTAB_NONE);
	htab_release(&table);
}
END_TEST

START_TEST(a_hash_reads_no_byte_beyond_its_length)
{
	static const char text[] = "0123456789abcdef0123456789abcdef01234567";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct guard guard = { 0 };
		char *at = guard_put(&guard, text, len);
		ck_assert_uint_eq(hash_bytes(at, len, 5), hash_bytes(text, len, 5));
		guard_release(&guard);
	}
}
END_TEST

/* All ways through a hash: pairs of words, one word more, and what is left of one. */
#define HASHED_MAX 40

static void
check_every_bit(char *text, size_t len)
{
	uint64_t plain = hash_bytes(text, len, 0);

	ck_assert_uint_ne(hash_bytes(text, len, 1), plain);
	for (size_t bit = 0; bit < len * 8; bit++) {
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		uint64_t change = hash_bytes(text, len, 0) ^ plain;
		/* Half of each half, give or take: of 32 fair coins less than 3 fall so once in eight million. */
		ck_assert_int_ge(__builtin_popcountll(change & UINT32_MAX), 3);
		ck_assert_int_ge(__builtin_popcountll(change >> 32), 3);
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
	}
}

START_TEST(length_seed_and_every_bit_change_a_hash_in_both_halves)
{
	char text[HASHED_MAX] = { 0 };

	for (size_t len = 0; len <= HASHED_MAX; len++) {
		for (size_t shorter = 0; shorter < len; shorter++)
			ck_assert_uint_ne(hash_bytes(text, shorter, 0), hash_bytes(text, len, 0));
		check_every_bit(text, len);
	}
}
END_TEST

START_TEST(numbers_in_a_row_spread_evenly_over_low_and_high_bits)
{
	unsigned low[256] = { 0 }, high[256] = { 0 };

	for (uint64_t i = 0; i < 256 * 100; i++) {
		uint64_t hash = hash_number(i);
		low[hash & 255]++;
		high[hash >> 56]++;
	}
	/* 100 expected in each; 60 off is six standard deviations. */
	for (int i = 0; i < 256; i++) {
		ck_assert_uint_ge(low[i], 40);
		ck_assert_uint_le(low[i], 160);
		ck_assert_uint_ge(high[i], 40);
		ck_assert_uint_le(high[i], 160);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("htab");

	tcase_add_test(tc, a_table_with_room_for_all_never_grows);
	tcase_add_test(tc, more_than_a_table_can_hold_is_no_room_for_it);
	tcase_add_test(tc, an_empty_table_finds_nothing_and_holds_no_memory);
	tcase_add_test(tc, every_row_is_found_at_any_moment_while_the_table_grows);
	tcase_add_test(tc, a_hundred_thousand_rows_cost_at_most_fourteen_bytes_each_once_settled);
	tcase_add_test(tc, rows_with_one_hash_are_all_found);
	tcase_add_test(tc, row_zero_and_the_highest_number_are_rows_like_any_other);
	tcase_add_test(tc, a_hash_reads_no_byte_beyond_its_length);
	tcase_add_test(tc, length_seed_and_every_bit_change_a_hash_in_both_halves);
	tcase_add_test(tc, numbers_in_a_row_spread_evenly_over_low_and_high_bits);
	return run_case("htab", tc);
}
