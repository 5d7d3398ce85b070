/*
 * dpwatch-api.7: it has each member of what the API answers.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/page.h"
#include "lib/redis_client.h"

static const struct {
	const char *method, *target, *body;
	int status;
} requests[] = {
	{ "GET", "/v2.0/ports/" VM1, NULL, 200 },
	{ "PUT", "/v2.0/ports/" VM2,
	    "{\"port\": {\"dp_down\": true, \"dp_down_for\": \"1h\", \"dp_down_note\": \"x\"}}",
	    200 },
	{ "GET", "/v2.0/ports?limit=1", NULL, 200 },
	{ "GET", "/v2.0/ports/nosuch", NULL, 404 },
	{ "GET", "/v1/status", NULL, 200 },
	{ "PUT", "/v1/topology", "{\"x\": 1}", 400 },
	{ "PUT", "/v1/topology?force=1", "{}", 200 },
	{ "GET", "/v1/switches", NULL, 200 },
	{ "GET", "/v1/switches/leaf1", NULL, 200 },
	{ "GET", "/v1/switches/leaf1/doctor", NULL, 200 },
	{ "GET", "/v1/interfaces", NULL, 200 },
	{ "PUT", "/v1/interfaces/leaf1/Ethernet1%2F1",
	    "{\"override\": \"down\", \"for\": \"1h\", \"note\": \"x\"}", 200 },
	{ "GET", "/v1/links", NULL, 200 },
	{ "GET", "/v1/ports/" VM1 "/explain", NULL, 200 },
	{ "POST", "/v1/simulate", "{\"down\": [\"leaf1\"]}", 200 },
	{ "GET", "/v1/events", NULL, 200 },
	{ "GET", "/v1/unmapped", NULL, 200 },
	{ "POST", "/v1/discoveries", "{}", 202 },
	{ "POST", "/v1/maintenance", "{\"name\": \"leaf1\", \"for\": \"2h\"}", 201 },
	{ "GET", "/v1/maintenance", NULL, 200 },
	{ "GET", "/v1/tokens", NULL, 200 },
};
#define N_REQUESTS (int)(sizeof(requests) / sizeof(requests[0]))

/* Something to tell of each kind. */
static void
set_up(void)
{
	box_set_up();
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 77);
	sandbox_link_down(&box, STRANGER, 1);
	sandbox_line(&box, LEAF1, "<13>Mar  1 10:00:00 x portd: link of 7 lost");
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet7/7, changed state to down");
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 3);
	WAIT_FOR(sandbox_counter(&box, "syslog.received") == 2);
}

/* Of these the members are not the API's: names of counters, a topology document. */
static bool
is_closed(const char *name)
{
	return strcmp(name, "counters") == 0 || strcmp(name, "map") == 0;
}

START_TEST(the_page_has_each_member_of_an_answer)
{
	char *page = data_text("src/dpwatch/dpwatch-api.7");
	json_t *answer = NULL;

	ck_assert_int_eq(http_client(box.api, requests[_i].method, requests[_i].target,
			     requests[_i].body, &answer),
	    requests[_i].status);
	ck_assert_uint_gt(json_object_size(answer), 0);
	page_has_members(page, answer, is_closed, requests[_i].target);
	json_decref(answer);
	free(page);
}
END_TEST

/* Of the sources: api_refuse(..., 404, "PortNotFound", ...). */
START_TEST(the_page_has_each_type_of_error)
{
	static const char types[] =
	    "grep -rhoE '[45][0-9][0-9], *\"[A-Z][A-Za-z]+\"' src/admin src/dpwatchd | cut -d'\"' -f2 | sort -u";
	char *page = data_text("src/dpwatch/dpwatch-api.7"), names[4096];
	int n = 0;

	ck_assert_int_eq(process_run(names, sizeof(names), ARGV("sh", "-c", types)), 0);
	for (char *rest = names, *name; (name = strsep(&rest, "\n")) && *name; n++)
		ck_assert_msg(strstr(page, name) != NULL, "%s is not in dpwatch-api.7", name);
	ck_assert_int_ge(n, 20);
	free(page);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api_page");
	TCase *tcase = tcase_create("api_page");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, the_page_has_each_member_of_an_answer, 0, N_REQUESTS);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("errors");
	tcase_add_test(tcase, the_page_has_each_type_of_error);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
