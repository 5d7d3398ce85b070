/* One row of an agent's tables: since when it is as it is, and what its status means. */
#include <check.h>

#include "core/poll_rows.h"
#include "lib/run_suite.h"

#define ASKED INT64_C(5000000000)

/* What the agent tells, and what that makes of it; the request before was 2 s earlier. */
static const struct {
	uint32_t uptime_cs, change_cs;
	int64_t age_ns;
	enum trap_value_type type;
	bool behind; /* ifOperStatus came with the answer before */
} dates[] = {
	{ 360000, 100, INT64_C(3599000000000), VALUE_TIMETICKS, false },
	{ UINT32_MAX, 1, INT64_C(42949672940000000), VALUE_TIMETICKS, false },
	/* Before the agent began; right now; after that, which is a wrap or another clock. */
	{ 360000, 0, 0, VALUE_TIMETICKS, false },
	{ 360000, 360000, 0, VALUE_TIMETICKS, false },
	{ 360000, 360001, 0, VALUE_TIMETICKS, false },
	{ 360000, UINT32_MAX, 0, VALUE_TIMETICKS, false },
	{ 360000, 100, 0, VALUE_INTEGER, false },
	/* It was so before ifOperStatus was told, or has changed since. */
	{ 360000, 359000, INT64_C(8000000000), VALUE_TIMETICKS, true },
	{ 360000, 359801, 0, VALUE_TIMETICKS, true },
};

START_TEST(a_row_has_been_as_it_is_since_its_last_change)
{
	struct poll_row row = { .if_index = 7 };
	struct poll_answer one = { .asked_ns = ASKED, .has_uptime = true };
	const struct trap_varbind oper = { .type = VALUE_INTEGER, .integer = 2 };
	const struct trap_varbind change = { .type = dates[_i].type,
		.integer = dates[_i].change_cs };
	struct link_event event;

	one.uptime_cs = dates[_i].uptime_cs;
	poll_row_take(&row, POLL_COLUMN_CHANGE, &change, &one);
	ck_assert_int_eq(row.age_ns, 0);
	poll_row_take(&row, POLL_COLUMN_OPER, &oper, &one);
	if (dates[_i].behind)
		one.asked_ns += INT64_C(2000000000);
	poll_row_take(&row, POLL_COLUMN_CHANGE, &change, &one);
	ck_assert_int_eq(row.age_ns, dates[_i].age_ns);
	ck_assert(poll_row_event(&row, &event));
	ck_assert_int_eq(event.age_ns, dates[_i].age_ns);
	ck_assert_int_eq(event.asked_ns, ASKED);
	/* Without sysUpTime it is no date. */
	poll_row_take(&row, POLL_COLUMN_OPER, &oper, &one);
	one.has_uptime = false;
	poll_row_take(&row, POLL_COLUMN_CHANGE, &change, &one);
	ck_assert_int_eq(row.age_ns, 0);
}
END_TEST

static const struct {
	int oper, admin;
	enum link_word word; /* WORD_NONE: says nothing */
} readings[] = {
	{ 1, 1, WORD_UP },
	{ 1, 2, WORD_UP },
	{ 2, 1, WORD_DOWN },
	{ 2, 2, WORD_ADMIN_DOWN },
	{ 3, 1, WORD_DOWN },
	{ 4, 1, WORD_NONE },
	{ 4, 2, WORD_NONE },
	{ 5, 1, WORD_DOWN },
	{ 6, 2, WORD_ADMIN_DOWN },
	{ 7, 1, WORD_DOWN },
	{ 0, 1, WORD_NONE },
	{ 2, 0, WORD_DOWN },
};

START_TEST(a_row_says_what_its_status_means)
{
	const struct poll_row row = {
		.if_index = 7,
		.oper = (uint8_t)readings[_i].oper,
		.admin = (uint8_t)readings[_i].admin,
		.name = (char[]){ "Eth1/7" },
	};
	struct link_event event;

	ck_assert(poll_row_event(&row, &event) == (readings[_i].word != WORD_NONE));
	if (readings[_i].word == WORD_NONE)
		return;
	ck_assert_int_eq(event.word, readings[_i].word);
	ck_assert_int_eq(event.source, SOURCE_POLL);
	ck_assert_int_eq(event.layer, LAYER_WHOLE);
	ck_assert_uint_eq(event.if_index, 7);
	ck_assert(slice_eq_str(event.name, "Eth1/7"));
	ck_assert_uint_eq(event.descr.len, 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("poll_rows");

	tcase_add_loop_test(tcase, a_row_has_been_as_it_is_since_its_last_change, 0,
	    (int)(sizeof(dates) / sizeof(dates[0])));
	tcase_add_loop_test(tcase, a_row_says_what_its_status_means, 0,
	    (int)(sizeof(readings) / sizeof(readings[0])));
	return run_case("poll_rows", tcase);
}
