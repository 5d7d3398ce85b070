/*
 * neutron_answer: what Neutron answers, and what that means for a port or for all of them (core).
 *
 * facts: real-neutron.md, "What real Neutron answers". Only what Neutron itself can have said counts as its word: a 404 or
 * a 200 without its JSON comes from a proxy or another service, and is no reason to forget a port.
 */
#ifndef DPWATCH_CORE_NEUTRON_ANSWER_H
#define DPWATCH_CORE_NEUTRON_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

enum neutron_verdict {
	NEUTRON_OK,
	NEUTRON_NO_TRUST, /* its certificate does not hold, or ours cannot be used: nothing was sent */
	NEUTRON_NO_TOKEN,     /* 401: the token is no longer good */
	NEUTRON_NO_ROLE,      /* 403: the account may not do that */
	NEUTRON_NO_EXTENSION, /* this Neutron has no data_plane_status */
	NEUTRON_NOT_FOUND, /* 404 by Neutron: gone, or of a project that the account does not see */
	NEUTRON_CONFLICT,  /* 409, 412: now, not for ever */
	NEUTRON_FAULT,     /* 500, with Neutron's JSON: it fails at this port */
	NEUTRON_REFUSED,   /* 400 and others: this request will not become good by itself */
	NEUTRON_UNREACHABLE, /* no answer, half of one, 408, 429, 5xx, or somebody else's */
};

#define NEUTRON_TEXT_MAX 320

struct neutron_answer {
	enum neutron_verdict verdict;
	int64_t retry_after_ms; /* 0: not said */
	char text
	    [NEUTRON_TEXT_MAX]; /* for people, what is wrong and what to do; "" where all is well */
};

/* Sets verdict and text, which is cut between two characters and has no control characters, whatever the arguments hold. */
void neutron_answer_set(struct neutron_answer *answer, enum neutron_verdict verdict,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A reply as it came. */
struct neutron_reply {
	long status;             /* 0: none, `trouble` says why */
	struct slice body;       /* may be anything */
	const char *trouble;     /* "Connection refused"; NULL where there is a status */
	bool untrusted;          /* without a status: because of certificates */
	const char *location;    /* of a redirect, or NULL */
	const char *retry_after; /* the header in seconds, or NULL */
};

/* For a reply that is untrusted: NEUTRON_NO_TRUST, and what to do. `who`: "Neutron", "Keystone". */
void neutron_answer_untrusted(
    const struct neutron_reply *reply, const char *who, struct neutron_answer *ret_answer);

/* Of PUT /v2.0/ports/ID with this value ("DOWN", "ACTIVE"): only an answer that shows the value is NEUTRON_OK. */
void neutron_answer_put(
    const struct neutron_reply *reply, const char *value, struct neutron_answer *ret_answer);

/*
 * Of GET /v2.0/ports?...: NEUTRON_OK is a list. A list of ports that have no data_plane_status, though it was asked for, is
 * NEUTRON_NO_EXTENSION where `with_status` says so.
 */
void neutron_answer_list(
    const struct neutron_reply *reply, bool with_status, struct neutron_answer *ret_answer);

/* What Neutron says about a port. */
enum neutron_status { NEUTRON_STATUS_NULL, NEUTRON_STATUS_ACTIVE, NEUTRON_STATUS_DOWN };

struct neutron_port_status {
	uint8_t id[16];
	enum neutron_status status;
};

/* One page of a list. */
struct neutron_page {
	struct neutron_port_status *ports; /* those whose id is a UUID */
	size_t n;
	char *next; /* path and query of the next page, "/v2.0/ports?...": NULL: this is the last */
};

/*
 * Reads the body of a list that neutron_answer_list() called good. 0; -EINVAL: it is none, or its next page is nowhere;
 * -ENOMEM. On failure *ret_page is untouched.
 */
int neutron_page_parse(struct slice body, struct neutron_page *ret_page)
    __attribute__((warn_unused_result));
void neutron_page_release(struct neutron_page *page);

/*
 * Path and query of the page behind this one: "https://h:9696/neutron/v2.0/ports?x=1" -> "/v2.0/ports?x=1"; the text is the
 * caller's, NULL: this is the last. 0; -EINVAL: there is one, but its link leads nowhere; -ENOMEM.
 */
int neutron_page_next(const json_t *page, char **ret_target) __attribute__((warn_unused_result));

#endif
