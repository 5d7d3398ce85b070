#include "core/snmp_peek.h"

#include <stddef.h>

#define BER_INTEGER 0x02
#define BER_OCTET_STRING 0x04
#define BER_SEQUENCE 0x30
#define BER_LONG_FORM 0x80

/* Octets of a length in the long form. Nothing that fits a datagram needs more than three. */
#define LENGTH_OCTETS_MAX 4
#define VERSION_OCTETS_MAX 4

static unsigned int
octet(struct slice bytes, size_t i)
{
	return (unsigned char)bytes.data[i];
}

/* X.690 8.1.3: the length at the start of `bytes`. Returns its own size, 0: not definite, cut or too long. */
static size_t
read_length(struct slice bytes, size_t *ret_len)
{
	if (bytes.len == 0)
		return 0;
	unsigned int first = octet(bytes, 0);
	if (first < BER_LONG_FORM) {
		*ret_len = first;
		return 1;
	}
	size_t n = first - BER_LONG_FORM;
	if (n == 0 || n > LENGTH_OCTETS_MAX || n >= bytes.len)
		return 0;
	size_t len = 0;
	for (size_t i = 1; i <= n; i++)
		len = len << 8 | octet(bytes, i);
	*ret_len = len;
	return 1 + n;
}

/* One element with that tag at the start of *bytes: takes it off, and gives its content. */
static bool
take(struct slice *bytes, unsigned int tag, struct slice *ret_content)
{
	size_t len;

	if (bytes->len == 0 || octet(*bytes, 0) != tag)
		return false;
	struct slice rest = slice_from(*bytes, 1);
	size_t n = read_length(rest, &len);
	rest = slice_from(rest, n);
	if (n == 0 || len > rest.len)
		return false;
	*ret_content = slice_first(rest, len);
	*bytes = slice_from(rest, len);
	return true;
}

/* X.690 8.3: two's complement. */
static bool
to_integer(struct slice content, int64_t *ret_value)
{
	if (content.len == 0 || content.len > VERSION_OCTETS_MAX)
		return false;
	int64_t value = (signed char)content.data[0];
	for (size_t i = 1; i < content.len; i++)
		value = value * 256 + octet(content, i);
	*ret_value = value;
	return true;
}

bool
snmp_peek(struct slice datagram, struct snmp_peek *ret_peek)
{
	struct snmp_peek peek = { 0 };
	struct slice message, version;

	if (!take(&datagram, BER_SEQUENCE, &message) || !take(&message, BER_INTEGER, &version) ||
	    !to_integer(version, &peek.version))
		return false;
	bool has_community = peek.version == SNMP_WIRE_V1 || peek.version == SNMP_WIRE_V2C;
	if (has_community && !take(&message, BER_OCTET_STRING, &peek.community))
		return false;
	*ret_peek = peek;
	return true;
}

bool
snmp_secret_eq(struct slice secret, struct slice guess)
{
	/* volatile: the loop must not end early, whatever the compiler finds out */
	volatile size_t differs = secret.len ^ guess.len;

	if (secret.len == 0)
		return guess.len == 0;
	for (size_t i = 0; i < guess.len; i++)
		differs |= octet(secret, i % secret.len) ^ octet(guess, i);
	return differs == 0;
}
