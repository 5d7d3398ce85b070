#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "table.h"
#include "util/timeutil.h"

static void
sender_row(struct table *table, const json_t *sender)
{
	char ago[TIMEUTIL_RELATIVE], index[24];
	const char *interface = json_text(sender, "interface");

	snprintf(index, sizeof(index), "ifIndex %lld", (long long)json_number(sender, "if_index"));
	table_cell(table, json_text(sender, "address"));
	table_cell(table, json_text(sender, "host"));
	table_cell(table, json_text(sender, "source"));
	table_cell(table, *interface || json_number(sender, "if_index") == 0 ? interface : index);
	table_cell(table, json_text(sender, "word"));
	table_number(table, json_number(sender, "count"));
	table_cell(table, json_ago(sender, "last_seen", ago));
	table_cell(table, json_flag(sender, "switch_is_mapped") ? "interface" : "switch");
}

static void
print_senders(const struct cli *cli, const json_t *senders)
{
	static const struct table_column columns[] = {
		{ .title = "ADDRESS" },
		{ .title = "HOST" },
		{ .title = "SOURCE", .drop = 3 },
		{ .title = "INTERFACE" },
		{ .title = "WORD", .drop = 2 },
		{ .title = "COUNT", .right = true, .drop = 1 },
		{ .title = "LAST", .fixed = true },
		{ .title = "MISSING" },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *sender;
	size_t i;

	json_array_foreach(senders, i, sender) sender_row(table, sender);
	table_print(table, cli->width, cli->color);
	table_free(table);
}

/* The switches that would map them, an object a line, to be put into the document's "switches". */
static void
print_map(const json_t *senders)
{
	const json_t *sender;
	size_t i;

	printf("\nTo map them, put these into \"switches\" of the topology document and load it\n"
	       "(where a name is there already, add its interfaces):\n");
	json_array_foreach(senders, i, sender)
	{
		const json_t *switches =
		    json_object_get(json_object_get(sender, "map"), "switches");
		char *text = json_dumps(json_array_get(switches, 0), 0);
		fputs("  ", stdout);
		print_clean(stdout, text ? text : "");
		putchar('\n');
		free(text);
	}
}

int
cmd_unmapped(struct cli *cli)
{
	struct client_reply reply;
	const json_t *senders;

	if (client_get(cli->client, "/v1/unmapped", &reply) != CLIENT_OK)
		return CLI_REFUSED;
	senders = json_object_get(reply.json, "unmapped");
	if (cli->json) {
		cli_print_json(cli, reply.json);
	} else if (json_array_size(senders) == 0) {
		printf("Everybody who spoke is in the map.\n");
	} else {
		print_senders(cli, senders);
		print_map(senders);
	}
	client_reply_release(&reply);
	return CLI_DONE;
}
