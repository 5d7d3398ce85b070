/*
 * udp_listeners: the datagram sockets of one input under the loop (io). Private to the inputs and input_sockets.
 *
 * One wake-up is a turn: at most UDP_LISTENERS_TURNS batches from one socket, and some milliseconds, so that neither a flood on
 * it nor datagrams that cost much can keep the loop from the others. The clock is read once a batch, each datagram is handed
 * over, then turn_end is called. Kernel drops are counted with every batch, and once a second while nothing comes.
 *
 * While the kernel's buffer is more than half full, it is emptied ahead into a queue that holds as many bytes as were asked
 * for as the receive buffer: a burst that is longer than the kernel's buffer finds room. Datagrams are handed over in the
 * order in which they came, and those of the queue are counted (ahead_stat).
 */
#ifndef DPWATCH_IO_UDP_LISTENERS_H
#define DPWATCH_IO_UDP_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/engine.h"
#include "core/stats.h"
#include "io/loop.h"
#include "io/udp_batch.h"

#define UDP_LISTENERS_TURNS 2

struct udp_listeners_handler {
	void *ctx;
	/* `i` is the listener's number; the datagram is valid during the call. Answers go through udp_listeners_batch(). */
	void (*datagram)(
	    void *ctx, size_t i, const struct udp_datagram *datagram, struct engine_time now);
	/* May switch reading off. */
	void (*turn_end)(void *ctx);
};

struct udp_listeners;

/*
 * `input` ("snmp") is for logs, drops_stat counts what the kernel dropped, ahead_stat what was received ahead; pointers are
 * borrowed. NULL: out of memory.
 */
struct udp_listeners *udp_listeners_new(struct loop *loop, const char *input, struct stats *stats,
    enum stats_counter drops_stat, enum stats_counter ahead_stat,
    const struct udp_listeners_handler *handler);
void udp_listeners_free(struct udp_listeners *listeners);

/*
 * Opens one more; see udp_batch_open(). Not read yet. 0, or -1 with a message in error. A receive buffer smaller than asked
 * for is logged.
 */
int udp_listeners_open(struct udp_listeners *listeners, const char *kind, const char *host,
    uint16_t port, size_t receive_buffer, char *error, size_t size);

size_t udp_listeners_count(const struct udp_listeners *listeners);
struct udp_batch *udp_listeners_batch(const struct udp_listeners *listeners, size_t i);

/* Starts or stops reading. Stopped, the sockets are not even polled: the kernel queues. */
void udp_listeners_read(struct udp_listeners *listeners, bool on);

/* Whether more is queued for one of them, or may be: its last batch was full, and not long ago (engine clock). */
bool udp_listeners_behind(const struct udp_listeners *listeners, int64_t now_ns);

/* Takes what the kernel had received before this call, reading or not. */
void udp_listeners_drain(struct udp_listeners *listeners);

#endif
