/*
 * One question after the other, while nothing else is done: to Neutron, page by page, and to the daemon's API.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "forwarder.h"
#include "import.h"

#define PAGES_MAX 20000

#define API_TIMEOUT_MS 600000
#define API_MOST ((size_t)256 << 20)

bool
import_refuse(struct import *import, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(import->error, sizeof(import->error), format, args);
	va_end(args);
	return false;
}

/* ---- the daemon's API ---- */

/* DPWATCH_API, or what [api] says: the Unix socket rather than HTTP. */
bool
import_find_api(struct import *import)
{
	const struct config_list *listen = &import->program->config.api.listen;
	const char *api = getenv("DPWATCH_API");
	int len = -1;

	for (size_t i = 0; (!api || !*api) && i < listen->n; i++)
		if (strncmp(listen->items[i], "unix:", 5) == 0)
			api = listen->items[i];
	if ((!api || !*api) && listen->n > 0)
		api = listen->items[0];
	if (!api || !*api)
		return import_refuse(import, "[api] has no listen: set DPWATCH_API");
	if (strncmp(api, "unix:", 5) == 0) {
		import->api_socket = strdup(api + 5);
		import->api_url = strdup("http://localhost/v1/topology");
		return import->api_socket && import->api_url
			   ? true
			   : import_refuse(import, "out of memory");
	}
	if (strncmp(api, "http://", 7) == 0 || strncmp(api, "https://", 8) == 0)
		len = asprintf(&import->api_url, "%s/v1/topology", api);
	else if (strncmp(api, "http:", 5) == 0)
		len = asprintf(&import->api_url, "http://%s/v1/topology", api + 5);
	else if (strncmp(api, "https:", 6) == 0)
		len = asprintf(&import->api_url, "https://%s/v1/topology", api + 6);
	return len >= 0 ? true : import_refuse(import, "the daemon's API is not at %.200s", api);
}

static void
on_api(void *ctx, const struct web_result *result)
{
	struct import *import = ctx;

	import->status = result->status;
	import->answer = json_loadb(result->body, result->len, 0, NULL);
	if (result->status == 0)
		import_refuse(import, "the daemon's API: %.200s", result->trouble);
	loop_stop(import->loop);
}

/* The answer is the caller's. NULL with import->error where the daemon did not answer 200. */
json_t *
import_ask_api(struct import *import, const char *method, struct slice body)
{
	const struct web_request request = { .method = method,
		.url = import->api_url,
		.socket_path = import->api_socket,
		.token = getenv("DPWATCH_TOKEN"),
		.body = body,
		.timeout_ms = API_TIMEOUT_MS,
		.most = API_MOST };
	json_t *answer;

	*import->error = '\0';
	import->answer = NULL;
	if (web_send(import->web, &request, on_api, import) != 0) {
		import_refuse(import, "the daemon's API is not at %.200s", import->api_url);
		return NULL;
	}
	loop_run(import->loop);
	answer = import->answer;
	import->answer = NULL;
	if (import->status == 200 && answer)
		return answer;
	const char *message =
	    json_string_value(json_object_get(json_object_get(answer, "NeutronError"), "message"));
	if (*import->error == '\0')
		import_refuse(import, "the daemon answers %ld: %s", import->status,
		    message ? TEXT_QUOTE(slice_of(message)) : "no dpwatch's JSON");
	json_decref(answer);
	return NULL;
}

/* ---- Neutron's pages ---- */

static void
on_page(void *ctx, const struct session_reply *reply)
{
	struct import *import = ctx;
	struct neutron_answer answer;

	loop_stop(import->loop);
	import->status = reply->reply.status;
	if (reply->refusal) {
		import_refuse(import, "%s", reply->refusal->text);
		return;
	}
	neutron_answer_list(&reply->reply, false, &answer);
	if (answer.verdict == NEUTRON_OK)
		import->answer = json_loadb(reply->reply.body.data, reply->reply.body.len, 0, NULL);
	else
		import_refuse(import, "Neutron: %s", answer.text);
}

static bool
take_page(struct import *import, const json_t *page, import_take_fn *take)
{
	const json_t *ports = json_object_get(page, "ports");
	json_t *port;
	size_t i;

	json_array_foreach(ports, i, port)
	{
		const char *id = json_string_value(json_object_get(port, "id"));
		if (id && !take(import, id, port))
			return import_refuse(import, "out of memory");
	}
	return true;
}

/* Reads all pages from a target on. False with import->error: then nothing that was read counts. */
bool
import_read_pages(struct import *import, const char *target, import_take_fn *take)
{
	char *at = strdup(target);
	bool good = at != NULL;

	*import->error = '\0';
	for (int n = 0; good && at; n++) {
		const struct session_request request = { .method = "GET",
			.target = at,
			.timeout_ms = LIST_TIMEOUT_MS,
			.most = LIST_MOST };
		import->answer = NULL;
		if (n == PAGES_MAX ||
		    session_send(import->session, &request, on_page, import) != 0) {
			good = import_refuse(import, "the list of ports has no end");
			break;
		}
		loop_run(import->loop);
		json_t *page = import->answer;
		import->answer = NULL;
		good = page && take_page(import, page, take);
		free(at);
		at = NULL;
		if (good && neutron_page_next(page, &at) != 0)
			good = import_refuse(import, "Neutron: a next page that is nowhere");
		json_decref(page);
	}
	free(at);
	return good;
}
