#include "rules_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ifname.h"
#include "core/sender.h"
#include "core/syslog_link.h"
#include "core/text.h"
#include "core/topo_codec.h"

/* The decoder looks at RULES_SCAN_MAX bytes; more is not shown either. Quoted, a byte may become three. */
#define SHOWN_MAX (RULES_SCAN_MAX * 3 + 8)

/* What the lines are held against. */
struct lines_test {
	struct cli *cli;
	const struct rules *rules;
	enum os_family os;
	struct topo *topo; /* NULL: no map was given */
	uint32_t sw;       /* the switch of --switch, or TOPO_NONE: HOSTNAME tells */
	size_t n_lines, n_events, n_malformed, n_not_in_map;
	size_t n_misses[MISS_MAX];
};

/* What became of one line. */
struct line_outcome {
	enum decode_result result;
	enum rules_miss miss;
	struct link_event event;
	struct syslog_msg msg;
	char key[IFNAME_MAX + 1]; /* the canonical name; "": the line names no interface */
	uint32_t sw, interface;   /* of the map, or TOPO_NONE */
};

/* ---- one line ---- */

static enum os_family
os_of(const struct lines_test *test, uint32_t sw)
{
	if (test->os != OS_UNKNOWN || sw == TOPO_NONE)
		return test->os;
	return topo_switch_get(test->topo, sw)->os;
}

static void
find_in_map(const struct lines_test *test, struct line_outcome *outcome)
{
	struct slice name = outcome->event.name;
	struct addr sender;

	outcome->sw = outcome->interface = TOPO_NONE;
	if (test->topo == NULL)
		return;
	outcome->sw = test->sw;
	/* As if from a local socket: whoever it names is believed. */
	if (outcome->sw == TOPO_NONE)
		outcome->sw = sender_of_syslog(
		    test->topo, NULL, NULL, outcome->msg.host, outcome->msg.outer_host, &sender);
	if (outcome->sw != TOPO_NONE && name.len > 0)
		outcome->interface = topo_interface_named(test->topo, outcome->sw, name);
}

static void
decode_line(const struct lines_test *test, struct slice line, struct line_outcome *ret_outcome)
{
	*ret_outcome = (struct line_outcome){ 0 };
	ret_outcome->result = syslog_link_decode(
	    test->rules, line, &ret_outcome->event, &ret_outcome->msg, &ret_outcome->miss);
	/* Of a line that no rule knows, the host is a guess, and worth showing. */
	if (ret_outcome->miss == MISS_NO_RULE)
		syslog_msg_guess(&ret_outcome->msg);
	find_in_map(test, ret_outcome);
	ifname_key(os_of(test, ret_outcome->sw), ret_outcome->event.name, ret_outcome->key);
}

static bool
is_missing(const struct lines_test *test, const struct line_outcome *outcome)
{
	return test->topo && outcome->result == DECODE_EVENT && outcome->event.name.len > 0 &&
	       outcome->interface == TOPO_NONE;
}

static void
count(struct lines_test *test, const struct line_outcome *outcome)
{
	test->n_lines++;
	test->n_events += outcome->result == DECODE_EVENT;
	test->n_malformed += outcome->result == DECODE_MALFORMED;
	test->n_misses[outcome->miss]++;
	test->n_not_in_map += is_missing(test, outcome);
}

/* ---- for people ---- */

static void
print_place(const struct lines_test *test, const struct line_outcome *outcome)
{
	char place[600];

	if (outcome->interface != TOPO_NONE)
		printf(" = %s",
		    topo_interface_text(test->topo, outcome->interface, place, sizeof(place)));
	else if (is_missing(test, outcome) && outcome->sw == TOPO_NONE)
		printf(", of no switch of the map");
	else if (is_missing(test, outcome))
		printf(", which %s lacks in the map",
		    topo_text_get(test->topo, topo_switch_get(test->topo, outcome->sw)->name));
}

static void
print_line(const struct lines_test *test, const struct line_outcome *outcome)
{
	char text[400], host[300];

	rules_outcome_text(outcome->result, outcome->miss, &outcome->event, text, sizeof(text));
	printf("%zu: ", test->n_lines);
	print_clean(stdout, text);
	if (outcome->key[0] != '\0')
		printf(" (%s)", outcome->key);
	print_place(test, outcome);
	if (outcome->event.rule)
		printf(", rule %s", outcome->event.rule);
	if (outcome->msg.host.len > 0) {
		printf(", host ");
		print_clean(stdout, text_quote(outcome->msg.host, host, sizeof(host)));
	}
	if (outcome->result != DECODE_EVENT)
		printf(": %s%s", outcome->result == DECODE_MALFORMED ? "malformed, " : "",
		    stat_help[syslog_link_stats[outcome->miss]]);
	putchar('\n');
}

static void
print_summary(const struct lines_test *test)
{
	size_t n_not_ours = test->n_lines - test->n_events - test->n_malformed;
	const char *between = ":";

	printf("%zu line%s: %zu event%s, %zu not ours, %zu malformed", test->n_lines,
	    test->n_lines == 1 ? "" : "s", test->n_events, test->n_events == 1 ? "" : "s",
	    n_not_ours, test->n_malformed);
	for (int miss = MISS_NONE + 1; miss < MISS_MAX; miss++) {
		if (test->n_misses[miss] == 0)
			continue;
		printf("%s %zu %s", between, test->n_misses[miss], rules_miss_names[miss]);
		between = ",";
	}
	putchar('\n');
	if (test->n_not_in_map > 0)
		printf("%zu event%s of interfaces that are not in the map\n", test->n_not_in_map,
		    test->n_not_in_map == 1 ? "" : "s");
}

/* ---- for programs: one document, written as the lines come ---- */

static json_t *
slice_json(struct slice text)
{
	char buf[SHOWN_MAX];

	return text.len == 0
		   ? json_null()
		   : json_string(text_quote(slice_first(text, RULES_SCAN_MAX), buf, sizeof(buf)));
}

static json_t *
text_json(const char *text)
{
	return text == NULL || *text == '\0' ? json_null() : json_string(text);
}

static const char *
event_kind(const struct line_outcome *outcome)
{
	static const char *const names[LINK_EVENT_KIND_MAX] = {
		[LINK_EVENT_WORD] = "word",
		[LINK_EVENT_RESTART] = "restart",
		[LINK_EVENT_DOUBT] = "doubt",
		[LINK_EVENT_HINT] = "hint",
	};

	if (outcome->event.kind == LINK_EVENT_RESTART && outcome->event.new_boot)
		return "boot";
	return names[outcome->event.kind];
}

static json_t *
event_json(const struct line_outcome *outcome)
{
	const struct link_event *event = &outcome->event;

	if (outcome->result != DECODE_EVENT)
		return json_null();
	return json_pack("{s:s, s:o, s:s, s:o, s:o}", "kind", event_kind(outcome), "word",
	    text_json(link_word_names[event->word]), "layer", link_layer_names[event->layer],
	    "interface", slice_json(event->name), "canonical", text_json(outcome->key));
}

static json_t *
place_json(const struct lines_test *test, const struct line_outcome *outcome)
{
	json_t *place = json_object();

	if (test->topo == NULL) {
		json_decref(place);
		return json_null();
	}
	json_object_set_new(place, "switch",
	    outcome->sw == TOPO_NONE ? json_null()
				     : json_string(topo_text_get(test->topo,
					   topo_switch_get(test->topo, outcome->sw)->name)));
	json_object_set_new(place, "interface",
	    outcome->interface == TOPO_NONE
		? json_null()
		: json_string(topo_text_get(
		      test->topo, topo_interface_get(test->topo, outcome->interface)->name)));
	return place;
}

static void
put_line_json(const struct lines_test *test, const struct line_outcome *outcome, struct slice line)
{
	static const char *const results[] = { "event", "not-ours", "malformed" };
	bool event = outcome->result == DECODE_EVENT;
	json_t *object = json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "line",
	    (json_int_t)test->n_lines, "text", slice_json(line), "result", results[outcome->result],
	    "reason", text_json(rules_miss_names[outcome->miss]), "counter",
	    event ? json_string(stat_names[STAT_SYSLOG_EVENT])
		  : json_string(stat_names[syslog_link_stats[outcome->miss]]),
	    "rule", text_json(outcome->event.rule), "host", slice_json(outcome->msg.host), "event",
	    event_json(outcome), "map", place_json(test, outcome));

	fputs(test->n_lines == 1 ? "" : ",", stdout);
	if (object)
		json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
}

static void
put_summary_json(const struct lines_test *test)
{
	json_t *reasons = json_object();

	for (int miss = MISS_NONE + 1; miss < MISS_MAX; miss++)
		json_object_set_new(reasons, rules_miss_names[miss],
		    json_integer((json_int_t)test->n_misses[miss]));
	json_t *summary = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "lines",
	    (json_int_t)test->n_lines, "events", (json_int_t)test->n_events, "not_ours",
	    (json_int_t)(test->n_lines - test->n_events - test->n_malformed), "malformed",
	    (json_int_t)test->n_malformed, "not_in_map", (json_int_t)test->n_not_in_map, "reasons",
	    reasons);
	fputs("],\"summary\":", stdout);
	json_dumpf(summary, stdout, JSON_COMPACT);
	fputs("}\n", stdout);
	json_decref(summary);
}

/* ---- all lines ---- */

static int
read_lines(struct lines_test *test, FILE *file, const char *name)
{
	struct line_outcome outcome;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (test->cli->json)
		fputs("{\"lines\":[", stdout);
	while ((len = getline(&line, &size, file)) >= 0) {
		const struct slice bytes = { line, (size_t)len };

		decode_line(test, bytes, &outcome);
		count(test, &outcome);
		if (test->cli->json)
			put_line_json(test, &outcome, slice_trim(bytes));
		else
			print_line(test, &outcome);
	}
	free(line);
	if (test->cli->json)
		put_summary_json(test);
	else
		print_summary(test);
	return ferror(file) ? cli_refuse("%s: %s", name, strerror(errno)) : CLI_DONE;
}

/* ---- the map ---- */

/* The text of the document of --topology, or of the daemon's. */
static int
read_document(struct cli *cli, char **ret_bytes, size_t *ret_len)
{
	const char *path = cli_value(cli, "topology");
	struct client_reply reply;

	if (path)
		return document_read(path, DOCUMENT_MAX, ret_bytes, ret_len) ? CLI_DONE
									     : CLI_REFUSED;
	if (client_get(cli->client, "/v1/topology", &reply) != CLIENT_OK)
		return CLI_REFUSED;
	*ret_bytes = strndup(reply.body, reply.len);
	*ret_len = reply.len;
	client_reply_release(&reply);
	return *ret_bytes ? CLI_DONE : cli_refuse("out of memory");
}

static int
read_map(struct lines_test *test)
{
	const char *path = cli_value(test->cli, "topology"), *name = cli_value(test->cli, "switch");
	struct topo_faults faults = { 0 };
	char *bytes = NULL;
	size_t len = 0;

	if (!path && !name)
		return CLI_DONE;
	int status = read_document(test->cli, &bytes, &len);
	if (status == CLI_DONE &&
	    topo_from_text((struct slice){ bytes, len }, &test->topo, &faults))
		status = cli_refuse("%s is no good topology: 'topology check' tells why",
		    path ? path : "what the daemon has");
	if (status == CLI_DONE && name) {
		test->sw = topo_switch_by_hostname(test->topo, slice_of(name));
		if (test->sw == TOPO_NONE)
			status = cli_refuse("no switch of the map is called '%s'", name);
	}
	topo_faults_release(&faults);
	free(bytes);
	return status;
}

int
rules_lines_test(struct cli *cli, const struct rules *rules)
{
	const char *path = cli_value(cli, "lines"), *os = cli_value(cli, "os");
	bool from_input = strcmp(path, "-") == 0;
	struct lines_test test = { .cli = cli, .rules = rules, .sw = TOPO_NONE };

	test.os = os_family_from(slice_of(os));
	if (test.os == OS_OTHER)
		fprintf(stderr,
		    "dpwatch: --os %s: no family with short names of its own is called so\n", os);
	FILE *file = from_input ? stdin : fopen(path, "re");
	if (!file)
		return cli_refuse("%s: %s", path, strerror(errno));
	int status = read_map(&test);
	if (status == CLI_DONE)
		status = read_lines(&test, file, from_input ? "standard input" : path);
	topo_free(test.topo);
	if (!from_input)
		fclose(file);
	return status;
}
