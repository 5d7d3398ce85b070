/*
 * udp_batch: one UDP (or Unix datagram) socket, received in batches of recvmmsg (io).
 *
 * Per datagram: bytes, source, the kernel's receive time (SO_TIMESTAMPNS), and where the socket is bound to no one address
 * the one that was asked (IP_PKTINFO), so that an answer can leave from it. The receive buffer is forced to the size asked for
 * where allowed (SO_RCVBUFFORCE), and what the kernel really gave is read back. Kernel drops are counted (SO_RXQ_OVFL with
 * datagrams, SO_MEMINFO when idle).
 */
#ifndef DPWATCH_IO_UDP_BATCH_H
#define DPWATCH_IO_UDP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util/slice.h"

#define UDP_BATCH_MAX 256
#define UDP_DATAGRAM_MAX 65536

struct udp_datagram {
	struct slice bytes;
	struct sockaddr_storage from;
	socklen_t from_len;
	/* The local address that it came to. Family 0: unknown, or the one that the socket is bound to; nothing else is set. */
	struct sockaddr_storage to;
	int64_t
	    received_us; /* wall clock, microseconds; the kernel's time, or now where it gave none */
};

struct udp_batch;

/*
 * Opens and binds. `host` may be an address (no names), with or without brackets; a NUL-terminated path for unix. On
 * failure NULL and a message for people (what, where, errno, and what to do: a port below 1024, a port in use) in error.
 */
struct udp_batch *udp_batch_open(const char *kind, const char *host, uint16_t port,
    size_t receive_buffer, char *error, size_t size);
void udp_batch_close(struct udp_batch *batch);

int udp_batch_fd(const struct udp_batch *batch);
size_t udp_batch_receive_buffer(const struct udp_batch *batch); /* as the kernel tells it, bytes */
const char *udp_batch_name(const struct udp_batch *batch);      /* "udp:127.0.0.1:10162" as bound */

/*
 * Takes what is there, at most UDP_BATCH_MAX. Returns the number (0: nothing there now) or a negative errno. Datagrams are
 * valid until the next call.
 */
int udp_batch_receive(struct udp_batch *batch);
const struct udp_datagram *udp_batch_get(const struct udp_batch *batch, int i);

/* Whether the kernel's buffer is more than half full. */
bool udp_batch_fills_up(const struct udp_batch *batch);

/* Drops that the kernel counted since the last call. */
uint64_t udp_batch_drops(struct udp_batch *batch);

/* Sends from `from` (family 0: the kernel chooses) to `to`. 0 or a negative errno. Never blocks. */
int udp_batch_send(struct udp_batch *batch, struct slice bytes, const struct sockaddr_storage *to,
    socklen_t to_len, const struct sockaddr_storage *from);

#endif
