#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#define TOKEN_TIMEOUT_MS 30000
#define TOKEN_MOST ((size_t)4 << 20) /* a catalogue of many regions */

/* A token is renewed when a tenth of its life is left, at most five minutes; until the new one is there the old one serves. */
#define RENEW_MAX_MS 300000
#define RENEW_AGAIN_MS 10000

/* Keystone is not asked again at once: away for a second; after a refusal longer, because accounts get locked. */
#define AGAIN_AWAY_MS 1000
#define AGAIN_REFUSED_MS 25000

struct waiter {
	struct session *session;
	struct waiter *next;
	char *method, *target, *body;
	size_t body_len, most;
	int64_t timeout_ms;
	uint64_t token; /* the number of the token that it was sent with */
	bool again;     /* a 401 was answered with a new token once */
	session_done_fn *fn;
	void *ctx;
};

struct session {
	struct loop *loop;
	struct web *web;
	struct neutron_auth auth;
	struct neutron_token token;
	bool has_token, asking;
	bool bad; /* Neutron refused the token */
	uint64_t n_tokens;
	int64_t expires_ms; /* monotonic; 0: never */
	int64_t again_ms;   /* no request to Keystone before */
	struct loop_timer *serve, *renew;
	struct neutron_answer refusal;
	struct waiter *waiting, **last;
	struct log_rate rate;
};

static int64_t
now_ms(struct session *session)
{
	return loop_now(session->loop).now_ns / 1000000;
}

static void
waiter_free(struct waiter *waiter)
{
	free(waiter->method);
	free(waiter->target);
	free(waiter->body);
	free(waiter);
}

static void
enqueue(struct session *session, struct waiter *waiter)
{
	waiter->next = NULL;
	*session->last = waiter;
	session->last = &waiter->next;
}

static struct waiter *
dequeue(struct session *session)
{
	struct waiter *waiter = session->waiting;

	session->waiting = waiter->next;
	if (!session->waiting)
		session->last = &session->waiting;
	return waiter;
}

static void
refuse(struct waiter *waiter, const struct neutron_answer *refusal)
{
	waiter->fn(waiter->ctx, &(const struct session_reply){ .refusal = refusal });
	waiter_free(waiter);
}

/* ---- requests ---- */

static void
on_reply(void *ctx, const struct web_result *result)
{
	struct waiter *waiter = ctx;
	struct session *session = waiter->session;
	const struct session_reply reply = {
		.reply = { .status = result->status,
		    .body = { result->body, result->len },
		    .trouble = result->trouble,
		    .untrusted = result->untrusted,
		    .location = result->location,
		    .retry_after = result->retry_after },
		.sent = result->sent,
	};

	/* Expired, or revoked: once more with a new one. */
	if (result->status == 401 && neutron_auth_asks(&session->auth) && !waiter->again) {
		waiter->again = true;
		if (waiter->token == session->n_tokens) {
			session->has_token = false;
			session->bad = true;
		}
		enqueue(session, waiter);
		loop_timer_arm(session->serve, 0);
		return;
	}
	waiter->fn(waiter->ctx, &reply);
	waiter_free(waiter);
}

static void
send_now(struct waiter *waiter)
{
	struct session *session = waiter->session;
	const struct neutron_answer failed = { .verdict = NEUTRON_UNREACHABLE,
		.text = "a request cannot be made: is Neutron's endpoint a URL?" };
	char *url = NULL;
	int r = -ENOMEM;

	waiter->token = session->n_tokens;
	if (asprintf(&url, "%s%s", session->token.endpoint, waiter->target) >= 0)
		r = web_send(session->web,
		    &(const struct web_request){ .method = waiter->method,
			.url = url,
			.token = session->token.token,
			.body = { waiter->body, waiter->body_len },
			.timeout_ms = waiter->timeout_ms,
			.most = waiter->most },
		    on_reply, waiter);
	free(url);
	if (r != 0)
		refuse(waiter, &failed);
}

/* ---- tokens ---- */

static void
serve_waiting(struct session *session)
{
	/* Those that come in meanwhile wait for their own turn. */
	struct waiter *list = session->waiting, *next;

	session->waiting = NULL;
	session->last = &session->waiting;
	for (; list; list = next) {
		next = list->next;
		if (session->has_token)
			send_now(list);
		else
			refuse(list, &session->refusal);
	}
}

static void
take_token(struct session *session, struct neutron_token *token)
{
	int64_t ahead = token->life_ms / 10;

	neutron_token_release(&session->token);
	session->token = *token;
	session->has_token = true;
	session->bad = false;
	session->n_tokens++;
	session->again_ms = 0;
	session->refusal = (struct neutron_answer){ 0 };
	if (ahead > RENEW_MAX_MS)
		ahead = RENEW_MAX_MS;
	session->expires_ms = token->life_ms > 0 ? now_ms(session) + token->life_ms : 0;
	if (token->life_ms > 0)
		loop_timer_arm(session->renew, token->life_ms - ahead);
	log_debug("a token for %s, good for %lld s", session->token.endpoint,
	    (long long)token->life_ms / 1000);
}

/* The one that was to be renewed in good time still serves while Keystone is away. */
static bool
old_one_serves(struct session *session, enum neutron_verdict verdict)
{
	int64_t now = now_ms(session);

	if (verdict != NEUTRON_UNREACHABLE || !session->token.token || session->bad ||
	    now >= session->expires_ms)
		return false;
	loop_timer_arm(session->renew, RENEW_AGAIN_MS);
	return true;
}

static void
on_token(void *ctx, const struct web_result *result)
{
	struct session *session = ctx;
	const struct neutron_reply reply = { .status = result->status,
		.body = { result->body, result->len },
		.trouble = result->trouble,
		.untrusted = result->untrusted,
		.location = result->location,
		.retry_after = result->retry_after };
	struct neutron_token token;
	struct neutron_answer answer;
	uint64_t held_back;

	session->asking = false;
	neutron_auth_answer(&session->auth, &reply, result->subject_token, &token, &answer);
	explicit_bzero(result->body, result->len);
	if (answer.verdict == NEUTRON_OK) {
		take_token(session, &token);
	} else {
		session->refusal = answer;
		session->again_ms =
		    now_ms(session) +
		    (answer.verdict == NEUTRON_UNREACHABLE ? AGAIN_AWAY_MS : AGAIN_REFUSED_MS);
		session->has_token = old_one_serves(session, answer.verdict);
		if (log_rate_take(&session->rate, &held_back))
			log_warning("%s", answer.text);
	}
	serve_waiting(session);
}

static void
no_request(struct session *session)
{
	session->refusal = (struct neutron_answer){ .verdict = NEUTRON_REFUSED,
		.text = "no request for a token can be made: is OS_AUTH_URL a URL?" };
	session->again_ms = now_ms(session) + AGAIN_REFUSED_MS;
	serve_waiting(session);
}

static void
ask_keystone(struct session *session)
{
	char *url, *body;
	int r = neutron_auth_request(&session->auth, &url, &body);

	if (r == 0) {
		r = web_send(session->web,
		    &(const struct web_request){ .method = "POST",
			.url = url,
			.body = slice_of(body),
			.timeout_ms = TOKEN_TIMEOUT_MS,
			.most = TOKEN_MOST },
		    on_token, session);
		explicit_bzero(body, strlen(body));
		free(body);
		free(url);
	}
	session->asking = r == 0;
	if (r != 0)
		no_request(session);
}

/* What waits is sent, or waits on for a token. From the loop, so that nobody is called back before session_send returned. */
static void
serve(void *ctx)
{
	struct session *session = ctx;
	struct neutron_token token;

	if (session->has_token) {
		serve_waiting(session);
		return;
	}
	if (session->asking)
		return;
	if (neutron_auth_asks(&session->auth)) {
		if (now_ms(session) < session->again_ms)
			serve_waiting(session);
		else
			ask_keystone(session);
		return;
	}
	if (neutron_auth_given(&session->auth, &token) == 0)
		take_token(session, &token);
	serve_waiting(session);
}

/* In good time, so that no toggle waits for Keystone. */
static void
renew(void *ctx)
{
	struct session *session = ctx;

	if (session->has_token && !session->asking)
		ask_keystone(session);
}

/* ---- for the rest of the program ---- */

struct session *
session_new(struct loop *loop, struct web *web, struct neutron_auth *auth)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->loop = loop;
	session->web = web;
	session->auth = *auth;
	session->last = &session->waiting;
	session->serve = loop_timer_new(loop, serve, session);
	session->renew = loop_timer_new(loop, renew, session);
	session->rate = (struct log_rate){ .interval_ms = 60000, .burst = 2 };
	*auth = (struct neutron_auth){ 0 };
	if (session->serve && session->renew)
		return session;
	session_free(session);
	return NULL;
}

void
session_free(struct session *session)
{
	if (!session)
		return;
	while (session->waiting)
		waiter_free(dequeue(session));
	loop_timer_free(session->serve);
	loop_timer_free(session->renew);
	neutron_auth_release(&session->auth);
	neutron_token_release(&session->token);
	free(session);
}

int
session_send(
    struct session *session, const struct session_request *request, session_done_fn *fn, void *ctx)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return -ENOMEM;
	waiter->session = session;
	waiter->method = strdup(request->method);
	waiter->target = strdup(request->target);
	waiter->body = request->body.data ? strndup(request->body.data, request->body.len) : NULL;
	waiter->body_len = request->body.len;
	waiter->most = request->most;
	waiter->timeout_ms = request->timeout_ms;
	waiter->fn = fn;
	waiter->ctx = ctx;
	if (!waiter->method || !waiter->target || (request->body.data && !waiter->body)) {
		waiter_free(waiter);
		return -ENOMEM;
	}
	/* The machine slept, or Keystone has been away for long. */
	if (session->expires_ms > 0 && now_ms(session) >= session->expires_ms)
		session->has_token = false;
	enqueue(session, waiter);
	loop_timer_arm(session->serve, 0);
	return 0;
}

const struct neutron_token *
session_token(const struct session *session)
{
	return &session->token;
}

const struct neutron_auth *
session_auth(const struct session *session)
{
	return &session->auth;
}

void
session_again(struct session *session)
{
	session->again_ms = 0;
}

uint64_t
session_tokens(const struct session *session)
{
	return session->n_tokens;
}
