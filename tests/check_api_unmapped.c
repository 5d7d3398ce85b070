/* Senders that are not in the map, who they may be, and the JSON that would map them. */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

static void
note(const char *addr_text, const char *host, const char *interface, uint32_t if_index,
    int64_t wall_us)
{
	struct addr addr;
	struct link_event event = {
		.kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_SYSLOG,
		.name = slice_of(interface),
		.if_index = if_index,
	};

	ck_assert(addr_parse(slice_of(addr_text), &addr));
	unmapped_note(world.unmapped, &addr, slice_of(host), false, NULL, &event, wall_us);
}

START_TEST(senders_that_are_not_in_the_map_come_last_heard_first)
{
	note("198.51.100.1", "old", "eth0", 0, WORLD_NOW - 5000000);
	note("198.51.100.2", "new", "eth0", 0, WORLD_NOW);
	note("198.51.100.3", "middle", "eth0", 0, WORLD_NOW - 1000000);
	struct reply reply = get("/v1/unmapped");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.host"), "new");
	ck_assert_str_eq(text_at(&reply, "unmapped.1.host"), "middle");
	ck_assert_str_eq(text_at(&reply, "unmapped.2.host"), "old");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.address"), "198.51.100.2");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.source"), "syslog");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.word"), "down");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.last_seen"), "2024-05-01T12:00:00.000000Z");
	ck_assert_int_eq(number_at(&reply, "unmapped.0.count"), 1);
	ck_assert(!flag_at(&reply, "unmapped.0.switch_is_mapped"));
	ck_assert_int_eq(number_at(&reply, "evicted"), 0);
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *addr, *host, *interface;
	uint32_t if_index;
	const char *map;
} map_rows[] = {
	{ "198.51.100.1", "leaf7", "Eth1/1", 0,
	    "{\"switches\":[{\"name\":\"leaf7\",\"addresses\":[\"198.51.100.1\"],\"interfaces\":[{\"name\":\"Eth1/1\"}]}]}" },
	{ "198.51.100.1", "", "Eth1/1", 7,
	    "{\"switches\":[{\"name\":\"198.51.100.1\",\"addresses\":[\"198.51.100.1\"],\"interfaces\":[{\"name\":\"Eth1/1\",\"if_index\":7}]}]}" },
	{ "2001:db8::9", "", "", 7,
	    "{\"switches\":[{\"name\":\"2001-db8--9\",\"addresses\":[\"2001:db8::9\"],\"interfaces\":[{\"name\":\"ifIndex7\",\"if_index\":7}]}]}" },
	{ "198.51.100.1", "a:b", "", 0,
	    "{\"switches\":[{\"name\":\"a-b\",\"addresses\":[\"198.51.100.1\"]}]}" },
	/* It is in the map: only the interface is missing. */
	{ "192.0.2.11", "whatever", "Eth1/33", 33,
	    "{\"switches\":[{\"name\":\"leaf1\",\"interfaces\":[{\"name\":\"Eth1/33\",\"if_index\":33}]}]}" },
};

START_TEST(each_sender_comes_with_the_json_that_would_map_it)
{
	note(map_rows[_i].addr, map_rows[_i].host, map_rows[_i].interface, map_rows[_i].if_index,
	    WORLD_NOW);
	struct reply reply = get("/v1/unmapped");
	char *map = json_dumps(at(reply.json, "unmapped.0.map"), JSON_COMPACT);
	ck_assert_str_eq(map, map_rows[_i].map);
	free(map);
	reply_release(&reply);
}
END_TEST

static void
note_claim(const char *addr_text, const char *host, const char *claim_text)
{
	struct addr addr, claim;
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.reason = REASON_ERR_DISABLED,
		.name = SLICE("Eth1/33"),
		.rule = "linkDown" };

	ck_assert(addr_parse(slice_of(addr_text), &addr));
	ck_assert(!claim_text || addr_parse(slice_of(claim_text), &claim));
	unmapped_note(world.unmapped, &addr, slice_of(host), false, claim_text ? &claim : NULL,
	    &event, WORLD_NOW);
}

static const struct {
	const char *addr, *host, *claim, *guess;
	const char *map;
} guesses[] = {
	{ "198.51.100.1", "LEAF1", NULL, "another address of leaf1?",
	    "{\"switches\":[{\"name\":\"leaf1\",\"addresses\":[\"192.0.2.11\",\"2001:db8::11\",\"198.51.100.1\"],\"interfaces\":[{\"name\":\"Eth1/33\"}]}]}" },
	{ "198.51.100.1", "leaf1.example.net", NULL, "another address of leaf1?", NULL },
	{ "198.51.100.1", "", "192.0.2.12", "a relay that speaks for leaf2? (trusted_relays)",
	    "{\"switches\":[{\"name\":\"198.51.100.1\",\"addresses\":[\"198.51.100.1\"],\"interfaces\":[{\"name\":\"Eth1/33\"}]}]}" },
	{ "198.51.100.1", "leaf9", "198.51.100.9", "", NULL },
	{ "192.0.2.11", "leaf2", NULL, "", NULL },
};

START_TEST(a_guess_says_who_a_sender_may_be)
{
	note_claim(guesses[_i].addr, guesses[_i].host, guesses[_i].claim);
	struct reply reply = get("/v1/unmapped");
	const char *guess = json_string_value(at(reply.json, "unmapped.0.guess"));
	ck_assert_str_eq(guess ? guess : "", guesses[_i].guess);
	ck_assert_str_eq(text_at(&reply, "unmapped.0.reason"), "err-disabled");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.rule"), "linkDown");
	char *map = json_dumps(at(reply.json, "unmapped.0.map"), JSON_COMPACT);
	if (guesses[_i].map)
		ck_assert_str_eq(map, guesses[_i].map);
	free(map);
	reply_release(&reply);
}
END_TEST

START_TEST(who_speaks_under_the_names_of_several_is_a_relay)
{
	note_claim("198.51.100.1", "leaf1", NULL);
	note_claim("198.51.100.1", "leaf2", NULL);
	struct reply reply = get("/v1/unmapped");
	for (int i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(
		    strstr(text_at(&reply, i == 0 ? "unmapped.0.guess" : "unmapped.1.guess"),
			"a relay that speaks for leaf"));
	reply_release(&reply);
}
END_TEST

START_TEST(all_interfaces_of_a_sender_are_in_its_json)
{
	struct topo_faults faults = { 0 };
	struct topo *topo;

	for (uint32_t i = 1; i <= UNMAPPED_INTERFACES + 4; i++) {
		char name[24];
		snprintf(name, sizeof(name), "Eth1/%u", i);
		note("198.51.100.1", "leaf7", name, i, WORLD_NOW + i);
		note("198.51.100.1", "leaf7", name, i, WORLD_NOW + i);
	}
	struct reply reply = get("/v1/unmapped");
	ck_assert_int_eq(number_at(&reply, "unmapped.0.interfaces"), UNMAPPED_INTERFACES);
	char *map = json_dumps(at(reply.json, "unmapped.0.map"), 0);
	ck_assert_int_eq(topo_from_text(slice_of(map), &topo, &faults), 0);
	ck_assert_uint_eq(topo_n_interfaces(topo), UNMAPPED_INTERFACES);
	/* The ones not spoken of for longest made room. */
	ck_assert_uint_eq(topo_interface_find(topo, 0, SLICE("Eth1/4")), TOPO_NONE);
	ck_assert_uint_ne(topo_interface_find(topo, 0, SLICE("Eth1/5")), TOPO_NONE);
	ck_assert_uint_ne(topo_interface_find(topo, 0, SLICE("Eth1/20")), TOPO_NONE);
	topo_free(topo);
	topo_faults_release(&faults);
	free(map);
	reply_release(&reply);
}
END_TEST

START_TEST(a_sender_behind_a_relay_is_mapped_by_its_name)
{
	struct addr relay;
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_SYSLOG,
		.name = SLICE("Eth1/1") };

	/* The relay is leaf1 itself: what it passes on is not about leaf1. */
	ck_assert(addr_parse(SLICE("192.0.2.11"), &relay));
	unmapped_note(world.unmapped, &relay, SLICE("leaf9.example.net"), true, NULL, &event, 1);
	struct reply reply = get("/v1/unmapped");
	char *map = json_dumps(at(reply.json, "map"), JSON_COMPACT);
	ck_assert(!flag_at(&reply, "unmapped.0.switch_is_mapped"));
	ck_assert_str_eq(map,
	    "{\"switches\":[{\"name\":\"leaf9.example.net\",\"hostnames\":[\"leaf9.example.net\"],"
	    "\"interfaces\":[{\"name\":\"Eth1/1\"}]}]}");
	free(map);
	reply_release(&reply);
}
END_TEST

static void
note_trap(const char *addr_text, const char *interface, uint32_t if_index)
{
	struct addr addr;
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.name = slice_of(interface),
		.if_index = if_index };

	ck_assert(addr_parse(slice_of(addr_text), &addr));
	unmapped_note(world.unmapped, &addr, SLICE(""), false, NULL, &event, WORLD_NOW);
}

START_TEST(what_would_map_all_senders_is_one_document_that_loads)
{
	struct topo_faults faults = { 0 };
	struct topo *topo;

	/* One switch, by its name and without, over both sources, in several spellings. */
	note("198.51.100.1", "leaf7", "GigabitEthernet1/0/1", 0, WORLD_NOW + 3);
	note("198.51.100.1", "leaf7", "GigabitEthernet1/0/2", 0, WORLD_NOW + 4);
	note_trap("198.51.100.1", "Gi1/0/1", 10101);
	note_trap("198.51.100.1", "", 10103);
	note_trap("198.51.100.1", "Gi1/0/3", 10103);
	note_trap("198.51.100.1", "", 10102);
	note("198.51.100.2", "leaf7", "GigabitEthernet1/0/1", 0, WORLD_NOW);
	note_trap("198.51.100.3", "Gi1/0/1", 10101);
	struct reply reply = get("/v1/unmapped");
	ck_assert_uint_eq(json_array_size(at(reply.json, "unmapped")), 4);
	ck_assert_uint_eq(json_array_size(at(reply.json, "map.switches")), 2);
	char *map = json_dumps(at(reply.json, "map"), 0);
	ck_assert_msg(topo_from_text(slice_of(map), &topo, &faults) == 0, "%s", map);
	uint32_t sw = topo_switch_find(topo, SLICE("leaf7"));
	ck_assert_uint_eq(topo_switch_get(topo, sw)->addresses.n, 2);
	uint32_t first = topo_interface_find(topo, sw, SLICE("GigabitEthernet1/0/1"));
	ck_assert_uint_ne(first, TOPO_NONE);
	ck_assert_uint_eq(topo_interface_get(topo, first)->if_index, 10101);
	uint32_t third = topo_interface_find(topo, sw, SLICE("Gi1/0/3"));
	ck_assert_uint_ne(third, TOPO_NONE);
	ck_assert_uint_eq(topo_interface_get(topo, third)->if_index, 10103);
	ck_assert_uint_ne(topo_interface_find(topo, sw, SLICE("ifIndex10102")), TOPO_NONE);
	topo_free(topo);
	topo_faults_release(&faults);
	free(map);
	reply_release(&reply);
}
END_TEST

START_TEST(an_interface_that_only_its_switch_knows_is_listed)
{
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.name = SLICE("Ethernet1/33") };
	uint32_t sw = topo_switch_find(engine_topo(world.api.engine), SLICE("leaf1"));

	ck_assert_int_eq(engine_feed(world.api.engine, sw, &event, world_time()), VERDICT_CHANGED);
	struct reply reply = get("/v1/unmapped");
	ck_assert_uint_eq(json_array_size(at(reply.json, "unmapped")), 0);
	ck_assert_uint_eq(json_array_size(at(reply.json, "interfaces")), 1);
	ck_assert_str_eq(text_at(&reply, "interfaces.0.switch"), "leaf1");
	ck_assert_str_eq(text_at(&reply, "interfaces.0.interface"), "Ethernet1/33");
	ck_assert_str_eq(text_at(&reply, "interfaces.0.word"), "down");
	ck_assert_str_eq(text_at(&reply, "interfaces.0.reason"), "link-down");
	char *map = json_dumps(at(reply.json, "interfaces.0.map"), JSON_COMPACT);
	ck_assert_str_eq(map,
	    "{\"switches\":[{\"name\":\"leaf1\",\"interfaces\":[{\"name\":\"Ethernet1/33\"}]}]}");
	free(map);
	reply_release(&reply);
}
END_TEST

/* Another map, as the program takes it over: when what was decided before has been told. */
static void
load_next(const char *text)
{
	struct dp_change change;

	while (engine_pop(world.api.engine, &change))
		continue;
	world_load(text);
}

#define LEAF7(interfaces)                                                          \
	"{\"switches\": [{\"name\": \"leaf7\", \"addresses\": [\"198.51.100.1\"]," \
	" \"interfaces\": [" interfaces "]}]}"

/* Whoever puts them into the map asks again what is left. */
START_TEST(a_sender_is_listed_until_the_map_has_all_that_it_spoke_of)
{
	note("198.51.100.1", "leaf7", "Eth1/1", 0, WORLD_NOW);
	note_trap("198.51.100.1", "", 2);
	struct reply reply = get("/v1/status");
	ck_assert_int_eq(number_at(&reply, "unmapped.senders"), 2);
	reply_release(&reply);
	load_next(LEAF7("{\"name\": \"Ethernet1/1\"}"));
	reply = get("/v1/unmapped");
	ck_assert_uint_eq(json_array_size(at(reply.json, "unmapped")), 1);
	ck_assert(flag_at(&reply, "unmapped.0.switch_is_mapped"));
	ck_assert_int_eq(number_at(&reply, "unmapped.0.map.switches.0.interfaces.0.if_index"), 2);
	reply_release(&reply);
	load_next(
	    LEAF7("{\"name\": \"Ethernet1/1\"}, {\"name\": \"Ethernet1/2\", \"if_index\": 2}"));
	reply = get("/v1/unmapped");
	ck_assert_uint_eq(json_array_size(at(reply.json, "unmapped")), 0);
	reply_release(&reply);
	reply = get("/v1/status");
	ck_assert_int_eq(number_at(&reply, "unmapped.senders"), 0);
	reply_release(&reply);
}
END_TEST

START_TEST(the_json_that_maps_a_new_switch_loads)
{
	struct topo_faults faults = { 0 };
	struct topo *topo;

	note("2001:db8::9", "", "Eth1/1", 7, WORLD_NOW);
	struct reply reply = get("/v1/unmapped");
	char *map = json_dumps(at(reply.json, "unmapped.0.map"), 0);
	ck_assert_int_eq(topo_from_text(slice_of(map), &topo, &faults), 0);
	ck_assert_uint_eq(topo_n_interfaces(topo), 1);
	topo_free(topo);
	topo_faults_release(&faults);
	free(map);
	reply_release(&reply);
}
END_TEST

START_TEST(bytes_that_are_no_utf_8_are_shown_as_such_and_not_sent_on)
{
	note("198.51.100.1", "a\xff\xc0\x80z\xed\xa0\x80", "\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x82",
	    0, WORLD_NOW);
	struct reply reply = get("/v1/unmapped");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.host"),
	    "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	ck_assert_str_eq(text_at(&reply, "unmapped.0.interface"),
	    "\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd");
	reply_release(&reply);
}
END_TEST

START_TEST(a_thousand_senders_fit_one_answer)
{
	for (unsigned i = 0; i < 2 * UNMAPPED_MAX; i++) {
		char addr[32];
		snprintf(addr, sizeof(addr), "10.1.%u.%u", i / 256, i % 256);
		note(addr, "", "eth0", 0, WORLD_NOW + i);
	}
	struct reply reply = get("/v1/unmapped");
	ck_assert_uint_eq(json_array_size(at(reply.json, "unmapped")), UNMAPPED_MAX);
	ck_assert_int_eq(number_at(&reply, "evicted"), UNMAPPED_MAX);
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	TCase *tcase = tcase_create("api_unmapped");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	tcase_add_test(tcase, senders_that_are_not_in_the_map_come_last_heard_first);
	tcase_add_loop_test(
	    tcase, each_sender_comes_with_the_json_that_would_map_it, 0, ROWS(map_rows));
	tcase_add_test(tcase, a_sender_is_listed_until_the_map_has_all_that_it_spoke_of);
	tcase_add_test(tcase, the_json_that_maps_a_new_switch_loads);
	tcase_add_loop_test(tcase, a_guess_says_who_a_sender_may_be, 0, ROWS(guesses));
	tcase_add_test(tcase, who_speaks_under_the_names_of_several_is_a_relay);
	tcase_add_test(tcase, all_interfaces_of_a_sender_are_in_its_json);
	tcase_add_test(tcase, a_sender_behind_a_relay_is_mapped_by_its_name);
	tcase_add_test(tcase, what_would_map_all_senders_is_one_document_that_loads);
	tcase_add_test(tcase, an_interface_that_only_its_switch_knows_is_listed);
	tcase_add_test(tcase, bytes_that_are_no_utf_8_are_shown_as_such_and_not_sent_on);
	tcase_add_test(tcase, a_thousand_senders_fit_one_answer);
	return run_case("api_unmapped", tcase);
}
