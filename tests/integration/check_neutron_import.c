/*
 * dpwatch-neutron import-topology: ports and bindings of a (stub) Neutron into a real daemon's map.
 */
#include <stdio.h>
#include <string.h>

#include "lib/neutron_case.h"
#include "lib/redis_client.h"

#define N_PORTS 20

static char text[SANDBOX_TEXT];

/* What Neutron tells of a port. */
static void
bind_port(int number, const char *host, const char *updated_at)
{
	char told[1024];

	snprintf(told, sizeof(told),
	    "{'data': {'" NEUTRON_ID
	    "': {'name': 'vm%d', 'project_id': 'blue', 'binding:host_id': '%s', 'binding:profile': {},"
	    " 'binding:vif_type': 'ovs', 'updated_at': '2026-11-22T%sZ'}}}",
	    number, number, host, updated_at);
	neutron_box_tell(&box, told);
}

/* compute-1 is cabled to leaf1:Ethernet1/1, compute-2 to Ethernet1/2. */
static void
configure(const char *more)
{
	char hosts[SANDBOX_PATH + 16], lines[512];

	snprintf(hosts, sizeof(hosts), "%s/hosts.txt", box.sandbox.dir);
	sandbox_write(hosts, "compute-1 leaf1:Ethernet1/1\ncompute-2 leaf1:Ethernet1/2\n");
	snprintf(lines, sizeof(lines), "[neutron]\nhosts_file = %s\n%s", hosts, more);
	sandbox_configure(&box.sandbox, &(struct sandbox_lines){ .api = lines });
}

/* In the map all ports are on Ethernet1/1, in Neutron on compute-1. */
static void
set_up(void)
{
	neutron_box_begin(&box, N_PORTS, 0, "");
	configure("");
	for (int i = 1; i <= N_PORTS; i++)
		bind_port(i, "compute-1", "10:00:00");
}

static int
import(void)
{
	return process_run(text, sizeof(text),
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, "import-topology"));
}

static void
expect_import(int status, const char *says)
{
	int got = import();

	ck_assert_msg(got == status && strstr(text, says) != NULL, "%d: %s", got, text);
}

/* The host of a port in the map; "" where it has none, "-" where there is no such port. In static room. */
static const char *
host_of(int number)
{
	static char host[64];
	json_t *record =
	    redis_ask(box.sandbox.redis, "HGET dpwatch:topology:ports " NEUTRON_ID, number);
	json_t *port =
	    json_is_string(record) ? json_loads(json_string_value(record), 0, NULL) : NULL;
	const char *name = json_string_value(json_object_get(port, "host"));

	snprintf(host, sizeof(host), "%s", !port ? "-" : name ? name : "");
	json_decref(port);
	json_decref(record);
	return host;
}

static json_int_t
n_ports(void)
{
	return redis_number(box.sandbox.redis, "HLEN dpwatch:topology:ports");
}

START_TEST(ports_come_to_their_hosts_and_their_toggles_follow)
{
	expect_import(0, "in force: 20 ports");
	ck_assert_str_eq(host_of(7), "compute-1");
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(redis_down(box.sandbox.redis) == N_PORTS);
	expect_import(0, "the map is so already");
}
END_TEST

START_TEST(a_migration_is_followed_by_reading_what_changed)
{
	expect_import(0, "in force: 20 ports");
	bind_port(7, "compute-2", "11:00:00");
	expect_import(0, "read what changed");
	ck_assert_str_eq(host_of(7), "compute-2");
	ck_assert_str_eq(host_of(8), "compute-1");
	ck_assert_int_eq(n_ports(), N_PORTS);
}
END_TEST

START_TEST(a_port_that_is_deleted_leaves_the_map)
{
	expect_import(0, "in force: 20 ports");
	neutron_box_tell(&box, "{'gone': ['00000000-0000-4000-8000-000000000007']}");
	expect_import(0, "read what changed");
	ck_assert_str_eq(host_of(7), "-");
	ck_assert_int_eq(n_ports(), N_PORTS - 1);
}
END_TEST

START_TEST(a_read_that_is_not_finished_loads_nothing)
{
	neutron_box_tell(&box, "{'page': 6, 'cut': true}");
	expect_import(1, "503 without Neutron's JSON");
	ck_assert_str_eq(host_of(7), "");
	ck_assert_int_eq(n_ports(), N_PORTS);
	/* The same page by page, to its end. */
	neutron_box_tell(&box, "{'cut': false, 'fault': null}");
	expect_import(0, "in force: 20 ports");
}
END_TEST

START_TEST(a_list_that_lost_most_of_its_ports_is_refused_by_the_daemon)
{
	expect_import(0, "in force: 20 ports");
	neutron_box_tell(&box,
	    "{'gone': ['00000000-0000-4000-8000-000000000001',"
	    " '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003']}");
	expect_import(1, "the daemon answers 409");
	ck_assert_int_eq(n_ports(), N_PORTS);
}
END_TEST

START_TEST(a_port_on_no_host_is_left_out_and_said)
{
	bind_port(20, "", "10:00:00");
	expect_import(0, "left out: 00000000-0000-4000-8000-000000000020: unbound");
	ck_assert_int_eq(n_ports(), N_PORTS - 1);
}
END_TEST

START_TEST(a_dry_run_prints_the_map_and_loads_nothing)
{
	ck_assert_int_eq(process_run(text, sizeof(text),
			     ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config,
				 "import-topology", "--dry-run")),
	    0);
	ck_assert_msg(strstr(text, "\"host\":\"compute-1\"") != NULL, "%s", text);
	ck_assert_str_eq(host_of(7), "");
}
END_TEST

START_TEST(a_neutron_without_changed_since_is_read_whole)
{
	neutron_box_tell(&box, "{'no_changed_since': true}");
	expect_import(0, "in force: 20 ports");
	bind_port(7, "compute-2", "11:00:00");
	expect_import(0, "in force: 20 ports");
	ck_assert_str_eq(host_of(7), "compute-2");
}
END_TEST

START_TEST(the_forwarder_imports_by_itself)
{
	configure("import_every = 1s\n");
	neutron_box_start(&box, 0);
	WAIT_FOR(strcmp(host_of(7), "compute-1") == 0);
	bind_port(7, "compute-2", "11:00:00");
	WAIT_FOR(strcmp(host_of(7), "compute-2") == 0);
	ck_assert(!neutron_box_problem_has(&box, ""));
}
END_TEST

START_TEST(bad_hosts_and_a_daemon_that_is_away_are_said)
{
	char hosts[SANDBOX_PATH + 16];

	snprintf(hosts, sizeof(hosts), "%s/hosts.txt", box.sandbox.dir);
	sandbox_write(hosts, "compute-1\n");
	expect_import(1, "hosts.txt:1");
	sandbox_write(hosts, "compute-1 leaf1:Ethernet1/1\n");
	ck_assert_int_eq(sandbox_stop(&box.sandbox), 0);
	expect_import(1, "the daemon's API: ");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("neutron import");
	TCase *tcase = tcase_create("import");

	tcase_add_checked_fixture(tcase, set_up, neutron_case_tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, ports_come_to_their_hosts_and_their_toggles_follow);
	tcase_add_test(tcase, a_migration_is_followed_by_reading_what_changed);
	tcase_add_test(tcase, a_port_that_is_deleted_leaves_the_map);
	tcase_add_test(tcase, a_read_that_is_not_finished_loads_nothing);
	tcase_add_test(tcase, a_list_that_lost_most_of_its_ports_is_refused_by_the_daemon);
	tcase_add_test(tcase, a_port_on_no_host_is_left_out_and_said);
	tcase_add_test(tcase, a_dry_run_prints_the_map_and_loads_nothing);
	tcase_add_test(tcase, a_neutron_without_changed_since_is_read_whole);
	tcase_add_test(tcase, the_forwarder_imports_by_itself);
	tcase_add_test(tcase, bad_hosts_and_a_daemon_that_is_away_are_said);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
