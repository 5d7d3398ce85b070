/*
 * Why a port is as it is: ways to a root, cuts, single failures, and the JSON of it.
 */
#include <string.h>

#include "core/explain.h"
#include "lib/net.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

/*
 *   core (root) -- agg1, agg2 -- leaf1, leaf2; leaf3 is joined to agg1, and leaf1's and leaf4's peer; leaf4 hangs on leaf3
 *   alone; no leaf lets traffic through; island stands alone. vm1 has two legs, vm2 one, over an aggregate.
 */
static const char document[] =
    "{'switches': ["
    " {'name': 'core', 'hostnames': ['core'], 'root': true}, {'name': 'agg1', 'hostnames': ['agg1']},"
    " {'name': 'agg2', 'hostnames': ['agg2']}, {'name': 'island', 'hostnames': ['island']},"
    " {'name': 'leaf1', 'hostnames': ['leaf1'], 'transit': false, 'os': 'nx-os', 'interfaces': ["
    "   {'name': 'port-channel8', 'members': ['Ethernet1/8', 'Ethernet1/9'], 'min_links': 2}]},"
    " {'name': 'leaf2', 'hostnames': ['leaf2'], 'transit': false},"
    " {'name': 'leaf3', 'hostnames': ['leaf3'], 'transit': false},"
    " {'name': 'leaf4', 'hostnames': ['leaf4'], 'transit': false}],"
    "'links': ["
    " {'a': 'core:e1', 'b': 'agg1:up'}, {'a': 'core:e2', 'b': 'agg2:up'},"
    " {'a': 'leaf1:u1', 'b': 'agg1:d1'}, {'a': 'leaf1:u2', 'b': 'agg2:d1'},"
    " {'a': 'agg1:d2', 'b': 'leaf2:u1'}, {'a': 'agg2:d2', 'b': 'leaf2:u2'},"
    " {'a': 'leaf3:u1', 'b': 'agg1:d3'},"
    " {'a': 'leaf1:peer', 'b': 'leaf3:peer', 'peer': true},"
    " {'a': 'leaf4:peer', 'b': 'leaf3:peer2', 'peer': true}],"
    "'hosts': [{'name': 'two', 'attachments': ['leaf1:e1', 'leaf2:e1']},"
    " {'name': 'net', 'physnets': {'physnet1': ['leaf2:e3']}}],"
    "'ports': ["
    " {'id': '" PORT_ID(
	1) "', 'name': 'vm1', 'project_id': 'p1', 'host': 'two'},"
	   " {'id': '" PORT_ID(
	       2) "', 'name': 'vm2', 'attachments': ['leaf1:port-channel8']},"
		  " {'id': '" PORT_ID(
		      3) "', 'name': 'vm3', 'attachments': ['leaf4:e1']},"
			 " {'id': '" PORT_ID(
			     4) "', 'name': 'vm4', 'attachments': ['core:e9']},"
				" {'id': '" PORT_ID(
				    5) "', 'name': 'vm5', 'attachments': ['island:e1']},"
				       " {'id': '" PORT_ID(
					   6) "', 'name': 'vm6', 'attachments': ['leaf1:Ethernet1/8']},"
					      " {'id': '" PORT_ID(
						  7) "', 'name': 'vm7', 'host': 'net', 'physnet': 'physnet1'},"
						     " {'id': '" PORT_ID(
							 8) "', 'name': 'vm8', 'attachments': []}]}";

static struct net net;
static struct explain explain;

static void
setup(void)
{
	net_open(&net, document);
	explain = (struct explain){ 0 };
}

static void
teardown(void)
{
	explain_release(&explain);
	net_close(&net);
}

static void
look_at(const char *id)
{
	explain_release(&explain);
	ck_assert_int_eq(explain_port(net.engine, net_port(&net, id), &explain), 0);
}

static size_t
put_links(char *buf, size_t size, struct topo_range range)
{
	const struct topo *topo = engine_topo(net.engine);
	char from[64], to[64];
	size_t used = 0;

	for (uint32_t i = 0; i < range.n; i++) {
		const struct explain_link *link = &explain.links[range.first + i];
		used += (size_t)snprintf(buf + used, size - used, " %s>%s",
		    topo_interface_text(topo, link->from, from, sizeof(from)),
		    topo_interface_text(topo, link->to, to, sizeof(to)));
	}
	return used;
}

/* "leaf1:e1 up root core leaf1:u1>agg1:d1 agg1:up>core:e1; ..." ; cuts stand behind a bar. */
static const char *
paths(const char *id)
{
	static char text[2048];
	const struct topo *topo = engine_topo(net.engine);
	char interface[64];
	size_t used = 0;

	look_at(id);
	text[0] = '\0';
	for (uint32_t i = 0; i < explain.n_paths; i++) {
		const struct explain_path *path = &explain.paths[i];
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s %s%s%s",
		    i ? "; " : "",
		    topo_interface_text(topo, path->interface, interface, sizeof(interface)),
		    path_state_names[path->state], path_root_names[path->root],
		    path->root_switch == TOPO_NONE ? "" : " ",
		    path->root_switch == TOPO_NONE
			? ""
			: topo_text_get(topo, topo_switch_get(topo, path->root_switch)->name));
		used += put_links(text + used, sizeof(text) - used, path->hops);
		if (path->cuts.n > 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, " |");
		used += put_links(text + used, sizeof(text) - used, path->cuts);
		ck_assert_uint_eq(path->cuts.n, path->n_cuts);
	}
	return text;
}

/* "core leaf4 leaf4:e1 ..." */
static const char *
singles(const char *id)
{
	static char text[2048];
	char name[FAILURE_TEXT_MAX];
	size_t used = 0;

	look_at(id);
	text[0] = '\0';
	for (uint32_t i = 0; i < explain.n_singles; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
		    failure_text(engine_topo(net.engine), &explain.singles[i], name, sizeof(name)));
	ck_assert_uint_eq(explain.n_singles, explain.n_singles_all);
	return text;
}

#define LEG1 "leaf1:e1 up root core leaf1:u1>agg1:d1 agg1:up>core:e1"
#define LEG2 "leaf2:e1 up root core leaf2:u1>agg1:d2 agg1:up>core:e1"

static const struct {
	const char *down, *port, *want; /* `down`: interfaces that are down */
} ways[] = {
	{ "", PORT_ID(1), LEG1 "; " LEG2 },
	{ "leaf1:e1", PORT_ID(1),
	    "leaf1:e1 down root core leaf1:u1>agg1:d1 agg1:up>core:e1; " LEG2 },
	/* Another way, when the first is cut at either end. */
	{ "agg1:d1", PORT_ID(1), "leaf1:e1 up root core leaf1:u2>agg2:d1 agg2:up>core:e2; " LEG2 },
	{ "agg1:up", PORT_ID(1),
	    "leaf1:e1 up root core leaf1:u2>agg2:d1 agg2:up>core:e2; "
	    "leaf2:e1 up root core leaf2:u2>agg2:d2 agg2:up>core:e2" },
	/* The last hop over a peer that lets nothing else through. */
	{ "leaf1:u1 leaf1:u2", PORT_ID(2),
	    "leaf1:port-channel8 up root core leaf1:peer>leaf3:peer leaf3:u1>agg1:d3 agg1:up>core:e1" },
	{ "", PORT_ID(3),
	    "leaf4:e1 up root core leaf4:peer>leaf3:peer2 leaf3:u1>agg1:d3 agg1:up>core:e1" },
	/* leaf4 gets to leaf3, but leaf3 not to the roots; that leaf3 has a peer with a way out is no help. */
	{ "leaf3:u1", PORT_ID(3), "leaf4:e1 stranded cut-off | leaf3:u1>agg1:d3" },
	{ "leaf4:peer", PORT_ID(3), "leaf4:e1 stranded cut-off | leaf4:peer>leaf3:peer2" },
	{ "leaf4:peer leaf4:e1", PORT_ID(3), "leaf4:e1 down cut-off | leaf4:peer>leaf3:peer2" },
	/* All uplinks of a leaf, and of everything that it gets to: the cuts are where the roots are, not where leaf2 is. */
	{ "leaf1:u1 leaf1:u2 leaf1:peer", PORT_ID(2),
	    "leaf1:port-channel8 stranded cut-off | leaf1:u1>agg1:d1 leaf1:u2>agg2:d1 leaf1:peer>leaf3:peer" },
	{ "core:e1 agg2:up leaf2:u1 leaf2:u2", PORT_ID(2),
	    "leaf1:port-channel8 stranded cut-off | agg1:up>core:e1 agg2:up>core:e2" },
	/* A root itself, a switch that the map joins to none, and a port without attachments. */
	{ "", PORT_ID(4), "core:e9 up root core" },
	{ "core:e1 core:e2", PORT_ID(4), "core:e9 up root core" },
	{ "", PORT_ID(5), "island:e1 up not-joined" },
	{ "island:e1", PORT_ID(5), "island:e1 down not-joined" },
	{ "", PORT_ID(8), "" },
};

static void
all_down(const char *list)
{
	char name[64];

	while (*list) {
		size_t len = strcspn(list, " ");
		slice_copy((struct slice){ list, len }, name, sizeof(name));
		net_down(&net, name);
		list += len + (list[len] == ' ');
	}
}

START_TEST(each_path_is_followed_to_a_root_or_to_where_it_is_cut)
{
	char got[2048];

	all_down(ways[_i].down);
	slice_copy(slice_of(paths(ways[_i].port)), got, sizeof(got));
	ck_assert_str_eq(got, ways[_i].want);
}
END_TEST

/* The engine's verdict and the explanation must not differ, whatever is down. */
START_TEST(a_way_is_found_exactly_where_the_engine_says_that_there_is_one)
{
	const struct topo *topo = engine_topo(net.engine);
	uint32_t n = topo_n_interfaces(topo), seed = (uint32_t)_i * 2654435761u + 1;
	char name[64];

	for (int step = 0; step < 60; step++) {
		seed = seed * 1664525u + 1013904223u;
		topo_interface_text(topo, (seed >> 8) % n, name, sizeof(name));
		net_word(&net, name, seed >> 31 ? WORD_UP : WORD_DOWN);
		for (uint32_t port = 0; port < topo_n_ports(topo); port++) {
			struct engine_port_view view;
			uint32_t up = 0, stranded = 0;
			engine_port_view(net.engine, port, &view);
			explain_release(&explain);
			ck_assert_int_eq(explain_port(net.engine, port, &explain), 0);
			for (uint32_t i = 0; i < explain.n_paths; i++) {
				const struct explain_path *path = &explain.paths[i];
				up += path->state == PATH_UP;
				stranded += path->state == PATH_STRANDED;
				if (path->state == PATH_UP)
					ck_assert_int_ne(path->root, PATH_CUT_OFF);
				if (path->root == PATH_CUT_OFF)
					ck_assert_uint_gt(path->n_cuts, 0);
			}
			ck_assert_uint_eq(up, view.paths.up);
			ck_assert_uint_eq(stranded, view.paths.stranded);
		}
	}
}
END_TEST

static const struct {
	const char *down, *port, *want;
} lone[] = {
	/* Two legs: only what both ways go through. */
	{ "", PORT_ID(1), "core" },
	{ "leaf2:e1", PORT_ID(1), "core leaf1 leaf1:e1" },
	{ "leaf2:e1 agg2:up leaf1:peer", PORT_ID(1),
	    "core agg1 leaf1 core:e1 agg1:up agg1:d1 leaf1:e1 leaf1:u1" },
	/* min_links 2 of 2: either member; the aggregate itself is no thing that breaks. */
	{ "", PORT_ID(2), "core leaf1 leaf1:Ethernet1/8 leaf1:Ethernet1/9" },
	{ "", PORT_ID(6), "core leaf1 leaf1:Ethernet1/8" },
	{ "", PORT_ID(3),
	    "core agg1 leaf3 leaf4 core:e1 agg1:up agg1:d3 leaf3:u1 leaf3:peer2 leaf4:peer leaf4:e1" },
	{ "", PORT_ID(4), "core core:e9" },
	{ "", PORT_ID(5), "island island:e1" },
	/* A port that is down has nothing left to lose. */
	{ "leaf4:e1", PORT_ID(3), "" },
	{ "", PORT_ID(8), "" },
};

START_TEST(a_healthy_port_tells_what_alone_would_take_it_down)
{
	char got[2048], want[2048];
	const char *at = lone[_i].want;

	all_down(lone[_i].down);
	slice_copy(slice_of(singles(lone[_i].port)), got, sizeof(got));
	/* In whatever order the map has its interfaces. */
	ck_assert_uint_eq(strlen(got), strlen(at));
	snprintf(want, sizeof(want), " %s ", got);
	while (*at) {
		size_t len = strcspn(at, " ");
		char name[80];
		snprintf(name, sizeof(name), " %.*s ", (int)len, at);
		ck_assert_msg(strstr(want, name) != NULL, "no%sin:%s", name, want);
		at += len + (at[len] == ' ');
	}
}
END_TEST

START_TEST(a_single_failure_comes_true_and_nothing_else_does)
{
	const struct topo *topo = engine_topo(net.engine);
	uint32_t port = net_port(&net, PORT_ID(3));

	look_at(PORT_ID(3));
	for (uint32_t i = 0; i < topo_n_interfaces(topo); i++) {
		char name[64];
		struct engine_port_view view;
		bool foretold = false;
		for (uint32_t s = 0; s < explain.n_singles; s++)
			foretold = foretold || explain.singles[s].interface == i;
		topo_interface_text(topo, i, name, sizeof(name));
		net_down(&net, name);
		engine_port_view(net.engine, port, &view);
		ck_assert_msg(view.dp_down == foretold, "%s", name);
		net_up(&net, name);
	}
}
END_TEST

START_TEST(long_lists_of_cuts_and_single_failures_are_cut_but_counted)
{
	char *text = malloc(200000);
	size_t used = 0, size = 200000;

	ck_assert_ptr_nonnull(text);
	used += (size_t)snprintf(text, size,
	    "{'switches': [{'name': 's', 'hostnames': ['s']},"
	    "{'name': 'r', 'hostnames': ['r'], 'root': true}], 'links': [");
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(
		    text + used, size - used, "%s{'a': 's:e%d', 'b': 'r:e%d'}", i ? "," : "", i, i);
	used += (size_t)snprintf(text + used, size - used,
	    "], 'ports': [{'id': '" PORT_ID(1) "', 'attachments': ['s:a']}]}");
	teardown();
	net_open(&net, text);
	free(text);
	for (int i = 0; i < 100; i++) {
		char name[16];
		snprintf(name, sizeof(name), "s:e%d", i);
		net_down(&net, name);
	}
	look_at(PORT_ID(1));
	ck_assert_uint_eq(explain.paths[0].n_cuts, 100);
	ck_assert_uint_eq(explain.paths[0].cuts.n, EXPLAIN_CUTS_MAX);
}
END_TEST

START_TEST(without_roots_every_switch_counts_as_reaching_one)
{
	teardown();
	net_open(&net, "{'switches': [{'name': 's', 'hostnames': ['s']}],"
		       " 'ports': [{'id': '" PORT_ID(1) "', 'attachments': ['s:a']}]}");
	ck_assert_str_eq(paths(PORT_ID(1)), "s:a up no-roots");
	ck_assert_str_eq(singles(PORT_ID(1)), "s s:a");
}
END_TEST

/* ---- JSON ---- */

/* The value at "a.b.0.c" as compact JSON. */
static const char *
json_at(const json_t *json, const char *path)
{
	static char text[4096];
	char part[64];

	for (const char *at = path; *at;) {
		size_t len = strcspn(at, ".");
		slice_copy((struct slice){ at, len }, part, sizeof(part));
		json = json_is_array(json) ? json_array_get(json, (size_t)strtoul(part, NULL, 10))
					   : json_object_get(json, part);
		ck_assert_msg(json != NULL, "no %s", path);
		at += len + (at[len] == '.');
	}
	char *dump = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	slice_copy(slice_of(dump), text, sizeof(text));
	free(dump);
	return text;
}

static json_t *
json_of(const char *id)
{
	look_at(id);
	json_t *json = explain_json(net.engine, &explain);
	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(json_says_since_when_and_who_said_so)
{
	net_down(&net, "leaf4:e1");
	json_t *json = json_of(PORT_ID(3));

	ck_assert_str_eq(json_at(json, "dp_down"), "true");
	ck_assert_str_eq(json_at(json, "cause"), "\"access\"");
	ck_assert_str_eq(json_at(json, "fault"), "\"leaf4:e1@2024-05-01T12:00:01.000000Z\"");
	ck_assert_str_eq(json_at(json, "paths.0.state"), "\"down\"");
	ck_assert_str_eq(json_at(json, "paths.0.interface"),
	    "{\"carries\":false,\"certain\":true,\"dampening\":null,\"heard\":true,"
	    "\"heard_at\":\"2024-05-01T12:00:01.000000Z\",\"name\":\"e1\",\"oper\":\"down\","
	    "\"override\":null,\"reason\":\"link-down\",\"since\":\"2024-05-01T12:00:01.000000Z\","
	    "\"source\":\"trap\",\"switch\":\"leaf4\",\"waiting\":null}");
	ck_assert_str_eq(json_at(json, "paths.0.hops.0.from.heard_at"), "null");
	ck_assert_str_eq(json_at(json, "paths.0.hops.0.peer"), "true");
	ck_assert_str_eq(json_at(json, "report"), "null");
	ck_assert_str_eq(json_at(json, "single_failures"), "[]");
	ck_assert_str_eq(json_at(json, "heard_at"), "\"2024-05-01T12:00:01.000000Z\"");
	json_decref(json);
}
END_TEST

START_TEST(json_names_who_reported_a_port_whatever_bytes_the_note_holds)
{
	uint8_t id[16];
	const struct dp_report report = { .down = true,
		.by = "uid 0",
		.note = "caf\xe9\x1b[2J",
		.until_us = NET_NOW + 60000000 };

	ck_assert(port_id_parse(SLICE(PORT_ID(7)), id));
	ck_assert(engine_report(net.engine, id, &report, net_time(&net)));
	json_t *json = json_of(PORT_ID(7));
	ck_assert_str_eq(json_at(json, "report"),
	    "{\"at\":\"2024-05-01T12:00:00.000000Z\",\"by\":\"uid 0\",\"down\":true,"
	    "\"note\":\"caf??[2J\",\"until\":\"2024-05-01T12:01:00.000000Z\"}");
	ck_assert_str_eq(json_at(json, "cause"), "\"reported\"");
	ck_assert_str_eq(json_at(json, "host"), "\"net\"");
	ck_assert_str_eq(json_at(json, "physnet"), "\"physnet1\"");
	ck_assert_str_eq(json_at(json, "paths_up"), "1");
	json_decref(json);
}
END_TEST

START_TEST(json_shows_the_members_that_hold_an_aggregate_down)
{
	net_down(&net, "leaf1:Ethernet1/9");
	json_t *json = json_of(PORT_ID(2));

	ck_assert_str_eq(json_at(json, "paths.0.interface.oper"), "\"up\"");
	ck_assert_str_eq(json_at(json, "paths.0.interface.carries"), "false");
	ck_assert_str_eq(json_at(json, "paths.0.interface.members_up"), "1");
	ck_assert_str_eq(json_at(json, "paths.0.interface.members_total"), "2");
	ck_assert_str_eq(json_at(json, "paths.0.interface.min_links"), "2");
	ck_assert_str_eq(json_at(json, "paths.0.interface.members.0.name"), "\"Ethernet1/9\"");
	ck_assert_str_eq(json_at(json, "paths.0.interface.members.0.lifted"), "false");
	json_decref(json);
	/* The aggregate says up after its member said down: the member's own up was lost. */
	net_up(&net, "leaf1:port-channel8");
	json = json_of(PORT_ID(2));
	ck_assert_str_eq(json_at(json, "paths.0.state"), "\"up\"");
	ck_assert_str_eq(json_at(json, "paths.0.interface.members_up"), "2");
	ck_assert_str_eq(json_at(json, "paths.0.interface.members.0.lifted"), "true");
	json_decref(json);
	/* And a member carries nothing while its aggregate is down by its own word. */
	net_down(&net, "leaf1:port-channel8");
	json = json_of(PORT_ID(6));
	ck_assert_str_eq(json_at(json, "paths.0.state"), "\"down\"");
	ck_assert_str_eq(json_at(json, "paths.0.interface.aggregate.oper"), "\"down\"");
	json_decref(json);
}
END_TEST

START_TEST(json_of_a_healthy_port_lists_its_single_failures_and_blames_nobody)
{
	net_down(&net, "leaf4:e1");
	net_up(&net, "leaf4:e1");
	json_t *json = json_of(PORT_ID(4));

	ck_assert_str_eq(json_at(json, "single_failures"),
	    "[{\"interface\":null,\"switch\":\"core\"},{\"interface\":\"e9\",\"switch\":\"core\"}]");
	ck_assert_str_eq(json_at(json, "single_failures_total"), "2");
	json_decref(json);
	json = json_of(PORT_ID(3));
	ck_assert_str_eq(json_at(json, "dp_down"), "false");
	ck_assert_str_eq(json_at(json, "cause"), "null");
	ck_assert_str_eq(json_at(json, "fault"), "null");
	json_decref(json);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("explain");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_path_is_followed_to_a_root_or_to_where_it_is_cut, 0, N(ways));
	tcase_add_loop_test(
	    tc, a_way_is_found_exactly_where_the_engine_says_that_there_is_one, 0, 20);
	tcase_add_loop_test(tc, a_healthy_port_tells_what_alone_would_take_it_down, 0, N(lone));
	tcase_add_test(tc, a_single_failure_comes_true_and_nothing_else_does);
	tcase_add_test(tc, long_lists_of_cuts_and_single_failures_are_cut_but_counted);
	tcase_add_test(tc, without_roots_every_switch_counts_as_reaching_one);
	tcase_add_test(tc, json_says_since_when_and_who_said_so);
	tcase_add_test(tc, json_names_who_reported_a_port_whatever_bytes_the_note_holds);
	tcase_add_test(tc, json_shows_the_members_that_hold_an_aggregate_down);
	tcase_add_test(tc, json_of_a_healthy_port_lists_its_single_failures_and_blames_nobody);
	return run_case("explain", tc);
}
