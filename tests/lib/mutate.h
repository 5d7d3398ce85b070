/*
 * mutate: a BER message with one length field wrong: cut, grown, negative, indefinite, nested or overlong. Everything else
 * stays as it was.
 */
#ifndef DPWATCH_TESTS_LIB_MUTATE_H
#define DPWATCH_TESTS_LIB_MUTATE_H

#include <stddef.h>

#include "util/slice.h"

/* How many mutations there are of a message (definite lengths, at most 512 elements). */
size_t mutate_count(struct slice message);

/* Number `i` of them, in buf, which has room for the message and 16 octets more. */
struct slice mutate(struct slice message, size_t i, char *buf, size_t size);

/* What it is: "the element at 13: indefinite". Static. */
const char *mutate_text(struct slice message, size_t i);

#endif
