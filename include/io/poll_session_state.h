/*
 * What the files of poll_session share (io). Private to them: poll_session.c has its life and its socket, poll_message.c what is
 * sent and what comes of it, poll_v3.c the user and the engine of SNMPv3.
 */
#ifndef DPWATCH_IO_POLL_SESSION_STATE_H
#define DPWATCH_IO_POLL_SESSION_STATE_H

#include "core/usm_header.h"
#include "io/memory_session.h"
#include "io/poll_session.h"

struct snmp_session;
struct snmp_pdu;

struct poll_session {
	struct loop *loop;
	struct poll_session_handler handler;
	struct poll_target target;
	struct poll_agent agent;
	struct poll_keys *keys;
	struct usm_user
	    user; /* SNMPv3: ours at the agent's engine; the name is "" before that is known */
	int fd;
	struct event *readable;
	struct memory_session *library;
	struct poll_request request;
	int64_t asked_ns;   /* when it was sent first */
	int version;        /* net-snmp's number of it */
	int64_t message_id; /* SNMPv3: of what was sent last */
	unsigned n_meetings;
	bool unheard; /* the network says that nothing listens there */
	bool older;   /* SNMPv1 is tried next */
	/* while a datagram is read */
	struct slice datagram;
	struct usm_header header;
	bool met;     /* it tells an engine that we did not know */
	bool settled; /* a handler was called */
	bool resent;  /* the library sent the request again: it was told the time of the engine */
};

static inline bool
poll_session_is_v3(const struct poll_session *session)
{
	return session->target.user != NULL;
}

/* Nothing more comes; once for what is being read. */
void poll_session_fail(struct poll_session *session, enum poll_outcome outcome);

/* ---- poll_message.c ---- */

/* False: it cannot be sent. */
bool poll_message_send(struct poll_session *session);
/* The library's callback, with a poll_session as magic. */
int poll_message_take(int operation, struct snmp_session *library_session, int request_id,
    struct snmp_pdu *pdu, void *magic);

/* ---- poll_v3.c ---- */

/* An agent that names another engine with every answer is not followed for ever. */
#define POLL_MEETINGS_MAX 3

/* The user at the agent's engine, while the library builds or reads something. */
void poll_v3_present(const struct poll_session *session);
void poll_v3_withdraw(const struct poll_session *session);

/*
 * The same for the message that is being read, session->header: also where its engine or user is not ours, as a Report's may be.
 * Ends with usm_withdraw(). False: it is not for the library. `name` is room for that user's name.
 */
bool poll_v3_present_for(struct poll_session *session, char name[USM_USER_MAX + 1]);

/* The user at the engine that is known now, with its keys. False: there is none, and why says so. */
bool poll_v3_take_user(struct poll_session *session, char *why, size_t size);

/* Goes on with the engine of session->header, which was not known. */
void poll_v3_meet(struct poll_session *session);

#endif
