#include "client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define CONNECT_SECONDS 10L
/* Longer than the longest wait that /v1/events grants, and than Redis may need; a topology load has no limit. */
#define ANSWER_SECONDS 120L
#define LONG_BODY ((size_t)64 * 1024) /* of a map, which takes as long as it takes */
#define REPLY_MAX ((size_t)1 << 30)

struct client {
	CURL *curl;
	char *api;         /* as given, for messages */
	char *base;        /* what targets are appended to */
	char *socket_path; /* NULL: HTTP over TCP */
	char *ca;          /* NULL: the system's authorities */
	struct curl_slist *headers;
	bool quiet, patient;
	client_progress_fn *progress; /* NULL: nobody asks */
	void *progress_ctx;
	char error[CURL_ERROR_SIZE];
};

/* ---- life ---- */

static bool
add_line(struct client *client, const char *line)
{
	struct curl_slist *longer = curl_slist_append(client->headers, line);

	if (longer)
		client->headers = longer;
	return longer != NULL;
}

static bool
add_header(struct client *client, const char *name, const char *value)
{
	char *line;

	if (asprintf(&line, "%s: %s", name, value) < 0)
		return false;
	bool added = add_line(client, line);
	free(line);
	return added;
}

/* unix:PATH, http://..., https://..., and http:ADDR:PORT as the configuration file has it. */
static bool
set_base(struct client *client, const char *api)
{
	struct slice text = slice_of(api);
	int len;

	if (slice_starts(text, "unix:")) {
		client->socket_path = strdup(api + strlen("unix:"));
		client->base = strdup("http://localhost");
		return client->socket_path && client->base;
	}
	while (text.len > 0 && text.data[text.len - 1] == '/')
		text.len--;
	if (slice_starts(text, "http:") && !slice_starts(text, "http://"))
		len = asprintf(&client->base, "http://%.*s", (int)text.len - 5, text.data + 5);
	else
		len = asprintf(&client->base, "%.*s", (int)text.len, text.data);
	if (len < 0)
		client->base = NULL;
	return len >= 0;
}

bool
client_knows(const char *api)
{
	const struct slice text = slice_of(api);

	return slice_starts(text, "unix:") || slice_starts(text, "http:") ||
	       slice_starts(text, "https://");
}

struct client *
client_new(const char *api, const char *token, const char *ca)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->curl = curl_easy_init();
	client->api = strdup(api);
	client->ca = ca ? strdup(ca) : NULL;
	if (!client->curl || !client->api || !set_base(client, api) ||
	    !add_header(client, "Accept", "application/json") ||
	    !add_header(client, "Content-Type", "application/json") ||
	    (token && !add_header(client, "X-Auth-Token", token))) {
		client_free(client);
		return NULL;
	}
	return client;
}

void
client_free(struct client *client)
{
	if (!client)
		return;
	curl_slist_free_all(client->headers);
	if (client->curl)
		curl_easy_cleanup(client->curl);
	free(client->api);
	free(client->base);
	free(client->socket_path);
	free(client->ca);
	free(client);
}

void
client_set_quiet(struct client *client, bool quiet)
{
	client->quiet = quiet;
}

void
client_set_patient(struct client *client, bool patient)
{
	client->patient = patient;
}

void
client_reply_release(struct client_reply *reply)
{
	json_decref(reply->json);
	free(reply->body);
	*reply = (struct client_reply){ 0 };
}

char *
client_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	char *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	if (!copy) {
		fprintf(stderr, "dpwatch: out of memory\n");
		exit(1);
	}
	return copy;
}

struct client *
client_twin(const struct client *client)
{
	struct client *twin = client_new(client->api, NULL, client->ca);

	if (!twin)
		return NULL;
	curl_slist_free_all(twin->headers);
	twin->headers = NULL;
	for (const struct curl_slist *line = client->headers; line; line = line->next) {
		if (!add_line(twin, line->data)) {
			client_free(twin);
			return NULL;
		}
	}
	twin->quiet = true;
	return twin;
}

void
client_set_progress(struct client *client, client_progress_fn *fn, void *ctx)
{
	client->progress = fn;
	client->progress_ctx = ctx;
}

static int
on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	const struct client *client = ctx;

	(void)down_total;
	(void)down;
	client->progress(client->progress_ctx, (size_t)up, (size_t)up_total);
	return 0;
}

/* ---- one request ---- */

/* A reply while it arrives. */
struct arriving {
	struct client_reply *reply;
	size_t room;
	CURL *curl;
	FILE *out; /* NULL: into the reply */
};

static size_t
on_data(char *data, size_t size, size_t n, void *ctx)
{
	struct arriving *arriving = ctx;
	struct client_reply *reply = arriving->reply;
	size_t len = size * n;
	long status = 0;

	if (arriving->out)
		curl_easy_getinfo(arriving->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return fwrite(data, 1, len, arriving->out);
	if (len > REPLY_MAX - reply->len)
		return 0;
	if (reply->len + len >= arriving->room) {
		size_t room = 2 * (reply->len + len) + 4096;
		char *body = realloc(reply->body, room);
		if (!body)
			return 0;
		reply->body = body;
		arriving->room = room;
	}
	memcpy(reply->body + reply->len, data, len);
	reply->len += len;
	reply->body[reply->len] = '\0';
	return len;
}

static CURLcode
prepare(struct client *client, const char *method, const char *url, struct slice body,
    struct arriving *arriving)
{
	CURL *curl = client->curl;

	curl_easy_reset(curl);
	client->error[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "dpwatch/" DPWATCH_VERSION);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, arriving);
	if (client->socket_path) {
		/* A proxy from the environment is not for the socket of this machine. */
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
	}
	if (client->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body.len < LONG_BODY)
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, ANSWER_SECONDS);
	if (!body.data)
		return CURLE_OK;
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
	return curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
}

/* Sends, and fills the reply as far as one came. */
static CURLcode
perform(struct client *client, const char *method, const char *target, struct slice body, FILE *out,
    struct client_reply *reply)
{
	struct arriving arriving = { .reply = reply, .curl = client->curl, .out = out };
	CURLcode code;
	char *url;

	if (asprintf(&url, "%s%s", client->base, target) < 0)
		return CURLE_OUT_OF_MEMORY;
	code = prepare(client, method, url, body, &arriving);
	if (body.data && client->progress) {
		curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, client);
		curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, 0L);
	}
	if (code == CURLE_OK)
		code = curl_easy_perform(client->curl);
	free(url);
	if (code == CURLE_OK)
		curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	return code;
}

/* curl tells OpenSSL's numbers (X509_V_ERR_...): a certificate of another time is none that --ca could help. */
#define NOT_YET_VALID 9
#define HAS_EXPIRED 10

static const char *
advice_on_certificate(const struct client *client)
{
	long verified = 0;

	curl_easy_getinfo(client->curl, CURLINFO_SSL_VERIFYRESULT, &verified);
	if (verified == NOT_YET_VALID || verified == HAS_EXPIRED)
		return "give the daemon another one ([api] tls_cert, and reload), or set the clock here right";
	return "name the authority of its certificate with --ca or DPWATCH_CA, and the host as the certificate does";
}

/* What to do about it. */
static const char *
advice(const struct client *client, CURLcode code, long problem)
{
	const bool tls = slice_starts(slice_of(client->base), "https:");

	if (code == CURLE_COULDNT_CONNECT && problem == EACCES)
		return "only root and the daemon's own user may use its socket";
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return advice_on_certificate(client);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return "--ca and DPWATCH_CA take a PEM file of authorities";
	if (code == CURLE_SSL_CONNECT_ERROR && tls)
		return "is it an http:// address?";
	if (code == CURLE_GOT_NOTHING && !tls && !client->socket_path)
		return "is it an https:// address?";
	return "is dpwatchd running? Set DPWATCH_API or --api.";
}

static void
tell_unreachable(const struct client *client, CURLcode code)
{
	long problem = 0;
	const char *why = client->error[0] != '\0' ? client->error : curl_easy_strerror(code);

	if (client->quiet)
		return;
	curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &problem);
	if (code == CURLE_COULDNT_CONNECT && problem != 0)
		why = strerror((int)problem);
	fprintf(stderr, "dpwatch: cannot reach the daemon at %s (%s): %s\n", client->api, why,
	    advice(client, code, problem));
}

/* ---- what the daemon says ---- */

static const char *
message_of(const json_t *json)
{
	const char *message =
	    json_string_value(json_object_get(json_object_get(json, "NeutronError"), "message"));

	return message
		   ? message
		   : json_string_value(json_object_get(json_object_get(json, "error"), "message"));
}

static void
tell_faults(const json_t *json)
{
	const json_t *faults = json_object_get(json, "faults"), *fault;
	size_t i;

	json_array_foreach(faults, i, fault)
	{
		fputs("  ", stderr);
		print_clean(stderr, json_text(fault, "path"));
		fputs(": ", stderr);
		print_clean(stderr, json_text(fault, "reason"));
		fputc('\n', stderr);
	}
}

/* Where that which was not found would stand. */
static void
tell_where_to_look(const json_t *json)
{
	static const struct {
		const char *type, *command;
	} lists[] = {
		{ "SwitchNotFound", "switch list" },
		{ "InterfaceNotFound", "interface list SWITCH" },
		{ "MaintenanceNotFound", "maintenance list" },
		{ "TokenNotFound", "token list" },
	};
	const char *type = json_text(json_object_get(json, "NeutronError"), "type");

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(type, lists[i].type) == 0)
			fprintf(stderr, "  dpwatch %s shows what there is\n", lists[i].command);
}

static bool
map_changed(const struct client_reply *reply)
{
	const json_t *error = json_object_get(reply->json, "NeutronError");

	return reply->status == 409 && strcmp(json_text(error, "type"), "TopologyChanged") == 0;
}

static void
tell_refusal(const struct client *client, const struct client_reply *reply)
{
	const char *message = message_of(reply->json);

	if (!message) {
		cli_refuse("%s answered %ld without dpwatch's JSON: is that a dpwatchd?",
		    client->api, reply->status);
		return;
	}
	fputs("dpwatch: ", stderr);
	print_clean(stderr, message);
	fputc('\n', stderr);
	tell_faults(reply->json);
	tell_where_to_look(reply->json);
	if (reply->status == 401 && client->socket_path)
		fprintf(stderr, "  the socket is for root and the daemon's own user: try sudo\n");
	else if (reply->status == 401 || reply->status == 403)
		fprintf(stderr,
		    "  give a token that may (--token-file or DPWATCH_TOKEN), or use the Unix socket as root: --api unix:PATH\n");
}

static enum client_result
ask(struct client *client, const char *method, const char *target, struct slice body, FILE *out,
    struct client_reply *ret_reply)
{
	struct client_reply reply = { 0 };
	CURLcode code = perform(client, method, target, body, out, &reply);

	*ret_reply = (struct client_reply){ 0 };
	if (code != CURLE_OK) {
		tell_unreachable(client, code);
		client_reply_release(&reply);
		return CLIENT_UNREACHABLE;
	}
	reply.json = reply.len > 0 ? json_loadb(reply.body, reply.len, 0, NULL) : NULL;
	if ((out && reply.status == 200) || (reply.json && reply.status / 100 == 2)) {
		*ret_reply = reply;
		return CLIENT_OK;
	}
	const bool passing = reply.status >= 500, again = client->patient && map_changed(&reply);
	if (!again && (!passing || !client->quiet))
		tell_refusal(client, &reply);
	client_reply_release(&reply);
	return again ? CLIENT_CHANGED : passing ? CLIENT_UNREACHABLE : CLIENT_REFUSED;
}

enum client_result
client_get(struct client *client, const char *target, struct client_reply *ret_reply)
{
	return ask(client, "GET", target, (struct slice){ 0 }, NULL, ret_reply);
}

enum client_result
client_copy(struct client *client, const char *target, FILE *out, struct client_reply *ret_reply)
{
	return ask(client, "GET", target, (struct slice){ 0 }, out, ret_reply);
}

enum client_result
client_put(
    struct client *client, const char *target, struct slice body, struct client_reply *ret_reply)
{
	return ask(client, "PUT", target, body, NULL, ret_reply);
}

enum client_result
client_post(
    struct client *client, const char *target, struct slice body, struct client_reply *ret_reply)
{
	return ask(client, "POST", target, body, NULL, ret_reply);
}

enum client_result
client_delete(struct client *client, const char *target, struct client_reply *ret_reply)
{
	return ask(client, "DELETE", target, (struct slice){ 0 }, NULL, ret_reply);
}
