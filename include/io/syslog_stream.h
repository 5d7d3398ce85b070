/*
 * syslog_stream: syslog over TCP, RFC 6587 (io). Private to syslog_input.
 *
 * A connection has one buffer of a fixed size, and one message at a time is cut out of it (core/syslog_frame). Connections
 * are bounded in number; a silent one is closed after the idle time. What a connection sent without a terminator before it
 * was closed in order (FIN) is a message; what was there when it broke off (reset, idle, our limits) is not, and neither is a
 * counted message that is not complete.
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

struct syslog_stream;

/* NULL: out of memory. stats is borrowed. */
struct syslog_stream *syslog_stream_new(struct loop *loop, struct stats *stats,
    const struct syslog_stream_limits *limits, const struct syslog_stream_handler *handler);
void syslog_stream_free(struct syslog_stream *stream);
void syslog_stream_configure(
    struct syslog_stream *stream, const struct syslog_stream_limits *limits);

/* Listens on one more address; kind is tcp or tcp6. 0, or -1 with a message in error. */
int syslog_stream_open(struct syslog_stream *stream, const char *kind, const char *host,
    uint16_t port, char *error, size_t size);

size_t syslog_stream_count(const struct syslog_stream *stream); /* listeners */
const char *syslog_stream_name(const struct syslog_stream *stream, size_t i);
size_t syslog_stream_connections(const struct syslog_stream *stream);

/* Starts or stops accepting and reading. Stopped, connections stay, and nobody is idle. */
void syslog_stream_read(struct syslog_stream *stream, bool on);

/* Takes what every connection has already sent, at most a megabyte of each. Calls message and turn_end as usual. */
void syslog_stream_drain(struct syslog_stream *stream);

#endif
