/*
 * Discoveries: fetched page by page, held up by results that nobody fetches, and dropped when nobody comes any more.
 */
#include <check.h>

#include "core/discoveries.h"
#include "lib/run_suite.h"

#define SECOND INT64_C(1000000000)

static struct discoveries *all;

static void
set_up(void)
{
	all = discoveries_new();
}

static void
tear_down(void)
{
	discoveries_free(all);
}

static uint64_t
begin(int n_switches)
{
	json_t *names = json_array();

	for (int i = 0; i < n_switches; i++)
		json_array_append_new(names, json_sprintf("sw%d", i));
	return discoveries_begin(all, names, 0);
}

/* Takes the next task, which must be this one. */
static void
take(uint64_t number, const char *name)
{
	uint64_t is;
	const char *next;

	ck_assert(discoveries_next(all, &is, &next));
	ck_assert_uint_eq(is, number);
	ck_assert_str_eq(next, name);
}

static bool
is_idle(void)
{
	uint64_t number;
	const char *name;

	return !discoveries_next(all, &number, &name);
}

static void
done(uint64_t number, size_t n_interfaces)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n_interfaces; i++)
		json_array_append_new(rows, json_integer(1));
	discoveries_done(all, number, json_pack("{s:{s:o}}", "facts", "interfaces", rows));
}

/* A page has so many results, ends at this one, and may be the last. */
static void
expect_page(uint64_t number, uint64_t after, size_t n, json_int_t last, bool finished)
{
	json_t *page = discoveries_fetch(all, number, after, SECOND);

	ck_assert_ptr_nonnull(page);
	ck_assert_uint_eq(json_array_size(json_object_get(page, "results")), n);
	ck_assert_int_eq(json_integer_value(json_object_get(page, "last")), last);
	ck_assert_int_eq(json_is_true(json_object_get(page, "finished")), finished);
	json_decref(page);
}

START_TEST(each_switch_is_asked_once_and_told_of_once)
{
	const uint64_t number = begin(2);

	take(number, "sw0");
	take(number, "sw1");
	ck_assert(is_idle());
	expect_page(number, 0, 0, 0, false);
	done(number, 1);
	expect_page(number, 0, 1, 1, false);
	/* The same page again, while nobody asked for the next one. */
	expect_page(number, 0, 1, 1, false);
	done(number, 1);
	expect_page(number, 1, 1, 2, true);
	expect_page(number, 2, 0, 2, true);
	ck_assert(discoveries_end(all, number));
	ck_assert(!discoveries_end(all, number));
	ck_assert_ptr_null(discoveries_fetch(all, number, 2, SECOND));
}
END_TEST

START_TEST(several_take_turns)
{
	const uint64_t a = begin(2), b = begin(2);

	take(a, "sw0");
	take(b, "sw0");
	take(a, "sw1");
	take(b, "sw1");
	ck_assert(is_idle());
}
END_TEST

START_TEST(results_that_nobody_fetches_hold_it_up)
{
	const uint64_t number = begin(DISCOVERY_AHEAD_MAX + 1);

	for (int i = 0; i < DISCOVERY_AHEAD_MAX; i++) {
		uint64_t is;
		const char *name;
		ck_assert(discoveries_next(all, &is, &name));
		done(number, 1);
	}
	ck_assert(is_idle());
	expect_page(number, 1, DISCOVERY_AHEAD_MAX - 1, DISCOVERY_AHEAD_MAX, false);
	ck_assert(!is_idle());
}
END_TEST

START_TEST(a_page_ends_where_it_has_enough_rows)
{
	const uint64_t number = begin(3);

	take(number, "sw0");
	take(number, "sw1");
	take(number, "sw2");
	done(number, 3 * DISCOVERY_PAGE_ROWS);
	done(number, DISCOVERY_PAGE_ROWS / 2);
	done(number, DISCOVERY_PAGE_ROWS / 2);
	expect_page(number, 0, 1, 1, false);
	expect_page(number, 1, 2, 3, true);
}
END_TEST

START_TEST(more_than_a_few_are_refused_and_one_that_is_left_alone_makes_room)
{
	uint64_t number = 0;

	for (int i = 0; i < DISCOVERIES_MAX; i++)
		number = begin(1);
	ck_assert_uint_ne(number, 0);
	ck_assert_uint_eq(begin(1), 0);
	/* Fetched at one second: that one is kept. */
	expect_page(number, 0, 0, 0, false);
	ck_assert(discoveries_expire(all, DISCOVERY_PATIENCE_NS + SECOND / 2));
	expect_page(number, 0, 0, 0, false);
	ck_assert_uint_ne(begin(1), 0);
	ck_assert(!discoveries_expire(all, DISCOVERY_PATIENCE_NS + 3 * SECOND));
	ck_assert(is_idle());
}
END_TEST

START_TEST(an_answer_that_comes_after_its_end_is_dropped)
{
	const uint64_t number = begin(1);

	take(number, "sw0");
	ck_assert(discoveries_end(all, number));
	done(number, 1);
	ck_assert_ptr_null(discoveries_fetch(all, number, 0, SECOND));
	ck_assert_ptr_null(discoveries_fetch(all, 0, 0, SECOND));
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("discoveries");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_switch_is_asked_once_and_told_of_once);
	tcase_add_test(tcase, several_take_turns);
	tcase_add_test(tcase, results_that_nobody_fetches_hold_it_up);
	tcase_add_test(tcase, a_page_ends_where_it_has_enough_rows);
	tcase_add_test(tcase, more_than_a_few_are_refused_and_one_that_is_left_alone_makes_room);
	tcase_add_test(tcase, an_answer_that_comes_after_its_end_is_dropped);
	return run_case("discoveries", tcase);
}
