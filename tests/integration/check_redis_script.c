/*
 * The script of a batch (core/change_script.c) on a real Redis: what each answer means, and that everything but "ok" leaves
 * nothing behind. That of a claim: check_redis_claim.
 */
#include "lib/redis_batch.h"

/* ---- the answers of a batch ---- */

START_TEST(a_toggle_has_exactly_the_fields_of_the_contract)
{
	struct dp_change change = toggle(true);

	change.report = (struct dp_report){ true, "joe", "a note", NOON, NOON + 2 };
	change.maintenance = true;
	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	add(&change);
	SEND("1", "1", "ok", "1", "1");
	expect_hash(
	    PORT_KEY, TEXTS("revision", "1", "dp_down", "true", "since", T1, "cause", "access",
			  "reason", "link-down", "switch", "leaf1", "interface", "Ethernet1/1",
			  "fault", FAULT, "paths_up", "0", "paths_stranded", "1", "paths_total",
			  "2", "reported", "true", "reported_by", "joe", "reported_at", T0,
			  "reported_note", "a note", "reported_until", T2));
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	ck_assert_uint_eq(json_array_size(events), 1);
	redis_expect(json_array_get(events, 0),
	    TEXTS("port", ID, "dp_down", "true", "revision", "1", "project_id", "blue", "name",
		"vm1-eth0", "cause", "access", "reason", "link-down", "switch", "leaf1",
		"interface", "Ethernet1/1", "fault", FAULT, "source", "trap", "occurred_at", T1,
		"received_at", T0, "paths_up", "0", "paths_stranded", "1", "paths_total", "2",
		"reported_by", "joe", "maintenance", "true"));
	json_decref(events);
	ck_assert(redis_is_down(box.redis, ID));
	ck_assert_int_eq(redis_down(box.redis), 1);
	expect_hash("dpwatch:publisher",
	    TEXTS("epoch", "1", "batch", "1", "instance", "host/1", "schema", "1", "writer",
		"host/0", "written", "1", "origin", "host/1", "moment", moment));
	ck_assert_int_eq(redis_number(box.redis, "DBSIZE"), 4);
}
END_TEST

/* 1: among others. */
START_TEST(a_toggle_back_leaves_the_set_of_those_that_are_down)
{
	const struct dp_change change = toggle(false);

	begin();
	add(&change);
	if (_i == 1)
		add_others();
	SEND("1", "2", "ok", "2", "2");
	ck_assert_int_eq(redis_down(box.redis), 0);
	expect_field(PORT_KEY, "dp_down", "false");
	expect_field(PORT_KEY, "reason", "");
	ck_assert_int_eq(redis_events(box.redis), 2);
}
END_TEST

/* ---- ids of stream entries ---- */

static void
expect_last_id(const char *key, const char *wanted)
{
	redisReply *reply = command("XREVRANGE %s + - COUNT 1", key);

	ck_assert_uint_eq(reply->elements, 1);
	ck_assert_str_eq(reply->element[0]->element[0]->str, wanted);
	freeReplyObject(reply);
}

START_TEST(a_batch_that_comes_again_has_the_ids_that_it_had)
{
	const struct dp_change up = toggle(false), down = toggle(true);

	begin();
	expect_last_id("dpwatch:events", "1700000000000-10006");
	run("COPY dpwatch:events kept");
	run("COPY dpwatch:publisher kept-publisher");
	run("COPY %s kept-port", PORT_KEY);
	for (int i = 0; i < 2; i++) {
		add(&up);
		add(&down);
		SEND("1", "2", "ok", "2", "2", "3");
		ck_assert_int_eq(redis_events(box.redis), 3);
		expect_last_id("dpwatch:events", "1700000000000-20007");
		/* Redis lost its tail. */
		run("COPY kept dpwatch:events REPLACE");
		run("COPY kept-publisher dpwatch:publisher REPLACE");
		run("COPY kept-port %s REPLACE", PORT_KEY);
	}
}
END_TEST

/* Of a batch that follows, `publisher` is told less. */
START_TEST(a_batch_that_follows_is_told_as_any_other)
{
	const struct dp_change change = toggle(false);

	begin();
	follows = true;
	moment = "1700000000001";
	add(&change);
	SEND("1", "2", "ok", "2", "2");
	expect_last_id("dpwatch:events", "1700000000001-20006");
	expect_hash("dpwatch:publisher",
	    TEXTS("epoch", "1", "batch", "2", "instance", "host/1", "schema", "1", "writer",
		"host/0", "written", "2", "origin", "host/1", "moment", moment));
}
END_TEST

/* Whoever says that it follows a batch that Redis does not hold is looked at closely. */
START_TEST(a_batch_that_follows_another_than_the_last_writes_all_of_its_line)
{
	const struct dp_change change = toggle(false);

	begin();
	CLAIM("host/1", "1", "1", "1", "ok", "2", "1", "host/1", "host/0", "1");
	ck_assert_str_eq(claimed_moment, moment);
	run("HSET dpwatch:publisher epoch 1");
	follows = true;
	line = "host/7";
	add(&change);
	SEND("2", "2", "ok", "2", "2");
	expect_field("dpwatch:publisher", "epoch", "2");
	expect_field("dpwatch:publisher", "writer", "host/7");
}
END_TEST

/* An earlier version's, whose ids were the moment when Redis applied it; or somebody's own entry. */
START_TEST(a_stream_that_is_further_already_gets_its_entries_behind_it)
{
	const struct dp_change change = toggle(true);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	run("XADD dpwatch:events 1800000000000-7 port x");
	add(&change);
	SEND("1", "1", "ok", "1", "1");
	ck_assert_int_eq(redis_events(box.redis), 2);
	expect_last_id("dpwatch:events", "1800000000000-8");
}
END_TEST

/* Every answer that is not ok, after one batch of epoch 1. */
static const struct {
	const char *epoch, *batch, *answer, *number;
} refusals[] = {
	{ "1", "1", "done", "1" },
	{ "1", "0", "done", "1" },
	{ "1", "3", "gap", "1" },
	{ "1", "999", "gap", "1" },
	{ "0", "2", "deposed", "1" },
	{ "0", "1", "deposed", "1" },
};

START_TEST(what_is_not_ok_changes_nothing)
{
	const struct dp_change change = toggle(false), event = other(CHANGE_INTERFACE);

	begin();
	add(&change);
	add(&event);
	remember();
	SEND(refusals[_i].epoch, refusals[_i].batch, refusals[_i].answer, refusals[_i].number);
	expect_nothing_changed();
}
END_TEST

START_TEST(without_a_publisher_everything_is_lost)
{
	const struct dp_change change = toggle(false);

	add(&change);
	remember();
	SEND("1", "1", "lost", "0");
	expect_nothing_changed();
	begin();
	run("FLUSHALL");
	add(&change);
	SEND("1", "2", "lost", "0");
	ck_assert_int_eq(redis_number(box.redis, "DBSIZE"), 0);
}
END_TEST

/* Its last second was not on disk, our claim with it. That is no other daemon. */
START_TEST(an_epoch_that_redis_lost_is_written_again)
{
	const struct dp_change change = toggle(false);

	begin();
	CLAIM("host/1", "1", "1", "1", "ok", "2", "1", "host/1", "host/0", "1");
	run("HSET dpwatch:publisher epoch 1");
	add(&change);
	SEND("2", "3", "gap", "1");
	add(&change);
	SEND("2", "2", "ok", "2", "2");
	expect_field("dpwatch:publisher", "epoch", "2");
	/* Whoever held epoch 1 is deposed now. */
	add(&change);
	SEND("1", "3", "deposed", "2");
}
END_TEST

/* After a FLUSHALL a deposed daemon that does not know it yet and the one that follows it may count to the same epoch. */
START_TEST(of_two_with_the_same_epoch_only_the_one_that_claimed_last_publishes)
{
	const struct dp_change change = toggle(true);

	CLAIM("host/1", "1", "7", "5", "ok", "6", "7", "host/1", "", "0");
	instance = "host/2";
	add(&change);
	remember();
	SEND("6", "8", "deposed", "6");
	expect_nothing_changed();
	instance = "host/1";
	add(&change);
	SEND("6", "8", "ok", "8", "1");
}
END_TEST

/* What a batch need not write again of `publisher`, it must have found there. */
START_TEST(a_line_that_changes_is_told_with_its_first_batch)
{
	const struct dp_change change = toggle(false);

	begin();
	line = "host/7";
	add(&change);
	SEND("1", "2", "ok", "2", "2");
	expect_hash("dpwatch:publisher",
	    TEXTS("epoch", "1", "batch", "2", "instance", "host/1", "schema", "1", "writer",
		"host/7", "written", "2", "origin", "host/1", "moment", moment));
	run("HDEL dpwatch:publisher writer instance");
	add(&change);
	SEND("1", "3", "ok", "3", "3");
	expect_field("dpwatch:publisher", "writer", "host/7");
	expect_field("dpwatch:publisher", "instance", "host/1");
}
END_TEST

/* A batch that tells nothing stands in the place of one that was lost from a journal. */
START_TEST(an_empty_batch_only_counts)
{
	begin();
	SEND("1", "2", "ok", "2");
	expect_field("dpwatch:publisher", "batch", "2");
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

START_TEST(an_unknown_script_is_said_so)
{
	const struct dp_change change = toggle(false);

	begin();
	run("SCRIPT FLUSH");
	add(&change);
	remember();
	redisReply *reply = send_raw("1", "2", 1000000);
	ck_assert_int_eq(reply->type, REDIS_REPLY_ERROR);
	ck_assert_int_eq(strncmp(reply->str, "NOSCRIPT", 8), 0);
	freeReplyObject(reply);
	expect_nothing_changed();
}
END_TEST

/* 1: among others; 2: a state and a hash that is forgotten, which frees memory; 3: with an entry for link-events first. */
START_TEST(without_memory_nothing_is_written)
{
	struct dp_change forget = other(CHANGE_FORGET), state = other(CHANGE_INTERFACE);
	const struct dp_change change = toggle(false);

	state.transition = _i == 3;
	forget.switch_name = "leaf2";
	begin();
	run("HSET dpwatch:interface:leaf2 Ethernet1/1 old");
	remember();
	run("CONFIG SET maxmemory 1");
	add(&state);
	add(_i == 2 ? &forget : &change);
	if (_i == 1)
		add_others();
	redisReply *reply = send_raw("1", "2", 1000000);
	ck_assert_int_eq(reply->type, REDIS_REPLY_ERROR);
	ck_assert_msg(strstr(reply->str, "OOM") != NULL, "%s", reply->str);
	freeReplyObject(reply);
	run("CONFIG SET maxmemory 0");
	expect_nothing_changed();
	if (_i == 2)
		SEND("1", "2", "ok", "2");
	else
		SEND("1", "2", "ok", "2", "2");
}
END_TEST

/* ---- keys of the wrong type ---- */

static const char *const shared_keys[] = { "down", "events", "link-events", "redundancy" };

START_TEST(a_shared_key_of_the_wrong_type_stops_the_batch)
{
	const struct dp_change change = toggle(true), event = other(CHANGE_INTERFACE);
	char answer[64];

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	run("SET dpwatch:%s x", shared_keys[_i]);
	snprintf(answer, sizeof(answer), "type dpwatch:%s", shared_keys[_i]);
	add(&change);
	add(&event);
	remember();
	SEND("1", "1", answer, "0");
	expect_nothing_changed();
	run("DEL dpwatch:%s", shared_keys[_i]);
	add(&change);
	SEND("1", "1", "ok", "1", "1");
}
END_TEST

/* It has nothing to tell of redundancy; of its own transition, where it is one. */
START_TEST(an_event_stops_at_a_key_of_the_wrong_type_that_it_writes)
{
	struct dp_change change = toggle(true), event = other(CHANGE_INTERFACE);
	const char *key = shared_keys[_i / 2];
	char answer[64];

	event.transition = _i % 2;
	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	run("SET dpwatch:%s x", key);
	add(&event);
	add(&change);
	if (strcmp(key, "redundancy") == 0 ||
	    (strcmp(key, "link-events") == 0 && !event.transition)) {
		SEND("1", "1", "ok", "1", "1");
		return;
	}
	snprintf(answer, sizeof(answer), "type dpwatch:%s", key);
	remember();
	SEND("1", "1", answer, "0");
	expect_nothing_changed();
	run("DEL dpwatch:%s", key);
	add(&event);
	add(&change);
	SEND("1", "1", "ok", "1", "1");
}
END_TEST

START_TEST(a_port_whose_key_is_of_the_wrong_type_is_left_out_and_named)
{
	struct dp_change change = toggle(true), hash = other(CHANGE_PORT),
			 redundancy = other(CHANGE_REDUNDANCY);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	run("SET " PORT_KEY " mine");
	add(&change);
	add(&hash);
	add(&redundancy);
	change.port_id[15] = 1;
	add(&change);
	SEND("1", "1", "ok", "1", "0", "1", ID);
	ck_assert_int_eq(redis_number(box.redis, "STRLEN " PORT_KEY), 4);
	ck_assert(!redis_is_down(box.redis, ID));
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert_int_eq(redis_events(box.redis), 1);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:redundancy"), 1);
}
END_TEST

START_TEST(a_port_of_the_wrong_type_is_left_out_of_a_batch_of_its_own)
{
	const struct dp_change change = toggle(true), event = other(CHANGE_INTERFACE);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	run("SET " PORT_KEY " mine");
	add(&event);
	add(&change);
	SEND("1", "1", "ok", "1", "0");
	ck_assert_int_eq(redis_number(box.redis, "STRLEN " PORT_KEY), 4);
	ck_assert_int_eq(redis_number(box.redis, "EXISTS dpwatch:down dpwatch:events"), 0);
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:interface:leaf1"), 1);
}
END_TEST

START_TEST(an_interface_hash_of_the_wrong_type_is_left_and_the_event_told)
{
	struct dp_change event = other(CHANGE_INTERFACE), forget = other(CHANGE_FORGET);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	run("SET dpwatch:interface:leaf1 mine");
	event.transition = true;
	add(&event);
	add(&forget);
	if (_i == 1)
		add_others();
	SEND("1", "1", "ok", "1");
	ck_assert_int_eq(redis_number(box.redis, "STRLEN dpwatch:interface:leaf1"), 4);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 1);
}
END_TEST

/* ---- revisions ---- */

static const struct {
	const char *stored;
	uint64_t known;
	const char *revision;
} revisions[] = {
	{ NULL, 0, "1" },
	{ NULL, 9, "10" },
	{ "5", 9, "10" },
	{ "12", 3, "13" },
	{ "7", 7, "8" },
	{ "5000000000", 0, "5000000001" },
	{ "nonsense", 4, "5" },
};

START_TEST(the_revision_is_one_more_than_what_either_side_knows)
{
	struct dp_change change = toggle(true);

	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	if (revisions[_i].stored)
		run("HSET " PORT_KEY " revision %s", revisions[_i].stored);
	change.known_revision = revisions[_i].known;
	add(&change);
	SEND("1", "1", "ok", "1", revisions[_i].revision);
	expect_field(PORT_KEY, "revision", revisions[_i].revision);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis script");
	TCase *answers = tcase_create("answers");

	tcase_add_checked_fixture(answers, set_up, tear_down);
	tcase_set_timeout(answers, 60);
	tcase_add_test(answers, a_toggle_has_exactly_the_fields_of_the_contract);
	tcase_add_loop_test(answers, a_toggle_back_leaves_the_set_of_those_that_are_down, 0, 2);
	tcase_add_test(answers, a_batch_that_comes_again_has_the_ids_that_it_had);
	tcase_add_test(answers, a_batch_that_follows_is_told_as_any_other);
	tcase_add_test(answers, a_batch_that_follows_another_than_the_last_writes_all_of_its_line);
	tcase_add_test(answers, a_stream_that_is_further_already_gets_its_entries_behind_it);
	tcase_add_loop_test(
	    answers, what_is_not_ok_changes_nothing, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(answers, without_a_publisher_everything_is_lost);
	tcase_add_test(answers, an_epoch_that_redis_lost_is_written_again);
	tcase_add_test(
	    answers, of_two_with_the_same_epoch_only_the_one_that_claimed_last_publishes);
	tcase_add_test(answers, a_line_that_changes_is_told_with_its_first_batch);
	tcase_add_test(answers, an_empty_batch_only_counts);
	tcase_add_test(answers, an_unknown_script_is_said_so);
	tcase_add_loop_test(answers, without_memory_nothing_is_written, 0, 4);
	tcase_add_loop_test(answers, a_shared_key_of_the_wrong_type_stops_the_batch, 0,
	    sizeof(shared_keys) / sizeof(shared_keys[0]));
	tcase_add_loop_test(answers, an_event_stops_at_a_key_of_the_wrong_type_that_it_writes, 0,
	    2 * sizeof(shared_keys) / sizeof(shared_keys[0]));
	tcase_add_test(answers, a_port_whose_key_is_of_the_wrong_type_is_left_out_and_named);
	tcase_add_test(answers, a_port_of_the_wrong_type_is_left_out_of_a_batch_of_its_own);
	tcase_add_loop_test(
	    answers, an_interface_hash_of_the_wrong_type_is_left_and_the_event_told, 0, 2);
	tcase_add_loop_test(answers, the_revision_is_one_more_than_what_either_side_knows, 0,
	    sizeof(revisions) / sizeof(revisions[0]));
	suite_add_tcase(suite, answers);
	return sandbox_main(suite);
}
