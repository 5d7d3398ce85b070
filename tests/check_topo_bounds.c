/*
 * Topologies that are too deep, too long, too wrong, or never finished.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builder_fixture.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))
#define MILLION 1000000
#define UUID "0a0b0c0d-0e0f-4a0b-8c0d-0e0f0a0b0c0d"

START_TEST(faults_are_counted_without_end_but_kept_up_to_a_bound)
{
	for (int i = 0; i < 3000; i++)
		add(TOPO_PORT, NULL, "{'id': 'x'}");
	ck_assert_uint_eq(topo_builder_faults(builder)->n_errors, 3000);
	ck_assert_uint_eq(topo_builder_faults(builder)->n, TOPO_FAULTS_MAX);
}
END_TEST

START_TEST(a_fault_behind_thousands_of_warnings_is_kept)
{
	char text[80];

	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "{'id': '00000000-0000-4000-8000-%012d'}", i);
		add(TOPO_PORT, NULL, text);
	}
	add(TOPO_PORT, "last", "{}");
	const struct topo_faults *found = topo_builder_faults(builder);
	ck_assert_uint_eq(found->n_warnings, 3000);
	ck_assert_uint_eq(found->n_errors, 1);
	ck_assert_uint_eq(found->n, TOPO_FAULTS_MAX / 2 + 1);
	ck_assert_str_eq(found->items[found->n - 1].path, "topology:ports last.id");
	ck_assert(!found->items[found->n - 1].warning);
}
END_TEST

START_TEST(a_million_deep_document_is_refused)
{
	char *text = malloc(MILLION);

	ck_assert_ptr_nonnull(text);
	memset(text, '[', MILLION);
	ck_assert_int_eq(topo_from_text((struct slice){ text, MILLION }, &topo, &faults), -EINVAL);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_str_eq(faults.items[0].path, "line 1, column 2049");
	ck_assert_str_eq(faults.items[0].reason, "maximum parsing depth reached near '['");
	free(text);
}
END_TEST

/* "BEFORE" n times "EACH", with %d counting, "AFTER". To be freed. */
static char *
repeat(const char *before, const char *each, int n, const char *after)
{
	size_t each_max = strlen(each) + 12, used = strlen(before);
	char *text = malloc(used + (size_t)n * each_max + strlen(after) + 1);

	ck_assert_ptr_nonnull(text);
	memcpy(text, before, used);
	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, each_max, each, i);
	memcpy(text + used, after, strlen(after) + 1);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	return text;
}

/* Each of these would take minutes if anything in it were quadratic; tests time out after seconds. */
static const struct {
	const char *before, *each, *after;
	size_t n_errors;
	uint32_t n_interfaces;
} long_ones[] = {
	{ "{'switches': [{'name': 's', 'addresses': ['192.0.2.1']}], 'ports': [{'id': '" UUID
	  "', 'attachments': ['s:x'",
	    ",'s:e%d'", "]}]}", 0, 100001 },
	{ "{'switches': [{'name': 's', 'addresses': ['192.0.2.1']}], 'ports': [{'id': '" UUID
	  "', 'attachments': ['s:x'",
	    ",'s:x'", "]}]}", 100000, 0 },
	{ "{'switches': [{'name': 's', 'addresses': ['192.0.2.1'], 'interfaces': [{'name': 'po1', 'members': ['x'",
	    ",'e%d'", "]}]}]}", 0, 100002 },
	{ "{'switches': [{'name': 's', 'addresses': ['192.0.2.1'], 'interfaces': [{'name': 'x', 'aliases': ['y'",
	    ",'e%d'", "]}]}]}", 0, 1 },
	{ "{'switches': [{'name': 's', 'addresses': ['192.0.2.1'], 'interfaces': [{'name': 'x'}",
	    ",{'name': 'p%d', 'members': ['x']}", "]}]}", 99999, 0 },
	{ "{'switches': [{'name': 's', 'addresses': ['192.0.2.1']", ",'unknown%d': 0", "}]}",
	    100000, 0 },
	{ "{'switches': [{'name': 's', 'addresses': ['192.0.2.1']}], 'hosts': [{'name': 'h', 'physnets': {'x': ['s:x']",
	    ",'p%d': ['s:x']", "}}]}", 0, 1 },
	{ "{'switches': [{'name': 's', 'hostnames': ['x'", ",'sw.d%d'", "]}]}", 0, 0 },
};

START_TEST(a_long_document_costs_time_in_proportion_to_its_length)
{
	char *text = repeat(long_ones[_i].before, long_ones[_i].each, 100000, long_ones[_i].after);
	int r = topo_from_text(slice_of(text), &topo, &faults);

	ck_assert_uint_eq(faults.n_errors, long_ones[_i].n_errors);
	ck_assert_int_eq(r, long_ones[_i].n_errors ? -EINVAL : 0);
	if (r == 0)
		ck_assert_uint_eq(topo_n_interfaces(topo), long_ones[_i].n_interfaces);
	free(text);
}
END_TEST

START_TEST(a_builder_may_be_dropped_half_way)
{
	add(TOPO_SWITCH, NULL,
	    "{'name': 's', 'addresses': ['192.0.2.1'], 'interfaces': [{'name': 'e1'}]}");
	add(TOPO_PORT, NULL, "{'id': '" UUID "', 'attachments': ['s:e1', 's:e2']}");
	ck_assert_int_eq(topo_builder_step(builder, 2), 1);
	topo_builder_free(builder);
	topo_builder_free(NULL);
	topo_free(NULL);
	builder = NULL;
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("topo bounds");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, faults_are_counted_without_end_but_kept_up_to_a_bound);
	tcase_add_test(tc, a_fault_behind_thousands_of_warnings_is_kept);
	tcase_add_test(tc, a_million_deep_document_is_refused);
	tcase_add_loop_test(
	    tc, a_long_document_costs_time_in_proportion_to_its_length, 0, N(long_ones));
	tcase_add_test(tc, a_builder_may_be_dropped_half_way);
	return run_case("topo bounds", tc);
}
