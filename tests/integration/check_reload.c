/*
 * What a reload takes over from a good file, and what it leaves to a restart.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/redis_client.h"
#include "lib/token_box.h"

static long
reloads(void)
{
	process_run(out, sizeof(out), ARGV("grep", "-c", "reload: done", box.log));
	return strtol(out, NULL, 10);
}

/* With these lines beside those that the fixture wrote. */
static void
reload(const char *redis, const char *api)
{
	char lines[SANDBOX_PATH * 2 + 160];
	const long before = reloads();

	snprintf(lines, sizeof(lines), "listen = http:127.0.0.1:%u\ntoken_file = %s/tokens\n%s",
	    box.redis_port, box.dir, api);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = redis, .api = lines });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(reloads() == before + 1);
}

/* ---- [api] ---- */

/* A connection that is kept, as a client that asks again and again has one. */
static int
connect_to_api(void)
{
	struct sockaddr_in address = sandbox_address("127.0.0.1", box.redis_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* The status of a GET of one port's id without a token; the answer fits into a segment. */
static int
ask(int fd)
{
	static const char request[] =
	    "GET /v2.0/ports?limit=1&fields=id HTTP/1.1\r\nHost: x\r\n\r\n";
	uint8_t answer[4096];
	int status;

	ck_assert_int_eq(write(fd, request, sizeof(request) - 1), sizeof(request) - 1);
	size_t len = sandbox_receive(fd, WAIT_MS, answer, sizeof(answer) - 1);
	answer[len] = '\0';
	ck_assert_int_eq(sscanf((const char *)answer, "HTTP/1.1 %d ", &status), 1);
	return status;
}

START_TEST(whether_anonymous_clients_may_read_changes_also_for_those_who_are_connected)
{
	int fd = connect_to_api();

	ck_assert_int_eq(ask(fd), 401);
	reload(NULL, "anonymous = read");
	ck_assert_int_eq(ask(fd), 200);
	reload(NULL, "anonymous = off");
	ck_assert_int_eq(ask(fd), 401);
	close(fd);
}
END_TEST

/* The status of a PUT of 2000 bytes by nobody. */
static const char *
put_2000_bytes(void)
{
	static char status[16];
	char target[128], body[2001];

	memset(body, ' ', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	snprintf(target, sizeof(target), "%s/v2.0/ports/" VM1, url);
	ck_assert_int_eq(process_run(status, sizeof(status),
			     ARGV("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X",
				 "PUT", "-H", "Expect:", "-d", body, target)),
	    0);
	return status;
}

START_TEST(the_longest_body_changes)
{
	ck_assert_str_eq(put_2000_bytes(), "401");
	reload(NULL, "max_body = 1KiB");
	ck_assert_str_eq(put_2000_bytes(), "413");
	reload(NULL, "max_body = 2KiB");
	ck_assert_str_eq(put_2000_bytes(), "401");
}
END_TEST

/* ---- [redis] ---- */

/* Redis trims a stream by whole nodes, of 100 entries. */
#define ENTRIES 250

START_TEST(how_much_the_events_stream_keeps_changes)
{
	static const char *const lines[] = {
		"<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down",
		"<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up",
	};

	reload("server = embedded\nevents_max_length = 10", "");
	for (int i = 0; i < ENTRIES; i++)
		sandbox_line(&box, LEAF1, lines[i % 2]);
	WAIT_FOR(sandbox_counter(&box, "out.toggles") == ENTRIES && sandbox_settled(&box));
	ck_assert_int_lt(redis_events(box.redis), ENTRIES);
}
END_TEST

START_TEST(what_needs_a_restart_is_named_at_each_reload_and_none_of_it_changes)
{
	static const char other[] = "server = unix:/nowhere\nprefix = other:";

	for (int i = 0; i < 2; i++)
		reload(other, "");
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("grep", "-c",
		    "reload: \\[redis\\] server, \\[redis\\] prefix change only at a restart",
		    box.log)),
	    0);
	ck_assert_str_eq(out, "2\n");
	/* A map that is loaded now goes where the daemon reads it, and its events are read where they are written. */
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	json_t *answer = sandbox_get(&box, "/v1/events");
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "events")), 1);
	json_decref(answer);
	ck_assert_int_eq(redis_number(box.redis, "EXISTS other:topology:switches"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reload");
	TCase *tcase = tcase_create("reload");

	tcase_add_checked_fixture(tcase, token_box_set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(
	    tcase, whether_anonymous_clients_may_read_changes_also_for_those_who_are_connected);
	tcase_add_test(tcase, the_longest_body_changes);
	tcase_add_test(tcase, how_much_the_events_stream_keeps_changes);
	tcase_add_test(tcase, what_needs_a_restart_is_named_at_each_reload_and_none_of_it_changes);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
