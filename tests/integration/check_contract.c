/*
 * What others build on: the fields of the streams as the manual lists them, metrics that Prometheus takes, alert rules that use
 * metrics which exist, and the example consumer.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/page.h"
#include "lib/redis_client.h"

static char out[SANDBOX_TEXT];

/* ---- the manual ---- */

static const struct {
	const char *stream, *section;
} streams[] = {
	{ "dpwatch:events", ".Ss events:" },
	{ "dpwatch:link-events", ".Ss link-events:" },
	{ "dpwatch:redundancy", ".Ss redundancy:" },
};

/* The names that the section lists, each with a comma behind it, into buf. */
static void
listed_fields(const char *section, char *buf, size_t size)
{
	FILE *page = fopen("src/dpwatchd/dpwatch-events.7", "r");
	char line[512];
	bool inside = false;
	size_t len = 0;

	ck_assert_ptr_nonnull(page);
	buf[0] = '\0';
	while (fgets(line, sizeof(line), page)) {
		if (strncmp(line, ".Ss", 3) == 0)
			inside = strncmp(line, section, strlen(section)) == 0;
		if (!inside || strncmp(line, ".It Va ", 7) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		len += (size_t)snprintf(buf + len, size - len, "%s,", line + 7);
		ck_assert_uint_lt(len, size);
	}
	fclose(page);
}

START_TEST(an_entry_has_the_fields_that_the_manual_lists_in_their_order)
{
	char listed[1024], real[1024] = "";
	const char *name;
	json_t *value;

	/* VM3 loses one of two paths: one entry on each of link-events and redundancy; VM1 its only one. */
	sandbox_link_down(&box, LEAF1, 3);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_number(box.redis, "XLEN %s", streams[_i].stream) >= 1);
	json_t *entries = redis_stream(box.redis, streams[_i].stream);
	json_object_foreach(json_array_get(entries, 0), name, value)
	{
		strncat(real, name, sizeof(real) - strlen(real) - 2);
		strcat(real, ",");
	}
	listed_fields(streams[_i].section, listed, sizeof(listed));
	ck_assert_str_eq(listed, real);
	json_decref(entries);
}
END_TEST

/* A hash of which the names are fixed. */
static const char *const hashes[] = { "dpwatch:publisher", "dpwatch:port:" VM1 };

START_TEST(the_manual_has_each_field_of_a_hash)
{
	char *page = data_text("src/dpwatchd/dpwatch-events.7");

	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(
	    process_run(out, sizeof(out), ARGV("redis-cli", "-s", box.redis, "HKEYS", hashes[_i])),
	    0);
	int n = 0;
	for (char *rest = out, *name; (name = strsep(&rest, "\n")) && *name; n++)
		ck_assert_msg(page_has(page, name), "%s of %s", name, hashes[_i]);
	ck_assert_int_ge(n, 8);
	free(page);
}
END_TEST

/* ---- Prometheus ---- */

static void
metrics_to(const char *path)
{
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV("curl", "-sS", "--unix-socket", box.api, "-o", path,
				 "http://localhost/metrics")),
	    0);
}

START_TEST(promtool_takes_the_metrics)
{
	char path[SANDBOX_PATH], command[256];

	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	snprintf(path, sizeof(path), "%s/metrics", box.dir);
	metrics_to(path);
	snprintf(command, sizeof(command), "promtool check metrics < %s", path);
	int status = process_run(out, sizeof(out), ARGV("sh", "-c", command));
	ck_assert_msg(status == 0, "promtool: %s", out);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("grep", "-c",
		    "^dpwatch_switch_last_heard_seconds{switch=\"leaf1\",source=\"trap\"} 1",
		    path)),
	    0);
	ck_assert_int_eq(
	    process_run(out, sizeof(out), ARGV("grep", "-x", "dpwatch_ports_down 1", path)), 0);
}
END_TEST

START_TEST(each_alert_fires_when_it_should_and_none_when_all_is_well)
{
	ck_assert_msg(process_run(out, sizeof(out),
			  ARGV("promtool", "test", "rules", "tests/data/alerts.test.yml")) == 0,
	    "%s", out);
	/* None is forgotten there. */
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("sh", "-c",
		    "grep -o 'alert: .*' conf/prometheus-alerts.yml | cut -d' ' -f2 |"
		    " while read -r name; do grep -q \"$name\" tests/data/alerts.test.yml"
		    " || echo \"$name\"; done")),
	    0);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(every_metric_of_the_alert_rules_exists)
{
	char path[SANDBOX_PATH], names[4096];
	int n = 0;

	ck_assert_msg(process_run(out, sizeof(out),
			  ARGV("promtool", "check", "rules", "conf/prometheus-alerts.yml")) == 0,
	    "%s", out);
	snprintf(path, sizeof(path), "%s/metrics", box.dir);
	metrics_to(path);
	ck_assert_int_eq(process_run(names, sizeof(names),
			     ARGV("grep", "-oE", "dpwatch_[a-z_]+", "conf/prometheus-alerts.yml")),
	    0);
	for (char *rest = names, *name; (name = strsep(&rest, "\n")) && *name; n++) {
		char pattern[128];
		snprintf(pattern, sizeof(pattern), "^# TYPE %s ", name);
		ck_assert_msg(process_run(out, sizeof(out), ARGV("grep", "-q", pattern, path)) == 0,
		    "no metric %s", name);
	}
	ck_assert_int_ge(n, 9);
}
END_TEST

/* ---- the example consumer ---- */

static int
listen_somewhere(uint16_t *ret_port)
{
	struct sockaddr_in address = sandbox_address("127.0.0.1", 0);
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* Takes one POST, answers it, and returns its body as JSON. */
static json_t *
take_post(int listener)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
	struct pollfd waiting = { .fd = listener, .events = POLLIN };
	size_t len = 0;
	json_t *body = NULL;

	ck_assert_msg(poll(&waiting, 1, WAIT_MS) == 1, "nothing was posted");
	int fd = accept(listener, NULL, NULL);
	while (!body) {
		ssize_t n = read(fd, out + len, sizeof(out) - 1 - len);
		ck_assert_int_gt(n, 0);
		len += (size_t)n;
		out[len] = '\0';
		const char *start = strstr(out, "\r\n\r\n");
		body = start ? json_loads(start + 4, 0, NULL) : NULL;
	}
	ck_assert_int_eq(write(fd, answer, sizeof(answer) - 1), sizeof(answer) - 1);
	close(fd);
	return body;
}

/* The alert whose fault begins so. */
static const json_t *
alert_of(const json_t *alerts, const char *fault)
{
	const json_t *alert;
	size_t i;

	json_array_foreach(alerts, i, alert)
	{
		const char *text = redis_text(json_object_get(alert, "labels"), "fault");
		if (strncmp(text, fault, strlen(fault)) == 0)
			return alert;
	}
	ck_abort_msg("no alert of %s: %s", fault, json_dumps(alerts, 0));
}

static bool
is_over(const json_t *alerts, const char *fault)
{
	return json_object_get(alert_of(alerts, fault), "endsAt") != NULL;
}

/* The example, as the user that the manual makes for consumers. */
static void
start_consumer(struct process *consumer, uint16_t port, const char *again)
{
	char command[512], server[SANDBOX_PATH + 32], target[64], state[SANDBOX_PATH],
	    log[SANDBOX_PATH];

	snprintf(command, sizeof(command),
	    "sed -n '/^ACL SETUSER consumer/,/^\\.Ed/p' src/dpwatchd/dpwatch-events.7 | grep -v '^\\.Ed' |"
	    " tr '\\n' ' ' | xargs redis-cli -s %s",
	    box.redis);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("sh", "-c", command)), 0);
	ck_assert_str_eq(out, "OK\n");
	snprintf(server, sizeof(server), "unix://consumer:SECRET@%s", box.redis);
	snprintf(target, sizeof(target), "http://127.0.0.1:%u/api/v2/alerts", port);
	snprintf(state, sizeof(state), "%s/webhook.state", box.dir);
	snprintf(log, sizeof(log), "%s/webhook.log", box.dir);
	process_start(consumer, log, ARGV("scripts/dpwatch-webhook", server, target, state, again));
}

#define FAULT1 "leaf1:Ethernet1/1@"
#define FAULT2 "leaf1:Ethernet1/2@"

START_TEST(the_example_consumer_says_how_it_is_called)
{
	ck_assert_int_eq(
	    process_run(out, sizeof(out), ARGV("scripts/dpwatch-webhook", "--help")), 1);
	ck_assert_ptr_nonnull(strstr(out, "usage: dpwatch-webhook REDIS_URL POST_URL STATE_FILE"));
	ck_assert_ptr_null(strstr(out, "Traceback"));
}
END_TEST

START_TEST(the_example_consumer_posts_one_alert_per_fault_and_its_end)
{
	struct process consumer;
	uint16_t port;
	int listener = listen_somewhere(&port);

	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	start_consumer(&consumer, port, NULL);
	json_t *down = take_post(listener);
	ck_assert_uint_eq(json_array_size(down), 1);
	ck_assert(!is_over(down, FAULT1));
	sandbox_link_up(&box, LEAF1, 1);
	json_t *up = take_post(listener);
	ck_assert(is_over(up, FAULT1));
	/* The labels are what tells Alertmanager that it is the same. */
	ck_assert(json_equal(json_object_get(alert_of(down, FAULT1), "labels"),
	    json_object_get(alert_of(up, FAULT1), "labels")));
	json_decref(down);
	json_decref(up);
	process_kill(&consumer);
	close(listener);
}
END_TEST

START_TEST(the_example_consumer_goes_on_after_a_restart_also_when_the_stream_was_trimmed)
{
	struct process consumer;
	uint16_t port;
	int listener = listen_somewhere(&port);
	char state[SANDBOX_PATH];

	snprintf(state, sizeof(state), "%s/webhook.state", box.dir);
	sandbox_link_down(&box, LEAF1, 1);
	start_consumer(&consumer, port, NULL);
	json_t *alerts = take_post(listener);
	ck_assert(!is_over(alerts, FAULT1));
	json_decref(alerts);
	WAIT_FOR(access(state, F_OK) == 0);
	process_kill(&consumer);
	/* Meanwhile one heals and another fails, and nothing of that is left on the stream. */
	sandbox_link_up(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 3);
	redis_do(box.redis, "XTRIM dpwatch:events MAXLEN 0");
	start_consumer(&consumer, port, "1");
	alerts = take_post(listener);
	ck_assert_uint_eq(json_array_size(alerts), 2);
	ck_assert(is_over(alerts, FAULT1));
	ck_assert(!is_over(alerts, FAULT2));
	json_decref(alerts);
	/* What is down is told again and again. */
	alerts = take_post(listener);
	ck_assert_uint_eq(json_array_size(alerts), 1);
	ck_assert(!is_over(alerts, FAULT2));
	json_decref(alerts);
	process_kill(&consumer);
	close(listener);
}
END_TEST

START_TEST(the_example_consumer_tells_nobody_of_what_was_announced)
{
	struct process consumer;
	uint16_t port;
	int listener = listen_somewhere(&port);
	json_t *answer;

	ck_assert_int_eq(http_client(box.api, "POST", "/v1/maintenance",
			     "{\"name\": \"leaf1\", \"for\": \"2h\"}", &answer),
	    201);
	json_decref(answer);
	start_consumer(&consumer, port, NULL);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(http_client(box.api, "DELETE", "/v1/maintenance/leaf1", NULL, NULL), 200);
	sandbox_link_down(&box, LEAF1, 2);
	json_t *alerts = take_post(listener);
	ck_assert_uint_eq(json_array_size(alerts), 1);
	ck_assert(!is_over(alerts, FAULT2));
	json_decref(alerts);
	process_kill(&consumer);
	close(listener);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("contract");
	TCase *tcase = tcase_create("contract");

	tcase_add_checked_fixture(tcase, box_set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, an_entry_has_the_fields_that_the_manual_lists_in_their_order, 0,
	    (int)(sizeof(streams) / sizeof(streams[0])));
	tcase_add_loop_test(tcase, the_manual_has_each_field_of_a_hash, 0,
	    (int)(sizeof(hashes) / sizeof(hashes[0])));
	tcase_add_test(tcase, promtool_takes_the_metrics);
	tcase_add_test(tcase, each_alert_fires_when_it_should_and_none_when_all_is_well);
	tcase_add_test(tcase, every_metric_of_the_alert_rules_exists);
	tcase_add_test(tcase, the_example_consumer_says_how_it_is_called);
	tcase_add_test(tcase, the_example_consumer_posts_one_alert_per_fault_and_its_end);
	tcase_add_test(
	    tcase, the_example_consumer_goes_on_after_a_restart_also_when_the_stream_was_trimmed);
	tcase_add_test(tcase, the_example_consumer_tells_nobody_of_what_was_announced);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
