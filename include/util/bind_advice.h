/*
 * bind_advice: what to do about a socket that could not be bound (layer 0).
 */
#ifndef DPWATCH_UTIL_BIND_ADVICE_H
#define DPWATCH_UTIL_BIND_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * To be put behind strerror(error), with the blank before it: " (not an address of this machine)"; "" where there is nothing to
 * say. `port` is the one that was asked for, 0 for any.
 */
const char *bind_advice(int error, uint16_t port, bool is_stream);

#endif
