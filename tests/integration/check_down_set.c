/*
 * The `down` set is what a consumer reads first: deleted, or with another number of ports than are down, it is written anew.
 */
#include "lib/box.h"
#include "lib/redis_client.h"

/* Two ports are down, and Redis has it. */
static void
set_up(void)
{
	box_set_up_external();
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 2);
	WAIT_FOR(sandbox_settled(&box));
}

static bool
holds_both(void)
{
	return redis_number(box.redis, "SISMEMBER dpwatch:down " VM1) == 1 &&
	       redis_number(box.redis, "SISMEMBER dpwatch:down " VM2) == 1 &&
	       redis_down(box.redis) == 2;
}

static void
delete_it(void)
{
	redis_do(box.redis, "DEL dpwatch:down");
}

static void
take_one_out(void)
{
	redis_do(box.redis, "SREM dpwatch:down " VM2);
}

static void
put_others_in(void)
{
	redis_do(box.redis, "SADD dpwatch:down " VM3 " stranger");
}

static void (*const mischief[])(void) = { delete_it, take_one_out, put_others_in };
#define N_MISCHIEF (int)(sizeof(mischief) / sizeof(mischief[0]))

START_TEST(a_down_set_that_somebody_changed_is_made_right_without_a_toggle)
{
	ck_assert(holds_both());
	mischief[_i]();
	WAIT_FOR(sandbox_counter(&box, "out.down-sets") == 1);
	ck_assert(holds_both());
	ck_assert(sandbox_log_has(&box, "somebody else changed dpwatch:down"));
	ck_assert_int_eq(redis_events(box.redis), 2);
}
END_TEST

START_TEST(a_down_set_that_was_changed_before_the_start_is_made_right)
{
	ck_assert_int_eq(sandbox_stop(&box), 0);
	mischief[_i]();
	sandbox_start_ready(&box);
	WAIT_FOR(holds_both());
	ck_assert_int_eq(redis_events(box.redis), 2);
}
END_TEST

/* As status asks for it: "dpwatch:down holds something else". */
START_TEST(a_down_set_whose_key_was_something_else_is_whole_when_that_was_deleted)
{
	redis_do(box.redis, "SET dpwatch:down mine");
	sandbox_link_up(&box, LEAF1, 2);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 4);
	WAIT_FOR(sandbox_redis_says(&box, "dpwatch:down holds something else"));
	delete_it();
	WAIT_FOR(redis_events(box.redis) == 4 && holds_both());
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 2 down 1, 2 up 2, 2 down 3");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("down set");
	TCase *tcase = tcase_create("mischief");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_loop_test(
	    tcase, a_down_set_that_somebody_changed_is_made_right_without_a_toggle, 0, N_MISCHIEF);
	tcase_add_loop_test(
	    tcase, a_down_set_that_was_changed_before_the_start_is_made_right, 0, N_MISCHIEF);
	tcase_add_test(
	    tcase, a_down_set_whose_key_was_something_else_is_whole_when_that_was_deleted);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
