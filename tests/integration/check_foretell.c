/*
 * Explaining, foretelling, checking and importing, as people do it: dpwatch against a daemon that runs.
 */
#include <stdio.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"

/* spine1 (root) - leaf1, leaf2; vm3 has a leg on each, vm1 and vm2 one on leaf1; leaf6 stands alone. */
static const char topology[] =
    "{\"switches\": ["
    "{\"name\": \"spine1\", \"addresses\": [\"127.1.0.9\"], \"root\": true},"
    "{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"], \"chassis_id\": \"00:1b:54:aa:bb:01\","
    " \"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1}, {\"name\": \"Ethernet1/49\", \"if_index\": 49}]},"
    "{\"name\": \"leaf2\", \"addresses\": [\"" LEAF2 "\"]},"
    "{\"name\": \"leaf6\", \"addresses\": [\"127.1.0.6\"]}],"
    "\"links\": [{\"a\": \"leaf1:Ethernet1/49\", \"b\": \"spine1:Ethernet1/1\"},"
    " {\"a\": \"leaf2:Ethernet1/49\", \"b\": \"spine1:Ethernet1/2\"}],"
    "\"hosts\": [{\"name\": \"compute-3\", \"attachments\": [\"leaf1:Ethernet1/3\", \"leaf2:Ethernet1/3\"]}],"
    "\"ports\": [{\"id\": \"" VM1
    "\", \"name\": \"vm1-eth0\", \"attachments\": [\"leaf1:Ethernet1/1\"]},"
    "{\"id\": \"" VM2 "\", \"name\": \"vm2-eth0\", \"attachments\": [\"leaf1:Ethernet1/2\"]},"
    "{\"id\": \"" VM3 "\", \"name\": \"vm3-eth0\", \"host\": \"compute-3\"}]}";

static void
set_up(void)
{
	sandbox_begin(&box);
	sandbox_load(&box, topology);
}

START_TEST(explain_follows_a_healthy_port_to_the_root)
{
	ck_assert_int_eq(run(ARGV("port", "explain", "vm1")), 0);
	expect_in("vm1-eth0 (" VM1 "): up");
	expect_in("leaf1:Ethernet1/1: up, never heard of");
	expect_in("over leaf1:Ethernet1/49 - spine1:Ethernet1/1");
	expect_in("root spine1");
	expect_in("Each of these alone would take it down:\n  leaf1\n  leaf1:Ethernet1/1\n"
		  "  leaf1:Ethernet1/49\n  spine1\n  spine1:Ethernet1/1\n");
	ck_assert_int_eq(run(ARGV("port", "explain", VM3)), 0);
	expect_in("Each of these alone would take it down:\n  spine1\n");
	ck_assert_ptr_null(strstr(out, "  leaf1\n"));
	ck_assert_int_eq(run(ARGV("port", "explain", "vm9")), 1);
	expect_in("vm9");
}
END_TEST

START_TEST(explain_tells_what_is_cut_since_when_and_who_said_so)
{
	sandbox_link_down(&box, LEAF1, 49);
	WAIT_FOR(redis_events(box.redis) == 2);
	ck_assert_int_eq(
	    run(ARGV("port", "set", "vm1", "--dp-down", "true", "--note", "by hand")), 0);
	ck_assert_int_eq(run(ARGV("port", "explain", "vm1")), 0);
	expect_in("DOWN for ");
	expect_in("(uplink, link-down)");
	expect_in("reported DOWN by ");
	expect_in(": by hand");
	expect_in("path stranded");
	expect_in("no way to a root");
	expect_in("cut leaf1:Ethernet1/49 - spine1:Ethernet1/1");
	expect_in("leaf1:Ethernet1/49: down for ");
	expect_in("(link-down, said by trap), heard");
	json_t *json = json_of(ARGV("port", "explain", "vm2"));
	ck_assert(json_is_true(json_object_get(json, "dp_down")));
	ck_assert_str_eq(redis_text(json, "cause"), "uplink");
	json_decref(json);
}
END_TEST

START_TEST(simulate_foretells_and_changes_nothing)
{
	ck_assert_int_eq(run(ARGV("simulate", "down", "leaf1")), 0);
	expect_in("2 ports would go down, 1 would degrade.");
	expect_in("2 to 1 of 2");
	ck_assert_int_eq(run(ARGV("simulate", "down", "leaf1:Ethernet1/49", "leaf2")), 0);
	expect_in("3 ports would go down, 0 would degrade.");
	ck_assert_int_eq(run(ARGV("simulate", "down", "leaf6")), 0);
	expect_in("0 ports would go down, 0 would degrade.");
	json_t *json = json_of(ARGV("simulate", "down", "spine1"));
	const json_t *counts = json_object_get(json, "counts");
	ck_assert_int_eq(json_integer_value(json_object_get(counts, "down")), 3);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "ports")), 3);
	json_decref(json);
	ck_assert_int_eq(redis_events(box.redis), 0);
	ck_assert_int_eq(run(ARGV("simulate", "down", "leaf9")), 1);
	expect_in("Switch leaf9 could not be found.");
	ck_assert_int_eq(run(ARGV("simulate", "down")), 2);
}
END_TEST

/* What was foretold for a leaf's uplink is what happens when it dies. */
START_TEST(a_forecast_comes_true)
{
	json_t *json = json_of(ARGV("simulate", "down", "leaf1:Ethernet1/49"));
	json_int_t foretold =
	    json_integer_value(json_object_get(json_object_get(json, "counts"), "down"));

	json_decref(json);
	sandbox_link_down(&box, LEAF1, 49);
	WAIT_FOR(redis_events(box.redis) == foretold);
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_down(box.redis), foretold);
	ck_assert_int_eq(foretold, 2);
}
END_TEST

START_TEST(check_tells_single_points_of_failure_and_what_stands_alone)
{
	char path[SANDBOX_PATH + 16];

	snprintf(path, sizeof(path), "%s/map.json", box.dir);
	sandbox_write(path, topology);
	ck_assert_int_eq(run(ARGV("topology", "check", path)), 0);
	expect_in("switch leaf6: no links, its power loss will not be seen");
	expect_in("3 of 3 ports have a single point of failure (2 of them an interface)");
	json_t *json = json_of(ARGV("topology", "check", "conf/topology.example.json"));
	const json_t *lint = json_object_get(json, "lint");
	ck_assert_int_eq(json_integer_value(json_object_get(lint, "ports_single_failure")), 3);
	ck_assert_uint_eq(json_array_size(json_object_get(lint, "unlinked_switches")), 0);
	json_decref(json);
}
END_TEST

START_TEST(check_without_a_file_tells_what_the_network_has_not_said)
{
	ck_assert_int_eq(run(ARGV("topology", "check")), 0);
	expect_in("the map in force is good: 4 switches");
	expect_in("3 ports about whose interfaces nothing was ever heard:");
	expect_in(VM2 "  vm2-eth0");
	sandbox_link_down(&box, LEAF1, 1);
	sandbox_link_down(&box, LEAF1, 49);
	sandbox_trap(&box, "127.1.0.9",
	    ARGV("", ".1.3.6.1.6.3.1.1.5.4", ".1.3.6.1.2.1.31.1.1.1.1.5", "s", "Ethernet1/1",
		".1.3.6.1.2.1.2.2.1.8.5", "i", "1"));
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 3);
	ck_assert_int_eq(run(ARGV("topology", "check")), 0);
	expect_in("2 ports about whose interfaces nothing was ever heard:");
	expect_in("1 link whose ends contradict each other:\n"
		  "  leaf1:Ethernet1/49 is down, spine1:Ethernet1/1 is up");
	json_t *json = json_of(ARGV("topology", "check"));
	const json_t *live = json_object_get(json, "live");
	ck_assert_int_eq(json_integer_value(json_object_get(live, "ports_unheard")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(live, "contradicting_links")), 1);
	json_decref(json);
	/* A file is a matter of its own: no daemon is asked. */
	json = json_of(ARGV("topology", "check", "conf/topology.example.json"));
	ck_assert_ptr_null(json_object_get(json, "live"));
	json_decref(json);
}
END_TEST

/* There are no credentials. */
START_TEST(where_no_switch_answers_the_map_is_not_said_to_be_as_they_say)
{
	ck_assert_int_eq(run(ARGV("topology", "check", "--live")), 1);
	expect_in("leaf1: there are no credentials for it");
	ck_assert_ptr_null(strstr(out, "say the same"));
}
END_TEST

/* A dump as the base, Neutron's list and a hosts file: through a pipe into the daemon. */
START_TEST(neutrons_ports_are_imported_and_loaded)
{
	char base[SANDBOX_PATH + 16], hosts[SANDBOX_PATH + 16], ports[SANDBOX_PATH + 16];
	char map[SANDBOX_PATH + 16], command[1024];

	snprintf(base, sizeof(base), "%s/base.json", box.dir);
	snprintf(hosts, sizeof(hosts), "%s/hosts.txt", box.dir);
	snprintf(ports, sizeof(ports), "%s/ports.json", box.dir);
	snprintf(map, sizeof(map), "%s/map.json", box.dir);
	ck_assert_int_eq(run(ARGV("topology", "dump")), 0);
	sandbox_write(base, out);
	sandbox_write(hosts, "compute-4 leaf1:Ethernet1/4 leaf2:Ethernet1/4 # rack 4\n");
	sandbox_write(ports,
	    "{\"ports\": [{\"id\": \"" VM1
	    "\", \"name\": \"vm1-new\", \"binding:host_id\": \"compute-4\"},"
	    "{\"id\": \"" VM2
	    "\", \"name\": \"bm\", \"binding:host_id\": \"node\", \"binding:profile\": {"
	    "\"local_link_information\": [{\"switch_id\": \"00-1b-54-aa-bb-01\", \"port_id\": \"Ethernet1/7\"}]}},"
	    "{\"id\": \"" VM3
	    "\", \"name\": \"lost\", \"binding:host_id\": \"\", \"binding:vif_type\": \"unbound\"}]}");
	snprintf(command, sizeof(command),
	    "%s topology import neutron %s --hosts %s --base %s > %s", sandbox_program("dpwatch"),
	    ports, hosts, base, map);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("sh", "-c", command)), 0);
	expect_in("left out: " VM3 " (lost): unbound: it is on no host yet");
	expect_in("2 ports mapped: 1 by host, 1 by link; 1 left out");
	ck_assert_int_eq(run(ARGV("topology", "load", map, "--force")), 0);
	ck_assert_int_eq(run(ARGV("port", "explain", VM2)), 0);
	expect_in("leaf1:Ethernet1/7: up");
	ck_assert_int_eq(run(ARGV("port", "explain", "vm1-new")), 0);
	expect_in("on compute-4: up");
	/* A page that says that there is another one, which is not there. */
	sandbox_write(
	    ports, "{\"ports\": [], \"ports_links\": [{\"rel\": \"next\", \"href\": \"x\"}]}");
	ck_assert_int_eq(
	    run(ARGV("topology", "import", "neutron", ports, "--hosts", hosts, "--base", base)), 1);
	expect_in("has a next page (ports_links), which is missing");
	expect_in("nothing is imported");
	ck_assert_ptr_null(strstr(out, "\"switches\""));
	ck_assert_int_eq(run(ARGV("topology", "import", "neutron", ports)), 2);
}
END_TEST

START_TEST(interfaces_of_a_walk_are_imported)
{
	char base[SANDBOX_PATH + 16];

	snprintf(base, sizeof(base), "%s/base.json", box.dir);
	sandbox_write(base, topology);
	json_t *json = json_of(ARGV("topology", "import", "ifnames", "leaf1",
	    "tests/data/import/ifname.walk", "--base", base));
	const json_t *document = json_object_get(json, "document");
	const json_t *leaf1 = json_array_get(json_object_get(document, "switches"), 1);
	const json_t *first = json_array_get(json_object_get(leaf1, "interfaces"), 0);
	ck_assert_str_eq(redis_text(first, "name"), "Ethernet1/1");
	ck_assert_int_eq(json_integer_value(json_object_get(first, "if_index")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "rejects")), 6);
	json_decref(json);
	ck_assert_int_eq(run(ARGV("topology", "import", "ifnames", "leaf9",
			     "tests/data/import/ifname.walk", "--base", base)),
	    1);
	expect_in("there is no switch \"leaf9\"");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("foretell");
	TCase *tcase = tcase_create("foretell");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_test(tcase, explain_follows_a_healthy_port_to_the_root);
	tcase_add_test(tcase, explain_tells_what_is_cut_since_when_and_who_said_so);
	tcase_add_test(tcase, simulate_foretells_and_changes_nothing);
	tcase_add_test(tcase, a_forecast_comes_true);
	tcase_add_test(tcase, check_tells_single_points_of_failure_and_what_stands_alone);
	tcase_add_test(tcase, check_without_a_file_tells_what_the_network_has_not_said);
	tcase_add_test(tcase, where_no_switch_answers_the_map_is_not_said_to_be_as_they_say);
	tcase_add_test(tcase, neutrons_ports_are_imported_and_loaded);
	tcase_add_test(tcase, interfaces_of_a_walk_are_imported);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
