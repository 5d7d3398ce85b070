/*
 * What each record of a batch leaves in a real Redis: the other half of core/change_script.c, beside check_redis_script.
 */
#include "lib/redis_batch.h"

START_TEST(two_toggles_of_a_port_in_one_batch_have_two_revisions)
{
	const struct dp_change down = toggle(true), up = toggle(false);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	add(&down);
	add(&up);
	add(&down);
	SEND("1", "1", "ok", "1", "1", "2", "3");
	expect_field(PORT_KEY, "revision", "3");
	expect_field(PORT_KEY, "dp_down", "true");
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	ck_assert_uint_eq(json_array_size(events), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(
		    redis_text(json_array_get(events, i), "revision"), TEXTS("1", "2", "3")[i]);
	json_decref(events);
	ck_assert_int_eq(redis_down(box.redis), 1);
}
END_TEST

/* The set is written once a batch: what counts is each port's last direction. */
START_TEST(the_last_toggle_of_a_batch_says_who_is_down)
{
	struct dp_change one = toggle(true), two = toggle(true);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	two.port_id[0] = 0x22;
	add(&one);
	add(&two);
	one.dp_down = false;
	add(&one);
	SEND("1", "1", "ok", "1", "1", "1", "2");
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert(!redis_is_down(box.redis, ID));
	two.dp_down = false;
	add(&two);
	one.dp_down = true;
	add(&one);
	SEND("1", "2", "ok", "2", "2", "3");
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert(redis_is_down(box.redis, ID));
}
END_TEST

/* Of each length that has a head of its own (core/arg_buf.h). */
START_TEST(texts_of_any_length_arrive_as_they_are)
{
	static const size_t lens[] = { 0, 31, 32, 255, 256, 65535, 65536 };
	char *note = calloc(1, lens[_i] + 1);
	struct dp_change change = toggle(true);

	memset(note, 'n', lens[_i]);
	change.report = (struct dp_report){ true, "", note, NOON, 0 };
	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	add(&change);
	SEND("1", "1", "ok", "1", "1");
	expect_field(PORT_KEY, "reported_note", note);
	expect_field(PORT_KEY, "reported_until", "");
	free(note);
}
END_TEST

/* ---- the other records ---- */

START_TEST(interfaces_of_a_batch_keep_their_last_state_each_in_its_switch)
{
	struct dp_change change = other(CHANGE_INTERFACE);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	change.transition = true;
	for (unsigned i = 0; i < 6; i++) {
		change.switch_name = i % 2 ? "leaf2" : "leaf1";
		change.interface_name = i < 2 ? "Ethernet1/2" : "Ethernet1/1";
		change.order = change.shown_order = i;
		add(&change);
	}
	SEND("1", "1", "ok", "1");
	static const struct {
		const char *key, *interface, *order;
	} wanted[] = {
		{ "dpwatch:interface:leaf1", "Ethernet1/2", "\"order\":0" },
		{ "dpwatch:interface:leaf1", "Ethernet1/1", "\"order\":4" },
		{ "dpwatch:interface:leaf2", "Ethernet1/2", "\"order\":1" },
		{ "dpwatch:interface:leaf2", "Ethernet1/1", "\"order\":5" },
	};
	for (size_t i = 0; i < 4; i++) {
		json_t *hash = redis_hash(box.redis, wanted[i].key);
		ck_assert_uint_eq(json_object_size(hash), 2);
		ck_assert_ptr_nonnull(
		    strstr(redis_text(hash, wanted[i].interface), wanted[i].order));
		json_decref(hash);
	}
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 6);
}
END_TEST

START_TEST(what_a_batch_forgets_is_what_came_before_in_it)
{
	struct dp_change forget = other(CHANGE_FORGET), state = other(CHANGE_INTERFACE);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	add(&state);
	state.interface_name = "Ethernet1/2";
	add(&state);
	add(&forget);
	state.interface_name = "Ethernet1/3";
	add(&state);
	SEND("1", "1", "ok", "1");
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:interface:leaf1"), 1);
	ck_assert_int_eq(redis_number(box.redis, "HEXISTS dpwatch:interface:leaf1 Ethernet1/3"), 1);
	add(&state);
	add(&forget);
	SEND("1", "2", "ok", "2");
	ck_assert_int_eq(redis_number(box.redis, "EXISTS dpwatch:interface:leaf1"), 0);
}
END_TEST

START_TEST(an_interface_goes_to_its_hash_and_a_transition_to_link_events_too)
{
	struct dp_change change = other(CHANGE_INTERFACE);

	change.if_index = 7;
	change.admin = "up";
	change.link = "down";
	change.since_us = NOON;
	change.certain = true;
	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	add(&change);
	SEND("1", "1", "ok", "1");
	ck_assert_int_eq(redis_number(box.redis, "EXISTS dpwatch:link-events"), 0);
	expect_field("dpwatch:interface:leaf1", "Ethernet1/1",
	    "{\"oper\":\"down\",\"admin\":\"up\",\"since\":\"" T0
	    "\",\"source\":\"trap\",\"reason\":\"link-down\",\"certain\":true,"
	    "\"link\":\"down\",\"protocol\":\"\",\"override\":\"\",\"order\":0}");
	change.transition = true;
	add(&change);
	SEND("1", "2", "ok", "2");
	json_t *events = redis_stream(box.redis, "dpwatch:link-events");
	ck_assert_uint_eq(json_array_size(events), 1);
	redis_expect(json_array_get(events, 0),
	    TEXTS("switch", "leaf1", "interface", "Ethernet1/1", "if_index", "7", "oper", "down",
		"admin", "up", "reason", "link-down", "source", "trap", "received_at", T0));
	json_decref(events);
}
END_TEST

START_TEST(a_switch_that_is_new_in_the_map_loses_its_hash)
{
	const struct dp_change forget = other(CHANGE_FORGET), state = other(CHANGE_INTERFACE);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	run("HSET dpwatch:interface:leaf1 Ethernet1/7 old");
	add(&forget);
	add(&state);
	SEND("1", "1", "ok", "1");
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:interface:leaf1"), 1);
	ck_assert_int_eq(redis_number(box.redis, "HEXISTS dpwatch:interface:leaf1 Ethernet1/1"), 1);
}
END_TEST

START_TEST(a_hash_without_a_toggle_is_no_event)
{
	struct dp_change change = other(CHANGE_PORT);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	change.dp_down = false;
	change.occurred_us = 0;
	change.report = (struct dp_report){ false, "joe", "", NOON, 0 };
	add(&change);
	SEND("1", "1", "ok", "1");
	ck_assert_int_eq(redis_events(box.redis), 0);
	ck_assert_int_eq(redis_down(box.redis), 0);
	expect_field(PORT_KEY, "revision", "0");
	expect_field(PORT_KEY, "since", "");
	expect_field(PORT_KEY, "reported_by", "joe");
	ck_assert_int_eq(redis_number(box.redis, "HLEN " PORT_KEY), 16);
	/* The first toggle is still number 1; a hash after it keeps revision and since. */
	const struct dp_change down = toggle(true);
	add(&down);
	SEND("1", "2", "ok", "2", "1");
	change.dp_down = true;
	add(&change);
	SEND("1", "3", "ok", "3");
	expect_field(PORT_KEY, "revision", "1");
	expect_field(PORT_KEY, "since", T1);
	/* What Redis lost, the daemon still knows. */
	run("DEL " PORT_KEY);
	change.known_revision = 8;
	change.occurred_us = NOON + 2;
	add(&change);
	SEND("1", "4", "ok", "4");
	expect_field(PORT_KEY, "since", T2);
	add(&down);
	SEND("1", "5", "ok", "5", "9");
}
END_TEST

START_TEST(redundancy_is_told_and_moves_the_paths_of_a_hash_that_is_there)
{
	struct dp_change change = other(CHANGE_REDUNDANCY);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	change.redundancy = REDUNDANCY_DEGRADED;
	change.paths = (struct dp_paths){ 1, 0, 2 };
	add(&change);
	SEND("1", "1", "ok", "1");
	ck_assert_int_eq(redis_number(box.redis, "EXISTS " PORT_KEY), 0);
	json_t *entries = redis_stream(box.redis, "dpwatch:redundancy");
	redis_expect(json_array_get(entries, 0),
	    TEXTS("kind", "degraded", "port", ID, "paths_up", "1", "paths_stranded", "0",
		"paths_total", "2", "reason", "link-down", "switch", "leaf1", "interface",
		"Ethernet1/1", "received_at", T0));
	json_decref(entries);
	const struct dp_change down = toggle(true);
	add(&down);
	change.reason = REASON_ADMIN_DOWN;
	add(&change);
	SEND("1", "2", "ok", "2", "1");
	expect_field(PORT_KEY, "paths_up", "1");
	expect_field(PORT_KEY, "reason", "link-down");
	change.redundancy = REDUNDANCY_REFINED;
	add(&change);
	SEND("1", "3", "ok", "3");
	expect_field(PORT_KEY, "reason", "admin-down");
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:redundancy"), 3);
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

START_TEST(redundancy_moves_the_paths_of_a_port_that_was_only_reported)
{
	struct dp_change hash = other(CHANGE_PORT), change = other(CHANGE_REDUNDANCY);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	hash.dp_down = false;
	add(&hash);
	change.paths = (struct dp_paths){ 1, 0, 2 };
	add(&change);
	SEND("1", "1", "ok", "1");
	expect_field(PORT_KEY, "paths_up", "1");
}
END_TEST

START_TEST(a_port_that_left_the_map_stays_a_week_unless_it_comes_back)
{
	struct dp_change removed = toggle(false), down = toggle(true), hash = other(CHANGE_PORT);

	begin();
	ck_assert_int_eq(ttl_of(PORT_KEY), -1);
	removed.removed = true;
	removed.reason = REASON_REMOVED;
	add(&removed);
	SEND("1", "2", "ok", "2", "2");
	ck_assert_int_le(ttl_of(PORT_KEY), WEEK_S);
	ck_assert_int_gt(ttl_of(PORT_KEY), WEEK_S - 60);
	ck_assert_int_eq(redis_down(box.redis), 0);
	/* Also where the daemon had forgotten that it was ever there. */
	down.known_revision = _i == 0 ? 2 : 0;
	add(&down);
	SEND("1", "3", "ok", "3", "3");
	ck_assert_int_eq(ttl_of(PORT_KEY), -1);
	add(&removed);
	SEND("1", "4", "ok", "4", "4");
	ck_assert_int_gt(ttl_of(PORT_KEY), 0);
	add(&hash);
	SEND("1", "5", "ok", "5");
	ck_assert_int_eq(ttl_of(PORT_KEY), -1);
}
END_TEST

/* ---- size ---- */

static void
add_many(unsigned n)
{
	struct dp_change change = toggle(true);

	for (unsigned i = 0; i < n; i++) {
		change.port_id[14] = (uint8_t)(i >> 8);
		change.port_id[15] = (uint8_t)i;
		add(&change);
	}
}

START_TEST(a_batch_may_hold_512_records)
{
	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	add_many(512);
	redisReply *reply = send_raw("1", "1", 1000000);
	ck_assert_int_eq(reply->type, REDIS_REPLY_STRING);
	ck_assert_int_eq(strncmp(reply->str, "ok 1 1 1 ", 9), 0);
	ck_assert_uint_eq(reply->len, strlen("ok 1") + 512 * strlen(" 1"));
	freeReplyObject(reply);
	ck_assert_int_eq(redis_events(box.redis), 512);
	ck_assert_int_eq(redis_down(box.redis), 512);
}
END_TEST

/* MAXLEN ~ takes whole nodes of 100 entries (stream-node-max-entries) away. */
START_TEST(streams_are_trimmed_near_their_length)
{
	char batch[16];

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	for (unsigned i = 1; i <= 5; i++) {
		add_many(200);
		snprintf(batch, sizeof(batch), "%u", i);
		redisReply *reply = send_raw("1", batch, 150);
		ck_assert_int_eq(reply->type, REDIS_REPLY_STRING);
		freeReplyObject(reply);
		arg_buf_clear(&args);
		arg_buf_clear(&keys);
	}
	ck_assert_int_ge(redis_events(box.redis), 150);
	ck_assert_int_lt(redis_events(box.redis), 150 + 2 * 100);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis records");
	TCase *records = tcase_create("records");

	tcase_add_checked_fixture(records, set_up, tear_down);
	tcase_set_timeout(records, 60);
	tcase_add_test(records, two_toggles_of_a_port_in_one_batch_have_two_revisions);
	tcase_add_test(records, the_last_toggle_of_a_batch_says_who_is_down);
	tcase_add_loop_test(records, texts_of_any_length_arrive_as_they_are, 0, 7);
	tcase_add_test(records, interfaces_of_a_batch_keep_their_last_state_each_in_its_switch);
	tcase_add_test(records, what_a_batch_forgets_is_what_came_before_in_it);
	tcase_add_test(records, an_interface_goes_to_its_hash_and_a_transition_to_link_events_too);
	tcase_add_test(records, a_switch_that_is_new_in_the_map_loses_its_hash);
	tcase_add_test(records, a_hash_without_a_toggle_is_no_event);
	tcase_add_test(records, redundancy_is_told_and_moves_the_paths_of_a_hash_that_is_there);
	tcase_add_test(records, redundancy_moves_the_paths_of_a_port_that_was_only_reported);
	tcase_add_loop_test(
	    records, a_port_that_left_the_map_stays_a_week_unless_it_comes_back, 0, 2);
	tcase_add_test(records, a_batch_may_hold_512_records);
	tcase_add_test(records, streams_are_trimmed_near_their_length);
	suite_add_tcase(suite, records);
	return sandbox_main(suite);
}
