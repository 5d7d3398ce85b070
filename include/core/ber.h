/*
 * ber: the few steps of X.690 that reading an SNMP message without a library needs (core). Definite lengths only, as
 * RFC 3417 8 has it; a length may be written longer than it must be, as many switches do.
 */
#ifndef DPWATCH_CORE_BER_H
#define DPWATCH_CORE_BER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/stream_frame.h"
#include "util/slice.h"

#define BER_INTEGER 0x02
#define BER_OCTET_STRING 0x04
#define BER_OID 0x06
#define BER_SEQUENCE 0x30
#define BER_IP_ADDRESS 0x40 /* RFC 2578 7.1.5 */
#define BER_TIMETICKS 0x43

/*
 * Takes one element with that tag off the start of *bytes, and gives its content (within bytes). False, and nothing
 * changed, where another tag stands there, or the length is indefinite, cut, or longer than what is left.
 */
bool ber_take(struct slice *bytes, unsigned int tag, struct slice *ret_content);

/* The same for whatever tag stands there (of one octet: SNMP has no others). */
bool ber_take_any(struct slice *bytes, unsigned int *ret_tag, struct slice *ret_content);

/*
 * Where one element ends and the next begins, on a stream (RFC 3430 2.1). FRAME_MESSAGE: the first *ret_len bytes are one.
 * FRAME_ERROR: another tag, no definite length, or longer than max. ret_len is untouched but for a message. With max bytes or
 * more there it is never FRAME_MORE.
 */
enum frame_result ber_frame(struct slice bytes, unsigned int tag, size_t max, size_t *ret_len);

/* The content of an INTEGER of one to five octets, two's complement (five: an unsigned number of 32 bits). */
bool ber_integer(struct slice content, int64_t *ret_value);

#endif
