/*
 * Questions to an agent that knows nothing but SNMPv1 (RFC 1157 4.1.2, 4.1.3): one object that it has not, and it refuses the whole
 * request, naming which. It has two interfaces, perhaps names, and something behind its tables or nothing.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/poll_job.h"

struct cell {
	unsigned long ids[POLL_OID_LEN];
	size_t n;
	int number;
	const char *text;
};

#define COLUMN_CELL(number_, index_) { 1, 3, 6, 1, 2, 1, 2, 2, 1, number_, index_ }, 11
#define NAME_CELL(index_) { 1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1, index_ }, 12

/* In the order of a walk; the first is sysUpTime, the last two are ifXTable, and two before them ifLastChange. */
static const struct cell cells[] = {
	{ { 1, 3, 6, 1, 2, 1, 1, 3, 0 }, 9, 4711, NULL },
	{ COLUMN_CELL(2, 3), 0, "Ethernet1" },
	{ COLUMN_CELL(2, 5), 0, "Ethernet2" },
	{ COLUMN_CELL(7, 3), 1, NULL },
	{ COLUMN_CELL(7, 5), 1, NULL },
	{ COLUMN_CELL(8, 3), 1, NULL },
	{ COLUMN_CELL(8, 5), 2, NULL },
	{ COLUMN_CELL(9, 3), 711, NULL },
	{ COLUMN_CELL(9, 5), 4000, NULL },
	{ NAME_CELL(3), 0, "Eth1" },
	{ NAME_CELL(5), 0, "Eth2" },
};
#define ALL (sizeof(cells) / sizeof(cells[0]))
#define WITHOUT_NAMES (ALL - 2)
#define WITHOUT_DATES (ALL - 4)
static const size_t known[] = { ALL, WITHOUT_NAMES, WITHOUT_DATES };

static struct trap_varbind answer[POLL_OIDS_MAX];
static unsigned n_requests;

static int
compare(const struct cell *cell, const unsigned long *ids, size_t n)
{
	for (size_t i = 0; i < cell->n && i < n; i++)
		if (cell->ids[i] != ids[i])
			return cell->ids[i] < ids[i] ? -1 : 1;
	return cell->n < n ? -1 : cell->n > n;
}

/* The object, or the one behind it; NULL: noSuchName. */
static const struct cell *
find(size_t n_cells, const unsigned long *ids, size_t n, bool next)
{
	for (size_t i = 0; i < n_cells; i++) {
		const int order = compare(&cells[i], ids, n);
		if (next ? order > 0 : order == 0)
			return &cells[i];
	}
	return NULL;
}

static void
put(struct trap_varbind *varbind, const struct cell *cell)
{
	*varbind = (struct trap_varbind){ .name = { cell->ids, cell->n } };
	varbind->type = cell->text                          ? VALUE_BYTES
			: cell->n == 9 || cell->ids[9] == 9 ? VALUE_TIMETICKS
							    : VALUE_INTEGER;
	varbind->integer = cell->number;
	if (cell->text)
		varbind->bytes = slice_of(cell->text);
}

/* One question and what comes of it. */
static enum poll_step
ask(struct poll_job *job, size_t n_cells)
{
	struct poll_request request;

	poll_job_request(job, &request);
	n_requests++;
	ck_assert(!request.bulk);
	ck_assert(request.next == poll_job_is_walk(job));
	for (size_t i = 0; i < request.n; i++) {
		const struct cell *cell =
		    find(n_cells, request.oids[i].ids, request.oids[i].n, request.next);
		if (!cell)
			return poll_job_no_such(job, (long)i + 1);
		put(&answer[i], cell);
	}
	return poll_job_take(job, answer, request.n, 1);
}

static void
ask_all(struct poll_job *job, size_t n_cells)
{
	poll_job_use_v1(job);
	n_requests = 0;
	while (ask(job, n_cells) == POLL_STEP_MORE)
		ck_assert_uint_lt(n_requests, 20);
}

static void
check_both(const struct poll_job *job, size_t n_cells)
{
	const bool named = n_cells == ALL;
	uint32_t uptime_cs;

	ck_assert_uint_eq(poll_job_n_rows(job), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct poll_row *row = poll_job_row(job, i);
		ck_assert_uint_eq(row->if_index, i == 0 ? 3 : 5);
		ck_assert_uint_eq(row->oper, i == 0 ? 1 : 2);
		ck_assert_uint_eq(row->admin, 1);
		ck_assert_int_eq(row->age_ns, n_cells == WITHOUT_DATES ? 0
					      : i == 0                 ? INT64_C(40000000000)
								       : INT64_C(7110000000));
		ck_assert_str_eq(row->descr, i == 0 ? "Ethernet1" : "Ethernet2");
		if (named)
			ck_assert_str_eq(row->name, i == 0 ? "Eth1" : "Eth2");
		else
			ck_assert_ptr_null(row->name);
	}
	ck_assert(poll_job_uptime(job, &uptime_cs));
	ck_assert_uint_eq(uptime_cs, 4711);
}

START_TEST(a_table_is_read_though_its_end_is_an_error)
{
	struct poll_job *job = poll_job_walk();

	ask_all(job, known[_i]);
	check_both(job, known[_i]);
	poll_job_free(job);
}
END_TEST

START_TEST(single_rows_are_read_with_names_and_dates_and_without)
{
	const uint32_t wanted[] = { 3, 5 };
	struct poll_job *job = poll_job_get(wanted, 2);

	ask_all(job, known[_i]);
	check_both(job, known[_i]);
	ck_assert(poll_job_complete(job));
	poll_job_free(job);
}
END_TEST

START_TEST(a_row_that_is_not_there_keeps_the_others_from_nothing)
{
	const uint32_t wanted[] = { 3, 4, 5 };
	struct poll_job *job = poll_job_get(wanted, 3);

	ask_all(job, WITHOUT_NAMES);
	check_both(job, WITHOUT_NAMES);
	ck_assert(!poll_job_complete(job));
	poll_job_free(job);
}
END_TEST

/* What was told before in another version is asked again, and told again. */
START_TEST(the_form_changes_in_mid_walk)
{
	struct poll_job *job = poll_job_walk();
	struct poll_request request;

	poll_job_request(job, &request);
	ck_assert(request.bulk);
	put(&answer[0], &cells[0]);
	put(&answer[1], &cells[9]);
	ck_assert_int_eq(poll_job_take(job, answer, 2, 1), POLL_STEP_MORE);
	ask_all(job, ALL);
	check_both(job, ALL);
	poll_job_free(job);
}
END_TEST

/* 0: it does not tell which; 1: sysUpTime; and beyond what was asked. */
static const long indexes[] = { -1, 0, 1, 7, 2000000000 };

START_TEST(an_error_about_nothing_ends_a_walk)
{
	struct poll_job *job = poll_job_walk();

	poll_job_use_v1(job);
	ck_assert_int_eq(poll_job_no_such(job, indexes[_i]), POLL_STEP_DONE);
	ck_assert_uint_eq(poll_job_n_rows(job), 0);
	poll_job_free(job);
}
END_TEST

START_TEST(an_agent_that_has_nothing_at_all_comes_to_an_end)
{
	const uint32_t wanted[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	struct poll_job *job = poll_job_get(wanted, POLL_GET_MAX);

	ask_all(job, 1);
	ck_assert_uint_eq(poll_job_n_rows(job), 0);
	ck_assert_uint_eq(n_requests, POLL_GET_MAX + 1);
	poll_job_free(job);
	job = poll_job_walk();
	ask_all(job, 1);
	ck_assert_uint_eq(poll_job_n_rows(job), 0);
	poll_job_free(job);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_job_v1");
	TCase *tcase = tcase_create("poll_job_v1");
	SRunner *runner = srunner_create(suite);

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_table_is_read_though_its_end_is_an_error, 0, 3);
	tcase_add_loop_test(tcase, single_rows_are_read_with_names_and_dates_and_without, 0, 3);
	tcase_add_test(tcase, a_row_that_is_not_there_keeps_the_others_from_nothing);
	tcase_add_test(tcase, the_form_changes_in_mid_walk);
	tcase_add_loop_test(tcase, an_error_about_nothing_ends_a_walk, 0,
	    (int)(sizeof(indexes) / sizeof(indexes[0])));
	tcase_add_test(tcase, an_agent_that_has_nothing_at_all_comes_to_an_end);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
