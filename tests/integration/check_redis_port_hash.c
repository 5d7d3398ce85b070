/*
 * A port's hash in a real Redis: what it says of reports, and its revision, whatever was there before.
 */
#include "lib/redis_batch.h"

/* ---- reports ---- */

static const char *const report_fields[] = { "reported", "reported_by", "reported_at",
	"reported_note", "reported_until" };

static void
expect_report(bool reported)
{
	static const char *const wanted[2][5] = { { "false", "", "", "", "" },
		{ "true", "joe", T0, "a note", T2 } };

	for (size_t i = 0; i < 5; i++)
		expect_field(PORT_KEY, report_fields[i], wanted[reported][i]);
}

/* The record before wrote all of the hash, and nobody reported the port: a toggle behind it says so. */
static bool written;

/* As batch `number`, the port's toggle or hash, with somebody's report or without. */
static void
write_report(unsigned number, bool is_toggle, bool reported, bool among_others)
{
	struct dp_change change = is_toggle ? toggle(number % 2) : other(CHANGE_PORT);
	char batch[16];

	snprintf(batch, sizeof(batch), "%u", number);
	if (reported)
		change.report = (struct dp_report){ true, "joe", "a note", NOON, NOON + 2 };
	change.written = written && !reported;
	written = !reported;
	add(&change);
	if (among_others)
		add_others();
	redisReply *reply = send_raw("1", batch, 1000000);
	ck_assert_int_eq(reply->type, REDIS_REPLY_STRING);
	freeReplyObject(reply);
	arg_buf_clear(&args);
	arg_buf_clear(&keys);
}

/* Toggles of a port that nobody reports leave those fields alone: they must be right already, whatever came before. */
START_TEST(what_a_hash_says_of_a_report_is_what_the_last_record_said)
{
	unsigned number = 1;

	begin();
	written = true;
	for (unsigned path = 0; path < 64; path++) {
		for (unsigned step = path, i = 0; i < 3; i++, step /= 4) {
			write_report(++number, step & 1, step & 2, _i == 1);
			expect_report(step & 2);
		}
	}
}
END_TEST

START_TEST(a_hash_without_the_fields_of_a_report_gets_them_with_a_toggle)
{
	begin();
	run("HDEL " PORT_KEY " reported reported_by reported_at reported_note reported_until");
	write_report(2, true, false, false);
	expect_report(false);
	run("DEL " PORT_KEY);
	write_report(3, true, false, false);
	expect_report(false);
	ck_assert_int_eq(redis_number(box.redis, "HLEN " PORT_KEY), 16);
}
END_TEST

/* Whatever the daemon knows of it. */
START_TEST(a_hash_that_redis_lost_is_whole_again_with_the_next_toggle)
{
	struct dp_change change = toggle(true);

	begin();
	run("DEL " PORT_KEY);
	change.known_revision = 1;
	change.written = true;
	add(&change);
	if (_i == 1)
		add_others();
	redisReply *reply = send_raw("1", "2", 1000000);
	ck_assert_int_eq(strncmp(reply->str, "ok 2 2", 6), 0);
	freeReplyObject(reply);
	ck_assert_int_eq(redis_number(box.redis, "HLEN " PORT_KEY), 16);
	expect_field(PORT_KEY, "revision", "2");
	expect_report(false);
}
END_TEST

/* ---- behind batches that are lost ---- */

/* What the port's verdict in Redis is, before a record that says that it is down. */
static const struct {
	enum dp_change_kind kind;
	const char *holds, *dp_down, *revision;
	int n_events;
} unsure[] = {
	{ CHANGE_TOGGLE, "true", "true", "8", 1 },
	{ CHANGE_TOGGLE, "false", "true", "8", 2 },
	{ CHANGE_TOGGLE, "", "true", "8", 2 },
	{ CHANGE_PORT, "true", "true", "7", 1 },
	{ CHANGE_PORT, "false", "false", "7", 1 },
	{ CHANGE_PORT, "", "false", "7", 1 },
};

/* As the journal takes it back (RECORD_UNSURE). */
static void
add_unsure(const struct dp_change *change)
{
	struct change_record record;
	struct arg_buf plain = { 0 };
	size_t at = 0;

	ck_assert_int_eq(change_encode(change, &plain, &keys), 0);
	ck_assert(change_next(&plain, &at, &record));
	record.values[RECORD_REMOVED] = SLICE(RECORD_UNSURE);
	ck_assert_int_eq(arg_buf_add(&args, (struct slice){ &record.letter, 1 }), 0);
	for (size_t i = 0; record.fields[i]; i++)
		ck_assert_int_eq(arg_buf_add(&args, record.values[i]), 0);
	arg_buf_release(&plain);
}

START_TEST(behind_lost_batches_a_toggle_to_what_redis_holds_is_none)
{
	struct dp_change change = toggle(true);
	const int n = _i / 2;

	begin();
	change.kind = unsure[n].kind;
	change.known_revision = 7;
	if (*unsure[n].holds)
		redis_do(box.redis, "HSET " PORT_KEY " dp_down %s", unsure[n].holds);
	else
		run("DEL " PORT_KEY);
	redis_do(box.redis, "HSET " PORT_KEY " reported true");
	add_unsure(&change);
	if (_i % 2)
		add_others();
	if (change.kind == CHANGE_TOGGLE)
		SEND("1", "2", "ok", "2", "8");
	else
		SEND("1", "2", "ok", "2");
	expect_field(PORT_KEY, "dp_down", unsure[n].dp_down);
	expect_field(PORT_KEY, "revision", unsure[n].revision);
	expect_field(PORT_KEY, "reported", "false");
	ck_assert_int_eq(redis_events(box.redis), unsure[n].n_events);
	ck_assert_int_eq(redis_down(box.redis), 1);
	ck_assert_int_eq(redis_number(box.redis, "HLEN " PORT_KEY), 16);
}
END_TEST

/* ---- revisions ---- */

/* One more than the greater of what Redis has and what the daemon knows; what is no number in Redis is none. */
static const struct {
	const char *stored;
	uint64_t known;
	const char *revision;
} revisions[] = {
	{ "1", 1, "2" },
	{ "1", 0, "2" },
	{ "100", 1, "101" },
	{ "3", 7, "8" },
	{ "", 7, "8" },
	{ "x", 7, "8" },
	{ "1.5", 7, "8" },
	{ "9223372036854775807", 7, "8" },
	{ "4294967296", 4294967295, "4294967297" },
};

START_TEST(a_toggle_goes_on_from_the_greater_revision)
{
	for (size_t i = 0; i < sizeof(revisions) / sizeof(revisions[0]); i++) {
		struct dp_change change = toggle(true);
		char batch[16];
		snprintf(batch, sizeof(batch), "%zu", i + 2);
		if (i == 0)
			begin();
		if (*revisions[i].stored)
			redis_do(box.redis, "HSET " PORT_KEY " revision %s", revisions[i].stored);
		else
			run("HDEL " PORT_KEY " revision");
		change.known_revision = revisions[i].known;
		change.written = _i == 1;
		add(&change);
		SEND("1", batch, "ok", batch, revisions[i].revision);
		expect_field(PORT_KEY, "revision", revisions[i].revision);
	}
}
END_TEST

/* What Redis has of an earlier toggle is over, and the record may know of none. */
START_TEST(a_hash_without_a_toggle_has_the_later_since)
{
	static const struct {
		const char *batch;
		int64_t since_us;
		const char *since;
	} steps[] = { { "2", NOON, T1 }, { "3", NOON + 2, T2 }, { "4", NOON + 1, T2 },
		{ "5", 0, T2 } };
	struct dp_change change = other(CHANGE_PORT);

	begin();
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		change.occurred_us = steps[i].since_us;
		add(&change);
		SEND("1", steps[i].batch, "ok", steps[i].batch);
		expect_field(PORT_KEY, "since", steps[i].since);
	}
	run("DEL " PORT_KEY);
	add(&change);
	SEND("1", "6", "ok", "6");
	expect_field(PORT_KEY, "since", "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis port hash");
	TCase *hashes = tcase_create("hashes");

	tcase_add_checked_fixture(hashes, set_up, tear_down);
	tcase_add_loop_test(
	    hashes, what_a_hash_says_of_a_report_is_what_the_last_record_said, 0, 2);
	tcase_add_test(hashes, a_hash_without_the_fields_of_a_report_gets_them_with_a_toggle);
	tcase_add_loop_test(
	    hashes, a_hash_that_redis_lost_is_whole_again_with_the_next_toggle, 0, 2);
	tcase_add_loop_test(hashes, behind_lost_batches_a_toggle_to_what_redis_holds_is_none, 0,
	    2 * (int)(sizeof(unsure) / sizeof(unsure[0])));
	tcase_add_test(hashes, a_hash_without_a_toggle_has_the_later_since);
	tcase_add_loop_test(hashes, a_toggle_goes_on_from_the_greater_revision, 0, 2);
	suite_add_tcase(suite, hashes);
	return sandbox_main(suite);
}
