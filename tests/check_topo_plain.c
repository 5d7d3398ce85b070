/*
 * A port's record that is taken without a JSON parser is taken as with one: the same port, or the same faults. Each text is
 * also cut and damaged at every byte.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_build.h"
#include "lib/run_suite.h"
#include "lib/single_quotes.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))
#define ID "0a0b0c0d-0e0f-4a0b-8c0d-0e0f0a0b0c0d"
#define AT "topology:ports " ID

static const char *const texts[] = {
	"{'id':'" ID "','name':'vm1','project_id':'p','host':'h1'}",
	"{ 'host' : 'h2', 'id' : '" ID "' }",
	"{'id':'" ID "','name':'','project_id':'','host':'h1'}",
	"{'id':'0A0B0C0D-0e0f-4a0b-8c0d-0e0f0a0b0c0d','host':'h1'}",
	"{'id':'" ID "','name':'a~!#%&(){}[]:,;<>/?','host':'h1'}",
	"{'id':'" ID "','host':'h1','physnet':'net1'}",
	"{'id':'" ID "','host':'nobody'}",
	"{'id':'" ID "','host':'bare'}",
	"{'id':'" ID "','host':''}",
	"{'id':'" ID "','host':'h1','host':'h1'}",
	"{'id':'" ID "','host':'h1','more':'x'}",
	"{'id':'" ID "','host':'h1','attachments':['leaf1:e1']}",
	"{'id':'" ID "','attachments':['leaf1:e1']}",
	"{'id':'" ID "','name':'\\u00e4','host':'h1'}",
	"{'id':'" ID "','name':'\xc3\xa4','host':'h1'}",
	"{'id':'" ID "','name':'a\\nb','host':'h1'}",
	"{'id':'" ID "','name':'\x7f','host':'h1'}",
	"{'id':'" ID "','name':7,'host':'h1'}",
	"{'id':'" ID "'}",
	"{'host':'h1'}",
	"{}",
	"",
};

static struct topo_builder *
builder_new(void)
{
	static const char document[] =
	    "{\"switches\": [{\"name\": \"leaf1\", \"hostnames\": [\"leaf1\"]}],"
	    " \"hosts\": [{\"name\": \"h1\", \"attachments\": [\"leaf1:e1\"]},"
	    " {\"name\": \"h2\", \"attachments\": [\"leaf1:e2\"]}, {\"name\": \"bare\"}]}";
	struct topo_builder *builder = topo_builder_new();
	json_t *value = json_loads(document, 0, NULL);

	ck_assert_ptr_nonnull(builder);
	topo_builder_add_document(builder, value);
	json_decref(value);
	return builder;
}

/* As it comes from Redis. */
static void
add_record(struct topo_builder *builder, struct slice text)
{
	topo_builder_add_records(builder, TOPO_PORT, &(struct topo_record){ SLICE(ID), text }, 1);
}

/* The way through jansson. */
static void
add_parsed(struct topo_builder *builder, struct slice text)
{
	json_t *value = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);

	if (value)
		topo_builder_add(builder, TOPO_PORT, AT, ID, value);
	else
		builder->faults.n_errors++;
	json_decref(value);
}

static void
expect_same_faults(const struct topo_faults *a, const struct topo_faults *b, struct slice text)
{
	ck_assert_msg(a->n_errors == b->n_errors && a->n_warnings == b->n_warnings,
	    "%.*s: %zu and %zu errors", (int)text.len, text.data, a->n_errors, b->n_errors);
	/* What is no JSON has a fault of its own in one of them. */
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		ck_assert_str_eq(a->items[i].path, b->items[i].path);
		ck_assert_str_eq(a->items[i].reason, b->items[i].reason);
	}
}

static void
expect_same_port(const struct topo *a, const struct topo *b)
{
	ck_assert_uint_eq(a->ports.n, b->ports.n);
	for (uint32_t i = 0; i < a->ports.n; i++) {
		const struct topo_port *x = rows_at(&a->ports, i), *y = rows_at(&b->ports, i);
		ck_assert_mem_eq(x->id, y->id, 16);
		ck_assert_str_eq(topo_text_get(a, x->name), topo_text_get(b, y->name));
		ck_assert_str_eq(topo_text_get(a, x->project_id), topo_text_get(b, y->project_id));
		ck_assert_uint_eq(x->group, y->group);
	}
}

/* Both ways, and the same text twice, as a scan may hand it out. Returns whether it is taken without a fault. */
static bool
expect_the_same(struct slice text)
{
	struct topo_builder *plain = builder_new(), *parsed = builder_new();

	add_record(plain, text);
	add_parsed(parsed, text);
	expect_same_faults(&plain->faults, &parsed->faults, text);
	expect_same_port(plain->topo, parsed->topo);
	bool taken = plain->topo->ports.n == 1 && plain->faults.n_errors == 0;
	add_record(plain, text);
	if (taken) {
		ck_assert_uint_eq(plain->faults.n_errors, 0);
		ck_assert_uint_eq(plain->topo->ports.n, 1);
	}
	topo_builder_free(plain);
	topo_builder_free(parsed);
	return taken;
}

START_TEST(a_record_is_the_same_with_and_without_a_parser)
{
	char *text = json_text(texts[_i]);

	expect_the_same(slice_of(text));
	free(text);
}
END_TEST

START_TEST(a_record_that_is_cut_or_damaged_at_any_byte_is_the_same_too)
{
	static const char damage[] = "\"\\}, \x7f";
	char *text = json_text(texts[_i]);
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		char whole = text[i];
		expect_the_same(slice_first(slice_of(text), i));
		for (const char *c = damage; *c; c++) {
			text[i] = *c;
			expect_the_same((struct slice){ text, len });
		}
		text[i] = '\0';
		expect_the_same((struct slice){ text, len });
		text[i] = whole;
	}
	free(text);
}
END_TEST

START_TEST(plain_ports_are_taken_without_a_parser)
{
	struct topo_builder *builder = builder_new();
	char *text = json_text(texts[_i]);
	struct plain_port port;

	plain_port_read(builder, SLICE(ID), slice_of(text), &port);
	ck_assert(plain_port_take(builder, &port));
	ck_assert_uint_eq(builder->topo->ports.n, 1);
	free(text);
	topo_builder_free(builder);
}
END_TEST

START_TEST(names_may_be_as_long_as_elsewhere_and_no_longer)
{
	char text[600], name[300];

	for (size_t len = 254; len <= 257; len++) {
		memset(name, 'n', len);
		name[len] = '\0';
		snprintf(text, sizeof(text), "{\"id\":\"" ID "\",\"name\":\"%s\",\"host\":\"h1\"}",
		    name);
		ck_assert(expect_the_same(slice_of(text)) == (len <= TOPO_NAME_MAX));
	}
}
END_TEST

/* More than are looked up together, plain ones and others, one of them twice. */
START_TEST(many_records_at_once_are_taken_as_one_by_one)
{
	enum { N_RECORDS = 100 };
	static char ids[N_RECORDS][PORT_ID_TEXT], jsons[N_RECORDS][200];
	struct topo_record records[N_RECORDS];
	struct topo_builder *together = builder_new(), *single = builder_new();

	for (int i = 0; i < N_RECORDS; i++) {
		unsigned nth = i == 70 ? 69 : i;
		snprintf(ids[i], sizeof(ids[i]), "0a0b0c0d-0e0f-4a0b-8c0d-%012u", nth);
		snprintf(jsons[i], sizeof(jsons[i]), "{\"id\":\"%.36s\",\"name\":\"vm%u\",%s}",
		    ids[i], nth,
		    nth % 5 == 0 ? "\"attachments\":[\"leaf1:e9\"]" : "\"host\":\"h1\"");
		records[i] = (struct topo_record){ slice_of(ids[i]), slice_of(jsons[i]) };
		topo_builder_add_records(single, TOPO_PORT, &records[i], 1);
	}
	topo_builder_expect(together, TOPO_PORT, N_RECORDS);
	topo_builder_add_records(together, TOPO_PORT, records, N_RECORDS);
	ck_assert_uint_eq(together->faults.n_errors, 0);
	ck_assert_uint_eq(together->topo->ports.n, N_RECORDS - 1);
	expect_same_port(together->topo, single->topo);
	topo_builder_free(together);
	topo_builder_free(single);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("topo plain");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, a_record_is_the_same_with_and_without_a_parser, 0, N(texts));
	tcase_add_loop_test(
	    tcase, a_record_that_is_cut_or_damaged_at_any_byte_is_the_same_too, 0, N(texts));
	tcase_add_loop_test(tcase, plain_ports_are_taken_without_a_parser, 0, 5);
	tcase_add_test(tcase, many_records_at_once_are_taken_as_one_by_one);
	tcase_add_test(tcase, names_may_be_as_long_as_elsewhere_and_no_longer);
	return run_case("topo plain", tcase);
}
