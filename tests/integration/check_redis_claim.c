/*
 * The script of a claim (core/change_script.c) on a real Redis: what each answer means, and that everything but "ok" leaves
 * nothing behind. That of a batch: check_redis_script.
 */
#include "lib/redis_batch.h"

START_TEST(a_claim_counts_epochs_and_tells_the_last_batch)
{
	CLAIM("host/1", "1", "0", "0", "ok", "1", "0", "host/1", "", "0");
	expect_hash(
	    "dpwatch:publisher", TEXTS("epoch", "1", "batch", "0", "instance", "host/1", "schema",
				     "1", "writer", "", "written", "0", "origin", "host/1"));
	CLAIM("host/2", "1", "0", "0", "ok", "2", "0", "host/1", "", "0");
	expect_field("dpwatch:publisher", "instance", "host/2");
	/* What the caller knows counts where Redis knows less: it lost its tail, or everything. */
	CLAIM("host/2", "1", "41", "7", "ok", "8", "41", "host/1", "", "0");
	CLAIM("host/2", "1", "3", "2", "ok", "9", "41", "host/1", "", "0");
	run("DEL dpwatch:publisher");
	CLAIM("host/2", "1", "41", "9", "ok", "10", "41", "host/2", "", "0");
}
END_TEST

START_TEST(a_claim_finds_who_wrote_and_how_far_however_often_it_comes)
{
	const struct dp_change change = toggle(true);

	begin();
	for (int i = 0; i < 3; i++)
		CLAIM("host/2", "1", "41", "0", "ok",
		    i == 0   ? "2"
		    : i == 1 ? "3"
			     : "4",
		    "41", "host/1", "host/0", "1");
	/* The next batch counts on from what the claim knew. */
	instance = "host/2";
	line = "host/2";
	add(&change);
	SEND("4", "42", "ok", "42", "2");
	CLAIM("host/3", "1", "0", "0", "ok", "5", "42", "host/1", "host/2", "42");
}
END_TEST

START_TEST(where_no_writer_is_told_the_instance_was_the_writer)
{
	run("HSET dpwatch:publisher epoch 3 batch 7 instance host/9 schema 1 previous host/8");
	CLAIM("host/1", "1", "0", "0", "ok", "4", "7", "host/1", "host/9", "7");
	CLAIM("host/1", "1", "0", "0", "ok", "5", "7", "host/1", "host/9", "7");
}
END_TEST

START_TEST(a_claim_counts_beyond_32_bits)
{
	run("HSET dpwatch:publisher epoch 5000000000 batch 123456789012345 schema 1");
	CLAIM("host/1", "1", "0", "0", "ok", "5000000001", "123456789012345", "host/1", "",
	    "123456789012345");
	expect_field("dpwatch:publisher", "batch", "123456789012345");
}
END_TEST

START_TEST(a_newer_contract_is_left_alone)
{
	run("HSET dpwatch:publisher epoch 3 batch 5 schema 2");
	remember();
	CLAIM("host/1", "1", "0", "0", "schema", "2");
	const struct dp_change change = toggle(true);
	add(&change);
	SEND("3", "6", "schema", "2");
	expect_nothing_changed();
}
END_TEST

START_TEST(a_publisher_key_of_another_type_is_left_alone)
{
	run("SET dpwatch:publisher x");
	remember();
	CLAIM("host/1", "1", "0", "0", "type", "dpwatch:publisher");
	const struct dp_change change = toggle(true);
	add(&change);
	SEND("1", "1", "type dpwatch:publisher", "0");
	expect_nothing_changed();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis claim");
	TCase *tcase = tcase_create("claim");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_claim_counts_epochs_and_tells_the_last_batch);
	tcase_add_test(tcase, a_claim_finds_who_wrote_and_how_far_however_often_it_comes);
	tcase_add_test(tcase, where_no_writer_is_told_the_instance_was_the_writer);
	tcase_add_test(tcase, a_claim_counts_beyond_32_bits);
	tcase_add_test(tcase, a_newer_contract_is_left_alone);
	tcase_add_test(tcase, a_publisher_key_of_another_type_is_left_alone);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
