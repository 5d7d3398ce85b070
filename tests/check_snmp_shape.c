/* snmp_shape and usm_header: a message is one from its first octet to its last, or it is none. */
#include <check.h>
#include <string.h>

#include "core/ber.h"
#include "core/snmp_shape.h"
#include "core/usm_header.h"
#include "lib/guard.h"
#include "lib/mutate.h"
#include "lib/run_suite.h"
#include "lib/snmp_samples.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct slice samples[] = SNMP_SAMPLES;

START_TEST(a_real_message_fits)
{
	struct guard guard = { 0 };
	const char *bytes = guard_put(&guard, samples[_i].data, samples[_i].len);

	ck_assert(snmp_shape_fits((struct slice){ bytes, samples[_i].len }));
	guard_release(&guard);
}
END_TEST

START_TEST(a_message_cut_anywhere_does_not_fit)
{
	for (size_t len = 0; len < samples[_i].len; len++) {
		struct guard guard = { 0 };
		const char *bytes = guard_put(&guard, samples[_i].data, len);
		struct usm_header header;
		ck_assert(!snmp_shape_fits((struct slice){ bytes, len }));
		ck_assert(!usm_header_read((struct slice){ bytes, len }, &header));
		guard_release(&guard);
	}
}
END_TEST

START_TEST(a_message_with_one_octet_more_does_not_fit)
{
	char bytes[512];

	memcpy(bytes, samples[_i].data, samples[_i].len);
	bytes[samples[_i].len] = 0;
	ck_assert(!snmp_shape_fits((struct slice){ bytes, samples[_i].len + 1 }));
}
END_TEST

START_TEST(a_message_with_one_wrong_length_does_not_fit)
{
	size_t n = mutate_count(samples[_i]);

	ck_assert_uint_gt(n, 50);
	for (size_t i = 0; i < n; i++) {
		char bytes[1024];
		struct slice mutant = mutate(samples[_i], i, bytes, sizeof(bytes));
		struct guard guard = { 0 };
		const char *put = guard_put(&guard, mutant.data, mutant.len);
		ck_assert_msg(!snmp_shape_fits((struct slice){ put, mutant.len }),
		    "mutation %zu of sample %d: %s", i, _i, mutate_text(samples[_i], i));
		guard_release(&guard);
	}
}
END_TEST

START_TEST(a_length_may_be_written_longer_than_it_must_be)
{
	/* SAMPLE_V1 with the lengths of message and PDU in three octets each. */
	char bytes[512];
	struct slice v1 = SAMPLE_V1;
	size_t n = 0, pdu = 2 + 3 + 8;

	memcpy(bytes, "\x30\x82\x00\x3e", 4);
	n = 4;
	memcpy(bytes + n, v1.data + 2, pdu - 2);
	n += pdu - 2;
	memcpy(bytes + n, "\xa4\x82\x00\x2d", 4);
	n += 4;
	memcpy(bytes + n, v1.data + pdu + 2, v1.len - pdu - 2);
	n += v1.len - pdu - 2;
	ck_assert_uint_eq(n, v1.len + 4);
	bytes[3] = (char)(n - 4);
	ck_assert(snmp_shape_fits((struct slice){ bytes, n }));
}
END_TEST

START_TEST(a_header_tells_engine_user_and_times)
{
	struct usm_header header;
	struct slice sample = SAMPLE_V3_PRIV;

	ck_assert(usm_header_read(sample, &header));
	ck_assert_int_eq(header.msg_id, 0x50e53507);
	ck_assert_int_eq(header.security_model, USM_MODEL);
	ck_assert_uint_eq(header.flags, USM_FLAG_AUTH | USM_FLAG_PRIV);
	ck_assert(slice_eq(header.engine_id, SLICE("\x80\x00\x1f\x88\x04\xc0\xff\xee\x01")));
	ck_assert_uint_eq(header.boots, 1);
	ck_assert_uint_eq(header.time, 100);
	ck_assert(slice_eq_str(header.user, "monitor"));
	ck_assert_uint_eq(header.auth.len, 12);
	ck_assert_uint_eq(header.priv.len, 8);
	ck_assert(header.auth.data > sample.data && header.auth.data < sample.data + sample.len);
	ck_assert(usm_header_read(SAMPLE_V3_DISCOVERY, &header));
	ck_assert_uint_eq(header.flags, USM_FLAG_REPORTABLE);
	ck_assert_uint_eq(header.engine_id.len, 0);
}
END_TEST

/* An octet of SAMPLE_V3_AUTH that makes its header none. */
static const struct {
	const char *what;
	size_t at;
	unsigned char octet;
} bad_octets[] = {
	{ "version 1", 5, 1 },
	{ "a negative msgID", 10, 0x80 },
	{ "privacy without authentication", 21, 0x02 },
	{ "negative boots", 42, 0xff },
	{ "negative time", 45, 0xff },
};

START_TEST(a_header_with_a_number_out_of_range_is_none)
{
	char bytes[512];
	struct usm_header header = { .msg_id = 77 };
	struct slice sample = SAMPLE_V3_AUTH;

	memcpy(bytes, sample.data, sample.len);
	ck_assert(usm_header_read((struct slice){ bytes, sample.len }, &header));
	bytes[bad_octets[_i].at] = (char)bad_octets[_i].octet;
	header.msg_id = 77;
	ck_assert_msg(!usm_header_read((struct slice){ bytes, sample.len }, &header), "%s",
	    bad_octets[_i].what);
	ck_assert_int_eq(header.msg_id, 77);
}
END_TEST

START_TEST(other_versions_have_no_header)
{
	struct usm_header header;

	ck_assert(!usm_header_read(SAMPLE_V1, &header));
	ck_assert(!usm_header_read(SAMPLE_V2C, &header));
}
END_TEST

static const struct {
	struct slice content;
	bool right;
	int64_t value;
} integers[] = {
	{ SLICE("\x00"), true, 0 },
	{ SLICE("\x7f"), true, 127 },
	{ SLICE("\x80"), true, -128 },
	{ SLICE("\xff\xff\xff\xff"), true, -1 },
	{ SLICE("\x00\xff\xff\xff\xff"), true, 4294967295 },
	{ SLICE("\x00\x00\xff\xff\xff\xff"), false, 0 },
	{ { "", 0 }, false, 0 },
};

START_TEST(an_integer_has_one_to_five_octets)
{
	int64_t value = 77;

	ck_assert(ber_integer(integers[_i].content, &value) == integers[_i].right);
	ck_assert_int_eq(value, integers[_i].right ? integers[_i].value : 77);
}
END_TEST

static const struct {
	struct slice bytes;
	enum frame_result frame;
	size_t len;
} frames[] = {
	{ { "", 0 }, FRAME_MORE, 0 },
	{ SLICE("\x30"), FRAME_MORE, 0 },
	{ SLICE("\x30\x02\x05"), FRAME_MORE, 0 },
	{ SLICE("\x30\x02\x05\x00"), FRAME_MESSAGE, 4 },
	{ SLICE("\x30\x02\x05\x00\x30"), FRAME_MESSAGE, 4 },
	{ SLICE("\x30\x00"), FRAME_MESSAGE, 2 },
	{ SLICE("\x30\x81"), FRAME_MORE, 0 },
	{ SLICE("\x30\x84\x00\x00\x00"), FRAME_MORE, 0 },
	{ SLICE("\x30\x84\x00\x00\x00\x01\x00"), FRAME_MESSAGE, 7 },
	{ SLICE("\x30\x08\x00"), FRAME_MORE, 0 },
	{ SLICE("\x30\x09\x00"), FRAME_ERROR, 0 }, /* 11 octets are more than 10 */
	{ SLICE("\x30\x84\xff\xff\xff\xff"), FRAME_ERROR, 0 },
	{ SLICE("\x30\x80"), FRAME_ERROR, 0 },
	{ SLICE("\x30\x85"), FRAME_ERROR, 0 },
	{ SLICE("\x31\x00"), FRAME_ERROR, 0 },
	{ SLICE("G"), FRAME_ERROR, 0 },
};

START_TEST(a_stream_is_cut_where_its_elements_end)
{
	struct guard guard = { 0 };
	const char *bytes = guard_put(&guard, frames[_i].bytes.data, frames[_i].bytes.len);
	size_t len = 77;

	ck_assert_int_eq(
	    ber_frame((struct slice){ bytes, frames[_i].bytes.len }, BER_SEQUENCE, 10, &len),
	    frames[_i].frame);
	ck_assert_uint_eq(len, frames[_i].frame == FRAME_MESSAGE ? frames[_i].len : 77);
	guard_release(&guard);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("snmp_shape");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, a_real_message_fits, 0, N(samples));
	tcase_add_loop_test(tcase, a_message_cut_anywhere_does_not_fit, 0, N(samples));
	tcase_add_loop_test(tcase, a_message_with_one_octet_more_does_not_fit, 0, N(samples));
	tcase_add_loop_test(tcase, a_message_with_one_wrong_length_does_not_fit, 0, N(samples));
	tcase_add_test(tcase, a_length_may_be_written_longer_than_it_must_be);
	tcase_add_test(tcase, a_header_tells_engine_user_and_times);
	tcase_add_loop_test(tcase, a_header_with_a_number_out_of_range_is_none, 0, N(bad_octets));
	tcase_add_test(tcase, other_versions_have_no_header);
	tcase_add_loop_test(tcase, an_integer_has_one_to_five_octets, 0, N(integers));
	tcase_add_loop_test(tcase, a_stream_is_cut_where_its_elements_end, 0, N(frames));
	return run_case("snmp_shape", tcase);
}
