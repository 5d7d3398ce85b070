/* byte_queue: runs of bytes stay where they are and what they are, until they go. */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "lib/run_suite.h"
#include "util/byte_queue.h"

#define HALF (BYTE_QUEUE_SEGMENT / 2)

static struct byte_queue queue;

static void
tear_down(void)
{
	byte_queue_release(&queue);
}

static char *
add(size_t len, char fill)
{
	char *run = byte_queue_add(&queue, len);

	ck_assert_ptr_nonnull(run);
	memset(run, fill, len);
	return run;
}

static void
expect(const char *run, size_t len, char fill)
{
	ck_assert_int_eq(run[0], fill);
	ck_assert_int_eq(memcmp(run, run + 1, len - 1), 0);
}

START_TEST(runs_lie_one_behind_the_other_and_stay)
{
	char *first = add(10, 'a'), *second = add(20, 'b');

	ck_assert_ptr_eq(second, first + 10);
	byte_queue_drop_first(&queue, 10);
	expect(second, 20, 'b');
	char *third = add(30, 'c');
	ck_assert_ptr_eq(third, second + 20);
	byte_queue_drop_first(&queue, 20);
	expect(third, 30, 'c');
}
END_TEST

START_TEST(what_does_not_fit_the_segment_begins_another)
{
	char *first = add(HALF + 1, 'a'), *second = add(HALF, 'b'), *third = add(1, 'c');

	ck_assert_ptr_eq(third, second + HALF);
	byte_queue_drop_first(&queue, HALF + 1);
	ck_assert_uint_eq(queue.n_spares, 1);
	/* The segment that became empty is the next one. */
	ck_assert_ptr_eq(add(HALF, 'd'), first);
	expect(second, HALF, 'b');
	ck_assert_int_eq(*third, 'c');
}
END_TEST

START_TEST(the_newest_go_as_well)
{
	char *first = add(10, 'a'), *second = add(20, 'b');

	byte_queue_drop_last(&queue, 20);
	ck_assert_ptr_eq(add(5, 'c'), second);
	expect(first, 10, 'a');
	add(BYTE_QUEUE_SEGMENT, 'd');
	byte_queue_drop_last(&queue, BYTE_QUEUE_SEGMENT);
	ck_assert_ptr_eq(add(5, 'e'), second + 5);
	byte_queue_drop_first(&queue, 10);
	expect(second, 5, 'c');
}
END_TEST

START_TEST(a_run_longer_than_a_segment_has_one_of_its_own)
{
	char *run = add(3 * BYTE_QUEUE_SEGMENT, 'a'), *next = add(1, 'b');

	expect(run, 3 * BYTE_QUEUE_SEGMENT, 'a');
	byte_queue_drop_first(&queue, 3 * BYTE_QUEUE_SEGMENT);
	ck_assert_uint_eq(queue.n_spares, 0);
	ck_assert_int_eq(*next, 'b');
}
END_TEST

/* As long as it stays about as long as it is, the same two segments and the spare one serve it. */
START_TEST(a_queue_that_moves_on_uses_its_segments_again)
{
	const char *seen[4];
	unsigned n_seen = 0, n = 0;

	for (unsigned i = 0; i < 40; i++) {
		const char *run = add(HALF, (char)i);
		bool known = false;
		for (unsigned s = 0; s < n_seen; s++)
			known |= seen[s] == run;
		if (!known) {
			ck_assert_uint_lt(n_seen, 4);
			seen[n_seen++] = run;
		}
		if (++n == 3) {
			byte_queue_drop_first(&queue, HALF);
			n--;
		}
	}
	ck_assert_uint_eq(n_seen, 4);
}
END_TEST

START_TEST(no_more_than_two_segments_are_kept)
{
	for (int i = 0; i < 5; i++)
		add(BYTE_QUEUE_SEGMENT, 'a');
	for (int i = 0; i < 5; i++)
		byte_queue_drop_first(&queue, BYTE_QUEUE_SEGMENT);
	ck_assert_uint_eq(queue.n_spares, BYTE_QUEUE_SPARES);
	ck_assert_ptr_null(queue.first);
	ck_assert_ptr_null(queue.last);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("byte_queue");
	TCase *tcase = tcase_create("byte_queue");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, runs_lie_one_behind_the_other_and_stay);
	tcase_add_test(tcase, what_does_not_fit_the_segment_begins_another);
	tcase_add_test(tcase, the_newest_go_as_well);
	tcase_add_test(tcase, a_run_longer_than_a_segment_has_one_of_its_own);
	tcase_add_test(tcase, a_queue_that_moves_on_uses_its_segments_again);
	tcase_add_test(tcase, no_more_than_two_segments_are_kept);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
