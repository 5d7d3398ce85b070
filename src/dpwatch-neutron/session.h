/*
 * session: requests to Neutron with a token that is good: asked for at the first request, renewed before it expires and
 * when Neutron no longer takes it.
 */
#ifndef DPWATCH_NEUTRON_SESSION_H
#define DPWATCH_NEUTRON_SESSION_H

#include "core/neutron_auth.h"
#include "web.h"

struct session;

/* Borrows loop and web; takes the account over (it is zeroed). NULL: out of memory. */
struct session *session_new(struct loop *loop, struct web *web, struct neutron_auth *auth);
void session_free(struct session *session);

struct session_request {
	const char *method;
	const char *target; /* "/v2.0/ports" */
	struct slice body;  /* copied */
	int64_t timeout_ms;
	size_t most;
};

struct session_reply {
	struct neutron_reply reply;
	bool sent; /* no answer, but the request may have arrived */
	/* Why there is no token, in which case there is no reply; NULL: there was one. */
	const struct neutron_answer *refusal;
};
/* Everything is borrowed for the call. */
typedef void session_done_fn(void *ctx, const struct session_reply *reply);

/* Calls `fn` once, later. 0, or a negative errno, and it is not called. */
int session_send(struct session *session, const struct session_request *request,
    session_done_fn *fn, void *ctx) __attribute__((warn_unused_result));

/* What is known of the account now; token NULL: nothing yet, or there is none. Borrowed. */
const struct neutron_token *session_token(const struct session *session);
const struct neutron_auth *session_auth(const struct session *session);

/* Somebody mended something: the next request asks Keystone again, if there is no token. */
void session_again(struct session *session);

/* How many tokens were asked for. */
uint64_t session_tokens(const struct session *session);

#endif
