/*
 * survey_fixture: what switches tell, made up; a map, or none; and what a survey makes of both. Functions and state are static:
 * each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_SURVEY_FIXTURE_H
#define DPWATCH_TESTS_LIB_SURVEY_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/survey.h"
#include "core/topo_codec.h"
#include "lib/single_quotes.h"

static json_t *results, *document;
static struct topo *topo;
static struct survey *survey;

static inline json_t *
parse(const char *text)
{
	char *quoted = json_text(text);
	json_error_t error;
	json_t *json = json_loads(quoted, JSON_DECODE_ANY, &error);

	ck_assert_msg(json != NULL, "%s: %s", error.text, quoted);
	free(quoted);
	return json;
}

static inline void
set_map(const char *text)
{
	struct topo_faults faults = { 0 };
	char *quoted = json_text(text);

	document = parse(text);
	int error = topo_from_text(slice_of(quoted), &topo, &faults);
	ck_assert_msg(error == 0, "%s", faults.n > 0 ? faults.items[0].reason : "");
	topo_faults_release(&faults);
	free(quoted);
}

static inline void
set_up(void)
{
	results = json_array();
	document = NULL;
	topo = NULL;
	survey = NULL;
}

static inline void
tear_down(void)
{
	survey_free(survey);
	topo_free(topo);
	json_decref(document);
	json_decref(results);
}

/* ---- switches ---- */

/* A switch with a chassis id 00:...:NN and its interfaces, "NAME" in order: indexes from 1. */
static inline json_t *
tell(const char *name, int number, const char *const *interfaces)
{
	json_t *rows = json_array();
	char mac[24];

	for (json_int_t i = 0; interfaces[i]; i++)
		json_array_append_new(
		    rows, json_pack("{s:s, s:s, s:s, s:I, s:i, s:s, s:i, s:[]}", "name",
			      interfaces[i], "descr", "", "alias", "", "if_index", i + 1, "type", 6,
			      "mac", "", "aggregate", 0, "aggregates"));
	snprintf(mac, sizeof(mac), "00:00:00:00:00:%02x", number);
	json_t *facts = json_pack("{s:s, s:n, s:{s:s, s:s}, s:o, s:[], s:[], s:s, s:s, s:[]}",
	    "sys_name", name, "engine_id", "chassis", "kind", "mac", "text", mac, "interfaces",
	    rows, "lldp_ports", "neighbours", "lags", "IEEE8023-LAG-MIB", "lldp", "LLDP-MIB",
	    "unread");
	json_array_append_new(results,
	    json_pack("{s:s, s:s, s:o}", "switch", name, "outcome", "answered", "facts", facts));
	return facts;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Sets a member of the interface with that index. */
static inline void
set(json_t *facts, json_int_t if_index, const char *member, json_t *value)
{
	json_t *row = json_array_get(json_object_get(facts, "interfaces"), (size_t)(if_index - 1));

	json_object_set_new(row, member, value);
}

/* At the port with that number: who has chassis 00:...:NN, with this port id. */
static inline json_t *
hear(json_t *facts, int port, int number, const char *kind, const char *id, const char *sys_name)
{
	char mac[24];

	snprintf(mac, sizeof(mac), "00:00:00:00:00:%02x", number);
	json_t *neighbour = json_pack("{s:i, s:{s:s, s:s}, s:{s:s, s:s}, s:s, s:s, s:b, s:[]}",
	    "port", port, "chassis", "kind", "mac", "text", mac, "port_id", "kind", kind, "text",
	    id, "port_descr", "", "sys_name", sys_name, "bridge", 0, "addresses");
	json_array_append_new(json_object_get(facts, "neighbours"), neighbour);
	return neighbour;
}

static inline void
begin(void)
{
	survey = survey_new(results, document, topo);
	ck_assert_ptr_nonnull(survey);
}

/* ---- what is expected ---- */

static inline void
expect_equal(const json_t *have, const char *text)
{
	json_t *wanted = parse(text);

	if (!json_equal(wanted, have)) {
		char *dump = json_dumps(have, JSON_SORT_KEYS | JSON_ENCODE_ANY);
		ck_abort_msg("%s", dump);
	}
	json_decref(wanted);
}

/* The document has these, and loads. */
static inline void
expect_drawn(const char *links, const char *hosts)
{
	struct topo_faults faults = { 0 };
	struct topo *seen = NULL;
	json_t *drawn = survey_document(survey);
	char *text = json_dumps(drawn, 0);

	expect_equal(json_object_get(drawn, "links"), links);
	expect_equal(json_object_get(drawn, "hosts"), hosts);
	ck_assert_int_eq(topo_from_text(slice_of(text), &seen, &faults), 0);
	topo_free(seen);
	topo_faults_release(&faults);
	free(text);
	json_decref(drawn);
}

static inline void
expect_findings(const char *text)
{
	json_t *findings = survey_findings(survey);

	expect_equal(findings, text);
	json_decref(findings);
}

static inline void
expect_note(const char *sw, const char *part)
{
	const json_t *note;
	size_t i;

	json_array_foreach((json_t *)survey_notes(survey), i, note)
	{
		if (strcmp(json_string_value(json_object_get(note, "switch")), sw) == 0 &&
		    strstr(json_string_value(json_object_get(note, "text")), part))
			return;
	}
	char *dump = json_dumps(survey_notes(survey), 0);
	ck_abort_msg("no note '%s' among %s", part, dump);
}

#define BARE                                                                        \
	"{'switches': [{'name': 'a', 'addresses': ['192.0.2.1']}, {'name': 'b', "   \
	"'addresses': ['192.0.2.2'], 'chassis_id': '0000.0000.000B', 'hostnames': " \
	"['b.example.net']}]}"

#endif
