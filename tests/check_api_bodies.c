/*
 * What nobody means well: every route by every method and role, and bodies that are cut, broken, deep or ambiguous. Nothing is
 * ever answered 500, and what is refused changes nothing.
 */
#include <stdio.h>

#include "admin/auth.h"
#include "lib/api_world.h"

/* ---- every route, method and role ---- */

/* What fits each pattern's asterisks, and a body that is fine. */
static const struct {
	const char *method, *pattern, *target, *body;
	int granted; /* status for who may; 0: deferred */
} routes[] = {
	{ "GET", "/", "/", NULL, 200 },
	{ "GET", "/healthz", "/healthz", NULL, 200 },
	{ "GET", "/readyz", "/readyz", NULL, 200 },
	{ "GET", "/metrics", "/metrics", NULL, 200 },
	{ "GET", "/v2.0", "/v2.0/", NULL, 200 },
	{ "GET", "/v2.0/extensions", "/v2.0/extensions", NULL, 200 },
	{ "GET", "/v2.0/extensions/*", "/v2.0/extensions/data-plane-status", NULL, 200 },
	{ "GET", "/v2.0/ports", "/v2.0/ports", NULL, 200 },
	{ "POST", "/v2.0/ports", "/v2.0/ports", "{\"port\": {\"name\": \"x\"}}", 405 },
	{ "GET", "/v2.0/ports/*", "/v2.0/ports/" VM1, NULL, 200 },
	{ "PUT", "/v2.0/ports/*", "/v2.0/ports/" VM1, "{\"port\": {\"dp_down\": true}}", 200 },
	{ "GET", "/v1/status", "/v1/status", NULL, 200 },
	{ "GET", "/v1/topology", "/v1/topology", NULL, 0 },
	{ "PUT", "/v1/topology", "/v1/topology", "{}", 0 },
	{ "GET", "/v1/switches", "/v1/switches", NULL, 200 },
	{ "GET", "/v1/switches/*", "/v1/switches/leaf1", NULL, 200 },
	{ "GET", "/v1/switches/*/doctor", "/v1/switches/leaf1/doctor", NULL, 200 },
	{ "DELETE", "/v1/switches/*/engine", "/v1/switches/leaf1/engine", NULL, 404 },
	{ "POST", "/v1/switches/*/poll", "/v1/switches/leaf1/poll", NULL, 409 },
	{ "GET", "/v1/interfaces", "/v1/interfaces", NULL, 200 },
	{ "GET", "/v1/links", "/v1/links", NULL, 200 },
	{ "PUT", "/v1/interfaces/*/*", "/v1/interfaces/leaf1/Ethernet1%2F1",
	    "{\"override\": \"down\"}", 200 },
	{ "GET", "/v1/ports/*/explain", "/v1/ports/" VM1 "/explain", NULL, 200 },
	{ "GET", "/v1/simulate", "/v1/simulate?down=leaf1", NULL, 200 },
	{ "POST", "/v1/simulate", "/v1/simulate", "{\"down\": [\"leaf1\"]}", 200 },
	{ "GET", "/v1/events", "/v1/events", NULL, 0 },
	{ "GET", "/v1/unmapped", "/v1/unmapped", NULL, 200 },
	{ "POST", "/v1/discoveries", "/v1/discoveries", "{\"switches\": [\"leaf1\"]}", 202 },
	{ "GET", "/v1/discoveries/*", "/v1/discoveries/7?after=0", NULL, 404 },
	{ "DELETE", "/v1/discoveries/*", "/v1/discoveries/7", NULL, 404 },
	{ "GET", "/v1/maintenance", "/v1/maintenance", NULL, 200 },
	{ "POST", "/v1/maintenance", "/v1/maintenance", "{\"name\": \"leaf1\", \"for\": \"2h\"}",
	    201 },
	{ "DELETE", "/v1/maintenance/*", "/v1/maintenance/leaf1", NULL, 404 },
	/* Only through the Unix socket, see check_api_tokens. */
	{ "GET", "/v1/tokens", "/v1/tokens", NULL, 403 },
	{ "POST", "/v1/tokens", "/v1/tokens", "{\"name\": \"x\", \"role\": \"admin\"}", 403 },
	{ "DELETE", "/v1/tokens/*", "/v1/tokens/x", NULL, 403 },
};
#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

static const char *const methods[] = { "GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS",
	"TRACE" };
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

START_TEST(the_table_here_is_the_route_table)
{
	ck_assert_uint_eq(N_ROUTES, api_n_routes());
	for (size_t i = 0; i < N_ROUTES; i++) {
		struct api_route_view view;
		api_route_get(i, &view);
		ck_assert_str_eq(routes[i].method, view.method);
		ck_assert_str_eq(routes[i].pattern, view.pattern);
	}
}
END_TEST

/* The row that a method takes on the path of another row, or N_ROUTES. */
static size_t
row_of(const char *pattern, const char *method)
{
	const char *served = strcmp(method, "HEAD") == 0 ? "GET" : method;
	size_t i = 0;

	while (i < N_ROUTES &&
	       (strcmp(routes[i].pattern, pattern) != 0 || strcmp(routes[i].method, served) != 0))
		i++;
	return i;
}

static enum api_role
least_on_path(const char *pattern)
{
	enum api_role least = ROLE_ADMIN;

	for (size_t i = 0; i < api_n_routes(); i++) {
		struct api_route_view view;
		api_route_get(i, &view);
		if (strcmp(view.pattern, pattern) == 0 && view.least < least)
			least = view.least;
	}
	return least;
}

static int
expected_status(const char *pattern, const char *method, enum api_role role)
{
	size_t i = row_of(pattern, method);
	struct api_route_view view;

	if (i == N_ROUTES)
		return role == ROLE_NONE && least_on_path(pattern) != ROLE_NONE ? 401 : 405;
	api_route_get(i, &view);
	if (role < view.least)
		return role == ROLE_NONE ? 401 : 403;
	return routes[i].granted;
}

START_TEST(every_route_by_every_method_and_role)
{
	for (size_t m = 0; m < N_METHODS; m++) {
		for (int role = ROLE_NONE; role <= ROLE_ADMIN; role++) {
			const char *pattern = routes[_i].pattern;
			struct reply reply = ask(
			    methods[m], routes[_i].target, routes[_i].body, (enum api_role)role);
			int wanted = expected_status(pattern, methods[m], (enum api_role)role);
			/* Body and query are those of another method of the same path. */
			size_t row = row_of(pattern, methods[m]);
			bool own = row == N_ROUTES || row == (size_t)_i;
			ck_assert_msg(reply.response.status == wanted ||
					  (!own && reply.response.status == 400),
			    "%s %s as role %d: %d and not %d", methods[m], routes[_i].target, role,
			    reply.response.status, wanted);
			ck_assert_int_eq(
			    reply.response.deferred != API_DONE, reply.response.status == 0);
			ck_assert_int_eq(
			    reply.response.allow[0] != '\0', reply.response.status == 405);
			reply_release(&reply);
		}
	}
}
END_TEST

/* ---- bodies ---- */

static const struct {
	const char *method, *target, *body;
	int status; /* of the whole body */
} bodies[] = {
	{ "PUT", "/v2.0/ports/" VM1,
	    "{\"port\": {\"dp_down\": true, \"dp_down_note\": \"n\\u00e4 \\\" x\", \"dp_down_for\": \"2h\"}}",
	    200 },
	{ "PUT", "/v2.0/ports/" VM1, "{\"port\": {\"data_plane_status\": null}}", 200 },
	{ "POST", "/v2.0/ports", "{\"port\": {\"name\": \"x\", \"network_id\": \"y\"}}", 405 },
	{ "PUT", "/v1/interfaces/leaf1/Ethernet1%2F1",
	    "{\"override\": \"down\", \"for\": \"2h\", \"note\": \"n\\u00e4\"}", 200 },
	{ "POST", "/v1/simulate", "{\"down\": [\"leaf1\", \"leaf2:Ethernet1/1\"]}", 200 },
	{ "POST", "/v1/discoveries", "{\"switches\": [\"leaf1\", \"spine1\"]}", 202 },
	{ "POST", "/v1/maintenance",
	    "{\"name\": \"leaf1\", \"for\": \"2h\", \"note\": \"n\\u00e4\"}", 201 },
	{ "POST", "/v1/tokens", "{\"name\": \"x\", \"role\": \"reader\", \"project_id\": \"p\"}",
	    409 },
};
#define N_BODIES (sizeof(bodies) / sizeof(bodies[0]))

/* At the end of its memory, so that a reader that goes one byte too far is seen by the sanitizers. */
static struct reply
send_bytes(size_t row, const char *data, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);
	struct api_request request = {
		.method = bodies[row].method,
		.path = bodies[row].target,
		.role = ROLE_ADMIN,
		.local = true,
		.who = "uid 0",
	};

	memcpy(copy, data, len);
	request.body = (struct slice){ copy, len };
	struct reply reply = ask_request(&request);
	free(copy);
	return reply;
}

static void
expect_unchanged(size_t row)
{
	struct reply port = get("/v2.0/ports/" VM1), list = get("/v1/maintenance"),
		     held = get("/v1/interfaces?overridden=1");

	ck_assert_msg(
	    !flag_at(&port, "port.dp_down") && number_at(&port, "port.revision_number") == 0,
	    "row %zu", row);
	ck_assert_uint_eq(json_array_size(at(port.json, "port.dp_down_causes")), 0);
	ck_assert_uint_eq(json_array_size(at(list.json, "maintenance")), 0);
	ck_assert_uint_eq(json_array_size(at(held.json, "interfaces")), 0);
	reply_release(&held);
	reply_release(&port);
	reply_release(&list);
}

START_TEST(a_body_that_is_cut_anywhere_is_400_and_changes_nothing)
{
	size_t len = strlen(bodies[_i].body);

	for (size_t cut = 0; cut < len; cut++) {
		struct reply reply = send_bytes((size_t)_i, bodies[_i].body, cut);
		ck_assert_msg(
		    reply.response.status == 400, "cut at %zu: %d", cut, reply.response.status);
		ck_assert_ptr_nonnull(json_object_get(reply.json, "NeutronError"));
		reply_release(&reply);
		expect_unchanged((size_t)_i);
	}
	struct reply whole = send_bytes((size_t)_i, bodies[_i].body, len);
	ck_assert_int_eq(whole.response.status, bodies[_i].status);
	reply_release(&whole);
}
END_TEST

/* What a byte is replaced by: ends, quotes, brackets, what is no UTF-8, a digit, a letter. */
static const char wrong_bytes[] = { '\0', '"', '\\', '{', '}', '[', ']', ':', ',', '\n', '\x01',
	'\x7f', '\x80', '\xc0', '\xff', '0', '-', 'e', 'u' };

START_TEST(a_body_with_any_byte_replaced_or_doubled_is_answered_and_never_500)
{
	char text[256];
	const char *body = bodies[_i].body;
	size_t len = strlen(body);

	for (size_t at_byte = 0; at_byte < len; at_byte++) {
		for (size_t w = 0; w < 2 * sizeof(wrong_bytes); w++) {
			bool more = w >= sizeof(wrong_bytes);
			char wrong = wrong_bytes[w % sizeof(wrong_bytes)];
			memcpy(text, body, at_byte);
			text[at_byte] = wrong;
			memcpy(text + at_byte + 1, body + at_byte + !more, len - at_byte - !more);
			struct reply reply = send_bytes((size_t)_i, text, len + more);
			int status = reply.response.status;
			ck_assert_msg(
			    status == bodies[_i].status || (status >= 400 && status < 500),
			    "byte %zu %s %d: %d", at_byte, more ? "before it" : "as", wrong,
			    status);
			reply_release(&reply);
		}
	}
}
END_TEST

/* Bodies that are JSON, and yet nothing to go by. */
static const char *const senseless[] = { "null", "true", "1", "\"port\"", "[]", "[{}]",
	"[{\"port\": {\"dp_down\": true}}]", "{\"port\": []}", "{\"port\": null}", "{\"port\": 1}",
	"{\"down\": {}}", "{\"down\": [1]}", "{\"down\": [[\"leaf1\"]]}", "{\"down\": null}",
	"{\"name\": [], \"for\": \"2h\"}", "{\"name\": \"leaf1\", \"for\": 2}",
	"{\"name\": \"leaf1\", \"for\": \"-2h\"}", "{\"name\": \"leaf1\", \"for\": \"0s\"}",
	"{\"name\": \"leaf1\", \"until\": \"1970-01-01T00:00:00Z\"}",
	"{\"name\": \"leaf1\", \"until\": \"9999-12-31T23:59:59Z\"}",
	"{\"name\": \"leaf1\", \"for\": \"2h\", \"until\": \"2024-05-01T13:00:00Z\"}",
	/* Said twice, and not the same. */
	"{\"port\": {\"dp_down\": false, \"dp_down\": true}}",
	"{\"port\": {\"dp_down\": false}, \"port\": {\"dp_down\": true}}",
	"{\"down\": [\"leaf1\"], \"down\": [\"leaf2\"]}",
	"{\"name\": \"leaf1\", \"name\": \"leaf2\", \"for\": \"2h\"}",
	"{\"name\": \"x\", \"role\": \"reader\", \"role\": \"admin\"}",
	/* A NUL would hide what follows it. */
	"{\"name\": \"leaf1\\u0000x\", \"for\": \"2h\"}", "{\"down\": [\"leaf1\\u0000\"]}",
	"{\"port\": {\"dp_down\": true, \"dp_down_note\": \"a\\u0000b\"}}",
	/* Half of a surrogate pair; a number beyond every range. */
	"{\"port\": {\"dp_down\": true, \"dp_down_note\": \"\\ud800\"}}",
	"{\"port\": {\"dp_down\": 1e999}}", "{\"port\": {\"dp_down\": 99999999999999999999}}",
	"{\"port\": {\"dp_down\": true}} x" };

START_TEST(a_body_that_makes_no_sense_is_400_for_every_route_and_changes_nothing)
{
	for (size_t row = 0; row < N_BODIES; row++) {
		struct reply reply = send_bytes(row, senseless[_i], strlen(senseless[_i]));
		ck_assert_msg(reply.response.status == 400, "%s %s: %d", bodies[row].method,
		    bodies[row].target, reply.response.status);
		reply_release(&reply);
		expect_unchanged(row);
	}
}
END_TEST

START_TEST(a_discovery_of_no_switch_is_400)
{
	struct reply reply = ask("POST", "/v1/discoveries", "{\"switches\": []}", ROLE_ADMIN);

	expect_error(&reply, 400, "HTTPBadRequest",
	    "no switch is named: leave \"switches\" out to ask all of the map");
	reply_release(&reply);
}
END_TEST

/* One that would exhaust a reader that calls itself. */
static char *
deep(const char *open, const char *close, size_t depth, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	for (size_t i = 0; i < depth; i++)
		fputs(open, out);
	fputs("1", out);
	for (size_t i = 0; i < depth; i++)
		fputs(close, out);
	fclose(out);
	return text;
}

static const struct {
	const char *open, *close;
} nests[] = {
	{ "[", "]" },
	{ "{\"port\":", "}" },
	{ "{\"down\":[", "]}" },
	{ "{\"port\":{\"dp_down\":[", "]}}" },
	{ "[", "" },
};

START_TEST(a_body_that_is_nested_deeply_is_400)
{
	for (size_t depth = 1; depth <= 32768; depth *= 8) {
		size_t len;
		char *text = deep(nests[_i].open, nests[_i].close, depth, &len);
		for (size_t row = 0; row < N_BODIES; row++) {
			struct reply reply = send_bytes(row, text, len);
			int status = reply.response.status;
			/* To POST a port, a port that holds whatever is one. */
			ck_assert_msg(status == 400 || (status == 405 && bodies[row].status == 405),
			    "depth %zu: %d", depth, status);
			reply_release(&reply);
		}
		free(text);
	}
	expect_unchanged(0);
}
END_TEST

/* ---- paths and queries ---- */

static const char *const odd_targets[] = { "/v2.0/ports?", "/v2.0/ports?&&&",
	"/v2.0/ports?=", "/v2.0/ports?=x", "/v2.0/ports?%", "/v2.0/ports?name=%",
	"/v2.0/ports?name=%4", "/v2.0/ports?name=%zz", "/v2.0/ports?name=%00",
	"/v2.0/ports?name=%ff%fe", "/v2.0/ports?limit=-1", "/v2.0/ports?limit=4294967296",
	"/v2.0/ports?limit=", "/v2.0/ports?marker=", "/v2.0/ports?marker=x",
	"/v2.0/ports?id=", "/v2.0/ports?dp_down=", "/v2.0/ports/%2e%2e", "/v2.0/ports/%00",
	"/v2.0/ports/" VM1 "%00", "//", "///", "/v1//status", "/v1/./status", "/v1/switches/%2f",
	"/v1/switches/leaf1%00", "/v1/switches//doctor", "/v1/simulate?down=",
	"/v1/simulate?down=:", "/v1/simulate?down=leaf1:", "/v1/simulate?down=:x",
	"/v1/events?since=%00", "/v1/maintenance/%ff" };

START_TEST(odd_paths_and_queries_are_answered_and_never_500)
{
	for (size_t m = 0; m < N_METHODS; m++) {
		struct reply reply = ask(methods[m], odd_targets[_i], "{}", ROLE_ADMIN);
		int status = reply.response.status;
		ck_assert_msg((status >= 200 && status < 300) || (status >= 400 && status < 500),
		    "%s %s: %d", methods[m], odd_targets[_i], status);
		reply_release(&reply);
	}
}
END_TEST

START_TEST(more_parameters_than_fit_are_400)
{
	char target[8192] = "/v2.0/ports?";

	for (int i = 0; i < 513; i++)
		strcat(target, "name=x&");
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 400);
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void
set_up(void)
{
	char error[128];

	world_set_up();
	/* Without a file: tokens are judged, and none is made. */
	world.api.auth = auth_new(NULL, error, sizeof(error));
}

static void
tear_down(void)
{
	auth_free(world.api.auth);
	world_tear_down();
}

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("api_bodies");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_table_here_is_the_route_table);
	tcase_add_loop_test(tcase, every_route_by_every_method_and_role, 0, ROWS(routes));
	tcase_add_loop_test(
	    tcase, a_body_that_is_cut_anywhere_is_400_and_changes_nothing, 0, ROWS(bodies));
	tcase_add_loop_test(tcase,
	    a_body_with_any_byte_replaced_or_doubled_is_answered_and_never_500, 0, ROWS(bodies));
	tcase_add_loop_test(tcase,
	    a_body_that_makes_no_sense_is_400_for_every_route_and_changes_nothing, 0,
	    ROWS(senseless));
	tcase_add_test(tcase, a_discovery_of_no_switch_is_400);
	tcase_add_loop_test(tcase, a_body_that_is_nested_deeply_is_400, 0, ROWS(nests));
	tcase_add_loop_test(
	    tcase, odd_paths_and_queries_are_answered_and_never_500, 0, ROWS(odd_targets));
	tcase_add_test(tcase, more_parameters_than_fit_are_400);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
