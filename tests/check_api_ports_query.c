/* Lists of ports: what a query picks, shows and refuses, pages and orders, as a real Neutron answers (facts: openstack.md 1.4). */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

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
	static const char *const paths[] = { "/v2.0/ports", "/v2.0/ports/" VM1 };

	for (size_t i = 0; i < 2; i++) {
		char target[256];
		snprintf(target, sizeof(target), "%s?%s", paths[i], bad_order_rows[_i].query);
		struct reply reply = get(target);
		expect_error(&reply, 400, "HTTPBadRequest", bad_order_rows[_i].message);
		reply_release(&reply);
	}
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
	{ "?name=a%00b", "HTTPBadRequest",
	    "the path or query holds %00 or more than 512 parameters", 400 },
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

START_TEST(a_query_has_at_most_512_parameters)
{
	char target[8192] = "/v2.0/ports?";

	for (size_t i = 0; i < 512; i++)
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

int
main(void)
{
	TCase *tcase = tcase_create("api_ports_query");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	tcase_add_loop_test(
	    tcase, a_list_holds_the_ports_that_the_query_asks_for, 0, ROWS(list_rows));
	tcase_add_test(tcase, fields_pick_what_a_port_shows_and_unknown_ones_are_ignored);
	tcase_add_test(tcase, a_full_page_links_to_the_next_with_the_same_query);
	tcase_add_loop_test(tcase, following_the_links_meets_every_port_once, 0, ROWS(walk_rows));
	tcase_add_loop_test(tcase, a_list_is_in_the_order_that_is_asked_for, 0, ROWS(order_rows));
	tcase_add_loop_test(
	    tcase, an_order_that_is_none_is_refused_in_neutrons_words, 0, ROWS(bad_order_rows));
	tcase_add_loop_test(tcase, a_query_that_makes_no_sense_is_refused_in_neutrons_words, 0,
	    ROWS(list_error_rows));
	tcase_add_test(tcase, a_query_has_at_most_512_parameters);
	return run_case("api_ports_query", tcase);
}
