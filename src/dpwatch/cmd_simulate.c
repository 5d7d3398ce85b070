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
		{ .title = "CAUSE", .fixed = true, .drop = 1 },
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

/* "1 port", "2 ports" */
static void
put_ports(json_int_t n)
{
	printf("%lld port%s", (long long)n, n == 1 ? "" : "s");
}

/* The counts are those of all ports, the table is of the first page. */
static void
print_forecast(const struct cli *cli, const json_t *answer)
{
	const json_t *counts = json_object_get(answer, "counts");
	json_t *ports = json_object_get(answer, "ports");
	json_int_t more = -(json_int_t)json_array_size(ports);

	for (int i = 0; i < OUTCOMES; i++)
		more += json_number(counts, outcomes[i]);
	put_ports(json_number(counts, "down"));
	printf(" would go down, %lld would degrade", (long long)json_number(counts, "degraded"));
	if (json_number(counts, "recovered") > 0)
		printf(", %lld would recover", (long long)json_number(counts, "recovered"));
	printf(".\n");
	json_sort(ports, "name", "id");
	if (json_array_size(ports) > 0)
		print_ports(cli, ports);
	if (more > 0)
		printf("And %lld more; -o json lists all.\n", (long long)more);
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

/* All pages, as one document. */
static int
simulate_json(struct cli *cli, const char *target)
{
	json_t *ports;

	if (client_get_list(cli->client, target, "ports", &ports) != CLIENT_OK)
		return CLI_REFUSED;
	json_sort(ports, "name", "id");
	json_t *answer = forecast_json(cli, ports);
	cli_print_json(cli, answer);
	json_decref(answer);
	json_decref(ports);
	return CLI_DONE;
}

static int
simulate_table(struct cli *cli, const char *target)
{
	struct client_reply reply;

	if (client_get(cli->client, target, &reply) != CLIENT_OK)
		return CLI_REFUSED;
	print_forecast(cli, reply.json);
	client_reply_release(&reply);
	return CLI_DONE;
}

int
cmd_simulate_down(struct cli *cli)
{
	char *target = target_of(cli);

	if (!target)
		return cli_refuse("out of memory");
	int status = cli->json ? simulate_json(cli, target) : simulate_table(cli, target);
	free(target);
	return status;
}
