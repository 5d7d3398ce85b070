#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/topo.h"
#include "table.h"
#include "util/timeutil.h"

/* So many are shown when what was typed begins several. */
#define CANDIDATES 10

/* ---- list ---- */

static const char *
port_state(const json_t *port, enum table_tint *ret_tint)
{
	if (json_flag(port, "dp_down")) {
		*ret_tint = TINT_BAD;
		return "DOWN";
	}
	if (json_number(port, "paths_up") < json_number(port, "paths_total")) {
		*ret_tint = TINT_WARNING;
		return "degraded";
	}
	*ret_tint = TINT_GOOD;
	return "up";
}

/* Of one cause: "access link-down leaf1:Ethernet1/1", or who reported it. The caller frees it. */
static char *
cause_text(const json_t *cause)
{
	char *text;
	int len;

	if (*json_text(cause, "by"))
		len = asprintf(&text, "reported by %s%s%s", json_text(cause, "by"),
		    *json_text(cause, "note") ? ": " : "", json_text(cause, "note"));
	else
		len = asprintf(&text, "%s%s%s%s%s%s%s", json_text(cause, "cause"),
		    *json_text(cause, "reason") ? " " : "", json_text(cause, "reason"),
		    *json_text(cause, "switch") ? " " : "", json_text(cause, "switch"),
		    *json_text(cause, "interface") ? ":" : "", json_text(cause, "interface"));
	return len < 0 ? NULL : text;
}

static void
port_row(struct table *table, const json_t *port)
{
	char ago[TIMEUTIL_RELATIVE], paths[32], *all;
	enum table_tint tint;
	const char *state = port_state(port, &tint);
	char *cause = cause_text(json_array_get(json_object_get(port, "dp_down_causes"), 0));
	bool maintained = json_flag(port, "dp_down_maintenance");

	table_cell(table, json_text(port, "id"));
	table_cell(table, json_text(port, "name"));
	table_tinted(table, tint, state);
	snprintf(paths, sizeof(paths), "%lld/%lld", (long long)json_number(port, "paths_up"),
	    (long long)json_number(port, "paths_total"));
	table_cell(table, paths);
	table_cell(table, json_ago(port, "dp_down_since", ago));
	if (asprintf(&all, "%s%s%s", cause ? cause : "", cause && *cause && maintained ? ", " : "",
		maintained ? "in maintenance" : "") < 0)
		all = NULL;
	table_cell(table, all ? all : "");
	free(all);
	free(cause);
}

static void
print_ports(const struct cli *cli, const json_t *ports)
{
	static const struct table_column columns[] = {
		{ .title = "ID", .fixed = true },
		{ .title = "NAME" },
		{ .title = "STATE", .fixed = true },
		{ .title = "PATHS", .right = true, .drop = 2 },
		{ .title = "SINCE", .fixed = true, .drop = 1 },
		{ .title = "CAUSE", .drop = 3 },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *port;
	size_t i;

	json_array_foreach(ports, i, port) port_row(table, port);
	table_print(table, cli->width, cli->color);
	table_free(table);
}

int
cmd_port_list(struct cli *cli)
{
	const char *target = cli_value(cli, "down") ? "/v2.0/ports?dp_down=true" : "/v2.0/ports";
	json_t *ports;

	if (client_get_list(cli->client, target, "ports", &ports) != CLIENT_OK)
		return CLI_REFUSED;
	json_sort(ports, "name", "id");
	if (cli->json)
		cli_print_list(cli, "ports", ports);
	else
		print_ports(cli, ports);
	json_decref(ports);
	return CLI_DONE;
}

/* ---- which port is meant ---- */

/* Ports that a filter names, at most CANDIDATES + 1. NULL after a message. */
static json_t *
ports_by(struct cli *cli, const char *filter, const char *text)
{
	char *escaped = client_escape(text), *target;
	struct client_reply reply;
	json_t *ports = NULL;

	if (asprintf(&target, "/v2.0/ports?%s=%s&limit=%d", filter, escaped, CANDIDATES + 1) < 0)
		target = NULL;
	free(escaped);
	if (target && client_get(cli->client, target, &reply) == CLIENT_OK) {
		ports = json_incref(json_object_get(reply.json, "ports"));
		client_reply_release(&reply);
	}
	free(target);
	return ports;
}

static void
tell_candidates(const char *text, const json_t *ports)
{
	const json_t *port;
	size_t i;

	cli_refuse("'%s' may be any of these; give more of one:", text);
	json_array_foreach(ports, i, port)
	{
		fprintf(stderr, "  %s  ", i < CANDIDATES ? json_text(port, "id") : "...");
		if (i < CANDIDATES)
			print_clean(stderr, json_text(port, "name"));
		fputc('\n', stderr);
	}
}

json_t *
port_find(struct cli *cli, const char *text)
{
	uint8_t id[16];

	/* A variable that is not set, in a script: it would begin every port. */
	if (*text == '\0') {
		cli_refuse("which port? '' is neither an id nor a name");
		return NULL;
	}
	const char *const filters[] = { port_id_parse(slice_of(text), id) ? "id" : "name",
		"match" };
	json_t *port = NULL;

	for (size_t i = 0; i < 2; i++) {
		json_t *ports = ports_by(cli, filters[i], text);
		if (!ports)
			return NULL;
		if (json_array_size(ports) == 1)
			port = json_incref(json_array_get(ports, 0));
		else if (json_array_size(ports) > 1)
			tell_candidates(text, ports);
		bool done = json_array_size(ports) > 0;
		json_decref(ports);
		if (done)
			return port;
	}
	cli_refuse(
	    "no port has the id or name '%s', nor one that begins so: dpwatch port list shows all",
	    text);
	return NULL;
}

/* ---- show ---- */

static void
put_field(const char *title, const char *text)
{
	printf("%-12s", title);
	print_clean(stdout, *text ? text : "-");
	putchar('\n');
}

static void
put_causes(const json_t *causes)
{
	const json_t *cause;
	size_t i;

	json_array_foreach(causes, i, cause)
	{
		char *text = cause_text(cause);
		put_field(i == 0 ? "cause" : "", text ? text : "");
		free(text);
		if (*json_text(cause, "fault"))
			put_field("fault", json_text(cause, "fault"));
	}
}

static void
print_port(const struct cli *cli, const json_t *port)
{
	static const char *const colors[] = {
		[TINT_GOOD] = "\033[32m",
		[TINT_WARNING] = "\033[33m",
		[TINT_BAD] = "\033[1;31m",
	};
	char when[JSON_WHEN];
	enum table_tint tint;
	const char *state = port_state(port, &tint);

	put_field("id", json_text(port, "id"));
	put_field("name", json_text(port, "name"));
	put_field("project", json_text(port, "project_id"));
	put_field("host", json_text(port, "binding:host_id"));
	printf("%-12s%s%s%s", "state", cli->color ? colors[tint] : "", state,
	    cli->color ? "\033[0m" : "");
	printf(", data_plane_status %s\n", *json_text(port, "data_plane_status")
					       ? json_text(port, "data_plane_status")
					       : "null (nothing is known)");
	printf("%-12s%lld up, %lld stranded, %lld in all\n", "paths",
	    (long long)json_number(port, "paths_up"),
	    (long long)json_number(port, "paths_stranded"),
	    (long long)json_number(port, "paths_total"));
	put_causes(json_object_get(port, "dp_down_causes"));
	if (json_flag(port, "dp_down_maintenance"))
		put_field("maintenance", "yes: its host, or a switch of its attachments");
	put_field("since", json_when(port, "dp_down_since", when));
	put_field("heard", json_when(port, "heard_at", when));
	printf("%-12s%lld\n", "revision", (long long)json_number(port, "revision_number"));
}

int
cmd_port_show(struct cli *cli)
{
	json_t *port = port_find(cli, cli->args[0]);

	if (!port)
		return CLI_REFUSED;
	if (cli->json)
		cli_print_json(cli, port);
	else
		print_port(cli, port);
	json_decref(port);
	return CLI_DONE;
}

/* ---- set and unset ---- */

static void
print_after(const json_t *port, const char *said)
{
	print_clean(stdout, *json_text(port, "name") ? json_text(port, "name") : "port");
	printf(" (%s): %s; dp_down is %s\n", json_text(port, "id"), said,
	    json_flag(port, "dp_down") ? "true" : "false");
	/* Who takes a report back wonders why it is still down. */
	if (json_flag(port, "dp_down"))
		put_causes(json_object_get(port, "dp_down_causes"));
}

/* PUTs the attributes (taken) to the port that the first argument means. */
static int
port_put(struct cli *cli, json_t *attributes, const char *said)
{
	json_t *port = port_find(cli, cli->args[0]);
	json_t *body = json_pack("{s:o}", "port", attributes);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL, *target = NULL;
	struct client_reply reply;
	int status = CLI_REFUSED;

	if (port && text && asprintf(&target, "/v2.0/ports/%s", json_text(port, "id")) > 0 &&
	    client_put(cli->client, target, slice_of(text), &reply) == CLIENT_OK) {
		if (cli->json)
			cli_print_json(cli, json_object_get(reply.json, "port"));
		else
			print_after(json_object_get(reply.json, "port"), said);
		client_reply_release(&reply);
		status = CLI_DONE;
	}
	free(target);
	free(text);
	json_decref(body);
	json_decref(port);
	return status;
}

int
cmd_port_set(struct cli *cli)
{
	const char *value = cli_value(cli, "dp-down"), *note = cli_value(cli, "note");
	const char *span;
	json_t *attributes;

	if (!value || (strcmp(value, "true") != 0 && strcmp(value, "false") != 0))
		return cli_misuse(cli, "--dp-down must be given, as true or false");
	if (!cli_span(cli, &span))
		return CLI_USAGE;
	bool down = strcmp(value, "true") == 0;
	attributes = json_pack("{s:b}", "dp_down", down);
	if (note && json_object_set_new(attributes, "dp_down_note", json_string(note)) != 0) {
		json_decref(attributes);
		return cli_misuse(cli, "--note must be UTF-8");
	}
	if (span)
		json_object_set_new(attributes, "dp_down_for", json_string(span));
	return port_put(cli, attributes, down ? "reported down" : "reported not down");
}

int
cmd_port_unset(struct cli *cli)
{
	return port_put(
	    cli, json_pack("{s:n}", "data_plane_status"), "nothing is reported any more");
}
