/*
 * import_fixture: Neutron's ports, a base and a hosts file made into a topology document, and what became of each port.
 * Functions and state are static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_IMPORT_FIXTURE_H
#define DPWATCH_TESTS_LIB_IMPORT_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/import_neutron.h"
#include "lib/guard.h"
#include "lib/single_quotes.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct hosts_file hosts;
static struct topo_faults faults;
static struct import_report report;
static json_t *base, *document;

static inline void
setup(void)
{
	hosts = (struct hosts_file){ 0 };
	faults = (struct topo_faults){ 0 };
	report = (struct import_report){ 0 };
	base = document = NULL;
}

static inline void
teardown(void)
{
	json_decref(base);
	json_decref(document);
	hosts_file_release(&hosts);
	topo_faults_release(&faults);
	import_report_release(&report);
}

/* Texts with ' for "; NULL: none. */
static inline void
given(const char *base_text, const char *hosts_text)
{
	char *text = base_text ? json_text(base_text) : NULL;

	if (text) {
		base = topo_document_parse(slice_of(text), &faults);
		ck_assert_ptr_nonnull(base);
	}
	if (hosts_text)
		ck_assert_int_eq(
		    hosts_file_parse(&hosts, slice_of(hosts_text), "hosts.txt", &faults), 0);
	free(text);
}

static inline int
import(struct slice source, bool with_hosts)
{
	struct guard guard = { 0 };
	const struct import_base with = {
		.document = base,
		.path = base ? "base.json" : NULL,
		.hosts = with_hosts ? &hosts : NULL,
		.hosts_path = "hosts.txt",
	};
	/* The source ends right before an unreadable page. */
	char *bytes = guard_put(&guard, source.data, source.len);
	int r = import_neutron(
	    (struct slice){ bytes, source.len }, "ports.json", &with, &document, &report, &faults);

	guard_release(&guard);
	return r;
}

static inline int
import_text(const char *source_text)
{
	char *text = json_text(source_text);
	int r = import(slice_of(text), hosts.n > 0);

	free(text);
	return r;
}

/* Everything of the document's member, without id, project and name: "{'host':'c1'}" with ' for ". */
static inline const char *
placed(uint32_t number)
{
	static char text[512];
	char id[40];
	json_t *port;
	size_t i;

	snprintf(id, sizeof(id), "%08x-0000-4000-8000-%012x", number, number);
	slice_copy(SLICE("-"), text, sizeof(text));
	json_array_foreach(json_object_get(document, "ports"), i, port)
	{
		if (strcmp(json_string_value(json_object_get(port, "id")), id) != 0)
			continue;
		json_t *copy = json_copy(port);
		json_object_del(copy, "id");
		json_object_del(copy, "name");
		json_object_del(copy, "project_id");
		char *dump = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
		for (char *at = dump; *at; at++)
			if (*at == '"')
				*at = '\'';
		slice_copy(slice_of(dump), text, sizeof(text));
		free(dump);
		json_decref(copy);
	}
	return text;
}

static inline const char *
rejected(uint32_t number)
{
	char id[40];

	snprintf(id, sizeof(id), "%08x-0000-4000-8000-%012x", number, number);
	for (size_t i = 0; i < report.n_rejects; i++)
		if (strcmp(report.rejects[i].id, id) == 0)
			return report.rejects[i].reason;
	return "-";
}

#endif
