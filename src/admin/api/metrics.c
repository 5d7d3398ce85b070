/*
 * /metrics: the Prometheus text format (version 0.0.4). Every counter of core/stats, what the engine and Redis are like now, and
 * when each switch of the map was heard. No label comes from what strangers send, so nobody can make the number of series grow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/overload.h"

#define SWITCHES_MAX 5000

static void
put_gauge(FILE *out, const char *name, const char *help, double value)
{
	fprintf(out, "# HELP dpwatch_%s %s\n# TYPE dpwatch_%s gauge\ndpwatch_%s %.17g\n", name,
	    help, name, name, value);
}

/* "trap.bad-community" -> dpwatch_trap_bad_community_total */
static void
put_counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	char metric[128];

	snprintf(metric, sizeof(metric), "dpwatch_%s_total", name);
	for (char *p = metric; *p; p++)
		if (*p == '.' || *p == '-')
			*p = '_';
	fprintf(out, "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", metric, help, metric, metric,
	    (unsigned long long)value);
}

static void
put_state(FILE *out, const struct api *api)
{
	const struct topo *topo = engine_topo(api->engine);
	struct engine_totals totals;

	engine_totals(api->engine, &totals);
	const struct {
		const char *name, *help;
		double value;
	} gauges[] = {
		{ "ports", "logical ports in the map", topo_n_ports(topo) },
		{ "ports_down", "ports whose dp_down is true", totals.ports_down },
		{ "ports_degraded", "ports that lost some but not all paths",
		    totals.ports_degraded },
		{ "switches", "switches in the map", topo_n_switches(topo) },
		{ "hosts", "hosts in the map", topo_n_hosts(topo) },
		{ "links", "links in the map", topo_n_links(topo) },
		{ "interfaces", "interfaces whose state is kept",
		    engine_n_interfaces(api->engine) },
		{ "interfaces_down", "interfaces that are down", totals.interfaces_down },
		{ "interfaces_uncertain", "interfaces whose last word may be out of date",
		    totals.interfaces_uncertain },
		{ "interfaces_flapping",
		    "interfaces that dampening suppresses, or with observe those that it would",
		    totals.interfaces_flapping },
		{ "interfaces_overridden", "interfaces that somebody holds up or down",
		    totals.overrides },
		{ "asks_waiting", "uncertain interfaces that nobody has been asked about yet",
		    totals.asks_waiting },
		{ "asks_refused", "how often the queue of asks was full",
		    (double)totals.asks_refused },
		{ "engine_queued", "changes decided and not yet handed on", (double)totals.queued },
		{ "engine_bytes", "bytes that the engine and the map hold",
		    (double)engine_bytes(api->engine) },
		{ "maintenance_windows", "switches and hosts that are in maintenance",
		    (double)maintenance_n(api->maintenance) },
		{ "words_held", "words of switches over their bucket that do not count yet",
		    api->overload ? (double)overload_n_held(api->overload) : 0 },
		{ "unmapped_senders", "senders that are not in the map, as far as remembered",
		    (double)api_n_unmapped(api) },
	};
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		put_gauge(out, gauges[i].name, gauges[i].help, gauges[i].value);
}

/* A label's value (exposition format 0.0.4): a name may hold anything. */
static void
put_label(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', out);
		if (*text == '\n')
			fputs("\\n", out);
		else
			fputc(*text, out);
	}
}

static void
put_heard(FILE *out, const char *name, const char *source, int64_t us)
{
	fputs("dpwatch_switch_last_heard_seconds{switch=\"", out);
	put_label(out, name);
	fprintf(out, "\",source=\"%s\"} %.17g\n", source, (double)us / 1e6);
}

/* The only names from outside are those of the map's switches, and of them no more than SWITCHES_MAX. */
static void
put_switches(FILE *out, const struct api *api)
{
	const struct topo *topo = engine_topo(api->engine);
	uint32_t n = topo_n_switches(topo);

	fputs(
	    "# HELP dpwatch_switch_last_heard_seconds when the switch was last heard, seconds since 1970; 0: never\n"
	    "# TYPE dpwatch_switch_last_heard_seconds gauge\n",
	    out);
	for (uint32_t sw = 0; sw < n && sw < SWITCHES_MAX; sw++) {
		const char *name = topo_text_get(topo, topo_switch_get(topo, sw)->name);
		int64_t trap_us, syslog_us;
		engine_switch_heard(api->engine, sw, &trap_us, &syslog_us);
		put_heard(out, name, "trap", trap_us);
		put_heard(out, name, "syslog", syslog_us);
	}
}

static void
put_program(FILE *out, const struct api *api)
{
	const struct api_status *status = &api->status;
	const char *reason;
	const struct {
		const char *name, *help;
		double value;
	} gauges[] = {
		{ "ready", "1 if Redis is connected and a topology is loaded",
		    api_not_ready(api, &reason, 1) == 0 },
		{ "redis_connected", "1 if Redis is connected",
		    strcmp(status->redis_state, "connected") == 0 },
		{ "outbox_batches", "batches that Redis has not yet acknowledged",
		    (double)status->batches_waiting },
		{ "outbox_changes", "changes that Redis has not yet acknowledged",
		    (double)status->changes_waiting },
		{ "redis_round_trip_seconds", "how long Redis took to answer the last command",
		    (double)status->round_trip_us / 1e6 },
		{ "redis_round_trip_max_seconds",
		    "the longest that Redis took in the last one to two minutes",
		    (double)status->round_trip_max_us / 1e6 },
		{ "topology_stored", "0 if Redis lost the map, and only the daemon still has it",
		    !status->map_lost },
		{ "journal_bytes", "bytes of the journal on disk", (double)status->journal_bytes },
		{ "journal_failing", "1 if the journal cannot be written",
		    strcmp(status->journal_state, "failing") == 0 },
		{ "publisher_epoch", "epoch of the publisher", (double)status->epoch },
		{ "publisher_batch", "number of the last batch applied", (double)status->batch },
		{ "rules", "syslog rules loaded", (double)status->rules },
		{ "start_time_seconds", "when the daemon started, seconds since 1970",
		    (double)status->started_us / 1e6 },
		{ "topology_load_time_seconds",
		    "when the topology was last taken over, seconds since 1970; 0: never",
		    (double)status->topology_loaded_us / 1e6 },
	};
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		put_gauge(out, gauges[i].name, gauges[i].help, gauges[i].value);
	fprintf(out,
	    "# HELP dpwatch_build_info the version, as a label\n# TYPE dpwatch_build_info gauge\n"
	    "dpwatch_build_info{version=\"%s\"} 1\n",
	    status->version);
}

void
api_metrics(struct api_call *call)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		api_reply(call->response, 500, NULL);
		return;
	}
	for (size_t i = 0; i < STAT_MAX; i++)
		put_counter(out, stat_names[i], stat_help[i], call->api->stats->n[i]);
	put_state(out, call->api);
	put_program(out, call->api);
	put_switches(out, call->api);
	if (fclose(out) != 0) {
		free(text);
		text = NULL;
	}
	api_reply_text(call->response, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
}
