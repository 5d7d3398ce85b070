/*
 * port explain: what the daemon says about one port's paths, told to people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "util/timeutil.h"

#define NAME_ROOM 1024

/* ---- interfaces ---- */

/* "SWITCH:INTERFACE" */
static void
put_name(const json_t *interface)
{
	char name[NAME_ROOM];

	snprintf(name, sizeof(name), "%s:%s", json_text(interface, "switch"),
	    json_text(interface, "name"));
	print_clean(stdout, name);
}

/* " for 12s": how long it has been so. Nothing where that is not known. */
static void
put_for(const json_t *object)
{
	char ago[TIMEUTIL_RELATIVE];
	const char *text = json_ago(object, "since", ago);

	if (*json_text(object, "since"))
		printf(" for %.*s", (int)strcspn(text, " "), text);
}

/* Who holds it, until when, and why. */
static void
put_override(const json_t *interface)
{
	if (!*json_text(interface, "override"))
		return;
	printf(", held %s by ", json_text(interface, "override"));
	print_clean(stdout,
	    *json_text(interface, "override_by") ? json_text(interface, "override_by") : "hand");
	if (*json_text(interface, "override_until"))
		printf(" until %s", json_text(interface, "override_until"));
	if (*json_text(interface, "override_note")) {
		printf(": ");
		print_clean(stdout, json_text(interface, "override_note"));
	}
}

/* "down? for 12s (link-down, said by trap), heard 12s ago"; the question mark: it may be out of date. */
static void
put_state(const json_t *interface)
{
	char heard[TIMEUTIL_RELATIVE];
	const char *reason = json_text(interface, "reason"),
		   *source = json_text(interface, "source");

	printf("%s%s", json_text(interface, "oper"), json_flag(interface, "certain") ? "" : "?");
	put_for(interface);
	if (*reason || *source)
		printf(" (%s%s%s%s)", reason, *reason && *source ? ", " : "",
		    *source ? "said by " : "", source);
	put_override(interface);
	if (strcmp(json_text(interface, "dampening"), "suppressed") == 0)
		printf(", held down until it has been quiet");
	if (*json_text(interface, "waiting"))
		printf(", a word that says %s waits", json_text(interface, "waiting"));
	if (json_flag(interface, "heard"))
		printf(", heard %s", json_ago(interface, "heard_at", heard));
	else
		printf(", never heard of");
}

/* Why an interface that is up itself carries nothing: its members, or its aggregate. */
static void
put_around(const json_t *interface, int indent)
{
	const json_t *members = json_object_get(interface, "members"), *member;
	const json_t *aggregate = json_object_get(interface, "aggregate");
	size_t i;

	if (members)
		printf("%*s%lld of %lld members up, at least %lld needed\n", indent, "",
		    (long long)json_number(interface, "members_up"),
		    (long long)json_number(interface, "members_total"),
		    (long long)json_number(interface, "min_links"));
	json_array_foreach(members, i, member)
	{
		printf("%*smember ", indent, "");
		put_name(member);
		printf(": ");
		put_state(member);
		printf("%s\n", json_flag(member, "lifted")
				   ? "; counts as up, because its aggregate said up after it"
				   : "");
	}
	if (aggregate) {
		printf("%*sits aggregate ", indent, "");
		put_name(aggregate);
		printf(": ");
		put_state(aggregate);
		putchar('\n');
	}
}

/* One interface on a line, and below it what else decides. `quiet`: one of which nothing is to be said is left out. */
static void
put_interface(const json_t *interface, int indent, bool quiet)
{
	if (quiet && json_flag(interface, "carries") && json_flag(interface, "certain") &&
	    json_array_size(json_object_get(interface, "members")) == 0)
		return;
	printf("%*s", indent, "");
	put_name(interface);
	printf(": ");
	put_state(interface);
	if (!json_flag(interface, "carries"))
		printf(", carries nothing");
	putchar('\n');
	put_around(interface, indent + 2);
}

/* ---- paths ---- */

static void
put_links(const json_t *links, const char *title)
{
	const json_t *link;
	size_t i;

	json_array_foreach(links, i, link)
	{
		const json_t *from = json_object_get(link, "from"),
			     *to = json_object_get(link, "to");
		printf("    %s ", title);
		put_name(from);
		printf(" - ");
		put_name(to);
		printf("%s\n", json_flag(link, "peer") ? " (peer)" : "");
		put_interface(from, 8, true);
		put_interface(to, 8, true);
	}
}

static void
put_where_to(const json_t *path)
{
	static const struct {
		const char *root, *text;
	} texts[] = {
		{ "no-roots", "no root is configured: every switch counts as connected" },
		{ "not-joined", "the map joins this switch to no root: it counts as connected" },
		{ "cut-off", "no way to a root" },
	};
	const char *root = json_text(path, "root");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(root, texts[i].root) == 0)
			printf("    %s\n", texts[i].text);
	if (strcmp(root, "root") != 0)
		return;
	printf("    root ");
	print_clean(stdout, json_text(path, "root_switch"));
	putchar('\n');
}

static void
put_path(const struct cli *cli, const json_t *path)
{
	const char *state = json_text(path, "state");
	bool up = strcmp(state, "up") == 0;
	json_int_t more = json_number(path, "cuts_total") -
			  (json_int_t)json_array_size(json_object_get(path, "cuts"));

	printf("\npath %s%s%s\n",
	    !cli->color ? ""
	    : up        ? "\033[32m"
			: "\033[1;31m",
	    state, cli->color ? "\033[0m" : "");
	put_interface(json_object_get(path, "interface"), 4, false);
	put_links(json_object_get(path, "hops"), "over");
	put_where_to(path);
	put_links(json_object_get(path, "cuts"), "cut");
	if (more > 0)
		printf("    and %lld more cuts\n", (long long)more);
}

/* ---- the port ---- */

static void
put_head(const json_t *port)
{
	bool down = json_flag(port, "dp_down");

	print_clean(stdout, *json_text(port, "name") ? json_text(port, "name") : "port");
	printf(" (%s)", json_text(port, "id"));
	if (*json_text(port, "host")) {
		printf(" on ");
		print_clean(stdout, json_text(port, "host"));
	}
	printf(": %s", down ? "DOWN"
		       : json_number(port, "paths_up") < json_number(port, "paths_total")
			   ? "up, degraded"
			   : "up");
	put_for(port);
	if (*json_text(port, "since"))
		printf(", since %.19sZ", json_text(port, "since"));
	if (down)
		printf(" (%s, %s)", json_text(port, "cause"), json_text(port, "reason"));
	putchar('\n');
	explain_put_why(port);
	printf("paths: %lld up, %lld stranded, %lld in all",
	    (long long)json_number(port, "paths_up"),
	    (long long)json_number(port, "paths_stranded"),
	    (long long)json_number(port, "paths_total"));
	printf("%s\n", strcmp(json_text(port, "stranded"), "down") == 0
			   ? "; one stranded path takes it down"
			   : "");
	if (*json_text(port, "fault")) {
		printf("fault ");
		print_clean(stdout, json_text(port, "fault"));
		putchar('\n');
	}
}

static void
put_report(const json_t *report)
{
	char ago[TIMEUTIL_RELATIVE];

	if (!json_is_object(report))
		return;
	printf("reported %s by ", json_flag(report, "down") ? "DOWN" : "up");
	print_clean(stdout, json_text(report, "by"));
	printf(" %s", json_ago(report, "at", ago));
	if (*json_text(report, "until"))
		printf(", until %s", json_text(report, "until"));
	if (*json_text(report, "note")) {
		printf(": ");
		print_clean(stdout, json_text(report, "note"));
	}
	putchar('\n');
}

static void
put_singles(const json_t *port)
{
	json_t *singles = json_object_get(port, "single_failures"), *single;
	size_t i, n = json_array_size(singles);
	json_int_t all = json_number(port, "single_failures_total");
	char name[NAME_ROOM];

	if (json_flag(port, "dp_down") || json_number(port, "paths_total") == 0)
		return;
	if (n == 0) {
		printf("\nNo single switch or interface takes it down.\n");
		return;
	}
	/* By switch, and first the switch itself: the map has them in whatever order Redis gave it. */
	json_sort(singles, "switch", "interface");
	printf("\nEach of these alone would take it down:\n");
	json_array_foreach(singles, i, single)
	{
		const char *interface = json_text(single, "interface");
		snprintf(name, sizeof(name), "%s%s%s", json_text(single, "switch"),
		    *interface ? ":" : "", interface);
		printf("  ");
		print_clean(stdout, name);
		putchar('\n');
	}
	if (all > (json_int_t)n)
		printf("  and %lld more\n", (long long)all - (long long)n);
}

static void
print_explanation(const struct cli *cli, const json_t *port, const json_t *history)
{
	const json_t *path;
	size_t i;

	put_head(port);
	put_report(json_object_get(port, "report"));
	if (json_number(port, "paths_total") == 0)
		printf("It has no attachments: nothing that is observed takes it down.\n");
	json_array_foreach(json_object_get(port, "paths"), i, path) put_path(cli, path);
	put_singles(port);
	explain_put_history(cli, history);
}

static void
print_whole(struct cli *cli, json_t *explanation)
{
	json_t *history = explain_history(cli, json_text(explanation, "id"));

	if (cli->json) {
		json_object_set(explanation, "history", history ? history : json_null());
		cli_print_json(cli, explanation);
	} else {
		print_explanation(cli, explanation, history);
	}
	json_decref(history);
}

int
cmd_port_explain(struct cli *cli)
{
	json_t *port = port_find(cli, cli->args[0]);
	char *target = NULL;
	struct client_reply reply;
	int status = CLI_REFUSED;

	if (port && asprintf(&target, "/v1/ports/%s/explain", json_text(port, "id")) > 0 &&
	    client_get(cli->client, target, &reply) == CLIENT_OK) {
		print_whole(cli, json_object_get(reply.json, "explanation"));
		client_reply_release(&reply);
		status = CLI_DONE;
	}
	free(target);
	json_decref(port);
	return status;
}
