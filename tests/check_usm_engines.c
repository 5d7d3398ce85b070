/* usm_engines: whom we have heard, when, and with which keys. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/usm_engines.h"
#include "lib/run_suite.h"

#define S INT64_C(1000000000)
#define DAY (86400 * S)
#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct usm_engines *engines;

static void
set_up(void)
{
	engines = usm_engines_new(4, 7);
	ck_assert_ptr_nonnull(engines);
}

static void
tear_down(void)
{
	usm_engines_free(engines);
}

/* The engine id of a number. */
static struct slice
id(unsigned number)
{
	static char bytes[9];

	memcpy(bytes, "\x80\x00\x1f\x88\x04", 5);
	for (int i = 0; i < 4; i++)
		bytes[5 + i] = (char)(number >> 8 * i);
	return (struct slice){ bytes, sizeof(bytes) };
}

static enum usm_timeliness
hear(unsigned number, uint32_t boots, uint32_t time, int64_t now_ns)
{
	struct usm_engine *engine = usm_engines_find(engines, id(number));

	if (!engine)
		engine = usm_engines_add(engines, id(number));
	return usm_engines_hear(engines, engine, boots, time, now_ns);
}

/* A second message after a first one of boots 7, time 5000 at second 100. RFC 3414 3.2 step 7b. */
static const struct {
	uint32_t boots, time;
	int64_t now_ns;
	enum usm_timeliness timeliness;
} seconds[] = {
	{ 7, 5000, 100 * S, USM_TIMELY },
	{ 7, 5001, 101 * S, USM_TIMELY },
	{ 7, 9000, 101 * S, USM_TIMELY },
	{ 7, 4850, 100 * S, USM_TIMELY },
	{ 7, 4849, 100 * S, USM_TOO_OLD },
	{ 7, 5000, 250 * S, USM_TIMELY },
	{ 7, 5000, 251 * S, USM_TOO_OLD },
	{ 8, 0, 101 * S, USM_TIMELY },
	{ 6, 9999, 101 * S, USM_BOOTS_BACK },
	{ 0, 0, 101 * S, USM_BOOTS_BACK },
	{ 2147483647, 9999, 101 * S, USM_BOOTS_BACK },
	/* A clock that loses half a second in a thousand, after a year: 4 hours behind. */
	{ 7, 5000 + 31536000 - 15768, 100 * S + 365 * DAY, USM_TIMELY },
	{ 7, 5000 + 31536000 - 40000, 100 * S + 365 * DAY, USM_TOO_OLD },
};

START_TEST(a_message_is_timely_within_the_window_and_with_newer_boots)
{
	ck_assert_int_eq(hear(1, 7, 5000, 100 * S), USM_TIMELY);
	ck_assert_int_eq(hear(1, seconds[_i].boots, seconds[_i].time, seconds[_i].now_ns),
	    seconds[_i].timeliness);
	const struct usm_engine *engine = usm_engines_find(engines, id(1));
	ck_assert_int_eq(engine->problem, seconds[_i].timeliness);
	ck_assert_uint_eq(engine->refused, seconds[_i].timeliness != USM_TIMELY);
	/* What is refused moves nothing. */
	if (seconds[_i].timeliness != USM_TIMELY) {
		ck_assert_uint_eq(engine->boots, 7);
		ck_assert_uint_eq(engine->time, 5000);
	}
}
END_TEST

START_TEST(an_older_message_in_the_window_does_not_move_the_time_back)
{
	hear(1, 7, 5000, 100 * S);
	ck_assert_int_eq(hear(1, 7, 4900, 100 * S), USM_TIMELY);
	ck_assert_int_eq(hear(1, 7, 4800, 100 * S), USM_TOO_OLD);
}
END_TEST

START_TEST(a_timely_message_ends_a_problem)
{
	hear(1, 7, 5000, 100 * S);
	hear(1, 1, 10, 101 * S);
	hear(1, 1, 11, 102 * S);
	const struct usm_engine *engine = usm_engines_find(engines, id(1));
	ck_assert_uint_eq(engine->refused, 2);
	ck_assert_uint_eq(engine->problem_boots, 1);
	ck_assert_uint_eq(engine->problem_time, 11);
	hear(1, 7, 5003, 103 * S);
	ck_assert_int_eq(engine->problem, USM_TIMELY);
	ck_assert_uint_eq(engine->refused, 0);
}
END_TEST

START_TEST(who_is_forgotten_begins_anew)
{
	hear(1, 7, 5000, 100 * S);
	hear(2, 7, 5000, 100 * S);
	usm_engines_forget(engines, usm_engines_find(engines, id(1)));
	ck_assert_ptr_null(usm_engines_find(engines, id(1)));
	ck_assert_uint_eq(usm_engines_count(engines), 1);
	ck_assert_int_eq(hear(1, 1, 3, 101 * S), USM_TIMELY);
	ck_assert_uint_eq(usm_engines_count(engines), 2);
}
END_TEST

START_TEST(at_the_bound_the_one_that_was_silent_longest_goes)
{
	for (unsigned i = 1; i <= 4; i++)
		hear(i, 1, 1, i * S);
	hear(1, 1, 2, 5 * S);
	hear(5, 1, 1, 6 * S);
	ck_assert_uint_eq(usm_engines_count(engines), 4);
	ck_assert_uint_eq(usm_engines_evicted(engines), 1);
	ck_assert_ptr_null(usm_engines_find(engines, id(2)));
	ck_assert_ptr_nonnull(usm_engines_find(engines, id(1)));
	/* What is refused is not heard. */
	hear(3, 0, 0, 7 * S);
	hear(6, 1, 1, 8 * S);
	ck_assert_ptr_null(usm_engines_find(engines, id(3)));
}
END_TEST

START_TEST(random_engines_come_and_go_and_the_table_stays_whole)
{
	srand(1);
	for (int i = 0; i < 20000; i++) {
		unsigned number = (unsigned)rand() % 12;
		struct usm_engine *engine = usm_engines_find(engines, id(number));
		if (engine && rand() % 3 == 0)
			usm_engines_forget(engines, engine);
		else
			hear(number, 1, (uint32_t)i, i * S);
		size_t forward = 0, back = 0;
		for (engine = NULL; (engine = usm_engines_next(engines, engine));)
			forward++;
		for (engine = NULL; (engine = usm_engines_previous(engines, engine));)
			back++;
		ck_assert_uint_eq(forward, usm_engines_count(engines));
		ck_assert_uint_eq(back, forward);
		ck_assert_uint_le(forward, 4);
	}
}
END_TEST

START_TEST(keys_are_kept_for_two_users_of_an_engine)
{
	struct usm_keys keys = { .auth_len = 1 };
	hear(1, 1, 1, S);
	struct usm_engine *engine = usm_engines_find(engines, id(1));

	ck_assert(!usm_engine_has_user(engine, "a"));
	ck_assert_ptr_null(usm_engine_keys(engine, "a"));
	for (char user[2] = "a"; user[0] <= 'c'; user[0]++) {
		keys.auth[0] = (uint8_t)user[0];
		ck_assert_uint_eq(
		    usm_engine_keep_keys(engines, engine, user, &keys)->auth[0], user[0]);
	}
	ck_assert(!usm_engine_has_user(engine, "a"));
	ck_assert_uint_eq(usm_engine_keys(engine, "b")->auth[0], 'b');
	ck_assert_uint_eq(usm_engine_keys(engine, "c")->auth[0], 'c');
	/* New passwords: who spoke is still known. */
	usm_engines_drop_keys(engines);
	ck_assert(usm_engine_has_user(engine, "b"));
	ck_assert_ptr_null(usm_engine_keys(engine, "b"));
}
END_TEST

START_TEST(a_line_takes_an_engine_into_another_life)
{
	struct usm_keys keys = { .auth_len = 1 };
	char line[USM_ENGINE_LINE_MAX];

	hear(1, 7, 5000, 100 * S);
	struct usm_engine *engine = usm_engines_find(engines, id(1));
	engine->heard_us = 1714564800000000;
	ck_assert(addr_parse(SLICE("192.0.2.1"), &engine->from));
	usm_engine_keep_keys(engines, engine, "monitor", &keys);
	usm_engine_keep_keys(engines, engine, "m2", &keys);
	ck_assert_uint_eq(usm_engine_line(engine, line), strlen(line));
	ck_assert_str_eq(line, "0x80001f880401000000 7 5000 1714564800000000 192.0.2.1 monitor m2");
	tear_down();
	set_up();
	ck_assert(usm_engines_take_line(engines, slice_of(line)));
	ck_assert(!usm_engines_take_line(engines, slice_of(line)));
	engine = usm_engines_find(engines, id(1));
	ck_assert(usm_engine_has_user(engine, "m2"));
	ck_assert_ptr_null(usm_engine_keys(engine, "m2"));
	/* How long nobody listened is not known: nothing is added to its time. */
	ck_assert_int_eq(hear(1, 7, 4850, 900 * S), USM_TIMELY);
	ck_assert_int_eq(hear(1, 7, 4849, 900 * S), USM_TOO_OLD);
	ck_assert_int_eq(hear(1, 6, 9000, 900 * S), USM_BOOTS_BACK);
	ck_assert_int_eq(hear(1, 7, 5001, 900 * S), USM_TIMELY);
}
END_TEST

START_TEST(the_longest_line_fits)
{
	char line[USM_ENGINE_LINE_MAX], name[USM_USER_MAX + 1];
	struct usm_keys keys = { .auth_len = 1 };
	uint8_t long_id[USM_ENGINE_ID_MAX];

	memset(long_id, 0xff, sizeof(long_id));
	struct usm_engine *engine =
	    usm_engines_add(engines, (struct slice){ (const char *)long_id, sizeof(long_id) });
	engine->boots = engine->time = INT32_MAX;
	engine->heard_us = INT64_MAX;
	ck_assert(
	    addr_parse(SLICE("fe80:1111:2222:3333:4444:5555:6666:7777%4294967295"), &engine->from));
	for (int i = 0; i < USM_ENGINE_USERS; i++) {
		memset(name, 'a' + i, USM_USER_MAX);
		name[USM_USER_MAX] = '\0';
		usm_engine_keep_keys(engines, engine, name, &keys);
	}
	ck_assert_uint_lt(usm_engine_line(engine, line), USM_ENGINE_LINE_MAX);
	tear_down();
	set_up();
	ck_assert(usm_engines_take_line(engines, slice_of(line)));
}
END_TEST

static const char *const bad_lines[] = { "", "x", "0x80", "0x8000000001", "0x8000000001 1 2 3",
	"0x8000000001 1 2 3 nowhere", "0x8000000001 -1 2 3 192.0.2.1",
	"0x8000000001 2147483648 2 3 192.0.2.1", "0x8000000001 1 2 3 192.0.2.1 a b c",
	"0x8000000001 1 2 3 192.0.2.1  a", "0x800000000 1 2 3 192.0.2.1",
	"0x8000000001 1 2 3 192.0.2.1 123456789012345678901234567890123" };

START_TEST(a_damaged_line_is_left_out)
{
	ck_assert(!usm_engines_take_line(engines, slice_of(bad_lines[_i])));
	ck_assert_uint_eq(usm_engines_count(engines), 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("usm_engines");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
	    tcase, a_message_is_timely_within_the_window_and_with_newer_boots, 0, N(seconds));
	tcase_add_test(tcase, an_older_message_in_the_window_does_not_move_the_time_back);
	tcase_add_test(tcase, a_timely_message_ends_a_problem);
	tcase_add_test(tcase, who_is_forgotten_begins_anew);
	tcase_add_test(tcase, at_the_bound_the_one_that_was_silent_longest_goes);
	tcase_add_test(tcase, random_engines_come_and_go_and_the_table_stays_whole);
	tcase_add_test(tcase, keys_are_kept_for_two_users_of_an_engine);
	tcase_add_test(tcase, a_line_takes_an_engine_into_another_life);
	tcase_add_test(tcase, the_longest_line_fits);
	tcase_add_loop_test(tcase, a_damaged_line_is_left_out, 0, N(bad_lines));
	return run_case("usm_engines", tcase);
}
