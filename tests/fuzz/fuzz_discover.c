/*
 * Any answers to a discovery, of two switches that hear each other: requests stay within their arrays, the job comes to an end,
 * and what is made of the facts is a document that loads.
 *
 * Varbinds follow each other: what (an object of the tables, sysUpTime, the end of an answer, a refusal, the other switch), how
 * many numbers its index has, these, a type, a length, and so many bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/discover_job.h"
#include "core/discover_tables.h"
#include "core/survey.h"
#include "core/topo_codec.h"
#include "lib/fuzz_input.h"

enum { WHAT_END = 240, WHAT_REFUSED, WHAT_UPTIME, WHAT_OTHER_SWITCH, WHAT_COLUMNS };

static const char map_text[] =
    "{\"switches\": [{\"name\": \"a\", \"addresses\": [\"1.1.1.1\"], \"interfaces\": [{\"name\": "
    "\"Eth1\", \"if_index\": 1}, {\"name\": \"Po1\", \"members\": [\"Eth2\", \"Eth3\"]}]}, {\"name\": "
    "\"b\", \"addresses\": [\"2.2.2.2\"], \"chassis_id\": \"30:30:30:30:30:30\"}], \"links\": "
    "[{\"a\": \"a:Po1\", \"b\": \"b:Eth1\"}], \"hosts\": [{\"name\": \"h\", \"attachments\": "
    "[\"a:Eth1\"]}]}";

static unsigned
take_byte(const uint8_t **data, size_t *size)
{
	struct slice bytes = take(data, size, 1);

	return bytes.len == 1 ? (uint8_t)bytes.data[0] : 0;
}

/* A column by its number among all, its index, and its value. */
static void
take_varbind(unsigned what, const uint8_t **data, size_t *size, unsigned long *ids,
    struct trap_varbind *ret_varbind)
{
	size_t table = 0, n, n_index;

	for (what %= WHAT_COLUMNS; what >= discover_tables[table % READ_MAX].n_columns; table++)
		what -= (unsigned)discover_tables[table % READ_MAX].n_columns;
	table %= READ_MAX;
	n = discover_tables[table].columns[what].n;
	memcpy(ids, discover_tables[table].columns[what].ids, n * sizeof(*ids));
	n_index = take_byte(data, size) % 25;
	for (size_t i = 0; i < n_index; i++) {
		const unsigned byte = take_byte(data, size);
		/* Small numbers, and some that are large. */
		ids[n++] = byte < 250 ? byte : 1ul << (byte - 220);
	}
	*ret_varbind = (struct trap_varbind){ .name = { ids, n } };
	ret_varbind->type = (enum trap_value_type)(take_byte(data, size) % (VALUE_ADDRESS + 1));
	ret_varbind->bytes = take(data, size, take_byte(data, size));
	ret_varbind->integer = ret_varbind->bytes.len > 0 ? (uint8_t)ret_varbind->bytes.data[0] : 0;
}

static void
check_request(const struct discover_job *job)
{
	struct poll_request request;

	discover_job_request(job, &request);
	must(request.n >= 2 && request.n <= POLL_OIDS_MAX && request.bulk != request.next);
	for (size_t i = 0; i < request.n; i++)
		must(request.oids[i].n >= 8 && request.oids[i].n <= POLL_OID_LEN);
}

/* The facts of one switch, of the bytes up to WHAT_OTHER_SWITCH. */
static json_t *
read_switch(const uint8_t **data, size_t *size)
{
	static unsigned long ids[TRAP_VARBINDS_MAX][POLL_OID_LEN];
	static const unsigned long uptime[] = { 1, 3, 6, 1, 2, 1, 1, 3, 0 };
	struct trap_varbind varbinds[TRAP_VARBINDS_MAX] = { { .type = VALUE_OTHER } };
	struct discover_job *job = discover_job_new();
	enum poll_step step = POLL_STEP_MORE;
	size_t n = 1;

	must(job);
	varbinds[0].name = (struct oid){ uptime, 9 };
	while (*size > 0 && step == POLL_STEP_MORE) {
		const unsigned what = take_byte(data, size);
		check_request(job);
		if (what == WHAT_OTHER_SWITCH)
			break;
		if (what == WHAT_REFUSED)
			step = discover_job_refused(job) ? POLL_STEP_MORE : POLL_STEP_DONE;
		else if (what == WHAT_UPTIME) {
			varbinds[0].type = VALUE_TIMETICKS;
			varbinds[0].integer = take_byte(data, size);
		} else if (what != WHAT_END && n < TRAP_VARBINDS_MAX) {
			take_varbind(what, data, size, ids[n], &varbinds[n]);
			n++;
		} else {
			step = discover_job_take(job, varbinds, n);
			n = 1;
		}
	}
	/* Nothing more comes: it ends by itself. */
	for (int i = 0; step == POLL_STEP_MORE; i++) {
		must(i < 2 * READ_MAX);
		step = discover_job_take(job, NULL, 0);
	}
	json_t *facts = discover_job_facts(job);
	must(facts);
	discover_job_free(job);
	return facts;
}

static void
check_survey(const json_t *results)
{
	struct topo_faults faults = { 0 };
	json_t *document = topo_document_parse(SLICE(map_text), &faults);
	struct topo *topo = NULL, *seen = NULL;

	must(topo_from_text(SLICE(map_text), &topo, &faults) == 0);
	struct survey *survey = survey_new(results, document, topo);
	must(survey);
	json_t *findings = survey_findings(survey), *drawn = survey_document(survey);
	must(findings && drawn);
	char *text = json_dumps(drawn, JSON_COMPACT);
	must(text);
	topo_faults_release(&faults);
	const int error = topo_from_text(slice_of(text), &seen, &faults);
	for (size_t i = 0; error != 0 && i < faults.n; i++)
		fprintf(stderr, "%s: %s\n", faults.items[i].path, faults.items[i].reason);
	must(error == 0);
	free(text);
	topo_faults_release(&faults);
	topo_free(seen);
	topo_free(topo);
	json_decref(findings);
	json_decref(drawn);
	json_decref(document);
	survey_free(survey);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *results = json_array();

	for (int i = 0; i < 2; i++)
		json_array_append_new(
		    results, json_pack("{s:s, s:s, s:o}", "switch", i == 0 ? "a" : "b", "outcome",
				 "answered", "facts", read_switch(&data, &size)));
	check_survey(results);
	json_decref(results);
	return 0;
}
