/*
 * dpwatch doctor: how a switch is heard, and what to configure on it. The configuration needs no daemon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/vendor_lines.h"
#include "util/timeutil.h"

/* ---- what was heard ---- */

static void
put_word(const char *title, const json_t *word)
{
	char ago[TIMEUTIL_RELATIVE];

	printf("%-14s", title);
	if (!json_is_object(word)) {
		printf("never\n");
		return;
	}
	printf("%s: ", json_ago(word, "at", ago));
	print_clean(stdout, json_text(word, "rule"));
	if (*json_text(word, "interface")) {
		printf(", ");
		print_clean(stdout, json_text(word, "interface"));
	} else if (json_number(word, "if_index") > 0) {
		printf(", ifIndex %lld", (long long)json_number(word, "if_index"));
	}
	printf(" (%s)\n", json_text(word, "became"));
}

static void
put_refusals(const json_t *refused)
{
	char ago[TIMEUTIL_RELATIVE];
	const json_t *refusal;
	size_t i;

	json_array_foreach(refused, i, refusal) printf("%-14s%lld, last %s: %s\n",
	    i == 0 ? "refused" : "", (long long)json_number(refusal, "count"),
	    json_ago(refusal, "last", ago), json_text(refusal, "why"));
}

static void
put_findings(const json_t *findings)
{
	const json_t *finding;
	size_t i;

	putchar('\n');
	json_array_foreach(findings, i, finding)
	{
		printf("%s ", strcmp(json_text(finding, "level"), "warning") == 0 ? "!" : "-");
		print_clean(stdout, json_text(finding, "text"));
		putchar('\n');
	}
}

static void
print_doctor(const json_t *doctor)
{
	char ago[TIMEUTIL_RELATIVE];
	const char *version = json_text(doctor, "trap_version");

	printf("%-14s", "switch");
	print_clean(stdout, json_text(doctor, "name"));
	printf("\n%-14s%lld%s%s%s\n", "traps", (long long)json_number(doctor, "traps"),
	    *version ? " (" : "", version, *version ? ")" : "");
	put_word("last trap", json_object_get(doctor, "last_trap"));
	printf("%-14slast %s\n", "other traps", json_ago(doctor, "other_trap", ago));
	printf("%-14s%lld\n", "syslog", (long long)json_number(doctor, "syslog"));
	put_word("last line", json_object_get(doctor, "last_line"));
	printf("%-14slast %s\n", "other lines", json_ago(doctor, "other_line", ago));
	printf("%-14s%lld, last %s\n", "restarts", (long long)json_number(doctor, "restarts"),
	    json_ago(doctor, "restarted_at", ago));
	put_refusals(json_object_get(doctor, "refused"));
	put_findings(json_object_get(doctor, "findings"));
}

/* ---- what to configure ---- */

/* The family's lines, with the address where it is known. The caller frees them; NULL is out of memory. */
static char *
fill_in(const char *lines, const char *address)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (const char *at; (at = strstr(lines, VENDOR_ADDRESS)) && address;
	     lines = at + strlen(VENDOR_ADDRESS)) {
		fwrite(lines, 1, (size_t)(at - lines), out);
		fputs(address, out);
	}
	fputs(lines, out);
	fclose(out);
	return text;
}

static json_t *
lines_json(const struct vendor_lines *family, const char *address)
{
	char *text = fill_in(family->lines, address);
	json_t *object = json_pack("{s:s, s:s, s:s}", "os", family->family, "title", family->title,
	    "lines", text ? text : "");

	free(text);
	return object;
}

/* The families that are asked for: one, or all. */
static json_t *
families_json(const struct vendor_lines *only, const char *address)
{
	json_t *list = json_array();
	const struct vendor_lines *family;

	for (size_t i = 0; (family = vendor_lines_at(i)); i++)
		if (!only || family == only)
			json_array_append_new(list, lines_json(family, address));
	return list;
}

static void
print_families(const struct cli *cli, const json_t *families)
{
	const char *address = cli_value(cli, "address");
	const json_t *family;
	size_t i;

	json_array_foreach(families, i, family)
	{
		printf(
		    "\nTo paste into %s (%s is the community of [snmp]%s; versions differ, compare with its guide):\n\n",
		    json_text(family, "title"), VENDOR_COMMUNITY,
		    address ? "" : ", ADDRESS this host's; or give --address");
		fputs(json_text(family, "lines"), stdout);
	}
}

/* Names of families for a message. */
static int
refuse_os(const char *os)
{
	const struct vendor_lines *family;

	cli_refuse("no lines are known for the os '%s'; there are:", os);
	for (size_t i = 0; (family = vendor_lines_at(i)); i++)
		fprintf(stderr, "  %-12s%s\n", family->family, family->title);
	return CLI_REFUSED;
}

/* ---- the command ---- */

static enum client_result
ask(struct cli *cli, struct client_reply *reply)
{
	char *escaped = client_escape(cli->args[0]), *target;

	if (!escaped || asprintf(&target, "/v1/switches/%s/doctor", escaped) < 0)
		target = NULL;
	free(escaped);
	enum client_result result =
	    target ? client_get(cli->client, target, reply) : CLIENT_REFUSED;
	free(target);
	return result;
}

static void
print_all(const struct cli *cli, const json_t *doctor, json_t *families, const char *os)
{
	if (cli->json) {
		json_t *answer =
		    json_pack("{s:O*, s:O}", "doctor", doctor, "configuration", families);
		cli_print_json(cli, answer);
		json_decref(answer);
		return;
	}
	if (doctor)
		print_doctor(doctor);
	print_families(cli, families);
	if (json_array_size(families) == 0 && *os)
		printf(
		    "\nNo configuration is known for its os '%s' (dpwatch doctor --os all).\n", os);
	else if (json_array_size(families) == 0)
		printf("\nThe map does not tell its os: --os OS shows what to configure.\n");
}

int
cmd_doctor(struct cli *cli)
{
	const char *os = cli_value(cli, "os"), *address = cli_value(cli, "address");
	const struct vendor_lines *family = os ? vendor_lines_find(slice_of(os)) : NULL;
	bool all = os && strcmp(os, "all") == 0;
	struct client_reply reply = { 0 };
	const json_t *doctor = NULL;

	if (!os && cli->n_args == 0)
		return cli_misuse(cli, "a SWITCH, or --os OS, is missing");
	if (os && !all && !family)
		return refuse_os(os);
	if (cli->n_args > 0) {
		if (ask(cli, &reply) != CLIENT_OK)
			return CLI_REFUSED;
		doctor = json_object_get(reply.json, "doctor");
		os = os ? os : json_text(doctor, "os");
		family = family ? family : vendor_lines_find(slice_of(os));
	}
	json_t *families =
	    family || all ? families_json(all ? NULL : family, address) : json_array();
	print_all(cli, doctor, families, os);
	json_decref(families);
	if (doctor)
		client_reply_release(&reply);
	return CLI_DONE;
}
