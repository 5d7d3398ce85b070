/* dedup: the very same datagram, once more. */
#include <check.h>

#include "core/dedup.h"
#include "lib/run_suite.h"

#define SECOND INT64_C(1000000000)
/* The table's sets: digests that differ by a multiple of this share one of four places. */
#define SETS 65536

static struct dedup *dedup;

static void
set_up(void)
{
	dedup = dedup_new();
	ck_assert_ptr_nonnull(dedup);
}

static void
tear_down(void)
{
	dedup_free(dedup);
}

START_TEST(the_second_of_two_equal_digests_was_seen)
{
	ck_assert(!dedup_seen(dedup, 7, SECOND));
	ck_assert(!dedup_seen(dedup, 8, SECOND));
	ck_assert(dedup_seen(dedup, 7, SECOND));
	ck_assert(dedup_seen(dedup, 7, 2 * SECOND));
	ck_assert(dedup_seen(dedup, 8, 2 * SECOND));
	ck_assert_uint_eq(dedup_evicted(dedup), 0);
}
END_TEST

START_TEST(a_digest_is_new_again_after_150_seconds_from_the_first)
{
	ck_assert(!dedup_seen(dedup, 7, SECOND));
	ck_assert(dedup_seen(dedup, 7, 100 * SECOND));
	ck_assert(dedup_seen(dedup, 7, SECOND + DEDUP_NS - 1));
	ck_assert(!dedup_seen(dedup, 7, SECOND + DEDUP_NS));
	ck_assert(dedup_seen(dedup, 7, SECOND + DEDUP_NS + 1));
	ck_assert_uint_eq(dedup_evicted(dedup), 0);
}
END_TEST

START_TEST(to_prefetch_a_digest_is_not_to_have_seen_it)
{
	dedup_prefetch(dedup, 7);
	ck_assert(!dedup_seen(dedup, 7, SECOND));
	dedup_prefetch(dedup, 7);
	ck_assert(dedup_seen(dedup, 7, SECOND));
}
END_TEST

START_TEST(digest_zero_is_one_like_any_other)
{
	ck_assert(!dedup_seen(dedup, 0, SECOND));
	ck_assert(dedup_seen(dedup, 0, SECOND));
}
END_TEST

START_TEST(the_fifth_in_a_set_pushes_out_the_oldest_and_is_counted)
{
	for (uint64_t i = 0; i < 4; i++)
		ck_assert(!dedup_seen(dedup, i * SETS, SECOND + (int64_t)i));
	ck_assert_uint_eq(dedup_evicted(dedup), 0);
	ck_assert(!dedup_seen(dedup, 4 * SETS, 2 * SECOND));
	ck_assert_uint_eq(dedup_evicted(dedup), 1);
	for (uint64_t i = 1; i < 5; i++)
		ck_assert(dedup_seen(dedup, i * SETS, 3 * SECOND));
	ck_assert(!dedup_seen(dedup, 0, 3 * SECOND));
	ck_assert_uint_eq(dedup_evicted(dedup), 2);
}
END_TEST

START_TEST(what_is_out_of_date_gives_way_without_being_counted)
{
	for (uint64_t i = 0; i < 4; i++)
		ck_assert(!dedup_seen(dedup, i * SETS, SECOND));
	ck_assert(!dedup_seen(dedup, 4 * SETS, SECOND + DEDUP_NS));
	ck_assert_uint_eq(dedup_evicted(dedup), 0);
}
END_TEST

START_TEST(a_hundred_thousand_well_spread_digests_are_nearly_all_kept)
{
	uint64_t digest = 1;

	for (unsigned i = 0; i < 100000; i++) {
		digest = digest * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		ck_assert(!dedup_seen(dedup, digest >> 20, SECOND + i));
	}
	/* Poisson: 65,536 sets of four with 1.5 on average lose 1.7 of a hundred. */
	ck_assert_uint_gt(dedup_evicted(dedup), 0);
	ck_assert_uint_lt(dedup_evicted(dedup), 2000);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("digests");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_second_of_two_equal_digests_was_seen);
	tcase_add_test(tcase, a_digest_is_new_again_after_150_seconds_from_the_first);
	tcase_add_test(tcase, to_prefetch_a_digest_is_not_to_have_seen_it);
	tcase_add_test(tcase, digest_zero_is_one_like_any_other);
	tcase_add_test(tcase, the_fifth_in_a_set_pushes_out_the_oldest_and_is_counted);
	tcase_add_test(tcase, what_is_out_of_date_gives_way_without_being_counted);
	tcase_add_test(tcase, a_hundred_thousand_well_spread_digests_are_nearly_all_kept);
	return run_case("dedup", tcase);
}
