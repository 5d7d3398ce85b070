/* journal_codec: what was written is read again; what was not written to its end, or changed, is named and left out. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/journal_codec.h"
#include "lib/changes.h"
#include "lib/run_suite.h"

#define MOMENT_MS INT64_C(1714564800123)

static struct journal_buf file;
static struct arg_buf records, keys;

static void
set_up(void)
{
	struct dp_change toggle = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");
	const struct dp_change forget = { .kind = CHANGE_FORGET, .switch_name = "leaf1" };

	toggle.port_id[0] = 0x11;
	toggle.port_name = "vm1-eth0";
	toggle.project_id = "blue";
	file = (struct journal_buf){ 0 };
	records = keys = (struct arg_buf){ 0 };
	ck_assert_int_eq(change_encode(&toggle, &records, &keys), 0);
	ck_assert_int_eq(change_encode(&forget, &records, &keys), 0);
}

static void
tear_down(void)
{
	journal_buf_release(&file);
	arg_buf_release(&records);
	arg_buf_release(&keys);
}

static void
put_batches(uint64_t from, uint64_t to)
{
	for (uint64_t number = from; number <= to; number++)
		ck_assert_int_eq(journal_put_batch(&file, number, MOMENT_MS, &keys, &records), 0);
}

/* How much is good, what is not, and the numbers of the batches. */
struct reading {
	size_t n_owners, n_batches, n_bad;
	uint64_t numbers[64], bad_offset, bad_len, good_end;
	const char *why;
};

static struct reading
read_all(const char *bytes, size_t len)
{
	struct reading reading = { 0 };
	struct journal_frame frame;
	uint64_t offset = 0;

	for (;;) {
		switch (journal_next((struct slice){ bytes, len }, &offset, &frame, &reading.why)) {
		case JOURNAL_END:
			ck_assert_uint_eq(offset, len);
			return reading;
		case JOURNAL_BAD:
			reading.n_bad++;
			reading.bad_offset = frame.offset;
			reading.bad_len = frame.len;
			break;
		case JOURNAL_FRAME:
			reading.good_end = offset;
			if (frame.kind == JOURNAL_OWNER)
				reading.n_owners++;
			else
				reading.numbers[reading.n_batches++] = frame.number;
			break;
		}
	}
}

START_TEST(what_was_written_is_read_again)
{
	struct journal_frame frame;
	const char *why;
	uint64_t offset = 0;

	ck_assert_int_eq(journal_put_owner(&file, SLICE("host/17/5ca1ab1e")), 0);
	ck_assert_int_eq(journal_put_claim(&file, UINT64_C(12345678900), SLICE("host/1")), 0);
	put_batches(UINT64_C(12345678901), UINT64_C(12345678901));
	const struct slice bytes = { file.data, file.len };
	ck_assert_int_eq(journal_next(bytes, &offset, &frame, &why), JOURNAL_FRAME);
	ck_assert_int_eq(frame.kind, JOURNAL_OWNER);
	ck_assert(slice_eq_str(frame.owner, "host/17/5ca1ab1e"));
	ck_assert_uint_eq(frame.offset, 0);
	ck_assert_uint_eq(frame.len, JOURNAL_HEAD + 16);
	ck_assert_int_eq(journal_next(bytes, &offset, &frame, &why), JOURNAL_FRAME);
	ck_assert_int_eq(frame.kind, JOURNAL_CLAIM);
	ck_assert(slice_eq_str(frame.owner, "host/1"));
	ck_assert_uint_eq(frame.written, UINT64_C(12345678900));
	ck_assert_uint_eq(frame.len, JOURNAL_HEAD + 8 + 6);
	ck_assert_int_eq(journal_next(bytes, &offset, &frame, &why), JOURNAL_FRAME);
	ck_assert_int_eq(frame.kind, JOURNAL_BATCH);
	ck_assert_uint_eq(frame.offset, JOURNAL_HEAD + 16 + JOURNAL_HEAD + 14);
	ck_assert_uint_eq(frame.number, UINT64_C(12345678901));
	ck_assert_int_eq(frame.moment_ms, MOMENT_MS);
	ck_assert_uint_eq(frame.n_records, 2);
	ck_assert_uint_eq(frame.n_toggles, 1);
	ck_assert_uint_eq(frame.records.n_args, records.n_args);
	ck_assert_uint_eq(frame.records.len, records.len);
	ck_assert_mem_eq(frame.records.data, records.data, records.len);
	ck_assert_uint_eq(frame.keys.len, keys.len);
	ck_assert_mem_eq(frame.keys.data, keys.data, keys.len);
	ck_assert_int_eq(journal_next(bytes, &offset, &frame, &why), JOURNAL_END);
	ck_assert_uint_eq(offset, file.len);
}
END_TEST

START_TEST(an_empty_file_and_an_empty_batch_are_good)
{
	const struct arg_buf none = { 0 };

	ck_assert_uint_eq(read_all(NULL, 0).n_bad, 0);
	ck_assert_int_eq(journal_put_batch(&file, 7, MOMENT_MS, &none, &none), 0);
	struct reading reading = read_all(file.data, file.len);
	ck_assert_uint_eq(reading.n_batches, 1);
	ck_assert_uint_eq(reading.n_bad, 0);
}
END_TEST

/* A write that was cut anywhere: what was whole before it counts, and the rest is one torn tail that begins behind it. */
START_TEST(cut_at_any_byte_all_whole_frames_before_it_are_read)
{
	size_t ends[5];

	ck_assert_int_eq(journal_put_owner(&file, SLICE("host/17")), 0);
	ends[0] = file.len;
	for (uint64_t number = 1; number <= 4; number++) {
		put_batches(number, number);
		ends[number] = file.len;
	}
	for (size_t len = 0; len <= file.len; len++) {
		char *copy = malloc(len + 1);
		size_t whole = 0;
		memcpy(copy, file.data, len);
		while (whole < 5 && ends[whole] <= len)
			whole++;
		struct reading reading = read_all(copy, len);
		const size_t end = whole == 0 ? 0 : ends[whole - 1];
		ck_assert_uint_eq(reading.n_owners + reading.n_batches, whole);
		ck_assert_uint_eq(reading.good_end, end);
		ck_assert_uint_eq(reading.n_bad, end < len);
		if (end < len) {
			ck_assert_uint_eq(reading.bad_offset, end);
			ck_assert_uint_eq(reading.bad_offset + reading.bad_len, len);
		}
		free(copy);
	}
}
END_TEST

START_TEST(a_changed_byte_costs_its_frame_and_no_other)
{
	put_batches(1, 3);
	const size_t len = file.len / 3;
	for (size_t at = 0; at < file.len; at++) {
		file.data[at] ^= 0x41;
		struct reading reading = read_all(file.data, file.len);
		ck_assert_uint_eq(reading.n_batches, 2);
		ck_assert_uint_eq(reading.n_bad, 1);
		ck_assert_uint_eq(reading.bad_offset, at / len * len);
		ck_assert_uint_eq(reading.bad_len, len);
		ck_assert_uint_eq(reading.numbers[0], at / len == 0 ? 2 : 1);
		file.data[at] ^= 0x41;
	}
	ck_assert_uint_eq(read_all(file.data, file.len).n_batches, 3);
}
END_TEST

/* What a file system leaves where a length was written and the bytes were not. */
START_TEST(zeros_are_no_frame)
{
	char zeros[5000] = { 0 };

	put_batches(1, 1);
	const size_t len = file.len;
	ck_assert_int_eq(journal_put_owner(&file, SLICE("x")), 0);
	memset(file.data + len, 0, file.len - len);
	struct reading reading = read_all(file.data, file.len);
	ck_assert_uint_eq(reading.n_batches, 1);
	ck_assert_uint_eq(reading.bad_offset, len);
	ck_assert_str_eq(reading.why, "no frame begins here");
	ck_assert_uint_eq(read_all(zeros, sizeof(zeros)).bad_len, sizeof(zeros));
}
END_TEST

START_TEST(what_is_too_large_is_not_written)
{
	char owner[JOURNAL_OWNER_MAX + 1] = { 0 };
	struct arg_buf huge = { .data = owner, .len = JOURNAL_PAYLOAD_MAX, .n_args = 1 };

	put_batches(1, 1);
	const size_t len = file.len;
	ck_assert_int_eq(
	    journal_put_owner(&file, (struct slice){ owner, sizeof(owner) }), -EMSGSIZE);
	ck_assert_int_eq(journal_put_batch(&file, 2, MOMENT_MS, &keys, &huge), -EMSGSIZE);
	ck_assert_uint_eq(file.len, len);
}
END_TEST

/* A good checksum over what dpwatch does not write: a number of 0, too few keys, arguments that do not add up. */
START_TEST(what_dpwatch_does_not_write_is_refused)
{
	struct arg_buf odd = keys;

	ck_assert_int_eq(journal_put_batch(&file, 0, MOMENT_MS, &keys, &records), 0);
	odd.n_args = 1;
	ck_assert_int_eq(journal_put_batch(&file, 1, MOMENT_MS, &odd, &records), 0);
	odd = records;
	odd.n_args++;
	ck_assert_int_eq(journal_put_batch(&file, 1, MOMENT_MS, &keys, &odd), 0);
	odd = records;
	odd.len -= 3;
	ck_assert_int_eq(journal_put_batch(&file, 1, MOMENT_MS, &keys, &odd), 0);
	ck_assert_int_eq(journal_put_batch(&file, 1, MOMENT_MS, &keys, &keys), 0);
	struct reading reading = read_all(file.data, file.len);
	ck_assert_uint_eq(reading.n_batches, 0);
	ck_assert_uint_eq(reading.n_bad, 5);
	ck_assert_str_eq(
	    reading.why, "the frame holds what this version of dpwatch does not write");
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("frames");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, what_was_written_is_read_again);
	tcase_add_test(tcase, an_empty_file_and_an_empty_batch_are_good);
	tcase_add_test(tcase, cut_at_any_byte_all_whole_frames_before_it_are_read);
	tcase_add_test(tcase, a_changed_byte_costs_its_frame_and_no_other);
	tcase_add_test(tcase, zeros_are_no_frame);
	tcase_add_test(tcase, what_is_too_large_is_not_written);
	tcase_add_test(tcase, what_dpwatch_does_not_write_is_refused);
	return run_case("journal codec", tcase);
}
