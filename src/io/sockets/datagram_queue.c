/*
 * [head ... tail) hold records; beyond the end of the ring they go on at its beginning, and what is left over at the end is
 * told by a record of size 0, or by there being no room for one.
 */
#include "io/datagram_queue.h"

#include <netinet/in.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct record {
	uint32_t size,
	    len; /* of all of it, 0: the ring goes on at its beginning; of the bytes behind it */
	int64_t received_us;
	struct sockaddr_in6 from, to; /* room for either family */
};

struct datagram_queue {
	char *ring; /* NULL while nothing is in it */
	size_t size, head, tail, n;
};

struct datagram_queue *
datagram_queue_new(size_t bytes)
{
	struct datagram_queue *queue = calloc(1, sizeof(*queue));

	if (queue != NULL)
		queue->size = bytes / alignof(struct record) * alignof(struct record);
	return queue;
}

static void
unmap(struct datagram_queue *queue)
{
	if (queue->ring != NULL)
		munmap(queue->ring, queue->size);
	queue->ring = NULL;
	queue->head = queue->tail = 0;
}

void
datagram_queue_free(struct datagram_queue *queue)
{
	if (queue == NULL)
		return;
	unmap(queue);
	free(queue);
}

static bool
map(struct datagram_queue *queue)
{
	if (queue->ring != NULL)
		return true;
	void *ring = mmap(NULL, queue->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ring == MAP_FAILED)
		return false;
	/* A record is written once and read once: what its page costs counts. Where there are no huge ones, it goes without. */
	(void)madvise(ring, queue->size, MADV_HUGEPAGE);
	queue->ring = ring;
	return true;
}

/* Where a record of this size goes; NULL: nowhere. */
static struct record *
make_room(struct datagram_queue *queue, size_t size)
{
	const bool full = queue->n > 0 && queue->head == queue->tail;

	if (full || (queue->tail < queue->head && queue->head - queue->tail < size))
		return NULL;
	if (queue->tail >= queue->head && queue->size - queue->tail < size) {
		if (queue->head < size)
			return NULL;
		if (queue->size - queue->tail >= sizeof(uint32_t))
			memset(queue->ring + queue->tail, 0, sizeof(uint32_t));
		queue->tail = 0;
	}
	return (struct record *)(void *)(queue->ring + queue->tail);
}

static bool
is_ip(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET || address->ss_family == AF_INET6;
}

bool
datagram_queue_put(struct datagram_queue *queue, const struct udp_datagram *datagram)
{
	const size_t align = alignof(struct record),
		     size =
			 (sizeof(struct record) + datagram->bytes.len + align - 1) / align * align;
	const bool to_is_known = datagram->to.ss_family != AF_UNSPEC;

	if (!is_ip(&datagram->from) || (to_is_known && !is_ip(&datagram->to)) ||
	    size > queue->size || !map(queue))
		return false;
	struct record *record = make_room(queue, size);
	if (record == NULL)
		return false;
	record->size = (uint32_t)size;
	record->len = (uint32_t)datagram->bytes.len;
	record->received_us = datagram->received_us;
	memcpy(&record->from, &datagram->from, sizeof(record->from));
	memcpy(&record->to, &datagram->to, sizeof(record->to));
	memcpy(record + 1, datagram->bytes.data, datagram->bytes.len);
	queue->tail += size;
	queue->n++;
	return true;
}

bool
datagram_queue_take(struct datagram_queue *queue, struct udp_datagram *ret_datagram)
{
	if (queue->n == 0) {
		unmap(queue);
		return false;
	}
	const char *at = queue->ring + queue->head;
	if (queue->size - queue->head < sizeof(uint32_t) ||
	    ((const struct record *)(const void *)at)->size == 0)
		at = queue->ring;
	const struct record *record = (const struct record *)(const void *)at;
	queue->head = (size_t)(at - queue->ring) + record->size;
	queue->n--;
	*ret_datagram = (struct udp_datagram){
		.bytes = { (const char *)(record + 1), record->len },
		.received_us = record->received_us,
	};
	memcpy(&ret_datagram->from, &record->from, sizeof(record->from));
	memcpy(&ret_datagram->to, &record->to, sizeof(record->to));
	ret_datagram->from_len = record->from.sin6_family == AF_INET ? sizeof(struct sockaddr_in)
								     : sizeof(struct sockaddr_in6);
	return true;
}

size_t
datagram_queue_count(const struct datagram_queue *queue)
{
	return queue->n;
}
