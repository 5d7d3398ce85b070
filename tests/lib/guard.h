/*
 * guard: bytes that end right before an unreadable page, so that a decoder which reads one byte too many crashes.
 */
#ifndef DPWATCH_TESTS_LIB_GUARD_H
#define DPWATCH_TESTS_LIB_GUARD_H

#include <stddef.h>

struct guard {
	char *base;
	size_t mapped;
};

/* Copies len bytes to the end of a fresh mapping and returns where they start. Aborts when out of memory. */
char *guard_put(struct guard *guard, const void *bytes, size_t len);

/* Unmaps; a zeroed guard is fine. */
void guard_release(struct guard *guard);

#endif
