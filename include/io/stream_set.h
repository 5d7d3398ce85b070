/*
 * stream_set: the connections of one input that comes over TCP or TLS (io): syslog (RFC 6587, RFC 5425) and SNMP (RFC 3430).
 * Private to the inputs and input_sockets.
 *
 * Listeners, and the connections that they accepted: bounded in number, and where one host has more than half of them, its most
 * silent one makes room for another host; a silent one is closed after the idle time, and one
 * that does not finish its TLS handshake after the idle time or half a minute, whichever is shorter. Handshakes take a
 * millisecond of each turn of the loop, or one of them, so that nothing else waits for many. What a connection says is
 * told in stream_connection. An answer that a connection does not take at once ends it: nothing is queued for a peer that does
 * not read.
 */
#ifndef DPWATCH_IO_STREAM_SET_H
#define DPWATCH_IO_STREAM_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/stats.h"
#include "core/stream_frame.h"
#include "io/loop.h"
#include "io/stream_listeners.h"
#include "util/addr.h"
#include "util/slice.h"

/* What differs between the inputs. A counter that is STAT_MAX counts nothing. */
struct stream_protocol {
	const char *input;     /* "syslog": for logs */
	const char *bad_frame; /* for logs: what ends a connection at FRAME_ERROR */
	const char *bound;     /* for logs: what bounds the number of connections */
	enum stats_counter accepted, refused, displaced, not_allowed, bad_frames, half_messages,
	    tls_refused;
	/* See stream_connection. */
	enum frame_result (*cut)(struct stream_frame *frame, struct slice bytes, size_t *ret_used,
	    struct slice *ret_message);
};

/* New values count for new connections. */
struct stream_limits {
	size_t max_connections;
	size_t max_message; /* bytes, at least 1 */
	int64_t idle_ms;    /* 0: a silent connection may stay */
};

/* One message; valid during the call. */
struct stream_message {
	struct slice bytes;
	uint64_t connection; /* for an answer; never 0, and never used again */
	const struct stream_peer *peer;
};

struct stream_set_handler {
	void *ctx;
	/* Whether a sender may connect. */
	bool (*allows)(void *ctx, const struct addr *from);
	/* time.wall_us is now. stream_set_send() may be called from within. */
	void (*message)(void *ctx, const struct stream_message *message, struct engine_time time);
	/* A connection was refused, or ended for what it said, and counted there. time.wall_us is now. */
	void (*refused)(
	    void *ctx, const struct addr *from, enum stats_counter why, struct engine_time time);
	void (*turn_end)(void *ctx);
};

struct ssl_ctx_st;
struct stream_set;

/* NULL: out of memory. protocol and stats are borrowed. */
struct stream_set *stream_set_new(struct loop *loop, const struct stream_protocol *protocol,
    struct stats *stats, const struct stream_limits *limits,
    const struct stream_set_handler *handler);
void stream_set_free(struct stream_set *set); /* NULL is fine */
void stream_set_configure(struct stream_set *set, const struct stream_limits *limits);

/*
 * The certificate for listeners of kind tls, which refuse everybody before there is one. Takes over the reference; counts for
 * new connections.
 */
void stream_set_tls(struct stream_set *set, struct ssl_ctx_st *context);
struct ssl_ctx_st *stream_set_tls_in_use(const struct stream_set *set); /* NULL: none */

/* Listens on one more address; kind is tcp, tcp6 or tls. 0, or -1 with a message in error. */
int stream_set_open(struct stream_set *set, const char *kind, const char *host, uint16_t port,
    char *error, size_t size);

size_t stream_set_count(const struct stream_set *set); /* listeners */
const char *stream_set_name(const struct stream_set *set, size_t i);

/* Starts or stops accepting and reading. Stopped, connections stay, and nobody is idle. */
void stream_set_read(struct stream_set *set, bool on);

/* Only to a plain stream. 0; -ENOTCONN: the connection is no more; or why it was given up. */
int stream_set_send(struct stream_set *set, uint64_t connection, struct slice bytes);

/* Takes what every connection has already sent, at most a megabyte of each. Calls message and turn_end as usual. */
void stream_set_drain(struct stream_set *set);

#endif
