/*
 * The API over TLS: with curl, with the command line, with what is no TLS, and with another certificate after a reload.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/pki.h"

static char out[SANDBOX_TEXT], url[64], ca[256], unix_api[SANDBOX_PATH + 8];

static void
set_up(void)
{
	char lines[1024];

	sandbox_init(&box);
	pki_make(box.dir);
	snprintf(lines, sizeof(lines),
	    "listen = https:127.0.0.1:%u\ntls_cert = %s\ntls_key = %s\ntoken_file = %s/tokens\nanonymous = read",
	    box.redis_port, pki_path(box.dir, "server.pem"), pki_path(box.dir, "server.key"),
	    box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .api = lines });
	snprintf(ca, sizeof(ca), "%s", pki_path(box.dir, "ca.pem"));
	snprintf(url, sizeof(url), "https://127.0.0.1:%u", box.redis_port);
	snprintf(unix_api, sizeof(unix_api), "unix:%s", box.api);
	sandbox_start_ready(&box);
}

static int
curl(const char *authority, const char *target)
{
	return process_run(out, sizeof(out), ARGV("curl", "-sS", "--cacert", authority, target));
}

START_TEST(curl_is_answered_and_believes_the_certificate)
{
	char target[96];

	snprintf(target, sizeof(target), "%s/healthz", url);
	ck_assert_msg(curl(ca, target) == 0, "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "alive"));
	/* Of another authority it is not: curl's own exit status 60. */
	ck_assert_int_eq(curl(pki_path(box.dir, "other-ca.pem"), target), 60);
	ck_assert_int_eq(curl(ca, target), 0);
	/* What it lists can be reached the way that it was asked. */
	snprintf(target, sizeof(target), "%s/", url);
	ck_assert_int_eq(curl(ca, target), 0);
	snprintf(target, sizeof(target), "\"href\":\"%s/v2.0/\"", url);
	ck_assert_msg(strstr(out, target) != NULL, "%s", out);
}
END_TEST

START_TEST(the_command_line_uses_a_token_over_tls)
{
	char token[64], file[SANDBOX_PATH];

	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "--api", unix_api, "token", "add",
				 "ops", "--role", "admin")),
	    0);
	snprintf(token, sizeof(token), "%s", strrchr(out, ' ') + 1);
	snprintf(file, sizeof(file), "%s/ops.token", box.dir);
	sandbox_write(file, token);
	ck_assert_msg(process_run(out, sizeof(out),
			  ARGV(sandbox_program("dpwatch"), "--api", url, "--ca", ca, "--token-file",
			      file, "status")) == 0,
	    "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "connected"));
	/* Without the authority it does not send its token anywhere. */
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "--api", url, "--token-file", file, "status")),
	    1);
	ck_assert_ptr_nonnull(strstr(out, "certificate"));
}
END_TEST

START_TEST(who_names_no_authority_or_the_wrong_scheme_is_told_what_to_do)
{
	char plain[64];
	const struct {
		const char *api, *authority, *says;
	} tries[] = {
		{ url, pki_path(box.dir, "other-ca.pem"), "with --ca or DPWATCH_CA" },
		{ url, "/nonexistent", "take a PEM file of authorities" },
		{ plain, ca, "is it an https:// address?" },
	};

	snprintf(plain, sizeof(plain), "http%s", url + strlen("https"));
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		ck_assert_int_eq(process_run(out, sizeof(out),
				     ARGV(sandbox_program("dpwatch"), "--api", tries[i].api, "--ca",
					 tries[i].authority, "status")),
		    1);
		ck_assert_msg(strstr(out, tries[i].says) != NULL, "%s", out);
	}
}
END_TEST

START_TEST(a_certificate_that_has_expired_is_not_taken_for_one_of_an_unknown_authority)
{
	pki_sign(box.dir, "ca", "server", 0);
	ck_assert_int_eq(kill(box.daemon.pid, SIGHUP), 0);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	WAIT_FOR(process_run(out, sizeof(out),
		     ARGV(sandbox_program("dpwatch"), "--api", url, "--ca", ca, "status")) == 1 &&
		 strstr(out, "has expired"));
	ck_assert_msg(strstr(out, "give the daemon another one ([api] tls_cert"), "%s", out);
}
END_TEST

START_TEST(what_is_no_tls_is_let_go_and_the_others_are_served)
{
	char target[96], plain[96];

	snprintf(plain, sizeof(plain), "http://127.0.0.1:%u/healthz", box.redis_port);
	ck_assert_int_ne(process_run(out, sizeof(out), ARGV("curl", "-sS", "-m", "10", plain)), 0);
	snprintf(target, sizeof(target), "%s/healthz", url);
	ck_assert_int_eq(curl(ca, target), 0);
}
END_TEST

START_TEST(a_reload_takes_another_certificate_and_refuses_a_faulty_one)
{
	char target[96];

	snprintf(target, sizeof(target), "%s/healthz", url);
	pki_sign(box.dir, "other-ca", "server", 30);
	ck_assert_int_eq(kill(box.daemon.pid, SIGHUP), 0);
	WAIT_FOR(curl(pki_path(box.dir, "other-ca.pem"), target) == 0);
	sandbox_write(pki_path(box.dir, "server.pem"), "nothing");
	ck_assert_int_eq(kill(box.daemon.pid, SIGHUP), 0);
	WAIT_FOR(sandbox_log_has(&box, "reload: refused"));
	ck_assert(sandbox_log_has(&box, "[api] tls_cert "));
	ck_assert_int_eq(curl(pki_path(box.dir, "other-ca.pem"), target), 0);
}
END_TEST

/* ---- what is left to send when the daemon stops ---- */

#define REQUEST "GET /v2.0/ports HTTP/1.1\r\nHost: x\r\n\r\n"
#define REQUESTS 40
#define PORTS 1000

static void
load_many_ports(void)
{
	static char text[PORTS * 128];
	size_t n = (size_t)snprintf(text, sizeof(text),
	    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"]}], \"ports\": [");

	for (int i = 0; i < PORTS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s{\"id\": \"00000000-0000-4000-8000-%012d\", \"attachments\": [\"leaf1:Ethernet1/1\"]}",
		    i == 0 ? "" : ", ", i);
	snprintf(text + n, sizeof(text) - n, "]}");
	sandbox_load(&box, text);
}

/* A client with so little room that most of what it asks for waits at the daemon. */
static SSL *
dial_tls(SSL_CTX *context)
{
	struct sockaddr_in to = sandbox_address("127.0.0.1", box.redis_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), room = 65536;
	SSL *ssl = SSL_new(context);

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(SSL_set_fd(ssl, fd), 1);
	ck_assert_int_eq(SSL_connect(ssl), 1);
	return ssl;
}

/* In one record: what the daemon has not read when it closes would make that a reset, and nothing would come any more. */
static void
ask_often(SSL *ssl)
{
	static char text[REQUESTS * (sizeof(REQUEST) - 1)];

	for (size_t i = 0; i < REQUESTS; i++)
		memcpy(text + i * (sizeof(REQUEST) - 1), REQUEST, sizeof(REQUEST) - 1);
	ck_assert_int_eq(SSL_write(ssl, text, sizeof(text)), sizeof(text));
}

/* Each look asks once by itself: more requests than that, and the client's are still being answered. */
static void
wait_until_it_is_stuck(void)
{
	json_int_t last = 0;

	WAIT_FOR(({
		json_int_t now = sandbox_counter(&box, "http.requests");
		bool stuck = now == last + 1;
		last = now;
		stuck;
	}));
}

static size_t
read_some(SSL *ssl, size_t max)
{
	static char buf[16384];
	size_t sum = 0;
	int n = 1;

	ERR_clear_error();
	while (sum < max && (n = SSL_read(ssl, buf, sizeof(buf))) > 0)
		sum += (size_t)n;
	return sum;
}

START_TEST(what_a_stop_leaves_unsent_never_goes_out_in_clear)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	load_many_ports();
	SSL *ssl = dial_tls(context);

	ask_often(ssl);
	wait_until_it_is_stuck();
	/* The socket takes some more, and the daemon is not told yet. */
	ck_assert_uint_ge(read_some(ssl, 300000), 300000);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	ck_assert_uint_gt(read_some(ssl, SIZE_MAX), 0);
	/* It ends where the daemon did: whatever follows its last record is none. */
	ck_assert_msg(ERR_peek_error() == 0 ||
			  ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING,
	    "%s", ERR_reason_error_string(ERR_peek_error()));
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	SSL_CTX_free(context);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("https");
	TCase *tcase = tcase_create("https");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, curl_is_answered_and_believes_the_certificate);
	tcase_add_test(tcase, the_command_line_uses_a_token_over_tls);
	tcase_add_test(tcase, who_names_no_authority_or_the_wrong_scheme_is_told_what_to_do);
	tcase_add_test(
	    tcase, a_certificate_that_has_expired_is_not_taken_for_one_of_an_unknown_authority);
	tcase_add_test(tcase, what_is_no_tls_is_let_go_and_the_others_are_served);
	tcase_add_test(tcase, a_reload_takes_another_certificate_and_refuses_a_faulty_one);
	tcase_add_test(tcase, what_a_stop_leaves_unsent_never_goes_out_in_clear);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
