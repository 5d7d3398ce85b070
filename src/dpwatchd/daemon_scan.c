/*
 * Answers for which very many ports are looked at, lists and forecasts: a slice in each turn of the loop, and with several at once each in its turn.
 */
#include <stdlib.h>

#include "daemon.h"

struct scan {
	struct http_pending *pending;
	struct api_response *response; /* pending's */
	struct scan *next;
};

static void
append(struct daemon *daemon, struct scan *scan)
{
	struct scan **at = &daemon->scans;

	while (*at)
		at = &(*at)->next;
	scan->next = NULL;
	*at = scan;
}

static void
end(struct scan *scan)
{
	http_finish(scan->pending);
	free(scan);
}

static void
on_turn(void *ctx)
{
	struct daemon *daemon = ctx;
	struct scan *scan = daemon->scans;

	if (!scan)
		return;
	daemon->scans = scan->next;
	/* Nobody waits for it, or it is done: the rest of this turn belongs to others all the same. */
	if (!http_is_wanted(scan->pending) || api_scan_step(scan->response))
		end(scan);
	else
		append(daemon, scan);
	if (daemon->scans)
		loop_timer_arm(daemon->scan_turn, 0);
}

void
daemon_scan_start(
    struct daemon *daemon, struct http_pending *pending, struct api_response *response)
{
	struct scan *scan = calloc(1, sizeof(*scan));

	if (!daemon->scan_turn)
		daemon->scan_turn = loop_timer_new(daemon->loop, on_turn, daemon);
	if (!scan || !daemon->scan_turn) {
		free(scan);
		api_finish_error(response, 503, "out of memory", NULL);
		http_finish(pending);
		return;
	}
	*scan = (struct scan){ .pending = pending, .response = response };
	append(daemon, scan);
	loop_timer_arm(daemon->scan_turn, 0);
}

void
daemon_scans_end(struct daemon *daemon)
{
	while (daemon->scans) {
		struct scan *scan = daemon->scans;
		daemon->scans = scan->next;
		api_finish_error(scan->response, 503, "dpwatchd is stopping", NULL);
		end(scan);
	}
	loop_timer_free(daemon->scan_turn);
	daemon->scan_turn = NULL;
}
