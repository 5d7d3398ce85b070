#include "io/poll_session_state.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/usm_library.h"

#define MESSAGE_MAX 65507 /* what a datagram of IPv4 holds */

void
poll_session_fail(struct poll_session *session, enum poll_outcome outcome)
{
	if (session->settled)
		return;
	session->settled = true;
	session->handler.failed(session->handler.ctx, outcome);
}

/* ---- sending ---- */

static bool
on_send(void *ctx, struct slice bytes)
{
	struct poll_session *session = ctx;
	struct usm_header header;

	/* The library would send Reports to whoever asks us something. */
	if (session->datagram.len > 0 && !memory_session_was_parsed(session->library))
		return false;
	session->resent = true;
	if (usm_header_read(bytes, &header))
		session->message_id = header.msg_id;
	ssize_t n = send(session->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
	/* What the network said of the one before is told once. */
	if (n < 0 && errno == ECONNREFUSED) {
		session->unheard = true;
		n = send(session->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
	}
	/* A full queue loses datagrams as the network does: it is sent again. */
	return n >= 0 || errno == EAGAIN || errno == ENOBUFS;
}

/* ---- reading ---- */

static void
take_datagram(struct poll_session *session, struct slice datagram)
{
	char name[USM_USER_MAX + 1];

	session->met = session->settled = session->resent = false;
	session->datagram = datagram;
	if (!poll_session_is_v3(session)) {
		memory_session_read(session->library, datagram);
	} else if (usm_header_read(datagram, &session->header) &&
		   session->header.msg_id == session->message_id &&
		   poll_v3_present_for(session, name)) {
		memory_session_read(session->library, datagram);
		usm_withdraw(session->header.engine_id);
	}
	session->datagram = (struct slice){ NULL, 0 };
	if (!session->met && !session->settled && !session->resent)
		session->handler.stray(session->handler.ctx);
	if (session->met)
		poll_v3_meet(session);
	if (session->settled)
		session->handler.settled(session->handler.ctx);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	static char bytes[MESSAGE_MAX];
	struct poll_session *session = arg;

	(void)what;
	const ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		take_datagram(session, (struct slice){ bytes, (size_t)n });
	else if (n < 0 && errno == ECONNREFUSED)
		session->unheard = true;
}

/* ---- life ---- */

static bool
open_socket(struct poll_session *session)
{
	const struct poll_target *target = &session->target;

	session->fd =
	    socket(target->address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0 || connect(session->fd, (const struct sockaddr *)&target->address,
				   target->address_len) < 0)
		return false;
	session->readable = event_new(
	    loop_base(session->loop), session->fd, EV_READ | EV_PERSIST, on_readable, session);
	return session->readable && event_add(session->readable, NULL) == 0;
}

/* An agent that was never heard is asked once less, and once in SNMPv1 then: it takes as long to give it up. */
static int
retries(const struct poll_session *session)
{
	if (session->version == SNMP_VERSION_3 || session->agent.version != 0)
		return POLL_RETRIES;
	return session->version == SNMP_VERSION_1 ? 0 : POLL_RETRIES - 1;
}

static bool
open_library(struct poll_session *session, int version)
{
	netsnmp_session wanted;

	session->version = version;
	snmp_sess_init(&wanted);
	wanted.version = version;
	wanted.timeout = POLL_TIMEOUT_MS * 1000L;
	wanted.retries = retries(session);
	wanted.callback = poll_message_take;
	wanted.callback_magic = session;
	if (version == SNMP_VERSION_3) {
		/* Neither may the library ask for the engine by itself, and wait, nor keep a user. */
		wanted.flags |= SNMP_FLAGS_DONT_PROBE | SNMP_FLAGS_USER_CREATED;
		wanted.securityModel = SNMP_SEC_MODEL_USM;
	} else {
		wanted.community = (u_char *)session->target.community;
		wanted.community_len = session->target.community_len;
	}
	const struct memory_session_handler handler = { session, on_send };
	session->library = memory_session_open(&wanted, MESSAGE_MAX, &handler);
	if (session->library && version == SNMP_VERSION_3)
		snmp_sess_session(memory_session_library(session->library))->flags |=
		    SNMP_FLAGS_DONT_PROBE;
	return session->library != NULL;
}

static void
grow_older(struct poll_session *session)
{
	session->older = false;
	memory_session_close(session->library);
	session->library = NULL;
	if (open_library(session, SNMP_VERSION_1)) {
		session->settled = true;
		session->handler.older(session->handler.ctx);
	} else {
		poll_session_fail(session, POLL_UNSENT);
	}
}

void
poll_session_tick(struct poll_session *session)
{
	const bool presented = poll_session_is_v3(session) && session->agent.engine_id_len > 0;

	session->settled = false;
	if (!session->library)
		return;
	if (presented)
		poll_v3_present(session);
	snmp_sess_timeout(memory_session_library(session->library));
	if (presented)
		poll_v3_withdraw(session);
	if (session->older)
		grow_older(session);
	if (session->settled)
		session->handler.settled(session->handler.ctx);
}

static bool
begin_v3(struct poll_session *session, char *why, size_t size)
{
	if (!poll_session_is_v3(session))
		return true;
	if (!usm_library_ready()) {
		snprintf(why, size, "net-snmp's SNMPv3 cannot be set up");
		return false;
	}
	return session->agent.engine_id_len == 0 || poll_v3_take_user(session, why, size);
}

struct poll_session *
poll_session_open(struct loop *loop, struct poll_target *target, const struct poll_agent *agent,
    struct poll_keys *keys, const struct poll_session_handler *handler, char *why, size_t size)
{
	struct poll_session *session = calloc(1, sizeof(*session));

	snprintf(why, size, "%s", poll_outcome_names[POLL_UNSENT]);
	if (!session) {
		poll_target_release(target);
		return NULL;
	}
	session->loop = loop;
	session->handler = *handler;
	session->target = *target;
	session->agent = *agent;
	session->keys = keys;
	session->fd = -1;
	explicit_bzero(target, sizeof(*target));
	const int version = poll_session_is_v3(session)   ? SNMP_VERSION_3
			    : session->agent.version == 1 ? SNMP_VERSION_1
							  : SNMP_VERSION_2c;
	if (begin_v3(session, why, size) && open_socket(session) && open_library(session, version))
		return session;
	poll_session_close(session);
	return NULL;
}

void
poll_session_close(struct poll_session *session)
{
	if (!session)
		return;
	if (session->readable)
		event_free(session->readable);
	memory_session_close(session->library);
	if (session->fd >= 0)
		close(session->fd);
	poll_target_release(&session->target);
	explicit_bzero(session, sizeof(*session));
	free(session);
}

bool
poll_session_is_v1(const struct poll_session *session)
{
	return session->version == SNMP_VERSION_1;
}

bool
poll_session_ask(struct poll_session *session, const struct poll_request *request)
{
	session->request = *request;
	return poll_message_send(session);
}

const struct poll_agent *
poll_session_agent(const struct poll_session *session)
{
	return &session->agent;
}

const struct sockaddr_storage *
poll_session_address(const struct poll_session *session)
{
	return &session->target.address;
}
