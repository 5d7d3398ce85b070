/*
 * /metrics (Prometheus text format) and /healthz on [neutron] metrics_listen. Nothing else is served, and nothing is taken.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http_connection.h"
#include "admin/http_listen.h"
#include "forwarder.h"

#define HEADERS_MAX 8192
#define TIMEOUT_SECONDS 30

struct metrics {
	struct forwarder *fw;
	struct http_socket socket;
	struct evhttp *evhttp;
	struct http_connections connections;
};

static void
put(struct evbuffer *out, const char *name, const char *kind, const char *help, double value)
{
	evbuffer_add_printf(out,
	    "# HELP dpwatch_neutron_%s %s\n# TYPE dpwatch_neutron_%s %s\ndpwatch_neutron_%s %.17g\n",
	    name, help, name, kind, name, value);
}

static void
put_counters(struct evbuffer *out, const struct forwarder *fw)
{
	char name[64];

	for (int i = 0; i < COUNT_MAX; i++) {
		snprintf(name, sizeof(name), "%s_total", counter_names[i]);
		put(out, name, "counter", counter_help[i], (double)fw->counters[i]);
	}
	put(out, "tokens_total", "counter", "tokens asked for",
	    (double)session_tokens(fw->session));
	evbuffer_add_printf(out,
	    "# HELP dpwatch_neutron_delay_seconds from the toggle to Neutron's answer\n"
	    "# TYPE dpwatch_neutron_delay_seconds summary\n"
	    "dpwatch_neutron_delay_seconds_sum %.6f\ndpwatch_neutron_delay_seconds_count %llu\n",
	    fw->delay_sum, (unsigned long long)fw->delay_n);
}

static double
oldest_seconds(struct forwarder *fw)
{
	int64_t oldest_us = neutron_queue_oldest_us(fw->queue);

	return oldest_us == 0 ? 0 : (double)(forwarder_wall_us(fw) - oldest_us) / 1e6;
}

static void
put_gauges(struct evbuffer *out, struct forwarder *fw)
{
	struct neutron_queue_view view;

	neutron_queue_view(fw->queue, forwarder_now_ms(fw), &view);
	const struct {
		const char *name, *help;
		double value;
	} gauges[] = {
		{ "waiting_down", "ports that wait to be DOWN in Neutron", view.waiting_down },
		{ "waiting_active", "ports that wait to be ACTIVE in Neutron",
		    view.waiting_active },
		{ "delayed", "ports that are tried again later", view.delayed },
		{ "under_way", "requests under way", view.busy },
		{ "oldest_unsent_seconds", "age of the oldest toggle that Neutron does not know",
		    oldest_seconds(fw) },
		{ "entries_behind", "entries that no instance has read; -1: not known",
		    (double)fw->behind },
		{ "entries_pending", "entries read and not yet sent; -1: not known",
		    (double)fw->pending },
		{ "braked", "1 while the brake is on", view.braked },
		{ "holding", "1 while a person must mend something", fw->problem[0] != '\0' },
		{ "away", "failures in a row of Neutron as a whole", view.failures },
		{ "redis_connected", "1 if Redis is connected",
		    redis_link_state(fw->commands) == REDIS_UP },
		{ "reconcile_time_seconds",
		    "when it was last compared, seconds since 1970; 0: never",
		    (double)reconcile_at_us(fw->reconcile) / 1e6 },
	};
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		put(out, gauges[i].name, "gauge", gauges[i].help, gauges[i].value);
}

static void
on_sent(struct evhttp_request *request, void *arg)
{
	(void)request;
	http_connection_idle(arg);
}

static void
answer(struct metrics *metrics, struct evhttp_request *request, int status, struct evbuffer *body)
{
	struct http_connection *connection = http_connection_of(&metrics->connections, request);

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
	    "text/plain; version=0.0.4; charset=utf-8");
	if (connection)
		evhttp_request_set_on_complete_cb(request, on_sent, connection);
	evhttp_send_reply(request, status, NULL, body);
}

static void
on_request(struct evhttp_request *request, void *ctx)
{
	struct metrics *metrics = ctx;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : "";
	struct evbuffer *body = evbuffer_new();
	int status = 404;

	if (body && path && strcmp(path, "/metrics") == 0) {
		put_counters(body, metrics->fw);
		put_gauges(body, metrics->fw);
		status = 200;
	} else if (body && path && strcmp(path, "/healthz") == 0) {
		evbuffer_add_printf(body, "%s\n", forwarder_state(metrics->fw));
		status = 200;
	}
	answer(metrics, request, body ? status : 500, body);
	if (body)
		evbuffer_free(body);
}

/* With the API's own limits on connections and time (admin/http_connection). */
static int
serve(struct metrics *metrics)
{
	struct event_base *base = loop_base(metrics->fw->loop);
	struct evconnlistener *listener;

	metrics->evhttp = evhttp_new(base);
	if (!metrics->evhttp)
		return 1;
	evhttp_set_allowed_methods(metrics->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(metrics->evhttp, HEADERS_MAX);
	evhttp_set_max_body_size(metrics->evhttp, 0);
	evhttp_set_timeout(metrics->evhttp, TIMEOUT_SECONDS);
	evhttp_set_gencb(metrics->evhttp, on_request, metrics);
	listener =
	    evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, metrics->socket.fd);
	if (!listener || !evhttp_bind_listener(metrics->evhttp, listener)) {
		if (listener)
			evconnlistener_free(listener);
		return 1;
	}
	return http_connections_init(&metrics->connections, base, metrics->evhttp, listener);
}

int
metrics_start(struct forwarder *fw)
{
	const char *line = fw->config->neutron.metrics_listen;
	char error[256];

	if (!line)
		return 0;
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	if (!metrics) {
		log_error("out of memory");
		return 1;
	}
	metrics->fw = fw;
	metrics->socket.fd = -1;
	if (!http_socket_open(line, &metrics->socket, error, sizeof(error))) {
		log_error("[neutron] metrics_listen: %s", error);
		free(metrics);
		return 1;
	}
	fw->metrics = metrics;
	if (serve(metrics) != 0) {
		log_error("[neutron] metrics_listen: out of memory");
		return 1;
	}
	log_info("metrics on %s", metrics->socket.text);
	return 0;
}

void
metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	if (metrics->evhttp)
		evhttp_free(metrics->evhttp);
	http_connections_release(&metrics->connections);
	http_socket_close(&metrics->socket);
	free(metrics);
}
