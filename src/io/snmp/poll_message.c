#include "io/poll_session_state.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

#include "io/snmp_varbinds.h"

/* ---- sending ---- */

static int
level_of(const struct usm_user *user)
{
	if (user->auth == USM_AUTH_NONE)
		return SNMP_SEC_LEVEL_NOAUTH;
	return user->priv == USM_PRIV_NONE ? SNMP_SEC_LEVEL_AUTHNOPRIV : SNMP_SEC_LEVEL_AUTHPRIV;
}

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
	if (pdu && snmp_sess_send(memory_session_library(session->library), pdu) != 0)
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
	if (!poll_session_is_v3(session))
		return send_pdu(session, pdu);
	if (pdu && !address_pdu(pdu, session->user.name, level_of(&session->user),
		       poll_agent_engine(&session->agent))) {
		snmp_free_pdu(pdu);
		return false;
	}
	poll_v3_present(session);
	sent = send_pdu(session, pdu);
	poll_v3_withdraw(session);
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
poll_message_send(struct poll_session *session)
{
	if (poll_session_is_v3(session) && session->agent.engine_id_len == 0)
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
	if (type == SNMPERR_UNKNOWN_ENG_ID && session->n_meetings < POLL_MEETINGS_MAX)
		session->met = true;
	else if (!session->met)
		poll_session_fail(session, outcome_of_report(type));
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

	/* A Report was told before; questions, ours that somebody sends back among them, are no answers. */
	if (pdu->command != SNMP_MSG_RESPONSE)
		return;
	session->settled = true;
	session->agent.version = poll_session_is_v3(session)          ? 3
				 : session->version == SNMP_VERSION_1 ? 1
								      : 2;
	if (pdu->errstat != SNMP_ERR_NOERROR)
		session->handler.refused(session->handler.ctx, pdu->errstat, pdu->errindex);
	else
		session->handler.answered(session->handler.ctx, varbinds,
		    snmp_varbinds_read(pdu, varbinds, TRAP_VARBINDS_MAX), session->asked_ns);
}

int
poll_message_take(
    int operation, netsnmp_session *library_session, int request_id, netsnmp_pdu *pdu, void *magic)
{
	struct poll_session *session = magic;

	(void)library_session;
	(void)request_id;
	if (session->datagram.len > 0 && !memory_session_was_parsed(session->library))
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
			poll_session_fail(session, session->unheard ? POLL_CLOSED : POLL_SILENT);
		break;
	/*
	 * A Report, before it is handed over as a message; but for a request that was not in time: the library repeats that, with
	 * the time that it has learnt from the Report, and tells when that was in vain.
	 */
	case NETSNMP_CALLBACK_OP_SEC_ERROR:
		take_report(session, snmpv3_get_report_type(pdu));
		break;
	default:
		poll_session_fail(session, POLL_UNSENT);
	}
	return 1;
}
