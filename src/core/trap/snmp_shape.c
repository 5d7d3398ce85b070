#include "core/snmp_shape.h"

#include <stddef.h>
#include <stdint.h>

#include "core/ber.h"
#include "core/snmp_peek.h"

/* Context tags of PDUs (RFC 3416 3, RFC 1157 4.1). */
#define PDU_FIRST 0xa0
#define PDU_V1_TRAP 0xa4
#define PDU_LAST 0xa8

/* What a sequence of parts must be: their tags, 0 at the end. */
static const unsigned char trap_v1_head[] = { BER_OID, BER_IP_ADDRESS, BER_INTEGER, BER_INTEGER,
	BER_TIMETICKS, 0 };
static const unsigned char pdu_head[] = { BER_INTEGER, BER_INTEGER, BER_INTEGER, 0 };
static const unsigned char global_data[] = { BER_INTEGER, BER_INTEGER, BER_OCTET_STRING,
	BER_INTEGER, 0 };
static const unsigned char usm_parameters[] = { BER_OCTET_STRING, BER_INTEGER, BER_INTEGER,
	BER_OCTET_STRING, BER_OCTET_STRING, BER_OCTET_STRING, 0 };
static const unsigned char scope[] = { BER_OCTET_STRING, BER_OCTET_STRING, 0 };

/* Takes the parts off the start of *bytes. A number has at least one octet, an address four. */
static bool
take_parts(struct slice *bytes, const unsigned char *tags)
{
	struct slice content;
	int64_t number;

	for (; *tags != 0; tags++) {
		if (!ber_take(bytes, *tags, &content))
			return false;
		if ((*tags == BER_INTEGER || *tags == BER_TIMETICKS) &&
		    !ber_integer(content, &number))
			return false;
		if (*tags == BER_IP_ADDRESS && content.len != 4)
			return false;
	}
	return true;
}

/* What a value may be (RFC 2578 7.1, RFC 3416 3), and how long. */
static const struct value {
	unsigned char tag;
	size_t min, max;
} values[] = {
	{ BER_INTEGER, 1, 5 }, { BER_OCTET_STRING, 0, SIZE_MAX }, { 0x05, 0, 0 }, /* NULL */
	{ BER_OID, 1, SIZE_MAX }, { BER_IP_ADDRESS, 4, 4 }, { 0x41, 1, 5 },       /* Counter32 */
	{ 0x42, 1, 5 },                                                           /* Gauge32 */
	{ BER_TIMETICKS, 1, 5 }, { 0x44, 0, SIZE_MAX },                           /* Opaque */
	{ 0x45, 0, SIZE_MAX }, /* NsapAddress, RFC 1442 */
	{ 0x46, 1, 9 },        /* Counter64 */
	{ 0x47, 1, 5 },        /* UInteger32, RFC 1442 */
	{ 0x80, 0, 0 },        /* noSuchObject */
	{ 0x81, 0, 0 },        /* noSuchInstance */
	{ 0x82, 0, 0 },        /* endOfMibView */
};

static bool
is_value(unsigned int tag, size_t len)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i].tag == tag)
			return len >= values[i].min && len <= values[i].max;
	return false;
}

static bool
is_varbind(struct slice varbind)
{
	struct slice content;
	unsigned int tag;

	return ber_take(&varbind, BER_OID, &content) && content.len > 0 &&
	       ber_take_any(&varbind, &tag, &content) && is_value(tag, content.len) &&
	       varbind.len == 0;
}

static bool
is_pdu(struct slice bytes)
{
	struct slice pdu, varbinds, varbind;
	unsigned int tag;

	if (!ber_take_any(&bytes, &tag, &pdu) || bytes.len > 0 || tag < PDU_FIRST || tag > PDU_LAST)
		return false;
	if (!take_parts(&pdu, tag == PDU_V1_TRAP ? trap_v1_head : pdu_head) ||
	    !ber_take(&pdu, BER_SEQUENCE, &varbinds) || pdu.len > 0)
		return false;
	while (varbinds.len > 0)
		if (!ber_take(&varbinds, BER_SEQUENCE, &varbind) || !is_varbind(varbind))
			return false;
	return true;
}

/* What stands behind the version in a v3 message. */
static bool
is_v3(struct slice rest)
{
	struct slice global, security, parameters, scoped;
	unsigned int tag;

	if (!ber_take(&rest, BER_SEQUENCE, &global) || !take_parts(&global, global_data) ||
	    global.len > 0)
		return false;
	if (!ber_take(&rest, BER_OCTET_STRING, &security) ||
	    !ber_take(&security, BER_SEQUENCE, &parameters) || security.len > 0 ||
	    !take_parts(&parameters, usm_parameters) || parameters.len > 0)
		return false;
	if (!ber_take_any(&rest, &tag, &scoped) || rest.len > 0)
		return false;
	if (tag == BER_OCTET_STRING)
		return true; /* encrypted */
	return tag == BER_SEQUENCE && take_parts(&scoped, scope) && is_pdu(scoped);
}

bool
snmp_shape_fits(struct slice datagram)
{
	struct slice message, content;
	int64_t version;

	if (!ber_take(&datagram, BER_SEQUENCE, &message) || datagram.len > 0 ||
	    !ber_take(&message, BER_INTEGER, &content) || !ber_integer(content, &version))
		return false;
	if (version == SNMP_WIRE_V3)
		return is_v3(message);
	return ber_take(&message, BER_OCTET_STRING, &content) && is_pdu(message);
}
