/*
 * Who may come in by which door, and what is said of it: other users on the Unix socket, nobody's requests over TCP, what is
 * written in the log, plain http beyond loopback, and clients that take their time.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/http_client.h"

static char out[SANDBOX_TEXT];

/* A daemon with an http: listener on box.redis_port of this address. */
static void
begin(const char *address, const char *anonymous)
{
	char lines[SANDBOX_PATH * 2 + 96];

	sandbox_init(&box);
	snprintf(lines, sizeof(lines),
	    "listen = http:%s:%u\ntoken_file = %s/tokens\nanonymous = %s", address, box.redis_port,
	    box.dir, anonymous);
	sandbox_configure(&box, &(struct sandbox_lines){ .api = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* ---- the Unix socket ---- */

/* The status that curl gets as another user. */
static const char *
as_another(const char *method, const char *path, const char *body)
{
	char url[128];
	const char *more[] = { "-d", body, NULL };

	snprintf(url, sizeof(url), "http://localhost%s", path);
	const char *argv[24] = { "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
		"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", box.api,
		"-X", method, url };
	for (size_t i = 0; body && more[i]; i++)
		argv[15 + i] = more[i];
	ck_assert_int_eq(process_run(out, sizeof(out), argv), 0);
	return out;
}

START_TEST(another_user_on_the_unix_socket_is_nobody)
{
	char parent[SANDBOX_PATH];

	begin("127.0.0.1", "read");
	/* Who may not even connect would prove nothing: the file's mode is one lock, SO_PEERCRED the other. */
	struct stat file;
	ck_assert_int_eq(stat(box.api, &file), 0);
	ck_assert_uint_eq(file.st_mode & 0777, 0660);
	snprintf(parent, sizeof(parent), "%s/..", box.dir);
	ck_assert_int_eq(chmod(parent, 0711), 0);
	ck_assert_int_eq(chmod(box.dir, 0711), 0);
	ck_assert_int_eq(chmod(box.api, 0666), 0);
	ck_assert_str_eq(as_another("GET", "/healthz", NULL), "200");
	ck_assert_str_eq(as_another("GET", "/v2.0/ports", NULL), "401");
	ck_assert_str_eq(as_another("GET", "/v1/status", NULL), "401");
	ck_assert_str_eq(
	    as_another("POST", "/v1/tokens", "{\"name\": \"me\", \"role\": \"admin\"}"), "401");
	ck_assert_str_eq(
	    as_another("PUT", "/v2.0/ports/" VM1, "{\"port\": {\"dp_down\": true}}"), "401");
	ck_assert_int_eq(http_client(box.api, "GET", "/v1/status", NULL, NULL), 200);
}
END_TEST

/* ---- TCP ---- */

static const char *
status_of(const char *method, const char *path, const char *body)
{
	char url[128];
	const char *argv[16] = { "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X",
		method, url };

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", box.redis_port, path);
	if (body) {
		argv[9] = "-d";
		argv[10] = body;
	}
	ck_assert_int_eq(process_run(out, sizeof(out), argv), 0);
	return out;
}

START_TEST(anonymous_read_reads_ports_and_nothing_else)
{
	begin("127.0.0.1", "read");
	ck_assert_str_eq(status_of("GET", "/v2.0/ports", NULL), "200");
	ck_assert_str_eq(status_of("GET", "/v2.0/ports/" VM1, NULL), "200");
	ck_assert_str_eq(status_of("GET", "/v1/status", NULL), "403");
	ck_assert_str_eq(status_of("GET", "/v1/tokens", NULL), "403");
	ck_assert_str_eq(
	    status_of("PUT", "/v2.0/ports/" VM1, "{\"port\": {\"dp_down\": true}}"), "403");
	ck_assert(!sandbox_log_has(&box, "plain http: beyond loopback"));
}
END_TEST

START_TEST(what_is_written_is_in_the_log_with_who_and_what_became_of_it)
{
	char line[160];

	begin("127.0.0.1", "off");
	ck_assert_int_eq(http_client(box.api, "PUT", "/v2.0/ports/" VM1,
			     "{\"port\": {\"dp_down\": true}}", NULL),
	    200);
	snprintf(
	    line, sizeof(line), "api: PUT /v2.0/ports/" VM1 " by uid %u: 200", (unsigned)getuid());
	WAIT_FOR(sandbox_log_has(&box, line));
	ck_assert_int_eq(
	    http_client(box.api, "PUT", "/v2.0/ports/" VM2, "{\"port\": {\"x\": 1}}", NULL), 400);
	snprintf(
	    line, sizeof(line), "api: PUT /v2.0/ports/" VM2 " by uid %u: 400", (unsigned)getuid());
	WAIT_FOR(sandbox_log_has(&box, line));
	/* A stranger could fill the log with being refused. */
	ck_assert_str_eq(
	    status_of("PUT", "/v2.0/ports/" VM2, "{\"port\": {\"dp_down\": true}}"), "401");
	/* Who reads is not. */
	ck_assert_str_eq(status_of("GET", "/v2.0/ports/" VM2, NULL), "401");
	ck_assert(!sandbox_log_has(&box, "api: GET"));
	ck_assert(!sandbox_log_has(&box, ": 401"));
}
END_TEST

START_TEST(plain_http_beyond_loopback_is_warned_of)
{
	json_t *status, *text;
	size_t i;
	bool warned = false;

	begin("0.0.0.0", "off");
	ck_assert(sandbox_log_has(&box, "warning: api: plain http: beyond loopback"));
	status = sandbox_get(&box, "/v1/status");
	json_array_foreach(json_object_get(status, "warnings"), i, text) warned |=
	    strncmp(json_string_value(text), "plain http:", 11) == 0;
	ck_assert(warned);
	json_decref(status);
}
END_TEST

/* Half a minute, all of it waiting: the promise is in seconds. */
START_TEST(a_request_that_takes_more_than_30_seconds_is_shown_the_door)
{
	static const char begins[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Filler: ";
	struct sockaddr_in to;
	struct pollfd slow = { .events = POLLIN }, silent = { .events = POLLIN };
	int64_t begun;
	char byte = 'x';

	begin("127.0.0.1", "off");
	to = sandbox_address("127.0.0.1", box.redis_port);
	slow.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	silent.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	begun = process_clock_ms();
	ck_assert_int_eq(connect(slow.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(connect(silent.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(
	    send(slow.fd, begins, strlen(begins), MSG_NOSIGNAL), (ssize_t)strlen(begins));
	/* One that sends a byte a second, until the other end is closed. */
	while (poll(&slow, 1, 1000) == 0) {
		ck_assert_msg(process_clock_ms() - begun < 45000, "it may stay for ever");
		send(slow.fd, &byte, 1, MSG_NOSIGNAL);
	}
	ck_assert_int_gt(process_clock_ms() - begun, 25000);
	ck_assert_int_eq(poll(&silent, 1, 15000), 1);
	ck_assert_int_le(read(silent.fd, &byte, 1), 0);
	close(slow.fd);
	close(silent.fd);
	ck_assert_str_eq(status_of("GET", "/healthz", NULL), "200");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = tcase_create("access");

	tcase_add_checked_fixture(tcase, NULL, box_tear_down);
	tcase_set_timeout(tcase, 120);
	if (geteuid() == 0)
		tcase_add_test(tcase, another_user_on_the_unix_socket_is_nobody);
	else
		printf(
		    "SKIPPED: another_user_on_the_unix_socket_is_nobody: only root can be another user\n");
	tcase_add_test(tcase, anonymous_read_reads_ports_and_nothing_else);
	tcase_add_test(tcase, what_is_written_is_in_the_log_with_who_and_what_became_of_it);
	tcase_add_test(tcase, plain_http_beyond_loopback_is_warned_of);
	tcase_add_test(tcase, a_request_that_takes_more_than_30_seconds_is_shown_the_door);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
