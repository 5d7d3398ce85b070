/*
 * The API's TCP listener and clients that mean no good: what is no request, what is too long, too slow or too many; and what that
 * does to the way of a trap meanwhile.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/redis_client.h"
#include "lib/token_box.h"

/* ---- what evhttp refuses by itself ---- */

static int
dial(void)
{
	struct sockaddr_in to = sandbox_address("127.0.0.1", box.redis_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Sends it in two pieces, and reads until the other side closes, or 20 s have passed. */
static void
exchange(const char *text, size_t len, char *answer, size_t size)
{
	int fd = dial();
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	ssize_t got = 1;

	send(fd, text, len / 2, MSG_NOSIGNAL);
	send(fd, text + len / 2, len - len / 2, MSG_NOSIGNAL);
	while (got > 0 && n + 1 < size && poll(&ready, 1, WAIT_MS) == 1) {
		got = read(fd, answer + n, size - n - 1);
		n += got > 0 ? (size_t)got : 0;
	}
	answer[n] = '\0';
	close(fd);
}

static const struct {
	const char *text;
	size_t more; /* so many letters, and an empty line, follow */
	const char *status, *type;
} refused[] = {
	{ "BOGUS\r\n\r\n", 0, "400 Bad Request", "HTTPBadRequest" },
	{ "GET /\r\n\r\n", 0, "400 Bad Request", "HTTPBadRequest" },
	{ "GET / HTTP/9.9\r\n\r\n", 0, "400 Bad Request", "HTTPBadRequest" },
	{ "GET / HTTP/1.1\r\nno header\r\n\r\n", 0, "400 Bad Request", "HTTPBadRequest" },
	{ "GET / HTTP/1.1\r\nX-Filler: ", 20000, "400 Bad Request", "HTTPBadRequest" },
	{ "GET /", 20000, "400 Bad Request", "HTTPBadRequest" },
	{ "PUT / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 0, "400 Bad Request", "HTTPBadRequest" },
	{ "GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\nGET ", 0,
	    "400 Bad Request", "HTTPBadRequest" },
	{ "PUT / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
	    "400 Bad Request", "HTTPBadRequest" },
	{ "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0,
	    "501 Not Implemented", "HTTPNotImplemented" },
	{ "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0,
	    "501 Not Implemented", "HTTPNotImplemented" },
	{ "FOO / HTTP/1.1\r\nHost: x\r\n\r\n", 0, "501 Not Implemented", "HTTPNotImplemented" },
	{ "PUT /v2.0/ports/x HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", 0,
	    "413 Request Entity Too Large", "HTTPRequestEntityTooLarge" },
	{ "PUT /v2.0/ports/x HTTP/1.1\r\nHost: x\r\nExpect: cake\r\nContent-Length: 7\r\n\r\n", 0,
	    "417 Expectation Failed", "HTTPExpectationFailed" },
};

START_TEST(what_no_handler_sees_is_refused_in_the_same_words_as_everything_else)
{
	size_t len = strlen(refused[_i].text), more = refused[_i].more;
	char *text = malloc(len + more + 5), answer[4096], begin[64], type[64];

	memcpy(text, refused[_i].text, len);
	memset(text + len, 'a', more);
	memcpy(text + len + more, "\r\n\r\n", more > 0 ? 5 : 0);
	exchange(text, len + (more > 0 ? more + 4 : 0), answer, sizeof(answer));
	snprintf(begin, sizeof(begin), "HTTP/1.1 %s\r\n", refused[_i].status);
	ck_assert_msg(strncmp(answer, begin, strlen(begin)) == 0, "%s", answer);
	ck_assert_ptr_nonnull(strstr(answer, "\r\nContent-Type: application/json\r\n"));
	const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");
	ck_assert(body && length);
	ck_assert_uint_eq(strlen(body + 4), strtoul(length + 16, NULL, 10));
	json_t *json = json_loads(body + 4, 0, NULL);
	snprintf(type, sizeof(type), "%s",
	    json_string_value(json_object_get(json_object_get(json, "NeutronError"), "type")));
	ck_assert_str_eq(type, refused[_i].type);
	json_decref(json);
	free(text);
}
END_TEST

/* ---- a topology ---- */

/* SANDBOX_TOPOLOGY with so many blanks at its end that max_body is not enough. */
static void
write_map(char *path, size_t size)
{
	FILE *file;

	snprintf(path, size, "%s/map.json", box.dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s%*s\n", SANDBOX_TOPOLOGY, 300000, "");
	ck_assert_int_eq(fclose(file), 0);
}

/* The status, as curl tells it. */
static const char *
upload(const char *token, const char *path, const char *also)
{
	char header[128], target[96];

	snprintf(header, sizeof(header), "X-Auth-Token: %s", token);
	snprintf(target, sizeof(target), "%s/v1/topology?force=1", url);
	process_run(out, sizeof(out),
	    ARGV("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", header, "-H", also,
		"-T", path, target));
	return out;
}

START_TEST(the_first_request_of_a_connection_may_be_a_large_topology)
{
	char path[SANDBOX_PATH], integrator[64], reader[64];

	make_token(integrator, sizeof(integrator), "sdn", "integrator", NULL);
	make_token(reader, sizeof(reader), "tenant", "reader", "blue");
	write_map(path, sizeof(path));
	ck_assert_str_eq(upload(integrator, path, "X-Filler: a"), "200");
	ck_assert_str_eq(upload(integrator, path, "Expect:"), "200");
	ck_assert_str_eq(upload(integrator, path, "Transfer-Encoding: chunked"), "200");
	ck_assert_str_eq(upload(reader, path, "X-Filler: a"), "413");
	ck_assert_str_eq(upload("dpw_wrong", path, "X-Filler: a"), "413");
	ck_assert_int_eq(sandbox_counter(&box, "http.wrong-tokens"), 1);
}
END_TEST

/* ---- crowds ---- */

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

static json_int_t
n_events(void)
{
	json_t *answer = redis_ask(box.redis, "XLEN dpwatch:events");
	json_int_t n = json_integer_value(answer);

	json_decref(answer);
	return n;
}

/* The request-id of a v2c trap: behind the PDU's tag and length, an INTEGER of mostly four bytes. NULL: of fewer. */
static uint8_t *
request_id_of(uint8_t *bytes, size_t len)
{
	uint8_t *pdu = memchr(bytes, 0xa7, len);

	return pdu && pdu[2] == 0x02 && pdu[3] == 0x04 ? pdu + 4 : NULL;
}

/* linkDown or linkUp of leaf1:Ethernet1/1. All have one sysUpTime, so that none is older than another. */
static size_t
capture(bool up, uint8_t *bytes, size_t size)
{
	size_t len = 0;

	/* Its request-id is random, and one in 256 is shorter. */
	while (!request_id_of(bytes, len))
		len = up ? sandbox_capture(bytes, size,
			       ARGV("snmptrap", "-v2c", "-c", "public", "AGENT", "4711",
				   ".1.3.6.1.6.3.1.1.5.4", ".1.3.6.1.2.1.2.2.1.1.1", "i", "1",
				   ".1.3.6.1.2.1.2.2.1.8.1", "i", "1"))
			 : sandbox_capture(bytes, size,
			       ARGV("snmptrap", "-v2c", "-c", "public", "AGENT", "4711",
				   ".1.3.6.1.6.3.1.1.5.3", ".1.3.6.1.2.1.2.2.1.1.1", "i", "1"));
	return len;
}

/*
 * From a datagram to its toggle in Redis, 40 times: the median and the longest, in microseconds. Of the longest four nothing is
 * said: a machine puts a process aside now and then.
 */
static void
measure(int64_t *ret_median, int64_t *ret_longest)
{
	static uint32_t request_id = 0x10000000;
	uint8_t bytes[2][512] = { 0 };
	size_t len[2];
	int64_t times[40];

	for (size_t i = 0; i < 2; i++)
		len[i] = capture(i == 1, bytes[i], sizeof(bytes[i]));
	for (size_t i = 0; i < 40; i++) {
		json_int_t before = n_events();
		/* Another datagram, and not the same again. */
		memcpy(
		    request_id_of(bytes[i % 2], len[i % 2]), &(uint32_t){ htonl(++request_id) }, 4);
		int64_t begin = now_us();
		sandbox_send(LEAF1, box.snmp_port, bytes[i % 2], len[i % 2]);
		while (n_events() == before)
			ck_assert_msg(now_us() - begin < 20000000, "no toggle in 20 s");
		times[i] = now_us() - begin;
	}
	qsort(times, 40, sizeof(times[0]), compare);
	*ret_median = times[20];
	*ret_longest = times[35];
}

static const char *const crowds[] = { "slow", "headers", "strangers" };

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

START_TEST(a_crowd_at_the_api_does_not_delay_a_toggle)
{
	struct process crowd;
	char port[8], log[SANDBOX_PATH + 16];
	int64_t quiet, quiet_longest, median, longest, after, after_longest;

	measure(&quiet, &quiet_longest);
	snprintf(port, sizeof(port), "%u", box.redis_port);
	snprintf(log, sizeof(log), "%s/crowd.log", box.dir);
	process_start(&crowd, log,
	    ARGV("nice", "-n", "19", "python3", "tests/bench/api_crowd.py", port, crowds[_i],
		_i == 0 ? "1000" : "20"));
	WAIT_FOR(access(log, F_OK) == 0 &&
		 process_run(out, sizeof(out), ARGV("grep", "-q", "ready", log)) == 0);
	measure(&median, &longest);
	/* Whoever has business there is served through the Unix socket, and the crowd has no more than its places. */
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "--api", unix_api, "status")),
	    0);
	process_kill(&crowd);
	/* Before and after, so that what others begin to do on this machine is not the crowd's. */
	measure(&after, &after_longest);
	quiet = larger(quiet, after);
	quiet_longest = larger(quiet_longest, after_longest);
	printf("  %s: median %.1f ms, longest %.1f ms; with nobody there %.1f and %.1f\n",
	    crowds[_i], (double)median / 1000, (double)longest / 1000, (double)quiet / 1000,
	    (double)quiet_longest / 1000);
	fflush(stdout);
	/* Generous: two cores, which others and the crowd itself use as well. */
	ck_assert_int_lt(median, quiet + 20000);
	ck_assert_int_lt(longest, quiet_longest + 500000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http_limits");
	TCase *tcase = tcase_create("limits");

	tcase_add_checked_fixture(tcase, token_box_set_up, box_tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase,
	    what_no_handler_sees_is_refused_in_the_same_words_as_everything_else, 0,
	    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tcase, the_first_request_of_a_connection_may_be_a_large_topology);
	tcase_add_loop_test(tcase, a_crowd_at_the_api_does_not_delay_a_toggle, 0,
	    (int)(sizeof(crowds) / sizeof(crowds[0])));
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
