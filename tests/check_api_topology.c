/* The API's own half: putting a topology in force, and dumping the one that is. */
#include "lib/api_world.h"

START_TEST(a_good_document_is_deferred_with_force_as_asked)
{
	struct reply reply =
	    ask("PUT", _i ? "/v1/topology?force=1" : "/v1/topology", WORLD_TOPOLOGY, ROLE_ADMIN);

	ck_assert_int_eq(reply.response.status, 0);
	ck_assert_int_eq(reply.response.deferred, API_TOPOLOGY_LOAD);
	ck_assert(reply.response.force == (_i == 1));
	ck_assert_uint_eq(json_array_size(at(reply.response.document, "ports")), 3);
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

START_TEST(every_fault_of_a_document_is_told_with_its_path)
{
	static const char document[] =
	    "{\"switches\": [{\"name\": \"a:b\", \"addresses\": [\"192.0.2.1\"]}],"
	    " \"ports\": [{\"id\": \"" VM1
	    "\", \"host\": \"nobody\"}, {\"id\": \"x\"}], \"more\": 1}";
	struct reply reply = ask("PUT", "/v1/topology", document, ROLE_ADMIN);

	expect_error(&reply, 400, "HTTPBadRequest", "the topology has faults: nothing was changed");
	ck_assert_ptr_null(reply.response.document);
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
	struct reply reply = ask("PUT", "/v1/topology", no_documents[_i], ROLE_ADMIN);

	expect_error(
	    &reply, 400, "HTTPBadRequest", "the body is no topology document: nothing was changed");
	ck_assert_str_ne(text_at(&reply, "faults.0.reason"), "");
	ck_assert_int_eq(reply.response.deferred, API_DONE);
	reply_release(&reply);
}
END_TEST

START_TEST(a_document_that_removes_too_much_needs_force)
{
	static const char less[] =
	    "{\"switches\": [{\"name\": \"spine1\", \"addresses\": [\"192.0.2.1\"], \"root\": true}]}";
	struct reply reply = ask("PUT", "/v1/topology", less, ROLE_ADMIN);

	expect_error(&reply, 409, "TopologyLoss",
	    "this topology would remove 3 of 3 ports and 0 roots: nothing was changed (if that is meant, load it with --force, or PUT with ?force=1)");
	reply_release(&reply);
	reply = ask("PUT", "/v1/topology?force=true", less, ROLE_ADMIN);
	ck_assert_int_eq(reply.response.deferred, API_TOPOLOGY_LOAD);
	ck_assert(reply.response.force);
	reply_release(&reply);
}
END_TEST

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
	struct reply reply = ask("PUT", "/v1/topology", WORLD_TOPOLOGY, ROLE_ADMIN);

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
	tcase_add_loop_test(tcase, a_good_document_is_deferred_with_force_as_asked, 0, 2);
	tcase_add_test(tcase, every_fault_of_a_document_is_told_with_its_path);
	tcase_add_loop_test(
	    tcase, what_is_no_document_is_refused_with_the_place, 0, ROWS(no_documents));
	tcase_add_test(tcase, a_document_that_removes_too_much_needs_force);
	tcase_add_test(tcase, a_dump_is_a_document_sorted_and_a_record_a_line);
	tcase_add_test(tcase, an_empty_redis_dumps_an_empty_document);
	tcase_add_loop_test(
	    tcase, a_record_that_is_no_json_is_named_instead_of_dumped, 0, ROWS(bad_records));
	tcase_add_test(tcase, a_load_that_failed_later_is_answered_with_its_faults);
}

int
main(void)
{
	Suite *suite = suite_create("api_topology");
	TCase *tcase = tcase_create("api_topology");
	SRunner *runner = srunner_create(suite);

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	add_tests(tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
