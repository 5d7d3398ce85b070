/*
 * stream_listeners: the listening sockets of one stream input (io). Private to stream_set.
 *
 * When the process is out of descriptors or memory, accepting pauses for a second: a pending connection stays readable, and
 * would spin the loop.
 */
#ifndef DPWATCH_IO_STREAM_LISTENERS_H
#define DPWATCH_IO_STREAM_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "io/loop.h"
#include "util/addr.h"

struct stream_peer {
	struct addr from;
	struct sockaddr_storage address; /* the same, with its port */
	socklen_t address_len;
	bool tls; /* its listener's kind is tls */
};

struct stream_listeners_handler {
	void *ctx;
	const char *input; /* "syslog": for logs */
	/* A connection, and the receiver's from now on. */
	void (*accepted)(void *ctx, int fd, const struct stream_peer *peer);
};

struct stream_listeners;

/* NULL: out of memory. */
struct stream_listeners *stream_listeners_new(
    struct loop *loop, const struct stream_listeners_handler *handler);
void stream_listeners_free(struct stream_listeners *listeners); /* NULL is fine */

/* Listens on one more address; kind is tcp, tcp6 or tls. 0, or -1 with a message in error. */
int stream_listeners_open(struct stream_listeners *listeners, const char *kind, const char *host,
    uint16_t port, char *error, size_t size);

size_t stream_listeners_count(const struct stream_listeners *listeners);
const char *stream_listeners_name(const struct stream_listeners *listeners, size_t i);

/* Starts or stops accepting. Stopped, the kernel queues. */
void stream_listeners_read(struct stream_listeners *listeners, bool on);

#endif
