/*
 * allowances: what each source may still ask for, so much a second and so much at once (core). Bounded, whoever sends from
 * however many addresses.
 *
 * A fixed table of buckets, 8 to a set; a source's address names its set. A source without a bucket takes the fullest of its
 * set as it is: one that is full is nobody's any more, and one that is not may not become full by a change of hands. So a
 * flood from one address spends its own and leaves seven to the others of its set, and floods from any number of
 * addresses get no more than all buckets give. Nothing here keeps time: now_ns is the engine's clock.
 */
#ifndef DPWATCH_CORE_ALLOWANCES_H
#define DPWATCH_CORE_ALLOWANCES_H

#include <stdbool.h>
#include <stdint.h>

#include "util/addr.h"

#define ALLOWANCES_SETS 32
#define ALLOWANCES_WAYS 8
#define ALLOWANCES_MAX (ALLOWANCES_SETS * ALLOWANCES_WAYS)

/* Private; the bucket of one source. */
struct allowance {
	struct addr from;
	int64_t at_ns; /* when `spare` was right */
	double spare;
};

/* Private. */
struct allowances {
	double rate, burst;
	uint64_t seed;
	struct allowance rows[ALLOWANCES_SETS][ALLOWANCES_WAYS];
};

/* Every bucket is full: `burst` at once (at least 1), and `rate` a second. The seed decides who shares a set. */
void allowances_init(struct allowances *allowances, double rate, double burst, uint64_t seed);

/* The bucket of that source now. Valid until the next call. */
struct allowance *allowances_of(
    struct allowances *allowances, const struct addr *from, int64_t now_ns);

/* Takes one out. False when there is none. */
bool allowance_take(struct allowance *allowance);
/* Puts back one that was taken. */
void allowance_give_back(struct allowance *allowance);

#endif
