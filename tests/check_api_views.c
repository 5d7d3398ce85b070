/* The API's own half: lists of switches, interfaces and links. */
#include <stdio.h>

#include "lib/api_world.h"
#include "lib/run_suite.h"

START_TEST(switches_are_listed_with_what_is_known_of_them)
{
	world_word("leaf1", "Ethernet1/1", WORD_DOWN);
	struct reply reply = get("/v1/switches");

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_uint_eq(json_array_size(at(reply.json, "switches")), 3);
	ck_assert(is_null_at(&reply, "next"));
	ck_assert_str_eq(text_at(&reply, "switches.0.name"), "spine1");
	ck_assert(flag_at(&reply, "switches.0.root"));
	ck_assert_str_eq(text_at(&reply, "switches.1.name"), "leaf1");
	ck_assert(!flag_at(&reply, "switches.1.root"));
	ck_assert(flag_at(&reply, "switches.1.reaches_root"));
	ck_assert_str_eq(text_at(&reply, "switches.1.addresses.0"), "192.0.2.11");
	ck_assert_str_eq(text_at(&reply, "switches.1.addresses.1"), "2001:db8::11");
	ck_assert_str_eq(text_at(&reply, "switches.1.os"), "nx-os");
	ck_assert_int_eq(number_at(&reply, "switches.1.interfaces"), 3);
	ck_assert_int_eq(number_at(&reply, "switches.1.down"), 1);
	ck_assert_int_eq(number_at(&reply, "switches.1.traps"), 1);
	ck_assert_str_eq(text_at(&reply, "switches.1.heard_trap"), "2024-05-01T12:00:00.000000Z");
	ck_assert(is_null_at(&reply, "switches.1.heard_syslog"));
	ck_assert(is_null_at(&reply, "switches.2.os"));
	reply_release(&reply);
}
END_TEST

START_TEST(a_switch_behind_a_dead_uplink_reaches_no_root)
{
	world_word("leaf1", "Ethernet1/49", WORD_DOWN);
	struct reply reply = get("/v1/switches/leaf1");

	ck_assert(!flag_at(&reply, "switch.reaches_root"));
	ck_assert_str_eq(text_at(&reply, "switch.hostnames.0"), "leaf1.example.net");
	reply_release(&reply);
	/* ... and its single port is down for that reason. */
	reply = get("/v2.0/ports/" VM3);
	ck_assert(flag_at(&reply, "port.dp_down"));
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.cause"), "uplink");
	ck_assert_str_eq(text_at(&reply, "port.dp_down_causes.0.interface"), "Ethernet1/49");
	ck_assert_int_eq(number_at(&reply, "port.paths_stranded"), 1);
	reply_release(&reply);
}
END_TEST

/* An engine, of an id of five octets, that was heard at an address. */
static struct usm_engine *
hear_engine(const char *id, const char *address, uint32_t boots)
{
	struct usm_engine *engine = usm_engines_add(world.engines, (struct slice){ id, 5 });

	ck_assert(addr_parse(slice_of(address), &engine->from));
	usm_engines_hear(world.engines, engine, boots, 100, world_time().now_ns);
	engine->heard_us = WORLD_NOW;
	engine->level = 2;
	snprintf(engine->user, sizeof(engine->user), "monitor");
	return engine;
}

START_TEST(a_switch_has_the_engine_that_was_heard_from_it)
{
	hear_engine("\x80\x00\x01\x02\x03", "192.0.2.12", 9);
	struct usm_engine *engine = hear_engine("\x80\x00\x01\x02\x04", "192.0.2.11", 7);
	struct reply reply = get("/v1/switches");

	ck_assert(is_null_at(&reply, "switches.0.engine"));
	ck_assert_str_eq(text_at(&reply, "switches.1.engine.id"), "0x8000010204");
	ck_assert_int_eq(number_at(&reply, "switches.1.engine.boots"), 7);
	ck_assert_int_eq(number_at(&reply, "switches.1.engine.time"), 100);
	ck_assert_str_eq(text_at(&reply, "switches.1.engine.user"), "monitor");
	ck_assert_str_eq(text_at(&reply, "switches.1.engine.level"), "authPriv");
	ck_assert_str_eq(text_at(&reply, "switches.1.engine.address"), "192.0.2.11");
	ck_assert_str_eq(text_at(&reply, "switches.1.engine.problem"), "");
	ck_assert_str_eq(text_at(&reply, "switches.2.engine.id"), "0x8000010203");
	reply_release(&reply);
	/* Lists that begin later name the same ones. */
	reply = get("/v1/switches?marker=2");
	ck_assert_str_eq(text_at(&reply, "switches.0.engine.id"), "0x8000010203");
	reply_release(&reply);
	usm_engines_hear(world.engines, engine, 3, 1, world_time().now_ns);
	reply = get("/v1/switches/leaf1");
	ck_assert_str_eq(text_at(&reply, "switch.engine.problem"), "engine boots went backwards");
	ck_assert_int_eq(number_at(&reply, "switch.engine.refused"), 1);
	reply_release(&reply);
}
END_TEST

START_TEST(forgetting_takes_the_engines_of_one_switch)
{
	hear_engine("\x80\x00\x01\x02\x03", "192.0.2.12", 9);
	hear_engine("\x80\x00\x01\x02\x04", "192.0.2.11", 7);
	hear_engine("\x80\x00\x01\x02\x05", "2001:db8::11", 7);
	struct reply reply = ask("DELETE", "/v1/switches/leaf1/engine", NULL, ROLE_ADMIN);
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_uint_eq(json_array_size(at(reply.json, "forgotten")), 2);
	ck_assert_uint_eq(usm_engines_count(world.engines), 1);
	reply_release(&reply);
	reply = ask("DELETE", "/v1/switches/leaf1/engine", NULL, ROLE_ADMIN);
	expect_error(&reply, 404, "EngineNotFound", "No SNMPv3 engine of switch leaf1 is known.");
	reply_release(&reply);
	reply = ask("DELETE", "/v1/switches/leaf9/engine", NULL, ROLE_ADMIN);
	expect_error(&reply, 404, "SwitchNotFound", "Switch leaf9 could not be found.");
	reply_release(&reply);
	reply = ask("DELETE", "/v1/switches/leaf2/engine", NULL, ROLE_INTEGRATOR);
	ck_assert_int_eq(reply.response.status, 403);
	ck_assert_uint_eq(usm_engines_count(world.engines), 1);
	reply_release(&reply);
}
END_TEST

START_TEST(an_unknown_switch_is_404)
{
	static const char *const targets[] = { "/v1/switches/leaf9", "/v1/interfaces?switch=leaf9",
		"/v1/links?switch=leaf9" };
	struct reply reply = get(targets[_i]);

	expect_error(&reply, 404, "SwitchNotFound", "Switch leaf9 could not be found.");
	reply_release(&reply);
}
END_TEST

START_TEST(an_interface_shows_its_word_its_source_and_whom_it_carries)
{
	world_word("leaf1", "Ethernet1/1", WORD_DOWN);
	struct reply reply = get("/v1/interfaces?down=1");

	ck_assert_uint_eq(json_array_size(at(reply.json, "interfaces")), 1);
	ck_assert_str_eq(text_at(&reply, "interfaces.0.switch"), "leaf1");
	ck_assert_str_eq(text_at(&reply, "interfaces.0.name"), "Ethernet1/1");
	ck_assert_str_eq(text_at(&reply, "interfaces.0.oper"), "down");
	ck_assert(!flag_at(&reply, "interfaces.0.carries"));
	ck_assert(flag_at(&reply, "interfaces.0.heard"));
	ck_assert(flag_at(&reply, "interfaces.0.mapped"));
	ck_assert_str_eq(text_at(&reply, "interfaces.0.reason"), "link-down");
	ck_assert_str_eq(text_at(&reply, "interfaces.0.source"), "trap");
	ck_assert_str_eq(text_at(&reply, "interfaces.0.since"), "2024-05-01T12:00:00.000000Z");
	ck_assert_int_eq(number_at(&reply, "interfaces.0.ports"), 2);
	ck_assert(is_null_at(&reply, "interfaces.0.override"));
	ck_assert(is_null_at(&reply, "interfaces.0.if_index"));
	reply_release(&reply);
}
END_TEST

START_TEST(an_interface_that_is_in_no_map_is_listed_all_the_same)
{
	world_word("leaf1", "Ethernet1/33", WORD_DOWN);
	struct reply reply = get("/v1/interfaces?switch=leaf1&down=true");

	ck_assert_uint_eq(json_array_size(at(reply.json, "interfaces")), 1);
	ck_assert_str_eq(text_at(&reply, "interfaces.0.name"), "Ethernet1/33");
	ck_assert(!flag_at(&reply, "interfaces.0.mapped"));
	ck_assert_int_eq(number_at(&reply, "interfaces.0.ports"), 0);
	reply_release(&reply);
}
END_TEST

static const struct {
	const char *query;
	size_t n;
} interface_rows[] = {
	{ "", 7 },
	{ "?switch=leaf1", 3 },
	{ "?switch=spine1", 2 },
	{ "?down=1", 1 },
	{ "?down=no", 6 },
	{ "?switch=leaf2&down=1", 0 },
	{ "?uncertain=1", 0 },
	{ "?uncertain=false", 7 },
	{ "?heard=true", 1 },
	{ "?heard=0", 6 },
	{ "?heard=1&down=0", 0 },
	{ "?limit=2", 2 },
	{ "?limit=2&marker=6", 1 },
	{ "?marker=7", 0 },
	{ "?marker=4294967295", 0 },
};

START_TEST(interfaces_are_filtered_by_switch_and_state)
{
	char target[96];

	world_word("leaf1", "Ethernet1/1", WORD_DOWN);
	snprintf(target, sizeof(target), "/v1/interfaces%s", interface_rows[_i].query);
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_uint_eq(json_array_size(at(reply.json, "interfaces")), interface_rows[_i].n);
	reply_release(&reply);
}
END_TEST

START_TEST(following_next_meets_every_interface_once)
{
	char target[96] = "/v1/interfaces?limit=3";
	size_t seen = 0, pages = 0;

	for (bool more = true; more; pages++) {
		struct reply reply = get(target);
		seen += json_array_size(at(reply.json, "interfaces"));
		more = !is_null_at(&reply, "next");
		if (more)
			snprintf(target, sizeof(target), "/v1/interfaces?limit=3&marker=%s",
			    text_at(&reply, "next"));
		reply_release(&reply);
	}
	ck_assert_uint_eq(seen, 7);
	ck_assert_uint_eq(pages, 3);
}
END_TEST

START_TEST(a_page_that_few_interfaces_fit_ends_early_and_goes_on)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(
	    out, "{\"switches\": [{\"name\": \"big\", \"hostnames\": [\"big\"], \"interfaces\": [");
	for (int i = 0; i < 25000; i++)
		fprintf(out, "%s{\"name\": \"Ethernet1/%d\"}", i > 0 ? "," : "", i);
	fputs("]}]}", out);
	fclose(out);
	world_load(text);
	free(text);
	world_word("big", "Ethernet1/24000", WORD_DOWN);
	struct reply reply = get("/v1/interfaces?heard=true&limit=10");
	ck_assert_uint_eq(json_array_size(at(reply.json, "interfaces")), 0);
	char next[128];
	snprintf(next, sizeof(next), "/v1/interfaces?heard=true&limit=10&marker=%s",
	    text_at(&reply, "next"));
	reply_release(&reply);
	reply = get(next);
	ck_assert_str_eq(text_at(&reply, "interfaces.0.name"), "Ethernet1/24000");
	ck_assert(is_null_at(&reply, "next"));
	reply_release(&reply);
}
END_TEST

/* ---- links ---- */

START_TEST(a_link_shows_both_its_ends_and_is_up_while_both_carry)
{
	struct reply reply = get("/v1/links");

	ck_assert_uint_eq(json_array_size(at(reply.json, "links")), 2);
	ck_assert_str_eq(text_at(&reply, "links.0.a.switch"), "leaf1");
	ck_assert_str_eq(text_at(&reply, "links.0.a.interface"), "Ethernet1/49");
	ck_assert_str_eq(text_at(&reply, "links.0.b.switch"), "spine1");
	ck_assert_str_eq(text_at(&reply, "links.0.b.interface"), "Ethernet1/1");
	ck_assert(flag_at(&reply, "links.0.up"));
	ck_assert(!flag_at(&reply, "links.0.peer"));
	ck_assert(is_null_at(&reply, "next"));
	reply_release(&reply);
	world_word("spine1", "Ethernet1/1", WORD_DOWN);
	reply = get("/v1/links?up=false");
	ck_assert_uint_eq(json_array_size(at(reply.json, "links")), 1);
	ck_assert(!flag_at(&reply, "links.0.up"));
	ck_assert_str_eq(text_at(&reply, "links.0.a.oper"), "up");
	ck_assert(flag_at(&reply, "links.0.a.carries"));
	ck_assert(!flag_at(&reply, "links.0.a.heard"));
	ck_assert_str_eq(text_at(&reply, "links.0.b.oper"), "down");
	ck_assert(!flag_at(&reply, "links.0.b.carries"));
	ck_assert(flag_at(&reply, "links.0.b.heard"));
	ck_assert(flag_at(&reply, "links.0.b.certain"));
	reply_release(&reply);
}
END_TEST

/* leaf1 and leaf2 are joined to a spine each, by an aggregate of two, and to each other as peers. */
#define LINKS_TOPOLOGY                                                                        \
	"{\"switches\": [{\"name\": \"leaf1\", \"hostnames\": [\"leaf1\"], \"interfaces\": [" \
	"{\"name\": \"po1\", \"members\": [\"e1\", \"e2\"], \"min_links\": 2}]},"             \
	"{\"name\": \"leaf2\", \"hostnames\": [\"leaf2\"]},"                                  \
	"{\"name\": \"spine1\", \"hostnames\": [\"spine1\"], \"root\": true}],"               \
	"\"links\": [{\"a\": \"leaf1:po1\", \"b\": \"spine1:po1\"},"                          \
	"{\"a\": \"leaf2:e1\", \"b\": \"spine1:e2\"},"                                        \
	"{\"a\": \"leaf1:e47\", \"b\": \"leaf2:e47\", \"peer\": true}]}"

static const struct {
	const char *query;
	size_t n;
	const char *first; /* its end `a`'s switch */
} link_rows[] = {
	{ "", 3, "leaf1" },
	{ "?switch=leaf1", 2, "leaf1" },
	{ "?switch=spine1", 2, "leaf1" },
	{ "?switch=leaf2", 2, "leaf2" },
	{ "?peer=true", 1, "leaf1" },
	{ "?peer=no", 2, "leaf1" },
	/* The aggregate has too few members, by nobody's own word. */
	{ "?up=no", 1, "leaf1" },
	{ "?up=yes&peer=0", 1, "leaf2" },
	{ "?up=0&switch=leaf2", 0, NULL },
	{ "?limit=1", 1, "leaf1" },
	{ "?limit=2&marker=1", 2, "leaf2" },
	{ "?marker=3", 0, NULL },
	{ "?marker=4294967295", 0, NULL },
};

START_TEST(links_are_filtered_by_switch_peer_and_state)
{
	char target[96];

	world_load(LINKS_TOPOLOGY);
	world_word("leaf1", "e1", WORD_DOWN);
	snprintf(target, sizeof(target), "/v1/links%s", link_rows[_i].query);
	struct reply reply = get(target);
	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_uint_eq(json_array_size(at(reply.json, "links")), link_rows[_i].n);
	if (link_rows[_i].first)
		ck_assert_str_eq(text_at(&reply, "links.0.a.switch"), link_rows[_i].first);
	reply_release(&reply);
}
END_TEST

START_TEST(following_next_meets_every_link_once)
{
	struct reply reply = get("/v1/links?limit=1");

	ck_assert_str_eq(text_at(&reply, "links.0.a.switch"), "leaf1");
	char next[128];
	snprintf(next, sizeof(next), "/v1/links?limit=1&marker=%s", text_at(&reply, "next"));
	reply_release(&reply);
	reply = get(next);
	ck_assert_str_eq(text_at(&reply, "links.0.a.switch"), "leaf2");
	ck_assert(is_null_at(&reply, "next"));
	reply_release(&reply);
}
END_TEST

static const char *const paged_lists[] = { "/v1/switches", "/v1/interfaces", "/v1/links",
	"/v1/simulate?down=spine1" };

START_TEST(a_list_does_not_go_on_in_another_map)
{
	const char *target = paged_lists[_i];
	const char *separator = strchr(target, '?') ? "&" : "?";
	char first[64], next[128];

	snprintf(first, sizeof(first), "%s%slimit=1", target, separator);
	struct reply reply = get(first);
	ck_assert_int_eq(reply.response.status, 200);
	snprintf(next, sizeof(next), "%s&marker=%s", first, text_at(&reply, "next"));
	reply_release(&reply);
	reply = get(next);
	ck_assert_int_eq(reply.response.status, 200);
	reply_release(&reply);
	world_load(WORLD_TOPOLOGY);
	reply = get(next);
	expect_error(&reply, 409, "TopologyChanged",
	    "another topology came in force since the page before: begin again, without a marker");
	reply_release(&reply);
	/* Nor in the first map of another run. */
	reply = get(first);
	snprintf(next, sizeof(next), "%s&marker=%s", first, text_at(&reply, "next"));
	reply_release(&reply);
	world.api.status.started_us += 1000000;
	reply = get(next);
	ck_assert_int_eq(reply.response.status, 409);
	reply_release(&reply);
}
END_TEST

static const char *const bad_lists[] = { "/v1/links?up=x", "/v1/links?peer=2", "/v1/links?limit=0",
	"/v1/links?limit=1001", "/v1/links?marker=x", "/v1/links?marker=1-", "/v1/links?marker=1-x",
	"/v1/links?marker=-1", "/v1/links?marker=4294967296",
	"/v1/links?marker=", "/v1/links?marker=1-11111111111111111", "/v1/links?down=1",
	"/v1/interfaces?down=x", "/v1/interfaces?uncertain=2", "/v1/interfaces?heard=maybe",
	"/v1/interfaces?limit=0", "/v1/interfaces?limit=1001", "/v1/interfaces?marker=-1",
	"/v1/interfaces?switches=leaf1", "/v1/switches?x=1", "/v1/switches/leaf1?x=1",
	"/v1/status?x=1", "/v1/unmapped?x=1", "/v1/topology?x=1", "/v1/maintenance?x=1",
	"/v1/interfaces?switch=leaf1&switch=leaf2", "/v1/interfaces?down=1&limit=1&down=1",
	"/v1/links?up=1&up=0", "/v1/events?since=0&since=0",
	"/v1/simulate?down=leaf1&limit=1&limit=2" };

START_TEST(a_parameter_that_is_not_there_or_makes_no_sense_is_400)
{
	struct reply reply = get(bad_lists[_i]);

	ck_assert_int_eq(reply.response.status, 400);
	ck_assert_int_eq(reply.response.deferred, API_DONE);
	reply_release(&reply);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void
add_tests(TCase *tcase)
{
	tcase_add_test(tcase, switches_are_listed_with_what_is_known_of_them);
	tcase_add_test(tcase, a_switch_behind_a_dead_uplink_reaches_no_root);
	tcase_add_loop_test(tcase, an_unknown_switch_is_404, 0, 3);
	tcase_add_test(tcase, a_switch_has_the_engine_that_was_heard_from_it);
	tcase_add_test(tcase, forgetting_takes_the_engines_of_one_switch);
	tcase_add_test(tcase, an_interface_shows_its_word_its_source_and_whom_it_carries);
	tcase_add_test(tcase, an_interface_that_is_in_no_map_is_listed_all_the_same);
	tcase_add_loop_test(
	    tcase, interfaces_are_filtered_by_switch_and_state, 0, ROWS(interface_rows));
	tcase_add_test(tcase, following_next_meets_every_interface_once);
	tcase_add_test(tcase, a_page_that_few_interfaces_fit_ends_early_and_goes_on);
	tcase_add_test(tcase, a_link_shows_both_its_ends_and_is_up_while_both_carry);
	tcase_add_loop_test(tcase, links_are_filtered_by_switch_peer_and_state, 0, ROWS(link_rows));
	tcase_add_loop_test(tcase, a_list_does_not_go_on_in_another_map, 0, ROWS(paged_lists));
	tcase_add_test(tcase, following_next_meets_every_link_once);
	tcase_add_loop_test(
	    tcase, a_parameter_that_is_not_there_or_makes_no_sense_is_400, 0, ROWS(bad_lists));
}

int
main(void)
{
	TCase *tcase = tcase_create("api_views");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	add_tests(tcase);
	return run_case("api_views", tcase);
}
