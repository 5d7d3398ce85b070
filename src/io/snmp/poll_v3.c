#include "io/poll_session_state.h"

#include <stdio.h>
#include <string.h>

#include "io/usm_library.h"

/* ---- the user, while the library needs it ---- */

void
poll_v3_present(const struct poll_session *session)
{
	const struct usm_master protocols = { .auth = session->user.auth,
		.priv = session->user.priv };
	const struct slice engine_id = poll_agent_engine(&session->agent);

	usm_present(session->user.name, &protocols, engine_id,
	    session->user.auth == USM_AUTH_NONE ? NULL : &session->agent.keys);
	usm_set_time(engine_id, session->agent.boots,
	    poll_agent_time(&session->agent, loop_now(session->loop).now_ns));
}

void
poll_v3_withdraw(const struct poll_session *session)
{
	usm_withdraw(poll_agent_engine(&session->agent));
}

/* Ours at the engine that is known now, with its keys. False: there is none, and why says so. */
bool
poll_v3_take_user(struct poll_session *session, char *why, size_t size)
{
	explicit_bzero(&session->user, sizeof(session->user));
	if (!poll_target_user(
		&session->target, poll_agent_engine(&session->agent), &session->user, why, size))
		return false;
	if (poll_keys_provide(session->keys, &session->user, &session->agent))
		return true;
	snprintf(why, size,
	    "net-snmp cannot make keys for user %s: OpenSSL here may lack a protocol, take SHA-256 and AES",
	    session->user.name);
	return false;
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
bool
poll_v3_present_for(struct poll_session *session, char name[USM_USER_MAX + 1])
{
	static const struct usm_master none = { .auth = USM_AUTH_NONE };
	const struct usm_header *header = &session->header;

	if (slice_eq(header->engine_id, poll_agent_engine(&session->agent)) &&
	    slice_eq_str(header->user, session->user.name)) {
		hear_time(session);
		poll_v3_present(session);
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
void
poll_v3_meet(struct poll_session *session)
{
	char why[256];

	session->n_meetings++;
	poll_agent_meet(&session->agent, session->header.engine_id, session->header.boots,
	    session->header.time, loop_now(session->loop).now_ns);
	if (!poll_v3_take_user(session, why, sizeof(why)))
		poll_session_fail(session, POLL_NO_USER);
	else if (!poll_message_send(session))
		poll_session_fail(session, POLL_UNSENT);
}
