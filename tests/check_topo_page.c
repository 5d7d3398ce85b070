/* dpwatch-topology.5: it has each member of the topology document, and its example is a good one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_codec.h"
#include "lib/data_file.h"
#include "lib/run_suite.h"

static char *page;

static void
set_up(void)
{
	page = data_text("src/dpwatch/dpwatch-topology.5");
}

static void
tear_down(void)
{
	free(page);
}

/* A document with a member that there is not, in each kind of object. */
static const char *const documents[] = {
	"{\"x\": 1}",
	"{\"switches\": [{\"name\": \"a\", \"addresses\": [\"192.0.2.1\"], \"x\": 1}]}",
	"{\"switches\": [{\"name\": \"a\", \"addresses\": [\"192.0.2.1\"], \"poll\": {\"x\": 1}}]}",
	"{\"switches\": [{\"name\": \"a\", \"addresses\": [\"192.0.2.1\"],"
	" \"interfaces\": [{\"name\": \"e1\", \"x\": 1}]}]}",
	"{\"switches\": [{\"name\": \"a\", \"addresses\": [\"192.0.2.1\"]},"
	" {\"name\": \"b\", \"addresses\": [\"192.0.2.2\"]}],"
	" \"links\": [{\"a\": \"a:e1\", \"b\": \"b:e1\", \"x\": 1}]}",
	"{\"hosts\": [{\"name\": \"h\", \"x\": 1}]}",
	"{\"ports\": [{\"id\": \"11111111-1111-4111-8111-111111111111\", \"x\": 1}]}",
};
#define N_DOCUMENTS (int)(sizeof(documents) / sizeof(documents[0]))

/* What the page sets so: a section of the document, or a member. */
static bool
is_on_page(const char *name)
{
	char section[64], member[64], pair[64];

	snprintf(section, sizeof(section), ".Ss %s\n", name);
	snprintf(member, sizeof(member), "Cm %s\n", name);
	snprintf(pair, sizeof(pair), "Cm %s ,", name);
	return strstr(page, section) || strstr(page, member) || strstr(page, pair);
}

START_TEST(the_page_has_each_member_of_the_document)
{
	static const char here[] = "here may stand ";
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;

	ck_assert_int_ne(topo_from_text(slice_of(documents[_i]), &topo, &faults), 0);
	ck_assert_uint_eq(faults.n_errors, 1);
	char *reason = strdup(faults.items[0].reason);
	char *rest = strstr(reason, here);
	ck_assert_msg(rest != NULL, "%s", reason);
	rest += strlen(here);
	int n = 0;
	for (char *word; (word = strsep(&rest, ", "));) {
		if (*word == '\0' || strcmp(word, "or") == 0)
			continue;
		ck_assert_msg(is_on_page(word), "%s is not on the page", word);
		n++;
	}
	ck_assert_int_ge(n, 3);
	free(reason);
	topo_faults_release(&faults);
}
END_TEST

START_TEST(the_example_of_the_page_has_neither_fault_nor_warning)
{
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;
	char *begin = strstr(page, "{\"switches\"");

	ck_assert_ptr_nonnull(begin);
	char *end = strstr(begin, ".Ed");
	ck_assert_ptr_nonnull(end);
	struct slice text = { begin, (size_t)(end - begin) };
	ck_assert_int_eq(topo_from_text(text, &topo, &faults), 0);
	ck_assert_uint_eq(faults.n, 0);
	ck_assert_uint_eq(topo_n_switches(topo), 3);
	ck_assert_uint_eq(topo_n_ports(topo), 2);
	topo_free(topo);
	topo_faults_release(&faults);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("topo_page");
	TCase *tcase = tcase_create("topo_page");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_page_has_each_member_of_the_document, 0, N_DOCUMENTS);
	tcase_add_test(tcase, the_example_of_the_page_has_neither_fault_nor_warning);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
