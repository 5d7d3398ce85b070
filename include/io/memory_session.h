/*
 * memory_session: a session of net-snmp without a socket of the library's (io). Private to snmp_decoder and poll_session.
 *
 * The library asks its transport for a datagram when its descriptor is readable, and gives it what it wants to send. So the
 * descriptor is a number that stands for nothing: what is read is the datagram at hand, and what is sent is handed over. The
 * library's idea of an address (`opaque`) stays NULL: there is only ever one datagram at hand.
 */
#ifndef DPWATCH_IO_MEMORY_SESSION_H
#define DPWATCH_IO_MEMORY_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

struct snmp_session;
struct memory_session;

struct memory_session_handler {
	void *ctx;
	/* What the library sends; valid during the call. False: it cannot be sent. */
	bool (*send)(void *ctx, struct slice bytes);
};

/*
 * `wanted` is as for snmp_sess_add(), its callback with it; its `myvoid` is ours. message_max: bytes of a message that may be
 * received, which SNMPv3 tells the other side. NULL: out of memory.
 */
struct memory_session *memory_session_open(
    struct snmp_session *wanted, size_t message_max, const struct memory_session_handler *handler);
void memory_session_close(struct memory_session *session); /* NULL is fine */

/* The library's handle: for snmp_sess_send() and its like. */
void *memory_session_library(const struct memory_session *session);

/* Has the library read a datagram; it calls its callback from within. */
void memory_session_read(struct memory_session *session, struct slice datagram);

/*
 * Whether the library could parse the last datagram. It calls its callback for one whose digest is wrong, too, before it says
 * that it could not.
 */
bool memory_session_was_parsed(const struct memory_session *session);

#endif
