/*
 * A fixed array of senders, a hash of chains over it (by address, source and what the sender calls itself), and a list from
 * the last heard to the one silent for longest. A note costs one look-up and no allocation. Somebody who forges addresses
 * can only push others out, and the number pushed out is told.
 */
#include "core/unmapped.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS (2 * UNMAPPED_MAX)
#define NOBODY UINT16_MAX

struct row {
	struct unmapped_sender sender;
	uint16_t next_in_bucket;
	uint16_t newer, older; /* neighbours in the list by last word */
};

struct unmapped {
	struct row rows[UNMAPPED_MAX];
	uint16_t buckets[BUCKETS];
	uint16_t newest, oldest;
	size_t n;
	uint64_t evicted;
};

struct unmapped *
unmapped_new(void)
{
	struct unmapped *unmapped = calloc(1, sizeof(*unmapped));

	if (!unmapped)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		unmapped->buckets[i] = NOBODY;
	unmapped->newest = unmapped->oldest = NOBODY;
	return unmapped;
}

void
unmapped_free(struct unmapped *unmapped)
{
	free(unmapped);
}

static uint32_t
mix(uint32_t hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	/* FNV-1a */
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 16777619u;
	return hash;
}

static uint16_t *
bucket_of(struct unmapped *unmapped, const struct addr *addr, const char *host, uint8_t source)
{
	uint32_t hash = mix(2166136261u, addr->ip, sizeof(addr->ip));

	hash = mix(hash, &addr->scope, sizeof(addr->scope));
	hash = mix(hash, host, strlen(host));
	hash = mix(hash, &source, 1);
	return &unmapped->buckets[hash % BUCKETS];
}

static uint16_t *
bucket_of_row(struct unmapped *unmapped, uint16_t i)
{
	const struct unmapped_sender *sender = &unmapped->rows[i].sender;

	return bucket_of(unmapped, &sender->addr, sender->host, (uint8_t)sender->source);
}

static void
list_remove(struct unmapped *unmapped, uint16_t i)
{
	struct row *row = &unmapped->rows[i];

	*(row->newer == NOBODY ? &unmapped->newest : &unmapped->rows[row->newer].older) =
	    row->older;
	*(row->older == NOBODY ? &unmapped->oldest : &unmapped->rows[row->older].newer) =
	    row->newer;
}

static void
list_add_newest(struct unmapped *unmapped, uint16_t i)
{
	struct row *row = &unmapped->rows[i];

	row->newer = NOBODY;
	row->older = unmapped->newest;
	if (unmapped->newest == NOBODY)
		unmapped->oldest = i;
	else
		unmapped->rows[unmapped->newest].newer = i;
	unmapped->newest = i;
}

static void
bucket_remove(struct unmapped *unmapped, uint16_t i)
{
	uint16_t *at = bucket_of_row(unmapped, i);

	while (*at != i)
		at = &unmapped->rows[*at].next_in_bucket;
	*at = unmapped->rows[i].next_in_bucket;
}

static uint16_t
find(struct unmapped *unmapped, const struct addr *addr, const char *host, enum link_source source)
{
	uint16_t i = *bucket_of(unmapped, addr, host, (uint8_t)source);

	for (; i != NOBODY; i = unmapped->rows[i].next_in_bucket) {
		const struct unmapped_sender *sender = &unmapped->rows[i].sender;
		if (addr_eq(&sender->addr, addr) && sender->source == source &&
		    strcmp(sender->host, host) == 0)
			return i;
	}
	return NOBODY;
}

/* A row for a sender that is not kept yet: a free one, or that of the sender silent for longest. */
static uint16_t
row_take(struct unmapped *unmapped)
{
	if (unmapped->n < UNMAPPED_MAX)
		return (uint16_t)unmapped->n++;
	uint16_t i = unmapped->oldest;
	list_remove(unmapped, i);
	bucket_remove(unmapped, i);
	unmapped->evicted++;
	return i;
}

static uint16_t
row_add(struct unmapped *unmapped, const struct addr *addr, const char *host,
    enum link_source source, int64_t wall_us)
{
	uint16_t i = row_take(unmapped);
	struct row *row = &unmapped->rows[i];

	row->sender = (struct unmapped_sender){
		.addr = *addr,
		.source = source,
		.first_us = wall_us,
	};
	slice_copy(slice_of(host), row->sender.host, sizeof(row->sender.host));
	uint16_t *bucket = bucket_of_row(unmapped, i);
	row->next_in_bucket = *bucket;
	*bucket = i;
	list_add_newest(unmapped, i);
	return i;
}

static struct unmapped_interface *
interface_find(struct unmapped_sender *sender, const char *name, uint32_t if_index)
{
	for (size_t i = 0; i < sender->n_interfaces; i++) {
		struct unmapped_interface *interface = &sender->interfaces[i];
		if (strcmp(interface->name, name) == 0 &&
		    (name[0] != '\0' || interface->if_index == if_index))
			return interface;
	}
	return NULL;
}

/* A place for another one: a free one, or that of the one that was not spoken of for longest. */
static struct unmapped_interface *
interface_take(struct unmapped_sender *sender)
{
	struct unmapped_interface *oldest = &sender->interfaces[0];

	if (sender->n_interfaces < UNMAPPED_INTERFACES)
		return &sender->interfaces[sender->n_interfaces++];
	for (size_t i = 1; i < UNMAPPED_INTERFACES; i++)
		if (sender->interfaces[i].last_us < oldest->last_us)
			oldest = &sender->interfaces[i];
	return oldest;
}

static void
note_interface(
    struct unmapped_sender *sender, struct slice name, uint32_t if_index, int64_t wall_us)
{
	slice_copy(name, sender->interface, sizeof(sender->interface));
	sender->if_index = if_index;
	struct unmapped_interface *interface = interface_find(sender, sender->interface, if_index);
	if (!interface)
		interface = interface_take(sender);
	slice_copy(name, interface->name, sizeof(interface->name));
	interface->if_index = if_index;
	interface->last_us = wall_us;
}

void
unmapped_note(struct unmapped *unmapped, const struct addr *addr, struct slice host,
    bool host_names, const struct addr *claim, const struct link_event *event, int64_t wall_us)
{
	char name[UNMAPPED_TEXT];
	struct slice interface = event->name.len > 0 ? event->name : event->descr;

	/* Cut first, so that the same long name is found again. */
	slice_copy(host, name, sizeof(name));
	uint16_t i = find(unmapped, addr, name, event->source);
	if (i == NOBODY) {
		i = row_add(unmapped, addr, name, event->source, wall_us);
	} else {
		list_remove(unmapped, i);
		list_add_newest(unmapped, i);
	}

	struct unmapped_sender *sender = &unmapped->rows[i].sender;
	sender->last_us = wall_us;
	sender->count++;
	slice_copy(slice_of(event->rule), sender->rule, sizeof(sender->rule));
	sender->host_names = host_names && name[0] != '\0';
	sender->has_claim = claim != NULL;
	if (claim)
		sender->claim = *claim;
	/* A restart names no interface: what was said of one before stays of use. */
	if (interface.len == 0 && event->if_index == 0)
		return;
	note_interface(sender, interface, event->if_index, wall_us);
	sender->word = event->word;
	sender->reason = event->reason;
}

size_t
unmapped_n(const struct unmapped *unmapped)
{
	return unmapped->n;
}

const struct unmapped_sender *
unmapped_get(const struct unmapped *unmapped, size_t i)
{
	return i < unmapped->n ? &unmapped->rows[i].sender : NULL;
}

uint64_t
unmapped_evicted(const struct unmapped *unmapped)
{
	return unmapped->evicted;
}
