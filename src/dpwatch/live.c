/*
 * `topology check` without a file: the map in force, as the daemon gives it, and what the network has said of it. The daemon
 * only lists what it was told, a page at a time; what follows from that is found here (core/topo_silence).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/topo_silence.h"
#include "util/timeutil.h"

/* So many ports and links are shown; -o json has more. */
#define SHOWN 20
/* A page that the daemon makes in about a millisecond. */
#define INTERFACES_HEARD "/v1/interfaces?heard=true&limit=200"

/* ---- asking ---- */

bool
live_document(struct cli *cli, char **ret_bytes, size_t *ret_len)
{
	struct client_reply reply;
	FILE *out = open_memstream(ret_bytes, ret_len);
	enum client_result result =
	    out ? client_copy(cli->client, "/v1/topology", out, &reply) : CLIENT_REFUSED;

	if (result == CLIENT_OK)
		client_reply_release(&reply);
	if (out && fclose(out) == 0 && result == CLIENT_OK)
		return true;
	if (out)
		free(*ret_bytes);
	*ret_bytes = NULL;
	return false;
}

bool
live_since(struct cli *cli, char *ret_since)
{
	struct client_reply reply;

	if (client_get(cli->client, "/v1/status", &reply) != CLIENT_OK)
		return false;
	snprintf(ret_since, TIMEUTIL_TEXT, "%s",
	    json_text(json_object_get(reply.json, "topology"), "loaded_at"));
	client_reply_release(&reply);
	return true;
}

struct listening {
	const struct topo *topo;
	uint8_t *said;
};

static void
note(struct listening *listening, const json_t *interface)
{
	const struct topo *topo = listening->topo;
	uint32_t sw = topo_switch_find(topo, slice_of(json_text(interface, "switch")));

	if (sw == TOPO_NONE)
		return;
	/* One that is in no map, or no longer in this one, is nobody's. */
	uint32_t i = topo_interface_find(topo, sw, slice_of(json_text(interface, "name")));
	if (i == TOPO_NONE)
		return;
	listening->said[i] = SAID_SOMETHING;
	if (strcmp(json_text(interface, "oper"), "down") == 0)
		listening->said[i] |= SAID_DOWN;
	if (*json_text(interface, "override"))
		listening->said[i] |= SAID_OVERRIDDEN;
}

static void
on_page(void *ctx, const json_t *list)
{
	struct listening *listening = ctx;
	const json_t *interface;
	size_t i;

	json_array_foreach((json_t *)list, i, interface) note(listening, interface);
}

json_t *
live_json(struct cli *cli, const struct topo *topo, const char *since)
{
	struct listening listening = { topo, calloc((size_t)topo_n_interfaces(topo) + 1, 1) };
	char now[TIMEUTIL_TEXT];
	struct topo_silence silence;
	json_t *json = NULL;

	if (!listening.said) {
		cli_refuse("out of memory");
		return NULL;
	}
	if (client_each_page(cli->client, INTERFACES_HEARD, "interfaces", on_page, &listening) ==
		CLIENT_OK &&
	    topo_silence(topo, listening.said, &silence) == 0) {
		json = topo_silence_json(topo, listening.said, &silence);
		topo_silence_release(&silence);
	}
	free(listening.said);
	if (json && live_since(cli, now)) {
		if (strcmp(now, since) == 0)
			return json;
		cli_refuse("another topology came in force meanwhile: ask again");
	}
	json_decref(json);
	return NULL;
}

/* ---- telling ---- */

static void
print_ports(const json_t *live)
{
	const json_t *list = json_object_get(live, "unheard_ports"), *port;
	long long n = (long long)json_number(live, "ports_unheard");
	size_t i;

	if (n == 0)
		return;
	printf(
	    "\n%lld port%s about whose interfaces nothing was ever heard:\n", n, n == 1 ? "" : "s");
	json_array_foreach((json_t *)list, i, port)
	{
		if (i == SHOWN)
			break;
		printf("  %s  ", json_text(port, "id"));
		print_clean(stdout, json_text(port, "name"));
		putchar('\n');
	}
	if (n > SHOWN)
		printf("  and %lld more\n", n - SHOWN);
}

static void
print_links(const json_t *live)
{
	const json_t *list = json_object_get(live, "contradicting_links"), *link;
	size_t i, n = json_array_size(list);

	if (n == 0)
		return;
	printf("\n%zu link%s whose ends contradict each other:\n", n, n == 1 ? "" : "s");
	json_array_foreach((json_t *)list, i, link)
	{
		const char *a = json_text(link, "a"), *b = json_text(link, "b");
		bool a_is_down = strcmp(json_text(link, "down"), a) == 0;
		if (i == SHOWN)
			break;
		printf("  ");
		print_clean(stdout, a);
		printf(" is %s, ", a_is_down ? "down" : "up");
		print_clean(stdout, b);
		printf(" is %s\n", a_is_down ? "up" : "down");
	}
	if (n > SHOWN)
		printf("  and %zu more (-o json lists all)\n", n - SHOWN);
}

void
live_print(const json_t *live)
{
	print_ports(live);
	print_links(live);
}
