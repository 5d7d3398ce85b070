/*
 * interface set: a person's word about an interface; and who said such words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* "leaf1:Ethernet1/1: held down by uid 0 until 2026-...: drain" */
static void
print_override(const json_t *interface)
{
	const char *override = json_text(interface, "override");

	print_clean(stdout, json_text(interface, "switch"));
	putchar(':');
	print_clean(stdout, json_text(interface, "name"));
	if (!*override) {
		printf(": as it is heard, %s\n", json_text(interface, "oper"));
		return;
	}
	printf(": held %s by ", override);
	print_clean(stdout, json_text(interface, "override_by"));
	if (*json_text(interface, "override_until"))
		printf(" until %s", json_text(interface, "override_until"));
	if (*json_text(interface, "override_note")) {
		printf(": ");
		print_clean(stdout, json_text(interface, "override_note"));
	}
	putchar('\n');
}

void
print_overrides(struct cli *cli)
{
	const char *title = "overrides";
	json_t *interfaces;
	const json_t *interface;
	size_t i;

	if (client_get_list(
		cli->client, "/v1/interfaces?overridden=1", "interfaces", &interfaces) != CLIENT_OK)
		return;
	json_array_foreach(interfaces, i, interface)
	{
		printf("%-12s", title);
		print_override(interface);
		title = "";
	}
	json_decref(interfaces);
}

/* /v1/interfaces/SWITCH/INTERFACE; the caller frees it. NULL: there is no colon in it. */
static char *
target_of(const char *name)
{
	const char *colon = strchr(name, ':');
	char *sw = colon ? strndup(name, (size_t)(colon - name)) : NULL, *target = NULL;

	if (!sw)
		return NULL;
	char *first = client_escape(sw), *second = client_escape(colon + 1);
	if (asprintf(&target, "/v1/interfaces/%s/%s", first, second) < 0)
		target = NULL;
	free(sw);
	free(first);
	free(second);
	return target;
}

/* The body; NULL: a text that is no UTF-8. The caller frees it. */
static char *
body_of(struct cli *cli)
{
	static const char *const options[] = { "for", "note" };
	json_t *body = json_pack("{s:s}", "override", cli->args[1]);

	for (size_t i = 0; body && i < 2; i++) {
		const char *value = cli_value(cli, options[i]);
		if (value && json_object_set_new(body, options[i], json_string(value)) != 0) {
			json_decref(body);
			body = NULL;
		}
	}
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	return text;
}

int
cmd_interface_set(struct cli *cli)
{
	static const char *const words[] = { "up", "down", "auto" };
	struct client_reply reply;
	const char *span;
	size_t i = 0;

	while (i < 3 && strcmp(cli->args[1], words[i]) != 0)
		i++;
	if (i == 3)
		return cli_misuse(cli, "an interface is set up, down or auto");
	if (!cli_span(cli, &span))
		return CLI_USAGE;
	char *target = target_of(cli->args[0]);
	if (!target)
		return cli_misuse(cli, "which interface? SWITCH:INTERFACE");
	char *text = body_of(cli);
	if (!text) {
		free(target);
		return cli_misuse(cli, "--note must be UTF-8");
	}
	enum client_result result = client_put(cli->client, target, slice_of(text), &reply);
	free(target);
	free(text);
	if (result != CLIENT_OK)
		return CLI_REFUSED;
	if (cli->json)
		cli_print_json(cli, json_object_get(reply.json, "interface"));
	else
		print_override(json_object_get(reply.json, "interface"));
	client_reply_release(&reply);
	return CLI_DONE;
}
