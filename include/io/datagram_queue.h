/*
 * datagram_queue: datagrams that were received and not looked at yet, in order (io). Private to udp_listeners.
 *
 * To take a datagram from the kernel costs a tenth of what it costs to act on it. So when a burst fills the kernel's buffer,
 * it is emptied into this queue first, and acted on afterwards. A ring of a fixed number of bytes, mapped while it holds
 * anything: an idle daemon pays nothing for it.
 */
#ifndef DPWATCH_IO_DATAGRAM_QUEUE_H
#define DPWATCH_IO_DATAGRAM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/udp_batch.h"

struct datagram_queue;

/* Holds this many bytes at most; a trap of 171 bytes takes 248. NULL: out of memory. */
struct datagram_queue *datagram_queue_new(size_t bytes);
void datagram_queue_free(struct datagram_queue *queue);

/*
 * Copies a datagram to the end. False, with the queue as it was, where it does not fit (or no memory could be mapped), and
 * for addresses other than IPv4 and IPv6.
 */
bool datagram_queue_put(struct datagram_queue *queue, const struct udp_datagram *datagram);

/* Takes out the first. It is valid until the next call; false: there is none. */
bool datagram_queue_take(struct datagram_queue *queue, struct udp_datagram *ret_datagram);

size_t datagram_queue_count(const struct datagram_queue *queue);

#endif
