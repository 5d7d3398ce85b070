/* In a segment: [gone ...][runs ...][room]. Only the last one has room that is used. */
#include "util/byte_queue.h"

#include <assert.h>
#include <stdlib.h>

struct segment {
	struct segment *next, *before;
	size_t size, used, gone;
	char bytes[];
};

static struct segment *
take_segment(struct byte_queue *queue, size_t len)
{
	const size_t size = len > BYTE_QUEUE_SEGMENT ? len : BYTE_QUEUE_SEGMENT;
	struct segment *segment = queue->spares;

	if (size == BYTE_QUEUE_SEGMENT && segment) {
		queue->spares = segment->next;
		queue->n_spares--;
	} else {
		segment = malloc(sizeof(*segment) + size);
	}
	if (segment)
		*segment = (struct segment){ .size = size };
	return segment;
}

static void
give_segment(struct byte_queue *queue, struct segment *segment)
{
	if (segment->size != BYTE_QUEUE_SEGMENT || queue->n_spares == BYTE_QUEUE_SPARES) {
		free(segment);
		return;
	}
	segment->next = queue->spares;
	queue->spares = segment;
	queue->n_spares++;
}

char *
byte_queue_add(struct byte_queue *queue, size_t len)
{
	struct segment *last = queue->last;

	if (!last || last->size - last->used < len) {
		struct segment *segment = take_segment(queue, len);
		if (!segment)
			return NULL;
		segment->before = last;
		*(last ? &last->next : &queue->first) = segment;
		queue->last = last = segment;
	}
	last->used += len;
	return last->bytes + last->used - len;
}

static void
unlink_if_empty(struct byte_queue *queue, struct segment *segment)
{
	if (segment->gone < segment->used)
		return;
	*(segment->before ? &segment->before->next : &queue->first) = segment->next;
	*(segment->next ? &segment->next->before : &queue->last) = segment->before;
	give_segment(queue, segment);
}

void
byte_queue_drop_first(struct byte_queue *queue, size_t len)
{
	assert(queue->first && queue->first->used - queue->first->gone >= len);
	queue->first->gone += len;
	unlink_if_empty(queue, queue->first);
}

void
byte_queue_drop_last(struct byte_queue *queue, size_t len)
{
	assert(queue->last && queue->last->used - queue->last->gone >= len);
	queue->last->used -= len;
	unlink_if_empty(queue, queue->last);
}

static void
free_list(struct segment *segment)
{
	while (segment) {
		struct segment *next = segment->next;
		free(segment);
		segment = next;
	}
}

void
byte_queue_release(struct byte_queue *queue)
{
	free_list(queue->first);
	free_list(queue->spares);
	*queue = (struct byte_queue){ 0 };
}
