/*
 * `dpwatch journal show`: what a journal holds, without a daemon.
 */
#include <stdio.h>
#include <string.h>

#include "core/change_codec.h"
#include "core/journal_codec.h"
#include "lib/changes.h"
#include "lib/cli_box.h"
#include "lib/redis_client.h"

static const uint8_t vm1[16] = { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x41, 0x11, 0x81, 0x11, 0x11,
	0x11, 0x11, 0x11, 0x11, 0x11 };

static void
set_up(void)
{
	sandbox_init(&box);
}

/* Two batches and the first bytes of a third. Returns where that begins. */
static size_t
write_journal(const char *path)
{
	struct dp_change toggle = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");
	struct arg_buf records = { 0 }, keys = { 0 };
	struct journal_buf file = { 0 };
	size_t good = 0;

	memcpy(toggle.port_id, vm1, sizeof(vm1));
	toggle.dp_down = true;
	toggle.cause = CAUSE_ACCESS;
	toggle.reason = REASON_LINK_DOWN;
	ck_assert_int_eq(change_encode(&toggle, &records, &keys), 0);
	ck_assert_int_eq(journal_put_owner(&file, SLICE("host/17/5ca1ab1e")), 0);
	for (uint64_t number = 41; number <= 43; number++) {
		good = file.len;
		ck_assert_int_eq(journal_put_batch(&file, number, 0, &keys, &records), 0);
	}
	FILE *out_file = fopen(path, "we");
	ck_assert_ptr_nonnull(out_file);
	ck_assert_uint_eq(fwrite(file.data, 1, good + 30, out_file), good + 30);
	fclose(out_file);
	journal_buf_release(&file);
	arg_buf_release(&records);
	arg_buf_release(&keys);
	return good;
}

START_TEST(a_journal_is_shown_and_a_torn_tail_is_named_with_its_offset)
{
	char path[SANDBOX_PATH + 16], torn[64];

	snprintf(path, sizeof(path), "%s/some-journal", box.dir);
	snprintf(torn, sizeof(torn), "30 bytes at offset %zu", write_journal(path));
	ck_assert_int_eq(run(ARGV("journal", "show", path)), 1);
	expect_in("toggle  " VM1 "  down  link-down  leaf1:Ethernet1/1");
	expect_in("Batches 41 to 42: 2 records, 2 of them toggles.");
	expect_in(torn);
	ck_assert_int_eq(run(ARGV("-o", "json", "journal", "show", path)), 1);
	json_t *json = json_loads(out, 0, NULL);
	const json_t *frames = json_object_get(json, "frames");
	ck_assert_uint_eq(json_array_size(frames), 3);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(frames, 0), "owner")),
	    "host/17/5ca1ab1e");
	const json_t *second = json_array_get(frames, 2);
	ck_assert_int_eq(json_integer_value(json_object_get(second, "batch")), 42);
	const json_t *record = json_array_get(json_object_get(second, "records"), 0);
	ck_assert_str_eq(redis_text(record, "port"), VM1);
	ck_assert_str_eq(redis_text(record, "dp_down"), "true");
	ck_assert_str_eq(redis_text(record, "removed"), "false");
	const json_t *bad = json_array_get(json_object_get(json, "corrupt"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(bad, "bytes")), 30);
	ck_assert(json_is_true(json_object_get(bad, "torn_tail")));
	json_decref(json);
}
END_TEST

START_TEST(an_empty_journal_holds_nothing_and_none_is_refused)
{
	char path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/some-journal", box.dir);
	sandbox_write(path, "");
	ck_assert_int_eq(run(ARGV("journal", "show", path)), 0);
	expect_in("Nothing waits in this journal.");
	ck_assert_int_eq(run(ARGV("journal", "show", "/no/such/file")), 1);
	expect_in("/no/such/file: No such file or directory");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal show");
	TCase *tcase = tcase_create("journal show");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_test(tcase, a_journal_is_shown_and_a_torn_tail_is_named_with_its_offset);
	tcase_add_test(tcase, an_empty_journal_holds_nothing_and_none_is_refused);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
