#include "util/htab.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 16u
#define SLOTS_MAX (1u << 31)
#define SLOT_BYTES (sizeof(uint32_t) + 1)
/* Slots moved per addition while growing. Two would do to be done before the next doubling; with eight the spare memory is
 * soon free. */
#define MOVE_PER_ADD 8u

void
htab_init(struct htab *table, const struct htab_type *type, const void *owner)
{
	*table = (struct htab){ .type = type, .owner = owner };
}

void
htab_release(struct htab *table)
{
	free(table->slots);
	free(table->old);
	htab_init(table, table->type, table->owner);
}

void
htab_set_owner(struct htab *table, const void *owner)
{
	table->owner = owner;
}

/* Behind the slots stands a byte for each: 0 for an empty one, else a part of the hash that the place does not tell. */
static uint8_t *
tags_of(const uint32_t *slots, uint32_t mask)
{
	return (uint8_t *)(slots + (size_t)mask + 1);
}

static uint8_t
tag_of(uint64_t hash)
{
	return (uint8_t)(hash >> 57 | 0x80);
}

/* Rows are far apart in memory: one is looked at only where its tag fits. */
static uint32_t
probe(
    const struct htab *table, const uint32_t *slots, uint32_t mask, uint64_t hash, const void *key)
{
	const uint8_t *tags = tags_of(slots, mask), tag = tag_of(hash);

	for (uint32_t i = (uint32_t)hash & mask; tags[i] != 0; i = (i + 1) & mask)
		if (tags[i] == tag && table->type->eq(table->owner, slots[i], key))
			return slots[i];
	return HTAB_NONE;
}

uint32_t
htab_find(const struct htab *table, uint64_t hash, const void *key)
{
	uint32_t value = HTAB_NONE;

	if (table->slots)
		value = probe(table, table->slots, table->mask, hash, key);
	if (value == HTAB_NONE && table->old)
		value = probe(table, table->old, table->old_mask, hash, key);
	return value;
}

void
htab_prefetch(const struct htab *table, uint64_t hash)
{
	if (!table->slots)
		return;
	const uint32_t i = (uint32_t)hash & table->mask;
	__builtin_prefetch(&table->slots[i]);
	__builtin_prefetch(&tags_of(table->slots, table->mask)[i]);
}

static void
put(uint32_t *slots, uint32_t mask, uint64_t hash, uint32_t value)
{
	uint8_t *tags = tags_of(slots, mask);
	uint32_t i = (uint32_t)hash & mask;

	while (tags[i] != 0)
		i = (i + 1) & mask;
	tags[i] = tag_of(hash);
	slots[i] = value;
}

/*
 * Entries stay in the old slots as well until all are moved: a hole there would cut the way to those behind it, and finding
 * one twice does no harm.
 */
bool
htab_step(struct htab *table, uint32_t n)
{
	if (!table->old)
		return false;
	const uint8_t *tags = tags_of(table->old, table->old_mask);
	for (; n > 0 && table->moved <= table->old_mask; n--, table->moved++) {
		uint32_t value = table->old[table->moved];
		if (tags[table->moved] != 0)
			put(table->slots, table->mask, table->type->hash(table->owner, value),
			    value);
	}
	if (table->moved <= table->old_mask)
		return true;
	free(table->old);
	table->old = NULL;
	return false;
}

/* The new slots are fresh zero pages of the system where they are many, so that this is quick. */
static int
grow_to(struct htab *table, uint32_t n_slots)
{
	uint32_t *slots = calloc(n_slots, SLOT_BYTES);

	if (!slots)
		return -ENOMEM;
	while (htab_step(table, UINT32_MAX))
		;
	table->old = table->slots;
	table->old_mask = table->mask;
	table->moved = 0;
	table->slots = slots;
	table->mask = n_slots - 1;
	return 0;
}

/* Doubles the slots. */
static int
grow(struct htab *table)
{
	if (table->slots && table->mask + 1 >= SLOTS_MAX)
		return -ENOMEM;
	return grow_to(table, table->slots ? (table->mask + 1) * 2 : SLOTS_MIN);
}

/* Three quarters: linear probing gets slow soon after. */
static uint32_t
full_at(uint32_t n_slots)
{
	return n_slots / 4 * 3;
}

static bool
is_full(const struct htab *table)
{
	return !table->slots || table->n >= full_at(table->mask + 1);
}

int
htab_reserve(struct htab *table, uint32_t n)
{
	uint32_t n_slots = SLOTS_MIN;

	assert(table->n == 0);
	while (full_at(n_slots) < n && n_slots < SLOTS_MAX)
		n_slots *= 2;
	if (full_at(n_slots) < n)
		return -ENOMEM;
	return table->slots && table->mask + 1 >= n_slots ? 0 : grow_to(table, n_slots);
}

int
htab_add(struct htab *table, uint64_t hash, uint32_t value)
{
	assert(value != HTAB_NONE);
	if (is_full(table) && grow(table) != 0)
		return -ENOMEM;
	put(table->slots, table->mask, hash, value);
	table->n++;
	htab_step(table, MOVE_PER_ADD);
	return 0;
}

size_t
htab_bytes(const struct htab *table)
{
	size_t n_slots = 0;

	if (table->slots)
		n_slots += (size_t)table->mask + 1;
	if (table->old)
		n_slots += (size_t)table->old_mask + 1;
	return n_slots * SLOT_BYTES;
}

/* Odd, about half of the bits set, without pattern: the fractions of the square roots of 2, 3, 5 and 7. */
#define MIX_SEED 0x6a09e667f3bcc909u
#define MIX_BODY 0xbb67ae8584caa73bu
#define MIX_TAIL 0x3c6ef372fe94f82bu
#define MIX_LEN 0xa54ff53a5f1d36f1u

/* Every bit of both factors reaches the middle of their product; folding brings the middle to both ends. */
static uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define WORD sizeof(uint64_t)

static uint64_t
read_word(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/*
 * The bytes behind the last whole word, of which there are some. What stands before them may be taken along: then nothing need
 * be copied by a call.
 */
static uint64_t
read_tail(const unsigned char *data, size_t len)
{
	uint32_t first, last;

	if (len >= WORD)
		return read_word(data + len - WORD);
	if (len < sizeof(first))
		return (uint64_t)data[0] << 16 | (uint64_t)data[len / 2] << 8 | data[len - 1];
	memcpy(&first, data, sizeof(first));
	memcpy(&last, data + len - sizeof(last), sizeof(last));
	return (uint64_t)first << 32 | last;
}

/* Two words at a time: of two products that do not wait for each other, the second costs nothing. */
static uint64_t
hash_pairs(const unsigned char *at, size_t n, uint64_t hash)
{
	uint64_t second = hash ^ MIX_TAIL;

	for (; n > 0; n--, at += 2 * WORD) {
		hash = fold(hash ^ read_word(at), MIX_BODY) + MIX_SEED;
		second = fold(second ^ read_word(at + WORD), MIX_BODY) + MIX_LEN;
	}
	return hash ^ fold(second, MIX_TAIL);
}

uint64_t
hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *bytes = data;
	const size_t n_words = len / WORD;
	uint64_t hash = fold(seed ^ MIX_SEED, MIX_LEN), tail = 0;

	if (n_words >= 2)
		hash = hash_pairs(bytes, n_words / 2, hash);
	if (n_words % 2 != 0)
		hash = fold(hash ^ read_word(bytes + (n_words - 1) * WORD), MIX_BODY) + MIX_SEED;
	if (len % WORD != 0)
		tail = read_tail(bytes, len);
	hash = fold(hash ^ tail, MIX_TAIL);
	return fold(hash ^ len, MIX_LEN);
}
