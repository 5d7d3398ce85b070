/*
 * simulate down: what the daemon foretells, told to people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "table.h"

#define OUTCOMES 3
static const char *const outcomes[OUTCOMES] = { "down", "degraded", "recovered" };

static enum table_tint
tint_of(const char *outcome)
{
	if (strcmp(outcome, "down") == 0)
		return TINT_BAD;
	return strcmp(outcome, "degraded") == 0 ? TINT_WARNING : TINT_GOOD;
}

static void
port_row(struct table *table, const json_t *port)
{
	const char *outcome = json_text(port, "outcome");
	char paths[64];

	snprintf(paths, sizeof(paths), "%lld to %lld of %lld",
	    (long long)json_number(port, "paths_up_now"), (long long)json_number(port, "paths_up"),
	    (long long)json_number(port, "paths_total"));
	table_cell(table, json_text(port, "id"));
	table_cell(table, json_text(port, "name"));
	table_cell(table, json_text(port, "host"));
	table_tinted(table, tint_of(outcome), outcome);
	table_cell(table, json_text(port, "cause"));
	table_cell(table, paths);
}

static void
print_ports(const struct cli *cli, const json_t *ports)
{
	static const struct table_column columns[] = {
		{ .title = "ID", .fixed = true },
		{ .title = "NAME" },
		{ .title = "HOST" },
		{ .title = "WOULD BE", .fixed = true },
		{ .title = "CAUSE", .fixed = true },
		{ .title = "PATHS UP", .fixed = true },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *port;
	size_t i;

	for (int outcome = 0; outcome < OUTCOMES; outcome++)
		json_array_foreach(ports, i, port)
		{
			if (strcmp(json_text(port, "outcome"), outcomes[outcome]) == 0)
				port_row(table, port);
		}
	table_print(table, cli->width, cli->color);
	table_free(table);
}

/* How many ports have that outcome. */
static json_int_t
count(const json_t *ports, const char *outcome)
{
	const json_t *port;
	json_int_t n = 0;
	size_t i;

	json_array_foreach(ports, i, port) n += strcmp(json_text(port, "outcome"), outcome) == 0;
	return n;
}

static void
print_forecast(const struct cli *cli, const json_t *ports)
{
	printf("%lld ports would go down, %lld would degrade", (long long)count(ports, "down"),
	    (long long)count(ports, "degraded"));
	if (count(ports, "recovered") > 0)
		printf(", %lld would recover", (long long)count(ports, "recovered"));
	printf(".\n");
	if (json_array_size(ports) > 0)
		print_ports(cli, ports);
}

static json_t *
forecast_json(const struct cli *cli, json_t *ports)
{
	json_t *failures = json_array(), *counts = json_object();

	for (int i = 0; i < cli->n_args; i++)
		json_array_append_new(failures, json_string(cli->args[i]));
	for (int i = 0; i < OUTCOMES; i++)
		json_object_set_new(counts, outcomes[i], json_integer(count(ports, outcomes[i])));
	return json_pack("{s:o, s:o, s:O}", "failures", failures, "counts", counts, "ports", ports);
}

/* "/v1/simulate?down=leaf1&down=..." The caller frees it. */
static char *
target_of(const struct cli *cli)
{
	char *target = NULL;
	size_t len;
	FILE *out = open_memstream(&target, &len);

	if (!out)
		return NULL;
	fputs("/v1/simulate", out);
	for (int i = 0; i < cli->n_args; i++) {
		char *escaped = client_escape(cli->args[i]);
		fprintf(out, "%cdown=%s", i == 0 ? '?' : '&', escaped);
		free(escaped);
	}
	return fclose(out) == 0 ? target : NULL;
}

int
cmd_simulate_down(struct cli *cli)
{
	char *target = target_of(cli);
	json_t *ports;

	if (!target)
		return cli_refuse("out of memory");
	enum client_result result = client_get_list(cli->client, target, "ports", &ports);
	free(target);
	if (result != CLIENT_OK)
		return CLI_REFUSED;
	json_sort(ports, "name", "id");
	if (cli->json) {
		json_t *answer = forecast_json(cli, ports);
		cli_print_json(cli, answer);
		json_decref(answer);
	} else {
		print_forecast(cli, ports);
	}
	json_decref(ports);
	return CLI_DONE;
}
