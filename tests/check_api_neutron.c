/* The API's Neutron half, reading: shapes, codes and wording as a real Neutron answers them (facts: openstack.md 1.4). */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))
#define PORT1 "/v2.0/ports/" VM1
#define PORT3 "/v2.0/ports/" VM3

/* ---- versions ---- */

START_TEST(the_root_lists_the_version_and_its_link_follows_the_host_header)
{
	struct reply reply = ask("GET", "/", NULL, ROLE_NONE);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "versions.0.id"), "v2.0");
	ck_assert_str_eq(text_at(&reply, "versions.0.status"), "CURRENT");
	ck_assert_str_eq(text_at(&reply, "versions.0.links.0.rel"), "self");
	ck_assert_str_eq(
	    text_at(&reply, "versions.0.links.0.href"), "http://api.example.net:9797/v2.0/");
	reply_release(&reply);
}
END_TEST

START_TEST(through_tls_links_lead_through_tls)
{
	struct api_request request = {
		.method = "GET",
		.path = "/",
		.host = "api.example.net",
		.secure = true,
	};
	struct reply reply = ask_request(&request);

	ck_assert_str_eq(
	    text_at(&reply, "versions.0.links.0.href"), "https://api.example.net/v2.0/");
	reply_release(&reply);
	request.path = "/v2.0/ports";
	request.query = "limit=1";
	request.role = ROLE_ADMIN;
	reply = ask_request(&request);
	ck_assert_str_eq(text_at(&reply, "ports_links.0.href"),
	    "https://api.example.net/v2.0/ports?limit=1&marker=" VM1);
	reply_release(&reply);
}
END_TEST

START_TEST(v2_0_is_a_version_with_and_without_a_slash)
{
	struct reply reply = ask("GET", _i ? "/v2.0/" : "/v2.0", NULL, ROLE_READER);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "version.id"), "v2.0");
	reply_release(&reply);
}
END_TEST

START_TEST(the_one_extension_is_neutrons_own)
{
	struct reply list = get("/v2.0/extensions"),
		     one = get("/v2.0/extensions/data-plane-status");

	ck_assert_uint_eq(json_array_size(at(list.json, "extensions")), 1);
	ck_assert_str_eq(text_at(&list, "extensions.0.alias"), "data-plane-status");
	ck_assert_str_eq(text_at(&one, "extension.alias"), "data-plane-status");
	ck_assert_str_eq(text_at(&one, "extension.name"), "Port data plane status extension");
	ck_assert_uint_eq(json_array_size(at(one.json, "extension.links")), 0);
	reply_release(&list);
	reply_release(&one);
}
END_TEST

/* ---- who may what ---- */

static const struct {
	const char *method, *target;
	int none, reader, integrator, admin; /* status for each role; 0: deferred */
} access_rows[] = {
	{ "GET", "/", 200, 200, 200, 200 },
	{ "GET", "/healthz", 200, 200, 200, 200 },
	{ "GET", "/readyz", 200, 200, 200, 200 },
	{ "GET", "/metrics", 200, 200, 200, 200 },
	{ "HEAD", "/healthz", 200, 200, 200, 200 },
	{ "GET", "/v2.0", 401, 200, 200, 200 },
	{ "GET", "/v2.0/ports", 401, 200, 200, 200 },
	{ "GET", "/v2.0/extensions", 401, 200, 200, 200 },
	{ "GET", "/v2.0/extensions/data-plane-status", 401, 200, 200, 200 },
	{ "GET", "/v2.0/extensions/dns", 401, 404, 404, 404 },
	{ "POST", "/v2.0/ports", 401, 400, 400, 400 },
	{ "GET", PORT1, 401, 200, 200, 200 },
	{ "PUT", PORT1, 401, 403, 200, 200 },
	{ "GET", "/v1/status", 401, 403, 200, 200 },
	{ "GET", "/v1/topology", 401, 403, 0, 0 },
	{ "GET", "/v1/switches", 401, 403, 200, 200 },
	{ "GET", "/v1/switches/leaf1", 401, 403, 200, 200 },
	{ "GET", "/v1/interfaces", 401, 403, 200, 200 },
	{ "GET", "/v1/links", 401, 403, 200, 200 },
	{ "GET", "/v1/events", 401, 403, 0, 0 },
	{ "GET", "/v1/unmapped", 401, 403, 200, 200 },
	/* Not there, or not that way: a stranger is not told which. */
	{ "GET", "/nothing", 401, 404, 404, 404 },
	{ "GET", "/v2.0/networks", 401, 404, 404, 404 },
	{ "DELETE", PORT1, 401, 405, 405, 405 },
	{ "DELETE", "/healthz", 405, 405, 405, 405 },
};

START_TEST(each_role_may_do_what_the_route_table_says)
{
	const int expected[] = {
		[ROLE_NONE] = access_rows[_i].none,
		[ROLE_READER] = access_rows[_i].reader,
		[ROLE_INTEGRATOR] = access_rows[_i].integrator,
		[ROLE_ADMIN] = access_rows[_i].admin,
	};

	for (int role = ROLE_NONE; role <= ROLE_ADMIN; role++) {
		struct reply reply = ask(access_rows[_i].method, access_rows[_i].target,
		    "{\"port\": {\"dp_down\": true}}", (enum api_role)role);
		ck_assert_msg(reply.response.status == expected[role], "%s %s as role %d: %d",
		    access_rows[_i].method, access_rows[_i].target, role, reply.response.status);
		ck_assert_int_eq(reply.response.deferred != API_DONE, expected[role] == 0);
		reply_release(&reply);
	}
}
END_TEST

START_TEST(without_a_role_the_answer_is_the_one_of_keystonemiddleware)
{
	struct reply reply = ask("GET", PORT1, NULL, ROLE_NONE);

	ck_assert_int_eq(reply.response.status, 401);
	ck_assert_int_eq(number_at(&reply, "error.code"), 401);
	ck_assert_str_eq(text_at(&reply, "error.title"), "Unauthorized");
	ck_assert_str_eq(
	    text_at(&reply, "error.message"), "The request you have made requires authentication.");
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *target, *allow;
} allow_rows[] = {
	{ "/", "GET, HEAD" },
	{ "/v2.0/extensions", "GET, HEAD" },
	{ PORT1, "GET, HEAD, PUT" },
	{ "/v1/topology", "GET, HEAD, PUT" },
	{ "/v1/status/", "GET, HEAD" },
};

START_TEST(a_method_that_a_path_has_not_is_405_with_those_that_it_has)
{
	static const char *const methods[] = { "PATCH", "POST", "DELETE", "OPTIONS", "TRACE" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct reply reply = ask(methods[i], allow_rows[_i].target, NULL, ROLE_ADMIN);
		char message[80];
		snprintf(message, sizeof(message),
		    "The method %s is not allowed for this resource.", methods[i]);
		expect_error(&reply, 405, "HTTPMethodNotAllowed", message);
		ck_assert_str_eq(reply.response.allow, allow_rows[_i].allow);
		reply_release(&reply);
	}
}
END_TEST

static const char *const unknown_paths[] = { "/v1", "/v2.0/networks", "/v2.0/ports/sw1/Gi1",
	"/v2.0/ports/" VM1 "/tags", "/v2.0.json", "/v2.0/.json", "/V2.0/ports", "/v1/statusx",
	"/v1/status.json", "/v1/switches/a/b", "*", "" };

START_TEST(an_unknown_path_is_404_in_neutrons_words)
{
	struct reply reply = get(unknown_paths[_i]);

	expect_error(&reply, 404, "HTTPNotFound", "The resource could not be found.");
	reply_release(&reply);
}
END_TEST

/* ---- a port ---- */

START_TEST(a_port_that_nobody_spoke_of_is_up_and_its_status_is_null)
{
	struct reply reply = get(PORT1);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(reply.response.content_type, "application/json");
	ck_assert_str_eq(text_at(&reply, "port.id"), VM1);
	ck_assert_str_eq(text_at(&reply, "port.name"), "vm1");
	ck_assert_str_eq(text_at(&reply, "port.project_id"), "blue");
	ck_assert_str_eq(text_at(&reply, "port.tenant_id"), "blue");
	ck_assert_str_eq(text_at(&reply, "port.binding:host_id"), "compute-7");
	ck_assert(!flag_at(&reply, "port.dp_down"));
	ck_assert(is_null_at(&reply, "port.data_plane_status"));
	ck_assert(is_null_at(&reply, "port.dp_down_since"));
	ck_assert_uint_eq(json_array_size(at(reply.json, "port.dp_down_causes")), 0);
	ck_assert_int_eq(number_at(&reply, "port.paths_up"), 2);
	ck_assert_int_eq(number_at(&reply, "port.paths_total"), 2);
	ck_assert_int_eq(number_at(&reply, "port.revision_number"), 0);
	reply_release(&reply);
}
END_TEST

START_TEST(a_port_whose_last_path_died_is_down_and_says_why)
{
	world_word("leaf1", "Ethernet1/2", WORD_DOWN);
	struct reply reply = get(PORT3);

	ck_assert(flag_at(&reply, "port.dp_down"));
	ck_assert_str_eq(text_at(&reply, "port.data_plane_status"), "DOWN");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_since"), "2024-05-01T12:00:00.000000Z");
	ck_assert_int_eq(number_at(&reply, "port.paths_up"), 0);
	ck_assert_int_eq(number_at(&reply, "port.paths_total"), 1);
	ck_assert_uint_eq(json_array_size(at(reply.json, "port.dp_down_causes")), 1);
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.cause"), "access");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.reason"), "link-down");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.switch"), "leaf1");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.interface"), "Ethernet1/2");
	reply_release(&reply);
}
END_TEST

START_TEST(a_reader_sees_no_switch_host_or_note)
{
	static const char *const hidden[] = { "dp_down_causes", "binding:host_id", "heard_at",
		"dp_down_note" };
	static const char *const shown[] = { "id", "name", "project_id", "dp_down",
		"data_plane_status", "dp_down_since", "paths_up", "paths_stranded", "paths_total" };

	world_word("leaf1", "Ethernet1/2", WORD_DOWN);
	struct reply reply = ask("GET", PORT3, NULL, ROLE_READER);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		ck_assert_ptr_null(json_object_get(at(reply.json, "port"), hidden[i]));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		ck_assert_ptr_nonnull(json_object_get(at(reply.json, "port"), shown[i]));
	ck_assert_ptr_null(strstr(reply.response.body, "leaf1"));
	reply_release(&reply);
}
END_TEST

START_TEST(a_port_is_found_by_its_id_and_not_by_its_name)
{
	static const char *const nobody[] = { "vm1", "44444444-4444-4444-4444-444444444444",
		"sw1 Gi1" };
	char target[128], message[128];

	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		snprintf(target, sizeof(target), "/v2.0/ports/%s", nobody[i]);
		snprintf(message, sizeof(message), "Port %s could not be found.", nobody[i]);
		struct reply reply = get(target);
		expect_error(&reply, 404, "PortNotFound", message);
		reply_release(&reply);
	}
}
END_TEST

START_TEST(a_path_may_be_percent_encoded_and_end_in_a_slash)
{
	static const char *const spellings[] = { PORT1 "/",
		"/v2.0/ports/%31%31111111-1111-1111-1111-111111111111",
		"/v2.0/ports/11111111%2D1111%2d1111-1111-111111111111" };

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct reply reply = get(spellings[i]);
		ck_assert_int_eq(reply.response.status, 200);
		ck_assert_str_eq(text_at(&reply, "port.id"), VM1);
		reply_release(&reply);
	}
}
END_TEST

static const char *const same_paths[] = { "/v2.0/ports/" VM1 ".json", "/v2.0/ports/" VM1 "/",
	"/v2.0//ports///" VM1 "//", "/v2.0/ports/" VM1 ".json/" };

START_TEST(more_slashes_and_the_suffix_json_name_the_same_port)
{
	struct reply reply = get(same_paths[_i]);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "port.id"), VM1);
	reply_release(&reply);
}
END_TEST

START_TEST(the_query_for_one_port_is_held_against_the_same_rules_as_a_lists)
{
	struct reply reply = get(PORT1 "?bogus=1&other=2");

	expect_error(
	    &reply, 400, "HTTPBadRequest", "['bogus', 'other'] is invalid attribute for filtering");
	reply_release(&reply);
	reply = get(PORT1 "?limit=x");
	expect_error(&reply, 400, "BadRequest",
	    "Bad limit request: Limit must be an integer 0 or greater and not 'x'.");
	reply_release(&reply);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("api_neutron");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	tcase_add_test(tcase, the_one_extension_is_neutrons_own);
	tcase_add_test(tcase, the_root_lists_the_version_and_its_link_follows_the_host_header);
	tcase_add_test(tcase, through_tls_links_lead_through_tls);
	tcase_add_loop_test(tcase, v2_0_is_a_version_with_and_without_a_slash, 0, 2);
	tcase_add_loop_test(
	    tcase, each_role_may_do_what_the_route_table_says, 0, ROWS(access_rows));
	tcase_add_test(tcase, without_a_role_the_answer_is_the_one_of_keystonemiddleware);
	tcase_add_loop_test(
	    tcase, a_method_that_a_path_has_not_is_405_with_those_that_it_has, 0, ROWS(allow_rows));
	tcase_add_loop_test(
	    tcase, an_unknown_path_is_404_in_neutrons_words, 0, ROWS(unknown_paths));
	tcase_add_test(tcase, a_port_that_nobody_spoke_of_is_up_and_its_status_is_null);
	tcase_add_test(tcase, a_port_whose_last_path_died_is_down_and_says_why);
	tcase_add_test(tcase, a_reader_sees_no_switch_host_or_note);
	tcase_add_test(tcase, a_port_is_found_by_its_id_and_not_by_its_name);
	tcase_add_test(tcase, a_path_may_be_percent_encoded_and_end_in_a_slash);
	tcase_add_loop_test(
	    tcase, more_slashes_and_the_suffix_json_name_the_same_port, 0, ROWS(same_paths));
	tcase_add_test(tcase, the_query_for_one_port_is_held_against_the_same_rules_as_a_lists);
	return run_case("api_neutron", tcase);
}
