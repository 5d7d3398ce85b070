#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/neutron_answer.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

#define ERROR(type, message) \
	"{'NeutronError': {'type': '" type "', 'message': '" message "', 'detail': ''}}"
#define KEYSTONE_401                                       \
	"{'error': {'code': 401, 'title': 'Unauthorized'," \
	" 'message': 'The request you have made requires authentication.'}}"
#define HTML "<html><body><h1>503 Service Unavailable</h1></body></html>"

static const char *const verdicts[] = {
	[NEUTRON_OK] = "ok",
	[NEUTRON_NO_TRUST] = "no trust",
	[NEUTRON_NO_TOKEN] = "no token",
	[NEUTRON_NO_ROLE] = "no role",
	[NEUTRON_NO_EXTENSION] = "no extension",
	[NEUTRON_NOT_FOUND] = "not found",
	[NEUTRON_CONFLICT] = "conflict",
	[NEUTRON_FAULT] = "fault",
	[NEUTRON_REFUSED] = "refused",
	[NEUTRON_UNREACHABLE] = "unreachable",
};

static void
expect(const struct neutron_answer *answer, const char *verdict, const char *text)
{
	ck_assert_msg(strcmp(verdicts[answer->verdict], verdict) == 0, "%s (%s) and not %s",
	    verdicts[answer->verdict], answer->text, verdict);
	ck_assert_msg(
	    strstr(answer->text, text) != NULL, "\"%s\" does not hold \"%s\"", answer->text, text);
	ck_assert((*answer->text == '\0') == (answer->verdict == NEUTRON_OK));
}

/* Bodies with ' for ". Most are what Neutron 21.0.0 answered (facts: real-neutron.md). */
static const struct {
	long status;
	const char *body, *verdict, *text;
} puts_table[] = {
	{ 200, "{'port': {'id': 'x', 'data_plane_status': 'DOWN', 'status': 'ACTIVE'}}", "ok", "" },
	{ 200, "{'port': {'id': 'x', 'data_plane_status': 'ACTIVE'}}", "fault",
	    "did not become DOWN" },
	{ 200, "{'port': {'id': 'x', 'data_plane_status': null}}", "fault", "did not become DOWN" },
	{ 200, "{'port': {'id': 'x'}}", "no extension", "[ml2] extension_drivers" },
	{ 200, "{'ports': []}", "unreachable", "something else answers" },
	{ 200, HTML, "unreachable", "something else answers" },
	{ 200, "", "unreachable", "something else answers" },
	{ 204, "", "unreachable", "204" },
	{ 400, ERROR("HTTPBadRequest", "Unrecognized attribute(s) `data_plane_status`"),
	    "no extension", "add data_plane_status to [ml2] extension_drivers" },
	{ 400,
	    ERROR("HTTPBadRequest",
		"Invalid input for data_plane_status. Reason: BAD is not in valid_values."),
	    "refused", "BAD is not in valid_values" },
	{ 400, HTML, "unreachable", "400" },
	{ 401, KEYSTONE_401, "no token", "401" },
	{ 401, HTML, "no token", "401" },
	{ 403,
	    ERROR("PolicyNotAuthorized",
		"(rule:update_port and rule:update_port:data_plane_status) is disallowed by policy"),
	    "no role", "data_plane_integrator" },
	{ 403, HTML, "no role", "data_plane_integrator" },
	{ 404, ERROR("PortNotFound", "Port x could not be found."), "not found",
	    "could not be found" },
	{ 404, HTML, "unreachable", "404 without Neutron's JSON" },
	{ 404, "", "unreachable", "404" },
	{ 409, ERROR("Conflict", "busy"), "conflict", "409: busy" },
	{ 412,
	    ERROR("RevisionNumberConstraintFailed", "Constrained to 1, but current revision is 7"),
	    "conflict", "412" },
	{ 408, "", "unreachable", "408" },
	{ 429, "{'error': {'code': 429, 'message': 'slow down'}}", "unreachable", "slow down" },
	{ 429, HTML, "unreachable", "429" },
	{ 500,
	    ERROR("HTTPInternalServerError",
		"Request Failed: internal server error while processing your request."),
	    "fault", "500" },
	{ 500, HTML, "unreachable", "500" },
	{ 502, HTML, "unreachable", "502" },
	{ 503, HTML, "unreachable", "503 without Neutron's JSON" },
	{ 503, ERROR("ServiceUnavailable", "The service is unavailable"), "unreachable",
	    "The service is unavailable" },
	{ 504, "", "unreachable", "504" },
	{ 599, "", "unreachable", "599" },
	{ 301, HTML, "unreachable", "301 redirects to nowhere" },
	{ 0, "", "unreachable", "no answer: Connection refused" },
};

START_TEST(each_answer_to_a_put_means_one_thing)
{
	char *body = json_text(puts_table[_i].body);
	/* JSON has no place for an apostrophe here: a backquote stands for one. */
	for (char *at = body; *at; at++)
		if (*at == '`')
			*at = '\'';
	const struct neutron_reply reply = { .status = puts_table[_i].status,
		.body = slice_of(body),
		.trouble = puts_table[_i].status == 0 ? "Connection refused" : NULL };
	struct neutron_answer answer;

	neutron_answer_put(&reply, "DOWN", &answer);
	expect(&answer, puts_table[_i].verdict, puts_table[_i].text);
	free(body);
}
END_TEST

START_TEST(half_a_body_is_no_answer_at_any_length)
{
	char *body = json_text("{'port': {'id': 'x', 'data_plane_status': 'DOWN'}}");
	struct neutron_answer answer;

	for (size_t len = 0; len < strlen(body); len++) {
		const struct neutron_reply reply = { .status = 200, .body = { body, len } };
		neutron_answer_put(&reply, "DOWN", &answer);
		ck_assert_int_eq(answer.verdict, NEUTRON_UNREACHABLE);
	}
	free(body);
}
END_TEST

static const struct {
	const char *header;
	int64_t ms;
} waits[] = {
	{ "1", 1000 },
	{ " 120 ", 120000 },
	{ "86401", 0 },
	{ "-1", 0 },
	{ "Fri, 31 Dec 1999 23:59:59 GMT", 0 },
	{ "", 0 },
	{ NULL, 0 },
};

START_TEST(what_it_asks_for_is_read_in_seconds)
{
	const struct neutron_reply reply = { .status = 429, .retry_after = waits[_i].header };
	struct neutron_answer answer;

	neutron_answer_put(&reply, "DOWN", &answer);
	ck_assert_int_eq(answer.retry_after_ms, waits[_i].ms);
}
END_TEST

START_TEST(a_redirect_says_where_to_and_no_control_character)
{
	const struct neutron_reply reply = { .status = 302,
		.location = "https://a.example/\033[31m" };
	struct neutron_answer answer;

	neutron_answer_put(&reply, "DOWN", &answer);
	expect(&answer, "unreachable", "302 redirects to https://a.example/?[31m");
}
END_TEST

static const struct {
	long status;
	const char *body, *verdict;
	bool with_status;
} lists[] = {
	{ 200, "{'ports': []}", "ok", true },
	{ 200, "{'ports': [{'id': 'x', 'data_plane_status': null}]}", "ok", true },
	{ 200, "{'ports': [{'id': 'x'}]}", "no extension", true },
	{ 200, "{'ports': [{'id': 'x'}]}", "ok", false },
	{ 200, "{'ports': [{'id': 'x'}", "unreachable", false },
	{ 200, "{'port': {}}", "unreachable", true },
	{ 200, "[]", "unreachable", true },
	{ 200, HTML, "unreachable", true },
	{ 403, ERROR("PolicyNotAuthorized", "no"), "no role", true },
	{ 401, KEYSTONE_401, "no token", true },
	{ 503, HTML, "unreachable", true },
};

START_TEST(each_answer_to_a_list_means_one_thing)
{
	char *body = json_text(lists[_i].body);
	const struct neutron_reply reply = { .status = lists[_i].status, .body = slice_of(body) };
	struct neutron_answer answer;

	neutron_answer_list(&reply, lists[_i].with_status, &answer);
	expect(&answer, lists[_i].verdict, "");
	free(body);
}
END_TEST

/* ---- pages ---- */

START_TEST(a_page_is_its_ports_and_where_the_next_one_is)
{
	char *body = json_text(
	    "{'ports': [{'id': '11111111-1111-4111-8111-111111111111', 'data_plane_status': 'DOWN'},"
	    "{'id': '22222222-2222-4222-8222-222222222222', 'data_plane_status': 'ACTIVE'},"
	    "{'id': 'no uuid', 'data_plane_status': 'DOWN'}, 7,"
	    "{'id': '33333333-3333-4333-8333-333333333333', 'data_plane_status': null}],"
	    "'ports_links': [{'rel': 'previous', 'href': 'http://h/v2.0/ports?p'},"
	    "{'rel': 'next', 'href': 'http://other.example:9696/network/v2.0/ports?limit=2&marker=3'}]}");
	struct neutron_page page;

	ck_assert_int_eq(neutron_page_parse(slice_of(body), &page), 0);
	ck_assert_uint_eq(page.n, 3);
	ck_assert_int_eq(page.ports[0].status, NEUTRON_STATUS_DOWN);
	ck_assert_int_eq(page.ports[0].id[15], 0x11);
	ck_assert_int_eq(page.ports[1].status, NEUTRON_STATUS_ACTIVE);
	ck_assert_int_eq(page.ports[2].status, NEUTRON_STATUS_NULL);
	/* Only path and query: the host that it names is not asked. */
	ck_assert_str_eq(page.next, "/v2.0/ports?limit=2&marker=3");
	neutron_page_release(&page);
	free(body);
}
END_TEST

START_TEST(what_is_no_page_is_refused)
{
	struct neutron_page page = { .n = 77 };

	ck_assert_int_eq(neutron_page_parse(SLICE("{"), &page), -EINVAL);
	ck_assert_int_eq(neutron_page_parse(SLICE("{\"ports\": 7}"), &page), -EINVAL);
	ck_assert_int_eq(neutron_page_parse((struct slice){ 0 }, &page), -EINVAL);
	/* More ports, and nobody knows where: half a list is none. */
	char *text =
	    json_text("{'ports': [], 'ports_links': [{'rel': 'next', 'href': 'http://h/'}]}");
	ck_assert_int_eq(neutron_page_parse(slice_of(text), &page), -EINVAL);
	free(text);
	ck_assert_uint_eq(page.n, 77);
}
END_TEST

START_TEST(a_certificate_that_does_not_hold_says_what_to_set)
{
	const struct neutron_reply reply = { .trouble = "unable to get local issuer certificate",
		.untrusted = true };
	struct neutron_answer answer;

	neutron_answer_put(&reply, "DOWN", &answer);
	expect(&answer, "no trust", "set [neutron] ca (or OS_CACERT, cacert)");
	neutron_answer_list(&reply, true, &answer);
	expect(&answer, "no trust", "local issuer certificate");
	neutron_answer_untrusted(&reply, "Keystone", &answer);
	expect(&answer, "no trust", "Keystone cannot be trusted");
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("answers");

	tcase_add_loop_test(tcase, each_answer_to_a_put_means_one_thing, 0, N(puts_table));
	tcase_add_test(tcase, half_a_body_is_no_answer_at_any_length);
	tcase_add_loop_test(tcase, what_it_asks_for_is_read_in_seconds, 0, N(waits));
	tcase_add_test(tcase, a_redirect_says_where_to_and_no_control_character);
	tcase_add_loop_test(tcase, each_answer_to_a_list_means_one_thing, 0, N(lists));
	tcase_add_test(tcase, a_page_is_its_ports_and_where_the_next_one_is);
	tcase_add_test(tcase, what_is_no_page_is_refused);
	tcase_add_test(tcase, a_certificate_that_does_not_hold_says_what_to_set);
	return run_case("neutron_answer", tcase);
}
