/*
 * snmp_stream: SNMP over TCP, RFC 3430 (io). Private to snmp_input.
 *
 * A connection is messages one behind the other, each as long as its outermost BER length says. Connections are bounded in
 * number, a message in size, and a silent connection is closed after a day; what is no message ends it. What a
 * connection sent without finishing is none. An answer that the connection does not take at once ends it as well: nothing
 * is queued for a peer that does not read.
 */
#ifndef DPWATCH_IO_SNMP_STREAM_H
#define DPWATCH_IO_SNMP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/engine.h"
#include "core/stats.h"
#include "io/loop.h"
#include "util/addr.h"
#include "util/slice.h"

#define SNMP_STREAM_CONNECTIONS_MAX 512
#define SNMP_STREAM_MESSAGE_MAX 65536
#define SNMP_STREAM_IDLE_MS INT64_C(86400000)

/* One message; valid during the call. */
struct snmp_stream_message {
	struct slice bytes;
	uint64_t connection; /* for the answer; never 0, and never used again */
	const struct sockaddr_storage *from;
	socklen_t from_len;
};

struct snmp_stream_handler {
	void *ctx;
	/* Whether a sender may connect. */
	bool (*allows)(void *ctx, const struct addr *from);
	/* time.wall_us is now. snmp_stream_send() may be called from within. */
	void (*message)(
	    void *ctx, const struct snmp_stream_message *message, struct engine_time time);
	void (*turn_end)(void *ctx);
};

struct snmp_stream;

/* NULL: out of memory. stats is borrowed. */
struct snmp_stream *snmp_stream_new(
    struct loop *loop, struct stats *stats, const struct snmp_stream_handler *handler);
void snmp_stream_free(struct snmp_stream *stream); /* NULL is fine */

/* Listens on one more address; kind is tcp or tcp6. 0, or -1 with a message in error. */
int snmp_stream_open(struct snmp_stream *stream, const char *kind, const char *host, uint16_t port,
    char *error, size_t size);
size_t snmp_stream_count(const struct snmp_stream *stream); /* listeners */
const char *snmp_stream_name(const struct snmp_stream *stream, size_t i);

/* Starts or stops accepting and reading. Stopped, connections stay, and nobody is idle. */
void snmp_stream_read(struct snmp_stream *stream, bool on);

/* 0; -ENOTCONN: the connection is no more; or why it was given up. */
int snmp_stream_send(struct snmp_stream *stream, uint64_t connection, struct slice bytes);

/* Takes what every connection has already sent, at most a megabyte of each. Calls message and turn_end as usual. */
void snmp_stream_drain(struct snmp_stream *stream);

#endif
