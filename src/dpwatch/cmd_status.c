#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "table.h"
#include "util/timeutil.h"

static void
put_redis(const json_t *redis)
{
	printf("%-12s", "redis");
	print_clean(stdout, json_text(redis, "state"));
	fputs(", ", stdout);
	print_clean(stdout, json_text(redis, "server"));
	printf(", epoch %lld, batch %lld", (long long)json_number(redis, "epoch"),
	    (long long)json_number(redis, "batch"));
	if (json_number(redis, "round_trip_us") > 0)
		printf(", answers in %.1f ms (at most %.1f)",
		    (double)json_number(redis, "round_trip_us") / 1000,
		    (double)json_number(redis, "round_trip_max_us") / 1000);
	if (json_number(redis, "changes_waiting") > 0)
		printf(", %lld changes in %lld batches wait",
		    (long long)json_number(redis, "changes_waiting"),
		    (long long)json_number(redis, "batches_waiting"));
	putchar('\n');
	if (*json_text(redis, "error")) {
		printf("%-12s", "");
		print_clean(stdout, json_text(redis, "error"));
		putchar('\n');
	}
}

/* Only while it is used, or cannot be. */
static void
put_journal(const json_t *journal)
{
	if (strcmp(json_text(journal, "state"), "idle") == 0)
		return;
	printf("%-12s", "journal");
	print_clean(stdout, json_text(journal, "state"));
	printf(", %lld bytes in ", (long long)json_number(journal, "bytes"));
	print_clean(stdout, json_text(journal, "path"));
	if (*json_text(journal, "error")) {
		printf(": ");
		print_clean(stdout, json_text(journal, "error"));
	}
	putchar('\n');
}

static void
put_topology(const json_t *topology)
{
	char ago[TIMEUTIL_RELATIVE];

	printf("%-12s", "topology");
	if (json_flag(topology, "loaded"))
		printf(
		    "%lld switches (%lld roots), %lld interfaces, %lld links, %lld hosts, %lld ports, loaded %s\n",
		    (long long)json_number(topology, "switches"),
		    (long long)json_number(topology, "roots"),
		    (long long)json_number(topology, "interfaces"),
		    (long long)json_number(topology, "links"),
		    (long long)json_number(topology, "hosts"),
		    (long long)json_number(topology, "ports"),
		    json_ago(topology, "loaded_at", ago));
	else
		printf("none; load one with: dpwatch topology load FILE\n");
	const json_t *loading = json_object_get(topology, "loading");
	if (json_is_object(loading))
		printf("%-12sa load is under way: %s, %lld of %lld records\n", "",
		    json_text(loading, "phase"), (long long)json_number(loading, "done"),
		    (long long)json_number(loading, "all"));
	if (*json_text(topology, "error")) {
		printf("%-12slast change refused: ", "");
		print_clean(stdout, json_text(topology, "error"));
		putchar('\n');
	}
}

/* Only what has happened: a counter at zero tells nobody anything. */
static void
put_counters(json_t *counters)
{
	const char *name;
	json_t *value;
	const char *title = "counters";

	json_object_foreach(counters, name, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		printf("%-12s%12lld  ", title, (long long)json_integer_value(value));
		print_clean(stdout, name);
		putchar('\n');
		title = "";
	}
}

static void
put_status(struct cli *cli, const json_t *status)
{
	const json_t *ports = json_object_get(status, "ports");
	const json_t *interfaces = json_object_get(status, "interfaces");
	const json_t *unmapped = json_object_get(status, "unmapped");
	bool ready = json_flag(status, "ready");
	char ago[TIMEUTIL_RELATIVE];
	const char *good = cli->color ? (ready ? "\033[32m" : "\033[1;31m") : "";

	printf("%-12s", "dpwatchd");
	print_clean(stdout, json_text(status, "version"));
	printf(", ");
	print_clean(stdout, json_text(status, "instance"));
	printf(", started %s, %s%s%s\n", json_ago(status, "started_at", ago), good,
	    ready ? "ready" : "not ready", cli->color ? "\033[0m" : "");
	print_lines(12, "", json_object_get(status, "reasons"));
	put_redis(json_object_get(status, "redis"));
	put_journal(json_object_get(status, "journal"));
	put_topology(json_object_get(status, "topology"));
	printf("%-12s%lld down, %lld degraded\n", "ports", (long long)json_number(ports, "down"),
	    (long long)json_number(ports, "degraded"));
	printf("%-12s%lld down, %lld uncertain, %lld known", "interfaces",
	    (long long)json_number(interfaces, "down"),
	    (long long)json_number(interfaces, "uncertain"),
	    (long long)json_number(interfaces, "known"));
	if (json_number(interfaces, "flapping") > 0)
		printf(", %lld flapping", (long long)json_number(interfaces, "flapping"));
	putchar('\n');
	if (json_number(interfaces, "overridden") > 0)
		print_overrides(cli);
	if (json_number(unmapped, "senders") > 0)
		printf("%-12s%lld of those who spoke: dpwatch unmapped\n", "unmapped",
		    (long long)json_number(unmapped, "senders"));
	printf("%-12s%lld rules for syslog and traps\n", "rules",
	    (long long)json_number(status, "rules"));
	print_lines(12, "listening", json_object_get(status, "listeners"));
	print_lines(12, "warnings", json_object_get(status, "warnings"));
	put_counters(json_object_get(status, "counters"));
}

int
cmd_status(struct cli *cli)
{
	struct client_reply reply;

	if (client_get(cli->client, "/v1/status", &reply) != CLIENT_OK)
		return CLI_REFUSED;
	if (cli->json)
		cli_print_json(cli, reply.json);
	else
		put_status(cli, reply.json);
	client_reply_release(&reply);
	return CLI_DONE;
}
