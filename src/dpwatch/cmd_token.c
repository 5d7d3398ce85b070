/*
 * token add, list, remove: who may use the API over the network.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "table.h"
#include "util/timeutil.h"

static void
print_token(const struct cli *cli, const json_t *token)
{
	if (cli->json) {
		cli_print_json(cli, token);
		return;
	}
	print_clean(stdout, json_text(token, "name"));
	printf(", %s", json_text(token, "role"));
	if (*json_text(token, "project_id")) {
		printf(" of project ");
		print_clean(stdout, json_text(token, "project_id"));
	}
	/* The last word, so that scripts find it; and only here. */
	printf(". It is not shown again: %s\n", json_text(token, "token"));
}

int
cmd_token_add(struct cli *cli)
{
	const char *project = cli_value(cli, "project"), *role = cli_value(cli, "role");
	struct client_reply reply;

	if (!role)
		return cli_misuse(cli, "--role must be given: admin, integrator or reader");
	json_t *body = json_pack(
	    "{s:s, s:s, s:s*}", "name", cli->args[0], "role", role, "project_id", project);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	if (!text)
		return cli_misuse(cli, "a name, role or project that is no UTF-8");
	enum client_result result = client_post(cli->client, "/v1/tokens", slice_of(text), &reply);
	free(text);
	if (result != CLIENT_OK)
		return CLI_REFUSED;
	print_token(cli, json_object_get(reply.json, "token"));
	client_reply_release(&reply);
	return CLI_DONE;
}

static void
print_tokens(const struct cli *cli, const json_t *tokens)
{
	static const struct table_column columns[] = {
		{ .title = "NAME" },
		{ .title = "ROLE" },
		{ .title = "PROJECT" },
		{ .title = "MADE", .fixed = true },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char ago[TIMEUTIL_RELATIVE];
	const json_t *token;
	size_t i;

	json_array_foreach(tokens, i, token)
	{
		table_cell(table, json_text(token, "name"));
		table_cell(table, json_text(token, "role"));
		table_cell(
		    table, *json_text(token, "project_id") ? json_text(token, "project_id") : "-");
		table_cell(table, json_ago(token, "created_at", ago));
	}
	table_print(table, cli->width, cli->color);
	table_free(table);
}

int
cmd_token_list(struct cli *cli)
{
	json_t *tokens;

	if (client_get_list(cli->client, "/v1/tokens", "tokens", &tokens) != CLIENT_OK)
		return CLI_REFUSED;
	if (cli->json)
		cli_print_list(cli, "tokens", tokens);
	else
		print_tokens(cli, tokens);
	json_decref(tokens);
	return CLI_DONE;
}

int
cmd_token_remove(struct cli *cli)
{
	return cli_delete(cli, "/v1/tokens/", cli->args[0]);
}
