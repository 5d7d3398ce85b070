/*
 * Syslog over TLS (RFC 5425), with a real openssl s_client: who is let in, what is refused and why, and new certificates.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/pki.h"
#include "lib/redis_client.h"

#define DOWN "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down"
#define UP "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up"

static char out[SANDBOX_TEXT];

static const char *idle_timeout = "60s";

/* A daemon that listens on tls: with these files; ca NULL: every client is let in. */
static void
configure(const char *cert, const char *key, const char *ca)
{
	char lines[1024];

	snprintf(lines, sizeof(lines),
	    "listen = tls:127.0.0.1:%u\ntls_cert = %s\ntls_key = %s\n%s%s\nidle_timeout = %s\nmax_connections = 3\n",
	    box.syslog_port, pki_path(box.dir, cert), pki_path(box.dir, key), ca ? "tls_ca = " : "",
	    ca ? pki_path(box.dir, ca) : "", idle_timeout);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
}

static void
start(void)
{
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

static void
set_up(void)
{
	sandbox_init(&box);
	pki_make(box.dir);
	configure("server.pem", "server.key", NULL);
	start();
}

static void
set_up_impatient(void)
{
	idle_timeout = "2s";
	set_up();
}

static void
set_up_mutual(void)
{
	sandbox_init(&box);
	pki_make(box.dir);
	configure("server.pem", "server.key", "ca.pem");
	start();
}

static void
set_up_stopped(void)
{
	sandbox_init(&box);
	pki_make(box.dir);
}

/* openssl s_client from LEAF1 with this input and these further arguments; its exit status. */
static int
s_client(const char *input, const char *const *more)
{
	char target[32];
	const char *argv[24] = { "openssl", "s_client", "-connect", target, "-bind", LEAF1 ":0",
		"-CAfile", pki_path(box.dir, "ca.pem"), "-verify_return_error", "-quiet",
		"-no_ign_eof" };

	snprintf(target, sizeof(target), "127.0.0.1:%u", box.syslog_port);
	for (size_t n = 11; *more; more++)
		argv[n++] = *more;
	return process_run_with(input, out, sizeof(out), argv);
}

#define NO_MORE ((const char *const[]){ NULL })
#define AS(name) \
	ARGV("-cert", pki_path(box.dir, name ".pem"), "-key", pki_path(box.dir, name ".key"))

/* The other end closes (whatever it says before). */
static void
expect_closed(int fd)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	char buf[256];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	do
		n = read(fd, buf, sizeof(buf));
	while (n > 0 || (n < 0 && errno == EINTR));
	ck_assert_msg(n == 0 || errno == ECONNRESET, "it stays open");
	close(fd);
}

START_TEST(counted_frames_and_lines_come_through)
{
	ck_assert_int_eq(s_client("65 " DOWN "63 " UP, NO_MORE), 0);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(s_client(DOWN "\n", ARGV("-tls1_2")), 0);
	WAIT_FOR(redis_events(box.redis) == 3);
	ck_assert_int_eq(s_client(UP, ARGV("-tls1_3")), 0);
	WAIT_FOR(redis_events(box.redis) == 4);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.connections"), 3);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.tls-refused"), 0);
}
END_TEST

START_TEST(a_thousand_lines_of_one_writing_are_all_read)
{
	static char input[200 * 1024];
	size_t len = 0;

	for (int i = 0; i < 1000; i++)
		len += (size_t)snprintf(input + len, sizeof(input) - len,
		    "<187>%%LINK-3-UPDOWN: Interface Ethernet1/%d, changed state to down%*s\n",
		    i % 48 + 1, i % 97, "");
	ck_assert_int_eq(s_client(input, NO_MORE), 0);
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == 1000);
}
END_TEST

/* As most senders end: without close_notify. With TLS it was all the same, and the log must not say otherwise. */
START_TEST(a_client_that_just_goes_away_was_not_refused)
{
	char path[SANDBOX_PATH + 8], command[512];
	struct process client;

	snprintf(path, sizeof(path), "%s/fifo", box.dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	snprintf(command, sizeof(command),
	    "exec openssl s_client -connect 127.0.0.1:%u -bind " LEAF1
	    ":0 -CAfile %s -quiet %s <%s",
	    box.syslog_port, pki_path(box.dir, "ca.pem"), _i == 0 ? "-tls1_2" : "-tls1_3", path);
	process_start(&client, box.log, ARGV("sh", "-c", command));
	ck_assert_int_gt(write(fd, DOWN "\n", sizeof(DOWN)), 0);
	WAIT_FOR(redis_events(box.redis) == 1);
	process_kill(&client);
	close(fd);
	/* Its end came before this one's beginning. */
	ck_assert_int_eq(s_client(UP "\n", NO_MORE), 0);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.tls-refused"), 0);
	ck_assert(!sandbox_log_has(&box, "no TLS with"));
}
END_TEST

START_TEST(old_versions_of_tls_are_refused)
{
	ck_assert_int_ne(s_client(DOWN "\n", ARGV("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")), 0);
	WAIT_FOR(sandbox_counter(&box, "syslog.tls-refused") == 1);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.received"), 0);
	ck_assert(
	    sandbox_log_has(&box, "no TLS with " LEAF1 ": it offers neither TLS 1.2 nor 1.3"));
}
END_TEST

START_TEST(plain_text_on_the_tls_port_is_refused_and_says_so)
{
	int fd = sandbox_connect(LEAF1, box.syslog_port);

	ck_assert_int_gt(write(fd, DOWN "\n", sizeof(DOWN)), 0);
	expect_closed(fd);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.tls-refused"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.received"), 0);
	ck_assert(sandbox_log_has(&box, "no TLS with " LEAF1 ": it speaks no TLS"));
}
END_TEST

START_TEST(half_a_handshake_ends_with_the_idle_time)
{
	/* A record header of a ClientHello of 512 bytes, and nothing of it. */
	int fd = sandbox_connect(LEAF1, box.syslog_port);

	ck_assert_int_eq(write(fd, "\x16\x03\x01\x02\x00", 5), 5);
	expect_closed(fd);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.tls-refused"), 1);
	ck_assert(sandbox_log_has(&box, "it did not finish its handshake in time"));
	fd = sandbox_connect(LEAF1, box.syslog_port);
	close(fd);
	WAIT_FOR(sandbox_counter(&box, "syslog.tls-refused") == 2);
}
END_TEST

/* One byte now and then keeps a connection from being silent, but not from being late. */
START_TEST(a_handshake_that_trickles_ends_with_the_idle_time_too)
{
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	int fd = sandbox_connect(LEAF1, box.syslog_port);
	int64_t until = process_clock_ms() + WAIT_MS;

	for (size_t i = 0; process_clock_ms() < until; i++) {
		char none;

		send(fd, i < sizeof(hello) - 1 ? hello + i : "", 1, MSG_NOSIGNAL);
		if (recv(fd, &none, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET)
			break;
		for (int nap = 0; nap < 20; nap++)
			process_nap();
	}
	ck_assert_int_lt(process_clock_ms(), until);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.tls-refused"), 1);
	close(fd);
}
END_TEST

START_TEST(half_handshakes_count_as_connections)
{
	int held[3];

	for (int i = 0; i < 3; i++) {
		held[i] = sandbox_connect(LEAF1, box.syslog_port);
		WAIT_FOR(sandbox_counter(&box, "syslog.connections") == i + 1);
	}
	int fd = sandbox_connect(LEAF1, box.syslog_port);
	expect_closed(fd);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.connections-refused"), 1);
	ck_assert(sandbox_log_has(&box, "3 are open, which is max_connections"));
	for (int i = 0; i < 3; i++)
		close(held[i]);
	WAIT_FOR(sandbox_counter(&box, "syslog.tls-refused") == 3);
	ck_assert_int_eq(s_client(DOWN "\n", NO_MORE), 0);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

/* ---- tls_ca: clients show who they are ---- */

START_TEST(a_client_of_the_authority_is_let_in)
{
	ck_assert_int_eq(s_client(DOWN "\n", AS("client")), 0);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

START_TEST(a_client_without_a_certificate_is_not)
{
	s_client(DOWN "\n", NO_MORE);
	WAIT_FOR(sandbox_counter(&box, "syslog.tls-refused") == 1);
	ck_assert(sandbox_log_has(&box, "it showed no certificate, and tls_ca asks for one"));
	s_client(DOWN "\n", ARGV("-tls1_2"));
	WAIT_FOR(sandbox_counter(&box, "syslog.tls-refused") == 2);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.received"), 0);
}
END_TEST

/* What the doctor says was refused of leaf1. */
static json_int_t
refusals_of_leaf1(const char *counter)
{
	json_t *answer = sandbox_get(&box, "/v1/switches/leaf1/doctor");
	const json_t *refused = json_object_get(json_object_get(answer, "doctor"), "refused"),
		     *refusal;
	json_int_t count = 0;
	size_t i;

	json_array_foreach(refused, i, refusal)
	{
		if (strcmp(redis_text(refusal, "counter"), counter) == 0)
			count = json_integer_value(json_object_get(refusal, "count"));
	}
	json_decref(answer);
	return count;
}

START_TEST(a_client_of_another_authority_is_not)
{
	s_client(DOWN "\n", AS("stranger"));
	WAIT_FOR(sandbox_counter(&box, "syslog.tls-refused") == 1);
	ck_assert(sandbox_log_has(&box, "its certificate is refused: unable to get local issuer"));
	ck_assert_int_eq(sandbox_counter(&box, "syslog.received"), 0);
	/* Who asks why nothing is heard of that switch is told. */
	ck_assert_int_eq(refusals_of_leaf1("syslog.tls-refused"), 1);
}
END_TEST

START_TEST(a_client_that_asks_for_another_authority_ends_the_handshake)
{
	char ca[256];

	snprintf(ca, sizeof(ca), "%s", pki_path(box.dir, "other-ca.pem"));
	s_client(DOWN "\n", ARGV("-CAfile", ca));
	WAIT_FOR(sandbox_counter(&box, "syslog.tls-refused") == 1);
	ck_assert(sandbox_log_has(&box,
	    "no TLS with " LEAF1
	    ": it refuses our certificate (tls_cert): it does not know its authority"));
	ck_assert_int_eq(sandbox_counter(&box, "syslog.received"), 0);
}
END_TEST

/* ---- new certificates, and faulty ones ---- */

START_TEST(a_reload_takes_new_certificates_and_refuses_faulty_ones)
{
	ck_assert_int_eq(s_client(DOWN "\n", NO_MORE), 0);
	WAIT_FOR(redis_events(box.redis) == 1);

	/* A key that does not fit: the old certificate stays. */
	ck_assert_int_eq(
	    rename(pki_path(box.dir, "client.key"), pki_path(box.dir, "server.key")), 0);
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: refused; the old configuration and files stay"));
	ck_assert(
	    sandbox_log_has(&box, "server.key: it is not the key of the certificate in tls_cert"));
	ck_assert_int_eq(s_client(UP "\n", NO_MORE), 0);
	WAIT_FOR(redis_events(box.redis) == 2);

	/* A certificate of the other authority under the same name: who trusts the first one is gone. */
	pki_sign(box.dir, "other-ca", "server", 30);
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	ck_assert_int_ne(s_client(DOWN "\n", NO_MORE), 0);
	ck_assert_int_eq(
	    s_client(DOWN "\n", ARGV("-CAfile", pki_path(box.dir, "other-ca.pem"))), 0);
	WAIT_FOR(redis_events(box.redis) == 3);
}
END_TEST

/* dpwatchd -t with these files says this. */
static void
expect_refused(const char *cert, const char *key, const char *ca, const char *text)
{
	configure(cert, key, ca);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatchd"), "-t", "-c", box.config)),
	    1);
	ck_assert_msg(strstr(out, text) != NULL, "\"%s\" is not in: %s", text, out);
}

START_TEST(files_that_are_none_are_named_by_the_test_of_the_configuration)
{
	sandbox_write(pki_path(box.dir, "junk.pem"), "no PEM at all\n");
	expect_refused("none.pem", "server.key", NULL, "none.pem: No such file or directory");
	expect_refused("junk.pem", "server.key", NULL, "[syslog] tls_cert ");
	expect_refused("junk.pem", "server.key", NULL, "junk.pem: no PEM of that kind is in it");
	expect_refused("server.pem", "none.key", NULL, "none.key: No such file or directory");
	expect_refused(
	    "server.pem", "server.pem", NULL, "server.pem: no PEM of that kind is in it");
	expect_refused("server.pem", "client.key", NULL,
	    "client.key: it is not the key of the certificate in tls_cert");
	expect_refused("server.pem", "server.key", "none.pem", "tls_ca ");
	expect_refused("server.pem", "server.key", "junk.pem", "junk.pem: ");
}
END_TEST

START_TEST(a_key_with_a_passphrase_is_refused_and_nobody_is_asked)
{
	char command[600];

	snprintf(command, sizeof(command),
	    "cd %s && openssl pkcs8 -topk8 -passout pass:secret -in server.key -out locked.key",
	    box.dir);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("sh", "-c", command)), 0);
	expect_refused("server.pem", "locked.key", NULL,
	    "locked.key: it has a passphrase, and nobody is there to type it");
}
END_TEST

static bool
status_warns(const char *text)
{
	json_t *status = sandbox_get(&box, "/v1/status");
	char *warnings = json_dumps(json_object_get(status, "warnings"), 0);
	const bool warns = strstr(warnings, text) != NULL;

	free(warnings);
	json_decref(status);
	return warns;
}

START_TEST(a_certificate_about_to_expire_is_told)
{
	pki_sign(box.dir, "ca", "brief", 3);
	configure("brief.pem", "brief.key", NULL);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatchd"), "-t", "-c", box.config)),
	    0);
	ck_assert_msg(strstr(out, "brief.pem: the certificate expires on ") != NULL, "%s", out);
	/* The daemon may run until then: status goes on to tell it, and no longer when there is a new one. */
	start();
	ck_assert(status_warns("[syslog] tls_cert: the certificate in use expires on "));
	pki_sign(box.dir, "ca", "brief", 30);
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	ck_assert(!status_warns("tls_cert"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("syslog_tls");
	TCase *any = tcase_create("any"), *impatient = tcase_create("impatient"),
	      *mutual = tcase_create("mutual"), *files = tcase_create("files");

	tcase_set_timeout(any, 60);
	tcase_add_checked_fixture(any, set_up, box_tear_down);
	tcase_add_test(any, counted_frames_and_lines_come_through);
	tcase_add_test(any, a_thousand_lines_of_one_writing_are_all_read);
	tcase_add_loop_test(any, a_client_that_just_goes_away_was_not_refused, 0, 2);
	tcase_add_test(any, old_versions_of_tls_are_refused);
	tcase_add_test(any, plain_text_on_the_tls_port_is_refused_and_says_so);
	tcase_add_test(any, half_handshakes_count_as_connections);
	tcase_add_test(any, a_reload_takes_new_certificates_and_refuses_faulty_ones);
	suite_add_tcase(suite, any);

	tcase_set_timeout(impatient, 60);
	tcase_add_checked_fixture(impatient, set_up_impatient, box_tear_down);
	tcase_add_test(impatient, half_a_handshake_ends_with_the_idle_time);
	tcase_add_test(impatient, a_handshake_that_trickles_ends_with_the_idle_time_too);
	suite_add_tcase(suite, impatient);

	tcase_set_timeout(mutual, 60);
	tcase_add_checked_fixture(mutual, set_up_mutual, box_tear_down);
	tcase_add_test(mutual, a_client_of_the_authority_is_let_in);
	tcase_add_test(mutual, a_client_without_a_certificate_is_not);
	tcase_add_test(mutual, a_client_of_another_authority_is_not);
	tcase_add_test(mutual, a_client_that_asks_for_another_authority_ends_the_handshake);
	suite_add_tcase(suite, mutual);

	tcase_set_timeout(files, 60);
	tcase_add_checked_fixture(files, set_up_stopped, box_tear_down);
	tcase_add_test(files, files_that_are_none_are_named_by_the_test_of_the_configuration);
	tcase_add_test(files, a_key_with_a_passphrase_is_refused_and_nobody_is_asked);
	tcase_add_test(files, a_certificate_about_to_expire_is_told);
	suite_add_tcase(suite, files);
	return sandbox_main(suite);
}
