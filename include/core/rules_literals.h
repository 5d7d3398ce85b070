/*
 * rules_literals: finds all literals of all rules in one pass over a line (core; used by the rules_*
 * modules only).
 *
 * An automaton after Aho and Corasick (Efficient String Matching, 1975) with every transition
 * written out: one table look-up a byte, whatever the number of literals.
 */
#ifndef DPWATCH_CORE_RULES_LITERALS_H
#define DPWATCH_CORE_RULES_LITERALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/* The longest sum of all literals' lengths: the table has at most that many rows and one. */
#define LITERALS_BYTES_MAX 65536

struct literal {
	const char *text; /* borrowed until literals_init() returns; at least 1 byte */
	uint32_t id;      /* the caller's; several literals may share one */
};

struct literals_end;

struct literals {
	uint8_t class_of[256]; /* bytes that no literal holds share class 0 */
	size_t n_classes;
	uint32_t *next;      /* state and class -> state, as an offset of this table; see HIT */
	uint32_t *first_end; /* state -> index of ends + 1, 0: no literal ends here */
	struct literals_end *ends;
};

/* Builds the table. 0 or -ENOMEM (then *literals is empty, and may be released). Literals beyond
 * LITERALS_BYTES_MAX are our own bug. */
int literals_init(struct literals *literals, const struct literal *list, size_t n);

/* A zeroed one is fine. */
void literals_release(struct literals *literals);

/*
 * Calls found(ctx, id, at) for each place in text where a literal begins, in the order in which they
 * end; at is the offset of its first byte. A table that was never built finds nothing.
 */
void literals_scan(const struct literals *literals, struct slice text,
    void (*found)(void *ctx, uint32_t id, size_t at), void *ctx);

#endif
