#include "core/usm_header.h"

#include "core/ber.h"
#include "core/snmp_peek.h"

static bool
take_number(struct slice *bytes, int64_t *ret_value)
{
	struct slice content;

	return ber_take(bytes, BER_INTEGER, &content) && ber_integer(content, ret_value) &&
	       *ret_value >= 0 && *ret_value <= INT32_MAX;
}

/* msgGlobalData. The privFlag without the authFlag is no level at all (RFC 3412 7.2, 5). */
static bool
read_global(struct slice global, struct usm_header *header)
{
	struct slice flags;
	int64_t max_size;

	if (!take_number(&global, &header->msg_id) || !take_number(&global, &max_size) ||
	    !ber_take(&global, BER_OCTET_STRING, &flags) || flags.len != 1 ||
	    !take_number(&global, &header->security_model))
		return false;
	header->flags = (uint8_t)flags.data[0];
	return (header->flags & (USM_FLAG_AUTH | USM_FLAG_PRIV)) != USM_FLAG_PRIV;
}

/* UsmSecurityParameters. */
static bool
read_parameters(struct slice security, struct usm_header *header)
{
	struct slice parameters;
	int64_t boots, time;

	if (!ber_take(&security, BER_SEQUENCE, &parameters) ||
	    !ber_take(&parameters, BER_OCTET_STRING, &header->engine_id) ||
	    !take_number(&parameters, &boots) || !take_number(&parameters, &time) ||
	    !ber_take(&parameters, BER_OCTET_STRING, &header->user) ||
	    !ber_take(&parameters, BER_OCTET_STRING, &header->auth) ||
	    !ber_take(&parameters, BER_OCTET_STRING, &header->priv))
		return false;
	header->boots = (uint32_t)boots;
	header->time = (uint32_t)time;
	return header->engine_id.len <= USM_ENGINE_ID_MAX && header->user.len <= USM_USER_MAX;
}

bool
usm_header_read(struct slice datagram, struct usm_header *ret_header)
{
	struct usm_header header;
	struct slice message, global, security;
	int64_t version;

	if (!ber_take(&datagram, BER_SEQUENCE, &message) || !take_number(&message, &version) ||
	    version != SNMP_WIRE_V3 || !ber_take(&message, BER_SEQUENCE, &global) ||
	    !ber_take(&message, BER_OCTET_STRING, &security))
		return false;
	if (!read_global(global, &header) || !read_parameters(security, &header))
		return false;
	*ret_header = header;
	return true;
}
