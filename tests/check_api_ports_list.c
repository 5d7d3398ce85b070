/* Lists for which very many ports are looked at: in slices, over a map that may be replaced meanwhile. */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

#define N_PORTS 60000

static const char *
id_of(unsigned number, char buf[PORT_ID_TEXT])
{
	snprintf(buf, PORT_ID_TEXT, "aaaaaaaa-0000-4000-8000-%012x", number);
	return buf;
}

/*
 * Ports first .. first + n - 1, named vm<number>, of project blue where the number is even; the last three are on c2, all others
 * on c1. The map has them in an order that begins at the `turn`-th.
 */
static void
load_turned(unsigned first, unsigned n, unsigned turn)
{
	char *text = NULL, id[PORT_ID_TEXT];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(
	    "{\"switches\": [{\"name\": \"leaf1\", \"hostnames\": [\"leaf1\"]}], \"hosts\": ["
	    "{\"name\": \"c1\", \"attachments\": [\"leaf1:e1\"]}, {\"name\": \"c2\", \"attachments\": [\"leaf1:e2\"]}],"
	    " \"ports\": [",
	    out);
	for (unsigned k = 0; k < n; k++) {
		unsigned i = first + (k + turn) % n;
		fprintf(out,
		    "%s{\"id\": \"%s\", \"name\": \"vm%u\", \"project_id\": \"%s\", \"host\": \"%s\"}",
		    k > 0 ? "," : "", id_of(i, id), i, i % 2 ? "red" : "blue",
		    i + 3 < first + n ? "c1" : "c2");
	}
	fputs("]}", out);
	fclose(out);
	world_load(text);
	free(text);
}

static void
load(unsigned first, unsigned n)
{
	load_turned(first, n, 0);
}

/* To the end, however many steps that takes, at most a thousand. */
static unsigned
finish(struct reply *reply)
{
	unsigned steps = 1;

	ck_assert_int_eq(reply->response.deferred, API_SCAN);
	ck_assert_ptr_null(reply->response.body);
	while (!api_scan_step(&reply->response))
		ck_assert_uint_lt(steps++, 1000);
	ck_assert_int_eq(reply->response.deferred, API_DONE);
	reply_read(reply);
	return steps;
}

static void
expect_ports(const struct reply *reply, const unsigned *numbers, size_t n)
{
	char id[PORT_ID_TEXT];
	json_t *ports = at(reply->json, "ports");

	ck_assert_int_eq(reply->response.status, 200);
	ck_assert_uint_eq(json_array_size(ports), n);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(
		    json_string_value(at(json_array_get(ports, i), "id")), id_of(numbers[i], id));
}

/* The first list after a load has the map's order by id made. */
static void
make_order(void)
{
	struct reply reply = get("/v2.0/ports?limit=1");

	finish(&reply);
	reply_release(&reply);
}

#define ID(end) "aaaaaaaa-0000-4000-8000-" end

static const struct {
	const char *query;
	unsigned numbers[3];
	size_t n;
	unsigned most_steps; /* 0: it is answered at once */
} list_rows[] = {
	{ "name=vm59999", { 59999 }, 1, 4 },
	{ "name=vm7&name=vm59999&name=vm30000", { 7, 30000, 59999 }, 3, 4 },
	{ "name=nosuch", { 0 }, 0, 4 },
	{ "binding%3Ahost_id=c2", { 59997, 59998, 59999 }, 3, 4 },
	{ "binding:host_id=c2&project_id=blue", { 59998 }, 1, 4 },
	{ "binding:host_id=nosuch", { 0 }, 0, 4 },
	{ "binding:host_id=", { 0 }, 0, 4 },
	{ "match=vm5999&limit=3", { 5999, 59990, 59991 }, 3, 4 },
	{ "dp_down=true", { 59997, 59998, 59999 }, 3, 4 },
	{ "data_plane_status=DOWN", { 59997, 59998, 59999 }, 3, 12 },
	{ "limit=3", { 0, 1, 2 }, 3, 0 },
	{ "project_id=red&limit=2", { 1, 3 }, 2, 0 },
	{ "name=vm59999&marker=" ID("00000000ea00"), { 59999 }, 1, 4 },
	{ "name=vm59903&marker=" ID("00000000ea00"), { 0 }, 0, 4 },
	{ "name=vm3&name=vm1&name=vm2&limit=2&page_reverse=True", { 2, 3 }, 2, 4 },
	{ "name=vm3&name=vm1&name=vm2&sort_key=id&sort_dir=desc", { 3, 2, 1 }, 3, 4 },
	/* A page of which the first ports by id are none: all are looked at, as they stand in the map. */
	{ "binding:host_id=c2&limit=2", { 59997, 59998 }, 2, 5 },
	{ "binding:host_id=c2&marker=" ID("00000000ea5d"), { 59998, 59999 }, 2, 0 },
	{ "binding:host_id=c2&marker=" ID("00000000ea5f") "&page_reverse=True", { 59997, 59998 }, 2,
	    5 },
	{ "binding:host_id=c1&limit=2&sort_key=id&sort_dir=desc", { 59996, 59995 }, 2, 0 },
	/* Those that are named are looked at alone. */
	{ "id=" ID("00000000ea00") "&id=" ID("000000000007") "&id=" ID("00000000ea00") "&id=x",
	    { 7, 59904 }, 2, 0 },
	{ "id=" ID("000000000007") "&name=vm8", { 0 }, 0, 0 },
	{ "id=" ID("000000000007") "&id=" ID("000000000009") "&marker=" ID("000000000008"), { 9 },
	    1, 0 },
	{ "id=" ID("0000ffffffff"), { 0 }, 0, 0 },
};

START_TEST(a_list_that_looks_at_every_port_is_made_in_slices)
{
	char target[160];

	world_word("leaf1", "e2", WORD_DOWN);
	snprintf(target, sizeof(target), "/v2.0/ports?%s", list_rows[_i].query);
	make_order();
	struct reply reply = get(target);
	if (list_rows[_i].most_steps > 0)
		ck_assert_uint_le(finish(&reply), list_rows[_i].most_steps);
	expect_ports(&reply, list_rows[_i].numbers, list_rows[_i].n);
	reply_release(&reply);
}
END_TEST

/* Few are: they are found as they stand, and nobody waits until a map that is new is sorted. */
/* So that a slice takes no longer. */
START_TEST(of_many_filters_a_slice_holds_fewer_ports_against)
{
	static const char *const names[] = { "name", "match", "project_id" };
	char target[4096] = "/v2.0/ports?fields=id";

	load(0, N_PORTS);
	for (unsigned i = 0, len = (unsigned)strlen(target); i < 100; i++)
		len += (unsigned)snprintf(
		    target + len, sizeof(target) - len, "&%s=nope%u", names[_i], i);
	struct reply reply = get(target);
	ck_assert_uint_ge(finish(&reply), 100);
	expect_ports(&reply, NULL, 0);
	reply_release(&reply);
}
END_TEST

START_TEST(the_ports_that_are_down_are_listed_without_sorting_the_map)
{
	const unsigned none[] = { 0 };

	load_turned(0, N_PORTS, 31415);
	struct reply reply = get("/v2.0/ports?dp_down=true");
	ck_assert_uint_le(finish(&reply), 4);
	expect_ports(&reply, none, 0);
	reply_release(&reply);
	ck_assert_ptr_null(world.api.order);
}
END_TEST

START_TEST(the_first_list_of_a_map_sorts_it_in_slices)
{
	const unsigned first[] = { 0, 1, 2 }, last[] = { 59997, 59998, 59999 };

	load_turned(0, N_PORTS, 31415);
	struct reply reply = get("/v2.0/ports?limit=3");
	ck_assert_uint_gt(finish(&reply), 3);
	expect_ports(&reply, first, 3);
	reply_release(&reply);
	/* Once it is sorted, any end of it is there at once. */
	reply = get("/v2.0/ports?limit=3&page_reverse=True");
	ck_assert_int_eq(reply.response.deferred, API_DONE);
	expect_ports(&reply, last, 3);
	reply_release(&reply);
}
END_TEST

#define N_WALKED 6000
#define A_PAGE 100

/* The page's ports are noted; *target is that of the next page, or "". Returns how many ports there were. */
static size_t
take_page(char *target, size_t size, bool *seen)
{
	static const char host[] = "http://api.example.net:9797";
	struct reply reply = get(target);

	if (reply.response.deferred == API_SCAN)
		finish(&reply);
	ck_assert_int_eq(reply.response.status, 200);
	json_t *ports = at(reply.json, "ports");
	const size_t n = json_array_size(ports);
	*target = '\0';
	if (n == A_PAGE)
		slice_copy(
		    slice_of(text_at(&reply, "ports_links.0.href") + strlen(host)), target, size);
	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(at(json_array_get(ports, i), "id"));
		unsigned long number = strtoul(id + PORT_ID_TEXT - 13, NULL, 16);
		ck_assert_msg(number < N_WALKED && !seen[number], "%s again", id);
		seen[number] = true;
	}
	reply_release(&reply);
	return n;
}

START_TEST(pages_miss_and_repeat_nothing_though_the_map_is_replaced_between_them)
{
	static bool seen[N_WALKED];
	char target[256] = "/v2.0/ports?fields=id&limit=100";
	size_t n = 0;

	memset(seen, 0, sizeof(seen));
	load_turned(0, N_WALKED, 5);
	for (unsigned page = 1; *target; page++) {
		n += take_page(target, sizeof(target), seen);
		/* Its ports stand in another order, and some that were seen have left, a marker among them. */
		if (page % 6 == 0)
			load_turned(page * A_PAGE, N_WALKED - page * A_PAGE, page * 777);
	}
	ck_assert_uint_eq(n, N_WALKED);
}
END_TEST

START_TEST(a_page_goes_on_behind_a_port_that_has_left)
{
	const unsigned next[] = { 30000, 30001, 30002 };

	load_turned(30000, 30000, 12345);
	struct reply reply = get("/v2.0/ports?limit=3&marker=aaaaaaaa-0000-4000-8000-000000000001");
	finish(&reply);
	expect_ports(&reply, next, 3);
	reply_release(&reply);
}
END_TEST

START_TEST(a_page_of_a_thousand_goes_on_where_it_ended)
{
	struct reply reply = get("/v2.0/ports?project_id=red&fields=id");

	finish(&reply);
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 1000);
	ck_assert_str_eq(text_at(&reply, "ports_links.0.href"),
	    "http://api.example.net:9797/v2.0/ports?project_id=red&fields=id"
	    "&marker=aaaaaaaa-0000-4000-8000-0000000007cf");
	reply_release(&reply);
}
END_TEST

START_TEST(another_map_meanwhile_is_looked_at_from_its_beginning)
{
	const unsigned both[] = { 100, 59999 }, one[] = { 59999 };
	struct reply reply = get("/v2.0/ports?name=vm100&name=vm59999");

	load(50, N_PORTS);
	ck_assert(!api_scan_step(&reply.response));
	finish(&reply);
	expect_ports(&reply, both, 2);
	reply_release(&reply);
	/* What had been found already has left. */
	reply = get("/v2.0/ports?name=vm100&name=vm59999");
	load(30000, 30000);
	finish(&reply);
	expect_ports(&reply, one, 1);
	reply_release(&reply);
}
END_TEST

START_TEST(a_marker_that_left_meanwhile_is_404_in_another_order_than_that_of_ids)
{
	struct reply reply = get(
	    "/v2.0/ports?name=nosuch&sort_key=name&sort_dir=asc&marker=aaaaaaaa-0000-4000-8000-000000000001");

	load(30000, 30000);
	finish(&reply);
	expect_error(&reply, 404, "PortNotFound",
	    "Port aaaaaaaa-0000-4000-8000-000000000001 could not be found.");
	reply_release(&reply);
}
END_TEST

START_TEST(a_reader_sees_its_project_alone_in_later_slices_too)
{
	char project[] = "red", query[] = "match=vm5999";
	const unsigned numbers[] = { 5999, 59991, 59993, 59995, 59997, 59999 };
	struct api_request request = {
		.method = "GET",
		.path = "/v2.0/ports",
		.query = query,
		.role = ROLE_READER,
		.project = project,
		.who = "tenant",
	};
	struct reply reply = ask_request(&request);

	/* The token may be gone, and the request is. */
	memcpy(project, "xxx", sizeof("xxx"));
	memset(query, 'x', sizeof(query) - 1);
	finish(&reply);
	expect_ports(&reply, numbers, 6);
	reply_release(&reply);
}
END_TEST

START_TEST(a_list_that_is_given_up_leaves_nothing)
{
	struct reply reply = get("/v2.0/ports?dp_down=true");

	ck_assert(!api_scan_step(&reply.response));
	api_finish_error(&reply.response, 503, "dpwatchd is stopping", NULL);
	ck_assert_int_eq(reply.response.status, 503);
	reply_release(&reply);
	ck_assert_ptr_null(reply.response.scan);
}
END_TEST

static void
set_up(void)
{
	world_set_up();
	load(0, N_PORTS);
}

int
main(void)
{
	TCase *tcase = tcase_create("api_ports_list");

	tcase_add_checked_fixture(tcase, set_up, world_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_list_that_looks_at_every_port_is_made_in_slices, 0,
	    sizeof(list_rows) / sizeof(list_rows[0]));
	tcase_add_test(tcase, a_page_of_a_thousand_goes_on_where_it_ended);
	tcase_add_test(tcase, another_map_meanwhile_is_looked_at_from_its_beginning);
	tcase_add_loop_test(tcase, of_many_filters_a_slice_holds_fewer_ports_against, 0, 3);
	tcase_add_test(tcase, the_ports_that_are_down_are_listed_without_sorting_the_map);
	tcase_add_test(tcase, the_first_list_of_a_map_sorts_it_in_slices);
	tcase_add_test(
	    tcase, pages_miss_and_repeat_nothing_though_the_map_is_replaced_between_them);
	tcase_add_test(tcase, a_page_goes_on_behind_a_port_that_has_left);
	tcase_add_test(
	    tcase, a_marker_that_left_meanwhile_is_404_in_another_order_than_that_of_ids);
	tcase_add_test(tcase, a_reader_sees_its_project_alone_in_later_slices_too);
	tcase_add_test(tcase, a_list_that_is_given_up_leaves_nothing);
	return run_case("api_ports_list", tcase);
}
