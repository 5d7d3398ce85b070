/* The API's Neutron half, writing: dp_down and data_plane_status as two views of one state. */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

#define PORT1 "/v2.0/ports/" VM1
#define PORT3 "/v2.0/ports/" VM3

static struct reply
put(const char *body)
{
	return ask("PUT", PORT1, body, ROLE_INTEGRATOR);
}

START_TEST(dp_down_true_takes_a_port_down_and_says_who)
{
	struct reply reply =
	    put("{\"port\": {\"dp_down\": true, \"dp_down_note\": \"fibre cut\"}}");

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert(flag_at(&reply, "port.dp_down"));
	ck_assert_str_eq(text_at(&reply, "port.data_plane_status"), "DOWN");
	ck_assert_uint_eq(json_array_size(at(reply.json, "port.dp_down_causes")), 1);
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.cause"), "reported");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.by"), "uid 0");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.note"), "fibre cut");
	ck_assert_str_eq(
	    text_at(&reply, "port.dp_down_causes.0.at"), "2024-05-01T12:00:00.000000Z");
	reply_release(&reply);
}
END_TEST

START_TEST(a_report_is_one_toggle_with_source_api)
{
	struct dp_change change;
	struct reply reply = put("{\"port\": {\"data_plane_status\": \"DOWN\"}}");
	int toggles = 0;

	while (engine_pop(world.api.engine, &change)) {
		if (change.kind != CHANGE_TOGGLE)
			continue;
		toggles++;
		ck_assert(change.dp_down);
		ck_assert_int_eq(change.source, SOURCE_API);
		ck_assert_int_eq(change.cause, CAUSE_REPORTED);
		ck_assert_str_eq(change.report.by, "uid 0");
	}
	ck_assert_int_eq(toggles, 1);
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *body;
	bool down;
	const char *status; /* NULL: null */
} put_rows[] = {
	{ "{\"port\": {\"dp_down\": true}}", true, "DOWN" },
	{ "{\"port\": {\"dp_down\": \"True\"}}", true, "DOWN" },
	{ "{\"port\": {\"dp_down\": \" YES \"}}", true, "DOWN" },
	{ "{\"port\": {\"dp_down\": \"on\"}}", true, "DOWN" },
	{ "{\"port\": {\"dp_down\": 1}}", true, "DOWN" },
	{ "{\"port\": {\"dp_down\": \"t\"}}", true, "DOWN" },
	{ "{\"port\": {\"data_plane_status\": \"DOWN\"}}", true, "DOWN" },
	{ "{\"port\": {\"data_plane_status\": \"DOWN\", \"dp_down\": true}}", true, "DOWN" },
	{ "{\"port\": {\"data_plane_status\": \"ACTIVE\"}}", false, "ACTIVE" },
	{ "{\"port\": {\"data_plane_status\": \"ACTIVE\", \"dp_down\": false}}", false, "ACTIVE" },
	{ "{\"port\": {\"dp_down\": false}}", false, "ACTIVE" },
	{ "{\"port\": {\"dp_down\": \"n\"}}", false, "ACTIVE" },
	{ "{\"port\": {\"dp_down\": 0}}", false, "ACTIVE" },
	/* Nobody knows: as if nothing had ever been said. */
	{ "{\"port\": {\"data_plane_status\": null}}", false, NULL },
	{ "{\"port\": {\"data_plane_status\": null, \"dp_down\": false}}", false, NULL },
	{ "{\"port\": {}}", false, NULL },
	{ " {\"port\": {\"dp_down\": true}, \"other\": 1}\n", true, "DOWN" },
};

START_TEST(both_attributes_are_views_of_one_state)
{
	struct reply reply = put(put_rows[_i].body);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert(flag_at(&reply, "port.dp_down") == put_rows[_i].down);
	if (put_rows[_i].status)
		ck_assert_str_eq(text_at(&reply, "port.data_plane_status"), put_rows[_i].status);
	else
		ck_assert(is_null_at(&reply, "port.data_plane_status"));
	reply_release(&reply);
}
END_TEST

static const char *const takers_away[] = { "{\"port\": {\"dp_down\": false}}",
	"{\"port\": {\"data_plane_status\": \"ACTIVE\"}}",
	"{\"port\": {\"data_plane_status\": null}}" };

START_TEST(false_active_and_null_take_a_report_away)
{
	struct reply reply = put("{\"port\": {\"dp_down\": true}}");

	reply_release(&reply);
	reply = put(takers_away[_i]);
	ck_assert(!flag_at(&reply, "port.dp_down"));
	ck_assert_uint_eq(json_array_size(at(reply.json, "port.dp_down_causes")), 0);
	/* It was down: that it is not any more is known. */
	ck_assert(at(reply.json, "port.data_plane_status") != NULL);
	reply_release(&reply);
}
END_TEST

START_TEST(what_is_observed_stays_observed_when_a_report_goes)
{
	world_word("leaf1", "Ethernet1/2", WORD_DOWN);
	struct reply reply = ask("PUT", PORT3, "{\"port\": {\"dp_down\": true}}", ROLE_ADMIN);

	ck_assert_uint_eq(json_array_size(at(reply.json, "port.dp_down_causes")), 2);
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.cause"), "access");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.1.cause"), "reported");
	reply_release(&reply);
	reply = ask("PUT", PORT3, "{\"port\": {\"data_plane_status\": null}}", ROLE_ADMIN);
	ck_assert(flag_at(&reply, "port.dp_down"));
	ck_assert_uint_eq(json_array_size(at(reply.json, "port.dp_down_causes")), 1);
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.cause"), "access");
	reply_release(&reply);
}
END_TEST

/* A host that watches its own links reports first; the switch tells later. */
static const struct {
	const char *interface, *cause;
} observed_rows[] = {
	{ "Ethernet1/2", "access" },
	{ "Ethernet1/49", "uplink" },
};

START_TEST(what_is_observed_of_a_port_that_was_reported_before_is_among_its_causes)
{
	struct reply reply = ask("PUT", PORT3, "{\"port\": {\"dp_down\": true}}", ROLE_ADMIN);

	reply_release(&reply);
	world_word("leaf1", observed_rows[_i].interface, WORD_DOWN);
	reply = get(PORT3);
	ck_assert_uint_eq(json_array_size(at(reply.json, "port.dp_down_causes")), 2);
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.cause"), observed_rows[_i].cause);
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.reason"), "link-down");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.switch"), "leaf1");
	ck_assert_str_eq(
	    text_at(&reply, "port.dp_down_causes.0.interface"), observed_rows[_i].interface);
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.1.cause"), "reported");
	reply_release(&reply);
}
END_TEST

#define BAD_STATUS(v) "Invalid input for data_plane_status. Reason: " v " is not in valid_values."
#define BAD_BOOLEAN(v) "Invalid input for operation: '" v "' cannot be converted to boolean."

static const struct {
	const char *body, *type, *message;
} put_error_rows[] = {
	{ "", "HTTPBadRequest", "Unable to find 'port' in request body" },
	{ "  \n", "HTTPBadRequest", "Body contains invalid data" },
	{ "{}", "HTTPBadRequest", "Unable to find 'port' in request body" },
	{ "{\"ports\": []}", "HTTPBadRequest", "Bulk operation not supported" },
	{ "{\"port\": {}, \"ports\": []}", "HTTPBadRequest", "Bulk operation not supported" },
	{ "{\"port\": []}", "HTTPBadRequest", "Object 'port' contains invalid data" },
	{ "{\"port\": null}", "HTTPBadRequest", "Unable to find 'port' in request body" },
	{ "{\"port\": \"x\"}", "HTTPBadRequest", "Object 'port' contains invalid data" },
	{ "{\"port\": {\"dp_down\": true, \"dp_down_until\": \"2024-05-01T12:00:00Z\"}}",
	    "HTTPBadRequest",
	    "Invalid input for dp_down_until. Reason: '2024-05-01T12:00:00Z' is no time to come, as 2026-11-22T12:00:00Z." },
	{ "{\"port\": {\"dp_down\": true, \"dp_down_for\": 7}}", "HTTPBadRequest",
	    "Invalid input for dp_down_for. Reason: '7' is no duration of at most 3650d, as 2h or 30min." },
	{ "{\"port\": {\"dp_down\": true, \"dp_down_for\": \"0\"}}", "HTTPBadRequest",
	    "Invalid input for dp_down_for. Reason: '0' is no duration of at most 3650d, as 2h or 30min." },
	{ "{\"port\": {\"dp_down\": true, \"dp_down_for\": \"2h\", \"dp_down_until\": \"2099-05-02T12:00:00Z\"}}",
	    "HTTPBadRequest",
	    "Invalid input for dp_down_for. Reason: dp_down_until tells the end already." },
	{ "{\"port\": {\"dp_down_for\": \"2h\"}}", "HTTPBadRequest",
	    "Invalid input for dp_down_until. Reason: it needs dp_down beside it." },
	{ "[]", "HTTPBadRequest", "Body contains invalid data" },
	{ "{", "HTTPBadRequest", "Body contains invalid data" },
	{ "{\"port\": {\"dp_down\": true}} x", "HTTPBadRequest", "Body contains invalid data" },
	{ "{\"port\": {\"dp_down\": true, \"dp_down\": false}}", "HTTPBadRequest",
	    "Body contains invalid data" },
	{ "{\"port\": {\"dp_down\": \"\\u0000\"}}", "HTTPBadRequest",
	    "Body contains invalid data" },
	{ "\xff", "HTTPBadRequest", "Body contains invalid data" },
	{ "{\"port\": {\"x\": 1}}", "HTTPBadRequest", "Unrecognized attribute(s) 'x'" },
	{ "{\"port\": {\"x\": 1, \"dp_down\": 1, \"y\": 2}}", "HTTPBadRequest",
	    "Unrecognized attribute(s) 'x, y'" },
	{ "{\"port\": {\"status\": \"DOWN\"}}", "HTTPBadRequest",
	    "Cannot update read-only attribute status" },
	{ "{\"port\": {\"dp_down\": true, \"id\": \"x\"}}", "HTTPBadRequest",
	    "Cannot update read-only attribute id" },
	{ "{\"port\": {\"data_plane_status\": \"abc\"}}", "HTTPBadRequest", BAD_STATUS("abc") },
	{ "{\"port\": {\"data_plane_status\": \"down\"}}", "HTTPBadRequest", BAD_STATUS("down") },
	{ "{\"port\": {\"data_plane_status\": true}}", "HTTPBadRequest", BAD_STATUS("True") },
	{ "{\"port\": {\"data_plane_status\": 7}}", "HTTPBadRequest", BAD_STATUS("7") },
	{ "{\"port\": {\"data_plane_status\": 1.5}}", "HTTPBadRequest", BAD_STATUS("1.5") },
	{ "{\"port\": {\"data_plane_status\": [0.1, 2.0, 1e30]}}", "HTTPBadRequest",
	    BAD_STATUS("[0.1, 2.0, 1e+30]") },
	{ "{\"port\": {\"data_plane_status\": [true, null, \"a'b\", \"c\\n\\u0001\\\\\"]}}",
	    "HTTPBadRequest", BAD_STATUS("[True, None, \"a'b\", 'c\\n\\x01\\\\']") },
	{ "{\"port\": {\"data_plane_status\": {\"a\": {}, \"b'\\\"\": []}}}", "HTTPBadRequest",
	    BAD_STATUS("{'a': {}, 'b\\'\"': []}") },
	{ "{\"port\": {\"project_id\": \"x\"}}", "HTTPBadRequest",
	    "Cannot update read-only attribute tenant_id" },
	{ "{\"port\": {\"status\": \"x\", \"network_id\": \"x\"}}", "HTTPBadRequest",
	    "Cannot update read-only attribute network_id" },
	{ "{\"port\": {\"dp_down\": \"maybe\"}}", "InvalidInput", BAD_BOOLEAN("maybe") },
	{ "{\"port\": {\"dp_down\": null}}", "InvalidInput", BAD_BOOLEAN("None") },
	{ "{\"port\": {\"dp_down\": \"\"}}", "InvalidInput", BAD_BOOLEAN("") },
	{ "{\"port\": {\"dp_down\": 2}}", "InvalidInput", BAD_BOOLEAN("2") },
	{ "{\"port\": {\"dp_down\": []}}", "InvalidInput", BAD_BOOLEAN("[]") },
	{ "{\"port\": {\"dp_down\": true, \"data_plane_status\": \"ACTIVE\"}}", "HTTPBadRequest",
	    "Invalid input for data_plane_status. Reason: it contradicts dp_down." },
	{ "{\"port\": {\"dp_down\": true, \"data_plane_status\": null}}", "HTTPBadRequest",
	    "Invalid input for data_plane_status. Reason: it contradicts dp_down." },
	{ "{\"port\": {\"dp_down\": false, \"data_plane_status\": \"DOWN\"}}", "HTTPBadRequest",
	    "Invalid input for data_plane_status. Reason: it contradicts dp_down." },
	{ "{\"port\": {\"dp_down_note\": \"why\"}}", "HTTPBadRequest",
	    "Invalid input for dp_down_note. Reason: it needs dp_down beside it." },
	{ "{\"port\": {\"dp_down\": true, \"dp_down_note\": 5}}", "HTTPBadRequest",
	    "Invalid input for dp_down_note. Reason: '5' is not a valid string." },
};

START_TEST(a_body_that_makes_no_sense_is_refused_in_neutrons_words_and_changes_nothing)
{
	struct dp_change change;
	struct reply reply = put(put_error_rows[_i].body);

	expect_error(&reply, 400, put_error_rows[_i].type, put_error_rows[_i].message);
	ck_assert(!engine_pop(world.api.engine, &change));
	reply_release(&reply);
}
END_TEST

START_TEST(a_note_has_at_most_255_bytes)
{
	char body[400];

	for (int len = 255; len <= 256; len++) {
		snprintf(body, sizeof(body),
		    "{\"port\": {\"dp_down\": true, \"dp_down_note\": \"%0*d\"}}", len, 0);
		struct reply reply = put(body);
		ck_assert_int_eq(reply.response.status, len == 255 ? 200 : 400);
		reply_release(&reply);
	}
}
END_TEST

START_TEST(the_order_of_checks_is_neutrons_body_existence_policy)
{
	struct reply reply = ask("PUT", "/v2.0/ports/nothing", "{", ROLE_READER);

	expect_error(&reply, 400, "HTTPBadRequest", "Body contains invalid data");
	reply_release(&reply);
	reply = ask("PUT", "/v2.0/ports/nothing", "{\"port\": {\"dp_down\": true}}", ROLE_READER);
	expect_error(&reply, 404, "PortNotFound", "Port nothing could not be found.");
	reply_release(&reply);
	reply = ask("PUT", PORT1, "{\"port\": {\"data_plane_status\": \"DOWN\"}}", ROLE_READER);
	expect_error(&reply, 403, "PolicyNotAuthorized",
	    "(rule:update_port and rule:update_port:data_plane_status) is disallowed by policy");
	reply_release(&reply);
	reply = get(PORT1);
	ck_assert(!flag_at(&reply, "port.dp_down"));
	reply_release(&reply);
}
END_TEST

static const char *const ends[] = {
	"{\"port\": {\"dp_down\": true, \"dp_down_for\": \"90s\"}}",
	"{\"port\": {\"dp_down\": true, \"dp_down_until\": \"2024-05-01T14:01:30+02:00\"}}",
};

START_TEST(a_report_ends_by_itself_where_its_end_was_told)
{
	struct engine_time time = world_time();
	struct reply reply = put(ends[_i]);

	ck_assert_str_eq(
	    text_at(&reply, "port.dp_down_causes.0.until"), "2024-05-01T12:01:30.000000Z");
	reply_release(&reply);
	time.now_ns += 90 * INT64_C(1000000000);
	time.wall_us += 90000000;
	ck_assert_int_eq(engine_next_deadline(world.api.engine), time.now_ns);
	engine_tick(world.api.engine, time);
	reply = get(PORT1);
	ck_assert(!flag_at(&reply, "port.dp_down"));
	reply_release(&reply);
}
END_TEST

static struct reply
put_if(const char *condition)
{
	const struct api_request request = {
		.method = "PUT",
		.path = PORT1,
		.body = SLICE("{\"port\": {\"dp_down\": true}}"),
		.role = ROLE_INTEGRATOR,
		.if_match = condition,
		.who = "uid 0",
	};

	return ask_request(&request);
}

START_TEST(a_condition_that_is_not_met_changes_nothing)
{
	struct reply reply = put_if("revision_number=7");

	expect_error(&reply, 412, "RevisionNumberConstraintFailed",
	    "Constrained to 7, but current revision is 0");
	reply_release(&reply);
	reply = get(PORT1);
	ck_assert(!flag_at(&reply, "port.dp_down"));
	reply_release(&reply);
	reply = put_if("revision_number=-1");
	expect_error(&reply, 412, "RevisionNumberConstraintFailed",
	    "Constrained to -1, but current revision is 0");
	reply_release(&reply);
	reply = put_if("revision_number=0");
	ck_assert_int_eq(reply.response.status, 200);
	reply_release(&reply);
}
END_TEST

static const char *const bad_conditions[] = { "revision_number=", "revision_number=abc",
	"revision_number=-", "revision_number=1,revision_number=2", "revision_number=1 " };

START_TEST(a_condition_that_is_no_number_is_refused)
{
	struct reply reply = put_if(bad_conditions[_i]);

	expect_error(&reply, 400, "BadRequest",
	    "Bad if-match request: Revision number etag must be in the format of revision_number=<int>.");
	reply_release(&reply);
}
END_TEST

START_TEST(another_kind_of_condition_is_ignored)
{
	struct reply reply = put_if("\"33a64df5\"");

	ck_assert_int_eq(reply.response.status, 200);
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *body, *rule;
} role_rows[] = {
	{ "{\"port\": {\"dp_down\": true}}", "(rule:update_port and rule:update_port:dp_down)" },
	{ "{\"port\": {\"data_plane_status\": null}}",
	    "(rule:update_port and rule:update_port:data_plane_status)" },
	{ "{\"port\": {}}", "rule:update_port" },
	{ "{}", "rule:update_port" },
	{ "", "rule:update_port" },
};

START_TEST(a_role_that_does_not_suffice_is_told_which_rule_says_so)
{
	char message[120];
	struct reply reply = ask("PUT", PORT1, role_rows[_i].body, ROLE_READER);

	snprintf(message, sizeof(message), "%s is disallowed by policy", role_rows[_i].rule);
	expect_error(&reply, 403, "PolicyNotAuthorized", message);
	reply_release(&reply);
	reply = ask("PUT", "/v2.0/ports/nosuch", role_rows[_i].body, ROLE_READER);
	expect_error(&reply, 404, "PortNotFound", "Port nosuch could not be found.");
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *body;
	int status;
	const char *type, *message;
} post_rows[] = {
	{ "{\"port\": {\"name\": \"a\", \"data_plane_status\": \"DOWN\"}}", 400, "HTTPBadRequest",
	    "Attribute 'data_plane_status' not allowed in POST" },
	{ "{\"port\": {\"dp_down\": true}}", 400, "HTTPBadRequest",
	    "Attribute 'dp_down' not allowed in POST" },
	{ "{\"port\": {\"name\": \"a\"}}", 405, "HTTPMethodNotAllowed",
	    "The method POST is not allowed for this resource." },
	{ "{\"port\": 7}", 400, "HTTPBadRequest", "Object 'port' contains invalid data" },
	{ "", 400, "HTTPBadRequest", "Unable to find 'port' in request body" },
	{ "[]", 400, "HTTPBadRequest", "Body contains invalid data" },
};

START_TEST(nobody_makes_a_port)
{
	struct reply reply = ask("POST", "/v2.0/ports", post_rows[_i].body, ROLE_ADMIN);

	expect_error(&reply, post_rows[_i].status, post_rows[_i].type, post_rows[_i].message);
	reply_release(&reply);
}
END_TEST

START_TEST(a_body_cut_anywhere_changes_nothing)
{
	static const char whole[] = "{\"port\": {\"dp_down\": true, \"dp_down_note\": \"x\"}}";

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char cut[sizeof(whole)];
		slice_copy((struct slice){ whole, len }, cut, sizeof(cut));
		struct reply reply = put(cut);
		ck_assert_int_eq(reply.response.status, 400);
		reply_release(&reply);
	}
	struct reply reply = get(PORT1);
	ck_assert(!flag_at(&reply, "port.dp_down"));
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void
add_tests(TCase *tcase)
{
	tcase_add_test(tcase, dp_down_true_takes_a_port_down_and_says_who);
	tcase_add_test(tcase, a_report_is_one_toggle_with_source_api);
	tcase_add_loop_test(tcase, both_attributes_are_views_of_one_state, 0, ROWS(put_rows));
	tcase_add_loop_test(tcase, false_active_and_null_take_a_report_away, 0, ROWS(takers_away));
	tcase_add_test(tcase, what_is_observed_stays_observed_when_a_report_goes);
	tcase_add_loop_test(tcase,
	    what_is_observed_of_a_port_that_was_reported_before_is_among_its_causes, 0,
	    ROWS(observed_rows));
	tcase_add_loop_test(tcase,
	    a_body_that_makes_no_sense_is_refused_in_neutrons_words_and_changes_nothing, 0,
	    ROWS(put_error_rows));
	tcase_add_test(tcase, a_note_has_at_most_255_bytes);
	tcase_add_test(tcase, the_order_of_checks_is_neutrons_body_existence_policy);
	tcase_add_loop_test(tcase, a_report_ends_by_itself_where_its_end_was_told, 0, ROWS(ends));
	tcase_add_test(tcase, a_condition_that_is_not_met_changes_nothing);
	tcase_add_loop_test(
	    tcase, a_condition_that_is_no_number_is_refused, 0, ROWS(bad_conditions));
	tcase_add_test(tcase, another_kind_of_condition_is_ignored);
	tcase_add_loop_test(
	    tcase, a_role_that_does_not_suffice_is_told_which_rule_says_so, 0, ROWS(role_rows));
	tcase_add_loop_test(tcase, nobody_makes_a_port, 0, ROWS(post_rows));
	tcase_add_test(tcase, a_body_cut_anywhere_changes_nothing);
}

int
main(void)
{
	TCase *tcase = tcase_create("api_put");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	add_tests(tcase);
	return run_case("api_put", tcase);
}
