/*
 * A daemon that runs: SIGHUP, what its API tells of it, and what systemd is told.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/redis_client.h"

#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define IF_INDEX ".1.3.6.1.2.1.2.2.1.1"

static char out[SANDBOX_TEXT];

static void
set_up(void)
{
	sandbox_init(&box);
}

static void
expect_in(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

/* A linkDown of ifIndex 1 with this community. */
static void
trap_with(const char *community)
{
	char agent[32];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV("snmptrap", "-v2c", "-c", community, "--clientaddr=" LEAF1, agent,
				 "", LINK_DOWN, IF_INDEX ".1", "i", "1")),
	    0);
}

START_TEST(sighup_takes_a_good_file_over)
{
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = "community = other" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	trap_with("other");
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

START_TEST(sighup_with_a_faulty_file_changes_nothing)
{
	sandbox_configure(
	    &box, &(struct sandbox_lines){ .snmp = "community = other\nfault = here" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: refused"));
	ck_assert(sandbox_log_has(&box, "fault"));
	trap_with("other");
	WAIT_FOR(sandbox_counter(&box, "trap.bad-community") == 1);
	trap_with("public");
	WAIT_FOR(redis_events(box.redis) == 1);
	/* Mended, it is taken. */
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = "community = other" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
}
END_TEST

START_TEST(sighup_with_a_faulty_rule_changes_nothing)
{
	char lines[SANDBOX_PATH + 32], path[SANDBOX_PATH + 32];

	json_int_t rules = sandbox_status_number(&box, "rules");
	ck_assert_int_gt(rules, 0);
	snprintf(path, sizeof(path), "%s/bad.rules", box.dir);
	sandbox_write(path, "[rule that never ends\n");
	snprintf(lines, sizeof(lines), "rules_dir = %s", box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: refused"));
	ck_assert_int_eq(sandbox_status_number(&box, "rules"), rules);
	sandbox_line(
	    &box, LEAF1, "<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

/* Held for an hour, were it not for the reload. */
START_TEST(sighup_that_turns_dampening_off_releases_at_once)
{
	static const char *const lines[] = {
		"<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down",
		"<187>%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up",
	};

	sandbox_configure(
	    &box, &(struct sandbox_lines){ .state = "dampening = 30min 1000 2000 1h" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	for (int i = 0; i < 6; i++)
		sandbox_line(&box, LEAF1, lines[i % 2]);
	WAIT_FOR(sandbox_log_has(&box, "Ethernet1/1 (down) flaps: held down"));
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == 6 && sandbox_settled(&box));
	ck_assert_str_eq(redis_history(box.redis), "1 down 1, 1 up 2, 1 down 3, 1 up 4, 1 down 5");
	sandbox_configure(&box, &(struct sandbox_lines){ .state = "dampening = off" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(redis_events(box.redis) == 6);
	ck_assert(sandbox_log_has(&box, "Ethernet1/1 (up) is no longer held down for flapping"));
	json_t *events = redis_stream(box.redis, "dpwatch:link-events");
	json_t *last = json_array_get(events, json_array_size(events) - 1);
	ck_assert_str_eq(redis_text(last, "interface"), "Ethernet1/1");
	ck_assert_str_eq(redis_text(last, "oper"), "up");
	json_decref(events);
}
END_TEST

START_TEST(sighup_says_what_needs_a_restart)
{
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = "server = tcp:127.0.0.1:1" });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "[redis] server changes only at a restart"));
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
}
END_TEST

START_TEST(the_api_tells_how_the_daemon_is)
{
	json_t *status = sandbox_get(&box, "/v1/status");
	const json_t *listeners = json_object_get(status, "listeners");
	ck_assert(json_is_true(json_object_get(status, "ready")));
	ck_assert_uint_eq(json_array_size(listeners), 3);
	char *text = json_dumps(listeners, 0), want[64];
	snprintf(want, sizeof(want), "snmp udp:127.0.0.1:%u", box.snmp_port);
	expect_in(text, want);
	snprintf(want, sizeof(want), "syslog udp:127.0.0.1:%u", box.syslog_port);
	expect_in(text, want);
	expect_in(text, box.api);
	free(text);
	json_decref(status);
	ck_assert_int_eq(http_client(box.api, "GET", "/readyz", NULL, NULL), 200);
	ck_assert_int_eq(http_client(box.api, "GET", "/metrics", NULL, NULL), 200);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("curl", "-sS", "--unix-socket", box.api, "http://localhost/metrics")),
	    0);
	expect_in(out, "\ndpwatch_trap_received_total 0\n");
}
END_TEST

START_TEST(who_asks_for_what_comes_now_misses_nothing_between_two_requests)
{
	char target[96];

	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	json_t *answer = sandbox_get(&box, "/v1/events?since=$");
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "events")), 0);
	snprintf(target, sizeof(target), "/v1/events?since=%s",
	    json_string_value(json_object_get(answer, "next")));
	json_decref(answer);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	answer = sandbox_get(&box, target);
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "events")), 1);
	json_decref(answer);
}
END_TEST

/* The map may hold communities. */
START_TEST(nobody_else_can_read_what_the_embedded_redis_keeps)
{
	char map[SANDBOX_PATH + 32], log[SANDBOX_PATH + 32];

	snprintf(map, sizeof(map), "%s/appendonlydir", box.dir);
	snprintf(log, sizeof(log), "%s/redis.log", box.dir);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("find", map, log, "-perm", "/077")), 0);
	ck_assert_str_eq(out, "");
}
END_TEST

/* ---- systemd ---- */

static off_t
size_of(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 ? file.st_size : 0;
}

START_TEST(what_the_embedded_redis_logs_is_bounded)
{
	static char much[(1 << 20) + 1];
	char log[SANDBOX_PATH + 16], old[SANDBOX_PATH + 16];

	snprintf(log, sizeof(log), "%s/redis.log", box.dir);
	snprintf(old, sizeof(old), "%s/redis.log.old", box.dir);
	ck_assert_int_eq(size_of(old), 0);
	int fd = open(log, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, much, sizeof(much)), (ssize_t)sizeof(much));
	ck_assert_int_eq(close(fd), 0);
	WAIT_FOR(size_of(old) > (off_t)sizeof(much));
	/* It goes on in a new one. */
	redis_do(box.redis, "BGREWRITEAOF");
	WAIT_FOR(size_of(log) > 0);
	ck_assert_int_lt(size_of(log), (off_t)sizeof(much));
}
END_TEST

START_TEST(systemd_is_told_when_it_is_ready_and_when_it_stops)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t bytes[512];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", box.dir);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	sandbox_start(&box);
	size_t len = sandbox_receive(fd, WAIT_MS, bytes, sizeof(bytes) - 1);
	bytes[len] = '\0';
	expect_in((const char *)bytes, "READY=1");
	ck_assert_int_eq(sandbox_stop(&box), 0);
	/* It may have told before that it had read Redis. */
	do {
		len = sandbox_receive(fd, WAIT_MS, bytes, sizeof(bytes) - 1);
		bytes[len] = '\0';
	} while (strcmp((const char *)bytes, "STATUS=running") == 0);
	expect_in((const char *)bytes, "STOPPING=1");
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("running");
	TCase *running = tcase_create("running"), *systemd = tcase_create("systemd");

	tcase_set_timeout(running, 60);
	tcase_add_checked_fixture(running, box_set_up, box_tear_down);
	tcase_add_test(running, sighup_takes_a_good_file_over);
	tcase_add_test(running, sighup_with_a_faulty_file_changes_nothing);
	tcase_add_test(running, sighup_with_a_faulty_rule_changes_nothing);
	tcase_add_test(running, sighup_that_turns_dampening_off_releases_at_once);
	tcase_add_test(running, sighup_says_what_needs_a_restart);
	tcase_add_test(running, the_api_tells_how_the_daemon_is);
	tcase_add_test(running, who_asks_for_what_comes_now_misses_nothing_between_two_requests);
	tcase_add_test(running, nobody_else_can_read_what_the_embedded_redis_keeps);
	tcase_add_test(running, what_the_embedded_redis_logs_is_bounded);
	suite_add_tcase(suite, running);

	tcase_set_timeout(systemd, 60);
	tcase_add_checked_fixture(systemd, set_up, box_tear_down);
	tcase_add_test(systemd, systemd_is_told_when_it_is_ready_and_when_it_stops);
	suite_add_tcase(suite, systemd);
	return sandbox_main(suite);
}
