#include "core/trap_wire.h"

#include <string.h>

#include "core/ber.h"
#include "core/snmp_peek.h"

#define BER_NULL 0x05
#define BER_COUNTER32 0x41
#define BER_GAUGE32 0x42
#define BER_COUNTER64 0x46
#define BER_NO_SUCH_OBJECT 0x80
#define BER_NO_SUCH_INSTANCE 0x81
#define BER_END_OF_MIB_VIEW 0x82

/* Context tags of the PDUs (RFC 1157 4.1.6, RFC 3416 3). */
#define PDU_TRAP_V1 0xa4
#define PDU_TRAP_V2 0xa7

/* Longer ones are cut by the library. */
#define COMMUNITY_MAX 255

/* X.690 8.19.2: one of 128 or more, of 32 bits; seven an octet. Returns its octets; 0: cut, padded or larger. */
static size_t
read_long_id(const unsigned char *at, size_t len, unsigned long *ret_id)
{
	unsigned long id = 0;

	if (at[0] == 0x80)
		return 0;
	for (size_t i = 0; i < len && id <= UINT32_MAX >> 7; i++) {
		id = id << 7 | (at[i] & 0x7f);
		if (at[i] >= 0x80)
			continue;
		*ret_id = id;
		return i + 1;
	}
	return 0;
}

/* X.690 8.19: the first sub-identifier is 40 times the first number and the second. */
static bool
read_oid(struct slice content, struct trap_wire *room, struct oid *ret_oid)
{
	const unsigned char *octets = (const unsigned char *)content.data;
	unsigned long *ids = &room->ids[room->n_ids];
	size_t n = 1, max = TRAP_WIRE_IDS_MAX - room->n_ids;

	/* Each takes an octet or more: as many as there are octets fit. */
	if (content.len == 0 || content.len >= (max < OID_MAX ? max : OID_MAX))
		return false;
	for (size_t i = 0; i < content.len; n++) {
		if (octets[i] < 0x80) {
			ids[n] = octets[i++];
			continue;
		}
		size_t used = read_long_id(&octets[i], content.len - i, &ids[n]);
		if (used == 0)
			return false;
		i += used;
	}
	ids[0] = ids[1] < 40 ? 0 : ids[1] < 80 ? 1 : 2;
	ids[1] -= 40 * ids[0];
	room->n_ids += n;
	*ret_oid = (struct oid){ ids, n };
	return true;
}

static bool
read_integer(struct slice content, int64_t *ret_value)
{
	return content.len <= 4 && ber_integer(content, ret_value);
}

/* Of 32 bits, so that a first octet with the sign is none of its own. */
static bool
read_unsigned(struct slice content, int64_t *ret_value)
{
	return ber_integer(content, ret_value) && *ret_value >= 0 && *ret_value <= UINT32_MAX;
}

static bool
read_value(unsigned int tag, struct slice content, struct trap_wire *room, struct trap_varbind *vb)
{
	switch (tag) {
	case BER_INTEGER:
		vb->type = VALUE_INTEGER;
		return read_integer(content, &vb->integer);
	case BER_COUNTER32:
	case BER_GAUGE32:
	case BER_TIMETICKS:
		vb->type = tag == BER_TIMETICKS ? VALUE_TIMETICKS : VALUE_INTEGER;
		return read_unsigned(content, &vb->integer);
	case BER_OCTET_STRING:
		vb->type = VALUE_BYTES;
		vb->bytes = content;
		return true;
	case BER_IP_ADDRESS:
		vb->type = VALUE_ADDRESS;
		vb->bytes = content;
		return content.len == 4;
	case BER_OID:
		vb->type = VALUE_OID;
		return read_oid(content, room, &vb->oid);
	case BER_COUNTER64:
		return content.len >= 1 && content.len <= 8;
	case BER_NULL:
	case BER_NO_SUCH_OBJECT:
	case BER_NO_SUCH_INSTANCE:
	case BER_END_OF_MIB_VIEW:
		return content.len == 0;
	default:
		return false;
	}
}

static bool
read_varbind(struct slice varbind, struct trap_wire *room, struct trap_varbind *vb)
{
	struct slice name, value;
	unsigned int tag;

	*vb = (struct trap_varbind){ .type = VALUE_OTHER };
	return ber_take(&varbind, BER_OID, &name) && read_oid(name, room, &vb->name) &&
	       ber_take_any(&varbind, &tag, &value) && varbind.len == 0 &&
	       read_value(tag, value, room, vb);
}

/* The last part of any PDU, and nothing behind it. */
static bool
read_varbinds(struct slice pdu, struct trap_wire *room, struct trap *trap)
{
	struct slice list, varbind;

	if (!ber_take(&pdu, BER_SEQUENCE, &list) || pdu.len > 0)
		return false;
	while (list.len > 0)
		if (trap->n_varbinds == TRAP_VARBINDS_MAX ||
		    !ber_take(&list, BER_SEQUENCE, &varbind) ||
		    !read_varbind(varbind, room, &room->varbinds[trap->n_varbinds++]))
			return false;
	trap->varbinds = room->varbinds;
	return true;
}

/* RFC 1157 4.1.6: enterprise, agent-addr, generic-trap, specific-trap, time-stamp. A negative number means nothing. */
static bool
read_v1_head(struct slice *pdu, struct trap_wire *room, struct trap *trap)
{
	struct slice enterprise, address, generic, specific, stamp;
	int64_t numbers[3];

	if (!ber_take(pdu, BER_OID, &enterprise) ||
	    !read_oid(enterprise, room, &trap->enterprise) ||
	    !ber_take(pdu, BER_IP_ADDRESS, &address) || address.len != sizeof(trap->agent_addr) ||
	    !ber_take(pdu, BER_INTEGER, &generic) || !read_integer(generic, &numbers[0]) ||
	    !ber_take(pdu, BER_INTEGER, &specific) || !read_integer(specific, &numbers[1]) ||
	    !ber_take(pdu, BER_TIMETICKS, &stamp) || !read_unsigned(stamp, &numbers[2]))
		return false;
	memcpy(trap->agent_addr, address.data, sizeof(trap->agent_addr));
	trap->generic = numbers[0] < 0 ? -1 : (int)numbers[0];
	trap->specific = numbers[1] < 0 ? -1 : (int)numbers[1];
	trap->has_timestamp = true;
	trap->timestamp_cs = (uint32_t)numbers[2];
	return true;
}

/* RFC 3416 3: request-id, error-status, error-index; a trap uses none of them. */
static bool
read_v2_head(struct slice *pdu)
{
	struct slice content;
	int64_t value;

	for (int i = 0; i < 3; i++)
		if (!ber_take(pdu, BER_INTEGER, &content) || !read_integer(content, &value))
			return false;
	return true;
}

bool
trap_wire_read(struct slice datagram, struct trap_wire *room, struct trap *ret_trap)
{
	struct slice message, version, community, pdu;
	struct trap trap = { 0 };
	unsigned int tag;

	room->n_ids = 0;
	if (!ber_take(&datagram, BER_SEQUENCE, &message) || datagram.len > 0 ||
	    !ber_take(&message, BER_INTEGER, &version) || version.len != 1 ||
	    !ber_take(&message, BER_OCTET_STRING, &community) || community.len > COMMUNITY_MAX ||
	    !ber_take_any(&message, &tag, &pdu) || message.len > 0)
		return false;
	if (version.data[0] == SNMP_WIRE_V1 && tag == PDU_TRAP_V1) {
		trap.version = 1;
		if (!read_v1_head(&pdu, room, &trap))
			return false;
	} else if (version.data[0] == SNMP_WIRE_V2C && tag == PDU_TRAP_V2) {
		trap.version = 2;
		if (!read_v2_head(&pdu))
			return false;
	} else {
		return false;
	}
	if (!read_varbinds(pdu, room, &trap))
		return false;
	*ret_trap = trap;
	return true;
}
