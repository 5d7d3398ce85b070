/*
 * A port's key in Redis is somebody else's: its toggles are left out, and what is so is told when the key is of use again.
 */
#include <stdio.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/redis_client.h"

#define WATCHED 1024 /* LEFT_OUT_MAX of src/dpwatchd */

static void
take_key(void)
{
	redis_do(box.redis, "DEL dpwatch:port:" VM1);
	redis_do(box.redis, "SET dpwatch:port:" VM1 " mine");
}

static void
give_key_back(void)
{
	redis_do(box.redis, "DEL dpwatch:port:" VM1);
}

static bool
left_out(json_int_t n)
{
	return sandbox_counter(&box, "out.refused-ports") == n;
}

static bool
told_late(json_int_t n)
{
	return sandbox_counter(&box, "out.told-late") == n && sandbox_settled(&box);
}

/* The key is of use again, and this is what was told then. */
static void
expect_told(const char *history, json_int_t n_down)
{
	give_key_back();
	WAIT_FOR(told_late(1));
	ck_assert_str_eq(redis_history(box.redis), history);
	ck_assert_int_eq(redis_down(box.redis), n_down);
}

START_TEST(a_fall_that_was_left_out_is_told_without_another_event)
{
	take_key();
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(left_out(1));
	give_key_back();
	WAIT_FOR(told_late(1));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1");
	ck_assert_int_eq(redis_number(box.redis, "SISMEMBER dpwatch:down " VM1), 1);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_str_eq(redis_text(port, "dp_down"), "true");
	ck_assert_str_eq(redis_text(port, "cause"), "access");
	ck_assert_str_eq(redis_text(port, "interface"), "Ethernet1/1");
	json_decref(port);
	/* Once, and it goes on from there. */
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2");
	WAIT_FOR(told_late(1));
}
END_TEST

/* The hash is gone with what it said; the `down` set and the stream still say that it is down. */
START_TEST(a_rise_that_was_left_out_is_told)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	take_key();
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(left_out(1));
	expect_told("1 down 1, 1 up 2", 0);
}
END_TEST

START_TEST(a_port_that_ended_as_it_was_last_told_has_its_hash_again)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	take_key();
	sandbox_link_up(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(left_out(2));
	expect_told("1 down 1, 1 down 2", 1);
}
END_TEST

/* Both are looked at in the same turn, the one that has nothing to tell first. */
START_TEST(a_port_that_fell_and_rose_meanwhile_is_not_told)
{
	take_key();
	redis_do(box.redis, "SET dpwatch:port:" VM2 " mine");
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_up(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(left_out(3));
	redis_do(box.redis, "DEL dpwatch:port:" VM1 " dpwatch:port:" VM2);
	WAIT_FOR(told_late(1));
	ck_assert_str_eq(redis_history(box.redis), "2 down 1");
}
END_TEST

static void
report(const char *body)
{
	ck_assert_int_eq(http_client(box.api, "PUT", "/v2.0/ports/" VM1, body, NULL), 200);
}

/* Its hash, once what was left out is told. */
static json_t *
told_hash(json_int_t n)
{
	WAIT_FOR(told_late(n));
	return redis_hash(box.redis, "dpwatch:port:" VM1);
}

START_TEST(a_report_alone_that_was_left_out_is_told)
{
	take_key();
	report("{\"port\": {\"data_plane_status\": \"ACTIVE\"}}");
	WAIT_FOR(left_out(1));
	ck_assert(sandbox_log_has(&box, "what is reported of it was left out"));
	give_key_back();
	json_t *port = told_hash(1);
	ck_assert_str_eq(redis_text(port, "dp_down"), "false");
	ck_assert_str_eq(redis_text(port, "reported"), "false");
	ck_assert_str_ne(redis_text(port, "reported_at"), "");
	json_decref(port);
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

/* The hash comes back as it was. */
START_TEST(a_report_that_ended_meanwhile_is_not_in_the_hash_any_more)
{
	report("{\"port\": {\"dp_down\": false}}");
	WAIT_FOR(redis_number(box.redis, "EXISTS dpwatch:port:" VM1) == 1);
	redis_do(box.redis, "RENAME dpwatch:port:" VM1 " aside");
	take_key();
	report("{\"port\": {\"data_plane_status\": null}}");
	/* A report that ends at once: both are told of. */
	WAIT_FOR(left_out(2));
	redis_do(box.redis, "RENAME aside dpwatch:port:" VM1);
	json_t *port = told_hash(1);
	ck_assert_str_eq(redis_text(port, "reported_at"), "");
	json_decref(port);
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

START_TEST(a_port_that_left_the_map_meanwhile_is_let_go)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	take_key();
	sandbox_load(
	    &box, "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"]}]}");
	WAIT_FOR(left_out(1));
	expect_told("1 down 1, 1 up 2", 0);
}
END_TEST

/* The new daemon cannot read what was told of it. */
START_TEST(what_was_left_out_before_a_restart_is_told_after_it)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	take_key();
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(left_out(1));
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	ck_assert(sandbox_log_has(&box, "dpwatch:port:" VM1 " cannot be read"));
	expect_told("1 down 1, 1 up 1", 0);
}
END_TEST

START_TEST(a_comparison_with_all_of_redis_tells_it_no_second_time)
{
	take_key();
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(left_out(1));
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_settled(&box));
	/* The comparison told it, or a look just before. Another one tells when the look is over that would tell it again. */
	redis_do(box.redis, "SET dpwatch:port:" VM2 " mine");
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(left_out(2));
	redis_do(box.redis, "DEL dpwatch:port:" VM2);
	WAIT_FOR(redis_events(box.redis) >= 2 && sandbox_settled(&box));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 2 down 1");
}
END_TEST

/* ---- very many ---- */

#define MANY (WATCHED + 76)
#define MANY_ID "00000000-0000-4000-8000-%012x"

static void
load_many(void)
{
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	fprintf(file,
	    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"],"
	    " \"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1}]}], \"ports\": [");
	for (unsigned i = 0; i < MANY; i++)
		fprintf(file,
		    "%s{\"id\": \"" MANY_ID "\", \"attachments\": [\"leaf1:Ethernet1/1\"]}",
		    i > 0 ? "," : "", i);
	fprintf(file, "]}");
	ck_assert_int_eq(fclose(file), 0);
	sandbox_load(&box, text);
	free(text);
}

START_TEST(of_too_many_the_others_are_counted)
{
	load_many();
	for (unsigned i = 0; i < MANY; i++)
		redis_do(box.redis, "SET dpwatch:port:" MANY_ID " mine", i);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(left_out(MANY));
	ck_assert_int_eq(sandbox_counter(&box, "out.refused-unwatched"), MANY - WATCHED);
	redis_do(box.redis, "FLUSHALL");
	WAIT_FOR(redis_down(box.redis) == MANY);
	ck_assert_int_eq(redis_events(box.redis), MANY);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("left out");
	TCase *one = tcase_create("one"), *many = tcase_create("many");

	tcase_set_timeout(one, 60);
	tcase_add_checked_fixture(one, box_set_up_external, box_tear_down);
	tcase_add_test(one, a_fall_that_was_left_out_is_told_without_another_event);
	tcase_add_test(one, a_rise_that_was_left_out_is_told);
	tcase_add_test(one, a_port_that_ended_as_it_was_last_told_has_its_hash_again);
	tcase_add_test(one, a_port_that_fell_and_rose_meanwhile_is_not_told);
	tcase_add_test(one, a_report_alone_that_was_left_out_is_told);
	tcase_add_test(one, a_report_that_ended_meanwhile_is_not_in_the_hash_any_more);
	tcase_add_test(one, a_port_that_left_the_map_meanwhile_is_let_go);
	tcase_add_test(one, what_was_left_out_before_a_restart_is_told_after_it);
	tcase_add_test(one, a_comparison_with_all_of_redis_tells_it_no_second_time);
	suite_add_tcase(suite, one);

	tcase_set_timeout(many, 60);
	tcase_add_checked_fixture(many, box_set_up_external, box_tear_down);
	tcase_add_test(many, of_too_many_the_others_are_counted);
	suite_add_tcase(suite, many);
	return sandbox_main(suite);
}
