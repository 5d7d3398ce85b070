/*
 * maintenance add, list, remove: work on switches and hosts, announced.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "table.h"
#include "util/timeutil.h"

static void
print_window(const struct cli *cli, const json_t *window)
{
	if (cli->json) {
		cli_print_json(cli, window);
		return;
	}
	print_clean(stdout, json_text(window, "name"));
	printf(": in maintenance until %s\n", json_text(window, "until"));
}

int
cmd_maintenance_add(struct cli *cli)
{
	const char *span, *note = cli_value(cli, "note");
	struct client_reply reply;

	if (!cli_span(cli, &span))
		return CLI_USAGE;
	if (!span)
		return cli_misuse(cli, "--for must be given: 30min, 2h, 7d");
	json_t *body = json_pack(
	    "{s:s, s:s, s:s}", "name", cli->args[0], "for", span, "note", note ? note : "");
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	if (!text)
		return cli_misuse(cli, "a name or note that is no UTF-8");
	enum client_result result =
	    client_post(cli->client, "/v1/maintenance", slice_of(text), &reply);
	free(text);
	if (result != CLIENT_OK)
		return CLI_REFUSED;
	print_window(cli, json_object_get(reply.json, "maintenance"));
	client_reply_release(&reply);
	return CLI_DONE;
}

static void
print_windows(const struct cli *cli, const json_t *windows)
{
	static const struct table_column columns[] = {
		{ .title = "NAME" },
		{ .title = "SINCE", .fixed = true, .drop = 2 },
		{ .title = "UNTIL", .fixed = true },
		{ .title = "BY", .drop = 1 },
		{ .title = "NOTE" },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char ago[TIMEUTIL_RELATIVE];
	const json_t *window;
	size_t i;

	json_array_foreach(windows, i, window)
	{
		table_cell(table, json_text(window, "name"));
		table_cell(table, json_ago(window, "since", ago));
		table_cell(table, json_text(window, "until"));
		table_cell(table, json_text(window, "by"));
		table_cell(table, json_text(window, "note"));
	}
	table_print(table, cli->width, cli->color);
	table_free(table);
}

int
cmd_maintenance_list(struct cli *cli)
{
	json_t *windows;

	if (client_get_list(cli->client, "/v1/maintenance", "maintenance", &windows) != CLIENT_OK)
		return CLI_REFUSED;
	if (cli->json)
		cli_print_list(cli, "maintenance", windows);
	else
		print_windows(cli, windows);
	json_decref(windows);
	return CLI_DONE;
}

int
cmd_maintenance_remove(struct cli *cli)
{
	return cli_delete(cli, "/v1/maintenance/", cli->args[0]);
}
