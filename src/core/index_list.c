#include "core/index_list.h"

#include <errno.h>
#include <stdlib.h>

int
index_list_add(struct index_list *list, uint32_t item)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		uint32_t *items = realloc(list->items, room * sizeof(*items));
		if (!items)
			return -ENOMEM;
		list->items = items;
		list->room = room;
	}
	list->items[list->n++] = item;
	return 0;
}
