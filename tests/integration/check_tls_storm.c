/*
 * After a restart of the daemon all switches that speak TLS begin their handshakes at once: what else comes waits for none of
 * them.
 */
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/pki.h"
#include "lib/redis_client.h"
#include "lib/snmp_samples.h"
#include "util/timeutil.h"

#define CLIENTS 400

static void
set_up(void)
{
	char lines[1024];

	sandbox_init(&box);
	pki_make(box.dir);
	snprintf(lines, sizeof(lines),
	    "listen = tls:127.0.0.1:%u\ntls_cert = %s\ntls_key = %s\nmax_connections = %d\n",
	    box.syslog_port, pki_path(box.dir, "server.pem"), pki_path(box.dir, "server.key"),
	    CLIENTS);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* What a client says first. */
static size_t
make_hello(char *hello, size_t size)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *said = BIO_new(BIO_s_mem());

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), said);
	SSL_connect(ssl);
	int len = BIO_read(said, hello, (int)size);
	SSL_free(ssl);
	SSL_CTX_free(context);
	ck_assert_int_gt(len, 0);
	return (size_t)len;
}

static bool
all_are_answered(const int *fds)
{
	char byte;

	for (int i = 0; i < CLIENTS; i++)
		if (recv(fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
			return false;
	return true;
}

static int64_t
wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* When the verdict of the first toggle changed. */
static int64_t
decided_us(void)
{
	json_t *entry = redis_nth_event(box.redis, 1);
	int64_t us = 0;

	ck_assert(timeutil_parse(slice_of(redis_text(entry, "occurred_at")), &us));
	json_decref(entry);
	return us;
}

START_TEST(a_trap_waits_for_no_storm_of_handshakes)
{
	static int fds[CLIENTS];
	char hello[2048];
	const size_t len = make_hello(hello, sizeof(hello));
	const struct slice trap = SAMPLE_V2C;

	for (int i = 0; i < CLIENTS; i++)
		fds[i] = sandbox_connect(LEAF1, box.syslog_port);
	WAIT_FOR(sandbox_counter(&box, "syslog.connections") == CLIENTS);
	process_signal(&box.daemon, SIGSTOP);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_int_eq(send(fds[i], hello, len, MSG_NOSIGNAL), (ssize_t)len);
	sandbox_send(LEAF1, box.snmp_port, trap.data, trap.len);

	const int64_t begin_us = wall_us();
	process_signal(&box.daemon, SIGCONT);
	WAIT_FOR(all_are_answered(fds));
	const int64_t storm_us = wall_us() - begin_us;
	ck_assert_int_lt(decided_us() - begin_us, storm_us / 2);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls storm");
	TCase *tcase = tcase_create("tls storm");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_test(tcase, a_trap_waits_for_no_storm_of_handshakes);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
