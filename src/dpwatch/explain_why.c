/*
 * port explain, the part that answers "why?" in a sentence, and tells what went before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "util/timeutil.h"

/* Toggles that are looked through, and of which so many are shown. */
#define LOOK_AT 1000
#define SHOW 10

/* ---- why ---- */

/* What an interface did, for each reason that an interface can have (link_reason_names). */
static const char *
did(const char *reason)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
		{ "link-down", "went down" },
		{ "admin-down", "was shut down by an administrator" },
		{ "err-disabled", "was switched off by its switch (err-disabled)" },
		{ "members", "has too few members that are up" },
		{ "flapping",
		    "goes up and down too often, and is held down until it has been quiet" },
		{ "card", "went down with its card" },
		{ "power", "went down when its switch lost power" },
		{ "override", "is held down by hand" },
		{ "topology", "is what another topology left of its paths" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].reason, reason) == 0)
			return texts[i].text;
	return "went down";
}

static void
put_interface_did(const json_t *port)
{
	print_clean(stdout, json_text(port, "switch"));
	putchar(':');
	print_clean(stdout, json_text(port, "interface"));
	printf(" %s", did(json_text(port, "reason")));
}

/* Of a port that its paths take down. */
static void
put_observed(const json_t *port)
{
	bool placed = *json_text(port, "interface");

	printf("Why: ");
	if (!placed)
		printf("another topology left it no path");
	else
		put_interface_did(port);
	if (json_number(port, "paths_up") > 0)
		printf(", a path is stranded by it, and its host goes on sending there");
	else if (strcmp(json_text(port, "cause"), "uplink") == 0)
		printf(", and behind it no way to a root is left");
	else if (placed)
		printf(", and no path is left");
	puts(".");
}

static bool
is_reported_down(const json_t *port)
{
	return json_flag(json_object_get(port, "report"), "down");
}

/* The paths, had nobody reported anything. */
static bool
is_observed_down(const json_t *port)
{
	return json_number(port, "paths_total") > 0 &&
	       (json_number(port, "paths_up") == 0 ||
		   (strcmp(json_text(port, "stranded"), "down") == 0 &&
		       json_number(port, "paths_stranded") > 0));
}

static void
put_down(const json_t *port)
{
	/* Who reports a port may come first: what its paths did later was no toggle, and has no place here. */
	bool placed = strcmp(json_text(port, "cause"), "reported") != 0;
	bool observed = is_observed_down(port);

	if (observed && placed)
		put_observed(port);
	if (!is_reported_down(port))
		return;
	printf("%s ", observed && placed ? "Besides," : "Why:");
	print_clean(stdout, json_text(json_object_get(port, "report"), "by"));
	printf(" reports it down%s.\n", placed     ? ""
					: observed ? "; its paths would not be up either"
						   : ", whatever its paths are");
}

/* Its paths, and what decides on each of them. */
static bool
any_interface(const json_t *port, bool (*fits)(const json_t *interface))
{
	const json_t *path, *link;
	size_t i, k;

	json_array_foreach(json_object_get(port, "paths"), i, path)
	{
		if (fits(json_object_get(path, "interface")))
			return true;
		json_array_foreach(json_object_get(path, "hops"), k, link)
		{
			if (fits(json_object_get(link, "from")) ||
			    fits(json_object_get(link, "to")))
				return true;
		}
	}
	return false;
}

static bool
is_uncertain(const json_t *interface)
{
	return !json_flag(interface, "certain");
}

static bool
is_waiting(const json_t *interface)
{
	return *json_text(interface, "waiting");
}

void
explain_put_why(const json_t *port)
{
	bool down = json_flag(port, "dp_down");

	if (down)
		put_down(port);
	else if (json_number(port, "paths_up") < json_number(port, "paths_total"))
		puts("Degraded: some of its paths are gone, and what is left carries its traffic.");
	if (any_interface(port, is_uncertain))
		puts(
		    "A \"?\" marks what may be out of date: until the switch speaks of it again, or "
		    "answers, the last word stands.");
	if (any_interface(port, is_waiting))
		puts("A word about one of its interfaces was heard, and is not counted yet.");
	if (json_flag(port, "maintenance"))
		puts("In maintenance: its toggles say so (dpwatch maintenance list).");
}

/* ---- history ---- */

json_t *
explain_history(struct cli *cli, const char *id)
{
	struct client_reply reply;
	char target[64];
	json_t *history, *event;
	size_t i;

	snprintf(target, sizeof(target), "/v1/events?limit=%d", LOOK_AT);
	client_set_quiet(cli->client, true);
	enum client_result result = client_get(cli->client, target, &reply);
	client_set_quiet(cli->client, false);
	if (result != CLIENT_OK)
		return NULL;
	history = json_array();
	json_array_foreach(json_object_get(reply.json, "events"), i, event)
	{
		if (strcmp(json_text(event, "port"), id) != 0)
			continue;
		json_array_append(history, event);
		if (json_array_size(history) > SHOW)
			json_array_remove(history, 0);
	}
	client_reply_release(&reply);
	return history;
}

void
explain_put_history(const struct cli *cli, const json_t *history)
{
	const json_t *event;
	size_t i;

	if (!history) {
		puts("\nWhat went before cannot be read from Redis at present.");
		return;
	}
	if (json_array_size(history) == 0)
		return;
	puts("\nBefore:");
	json_array_foreach(history, i, event)
	{
		bool down = json_flag(event, "dp_down");
		char ago[TIMEUTIL_RELATIVE], *cause = event_cause(event);
		printf("  %.19sZ, %s  %s%-4s%s  %lld/%lld  ", json_text(event, "occurred_at"),
		    json_ago(event, "occurred_at", ago),
		    !cli->color ? ""
		    : down      ? "\033[1;31m"
				: "\033[32m",
		    down ? "DOWN" : "up", cli->color ? "\033[0m" : "",
		    (long long)json_number(event, "paths_up"),
		    (long long)json_number(event, "paths_total"));
		print_clean(stdout, json_text(event, "source"));
		printf("  ");
		print_clean(stdout, cause ? cause : "");
		putchar('\n');
		free(cause);
	}
}
