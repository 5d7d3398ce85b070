/*
 * Tokens: the list and its file's text, what a wrong one leads to, and what each role may see and do.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/auth.h"
#include "lib/api_world.h"

#define D1 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" /* of "test" */
#define T1 "2026-11-22T12:00:00.000000Z"

/* ---- the list ---- */

START_TEST(a_list_is_written_as_it_was_read)
{
	static const char text[] =
	    "# who may\n\nci integrator - " D1 " " T1 "\n  grafana\treader blue " D1 " " T1 " \n";
	struct token_list list, again;
	char error[128];

	ck_assert_int_eq(token_list_parse(slice_of(text), &list, error, sizeof(error)), 0);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_str_eq(list.items[1].name, "grafana");
	ck_assert_str_eq(list.items[1].project, "blue");
	ck_assert_int_eq(list.items[1].role, ROLE_READER);
	ck_assert_str_eq(list.items[0].project, "");
	ck_assert_uint_eq(list.items[0].digest[0], 0x9f);
	char *written = token_list_format(&list);
	ck_assert_int_eq(token_list_parse(slice_of(written), &again, error, sizeof(error)), 0);
	ck_assert_uint_eq(again.n, 2);
	ck_assert_mem_eq(again.items, list.items, 2 * sizeof(struct token));
	free(written);
	token_list_release(&list);
	token_list_release(&again);
}
END_TEST

static const struct {
	const char *text, *error;
} faulty[] = {
	{ "ci admin - " D1, "line 1: a line has five fields: NAME ROLE PROJECT SHA-256 CREATED" },
	{ "\nci admin - " D1 " " T1 " more",
	    "line 2: a line has five fields: NAME ROLE PROJECT SHA-256 CREATED" },
	{ "c/i admin - " D1 " " T1,
	    "line 1: the name is none: at most 63 letters, digits, '.', '_' and '-'" },
	{ "ci root - " D1 " " T1, "line 1: the role is none of admin, integrator, reader" },
	{ "ci reader - " D1 " " T1, "line 1: readers have a project, and nobody else ('-')" },
	{ "ci admin blue " D1 " " T1, "line 1: readers have a project, and nobody else ('-')" },
	{ "ci admin - 9f86 " T1, "line 1: the digest has not 64 digits of 0-9a-f" },
	{ "ci admin - " D1 " yesterday", "line 1: the time is none" },
	{ "ci admin - " D1 " " T1 "\nci admin - " D1 " " T1,
	    "line 2: the name stands there twice" },
};

START_TEST(a_faulty_line_is_named)
{
	struct token_list list;
	char error[128];

	ck_assert_int_eq(
	    token_list_parse(slice_of(faulty[_i].text), &list, error, sizeof(error)), -EINVAL);
	ck_assert_str_eq(error, faulty[_i].error);
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

START_TEST(there_is_an_end_to_tokens)
{
	struct token_list list = { 0 };
	struct token token = { .role = ROLE_ADMIN };

	for (int i = 0; i < TOKENS_MAX; i++) {
		snprintf(token.name, sizeof(token.name), "t%d", i);
		ck_assert_int_eq(token_list_add(&list, &token), 0);
	}
	ck_assert_int_eq(token_list_add(&list, &token), -EEXIST);
	snprintf(token.name, sizeof(token.name), "another");
	ck_assert_int_eq(token_list_add(&list, &token), -ENOSPC);
	ck_assert(token_list_remove(&list, SLICE("t7")));
	ck_assert(!token_list_remove(&list, SLICE("t7")));
	ck_assert_int_eq(token_list_add(&list, &token), 0);
	token_list_release(&list);
}
END_TEST

/* ---- the file ---- */

static char dir[] = "/tmp/check_api_tokens.XXXXXX";
static char path[64];
static struct auth *auth;

static void
auth_set_up(void)
{
	char error[256];

	snprintf(dir, sizeof(dir), "/tmp/check_api_tokens.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/tokens", dir);
	auth = auth_new(path, error, sizeof(error));
	ck_assert_ptr_nonnull(auth);
	world_set_up();
	world.api.auth = auth;
}

static void
auth_tear_down(void)
{
	world_tear_down();
	auth_free(auth);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(a_token_is_right_until_it_is_removed_and_its_file_is_ours_alone)
{
	struct token wanted = { .name = "ci", .role = ROLE_INTEGRATOR, .created_us = WORLD_NOW };
	char text[AUTH_TOKEN_TEXT], error[256];
	const struct token *token;
	struct stat file;

	ck_assert_int_eq(auth_add(auth, &wanted, text), 0);
	ck_assert_uint_eq(strlen(text), AUTH_TOKEN_TEXT - 1);
	ck_assert_int_eq(strncmp(text, "dpw_", 4), 0);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_uint_eq(file.st_mode & 07777, 0600);
	ck_assert_int_eq(auth_check(auth, slice_of(text), NULL, 0, &token), AUTH_GOOD);
	ck_assert_str_eq(token->name, "ci");
	ck_assert_int_eq(auth_add(auth, &wanted, text + 0), -EEXIST);
	/* Another daemon reads the same, and what it reads holds no token. */
	struct auth *other = auth_new(path, error, sizeof(error));
	ck_assert_ptr_nonnull(other);
	ck_assert_uint_eq(auth_tokens(other)->n, 1);
	ck_assert_int_eq(auth_remove(other, SLICE("nobody")), -ESRCH);
	ck_assert_int_eq(auth_remove(other, SLICE("ci")), 0);
	auth_take(auth, other);
	ck_assert_uint_eq(auth_tokens(auth)->n, 0);
}
END_TEST

/* Instead of OpenSSL's, which takes as long wherever two texts differ: it is asked, and nobody compares in another way. */
static unsigned n_compared;
static size_t n_bytes;

int
CRYPTO_memcmp(const void *a, const void *b, size_t len)
{
	n_compared++;
	n_bytes += len;
	return memcmp(a, b, len);
}

START_TEST(right_or_wrong_every_token_is_compared_whole_and_in_constant_time)
{
	char texts[3][AUTH_TOKEN_TEXT], wrong[AUTH_TOKEN_TEXT];
	const struct token *found;

	for (int i = 0; i < 3; i++) {
		struct token token = { .role = ROLE_ADMIN };
		snprintf(token.name, sizeof(token.name), "t%d", i);
		ck_assert_int_eq(auth_add(auth, &token, texts[i]), 0);
	}
	memcpy(wrong, texts[1], sizeof(wrong));
	wrong[AUTH_TOKEN_TEXT - 2] ^= 1;
	const char *const tried[] = { texts[0], texts[1], texts[2], wrong, "", "dpw_" };
	for (int i = 0; i < 6; i++) {
		n_compared = 0;
		n_bytes = 0;
		const enum auth_result result =
		    auth_check(auth, slice_of(tried[i]), NULL, 0, &found);
		ck_assert_int_eq(result, i < 3 ? AUTH_GOOD : AUTH_WRONG);
		ck_assert_uint_eq(n_compared, 3);
		ck_assert_uint_eq(n_bytes, 3 * TOKEN_DIGEST);
	}
}
END_TEST

START_TEST(a_file_that_others_may_write_is_refused)
{
	char error[256], expected[256];
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, 0620), 0);
	close(fd);
	ck_assert_ptr_null(auth_new(path, error, sizeof(error)));
	snprintf(expected, sizeof(expected),
	    "[api] token_file %s: others than its owner may write it: chmod 600 it", path);
	ck_assert_str_eq(error, expected);
}
END_TEST

START_TEST(a_pipe_is_no_file_and_is_not_waited_for)
{
	char error[256], expected[256];

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_ptr_null(auth_new(path, error, sizeof(error)));
	snprintf(expected, sizeof(expected),
	    "[api] token_file %s: no regular file of at most 1 MiB", path);
	ck_assert_str_eq(error, expected);
}
END_TEST

START_TEST(eleven_wrong_tokens_a_minute_are_too_many_and_a_right_one_is_right)
{
	struct token wanted = { .name = "ci", .role = ROLE_ADMIN };
	char text[AUTH_TOKEN_TEXT];
	const struct token *token;
	struct addr peer, other;
	int64_t now = 1000;

	ck_assert(addr_parse(SLICE("192.0.2.7"), &peer));
	ck_assert(addr_parse(SLICE("192.0.2.8"), &other));
	ck_assert_int_eq(auth_add(auth, &wanted, text), 0);
	for (int i = 0; i < AUTH_WRONG_MAX; i++)
		ck_assert_int_eq(auth_check(auth, SLICE("wrong"), &peer, now, &token), AUTH_WRONG);
	ck_assert_int_eq(auth_check(auth, SLICE("wrong"), &peer, now, &token), AUTH_TOO_MANY);
	ck_assert_int_eq(auth_check(auth, SLICE("wrong"), &other, now, &token), AUTH_WRONG);
	ck_assert_int_eq(auth_check(auth, SLICE("wrong"), NULL, now, &token), AUTH_WRONG);
	ck_assert_int_eq(auth_check(auth, slice_of(text), &peer, now, &token), AUTH_GOOD);
	now += 59999999999;
	ck_assert_int_eq(auth_check(auth, SLICE("wrong"), &peer, now, &token), AUTH_TOO_MANY);
	now++;
	ck_assert_int_eq(auth_check(auth, SLICE("wrong"), &peer, now, &token), AUTH_WRONG);
}
END_TEST

/* ---- the routes ---- */

static struct reply
ask_locally(const char *method, const char *target, const char *body)
{
	const struct api_request request = {
		.method = method,
		.path = target,
		.body = slice_of(body),
		.role = ROLE_ADMIN,
		.local = true,
		.who = "uid 0",
	};

	return ask_request(&request);
}

START_TEST(a_token_is_made_shown_once_listed_without_it_and_removed)
{
	struct reply made = ask_locally("POST", "/v1/tokens",
	    "{\"name\": \"grafana\", \"role\": \"reader\", \"project_id\": \"blue\"}");
	const struct token *token;

	ck_assert_int_eq(made.response.status, 201);
	const char *text = text_at(&made, "token.token");
	ck_assert_int_eq(auth_check(auth, slice_of(text), NULL, 0, &token), AUTH_GOOD);
	ck_assert_str_eq(token->project, "blue");
	struct reply list = ask_locally("GET", "/v1/tokens", NULL);
	ck_assert_uint_eq(json_array_size(at(list.json, "tokens")), 1);
	ck_assert_str_eq(text_at(&list, "tokens.0.name"), "grafana");
	ck_assert_str_eq(text_at(&list, "tokens.0.role"), "reader");
	ck_assert_str_eq(text_at(&list, "tokens.0.project_id"), "blue");
	ck_assert_ptr_null(strstr(list.response.body, "dpw_"));
	ck_assert_uint_eq(json_object_size(at(list.json, "tokens.0")), 4);
	struct reply gone = ask_locally("DELETE", "/v1/tokens/grafana", NULL);
	ck_assert_int_eq(gone.response.status, 200);
	struct reply again = ask_locally("DELETE", "/v1/tokens/grafana", NULL);
	expect_error(&again, 404, "TokenNotFound", "Token grafana could not be found.");
	reply_release(&made);
	reply_release(&list);
	reply_release(&gone);
	reply_release(&again);
}
END_TEST

static const struct {
	const char *body, *message;
} refused[] = {
	{ "", "the body must be {\"name\": NAME, \"role\": ROLE, \"project_id\": ID}" },
	{ "{\"name\": \"a\", \"role\": \"admin\", \"more\": 1}",
	    "the body must be {\"name\": NAME, \"role\": ROLE, \"project_id\": ID}" },
	{ "{\"name\": \"a b\", \"role\": \"admin\"}",
	    "a name is at most 63 letters, digits, '.', '_' and '-'" },
	{ "{\"name\": \"a\", \"role\": \"root\"}", "the role must be admin, integrator or reader" },
	{ "{\"name\": \"a\", \"role\": \"reader\"}",
	    "a reader sees the ports of one project: name its project_id" },
	{ "{\"name\": \"a\", \"role\": \"admin\", \"project_id\": \"blue\"}",
	    "only a reader has a project: the others see every port" },
	{ "{\"name\": \"a\", \"role\": \"reader\", \"project_id\": \"b c\"}",
	    "a project_id is at most 255 printable characters without blanks" },
};

START_TEST(what_is_no_token_is_refused)
{
	struct reply reply = ask_locally("POST", "/v1/tokens", refused[_i].body);

	expect_error(&reply, 400, "HTTPBadRequest", refused[_i].message);
	ck_assert_uint_eq(auth_tokens(auth)->n, 0);
	reply_release(&reply);
}
END_TEST

START_TEST(a_token_makes_no_token)
{
	struct reply reply =
	    ask("POST", "/v1/tokens", "{\"name\": \"a\", \"role\": \"admin\"}", ROLE_ADMIN);

	expect_error(
	    &reply, 403, "PolicyNotAuthorized", "tokens are managed through the Unix socket only");
	reply_release(&reply);
	reply = ask("GET", "/v1/tokens", NULL, ROLE_INTEGRATOR);
	ck_assert_int_eq(reply.response.status, 403);
	reply_release(&reply);
}
END_TEST

START_TEST(a_list_of_tokens_takes_no_parameter)
{
	const struct api_request request = { .method = "GET",
		.path = "/v1/tokens",
		.query = "role=admin",
		.role = ROLE_ADMIN,
		.local = true };
	struct reply reply = ask_request(&request);

	expect_error(&reply, 400, "HTTPBadRequest", "there is no parameter 'role' here");
	reply_release(&reply);
}
END_TEST

/* ---- what a reader sees ---- */

static struct reply
ask_as_blue(const char *method, const char *target, const char *body)
{
	const struct api_request request = {
		.method = method,
		.path = target,
		.body = slice_of(body),
		.role = ROLE_READER,
		.project = "blue",
		.who = "grafana",
	};

	return ask_request(&request);
}

START_TEST(a_reader_sees_its_own_projects_ports_and_no_switch)
{
	world_word("leaf1", "Ethernet1/1", WORD_DOWN);
	world_word("leaf2", "Ethernet1/1", WORD_DOWN);
	struct reply list = ask_as_blue("GET", "/v2.0/ports", NULL);
	ck_assert_uint_eq(json_array_size(at(list.json, "ports")), 1);
	ck_assert_str_eq(text_at(&list, "ports.0.id"), VM1);
	ck_assert(flag_at(&list, "ports.0.dp_down"));
	ck_assert_str_eq(text_at(&list, "ports.0.data_plane_status"), "DOWN");
	ck_assert_int_eq(number_at(&list, "ports.0.paths_total"), 2);
	ck_assert_ptr_null(strstr(list.response.body, "leaf"));
	ck_assert_ptr_null(json_object_get(at(list.json, "ports.0"), "dp_down_causes"));
	reply_release(&list);
	struct reply own = ask_as_blue("GET", "/v2.0/ports/" VM1, NULL);
	ck_assert_int_eq(own.response.status, 200);
	reply_release(&own);
	struct reply foreign = ask_as_blue("GET", "/v2.0/ports/" VM2, NULL);
	expect_error(&foreign, 404, "PortNotFound", "Port " VM2 " could not be found.");
	reply_release(&foreign);
}
END_TEST

START_TEST(a_reader_changes_nothing_and_is_not_told_of_foreign_ports)
{
	static const char down[] = "{\"port\": {\"data_plane_status\": \"DOWN\"}}";
	struct reply own = ask_as_blue("PUT", "/v2.0/ports/" VM1, down);

	expect_error(&own, 403, "PolicyNotAuthorized",
	    "(rule:update_port and rule:update_port:data_plane_status) is disallowed by policy");
	reply_release(&own);
	struct reply foreign = ask_as_blue("PUT", "/v2.0/ports/" VM2, down);
	expect_error(&foreign, 404, "PortNotFound", "Port " VM2 " could not be found.");
	reply_release(&foreign);
	struct reply ours = ask_as_blue("GET", "/v1/status", NULL);
	ck_assert_int_eq(ours.response.status, 403);
	reply_release(&ours);
}
END_TEST

START_TEST(a_reader_cannot_guess_what_it_is_not_shown)
{
	struct api_request request = {
		.method = "GET",
		.path = "/v2.0/ports",
		.query = "binding:host_id=compute-7",
		.role = ROLE_READER,
		.project = "blue",
		.who = "grafana",
	};
	struct reply reply = ask_request(&request);

	expect_error(&reply, 400, "HTTPBadRequest",
	    "['binding:host_id'] is invalid attribute for filtering");
	reply_release(&reply);
	request.query = "fields=binding:host_id&fields=id";
	reply = ask_request(&request);
	ck_assert_uint_eq(json_object_size(at(reply.json, "ports.0")), 1);
	reply_release(&reply);
	reply = get("/v2.0/ports?binding:host_id=compute-7");
	ck_assert_uint_eq(json_array_size(at(reply.json, "ports")), 2);
	reply_release(&reply);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api_tokens");
	TCase *list = tcase_create("list"), *rest = tcase_create("auth");

	tcase_add_test(list, a_list_is_written_as_it_was_read);
	tcase_add_loop_test(
	    list, a_faulty_line_is_named, 0, (int)(sizeof(faulty) / sizeof(faulty[0])));
	tcase_add_test(list, there_is_an_end_to_tokens);
	suite_add_tcase(suite, list);
	tcase_add_checked_fixture(rest, auth_set_up, auth_tear_down);
	tcase_add_test(rest, a_token_is_right_until_it_is_removed_and_its_file_is_ours_alone);
	tcase_add_test(rest, right_or_wrong_every_token_is_compared_whole_and_in_constant_time);
	tcase_add_test(rest, a_file_that_others_may_write_is_refused);
	tcase_add_test(rest, a_pipe_is_no_file_and_is_not_waited_for);
	tcase_add_test(rest, eleven_wrong_tokens_a_minute_are_too_many_and_a_right_one_is_right);
	tcase_add_test(rest, a_token_is_made_shown_once_listed_without_it_and_removed);
	tcase_add_loop_test(
	    rest, what_is_no_token_is_refused, 0, (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(rest, a_token_makes_no_token);
	tcase_add_test(rest, a_list_of_tokens_takes_no_parameter);
	tcase_add_test(rest, a_reader_sees_its_own_projects_ports_and_no_switch);
	tcase_add_test(rest, a_reader_changes_nothing_and_is_not_told_of_foreign_ports);
	tcase_add_test(rest, a_reader_cannot_guess_what_it_is_not_shown);
	suite_add_tcase(suite, rest);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
