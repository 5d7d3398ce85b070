/*
 * The API's listeners, what status tells, and what HTTP handlers deferred, because Redis has to be asked: reading events.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/auth.h"
#include "daemon.h"

#define EVENTS_LIMIT_MAX 10000

void
daemon_refuse(
    struct http_pending *pending, struct api_response *response, int status, const char *message)
{
	api_finish_error(response, status, message, NULL);
	http_finish(pending);
}

/* ---- status ---- */

#define EXPOSED "plain http: beyond loopback: tokens can be read on the way (listen = https:...)"

static void
add_warning(struct daemon *daemon, const char *text)
{
	size_t max = sizeof(daemon->warnings) / sizeof(daemon->warnings[0]);

	if (!*text || daemon->n_warnings == max)
		return;
	char *copy = daemon->warning_texts[daemon->n_warnings];
	snprintf(copy, sizeof(daemon->warning_texts[0]), "%s", text);
	daemon->warnings[daemon->n_warnings++] = copy;
}

static const char *
redis_state(const struct daemon *daemon)
{
	if (redis_link_state(daemon->link) != REDIS_UP)
		return redis_link_state_names[redis_link_state(daemon->link)];
	return daemon->phase == PHASE_RUNNING ? "connected" : "loading";
}

static void
gather_warnings(struct daemon *daemon)
{
	char syslog_tls[240], api_tls[240];
	const struct {
		bool holds;
		const char *text;
	} warnings[] = {
		{ true, redis_link_warning(daemon->link) },
		{ daemon->config.snmp.community.n == 0,
		    "no [snmp] community is configured: every v1 and v2c trap is refused" },
		{ rules_count(daemon->rules) == 0, NO_RULES },
		{ http_is_exposed(daemon->http), EXPOSED },
		{ true, daemon_tls_warning("syslog", syslog_input_tls(daemon->syslog), syslog_tls,
			    sizeof(syslog_tls)) },
		{ true,
		    daemon_tls_warning("api", http_tls(daemon->http), api_tls, sizeof(api_tls)) },
		{ maintenance_n(daemon->maintenance) > 0,
		    "switches or hosts are in maintenance: their toggles say so (dpwatch maintenance list)" },
		{ !daemon->topology_loaded,
		    "no topology is loaded: nothing can be resolved to ports (dpwatch topology load FILE)" },
		{ journal_state(daemon->journal) == JOURNAL_FAILING,
		    "the journal cannot be written (look at the disk of [daemon] state_dir): what Redis does not take is in memory only" },
		{ outbox_overflowed(daemon->outbox), OVERFLOW },
		{ daemon->map_lost, MAP_LOST },
	};

	daemon->n_warnings = 0;
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (warnings[i].holds)
			add_warning(daemon, warnings[i].text);
}

static void
refresh_status(void *ctx, struct api_status *status)
{
	struct daemon *daemon = ctx;
	const char *error = redis_link_error(daemon->link);
	const struct engine_time now = loop_now(daemon->loop);
	int64_t round_trip_us, round_trip_max_us;

	/* Whoever asks sees a failure whole. */
	daemon_pump_all(daemon);
	gather_warnings(daemon);
	publisher_round_trip(daemon->publisher, &round_trip_us, &round_trip_max_us);
	*status = (struct api_status){
		.round_trip_us = round_trip_us,
		.round_trip_max_us = round_trip_max_us,
		.map_lost = daemon->map_lost,
		.version = DPWATCH_VERSION,
		.instance = daemon->instance,
		.started_us = daemon->started.wall_us,
		.now_us = now.wall_us,
		.now_ns = now.now_ns,
		.starting = daemon->phase == PHASE_STARTING,
		.redis_state = redis_state(daemon),
		.redis_server = redis_link_server(daemon->link),
		.redis_error = *error ? error : publisher_error(daemon->publisher),
		.epoch = publisher_epoch(daemon->publisher),
		.batch = publisher_batch(daemon->publisher),
		.batches_waiting = outbox_waiting(daemon->outbox),
		.changes_waiting = outbox_waiting_changes(daemon->outbox),
		.journal_state = journal_state_names[journal_state(daemon->journal)],
		.journal_path = journal_path(daemon->journal),
		.journal_error = journal_error(daemon->journal),
		.journal_bytes = journal_bytes(daemon->journal),
		.topology_loaded = daemon->topology_loaded,
		.topology_loaded_us = daemon->topology_loaded_us,
		.topology_error = daemon->topology_error,
		.listeners = daemon->listeners,
		.n_listeners = daemon->n_listeners,
		.warnings = daemon->warnings,
		.n_warnings = daemon->n_warnings,
		.rules = rules_count(daemon->rules),
	};
	daemon_load_progress(daemon, status);
}

/* After each request that may have changed something: what it changed is a turn of its own. */
static void
on_write(void *ctx, const char *who, const char *method, const char *path, int status)
{
	struct daemon *daemon = ctx;

	/* Whoever is refused as a stranger could fill the log with that. */
	if (status == 401)
		log_debug("api: %s %s by %s: %d", method, path, who, status);
	else
		log_info("api: %s %s by %s: %d", method, path, who, status);
	daemon_keep_maintenance(daemon);
	poller_kick(daemon->poller);
	daemon_discover_kick(daemon);
	daemon_turn_end(daemon);
}

/* ---- events ---- */

static void ask_events(struct events_waiting *waiting);

static void
end_events(struct events_waiting *waiting)
{
	struct events_waiting **at = &waiting->daemon->events_waiting;

	while (*at && *at != waiting)
		at = &(*at)->next;
	if (*at)
		*at = waiting->next;
	http_finish(waiting->pending);
	loop_timer_free(waiting->timer);
	free(waiting);
}

/* A range's answer, as slices of the reply. XREVRANGE gives the newest first; they are told oldest first. */
static bool
finish_entries(struct api_response *response, const redisReply *reply)
{
	size_t n = reply->elements, n_slices = 0, used = 0;
	struct api_stream_entry *entries = calloc(n + 1, sizeof(*entries));

	for (size_t i = 0; i < n; i++)
		n_slices +=
		    reply->element[i]->elements == 2 ? reply->element[i]->element[1]->elements : 0;
	struct slice *slices = calloc(n_slices + 1, sizeof(*slices));
	for (size_t i = 0; entries && slices && i < n; i++) {
		const redisReply *entry = reply->element[response->newest ? n - 1 - i : i];
		if (entry->elements != 2)
			continue;
		const redisReply *id = entry->element[0], *fields = entry->element[1];
		entries[i] = (struct api_stream_entry){ { id->str, (size_t)id->len }, slices + used,
			fields->elements / 2 };
		for (size_t f = 0; f < fields->elements; f++)
			slices[used++] = (struct slice){ fields->element[f]->str,
				(size_t)fields->element[f]->len };
	}
	bool ok = entries && slices;
	if (ok)
		api_finish_events(response, entries, n);
	free(entries);
	free(slices);
	return ok;
}

static void
on_events(void *ctx, const redisReply *reply)
{
	struct events_waiting *waiting = ctx;

	waiting->asked = false;
	if (!reply || reply->type != REDIS_REPLY_ARRAY) {
		api_finish_error(
		    waiting->response, 503, reply && reply->str ? reply->str : NOT_CONNECTED, NULL);
		end_events(waiting);
		return;
	}
	if (reply->elements == 0 && waiting->timer && !waiting->expired) {
		if (waiting->woken)
			ask_events(waiting);
		return;
	}
	if (!finish_entries(waiting->response, reply))
		api_finish_error(waiting->response, 503, "out of memory", NULL);
	end_events(waiting);
}

static void
ask_events(struct events_waiting *waiting)
{
	const bool newest = waiting->response->newest;
	char key[200], from[64], limit[16];

	snprintf(key, sizeof(key), "%sevents", waiting->daemon->config.redis.prefix);
	snprintf(from, sizeof(from), "(%s", waiting->since);
	snprintf(limit, sizeof(limit), "%u",
	    waiting->response->limit < EVENTS_LIMIT_MAX ? waiting->response->limit
							: EVENTS_LIMIT_MAX);
	waiting->woken = false;
	waiting->asked = true;
	if (redis_link_words(waiting->daemon->link, on_events, waiting,
		newest ? "XREVRANGE" : "XRANGE", key, newest ? "+" : from, newest ? "-" : "+",
		"COUNT", limit, NULL) == 0)
		return;
	api_finish_error(waiting->response, 503, NOT_CONNECTED, NULL);
	end_events(waiting);
}

/*
 * The newest entry's id, for who wants only what comes after now. Where nothing comes it is `next`: who went on with "$" would
 * miss what is published between two requests.
 */
static void
on_newest(void *ctx, const redisReply *reply)
{
	struct events_waiting *waiting = ctx;
	struct api_response *response = waiting->response;
	const bool found = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 &&
			   reply->element[0]->elements == 2;

	snprintf(response->since, sizeof(response->since), "%s",
	    found ? reply->element[0]->element[0]->str : "0-0");
	snprintf(waiting->since, sizeof(waiting->since), "%s", response->since);
	ask_events(waiting);
}

static void
on_patience_ended(void *ctx)
{
	struct events_waiting *waiting = ctx;

	waiting->expired = true;
	if (!waiting->asked)
		ask_events(waiting);
}

void
daemon_events_published(struct daemon *daemon)
{
	struct events_waiting *next;

	for (struct events_waiting *waiting = daemon->events_waiting; waiting; waiting = next) {
		next = waiting->next;
		waiting->woken = true;
		if (!waiting->asked)
			ask_events(waiting);
	}
}

static void
start_events(struct daemon *daemon, struct http_pending *pending, struct api_response *response)
{
	struct events_waiting *waiting = calloc(1, sizeof(*waiting));
	char key[200];

	if (!waiting || redis_link_state(daemon->link) != REDIS_UP) {
		free(waiting);
		daemon_refuse(pending, response, 503, NOT_CONNECTED);
		return;
	}
	waiting->daemon = daemon;
	waiting->pending = pending;
	waiting->response = response;
	waiting->next = daemon->events_waiting;
	daemon->events_waiting = waiting;
	if (response->wait_ms > 0 && !response->newest) {
		waiting->timer = loop_timer_new(daemon->loop, on_patience_ended, waiting);
		if (waiting->timer)
			loop_timer_arm(waiting->timer, response->wait_ms);
	}
	snprintf(waiting->since, sizeof(waiting->since), "%s", response->since);
	if (strcmp(response->since, "$") != 0) {
		ask_events(waiting);
		return;
	}
	snprintf(key, sizeof(key), "%sevents", daemon->config.redis.prefix);
	waiting->asked = true;
	if (redis_link_words(daemon->link, on_newest, waiting, "XREVRANGE", key, "+", "-", "COUNT",
		"1", NULL) == 0)
		return;
	api_finish_error(response, 503, NOT_CONNECTED, NULL);
	end_events(waiting);
}

/* ---- glue ---- */

static void
on_deferred(void *ctx, struct http_pending *pending, struct api_response *response)
{
	switch (response->deferred) {
	case API_TOPOLOGY_LOAD:
		daemon_load_start(ctx, pending, response);
		return;
	case API_TOPOLOGY_DUMP:
		daemon_dump_start(ctx, pending, response);
		return;
	case API_SCAN:
		daemon_scan_start(ctx, pending, response);
		return;
	case API_EVENTS_READ:
		start_events(ctx, pending, response);
		return;
	case API_DONE:
		break;
	}
	daemon_refuse(pending, response, 500, "a handler deferred what nobody knows how to do");
}

int
daemon_open_http(struct daemon *daemon, char *error, size_t size)
{
	const struct http_backend backend = { daemon, refresh_status, on_deferred, on_write };

	daemon->auth = auth_new(daemon->config.api.token_file, error, size);
	if (!daemon->auth)
		return -1;
	daemon->api = (struct api){
		.engine = daemon->engine,
		.stats = &daemon->stats,
		.unmapped = daemon->unmapped,
		.switch_log = daemon->switch_log,
		.overload = daemon->overload,
		.engines = snmp_input_engines(daemon->snmp),
		.suspects = daemon->suspects,
		.auth = daemon->auth,
		.maintenance = daemon->maintenance,
		.poll_plan = poller_plan(daemon->poller),
		.discoveries = daemon->discoveries,
		.lags = daemon->lags,
	};
	daemon->http = http_new(loop_base(daemon->loop), &daemon->config, &daemon->api,
	    &daemon->stats, &backend, error, size);
	if (!daemon->http)
		return -1;
	struct ssl_ctx_st *tls;
	if (!daemon_load_api_tls(&daemon->config, &tls)) {
		snprintf(error, size,
		    "https cannot be served: mend what is said above of [api] tls_cert and tls_key");
		return -1;
	}
	http_set_tls(daemon->http, tls);
	for (size_t i = 0; i < http_n_listeners(daemon->http); i++)
		daemon_note_listener(daemon, "api", http_listener(daemon->http, i), 0);
	if (http_is_exposed(daemon->http))
		log_warning("api: %s", EXPOSED);
	return 0;
}

void
daemon_close_http(struct daemon *daemon)
{
	daemon_load_done(daemon, 503, "dpwatchd is stopping", NULL);
	daemon_dumps_end(daemon);
	daemon_scans_end(daemon);
	while (daemon->events_waiting && !daemon->events_waiting->asked) {
		api_finish_error(
		    daemon->events_waiting->response, 503, "dpwatchd is stopping", NULL);
		end_events(daemon->events_waiting);
	}
	http_free(daemon->http);
	daemon->http = NULL;
	api_release(&daemon->api);
	auth_free(daemon->auth);
	daemon->auth = NULL;
}
