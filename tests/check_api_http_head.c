/*
 * The head of a request while it passes by: whose body is how long, and which token came with it.
 */
#include <check.h>
#include <string.h>

#include "admin/http_head.h"
#include "lib/run_suite.h"

static const struct {
	const char *text;
	bool ends;
	uint64_t body;
	const char *token;
} heads[] = {
	{ "GET / HTTP/1.1\r\n\r\n", true, 0, "" }, { "GET / HTTP/1.1\n\n", true, 0, "" },
	{ "GET / HTTP/1.1\r\nHost: x\r\n", false, 0, "" },
	{ "\r\n\r\nPUT /v1/topology HTTP/1.1\r\nContent-Length: 7\r\n\r\n", true, 7, "" },
	{ "PUT / HTTP/1.1\r\nContent-Length: 70000\r\nX-Auth-Token: dpw_a\r\n\r\n", true, 70000,
	    "dpw_a" },
	{ "PUT / HTTP/1.1\r\nx-auth-token:dpw_a\r\ncontent-length:  70000 \r\n\r\n", true, 70000,
	    "dpw_a" },
	{ "PUT / HTTP/1.1\r\nAuthorization: bearer  dpw_b\r\n\r\n", true, 0, "dpw_b" },
	/* X-Auth-Token counts before Authorization, in any order. */
	{ "PUT / HTTP/1.1\r\nX-Auth-Token: a\r\nAuthorization: Bearer b\r\n\r\n", true, 0, "a" },
	{ "PUT / HTTP/1.1\r\nAuthorization: Bearer b\r\nX-Auth-Token: a\r\n\r\n", true, 0, "a" },
	{ "PUT / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n", true, 0, "" },
	{ "PUT / HTTP/1.1\r\nX-Auth-Token: notused\r\n\r\n", true, 0, "" },
	{ "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", true, UINT64_MAX, "" },
	{ "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", true, UINT64_MAX, "" },
	{ "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", true, UINT64_MAX, "" },
	{ "X-Auth-Token: a HTTP/1.1\r\n\r\n", true, 0, "" }, /* the request line is no header */
	{ "PUT / HTTP/1.1\r\nX-Auth-Token\r\n: a\r\n:\r\n\r\n", true, 0, "" },
	{ "PUT / HTTP/1.1\r\n\r\nX-Auth-Token: a\r\n\r\n", true, 0,
	    "" }, /* the body is none either */
};

static void
expect(const struct http_head *head, int row)
{
	ck_assert_int_eq(head->ended, heads[row].ends);
	ck_assert_uint_eq(head->body, heads[row].body);
	ck_assert_str_eq(head->token, heads[row].token);
}

START_TEST(a_head_tells_the_same_in_one_piece_or_in_two)
{
	struct slice text = { heads[_i].text, strlen(heads[_i].text) };

	for (size_t cut = 0; cut <= text.len; cut++) {
		struct http_head head = { 0 };
		bool first = http_head_feed(&head, slice_first(text, cut));
		bool second = http_head_feed(&head, slice_from(text, cut));
		expect(&head, _i);
		ck_assert_int_eq(first + second, heads[_i].ends);
		http_head_clear(&head);
		ck_assert_int_eq(http_head_feed(&head, text), heads[_i].ends);
		expect(&head, _i);
	}
}
END_TEST

START_TEST(a_line_that_is_too_long_is_none_of_ours)
{
	struct http_head head = { 0 };
	char line[1000] = "X-Auth-Token: ";

	memset(line + strlen(line), 'a', sizeof(line) - strlen(line));
	http_head_feed(&head, SLICE("GET / HTTP/1.1\r\n"));
	http_head_feed(&head, (struct slice){ line, sizeof(line) });
	ck_assert(http_head_feed(&head, SLICE("\r\nContent-Length: 3\r\n\r\n")));
	ck_assert_str_eq(head.token, "");
	ck_assert_uint_eq(head.body, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api_http_head");
	TCase *tcase = tcase_create("head");

	tcase_add_loop_test(tcase, a_head_tells_the_same_in_one_piece_or_in_two, 0,
	    (int)(sizeof(heads) / sizeof(heads[0])));
	tcase_add_test(tcase, a_line_that_is_too_long_is_none_of_ours);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
