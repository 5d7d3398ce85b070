#include "io/memory_session.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/snmp_transport.h>

#include <stdlib.h>
#include <string.h>

/* Any number will do that is no negative and small: it is only a bit in a set. */
#define PRETENDED_FD 0

struct memory_session {
	void *library;
	netsnmp_large_fd_set fds;
	struct memory_session_handler handler;
	struct slice datagram; /* at hand */
	bool parsed;
};

/* net-snmp frees the transport with free(): ours goes with it. */
struct transport {
	netsnmp_transport base; /* first, so that it is the same address */
	struct memory_session *session;
};

static int
transport_receive(
    netsnmp_transport *base, void *buf, int size, void **ret_opaque, int *ret_opaque_len)
{
	const struct slice datagram = ((struct transport *)base)->session->datagram;

	*ret_opaque = NULL;
	*ret_opaque_len = 0;
	if (size < 0 || datagram.len > (size_t)size)
		return -1;
	memcpy(buf, datagram.data, datagram.len);
	return (int)datagram.len;
}

static int
transport_send(netsnmp_transport *base, const void *buf, int size, void **opaque, int *opaque_len)
{
	const struct memory_session_handler *handler =
	    &((struct transport *)base)->session->handler;

	(void)opaque;
	(void)opaque_len;
	if (size < 0 || !handler->send(handler->ctx, (struct slice){ buf, (size_t)size }))
		return -1;
	return size;
}

static int
transport_close(netsnmp_transport *base)
{
	(void)base;
	return 0;
}

static netsnmp_transport *
new_transport(struct memory_session *session, size_t message_max)
{
	struct transport *transport = calloc(1, sizeof(*transport));

	if (transport == NULL)
		return NULL;
	transport->session = session;
	transport->base.domain = netsnmpUDPDomain;
	transport->base.domain_length = (int)netsnmpUDPDomain_len;
	transport->base.sock = PRETENDED_FD;
	transport->base.msgMaxSize = message_max;
	transport->base.f_recv = transport_receive;
	transport->base.f_send = transport_send;
	transport->base.f_close = transport_close;
	return &transport->base;
}

static int
on_parsed(netsnmp_session *library_session, netsnmp_pdu *pdu, int failure)
{
	struct memory_session *session = library_session->myvoid;

	(void)pdu;
	session->parsed = failure == 0;
	return 1;
}

struct memory_session *
memory_session_open(
    struct snmp_session *wanted, size_t message_max, const struct memory_session_handler *handler)
{
	struct memory_session *session = calloc(1, sizeof(*session));
	netsnmp_transport *transport = session ? new_transport(session, message_max) : NULL;

	if (transport == NULL) {
		free(session);
		return NULL;
	}
	session->handler = *handler;
	netsnmp_large_fd_set_init(&session->fds, FD_SETSIZE);
	wanted->myvoid = session;
	/* The library frees the transport where it fails. */
	session->library = snmp_sess_add(wanted, transport, NULL, on_parsed);
	if (session->library != NULL)
		return session;
	memory_session_close(session);
	return NULL;
}

void
memory_session_close(struct memory_session *session)
{
	if (session == NULL)
		return;
	if (session->library != NULL)
		snmp_sess_close(session->library);
	netsnmp_large_fd_set_cleanup(&session->fds);
	free(session);
}

void *
memory_session_library(const struct memory_session *session)
{
	return session->library;
}

void
memory_session_read(struct memory_session *session, struct slice datagram)
{
	session->datagram = datagram;
	session->parsed = false;
	NETSNMP_LARGE_FD_SET(PRETENDED_FD, &session->fds);
	(void)snmp_sess_read2(session->library, &session->fds);
	session->datagram = (struct slice){ NULL, 0 };
}

bool
memory_session_was_parsed(const struct memory_session *session)
{
	return session->parsed;
}
