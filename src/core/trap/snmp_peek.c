#include "core/snmp_peek.h"

#include <stddef.h>

#include "core/ber.h"

#define VERSION_OCTETS_MAX 4

bool
snmp_peek(struct slice datagram, struct snmp_peek *ret_peek)
{
	struct snmp_peek peek = { 0 };
	struct slice message, version;

	if (!ber_take(&datagram, BER_SEQUENCE, &message) ||
	    !ber_take(&message, BER_INTEGER, &version) || version.len > VERSION_OCTETS_MAX ||
	    !ber_integer(version, &peek.version))
		return false;
	bool has_community = peek.version == SNMP_WIRE_V1 || peek.version == SNMP_WIRE_V2C;
	if (has_community && !ber_take(&message, BER_OCTET_STRING, &peek.community))
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
		differs |= (unsigned char)(secret.data[i % secret.len] ^ guess.data[i]);
	return differs == 0;
}
