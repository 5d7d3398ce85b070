#include <check.h>
#include <string.h>

#include "core/syslog_frame.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define MAX_MESSAGE 40

/*
 * Feeds a stream in pieces of `piece` bytes, as a connection would, and writes each message and a '|'
 * to out; "ERROR" at an error. Returns how many bytes were kept at the end.
 */
static size_t
feed(struct slice stream, size_t piece, char *out, size_t size)
{
	struct stream_frame frame;
	char kept[MAX_MESSAGE + 24 + 64];
	size_t n = 0, len = 0;

	frame = (struct stream_frame){ .max_message = MAX_MESSAGE };
	while (stream.len > 0) {
		struct slice next = slice_first(stream, piece);

		ck_assert_uint_le(n + next.len, sizeof(kept));
		memcpy(kept + n, next.data, next.len);
		n += next.len;
		stream = slice_from(stream, next.len);
		for (;;) {
			size_t used = 9999;
			struct slice message = { 0 };
			enum frame_result r =
			    syslog_frame_next(&frame, (struct slice){ kept, n }, &used, &message);

			if (r == FRAME_ERROR) {
				ck_assert_uint_eq(used, 9999);
				slice_copy(SLICE("ERROR"), out + len, size - len);
				return n;
			}
			ck_assert_uint_le(used, n);
			if (r == FRAME_MESSAGE) {
				ck_assert_uint_gt(message.len, 0);
				ck_assert_uint_le(message.len, MAX_MESSAGE);
				len += slice_copy(message, out + len, size - len);
				len += slice_copy(SLICE("|"), out + len, size - len);
			}
			memmove(kept, kept + used, n - used);
			n -= used;
			if (r == FRAME_MORE)
				break;
		}
		ck_assert_uint_le(n, MAX_MESSAGE + 24);
	}
	out[len] = '\0';
	return n;
}

static const struct {
	struct slice stream;
	const char *messages;
	size_t kept;
} streams[] = {
	/* Octet counting: RFC 6587 3.4.1. */
	{ SLICE("5 <1>ab6 <2>abc"), "<1>ab|<2>abc|", 0 },
	{ SLICE("7 <1>a\nbc5 <2>ab"), "<1>a\nbc|<2>ab|", 0 },
	{ SLICE("6 <1>ab\n5 <2>ab"), "<1>ab|<2>ab|", 0 },     /* the count covers the LF */
	{ SLICE("5 <1>ab\n5 <2>ab\r\n"), "<1>ab|<2>ab|", 0 }, /* it doesn't */
	{ SLICE("2 \n\n5 <2>ab"), "<2>ab|", 0 },              /* nothing in it */
	{ SLICE("40 <1>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	    "<1>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|", 0 },
	{ SLICE("9 <1>ab"), "", 7 }, /* not whole yet */
	{ SLICE("9"), "", 1 },
	/* Too long: cut, the rest of it is skipped, and what comes behind it counts. */
	{ SLICE("41 <1>3456789a123456789a123456789a123456789b5 <2>ab"),
	    "<1>3456789a123456789a123456789a123456789|<2>ab|", 0 },
	{ SLICE("60 <1>3456789a123456789a123456789a123456789b 9 <3>cd\n<4>56789cc5 <2>ab"),
	    "<1>3456789a123456789a123456789a123456789|<2>ab|", 0 },
	{ SLICE("1048576 <1>3456789a123456789a123456789a123456789b"),
	    "<1>3456789a123456789a123456789a123456789|", 0 },
	{ SLICE("41 <1>ab"), "", 8 },
	{ SLICE("41 "), "", 3 },
	/* A count that can't be one ends the connection. */
	{ SLICE("41 no PRI behind it"), "ERROR", 0 },
	{ SLICE("1048577 <1>a"), "ERROR", 0 },
	{ SLICE("99999999999999999999 <1>a"), "ERROR", 0 },
	{ SLICE("5 <1>abx <2>ab"), "<1>ab|ERROR", 0 },
	{ SLICE("5 <1>abcd"), "<1>ab|ERROR", 0 },
	/* A relay that mixes both. */
	{ SLICE("5 <1>ab<2>ab"), "<1>ab|", 5 },
	{ SLICE("5 <1>ab<2>ab\n5 <3>ab<4>a\n"), "<1>ab|<2>ab|<3>ab|<4>a|", 0 },
	{ SLICE("<1>ab\n5 <2>ab<3>a\n6 <4>abc"), "<1>ab|<2>ab|<3>a|<4>abc|", 0 },
	{ SLICE("2 \n\n<1>ab\n"), "<1>ab|", 0 },
	/* Behind the rest of a line that was cut. */
	{ SLICE("<1>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n5 <2>ab<3>ab\n"),
	    "<1>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|<2>ab|<3>ab|", 0 },
	{ SLICE("<1>ab\n5 is no count\n45: nor this\n99 <2>ab\n"),
	    "<1>ab|5 is no count|45: nor this|99 <2>ab|", 0 },
	{ SLICE("5 <1>ab05 <2>ab"), "<1>ab|ERROR", 0 },
	{ SLICE("5<1>ab"), "ERROR", 0 },
	{ SLICE("5\t<1>ab"), "ERROR", 0 },
	/* Lines: 3.4.2. */
	{ SLICE("<1>ab\n<2>abc\n"), "<1>ab|<2>abc|", 0 },
	{ SLICE("<1>ab\r\n\r\n\n<2>abc\r\n"), "<1>ab|<2>abc|", 0 },
	{ SLICE("<1>ab\n <2>abc\n "), "<1>ab|<2>abc|", 0 }, /* ASA */
	{ SLICE("<1>ab\0<2>abc\0"), "<1>ab|<2>abc|", 0 },
	{ SLICE("<1>ab\0\n<2>abc\n\0"), "<1>ab|<2>abc|", 0 },
	{ SLICE("no PRI at all\n17 is no count here\n"), "no PRI at all|17 is no count here|", 0 },
	{ SLICE("\n<1>ab\n"), "<1>ab|", 0 },
	/* No PRI, and a stamp or a sequence number first: no count. */
	{ SLICE("2026-11-23T10:00:00Z sw a\n12:00:00 b\n"), "2026-11-23T10:00:00Z sw a|12:00:00 b|",
	    0 },
	{ SLICE("45: sw: a\n46: sw: b\n"), "45: sw: a|46: sw: b|", 0 },
	{ SLICE("11/23/2026 a\n"), "11/23/2026 a|", 0 },
	{ SLICE("1740823200.1 h a\n"), "1740823200.1 h a|", 0 },
	{ SLICE("<1>ab\n<2>rest"), "<1>ab|", 7 }, /* unterminated: no message */
	{ SLICE("<1>3456789a123456789a123456789a123456789\n<2>b\n"),
	    "<1>3456789a123456789a123456789a123456789|<2>b|", 0 },
	/* One byte too long: cut, the rest of it is skipped. */
	{ SLICE("<1>3456789a123456789a123456789a123456789b\n<2>b\n"),
	    "<1>3456789a123456789a123456789a123456789|<2>b|", 0 },
	{ SLICE("<1>3456789a123456789a123456789a123456789b123456789c123456789d12\0<2>b\n"),
	    "<1>3456789a123456789a123456789a123456789|<2>b|", 0 },
};
#define N_STREAMS ((int)(sizeof(streams) / sizeof(streams[0])))

START_TEST(a_stream_gives_the_same_messages_however_it_is_cut)
{
	char out[256];

	for (size_t piece = 1; piece <= 64; piece++) {
		size_t kept = feed(streams[_i].stream, piece, out, sizeof(out));

		ck_assert_str_eq(out, streams[_i].messages);
		if (!strstr(out, "ERROR"))
			ck_assert_uint_eq(kept, streams[_i].kept);
	}
}
END_TEST

START_TEST(no_byte_behind_the_received_ones_is_read)
{
	for (size_t len = 0; len <= streams[_i].stream.len; len++) {
		struct guard guard;
		struct stream_frame frame;
		size_t used = 0;
		struct slice message = { 0 };
		char *bytes = guard_put(&guard, streams[_i].stream.data, len);

		frame = (struct stream_frame){ .max_message = MAX_MESSAGE };
		if (syslog_frame_next(&frame, (struct slice){ bytes, len }, &used, &message) ==
		    FRAME_MESSAGE)
			ck_assert(message.data + message.len <= bytes + used);
		ck_assert_uint_le(used, len);
		guard_release(&guard);
	}
}
END_TEST

START_TEST(the_first_byte_tells_the_framing)
{
	struct stream_frame frame;
	size_t used = 0;
	struct slice message;

	frame = (struct stream_frame){ .max_message = MAX_MESSAGE };
	ck_assert_int_eq(frame.framing, FRAMING_UNKNOWN);
	ck_assert_int_eq(syslog_frame_next(&frame, SLICE("\n\0 "), &used, &message), FRAME_MORE);
	ck_assert_int_eq(frame.framing, FRAMING_UNKNOWN);
	ck_assert_uint_eq(used, 3);
	ck_assert_int_eq(syslog_frame_next(&frame, SLICE("1"), &used, &message), FRAME_MORE);
	ck_assert_int_eq(frame.framing, FRAMING_UNKNOWN);
	ck_assert_int_eq(syslog_frame_next(&frame, SLICE("1 "), &used, &message), FRAME_MORE);
	ck_assert_int_eq(frame.framing, FRAMING_COUNTED);
	ck_assert_int_eq(
	    syslog_frame_next(&frame, SLICE("<1>a\n"), &used, &message), FRAME_MESSAGE);
	ck_assert_int_eq(frame.framing, FRAMING_LINES);
	frame = (struct stream_frame){ .max_message = MAX_MESSAGE };
	ck_assert_int_eq(
	    syslog_frame_next(&frame, SLICE("0 <1>\n"), &used, &message), FRAME_MESSAGE);
	ck_assert_int_eq(frame.framing, FRAMING_LINES);
	ck_assert(slice_eq_str(message, "0 <1>"));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("syslog_frame");

	tcase_add_loop_test(tc, a_stream_gives_the_same_messages_however_it_is_cut, 0, N_STREAMS);
	tcase_add_loop_test(tc, no_byte_behind_the_received_ones_is_read, 0, N_STREAMS);
	tcase_add_test(tc, the_first_byte_tells_the_framing);

	return run_case("syslog_frame", tc);
}
