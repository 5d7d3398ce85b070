/* spares: what was given back serves the next of its size, up to a bound. */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "lib/run_suite.h"
#include "util/spares.h"

static struct spares spares;

static void
set_up(void)
{
	spares = (struct spares){ .max_bytes = 4 * SPARES_SIZE_MAX };
}

static void
tear_down(void)
{
	spares_release(&spares);
}

/* Two sizes, and whether a block of the one serves the other. */
static const struct {
	size_t given, asked;
	bool serves;
} pairs[] = {
	{ 0, 1, true },
	{ 1, 64, true },
	{ 64, 65, false },
	{ 65, 64, false },
	{ 65, 128, true },
	{ 128, 129, false },
	{ SPARES_SIZE_MAX - 63, SPARES_SIZE_MAX, true },
	{ SPARES_SIZE_MAX - 64, SPARES_SIZE_MAX, false },
};

START_TEST(a_block_serves_the_next_of_its_rounded_size)
{
	char *first = spares_take(&spares, pairs[_i].given);

	memset(first, 0x55, pairs[_i].given);
	spares_give(&spares, first, pairs[_i].given);
	const size_t kept = spares.bytes;
	ck_assert_uint_ge(kept, pairs[_i].given);
	ck_assert_uint_le(kept, pairs[_i].given + 64);
	char *second = spares_take(&spares, pairs[_i].asked);
	memset(second, 0xaa, pairs[_i].asked);
	ck_assert_uint_eq(spares.bytes, pairs[_i].serves ? 0 : kept);
	ck_assert_int_eq(second == first, pairs[_i].serves);
	spares_give(&spares, second, pairs[_i].asked);
}
END_TEST

START_TEST(every_size_fits_its_block)
{
	for (size_t size = 0; size <= SPARES_SIZE_MAX; size++) {
		char *block = spares_take(&spares, size);
		ck_assert_ptr_nonnull(block);
		memset(block, 0x55, size);
		spares_give(&spares, block, size);
		spares_release(&spares);
	}
}
END_TEST

START_TEST(what_is_longer_than_the_longest_is_not_kept)
{
	void *block = spares_take(&spares, SPARES_SIZE_MAX + 1);

	ck_assert_ptr_nonnull(block);
	spares_give(&spares, block, SPARES_SIZE_MAX + 1);
	ck_assert_uint_eq(spares.bytes, 0);
}
END_TEST

START_TEST(what_exceeds_the_bound_is_not_kept)
{
	void *blocks[3];

	spares.max_bytes = 2 * 1024;
	for (int i = 0; i < 3; i++) {
		blocks[i] = spares_take(&spares, 1024);
		ck_assert_ptr_nonnull(blocks[i]);
	}
	for (int i = 0; i < 3; i++)
		spares_give(&spares, blocks[i], 1024);
	ck_assert_uint_eq(spares.bytes, 2 * 1024);
}
END_TEST

START_TEST(nothing_can_be_given_back)
{
	spares_give(&spares, NULL, 100);
	ck_assert_uint_eq(spares.bytes, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spares");
	TCase *tcase = tcase_create("spares");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_block_serves_the_next_of_its_rounded_size, 0,
	    sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tcase, every_size_fits_its_block);
	tcase_add_test(tcase, what_is_longer_than_the_longest_is_not_kept);
	tcase_add_test(tcase, what_exceeds_the_bound_is_not_kept);
	tcase_add_test(tcase, nothing_can_be_given_back);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
