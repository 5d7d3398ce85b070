/*
 * unmapped: senders and interfaces that spoke and are not in the map, remembered and bounded (core), for `dpwatch unmapped`.
 */
#ifndef DPWATCH_CORE_UNMAPPED_H
#define DPWATCH_CORE_UNMAPPED_H

#include <stddef.h>
#include <stdint.h>

#include "core/link_event.h"
#include "util/addr.h"
#include "util/slice.h"

/* So many senders are kept; the one that has been silent for longest makes room. */
#define UNMAPPED_MAX 1024
#define UNMAPPED_TEXT 128

struct unmapped_sender {
	struct addr addr;
	enum link_source source;
	char host[UNMAPPED_TEXT];      /* what it calls itself; "" : nothing */
	char interface[UNMAPPED_TEXT]; /* the last interface that it spoke of */
	uint32_t if_index;
	enum link_word word; /* the last word */
	int64_t first_us, last_us;
	uint64_t count;
};

struct unmapped;

struct unmapped *unmapped_new(void);
void unmapped_free(struct unmapped *unmapped);
void unmapped_note(struct unmapped *unmapped, const struct addr *addr, struct slice host,
    const struct link_event *event, int64_t wall_us);

/* Number kept, and each (in no promised order). */
size_t unmapped_n(const struct unmapped *unmapped);
const struct unmapped_sender *unmapped_get(const struct unmapped *unmapped, size_t i);
uint64_t unmapped_evicted(const struct unmapped *unmapped);

#endif
