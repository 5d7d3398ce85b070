/*
 * syslog_stream: syslog over TCP (RFC 6587) and TLS (RFC 5425) (io). Private to syslog_input.
 *
 * Listeners, and the connections that they accepted: bounded in number; a silent one is closed after the idle time, and one
 * that does not finish its TLS handshake after the idle time or half a minute, whichever is shorter. What a connection says
 * is told in syslog_connection.
 */
#ifndef DPWATCH_IO_SYSLOG_STREAM_H
#define DPWATCH_IO_SYSLOG_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/stats.h"
#include "io/loop.h"
#include "util/addr.h"
#include "util/slice.h"

struct syslog_stream_handler {
	void *ctx;
	/* Whether a sender may connect. */
	bool (*allows)(void *ctx, const struct addr *from);
	/* The bytes are valid during the call; time.wall_us is now. */
	void (*message)(
	    void *ctx, struct slice bytes, const struct addr *from, struct engine_time time);
	void (*turn_end)(void *ctx);
};

/* New values count for new connections. */
struct syslog_stream_limits {
	size_t max_connections;
	size_t max_message; /* bytes, at least 1 */
	int64_t idle_ms;    /* 0: a silent connection may stay */
};

struct ssl_ctx_st;
struct syslog_stream;

/* NULL: out of memory. stats is borrowed. */
struct syslog_stream *syslog_stream_new(struct loop *loop, struct stats *stats,
    const struct syslog_stream_limits *limits, const struct syslog_stream_handler *handler);
void syslog_stream_free(struct syslog_stream *stream);
void syslog_stream_configure(
    struct syslog_stream *stream, const struct syslog_stream_limits *limits);

/*
 * The certificate for listeners of kind tls, which refuse everybody before there is one. Takes over the reference; counts for
 * new connections.
 */
void syslog_stream_set_tls(struct syslog_stream *stream, struct ssl_ctx_st *context);

/* Listens on one more address; kind is tcp, tcp6 or tls. 0, or -1 with a message in error. */
int syslog_stream_open(struct syslog_stream *stream, const char *kind, const char *host,
    uint16_t port, char *error, size_t size);

size_t syslog_stream_count(const struct syslog_stream *stream); /* listeners */
const char *syslog_stream_name(const struct syslog_stream *stream, size_t i);

/* Starts or stops accepting and reading. Stopped, connections stay, and nobody is idle. */
void syslog_stream_read(struct syslog_stream *stream, bool on);

/* Takes what every connection has already sent, at most a megabyte of each. Calls message and turn_end as usual. */
void syslog_stream_drain(struct syslog_stream *stream);

#endif
