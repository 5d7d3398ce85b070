/*
 * unmapped: senders and interfaces that spoke and are not in the map, remembered and bounded (core), for `dpwatch unmapped`.
 */
#ifndef DPWATCH_CORE_UNMAPPED_H
#define DPWATCH_CORE_UNMAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/link_event.h"
#include "util/addr.h"
#include "util/slice.h"

/* So many senders are kept; the one that has been silent for longest makes room. */
#define UNMAPPED_MAX 1024
#define UNMAPPED_TEXT 128
/* Of each so many interfaces; the one that was not spoken of for longest makes room. */
#define UNMAPPED_INTERFACES 16

struct unmapped_interface {
	char name[UNMAPPED_TEXT]; /* "": told by its index alone */
	uint32_t if_index;
	int64_t last_us;
};

struct unmapped_sender {
	struct addr addr;
	enum link_source source;
	char host[UNMAPPED_TEXT]; /* what it calls itself; "" : nothing */
	bool host_names; /* a trusted relay passed it on: its host names it, not its address */
	char interface[UNMAPPED_TEXT]; /* the last interface that it spoke of */
	uint32_t if_index;
	enum link_word word;          /* the last word */
	enum link_reason reason;      /* of the last word, where it told one */
	char rule[UNMAPPED_TEXT / 2]; /* the rule or notification that spoke last */
	/* What a trap says of where it really comes from, and is believed of relays only. */
	bool has_claim;
	struct addr claim;
	struct unmapped_interface interfaces[UNMAPPED_INTERFACES];
	size_t n_interfaces;
	int64_t first_us, last_us;
	uint64_t count;
};

struct unmapped;

struct unmapped *unmapped_new(void);
void unmapped_free(struct unmapped *unmapped);
/*
 * `host_names`: it came through a trusted relay or a local socket, whose address says nothing. `claim` is NULL where the
 * datagram claims no other sender.
 */
void unmapped_note(struct unmapped *unmapped, const struct addr *addr, struct slice host,
    bool host_names, const struct addr *claim, const struct link_event *event, int64_t wall_us);

/* Number kept, and each (in no promised order). */
size_t unmapped_n(const struct unmapped *unmapped);
const struct unmapped_sender *unmapped_get(const struct unmapped *unmapped, size_t i);
uint64_t unmapped_evicted(const struct unmapped *unmapped);

#endif
