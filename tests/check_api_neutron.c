/* The API's Neutron half, reading: shapes, codes and wording as a real Neutron answers them (facts: openstack.md 1.4). */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

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

/* ---- lists ---- */

static const struct {
	const char *query;
	const char *ids; /* the first digit of each port, in order */
} list_rows[] = {
	{ "", "123" },
	{ "?name=vm2", "2" },
	{ "?name=vm1&name=vm3", "13" },
	{ "?name=nothing", "" },
	{ "?name=VM1", "" },
	{ "?project_id=red", "23" },
	{ "?tenant_id=red", "23" },
	{ "?project_id=red&name=vm3", "3" },
	{ "?project_id=blue&name=vm3", "" },
	{ "?binding%3Ahost_id=compute-7", "12" },
	{ "?binding:host_id=compute-7", "12" },
	{ "?binding:host_id=", "3" },
	{ "?id=" VM2, "2" },
	{ "?id=" VM2 "&id=" VM3, "23" },
	{ "?id=vm2", "" },
	{ "?match=vm", "123" },
	{ "?match=2222", "2" },
	{ "?match=vm3", "3" },
	{ "?dp_down=true", "3" },
	{ "?dp_down=True", "3" },
	{ "?dp_down=0", "12" },
	{ "?data_plane_status=DOWN", "3" },
	/* leaf1 was heard on Ethernet1/2 only */
	{ "?data_plane_status=null", "12" },
	{ "?data_plane_status=ACTIVE", "" },
	{ "?fields=id&limit=2", "12" },
	{ "?fields=id&limit=2&marker=" VM2, "3" },
	{ "?marker=" VM3, "" },
	/* Of ports that are not, or not any more: a place all the same. */
	{ "?marker=22222222-2222-2222-2222-222222222221", "23" },
	{ "?marker=22222222-2222-2222-2222-222222222223", "3" },
	{ "?marker=ffffffff-ffff-ffff-ffff-ffffffffffff", "" },
	{ "?marker=22222222-2222-2222-2222-222222222223&page_reverse=True&limit=1", "2" },
	{ "?marker=22222222-2222-2222-2222-222222222223&sort_key=id&sort_dir=desc", "21" },
	{ "?limit=0", "123" },
	{ "?limit=4000000000", "123" },
	{ "?&&name=vm1&", "1" },
	{ "?name=v%6d1", "1" },
};

START_TEST(a_list_holds_the_ports_that_the_query_asks_for)
{
	char target[256];

	world_word("leaf1", "Ethernet1/2", WORD_DOWN);
	snprintf(target, sizeof(target), "/v2.0/ports%s", list_rows[_i].query);
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 200);
	json_t *ports = at(reply.json, "ports");
	char ids[8] = "";
	ck_assert_uint_lt(json_array_size(ports), sizeof(ids));
	for (size_t i = 0; i < json_array_size(ports); i++)
		ids[i] = json_string_value(json_object_get(json_array_get(ports, i), "id"))[0];
	ck_assert_str_eq(ids, list_rows[_i].ids);
	reply_release(&reply);
}
END_TEST

START_TEST(fields_pick_what_a_port_shows_and_unknown_ones_are_ignored)
{
	/* As `openstack port list` asks. */
	struct reply reply = get(
	    "/v2.0/ports?fields=id&fields=name&fields=mac_address&fields=fixed_ips&fields=status");

	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 3);
	ck_assert_uint_eq(json_object_size(at(reply.json, "ports.0")), 2);
	ck_assert_str_eq(text_at(&reply, "ports.0.name"), "vm1");
	reply_release(&reply);
}
END_TEST

START_TEST(a_full_page_links_to_the_next_with_the_same_query)
{
	struct reply reply = get("/v2.0/ports?project_id=red&fields=id&name=vm2&limit=1");

	ck_assert_str_eq(text_at(&reply, "ports_links.0.rel"), "next");
	ck_assert_str_eq(text_at(&reply, "ports_links.0.href"),
	    "http://api.example.net:9797/v2.0/ports?project_id=red&fields=id&name=vm2&limit=1&marker=" VM2);
	reply_release(&reply);
	reply = get("/v2.0/ports?fields=id&name=nosuch");
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports_links")), 1);
	ck_assert_str_eq(text_at(&reply, "ports_links.0.rel"), "previous");
	ck_assert_str_eq(text_at(&reply, "ports_links.0.href"),
	    "http://api.example.net:9797/v2.0/ports?fields=id&name=nosuch&page_reverse=True");
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *target, *seen;
	bool backwards;
} walk_rows[] = {
	{ "/v2.0/ports?limit=1", "123", false },
	{ "/v2.0/ports?limit=1&sort_key=name&sort_dir=desc", "321", false },
	{ "/v2.0/ports?limit=1&page_reverse=True", "321", true },
	{ "/v2.0/ports?limit=1&page_reverse=True&sort_key=name&sort_dir=desc", "123", true },
};

START_TEST(following_the_links_meets_every_port_once)
{
	char target[512] = "", seen[8] = "";

	slice_copy(slice_of(walk_rows[_i].target), target, sizeof(target));
	for (size_t i = 0; i < 4; i++) {
		struct reply reply = get(target);
		if (json_array_size(at(reply.json, "ports")) == 1)
			seen[strlen(seen)] = text_at(&reply, "ports.0.id")[0];
		/* "next" is the first of two; of the page behind the last one only the other way is left. */
		size_t link = walk_rows[_i].backwards && i < 3 ? 1 : 0;
		char path[32];
		snprintf(path, sizeof(path), "ports_links.%zu.rel", link);
		ck_assert_str_eq(text_at(&reply, path),
		    walk_rows[_i].backwards == (i < 3) ? "previous" : "next");
		snprintf(path, sizeof(path), "ports_links.%zu.href", link);
		slice_copy(slice_of(text_at(&reply, path) + strlen("http://api.example.net:9797")),
		    target, sizeof(target));
		reply_release(&reply);
	}
	ck_assert_str_eq(seen, walk_rows[_i].seen);
}
END_TEST

/* Order as a real Neutron 21 lists them (tests/openstack/side_by_side.py). */
static const struct {
	const char *query, *seen;
} order_rows[] = {
	{ "sort_key=id&sort_dir=asc", "123" },
	{ "sort_key=id&sort_dir=desc", "321" },
	{ "sort_key=name&sort_dir=desc", "321" },
	{ "sort_key=project_id&sort_dir=desc", "231" },
	{ "sort_key=tenant_id&sort_key=id&sort_dir=desc&sort_dir=desc", "321" },
	{ "sort_key=id&sort_dir=asc&page_reverse=True", "123" },
	{ "sort_key=id&sort_dir=asc&limit=2&page_reverse=true", "23" },
	{ "sort_key=id&sort_dir=desc&limit=2", "32" },
	{ "sort_key=id&sort_dir=desc&limit=1&marker=" VM2, "1" },
	{ "sort_key=id&sort_dir=desc&limit=1&page_reverse=True&marker=" VM2, "3" },
	{ "sort_key=id&sort_key=name&sort_dir=desc&sort_dir=asc&limit=2", "32" },
	{ "sort_key=id&sort_dir=asc&limit=1&marker=" VM2, "3" },
	{ "sort_key=id&sort_dir=asc&limit=1&page_reverse=TRUE&marker=" VM2, "1" },
	{ "page_reverse=maybe", "123" },
	{ "page_reverse=True&limit=1", "3" },
	{ "page_reverse=True&marker=" VM3, "12" },
	{ "sort_key=&sort_dir=&marker=", "123" },
	{ "limit=1&limit=2", "12" },
};

START_TEST(a_list_is_in_the_order_that_is_asked_for)
{
	char target[256], seen[8] = "";

	snprintf(target, sizeof(target), "/v2.0/ports?%s", order_rows[_i].query);
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 200);
	for (size_t i = 0; i < json_array_size(at(reply.json, "ports")); i++)
		seen[i] =
		    json_string_value(at(json_array_get(at(reply.json, "ports"), i), "id"))[0];
	ck_assert_str_eq(seen, order_rows[_i].seen);
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *query, *message;
} bad_order_rows[] = {
	{ "sort_key=name", "The number of sort_keys and sort_dirs must be same" },
	{ "sort_dir=asc", "The number of sort_keys and sort_dirs must be same" },
	{ "sort_key=a&sort_key=b'c&sort_dir=asc&sort_dir=asc",
	    "['a', \"b'c\"] is invalid attribute for sort_keys" },
	{ "sort_key=data_plane_status&sort_dir=asc",
	    "['data_plane_status'] is invalid attribute for sort_keys" },
	{ "sort_key=name&sort_dir=ASC",
	    "['ASC'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'" },
};

START_TEST(an_order_that_is_none_is_refused_in_neutrons_words)
{
	static const char *const paths[] = { "/v2.0/ports", PORT1 };

	for (size_t i = 0; i < 2; i++) {
		char target[256];
		snprintf(target, sizeof(target), "%s?%s", paths[i], bad_order_rows[_i].query);
		struct reply reply = get(target);
		expect_error(&reply, 400, "HTTPBadRequest", bad_order_rows[_i].message);
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

static const struct {
	const char *query, *type, *message;
	int status;
} list_error_rows[] = {
	{ "?bogus=1", "HTTPBadRequest", "['bogus'] is invalid attribute for filtering", 400 },
	{ "?a=1&name=x&b=2", "HTTPBadRequest", "['a', 'b'] is invalid attribute for filtering",
	    400 },
	{ "?dp_down=maybe", "InvalidInput",
	    "Invalid input for operation: 'maybe' cannot be converted to boolean.", 400 },
	{ "?limit=abc", "BadRequest",
	    "Bad limit request: Limit must be an integer 0 or greater and not 'abc'.", 400 },
	{ "?limit=-1", "BadRequest",
	    "Bad limit request: Limit must be an integer 0 or greater and not '-1'.", 400 },
	{ "?marker=nothing", "PortNotFound", "Port nothing could not be found.", 404 },
	{ "?sort_key=name&sort_dir=asc&marker=22222222-2222-2222-2222-222222222221", "PortNotFound",
	    "Port 22222222-2222-2222-2222-222222222221 could not be found.", 404 },
	{ "?name=a%00b", "HTTPBadRequest", "the path or query holds %00 or more than 64 parameters",
	    400 },
};

START_TEST(a_query_that_makes_no_sense_is_refused_in_neutrons_words)
{
	char target[256];

	snprintf(target, sizeof(target), "/v2.0/ports%s", list_error_rows[_i].query);
	struct reply reply = get(target);
	expect_error(&reply, list_error_rows[_i].status, list_error_rows[_i].type,
	    list_error_rows[_i].message);
	reply_release(&reply);
}
END_TEST

START_TEST(a_query_has_at_most_64_parameters)
{
	char target[2048] = "/v2.0/ports?";

	for (size_t i = 0; i < 64; i++)
		memcpy(target + strlen(target), "name=vm1&", sizeof("name=vm1&"));
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 200);
	reply_release(&reply);
	memcpy(target + strlen(target), "name=vm2", sizeof("name=vm2"));
	reply = get(target);
	ck_assert_int_eq(reply.response.status, 400);
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void
add_tests(TCase *tcase)
{
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
	    tcase, a_list_holds_the_ports_that_the_query_asks_for, 0, ROWS(list_rows));
	tcase_add_test(tcase, fields_pick_what_a_port_shows_and_unknown_ones_are_ignored);
	tcase_add_test(tcase, a_full_page_links_to_the_next_with_the_same_query);
	tcase_add_loop_test(tcase, following_the_links_meets_every_port_once, 0, ROWS(walk_rows));
	tcase_add_loop_test(tcase, a_list_is_in_the_order_that_is_asked_for, 0, ROWS(order_rows));
	tcase_add_loop_test(
	    tcase, an_order_that_is_none_is_refused_in_neutrons_words, 0, ROWS(bad_order_rows));
	tcase_add_loop_test(
	    tcase, more_slashes_and_the_suffix_json_name_the_same_port, 0, ROWS(same_paths));
	tcase_add_test(tcase, the_query_for_one_port_is_held_against_the_same_rules_as_a_lists);
	tcase_add_loop_test(tcase, a_query_that_makes_no_sense_is_refused_in_neutrons_words, 0,
	    ROWS(list_error_rows));
	tcase_add_test(tcase, a_query_has_at_most_64_parameters);
}

int
main(void)
{
	TCase *tcase = tcase_create("api_neutron");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	add_tests(tcase);
	return run_case("api_neutron", tcase);
}
