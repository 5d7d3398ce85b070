/*
 * htab: finds a row's number by the hash of what the row holds (layer 0).
 *
 * Open addressing with linear probing over 32-bit slots: a table knows only numbers of rows that somebody else keeps, so
 * that an entry costs 7 to 14 bytes. It grows by doubling, and moves a few entries at each addition instead of all at once:
 * no single call takes long, however large it is. Nothing can be taken out again; a table is released whole.
 *
 * The owner of the rows says how to hash and to compare them (struct htab_type); the caller hashes the key, so that one
 * hash can serve two tables. Looking up never changes the table.
 */
#ifndef DPWATCH_UTIL_HTAB_H
#define DPWATCH_UTIL_HTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No such entry; and the one number that can't be kept. */
#define HTAB_NONE UINT32_MAX

struct htab_type {
	/* The hash of row `value`: what the caller gave htab_add() for it. Used when the table grows. */
	uint64_t (*hash)(const void *owner, uint32_t value);
	/* Whether row `value` is the one that `key` asks for. */
	bool (*eq)(const void *owner, uint32_t value, const void *key);
};

/* All fields are private. */
struct htab {
	const struct htab_type *type;
	const void *owner;
	uint32_t *slots,
	    *old; /* values, and behind them a byte for each; old: NULL unless growing */
	uint32_t mask, old_mask; /* number of slots - 1 */
	uint32_t n;              /* entries */
	uint32_t moved;          /* slots of old that are done */
};

/* An empty table without memory of its own. type and owner are borrowed until htab_release(). */
void htab_init(struct htab *table, const struct htab_type *type, const void *owner);

/* Frees its memory; the table is empty and usable again. */
void htab_release(struct htab *table);

/* The rows moved to another owner, with their numbers; borrowed as before. */
void htab_set_owner(struct htab *table, const void *owner);

/*
 * Makes room in an empty table for n entries at once, so that it need not grow. 0, or -ENOMEM with the table as it was.
 */
int htab_reserve(struct htab *table, uint32_t n) __attribute__((warn_unused_result));

/*
 * For who has many keys in hand: lets the processor fetch what htab_find() of that hash will look at first, and goes on at
 * once. Changes nothing.
 */
void htab_prefetch(const struct htab *table, uint64_t hash);

/* The value whose row is `key`, or HTAB_NONE. */
uint32_t htab_find(const struct htab *table, uint64_t hash, const void *key);

/*
 * Adds a value that is not in the table (the caller has looked) and is not HTAB_NONE. 0, or -ENOMEM with the table as it
 * was.
 */
int htab_add(struct htab *table, uint64_t hash, uint32_t value) __attribute__((warn_unused_result));

/* Moves on to the grown slots at most n more. True while there is more to move; then half of the memory is spare. */
bool htab_step(struct htab *table, uint32_t n);

/* Bytes that the table holds. */
size_t htab_bytes(const struct htab *table);

/*
 * A hash of bytes: quick, well spread in all 64 bits, and no secret: whoever may choose keys and knows the seed can make
 * them collide. The same on every machine of one byte order; not for storing.
 */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);

#endif
