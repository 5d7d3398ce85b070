#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "core/topo_codec.h"
#include "core/topo_lint.h"
#include "discover.h"
#include "util/timeutil.h"

/* From here on a check takes long enough to say so. */
#define DOCUMENT_LARGE ((size_t)20 << 20)

/* ---- reading the file ---- */

static bool
read_all(int fd, size_t max, char **ret_bytes, size_t *ret_len)
{
	size_t room = 1 << 16, len = 0;
	char *bytes = malloc(room);

	while (bytes && len <= max) {
		ssize_t n = read(fd, bytes + len, room - len);
		if (n == 0) {
			*ret_bytes = bytes;
			*ret_len = len;
			return true;
		}
		if (n < 0)
			break;
		len += (size_t)n;
		if (len < room)
			continue;
		char *more = realloc(bytes, room * 2);
		if (!more)
			break;
		bytes = more;
		room *= 2;
	}
	if (len > max)
		errno = EFBIG;
	int problem = errno;
	free(bytes);
	errno = problem;
	return false;
}

bool
document_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && read_all(fd, max, ret_bytes, ret_len);

	if (!ok)
		cli_refuse("%s: %s", path, strerror(errno));
	if (fd >= 0 && !is_stdin)
		close(fd);
	return ok;
}

static const char *
name_of(const char *path)
{
	if (!path)
		return "the map in force";
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* ---- checking it here ---- */

static void
tell_faults(const char *path, const struct topo_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		fprintf(stderr, "%s: ", path);
		print_clean(stderr, faults->items[i].path);
		fprintf(stderr, ": %s", faults->items[i].warning ? "warning: " : "");
		print_clean(stderr, faults->items[i].reason);
		fputc('\n', stderr);
	}
	size_t all = faults->n_errors + faults->n_warnings;
	if (all > faults->n)
		fprintf(stderr, "%s: and %zu more\n", path, all - faults->n);
}

json_t *
faults_json(const struct topo_faults *faults)
{
	json_t *list = json_array();

	for (size_t i = 0; i < faults->n; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:b}", "path", faults->items[i].path, "reason",
			      faults->items[i].reason, "warning", faults->items[i].warning));
	return list;
}

/* What is not wrong, but should be known: NULL when out of memory. */
static json_t *
lint_json(const struct topo *topo)
{
	struct topo_lint lint;
	json_t *json;

	if (topo_lint(topo, &lint) != 0)
		return NULL;
	json = topo_lint_json(topo, &lint);
	topo_lint_release(&lint);
	return json;
}

static json_t *
counts_json(const struct topo *topo)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "switches", (json_int_t)topo_n_switches(topo),
	    "interfaces", (json_int_t)topo_n_interfaces(topo), "links",
	    (json_int_t)topo_n_links(topo), "hosts", (json_int_t)topo_n_hosts(topo), "ports",
	    (json_int_t)topo_n_ports(topo));
}

static void
put_counts(const json_t *counts)
{
	printf("%lld switches, %lld interfaces, %lld links, %lld hosts, %lld ports\n",
	    (long long)json_number(counts, "switches"),
	    (long long)json_number(counts, "interfaces"), (long long)json_number(counts, "links"),
	    (long long)json_number(counts, "hosts"), (long long)json_number(counts, "ports"));
}

/*
 * Reads (without a path: from the daemon) and checks. On CLI_DONE *ret_topo is the caller's; the bytes always are (NULL: not
 * read).
 */
static int
document_check(struct cli *cli, const char *path, char **ret_bytes, size_t *ret_len,
    struct topo_faults *faults, struct topo **ret_topo)
{
	*ret_bytes = NULL;
	if (path ? !document_read(path, DOCUMENT_MAX, ret_bytes, ret_len)
		 : !live_document(cli, ret_bytes, ret_len))
		return CLI_REFUSED;
	if (*ret_len >= DOCUMENT_LARGE || cli->verbose)
		progress_say(cli, "checking %.1f MB", (double)*ret_len / 1e6);
	int error = topo_from_text((struct slice){ *ret_bytes, *ret_len }, ret_topo, faults);
	if (!cli->json || error == 0)
		tell_faults(name_of(path), faults);
	if (error == 0)
		return CLI_DONE;
	if (error != -EINVAL)
		return cli_refuse("%s: %s", name_of(path), strerror(-error));
	return CLI_REFUSED;
}

/*
 * `live`: what the daemon knows besides; `findings`: how the map differs from what the switches say. NULL: nobody was asked.
 */
static void
put_check(const struct cli *cli, const char *path, const struct topo *topo,
    const struct topo_faults *faults, const json_t *live, const json_t *findings)
{
	json_t *counts = counts_json(topo), *lint = lint_json(topo);

	if (cli->json) {
		json_t *answer = json_pack("{s:b, s:O, s:o, s:O*, s:O*, s:O*}", "good", 1,
		    "topology", counts, "faults", faults_json(faults), "lint", lint, "live", live,
		    "findings", findings);
		cli_print_json(cli, answer);
		json_decref(answer);
	} else {
		lint_warn(path, lint);
		printf("%s is good: ", path);
		put_counts(counts);
		lint_print(cli, lint);
		live_print(live);
		discover_print_check(cli, findings);
	}
	json_decref(counts);
	json_decref(lint);
}

static void
put_bad(const struct cli *cli, const char *path, const struct topo_faults *faults)
{
	if (cli->json && faults->n_errors > 0) {
		json_t *answer = json_pack("{s:b, s:o}", "good", 0, "faults", faults_json(faults));
		cli_print_json(cli, answer);
		json_decref(answer);
	}
	if (faults->n_errors > 0)
		cli_refuse("%s has %zu fault%s: mend %s and try again", path, faults->n_errors,
		    faults->n_errors == 1 ? "" : "s", faults->n_errors == 1 ? "it" : "them");
}

int
cmd_topology_check(struct cli *cli)
{
	const char *path = cli->n_args > 0 ? cli->args[0] : NULL;
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;
	json_t *live = NULL, *findings = NULL;
	char since[TIMEUTIL_TEXT] = "";
	char *bytes;
	size_t len;

	if (!path && !live_since(cli, since))
		return CLI_REFUSED;
	int status = document_check(cli, path, &bytes, &len, &faults, &topo);
	free(bytes);
	if (status != CLI_DONE)
		put_bad(cli, name_of(path), &faults);
	else if (!path && !(live = live_json(cli, topo, since)))
		status = CLI_REFUSED;
	else {
		if (cli_value(cli, "live"))
			status = discover_check(cli, topo, &findings);
		put_check(cli, name_of(path), topo, &faults, live, findings);
	}
	json_decref(live);
	json_decref(findings);
	topo_free(topo);
	topo_faults_release(&faults);
	return status;
}

/* ---- load and dump ---- */

static int
document_send(struct cli *cli, struct slice document)
{
	const char *target = cli_value(cli, "force") ? "/v1/topology?force=1" : "/v1/topology";
	struct client_reply reply;

	progress_begin(cli);
	enum client_result result = client_put(cli->client, target, document, &reply);
	progress_end(cli);
	if (result != CLIENT_OK)
		return CLI_REFUSED;
	if (cli->json) {
		cli_print_json(cli, reply.json);
	} else {
		printf("in force: ");
		put_counts(json_object_get(reply.json, "topology"));
	}
	client_reply_release(&reply);
	return CLI_DONE;
}

int
cmd_topology_load(struct cli *cli)
{
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;
	char *bytes;
	size_t len;
	int status = document_check(cli, cli->args[0], &bytes, &len, &faults, &topo);

	if (status != CLI_DONE)
		put_bad(cli, name_of(cli->args[0]), &faults);
	/* Before the wait: a large one need not be in memory twice. */
	topo_free(topo);
	topo_faults_release(&faults);
	if (status == CLI_DONE)
		status = document_send(cli, (struct slice){ bytes, len });
	free(bytes);
	return status;
}

int
cmd_topology_dump(struct cli *cli)
{
	struct client_reply reply;

	/* As it comes: a document with a record a line is good for people and programs. */
	if (client_copy(cli->client, "/v1/topology", stdout, &reply) != CLIENT_OK)
		return CLI_REFUSED;
	client_reply_release(&reply);
	return CLI_DONE;
}
