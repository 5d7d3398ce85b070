/* PUT /v1/interfaces/<switch>/<interface>: who holds an interface, until when and why. */
#include "lib/api_world.h"
#include "lib/run_suite.h"

#define E1 "/v1/interfaces/leaf1/Ethernet1%2F1"

static struct reply
put(const char *target, const char *body, enum api_role role)
{
	return ask("PUT", target, body, role);
}

START_TEST(an_interface_is_held_listed_and_let_go)
{
	struct reply reply =
	    put(E1, "{\"override\": \"down\", \"for\": \"2h\", \"note\": \"caf\u00e9 \\\"x\\\"\"}",
		ROLE_INTEGRATOR);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "interface.oper"), "down");
	ck_assert_str_eq(text_at(&reply, "interface.override"), "down");
	ck_assert_str_eq(text_at(&reply, "interface.reason"), "override");
	ck_assert_str_eq(text_at(&reply, "interface.override_by"), "uid 0");
	ck_assert_str_eq(text_at(&reply, "interface.override_note"), "caf\u00e9 \"x\"");
	ck_assert_str_eq(text_at(&reply, "interface.override_at"), "2024-05-01T12:00:00.000000Z");
	ck_assert_str_eq(
	    text_at(&reply, "interface.override_until"), "2024-05-01T14:00:00.000000Z");
	reply_release(&reply);
	reply = get("/v1/interfaces?overridden=1");
	ck_assert_uint_eq(json_array_size(at(reply.json, "interfaces")), 1);
	reply_release(&reply);
	reply = get("/v1/status");
	ck_assert_int_eq(number_at(&reply, "interfaces.overridden"), 1);
	reply_release(&reply);
	reply = get("/v1/ports/" VM1 "/explain");
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.interface.override_by"), "uid 0");
	reply_release(&reply);
	reply = put(E1, "{\"override\": \"auto\"}", ROLE_INTEGRATOR);
	ck_assert_str_eq(text_at(&reply, "interface.oper"), "up");
	ck_assert(is_null_at(&reply, "interface.override"));
	ck_assert(is_null_at(&reply, "interface.override_by"));
	reply_release(&reply);
	reply = get("/v1/interfaces?overridden=1");
	ck_assert_uint_eq(json_array_size(at(reply.json, "interfaces")), 0);
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *target, *body;
	int status;
} refused[] = {
	{ E1, "", 400 },
	{ E1, "[]", 400 },
	{ E1, "{}", 400 },
	{ E1, "{\"override\": \"sideways\"}", 400 },
	{ E1, "{\"override\": null}", 400 },
	{ E1, "{\"override\": \"up\", \"why\": \"\"}", 400 },
	{ E1, "{\"override\": \"up\", \"override\": \"down\"}", 400 },
	{ E1, "{\"override\": \"up\", \"for\": \"soon\"}", 400 },
	{ E1, "{\"override\": \"up\", \"for\": \"0s\"}", 400 },
	{ E1, "{\"override\": \"up\", \"for\": \"3651d\"}", 400 },
	{ E1, "{\"override\": \"up\", \"until\": \"2024-05-01T12:00:00Z\"}", 400 },
	{ E1, "{\"override\": \"up\", \"for\": \"1h\", \"until\": \"2024-05-02T12:00:00Z\"}", 400 },
	{ E1, "{\"override\": \"auto\", \"for\": \"1h\"}", 400 },
	{ "/v1/interfaces/leaf9/Ethernet1%2F1", "{\"override\": \"up\"}", 404 },
	{ "/v1/interfaces/leaf1/Ethernet1/1/1", "{\"override\": \"up\"}", 404 },
	{ "/v1/interfaces/leaf1/Ethernet9%2F9", "{\"override\": \"up\"}", 404 },
	{ "/v1/interfaces/leaf1/", "{\"override\": \"up\"}", 404 },
};

START_TEST(the_slashes_of_an_interface_may_stand_as_they_are)
{
	struct reply reply =
	    put("/v1/interfaces/leaf1/Ethernet1/1", "{\"override\": \"up\"}", ROLE_ADMIN);

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "interface.name"), "Ethernet1/1");
	reply_release(&reply);
}
END_TEST

START_TEST(what_cannot_be_taken_is_refused_and_changes_nothing)
{
	struct reply reply = put(refused[_i].target, refused[_i].body, ROLE_ADMIN);

	ck_assert_int_eq(reply.response.status, refused[_i].status);
	reply_release(&reply);
	reply = get("/v1/status");
	ck_assert_int_eq(number_at(&reply, "interfaces.overridden"), 0);
	reply_release(&reply);
}
END_TEST

START_TEST(a_note_has_an_end)
{
	char body[400];

	for (int len = 255; len <= 256; len++) {
		snprintf(body, sizeof(body), "{\"override\": \"up\", \"note\": \"%0*d\"}", len, 0);
		struct reply reply = put(E1, body, ROLE_ADMIN);
		ck_assert_int_eq(reply.response.status, len == 255 ? 200 : 400);
		reply_release(&reply);
	}
}
END_TEST

START_TEST(a_reader_holds_nothing)
{
	struct reply reply = put(E1, "{\"override\": \"down\"}", ROLE_READER);

	ck_assert_int_eq(reply.response.status, 403);
	reply_release(&reply);
}
END_TEST

START_TEST(before_the_start_nothing_is_held)
{
	engine_compare_begin(world.api.engine);
	struct reply reply = put(E1, "{\"override\": \"down\"}", ROLE_ADMIN);
	ck_assert_int_eq(reply.response.status, 503);
	reply_release(&reply);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("overrides");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	tcase_add_test(tcase, an_interface_is_held_listed_and_let_go);
	tcase_add_test(tcase, the_slashes_of_an_interface_may_stand_as_they_are);
	tcase_add_loop_test(tcase, what_cannot_be_taken_is_refused_and_changes_nothing, 0,
	    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tcase, a_note_has_an_end);
	tcase_add_test(tcase, a_reader_holds_nothing);
	tcase_add_test(tcase, before_the_start_nothing_is_held);
	return run_case("api_override", tcase);
}
