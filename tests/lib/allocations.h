/*
 * allocations: what the counter that is preloaded into a daemon (tests/preload/count_allocations.c) tells a test.
 *
 * It counts each call of malloc and its like under the object file whose code asked for the memory; what libc asks for
 * (strdup, qsort) is its caller's. The counts lie in a file that both have mapped.
 */
#ifndef DPWATCH_TESTS_LIB_ALLOCATIONS_H
#define DPWATCH_TESTS_LIB_ALLOCATIONS_H

#include <stdint.h>

/* Names the file; without it nothing is counted. It must be there, and as long as struct allocations. */
#define ALLOCATIONS_FILE "DPWATCH_TEST_ALLOCATIONS"

#define ALLOCATIONS_OBJECTS 64
#define ALLOCATIONS_PLACES 256

/* The program itself comes first; what has no name of its own (more than fit, loaded later) is counted at the last. */
struct allocations_object {
	char name[48]; /* "libhiredis.so.0.14"; the program: "" */
	uint64_t n;
};

/* Where the program itself asks: where the call returns to, as an offset in its file. 0: not in use. */
struct allocations_place {
	uint64_t offset, n;
};

struct allocations {
	struct allocations_object objects[ALLOCATIONS_OBJECTS];
	struct allocations_place places[ALLOCATIONS_PLACES];
};

#endif
