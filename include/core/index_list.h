/*
 * index_list: a growing list of indexes (core).
 */
#ifndef DPWATCH_CORE_INDEX_LIST_H
#define DPWATCH_CORE_INDEX_LIST_H

#include <stddef.h>
#include <stdint.h>

/* All zero is an empty one; its owner frees the items. */
struct index_list {
	uint32_t *items;
	size_t n, room;
};

/* 0; or -ENOMEM, with the list as it was. */
int index_list_add(struct index_list *list, uint32_t item);

#endif
