/*
 * dpwatch as people and programs use it, against a daemon that runs.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/redis_client.h"
#include "lib/token_box.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

static void
set_up(void)
{
	sandbox_begin(&box);
	box_is_the_api();
}

static void
one_down(void)
{
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
}

START_TEST(port_list_down_shows_the_ports_that_are_down)
{
	ck_assert_int_eq(run(ARGV("port", "list", "--down")), 0);
	ck_assert_ptr_null(strstr(out, "vm1-eth0"));
	one_down();
	ck_assert_int_eq(run(ARGV("port", "list", "--down")), 0);
	expect_in(VM1);
	expect_in("vm1-eth0");
	expect_in("leaf1:Ethernet1/1");
	ck_assert_ptr_null(strstr(out, "vm2-eth0"));
	ck_assert_int_eq(run(ARGV("port", "list")), 0);
	expect_in("vm2-eth0");
	json_t *json = json_of(ARGV("port", "list", "--down"));
	const json_t *ports = json_object_get(json, "ports"), *port = json_array_get(ports, 0);
	ck_assert_uint_eq(json_array_size(ports), 1);
	ck_assert_str_eq(redis_text(port, "id"), VM1);
	ck_assert_str_eq(redis_text(port, "data_plane_status"), "DOWN");
	ck_assert(json_is_true(json_object_get(port, "dp_down")));
	json_decref(json);
}
END_TEST

START_TEST(port_show_takes_an_id_a_name_or_a_beginning)
{
	static const char *const names[] = { VM1, "vm1-eth0", "11111111", "vm1" };

	one_down();
	for (int i = 0; i < N(names); i++) {
		ck_assert_int_eq(run(ARGV("port", "show", names[i])), 0);
		expect_in(VM1);
		expect_in("DOWN");
	}
	ck_assert_int_eq(run(ARGV("port", "show", "vm9")), 1);
	expect_in("vm9");
}
END_TEST

/* So many ports on one interface. */
static void
load_ports(int n)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	fputs("{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1
	      "\"]}], \"ports\": [",
	    file);
	for (int i = 0; i < n; i++)
		fprintf(file,
		    "%s{\"id\": \"99999999-9999-4999-8999-%012d\", \"name\": \"vm %d \u00fc\", \"attachments\": [\"leaf1:e1\"]}",
		    i > 0 ? "," : "", i, i);
	fputs("]}", file);
	fclose(file);
	sandbox_load(&box, text);
	free(text);
}

START_TEST(a_list_of_more_than_a_page_is_whole_and_a_forecast_counts_all)
{
	load_ports(2500);
	char command[256];
	snprintf(command, sizeof(command), "%s simulate down leaf1:e1 | sed -n '1p;$p'",
	    sandbox_program("dpwatch"));
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("sh", "-c", command)), 0);
	ck_assert_str_eq(out, "2500 ports would go down, 0 would degrade.\n"
			      "And 1500 more; -o json lists all.\n");
	/* Some 1 MB: more than `out` holds. */
	static const char *const lists[] = { "port list", "simulate down leaf1:e1" };
	for (size_t i = 0; i < 2; i++) {
		snprintf(command, sizeof(command),
		    "%s %s -o json | grep -o '\"vm [0-9]* ' | sort -u | wc -l",
		    sandbox_program("dpwatch"), lists[i]);
		ck_assert_int_eq(process_run(out, sizeof(out), ARGV("sh", "-c", command)), 0);
		ck_assert_int_eq(strtol(out, NULL, 10), 2500);
	}
}
END_TEST

static const struct {
	const char *arguments[6];
	int status;
	const char *says;
} misuses[] = {
	{ { "nosuch" }, 2, "'nosuch' is no command\nTry 'dpwatch --help'." },
	{ { "port", "nosuch" }, 2, "'port nosuch' is no command" },
	{ { "port", "show" }, 2, "port show needs PORT" },
	{ { "port", "show", "" }, 1, "'' is neither an id nor a name" },
	{ { "port", "set", "vm1-eth0", "--dp-down", "maybe" }, 2, "as true or false" },
	{ { "port", "list", "more" }, 2, "'more' is one word too many" },
	{ { "port", "show", "vm" }, 1, "'vm' may be any of these" },
	{ { "maintenance", "add", "leaf1", "--for", "x" }, 2, "--for takes a duration" },
	{ { "maintenance", "add", "leaf1" }, 2, "--for must be given: 30min" },
	{ { "interface", "set", "leaf1:Ethernet1/1", "up", "--for", "2" }, 2, "and not '2'" },
	{ { "maintenance", "add", "nosuch", "--for", "2h" }, 1, "neither a switch nor a host" },
	{ { "interface", "set", "leaf1:Ethernet1/1", "sideways" }, 2, "up, down or auto" },
	{ { "simulate", "down", "nosuch" }, 1, "Switch nosuch could not be found." },
	{ { "switch", "show", "nosuch" }, 1, "dpwatch switch list shows" },
	{ { "simulate", "down", "leaf1:nosuch" }, 1, "dpwatch interface list SWITCH shows" },
	{ { "maintenance", "remove", "leaf1" }, 1, "dpwatch maintenance list shows" },
	{ { "token", "remove", "nosuch" }, 1, "dpwatch token list shows" },
	{ { "events", "--limit", "0" }, 2, "--limit must be a number from 1 to 1000" },
	{ { "events", "--since", "x" }, 1, "since must be the id of an entry" },
	{ { "token", "add", "a b", "--role", "reader" }, 1, "letters, digits" },
	{ { "--api", "unix:/nonexistent", "status" }, 1, "cannot reach the daemon" },
	{ { "--token-file", "/nonexistent", "status" }, 1,
	    "cannot read a token from /nonexistent: No such file" },
	{ { "-o", "yaml", "status" }, 2, "-o takes table or json" },
};

START_TEST(what_is_wrong_is_said_with_status_1_or_2)
{
	const char *argv[8] = { NULL };

	for (size_t i = 0; i < 6; i++)
		argv[i] = misuses[_i].arguments[i];
	ck_assert_int_eq(run(argv), misuses[_i].status);
	expect_in(misuses[_i].says);
}
END_TEST

START_TEST(events_are_listed_and_typed_in_json)
{
	one_down();
	ck_assert_int_eq(run(ARGV("events")), 0);
	expect_in("vm1-eth0");
	expect_in("leaf1:Ethernet1/1");
	json_t *json = json_of(ARGV("events"));
	const json_t *event = json_array_get(json_object_get(json, "events"), 0);
	ck_assert(json_is_true(json_object_get(event, "dp_down")));
	ck_assert_int_eq(json_integer_value(json_object_get(event, "revision")), 1);
	ck_assert_uint_eq(json_object_size(event), 19); /* the contract's 18, and the id */
	json_decref(json);
}
END_TEST

static const struct {
	const char *command, *name;
} lists[] = {
	{ "switch", "switches" },
	{ "interface", "interfaces" },
	{ "port", "ports" },
	{ "maintenance", "maintenance" },
	{ "token", "tokens" },
};

START_TEST(each_list_is_the_member_of_an_object_as_in_the_api)
{
	ck_assert_int_eq(run(ARGV("maintenance", "add", "leaf1", "--for", "2h")), 0);
	ck_assert_int_eq(run(ARGV("token", "add", "joe", "--role", "admin")), 0);
	json_t *json = json_of(ARGV(lists[_i].command, "list"));
	ck_assert_uint_eq(json_object_size(json), 1);
	ck_assert_uint_gt(json_array_size(json_object_get(json, lists[_i].name)), 0);
	json_decref(json);
}
END_TEST

/* Whether a file holds a text by now. */
static bool
file_has(const char *path, const char *part)
{
	char *text = process_read_file(path);
	bool has = strstr(text, part) != NULL;

	free(text);
	return has;
}

/* A dpwatch that follows the events into a file of the sandbox. */
static void
follow(struct process *follower, char *output, size_t size)
{
	snprintf(output, size, "%s/events", box.dir);
	process_start(follower, output,
	    ARGV(sandbox_program("dpwatch"), "-o", "json", "events", "--follow", "--since", "0"));
}

START_TEST(events_follow_shows_what_comes_as_it_comes)
{
	struct process follower;
	char output[SANDBOX_PATH + 16];
	json_error_t error;
	int n = 0;

	one_down();
	follow(&follower, output, sizeof(output));
	/* What was there already, then each new one, while it runs. */
	WAIT_FOR(file_has(output, VM1));
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(file_has(output, "\"dp_down\":false"));
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(file_has(output, VM2));
	char *text = process_read_file(output);
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, n++) {
		json_t *event = json_loadb(line, (size_t)(end - line), 0, &error);
		ck_assert_msg(event != NULL, "%s: %s", error.text, line);
		json_decref(event);
	}
	ck_assert_int_eq(n, 3);
	free(text);
	process_signal(&follower, SIGINT);
	process_wait(&follower);
}
END_TEST

START_TEST(events_follow_outlives_a_restart_of_the_daemon)
{
	struct process follower;
	char output[SANDBOX_PATH + 16];

	follow(&follower, output, sizeof(output));
	one_down();
	WAIT_FOR(file_has(output, VM1));
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(file_has(output, VM2));
	char *text = process_read_file(output);
	const char *first = strstr(text, VM1);
	ck_assert_ptr_null(strstr(first + 1, VM1));
	free(text);
	process_kill(&follower);
}
END_TEST

START_TEST(status_tells_what_matters)
{
	one_down();
	ck_assert_int_eq(run(ARGV("status")), 0);
	expect_in("connected");
	expect_in("1 down");
	json_t *json = json_of(ARGV("status"));
	ck_assert(json_is_true(json_object_get(json, "ready")));
	ck_assert_str_eq(redis_text(json_object_get(json, "redis"), "state"), "connected");
	json_decref(json);
}
END_TEST

START_TEST(switches_and_interfaces_are_listed)
{
	one_down();
	ck_assert_int_eq(run(ARGV("switch", "list")), 0);
	expect_in("leaf1");
	expect_in(LEAF2);
	ck_assert_int_eq(run(ARGV("interface", "list", "leaf1", "--down")), 0);
	expect_in("Ethernet1/1");
	ck_assert_ptr_null(strstr(out, "Ethernet1/2"));
	json_t *json = json_of(ARGV("interface", "list", "leaf1"));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "interfaces")), 3);
	json_decref(json);
	json = json_of(ARGV("switch", "list"));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "switches")), 3);
	json_decref(json);
	ck_assert_int_eq(run(ARGV("interface", "list", "leaf9")), 1);
	expect_in("leaf9");
}
END_TEST

START_TEST(a_topology_is_loaded_checked_and_dumped)
{
	char path[SANDBOX_PATH + 16];

	ck_assert_int_eq(run(ARGV("topology", "check", "conf/topology.example.json")), 0);
	snprintf(path, sizeof(path), "%s/empty.json", box.dir);
	sandbox_write(path, "{}");
	ck_assert_int_eq(run(ARGV("topology", "load", path)), 1);
	expect_in("--force");
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
	ck_assert_int_eq(run(ARGV("topology", "load", "--force", "conf/topology.example.json")), 0);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 6);
	ck_assert_int_eq(run(ARGV("topology", "dump")), 0);
	snprintf(path, sizeof(path), "%s/dump.json", box.dir);
	sandbox_write(path, out);
	ck_assert_int_eq(run(ARGV("topology", "check", path)), 0);
	ck_assert_int_eq(run(ARGV("topology", "load", path)), 0);
	ck_assert_int_eq(process_run_with("{\"switches\": []}", out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "topology", "load", "--force", "-")),
	    0);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 0);
}
END_TEST

START_TEST(every_fault_of_a_topology_is_shown_with_its_place)
{
	char path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/bad.json", box.dir);
	sandbox_write(path, "{\"ports\": [{\"id\": \"" VM1 "\", \"host\": \"nowhere\"}],"
			    " \"links\": [{\"a\": \"p:1\", \"b\": \"q:1\"}]}");
	for (int load = 0; load < 2; load++) {
		ck_assert_int_eq(run(ARGV("topology", load ? "load" : "check", path)), 1);
		expect_in("ports[0].host");
		expect_in("nowhere");
		expect_in("links[0].a");
		expect_in("links[0].b");
	}
	sandbox_write(path, "{\n\"ports\": [\n}");
	ck_assert_int_eq(run(ARGV("topology", "check", path)), 1);
	expect_in("line 3");
	ck_assert_int_eq(run(ARGV("topology", "check", "/nonexistent")), 1);
	expect_in("/nonexistent");
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
}
END_TEST

START_TEST(a_port_is_reported_down_and_the_report_taken_back)
{
	ck_assert_int_eq(
	    run(ARGV("port", "set", "vm1-eth0", "--dp-down", "true", "--note", "unplugged")), 0);
	WAIT_FOR(redis_events(box.redis) == 1);
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	const json_t *event = json_array_get(events, 0);
	ck_assert_str_eq(redis_text(event, "dp_down"), "true");
	ck_assert_str_eq(redis_text(event, "cause"), "reported");
	ck_assert_str_eq(redis_text(event, "reason"), "reported");
	ck_assert_str_eq(redis_text(event, "source"), "api");
	ck_assert_str_ne(redis_text(event, "reported_by"), "");
	json_decref(events);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_str_eq(redis_text(port, "reported"), "true");
	ck_assert_str_eq(redis_text(port, "reported_note"), "unplugged");
	json_decref(port);
	/* A word survives the daemon, and what is observed stays observed. */
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	ck_assert_int_eq(redis_events(box.redis), 1);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "event.changed") == 1);
	ck_assert_int_eq(run(ARGV("port", "unset", "vm1-eth0")), 0);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 1);
	ck_assert_int_eq(redis_down(box.redis), 1);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(redis_down(box.redis), 0);
}
END_TEST

START_TEST(unmapped_shows_strangers)
{
	sandbox_link_down(&box, STRANGER, 5);
	WAIT_FOR(sandbox_counter(&box, "event.unknown-sender") == 1);
	ck_assert_int_eq(run(ARGV("unmapped")), 0);
	expect_in(STRANGER);
	json_t *json = json_of(ARGV("unmapped"));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "unmapped")), 1);
	json_decref(json);
}
END_TEST

/* A trap with a community that nobody configured. */
static void
send_wrong_community(void)
{
	char agent[32], text[1024];

	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(process_run(text, sizeof(text),
			     ARGV("snmptrap", "-v2c", "-c", "wrong", "--clientaddr=" LEAF1, agent,
				 "", ".1.3.6.1.6.3.1.1.5.3")),
	    0);
}

START_TEST(the_doctor_tells_how_a_switch_is_heard_and_what_to_paste)
{
	ck_assert_int_eq(
	    run(ARGV("doctor", "leaf1", "--os", "nx-os", "--address", "192.0.2.99")), 0);
	expect_in("no link trap was ever heard");
	expect_in("snmp-server host 192.0.2.99 traps version 2c COMMUNITY");
	send_wrong_community();
	WAIT_FOR(sandbox_counter(&box, "trap.bad-community") == 1);
	ck_assert_int_eq(run(ARGV("doctor", "leaf1")), 0);
	expect_in("refused 1 times: wrong or unknown community");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(run(ARGV("doctor", "leaf1")), 0);
	expect_in("linkDown, ifIndex 1 (changed)");
	expect_in("told their interface by ifIndex alone");
	json_t *json = json_of(ARGV("doctor", "leaf1", "--os", "all"));
	ck_assert_str_eq(redis_text(json_object_get(json, "doctor"), "trap_version"), "v2c");
	ck_assert_uint_gt(json_array_size(json_object_get(json, "configuration")), 10);
	json_decref(json);
	ck_assert_int_eq(run(ARGV("doctor", "leaf99")), 1);
	ck_assert_int_eq(run(ARGV("doctor", "--os", "abacus")), 1);
	ck_assert_int_eq(run(ARGV("doctor")), 2);
}
END_TEST

START_TEST(without_a_daemon_it_says_so)
{
	ck_assert_int_eq(sandbox_stop(&box), 0);
	ck_assert_int_eq(run(ARGV("status")), 1);
	expect_in(box.api);
	expect_in("dpwatchd");
}
END_TEST

START_TEST(wrong_usage_is_status_2)
{
	ck_assert_int_eq(run(ARGV("nonsense")), 2);
	ck_assert_int_eq(run(ARGV("port", "list", "--sideways")), 2);
	ck_assert_int_eq(run(ARGV("port", "show")), 2);
	ck_assert_int_eq(run(ARGV("-o", "xml", "status")), 2);
	ck_assert_int_eq(run(ARGV("--api", "localhost", "status")), 2);
	ck_assert_int_eq(run(ARGV("--help")), 0);
	ck_assert_int_eq(run(ARGV("--version")), 0);
	/* Told before its configuration is looked for. */
	ck_assert_int_eq(run_program("dpwatch-neutron", ARGV("-c", "/nonexistent", "nonsense")), 2);
	expect_in("no such command: 'nonsense'");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("command line");
	TCase *tcase = tcase_create("command line"), *tokens = tcase_create("with tokens");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_test(tcase, port_list_down_shows_the_ports_that_are_down);
	tcase_add_test(tcase, a_list_of_more_than_a_page_is_whole_and_a_forecast_counts_all);
	tcase_add_loop_test(tcase, what_is_wrong_is_said_with_status_1_or_2, 0,
	    (int)(sizeof(misuses) / sizeof(misuses[0])));
	tcase_add_test(tcase, port_show_takes_an_id_a_name_or_a_beginning);
	tcase_add_test(tcase, events_are_listed_and_typed_in_json);
	tcase_add_test(tcase, events_follow_shows_what_comes_as_it_comes);
	tcase_add_test(tcase, events_follow_outlives_a_restart_of_the_daemon);
	tcase_add_test(tcase, status_tells_what_matters);
	tcase_add_test(tcase, switches_and_interfaces_are_listed);
	tcase_add_test(tcase, a_topology_is_loaded_checked_and_dumped);
	tcase_add_test(tcase, every_fault_of_a_topology_is_shown_with_its_place);
	tcase_add_test(tcase, a_port_is_reported_down_and_the_report_taken_back);
	tcase_add_test(tcase, unmapped_shows_strangers);
	tcase_add_test(tcase, the_doctor_tells_how_a_switch_is_heard_and_what_to_paste);
	tcase_add_test(tcase, without_a_daemon_it_says_so);
	tcase_add_test(tcase, wrong_usage_is_status_2);
	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tokens, 60);
	tcase_add_checked_fixture(tokens, token_box_set_up, box_tear_down);
	tcase_add_loop_test(
	    tokens, each_list_is_the_member_of_an_object_as_in_the_api, 0, N(lists));
	suite_add_tcase(suite, tokens);
	return sandbox_main(suite);
}
