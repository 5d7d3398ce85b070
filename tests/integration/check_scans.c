/*
 * Answers for which every port of a large map is looked at: in slices, beside each other, given up, and when the daemon stops.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/http_client.h"

/* Enough for a dozen slices (src/admin/neutron/api_ports_page.c). */
#define N_PORTS 200000
#define CLIENTS 20

static void
set_up(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	sandbox_begin(&box);
	fputs("{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1
	      "\"], \"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1}]}], \"ports\": [",
	    out);
	for (int i = 0; i < N_PORTS; i++)
		fprintf(out,
		    "%s{\"id\": \"99999999-9999-4999-8999-%012d\", \"name\": \"vm%d\", \"attachments\": [\"leaf1:Ethernet1/%d\"]}",
		    i > 0 ? "," : "", i, i, i % 48 + 1);
	fputs("]}", out);
	fclose(out);
	sandbox_load(&box, text);
	free(text);
}

/* A client that has asked and does not wait: its socket. */
static int
ask(const char *target)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char request[256];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, box.api, strlen(box.api) + 1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target);
	ck_assert_int_eq(
	    send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return fd;
}

/* The answer's text, which begins with its status line. */
static const char *
answer_of(int fd)
{
	static char text[8192];
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n + 1 < sizeof(text) && poll(&ready, 1, WAIT_MS) == 1) {
		got = read(fd, text + n, sizeof(text) - n - 1);
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	close(fd);
	return text;
}

static bool
is_answered(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

/* Asks for many lists at once, and for something else. Whether that was answered, and seen, before the last list. */
static bool
others_are_served_before_lists(void)
{
	int clients[CLIENTS];
	char target[128];

	/* vm199980 ... vm199999: each is found, in whatever order the map has them. */
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(target, sizeof(target), "/v2.0/ports?fields=name&name=vm%d&dp_down=false",
		    N_PORTS - 1 - i);
		clients[i] = ask(target);
	}
	ck_assert_int_eq(http_client(box.api, "GET", "/healthz", NULL, NULL), 200);
	const bool before = !is_answered(clients[CLIENTS - 1]);
	for (int i = 0; i < CLIENTS; i++) {
		const char *answer = answer_of(clients[i]);
		snprintf(
		    target, sizeof(target), "{\"ports\":[{\"name\":\"vm%d\"}]", N_PORTS - 1 - i);
		ck_assert_msg(strstr(answer, target) != NULL, "%s", answer);
	}
	return before;
}

/* Were each made in one go, it would never be seen; a test that was put aside misses it once. */
START_TEST(several_lists_are_made_beside_each_other_and_others_are_served_before_them)
{
	WAIT_FOR(others_are_served_before_lists());
}
END_TEST

START_TEST(a_toggle_is_told_while_lists_and_forecasts_are_made)
{
	int lists[CLIENTS], forecast;

	for (int i = 0; i < CLIENTS; i++)
		lists[i] = ask("/v2.0/ports?name=nosuch&dp_down=true&sort_key=name&sort_dir=asc");
	forecast = ask("/v1/simulate?down=leaf1&limit=1");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "out.toggles") > 0);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_ptr_nonnull(strstr(answer_of(lists[i]), "{\"ports\":[]"));
	ck_assert_ptr_nonnull(strstr(answer_of(forecast), "\"counts\":{\"down\":"));
}
END_TEST

START_TEST(clients_that_leave_cost_nothing_further)
{
	for (int i = 0; i < 10 * CLIENTS; i++)
		close(ask("/v2.0/ports?name=nosuch&dp_down=true"));
	ck_assert_ptr_nonnull(strstr(
	    answer_of(ask("/v2.0/ports?name=vm7&fields=name")), "{\"ports\":[{\"name\":\"vm7\"}]"));
	ck_assert_int_eq(http_client(box.api, "GET", "/v1/status", NULL, NULL), 200);
}
END_TEST

/* Lists for seconds. */
START_TEST(a_daemon_that_stops_tells_those_who_wait)
{
	int clients[10 * CLIENTS], told = 0;

	for (int i = 0; i < 10 * CLIENTS; i++)
		clients[i] = ask("/v2.0/ports?name=nosuch&dp_down=true");
	ck_assert_int_eq(http_client(box.api, "GET", "/healthz", NULL, NULL), 200);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	for (int i = 0; i < 10 * CLIENTS; i++) {
		const char *answer = answer_of(clients[i]);
		bool found = strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
		told += strncmp(answer, "HTTP/1.1 503 ", 13) == 0 &&
			strstr(answer, "dpwatchd is stopping") != NULL;
		ck_assert_msg(found || strstr(answer, "dpwatchd is stopping"), "%s", answer);
	}
	ck_assert_int_gt(told, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scans");
	TCase *tcase = tcase_create("scans");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(
	    tcase, several_lists_are_made_beside_each_other_and_others_are_served_before_them);
	tcase_add_test(tcase, a_toggle_is_told_while_lists_and_forecasts_are_made);
	tcase_add_test(tcase, clients_that_leave_cost_nothing_further);
	tcase_add_test(tcase, a_daemon_that_stops_tells_those_who_wait);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
