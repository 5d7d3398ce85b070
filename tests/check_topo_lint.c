/*
 * What a map does not protect or does not say.
 */
#include <string.h>

#include "core/topo_lint.h"
#include "lib/net.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

#define TWO_SPINES                                                                            \
	"'switches': [{'name': 'spine1', 'hostnames': ['spine1'], 'root': true},"             \
	" {'name': 'spine2', 'hostnames': ['spine2'], 'root': true},"                         \
	" {'name': 'leaf1', 'hostnames': ['leaf1'], 'os': 'nx-os', 'interfaces': ["           \
	"  {'name': 'port-channel8', 'members': ['Ethernet1/8', 'Ethernet1/9']},"             \
	"  {'name': 'port-channel7', 'members': ['Ethernet1/6', 'Ethernet1/7'],"              \
	"   'min_links': 2}]},"                                                               \
	" {'name': 'leaf2', 'hostnames': ['leaf2']}],"                                        \
	"'links': [{'a': 'leaf1:u1', 'b': 'spine1:d1'}, {'a': 'leaf1:u2', 'b': 'spine2:d1'}," \
	" {'a': 'leaf2:u1', 'b': 'spine1:d2'}]"

static const struct {
	const char *document;
	const char *
	    want; /* "ports behind each single failure", the ports of any, and those of an interface */
} singles[] = {
	/* Two legs on two leaves, of which only one is joined twice: nothing alone takes the port down. */
	{ "{" TWO_SPINES ", 'hosts': [{'name': 'h', 'attachments': ['leaf1:e1', 'leaf2:e1']}],"
	  "'ports': [{'id': '" PORT_ID(1) "', 'host': 'h'}]}",
	    "(0, 0)" },
	/* The same for a host that follows its own link only: what strands leaf2 takes it down. */
	{ "{" TWO_SPINES ", 'hosts': [{'name': 'h', 'attachments': ['leaf1:e1', 'leaf2:e1'],"
	  " 'stranded': 'down'}], 'ports': [{'id': '" PORT_ID(1) "', 'host': 'h'}]}",
	    "spine1 1, spine1:d2 1, leaf2:u1 1 (1, 1)" },
	/* One leg. */
	{ "{" TWO_SPINES ", 'ports': [{'id': '" PORT_ID(1) "', 'attachments': ['leaf1:e1']}]}",
	    "leaf1 1, leaf1:e1 1 (1, 1)" },
	{ "{" TWO_SPINES ", 'ports': [{'id': '" PORT_ID(
	      1) "', 'attachments': ['leaf2:e1']},"
		 "{'id': '" PORT_ID(2) "', 'attachments': ['leaf2:e2']}]}",
	    "spine1 2, leaf2 2, spine1:d2 2, leaf2:u1 2, leaf2:e1 1, leaf2:e2 1 (2, 2)" },
	/* A LAG is one switch's, but no interface's; with min_links 2 of 2 it is each member's. */
	{ "{" TWO_SPINES ", 'ports': [{'id': '" PORT_ID(1) "', 'attachments': ['leaf1:Po8']}]}",
	    "leaf1 1 (1, 0)" },
	{ "{" TWO_SPINES ", 'ports': [{'id': '" PORT_ID(1) "', 'attachments': ['leaf1:Po7']}]}",
	    "leaf1 1, leaf1:Ethernet1/6 1, leaf1:Ethernet1/7 1 (1, 1)" },
	/* Ports without attachments, and hosts without ports, have nothing to lose. */
	{ "{" TWO_SPINES ", 'hosts': [{'name': 'h', 'attachments': ['leaf1:e1']}],"
	  " 'ports': [{'id': '" PORT_ID(1) "', 'attachments': []}]}",
	    "(0, 0)" },
	{ "{}", "(0, 0)" },
};

static size_t
put_single(char *buf, size_t size, const struct topo *topo, const struct lint_single *single)
{
	char name[FAILURE_TEXT_MAX];

	return (size_t)snprintf(buf, size, "%s %u",
	    failure_text(topo, &single->failure, name, sizeof(name)), single->n_ports);
}

START_TEST(single_points_of_failure_are_counted_by_which_one)
{
	struct topo *topo = topo_of_text(singles[_i].document);
	struct topo_lint lint;
	char text[1024];
	size_t used = 0;

	ck_assert_int_eq(topo_lint(topo, &lint), 0);
	for (size_t i = 0; i < lint.n_singles; i++) {
		used += put_single(text + used, sizeof(text) - used, topo, &lint.singles[i]);
		text[used++] = i + 1 < lint.n_singles ? ',' : ' ';
		if (i + 1 < lint.n_singles)
			text[used++] = ' ';
	}
	snprintf(text + used, sizeof(text) - used, "(%u, %u)", lint.n_ports_single,
	    lint.n_ports_interface);
	ck_assert_str_eq(text, singles[_i].want);
	topo_lint_release(&lint);
	topo_free(topo);
}
END_TEST

static const char *
lint_dump(const char *document)
{
	static char text[4096];
	struct topo *topo = topo_of_text(document);
	struct topo_lint lint;

	ck_assert_int_eq(topo_lint(topo, &lint), 0);
	json_t *json = topo_lint_json(topo, &lint);
	char *dump = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	slice_copy(slice_of(dump), text, sizeof(text));
	free(dump);
	json_decref(json);
	topo_lint_release(&lint);
	topo_free(topo);
	return text;
}

START_TEST(what_stands_alone_is_listed)
{
	ck_assert_str_eq(
	    lint_dump(
		"{'switches': [{'name': 'r', 'hostnames': ['r'], 'root': true},"
		" {'name': 'joined', 'hostnames': ['joined']},"
		" {'name': 'a', 'hostnames': ['a']}, {'name': 'b', 'hostnames': ['b']},"
		" {'name': 'alone', 'hostnames': ['alone']}],"
		"'links': [{'a': 'r:1', 'b': 'joined:1'}, {'a': 'a:1', 'b': 'b:1'}],"
		"'hosts': [{'name': 'idle', 'attachments': ['alone:1']},"
		" {'name': 'busy', 'attachments': ['joined:e1', 'a:e1'], 'physnets': {'p': []}}],"
		"'ports': [{'id': '" PORT_ID(1) "', 'host': 'busy'},"
						" {'id': '" PORT_ID(
						    2) "', 'host': 'busy', 'physnet': 'p'}]}"),
	    "{\"has_roots\":true,\"idle_hosts\":[\"idle\"],\"ports\":2,\"ports_single_failure\":0,"
	    "\"ports_single_interface\":0,\"ports_unwatched\":1,\"single_failures\":[],"
	    "\"unlinked_switches\":[\"alone\"],\"unrooted_switches\":[\"a\",\"b\"]}");
}
END_TEST

START_TEST(without_roots_no_switch_is_missing_one)
{
	ck_assert_str_eq(
	    lint_dump(
		"{'switches': [{'name': 'a', 'hostnames': ['a']}, {'name': 'b', 'hostnames': ['b']}],"
		"'links': [{'a': 'a:1', 'b': 'b:1'}],"
		"'ports': [{'id': '" PORT_ID(1) "', 'attachments': ['a:e1']}]}"),
	    "{\"has_roots\":false,\"idle_hosts\":[],\"ports\":1,\"ports_single_failure\":1,"
	    "\"ports_single_interface\":1,\"ports_unwatched\":0,\"single_failures\":"
	    "[{\"interface\":null,\"ports\":1,\"switch\":\"a\"},"
	    "{\"interface\":\"e1\",\"ports\":1,\"switch\":\"a\"}],"
	    "\"unlinked_switches\":[],\"unrooted_switches\":[]}");
}
END_TEST

/* A rack's hosts behind one leaf, whose uplinks are two: 300 leaves, 3,000 hosts, 30,000 ports. */
START_TEST(a_large_map_is_looked_at_in_a_moment)
{
	struct topo_builder *builder = topo_builder_new();
	struct topo *topo = NULL;
	struct topo_lint lint;
	char text[256];

	for (int i = 0; i < 302; i++) {
		snprintf(text, sizeof(text),
		    "{\"name\": \"%s%d\", \"hostnames\": [\"h%d\"], \"root\": %s}",
		    i < 2 ? "spine" : "leaf", i, i, i < 2 ? "true" : "false");
		topo_builder_add_text(builder, TOPO_SWITCH, NULL, slice_of(text));
	}
	for (int i = 0; i < 600; i++) {
		snprintf(text, sizeof(text), "{\"a\": \"leaf%d:u%d\", \"b\": \"spine%d:d%d\"}",
		    2 + i / 2, i % 2, i % 2, i);
		topo_builder_add_text(builder, TOPO_LINK, NULL, slice_of(text));
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text),
		    "{\"name\": \"host%d\", \"attachments\": [\"leaf%d:e%d\"]}", i, 2 + i / 10,
		    i % 10);
		topo_builder_add_text(builder, TOPO_HOST, NULL, slice_of(text));
	}
	for (int i = 0; i < 30000; i++) {
		snprintf(text, sizeof(text),
		    "{\"id\": \"00000000-0000-4000-8000-%012d\", \"host\": \"host%d\"}", i, i / 10);
		topo_builder_add_text(builder, TOPO_PORT, NULL, slice_of(text));
	}
	ck_assert_int_eq(topo_builder_finish(builder, &topo), 0);
	topo_builder_free(builder);
	ck_assert_int_eq(topo_lint(topo, &lint), 0);
	ck_assert_uint_eq(lint.n_singles, 300 + 3000);
	ck_assert_uint_eq(lint.n_ports_single, 30000);
	ck_assert_uint_eq(lint.singles[0].n_ports, 100);
	ck_assert_uint_eq(lint.singles[299].n_ports, 100);
	ck_assert_uint_eq(lint.singles[300].n_ports, 10);
	topo_lint_release(&lint);
	topo_free(topo);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("topo lint");

	tcase_add_loop_test(tc, single_points_of_failure_are_counted_by_which_one, 0, N(singles));
	tcase_add_test(tc, what_stands_alone_is_listed);
	tcase_add_test(tc, without_roots_no_switch_is_missing_one);
	tcase_add_test(tc, a_large_map_is_looked_at_in_a_moment);
	return run_case("topo lint", tc);
}
