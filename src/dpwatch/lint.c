/*
 * What `topology check` says beyond faults: core/topo_lint's findings, for people.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "table.h"

/* So many single points of failure are shown; -o json has them all. */
#define SINGLES_SHOWN 10
/* So many switches or hosts are named, each on a line. */
#define NAMES_SHOWN 20

static void
warn_each(const char *path, const json_t *names, const char *kind, const char *what)
{
	size_t n = json_array_size(names);

	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++) {
		fprintf(stderr, "%s: warning: %s ", path, kind);
		print_clean(stderr, json_string_value(json_array_get(names, i)));
		fprintf(stderr, ": %s\n", what);
	}
	if (n > NAMES_SHOWN)
		fprintf(stderr, "%s: warning: the same of %zu more\n", path, n - NAMES_SHOWN);
}

void
lint_warn(const char *path, const json_t *lint)
{
	json_int_t unwatched = json_number(lint, "ports_unwatched");

	if (!json_flag(lint, "has_roots") && json_number(lint, "ports") > 0)
		fprintf(stderr,
		    "%s: warning: no switch is a root: every switch counts as connected, and no lost uplink is seen\n",
		    path);
	warn_each(path, json_object_get(lint, "unlinked_switches"), "switch",
	    "no links, its power loss will not be seen");
	warn_each(path, json_object_get(lint, "unrooted_switches"), "switch",
	    "joined to no root: it counts as connected, whatever happens");
	warn_each(path, json_object_get(lint, "idle_hosts"), "host", "no ports");
	if (unwatched > 0)
		fprintf(stderr,
		    "%s: warning: %lld ports have no attachments: they are never seen down\n", path,
		    (long long)unwatched);
}

static void
single_row(struct table *table, const json_t *single)
{
	const char *interface = json_text(single, "interface");
	char name[1024];

	snprintf(name, sizeof(name), "%s%s%s", json_text(single, "switch"), *interface ? ":" : "",
	    interface);
	table_number(table, json_number(single, "ports"));
	table_cell(table, *interface ? "interface" : "switch");
	table_cell(table, name);
}

void
lint_print(const struct cli *cli, const json_t *lint)
{
	static const struct table_column columns[] = {
		{ .title = "PORTS", .right = true },
		{ .title = "FAILING" },
		{ .title = "NAME" },
	};
	const json_t *singles = json_object_get(lint, "single_failures"), *single;
	size_t i, n = json_array_size(singles);

	if (n == 0)
		return;
	printf("\n%lld of %lld ports have a single point of failure (%lld of them an interface):\n",
	    (long long)json_number(lint, "ports_single_failure"),
	    (long long)json_number(lint, "ports"),
	    (long long)json_number(lint, "ports_single_interface"));
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(singles, i, single)
	{
		if (i < SINGLES_SHOWN)
			single_row(table, single);
	}
	table_print(table, cli->width, cli->color);
	table_free(table);
	if (n > SINGLES_SHOWN)
		printf("and %zu more (-o json lists all)\n", n - SINGLES_SHOWN);
}
