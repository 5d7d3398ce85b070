/*
 * Events: what is there, and what comes. Following asks for what came after the last entry seen, and lets the daemon wait
 * for it; an entry is never missed, also not while the daemon restarts, since the ids are Redis's.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "table.h"
#include "util/timeutil.h"

#define PAGE 1000
#define LIMIT_DEFAULT 100
#define FOLLOW_BEFORE 10
/* Short enough that a pipe whose reader has left is noticed. */
#define WAIT "10s"

/* ---- printing ---- */

char *
event_cause(const json_t *event)
{
	const char *cause = json_text(event, "cause"), *reason = json_text(event, "reason");
	bool told = *reason && strcmp(cause, reason) != 0; /* "reported" is both */
	bool place = *json_text(event, "interface");
	char *text;

	if (asprintf(&text, "%s%s%s%s%s%s%s%s", cause, told ? " " : "", told ? reason : "",
		place ? " " : "", place ? json_text(event, "switch") : "", place ? ":" : "",
		json_text(event, "interface"),
		json_flag(event, "maintenance") ? ", in maintenance" : "") < 0)
		return NULL;
	return text;
}

static const char *
port_of(const json_t *event)
{
	return *json_text(event, "name") ? json_text(event, "name") : json_text(event, "port");
}

static void
event_row(struct table *table, const json_t *event)
{
	char ago[TIMEUTIL_RELATIVE], paths[32];
	bool down = json_flag(event, "dp_down");
	char *text = event_cause(event);

	table_cell(table, json_text(event, "id"));
	table_cell(table, json_ago(event, "occurred_at", ago));
	table_cell(table, port_of(event));
	table_tinted(table, down ? TINT_BAD : TINT_GOOD, down ? "DOWN" : "up");
	snprintf(paths, sizeof(paths), "%lld/%lld", (long long)json_number(event, "paths_up"),
	    (long long)json_number(event, "paths_total"));
	table_cell(table, paths);
	table_cell(table, json_text(event, "source"));
	table_cell(table, text ? text : "");
	free(text);
}

static void
print_table(const struct cli *cli, const json_t *events)
{
	static const struct table_column columns[] = {
		{ .title = "ID", .fixed = true, .drop = 1 },
		{ .title = "WHEN", .fixed = true },
		{ .title = "PORT" },
		{ .title = "STATE", .fixed = true },
		{ .title = "PATHS", .right = true, .drop = 2 },
		{ .title = "SOURCE", .drop = 3 },
		{ .title = "CAUSE" },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *event;
	size_t i;

	json_array_foreach(events, i, event) event_row(table, event);
	table_print(table, cli->width, cli->color);
	table_free(table);
}

/* The local time of day, to the millisecond; what is followed happens now. */
static void
put_clock(const char *text)
{
	int64_t us;
	struct tm tm;

	if (!timeutil_parse(slice_of(text), &us)) {
		print_clean(stdout, text);
		return;
	}
	time_t seconds = (time_t)(us / 1000000);
	localtime_r(&seconds, &tm);
	printf("%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(us % 1000000 / 1000));
}

static void
print_line(const struct cli *cli, const json_t *event)
{
	bool down = json_flag(event, "dp_down");
	char *text = event_cause(event);

	put_clock(json_text(event, "occurred_at"));
	printf("  %s%-4s%s  ",
	    !cli->color ? ""
	    : down      ? "\033[1;31m"
			: "\033[32m",
	    down ? "DOWN" : "up", cli->color ? "\033[0m" : "");
	print_clean(stdout, port_of(event));
	printf("  %lld/%lld  ", (long long)json_number(event, "paths_up"),
	    (long long)json_number(event, "paths_total"));
	print_clean(stdout, json_text(event, "source"));
	fputs("  ", stdout);
	print_clean(stdout, text ? text : "");
	putchar('\n');
	free(text);
}

/* One line each, out at once: somebody reads them as they come. */
static void
print_followed(const struct cli *cli, const json_t *events)
{
	const json_t *event;
	size_t i;

	json_array_foreach(events, i, event)
	{
		if (cli->json) {
			json_dumpf(event, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			print_line(cli, event);
		}
	}
	fflush(stdout);
}

/* ---- reading ---- */

/* A page of events: those after `since` (NULL: the newest), and where to go on. */
static enum client_result
read_page(struct client *client, const char *since, unsigned long long limit, const char *wait,
    json_t **ret_events, char **next)
{
	char *escaped = since ? client_escape(since) : NULL, *target;
	struct client_reply reply;

	if (asprintf(&target, "/v1/events?limit=%llu%s%s%s%s", limit, escaped ? "&since=" : "",
		escaped ? escaped : "", wait ? "&wait=" : "", wait ? wait : "") < 0)
		target = NULL;
	free(escaped);
	enum client_result result = target ? client_get(client, target, &reply) : CLIENT_REFUSED;
	free(target);
	if (result != CLIENT_OK)
		return result;
	*ret_events = json_incref(json_object_get(reply.json, "events"));
	char *id = strdup(json_text(reply.json, "next"));
	free(*next);
	*next = id;
	client_reply_release(&reply);
	return CLIENT_OK;
}

/* At most `limit` events, page by page. */
static enum client_result
read_some(struct cli *cli, const char *since, unsigned long long limit, json_t *events, char **next)
{
	const char *from = since;

	while (json_array_size(events) < limit) {
		unsigned long long left = limit - json_array_size(events);
		unsigned long long page = left < PAGE ? left : PAGE;
		json_t *more;
		enum client_result result = read_page(cli->client, from, page, NULL, &more, next);
		if (result != CLIENT_OK)
			return result;
		size_t n = json_array_size(more);
		json_array_extend(events, more);
		json_decref(more);
		/* The newest come in one page; what came after `since` goes on behind the last. */
		if (n < page || !since)
			break;
		from = *next;
	}
	return CLIENT_OK;
}

/* ---- following ---- */

static void
on_interrupt(int signal_number)
{
	(void)signal_number;
	/* Every line has been flushed. */
	_exit(CLI_DONE);
}

static void
pause_a_second(void)
{
	const struct timespec second = { .tv_sec = 1 };

	nanosleep(&second, NULL);
}

/* `dpwatch events --follow | head` would otherwise stay until the next event. */
static bool
nobody_reads(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return ferror(stdout) || (poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)));
}

/*
 * Prints what comes after `next` (taken). Does not end by itself: a daemon that was `reached` once and restarts is waited
 * for.
 */
static int
follow(struct cli *cli, char *next, bool reached)
{
	bool lost = false;
	enum client_result result = CLIENT_OK;

	while (result != CLIENT_REFUSED && !nobody_reads()) {
		json_t *events;
		client_set_quiet(cli->client, reached);
		result = read_page(cli->client, next, PAGE, WAIT, &events, &next);
		if (result == CLIENT_OK) {
			print_followed(cli, events);
			json_decref(events);
			reached = true;
			lost = false;
		} else if (!reached) {
			break;
		} else if (result == CLIENT_UNREACHABLE) {
			if (!lost)
				cli_refuse(
				    "lost the daemon; going on after %s when it is back", next);
			lost = true;
			pause_a_second();
		}
	}
	free(next);
	return result == CLIENT_OK ? CLI_DONE : CLI_REFUSED;
}

/* The last few events, and then those that come. */
static int
follow_from_now(struct cli *cli, unsigned long long limit)
{
	char *next = NULL;
	json_t *events;

	if (read_page(cli->client, NULL, limit, NULL, &events, &next) != CLIENT_OK)
		return CLI_REFUSED;
	print_followed(cli, events);
	json_decref(events);
	return follow(cli, next, true);
}

static int
print_all(struct cli *cli, const json_t *events, const char *next)
{
	if (!cli->json) {
		print_table(cli, events);
		return CLI_DONE;
	}
	json_t *answer = json_pack("{s:O, s:s}", "events", events, "next", next ? next : "0");
	cli_print_json(cli, answer);
	json_decref(answer);
	return CLI_DONE;
}

static int
list_events(struct cli *cli, const char *since, unsigned long long limit)
{
	json_t *events = json_array();
	char *next = NULL;
	int status = CLI_REFUSED;

	if (read_some(cli, since, limit, events, &next) == CLIENT_OK)
		status = print_all(cli, events, next);
	json_decref(events);
	free(next);
	return status;
}

int
cmd_events(struct cli *cli)
{
	bool following = cli_value(cli, "follow") != NULL;
	const char *since = cli_value(cli, "since");
	unsigned long long limit = following ? FOLLOW_BEFORE : LIMIT_DEFAULT;

	/* The newest come in one page. */
	if (!cli_number(cli, "limit", 1, since ? UINT32_MAX : PAGE, &limit))
		return CLI_USAGE;
	if (following && since && cli_value(cli, "limit"))
		return cli_misuse(cli,
		    "with --follow, --limit says how many are shown first, and --since does so already");
	if (!following)
		return list_events(cli, since, limit);
	signal(SIGINT, on_interrupt);
	return since ? follow(cli, strdup(since), false) : follow_from_now(cli, limit);
}
