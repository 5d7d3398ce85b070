/*
 * Documents and records in, snapshots out: two ways that lead to the same; and how two snapshots are compared.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builder_fixture.h"
#include "lib/data_file.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct topo *
load(const char *single_quoted)
{
	char *text = json_text(single_quoted);
	struct topo *loaded = NULL;

	topo_faults_release(&faults);
	int r = topo_from_text(slice_of(text), &loaded, &faults);
	ck_assert_msg(r == 0, "%s: %s", faults.n ? faults.items[0].path : "",
	    faults.n ? faults.items[0].reason : "");
	free(text);
	return loaded;
}

static const struct topo_fault *
only_fault(void)
{
	const struct topo_faults *found = topo_builder_faults(builder);

	ck_assert_uint_eq(found->n_errors, 1);
	ck_assert_uint_gt(found->n, 0);
	ck_assert(!found->items[found->n - 1].warning);
	return &found->items[found->n - 1];
}

/* ---- the example ---- */

static const char *
port_name(const char *id_text)
{
	uint8_t id[16];

	ck_assert(port_id_parse(slice_of(id_text), id));
	uint32_t port = topo_port_find(topo, id);
	ck_assert_uint_ne(port, TOPO_NONE);
	return topo_text_get(topo, topo_port_get(topo, port)->name);
}

START_TEST(the_example_loads_without_a_word_and_its_first_linkdown_hits_one_port)
{
	char *text = data_text("conf/topology.example.json");
	struct addr addr;

	ck_assert_int_eq(topo_from_text(slice_of(text), &topo, &faults), 0);
	ck_assert_uint_eq(faults.n, 0);
	ck_assert(addr_parse(SLICE("127.0.0.1"), &addr));
	uint32_t leaf1 = topo_switch_by_addr(topo, &addr);
	ck_assert_uint_eq(leaf1, topo_switch_find(topo, SLICE("leaf1")));
	uint32_t first = topo_interface_by_index(topo, leaf1, 1);
	ck_assert_uint_eq(first, topo_interface_find(topo, leaf1, SLICE("Ethernet1/1")));
	ck_assert_uint_eq(topo_interface_get(topo, first)->groups.n, 1);
	uint32_t group =
	    topo_group_of_interface(topo, topo_interface_get(topo, first)->groups.first);
	const struct topo_group *row = topo_group_get(topo, group);
	ck_assert_uint_eq(row->attachments.n, 1);
	ck_assert_uint_eq(row->ports.n, 1);
	ck_assert_str_eq(port_name("11111111-1111-4111-8111-111111111111"), "vm1-eth0");
	ck_assert_uint_eq(
	    topo_port_get(topo, topo_port_of_group(topo, row->ports.first))->id[0], 0x11);
	ck_assert_str_eq(port_name("66666666-6666-4666-8666-666666666666"), "vm5-eth1");
	free(text);
}
END_TEST

/* ---- records ---- */

/* Everything of a switch, port or interface that has to be the same in two snapshots of one map. */
static void
assert_same_interface(const struct topo *a, const struct topo *b, uint32_t i)
{
	char left[600], right[600];
	const struct topo_interface *x = topo_interface_get(a, i), *y = topo_interface_get(b, i);

	ck_assert_str_eq(topo_interface_text(a, i, left, sizeof(left)),
	    topo_interface_text(b, i, right, sizeof(right)));
	ck_assert_uint_eq(x->if_index, y->if_index);
	ck_assert_uint_eq(x->aggregate, y->aggregate);
	ck_assert_uint_eq(x->members.n, y->members.n);
	ck_assert_uint_eq(x->min_links, y->min_links);
	ck_assert_uint_eq(x->groups.n, y->groups.n);
	for (uint32_t g = 0; g < x->groups.n; g++)
		ck_assert_uint_eq(topo_group_of_interface(a, x->groups.first + g),
		    topo_group_of_interface(b, y->groups.first + g));
	ck_assert_uint_eq(x->links.n, y->links.n);
	for (uint32_t l = 0; l < x->links.n; l++)
		ck_assert_uint_eq(topo_link_of_interface(a, x->links.first + l),
		    topo_link_of_interface(b, y->links.first + l));
}

static void
assert_same(const struct topo *a, const struct topo *b)
{
	ck_assert_uint_eq(topo_n_switches(a), topo_n_switches(b));
	ck_assert_uint_eq(topo_n_interfaces(a), topo_n_interfaces(b));
	ck_assert_uint_eq(topo_n_links(a), topo_n_links(b));
	ck_assert_uint_eq(topo_n_hosts(a), topo_n_hosts(b));
	ck_assert_uint_eq(topo_n_groups(a), topo_n_groups(b));
	ck_assert_uint_eq(topo_n_ports(a), topo_n_ports(b));
	ck_assert_uint_eq(topo_bytes(a), topo_bytes(b));
	for (uint32_t i = 0; i < topo_n_interfaces(a); i++)
		assert_same_interface(a, b, i);
	for (uint32_t i = 0; i < topo_n_ports(a); i++) {
		const struct topo_port *x = topo_port_get(a, i), *y = topo_port_get(b, i);
		ck_assert_mem_eq(x->id, y->id, sizeof(x->id));
		ck_assert_uint_eq(x->group, y->group);
		ck_assert_str_eq(topo_text_get(a, x->name), topo_text_get(b, y->name));
		ck_assert_uint_eq(topo_port_find(b, x->id), i);
	}
}

/* As topo_sync does it: each object under its own key. */
static void
add_records(const json_t *document)
{
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++) {
		const json_t *list = json_object_get(document, topo_kind_plurals[kind]);
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *value = json_array_get(list, i);
			char *key = topo_record_key((enum topo_kind)kind, value);
			char *text = json_dumps(value, JSON_COMPACT);
			ck_assert_ptr_nonnull(key);
			ck_assert_ptr_nonnull(text);
			topo_builder_add_text(builder, (enum topo_kind)kind, key, slice_of(text));
			free(key);
			free(text);
		}
	}
}

/* Editors on Windows write it. */
START_TEST(a_document_may_begin_with_a_byte_order_mark)
{
	struct topo_faults found = { 0 };
	struct topo *map = NULL;

	ck_assert_int_eq(topo_from_text(SLICE("\xEF\xBB\xBF{\"switches\": [{\"name\": \"leaf1\", "
					      "\"addresses\": [\"192.0.2.11\"]}]}"),
			     &map, &found),
	    0);
	ck_assert_uint_eq(topo_n_switches(map), 1);
	ck_assert_uint_eq(found.n, 0);
	topo_faults_release(&found);
	topo_free(map);
}
END_TEST

START_TEST(records_one_by_one_give_the_same_snapshot_as_their_document)
{
	char *text = data_text("conf/topology.example.json");
	json_t *document = topo_document_parse(slice_of(text), &faults);
	struct topo *whole = NULL;

	ck_assert_ptr_nonnull(document);
	add_records(document);
	ck_assert_int_eq(topo_builder_finish(builder, &topo), 0);
	ck_assert_int_eq(topo_from_text(slice_of(text), &whole, &faults), 0);
	assert_same(topo, whole);
	topo_free(whole);
	json_decref(document);
	free(text);
}
END_TEST

START_TEST(a_finish_in_the_smallest_steps_gives_the_same_snapshot_as_at_once)
{
	char *text = data_text("conf/topology.example.json");
	json_t *document = topo_document_parse(slice_of(text), &faults);
	struct topo *whole = NULL;
	int n_steps = 1;

	ck_assert_ptr_nonnull(document);
	topo_builder_add_document(builder, document);
	while (topo_builder_step(builder, 1) == 1)
		n_steps++;
	ck_assert_int_ge(n_steps, 50);
	ck_assert_int_eq(topo_builder_step(builder, 1), 0);
	ck_assert_int_eq(topo_builder_finish(builder, &topo), 0);
	ck_assert_int_eq(topo_from_text(slice_of(text), &whole, &faults), 0);
	assert_same(topo, whole);
	topo_free(whole);
	json_decref(document);
	free(text);
}
END_TEST

#define UUID "0a0b0c0d-0e0f-4a0b-8c0d-0e0f0a0b0c0d"

static const struct {
	enum topo_kind kind;
	const char *value, *key; /* NULL: it does not name itself */
} keys[] = {
	{ TOPO_SWITCH, "{'name': 'leaf1', 'addresses': []}", "leaf1" },
	{ TOPO_SWITCH, "{'name': 5}", NULL },
	{ TOPO_SWITCH, "{}", NULL },
	{ TOPO_SWITCH, "[]", NULL },
	{ TOPO_HOST, "{'name': 'compute-7'}", "compute-7" },
	{ TOPO_LINK, "{'a': 'leaf1:e1', 'b': 'spine1:e1'}", "leaf1:e1|spine1:e1" },
	{ TOPO_LINK, "{'a': 'spine1:e1', 'b': 'leaf1:e1'}", "leaf1:e1|spine1:e1" },
	{ TOPO_LINK, "{'a': 'leaf1:e1', 'b': 'Spine1:e1'}", "Spine1:e1|leaf1:e1" },
	{ TOPO_LINK, "{'a': 'leaf1:e1'}", NULL },
	{ TOPO_LINK, "{'a': 'leaf1:e1', 'b': null}", NULL },
	{ TOPO_PORT, "{'id': '" UUID "'}", UUID },
	{ TOPO_PORT, "{'id': '0A0B0C0D-0E0F-4A0B-8C0D-0E0F0A0B0C0D'}", UUID },
	{ TOPO_PORT, "{'id': 'x'}", NULL },
	{ TOPO_PORT, "{'id': 7}", NULL },
};

START_TEST(an_object_stands_in_redis_under_the_key_that_it_names_itself)
{
	char *text = json_text(keys[_i].value);
	json_t *value = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(value);
	char *key = topo_record_key(keys[_i].kind, value);
	if (keys[_i].key)
		ck_assert_str_eq(key, keys[_i].key);
	else
		ck_assert_ptr_null(key);
	free(key);
	json_decref(value);
	free(text);
}
END_TEST

static const struct {
	enum topo_kind kind;
	const char *key, *value, *path, *reason;
} bad_records[] = {
	{ TOPO_SWITCH, "leaf2", "{'name': 'leaf3', 'addresses': ['192.0.2.3']}",
	    "topology:switches leaf2", "stands in field \"leaf2\", but should in \"leaf3\"" },
	{ TOPO_HOST, "h", "{'name': 'H'}", "topology:hosts h",
	    "stands in field \"h\", but should in \"H\"" },
	{ TOPO_LINK, "leaf2:e|leaf1:e", "{'a': 'leaf2:e', 'b': 'leaf1:e'}",
	    "topology:links leaf2:e|leaf1:e",
	    "stands in field \"leaf2:e|leaf1:e\", but should in \"leaf1:e|leaf2:e\"" },
	{ TOPO_PORT, "0A0B0C0D-0E0F-4A0B-8C0D-0E0F0A0B0C0D",
	    "{'id': '" UUID "', 'attachments': ['leaf1:e']}",
	    "topology:ports 0A0B0C0D-0E0F-4A0B-8C0D-0E0F0A0B0C0D",
	    "stands in field \"0A0B0C0D-0E0F-4A0B-8C0D-0E0F0A0B0C0D\", but should in \"" UUID
	    "\"" },
	{ TOPO_PORT, "x\ny", "{'id': '" UUID "', 'attachments': ['leaf1:e']}", "topology:ports x?y",
	    "stands in field \"x?y\", but should in \"" UUID "\"" },
	{ TOPO_PORT, UUID, "{'id': '" UUID "', 'host': 'nowhere'}", "topology:ports " UUID ".host",
	    "unknown host \"nowhere\"" },
	{ TOPO_PORT, UUID, "{'id': '" UUID "'", "topology:ports " UUID,
	    "no JSON: '}' expected near end of file (line 1, column 45)" },
	{ TOPO_PORT, UUID, "", "topology:ports " UUID,
	    "no JSON: '[' or '{' expected near end of file (line 1, column 0)" },
	{ TOPO_PORT, UUID, "[]", "topology:ports " UUID, "must be an object, but is an array" },
	{ TOPO_PORT, UUID, "{'id': '" UUID "', 'id': 'x'}", "topology:ports " UUID,
	    "no JSON: duplicate object key near '\"id\"' (line 1, column 51)" },
	{ TOPO_SWITCH, "leaf1", "{'name': 'leaf1', 'addresses': ['192.0.2.9']}",
	    "topology:switches leaf1.name", "duplicate: there is a switch \"leaf1\" already" },
};

START_TEST(a_record_with_a_fault_refuses_the_whole_and_says_which_one_it_is)
{
	add(TOPO_SWITCH, NULL, "{'name': 'leaf1', 'addresses': ['192.0.2.1']}");
	add(TOPO_SWITCH, NULL, "{'name': 'leaf2', 'addresses': ['192.0.2.2']}");
	add(bad_records[_i].kind, bad_records[_i].key, bad_records[_i].value);
	ck_assert_str_eq(only_fault()->path, bad_records[_i].path);
	ck_assert_str_eq(only_fault()->reason, bad_records[_i].reason);
	ck_assert_int_eq(topo_builder_step(builder, 100), -EINVAL);
	ck_assert_int_eq(topo_builder_finish(builder, &topo), -EINVAL);
	ck_assert_ptr_null(topo);
}
END_TEST

START_TEST(a_record_that_a_scan_hands_out_twice_counts_once)
{
	static const char sw1[] =
	    "{'name': 's1', 'addresses': ['192.0.2.1'], 'engine_id': '0x8000000001'}";
	static const char sw2[] = "{'name': 's2', 'addresses': ['192.0.2.2']}";
	static const char link[] = "{'a': 's1:e1', 'b': 's2:e1'}";
	static const char host[] = "{'name': 'h', 'attachments': ['s1:e2', 's2:e2']}";
	static const char port[] = "{'id': '" UUID "', 'attachments': ['s1:e3']}";

	for (int i = 0; i < 2; i++)
		add(TOPO_SWITCH, "s1", sw1);
	add(TOPO_SWITCH, "s2", sw2);
	for (int i = 0; i < 2; i++)
		add(TOPO_LINK, "s1:e1|s2:e1", link);
	for (int i = 0; i < 2; i++)
		add(TOPO_HOST, "h", host);
	for (int i = 0; i < 2; i++)
		add(TOPO_PORT, UUID, port);
	ck_assert_int_eq(topo_builder_finish(builder, &topo), 0);
	ck_assert_uint_eq(topo_n_switches(topo), 2);
	ck_assert_uint_eq(topo_n_links(topo), 1);
	ck_assert_uint_eq(topo_n_hosts(topo), 1);
	ck_assert_uint_eq(topo_n_ports(topo), 1);
	ck_assert_uint_eq(topo_n_groups(topo), 2);
}
END_TEST

START_TEST(a_record_that_changed_between_two_looks_of_a_scan_is_a_duplicate)
{
	add(TOPO_HOST, "h", "{'name': 'h', 'attachments': []}");
	add(TOPO_PORT, UUID, "{'id': '" UUID "', 'host': 'h'}");
	add(TOPO_PORT, UUID, "{'id': '" UUID "', 'host': 'h', 'name': 'other'}");
	ck_assert_str_eq(only_fault()->path, "topology:ports " UUID ".id");
	ck_assert_str_eq(only_fault()->reason, "duplicate: there is a port " UUID " already");
}
END_TEST

/* ---- comparing ---- */

#define ROOT(n) "{'name': 'r" n "', 'addresses': ['192.0.2." n "'], 'root': true}"
#define PLAIN(n) "{'name': 'r" n "', 'addresses': ['192.0.2." n "']}"
#define PORT(n) "{'id': '00000000-0000-4000-8000-0000000000" n "', 'attachments': ['r1:e1']}"
#define NINE                                                                                 \
	PORT("01")                                                                           \
	"," PORT("02") "," PORT("03") "," PORT("04") "," PORT("05") "," PORT("06") "," PORT( \
	    "07") "," PORT("08") "," PORT("09")
#define MAP(switches, ports) "{'switches': [" switches "], 'ports': [" ports "]}"

static const struct {
	const char *old, *now; /* old NULL: there was none */
	struct topo_loss loss;
	bool force;
} changes[] = {
	{ NULL, MAP(ROOT("1"), NINE), { 0, 0, 0 }, false },
	{ "{}", MAP(ROOT("1"), NINE), { 0, 0, 0 }, false },
	{ MAP(ROOT("1"), NINE), MAP(ROOT("1"), NINE), { 9, 0, 0 }, false },
	{ MAP(ROOT("1"), NINE), MAP(ROOT("1"), NINE "," PORT("10")), { 9, 0, 0 }, false },
	/* Exactly a tenth is not more than a tenth. */
	{ MAP(ROOT("1"), NINE "," PORT("10")), MAP(ROOT("1"), NINE), { 10, 1, 0 }, false },
	{ MAP(ROOT("1"), NINE "," PORT("10") "," PORT("11")), MAP(ROOT("1"), NINE), { 11, 2, 0 },
	    true },
	{ MAP(ROOT("1"), PORT("01")), MAP(ROOT("1"), PORT("02")), { 1, 1, 0 }, true },
	{ MAP(ROOT("1") "," ROOT("2"), ""), MAP(ROOT("1"), ""), { 0, 0, 1 }, true },
	{ MAP(ROOT("1") "," ROOT("2"), ""), MAP(ROOT("1") "," PLAIN("2"), ""), { 0, 0, 1 }, true },
	{ MAP(ROOT("1") "," PLAIN("2"), ""), MAP(ROOT("1"), ""), { 0, 0, 0 }, false },
	{ MAP(PLAIN("1"), ""), MAP(ROOT("1"), ""), { 0, 0, 0 }, false },
	{ MAP(ROOT("1"), NINE), "{}", { 9, 9, 1 }, true },
};

/* What the map in force is told of to who compares; at most 16 ports and 4 roots. */
static struct topo_outline
outline_of(const struct topo *of, uint8_t ids[16][16], const char *roots[4])
{
	struct topo_outline outline = { .port_ids = (const uint8_t(*)[16])ids, .roots = roots };

	for (uint32_t i = 0; of && i < topo_n_ports(of); i++)
		memcpy(ids[outline.n_ports++], topo_port_get(of, i)->id, 16);
	for (uint32_t i = 0; of && i < topo_n_switches(of); i++)
		if (topo_switch_get(of, i)->root)
			roots[outline.n_roots++] = topo_text_get(of, topo_switch_get(of, i)->name);
	return outline;
}

START_TEST(losing_more_than_a_tenth_of_the_ports_or_a_root_needs_force)
{
	struct topo *old = changes[_i].old ? load(changes[_i].old) : NULL;
	struct topo *now = load(changes[_i].now);
	struct topo_loss loss;
	uint8_t ids[16][16];
	const char *roots[4];
	const struct topo_outline outline = outline_of(old, ids, roots);

	topo_compare(&outline, now, &loss);
	ck_assert_uint_eq(loss.ports_before, changes[_i].loss.ports_before);
	ck_assert_uint_eq(loss.ports_removed, changes[_i].loss.ports_removed);
	ck_assert_uint_eq(loss.roots_removed, changes[_i].loss.roots_removed);
	ck_assert_int_eq(topo_loss_needs_force(&loss), changes[_i].force);
	topo_free(old);
	topo_free(now);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("topo codec");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_example_loads_without_a_word_and_its_first_linkdown_hits_one_port);
	tcase_add_test(tc, a_document_may_begin_with_a_byte_order_mark);
	tcase_add_test(tc, records_one_by_one_give_the_same_snapshot_as_their_document);
	tcase_add_test(tc, a_finish_in_the_smallest_steps_gives_the_same_snapshot_as_at_once);
	tcase_add_loop_test(
	    tc, an_object_stands_in_redis_under_the_key_that_it_names_itself, 0, N(keys));
	tcase_add_loop_test(tc, a_record_with_a_fault_refuses_the_whole_and_says_which_one_it_is, 0,
	    N(bad_records));
	tcase_add_test(tc, a_record_that_a_scan_hands_out_twice_counts_once);
	tcase_add_test(tc, a_record_that_changed_between_two_looks_of_a_scan_is_a_duplicate);
	tcase_add_loop_test(
	    tc, losing_more_than_a_tenth_of_the_ports_or_a_root_needs_force, 0, N(changes));
	return run_case("topo codec", tc);
}
