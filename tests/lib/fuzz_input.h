/*
 * fuzz_input: what fuzzers share: invariants, and taking the input apart. State and functions are static.
 */
#ifndef DPWATCH_TESTS_LIB_FUZZ_INPUT_H
#define DPWATCH_TESTS_LIB_FUZZ_INPUT_H

#include <stdbool.h>
#include <stdlib.h>

#include "util/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant: the fuzzer ends, and keeps the input, where it does not hold. */
static inline void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The next n bytes of the input, fewer at its end. */
static inline struct slice
take(const uint8_t **data, size_t *size, size_t n)
{
	struct slice bytes = { (const char *)*data, n < *size ? n : *size };

	*data += bytes.len;
	*size -= bytes.len;
	return bytes;
}

#endif
