/* arg_buf: texts as MessagePack writes them, one behind the other. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arg_buf.h"
#include "lib/run_suite.h"

static struct arg_buf args;

static void
set_up(void)
{
	args = (struct arg_buf){ 0 };
}

static void
tear_down(void)
{
	arg_buf_release(&args);
}

/* The heads of the specification: "fixstr", "str 8", "str 16" and "str 32", at their first and last lengths. */
static const struct {
	size_t len, n;
	uint8_t head[5];
} heads[] = {
	{ 0, 1, { 0xa0 } },
	{ 31, 1, { 0xbf } },
	{ 32, 2, { 0xd9, 0x20 } },
	{ 255, 2, { 0xd9, 0xff } },
	{ 256, 3, { 0xda, 0x01, 0x00 } },
	{ 65535, 3, { 0xda, 0xff, 0xff } },
	{ 65536, 5, { 0xdb, 0x00, 0x01, 0x00, 0x00 } },
};
#define N_HEADS ((int)(sizeof(heads) / sizeof(heads[0])))

static char *
text_of(size_t len)
{
	char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len + 1);
	return text;
}

START_TEST(a_text_has_the_shortest_head_that_fits_and_is_read_back)
{
	char *text = text_of(heads[_i].len);
	struct slice arg;
	size_t at = 0;

	ck_assert_int_eq(arg_buf_add(&args, (struct slice){ text, heads[_i].len }), 0);
	ck_assert_uint_eq(args.len, heads[_i].n + heads[_i].len);
	ck_assert_mem_eq(args.data, heads[_i].head, heads[_i].n);
	ck_assert_int_eq(arg_buf_add(&args, SLICE("next")), 0);
	ck_assert_uint_eq(args.n_args, 2);
	ck_assert(arg_buf_next(&args, &at, &arg));
	ck_assert_uint_eq(arg.len, heads[_i].len);
	ck_assert_mem_eq(arg.data, text, arg.len);
	ck_assert(arg_buf_next(&args, &at, &arg) && slice_eq_str(arg, "next"));
	ck_assert(!arg_buf_next(&args, &at, &arg));
	ck_assert_uint_eq(at, args.len);
	free(text);
}
END_TEST

/* A walk stops before what is cut off, and stays there. */
START_TEST(a_text_that_ends_early_is_none)
{
	char *text = text_of(heads[_i].len);
	struct slice arg;

	ck_assert_int_eq(arg_buf_add(&args, (struct slice){ text, heads[_i].len }), 0);
	const size_t cuts[] = { heads[_i].n - 1, args.len - 1 };
	for (size_t i = 0; i < 2; i++) {
		size_t at = 0;
		args.len = cuts[i];
		ck_assert(!arg_buf_next(&args, &at, &arg));
		ck_assert_uint_eq(at, 0);
	}
	free(text);
}
END_TEST

START_TEST(other_types_of_messagepack_are_none)
{
	/* nil, a number, a map, an array, bytes, a negative number */
	static const uint8_t firsts[] = { 0xc0, 0x01, 0x80, 0x91, 0xc4, 0xff };
	char bytes[8] = { 0 };
	struct slice arg;

	for (size_t i = 0; i < sizeof(firsts); i++) {
		const struct arg_buf other = { bytes, sizeof(bytes), sizeof(bytes), 1 };
		size_t at = 0;
		bytes[0] = (char)firsts[i];
		ck_assert(!arg_buf_next(&other, &at, &arg));
		ck_assert_uint_eq(at, 0);
	}
}
END_TEST

START_TEST(arguments_hold_any_bytes)
{
	struct slice arg;
	size_t at = 0;

	ck_assert_int_eq(arg_buf_add(&args, (struct slice){ "a\0b", 3 }), 0);
	ck_assert_int_eq(arg_buf_add(&args, (struct slice){ NULL, 0 }), 0);
	ck_assert(arg_buf_next(&args, &at, &arg));
	ck_assert_uint_eq(arg.len, 3);
	ck_assert_mem_eq(arg.data, "a\0b", 3);
	ck_assert(arg_buf_next(&args, &at, &arg));
	ck_assert_uint_eq(arg.len, 0);
	ck_assert(!arg_buf_next(&args, &at, &arg));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arg_buf");
	TCase *tcase = tcase_create("texts");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
	    tcase, a_text_has_the_shortest_head_that_fits_and_is_read_back, 0, N_HEADS);
	tcase_add_loop_test(tcase, a_text_that_ends_early_is_none, 1, N_HEADS);
	tcase_add_test(tcase, other_types_of_messagepack_are_none);
	tcase_add_test(tcase, arguments_hold_any_bytes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
