#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "table.h"
#include "unmapped_lines.h"
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
	table_cell(table, json_text(sender, "reason"));
	table_number(table, json_number(sender, "count"));
	table_cell(table, json_ago(sender, "first_seen", ago));
	table_cell(table, json_ago(sender, "last_seen", ago));
	table_cell(table, json_flag(sender, "switch_is_mapped") ? "interface" : "switch");
	table_cell(table, json_text(sender, "guess"));
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
		{ .title = "REASON", .drop = 5 },
		{ .title = "COUNT", .right = true, .drop = 1 },
		{ .title = "FIRST", .fixed = true, .drop = 4 },
		{ .title = "LAST", .fixed = true },
		{ .title = "MISSING" },
		{ .title = "A GUESS" },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *sender;
	size_t i;

	json_array_foreach(senders, i, sender) sender_row(table, sender);
	table_print(table, cli->width, cli->color);
	table_free(table);
}

/* More would hide the senders; `interface list` has them all. */
#define INTERFACES_SHOWN 20

/* What switches of the map spoke of, and the map does not name. */
static void
print_extras(const struct cli *cli, const json_t *interfaces, json_int_t more)
{
	static const struct table_column columns[] = {
		{ .title = "SWITCH" },
		{ .title = "INTERFACE" },
		{ .title = "WORD", .drop = 2 },
		{ .title = "REASON", .drop = 3 },
		{ .title = "SOURCE", .drop = 1 },
		{ .title = "LAST", .fixed = true },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	size_t n = json_array_size(interfaces);
	char ago[TIMEUTIL_RELATIVE];

	for (size_t i = 0; i < n && i < INTERFACES_SHOWN; i++) {
		const json_t *interface = json_array_get(interfaces, i);
		table_cell(table, json_text(interface, "switch"));
		table_cell(table, json_text(interface, "interface"));
		table_cell(table, json_text(interface, "word"));
		table_cell(table, json_text(interface, "reason"));
		table_cell(table, json_text(interface, "source"));
		table_cell(table, json_ago(interface, "last_seen", ago));
	}
	printf("\nInterfaces that switches of the map spoke of, and the map does not name:\n");
	table_print(table, cli->width, cli->color);
	table_free(table);
	if (n > INTERFACES_SHOWN || more > 0)
		printf("and %lld more: dpwatch interface list, dpwatch -o json unmapped\n",
		    (long long)n - INTERFACES_SHOWN + (long long)more);
}

/* The switches that would map them, an object a line, to be put into the document's "switches". */
static void
print_map(const json_t *switches)
{
	const json_t *each;
	size_t i;

	printf("\nTo map them, put these into \"switches\" of the topology document and load it\n"
	       "(where a name is there already, add its interfaces):\n");
	json_array_foreach(switches, i, each)
	{
		char *text = json_dumps(each, 0);
		fputs("  ", stdout);
		print_clean(stdout, text ? text : "");
		fputs(i + 1 < json_array_size(switches) ? ",\n" : "\n", stdout);
		free(text);
	}
}

int
cmd_unmapped(struct cli *cli)
{
	struct client_reply reply;

	if (client_get(cli->client, "/v1/unmapped", &reply) != CLIENT_OK)
		return CLI_REFUSED;
	const json_t *senders = json_object_get(reply.json, "unmapped"),
		     *interfaces = json_object_get(reply.json, "interfaces");
	if (cli->json) {
		cli_print_json(cli, reply.json);
		client_reply_release(&reply);
		return CLI_DONE;
	}
	if (json_array_size(senders) == 0) {
		printf("Everybody who spoke is in the map.\n");
	} else {
		print_senders(cli, senders);
		print_map(json_object_get(json_object_get(reply.json, "map"), "switches"));
	}
	if (json_array_size(interfaces) > 0)
		print_extras(cli, interfaces, json_number(reply.json, "interfaces_more"));
	print_unmapped_lines(cli, json_object_get(reply.json, "lines"));
	client_reply_release(&reply);
	return CLI_DONE;
}
