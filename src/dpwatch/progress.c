/*
 * How far a load is, on standard error: on a terminal one line that is written over, with -v a line for each step, and else
 * nothing. The daemon's part is asked for beside the request that waits, at most five times a second.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define QUIET_SECONDS 1.0 /* a terminal need not flicker for less */
#define ASK_SECONDS 0.2
#define TEXT 120

static struct {
	struct client *twin; /* asks while the other one waits */
	struct timespec started;
	double asked;     /* seconds since the start */
	char phase[TEXT]; /* the last that a line of its own told */
	bool terminal;
	bool shown; /* a line that is to be written over */
} progress;

void
progress_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (!cli->verbose && !isatty(STDERR_FILENO))
		return;
	fputs("dpwatch: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static double
seconds_since_start(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - progress.started.tv_sec) +
	       (double)(now.tv_nsec - progress.started.tv_nsec) / 1e9;
}

/* `phase` with figures behind it: the line of a terminal is written anew, with -v only a new phase is a line. */
static void
show(const char *phase, const char *figures)
{
	if (progress.terminal) {
		fprintf(
		    stderr, "\r\033[Kdpwatch: %.0f s: %s%s", seconds_since_start(), phase, figures);
		progress.shown = true;
		return;
	}
	if (strcmp(phase, progress.phase) == 0)
		return;
	snprintf(progress.phase, sizeof(progress.phase), "%s", phase);
	fprintf(stderr, "dpwatch: %.1f s: %s%s\n", seconds_since_start(), phase, figures);
}

static void
show_daemon(void)
{
	static const struct {
		const char *phase, *text;
	} texts[] = {
		{ "checking", "the daemon checks it" },
		{ "storing", "storing it in Redis" },
		{ "reading", "reading it back" },
		{ "taking", "taking it" },
	};
	struct client_reply reply;
	char figures[TEXT] = "";

	if (client_get(progress.twin, "/v1/status", &reply) != CLIENT_OK)
		return;
	const json_t *loading = json_object_get(json_object_get(reply.json, "topology"), "loading");
	json_int_t done = json_number(loading, "done"), all = json_number(loading, "all");
	if (all > 0)
		snprintf(figures, sizeof(figures), ": %lld of %lld records", (long long)done,
		    (long long)all);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(json_text(loading, "phase"), texts[i].phase) == 0)
			show(texts[i].text, figures);
	client_reply_release(&reply);
}

static void
on_progress(void *ctx, size_t sent, size_t all)
{
	double seconds = seconds_since_start();
	char figures[TEXT];

	(void)ctx;
	if ((progress.terminal && seconds < QUIET_SECONDS) ||
	    seconds - progress.asked < ASK_SECONDS)
		return;
	progress.asked = seconds;
	if (sent >= all && all > 0) {
		show_daemon();
		return;
	}
	snprintf(
	    figures, sizeof(figures), " %.1f of %.1f MB", (double)sent / 1e6, (double)all / 1e6);
	show("sending", figures);
}

void
progress_begin(struct cli *cli)
{
	progress.terminal = isatty(STDERR_FILENO);
	if (!progress.terminal && !cli->verbose)
		return;
	progress.twin = client_twin(cli->client);
	if (!progress.twin)
		return;
	clock_gettime(CLOCK_MONOTONIC, &progress.started);
	client_set_progress(cli->client, on_progress, NULL);
}

void
progress_end(struct cli *cli)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	client_set_progress(cli->client, NULL, NULL);
	client_free(progress.twin);
	progress.twin = NULL;
}
