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

#define BER_LONG_FORM 0x80 /* X.690 8.1.3.5: the first octet of a length that has more of them */
#define BER_HIGH_TAG 0x1f  /* X.690 8.1.2.4: a tag of more than one octet */

/* What ber_content() does where the length is in the long form. */
struct slice ber_long_content(struct slice bytes);

/*
 * The content of the element at the start of bytes; data NULL: none can be read there. Inline, with the two below: a trap
 * consists of some thirty elements, nearly all of them short.
 */
static inline struct slice
ber_content(struct slice bytes)
{
	static const struct slice none = { NULL, 0 };
	const unsigned char *at = (const unsigned char *)bytes.data;

	if (bytes.len < 2 || (at[0] & BER_HIGH_TAG) == BER_HIGH_TAG)
		return none;
	if (at[1] >= BER_LONG_FORM)
		return ber_long_content(bytes);
	return at[1] <= bytes.len - 2 ? (struct slice){ bytes.data + 2, at[1] } : none;
}

/*
 * Takes one element off the start of *bytes, and gives its tag (of one octet: SNMP has no others) and its content (within
 * bytes). False, and nothing changed, where the length is indefinite, cut, or longer than what is left.
 */
static inline bool
ber_take_any(struct slice *bytes, unsigned int *ret_tag, struct slice *ret_content)
{
	const struct slice content = ber_content(*bytes);

	if (!content.data)
		return false;
	*ret_tag = (unsigned char)bytes->data[0];
	*ret_content = content;
	bytes->len -= (size_t)(content.data - bytes->data) + content.len;
	bytes->data = content.data + content.len;
	return true;
}

/* The same for one with that tag. False, and nothing changed, also where another one stands there. */
static inline bool
ber_take(struct slice *bytes, unsigned int tag, struct slice *ret_content)
{
	unsigned int found;

	return bytes->len > 0 && (unsigned char)bytes->data[0] == tag &&
	       ber_take_any(bytes, &found, ret_content);
}

/*
 * Where one element ends and the next begins, on a stream (RFC 3430 2.1). FRAME_MESSAGE: the first *ret_len bytes are one.
 * FRAME_ERROR: another tag, no definite length, or longer than max. ret_len is untouched but for a message. With max bytes or
 * more there it is never FRAME_MORE.
 */
enum frame_result ber_frame(struct slice bytes, unsigned int tag, size_t max, size_t *ret_len);

/* The content of an INTEGER of one to five octets, two's complement (five: an unsigned number of 32 bits). */
bool ber_integer(struct slice content, int64_t *ret_value);

#endif
