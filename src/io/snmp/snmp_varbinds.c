#include "io/snmp_varbinds.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

/* Counter32 and Gauge32 count as integers; the library keeps every number in a long. */
static void
read_value(const netsnmp_variable_list *variable, struct trap_varbind *vb)
{
	switch (variable->type) {
	case ASN_INTEGER:
		vb->type = VALUE_INTEGER;
		vb->integer = *variable->val.integer;
		return;
	case ASN_COUNTER:
	case ASN_GAUGE:
	case ASN_UINTEGER:
	case ASN_TIMETICKS:
		vb->type = variable->type == ASN_TIMETICKS ? VALUE_TIMETICKS : VALUE_INTEGER;
		vb->integer = *variable->val.integer;
		return;
	case ASN_OCTET_STR:
	case ASN_IPADDRESS:
		vb->type = variable->type == ASN_IPADDRESS ? VALUE_ADDRESS : VALUE_BYTES;
		vb->bytes = (struct slice){ (const char *)variable->val.string, variable->val_len };
		return;
	case ASN_OBJECT_ID:
		vb->type = VALUE_OID;
		vb->oid = (struct oid){ variable->val.objid, variable->val_len / sizeof(oid) };
		return;
	default:
		vb->type = VALUE_OTHER;
	}
}

size_t
snmp_varbinds_read(const struct snmp_pdu *pdu, struct trap_varbind *varbinds, size_t max)
{
	size_t n = 0;

	for (const netsnmp_variable_list *variable = pdu->variables; variable != NULL && n < max;
	     variable = variable->next_variable, n++) {
		varbinds[n] = (struct trap_varbind){
			.name = { variable->name, variable->name_length },
		};
		read_value(variable, &varbinds[n]);
	}
	return n;
}

bool
snmp_varbinds_beyond(const struct snmp_pdu *pdu, size_t max)
{
	const netsnmp_variable_list *variable = pdu->variables;

	for (; variable != NULL && max > 0; max--)
		variable = variable->next_variable;
	return variable != NULL;
}
