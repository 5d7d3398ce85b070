/*
 * topology import: documents out of what other systems know. The document goes to standard output, so that it can be looked
 * at, kept, or handed to `topology load -`; what became of each object goes to standard error, or with -o json beside it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/import_ifnames.h"
#include "core/import_neutron.h"

/* Neutron tells more of each port than a topology does. */
#define SOURCE_MAX ((size_t)2 << 30)

/* What one import reads and makes. */
struct importing {
	const struct cli *cli;
	char *source, *base_text, *hosts_text;
	size_t source_len;
	json_t *base; /* NULL: none was given */
	struct hosts_file hosts;
	struct topo_faults faults;
	struct import_report report;
	json_t *document;
};

static void
importing_release(struct importing *importing)
{
	json_decref(importing->base);
	json_decref(importing->document);
	hosts_file_release(&importing->hosts);
	topo_faults_release(&importing->faults);
	import_report_release(&importing->report);
	free(importing->source);
	free(importing->base_text);
	free(importing->hosts_text);
}

static const char *
name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* ---- telling ---- */

/* The paths of an importer's faults name the file already. */
static void
tell_import_faults(const struct topo_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		fputs("dpwatch: ", stderr);
		print_clean(stderr, faults->items[i].path);
		fprintf(stderr, ": %s", faults->items[i].warning ? "warning: " : "");
		print_clean(stderr, faults->items[i].reason);
		fputc('\n', stderr);
	}
}

/* 0, or what an importer returned. */
static int
refuse(const struct importing *importing, int error)
{
	if (error != -EINVAL)
		return cli_refuse("%s", strerror(-error));
	if (importing->cli->json) {
		json_t *answer =
		    json_pack("{s:b, s:o}", "good", 0, "faults", faults_json(&importing->faults));
		cli_print_json(importing->cli, answer);
		json_decref(answer);
	} else {
		tell_import_faults(&importing->faults);
	}
	return cli_refuse("nothing is imported");
}

static void
tell_reject(const struct import_reject *reject)
{
	fputs("left out: ", stderr);
	print_clean(stderr, *reject->id ? reject->id : reject->where);
	if (*reject->name) {
		fputs(" (", stderr);
		print_clean(stderr, reject->name);
		fputc(')', stderr);
	}
	fputs(": ", stderr);
	print_clean(stderr, reject->reason);
	fputc('\n', stderr);
}

/* What was mapped and how, what should be looked at, and each object that was left out. */
static void
tell_report(const struct import_report *report, const char *what)
{
	const char *between = ": ";

	for (size_t i = 0; i < report->n_rejects; i++)
		tell_reject(&report->rejects[i]);
	for (size_t i = 0; i < report->n_notes; i++) {
		fputs("note: ", stderr);
		print_clean(stderr, report->notes[i]);
		fputc('\n', stderr);
	}
	fprintf(stderr, "%u %s mapped", import_report_n_mapped(report), what);
	for (int way = 0; way < IMPORT_WAY_MAX; way++) {
		if (report->n_mapped[way] == 0)
			continue;
		fprintf(
		    stderr, "%s%u by %s", between, report->n_mapped[way], import_way_names[way]);
		between = ", ";
	}
	fprintf(stderr, "; %zu left out\n", report->n_rejects);
}

/* A document with an object a line, as `topology dump` prints it. */
static void
print_document(const json_t *document)
{
	const char *name, *before = "{";
	json_t *list;

	json_object_foreach((json_t *)(uintptr_t)document, name, list)
	{
		printf("%s\"%s\": [", before, name);
		for (size_t i = 0; i < json_array_size(list); i++) {
			fputs(i > 0 ? ",\n  " : "\n  ", stdout);
			json_dumpf(json_array_get(list, i), stdout, JSON_COMPACT);
		}
		putchar(']');
		before = ",\n ";
	}
	fputs("}\n", stdout);
}

static void
print_imported(const struct importing *importing, const char *what)
{
	if (importing->cli->json) {
		json_t *answer = import_report_json(&importing->report);
		json_object_set(answer, "document", importing->document);
		cli_print_json(importing->cli, answer);
		json_decref(answer);
		return;
	}
	print_document(importing->document);
	tell_import_faults(&importing->faults);
	tell_report(&importing->report, what);
}

/* ---- reading ---- */

/* The --base, where one is given. CLI_DONE, or CLI_REFUSED after a message. */
static int
read_base(struct importing *importing)
{
	const char *path = cli_value(importing->cli, "base");
	size_t len;

	if (!path)
		return CLI_DONE;
	if (!document_read(path, DOCUMENT_MAX, &importing->base_text, &len))
		return CLI_REFUSED;
	importing->base =
	    topo_document_parse((struct slice){ importing->base_text, len }, &importing->faults);
	if (importing->base)
		return CLI_DONE;
	cli_refuse("%s is no topology document", path);
	return refuse(importing, -EINVAL);
}

static int
read_hosts(struct importing *importing)
{
	const char *path = cli_value(importing->cli, "hosts");
	size_t len;

	if (!path)
		return CLI_DONE;
	if (!document_read(path, DOCUMENT_MAX, &importing->hosts_text, &len))
		return CLI_REFUSED;
	int error = hosts_file_parse(&importing->hosts,
	    (struct slice){ importing->hosts_text, len }, path, &importing->faults);
	return error == 0 ? CLI_DONE : refuse(importing, error);
}

static int
read_source(struct importing *importing, const char *path)
{
	bool ok = document_read(path, SOURCE_MAX, &importing->source, &importing->source_len);

	return ok ? CLI_DONE : CLI_REFUSED;
}

static struct slice
source_of(const struct importing *importing)
{
	return (struct slice){ importing->source, importing->source_len };
}

/* ---- the commands ---- */

static int
import_ports(struct importing *importing)
{
	const struct cli *cli = importing->cli;
	const char *hosts_path = cli_value(cli, "hosts");
	const struct import_base base = {
		.document = importing->base,
		.path = cli_value(cli, "base"),
		.hosts = hosts_path ? &importing->hosts : NULL,
		.hosts_path = hosts_path,
	};
	int status = read_source(importing, cli->args[0]);

	if (status != CLI_DONE)
		return status;
	int error = import_neutron(source_of(importing), name_of(cli->args[0]), &base,
	    &importing->document, &importing->report, &importing->faults);
	if (error != 0)
		return refuse(importing, error);
	print_imported(importing, "ports");
	return CLI_DONE;
}

int
cmd_import_neutron(struct cli *cli)
{
	struct importing importing = { .cli = cli };

	if (!cli_value(cli, "hosts") && !cli_value(cli, "base"))
		return cli_misuse(
		    cli, "--hosts, --base or both must say where the hosts are attached");
	int status = read_base(&importing);
	if (status == CLI_DONE)
		status = read_hosts(&importing);
	if (status == CLI_DONE)
		status = import_ports(&importing);
	importing_release(&importing);
	return status;
}

/* The family of the switch in the base, which settles short forms of names. */
static enum os_family
os_of(const json_t *base, const char *name)
{
	const json_t *sw;
	size_t i;

	json_array_foreach(json_object_get(base, "switches"), i, sw)
	{
		const char *own = json_text(sw, "name");
		if (strcmp(own, name) == 0)
			return os_family_from(slice_of(json_text(sw, "os")));
	}
	return OS_UNKNOWN;
}

static int
import_walk(struct importing *importing, const char *name, const char *path)
{
	json_t *interfaces = NULL;
	int status = read_source(importing, path);

	if (status != CLI_DONE)
		return status;
	int error = import_ifnames(source_of(importing), name_of(path),
	    os_of(importing->base, name), &interfaces, &importing->report, &importing->faults);
	if (error == 0 && importing->base)
		error = import_ifnames_merge(importing->base, slice_of(name), interfaces,
		    &importing->document, &importing->report, &importing->faults);
	else if (error == 0)
		importing->document = json_pack(
		    "{s:[{s:s, s:O}]}", "switches", "name", name, "interfaces", interfaces);
	json_decref(interfaces);
	if (error != 0)
		return refuse(importing, error);
	if (!importing->document)
		return cli_refuse("'%s' is no switch's name", name);
	print_imported(importing, "interfaces");
	return CLI_DONE;
}

int
cmd_import_ifnames(struct cli *cli)
{
	struct importing importing = { .cli = cli };
	int status = read_base(&importing);

	if (status == CLI_DONE)
		status = import_walk(&importing, cli->args[0], cli->args[1]);
	importing_release(&importing);
	return status;
}
