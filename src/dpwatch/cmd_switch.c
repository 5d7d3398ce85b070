#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "table.h"
#include "util/timeutil.h"

/* ---- interfaces ---- */

/* Held by somebody, or because it flaps; or (observe) it would be. */
static const char *
held_text(const json_t *interface)
{
	const char *dampening = json_text(interface, "dampening");

	if (*json_text(interface, "override"))
		return ", by hand";
	if (strcmp(dampening, "suppressed") == 0)
		return ", held";
	return *dampening ? ", flaps" : "";
}

static void
interface_state(const json_t *interface, enum table_tint *ret_tint, char *buf, size_t size)
{
	bool up = strcmp(json_text(interface, "oper"), "up") == 0;
	bool carries = json_flag(interface, "carries");

	*ret_tint = up && carries ? TINT_GOOD : TINT_BAD;
	if (!json_flag(interface, "certain"))
		*ret_tint = TINT_WARNING;
	/* "up, idle": up by its own word, and yet no traffic can pass (an aggregate without members). */
	const char *why = up && !carries ? ", idle" : held_text(interface);
	snprintf(buf, size, "%s%s%s", up ? "up" : "down", why,
	    json_flag(interface, "certain") ? "" : "?");
}

static void
interface_row(struct table *table, const json_t *interface, bool with_switch)
{
	char state[24], ago[TIMEUTIL_RELATIVE];
	enum table_tint tint;

	if (with_switch)
		table_cell(table, json_text(interface, "switch"));
	table_cell(table, json_text(interface, "name"));
	interface_state(interface, &tint, state, sizeof(state));
	table_tinted(table, tint, state);
	table_cell(table, json_text(interface, "reason"));
	table_cell(table, json_ago(interface, "since", ago));
	table_cell(table, json_text(interface, "source"));
	table_cell(table, json_ago(interface, "heard_at", ago));
	table_cell(table, json_flag(interface, "mapped") ? "yes" : "no");
	table_number(table, json_number(interface, "ports"));
}

/* A table of them, as /v1/interfaces lists them. */
static void
print_interfaces(const struct cli *cli, const json_t *interfaces, bool with_switch)
{
	static const struct table_column columns[] = {
		{ .title = "SWITCH" },
		{ .title = "INTERFACE" },
		{ .title = "STATE", .fixed = true },
		{ .title = "REASON" },
		{ .title = "SINCE", .fixed = true },
		{ .title = "SOURCE", .drop = 3 },
		{ .title = "HEARD", .fixed = true, .drop = 2 },
		{ .title = "MAPPED", .drop = 4 },
		{ .title = "PORTS", .right = true, .drop = 1 },
	};
	size_t skip = with_switch ? 0 : 1, i;
	struct table *table =
	    table_new(columns + skip, sizeof(columns) / sizeof(columns[0]) - skip);
	const json_t *interface;

	json_array_foreach(interfaces, i, interface) interface_row(table, interface, with_switch);
	table_print(table, cli->width, cli->color);
	table_free(table);
}

/* /v1/interfaces with what was asked for. The caller frees it. */
static char *
interfaces_target(const char *sw, const char *filters)
{
	char *escaped = sw ? client_escape(sw) : NULL, *target;

	if (asprintf(&target, "/v1/interfaces?limit=1000%s%s%s", escaped ? "&switch=" : "",
		escaped ? escaped : "", filters) < 0)
		target = NULL;
	free(escaped);
	return target;
}

static enum client_result
interfaces_get(struct cli *cli, const char *sw, const char *filters, json_t **ret_interfaces)
{
	char *target = interfaces_target(sw, filters);
	enum client_result result =
	    target ? client_get_list(cli->client, target, "interfaces", ret_interfaces)
		   : CLIENT_REFUSED;

	free(target);
	if (result == CLIENT_OK)
		json_sort(*ret_interfaces, "switch", "name");
	return result;
}

int
cmd_interface_list(struct cli *cli)
{
	const char *sw = cli->n_args > 0 ? cli->args[0] : NULL;
	char filters[64];
	json_t *interfaces;

	snprintf(filters, sizeof(filters), "%s%s%s", cli_value(cli, "down") ? "&down=1" : "",
	    cli_value(cli, "uncertain") ? "&uncertain=1" : "",
	    cli_value(cli, "overridden") ? "&overridden=1" : "");
	if (interfaces_get(cli, sw, filters, &interfaces) != CLIENT_OK)
		return CLI_REFUSED;
	if (cli->json)
		cli_print_list(cli, "interfaces", interfaces);
	else
		print_interfaces(cli, interfaces, true);
	json_decref(interfaces);
	return CLI_DONE;
}

/* ---- switches ---- */

/* Whatever was heard last. */
static const char *
heard_ago(const json_t *sw, char *buf)
{
	const char *trap = json_text(sw, "heard_trap"), *syslog = json_text(sw, "heard_syslog");

	/* Times in one form compare as text. */
	return json_ago(sw, strcmp(trap, syslog) >= 0 ? "heard_trap" : "heard_syslog", buf);
}

/* Its SNMPv3 engine's, or else that it does not answer when it is asked, or what explains the rest. */
static const char *
problem_of(const json_t *sw)
{
	const char *problem = json_text(json_object_get(sw, "engine"), "problem");
	const json_t *poll = json_object_get(sw, "poll");

	if (*problem)
		return problem;
	if (json_number(poll, "failures") > 0)
		return json_text(poll, "state");
	return json_flag(sw, "maintenance") ? "in maintenance" : "";
}

static void
switch_row(struct table *table, const json_t *sw)
{
	char ago[TIMEUTIL_RELATIVE];
	bool root = json_flag(sw, "root"), reaches = json_flag(sw, "reaches_root");

	table_cell(table, json_text(sw, "name"));
	table_cell(
	    table, json_string_value(json_array_get(json_object_get(sw, "addresses"), 0))
		       ? json_string_value(json_array_get(json_object_get(sw, "addresses"), 0))
		       : "");
	table_tinted(table, reaches ? TINT_GOOD : TINT_BAD,
	    root      ? "root"
	    : reaches ? "connected"
		      : "CUT OFF");
	table_number(table, json_number(sw, "interfaces"));
	table_number(table, json_number(sw, "down"));
	table_number(table, json_number(sw, "uncertain"));
	table_number(table, json_number(sw, "traps"));
	table_cell(table, json_text(sw, "snmp_version"));
	table_cell(table, json_text(json_object_get(sw, "engine"), "user"));
	table_number(table, json_number(sw, "syslog"));
	table_number(table, json_number(sw, "restarts"));
	table_cell(table, heard_ago(sw, ago));
	table_tinted(table, TINT_BAD, problem_of(sw));
}

static void
print_switches(const struct cli *cli, const json_t *switches)
{
	static const struct table_column columns[] = {
		{ .title = "SWITCH" },
		{ .title = "ADDRESS", .drop = 2 },
		{ .title = "NETWORK", .fixed = true },
		{ .title = "INTERFACES", .right = true, .drop = 3 },
		{ .title = "DOWN", .right = true },
		{ .title = "UNCERTAIN", .right = true, .drop = 1 },
		{ .title = "TRAPS", .right = true, .drop = 4 },
		{ .title = "SNMP", .drop = 6 },
		{ .title = "USER", .drop = 7 },
		{ .title = "SYSLOG", .right = true, .drop = 5 },
		{ .title = "RESTARTS", .right = true, .drop = 8 },
		{ .title = "HEARD", .fixed = true },
		{ .title = "PROBLEM" },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *sw;
	size_t i;

	json_array_foreach(switches, i, sw) switch_row(table, sw);
	table_print(table, cli->width, cli->color);
	table_free(table);
}

int
cmd_switch_list(struct cli *cli)
{
	json_t *switches;

	if (client_get_list(cli->client, "/v1/switches?limit=1000", "switches", &switches) !=
	    CLIENT_OK)
		return CLI_REFUSED;
	json_sort(switches, "name", "name");
	if (cli->json)
		cli_print_list(cli, "switches", switches);
	else
		print_switches(cli, switches);
	json_decref(switches);
	return CLI_DONE;
}

static void
print_engine(const json_t *engine)
{
	char ago[TIMEUTIL_RELATIVE];

	if (!json_is_object(engine))
		return;
	printf("%-14s%s, boots %lld, time %lld, last %s\n", "SNMPv3 engine",
	    json_text(engine, "id"), (long long)json_number(engine, "boots"),
	    (long long)json_number(engine, "time"), json_ago(engine, "heard_at", ago));
	if (*json_text(engine, "user")) {
		printf("%-14s", "SNMPv3 user");
		print_clean(stdout, json_text(engine, "user"));
		printf(", %s\n", json_text(engine, "level"));
	}
	if (*json_text(engine, "problem"))
		printf(
		    "%-14s%s: %lld messages refused, the last with boots %lld, time %lld; if the switch "
		    "was replaced or reset: dpwatch switch forget-engine\n",
		    "PROBLEM", json_text(engine, "problem"),
		    (long long)json_number(engine, "refused"),
		    (long long)json_number(engine, "problem_boots"),
		    (long long)json_number(engine, "problem_time"));
}

static void
print_poll(const json_t *poll)
{
	char ago[TIMEUTIL_RELATIVE];

	printf("%-14s%s", "polling", json_text(poll, "state"));
	if (*json_text(poll, "asked_at"))
		printf(", since %s", json_ago(poll, "since", ago));
	if (*json_text(poll, "asked_at"))
		printf(", last %s", json_ago(poll, "asked_at", ago));
	putchar('\n');
}

/* Nothing where it never was over its bucket. */
static void
print_bucket(const json_t *bucket)
{
	char ago[TIMEUTIL_RELATIVE];

	if (!*json_text(bucket, "over_at"))
		return;
	if (json_flag(bucket, "over"))
		printf("%-14sOVER, %lld words held, since %s", "bucket",
		    (long long)json_number(bucket, "held"), json_ago(bucket, "over_at", ago));
	else
		printf("%-14slast over %s", "bucket", json_ago(bucket, "over_at", ago));
	printf("; until then %lld words folded, %lld dropped\n",
	    (long long)json_number(bucket, "folded"), (long long)json_number(bucket, "dropped"));
}

static void
print_lags(const json_t *differences)
{
	const json_t *difference;
	size_t i;

	json_array_foreach((json_t *)differences, i, difference)
	{
		const char *map = json_text(difference, "map"),
			   *told = json_text(difference, "switch");
		printf("%-14s", i == 0 ? "LAG DIFFERS" : "");
		print_clean(stdout, json_text(difference, "interface"));
		printf(": the map says ");
		print_clean(stdout, *map ? map : "in no aggregate");
		printf(", the switch says ");
		print_clean(stdout, *told ? told : "in no aggregate");
		putchar('\n');
	}
}

static void
print_switch(const struct cli *cli, const json_t *sw, const json_t *interfaces)
{
	char when[JSON_WHEN];

	printf("%-14s", "switch");
	print_clean(stdout, json_text(sw, "name"));
	printf("%s, %s%s\n", json_flag(sw, "root") ? ", a root" : "",
	    json_flag(sw, "reaches_root") ? "connected" : "cut off from every root",
	    json_flag(sw, "maintenance") ? ", in maintenance" : "");
	print_lines(14, "addresses", json_object_get(sw, "addresses"));
	print_lines(14, "host names", json_object_get(sw, "hostnames"));
	if (*json_text(sw, "os")) {
		printf("%-14s", "os");
		print_clean(stdout, json_text(sw, "os"));
		putchar('\n');
	}
	const char *version = json_text(sw, "snmp_version");
	printf("%-14s%lld%s%s, last %s\n", "traps", (long long)json_number(sw, "traps"),
	    *version ? ", SNMP" : "", version, json_when(sw, "heard_trap", when));
	printf("%-14s%lld, last %s\n", "syslog", (long long)json_number(sw, "syslog"),
	    json_when(sw, "heard_syslog", when));
	printf("%-14s%lld, last %s\n", "restarts", (long long)json_number(sw, "restarts"),
	    json_when(sw, "restarted_at", when));
	print_bucket(json_object_get(sw, "bucket"));
	print_poll(json_object_get(sw, "poll"));
	print_engine(json_object_get(sw, "engine"));
	print_lags(json_object_get(sw, "lag_differences"));
	putchar('\n');
	print_interfaces(cli, interfaces, false);
}

/* The switch as it is now; NULL after a message. The caller's. */
static json_t *
switch_get(struct cli *cli, const char *name)
{
	char *escaped = client_escape(name), *target = NULL;
	struct client_reply reply;
	json_t *sw = NULL;

	if (asprintf(&target, "/v1/switches/%s", escaped) > 0 &&
	    client_get(cli->client, target, &reply) == CLIENT_OK) {
		sw = json_incref(json_object_get(reply.json, "switch"));
		client_reply_release(&reply);
	}
	free(target);
	free(escaped);
	return sw;
}

int
cmd_switch_show(struct cli *cli)
{
	json_t *sw = switch_get(cli, cli->args[0]), *interfaces;

	if (!sw)
		return CLI_REFUSED;
	if (interfaces_get(cli, cli->args[0], "", &interfaces) != CLIENT_OK) {
		json_decref(sw);
		return CLI_REFUSED;
	}
	if (cli->json) {
		json_object_set(sw, "interface_list", interfaces);
		cli_print_json(cli, sw);
	} else {
		print_switch(cli, sw, interfaces);
	}
	json_decref(interfaces);
	json_decref(sw);
	return CLI_DONE;
}

int
cmd_switch_forget_engine(struct cli *cli)
{
	char *name = client_escape(cli->args[0]), *target = NULL;
	struct client_reply reply;
	int status = CLI_REFUSED;
	const json_t *id;
	size_t i;

	if (asprintf(&target, "/v1/switches/%s/engine", name) > 0 &&
	    client_delete(cli->client, target, &reply) == CLIENT_OK) {
		if (cli->json)
			cli_print_json(cli, reply.json);
		else
			json_array_foreach(json_object_get(reply.json, "forgotten"), i, id)
			    printf("forgotten: %s\n", json_string_value(id));
		client_reply_release(&reply);
		status = CLI_DONE;
	}
	free(target);
	free(name);
	return status;
}

/* ---- poll ---- */

#define POLL_WAIT_S 15

static bool
ask_switch(struct cli *cli, const char *name)
{
	char *escaped = client_escape(name), *target = NULL;
	struct client_reply reply;
	bool asked = asprintf(&target, "/v1/switches/%s/poll", escaped) > 0 &&
		     client_post(cli->client, target, SLICE("{}"), &reply) == CLIENT_OK;

	if (asked)
		client_reply_release(&reply);
	free(target);
	free(escaped);
	return asked;
}

/* Until its last end is another than before. The caller's; NULL after a message. */
static json_t *
wait_for_poll(struct cli *cli, const char *name, const char *before)
{
	const struct timespec nap = { .tv_nsec = 100000000 };

	for (int naps = 0; naps < POLL_WAIT_S * 10; naps++) {
		json_t *sw = switch_get(cli, name);
		if (!sw)
			return NULL;
		if (strcmp(json_text(json_object_get(sw, "poll"), "asked_at"), before) != 0)
			return sw;
		json_decref(sw);
		nanosleep(&nap, NULL);
	}
	cli_refuse("%s has not been asked within %d s: too many others wait", name, POLL_WAIT_S);
	return NULL;
}

int
cmd_switch_poll(struct cli *cli)
{
	const char *name = cli->args[0];
	json_t *sw = switch_get(cli, name);
	char before[64];

	if (!sw)
		return CLI_REFUSED;
	snprintf(before, sizeof(before), "%s", json_text(json_object_get(sw, "poll"), "asked_at"));
	json_decref(sw);
	if (!ask_switch(cli, name))
		return CLI_REFUSED;
	sw = wait_for_poll(cli, name, before);
	if (!sw)
		return CLI_REFUSED;
	const json_t *poll = json_object_get(sw, "poll");
	bool answered = strcmp(json_text(poll, "state"), "answered") == 0;
	if (cli->json)
		cli_print_json(cli, poll);
	else if (answered)
		printf("answered: %lld interfaces, %lld down, %lld uncertain\n",
		    (long long)json_number(sw, "interfaces"), (long long)json_number(sw, "down"),
		    (long long)json_number(sw, "uncertain"));
	else
		cli_refuse("%s: %s; look at its address, its community, and who may ask it", name,
		    json_text(poll, "state"));
	json_decref(sw);
	return answered ? CLI_DONE : CLI_REFUSED;
}
