#include "web.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/ascii.h"

#define CONNECT_MS 10000L
#define HEADER_MAX 16384

struct web {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct transfer *transfers; /* all that are under way */
	char *ca, *cert, *key;
	bool insecure;
};

enum kept_header { KEPT_LOCATION, KEPT_RETRY_AFTER, KEPT_SUBJECT_TOKEN, KEPT_MAX };
static const char *const kept_names[KEPT_MAX] = { "location", "retry-after", "x-subject-token" };

struct transfer {
	struct web *web;
	struct transfer *next, **at;
	CURL *easy;
	struct curl_slist *headers;
	char *body, *kept[KEPT_MAX];
	size_t len, room, most;
	char error[CURL_ERROR_SIZE];
	web_done_fn *fn;
	void *ctx;
};

/* ---- one transfer ---- */

static void
wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
transfer_free(struct transfer *transfer)
{
	if (transfer->at) {
		*transfer->at = transfer->next;
		if (transfer->next)
			transfer->next->at = transfer->at;
	}
	if (transfer->easy) {
		curl_multi_remove_handle(transfer->web->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	curl_slist_free_all(transfer->headers);
	for (int i = 0; i < KEPT_MAX; i++)
		wipe(transfer->kept[i]);
	free(transfer->body);
	free(transfer);
}

static size_t
on_data(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;
	size_t len = size * n;

	if (len > transfer->most - transfer->len)
		return 0;
	if (transfer->len + len >= transfer->room) {
		size_t room = 2 * (transfer->len + len) + 1024;
		char *body = realloc(transfer->body, room);
		if (!body)
			return 0;
		transfer->body = body;
		transfer->room = room;
	}
	memcpy(transfer->body + transfer->len, data, len);
	transfer->len += len;
	transfer->body[transfer->len] = '\0';
	return len;
}

static size_t
on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;
	struct slice line = { data, size * n };
	long colon = slice_find(line, SLICE(":"));

	for (int i = 0; colon > 0 && line.len < HEADER_MAX && i < KEPT_MAX; i++) {
		if (!slice_case_eq_str(slice_first(line, (size_t)colon), kept_names[i]))
			continue;
		struct slice value = slice_trim(slice_from(line, (size_t)colon + 1));
		wipe(transfer->kept[i]);
		transfer->kept[i] = strndup(value.data, value.len);
	}
	return line.len;
}

static bool
add_header(struct transfer *transfer, const char *name, const char *value)
{
	char *line;

	if (asprintf(&line, "%s: %s", name, value) < 0)
		return false;
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);
	wipe(line);
	if (longer)
		transfer->headers = longer;
	return longer != NULL;
}

static bool
add_headers(struct transfer *transfer, const struct web_request *request)
{
	bool has_body = request->body.data != NULL;

	/* Nobody waits for a "100 Continue". */
	return add_header(transfer, "Accept", "application/json") &&
	       add_header(transfer, "Expect", "") &&
	       (!has_body || add_header(transfer, "Content-Type", "application/json")) &&
	       (!request->token || add_header(transfer, "X-Auth-Token", request->token));
}

static void
set_trust(const struct web *web, CURL *easy)
{
	if (web->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, web->ca);
	if (web->cert)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, web->cert);
	if (web->key)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, web->key);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, web->insecure ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, web->insecure ? 0L : 2L);
}

static bool
set_up(struct transfer *transfer, const struct web_request *request)
{
	CURL *easy = transfer->easy;

	if (curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK)
		return false;
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "dpwatch-neutron/" DPWATCH_VERSION);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	set_trust(transfer->web, easy);
	if (request->socket_path) {
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket_path);
	}
	if (!request->body.data)
		return true;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	return curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body.data) == CURLE_OK;
}

int
web_send(struct web *web, const struct web_request *request, web_done_fn *fn, void *ctx)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return -ENOMEM;
	transfer->web = web;
	transfer->fn = fn;
	transfer->ctx = ctx;
	transfer->most = request->most;
	transfer->easy = curl_easy_init();
	if (!transfer->easy || !add_headers(transfer, request) || !set_up(transfer, request) ||
	    curl_multi_add_handle(web->multi, transfer->easy) != CURLM_OK) {
		int r = transfer->easy ? -EINVAL : -ENOMEM;
		transfer_free(transfer);
		return r;
	}
	transfer->next = web->transfers;
	transfer->at = &web->transfers;
	if (transfer->next)
		transfer->next->at = &transfer->next;
	web->transfers = transfer;
	return 0;
}

/* ---- the end of one ---- */

/* Theirs does not hold, or a file of ours (authorities, certificate, key) cannot be used. */
static bool
is_untrusted(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
	       code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_ISSUER_ERROR;
}

/* Whether a request that got no answer may have been acted on. */
static bool
may_have_arrived(CURL *easy, CURLcode code)
{
	curl_off_t sent_us = 0;

	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_COULDNT_RESOLVE_PROXY || is_untrusted(code))
		return false;
	curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
	return sent_us > 0;
}

static const char *
trouble_of(const struct transfer *transfer, CURLcode code)
{
	long os_errno = 0;

	if (code == CURLE_WRITE_ERROR)
		return "its answer is too long";
	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_errno);
	if (transfer->error[0])
		return transfer->error;
	return code == CURLE_COULDNT_CONNECT && os_errno != 0 ? strerror((int)os_errno)
							      : curl_easy_strerror(code);
}

/* Of a Retry-After that is a date (RFC 9110, 10.2.3), how many seconds that is from now. */
static void
read_retry_date(struct transfer *transfer)
{
	char **kept = &transfer->kept[KEPT_RETRY_AFTER], *seconds;
	curl_off_t wait = 0;

	if (!*kept || is_digit(**kept) ||
	    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &wait) != CURLE_OK ||
	    wait <= 0 || asprintf(&seconds, "%" CURL_FORMAT_CURL_OFF_T, wait) < 0)
		return;
	free(*kept);
	*kept = seconds;
}

static void
finish(struct transfer *transfer, CURLcode code)
{
	static char empty[] = "";

	read_retry_date(transfer);
	struct web_result result = {
		.body = transfer->body ? transfer->body : empty,
		.len = transfer->len,
		.location = transfer->kept[KEPT_LOCATION],
		.retry_after = transfer->kept[KEPT_RETRY_AFTER],
		.subject_token = transfer->kept[KEPT_SUBJECT_TOKEN],
	};

	if (code == CURLE_OK)
		curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &result.status);
	if (result.status == 0) {
		result.trouble = trouble_of(transfer, code);
		result.untrusted = is_untrusted(code);
		result.sent = may_have_arrived(transfer->easy, code);
	}
	transfer->fn(transfer->ctx, &result);
	transfer_free(transfer);
}

static void
give_up(struct transfer *transfer)
{
	static char empty[] = "";

	transfer->fn(
	    transfer->ctx, &(const struct web_result){
			       .body = empty, .trouble = "the program stops", .sent = true });
	transfer_free(transfer);
}

/* One at a time: a callback may begin others. */
static void
collect(struct web *web)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(web->multi, &left)) != NULL) {
		struct transfer *transfer;
		CURLcode code = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		finish(transfer, code);
	}
}

/* ---- the loop ---- */

static void
on_timer(void *ctx)
{
	struct web *web = ctx;
	int running;

	curl_multi_socket_action(web->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(web);
}

static void
on_socket(evutil_socket_t fd, short what, void *ctx)
{
	struct web *web = ctx;
	int running, action = (what & EV_READ ? CURL_CSELECT_IN : 0) |
			      (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(web->multi, fd, action, &running);
	collect(web);
}

static int
watch_timer(CURLM *multi, long ms, void *ctx)
{
	struct web *web = ctx;

	(void)multi;
	if (ms < 0)
		loop_timer_cancel(web->timer);
	else
		loop_timer_arm(web->timer, ms);
	return 0;
}

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket)
{
	struct web *web = ctx;
	struct event *event = socket;
	short events = (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0));

	(void)easy;
	if (event)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		event = event_new(loop_base(web->loop), fd, events, on_socket, web);
		if (event)
			event_add(event, NULL);
	}
	curl_multi_assign(web->multi, fd, event);
	return 0;
}

/* ---- life ---- */

static bool
copy(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return !text || *ret_copy;
}

struct web *
web_new(struct loop *loop, const struct web_options *options)
{
	struct web *web = calloc(1, sizeof(*web));

	if (!web)
		return NULL;
	web->loop = loop;
	web->insecure = options->insecure;
	web->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
	web->timer = loop_timer_new(loop, on_timer, web);
	if (!web->multi || !web->timer || !copy(options->ca, &web->ca) ||
	    !copy(options->cert, &web->cert) || !copy(options->key, &web->key)) {
		web_free(web);
		return NULL;
	}
	curl_multi_setopt(web->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(web->multi, CURLMOPT_SOCKETDATA, web);
	curl_multi_setopt(web->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
	curl_multi_setopt(web->multi, CURLMOPT_TIMERDATA, web);
	/* One more, for reconciling and tokens. */
	curl_multi_setopt(web->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->parallel + 1);
	curl_multi_setopt(web->multi, CURLMOPT_MAXCONNECTS, (long)options->parallel + 4);
	return web;
}

void
web_free(struct web *web)
{
	if (!web)
		return;
	while (web->transfers)
		give_up(web->transfers);
	if (web->multi)
		curl_multi_cleanup(web->multi);
	loop_timer_free(web->timer);
	free(web->ca);
	free(web->cert);
	free(web->key);
	free(web);
}
