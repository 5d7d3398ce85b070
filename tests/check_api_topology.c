/* The API's own half: putting a topology in force, and dumping the one that is. */
#include "admin/api_load.h"
#include "lib/api_world.h"
#include "lib/run_suite.h"

START_TEST(a_load_is_deferred_with_force_as_asked)
{
	struct reply reply =
	    ask("PUT", _i ? "/v1/topology?force=1" : "/v1/topology", NULL, ROLE_ADMIN);

	ck_assert_int_eq(reply.response.status, 0);
	ck_assert_int_eq(reply.response.deferred, API_TOPOLOGY_LOAD);
	ck_assert(reply.response.force == (_i == 1));
	/* The program loads it, and answers. */
	api_finish_load(&reply.response, engine_topo(world.api.engine), NULL);
	reply_read(&reply);
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_int_eq(reply.response.deferred, API_DONE);
	ck_assert_int_eq(number_at(&reply, "topology.ports"), 3);
	ck_assert_int_eq(number_at(&reply, "topology.switches"), 3);
	ck_assert_uint_eq(json_array_size(at(reply.json, "warnings")), 0);
	reply_release(&reply);
}
END_TEST

START_TEST(only_the_body_of_a_topology_comes_as_a_stream)
{
	ck_assert(api_takes_stream("PUT", "/v1/topology"));
	ck_assert(api_takes_stream("PUT", "/v1/topology/"));
	ck_assert(!api_takes_stream("GET", "/v1/topology"));
	ck_assert(!api_takes_stream("POST", "/v1/topology"));
	ck_assert(!api_takes_stream("PUT", "/v1/topology/x"));
	ck_assert(!api_takes_stream("PUT", "/v2.0/ports/" VM1));
}
END_TEST

/* ---- what the worker does with a document ---- */

/* The map in force, as the worker is told of it. */
static uint8_t in_force_ids[3][16];
static const char *in_force_roots[1];
static struct topo_outline in_force;

static void
set_up(void)
{
	world_set_up();
	const struct topo *topo = engine_topo(world.api.engine);
	for (uint32_t i = 0; i < 3; i++)
		memcpy(in_force_ids[i], topo_port_get(topo, i)->id, 16);
	in_force_roots[0] = "spine1";
	in_force =
	    (struct topo_outline){ (const uint8_t(*)[16])in_force_ids, 3, in_force_roots, 1 };
}

/* Checks a document that must be refused. */
static struct reply
refused(const char *document, bool force)
{
	struct reply reply = { .json = NULL };

	ck_assert_ptr_null(api_load_check(slice_of(document), &in_force, force, &reply.response));
	reply_read(&reply);
	return reply;
}

/* Checks one that must be taken. */
static void
taken(const char *text, bool force)
{
	struct api_response response;
	json_t *document = api_load_check(slice_of(text), &in_force, force, &response);

	ck_assert_ptr_nonnull(document);
	ck_assert_int_eq(response.status, 0);
	ck_assert_ptr_null(response.body);
	json_decref(document);
}

START_TEST(a_good_document_is_taken)
{
	taken(WORLD_TOPOLOGY, false);
}
END_TEST

START_TEST(every_fault_of_a_document_is_told_with_its_path)
{
	static const char document[] =
	    "{\"switches\": [{\"name\": \"a:b\", \"addresses\": [\"192.0.2.1\"]}],"
	    " \"ports\": [{\"id\": \"" VM1
	    "\", \"host\": \"nobody\"}, {\"id\": \"x\"}], \"more\": 1}";
	struct reply reply = refused(document, _i);

	expect_error(&reply, 400, "HTTPBadRequest", "the topology has faults: nothing was changed");
	ck_assert_uint_ge(json_array_size(at(reply.json, "faults")), 4);
	ck_assert_int_eq(
	    number_at(&reply, "errors"), (json_int_t)json_array_size(at(reply.json, "faults")));
	for (size_t i = 0; i < json_array_size(at(reply.json, "faults")); i++) {
		const json_t *fault = json_array_get(at(reply.json, "faults"), i);
		ck_assert_str_ne(json_string_value(at(fault, "path")), "");
		ck_assert_str_ne(json_string_value(at(fault, "reason")), "");
		ck_assert(!json_is_true(at(fault, "warning")));
	}
	reply_release(&reply);
}
END_TEST

static const char *const no_documents[] = { "", "{", "[]", "{\"switches\": [}",
	"{\"a\": 1, \"a\": 2}", "\xff\xfe" };

START_TEST(what_is_no_document_is_refused_with_the_place)
{
	struct reply reply = refused(no_documents[_i], false);

	expect_error(
	    &reply, 400, "HTTPBadRequest", "the body is no topology document: nothing was changed");
	ck_assert_str_ne(text_at(&reply, "faults.0.reason"), "");
	reply_release(&reply);
}
END_TEST

START_TEST(a_document_that_removes_too_much_needs_force)
{
	static const char less[] =
	    "{\"switches\": [{\"name\": \"spine1\", \"addresses\": [\"192.0.2.1\"], \"root\": true}]}";
	struct reply reply = refused(less, false);

	expect_error(&reply, 409, "TopologyLoss",
	    "this topology would remove 3 of 3 ports and 0 roots: nothing was changed (if that is meant, load it with --force, or PUT with ?force=1)");
	reply_release(&reply);
	taken(less, true);
}
END_TEST

/* ---- dumps, and what fails later ---- */

#define RECORD(kind, key, json)               \
	{                                     \
		kind, SLICE(key), SLICE(json) \
	}

START_TEST(a_dump_is_a_document_sorted_and_a_record_a_line)
{
	const struct api_topology_record records[] = {
		RECORD(TOPO_PORT, "b", "{\"id\":\"b\"}"),
		RECORD(TOPO_SWITCH, "s2", "{\"name\":\"s2\"}"),
		RECORD(TOPO_PORT, "a", "{\"id\":\"a\"}"),
		RECORD(TOPO_SWITCH, "s10", "{\"name\":\"s10\"}"),
		RECORD(TOPO_LINK, "x", "{\"a\":\"s2:1\",\"b\":\"s10:1\"}"),
	};
	struct reply reply = get("/v1/topology");

	ck_assert_int_eq(reply.response.deferred, API_TOPOLOGY_DUMP);
	api_finish_dump(&reply.response, records, sizeof(records) / sizeof(records[0]));
	reply_read(&reply);
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(reply.response.body,
	    "{\"switches\": [\n  {\"name\":\"s10\"},\n  {\"name\":\"s2\"}],\n"
	    " \"links\": [\n  {\"a\":\"s2:1\",\"b\":\"s10:1\"}],\n"
	    " \"hosts\": [],\n"
	    " \"ports\": [\n  {\"id\":\"a\"},\n  {\"id\":\"b\"}]}\n");
	reply_release(&reply);
}
END_TEST

START_TEST(a_record_that_a_scan_handed_out_twice_is_dumped_once)
{
	const struct api_topology_record records[] = {
		RECORD(TOPO_PORT, "a", "{\"id\":\"a\"}"),
		RECORD(TOPO_HOST, "a", "{\"name\":\"a\"}"),
		RECORD(TOPO_PORT, "a", "{\"id\":\"a\"}"),
	};
	struct reply reply = get("/v1/topology");

	api_finish_dump(&reply.response, records, sizeof(records) / sizeof(records[0]));
	reply_read(&reply);
	ck_assert_uint_eq(json_array_size(at(reply.json, "hosts")), 1);
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 1);
	reply_release(&reply);
}
END_TEST

START_TEST(an_empty_redis_dumps_an_empty_document)
{
	struct reply reply = get("/v1/topology");

	api_finish_dump(&reply.response, NULL, 0);
	reply_read(&reply);
	ck_assert_uint_eq(json_object_size(reply.json), 4);
	reply_release(&reply);
}
END_TEST

static const char *const bad_records[] = { "", "{", "[]", "1", "{\"id\":\"\xff\"}", "{} {}" };

START_TEST(a_record_that_is_no_json_is_named_instead_of_dumped)
{
	const struct api_topology_record record = { TOPO_PORT, SLICE("p7"),
		slice_of(bad_records[_i]) };
	struct reply reply = get("/v1/topology");

	api_finish_dump(&reply.response, &record, 1);
	reply_read(&reply);
	expect_error(&reply, 500, "TopologyRecord",
	    "Redis holds no JSON object at topology:ports p7: write it again, or remove it");
	reply_release(&reply);
}
END_TEST

START_TEST(a_load_that_failed_later_is_answered_with_its_faults)
{
	char path[] = "ports[0]", reason[] = "odd";
	struct topo_fault items[] = { { path, reason, false } };
	struct topo_faults faults = { .items = items, .n = 1, .n_errors = 1 };
	struct reply reply = ask("PUT", "/v1/topology", NULL, ROLE_ADMIN);

	api_finish_error(&reply.response, 503, "Redis is not connected", &faults);
	reply_read(&reply);
	expect_error(&reply, 503, "HTTPServiceUnavailable", "Redis is not connected");
	ck_assert_str_eq(text_at(&reply, "faults.0.path"), "ports[0]");
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void
add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_load_is_deferred_with_force_as_asked, 0, 2);
	tcase_add_test(tcase, only_the_body_of_a_topology_comes_as_a_stream);
	tcase_add_test(tcase, a_good_document_is_taken);
	tcase_add_loop_test(tcase, every_fault_of_a_document_is_told_with_its_path, 0, 2);
	tcase_add_loop_test(
	    tcase, what_is_no_document_is_refused_with_the_place, 0, ROWS(no_documents));
	tcase_add_test(tcase, a_document_that_removes_too_much_needs_force);
	tcase_add_test(tcase, a_dump_is_a_document_sorted_and_a_record_a_line);
	tcase_add_test(tcase, a_record_that_a_scan_handed_out_twice_is_dumped_once);
	tcase_add_test(tcase, an_empty_redis_dumps_an_empty_document);
	tcase_add_loop_test(
	    tcase, a_record_that_is_no_json_is_named_instead_of_dumped, 0, ROWS(bad_records));
	tcase_add_test(tcase, a_load_that_failed_later_is_answered_with_its_faults);
}

int
main(void)
{
	TCase *tcase = tcase_create("api_topology");

	tcase_add_checked_fixture(tcase, set_up, world_tear_down);
	add_tests(tcase);
	return run_case("api_topology", tcase);
}
