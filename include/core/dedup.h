/*
 * dedup: has this very datagram been here before (core)? design.md, "Which word to believe", 5.
 *
 * Remembers digests for DEDUP_NS, in a table of fixed size (4 MiB): each set of four keeps the newest. Of 100,000 different
 * traps within 150 s some 2 in a hundred are forgotten before their time, of 200,000 some 9, of 1,000,000 most; evictions
 * are counted.
 */
#ifndef DPWATCH_CORE_DEDUP_H
#define DPWATCH_CORE_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#define DEDUP_NS 150000000000

struct dedup;

struct dedup *dedup_new(void); /* NULL: out of memory */
void dedup_free(struct dedup *dedup);

/*
 * For who has a digest in hand and something else to do before he asks: lets the processor fetch what dedup_seen() will look
 * at, and goes on at once. Changes nothing.
 */
void dedup_prefetch(const struct dedup *dedup, uint64_t digest);

/* True when the digest was seen less than DEDUP_NS ago; else it is remembered. */
bool dedup_seen(struct dedup *dedup, uint64_t digest, int64_t now_ns);

/* Digests that were forgotten before their time. */
uint64_t dedup_evicted(const struct dedup *dedup);

#endif
