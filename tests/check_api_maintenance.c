/*
 * Maintenance: what a window covers, when it ends, what outlives a restart, and its routes.
 */
#include <errno.h>
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

#define SECOND INT64_C(1000000000)

static struct maintenance *
windows(void)
{
	return world.maintenance;
}

static int
announce(const char *name, int64_t seconds)
{
	const struct maintenance_window window = { name, "joe", "new optics", WORLD_NOW,
		WORLD_NOW + seconds * 1000000 };

	return maintenance_add(windows(), &window, world_time());
}

static bool
covers(const char *port, const char *sw, const char *interface)
{
	struct dp_change change = { .switch_name = sw, .interface_name = interface };

	ck_assert(port_id_parse(slice_of(port), change.port_id));
	return maintenance_covers(windows(), engine_topo(world.api.engine), &change);
}

/* VM1 and VM2 are on compute-7 (leaf1 and leaf2), VM3 on leaf1; leaf1 and leaf2 hang from spine1. */
static const struct {
	const char *window, *port, *sw, *interface;
	bool covered;
} coverage[] = {
	{ "compute-7", VM1, "leaf2", "Ethernet1/1", true }, /* its host */
	{ "compute-7", VM3, "leaf1", "Ethernet1/2", false },
	{ "leaf2", VM1, "leaf1", "Ethernet1/1", true }, /* a switch that it is attached to */
	{ "leaf2", VM3, "leaf1", "Ethernet1/2", false },
	{ "spine1", VM3, "leaf1", "Ethernet1/2", false },
	{ "spine1", VM3, "leaf1", "Ethernet1/49", true }, /* the far end of the link that fell */
	{ "spine1", VM3, "spine1", "Ethernet1/1", true },
	{ "spine1", VM3, "", "", false },
	{ "spine1", "99999999-9999-4999-8999-999999999999", "spine1", "Ethernet9/9", true },
};

START_TEST(a_window_covers_what_hangs_on_its_switch_or_host)
{
	ck_assert(!covers(coverage[_i].port, coverage[_i].sw, coverage[_i].interface));
	ck_assert_int_eq(announce(coverage[_i].window, 60), 0);
	ck_assert(covers(coverage[_i].port, coverage[_i].sw, coverage[_i].interface) ==
		  coverage[_i].covered);
	ck_assert(maintenance_remove(windows(), coverage[_i].window));
	ck_assert(!covers(coverage[_i].port, coverage[_i].sw, coverage[_i].interface));
}
END_TEST

START_TEST(a_window_ends_by_itself_by_the_engines_clock)
{
	int64_t now_ns = world_time().now_ns;

	ck_assert_int_eq(announce("leaf1", 0), -EINVAL);
	ck_assert_int_eq(announce("leaf1", 60), 0);
	ck_assert_int_eq(announce("spine1", 30), 0);
	ck_assert(maintenance_take_changed(windows()));
	ck_assert(!maintenance_take_changed(windows()));
	maintenance_expire(windows(), now_ns + 30 * SECOND - 1);
	ck_assert_uint_eq(maintenance_n(windows()), 2);
	ck_assert(!maintenance_take_changed(windows()));
	maintenance_expire(windows(), now_ns + 30 * SECOND);
	ck_assert_uint_eq(maintenance_n(windows()), 1);
	ck_assert(maintenance_take_changed(windows()));
	/* Given again, it begins anew. */
	ck_assert_int_eq(announce("leaf1", 600), 0);
	maintenance_expire(windows(), now_ns + 60 * SECOND);
	ck_assert_uint_eq(maintenance_n(windows()), 1);
}
END_TEST

START_TEST(windows_are_read_as_they_were_written_but_for_those_that_are_over)
{
	struct maintenance *other = maintenance_new();
	struct engine_time later = world_time();
	struct maintenance_window window;

	ck_assert_int_eq(announce("spine1", 600), 0);
	ck_assert_int_eq(announce("leaf1", 60), 0);
	ck_assert_int_eq(announce("compute-7", 600), 0);
	json_t *document = maintenance_to_json(windows());
	later.wall_us += 60000000;
	ck_assert(maintenance_from_json(other, document, later));
	ck_assert_uint_eq(maintenance_n(other), 2);
	maintenance_get(other, 0, &window);
	ck_assert_str_eq(window.name, "compute-7");
	ck_assert_str_eq(window.by, "joe");
	ck_assert_str_eq(window.note, "new optics");
	ck_assert_int_eq(window.until_us, WORLD_NOW + 600000000);
	json_object_set_new(json_array_get(document, 2), "until", json_string("soon"));
	maintenance_remove(other, "spine1");
	ck_assert(!maintenance_from_json(other, document, later));
	ck_assert_uint_eq(maintenance_n(other), 1);
	ck_assert(!maintenance_from_json(other, NULL, later));
	json_decref(document);
	maintenance_free(other);
}
END_TEST

START_TEST(there_is_an_end_to_windows)
{
	char name[16];

	for (int i = 0; i < MAINTENANCE_MAX; i++) {
		snprintf(name, sizeof(name), "sw%d", i);
		ck_assert_int_eq(announce(name, 60), 0);
	}
	ck_assert_int_eq(announce("leaf1", 60), -ENOSPC);
	ck_assert_int_eq(announce("sw7", 90), 0);
	ck_assert_uint_eq(maintenance_n(windows()), MAINTENANCE_MAX);
}
END_TEST

/* ---- the routes ---- */

START_TEST(a_window_is_announced_listed_shown_at_the_port_and_ended)
{
	struct reply reply = ask("POST", "/v1/maintenance",
	    "{\"name\": \"leaf1\", \"for\": \"2h\", \"note\": \"new optics\"}", ROLE_INTEGRATOR);

	ck_assert_int_eq(reply.response.status, 201);
	ck_assert_str_eq(text_at(&reply, "maintenance.until"), "2024-05-01T14:00:00.000000Z");
	reply_release(&reply);
	reply = get("/v1/maintenance");
	ck_assert_uint_eq(json_array_size(at(reply.json, "maintenance")), 1);
	ck_assert_str_eq(text_at(&reply, "maintenance.0.name"), "leaf1");
	ck_assert_str_eq(text_at(&reply, "maintenance.0.by"), "uid 0");
	reply_release(&reply);
	reply = get("/v2.0/ports/" VM3);
	ck_assert(flag_at(&reply, "port.dp_down_maintenance"));
	reply_release(&reply);
	reply = ask("DELETE", "/v1/maintenance/leaf1", NULL, ROLE_INTEGRATOR);
	ck_assert_int_eq(reply.response.status, 200);
	reply_release(&reply);
	reply = ask("DELETE", "/v1/maintenance/leaf1", NULL, ROLE_INTEGRATOR);
	expect_error(
	    &reply, 404, "MaintenanceNotFound", "Maintenance of leaf1 could not be found.");
	reply_release(&reply);
	reply = get("/v2.0/ports/" VM3);
	ck_assert(!flag_at(&reply, "port.dp_down_maintenance"));
	reply_release(&reply);
}
END_TEST

START_TEST(a_port_is_shown_as_covered_as_its_toggle_said)
{
	ck_assert_int_eq(announce("spine1", 60), 0);
	world_word("leaf1", "Ethernet1/49", WORD_DOWN);
	struct reply reply = get("/v2.0/ports/" VM3);
	ck_assert(flag_at(&reply, "port.dp_down"));
	ck_assert(flag_at(&reply, "port.dp_down_maintenance"));
	reply_release(&reply);
	reply = get("/v1/ports/" VM3 "/explain");
	ck_assert(flag_at(&reply, "explanation.maintenance"));
	reply_release(&reply);
	world_word("leaf1", "Ethernet1/49", WORD_UP);
	reply = get("/v2.0/ports/" VM3);
	ck_assert(!flag_at(&reply, "port.dp_down_maintenance"));
	reply_release(&reply);
}
END_TEST

#define NO_END "it needs an end within a year: \"for\" as 2h, or \"until\" as 2026-11-22T12:00:00Z"
#define NO_BODY \
	"the body must be {\"name\": SWITCH or HOST, \"for\": DURATION or \"until\": TIME, \"note\": TEXT}"

static const struct {
	const char *body;
	int status;
	const char *type, *message;
} refused[] = {
	{ "", 400, "HTTPBadRequest", NO_BODY },
	{ "{\"name\": \"leaf1\", \"for\": \"2h\", \"who\": \"me\"}", 400, "HTTPBadRequest",
	    NO_BODY },
	{ "{\"name\": \"leaf1\"}", 400, "HTTPBadRequest", NO_END },
	{ "{\"name\": \"leaf1\", \"for\": \"2 fortnights\"}", 400, "HTTPBadRequest", NO_END },
	{ "{\"name\": \"leaf1\", \"for\": \"400d\"}", 400, "HTTPBadRequest", NO_END },
	{ "{\"name\": \"leaf1\", \"until\": \"2024-05-01T12:00:00Z\"}", 400, "HTTPBadRequest",
	    NO_END },
	{ "{\"name\": \"leaf1\", \"for\": \"2h\", \"until\": \"2024-06-01T12:00:00Z\"}", 400,
	    "HTTPBadRequest", NO_END },
	{ "{\"name\": \"leaf9\", \"for\": \"2h\"}", 404, "HTTPNotFound",
	    "leaf9 is neither a switch nor a host of the topology" },
};

START_TEST(what_is_no_window_is_refused)
{
	struct reply reply = ask("POST", "/v1/maintenance", refused[_i].body, ROLE_INTEGRATOR);

	expect_error(&reply, refused[_i].status, refused[_i].type, refused[_i].message);
	ck_assert_uint_eq(maintenance_n(windows()), 0);
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	TCase *tcase = tcase_create("api_maintenance");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	tcase_add_loop_test(
	    tcase, a_window_covers_what_hangs_on_its_switch_or_host, 0, ROWS(coverage));
	tcase_add_test(tcase, a_window_ends_by_itself_by_the_engines_clock);
	tcase_add_test(tcase, windows_are_read_as_they_were_written_but_for_those_that_are_over);
	tcase_add_test(tcase, there_is_an_end_to_windows);
	tcase_add_test(tcase, a_window_is_announced_listed_shown_at_the_port_and_ended);
	tcase_add_test(tcase, a_port_is_shown_as_covered_as_its_toggle_said);
	tcase_add_loop_test(tcase, what_is_no_window_is_refused, 0, ROWS(refused));
	return run_case("api_maintenance", tcase);
}
