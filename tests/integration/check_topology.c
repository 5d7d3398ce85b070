/*
 * The map: loaded, changed by hand in Redis, and broken there; what that does to ports.
 */
#include <stdio.h>
#include <string.h>

#include "lib/box.h"
#include "lib/http_client.h"
#include "lib/redis_client.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

/* SANDBOX_TOPOLOGY with VM1 on leaf1:Ethernet1/2, where VM2 is too. */
#define TWO_SWITCHES                                                                                 \
	"{\"switches\": ["                                                                           \
	"{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1                                             \
	"\"], \"os\": \"nx-os\", \"interfaces\": ["                                                  \
	"{\"name\": \"Ethernet1/1\", \"if_index\": 1}, {\"name\": \"Ethernet1/2\", \"if_index\": 2}" \
	"]}, {\"name\": \"leaf2\", \"addresses\": [\"" LEAF2 "\"]}]"

#define PORT_AT(id, interface) \
	"{\"id\": \"" id "\", \"name\": \"moved\", \"attachments\": [\"" interface "\"]}"

static void
set_up(void)
{
	sandbox_begin(&box);
	sandbox_load(&box, TWO_SWITCHES ", \"ports\": [" PORT_AT(VM1, "leaf1:Ethernet1/1") "]}");
}

/* Waits for the n-th entry, which is the last, and looks at it. */
static void
expect_event(json_int_t n, const char *port, const char *down, const char *source,
    const char *reason, const char *revision)
{
	WAIT_FOR(redis_events(box.redis) >= n);
	WAIT_FOR(sandbox_settled(&box));
	redis_expect_newest(box.redis, n,
	    ARGV("port", port, "dp_down", down, "source", source, "reason", reason, "revision",
		revision));
}

/* VM1's n-th toggle, by leaf1's own word. */
static void
expect_trapped(json_int_t n, const char *down)
{
	char revision[24];

	snprintf(revision, sizeof(revision), "%lld", (long long)n);
	expect_event(n, VM1, down, "trap", strcmp(down, "true") == 0 ? "link-down" : "", revision);
}

START_TEST(a_load_that_moves_a_port_off_a_dead_interface_heals_it)
{
	sandbox_link_down(&box, LEAF1, 1);
	expect_event(1, VM1, "true", "trap", "link-down", "1");
	sandbox_load(&box, TWO_SWITCHES ", \"ports\": [" PORT_AT(VM1, "leaf1:Ethernet1/2") "]}");
	expect_event(2, VM1, "false", "topology", "topology", "2");
	ck_assert_int_eq(redis_down(box.redis), 0);
}
END_TEST

START_TEST(a_load_that_moves_a_port_onto_a_dead_interface_takes_it_down)
{
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	sandbox_load(&box, TWO_SWITCHES ", \"ports\": [" PORT_AT(VM1, "leaf1:Ethernet1/2") "]}");
	WAIT_FOR(redis_events(box.redis) == 1);
	json_t *events = redis_stream(box.redis, "dpwatch:events");
	const json_t *event = json_array_get(events, 0);
	ck_assert_str_eq(redis_text(event, "dp_down"), "true");
	ck_assert_str_eq(redis_text(event, "source"), "topology");
	ck_assert_str_eq(redis_text(event, "switch"), "leaf1");
	ck_assert_str_eq(redis_text(event, "interface"), "Ethernet1/2");
	ck_assert_int_eq(strncmp(redis_text(event, "fault"), "leaf1:Ethernet1/2@", 18), 0);
	json_decref(events);
}
END_TEST

START_TEST(a_down_port_that_leaves_the_map_is_let_go)
{
	sandbox_link_down(&box, LEAF1, 1);
	expect_event(1, VM1, "true", "trap", "link-down", "1");
	sandbox_load(&box, TWO_SWITCHES "}");
	expect_event(2, VM1, "false", "topology", "removed", "2");
	ck_assert_int_eq(redis_down(box.redis), 0);
	ck_assert_int_gt(redis_number(box.redis, "TTL dpwatch:port:%s", VM1), 0);
	/* It comes back, still on the dead interface: its revisions go on, and its hash stays. */
	sandbox_load(&box, TWO_SWITCHES ", \"ports\": [" PORT_AT(VM1, "leaf1:Ethernet1/1") "]}");
	WAIT_FOR(redis_events(box.redis) == 3);
	json_t *port = redis_hash(box.redis, "dpwatch:port:" VM1);
	ck_assert_str_eq(redis_text(port, "revision"), "3");
	ck_assert_str_eq(redis_text(port, "dp_down"), "true");
	ck_assert_int_eq(redis_number(box.redis, "TTL dpwatch:port:%s", VM1), -1);
	json_decref(port);
}
END_TEST

START_TEST(a_port_that_comes_back_up_goes_on_with_its_revision_and_a_hash_that_stays)
{
	sandbox_link_down(&box, LEAF1, 1);
	expect_event(1, VM1, "true", "trap", "link-down", "1");
	sandbox_load(&box, TWO_SWITCHES "}");
	expect_event(2, VM1, "false", "topology", "removed", "2");
	ck_assert_int_gt(redis_number(box.redis, "TTL dpwatch:port:%s", VM1), 0);
	sandbox_link_up(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 2);
	/* The second time it left while it was up. */
	for (int i = 0; i < 2; i++) {
		sandbox_load(
		    &box, TWO_SWITCHES ", \"ports\": [" PORT_AT(VM1, "leaf1:Ethernet1/1") "]}");
		WAIT_FOR(redis_number(box.redis, "TTL dpwatch:port:%s", VM1) == -1);
		json_t *hash = redis_hash(box.redis, "dpwatch:port:" VM1);
		ck_assert_str_eq(redis_text(hash, "dp_down"), "false");
		ck_assert_str_eq(redis_text(hash, "reason"), "");
		ck_assert_str_eq(redis_text(hash, "revision"), "2");
		json_decref(hash);
		json_t *port = sandbox_get(&box, "/v2.0/ports/" VM1);
		ck_assert_int_eq(json_integer_value(json_object_get(
				     json_object_get(port, "port"), "revision_number")),
		    2);
		json_decref(port);
		sandbox_load(&box, TWO_SWITCHES "}");
	}
	ck_assert_int_eq(redis_events(box.redis), 2);
}
END_TEST

START_TEST(a_switch_that_is_called_otherwise_stays_down_also_over_a_restart)
{
	sandbox_link_down(&box, LEAF1, 1);
	expect_event(1, VM1, "true", "trap", "link-down", "1");
	sandbox_load(&box,
	    "{\"switches\": [{\"name\": \"dc1-leaf1\", \"addresses\": [\"" LEAF1 "\"], "
	    "\"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1}]}], "
	    "\"ports\": [" PORT_AT(VM1, "dc1-leaf1:Ethernet1/1") "]}");
	WAIT_FOR(redis_number(box.redis, "HEXISTS dpwatch:interface:dc1-leaf1 Ethernet1/1") == 1);
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	sandbox_link_up(&box, LEAF1, 1);
	expect_event(2, VM1, "false", "trap", "", "2");
	ck_assert_int_eq(redis_events(box.redis), 2);
}
END_TEST

START_TEST(a_load_of_the_same_map_changes_nothing)
{
	sandbox_link_down(&box, LEAF1, 1);
	expect_event(1, VM1, "true", "trap", "link-down", "1");
	for (int i = 0; i < 3; i++)
		sandbox_load(
		    &box, TWO_SWITCHES ", \"ports\": [" PORT_AT(VM1, "leaf1:Ethernet1/1") "]}");
	WAIT_FOR(sandbox_settled(&box));
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

START_TEST(an_interface_that_spoke_before_it_was_mapped_counts_when_it_is)
{
	sandbox_trap(&box, LEAF2,
	    ARGV("", ".1.3.6.1.6.3.1.1.5.3", ".1.3.6.1.2.1.31.1.1.1.1.5", "s", "Ethernet1/5"));
	WAIT_FOR(sandbox_counter(&box, "trap.event") == 1);
	sandbox_load(&box, TWO_SWITCHES ", \"ports\": [" PORT_AT(VM2, "leaf2:Ethernet1/5") "]}");
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert(redis_is_down(box.redis, VM2));
}
END_TEST

/* ---- by hand ---- */

START_TEST(a_change_by_hand_is_followed_at_once)
{
	sandbox_link_down(&box, LEAF1, 1);
	expect_event(1, VM1, "true", "trap", "link-down", "1");
	redis_do(
	    box.redis, "HSET dpwatch:topology:ports %s %s", VM1, PORT_AT(VM1, "leaf1:Ethernet1/2"));
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id %s", VM1);
	expect_event(2, VM1, "false", "topology", "topology", "2");
	redis_do(
	    box.redis, "HSET dpwatch:topology:ports %s %s", VM2, PORT_AT(VM2, "leaf1:Ethernet1/1"));
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id %s", VM2);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 2);
}
END_TEST

START_TEST(many_changes_at_once_are_all_followed)
{
	char id[40], json[160];

	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "77777777-7777-4777-8777-%012d", i);
		snprintf(json, sizeof(json),
		    "{\"id\": \"%s\", \"attachments\": [\"leaf1:Ethernet1/2\"]}", id);
		redis_do(box.redis, "HSET dpwatch:topology:ports %s %s", id, json);
		redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id %s", id);
	}
	WAIT_FOR(sandbox_status_number(&box, "topology.ports") == 51);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 50);
	ck_assert_int_eq(redis_down(box.redis), 50);
}
END_TEST

/* Read and taken in slices: each word in between is decided at once, and told before the next. */
START_TEST(traps_are_decided_while_a_large_map_is_read_and_taken)
{
	json_int_t n = 0, loads = sandbox_counter(&box, "topology.loads");

	redis_do(box.redis, "EVAL %s 0",
	    "for i = 1, 20000 do local id = string.format('88888888-8888-4888-8888-%012d', i) "
	    "redis.call('HSET', 'dpwatch:topology:ports', id, "
	    "'{\"id\": \"' .. id .. '\", \"attachments\": [\"leaf1:Ethernet1/2\"]}') end");
	for (int round = 1; round <= 3; round++) {
		redis_do(box.redis, "XADD dpwatch:topology:changes * kind all id ''");
		do {
			sandbox_link_down(&box, LEAF1, 1);
			expect_trapped(++n, "true");
			sandbox_link_up(&box, LEAF1, 1);
			expect_trapped(++n, "false");
		} while (sandbox_counter(&box, "topology.loads") < loads + round);
	}
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 20001);
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_down(box.redis) == 20000);
}
END_TEST

/* What somebody may put into topology:ports, and what the refusal says of it. */
static const struct {
	const char *json, *word;
} broken[] = {
	{ "{\"id\": \"" VM2 "\", \"attachments\": [\"leaf9:Ethernet1/1\"]}", "leaf9" },
	{ "{\"id\": \"" VM2 "\", \"attachments\": ", NULL },
	{ "not json at all", NULL },
	{ "{\"id\": \"" VM1 "\", \"attachments\": []}", NULL }, /* under another's key */
	{ "{\"id\": \"" VM2 "\", \"host\": \"nowhere\"}", "nowhere" },
};

START_TEST(a_broken_record_is_refused_and_the_old_map_stays)
{
	redis_do(box.redis, "HSET dpwatch:topology:ports %s %s", VM2, broken[_i].json);
	redis_do(box.redis, "HDEL dpwatch:topology:ports %s", VM1);
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id %s", VM2);
	WAIT_FOR(sandbox_counter(&box, "topology.refused") == 1);
	json_t *status = sandbox_get(&box, "/v1/status");
	const json_t *topology = json_object_get(status, "topology");
	const char *error = redis_text(topology, "error");
	ck_assert_ptr_nonnull(strstr(error, "topology:ports " VM2));
	if (broken[_i].word)
		ck_assert_ptr_nonnull(strstr(error, broken[_i].word));
	ck_assert_int_eq(json_integer_value(json_object_get(topology, "ports")), 1);
	json_decref(status);
	ck_assert(sandbox_log_has(&box, "the old map stays"));
	sandbox_link_down(&box, LEAF1, 1);
	expect_event(1, VM1, "true", "trap", "link-down", "1");
	/* Mended. */
	redis_do(
	    box.redis, "HSET dpwatch:topology:ports %s %s", VM2, PORT_AT(VM2, "leaf1:Ethernet1/1"));
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id %s", VM2);
	WAIT_FOR(redis_is_down(box.redis, VM2));
	WAIT_FOR(!redis_is_down(box.redis, VM1));
	status = sandbox_get(&box, "/v1/status");
	ck_assert(json_is_null(json_object_get(json_object_get(status, "topology"), "error")));
	json_decref(status);
}
END_TEST

START_TEST(a_map_that_is_broken_at_start_is_named_and_waited_for)
{
	ck_assert_int_eq(redis_number(box.redis, "HSET dpwatch:topology:ports %s {", VM2), 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start(&box);
	WAIT_FOR(sandbox_counter(&box, "topology.refused") >= 1);
	ck_assert(sandbox_log_has(&box, "nothing is decided until it is mended"));
	ck_assert_int_eq(http_client(box.api, "GET", "/readyz", NULL, NULL), 503);
	sandbox_link_down(&box, LEAF1, 1);
	redis_do(box.redis, "HDEL dpwatch:topology:ports %s", VM2);
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id %s", VM2);
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	/* The trap waited in the kernel. */
	expect_event(1, VM1, "true", "trap", "link-down", "1");
}
END_TEST

START_TEST(a_map_that_is_broken_at_start_can_be_replaced_by_a_load)
{
	ck_assert_int_eq(redis_number(box.redis, "HSET dpwatch:topology:ports %s {", VM2), 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start(&box);
	WAIT_FOR(sandbox_counter(&box, "topology.refused") >= 1);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	WAIT_FOR(sandbox_status_is(&box, "redis.state", "connected"));
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
}
END_TEST

START_TEST(a_map_key_of_the_wrong_type_is_named_and_a_load_replaces_it)
{
	redis_do(box.redis, "SET dpwatch:topology:hosts mine");
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind all id %s", "x");
	WAIT_FOR(sandbox_counter(&box, "topology.refused") == 1);
	ck_assert(sandbox_log_has(&box, "1 fault; the first: topology:hosts: WRONGTYPE"));
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 1);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
}
END_TEST

START_TEST(a_changes_stream_of_the_wrong_type_is_named_and_mended_by_its_removal)
{
	redis_do(box.redis, "DEL dpwatch:topology:changes");
	redis_do(box.redis, "SET dpwatch:topology:changes mine");
	/* Who blocks on it already is not told by Redis 7.0; who begins to is. */
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	WAIT_FOR(sandbox_log_has(&box, "topology:changes cannot be followed"));
	redis_do(box.redis, "DEL dpwatch:topology:changes");
	redis_do(
	    box.redis, "HSET dpwatch:topology:ports %s %s", VM2, PORT_AT(VM2, "leaf1:Ethernet1/1"));
	redis_do(box.redis, "XADD dpwatch:topology:changes * kind port id %s", VM2);
	WAIT_FOR(sandbox_status_number(&box, "topology.ports") == 2);
}
END_TEST

START_TEST(what_is_loaded_is_what_is_dumped_and_stays_over_a_restart)
{
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	json_t *loaded = json_loads(SANDBOX_TOPOLOGY, 0, NULL);
	json_t *dumped = sandbox_get(&box, "/v1/topology");
	ck_assert(
	    json_equal(json_object_get(loaded, "switches"), json_object_get(dumped, "switches")));
	ck_assert(json_equal(json_object_get(loaded, "hosts"), json_object_get(dumped, "hosts")));
	ck_assert(json_equal(json_object_get(loaded, "ports"), json_object_get(dumped, "ports")));
	process_kill(&box.daemon);
	sandbox_start_ready(&box);
	json_t *again = sandbox_get(&box, "/v1/topology");
	ck_assert(json_equal(dumped, again));
	ck_assert_int_eq(sandbox_status_number(&box, "topology.ports"), 4);
	json_decref(again);
	json_decref(dumped);
	json_decref(loaded);
}
END_TEST

START_TEST(another_prefix_keeps_two_sites_apart)
{
	struct sandbox other;
	char lines[SANDBOX_PATH + 48];

	sandbox_init(&other);
	snprintf(lines, sizeof(lines), "server = unix:%s\nprefix = {site-b}:", box.redis);
	sandbox_configure(&other, &(struct sandbox_lines){ .redis = lines });
	sandbox_start_ready(&other);
	sandbox_load(&other, SANDBOX_TOPOLOGY);
	sandbox_link_down(&other, LEAF1, 1);
	WAIT_FOR(redis_number(box.redis, "XLEN {site-b}:events") == 1);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(redis_number(box.redis, "XLEN {site-b}:events"), 1);
	ck_assert_int_eq(redis_number(box.redis, "HLEN {site-b}:topology:ports"), 4);
	ck_assert_int_eq(redis_number(box.redis, "HLEN dpwatch:topology:ports"), 1);
	sandbox_release(&other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("topology");
	TCase *tcase = tcase_create("topology");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_add_test(tcase, a_load_that_moves_a_port_off_a_dead_interface_heals_it);
	tcase_add_test(tcase, a_load_that_moves_a_port_onto_a_dead_interface_takes_it_down);
	tcase_add_test(tcase, a_down_port_that_leaves_the_map_is_let_go);
	tcase_add_test(
	    tcase, a_port_that_comes_back_up_goes_on_with_its_revision_and_a_hash_that_stays);
	tcase_add_test(tcase, a_switch_that_is_called_otherwise_stays_down_also_over_a_restart);
	tcase_add_test(tcase, a_load_of_the_same_map_changes_nothing);
	tcase_add_test(tcase, an_interface_that_spoke_before_it_was_mapped_counts_when_it_is);
	tcase_add_test(tcase, a_change_by_hand_is_followed_at_once);
	tcase_add_test(tcase, many_changes_at_once_are_all_followed);
	tcase_add_test(tcase, traps_are_decided_while_a_large_map_is_read_and_taken);
	tcase_add_loop_test(tcase, a_broken_record_is_refused_and_the_old_map_stays, 0, N(broken));
	tcase_add_test(tcase, a_map_that_is_broken_at_start_is_named_and_waited_for);
	tcase_add_test(tcase, a_map_that_is_broken_at_start_can_be_replaced_by_a_load);
	tcase_add_test(tcase, a_map_key_of_the_wrong_type_is_named_and_a_load_replaces_it);
	tcase_add_test(
	    tcase, a_changes_stream_of_the_wrong_type_is_named_and_mended_by_its_removal);
	tcase_add_test(tcase, what_is_loaded_is_what_is_dumped_and_stays_over_a_restart);
	tcase_add_test(tcase, another_prefix_keeps_two_sites_apart);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
