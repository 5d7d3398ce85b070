/*
 * As in io/snmp_decoder the library's transport is one of ours, whose descriptor stands for nothing: f_recv hands out the datagram
 * that was read from the socket, f_send sends on it.
 */
#include "io/poll_session.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/snmp_transport.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/usm_header.h"
#include "io/snmp_varbinds.h"
#include "io/usm_library.h"

#define PRETENDED_FD 0
#define MESSAGE_MAX 65507 /* what a datagram of IPv4 holds */

/* An agent that names another engine with every answer is not followed for ever. */
#define MEETINGS_MAX 3

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
	void *library; /* net-snmp's session */
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
	bool good;    /* the library found it right */
	bool met;     /* it tells an engine that we did not know */
	bool settled; /* a handler was called */
};

struct transport {
	netsnmp_transport base; /* first, so that it is the same address */
	struct poll_session *session;
};

static bool
is_v3(const struct poll_session *session)
{
	return session->target.user != NULL;
}

static void
fail(struct poll_session *session, enum poll_outcome outcome)
{
	if (session->settled)
		return;
	session->settled = true;
	session->handler.failed(session->handler.ctx, outcome);
}

/* ---- the transport ---- */

static int
transport_receive(
    netsnmp_transport *base, void *buf, int size, void **ret_opaque, int *ret_opaque_len)
{
	const struct poll_session *session = ((struct transport *)base)->session;
	const size_t len = session->datagram.len;

	*ret_opaque = NULL;
	*ret_opaque_len = 0;
	if (size < 0 || len > (size_t)size)
		return -1;
	memcpy(buf, session->datagram.data, len);
	return (int)len;
}

static int
transport_send(netsnmp_transport *base, const void *buf, int size, void **opaque, int *opaque_len)
{
	struct poll_session *session = ((struct transport *)base)->session;
	struct usm_header header;

	(void)opaque;
	(void)opaque_len;
	/* The library would send Reports to whoever asks us something. */
	if (size < 0 || (session->datagram.len > 0 && !session->good))
		return -1;
	if (usm_header_read((struct slice){ buf, (size_t)size }, &header))
		session->message_id = header.msg_id;
	ssize_t n = send(session->fd, buf, (size_t)size, MSG_NOSIGNAL);
	/* What the network said of the one before is told once. */
	if (n < 0 && errno == ECONNREFUSED) {
		session->unheard = true;
		n = send(session->fd, buf, (size_t)size, MSG_NOSIGNAL);
	}
	/* A full queue loses datagrams as the network does: it is sent again. */
	return n < 0 && errno != EAGAIN && errno != ENOBUFS ? -1 : size;
}

static int
transport_close(netsnmp_transport *base)
{
	(void)base;
	return 0;
}

static netsnmp_transport *
new_transport(struct poll_session *session)
{
	struct transport *transport = calloc(1, sizeof(*transport));

	if (!transport)
		return NULL;
	transport->session = session;
	transport->base.domain = netsnmpUDPDomain;
	transport->base.domain_length = (int)netsnmpUDPDomain_len;
	transport->base.sock = PRETENDED_FD;
	transport->base.msgMaxSize = MESSAGE_MAX;
	transport->base.f_recv = transport_receive;
	transport->base.f_send = transport_send;
	transport->base.f_close = transport_close;
	return &transport->base;
}

/* ---- the user, while the library needs it ---- */

static void
present(const struct poll_session *session)
{
	const struct usm_master protocols = { .auth = session->user.auth,
		.priv = session->user.priv };
	const struct slice engine_id = poll_agent_engine(&session->agent);

	usm_present(session->user.name, &protocols, engine_id,
	    session->user.auth == USM_AUTH_NONE ? NULL : &session->agent.keys);
	usm_set_time(engine_id, session->agent.boots,
	    poll_agent_time(&session->agent, loop_now(session->loop).now_ns));
}

static void
withdraw(const struct poll_session *session)
{
	usm_withdraw(poll_agent_engine(&session->agent));
}

/* Ours at the engine that is known now, with its keys. False: there is none, and why says so. */
static bool
take_user(struct poll_session *session, char *why, size_t size)
{
	explicit_bzero(&session->user, sizeof(session->user));
	if (!poll_target_user(
		&session->target, poll_agent_engine(&session->agent), &session->user, why, size))
		return false;
	if (poll_keys_provide(session->keys, &session->user, &session->agent))
		return true;
	snprintf(why, size, "net-snmp cannot make keys for user %s", session->user.name);
	return false;
}

static int
level_of(const struct usm_user *user)
{
	if (user->auth == USM_AUTH_NONE)
		return SNMP_SEC_LEVEL_NOAUTH;
	return user->priv == USM_PRIV_NONE ? SNMP_SEC_LEVEL_AUTHNOPRIV : SNMP_SEC_LEVEL_AUTHPRIV;
}

/* ---- sending ---- */

static netsnmp_pdu *
make_pdu(const struct poll_request *request)
{
	netsnmp_pdu *pdu = snmp_pdu_create(request->bulk   ? SNMP_MSG_GETBULK
					   : request->next ? SNMP_MSG_GETNEXT
							   : SNMP_MSG_GET);

	if (!pdu)
		return NULL;
	if (request->bulk) {
		pdu->non_repeaters = 1;
		pdu->max_repetitions = request->repetitions;
	}
	for (size_t i = 0; i < request->n; i++) {
		oid name[POLL_OID_LEN];
		for (size_t k = 0; k < request->oids[i].n; k++)
			name[k] = request->oids[i].ids[k];
		snmp_add_null_var(pdu, name, request->oids[i].n);
	}
	return pdu;
}

/* Who speaks, and to which engine; no engine is a question for it (RFC 3414 4). False: out of memory. */
static bool
address_pdu(netsnmp_pdu *pdu, const char *user, int level, struct slice engine_id)
{
	pdu->version = SNMP_VERSION_3;
	pdu->securityModel = SNMP_SEC_MODEL_USM;
	pdu->securityLevel = level;
	pdu->securityName = strdup(user);
	pdu->securityNameLen = strlen(user);
	if (engine_id.len > 0) {
		pdu->securityEngineID = netsnmp_memdup(engine_id.data, engine_id.len);
		pdu->securityEngineIDLen = engine_id.len;
		pdu->contextEngineID = netsnmp_memdup(engine_id.data, engine_id.len);
		pdu->contextEngineIDLen = engine_id.len;
	}
	return pdu->securityName &&
	       (engine_id.len == 0 || (pdu->securityEngineID && pdu->contextEngineID));
}

static bool
send_pdu(struct poll_session *session, netsnmp_pdu *pdu)
{
	if (pdu && snmp_sess_send(session->library, pdu) != 0)
		return true;
	snmp_free_pdu(pdu);
	return false;
}

static bool
send_request(struct poll_session *session)
{
	netsnmp_pdu *pdu = make_pdu(&session->request);
	bool sent;

	session->asked_ns = loop_now(session->loop).now_ns;
	if (!is_v3(session))
		return send_pdu(session, pdu);
	if (pdu && !address_pdu(pdu, session->user.name, level_of(&session->user),
		       poll_agent_engine(&session->agent))) {
		snmp_free_pdu(pdu);
		return false;
	}
	present(session);
	sent = send_pdu(session, pdu);
	withdraw(session);
	return sent;
}

static bool
send_discovery(struct poll_session *session)
{
	const struct slice unknown = { NULL, 0 };
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);

	if (pdu && !address_pdu(pdu, "", SNMP_SEC_LEVEL_NOAUTH, unknown)) {
		snmp_free_pdu(pdu);
		return false;
	}
	return send_pdu(session, pdu);
}

bool
poll_session_ask(struct poll_session *session, const struct poll_request *request)
{
	session->request = *request;
	if (is_v3(session) && session->agent.engine_id_len == 0)
		return send_discovery(session);
	return send_request(session);
}

/* ---- what comes ---- */

static enum poll_outcome
outcome_of_report(int type)
{
	switch (type) {
	case SNMPERR_UNKNOWN_USER_NAME:
		return POLL_UNKNOWN_USER;
	case SNMPERR_AUTHENTICATION_FAILURE:
		return POLL_WRONG_DIGEST;
	case SNMPERR_DECRYPTION_ERR:
		return POLL_NOT_DECRYPTED;
	case SNMPERR_UNSUPPORTED_SEC_LEVEL:
		return POLL_UNSUPPORTED_LEVEL;
	case SNMPERR_NOT_IN_TIME_WINDOW:
		return POLL_NOT_IN_TIME;
	case SNMPERR_UNKNOWN_ENG_ID:
		return POLL_UNKNOWN_ENGINE;
	default:
		return POLL_REFUSED;
	}
}

static void
take_report(struct poll_session *session, int type)
{
	if (type == SNMPERR_UNKNOWN_ENG_ID && session->n_meetings < MEETINGS_MAX)
		session->met = true;
	else if (!session->met)
		fail(session, outcome_of_report(type));
}

/* It was never heard, and may know nothing but SNMPv1. */
static bool
may_be_older(const struct poll_session *session)
{
	return session->version == SNMP_VERSION_2c && session->agent.version == 0 &&
	       !session->unheard;
}

static void
take_message(struct poll_session *session, netsnmp_pdu *pdu)
{
	struct trap_varbind varbinds[TRAP_VARBINDS_MAX];

	if (pdu->command == SNMP_MSG_REPORT)
		return;
	session->settled = true;
	session->agent.version = is_v3(session) ? 3 : session->version == SNMP_VERSION_1 ? 1 : 2;
	if (pdu->command != SNMP_MSG_RESPONSE)
		session->handler.failed(session->handler.ctx, POLL_REFUSED);
	else if (pdu->errstat != SNMP_ERR_NOERROR)
		session->handler.refused(session->handler.ctx, pdu->errstat, pdu->errindex);
	else
		session->handler.answered(session->handler.ctx, varbinds,
		    snmp_varbinds_read(pdu, varbinds, TRAP_VARBINDS_MAX), session->asked_ns);
}

static int
on_parsed(netsnmp_session *library_session, netsnmp_pdu *pdu, int failure)
{
	struct poll_session *session = library_session->callback_magic;

	(void)pdu;
	session->good = failure == 0;
	return 1;
}

static int
on_message(
    int operation, netsnmp_session *library_session, int request_id, netsnmp_pdu *pdu, void *magic)
{
	struct poll_session *session = magic;

	(void)library_session;
	(void)request_id;
	/* The library also calls for a message whose digest is wrong, before it says that it could not parse it. */
	if (session->datagram.len > 0 && !session->good)
		return 1;
	if (session->settled)
		return 1;
	switch (operation) {
	case NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE:
		take_message(session, pdu);
		break;
	case NETSNMP_CALLBACK_OP_TIMED_OUT:
		session->older = may_be_older(session);
		if (!session->older)
			fail(session, session->unheard ? POLL_CLOSED : POLL_SILENT);
		break;
	/*
	 * A Report, before it is handed over as a message; but for a request that was not in time: the library repeats that, with
	 * the time that it has learnt from the Report, and tells when that was in vain.
	 */
	case NETSNMP_CALLBACK_OP_SEC_ERROR:
		take_report(session, snmpv3_get_report_type(pdu));
		break;
	default:
		fail(session, POLL_UNSENT);
	}
	return 1;
}

/* ---- SNMPv3: whose message it is ---- */

/* What is authentic tells the time of its engine; the library, which knows of no time but that, finds it right then. */
static void
hear_time(struct poll_session *session)
{
	const struct usm_header *header = &session->header;
	const struct usm_master protocols = { .auth = session->user.auth };

	if ((header->flags & USM_FLAG_AUTH) == 0 || session->user.auth == USM_AUTH_NONE ||
	    !usm_is_authentic(&protocols, &session->agent.keys, session->datagram, header->auth))
		return;
	if (poll_agent_hear(
		&session->agent, header->boots, header->time, loop_now(session->loop).now_ns))
		session->handler.booted(session->handler.ctx);
}

/*
 * The library finds no user for a message of an engine, or to a user, that is not ours: a Report has them, and needs neither
 * keys nor rights.
 */
static bool
present_for(struct poll_session *session, char name[USM_USER_MAX + 1])
{
	static const struct usm_master none = { .auth = USM_AUTH_NONE };
	const struct usm_header *header = &session->header;

	if (slice_eq(header->engine_id, poll_agent_engine(&session->agent)) &&
	    slice_eq_str(header->user, session->user.name)) {
		hear_time(session);
		present(session);
		return true;
	}
	if (header->engine_id.len < USM_ENGINE_ID_MIN ||
	    memchr(header->user.data, '\0', header->user.len))
		return false;
	slice_copy(header->user, name, USM_USER_MAX + 1);
	usm_present(name, &none, header->engine_id, NULL);
	return true;
}

/* Goes on with an engine that was not known. */
static void
go_on(struct poll_session *session)
{
	char why[256];

	session->n_meetings++;
	poll_agent_meet(&session->agent, session->header.engine_id, session->header.boots,
	    session->header.time, loop_now(session->loop).now_ns);
	if (!take_user(session, why, sizeof(why)))
		fail(session, POLL_NO_USER);
	else if (!send_request(session))
		fail(session, POLL_UNSENT);
}

/* ---- reading ---- */

static void
feed_library(struct poll_session *session)
{
	netsnmp_large_fd_set fds;

	netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
	NETSNMP_LARGE_FD_SET(PRETENDED_FD, &fds);
	snmp_sess_read2(session->library, &fds);
	netsnmp_large_fd_set_cleanup(&fds);
}

static void
take_datagram(struct poll_session *session, struct slice datagram)
{
	char name[USM_USER_MAX + 1];

	session->good = session->met = session->settled = false;
	session->datagram = datagram;
	if (!is_v3(session)) {
		feed_library(session);
	} else if (usm_header_read(datagram, &session->header) &&
		   session->header.msg_id == session->message_id && present_for(session, name)) {
		feed_library(session);
		usm_withdraw(session->header.engine_id);
	}
	session->datagram = (struct slice){ NULL, 0 };
	if (session->met)
		go_on(session);
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
	wanted.callback = on_message;
	wanted.callback_magic = session;
	if (version == SNMP_VERSION_3) {
		/* Neither may the library ask for the engine by itself, and wait, nor keep a user. */
		wanted.flags |= SNMP_FLAGS_DONT_PROBE | SNMP_FLAGS_USER_CREATED;
		wanted.securityModel = SNMP_SEC_MODEL_USM;
	} else {
		wanted.community = (u_char *)session->target.community;
		wanted.community_len = session->target.community_len;
	}
	netsnmp_transport *transport = new_transport(session);
	if (transport) /* the library frees it where it fails */
		session->library = snmp_sess_add(&wanted, transport, NULL, on_parsed);
	if (session->library && version == SNMP_VERSION_3)
		snmp_sess_session(session->library)->flags |= SNMP_FLAGS_DONT_PROBE;
	return session->library != NULL;
}

static void
grow_older(struct poll_session *session)
{
	session->older = false;
	snmp_sess_close(session->library);
	session->library = NULL;
	if (open_library(session, SNMP_VERSION_1)) {
		session->settled = true;
		session->handler.older(session->handler.ctx);
	} else {
		fail(session, POLL_UNSENT);
	}
}

void
poll_session_tick(struct poll_session *session)
{
	const bool presented = is_v3(session) && session->agent.engine_id_len > 0;

	session->settled = false;
	if (!session->library)
		return;
	if (presented)
		present(session);
	snmp_sess_timeout(session->library);
	if (presented)
		withdraw(session);
	if (session->older)
		grow_older(session);
	if (session->settled)
		session->handler.settled(session->handler.ctx);
}

static bool
begin_v3(struct poll_session *session, char *why, size_t size)
{
	if (!is_v3(session))
		return true;
	if (!usm_library_ready()) {
		snprintf(why, size, "net-snmp's SNMPv3 cannot be set up");
		return false;
	}
	return session->agent.engine_id_len == 0 || take_user(session, why, size);
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
	const int version = is_v3(session)                ? SNMP_VERSION_3
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
	if (session->library)
		snmp_sess_close(session->library);
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

void
poll_session_configure(struct poll_session *session, const struct config *config)
{
	session->target.users = &config->snmp.user;
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
