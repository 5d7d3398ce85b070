/*
 * Who is a member of which aggregate, as a walk reads it from both MIBs, and where the map says otherwise.
 */
#include <stdio.h>

#include "core/lag_view.h"
#include "lib/mib.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"
#include "lib/topo_text.h"

#define IF_TABLE "1.3.6.1.2.1.2.2.1."
#define STACK "1.3.6.1.2.1.31.1.2.1.3."
#define ATTACHED "1.2.840.10006.300.43.1.2.1.1.13."

enum { UP = 1, DOWN = 2, NOT_TOLD = -1 };

#define MAP                                                                                       \
	"{'switches': [{'name': 'a', 'addresses': ['192.0.2.1'], 'interfaces': [{'name': 'Po1', " \
	"'members': ['Eth1', 'Eth2']}, {'name': 'Eth3'}, {'name': 'Po2', 'members': ['Eth4']}]}]}"

static struct mib mib;
static struct topo *topo;
static struct lag_view *view;
static struct poll_job *job;
static int n_requests;

static void
set_up(void)
{
	mib_init(&mib);
	mib_uptime(&mib, 1000);
	topo = topo_of_text(MAP);
	view = lag_view_new();
	job = poll_job_walk();
	poll_job_want_lags(job);
}

static void
tear_down(void)
{
	poll_job_free(job);
	lag_view_free(view);
	topo_free(topo);
	mib_release(&mib);
}

static void
add(const char *prefix, int index, const char *text, int64_t number)
{
	char oid[160];

	snprintf(oid, sizeof(oid), "%s%d", prefix, index);
	if (text)
		mib_text(&mib, oid, text);
	else
		mib_number(&mib, oid, number);
}

static void
walk(void)
{
	enum poll_step step = POLL_STEP_MORE;
	struct poll_request request;

	mib_sort(&mib);
	for (n_requests = 0; step == POLL_STEP_MORE; n_requests++) {
		ck_assert_int_lt(n_requests, 1000);
		poll_job_request(job, &request);
		if (mib_answer(&mib, &request))
			step = poll_job_take(job, mib.varbinds, mib.n_varbinds, 1);
		else
			ck_assert(poll_job_refused(job));
	}
}

/* Eth1 to Eth4 are 1 to 4, Po1 is 11, Po2 12, Po9 19; all up but Eth`down`. */
static void
add_interfaces(int down)
{
	static const char *const names[] = { "Eth1", "Eth2", "Eth3", "Eth4", "Po1", "Po2", "Po9" };
	static const int indexes[] = { 1, 2, 3, 4, 11, 12, 19 };

	for (int i = 0; i < 7; i++) {
		add(IF_TABLE "2.", indexes[i], names[i], 0);
		add(IF_TABLE "8.", indexes[i], NULL, indexes[i] == down ? DOWN : UP);
	}
}

static void
expect(const char *text)
{
	char *quoted = json_text(text);
	json_t *wanted = json_loads(quoted, 0, NULL), *have = lag_view_json(view, "a");

	ck_assert_ptr_nonnull(wanted);
	if (!json_equal(wanted, have)) {
		char *dump = json_dumps(have, 0);
		ck_abort_msg("%s", dump);
	}
	json_decref(wanted);
	json_decref(have);
	free(quoted);
}

/* Where Eth1 to Eth4 are attached; and which of them is down. */
static const struct {
	int attached[4], down;
	const char *differences;
} cases[] = {
	{ { 11, 11, 0, 12 }, 0, "[]" },
	/* A member whose link is down is in none, and that is no difference. */
	{ { 11, 0, 0, 12 }, 2, "[]" },
	{ { 11, 0, 0, 12 }, 0, "[{'interface': 'Eth2', 'map': 'Po1', 'switch': null}]" },
	{ { 11, 12, 0, 12 }, 2, "[{'interface': 'Eth2', 'map': 'Po1', 'switch': 'Po2'}]" },
	{ { 11, 19, 0, 12 }, 0, "[{'interface': 'Eth2', 'map': 'Po1', 'switch': 'Po9'}]" },
	{ { 11, 11, 11, 12 }, 0, "[{'interface': 'Eth3', 'map': null, 'switch': 'Po1'}]" },
	{ { 11, 11, 19, 12 }, 0, "[{'interface': 'Eth3', 'map': null, 'switch': 'Po9'}]" },
	/* Its own aggregate: in none. An index that nobody has: in none either. */
	{ { 11, 2, 0, 12 }, 0, "[{'interface': 'Eth2', 'map': 'Po1', 'switch': null}]" },
	{ { 11, 77, 0, 12 }, 0, "[{'interface': 'Eth2', 'map': 'Po1', 'switch': null}]" },
	{ { NOT_TOLD, NOT_TOLD, NOT_TOLD, 12 }, 0, "[]" },
};

START_TEST(a_difference_is_what_a_switch_says_otherwise)
{
	size_t before;

	add_interfaces(cases[_i].down);
	for (int i = 0; i < 4; i++)
		if (cases[_i].attached[i] != NOT_TOLD)
			add(ATTACHED, i + 1, NULL, cases[_i].attached[i]);
	walk();
	size_t n = lag_view_note(view, topo, 0, job, &before);
	ck_assert_uint_eq(before, 0);
	ck_assert_int_eq(n > 0, strcmp(cases[_i].differences, "[]") != 0);
	expect(cases[_i].differences);
	lag_view_note(view, topo, 0, job, &before);
	ck_assert_uint_eq(before, n);
	ck_assert_int_eq(lag_view_differs(view, "a"), n > 0);
	lag_view_clear(view);
	ck_assert(!lag_view_differs(view, "a"));
	expect("[]");
}
END_TEST

START_TEST(the_stack_is_read_where_the_lag_mib_tells_nothing)
{
	size_t before;

	add_interfaces(0);
	add(IF_TABLE "2.", 20, "Vlan20", 0);
	add(STACK "11.", 1, NULL, 1);
	add(STACK "0.", 11, NULL, 1);
	add(STACK "12.", 4, NULL, 1);
	add(STACK "20.", 2, NULL, 1);
	add(STACK "2.", 0, NULL, 1);
	walk();
	lag_view_note(view, topo, 0, job, &before);
	/* Eth3 is in no stack: nothing is known of it. */
	expect("[{'interface': 'Eth2', 'map': 'Po1', 'switch': null}]");
}
END_TEST

START_TEST(what_is_not_wanted_is_not_read)
{
	size_t before;

	poll_job_free(job);
	job = poll_job_walk();
	add_interfaces(0);
	add(STACK "12.", 1, NULL, 1);
	add(ATTACHED, 1, NULL, 12);
	walk();
	const int without = n_requests;
	ck_assert_uint_eq(lag_view_note(view, topo, 0, job, &before), 0);
	poll_job_free(job);
	job = poll_job_walk();
	poll_job_want_lags(job);
	walk();
	ck_assert_uint_eq(lag_view_note(view, topo, 0, job, &before), 1);
	/* Two more for the LAG MIB, and none for the stack. */
	ck_assert_int_le(n_requests, without + 2);
}
END_TEST

START_TEST(a_switch_that_refuses_to_tell_of_lags_has_answered_all_the_same)
{
	const struct oid lag_mib = OID(1, 2, 840, 10006, 300, 43);
	enum poll_step step = POLL_STEP_MORE;
	struct poll_request request;

	int n_told = 0;

	add_interfaces(0);
	for (int i = 1; i <= 4; i++)
		add(ATTACHED, i, NULL, 11);
	mib.most = 3;
	mib_sort(&mib);
	for (n_requests = 0; step == POLL_STEP_MORE; n_requests++) {
		ck_assert_int_lt(n_requests, 1000);
		poll_job_request(job, &request);
		const size_t last = request.n - 1;
		const struct oid name = { request.oids[last].ids, request.oids[last].n };
		/* At once, or when it has told of some. */
		const bool refused = oid_starts(name, lag_mib) && n_told++ == _i;
		if (!refused && mib_answer(&mib, &request))
			step = poll_job_take(job, mib.varbinds, mib.n_varbinds, 1);
		else
			ck_assert(poll_job_refused(job));
	}
	ck_assert_uint_eq(poll_job_n_rows(job), 7);
}
END_TEST

START_TEST(a_get_does_not_ask_for_aggregates)
{
	struct poll_job *get = poll_job_get((const uint32_t[]){ 1, 2 }, 2);
	struct poll_request request;

	poll_job_request(get, &request);
	ck_assert_uint_eq(request.n, 1 + 2 * POLL_COLUMN_MAX);
	poll_job_free(get);
}
END_TEST

START_TEST(of_one_switch_not_more_than_so_many_differences_are_kept)
{
	char oid[64], name[16];
	char *names[200];
	size_t before;

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "Eth%d", 100 + i);
		names[i] = strdup(name);
		snprintf(oid, sizeof(oid), IF_TABLE "2.%d", 100 + i);
		mib_text(&mib, oid, names[i]);
		add(ATTACHED, 100 + i, NULL, 11);
	}
	add_interfaces(0);
	walk();
	ck_assert_uint_eq(lag_view_note(view, topo, 0, job, &before), 200);
	json_t *list = lag_view_json(view, "a");
	ck_assert_uint_eq(json_array_size(list), LAG_VIEW_MAX);
	json_decref(list);
	for (int i = 0; i < 200; i++)
		free(names[i]);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("lag_view");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_difference_is_what_a_switch_says_otherwise, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, the_stack_is_read_where_the_lag_mib_tells_nothing);
	tcase_add_test(tcase, what_is_not_wanted_is_not_read);
	tcase_add_loop_test(
	    tcase, a_switch_that_refuses_to_tell_of_lags_has_answered_all_the_same, 0, 2);
	tcase_add_test(tcase, a_get_does_not_ask_for_aggregates);
	tcase_add_test(tcase, of_one_switch_not_more_than_so_many_differences_are_kept);
	return run_case("lag_view", tcase);
}
