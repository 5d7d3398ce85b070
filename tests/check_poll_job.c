/*
 * Questions and answers: agents that tell all, that lack ifXTable, that leave rows out, cut answers short, or go in circles.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/poll_job.h"
#include "lib/run_suite.h"

#define ASKED INT64_C(5000000000)

/* An agent as a table of cells: column, index, number or text. Columns in the order of their OIDs. */
enum { DESCR = 2, ADMIN = 7, OPER = 8, NAME = 100 };
struct cell {
	int column;
	uint32_t index;
	int number;
	const char *text;
};

struct agent {
	const struct cell *cells; /* ordered as a walk goes */
	size_t n;
	size_t most; /* varbinds that fit into an answer; 0: all */
	bool circles;
};

static unsigned long ids[TRAP_VARBINDS_MAX][POLL_OID_LEN];
static struct trap_varbind answer[TRAP_VARBINDS_MAX];
static size_t n_answer;

static size_t
oid_of(int column, uint32_t index, unsigned long *to)
{
	static const unsigned long if_entry[] = { 1, 3, 6, 1, 2, 1, 2, 2, 1 };
	static const unsigned long if_name[] = { 1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1 };
	size_t n = column == NAME ? 11 : 9;

	memcpy(to, column == NAME ? if_name : if_entry, n * sizeof(*to));
	if (column != NAME)
		to[n++] = (unsigned long)column;
	to[n++] = index;
	return n;
}

static int
compare(const unsigned long *a, size_t n_a, const unsigned long *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && i < n_b; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return n_a < n_b ? -1 : n_a > n_b;
}

static void
put(const unsigned long *name, size_t n, const struct cell *cell)
{
	memcpy(ids[n_answer], name, n * sizeof(*name));
	answer[n_answer] = (struct trap_varbind){ .name = { ids[n_answer], n } };
	if (cell && cell->text) {
		answer[n_answer].type = VALUE_BYTES;
		answer[n_answer].bytes = slice_of(cell->text);
	} else if (cell) {
		answer[n_answer].type = VALUE_INTEGER;
		answer[n_answer].integer = cell->number;
	}
	n_answer++;
}

static void
put_uptime(void)
{
	static const unsigned long uptime[] = { 1, 3, 6, 1, 2, 1, 1, 3, 0 };

	put(uptime, 9, NULL);
	answer[n_answer - 1].type = VALUE_TIMETICKS;
	answer[n_answer - 1].integer = 4711;
}

/* The cell after a name, as GETBULK goes; the last one's name again where the agent goes in circles. */
static const struct cell *
next_cell(const struct agent *agent, const unsigned long *name, size_t n, unsigned long *to,
    size_t *ret_n)
{
	for (size_t i = 0; i < agent->n; i++) {
		*ret_n = oid_of(agent->cells[i].column, agent->cells[i].index, to);
		if (compare(to, *ret_n, name, n) > 0)
			return &agent->cells[agent->circles ? 0 : i];
	}
	return NULL;
}

static void
answer_bulk(const struct agent *agent, const struct poll_request *request)
{
	unsigned long at[POLL_OIDS_MAX][POLL_OID_LEN];
	size_t n_at[POLL_OIDS_MAX];
	size_t most = agent->most ? agent->most : TRAP_VARBINDS_MAX;

	for (size_t i = 1; i < request->n; i++) {
		memcpy(at[i], request->oids[i].ids, sizeof(at[i]));
		n_at[i] = request->oids[i].n;
	}
	for (long r = 0; r < request->repetitions; r++) {
		for (size_t i = 1; i < request->n && n_answer < most; i++) {
			unsigned long next[POLL_OID_LEN];
			size_t n;
			const struct cell *cell = next_cell(agent, at[i], n_at[i], next, &n);
			if (!cell) { /* endOfMibView: the name again, without a value */
				put(at[i], n_at[i], NULL);
				continue;
			}
			put(next, n, cell);
			memcpy(at[i], next, sizeof(next));
			n_at[i] = n;
		}
	}
}

static void
answer_get(const struct agent *agent, const struct poll_request *request)
{
	for (size_t i = 1; i < request->n; i++) {
		const struct cell *found = NULL;
		for (size_t k = 0; k < agent->n; k++) {
			unsigned long name[POLL_OID_LEN];
			size_t n = oid_of(agent->cells[k].column, agent->cells[k].index, name);
			if (compare(name, n, request->oids[i].ids, request->oids[i].n) == 0)
				found = &agent->cells[k];
		}
		put(request->oids[i].ids, request->oids[i].n, found);
	}
}

/* Asks until the job is done. How many requests that took. */
static int
run(struct poll_job *job, const struct agent *agent)
{
	struct poll_request request;
	int n = 0;

	do {
		ck_assert_int_lt(n++, 2000);
		poll_job_request(job, &request);
		n_answer = 0;
		put_uptime();
		if (request.bulk || request.next)
			answer_bulk(agent, &request);
		else
			answer_get(agent, &request);
	} while (poll_job_take(job, answer, n_answer, ASKED + n) == POLL_STEP_MORE);
	return n;
}

static void
expect_row(const struct poll_job *job, size_t i, uint32_t index, const char *name,
    const char *descr, int oper, int admin)
{
	const struct poll_row *row = poll_job_row(job, i);

	ck_assert_uint_eq(row->if_index, index);
	ck_assert_pstr_eq(row->name, name);
	ck_assert_pstr_eq(row->descr, descr);
	ck_assert_int_eq(row->oper, oper);
	ck_assert_int_eq(row->admin, admin);
}

static const struct cell small[] = { { DESCR, 1, 0, "Ethernet1/1" }, { DESCR, 2, 0, "Ethernet1/2" },
	{ DESCR, 5000, 0, "Vlan5" }, { ADMIN, 1, 1, NULL }, { ADMIN, 2, 2, NULL },
	{ ADMIN, 5000, 1, NULL }, { OPER, 1, 1, NULL }, { OPER, 2, 2, NULL },
	{ OPER, 5000, 7, NULL }, { 9, 1, 77, NULL }, { NAME, 1, 0, "Eth1/1" },
	{ NAME, 2, 0, "Eth1/2" }, { NAME, 5000, 0, "Vlan5" } };

START_TEST(a_walk_puts_rows_together_by_their_index)
{
	const struct agent agent = { small, sizeof(small) / sizeof(small[0]), 0, false };
	struct poll_job *job = poll_job_walk();
	uint32_t uptime;

	run(job, &agent);
	ck_assert_uint_eq(poll_job_n_rows(job), 3);
	expect_row(job, 0, 1, "Eth1/1", "Ethernet1/1", 1, 1);
	expect_row(job, 1, 2, "Eth1/2", "Ethernet1/2", 2, 2);
	expect_row(job, 2, 5000, "Vlan5", "Vlan5", 7, 1);
	ck_assert(poll_job_uptime(job, &uptime));
	ck_assert_uint_eq(uptime, 4711);
	ck_assert_int_eq(poll_job_row(job, 0)->asked_ns, ASKED + 1);
	poll_job_free(job);
}
END_TEST

START_TEST(an_agent_without_if_x_table_is_named_by_its_descriptions)
{
	const struct agent agent = { small, 10, 0, false };
	struct poll_job *job = poll_job_walk();

	run(job, &agent);
	ck_assert_uint_eq(poll_job_n_rows(job), 3);
	expect_row(job, 1, 2, NULL, "Ethernet1/2", 2, 2);
	poll_job_free(job);
}
END_TEST

/* 200 interfaces, in answers of any size down to one varbind beside sysUpTime. */
START_TEST(however_short_its_answers_are_a_table_is_read_whole)
{
	static struct cell cells[800];
	static char names[200][16];
	const struct agent agent = { cells, 800, (size_t)_i + 2, false };
	struct poll_job *job = poll_job_walk();

	for (uint32_t i = 0; i < 200; i++) {
		snprintf(names[i], sizeof(names[i]), "Eth1/%u", i + 1);
		cells[i] = (struct cell){ DESCR, i + 1, 0, names[i] };
		cells[200 + i] = (struct cell){ ADMIN, i + 1, 1, NULL };
		cells[400 + i] = (struct cell){ OPER, i + 1, 1 + (int)(i % 2), NULL };
		cells[600 + i] = (struct cell){ NAME, i + 1, 0, names[i] };
	}
	run(job, &agent);
	ck_assert_uint_eq(poll_job_n_rows(job), 200);
	for (uint32_t i = 0; i < 200; i++)
		expect_row(job, i, i + 1, names[i], names[i], 1 + (int)(i % 2), 1);
	poll_job_free(job);
}
END_TEST

START_TEST(an_agent_that_goes_in_circles_comes_to_an_end)
{
	const struct agent agent = { small, sizeof(small) / sizeof(small[0]), 0, true };
	struct poll_job *job = poll_job_walk();

	ck_assert_int_lt(run(job, &agent), 20);
	poll_job_free(job);
}
END_TEST

START_TEST(an_endless_table_is_read_up_to_its_bound)
{
	struct poll_job *job = poll_job_walk();
	struct poll_request request;
	uint32_t index = 0;
	int n = 0;

	do {
		poll_job_request(job, &request);
		n_answer = 0;
		put_uptime();
		for (int i = 0; i < 40; i++) {
			unsigned long name[POLL_OID_LEN];
			const struct cell cell = { OPER, ++index, 1, NULL };
			put(name, oid_of(OPER, index, name), &cell);
		}
		ck_assert_int_lt(n++, POLL_ROWS_MAX);
	} while (poll_job_take(job, answer, n_answer, ASKED) == POLL_STEP_MORE);
	ck_assert_uint_eq(poll_job_n_rows(job), POLL_ROWS_MAX);
	poll_job_free(job);
}
END_TEST

/* RFC 3416: tooBig, genErr. The same table comes out, however little is asked for at a time. */
START_TEST(an_agent_to_which_a_walk_is_too_much_is_asked_for_less)
{
	const struct agent agent = { small, sizeof(small) / sizeof(small[0]), 0, false };
	struct poll_job *job = poll_job_walk();
	struct poll_request request;

	poll_job_request(job, &request);
	ck_assert(request.bulk && !request.next && request.repetitions == 10);
	for (int i = 0; i < _i; i++)
		ck_assert(poll_job_refused(job));
	poll_job_request(job, &request);
	ck_assert(request.bulk == (_i < 2) && request.next == (_i == 2));
	if (_i > 0)
		ck_assert_int_eq(request.repetitions, 1);
	run(job, &agent);
	ck_assert_uint_eq(poll_job_n_rows(job), 3);
	expect_row(job, 2, 5000, "Vlan5", "Vlan5", 7, 1);
	ck_assert(_i < 2 || !poll_job_refused(job));
	poll_job_free(job);
}
END_TEST

START_TEST(a_get_that_is_too_much_goes_row_by_row)
{
	const struct agent agent = { small, sizeof(small) / sizeof(small[0]), 0, false };
	struct poll_job *job = poll_job_get((const uint32_t[]){ 1, 2, 5000 }, 3);

	ck_assert(poll_job_refused(job));
	ck_assert(!poll_job_refused(job));
	ck_assert_int_eq(run(job, &agent), 3);
	ck_assert_uint_eq(poll_job_n_rows(job), 3);
	expect_row(job, 1, 2, "Eth1/2", "Ethernet1/2", 2, 2);
	ck_assert(poll_job_complete(job));
	poll_job_free(job);
}
END_TEST

static enum poll_step
take_with_uptime(struct poll_job *job, uint32_t index, uint32_t uptime_cs)
{
	unsigned long name[POLL_OID_LEN];
	const struct cell cell = { OPER, index, 1, NULL };

	n_answer = 0;
	put_uptime();
	answer[0].integer = uptime_cs;
	for (int i = 0; i < 4; i++)
		put(name, oid_of(OPER, index, name), &cell);
	return poll_job_take(job, answer, n_answer, ASKED);
}

START_TEST(a_switch_that_restarts_in_mid_walk_is_read_from_the_beginning)
{
	struct poll_job *job = poll_job_walk();
	struct poll_request request;

	ck_assert_int_eq(take_with_uptime(job, 900, 100000), POLL_STEP_MORE);
	ck_assert_uint_eq(poll_job_n_rows(job), 1);
	ck_assert_int_eq(take_with_uptime(job, 901, 500), POLL_STEP_MORE);
	ck_assert_uint_eq(poll_job_n_rows(job), 0);
	poll_job_request(job, &request);
	for (size_t i = 1; i < request.n; i++)
		ck_assert_uint_lt(request.oids[i].n, 12);
	ck_assert_int_eq(take_with_uptime(job, 1, 600), POLL_STEP_MORE);
	ck_assert_uint_eq(poll_job_row(job, 0)->if_index, 1);
	/* 497 days are no restart. */
	ck_assert_int_eq(take_with_uptime(job, 2, UINT32_MAX - 5), POLL_STEP_MORE);
	ck_assert_int_eq(take_with_uptime(job, 3, 5), POLL_STEP_MORE);
	ck_assert_uint_eq(poll_job_n_rows(job), 3);
	poll_job_free(job);
}
END_TEST

START_TEST(one_that_restarts_with_every_answer_comes_to_an_end)
{
	struct poll_job *job = poll_job_walk();
	int n = 0;

	while (take_with_uptime(job, 7, 100000 - (uint32_t)n * 10) == POLL_STEP_MORE)
		ck_assert_int_lt(n++, 20);
	poll_job_free(job);
}
END_TEST

START_TEST(an_index_beyond_what_if_mib_allows_is_read_all_the_same)
{
	const struct cell cells[] = { { DESCR, 7, 0, "Eth7" }, { DESCR, 3000000000, 0, "Eth8" },
		{ OPER, 7, 1, NULL }, { OPER, 3000000000, 2, NULL },
		{ OPER, UINT32_MAX, 2, NULL } };
	const struct agent agent = { cells, 5, 0, false };
	struct poll_job *job = poll_job_walk();

	run(job, &agent);
	ck_assert_uint_eq(poll_job_n_rows(job), 3);
	expect_row(job, 1, 3000000000, NULL, "Eth8", 2, 0);
	poll_job_free(job);
}
END_TEST

START_TEST(an_answer_without_a_varbind_ends_a_job)
{
	struct poll_job *job = poll_job_walk();

	ck_assert_int_eq(poll_job_take(job, answer, 0, ASKED), POLL_STEP_DONE);
	ck_assert_uint_eq(poll_job_n_rows(job), 0);
	poll_job_free(job);
}
END_TEST

START_TEST(a_get_takes_only_what_was_asked_for)
{
	const struct agent agent = { small, sizeof(small) / sizeof(small[0]), 0, false };
	struct poll_job *job = poll_job_get((const uint32_t[]){ 2, 77 }, 2);
	unsigned long name[POLL_OID_LEN];
	const struct cell foreign = { OPER, 1, 1, NULL };

	ck_assert_int_eq(run(job, &agent), 1);
	n_answer = 0;
	put(name, oid_of(OPER, 1, name), &foreign);
	ck_assert_int_eq(poll_job_take(job, answer, n_answer, ASKED), POLL_STEP_DONE);
	/* A row that is not there is told as an empty one. */
	ck_assert_uint_ge(poll_job_n_rows(job), 1);
	expect_row(job, 0, 2, "Eth1/2", "Ethernet1/2", 2, 2);
	for (size_t i = 0; i < poll_job_n_rows(job); i++)
		ck_assert_uint_ne(poll_job_row(job, i)->if_index, 1);
	ck_assert(!poll_job_complete(job));
	poll_job_free(job);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("poll_job");

	tcase_add_test(tcase, a_walk_puts_rows_together_by_their_index);
	tcase_add_test(tcase, an_agent_without_if_x_table_is_named_by_its_descriptions);
	tcase_add_loop_test(tcase, however_short_its_answers_are_a_table_is_read_whole, 0, 44);
	tcase_add_test(tcase, an_agent_that_goes_in_circles_comes_to_an_end);
	tcase_add_test(tcase, an_endless_table_is_read_up_to_its_bound);
	tcase_add_loop_test(tcase, an_agent_to_which_a_walk_is_too_much_is_asked_for_less, 0, 3);
	tcase_add_test(tcase, a_get_that_is_too_much_goes_row_by_row);
	tcase_add_test(tcase, a_switch_that_restarts_in_mid_walk_is_read_from_the_beginning);
	tcase_add_test(tcase, one_that_restarts_with_every_answer_comes_to_an_end);
	tcase_add_test(tcase, an_index_beyond_what_if_mib_allows_is_read_all_the_same);
	tcase_add_test(tcase, an_answer_without_a_varbind_ends_a_job);
	tcase_add_test(tcase, a_get_takes_only_what_was_asked_for);
	return run_case("poll_job", tcase);
}
