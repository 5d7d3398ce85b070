/*
 * `topology discover`: the daemon asks the switches, here what they tell is put together (core/survey).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "core/survey.h"
#include "core/topo_codec.h"
#include "discover.h"
#include "table.h"

/* A terminal need not flicker for less. */
#define QUIET_SECONDS 2.0

/* ---- asking ---- */

static double
seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* A number, or -1 after a message. */
static json_int_t
begin(struct cli *cli, const json_t *names)
{
	json_t *body = names ? json_pack("{s:O}", "switches", names) : json_object();
	char *text = json_dumps(body, JSON_COMPACT);
	struct client_reply reply;
	json_int_t number = -1;

	if (client_post(cli->client, "/v1/discoveries", slice_of(text), &reply) == CLIENT_OK) {
		number = json_number(json_object_get(reply.json, "discovery"), "id");
		client_reply_release(&reply);
	}
	free(text);
	json_decref(body);
	return number;
}

static void
show(const struct cli *cli, const struct timespec *start, const json_t *page)
{
	static bool told;
	const double seconds = seconds_since(start);
	const long long done = (long long)json_number(page, "done"),
			all = (long long)json_number(page, "switches");

	if (seconds < QUIET_SECONDS)
		return;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[Kdpwatch: %.0f s: %lld of %lld switches are done", seconds,
		    done, all);
	else if (cli->verbose && !told)
		progress_say(cli, "%lld of %lld switches are done", done, all);
	told = true;
	if (isatty(STDERR_FILENO) && json_flag(page, "finished"))
		fputs("\r\033[K", stderr);
}

/* The next page; the caller's. NULL after a message. */
static json_t *
fetch(struct cli *cli, json_int_t number, json_int_t after)
{
	struct client_reply reply;
	char target[96];

	snprintf(target, sizeof(target), "/v1/discoveries/%lld?after=%lld", (long long)number,
	    (long long)after);
	if (client_get(cli->client, target, &reply) != CLIENT_OK)
		return NULL;
	json_t *page = json_incref(json_object_get(reply.json, "discovery"));
	client_reply_release(&reply);
	return page;
}

/*
 * What these switches (NULL: all) tell, as core/survey.h takes it; waits for it, and tells on a terminal how far it is. The
 * caller's; NULL after a message.
 */
static json_t *
ask_switches(struct cli *cli, const json_t *names)
{
	const struct timespec nap = { .tv_nsec = 100000000 };
	const json_int_t number = begin(cli, names);
	json_t *results = json_array();
	struct timespec start;
	bool finished = false;
	json_int_t last = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (number >= 0 && !finished) {
		json_t *page = fetch(cli, number, last);
		if (!page)
			break;
		json_array_extend(results, json_object_get(page, "results"));
		const bool news = json_number(page, "last") != last;
		last = json_number(page, "last");
		finished = json_flag(page, "finished");
		show(cli, &start, page);
		json_decref(page);
		if (!finished && !news)
			nanosleep(&nap, NULL);
	}
	/* They come in the order of their answers. */
	json_sort(results, "switch", "switch");
	if (finished) {
		char target[64];
		struct client_reply reply;
		snprintf(target, sizeof(target), "/v1/discoveries/%lld", (long long)number);
		if (client_delete(cli->client, target, &reply) == CLIENT_OK)
			client_reply_release(&reply);
		return results;
	}
	json_decref(results);
	return NULL;
}

/* ---- what went wrong ---- */

static void
tell(const char *sw, const char *what, const char *why)
{
	fputs("dpwatch: ", stderr);
	print_clean(stderr, sw);
	fputs(": ", stderr);
	print_clean(stderr, what);
	fputs(*what ? ": " : "", stderr);
	print_clean(stderr, why);
	fputc('\n', stderr);
}

/* On standard error: which switches told nothing, or not all. False where there was any. */
static bool
tell_failures(const json_t *results)
{
	const json_t *result, *table;
	bool all = true;
	size_t i, k;

	json_array_foreach((json_t *)results, i, result)
	{
		const char *sw = json_text(result, "switch"),
			   *outcome = json_text(result, "outcome");
		if (strcmp(outcome, "no answer") == 0)
			outcome = "no answer: time-out, or a wrong community";
		if (strcmp(outcome, "answered") != 0) {
			tell(sw, "", outcome);
			all = false;
		}
		json_array_foreach(
		    json_object_get(json_object_get(result, "facts"), "unread"), k, table)
		{
			tell(sw, json_text(table, "what"), json_text(table, "why"));
			all = false;
		}
	}
	return all;
}

static void
tell_notes(const json_t *notes)
{
	const json_t *note;
	size_t i;

	json_array_foreach((json_t *)notes, i, note)
	    tell(json_text(note, "switch"), "", json_text(note, "text"));
}

/* ---- the document ---- */

static void
print_list(const char *name, const json_t *list, bool last)
{
	const json_t *item;
	size_t i;

	printf("  \"%s\": [", name);
	json_array_foreach((json_t *)list, i, item)
	{
		printf("%s\n    ", i > 0 ? "," : "");
		json_dumpf(item, stdout, 0);
	}
	printf("]%s\n", last ? "" : ",");
}

/* A record a line, as `topology dump` prints them. */
static void
print_document(const struct cli *cli, const json_t *document)
{
	if (cli->json) {
		cli_print_json(cli, document);
		return;
	}
	puts("{");
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++)
		print_list(topo_kind_plurals[kind],
		    json_object_get(document, topo_kind_plurals[kind]), kind == TOPO_KIND_MAX - 1);
	puts("}");
}

/* What is printed can be loaded; where it cannot, the reason is told, so that it can be mended. */
static bool
tell_faults(const json_t *document)
{
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;
	char *text = json_dumps(document, JSON_COMPACT);
	int error = topo_from_text(slice_of(text), &topo, &faults);

	for (size_t i = 0; i < faults.n; i++)
		if (!faults.items[i].warning)
			tell("the document", faults.items[i].path, faults.items[i].reason);
	topo_faults_release(&faults);
	topo_free(topo);
	free(text);
	return error == 0;
}

/* ---- findings ---- */

/* Nothing where there are none. */
static void
print_findings(const struct cli *cli, const json_t *findings)
{
	static const struct table_column columns[] = {
		{ .title = "FINDING" },
		{ .title = "WHAT" },
		{ .title = "WHERE" },
		{ .title = "THE MAP SAYS" },
		{ .title = "THE SWITCH SAYS" },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *finding;
	size_t i;

	json_array_foreach((json_t *)findings, i, finding)
	{
		const char *interface = json_text(finding, "interface");
		char where[2200];
		snprintf(where, sizeof(where), "%s%s%s", json_text(finding, "switch"),
		    *interface ? ":" : "", interface);
		table_tinted(table, TINT_WARNING, json_text(finding, "kind"));
		table_cell(table, json_text(finding, "what"));
		table_cell(table, where);
		table_cell(table, *json_text(finding, "map") ? json_text(finding, "map") : "-");
		table_cell(table, *json_text(finding, "seen") ? json_text(finding, "seen") : "-");
	}
	if (json_array_size(findings) > 0)
		table_print(table, cli->width, cli->color);
	table_free(table);
}

static bool
any_answered(const json_t *results)
{
	const json_t *result;
	size_t i;

	json_array_foreach((json_t *)results, i,
	    result) if (strcmp(json_text(result, "outcome"), "answered") == 0) return true;
	return false;
}

int
discover_check(struct cli *cli, const struct topo *topo, json_t **ret_findings)
{
	json_t *results = ask_switches(cli, NULL);
	struct survey *survey = results ? survey_new(results, NULL, topo) : NULL;
	bool good = survey != NULL;

	*ret_findings = NULL;
	if (survey) {
		good = tell_failures(results);
		if (any_answered(results))
			*ret_findings = survey_findings(survey);
		good = good && json_array_size(*ret_findings) == 0;
		tell_notes(survey_notes(survey));
	}
	survey_free(survey);
	json_decref(results);
	return good ? CLI_DONE : CLI_REFUSED;
}

void
discover_print_check(const struct cli *cli, const json_t *findings)
{
	const size_t n = json_array_size(findings);

	if (!findings)
		return;
	if (n == 0)
		puts("the switches that answered say the same");
	else
		printf("\nthe switches say otherwise, %zu time%s:\n", n, n == 1 ? "" : "s");
	print_findings(cli, findings);
}

/* ---- the command ---- */

static json_t *
names_of(const struct cli *cli)
{
	json_t *names = json_array();

	if (cli->n_args == 0) {
		json_decref(names);
		return NULL;
	}
	for (int i = 0; i < cli->n_args; i++) {
		json_t *name = json_string(cli->args[i]);
		json_array_append_new(names, name ? name : json_string("?"));
	}
	return names;
}

static void
print_diff(const struct cli *cli, struct survey *survey)
{
	json_t *findings = survey_findings(survey);

	if (cli->json) {
		json_t *answer = json_pack("{s:O}", "findings", findings);
		cli_print_json(cli, answer);
		json_decref(answer);
	} else if (json_array_size(findings) == 0) {
		puts("the map is as the switches say");
	} else {
		print_findings(cli, findings);
	}
	json_decref(findings);
}

static int
put(const struct cli *cli, const json_t *results, const json_t *document, const struct topo *topo)
{
	struct survey *survey = survey_new(results, document, topo);
	bool good = tell_failures(results);

	if (!survey)
		return cli_refuse("out of memory");
	if (cli_value(cli, "diff")) {
		print_diff(cli, survey);
	} else {
		json_t *seen = survey_document(survey);
		print_document(cli, seen);
		fflush(stdout);
		good = tell_faults(seen) && good;
		json_decref(seen);
	}
	tell_notes(survey_notes(survey));
	survey_free(survey);
	return good ? CLI_DONE : CLI_REFUSED;
}

/* The map in force, both ways; the caller's. False after a message. */
static bool
map_in_force(struct cli *cli, json_t **ret_document, struct topo **ret_topo)
{
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;
	char *bytes;
	size_t len;

	if (!live_document(cli, &bytes, &len))
		return false;
	json_t *document = json_loadb(bytes, len, 0, NULL);
	int error = topo_from_text((struct slice){ bytes, len }, &topo, &faults);
	topo_faults_release(&faults);
	free(bytes);
	if (document && error == 0) {
		*ret_document = document;
		*ret_topo = topo;
		return true;
	}
	json_decref(document);
	topo_free(topo);
	cli_refuse("the map in force cannot be read: dpwatch topology check tells why");
	return false;
}

int
cmd_topology_discover(struct cli *cli)
{
	json_t *document = NULL, *names = names_of(cli), *results = NULL;
	struct topo *topo = NULL;
	int status = CLI_REFUSED;

	if (map_in_force(cli, &document, &topo) && (results = ask_switches(cli, names)))
		status = put(cli, results, document, topo);
	json_decref(results);
	json_decref(names);
	json_decref(document);
	topo_free(topo);
	return status;
}
