/*
 * poll_session: a talk with one SNMP agent (io). Private to poller.
 *
 * net-snmp makes and reads the messages, repeats a request that is not answered, and matches answers to it. The socket is ours: UDP,
 * never waited for, and connected, so that it hears the agent alone. SNMPv3 begins with finding out the agent's engine (RFC
 * 3414 4), where it is not known yet; the user is presented to the library (io/usm_library) only while it builds or reads a
 * message. An agent that was never heard is asked in SNMPv2c, and then once in SNMPv1. Nothing that is not authentic counts but Reports (RFC 3412 7.1.2), and they only as the end of a talk.
 */
#ifndef DPWATCH_IO_POLL_SESSION_H
#define DPWATCH_IO_POLL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/poll_job.h"
#include "core/poll_plan.h"
#include "core/trap.h"
#include "io/loop.h"
#include "io/poll_agent.h"
#include "io/poll_target.h"

/* So long for an answer, and so many times after the first. */
#define POLL_TIMEOUT_MS 1500
#define POLL_RETRIES 2

struct poll_session;

/* The session must not be used in a handler but in `settled`. */
struct poll_session_handler {
	void *ctx;
	/* The answer to the request, which was sent at asked_ns; all in it is valid during the call. */
	void (*answered)(
	    void *ctx, const struct trap_varbind *varbinds, size_t n, int64_t asked_ns);
	/* An answer with this error-status (SNMP_ERR_*); error-index counts from 1. */
	void (*refused)(void *ctx, long status, long index);
	void (*failed)(void *ctx, enum poll_outcome outcome); /* nothing more comes */
	/* It does not answer SNMPv2c; the session speaks SNMPv1 from now on: the request in its form comes next. */
	void (*older)(void *ctx);
	/* A datagram that answers nothing which is asked now; nothing else came of it. */
	void (*stray)(void *ctx);
	void (*booted)(void *ctx); /* its engine has booted since the last time (snmpEngineBoots) */
	/* After any of these but `stray`: the next request may be sent, or the session closed. */
	void (*settled)(void *ctx);
};

/*
 * Takes the target over, also where it fails; `agent` is copied. keys is borrowed. NULL where there is no way there, no
 * memory, or the user is not usable: then why (size bytes) says so.
 */
struct poll_session *poll_session_open(struct loop *loop, struct poll_target *target,
    const struct poll_agent *agent, struct poll_keys *keys,
    const struct poll_session_handler *handler, char *why, size_t size);
/* Not from a handler but `settled`. NULL is fine. */
void poll_session_close(struct poll_session *session);

/* Whether SNMPv1 is spoken. */
bool poll_session_is_v1(const struct poll_session *session);

/* Sends a request. One is under way at a time. False: it cannot be sent. */
bool poll_session_ask(struct poll_session *session, const struct poll_request *request);

/* Now and then: repeats what is not answered, and gives up in the end. Calls `settled` where it did. */
void poll_session_tick(struct poll_session *session);

/* What is known of the agent by now: for the next session. */
const struct poll_agent *poll_session_agent(const struct poll_session *session);

const struct sockaddr_storage *poll_session_address(const struct poll_session *session);

#endif
