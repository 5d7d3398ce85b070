/* The API's own half: why a port is as it is, and what would happen if. */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

/* ---- explain ---- */

START_TEST(a_healthy_port_is_explained_hop_by_hop_with_what_alone_would_take_it_down)
{
	struct reply reply = get("/v1/ports/" VM1 "/explain");

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "explanation.id"), VM1);
	ck_assert_str_eq(text_at(&reply, "explanation.name"), "vm1");
	ck_assert_str_eq(text_at(&reply, "explanation.host"), "compute-7");
	ck_assert(!flag_at(&reply, "explanation.dp_down"));
	ck_assert_uint_eq(json_array_size(at(reply.json, "explanation.paths")), 2);
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.state"), "up");
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.root_switch"), "spine1");
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.hops.0.from.name"), "Ethernet1/49");
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.hops.0.to.switch"), "spine1");
	/* Two legs and one spine. */
	ck_assert_int_eq(number_at(&reply, "explanation.single_failures_total"), 1);
	ck_assert_str_eq(text_at(&reply, "explanation.single_failures.0.switch"), "spine1");
	ck_assert(is_null_at(&reply, "explanation.single_failures.0.interface"));
	reply_release(&reply);
}
END_TEST

START_TEST(a_port_that_is_down_is_explained_by_what_is_cut_and_who_said_so)
{
	world_word("spine1", "Ethernet1/1", WORD_DOWN);
	struct reply reply = get("/v1/ports/" VM3 "/explain");

	ck_assert(flag_at(&reply, "explanation.dp_down"));
	ck_assert_str_eq(text_at(&reply, "explanation.cause"), "uplink");
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.state"), "stranded");
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.root"), "cut-off");
	ck_assert_int_eq(number_at(&reply, "explanation.paths.0.cuts_total"), 1);
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.cuts.0.to.name"), "Ethernet1/1");
	ck_assert_str_eq(text_at(&reply, "explanation.paths.0.cuts.0.to.source"), "trap");
	ck_assert_str_eq(
	    text_at(&reply, "explanation.paths.0.cuts.0.to.since"), "2024-05-01T12:00:00.000000Z");
	ck_assert_int_eq(number_at(&reply, "explanation.single_failures_total"), 0);
	reply_release(&reply);
}
END_TEST

static const char *const no_ports[] = { "/v1/ports/99999999-9999-9999-9999-999999999999/explain",
	"/v1/ports/vm1/explain" };

START_TEST(an_unknown_port_is_404)
{
	struct reply reply = get(no_ports[_i]);
	char message[100];

	snprintf(message, sizeof(message), "Port %.*s could not be found.",
	    (int)(strlen(no_ports[_i]) - strlen("/v1/ports//explain")),
	    no_ports[_i] + strlen("/v1/ports/"));
	expect_error(&reply, 404, "PortNotFound", message);
	reply_release(&reply);
}
END_TEST

/* ---- simulate ---- */

/* "VM3 down access 1+0>0+0/1, ..." */
static const char *
touched(const struct reply *reply)
{
	static char text[1024];
	size_t used = 0, i;
	json_t *port;

	text[0] = '\0';
	json_array_foreach(at(reply->json, "ports"), i, port)
	{
		const char *cause = json_string_value(json_object_get(port, "cause"));
		used +=
		    (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s%s%s %d+%d>%d+%d/%d",
			i ? ", " : "", json_string_value(json_object_get(port, "name")),
			json_string_value(json_object_get(port, "outcome")), cause ? " " : "",
			cause ? cause : "",
			(int)json_integer_value(json_object_get(port, "paths_up_now")),
			(int)json_integer_value(json_object_get(port, "paths_stranded_now")),
			(int)json_integer_value(json_object_get(port, "paths_up")),
			(int)json_integer_value(json_object_get(port, "paths_stranded")),
			(int)json_integer_value(json_object_get(port, "paths_total")));
	}
	return text;
}

#define LEAF1_DOWN "vm3 down access 1+0>0+0/1, vm1 degraded 2+0>1+0/2, vm2 degraded 2+0>1+0/2"
#define SPINE1_DOWN \
	"vm1 down uplink 2+0>0+2/2, vm2 down uplink 2+0>0+2/2, vm3 down uplink 1+0>0+1/1"

static const struct {
	const char *query, *body, *want;
} forecasts[] = {
	{ "?down=leaf1", "{\"down\": [\"leaf1\"]}", LEAF1_DOWN },
	{ "?down=LEAF1.example.net", "{\"down\": [\"leaf1.example.net\"]}", LEAF1_DOWN },
	{ "?down=spine1%3aEthernet1/2", "{\"down\": [\"spine1:Eth1/2\"]}",
	    "vm1 degraded 2+0>1+1/2, vm2 degraded 2+0>1+1/2" },
	{ "?down=spine1", "{\"down\": [\"spine1\"]}", SPINE1_DOWN },
	{ "?down=leaf1&down=leaf2", "{\"down\": [\"leaf1\", \"leaf2\"]}",
	    "vm1 down access 2+0>0+0/2, vm2 down access 2+0>0+0/2, vm3 down access 1+0>0+0/1" },
};

START_TEST(a_forecast_names_each_port_by_query_and_by_body)
{
	char target[100];

	snprintf(target, sizeof(target), "/v1/simulate%s", forecasts[_i].query);
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(touched(&reply), forecasts[_i].want);
	ck_assert(is_null_at(&reply, "next"));
	reply_release(&reply);
	reply = ask("POST", "/v1/simulate", forecasts[_i].body, ROLE_INTEGRATOR);
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(touched(&reply), forecasts[_i].want);
	reply_release(&reply);
}
END_TEST

START_TEST(a_forecast_counts_all_and_lists_a_page)
{
	struct reply reply = get("/v1/simulate?down=leaf1&limit=2");

	ck_assert_str_eq(text_at(&reply, "failures.0"), "leaf1");
	ck_assert_int_eq(number_at(&reply, "counts.down"), 1);
	ck_assert_int_eq(number_at(&reply, "counts.degraded"), 2);
	ck_assert_int_eq(number_at(&reply, "counts.recovered"), 0);
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 2);
	char next[128];
	snprintf(next, sizeof(next), "/v1/simulate?down=leaf1&limit=2&marker=%s",
	    text_at(&reply, "next"));
	reply_release(&reply);
	reply = get(next);
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 1);
	ck_assert_str_eq(text_at(&reply, "ports.0.id"), VM2);
	ck_assert_str_eq(text_at(&reply, "ports.0.project_id"), "red");
	ck_assert_str_eq(text_at(&reply, "ports.0.host"), "compute-7");
	ck_assert(is_null_at(&reply, "next"));
	reply_release(&reply);
	reply = get("/v1/simulate?down=leaf1&marker=4000000000");
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 0);
	ck_assert(is_null_at(&reply, "next"));
	reply_release(&reply);
}
END_TEST

/* So many ports, each on an interface of its own. */
static void
load_large(unsigned n)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	fputs("{\"switches\": [{\"name\": \"leaf1\", \"hostnames\": [\"leaf1\"]}], \"ports\": [",
	    file);
	for (unsigned i = 0; i < n; i++)
		fprintf(file,
		    "%s{\"id\": \"aaaaaaaa-0000-4000-8000-%012x\", \"attachments\": [\"leaf1:e%u\"]}",
		    i > 0 ? "," : "", i, i);
	fputs("]}", file);
	fclose(file);
	world_load(text);
	free(text);
}

START_TEST(a_forecast_in_a_large_map_is_made_in_steps_as_things_were_with_the_first)
{
	unsigned steps = 1;

	load_large(30000);
	struct reply reply = get("/v1/simulate?down=leaf1&limit=3");
	ck_assert_int_eq(reply.response.deferred, API_SCAN);
	ck_assert(!api_scan_step(&reply.response));
	/* e0 falls only now. */
	world_word("leaf1", "e0", WORD_DOWN);
	while (!api_scan_step(&reply.response))
		ck_assert_uint_lt(steps++, 20);
	ck_assert_uint_gt(steps, 5);
	reply_read(&reply);
	ck_assert_int_eq(number_at(&reply, "counts.down"), 30000);
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 3);
	ck_assert_int_eq(strncmp(text_at(&reply, "next"), "3-", 2), 0);
	ck_assert_str_eq(text_at(&reply, "failures.0"), "leaf1");
	reply_release(&reply);
}
END_TEST

START_TEST(another_map_meanwhile_ends_a_forecast)
{
	load_large(30000);
	struct reply reply = get("/v1/simulate?down=leaf1");
	ck_assert(!api_scan_step(&reply.response));
	load_large(30001);
	ck_assert(api_scan_step(&reply.response));
	reply_read(&reply);
	expect_error(
	    &reply, 409, "TopologyChanged", "another topology came in force meanwhile: ask again");
	reply_release(&reply);
	reply = get("/v1/simulate?down=leaf1");
	ck_assert(!api_scan_step(&reply.response));
	reply_release(&reply); /* nobody waits any more */
}
END_TEST

START_TEST(a_forecast_changes_nothing)
{
	struct dp_change change;
	struct reply reply = get("/v1/simulate?down=spine1");

	reply_release(&reply);
	ck_assert(!engine_pop(world.api.engine, &change));
	reply = get("/v2.0/ports?dp_down=true");
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 0);
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *target, *type, *message;
	int status;
} refused[] = {
	{ "/v1/simulate", "HTTPBadRequest",
	    "nothing is to fail: name a switch or an interface in \"down\"", 400 },
	{ "/v1/simulate?down=leaf9", "SwitchNotFound", "Switch leaf9 could not be found.", 404 },
	{ "/v1/simulate?down=leaf9:e1", "SwitchNotFound", "Switch leaf9 could not be found.", 404 },
	{ "/v1/simulate?down=leaf1:Ethernet1/99", "InterfaceNotFound",
	    "Interface leaf1:Ethernet1/99 could not be found.", 404 },
	{ "/v1/simulate?down=leaf1&up=leaf2", "HTTPBadRequest", "there is no parameter 'up' here",
	    400 },
	{ "/v1/simulate?down=leaf1&limit=1001", "HTTPBadRequest",
	    "limit must be a number from 1 to 1000 and not '1001'", 400 },
};

START_TEST(what_cannot_fail_is_refused)
{
	struct reply reply = get(refused[_i].target);

	expect_error(&reply, refused[_i].status, refused[_i].type, refused[_i].message);
	reply_release(&reply);
}
END_TEST

static const char *const bodies[] = { "", "{", "[]", "{}", "{\"down\": \"leaf1\"}",
	"{\"down\": [1]}", "{\"down\": [\"leaf1\"], \"up\": []}", "{\"down\": [], \"down\": []}" };

START_TEST(a_body_that_is_no_list_of_failures_is_refused)
{
	struct reply reply = ask("POST", "/v1/simulate", bodies[_i], ROLE_ADMIN);

	expect_error(&reply, 400, "HTTPBadRequest",
	    "the body must be {\"down\": [\"SWITCH\" or \"SWITCH:INTERFACE\", ...]}");
	reply_release(&reply);
}
END_TEST

START_TEST(more_failures_than_a_thousand_are_refused)
{
	char body[16384];
	size_t used = 0;

	for (int i = 0; i < 1001; i++)
		used += (size_t)snprintf(
		    body + used, sizeof(body) - used, "%s\"leaf1\"", i ? ", " : "{\"down\": [");
	snprintf(body + used, sizeof(body) - used, "]}");
	struct reply reply = ask("POST", "/v1/simulate", body, ROLE_ADMIN);
	expect_error(&reply, 400, "HTTPBadRequest", "at most 1000 things can fail at once");
	reply_release(&reply);
}
END_TEST

/* Names of switches are not for tenants. */
static const struct {
	const char *method, *target, *body;
} guarded[] = {
	{ "GET", "/v1/ports/" VM1 "/explain", NULL },
	{ "GET", "/v1/simulate?down=leaf1", NULL },
	{ "POST", "/v1/simulate", "{\"down\": [\"leaf1\"]}" },
};

START_TEST(a_reader_may_ask_neither)
{
	struct reply reply =
	    ask(guarded[_i].method, guarded[_i].target, guarded[_i].body, ROLE_READER);

	ck_assert_int_eq(reply.response.status, 403);
	reply_release(&reply);
}
END_TEST

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

int
main(void)
{
	TCase *tc = tcase_create("api explain");

	tcase_add_checked_fixture(tc, world_set_up, world_tear_down);
	tcase_add_test(
	    tc, a_healthy_port_is_explained_hop_by_hop_with_what_alone_would_take_it_down);
	tcase_add_test(tc, a_port_that_is_down_is_explained_by_what_is_cut_and_who_said_so);
	tcase_add_loop_test(tc, an_unknown_port_is_404, 0, N(no_ports));
	tcase_add_loop_test(tc, a_forecast_names_each_port_by_query_and_by_body, 0, N(forecasts));
	tcase_add_test(tc, a_forecast_counts_all_and_lists_a_page);
	tcase_add_test(
	    tc, a_forecast_in_a_large_map_is_made_in_steps_as_things_were_with_the_first);
	tcase_add_test(tc, another_map_meanwhile_ends_a_forecast);
	tcase_add_test(tc, a_forecast_changes_nothing);
	tcase_add_loop_test(tc, what_cannot_fail_is_refused, 0, N(refused));
	tcase_add_loop_test(tc, a_body_that_is_no_list_of_failures_is_refused, 0, N(bodies));
	tcase_add_test(tc, more_failures_than_a_thousand_are_refused);
	tcase_add_loop_test(tc, a_reader_may_ask_neither, 0, N(guarded));
	return run_case("api explain", tc);
}
