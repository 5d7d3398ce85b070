#include "util/spares.h"

#include <stdlib.h>

/* What a kept block begins with. */
struct spare {
	struct spare *next;
};

static size_t
round_up(size_t size)
{
	return size == 0 ? SPARES_STEP : (size + SPARES_STEP - 1) / SPARES_STEP * SPARES_STEP;
}

static struct spare **
list_of(struct spares *spares, size_t room)
{
	return &spares->lists[room / SPARES_STEP - 1];
}

void *
spares_take(struct spares *spares, size_t size)
{
	if (size > SPARES_SIZE_MAX)
		return malloc(size);
	const size_t room = round_up(size);
	struct spare **list = list_of(spares, room), *spare = *list;
	if (!spare)
		return malloc(room);
	*list = spare->next;
	spares->bytes -= room;
	return spare;
}

void
spares_give(struct spares *spares, void *block, size_t size)
{
	struct spare *spare = block;

	if (!spare || size > SPARES_SIZE_MAX ||
	    round_up(size) > spares->max_bytes - spares->bytes) {
		free(block);
		return;
	}
	struct spare **list = list_of(spares, round_up(size));
	spare->next = *list;
	*list = spare;
	spares->bytes += round_up(size);
}

void
spares_release(struct spares *spares)
{
	for (size_t i = 0; i < SPARES_LISTS; i++)
		for (struct spare *spare; (spare = spares->lists[i]) != NULL;) {
			spares->lists[i] = spare->next;
			free(spare);
		}
	spares->bytes = 0;
}
